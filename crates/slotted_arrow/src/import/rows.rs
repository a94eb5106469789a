//! Rows become objects, column by column.

use std::collections::HashMap;
use std::ops::Range;
use std::path::PathBuf;

use arrow_array::{Array, RecordBatch};
use arrow_schema::{ArrowError, Fields, SchemaRef};
use foldhash::fast::RandomState;
use slotted::error::{LimitError, SpawnError};
use slotted::memory::BLOCK_ROWS;
use slotted::raw::WriteColumnsError;
use slotted::schema::{Problem, ProblemKind, Quoted, RegisteredSchema, Slot};
use slotted::{Kind, ObjectId, ReservedIds, Store, exactly};

use crate::bits::is_one;
use crate::fields::id_column;
use crate::import::cells::{Cells, NewIds, check_type, stray};
use crate::import::convert::{Conversion, Converted, integers};
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
    let living = |rows: &Rows| store.len_of(exactly(&rows.schema)).unwrap_or(0);
    let living: Vec<usize> = rows.iter().map(living).collect();
    let mut reserved =
        store.reserve_ids(schemas).map_err(|error| of_reserve(error, &rows, &living))?;
    let mut ids = NewIds::default();
    if !options.ignores_ids {
        ids.by_bits = new_ids(&reserved, &rows, &mut report)?;
    }
    if rows.iter().any(|rows| has_references(reserved.store(), &rows.schema)) {
        ids.all = reserved.ids().iter().copied().collect();
    }
    let writer = Writer { ids: &ids, options };
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

/// Returns the error of rows for which the store has no room.
fn of_reserve(error: SpawnError, rows: &[Rows], living: &[usize]) -> ImportError {
    match error {
        SpawnError::Limit(LimitError::Rows { schema, limit }) => {
            let own = rows.iter().zip(living).filter(|(rows, _)| *rows.schema == *schema);
            let living = own.clone().map(|(_, living)| *living).max().unwrap_or(0);
            let new = own.map(|(rows, _)| rows.count).fold(living, usize::saturating_add);
            ImportError::Limit {
                file: None,
                what: format!("objects of schema {}", Quoted(&schema)),
                limit: limit.into(),
                found: new as u64,
                setting: "Limits::rows_per_schema",
            }
        }
        error => ImportError::of_core(error, "objects"),
    }
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
        ImportError::Limit {
            file,
            what: "rows".to_owned(),
            limit,
            found,
            setting: "ImportLimits::rows",
        }
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
                    return Err(ImportError::Limit {
                        file: self.file(),
                        what: "bytes of decoded columns".to_owned(),
                        limit,
                        found,
                        setting: "ImportLimits::decoded_bytes",
                    });
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
) -> Result<HashMap<u64, ObjectId, RandomState>, ImportError> {
    let mut ids = HashMap::default();
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
            ids.reserve(batch.num_rows());
            let cells = cells(batch.column(0), &Kind::U64, None, &rows.schema)?;
            let all = integers(&cells.array, &(0..batch.num_rows())).unwrap_or_default();
            for (offset, number) in all.into_iter().enumerate() {
                if batch.column(0).is_null(offset) {
                    continue;
                }
                // Bits may stand in signed columns.
                let bits = number as u64;
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
    before: Option<Cells>,
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
}

/// Rows of a batch whose columns are written together: as many as a block has, so that they stay in the CPU's cache.
struct Part<'p> {
    schema: &'p RegisteredSchema,
    plan: &'p Plan,
    /// The rows in the batch.
    rows: Range<usize>,
    /// The rows of the source before those of the batch.
    row: usize,
    /// The objects of the import before those of the batch.
    number: usize,
}

