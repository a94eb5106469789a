//! Describes values.

use std::collections::{BTreeSet, HashMap};
use std::sync::Arc;

use serde_json::{Map, Value as Json, json};

use crate::brackets::OneOrLists;
use crate::constraint::json as constraint;
use crate::json_schema::Writer;
use crate::json_schema::build::{closed, closed_json, not_null, or_null};
use crate::references;
use crate::slot_notes::SlotNotes;
use crate::words::{Word, Words};
use slotted::schema::{Constraints, Elements, Number, NumberKind, Part};
use slotted::schema::{RegisteredSchema, Shape, Slot, Union, UnionBy};
use slotted::{Kind, Value};

/// The place of a value.
#[derive(Clone, Copy, PartialEq)]
pub(super) enum Place {
    /// In a record that inherits nothing.
    Fresh,
    /// In an abstract record that inherits nothing: parts stand alone, without changes.
    Abstract,
    /// In a patch or in a record that inherits: parts stand alone, and changes in place of values.
    Changed,
    /// In an element or a variant, which have all of their parts.
    Whole,
}

/// Describes the values of a schema's records, in files with these words.
pub(super) struct Values<'w> {
    writer: &'w Writer<'w>,
    pub(super) schema: &'w RegisteredSchema,
    words: &'w Words,
    notes: HashMap<&'w str, &'w SlotNotes>,
    /// The lists of which files may write one element without brackets.
    lists: OneOrLists<'w>,
    /// The values of all slots, without changes. Those of lists' elements hold lists.
    slots: Vec<Json>,
}

impl<'w> Values<'w> {
    pub(super) fn new(
        writer: &'w Writer<'w>,
        schema: &'w RegisteredSchema,
        words: &'w Words,
    ) -> Self {
        let mut notes: HashMap<&str, &SlotNotes> = HashMap::new();
        for base in writer.definitions.loaded.registry.schema_and_bases(schema.id()) {
            let Some(own) = writer.definitions.schema_definition(base.name()) else { continue };
            notes.extend(own.schema.slots().iter().map(Slot::name).zip(&own.slots));
        }
        let loaded = &writer.definitions.loaded;
        let lists = loaded.schemas.one_or_lists(&loaded.registry, schema);
        let mut values = Self { writer, schema, words, notes, lists, slots: Vec::new() };
        values.slots = schema.slots().iter().map(|slot| values.slot(slot)).collect();
        values
    }

    /// Describes the values of slots and nested values by name. The parts of lists are in them alone.
    pub(super) fn all(&self, place: Place) -> Map<String, Json> {
        let slots = self.schema.slots().iter().zip(&self.slots);
        let slots = slots.filter(|(slot, _)| self.schema.whole_of(slot.name()).is_none());
        let slots = slots.map(|(slot, json)| {
            let mut json = json.clone();
            if place == Place::Changed {
                self.accept_changes(&mut json, slot);
            }
            (slot.name().to_owned(), self.or_one(slot.name(), json))
        });
        slots.chain(self.nested(place)).collect()
    }

    /// Accepts an element in place of the list of this name, if files may write one without brackets.
    fn or_one(&self, name: &str, mut json: Json) -> Json {
        if !self.lists.contains(name) {
            return json;
        }
        let mut either = json!({ "anyOf": [json["items"].clone()] });
        for key in ["description", "default"] {
            let docs = json.as_object_mut().and_then(|json| json.remove(key));
            docs.into_iter().for_each(|docs| either[key] = docs);
        }
        either["anyOf"].as_array_mut().into_iter().for_each(|forms| forms.push(json.take()));
        either
    }

    /// Describes the slots whose values are no changes.
    pub(super) fn unchanged(&self) -> Map<String, Json> {
        let slots = self.schema.slots().iter().zip(&self.slots);
        let slots = slots.filter(|(slot, _)| self.schema.whole_of(slot.name()).is_none());
        let slots = slots.filter(|(slot, _)| self.change(slot.kind(), slot).is_some());
        let is_any = |slot: &Slot| *slot.kind().element() == Kind::Any;
        let slots = slots.filter_map(|(slot, json)| {
            let json = match self.lists.contains(slot.name()) {
                // The map may be an element.
                true if is_any(slot) => return None,
                true => json!({ "not": { "type": "object" } }),
                false => json!({ "type": json["type"] }),
            };
            Some((slot.name().to_owned(), json))
        });
        slots.collect()
    }

