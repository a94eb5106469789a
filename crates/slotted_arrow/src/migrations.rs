//! The steps from the schemas of a save to those of the program.

use std::fmt;
use std::sync::Arc;

use slotted::schema::RegisteredSchema;
use slotted::{Record, Schema, SchemaError, Store, Value};

use crate::aside::is_placeholder;
use crate::definition::{Definition, DefinitionError, PodTypes};

/// A function from an object of the save to the value of a slot.
type Map = Arc<dyn Fn(&Record) -> Value + Send + Sync>;

/// The steps of a load that the schemas do not declare themselves.
///
/// Slots that declare [`renamed_from`](slotted::schema::SchemaBuilder::renamed_from) need no step here.
/// [`LoadReport::steps`](crate::LoadReport::steps) lists every step that changed something.
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
    renamed_types: Vec<(String, String)>,
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

    /// Gives a plain-memory type of the save another name: that of [`std::any::type_name`], which changes when the type moves to
    /// another module.
    ///
    /// # Example
    /// ```
    /// use slotted_arrow::Migrations;
    /// let migrations = Migrations::new().rename_type("game::paint::Color", "game::Color");
    /// ```
    pub fn rename_type(mut self, from: impl Into<String>, to: impl Into<String>) -> Self {
        self.renamed_types.push((from.into(), to.into()));
        self
    }

    /// Gives a slot of a schema, and of all that extend it, another name.
    ///
    /// Steps of older versions can stay: a slot that was renamed twice is found under each of its names.
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
    /// The step concerns saves in which the schema does not have the slot yet; those that were written afterwards stay as they
    /// are. So give a slot another name if its numbers change their meaning.
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

    /// Renames a schema in the definitions of a save.
    pub(crate) fn rename_schemas(&self, name: &mut String) {
        rename(&self.renamed_schemas, name);
    }

    /// Renames a plain-memory type in the definitions of a save.
    pub(crate) fn rename_types(&self, name: &mut String) {
        rename(&self.renamed_types, name);
    }

    /// Returns `true` if the values of a removed slot are dropped.
    pub(crate) fn removes(&self, schema: &str, slot: &str) -> bool {
        self.removed.iter().any(|(of, removed)| of == schema && removed == slot)
    }

    pub(crate) fn mapped(&self) -> impl Iterator<Item = (&str, &str, &Map)> {
        self.mapped.iter().map(|(schema, slot, map)| (&**schema, &**slot, map))
    }

    /// Returns the schemas of a program, with the former names that objects of the save have.
    pub(crate) fn declarations(
        &self,
        program: &Store,
        loaded: &Store,
    ) -> Result<Vec<Schema>, SchemaError> {
        let types = PodTypes::of(program).accept_others(true);
        let declaration = |schema: &RegisteredSchema| {
            let declared = schema.to_schema();
            let saved = loaded.schema(schema.name());
            let mut definition = Definition::new(&declared);
            let mut is_changed = false;
            for slot in declared.slots() {
                let mut former = self.former_names(program, schema, slot.name());
                let found =
                    former.find(|name| saved.is_some_and(|saved| saved.slot(name).is_some()));
                if let Some(from) = found {
                    definition.rename_slot(&from, slot.name());
                    is_changed = true;
                }
            }
            match is_changed.then(|| definition.to_schema(&types)) {
                Some(Ok(schema)) => Ok(schema),
                Some(Err(DefinitionError::Schema(error))) => Err(*error),
                _ => Ok(declared),
            }
        };
        program.schemas().filter(|schema| !is_placeholder(schema.name())).map(declaration).collect()
    }

    /// Iterates over the names that a slot had, the latest first, names of names included.
    fn former_names<'m>(
        &'m self,
        program: &'m Store,
        schema: &'m RegisteredSchema,
        slot: &str,
    ) -> impl Iterator<Item = String> + 'm {
        // A rename may be declared for a schema that inherits the slot.
        let concerns = move |of: &str| {
            program.schema(of).is_some_and(|of| {
                program.schema_and_bases(of.id()).any(|base| base.id() == schema.id())
            })
        };
        let (mut names, mut next) = (vec![slot.to_owned()], 0);
        while next < names.len() {
            for (of, from, to) in self.renamed.iter().rev() {
                if *to == names[next] && !names.contains(from) && concerns(of) {
                    names.push(from.clone());
                }
            }
            next += 1;
        }
        names.into_iter().skip(1)
    }
}

fn rename(renamed: &[(String, String)], name: &mut String) {
    for (from, to) in renamed {
        if name == from {
            name.clone_from(to);
        }
    }
}

impl fmt::Debug for Migrations {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mapped: Vec<_> = self.mapped().map(|(schema, slot, _)| (schema, slot)).collect();
        f.debug_struct("Migrations")
            .field("renamed_schemas", &self.renamed_schemas)
            .field("renamed_types", &self.renamed_types)
            .field("renamed", &self.renamed)
            .field("removed", &self.removed)
            .field("mapped", &mapped)
            .finish()
    }
}
