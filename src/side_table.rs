//! Values beside a store, for objects of it: what cannot be a slot.

use std::fmt;
use std::num::NonZeroU16;

use crate::id::{ObjectId, SchemaId};

/// A store that knows which objects are alive, for a [`SideTable`].
pub trait Living {
    /// Returns `true` if the object is alive.
    fn is_alive(&self, id: ObjectId) -> bool;
}

/// A value for some objects of a store, of a type that no slot holds: `String`, `Arc`, an engine's handle.
///
/// Values lie by schema and row, in pages of 64 rows, without hashing. A page has room for 64 values once one of its
/// rows has a value, so few values among many objects take little memory: 4 bytes for each page up to the highest row,
/// and 64 times the size of `Option<(u16, T)>` for each page in use.
///
/// # Dead objects
///
/// The table stands beside the store, which does not know it. Calls that answer for an object therefore take the
/// store and ask whether the object is alive. A dead object never has a value, and none can be inserted for it.
///
/// The values of dead objects stay in memory until another object in the same row gets a value, or until
/// [`remove_dead`](Self::remove_dead) removes them all. Call it once per frame, or whenever memory or handles have to
/// be given back. Until then, they count in [`len`](Self::len).
///
/// ```
/// use slotted::{SideTable, Slotted, Store};
///
/// #[derive(Slotted, Clone, Copy)]
/// struct Unit { health: f32 }
///
/// let mut store = Store::new();
/// store.register::<Unit>()?;
/// let ada = store.spawn(Unit { health: 80.0 })?;
/// let bob = store.spawn(Unit { health: 60.0 })?;
///
/// let mut biographies = SideTable::new();
/// biographies.insert(&store, ada, String::from("Born at sea."))?;
/// biographies.insert(&store, bob, String::from("Nobody knows."))?;
/// biographies.get_mut(&store, ada).unwrap().push_str(" Fond of rum.");
/// assert_eq!(biographies.get(&store, ada).unwrap(), "Born at sea. Fond of rum.");
///
/// store.despawn(bob)?;
/// assert_eq!(biographies.get(&store, bob), None);
/// assert_eq!(biographies.remove_dead(&store), [(bob, String::from("Nobody knows."))]);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// A [`SplitStore`](crate::view::SplitStore) answers too, while views write to the store. So does a
/// [`Snapshot`](crate::Snapshot), and a [`MapStore`](crate::MapStore) for its own objects. Ids of another store may be
/// those of objects in this one, so use a table with one store.
///
/// # Snapshots
///
/// A snapshot does not contain the table, and [`Store::restore`](crate::Store::restore) does not change it. Two
/// things follow:
///
/// * An object that a restore brings back finds its value again, unless `remove_dead` or [`remove`](Self::remove)
///   took it, or another object in its row got one.
/// * The same calls after a restore give the same ids. So an object of the new future has the id of one that the
///   restore undid, and would find its value. Call `remove_dead` right after `restore`, before anything is spawned.
///
/// For an undo that also brings values back, keep a clone of the table with each snapshot. With `Arc` in the table,
/// a clone does not copy the values themselves:
///
/// ```
/// # use slotted::{SideTable, Slotted, Store};
/// use std::sync::Arc;
/// # #[derive(Slotted, Clone, Copy)]
/// # struct Unit { health: f32 }
/// # let mut store = Store::new();
/// # store.register::<Unit>()?;
/// # let ada = store.spawn(Unit { health: 80.0 })?;
/// let mut names: SideTable<Arc<str>> = SideTable::new();
/// names.insert(&store, ada, "Ada".into())?;
/// let undo = (store.snapshot(), names.clone());
///
/// store.despawn(ada)?;
/// names.remove_dead(&store);
///
/// let (snapshot, table) = undo;
/// store.restore(&snapshot)?;
/// names = table;
/// assert_eq!(names.get(&store, ada).map(|name| &**name), Some("Ada"));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// [Migrations](crate::Store::migrate) keep ids, and with them the values.
///
/// # Saves
///
/// A [`Delta`](crate::Delta) does not contain the table. Save pairs of an id and a value beside it. The ids in them are not
/// translated: if the store that loads them may have registered its schemas in another order, pass each id to
/// [`Delta::translate`](crate::Delta::translate), which has an example.
#[doc(alias = "SecondaryMap")]
#[derive(Clone)]
pub struct SideTable<T> {
    /// The place in `pages` of each page of each schema's rows, or `NO_PAGE`.
    schemas: Vec<Vec<u32>>,
    /// A bit for each row of each page: 1 if the row has a value.
    occupied: Vec<u64>,
    /// The values of all pages, one page after another. One vector, because pages of their own would cost one more
    /// cache miss for each look-up.
    entries: Vec<Entry<T>>,
    /// The pages without values.
    free: Vec<u32>,
    len: usize,
}

