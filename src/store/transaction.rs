//! Several changes of a store, all or none.

use crate::store::Store;

impl Store {
    /// Runs the closure and keeps its changes if it returns `Ok`. After an error or a panic the store is as it
    /// was before.
    ///
    /// The closure works on a store that shares all blocks with this one, so nothing has to be undone. This
    /// holds for values, objects, schemas, migrations, texts and lists. Begins a new [epoch](Self::epoch) in
    /// any case.
    ///
    /// Computes in **O(blocks)** time, plus the work of the closure. Each block that the closure writes to is
    /// copied once, as after a [`snapshot`](Self::snapshot).
    ///
    /// Within the closure the store has another [identity](Self::identity): snapshots that are taken there can be
    /// read afterwards, but not restored, and snapshots from before cannot be restored there.
    ///
    /// # Errors
    /// Returns the closure's error.
    ///
    /// # Example
    /// ```
    /// use slotted::{AccessError, Slotted, Store};
    /// #[derive(Slotted, Clone, Copy)]
    /// struct Account { #[slot(range = 0..)] gold: i64 }
    /// let mut store = Store::new();
    /// store.register::<Account>()?;
    /// let (ada, bob) = (store.spawn(Account { gold: 50 })?, store.spawn(Account { gold: 10 })?);
    /// let gold = store.key::<i64>("account", "gold")?;
    ///
    /// let pay = |store: &mut Store, amount: i64| -> Result<(), AccessError> {
    ///     store.set(bob, gold, 10 + amount)?;
    ///     store.set(ada, gold, 50 - amount) // out of range if she has less
    /// };
    /// assert!(store.transaction(|store| pay(store, 60)).is_err());
    /// assert_eq!(store.get(bob, gold), Some(10));
    /// store.transaction(|store| pay(store, 40))?;
    /// assert_eq!(store.get(bob, gold), Some(50));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn transaction<T, E>(
        &mut self,
        changes: impl FnOnce(&mut Self) -> Result<T, E>,
    ) -> Result<T, E> {
        let mut trial = self.state().to_store();
        trial.handles = self.handles.for_trial();
        trial.interner.take_indexes_of(&mut self.interner);
        let (interned, identity) = (trial.interner.now(), trial.identity.same());
        let result = changes(&mut trial);
        // The closure may put another store in place of the trial, or release texts and lists: their indexes differ then.
        let has_own_texts =
            trial.identity != identity || trial.interner.markings != self.interner.markings;
        if result.is_ok() {
            // Only now: a snapshot from a transaction that failed must not fit this store.
            trial.identity = self.identity.same();
            if !has_own_texts {
                trial.handles.continue_search_of(std::mem::take(&mut self.handles));
            }
            *self = trial;
        } else if !has_own_texts {
            trial.interner.forget_since(interned);
            self.interner.take_indexes_of(&mut trial.interner);
        }
        result
    }
}
