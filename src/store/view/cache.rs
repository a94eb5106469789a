//! Which schemas match a view, looked up once.

use std::any::TypeId;
use std::borrow::Cow;
use std::ops::Range;

use foldhash::fast::FixedState;
use hashbrown::HashMap;

use crate::error::{AccessError, TypeMismatch};
use crate::id::SchemaId;
use crate::kind::Kind;
use crate::schema::{RegisteredSchema, Registry};
use crate::store::view::{View, ViewError};

/// What a field of a view wants of a slot.
#[derive(Clone, Debug)]
pub struct Request {
    /// The kind of its values.
    pub kind: Kind,
    /// Whether there must be one.
    pub presence: Presence,
    /// Whether they may be changed.
    pub is_mutable: bool,
}

/// A slot's name, and what a field wants of it; nothing for a field without a slot.
pub(super) type FieldRequest = (&'static str, Option<Request>);

/// Whether a schema must have a slot for a view to match it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Presence {
    /// A slot that is never unset.
    Required,
    /// A slot that may be unset.
    Optional,
    /// Any slot, or none.
    Any,
}

/// A schema that matches a view, and where the view's slots are.
#[derive(Clone, Debug)]
pub(super) struct TableMatch {
    /// The schema's number.
    pub(super) table: usize,
    /// One for each field of the view, in the order of the table's columns.
    pub(super) picks: Box<[Pick]>,
    /// Where the table's rows and columns are among those of all matches, if these are lent.
    pub(super) lent: Range<usize>,
}

/// One column of a table for one field of a view.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Pick {
    Column {
        column: u16,
        field: u16,
        is_mutable: bool,
    },
    /// A field that has no column; after all that have.
    Nothing,
}

impl Pick {
    pub(super) fn column(&self) -> Option<usize> {
        match *self {
            Self::Column { column, .. } => Some(usize::from(column)),
            Self::Nothing => None,
        }
    }
}

#[derive(Clone, Debug, Default)]
pub(super) struct Matches {
    /// How many schemas have been looked at.
    seen: usize,
    tables: Vec<TableMatch>,
    /// A schema that has all the names, but not the kinds.
    mismatch: Option<ViewError>,
}

impl Matches {
    pub(super) fn tables(&self) -> &[TableMatch] {
        &self.tables
    }

    /// Looks at the schemas that have come since the last time, and tells whether there were any.
    #[inline]
    pub(super) fn update<R: AsRef<[FieldRequest]>>(
        &mut self,
        registry: &Registry,
        requests: impl FnOnce() -> R,
    ) -> Result<bool, ViewError> {
        let is_behind = self.seen < registry.len();
        if is_behind {
            self.look(registry, requests().as_ref());
        }
        self.error()?;
        Ok(is_behind)
    }

    fn error(&self) -> Result<(), ViewError> {
        match &self.mismatch {
            Some(error) if self.tables.is_empty() => Err(error.clone()),
            _ => Ok(()),
        }
    }

    fn look(&mut self, registry: &Registry, requests: &[FieldRequest]) {
        for schema in registry.iter().skip(self.seen) {
            match match_schema(schema, requests) {
                Ok(mut found) => {
                    let lent = self.tables.last().map_or(0, |last| last.lent.end);
                    found.lent = lent..lent + found.lent.len();
                    self.tables.push(found);
                }
                Err(error @ ViewError::WrongType(_)) => {
                    self.mismatch.get_or_insert(error);
                }
                Err(ViewError::Access(_)) => {}
            }
        }
        self.seen = registry.len();
    }
}

/// The matches of each view that was used.
#[derive(Clone, Debug, Default)]
pub(in crate::store) struct ViewCache {
    views: HashMap<TypeId, Matches, FixedState>,
}

impl ViewCache {
    /// The view's matches, kept for the next time.
    #[inline]
    pub(super) fn update<V: View>(
        &mut self,
        registry: &Registry,
    ) -> Result<&[TableMatch], ViewError> {
        let matches = self.views.entry(TypeId::of::<V::Static>()).or_default();
        matches.update(registry, V::requests)?;
        Ok(&matches.tables)
    }

    /// The view's matches, looked up again where they have not been kept.
    pub(super) fn get<V: View>(
        &self,
        registry: &Registry,
    ) -> Result<Cow<'_, [TableMatch]>, ViewError> {
        let kept = self.views.get(&TypeId::of::<V::Static>());
        if let Some(matches) = kept.filter(|matches| matches.seen == registry.len()) {
            matches.error()?;
            return Ok(Cow::Borrowed(&matches.tables));
        }
        let mut matches = Matches::default();
        matches.update(registry, V::requests)?;
        Ok(Cow::Owned(matches.tables))
    }
}

/// The match of a schema.
pub(super) fn match_of(matches: &[TableMatch], schema: SchemaId) -> Option<&TableMatch> {
    let position = matches.binary_search_by_key(&schema.index(), |found| found.table);
    Some(&matches[position.ok()?])
}

/// Where the schema has the slots, or which of them it lacks or has with another kind.
pub(super) fn match_schema(
    schema: &RegisteredSchema,
    requests: &[FieldRequest],
) -> Result<TableMatch, ViewError> {
    let mut picks = Vec::with_capacity(requests.len());
    let mut mismatch = None;
    for (field, (name, request)) in requests.iter().enumerate() {
        let Some(request) = request else {
            picks.push(Pick::Nothing);
            continue;
        };
        let Some(column) = schema.slot_index(name) else {
            if request.presence == Presence::Any {
                picks.push(Pick::Nothing);
                continue;
            }
            let suggestion = schema.suggest(name);
            let error = AccessError::undeclared(schema.shared_name(), name, suggestion);
            return Err(error.into());
        };
        let slot = &schema.slots()[column];
        let optional = match request.presence {
            Presence::Required => false,
            Presence::Optional => true,
            Presence::Any => slot.is_optional(),
        };
        if (slot.kind(), slot.is_optional()) != (&request.kind, optional) {
            mismatch.get_or_insert_with(|| {
                let requested = (request.kind.clone(), optional);
                TypeMismatch::new(schema.shared_name(), slot, requested)
            });
        }
        let (column, field, is_mutable) = (column as u16, field as u16, request.is_mutable);
        picks.push(Pick::Column { column, field, is_mutable });
    }
    picks.sort_unstable();
    match mismatch {
        None => {
            let lent = 0..1 + picks.iter().filter_map(Pick::column).count();
            Ok(TableMatch { table: schema.id().index(), picks: picks.into(), lent })
        }
        Some(mismatch) => Err(mismatch.into()),
    }
}
