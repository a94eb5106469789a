//! The words that have a meaning among the slots of a record. A file can rename them or switch them off.

use std::collections::HashMap;
use std::sync::Arc;

use crate::diagnostic::{Code, Diagnostic, quoted};
use crate::keys::Reading;
use crate::names::bad_name;
use crate::node::{Data, Entry, Node};
use crate::source::Place;
use slotted::schema::check_name;
use slotted::{Store, Value};

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

    /// Returns the words that stand in the same places.
    fn group(self) -> [Self; 4] {
        if Self::OF_RECORDS.contains(&self) { Self::OF_RECORDS } else { Self::OF_VALUES }
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
        let entries = reading.once(map.unwrap_or_default(), "'words'");
        for entry in &entries {
            let Some(word) = Word::all().find(|word| word.name() == entry.name) else {
                reading.unknown(entry, "'words'", &Word::NAMES, None);
                continue;
            };
            match &entry.value.data {
                Data::Bool(false) => words.names[word as usize] = None,
                Data::Text(name) if check_name(name).is_err() => {
                    let diagnostic = bad_name("a word", name, reading.place(entry.value.span));
                    reading.diagnostics.push(diagnostic);
                }
                Data::Text(name) => words.names[word as usize] = Some((&**name).into()),
                _ => {
                    let what = quoted(word.name());
                    reading.unexpected(&entry.value, &what, "the name that replaces it, or false");
                }
            }
        }
        words.refuse_same_names(reading, &entries);
        words
    }

    /// Reports names that two words have.
    fn refuse_same_names(&self, reading: &mut Reading<'_>, entries: &[&Entry<'_>]) {
        let word_of = |entry: &Entry<'_>| Word::all().find(|word| word.name() == entry.name);
        let place_of = |word: Word| {
            let entry = entries.iter().find(|entry| word_of(entry) == Some(word));
            entry.map(|entry| entry.value.span)
        };
        for word in Word::all() {
            let (Some(span), Some(name)) = (place_of(word), self.name(word)) else { continue };
            let others = word.group().into_iter().filter(|other| self.name(*other) == Some(name));
            // The later one is reported. A word that the file does not rename comes first.
            let mut earlier =
                others.filter(|other| place_of(*other).is_none_or(|own| own.start < span.start));
            let Some(own) = earlier.next() else { continue };
            let (word, other) = (word.name(), own.name());
            let message = format!("{} would mean both '{word}' and '{other}'", quoted(name));
            let too = if place_of(own).is_some() { "" } else { " too" };
            let help = format!("give '{other}' another name{too}, or write {other} = false");
            let diagnostic = Diagnostic::error(Code::Conflict, message);
            let place = reading.place(span);
            reading.diagnostics.push(diagnostic.at(place, "this name").help(help));
        }
    }

    /// Returns the name of the word in the file.
    #[inline]
    pub(super) fn name(&self, word: Word) -> Option<&str> {
        self.names[word as usize].as_deref()
    }

    /// Returns the name of the word as a key of a map in the file.
    pub(super) fn key(&self, word: Word) -> Option<String> {
        self.name(word).map(key)
    }

    /// Says which entry of a manifest the files have.
    pub(super) fn set_entry(&mut self, entry: String) {
        self.entry = Some(entry.into());
    }

    /// Returns whether the records are those of a game's own file, which has no patches.
    pub(super) const fn are_of_entry(&self) -> bool {
        self.entry.is_some()
    }

    /// Returns the way to have these names of the words.
    fn declaration(&self) -> String {
        let renamed = Word::all().filter(|own| self.name(*own) != Some(own.name()));
        let one = |own: Word| match self.name(own) {
            Some(name) => format!("{} = {name:?}", own.name()),
            None => format!("{} = false", own.name()),
        };
        let words = renamed.map(one).collect::<Vec<_>>().join(", ");
        match &self.entry {
            Some(entry) if words.is_empty() => {
                format!("write {entry} }} under 'objects' in the manifest")
            }
            Some(entry) => {
                format!("write {entry}, words = {{ {words} }} }} under 'objects' in the manifest")
            }
            None if words.is_empty() => "remove 'words' from the top of the file".to_owned(),
            None => format!("write words = {{ {words} }} at the top of the file"),
        }
    }

    /// Returns the way to give the word another name, or none.
    pub(super) fn advice(&self, word: Word, name: Option<&str>) -> String {
        let mut own = self.clone();
        own.rename(word, name.map(str::to_owned));
        own.declaration()
    }

    /// Returns the advice for a slot that has the name of a word.
    pub(super) fn own_slot(&self, word: Word) -> String {
        let name = quoted(self.name(word).unwrap_or_default());
        format!("if {name} is a slot of its own, {}", self.advice(word, None))
    }

    /// Returns the names under which advice can use the words, as files write them, and the end of the advice: the way to have
    /// those that the file has switched off. They get names that no slot has.
    pub(super) fn advised<const N: usize>(
        &self,
        words: [Word; N],
        registry: &Store,
    ) -> ([String; N], String) {
        let is_slot = |name: &str| {
            registry.schemas().any(|own| own.slot_index(name).is_some() || own.is_nested(name))
        };
        let mut own = self.clone();
        for word in words.into_iter().filter(|word| self.name(*word).is_none()) {
            let is_of_records = Word::OF_RECORDS.contains(&word);
            let mut name = word.name().to_owned();
            while word.group().into_iter().any(|other| own.name(other) == Some(&name))
                || is_of_records && is_slot(&name)
            {
                name.push('_');
            }
            own.rename(word, Some(name));
        }
        let end = match words.iter().any(|word| self.name(*word).is_none()) {
            true => format!("; for this, {}", own.declaration()),
            false => String::new(),
        };
        (words.map(|word| key(own.name(word).unwrap_or_default())), end)
    }

    /// Returns the word whose usual name this is, if it is none of the file's words among those.
    pub(super) fn missed(&self, name: &str, among: [Word; 4]) -> Option<Word> {
        let word = among.into_iter().find(|word| word.name() == name)?;
        among.into_iter().all(|own| self.name(own) != Some(name)).then_some(word)
    }

    /// Returns the advice for the usual name of a word that the file renames or switches off.
    pub(super) fn missed_advice(&self, word: Word, registry: &Store) -> String {
        let usual = word.name();
        let ([name], end) = self.advised([word], registry);
        match self.name(word) {
            Some(_) => format!("this file renames '{usual}': write {name} instead"),
            None if name == usual => {
                let advice = self.advice(word, Some(usual));
                format!("'{usual}' is switched off in this file; to have it, {advice}")
            }
            None => format!("'{usual}' is switched off in this file: write {name} instead{end}"),
        }
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

/// Returns the name as a key of a map in a file.
fn key(name: &str) -> String {
    let is_bare = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '-');
    if !name.is_empty() && name.chars().all(is_bare) {
        name.to_owned()
    } else {
        format!("{name:?}")
    }
}

/// The words of each file with records, if they are not the usual ones.
#[derive(Debug, Default)]
pub(super) struct FileWords {
    files: HashMap<u32, Arc<Words>>,
    usual: Words,
}

impl FileWords {
    pub(super) fn add(&mut self, file: u32, words: &Arc<Words>) {
        if words.are_of_entry() || words.names != self.usual.names {
            self.files.entry(file).or_insert_with(|| Arc::clone(words));
        }
    }

    /// Returns the usual words, and each set of other words that definition files have.
    pub(super) fn sets(&self) -> Vec<Words> {
        let mut files: Vec<_> = self.files.iter().filter(|(_, own)| !own.are_of_entry()).collect();
        files.sort_by_key(|(file, _)| **file);
        let mut sets = vec![self.usual.clone()];
        for (_, words) in files {
            if !sets.iter().any(|own| own.names == words.names) {
                sets.push(Words::clone(words));
            }
        }
        sets
    }

    /// Returns the words of the file with this place.
    pub(super) fn at(&self, place: Place) -> &Words {
        self.files.get(&place.file).map_or(&self.usual, |words| words)
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
