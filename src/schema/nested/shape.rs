//! The shape of a nested value, which follows from the names of slots.

use std::fmt;
use std::ops::Range;
use std::sync::Arc;

use crate::kind::Kind;
use crate::schema::Slot;
use crate::schema::nested::SIGNS;
use crate::schema::nested::union::Union;
use crate::schema::slot::Need;
use crate::value::Value;

/// The slots that hold the parts of a nested value, as [`RegisteredSchema::shape`] returns it.
///
/// A nested value is stored in columns, one for each part, as Dremel does it (Melnik et al., "Dremel: Interactive Analysis of
/// Web-Scale Datasets", 2010). The names of the slots alone say which parts belong together:
///
/// | name of a slot | what it holds |
/// |---|---|
/// | `damage.min` | the part `min` of the record `damage` |
/// | `size.0` | the first part of the tuple `size` |
/// | `drops[].item` | the parts `item` of all elements of the list `drops`: a list |
/// | `melee{}.key`, `melee{}.value` | the names and the values of the map `melee`: two lists |
/// | `drops[].chance?` | a list of `bool`: whether each element has a `chance`. The list `drops[].chance` has those that exist |
/// | `drops[].tags#` | a list of `u32`: how many of the elements in `drops[].tags` belong to each element of `drops` |
/// | `grid[]`, `grid[]#` | the numbers of a list of lists, and the length of each list |
/// | `effect@type` | the variant of `effect`, a map that names it under `type`: an enum |
/// | `effect@heal.amount` | the part `amount` of the variant `heal`, unset in others |
/// | `effect@heal.area?` | a `bool`: whether a value of the variant `heal` has an `area`, which it may lack |
/// | `shape@`, `shape@circle.radius` | the same for `{ circle = { radius = 2 } }`, or the text `point` |
/// | `cost|`, `cost|number`, `cost|text` | the sort of the value `cost`, and the value if it is a number or a text |
///
/// [`RegisteredSchema::shape`]: crate::schema::RegisteredSchema::shape
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub enum Shape {
    /// A value that is not nested, or a list of such values.
    Slot(Part),
    /// A map with these names.
    Record(Box<[(Arc<str>, Self)]>),
    /// A list that has a value for each of these positions.
    Tuple(Box<[(Arc<str>, Self)]>),
    /// A list of elements of one shape.
    List(Elements),
    /// A map of any names, with values of one shape: the elements are records of `key` and `value`.
    Map(Elements),
    /// A value of one of several variants.
    Union(Union),
}

/// The slot of a part.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct Part {
    /// The position of the slot.
    pub slot: usize,
    /// The position of the slot that says which elements have the part. `None` outside of lists, and if all have it.
    pub is_set: Option<usize>,
    /// The position of the slot with the number of values of each element. `None` outside of lists, and if each has one.
    pub lengths: Option<usize>,
    /// The value of elements, and of values of a variant, that leave the part out.
    pub default: Option<Value>,
    /// The reason why a record in an element, or in a value of a variant, has the part.
    pub(in crate::schema) need: Option<Need>,
}

/// The elements of a list or a map.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct Elements {
    /// The shape of each element.
    pub element: Box<Shape>,
    /// As in a [`Part`], for a list in the elements of another one.
    pub is_set: Option<usize>,
    /// As in a [`Part`], for a list in the elements of another one.
    pub lengths: Option<usize>,
}

/// The names of the two parts of a map's element.
pub(super) const KEY: &str = "key";
pub(super) const VALUE: &str = "value";

impl Shape {
    /// Calls the function with the position of each slot of the shape.
    ///
    /// # Example
    /// ```
    /// use slotted::{Kind, Schema, Store};
    /// let mut store = Store::new();
    /// let drop = Schema::builder("drop").slot("item", Kind::Text).slot("chance", Kind::F32).optional();
    /// let unit = Schema::builder("unit").nested_list("drops", &drop.build()?);
    /// store.register_schema(unit.build()?)?;
    /// let unit = store.schema("unit").unwrap();
    /// let mut names = Vec::new();
    /// unit.shape("drops").unwrap().for_each_slot(&mut |slot| names.push(unit.slots()[slot].name()));
    /// assert_eq!(names, ["drops[].item", "drops[].chance", "drops[].chance?"]);
    /// # Ok::<(), slotted::SchemaError>(())
    /// ```
    pub fn for_each_slot(&self, call: &mut dyn FnMut(usize)) {
        self.each_slot(false, &mut |slot, _| call(slot));
    }

    /// Calls the function with the position of each slot, and whether it holds the values of elements.
    pub(super) fn each_slot(&self, in_list: bool, call: &mut dyn FnMut(usize, bool)) {
        match self {
            Self::Slot(part) => {
                call(part.slot, in_list);
                let companions = part.is_set.into_iter().chain(part.lengths);
                companions.for_each(|slot| call(slot, in_list));
            }
            Self::Record(fields) | Self::Tuple(fields) => {
                fields.iter().for_each(|(_, shape)| shape.each_slot(in_list, call));
            }
            Self::List(elements) | Self::Map(elements) => {
                let companions = elements.is_set.into_iter().chain(elements.lengths);
                companions.for_each(|slot| call(slot, in_list));
                elements.element.each_slot(true, call);
            }
            Self::Union(union) => union.for_each_slot(in_list, call),
        }
    }

