//! The difference between slots and maps, shown on one object.

use std::error::Error;

use slotted::{ByName, Kind, MapStore, Schema, Store, record};

/// Gives a person with a name and an age a height, in slots and in a map.
pub(crate) fn story() -> Result<String, Box<dyn Error>> {
    let mut store = Store::new();
    let person = Schema::builder("person").slot("name", Kind::Text).slot("age", Kind::U8);
    store.register_schema(person.build()?)?;
    let slots = give_height(&mut store)?;
    let map = give_height(&mut MapStore::new())?;
    Ok(format!(
        "A program gives a person with name and age a height.\n  slots: {slots}\n  map:   {map}"
    ))
}

fn give_height(store: &mut impl ByName) -> Result<String, Box<dyn Error>> {
    let ada = store.spawn_record("person", record! { name: "Ada", age: 41 })?;
    Ok(match store.set_value(ada, "height", 170.into()) {
        Ok(()) => format!("accepted, height is {}", store.get_value(ada, "height")?),
        Err(error) => error.to_string(),
    })
}
