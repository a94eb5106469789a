//! Lists of records in Rust types: a list for each part of the elements.

use std::fmt;
use std::marker::PhantomData;
use std::ops::Deref;
use std::{iter, slice};

use crate::error::{LimitError, RecordsError};
use crate::list::{List, ListCell};
use crate::slot_value::{ListElement, SlotField, SlotValue};
use crate::store::{
    Batch, BatchCheck, KeyReader, ObjectCheck, ObjectReader, ObjectWriter, ReadKeys, SlotKey,
    Slotted, Store,
};

/// The handle of a list of records: a field with `#[slot(nested)]`, and a slot for each part of the records.
///
/// [`Store::intern_records`] returns the handle of a list, and [`Store::resolve_records`] its elements. The fields of the handle
/// are those of `T`. Each is a [`PartList`], whose [`values`](PartList::values) are a slice of the part of all elements. A part is
/// a slot like others, under the name `drops[].chance`, for views, keys and records.
///
/// `T` derives [`Slotted`], but needs no registration. Its fields are slots, optional ones and lists included, and required nested
/// records. Optional nested records and other lists of records do not compile in `T`, nor do slots of a base in
/// [`Slotted::schema`]. Declare them by name, with [`nested_list`](crate::schema::SchemaBuilder::nested_list).
///
/// A name that ends with `{}`, as in `#[slot(nested, name = "skills{}")]`, makes a [map](crate::schema::SchemaBuilder::nested_map)
/// of the records: their first field is the `key`, and the other one, `value`, is a slot or a nested record.
///
/// Like a [`List`], the handle belongs to its own store and never changes. It takes 12 bytes for each part, of which the object
/// stores 4 for each slot.
///
/// # Example
/// ```
/// use slotted::{Records, Slotted, Store, Text};
///
/// #[derive(Slotted, Clone, Copy)]
/// struct Loot {
///     item: Text,
///     #[slot(range = 0..=1)]
///     chance: f32,
///     level: Option<u8>,
/// }
///
/// #[derive(Slotted, Clone, Copy)]
/// struct Beast {
///     health: f32,
///     #[slot(nested)]
///     drops: Records<Loot>,
/// }
///
/// let mut store = Store::new();
/// store.register::<Beast>()?;
/// let [bone, hide] = [store.intern_text("bone")?, store.intern_text("hide")?];
/// let drops = store.intern_records(&[
///     Loot { item: bone, chance: 0.5, level: None },
///     Loot { item: hide, chance: 1.0, level: Some(3) },
/// ])?;
/// let wolf = store.spawn(Beast { health: 9.0, drops })?;
///
/// // As columns:
/// let drops = store.get_object::<Beast>(wolf)?.drops;
/// assert_eq!(store.resolve_list(drops.chance.values()), Some(&[0.5, 1.0][..]));
/// // Element by element:
/// let mut elements = store.resolve_records(drops).ok_or("another store's")?;
/// assert_eq!(elements.len(), 2);
/// let likely = elements.find(|drop| drop.chance > 0.9).ok_or("none")?;
/// assert_eq!((store.resolve(likely.item), likely.level), (Some("hide"), Some(3)));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub struct Records<T: Slotted> {
    lists: T::Lists,
}

impl<T: Slotted<Lists: Lists>> Records<T> {
    /// Returns the empty list, which is the same in every store.
    ///
    /// # Example
    /// ```
    /// use slotted::{Records, Slotted, Store};
    /// #[derive(Slotted, Clone, Copy)]
    /// struct Roll { sides: u8 }
    /// let rolls = Records::<Roll>::empty();
    /// assert_eq!(Store::new().resolve_records(rolls).map(|rolls| rolls.len()), Some(0));
    /// ```
    #[must_use]
    pub fn empty() -> Self {
        let lists = T::Lists::make(&mut Empty);
        Self { lists: lists.expect("each part has an empty list") }
    }
}

impl<T: Slotted<Lists: Lists>> Default for Records<T> {
    fn default() -> Self {
        Self::empty()
    }
}