    /// Describes the nested values.
    pub(super) fn nested(&self, place: Place) -> Map<String, Json> {
        let nested = nested_names(self.schema).into_iter().filter_map(|name| {
            let shape = self.schema.shape(name)?;
            let mut json = self.shape(name, shape, place);
            if let (Shape::Map(elements), Place::Changed) = (shape, place) {
                json = self.with_changed_entries(json, &self.element((name, shape), elements));
            }
            let json = if is_optional(self.schema, shape) { or_null(json) } else { json };
            Some((name.to_owned(), json))
        });
        nested.collect()
    }

    /// Describes a nested value. The path is the beginning of the names of its slots.
    fn shape(&self, path: &str, shape: &Shape, place: Place) -> Json {
        match shape {
            Shape::Slot(part) => self.or_one(path, self.part(part, place)),
            Shape::Record(parts) => self.record((path, parts), place),
            Shape::Tuple(parts) => self.tuple((path, parts), place),
            Shape::List(elements) => {
                let items = self.element((path, shape), elements);
                let mut json = json!({ "type": "array", "items": items });
                if place == Place::Changed {
                    let changes = self.change_of_list(&json.clone(), &json);
                    changes.into_iter().for_each(|changes| accept(&mut json, &changes));
                }
                if self.lists.contains(path) {
                    let element = self.element((path, shape), elements);
                    json = json!({ "anyOf": [element, json] });
                }
                json
            }
            Shape::Map(elements) => {
                let element = self.element((path, shape), elements);
                json!({ "type": "object", "additionalProperties": element["properties"]["value"] })
            }
            Shape::Union(union) => {
                let mut variants = self.variants(path, union);
                if place == Place::Changed {
                    variants.extend(self.changed_variants(path, union));
                }
                json!({ "anyOf": variants })
            }
            _ => json!({}),
        }
    }

    fn record(&self, parts: (&str, &[(Arc<str>, Shape)]), place: Place) -> Json {
        let mut json = closed(self.fields(parts, place), "A nested record.");
        let (required, needed) = self.needs(parts, place);
        if !required.is_empty() {
            json["required"] = json!(required);
        }
        if place == Place::Fresh {
            let (path, parts) = parts;
            let is_set = |(_, shape): &&(Arc<str>, Shape)| self.is_part(path, shape, |_| true);
            let set = parts.iter().filter(is_set);
            let set = set.map(|(name, _)| (name.to_string(), json!({ "not": { "type": "null" } })));
            let set: Map<String, Json> = set.collect();
            if !set.is_empty() {
                // A record all of whose parts are null is none.
                json["if"] = json!({ "not": { "additionalProperties": { "type": "null" } } });
                json["then"] = json!({ "required": needed, "properties": set });
            }
        }
        json
    }

    fn tuple(&self, (path, parts): (&str, &[(Arc<str>, Shape)]), place: Place) -> Json {
        let fields = self.fields((path, parts), place);
        // The map of the fields has an order of its own.
        let all: Vec<&Json> = parts.iter().map(|(name, _)| &fields[&**name]).collect();
        let (required, needed) = self.needs((path, parts), place);
        let least = |names: &[&str]| {
            let last = parts.iter().rposition(|(own, _)| names.contains(&&**own));
            last.map_or(0, |last| last + 1)
        };
        let mut json = json!({
            "type": "array", "prefixItems": all,
            "minItems": least(&required), "maxItems": all.len(),
        });
        if !needed.is_empty() {
            let set = |(name, _): &(Arc<str>, Shape)| match needed.contains(&&**name) {
                true => json!({ "not": { "type": "null" } }),
                false => json!({}),
            };
            let set: Vec<Json> = parts.iter().map(set).collect();
            // A tuple all of whose elements are null is none.
            json["if"] = json!({ "contains": { "not": { "type": "null" } } });
            json["then"] = json!({ "minItems": least(&needed), "prefixItems": set });
        }
        json
    }

    /// Describes an element of a list, or an entry of a map as a record of its key and its value.
    fn element(&self, (path, shape): (&str, &Shape), elements: &Elements) -> Json {
        let bracket = if matches!(shape, Shape::Map(_)) { "{}" } else { "[]" };
        self.shape(&format!("{path}{bracket}"), &elements.element, Place::Whole)
    }

