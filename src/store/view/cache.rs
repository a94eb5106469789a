//! The schemas that match a view, looked up once.

use std::any::TypeId;
use std::borrow::Borrow;
use std::ops::Range;
use std::sync::{Arc, OnceLock};

use foldhash::fast::FixedState;
use hashbrown::HashMap;

use crate::error::TypeMismatch;
use crate::id::SchemaId;
use crate::kind::Kind;
use crate::schema::{NameSet, RegisteredSchema, Registry, SchemaSelector, Slot};
use crate::slot_value::SlotValue;
use crate::store::find_schema;
use crate::store::records::undeclared;
use crate::store::view::filter::{Filter, tests_of};
use crate::store::view::{View, ViewError, ViewReport};

/// The slot that a field of a view wants.
#[derive(Clone, Debug)]
pub struct Request {
    /// The kind of its values.
    pub kind: Kind,
    /// The schemas that the field accepts.
    pub presence: Presence,
    /// `true` if the view may change its values.
    pub is_mutable: bool,
    /// `true` if the field marks the rows that it changes. Otherwise each visit of a mutable field counts as a write.
    pub marks_itself: bool,
}

/// A slot's name and the field's request; `None` for a field without a slot.
pub(super) type FieldRequest = (&'static str, Option<Request>);

/// A view's name, leniency and fields.
#[derive(Clone, Debug)]
pub(super) struct Wants {
    view: &'static str,
    is_lenient: bool,
    pub(super) fields: Vec<FieldRequest>,
    filters: &'static [Filter<'static>],
}

impl Wants {
    pub(super) fn of<V: View>() -> Self {
        Self {
            view: V::NAME,
            is_lenient: V::IS_LENIENT,
            fields: V::requests(),
            filters: V::FILTERS,
        }
    }

    /// Returns the names that a schema must declare to match.
    fn required(&self) -> NameSet {
        let requests =
            self.fields.iter().filter_map(|(name, request)| Some((name, request.as_ref()?)));
        let required = requests.filter(|(_, request)| request.presence != Presence::Any);
        required.map(|(name, _)| NameSet::of(name)).collect()
    }

    /// Returns the error for the first of the view's names that no schema declares, or not with its kind.
    fn undeclared(&self, registry: &Arc<Registry>) -> Option<ViewError> {
        let mut filters = self.filters.iter();
        self.undeclared_slot(registry)
            .or_else(|| filters.find_map(|filter| filter.check(self.view, registry).err()))
    }

    fn undeclared_slot(&self, registry: &Arc<Registry>) -> Option<ViewError> {
        let slots =
            self.fields.iter().filter_map(|(name, request)| Some((name, request.as_ref()?)));
        slots.into_iter().find_map(|(name, request)| {
            let mut other_kind = None;
            for schema in registry.iter_with(0, NameSet::of(name)) {
                let Some(slot) = schema.slot(name) else { continue };
                let mismatch = request.mismatch(schema, slot)?;
                other_kind.get_or_insert(mismatch);
            }
            let undeclared = || ViewError::Undeclared {
                view: self.view,
                slot: name,
                kind: request.kind.clone(),
                suggestion: registry.suggest_slot(name),
            };
            Some(match other_kind {
                Some(mismatch) => ViewError::WrongType { view: self.view, mismatch },
                None => {
                    let nested = ViewError::of_nested(registry, self.view, name);
                    nested.unwrap_or_else(undeclared)
                }
            })
        })
    }
}

impl Request {
    /// Returns the request of a slot with values of this type.
    pub(super) fn of<T: SlotValue>(presence: Presence, is_mutable: bool) -> Self {
        Self { kind: T::kind(), presence, is_mutable, marks_itself: false }
    }

    /// Returns `true` if the slot is what the request asks for. Always `false` for `Any` and `Set`.
    #[inline]
    fn is_for(&self, slot: &Slot) -> bool {
        let is_optional = match self.presence {
            Presence::Required => false,
            Presence::Optional => true,
            Presence::Any | Presence::Set => return false,
        };
        slot.is_optional() == is_optional && *slot.kind() == self.kind
    }

