//! Loaded definitions: schemas and records with their places.

use std::sync::Arc;

use crate::loader::Loader;
use crate::loose::LooseObjects;
use crate::records::{RecordDefinition, Records};
use crate::report::Report;
use crate::schemas::{SchemaDefinition, Schemas};
use crate::slot_notes::SlotNotes;
use crate::source::{Files, Location, Place};
use slotted::AccessError;
use slotted::ObjectId;
use slotted::Store;
use slotted::Value;
use slotted::schema::{RegisteredSchema, SchemaSelector};
use slotted::{Schema, SchemaError};

/// The checked schemas and records of definition files.
///
/// [`Loader::load`](super::Loader::load) returns them. They keep the texts of the files, so every value
/// knows its file and line.
///
/// A clone is another handle of the same definitions.
#[derive(Clone, Debug)]
pub struct Definitions {
    pub(super) loaded: Arc<Loaded>,
}

#[derive(Debug)]
pub(super) struct Loaded {
    pub(super) packs: Vec<Pack>,
    pub(super) schemas: Schemas,
    pub(super) records: Records,
    /// The files of objects, each with the name of its pack.
    pub(super) objects: Vec<(Arc<str>, LooseObjects)>,
    /// The program's schemas and those of the files; no objects.
    pub(super) registry: Store,
    /// The program's schemas alone.
    pub(super) program: Store,
    pub(super) loader: Loader,
    pub(super) files: Arc<Files>,
    pub(super) warnings: Report,
}

/// The name and version of a pack.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Pack {
    /// The name.
    pub name: Arc<str>,
    /// The version, if the manifest has one.
    pub version: Option<Arc<str>>,
}

impl Definitions {
    /// Returns the warnings of the load.
    ///
    /// # Example
    #[cfg_attr(feature = "toml", doc = "```")]
    #[cfg_attr(not(feature = "toml"), doc = "```ignore")]
    /// use slotted::Store;
    /// use slotted_definitions::Loader;
    ///
    /// let file = "schemas.unit.slots.health = 'f32'\nrecords.unit.grunt.health = 80";
    /// let definitions = Loader::new().text("units.toml", file).load(&Store::new())?;
    /// assert!(definitions.warnings().is_empty());
    /// # Ok::<(), slotted_definitions::Report>(())
    /// ```
    #[must_use]
    pub fn warnings(&self) -> &Report {
        &self.loaded.warnings
    }

    /// Returns the packs, in load order.
    ///
    /// # Example
    #[cfg_attr(feature = "toml", doc = "```")]
    #[cfg_attr(not(feature = "toml"), doc = "```ignore")]
    /// use slotted::Store;
    /// use slotted_definitions::Loader;
    ///
    /// let file = "schemas.unit.slots.health = 'f32'\nrecords.unit.grunt.health = 80";
    /// let definitions = Loader::new().text("units.toml", file).load(&Store::new())?;
    /// assert_eq!(&*definitions.packs()[0].name, "texts");
    /// # Ok::<(), slotted_definitions::Report>(())
    /// ```
    #[must_use]
    pub fn packs(&self) -> &[Pack] {
        &self.loaded.packs
    }

    /// Iterates over the schemas that the files declare, bases first.
    ///
    /// # Example
    #[cfg_attr(feature = "toml", doc = "```")]
    #[cfg_attr(not(feature = "toml"), doc = "```ignore")]
    /// use slotted::Store;
    /// use slotted_definitions::Loader;
    ///
    /// let file = "schemas.unit.slots.health = 'f32'\nrecords.unit.grunt.health = 80";
    /// let definitions = Loader::new().text("units.toml", file).load(&Store::new())?;
    /// assert!(definitions.schemas().map(|schema| schema.name()).eq(["unit"]));
    /// # Ok::<(), slotted_definitions::Report>(())
    /// ```
    pub fn schemas(&self) -> impl ExactSizeIterator<Item = &Schema> {
        self.loaded.schemas.defined.iter().map(|definition| &definition.schema)
    }

