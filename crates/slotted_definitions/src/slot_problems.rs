//! Mistakes in declarations of slots.

use std::collections::HashSet;
use std::sync::Arc;

use crate::blame::{cause, with_patch};
use crate::constraint;
use crate::diagnostic::{Code, Diagnostic, Diagnostics, did_you_mean, quoted};
use crate::keys::Reading;
use crate::kind_name::{self, Form};
use crate::names::bad_name;
use crate::node::{Data, Entry, Node};
use crate::packs::Packs;
use crate::slot::SlotDeclaration;
use crate::source::Place;
use crate::value::{element, refused};
use crate::within::Within;
use slotted::schema::{KindError, Problem, ProblemKind, Shape, Slot};
use slotted::{Kind, SchemaError, Store, Value};

/// The problems of slots that several schemas have: each is reported once, at its own schema if there.
#[derive(Debug, Default)]
pub(super) struct SlotProblems {
    /// The places of slots with a reported problem.
    reported: HashSet<Place>,
    /// The problems of slots in nested records.
    nested: Vec<(Place, Vec<Diagnostic>)>,
}

impl SlotProblems {
    /// Adds the problems of a slot after the first ones; `errors` were there before.
    pub(super) fn add(
        &mut self,
        (place, is_own): (Place, bool),
        (first, errors): (usize, usize),
        diagnostics: &mut Diagnostics,
    ) {
        if is_own && diagnostics.errors > errors {
            self.reported.insert(place);
        } else if !is_own {
            let problems = diagnostics.take_after(first);
            if !problems.is_empty() {
                self.nested.push((place, problems));
            }
        }
    }

    /// Returns whether a problem of the slot is reported.
    pub(super) fn is_reported(&self, place: Place) -> bool {
        self.reported.contains(&place)
    }

    /// Reports the problems that slots have in nested records alone.
    pub(super) fn report(mut self, diagnostics: &mut Diagnostics) {
        for (place, problems) in self.nested {
            if self.reported.insert(place) {
                problems.into_iter().for_each(|problem| diagnostics.push(problem));
            }
        }
    }
}

impl SlotDeclaration<'_, '_> {
    /// Returns the default of a slot that the schema inherits, with its place.
    pub(super) fn inherited_default(
        &self,
        (schema, inherited): (&str, &Slot),
        registry: &Store,
        diagnostics: &mut Diagnostics,
    ) -> Option<(Place, Value)> {
        let slot = quoted(&self.name);
        if let Some((key, place)) = self.other_key("default") {
            let (key, schema) = (quoted(key), quoted(schema));
            let message = format!("schema {schema} inherits slot {slot}, and cannot change {key}");
            let diagnostic = Diagnostic::error(Code::BadSlot, message)
                .at(place, "not for an inherited slot")
                .help("only the default of an inherited slot can be another one");
            diagnostics.push(diagnostic);
            return None;
        }
        let (place, node) = self.key("default")?;
        let value = node.to_value();
        if let Err(kind) = registry.check_value(inherited, &value) {
            if *inherited.kind().element() == Kind::Object {
                diagnostics.push(reference_default(&self.name, place));
                return None;
            }
            let slot = Arc::from(inherited.name());
            let problem = Problem { record: None, schema: schema.into(), slot, kind };
            let mut diagnostic = refused(&problem, place, node, None);
            let error = SchemaError::BadDefault(Box::new(problem));
            (diagnostic.code, diagnostic.message) = (Code::BadSlot, error.to_string());
            diagnostics.push(diagnostic);
            return None;
        }
        Some((place, value))
    }

    /// Reports a default of an optional part of a list's elements or of a variant's values.
    pub(super) fn refuse_default(&self, diagnostics: &mut Diagnostics) {
        if let Some((place, _)) = self.key("default") {
            let message = format!("slot {} cannot have a default", quoted(&self.name));
            let diagnostic = Diagnostic::error(Code::BadSlot, message);
            let help = "remove 'optional': who leaves the part out gets its default";
            diagnostics.push(diagnostic.at(place, "the part is optional").help(help));
        }
    }

