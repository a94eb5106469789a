//! Changes that depend on the value before: `add` and `remove` for lists, `times` and `plus` for numbers.

use std::collections::HashSet;
use std::sync::Arc;

use crate::changed_variants::are_keys;
use crate::checked::Checked;
use crate::diagnostic::{Code, Diagnostic, Severity, quoted};
use crate::document::{Declaration, RecordDeclaration};
use crate::keys::Reading;
use crate::node::{Data, Entry, Named, Node};
use crate::records::{Entries, QuarantinedValue, RecordReader, Undeclared};
use crate::source::Place;
use crate::words::{Word, Words};
use slotted::schema::{NumberKind, RegisteredSchema, Shape};
use slotted::{Kind, ObjectId, Value};

/// A change of one slot.
#[derive(Clone, Debug)]
pub(super) struct Change {
    pub(super) slot: u16,
    /// The position of the pack in the load order.
    pub(super) pack: usize,
    pub(super) place: Place,
    pub(super) operation: Operation,
    /// A list of elements, or a number. References are ids of records as in other values.
    pub(super) value: Value,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Operation {
    Add,
    Remove,
    Times,
    Plus,
    /// Gives a part of a union another value.
    Set,
}

impl Operation {
    pub(super) const fn name(self) -> &'static str {
        match self {
            Self::Add => "add",
            Self::Remove => "remove",
            Self::Times => "times",
            Self::Plus => "plus",
            Self::Set => "=",
        }
    }

    /// Returns the name of the word in a file.
    pub(super) fn name_in(self, words: &Words) -> &str {
        self.word().and_then(|word| words.name(word)).unwrap_or(self.name())
    }

    pub(super) const fn word(self) -> Option<Word> {
        match self {
            Self::Add => Some(Word::Add),
            Self::Remove => Some(Word::Remove),
            Self::Times => Some(Word::Times),
            Self::Plus => Some(Word::Plus),
            Self::Set => None,
        }
    }
}

/// The changes of lists: of slots, and of the variants of an enum.
pub(super) const OF_LISTS: [Operation; 2] = [Operation::Add, Operation::Remove];
const OF_NUMBERS: [Operation; 2] = [Operation::Times, Operation::Plus];

/// Returns the operations that a slot takes. No value of such a slot is a map.
const fn operations(kind: &Kind) -> &'static [Operation] {
    match kind {
        Kind::List(_) => &OF_LISTS,
        Kind::Number(_) => &OF_NUMBERS,
        _ => &[],
    }
}

/// Returns whether a value without a slot is a map of changes.
pub(super) fn are_changes(value: &Value, words: &Words) -> bool {
    let Value::Map(map) = value else { return false };
    !map.is_empty() && map.iter().all(|(name, _)| words.of_value(name).is_some())
}

/// Returns whether the node is a map of changes.
pub(super) fn is_map_of_changes(node: &Node<'_>, words: &Words) -> bool {
    let Data::Map(map) = &node.data else { return false };
    !map.is_empty() && map.iter().all(|key| words.of_value(&key.name).is_some())
}

/// Returns whether the node changes a list that is a value of a record.
pub(super) fn is_change_of_list(node: &Node<'_>, words: &Words) -> bool {
    let Data::Map(map) = &node.data else { return false };
    map.iter().any(|key| matches!(words.of_value(&key.name), Some(Word::Add | Word::Remove)))
}

/// Returns whether the node changes a nested list or map that is a value of a record.
pub(super) fn is_change_of_nested_list(node: &Node<'_>, words: &Words) -> bool {
    let Data::Map(map) = &node.data else { return false };
    let is_change = |key: &Entry<'_>| {
        let is_list = matches!(key.value.data, Data::List(_) | Data::Map(_));
        is_list && matches!(words.of_value(&key.name), Some(Word::Add | Word::Remove))
    };
    !map.is_empty() && map.iter().all(is_change)
}

/// Returns the operation of the key, or reports it.
pub(super) fn operation(
    reading: &mut Reading<'_>,
    key: &Entry<'_>,
    (known, words): (&[Operation], &Words),
) -> Option<Operation> {
    let name = |operation: &Operation| operation.word().and_then(|word| words.name(word));
    let found = known.iter().copied().find(|operation| name(operation) == Some(&*key.name));
    if found.is_none() {
        let names: Vec<_> = known.iter().filter_map(name).collect();
        reading.unknown(key, "a change", &names, None);
    }
    found
}

