//! The position of each text in a dictionary.

use std::collections::HashMap;

/// Handles below this are positions in a vector. A store that interned more texts in its life has few of them left.
const DENSE: u32 = 1 << 24;

/// Maps handles to consecutive keys, in the order in which they come.
#[derive(Clone, Default)]
pub(crate) struct KeyMap {
    /// The key of each handle plus one.
    dense: Vec<u32>,
    sparse: HashMap<u32, u32>,
    count: u32,
}

impl KeyMap {
    /// Gives the handle the next key. Returns `false` if it has one.
    #[inline]
    pub(crate) fn insert(&mut self, handle: u32) -> bool {
        match self.dense.get(handle as usize) {
            Some(1..) => false,
            _ => self.insert_new(handle),
        }
    }

    #[cold]
    fn insert_new(&mut self, handle: u32) -> bool {
        if handle >= DENSE {
            let (count, is_new) = (self.count, !self.sparse.contains_key(&handle));
            if is_new {
                self.sparse.insert(handle, count);
                self.count += 1;
            }
            return is_new;
        }
        if handle as usize >= self.dense.len() {
            self.dense.resize(handle as usize + 1, 0);
        }
        self.count += 1;
        self.dense[handle as usize] = self.count;
        true
    }

    /// Returns the key of a handle.
    #[inline]
    pub(crate) fn get(&self, handle: u32) -> Option<u32> {
        match self.dense.get(handle as usize) {
            Some(key) => key.checked_sub(1),
            None => self.sparse.get(&handle).copied(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_follow_the_order_of_handles_of_any_size() {
        let mut keys = KeyMap::default();
        let handles = [7, u32::MAX, 0, DENSE, DENSE - 1, 7, u32::MAX];
        let are_new = handles.map(|handle| keys.insert(handle));
        assert_eq!(are_new, [true, true, true, true, true, false, false]);
        let found = handles.map(|handle| keys.get(handle));
        assert_eq!(found, [0, 1, 2, 3, 4, 0, 1].map(Some));
        assert_eq!((keys.get(1), keys.get(DENSE + 1)), (None, None));
    }
}
