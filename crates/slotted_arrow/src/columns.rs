//! Columns of a snapshot as Arrow arrays, block by block.

use std::sync::{Arc, OnceLock};

use arrow_array::types::{
    ArrowDictionaryKeyType, ArrowPrimitiveType, Float32Type, Float64Type, Int8Type, Int16Type,
    Int32Type, Int64Type, UInt8Type, UInt16Type, UInt32Type, UInt64Type,
};
use arrow_array::{
    ArrayRef, BooleanArray, DictionaryArray, FixedSizeBinaryArray, FixedSizeListArray,
    LargeListArray, LargeStringArray, PrimitiveArray, StringArray,
};
use arrow_buffer::{BooleanBuffer, Buffer, MutableBuffer, NullBuffer, OffsetBuffer, ScalarBuffer};
use arrow_schema::ArrowError;
use bytes::Bytes;
use slotted::Kind;
use slotted::raw::{BlockBytes, RawRows, RawSnapshot, RawTable};
use slotted::schema::{NumberKind, Slot};

use crate::bits::{is_one, none_are_null, null_rows, pack};
use crate::fields::{data_type, item, number_type};
use crate::keys::KeyMap;

/// The columns of one table.
pub(crate) struct Columns<'s> {
    raw: RawSnapshot<'s>,
    pub(crate) table: RawTable<'s>,
    is_canonical: bool,
    columns: Vec<Column<'s>>,
    dictionaries: Dictionaries,
}

/// The dictionaries of a table's columns, each made when it is first needed.
#[derive(Clone)]
pub(crate) struct Dictionaries {
    columns: Arc<[OnceLock<Dictionary>]>,
    all_texts: Arc<OnceLock<ArrayRef>>,
}

/// One column, and the table that has its values.
pub(crate) struct Column<'s> {
    pub(crate) raw: RawSnapshot<'s>,
    pub(crate) table: RawTable<'s>,
    pub(crate) slot: usize,
    pub(crate) values: Values,
}

/// The objects to which the values of a column belong.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Values {
    /// Those of the table.
    Living,
    /// Those that were alive at another moment.
    Aside,
    /// None: the column has only the kind.
    None,
}

/// The dictionary of a slot.
enum Dictionary {
    /// The slot has neither texts nor variants.
    None,
    /// Keys are the numbers of variants, or the handles of texts.
    Direct(ArrayRef),
    /// Keys are positions among the texts that the slot has.
    Mapped(KeyMap, ArrayRef),
}

impl<'s> Column<'s> {
    pub(crate) fn declaration(&self) -> &'s Slot {
        &self.table.schema().slots()[self.slot]
    }
}

impl Dictionaries {
    /// Returns the dictionaries of this many columns, none of them made yet.
    pub(crate) fn new(columns: usize) -> Self {
        let columns = (0..columns).map(|_| OnceLock::new()).collect();
        Self { columns, all_texts: Arc::default() }
    }
}

impl<'s> Columns<'s> {
    /// Returns columns that share the memory of the snapshot.
    ///
    /// The dictionaries are those of earlier calls for the same table, or new ones.
    pub(crate) fn shared(
        raw: RawSnapshot<'s>,
        table: RawTable<'s>,
        dictionaries: Dictionaries,
    ) -> Self {
        let column = |slot| Column { raw, table, slot, values: Values::Living };
        let columns = (0..table.schema().slots().len()).map(column).collect();
        Self { raw, table, is_canonical: false, columns, dictionaries }
    }

    /// Returns columns whose bytes depend on the living objects alone: not on dead rows, nor on the history of texts.
    pub(crate) fn canonical(
        raw: RawSnapshot<'s>,
        table: RawTable<'s>,
        columns: Vec<Column<'s>>,
    ) -> Self {
        let dictionaries = Dictionaries::new(columns.len());
        Self { raw, table, is_canonical: true, columns, dictionaries }
    }

