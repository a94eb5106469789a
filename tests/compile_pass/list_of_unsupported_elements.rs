//! The twin of the case that does not compile.

use slotted::{LimitError, Store};

#[test]
fn a_list_of_texts_is_one_of_handles() -> Result<(), LimitError> {
    let mut store = Store::new();
    let tags = [store.intern_text("metal")?, store.intern_text("sharp")?];
    let list = store.intern_list(&tags)?;
    assert_eq!(store.resolve_list(list), Some(&tags[..]));
    Ok(())
}
