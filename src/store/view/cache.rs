//! The schemas that match a view, looked up once.

use std::any::TypeId;
use std::borrow::{Borrow, Cow};
use std::ops::Range;
use std::sync::Arc;

use foldhash::fast::FixedState;
use hashbrown::HashMap;

use crate::error::{AccessError, TypeMismatch};
use crate::id::SchemaId;
use crate::kind::Kind;
use crate::schema::{RegisteredSchema, Registry, SchemaSelector, Slot, nearest_name};
use crate::store::find_schema;
use crate::store::view::{View, ViewError, ViewReport};

/// The slot that a field of a view wants.
#[derive(Clone, Debug)]
pub struct Request {
    /// The kind of its values.
    pub kind: Kind,
    /// The schemas that the field accepts.
    pub presence: Presence,
    /// `true` if the view may change its values.
    pub is_mutable: bool,
}

/// A slot's name and the field's request; `None` for a field without a slot.
pub(super) type FieldRequest = (&'static str, Option<Request>);

/// A view's name, leniency and fields.
#[derive(Clone, Debug)]
pub(super) struct Wants {
    view: &'static str,
    is_lenient: bool,
    pub(super) fields: Vec<FieldRequest>,
}

impl Wants {
    pub(super) fn of<V: View>() -> Self {
        Self { view: V::NAME, is_lenient: V::IS_LENIENT, fields: V::requests() }
    }

    /// Returns the error for the first of the view's slots that no schema declares with its kind.
    fn undeclared(&self, registry: &Registry) -> Option<ViewError> {
        let slots =
            self.fields.iter().filter_map(|(name, request)| Some((name, request.as_ref()?)));
        slots.into_iter().find_map(|(name, request)| {
            let mut other_kind = None;
            for schema in registry.iter() {
                let Some(slot) = schema.slot(name) else { continue };
                let mismatch = request.mismatch(schema, slot)?;
                other_kind.get_or_insert(mismatch);
            }
            Some(match other_kind {
                Some(mismatch) => mismatch.into(),
                None => ViewError::Undeclared {
                    view: self.view,
                    slot: name,
                    kind: request.kind.clone(),
                    suggestion: nearest_name(name, slot_names(registry)),
                },
            })
        })
    }
}

fn slot_names(registry: &Registry) -> impl Iterator<Item = &Arc<str>> {
    registry.iter().flat_map(|schema| schema.slots()).map(Slot::shared_name)
}

impl Request {
    /// Returns the difference between the slot and the request, if they differ.
    fn mismatch(&self, schema: &RegisteredSchema, slot: &Slot) -> Option<TypeMismatch> {
        let is_optional = match self.presence {
            Presence::Required => false,
            Presence::Optional => true,
            Presence::Any => slot.is_optional(),
        };
        let is_same = (slot.kind(), slot.is_optional()) == (&self.kind, is_optional);
        let wanted = || (self.kind.clone(), is_optional);
        (!is_same).then(|| TypeMismatch::new(schema.shared_name(), slot, wanted()))
    }
}

/// The requirement that a view's field makes of a schema.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Presence {
    /// A slot that is never unset.
    Required,
    /// A slot that may be unset.
    Optional,
    /// Any slot, or none.
    Any,
}

/// A schema that matches a view, with the columns of the view's slots.
#[derive(Clone, Debug)]
pub(super) struct TableMatch {
    /// The schema's number.
    pub(super) table: usize,
    /// One for each field of the view, in the order of the table's columns.
    pub(super) picks: Box<[Pick]>,
    /// The positions of the table's rows and columns among the lent parts of all matches.
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
    /// A field without a column. Sorts after the fields with one.
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

/// The schemas that match a view.
#[derive(Clone, Debug, Default)]
pub(super) struct Matches {
    /// The number of schemas that were examined.
    seen: usize,
    tables: Vec<TableMatch>,
    /// The slots of other kinds in schemas that have all the names.
    skipped: Vec<TypeMismatch>,
    /// The error that refuses the view, after the schemas examined so far.
    error: Option<ViewError>,
}

impl Matches {
    pub(super) fn tables(&self) -> &[TableMatch] {
        &self.tables
    }

    /// Examines the schemas registered since the last call. Returns `true` if there were any.
    #[inline]
    pub(super) fn update<W: Borrow<Wants>>(
        &mut self,
        registry: &Registry,
        wants: impl FnOnce() -> W,
    ) -> bool {
        let is_behind = self.seen < registry.len() || self.is_new();
        if is_behind {
            self.examine(registry, wants().borrow());
        }
        is_behind
    }

    /// Returns `true` if nothing was examined yet. A store without schemas is examined at each call.
    const fn is_new(&self) -> bool {
        self.seen == 0
    }

    /// Returns `true` if all of the registry's schemas were examined.
    pub(super) fn is_current(&self, registry: &Registry) -> bool {
        self.seen == registry.len() && !self.is_new()
    }

