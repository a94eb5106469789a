//! Schemas as JSON, exactly: what a file declares equals what the store had.

use std::collections::HashMap;
use std::ops::Bound;
use std::sync::Arc;

use serde::{Deserialize, Serialize};
use slotted::schema::{
    Constraint, Number, NumberKind, NumberRange, PodKind, Quoted, Slot, VectorKind,
};
use slotted::{Kind, ObjectId, Schema, SchemaError, Store, Value};

use crate::damage::Damage;

/// A schema as a file declares it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Definition {
    pub(crate) name: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) extends: Option<String>,
    /// The slots that the schema itself declares.
    pub(crate) slots: Vec<SlotDefinition>,
    /// Other defaults for slots of the bases.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    inherited_defaults: Vec<(String, ValueDefinition)>,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct SlotDefinition {
    pub(crate) name: String,
    kind: KindDefinition,
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    optional: bool,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    default: Option<ValueDefinition>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    part_default: Option<ValueDefinition>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    needed_in: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    needed_default: Option<ValueDefinition>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    constraints: Vec<ConstraintDefinition>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    renamed_from: Option<String>,
}

/// A name such as `f32`, a kind with parts, or a list of one of these.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(untagged)]
enum KindDefinition {
    Element(ElementDefinition),
    List(ListDefinition),
}

/// Not recursive, so that a hostile file cannot nest kinds.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct ListDefinition {
    list: ElementDefinition,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(untagged)]
enum ElementDefinition {
    Name(String),
    Parts(KindParts),
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
enum KindParts {
    Enum(Vec<String>),
    Array(String, u32),
    Pod { name: String, size: usize, align: usize },
}

/// A value with its variant. Floats are texts, because JSON has neither NaN nor exact floats.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
enum ValueDefinition {
    Unset,
    Bool(bool),
    Int(i64),
    Uint(u64),
    F32(String),
    F64(String),
    Text(String),
    Object(u64),
    Vector(String, Vec<Self>),
    List(Vec<Self>),
    Map(Vec<(String, Self)>),
    Bytes(Vec<u8>),
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
enum ConstraintDefinition {
    Range {
        #[serde(default, skip_serializing_if = "Option::is_none")]
        min: Option<End>,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        max: Option<End>,
    },
    Finite,
    Step(NumberDefinition),
    References(String),
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
enum End {
    Included(NumberDefinition),
    Excluded(NumberDefinition),
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
enum NumberDefinition {
    Int(String),
    Float(String),
}

/// The reason why a definition is no schema.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum DefinitionError {
    /// A part of the definition means nothing.
    Invalid(String),
    /// The plain-memory type of a slot is not known.
    UnknownType {
        slot: String,
        rust: String,
    },
    Schema(Box<SchemaError>),
    /// Too many schemas or slots.
    Limit(Damage),
}

impl From<SchemaError> for DefinitionError {
    fn from(error: SchemaError) -> Self {
        Self::Schema(Box::new(error))
    }
}

/// The plain-memory types of a program, by name.
#[derive(Clone, Debug, Default)]
pub(crate) struct PodTypes {
    types: HashMap<String, PodKind>,
    accepts_others: bool,
}

impl PodTypes {
    /// Accepts types that the program does not have: their values are bytes.
    pub(crate) fn accept_others(self, accepts_others: bool) -> Self {
        Self { accepts_others, ..self }
    }

    /// Returns the types that the schemas of a store have.
    pub(crate) fn of(store: &Store) -> Self {
        let slots = store.schemas().flat_map(|schema| schema.slots());
        let pods = slots.filter_map(|slot| match slot.kind().element() {
            Kind::Pod(pod) => Some((pod.name().to_owned(), pod.clone())),
            _ => None,
        });
        Self { types: pods.collect(), accepts_others: false }
    }
}

impl Definition {
    pub(crate) fn new(schema: &Schema) -> Self {
        Self {
            name: schema.name().to_owned(),
            extends: schema.extends().map(str::to_owned),
            slots: schema.slots().iter().map(SlotDefinition::new).collect(),
            inherited_defaults: schema
                .inherited_defaults()
                .filter_map(|(slot, value)| Some((slot.to_owned(), ValueDefinition::new(value)?)))
                .collect(),
        }
    }

