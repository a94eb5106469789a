//! The application of commands: everything is checked before anything changes.

use crate::error::{AccessError, MOST_PROBLEMS, Rejection};
use crate::id::ObjectId;
use crate::record::Record;
use crate::schema::{Checker, ProblemKind, World};
use crate::slot_value::ValueCheck;
use crate::store::Store;
use crate::store::commands::Commands;
use crate::store::commands::error::{CommandKind, CommandProblem, CommandsError};
use crate::store::commands::reserved_rows::ReservedRows;
use crate::store::commands::sets::Set;
use crate::store::dynamic::Unwritten;
use crate::store::references::Overwriting;

/// The store as it will be after the spawns.
#[derive(Clone, Copy)]
pub(super) struct Check<'a> {
    pub(super) store: &'a Store,
    pub(super) reserved: &'a [ReservedRows],
    /// The object whose values are overwritten. `None` for the values of a new object.
    overwriting: Option<&'a Overwriting<'a>>,
}

impl World for Check<'_> {
    fn is_alive(&self, id: ObjectId) -> bool {
        self.store.contains(id)
            || self.reserved.get(id.schema().index()).is_some_and(|rows| rows.is_written(id))
    }

    fn admit_dead(&self, id: ObjectId) -> Result<(), ProblemKind> {
        match self.overwriting {
            Some(overwriting) => overwriting.admit_dead(id),
            None => self.store.admit_dead(id),
        }
    }
}

impl Check<'_> {
    pub(super) fn checker(&self) -> Checker<'_> {
        Checker { registry: &self.store.registry, world: self }
    }

    fn record(&self, id: ObjectId, record: &Record, problems: &mut Problems) {
        let (Some(schema), mut found) = (self.store.registry.get(id.schema()), Vec::new()) else {
            return;
        };
        self.checker().record(schema, record, &mut found);
        if !found.is_empty() {
            problems.add(id, CommandKind::Spawn, Rejection::new(found));
        }
    }

    pub(super) fn value_check(&self) -> ValueCheck<'_> {
        ValueCheck { checker: self.checker(), interner: &self.store.interner }
    }
}

/// The problems found so far.
#[derive(Default)]
pub(super) struct Problems(Vec<CommandProblem>);

impl Problems {
    pub(super) fn add(
        &mut self,
        id: ObjectId,
        command: CommandKind,
        error: impl Into<AccessError>,
    ) {
        if self.0.len() < MOST_PROBLEMS {
            self.0.push(CommandProblem { id, command, error: error.into() });
        }
    }
}

impl Commands {
    /// Makes all changes, or none: first all spawns, then the changes of values in the order in which they were
    /// recorded, then all despawns.
    ///
    /// Within a schema, new objects have the rows in the order in which their ids were reserved. So the same
    /// commands make the same world on every machine.
    ///
    /// Computes in **O(commands)** time, plus a few nanoseconds for each schema.
    ///
    /// # Errors
    /// Returns all problems, at most a hundred, or the limit that is exceeded. Also returns an error if the
    /// commands belong to another store, or if objects were spawned without them since they were created. The
    /// store is as it was before.
    ///
    /// # Example
    /// ```
    /// use slotted::{Slotted, Store};
    /// #[derive(Slotted, Clone, Copy)]
    /// struct Unit { #[slot(range = 0.0..=500.0)] health: f32 }
    /// let mut store = Store::new();
    /// store.register::<Unit>()?;
    /// let unit = store.spawn(Unit { health: 80.0 })?;
    ///
    /// let mut commands = store.commands();
    /// commands.spawn(Unit { health: -5.0 })?;
    /// commands.set_value(unit, "helth", 5.0);
    /// commands.despawn(unit);
    /// assert_eq!(commands.apply(&mut store).unwrap_err().to_string(), "2 problems:\
    ///     \n  spawn of 0:1:1: slot 'health' of 'unit' expects 0.0 to 500.0, found -5.0\
    ///     \n  set of 0:0:1: 'unit' object has no slot 'helth'; did you mean 'health'?");
    /// assert!(store.contains(unit));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn apply(mut self, store: &mut Store) -> Result<(), CommandsError> {
        self.check(store)?;
        let before = store.interner.now();
        if let Err(full) = self.write_spawns(store) {
            store.interner.forget_since(before);
            return Err(full.limit(&store.limits).expect("the commands were checked").into());
        }
        let reserved = self.reserved.iter_mut().enumerate();
        for (table, rows) in reserved.filter(|(_, rows)| !rows.is_empty()) {
            rows.commit(&mut store.tables[table]);
        }
        self.sets().for_each(|set| set.write(store));
        // Dead by now: listed twice, or to be skipped.
        store.try_despawn_batch(&self.despawns);
        store.try_despawn_batch(&self.try_despawns);
        Ok(())
    }

    fn check(&self, store: &Store) -> Result<(), CommandsError> {
        let is_of_store = self.store == store.identity();
        if !is_of_store || self.registry.migrations() != store.registry.migrations() {
            return Err(CommandsError::Foreign);
        }
        for (rows, table) in self.reserved.iter().zip(&store.tables) {
            if let Some(id) = rows.find_taken(&table.rows) {
                return Err(CommandsError::Taken { id });
            }
        }
        let check = Check { store, reserved: &self.reserved, overwriting: None };
        let mut problems = Problems::default();
        for spawns in &self.spawns {
            spawns.check(&check, &mut problems);
        }
        for (id, record) in &self.records {
            check.record(*id, record, &mut problems);
        }
        for &(original, copy) in &self.copies {
            if !store.contains(original) {
                problems.add(copy, CommandKind::Spawn, AccessError::Despawned { id: original });
            }
        }
        for set in self.sets() {
            let id = set.id();
            let overwriting = store.contains(id).then(|| store.overwriting(id));
            let checked = match overwriting.is_some() || check.is_alive(id) {
                true => set.check(&Check { overwriting: overwriting.as_ref(), ..check }),
                false => Err(AccessError::Despawned { id }),
            };
            if let Err(error) = checked {
                problems.add(id, CommandKind::Set, error);
            }
        }
        for &id in &self.despawns {
            if !check.is_alive(id) {
                problems.add(id, CommandKind::Despawn, AccessError::Despawned { id });
            }
        }
        if problems.0.is_empty() { Ok(()) } else { Err(CommandsError::Rejected(problems.0)) }
    }

    fn sets(&self) -> impl Iterator<Item = &dyn Set> {
        self.set_order.iter().map(|(queue, number)| self.sets[*queue as usize].get(*number))
    }

    /// Writes new objects to their free rows, and stores the texts and lists of all changes.
    fn write_spawns(&self, store: &mut Store) -> Result<(), Unwritten> {
        self.spawns.iter().for_each(|spawns| spawns.write(&self.reserved, store));
        for (original, copy) in &self.copies {
            store.tables[copy.schema().index()].copy_row(original.row(), copy.row());
        }
        for (id, record) in &self.records {
            store.write_checked(*id, record)?;
        }
        self.sets().try_for_each(|set| set.intern(store))
    }
}
