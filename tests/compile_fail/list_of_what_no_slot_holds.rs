//! A list whose elements no slot could hold.

use slotted::Store;

fn main() {
    let mut store = Store::new();
    let _ = store.intern_list(&["metal", "sharp"]);
}
