//! A look into a save without loading it: schemas, files, sizes, checksums.

mod table;

use std::collections::HashMap;
use std::io::{self, Read};
use std::path::Path;

use slotted::Schema;
use slotted::schema::Slot;
use xxhash_rust::xxh3::Xxh3;

use crate::compression::Compression;
use crate::damage::Damage;
use crate::definition::PodTypes;
use crate::ipc::ReadError;
use crate::load::{LoadError, definition_error, file_error};
use crate::manifest::{FileEntry, TableEntry};
use crate::sources::{Opened, Source, StreamSource, from_folder, read_manifest_or_copy};

/// The content of a save without its objects: for tools, and for a list of saves in a game.
///
/// Every file is read and its checksums are checked, but no object is created. Memory does not grow with the save: a block
/// of rows is in memory at a time. Only a stream with a damaged manifest is read into memory, up to 1 GiB, to find the copy. Damaged files are listed with their [damage](FileInfo::damages); the values of intact
/// files are checked by a [load](crate::load) only.
///
/// # Example
/// ```
/// use slotted::{Kind, Schema, Store, record};
/// use slotted_arrow::SaveOptions;
/// use slotted_arrow::inspect::SaveInfo;
///
/// let mut store = Store::new();
/// store.register_schema(Schema::builder("unit").slot("health", Kind::F32).build()?)?;
/// store.spawn_records("unit", vec![record! { health: 80.0 }; 3])?;
/// let mut save = Vec::new();
/// SaveOptions::new().attach("turn", *b"12").write(&store.snapshot(), &mut save)?;
///
/// let info = SaveInfo::of_stream(&save[..])?;
/// assert!(info.is_intact());
/// assert_eq!((info.schemas.len(), info.objects()), (1, 3));
/// assert_eq!((&*info.tables[0].schema, info.tables[0].rows), ("unit", 3));
/// assert_eq!((&*info.tables[0].columns[0].slot, info.tables[0].columns[0].bytes), ("health", 12));
/// assert_eq!((&*info.attachments[0].name, info.attachments[0].file.bytes), ("turn", 2));
///
/// // A bit of the unit's table flips.
/// let table = save.windows(6).position(|bytes| bytes == b"ARROW1").ok_or("no table")?;
/// save[table] ^= 1;
/// let info = SaveInfo::of_stream(&save[..])?;
/// assert!(!info.is_intact() && !info.tables[0].file.is_intact());
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct SaveInfo {
    /// The version of the format.
    pub version: u32,
    /// All schemas, in the order of their ids. Plain-memory types of the program are
    /// [opaque](slotted::Kind::opaque_pod).
    pub schemas: Vec<Schema>,
    /// The tables that have rows, in the order of their schemas.
    pub tables: Vec<TableInfo>,
    /// The files that the game [attached](crate::SaveOptions::attach), in the order of names.
    pub attachments: Vec<AttachmentInfo>,
    /// Schemas and slots that the program that saved did not have: a load had [kept them aside](crate::LoadReport::aside),
    /// and the save [wrote them back](crate::SaveOptions::aside).
    pub aside: Vec<AsideInfo>,
    /// The damage of the manifest, whose copy is shown, or of the copy at the end of a stream.
    pub manifest_damage: Option<Damage>,
}

/// The file of a table.
///
/// [`SaveInfo`] has an example.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct TableInfo {
    /// The name of the schema.
    pub schema: String,
    /// The number of rows, dead ones included.
    pub rows: usize,
    /// The number of living objects.
    pub objects: usize,
    /// The file, and whether it is intact.
    pub file: FileInfo,
    /// The compression; `None` if the columns are as in memory.
    pub compression: Option<Compression>,
    /// The bytes that each slot takes in the file, inherited ones first. Fewer if the file is damaged.
    pub columns: Vec<ColumnInfo>,
    /// The bytes of the rows' generations. None if all rows have the same one.
    pub generation_bytes: u64,
}

/// The bytes that a slot takes in a file.
///
/// [`SaveInfo`] has an example.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct ColumnInfo {
    /// The name of the slot.
    pub slot: String,
    /// The bytes of its values, with the texts or names of variants that they refer to.
    pub bytes: u64,
}

/// A file that the game saved beside the store.
///
/// [`SaveInfo`] has an example.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct AttachmentInfo {
    /// The name that the game gave.
    pub name: String,
    /// The file, and whether it is intact.
    pub file: FileInfo,
}

/// A file, as the manifest lists it and as it was found.
///
/// [`SaveInfo`] has an example.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct FileInfo {
    /// The file's name in the folder.
    pub name: String,
    /// The number of bytes that the manifest lists.
    pub bytes: u64,
    /// The checksum that the manifest lists: xxh3-128 in hexadecimal.
    pub checksum: String,
    /// The damages. Empty if the file is intact.
    pub damages: Vec<Damage>,
}

