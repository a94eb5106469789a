//! The heap memory of values and of what holds them.

use std::collections::{HashMap, HashSet};
use std::mem::size_of_val;
use std::sync::Arc;

use crate::record::{Name, Record};
use crate::value::Value;

/// Adds up the heap memory of values; what several of them share is counted once.
#[derive(Debug, Default)]
pub struct HeapCount {
    shared: HashSet<usize>,
    pub(super) bytes: usize,
}

impl HeapCount {
    pub(super) fn value(&mut self, value: &Value) {
        match value {
            Value::Text(text) => {
                self.shared(text);
            }
            Value::Bytes(bytes) => {
                self.shared(bytes);
            }
            Value::List(list) if self.shared(list) => {
                list.iter().for_each(|value| self.value(value));
            }
            Value::Map(map) if self.shared(map) => {
                for (name, value) in map.iter() {
                    self.shared(name);
                    self.value(value);
                }
            }
            other => self.bytes += other.boxed_bytes(),
        }
    }

    fn record(&mut self, record: &Record) {
        self.bytes += record.len() * size_of::<(Name, Value)>();
        for (name, value) in record.iter() {
            self.bytes += name.len();
            self.value(value);
        }
    }

    /// Whether it is seen for the first time.
    fn shared<T: ?Sized>(&mut self, shared: &Arc<T>) -> bool {
        let is_new = Arc::strong_count(shared) == 1
            || self.shared.insert(Arc::as_ptr(shared).cast::<u8>().addr());
        if is_new {
            self.bytes += arc_bytes(shared);
        }
        is_new
    }
}

impl Record {
    /// Returns about how many bytes of heap memory the record takes.
    ///
    /// Texts and lists that several of its values share count once. Computes in **O(n)** time.
    ///
    /// ```
    /// let record = slotted::record! { name: "Ada", age: 41 };
    /// assert!(record.heap_bytes() > 64);
    /// ```
    #[must_use]
    pub fn heap_bytes(&self) -> usize {
        let mut count = HeapCount::default();
        count.record(self);
        count.bytes
    }
}

/// What is shared, and the two counters before it.
pub(super) fn arc_bytes<T: ?Sized>(shared: &Arc<T>) -> usize {
    let counters = 2 * size_of::<usize>();
    (counters + size_of_val(&**shared)).next_multiple_of(align_of::<usize>())
}

/// The memory of a hash map of the standard library, which does not tell: its buckets are a power of
/// two of which one eighth stays free, each with a byte to say what is in it.
pub(super) fn map_bytes<K, V, S>(map: &HashMap<K, V, S>) -> usize {
    const GROUP: usize = 16;
    let buckets = match map.capacity() {
        0 => return 0,
        few @ 1..=7 => few + 1,
        many => (many * 8 / 7).next_power_of_two(),
    };
    (buckets * size_of::<(K, V)>()).next_multiple_of(GROUP) + buckets + GROUP
}
