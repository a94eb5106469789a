//! The schemas of a store.

use std::any::TypeId;
use std::sync::Arc;

use foldhash::fast::FixedState;
use hashbrown::HashMap;

use crate::id::SchemaId;
use crate::kind::Kind;
use crate::record::Record;
use crate::schema::builder::{Defaults, check_default};
use crate::schema::error::SchemaDifference;
use crate::schema::names::{NameSet, SchemaNames, SlotNames};
use crate::schema::nested::{OptionalRecord, Shape, optional_records, shapes};
use crate::schema::{Problem, ProblemKind, Schema, SchemaError, Slot, SlotCheck};
use crate::shared_vec::SharedVec;
use crate::suggest::{Suggestion, nearest_name};
use crate::value::Value;

/// A schema in its store's registry, with all its slots, those of its bases first.
///
/// ```
/// use slotted::{Kind, Schema, Store};
/// let mut store = Store::new();
/// store.register_schema(Schema::builder("unit").slot("health", Kind::F32).build()?)?;
/// let orc = Schema::builder("orc").extends("unit").slot("rage", Kind::F32).build()?;
/// store.register_schema(orc.clone())?;
///
/// let schema = store.schema("orc").unwrap();
/// let unit = store.schema("unit").unwrap();
/// assert_eq!(schema.name(), "orc");
/// assert_eq!(&**schema.shared_name(), "orc");
/// assert_eq!(schema.base(), Some(unit.id()));
/// assert_eq!(schema.slots().len(), 2);
/// assert_eq!(schema.slot_index("rage"), Some(1));
/// assert_eq!(schema.slot("health").unwrap().kind(), &Kind::F32);
/// assert_eq!(schema.suggest("raeg").name(), Some("rage"));
/// assert_eq!(schema.to_schema(), orc);
/// # Ok::<(), slotted::SchemaError>(())
/// ```
#[derive(Clone, Debug)]
pub struct RegisteredSchema {
    pub(super) id: SchemaId,
    pub(super) name: Arc<str>,
    pub(super) base: Option<(SchemaId, Arc<str>)>,
    pub(super) slots: Arc<[Slot]>,
    /// The name of the schema that declares each slot: this one or one of its bases.
    declarers: Vec<Arc<str>>,
    pub(super) inherited: usize,
    /// Other defaults than the bases have.
    pub(super) defaults: Defaults,
    /// One for each slot.
    checks: Box<[SlotCheck]>,
    names: SlotNames,
    /// The nested values by name.
    pub(super) nested: Box<[(Arc<str>, Shape)]>,
    pub(super) optional_records: Box<[OptionalRecord]>,
}

impl RegisteredSchema {
    /// Returns the schema's id, its position in the registry.
    ///
    /// [`RegisteredSchema`] has an example.
    #[must_use]
    pub const fn id(&self) -> SchemaId {
        self.id
    }

    /// Returns the schema's name.
    ///
    /// [`RegisteredSchema`] has an example.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Returns the schema's name, for cloning without a copy of the text.
    ///
    /// [`RegisteredSchema`] has an example.
    #[must_use]
    pub const fn shared_name(&self) -> &Arc<str> {
        &self.name
    }

    /// Returns the schema that this one extends.
    ///
    /// [`RegisteredSchema`] has an example.
    #[must_use]
    pub fn base(&self) -> Option<SchemaId> {
        self.base.as_ref().map(|(base, _)| *base)
    }

    pub(crate) fn base_name(&self) -> Option<&Arc<str>> {
        self.base.as_ref().map(|(_, name)| name)
    }

    /// Returns all slots, those of the bases first.
    ///
    /// [`RegisteredSchema`] has an example.
    #[must_use]
    pub fn slots(&self) -> &[Slot] {
        &self.slots
    }

    /// Returns the slot of this name.
    ///
    /// [`RegisteredSchema`] has an example.
    #[must_use]
    pub fn slot(&self, name: &str) -> Option<&Slot> {
        self.slot_index(name).map(|index| &self.slots[index])
    }

    /// Returns the checks of typed values, one for each slot.
    #[inline(always)]
    pub(crate) const fn checks(&self) -> &[SlotCheck] {
        &self.checks
    }

    /// Returns the name of the schema that declares the slot at this position: this one or one of its bases.
    pub(crate) fn declarer(&self, slot: usize) -> &Arc<str> {
        &self.declarers[slot]
    }

