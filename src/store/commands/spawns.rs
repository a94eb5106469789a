//! Recorded spawns of Rust values.

use std::any::Any;
use std::ops::Range;

use crate::id::{ObjectId, SchemaId};
use crate::storage::{BLOCK_ROWS, Span, Table, mark_span};
use crate::store::commands::apply::{Check, Problems};
use crate::store::commands::error::CommandKind;
use crate::store::commands::reserved_rows::ReservedRows;
use crate::store::{Batch, Slotted, Store};

/// Objects that are written together: few enough to stay in the first-level cache.
const CHUNK: usize = 128;

/// Recorded spawns of objects of one type.
pub(super) trait SpawnQueue: Send + Sync {
    fn as_any_mut(&mut self) -> &mut dyn Any;
    fn len(&self) -> usize;
    /// Finds the problems of all objects.
    fn check(&self, check: &Check<'_>, problems: &mut Problems);
    /// Writes the objects, which were checked, to their free rows.
    fn write(&self, reserved: &[ReservedRows], store: &mut Store);
}

/// Recorded spawns of Rust values.
pub(super) struct Objects<T> {
    pub(super) schema: SchemaId,
    /// The positions of the objects' ids among the reserved ones, in runs of consecutive ones.
    pub(super) runs: Vec<Range<usize>>,
    pub(super) objects: Vec<T>,
}

impl<T: Slotted> SpawnQueue for Objects<T> {
    fn as_any_mut(&mut self) -> &mut dyn Any {
        self
    }

    fn len(&self) -> usize {
        self.objects.len()
    }

    fn check(&self, check: &Check<'_>, problems: &mut Problems) {
        if !check.store.registry.is_constrained(self.schema) {
            return;
        }
        for (id, object) in self.ids(check.reserved).flatten().zip(&self.objects) {
            let checked = check.store.check_fields(self.schema, object, check.value_check());
            if let Err(rejection) = checked {
                problems.add(*id, CommandKind::Spawn, rejection);
            }
        }
    }

    fn write(&self, reserved: &[ReservedRows], store: &mut Store) {
        let Table { columns, is_tracked, .. } = &mut store.tables[self.schema.index()];
        let (mut objects, mut offsets) = (&*self.objects, Vec::new());
        for mut ids in self.ids(reserved) {
            while let Some(first) = ids.first() {
                let block = first.row() as usize / BLOCK_ROWS;
                let rows = ids.iter().take(CHUNK).map(|id| id.row() as usize);
                let rows = rows.take_while(|row| row / BLOCK_ROWS == block);
                offsets.clear();
                offsets.extend(rows.map(|row| (row % BLOCK_ROWS) as u16));
                let (written, left) = objects.split_at(offsets.len());
                let span = Span::of_offsets(block, &offsets);
                if *is_tracked {
                    mark_span(columns, span);
                }
                T::write(written.iter(), &mut Batch::new(columns, span));
                (ids, objects) = (&ids[offsets.len()..], left);
            }
        }
    }
}

impl<T> Objects<T> {
    #[inline]
    pub(super) fn push(&mut self, position: usize, object: T) {
        match self.runs.last_mut() {
            Some(run) if run.end == position => run.end += 1,
            _ => self.runs.push(position..position + 1),
        }
        self.objects.push(object);
    }

    /// Returns the ids of the objects, in runs.
    fn ids<'r>(&self, reserved: &'r [ReservedRows]) -> impl Iterator<Item = &'r [ObjectId]> {
        let ids = reserved[self.schema.index()].ids();
        self.runs.iter().map(|run| &ids[run.clone()])
    }
}
