//! Names that no schema declares, each reported once.

use std::sync::Arc;

use crate::diagnostic::{Code, Diagnostic, Diagnostics, Severity, did_you_mean, quoted};
use crate::document::RecordDeclaration;
use crate::node::{Data, Entry, Named, Node};
use crate::records::{QuarantinedValue, RecordReader, Undeclared};
use crate::source::Place;
use crate::words::{Word, Words};
use slotted::Store;
use slotted::schema::RegisteredSchema;

/// The places of one mistake in several records.
#[derive(Default)]
pub(super) struct Occurrences {
    pub(super) count: usize,
    pub(super) first: Vec<Place>,
    /// The way to go on, if the first place decides it.
    help: Option<String>,
}

/// The places that a problem shows: hundreds of records can have the same mistake.
pub(super) const SHOWN_PLACES: usize = 3;

impl RecordReader<'_> {
    pub(super) fn undeclared(
        &mut self,
        schema: &RegisteredSchema,
        entry: Named<'_, '_>,
        declared: &RecordDeclaration<'_, '_>,
        quarantined: &mut Vec<QuarantinedValue>,
    ) {
        let place = Place { file: declared.of.place.file, span: entry.span };
        let key = (Arc::clone(schema.shared_name()), Arc::<str>::from(entry.name));
        if self.undeclared == Undeclared::Quarantine && entry.value.is_whole() {
            let (name, value) = (Arc::clone(&key.1), entry.value.to_value());
            quarantined.push(QuarantinedValue { name, value, place });
        }
        let occurrences = self.undeclared_names.entry(key).or_default();
        occurrences.count += 1;
        if self.undeclared == Undeclared::Refuse {
            let words = &**declared.words;
            let meant = words.missed(entry.name, Word::OF_RECORDS);
            let is_fixed = matches!(meant, Some(Word::Inherits | Word::Abstract));
            if (is_fixed || means_inherits(entry.name)) && !self.reads_patches {
                // The record that is read now; what it lacks may be inherited.
                self.records.incomplete.insert(self.records.list.len() as u32);
            }
            if occurrences.help.is_none() && !(is_fixed && self.reads_patches) {
                occurrences.help = meant_word(entry.name, meant, (words, self.registry));
            }
        }
        if occurrences.first.len() < SHOWN_PLACES {
            occurrences.first.push(place);
        }
    }

    /// Adds advice to the problem of a value that is a map of changes by the words of other files.
    pub(super) fn advise_change(&mut self, problem: usize, value: &Node<'_>, words: &Words) {
        if let Some(word) = missed_change(value, words) {
            let advice = words.missed_advice(word, self.registry);
            if let Some(diagnostic) = self.diagnostics.list.get_mut(problem) {
                diagnostic.help.push(advice);
            }
        }
    }

    /// Reports an unknown schema; `done` is the label of a warning.
    pub(super) fn unknown_schema(&mut self, (schema, place): (&str, Place), done: &str) {
        if self.diagnostics.holds_back(schema) {
            return;
        }
        let names = match self.diagnostics.is_full() {
            true => Vec::new(),
            false => {
                self.registry.schemas().map(|schema| Arc::clone(schema.shared_name())).collect()
            }
        };
        let suggestion = self.diagnostics.nearest(schema, &names);
        let end = did_you_mean(suggestion.as_deref());
        let message = format!("unknown schema {}{end}", quoted(schema));
        let (severity, label) = match self.undeclared {
            Undeclared::Refuse => (Severity::Error, "no such schema"),
            Undeclared::Ignore | Undeclared::Quarantine => (Severity::Warning, done),
        };
        let is_clear = suggestion.is_some();
        let diagnostic = Diagnostic::error(Code::UnknownSchema, message)
            .with(severity)
            .at(place, label)
            .suggest(suggestion)
            .look_alike(schema);
        self.diagnostics.push(match names.is_empty() || is_clear {
            true => diagnostic,
            false => diagnostic.help(format!("known schemas: {}", listed(&names))),
        });
    }

    pub(super) fn report_undeclared_names(&mut self) {
        let mut undeclared_names: Vec<_> =
            std::mem::take(&mut self.undeclared_names).into_iter().collect();
        let first = |occurrences: &Occurrences| {
            occurrences.first.first().map(|place| (place.file, place.span.start))
        };
        undeclared_names.sort_by_key(|(_, occurrences)| first(occurrences));
        for ((schema, name), occurrences) in undeclared_names {
            let Some(schema) = self.registry.schema(&schema) else { continue };
            // A patch in that file may add the slot.
            if self.diagnostics.holds_back(&name) {
                continue;
            }
            let label = self.undeclared.label();
            let is_refused = self.undeclared == Undeclared::Refuse;
            let undeclared = |diagnostics: &mut Diagnostics| {
                let slots = schema.slots().iter().map(|slot| slot.shared_name());
                let suggestion = diagnostics.nearest(&name, slots);
                undeclared(schema, &name, &occurrences, suggestion, label, is_refused)
            };
            match is_refused {
                true => self.diagnostics.push_with(undeclared),
                false => self.diagnostics.warn_with(undeclared),
            }
        }
    }
}

