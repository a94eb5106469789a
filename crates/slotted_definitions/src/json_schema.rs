//! Generates a JSON Schema, which editors use to complete and check definition files.

use std::collections::{BTreeSet, HashMap};
use std::sync::Arc;

use serde_json::{Map, Value as Json, json};

use crate::constraint::json as constraint;
use crate::kind_name;
use crate::loaded::Definitions;
use crate::slot_notes::SlotNotes;
use crate::words::{WORDS, Word};
use slotted::Value;
use slotted::schema::{RegisteredSchema, SIGNS, Shape, Slot, Union, UnionBy};
use slotted::{Kind, schema::NumberKind};
use slotted::{schema::Constraints, schema::Number};

/// The schema lists no names of records if there are more than this.
const MOST_NAMES: usize = 1000;

impl Definitions {
    /// Returns a JSON Schema (draft 2020-12) for definition files with records of these schemas.
    ///
    /// Editors use it to complete names and values, show docs and units, and underline mistakes in JSON and TOML
    /// files. It proposes the names of records but accepts others, because they may be new.
    /// [`Loader::load`](super::Loader::load) checks more.
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
    /// The definitions under `$defs`.
    shared: Map<String, Json>,
}

impl Writer<'_> {
    fn file(&mut self) -> Json {
        let (mut records, mut patches, mut deleted) = (Map::new(), Map::new(), Map::new());
        for (number, schema) in self.definitions.loaded.registry.schemas().enumerate() {
            // Numbers, because names may contain characters that `$ref` does not allow.
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
            let names = self.record_name(Some(schema.name()), true);
            let list = json!({ "type": "array", "items": names });
            deleted.insert(schema.name().to_owned(), list);
            let slots = self.slots(schema);
            let mut patched = slots.clone();
            add_words(&mut patched, [(Word::Unset, unset(schema)), (Word::IfPack, condition())]);
            self.shared.insert(patch, object(format!("Patch of {}", schema.name()), patched));
            self.shared.insert(record, self.record(schema, slots));
        }
        self.declarations();
        let sections = json!({
            "$schema": { "type": "string" },
            "if_pack": condition(),
            WORDS: words(),
            "schemas": map_of(&reference("schema"), "Schemas by name."),
            "records": closed(records, "Records by schema and name."),
            "patches": closed(
                Map::from_iter([
                    ("schemas".into(), map_of(&reference("schema_patch"), "Patches of schemas.")),
                    ("records".into(), closed(patches, "Patches of records.")),
                    ("delete".into(), closed(deleted, "Names of deleted records by schema.")),
                ]),
                "Changes to schemas and records, usually those of other packs.",
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

    /// Describes the slots of a schema, including those of its bases, as properties.
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
        self.with_nested(schema, schema.slots().iter().map(slot).collect())
    }

    /// Adds the nested values. The parts of lists are in them alone.
    fn with_nested(
        &self,
        schema: &RegisteredSchema,
        mut slots: Map<String, Json>,
    ) -> Map<String, Json> {
        let nested: Vec<_> = nested_names(schema)
            .into_iter()
            .filter_map(|name| {
                let shape = schema.shape(name)?;
                let mut json = self.shape(schema, shape, &slots, Place::Record);
                if let (Shape::List(_), true) = (shape, self.is_one_or_list(schema, shape)) {
                    json = json!({ "anyOf": [json["items"].clone(), json] });
                }
                let json = if is_optional(schema, shape) { or_null(json) } else { json };
                Some((name.to_owned(), json))
            })
            .collect();
        slots.retain(|name, _| schema.whole_of(name).is_none());
        slots.extend(nested);
        slots
    }

    fn is_one_or_list(&self, schema: &RegisteredSchema, shape: &Shape) -> bool {
        let loaded = &self.definitions.loaded;
        loaded.schemas.is_one_or_list(&loaded.registry, schema, shape.slot_range().start)
    }

    /// Describes a nested value. `slots` describes the slots, which hold lists if they are parts of one.
    fn shape(
        &self,
        schema: &RegisteredSchema,
        shape: &Shape,
        slots: &Map<String, Json>,
        place: Place,
    ) -> Json {
        let fields = |fields: &[(Arc<str>, Shape)]| {
            let field = |(name, shape): &(Arc<str>, Shape)| {
                let json = self.shape(schema, shape, slots, place);
                let may_be_null = match place {
                    Place::Record => !matches!(shape, Shape::Slot(_)) && is_optional(schema, shape),
                    Place::Whole => !is_required(shape),
                };
                (name.to_string(), if may_be_null { or_null(json) } else { json })
            };
            fields.iter().map(field).collect::<Map<_, _>>()
        };
        match shape {
            Shape::Slot(part) => {
                let name = schema.slots()[part.slot].name();
                let slot = slots.get(name).cloned().unwrap_or_default();
                let mut json = match (name.contains(['[', '{']), part.lengths) {
                    (true, Some(_)) => json!({ "type": "array", "items": slot["items"] }),
                    (true, None) => slot["items"].clone(),
                    // The slot of a part is unset in other variants.
                    (false, _) if place == Place::Whole && is_required(shape) => not_null(slot),
                    (false, _) => slot,
                };
                if let Some(default) = part.default.as_ref().and_then(value) {
                    json["default"] = default;
                }
                json
            }
            Shape::Record(parts) => {
                let mut json = closed(fields(parts), "A nested record.");
                let required = parts.iter().filter(|(_, shape)| is_required(shape));
                let required: Vec<&str> = required.map(|(name, _)| &**name).collect();
                if place == Place::Whole && !required.is_empty() {
                    json["required"] = json!(required);
                }
                json
            }
            Shape::Tuple(parts) => {
                let last = parts.iter().rposition(|(_, shape)| is_required(shape));
                let least = last.filter(|_| place == Place::Whole).map_or(0, |last| last + 1);
                let parts: Vec<Json> = fields(parts).into_iter().map(|(_, part)| part).collect();
                let most = parts.len();
                json!({ "type": "array", "prefixItems": parts, "minItems": least, "maxItems": most })
            }
            Shape::List(elements) => {
                let items = self.shape(schema, &elements.element, slots, Place::Whole);
                let mut json = json!({ "type": "array", "items": items });
                if elements.lengths.is_none() {
                    accept_changes(&mut json, &Kind::list(Kind::Any));
                }
                json
            }
            Shape::Map(elements) => {
                let element = self.shape(schema, &elements.element, slots, Place::Whole);
                let values = &element["properties"]["value"];
                json!({ "type": "object", "additionalProperties": values })
            }
            Shape::Union(union) => self.union(schema, union, slots),
            _ => json!({}),
        }
    }

    /// Describes a value of one of several variants.
    fn union(&self, schema: &RegisteredSchema, union: &Union, slots: &Map<String, Json>) -> Json {
        let variants = union.variants.iter().map(|(name, shape)| {
            let name = &**name;
            let by_name = |json: Json| {
                let mut json = closed_json(json!({ name: json }));
                json["required"] = json!([name]);
                json
            };
            let Some(shape) = shape else {
                let none = json!({ "type": ["object", "null"], "maxProperties": 0 });
                return json!({ "anyOf": [{ "const": name }, by_name(none)] });
            };
            let mut json = self.shape(schema, shape, slots, Place::Whole);
            match &union.by {
                // The tag is a part that each value has.
                UnionBy::Tag(tag) => {
                    json["properties"][&**tag] = json!({ "const": name });
                    json
                }
                UnionBy::Name => by_name(if is_required(shape) { json } else { or_null(json) }),
                _ => json,
            }
        });
        json!({ "anyOf": variants.collect::<Vec<_>>() })
    }

    fn slot(&self, slot: &Slot, notes: Option<&SlotNotes>) -> Json {
        let mut json = self.kind(slot, slot.kind());
        if slot.is_optional() {
            json = or_null(json);
        }
        accept_changes(&mut json, slot.kind());
        // The list as a whole takes a single element, not its parts.
        let is_part = slot.name().contains(SIGNS);
        if !is_part && notes.is_some_and(|notes| notes.is_one_or_list) {
            json = json!({ "anyOf": [json["items"].clone(), json] });
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
            Kind::Any => json!({}),
            Kind::Object => self.record_name(slot.references(), false),
            Kind::Enum(kind) => {
                json!({ "enum": kind.variants().iter().map(|name| &**name).collect::<Vec<_>>() })
            }
            Kind::List(list) => {
                json!({ "type": "array", "items": self.kind(slot, list.element()) })
            }
            // Only the program can create such a value.
            Kind::Pod(_) => json!({ "not": {} }),
        }
    }

    /// Describes the name of a record whose schema is or extends `base`.
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
        // Accept other names too: the record may be new.
        json!({ "anyOf": [{ "enum": names }, { "type": "string" }] })
    }

    fn record(&self, schema: &RegisteredSchema, mut slots: Map<String, Json>) -> Json {
        let slot_names = schema.slots().iter();
        let required = slot_names.filter(|slot| slot.is_required()).map(Slot::name);
        // A part of a nested value is in a map or a list, or under its own name.
        let is_part = |name: &str| name.contains('.') || name.contains(SIGNS);
        // The word may stand there instead.
        let is_word = |name: &&str| Word::OF_RECORDS.iter().any(|word| word.name() == *name);
        let required = required.filter(|name| !is_word(name) && !is_part(name));
        let required: Vec<&str> = required.collect();
        let mut inherits = self.record_name(Some(schema.name()), true);
        inherits["description"] = "The record from which this one inherits values.".into();
        let is_abstract =
            "If true, the record only serves as a base for other records and spawns no object.";
        let is_abstract = json!({ "type": "boolean", "description": is_abstract });
        let own = [inherits, is_abstract, unset(schema), condition()];
        add_words(&mut slots, Word::OF_RECORDS.into_iter().zip(own));
        let mut record = object(schema.name().to_owned(), slots);
        if !required.is_empty() {
            // A record can inherit required slots, and an abstract one can leave them out.
            record["if"] = json!({ "not": { "anyOf": [
                { "required": ["inherits"] },
                { "required": ["abstract"], "properties": { "abstract": { "const": true } } },
            ] } });
            record["then"] = json!({ "required": required });
        }
        record
    }

    /// Adds the definitions of schemas, slots and kinds.
    fn declarations(&mut self) {
        let schemas = self.definitions.loaded.registry.schemas();
        let names: Vec<&str> = schemas.map(RegisteredSchema::name).take(MOST_NAMES).collect();
        let name = match &*names {
            [] => json!({ "type": "string" }),
            names => json!({ "anyOf": [{ "enum": names }, { "type": "string" }] }),
        };
        let slots = |slot: &str, doc: &str| map_of(&reference(slot), doc);
        let schema = json!({
            "extends": name.clone(),
            "doc": { "type": "string" },
            "if_pack": condition(),
            "slots": slots("slot", "Slots by name, in storage order."),
        });
        let slot = slot_declaration(&name);
        let mut complete = slot.clone();
        complete["anyOf"] =
            ["kind", "variants", "slots", "default"].map(|key| json!({ "required": [key] })).into();
        let mut slot_patch = slot.clone();
        let variants = &slot_patch["properties"]["variants"];
        let listed = json!({ "type": "array", "items": { "type": "string" } });
        let mut changed = change_of_list(&listed);
        changed["properties"]["add"] = json!({ "anyOf": [listed, variants["anyOf"][1]] });
        slot_patch["properties"]["variants"] = json!({ "anyOf": [variants, changed] });
        let patch = json!({
            "if_pack": condition(),
            "slots": slots("slot_patch", "Slots to add, or keys of slots to change."),
        });
        let kind_or = |map: Json| json!({ "anyOf": [reference("kind"), map] });
        self.shared.extend([
            ("schema".into(), closed_json(schema)),
            ("schema_patch".into(), closed_json(patch)),
            ("slot".into(), kind_or(complete)),
            ("slot_patch".into(), kind_or(slot_patch)),
            ("kind".into(), kind_of_declaration(&names)),
        ]);
    }
}

/// The place of a nested value.
#[derive(Clone, Copy, PartialEq)]
enum Place {
    /// In a record, which may inherit parts.
    Record,
    /// In an element or a variant, which has all of its parts.
    Whole,
}

/// Returns whether a record may say that there is no such value.
fn is_optional(schema: &RegisteredSchema, shape: &Shape) -> bool {
    let mut is_optional = true;
    shape.for_each_slot(&mut |slot| is_optional &= schema.slots()[slot].is_optional());
    is_optional
}

/// Returns whether an element or a variant must have the part.
fn is_required(shape: &Shape) -> bool {
    match shape {
        Shape::Slot(part) => part.is_set.is_none() && part.default.is_none(),
        Shape::Record(parts) | Shape::Tuple(parts) => {
            parts.iter().any(|(_, shape)| is_required(shape))
        }
        Shape::List(elements) | Shape::Map(elements) => elements.is_set.is_none(),
        Shape::Union(union) => union.is_set.is_none(),
        _ => false,
    }
}

/// Returns the names of nested values in records, those of inner records included.
fn nested_names(schema: &RegisteredSchema) -> BTreeSet<&str> {
    let wholes = schema.slots().iter().flat_map(|slot| {
        let ends = slot.name().match_indices(['.', '[', '{', '@', '|']);
        ends.map(|(end, _)| &slot.name()[..end]).filter(|name| !name.contains([']', '}', '@', '|']))
    });
    wholes.collect()
}

/// Describes `unset`.
fn unset(schema: &RegisteredSchema) -> Json {
    let optional = schema.slots().iter().filter(|slot| slot.is_optional()).map(Slot::name);
    let mut optional: Vec<&str> = optional.collect();
    let is_optional = |record: &&str| {
        schema.is_nested(record)
            && schema.parts(record).all(|(slot, _)| schema.slots()[slot].is_optional())
    };
    optional.retain(|name| schema.whole_of(name).is_none());
    optional.extend(nested_names(schema).into_iter().filter(is_optional));
    let name = if optional.is_empty() { json!(false) } else { json!({ "enum": optional }) };
    let unset = "The slots that have no value, also if this record inherits one.";
    json!({ "type": "array", "items": name, "description": unset })
}

/// Adds the words of records. A slot of such a name needs a file that renames the word.
fn add_words(slots: &mut Map<String, Json>, words: impl IntoIterator<Item = (Word, Json)>) {
    for (word, json) in words {
        let json = match slots.remove(word.name()) {
            Some(slot) => json!({ "anyOf": [slot, json] }),
            None => json,
        };
        slots.insert(word.name().to_owned(), json);
    }
}

/// Describes `words`.
fn words() -> Json {
    let name = json!({ "anyOf": [{ "type": "string" }, { "const": false }] });
    let words = Word::all().map(|word| (word.name().to_owned(), name.clone()));
    closed(words.collect(), "Other names for the words of this file's records; false for none.")
}

/// Describes `if_pack`.
fn condition() -> Json {
    let name = json!({ "type": "string" });
    json!({
        "anyOf": [name, { "type": "array", "items": name }],
        "description": "Packs that must be loaded, or this has no effect.",
    })
}

/// Accepts the changes that a slot takes in patches and in records that inherit.
fn accept_changes(value: &mut Json, kind: &Kind) {
    let changes = match kind {
        Kind::List(_) => change_of_list(value),
        Kind::Number(_) => {
            let number = json!({ "type": "number" });
            closed_json(json!({ "times": number, "plus": number }))
        }
        _ => return,
    };
    // The other keywords of a number or a list say nothing about objects.
    value["type"] = match value["type"].take() {
        Json::Array(mut types) => {
            types.push("object".into());
            types.into()
        }
        single => json!([single, "object"]),
    };
    for key in ["properties", "additionalProperties"] {
        value[key] = changes[key].clone();
    }
}

fn change_of_list(list: &Json) -> Json {
    closed_json(json!({ "add": list, "remove": list }))
}

fn kind_of_declaration(schemas: &[&str]) -> Json {
    let mut names: Vec<&str> = kind_name::names().chain(["enum"]).collect();
    let single = format!("{}|enum\\(.*\\)", names.join("|"));
    // The name of a schema is the kind of a nested record.
    names.extend(["list", "map"]);
    names.extend(schemas);
    let array = r"\[ *[iuf][0-9]+ *; *[0-9]+ *\]";
    let pattern = format!("^ *({single}|{array}|(list|map)\\(.+\\)|\\(.+,.+\\)|.+\\|.+) *$");
    json!({ "anyOf": [{ "enum": names }, { "type": "string", "pattern": pattern }] })
}

/// Describes a slot's declaration as a map.
fn slot_declaration(schema_name: &Json) -> Json {
    let variant = json!({ "anyOf": [
        { "type": "object", "additionalProperties": reference("slot") }, reference("kind"),
    ] });
    let variants = json!({ "anyOf": [
        {
            "type": "array", "items": { "type": "string" },
            "minItems": 1, "maxItems": 256, "uniqueItems": true,
            "description": "The names of the enum's variants.",
        },
        {
            "type": "object", "additionalProperties": variant, "minProperties": 1,
            "description": "The variants of a union, each with its slots.",
        },
    ] });
    let Json::Object(mut keys) = json!({
        "kind": reference("kind"),
        "variants": variants,
        "slots": {
            "type": "object", "additionalProperties": reference("slot"),
            "description": "The parts of a nested record, or of each element of a list or a map, by name.",
        },
        "tag": {
            "type": "string",
            "description": "The attribute that names the variant of a union. Without it, the variant's name is around its value.",
        },
        "keys": { "type": "string", "description": "The kind of a map's keys: text if nothing is said." },
        "one_or_list": {
            "type": "boolean",
            "description": "If true, a list of one element can be written without brackets.",
        },
        "optional": { "type": "boolean", "description": "If true, the slot can be unset." },
        "default": { "description": "The value of records that do not set the slot." },
        "doc": { "type": "string" },
        "unit": { "type": "string" },
        "renamed_from": { "type": "string" },
    }) else {
        unreachable!("a map in braces is an object")
    };
    keys.extend(constraint::declarations(schema_name));
    closed_json(keys.into())
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

/// Accepts null too.
fn or_null(json: Json) -> Json {
    let mut json = not_null(json);
    if let Some(kind) = json.get("type").cloned() {
        let mut kinds = match kind {
            Json::Array(kinds) => kinds,
            single => vec![single],
        };
        kinds.push("null".into());
        json["type"] = kinds.into();
    } else if let Some(Json::Array(values)) = json.get_mut("enum") {
        values.push(Json::Null);
    } else if let Some(Json::Array(forms)) = json.get_mut("anyOf") {
        forms.push(json!({ "type": "null" }));
    }
    json
}

fn not_null(mut json: Json) -> Json {
    if let Some(Json::Array(kinds)) = json.get_mut("type") {
        kinds.retain(|kind| kind != "null");
        if let [single] = &mut **kinds {
            json["type"] = single.take();
        }
    } else if let Some(Json::Array(values)) = json.get_mut("enum") {
        values.retain(|value| !value.is_null());
    } else if let Some(Json::Array(forms)) = json.get_mut("anyOf") {
        forms.retain(|form| *form != json!({ "type": "null" }));
    }
    json
}

/// Describes the numbers of a vector or an array.
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

/// Converts a default to JSON. Returns `None` if JSON has no such value.
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
