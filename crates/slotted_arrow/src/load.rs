//! Reads saves: from a folder, or from any reader.

use std::collections::HashMap;
use std::io::{self, Read};
use std::path::Path;
use std::sync::Arc;

use slotted::{AccessError, Limits, MigrationError, SchemaError, Store};
use xxhash_rust::xxh3::xxh3_128;

use crate::aside::{AsideSchema, is_placeholder, kept_name, placeholder};
use crate::damage::Damage;
use crate::definition::{DefinitionError, PodTypes};
use crate::filling::Expansion;
use crate::ipc::ReadError;
use crate::load_report::{DamagedFile, LoadReport};
use crate::load_step::LoadStep;
use crate::manifest::{AttachmentEntry, FileEntry, Manifest, register};
use crate::migrate;
use crate::migrations::Migrations;
use crate::sources::{
    Opened, Source, StreamSource, from_folder, read_manifest, read_manifest_or_copy,
};

/// Reads a save from a folder to a new store, with the schemas of the save.
///
/// Every id means the same object as in the store that was saved. [`LoadOptions`] offers more: a store with schemas of its own,
/// migrations, streams, damaged saves.
///
/// # Errors
/// Returns an error if the save cannot be read, or is damaged.
///
/// [`save`](crate::save) has an example.
pub fn load(folder: impl AsRef<Path>) -> Result<Store, LoadError> {
    LoadOptions::new().load(folder).map(|(store, _)| store)
}

/// Options of a load.
///
/// # Which schemas the store has
/// [`load`](Self::load) and [`read`](Self::read) return a store with the schemas of the save. [`load_into`](Self::load_into) and
/// [`read_into`](Self::read_into) take a store with the schemas of the program: the objects of the save
/// [migrate](slotted::Store::plan_migration) to them, as living objects do in a hot reload. So slots are added with their
/// defaults, kinds are widened, and slots are renamed as they declare. Objects of schemas that the program does not have, and
/// values of slots that a schema does not have, are [kept aside](LoadReport::aside).
///
/// # Example
/// ```
/// use slotted::{Kind, Schema, Store, record};
/// use slotted_arrow::{LoadOptions, SaveOptions};
///
/// let mut old = Store::new();
/// old.register_schema(Schema::builder("unit").slot("hp", Kind::U8).build()?)?;
/// let unit = old.spawn_record("unit", record! { hp: 80 })?;
/// let mut save = Vec::new();
/// SaveOptions::new().write(&old.snapshot(), &mut save)?;
///
/// let mut store = Store::new();
/// let schema = Schema::builder("unit")
///     .slot("health", Kind::U16).renamed_from("hp")
///     .slot("rage", Kind::F32).default(0.5);
/// store.register_schema(schema.build()?)?;
/// let report = LoadOptions::new().read_into(&mut store, &save[..])?;
/// assert_eq!(store.get_record(unit)?, record! { health: 80, rage: 0.5_f32 });
/// assert_eq!(report.migration().ok_or("nothing changed")?.to_string(), "schema 'unit' changes (1 object):\
///     \n  slot 'hp' is renamed to 'health'\
///     \n  slot 'health' changes from u8 to u16, 1 value is converted\
///     \n  slot 'rage' is added: f32, default 0.5");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug, Default)]
#[must_use = "options do nothing on their own"]
pub struct LoadOptions {
    pub(crate) migrations: Migrations,
    pub(crate) salvages: bool,
    pub(crate) allows_loss: bool,
    opaque_types: bool,
    pub(crate) ignores_checksums: bool,
    limits: Limits,
    expansion: Option<u64>,
}

/// The limit of [`LoadOptions::expansion`] by default.
pub(crate) const DEFAULT_EXPANSION: u64 = 1 << 32;

