//! Definitions that were read and found right.

use std::sync::Arc;

use crate::loader::Loader;
use crate::records::{RecordDefinition, Records};
use crate::report::Report;
use crate::schemas::{SchemaDefinition, Schemas};
use crate::slot::SlotNotes;
use crate::source::{Files, Location, Place};
use slotted::AccessError;
use slotted::ObjectId;
use slotted::Store;
use slotted::Value;
use slotted::schema::{RegisteredSchema, SchemaSelector, Slot};
use slotted::{Schema, SchemaError};

/// Schemas and records of data files, all of them right.
///
/// [`Loader::load`](super::Loader::load) makes them; they hold the files' texts, so that for every
/// value can be told where it comes from.
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
    /// The program's schemas and those of the files; no objects.
    pub(super) registry: Store,
    /// The program's schemas alone, and what has read the files.
    pub(super) program: Store,
    pub(super) loader: Loader,
    pub(super) files: Arc<Files>,
    pub(super) warnings: Report,
}

/// A pack that was read.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Pack {
    /// Its name.
    pub name: Arc<str>,
    /// Its version, as its manifest says.
    pub version: Option<Arc<str>>,
}

impl Definitions {
    /// What is not wrong but may not be meant.
    #[must_use]
    pub fn warnings(&self) -> &Report {
        &self.loaded.warnings
    }

    /// The packs, in the order in which they were read.
    #[must_use]
    pub fn packs(&self) -> &[Pack] {
        &self.loaded.packs
    }

    /// The schemas that the files declare, bases first.
    pub fn schemas(&self) -> impl ExactSizeIterator<Item = &Schema> {
        self.loaded.schemas.defined.iter().map(|definition| &definition.schema)
    }

    /// A schema with all its slots, also one of the program.
    #[must_use]
    pub fn schema(&self, name: &str) -> Option<&RegisteredSchema> {
        self.loaded.registry.schema(name)
    }

    pub(super) fn schema_definition(&self, name: &str) -> Option<&SchemaDefinition> {
        Some(&self.loaded.schemas.defined[*self.loaded.schemas.by_name.get(name)?])
    }

    /// Where a schema is declared; `None` for schemas of the program.
    #[must_use]
    pub fn schema_place(&self, name: &str) -> Option<Place> {
        self.schema_definition(name).map(|schema| schema.place)
    }

    /// Where a slot is declared, by the schema itself or by one that it extends; `None` for slots of
    /// the program's schemas.
    #[must_use]
    pub fn slot_place(&self, schema: &str, slot: &str) -> Option<Place> {
        self.slot_notes(schema, slot)?.place
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

    /// What the files say that a schema is.
    #[must_use]
    pub fn schema_doc(&self, name: &str) -> Option<&str> {
        self.schema_definition(name)?.doc.as_deref()
    }

    /// All records, in the order of the packs and files, those without names and abstract ones
    /// included.
    pub fn records(&self) -> impl ExactSizeIterator<Item = RecordView<'_>> {
        let numbered = self.loaded.records.list.iter().enumerate();
        numbered.map(|(number, record)| RecordView { definitions: self, number, record })
    }

    /// Returns the record of this name whose schema is the named one or
    /// [extends it](slotted::Store#schemas-that-extend-others).
    ///
    /// The record of exactly the named schema wins. Returns `None` if there is none and several of the others have the
    /// name: name the schema that you mean.
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
        let same_name = records.by_name.get(name)?;
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

    pub(super) fn slots_of(&self, record: &RecordDefinition) -> &[Slot] {
        self.schema_of(record).slots()
    }

    pub(super) fn schema_of(&self, record: &RecordDefinition) -> &RegisteredSchema {
        let schema = self.loaded.registry.schema_by_id(record.schema);
        schema.expect("a record's schema is registered")
    }

