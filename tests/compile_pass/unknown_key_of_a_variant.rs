//! The twin of the case that does not compile.

use slotted::bytemuck::{CheckedBitPattern, NoUninit};
use slotted::{Kind, Schema, SlotValue, Store, View};

#[derive(SlotValue, NoUninit, CheckedBitPattern, Clone, Copy)]
#[repr(u8)]
enum Job {
    #[slot(name = "royal guard")]
    Guard,
}

#[derive(View)]
#[slotted(crate = "slotted")]
struct Named<'a> {
    name: &'a slotted::Text,
}

#[test]
fn a_variant_has_another_name() -> Result<(), Box<dyn std::error::Error>> {
    assert_eq!(Job::kind(), Kind::enumeration(["royal guard"]));
    assert_eq!(Job::Guard as u8, 0);
    let mut store = Store::new();
    store.register_schema(Schema::builder("person").slot("name", Kind::Text).build()?)?;
    store.view::<Named>()?.for_each(|object| panic!("no object is alive: {:?}", object.name));
    Ok(())
}
