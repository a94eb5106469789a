//! Describes files of objects that are no definition files.

use std::sync::Arc;

use serde_json::{Map, Value as Json, json};

use crate::format::Format;
use crate::json_schema::Writer;
use crate::json_schema::build::reference;
use crate::loaded::Definitions;
use crate::loose::LooseObjects;

/// A JSON Schema for the files of an entry that a manifest lists under `objects`.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct ObjectsJsonSchema {
    /// The name of the pack.
    pub pack: Arc<str>,
    /// The file, the folder or the pattern, as the manifest has it.
    pub files: Arc<str>,
    /// The JSON Schema (draft 2020-12).
    pub text: String,
}

impl Definitions {
    /// Returns a JSON Schema for each entry that a manifest lists under `objects`, in the order of the packs.
    ///
    /// [`json_schema`](Self::json_schema) describes definition files.
    ///
    /// ```
    /// use slotted::Store;
    /// use slotted_definitions::Loader;
    ///
    /// let files = [
    ///     ("pack.json", r#"{"objects": {"items.json": "item"}}"#),
    ///     ("schemas.json", r#"{"schemas": {"item": {"slots": {"weight": "f32"}}}}"#),
    ///     ("items.json", r#"{"sword": {"weight": 2}}"#),
    /// ];
    /// let definitions = Loader::new().pack_of_texts("core", files).load(&Store::new())?;
    /// let schemas = definitions.json_schemas_of_objects();
    /// assert_eq!((&*schemas[0].pack, &*schemas[0].files), ("core", "items.json"));
    /// # Ok::<(), slotted_definitions::Report>(())
    /// ```
    #[must_use]
    pub fn json_schemas_of_objects(&self) -> Vec<ObjectsJsonSchema> {
        let entries = self.loaded.objects.iter().map(|(pack, of)| {
            let mut writer = Writer { definitions: self, shared: Map::new() };
            let text = format!("{:#}", writer.objects(pack, of));
            ObjectsJsonSchema { pack: Arc::clone(pack), files: Arc::clone(&of.path), text }
        });
        entries.collect()
    }
}

impl Writer<'_> {
    /// Describes a list of objects, a map of objects by name, or one object.
    fn objects(&mut self, pack: &str, of: &LooseObjects) -> Json {
        let object = self.object(of);
        self.shared.insert("object".to_owned(), object);
        let object = reference("object");
        let one = json!({ "type": "object" });
        let some = json!({ "type": "array", "minItems": 1, "items": one });
        let lists = json!({ "type": "array", "items": object });
        let own: Vec<&str> = of.schema_from.iter().chain(&of.name_from).map(|own| &**own).collect();
        let by_name = |value: Json| {
            let mut map =
                json!({ "type": "object", "properties": address(), "additionalProperties": value });
            if !own.is_empty() {
                map["propertyNames"] = json!({ "not": { "enum": own } });
            }
            map
        };
        // TOML has no lists at the top, so its maps may have lists of objects.
        let form = |is_toml: bool| {
            let (is_object, objects) = match is_toml {
                true => (
                    json!({ "anyOf": [one, some] }),
                    json!({ "if": { "type": "array" }, "then": lists, "else": object }),
                ),
                false => (one.clone(), object.clone()),
            };
            let are_objects = by_name(is_object);
            let objects = json!({ "properties": address(), "additionalProperties": objects });
            match of.single {
                None => json!({ "if": are_objects, "then": objects, "else": object }),
                Some(true) => object.clone(),
                Some(false) => objects,
            }
        };
        let map = match Format::of(&*of.path) {
            Some(format) => form(format == Format::Toml),
            // A folder may have files of all formats.
            None => json!({ "anyOf": [form(false), form(true)] }),
        };
        json!({
            "$schema": "https://json-schema.org/draft/2020-12/schema",
            "title": format!("Objects of {pack}: {}", of.path),
            "type": ["object", "array"],
            "if": { "type": "array" },
            "then": lists,
            "else": map,
            "$defs": std::mem::take(&mut self.shared),
        })
    }

    /// Describes an object, whose schema may be told by an attribute.
    fn object(&mut self, of: &LooseObjects) -> Json {
        let usual = match &of.schema {
            Some((schema, _)) => self.object_of(schema, of),
            None => json!(false),
        };
        let Some(attribute) = of.schema_from.as_deref() else { return usual };
        let registry = &self.definitions.loaded.registry;
        let names: Vec<String> = registry.schemas().map(|own| own.name().to_owned()).collect();
        let mut conditions: Vec<Json> = Vec::new();
        for name in &names {
            let is_of =
                json!({ "properties": { attribute: { "const": name } }, "required": [attribute] });
            conditions.push(json!({ "if": is_of, "then": self.object_of(name, of) }));
        }
        let tells =
            json!({ "properties": { attribute: { "type": "string" } }, "required": [attribute] });
        let known = json!({ "properties": { attribute: { "enum": names } } });
        conditions.push(json!({ "if": tells, "then": known, "else": usual }));
        json!({ "type": "object", "allOf": conditions })
    }

    /// Describes an object of a schema. The attributes that name the record and its schema need no slots.
    fn object_of(&mut self, schema: &str, of: &LooseObjects) -> Json {
        let definitions = self.definitions;
        let registry = &definitions.loaded.registry;
        let position = registry.schemas().position(|own| own.name() == schema);
        let (Some(position), Some(schema)) = (position, registry.schema(schema)) else {
            return json!(false);
        };
        let name = format!("record.{position}");
        if !self.shared.contains_key(&name) {
            let (mut record, _) = self.record(schema, &of.words);
            for attribute in of.schema_from.iter().chain(&of.name_from) {
                let properties = record["properties"].as_object_mut();
                properties.map(|all| all.entry(&**attribute).or_insert_with(|| json!({})));
            }
            let properties = record["properties"].as_object_mut();
            properties.into_iter().for_each(|all| all.extend(address()));
            self.shared.insert(name.clone(), record);
        }
        reference(&name)
    }
}

/// The address of a JSON Schema, which editors write at the top of a file.
fn address() -> Map<String, Json> {
    Map::from_iter([("$schema".to_owned(), json!({ "type": "string" }))])
}
