//! The places from which a save is read: a folder or a stream.

use std::io::{self, Cursor, Read};
use std::path::Path;

use crate::damage::Damage;
use crate::folder::{Disk, Folder};
use crate::ipc::ReadError;
use crate::load::{LoadError, file_error};
use crate::manifest::{
    COPY_OF_MANIFEST, FileEntry, MANIFEST, MOST_BYTES, Manifest, ManifestError, VERSION,
};
use crate::stream;

/// A file that was opened.
pub(crate) struct Opened<'s> {
    pub(crate) input: Box<dyn Read + 's>,
    /// The damage of a file that goes on behind its end. A salvage reads it up to there.
    pub(crate) excess: Option<Damage>,
}

/// The files of a save, in the order of its manifest.
pub(crate) trait Source {
    /// Returns the name of the manifest in messages.
    fn name(&self) -> &str;
    fn manifest(&mut self) -> Result<Vec<u8>, LoadError>;
    /// Opens the next file of the manifest.
    fn open(&mut self, file: &FileEntry) -> Result<Opened<'_>, ReadError>;
    /// Returns the copy of a manifest that cannot be read. The files that follow are those of the copy.
    fn copy_of_manifest(&mut self) -> io::Result<Option<Vec<u8>>>;
    /// Returns `true` if a manifest that cannot be read may have a copy.
    fn may_have_copy(&mut self) -> bool;
    /// Returns `true` if entries of the manifest can name the same file.
    fn shares_files(&self) -> bool;
    /// Returns `true` unless files of the manifest are missing.
    fn has_files_of(&self, manifest: &Manifest) -> bool;
    /// Checks after all files that the copy of the manifest equals it. Does nothing if the copy was used.
    fn check_copy(&mut self) -> Result<(), ReadError>;
}

/// Reads and checks the manifest.
pub(crate) fn read_manifest(
    source: &mut impl Source,
    ignores_checksums: bool,
) -> Result<Manifest, LoadError> {
    let bytes = source.manifest()?;
    Manifest::from_bytes(&bytes, ignores_checksums).map_err(|error| {
        let damage = match error {
            ManifestError::Newer(found) => {
                return LoadError::Newer { found, known: VERSION };
            }
            ManifestError::Foreign => Damage::Foreign,
            ManifestError::Truncated => Damage::Truncated { at: bytes.len() as u64 },
            ManifestError::Syntax => Damage::Order { expected: "the JSON of a manifest" },
            ManifestError::Unknown(found) => Damage::Version { found, known: VERSION },
            ManifestError::Checksum => Damage::OwnChecksum,
            ManifestError::Content(part) => Damage::Definition { part },
        };
        let can_salvage = source.may_have_copy();
        LoadError::Damaged { file: source.name().to_owned(), damage, can_salvage }
    })
}

/// Reads the manifest, or its copy if the manifest is damaged. Returns the damage too.
pub(crate) fn read_manifest_or_copy(
    source: &mut impl Source,
    ignores_checksums: bool,
) -> Result<(Manifest, Option<Damage>), LoadError> {
    let error = match read_manifest(source, ignores_checksums) {
        Ok(manifest) => return Ok((manifest, None)),
        Err(error) => error,
    };
    let Some(copy) = read_copy(source, ignores_checksums) else { return Err(error) };
    let damage = match error {
        // A later version that left an older copy.
        LoadError::Newer { .. } if !source.has_files_of(&copy) => return Err(error),
        LoadError::Damaged { damage, .. } => damage,
        LoadError::File { error, .. } if error.kind() == io::ErrorKind::NotFound => Damage::Missing,
        other => Damage::Unreadable { reason: other.to_string() },
    };
    Ok((copy, Some(damage)))
}

fn read_copy(source: &mut impl Source, ignores_checksums: bool) -> Option<Manifest> {
    let bytes = source.copy_of_manifest().ok()??;
    Manifest::from_bytes(&bytes, ignores_checksums).ok()
}

fn too_large(found: u64) -> Damage {
    Damage::TooLarge { what: "bytes of its manifest", found, limit: MOST_BYTES }
}

pub(crate) struct FolderSource<F> {
    folder: F,
}

impl<F: Folder> FolderSource<F> {
    pub(crate) const fn new(folder: F) -> Self {
        Self { folder }
    }

    fn read(&self, name: &str) -> io::Result<Vec<u8>> {
        let (file, _) = self.folder.open(name)?;
        let mut bytes = Vec::new();
        file.take(MOST_BYTES).read_to_end(&mut bytes)?;
        Ok(bytes)
    }
}

impl<F: Folder> Source for FolderSource<F> {
    fn name(&self) -> &str {
        MANIFEST
    }

    fn manifest(&mut self) -> Result<Vec<u8>, LoadError> {
        let (_, length) =
            self.folder.open(MANIFEST).map_err(|error| file_error(MANIFEST, error))?;
        if length > MOST_BYTES {
            let (file, damage) = (MANIFEST.to_owned(), too_large(length));
            return Err(LoadError::Damaged { file, damage, can_salvage: self.may_have_copy() });
        }
        self.read(MANIFEST).map_err(|error| file_error(MANIFEST, error))
    }

