//! Interned names.

use std::sync::Arc;

use foldhash::fast::RandomState;
use hashbrown::HashMap;

use crate::map::heap::arc_bytes;

/// Numbers names in the order of their first use and keeps them all.
///
/// The hash is seeded at random, because a hostile data file may choose names that collide.
#[derive(Clone, Debug, Default)]
pub(super) struct Names {
    names: Vec<Arc<str>>,
    numbers: HashMap<Arc<str>, u32, RandomState>,
}

impl Names {
    #[inline]
    pub(super) fn find(&self, name: &str) -> Option<u32> {
        self.numbers.get(name).copied()
    }

    #[inline]
    pub(super) fn get(&self, number: u32) -> Option<&Arc<str>> {
        self.names.get(number as usize)
    }

    pub(super) fn len(&self) -> usize {
        self.names.len()
    }

    pub(super) fn heap_bytes(&self) -> usize {
        self.names.capacity() * size_of::<Arc<str>>()
            + self.names.iter().map(arc_bytes).sum::<usize>()
            + self.numbers.allocation_size()
    }

    pub(super) fn intern(&mut self, name: &str) -> u32 {
        if let Some(number) = self.find(name) {
            return number;
        }
        let number = u32::try_from(self.names.len()).expect("2^32 names do not fit in memory");
        let name = Arc::<str>::from(name);
        self.names.push(Arc::clone(&name));
        self.numbers.insert(name, number);
        number
    }
}
