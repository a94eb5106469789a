//! What a migration would do.

use std::collections::HashSet;
use std::fmt;
use std::sync::Arc;

use crate::id::ObjectId;
use crate::schema::{Schema, Slot};
use crate::store::migrate::{MigrationRejection, MigrationStep};

/// What other schemas would do to the objects of a store: see
/// [`Store::plan_migration`](crate::Store::plan_migration).
#[derive(Clone, Debug, PartialEq)]
pub struct Migration {
    declarations: Vec<Schema>,
    schemas: Vec<SchemaMigration>,
    rejections: Vec<MigrationRejection>,
    overwrites: Overwrites,
}

/// Values that a loader will set, and objects that it will despawn, right after a migration: made for
/// [`Store::plan_migration_with`](crate::Store::plan_migration_with).
///
/// The values that they have now do not stand against the migration.
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

/// What an [`Migration`] does to the objects of one schema.
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

    /// The schemas that are new or that change, in the order in which they are registered. Those that
    /// extend one that changes are among them.
    #[must_use]
    pub fn schemas(&self) -> &[SchemaMigration] {
        &self.schemas
    }

    /// What is in the way; a plan with a rejection is not carried out.
    #[must_use]
    pub fn rejections(&self) -> &[MigrationRejection] {
        &self.rejections
    }

    /// Whether nothing is in the way.
    #[must_use]
    pub fn is_possible(&self) -> bool {
        self.rejections.is_empty()
    }

    /// Whether the schemas are as they are registered already.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.schemas.is_empty() && self.rejections.is_empty()
    }

    /// Whether both do the same, if maybe to another number of objects; to lose values is another thing than
    /// to lose none.
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
    /// The schema's name.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Whether it is registered for the first time.
    #[must_use]
    pub const fn is_new(&self) -> bool {
        self.is_new
    }

    /// How many objects of exactly this schema are alive.
    #[must_use]
    pub const fn objects(&self) -> usize {
        self.objects
    }

    /// What happens to its slots, inherited ones included.
    #[must_use]
    pub fn steps(&self) -> &[MigrationStep] {
        &self.steps
    }
}

/// What happens, a line for each step but for moves, which are counted; then what is in the way.
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
            f.write_str("this is in the way:")?;
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
            0 => write!(f, "schema '{name}' changes, which no object has:")?,
            1 => write!(f, "schema '{name}' changes, which 1 object has:")?,
            _ => write!(f, "schema '{name}' changes, which {objects} objects have:")?,
        }
        let is_move = |step: &&MigrationStep| matches!(step, MigrationStep::Moved { .. });
        let mut others = self.steps.iter().filter(|step| !is_move(step));
        others.try_for_each(|step| write!(f, "\n  {step}"))?;
        // A slot more in a base moves all others: one line says so.
        match self.steps.iter().filter(is_move).count() {
            0 => Ok(()),
            1 => f.write_str("\n  1 slot moves, and keys of it no longer serve"),
            moves => write!(f, "\n  {moves} slots move, and keys of them no longer serve"),
        }
    }
}
