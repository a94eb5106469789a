//! The twin of the case that does not compile.

use slotted::{Kind, Schema, Store, View, view::Mut};

#[derive(View)]
struct Healthy<'a> {
    health: Mut<'a, f32>,
}

#[test]
fn a_view_that_marks_its_changes_has_the_store_to_itself() -> Result<(), Box<dyn std::error::Error>>
{
    let mut store = Store::new();
    store.register_schema(Schema::builder("unit").slot("health", Kind::F32).build()?)?;
    store.view::<Healthy>()?.for_each(|mut unit| *unit.health += 1.0);
    Ok(())
}