    /// Returns a schema that declares these slots itself.
    pub(crate) fn flat(name: &str, slots: &[Slot]) -> Self {
        let slots = slots.iter().map(SlotDefinition::new).collect();
        let name = name.to_owned();
        Self { name, extends: None, slots, inherited_defaults: Vec::new() }
    }

    /// Returns the schema.
    pub(crate) fn to_schema(&self, types: &PodTypes) -> Result<Schema, DefinitionError> {
        let mut builder = Schema::builder(&*self.name);
        if let Some(base) = &self.extends {
            builder = builder.extends(&**base);
        }
        for (slot, value) in &self.inherited_defaults {
            let invalid = || DefinitionError::Invalid(format!("the default of slot '{slot}'"));
            builder = builder.inherited_default(&**slot, value.value().ok_or_else(invalid)?);
        }
        for slot in &self.slots {
            builder = builder.slot(&*slot.name, slot.kind.kind(&slot.name, types)?);
            if slot.optional {
                builder = builder.optional();
            }
            if let Some(default) = &slot.default {
                let default = default.value().ok_or_else(|| slot.invalid("default"))?;
                builder = builder.default(default);
            }
            if let Some(default) = &slot.part_default {
                let default = default.value().ok_or_else(|| slot.invalid("default of the part"))?;
                builder = builder.part_default(default);
            }
            if let Some(record) = &slot.needed_in {
                builder = builder.needed_in(&**record);
            }
            if let Some(default) = &slot.needed_default {
                let default = default.value().ok_or_else(|| slot.invalid("default of the part"))?;
                builder = builder.needed_default(default);
            }
            for constraint in &slot.constraints {
                let constraint =
                    constraint.constraint().ok_or_else(|| slot.invalid("constraint"))?;
                builder = builder.constraint(constraint);
            }
            if let Some(former) = &slot.renamed_from {
                builder = builder.renamed_from(&**former);
            }
        }
        Ok(builder.build()?)
    }
}

impl Definition {
    /// Adds a slot that the schema no longer has, under a name. Later objects have no value for it.
    pub(crate) fn add_aside(&mut self, slot: &Slot, name: &str) {
        // An object may have the record without it.
        let (needed_in, needed_default) = (None, None);
        let (name, optional) = (name.to_owned(), true);
        let slot = SlotDefinition::new(slot);
        self.slots.push(SlotDefinition { name, optional, needed_in, needed_default, ..slot });
    }

    /// Calls the closure with each name of a plain-memory type.
    pub(crate) fn visit_type_names(&mut self, mut visit: impl FnMut(&mut String)) {
        for slot in &mut self.slots {
            let (KindDefinition::Element(element)
            | KindDefinition::List(ListDefinition { list: element })) = &mut slot.kind;
            if let ElementDefinition::Parts(KindParts::Pod { name, .. }) = element {
                visit(name);
            }
        }
    }

    /// Declares the former name of a slot.
    pub(crate) fn rename_slot(&mut self, from: &str, to: &str) {
        for slot in self.slots.iter_mut().filter(|slot| slot.name == to) {
            slot.renamed_from = Some(from.to_owned());
        }
    }

    /// Calls the closure with each name of a schema.
    pub(crate) fn visit_schema_names(&mut self, mut visit: impl FnMut(&mut String)) {
        visit(&mut self.name);
        self.extends.iter_mut().for_each(&mut visit);
        for constraint in self.slots.iter_mut().flat_map(|slot| &mut slot.constraints) {
            if let ConstraintDefinition::References(schema) = constraint {
                visit(schema);
            }
        }
    }
}

impl SlotDefinition {
    fn new(slot: &Slot) -> Self {
        Self {
            name: slot.name().to_owned(),
            kind: KindDefinition::new(slot.kind()),
            optional: slot.is_optional(),
            default: slot.default().and_then(ValueDefinition::new),
            part_default: slot.part_default().and_then(ValueDefinition::new),
            needed_in: slot.needed_in().map(str::to_owned),
            needed_default: slot.needed_default().and_then(ValueDefinition::new),
            constraints: slot.constraints().iter().map(ConstraintDefinition::new).collect(),
            renamed_from: slot.renamed_from().map(str::to_owned),
        }
    }

