//! Writes saves: to a folder, or to any writer.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::io::{self, Write};
use std::path::Path;

use slotted::raw::{RawSnapshot, RawTable};
use slotted::{Epoch, Snapshot, StoreIdentity};

use crate::aside::Aside;
use crate::columns::Column;
use crate::compression::Compression;
use crate::definition::Definition;
use crate::folder::{Disk, Folder, FolderError, write_partial};
use crate::ipc::WrittenFile;
use crate::manifest::{
    AsideEntry, AttachmentEntry, FileEntry, Manifest, PARTIAL, TABLE_ENDING, TableEntry, file_name,
    hexadecimal, is_file_name,
};
use crate::stream;
use crate::table_file::{TableToWrite, write_table};

/// The name of the manifest in a folder.
pub(crate) const MANIFEST: &str = "manifest.json";

/// Writes a snapshot to a folder: one Arrow file for each schema, and a manifest.
///
/// Call it from another thread while the game goes on. [`SaveOptions`] offers more, and explains what a crash leaves behind.
///
/// # Errors
/// Returns an error if the folder cannot be written to. The save that was there before is intact.
///
/// # Example
/// ```
/// use slotted::{Kind, Schema, Store, record};
///
/// let mut store = Store::new();
/// store.register_schema(Schema::builder("unit").slot("health", Kind::F32).build()?)?;
/// let unit = store.spawn_record("unit", record! { health: 80.0 })?;
///
/// # let folder = std::env::temp_dir().join(format!("slotted-save-{}", std::process::id()));
/// slotted_arrow::save(&store.snapshot(), &folder)?;
/// let loaded = slotted_arrow::load(&folder)?;
/// assert_eq!(loaded.get_value(unit, "health")?, 80.0_f32.into());
/// # std::fs::remove_dir_all(folder)?;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn save(snapshot: &Snapshot, folder: impl AsRef<Path>) -> Result<SaveReport, SaveError> {
    SaveOptions::new().save(snapshot, folder)
}

/// Options of a save.
///
/// # After a crash
/// New files are written under temporary names and synced first. Then one rename puts the new manifest in place of the old
/// one. Until that moment the old save is whole, and afterwards the new one, also after a power failure. Tables that have not
/// changed since the last save to the folder are not written again. Files that no manifest names are removed at the end.
///
/// # Example
/// ```
/// use slotted::{Schema, Store, record};
/// use slotted_arrow::{Compression, LoadOptions, SaveOptions};
///
/// let mut store = Store::new();
/// store.register_schema(Schema::builder("tile").build()?)?;
/// let tile = store.spawn_record("tile", record! {})?;
///
/// let mut bytes = Vec::new();
/// let options = SaveOptions::new().compression(Compression::Lz4).attach("turn", *b"12");
/// options.write(&store.snapshot(), &mut bytes)?;
///
/// let (loaded, report) = LoadOptions::new().read(&bytes[..])?;
/// assert!(loaded.contains(tile));
/// assert_eq!(report.attachment("turn"), Some(&b"12"[..]));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug, Default)]
#[must_use = "options do nothing on their own"]
pub struct SaveOptions {
    compression: Option<Compression>,
    attachments: BTreeMap<String, Vec<u8>>,
    aside: Aside,
    last: Option<Saved>,
}

/// The outcome of a save.
#[derive(Clone, Debug, Default)]
#[non_exhaustive]
pub struct SaveReport {
    /// Living objects, those that were kept aside included.
    pub objects: usize,
    /// Tables that were written.
    pub tables_written: usize,
    /// Tables that had not changed since the last save to the folder.
    pub tables_kept: usize,
    /// Bytes of all files that were written.
    pub bytes_written: u64,
    saved: Option<Saved>,
}

/// The tables of a save, and the moment of the store that they are of.
#[derive(Clone, Debug)]
struct Saved {
    store: StoreIdentity,
    /// The epoch that began with the snapshot.
    epoch: Epoch,
    tables: Vec<(TableEntry, Vec<Definition>)>,
}

