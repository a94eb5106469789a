//! Rows become objects.

use std::borrow::Cow;
use std::collections::HashMap;
use std::path::PathBuf;

use arrow_array::RecordBatch;
use arrow_schema::{ArrowError, Fields, SchemaRef};
use slotted::error::SpawnError;
use slotted::schema::{Problem, ProblemKind, RegisteredSchema};
use slotted::{Kind, ObjectId, ReservedIds, Store, Value};

use crate::fields::id_column;
use crate::import::cells::{Cells, NewIds, check_type, stray};
use crate::import::error::{ImportError, ImportProblem, ImportProblemKind, ImportRejection};
use crate::import::{Options, Source};
#[cfg(feature = "parquet")]
use crate::parquet::{ParquetError, ParquetSource};

/// The rows of one source, which can be read several times.
struct Rows {
    schema: String,
    count: usize,
    origin: Origin,
}

enum Origin {
    Batches(Vec<RecordBatch>),
    #[cfg(feature = "parquet")]
    Parquet(ParquetSource),
}

/// The columns of a source, and the slots for which they have values.
struct Plan {
    /// The position in the source of each column that is read, in ascending order.
    columns: Vec<usize>,
    /// The position of each slot's column among those that are read.
    slots: Vec<Option<usize>>,
    /// `true` for each required slot without a column, which was reported once for all rows.
    missing: Vec<bool>,
}

/// Collects problems.
struct Report {
    problems: Vec<ImportProblem>,
    count: u64,
    most: usize,
}