    fn invalid(&self, part: &str) -> DefinitionError {
        DefinitionError::Invalid(format!("the {part} of slot '{}'", self.name))
    }
}

impl KindDefinition {
    fn new(kind: &Kind) -> Self {
        match kind {
            Kind::List(list) => {
                Self::List(ListDefinition { list: ElementDefinition::new(list.element()) })
            }
            kind => Self::Element(ElementDefinition::new(kind)),
        }
    }

    fn kind(&self, slot: &str, types: &PodTypes) -> Result<Kind, DefinitionError> {
        match self {
            Self::Element(element) => element.kind(slot, types),
            Self::List(list) => list.list.kind(slot, types).map(Kind::list),
        }
    }
}

impl ElementDefinition {
    fn new(kind: &Kind) -> Self {
        Self::Parts(match kind {
            Kind::Enum(kind) => {
                KindParts::Enum(kind.variants().iter().map(|name| (**name).to_owned()).collect())
            }
            Kind::Array(number, length) => KindParts::Array(number.name().to_owned(), *length),
            Kind::Pod(pod) => {
                let (name, size, align) = (pod.name().to_owned(), pod.size(), pod.align());
                KindParts::Pod { name, size, align }
            }
            Kind::Bool
            | Kind::Number(_)
            | Kind::Vector(_)
            | Kind::Text
            | Kind::Object
            | Kind::Any
            | Kind::List(_) => return Self::Name(kind.to_string()),
        })
    }

    fn kind(&self, slot: &str, types: &PodTypes) -> Result<Kind, DefinitionError> {
        let invalid = |word: &str| {
            let (word, slot) = (Quoted(word), Quoted(slot));
            DefinitionError::Invalid(format!("the kind {word} of slot {slot}"))
        };
        match self {
            Self::Name(name) => Kind::from_name(name).ok_or_else(|| invalid(name)),
            Self::Parts(KindParts::Enum(names)) => {
                Ok(Kind::enumeration(names.iter().map(|name| &**name)))
            }
            Self::Parts(KindParts::Array(number, length)) => {
                let found = NumberKind::ALL.iter().find(|kind| kind.name() == number);
                Ok(Kind::Array(*found.ok_or_else(|| invalid(number))?, *length))
            }
            Self::Parts(KindParts::Pod { name, size, align }) => {
                let pod = types.types.get(name);
                let pod = pod.filter(|pod| pod.size() == *size && pod.align() == *align);
                match pod {
                    Some(pod) => Ok(Kind::Pod(pod.clone())),
                    None if types.accepts_others => Ok(Kind::opaque_pod(&**name, *size, *align)),
                    None => {
                        let (slot, rust) = (slot.to_owned(), name.clone());
                        Err(DefinitionError::UnknownType { slot, rust })
                    }
                }
            }
        }
    }
}

impl ValueDefinition {
    /// Returns `None` for values that no slot has.
    fn new(value: &Value) -> Option<Self> {
        if let (Some(kind), Some(numbers)) = (value.vector_kind(), value.numbers()) {
            let numbers = numbers.iter().map(Self::new).collect::<Option<_>>()?;
            return Some(Self::Vector(kind.name().to_owned(), numbers));
        }
        Some(match value {
            Value::Unset => Self::Unset,
            Value::Bool(truth) => Self::Bool(*truth),
            Value::Int(number) => Self::Int(*number),
            Value::UInt(number) => Self::Uint(*number),
            Value::F32(number) => Self::F32(if number.is_nan() {
                format!("nan:{:08x}", number.to_bits())
            } else {
                format!("{number:?}")
            }),
            Value::F64(number) => Self::F64(float_text(*number)),
            Value::Text(text) => Self::Text((**text).to_owned()),
            Value::Object(id) => Self::Object(id.to_bits()),
            Value::List(values) => Self::List(values.iter().map(Self::new).collect::<Option<_>>()?),
            Value::Map(map) => {
                let entry = |(name, value): &(Arc<str>, Value)| {
                    Some(((**name).to_owned(), Self::new(value)?))
                };
                Self::Map(map.iter().map(entry).collect::<Option<_>>()?)
            }
            Value::Bytes(bytes) => Self::Bytes(bytes.to_vec()),
            _ => return None,
        })
    }