impl RecordReader<'_> {
    /// Reads a map of changes. Returns `false` if the value is none.
    pub(super) fn are_changes(
        &mut self,
        schema: &RegisteredSchema,
        slot: usize,
        entry: Named<'_, '_>,
        (of, words): (Declaration<'_, '_>, &Words),
        into: &mut Vec<Change>,
    ) -> bool {
        let Data::Map(map) = &entry.value.data else { return false };
        let known = operations(schema.slots()[slot].kind());
        let is_known = |key: &Entry<'_>| {
            words
                .of_value(&key.name)
                .is_some_and(|word| known.iter().any(|own| own.word() == Some(word)))
        };
        if !map.iter().any(is_known) {
            return false;
        }
        let file = of.place.file;
        let owner = format!("slot {}", quoted(entry.name));
        let keys = Reading { file, diagnostics: self.diagnostics }.once(map, &owner);
        for key in keys {
            let mut reading = Reading { file, diagnostics: self.diagnostics };
            let place = reading.place(key.value.span);
            let Some(operation) = operation(&mut reading, key, (known, words)) else { continue };
            let node = &key.value;
            let what = quoted(&key.name);
            let value = match operation {
                Operation::Add | Operation::Remove => {
                    if reading.list(node, &what, "a list of elements").is_none() {
                        continue;
                    }
                    match self.check(schema, slot, node, place) {
                        Checked::Right(value) => value,
                        Checked::Wrong | Checked::Discarded => continue,
                    }
                }
                Operation::Times | Operation::Plus => match node.data {
                    Data::Int(_) | Data::UInt(_) => node.to_value(),
                    Data::Float(number) if number.is_finite() => node.to_value(),
                    _ => {
                        reading.unexpected(node, &what, "a number");
                        continue;
                    }
                },
                Operation::Set => continue,
            };
            into.push(Change { slot: slot as u16, pack: of.pack, place, operation, value });
        }
        true
    }

    /// Reads a map of changes of a nested list or map. Returns `false` if the value is none.
    pub(super) fn are_changes_of_list(
        &mut self,
        (schema, shape): (&RegisteredSchema, &Shape),
        entry: Named<'_, '_>,
        declared: &RecordDeclaration<'_, '_>,
        entries: &mut Entries,
    ) -> bool {
        let Data::Map(map) = &entry.value.data else { return false };
        if !is_change_of_nested_list(entry.value, declared.words) {
            return matches!(shape, Shape::Map(_)) && self.are_halves_of_changes(map, declared);
        }
        let (file, known) = (declared.of.place.file, (&OF_LISTS[..], &**declared.words));
        let owner = format!("slot {}", quoted(entry.name));
        let keys = Reading { file, diagnostics: self.diagnostics }.once(map, &owner);
        for key in keys {
            let mut reading = Reading { file, diagnostics: self.diagnostics };
            let place = reading.place(key.value.span);
            let Some(operation) = operation(&mut reading, key, known) else { continue };
            let are_keys = matches!(shape, Shape::Map(_)) && are_keys(&key.value);
            if are_keys && operation == Operation::Remove {
                self.removed_keys(schema, (entry.name, key), declared.of, &mut entries.changes);
                continue;
            }
            if are_keys && operation == Operation::Add {
                self.added_keys((schema, entry.name), place);
                continue;
            }
            // The elements are those of a value, and have its problems.
            let mut parts = Entries::default();
            let elements = Named { value: &key.value, ..entry };
            self.parts((schema, shape), elements, declared, &mut parts);
            entries.quarantined.append(&mut parts.quarantined);
            if !parts.discarded.is_empty() || !parts.surplus.is_empty() {
                if self.undeclared == Undeclared::Quarantine {
                    let change = (Arc::from(&*key.name), key.value.to_value());
                    let (name, value) = (entry.name.into(), Value::Map([change].into()));
                    entries.quarantined.push(QuarantinedValue { name, value, place });
                }
                continue;
            }
            let pack = declared.of.pack;
            entries.changes.extend(parts.values.into_iter().map(|given| Change {
                slot: given.slot,
                pack,
                place,
                operation,
                value: given.value,
            }));
        }
        true
    }

    /// Reports changes of a map without brackets, where a patch or an heir cannot mean entries with the names of the words: they
    /// would replace all entries. Returns `false` if there are others.
    fn are_halves_of_changes(
        &mut self,
        map: &[Entry<'_>],
        declared: &RecordDeclaration<'_, '_>,
    ) -> bool {
        let is_word = |key: &Entry<'_>| {
            OF_LISTS.iter().any(|own| own.word() == declared.words.of_value(&key.name))
        };
        if map.is_empty() || !map.iter().all(is_word) || !self.has_values_before(declared) {
            return false;
        }
        let mut reading = Reading { file: declared.of.place.file, diagnostics: self.diagnostics };
        let is_half = |key: &&Entry<'_>| !matches!(key.value.data, Data::List(_) | Data::Map(_));
        for key in map.iter().filter(is_half) {
            reading.unexpected(&key.value, &quoted(&key.name), "a list of elements");
        }
        true
    }

    /// Returns whether the values that are read now follow others: those of a patch, or of a record that inherits.
    pub(super) fn has_values_before(&self, declared: &RecordDeclaration<'_, '_>) -> bool {
        let inherits =
            |entry: &Entry<'_>| declared.words.of_record(&entry.name) == Some(Word::Inherits);
        self.is_patch || declared.of.map.iter().any(inherits)
    }

    /// Warns that a map with the names of changes is the value of a slot that takes any.
    pub(super) fn changes_of_any(
        &mut self,
        schema: &RegisteredSchema,
        entry: Named<'_, '_>,
        declared: &RecordDeclaration<'_, '_>,
    ) {
        if !is_map_of_changes(entry.value, declared.words) || !self.has_values_before(declared) {
            return;
        }
        let place = Place { file: declared.of.place.file, span: entry.value.span };
        self.diagnostics.warn_with(|_| {
            let (slot, of) = (quoted(entry.name), quoted(schema.name()));
            let message = format!("slot {slot} of {of} takes any value, and no changes");
            Diagnostic::warning(Code::NoEffect, message)
                .at(place, "this map replaces the value")
                .help("write the whole value as it is after the change")
        });
    }

    /// Reports names of entries to add, without their values.
    fn added_keys(&mut self, (schema, slot): (&RegisteredSchema, &str), place: Place) {
        let message = format!(
            "'add' of slot {} of {} has names without values",
            quoted(slot),
            quoted(schema.name())
        );
        self.diagnostics.once_with((&message.clone(), place), Severity::Error, |_| {
            Diagnostic::error(Code::BadValue, message)
                .at(place, "expected names with their values")
                .help(format!(
                    "write {slot} = {{ add = {{ NAME = VALUE }} }}; only 'remove' takes names alone"
                ))
        });
    }

    /// Reads the keys of entries to remove, whatever their values.
    fn removed_keys(
        &mut self,
        schema: &RegisteredSchema,
        (name, key): (&str, &Entry<'_>),
        of: Declaration<'_, '_>,
        into: &mut Vec<Change>,
    ) {
        let Some(slot) = schema.slot_index(&format!("{name}{{}}.key")) else { return };
        let place = Place { file: of.place.file, span: key.value.span };
        if let Checked::Right(value) = self.check(schema, slot, &key.value, place) {
            let (slot, pack, operation) = (slot as u16, of.pack, Operation::Remove);
            into.push(Change { slot, pack, place, operation, value });
        }
    }

    /// Reports a change in a record that neither inherits nor is a patch.
    pub(super) fn nothing_to_change(&mut self, change: &Change) {
        let words = self.records.words.at(change.place);
        let heirs = words.name(Word::Inherits);
        let heirs =
            heirs.map_or_else(String::new, |word| format!(" and records with {}", quoted(word)));
        let name = quoted(change.operation.name_in(words));
        let message = format!("{name} has no value to change");
        let known = (&*message.clone(), change.place);
        self.diagnostics.once_with(known, Severity::Error, |_| {
            Diagnostic::error(Code::Unexpected, message)
                .at(change.place, "this record inherits no value")
                .help(format!("write the whole value; only patches{heirs} change one"))
        });
    }
}

