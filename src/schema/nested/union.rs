//! Values of one of several variants.

use std::fmt;
use std::sync::Arc;

use crate::kind::Kind;
use crate::schema::nested::shape::Shape;
use crate::schema::nested::spread::Tree;
use crate::schema::slot::Need;
use crate::value::Value;

/// A value of one of several variants, each with a shape of its own.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct Union {
    /// How a value says which variant it is.
    pub by: UnionBy,
    /// The position of the slot with the name of the variant, whose kind is an enum.
    pub variant: usize,
    /// As in a [`Part`](crate::schema::Part): the position of the slot that says which elements have a value.
    pub is_set: Option<usize>,
    /// The variants in the order of the enum. Those without values have no shape.
    pub variants: Box<[(Arc<str>, Option<Shape>)]>,
    /// As in a [`Part`](crate::schema::Part).
    pub(in crate::schema) need: Option<Need>,
}

/// How a value says which variant of a [`Union`] it is.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum UnionBy {
    /// A map has this attribute, with the name of the variant.
    Tag(Arc<str>),
    /// A map has one entry, under the name of the variant. A text is the name of a variant without values.
    Name,
    /// The variants are the sorts of values: `bool`, `number`, `text`, `list` and `map`.
    Sort,
}

impl UnionBy {
    /// Returns the sort of a kind's values. Values of kind `any`, and plain memory, have none.
    ///
    /// # Example
    /// ```
    /// use slotted::Kind;
    /// use slotted::schema::UnionBy;
    /// assert_eq!(UnionBy::sort_of(&Kind::F32), Some("number"));
    /// assert_eq!(UnionBy::sort_of(&Kind::Vec2), Some("list"));
    /// assert_eq!(UnionBy::sort_of(&Kind::Any), None);
    /// ```
    #[must_use]
    pub const fn sort_of(kind: &Kind) -> Option<&'static str> {
        match kind {
            Kind::Bool => Some("bool"),
            Kind::Number(_) => Some("number"),
            Kind::Text | Kind::Enum(_) | Kind::Object => Some("text"),
            Kind::Vector(_) | Kind::Array(..) | Kind::List(_) => Some("list"),
            Kind::Pod(_) | Kind::Any => None,
        }
    }
}

/// The names of the sorts of values.
pub(super) const SORTS: [&str; 5] = ["bool", "number", "text", "list", "map"];

