//! Files of recordings, whose errors name them.

use std::fs::{self, File};
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};

/// A file whose errors name its path, for a [`Recorder`](crate::recording::Recorder) or a
/// [`Playback`](crate::recording::Playback).
///
/// # Example
/// ```
/// use slotted::Store;
/// use slotted_arrow::recording::{Playback, Recorder, RecordingFile};
/// # let mut store = Store::new();
/// # let path = std::env::temp_dir().join(format!("slotted-example-{}.rec", std::process::id()));
/// let mut recorder = Recorder::new(RecordingFile::create(&path)?)?;
/// recorder.frame(0, &store.snapshot())?;
/// let (file, _) = recorder.finish()?;
/// file.sync_all()?;
///
/// let playback = Playback::open(RecordingFile::open(&path)?)?;
/// assert_eq!(playback.frames().count(), 1);
/// let error = RecordingFile::create(&path).unwrap_err();
/// assert_eq!(error.to_string(), format!("cannot create '{}': it exists already", path.display()));
/// # std::fs::remove_file(path)?;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug)]
pub struct RecordingFile<F = File> {
    file: F,
    path: PathBuf,
}

impl RecordingFile {
    /// Creates a file. The folder must exist.
    ///
    /// # Errors
    /// Returns an error if the file cannot be created, or if it exists already: a recording is never overwritten.
    ///
    /// [`RecordingFile`] has an example.
    pub fn create(path: impl AsRef<Path>) -> io::Result<Self> {
        let path = path.as_ref();
        let file = File::create_new(path).map_err(|error| match error.kind() {
            io::ErrorKind::AlreadyExists => {
                let error = io::Error::new(error.kind(), "it exists already");
                named("create", path, &error)
            }
            _ => named("create", path, &error),
        })?;
        Ok(Self::new(file, path))
    }

    /// Opens a file to play it.
    ///
    /// # Errors
    /// Returns an error if the file cannot be opened, or is none.
    ///
    /// [`RecordingFile`] has an example.
    pub fn open(path: impl AsRef<Path>) -> io::Result<Self> {
        let path = path.as_ref();
        let open = || {
            // Before it is opened: a pipe would wait for its other end.
            match fs::metadata(path)?.is_file() {
                true => File::open(path),
                false => Err(io::Error::new(io::ErrorKind::InvalidInput, "it is not a file")),
            }
        };
        let file = open().map_err(|error| named("open", path, &error))?;
        Ok(Self::new(file, path))
    }

    /// Waits until the file and its name are on the disk, so that they survive a power failure.
    ///
    /// # Errors
    /// Returns an error if the system cannot write them.
    ///
    /// [`RecordingFile`] has an example.
    pub fn sync_all(&self) -> io::Result<()> {
        let folder = self.path.parent().filter(|folder| !folder.as_os_str().is_empty());
        let sync_name = || match cfg!(unix) {
            true => File::open(folder.unwrap_or(Path::new(".")))?.sync_all(),
            // Other systems have no such call.
            false => Ok(()),
        };
        let synced = self.file.sync_all().and_then(|()| sync_name());
        synced.map_err(|error| named("sync", &self.path, &error))
    }
}

impl<F> RecordingFile<F> {
    /// Gives an open file, or what takes its place, the path that its errors name.
    ///
    /// # Example
    /// ```
    /// use slotted_arrow::recording::{Recorder, RecordingFile};
    /// let mut room = [0_u8; 10];
    /// let error = Recorder::new(RecordingFile::new(&mut room[..], "replay.rec")).unwrap_err();
    /// assert_eq!(
    ///     error.to_string(),
    ///     "cannot begin the recording: cannot write 'replay.rec': failed to write whole buffer"
    /// );
    /// ```
    pub fn new(file: F, path: impl Into<PathBuf>) -> Self {
        Self { file, path: path.into() }
    }

    /// Returns the file without its path.
    ///
    /// # Example
    /// ```
    /// # use slotted_arrow::recording::RecordingFile;
    /// assert_eq!(RecordingFile::new(vec![1], "replay.rec").into_inner(), [1]);
    /// ```
    pub fn into_inner(self) -> F {
        self.file
    }
}

fn named(action: &str, path: &Path, error: &io::Error) -> io::Error {
    io::Error::new(error.kind(), format!("cannot {action} '{}': {error}", path.display()))
}

impl<F: Write> Write for RecordingFile<F> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.file.write(bytes).map_err(|error| named("write", &self.path, &error))
    }

    fn write_all(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.file.write_all(bytes).map_err(|error| named("write", &self.path, &error))
    }

    fn flush(&mut self) -> io::Result<()> {
        self.file.flush().map_err(|error| named("write", &self.path, &error))
    }
}

impl<F: Read> Read for RecordingFile<F> {
    fn read(&mut self, bytes: &mut [u8]) -> io::Result<usize> {
        self.file.read(bytes).map_err(|error| named("read", &self.path, &error))
    }

    fn read_exact(&mut self, bytes: &mut [u8]) -> io::Result<()> {
        self.file.read_exact(bytes).map_err(|error| named("read", &self.path, &error))
    }
}

impl<F: Seek> Seek for RecordingFile<F> {
    fn seek(&mut self, to: SeekFrom) -> io::Result<u64> {
        self.file.seek(to).map_err(|error| named("read", &self.path, &error))
    }
}
