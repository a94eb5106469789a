//! Values of nested records: maps in files, slots with dotted names in schemas.

use std::collections::BTreeSet;
use std::sync::Arc;

use crate::brackets::with_brackets;
use crate::diagnostic::{Code, Diagnostic, Severity, quoted};
use crate::document::RecordDeclaration;
use crate::given::Given;
use crate::node::{Data, Entry, Named, Node};
use crate::records::{Entries, QuarantinedValue, RecordReader, Undeclared};
use crate::source::{Place, Span};
use crate::value::{refused, without_number};
use slotted::Value;
use slotted::schema::{Found, Part, RegisteredSchema, SIGNS, Shape, Slot, Tree, Union};

impl<'s> Tree for Node<'s> {
    fn is_unset(&self) -> bool {
        matches!(self.data, Data::Unset)
    }

    fn as_list(&self) -> Option<&[Self]> {
        match &self.data {
            Data::List(list) => Some(list),
            _ => None,
        }
    }

    fn as_text(&self) -> Option<&str> {
        match &self.data {
            Data::Text(text) => Some(text),
            _ => None,
        }
    }

    fn sort(&self) -> Option<&'static str> {
        match self.data {
            Data::Bool(_) => Some("bool"),
            Data::Int(_) | Data::UInt(_) | Data::Float(_) => Some("number"),
            Data::Text(_) => Some("text"),
            Data::List(_) => Some("list"),
            Data::Map(_) | Data::Packed(_) | Data::Unset | Data::Bad => None,
        }
    }

    fn for_each_entry<'t>(&'t self, call: &mut dyn FnMut(&'t str, &'t Self)) -> bool {
        let Data::Map(map) = &self.data else { return false };
        map.iter().for_each(|entry| call(&entry.name, &entry.value));
        true
    }

    fn named(&self) -> Option<(&str, &Self)> {
        self.named().map(|entry| (&*entry.name, &entry.value))
    }

    fn list(&self, elements: Vec<Self>) -> Self {
        Self { span: self.span, data: Data::List(elements.into()) }
    }

    fn single(&self, value: Value) -> Self {
        Self::of(&value, self.span)
    }
}

/// Marks the parts of a wrong value as given, so that they are not reported as missing too.
fn give_parts(
    (schema, shape): (&RegisteredSchema, &Shape),
    name: &str,
    place: Place,
    entries: &mut Entries,
) {
    let is_given = |values: &[Given], slot: u16| values.iter().any(|given| given.slot == slot);
    shape.for_each_slot(&mut |slot| {
        let slot = slot as u16;
        let is_part = schema.slots()[usize::from(slot)].name().starts_with(name);
        if is_part && !is_given(&entries.values, slot) {
            entries.values.push(Given { slot, place, value: Value::Unset });
        }
    });
}

/// Returns the part of a variant that has the slot.
fn part_in(shape: &Shape, slot: usize) -> Option<&Part> {
    match shape {
        Shape::Slot(part) => (part.slot == slot).then_some(part),
        Shape::Record(fields) | Shape::Tuple(fields) => {
            fields.iter().find_map(|(_, shape)| part_in(shape, slot))
        }
        Shape::Union(union) => {
            let shapes = union.variants.iter().filter_map(|(_, shape)| shape.as_ref());
            shapes.into_iter().find_map(|shape| part_in(shape, slot))
        }
        _ => None,
    }
}

/// Returns the value of this name in a nested record.
fn part_of<'n, 's>(entry: Named<'n, 's>, name: &str) -> Option<&'n Node<'s>> {
    let path = name.strip_prefix(entry.name)?;
    path.split('.').skip(1).try_fold(entry.value, |node, part| match &node.data {
        Data::Map(map) => map.iter().find(|own| own.name == part).map(|own| &own.value),
        _ => None,
    })
}