    /// Iterates over the slots of the columns.
    pub(crate) fn slots(&self) -> impl ExactSizeIterator<Item = &'s Slot> {
        self.columns.iter().map(Column::declaration)
    }

    /// Returns the dictionary of a column, if it has one.
    pub(crate) fn dictionary(&self, position: usize) -> Option<&ArrayRef> {
        self.dictionary_of(position).values()
    }

    fn dictionary_of(&self, position: usize) -> &Dictionary {
        self.dictionaries.columns[position].get_or_init(|| {
            let kind = self.columns[position].declaration().kind();
            // More handles than rows: a dictionary of all texts would cost more than one of those that the rows have.
            let has_few_texts = self.raw.text_handles() as usize <= self.table.used_rows();
            match kind.element() {
                Kind::Text | Kind::Any if has_few_texts && !self.is_canonical => {
                    let texts = self.dictionaries.all_texts.get_or_init(|| self.all_texts());
                    Dictionary::Direct(Arc::clone(texts))
                }
                _ => self.own_dictionary(position),
            }
        })
    }

    fn all_texts(&self) -> ArrayRef {
        let texts = (0..self.raw.text_handles()).map(|handle| self.raw.text(handle));
        Arc::new(LargeStringArray::from_iter_values(texts.map(Option::unwrap_or_default)))
    }

    /// Returns the dictionary of the texts or variants that a column has, texts in the order of the rows.
    fn own_dictionary(&self, position: usize) -> Dictionary {
        let column = &self.columns[position];
        match column.declaration().kind().element() {
            Kind::Text | Kind::Any => {}
            kind => return Dictionary::of_variants(kind),
        }
        let is_list = matches!(column.declaration().kind(), Kind::List(_));
        let mut keys = KeyMap::default();
        let mut texts = Vec::new();
        let mut add = |handle: u32| {
            if keys.insert(handle) {
                texts.push(column.raw.text(handle).unwrap_or_default());
            }
        };
        let mut elements = Vec::new();
        for block in 0..self.table.blocks() {
            let (Some(rows), Some(cells)) =
                (self.table.rows(block), column.table.cells(column.slot, block))
            else {
                continue;
            };
            let valid = self.valid(column, block, rows);
            let handles_of_rows = handles(cells.as_ref()).take(rows.generations().len());
            if valid.is_none() && !is_list {
                handles_of_rows.for_each(&mut add);
                continue;
            }
            for (row, handle) in handles_of_rows.enumerate() {
                if !valid.as_ref().is_none_or(|valid| is_one(valid, row)) {
                    continue;
                }
                if is_list {
                    elements.clear();
                    if column.raw.list(handle, &mut elements) {
                        handles(&elements).for_each(&mut add);
                    }
                } else {
                    add(handle);
                }
            }
        }
        Dictionary::Mapped(keys, Arc::new(LargeStringArray::from_iter_values(texts)))
    }

    /// Returns a bit for each row of a block that has a value, or `None` if all have one.
    fn valid(&self, column: &Column<'_>, block: usize, rows: RawRows<'_>) -> Option<Vec<u64>> {
        let count = rows.generations().len();
        let flags = column.table.set_flags(column.slot, block);
        if flags.is_none() && rows.living_count() == count && column.values == Values::Living {
            return None;
        }
        let mut valid = rows.living().to_vec();
        if column.values == Values::None {
            valid.fill(0);
        }
        if column.values == Values::Aside {
            let then = column.table.rows(block).map_or(&[][..], RawRows::generations);
            for row in 0..count {
                if then.get(row) != Some(&rows.generations()[row]) {
                    valid[row / 64] &= !(1 << (row % 64));
                }
            }
        }
        if let Some(flags) = flags {
            for (word, flags) in valid.iter_mut().zip(flags.chunks(64)) {
                let set = flags.iter().enumerate();
                *word &= set.fold(0, |bits, (bit, flag)| bits | u64::from(*flag) << bit);
            }
            // Rows beyond the flags were never set.
            valid.iter_mut().skip(flags.len().div_ceil(64)).for_each(|word| *word = 0);
        }
        (!none_are_null(&valid, count)).then_some(valid)
    }

    /// Returns the values of a column in a block. Rows without a value are null.
    ///
    /// For a file, a column with a dictionary is its keys alone: they lie in a batch, the dictionary lies elsewhere.
    pub(crate) fn array(&self, position: usize, block: usize) -> Result<ArrayRef, ArrowError> {
        let column = &self.columns[position];
        let kind = column.declaration().kind();
        let Some(rows) = self.table.rows(block) else {
            return Ok(arrow_array::new_empty_array(&data_type(kind)));
        };
        let count = rows.generations().len();
        let valid = self.valid(column, block, rows);
        let cells = column.table.cells(column.slot, block);
        let row_bytes = row_bytes(kind);
        let cells = self.buffer(cells, count * row_bytes, row_bytes, valid.as_deref());
        let nulls = valid.map(|valid| nulls(valid, count));
        let dictionary = self.dictionary_of(position);
        let values_of = dictionary.values().filter(|_| !self.is_canonical);
        let dictionary = DictionaryPart { map: dictionary.map(), values: values_of };
        match kind {
            Kind::List(list) => lists(column, list.element(), &cells, nulls, dictionary),
            kind => values(kind, cells, count, nulls, dictionary),
        }
    }

    /// Returns the memory of a block, which is shared unless it has to change.
    fn buffer(
        &self,
        cells: Option<BlockBytes>,
        length: usize,
        row_bytes: usize,
        valid: Option<&[u64]>,
    ) -> Buffer {
        let bytes = cells.as_ref().map_or(&[][..], |cells| cells.as_ref());
        let is_complete = bytes.len() == length;
        match cells {
            Some(cells) if is_complete && (valid.is_none() || !self.is_canonical) => {
                Buffer::from(Bytes::from_owner(cells))
            }
            _ => {
                let mut copy = MutableBuffer::from_len_zeroed(length);
                let common = bytes.len().min(length);
                copy[..common].copy_from_slice(&bytes[..common]);
                let null = valid.filter(|_| self.is_canonical);
                for row in null.into_iter().flat_map(|valid| null_rows(valid, length / row_bytes)) {
                    copy[row * row_bytes..(row + 1) * row_bytes].fill(0);
                }
                copy.into()
            }
        }
    }
}

