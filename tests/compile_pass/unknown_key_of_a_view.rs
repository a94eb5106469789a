//! The twin of the case that does not compile.

use slotted::{Store, View};

#[allow(dead_code, reason = "only the attribute matters")]
#[derive(View)]
#[view(lenient)]
struct Moving<'a> {
    position: &'a mut f32,
}

#[test]
fn a_lenient_view_of_a_store_without_schemas_is_empty() {
    assert!(Store::new().view::<Moving>().is_ok_and(|view| view.count() == 0));
}