const PAGE_ROWS: usize = 64;

/// The place of a page that has no values. Never a real one: `entries` would have to hold 2^38 values.
const NO_PAGE: u32 = u32::MAX;

/// The generation of the value's object, and the value.
type Entry<T> = Option<(NonZeroU16, T)>;

/// The error of [`SideTable::insert`] for an object that is not alive.
#[derive(Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("object {id} is not alive")]
pub struct DeadObject<T> {
    /// The id.
    pub id: ObjectId,
    /// The value that was not inserted.
    pub value: T,
}

impl<T> fmt::Debug for DeadObject<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl<T> Default for SideTable<T> {
    fn default() -> Self {
        Self::new()
    }
}

/// All values, those of dead objects too.
impl<T: fmt::Debug> fmt::Debug for SideTable<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_map().entries(self.all()).finish()
    }
}

fn place(id: ObjectId) -> (usize, usize, usize) {
    let row = id.row() as usize;
    (id.schema().index(), row / PAGE_ROWS, row % PAGE_ROWS)
}

fn generation(id: ObjectId) -> NonZeroU16 {
    NonZeroU16::new(id.generation()).expect("generations of ids are odd")
}

fn id_of(schema: usize, page: usize, row: usize, generation: NonZeroU16) -> ObjectId {
    ObjectId::new(SchemaId(schema as u16), (page * PAGE_ROWS + row) as u32, generation.get())
}

/// Iterates over the rows of a page that have values.
fn rows(occupied: u64) -> impl Iterator<Item = usize> {
    (0..PAGE_ROWS).filter(move |row| occupied >> row & 1 == 1)
}

/// Iterates over the schema, the number among the schema's pages, and the place of each page.
fn pages_of(schemas: &[Vec<u32>]) -> impl Iterator<Item = (usize, usize, usize)> {
    schemas.iter().enumerate().flat_map(|(schema, pages)| {
        pages.iter().enumerate().map(move |(page, number)| (schema, page, *number as usize))
    })
}

impl<T> SideTable<T> {
    /// Creates a table without values.
    ///
    /// [`SideTable`] has an example.
    #[must_use]
    pub const fn new() -> Self {
        Self {
            schemas: Vec::new(),
            occupied: Vec::new(),
            entries: Vec::new(),
            free: Vec::new(),
            len: 0,
        }
    }

    /// Returns the position of the row's entry, or `None` if its page has no values.
    #[inline(always)]
    fn position(&self, id: ObjectId) -> Option<usize> {
        let (schema, page, row) = place(id);
        let number = *self.schemas.get(schema)?.get(page)?;
        (number != NO_PAGE).then_some(number as usize * PAGE_ROWS + row)
    }

    /// Returns the object's value, or `None` if it has none or is not alive.
    ///
    /// Computes in **O(1)** time. [`SideTable`] has an example.
    #[must_use]
    #[inline]
    pub fn get(&self, store: &(impl Living + ?Sized), id: ObjectId) -> Option<&T> {
        match self.entries.get(self.position(id)?)? {
            Some((generation, value))
                if generation.get() == id.generation() && store.is_alive(id) =>
            {
                Some(value)
            }
            _ => None,
        }
    }

    /// Returns the object's value to change, or `None` if it has none or is not alive.
    ///
    /// Computes in **O(1)** time. [`SideTable`] has an example.
    #[must_use]
    #[inline]
    pub fn get_mut(&mut self, store: &(impl Living + ?Sized), id: ObjectId) -> Option<&mut T> {
        let position = self.position(id)?;
        match self.entries.get_mut(position)? {
            Some((generation, value))
                if generation.get() == id.generation() && store.is_alive(id) =>
            {
                Some(value)
            }
            _ => None,
        }
    }