impl<T: Slotted> Deref for Records<T> {
    type Target = T::Lists;

    fn deref(&self) -> &T::Lists {
        &self.lists
    }
}

impl<T: Slotted> Clone for Records<T> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<T: Slotted> Copy for Records<T> {}

impl<T: Slotted<Lists: PartialEq>> PartialEq for Records<T> {
    fn eq(&self, other: &Self) -> bool {
        self.lists == other.lists
    }
}

impl<T: Slotted> fmt::Debug for Records<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Records").field(&self.lists).finish()
    }
}

impl Store {
    /// Returns the handle of a list of records, and stores the list of each part if it is new.
    ///
    /// Equal lists of a part share one handle. Lists without objects stay until [`release_memory`](Self::release_memory). Writing
    /// the handle to an object checks the elements against the constraints of `T`.
    ///
    /// Computes in **O(elements)** time.
    ///
    /// # Errors
    /// Returns an error if a part is a list of another store, or if the lists would exceed
    /// [`Limits::list_bytes`](crate::Limits::list_bytes).
    ///
    /// # Example
    /// ```
    /// use slotted::{Slotted, Store};
    /// #[derive(Slotted, Clone, Copy)]
    /// struct Roll { sides: u8 }
    /// let mut store = Store::new();
    /// let rolls = store.intern_records(&[Roll { sides: 6 }, Roll { sides: 20 }])?;
    /// assert_eq!(store.resolve_list(rolls.sides.values()), Some(&[6, 20][..]));
    /// # Ok::<(), slotted::error::RecordsError>(())
    /// ```
    pub fn intern_records<T: Slotted<Lists: Lists>>(
        &mut self,
        records: &[T],
    ) -> Result<Records<T>, RecordsError> {
        let lists = T::lists(records.iter(), &mut ListMaker { store: self })?;
        Ok(Records { lists })
    }

    /// Returns an iterator over the elements of a list of records. A handle of another store gives `None` or another list.
    ///
    /// Each element has the fields of `T`: a part that is a list is a slice. Returns `None` too if the parts have lists of
    /// different lengths, because a key or a view has written one alone.
    ///
    /// Computes in **O(parts)** time, and in **O(elements)** time for each part that is optional or a list. [`Records`] has an
    /// example.
    #[must_use]
    pub fn resolve_records<T: Slotted<Lists: Lists>>(
        &self,
        records: Records<T>,
    ) -> Option<Elements<'_, T>> {
        Some(Elements { parts: records.lists.iter(self)? })
    }
}

/// An iterator over the elements of a list of records, from [`Store::resolve_records`].
pub struct Elements<'s, T: Slotted<Lists: Lists>> {
    parts: <T::Lists as Lists>::Iter<'s>,
}

/// An element of a list of records: a struct with the fields of `T`. A field that is a [`List`] in `T` is a slice here.
pub type Element<'s, T> = <<<T as Slotted>::Lists as Lists>::Iter<'s> as Iterator>::Item;

impl<'s, T: Slotted<Lists: Lists>> Iterator for Elements<'s, T> {
    type Item = Element<'s, T>;

    fn next(&mut self) -> Option<Self::Item> {
        self.parts.next()
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        self.parts.size_hint()
    }
}

impl<T: Slotted<Lists: Lists>> ExactSizeIterator for Elements<'_, T> {}

impl<T: Slotted<Lists: Lists>> Clone for Elements<'_, T> {
    fn clone(&self) -> Self {
        Self { parts: self.parts.clone() }
    }
}

impl<T: Slotted<Lists: Lists>> fmt::Debug for Elements<'_, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Elements").field("parts", &self.parts).finish()
    }
}

/// A field of a record that can be an element of a list.
#[doc(hidden)]
pub trait Part: SlotField {
    /// The values in the part's list.
    type Item: ListElement;

    /// The part of one element.
    type Element<'s>: Copy;

    /// `true` if the part itself is a list.
    const IS_LIST: bool;

