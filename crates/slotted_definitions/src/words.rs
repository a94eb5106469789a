//! The words that have a meaning among the slots of a record. A file can rename them or switch them off.

use std::sync::Arc;

use crate::diagnostic::{Code, Diagnostic, quoted};
use crate::keys::Reading;
use crate::node::{Data, Entry, Node};
use slotted::Value;

/// A word with a meaning of its own in records.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) enum Word {
    Inherits,
    Abstract,
    Unset,
    IfPack,
    Add,
    Remove,
    Times,
    Plus,
}

impl Word {
    /// The words that stand beside the slots of a record.
    pub(super) const OF_RECORDS: [Self; 4] =
        [Self::Inherits, Self::Abstract, Self::Unset, Self::IfPack];
    /// The words that stand in the place of a value and change it.
    pub(super) const OF_VALUES: [Self; 4] = [Self::Add, Self::Remove, Self::Times, Self::Plus];
    const NAMES: [&str; 8] =
        ["inherits", "abstract", "unset", "if_pack", "add", "remove", "times", "plus"];

    /// Returns the name that the word has unless a file renames it.
    pub(super) const fn name(self) -> &'static str {
        Self::NAMES[self as usize]
    }

    pub(super) fn all() -> impl Iterator<Item = Self> {
        Self::OF_RECORDS.into_iter().chain(Self::OF_VALUES)
    }
}

/// The key of a manifest's entry or of a definition file that renames words.
pub(super) const WORDS: &str = "words";

/// The names of the words in a file. A word without a name is switched off.
#[derive(Clone, Debug)]
pub(super) struct Words {
    names: [Option<Box<str>>; Word::NAMES.len()],
    /// The entry of the manifest without its end, as `"items.json" = { schema = "item"`. `None` for a definition file.
    entry: Option<Arc<str>>,
}

impl Default for Words {
    fn default() -> Self {
        Self { names: Word::NAMES.map(|name| Some(name.into())), entry: None }
    }
}

impl Words {
    /// Returns the names of some words; the others are switched off.
    pub(super) fn only(words: &[Word]) -> Self {
        let mut only = Self { names: Default::default(), entry: None };
        words.iter().for_each(|word| only.rename(*word, Some(word.name().to_owned())));
        only
    }

    /// Reads the value of the key `words`.
    pub(super) fn read(reading: &mut Reading<'_>, value: &Node<'_>) -> Self {
        let mut words = Self::default();
        let map = reading.map(value, "'words'", "a map from words to their names");
        for entry in reading.once(map.unwrap_or_default(), "'words'") {
            let Some(word) = Word::all().find(|word| word.name() == entry.name) else {
                reading.unknown(entry, "'words'", &Word::NAMES, None);
                continue;
            };
            match &entry.value.data {
                Data::Bool(false) => words.names[word as usize] = None,
                Data::Text(name) => words.names[word as usize] = Some((&**name).into()),
                _ => {
                    let what = quoted(word.name());
                    reading.unexpected(&entry.value, &what, "the name that replaces it, or false");
                }
            }
        }
        for entry in map.unwrap_or_default() {
            words.refuse_same_name(reading, entry);
        }
        words
    }

    /// Reports a name that two words have.
    fn refuse_same_name(&self, reading: &mut Reading<'_>, entry: &Entry<'_>) {
        let Some(word) = Word::all().find(|word| word.name() == entry.name) else { return };
        let Some(name) = self.name(word) else { return };
        let is_of_records = Word::OF_RECORDS.contains(&word);
        let group = if is_of_records { Word::OF_RECORDS } else { Word::OF_VALUES };
        let mut others = group.into_iter().filter(|other| *other != word);
        let Some(other) = others.find(|other| self.name(*other) == Some(name)) else { return };
        let place = reading.place(entry.value.span);
        let (word, other) = (word.name(), other.name());
        let message = format!("{} would mean both '{word}' and '{other}'", quoted(name));
        let help = format!("give '{other}' another name too, or write {other} = false");
        let diagnostic = Diagnostic::error(Code::Conflict, message);
        reading.diagnostics.push(diagnostic.at(place, "this name").help(help));
    }

    /// Returns the name of the word in the file.
    #[inline]
    pub(super) fn name(&self, word: Word) -> Option<&str> {
        self.names[word as usize].as_deref()
    }

    /// Says which entry of a manifest the files have.
    pub(super) fn set_entry(&mut self, entry: String) {
        self.entry = Some(entry.into());
    }

    /// Returns the way to give the word another name, or none.
    pub(super) fn advice(&self, word: Word, name: Option<&str>) -> String {
        let named = |own: Word| if own == word { name } else { self.name(own) };
        let renamed = Word::all().filter(|own| named(*own) != Some(own.name()));
        let one = |own: Word| match named(own) {
            Some(name) => format!("{} = {name:?}", own.name()),
            None => format!("{} = false", own.name()),
        };
        let words = renamed.map(one).collect::<Vec<_>>().join(", ");
        match &self.entry {
            Some(entry) => {
                format!("write {entry}, words = {{ {words} }} }} under 'objects' in the manifest")
            }
            None => format!("write words = {{ {words} }} at the top of the file"),
        }
    }

    /// Returns the advice for a slot that has the name of a word.
    pub(super) fn own_slot(&self, word: Word) -> String {
        let name = quoted(self.name(word).unwrap_or_default());
        format!("if {name} is a slot of its own, {}", self.advice(word, None))
    }

    /// Renames the word, or switches it off.
    pub(super) fn rename(&mut self, word: Word, name: Option<String>) {
        self.names[word as usize] = name.map(Into::into);
    }

    /// Returns the names that differ, as a file has them.
    pub(super) fn renamed(&self) -> Option<Value> {
        let renamed = Word::all().filter(|word| self.name(*word) != Some(word.name()));
        let value = |word: Word| (word.name(), self.name(word).map_or(false.into(), Value::from));
        let renamed: Vec<_> = renamed.map(value).collect();
        (!renamed.is_empty()).then(|| renamed.into_iter().collect())
    }

    /// Returns the word of a record that has this name.
    #[inline]
    pub(super) fn of_record(&self, name: &str) -> Option<Word> {
        Word::OF_RECORDS.into_iter().find(|word| self.name(*word) == Some(name))
    }

    /// Returns the word of this name among those that change a value.
    pub(super) fn of_value(&self, name: &str) -> Option<Word> {
        Word::OF_VALUES.into_iter().find(|word| self.name(*word) == Some(name))
    }
}

/// The words that objects have as names of their own.
#[derive(Clone, Debug, Default)]
pub(super) struct TakenWords([bool; Word::NAMES.len()]);

impl TakenWords {
    pub(super) fn observe(&mut self, object: &[(Arc<str>, Value)]) {
        for (name, value) in object {
            self.add(name, &Word::OF_RECORDS);
            self.observe_parts(value);
        }
    }

    fn observe_parts(&mut self, value: &Value) {
        match value {
            Value::List(list) => list.iter().for_each(|value| self.observe_parts(value)),
            Value::Map(map) => {
                for (name, value) in map.iter() {
                    // A number never has a map as its value, so `times` and `plus` are clear.
                    self.add(name, &[Word::Add, Word::Remove]);
                    self.observe_parts(value);
                }
            }
            _ => {}
        }
    }

    fn add(&mut self, name: &str, words: &[Word]) {
        for word in words {
            self.0[*word as usize] |= word.name() == name;
        }
    }

    pub(super) fn names(&self) -> Vec<&'static str> {
        let taken = Word::all().filter(|word| self.0[*word as usize]);
        taken.map(Word::name).collect()
    }
}
