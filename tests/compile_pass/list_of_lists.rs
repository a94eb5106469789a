//! The twin of the case that does not compile.

use slotted::{List, Slotted, Store};

#[derive(Slotted, Clone, Copy)]
struct Item {
    drops: List<u8>,
}

#[test]
fn a_slot_holds_a_list() -> Result<(), Box<dyn std::error::Error>> {
    let mut store = Store::new();
    store.register::<Item>()?;
    let drops = store.intern_list(&[22, 7])?;
    let item = store.spawn(Item { drops })?;
    assert_eq!(store.get_object::<Item>(item)?.drops, drops);
    Ok(())
}