    fn fields(
        &self,
        (path, fields): (&str, &[(Arc<str>, Shape)]),
        place: Place,
    ) -> Map<String, Json> {
        let field = |(name, shape): &(Arc<str>, Shape)| {
            let json = self.shape(&format!("{path}.{name}"), shape, place);
            let must_be_set =
                place == Place::Whole && (is_required(shape) || self.is_needed(path, shape));
            let may_be_null = match place {
                Place::Whole => !must_be_set,
                _ => !matches!(shape, Shape::Slot(_)) && is_optional(self.schema, shape),
            };
            let json = match (may_be_null, must_be_set) {
                (true, _) => or_null(json),
                (_, true) => not_null(json),
                _ => json,
            };
            (name.to_string(), json)
        };
        fields.iter().map(field).collect()
    }

    /// Returns the parts that each value has, and those that an optional value of a record has unless it is none.
    fn needs<'s>(
        &self,
        (path, parts): (&str, &'s [(Arc<str>, Shape)]),
        place: Place,
    ) -> (Vec<&'s str>, Vec<&'s str>) {
        let names = |is_meant: &dyn Fn(&Shape) -> bool| {
            let parts = parts.iter().filter(|(_, shape)| is_meant(shape));
            parts.map(|(name, _)| &**name).collect()
        };
        let is_needed = |shape: &Shape| self.is_needed(path, shape);
        match place {
            Place::Changed | Place::Abstract => (Vec::new(), Vec::new()),
            Place::Fresh => {
                (names(&|shape| references::is_required(self.schema, shape)), names(&is_needed))
            }
            Place::Whole => (names(&|shape| is_required(shape) || is_needed(shape)), Vec::new()),
        }
    }

    /// Returns whether the optional record at the path, or one around it, needs the part in each file.
    fn is_needed(&self, path: &str, shape: &Shape) -> bool {
        self.is_part(path, shape, |slot| slot.needed_default().is_none())
    }

    /// Returns whether the optional record at the path, or one around it, always has such a slot of the part.
    fn is_part(&self, path: &str, shape: &Shape, is_meant: impl Fn(&Slot) -> bool) -> bool {
        let mut is_part = false;
        shape.for_each_slot(&mut |slot| {
            let slot = &self.schema.slots()[slot];
            let is_within = slot.needed_in().is_some_and(|record| record.len() <= path.len());
            is_part |= is_within && is_meant(slot);
        });
        is_part
    }

    /// Describes the part of a nested value that has a slot of its own.
    fn part(&self, part: &Part, place: Place) -> Json {
        let (slot, json) = (&self.schema.slots()[part.slot], self.slots[part.slot].clone());
        let mut json = match (slot.name().contains(['[', '{']), part.lengths) {
            (true, Some(_)) => json!({ "type": "array", "items": json["items"] }),
            (true, None) => json["items"].clone(),
            // The slot of a part is unset in other variants.
            (false, _) if place == Place::Whole && is_set(part) => not_null(json),
            (false, _) => json,
        };
        if place == Place::Changed {
            self.accept_changes(&mut json, slot);
        }
        if let Some(default) = part.default.as_ref().and_then(value) {
            json["default"] = default;
        }
        json
    }

    /// Describes a value of one of several variants.
    fn variants(&self, path: &str, union: &Union) -> Vec<Json> {
        let variants = union.variants.iter().map(|(name, shape)| {
            let name = &**name;
            let Some(shape) = shape else {
                let none = json!({ "type": ["object", "null"], "maxProperties": 0 });
                return json!({ "anyOf": [{ "const": name }, by_name(name, none)] });
            };
            let sign = if let UnionBy::Sort = union.by { '|' } else { '@' };
            let mut json = self.shape(&format!("{path}{sign}{name}"), shape, Place::Whole);
            match &union.by {
                // The tag is a part that each value has.
                UnionBy::Tag(tag) => {
                    json["properties"][&**tag] = json!({ "const": name });
                    json
                }
                UnionBy::Name if is_required(shape) => by_name(name, json),
                UnionBy::Name => by_name(name, or_null(json)),
                _ => json,
            }
        });
        variants.collect()
    }

