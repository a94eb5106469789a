//! Epochs: points in the history of a store's writes.

/// A point in the history of a store's writes. Views visit the blocks, or
/// [the objects](crate::Store::track_changes), that were written since.
///
/// [`Store::advance_epoch`](crate::Store::advance_epoch) begins a new epoch. Later epochs are greater. Every
/// store starts at the default epoch, so everything was written since then. Use an epoch only with the store
/// that returned it, and not with a clone.
///
/// # Example
/// ```
/// use slotted::{Epoch, Store};
/// let mut store = Store::new();
/// let epoch = store.advance_epoch();
/// assert!(epoch > Epoch::default());
/// assert!(store.advance_epoch() > epoch);
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Epoch(u64);

impl Epoch {
    /// The default epoch.
    pub(crate) const START: Self = Self(0);

    pub(crate) const fn next(self) -> Self {
        Self(self.0 + 1)
    }
}
