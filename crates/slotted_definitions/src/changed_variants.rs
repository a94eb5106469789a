//! Changes of the parts of a union: a patch names those that it changes, and the variant of the record says which slots they are.

use std::sync::Arc;

use crate::changes::{Change, is_map_of_changes};
use crate::diagnostic::{Code, Diagnostic, did_you_mean, quoted};
use crate::document::RecordDeclaration;
use crate::node::{Data, Entry, Named, Node};
use crate::records::{Entries, RecordReader};
use crate::references::Resolver;
use crate::source::Place;
use slotted::Value;
use slotted::schema::{RegisteredSchema, Shape, Union, UnionBy};

type Fields = [(Arc<str>, Shape)];

/// Returns the records of the variants that the map may belong to, and the entries with their parts.
fn variants<'u, 'n, 's>(
    union: &'u Union,
    map: &'n [Entry<'s>],
) -> Option<(Vec<&'u Fields>, Vec<&'n Entry<'s>>)> {
    let named = |name: &str| union.variants.iter().find(|(own, _)| **own == *name);
    match &union.by {
        UnionBy::Tag(tag) => {
            let is_tag = |entry: &&Entry<'_>| *entry.name == **tag;
            let given = match map.iter().find(is_tag).map(|entry| &entry.value.data) {
                Some(Data::Text(name)) => Some(&**name),
                Some(_) => return None,
                None => None,
            };
            let meant =
                union.variants.iter().filter(|(own, _)| given.is_none_or(|name| **own == *name));
            let records = meant.filter_map(|(_, shape)| fields(shape.as_ref()?)).collect();
            Some((records, map.iter().filter(|entry| !is_tag(entry)).collect()))
        }
        UnionBy::Name => {
            let [entry] = map else { return None };
            let (_, shape) = named(&entry.name)?;
            let Data::Map(parts) = &entry.value.data else { return None };
            Some((vec![fields(shape.as_ref()?)?], parts.iter().collect()))
        }
        UnionBy::Sort => match named("map")?.1.as_ref()? {
            Shape::Union(inner) => variants(inner, map),
            shape => Some((vec![fields(shape)?], map.iter().collect())),
        },
        _ => None,
    }
}

const fn fields(shape: &Shape) -> Option<&Fields> {
    match shape {
        Shape::Record(fields) => Some(fields),
        _ => None,
    }
}

/// Returns whether a value has the slot, given the values of the slots that say its variants.
fn has(shape: &Shape, slot: usize, read: &dyn Fn(usize) -> Value) -> bool {
    let within = |shape: &Shape| shape.slot_range().contains(&slot) && has(shape, slot, read);
    match shape {
        Shape::Union(union) => match read(union.variant) {
            Value::Text(name) => union
                .variants
                .iter()
                .any(|(own, shape)| *own == name && shape.as_ref().is_some_and(within)),
            _ => false,
        },
        Shape::Record(fields) | Shape::Tuple(fields) => {
            fields.iter().any(|(_, shape)| within(shape))
        }
        _ => true,
    }
}