    /// Returns the difference between the slot and the request, if they differ.
    fn mismatch(&self, schema: &RegisteredSchema, slot: &Slot) -> Option<TypeMismatch> {
        let is_optional = match self.presence {
            Presence::Required => false,
            Presence::Optional => true,
            Presence::Any | Presence::Set => slot.is_optional(),
        };
        let is_same = (slot.kind(), slot.is_optional()) == (&self.kind, is_optional);
        let wanted = || (self.kind.clone(), is_optional);
        (!is_same).then(|| TypeMismatch::new(schema.shared_name(), slot, wanted()))
    }
}

/// The requirement that a view's field makes of a schema.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Presence {
    /// A slot that is never unset.
    Required,
    /// A slot that may be unset.
    Optional,
    /// Any slot. Only objects with a value match.
    Set,
    /// Any slot, or none.
    Any,
}

/// A schema that matches a view, with the columns of the view's slots.
#[derive(Clone, Debug)]
pub(super) struct TableMatch {
    /// The schema's number.
    pub(super) table: usize,
    /// One for each field of the view, in the order of the table's columns. Shared by schemas with the same columns.
    pub(super) picks: Arc<[Pick]>,
    /// The tests that an object must pass besides.
    pub(super) tests: Arc<[Test]>,
    /// The positions of the table's rows and columns among the lent parts of all matches.
    pub(super) lent: Range<usize>,
}

/// A test of an optional slot.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Test {
    pub(super) column: u16,
    /// The wanted flag.
    pub(super) is_set: bool,
    /// The position among the lent parts of the match.
    pub(super) lent: u16,
}

impl TableMatch {
    /// Returns the columns that the view reads or writes, in ascending order.
    pub(super) fn columns(&self) -> Vec<LentColumn> {
        let picked = self.picks.iter().filter_map(|pick| match *pick {
            Pick::Column { column, is_mutable, .. } => Some(LentColumn { column, is_mutable }),
            Pick::Nothing => None,
        });
        let tested = |test: &Test| LentColumn { column: test.column, is_mutable: false };
        let mut columns: Vec<_> = picked.chain(self.tests.iter().map(tested)).collect();
        // Of a column that is picked and tested, the picked one stays: it may be mutable.
        columns.sort_unstable_by_key(|lent| (lent.column, !lent.is_mutable));
        columns.dedup_by_key(|lent| lent.column);
        columns
    }

    #[inline(always)]
    pub(super) fn schema(&self) -> SchemaId {
        SchemaId(self.table as u16)
    }

    /// Returns `true` if these picks and tests, which are not placed yet, have the same places.
    fn reads_like(&self, picks: &[Pick], tests: &[Test]) -> bool {
        let unplaced = |pick: &Pick| match *pick {
            Pick::Column { column, field, is_mutable, marks_itself, .. } => {
                Pick::Column { column, field, is_mutable, marks_itself, lent: 0 }
            }
            Pick::Nothing => Pick::Nothing,
        };
        self.picks.iter().map(unplaced).eq(picks.iter().copied())
            && self.tests.iter().map(|test| Test { lent: 0, ..*test }).eq(tests.iter().copied())
    }

    /// Returns `true` if both share their picks and tests.
    fn is_shared(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.picks, &other.picks) && Arc::ptr_eq(&self.tests, &other.tests)
    }

    /// Returns `true` if a schema certainly matches a view in the same way as this one: the same columns have the wanted
    /// names and kinds.
    fn serves(&self, schema: &RegisteredSchema, wants: &Wants) -> bool {
        let is_same = |pick: &Pick| match *pick {
            Pick::Column { column, field, .. } => {
                let (name, request) = &wants.fields[usize::from(field)];
                let slot = schema.slot_at(usize::from(column), name);
                slot.zip(request.as_ref()).is_some_and(|(slot, request)| request.is_for(slot))
            }
            Pick::Nothing => false,
        };
        wants.filters.is_empty() && self.picks.iter().all(is_same)
    }

    /// Adds a test of a column. If the columns were lent, this one is among them.
    pub(super) fn add_test(&mut self, test: Test) {
        let start = self.lent.start;
        self.tests = self.tests.iter().copied().chain([test]).collect();
        self.place();
        self.lent = start..start + self.lent.len();
    }

    /// Sets the positions of the columns among the lent parts. The rows come first.
    fn place(&mut self) {
        let columns = self.columns();
        let position = |column: u16| {
            let found = columns.binary_search_by_key(&column, |lent| lent.column);
            1 + found.expect("it is among the columns") as u16
        };
        for pick in Arc::make_mut(&mut self.picks) {
            if let Pick::Column { column, lent, .. } = pick {
                *lent = position(*column);
            }
        }
        for test in Arc::make_mut(&mut self.tests) {
            test.lent = position(test.column);
        }
        self.lent = 0..1 + columns.len();
    }
}