    fn value(&self) -> Option<Value> {
        let list = |values: &[Self]| {
            let values = values.iter().map(Self::value).collect::<Option<Vec<_>>>()?;
            Some(Value::List(values.into()))
        };
        Some(match self {
            Self::Unset => Value::Unset,
            Self::Bool(truth) => Value::Bool(*truth),
            Self::Int(number) => Value::Int(*number),
            Self::Uint(number) => Value::UInt(*number),
            Self::F32(text) => Value::F32(match text.strip_prefix("nan:") {
                Some(bits) => f32::from_bits(u32::from_str_radix(bits, 16).ok()?),
                None => text.parse().ok()?,
            }),
            Self::F64(text) => Value::F64(float(text)?),
            Self::Text(text) => Value::Text(Arc::from(&**text)),
            Self::Object(bits) => Value::Object(ObjectId::from_bits(*bits)?),
            Self::Vector(name, numbers) => {
                let kind = VectorKind::ALL.iter().find(|kind| kind.name() == name)?;
                list(numbers)?.to_vector(*kind)?
            }
            Self::List(values) => list(values)?,
            Self::Map(map) => {
                let entry = |(name, value): &(String, Self)| {
                    Some((Arc::<str>::from(&**name), value.value()?))
                };
                Value::Map(map.iter().map(entry).collect::<Option<Vec<_>>>()?.into())
            }
            Self::Bytes(bytes) => Value::Bytes(Arc::from(&**bytes)),
        })
    }
}

fn float_text(number: f64) -> String {
    match number.is_nan() {
        true => format!("nan:{:016x}", number.to_bits()),
        false => format!("{number:?}"),
    }
}

fn float(text: &str) -> Option<f64> {
    match text.strip_prefix("nan:") {
        Some(bits) => u64::from_str_radix(bits, 16).ok().map(f64::from_bits),
        None => text.parse().ok(),
    }
}

impl ConstraintDefinition {
    fn new(constraint: Constraint) -> Self {
        let end = |bound| match bound {
            Bound::Included(number) => Some(End::Included(NumberDefinition::new(number))),
            Bound::Excluded(number) => Some(End::Excluded(NumberDefinition::new(number))),
            Bound::Unbounded => None,
        };
        match constraint {
            Constraint::Range(range) => {
                Self::Range { min: end(range.min()), max: end(range.max()) }
            }
            Constraint::Finite => Self::Finite,
            Constraint::Step(number) => Self::Step(NumberDefinition::new(number)),
            Constraint::References(schema) => Self::References((*schema).to_owned()),
        }
    }

    fn constraint(&self) -> Option<Constraint> {
        let end = |end: &Option<End>| {
            Some(match end {
                None => Bound::Unbounded,
                Some(End::Included(number)) => Bound::Included(number.number()?),
                Some(End::Excluded(number)) => Bound::Excluded(number.number()?),
            })
        };
        Some(match self {
            Self::Range { min, max } => Constraint::Range(NumberRange::new((end(min)?, end(max)?))),
            Self::Finite => Constraint::Finite,
            Self::Step(number) => Constraint::Step(number.number()?),
            Self::References(schema) => Constraint::References(Arc::from(&**schema)),
        })
    }
}

impl NumberDefinition {
    fn new(number: Number) -> Self {
        match number {
            Number::Int(number) => Self::Int(number.to_string()),
            Number::Float(number) => Self::Float(float_text(number)),
        }
    }

    fn number(&self) -> Option<Number> {
        match self {
            Self::Int(text) => text.parse().ok().map(Number::Int),
            Self::Float(text) => float(text).map(Number::Float),
        }
    }
}
