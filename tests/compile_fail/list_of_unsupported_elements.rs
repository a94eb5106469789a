//! A list with elements that no slot can hold.

use slotted::Store;

fn main() {
    let mut store = Store::new();
    let _ = store.intern_list(&["metal", "sharp"]);
}