/// A column that a view reads or writes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct LentColumn {
    pub(super) column: u16,
    pub(super) is_mutable: bool,
}

/// One column of a table for one field of a view.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Pick {
    Column {
        column: u16,
        field: u16,
        is_mutable: bool,
        marks_itself: bool,
        /// The position among the lent parts of the match.
        lent: u16,
    },
    /// A field without a column. Sorts after the fields with one.
    Nothing,
}

impl Pick {
    /// Returns `true` if the field marks the rows that it changes.
    pub(super) const fn marks_itself(&self) -> bool {
        matches!(self, Self::Column { marks_itself: true, .. })
    }

    /// Returns the position among the lent parts of the match.
    pub(super) fn lent(&self) -> Option<usize> {
        match self {
            Self::Column { lent, .. } => Some(usize::from(*lent)),
            Self::Nothing => None,
        }
    }
}

/// The most matches that schemas are compared with. Views have few ways to match.
const KNOWN: usize = 8;

/// The schemas that match a view.
#[derive(Clone, Debug, Default)]
pub(super) struct Matches {
    /// The number of schemas that were examined.
    seen: usize,
    tables: Vec<TableMatch>,
    /// The slots of other kinds in schemas that have all the names.
    skipped: Vec<TypeMismatch>,
    /// The error that refuses the view, after the schemas examined so far.
    error: Option<ViewError>,
}

impl Matches {
    pub(super) fn tables(&self) -> &[TableMatch] {
        &self.tables
    }

    pub(super) fn skipped(&self) -> &[TypeMismatch] {
        &self.skipped
    }

    /// Examines the schemas registered since the last call. Returns `true` if there were any.
    #[inline]
    pub(super) fn update<W: Borrow<Wants>>(
        &mut self,
        registry: &Arc<Registry>,
        wants: impl FnOnce() -> W,
    ) -> bool {
        let is_behind = self.seen < registry.len() || self.is_new();
        if is_behind {
            self.examine(registry, wants().borrow());
        }
        is_behind
    }

    /// Returns `true` if nothing was examined yet. A store without schemas is examined at each call.
    const fn is_new(&self) -> bool {
        self.seen == 0
    }

    /// Returns `true` if all of the registry's schemas were examined.
    pub(super) fn is_current(&self, registry: &Arc<Registry>) -> bool {
        self.seen == registry.len() && !self.is_new()
    }

    /// # Errors
    /// Returns an error if the view is refused.
    #[inline]
    pub(super) fn check(&self) -> Result<(), ViewError> {
        match &self.error {
            Some(error) => Err(error.clone()),
            None => Ok(()),
        }
    }

