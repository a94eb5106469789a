//! Migration: plans new schemas for living objects, and applies them in place.

mod examine;
mod needed;
mod plan;
mod rebuild;
mod rejection;
mod step;
mod wholes;

use std::sync::Arc;

use crate::id::SchemaId;
use crate::schema::{Redeclared, RegistryLimits, Schema, SchemaError};
use crate::storage::BlockHashes;
use crate::store::Store;
use crate::store::dynamic::Pools;
use crate::store::view::ViewCache;
use examine::Examination;
use rebuild::Rebuilder;

pub use plan::{Migration, Overwrites, SchemaMigration};
pub use rejection::{MigrationError, MigrationRejection};
pub use step::MigrationStep;

impl Store {
    /// Plans a migration: living objects get these schemas in place of those with the same names.
    ///
    /// Other schemas stay as they are, but inherit changes of their bases. New schemas are registered.
    /// The order of the schemas does not matter. Planning changes nothing: the plan lists the steps of
    /// [`migrate`](Self::migrate), and the conflicts with living objects.
    ///
    /// Computes in **O(values)** time, for the values that are converted or have new constraints.
    ///
    /// # Errors
    /// Returns [`SchemaError`] if the schemas contradict each other or a limit: a missing base, a slot
    /// that the base declares too. Conflicts with living objects are in the plan, see
    /// [`Migration::rejections`].
    ///
    /// # Example
    /// ```
    /// use slotted::{Kind, Schema, Store, record};
    /// let mut store = Store::new();
    /// let unit = Schema::builder("unit").slot("hp", Kind::U8).slot("age", Kind::U16);
    /// store.register_schema(unit.build()?)?;
    /// let unit = store.spawn_record("unit", record! { hp: 80, age: 300 })?;
    ///
    /// let next = Schema::builder("unit")
    ///     .slot("health", Kind::U16).renamed_from("hp")
    ///     .slot("rage", Kind::F32).default(0.5);
    /// let plan = store.plan_migration([next.build()?])?;
    /// assert_eq!(plan.to_string(), "schema 'unit' changes (1 object):\
    ///     \n  slot 'age' is removed with 1 value\
    ///     \n  slot 'hp' is renamed to 'health'\
    ///     \n  slot 'health' changes from u8 to u16, 1 value is converted\
    ///     \n  slot 'rage' is added: f32, default 0.5");
    /// store.migrate(&plan)?;
    /// assert_eq!(store.get_record(unit)?, record! { health: 80, rage: 0.5_f32 });
    ///
    /// let narrow = Schema::builder("unit").slot("health", Kind::I8).range(..=50);
    /// let plan = store.plan_migration([narrow.build()?])?;
    /// let error = store.migrate(&plan).unwrap_err();
    /// assert_eq!(error.to_string(), "living objects block the migration: \
    ///     slot 'health' of 'unit' expects up to 50, found 80 (1 object, such as 0:0:1)");
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn plan_migration(
        &self,
        schemas: impl IntoIterator<Item = Schema>,
    ) -> Result<Migration, SchemaError> {
        self.plan_migration_with(schemas, Overwrites::default())
    }

    /// Plans a migration after which the caller sets values or despawns objects.
    ///
    /// A value in `overwrites` needs no default and no conversion. Run [`migrate`](Self::migrate) and the
    /// writes in one [`transaction`](Self::transaction), so that no reader sees the values in between.
    ///
    /// # Errors
    /// Returns the errors of [`plan_migration`](Self::plan_migration).
    ///
    /// # Example
    /// ```
    /// use slotted::{Kind, Schema, Store, migration::Overwrites, record};
    /// let mut store = Store::new();
    /// store.register_schema(Schema::builder("unit").slot("age", Kind::U16).build()?)?;
    /// let unit = store.spawn_record("unit", record! { age: 300 })?;
    ///
    /// let narrow = Schema::builder("unit").slot("age", Kind::U8).build()?;
    /// let mut overwrites = Overwrites::default();
    /// overwrites.set(unit, "age");
    /// let plan = store.plan_migration_with([narrow], overwrites)?;
    /// store.transaction(|store| -> Result<(), Box<dyn std::error::Error>> {
    ///     store.migrate(&plan)?;
    ///     Ok(store.set_value(unit, "age", 30)?)
    /// })?;
    /// assert_eq!(store.get_value(unit, "age")?, 30.into());
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn plan_migration_with(
        &self,
        schemas: impl IntoIterator<Item = Schema>,
        overwrites: Overwrites,
    ) -> Result<Migration, SchemaError> {
        let declarations: Vec<Schema> = schemas.into_iter().collect();
        let redeclared = self.redeclare(&declarations)?;
        Ok(self.examine(declarations, &redeclared, overwrites))
    }