/// The reason why a change is impossible.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct NothingToChange;

/// Applies changes of one list, and adds the changes that remove what is not there.
///
/// An element is added once: two packs may add the same one.
///
/// The elements of a map are its entries. A removed element that is no entry is the key of one.
pub(super) fn change_list<'c>(
    base: &[Value],
    is_map: bool,
    changes: &[&'c Change],
    without_effect: &mut Vec<(&'c Change, Value)>,
) -> Value {
    let mut list = base.to_vec();
    let mut present: HashSet<Key> = list.iter().map(Key::of).collect();
    let mut removed: HashSet<Key> = HashSet::new();
    for change in changes {
        let Value::List(elements) = &change.value else { continue };
        if change.operation == Operation::Add {
            let new = elements.iter().filter(|element| present.insert(Key::of(element)));
            list.extend(new.cloned());
            continue;
        }
        let gone: HashSet<Key> = elements.iter().map(Key::of).collect();
        let is_by_key =
            |element: &Value| is_map && key_of(element).is_some_and(|key| gone.contains(&key));
        let entries = list.iter().filter(|element| is_by_key(element));
        let by_key: HashSet<Key> = entries.filter_map(key_of).collect();
        for element in elements.iter() {
            let key = Key::of(element);
            let is_there = present.contains(&key) || by_key.contains(&key);
            if !is_there && !removed.contains(&key) {
                without_effect.push((change, element.clone()));
            }
        }
        list.retain(|element| {
            let is_gone = gone.contains(&Key::of(element)) || is_by_key(element);
            if is_gone {
                present.remove(&Key::of(element));
            }
            !is_gone
        });
        removed.extend(gone);
    }
    Value::List(list.into())
}

/// Returns the key of a map's entry.
pub(super) fn key_of(entry: &Value) -> Option<Key> {
    let Value::Map(parts) = entry else { return None };
    parts.iter().find(|(name, _)| &**name == "key").map(|(_, key)| Key::of(key))
}

/// An element of a list, with one key for equal numbers.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) enum Key {
    Integer(i128),
    Float(u64),
    Text(Arc<str>),
    Object(ObjectId),
    Bool(bool),
    Bytes(Arc<[u8]>),
    List(Vec<Self>),
    Map(Vec<(Arc<str>, Self)>),
    Unset,
}

