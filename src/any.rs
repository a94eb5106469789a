//! The handle of an interned value of any kind.

use std::fmt;

use bytemuck::TransparentWrapper;

use crate::text::Text;

/// The handle of a value of any kind that its store keeps once. It has four bytes; equal values have equal handles.
///
/// A slot of this type takes what no other kind describes: texts beside numbers, maps, nested lists. The value never changes;
/// assign a new one to the slot instead. [`Store::intern_any`](crate::Store::intern_any) returns the handle of a value, and
/// [`Store::resolve_any`](crate::Store::resolve_any) the value of a handle. By name, such a slot reads and takes a
/// [`Value`](crate::Value) as it is.
///
/// The store keeps the value as a text, its JSON, and treats the handle like that of a [`Text`]: it stays until nothing refers
/// to it and it is released, and belongs to its own store. So a value counts towards the limit of texts, and each read takes
/// **O(n)** time. Declare a kind for what systems read in every frame.
///
/// Two things are refused: references to objects, which nobody could check or redirect in there, and values that are nested
/// more than [`DEEPEST`](Self::DEEPEST) levels deep.
///
/// # Example
/// ```
/// use slotted::{Any, Slotted, Store, Value, record};
///
/// #[derive(Slotted, Clone, Copy)]
/// struct Item {
///     use_action: Any,
///     notes: Option<Any>,
/// }
///
/// let mut store = Store::new();
/// store.register::<Item>()?;
/// let meditate = store.spawn_record("item", record! { use_action: "MEDITATE" })?;
/// let heal: Value = [("type", Value::from("heal")), ("amount", 5.into())].into_iter().collect();
/// let bandage = store.spawn_record("item", record! { use_action: heal.clone() })?;
///
/// assert_eq!(store.get_value(meditate, "use_action")?, "MEDITATE".into());
/// assert_eq!(store.get_object::<Item>(bandage)?.use_action, store.intern_any(&heal)?);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Copy, PartialEq, Eq, Hash, Default, TransparentWrapper)]
#[repr(transparent)]
pub struct Any(Text);

impl Any {
    /// The handle of [`Value::Unset`](crate::Value::Unset), in every store: an element of a list. Slots refuse it; an optional one
    /// is unset with `None`.
    pub const UNSET: Self = Self(Text::EMPTY);

    /// The number of levels to which lists and maps in a value may be nested.
    pub const DEEPEST: usize = 128;

    pub(crate) const fn new(text: Text) -> Self {
        Self(text)
    }

    /// Returns the handle of the text that the store keeps for the value.
    pub(crate) const fn text(self) -> Text {
        self.0
    }
}

impl fmt::Debug for Any {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Any").field(&self.0.number()).finish()
    }
}
