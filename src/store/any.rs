//! Values of kind `any` and their handles.

use crate::any::Any;
use crate::error::AnyError;
use crate::store::{Store, dynamic};
use crate::value::Value;

impl Store {
    /// Returns the handle of a value, and stores the value if it is new.
    ///
    /// Equal values share one handle. Values without objects stay until [`release_memory`](Self::release_memory).
    ///
    /// Computes in **O(n)** time.
    ///
    /// # Errors
    /// Returns an error if the value contains a reference or is nested more than [`Any::DEEPEST`] levels deep, or if the texts
    /// would exceed [`Limits::text_bytes`](crate::Limits::text_bytes).
    ///
    /// # Example
    /// ```
    /// use slotted::{Store, Value};
    /// let mut store = Store::new();
    /// let part = Value::List([Value::from("arm_l"), 4.into()].into());
    /// let handle = store.intern_any(&part)?;
    /// assert_eq!(store.intern_any(&part)?, handle);
    /// assert_eq!(store.find_any(&part), Some(handle));
    /// assert_eq!(store.resolve_any(handle), Some(part));
    /// # Ok::<(), slotted::error::AnyError>(())
    /// ```
    pub fn intern_any(&mut self, value: &Value) -> Result<Any, AnyError> {
        Ok(Any::new(self.intern_text(&value.to_json()?)?))
    }

    /// Returns the handle of a stored value.
    ///
    /// [`intern_any`](Self::intern_any) has an example.
    #[must_use]
    pub fn find_any(&self, value: &Value) -> Option<Any> {
        self.find_text(&value.to_json().ok()?).map(Any::new)
    }

    /// Returns the value of a handle. A handle of another store gives `None` or another value.
    ///
    /// Computes in **O(n)** time. [`intern_any`](Self::intern_any) has an example.
    #[must_use]
    pub fn resolve_any(&self, any: Any) -> Option<Value> {
        dynamic::resolve_any(any.text(), &self.interner)
    }

    /// Keeps a value for as long as the store lives, for a handle that the program keeps outside the store.
    ///
    /// Returns `false` if the store has no value of this handle.
    ///
    /// # Example
    /// ```
    /// let mut store = slotted::Store::new();
    /// let idle = store.intern_any(&"idle".into())?;
    /// assert!(store.keep_any(idle));
    /// store.release_memory();
    /// assert_eq!(store.resolve_any(idle), Some("idle".into()));
    /// # Ok::<(), slotted::error::AnyError>(())
    /// ```
    pub fn keep_any(&mut self, any: Any) -> bool {
        self.keep_text(any.text())
    }
}
