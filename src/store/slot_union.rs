//! Rust enums as unions.

use crate::schema::{Schema, SchemaBuilder, SchemaError, UnionBy, VariantParts};
use crate::slot_value::SlotValue;
use crate::store::NestedField;

/// A Rust enum whose variants have slots of their own. Implement it with `#[derive(SlotUnion)]`.
///
/// The enum is the type of a field with `#[slot(nested)]`, or an `Option` of it is. Each variant is unit-like, has named fields, or
/// has one value:
///
/// | attribute | on | means |
/// |---|---|---|
/// | `#[slotted(tag = "type")]` | the enum | in records, a map that has the variant's name under `type`: `{ type = "heal", amount = 5 }` |
/// | none | the enum | in records, a map of the variant's name: `{ heal = { amount = 5 } }`, or the text `"rest"` |
/// | `#[slotted(untagged)]` | the enum | the sort of the value says the variant: the variants are `Bool`, `Number`, `Text`, `List` and `Map`, each with one value |
/// | `#[slotted(keys = "EffectSlots")]` | the enum | the name of the struct of [keys](crate::Store::keys); by default the enum's with `Keys` at its end |
/// | `#[slotted(variants = "EffectKind")]` | the enum | the name of the enum of its [`Variant`](Self::Variant)s; by default the enum's with `Variant` at its end |
/// | `#[slot(name = "cure")]` | a variant | the variant's name; by default the variant's in snake case |
/// | `#[slot(nested)]` | the value of a variant | the value is a struct with `#[derive(Slotted)]`, whose slots are the variant's |
///
/// The fields of variants take the attributes of the fields of [`Slotted`](crate::Slotted), `base` excepted. Optional nested records, and
/// structs with such fields, do not compile in a variant.
///
/// Each field has a column of its own, which is unset in the objects of other variants. So the columns are as long as the
/// table, whatever the variants. A further column has the variant, in one byte. Keys and views write parts alone: a part that the
/// object's variant lacks is then read as zero, or the union as `None` if it is optional. Unions do not compile in
/// [`Records`](crate::Records).
///
/// # Example
/// ```
/// use slotted::{SlotUnion, Slotted, Store, Value, View, record};
///
/// #[derive(SlotUnion, Clone, Copy, Debug, PartialEq)]
/// #[slotted(tag = "type")]
/// enum Effect {
///     Heal {
///         #[slot(range = 0..=100)]
///         amount: f32,
///         area: Option<u8>,
///     },
///     Rest,
/// }
///
/// #[derive(Slotted, Clone, Copy, Debug, PartialEq)]
/// struct Spell {
///     #[slot(nested)]
///     effect: Effect,
/// }
///
/// let mut store = Store::new();
/// store.register::<Spell>()?;
/// let heal = Effect::Heal { amount: 5.0, area: None };
/// let balm = store.spawn(Spell { effect: heal })?;
/// assert_eq!(store.get_object::<Spell>(balm)?.effect, heal);
///
/// // The same in data files.
/// let balm = Value::from_iter([("type", Value::from("heal")), ("amount", 5.0_f32.into())]);
/// let balm = store.spawn_record("spell", record! { effect: balm })?;
/// assert_eq!(store.get_object::<Spell>(balm)?.effect, heal);
/// store.spawn(Spell { effect: Effect::Rest })?;
///
/// // A view has a column of the variants, and one for each part.
/// #[derive(View)]
/// struct Healing<'a> {
///     #[slot(name = "effect@type")]
///     variant: &'a EffectVariant,
///     #[slot(name = "effect@heal.amount")]
///     amount: Option<&'a mut f32>,
/// }
/// let mut healed = 0;
/// store.view::<Healing>()?.for_each(|spell| {
///     healed += usize::from(*spell.variant == EffectVariant::Heal);
///     if let Some(amount) = spell.amount {
///         *amount *= 2.0;
///     }
/// });
/// assert_eq!(healed, 2);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not a union",
    label = "not a union",
    note = "add `#[derive(SlotUnion)]` to the enum"
)]
pub trait SlotUnion: NestedField {
    /// The variants without their fields: the kind of the slot that says the variant. The derive makes this enum.
    type Variant: SlotValue;

    /// Returns the variant of the value.
    ///
    /// # Example
    /// ```
    /// use slotted::SlotUnion;
    /// #[derive(SlotUnion, Clone, Copy)]
    /// enum Shape { Circle { radius: f32 }, Point }
    /// assert_eq!(Shape::Circle { radius: 2.0 }.variant(), ShapeVariant::Circle);
    /// assert_eq!(Shape::Point.variant(), ShapeVariant::Point);
    /// ```
    fn variant(&self) -> Self::Variant;
}

/// The declared parts of a variant.
#[doc(hidden)]
#[allow(missing_debug_implementations)]
pub enum VariantSchema {
    None,
    /// The only slot of the schema.
    Value(Schema),
    Record(Schema),
}

/// Adds the slots of a union to a schema.
#[doc(hidden)]
pub fn declare_union(
    schema: SchemaBuilder,
    name: &'static str,
    by: UnionBy,
    variants: &[(&'static str, VariantSchema)],
) -> SchemaBuilder {
    let variants: Vec<_> = variants
        .iter()
        .map(|(name, parts)| {
            let parts = match parts {
                VariantSchema::None => VariantParts::None,
                VariantSchema::Value(schema) => VariantParts::Value(schema),
                VariantSchema::Record(schema) => VariantParts::Record(schema),
            };
            (*name, parts)
        })
        .collect();
    schema.union(name, by, &variants)
}

/// Declares the parts of a variant.
///
/// # Errors
/// Returns an error if a name, a constraint or a default is invalid.
#[doc(hidden)]
pub fn declare_variant(
    name: &'static str,
    declare: impl FnOnce(SchemaBuilder) -> Result<SchemaBuilder, SchemaError>,
) -> Result<Schema, SchemaError> {
    declare(Schema::builder(name))?.build()
}