    /// Describes maps that change parts of a value whose variant the record says, or the map.
    fn changed_variants(&self, path: &str, union: &Union) -> Vec<Json> {
        let mut all: Map<String, Json> = Map::new();
        let mut changed = Vec::new();
        for (name, shape) in &union.variants {
            let shape = match (&union.by, shape) {
                (UnionBy::Sort, Some(Shape::Union(inner))) if **name == *"map" => {
                    return self.changed_variants(&format!("{path}|map"), inner);
                }
                (UnionBy::Sort, _) if **name != *"map" => continue,
                (_, shape) => shape,
            };
            let Some(Shape::Record(fields)) = shape else { continue };
            let parts = self.changed_parts(fields);
            match &union.by {
                UnionBy::Tag(tag) => {
                    let values = self.fields((&format!("{path}@{name}"), fields), Place::Whole);
                    let forms = values.into_iter().chain(parts.clone());
                    let forms = forms.filter(|(part, _)| **part != **tag);
                    forms.for_each(|(part, form)| add_form(&mut all, part, form));
                    if !parts.is_empty() {
                        let mut tagged = changed_map(parts, 2);
                        tagged["properties"][&**tag] = json!({ "const": **name });
                        tagged["required"] = json!([**tag]);
                        changed.push(tagged);
                    }
                }
                _ if parts.is_empty() => {}
                UnionBy::Name => changed.push(by_name(name, changed_map(parts, 1))),
                _ => changed.push(changed_map(parts, 1)),
            }
        }
        if !all.is_empty() {
            changed.push(changed_map(all, 1));
        }
        changed
    }

    /// Describes the changes of a variant's parts.
    fn changed_parts(&self, fields: &[(Arc<str>, Shape)]) -> Map<String, Json> {
        let changed = fields.iter().filter_map(|(name, shape)| {
            let Shape::Slot(part) = shape else { return None };
            let slot = &self.schema.slots()[part.slot];
            Some((name.to_string(), self.change(slot.kind(), slot)?))
        });
        changed.collect()
    }

    /// Describes the changes that a slot takes in place of a value, if it takes any.
    fn change(&self, kind: &Kind, slot: &Slot) -> Option<Json> {
        match kind {
            Kind::List(_) => {
                let list = self.kind(slot, kind);
                self.change_of_list(&list, &list)
            }
            Kind::Number(_) => {
                let number = json!({ "type": "number" });
                self.named([(Word::Times, &number), (Word::Plus, &number)])
            }
            _ => None,
        }
    }

    fn change_of_list(&self, added: &Json, removed: &Json) -> Option<Json> {
        self.named([(Word::Add, added), (Word::Remove, removed)])
    }

    /// Describes a map whose names are the words of the file.
    fn named(&self, values: [(Word, &Json); 2]) -> Option<Json> {
        let named = values.into_iter();
        let named = named.filter_map(|(word, json)| Some((self.words.name(word)?, json)));
        let named: Map<String, Json> =
            named.map(|(name, json)| (name.to_owned(), json.clone())).collect();
        (!named.is_empty()).then(|| changed_map(named, 1))
    }

    /// Accepts the changes that a slot takes in patches and in records that inherit.
    fn accept_changes(&self, value: &mut Json, slot: &Slot) {
        if let Some(changes) = self.change(slot.kind(), slot) {
            accept(value, &changes);
        }
    }

    /// Accepts changes of the entries of a map. Those that go are named by their keys.
    fn with_changed_entries(&self, map: Json, element: &Json) -> Json {
        let keys = json!({ "type": "array", "items": element["properties"]["key"] });
        let removed = json!({ "anyOf": [keys, map] });
        match self.change_of_list(&map, &removed) {
            Some(changes) => json!({ "anyOf": [map, changes] }),
            None => map,
        }
    }

    fn slot(&self, slot: &Slot) -> Json {
        let mut json = self.kind(slot, slot.kind());
        if slot.is_optional() {
            json = or_null(json);
        }
        let notes = self.notes.get(slot.name());
        let doc = notes.and_then(|notes| notes.doc.as_deref());
        let unit = notes.and_then(|notes| notes.unit.as_deref());
        let unit = unit.map(|unit| format!("Unit: {unit}"));
        let parts = [doc.map(str::to_owned), unit, Some(slot.to_string())];
        let description: Vec<String> = parts.into_iter().flatten().collect();
        json["description"] = description.join("\n\n").into();
        if let Some(default) = slot.default().and_then(value) {
            json["default"] = default;
        }
        json
    }

    fn kind(&self, slot: &Slot, kind: &Kind) -> Json {
        match kind {
            Kind::Bool => json!({ "type": "boolean" }),
            Kind::Number(kind) => number(*kind, slot.constraints()),
            Kind::Vector(vector) => {
                numbers(vector.component(), vector.components(), slot.constraints())
            }
            Kind::Array(number, length) => numbers(*number, *length as usize, slot.constraints()),
            Kind::Text => json!({ "type": "string" }),
            Kind::Any => json!({}),
            Kind::Object => self.writer.record_name(slot.references(), false),
            Kind::Enum(kind) => {
                json!({ "enum": kind.variants().iter().map(|name| &**name).collect::<Vec<_>>() })
            }
            Kind::List(list) => {
                json!({ "type": "array", "items": self.kind(slot, list.element()) })
            }
            // Only the program can create such a value.
            Kind::Pod(_) => json!({ "not": {} }),
        }
    }
}

