//! The places from which a save is read: a folder or a stream.

use std::io::{self, Read};

use crate::damage::Damage;
use crate::folder::Folder;
use crate::ipc::ReadError;
use crate::load::{LoadError, file_error};
use crate::manifest::{FileEntry, MOST_BYTES, Manifest, ManifestError, VERSION};
use crate::save::MANIFEST;
use crate::stream;

/// The files of a save, in the order of its manifest.
pub(crate) trait Source {
    /// Returns the name of the manifest in messages.
    fn name(&self) -> &str;
    fn manifest(&mut self) -> Result<Vec<u8>, LoadError>;
    /// Opens the next file of the manifest.
    fn open(&mut self, file: &FileEntry) -> Result<Box<dyn Read + '_>, ReadError>;
}

pub(crate) fn parse_manifest(
    name: &str,
    bytes: &[u8],
    ignores_checksums: bool,
) -> Result<Manifest, LoadError> {
    Manifest::from_bytes(bytes, ignores_checksums).map_err(|error| {
        let damage = match error {
            ManifestError::Newer(found) => {
                return LoadError::Newer { found, known: VERSION };
            }
            ManifestError::Foreign => Damage::Foreign,
            ManifestError::Checksum => Damage::Checksum,
            ManifestError::Content(part) => Damage::Definition { part },
        };
        LoadError::Damaged { file: name.to_owned(), damage, can_salvage: false }
    })
}

pub(crate) struct FolderSource<F> {
    folder: F,
}

impl<F: Folder> FolderSource<F> {
    pub(crate) const fn new(folder: F) -> Self {
        Self { folder }
    }
}

impl<F: Folder> Source for FolderSource<F> {
    fn name(&self) -> &str {
        MANIFEST
    }

    fn manifest(&mut self) -> Result<Vec<u8>, LoadError> {
        let (file, _) = self.folder.open(MANIFEST).map_err(|error| file_error(MANIFEST, error))?;
        let mut bytes = Vec::new();
        let read = file.take(MOST_BYTES).read_to_end(&mut bytes);
        read.map_err(|error| file_error(MANIFEST, error))?;
        Ok(bytes)
    }

    fn open(&mut self, file: &FileEntry) -> Result<Box<dyn Read + '_>, ReadError> {
        match self.folder.open(&file.file) {
            Ok((_, length)) if length > file.bytes => {
                Err(Damage::TooLong { expected: file.bytes }.into())
            }
            Ok((input, _)) => Ok(input),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Err(Damage::Missing.into()),
            Err(error) => Err(ReadError::Io(error)),
        }
    }
}

/// The name of a stream in messages.
const STREAM: &str = "the stream";

pub(crate) struct StreamSource<R> {
    input: R,
}

impl<R: Read> StreamSource<R> {
    pub(crate) const fn new(input: R) -> Self {
        Self { input }
    }
}

impl<R: Read> Source for StreamSource<R> {
    fn name(&self) -> &str {
        STREAM
    }

    fn manifest(&mut self) -> Result<Vec<u8>, LoadError> {
        let bytes = stream::read_manifest(&mut self.input);
        match bytes.map_err(|error| file_error(STREAM, error))? {
            Some(bytes) => Ok(bytes),
            None => {
                let damage = Damage::Foreign;
                Err(LoadError::Damaged { file: STREAM.to_owned(), damage, can_salvage: false })
            }
        }
    }

    fn open(&mut self, file: &FileEntry) -> Result<Box<dyn Read + '_>, ReadError> {
        Ok(Box::new(self.input.by_ref().take(file.bytes)))
    }
}
