//! The manifest: the list of all files of a save.

use std::collections::{HashMap, HashSet};

use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use slotted::{Schema, SchemaError, Store};
use xxhash_rust::xxh3::xxh3_128;

use crate::damage::Damage;
use crate::definition::{Definition, DefinitionError, PodTypes};

/// The word by which a manifest is recognized.
const FORMAT: &str = "slotted save";
/// The version of the format that is written. Older ones are read.
pub(crate) const VERSION: u32 = 1;
/// The most bytes of a manifest.
pub(crate) const MOST_BYTES: u64 = 1 << 30;

/// The manifest with its checksum, which covers the content as it is written.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Envelope<'a> {
    format: String,
    version: u32,
    checksum: String,
    #[serde(borrow)]
    content: &'a RawValue,
}

/// The part of a manifest that every version of the format has.
#[derive(Deserialize)]
struct Header {
    format: String,
    version: u32,
}

/// The list of all files of a save.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Manifest {
    /// The version of the format that was read.
    #[serde(skip)]
    pub(crate) version: u32,
    /// All schemas, in the order of their ids.
    pub(crate) schemas: Vec<Definition>,
    /// The tables that have rows, in the order of their schemas.
    pub(crate) tables: Vec<TableEntry>,
    /// Bytes that the game saved beside the store, in the order of names.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(crate) attachments: Vec<AttachmentEntry>,
    /// Schemas and slots that the program that saved did not have, but wrote back: schemas in their order, then slots in theirs.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(crate) aside: Vec<AsideEntry>,
}

/// A schema that was kept aside, or a slot of a schema.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct AsideEntry {
    pub(crate) schema: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) slot: Option<String>,
}

/// A file of a table.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct TableEntry {
    pub(crate) schema: String,
    pub(crate) rows: usize,
    pub(crate) objects: usize,
    #[serde(flatten)]
    pub(crate) file: FileEntry,
    /// The checksum of the file's bytes up to the end of its schema.
    pub(crate) head: String,
}

/// A file with something that the game saved beside the store.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct AttachmentEntry {
    pub(crate) name: String,
    #[serde(flatten)]
    pub(crate) file: FileEntry,
}

/// The identity of a file.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct FileEntry {
    /// The file's name in the folder.
    pub(crate) file: String,
    pub(crate) bytes: u64,
    pub(crate) checksum: String,
}

/// The reason why bytes are no manifest.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum ManifestError {
    /// It is something else.
    Foreign,
    /// It ends early.
    Truncated,
    /// It begins as a manifest does, but is no JSON, or has other keys.
    Syntax,
    /// A later version of the format.
    Newer(u32),
    /// A version of the format that does not exist.
    Unknown(u32),
    /// The content does not have its checksum.
    Checksum,
    /// The content contradicts itself or cannot be read.
    Content(String),
}

impl FileEntry {
    pub(crate) fn new(file: String, bytes: u64, checksum: u128) -> Self {
        Self { file, bytes, checksum: hexadecimal(checksum) }
    }

    pub(crate) fn of_attachment(name: &str, bytes: &[u8]) -> Self {
        let checksum = xxh3_128(bytes);
        Self::new(file_name(name, checksum, ATTACHMENT_ENDING), bytes.len() as u64, checksum)
    }

    pub(crate) fn has_checksum(&self, checksum: u128) -> bool {
        self.checksum == hexadecimal(checksum)
    }
}

/// Returns a checksum as text.
pub(crate) fn hexadecimal(checksum: u128) -> String {
    format!("{checksum:032x}")
}

impl Manifest {
    /// Returns the manifest as a file has it.
    ///
    /// # Errors
    /// Returns the reason why [`from_bytes`](Self::from_bytes) or [`register`] would refuse it.
    pub(crate) fn to_bytes(&self) -> Result<Vec<u8>, ManifestError> {
        self.check()?;
        let slots = check_slots(count_slots(&self.schemas));
        slots.map_err(|damage| ManifestError::Content(format!("it {damage}")))?;
        let unwritable = |error: serde_json::Error| ManifestError::Content(error.to_string());
        let content = serde_json::value::to_raw_value(self).map_err(unwritable)?;
        let checksum = hexadecimal(xxh3_128(content.get().as_bytes()));
        let format = FORMAT.to_owned();
        let envelope = Envelope { format, version: VERSION, checksum, content: &content };
        let bytes = serde_json::to_vec(&envelope).map_err(unwritable)?;
        match bytes.len() as u64 > MOST_BYTES {
            false => Ok(bytes),
            true => {
                let part = format!("its manifest has more than {MOST_BYTES} bytes");
                Err(ManifestError::Content(part))
            }
        }
    }

