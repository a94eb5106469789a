//! Columns that are lent to a view one by one.

use std::borrow::Cow;
use std::fmt;
use std::marker::PhantomData;
use std::sync::Arc;

use crate::error::TypeMismatch;
use crate::id::{ObjectId, SchemaId};
use crate::kind::Kind;
use crate::schema::{Registry, SchemaSelector};
use crate::simd::vectorize;
use crate::storage::{Column, Rows};
use crate::store::Identity;
use crate::store::parts::StoreParts;
use crate::store::view::cache::{Matches, Request, TableMatch, ViewCache, Wants, match_of};
use crate::store::view::tables::{ColumnBorrow, LendOnTurn, TableColumns, Tables};
use crate::store::view::walk::{Block, for_each_block};
use crate::store::view::{SharedView, View, ViewError, ViewMut, ViewRef};

/// The access of a view to one slot, for code that decides which views may be used at the same time.
///
/// Different slots never share a column, in any schema. Two views conflict only if both access a slot of the same
/// name and kind, and at least one of them writes it.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct ViewSlot {
    /// The slot's name.
    pub name: &'static str,
    /// The kind of its values: a slot of another kind is another slot. `None` for the slots of all kinds with this name,
    /// which a [filter](crate::View#filters) reads.
    pub kind: Option<Kind>,
    /// `true` if the view may change values.
    pub is_written: bool,
}

/// The places of a view's slots in a store, looked up once and used many times.
///
/// Engines use it to lend columns to views by their own rules. Other code uses
/// [`Store::view`](crate::Store::view) and [`Store::split`](crate::Store::split).
pub struct ViewColumns<V> {
    /// The view's name and fields, computed once.
    wants: Wants,
    store: Option<Identity>,
    migrations: u32,
    matches: Matches,
    /// The rows and columns to lend to the matches, one match after another.
    wanted: Vec<Wanted>,
    view: PhantomData<fn() -> V>,
}

/// A part of a table to lend to a view.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Wanted {
    /// The rows of a schema's table.
    Rows(SchemaId),
    /// One of its columns to read.
    Read(SchemaId, usize),
    /// One of its columns to write.
    Written(SchemaId, usize),
}

/// A part of a table, lent to a view.
#[derive(Debug)]
pub enum Lent<'t> {
    /// The rows of a schema's table.
    Rows(&'t Rows),
    /// A column to read.
    Read(&'t Column),
    /// A column to write.
    Written(&'t mut Column),
}

const WANTED: &str = "the lent part is not the wanted one";

impl<'t> Lent<'t> {
    pub(super) fn rows(&self) -> &Rows {
        let Self::Rows(rows) = self else { panic!("{WANTED}") };
        rows
    }

    pub(super) fn into_rows(self) -> &'t Rows {
        let Self::Rows(rows) = self else { panic!("{WANTED}") };
        rows
    }

    pub(super) fn column(&self) -> &Column {
        match self {
            Self::Rows(_) => panic!("{WANTED}"),
            Self::Read(column) => column,
            Self::Written(column) => column,
        }
    }

    pub(super) fn into_column(self) -> ColumnBorrow<'t> {
        match self {
            Self::Rows(_) => panic!("{WANTED}"),
            Self::Read(column) => ColumnBorrow::of_shared(column),
            Self::Written(column) => ColumnBorrow::of_exclusive(column),
        }
    }

    pub(super) fn share(&self) -> Lent<'_> {
        match self {
            Self::Rows(rows) => Lent::Rows(rows),
            Self::Read(column) => Lent::Read(column),
            Self::Written(column) => Lent::Read(column),
        }
    }

    /// Returns the same part, which is not lent for writing.
    pub(super) fn read(&self) -> Self {
        match self {
            Self::Rows(rows) => Lent::Rows(rows),
            Self::Read(column) => Lent::Read(column),
            Self::Written(_) => panic!("{WANTED}"),
        }
    }

    pub(super) fn reborrow(&mut self) -> Lent<'_> {
        match self {
            Self::Rows(rows) => Lent::Rows(rows),
            Self::Read(column) => Lent::Read(column),
            Self::Written(column) => Lent::Written(column),
        }
    }
}

impl<V: View> Default for ViewColumns<V> {
    fn default() -> Self {
        Self {
            wants: Wants::of::<V>(),
            store: None,
            migrations: 0,
            matches: Matches::default(),
            wanted: Vec::new(),
            view: PhantomData,
        }
    }
}