fn lists(
    column: &Column<'_>,
    element: &Kind,
    handles_of_rows: &[u8],
    nulls: Option<NullBuffer>,
    dictionary: DictionaryPart<'_>,
) -> Result<ArrayRef, ArrowError> {
    let (mut elements, mut offsets) = (Vec::new(), vec![0_i64]);
    let element_bytes = row_bytes(element);
    for (row, handle) in handles(handles_of_rows).enumerate() {
        if nulls.as_ref().is_none_or(|nulls| nulls.is_valid(row))
            && !column.raw.list(handle, &mut elements)
        {
            return Err(ArrowError::InvalidArgumentError(format!("no list {handle}")));
        }
        offsets.push((elements.len() / element_bytes) as i64);
    }
    let count = elements.len() / element_bytes;
    // A buffer that is made from a slice is aligned.
    let elements = values(element, Buffer::from_slice_ref(&elements), count, None, dictionary)?;
    let offsets = OffsetBuffer::new(ScalarBuffer::from(offsets));
    let element = item(elements.data_type().clone());
    let lists = LargeListArray::try_new(element, offsets, elements, nulls)?;
    Ok(Arc::new(lists))
}

/// The parts of a dictionary that an array needs.
#[derive(Clone, Copy)]
struct DictionaryPart<'d> {
    /// The keys of texts, unless they are the handles.
    map: Option<&'d KeyMap>,
    /// `None` for an array of keys.
    values: Option<&'d ArrayRef>,
}

impl DictionaryPart<'_> {
    fn array<K: ArrowDictionaryKeyType>(
        self,
        keys: ScalarBuffer<K::Native>,
        nulls: Option<NullBuffer>,
    ) -> Result<ArrayRef, ArrowError> {
        let keys = PrimitiveArray::<K>::try_new(keys, nulls)?;
        Ok(match self.values {
            Some(values) => Arc::new(DictionaryArray::try_new(keys, Arc::clone(values))?),
            None => Arc::new(keys),
        })
    }
}

impl Dictionary {
    fn map(&self) -> Option<&KeyMap> {
        if let Self::Mapped(map, _) = self { Some(map) } else { None }
    }

    fn of_variants(kind: &Kind) -> Self {
        match kind {
            Kind::Enum(kind) => {
                let variants = kind.variants().iter().map(|variant| &**variant);
                Self::Direct(Arc::new(StringArray::from_iter_values(variants)))
            }
            _ => Self::None,
        }
    }

    fn values(&self) -> Option<&ArrayRef> {
        match self {
            Self::None => None,
            Self::Direct(values) | Self::Mapped(_, values) => Some(values),
        }
    }
}

/// Returns the bytes of a row in a column, or of an element in a list.
pub(crate) fn row_bytes(kind: &Kind) -> usize {
    match kind {
        Kind::Bool | Kind::Enum(_) => 1,
        Kind::Text | Kind::Any | Kind::List(_) => 4,
        Kind::Object => 8,
        Kind::Pod(pod) => pod.size(),
        Kind::Number(_) | Kind::Vector(_) | Kind::Array(..) => {
            let (number, count) = kind.components().unwrap_or((NumberKind::U8, 0));
            number_type(number).primitive_width().unwrap_or(0) * count
        }
    }
}

