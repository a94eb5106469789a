//! Examines how new schemas affect living objects, without changing any.

use std::collections::HashSet;
use std::sync::Arc;

use crate::id::ObjectId;
use crate::kind::{Kind, NumberKind};
use crate::schema::{Checker, Problem, ProblemKind, Redeclared, RegisteredSchema, Slot, Source};
use crate::storage::{BLOCK_ROWS, Column, Rows, Table};
use crate::store::migrate::needed::{NeededIn, is_set};
use crate::store::migrate::wholes::{Part, Target, Wholes};
use crate::store::migrate::{MigrationRejection, MigrationStep, Overwrites, SchemaMigration};
use crate::store::{Store, dynamic};
use crate::value::Value;

/// Returns the rows of living objects.
pub(super) fn living_rows(rows: &Rows) -> impl Iterator<Item = u32> {
    (0..rows.blocks()).flat_map(|block| {
        let offsets = rows.runs_in(block).flatten();
        offsets.map(move |offset| (block * BLOCK_ROWS + offset) as u32)
    })
}

/// Returns `true` if cells of one kind are valid cells of the other.
pub(super) fn cells_stay(from: &Kind, to: &Kind) -> bool {
    match (from, to) {
        (Kind::Enum(from), Kind::Enum(to)) => to.variants().starts_with(from.variants()),
        _ => from == to,
    }
}

/// The number of objects found, and the first of them.
#[derive(Clone, Copy)]
struct Found<T> {
    objects: usize,
    first: T,
}

impl<T> Found<T> {
    fn add(found: &mut Option<Self>, first: impl FnOnce() -> T) {
        match found {
            Some(found) => found.objects += 1,
            None => *found = Some(Self { objects: 1, first: first() }),
        }
    }
}

/// The values found in a slot.
#[derive(Default)]
struct Values {
    set: usize,
    unset: Option<Found<ObjectId>>,
    /// Nested values that lack the slot's part and must have it.
    lacking: Option<Found<ObjectId>>,
    bad: Option<Found<(ObjectId, Problem)>>,
}

pub(super) struct Examination<'a> {
    store: &'a Store,
    redeclared: &'a Redeclared,
    overwrites: &'a Overwrites,
    /// Set if a schema changes its base: references must be checked again.
    are_bases_changed: bool,
    schemas: Vec<SchemaMigration>,
    rejections: Vec<MigrationRejection>,
}

/// One schema before and after, and the table of its objects.
#[derive(Clone, Copy)]
struct Subject<'a> {
    before: &'a RegisteredSchema,
    after: &'a RegisteredSchema,
    table: &'a Table,
}

impl<'a> Examination<'a> {
    pub(super) fn new(
        store: &'a Store,
        redeclared: &'a Redeclared,
        overwrites: &'a Overwrites,
    ) -> Self {
        let mut pairs = store.registry.iter().zip(redeclared.registry.iter());
        let are_bases_changed = pairs.any(|(before, after)| before.base() != after.base());
        let (schemas, rejections) = (Vec::new(), Vec::new());
        Self { store, redeclared, overwrites, are_bases_changed, schemas, rejections }
    }

    pub(super) fn run(mut self) -> (Vec<SchemaMigration>, Vec<MigrationRejection>) {
        let registered = self.store.registry.iter().zip(&self.redeclared.sources);
        let tables = self.store.tables.iter().zip(self.redeclared.registry.iter());
        for ((before, sources), (table, after)) in registered.zip(tables) {
            let steps = self.schema(Subject { before, after, table }, sources);
            if !steps.is_empty() {
                let (name, objects) =
                    (Arc::clone(after.shared_name()), table.rows.count() as usize);
                self.schemas.push(SchemaMigration { name, is_new: false, objects, steps });
            }
        }
        let added = self.redeclared.registry.iter().skip(self.store.registry.len());
        self.schemas.extend(added.map(|schema| SchemaMigration {
            name: Arc::clone(schema.shared_name()),
            is_new: true,
            objects: 0,
            steps: Vec::new(),
        }));
        (self.schemas, self.rejections)
    }