    /// Returns what one value adds to the part's list. `None` for a list of another store.
    fn items<'v>(value: &'v Self::Value, store: &'v Store) -> Option<&'v [Self::Item]>;

    /// Returns the part of an element that added these values, or that has none.
    fn element(items: Option<&[Self::Item]>) -> Option<Self::Element<'_>>;
}

impl<T: ListElement> Part for T {
    type Item = T;
    type Element<'s> = T;
    const IS_LIST: bool = false;

    fn items<'v>(value: &'v T, _: &'v Store) -> Option<&'v [T]> {
        Some(slice::from_ref(value))
    }

    fn element(items: Option<&[T]>) -> Option<T> {
        items?.first().copied()
    }
}

impl<T: ListElement> Part for List<T> {
    type Item = T;
    type Element<'s> = &'s [T];
    const IS_LIST: bool = true;

    fn items<'v>(list: &'v Self, store: &'v Store) -> Option<&'v [T]> {
        store.resolve_list(*list)
    }

    fn element(items: Option<&[T]>) -> Option<&[T]> {
        items
    }
}

impl<V: SlotValue + Part + SlotField<Value = V>> Part for Option<V> {
    type Item = V::Item;
    type Element<'s> = Option<V::Element<'s>>;
    const IS_LIST: bool = V::IS_LIST;

    fn items<'v>(value: &'v V, store: &'v Store) -> Option<&'v [V::Item]> {
        V::items(value, store)
    }

    fn element(items: Option<&[V::Item]>) -> Option<Option<V::Element<'_>>> {
        match items {
            Some(_) => V::element(items).map(Some),
            None => Some(None),
        }
    }
}

/// The lists of one part of the records in a list, whose field in `T` has the type `F`. [`Records`] has an example.
pub struct PartList<F> {
    values: ListCell,
    is_set: ListCell,
    lengths: ListCell,
    field: PhantomData<fn() -> F>,
}

impl<F: Part> PartList<F> {
    /// Returns the values of the part in all elements that have it. A part that is a list adds each of its values.
    ///
    /// [`Records`] has an example.
    #[must_use]
    pub const fn values(self) -> List<F::Item> {
        List::new(self.values)
    }

    /// Returns whether each element has the part. `None` if all have it.
    ///
    /// # Example
    /// ```
    /// use slotted::{Slotted, Store};
    /// #[derive(Slotted, Clone, Copy)]
    /// struct Roll { sides: u8, bonus: Option<i8> }
    /// let mut store = Store::new();
    /// let rolls = [Roll { sides: 6, bonus: None }, Roll { sides: 8, bonus: Some(2) }];
    /// let rolls = store.intern_records(&rolls)?;
    /// assert_eq!(store.resolve_list(rolls.bonus.values()), Some(&[2][..]));
    /// let is_set = rolls.bonus.is_set().unwrap();
    /// assert_eq!(store.resolve_list(is_set), Some(&[false, true][..]));
    /// assert_eq!(rolls.sides.is_set(), None);
    /// # Ok::<(), slotted::error::RecordsError>(())
    /// ```
    #[must_use]
    pub const fn is_set(self) -> Option<List<bool>> {
        if F::OPTIONAL { Some(List::new(self.is_set)) } else { None }
    }

    /// Returns how many values each element has that has the part. `None` unless the part is a list.
    ///
    /// # Example
    /// ```
    /// use slotted::{List, Slotted, Store};
    /// #[derive(Slotted, Clone, Copy)]
    /// struct Room { exits: List<u8> }
    /// let mut store = Store::new();
    /// let exits = store.intern_list(&[3_u8, 4])?;
    /// let rooms = store.intern_records(&[Room { exits }, Room { exits: List::EMPTY }])?;
    /// assert_eq!(store.resolve_list(rooms.exits.values()), Some(&[3, 4][..]));
    /// assert_eq!(store.resolve_list(rooms.exits.lengths().unwrap()), Some(&[2, 0][..]));
    /// let rooms = store.resolve_records(rooms).unwrap();
    /// assert_eq!(rooms.map(|room| room.exits.to_vec()).collect::<Vec<_>>(), [vec![3, 4], vec![]]);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub const fn lengths(self) -> Option<List<u32>> {
        if F::IS_LIST { Some(List::new(self.lengths)) } else { None }
    }
}