    /// Returns a schema of the files or the program, with all its slots.
    ///
    /// # Example
    #[cfg_attr(feature = "toml", doc = "```")]
    #[cfg_attr(not(feature = "toml"), doc = "```ignore")]
    /// use slotted::Store;
    /// use slotted_definitions::Loader;
    ///
    /// let file = "schemas.unit.slots.health = 'f32'\nrecords.unit.grunt.health = 80";
    /// let definitions = Loader::new().text("units.toml", file).load(&Store::new())?;
    /// assert_eq!(definitions.schema("unit").unwrap().slots().len(), 1);
    /// # Ok::<(), slotted_definitions::Report>(())
    /// ```
    #[must_use]
    pub fn schema(&self, name: &str) -> Option<&RegisteredSchema> {
        self.loaded.registry.schema(name)
    }

    pub(super) fn schema_definition(&self, name: &str) -> Option<&SchemaDefinition> {
        Some(&self.loaded.schemas.defined[*self.loaded.schemas.by_name.get(name)?])
    }

    /// Returns the place where a file declares a schema.
    ///
    /// Returns `None` if the schema is unknown, or belongs to the program.
    ///
    /// # Example
    #[cfg_attr(feature = "toml", doc = "```")]
    #[cfg_attr(not(feature = "toml"), doc = "```ignore")]
    /// use slotted::Store;
    /// use slotted_definitions::Loader;
    ///
    /// let file = "schemas.unit.slots.health = 'f32'\nrecords.unit.grunt.health = 80";
    /// let definitions = Loader::new().text("units.toml", file).load(&Store::new())?;
    /// let place = definitions.schema_place("unit").unwrap();
    /// assert_eq!(definitions.location(place).unwrap().to_string(), "texts/units.toml:1:9");
    /// # Ok::<(), slotted_definitions::Report>(())
    /// ```
    #[must_use]
    pub fn schema_place(&self, name: &str) -> Option<Place> {
        self.schema_definition(name).map(|schema| schema.place)
    }

    /// Returns the place where a file declares a slot of a schema or of its bases.
    ///
    /// Returns `None` if the slot is unknown, or declared by the program.
    ///
    /// # Example
    #[cfg_attr(feature = "toml", doc = "```")]
    #[cfg_attr(not(feature = "toml"), doc = "```ignore")]
    /// use slotted::Store;
    /// use slotted_definitions::Loader;
    ///
    /// let file = "schemas.unit.slots.health = 'f32'\nrecords.unit.grunt.health = 80";
    /// let definitions = Loader::new().text("units.toml", file).load(&Store::new())?;
    /// let place = definitions.slot_place("unit", "health").unwrap();
    /// assert_eq!(definitions.location(place).unwrap().line, 1);
    /// # Ok::<(), slotted_definitions::Report>(())
    /// ```
    #[must_use]
    pub fn slot_place(&self, schema: &str, slot: &str) -> Option<Place> {
        self.slot_notes(schema, slot)?.place
    }

    /// Returns the place of a slot's default, which the schema or one of its bases declares.
    fn default_place(&self, schema: &str, slot: &str) -> Option<Place> {
        let registry = &self.loaded.registry;
        let mut bases = registry.schema_and_bases(registry.schema(schema)?.id());
        let inherited = bases
            .find_map(|schema| self.schema_definition(schema.name())?.defaults.get(slot).copied());
        inherited.or_else(|| self.slot_notes(schema, slot)?.default_place)
    }

    pub(super) fn slot_notes(&self, schema: &str, slot: &str) -> Option<&SlotNotes> {
        let registry = &self.loaded.registry;
        let mut bases = registry.schema_and_bases(registry.schema(schema)?.id());
        bases.find_map(|schema| {
            let definition = self.schema_definition(schema.name())?;
            let own = definition.schema.slots().iter().position(|own| own.name() == slot)?;
            Some(&definition.slots[own])
        })
    }

    /// Returns the `doc` of a schema.
    ///
    /// # Example
    #[cfg_attr(feature = "toml", doc = "```")]
    #[cfg_attr(not(feature = "toml"), doc = "```ignore")]
    /// use slotted::Store;
    /// use slotted_definitions::Loader;
    ///
    /// let file = "schemas.unit = { doc = 'A character.', slots = {} }";
    /// let definitions = Loader::new().text("units.toml", file).load(&Store::new())?;
    /// assert_eq!(definitions.schema_doc("unit"), Some("A character."));
    /// # Ok::<(), slotted_definitions::Report>(())
    /// ```
    #[must_use]
    pub fn schema_doc(&self, name: &str) -> Option<&str> {
        self.schema_definition(name)?.doc.as_deref()
    }