    /// Reports that values of this kind have no brackets to leave out. Returns `false` if the declaration says no such thing.
    pub(super) fn refuse_one_or_list(&self, kind: &Kind, diagnostics: &mut Diagnostics) -> bool {
        let Some((place, node)) = self.key("one_or_list") else { return false };
        let is_list = match &self.placed {
            Some(placed) if placed.is_in_list => placed.has_lengths,
            _ => matches!(kind, Kind::List(_)),
        };
        if is_list || !matches!(node.data, Data::Bool(true)) {
            return false;
        }
        let element = match kind.element() {
            Kind::Enum(_) => "enum".to_owned(),
            element => element.to_string(),
        };
        diagnostics.push(no_brackets(&self.name, place, &element));
        true
    }

    /// Reports an error in the declaration at its key.
    pub(super) fn report(&self, error: SchemaError, packs: &Packs, diagnostics: &mut Diagnostics) {
        let at = |key| self.key(key).map_or(self.place, |(place, _)| place);
        let diagnostic = Diagnostic::error(Code::BadSlot, error.to_string());
        diagnostics.push(match &error {
            SchemaError::BadName { .. } => bad_name("a slot", &self.name, self.place),
            SchemaError::KindError { reason: KindError::DuplicateVariant(variant), .. } => {
                diagnostic.at(self.second(variant), "repeated here")
            }
            SchemaError::KindError { reason: KindError::VariantCount(0), .. }
                if self.removes_any() =>
            {
                self.without_variants(packs)
            }
            SchemaError::KindError { .. } => {
                let key = if self.key("variants").is_some() { "variants" } else { "kind" };
                diagnostic.at(at(key), "invalid")
            }
            SchemaError::UnsuitableConstraint { constraint, kind, .. } => {
                let label = constraint::flaw(constraint, kind);
                let diagnostic = diagnostic.at(at(constraint.word()), label);
                constraint::advise(diagnostic, constraint, kind)
            }
            SchemaError::BadConstraint { constraint, kind, .. } => {
                diagnostic.at(at(constraint), format!("does not apply to {kind}"))
            }
            SchemaError::BadDefault(problem) => match self.key("default") {
                Some((place, node)) if is_reference(problem, node) => {
                    let help = "write optional = true instead; records name their own target, or inherit it";
                    diagnostic.at(place, "a reference has no default").help(help)
                }
                Some((place, node)) => {
                    let mut diagnostic = refused(problem, place, node, None);
                    (diagnostic.code, diagnostic.message) = (Code::BadSlot, error.to_string());
                    let cause = cause(&problem.kind).unwrap_or_default();
                    let patched = self.patched();
                    let patch = patched.iter().find(|patch| patch.key == cause);
                    with_patch(diagnostic, patch, packs)
                }
                None => diagnostic.at(self.place, ""),
            },
            _ => diagnostic.at(self.place, "this slot"),
        });
    }

    /// Returns the place of a variant's second occurrence.
    fn second(&self, variant: &str) -> Place {
        let Some((place, node)) = self.key("variants").or_else(|| self.key("kind")) else {
            return self.place;
        };
        let Data::List(list) = &node.data else { return place };
        let is_same = |node: &&Node<'_>| matches!(&node.data, Data::Text(text) if text == variant);
        let second = list.iter().filter(is_same).nth(1);
        second.map_or(place, |node| Place { span: node.span, ..place })
    }
}

/// Reports another default for an inherited slot of references.
fn reference_default(slot: &str, place: Place) -> Diagnostic {
    let message = format!("slot {} refers to records, and cannot have a default", quoted(slot));
    Diagnostic::error(Code::BadSlot, message)
        .at(place, "a reference has no default")
        .help("name the record in an abstract record, from which the others inherit")
}