    pub(crate) fn from_bytes(bytes: &[u8], ignores_checksums: bool) -> Result<Self, ManifestError> {
        let envelope = match serde_json::from_slice::<Envelope<'_>>(bytes) {
            Ok(envelope) if envelope.format == FORMAT => envelope,
            Ok(_) => return Err(ManifestError::Foreign),
            Err(error) => return Err(Self::error_of_json(bytes, &error)),
        };
        match envelope.version {
            1..=VERSION => {}
            0 => return Err(ManifestError::Unknown(0)),
            newer => return Err(ManifestError::Newer(newer)),
        }
        let content = envelope.content.get();
        let checksum = hexadecimal(xxh3_128(content.as_bytes()));
        if envelope.checksum != checksum && !ignores_checksums {
            return Err(ManifestError::Checksum);
        }
        let manifest: Self = serde_json::from_str(content)
            .map_err(|error| ManifestError::Content(error.to_string()))?;
        manifest.check()?;
        Ok(Self { version: envelope.version, ..manifest })
    }

    /// Returns the error of bytes that cannot be read. The manifests of a later version may have other keys.
    fn error_of_json(bytes: &[u8], error: &serde_json::Error) -> ManifestError {
        if let Ok(header) = serde_json::from_slice::<Header>(bytes)
            && header.format == FORMAT
            && header.version > VERSION
        {
            return ManifestError::Newer(header.version);
        }
        let beginning = format!("{{\"format\":\"{FORMAT}\"").into_bytes();
        match bytes.starts_with(&beginning) {
            true if error.is_eof() => ManifestError::Truncated,
            true => ManifestError::Syntax,
            false if beginning.starts_with(bytes) => ManifestError::Truncated,
            false => ManifestError::Foreign,
        }
    }

    /// Checks names: each schema, table and file once, and no file outside the folder.
    pub(crate) fn check(&self) -> Result<(), ManifestError> {
        let twice = |what: &str, name: &str| {
            let name = slotted::schema::Quoted(name);
            Err(ManifestError::Content(format!("{what} {name} is listed twice or unknown")))
        };
        let mut schemas = HashSet::new();
        for schema in &self.schemas {
            if !schemas.insert(&*schema.name) {
                return twice("schema", &schema.name);
            }
        }
        for table in &self.tables {
            if !schemas.remove(&*table.schema) {
                return twice("the table of schema", &table.schema);
            }
        }
        let mut names = HashSet::new();
        for attachment in &self.attachments {
            if !names.insert(&*attachment.name) {
                return twice("attachment", &attachment.name);
            }
        }
        let mut aside = HashSet::new();
        let slots = |schema: &Definition| {
            schema.slots.iter().map(|slot| slot.name.clone()).collect::<HashSet<_>>()
        };
        let wanted: HashSet<&str> = self.aside.iter().map(|entry| &*entry.schema).collect();
        let known = self.schemas.iter().filter(|schema| wanted.contains(&*schema.name));
        let known: HashMap<&str, HashSet<String>> =
            known.map(|schema| (&*schema.name, slots(schema))).collect();
        for entry in &self.aside {
            let is_known = known
                .get(&*entry.schema)
                .is_some_and(|slots| entry.slot.as_ref().is_none_or(|slot| slots.contains(slot)));
            if !is_known || !aside.insert(entry) {
                return twice("an entry kept aside of schema", &entry.schema);
            }
        }
        self.check_files()
    }

    /// Checks that files are in the folder, and that entries with the same file agree.
    fn check_files(&self) -> Result<(), ManifestError> {
        let mut known: HashMap<&str, &FileEntry> = HashMap::new();
        for file in self.files() {
            let is_table = file.file.ends_with(TABLE_ENDING);
            if known.insert(&file.file, file).is_some_and(|other| is_table || other != file) {
                let name = slotted::schema::Quoted(&file.file);
                return Err(ManifestError::Content(format!("file {name} is listed twice")));
            }
        }
        let stray = self.files().find(|entry| !is_file_name(&entry.file));
        match stray {
            Some(entry) => {
                let name = slotted::schema::Quoted(&entry.file);
                Err(ManifestError::Content(format!("{name} is not a file of a save")))
            }
            None => Ok(()),
        }
    }

    /// Iterates over the files, in the order in which a stream has them.
    pub(crate) fn files(&self) -> impl Iterator<Item = &FileEntry> {
        let attachments = self.attachments.iter().map(|attachment| &attachment.file);
        self.tables.iter().map(|table| &table.file).chain(attachments)
    }
}

