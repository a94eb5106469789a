//! Columns of Arrow arrays become the cells of slots.

use std::borrow::Cow;
use std::ops::Range;

use arrow_buffer::NullBuffer;
use slotted::bytemuck::{NoUninit, cast_slice};
use slotted::error::LimitError;
use slotted::memory::BLOCK_ROWS;
use slotted::raw::ColumnCells;
use slotted::schema::{EnumKind, NumberKind};
use slotted::{Kind, ObjectId, ReservedIds, SchemaId, Value};

use crate::bits::{all_ones, is_one, unpack};
use crate::columns::row_bytes;
use crate::import::cells::{Cells, NewIds, Typed, Words, keys_of};

/// The most elements of lists that are converted together, unless one list has more.
const MOST_ELEMENTS: usize = 1 << 16;

/// Rows of a column as the cells of a slot.
pub(super) struct Converted<'a> {
    cells: Cow<'a, [u8]>,
    /// A bit for each row that has a value; `None` if all have one.
    given: Option<Vec<u64>>,
    /// A bit for each row whose value is not one of the slot. Empty if there is none.
    refused: Vec<u64>,
}

/// The conversion of the columns of one slot.
pub(super) struct Conversion<'c, 's> {
    pub(super) reserved: &'c mut ReservedIds<'s>,
    pub(super) schema: SchemaId,
    pub(super) slot: usize,
    pub(super) ids: &'c NewIds,
    /// References that lead to no object are no values.
    pub(super) unsets_unknown: bool,
}

/// Cells of rows one after another, and bits of the rows.
struct NewCells {
    cells: Vec<u8>,
    given: Option<Vec<u64>>,
    refused: Vec<u64>,
    count: usize,
}

impl Converted<'_> {
    pub(super) fn cells(&self) -> ColumnCells<'_> {
        ColumnCells { cells: &self.cells, given: self.given.as_deref() }
    }

    /// Returns a bit for each row whose value cannot be one of the slot. Empty if there is none.
    pub(super) fn into_refused(self) -> Vec<u64> {
        self.refused
    }

    /// Returns `true` if all these rows have values that are not refused.
    fn are_right(&self, mut rows: Range<usize>) -> bool {
        let is_given = |row| self.given.as_ref().is_none_or(|given| is_one(given, row));
        (self.given.is_none() && self.refused.is_empty())
            || rows.all(|row| is_given(row) && !is_one(&self.refused, row))
    }
}

impl NewCells {
    fn new(given: Option<Vec<u64>>, count: usize, row_bytes: usize) -> Self {
        let cells = Vec::with_capacity(count * row_bytes);
        Self { cells, given, refused: Vec::new(), count }
    }

    fn is_given(&self, row: usize) -> bool {
        self.given.as_ref().is_none_or(|given| is_one(given, row))
    }

    fn refuse(&mut self, row: usize) {
        self.refused.resize(self.count.div_ceil(64), 0);
        self.refused[row / 64] |= 1 << (row % 64);
    }

    fn unset(&mut self, row: usize) {
        let given = self.given.get_or_insert_with(|| all_ones(self.count));
        given[row / 64] &= !(1 << (row % 64));
    }

    /// Appends the cell of each row with a value. The function returns `None` for a value that is not one of the slot.
    fn extend<C: NoUninit + Default>(
        &mut self,
        mut cell: impl FnMut(&mut Self, usize) -> Result<Option<C>, LimitError>,
    ) -> Result<(), LimitError> {
        for row in 0..self.count {
            let value = if self.is_given(row) { cell(self, row)? } else { Some(C::default()) };
            if value.is_none() {
                self.refuse(row);
            }
            self.cells.extend_from_slice(slotted::bytemuck::bytes_of(&value.unwrap_or_default()));
        }
        Ok(())
    }

    /// Appends numbers, and refuses those that do not fit.
    fn fit<S: Copy, T: NoUninit + Default>(&mut self, numbers: &[S], fit: impl Fn(S) -> Option<T>) {
        let first = self.cells.len() / size_of::<T>();
        for (row, number) in (first..).zip(numbers) {
            let number = fit(*number);
            if number.is_none() && self.is_given(row) {
                self.refuse(row);
            }
            self.cells.extend_from_slice(slotted::bytemuck::bytes_of(&number.unwrap_or_default()));
        }
    }

