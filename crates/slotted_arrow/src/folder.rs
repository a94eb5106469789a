//! A folder in which files appear whole or not at all.

use std::fs::{self, File};
use std::io::{self, BufWriter, Read, Write};
use std::path::{Path, PathBuf};

use crate::manifest::{MANIFEST, PARTIAL};

/// The file that one saving process locks at a time.
const LOCK: &str = "save.lock";

/// The operations on the files of one folder. Tests put others in their place, which fail or lose power.
pub(crate) trait Folder {
    type File: Write;
    type Lock;

    /// Creates a file, or empties it.
    fn create(&self, name: &str) -> io::Result<Self::File>;
    /// Waits until the file is on the disk.
    fn sync(&self, file: Self::File) -> io::Result<()>;
    fn rename(&self, from: &str, to: &str) -> io::Result<()>;
    /// Waits until the names of files are on the disk. Does nothing where the system has no call for that.
    fn sync_names(&self) -> io::Result<()>;
    fn remove(&self, name: &str) -> io::Result<()>;
    fn list(&self) -> io::Result<Vec<String>>;
    /// Opens a file and returns its length.
    fn open(&self, name: &str) -> io::Result<(Box<dyn Read>, u64)>;
    /// Makes the folder, and waits for no other process that saves to it: that is an error.
    fn lock(&self) -> io::Result<Self::Lock>;
}

/// An operation that failed, and its file.
#[derive(Debug)]
pub(crate) struct FolderError {
    pub(crate) action: &'static str,
    pub(crate) file: String,
    pub(crate) error: io::Error,
}

impl FolderError {
    pub(crate) fn of<'f>(
        action: &'static str,
        file: &'f str,
    ) -> impl FnOnce(io::Error) -> Self + 'f {
        move |error| Self { action, file: file.to_owned(), error }
    }
}

/// Files that are written under temporary names, then synced, then renamed.
///
/// Several at a time, because the first sync does most of the work for the others.
pub(crate) struct NewFiles<'f, F: Folder> {
    folder: &'f F,
    /// The files, their temporary names and their names.
    waiting: Vec<(F::File, String, String)>,
}

/// Open files are few.
const AT_A_TIME: usize = 64;

impl<'f, F: Folder> NewFiles<'f, F> {
    pub(crate) const fn new(folder: &'f F) -> Self {
        Self { folder, waiting: Vec::new() }
    }

    pub(crate) const fn folder(&self) -> &'f F {
        self.folder
    }

    /// Writes a file. The closure also returns its name, which may follow from the content.
    pub(crate) fn write<T>(
        &mut self,
        temporary: &str,
        write: impl FnOnce(BufWriter<F::File>) -> io::Result<(BufWriter<F::File>, String, T)>,
    ) -> Result<T, FolderError> {
        let partial = format!("{temporary}{PARTIAL}");
        let file = self.folder.create(&partial).map_err(FolderError::of("create", &partial))?;
        let written =
            write(BufWriter::with_capacity(1 << 16, file)).and_then(|(file, name, result)| {
                let file = file.into_inner().map_err(io::IntoInnerError::into_error)?;
                Ok((file, name, result))
            });
        let (file, name, result) = written.map_err(FolderError::of("write", &partial))?;
        self.waiting.push((file, partial, name));
        if self.waiting.len() >= AT_A_TIME {
            self.sync()?;
        }
        Ok(result)
    }

    fn sync(&mut self) -> Result<(), FolderError> {
        let mut renames = Vec::new();
        for (file, partial, name) in self.waiting.drain(..) {
            self.folder.sync(file).map_err(FolderError::of("sync", &partial))?;
            renames.push((partial, name));
        }
        renames.into_iter().try_for_each(|(partial, name)| {
            self.folder.rename(&partial, &name).map_err(FolderError::of("rename", &name))
        })
    }

    /// Syncs and renames the last files.
    pub(crate) fn finish(mut self) -> Result<(), FolderError> {
        self.sync()
    }
}