    fn schema(&mut self, subject: Subject<'a>, sources: &[Source]) -> Vec<MigrationStep> {
        let Subject { before, after, table } = subject;
        let mut steps = Vec::new();
        if before.base() != after.base() {
            let name = |schema: &RegisteredSchema| schema.base_name().map(Arc::clone);
            steps.push(MigrationStep::Base { from: name(before), to: name(after) });
        }
        let wholes = Wholes::new(before, after, sources);
        let kept: HashSet<usize> = sources.iter().filter_map(Source::position).collect();
        for (position, slot) in before.slots().iter().enumerate() {
            if !kept.contains(&position) {
                let (name, merged) = (Arc::clone(slot.shared_name()), wholes.with_values_of(slot));
                steps.push(match merged {
                    Some(into) => MigrationStep::Merged { slot: name, into: into.into() },
                    None => {
                        let values = count_set(&table.columns[position], &table.rows);
                        MigrationStep::Removed { slot: name, values }
                    }
                });
            }
        }
        for (position, (slot, source)) in after.slots().iter().zip(sources).enumerate() {
            match source {
                Source::Slot(from) => {
                    self.kept(subject, (*from, position), sources, &mut steps);
                    steps.extend(self.left_out(subject, &wholes, position));
                }
                Source::New => {
                    let of = wholes.of(slot).map(Into::into);
                    let filled = match &of {
                        None => self.added(subject, position, sources),
                        Some(_) => None,
                    };
                    steps.push(MigrationStep::Added { slot: Box::new(slot.clone()), of });
                    steps.extend(filled);
                }
                Source::Ambiguous(from) => {
                    self.rejections.push(MigrationRejection::FormerName {
                        schema: Arc::clone(after.shared_name()),
                        slot: Arc::clone(slot.shared_name()),
                        from: Arc::clone(from),
                    });
                }
            }
        }
        let targets = wholes.targets();
        let values = targets.iter().flat_map(|target| self.parts(subject, &wholes, target));
        let mut values: Vec<(usize, Values)> = values.collect();
        values.sort_by_key(|(position, _)| *position);
        for (position, values) in values {
            self.reject(subject, &after.slots()[position], values);
        }
        if before.base() != after.base() || !before.is_stored_as(after) {
            let types = self.store.registry.rust_types(before.id());
            self.rejections.extend(types.map(|type_name| {
                let schema = Arc::clone(after.shared_name());
                MigrationRejection::RustType { schema, type_name }
            }));
        }
        steps
    }

    /// Examines the objects that have no value for a new slot. Returns the step that fills a needed slot.
    fn added(
        &mut self,
        subject: Subject<'a>,
        to: usize,
        sources: &[Source],
    ) -> Option<MigrationStep> {
        let slot = &subject.after.slots()[to];
        let needed = NeededIn::new(subject.before, (subject.after, to), sources);
        if slot.default().is_some() || (slot.is_optional() && needed.is_none()) {
            return None;
        }
        let is_given = |row: &u32| {
            needed.as_ref().is_none_or(|needed| needed.is_given(&subject.table.columns, *row))
        };
        let rows = living_rows(&subject.table.rows).filter(is_given);
        let without = self.lacking(subject, slot, rows);
        if slot.needed_default().is_some() {
            return filled(slot, without);
        }
        let values = Values { lacking: without, ..Values::default() };
        self.reject(subject, slot, values);
        None
    }

    /// Counts the objects with elements or variants that left a part out, if these get the default.
    fn left_out(
        &self,
        subject: Subject<'a>,
        wholes: &Wholes<'_>,
        to: usize,
    ) -> Option<MigrationStep> {
        let (from, slot) = (wholes.left_out(to)?, &subject.after.slots()[to]);
        let (column, old) = (&subject.table.columns[from], &subject.before.slots()[from]);
        let lacks = |row: &u32| match dynamic::read(column, old, *row, &self.store.interner) {
            Value::List(given) => given.contains(&Value::Bool(false)),
            given => given == Value::Bool(false),
        };
        let rows = living_rows(&subject.table.rows).filter(lacks);
        let filled = self.lacking(subject, slot, rows).map_or(0, |found| found.objects);
        Some(MigrationStep::Required { slot: Arc::clone(slot.shared_name()), filled })
    }

