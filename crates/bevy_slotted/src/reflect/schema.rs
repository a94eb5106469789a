//! Builds schemas from the types of reflected structs.

use bevy_reflect::{TypeInfo, Typed};
use slotted::{Kind, Schema};

use super::error::ReflectError;
use super::fields::{build, fields_of_type, struct_info, struct_ref};

/// Returns the schema of a struct that derives `Reflect`.
///
/// Computes in **O(fields + variants of enums)** time.
///
/// # Errors
/// If the type is not a struct with named fields, is generic without a [`SchemaName`], or has fields that cannot be
/// slots. The error lists all of these fields.
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

/// Returns the schema of a struct whose type is known only at run time: see [`schema_of`].
///
/// # Errors
/// The errors of [`schema_of`].
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
/// let unit = registry.get_with_short_type_path("Unit").ok_or("unit is not registered")?;
/// assert_eq!(schema_of_info(unit.type_info())?.name(), "unit");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn schema_of_info(info: &TypeInfo) -> Result<Schema, ReflectError> {
    let info = struct_info(info)?;
    let mut problems = Vec::new();
    let fields = fields_of_type(info, &mut problems)?;
    build(info, &fields, problems)
}

/// Returns the schema of a struct, with the values of `T::default()` as the slots' defaults.
///
/// A [`SlotDefault`] takes precedence. References and options that are `None` get no default.
///
/// # Errors
/// The errors of [`schema_of`]. Also if a value of `T::default()` violates the slot's range or finiteness.
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
///
/// [`SlotDefault`]: super::SlotDefault
pub fn schema_with_defaults_of<T: Typed + Default>() -> Result<Schema, ReflectError> {
    let info = struct_info(T::type_info())?;
    let mut problems = Vec::new();
    let mut fields = fields_of_type(info, &mut problems)?;
    let object = T::default();
    let object = struct_ref(&object)?;
    for field in fields.iter_mut().filter(|field| field.default.is_none()) {
        let Some(value) = object.field(&field.name) else { continue };
        match field.shape.read(value) {
            Ok(value) if value.is_unset() || refers(&field.shape.kind()) => {}
            Ok(value) => field.default = Some(value),
            Err(what) => problems.push(field.problem(what)),
        }
    }
    build(info, &fields, problems)
}

/// Returns `true` for references, which have no default: no object lives in every store.
fn refers(kind: &Kind) -> bool {
    match kind {
        Kind::Object => true,
        Kind::List(list) => *list.element() == Kind::Object,
        _ => false,
    }
}
