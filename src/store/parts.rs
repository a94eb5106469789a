//! Where a store's columns and rows are.

use std::sync::Arc;

use crate::id::SchemaId;
use crate::list::List;
use crate::schema::{RegisteredSchema, Registry};
use crate::slot_value::{ListElement, element_shape};
use crate::storage::{Column, Interner, Rows};
use crate::store::{Identity, Store};
use crate::text::Text;

/// Where a store's columns and rows are, for an engine that lends them by rules of its own.
///
/// Everything here is safe to call; to look at what a pointer points to is not. The pointers are good until
/// the store is borrowed mutably again, or dropped; it may be moved. They come from the vectors that
/// the columns lie in, without a reference to these: so a shared borrow of the store does not
/// invalidate them, and reading through it is fine as long as no column is written to meanwhile.
///
/// While the parts live, a new schema, text or list costs a copy of all of them.
#[derive(Debug)]
pub struct StoreParts {
    identity: Identity,
    registry: Arc<Registry>,
    interner: Interner,
    tables: Vec<TableParts>,
}

#[derive(Debug)]
struct TableParts {
    rows: *const Rows,
    columns: *mut Column,
    /// How many columns there are.
    count: usize,
}

impl Store {
    /// Where the columns and rows are: see [`StoreParts`].
    ///
    /// Costs a nanosecond or two for each schema.
    #[must_use]
    pub fn parts(&mut self) -> StoreParts {
        let columns: Vec<_> =
            self.tables.iter_mut().map(|table| table.columns.as_mut_ptr()).collect();
        // From a shared borrow, so that later ones do not invalidate them.
        let tables = self.tables.iter().zip(columns).map(|(table, columns)| TableParts {
            rows: &raw const table.rows,
            columns,
            count: table.columns.len(),
        });
        StoreParts {
            tables: tables.collect(),
            identity: self.identity.same(),
            registry: Arc::clone(&self.registry),
            interner: self.interner.clone(),
        }
    }
}

impl StoreParts {
    /// The rows of a schema's table.
    #[must_use]
    #[inline]
    pub fn rows(&self, schema: SchemaId) -> Option<*const Rows> {
        self.tables.get(schema.index()).map(|table| table.rows)
    }

    /// The column of a schema's slot, by the slot's number.
    #[must_use]
    #[inline]
    pub fn column(&self, schema: SchemaId, slot: usize) -> Option<*mut Column> {
        let table = self.tables.get(schema.index())?;
        (slot < table.count).then(|| table.columns.wrapping_add(slot))
    }

    /// The schema of this name.
    #[must_use]
    pub fn schema(&self, name: &str) -> Option<&RegisteredSchema> {
        self.registry.find(name)
    }

    /// Returns all schemas, in the order in which they were registered.
    pub fn schemas(&self) -> impl ExactSizeIterator<Item = &RegisteredSchema> {
        self.registry.iter()
    }

    /// Returns the schema of this id.
    #[must_use]
    pub fn schema_by_id(&self, id: SchemaId) -> Option<&RegisteredSchema> {
        self.registry.get(id)
    }

    /// The string behind a handle of the store.
    #[must_use]
    pub fn resolve(&self, text: Text) -> Option<&str> {
        self.interner.texts.resolve(text)
    }

    /// The handle of a text that some value has already had.
    #[must_use]
    pub fn find_text(&self, text: &str) -> Option<Text> {
        self.interner.texts.find(text)
    }

    /// The elements behind a handle of the store.
    #[must_use]
    pub fn resolve_list<T: ListElement>(&self, list: List<T>) -> Option<&[T]> {
        self.interner.lists.resolve(element_shape::<T>(), list.cell()).map(T::from_cells)
    }

    pub(super) const fn identity(&self) -> &Identity {
        &self.identity
    }

    pub(super) fn registry(&self) -> &Registry {
        &self.registry
    }
}
