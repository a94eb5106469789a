//! The tree of a parsed file, independent of the format, with places.

use std::borrow::Cow;
use std::collections::HashSet;
use std::sync::Arc;

use crate::packed::Packed;
use crate::source::Span;
use crate::text::Text;
use slotted::{Kind, Value};

/// One value of a file.
#[derive(Clone, Debug)]
pub(super) struct Node<'s> {
    pub(super) span: Span,
    pub(super) data: Data<'s>,
}

#[derive(Clone, Debug)]
pub(super) enum Data<'s> {
    /// Null; TOML has none.
    Unset,
    Bool(bool),
    Int(i64),
    UInt(u64),
    Float(f64),
    Text(Text<'s>),
    List(Box<[Node<'s>]>),
    Map(Box<[Entry<'s>]>),
    /// A map that the parser has packed. Readers of declarations unpack it first.
    Packed(Packed),
    /// Unreadable, and reported already.
    Bad,
}

/// A map of objects by name has more names than are worth sharing.
const SHARED_NAMES: usize = 4096;

/// A named value of a map. Names can repeat.
#[derive(Clone, Debug)]
pub(super) struct Entry<'s> {
    pub(super) name: Text<'s>,
    pub(super) span: Span,
    pub(super) value: Node<'s>,
}

/// An entry under another name: a part of a nested record has the name of its slot.
#[derive(Clone, Copy, Debug)]
pub(super) struct Named<'e, 's> {
    pub(super) name: &'e str,
    pub(super) span: Span,
    pub(super) value: &'e Node<'s>,
}

// A file has millions of values: their sizes decide what a load costs.
const _: () = assert!(size_of::<Node<'_>>() == 32 && size_of::<Entry<'_>>() == 56);

impl Node<'_> {
    /// Returns the node of a value that files can write.
    pub(super) fn of(value: &Value, span: Span) -> Self {
        let node = |data| Self { span, data };
        let text = |text: &str| Text::from(Cow::Owned(text.to_owned()));
        if let Some(numbers) = value.numbers() {
            return node(Data::List(numbers.iter().map(|number| Self::of(number, span)).collect()));
        }
        node(match value {
            Value::Bool(truth) => Data::Bool(*truth),
            Value::Int(number) => Data::Int(*number),
            Value::UInt(number) => Data::UInt(*number),
            Value::F32(number) => Data::Float((*number).into()),
            Value::F64(number) => Data::Float(*number),
            Value::Text(own) => Data::Text(text(own)),
            Value::List(list) => {
                Data::List(list.iter().map(|value| Self::of(value, span)).collect())
            }
            Value::Map(map) => {
                let entry = |(name, value): &(Arc<str>, Value)| Entry {
                    name: text(name),
                    span,
                    value: Self::of(value, span),
                };
                Data::Map(map.iter().map(entry).collect())
            }
            _ => Data::Unset,
        })
    }
}

impl<'s> Entry<'s> {
    /// Returns the value behind the name of a struct, or the name of a variant without values: `rest()` is `rest`.
    pub(super) fn bare(&self) -> Node<'s> {
        match &self.value.data {
            Data::Map(map) if map.is_empty() => {
                Node { span: self.span, data: Data::Text(self.name.clone()) }
            }
            _ => self.value.clone(),
        }
    }
}

impl<'s> Node<'s> {
    /// Returns the type of the value, as messages name it.
    pub(super) const fn kind_name(&self) -> &'static str {
        match self.data {
            Data::Float(number) if number.is_nan() => "nan",
            Data::Float(number) if number.is_infinite() => "infinity",
            Data::Unset => "null",
            Data::Bool(_) => "a boolean",
            Data::Int(_) | Data::UInt(_) => "an integer",
            Data::Float(_) => "a number",
            Data::Text(_) => "text",
            Data::List(_) => "a list",
            Data::Map(_) | Data::Packed(_) => "a map",
            Data::Bad => "an invalid value",
        }
    }

    /// Returns the name before a RON value and what follows it: a map with one entry, in the place of the value.
    pub(super) fn named(&self) -> Option<&Entry<'s>> {
        match &self.data {
            Data::Map(map) => match &**map {
                [entry] if entry.value.span == self.span && entry.span.start < self.span.start => {
                    Some(entry)
                }
                _ => None,
            },
            _ => None,
        }
    }

    /// Removes the names before this value.
    pub(super) fn remove_name(&mut self) {
        while self.named().is_some()
            && let Data::Map(map) = &mut self.data
        {
            let none = Node { span: Span::default(), data: Data::Unset };
            *self = std::mem::replace(&mut map[0].value, none);
        }
    }

    /// Removes the names before this value and before those in it.
    pub(super) fn remove_names(&mut self) {
        self.remove_name();
        match &mut self.data {
            Data::List(list) => list.iter_mut().for_each(Self::remove_names),
            Data::Map(map) => map.iter_mut().for_each(|entry| entry.value.remove_names()),
            _ => {}
        }
    }

    /// Returns whether a value in it has a name before it.
    fn has_names(&self) -> bool {
        match &self.data {
            Data::List(list) => list.iter().any(Self::has_names),
            Data::Map(map) => {
                self.named().is_some() || map.iter().any(|entry| entry.value.has_names())
            }
            _ => false,
        }
    }

    /// Converts to a value of a kind. Only `any` keeps the names before RON values, as maps with one entry.
    pub(super) fn to_value_of(&self, kind: &Kind) -> Value {
        if *kind.element() == Kind::Any || !self.has_names() {
            return self.to_value();
        }
        match &self.data {
            Data::List(list) => {
                Value::List(list.iter().map(|node| node.to_value_of(kind)).collect())
            }
            _ => {
                self.named().map_or_else(|| self.to_value(), |entry| entry.bare().to_value_of(kind))
            }
        }
    }

    /// Converts to a value without places. Unreadable parts become unset.
    pub(super) fn to_value(&self) -> Value {
        match &self.data {
            Data::Unset | Data::Bad | Data::Packed(_) => Value::Unset,
            Data::Bool(truth) => (*truth).into(),
            Data::Int(number) => (*number).into(),
            Data::UInt(number) => (*number).into(),
            Data::Float(number) => (*number).into(),
            Data::Text(text) => Value::Text(Arc::from(&**text)),
            Data::List(list) => Value::List(list.iter().map(Node::to_value).collect()),
            Data::Map(map) => {
                map.iter().map(|entry| (&*entry.name, entry.value.to_value())).collect()
            }
        }
    }

    /// Converts to a value without places. Each part of the tree is freed when it is converted, and the values share their
    /// names, of which most files have few.
    pub(super) fn into_value(self, names: &mut HashSet<Arc<str>>) -> Value {
        match self.data {
            Data::List(list) => {
                Value::List(list.into_iter().map(|node| node.into_value(names)).collect())
            }
            Data::Map(map) => {
                let entries = map.into_iter().map(|Entry { name, value, .. }| {
                    let known = names.get(&*name).cloned();
                    let shared = known.unwrap_or_else(|| {
                        let shared = Arc::<str>::from(&*name);
                        if names.len() < SHARED_NAMES {
                            names.insert(Arc::clone(&shared));
                        }
                        shared
                    });
                    (shared, value.into_value(names))
                });
                Value::Map(entries.collect())
            }
            _ => self.to_value(),
        }
    }

    /// Returns whether all of it was readable.
    pub(super) fn is_whole(&self) -> bool {
        match &self.data {
            Data::Bad => false,
            Data::List(list) => list.iter().all(Node::is_whole),
            Data::Map(map) => map.iter().all(|entry| entry.value.is_whole()),
            _ => true,
        }
    }
}