impl<V> fmt::Debug for ViewColumns<V> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ViewColumns")
            .field("schemas", &self.matches().len())
            .finish_non_exhaustive()
    }
}

impl<V> ViewColumns<V> {
    fn matches(&self) -> &[TableMatch] {
        self.matches.tables()
    }

    /// Returns the parts to lend to a view, in ascending order: for each schema its rows, then its columns.
    /// Each column appears once.
    #[must_use]
    pub fn wanted(&self) -> &[Wanted] {
        &self.wanted
    }

    /// Returns the lent parts and their matches. Both are empty until a row was used.
    #[inline]
    fn lend<'s>(&self, mut lend: impl FnMut(Wanted) -> Lent<'s>) -> (Tables<'s>, &[TableMatch]) {
        if self.has_rows(&mut lend) {
            (Tables::Lent(self.wanted.iter().copied().map(lend).collect()), self.matches())
        } else {
            (Tables::Lent(Vec::new()), &[])
        }
    }

    /// Returns `true` if any row was ever used.
    #[inline]
    fn has_rows<'s>(&self, mut lend: impl FnMut(Wanted) -> Lent<'s>) -> bool {
        let mut rows = self.matches().iter().map(|found| lend(self.wanted[found.lent.start]));
        rows.any(|rows| rows.into_rows().used() > 0)
    }
}

impl<V: View> ViewColumns<V> {
    /// Returns the view's slots and the access to them. The view [wants](Self::wanted) columns of these slots only.
    #[must_use]
    pub fn slots(&self) -> Vec<ViewSlot> {
        let fields = self.wants.fields.iter().filter_map(|(name, request)| {
            let Request { kind, is_mutable, .. } = request.clone()?;
            Some(ViewSlot { name, kind: Some(kind), is_written: is_mutable })
        });
        let mut slots: Vec<_> = fields.collect();
        for name in V::FILTERS.iter().filter_map(|filter| filter.tested()) {
            // A field of this name restricts the slot to its own kind.
            if slots.iter().all(|slot| slot.name != name) {
                slots.push(ViewSlot { name, kind: None, is_written: false });
            }
        }
        slots
    }

    /// Examines the schemas registered since the last call; all schemas after a
    /// [migration](crate::Store::migrate) or for another store.
    ///
    /// Returns `true` if it examined any; [`skipped`](Self::skipped) may have changed then. Otherwise it takes a few
    /// comparisons.
    ///
    /// # Errors
    /// Returns an error if [`Store::view`](crate::Store::view) would. A store without schemas is an error too: engines
    /// that register schemas later check [`StoreParts::schemas`] first.
    #[inline]
    pub fn update(&mut self, store: &StoreParts) -> Result<bool, ViewError> {
        let (store, registry) = (store.identity(), store.registry());
        if self.store.as_ref() != Some(store) || self.migrations != registry.migrations() {
            self.store = Some(store.same());
            self.migrations = registry.migrations();
            self.matches = Matches::default();
            self.wanted.clear();
        }
        let is_new = self.matches.update(registry, || &self.wants);
        if is_new {
            self.wanted = self.matches().iter().flat_map(wanted_of).collect();
        }
        self.matches.check()?;
        Ok(is_new)
    }

    /// Returns the slots of another kind, for which the view skips a schema that has all required names: see
    /// [`ViewReport::skipped`](crate::view::ViewReport::skipped).
    #[must_use]
    pub fn skipped(&self) -> &[TypeMismatch] {
        self.matches.skipped()
    }

    /// Returns `true` if the view is [lenient](crate::View#misspelt-fields).
    #[must_use]
    pub const fn is_lenient(&self) -> bool {
        V::IS_LENIENT
    }