/// Reports another default for an inherited slot that is nested.
pub(super) fn nested_default(
    slot: &SlotDeclaration<'_, '_>,
    (schema, shape): (&str, &Shape),
) -> Diagnostic {
    let (name, of) = (quoted(&slot.name), quoted(schema));
    let place = slot.key("default").map_or(slot.place, |(place, _)| place);
    let message =
        format!("schema {of} inherits slot {name} ({shape}), and cannot change it as a whole");
    let help = match shape {
        Shape::Record(_) => {
            let name = &slot.name;
            format!("give its parts other defaults, as in slots.{name}.slots.PART.default")
        }
        _ => "write the value in an abstract record, from which the others inherit".to_owned(),
    };
    Diagnostic::error(Code::BadSlot, message).at(place, "not for the whole of it").help(help)
}

/// Reports `one_or_list` at a kind that is no list.
pub(super) fn no_brackets(slot: &str, place: Place, kind: &str) -> Diagnostic {
    let message = format!("slot {} cannot have 'one_or_list'", quoted(slot));
    Diagnostic::error(Code::BadSlot, message)
        .at(place, format!("{kind} is no list"))
        .help(format!("write kind = \"list({kind})\", or remove 'one_or_list'"))
}

/// Returns whether a list of one element needs no brackets. Reports `one_or_list` at a value that is no list.
pub(super) fn may_lack_brackets(
    (slot, keys): (&Entry<'_>, &[Entry<'_>]),
    (kind, is_patch): (Option<(Place, &str)>, bool),
    within: &Within,
    reading: &mut Reading<'_>,
) -> bool {
    let key = keys.iter().find(|key| key.name == "one_or_list");
    let key = key.filter(|key| matches!(key.value.data, Data::Bool(true)));
    let Some(key) = key else { return false };
    let (name, place) = (within.name(&slot.name), reading.place(key.value.span));
    let problem = match kind.map_or("record", |(_, kind)| kind.trim()) {
        // The kind is in another file.
        _ if kind.is_none() && is_patch => return true,
        "list" => return true,
        "map" => no_brackets(&name, place, "map(record)"),
        kind if matches!(kind_name::form(kind, &|_| true), Form::List(_)) => return true,
        kind => no_brackets(&name, place, kind),
    };
    reading.diagnostics.push(problem);
    false
}

/// Returns whether the value is refused because no record exists yet.
fn is_reference(problem: &Problem, node: &Node<'_>) -> bool {
    matches!(element(&problem.kind, node).0, ProblemKind::WrongKind { expected: Kind::Object, .. })
}

pub(super) const TAG_HELP: &str = "only a union of schemas has a tag, as in kind = \"heal | buff\"";

/// Reports a kind that does not exist, or that is not complete. The place is up to the caller.
pub(super) fn unknown_kind(name: &str, suggestion: Option<Arc<str>>) -> Diagnostic {
    match name.trim() {
        kind @ ("list" | "map") => {
            let message = format!("kind '{kind}' needs the kind of its elements");
            Diagnostic::error(Code::BadSlot, message).help(format!(
                "write kind = \"{kind}(text)\", or declare the parts of each element under 'slots'"
            ))
        }
        "enum" | "list(enum)" => Diagnostic::error(Code::BadSlot, "kind 'enum' needs variants")
            .help("add a list of names, such as variants = [\"one\", \"other\"]"),
        _ => {
            let end = did_you_mean(suggestion.as_deref());
            let message = format!("unknown kind {}{end}", quoted(name));
            let is_clear = suggestion.is_some();
            let diagnostic = Diagnostic::error(Code::UnknownKind, message)
                .suggest(suggestion)
                .expected_found(kind_name::all(), quoted(name));
            match is_clear {
                true => diagnostic,
                false => diagnostic.help(format!("known kinds: {}", kind_name::all())),
            }
        }
    }
}

