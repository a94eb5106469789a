//! The handle of an interned string.

/// A string that is held once by its store: four bytes, equal if and only if the strings are.
///
/// [`Store::text`](crate::Store::text) makes one, [`Store::resolve`](crate::Store::resolve) gives
/// the string back. A handle means nothing to another store.
///
/// ```
/// let mut store = slotted::Store::new();
/// let (a, b) = (store.intern_text("Ada")?, store.intern_text("Ada")?);
/// assert_eq!(a, b);
/// assert_eq!(store.resolve(a), Some("Ada"));
/// # Ok::<(), slotted::LimitError>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Default)]
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
