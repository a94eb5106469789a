//! Writes saves: to a folder, or to any writer.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::io::{self, Read, Write};
use std::path::Path;

use serde::de::IgnoredAny;
use slotted::{Epoch, Snapshot, StoreIdentity};

use crate::aside::Aside;
use crate::compression::Compression;
use crate::definition::Definition;
use crate::folder::{Disk, Folder, FolderError, NewFiles};
use crate::manifest::{
    AttachmentEntry, COPY_OF_MANIFEST, FileEntry, MANIFEST, MOST_BYTES, Manifest, ManifestError,
    PARTIAL, TABLE_ENDING, TableEntry, VERSION, file_name, is_file_name,
};
use crate::parts::{Part, Parts};
use crate::stream;
use crate::table_file::write_table;

/// Writes a snapshot to a folder: one Arrow file for each schema, and a manifest.
///
/// Call it from another thread while the game goes on. [`SaveOptions`] offers more, and explains what a crash leaves behind.
///
/// # Errors
/// Returns an error if the folder cannot be written to. The save from before is unchanged, except after
/// [`SaveError::Unconfirmed`].
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
/// Other systems than Unix have no call that waits until names are on the disk. There, a crash of the program leaves the old
/// save or the new one; after a power failure that depends on the file system.
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
    /// The file and the definitions of each schema.
    tables: HashMap<String, (TableEntry, Vec<Definition>)>,
}

/// The state of a table since an earlier save.
enum Since<'s> {
    Unknown,
    Unchanged(&'s TableEntry),
    Changed,
}

impl Saved {
    fn look_at(&self, part: &Part<'_>, parts: &Parts<'_>) -> Since<'_> {
        let saved = self.tables.get(&*part.name);
        // An older snapshot says nothing about what was written after it.
        let is_later = part.raw.identity() == self.store && parts.epoch >= self.epoch;
        let Some((entry, then)) = saved.filter(|_| is_later) else { return Since::Unknown };
        // Blocks that were cut off leave no epoch behind, but fewer rows.
        let is_same = part.table.last_written() < self.epoch
            && (entry.rows, entry.objects) == (part.table.used_rows(), part.table.len())
            && *then == parts.definitions(part);
        if is_same { Since::Unchanged(entry) } else { Since::Changed }
    }
}

/// The reason why a save failed.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum SaveError {
    /// An operation on a file failed.
    #[error(
        "cannot {action} '{file}': {error}; the save from before is unchanged, if there was one"
    )]
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
    /// The objects or values that were kept aside belong to another store.
    #[error(
        "the snapshot is of another store than the one for which objects were kept aside; \
         save the store that was loaded"
    )]
    OtherStore,
    /// No load would accept the save, so it was not written.
    #[error(
        "no load would accept this save: {reason}; the save from before is unchanged, if there was one"
    )]
    Unloadable {
        /// The reason.
        reason: String,
    },
    /// A later version of slotted saved to the folder.
    #[error(
        "the folder has a save of format {found}, this program writes {known}; choose another folder"
    )]
    Newer {
        /// The version of the save.
        found: u32,
        /// The version that this program writes.
        known: u32,
    },
}

impl From<FolderError> for SaveError {
    fn from(error: FolderError) -> Self {
        let FolderError { action, file, error } = error;
        Self::File { action, file, error }
    }
}

impl From<ManifestError> for SaveError {
    fn from(error: ManifestError) -> Self {
        let reason = match error {
            ManifestError::Content(reason) => reason,
            other => format!("{other:?}"),
        };
        Self::Unloadable { reason }
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
    /// They keep the compression of their file.
    ///
    /// Without this, the columns of each table are compared by their checksum with the manifest of the folder. Files that the
    /// manifest has are taken to be whole; [`inspect`](crate::inspect) checks them.
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
    /// Returns an error if the folder cannot be written to, if another thread or process saves to it, or if its manifest cannot be
    /// read, is of a later format or belongs to another program. The save from before is unchanged, except after [`SaveError::Unconfirmed`].
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
        let parts = Parts::new(&self.aside, snapshot)?;
        let _lock = folder.lock().map_err(FolderError::of("lock", "the folder"))?;
        let old = read_manifest(folder)?;
        if let Some(old) = &old {
            // The save before may not have come so far: the disk may still have the manifest of an earlier one.
            folder.sync_names().map_err(FolderError::of("sync", "the folder"))?;
            remove_unused(folder, old);
        }
        let old = old.unwrap_or_default();
        let old_tables = old.tables.iter().map(|entry| (&*entry.schema, entry)).collect();
        let mut files = NewFiles::new(folder);
        let mut report = SaveReport { objects: parts.objects(), ..SaveReport::default() };
        let mut manifest = parts.manifest.clone();
        for part in &parts.tables {
            let entry = self.save_table(part, &parts, &old_tables, &mut files, &mut report)?;
            manifest.tables.push(entry);
        }
        for (name, bytes) in &self.attachments {
            let entry = FileEntry::of_attachment(name, bytes);
            let is_known = old.attachments.iter().any(|old| old.file == entry);
            // Equal bytes under names that differ in other characters alone share a file.
            let is_written = manifest.attachments.iter().any(|other| other.file == entry);
            if !is_written && (!is_known || !is_there(folder, &entry)) {
                files.write(&entry.file, |mut file| {
                    file.write_all(bytes)?;
                    Ok((file, entry.file.clone(), ()))
                })?;
                report.bytes_written += entry.bytes;
            }
            manifest.attachments.push(AttachmentEntry { name: name.clone(), file: entry });
        }
        files.finish()?;
        // The names of the new files come to the disk before the manifest that has them.
        folder.sync_names().map_err(FolderError::of("sync", "the folder"))?;
        let bytes = manifest.to_bytes()?;
        let mut last = NewFiles::new(folder);
        last.write(MANIFEST, |mut file| {
            file.write_all(&bytes)?;
            Ok((file, MANIFEST.to_owned(), ()))
        })?;
        last.finish()?;
        folder.sync_names().map_err(SaveError::Unconfirmed)?;
        report.bytes_written += bytes.len() as u64;
        // The save is whole without the copy. It is not synced either: it counts only if the manifest is damaged later.
        match folder.create(COPY_OF_MANIFEST).and_then(|mut file| file.write_all(&bytes)) {
            Ok(()) => report.bytes_written += bytes.len() as u64,
            // An older one would name files that are removed below.
            Err(_) => _ = folder.remove(COPY_OF_MANIFEST),
        }
        remove_unused(folder, &manifest);
        let tables = parts
            .tables
            .iter()
            .zip(manifest.tables)
            .map(|(part, entry)| (entry.schema.clone(), (entry, parts.definitions(part))));
        let (store, epoch) = (snapshot.raw().identity(), snapshot.epoch());
        report.saved = Some(Saved { store, epoch, tables: tables.collect() });
        Ok(report)
    }

