//! Names for the words of written files: no slot and no name in a value may be mistaken for a word.

use std::collections::HashSet;
use std::sync::Arc;

use crate::changes::are_changes;
use crate::records::QuarantinedRecord;
use crate::words::{Word, Words};
use slotted::Value;

/// The values of a record by name.
pub(super) type Values = Arc<[(Arc<str>, Value)]>;

/// The names in records that are no words, and the words in use.
#[derive(Default)]
struct Names<'v> {
    of_slots: HashSet<&'v str>,
    in_values: HashSet<&'v str>,
    words: HashSet<Word>,
}

impl<'v> Names<'v> {
    fn add_parts(&mut self, value: &'v Value) {
        match value {
            Value::List(list) => list.iter().for_each(|value| self.add_parts(value)),
            Value::Map(map) => {
                for (name, value) in map.iter() {
                    self.in_values.insert(name);
                    self.add_parts(value);
                }
            }
            _ => {}
        }
    }

    fn add(&mut self, record: &'v QuarantinedRecord) {
        let Value::Map(values) = &record.values else { return };
        for (name, value) in values.iter() {
            if let Some(word) = record.words.of_record(name) {
                self.words.insert(word);
                continue;
            }
            self.of_slots.insert(name);
            match value {
                // Null is written under `unset` in TOML.
                Value::Unset => _ = self.words.insert(Word::Unset),
                value => self.add_value(value, &record.words),
            }
        }
    }

    /// Adds the names in a value. Parts of nested values can have changes too.
    fn add_value(&mut self, value: &'v Value, words: &Words) {
        match value {
            Value::Map(map) if are_changes(value, words) => {
                for (name, value) in map.iter() {
                    self.words.extend(words.of_value(name));
                    self.add_parts(value);
                }
            }
            Value::Map(map) => {
                for (name, value) in map.iter() {
                    self.in_values.insert(name);
                    self.add_value(value, words);
                }
            }
            value => self.add_parts(value),
        }
    }

    fn words(&self) -> Words {
        let mut words = Words::default();
        for word in Word::all() {
            let is_of_record = Word::OF_RECORDS.contains(&word);
            let taken = if is_of_record { &self.of_slots } else { &self.in_values };
            if !taken.contains(word.name()) {
                continue;
            }
            let mut name = word.name().to_owned();
            while taken.contains(&*name) {
                name.push('_');
            }
            words.rename(word, self.words.contains(&word).then_some(name));
        }
        words
    }
}

/// Returns words for a file with these records.
pub(super) fn words<'v>(
    objects: impl IntoIterator<Item = &'v Values>,
    quarantined: impl IntoIterator<Item = &'v QuarantinedRecord>,
) -> Words {
    let mut names = Names::default();
    for (name, value) in objects.into_iter().flat_map(|values| values.iter()) {
        names.of_slots.insert(name);
        names.add_parts(value);
    }
    quarantined.into_iter().for_each(|record| names.add(record));
    names.words()
}

impl QuarantinedRecord {
    /// Returns the values for a file with other words.
    pub(super) fn with_words(&self, words: &Words) -> Values {
        let Value::Map(values) = &self.values else { return Values::from([]) };
        let new = |name: &Arc<str>, word: Option<Word>| {
            word.and_then(|word| words.name(word)).map_or_else(|| Arc::clone(name), Into::into)
        };
        let values = values.iter();
        values
            .map(|(name, own)| (new(name, self.words.of_record(name)), self.value_with(own, words)))
            .collect()
    }

    /// Returns a value with the words of another file. Parts of nested values can have changes too.
    fn value_with(&self, value: &Value, words: &Words) -> Value {
        let Value::Map(map) = value else { return value.clone() };
        let are_changes = are_changes(value, &self.words);
        let part = |(name, value): &(Arc<str>, Value)| match are_changes {
            true => {
                let word = self.words.of_value(name).and_then(|word| words.name(word));
                (word.map_or_else(|| Arc::clone(name), Into::into), value.clone())
            }
            false => (Arc::clone(name), self.value_with(value, words)),
        };
        Value::Map(map.iter().map(part).collect())
    }
}