impl Saved {
    /// Returns the entry of a table that is the same now. Returns `Err` if the table has changed since.
    fn unchanged(
        &self,
        part: &Part<'_>,
        definitions: &[Definition],
    ) -> Result<Option<&TableEntry>, ()> {
        let name = part.table.schema().name();
        let saved = self.tables.iter().find(|(entry, _)| entry.schema == name);
        let Some((entry, then)) = saved.filter(|_| part.raw.identity() == self.store) else {
            return Ok(None);
        };
        let is_same = part.table.last_written() < self.epoch
            && (entry.rows, entry.objects) == (part.table.used_rows(), part.table.len())
            && then == definitions;
        if is_same { Ok(Some(entry)) } else { Err(()) }
    }
}

/// The reason why a save failed.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum SaveError {
    /// An operation on a file failed.
    #[error("cannot {action} '{file}': {error}; the save from before is intact")]
    File {
        /// The operation, such as `write`.
        action: &'static str,
        /// The file's name in the folder.
        file: String,
        /// The reason.
        #[source]
        error: io::Error,
    },
    /// The new save is in place, but the disk did not confirm it: a power failure may bring back the save from before.
    #[error("the save is written, but the disk did not confirm it: {0}; save again")]
    Unconfirmed(#[source] io::Error),
    /// The writer failed.
    #[error("cannot write the save: {0}")]
    Write(#[from] io::Error),
    /// A schema has objects in the store, and others that were kept aside because the schema was missing.
    #[error(
        "schema {} has objects in the store and objects that were kept aside; \
         load the save again with the schema registered",
        slotted::schema::Quoted(schema)
    )]
    BothAside {
        /// The schema's name.
        schema: String,
    },
    /// The objects or values that were kept aside belong to another store: the schema is missing or has another id.
    #[error(
        "objects of schema {} were kept aside for another store; save the store that was loaded",
        slotted::schema::Quoted(schema)
    )]
    OtherStore {
        /// The schema's name.
        schema: String,
    },
}

impl From<FolderError> for SaveError {
    fn from(error: FolderError) -> Self {
        let FolderError { action, file, error } = error;
        Self::File { action, file, error }
    }
}

impl SaveOptions {
    /// Returns options without compression and attachments.
    ///
    /// [`SaveOptions`] has an example.
    pub fn new() -> Self {
        Self::default()
    }

    /// Compresses the columns. Arrow's readers open the files as before.
    ///
    /// [`SaveOptions`] has an example.
    pub fn compression(mut self, compression: impl Into<Option<Compression>>) -> Self {
        self.compression = compression.into();
        self
    }

    /// Saves bytes beside the store: a camera, the state of random numbers, values beside objects.
    ///
    /// [`LoadReport::attachment`](crate::LoadReport::attachment) returns them. A second attachment of the name replaces the first.
    ///
    /// [`SaveOptions`] has an example.
    pub fn attach(mut self, name: impl Into<String>, bytes: impl Into<Vec<u8>>) -> Self {
        self.attachments.insert(name.into(), bytes.into());
        self
    }

