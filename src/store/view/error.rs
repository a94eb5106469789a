//! Errors and reports of views.

use std::sync::Arc;

use crate::debug_as_display::debug_as_display;
use crate::error::{AccessError, TypeMismatch, UnknownSchema};
use crate::id::ObjectId;
use crate::kind::Kind;
use crate::schema::{Registry, Suggestion};

/// An error of a view that the store refuses.
#[derive(Clone, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum ViewError {
    /// No schema declares a slot that the view names: see [misspelt fields](crate::View#misspelt-fields).
    #[error("view '{view}' wants slot '{slot}', which no schema declares{}", suggestion.question())]
    Undeclared {
        /// The view's name.
        view: &'static str,
        /// The slot's name.
        slot: &'static str,
        /// The kind that the view wants.
        kind: Kind,
        /// The nearest name among the slots of all schemas.
        suggestion: Suggestion,
    },
    /// No schema declares a slot that a [filter](crate::View#filters) names.
    #[error("view '{view}' is filtered by slot '{slot}', which no schema declares{}", suggestion.question())]
    UndeclaredFilter {
        /// The view's name.
        view: &'static str,
        /// The slot's name.
        slot: Arc<str>,
        /// The nearest name among the slots of all schemas.
        suggestion: Suggestion,
    },
    /// A field or a filter names a whole nested value: a record, a list, a map or a union. Only its parts have columns.
    #[error(
        "view '{view}' wants '{name}', which is {shape} in '{schema}' and has no column; name its parts: {}",
        listed(parts)
    )]
    Nested {
        /// The view's name.
        view: &'static str,
        /// The name of the nested value.
        name: Arc<str>,
        /// The first schema that has it.
        schema: Arc<str>,
        /// The form of the value, such as `a map of min, max`.
        shape: Arc<str>,
        /// The slots of its parts.
        parts: Arc<[Arc<str>]>,
    },
    /// A filter method tests a slot that a view of single columns does not borrow.
    #[error(
        "view '{view}' does not borrow slot '{slot}'; declare the filter with `#[view(..)]` on the view's struct"
    )]
    NotBorrowed {
        /// The view's name.
        view: &'static str,
        /// The slot's name.
        slot: Arc<str>,
    },
    /// The slot is declared with another kind than the view wants.
    #[error("view '{view}' wants another kind: {mismatch}")]
    WrongType {
        /// The view's name.
        view: &'static str,
        /// The slot and both kinds.
        mismatch: TypeMismatch,
    },
    /// No schema of this name is registered, or it lacks a slot that the view names.
    #[error(transparent)]
    Access(#[from] AccessError),
}

/// Returns the first names, for a message.
fn listed(names: &[Arc<str>]) -> String {
    const SHOWN: usize = 5;
    let shown = names.iter().take(SHOWN).map(|name| format!("'{name}'"));
    let shown = shown.collect::<Vec<_>>().join(", ");
    if names.len() > SHOWN { format!("{shown}, and others") } else { shown }
}

impl ViewError {
    /// Returns the error of a view that names a nested value, if a schema has one of this name.
    #[cold]
    pub(super) fn of_nested(registry: &Registry, view: &'static str, name: &str) -> Option<Self> {
        let mut schemas = registry.iter().filter_map(|schema| Some((schema, schema.shape(name)?)));
        let (schema, shape) = schemas.next()?;
        let parts = schema.parts(name).map(|(slot, _)| &schema.slots()[slot]);
        Some(Self::Nested {
            view,
            name: name.into(),
            schema: Arc::clone(schema.shared_name()),
            shape: shape.to_string().into(),
            parts: parts.map(|slot| Arc::clone(slot.shared_name())).collect(),
        })
    }
}

impl From<UnknownSchema> for ViewError {
    fn from(error: UnknownSchema) -> Self {
        Self::Access(error.into())
    }
}

debug_as_display!(ViewError);

/// The error of [`ViewMut::get_disjoint_mut`](crate::view::ViewMut::get_disjoint_mut).
#[derive(Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum GetDisjointError {
    /// An object is named twice.
    #[error("object {id} is named twice")]
    Repeated {
        /// The object.
        id: ObjectId,
    },
    /// An object is not alive, or the view does not match it.
    #[error("object {id} is not alive or not in the view")]
    Missing {
        /// The object.
        id: ObjectId,
    },
}

debug_as_display!(GetDisjointError);

/// The schemas that a view matches and skips, returned by [`Store::view_report`](crate::Store::view_report).
#[derive(Clone, Debug, PartialEq)]
pub struct ViewReport {
    pub(super) schemas: Vec<Arc<str>>,
    pub(super) skipped: Vec<TypeMismatch>,
    pub(super) error: Option<ViewError>,
}

impl ViewReport {
    /// Returns the names of the schemas that the view matches, in the order of registration.
    ///
    /// [`Store::view_report`](crate::Store::view_report) has an example.
    pub fn schemas(&self) -> impl ExactSizeIterator<Item = &str> {
        self.schemas.iter().map(|name| &**name)
    }

    /// Returns the slots of another kind, for which the view skips a schema that has all required names.
    ///
    /// A schema with several such slots is listed once for each of them.
    /// [`Store::view_report`](crate::Store::view_report) has an example.
    #[must_use]
    pub fn skipped(&self) -> &[TypeMismatch] {
        &self.skipped
    }

    /// Returns the error of [`Store::view`](crate::Store::view) for this view, or `None` if there is none.
    ///
    /// [`Store::view_report`](crate::Store::view_report) has an example.
    #[must_use]
    pub const fn error(&self) -> Option<&ViewError> {
        self.error.as_ref()
    }
}
