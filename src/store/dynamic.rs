//! Columns and values of kinds that are known only at run time.

use std::hash::BuildHasher;
use std::sync::Arc;

use foldhash::fast::FixedState;

use crate::error::LimitError;
use crate::id::ObjectId;
use crate::kind::{Kind, with_number, with_numeric, with_vector};
use crate::list::ListCell;
use crate::schema::{ProblemKind, RegisteredSchema, Slot, SlotCheck};
use crate::storage::{
    Cell, CellVec, CellVecVisitor, Cells, Column, ElementShape, Interner, KindTag, ListPool,
};
use crate::store::Limits;
use crate::text::Text;
use crate::value::{ConversionError, FromValue, Value};

/// Runs the body with `$C` as the cell type of a plain-memory kind.
macro_rules! with_pod_cell {
    ($pod:expr, $C:ident => $body:expr) => {
        match $crate::kind::PodKind::align($pod) {
            1 => {
                type $C = u8;
                $body
            }
            2 => {
                type $C = u16;
                $body
            }
            4 => {
                type $C = u32;
                $body
            }
            8 => {
                type $C = u64;
                $body
            }
            _ => {
                type $C = u128;
                $body
            }
        }
    };
}

pub(super) use with_pod_cell;

/// Returns an empty column for each slot of the schema.
pub(super) fn columns(schema: &RegisteredSchema) -> Vec<Column> {
    (0..schema.slots().len()).map(|slot| column(schema, slot)).collect()
}

/// Returns an empty column for the slot at this position.
pub(super) fn column(schema: &RegisteredSchema, position: usize) -> Column {
    let slot = &schema.slots()[position];
    let cells = with_numeric!(slot.kind(), T => Cells::new::<T>(1),
        Kind::Bool => Cells::new::<bool>(1),
        Kind::Text | Kind::Any => Cells::new::<Text>(1),
        Kind::Object => Cells::new::<ObjectId>(1),
        Kind::Enum(_) => Cells::new::<u8>(1),
        Kind::Array(number, length) => with_number!(number, T => Cells::new::<T>(*length as usize)),
        Kind::Pod(pod) => with_pod_cell!(pod, C => Cells::new::<C>(pod.size() / pod.align())),
        Kind::List(_) => Cells::new::<ListCell>(1),
    );
    Column::new(cells, tag(schema, position), slot.is_optional())
}

/// Returns the tag that columns and keys share.
///
/// It hashes the name of the slot and of the schema that declares it. So a key from before a migration, or of another
/// store, does not access another slot at the same position.
pub(super) fn tag(schema: &RegisteredSchema, position: usize) -> KindTag {
    let (slot, declarer) = (&schema.slots()[position], &**schema.declarer(position));
    let parts = (declarer, slot.name(), slot.kind(), slot.is_optional());
    KindTag(FixedState::default().hash_one(parts) as u32)
}

/// Returns the cells of one element of a list.
pub(crate) fn element_shape(element: &Kind) -> ElementShape {
    fn shape<C: Cell>(width: usize, variants: usize) -> ElementShape {
        ElementShape { cell: C::TYPE, width: width as u16, variants: variants as u16 }
    }
    with_numeric!(element, T => shape::<T>(1, 0),
        Kind::Bool => shape::<bool>(1, 0),
        Kind::Text => shape::<Text>(1, 0),
        Kind::Any => shape::<Text>(1, ElementShape::ANY.into()),
        Kind::Object => shape::<ObjectId>(1, 0),
        Kind::Enum(kind) => shape::<u8>(1, kind.variants().len()),
        Kind::Array(number, length) => with_number!(number, T => shape::<T>(*length as usize, 0)),
        Kind::Pod(pod) => with_pod_cell!(pod, C => shape::<C>(pod.size() / pod.align(), 0)),
        // Schemas refuse nested lists.
        Kind::List(_) => shape::<ListCell>(1, 0),
    )
}

/// A source of the cells of values.
trait Source {
    fn cells<C: Cell>(&self) -> &[C];

    /// Returns the cell of a value that has only one.
    #[inline]
    fn one<C: Cell>(&self, at: usize) -> C {
        self.cells()[at]
    }
}

/// A written row.
struct Row<'a> {
    column: &'a Column,
    row: u32,
}

impl Source for Row<'_> {
    #[inline]
    fn cells<C: Cell>(&self) -> &[C] {
        let blocks = C::blocks(&self.column.cells).expect(CELLS);
        blocks.row(self.row).expect("a living row has values")
    }

    #[inline(always)]
    fn one<C: Cell>(&self, _: usize) -> C {
        let blocks = C::blocks(&self.column.cells).expect(CELLS);
        blocks.row_of_width(self.row, 1).expect("a living row has values")[0]
    }
}