    /// Returns `true` if tables of both have the same columns.
    pub(crate) fn is_stored_as(&self, other: &Self) -> bool {
        self.declarers == other.declarers
            && self.slots.iter().zip(&*other.slots).all(|(slot, other)| slot.is_stored_as(other))
    }

    /// Returns the position of the slot of this name among [`slots`](Self::slots).
    ///
    /// [`RegisteredSchema`] has an example.
    #[must_use]
    #[inline]
    pub fn slot_index(&self, name: &str) -> Option<usize> {
        self.names.find(name, &self.slots)
    }

    /// Returns the slot at this position if it has this name.
    #[inline]
    pub(crate) fn slot_at(&self, position: usize, name: &str) -> Option<&Slot> {
        self.names.is_at(position, name, &self.slots).then(|| &self.slots[position])
    }

    /// Returns `true` if the record names all slots in their order, as most records do.
    pub(crate) fn is_in_order(&self, record: &Record) -> bool {
        let mut names = record.iter().zip(&*self.slots);
        record.len() == self.slots.len() && names.all(|((name, _), slot)| name == slot.name())
    }

    /// Finds the position in the record of each slot's value.
    ///
    /// Returns `false` if a name is undeclared or repeated, or a required one is missing.
    pub(crate) fn place(&self, record: &Record, positions: &mut Vec<Option<usize>>) -> bool {
        positions.clear();
        positions.resize(self.slots.len(), None);
        let place = |(position, (name, _)): (usize, (&str, _))| {
            self.slot_index(name).is_some_and(|slot| positions[slot].replace(position).is_none())
        };
        record.iter().enumerate().all(place)
            && self
                .slots
                .iter()
                .zip(positions)
                .all(|(slot, found)| found.is_some() || !slot.is_required())
    }

    /// Returns the declared name that is nearest to a misspelt one; the search begins when the name is read.
    ///
    /// [`RegisteredSchema`] has an example.
    #[must_use]
    pub fn suggest(&self, name: &str) -> Suggestion {
        let (name, slots) = (Arc::<str>::from(name), Arc::clone(&self.slots));
        Suggestion::search(move || nearest_name(&name, slots.iter().map(Slot::shared_name)))
    }

    /// Returns the problem of an undeclared name, with the nearest declared name.
    ///
    /// ```
    /// # use slotted::{Kind, Schema, Store};
    /// # let mut store = Store::new();
    /// store.register_schema(Schema::builder("unit").slot("health", Kind::F32).build()?)?;
    /// let problem = store.schema("unit").unwrap().undeclared("healht");
    /// assert_eq!(
    ///     problem.to_string(),
    ///     "'unit' object has no slot 'healht'; did you mean 'health'?"
    /// );
    /// # Ok::<(), slotted::SchemaError>(())
    /// ```
    #[must_use]
    pub fn undeclared(&self, name: &str) -> Problem {
        self.problem(name, ProblemKind::Undeclared { suggestion: self.suggest(name) })
    }

    /// Returns the problem of a nested record whose value is not a map.
    ///
    /// ```
    /// # use slotted::{Kind, Schema, Store};
    /// # let mut store = Store::new();
    /// let damage = Schema::builder("damage").slot("min", Kind::U16).slot("max", Kind::U16).build()?;
    /// store.register_schema(Schema::builder("weapon").nested("damage", &damage).build()?)?;
    /// let problem = store.schema("weapon").unwrap().not_nested("damage", &3.into());
    /// assert_eq!(
    ///     problem.to_string(),
    ///     "slot 'damage' of 'weapon' expects a map of min, max; found integer 3"
    /// );
    /// # Ok::<(), slotted::SchemaError>(())
    /// ```
    #[must_use]
    pub fn not_nested(&self, name: &str, found: &Value) -> Problem {
        let expected = match (self.shape(name), self.slot(name).map(Slot::kind)) {
            (Some(shape), _) => shape.to_string().into(),
            (None, Some(Kind::List(list))) => format!("a list of {}", list.element()).into(),
            _ => "a value".into(),
        };
        self.problem(name, ProblemKind::NotNested { expected, found: found.clone() })
    }