    fn examine(&mut self, registry: &Arc<Registry>, wants: &Wants) {
        let mut picks = Vec::with_capacity(wants.fields.len());
        let mut known: Vec<TableMatch> = self.tables.last().cloned().into_iter().collect();
        // Schemas that match as a known one. Their matches are cloned later, in one loop: atomic counts in between would
        // delay the next loads.
        let mut alike = Vec::new();
        for schema in registry.iter_with(self.seen, wants.required()) {
            if let Some(number) = known.iter().position(|known| known.serves(schema, wants)) {
                alike.push((schema.id(), number));
                continue;
            }
            self.add_alike(&mut alike, &known);
            match match_schema(registry, schema, wants, &known, &mut picks) {
                Match::Whole(found) => {
                    if known.len() < KNOWN && !known.iter().any(|known| known.is_shared(&found)) {
                        known.push(found.clone());
                    }
                    self.push(found);
                }
                Match::OtherKinds(mismatches) => self.skipped.extend(mismatches),
                Match::Lacks(_) | Match::Excluded => {}
            }
        }
        self.add_alike(&mut alike, &known);
        self.seen = registry.len();
        self.error = if wants.is_lenient { None } else { wants.undeclared(registry) };
        if self.error.is_none() && self.tables.is_empty() {
            let first = self.skipped.first().cloned();
            self.error = first.map(|mismatch| ViewError::WrongType { view: wants.view, mismatch });
        }
    }

    fn push(&mut self, found: TableMatch) {
        let lent = self.tables.last().map_or(0, |last| last.lent.end);
        self.tables.push(TableMatch { lent: lent..lent + found.lent.len(), ..found });
    }

    /// Adds a known match for each of these schemas.
    fn add_alike(&mut self, schemas: &mut Vec<(SchemaId, usize)>, known: &[TableMatch]) {
        for (schema, number) in schemas.drain(..) {
            self.push(TableMatch { table: schema.index(), ..known[number].clone() });
        }
    }

    /// Returns the matches among the selected schemas.
    ///
    /// # Errors
    /// Returns an error if the named schema is unknown or does not match, or if the view is refused.
    pub(super) fn selected<W: Borrow<Wants>>(
        &self,
        registry: &Arc<Registry>,
        selector: SchemaSelector<'_>,
        wants: impl FnOnce() -> W,
    ) -> Result<Vec<TableMatch>, ViewError> {
        let schema = find_schema(registry, selector.name())?;
        if match_of(&self.tables, schema.id()).is_none() {
            let wants = wants();
            let wants = wants.borrow();
            match match_schema(registry, schema, wants, &[], &mut Vec::new()) {
                Match::Whole(_) => unreachable!("all schemas that match were found"),
                // Schemas that extend the excluded one may pass.
                Match::Excluded => {}
                Match::OtherKinds(mismatches) => {
                    let mismatch = mismatches.into_iter().next().expect("a slot of another kind");
                    return Err(ViewError::WrongType { view: wants.view, mismatch });
                }
                Match::Lacks(slot) => {
                    return Err(undeclared(schema, slot).into());
                }
            }
        }
        self.check()?;
        let mut lent = 0;
        let schemas = registry.selected(schema, selector.is_exact());
        let selected =
            schemas.iter().filter_map(|schema| match_of(&self.tables, *schema)).map(|found| {
                let start = lent;
                lent += found.lent.len();
                TableMatch { lent: start..lent, ..found.clone() }
            });
        Ok(selected.collect())
    }

    pub(super) fn report(&self, registry: &Arc<Registry>) -> ViewReport {
        let schema = |found: &TableMatch| {
            let schema = registry.get(SchemaId(found.table as u16)).expect("it was examined");
            Arc::clone(schema.shared_name())
        };
        ViewReport {
            schemas: self.tables.iter().map(schema).collect(),
            skipped: self.skipped.clone(),
            error: self.error.clone(),
        }
    }
}

/// The matches of each view used so far.
#[derive(Clone, Debug, Default)]
pub(in crate::store) struct ViewCache {
    /// Those of views that could change the cache.
    views: HashMap<TypeId, Matches, FixedState>,
    shared: Arc<SharedMatches>,
}

/// The matches of views of a store that was borrowed for reading. All stores of one registry share them: a store and
/// its snapshots. A list, because a program has few views, and readers on several threads add to it without a lock.
#[derive(Debug, Default)]
pub(in crate::store) struct SharedMatches {
    first: OnceLock<Box<SharedMatch>>,
}

#[derive(Debug)]
struct SharedMatch {
    view: TypeId,
    matches: Matches,
    others: SharedMatches,
}

