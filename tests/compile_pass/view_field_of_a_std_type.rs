//! The twin of the case that does not compile.

use slotted::{Kind, List, Schema, Store, Text, View, record};

#[derive(View)]
struct Named<'a> {
    name: &'a Text,
    scores: Option<&'a List<u16>>,
}

#[test]
fn views_borrow_the_handles_of_texts_and_lists() -> Result<(), Box<dyn std::error::Error>> {
    let mut store = Store::new();
    let person = Schema::builder("person").slot("name", Kind::Text);
    let person = person.slot("scores", Kind::list(Kind::U16)).optional();
    store.register_schema(person.build()?)?;
    store.spawn_record("person", record! { name: "Ada" })?;
    let name = store.find_text("Ada");
    store.view::<Named>()?.for_each(|person| {
        assert_eq!(Some(*person.name), name);
        assert!(person.scores.is_none());
    });
    Ok(())
}