    /// Returns the problem that the slot at this position needs a value and has none. A part of a list, a map or a union has that
    /// of the whole.
    ///
    /// ```
    /// # use slotted::{Kind, Schema, Store};
    /// # let mut store = Store::new();
    /// let drop = Schema::builder("drop").slot("item", Kind::Text).build()?;
    /// store.register_schema(Schema::builder("unit").nested_list("drops", &drop).build()?)?;
    /// let problem = store.schema("unit").unwrap().missing(0);
    /// assert_eq!(
    ///     problem.to_string(),
    ///     "'unit' object needs a value for slot 'drops' (a list of maps of item)"
    /// );
    /// # Ok::<(), slotted::SchemaError>(())
    /// ```
    ///
    /// # Panics
    /// Panics if no slot has the position.
    #[must_use]
    pub fn missing(&self, slot: usize) -> Problem {
        let slot = &self.slots[slot];
        match self.whole_of(slot.name()) {
            Some((name, shape)) => {
                let expected = shape.to_string().into();
                self.problem(name, ProblemKind::MissingNested { expected })
            }
            None => {
                let expected = slot.kind().clone();
                self.problem(slot.name(), ProblemKind::Missing { expected })
            }
        }
    }

    /// Returns a problem of one of the schema's slots.
    ///
    /// [`Problem`] has an example.
    #[must_use]
    pub fn problem(&self, slot: &str, kind: ProblemKind) -> Problem {
        Problem { record: None, schema: Arc::clone(&self.name), slot: slot.into(), kind }
    }

    /// Returns the schema as it was declared: its own slots and the name of its base.
    ///
    /// [`RegisteredSchema`] has an example.
    #[must_use]
    pub fn to_schema(&self) -> Schema {
        let base = self.base.as_ref().map(|(_, name)| Arc::clone(name));
        let own = self.slots[self.inherited..].to_vec();
        Schema::from_parts(Arc::clone(&self.name), base, own, self.defaults.clone())
    }

    fn differences(&self, other: &Schema) -> Vec<SchemaDifference> {
        let base = self.base.as_ref().map(|(_, name)| &**name);
        let own = (&self.slots[self.inherited..], &self.defaults);
        SchemaDifference::between(base, own, other)
    }
}

/// The limits of a registry: its schemas, and the slots of one schema.
#[derive(Clone, Copy, Debug)]
pub(crate) struct RegistryLimits {
    pub(crate) schemas: usize,
    pub(crate) slots: usize,
}

/// The schemas whose slots' names lie in one chunk.
const CHUNK: usize = 64;

/// The schemas of a store, by number and by name.
///
/// Its clones share nearly everything, so that a registration copies little while a snapshot lives.
#[derive(Clone, Debug, Default)]
pub(crate) struct Registry {
    schemas: SharedVec<RegisteredSchema>,
    /// One for each schema.
    pub(super) kinships: SharedVec<Kinship>,
    /// A bit for each schema: 1 if a slot has constraints besides its kind.
    constrained: Vec<u64>,
    /// The slots' names of each schema, in chunks that clones share.
    slot_names: SharedVec<[NameSet; CHUNK]>,
    names: SchemaNames,
    types: Arc<RustTypes>,
    /// The number of migrations. Objects stored before the last one have another form.
    pub(super) migrations: u32,
}

/// The place of a schema among those that extend one another.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Kinship {
    pub(super) newest_extension: Option<SchemaId>,
    /// The extension of the same base that was registered before this one.
    pub(super) previous_sibling: Option<SchemaId>,
}

/// The Rust types that stand for schemas.
#[derive(Clone, Debug, Default)]
struct RustTypes {
    by_type: HashMap<TypeId, SchemaId, FixedState>,
    /// The same, with the types' names for messages.
    names: Vec<(SchemaId, &'static str)>,
}

/// The outcome of looking at a schema before it is registered.
pub(crate) enum Registrable {
    /// An equal schema is registered.
    Known(SchemaId),
    New(Box<RegisteredSchema>),
}

impl Registry {
    pub(crate) const fn len(&self) -> usize {
        self.schemas.len()
    }

    pub(crate) fn iter(&self) -> impl ExactSizeIterator<Item = &RegisteredSchema> + Clone {
        self.iter_from(0)
    }

    /// Iterates over the schemas from this position on.
    pub(crate) fn iter_from(
        &self,
        start: usize,
    ) -> impl ExactSizeIterator<Item = &RegisteredSchema> + Clone {
        self.schemas.iter_from(start)
    }

    /// Iterates over the schemas from this position on that may declare all these slots, and leaves most others out
    /// without a look at them.
    pub(crate) fn iter_with(
        &self,
        start: usize,
        slots: NameSet,
    ) -> impl Iterator<Item = &RegisteredSchema> {
        let start = start.min(self.len());
        let chunks = self.slot_names.iter_from(start / CHUNK);
        let declared = chunks.flatten().skip(start % CHUNK);
        let schemas = (start..self.len()).zip(declared);
        let found = schemas.filter(move |(_, declared)| declared.may_include(slots));
        found.map(|(index, _)| &self.schemas[index])
    }

