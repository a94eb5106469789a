//! Converts reflected structs to objects, and back.

use bevy_reflect::structs::Struct;
use bevy_reflect::{PartialReflect, ReflectMut};
use slotted::{AccessError, ObjectId, Record, Store, Value, schema::RegisteredSchema};

use super::error::{FieldIssue, ReflectError};
use super::fields::{
    SlotField, all_well, fields_of_value, problem, schema_name, struct_ref, type_name,
};

/// Returns the values of a reflected struct as a record of its schema.
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
    let mut problems = Vec::new();
    let fields = fields_of_value(object, &mut problems)?;
    let mut record = Record::with_capacity(fields.len());
    for field in &fields {
        let Some(value) = object.field(&field.name) else { continue };
        match field.shape.read(value) {
            Ok(value) => record.push(field.slot.clone().into_owned(), value),
            Err(what) => problems.push(field.problem(what)),
        }
    }
    all_well(type_name(value), problems)?;
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
/// reflection ignores stay unchanged, and so does a `&'static str` with an equal text. Copies all values, and inspects
/// the fields' types on each call, so views are better for millions of objects.
///
/// # Errors
/// If the object is dead. If the slots of fields are missing, have another kind, are optional while the field is not, or
/// hold values that do not fit; the error lists all of them. Nothing is written then. Only if a type's own
/// implementation of `PartialReflect` rejects a value of that type, earlier fields have been written.
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
    let mut changes = Vec::new();
    let mut problems = Vec::new();
    for field in fields_of_value(object, &mut problems)? {
        match value_for(&field, object, store, schema, id) {
            Ok(Some(value)) => changes.push((field.name.into_owned(), field.shape, value)),
            Ok(None) => {}
            Err(what) => problems.push(field.problem(what)),
        }
    }
    let type_name = type_name(target).to_owned();
    all_well(&type_name, problems)?;

    let ReflectMut::Struct(target) = target.reflect_mut() else {
        return Err(ReflectError::NotAStruct { type_name: type_name.into() });
    };
    for (name, shape, made) in changes {
        let Some(field) = target.field_mut(&name) else { continue };
        if let Err(error) = shape.put(field, made) {
            let what = FieldIssue::NotApplied { reason: error.to_string().into() };
            return all_well(&type_name, vec![problem(&name, what)]);
        }
    }
    Ok(())
}

/// Returns the value to write into the field, or `None` if the field needs no write.
fn value_for(
    field: &SlotField<'_>,
    object: &dyn Struct,
    store: &Store,
    schema: &RegisteredSchema,
    id: ObjectId,
) -> Result<Option<Box<dyn PartialReflect>>, FieldIssue> {
    let value = slot_value(field, store, schema, id)?;
    let Some(current) = object.field(&field.name) else { return Ok(None) };
    // A dynamic value may lack parts that are written next.
    if object.is_dynamic() {
        field.shape.read(current)?;
    }
    if !field.shape.is_writable() && !value.is_unset() {
        let is_same = field.shape.read(current)? == value;
        return is_same.then_some(None).ok_or(FieldIssue::StaticText);
    }
    field.shape.make(&value).map(Some)
}

fn slot_value(
    field: &SlotField<'_>,
    store: &Store,
    schema: &RegisteredSchema,
    id: ObjectId,
) -> Result<Value, FieldIssue> {
    let value = store.get_value(id, &field.slot).map_err(FieldIssue::Access)?;
    let (expected, is_optional) = (field.shape.kind(), field.shape.is_optional());
    match schema.slot(&field.slot) {
        Some(slot) if *slot.kind() != expected || (slot.is_optional() && !is_optional) => {
            Err(FieldIssue::WrongKind {
                slot: field.slot.as_ref().into(),
                expected: Box::new(expected),
                found: Box::new(slot.kind().clone()),
                is_optional: slot.is_optional(),
            })
        }
        _ => Ok(value),
    }
}
