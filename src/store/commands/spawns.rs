//! Recorded spawns of Rust values.

use std::any::Any;

use crate::id::{ObjectId, SchemaId};
use crate::storage::{BLOCK_ROWS, Span};
use crate::store::commands::apply::{Check, Problems};
use crate::store::commands::error::CommandKind;
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
    fn write(&self, store: &mut Store);
}

/// Recorded spawns of Rust values.
pub(super) struct Objects<T> {
    pub(super) schema: SchemaId,
    pub(super) ids: Vec<ObjectId>,
    pub(super) objects: Vec<T>,
}

impl<T: Slotted> SpawnQueue for Objects<T> {
    fn as_any_mut(&mut self) -> &mut dyn Any {
        self
    }

    fn len(&self) -> usize {
        self.ids.len()
    }

    fn check(&self, check: &Check<'_>, problems: &mut Problems) {
        if !check.store.registry.is_constrained(self.schema) {
            return;
        }
        for (id, object) in self.ids.iter().zip(&self.objects) {
            let checked = check.store.check_fields(self.schema, object, check.value_check());
            if let Err(rejection) = checked {
                problems.add(*id, CommandKind::Spawn, rejection);
            }
        }
    }

    fn write(&self, store: &mut Store) {
        let columns = &mut store.tables[self.schema.index()].columns;
        let (mut ids, mut objects, mut offsets) = (&*self.ids, &*self.objects, Vec::new());
        while let Some(first) = ids.first() {
            let block = first.row() as usize / BLOCK_ROWS;
            offsets.clear();
            // An id that was reserved long before its object was recorded is out of order.
            let mut next = first.row();
            for id in ids.iter().take(CHUNK) {
                if id.row() < next || id.row() as usize / BLOCK_ROWS != block {
                    break;
                }
                offsets.push((id.row() as usize % BLOCK_ROWS) as u16);
                next = id.row() + 1;
            }
            let (written, left) = objects.split_at(offsets.len());
            T::write(written.iter(), &mut Batch::new(columns, Span::of_offsets(block, &offsets)));
            (ids, objects) = (&ids[offsets.len()..], left);
        }
    }
}

impl<T> Objects<T> {
    #[inline]
    pub(super) fn push(&mut self, id: ObjectId, object: T) {
        self.ids.push(id);
        self.objects.push(object);
    }
}