    /// Writes back what a [load](crate::LoadReport::aside) kept aside, because its schemas were missing.
    ///
    /// # Example
    /// ```
    /// use slotted::{Schema, Store, record};
    /// use slotted_arrow::{LoadOptions, SaveOptions};
    ///
    /// let mut modded = Store::new();
    /// modded.register_schema(Schema::builder("unit").build()?)?;
    /// modded.register_schema(Schema::builder("orc").extends("unit").build()?)?;
    /// let orc = modded.spawn_record("orc", record! {})?;
    /// let mut bytes = Vec::new();
    /// SaveOptions::new().write(&modded.snapshot(), &mut bytes)?;
    ///
    /// // The mod is missing.
    /// let mut plain = Store::new();
    /// plain.register_schema(Schema::builder("unit").build()?)?;
    /// let report = LoadOptions::new().read_into(&mut plain, &bytes[..])?;
    /// assert!(!plain.contains(orc));
    /// let mut bytes = Vec::new();
    /// SaveOptions::new().aside(report.aside()).write(&plain.snapshot(), &mut bytes)?;
    ///
    /// // The mod is back.
    /// LoadOptions::new().read_into(&mut modded, &bytes[..])?;
    /// assert!(modded.contains(orc));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn aside(mut self, aside: &Aside) -> Self {
        self.aside = aside.clone();
        self
    }

    /// Tells the save about an earlier one to the same folder, so that it does not even look at tables that have not changed.
    ///
    /// Without this, the columns of each table are compared with the folder by their checksum.
    ///
    /// # Example
    /// ```
    /// use slotted::{Schema, Store, record};
    /// use slotted_arrow::SaveOptions;
    /// # let mut store = Store::new();
    /// # store.register_schema(Schema::builder("tile").build()?)?;
    /// # store.register_schema(Schema::builder("unit").build()?)?;
    /// # let folder = std::env::temp_dir().join(format!("slotted-since-{}", std::process::id()));
    /// store.spawn_records("tile", vec![record! {}; 100])?;
    /// store.spawn_record("unit", record! {})?;
    /// let first = SaveOptions::new().save(&store.snapshot(), &folder)?;
    /// store.spawn_record("unit", record! {})?;
    /// let second = SaveOptions::new().since(&first).save(&store.snapshot(), &folder)?;
    /// assert_eq!((second.tables_kept, second.tables_written), (1, 1));
    /// # std::fs::remove_dir_all(folder)?;
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn since(mut self, report: &SaveReport) -> Self {
        self.last.clone_from(&report.saved);
        self
    }

    /// Writes a snapshot to a folder, which is created if it is missing.
    ///
    /// # Errors
    /// Returns an error if the folder cannot be written to, or if another process saves to it. The save that was there before
    /// is intact.
    ///
    /// [`save`] has an example.
    pub fn save(
        &self,
        snapshot: &Snapshot,
        folder: impl AsRef<Path>,
    ) -> Result<SaveReport, SaveError> {
        self.save_to(snapshot, &Disk::new(folder.as_ref()))
    }

    pub(crate) fn save_to<F: Folder>(
        &self,
        snapshot: &Snapshot,
        folder: &F,
    ) -> Result<SaveReport, SaveError> {
        let parts = Parts::new(self, snapshot)?;
        let _lock = folder.lock().map_err(FolderError::of("lock", "the folder"))?;
        let old = read_manifest(folder).unwrap_or_default();
        let mut report = SaveReport { objects: parts.objects(), ..SaveReport::default() };
        let mut manifest = parts.manifest.clone();
        for part in &parts.tables {
            let entry = self.save_table(part, &parts, &old, folder, &mut report)?;
            manifest.tables.push(entry);
        }
        for (name, bytes) in &self.attachments {
            let entry = FileEntry::of_attachment(name, bytes);
            if !old.attachments.iter().any(|old| old.file == entry) {
                write_partial(folder, &entry.file, |mut file| {
                    file.write_all(bytes)?;
                    Ok((file, ()))
                })?;
                rename_partial(folder, &entry.file, &entry.file)?;
                report.bytes_written += entry.bytes;
            }
            manifest.attachments.push(AttachmentEntry { name: name.clone(), file: entry });
        }
        let bytes = manifest.to_bytes().map_err(|error| SaveError::Write(error.into()))?;
        write_partial(folder, MANIFEST, |mut file| {
            file.write_all(&bytes)?;
            Ok((file, ()))
        })?;
        // The names of the new files come to the disk before the manifest that has them.
        folder.sync_names().map_err(FolderError::of("sync", "the folder"))?;
        rename_partial(folder, MANIFEST, MANIFEST)?;
        folder.sync_names().map_err(SaveError::Unconfirmed)?;
        report.bytes_written += bytes.len() as u64;
        remove_unused(folder, &manifest);
        let tables = manifest.tables.into_iter().map(|entry| {
            let definitions = parts.manifest.with_bases(&entry.schema);
            (entry, definitions)
        });
        let (store, epoch) = (snapshot.raw().identity(), snapshot.epoch());
        report.saved = Some(Saved { store, epoch, tables: tables.collect() });
        Ok(report)
    }

    /// Writes a table unless the folder has the same one.
    fn save_table<F: Folder>(
        &self,
        part: &Part<'_>,
        parts: &Parts<'_>,
        old: &Manifest,
        folder: &F,
        report: &mut SaveReport,
    ) -> Result<TableEntry, SaveError> {
        let (name, rows) = (part.table.schema().name(), part.table.used_rows());
        let before = old
            .tables
            .iter()
            .find(|old| old.schema == name && old.rows == rows && old.objects == part.table.len());
        let is_there = before.filter(|old| {
            folder.open(&old.file.file).is_ok_and(|(_, bytes)| bytes == old.file.bytes)
        });
        let definitions = parts.manifest.with_bases(name);
        let last = self.last.as_ref().map(|last| last.unchanged(part, &definitions));
        if let (Some(Ok(Some(same))), Some(old)) = (&last, is_there)
            && *same == old
        {
            report.tables_kept += 1;
            return Ok(old.clone());
        }
        if let Some(old) = is_there.filter(|_| !matches!(last, Some(Err(())))) {
            let (_, same) = write_table(io::sink(), parts.table(part), self.compression)?;
            if old.file.bytes == same.bytes && old.file.has_checksum(same.checksum) {
                report.tables_kept += 1;
                return Ok(old.clone());
            }
        }
        let partial = file_name(name, 0, TABLE_ENDING);
        let written = write_partial(folder, &partial, |file| {
            write_table(file, parts.table(part), self.compression)
        })?;
        let file = file_name(name, written.checksum, TABLE_ENDING);
        rename_partial(folder, &partial, &file)?;
        report.tables_written += 1;
        report.bytes_written += written.bytes;
        Ok(part.entry(file, written))
    }

    /// Writes a snapshot to any writer, as one stream. Each column is encoded twice: once for its checksum, then to write it.
    ///
    /// # Errors
    /// Returns an error if the writer fails.
    ///
    /// [`SaveOptions`] has an example.
    pub fn write(&self, snapshot: &Snapshot, out: impl Write) -> Result<SaveReport, SaveError> {
        let parts = Parts::new(self, snapshot)?;
        let mut manifest = parts.manifest.clone();
        for part in &parts.tables {
            let name = part.table.schema().name();
            let (_, written) = write_table(io::sink(), parts.table(part), self.compression)?;
            let file = file_name(name, written.checksum, TABLE_ENDING);
            manifest.tables.push(part.entry(file, written));
        }
        for (name, bytes) in &self.attachments {
            let file = FileEntry::of_attachment(name, bytes);
            manifest.attachments.push(AttachmentEntry { name: name.clone(), file });
        }
        let mut out = stream::begin(out, &manifest)?;
        for part in &parts.tables {
            (out, _) = write_table(out, parts.table(part), self.compression)?;
        }
        for bytes in self.attachments.values() {
            out.write_all(bytes)?;
        }
        out.flush()?;
        Ok(SaveReport {
            objects: parts.objects(),
            tables_written: parts.tables.len(),
            tables_kept: 0,
            bytes_written: out.bytes(),
            saved: None,
        })
    }
}

