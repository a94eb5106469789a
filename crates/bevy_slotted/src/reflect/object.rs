//! Converts reflected structs to objects, and back.

use bevy_reflect::structs::Struct;
use bevy_reflect::{PartialReflect, ReflectMut};
use slotted::{AccessError, ObjectId, Record, Store, Value};

use super::error::{FieldIssue, ReflectError};
use super::fields::{SlotField, all_well, fields_of_value, schema_name, struct_ref, type_name};
use super::issues::Issues;
use super::reader::Reader;

/// Returns the values of a reflected struct as a record of its schema.
///
/// A field that is a struct is a map, and one that is a list of structs a list of maps.
///
/// The record omits fields that a dynamic struct does not have, so that their slots get the defaults. Without a
/// represented type, the slots have the names of the fields. Copies all values, and inspects the fields' types on each
/// call.
///
/// # Errors
/// If the value is not a struct with named fields. If fields cannot be slots, have another type than in the represented
/// struct, or do not exist there; the error lists all of them.
///
/// # Example
/// ```
/// use bevy_reflect::Reflect;
/// use bevy_slotted::reflect::{record_of, schema_of};
/// use bevy_slotted::slotted::{Store, Value};
///
/// #[derive(Reflect)]
/// struct Unit {
///     name: String,
///     health: f32,
/// }
/// let mut store = Store::new();
/// store.register_schema(schema_of::<Unit>()?)?;
/// let mut unit = Unit { name: "Ada".into(), health: 80.0 };
/// let ada = store.spawn_record("unit", record_of(&unit)?)?;
///
/// // To update a living object, set its slots one by one.
/// unit.health = 75.0;
/// for (slot, value) in record_of(&unit)? {
///     store.set_value(ada, &slot, value)?;
/// }
/// assert_eq!(store.get_value(ada, "health")?, Value::F32(75.0));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn record_of(value: &dyn PartialReflect) -> Result<Record, ReflectError> {
    let object = struct_ref(value)?;
    let mut issues = Issues::default();
    let fields = fields_of_value(object, &mut issues)?;
    let mut record = Record::with_capacity(fields.len());
    for field in &fields {
        let Some(value) = object.field(&field.name) else { continue };
        match field.shape.read(value) {
            Ok(value) => record.push(field.slot.clone().into_owned(), value),
            Err(found) => issues.add_part(&field.name, found),
        }
    }
    all_well(type_name(value), issues)?;
    Ok(record)
}

/// Spawns an object from a reflected struct. The schema of its type must be registered.
///
/// # Errors
/// The errors of [`record_of`]. Also if the value has no represented type, or if the store rejects the record.
///
/// # Example
/// ```
/// use bevy_reflect::Reflect;
/// use bevy_slotted::reflect::{schema_of, spawn_reflected};
/// use bevy_slotted::slotted::Store;
///
/// #[derive(Reflect)]
/// struct Unit {
///     health: f32,
/// }
/// let mut store = Store::new();
/// store.register_schema(schema_of::<Unit>()?)?;
/// let unit = spawn_reflected(&mut store, &Unit { health: 80.0 })?;
/// assert_eq!(store.get_value(unit, "health")?, 80.0_f32.into());
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn spawn_reflected(
    store: &mut Store,
    value: &dyn PartialReflect,
) -> Result<ObjectId, ReflectError> {
    let object = struct_ref(value)?;
    let Some(info) = object.get_represented_struct_info() else {
        return Err(ReflectError::NoType { type_name: value.reflect_short_type_path().into() });
    };
    let schema = schema_name(info)?;
    Ok(store.spawn_record(&schema, record_of(value)?)?)
}

/// Reads an object's slots into the fields of a struct.
///
/// The object's schema may be any that has these slots, for example one that extends the struct's schema. Fields that
/// reflection ignores stay unchanged, and so does a `&'static str` with an equal text. An optional struct becomes `None`
/// if all its slots are unset. The elements of lists are new, so fields in them that reflection ignores get their
/// defaults. Copies all values, and inspects the fields' types on each call, so views are better for millions of objects.
///
/// # Errors
/// If the object is dead. If the slots of fields are missing, have another kind, are optional while the field is not, or
/// hold values that do not fit; the error lists all of them. Nothing is written then. Only if a type's own
/// implementation of `PartialReflect` rejects a value of that type, earlier fields have been written.
///
/// # Panics
/// If the elements of a list have their own implementation of `FromReflect`, and it rejects a value of that type.
///
/// # Example
/// ```
/// use bevy_reflect::Reflect;
/// use bevy_slotted::reflect::{read_into, schema_of};
/// use bevy_slotted::slotted::{Store, record};
///
/// #[derive(Reflect, Default)]
/// struct Unit {
///     name: String,
///     target: Option<u32>,
/// }
/// let mut store = Store::new();
/// store.register_schema(schema_of::<Unit>()?)?;
/// let id = store.spawn_record("unit", record! { name: "Ada", target: 7 })?;
/// let mut unit = Unit::default();
/// read_into(&store, id, &mut unit)?;
/// assert_eq!((&*unit.name, unit.target), ("Ada", Some(7)));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn read_into(
    store: &Store,
    id: ObjectId,
    target: &mut dyn PartialReflect,
) -> Result<(), ReflectError> {
    let object = struct_ref(target)?;
    let schema = store.schema_by_id(id.schema()).filter(|_| store.contains(id));
    let schema = schema.ok_or(AccessError::Despawned { id })?;
    let reader = Reader { store, schema, id };
    let mut changes = Vec::new();
    let mut issues = Issues::default();
    for field in fields_of_value(object, &mut issues)? {
        match change_of(&field, object, &reader) {
            Ok(Some(change)) => changes.push((field, change)),
            Ok(None) => {}
            Err(found) => issues.add_part(&field.name, found),
        }
    }
    let type_name = type_name(target).to_owned();
    all_well(&type_name, issues)?;

    let ReflectMut::Struct(target) = target.reflect_mut() else {
        return Err(ReflectError::NotAStruct { type_name: type_name.into() });
    };
    for (SlotField { name, shape, .. }, change) in changes {
        let Some(field) = target.field_mut(&name) else { continue };
        let result = match change {
            Change::Whole(made) => shape.put(field, made),
            Change::Parts(value) => shape.write(field, &value),
        };
        if let Err(found) = result {
            let mut issues = Issues::default();
            issues.add_part(&name, found);
            return all_well(&type_name, issues);
        }
    }
    Ok(())
}

/// A value to write into a field.
enum Change {
    Whole(Box<dyn PartialReflect>),
    /// The value of a field with records in it, which are written part by part.
    Parts(Value),
}

/// Returns the change of the field, or `None` if the field needs no write.
fn change_of(
    field: &SlotField,
    object: &dyn Struct,
    reader: &Reader<'_>,
) -> Result<Option<Change>, Issues> {
    let shape = &field.shape;
    let value = reader.value(shape, &field.slot, false)?;
    let Some(current) = object.field(&field.name) else { return Ok(None) };
    // A dynamic value may lack parts that are written next.
    if object.is_dynamic() {
        shape.read(current)?;
    }
    if shape.has_parts() {
        shape.fit(current, &value)?;
        return Ok(Some(Change::Parts(value)));
    }
    if !shape.is_writable() && !value.is_unset() {
        let is_same = shape.read(current)? == value;
        return is_same.then_some(None).ok_or_else(|| FieldIssue::StaticText.into());
    }
    shape.make(&value).map(|made| Some(Change::Whole(made)))
}
