//! Arrow arrays of known types, and single values of them for messages.

use std::collections::{HashMap, HashSet};
use std::ops::Range;
use std::sync::Arc;

use arrow_array::cast::AsArray;
use arrow_array::types::{
    ArrowPrimitiveType, Float16Type, Float32Type, Float64Type, Int8Type, Int16Type, Int32Type,
    Int64Type, UInt8Type, UInt16Type, UInt32Type, UInt64Type,
};
use arrow_array::{
    Array, ArrayRef, BinaryArray, BinaryViewArray, BooleanArray, FixedSizeBinaryArray,
    FixedSizeListArray, Float32Array, Float64Array, Int8Array, Int16Array, Int32Array, Int64Array,
    LargeBinaryArray, LargeListArray, LargeStringArray, ListArray, OffsetSizeTrait, StringArray,
    StringViewArray, UInt8Array, UInt16Array, UInt32Array, UInt64Array,
};
use arrow_schema::DataType;
use foldhash::fast::RandomState;
use slotted::schema::VectorKind;
use slotted::{Kind, ObjectId, Value, glam};

use crate::import::convert::Word;

/// The ids of the imported objects.
#[derive(Default)]
pub(super) struct NewIds {
    /// By the bits of the ids that their rows have.
    pub(super) by_bits: HashMap<u64, ObjectId, RandomState>,
    /// All of them, if a slot has references.
    pub(super) all: HashSet<ObjectId, RandomState>,
}

/// An array whose values become values of a slot.
pub(super) struct Cells {
    pub(super) array: Typed,
    /// The kind of the slot, or of the elements of its list.
    kind: Kind,
}

/// Checks that values of slots are made from arrays of this type. Returns the part that is not supported otherwise.
pub(super) fn check_type(data_type: &DataType) -> Result<(), DataType> {
    match data_type {
        DataType::Dictionary(_, element) => check_type(element),
        DataType::FixedSizeList(element, _)
        | DataType::List(element)
        | DataType::LargeList(element) => check_type(element.data_type()),
        data_type => {
            Typed::new(&arrow_array::new_empty_array(data_type), &Kind::Bool, None).map(|_| ())
        }
    }
}

/// An array of a known type.
pub(super) enum Typed {
    /// All values are null.
    Null,
    Bool(BooleanArray),
    I8(Int8Array),
    I16(Int16Array),
    I32(Int32Array),
    I64(Int64Array),
    U8(UInt8Array),
    U16(UInt16Array),
    U32(UInt32Array),
    U64(UInt64Array),
    F32(Float32Array),
    F64(Float64Array),
    Text(StringArray),
    LargeText(LargeStringArray),
    TextView(StringViewArray),
    Bytes(BinaryArray),
    LargeBytes(LargeBinaryArray),
    BytesView(BinaryViewArray),
    FixedBytes(FixedSizeBinaryArray),
    /// Keys, and the words that they name.
    Dictionary(ArrayRef, Box<Words>),
    FixedList(FixedSizeListArray, Box<Cells>),
    List(ListArray, Box<Cells>),
    LargeList(LargeListArray, Box<Cells>),
}

/// The words of a dictionary.
pub(super) struct Words {
    array: ArrayRef,
    pub(super) cells: Cells,
    /// The state of each word.
    pub(super) known: Vec<Word>,
    /// The cells of the words that are values.
    pub(super) bytes: Vec<u8>,
}

impl Cells {
    /// Returns the cells of an array for a slot of this kind. Returns the type that has no values of slots, if it has one.
    ///
    /// Cells of the batch before save the conversion of a dictionary that both share.
    pub(super) fn new(
        array: &ArrayRef,
        kind: &Kind,
        before: Option<Self>,
    ) -> Result<Self, DataType> {
        let array = Typed::new(array, kind, before.map(|cells| cells.array))?;
        Ok(Self { array, kind: kind.clone() })
    }

