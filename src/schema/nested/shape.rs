//! The shape of a nested value, which follows from the names of slots.

use std::fmt;
use std::ops::Range;
use std::sync::Arc;

use crate::kind::{Kind, NumberKind};
use crate::schema::Slot;

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
///
/// [`RegisteredSchema::shape`]: crate::schema::RegisteredSchema::shape
#[derive(Clone, Debug, PartialEq, Eq)]
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
}

/// The slot of a part.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Part {
    /// The position of the slot.
    pub slot: usize,
    /// The position of the slot that says which elements have the part. `None` outside of lists, and if all have it.
    pub is_set: Option<usize>,
    /// The position of the slot with the number of values of each element. `None` outside of lists, and if each has one.
    pub lengths: Option<usize>,
}

/// The elements of a list or a map.
#[derive(Clone, Debug, PartialEq, Eq)]
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
        match self {
            Self::Slot(part) => {
                call(part.slot);
                part.is_set.into_iter().chain(part.lengths).for_each(call);
            }
            Self::Record(fields) | Self::Tuple(fields) => {
                fields.iter().for_each(|(_, shape)| shape.for_each_slot(call));
            }
            Self::List(elements) | Self::Map(elements) => {
                elements.is_set.into_iter().chain(elements.lengths).for_each(&mut *call);
                elements.element.for_each_slot(call);
            }
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
            },
            Self::Map(_) => f.write_str("a map of names and values"),
        }
    }
}

/// Returns the shape of the nested value with this path.
pub(super) fn find<'f>(fields: &'f [(Arc<str>, Shape)], path: &str) -> Option<&'f Shape> {
    fields.iter().find_map(|(name, shape)| shape.find(path.strip_prefix(&**name)?))
}

/// A shape that is not complete yet: all slots whose names begin with the same path.
#[derive(Default)]
struct Draft {
    slot: Option<usize>,
    is_set: Option<usize>,
    lengths: Option<usize>,
    fields: Vec<(Arc<str>, Draft)>,
    list: Option<Box<Draft>>,
    map: Option<Box<Draft>>,
}

/// Returns the nested values of these slots by name.
pub(in crate::schema) fn shapes(slots: &[Slot]) -> Box<[(Arc<str>, Shape)]> {
    let is_part = |slot: &Slot| slot.name().contains(['.', '[', '{']);
    if !slots.iter().any(is_part) {
        return Box::default();
    }
    let mut draft = Draft::default();
    for (index, slot) in slots.iter().enumerate() {
        draft.insert(slot.name(), index);
    }
    let shapes = draft.fields(slots, false).into_iter();
    shapes.filter(|(_, shape)| !matches!(shape, Shape::Slot(_))).collect()
}

impl Draft {
    fn insert(&mut self, path: &str, index: usize) {
        let (first, rest) = match path.split_once('.') {
            Some((first, rest)) if !first.is_empty() && !rest.is_empty() => (first, Some(rest)),
            _ => (path, None),
        };
        let (name, suffix) = match rest {
            Some(_) => (first, None),
            None => match first.char_indices().next_back() {
                Some((at, suffix @ ('?' | '#'))) if at > 0 => (&first[..at], Some(suffix)),
                _ => (first, None),
            },
        };
        let mut bare = name;
        while let Some(shorter) = bare.strip_suffix("[]").or_else(|| bare.strip_suffix("{}")) {
            bare = shorter;
        }
        let bare = if bare.is_empty() { name } else { bare };
        let mut draft = self.field(bare);
        let mut brackets = &name[bare.len()..];
        while let Some((bracket, others)) = brackets.split_at_checked(2) {
            let inner = if bracket == "[]" { &mut draft.list } else { &mut draft.map };
            draft = inner.get_or_insert_default();
            brackets = others;
        }
        match (rest, suffix) {
            (Some(rest), _) => draft.insert(rest, index),
            (None, Some('?')) => draft.is_set = Some(index),
            (None, Some(_)) => draft.lengths = Some(index),
            (None, None) => draft.slot = Some(index),
        }
    }

