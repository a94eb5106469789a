//! Names that no schema declares.

use std::sync::Arc;

use crate::diagnostic::{Code, Diagnostic, Severity, did_you_mean, quoted};
use crate::document::RecordDeclaration;
use crate::node::{Data, Entry, Named, Node};
use crate::records::{QuarantinedValue, RecordReader, Undeclared};
use crate::source::Place;
use crate::words::{Word, Words};
use slotted::Store;
use slotted::schema::RegisteredSchema;

impl RecordReader<'_> {
    pub(super) fn undeclared(
        &mut self,
        schema: &RegisteredSchema,
        entry: Named<'_, '_>,
        declared: &RecordDeclaration<'_, '_>,
        quarantined: &mut Vec<QuarantinedValue>,
    ) {
        let place = Place { file: declared.of.place.file, span: entry.span };
        if self.undeclared == Undeclared::Quarantine && entry.value.is_whole() {
            let (name, value) = (entry.name.into(), entry.value.to_value());
            quarantined.push(QuarantinedValue { name, value, place });
        }
        let mut help = None;
        if self.undeclared == Undeclared::Refuse {
            let words = &**declared.words;
            let meant = words.missed(entry.name, Word::OF_RECORDS);
            let is_fixed = matches!(meant, Some(Word::Inherits | Word::Abstract));
            if (is_fixed || means_inherits(entry.name)) && !self.is_patch {
                // The record that is read now; what it lacks may be inherited.
                self.records.incomplete.insert(self.records.list.len() as u32);
            }
            if !(is_fixed && self.is_patch) {
                help = meant_word(entry.name, meant, (words, self.registry));
            }
        }
        self.report_undeclared(schema, (entry.name, place), help);
    }

    fn report_undeclared(
        &mut self,
        schema: &RegisteredSchema,
        (name, place): (&str, Place),
        help: Option<String>,
    ) {
        let problem = format!("{} object has no slot {name}", schema.name());
        let key = self.diagnostics.key(&problem);
        if self.diagnostics.is_again(key, place) {
            return;
        }
        let absent = &self.schemas.absent_slots;
        let is_absent = |base: &RegisteredSchema| {
            absent.contains(&(Arc::clone(base.shared_name()), Arc::from(name)))
        };
        // It is reported with its declaration, or a patch in a file that cannot be read may add it.
        let is_reported =
            !absent.is_empty() && self.registry.schema_and_bases(schema.id()).any(is_absent);
        if is_reported || self.diagnostics.holds_back(name) {
            return self.diagnostics.silence(key);
        }
        let severity = match self.undeclared {
            Undeclared::Refuse => Severity::Error,
            Undeclared::Ignore | Undeclared::Quarantine => Severity::Warning,
        };
        let label = self.undeclared.label();
        self.diagnostics.once_with((&problem, place), severity, |diagnostics| {
            let slots = schema.slots().iter().map(|slot| slot.shared_name());
            let suggestion = diagnostics.nearest(name, slots);
            let label = (label, severity == Severity::Error);
            undeclared(schema, (name, place), suggestion, label, help)
        });
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
        let has_none = names.is_empty() && self.registry.schemas().next().is_none();
        self.diagnostics.push(match names.is_empty() || is_clear {
            true if has_none => diagnostic.help("load the pack that declares it, too"),
            true => diagnostic,
            false => diagnostic.help(format!("known schemas: {}", listed(&names))),
        });
    }
}

fn undeclared(
    schema: &RegisteredSchema,
    (name, place): (&str, Place),
    suggestion: Option<Arc<str>>,
    (label, is_refused): (&str, bool),
    help: Option<String>,
) -> Diagnostic {
    let (of, end) = (quoted(schema.name()), did_you_mean(suggestion.as_deref()));
    let message = format!("{of} object has no slot {}{end}", quoted(name));
    let diagnostic = Diagnostic::error(Code::UndeclaredSlot, message).at(place, label);
    let is_word = help.is_some() && Word::all().any(|word| word.name() == name);
    let needs_help = is_refused && (suggestion.is_none() || is_word);
    let diagnostic = diagnostic.suggest(suggestion).look_alike(name);
    if !needs_help {
        return diagnostic;
    }
    let of_schema = || match (name, schema.slots()) {
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
    diagnostic.help(help.unwrap_or_else(of_schema))
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