    /// Counts the objects without a value that nothing sets after the migration.
    fn lacking(
        &self,
        subject: Subject<'a>,
        slot: &Slot,
        rows: impl Iterator<Item = u32>,
    ) -> Option<Found<ObjectId>> {
        let ids = rows.map(|row| subject.id(row));
        let mut without = ids.filter(|id| !self.overwrites.contains(*id, slot));
        let first = without.next()?;
        Some(Found { objects: without.count() + 1, first })
    }

    /// Examines what a nested value of living objects has for each of its slots.
    fn parts(
        &self,
        subject: Subject<'a>,
        wholes: &Wholes<'_>,
        target: &Target<'_>,
    ) -> Vec<(usize, Values)> {
        let store = self.store;
        let checker = Checker { registry: &self.redeclared.registry, world: store };
        let mut all: Vec<(usize, Values)> =
            target.slots.iter().map(|slot| (slot.to, Values::default())).collect();
        for row in living_rows(&subject.table.rows) {
            let id = subject.id(row);
            let parts = wholes.parts(target, (&subject.table.columns, row), &store.interner);
            for ((to, values), part) in all.iter_mut().zip(parts) {
                let slot = &subject.after.slots()[*to];
                if self.overwrites.contains(id, slot) {
                    continue;
                }
                match part {
                    Part::Kept => {}
                    Part::Unset => Found::add(&mut values.unset, || id),
                    Part::Missing => Found::add(&mut values.lacking, || id),
                    Part::Bad(problem) => Found::add(&mut values.bad, || (id, problem)),
                    Part::Value(value) => {
                        if let Err(kind) = checker.value(slot, &value) {
                            let problem = || (id, subject.after.problem(slot.name(), kind));
                            Found::add(&mut values.bad, problem);
                        }
                    }
                }
            }
        }
        all
    }

    fn kept(
        &mut self,
        subject: Subject<'a>,
        (from, to): (usize, usize),
        sources: &[Source],
        steps: &mut Vec<MigrationStep>,
    ) {
        let (old, new) = (&subject.before.slots()[from], &subject.after.slots()[to]);
        let name = || Arc::clone(new.shared_name());
        if old.name() != new.name() {
            steps.push(MigrationStep::Renamed { from: Arc::clone(old.shared_name()), to: name() });
        }
        if from != to {
            steps.push(MigrationStep::Moved { slot: name(), from, to });
        }
        let mut values = self.values(subject, from, new, old);
        if old.kind() != new.kind() {
            let values = if cells_stay(old.kind(), new.kind()) { 0 } else { values.set };
            let (from, to) = (old.kind().clone(), new.kind().clone());
            steps.push(MigrationStep::Kind { slot: name(), from, to, values });
        }
        match (old.is_optional(), new.is_optional()) {
            (false, true) => steps.push(MigrationStep::Optional { slot: name() }),
            (true, false) => {
                let unset = values.unset.map_or(0, |unset| unset.objects);
                let filled = if new.default().is_some() { unset } else { 0 };
                steps.push(MigrationStep::Required { slot: name(), filled });
            }
            _ => {}
        }
        for default in [Slot::default, Slot::part_default, Slot::needed_default] {
            let (from, to) = (default(old).cloned(), default(new).cloned());
            if from != to {
                steps.push(MigrationStep::Default { slot: name(), from, to });
            }
        }
        if !old.has_constraints_of(new) {
            let (from, to) = (Box::new(old.clone()), Box::new(new.clone()));
            steps.push(MigrationStep::Constraints { from, to });
        }
        if let Some(needed) = NeededIn::new(subject.before, (subject.after, to), sources) {
            let columns = &subject.table.columns;
            let lacks = |row: &u32| needed.is_given(columns, *row) && !is_set(&columns[from], *row);
            let rows = living_rows(&subject.table.rows).filter(lacks);
            let without = self.lacking(subject, new, rows);
            match new.needed_default() {
                Some(_) => steps.extend(filled(new, without)),
                None => values.lacking = values.lacking.or(without),
            }
        }
        self.reject(subject, new, values);
    }