    /// Refuses rows that have a wrong number among `count` each.
    fn refuse_parts(&mut self, numbers: &Converted<'_>, rows: Range<usize>, count: usize) {
        for (position, row) in rows.enumerate() {
            let is_right = numbers.are_right(position * count..(position + 1) * count);
            if !is_right && self.is_given(row) {
                self.refuse(row);
            }
        }
    }

    fn finish<'a>(mut self, row_bytes: usize) -> Converted<'a> {
        self.cells.resize(self.count * row_bytes, 0);
        Converted { cells: self.cells.into(), given: self.given, refused: self.refused }
    }

    /// Refuses all rows with values.
    fn refuse_all<'a>(mut self, row_bytes: usize) -> Converted<'a> {
        self.refused = self.given.clone().unwrap_or_else(|| all_ones(self.count));
        self.finish(row_bytes)
    }
}

/// Returns a bit for each of these rows that is not null, or `None` if none is.
fn given(nulls: Option<&NullBuffer>, rows: &Range<usize>) -> Option<Vec<u64>> {
    let nulls = nulls.filter(|nulls| nulls.null_count() > 0)?;
    let bits = nulls.inner().slice(rows.start, rows.len());
    (bits.count_set_bits() < rows.len()).then(|| {
        let mut words: Vec<u64> = bits.bit_chunks().iter_padded().collect();
        words.truncate(rows.len().div_ceil(64));
        words
    })
}