    /// # Errors
    /// Returns an error if the view is refused.
    #[inline]
    pub(super) fn check(&self) -> Result<(), ViewError> {
        match &self.error {
            Some(error) => Err(error.clone()),
            None => Ok(()),
        }
    }

    fn examine(&mut self, registry: &Registry, wants: &Wants) {
        for schema in registry.iter().skip(self.seen) {
            match match_schema(schema, &wants.fields) {
                Match::Whole(mut found) => {
                    let lent = self.tables.last().map_or(0, |last| last.lent.end);
                    found.lent = lent..lent + found.lent.len();
                    self.tables.push(found);
                }
                Match::OtherKinds(mismatches) => self.skipped.extend(mismatches),
                Match::Lacks(_) => {}
            }
        }
        self.seen = registry.len();
        self.error = if wants.is_lenient { None } else { wants.undeclared(registry) };
        if self.error.is_none() && self.tables.is_empty() {
            self.error = self.skipped.first().cloned().map(ViewError::from);
        }
    }

    /// Returns the matches among the selected schemas.
    ///
    /// # Errors
    /// Returns an error if the named schema is unknown or does not match, or if the view is refused.
    pub(super) fn selected(
        &self,
        registry: &Registry,
        selector: SchemaSelector<'_>,
        fields: impl FnOnce() -> Vec<FieldRequest>,
    ) -> Result<Vec<TableMatch>, ViewError> {
        let schema = find_schema(registry, selector.name())?;
        if match_of(&self.tables, schema.id()).is_none() {
            match match_schema(schema, &fields()) {
                Match::Whole(_) => unreachable!("all schemas that match were found"),
                Match::OtherKinds(mismatches) => {
                    let first = mismatches.into_iter().next().expect("a slot of another kind");
                    return Err(first.into());
                }
                Match::Lacks(slot) => {
                    let suggestion = schema.suggest(slot);
                    let schema = schema.shared_name();
                    return Err(AccessError::undeclared(schema, slot, suggestion).into());
                }
            }
        }
        self.check()?;
        let mut lent = 0;
        let schemas = registry.selected(schema, selector.is_exact());
        let selected =
            schemas.iter().filter_map(|schema| match_of(&self.tables, *schema)).map(|found| {
                let start = lent;
                lent += found.lent.len();
                TableMatch { lent: start..lent, ..found.clone() }
            });
        Ok(selected.collect())
    }

    pub(super) fn report(&self, registry: &Registry) -> ViewReport {
        let schema = |found: &TableMatch| {
            let schema = registry.get(SchemaId(found.table as u16)).expect("it was examined");
            Arc::clone(schema.shared_name())
        };
        ViewReport {
            schemas: self.tables.iter().map(schema).collect(),
            skipped: self.skipped.clone(),
            error: self.error.clone(),
        }
    }
}

/// The matches of each view used so far.
#[derive(Clone, Debug, Default)]
pub(in crate::store) struct ViewCache {
    views: HashMap<TypeId, Matches, FixedState>,
}

impl ViewCache {
    /// Returns the view's matches and caches them.
    #[inline]
    pub(super) fn update<V: View>(&mut self, registry: &Registry) -> &Matches {
        let matches = self.views.entry(TypeId::of::<V::Static>()).or_default();
        matches.update(registry, Wants::of::<V>);
        matches
    }

    /// Returns the view's matches, from the cache unless a schema was registered since.
    pub(super) fn get<V: View>(&self, registry: &Registry) -> Cow<'_, Matches> {
        let cached = self.views.get(&TypeId::of::<V::Static>());
        if let Some(matches) = cached.filter(|matches| matches.is_current(registry)) {
            return Cow::Borrowed(matches);
        }
        let mut matches = Matches::default();
        matches.update(registry, Wants::of::<V>);
        Cow::Owned(matches)
    }
}

/// Returns the match of a schema.
pub(super) fn match_of(matches: &[TableMatch], schema: SchemaId) -> Option<&TableMatch> {
    let position = matches.binary_search_by_key(&schema.index(), |found| found.table);
    Some(&matches[position.ok()?])
}

/// The fit of a schema to a view.
enum Match {
    Whole(TableMatch),
    /// The schema has all names, some of them with other kinds.
    OtherKinds(Vec<TypeMismatch>),
    /// The schema lacks this slot.
    Lacks(&'static str),
}

fn match_schema(schema: &RegisteredSchema, requests: &[FieldRequest]) -> Match {
    let mut picks = Vec::with_capacity(requests.len());
    let mut mismatches = Vec::new();
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
            return Match::Lacks(name);
        };
        mismatches.extend(request.mismatch(schema, &schema.slots()[column]));
        let (column, field, is_mutable) = (column as u16, field as u16, request.is_mutable);
        picks.push(Pick::Column { column, field, is_mutable });
    }
    if !mismatches.is_empty() {
        return Match::OtherKinds(mismatches);
    }
    picks.sort_unstable();
    let lent = 0..1 + picks.iter().filter_map(Pick::column).count();
    Match::Whole(TableMatch { table: schema.id().index(), picks: picks.into(), lent })
}
