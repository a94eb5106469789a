//! A JSON Schema of definition files, with which editors complete and check.

use std::collections::HashMap;

use serde_json::{Map, Value as Json, json};

use crate::constraint::json as constraint;
use crate::kind_name;
use crate::loaded::Definitions;
use crate::schemas::RECORD_KEYS;
use crate::slot::SlotNotes;
use slotted::Value;
use slotted::{Kind, schema::NumberKind};
use slotted::{schema::Constraints, schema::Number};
use slotted::{schema::RegisteredSchema, schema::Slot};

/// More names than this help nobody.
const MOST_NAMES: usize = 1000;

impl Definitions {
    /// Returns a JSON Schema (draft 2020-12) of definition files with records of these schemas.
    ///
    /// Editors use it to complete names and values, show docs and units, and underline mistakes, in JSON and
    /// in TOML. Names of records are proposed, but others are accepted: they may be new. [`Loader::load`](super::Loader::load) checks more.
    ///
    /// ```
    /// use slotted::Store;
    /// use slotted_definitions::Loader;
    ///
    /// let file = r#"{"schemas": {"unit": {"slots": {"health": "f32"}}}}"#;
    /// let definitions = Loader::new().text("units.json", file).load(&Store::new())?;
    /// assert!(definitions.json_schema().contains("https://json-schema.org/draft/2020-12/schema"));
    /// # Ok::<(), slotted_definitions::Report>(())
    /// ```
    #[must_use]
    pub fn json_schema(&self) -> String {
        let mut writer = Writer { definitions: self, shared: Map::new() };
        format!("{:#}", writer.file())
    }
}

struct Writer<'d> {
    definitions: &'d Definitions,
    /// Parts that others refer to.
    shared: Map<String, Json>,
}