pub(super) fn import(
    store: &mut Store,
    sources: Vec<(String, Source<'_>)>,
    options: Options,
) -> Result<Vec<ObjectId>, ImportError> {
    let rows = open_all(store, sources, options)?;
    let mut report = Report { problems: Vec::new(), count: 0, most: options.limits.problems };
    let schemas = rows.iter().flat_map(|rows| std::iter::repeat_n(&rows.schema, rows.count));
    let mut reserved =
        store.reserve_ids(schemas).map_err(|error| ImportError::of_core(error, "objects"))?;
    let mut ids = NewIds::default();
    if !options.ignores_ids {
        ids.by_bits = new_ids(&reserved, &rows, &mut report)?;
    }
    if rows.iter().any(|rows| has_references(reserved.store(), &rows.schema)) {
        ids.all = reserved.ids().iter().copied().collect();
    }
    let mut writer = Writer { ids: &ids, options, values: Vec::new() };
    let mut first = 0;
    for rows in &rows {
        writer.write_all(&mut reserved, rows, first, &mut report)?;
        first += rows.count;
    }
    if report.count > 0 {
        return Err(ImportRejection { problems: report.problems, count: report.count }.into());
    }
    reserved.spawn().map_err(|error| ImportError::of_core(error, "objects"))
}

fn has_references(store: &Store, schema: &str) -> bool {
    let slots = store.schema(schema).map(|schema| schema.slots()).unwrap_or_default();
    slots.iter().any(|slot| matches!(slot.kind().element(), Kind::Object))
}

/// Opens all sources and counts their rows.
fn open_all(
    store: &mut Store,
    sources: Vec<(String, Source<'_>)>,
    options: Options,
) -> Result<Vec<Rows>, ImportError> {
    let mut all = Vec::new();
    let mut left = options.limits.rows;
    for (schema, source) in sources {
        if store.schema(&schema).is_none() {
            let error = store.reserve_ids([&schema]).map(drop);
            error.map_err(|error| ImportError::of_core(error, &schema))?;
        }
        let rows = open(schema, source, left, options.limits.rows)?;
        left -= rows.count as u64;
        all.push(rows);
    }
    Ok(all)
}

fn open(schema: String, source: Source<'_>, left: u64, limit: u64) -> Result<Rows, ImportError> {
    let too_many = |file: Option<PathBuf>, more: usize| {
        let found = (limit - left).saturating_add(more as u64);
        ImportError::Limit { file, what: "rows", limit, found }
    };
    match source {
        Source::Batches(source) => {
            let (mut batches, mut count) = (Vec::new(), 0_usize);
            for batch in source {
                let batch = batch
                    .map_err(|source| ImportError::Arrow { schema: schema.clone(), source })?;
                count = count.saturating_add(batch.num_rows());
                if count as u64 > left {
                    return Err(too_many(None, count));
                }
                batches.push(batch);
            }
            Ok(Rows { schema, count, origin: Origin::Batches(batches) })
        }
        #[cfg(feature = "parquet")]
        Source::Parquet(file) => {
            let opened = ParquetSource::open(&file);
            let source =
                opened.map_err(|source| ImportError::Parquet { file: file.clone(), source })?;
            match source.rows() {
                count if count as u64 > left => Err(too_many(Some(file), count)),
                count => Ok(Rows { schema, count, origin: Origin::Parquet(source) }),
            }
        }
    }
}

impl Rows {
    fn file(&self) -> Option<PathBuf> {
        match &self.origin {
            Origin::Batches(_) => None,
            #[cfg(feature = "parquet")]
            Origin::Parquet(source) => Some(source.path().to_owned()),
        }
    }

    /// Visits all batches with a plan of their columns.
    #[cfg_attr(
        not(feature = "parquet"),
        allow(unused_variables, reason = "only files have limits")
    )]
    fn visit(
        &self,
        mut plan: impl FnMut(&Fields) -> Plan,
        limits: super::ImportLimits,
        mut visit: impl FnMut(&RecordBatch, &Plan) -> Result<(), ImportError>,
    ) -> Result<(), ImportError> {
        match &self.origin {
            Origin::Batches(batches) => {
                let mut last: Option<(SchemaRef, Plan)> = None;
                for batch in batches {
                    let fields = batch.schema();
                    let (_, plan) = match last.take() {
                        Some(known) if known.0 == fields => last.insert(known),
                        _ => {
                            let plan = plan(fields.fields());
                            last.insert((fields, plan))
                        }
                    };
                    let read = batch.project(&plan.columns);
                    let schema = self.schema.clone();
                    visit(&read.map_err(|source| ImportError::Arrow { schema, source })?, plan)?;
                }
                Ok(())
            }
            #[cfg(feature = "parquet")]
            Origin::Parquet(source) => {
                let in_file =
                    |source| ImportError::Parquet { file: self.file().unwrap_or_default(), source };
                let plan = plan(source.fields());
                let limit = limits.decoded_bytes;
                let found = source.decoded_bytes(&plan.columns, limit).map_err(in_file)?;
                if found > limit {
                    let what = "bytes of decoded columns";
                    return Err(ImportError::Limit { file: self.file(), what, limit, found });
                }
                let result = source.visit(&plan.columns, |batch| {
                    visit(batch, &plan).map_err(|error| Stop::Import(Box::new(error)))
                });
                result.map_err(|stop| match stop {
                    Stop::Parquet(source) => in_file(source),
                    Stop::Import(error) => *error,
                })
            }
        }
    }
}

/// The reason why reading a Parquet file ends early.
#[cfg(feature = "parquet")]
enum Stop {
    Parquet(ParquetError),
    Import(Box<ImportError>),
}

#[cfg(feature = "parquet")]
impl From<ParquetError> for Stop {
    fn from(error: ParquetError) -> Self {
        Self::Parquet(error)
    }
}

/// Returns the name of the column of ids of a schema's rows.
fn id_name(schema: &RegisteredSchema) -> &'static str {
    id_column(schema.slots().iter().map(|slot| slot.name()))
}