/// The tables of a save, from the store and from what was kept aside.
struct Parts<'s> {
    manifest: Manifest,
    tables: Vec<Part<'s>>,
    aside: &'s Aside,
}

struct Part<'s> {
    raw: RawSnapshot<'s>,
    table: RawTable<'s>,
}

impl Part<'_> {
    fn entry(&self, file: String, written: WrittenFile) -> TableEntry {
        TableEntry {
            schema: self.table.schema().name().to_owned(),
            rows: self.table.used_rows(),
            objects: self.table.len(),
            head: hexadecimal(written.head),
            file: FileEntry::new(file, written.bytes, written.checksum),
        }
    }
}

impl<'s> Parts<'s> {
    fn new(options: &'s SaveOptions, snapshot: &'s Snapshot) -> Result<Self, SaveError> {
        let raw = snapshot.raw();
        let aside: HashMap<&str, (RawSnapshot<'s>, RawTable<'s>)> = options
            .aside
            .tables()
            .map(|(raw, table)| (table.schema().name(), (raw, table)))
            .collect();
        let (mut schemas, mut tables) = (Vec::new(), Vec::new());
        let mut used = HashSet::new();
        for table in raw.tables() {
            let schema = table.schema();
            let (raw, table) = match aside.get(schema.name()) {
                Some(_) if !table.is_empty() => {
                    return Err(SaveError::BothAside { schema: schema.name().to_owned() });
                }
                Some((raw, aside)) if aside.schema().id() == schema.id() => {
                    used.insert(schema.name());
                    (*raw, *aside)
                }
                _ => (raw, table),
            };
            schemas.push(Definition::new(&table.schema().to_schema()));
            if table.used_rows() > 0 {
                tables.push(Part { raw, table });
            }
        }
        if let Some(lost) = aside.keys().find(|name| !used.contains(*name)) {
            return Err(SaveError::OtherStore { schema: (*lost).to_owned() });
        }
        let schema_aside = |table: RawTable<'_>| {
            let schema = table.schema().name();
            let entry = || AsideEntry { schema: schema.to_owned(), slot: None };
            aside.contains_key(schema).then(entry)
        };
        let mut marks: Vec<AsideEntry> = raw.tables().filter_map(schema_aside).collect();
        for (raw, table, slot) in options.aside.columns() {
            let (schema, slot) = (table.schema(), &table.schema().slots()[slot]);
            let base = schema.base().and_then(|base| raw.table(base));
            let is_inherited = base.is_some_and(|base| base.schema().slot(slot.name()).is_some());
            let live = snapshot.raw().table(schema.id());
            let live = live.filter(|live| live.schema().name() == schema.name());
            let Some(live) = live else {
                return Err(SaveError::OtherStore { schema: schema.name().to_owned() });
            };
            // The slot is back, with values of its own.
            if is_inherited || live.schema().slot(slot.name()).is_some() {
                continue;
            }
            schemas[schema.id().index()].add_aside(slot);
            let (schema, slot) = (schema.name().to_owned(), Some(slot.name().to_owned()));
            marks.push(AsideEntry { schema, slot });
        }
        let manifest = Manifest { schemas, aside: marks, ..Manifest::default() };
        Ok(Self { manifest, tables, aside: &options.aside })
    }

    /// Returns a table with its columns in the order of the definitions.
    fn table(&self, part: &Part<'s>) -> TableToWrite<'s> {
        let Part { raw, table } = *part;
        let name = table.schema().name();
        let definitions = self.manifest.with_bases(name);
        let aside = self.aside.table_of(name);
        let slots = definitions.iter().flat_map(|definition| &definition.slots);
        let columns = slots.filter_map(|slot| {
            if let Some(slot) = table.schema().slot_index(&slot.name) {
                return Some(Column { raw, table, slot, is_aside: false });
            }
            let (raw, table) = aside?;
            let slot = table.schema().slot_index(&slot.name)?;
            Some(Column { raw, table, slot, is_aside: true })
        });
        let columns = columns.collect();
        TableToWrite { raw, table, columns, definitions }
    }

    fn objects(&self) -> usize {
        self.tables.iter().map(|part| part.table.len()).sum()
    }
}

fn rename_partial(folder: &impl Folder, from: &str, to: &str) -> Result<(), FolderError> {
    folder.rename(&format!("{from}{PARTIAL}"), to).map_err(FolderError::of("rename", to))
}

fn read_manifest(folder: &impl Folder) -> Option<Manifest> {
    let (mut file, _) = folder.open(MANIFEST).ok()?;
    let mut bytes = Vec::new();
    file.read_to_end(&mut bytes).ok()?;
    Manifest::from_bytes(&bytes, false).ok()
}

/// Removes files that the manifest does not name. Those that cannot be removed are tried again at the next save.
fn remove_unused(folder: &impl Folder, manifest: &Manifest) {
    let used: HashSet<&str> = manifest.files().map(|entry| &*entry.file).collect();
    for name in folder.list().unwrap_or_default() {
        let is_partial = name.strip_suffix(PARTIAL);
        let is_partial = is_partial.is_some_and(|name| is_file_name(name) || name == MANIFEST);
        if is_partial || (is_file_name(&name) && !used.contains(&*name)) {
            let _ = folder.remove(&name);
        }
    }
}