impl Writer<'_> {
    fn file(&mut self) -> Json {
        let (mut records, mut patches) = (Map::new(), Map::new());
        for (number, schema) in self.definitions.loaded.registry.schemas().enumerate() {
            // Names may have characters that references cannot have.
            let (record, patch) = (format!("record.{number}"), format!("patch.{number}"));
            let (record_ref, patch_ref) = (reference(&record), reference(&patch));
            let doc = self.definitions.schema_doc(schema.name());
            let records_of = json!({
                "description": doc,
                "type": ["object", "array"],
                "additionalProperties": record_ref.clone(),
                "items": record_ref,
            });
            records.insert(schema.name().to_owned(), without_nulls(records_of));
            let patches_of = json!({ "type": "object", "additionalProperties": patch_ref });
            patches.insert(schema.name().to_owned(), patches_of);
            let slots = self.slots(schema);
            self.shared.insert(patch, object(format!("Patch of {}", schema.name()), slots.clone()));
            self.shared.insert(record, self.record(schema, slots));
        }
        self.declarations();
        let sections = json!({
            "$schema": { "type": "string" },
            "schemas": map_of(&reference("schema"), "Schemas by their names."),
            "records": closed(records, "Records, by their schemas and names."),
            "patches": closed(
                Map::from_iter([
                    ("schemas".into(), map_of(&reference("schema_patch"), "Patches of schemas.")),
                    ("records".into(), closed(patches, "Patches of records.")),
                ]),
                "Changes of schemas and records, most often of other packs.",
            ),
        });
        let packs: Vec<_> = self.definitions.packs().iter().map(|pack| &*pack.name).collect();
        json!({
            "$schema": "https://json-schema.org/draft/2020-12/schema",
            "title": format!("Definition file of {}", packs.join(", ")),
            "type": "object",
            "properties": sections,
            "additionalProperties": false,
            "$defs": std::mem::take(&mut self.shared),
        })
    }

    /// The slots of a schema, its bases' included, as properties.
    fn slots(&self, schema: &RegisteredSchema) -> Map<String, Json> {
        let registry = &self.definitions.loaded.registry;
        let mut notes: HashMap<&str, &SlotNotes> = HashMap::new();
        for base in registry.schema_and_bases(schema.id()) {
            let Some(own) = self.definitions.schema_definition(base.name()) else { continue };
            notes.extend(own.schema.slots().iter().map(Slot::name).zip(&own.slots));
        }
        let slot = |slot: &Slot| {
            (slot.name().to_owned(), self.slot(slot, notes.get(slot.name()).copied()))
        };
        schema.slots().iter().map(slot).collect()
    }

    fn slot(&self, slot: &Slot, notes: Option<&SlotNotes>) -> Json {
        let mut json = self.kind(slot, slot.kind());
        if slot.is_optional() {
            json = or_null(json);
        }
        let doc = notes.and_then(|notes| notes.doc.as_deref());
        let unit = notes.and_then(|notes| notes.unit.as_deref());
        let unit = unit.map(|unit| format!("Unit: {unit}"));
        let parts = [doc.map(str::to_owned), unit, Some(slot.to_string())];
        let description: Vec<String> = parts.into_iter().flatten().collect();
        json["description"] = description.join("\n\n").into();
        if let Some(default) = slot.default().and_then(value) {
            json["default"] = default;
        }
        json
    }

    fn kind(&self, slot: &Slot, kind: &Kind) -> Json {
        match kind {
            Kind::Bool => json!({ "type": "boolean" }),
            Kind::Number(kind) => number(*kind, slot.constraints()),
            Kind::Vector(vector) => {
                numbers(vector.component(), vector.components(), slot.constraints())
            }
            Kind::Array(number, length) => numbers(*number, *length as usize, slot.constraints()),
            Kind::Text => json!({ "type": "string" }),
            Kind::Object => self.record_name(slot.references(), false),
            Kind::Enum(kind) => {
                json!({ "enum": kind.variants().iter().map(|name| &**name).collect::<Vec<_>>() })
            }
            Kind::List(list) => {
                json!({ "type": "array", "items": self.kind(slot, list.element()) })
            }
            // Only a program can make a value.
            Kind::Pod(_) => json!({ "not": {} }),
        }
    }

    /// The name of a record, of a schema that is or extends this one.
    fn record_name(&self, base: Option<&str>, may_be_abstract: bool) -> Json {
        let registry = &self.definitions.loaded.registry;
        let is_of = |schema: &RegisteredSchema| {
            base.is_none_or(|base| {
                registry
                    .schema_and_bases(schema.id())
                    .into_iter()
                    .any(|schema| schema.name() == base)
            })
        };
        let records = self.definitions.records();
        let fitting = records.filter(|record| may_be_abstract || !record.is_abstract());
        let names = fitting.filter(|record| is_of(record.schema()));
        let names = names.filter_map(|record| record.name()).take(MOST_NAMES + 1);
        let mut names: Vec<&str> = names.collect();
        names.sort_unstable();
        names.dedup();
        if names.is_empty() || names.len() > MOST_NAMES {
            return json!({ "type": "string" });
        }
        // The record that is meant may have been written a moment ago.
        json!({ "anyOf": [{ "enum": names }, { "type": "string" }] })
    }

    fn record(&self, schema: &RegisteredSchema, mut slots: Map<String, Json>) -> Json {
        let slot_names = schema.slots().iter();
        let required = slot_names.filter(|slot| slot.is_required()).map(Slot::name);
        let required: Vec<&str> = required.filter(|name| !RECORD_KEYS.contains(name)).collect();
        let mut inherits = self.record_name(Some(schema.name()), true);
        inherits["description"] = "The record whose values this one has too.".into();
        let is_abstract = "Whether the record is only there to be inherited from.";
        let words = [inherits, json!({ "type": "boolean", "description": is_abstract })];
        slots.extend(RECORD_KEYS.into_iter().map(str::to_owned).zip(words));
        let mut record = object(schema.name().to_owned(), slots);
        if !required.is_empty() {
            // What a record inherits is not known here, and an abstract one need not be whole.
            record["if"] = json!({ "not": { "anyOf": [
                { "required": ["inherits"] },
                { "required": ["abstract"], "properties": { "abstract": { "const": true } } },
            ] } });
            record["then"] = json!({ "required": required });
        }
        record
    }

    /// The parts that are the same for all packs.
    fn declarations(&mut self) {
        let schemas = self.definitions.loaded.registry.schemas();
        let names: Vec<&str> = schemas.map(RegisteredSchema::name).take(MOST_NAMES).collect();
        let name = match &*names {
            [] => json!({ "type": "string" }),
            names => json!({ "anyOf": [{ "enum": names }, { "type": "string" }] }),
        };
        let slots = |slot: &str, doc: &str| {
            let mut slots = map_of(&reference(slot), doc);
            slots["propertyNames"] = json!({ "not": { "enum": RECORD_KEYS } });
            slots
        };
        let schema = json!({
            "extends": name.clone(),
            "doc": { "type": "string" },
            "slots": slots("slot", "Slots by their names, in their order."),
        });
        let slot = slot_declaration(&name);
        let mut whole = slot.clone();
        whole["anyOf"] = json!([{ "required": ["kind"] }, { "required": ["variants"] }]);
        let patch = json!({ "slots": slots("slot_patch", "Slots to add, words to change.") });
        let kind_or = |map: Json| json!({ "anyOf": [reference("kind"), map] });
        self.shared.extend([
            ("schema".into(), closed_json(schema)),
            ("schema_patch".into(), closed_json(patch)),
            ("slot".into(), kind_or(whole)),
            ("slot_patch".into(), kind_or(slot)),
            ("kind".into(), kind_of_declaration()),
        ]);
    }
}