impl Conversion<'_, '_> {
    /// Converts rows to the cells of a kind: that of the slot, or of a part of its values.
    ///
    /// # Errors
    /// Returns an error if the limit of texts or lists is exceeded.
    pub(super) fn convert<'a>(
        &mut self,
        cells: &'a mut Cells,
        kind: &Kind,
        rows: Range<usize>,
    ) -> Result<Converted<'a>, LimitError> {
        let row_bytes = row_bytes(kind);
        if *kind == Kind::Any && !matches!(cells.array, Typed::Dictionary(..)) {
            return self.any(cells, &rows);
        }
        let array = &mut cells.array;
        let Some(nulls) = array.array().map(|array| given(array.nulls(), &rows)) else {
            let none = Some(vec![0; rows.len().div_ceil(64)]);
            return Ok(NewCells::new(none, rows.len(), row_bytes).finish(row_bytes));
        };
        if let Typed::Dictionary(keys, words) = array {
            let keys = keys_of(keys, &rows);
            let found = self.words(words, kind, &keys)?;
            // A null element is an unset value, whose handle is 0.
            let is_unset_value = *kind == Kind::Any && self.is_in_list();
            return Ok(if is_unset_value { Converted { given: None, ..found } } else { found });
        }
        let mut new = NewCells::new(nulls, rows.len(), row_bytes);
        match kind {
            Kind::Number(number) => Ok(numbers(array, &rows, *number, new)),
            Kind::Bool => Ok(bools(array, &rows, new)),
            Kind::Pod(pod) => Ok(memory(array, &rows, pod.size(), new)),
            Kind::Text => self.texts(array, &rows, new),
            // Converted above.
            Kind::Any => Ok(new.refuse_all(row_bytes)),
            Kind::Enum(variants) => {
                let mut last = None;
                new.extend(|_, row| {
                    let text = array.text(rows.start + row);
                    Ok(text.and_then(|text| variant(variants, text, &mut last)))
                })?;
                Ok(new.finish(row_bytes))
            }
            Kind::Object => {
                let Some(integers) = integers(array, &rows) else {
                    return Ok(new.refuse_all(row_bytes));
                };
                new.extend(|new, row| Ok(self.reference(integers[row], new, row)))?;
                Ok(new.finish(row_bytes))
            }
            Kind::Vector(_) | Kind::Array(..) => match kind.components() {
                Some(components) => self.vectors(array, rows, components, new),
                None => Ok(new.refuse_all(row_bytes)),
            },
            Kind::List(list) => self.lists(array, rows, list.element(), new),
        }
    }

    /// Converts texts to their handles. A text that equals the one before is not looked up again.
    fn texts(
        &mut self,
        array: &Typed,
        rows: &Range<usize>,
        mut new: NewCells,
    ) -> Result<Converted<'static>, LimitError> {
        let mut last = ("", 0);
        new.extend(|_, row| match array.text(rows.start + row) {
            Some(text) if text == last.0 => Ok(Some(last.1)),
            Some(text) => {
                last = (text, self.reserved.text(text)?);
                Ok(Some(last.1))
            }
            None => Ok(None),
        })?;
        Ok(new.finish(size_of::<u32>()))
    }

    /// Returns `true` if the slot has lists.
    fn is_in_list(&self) -> bool {
        let schema = self.reserved.store().schema_by_id(self.schema);
        let slot = schema.and_then(|schema| schema.slots().get(self.slot));
        slot.is_some_and(|slot| matches!(slot.kind(), Kind::List(_)))
    }

    /// Converts values of whatever sort. Texts are JSON as exports write it; other texts are values themselves.
    fn any(
        &mut self,
        cells: &Cells,
        rows: &Range<usize>,
    ) -> Result<Converted<'static>, LimitError> {
        let is_element = self.is_in_list();
        let mut new = NewCells::new(None, rows.len(), size_of::<u32>());
        new.extend(|new, row| {
            let json = match cells.value(rows.start + row, self.ids) {
                None if is_element => return Ok(Some(0)),
                None => {
                    new.unset(row);
                    return Ok(Some(0));
                }
                // An unset element of a list has the empty text. In a slot of its own, null says so.
                Some(Value::Text(text))
                    if (is_element || !text.is_empty()) && Value::from_json(&text).is_some() =>
                {
                    return self.reserved.text(&text).map(Some);
                }
                Some(value) => value.to_json(),
            };
            json.ok().map(|json| self.reserved.text(&json)).transpose()
        })?;
        Ok(new.finish(size_of::<u32>()))
    }

    /// Returns the bits of a reference, translated to the new objects. No other reference leads to one of these.
    fn reference(&self, number: i128, new: &mut NewCells, row: usize) -> Option<u64> {
        let bits = u64::try_from(number).ok()?;
        if let Some(id) = self.ids.by_bits.get(&bits) {
            return Some(id.to_bits());
        }
        let id = ObjectId::from_bits(bits)?;
        let is_stray = self.ids.all.contains(&id);
        if self.unsets_unknown && (is_stray || !self.reserved.store().contains(id)) {
            new.unset(row);
            return Some(0);
        }
        (!is_stray).then_some(bits)
    }

    /// Converts the words that the keys name, each once.
    fn words(
        &mut self,
        words: &mut Words,
        kind: &Kind,
        keys: &[usize],
    ) -> Result<Converted<'static>, LimitError> {
        let width = row_bytes(kind);
        let mut new = NewCells::new(None, keys.len(), width);
        for (row, key) in keys.iter().enumerate() {
            if words.known.get(*key) == Some(&Word::Unknown) {
                self.learn(words, kind, *key)?;
            }
            match words.known.get(*key) {
                Some(Word::Value) => {}
                Some(Word::Refused) => new.refuse(row),
                _ => new.unset(row),
            }
        }
        match width {
            1 => gather::<1>(&words.bytes, keys, &mut new.cells),
            4 => gather::<4>(&words.bytes, keys, &mut new.cells),
            8 => gather::<8>(&words.bytes, keys, &mut new.cells),
            _ => {
                for key in keys {
                    match words.bytes.get(*key * width..).and_then(|bytes| bytes.get(..width)) {
                        Some(bytes) => new.cells.extend_from_slice(bytes),
                        None => new.cells.resize(new.cells.len() + width, 0),
                    }
                }
            }
        }
        Ok(new.finish(width))
    }

    /// Converts one word.
    fn learn(&mut self, words: &mut Words, kind: &Kind, key: usize) -> Result<(), LimitError> {
        let width = row_bytes(kind);
        if words.bytes.is_empty() {
            words.bytes = vec![0; words.known.len() * width];
        }
        let word = self.convert(&mut words.cells, kind, key..key + 1)?;
        words.known[key] = match word.given {
            Some(given) if !is_one(&given, 0) => Word::Null,
            _ if !word.refused.is_empty() => Word::Refused,
            _ => Word::Value,
        };
        words.bytes[key * width..][..width].copy_from_slice(&word.cells);
        Ok(())
    }

    /// Converts lists of numbers to vectors or arrays of this many.
    fn vectors<'a>(
        &mut self,
        array: &'a mut Typed,
        rows: Range<usize>,
        (number, count): (NumberKind, usize),
        mut new: NewCells,
    ) -> Result<Converted<'a>, LimitError> {
        let kind = Kind::Number(number);
        let row_bytes = count * row_bytes(&kind);
        let Some((places, elements)) = array.lists(&rows) else {
            return Ok(new.refuse_all(row_bytes));
        };
        let is_wrong = |row: &usize| places[*row].len() != count;
        // One after another and of the right length, the numbers are the cells.
        if new.count > 0 && !(0..new.count).any(|row| is_wrong(&row)) {
            let all = places[0].start..places[new.count - 1].end;
            let numbers = self.convert(elements, &kind, all)?;
            new.refuse_parts(&numbers, 0..new.count, count);
            return Ok(Converted { cells: numbers.cells, given: new.given, refused: new.refused });
        }
        let mut row = 0;
        while row < new.count {
            let end = (row..new.count).find(is_wrong).unwrap_or(new.count);
            if end > row {
                let numbers = places[row].start..places[end - 1].end;
                let numbers = self.convert(elements, &kind, numbers)?;
                new.refuse_parts(&numbers, row..end, count);
                new.cells.extend_from_slice(&numbers.cells);
            }
            if end < new.count && new.is_given(end) {
                new.refuse(end);
            }
            row = new.count.min(end + 1);
            new.cells.resize(row * row_bytes, 0);
        }
        Ok(new.finish(row_bytes))
    }

    /// Converts lists to handles of lists.
    fn lists<'a>(
        &mut self,
        array: &'a mut Typed,
        rows: Range<usize>,
        element: &Kind,
        mut new: NewCells,
    ) -> Result<Converted<'a>, LimitError> {
        let (handle_bytes, element_bytes) = (size_of::<u32>(), row_bytes(element));
        let Some((places, elements)) = array.lists(&rows) else {
            return Ok(new.refuse_all(handle_bytes));
        };
        let mut row = 0;
        while row < new.count {
            // Elements of a null list are no values: their texts are not stored. Long lists are converted in turn.
            let is_apart = |other: &usize| {
                (!new.is_given(*other) && !places[*other].is_empty())
                    || (*other > row && places[*other].end - places[row].start > MOST_ELEMENTS)
            };
            let end = (row..new.count).find(is_apart).unwrap_or(new.count);
            if end == row {
                new.cells.resize((row + 1) * handle_bytes, 0);
                row += 1;
                continue;
            }
            let start = places[row].start;
            let all = self.convert(elements, element, start..places[end - 1].end)?;
            for (row, place) in places.iter().enumerate().take(end).skip(row) {
                let place = place.start - start..place.end - start;
                let list = match all.are_right(place.clone()) {
                    true => self.reserved.list(
                        self.schema,
                        self.slot,
                        &all.cells[place.start * element_bytes..place.end * element_bytes],
                    )?,
                    false => None,
                };
                if list.is_none() {
                    new.refuse(row);
                }
                new.cells.extend_from_slice(&list.unwrap_or(0).to_le_bytes());
            }
            row = end;
        }
        Ok(new.finish(handle_bytes))
    }
}

