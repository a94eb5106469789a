//! The twin of the case that does not compile.

use slotted::{Slotted, Store};

#[derive(Slotted, Clone, Copy)]
struct Unit {
    health: f32,
}

#[test]
fn a_key_that_exists_reads_its_slot() {
    let mut store = Store::new();
    store.register::<Unit>().unwrap();
    let keys = store.keys::<Unit>().unwrap();
    let unit = store.spawn(Unit { health: 80.0 }).unwrap();
    assert_eq!(store.get(unit, keys.health), Some(80.0));
}
