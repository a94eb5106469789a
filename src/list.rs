//! The handle of an interned list.

use std::fmt;
use std::hash::{Hash, Hasher};
use std::marker::PhantomData;

use bytemuck::TransparentWrapper;

/// The handle of a list that its store keeps once. It has four bytes; equal lists have equal handles.
///
/// [`Store::intern_list`](crate::Store::intern_list) returns the handle of a list, and
/// [`Store::resolve_list`](crate::Store::resolve_list) the elements of a handle. Use a handle only with its own
/// store: as with a [`Text`](crate::Text), another store takes it for its own list, or refuses it if it has no such
/// list.
///
/// A list never changes; assign a new list to the slot instead. Lists that nothing refers to any more stay until they
/// are released, [like texts](crate::Text). So use lists for declared or rarely changing data, not for data that
/// grows in every frame. A store numbers up to four billion lists in its life.
///
/// Lists are compared bit by bit: a NaN equals itself, and `-0.0` differs from `0.0`.
///
/// # Example
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
    /// The empty list, in every store.
    pub const EMPTY: Self = Self::new(ListCell::EMPTY);

    pub(crate) const fn new(cell: ListCell) -> Self {
        Self { cell, element: PhantomData }
    }

    pub(crate) const fn cell(self) -> ListCell {
        self.cell
    }

    /// Returns `true` if the list has no elements.
    ///
    /// # Example
    /// ```
    /// use slotted::List;
    /// assert!(List::<u16>::EMPTY.is_empty());
    /// assert!(!slotted::Store::new().intern_list(&[7_u16])?.is_empty());
    /// # Ok::<(), slotted::LimitError>(())
    /// ```
    #[must_use]
    pub const fn is_empty(self) -> bool {
        self.cell.0 == ListCell::EMPTY.0
    }
}

// Derived implementations would require the same traits of the elements.
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

/// A list's handle without the type of its elements: the cell of a column of lists.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, bytemuck::NoUninit)]
#[repr(transparent)]
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
