//! The twin of the case that does not compile.

use slotted::{Records, Slotted, Store};

#[derive(Slotted, Clone, Copy)]
struct Spell {
    amount: Option<f32>,
}

#[derive(Slotted, Clone, Copy)]
struct Book {
    #[slot(nested)]
    spells: Records<Spell>,
}

#[test]
fn a_record_in_a_list_has_optional_fields() {
    let mut store = Store::new();
    store.register::<Book>().unwrap();
    let spells = store.intern_records(&[Spell { amount: None }]).unwrap();
    assert!(store.spawn(Book { spells }).is_ok());
}
