//! Schemas from the types of reflected structs.

use bevy_reflect::{TypeInfo, Typed};
use slotted::{Kind, Schema};

use super::attributes::SlotDefault;
use super::error::ReflectError;
use super::fields::{all_well, build, fields_of_type, schema_name, struct_info, struct_ref};

/// The schema of a struct that derives `Reflect`.
///
/// Costs a look at each field, and at the variants of enums twice.
///
/// # Errors
/// If the type is no struct with named fields, is generic without a [`SchemaName`], or has fields that
/// can be no slots: all of them are named.
///
/// # Example
/// ```
/// use bevy_reflect::Reflect;
/// use bevy_slotted::reflect::schema_of;
/// use bevy_slotted::slotted::{Store, record};
///
/// #[derive(Reflect)]
/// struct RoyalGuard {
///     name: String,
///     armour: Option<u8>,
/// }
/// let mut store = Store::new();
/// store.register_schema(schema_of::<RoyalGuard>()?)?;
/// store.spawn_record("royal_guard", record! { name: "Ada" })?;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// [`SchemaName`]: super::SchemaName
pub fn schema_of<T: Typed>() -> Result<Schema, ReflectError> {
    schema_of_info(T::type_info())
}

/// The schema of a struct of which the type is known only at run time: see [`schema_of`].
///
/// # Errors
/// As [`schema_of`].
///
/// # Example
/// ```
/// use bevy_reflect::{Reflect, TypeRegistry};
/// use bevy_slotted::reflect::schema_of_info;
///
/// #[derive(Reflect)]
/// struct Unit {
///     health: f32,
/// }
/// let mut registry = TypeRegistry::new();
/// registry.register::<Unit>();
/// let unit = registry.get_with_short_type_path("Unit").ok_or("it is registered")?;
/// assert_eq!(schema_of_info(unit.type_info())?.name(), "unit");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn schema_of_info(info: &TypeInfo) -> Result<Schema, ReflectError> {
    let info = struct_info(info)?;
    let (name, fields) = (schema_name(info)?, fields_of_type(info)?);
    let type_name = info.type_path_table().short_path();
    build(type_name, &name, &fields, |field, builder| field.declare(builder))
}

/// The schema of a struct, with the values of `T::default()` as the slots' defaults.
///
/// A [`SlotDefault`] takes precedence; references, and options that are `None`, get no default.
///
/// # Errors
/// As [`schema_of`], and if a value of `T::default()` violates the slot's own range or finiteness.
///
/// # Example
/// ```
/// use bevy_reflect::Reflect;
/// use bevy_slotted::reflect::schema_with_defaults_of;
///
/// #[derive(Reflect)]
/// struct Unit {
///     health: f32,
/// }
///
/// impl Default for Unit {
///     fn default() -> Self {
///         Self { health: 100.0 }
///     }
/// }
/// let unit = schema_with_defaults_of::<Unit>()?;
/// assert_eq!(unit.slots()[0].to_string(), "health: f32, default 100.0");
/// # Ok::<(), bevy_slotted::reflect::ReflectError>(())
/// ```
pub fn schema_with_defaults_of<T: Typed + Default>() -> Result<Schema, ReflectError> {
    let info = struct_info(T::type_info())?;
    let (name, fields) = (schema_name(info)?, fields_of_type(info)?);
    let type_name = info.type_path_table().short_path();
    let object = T::default();
    let object = struct_ref(&object)?;
    let mut problems = Vec::new();
    for field in &fields {
        let value = object.field(&field.name).map(|value| field.shape.read(value));
        problems.extend(value.and_then(Result::err).map(|what| field.problem(what)));
    }
    all_well(type_name, problems)?;
    build(type_name, &name, &fields, |field, builder| {
        let builder = field.declare(builder);
        let is_given =
            field.declared.is_some_and(|declared| declared.has_attribute::<SlotDefault>());
        let value = object.field(&field.name).and_then(|value| field.shape.read(value).ok());
        match value {
            Some(value) if !is_given && !value.is_unset() && !refers(&field.shape.kind()) => {
                builder.default(value)
            }
            _ => builder,
        }
    })
}

/// No object lives in every store, as a default would have to.
fn refers(kind: &Kind) -> bool {
    match kind {
        Kind::Entity => true,
        Kind::List(list) => *list.element() == Kind::Entity,
        _ => false,
    }
}
