//! Filters: views narrowed to schemas that have or lack slots, and to objects with a slot set or unset.

use std::sync::Arc;

use crate::schema::{NameSet, RegisteredSchema, Registry, SchemaSelector};
use crate::store::find_schema;
use crate::store::view::ViewError;
use crate::store::view::cache::Test;

/// A condition that a view makes besides its fields.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Filter<'n> {
    /// The schema is this one or extends it.
    Of(SchemaSelector<'n>),
    /// The schema has the slot.
    With(&'n str),
    /// The schema lacks the slot.
    Without(&'n str),
    /// The object has a value in the slot.
    Set(&'n str),
    /// The object has no value in the slot, or its schema lacks the slot.
    Unset(&'n str),
}

/// The objects of a schema that pass a filter.
enum Passing {
    All,
    /// Those with this flag in this column.
    Tested {
        column: u16,
        is_set: bool,
    },
    None,
}

impl<'n> Filter<'n> {
    /// Returns the filter for a schema and those that extend it.
    #[must_use]
    pub const fn of_family(schema: &'n str) -> Self {
        Self::Of(SchemaSelector::family(schema))
    }

    /// Returns the slot whose values the filter looks at.
    pub(super) const fn tested(self) -> Option<&'n str> {
        match self {
            Self::Set(name) | Self::Unset(name) => Some(name),
            Self::Of(_) | Self::With(_) | Self::Without(_) => None,
        }
    }

    /// Returns the objects of a schema that pass.
    fn passing(self, registry: &Registry, schema: &RegisteredSchema) -> Passing {
        let all_if = |is_passing| if is_passing { Passing::All } else { Passing::None };
        let slot =
            |name: &str| schema.slot_index(name).map(|column| (column, &schema.slots()[column]));
        match self {
            Self::Of(selector) => all_if(registry.find(selector.name()).is_some_and(|named| {
                let is_same = named.id() == schema.id();
                is_same || (!selector.is_exact() && registry.extends(schema.id(), named.id()))
            })),
            Self::With(name) => all_if(slot(name).is_some()),
            Self::Without(name) => all_if(slot(name).is_none()),
            Self::Set(name) | Self::Unset(name) => {
                let is_set = matches!(self, Self::Set(_));
                match slot(name) {
                    Some((column, slot)) if slot.is_optional() => {
                        Passing::Tested { column: column as u16, is_set }
                    }
                    found => all_if(found.is_some() == is_set),
                }
            }
        }
    }

    /// Returns the test of a schema's objects if there is one, or `None` if no object passes.
    pub(super) fn test(
        self,
        registry: &Registry,
        schema: &RegisteredSchema,
    ) -> Option<Option<Test>> {
        match self.passing(registry, schema) {
            Passing::All => Some(None),
            Passing::Tested { column, is_set } => Some(Some(Test { column, is_set, lent: 0 })),
            Passing::None => None,
        }
    }

    /// # Errors
    /// Returns an error if no schema is the named one or declares the named slot.
    pub(super) fn check(
        self,
        view: &'static str,
        registry: &Arc<Registry>,
    ) -> Result<(), ViewError> {
        let name = match self {
            Self::Of(selector) => {
                find_schema(registry, selector.name())?;
                return Ok(());
            }
            Self::With(name) | Self::Without(name) | Self::Set(name) | Self::Unset(name) => name,
        };
        let mut schemas = registry.iter_with(0, NameSet::of(name));
        if schemas.any(|schema| schema.slot_index(name).is_some()) {
            return Ok(());
        }
        let undeclared = || {
            let suggestion = registry.suggest_slot(name);
            ViewError::UndeclaredFilter { view, slot: Arc::from(name), suggestion }
        };
        Err(ViewError::of_nested(registry, view, name).unwrap_or_else(undeclared))
    }
}

/// Returns the tests of a schema's objects, or `None` if no object passes all filters.
pub(super) fn tests_of(
    filters: &[Filter<'_>],
    registry: &Registry,
    schema: &RegisteredSchema,
) -> Option<Vec<Test>> {
    let tests: Option<Vec<_>> =
        filters.iter().map(|filter| filter.test(registry, schema)).collect();
    Some(tests?.into_iter().flatten().collect())
}