    /// Iterates over all records, in the order of packs and files.
    ///
    /// This includes abstract records and records without names.
    ///
    /// # Example
    #[cfg_attr(feature = "toml", doc = "```")]
    #[cfg_attr(not(feature = "toml"), doc = "```ignore")]
    /// use slotted::Store;
    /// use slotted_definitions::Loader;
    ///
    /// let file = "schemas.unit.slots.health = 'f32'\nrecords.unit.grunt.health = 80";
    /// let definitions = Loader::new().text("units.toml", file).load(&Store::new())?;
    /// assert!(definitions.records().map(|record| record.name()).eq([Some("grunt")]));
    /// # Ok::<(), slotted_definitions::Report>(())
    /// ```
    pub fn records(&self) -> impl ExactSizeIterator<Item = RecordView<'_>> {
        let numbered = self.loaded.records.list.iter().enumerate();
        numbered.map(|(number, record)| RecordView { definitions: self, number, record })
    }

    /// Returns the record of this name whose schema is the named one or
    /// [extends it](slotted::Store#schemas-that-extend-others).
    ///
    /// The record of exactly the named schema wins. Returns `None` if there is none and several of the others have the
    /// name: name the schema that you mean.
    ///
    /// # Example
    #[cfg_attr(feature = "toml", doc = "```")]
    #[cfg_attr(not(feature = "toml"), doc = "```ignore")]
    /// use slotted::Store;
    /// use slotted_definitions::Loader;
    ///
    /// let file = "schemas.unit.slots.health = 'f32'\nrecords.unit.grunt.health = 80";
    /// let definitions = Loader::new().text("units.toml", file).load(&Store::new())?;
    /// assert_eq!(definitions.record("unit", "grunt").unwrap().get("health"), Ok(80.into()));
    /// # Ok::<(), slotted_definitions::Report>(())
    /// ```
    #[must_use]
    pub fn record<'n>(
        &self,
        schema: impl Into<SchemaSelector<'n>>,
        name: &str,
    ) -> Option<RecordView<'_>> {
        self.numbered(self.number(schema.into(), name)?)
    }

    pub(super) fn number(&self, schema: SchemaSelector<'_>, name: &str) -> Option<u32> {
        let Loaded { records, registry, .. } = &*self.loaded;
        let same_name = records.same_name(name);
        let schema_of = |number: &u32| records.list[*number as usize].schema;
        let named = registry.schema(schema.name())?.id();
        if let Some(exact) = same_name.iter().find(|number| schema_of(number) == named) {
            return Some(*exact);
        }
        if schema.is_exact() {
            return None;
        }
        let extends = |number: &&u32| {
            let mut bases = registry.schema_and_bases(schema_of(number));
            bases.any(|base| base.id() == named)
        };
        let mut others = same_name.iter().filter(extends);
        let first = *others.next()?;
        others.next().is_none().then_some(first)
    }

    pub(super) fn schema_of(&self, record: &RecordDefinition) -> &RegisteredSchema {
        let schema = self.loaded.registry.schema_by_id(record.schema);
        schema.expect("a record's schema is registered")
    }

    pub(super) fn numbered(&self, number: u32) -> Option<RecordView<'_>> {
        let record = self.loaded.records.list.get(number as usize)?;
        Some(RecordView { definitions: self, number: number as usize, record })
    }

    /// Returns the path, line and column of a place.
    ///
    /// Returns `None` if the place belongs to other definitions.
    ///
    /// # Example
    #[cfg_attr(feature = "toml", doc = "```")]
    #[cfg_attr(not(feature = "toml"), doc = "```ignore")]
    /// use slotted::Store;
    /// use slotted_definitions::Loader;
    ///
    /// let file = "schemas.unit.slots.health = 'f32'\nrecords.unit.grunt.health = 80";
    /// let definitions = Loader::new().text("units.toml", file).load(&Store::new())?;
    /// let grunt = definitions.record("unit", "grunt").unwrap();
    /// let location = definitions.location(grunt.place()).unwrap();
    /// assert_eq!((location.line, location.column), (2, 14));
    /// # Ok::<(), slotted_definitions::Report>(())
    /// ```
    #[must_use]
    pub fn location(&self, place: Place) -> Option<Location> {
        self.loaded.files.location(place)
    }

    /// Returns the schemas of the files, of their records, and their bases.
    fn needed(&self) -> Vec<Schema> {
        let Loaded { registry, records, schemas, .. } = &*self.loaded;
        let mut is_needed = vec![false; registry.schemas().len()];
        let of_files = schemas.defined.iter().filter_map(|own| registry.schema(own.schema.name()));
        let of_records = records.list.iter().map(|record| record.schema);
        for schema in of_files.map(RegisteredSchema::id).chain(of_records) {
            let bases = registry.schema_and_bases(schema).map(|schema| schema.id().index());
            for schema in bases {
                if std::mem::replace(&mut is_needed[schema], true) {
                    break;
                }
            }
        }
        let needed = registry.schemas().zip(is_needed).filter(|(_, is_needed)| *is_needed);
        needed.map(|(schema, _)| schema.to_schema()).collect()
    }

    /// Registers the schemas of the files, all or none.
    ///
    /// [`spawn`](Self::spawn) does this too.
    ///
    /// # Errors
    /// Returns an error if the store has different schemas of these names.
    ///
    /// # Example
    #[cfg_attr(feature = "toml", doc = "```")]
    #[cfg_attr(not(feature = "toml"), doc = "```ignore")]
    /// use slotted::Store;
    /// use slotted_definitions::Loader;
    ///
    /// let file = "schemas.unit.slots.health = 'f32'\nrecords.unit.grunt.health = 80";
    /// let definitions = Loader::new().text("units.toml", file).load(&Store::new())?;
    /// let mut store = Store::new();
    /// definitions.register(&mut store)?;
    /// assert!(store.schema("unit").is_some());
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn register(&self, store: &mut Store) -> Result<(), SchemaError> {
        let schemas = self.needed();
        let mut trial = store.without_objects();
        for schema in &schemas {
            trial.register_schema(schema.clone())?;
        }
        for schema in schemas {
            store.register_schema(schema).expect("a store with the same schemas took it");
        }
        Ok(())
    }

    /// Converts references to names of records.
    pub(super) fn named(&self, value: &Value) -> Value {
        match value {
            Value::Object(local) => self.name_of(*local).map_or(Value::Unset, Value::Text),
            Value::List(list) if list.iter().any(|one| matches!(one, Value::Object(_))) => {
                Value::List(list.iter().map(|one| self.named(one)).collect())
            }
            other => other.clone(),
        }
    }

    /// Returns the name by which files refer to a record.
    pub(super) fn name_of(&self, local: ObjectId) -> Option<Arc<str>> {
        self.loaded.records.name_of(&self.loaded.registry, local.row())
    }
}

