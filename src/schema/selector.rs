//! Schema names with the choice between a family of schemas and a single one.

use std::borrow::Cow;
use std::sync::Arc;

use crate::id::SchemaId;
use crate::schema::registry::Kinship;
use crate::schema::{RegisteredSchema, Registry};
use crate::shared_vec::SharedVec;

/// The schemas that a call means: the named one and all that extend it, or [`exactly`] the named one.
///
/// Methods take `impl Into<SchemaSelector>`: pass a name for the first, `exactly(name)` for the second.
/// See [schemas that extend others](crate::Store#schemas-that-extend-others).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct SchemaSelector<'a> {
    name: &'a str,
    is_exact: bool,
}

/// Selects one schema without those that extend it.
///
/// ```
/// use slotted::{Kind, Schema, Store, exactly, record};
/// let mut store = Store::new();
/// store.register_schema(Schema::builder("unit").slot("health", Kind::F32).build()?)?;
/// store.register_schema(Schema::builder("orc").extends("unit").build()?)?;
/// store.spawn_record("unit", record! { health: 80.0 })?;
/// store.spawn_record("orc", record! { health: 120.0 })?;
/// assert_eq!(store.len_of("unit")?, 2);
/// assert_eq!(store.len_of(exactly("unit"))?, 1);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[must_use]
pub const fn exactly(name: &str) -> SchemaSelector<'_> {
    SchemaSelector { name, is_exact: true }
}

impl<'a> SchemaSelector<'a> {
    pub(crate) const fn family(name: &'a str) -> Self {
        Self { name, is_exact: false }
    }

    /// Returns the schema's name.
    ///
    /// # Example
    /// ```
    /// use slotted::{exactly, schema::SchemaSelector};
    /// let (family, single) = (SchemaSelector::from("unit"), exactly("unit"));
    /// assert_eq!((family.name(), family.is_exact()), ("unit", false));
    /// assert_eq!((single.name(), single.is_exact()), ("unit", true));
    /// ```
    #[must_use]
    pub const fn name(&self) -> &'a str {
        self.name
    }

    /// Returns `true` if the selector leaves out schemas that extend the named one.
    ///
    /// [`name`](Self::name) has an example.
    #[must_use]
    pub const fn is_exact(&self) -> bool {
        self.is_exact
    }
}

impl<'a> From<&'a str> for SchemaSelector<'a> {
    fn from(name: &'a str) -> Self {
        Self::family(name)
    }
}

impl<'a> From<&'a String> for SchemaSelector<'a> {
    fn from(name: &'a String) -> Self {
        name.as_str().into()
    }
}

impl<'a> From<&'a Arc<str>> for SchemaSelector<'a> {
    fn from(name: &'a Arc<str>) -> Self {
        (**name).into()
    }
}

impl Registry {
    /// Returns the schema and all that extend it, in the order of registration.
    pub(crate) fn family(&self, id: SchemaId) -> Cow<'_, [SchemaId]> {
        let Some(schema) = self.get(id) else { return Cow::Borrowed(&[]) };
        let kinship = |id: SchemaId| self.kinships[id.index()];
        if kinship(id).newest_extension.is_none() {
            return Cow::Borrowed(std::slice::from_ref(&schema.id));
        }
        let mut family = vec![id];
        let mut next = 0;
        while let Some(member) = family.get(next) {
            let newest = kinship(*member).newest_extension;
            family.extend(std::iter::successors(newest, |id| kinship(*id).previous_sibling));
            next += 1;
        }
        family.sort_unstable();
        Cow::Owned(family)
    }

    /// Returns the selected schemas. `schema` is the named one.
    pub(crate) fn selected<'r>(
        &'r self,
        schema: &'r RegisteredSchema,
        is_exact: bool,
    ) -> Cow<'r, [SchemaId]> {
        if is_exact {
            Cow::Borrowed(std::slice::from_ref(&schema.id))
        } else {
            self.family(schema.id)
        }
    }

    /// Adds the newest schema to the extensions of its base.
    pub(super) fn join_family(&mut self, id: SchemaId) {
        let base = self.get(id).and_then(RegisteredSchema::base);
        let base = base.and_then(|base| self.kinships.make_mut(base.index()));
        let previous_sibling = base.and_then(|base| base.newest_extension.replace(id));
        self.kinships.push(Kinship { newest_extension: None, previous_sibling });
    }

    /// Finds all extensions again, for declarations that changed bases.
    pub(super) fn rebuild_families(&mut self) {
        self.kinships = SharedVec::default();
        (0..self.len()).for_each(|_| self.kinships.push(Kinship::default()));
        for index in 0..self.len() {
            let id = SchemaId(index as u16);
            let base = self.get(id).and_then(RegisteredSchema::base);
            let base = base.and_then(|base| self.kinships.make_mut(base.index()));
            let previous = base.and_then(|base| base.newest_extension.replace(id));
            self.kinships.make_mut(index).expect("one for each schema").previous_sibling = previous;
        }
    }
}