/// The reason why a save was not loaded. The store is as it was before.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum LoadError {
    /// A file cannot be read.
    #[error("cannot read '{file}': {error}")]
    File {
        /// The file's name in the folder, or `the stream`.
        file: String,
        /// The reason.
        #[source]
        error: io::Error,
    },
    /// A file is damaged, or something else took its place.
    #[error("'{file}' {damage}{}", if *.can_salvage { "; 'salvage' loads the rest" } else { "" })]
    Damaged {
        /// The file's name in the folder, or `the stream`.
        file: String,
        /// The damage.
        damage: Damage,
        /// [`LoadOptions::salvage`] loads all other objects.
        can_salvage: bool,
    },
    /// A later version of slotted wrote the save.
    #[error("the save has format {found}, this program reads up to {known}; update the program")]
    Newer {
        /// The save's version of the format.
        found: u32,
        /// The latest version that this program reads.
        known: u32,
    },
    /// A slot has a plain-memory type that the program does not have.
    #[error(
        "slot {} of {} has the type {rust}, which this program does not have; \
         register a schema with it and load into that store",
        slotted::schema::Quoted(slot),
        slotted::schema::Quoted(schema)
    )]
    UnknownType {
        /// The schema's name.
        schema: String,
        /// The slot's name.
        slot: String,
        /// The name of the Rust type.
        rust: String,
    },
    /// The schemas of the save and of the program contradict each other.
    #[error(transparent)]
    Schema(#[from] SchemaError),
    /// [`Migrations`] give two schemas of the save the same name.
    #[error(
        "schemas {} and {} of the save would both be {}; rename one of them to another name",
        slotted::schema::Quoted(first),
        slotted::schema::Quoted(second),
        slotted::schema::Quoted(name)
    )]
    SameName {
        /// A schema of the save.
        first: String,
        /// Another schema of the save.
        second: String,
        /// The name that both would get.
        name: String,
    },
    /// Objects of the save conflict with the schemas of the program.
    #[error("the save does not fit the schemas: {0}; 'Migrations' and 'allow_loss' help")]
    Migration(#[from] MigrationError),
    /// A step of [`Migrations`] returned a value that its slot refuses.
    #[error("a step of the migration failed: {0}")]
    Step(#[from] AccessError),
}

/// The placeholder and the name of a schema that the program lacks.
type Placeholder = (String, String);

impl LoadOptions {
    /// Returns options that refuse damaged saves and the loss of values.
    ///
    /// [`LoadOptions`] has an example.
    pub fn new() -> Self {
        Self::default()
    }

    /// Sets the steps from the save's schemas to those of the program.
    ///
    /// [`load`](Self::load) and [`read`](Self::read), whose store has the save's slots, rename schemas and types alone.
    ///
    /// [`Migrations`] has an example.
    pub fn migrations(mut self, migrations: Migrations) -> Self {
        self.migrations = migrations;
        self
    }

    /// Loads what is intact of a damaged save. [`LoadReport::damaged`] lists the rest.
    ///
    /// A block is 8,192 rows of a schema. Objects in damaged blocks are gone, and references to them are dead; all other blocks
    /// are loaded, also if a header or the file's schema is damaged, or bytes follow the file. Texts belong to all blocks of
    /// their schema: if they are damaged, its objects are gone. If the end of a file is damaged too, so are the objects behind
    /// the first damaged header. Nobody gets the ids of lost objects again, up to 16,777,216 rows of a save.
    ///
    /// Each file of up to 1 GiB is read into memory.
    ///
    /// A damaged manifest is replaced by its copy. For that, a stream is read into memory, up to 1 GiB. In a folder, the copy may be
    /// that of the save before if the program was killed just after a save.
    ///
    /// # Example
    /// ```
    /// use slotted::{Schema, Store, record};
    /// use slotted_arrow::{LoadOptions, SaveOptions};
    /// # let mut store = Store::new();
    /// # store.register_schema(Schema::builder("tile").slot("height", slotted::Kind::F32).build()?)?;
    /// store.spawn_records("tile", vec![record! { height: 1.0 }; 10_000])?;
    /// let mut save = Vec::new();
    /// SaveOptions::new().write(&store.snapshot(), &mut save)?;
    /// let middle = save.len() / 2;
    /// save[middle] ^= 1;
    /// assert!(LoadOptions::new().read(&save[..]).is_err());
    /// let (rest, report) = LoadOptions::new().salvage().read(&save[..])?;
    /// assert_eq!((rest.len(), report.damaged()[0].lost_rows), (1808, 8192));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn salvage(mut self) -> Self {
        self.salvages = true;
        self
    }

    /// Allows the migration to round values, and to replace those that a slot refuses by its default.
    ///
    /// # Example
    /// ```
    /// use slotted::{Kind, Schema, Store, record};
    /// use slotted_arrow::{LoadOptions, SaveOptions};
    /// let mut old = Store::new();
    /// old.register_schema(Schema::builder("unit").slot("age", Kind::U16).build()?)?;
    /// let ids: Vec<_> =
    ///     old.spawn_records("unit", vec![record! { age: 30 }, record! { age: 300 }])?.collect();
    /// let mut save = Vec::new();
    /// SaveOptions::new().write(&old.snapshot(), &mut save)?;
    ///
    /// let mut store = Store::new();
    /// let unit = Schema::builder("unit").slot("age", Kind::U8).default(20);
    /// store.register_schema(unit.build()?)?;
    /// assert!(LoadOptions::new().read_into(&mut store, &save[..]).is_err());
    /// LoadOptions::new().allow_loss().read_into(&mut store, &save[..])?;
    /// assert_eq!(store.get_value(ids[0], "age")?, 30.into());
    /// assert_eq!(store.get_value(ids[1], "age")?, 20.into());
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn allow_loss(mut self) -> Self {
        self.allows_loss = true;
        self
    }

    /// Accepts plain-memory types that the program does not have: their values are [bytes](slotted::Value::Bytes).
    ///
    /// Tools read the saves of any program in this way. A save of the loaded store has the types' names again.
    ///
    /// # Example
    /// ```
    /// use slotted::{Kind, Schema, Store, Value, record};
    /// use slotted_arrow::{LoadOptions, SaveOptions};
    /// let mut game = Store::new();
    /// let tile = Schema::builder("tile").slot("color", Kind::opaque_pod("game::Color", 3, 1));
    /// game.register_schema(tile.build()?)?;
    /// let tile = game.spawn_record("tile", record! { color: Value::Bytes([0, 128, 255].into()) })?;
    /// let mut save = Vec::new();
    /// SaveOptions::new().write(&game.snapshot(), &mut save)?;
    ///
    /// assert!(LoadOptions::new().read(&save[..]).is_err());
    /// let (loaded, _) = LoadOptions::new().opaque_types().read(&save[..])?;
    /// assert_eq!(loaded.get_value(tile, "color")?, Value::Bytes([0, 128, 255].into()));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn opaque_types(mut self) -> Self {
        self.opaque_types = true;
        self
    }

    /// Accepts wrong checksums, so that fuzzing reaches the checks behind them.
    #[doc(hidden)]
    pub fn ignore_checksums(mut self) -> Self {
        self.ignores_checksums = true;
        self
    }

    pub(crate) fn accepts(&self, file: &FileEntry, checksum: u128) -> bool {
        self.ignores_checksums || file.has_checksum(checksum)
    }

    /// Sets the limits of the store that [`load`](Self::load) and [`read`](Self::read) return. They bound the memory of a load.
    ///
    /// # Example
    /// ```
    /// use slotted::{Limits, Schema, Store, record};
    /// use slotted_arrow::{LoadOptions, SaveOptions};
    /// # let mut store = Store::new();
    /// # store.register_schema(Schema::builder("tile").build()?)?;
    /// store.spawn_records("tile", vec![record! {}; 100])?;
    /// # let mut save = Vec::new();
    /// SaveOptions::new().write(&store.snapshot(), &mut save)?;
    /// let mut limits = Limits::default();
    /// limits.rows_per_schema = 50;
    /// assert!(LoadOptions::new().limits(limits).read(&save[..]).is_err());
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn limits(mut self, limits: Limits) -> Self {
        self.limits = limits;
        self
    }

    /// Sets how many more bytes the columns, texts and lists of a save may have than its files, by decompression: 4 GiB by default.
    ///
    /// A file of some kilobytes can stand for gigabytes of zeros. Uncompressed saves take no more than a small multiple of their
    /// files.
    ///
    /// # Example
    /// ```
    /// use slotted::{Kind, Schema, Store, record};
    /// use slotted_arrow::{Compression, LoadOptions, SaveOptions};
    /// # let mut store = Store::new();
    /// # store.register_schema(Schema::builder("tile").slot("height", Kind::F64).default(0).build()?)?;
    /// store.spawn_records("tile", vec![record! {}; 8192])?;
    /// # let mut save = Vec::new();
    /// SaveOptions::new().compression(Compression::Lz4).write(&store.snapshot(), &mut save)?;
    /// let error = LoadOptions::new().expansion(60_000).read(&save[..]).unwrap_err();
    /// assert!(error.to_string().contains("the limit is 60000, raise 'expansion' of the options"));
    /// assert!(LoadOptions::new().expansion(70_000).read(&save[..]).is_ok());
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn expansion(mut self, bytes: u64) -> Self {
        self.expansion = Some(bytes);
        self
    }

    /// Reads a save from a folder to a new store with the schemas of the save.
    ///
    /// # Errors
    /// Returns an error if the save cannot be read, or is damaged.
    ///
    /// [`save`](crate::save) has an example.
    pub fn load(&self, folder: impl AsRef<Path>) -> Result<(Store, LoadReport), LoadError> {
        from_folder(folder.as_ref(), is_damaged, |source| {
            self.read_all(source, Store::with_limits(self.limits), &PodTypes::default(), None)
        })
    }

    /// Reads a save from any reader to a new store with the schemas of the save. Reads nothing behind the end of an intact save.
    ///
    /// # Errors
    /// Returns an error if the save cannot be read, or is damaged.
    ///
    /// [`SaveOptions`](crate::SaveOptions) has an example.
    pub fn read(&self, input: impl Read) -> Result<(Store, LoadReport), LoadError> {
        let source = StreamSource::new(input);
        self.read_all(source, Store::with_limits(self.limits), &PodTypes::default(), None)
    }

    /// Replaces the objects of a store by those of a save in a folder. The store keeps its schemas and Rust types.
    ///
    /// Every id means the same object as in the store that was saved. Schemas get the ids that they had there, so look up keys
    /// again. Earlier snapshots of the store can be read, but not restored.
    ///
    /// # Errors
    /// Returns an error if the save cannot be read, is damaged, or does not fit the schemas. The store is unchanged then.
    ///
    /// [`LoadOptions`] has an example.
    pub fn load_into(
        &self,
        store: &mut Store,
        folder: impl AsRef<Path>,
    ) -> Result<LoadReport, LoadError> {
        let read = |source| self.replacement(store, source);
        let (loaded, report) = from_folder(folder.as_ref(), is_damaged, read)?;
        *store = loaded;
        Ok(report)
    }

    /// Replaces the objects of a store by those of a save from any reader, as [`load_into`](Self::load_into) does.
    ///
    /// # Errors
    /// Returns an error if the save cannot be read, is damaged, or does not fit the schemas. The store is unchanged then.
    ///
    /// [`LoadOptions`] has an example.
    pub fn read_into(&self, store: &mut Store, input: impl Read) -> Result<LoadReport, LoadError> {
        let (loaded, report) = self.replacement(store, StreamSource::new(input))?;
        *store = loaded;
        Ok(report)
    }

    /// Returns the store that takes the place of one.
    fn replacement(
        &self,
        store: &Store,
        source: impl Source,
    ) -> Result<(Store, LoadReport), LoadError> {
        let new = Store::with_limits(*store.limits());
        // Types that the program does not have may belong to what is kept aside.
        let types = PodTypes::of(store).accept_others(true);
        let (mut loaded, mut report) = self.read_all(source, new, &types, Some(store))?;
        migrate::to_schemas_of(store, &mut loaded, self, &mut report)?;
        report.objects = loaded.len();
        Ok((loaded, report))
    }

    /// Reads everything to a new store. Schemas that the program lacks get the names of placeholders.
    pub(crate) fn read_all(
        &self,
        mut source: impl Source,
        mut store: Store,
        types: &PodTypes,
        program: Option<&Store>,
    ) -> Result<(Store, LoadReport), LoadError> {
        let types = match self.opaque_types {
            true => types.clone().accept_others(true),
            false => types.clone(),
        };
        let mut report = LoadReport::default();
        let mut manifest = self.read_manifest(&mut source, &mut report)?;
        let (names, missing) = self.names(&manifest, program, &mut report)?;
        self.rename(&mut manifest, &names, &mut report);
        register(&manifest.schemas, &mut store, &types)
            .map_err(|(schema, error)| definition_error(source.name(), schema, error))?;
        let missing = missing.into_iter().filter_map(|(placeholder, name)| {
            Some(AsideSchema { id: store.schema(&placeholder)?.id(), name })
        });
        report.missing = missing.collect();
        let expansion = Expansion::new(self.expansion.unwrap_or(DEFAULT_EXPANSION));
        for entry in &manifest.tables {
            let name = names.get(&entry.schema).unwrap_or(&entry.schema);
            let schema = store.schema(name).map(|schema| schema.id());
            let Some(schema) = schema else { continue };
            self.read_table(&mut source, entry, &mut store, schema, &expansion, &mut report)?;
        }
        self.read_attachments(&mut source, &manifest, &mut report)?;
        match source.check_copy() {
            Ok(()) => {}
            Err(ReadError::Damage(_)) if self.ignores_checksums => {}
            Err(error) if self.salvages => report.damaged.push(damaged_manifest(&source, error)),
            Err(ReadError::Io(error)) => return Err(file_error(source.name(), error)),
            Err(ReadError::Damage(damage)) => {
                let file = source.name().to_owned();
                return Err(LoadError::Damaged { file, damage, can_salvage: true });
            }
        }
        report.objects = store.len();
        Ok((store, report))
    }

    /// Gives the schemas of a save their names, and types those that they have by now.
    fn rename(
        &self,
        manifest: &mut Manifest,
        names: &HashMap<String, String>,
        report: &mut LoadReport,
    ) {
        for definition in &mut manifest.schemas {
            definition.visit_schema_names(|name| {
                if let Some(renamed) = names.get(name) {
                    name.clone_from(renamed);
                }
            });
            definition.visit_type_names(|name| {
                let mut to = name.clone();
                self.migrations.rename_types(&mut to);
                if to != *name {
                    let from = std::mem::replace(name, to.clone());
                    let step = LoadStep::RenamedType { from, to };
                    report.steps.extend((!report.steps.contains(&step)).then_some(step));
                }
            });
        }
    }

    /// Reads the manifest, or its copy if it is damaged and the rest may be loaded.
    fn read_manifest(
        &self,
        source: &mut impl Source,
        report: &mut LoadReport,
    ) -> Result<Manifest, LoadError> {
        if !self.salvages {
            return read_manifest(source, self.ignores_checksums);
        }
        let (manifest, damage) = read_manifest_or_copy(source, self.ignores_checksums)?;
        let damaged = damage.map(|damage| damaged_manifest(source, damage.into()));
        report.damaged.extend(damaged);
        Ok(manifest)
    }

    /// Returns the name that each schema of a save gets, and the placeholders and names of those that the program lacks.
    fn names(
        &self,
        manifest: &Manifest,
        program: Option<&Store>,
        report: &mut LoadReport,
    ) -> Result<(HashMap<String, String>, Vec<Placeholder>), LoadError> {
        let (mut names, mut missing) = (HashMap::new(), Vec::new());
        let mut given: HashMap<String, &str> = HashMap::new();
        for (number, definition) in manifest.schemas.iter().enumerate() {
            let mut name = definition.name.clone();
            self.migrations.rename_schemas(&mut name);
            if let Some(first) = given.insert(name.clone(), &definition.name) {
                let (first, second) = (first.to_owned(), definition.name.clone());
                return Err(LoadError::SameName { first, second, name });
            }
            if name != definition.name {
                let (from, to) = (definition.name.clone(), name.clone());
                report.steps.push(LoadStep::RenamedSchema { from, to });
            }
            let is_known = program.is_none_or(|program| program.schema(&name).is_some());
            if !is_known || (program.is_some() && is_placeholder(&name)) {
                let own = name.clone();
                if !is_placeholder(&name) {
                    name = placeholder(number, &name);
                }
                missing.push((name.clone(), own));
            }
            names.insert(definition.name.clone(), name);
        }
        Ok((names, missing))
    }

    fn read_attachments(
        &self,
        source: &mut impl Source,
        manifest: &Manifest,
        report: &mut LoadReport,
    ) -> Result<(), LoadError> {
        // Attachments with equal bytes can share a file, which is then read once.
        let mut shared: HashMap<&str, Result<Arc<Vec<u8>>, Damage>> = HashMap::new();
        for AttachmentEntry { name, file } in &manifest.attachments {
            let known = shared.get(&*file.file).filter(|_| source.shares_files());
            let read = match known {
                Some(known) => known.clone(),
                None => match self.read_attachment(source, file) {
                    Ok((bytes, excess)) => {
                        report
                            .damaged
                            .extend(excess.map(|damage| damaged_attachment(name, file, damage)));
                        Ok(bytes)
                    }
                    Err(error) if self.salvages => Err(error.into()),
                    Err(ReadError::Io(error)) => return Err(file_error(&file.file, error)),
                    Err(ReadError::Damage(damage)) => {
                        let file = file.file.clone();
                        return Err(LoadError::Damaged { file, damage, can_salvage: true });
                    }
                },
            };
            match &read {
                Ok(bytes) => _ = report.attachments.insert(name.clone(), Arc::clone(bytes)),
                Err(damage) => report.damaged.push(damaged_attachment(name, file, damage.clone())),
            }
            shared.insert(&file.file, read);
        }
        Ok(())
    }

    fn read_attachment(
        &self,
        source: &mut impl Source,
        file: &FileEntry,
    ) -> Result<(Arc<Vec<u8>>, Option<Damage>), ReadError> {
        let Opened { input, excess } = source.open(file)?;
        if let Some(damage) = excess.clone().filter(|_| !self.salvages) {
            return Err(damage.into());
        }
        let mut bytes = Vec::new();
        input.take(file.bytes).read_to_end(&mut bytes).map_err(ReadError::Io)?;
        if (bytes.len() as u64) < file.bytes {
            return Err(Damage::Truncated { at: bytes.len() as u64 }.into());
        }
        match self.accepts(file, xxh3_128(&bytes)) {
            true => Ok((Arc::new(bytes), excess)),
            false => Err(Damage::Checksum.into()),
        }
    }
}