/// Returns the ids that the rows' objects will have, by those that they have in a column.
fn new_ids(
    reserved: &ReservedIds<'_>,
    all: &[Rows],
    report: &mut Report,
) -> Result<HashMap<u64, ObjectId>, ImportError> {
    let mut ids = HashMap::new();
    let mut first = 0;
    for rows in all {
        let Some(schema) = reserved.store().schema(&rows.schema) else { continue };
        let (name, file) = (id_name(schema), rows.file());
        let only_ids = |fields: &Fields| {
            let column = fields.find(name).filter(|(_, id)| id.data_type().is_integer());
            let columns = column.map(|(position, _)| position).into_iter().collect();
            Plan { columns, slots: Vec::new(), missing: Vec::new() }
        };
        let mut row = 0;
        rows.visit(only_ids, super::ImportLimits::default(), |batch, plan| {
            let start = row;
            row += batch.num_rows();
            if plan.columns.is_empty() {
                return Ok(());
            }
            let cells = cells(batch.column(0), &Kind::U64, None, &rows.schema)?;
            for offset in 0..batch.num_rows() {
                let bits = match cells.value(offset, &NewIds::default()) {
                    Some(Value::Int(bits)) => bits.cast_unsigned(),
                    Some(Value::UInt(bits)) => bits,
                    _ => continue,
                };
                let Some(id) = reserved.ids().get(first + start + offset) else { continue };
                if ids.insert(bits, *id).is_some() {
                    let (schema, row) = (rows.schema.clone(), start + offset);
                    report.add(&file, ImportProblemKind::RepeatedId { schema, row, id: bits });
                }
            }
            Ok(())
        })?;
        first += rows.count;
    }
    Ok(ids)
}

fn cells(
    array: &arrow_array::ArrayRef,
    kind: &Kind,
    before: Option<&Cells>,
    schema: &str,
) -> Result<Cells, ImportError> {
    Cells::new(array, kind, before).map_err(|found| {
        let source = ArrowError::NotYetImplemented(format!("arrays of {found}"));
        ImportError::Arrow { schema: schema.to_owned(), source }
    })
}

impl Plan {
    /// Finds the slot of each column, and reports columns that cannot be read and slots that need one.
    fn new(
        schema: &RegisteredSchema,
        fields: &Fields,
        options: Options,
        file: &Option<PathBuf>,
        report: &mut Report,
    ) -> Self {
        let id = id_name(schema);
        let mut columns = Vec::new();
        let mut slots = vec![None; schema.slots().len()];
        let mut given = vec![false; schema.slots().len()];
        for (position, field) in fields.iter().enumerate() {
            let name = field.name();
            let Some(slot) = schema.slot_index(name) else {
                if name != id && !options.ignores_unknown_columns {
                    report.add(file, ImportProblemKind::Record(schema.undeclared(name)));
                }
                continue;
            };
            if std::mem::replace(&mut given[slot], true) {
                let problem = schema.problem(name, ProblemKind::Duplicate);
                report.add(file, ImportProblemKind::Record(problem));
                continue;
            }
            if let Err(found) = check_type(field.data_type()) {
                let (schema, column) = (schema.name().to_owned(), name.clone());
                report.add(file, ImportProblemKind::Type { schema, column, found });
                continue;
            }
            slots[slot] = Some(columns.len());
            columns.push(position);
        }
        let mut missing = vec![false; schema.slots().len()];
        for (index, slot) in schema.slots().iter().enumerate() {
            missing[index] = slots[index].is_none() && slot.is_required();
            if missing[index] && !given[index] {
                let expected = slot.kind().clone();
                let problem = schema.problem(slot.name(), ProblemKind::Missing { expected });
                report.add(file, ImportProblemKind::Record(problem));
            }
        }
        Self { columns, slots, missing }
    }
}

/// Writes rows to reserved objects.
struct Writer<'i> {
    ids: &'i NewIds,
    options: Options,
    /// The values of a row.
    values: Vec<Option<Value>>,
}

