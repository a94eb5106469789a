//! The heap memory of values and records.

use std::collections::HashSet;
use std::mem::size_of_val;
use std::sync::Arc;

use crate::record::{Name, Record};
use crate::value::Value;

/// Adds up the heap memory of values; memory that several of them share counts once.
#[derive(Debug, Default)]
pub(super) struct HeapCount {
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

    /// Counts shared memory and returns `true` on its first visit.
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
    /// Returns an estimate of the record's heap memory in bytes.
    ///
    /// Memory that several of its values share counts once. Computes in **O(n)** time for n values.
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

/// Returns the size of the shared value and of the two counters before it.
pub(super) fn arc_bytes<T: ?Sized>(shared: &Arc<T>) -> usize {
    let counters = 2 * size_of::<usize>();
    (counters + size_of_val(&**shared)).next_multiple_of(align_of::<usize>())
}
