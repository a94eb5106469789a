//! How far a load is, for those who wait for it.

use std::fmt;
use std::sync::Arc;

/// How far a load is: see [`Loader::progress`](super::Loader::progress).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum LoadProgress {
    /// Files are read.
    Reading {
        /// How many were read.
        files: usize,
        /// How many bytes these have together.
        bytes: u64,
    },
    /// The files' texts are taken apart.
    Parsing {
        /// How many were taken apart.
        files: usize,
        /// How many there are.
        of: usize,
    },
    /// The values of records are checked, the last step.
    Checking {
        /// How many records there are.
        records: usize,
    },
}

/// Whom a load tells how far it is.
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
        f.write_str(if self.0.is_some() { "a listener" } else { "nobody" })
    }
}

#[cfg(all(test, feature = "toml"))]
mod tests {
    use std::sync::Mutex;

    use super::*;
    use crate::Loader;
    use slotted::Store;

    #[test]
    fn every_file_is_told_when_it_is_read_and_when_it_is_parsed() {
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