/// A schema or a slot that the program that saved did not have.
///
/// # Example
/// ```
/// use slotted::{Schema, Store, record};
/// use slotted_arrow::inspect::SaveInfo;
/// use slotted_arrow::{LoadOptions, SaveOptions};
///
/// let mut modded = Store::new();
/// modded.register_schema(Schema::builder("orc").build()?)?;
/// modded.spawn_record("orc", record! {})?;
/// let mut save = Vec::new();
/// SaveOptions::new().write(&modded.snapshot(), &mut save)?;
/// assert!(SaveInfo::of_stream(&save[..])?.aside.is_empty());
///
/// // A game without the mod loads and saves.
/// let mut plain = Store::new();
/// let report = LoadOptions::new().read_into(&mut plain, &save[..])?;
/// let mut save = Vec::new();
/// SaveOptions::new().aside(report.aside()).write(&plain.snapshot(), &mut save)?;
/// let info = SaveInfo::of_stream(&save[..])?;
/// assert_eq!((&*info.aside[0].schema, &info.aside[0].slot, info.objects()), ("orc", &None, 1));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct AsideInfo {
    /// The name of the schema.
    pub schema: String,
    /// The slot; `None` if the schema itself was missing.
    pub slot: Option<String>,
}

impl SaveInfo {
    /// Reads the save in a folder.
    ///
    /// # Errors
    /// Returns an error if the manifest cannot be read, or if it and its copy are damaged.
    ///
    /// # Example
    /// ```
    /// # use slotted::{Schema, Store};
    /// use slotted_arrow::inspect::SaveInfo;
    /// # let folder = std::env::temp_dir().join(format!("slotted-inspect-{}", std::process::id()));
    /// # let mut store = Store::new();
    /// # store.register_schema(Schema::builder("unit").build()?)?;
    /// slotted_arrow::save(&store.snapshot(), &folder)?;
    /// assert_eq!(SaveInfo::of_folder(&folder)?.schemas[0].name(), "unit");
    /// # std::fs::remove_dir_all(folder)?;
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn of_folder(folder: impl AsRef<Path>) -> Result<Self, LoadError> {
        from_folder(folder.as_ref(), |save: &Self| !save.is_intact(), Self::of_source)
    }

    /// Reads a save from any reader.
    ///
    /// # Errors
    /// Returns an error if the reader fails, or if the manifest and its copy are damaged.
    ///
    /// [`SaveInfo`] has an example.
    pub fn of_stream(input: impl Read) -> Result<Self, LoadError> {
        Self::of_source(StreamSource::new(input))
    }

    fn of_source(mut source: impl Source) -> Result<Self, LoadError> {
        let (manifest, mut manifest_damage) = read_manifest_or_copy(&mut source, false)?;
        let types = PodTypes::default().accept_others(true);
        let schemas = manifest.schemas.iter().map(|definition| {
            let schema = definition.to_schema(&types);
            schema.map_err(|error| definition_error(source.name(), definition.name.clone(), error))
        });
        let schemas = schemas.collect::<Result<Vec<Schema>, _>>()?;
        let numbers: HashMap<&str, usize> =
            schemas.iter().enumerate().map(|(number, schema)| (schema.name(), number)).collect();
        let mut tables = Vec::new();
        for entry in &manifest.tables {
            let slots = slots_of(&schemas, &numbers, &entry.schema);
            tables.push(table_info(&mut source, entry, numbers[&*entry.schema], &slots)?);
        }
        let mut attachments = Vec::new();
        for entry in &manifest.attachments {
            let file = attached_file(&mut source, &entry.file)?;
            attachments.push(AttachmentInfo { name: entry.name.clone(), file });
        }
        match source.check_copy() {
            Ok(()) => {}
            Err(ReadError::Damage(damage)) => manifest_damage = Some(damage),
            Err(ReadError::Io(error)) => return Err(file_error(source.name(), error)),
        }
        let aside = manifest.aside.iter();
        let aside =
            aside.map(|entry| AsideInfo { schema: entry.schema.clone(), slot: entry.slot.clone() });
        let aside = aside.collect();
        let version = manifest.version;
        Ok(Self { version, schemas, tables, attachments, aside, manifest_damage })
    }

    /// Returns `true` if all files and the manifest are intact.
    ///
    /// [`SaveInfo`] has an example.
    #[must_use]
    pub fn is_intact(&self) -> bool {
        self.manifest_damage.is_none() && self.files().all(FileInfo::is_intact)
    }