fn undeclared(
    schema: &RegisteredSchema,
    name: &str,
    occurrences: &Occurrences,
    suggestion: Option<Arc<str>>,
    label: &str,
    is_refused: bool,
) -> Diagnostic {
    let (of, end) = (quoted(schema.name()), did_you_mean(suggestion.as_deref()));
    let message = format!("{of} object has no slot {}{end}", quoted(name));
    let count = match occurrences.count {
        1 if is_refused => String::new(),
        1 => " in 1 record".to_owned(),
        count => format!(" in {count} records"),
    };
    let severity = if is_refused { Severity::Error } else { Severity::Warning };
    let mut diagnostic = Diagnostic::error(Code::UndeclaredSlot, message).with(severity);
    // A warning is about many records at once; what is refused has to be found.
    let shown = if is_refused { SHOWN_PLACES } else { 1 };
    for (number, place) in occurrences.first.iter().take(shown).enumerate() {
        let text = if number == 0 { format!("{label}{count}") } else { "here too".to_owned() };
        diagnostic = diagnostic.at(*place, text);
    }
    let help = match (name, schema.slots()) {
        ("delete" | "deleted", _) => {
            format!("to delete a record, write patches.delete.{} = [\"NAME\"]", schema.name())
        }
        (_, []) => format!("{of} has no slots"),
        (name, _) => {
            match name.rsplit_once('.').filter(|(whole, _)| whole.contains([']', '}', '@', '|'])) {
                Some((whole, _)) => {
                    let parts = schema.parts(whole).map(|(_, part)| Arc::from(part));
                    let parts: Vec<_> =
                        parts.filter(|part: &Arc<str>| !part.ends_with(['?', '#'])).collect();
                    format!("parts of {}: {}", quoted(whole), listed(&parts))
                }
                None => format!("slots of {of}: {}", listed(&whole_names(schema))),
            }
        }
    };
    let help = occurrences.help.clone().unwrap_or(help);
    let is_word = occurrences.help.is_some() && Word::all().any(|word| word.name() == name);
    let needs_help = is_refused && (suggestion.is_none() || is_word);
    let diagnostic = diagnostic.suggest(suggestion).look_alike(name);
    if needs_help { diagnostic.help(help) } else { diagnostic }
}

/// Returns the advice for a name that is no slot and may mean a word. `missed` is the word that it means elsewhere.
fn meant_word(
    name: &str,
    missed: Option<Word>,
    (words, registry): (&Words, &Store),
) -> Option<String> {
    if let Some(word) = missed {
        return Some(words.missed_advice(word, registry));
    }
    let change = words.of_value(name).or_else(|| words.missed(name, Word::OF_VALUES));
    if let Some(word) = change {
        let ([word], end) = words.advised([word], registry);
        return Some(format!("write it at the slot, as in SLOT = {{ {word} = .. }}{end}"));
    }
    if !means_inherits(name) {
        return None;
    }
    let advice = words.advice(Word::Inherits, Some(name));
    Some(match words.name(Word::Inherits) {
        Some(word) => format!("write {} instead; or to keep this word, {advice}", quoted(word)),
        None => format!("if the record should inherit by this word, {advice}"),
    })
}

/// Returns the first map in a value whose names are words elsewhere, but not in its file, and one of the words.
fn missed_change(node: &Node<'_>, words: &Words) -> Option<Word> {
    match &node.data {
        Data::Map(map) => {
            let word = |entry: &Entry<'_>| words.missed(&entry.name, Word::OF_VALUES);
            match map.iter().map(word).collect::<Option<Vec<Word>>>() {
                Some(missed) if !missed.is_empty() => missed.first().copied(),
                _ => map.iter().find_map(|entry| missed_change(&entry.value, words)),
            }
        }
        Data::List(list) => list.iter().find_map(|node| missed_change(node, words)),
        _ => None,
    }
}

/// Returns whether other games have this name for `inherits`.
fn means_inherits(name: &str) -> bool {
    matches!(
        name,
        "extends"
            | "parent"
            | "base"
            | "prototype"
            | "copy-from"
            | "copy_from"
            | "template"
            | "inherit"
    )
}

/// Returns the names of slots, and of lists instead of their parts.
fn whole_names(schema: &RegisteredSchema) -> Vec<Arc<str>> {
    let mut names: Vec<Arc<str>> = Vec::new();
    for slot in schema.slots() {
        let name = match schema.whole_of(slot.name()) {
            Some((name, _)) => name.into(),
            None => Arc::clone(slot.shared_name()),
        };
        if names.last() != Some(&name) {
            names.push(name);
        }
    }
    names
}

/// Lists names, shortened.
fn listed(names: &[Arc<str>]) -> String {
    const SHOWN: usize = 20;
    let more = if names.len() > SHOWN { ", …" } else { "" };
    format!("{}{more}", names[..names.len().min(SHOWN)].join(", "))
}