    #[inline]
    pub(crate) fn get(&self, id: SchemaId) -> Option<&RegisteredSchema> {
        self.schemas.get(id.index()).map(|schema| &**schema)
    }

    /// Returns `true` if a slot of the schema has constraints besides its kind.
    #[inline(always)]
    pub(crate) fn is_constrained(&self, id: SchemaId) -> bool {
        let bits = self.constrained.get(id.index() / 64);
        bits.is_some_and(|bits| bits >> (id.index() % 64) & 1 == 1)
    }

    /// Returns the schema of a Rust type.
    #[inline]
    pub(crate) fn of_type(&self, rust: TypeId) -> Option<SchemaId> {
        self.types.by_type.get(&rust).copied()
    }

    pub(crate) fn set_type<T: 'static>(&mut self, id: SchemaId) {
        let types = Arc::make_mut(&mut self.types);
        types.by_type.insert(TypeId::of::<T>(), id);
        types.names.push((id, std::any::type_name::<T>()));
    }

    /// Takes over the Rust types of another registry whose schemas have the same slots here.
    pub(crate) fn take_types_of(&mut self, other: &Self) {
        let here = |there: SchemaId| {
            let there = other.get(there)?;
            self.find(there.name()).filter(|here| there.is_stored_as(here)).map(|here| here.id())
        };
        let by_type = other.types.by_type.iter();
        let by_type = by_type.filter_map(|(rust, schema)| Some((*rust, here(*schema)?))).collect();
        let names = other.types.names.iter();
        let names = names.filter_map(|(schema, name)| Some((here(*schema)?, *name))).collect();
        self.types = Arc::new(RustTypes { by_type, names });
    }

    /// Returns the names of the Rust types that have this schema.
    pub(crate) fn rust_types(&self, id: SchemaId) -> impl Iterator<Item = &'static str> {
        let of_schema = self.types.names.iter().filter(move |(schema, _)| *schema == id);
        of_schema.map(|(_, name)| *name)
    }

    /// Returns `true` if objects have the same form in both registries: they differ in added schemas
    /// at most.
    pub(crate) const fn stores_as(&self, other: &Self) -> bool {
        self.migrations == other.migrations
    }

    /// Returns the number of migrations.
    #[inline]
    pub(crate) const fn migrations(&self) -> u32 {
        self.migrations
    }

    /// Returns the schema of this name and the position of its slot.
    pub(crate) fn find_slot(&self, schema: &str, slot: &str) -> Option<(&RegisteredSchema, usize)> {
        let schema = self.find(schema)?;
        Some((schema, schema.slot_index(slot)?))
    }

    #[inline(always)]
    pub(crate) fn find(&self, name: &str) -> Option<&RegisteredSchema> {
        let id = self.names.find(name, |position| self.schemas[position].name())?;
        self.get(id)
    }

    /// Returns the registered name that is nearest to a misspelt one.
    pub(crate) fn suggest(self: &Arc<Self>, name: &str) -> Suggestion {
        let (name, registry) = (Arc::<str>::from(name), Arc::clone(self));
        Suggestion::search(move || {
            nearest_name(&name, registry.iter().map(RegisteredSchema::shared_name))
        })
    }

    /// Returns the name of a slot of any schema that is nearest to a misspelt one.
    pub(crate) fn suggest_slot(self: &Arc<Self>, name: &str) -> Suggestion {
        let (name, registry) = (Arc::<str>::from(name), Arc::clone(self));
        Suggestion::search(move || {
            let slots = registry.iter().flat_map(RegisteredSchema::slots);
            nearest_name(&name, slots.map(Slot::shared_name))
        })
    }

    /// Returns the schema and all that it extends, nearest first.
    pub(crate) fn with_bases(&self, id: SchemaId) -> impl Iterator<Item = &RegisteredSchema> {
        std::iter::successors(self.get(id), |schema| self.get(schema.base()?))
    }

    /// Returns `true` if `id` is `base` or extends it.
    pub(crate) fn extends(&self, id: SchemaId, base: SchemaId) -> bool {
        self.with_bases(id).any(|schema| schema.id() == base)
    }

    /// Checks a schema that shall be registered. Changes nothing.
    pub(crate) fn examine(
        &self,
        schema: Schema,
        limits: RegistryLimits,
    ) -> Result<Registrable, SchemaError> {
        if let Some(registered) = self.find(schema.name()) {
            let differences = registered.differences(&schema);
            return if differences.is_empty() {
                Ok(Registrable::Known(registered.id))
            } else {
                let schema = Arc::clone(&registered.name);
                Err(SchemaError::Conflict { schema, differences })
            };
        }
        let id = SchemaId(self.len().min(limits.schemas) as u16);
        let base = schema.extends().and_then(|base| self.find(base));
        let registered = RegisteredSchema::resolve(id, schema, base, limits)?;
        Ok(Registrable::New(Box::new(registered)))
    }

    /// Adds a schema that was [examined](Self::examine).
    pub(crate) fn add(&mut self, schema: RegisteredSchema) {
        let id = schema.id;
        self.insert(schema);
        self.join_family(id);
    }

    /// Replaces the schema with the same id, or adds the schema as the next one. Families stay as they are.
    pub(super) fn insert(&mut self, schema: RegisteredSchema) {
        let index = schema.id.index();
        debug_assert!(index <= self.len(), "schemas are inserted in the order of their ids");
        self.constrained.resize(self.len().max(index + 1).div_ceil(64), 0);
        let bit = 1 << (index % 64);
        match schema.slots.iter().any(Slot::is_constrained) {
            true => self.constrained[index / 64] |= bit,
            false => self.constrained[index / 64] &= !bit,
        }
        let declared = schema.slots.iter().map(|slot| NameSet::of(slot.name())).collect();
        if self.slot_names.len() <= index / CHUNK {
            self.slot_names.push([NameSet::default(); CHUNK]);
        }
        if let Some(chunk) = self.slot_names.make_mut(index / CHUNK) {
            chunk[index % CHUNK] = declared;
        }
        let is_new = index == self.len();
        self.schemas.set(index, Some(Arc::new(schema)));
        if is_new {
            self.names.push(|position| self.schemas[position].name());
        }
    }
}