    /// Returns the value of a row, or `None` if it is null: the one that a message shows.
    pub(super) fn value(&self, row: usize, ids: &NewIds) -> Option<Value> {
        if let Typed::Dictionary(keys, words) = &self.array {
            let key = *keys_of(keys, &(row..row + 1)).first()?;
            return if key < words.known.len() { words.cells.value(key, ids) } else { None };
        }
        if self.is_null(row) {
            return None;
        }
        Some(match &self.array {
            Typed::FixedList(array, elements) => {
                let (start, length) =
                    (row * array.value_length() as usize, array.value_length() as usize);
                match (&self.kind, &elements.array) {
                    (Kind::Vector(kind), Typed::F32(numbers)) if numbers.null_count() == 0 => {
                        let numbers = numbers.values().get(start..start + length)?;
                        vector_of_f32(*kind, numbers)
                            .unwrap_or_else(|| elements.list(start..start + length, ids))
                    }
                    _ => elements.list(start..start + length, ids),
                }
            }
            Typed::List(array, elements) => {
                let offsets = array.value_offsets();
                elements.list(offsets[row] as usize..offsets[row + 1] as usize, ids)
            }
            Typed::LargeList(array, elements) => {
                let offsets = array.value_offsets();
                elements.list(offsets[row] as usize..offsets[row + 1] as usize, ids)
            }
            single => {
                let value = single.value(row);
                if matches!(self.kind, Kind::Object) { reference(value, ids) } else { value }
            }
        })
    }

    fn list(&self, rows: std::ops::Range<usize>, ids: &NewIds) -> Value {
        Value::List(rows.map(|row| self.value(row, ids).unwrap_or_default()).collect())
    }

    fn is_null(&self, row: usize) -> bool {
        self.array.array().is_none_or(|array| array.is_null(row))
    }
}

/// Returns a reference to an imported object or to one of the store. Other values stay, so that the slot refuses them.
///
/// The id of another world may be one that an object gets only now. It is no reference to that object, so it becomes
/// a [stray reference](stray), which the slot refuses too.
fn reference(value: Value, ids: &NewIds) -> Value {
    let bits = match value {
        Value::Int(bits) => u64::try_from(bits).ok(),
        Value::UInt(bits) => Some(bits),
        _ => None,
    };
    let Some(bits) = bits else { return value };
    if let Some(id) = ids.by_bits.get(&bits) {
        return Value::Object(*id);
    }
    match ObjectId::from_bits(bits) {
        Some(id) if ids.all.contains(&id) => std::iter::once(("stray", id)).collect(),
        Some(id) => Value::Object(id),
        None => value,
    }
}

/// Returns the id of a stray reference. No column has maps, so a map is nothing else.
pub(super) fn stray(value: &Value) -> Option<ObjectId> {
    match value {
        Value::Map(map) => match &**map {
            [(_, Value::Object(id))] => Some(*id),
            _ => None,
        },
        _ => None,
    }
}

/// Returns a vector of `f32` without a list in between.
fn vector_of_f32(kind: VectorKind, numbers: &[f32]) -> Option<Value> {
    Some(match kind {
        VectorKind::Vec2 => glam::Vec2::from_array(numbers.try_into().ok()?).into(),
        VectorKind::Vec3 => glam::Vec3::from_array(numbers.try_into().ok()?).into(),
        VectorKind::Vec4 => glam::Vec4::from_array(numbers.try_into().ok()?).into(),
        VectorKind::Quat => glam::Quat::from_array(numbers.try_into().ok()?).into(),
        _ => return None,
    })
}

/// Returns the keys of rows of a dictionary; a key that no word has for null.
pub(super) fn keys_of(keys: &ArrayRef, rows: &Range<usize>) -> Vec<usize> {
    fn wide<T: ArrowPrimitiveType>(keys: &ArrayRef, rows: &Range<usize>) -> Vec<usize>
    where
        usize: TryFrom<T::Native>,
    {
        let keys = &keys.as_primitive::<T>().values()[rows.clone()];
        keys.iter().map(|key| usize::try_from(*key).unwrap_or(usize::MAX)).collect()
    }
    let mut found = match keys.data_type() {
        DataType::Int8 => wide::<Int8Type>(keys, rows),
        DataType::Int16 => wide::<Int16Type>(keys, rows),
        DataType::Int32 => wide::<Int32Type>(keys, rows),
        DataType::Int64 => wide::<Int64Type>(keys, rows),
        DataType::UInt8 => wide::<UInt8Type>(keys, rows),
        DataType::UInt16 => wide::<UInt16Type>(keys, rows),
        DataType::UInt32 => wide::<UInt32Type>(keys, rows),
        DataType::UInt64 => wide::<UInt64Type>(keys, rows),
        _ => vec![usize::MAX; rows.len()],
    };
    if keys.null_count() > 0 {
        for (key, row) in found.iter_mut().zip(rows.clone()) {
            *key = if keys.is_null(row) { usize::MAX } else { *key };
        }
    }
    found
}

