//! Checks the values of records.

use crate::blame::{patched_key, with_patch};
use crate::diagnostic::Severity;
use crate::node::Node;
use crate::records::{RecordReader, Undeclared};
use crate::references::is_needed;
use crate::source::Place;
use crate::value::{
    element_place, is_reference, not_a_name, refused, without_number, wrong_elements,
};
use slotted::Value;
use slotted::schema::{Kind, ProblemKind, RegisteredSchema, Slot};

/// The result of checking a value.
pub(super) enum Checked {
    Right(Value),
    /// Wrong, and reported.
    Wrong,
    /// Not accepted; the slot keeps its default.
    Discarded,
}

impl RecordReader<'_> {
    /// Checks whether the slot accepts the value.
    pub(super) fn check(
        &mut self,
        schema: &RegisteredSchema,
        slot: usize,
        node: &Node<'_>,
        place: Place,
    ) -> Checked {
        if !node.is_whole() {
            return Checked::Wrong;
        }
        let slot = &schema.slots()[slot];
        if *slot.kind().element() == Kind::Any && self.reading(place).repeats_a_name(node) {
            return Checked::Wrong;
        }
        let mut value = node.to_value_of(slot.kind());
        if self.records.has_numbers && *slot.kind().element() == Kind::Object {
            value = numbers_as_names(value);
        }
        // References are resolved after all records are read.
        if is_reference(slot.kind(), &value) {
            return Checked::Right(value);
        }
        let wrong = match not_a_name(slot.kind(), &value) {
            Some(kind) => Err(kind),
            None => self.registry.check_value(slot, &value),
        };
        let Err(wrong) = wrong else { return Checked::Right(value) };
        let words = Some((self.records.words.at(place), self.registry));
        match wrong {
            // A variant of a removed mod. A record that needs a value is kept aside.
            kind if self.undeclared != Undeclared::Refuse && unknown_variant(&kind).is_some() => {
                let problem = schema.problem(slot.name(), kind);
                let is_needed = is_needed(schema, slot) && !self.is_patch;
                self.records.lacks_any |= is_needed;
                let of = if is_needed { "this record is " } else { "" };
                let label = format!("{of}{}", self.undeclared.label());
                let known = format!("{label} {}", without_number(&problem));
                let place = element_place(&problem, place, node);
                self.diagnostics.once_with((&known, place), Severity::Warning, |_| {
                    let patch = patched_key(self.schemas, self.registry, &problem);
                    let diagnostic = refused(&problem, place, node, words).into_warning(&label);
                    with_patch(diagnostic, patch, self.packs)
                });
                Checked::Discarded
            }
            // A patch in a file that cannot be read may add the variant.
            kind if unknown_variant(&kind)
                .is_some_and(|name| self.diagnostics.holds_back(name)) =>
            {
                Checked::Wrong
            }
            kind => {
                let found = (slot, &value);
                self.wrong((schema, found), kind, node, place);
                Checked::Wrong
            }
        }
    }

    /// Reports a value that the slot refuses.
    fn wrong(
        &mut self,
        (schema, (slot, value)): (&RegisteredSchema, (&Slot, &Value)),
        kind: ProblemKind,
        node: &Node<'_>,
        whole: Place,
    ) {
        let words = Some((self.records.words.at(whole), self.registry));
        let check = |rest: &Value| self.registry.check_value(slot, rest).err();
        for kind in wrong_elements(kind, value, check) {
            let problem = schema.problem(slot.name(), kind);
            let (known, place) = (without_number(&problem), element_place(&problem, whole, node));
            let patch = patched_key(self.schemas, self.registry, &problem);
            let (is_new, packs) = (!self.is_patch && patch.is_some(), self.packs);
            let make = || with_patch(refused(&problem, place, node, words), patch, packs);
            if is_new && self.narrowed.has_room() {
                self.narrowed.add((whole, place), known, make());
            } else {
                self.diagnostics.once_with((&known, place), Severity::Error, |_| make());
            }
        }
    }
}

/// Returns the reference, or the list of references, with names in place of numbers.
fn numbers_as_names(value: Value) -> Value {
    match value {
        Value::Int(number) => number.to_string().into(),
        Value::UInt(number) => number.to_string().into(),
        Value::List(list) => Value::List(list.iter().cloned().map(numbers_as_names).collect()),
        other => other,
    }
}

/// Returns the name of the variant that an enum does not have.
fn unknown_variant(kind: &ProblemKind) -> Option<&str> {
    match kind {
        ProblemKind::UnknownVariant { found, .. } => Some(found),
        ProblemKind::Element { kind, .. } => unknown_variant(kind),
        _ => None,
    }
}
