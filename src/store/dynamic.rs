//! Columns and values of a kind that is known only at run time.

use std::hash::BuildHasher;
use std::sync::Arc;

use foldhash::fast::FixedState;

use crate::id::EntityId;
use crate::kind::{PodKind, with_number, with_numeric};
use crate::schema::{RegisteredSchema, Slot};
use crate::storage::{Cell, Cells, Column, KindTag, TextPool};
use crate::text::Text;
use crate::value::{ConversionError, FromValue, Value};

/// Runs the body with `$C` standing for the cells of a plain-memory kind.
macro_rules! with_pod_cell {
    ($pod:expr, $C:ident => $body:expr) => {
        match PodKind::align($pod) {
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

/// A column for each slot of the schema.
pub(super) fn columns(schema: &RegisteredSchema) -> Vec<Column> {
    schema.slots().iter().map(column).collect()
}

/// A column without rows.
pub(super) fn column(slot: &Slot) -> Column {
    let cells = with_numeric!(slot.kind(), T => Cells::new::<T>(1),
        Kind::Bool => Cells::new::<bool>(1),
        Kind::Text => Cells::new::<Text>(1),
        Kind::Entity => Cells::new::<EntityId>(1),
        Kind::Enum(_) => Cells::new::<u8>(1),
        Kind::Array(number, length) => with_number!(number, T => Cells::new::<T>(*length as usize)),
        Kind::Pod(pod) => with_pod_cell!(pod, C => Cells::new::<C>(pod.size() / pod.align())),
    );
    Column::new(cells, tag(slot), slot.is_optional())
}

/// Keys have it too. The name is part of it, so that a key from before an evolution does not serve
/// another slot that has come to the same place.
pub(super) fn tag(slot: &Slot) -> KindTag {
    let tag = FixedState::default().hash_one((slot.name(), slot.kind(), slot.is_optional()));
    KindTag(tag as u32)
}

/// The value in a row that was written, as the slot's kind has it.
pub(super) fn read(column: &Column, slot: &Slot, row: u32, texts: &TextPool) -> Value {
    if let Some(set) = &column.set
        && set.row(row) != Some(&[true])
    {
        return Value::Unset;
    }
    with_numeric!(slot.kind(), T => one::<T>(column, row).into(),
        Kind::Bool => one::<bool>(column, row).into(),
        Kind::Text => texts.resolve(one::<Text>(column, row)).unwrap_or_default().into(),
        Kind::Entity => one::<EntityId>(column, row).into(),
        Kind::Enum(kind) => {
            let variant = kind.variants().get(usize::from(one::<u8>(column, row)));
            Value::Text(Arc::clone(variant.expect("an enum slot holds one of its variants")))
        },
        Kind::Array(number, _) => with_number!(number, T => {
            Value::List(cells::<T>(column, row).iter().map(|number| (*number).into()).collect())
        }),
        Kind::Pod(pod) => with_pod_cell!(pod, C => {
            Value::Bytes(bytemuck::cast_slice(cells::<C>(column, row)).into())
        }),
    )
}

const CELLS: &str = "a column has the cells of its slot's kind";

fn cells<C: Cell>(column: &Column, row: u32) -> &[C] {
    let blocks = C::blocks(&column.cells).expect(CELLS);
    blocks.row(row).expect("a living row has values")
}

fn one<C: Cell>(column: &Column, row: u32) -> C {
    cells(column, row)[0]
}

/// Why a value was not written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Unwritten {
    /// It is not of the slot's kind, or is unset where the slot may not be.
    Refused,
    /// It is a new text, and the texts have no room left.
    NoTextRoom,
}

impl From<ConversionError> for Unwritten {
    fn from(_: ConversionError) -> Self {
        Self::Refused
    }
}

/// Writes a value to a row if it is of the slot's kind; constraints are the caller's matter.
pub(super) fn write(
    column: &mut Column,
    slot: &Slot,
    row: u32,
    value: &Value,
    texts: &mut Arc<TextPool>,
    text_limit: usize,
) -> Result<(), Unwritten> {
    if value.is_unset() {
        return unset(column, slot, row);
    }
    with_numeric!(slot.kind(), T => put(column, row, &[T::from_value(value)?]),
        Kind::Bool => put(column, row, &[bool::from_value(value)?]),
        Kind::Entity => put(column, row, &[EntityId::from_value(value)?]),
        Kind::Text => {
            let Value::Text(text) = value else { return Err(Unwritten::Refused) };
            let text = TextPool::intern_shared(texts, text, text_limit).ok_or(Unwritten::NoTextRoom)?;
            put(column, row, &[text]);
        },
        Kind::Enum(kind) => {
            let Value::Text(name) = value else { return Err(Unwritten::Refused) };
            put(column, row, &[kind.number(name).ok_or(Unwritten::Refused)?]);
        },
        Kind::Array(number, length) => with_number!(number, T => {
            let Value::List(list) = value else { return Err(Unwritten::Refused) };
            let numbers = list.iter().map(T::from_value).collect::<Result<Vec<T>, _>>()?;
            if numbers.len() != *length as usize {
                return Err(Unwritten::Refused);
            }
            put(column, row, &numbers);
        }),
        Kind::Pod(pod) => with_pod_cell!(pod, C => match value {
            Value::Bytes(bytes) if bytes.len() == pod.size() => {
                put(column, row, &bytemuck::allocation::pod_collect_to_vec::<u8, C>(bytes));
            }
            _ => return Err(Unwritten::Refused),
        }),
    );
    Ok(())
}

fn unset(column: &mut Column, slot: &Slot, row: u32) -> Result<(), Unwritten> {
    if !slot.is_optional() {
        return Err(Unwritten::Refused);
    }
    with_numeric!(slot.kind(), T => fill::<T>(column, row),
        Kind::Bool => fill::<bool>(column, row),
        Kind::Text => fill::<Text>(column, row),
        Kind::Entity => fill::<EntityId>(column, row),
        Kind::Enum(_) => fill::<u8>(column, row),
        Kind::Array(number, _) => with_number!(number, T => fill::<T>(column, row)),
        Kind::Pod(pod) => with_pod_cell!(pod, C => fill::<C>(column, row)),
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
}

#[inline]
fn put<C: Cell>(column: &mut Column, row: u32, cells: &[C]) {
    let blocks = C::blocks_mut(&mut column.cells).expect(CELLS);
    debug_assert_eq!(cells.len(), blocks.width(), "a row has the cells of its slot's kind");
    blocks.put(row, cells);
    if let Some(set) = &mut column.set {
        set.put(row, &[true]);
    }
}