impl Typed {
    fn new(array: &ArrayRef, kind: &Kind, before: Option<Self>) -> Result<Self, DataType> {
        Ok(match array.data_type() {
            DataType::Null => Self::Null,
            DataType::Boolean => Self::Bool(array.as_boolean().clone()),
            DataType::Int8 => Self::I8(array.as_primitive::<Int8Type>().clone()),
            DataType::Int16 => Self::I16(array.as_primitive::<Int16Type>().clone()),
            DataType::Int32 => Self::I32(array.as_primitive::<Int32Type>().clone()),
            DataType::Int64 => Self::I64(array.as_primitive::<Int64Type>().clone()),
            DataType::UInt8 => Self::U8(array.as_primitive::<UInt8Type>().clone()),
            DataType::UInt16 => Self::U16(array.as_primitive::<UInt16Type>().clone()),
            DataType::UInt32 => Self::U32(array.as_primitive::<UInt32Type>().clone()),
            DataType::UInt64 => Self::U64(array.as_primitive::<UInt64Type>().clone()),
            // Every half is a single.
            DataType::Float16 => {
                Self::F32(array.as_primitive::<Float16Type>().unary(|half| half.to_f32()))
            }
            DataType::Float32 => Self::F32(array.as_primitive::<Float32Type>().clone()),
            DataType::Float64 => Self::F64(array.as_primitive::<Float64Type>().clone()),
            DataType::Utf8 => Self::Text(array.as_string().clone()),
            DataType::LargeUtf8 => Self::LargeText(array.as_string().clone()),
            DataType::Utf8View => Self::TextView(array.as_string_view().clone()),
            DataType::Binary => Self::Bytes(array.as_binary().clone()),
            DataType::LargeBinary => Self::LargeBytes(array.as_binary().clone()),
            DataType::BinaryView => Self::BytesView(array.as_binary_view().clone()),
            DataType::FixedSizeBinary(_) => Self::FixedBytes(array.as_fixed_size_binary().clone()),
            DataType::Dictionary(..) => Self::dictionary(array, kind, before)?,
            DataType::FixedSizeList(..) => {
                let array = array.as_fixed_size_list();
                Self::FixedList(array.clone(), Self::elements(array.values(), kind)?)
            }
            DataType::List(_) => {
                let array = array.as_list::<i32>();
                Self::List(array.clone(), Self::elements(array.values(), kind)?)
            }
            DataType::LargeList(_) => {
                let array = array.as_list::<i64>();
                Self::LargeList(array.clone(), Self::elements(array.values(), kind)?)
            }
            other => return Err(other.clone()),
        })
    }

    fn elements(array: &ArrayRef, kind: &Kind) -> Result<Box<Cells>, DataType> {
        Ok(Box::new(Cells::new(array, kind.element(), None)?))
    }

    fn dictionary(array: &ArrayRef, kind: &Kind, before: Option<Self>) -> Result<Self, DataType> {
        let dictionary = array.as_any_dictionary();
        let (keys, words) = (dictionary.keys(), dictionary.values());
        let keys = keys.slice(0, keys.len());
        if let Some(Self::Dictionary(_, known)) = before
            && Arc::ptr_eq(&known.array, words)
        {
            return Ok(Self::Dictionary(keys, known));
        }
        let cells = Cells::new(words, kind, None)?;
        let (array, known) = (Arc::clone(words), vec![Word::Unknown; words.len()]);
        Ok(Self::Dictionary(keys, Box::new(Words { array, cells, known, bytes: Vec::new() })))
    }

