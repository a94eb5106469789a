//! Values of nested records: maps in files, slots with dotted names in schemas.

use std::sync::Arc;

use crate::document::RecordDeclaration;
use crate::node::{Data, Entry, Named, Node};
use crate::records::{Entries, Given, RecordReader};
use crate::source::Place;
use crate::value::refused;
use slotted::Value;
use slotted::schema::RegisteredSchema;

impl RecordReader<'_> {
    /// Reads the value of a nested record: a map of its parts, or null.
    pub(super) fn nested(
        &mut self,
        schema: &RegisteredSchema,
        entry: Named<'_, '_>,
        declared: &RecordDeclaration<'_, '_>,
        entries: &mut Entries,
    ) {
        match &entry.value.data {
            Data::Map(map) => {
                for part in map {
                    let name = format!("{}.{}", entry.name, &*part.name);
                    let part = Named { name: &name, span: part.span, value: &part.value };
                    self.named(schema, part, declared, entries);
                }
            }
            Data::Unset => {
                let parts: Vec<usize> = schema.parts(entry.name).map(|(slot, _)| slot).collect();
                for slot in parts {
                    let part = Named { name: schema.slots()[slot].name(), ..entry };
                    self.value(schema, slot, part, declared, entries);
                }
            }
            _ => {
                let place = Place { file: declared.of.place.file, span: entry.value.span };
                if !matches!(entry.value.data, Data::Bad) {
                    let problem = schema.not_nested(entry.name, &entry.value.to_value());
                    self.diagnostics.push_with(|_| refused(&problem, place, entry.value));
                }
                // Its parts are not reported as missing too.
                let wrong = schema.parts(entry.name).map(|(slot, _)| slot as u16);
                entries.values.extend(wrong.map(|slot| Given { slot, place, value: Value::Unset }));
            }
        }
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
            Some(slot) => self.value(schema, slot, entry, declared, entries),
            None if schema.is_nested(entry.name) => self.nested(schema, entry, declared, entries),
            None => self.undeclared(schema, entry, declared, &mut entries.quarantined),
        }
    }
}

type NamedValues = Vec<(Arc<str>, Value)>;

/// Puts the parts of nested records into maps, as a file has them. Null parts stay: not every format can write them in a map.
pub(super) fn nest(schema: &RegisteredSchema, values: NamedValues) -> NamedValues {
    let is_part = |(name, value): &(Arc<str>, Value)| {
        let record = name.split_once('.').map(|(record, _)| record);
        !value.is_unset() && record.is_some_and(|record| schema.is_nested(record))
    };
    if !values.iter().any(is_part) {
        return values;
    }
    nest_in(schema, "", values)
}

fn nest_in(schema: &RegisteredSchema, prefix: &str, values: NamedValues) -> NamedValues {
    let mut nested: NamedValues = Vec::new();
    let mut records: Vec<(usize, NamedValues)> = Vec::new();
    for (name, value) in values {
        let parts = name.split_once('.').filter(|(record, _)| {
            !value.is_unset() && schema.is_nested(&format!("{prefix}{record}"))
        });
        let Some((record, part)) = parts else {
            nested.push((name, value));
            continue;
        };
        let part = (Arc::from(part), value);
        match records.iter_mut().find(|(position, _)| *nested[*position].0 == *record) {
            Some((_, parts)) => parts.push(part),
            None => {
                records.push((nested.len(), vec![part]));
                nested.push((record.into(), Value::Unset));
            }
        }
    }
    for (position, parts) in records {
        let prefix = format!("{prefix}{}.", nested[position].0);
        nested[position].1 = Value::Map(nest_in(schema, &prefix, parts).into());
    }
    nested
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