impl RecordReader<'_> {
    /// Reads changes of a union's parts. Returns `false` if the value is another one.
    pub(super) fn are_changes_of_variant(
        &mut self,
        (schema, shape): (&RegisteredSchema, &Shape),
        entry: Named<'_, '_>,
        declared: &RecordDeclaration<'_, '_>,
        entries: &mut Entries,
    ) -> bool {
        let (Shape::Union(union), Data::Map(map)) = (shape, &entry.value.data) else {
            return false;
        };
        let Some((records, parts)) = variants(union, map) else { return false };
        let is_change = |part: &&Entry<'_>| is_map_of_changes(&part.value, declared.words);
        if parts.is_empty() || !parts.iter().all(is_change) {
            return false;
        }
        let file = declared.of.place.file;
        for part in parts {
            let fields = records.iter().flat_map(|fields| fields.iter());
            let slots: Vec<usize> = fields
                .filter(|(name, _)| **name == *part.name)
                .filter_map(|(_, shape)| match shape {
                    Shape::Slot(part) => Some(part.slot),
                    _ => None,
                })
                .collect();
            let errors = self.diagnostics.errors;
            let mut is_read = false;
            for slot in slots {
                let name = schema.slots()[slot].name();
                let own = Named { name, span: part.span, value: &part.value };
                let of = (declared.of, &**declared.words);
                is_read |= self.are_changes(schema, slot, own, of, &mut entries.changes);
                // The parts of several variants have one problem.
                if self.diagnostics.errors > errors {
                    return true;
                }
            }
            if !is_read {
                let place = Place { file, span: part.span };
                self.no_part((entry.name, &part.name, place), &records);
            }
        }
        true
    }

    fn no_part(&mut self, (slot, part, place): (&str, &str, Place), records: &[&Fields]) {
        self.diagnostics.push_with(|diagnostics| {
            let names = records.iter().flat_map(|fields| fields.iter()).map(|(name, _)| name);
            let suggestion = diagnostics.nearest(part, names);
            let end = did_you_mean(suggestion.as_deref().filter(|near| *near != part));
            let (slot, part) = (quoted(slot), quoted(part));
            let message =
                format!("no variant of {slot} has a part {part} that takes this change{end}");
            Diagnostic::error(Code::UndeclaredSlot, message)
                .at(place, "no such part")
                .suggest(suggestion)
        });
    }
}

impl Resolver<'_> {
    /// Removes changes of other variants than the record's own, and reports changes that are left without a part.
    pub(super) fn keep_own_variant(
        &mut self,
        record: u32,
        schema: &RegisteredSchema,
        changes: &mut Vec<Change>,
    ) {
        let slots = schema.slots();
        let values = &self.records.list[record as usize].values;
        let read = |slot: usize| {
            let given = values.get(slot).map(|given| given.value);
            given.or_else(|| slots[slot].default().cloned()).unwrap_or_default()
        };
        let union_of = |change: &Change| {
            schema
                .whole_of(slots[usize::from(change.slot)].name())
                .filter(|(_, shape)| matches!(shape, Shape::Union(_)))
        };
        let is_own = |change: &Change| {
            union_of(change).is_none_or(|(_, shape)| has(shape, change.slot.into(), &read))
        };
        let is_same = |a: &Change, b: &Change| {
            (a.pack, a.place, a.operation) == (b.pack, b.place, b.operation)
        };
        let lost = changes.chunk_by(is_same).filter(|parts| !parts.iter().any(is_own));
        let lost: Vec<Change> = lost.filter_map(|parts| parts.first().cloned()).collect();
        changes.retain(is_own);
        for change in lost {
            let Some((name, Shape::Union(union))) = union_of(&change) else { continue };
            let values = &self.records.list[record as usize].values;
            let variant = values.get(union.variant).map(|given| (given.value, given.place));
            let part = slots[usize::from(change.slot)].name();
            let part = part.rsplit(['.', '@', '|']).next().unwrap_or(part);
            let ((record, defined), slot, part) = (self.shown(record), quoted(name), quoted(part));
            self.diagnostics.push_with(|_| {
                let message = format!("slot {slot} of {record} has no part {part} to change");
                let diagnostic = Diagnostic::error(Code::MissingValue, message)
                    .at(change.place, "nothing to change");
                match variant {
                    Some((Value::Text(variant), place)) => {
                        diagnostic.at(place, format!("its variant is {}", quoted(&variant)))
                    }
                    _ => diagnostic.at(defined, "it has no value"),
                }
            });
        }
    }
}

/// Returns whether the node is a list of the keys of a map.
pub(super) fn are_keys(node: &Node<'_>) -> bool {
    let is_key = |one: &Node<'_>| {
        matches!(one.data, Data::Text(_) | Data::Int(_) | Data::UInt(_) | Data::Bool(_))
    };
    matches!(&node.data, Data::List(list) if !list.is_empty() && list.iter().all(is_key))
}