    /// Returns the view of the parts that the closure lends.
    ///
    /// # Panics
    /// Panics if the closure lends another part than the wanted one.
    #[inline]
    pub fn view<'s>(
        &'s self,
        store: &'s StoreParts,
        lend: impl FnMut(Wanted) -> Lent<'s>,
    ) -> ViewMut<'s, V> {
        let (tables, matches) = self.lend(lend);
        ViewMut::new(tables, Cow::Borrowed(matches), store.registry())
    }

    /// Returns the view of the objects of the schema and of those that
    /// [extend it](crate::Store#schemas-that-extend-others).
    ///
    /// # Errors
    /// Returns an error if [`Store::view_of`](crate::Store::view_of) would.
    ///
    /// # Panics
    /// Panics if the closure lends another part than the wanted one.
    pub fn view_of<'s, 'n>(
        &self,
        store: &'s StoreParts,
        schema: impl Into<SchemaSelector<'n>>,
        lend: impl FnMut(Wanted) -> Lent<'s>,
    ) -> Result<ViewMut<'s, V>, ViewError> {
        let registry = store.registry();
        let is_same = self.store.as_ref() == Some(store.identity())
            && self.migrations == registry.migrations();
        let mut fresh = Matches::default();
        let matches = if is_same && self.matches.is_current(registry) {
            &self.matches
        } else {
            fresh.update(registry, || &self.wants);
            &fresh
        };
        let selected = matches.selected(registry, schema.into(), || &self.wants)?;
        let lent = selected.iter().flat_map(wanted_of).map(lend).collect();
        Ok(ViewMut::new(Tables::Lent(lent), Cow::Owned(selected), registry))
    }

    /// Returns the read-only view of the parts that the closure lends.
    ///
    /// # Panics
    /// Panics if the closure lends another part than the wanted one.
    #[inline]
    pub fn view_ref<'s>(
        &'s self,
        store: &'s StoreParts,
        lend: impl FnMut(Wanted) -> Lent<'s>,
    ) -> ViewRef<'s, V>
    where
        V: SharedView,
    {
        let (tables, matches) = self.lend(lend);
        ViewRef::new(tables, Cow::Borrowed(matches), store.registry())
    }

    /// Calls the closure with each object, in vectorised code.
    ///
    /// Columns are lent one table at a time, which is cheaper than a [`view`](Self::view).
    ///
    /// # Panics
    /// Panics if the closure lends another part than the wanted one.
    #[inline(always)]
    pub fn for_each<'s>(
        &self,
        lend: impl FnMut(Wanted) -> Lent<'s>,
        mut visit: impl for<'x> FnMut(V::Item<'x>),
    ) {
        self.for_each_block(
            lend,
            #[inline(always)]
            |block| {
                block.for_each(
                    #[inline(always)]
                    |item| visit(item),
                );
            },
        );
    }

    /// Calls the closure with each run of adjacent objects, in vectorised code.
    ///
    /// Columns are lent one table at a time, as in [`for_each`](Self::for_each).
    ///
    /// # Panics
    /// Panics if the closure lends another part than the wanted one.
    #[inline(always)]
    pub fn for_each_run<'s>(
        &self,
        lend: impl FnMut(Wanted) -> Lent<'s>,
        mut visit: impl FnMut(V::Run<'s>),
    ) {
        self.for_each_block(
            lend,
            #[inline(always)]
            |block| {
                block.for_each_run(
                    #[inline(always)]
                    |run, _| visit(run),
                );
            },
        );
    }

    #[inline(always)]
    fn for_each_block<'s>(
        &self,
        mut lend: impl FnMut(Wanted) -> Lent<'s>,
        visit: impl for<'m> FnMut(Block<'s, 'm, V>),
    ) {
        // Detecting the CPU's vector units would take longer than the empty walk.
        if !self.has_rows(&mut lend) {
            return;
        }
        let matches = self.matches();
        let mut source = LendOnTurn::new(&self.wanted, lend);
        let selection = V::HAS_TESTS.then(|| source.select(matches));
        vectorize(
            #[inline(always)]
            || for_each_block(&mut source, matches, 0, selection.as_ref(), visit),
        );
    }

    /// Returns one object, or `None` if it is not alive or its schema does not match the view.
    ///
    /// Only the columns of its schema are lent.
    ///
    /// # Panics
    /// Panics if the closure lends another part than the wanted one.
    #[inline]
    pub fn get<'s>(
        &self,
        id: ObjectId,
        lend: impl FnMut(Wanted) -> Lent<'s>,
    ) -> Option<V::Item<'s>> {
        let found = match_of(self.matches(), id.schema())?;
        let mut lent = self.wanted[found.lent.clone()].iter().copied().map(lend);
        let rows = lent.next()?.into_rows();
        if !rows.is_alive(id.row(), id.generation()) {
            return None;
        }
        let lent = lent.zip(1..).map(|(mut lent, position)| {
            lent.mark_visit(found, position, id.row());
            lent
        });
        if V::HAS_TESTS {
            let lent: Vec<_> = lent.collect();
            let passes = found.tests.iter().all(|test| {
                lent[usize::from(test.lent) - 1].column().is_set(id.row()) == test.is_set
            });
            let mut columns = lent.into_iter().map(Lent::into_column);
            let columns = TableColumns::of_lent(&mut columns, rows, found);
            return passes.then(|| V::at(V::blocks(columns), id.row())).flatten();
        }
        let mut columns = lent.map(Lent::into_column);
        V::at(V::blocks(TableColumns::of_lent(&mut columns, rows, found)), id.row())
    }
}