struct Elements<'a> {
    lists: &'a ListPool,
    shape: ElementShape,
    list: ListCell,
}

impl Source for Elements<'_> {
    /// Returns no cells for a list of another store: a view can write such a handle, and reading must not fail.
    fn cells<C: Cell>(&self) -> &[C] {
        self.lists.resolve(self.shape, self.list).unwrap_or_default()
    }
}

/// Returns the value in a written row.
#[inline]
pub(super) fn read(column: &Column, slot: &Slot, row: u32, interner: &Interner) -> Value {
    if let (Kind::Number(number), None) = (slot.kind(), &column.set) {
        return with_number!(number, T => Row { column, row }.one::<T>(0).into());
    }
    read_any(column, slot, row, interner)
}

/// Never inlined: it saves all registers, which a number does not need.
#[inline(never)]
fn read_any(column: &Column, slot: &Slot, row: u32, interner: &Interner) -> Value {
    if let Some(set) = &column.set
        && set.row(row) != Some(&[true])
    {
        return Value::Unset;
    }
    let source = Row { column, row };
    match slot.kind() {
        Kind::List(kind) => list_value(kind.element(), source.one(0), interner),
        kind => value(kind, &source, 0, interner),
    }
}

/// Finds a text or a list of another store in a written row: views and columns do not check what they write.
pub(super) fn foreign_handle(
    column: &Column,
    slot: &Slot,
    row: u32,
    interner: &Interner,
) -> Option<ProblemKind> {
    if column.set.as_ref().is_some_and(|set| set.row(row) != Some(&[true])) {
        return None;
    }
    let source = Row { column, row };
    let is_foreign = |text: &Text| interner.texts.resolve(*text).is_none();
    match slot.kind() {
        Kind::Text => is_foreign(&source.one(0)).then_some(ProblemKind::ForeignText),
        Kind::Any => is_foreign(&source.one(0)).then_some(ProblemKind::ForeignAny),
        Kind::List(kind) => {
            let (shape, list) = (element_shape(kind.element()), source.one(0));
            if !interner.lists.contains(shape, list) {
                return Some(ProblemKind::ForeignList);
            }
            let problem = match kind.element() {
                Kind::Text => ProblemKind::ForeignText,
                Kind::Any => ProblemKind::ForeignAny,
                _ => return None,
            };
            let position = interner.lists.resolve(shape, list)?.iter().position(is_foreign)?;
            Some(ProblemKind::Element { position, kind: Box::new(problem) })
        }
        _ => None,
    }
}

fn list_value(element: &Kind, list: ListCell, interner: &Interner) -> Value {
    let shape = element_shape(element);
    let elements = Elements { lists: &interner.lists, shape, list };
    let len = interner.lists.cells_in(shape, list) / usize::from(shape.width);
    Value::List((0..len).map(|at| value(element, &elements, at, interner)).collect())
}

/// Returns the value at a position among others of its kind. The kind is not a list.
#[inline]
fn value(kind: &Kind, source: &impl Source, at: usize, interner: &Interner) -> Value {
    with_numeric!(kind, T => source.one::<T>(at).into(),
        Kind::Bool => source.one::<bool>(at).into(),
        Kind::Text => interner.texts.resolve(source.one(at)).unwrap_or_default().into(),
        Kind::Any => resolve_any(source.one(at), interner).unwrap_or_default(),
        Kind::Object => source.one::<ObjectId>(at).into(),
        Kind::Enum(kind) => {
            let variant = kind.variants().get(usize::from(source.one::<u8>(at)));
            Value::Text(Arc::clone(variant.expect("an enum slot holds one of its variants")))
        },
        Kind::Array(number, length) => with_number!(number, T => {
            let numbers = several::<T>(source, at, *length as usize).iter();
            Value::List(numbers.map(|number| (*number).into()).collect())
        }),
        Kind::Pod(pod) => with_pod_cell!(pod, C => {
            let cells = several::<C>(source, at, pod.size() / pod.align());
            Value::Bytes(bytemuck::cast_slice(cells).into())
        }),
        // Schemas refuse nested lists.
        Kind::List(_) => Value::Unset,
    )
}

/// Returns the value whose text has this handle.
pub(super) fn resolve_any(text: Text, interner: &Interner) -> Option<Value> {
    Value::from_kept_json(interner.texts.resolve(text)?)
}

const CELLS: &str = "a column has the cell type of its slot's kind";

#[inline]
fn several<C: Cell>(source: &impl Source, at: usize, width: usize) -> &[C] {
    &source.cells()[at * width..(at + 1) * width]
}

