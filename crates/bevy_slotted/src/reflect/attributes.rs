//! Attributes for `#[reflect(@...)]` that describe a schema and its slots.

use std::ops::RangeBounds;

use bevy_reflect::Reflect;
use bevy_reflect::attributes::CustomAttributes;
use bevy_reflect::std_traits::ReflectDefault;
use slotted::schema::{Constraint, Number, NumberRange};
use slotted::{ObjectId, Value};

/// Names the schema; an attribute of the struct. The default is the struct's name in snake case.
///
/// ```
/// use bevy_reflect::Reflect;
/// use bevy_slotted::reflect::{SchemaName, schema_of};
///
/// #[derive(Reflect)]
/// #[reflect(@SchemaName("orc"))]
/// struct OrcData {
///     rage: f32,
/// }
/// assert_eq!(schema_of::<OrcData>()?.name(), "orc");
/// # Ok::<(), bevy_slotted::reflect::ReflectError>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Reflect)]
pub struct SchemaName(pub &'static str);

/// Names a slot or an enum's variant; an attribute of a field or a variant.
///
/// The default is the field's name, or the variant's name in snake case.
///
/// ```
/// use bevy_reflect::Reflect;
/// use bevy_slotted::reflect::{SlotName, schema_of};
///
/// #[derive(Reflect)]
/// enum Job {
///     Farmer,
///     #[reflect(@SlotName("royal guard"))]
///     Guard,
/// }
///
/// #[derive(Reflect)]
/// struct Person {
///     #[reflect(@SlotName("profession"))]
///     job: Job,
/// }
/// let person = schema_of::<Person>()?;
/// assert_eq!(person.slots()[0].to_string(), "profession: enum(farmer, royal guard)");
/// # Ok::<(), bevy_slotted::reflect::ReflectError>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Reflect)]
pub struct SlotName(pub &'static str);

/// Sets the slot's default, which records that omit the slot get; an attribute of a field.
///
/// Building the schema checks the default like any value of the slot.
///
/// ```
/// use bevy_reflect::Reflect;
/// use bevy_slotted::reflect::{SlotDefault, schema_of};
///
/// #[derive(Reflect)]
/// struct Unit {
///     #[reflect(@SlotDefault::new(100.0))]
///     health: f32,
/// }
/// assert_eq!(schema_of::<Unit>()?.slots()[0].to_string(), "health: f32, default 100.0");
/// # Ok::<(), bevy_slotted::reflect::ReflectError>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Reflect)]
#[reflect(opaque)]
pub struct SlotDefault(pub Value);

impl SlotDefault {
    /// Returns the attribute for this default. An enum's variant is given by its name in the schema.
    pub fn new(value: impl Into<Value>) -> Self {
        Self(value.into())
    }
}

/// Limits the numbers that the slot may hold; an attribute of a field.
///
/// For vectors, arrays and lists the range applies to each of their numbers.
///
/// ```
/// use bevy_reflect::Reflect;
/// use bevy_slotted::reflect::{SlotRange, schema_of};
///
/// #[derive(Reflect)]
/// struct Unit {
///     #[reflect(@SlotRange::new(0.0..=500.0))]
///     health: f32,
/// }
/// assert_eq!(schema_of::<Unit>()?.slots()[0].to_string(), "health: f32, range 0.0 to 500.0");
/// # Ok::<(), bevy_slotted::reflect::ReflectError>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Reflect)]
#[reflect(opaque)]
pub struct SlotRange {
    range: NumberRange,
}

impl SlotRange {
    /// Returns the attribute for this range.
    pub fn new<N: Into<Number> + Clone>(range: impl RangeBounds<N>) -> Self {
        Self { range: NumberRange::new(range) }
    }
}

/// Makes the slot reject infinities and NaN; an attribute of a field.
///
/// ```
/// use bevy_reflect::Reflect;
/// use bevy_slotted::reflect::{SlotFinite, schema_of};
///
/// #[derive(Reflect)]
/// struct Unit {
///     #[reflect(@SlotFinite)]
///     health: f32,
/// }
/// assert_eq!(schema_of::<Unit>()?.slots()[0].to_string(), "health: f32, finite");
/// # Ok::<(), bevy_slotted::reflect::ReflectError>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Reflect)]
pub struct SlotFinite;

/// Allows only multiples of a number above 0, in vectors, arrays and lists for each number; an attribute of a field.
///
/// ```
/// use bevy_reflect::Reflect;
/// use bevy_slotted::reflect::{SlotStep, schema_of};
///
/// #[derive(Reflect)]
/// struct Person {
///     #[reflect(@SlotStep::new(5))]
///     age: u8,
/// }
/// assert_eq!(schema_of::<Person>()?.slots()[0].to_string(), "age: u8, step 5");
/// # Ok::<(), bevy_slotted::reflect::ReflectError>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Reflect)]
#[reflect(opaque)]
pub struct SlotStep {
    step: Number,
}

impl SlotStep {
    /// Creates the step of this number.
    pub fn new(step: impl Into<Number>) -> Self {
        Self { step: step.into() }
    }
}

/// Names the schema that a referenced object must have or extend; an attribute of a field.
///
/// The field's type is a [`Reference`] or a list of them.
///
/// ```
/// use bevy_reflect::Reflect;
/// use bevy_slotted::reflect::{Reference, SlotReferences, schema_of};
///
/// #[derive(Reflect)]
/// struct Unit {
///     #[reflect(@SlotReferences("unit"))]
///     target: Option<Reference>,
/// }
/// let unit = schema_of::<Unit>()?;
/// assert_eq!(unit.slots()[0].to_string(), "target: object, optional, references 'unit'");
/// # Ok::<(), bevy_slotted::reflect::ReflectError>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Reflect)]
pub struct SlotReferences(pub &'static str);

/// The attributes that are constraints.
trait ConstraintAttribute: Reflect {
    fn constraint(&self) -> Constraint;
}

macro_rules! constraints {
    ($($name:ident: $attribute:pat => $constraint:expr;)*) => {
        $(impl ConstraintAttribute for $name {
            fn constraint(&self) -> Constraint {
                let $attribute = self;
                $constraint
            }
        })*

        /// Returns the constraints among a field's attributes.
        pub(super) fn constraints(attributes: &CustomAttributes) -> Vec<Constraint> {
            let all = [$(attributes.get::<$name>().map(ConstraintAttribute::constraint),)*];
            all.into_iter().flatten().collect()
        }

        /// Returns the name of the first attribute that belongs on a field.
        pub(super) fn of_a_field(attributes: &CustomAttributes) -> Option<&'static str> {
            let all = [
                ("SlotName", attributes.contains::<SlotName>()),
                ("SlotDefault", attributes.contains::<SlotDefault>()),
                $((stringify!($name), attributes.contains::<$name>()),)*
            ];
            all.into_iter().find(|(_, is_there)| *is_there).map(|(name, _)| name)
        }
    };
}
constraints! {
    SlotRange: Self { range } => Constraint::Range(*range);
    SlotFinite: Self => Constraint::Finite;
    SlotStep: Self { step } => Constraint::Step(*step);
    SlotReferences: Self(schema) => Constraint::References((*schema).into());
}

/// An [`ObjectId`] that can be reflected: a field type for references to objects of a store.
///
/// ```
/// use bevy_slotted::reflect::Reference;
/// use bevy_slotted::slotted::{ObjectId, Kind, Schema, Store, record};
///
/// let mut store = Store::new();
/// store.register_schema(Schema::builder("tile").slot("height", Kind::F32).build()?)?;
/// let tile = store.spawn_record("tile", record! { height: 1.0 })?;
/// let reference = Reference::from(tile);
/// assert_eq!(ObjectId::from(reference), tile);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Reflect)]
#[reflect(opaque)]
#[reflect(Clone, Debug, PartialEq, Hash)]
pub struct Reference(pub ObjectId);

impl From<ObjectId> for Reference {
    fn from(id: ObjectId) -> Self {
        Self(id)
    }
}

impl From<Reference> for ObjectId {
    fn from(reference: Reference) -> Self {
        reference.0
    }
}

/// A [`Value`] that can be reflected: a field type for data of any sort, in a slot of kind `any`.
///
/// The slot refuses references to objects, and [`Value::Unset`] unless the field is an `Option`.
/// `Some` of an unset value becomes `None` in the store.
///
/// ```
/// use bevy_reflect::Reflect;
/// use bevy_slotted::reflect::{AnyValue, read_into, schema_of, spawn_reflected};
/// use bevy_slotted::slotted::Store;
///
/// #[derive(Reflect, Default)]
/// struct Item {
///     on_use: AnyValue,
/// }
/// let mut store = Store::new();
/// store.register_schema(schema_of::<Item>()?)?;
/// let potion = spawn_reflected(&mut store, &Item { on_use: AnyValue(["heal", "5"].into()) })?;
/// let mut item = Item::default();
/// read_into(&store, potion, &mut item)?;
/// assert_eq!(item.on_use.0.to_string(), r#"["heal", "5"]"#);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, Reflect)]
#[reflect(opaque)]
#[reflect(Clone, Debug, Default, PartialEq, Hash)]
pub struct AnyValue(pub Value);

impl From<Value> for AnyValue {
    fn from(value: Value) -> Self {
        Self(value)
    }
}

impl From<AnyValue> for Value {
    fn from(value: AnyValue) -> Self {
        value.0
    }
}
