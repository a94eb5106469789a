//! Reads slots from their declarations in files.

use std::collections::BTreeMap;
use std::sync::{Arc, LazyLock};

use crate::constraint;
use crate::diagnostic::{Code, Diagnostic, Diagnostics, did_you_mean, quoted};
use crate::keys::Reading;
use crate::kind_name;
use crate::names::bad_name;
use crate::node::{Data, Entry, Node};
use crate::source::Place;
use crate::value::refused;
use slotted::Kind;
use slotted::{Schema, SchemaError, schema::KindError, schema::SchemaBuilder};

/// The keys of a slot, in reading order.
static KEYS: LazyLock<Vec<&str>> = LazyLock::new(|| {
    let first = ["kind", "variants", "optional", "default"];
    let last = ["doc", "unit", "renamed_from"];
    first.into_iter().chain(constraint::KEYS).chain(last).collect()
});

/// The keys of one slot from all files. The last file that sets a key wins.
pub(super) struct SlotDeclaration<'n, 's> {
    pub(super) name: &'n str,
    /// The first place of its name.
    pub(super) place: Place,
    keys: BTreeMap<usize, (Place, &'n Node<'s>)>,
    /// `true` if it has unknown keys. One of them may be a misspelt `kind`.
    has_unknown: bool,
}

/// Documentation and places of a slot, without effect on values.
#[derive(Clone, Debug, Default)]
pub(super) struct SlotNotes {
    pub(super) doc: Option<Arc<str>>,
    pub(super) unit: Option<Arc<str>>,
    pub(super) place: Option<Place>,
    pub(super) default_place: Option<Place>,
    /// The place of the name of the referenced schema.
    pub(super) references_place: Option<Place>,
}

impl<'n, 's> SlotDeclaration<'n, 's> {
    /// Reads a declaration. Returns `None` if the entry is neither a kind nor a map.
    pub(super) fn read(reading: &mut Reading<'_>, entry: &'n Entry<'s>) -> Option<Self> {
        let place = reading.place(entry.span);
        let mut slot = Self { name: &entry.name, place, keys: BTreeMap::new(), has_unknown: false };
        slot.patch(reading, entry).then_some(slot)
    }

    /// Adds the keys of another file.
    pub(super) fn patch(&mut self, reading: &mut Reading<'_>, entry: &'n Entry<'s>) -> bool {
        if matches!(entry.value.data, Data::Text(_)) {
            self.keys.insert(0, (reading.place(entry.value.span), &entry.value));
            return true;
        }
        let expected = "a kind, or a map with a kind";
        let Some(map) = reading.map(&entry.value, "a slot", expected) else { return false };
        for key in reading.once(map, "the slot") {
            match KEYS.iter().position(|known| *known == key.name) {
                Some(known) => {
                    self.keys.insert(known, (reading.place(key.value.span), &key.value));
                }
                None => {
                    self.has_unknown = true;
                    let help = help_for(&key.name);
                    reading.unknown(key, "a slot", &KEYS, help);
                }
            }
        }
        true
    }

    fn key(&self, name: &str) -> Option<(Place, &'n Node<'s>)> {
        let key = KEYS.iter().position(|known| *known == name)?;
        self.keys.get(&key).copied()
    }