impl Key {
    pub(super) fn of(value: &Value) -> Self {
        match (value, number(value)) {
            (_, Some(Number::Integer(number))) => Self::Integer(number),
            (_, Some(Number::Float(number))) => match Number::whole(number) {
                Some(whole) => Self::Integer(whole),
                None => Self::Float(number.to_bits()),
            },
            (Value::Text(text), _) => Self::Text(Arc::clone(text)),
            (Value::Object(id), _) => Self::Object(*id),
            (Value::Bool(truth), _) => Self::Bool(*truth),
            (Value::Bytes(bytes), _) => Self::Bytes(Arc::clone(bytes)),
            (Value::List(list), _) => Self::List(list.iter().map(Self::of).collect()),
            (Value::Map(map), _) => {
                Self::Map(map.iter().map(|(name, value)| (name.clone(), Self::of(value))).collect())
            }
            (vector, _) => match vector.numbers() {
                Some(numbers) => Self::List(numbers.iter().map(Self::of).collect()),
                None => Self::Unset,
            },
        }
    }
}

#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Number {
    Integer(i128),
    Float(f64),
}

pub(super) fn number(value: &Value) -> Option<Number> {
    Some(match value {
        Value::Int(number) => Number::Integer((*number).into()),
        Value::UInt(number) => Number::Integer((*number).into()),
        Value::F32(number) => Number::Float((*number).into()),
        Value::F64(number) => Number::Float(*number),
        _ => return None,
    })
}

impl Number {
    pub(super) const fn float(self) -> f64 {
        match self {
            Self::Integer(number) => number as f64,
            Self::Float(number) => number,
        }
    }

    /// Returns the integer if the float is one that 64 bits can hold.
    fn whole(number: f64) -> Option<i128> {
        let is_whole = number.fract() == 0.0 && number.abs() < 18_446_744_073_709_551_616.0;
        is_whole.then_some(number as i128)
    }
}

