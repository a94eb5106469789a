//! Progress of a load.

use std::fmt;
use std::sync::Arc;

/// A step of a load, see [`Loader::progress`](super::Loader::progress).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum LoadProgress {
    /// Files are being read.
    Reading {
        /// The number of files read so far.
        files: usize,
        /// The number of bytes read so far.
        bytes: u64,
    },
    /// Files are being parsed.
    Parsing {
        /// The number of files parsed so far.
        files: usize,
        /// The number of all files.
        of: usize,
    },
    /// Records are being checked. This is the last step.
    Checking {
        /// The number of records.
        records: usize,
    },
}

/// The callback for the progress of a load.
#[derive(Clone, Default)]
pub(super) struct Listener(pub(super) Option<Arc<dyn Fn(LoadProgress) + Send + Sync>>);

impl Listener {
    pub(super) fn tell(&self, progress: LoadProgress) {
        if let Some(listener) = &self.0 {
            listener(progress);
        }
    }
}

impl fmt::Debug for Listener {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(if self.0.is_some() { "Listener" } else { "None" })
    }
}

#[cfg(all(test, feature = "toml"))]
mod tests {
    use std::sync::Mutex;

    use super::*;
    use crate::Loader;
    use slotted::Store;

    #[test]
    fn the_listener_is_called_for_each_file_read_and_parsed() {
        let told = Arc::new(Mutex::new(Vec::new()));
        let into = Arc::clone(&told);
        let loader = Loader::new()
            .text("a.toml", "[schemas.unit.slots]\n")
            .text("b.toml", "records.unit = [{}, {}]\n")
            .progress(move |step| into.lock().unwrap().push(step));
        assert!(loader.load(&Store::new()).is_ok());
        let expected = [
            LoadProgress::Reading { files: 1, bytes: 21 },
            LoadProgress::Reading { files: 2, bytes: 45 },
            LoadProgress::Parsing { files: 0, of: 2 },
            LoadProgress::Parsing { files: 1, of: 2 },
            LoadProgress::Checking { records: 2 },
        ];
        assert_eq!(*told.lock().unwrap(), expected);
    }
}
