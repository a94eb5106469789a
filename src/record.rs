//! Named values for one object.

use std::borrow::Cow;

use crate::value::Value;

/// Named values for one object, as a data file or a script gives them.
///
/// Names keep their order and may repeat. A store rejects unknown and repeated names when the record is
/// inserted.
///
/// # Example
/// ```
/// use slotted::{Record, Value, record};
/// let age = 41;
/// let written = record! { name: "Ada", age, "size in cm": 170 };
/// let pairs = [("name", Value::from("Ada")), ("age", age.into()), ("size in cm", 170.into())];
/// let collected: Record = pairs.into_iter().collect();
/// assert_eq!(written, collected);
/// ```
///
/// With the feature `serde`, a record can be deserialized from any map:
///
#[cfg_attr(feature = "serde", doc = "```")]
#[cfg_attr(not(feature = "serde"), doc = "```ignore")]
/// use slotted::{Kind, Record, Schema, Store};
/// let mut store = Store::new();
/// let person = Schema::builder("person").slot("name", Kind::Text).slot("age", Kind::U8);
/// store.register_schema(person.build()?)?;
/// let record: Record = serde_json::from_str(r#"{"name": "Ada", "age": 41}"#)?;
/// store.spawn_record("person", record)?;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Record {
    values: Vec<(Name, Value)>,
}

/// A slot's name in a record. Most names are literals and need no allocation.
pub(crate) type Name = Cow<'static, str>;

impl Record {
    /// Creates an empty record.
    ///
    /// # Example
    /// ```
    /// assert!(slotted::Record::new().is_empty());
    /// ```
    #[must_use]
    pub const fn new() -> Self {
        Self { values: Vec::new() }
    }

    /// Creates an empty record with room for this many values.
    ///
    /// # Panics
    /// Panics if the capacity exceeds `isize::MAX` bytes.
    ///
    /// # Example
    /// ```
    /// let mut record = slotted::Record::with_capacity(2);
    /// record.push("name", "Ada");
    /// record.push("age", 41);
    /// assert_eq!(record.len(), 2);
    /// ```
    #[must_use]
    pub fn with_capacity(values: usize) -> Self {
        Self { values: Vec::with_capacity(values) }
    }

    /// Appends a value.
    ///
    /// # Example
    /// ```
    /// let mut record = slotted::Record::new();
    /// record.push("age", 41);
    /// assert_eq!(record, slotted::record! { age: 41 });
    /// ```
    pub fn push(&mut self, name: impl Into<Name>, value: impl Into<Value>) {
        self.values.push((name.into(), value.into()));
    }

    /// Returns the first value with this name. Computes in **O(n)** time for n values.
    ///
    /// # Example
    /// ```
    /// let record = slotted::record! { name: "Ada", age: 41 };
    /// assert_eq!(record.get("age"), Some(&41.into()));
    /// assert_eq!(record.get("height"), None);
    /// ```
    #[must_use]
    pub fn get(&self, name: &str) -> Option<&Value> {
        self.iter().find(|(own, _)| *own == name).map(|(_, value)| value)
    }

    pub(crate) fn value(&self, position: usize) -> &Value {
        &self.values[position].1
    }

    /// Returns the number of values.
    ///
    /// # Example
    /// ```
    /// assert_eq!(slotted::record! { name: "Ada", age: 41 }.len(), 2);
    /// ```
    #[must_use]
    pub const fn len(&self) -> usize {
        self.values.len()
    }

    /// Returns `true` if the record has no values.
    ///
    /// # Example
    /// ```
    /// assert!(!slotted::record! { age: 41 }.is_empty());
    /// ```
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.values.is_empty()
    }

    /// Returns an iterator over the names and values, in order.
    ///
    /// # Example
    /// ```
    /// let record = slotted::record! { name: "Ada", age: 41 };
    /// assert!(record.iter().map(|(name, _)| name).eq(["name", "age"]));
    /// ```
    pub fn iter(&self) -> impl ExactSizeIterator<Item = (&str, &Value)> + Clone {
        self.values.iter().map(|(name, value)| (&**name, value))
    }
}

impl<N: Into<Name>, V: Into<Value>> FromIterator<(N, V)> for Record {
    fn from_iter<I: IntoIterator<Item = (N, V)>>(values: I) -> Self {
        Self {
            values: values.into_iter().map(|(name, value)| (name.into(), value.into())).collect(),
        }
    }
}

impl<N: Into<Name>, V: Into<Value>> Extend<(N, V)> for Record {
    fn extend<I: IntoIterator<Item = (N, V)>>(&mut self, values: I) {
        for (name, value) in values {
            self.push(name, value);
        }
    }
}

impl IntoIterator for Record {
    type Item = (Name, Value);
    type IntoIter = std::vec::IntoIter<(Name, Value)>;

    fn into_iter(self) -> Self::IntoIter {
        self.values.into_iter()
    }
}

/// Creates a [`Record`] of named values.
///
/// A name without a value takes the variable of that name.
///
/// # Example
/// ```
/// let age = 41;
/// let record = slotted::record! { age, health: 80.0, "max health": 100.0 };
/// assert_eq!(record.get("max health"), Some(&100.0.into()));
/// ```
#[macro_export]
macro_rules! record {
    (@name $name:ident) => { ::core::stringify!($name) };
    (@name $name:literal) => { $name };
    (@fill $record:ident) => {};
    (@fill $record:ident $name:ident : $value:expr $(, $($rest:tt)*)?) => {
        $record.push($crate::record!(@name $name), $value);
        $($crate::record!(@fill $record $($rest)*);)?
    };
    (@fill $record:ident $name:literal : $value:expr $(, $($rest:tt)*)?) => {
        $record.push($crate::record!(@name $name), $value);
        $($crate::record!(@fill $record $($rest)*);)?
    };
    (@fill $record:ident $name:ident $(, $($rest:tt)*)?) => {
        $record.push(::core::stringify!($name), $name);
        $($crate::record!(@fill $record $($rest)*);)?
    };
    ($($values:tt)*) => {{
        #[allow(unused_mut)]
        let mut record = $crate::Record::new();
        $crate::record!(@fill record $($values)*);
        record
    }};
}