/// The matches of a view that outlives them elsewhere.
pub(in crate::store) struct OwnMatches<V> {
    matches: Vec<TableMatch>,
    view: PhantomData<fn() -> V>,
}

impl<V: View> OwnMatches<V> {
    pub(in crate::store) fn all(
        views: &mut ViewCache,
        registry: &Arc<Registry>,
    ) -> Result<Self, ViewError> {
        let matches = views.update::<V>(registry);
        matches.check()?;
        Ok(Self { matches: matches.tables().to_vec(), view: PhantomData })
    }

    pub(in crate::store) fn selected(
        views: &mut ViewCache,
        registry: &Arc<Registry>,
        schema: SchemaSelector<'_>,
    ) -> Result<Self, ViewError> {
        let matches = views.update::<V>(registry).selected(registry, schema, Wants::of::<V>)?;
        Ok(Self { matches, view: PhantomData })
    }

    /// Returns the parts to lend, in ascending order.
    pub(in crate::store) fn wanted(&self) -> impl Iterator<Item = Wanted> {
        self.matches.iter().flat_map(wanted_of)
    }

    pub(in crate::store) fn view<'s>(
        self,
        registry: &'s Arc<Registry>,
        lend: impl FnMut(Wanted) -> Lent<'s>,
    ) -> ViewMut<'s, V> {
        let lent = self.wanted().map(lend).collect();
        ViewMut::new(Tables::Lent(lent), Cow::Owned(self.matches), registry)
    }

    pub(in crate::store) fn view_ref<'s>(
        self,
        registry: &'s Arc<Registry>,
        lend: impl FnMut(Wanted) -> Lent<'s>,
    ) -> ViewRef<'s, V> {
        let lent = self.wanted().map(lend).collect();
        ViewRef::new(Tables::Lent(lent), Cow::Owned(self.matches), registry)
    }
}

/// The parts of one schema's table to lend to a view.
fn wanted_of(found: &TableMatch) -> impl Iterator<Item = Wanted> {
    let schema = found.schema();
    let columns = found.columns().into_iter().map(move |lent| match lent.is_mutable {
        true => Wanted::Written(schema, usize::from(lent.column)),
        false => Wanted::Read(schema, usize::from(lent.column)),
    });
    std::iter::once(Wanted::Rows(schema)).chain(columns)
}

#[cfg(all(test, feature = "derive"))]
mod tests {
    use super::*;
    use crate::schema::{Schema, exactly};
    use crate::store::Store;

    type Outcome = Result<(), Box<dyn std::error::Error>>;