/// The most slots of all schemas together, inherited ones included: a short manifest can have many.
pub(crate) const MOST_SLOTS: usize = 1 << 22;

/// Checks that the schemas have few enough slots, or returns the error.
pub(crate) fn check_slots(slots: usize) -> Result<(), Damage> {
    let (what, found, limit) = ("slots of all schemas", slots as u64, MOST_SLOTS as u64);
    if found > limit { Err(Damage::TooLarge { what, found, limit }) } else { Ok(()) }
}

/// Checks that a store has room for the schemas.
fn check_sizes(definitions: &[Definition], store: &Store) -> Result<(), Damage> {
    let (found, limit) = (store.schemas().len() + definitions.len(), store.limits().schemas);
    if found > limit {
        let (found, limit) = (found as u64, limit as u64);
        let setting = "Limits::schemas";
        return Err(Damage::Limit { what: "schemas".to_owned(), found, limit, setting });
    }
    check_slots(count_slots(definitions))
}

fn count_slots(definitions: &[Definition]) -> usize {
    let own: HashMap<&str, &Definition> =
        definitions.iter().map(|definition| (&*definition.name, definition)).collect();
    // The slots of a schema and its bases, once they are counted; a circle of bases counts as none.
    let mut counts: HashMap<&str, usize> = HashMap::new();
    let mut all = 0_usize;
    for definition in definitions {
        let (mut path, mut next) = (Vec::new(), Some(definition));
        let mut count = loop {
            match next {
                Some(base) if path.len() <= definitions.len() => {
                    if let Some(count) = counts.get(&*base.name) {
                        break *count;
                    }
                    path.push(base);
                    next = base.extends.as_deref().and_then(|base| own.get(base).copied());
                }
                _ => break 0,
            }
        };
        for base in path.into_iter().rev() {
            count += base.slots.len();
            counts.insert(&base.name, count);
        }
        all = all.saturating_add(count);
    }
    all
}

/// Registers the schemas of a save, so that each gets its id.
pub(crate) fn register(
    definitions: &[Definition],
    store: &mut Store,
    types: &PodTypes,
) -> Result<(), (String, DefinitionError)> {
    let schemas = definitions.iter().map(|definition| {
        definition.to_schema(types).map_err(|error| (definition.name.clone(), error))
    });
    let schemas = schemas.collect::<Result<Vec<Schema>, _>>()?;
    let named = |schema: &Schema, error: SchemaError| (schema.name().to_owned(), error.into());
    check_sizes(definitions, store).map_err(|damage| {
        let name = definitions.first().map_or_else(String::new, |first| first.name.clone());
        (name, DefinitionError::Limit(damage))
    })?;
    let mut known = HashSet::new();
    let are_in_order = schemas.iter().all(|schema| {
        let is_next = schema.extends().is_none_or(|base| known.contains(base));
        known.insert(schema.name());
        is_next
    });
    if are_in_order {
        for schema in schemas {
            store.register_schema(schema.clone()).map_err(|error| named(&schema, error))?;
        }
        return Ok(());
    }
    // A migration gave a schema a base with a higher id: only another migration can do that again.
    for schema in &schemas {
        let empty = Schema::builder(schema.name()).build();
        let registered = empty.and_then(|empty| store.register_schema(empty));
        registered.map_err(|error| named(schema, error))?;
    }
    let first = schemas.first().cloned();
    let plan = store.plan_migration(schemas);
    let failed = |error: DefinitionError| {
        (first.as_ref().map_or_else(String::new, |schema| schema.name().to_owned()), error)
    };
    let plan = plan.map_err(|error| failed(error.into()))?;
    store.migrate(&plan).map_err(|error| failed(DefinitionError::Invalid(error.to_string())))?;
    Ok(())
}

/// The name of the manifest in a folder.
pub(crate) const MANIFEST: &str = "manifest.json";
/// The name of its copy, for a salvage.
pub(crate) const COPY_OF_MANIFEST: &str = "manifest.copy.json";
/// The end of a file's name while it is being written.
pub(crate) const PARTIAL: &str = ".partial";