/// The variant of a value.
pub(super) enum Chosen<'u, 't, T> {
    /// A variant with the value that has its shape.
    Shaped(&'u Arc<str>, &'u Shape, &'t T),
    /// A variant without values.
    Bare(&'u Arc<str>),
    /// No variant has this name.
    Unknown(T),
    /// The value says no variant.
    None,
}

impl Union {
    pub(super) fn find(&self, name: &str) -> Option<(&Arc<str>, Option<&Shape>)> {
        let found = self.variants.iter().find(|(own, _)| **own == *name)?;
        Some((&found.0, found.1.as_ref()))
    }

    /// Returns the variant of a value that is set.
    pub(super) fn choose<'u, 't, T: Tree>(&'u self, value: &'t T) -> Chosen<'u, 't, T> {
        let (mut entries, mut first, mut tag) = (0, None, None);
        let is_map = value.for_each_entry(&mut |name, part| {
            entries += 1;
            first.get_or_insert((name, part));
            if matches!(&self.by, UnionBy::Tag(own) if **own == *name) {
                tag.get_or_insert(part);
            }
        });
        let chosen = |name: &str, says: &'t T, value: &'t T| match self.find(name) {
            Some((name, Some(shape))) => Chosen::Shaped(name, shape, value),
            Some((name, None)) => Chosen::Bare(name),
            None => Chosen::Unknown(says.clone()),
        };
        match &self.by {
            UnionBy::Tag(_) => match tag.map(|tag| (tag, tag.as_text())) {
                Some((tag, Some(name))) => chosen(name, tag, value),
                _ => Chosen::None,
            },
            UnionBy::Name => match (value.as_text(), first) {
                (Some(name), _) => match self.find(name) {
                    Some((name, None)) => Chosen::Bare(name),
                    Some((_, Some(_))) => Chosen::None,
                    None => Chosen::Unknown(value.clone()),
                },
                (None, Some((name, part))) if entries == 1 => match self.find(name) {
                    Some((name, Some(shape))) => Chosen::Shaped(name, shape, part),
                    Some((name, None)) if is_empty(part) => Chosen::Bare(name),
                    Some(_) => Chosen::None,
                    None => Chosen::Unknown(value.single(name.into())),
                },
                _ => Chosen::None,
            },
            UnionBy::Sort if is_map => self.of_sort("map", value),
            UnionBy::Sort => value.sort().map_or(Chosen::None, |sort| self.of_sort(sort, value)),
        }
    }

    /// Returns the variant of a value, its shape, and the part of the value that has this shape. A variant without values has no
    /// shape.
    ///
    /// # Example
    /// ```
    /// use slotted::schema::Shape;
    /// use slotted::{Kind, Schema, Store, Value};
    /// let tag = Kind::enumeration(["heal", "rest"]);
    /// let spell = Schema::builder("spell").slot("effect@type", tag).slot("effect@heal.amount", Kind::F32);
    /// let mut store = Store::new();
    /// store.register_schema(spell.optional().build()?)?;
    /// let Some(Shape::Union(union)) = store.schema("spell").unwrap().shape("effect") else { panic!() };
    ///
    /// let heal = Value::from_iter([("type", Value::from("heal")), ("amount", 5.into())]);
    /// let (variant, shape, part) = union.split(&heal).unwrap();
    /// assert_eq!((&**variant, part), ("heal", &heal));
    /// assert_eq!(union.join(variant, shape.map(|_| part.clone())), heal);
    /// # Ok::<(), slotted::SchemaError>(())
    /// ```
    #[must_use]
    pub fn split<'u, 'v>(
        &'u self,
        value: &'v Value,
    ) -> Option<(&'u Arc<str>, Option<&'u Shape>, &'v Value)> {
        match self.choose(value) {
            Chosen::Shaped(name, shape, value) => Some((name, Some(shape), value)),
            Chosen::Bare(name) => Some((name, None, value)),
            Chosen::Unknown(_) | Chosen::None => None,
        }
    }

    fn of_sort<'u, 't, T>(&'u self, sort: &str, value: &'t T) -> Chosen<'u, 't, T> {
        match self.find(sort) {
            Some((name, Some(shape))) => Chosen::Shaped(name, shape, value),
            _ => Chosen::None,
        }
    }

    /// Returns the value of a variant as a record has it, given what has its shape.
    ///
    /// [`split`](Self::split) has an example.
    #[must_use]
    pub fn join(&self, name: &Arc<str>, value: Option<Value>) -> Value {
        match (&self.by, value) {
            (UnionBy::Name, Some(value)) => Value::Map([(Arc::clone(name), value)].into()),
            (_, Some(value)) => value,
            (_, None) => Value::Text(Arc::clone(name)),
        }
    }

    /// Calls the function with the position of each slot, and whether it holds the values of elements.
    pub(super) fn for_each_slot(&self, in_list: bool, call: &mut dyn FnMut(usize, bool)) {
        call(self.variant, in_list);
        if let Some(is_set) = self.is_set {
            call(is_set, in_list);
        }
        // The tag is a part of each variant.
        let mut once = |slot: usize, in_list: bool| {
            if slot != self.variant {
                call(slot, in_list);
            }
        };
        let shapes = self.variants.iter().filter_map(|(_, shape)| shape.as_ref());
        shapes.for_each(|shape| shape.each_slot(in_list, &mut once));
    }
}

/// Returns whether a value says nothing: it is unset, or an empty map.
fn is_empty<T: Tree>(value: &T) -> bool {
    let mut is_empty = true;
    let is_map = value.for_each_entry(&mut |_, _| is_empty = false);
    value.is_unset() || (is_map && is_empty)
}

/// As in `a map with a type of heal, rest`.
impl fmt::Display for Union {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let names: Vec<&str> = self.variants.iter().map(|(name, _)| &**name).collect();
        match &self.by {
            UnionBy::Tag(tag) => write!(f, "a map with a {tag} of {}", names.join(", ")),
            UnionBy::Name => write!(f, "one of {}", names.join(", ")),
            UnionBy::Sort => {
                let shown = self.variants.iter().map(|(name, shape)| match (&**name, shape) {
                    ("bool", _) => "a boolean".to_owned(),
                    ("list" | "map", Some(shape)) if !matches!(shape, Shape::Slot(_)) => {
                        shape.to_string()
                    }
                    (name, _) => format!("a {name}").replace("a text", "text"),
                });
                f.write_str(&shown.collect::<Vec<_>>().join(", or "))
            }
        }
    }
}
