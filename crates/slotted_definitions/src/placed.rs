//! Slots of nested values, made of declarations.

use crate::node::Data;
use crate::slot::SlotDeclaration;
use slotted::schema::{SIGNS, SchemaBuilder};
use slotted::{Kind, Value};

/// How a slot of a nested value differs from its declaration.
#[derive(Clone)]
pub(super) struct Placed {
    /// The kind, if the declaration says nothing of it.
    pub(super) kind: Option<Kind>,
    pub(super) former: Option<String>,
    pub(super) is_optional: bool,
    /// `true` if the default of the declaration is that of the slot.
    pub(super) has_default: bool,
    /// Each element has a list of its values.
    pub(super) has_lengths: bool,
    /// `true` if the constraints of the declaration are those of the slot.
    pub(super) is_whole: bool,
    /// `true` if the slot holds the values of a list's elements.
    pub(super) is_in_list: bool,
    /// `true` if elements or values of a variant have it.
    pub(super) is_element: bool,
    /// `true` if the default is an empty list.
    pub(super) is_empty: bool,
    /// `true` if the outermost list around it has an empty default.
    pub(super) is_whole_empty: bool,
    /// As in [`Within`](crate::within::Within).
    pub(super) one_or_lists: Vec<String>,
    /// `true` if another schema declares it, for a nested record.
    pub(super) is_of_other: bool,
    /// The optional record that has a value for the slot whenever it is there.
    pub(super) needed_in: Option<String>,
}

impl SlotDeclaration<'_, '_> {
    /// Sets the default of the last slot, or that of a part of an element or of a variant.
    pub(super) fn with_default(
        &self,
        mut schema: SchemaBuilder,
        is_element: bool,
    ) -> SchemaBuilder {
        let placed = self.placed.as_ref();
        if placed.is_some_and(|placed| placed.is_empty && !placed.is_optional) {
            schema = schema.default(Value::List([].into()));
        }
        if let Some(Placed { needed_in: Some(record), is_empty, .. }) = placed {
            let is_list = self.name[record.len()..].contains(SIGNS);
            let default = match self.key("default") {
                // A list in an element has no default.
                _ if is_list => {
                    (*is_empty && !record.contains(SIGNS)).then(|| Value::List([].into()))
                }
                Some((_, node)) if !matches!(node.data, Data::Bad) => Some(node.to_value()),
                _ => None,
            };
            schema = schema.needed_in(record.as_str());
            schema = default.into_iter().fold(schema, SchemaBuilder::needed_default);
        }
        match self.key("default").filter(|_| placed.is_none_or(|placed| placed.has_default)) {
            Some((_, node)) if matches!(node.data, Data::Bad) => schema,
            Some((_, node)) if is_element => schema.part_default(node.to_value()),
            Some((_, node)) => schema.default(node.to_value()),
            None => schema,
        }
    }
}