    fn open(&mut self, file: &FileEntry) -> Result<Opened<'_>, ReadError> {
        match self.folder.open(&file.file) {
            Ok((input, length)) => {
                let excess = Damage::TooLong { expected: file.bytes };
                Ok(Opened { input, excess: (length > file.bytes).then_some(excess) })
            }
            Err(error) if error.kind() == io::ErrorKind::NotFound => Err(Damage::Missing.into()),
            Err(error) => Err(ReadError::Io(error)),
        }
    }

    fn copy_of_manifest(&mut self) -> io::Result<Option<Vec<u8>>> {
        self.read(COPY_OF_MANIFEST).map(Some)
    }

    fn may_have_copy(&mut self) -> bool {
        read_copy(self, false).is_some()
    }

    fn shares_files(&self) -> bool {
        true
    }

    fn has_files_of(&self, manifest: &Manifest) -> bool {
        let is_there = |file: &FileEntry| {
            self.folder.open(&file.file).is_ok_and(|(_, length)| length == file.bytes)
        };
        manifest.files().all(is_there)
    }

    /// A crash after a save may leave the copy of the save before, so it may differ.
    fn check_copy(&mut self) -> Result<(), ReadError> {
        Ok(())
    }
}

/// The name of a stream in messages.
const STREAM: &str = "the stream";

pub(crate) struct StreamSource<R> {
    input: R,
    /// The bytes up to the end of the manifest, once they were read.
    beginning: Vec<u8>,
    /// The stream from its first file to its end, if the copy of the manifest was used.
    files: Option<Cursor<Vec<u8>>>,
}

impl<R: Read> StreamSource<R> {
    pub(crate) const fn new(input: R) -> Self {
        Self { input, beginning: Vec::new(), files: None }
    }
}

impl<R: Read> Source for StreamSource<R> {
    fn name(&self) -> &str {
        STREAM
    }

    fn manifest(&mut self) -> Result<Vec<u8>, LoadError> {
        let beginning = stream::read_beginning(&mut self.input);
        self.beginning = beginning.map_err(|error| file_error(STREAM, error))?;
        match stream::manifest(&self.beginning) {
            Some(manifest) if stream::is_whole(&self.beginning) => Ok(manifest.to_vec()),
            None if !stream::ends_early(&self.beginning) => {
                let found = stream::declared_bytes(&self.beginning);
                let damage = found.map_or(Damage::Foreign, too_large);
                Err(LoadError::Damaged { file: STREAM.to_owned(), damage, can_salvage: false })
            }
            _ => {
                let damage = Damage::Truncated { at: self.beginning.len() as u64 };
                Err(LoadError::Damaged { file: STREAM.to_owned(), damage, can_salvage: false })
            }
        }
    }

    fn open(&mut self, file: &FileEntry) -> Result<Opened<'_>, ReadError> {
        let input: Box<dyn Read + '_> = match &mut self.files {
            Some(files) => Box::new(files.take(file.bytes)),
            None => Box::new(self.input.by_ref().take(file.bytes)),
        };
        Ok(Opened { input, excess: None })
    }

    /// Reads the whole stream into memory, if it is not too large: the copy is at its end.
    fn copy_of_manifest(&mut self) -> io::Result<Option<Vec<u8>>> {
        let mut stream = std::mem::take(&mut self.beginning);
        let most = MOST_BYTES.saturating_sub(stream.len() as u64);
        self.input.by_ref().take(most).read_to_end(&mut stream)?;
        // Bytes may follow the stream, and may end like one.
        let fits = |(copy, files): &(&[u8], usize)| {
            let Ok(manifest) = Manifest::from_bytes(copy, false) else { return false };
            let bytes = manifest.files().map(|file| file.bytes);
            let end = bytes.fold(*files as u64, u64::saturating_add);
            stream
                .get(usize::try_from(end).unwrap_or(usize::MAX)..)
                .is_some_and(|rest| rest.starts_with(copy))
        };
        let copy = stream::copies_of_manifest(&stream).find(fits);
        let copy = copy.or_else(|| stream::copy_of_manifest(&stream));
        let Some((copy, files)) = copy else { return Ok(None) };
        let copy = copy.to_vec();
        let mut files_and_copy = Cursor::new(stream);
        files_and_copy.set_position(files as u64);
        self.files = Some(files_and_copy);
        Ok(Some(copy))
    }

    fn may_have_copy(&mut self) -> bool {
        stream::is_whole(&self.beginning)
    }

    /// A stream has the bytes of each entry.
    fn shares_files(&self) -> bool {
        false
    }

    fn has_files_of(&self, _: &Manifest) -> bool {
        true
    }

    fn check_copy(&mut self) -> Result<(), ReadError> {
        if self.files.is_some() {
            return Ok(());
        }
        let expected = stream::end(stream::manifest(&self.beginning).unwrap_or_default());
        let mut end = Vec::new();
        let length = expected.len() as u64;
        self.input.by_ref().take(length).read_to_end(&mut end).map_err(ReadError::Io)?;
        match end == expected {
            true => Ok(()),
            false => Err(Damage::CopyOfManifest.into()),
        }
    }
}

/// Reads from a folder. Starts again if something is damaged because another process saved meanwhile, and removed the save from
/// before. `is_damaged` says so of what was read in spite of it.
pub(crate) fn from_folder<T>(
    path: &Path,
    is_damaged: impl Fn(&T) -> bool,
    mut read: impl FnMut(FolderSource<Disk>) -> Result<T, LoadError>,
) -> Result<T, LoadError> {
    // A process that saves all the time may be met several times.
    const ATTEMPTS: usize = 100;
    let manifest = || FolderSource::new(Disk::new(path)).manifest().ok();
    for _ in 1..ATTEMPTS {
        let before = manifest();
        let result = read(FolderSource::new(Disk::new(path)));
        let is_damaged = match &result {
            Ok(found) => is_damaged(found),
            Err(LoadError::Damaged { .. }) => true,
            Err(_) => false,
        };
        if !is_damaged || manifest() == before {
            return result;
        }
    }
    read(FolderSource::new(Disk::new(path)))
}