impl<F> Clone for PartList<F> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<F> Copy for PartList<F> {}

impl<F> PartialEq for PartList<F> {
    fn eq(&self, other: &Self) -> bool {
        (self.values, self.is_set, self.lengths) == (other.values, other.is_set, other.lengths)
    }
}

impl<F> fmt::Debug for PartList<F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("PartList").field(&self.values.number()).finish()
    }
}

/// The key of one part of the records in a list, from [`Store::keys`].
///
/// # Example
/// ```
/// use slotted::{List, Records, SlotKey, Slotted, Store};
/// #[derive(Slotted, Clone, Copy)]
/// struct Roll { sides: u8 }
/// #[derive(Slotted, Clone, Copy)]
/// struct Trap { #[slot(nested)] rolls: Records<Roll> }
/// let mut store = Store::new();
/// store.register::<Trap>()?;
/// let rolls = store.intern_records(&[Roll { sides: 6 }])?;
/// let trap = store.spawn(Trap { rolls })?;
/// let sides: SlotKey<List<u8>> = store.keys::<Trap>()?.rolls.sides.values;
/// assert_eq!(store.get(trap, sides), Some(rolls.sides.values()));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub struct PartKeys<F, K> {
    /// The key of the slot with the values.
    pub values: K,
    field: PhantomData<fn() -> F>,
}

impl<F, K: Clone> Clone for PartKeys<F, K> {
    fn clone(&self) -> Self {
        Self { values: self.values.clone(), field: PhantomData }
    }
}

impl<F, K: Copy> Copy for PartKeys<F, K> {}

impl<F, K: fmt::Debug> fmt::Debug for PartKeys<F, K> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("PartKeys").field(&self.values).finish()
    }
}

impl<F: Part, K: ReadKeys> ReadKeys for PartKeys<F, K> {
    fn read(slots: &mut KeyReader<'_>) -> Self {
        let values = K::read(slots);
        for _ in 0..usize::from(F::OPTIONAL) + usize::from(F::IS_LIST) {
            let _: SlotKey<()> = slots.key();
        }
        Self { values, field: PhantomData }
    }
}

/// The lists of all parts of records, in the order of the slots. The derive of [`Slotted`] makes them.
#[doc(hidden)]
#[diagnostic::on_unimplemented(
    message = "the elements of `Records` cannot have this field: `{Self}`",
    label = "an optional nested record or a list of records in the elements of another list",
    note = "declare such a list by name, with `SchemaBuilder::nested_list`, or use optional fields instead"
)]
pub trait Lists: Copy + PartialEq + fmt::Debug + Send + Sync + 'static {
    type Keys: ReadKeys;
    type OptionKeys: ReadKeys;

    /// An iterator over the elements, which knows how many are left.
    type Iter<'s>: Iterator + Clone + fmt::Debug;

    /// Visits the lists of many objects, one slot of all of them after the other. `None` is an unset list of records.
    fn visit(lists: impl Iterator<Item = Option<Self>> + Clone, visitor: &mut impl VisitLists);

    /// Makes the lists, slot after slot. Returns `None` if one is unset.
    fn make(maker: &mut impl MakeLists) -> Option<Self>;

    /// Returns `None` if a list is unknown, or if the lists do not have the lengths of one list of records.
    fn iter(self, store: &Store) -> Option<Self::Iter<'_>>;
}

/// Takes the lists of slots.
#[doc(hidden)]
pub trait VisitLists {
    /// Takes the lists of the next slot of many objects.
    fn lists<T: ListElement>(&mut self, lists: impl Iterator<Item = Option<List<T>>> + Clone);
}

/// Gives the lists of slots.
#[doc(hidden)]
pub trait MakeLists {
    /// Returns the list of the next slot.
    fn list<T: ListElement>(&mut self) -> Option<List<T>>;
}

