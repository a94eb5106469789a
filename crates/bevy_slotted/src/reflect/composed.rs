//! Maps, and lists whose elements are neither plain values nor structs: slots with composed names.

use std::sync::Arc;

use bevy_reflect::map::{DynamicMap, Map};
use bevy_reflect::{Type, TypeInfo};
use slotted::schema::{SIGNS, SchemaBuilder, Slot};
use slotted::{Kind, Schema, SchemaError, Value};

use super::error::NotASlot;
use super::issues::Issues;
use super::parts::Within;
use super::shape::{Layout, Shape, refuse};

/// The name of an element among the slots of a list, before it is removed.
const ELEMENT: &str = "element";

/// Adds a slot like this one under another name. `whole` is the optional value that it is a part of.
pub(super) fn add_slot(
    builder: SchemaBuilder,
    slot: &Slot,
    name: String,
    whole: Option<&str>,
) -> SchemaBuilder {
    // A list or a union says itself what its parts need.
    let in_record =
        |record: &&str| !record.contains(SIGNS) && name[record.len()..].starts_with('.');
    let outer = whole.filter(|whole| !slot.is_optional() && in_record(whole));
    let own = slot.needed_in().and_then(|record| {
        let record = name.strip_suffix(&slot.name()[record.len()..])?;
        Some((record.to_owned(), slot.needed_default()))
    });
    let need = own.or_else(|| outer.map(|whole| (whole.to_owned(), slot.default())));
    let mut builder = builder.slot(name, slot.kind().clone());
    if whole.is_some() || slot.is_optional() {
        builder = builder.optional();
    }
    if let Some(default) = slot.default().filter(|_| whole.is_none()) {
        builder = builder.default(default.clone());
    }
    if let Some(default) = slot.part_default() {
        builder = builder.part_default(default.clone());
    }
    if let Some((record, default)) = need {
        builder = builder.needed_in(record);
        if let Some(default) = default {
            builder = builder.needed_default(default.clone());
        }
    }
    slot.constraints().iter().fold(builder, SchemaBuilder::constraint)
}

/// Adds all slots of a schema under their own names. `whole` is the optional value that they are parts of.
pub(super) fn add_slots(
    builder: SchemaBuilder,
    schema: &Schema,
    whole: Option<&str>,
) -> SchemaBuilder {
    let slots = schema.slots().iter();
    slots.fold(builder, |builder, slot| add_slot(builder, slot, slot.name().to_owned(), whole))
}

/// Adds the slots of a list.
pub(super) fn declare_list(
    element: &Shape,
    builder: SchemaBuilder,
    slot: &str,
) -> Result<SchemaBuilder, SchemaError> {
    let element = element.declare(Schema::builder("element"), ELEMENT)?.build()?;
    let list = Schema::builder("list").nested_list(slot, &element).build()?;
    Ok(add_renamed(builder, &list, &format!("{slot}[]")))
}

/// Adds the slots of a map.
fn declare_map(
    (key, value): (&Shape, &Shape),
    builder: SchemaBuilder,
    slot: &str,
) -> Result<SchemaBuilder, SchemaError> {
    let Layout::Slot(key) = key.layout() else { return Ok(builder) };
    let value = value.declare(Schema::builder("value"), ELEMENT)?.build()?;
    let map = Schema::builder("map").nested_map(slot, key, &value).build()?;
    Ok(add_renamed(builder, &map, &format!("{slot}{{}}.value")))
}

/// Adds the slots of the schema, those of elements without the name of the element.
fn add_renamed(builder: SchemaBuilder, schema: &Schema, before: &str) -> SchemaBuilder {
    let named = format!("{before}.{ELEMENT}");
    schema.slots().iter().fold(builder, |builder, slot| {
        let name = match slot.name().strip_prefix(&*named) {
            Some(rest) => format!("{before}{rest}"),
            None => slot.name().to_owned(),
        };
        add_slot(builder, slot, name, None)
    })
}

