//! Describes records and their patches.

use serde_json::{Map, Value as Json, json};

use crate::json_schema::build::object;
use crate::json_schema::values::{Place, Values, is_optional, nested_names};
use crate::json_schema::{Writer, condition};
use crate::references::is_required;
use crate::words::{Word, Words};
use slotted::schema::{RegisteredSchema, SIGNS, Slot};

impl Writer<'_> {
    /// Describes the records of a schema and their patches.
    pub(super) fn record(&self, schema: &RegisteredSchema, words: &Words) -> (Json, Json) {
        let values = Values::new(self, schema, words);
        let slots = values.all(Place::Changed);
        let mut patched = slots.clone();
        let own = [(Word::Unset, unset(schema)), (Word::IfPack, condition())];
        add_words(&mut patched, own, words);
        let patch = object(format!("Patch of {}", schema.name()), patched);
        let mut inherits = self.record_name(Some(schema.name()), true);
        inherits["description"] = "The record from which this one inherits values.".into();
        let is_abstract =
            "If true, the record only serves as a base for other records and spawns no object.";
        let is_abstract = json!({ "type": "boolean", "description": is_abstract });
        let own = [inherits, is_abstract, unset(schema), condition()];
        let whole = self.whole(&values, &slots, words);
        let mut slots = slots;
        add_words(&mut slots, Word::OF_RECORDS.into_iter().zip(own), words);
        let mut record = object(schema.name().to_owned(), slots);
        record["allOf"] = whole.into();
        (record, patch)
    }

    /// Describes records that inherit nothing: they change no values, and give those that they need. `changed` describes the
    /// values of others.
    fn whole(&self, values: &Values<'_>, changed: &Map<String, Json>, words: &Words) -> Vec<Json> {
        let mut conditions = Vec::new();
        let heir = words.name(Word::Inherits).map(|name| json!({ "required": [name] }));
        let without = |others: Vec<&Json>| json!({ "not": { "anyOf": others } });
        let unchanged = values.unchanged();
        if !unchanged.is_empty() {
            let unchanged = json!({ "properties": unchanged });
            conditions.push(match &heir {
                Some(heir) => json!({ "if": without(vec![heir]), "then": unchanged }),
                None => unchanged,
            });
        }
        // An abstract record can leave required slots out.
        let base = words
            .name(Word::Abstract)
            .map(|name| json!({ "required": [name], "properties": { name: { "const": true } } }));
        let schema = values.schema;
        let required = required(schema, words);
        let mut nested = values.nested(Place::Fresh);
        nested.retain(|name, json| changed.get(name) != Some(json));
        if let Some(base) = &base {
            // Its heirs give the parts that it lacks, but it has nothing to change.
            let mut parts = values.nested(Place::Abstract);
            parts.retain(|name, json| changed.get(name) != Some(json));
            let is_meant = match &heir {
                Some(heir) => json!({ "allOf": [base, without(vec![heir])] }),
                None => base.clone(),
            };
            if !parts.is_empty() {
                conditions.push(json!({ "if": is_meant, "then": { "properties": parts } }));
            }
        }
        let is_whole = |name: &&str| !name.contains('.') && words.of_record(name).is_none();
        let wholes = nested_names(schema).into_iter().filter(is_whole);
        let wholes = wholes
            .filter(|name| schema.shape(name).is_some_and(|shape| is_required(schema, shape)));
        let wholes: Vec<&str> = wholes.collect();
        if !required.is_empty() || !wholes.is_empty() || !nested.is_empty() {
            // A record can also name the parts one by one.
            let by_wholes = json!({ "propertyNames": { "pattern": r"^[^.\[{@|]*$" } });
            let nested = json!({ "required": wholes, "properties": nested });
            let whole = json!({ "required": required, "if": by_wholes, "then": nested });
            let others: Vec<&Json> = heir.iter().chain(&base).collect();
            conditions.push(match others.is_empty() {
                false => json!({ "if": without(others), "then": whole }),
                true => whole,
            });
        }
        conditions
    }
}

/// Returns the slots that a record gives unless it inherits them.
fn required<'s>(schema: &'s RegisteredSchema, words: &Words) -> Vec<&'s str> {
    let required = schema.slots().iter().filter(|slot| slot.is_required()).map(Slot::name);
    // A part of a nested value is in a map or a list, or under its own name.
    let is_part = |name: &str| name.contains('.') || name.contains(SIGNS);
    // The word may stand there instead.
    let is_word = |name: &str| words.of_record(name).is_some();
    required.filter(|name| !is_word(name) && !is_part(name)).collect()
}

/// Describes `unset`.
fn unset(schema: &RegisteredSchema) -> Json {
    let optional = schema.slots().iter().filter(|slot| slot.is_optional()).map(Slot::name);
    let mut optional: Vec<&str> = optional.collect();
    let is_optional =
        |name: &&str| schema.shape(name).is_some_and(|shape| is_optional(schema, shape));
    optional.retain(|name| schema.whole_of(name).is_none());
    optional.extend(nested_names(schema).into_iter().filter(is_optional));
    let name = if optional.is_empty() { json!(false) } else { json!({ "enum": optional }) };
    let unset = "The slots that have no value, also if this record inherits one.";
    json!({ "type": "array", "items": name, "description": unset })
}

/// Adds the words of records. A slot of such a name needs a file that renames the word.
fn add_words(
    slots: &mut Map<String, Json>,
    own: impl IntoIterator<Item = (Word, Json)>,
    words: &Words,
) {
    for (word, json) in own {
        let Some(name) = words.name(word) else { continue };
        let json = match slots.remove(name) {
            Some(slot) => json!({ "anyOf": [slot, json] }),
            None => json,
        };
        slots.insert(name.to_owned(), json);
    }
}