    /// Carries out a plan: all living objects get their schemas' new slots, or none does.
    ///
    /// Ids, references, free rows and the next ids stay as they are. Columns whose slot only changes its
    /// name, position or constraints are kept. Other columns are rebuilt, so that later iteration is as
    /// fast as in a new store.
    ///
    /// Cached lookups are invalidated: look up the [keys](crate::SlotKey) of moved or changed slots again.
    /// Earlier [snapshots](crate::Snapshot) stay readable, but cannot be restored or compared with later
    /// ones. Slots of changed schemas count as written in this [epoch](Self::epoch).
    ///
    /// Computes in **O(values)** time, for the values that the plan checks, adds or converts.
    ///
    /// # Errors
    /// Returns the plan's conflicts, or [`MigrationError::Outdated`] if the store changed after planning
    /// so that the steps differ. The store is unchanged then.
    ///
    /// # Example
    /// ```
    /// use slotted::{Kind, Schema, Store, record};
    /// let mut store = Store::new();
    /// store.register_schema(Schema::builder("unit").slot("hp", Kind::U8).build()?)?;
    /// let unit = store.spawn_record("unit", record! { hp: 80 })?;
    /// let next = Schema::builder("unit").slot("health", Kind::U16).renamed_from("hp").build()?;
    /// store.migrate(&store.plan_migration([next])?)?;
    /// assert_eq!(store.get_value(unit, "health")?, 80.into());
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn migrate(&mut self, plan: &Migration) -> Result<(), MigrationError> {
        let redeclared = self.redeclare(plan.declarations())?;
        let overwrites = plan.overwrites().clone();
        let now = self.examine(plan.declarations().to_vec(), &redeclared, overwrites);
        if !now.rejections().is_empty() {
            return Err(MigrationError::Rejected(now.into_rejections()));
        }
        if !now.does_the_same(plan) {
            return Err(MigrationError::Outdated);
        }
        if now.is_empty() {
            return Ok(());
        }
        let interned = self.interner.now();
        let rebuilt = Rebuilder {
            before: &self.registry,
            after: &redeclared,
            tables: &self.tables,
            pools: Pools { interner: &mut self.interner, limits: &self.limits },
            overwrites: plan.overwrites(),
        };
        match rebuilt.rebuild() {
            Ok(rebuilt) => {
                for (table, columns) in self.tables.iter_mut().zip(rebuilt) {
                    if let Some(columns) = columns {
                        columns.put_into(table, self.epoch);
                    }
                }
                self.replace_schemas(redeclared);
                Ok(())
            }
            Err(error) => {
                self.interner.forget_since(interned);
                Err(error.into())
            }
        }
    }

    fn redeclare(&self, declarations: &[Schema]) -> Result<Redeclared, SchemaError> {
        let limits =
            RegistryLimits { schemas: self.limits.schemas, slots: self.limits.slots_per_schema };
        Redeclared::new(&self.registry, declarations, limits)
    }

    fn examine(
        &self,
        declarations: Vec<Schema>,
        redeclared: &Redeclared,
        overwrites: Overwrites,
    ) -> Migration {
        let (schemas, rejections) = Examination::new(self, redeclared, &overwrites).run();
        Migration::new(declarations, schemas, rejections, overwrites)
    }

    /// Replaces the registry. The tables must already have the new columns.
    fn replace_schemas(&mut self, redeclared: Redeclared) {
        self.registry = Arc::new(redeclared.registry);
        for schema in self.tables.len()..self.registry.len() {
            self.tables.push(self.empty_table(SchemaId(schema as u16)));
        }
        for schema in 0..self.registry.len() {
            self.inherit_tracking(SchemaId(schema as u16));
        }
        self.views = ViewCache::default();
        // Hashes cover slot names, and the schema names of references.
        self.hash_sums = None;
        self.tables.for_values().iter_mut().for_each(|table| table.hashes = BlockHashes::default());
    }
}
