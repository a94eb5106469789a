//! The twin of the case that does not compile.

use slotted::{Store, View};

#[allow(dead_code, reason = "only the attribute matters")]
#[derive(View)]
#[view(lenient)]
struct Moving<'a> {
    position: &'a mut f32,
}

#[test]
fn leniency_of_the_whole_view() {
    assert!(Store::new().view_ref::<Reading>().is_ok_and(|view| view.count() == 0));
    assert!(Store::new().view::<Moving>().is_ok());
}

#[derive(View)]
#[allow(dead_code, reason = "only the attribute matters")]
#[view(lenient)]
struct Reading<'a> {
    position: Option<&'a f32>,
}
