//! Names that no schema declares, each reported once.

use std::sync::Arc;

use crate::diagnostic::{Code, Diagnostic, Diagnostics, Severity, did_you_mean, quoted};
use crate::document::RecordDeclaration;
use crate::node::Named;
use crate::records::{QuarantinedValue, RecordReader, Undeclared};
use crate::source::Place;
use crate::words::Word;
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
        let mut help = None;
        if self.undeclared == Undeclared::Refuse && means_inherits(entry.name) {
            // The record that is read now; what it lacks may be inherited.
            self.records.incomplete.insert(self.records.list.len() as u32);
            help = declared.words.name(Word::Inherits).map(|word| {
                let advice = declared.words.advice(Word::Inherits, Some(entry.name));
                format!("write {} instead; or to keep this word, {advice}", quoted(word))
            });
        }
        let occurrences = self.undeclared_names.entry(key).or_default();
        occurrences.count += 1;
        occurrences.help = occurrences.help.take().or(help);
        if occurrences.first.len() < SHOWN_PLACES {
            occurrences.first.push(place);
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
            let absent = &self.schemas.absent_slots;
            let is_absent = |base: &RegisteredSchema| {
                absent.contains(&(Arc::clone(base.shared_name()), Arc::clone(&name)))
            };
            // Reported with its declaration.
            if !absent.is_empty() && self.registry.schema_and_bases(schema.id()).any(is_absent) {
                continue;
            }
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
        ("add" | "remove" | "times" | "plus", _) => {
            format!("write it at the slot, as in SLOT = {{ {name} = .. }}")
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
    let needs_help = is_refused && suggestion.is_none();
    let diagnostic = diagnostic.suggest(suggestion).look_alike(name);
    if needs_help { diagnostic.help(help) } else { diagnostic }
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
