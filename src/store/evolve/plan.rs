//! What an evolution would do.

use std::collections::HashSet;
use std::fmt;
use std::sync::Arc;

use crate::id::EntityId;
use crate::schema::{Schema, Slot};
use crate::store::evolve::{EvolutionRejection, EvolutionStep};

/// What other schemas would do to the objects of a store: see
/// [`Store::plan_evolution`](crate::Store::plan_evolution).
#[derive(Clone, Debug, PartialEq)]
pub struct Evolution {
    declarations: Vec<Schema>,
    schemas: Vec<SchemaEvolution>,
    rejections: Vec<EvolutionRejection>,
    overwritten: Overwritten,
}

/// What of living objects is given other values afterwards, or is despawned: it is in nobody's way.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Overwritten {
    pub(crate) objects: HashSet<EntityId>,
    /// The objects' slots, by their new names.
    pub(crate) values: HashSet<(EntityId, Arc<str>)>,
}

impl Overwritten {
    pub(super) fn contains(&self, id: EntityId, slot: &Slot) -> bool {
        let is_nothing = self.objects.is_empty() && self.values.is_empty();
        !is_nothing
            && (self.objects.contains(&id)
                || self.values.contains(&(id, Arc::clone(slot.shared_name()))))
    }
}

/// What an [`Evolution`] does to the objects of one schema.
#[derive(Clone, Debug, PartialEq)]
pub struct SchemaEvolution {
    pub(super) name: Arc<str>,
    pub(super) is_new: bool,
    pub(super) objects: usize,
    pub(super) steps: Vec<EvolutionStep>,
}

impl Evolution {
    pub(super) fn new(
        declarations: Vec<Schema>,
        schemas: Vec<SchemaEvolution>,
        rejections: Vec<EvolutionRejection>,
        overwritten: Overwritten,
    ) -> Self {
        Self { declarations, schemas, rejections, overwritten }
    }

    pub(super) const fn overwritten(&self) -> &Overwritten {
        &self.overwritten
    }

    pub(super) fn declarations(&self) -> &[Schema] {
        &self.declarations
    }

    pub(super) fn into_rejections(self) -> Vec<EvolutionRejection> {
        self.rejections
    }

    /// The schemas that are new or that change, in the order in which they are registered. Those that
    /// extend one that changes are among them.
    #[must_use]
    pub fn schemas(&self) -> &[SchemaEvolution] {
        &self.schemas
    }

    /// What is in the way; a plan with a rejection is not carried out.
    #[must_use]
    pub fn rejections(&self) -> &[EvolutionRejection] {
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
        let same = |(a, b): (&SchemaEvolution, &SchemaEvolution)| {
            let steps = |schema: &SchemaEvolution| -> Vec<_> {
                schema.steps.iter().map(EvolutionStep::without_counts).collect()
            };
            (&a.name, a.is_new) == (&b.name, b.is_new) && steps(a) == steps(b)
        };
        self.schemas.len() == other.schemas.len()
            && self.schemas.iter().zip(&other.schemas).all(same)
    }
}

impl SchemaEvolution {
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
    pub fn steps(&self) -> &[EvolutionStep] {
        &self.steps
    }
}

/// What happens, a line for each step but for moves, which are counted; then what is in the way.
impl fmt::Display for Evolution {
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

impl fmt::Display for SchemaEvolution {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { name, objects, .. } = self;
        match objects {
            _ if self.is_new => return write!(f, "schema '{name}' is new"),
            0 => write!(f, "schema '{name}' changes, which no object has:")?,
            1 => write!(f, "schema '{name}' changes, which 1 object has:")?,
            _ => write!(f, "schema '{name}' changes, which {objects} objects have:")?,
        }
        let is_move = |step: &&EvolutionStep| matches!(step, EvolutionStep::Moved { .. });
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
