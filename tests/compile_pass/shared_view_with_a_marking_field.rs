//! The twin of the case that does not compile.

use slotted::{Kind, Schema, Store, View, view::Mut};

#[derive(View)]
struct Healthy<'a> {
    health: &'a f32,
}

#[test]
fn a_view_that_changes_nothing_reads_a_shared_store() -> Result<(), Box<dyn std::error::Error>> {
    let mut store = Store::new();
    store.register_schema(Schema::builder("unit").slot("health", Kind::F32).build()?)?;
    let store = store;
    store.view_ref::<Healthy>()?.for_each(|unit| assert!(*unit.health > 0.0));
    Ok(())
}
