//! The handle of an interned list.

use std::fmt;
use std::hash::{Hash, Hasher};
use std::marker::PhantomData;

use bytemuck::TransparentWrapper;

/// A list of values that is held once by its store: four bytes, equal if and only if the lists are.
///
/// [`Store::list`](crate::Store::list) makes one, [`Store::resolve_list`](crate::Store::resolve_list)
/// gives its elements back as a slice. What is in a list never changes: a slot gets another list
/// instead. A store keeps all lists that it was ever given, as it keeps texts, and copies them when
/// a new one comes while a snapshot lives: they are for what is declared or changes seldom, not for what
/// grows every frame. A handle means nothing to another store.
///
/// Two lists are equal if their elements are, bit for bit: a NaN equals itself, and `-0.0` does not
/// equal `0.0`.
///
/// ```
/// use slotted::{List, Slotted, Store, Text, record};
///
/// #[derive(Slotted, Clone, Copy)]
/// struct Item {
///     #[slot(range = 1..=999)]
///     drops: List<u16>,
///     tags: Option<List<Text>>,
/// }
///
/// let mut store = Store::new();
/// store.register::<Item>()?;
/// let drops = store.intern_list(&[22, 7])?;
/// let item = store.spawn(Item { drops, tags: None })?;
/// assert_eq!(store.get_value(item, "drops")?, [22, 7].into());
///
/// store.set_value(item, "tags", ["metal", "sharp"])?;
/// let tags = store.get_object::<Item>(item)?.tags.unwrap_or_default();
/// let tags = store.resolve_list(tags).unwrap_or_default();
/// assert_eq!(store.resolve(tags[1]), Some("sharp"));
///
/// let error = store.spawn_record("item", record! { drops: [22, 1000] }).unwrap_err();
/// assert_eq!(
///     error.to_string(),
///     "element 1 of slot 'drops' of 'item' expects 1 to 999, found 1000"
/// );
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(TransparentWrapper)]
#[transparent(ListCell)]
#[repr(transparent)]
pub struct List<T> {
    cell: ListCell,
    element: PhantomData<fn() -> T>,
}

impl<T> List<T> {
    /// The list without elements, in every store.
    pub const EMPTY: Self = Self::new(ListCell::EMPTY);

    pub(crate) const fn new(cell: ListCell) -> Self {
        Self { cell, element: PhantomData }
    }

    pub(crate) const fn cell(self) -> ListCell {
        self.cell
    }

    /// Whether the list has no elements.
    #[must_use]
    pub const fn is_empty(self) -> bool {
        self.cell.0 == ListCell::EMPTY.0
    }
}

// Derived, these would ask of the elements what only the handle needs.
impl<T> Clone for List<T> {
    #[inline(always)]
    fn clone(&self) -> Self {
        *self
    }
}

impl<T> Copy for List<T> {}

impl<T> Default for List<T> {
    fn default() -> Self {
        Self::EMPTY
    }
}

impl<T> PartialEq for List<T> {
    fn eq(&self, other: &Self) -> bool {
        self.cell == other.cell
    }
}

impl<T> Eq for List<T> {}

impl<T> Hash for List<T> {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.cell.hash(state);
    }
}

impl<T> fmt::Debug for List<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("List").field(&self.cell.0).finish()
    }
}

/// A list's handle, whatever its elements are: what a column of lists is made of.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct ListCell(u32);

impl ListCell {
    pub(crate) const EMPTY: Self = Self(0);

    pub(crate) const fn new(number: u32) -> Self {
        Self(number)
    }

    pub(crate) const fn number(self) -> u32 {
        self.0
    }
}