/// Creates a folder and those above it. The names of all of them are on the disk afterwards.
fn create_folder(path: &Path, sync: &mut impl FnMut(&Path) -> io::Result<()>) -> io::Result<()> {
    let Some(parent) = path.parent() else { return Ok(()) };
    let parent = if parent.as_os_str().is_empty() { Path::new(".") } else { parent };
    let was_there = path.is_dir();
    if parent != Path::new(".") {
        create_folder(parent, sync)?;
    }
    match fs::create_dir(path) {
        Err(error) if !path.is_dir() => return Err(error),
        _ => {}
    }
    match sync(parent) {
        // Another program's folder may lie where it can neither be opened nor synced.
        Err(_) if was_there => Ok(()),
        synced => synced,
    }
}

/// Waits until the names of files in a folder are on the disk, where the system has a call for that.
fn sync_names(path: &Path) -> io::Result<()> {
    if cfg!(unix) { File::open(path)?.sync_all() } else { Ok(()) }
}

/// A folder of the file system.
#[derive(Clone, Debug)]
pub(crate) struct Disk {
    path: PathBuf,
}

impl Disk {
    pub(crate) fn new(path: &Path) -> Self {
        Self { path: path.to_owned() }
    }
}

/// The lock of a folder.
pub(crate) struct DiskLock(File);

impl Drop for DiskLock {
    fn drop(&mut self) {
        // Closing the file is not enough: a process that another thread is just starting has the file too, for a moment.
        let _ = self.0.unlock();
    }
}

impl Folder for Disk {
    type File = File;
    type Lock = DiskLock;

    fn create(&self, name: &str) -> io::Result<File> {
        let path = self.path.join(name);
        // A link of that name could lead anywhere.
        match fs::remove_file(&path) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
            _ => File::create_new(path),
        }
    }

    fn sync(&self, file: File) -> io::Result<()> {
        file.sync_all()
    }

    fn rename(&self, from: &str, to: &str) -> io::Result<()> {
        fs::rename(self.path.join(from), self.path.join(to))
    }

    fn sync_names(&self) -> io::Result<()> {
        sync_names(&self.path)
    }

    fn remove(&self, name: &str) -> io::Result<()> {
        fs::remove_file(self.path.join(name))
    }

    fn list(&self) -> io::Result<Vec<String>> {
        let names =
            fs::read_dir(&self.path)?.map(|entry| Ok(entry?.file_name().into_string().ok()));
        Ok(names.collect::<io::Result<Vec<_>>>()?.into_iter().flatten().collect())
    }

    fn open(&self, name: &str) -> io::Result<(Box<dyn Read>, u64)> {
        let path = self.path.join(name);
        // Before it is opened: a pipe would wait for its other end.
        if !fs::metadata(&path)?.is_file() {
            return Err(io::Error::new(io::ErrorKind::InvalidInput, "not a file"));
        }
        let file = File::open(path)?;
        let metadata = file.metadata()?;
        Ok((Box::new(file), metadata.len()))
    }

    fn lock(&self) -> io::Result<DiskLock> {
        // A manifest is written after the folder's own name is on the disk. Without one, a save may have been killed in between.
        if !self.path.join(MANIFEST).is_file() {
            create_folder(&self.path, &mut sync_names)?;
        }
        // Not emptied: a link of that name could lead anywhere.
        let file = File::options().create(true).append(true).open(self.path.join(LOCK))?;
        match file.try_lock() {
            Ok(()) => Ok(DiskLock(file)),
            Err(fs::TryLockError::WouldBlock) => Err(io::Error::new(
                io::ErrorKind::WouldBlock,
                "another thread or process is saving to the folder",
            )),
            Err(fs::TryLockError::Error(error)) => Err(error),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_names_of_folders_are_synced_if_they_exist_too() -> Result<(), Box<dyn std::error::Error>>
    {
        let top = std::env::temp_dir().join(format!("slotted-folders-{}", std::process::id()));
        let folder = top.join("saves/autosave");
        // The first save was killed after it created the folder.
        for _ in 0..2 {
            let mut synced = Vec::new();
            create_folder(&folder, &mut |path| {
                synced.push(path.to_owned());
                Ok(())
            })?;
            let last = &synced[synced.len() - 3..];
            assert_eq!(last, [std::env::temp_dir(), top.clone(), top.join("saves")]);
        }
        // An error counts for a folder that was created now.
        let fails = |path: &Path| create_folder(path, &mut |_| Err(io::Error::other("no sync")));
        assert!(fails(&folder).is_ok());
        assert!(fails(&top.join("other")).is_err());
        fs::remove_dir_all(top)?;
        Ok(())
    }
}
