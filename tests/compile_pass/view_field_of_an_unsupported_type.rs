//! The twin of the case that does not compile.

use slotted::{Text, View};

#[derive(View)]
struct Named<'a> {
    name: &'a Text,
}

#[test]
fn a_text_is_viewed_by_its_handle() {
    assert_eq!(*Named { name: &Text::EMPTY }.name, Text::EMPTY);
}
