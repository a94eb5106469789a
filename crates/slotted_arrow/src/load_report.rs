//! The outcome of a load.

use std::collections::BTreeMap;
use std::sync::Arc;

use slotted::Migration;

use crate::aside::{Aside, AsideSchema};
use crate::damage::Damage;

/// The outcome of a load.
///
/// [`LoadOptions`](crate::LoadOptions) has an example.
#[derive(Debug, Default)]
#[non_exhaustive]
pub struct LoadReport {
    pub(crate) objects: usize,
    pub(crate) migration: Option<Migration>,
    pub(crate) aside: Aside,
    /// The schemas that the program does not have, until they are kept aside.
    pub(crate) missing: Vec<AsideSchema>,
    pub(crate) damaged: Vec<DamagedFile>,
    pub(crate) attachments: BTreeMap<String, Arc<Vec<u8>>>,
}

/// A file of which not everything could be read.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct DamagedFile {
    /// The file's name in the folder.
    pub file: String,
    /// The schema of its objects, the name of the attachment, or `manifest`.
    pub name: String,
    /// The reasons.
    pub damages: Vec<Damage>,
    /// The number of rows that were lost. Each may have had an object. Nobody gets their ids again, up to 16,777,216 rows of a
    /// save.
    pub lost_rows: usize,
}

impl LoadReport {
    /// Returns the number of living objects.
    ///
    /// # Example
    /// ```
    /// # use slotted::{Schema, Store, record};
    /// # use slotted_arrow::{LoadOptions, SaveOptions};
    /// # let mut store = Store::new();
    /// # store.register_schema(Schema::builder("tile").build()?)?;
    /// store.spawn_record("tile", record! {})?;
    /// # let mut save = Vec::new();
    /// SaveOptions::new().write(&store.snapshot(), &mut save)?;
    /// let (_, report) = LoadOptions::new().read(&save[..])?;
    /// assert_eq!(report.objects(), 1);
    /// assert!(report.migration().is_none() && report.aside().is_empty() && report.damaged().is_empty());
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub const fn objects(&self) -> usize {
        self.objects
    }

    /// Returns the steps from the save's schemas to those of the program. `None` if they are the same.
    ///
    /// [`LoadOptions`](crate::LoadOptions) has an example.
    #[must_use]
    pub const fn migration(&self) -> Option<&Migration> {
        self.migration.as_ref()
    }

    /// Returns the objects and values for which the program has no schema or slot, for
    /// [`SaveOptions::aside`](crate::SaveOptions::aside).
    ///
    /// [`objects`](Self::objects) has an example.
    #[must_use]
    pub const fn aside(&self) -> &Aside {
        &self.aside
    }

    /// Returns the files of which not everything could be read. Empty without [`LoadOptions::salvage`](crate::LoadOptions::salvage).
    ///
    /// [`LoadOptions::salvage`](crate::LoadOptions::salvage) has an example.
    #[must_use]
    pub fn damaged(&self) -> &[DamagedFile] {
        &self.damaged
    }

    /// Returns what was [attached](crate::SaveOptions::attach) to the save under this name.
    ///
    /// [`SaveOptions`](crate::SaveOptions) has an example.
    #[must_use]
    pub fn attachment(&self, name: &str) -> Option<&[u8]> {
        self.attachments.get(name).map(|bytes| bytes.as_slice())
    }
}