impl<F: Part> Lists for PartList<F> {
    type Keys = PartKeys<F, SlotKey<List<F::Item>>>;
    type OptionKeys = PartKeys<F, SlotKey<Option<List<F::Item>>>>;
    type Iter<'s> = PartElements<'s, F>;

    #[inline]
    fn visit(lists: impl Iterator<Item = Option<Self>> + Clone, visitor: &mut impl VisitLists) {
        visitor.lists(lists.clone().map(|list| list.map(|list| list.values())));
        if F::OPTIONAL {
            visitor
                .lists(lists.clone().map(|list| list.map(|list| List::<bool>::new(list.is_set))));
        }
        if F::IS_LIST {
            visitor.lists(lists.map(|list| list.map(|list| List::<u32>::new(list.lengths))));
        }
    }

    #[inline]
    fn make(maker: &mut impl MakeLists) -> Option<Self> {
        // All slots are read, because those of the next part come after them.
        let values = maker.list::<F::Item>();
        let is_set = if F::OPTIONAL { maker.list::<bool>() } else { Some(List::EMPTY) };
        let lengths = if F::IS_LIST { maker.list::<u32>() } else { Some(List::EMPTY) };
        let (values, is_set, lengths) = (values?.cell(), is_set?.cell(), lengths?.cell());
        Some(Self { values, is_set, lengths, field: PhantomData })
    }

    fn iter(self, store: &Store) -> Option<Self::Iter<'_>> {
        let values = store.resolve_list(self.values())?;
        let is_set = self.is_set().map(|list| store.resolve_list(list));
        let lengths = self.lengths().map(|list| store.resolve_list(list));
        let (is_set, lengths) = (is_set.unwrap_or(Some(&[]))?, lengths.unwrap_or(Some(&[]))?);
        let own = match F::IS_LIST {
            true => lengths.iter().try_fold(0, |sum: usize, own| sum.checked_add(*own as usize)),
            false => Some(values.len()),
        };
        let set = if F::IS_LIST { lengths.len() } else { values.len() };
        let fits = own == Some(values.len())
            && (!F::OPTIONAL || is_set.iter().filter(|is_set| **is_set).count() == set);
        fits.then(|| PartElements { values, is_set: is_set.iter(), lengths: lengths.iter() })
    }
}

/// The lists of a struct with an error.
impl Lists for () {
    type Keys = ();
    type OptionKeys = ();
    type Iter<'s> = iter::Empty<()>;

    fn visit(_: impl Iterator<Item = Option<Self>> + Clone, _: &mut impl VisitLists) {}

    fn make(_: &mut impl MakeLists) -> Option<Self> {
        Some(())
    }

    fn iter(self, _: &Store) -> Option<Self::Iter<'_>> {
        Some(iter::empty())
    }
}

/// An iterator over the part of each element.
#[doc(hidden)]
pub struct PartElements<'s, F: Part> {
    values: &'s [F::Item],
    is_set: slice::Iter<'s, bool>,
    lengths: slice::Iter<'s, u32>,
}

impl<'s, F: Part> Iterator for PartElements<'s, F> {
    type Item = F::Element<'s>;

    #[inline]
    fn next(&mut self) -> Option<Self::Item> {
        if F::OPTIONAL && !*self.is_set.next()? {
            return F::element(None);
        }
        let count = if F::IS_LIST { *self.lengths.next()? as usize } else { 1 };
        let (items, rest) = self.values.split_at_checked(count)?;
        self.values = rest;
        F::element(Some(items))
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        let left = match (F::OPTIONAL, F::IS_LIST) {
            (true, _) => self.is_set.len(),
            (false, true) => self.lengths.len(),
            (false, false) => self.values.len(),
        };
        (left, Some(left))
    }
}

impl<F: Part> Clone for PartElements<'_, F> {
    fn clone(&self) -> Self {
        Self { values: self.values, is_set: self.is_set.clone(), lengths: self.lengths.clone() }
    }
}

