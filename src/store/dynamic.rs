//! Columns and values of a kind that is known only at run time.

use std::hash::BuildHasher;
use std::sync::Arc;

use foldhash::fast::FixedState;

use crate::id::EntityId;
use crate::kind::{PodKind, with_number, with_numeric};
use crate::schema::{RegisteredSchema, Slot};
use crate::storage::{Cell, Cells, Column, KindTag, TextPool};
use crate::text::Text;
use crate::value::{FromValue, Value};

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

fn column(slot: &Slot) -> Column {
    let cells = with_numeric!(slot.kind(), T => Cells::new::<T>(1),
        Kind::Bool => Cells::new::<bool>(1),
        Kind::Text => Cells::new::<Text>(1),
        Kind::Entity => Cells::new::<EntityId>(1),
        Kind::Enum(_) => Cells::new::<u8>(1),
        Kind::Array(number, length) => with_number!(number, T => Cells::new::<T>(*length as usize)),
        Kind::Pod(pod) => with_pod_cell!(pod, C => Cells::new::<C>(pod.size() / pod.align())),
    );
    let tag = FixedState::default().hash_one((slot.kind(), slot.is_optional()));
    Column::new(cells, KindTag(tag as u32), slot.is_optional())
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

fn cells<C: Cell>(column: &Column, row: u32) -> &[C] {
    let blocks = C::blocks(&column.cells).expect("a column has the cells of its slot's kind");
    blocks.row(row).expect("a living row has values")
}

fn one<C: Cell>(column: &Column, row: u32) -> C {
    cells(column, row)[0]
}

/// Writes a value that the slot accepts, or unsets the row. The one failure left is that a new
/// text may find no room: then nothing is written, and `None` comes back.
#[must_use]
pub(super) fn write(
    column: &mut Column,
    slot: &Slot,
    row: u32,
    value: &Value,
    texts: &mut TextPool,
    text_limit: usize,
) -> Option<()> {
    const CHECKED: &str = "the value was checked";
    if value.is_unset() {
        with_numeric!(slot.kind(), T => unset::<T>(column, row),
            Kind::Bool => unset::<bool>(column, row),
            Kind::Text => unset::<Text>(column, row),
            Kind::Entity => unset::<EntityId>(column, row),
            Kind::Enum(_) => unset::<u8>(column, row),
            Kind::Array(number, _) => with_number!(number, T => unset::<T>(column, row)),
            Kind::Pod(pod) => with_pod_cell!(pod, C => unset::<C>(column, row)),
        );
        return Some(());
    }
    with_numeric!(slot.kind(), T => put(column, row, &[T::from_value(value).expect(CHECKED)]),
        Kind::Bool => put(column, row, &[bool::from_value(value).expect(CHECKED)]),
        Kind::Entity => put(column, row, &[EntityId::from_value(value).expect(CHECKED)]),
        Kind::Text => {
            let Value::Text(text) = value else { unreachable!("{CHECKED}") };
            put(column, row, &[texts.intern(text, text_limit)?]);
        },
        Kind::Enum(kind) => {
            let Value::Text(name) = value else { unreachable!("{CHECKED}") };
            put(column, row, &[kind.number(name).expect(CHECKED)]);
        },
        Kind::Array(number, _) => with_number!(number, T => {
            let Value::List(list) = value else { unreachable!("{CHECKED}") };
            let numbers: Vec<T> = list.iter().map(|number| T::from_value(number).expect(CHECKED)).collect();
            put(column, row, &numbers);
        }),
        Kind::Pod(pod) => with_pod_cell!(pod, C => {
            let Value::Bytes(bytes) = value else { unreachable!("{CHECKED}") };
            put(column, row, &bytemuck::allocation::pod_collect_to_vec::<u8, C>(bytes));
        }),
    );
    Some(())
}

fn unset<C: Cell>(column: &mut Column, row: u32) {
    let blocks =
        C::blocks_mut(&mut column.cells).expect("a column has the cells of its slot's kind");
    let filler = vec![C::FILLER; blocks.width()];
    write_row(column, row, &filler, false);
}

fn put<C: Cell>(column: &mut Column, row: u32, cells: &[C]) {
    write_row(column, row, cells, true);
}

/// Writes the cells of a row.
fn write_row<C: Cell>(column: &mut Column, row: u32, cells: &[C], is_set: bool) {
    let blocks =
        C::blocks_mut(&mut column.cells).expect("a column has the cells of its slot's kind");
    assert_eq!(cells.len(), blocks.width(), "a row has the cells of its slot's kind");
    blocks.put(row, cells);
    if let Some(set) = &mut column.set {
        set.put(row, &[is_set]);
    }
}