/// Returns the place of the name under which a map has a value.
fn name_of(map: &Node<'_>, value: &Node<'_>) -> Span {
    let Data::Map(entries) = &map.data else { return value.span };
    // A map has its entries in the order of the file.
    let at = entries.partition_point(|entry| entry.value.span.start < value.span.start);
    let entry = entries.get(at).filter(|entry| entry.value.span == value.span);
    entry.map_or(value.span, |entry| entry.span)
}

impl RecordReader<'_> {
    /// Reads a nested value: the parts of a map, the elements of a list, or null.
    fn nested(
        &mut self,
        (schema, shape): (&RegisteredSchema, &Shape),
        entry: Named<'_, '_>,
        declared: &RecordDeclaration<'_, '_>,
        entries: &mut Entries,
    ) {
        let is_list = matches!(shape, Shape::List(_) | Shape::Map(_));
        if is_list && self.are_changes_of_list((schema, shape), entry, declared, entries) {
            return;
        }
        if self.are_changes_of_variant((schema, shape), entry, declared, entries) {
            return;
        }
        if (is_list || matches!(shape, Shape::Union(_))) && entry.value.is_unset() {
            let mut is_optional = true;
            shape.for_each_slot(&mut |slot| is_optional &= schema.slots()[slot].is_optional());
            if !is_optional {
                return self.unset_list((schema, shape), entry, declared, entries);
            }
        }
        let is_map = |node: &Node<'_>| matches!(node.data, Data::Map(_));
        if let (Shape::Map(_), Data::List(list)) = (shape, &entry.value.data)
            && !list.iter().all(is_map)
        {
            return self.misshapen((schema, shape), entry, declared, entries);
        }
        self.parts((schema, shape), entry, declared, entries);
        self.discard_wholes((schema, shape), entry, declared, entries);
    }

    /// Discards lists, maps and unions with a part that is discarded, and keeps those with a part that no slot takes. As a whole
    /// they can come back.
    fn discard_wholes(
        &mut self,
        (schema, shape): (&RegisteredSchema, &Shape),
        entry: Named<'_, '_>,
        declared: &RecordDeclaration<'_, '_>,
        entries: &mut Entries,
    ) {
        let name_of = |slot: u16| schema.slots()[usize::from(slot)].name();
        let parts = shape.slot_range();
        let discarded =
            entries.discarded.extract_if(.., |slot| parts.contains(&usize::from(*slot)));
        let wholes = discarded.filter_map(|slot| Some(schema.whole_of(name_of(slot))?.0));
        let wholes: BTreeSet<&str> = wholes.collect();
        let mut kept: BTreeSet<Arc<str>> = std::mem::take(&mut entries.surplus);
        kept.extend(wholes.iter().map(|whole| Arc::from(*whole)));
        for whole in wholes {
            let is_part = |given: &&mut Given| {
                schema.whole_of(name_of(given.slot)).is_some_and(|(name, _)| name == whole)
            };
            for given in entries.values.iter_mut().filter(is_part) {
                let slot = &schema.slots()[usize::from(given.slot)];
                given.value = slot.default().cloned().unwrap_or_default();
                self.records.without_value.insert(given.place);
            }
        }
        for name in kept.into_iter().filter(|_| self.undeclared == Undeclared::Quarantine) {
            let node = part_of(entry, &name).unwrap_or(entry.value);
            let place = Place { file: declared.of.place.file, span: node.span };
            entries.quarantined.push(QuarantinedValue { name, value: node.to_value(), place });
        }
    }

    /// Reads the parts of a nested value.
    pub(super) fn parts(
        &mut self,
        (schema, shape): (&RegisteredSchema, &Shape),
        entry: Named<'_, '_>,
        declared: &RecordDeclaration<'_, '_>,
        entries: &mut Entries,
    ) {
        let lists = self.schemas.one_or_lists(self.registry, schema);
        if !lists.is_any_in(entry.name) {
            return self.spread((schema, shape), entry, declared, entries);
        }
        let value = (entry.name, entry.value);
        let (value, bracketed) = with_brackets((schema, shape), value, &lists, declared.words);
        let first = entries.values.len();
        self.spread((schema, shape), Named { value: &value, ..entry }, declared, entries);
        self.add_bracketed(&entries.values[first..], bracketed);
    }

    fn spread(
        &mut self,
        (schema, shape): (&RegisteredSchema, &Shape),
        entry: Named<'_, '_>,
        declared: &RecordDeclaration<'_, '_>,
        entries: &mut Entries,
    ) {
        shape.spread(entry.name, entry.value, &mut |found| match found {
            Found::Slot { slot, value } => {
                let name = schema.slots()[slot].name();
                let part = Named { name, span: entry.span, value: &value };
                self.value(schema, slot, part, declared, entries);
            }
            Found::Missing { slot, of } => {
                let place = Place { file: declared.of.place.file, span: of.span };
                self.missing_part((schema, &schema.slots()[slot]), entry.name, place);
            }
            Found::Surplus { name, value, of } => {
                let span = name_of(of, value);
                if schema.slot_index(&name).is_some() || schema.is_nested(&name) {
                    let whole = quoted(entry.name);
                    let message = match name.ends_with("{}.key") {
                        true => format!("{whole} has two values of one name"),
                        false => format!("{whole} has two values for {}", quoted(&name)),
                    };
                    let place = Place { file: declared.of.place.file, span };
                    self.diagnostics.push_with(|_| {
                        Diagnostic::error(Code::Duplicate, message).at(place, "repeated here")
                    });
                    return;
                }
                let part = Named { name: &name, span, value };
                match name.find(SIGNS) {
                    // The element is incomplete without the part.
                    Some(end) => {
                        entries.surplus.insert(name[..end].into());
                        self.undeclared(schema, part, declared, &mut Vec::new());
                    }
                    None => self.undeclared(schema, part, declared, &mut entries.quarantined),
                }
            }
            Found::Misshapen { name, value }
                if !name.contains(['[', '{'])
                    && self.is_change_within((schema, &name), value, declared, entries) => {}
            Found::Misshapen { name, value } => {
                let part = Named { name: &name, span: value.span, value };
                self.misshapen((schema, shape), part, declared, entries);
            }
            _ => {}
        });
    }

    /// Reports a part that a value or an element lacks.
    fn missing_part(
        &mut self,
        (schema, slot): (&RegisteredSchema, &Slot),
        whole: &str,
        place: Place,
    ) {
        let is_element = slot.name().contains(['[', '{']);
        let shows_missing =
            schema.slot_index(slot.name()).is_some_and(|slot| schema.shows_missing(slot));
        if !is_element || !shows_missing {
            // A list or a union that an optional record lacks is named as a whole.
            let missing = slot.needed_in().map_or(slot.name(), |record| {
                let rest = &slot.name()[record.len()..];
                &slot.name()[..record.len() + rest.find(SIGNS).unwrap_or(rest.len())]
            });
            let part = match missing.contains(SIGNS) {
                true => missing.rsplit(['.', ']', '}', '@']).next().unwrap_or_default(),
                false => missing,
            };
            let (whole, name) = (quoted(whole), quoted(part));
            let (what, label) = match !is_element {
                true => (whole, "not in this value"),
                false => (format!("an element of {whole}"), "not in this element"),
            };
            let of = quoted(schema.name());
            let kind = if is_element { slot.kind().element() } else { slot.kind() };
            let kind = schema.shape(missing).map_or(kind.to_string(), ToString::to_string);
            let message = format!("{what} of {of} needs a value for {name} ({kind})");
            let known = (&*message.clone(), place);
            self.diagnostics.once_with(known, Severity::Error, |_| {
                Diagnostic::error(Code::MissingValue, message).at(place, label)
            });
        }
    }

    /// Reads the changes of a list or a union in a nested record. Returns `false` if the value is none.
    fn is_change_within(
        &mut self,
        (schema, name): (&RegisteredSchema, &str),
        value: &Node<'_>,
        declared: &RecordDeclaration<'_, '_>,
        entries: &mut Entries,
    ) -> bool {
        let Some(shape) = schema.shape(name) else { return false };
        let entry = Named { name, span: value.span, value };
        match shape {
            Shape::List(_) | Shape::Map(_) => {
                self.are_changes_of_list((schema, shape), entry, declared, entries)
            }
            _ => self.are_changes_of_variant((schema, shape), entry, declared, entries),
        }
    }

    /// Reports a value that is no map or no list where a nested value must be one.
    pub(super) fn misshapen(
        &mut self,
        (schema, shape): (&RegisteredSchema, &Shape),
        entry: Named<'_, '_>,
        declared: &RecordDeclaration<'_, '_>,
        entries: &mut Entries,
    ) {
        let place = Place { file: declared.of.place.file, span: entry.value.span };
        // A patch in a file that cannot be read may add the variant.
        let variant = match &entry.value.data {
            Data::Text(name) => Some(&**name),
            Data::Map(map) => map.first().map(|entry| &*entry.name),
            _ => None,
        };
        let is_held_back = matches!(schema.shape(entry.name), Some(Shape::Union(_)))
            && variant.is_some_and(|name| self.diagnostics.holds_back(name));
        if !matches!(entry.value.data, Data::Bad) && !is_held_back {
            let problem = schema.not_nested(entry.name, &entry.value.to_value());
            let words = Some((&**declared.words, self.registry));
            let known = (&*without_number(&problem), place);
            self.diagnostics.once_with(known, Severity::Error, |_| {
                refused(&problem, place, entry.value, words)
            });
        }
        // The elements of a list and the values of a variant have their parts anyway.
        if !entry.name.contains(SIGNS) {
            self.records.without_value.insert(place);
            give_parts((schema, shape), entry.name, place, entries);
        }
    }

    /// Says that a value of a variant lacks an optional part, which the record unsets alone.
    pub(super) fn unset_in_variant(
        &mut self,
        (schema, slot): (&RegisteredSchema, usize),
        declared: &RecordDeclaration<'_, '_>,
        entries: &mut Entries,
        span: Span,
    ) {
        let Some((_, shape)) = schema.whole_of(schema.slots()[slot].name()) else { return };
        if let Some(is_set) = part_in(shape, slot).and_then(|part| part.is_set) {
            let place = Place { file: declared.of.place.file, span };
            entries.values.push(Given { slot: is_set as u16, place, value: false.into() });
        }
    }

    /// Reports that a list, a map or a union cannot be unset.
    fn unset_list(
        &mut self,
        (schema, shape): (&RegisteredSchema, &Shape),
        entry: Named<'_, '_>,
        declared: &RecordDeclaration<'_, '_>,
        entries: &mut Entries,
    ) {
        let place = Place { file: declared.of.place.file, span: entry.value.span };
        let (name, none) = match shape {
            Shape::Map(_) => (entry.name, "{}"),
            _ => (entry.name, "[]"),
        };
        self.diagnostics.push_with(|_| {
            let (slot, of) = (quoted(name), quoted(schema.name()));
            let message = format!("slot {slot} of {of} expects {shape} and may not be unset");
            let diagnostic =
                Diagnostic::error(Code::BadValue, message).at(place, "it is not optional");
            match shape {
                Shape::Union(_) => diagnostic,
                _ => diagnostic.help(format!("write {none} if it has no elements")),
            }
        });
        self.records.without_value.insert(place);
        give_parts((schema, shape), name, place, entries);
    }

    /// Reads the value of a slot or of a nested record.
    pub(super) fn named(
        &mut self,
        schema: &RegisteredSchema,
        entry: Named<'_, '_>,
        declared: &RecordDeclaration<'_, '_>,
        entries: &mut Entries,
    ) {
        match schema.slot_index(entry.name) {
            Some(slot) => self.own_value(schema, slot, entry, declared, entries),
            None => match schema.shape(entry.name) {
                Some(shape) => self.nested((schema, shape), entry, declared, entries),
                None => self.undeclared(schema, entry, declared, &mut entries.quarantined),
            },
        }
    }
}

