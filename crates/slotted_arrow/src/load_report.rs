//! The outcome of a load.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;

use slotted::Migration;
use slotted::schema::Quoted;

use crate::aside::{Aside, AsideSchema};
use crate::damage::Damage;
use crate::load_step::{LoadStep, count, is_or_are};

/// The outcome of a load.
///
/// [`LoadOptions`](crate::LoadOptions) has an example. It is displayed with a line for everything that was not loaded as the save has
/// it: the [steps](Self::steps), what was kept [aside](Self::aside), and [damaged](Self::damaged) files.
#[derive(Debug, Default)]
#[non_exhaustive]
pub struct LoadReport {
    pub(crate) objects: usize,
    pub(crate) migration: Option<Migration>,
    pub(crate) steps: Vec<LoadStep>,
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

    /// Returns the plan of the migration from the save's slots to those of the program. `None` if they are the same.
    ///
    /// [`steps`](Self::steps) also lists what happened before and after it.
    ///
    /// [`LoadOptions`](crate::LoadOptions) has an example.
    #[must_use]
    pub const fn migration(&self) -> Option<&Migration> {
        self.migration.as_ref()
    }

    /// Returns everything that the load changed, in this order: renamed schemas and types, the slots of each schema, and values that
    /// were computed, dropped or made to fit.
    ///
    /// # Example
    /// ```
    /// # use slotted::{Kind, Schema, Store, record};
    /// # use slotted_arrow::{LoadOptions, LoadStep, Migrations, SaveOptions};
    /// # let mut old = Store::new();
    /// # old.register_schema(Schema::builder("soldier").slot("hp", Kind::U8).build()?)?;
    /// # old.spawn_record("soldier", record! { hp: 80 })?;
    /// # let mut save = Vec::new();
    /// # SaveOptions::new().write(&old.snapshot(), &mut save)?;
    /// let mut store = Store::new();
    /// store.register_schema(Schema::builder("unit").slot("health", Kind::U8).build()?)?;
    /// let migrations =
    ///     Migrations::new().rename_schema("soldier", "unit").rename("unit", "hp", "health");
    /// let report = LoadOptions::new().migrations(migrations).read_into(&mut store, &save[..])?;
    /// assert_eq!(report.to_string(), "schema 'soldier' is renamed to 'unit'\
    ///     \nschema 'unit' changes (1 object):\
    ///     \n  slot 'hp' is renamed to 'health'");
    /// assert!(matches!(report.steps(), [LoadStep::RenamedSchema { .. }, LoadStep::Schema(_)]));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn steps(&self) -> &[LoadStep] {
        &self.steps
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

/// A line for everything that was not loaded as the save has it.
impl fmt::Display for LoadReport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let steps = self.steps.iter().map(ToString::to_string);
        let objects = self.aside.objects().map(|(schema, objects)| {
            let (is, objects) = (is_or_are(objects), count(objects, "object"));
            format!("{objects} of schema {} {is} kept aside", Quoted(schema))
        });
        let values = self.aside.values().map(|(schema, slot, values)| {
            let (is, values) = (is_or_are(values), count(values, "value"));
            format!("{values} of slot {} of {} {is} kept aside", Quoted(slot), Quoted(schema))
        });
        let damages = self.damaged.iter().flat_map(DamagedFile::lines);
        let lines: Vec<String> = steps.chain(objects).chain(values).chain(damages).collect();
        match lines.is_empty() {
            true => f.write_str("nothing changes"),
            false => f.write_str(&lines.join("\n")),
        }
    }
}

impl DamagedFile {
    fn lines(&self) -> impl Iterator<Item = String> {
        let damages = self.damages.iter().map(|damage| format!("'{}' {damage}", self.file));
        let lost = (self.lost_rows > 0).then(|| {
            let (are, rows) = (is_or_are(self.lost_rows), count(self.lost_rows, "row"));
            format!("{rows} of schema {} {are} lost", Quoted(&self.name))
        });
        damages.chain(lost)
    }
}