/// A word of a dictionary.
#[derive(Clone, Copy, Default, PartialEq, Eq)]
pub(super) enum Word {
    /// No row had it so far.
    #[default]
    Unknown,
    Value,
    Null,
    Refused,
}

/// Copies the cells of the words that the keys name.
fn gather<const WIDTH: usize>(words: &[u8], keys: &[usize], cells: &mut Vec<u8>) {
    let (words, _) = words.as_chunks::<WIDTH>();
    cells.resize(keys.len() * WIDTH, 0);
    let (cells, _) = cells.as_chunks_mut::<WIDTH>();
    for (cell, key) in cells.iter_mut().zip(keys) {
        *cell = words.get(*key).copied().unwrap_or([0; WIDTH]);
    }
}

fn bools(array: &Typed, rows: &Range<usize>, mut new: NewCells) -> Converted<'static> {
    let Typed::Bool(bits) = array else { return new.refuse_all(1) };
    let bits = bits.values().slice(rows.start, rows.len());
    let bytes: Vec<u8> = bits.bit_chunks().iter_padded().flat_map(u64::to_le_bytes).collect();
    new.cells = unpack(&bytes, rows.len());
    new.finish(1)
}

/// Copies the memory of values of this size.
fn memory(
    array: &Typed,
    rows: &Range<usize>,
    size: usize,
    mut new: NewCells,
) -> Converted<'static> {
    for (row, place) in rows.clone().enumerate() {
        match array.bytes(place).filter(|bytes| bytes.len() == size) {
            Some(bytes) => new.cells.extend_from_slice(bytes),
            None if new.is_given(row) => new.refuse(row),
            None => {}
        }
        new.cells.resize((row + 1) * size, 0);
    }
    new.finish(size)
}