impl<'s> Entry<'s> {
    pub(super) fn named(&self) -> Named<'_, 's> {
        Named { name: &self.name, span: self.span, value: &self.value }
    }
}

/// Returns a node without a value, in the place of a name that says so.
pub(super) const fn null(name: &Node<'_>) -> Node<'static> {
    Node { span: name.span, data: Data::Unset }
}

/// Returns a nested value without the parts that are refused: an element goes if it needs the part. Returns `None` if nothing
/// is left of a value that needs it.
pub(super) fn filtered(
    (schema, shape): (&RegisteredSchema, &Shape),
    value: &Value,
    is_right: &dyn Fn(&Value) -> bool,
) -> Option<Value> {
    let may_lack = |shape: &Shape| match shape {
        Shape::Slot(part) => {
            let slot = &schema.slots()[part.slot];
            let is_alone = !slot.name().contains(SIGNS) && slot.needed_in().is_none();
            part.is_set.is_some() || (is_alone && slot.is_optional())
        }
        Shape::List(elements) | Shape::Map(elements) => elements.is_set.is_some(),
        _ => false,
    };
    Some(match (shape, value) {
        (Shape::Slot(_), Value::List(list)) => {
            Value::List(list.iter().filter(|one| is_right(one)).cloned().collect())
        }
        (Shape::Slot(_), single) => is_right(single).then(|| single.clone())?,
        (Shape::Record(fields), Value::Map(map)) => {
            let mut parts = Vec::with_capacity(map.len());
            for (name, value) in map.iter() {
                let shape = fields.iter().find(|(own, _)| own == name).map(|(_, shape)| shape)?;
                match filtered((schema, shape), value, is_right) {
                    Some(value) => parts.push((name.clone(), value)),
                    None if may_lack(shape) => {}
                    None => return None,
                }
            }
            Value::Map(parts.into())
        }
        (Shape::Tuple(fields), Value::List(list)) => {
            let parts = fields.iter().zip(list.iter()).map(|((_, shape), value)| {
                filtered((schema, shape), value, is_right)
                    .or_else(|| may_lack(shape).then_some(Value::Unset))
            });
            Value::List(parts.collect::<Option<_>>()?)
        }
        (Shape::List(elements) | Shape::Map(elements), Value::List(list)) => {
            let kept = |one: &Value| filtered((schema, &elements.element), one, is_right);
            Value::List(list.iter().filter_map(kept).collect())
        }
        (Shape::Map(elements), Value::Map(map)) => {
            let Shape::Record(fields) = &*elements.element else { return Some(value.clone()) };
            let [_, (_, of_values)] = &**fields else { return Some(value.clone()) };
            let kept = |(name, value): &(Arc<str>, Value)| {
                Some((Arc::clone(name), filtered((schema, of_values), value, is_right)?))
            };
            Value::Map(map.iter().filter_map(kept).collect())
        }
        (Shape::Union(union), value) => filtered_variant((schema, union), value, is_right)?,
        (_, other) => other.clone(),
    })
}

/// Returns a union's value without the parts that are refused.
fn filtered_variant(
    (schema, union): (&RegisteredSchema, &Union),
    value: &Value,
    is_right: &dyn Fn(&Value) -> bool,
) -> Option<Value> {
    match union.split(value) {
        Some((name, Some(shape), value)) => {
            Some(union.join(name, Some(filtered((schema, shape), value, is_right)?)))
        }
        _ => Some(value.clone()),
    }
}
