//! The Arrow types of slots.

use std::sync::Arc;

use arrow_schema::{DataType, Field, FieldRef};
use slotted::Kind;
use slotted::schema::{NumberKind, Slot};

/// The name of the column of generations, which comes last.
pub(crate) const GENERATION: &str = "slotted.generation";
/// The names that the column of ids can have: it takes the first one that no slot has.
const IDS: [&str; 2] = ["id", "slotted.id"];

/// Returns the name of the column of ids, which comes first, beside slots of these names.
pub(crate) fn id_column<'n>(mut slots: impl Iterator<Item = &'n str>) -> &'static str {
    if slots.any(|slot| slot == IDS[0]) { IDS[1] } else { IDS[0] }
}

/// Returns the field of a slot. All fields are nullable, because dead rows are null.
pub(crate) fn field(slot: &Slot) -> Field {
    Field::new(slot.name(), data_type(slot.kind()), true)
}

/// Returns the Arrow type of a kind.
pub(crate) fn data_type(kind: &Kind) -> DataType {
    match kind {
        Kind::Bool => DataType::Boolean,
        Kind::Number(number) => number_type(*number),
        Kind::Vector(vector) => fixed_list(vector.component(), vector.components() as u32),
        Kind::Array(number, length) => fixed_list(*number, *length),
        Kind::Text | Kind::Any => dictionary(DataType::UInt32, DataType::LargeUtf8),
        Kind::Enum(_) => dictionary(DataType::UInt8, DataType::Utf8),
        Kind::Object => DataType::UInt64,
        // A kind has at most 4096 bytes.
        Kind::Pod(pod) => DataType::FixedSizeBinary(pod.size() as i32),
        Kind::List(list) => DataType::LargeList(item(data_type(list.element()))),
    }
}

/// Returns the field of the elements of a list, or of the numbers of a vector.
pub(crate) fn item(data_type: DataType) -> FieldRef {
    Arc::new(Field::new("item", data_type, false))
}

fn fixed_list(number: NumberKind, length: u32) -> DataType {
    // A value has at most 4096 bytes.
    DataType::FixedSizeList(item(number_type(number)), length as i32)
}

fn dictionary(keys: DataType, values: DataType) -> DataType {
    DataType::Dictionary(Box::new(keys), Box::new(values))
}

/// Returns the Arrow type of a number.
pub(crate) const fn number_type(number: NumberKind) -> DataType {
    match number {
        NumberKind::I8 => DataType::Int8,
        NumberKind::I16 => DataType::Int16,
        NumberKind::I32 => DataType::Int32,
        NumberKind::I64 => DataType::Int64,
        NumberKind::U8 => DataType::UInt8,
        NumberKind::U16 => DataType::UInt16,
        NumberKind::U32 => DataType::UInt32,
        NumberKind::U64 => DataType::UInt64,
        NumberKind::F32 => DataType::Float32,
        NumberKind::F64 => DataType::Float64,
    }
}