/// Returns the kind with the name of a schema in place of a similar word.
pub(super) fn kind_of_schemas<'n>(
    kind: &str,
    schemas: impl IntoIterator<Item = &'n Arc<str>> + Copy,
    diagnostics: &mut Diagnostics,
) -> Option<Arc<str>> {
    let words = kind.split(|c: char| !c.is_alphanumeric() && !matches!(c, '_' | '-'));
    let is_known = |word: &str| {
        matches!(word, "" | "list" | "map" | "record") || kind_name::parse(word, None).is_ok()
    };
    let near = words.filter(|word| !is_known(word)).find_map(|word| {
        Some((word, diagnostics.nearest(word, schemas).filter(|near| **near != *word)?))
    });
    near.map(|(word, near)| kind.replacen(word, &near, 1).into())
}

/// Returns whether a file that cannot be read may declare a schema that the kind names.
pub(super) fn may_be_declared(kind: &str, diagnostics: &mut Diagnostics) -> bool {
    let names = kind.split(['(', ')', ',', '|']).map(str::trim).filter(|name| !name.is_empty());
    let is_known = |name: &str| {
        matches!(name, "list" | "map" | "enum") || kind_name::parse(name, None).is_ok()
    };
    let mut unknown = names.filter(|name| !is_known(name));
    unknown.any(|name| diagnostics.holds_back(name))
}

pub(super) fn help_for(key: &str) -> Option<&'static str> {
    Some(match key.to_lowercase().as_str() {
        "type" => "use 'kind' instead",
        "min" | "max" | "minimum" | "maximum" => "use range = [min, max] instead",
        "values" | "options" | "enum" | "choices" => "use 'variants' instead",
        "description" | "desc" | "comment" | "help" => "use 'doc' instead",
        "required" => "slots without a default are required; use 'optional' instead",
        "nullable" => "use 'optional' instead",
        "units" => "use 'unit' instead",
        "ref" | "reference" | "refers_to" => "use 'references' instead",
        _ => return None,
    })
}

/// Reports keys of a map that are no names.
pub(super) fn check_key(place: Place, kind: &str, diagnostics: &mut Diagnostics) -> Option<()> {
    match kind_name::parse(kind, None) {
        // An unknown kind is reported elsewhere.
        Ok(Kind::Text | Kind::Object | Kind::Enum(_)) | Err(_) => Some(()),
        Ok(kind) => {
            let message = format!("the keys of a map are text, object or an enum, not {kind}");
            let diagnostic = Diagnostic::error(Code::BadSlot, message);
            diagnostics.push(diagnostic.at(place, "keys of this kind are no names"));
            None
        }
    }
}

/// Reports the default of a list or a map that elements or variants have.
pub(super) fn inner_default(name: &str, place: Place) -> Diagnostic {
    let message = format!("slot {} cannot have a default", quoted(name));
    Diagnostic::error(Code::BadSlot, message)
        .at(place, "a list or a map in elements or variants")
        .help("write optional = true instead: elements may leave it out then")
}

/// Reports references beside a record without keys that could be some.
pub(super) fn check_references(
    entry: &Entry<'_>,
    references: Option<&Entry<'_>>,
    around: &[SlotDeclaration<'_, '_>],
    reading: &mut Reading<'_>,
) {
    let Some(references) = references.filter(|_| !has_keys(around)) else { return };
    let message = format!("slot {} cannot have 'references'", quoted(&entry.name));
    let place = reading.place(references.span);
    let diagnostic = Diagnostic::error(Code::BadSlot, message);
    reading.diagnostics.push(
        diagnostic
            .at(place, "only a map with keys = \"object\" refers to records here")
            .help("write it at a part of kind object, under 'slots'"),
    );
}

/// Returns whether one of the slots around a record has the keys of a map, which are objects.
fn has_keys(around: &[SlotDeclaration<'_, '_>]) -> bool {
    around.iter().any(|slot| slot.part == "key" && slot.kind_text() == Some("object"))
}