/// The reason why a value was not written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Unwritten {
    /// The value has another kind, or is unset and the slot is not optional.
    Refused,
    /// A new text would exceed the limit of texts.
    NoTextRoom,
    /// A new list would exceed the limit of lists.
    NoListRoom,
}

impl From<ConversionError> for Unwritten {
    fn from(_: ConversionError) -> Self {
        Self::Refused
    }
}

impl Unwritten {
    /// Returns the exceeded limit, if any.
    pub(crate) const fn limit(self, limits: &Limits) -> Option<LimitError> {
        match self {
            Self::Refused => None,
            Self::NoTextRoom => Some(LimitError::Text { limit: limits.text_bytes }),
            Self::NoListRoom => Some(LimitError::List { limit: limits.list_bytes }),
        }
    }
}

/// The pools that store new texts and lists.
pub(super) struct Pools<'a> {
    pub(super) interner: &'a mut Interner,
    pub(super) limits: &'a Limits,
}

impl Pools<'_> {
    fn text(&mut self, text: &str) -> Result<Text, Unwritten> {
        self.interner.text(text, self.limits.text_bytes).ok_or(Unwritten::NoTextRoom)
    }

    fn list<C: Cell>(&mut self, shape: ElementShape, cells: &[C]) -> Result<ListCell, Unwritten> {
        let list = self.interner.list(shape, cells, self.limits.list_bytes);
        list.ok_or(Unwritten::NoListRoom)
    }
}

/// A destination for the cells of a value.
trait Sink {
    fn put<C: Cell>(&mut self, cells: &[C]);
}

struct RowSink<'a> {
    column: &'a mut Column,
    row: u32,
}

impl Sink for RowSink<'_> {
    #[inline]
    fn put<C: Cell>(&mut self, cells: &[C]) {
        put(self.column, self.row, cells);
    }
}

impl Sink for CellVec {
    #[inline]
    fn put<C: Cell>(&mut self, cells: &[C]) {
        C::vec_mut(self).extend_from_slice(cells);
    }
}

/// Writes a value to a row if it has the slot's kind. Callers check constraints.
pub(super) fn write(
    column: &mut Column,
    slot: &Slot,
    row: u32,
    value: &Value,
    pools: &mut Pools<'_>,
) -> Result<(), Unwritten> {
    if value.is_unset() {
        return unset(column, slot, row);
    }
    match slot.kind() {
        Kind::List(kind) => {
            let list = intern(kind.element(), value, pools)?;
            put(column, row, &[list]);
            Ok(())
        }
        kind => convert(kind, value, &mut RowSink { column, row }, pools),
    }
}

/// Overwrites a written row with a number, a vector or a `bool`. Returns `false` and writes nothing if the slot has
/// another kind or refuses the value.
#[inline]
pub(super) fn overwrite_simple(
    column: &mut Column,
    slot: &Slot,
    check: &SlotCheck,
    row: u32,
    value: &Value,
) -> bool {
    match slot.kind() {
        Kind::Number(number) => with_number!(number, T => {
            overwrite_as::<T>(column, row, value, |number| check.surely_accepts(number))
        }),
        kind => overwrite_other(column, kind, check, row, value),
    }
}

/// Never inlined: it saves all registers, which a number does not need.
#[inline(never)]
fn overwrite_other(
    column: &mut Column,
    kind: &Kind,
    check: &SlotCheck,
    row: u32,
    value: &Value,
) -> bool {
    match kind {
        Kind::Vector(vector) => with_vector!(vector, T => {
            overwrite_as::<T>(column, row, value, |vector| check.surely_accepts(vector))
        }),
        Kind::Bool => overwrite_as::<bool>(column, row, value, |_| true),
        _ => false,
    }
}

#[inline(always)]
fn overwrite_as<T: Cell + FromValue>(
    column: &mut Column,
    row: u32,
    value: &Value,
    is_accepted: impl FnOnce(&T) -> bool,
) -> bool {
    let Some(value) = T::from_value(value).ok().filter(is_accepted) else { return false };
    let cells = T::blocks_mut(&mut column.cells).and_then(|blocks| blocks.row_of_width_mut(row, 1));
    let Some([cell]) = cells else { return false };
    *cell = value;
    if let Some(set) = &mut column.set {
        set.put(row, &[true]);
    }
    column.mark(row);
    true
}