    pub(super) fn numbered(&self, number: u32) -> Option<RecordView<'_>> {
        let record = self.loaded.records.list.get(number as usize)?;
        Some(RecordView { definitions: self, number: number as usize, record })
    }

    /// The path, line and column of a place in the files.
    #[must_use]
    pub fn location(&self, place: Place) -> Option<Location> {
        self.loaded.files.location(place)
    }

    /// The schemas of the files, and those of the program that these extend or that records have: a
    /// store in which these are others has other slots than the values were checked against.
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

    /// Registers the files' schemas, all or none.
    ///
    /// [`spawn`](Self::spawn) does this too.
    ///
    /// # Errors
    /// If the store has other schemas of these names: it is not the one that the files were read for.
    pub fn register(&self, store: &mut Store) -> Result<(), SchemaError> {
        let schemas = self.needed();
        let mut trial = same_schemas(store);
        for schema in &schemas {
            trial.register_schema(schema.clone())?;
        }
        for schema in schemas {
            store.register_schema(schema).expect("a store with the same schemas took it");
        }
        Ok(())
    }

    /// The value as files have it: a reference is the name of a record.
    pub(super) fn named(&self, value: &Value) -> Value {
        match value {
            Value::Object(local) => self.name_of(*local).map_or(Value::Unset, Value::Text),
            Value::List(list) if list.iter().any(|one| matches!(one, Value::Object(_))) => {
                Value::List(list.iter().map(|one| self.named(one)).collect())
            }
            other => other.clone(),
        }
    }

    /// The name by which a record can be referred to.
    pub(super) fn name_of(&self, local: ObjectId) -> Option<Arc<str>> {
        let record = self.loaded.records.list.get(local.row() as usize)?;
        let name = record.name.as_ref()?;
        let same_name = self.loaded.records.by_name.get(name)?;
        if same_name.len() == 1 {
            return Some(Arc::clone(name));
        }
        let schema = self.loaded.registry.schema_by_id(record.schema)?.name();
        Some(format!("{schema}/{name}").into())
    }
}

/// Returns a store with the same schemas and limits, without objects.
pub(super) fn same_schemas(store: &Store) -> Store {
    let mut same = Store::with_limits(*store.limits());
    for schema in store.schemas() {
        same.register_schema(schema.to_schema())
            .expect("it is registered in a store with these limits");
    }
    same
}

/// One record of [`Definitions`].
#[derive(Clone, Copy, Debug)]
pub struct RecordView<'d> {
    definitions: &'d Definitions,
    number: usize,
    record: &'d RecordDefinition,
}

impl<'d> RecordView<'d> {
    /// Its position among all records.
    pub(super) const fn number(&self) -> usize {
        self.number
    }

    /// Its name, if it has one.
    #[must_use]
    pub fn name(&self) -> Option<&'d str> {
        self.record.name.as_deref()
    }

    /// Its schema.
    #[must_use]
    pub fn schema(&self) -> &'d RegisteredSchema {
        self.definitions.schema_of(self.record)
    }

    /// Where it stands.
    #[must_use]
    pub const fn place(&self) -> Place {
        self.record.place
    }

    /// Whether it is only there to be inherited from.
    #[must_use]
    pub const fn is_abstract(&self) -> bool {
        self.record.is_abstract
    }

    /// The values that files give it, inherited and patched ones included, by slot, each with where it
    /// comes from. References are names of records. Slots that have their defaults are not among
    /// them.
    pub fn values(&self) -> impl Iterator<Item = (&'d str, Value, Place)> + use<'d> {
        let (definitions, slots) = (self.definitions, self.schema().slots());
        self.record.values.iter().map(move |given| {
            let slot = slots[usize::from(given.slot)].name();
            (slot, definitions.named(&given.value), given.place)
        })
    }

    /// The value of a slot, its default included.
    ///
    /// # Errors
    /// If the schema has no such slot.
    pub fn get(&self, slot: &str) -> Result<Value, AccessError> {
        let schema = self.schema();
        let Some(index) = schema.slot_index(slot) else {
            return Err(schema.undeclared(slot).into());
        };
        Ok(self.definitions.named(&self.local_at(index)))
    }

    /// Whether a file gives the slot a value.
    pub(super) fn is_given(&self, slot: &str) -> bool {
        self.schema().slot_index(slot).is_some_and(|index| self.record.given(index).is_some())
    }

    /// The value of a slot, with ids of records in the place of names.
    pub(super) fn local(&self, slot: &str) -> Value {
        self.schema().slot_index(slot).map_or(Value::Unset, |index| self.local_at(index))
    }

    fn local_at(&self, index: usize) -> Value {
        let given = self.record.given(index).map(|given| &given.value);
        given.or(self.schema().slots()[index].default()).cloned().unwrap_or_default()
    }

    /// Where the value of a slot comes from: the record, one that it inherits from, a patch, or the
    /// slot's declaration where it has its default. `None` for slots without a value, and for defaults
    /// of the program's schemas.
    #[must_use]
    pub fn origin(&self, slot: &str) -> Option<Place> {
        let index = self.schema().slot_index(slot)?;
        if let Some(given) = self.record.given(index) {
            return Some(given.place);
        }
        self.definitions.slot_notes(self.schema().name(), slot)?.default_place
    }

    /// Values that no slot takes and that were kept aside: see
    /// [`Undeclared::Quarantine`](super::Undeclared::Quarantine).
    pub fn quarantined(
        &self,
    ) -> impl ExactSizeIterator<Item = (&'d str, &'d Value, Place)> + use<'d> {
        self.record.aside.iter().map(|aside| (&*aside.name, &aside.value, aside.place))
    }
}