impl SharedMatches {
    /// Returns a view's matches, and adds them if they are missing.
    fn get<V: View>(&self, registry: &Arc<Registry>) -> &Matches {
        let view = TypeId::of::<V::Static>();
        let mut list = self;
        loop {
            let found = list.first.get_or_init(|| {
                let mut matches = Matches::default();
                matches.update(registry, Wants::of::<V>);
                Box::new(SharedMatch { view, matches, others: Self::default() })
            });
            if found.view == view {
                return &found.matches;
            }
            list = &found.others;
        }
    }
}

impl ViewCache {
    /// Returns a cache for another store of the same registry.
    pub(in crate::store) fn of_same_registry(shared: &Arc<SharedMatches>) -> Self {
        Self { views: HashMap::default(), shared: Arc::clone(shared) }
    }

    /// Returns the matches that all stores of the registry share.
    pub(in crate::store) const fn shared(&self) -> &Arc<SharedMatches> {
        &self.shared
    }

    /// Forgets the shared matches, because the store has another registry now.
    pub(in crate::store) fn leave_registry(&mut self) {
        self.shared = Arc::default();
    }

    /// Returns the view's matches and caches them.
    #[inline]
    pub(super) fn update<V: View>(&mut self, registry: &Arc<Registry>) -> &Matches {
        let matches = self.views.entry(TypeId::of::<V::Static>()).or_default();
        matches.update(registry, Wants::of::<V>);
        matches
    }

    /// Returns the view's matches, and caches them beside those of [`update`](Self::update).
    pub(super) fn get<V: View>(&self, registry: &Arc<Registry>) -> &Matches {
        let own = self.views.get(&TypeId::of::<V::Static>());
        let own = own.filter(|matches| matches.is_current(registry));
        own.unwrap_or_else(|| self.shared.get::<V>(registry))
    }
}

/// Returns the match of a schema.
pub(super) fn match_of(matches: &[TableMatch], schema: SchemaId) -> Option<&TableMatch> {
    let position = matches.binary_search_by_key(&schema.index(), |found| found.table);
    Some(&matches[position.ok()?])
}

/// The fit of a schema to a view.
enum Match {
    Whole(TableMatch),
    /// The schema has all names, some of them with other kinds.
    OtherKinds(Vec<TypeMismatch>),
    /// The schema lacks this slot.
    Lacks(&'static str),
    /// No object passes the view's filters.
    Excluded,
}

/// `known` are matches of other schemas: most schemas have the columns of another one. `picks` is scratch memory.
fn match_schema(
    registry: &Arc<Registry>,
    schema: &RegisteredSchema,
    wants: &Wants,
    known: &[TableMatch],
    picks: &mut Vec<Pick>,
) -> Match {
    let Some(mut tests) = tests_of(wants.filters, registry, schema) else { return Match::Excluded };
    picks.clear();
    let mut mismatches = Vec::new();
    for (field, (name, request)) in wants.fields.iter().enumerate() {
        let Some(request) = request else {
            picks.push(Pick::Nothing);
            continue;
        };
        let Some(column) = schema.slot_index(name) else {
            if request.presence == Presence::Any {
                picks.push(Pick::Nothing);
                continue;
            }
            return Match::Lacks(name);
        };
        let slot = &schema.slots()[column];
        mismatches.extend(request.mismatch(schema, slot));
        let (column, field) = (column as u16, field as u16);
        let Request { is_mutable, marks_itself, .. } = *request;
        picks.push(Pick::Column { column, field, is_mutable, marks_itself, lent: 0 });
        if request.presence == Presence::Set && slot.is_optional() {
            tests.push(Test { column, is_set: true, lent: 0 });
        }
    }
    if !mismatches.is_empty() {
        return Match::OtherKinds(mismatches);
    }
    picks.sort_unstable();
    if let Some(known) = known.iter().find(|known| known.reads_like(picks, &tests)) {
        return Match::Whole(TableMatch { table: schema.id().index(), ..known.clone() });
    }
    let (table, picks, tests) = (schema.id().index(), picks.as_slice().into(), tests.into());
    let mut found = TableMatch { table, picks, tests, lent: 0..0 };
    found.place();
    Match::Whole(found)
}
