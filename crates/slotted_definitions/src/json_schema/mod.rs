//! Generates a JSON Schema, which editors use to complete and check definition files.

mod build;
mod declarations;
mod objects;
mod records;
mod values;

pub use objects::ObjectsJsonSchema;

use serde_json::{Map, Value as Json, json};

use crate::json_schema::build::{closed, map_of, reference};
use crate::loaded::Definitions;
use crate::words::{WORDS, Word, Words};
use slotted::schema::RegisteredSchema;

/// The schema lists no names of records if there are more than this.
const MOST_NAMES: usize = 1000;

impl Definitions {
    /// Returns a JSON Schema (draft 2020-12) for definition files with records of these schemas.
    ///
    /// Editors use it to complete names and values, show docs and units, and underline mistakes in JSON and TOML
    /// files. It proposes the names of records but accepts others, because they may be new. A file with the `words` of a loaded
    /// one is checked by these names; records of a file with new names are not checked.
    /// [`Loader::load`](super::Loader::load) checks more. [`json_schemas_of_objects`](Self::json_schemas_of_objects) describes the
    /// files that manifests list under `objects`.
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
        let mut deleted = Map::new();
        for schema in self.definitions.loaded.registry.schemas() {
            let names = self.record_name(Some(schema.name()), true);
            let list = json!({ "type": "array", "items": names });
            deleted.insert(schema.name().to_owned(), list);
        }
        let sets = self.definitions.loaded.records.words.sets();
        // A file renames its words, and then its records have other keys.
        let (mut conditions, mut all) = (Vec::new(), vec![json!({})]);
        for (number, words) in sets.iter().enumerate() {
            let name = format!("file.{number}");
            let sections = self.sections(number, words);
            self.shared.insert(name.clone(), sections);
            conditions.push(json!({ "if": has_words(words), "then": reference(&name) }));
            all.push(reference(&name));
        }
        self.declarations();
        let any = json!({ "type": "object" });
        let sections = json!({
            "$schema": { "type": "string" },
            "if_pack": condition(),
            WORDS: words(),
            "schemas": map_of(&reference("schema"), "Schemas by name."),
            "records": any,
            "patches": closed(
                Map::from_iter([
                    ("schemas".into(), map_of(&reference("schema_patch"), "Patches of schemas.")),
                    ("records".into(), any.clone()),
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
            "allOf": conditions,
            // Accepts everything: editors that do not follow conditions find names here.
            "anyOf": all,
            "$defs": std::mem::take(&mut self.shared),
        })
    }

    /// Describes the records and patches of files with these words, which have the number.
    fn sections(&mut self, set: usize, words: &Words) -> Json {
        let (mut records, mut patches) = (Map::new(), Map::new());
        for (number, schema) in self.definitions.loaded.registry.schemas().enumerate() {
            // Numbers, because names may contain characters that `$ref` does not allow.
            let of_set = if set == 0 { String::new() } else { format!(".{set}") };
            let record = format!("record.{number}{of_set}");
            let patch = format!("patch.{number}{of_set}");
            let (record_ref, patch_ref) = (reference(&record), reference(&patch));
            let mut records_of = json!({
                "type": ["object", "array"],
                "additionalProperties": record_ref.clone(),
                "items": record_ref,
            });
            if let Some(doc) = self.definitions.schema_doc(schema.name()) {
                records_of["description"] = doc.into();
            }
            records.insert(schema.name().to_owned(), records_of);
            let patches_of = json!({ "type": "object", "additionalProperties": patch_ref });
            patches.insert(schema.name().to_owned(), patches_of);
            let (record_of, patch_of) = self.record(schema, words);
            self.shared.extend([(record, record_of), (patch, patch_of)]);
        }
        let records = closed(records, "Records by schema and name.");
        let patches =
            json!({ "properties": { "records": closed(patches, "Patches of records.") } });
        json!({ "properties": { "records": records, "patches": patches } })
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
        // Only references take numbers.
        let any = match self.definitions.loaded.records.has_numbers && !may_be_abstract {
            true => json!({ "type": ["string", "integer"] }),
            false => json!({ "type": "string" }),
        };
        if names.is_empty() || names.len() > MOST_NAMES {
            return any;
        }
        // Accept other names too: the record may be new.
        json!({ "anyOf": [{ "enum": names }, any] })
    }
}

/// Describes `words`.
fn words() -> Json {
    let name = json!({ "anyOf": [{ "type": "string", "minLength": 1 }, { "const": false }] });
    let words = Word::all().map(|word| (word.name().to_owned(), name.clone()));
    closed(words.collect(), "Other names for the words of this file's records; false for none.")
}

/// Describes files with these words.
fn has_words(words: &Words) -> Json {
    let name = |word: Word| words.name(word).map_or(Json::Bool(false), Json::from);
    let names = Word::all().map(|word| (word.name().to_owned(), json!({ "const": name(word) })));
    let names: Map<String, Json> = names.collect();
    let renamed = Word::all().filter(|word| words.name(*word) != Some(word.name()));
    let renamed: Vec<&str> = renamed.map(Word::name).collect();
    let own = json!({ "properties": names, "required": renamed });
    let required: &[&str] = if renamed.is_empty() { &[] } else { &[WORDS] };
    json!({ "properties": { WORDS: own }, "required": required })
}

/// Describes `if_pack`.
fn condition() -> Json {
    let name = json!({ "type": "string" });
    json!({
        "anyOf": [name, { "type": "array", "items": name }],
        "description": "Packs that must be loaded, or this has no effect.",
    })
}