/// The shapes of a map's keys and values.
pub(super) struct Entries {
    key: Box<Shape>,
    value: Box<Shape>,
}

impl Entries {
    /// Returns the shapes of a map's keys and values in structs of these types.
    pub(super) fn of(
        map: &Type,
        (key, key_info): (Type, Option<&'static TypeInfo>),
        (value, value_info): (Type, Option<&'static TypeInfo>),
        within: &mut Within,
    ) -> Result<Self, Issues> {
        let key = Shape::of(&key, key_info, within).map_err(|found| found.in_element("{}"))?;
        let is_name =
            matches!(key.layout(), Layout::Slot(Kind::Text | Kind::Enum(_) | Kind::Object));
        if !is_name || key.is_optional() || !key.is_writable() {
            return Err(refuse(map, NotASlot::MapKey));
        }
        let value =
            Shape::of(&value, value_info, within).map_err(|found| found.in_element("{}"))?;
        if value.is_optional() {
            return Err(refuse(map, NotASlot::OptionalElement));
        }
        Ok(Self { key: Box::new(key), value: Box::new(value) })
    }

    pub(super) fn is_writable(&self) -> bool {
        self.value.is_writable()
    }

    /// Adds the slots of the map.
    pub(super) fn declare(
        &self,
        builder: SchemaBuilder,
        slot: &str,
    ) -> Result<SchemaBuilder, SchemaError> {
        declare_map((&self.key, &self.value), builder, slot)
    }

    /// Converts a map, in the order of its keys. One with references as keys is a list of keys and values.
    pub(super) fn read(&self, map: &dyn Map) -> Result<Value, Issues> {
        let mut entries = Vec::with_capacity(map.len());
        for (key, value) in map.iter() {
            let key = self.key.read(key).map_err(|found| found.in_element("{}"))?;
            let value = self.value.read(value);
            entries.push((value.map_err(|found| found.in_element(&bracket(&key)))?, key));
        }
        // The order of a hash map is random, but equal maps are to be equal in a store.
        entries.sort_by_cached_key(|(_, key)| match key {
            Value::Object(id) => (id.to_bits(), String::new()),
            key => (0, text(key)),
        });
        let are_references = matches!(self.key.layout(), Layout::Slot(Kind::Object));
        Ok(match are_references {
            true => entries
                .into_iter()
                .map(|(value, key)| Value::from_iter([("key", key), ("value", value)]))
                .collect::<Vec<_>>()
                .into(),
            false => entries.into_iter().map(|(value, key)| (text(&key), value)).collect(),
        })
    }

    /// Converts a map, or a list of keys and values, to entries that `FromReflect` takes. `None` for other values.
    pub(super) fn make(&self, value: &Value) -> Result<Option<DynamicMap>, Issues> {
        let mut map = DynamicMap::default();
        let mut add = |key: &Value, value: &Value| {
            let value = self.value.make_part(value);
            let value = value.map_err(|found| found.in_element(&bracket(key)))?;
            map.insert_boxed(self.key.make(key)?, value);
            Ok::<(), Issues>(())
        };
        match value {
            Value::Map(entries) => entries
                .iter()
                .try_for_each(|(name, value)| add(&Value::Text(Arc::clone(name)), value))?,
            Value::List(entries) => {
                for entry in entries.iter() {
                    let Value::Map(parts) = entry else { return Ok(None) };
                    let part = |name: &str| {
                        let part = parts.iter().find(|(own, _)| **own == *name);
                        part.map(|(_, value)| value.clone()).unwrap_or_default()
                    };
                    add(&part("key"), &part("value"))?;
                }
            }
            _ => return Ok(None),
        }
        Ok(Some(map))
    }
}

fn text(key: &Value) -> String {
    match key {
        Value::Text(name) => name.to_string(),
        key => key.to_string(),
    }
}

/// The path to an entry.
fn bracket(key: &Value) -> String {
    format!("[{}]", text(key))
}