fn kind_of_declaration() -> Json {
    let names: Vec<&str> = kind_name::names().chain(["enum"]).collect();
    let words = format!("{}|enum\\(.*\\)", names.join("|"));
    let array = r"\[ *[iuf][0-9]+ *; *[0-9]+ *\]";
    let pattern = format!("^ *({words}|{array}|list\\( *({words}|{array}) *\\)) *$");
    json!({ "anyOf": [{ "enum": names }, { "type": "string", "pattern": pattern }] })
}

/// A slot's declaration as a map.
fn slot_declaration(schema_name: &Json) -> Json {
    let variants = json!({
        "type": "array", "items": { "type": "string" },
        "minItems": 1, "maxItems": 256, "uniqueItems": true,
        "description": "What an enum can be.",
    });
    let Json::Object(mut words) = json!({
        "kind": reference("kind"),
        "variants": variants,
        "optional": { "type": "boolean", "description": "Whether there may be no value." },
        "default": { "description": "The value of records that give none." },
        "doc": { "type": "string" },
        "unit": { "type": "string" },
        "renamed_from": { "type": "string" },
    }) else {
        unreachable!("a map in braces is an object")
    };
    words.extend(constraint::declarations(schema_name));
    closed_json(words.into())
}

fn reference(name: &str) -> Json {
    json!({ "$ref": format!("#/$defs/{name}") })
}

fn object(title: String, properties: Map<String, Json>) -> Json {
    json!({
        "title": title,
        "type": "object",
        "properties": properties,
        "additionalProperties": false,
    })
}

fn closed(properties: Map<String, Json>, description: &str) -> Json {
    json!({
        "description": description,
        "type": "object",
        "properties": properties,
        "additionalProperties": false,
    })
}

fn closed_json(properties: Json) -> Json {
    json!({ "type": "object", "properties": properties, "additionalProperties": false })
}

fn map_of(values: &Json, description: &str) -> Json {
    json!({ "description": description, "type": "object", "additionalProperties": values })
}

fn without_nulls(mut map: Json) -> Json {
    if let Json::Object(map) = &mut map {
        map.retain(|_, value| !value.is_null());
    }
    map
}

/// The same, or nothing.
fn or_null(mut json: Json) -> Json {
    if let Some(kind) = json.get("type").cloned() {
        json["type"] = json!([kind, "null"]);
    } else if let Some(Json::Array(values)) = json.get_mut("enum") {
        values.push(Json::Null);
    } else if let Some(Json::Array(forms)) = json.get_mut("anyOf") {
        forms.push(json!({ "type": "null" }));
    }
    json
}

/// As many numbers as a vector or an array has.
fn numbers(kind: NumberKind, length: usize, constraints: &Constraints) -> Json {
    json!({
        "type": "array", "items": number(kind, constraints), "minItems": length, "maxItems": length,
    })
}

fn number(kind: NumberKind, constraints: &Constraints) -> Json {
    let mut json = match kind.integer_range() {
        Some((least, most)) => json!({
            "type": "integer",
            "minimum": constraint::to_json(Number::Int(least)),
            "maximum": constraint::to_json(Number::Int(most)),
        }),
        None => json!({ "type": "number" }),
    };
    constraints.iter().for_each(|constraint| constraint::confine(&mut json, &constraint));
    json
}

/// A default as JSON has it, if it can.
fn value(given: &Value) -> Option<Json> {
    let single = |number: f32| format!("{number:?}").parse::<f64>().ok().map(Json::from);
    if let Some(numbers) = given.numbers() {
        return numbers.iter().map(value).collect();
    }
    match given {
        Value::Bool(truth) => Some((*truth).into()),
        Value::Int(number) => Some((*number).into()),
        Value::UInt(number) => Some((*number).into()),
        Value::F32(number) => single(*number),
        Value::F64(number) => Some((*number).into()),
        Value::Text(text) => Some((&**text).into()),
        Value::List(list) => list.iter().map(value).collect(),
        _ => None,
    }
}