    /// Returns the number of living objects.
    ///
    /// [`SaveInfo`] has an example.
    #[must_use]
    pub fn objects(&self) -> usize {
        self.tables.iter().map(|table| table.objects).fold(0, usize::saturating_add)
    }

    /// Iterates over the files of tables, then those of attachments.
    ///
    /// # Example
    /// ```
    /// # use slotted::Store;
    /// # use slotted_arrow::SaveOptions;
    /// # use slotted_arrow::inspect::SaveInfo;
    /// # let mut save = Vec::new();
    /// SaveOptions::new().attach("turn", *b"12").write(&Store::new().snapshot(), &mut save)?;
    /// let info = SaveInfo::of_stream(&save[..])?;
    /// assert_eq!(info.files().map(|file| file.bytes).sum::<u64>(), 2);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn files(&self) -> impl Iterator<Item = &FileInfo> {
        let attachments = self.attachments.iter().map(|attachment| &attachment.file);
        self.tables.iter().map(|table| &table.file).chain(attachments)
    }
}

impl FileInfo {
    fn new(entry: &FileEntry, damages: Vec<Damage>) -> Self {
        let (name, checksum) = (entry.file.clone(), entry.checksum.clone());
        Self { name, bytes: entry.bytes, checksum, damages }
    }

    /// Returns `true` if the file is there and has its checksums.
    ///
    /// [`SaveInfo`] has an example.
    #[must_use]
    pub const fn is_intact(&self) -> bool {
        self.damages.is_empty()
    }
}

/// Returns the slots of a schema, inherited ones first.
fn slots_of<'s>(
    schemas: &'s [Schema],
    numbers: &HashMap<&str, usize>,
    name: &str,
) -> Vec<&'s Slot> {
    let mut chain = Vec::new();
    let mut next = numbers.get(name);
    let mut seen = std::collections::HashSet::new();
    while let Some(number) = next.filter(|number| seen.insert(**number)) {
        chain.push(&schemas[*number]);
        next = schemas[*number].extends().and_then(|base| numbers.get(base));
    }
    chain.iter().rev().flat_map(|schema| schema.slots()).collect()
}

fn table_info(
    source: &mut impl Source,
    entry: &TableEntry,
    number: usize,
    slots: &[&Slot],
) -> Result<TableInfo, LoadError> {
    let mut content = table::TableContent::new(slots.len());
    let read = source.open(&entry.file).and_then(|Opened { mut input, excess }| {
        content.damages.extend(excess);
        let read = content.read(&mut input, entry, number, slots);
        // A stream goes on behind the file.
        io::copy(&mut input, &mut io::sink()).map_err(ReadError::Io)?;
        read
    });
    if let Err(error) = read {
        content.damages.push(damage_of(source, &entry.file, error)?);
    }
    let columns = slots.iter().zip(&content.bytes);
    let columns =
        columns.map(|(slot, bytes)| ColumnInfo { slot: slot.name().to_owned(), bytes: *bytes });
    Ok(TableInfo {
        schema: entry.schema.clone(),
        rows: entry.rows,
        objects: entry.objects,
        columns: columns.collect(),
        compression: content.compression,
        generation_bytes: content.generation_bytes,
        file: FileInfo::new(&entry.file, content.damages),
    })
}

/// Returns the damage of a file that cannot be read. Nothing can be read behind it in a stream.
fn damage_of(
    source: &impl Source,
    file: &FileEntry,
    error: ReadError,
) -> Result<Damage, LoadError> {
    match error {
        ReadError::Io(error) if !source.shares_files() => Err(file_error(&file.file, error)),
        error => Ok(error.into()),
    }
}

/// Checks the checksum of an attachment, in parts: it can be of any size.
fn attached_file(source: &mut impl Source, entry: &FileEntry) -> Result<FileInfo, LoadError> {
    let mut damages = Vec::new();
    let read = source.open(entry).and_then(|Opened { input, excess }| {
        damages.extend(excess);
        let mut input = input.take(entry.bytes);
        let (mut checksum, mut part, mut bytes) = (Xxh3::new(), vec![0; 1 << 16], 0);
        loop {
            match input.read(&mut part) {
                Ok(0) => break,
                Ok(read) => {
                    checksum.update(&part[..read]);
                    bytes += read as u64;
                }
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(ReadError::Io(error)),
            }
        }
        match entry.has_checksum(checksum.digest128()) {
            _ if bytes < entry.bytes => Err(Damage::Truncated { at: bytes }.into()),
            true => Ok(()),
            false => Err(Damage::Checksum.into()),
        }
    });
    if let Err(error) = read {
        damages.push(damage_of(source, entry, error)?);
    }
    Ok(FileInfo::new(entry, damages))
}