    /// Examines the values of living objects, if the new slot requires it.
    fn values(&self, subject: Subject<'a>, from: usize, new: &Slot, old: &Slot) -> Values {
        let is_same = cells_stay(old.kind(), new.kind());
        let is_checked = !is_same
            || !old.has_constraints_of(new)
            || self.are_bases_changed && new.references().is_some();
        let mut values = Values::default();
        if !is_checked && (!old.is_optional() || new.is_optional()) {
            return values;
        }
        let (store, column) = (self.store, &subject.table.columns[from]);
        let checker = Checker { registry: &self.redeclared.registry, world: store };
        for row in living_rows(&subject.table.rows) {
            if self.overwrites.contains(subject.id(row), new) {
                continue;
            }
            let value = dynamic::read(column, old, row, &store.interner);
            if value.is_unset() {
                Found::add(&mut values.unset, || subject.id(row));
                continue;
            }
            values.set += 1;
            if !is_checked {
                continue;
            }
            let checked = if is_same { Ok(()) } else { check_conversion(&value, old, new) };
            match checked.and_then(|()| checker.value(new, &value)) {
                Ok(()) => {}
                Err(kind) => Found::add(&mut values.bad, || {
                    (subject.id(row), subject.after.problem(new.name(), kind))
                }),
            }
        }
        values
    }

    fn reject(&mut self, subject: Subject<'a>, slot: &Slot, values: Values) {
        let unset = values.unset.filter(|_| slot.is_required());
        if let Some(Found { objects, first: example }) = values.lacking.or(unset) {
            self.rejections.push(MigrationRejection::NoValue {
                schema: Arc::clone(subject.after.shared_name()),
                slot: Arc::clone(slot.shared_name()),
                objects,
                example,
            });
        }
        if let Some(Found { objects, first: (example, problem) }) = values.bad {
            let problem = Box::new(problem);
            self.rejections.push(MigrationRejection::BadValue { problem, objects, example });
        }
    }
}

impl Subject<'_> {
    fn id(&self, row: u32) -> ObjectId {
        ObjectId::new(self.before.id(), row, self.table.rows.generations()[row as usize])
    }
}

/// Returns the step that gives the default to objects whose record needs the slot.
fn filled(slot: &Slot, objects: Option<Found<ObjectId>>) -> Option<MigrationStep> {
    let (record, filled) = (slot.needed_in()?.into(), objects?.objects);
    Some(MigrationStep::Needed { slot: Arc::clone(slot.shared_name()), record, filled })
}

fn count_set(column: &Column, rows: &Rows) -> usize {
    match &column.set {
        None => rows.count() as usize,
        Some(_) => living_rows(rows).filter(|row| is_set(column, *row)).count(),
    }
}

/// Checks that a conversion keeps the value, for kinds that accept a rounded one.
fn check_conversion(value: &Value, old: &Slot, new: &Slot) -> Result<(), ProblemKind> {
    let (expected, found) = (new.kind().clone(), value.clone());
    match (old.kind(), new.kind()) {
        // The bytes of one type are no value of another, even at the same size.
        (Kind::Pod(_), Kind::Pod(_)) => Err(ProblemKind::WrongKind { expected, found }),
        (old, new)
            if old.component() == Some(NumberKind::F64)
                && new.component() == Some(NumberKind::F32)
                && !is_single(value) =>
        {
            Err(ProblemKind::DoesNotFit { expected, found })
        }
        _ => Ok(()),
    }
}

/// Returns `true` if an `f32` holds all numbers exactly.
fn is_single(value: &Value) -> bool {
    match value {
        Value::F64(number) => number.is_nan() || f64::from(*number as f32) == *number,
        Value::List(list) => list.iter().all(is_single),
        _ => true,
    }
}