/// The buffers of a column of numbers: its validity and its values.
pub(crate) const BUFFERS: usize = 2;

/// Returns the number of buffers of a column in a file. The values of numbers are in the last one.
pub(crate) fn buffers(kind: &Kind) -> usize {
    match kind {
        // Those of the numbers, and the validity of the vectors.
        Kind::Vector(_) | Kind::Array(..) => 1 + BUFFERS,
        // The validity, the offsets, and those of the elements.
        Kind::List(list) => BUFFERS + buffers(list.element()),
        Kind::Bool
        | Kind::Number(_)
        | Kind::Text
        | Kind::Any
        | Kind::Enum(_)
        | Kind::Object
        | Kind::Pod(_) => BUFFERS,
    }
}

fn handles(bytes: &[u8]) -> impl Iterator<Item = u32> {
    let (words, _) = bytes.as_chunks::<4>();
    words.iter().map(|word| u32::from_le_bytes(*word))
}

/// Returns the nulls of rows, given as bits that are 1 for a value.
pub(crate) fn nulls(valid: Vec<u64>, rows: usize) -> NullBuffer {
    NullBuffer::new(BooleanBuffer::new(Buffer::from_vec(valid), 0, rows))
}

/// Returns an array of values from their memory.
fn values(
    kind: &Kind,
    cells: Buffer,
    rows: usize,
    nulls: Option<NullBuffer>,
    dictionary: DictionaryPart<'_>,
) -> Result<ArrayRef, ArrowError> {
    Ok(match kind {
        Kind::Bool => {
            let bits = BooleanBuffer::new(Buffer::from_vec(pack(&cells)), 0, rows);
            Arc::new(BooleanArray::new(bits, nulls))
        }
        Kind::Number(number) => numbers(*number, cells, nulls)?,
        Kind::Object => primitive::<UInt64Type>(cells, nulls)?,
        Kind::Vector(_) | Kind::Array(..) => {
            let (number, count) = kind.components().unwrap_or((NumberKind::U8, 0));
            let numbers = numbers(number, cells, None)?;
            let field = item(number_type(number));
            Arc::new(FixedSizeListArray::try_new(field, count as i32, numbers, nulls)?)
        }
        Kind::Pod(pod) => Arc::new(FixedSizeBinaryArray::try_new(pod.size() as i32, cells, nulls)?),
        Kind::Enum(_) => dictionary.array::<UInt8Type>(cells.into(), nulls)?,
        Kind::Text | Kind::Any => {
            let keys = match dictionary.map {
                Some(map) => {
                    let keys = handles(&cells).map(|handle| map.get(handle).unwrap_or(0));
                    ScalarBuffer::from(keys.collect::<Vec<u32>>())
                }
                None => cells.into(),
            };
            dictionary.array::<UInt32Type>(keys, nulls)?
        }
        Kind::List(_) => {
            return Err(ArrowError::InvalidArgumentError("a list of lists".to_owned()));
        }
    })
}

fn primitive<T: ArrowPrimitiveType>(
    cells: Buffer,
    nulls: Option<NullBuffer>,
) -> Result<ArrayRef, ArrowError> {
    Ok(Arc::new(PrimitiveArray::<T>::try_new(cells.into(), nulls)?))
}

fn numbers(
    kind: NumberKind,
    cells: Buffer,
    nulls: Option<NullBuffer>,
) -> Result<ArrayRef, ArrowError> {
    match kind {
        NumberKind::I8 => primitive::<Int8Type>(cells, nulls),
        NumberKind::I16 => primitive::<Int16Type>(cells, nulls),
        NumberKind::I32 => primitive::<Int32Type>(cells, nulls),
        NumberKind::I64 => primitive::<Int64Type>(cells, nulls),
        NumberKind::U8 => primitive::<UInt8Type>(cells, nulls),
        NumberKind::U16 => primitive::<UInt16Type>(cells, nulls),
        NumberKind::U32 => primitive::<UInt32Type>(cells, nulls),
        NumberKind::U64 => primitive::<UInt64Type>(cells, nulls),
        NumberKind::F32 => primitive::<Float32Type>(cells, nulls),
        NumberKind::F64 => primitive::<Float64Type>(cells, nulls),
    }
}