    /// Returns `true` if the shape has a union outside of lists.
    pub(super) fn has_union(&self) -> bool {
        match self {
            Self::Union(_) => true,
            Self::Record(fields) | Self::Tuple(fields) => {
                fields.iter().any(|(_, shape)| shape.has_union())
            }
            Self::Slot(_) | Self::List(_) | Self::Map(_) => false,
        }
    }

    /// Returns `true` if the slot is that of a union outside of lists.
    pub(super) fn is_in_union(&self, slot: usize) -> bool {
        match self {
            Self::Union(_) => {
                let mut is_in = false;
                self.for_each_slot(&mut |own| is_in |= own == slot);
                is_in
            }
            Self::Record(fields) | Self::Tuple(fields) => {
                fields.iter().any(|(_, shape)| shape.is_in_union(slot))
            }
            Self::Slot(_) | Self::List(_) | Self::Map(_) => false,
        }
    }

    /// Returns the positions from the first slot of the shape to the last one.
    ///
    /// # Example
    /// ```
    /// use slotted::{Kind, Schema, Store};
    /// let mut store = Store::new();
    /// let drop = Schema::builder("drop").slot("item", Kind::Text).slot("chance", Kind::F32).build()?;
    /// let unit = Schema::builder("unit").slot("health", Kind::F32).nested_list("drops", &drop);
    /// store.register_schema(unit.build()?)?;
    /// assert_eq!(store.schema("unit").unwrap().shape("drops").unwrap().slot_range(), 1..3);
    /// # Ok::<(), slotted::SchemaError>(())
    /// ```
    #[must_use]
    pub fn slot_range(&self) -> Range<usize> {
        let mut range: Option<Range<usize>> = None;
        self.for_each_slot(&mut |slot| {
            let (first, end) =
                range.as_ref().map_or((slot, slot), |known| (known.start, known.end));
            range = Some(first.min(slot)..end.max(slot + 1));
        });
        range.unwrap_or_default()
    }

    /// Returns a slot that a record needs, and its default. `path` is that of the record, or of another one in it.
    pub(super) fn needed_in(&self, path: &dyn fmt::Display) -> Option<(usize, Option<&Value>)> {
        let (slot, need) = match self {
            Self::Slot(part) => (part.slot, part.need.as_ref()?),
            Self::Union(union) => (union.variant, union.need.as_ref()?),
            Self::List(elements) | Self::Map(elements) => return elements.element.needed_in(path),
            Self::Record(fields) | Self::Tuple(fields) => {
                return fields.iter().find_map(|(_, shape)| shape.needed_in(path));
            }
        };
        let path = path.to_string();
        let within = path.strip_prefix(&*need.record)?;
        // The element of a list in the record has needs of its own.
        let is_in = within.is_empty() || (within.starts_with('.') && !within.contains(SIGNS));
        is_in.then_some((slot, need.default.as_ref()))
    }

    /// Returns the shape of a value in this one. `path` begins with the separator before its name.
    pub(super) fn find(&self, path: &str) -> Option<&Self> {
        if path.is_empty() {
            return Some(self);
        }
        match self {
            Self::Slot(_) => None,
            Self::Record(fields) | Self::Tuple(fields) => find(fields, path.strip_prefix('.')?),
            Self::List(elements) => elements.element.find(path.strip_prefix("[]")?),
            Self::Map(elements) => elements.element.find(path.strip_prefix("{}")?),
            Self::Union(union) => {
                let path = path.strip_prefix(['@', '|'])?;
                union
                    .variants
                    .iter()
                    .find_map(|(name, shape)| shape.as_ref()?.find(path.strip_prefix(&**name)?))
            }
        }
    }
}

/// As in `a list of maps of item, chance`.
impl fmt::Display for Shape {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let names = |fields: &[(Arc<str>, Self)]| {
            fields.iter().map(|(name, _)| &**name).collect::<Vec<_>>().join(", ")
        };
        match self {
            Self::Slot(_) => f.write_str("a value"),
            Self::Record(fields) => write!(f, "a map of {}", names(fields)),
            Self::Tuple(fields) => write!(f, "a list of {} values", fields.len()),
            Self::List(elements) => match &*elements.element {
                Self::Slot(part) if part.lengths.is_some() => f.write_str("a list of lists"),
                Self::Slot(_) => f.write_str("a list of values"),
                Self::Record(fields) => write!(f, "a list of maps of {}", names(fields)),
                Self::Tuple(fields) => write!(f, "a list of lists of {} values", fields.len()),
                Self::List(_) => f.write_str("a list of lists"),
                Self::Map(_) => f.write_str("a list of maps"),
                Self::Union(union) => write!(f, "a list, each element {union}"),
            },
            Self::Map(_) => f.write_str("a map of names and values"),
            Self::Union(union) => union.fmt(f),
        }
    }
}

/// Returns the shape of the nested value with this path.
pub(super) fn find<'f>(fields: &'f [(Arc<str>, Shape)], path: &str) -> Option<&'f Shape> {
    fields.iter().find_map(|(name, shape)| shape.find(path.strip_prefix(&**name)?))
}

impl Elements {
    /// Returns `true` if the elements have a key, which is a text or a reference, and a value.
    pub(super) fn is_of_map(&self, slots: &[Slot]) -> bool {
        let Shape::Record(fields) = &*self.element else { return false };
        let [(first, Shape::Slot(key)), (second, _)] = &**fields else { return false };
        let is_key =
            matches!(slots[key.slot].kind().element(), Kind::Text | Kind::Enum(_) | Kind::Object);
        let always = key.is_set.is_none() && key.lengths.is_none();
        (&**first, &**second) == (KEY, VALUE) && is_key && always
    }
}