impl Writer<'_> {
    /// Writes the rows of a source to the objects from this one on.
    fn write_all(
        &mut self,
        reserved: &mut ReservedIds<'_>,
        rows: &Rows,
        first: usize,
        report: &mut Report,
    ) -> Result<(), ImportError> {
        let Some(schema) = reserved.store().schema(&rows.schema).cloned() else { return Ok(()) };
        let (file, options) = (rows.file(), self.options);
        let mut rejected = Report { problems: Vec::new(), count: 0, most: report.most };
        let plan = |fields: &Fields| Plan::new(&schema, fields, options, &file, report);
        let mut before: Vec<Option<Cells>> = vec![None; schema.slots().len()];
        let mut row = 0;
        rows.visit(plan, options.limits, |batch, plan| {
            let columns = schema.slots().iter().zip(&plan.slots).zip(&before);
            let columns = columns.map(|((slot, column), before)| match column {
                Some(column) => {
                    let array = batch.column(*column);
                    cells(array, slot.kind(), before.as_ref(), &rows.schema).map(Some)
                }
                None => Ok(None),
            });
            before = columns.collect::<Result<_, _>>()?;
            for offset in 0..batch.num_rows() {
                self.read_row(reserved.store(), &schema, &before, offset);
                let values = &mut self.values;
                let number = first + row + offset;
                match reserved.write(number, |slot, _| values[slot].take().map(Cow::Owned)) {
                    Ok(()) => {}
                    Err(SpawnError::Rejected(rejection)) => {
                        let is_new = |problem: &Problem| {
                            let slot = schema.slot_index(&problem.slot);
                            !slot.is_some_and(|slot| plan.missing[slot])
                        };
                        let problems =
                            rejection.problems().iter().filter(|problem| is_new(problem));
                        for problem in problems {
                            let kind = of_reference(problem.kind.clone());
                            let record = Some(row + offset);
                            let problem = Problem { record, kind, ..problem.clone() };
                            rejected.add(&file, ImportProblemKind::Record(problem));
                        }
                    }
                    Err(error) => return Err(ImportError::of_core(error, &rows.schema)),
                }
            }
            row += batch.num_rows();
            Ok(())
        })?;
        report.append(rejected);
        Ok(())
    }

    /// Reads the values of a row. Those that are left out become `None`.
    fn read_row(
        &mut self,
        store: &Store,
        schema: &RegisteredSchema,
        columns: &[Option<Cells>],
        row: usize,
    ) {
        self.values.clear();
        for (slot, column) in schema.slots().iter().zip(columns) {
            let value = column.as_ref().map(|cells| cells.value(row, self.ids));
            let unset = || slot.is_optional().then_some(Value::Unset);
            let value = match value {
                None => None,
                Some(None) => unset(),
                Some(Some(value))
                    if self.options.unsets_unknown_references
                        && slot.is_optional()
                        && self.is_unknown(store, &value) =>
                {
                    unset()
                }
                Some(value) => value,
            };
            self.values.push(value);
        }
    }

    /// Returns `true` if the value refers neither to an object of the import nor to a living one of the store.
    fn is_unknown(&self, store: &Store, value: &Value) -> bool {
        match value {
            Value::Object(id) => !store.contains(*id) && !self.ids.all.contains(id),
            value => stray(value).is_some(),
        }
    }
}

/// Returns the problem of a value as the problem of the reference that it was read from.
fn of_reference(kind: ProblemKind) -> ProblemKind {
    match kind {
        ProblemKind::Element { position, kind } => {
            ProblemKind::Element { position, kind: Box::new(of_reference(*kind)) }
        }
        ProblemKind::WrongKind { expected, found } => match stray(&found) {
            Some(found) => ProblemKind::UnknownReference { found },
            None => ProblemKind::WrongKind { expected, found },
        },
        kind => kind,
    }
}

impl Report {
    fn add(&mut self, file: &Option<PathBuf>, kind: ImportProblemKind) {
        self.count += 1;
        if self.problems.len() < self.most {
            self.problems.push(ImportProblem { file: file.clone(), kind });
        }
    }

    fn append(&mut self, other: Self) {
        self.count += other.count;
        let left = self.most.saturating_sub(self.problems.len());
        self.problems.extend(other.problems.into_iter().take(left));
    }
}