/// Returns the error of a definition in the manifest.
pub(crate) fn definition_error(
    manifest: &str,
    schema: String,
    error: DefinitionError,
) -> LoadError {
    match error {
        DefinitionError::UnknownType { slot, rust } => {
            LoadError::UnknownType { schema, slot, rust }
        }
        DefinitionError::Schema(error) => match *error {
            SchemaError::TooManySlots { schema, slots, limit } => {
                let schema = kept_name(&schema).unwrap_or(&schema);
                let what = format!("slots of schema {}", slotted::schema::Quoted(schema));
                let (found, limit) = (slots as u64, limit as u64);
                let setting = "Limits::slots_per_schema";
                let damage = Damage::Limit { what, found, limit, setting };
                LoadError::Damaged { file: manifest.to_owned(), damage, can_salvage: false }
            }
            error => LoadError::Schema(error),
        },
        DefinitionError::Limit(damage) => {
            LoadError::Damaged { file: manifest.to_owned(), damage, can_salvage: false }
        }
        DefinitionError::Invalid(part) => {
            let damage = Damage::Definition { part };
            LoadError::Damaged { file: manifest.to_owned(), damage, can_salvage: false }
        }
    }
}

fn damaged_attachment(name: &str, file: &FileEntry, damage: Damage) -> DamagedFile {
    let (file, name) = (file.file.clone(), name.to_owned());
    DamagedFile { file, name, damages: vec![damage], lost_rows: 0 }
}

fn damaged_manifest(source: &impl Source, error: ReadError) -> DamagedFile {
    let (file, damages) = (source.name().to_owned(), vec![error.into()]);
    DamagedFile { file, name: "manifest".to_owned(), damages, lost_rows: 0 }
}

fn is_damaged((_, report): &(Store, LoadReport)) -> bool {
    !report.damaged.is_empty()
}

pub(crate) fn file_error(file: &str, error: io::Error) -> LoadError {
    LoadError::File { file: file.to_owned(), error }
}