/// Returns the number of a variant, which is often that of the row before.
fn variant<'t>(variants: &EnumKind, text: &'t str, last: &mut Option<(&'t str, u8)>) -> Option<u8> {
    if let Some((known, number)) = last
        && *known == text
    {
        return Some(*number);
    }
    let number = variants.number(text)?;
    *last = Some((text, number));
    Some(number)
}

/// Returns integers of any width, or `None` if the array has other values.
pub(super) fn integers(array: &Typed, rows: &Range<usize>) -> Option<Vec<i128>> {
    fn wide<N: Copy + Into<i128>>(numbers: &[N]) -> Vec<i128> {
        numbers.iter().map(|number| (*number).into()).collect()
    }
    let rows = rows.clone();
    Some(match array {
        Typed::I8(array) => wide(&array.values()[rows]),
        Typed::I16(array) => wide(&array.values()[rows]),
        Typed::I32(array) => wide(&array.values()[rows]),
        Typed::I64(array) => wide(&array.values()[rows]),
        Typed::U8(array) => wide(&array.values()[rows]),
        Typed::U16(array) => wide(&array.values()[rows]),
        Typed::U32(array) => wide(&array.values()[rows]),
        Typed::U64(array) => wide(&array.values()[rows]),
        _ => return None,
    })
}

/// Converts numbers to another kind: shares them if it is their own. Refuses those that do not fit, and all values of another
/// kind.
fn numbers<'a>(
    array: &'a Typed,
    rows: &Range<usize>,
    kind: NumberKind,
    mut new: NewCells,
) -> Converted<'a> {
    macro_rules! own {
        ($($kind:ident)*) => {
            match (array, kind) {
                $((Typed::$kind(array), NumberKind::$kind) => {
                    let cells = Cow::Borrowed(cast_slice(&array.values()[rows.clone()]));
                    return Converted { cells, given: new.given, refused: new.refused };
                })*
                _ => {}
            }
        };
    }
    own!(I8 I16 I32 I64 U8 U16 U32 U64 F32 F64);
    let row_bytes = row_bytes(&Kind::Number(kind));
    match (array, kind) {
        (Typed::F32(array), NumberKind::F64) => {
            new.fit(&array.values()[rows.clone()], |number| Some(f64::from(number)));
        }
        // Rounds to nearest, and must not overflow.
        (Typed::F64(array), NumberKind::F32) => new.fit(&array.values()[rows.clone()], |number| {
            let narrow = number as f32;
            (!number.is_finite() || narrow.is_finite()).then_some(narrow)
        }),
        _ => {
            // In parts, because the widest integers take much memory.
            for start in rows.clone().step_by(BLOCK_ROWS) {
                match integers(array, &(start..rows.end.min(start + BLOCK_ROWS))) {
                    Some(integers) => fit_integers(&integers, kind, &mut new),
                    None => return new.refuse_all(row_bytes),
                }
            }
        }
    }
    new.finish(row_bytes)
}

fn fit_integers(integers: &[i128], kind: NumberKind, new: &mut NewCells) {
    match kind {
        NumberKind::I8 => new.fit(integers, |number| i8::try_from(number).ok()),
        NumberKind::I16 => new.fit(integers, |number| i16::try_from(number).ok()),
        NumberKind::I32 => new.fit(integers, |number| i32::try_from(number).ok()),
        NumberKind::I64 => new.fit(integers, |number| i64::try_from(number).ok()),
        NumberKind::U8 => new.fit(integers, |number| u8::try_from(number).ok()),
        NumberKind::U16 => new.fit(integers, |number| u16::try_from(number).ok()),
        NumberKind::U32 => new.fit(integers, |number| u32::try_from(number).ok()),
        NumberKind::U64 => new.fit(integers, |number| u64::try_from(number).ok()),
        NumberKind::F32 => {
            new.fit(integers, |number| {
                Some(number as f32).filter(|float| *float as i128 == number)
            });
        }
        NumberKind::F64 => {
            new.fit(integers, |number| {
                Some(number as f64).filter(|float| *float as i128 == number)
            });
        }
    }
}
