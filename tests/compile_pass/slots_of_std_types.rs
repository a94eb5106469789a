//! The twin of the case that does not compile.

use slotted::glam::Vec2;
use slotted::{List, Slotted, Store, Text};

#[derive(Slotted, Clone, Copy)]
struct Person {
    name: Text,
    title: Text,
    nickname: Option<Text>,
    scores: List<u16>,
    drops: List<u32>,
    levels: List<u8>,
    skills: List<u16>,
    age: u64,
    debt: i64,
    spouse: Option<u8>,
    initial: u32,
    position: Vec2,
    flags: [u8; 4],
}

#[test]
fn each_type_has_one_that_a_slot_holds() -> Result<(), Box<dyn std::error::Error>> {
    let mut store = Store::new();
    store.register::<Person>()?;
    let (name, title) = (store.intern_text("Ada")?, store.intern_text("Lady")?);
    let scores = store.intern_list(&[7, 9])?;
    let person = store.spawn(Person {
        name,
        title,
        nickname: None,
        scores,
        drops: List::EMPTY,
        levels: List::EMPTY,
        skills: List::EMPTY,
        age: 36,
        debt: -1,
        spouse: None,
        initial: 'A'.into(),
        position: Vec2::ZERO,
        flags: [1, 0, 0, 1],
    })?;
    assert_eq!(store.get_value(person, "name")?, "Ada".into());
    assert_eq!(store.get_value(person, "scores")?, [7_u16, 9].into());
    Ok(())
}