    /// Writes a table unless the folder has the same one.
    fn save_table<F: Folder>(
        &self,
        part: &Part<'_>,
        parts: &Parts<'_>,
        old: &HashMap<&str, &TableEntry>,
        files: &mut NewFiles<'_, F>,
        report: &mut SaveReport,
    ) -> Result<TableEntry, SaveError> {
        let name = &*part.name;
        let size = (part.table.used_rows(), part.table.len());
        let old = old.get(name).filter(|old| (old.rows, old.objects) == size);
        let old = old.filter(|old| is_there(files.folder(), &old.file));
        let last = self.last.as_ref().map_or(Since::Unknown, |last| last.look_at(part, parts));
        let is_same = |old: &TableEntry| match last {
            Since::Unchanged(saved) if saved == old => Ok(true),
            Since::Changed => Ok(false),
            _ => {
                let (_, same) = write_table(io::sink(), parts.table(part), self.compression)?;
                Ok::<bool, io::Error>(
                    old.file.bytes == same.bytes && old.file.has_checksum(same.checksum),
                )
            }
        };
        if let Some(old) = old
            && is_same(old)?
        {
            report.tables_kept += 1;
            return Ok((*old).clone());
        }
        // Two schemas may have names that differ in other characters alone.
        let number = part.table.schema().id().index() as u128;
        let entry = files.write(&file_name(name, number, TABLE_ENDING), |file| {
            let (file, written) = write_table(file, parts.table(part), self.compression)?;
            let name = file_name(name, written.checksum, TABLE_ENDING);
            Ok((file, name.clone(), part.entry(name, written)))
        })?;
        report.tables_written += 1;
        report.bytes_written += entry.file.bytes;
        Ok(entry)
    }

    /// Writes a snapshot to any writer, as one stream. Each column is encoded twice: once for its checksum, then to write it.
    ///
    /// # Errors
    /// Returns an error if the writer fails.
    ///
    /// [`SaveOptions`] has an example.
    pub fn write(&self, snapshot: &Snapshot, out: impl Write) -> Result<SaveReport, SaveError> {
        let parts = Parts::new(&self.aside, snapshot)?;
        let mut manifest = parts.manifest.clone();
        for part in &parts.tables {
            let name = &*part.name;
            let (_, written) = write_table(io::sink(), parts.table(part), self.compression)?;
            let file = file_name(name, written.checksum, TABLE_ENDING);
            manifest.tables.push(part.entry(file, written));
        }
        for (name, bytes) in &self.attachments {
            let file = FileEntry::of_attachment(name, bytes);
            manifest.attachments.push(AttachmentEntry { name: name.clone(), file });
        }
        let manifest = manifest.to_bytes()?;
        let mut out = stream::begin(out, &manifest)?;
        for part in &parts.tables {
            (out, _) = write_table(out, parts.table(part), self.compression)?;
        }
        for bytes in self.attachments.values() {
            out.write_all(bytes)?;
        }
        out.write_all(&stream::end(&manifest))?;
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

/// Returns `true` if a file of the old save has its length.
fn is_there(folder: &impl Folder, file: &FileEntry) -> bool {
    folder.open(&file.file).is_ok_and(|(_, bytes)| bytes == file.bytes)
}

/// Returns the manifest of the save from before, or `None` if there is none or it is damaged.
fn read_manifest(folder: &impl Folder) -> Result<Option<Manifest>, SaveError> {
    let mut bytes = Vec::new();
    let read =
        folder.open(MANIFEST).and_then(|(file, _)| file.take(MOST_BYTES).read_to_end(&mut bytes));
    match read {
        Ok(_) => {}
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        // It may be the save of a newer program.
        Err(error) => return Err(FolderError::of("read", MANIFEST)(error).into()),
    }
    match Manifest::from_bytes(&bytes, false) {
        Ok(manifest) => Ok(Some(manifest)),
        Err(ManifestError::Newer(found)) => Err(SaveError::Newer { found, known: VERSION }),
        Err(ManifestError::Foreign | ManifestError::Syntax)
            if serde_json::from_slice::<IgnoredAny>(&bytes).is_ok() =>
        {
            let error = io::Error::other("it belongs to another program; choose another folder");
            Err(FolderError::of("replace", MANIFEST)(error).into())
        }
        Err(_) => Ok(None),
    }
}

/// Removes files that the manifest does not name, as failed saves leave them. Those that cannot be removed are tried again at the next save.
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
