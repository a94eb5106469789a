//! The handle of an interned string.

/// The handle of a string that its store keeps once. It has four bytes; equal strings have equal handles.
///
/// [`Store::intern_text`](crate::Store::intern_text) returns the handle of a string, and
/// [`Store::resolve`](crate::Store::resolve) the string of a handle.
///
/// A text stays until nothing refers to it and [`Store::release_memory`](crate::Store::release_memory) or
/// [`release_interned`](crate::Store::release_interned) releases it. A handle outside the store does not count:
/// [keep](crate::Store::keep_text) the text of such a handle. The handle of a released text is safe: it resolves to
/// `None`, slots refuse it, and no other text gets its number.
///
/// Use a handle only with its own store. A handle is the text's number, so another store takes it for its own text of
/// that number. A store with fewer texts refuses it: slots with an error, `resolve` with `None`. Clones and snapshots
/// of a store share the texts that it had when they were made.
///
/// # Example
/// ```
/// let mut store = slotted::Store::new();
/// let (a, b) = (store.intern_text("Ada")?, store.intern_text("Ada")?);
/// assert_eq!(a, b);
/// assert_eq!(store.resolve(a), Some("Ada"));
/// # Ok::<(), slotted::LimitError>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Default, bytemuck::NoUninit)]
#[repr(transparent)]
pub struct Text(u32);

impl Text {
    /// The empty string, in every store.
    pub const EMPTY: Self = Self(0);

    pub(crate) const fn new(number: u32) -> Self {
        Self(number)
    }

    pub(crate) const fn number(self) -> u32 {
        self.0
    }
}
