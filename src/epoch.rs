//! Points in the history of a store's writes.

/// A point in the history of a store's writes, to ask later what was written since.
///
/// [`Store::advance_epoch`](crate::Store::advance_epoch) makes one. Later epochs are greater, and the
/// default one is where every store begins: everything was written since. An epoch means nothing to
/// another store, nor to a clone of its own one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Epoch(u64);

impl Epoch {
    pub(crate) const fn next(self) -> Self {
        Self(self.0 + 1)
    }
}
