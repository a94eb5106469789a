//! The plan of a migration.

use std::collections::HashSet;
use std::fmt;
use std::sync::Arc;

use crate::id::ObjectId;
use crate::schema::{Schema, Slot};
use crate::store::migrate::{MigrationRejection, MigrationStep};

/// The plan of a migration: the changes to each schema, and the conflicts with living objects.
///
/// [`Store::plan_migration`](crate::Store::plan_migration) makes it and
/// [`Store::migrate`](crate::Store::migrate) carries it out.
///
/// ```
/// use slotted::{Kind, Schema, Store};
/// let mut store = Store::new();
/// let unit = Schema::builder("unit").slot("health", Kind::F32);
/// store.register_schema(unit.clone().build()?)?;
///
/// let plan = store.plan_migration([unit.slot("rage", Kind::F32).default(0.0).build()?])?;
/// assert!(plan.is_possible() && !plan.is_empty());
/// let schema = &plan.schemas()[0];
/// assert_eq!((schema.name(), schema.objects(), schema.is_new()), ("unit", 0, false));
/// assert_eq!(schema.steps()[0].to_string(), "slot 'rage' is added: f32, default 0.0");
/// # Ok::<(), slotted::SchemaError>(())
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct Migration {
    declarations: Vec<Schema>,
    schemas: Vec<SchemaMigration>,
    rejections: Vec<MigrationRejection>,
    overwrites: Overwrites,
}

/// Values that a loader sets, and objects that it despawns, right after a migration.
///
/// Their present values cannot conflict with the migration. Until such a value is set it is zero: an empty text or
/// list, the first variant of an enum, and for a reference an id without meaning.
/// [`Store::plan_migration_with`](crate::Store::plan_migration_with) takes them, and has an example.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Overwrites {
    objects: HashSet<ObjectId>,
    /// The objects' slots, by their new names.
    values: HashSet<(ObjectId, Arc<str>)>,
}

impl Overwrites {
    /// Adds an object that will be despawned.
    pub fn despawn(&mut self, id: ObjectId) {
        self.objects.insert(id);
    }

    /// Adds a value that will be set; `slot` is the slot's name after the migration.
    pub fn set(&mut self, id: ObjectId, slot: impl Into<Arc<str>>) {
        self.values.insert((id, slot.into()));
    }

    pub(super) fn contains(&self, id: ObjectId, slot: &Slot) -> bool {
        let is_nothing = self.objects.is_empty() && self.values.is_empty();
        !is_nothing
            && (self.objects.contains(&id)
                || self.values.contains(&(id, Arc::clone(slot.shared_name()))))
    }
}

/// The steps of a [`Migration`] for the objects of one schema.
///
/// [`Migration`] has an example.
#[derive(Clone, Debug, PartialEq)]
pub struct SchemaMigration {
    pub(super) name: Arc<str>,
    pub(super) is_new: bool,
    pub(super) objects: usize,
    pub(super) steps: Vec<MigrationStep>,
}

impl Migration {
    pub(super) fn new(
        declarations: Vec<Schema>,
        schemas: Vec<SchemaMigration>,
        rejections: Vec<MigrationRejection>,
        overwrites: Overwrites,
    ) -> Self {
        Self { declarations, schemas, rejections, overwrites }
    }

    pub(super) const fn overwrites(&self) -> &Overwrites {
        &self.overwrites
    }

    pub(super) fn declarations(&self) -> &[Schema] {
        &self.declarations
    }

    pub(super) fn into_rejections(self) -> Vec<MigrationRejection> {
        self.rejections
    }

    /// Returns the new and the changing schemas, in the order of registration.
    ///
    /// Schemas that extend a changing one change too.
    #[must_use]
    pub fn schemas(&self) -> &[SchemaMigration] {
        &self.schemas
    }

    /// Returns the conflicts with living objects. `migrate` refuses a plan that has any.
    #[must_use]
    pub fn rejections(&self) -> &[MigrationRejection] {
        &self.rejections
    }

    /// Returns `true` if the plan has no conflicts.
    #[must_use]
    pub fn is_possible(&self) -> bool {
        self.rejections.is_empty()
    }

    /// Returns `true` if the plan changes nothing.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.schemas.is_empty() && self.rejections.is_empty()
    }

    /// Returns `true` if both plans have the same steps. Numbers of objects may differ, but a step that
    /// loses values differs from one that loses none.
    pub(super) fn does_the_same(&self, other: &Self) -> bool {
        let same = |(a, b): (&SchemaMigration, &SchemaMigration)| {
            let steps = |schema: &SchemaMigration| -> Vec<_> {
                schema.steps.iter().map(MigrationStep::without_counts).collect()
            };
            (&a.name, a.is_new) == (&b.name, b.is_new) && steps(a) == steps(b)
        };
        self.schemas.len() == other.schemas.len()
            && self.schemas.iter().zip(&other.schemas).all(same)
    }
}

impl SchemaMigration {
    /// Returns the schema's name.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Returns `true` if the schema is registered for the first time.
    #[must_use]
    pub const fn is_new(&self) -> bool {
        self.is_new
    }

    /// Returns the number of living objects of exactly this schema.
    #[must_use]
    pub const fn objects(&self) -> usize {
        self.objects
    }

    /// Returns the changes to its slots, inherited ones included.
    #[must_use]
    pub fn steps(&self) -> &[MigrationStep] {
        &self.steps
    }
}

/// A line for each step, with a count in place of moves; then the conflicts.
impl fmt::Display for Migration {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.is_empty() {
            return f.write_str("nothing changes");
        }
        for (number, schema) in self.schemas.iter().enumerate() {
            f.write_str(if number > 0 { "\n" } else { "" })?;
            schema.fmt(f)?;
        }
        if !self.rejections.is_empty() {
            f.write_str(if self.schemas.is_empty() { "" } else { "\n" })?;
            f.write_str("conflicts with living objects:")?;
            self.rejections.iter().try_for_each(|rejection| write!(f, "\n  {rejection}"))?;
        }
        Ok(())
    }
}

impl fmt::Display for SchemaMigration {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { name, objects, .. } = self;
        match objects {
            _ if self.is_new => return write!(f, "schema '{name}' is new"),
            0 => write!(f, "schema '{name}' changes (no living objects):")?,
            1 => write!(f, "schema '{name}' changes (1 object):")?,
            _ => write!(f, "schema '{name}' changes ({objects} objects):")?,
        }
        let is_move = |step: &&MigrationStep| matches!(step, MigrationStep::Moved { .. });
        let mut others = self.steps.iter().filter(|step| !is_move(step));
        others.try_for_each(|step| write!(f, "\n  {step}"))?;
        // An added slot of a base moves all others: one line counts them.
        match self.steps.iter().filter(is_move).count() {
            0 => Ok(()),
            1 => f.write_str("\n  1 slot moves; its keys are invalidated"),
            moves => write!(f, "\n  {moves} slots move; their keys are invalidated"),
        }
    }
}
