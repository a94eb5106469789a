//! The addresses of a store's columns and rows.

use std::sync::Arc;

use crate::any::Any;
use crate::id::SchemaId;
use crate::list::List;
use crate::schema::{RegisteredSchema, Registry};
use crate::slot_value::{ListElement, element_shape};
use crate::storage::{Column, Interner, Rows};
use crate::store::{Identity, Store, dynamic};
use crate::text::Text;
use crate::value::Value;

/// The addresses of a store's columns and rows, for an engine that lends them by its own rules.
///
/// All methods are safe to call; dereferencing a pointer is not. The pointers stay valid until the store is borrowed
/// mutably or dropped; moving the store keeps them valid. They are derived from the vectors of columns, not from
/// references to them, so a shared borrow of the store does not invalidate them. Reads through such a borrow are
/// sound as long as no column is written at the same time.
///
/// The parts share schemas, texts and lists with the store. While they exist, a new schema, text or list copies a
/// part of the others.
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
    /// The number of columns.
    count: usize,
}

impl Store {
    /// Returns the addresses of the columns and rows, for engines.
    ///
    /// Computes in **O(schemas)** time, 1 to 2 ns for each.
    ///
    /// # Example
    /// ```
    /// use slotted::{Kind, Schema, Store};
    /// let mut store = Store::new();
    /// let unit = store.register_schema(Schema::builder("unit").slot("health", Kind::F32).build()?)?;
    /// let parts = store.parts();
    /// assert!(parts.rows(unit).is_some());
    /// assert!(parts.column(unit, 0).is_some());
    /// assert!(parts.column(unit, 1).is_none());
    /// # Ok::<(), slotted::SchemaError>(())
    /// ```
    #[must_use]
    pub fn parts(&mut self) -> StoreParts {
        let columns: Vec<_> =
            self.tables.for_values().iter_mut().map(|table| table.columns.as_mut_ptr()).collect();
        // Derived from a shared borrow, so that later shared borrows do not invalidate them.
        let tables = self.tables.iter().zip(columns).map(|(table, columns)| TableParts {
            rows: &raw const table.rows,
            columns,
            count: table.columns.len(),
        });
        StoreParts {
            tables: tables.collect(),
            identity: self.identity.same(),
            registry: Arc::clone(&self.registry),
            interner: self.interner.share_marked(),
        }
    }
}

impl StoreParts {
    /// Returns the rows of a schema's table.
    #[must_use]
    #[inline]
    pub fn rows(&self, schema: SchemaId) -> Option<*const Rows> {
        self.tables.get(schema.index()).map(|table| table.rows)
    }

    /// Returns the column of a schema's slot, by the slot's position.
    #[must_use]
    #[inline]
    pub fn column(&self, schema: SchemaId, slot: usize) -> Option<*mut Column> {
        let table = self.tables.get(schema.index())?;
        (slot < table.count).then(|| table.columns.wrapping_add(slot))
    }

    /// Returns the schema of this name.
    #[must_use]
    pub fn schema(&self, name: &str) -> Option<&RegisteredSchema> {
        self.registry.find(name)
    }

    /// Returns all schemas in the order of registration.
    pub fn schemas(&self) -> impl ExactSizeIterator<Item = &RegisteredSchema> {
        self.registry.iter()
    }

    /// Returns the schema of this id.
    #[must_use]
    pub fn schema_by_id(&self, id: SchemaId) -> Option<&RegisteredSchema> {
        self.registry.get(id)
    }

    /// Returns the text of a handle. A handle of another store gives `None` or another text.
    #[must_use]
    pub fn resolve(&self, text: Text) -> Option<&str> {
        self.interner.texts.resolve(text)
    }

    /// Returns the handle of a stored text.
    #[must_use]
    pub fn find_text(&self, text: &str) -> Option<Text> {
        self.interner.texts.find(text)
    }

    /// Returns the elements of a list. A handle of another store gives `None` or another list.
    #[must_use]
    pub fn resolve_list<T: ListElement>(&self, list: List<T>) -> Option<&[T]> {
        self.interner.lists.resolve(element_shape::<T>(), list.cell()).map(T::from_cells)
    }

    /// Returns the value of a handle. A handle of another store gives `None` or another value.
    #[must_use]
    pub fn resolve_any(&self, any: Any) -> Option<Value> {
        dynamic::resolve_any(any.text(), &self.interner)
    }

    pub(super) const fn identity(&self) -> &Identity {
        &self.identity
    }

    pub(super) fn registry(&self) -> &Arc<Registry> {
        &self.registry
    }
}