/// Applies changes of one number: first all `times`, then all `plus`, so that their order has no meaning.
///
/// A slot of integers gets the nearest one.
pub(super) fn change_number(
    base: &Value,
    kind: NumberKind,
    changes: &[&Change],
) -> Result<Value, NothingToChange> {
    let base = number(base).ok_or(NothingToChange)?;
    let of = |operation| {
        let own = changes.iter().filter(move |change| change.operation == operation);
        own.filter_map(|change| number(&change.value))
    };
    let is_integer = !matches!(kind, NumberKind::F32 | NumberKind::F64);
    let exact = || {
        let integer = |number| match number {
            Number::Integer(number) => Some(number),
            Number::Float(number) => Number::whole(number),
        };
        let times = of(Operation::Times)
            .try_fold(integer(base)?, |product, factor| product.checked_mul(integer(factor)?))?;
        of(Operation::Plus).try_fold(times, |sum, number| sum.checked_add(integer(number)?))
    };
    let float = || {
        let product = of(Operation::Times).fold(base.float(), |all, next| all * next.float());
        of(Operation::Plus).fold(product, |sum, next| sum + next.float())
    };
    if !is_integer {
        return Ok(Value::F64(float()));
    }
    let rounded = || {
        let rounded = float().round();
        Number::whole(rounded).ok_or(rounded)
    };
    Ok(match exact().map_or_else(rounded, Ok) {
        Ok(whole) => match (i64::try_from(whole), u64::try_from(whole)) {
            (Ok(number), _) => Value::Int(number),
            (_, Ok(number)) => Value::UInt(number),
            // Too large: the check says so.
            _ => Value::F64(whole as f64),
        },
        Err(too_large) => Value::F64(too_large),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::source::Span;

    fn change(operation: Operation, value: impl Into<Value>) -> Change {
        let place = Place { file: 0, span: Span::default() };
        Change { slot: 0, pack: 0, place, operation, value: value.into() }
    }

    fn number_after(base: impl Into<Value>, kind: NumberKind, changes: &[Change]) -> Value {
        let changes: Vec<_> = changes.iter().collect();
        change_number(&base.into(), kind, &changes).expect("the base is a number")
    }

    #[test]
    fn integers_are_exact_and_rounded_once() {
        use Operation::{Plus, Times};
        let large = [change(Times, 3), change(Plus, 1)];
        assert_eq!(
            number_after((1_i64 << 53) + 1, NumberKind::I64, &large),
            ((3_i64 << 53) + 4).into()
        );
        assert_eq!(
            number_after(3, NumberKind::U8, &[change(Times, 1.5), change(Times, 1.5)]),
            7.into()
        );
        assert_eq!(number_after(100, NumberKind::U8, &[change(Times, 1.1)]), 110.into());
        assert_eq!(
            number_after(u64::MAX, NumberKind::U64, &[change(Plus, -1)]),
            (u64::MAX - 1).into()
        );
        assert_eq!(
            number_after(i64::MAX, NumberKind::I64, &[change(Times, 4)]),
            Value::F64(2f64.powi(65))
        );
        assert_eq!(number_after(2, NumberKind::F32, &[change(Times, 2)]), 4.0.into());
    }

    #[test]
    fn long_and_nested_elements_are_told_apart() {
        let map = |end: &str| Value::from_iter([("t", format!("{}{end}", "x".repeat(60)))]);
        let added = change(Operation::Add, vec![map("2"), Value::from([1, 2])]);
        let base = [map("1"), Value::from([1.0, 2.0])];
        let found = change_list(&base, false, &[&added], &mut Vec::new());
        assert_eq!(found, vec![map("1"), Value::from([1.0, 2.0]), map("2")].into());
    }

    #[test]
    fn entries_are_removed_by_key() {
        let entry = |key: &str, value: i64| {
            Value::from_iter([("key", Value::from(key)), ("value", value.into())])
        };
        let removed = change(Operation::Remove, ["a", "x"]);
        let again = change(Operation::Add, vec![entry("a", 1)]);
        let base = [entry("a", 1), entry("b", 2)];
        let mut without_effect = Vec::new();
        let found = change_list(&base, true, &[&removed, &again], &mut without_effect);
        assert_eq!(found, vec![entry("b", 2), entry("a", 1)].into());
        assert_eq!(without_effect.len(), 1);
        // Elements of a list may have a part of that name.
        let found = change_list(&base, false, &[&removed], &mut without_effect);
        assert_eq!(found, base.to_vec().into());
    }

    #[test]
    fn elements_are_added_once_and_compared_as_numbers() {
        use Operation::{Add, Remove};
        let list = |list: &[Value]| Value::List(list.into());
        let changes = [
            change(Add, list(&[5.into(), 6.into(), 6.into()])),
            change(Remove, list(&[5.0.into(), 9.into()])),
        ];
        let changes: Vec<_> = changes.iter().collect();
        let mut without_effect = Vec::new();
        let found = change_list(&[5.into(), 7.into()], false, &changes, &mut without_effect);
        assert_eq!(found, list(&[7.into(), 6.into()]));
        assert_eq!(
            without_effect.iter().map(|(_, value)| value.clone()).collect::<Vec<_>>(),
            [9.into()]
        );
    }
}