/// Returns whether a record may say that there is no such value.
pub(super) fn is_optional(schema: &RegisteredSchema, shape: &Shape) -> bool {
    let mut is_optional = true;
    shape.for_each_slot(&mut |slot| is_optional &= schema.slots()[slot].is_optional());
    is_optional
}

/// Returns whether an element or a variant must have the part.
fn is_required(shape: &Shape) -> bool {
    match shape {
        Shape::Slot(part) => is_set(part),
        Shape::Record(parts) | Shape::Tuple(parts) => {
            parts.iter().any(|(_, shape)| is_required(shape))
        }
        Shape::List(elements) | Shape::Map(elements) => elements.is_set.is_none(),
        Shape::Union(union) => union.is_set.is_none(),
        _ => false,
    }
}

/// Returns whether each element or variant gives the part.
const fn is_set(part: &Part) -> bool {
    part.is_set.is_none() && part.default.is_none()
}

/// Returns the names of nested values in records, those of inner records included.
pub(super) fn nested_names(schema: &RegisteredSchema) -> BTreeSet<&str> {
    let wholes = schema.slots().iter().flat_map(|slot| {
        let ends = slot.name().match_indices(['.', '[', '{', '@', '|']);
        ends.map(|(end, _)| &slot.name()[..end]).filter(|name| !name.contains([']', '}', '@', '|']))
    });
    wholes.collect()
}

/// Adds a form of the values under a name.
fn add_form(all: &mut Map<String, Json>, name: String, form: Json) {
    let known = all.entry(name).or_insert_with(|| json!({ "anyOf": [] }));
    if let Some(Json::Array(forms)) = known.get_mut("anyOf")
        && !forms.contains(&form)
    {
        forms.push(form);
    }
}

/// Describes a map of changes with at least this many entries.
fn changed_map(changes: Map<String, Json>, least: usize) -> Json {
    let mut json = closed_json(changes.into());
    json["minProperties"] = least.into();
    json
}

/// Describes a value under the name of its variant.
fn by_name(name: &str, json: Json) -> Json {
    let mut json = closed_json(json!({ name: json }));
    json["required"] = json!([name]);
    json
}

/// Accepts a map of changes in place of a number or a list, whose keywords say nothing about maps.
fn accept(value: &mut Json, changes: &Json) {
    value["type"] = match value["type"].take() {
        Json::Array(mut types) => {
            types.push("object".into());
            types.into()
        }
        single => json!([single, "object"]),
    };
    for key in ["properties", "additionalProperties", "minProperties"] {
        value[key] = changes[key].clone();
    }
}

/// Describes the numbers of a vector or an array.
fn numbers(kind: NumberKind, length: usize, constraints: &Constraints) -> Json {
    json!({
        "type": "array", "items": number(kind, constraints), "minItems": length, "maxItems": length,
    })
}

fn number(kind: NumberKind, constraints: &Constraints) -> Json {
    let mut json = match kind.integer_range() {
        Some((least, most)) => json!({
            "type": "integer",
            "minimum": constraint::to_json(Number::Int(least)),
            "maximum": constraint::to_json(Number::Int(most)),
        }),
        None => json!({ "type": "number" }),
    };
    constraints.iter().for_each(|constraint| constraint::confine(&mut json, &constraint));
    json
}

/// Converts a default to JSON. Returns `None` if JSON has no such value.
fn value(given: &Value) -> Option<Json> {
    let single = |number: f32| format!("{number:?}").parse::<f64>().ok().map(Json::from);
    if let Some(numbers) = given.numbers() {
        return numbers.iter().map(value).collect();
    }
    match given {
        Value::Bool(truth) => Some((*truth).into()),
        Value::Int(number) => Some((*number).into()),
        Value::UInt(number) => Some((*number).into()),
        Value::F32(number) => single(*number),
        Value::F64(number) => Some((*number).into()),
        Value::Text(text) => Some((&**text).into()),
        Value::List(list) => list.iter().map(value).collect(),
        _ => None,
    }
}