    /// Returns the array, or the keys of a dictionary. `None` if all values are null.
    pub(super) fn array(&self) -> Option<&dyn Array> {
        Some(match self {
            Self::Null => return None,
            Self::Bool(array) => array,
            Self::I8(array) => array,
            Self::I16(array) => array,
            Self::I32(array) => array,
            Self::I64(array) => array,
            Self::U8(array) => array,
            Self::U16(array) => array,
            Self::U32(array) => array,
            Self::U64(array) => array,
            Self::F32(array) => array,
            Self::F64(array) => array,
            Self::Text(array) => array,
            Self::LargeText(array) => array,
            Self::TextView(array) => array,
            Self::Bytes(array) => array,
            Self::LargeBytes(array) => array,
            Self::BytesView(array) => array,
            Self::FixedBytes(array) => array,
            Self::Dictionary(keys, _) => keys,
            Self::FixedList(array, _) => array,
            Self::List(array, _) => array,
            Self::LargeList(array, _) => array,
        })
    }

    /// Returns the text of a row, if it has one.
    pub(super) fn text(&self, row: usize) -> Option<&str> {
        match self {
            Self::Text(array) => Some(array.value(row)),
            Self::LargeText(array) => Some(array.value(row)),
            Self::TextView(array) => Some(array.value(row)),
            _ => None,
        }
    }

    /// Returns the bytes of a row, if it has some.
    pub(super) fn bytes(&self, row: usize) -> Option<&[u8]> {
        match self {
            Self::Bytes(array) => Some(array.value(row)),
            Self::LargeBytes(array) => Some(array.value(row)),
            Self::BytesView(array) => Some(array.value(row)),
            Self::FixedBytes(array) => Some(array.value(row)),
            _ => None,
        }
    }

    /// Returns the places of the lists of rows among the elements of all, and the elements.
    pub(super) fn lists(&mut self, rows: &Range<usize>) -> Option<(Vec<Range<usize>>, &mut Cells)> {
        fn places<O: OffsetSizeTrait>(offsets: &[O], rows: &Range<usize>) -> Vec<Range<usize>> {
            let offsets = offsets[rows.start..=rows.end].windows(2);
            offsets.map(|ends| ends[0].as_usize()..ends[1].as_usize()).collect()
        }
        match self {
            Self::FixedList(array, elements) => {
                let length = array.value_length() as usize;
                let places = rows.clone().map(|row| row * length..(row + 1) * length);
                Some((places.collect(), elements))
            }
            Self::List(array, elements) => Some((places(array.value_offsets(), rows), elements)),
            Self::LargeList(array, elements) => {
                Some((places(array.value_offsets(), rows), elements))
            }
            _ => None,
        }
    }

    /// Returns a value that is neither null nor a list.
    fn value(&self, row: usize) -> Value {
        match self {
            Self::Bool(array) => array.value(row).into(),
            Self::I8(array) => array.value(row).into(),
            Self::I16(array) => array.value(row).into(),
            Self::I32(array) => array.value(row).into(),
            Self::I64(array) => array.value(row).into(),
            Self::U8(array) => array.value(row).into(),
            Self::U16(array) => array.value(row).into(),
            Self::U32(array) => array.value(row).into(),
            Self::U64(array) => array.value(row).into(),
            Self::F32(array) => array.value(row).into(),
            Self::F64(array) => array.value(row).into(),
            Self::Text(array) => array.value(row).into(),
            Self::LargeText(array) => array.value(row).into(),
            Self::TextView(array) => array.value(row).into(),
            Self::Bytes(array) => Value::Bytes(array.value(row).into()),
            Self::LargeBytes(array) => Value::Bytes(array.value(row).into()),
            Self::BytesView(array) => Value::Bytes(array.value(row).into()),
            Self::FixedBytes(array) => Value::Bytes(array.value(row).into()),
            Self::Null
            | Self::Dictionary(..)
            | Self::FixedList(..)
            | Self::List(..)
            | Self::LargeList(..) => Value::Unset,
        }
    }
}