/// Returns the name of a file: readable, and different for different content.
pub(crate) fn file_name(name: &str, checksum: u128, ending: &str) -> String {
    let is_plain = |c: char| c.is_ascii_alphanumeric() || c == '_' || c == '-';
    let readable = name.chars().map(|c| if is_plain(c) { c } else { '_' }).take(40);
    let readable: String = readable.collect();
    format!("{readable}-{}{ending}", hexadecimal(checksum))
}

/// Returns `true` if the name is one that [`file_name`] returns: nothing else in a folder is touched.
pub(crate) fn is_file_name(name: &str) -> bool {
    let stem = name.strip_suffix(TABLE_ENDING).or_else(|| name.strip_suffix(ATTACHMENT_ENDING));
    let parts = stem.and_then(|stem| stem.rsplit_once('-'));
    parts.is_some_and(|(readable, checksum)| {
        let is_plain = |c: char| c.is_ascii_alphanumeric() || c == '_' || c == '-';
        readable.chars().all(is_plain)
            && checksum.len() == 32
            && checksum.chars().all(|c| matches!(c, '0'..='9' | 'a'..='f'))
    })
}

/// No other program's files end so.
pub(crate) const TABLE_ENDING: &str = ".slotted.arrow";
pub(crate) const ATTACHMENT_ENDING: &str = ".slotted.bin";

#[cfg(test)]
mod tests {
    use slotted::Kind;

    use super::*;

    fn manifest(schemas: &[Schema]) -> Manifest {
        let schemas = schemas.iter().map(Definition::new).collect();
        Manifest { version: VERSION, schemas, ..Manifest::default() }
    }

    fn empty(name: &str) -> Result<Schema, SchemaError> {
        Schema::builder(name).build()
    }

    fn table(schema: &str, file: &str) -> TableEntry {
        let file = FileEntry::new(file.to_owned(), 1, 0);
        TableEntry { schema: schema.to_owned(), rows: 1, objects: 1, file, head: hexadecimal(0) }
    }

    /// Checks that a manifest is refused before it is written, and would be when it is read.
    fn assert_refused(manifest: &Manifest, part: &str) {
        let expected = ManifestError::Content(part.to_owned());
        assert_eq!(manifest.to_bytes(), Err(expected.clone()));
        assert_eq!(manifest.check(), Err(expected));
    }

    #[test]
    fn a_manifest_that_is_written_can_be_read() -> Result<(), Box<dyn std::error::Error>> {
        let mut written = manifest(&[empty("unit")?, empty("tile")?]);
        written.tables.push(table("tile", &file_name("tile", 7, TABLE_ENDING)));
        let bytes = written.to_bytes().map_err(|error| format!("{error:?}"))?;
        assert_eq!(Manifest::from_bytes(&bytes, false), Ok(written));
        Ok(())
    }

    #[test]
    fn a_manifest_that_a_load_refuses_is_not_written() -> Result<(), Box<dyn std::error::Error>> {
        assert_refused(
            &manifest(&[empty("unit")?, empty("unit")?]),
            "schema 'unit' is listed twice or unknown",
        );

        let mut strange = manifest(&[empty("unit")?]);
        strange.tables.push(table("orc", &file_name("orc", 7, TABLE_ENDING)));
        assert_refused(&strange, "the table of schema 'orc' is listed twice or unknown");

        let mut outside = manifest(&[empty("unit")?]);
        outside.tables.push(table("unit", "../unit.slotted.arrow"));
        assert_refused(&outside, "'../unit.slotted.arrow' is not a file of a save");

        let mut aside = manifest(&[empty("unit")?]);
        let entry = AsideEntry { schema: "unit".to_owned(), slot: None };
        aside.aside = vec![entry.clone(), entry];
        assert_refused(&aside, "an entry kept aside of schema 'unit' is listed twice or unknown");
        Ok(())
    }

    #[test]
    fn a_manifest_with_too_many_slots_is_not_written() -> Result<(), Box<dyn std::error::Error>> {
        let slots = 0..3000;
        let base = slots.fold(Schema::builder("base"), |schema, slot| {
            schema.slot(format!("s{slot}"), Kind::U8)
        });
        let mut schemas = vec![base.build()?];
        for heir in 0..1500 {
            schemas.push(Schema::builder(format!("h{heir}")).extends("base").build()?);
        }
        let too_many = ManifestError::Content(
            "it has 4503000 slots of all schemas; a save has at most 4194304".to_owned(),
        );
        assert_eq!(manifest(&schemas).to_bytes(), Err(too_many));
        Ok(())
    }
}