impl Writer<'_> {
    /// Writes the rows of a source to the objects from this one on.
    fn write_all(
        &self,
        reserved: &mut ReservedIds<'_>,
        rows: &Rows,
        first: usize,
        report: &mut Report,
    ) -> Result<(), ImportError> {
        let Some(schema) = reserved.store().schema(&rows.schema).cloned() else { return Ok(()) };
        let (file, options) = (rows.file(), self.options);
        let mut rejected = Report { problems: Vec::new(), count: 0, most: report.most };
        let plan = |fields: &Fields| Plan::new(&schema, fields, options, &file, report);
        let mut columns: Vec<Option<Cells>> = schema.slots().iter().map(|_| None).collect();
        let mut row = 0;
        rows.visit(plan, options.limits, |batch, plan| {
            for (index, slot) in schema.slots().iter().enumerate() {
                let before = columns[index].take();
                if let Some(column) = plan.slots[index] {
                    let array = batch.column(column);
                    columns[index] = Some(cells(array, slot.kind(), before, &rows.schema)?);
                }
            }
            for start in (0..batch.num_rows()).step_by(BLOCK_ROWS) {
                let rows = start..batch.num_rows().min(start + BLOCK_ROWS);
                let (schema, number) = (&schema, first + row);
                let part = Part { schema, plan, rows, row, number };
                let refused = self.write(reserved, &part, &mut columns)?;
                part.report(reserved, &columns, &refused, self.ids, &file, &mut rejected);
            }
            row += batch.num_rows();
            Ok(())
        })?;
        report.append(rejected);
        Ok(())
    }

    /// Writes rows, and returns a bit for each value that its slot refuses: nothing for a slot that refuses none.
    fn write(
        &self,
        reserved: &mut ReservedIds<'_>,
        part: &Part<'_>,
        columns: &mut [Option<Cells>],
    ) -> Result<Vec<Vec<u64>>, ImportError> {
        let mut converted = Vec::with_capacity(columns.len());
        for (slot, cells) in columns.iter_mut().enumerate() {
            let Some(cells) = cells else {
                converted.push(None);
                continue;
            };
            let declared = &part.schema.slots()[slot];
            let unsets_unknown = self.options.unsets_unknown_references
                && declared.is_optional()
                && *declared.kind() == Kind::Object;
            let (schema, ids) = (part.schema.id(), self.ids);
            let mut conversion = Conversion { reserved, schema, slot, ids, unsets_unknown };
            converted.push(Some(conversion.convert(cells, declared.kind(), part.rows.clone())?));
        }
        let numbers = part.number + part.rows.start..part.number + part.rows.end;
        let cells = |slot: usize, _: &Slot| converted[slot].as_ref().map(Converted::cells);
        let by_slots = match reserved.write_columns(numbers, cells) {
            Ok(()) => None,
            Err(WriteColumnsError::Refused(refused)) => Some(refused),
            Err(WriteColumnsError::Limit(error)) => return Err(error.into()),
            Err(error) => {
                let source = ArrowError::ExternalError(Box::new(error));
                return Err(ImportError::Arrow { schema: part.schema.name().to_owned(), source });
            }
        };
        let refused = converted.into_iter().enumerate().map(|(slot, converted)| {
            let mut refused = converted.map(Converted::into_refused).unwrap_or_default();
            if let Some(by_slot) = by_slots.as_ref().map(|by_slots| by_slots.of_slot(slot)) {
                refused.resize(refused.len().max(by_slot.len()), 0);
                refused.iter_mut().zip(by_slot).for_each(|(word, other)| *word |= other);
            }
            refused
        });
        Ok(refused.collect())
    }
}

impl Part<'_> {
    /// Reports the refused values in the order of rows, and of slots in a row.
    fn report(
        &self,
        reserved: &ReservedIds<'_>,
        columns: &[Option<Cells>],
        refused: &[Vec<u64>],
        ids: &NewIds,
        file: &Option<PathBuf>,
        report: &mut Report,
    ) {
        let is_new = |slot: &usize| !self.plan.missing[*slot];
        let mut kept = Vec::new();
        for slot in (0..refused.len()).filter(is_new) {
            report.count +=
                refused[slot].iter().map(|word| u64::from(word.count_ones())).sum::<u64>();
            let rows = (0..self.rows.len()).filter(|row| is_one(&refused[slot], *row));
            kept.extend(rows.take(report.left()).map(|row| (row, slot)));
        }
        kept.sort_unstable();
        for (row, slot) in kept.into_iter().take(report.left()) {
            let row = self.rows.start + row;
            let value = columns[slot].as_ref().and_then(|cells| cells.value(row, ids));
            let declared = &self.schema.slots()[slot];
            let expected = || declared.kind().clone();
            let kind = match value {
                None => ProblemKind::Missing { expected: expected() },
                Some(value) => match reserved.problem(self.number + row, slot, &value) {
                    Some(problem) => of_reference(problem.kind),
                    None => ProblemKind::WrongKind { expected: expected(), found: value },
                },
            };
            let record = Some(self.row + row);
            let problem = Problem { record, ..self.schema.problem(declared.name(), kind) };
            let kind = ImportProblemKind::Record(problem);
            report.problems.push(ImportProblem { file: file.clone(), kind });
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
    /// Returns the number of problems that are still kept.
    const fn left(&self) -> usize {
        self.most.saturating_sub(self.problems.len())
    }

    fn add(&mut self, file: &Option<PathBuf>, kind: ImportProblemKind) {
        self.count += 1;
        if self.left() > 0 {
            self.problems.push(ImportProblem { file: file.clone(), kind });
        }
    }

    fn append(&mut self, other: Self) {
        self.count += other.count;
        self.problems.extend(other.problems.into_iter().take(self.left()));
    }
}