impl RegisteredSchema {
    /// Puts the base's slots before the schema's own.
    pub(super) fn resolve(
        id: SchemaId,
        schema: Schema,
        base: Option<&Self>,
        limits: RegistryLimits,
    ) -> Result<Self, SchemaError> {
        let (name, extends, own, defaults) = schema.into_parts();
        if id.index() >= limits.schemas {
            return Err(SchemaError::TooManySchemas { schema: name, limit: limits.schemas });
        }
        let base = match (extends, base) {
            (None, _) => None,
            (Some(extends), Some(base)) => Some((base, extends)),
            (Some(base), None) => return Err(SchemaError::UnknownBase { schema: name, base }),
        };
        let mut slots = base.as_ref().map_or_else(Vec::new, |(base, _)| base.slots.to_vec());
        let mut declarers = base.as_ref().map_or_else(Vec::new, |(base, _)| base.declarers.clone());
        let inherited = slots.len();
        change_defaults(&name, &mut slots, &defaults)?;
        slots.extend(own);
        declarers.resize_with(slots.len(), || Arc::clone(&name));
        if slots.len() > limits.slots {
            let (slots, limit) = (slots.len(), limits.slots);
            return Err(SchemaError::TooManySlots { schema: name, slots, limit });
        }
        let names = SlotNames::new(&slots)
            .map_err(|slot| SchemaError::DuplicateSlot { schema: Arc::clone(&name), slot })?;
        let base = base.map(|(base, name)| (base.id, name));
        let checks = slots.iter().map(Slot::typed_check).collect();
        let (nested, optional_records) = (shapes(&slots), optional_records(&slots));
        let slots = slots.into();
        Ok(Self {
            id,
            name,
            base,
            slots,
            declarers,
            inherited,
            defaults,
            checks,
            names,
            nested,
            optional_records,
        })
    }
}

/// Gives inherited slots other defaults.
fn change_defaults(
    schema: &Arc<str>,
    inherited: &mut [Slot],
    defaults: &Defaults,
) -> Result<(), SchemaError> {
    for (name, value) in defaults {
        let Some(slot) = inherited.iter_mut().find(|slot| slot.name == *name) else {
            let (schema, slot) = (Arc::clone(schema), Arc::clone(name));
            return Err(SchemaError::NotInherited { schema, slot });
        };
        slot.default = Some(value.clone());
        check_default(schema, slot)?;
        if value.is_unset() {
            slot.default = None;
        }
    }
    Ok(())
}