/// A record of [`Definitions`].
#[derive(Clone, Copy, Debug)]
pub struct RecordView<'d> {
    definitions: &'d Definitions,
    number: usize,
    record: &'d RecordDefinition,
}

impl<'d> RecordView<'d> {
    pub(super) const fn definitions(&self) -> &'d Definitions {
        self.definitions
    }

    /// Returns the position among all records.
    pub(super) const fn number(&self) -> usize {
        self.number
    }

    /// Returns the name; `None` for a record of a list.
    ///
    /// # Example
    #[cfg_attr(feature = "toml", doc = "```")]
    #[cfg_attr(not(feature = "toml"), doc = "```ignore")]
    /// use slotted::Store;
    /// use slotted_definitions::Loader;
    ///
    /// let file = "schemas.unit.slots.health = 'f32'\nrecords.unit.grunt.health = 80";
    /// let definitions = Loader::new().text("units.toml", file).load(&Store::new())?;
    /// assert_eq!(definitions.records().next().unwrap().name(), Some("grunt"));
    /// # Ok::<(), slotted_definitions::Report>(())
    /// ```
    #[must_use]
    pub fn name(&self) -> Option<&'d str> {
        self.record.name.as_deref()
    }

    /// Returns the schema.
    ///
    /// # Example
    #[cfg_attr(feature = "toml", doc = "```")]
    #[cfg_attr(not(feature = "toml"), doc = "```ignore")]
    /// use slotted::Store;
    /// use slotted_definitions::Loader;
    ///
    /// let file = "schemas.unit.slots.health = 'f32'\nrecords.unit.grunt.health = 80";
    /// let definitions = Loader::new().text("units.toml", file).load(&Store::new())?;
    /// assert_eq!(definitions.records().next().unwrap().schema().name(), "unit");
    /// # Ok::<(), slotted_definitions::Report>(())
    /// ```
    #[must_use]
    pub fn schema(&self) -> &'d RegisteredSchema {
        self.definitions.schema_of(self.record)
    }

    /// Returns the place of the record.
    ///
    /// # Example
    #[cfg_attr(feature = "toml", doc = "```")]
    #[cfg_attr(not(feature = "toml"), doc = "```ignore")]
    /// use slotted::Store;
    /// use slotted_definitions::Loader;
    ///
    /// let file = "schemas.unit.slots.health = 'f32'\nrecords.unit.grunt.health = 80";
    /// let definitions = Loader::new().text("units.toml", file).load(&Store::new())?;
    /// let place = definitions.records().next().unwrap().place();
    /// assert_eq!(definitions.location(place).unwrap().line, 2);
    /// # Ok::<(), slotted_definitions::Report>(())
    /// ```
    #[must_use]
    pub const fn place(&self) -> Place {
        self.record.place
    }

    /// Returns whether the record is `abstract`: it becomes no object. Others inherit from it, or
    /// [`Definitions::spawn_one`] copies it.
    ///
    /// # Example
    #[cfg_attr(feature = "toml", doc = "```")]
    #[cfg_attr(not(feature = "toml"), doc = "```ignore")]
    /// use slotted::Store;
    /// use slotted_definitions::Loader;
    ///
    /// let file = "schemas.unit.slots.health = 'f32'\nrecords.unit.grunt.health = 80";
    /// let definitions = Loader::new().text("units.toml", file).load(&Store::new())?;
    /// assert!(!definitions.records().next().unwrap().is_abstract());
    /// # Ok::<(), slotted_definitions::Report>(())
    /// ```
    #[must_use]
    pub const fn is_abstract(&self) -> bool {
        self.record.is_abstract
    }

    /// Iterates over the values that files give, each with its slot and place.
    ///
    /// This includes inherited and patched values, but no defaults. References are names of records.
    ///
    /// # Example
    #[cfg_attr(feature = "toml", doc = "```")]
    #[cfg_attr(not(feature = "toml"), doc = "```ignore")]
    /// use slotted::Store;
    /// use slotted_definitions::Loader;
    ///
    /// let file = "schemas.unit.slots.health = 'f32'\nrecords.unit.grunt.health = 80";
    /// let definitions = Loader::new().text("units.toml", file).load(&Store::new())?;
    /// let grunt = definitions.record("unit", "grunt").unwrap();
    /// let (slot, value, place) = grunt.values().next().unwrap();
    /// assert_eq!((slot, value), ("health", 80.into()));
    /// assert_eq!(definitions.location(place).unwrap().line, 2);
    /// # Ok::<(), slotted_definitions::Report>(())
    /// ```
    pub fn values(&self) -> impl Iterator<Item = (&'d str, Value, Place)> + use<'d> {
        let (definitions, slots) = (self.definitions, self.schema().slots());
        self.record.values.iter().map(move |given| {
            let slot = slots[usize::from(given.slot)].name();
            (slot, definitions.named(&given.value), given.place)
        })
    }

    /// Returns the value of a slot, or its default.
    ///
    /// # Errors
    /// Returns an error if the schema does not declare the slot.
    ///
    /// # Example
    #[cfg_attr(feature = "toml", doc = "```")]
    #[cfg_attr(not(feature = "toml"), doc = "```ignore")]
    /// use slotted::Store;
    /// use slotted_definitions::Loader;
    ///
    /// let file = "schemas.unit.slots.health = 'f32'\nrecords.unit.grunt.health = 80";
    /// let definitions = Loader::new().text("units.toml", file).load(&Store::new())?;
    /// let grunt = definitions.record("unit", "grunt").unwrap();
    /// assert_eq!(grunt.get("health"), Ok(80.into()));
    /// assert!(grunt.get("helth").is_err());
    /// # Ok::<(), slotted_definitions::Report>(())
    /// ```
    pub fn get(&self, slot: &str) -> Result<Value, AccessError> {
        let schema = self.schema();
        let Some(index) = schema.slot_index(slot) else {
            return Err(schema.undeclared(slot).into());
        };
        Ok(self.definitions.named(&self.local_at(index)))
    }

    /// Iterates over the values that files give, each with the position of its slot. References are ids of records.
    pub(super) fn local_values(&self) -> impl Iterator<Item = (usize, Value)> + use<'d> {
        self.record.values.iter().map(|given| (usize::from(given.slot), given.value))
    }

    /// Returns the value of a slot, with ids of records instead of names.
    pub(super) fn local(&self, slot: &str) -> Value {
        self.schema().slot_index(slot).map_or(Value::Unset, |index| self.local_at(index))
    }

    fn local_at(&self, index: usize) -> Value {
        let given = self.record.values.get(index).map(|given| given.value);
        given.or_else(|| self.schema().slots()[index].default().cloned()).unwrap_or_default()
    }

    /// Returns the place of a slot's value: in the record, its parent, a patch, or the declaration of
    /// the default.
    ///
    /// Returns `None` if the slot has no value, or its default belongs to the program.
    ///
    /// # Example
    #[cfg_attr(feature = "toml", doc = "```")]
    #[cfg_attr(not(feature = "toml"), doc = "```ignore")]
    /// use slotted::Store;
    /// use slotted_definitions::Loader;
    ///
    /// let file = "schemas.unit.slots.health = 'f32'\nrecords.unit.grunt.health = 80";
    /// let definitions = Loader::new().text("units.toml", file).load(&Store::new())?;
    /// let origin = definitions.record("unit", "grunt").unwrap().origin("health").unwrap();
    /// assert_eq!(definitions.location(origin).unwrap().to_string(), "texts/units.toml:2:29");
    /// # Ok::<(), slotted_definitions::Report>(())
    /// ```
    #[must_use]
    pub fn origin(&self, slot: &str) -> Option<Place> {
        let index = self.schema().slot_index(slot)?;
        if let Some(given) = self.record.values.get(index) {
            return Some(given.place);
        }
        self.definitions.default_place(self.schema().name(), slot)
    }

    /// Iterates over the values that no slot takes, see
    /// [`Undeclared::Quarantine`](super::Undeclared::Quarantine).
    ///
    /// # Example
    #[cfg_attr(feature = "toml", doc = "```")]
    #[cfg_attr(not(feature = "toml"), doc = "```ignore")]
    /// use slotted::Store;
    /// use slotted_definitions::{Loader, Undeclared};
    ///
    /// let file = "schemas.unit.slots = {}\nrecords.unit.grunt.mood = 'angry'";
    /// let loader = Loader::new().text("units.toml", file).undeclared(Undeclared::Quarantine);
    /// let definitions = loader.load(&Store::new())?;
    /// let grunt = definitions.record("unit", "grunt").unwrap();
    /// let (name, value, _) = grunt.quarantined().next().unwrap();
    /// assert_eq!((name, value), ("mood", &"angry".into()));
    /// # Ok::<(), slotted_definitions::Report>(())
    /// ```
    pub fn quarantined(
        &self,
    ) -> impl ExactSizeIterator<Item = (&'d str, &'d Value, Place)> + use<'d> {
        let values = &self.definitions.loaded.records.quarantined_values;
        let values = values.get(&(self.number as u32)).map_or(&[][..], |values| values);
        values.iter().map(|quarantined| (&*quarantined.name, &quarantined.value, quarantined.place))
    }
}