    #[derive(slotted_derive::View)]
    struct Mending<'a> {
        id: ObjectId,
        #[slot(set)]
        shield: &'a mut f32,
        armour: Option<&'a u8>,
    }

    #[derive(slotted_derive::View)]
    struct Armoured<'a> {
        id: ObjectId,
        armour: &'a mut u8,
    }

    /// Returns a closure that lends the store's columns, each of them once.
    fn lend<'s>(store: &'s mut Store) -> impl FnMut(Wanted) -> Lent<'s> {
        let mut tables: Vec<_> = store
            .tables
            .iter_mut()
            .map(|table| (&table.rows, table.columns.iter_mut().map(Some).collect::<Vec<_>>()))
            .collect();
        move |wanted| match wanted {
            Wanted::Rows(schema) => Lent::Rows(tables[schema.index()].0),
            Wanted::Read(schema, slot) => {
                Lent::Read(tables[schema.index()].1[slot].take().expect("lent once"))
            }
            Wanted::Written(schema, slot) => {
                Lent::Written(tables[schema.index()].1[slot].take().expect("lent once"))
            }
        }
    }

    /// Returns a store with walls and towers; some have no shield, some are dead.
    fn store() -> Result<(Store, Vec<ObjectId>), Box<dyn std::error::Error>> {
        let mut store = Store::new();
        let wall = Schema::builder("wall").slot("shield", Kind::F32).optional();
        let tower = Schema::builder("tower").extends("wall").slot("armour", Kind::U8).default(7);
        store.register_schema(Schema::builder("tree").build()?)?;
        store.register_schema(wall.build()?)?;
        store.register_schema(tower.build()?)?;
        let mut ids = Vec::new();
        for schema in ["wall", "tower"] {
            for number in 0..10 {
                let id = store.spawn_record(schema, crate::record! {})?;
                if number % 3 != 0 {
                    store.set_value(id, "shield", f32::from(number as u8))?;
                }
                ids.push(id);
            }
        }
        for id in [ids[4], ids[14]] {
            store.despawn(id)?;
        }
        Ok((store, ids))
    }

    /// Returns the objects that the view has in this store, and their shields.
    fn shields(store: &mut Store) -> Result<Vec<(ObjectId, f32)>, ViewError> {
        Ok(store.view::<Mending>()?.iter().map(|wall| (wall.id, *wall.shield)).collect())
    }

    #[test]
    fn lent_columns_make_the_same_view() -> Outcome {
        let (mut store, ids) = store()?;
        let mut columns = ViewColumns::<Mending>::default();
        let parts = store.parts();
        columns.update(&parts)?;
        let mut expected = shields(&mut store)?;
        assert_eq!(expected.len(), 10);
        let mut check = |store: &mut Store, seen: Vec<ObjectId>| {
            assert!(seen.iter().eq(expected.iter().map(|(id, _)| id)));
            expected.iter_mut().for_each(|(_, shield)| *shield += 1.0);
            assert_eq!(shields(store).as_ref(), Ok(&expected));
        };

        let mut seen = Vec::new();
        columns.for_each(lend(&mut store), |wall| {
            *wall.shield += 1.0;
            assert_eq!(wall.armour.is_some(), seen.len() >= 5);
            seen.push(wall.id);
        });
        check(&mut store, seen);

        let mut seen = Vec::new();
        columns.for_each_run(lend(&mut store), |run| {
            run.shield.iter_mut().for_each(|shield| *shield += 1.0);
            seen.extend(run.id.iter());
        });
        check(&mut store, seen);

        let mut seen = Vec::new();
        columns.view(&parts, lend(&mut store)).for_each(|wall| {
            *wall.shield += 1.0;
            seen.push(wall.id);
        });
        check(&mut store, seen);

        let mut seen = Vec::new();
        for id in &ids {
            if let Some(wall) = columns.get(*id, lend(&mut store)) {
                *wall.shield += 1.0;
                seen.push(wall.id);
            }
        }
        check(&mut store, seen);
        Ok(())
    }

    #[test]
    fn columns_are_lent_table_by_table() -> Outcome {
        let (mut store, _) = store()?;
        let mut columns = ViewColumns::<Armoured>::default();
        columns.update(&store.parts())?;
        let mut seen = Vec::new();
        columns.for_each(lend(&mut store), |tower| {
            *tower.armour += 1;
            seen.push(tower.id);
        });
        let expected: Vec<_> = store.ids_of("tower")?.collect();
        assert_eq!((seen.len(), &seen), (9, &expected));
        assert!(store.view::<Armoured>()?.iter().all(|tower| *tower.armour == 8));
        Ok(())
    }

    #[test]
    fn lent_columns_are_those_of_the_selected_schemas() -> Outcome {
        let (mut store, ids) = store()?;
        let mut columns = ViewColumns::<Mending>::default();
        let parts = store.parts();
        columns.update(&parts)?;
        for (schema, count, first) in
            [("wall".into(), 10, 1), (exactly("wall"), 5, 1), ("tower".into(), 5, 11)]
        {
            let view = columns.view_of(&parts, schema, lend(&mut store))?;
            let seen: Vec<_> = view.into_iter().map(|wall| wall.id).collect();
            assert_eq!((seen.len(), seen[0]), (count, ids[first]));
        }
        assert!(columns.view_of(&parts, "tree", lend(&mut store)).is_err());
        Ok(())
    }
}
