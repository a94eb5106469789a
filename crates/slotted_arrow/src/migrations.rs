//! The steps from the schemas of a save to those of the program.

use std::fmt;
use std::sync::Arc;

use slotted::{Record, Schema, SchemaError, Store, Value};

use crate::definition::{Definition, DefinitionError, PodTypes};

/// A function from an object of the save to the value of a slot.
type Map = Arc<dyn Fn(&Record) -> Value + Send + Sync>;

/// The steps of a load that the schemas do not declare themselves.
///
/// Slots that declare [`renamed_from`](slotted::schema::SchemaBuilder::renamed_from) need no step here. All steps are part of
/// the one migration that [`LoadReport::migration`](crate::LoadReport::migration) lists.
///
/// # Example
/// ```
/// use slotted::{Kind, Schema, Store, Value, record};
/// use slotted_arrow::{LoadOptions, Migrations, SaveOptions};
///
/// let mut old = Store::new();
/// let soldier = Schema::builder("soldier").slot("hp", Kind::U8).slot("feet", Kind::F32);
/// old.register_schema(soldier.build()?)?;
/// let id = old.spawn_record("soldier", record! { hp: 80, feet: 6.0 })?;
/// let mut save = Vec::new();
/// SaveOptions::new().write(&old.snapshot(), &mut save)?;
///
/// let mut store = Store::new();
/// let unit = Schema::builder("unit").slot("health", Kind::U16).slot("metres", Kind::F32);
/// store.register_schema(unit.build()?)?;
/// let migrations = Migrations::new()
///     .rename_schema("soldier", "unit")
///     .rename("unit", "hp", "health")
///     .map("unit", "metres", |old| match old.get("feet") {
///         Some(Value::F32(feet)) => (feet * 0.3048).into(),
///         _ => Value::Unset,
///     })
///     .remove("unit", "feet");
/// LoadOptions::new().migrations(migrations).read_into(&mut store, &save[..])?;
/// assert_eq!(store.get_record(id)?, record! { health: 80, metres: 1.8288_f32 });
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Default)]
#[must_use = "migrations do nothing on their own"]
pub struct Migrations {
    renamed_schemas: Vec<(String, String)>,
    renamed: Vec<(String, String, String)>,
    removed: Vec<(String, String)>,
    mapped: Vec<(String, String, Map)>,
}

impl Migrations {
    /// Returns no steps.
    ///
    /// [`Migrations`] has an example.
    pub fn new() -> Self {
        Self::default()
    }

    /// Gives a schema of the save another name, before all other steps.
    ///
    /// [`Migrations`] has an example.
    pub fn rename_schema(mut self, from: impl Into<String>, to: impl Into<String>) -> Self {
        self.renamed_schemas.push((from.into(), to.into()));
        self
    }

    /// Gives a slot of a schema, and of all that extend it, another name.
    ///
    /// [`Migrations`] has an example.
    pub fn rename(
        mut self,
        schema: impl Into<String>,
        from: impl Into<String>,
        to: impl Into<String>,
    ) -> Self {
        self.renamed.push((schema.into(), from.into(), to.into()));
        self
    }

    /// Drops the values of a slot that the schema no longer has. Without this they are kept aside.
    ///
    /// [`Migrations`] has an example.
    pub fn remove(mut self, schema: impl Into<String>, slot: impl Into<String>) -> Self {
        self.removed.push((schema.into(), slot.into()));
        self
    }

    /// Computes the value of a slot from the object as the save has it, for all objects of a schema and of those that extend it.
    ///
    /// [`Migrations`] has an example.
    pub fn map(
        mut self,
        schema: impl Into<String>,
        slot: impl Into<String>,
        value: impl Fn(&Record) -> Value + Send + Sync + 'static,
    ) -> Self {
        self.mapped.push((schema.into(), slot.into(), Arc::new(value)));
        self
    }

    /// Renames schemas in the definitions of a save.
    pub(crate) fn rename_schemas(&self, name: &mut String) {
        for (from, to) in &self.renamed_schemas {
            if name == from {
                name.clone_from(to);
            }
        }
    }

    pub(crate) fn renames_schemas(&self) -> bool {
        !self.renamed_schemas.is_empty()
    }

    /// Returns `true` if the values of a removed slot are dropped.
    pub(crate) fn removes(&self, schema: &str, slot: &str) -> bool {
        self.removed.iter().any(|(of, removed)| of == schema && removed == slot)
    }

    pub(crate) fn mapped(&self) -> impl Iterator<Item = (&str, &str, &Map)> {
        self.mapped.iter().map(|(schema, slot, map)| (&**schema, &**slot, map))
    }

    /// Returns the schemas of a store with the former names that are declared here.
    pub(crate) fn declarations(&self, store: &Store) -> Result<Vec<Schema>, SchemaError> {
        let types = PodTypes::of(store);
        let declaration = |schema: Schema| {
            let mut renames = self.renamed.iter().filter(|(of, ..)| of == schema.name()).peekable();
            if renames.peek().is_none() {
                return Ok(schema);
            }
            let mut definition = Definition::new(&schema);
            for (_, from, to) in renames {
                definition.rename_slot(from, to);
            }
            match definition.to_schema(&types) {
                Ok(schema) => Ok(schema),
                Err(DefinitionError::Schema(error)) => Err(*error),
                Err(_) => Ok(schema),
            }
        };
        store.schemas().map(|schema| declaration(schema.to_schema())).collect()
    }
}

impl fmt::Debug for Migrations {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mapped: Vec<_> = self.mapped().map(|(schema, slot, _)| (schema, slot)).collect();
        f.debug_struct("Migrations")
            .field("renamed_schemas", &self.renamed_schemas)
            .field("renamed", &self.renamed)
            .field("removed", &self.removed)
            .field("mapped", &mapped)
            .finish()
    }
}
