//! Builds schemas from the types of reflected structs.

use bevy_reflect::structs::Struct;
use bevy_reflect::{ReflectRef, TypeInfo, Typed};
use slotted::{Kind, Schema};

use super::error::ReflectError;
use super::fields::{SlotField, build, fields_of_type, struct_info, struct_ref};
use super::issues::Issues;
use super::shape::Layout;

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
    let mut issues = Issues::default();
    let fields = fields_of_type(info, &mut issues)?;
    build(info, &fields, issues)
}

/// Returns the schema of a struct, with the values of `T::default()` as the slots' defaults.
///
/// A [`SlotDefault`] takes precedence. References and options that are `None` get no default, and neither do optional
/// structs and lists of structs, whose parts have none. In a field that is a struct, each part gets its own.
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
    let mut issues = Issues::default();
    let mut fields = fields_of_type(info, &mut issues)?;
    let object = T::default();
    take_defaults(&mut fields, struct_ref(&object)?, &mut issues);
    build(info, &fields, issues)
}

/// Makes the values of a struct the defaults of slots without one, and adds the problems to `issues`.
fn take_defaults(fields: &mut [SlotField], object: &dyn Struct, issues: &mut Issues) {
    for field in fields.iter_mut().filter(|field| field.default.is_none()) {
        let Some(value) = object.field(&field.name) else { continue };
        if let Some(parts) = field.shape.record_mut() {
            let ReflectRef::Struct(value) = value.reflect_ref() else { continue };
            let mut found = Issues::default();
            take_defaults(parts.fields_mut(), value, &mut found);
            issues.add_part(&field.name, found);
            continue;
        }
        // Optional records and the elements of lists have no defaults.
        let Layout::Slot(kind) = field.shape.layout() else { continue };
        match field.shape.read(value) {
            Ok(value) if value.is_unset() || refers(&kind) => {}
            Ok(value) => field.default = Some(value),
            Err(found) => issues.add_part(&field.name, found),
        }
    }
}

/// Returns `true` for references, which have no default: no object lives in every store.
fn refers(kind: &Kind) -> bool {
    *kind.element() == Kind::Object
}