    /// Returns `true` if the object is alive and has a value.
    ///
    /// Computes in **O(1)** time. [`insert`](Self::insert) has an example.
    #[must_use]
    pub fn contains(&self, store: &(impl Living + ?Sized), id: ObjectId) -> bool {
        self.get(store, id).is_some()
    }

    /// Sets the object's value and returns the one that it had. Drops the value of a dead object in the same row.
    ///
    /// Computes in **O(1)** time.
    ///
    /// # Errors
    /// Returns an error with the value if the object is not alive.
    ///
    /// # Example
    /// ```
    /// # use slotted::{SideTable, Slotted, Store};
    /// # #[derive(Slotted, Clone, Copy)]
    /// # struct Unit { health: f32 }
    /// # let mut store = Store::new();
    /// # store.register::<Unit>()?;
    /// let unit = store.spawn(Unit { health: 80.0 })?;
    /// let mut tags = SideTable::new();
    /// assert_eq!(tags.insert(&store, unit, "scout"), Ok(None));
    /// assert_eq!(tags.insert(&store, unit, "medic"), Ok(Some("scout")));
    /// assert!(tags.contains(&store, unit));
    ///
    /// store.despawn(unit)?;
    /// let error = tags.insert(&store, unit, "ghost").unwrap_err();
    /// assert_eq!((error.to_string(), error.value), ("object 0:0:1 is not alive".into(), "ghost"));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn insert(
        &mut self,
        store: &(impl Living + ?Sized),
        id: ObjectId,
        value: T,
    ) -> Result<Option<T>, DeadObject<T>> {
        if !store.is_alive(id) {
            return Err(DeadObject { id, value });
        }
        let old = self.make_room(id).replace((generation(id), value));
        Ok(old.filter(|(old, _)| *old == generation(id)).map(|(_, value)| value))
    }

    /// Returns the object's value to change, which the closure makes if the object has none. Returns `None` if the
    /// object is not alive.
    ///
    /// Computes in **O(1)** time.
    ///
    /// # Example
    /// ```
    /// # use slotted::{SideTable, Slotted, Store};
    /// # #[derive(Slotted, Clone, Copy)]
    /// # struct Unit { health: f32 }
    /// # let mut store = Store::new();
    /// # store.register::<Unit>()?;
    /// let unit = store.spawn(Unit { health: 80.0 })?;
    /// let mut diaries: SideTable<Vec<&str>> = SideTable::new();
    /// for entry in ["woke up", "was hungry"] {
    ///     diaries.get_or_insert_with(&store, unit, Vec::new).unwrap().push(entry);
    /// }
    /// assert_eq!(diaries.get(&store, unit).unwrap().len(), 2);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn get_or_insert_with(
        &mut self,
        store: &(impl Living + ?Sized),
        id: ObjectId,
        value: impl FnOnce() -> T,
    ) -> Option<&mut T> {
        if !store.is_alive(id) {
            return None;
        }
        if self.get(store, id).is_none() {
            // The closure may panic, so the table is changed afterwards.
            let value = value();
            *self.make_room(id) = Some((generation(id), value));
        }
        self.get_mut(store, id)
    }

    /// Returns the entry of a living object's row, and counts it as a value.
    fn make_room(&mut self, id: ObjectId) -> &mut Entry<T> {
        let (schema, page, row) = place(id);
        if schema >= self.schemas.len() {
            self.schemas.resize_with(schema + 1, Vec::new);
        }
        let pages = &mut self.schemas[schema];
        if page >= pages.len() {
            pages.resize(page + 1, NO_PAGE);
        }
        if pages[page] == NO_PAGE {
            pages[page] = self.free.pop().unwrap_or(self.occupied.len() as u32);
        }
        let page = pages[page] as usize;
        if page == self.occupied.len() {
            self.occupied.push(0);
            self.entries.resize_with((page + 1) * PAGE_ROWS, || None);
        }
        self.len += usize::from(self.occupied[page] >> row & 1 == 0);
        self.occupied[page] |= 1 << row;
        &mut self.entries[page * PAGE_ROWS + row]
    }

    /// Takes a value out of a row that has one.
    fn take(&mut self, schema: usize, page: usize, row: usize) -> Entry<T> {
        let place = &mut self.schemas[schema][page];
        let number = *place as usize;
        self.len -= 1;
        self.occupied[number] &= !(1 << row);
        if self.occupied[number] == 0 {
            self.free.push(std::mem::replace(place, NO_PAGE));
        }
        self.entries[number * PAGE_ROWS + row].take()
    }

    /// Removes the object's value and returns it, whether the object is alive or not.
    ///
    /// Computes in **O(1)** time.
    ///
    /// # Example
    /// ```
    /// # use slotted::{SideTable, Slotted, Store};
    /// # #[derive(Slotted, Clone, Copy)]
    /// # struct Unit { health: f32 }
    /// # let mut store = Store::new();
    /// # store.register::<Unit>()?;
    /// let unit = store.spawn(Unit { health: 80.0 })?;
    /// let mut tags = SideTable::new();
    /// tags.insert(&store, unit, "scout")?;
    /// assert_eq!((tags.remove(unit), tags.remove(unit)), (Some("scout"), None));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn remove(&mut self, id: ObjectId) -> Option<T> {
        let (generation, _) = self.entries.get(self.position(id)?)?.as_ref()?;
        if generation.get() != id.generation() {
            return None;
        }
        let (schema, page, row) = place(id);
        self.take(schema, page, row).map(|(_, value)| value)
    }

    /// Removes the values of all objects that are not alive, and returns them by schema and row.
    ///
    /// Computes in **O(values)** time, a few nanoseconds for each. [`SideTable`] has an example.
    pub fn remove_dead(&mut self, store: &(impl Living + ?Sized)) -> Vec<(ObjectId, T)> {
        let mut dead = Vec::new();
        self.remove_if(|id, _| !store.is_alive(id), |removed| dead.push(removed));
        dead
    }

    /// Keeps the values for which the closure returns `true`, in the order of schemas and rows. Asks for those of
    /// dead objects too.
    ///
    /// # Example
    /// ```
    /// # use slotted::{SideTable, Slotted, Store};
    /// # #[derive(Slotted, Clone, Copy)]
    /// # struct Unit { health: f32 }
    /// # let mut store = Store::new();
    /// # store.register::<Unit>()?;
    /// let mut scores = SideTable::new();
    /// for (number, id) in store.spawn_batch([Unit { health: 80.0 }; 5])?.collect::<Vec<_>>().into_iter().enumerate() {
    ///     scores.insert(&store, id, number)?;
    /// }
    /// scores.retain(|_, score| *score % 2 == 0);
    /// assert_eq!(scores.iter(&store).map(|(_, score)| *score).collect::<Vec<_>>(), [0, 2, 4]);
    /// assert_eq!((scores.len(), scores.is_empty()), (3, false));
    /// scores.iter_mut(&store).for_each(|(_, score)| *score += 1);
    /// assert_eq!(scores.into_iter().map(|(_, score)| score).sum::<usize>(), 9);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn retain(&mut self, mut keep: impl FnMut(ObjectId, &mut T) -> bool) {
        self.remove_if(|id, value| !keep(id, value), drop);
    }

    /// Passes the values for which the first closure returns `true` to the second one, by schema and row.
    fn remove_if(
        &mut self,
        mut is_removed: impl FnMut(ObjectId, &mut T) -> bool,
        mut removed: impl FnMut((ObjectId, T)),
    ) {
        for schema in 0..self.schemas.len() {
            for page in 0..self.schemas[schema].len() {
                let number = self.schemas[schema][page] as usize;
                for row in rows(self.occupied.get(number).copied().unwrap_or(0)) {
                    let entry = &mut self.entries[number * PAGE_ROWS + row];
                    let Some((generation, value)) = entry else { continue };
                    let id = id_of(schema, page, row, *generation);
                    if is_removed(id, value) {
                        let taken = self.take(schema, page, row);
                        taken.into_iter().for_each(|(_, value)| removed((id, value)));
                    }
                }
            }
        }
    }

    /// Removes all values.
    ///
    /// # Example
    /// ```
    /// # use slotted::{SideTable, Slotted, Store};
    /// # #[derive(Slotted, Clone, Copy)]
    /// # struct Unit { health: f32 }
    /// # let mut store = Store::new();
    /// # store.register::<Unit>()?;
    /// let unit = store.spawn(Unit { health: 80.0 })?;
    /// let mut tags = SideTable::new();
    /// tags.insert(&store, unit, "scout")?;
    /// tags.clear();
    /// assert!(tags.is_empty());
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn clear(&mut self) {
        *self = Self::new();
    }

    /// Returns the number of values, with those of dead objects that were not removed yet.
    ///
    /// Computes in **O(1)** time. [`retain`](Self::retain) has an example.
    #[must_use]
    pub const fn len(&self) -> usize {
        self.len
    }

    /// Returns `true` if the table has no values, not even those of dead objects.
    ///
    /// [`clear`](Self::clear) has an example.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// Iterates over the living objects that have values, by schema and row.
    ///
    /// [`retain`](Self::retain) has an example.
    pub fn iter<'t>(
        &'t self,
        store: &'t (impl Living + ?Sized),
    ) -> impl Iterator<Item = (ObjectId, &'t T)> {
        self.all().filter(|(id, _)| store.is_alive(*id))
    }

    /// Iterates over the living objects that have values, by schema and row, with values to change.
    ///
    /// Allocates 16 bytes for each page in use. [`retain`](Self::retain) has an example.
    pub fn iter_mut<'t>(
        &'t mut self,
        store: &'t (impl Living + ?Sized),
    ) -> impl Iterator<Item = (ObjectId, &'t mut T)> {
        // Pages lie in the order of their first use. Taking each one in turn gives the order of schemas and rows.
        let mut entries: Vec<_> = self.entries.chunks_mut(PAGE_ROWS).map(Some).collect();
        let pages = pages_of(&self.schemas);
        let pages = pages.filter_map(move |(schema, page, number)| {
            Some((schema, page, entries.get_mut(number)?.take()?))
        });
        let all = pages.flat_map(|(schema, page, entries)| {
            entries.iter_mut().enumerate().filter_map(move |(row, entry)| {
                let (generation, value) = entry.as_mut()?;
                Some((id_of(schema, page, row, *generation), value))
            })
        });
        all.filter(|(id, _)| store.is_alive(*id))
    }

    /// Iterates over all values.
    fn all(&self) -> impl Iterator<Item = (ObjectId, &T)> {
        pages_of(&self.schemas).flat_map(move |(schema, page, number)| {
            rows(self.occupied.get(number).copied().unwrap_or(0)).filter_map(move |row| {
                let (generation, value) = self.entries[number * PAGE_ROWS + row].as_ref()?;
                Some((id_of(schema, page, row, *generation), value))
            })
        })
    }

    /// Returns the bytes of the pages, without what the values own.
    ///
    /// # Example
    /// ```
    /// # use slotted::{SideTable, Slotted, Store};
    /// # #[derive(Slotted, Clone, Copy)]
    /// # struct Unit { health: f32 }
    /// # let mut store = Store::new();
    /// # store.register::<Unit>()?;
    /// let last = store.spawn_batch([Unit { health: 80.0 }; 10_000])?.last().unwrap();
    /// let mut names: SideTable<String> = SideTable::new();
    /// names.insert(&store, last, "Ada".into())?;
    /// assert!(names.heap_bytes() < 8_000);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn heap_bytes(&self) -> usize {
        let pages: usize = self.schemas.iter().map(Vec::capacity).sum();
        self.entries.capacity() * size_of::<Entry<T>>()
            + self.occupied.capacity() * size_of::<u64>()
            + (self.free.capacity() + pages) * size_of::<u32>()
            + self.schemas.capacity() * size_of::<Vec<u32>>()
    }
}

/// Iterates over all values, those of dead objects too, by schema and row.
impl<T> IntoIterator for SideTable<T> {
    type Item = (ObjectId, T);
    type IntoIter = std::vec::IntoIter<(ObjectId, T)>;

    fn into_iter(mut self) -> Self::IntoIter {
        let mut all = Vec::with_capacity(self.len);
        self.remove_if(|_, _| true, |removed| all.push(removed));
        all.into_iter()
    }
}
