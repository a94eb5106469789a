//! Describes declarations of schemas, slots and kinds.

use serde_json::{Value as Json, json};

use crate::constraint::json as constraint;
use crate::json_schema::build::{closed_json, map_of, reference};
use crate::json_schema::{MOST_NAMES, Writer, condition};
use crate::kind_name;
use slotted::schema::RegisteredSchema;

impl Writer<'_> {
    /// Adds the definitions of schemas, slots and kinds.
    pub(super) fn declarations(&mut self) {
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
        let added = json!({ "anyOf": [listed, variants["anyOf"][1]] });
        let changed = closed_json(json!({ "add": added, "remove": listed }));
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