    fn field(&mut self, name: &str) -> &mut Self {
        let known = self.fields.iter().position(|(own, _)| &**own == name);
        let position = known.unwrap_or_else(|| {
            self.fields.push((name.into(), Self::default()));
            self.fields.len() - 1
        });
        &mut self.fields[position].1
    }

    /// Returns the shapes of the fields. Slots that form none are not among them.
    fn fields(self, slots: &[Slot], is_in_list: bool) -> Vec<(Arc<str>, Shape)> {
        let mut fields = Vec::new();
        for (name, mut draft) in self.fields {
            // A slot may have a name before a dot of another.
            let inner = match draft.slot {
                Some(_) => std::mem::take(&mut draft.fields),
                None => Vec::new(),
            };
            // Outside of lists, a name ends with these characters by chance.
            if !is_in_list {
                for (sign, slot) in [('?', draft.is_set.take()), ('#', draft.lengths.take())] {
                    let shape =
                        slot.map(|slot| Shape::Slot(Part { slot, is_set: None, lengths: None }));
                    fields.extend(shape.map(|shape| (format!("{name}{sign}").into(), shape)));
                }
            }
            let shape = draft.finish(slots, is_in_list);
            fields.extend(shape.map(|shape| (Arc::clone(&name), shape)));
            let inner = Self { fields: inner, ..Self::default() }.fields(slots, is_in_list);
            fields.extend(
                inner.into_iter().map(|(part, shape)| (format!("{name}.{part}").into(), shape)),
            );
        }
        fields
    }

    fn finish(self, slots: &[Slot], is_in_list: bool) -> Option<Shape> {
        let list_of = |slot: usize| match slots[slot].kind() {
            Kind::List(list) => Some(list.element()),
            _ => None,
        };
        let (is_set, lengths) = (self.is_set, self.lengths);
        let fits =
            |slot: Option<usize>, kind: Kind| slot.is_none_or(|slot| list_of(slot) == Some(&kind));
        if !fits(is_set, Kind::Bool) || !fits(lengths, Kind::Number(NumberKind::U32)) {
            return None;
        }
        if let Some(slot) = self.slot {
            let part = Part { slot, is_set, lengths };
            return (!is_in_list || list_of(slot).is_some()).then_some(Shape::Slot(part));
        }
        let is_map = self.map.is_some();
        if let Some(element) = self.list.or(self.map) {
            // Without lengths, nobody knows where an inner list ends.
            if is_in_list != lengths.is_some() {
                return None;
            }
            let element = Box::new(element.finish(slots, true)?);
            let elements = Elements { element, is_set, lengths };
            return match is_map {
                false => Some(Shape::List(elements)),
                true => elements.is_of_map(slots).then_some(Shape::Map(elements)),
            };
        }
        let draft = Self { fields: self.fields, ..Self::default() };
        let mut fields = draft.fields(slots, is_in_list);
        if fields.is_empty() {
            return None;
        }
        let number =
            |name: &str| name.parse::<usize>().ok().filter(|number| number.to_string() == name);
        fields.sort_by_key(|(name, _)| number(name));
        let is_tuple = fields.iter().enumerate().all(|(at, (name, _))| number(name) == Some(at));
        let fields = fields.into();
        Some(if is_tuple { Shape::Tuple(fields) } else { Shape::Record(fields) })
    }
}

impl Elements {
    /// Returns `true` if the elements have a key, which is a text or a reference, and a value.
    fn is_of_map(&self, slots: &[Slot]) -> bool {
        let Shape::Record(fields) = &*self.element else { return false };
        let [(first, Shape::Slot(key)), (second, _)] = &**fields else { return false };
        let is_key =
            matches!(slots[key.slot].kind().element(), Kind::Text | Kind::Enum(_) | Kind::Object);
        let always = key.is_set.is_none() && key.lengths.is_none();
        (&**first, &**second) == (KEY, VALUE) && is_key && always
    }
}