/// Stores the texts and lists of a value that a slot accepts, so that writing it cannot reach a limit.
pub(super) fn intern_value(
    slot: &Slot,
    value: &Value,
    pools: &mut Pools<'_>,
) -> Result<(), Unwritten> {
    struct Nowhere;
    impl Sink for Nowhere {
        fn put<C: Cell>(&mut self, _: &[C]) {}
    }
    match slot.kind() {
        _ if value.is_unset() => Ok(()),
        Kind::List(kind) => intern(kind.element(), value, pools).map(|_| ()),
        kind => convert(kind, value, &mut Nowhere, pools),
    }
}

/// Returns the handle of a list if all elements have the kind.
fn intern(element: &Kind, value: &Value, pools: &mut Pools<'_>) -> Result<ListCell, Unwritten> {
    let Value::List(values) = value else { return Err(Unwritten::Refused) };
    let shape = element_shape(element);
    let mut cells = CellVec::new(shape.cell);
    cells.reserve(values.len());
    for value in values.iter() {
        convert(element, value, &mut cells, pools)?;
    }
    cells.visit(Intern { shape, pools })
}

struct Intern<'a, 'p> {
    shape: ElementShape,
    pools: &'a mut Pools<'p>,
}

impl CellVecVisitor for Intern<'_, '_> {
    type Output = Result<ListCell, Unwritten>;

    fn visit<C: Cell>(self, cells: &[C]) -> Self::Output {
        self.pools.list(self.shape, cells)
    }
}

/// Writes the cells of a value to the sink if it has the kind. The kind is not a list.
#[inline]
fn convert(
    kind: &Kind,
    value: &Value,
    sink: &mut impl Sink,
    pools: &mut Pools<'_>,
) -> Result<(), Unwritten> {
    with_numeric!(kind, T => sink.put(&[T::from_value(value)?]),
        Kind::Bool => sink.put(&[bool::from_value(value)?]),
        Kind::Object => sink.put(&[ObjectId::from_value(value)?]),
        Kind::Text => {
            let Value::Text(text) = value else { return Err(Unwritten::Refused) };
            sink.put(&[pools.text(text)?]);
        },
        Kind::Any => {
            let text = value.to_json().map_err(|_| Unwritten::Refused)?;
            sink.put(&[pools.text(&text)?]);
        },
        Kind::Enum(kind) => {
            let Value::Text(name) = value else { return Err(Unwritten::Refused) };
            sink.put(&[kind.number(name).ok_or(Unwritten::Refused)?]);
        },
        Kind::Array(number, length) => with_number!(number, T => {
            let Value::List(list) = value else { return Err(Unwritten::Refused) };
            let numbers = list.iter().map(T::from_value).collect::<Result<Vec<T>, _>>()?;
            if numbers.len() != *length as usize {
                return Err(Unwritten::Refused);
            }
            sink.put(&numbers);
        }),
        Kind::Pod(pod) => with_pod_cell!(pod, C => match value {
            Value::Bytes(bytes) if bytes.len() == pod.size() => {
                sink.put(&bytemuck::allocation::pod_collect_to_vec::<u8, C>(bytes));
            }
            _ => return Err(Unwritten::Refused),
        }),
        // Schemas refuse nested lists.
        Kind::List(_) => return Err(Unwritten::Refused),
    );
    Ok(())
}

fn unset(column: &mut Column, slot: &Slot, row: u32) -> Result<(), Unwritten> {
    if !slot.is_optional() {
        return Err(Unwritten::Refused);
    }
    with_numeric!(slot.kind(), T => fill::<T>(column, row),
        Kind::Bool => fill::<bool>(column, row),
        Kind::Text | Kind::Any => fill::<Text>(column, row),
        Kind::Object => fill::<ObjectId>(column, row),
        Kind::Enum(_) => fill::<u8>(column, row),
        Kind::Array(number, _) => with_number!(number, T => fill::<T>(column, row)),
        Kind::Pod(pod) => with_pod_cell!(pod, C => fill::<C>(column, row)),
        Kind::List(_) => fill::<ListCell>(column, row),
    );
    if let Some(set) = &mut column.set {
        set.put(row, &[false]);
    }
    Ok(())
}

fn fill<C: Cell>(column: &mut Column, row: u32) {
    let blocks = C::blocks_mut(&mut column.cells).expect(CELLS);
    let filler = vec![C::FILLER; blocks.width()];
    blocks.put(row, &filler);
    column.mark(row);
}

#[inline]
fn put<C: Cell>(column: &mut Column, row: u32, cells: &[C]) {
    let blocks = C::blocks_mut(&mut column.cells).expect(CELLS);
    debug_assert_eq!(cells.len(), blocks.width(), "a row has the cells of its slot's kind");
    blocks.put(row, cells);
    if let Some(set) = &mut column.set {
        set.put(row, &[true]);
    }
    column.mark(row);
}