impl<F: Part> fmt::Debug for PartElements<'_, F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} values", self.values.len())
    }
}

/// A field that no element of a list of records can have.
#[doc(hidden)]
pub struct NotInElements<F>(PhantomData<fn() -> F>);

impl<F> Default for NotInElements<F> {
    fn default() -> Self {
        Self(PhantomData)
    }
}

impl<F> Clone for NotInElements<F> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<F> Copy for NotInElements<F> {}

impl<F> fmt::Debug for NotInElements<F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("NotInElements")
    }
}

/// Stores the lists of parts.
#[doc(hidden)]
#[allow(missing_debug_implementations)]
pub struct ListMaker<'s> {
    store: &'s mut Store,
}

impl ListMaker<'_> {
    /// Returns the lists of one field of all records.
    pub(super) fn part<F: Part>(
        &mut self,
        fields: impl Iterator<Item = F>,
    ) -> Result<PartList<F>, RecordsError> {
        let (mut values, mut is_set, mut lengths) = (Vec::new(), Vec::new(), Vec::new());
        for (element, field) in fields.enumerate() {
            let value = field.into_value();
            if F::OPTIONAL {
                is_set.push(value.is_some());
            }
            let Some(value) = value else { continue };
            let items = F::items(&value, self.store);
            let items = items.ok_or(RecordsError::ForeignList { element })?;
            if F::IS_LIST {
                let limit = self.store.limits.list_bytes;
                let length = u32::try_from(items.len()).map_err(|_| LimitError::List { limit })?;
                lengths.push(length);
            }
            values.extend_from_slice(items);
        }
        let values = self.store.intern_list(&values)?.cell();
        let is_set = self.store.intern_list(&is_set)?.cell();
        let lengths = self.store.intern_list(&lengths)?.cell();
        Ok(PartList { values, is_set, lengths, field: PhantomData })
    }
}

/// Makes empty lists.
struct Empty;

impl MakeLists for Empty {
    fn list<T: ListElement>(&mut self) -> Option<List<T>> {
        Some(List::EMPTY)
    }
}

impl MakeLists for ObjectReader<'_> {
    #[inline]
    fn list<T: ListElement>(&mut self) -> Option<List<T>> {
        let list: Option<List<T>> = self.value();
        self.set_values += usize::from(list.is_some());
        list
    }
}

impl VisitLists for BatchCheck<'_> {
    fn lists<T: ListElement>(&mut self, lists: impl Iterator<Item = Option<List<T>>> + Clone) {
        self.values(lists);
    }
}

impl VisitLists for ObjectCheck<'_> {
    fn lists<T: ListElement>(&mut self, lists: impl Iterator<Item = Option<List<T>>> + Clone) {
        lists.for_each(|list| self.value(list));
    }
}

impl VisitLists for Batch<'_> {
    #[inline]
    fn lists<T: ListElement>(&mut self, lists: impl Iterator<Item = Option<List<T>>> + Clone) {
        self.write(lists);
    }
}

impl VisitLists for ObjectWriter<'_> {
    #[inline]
    fn lists<T: ListElement>(&mut self, lists: impl Iterator<Item = Option<List<T>>> + Clone) {
        lists.for_each(|list| self.value(list));
    }
}

impl<T: Slotted<Lists: Lists>> Records<T> {
    /// Visits the lists of many fields.
    #[inline]
    pub(super) fn visit<'a>(
        fields: impl Iterator<Item = Option<&'a Self>> + Clone,
        visitor: &mut impl VisitLists,
    ) {
        T::Lists::visit(fields.map(|field| field.map(|field| field.lists)), visitor);
    }

    /// Visits the lists of one field.
    #[inline]
    pub(super) fn visit_one(field: Option<&Self>, visitor: &mut impl VisitLists) {
        Self::visit(iter::once(field), visitor);
    }

    /// Reads the lists of an object's next slots.
    #[inline]
    pub(super) fn read_lists(reader: &mut ObjectReader<'_>) -> Option<Self> {
        Some(Self { lists: T::Lists::make(reader)? })
    }
}