    /// Reads the value of a key in its file.
    fn read_key<T>(
        &self,
        diagnostics: &mut Diagnostics,
        name: &str,
        read: impl FnOnce(&mut Reading<'_>, &'n Node<'s>) -> Option<T>,
    ) -> Option<T> {
        let (place, node) = self.key(name)?;
        read(&mut Reading { file: place.file, diagnostics }, node)
    }

    /// Adds the slot to the schema if it has no errors.
    pub(super) fn add_to(
        &self,
        schema: SchemaBuilder,
        schema_name: &str,
        diagnostics: &mut Diagnostics,
    ) -> SchemaBuilder {
        let errors = diagnostics.errors;
        let kind = self.kind(schema_name, diagnostics);
        let constraints = constraint::KEYS.map(|key| {
            self.read_key(diagnostics, key, |reading, node| constraint::read(reading, key, node))
        });
        let optional = self
            .read_key(diagnostics, "optional", |reading, node| reading.bool(node, "'optional'"));
        let renamed_from = self.read_key(diagnostics, "renamed_from", |reading, node| {
            reading.text(node, "'renamed_from'")
        });
        let add = |schema: SchemaBuilder, kind: Kind| {
            let mut schema = schema.slot(self.name, kind);
            if optional == Some(true) {
                schema = schema.optional();
            }
            for constraint in constraints.iter().flatten() {
                schema = schema.constraint(constraint.clone());
            }
            if let Some(name) = renamed_from {
                schema = schema.renamed_from(name);
            }
            match self.key("default") {
                Some((_, node)) if !matches!(node.data, Data::Bad) => {
                    schema.default(node.to_value())
                }
                _ => schema,
            }
        };
        let Some(kind) = kind else { return schema };
        // Built alone to find the errors of every slot.
        if let Err(error) = add(Schema::builder(schema_name), kind.clone()).build() {
            self.report(error, diagnostics);
        }
        if diagnostics.errors == errors { add(schema, kind) } else { schema }
    }

    pub(super) fn notes(&self, diagnostics: &mut Diagnostics) -> SlotNotes {
        let mut text = |name| {
            self.read_key(diagnostics, name, |reading, node| reading.text(node, &quoted(name)))
                .map(Arc::from)
        };
        let (doc, unit) = (text("doc"), text("unit"));
        let place_of = |key| self.key(key).map(|(place, _)| place);
        let (default_place, references_place) = (place_of("default"), place_of("references"));
        SlotNotes { doc, unit, place: Some(self.place), default_place, references_place }
    }

    fn kind(&self, schema: &str, diagnostics: &mut Diagnostics) -> Option<Kind> {
        let variants = match self.key("variants") {
            None => None,
            Some((place, node)) => {
                Some(variants(&mut Reading { file: place.file, diagnostics }, node)?)
            }
        };
        let Some((place, node)) = self.key("kind") else {
            if variants.is_some() {
                return variants;
            }
            if self.has_unknown {
                return None;
            }
            let (slot, schema) = (quoted(self.name), quoted(schema));
            let message = format!("slot {slot} of {schema} has no kind");
            diagnostics.push(
                Diagnostic::error(Code::BadSlot, message)
                    .at(self.place, "missing kind")
                    .help(format!("known kinds: {}", kind_name::all())),
            );
            return None;
        };
        let mut reading = Reading { file: place.file, diagnostics };
        let name = reading.text(node, "'kind'")?;
        match kind_name::parse(name, variants.as_ref()) {
            Ok(kind) => {
                if let (Some((place, _)), false) = (self.key("variants"), is_enum(&kind)) {
                    let message = format!("kind {kind} cannot have variants");
                    diagnostics.push(
                        Diagnostic::error(Code::BadSlot, message)
                            .at(place, "only enums have variants")
                            .help("remove the kind, or write kind = \"enum\""),
                    );
                    return None;
                }
                Some(kind)
            }
            Err(_) if name.contains("list(list") => {
                let message = "lists of lists are not supported";
                let diagnostic = Diagnostic::error(Code::BadSlot, message);
                diagnostics.push(diagnostic.at(place, "list of lists"));
                None
            }
            Err(_) if name.trim() == "enum" || name.trim() == "list(enum)" => {
                let diagnostic = Diagnostic::error(Code::BadSlot, "kind 'enum' needs variants")
                    .at(place, "missing variants")
                    .help("add a list of names, such as variants = [\"one\", \"other\"]");
                diagnostics.push(diagnostic);
                None
            }
            Err(error) => {
                let suggestion = error.suggestion;
                let end = did_you_mean(suggestion.as_deref());
                let message = format!("unknown kind {}{end}", quoted(name));
                let is_clear = suggestion.is_some();
                let diagnostic = Diagnostic::error(Code::UnknownKind, message)
                    .at(place, "no such kind")
                    .suggest(suggestion)
                    .expected_found(kind_name::all(), quoted(name));
                diagnostics.push(match is_clear {
                    true => diagnostic,
                    false => diagnostic.help(format!("known kinds: {}", kind_name::all())),
                });
                None
            }
        }
    }

    /// Reports an error in the declaration at its key.
    fn report(&self, error: SchemaError, diagnostics: &mut Diagnostics) {
        let at = |key| self.key(key).map_or(self.place, |(place, _)| place);
        let diagnostic = Diagnostic::error(Code::BadSlot, error.to_string());
        diagnostics.push(match &error {
            SchemaError::BadName { .. } => bad_name("a slot", self.name, self.place),
            SchemaError::KindError { reason: KindError::DuplicateVariant(variant), .. } => {
                diagnostic.at(self.second(variant), "repeated here")
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
                Some((place, node)) => {
                    let mut diagnostic = refused(problem, place, node);
                    (diagnostic.code, diagnostic.message) = (Code::BadSlot, error.to_string());
                    diagnostic
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

fn is_enum(kind: &Kind) -> bool {
    matches!(kind.element(), Kind::Enum(_))
}

fn help_for(key: &str) -> Option<&'static str> {
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

fn variants(reading: &mut Reading<'_>, node: &Node<'_>) -> Option<Kind> {
    let list = reading.list(node, "'variants'", "a list of names")?;
    let names: Vec<Option<&str>> =
        list.iter().map(|node| reading.text(node, "a variant")).collect();
    Some(Kind::enumeration(names.into_iter().collect::<Option<Vec<_>>>()?))
}
