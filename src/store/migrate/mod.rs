//! Other schemas for living objects: a plan of what it takes, and carrying it out in place.

mod examine;
mod plan;
mod rebuild;
mod rejection;
mod step;

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
    /// What it would take to give living objects these schemas in place of those that have their names.
    ///
    /// Schemas of other names stay as they are, but for the slots of bases, which lie first in all that
    /// extend them; those that are new are registered, in any order. Nothing is changed: the plan says what
    /// [`migrate`](Self::migrate) will do, and what is in its way.
    ///
    /// Costs a look at each value of living objects that will be converted, or held against other
    /// constraints.
    ///
    /// # Errors
    /// If the schemas do not make sense together: a base that there is not, a slot that the base has too, a
    /// limit. What living objects have against them is in the plan.
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
    /// assert_eq!(plan.to_string(), "schema 'unit' changes, which 1 object has:\
    ///     \n  slot 'age' is removed, and with it 1 value\
    ///     \n  slot 'hp' is renamed to 'health'\
    ///     \n  slot 'health' changes from u8 to u16, 1 value is converted\
    ///     \n  slot 'rage' is added: f32, default 0.5");
    /// store.migrate(&plan)?;
    /// assert_eq!(store.get_record(unit)?, record! { health: 80, rage: 0.5_f32 });
    ///
    /// let narrow = Schema::builder("unit").slot("health", Kind::I8).range(..=50);
    /// let plan = store.plan_migration([narrow.build()?])?;
    /// let error = store.migrate(&plan).unwrap_err();
    /// assert_eq!(error.to_string(), "the objects cannot have these schemas: \
    ///     slot 'health' of 'unit' expects up to 50, found 80 (1 object, as 0:0:1)");
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
    /// A slot that is added without a default, or a value that does not convert, is no problem if
    /// `overwrites` names it. Run [`migrate`](Self::migrate) and the writes in one
    /// [`transaction`](Self::transaction), so that nobody sees the values in between.
    ///
    /// # Errors
    /// As [`plan_migration`](Self::plan_migration).
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

    /// Carries out a plan: living objects get their schemas' new slots in place, all of them or, where
    /// anything is in the way, none.
    ///
    /// Ids, references, free rows and the ids to come stay as they are. Columns that only change their name,
    /// their place or their constraints are kept; others are written anew, so that iteration afterwards has
    /// the speed of a store that has just been filled.
    ///
    /// What was looked up before is refused, never wrong: [keys](crate::SlotKey) of slots that have moved or
    /// changed are to be looked up again, and [snapshots](crate::Snapshot) from before can be read, but
    /// neither restored nor compared with later ones. All that has to do with schemas that change counts as
    /// written in this [epoch](Self::epoch).
    ///
    /// Costs what the plan has cost, and the writing of each value that is added or converted.
    ///
    /// # Errors
    /// All that is in the way, or if the plan does no longer say what would be done because the store has
    /// changed since; nothing is changed then.
    ///
    /// # Example
    /// See [`plan_migration`](Self::plan_migration).
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

    /// The tables must have been made to fit.
    fn replace_schemas(&mut self, redeclared: Redeclared) {
        self.registry = Arc::new(redeclared.registry);
        for schema in self.tables.len()..self.registry.len() {
            self.tables.push(self.empty_table(SchemaId(schema as u16)));
        }
        self.views = ViewCache::default();
        // Hashes are of names, too, and of references by the name of their schema.
        self.hash_sums = None;
        self.tables.iter_mut().for_each(|table| table.hashes = BlockHashes::default());
    }
}
