//! Random values, valid and invalid.

use rand::rngs::StdRng;
use rand::{Rng, RngExt};
use slotted::schema::{NumberKind, Slot, VectorKind};
use slotted::{Kind, ObjectId, Value};

/// A value as set and as stored.
#[derive(Clone, Debug)]
pub(crate) struct Sample {
    pub(crate) given: Value,
    pub(crate) stored: Value,
}

impl Sample {
    fn plain(value: impl Into<Value>) -> Self {
        let stored = value.into();
        Self { given: stored.clone(), stored }
    }
}

/// Returns the slot's default as stored.
pub(crate) fn stored_default(slot: &Slot) -> Value {
    match (slot.kind(), slot.default()) {
        (_, None) => Value::Unset,
        (Kind::Number(NumberKind::F32), Some(Value::F64(number))) => Value::F32(*number as f32),
        (_, Some(value)) => value.clone(),
    }
}

/// Returns a valid value. References lead to one of `targets`.
pub(crate) fn sample(slot: &Slot, rng: &mut StdRng, targets: &[ObjectId]) -> Sample {
    if slot.is_optional() && rng.random_ratio(1, 3) {
        return Sample::plain(Value::Unset);
    }
    match slot.kind() {
        Kind::List(kind) => {
            let length = rng.random_range(0..4) * rng.random_range(0..3);
            let can_be_any = *kind.element() != Kind::Object || !targets.is_empty();
            let elements = 0..if can_be_any { length } else { 0 };
            list(elements.map(|_| single_value(slot, kind.element(), rng, targets)))
        }
        kind => single_value(slot, kind, rng, targets),
    }
}

/// Returns a value of this kind, for the slot or an element of its list.
fn single_value(slot: &Slot, kind: &Kind, rng: &mut StdRng, targets: &[ObjectId]) -> Sample {
    if slot.range().is_some() {
        return match kind {
            Kind::Number(NumberKind::I8) => Sample::plain(rng.random_range(-5..=5)),
            _ => single(rng.random_range(0..=1000) as f32 / 2.0, rng),
        };
    }
    match kind {
        Kind::Bool => Sample::plain(rng.random::<bool>()),
        Kind::Number(NumberKind::F32) if slot.is_finite() => single(rng.random(), rng),
        Kind::Number(kind) => number(*kind, rng),
        Kind::Text => Sample::plain(text(rng)),
        Kind::Any => Sample::plain(any_value(rng)),
        Kind::Object => match targets {
            [] => Sample::plain(Value::Unset),
            targets => Sample::plain(targets[rng.random_range(0..targets.len())]),
        },
        Kind::Enum(kind) => {
            let variants = kind.variants();
            Sample::plain(variants[rng.random_range(0..variants.len())].clone())
        }
        Kind::Array(kind, length) => list((0..*length).map(|_| number(*kind, rng))),
        Kind::Pod(kind) => {
            let mut bytes = vec![0; kind.size()];
            rng.fill_bytes(&mut bytes);
            Sample::plain(Value::Bytes(bytes.into()))
        }
        Kind::Vector(kind) => vector(*kind, rng),
        Kind::List(_) => unreachable!("lists of lists are not supported"),
    }
}

fn any_value(rng: &mut StdRng) -> Value {
    match rng.random_range(0..4) {
        0 => text(rng).into(),
        1 => Value::F64(special(rng).into()),
        2 => [(text(rng), rng.random_range(0..3))].into_iter().collect(),
        _ => Value::List([Value::Unset, [rng.random_range(0..3)].into()].into()),
    }
}

pub(crate) fn text(rng: &mut StdRng) -> String {
    match rng.random_range(0..4) {
        0 => String::new(),
        1 => "Ada".to_owned(),
        2 => "Zoë \u{1f409}".to_owned(),
        _ => format!("name {}", rng.random_range(0..50)),
    }
}

/// Returns a number that an `f32` holds, as one of the accepted types.
fn single(number: f32, rng: &mut StdRng) -> Sample {
    let given = match rng.random_range(0..3) {
        0 if number.fract() == 0.0 && number.abs() < 1e6 && number.to_bits() != 1 << 31 => {
            Value::Int(number as i64)
        }
        // The conversion may change a NaN's payload.
        1 if !number.is_nan() => Value::F64(number.into()),
        _ => Value::F32(number),
    };
    Sample { given, stored: Value::F32(number) }
}

fn number(kind: NumberKind, rng: &mut StdRng) -> Sample {
    match kind {
        NumberKind::F32 => match rng.random_range(0..3) {
            0 => single(special(rng), rng),
            _ => single(rng.random_range(-100..100) as f32 / 4.0, rng),
        },
        NumberKind::F64 => match rng.random_range(0..3) {
            0 => Sample::plain(f64::from_bits(rng.random())),
            _ => Sample::plain(rng.random_range(-100..100) as f64 / 4.0),
        },
        NumberKind::I8 => Sample::plain(rng.random::<i8>()),
        NumberKind::I16 => Sample::plain(rng.random::<i16>()),
        NumberKind::I32 => Sample::plain(rng.random::<i32>()),
        NumberKind::I64 => Sample::plain(rng.random::<i64>()),
        NumberKind::U8 => Sample::plain(rng.random::<u8>()),
        NumberKind::U16 => Sample::plain(rng.random::<u16>()),
        NumberKind::U32 => Sample::plain(rng.random::<u32>()),
        NumberKind::U64 => Sample::plain(rng.random::<u64>()),
    }
}

fn special(rng: &mut StdRng) -> f32 {
    let numbers = [-0.0, f32::NAN, f32::INFINITY, f32::NEG_INFINITY, f32::MIN, f32::from_bits(1)];
    numbers[rng.random_range(0..numbers.len())]
}

fn list(numbers: impl Iterator<Item = Sample>) -> Sample {
    let (given, stored): (Vec<Value>, Vec<Value>) =
        numbers.map(|number| (number.given, number.stored)).unzip();
    Sample { given: given.into(), stored: stored.into() }
}

/// Returns a vector, set as a vector or as a list.
fn vector(kind: VectorKind, rng: &mut StdRng) -> Sample {
    let numbers = (0..kind.components()).map(|_| match kind.component() {
        // Round to `f32`.
        NumberKind::F32 => Value::from(rng.random_range(-100..100) as f32 / 4.0),
        component => number(component, rng).stored,
    });
    let list = Value::from(numbers.collect::<Vec<_>>());
    let stored = list.to_vector(kind).expect("the numbers fit");
    let given = if rng.random() { stored.clone() } else { list };
    Sample { given, stored }
}

/// Returns an invalid value.
pub(crate) fn flawed(slot: &Slot, rng: &mut StdRng, dead: Option<ObjectId>) -> Value {
    let reference = || Value::Object(dead.or(ObjectId::from_bits(1 << 32)).expect("an id"));
    match (slot.kind(), dead) {
        (Kind::Any, _) => Value::List([reference()].into()),
        (Kind::Object, Some(dead)) if rng.random() => dead.into(),
        (Kind::Enum(_), _) if rng.random() => "no such variant".into(),
        (Kind::List(kind), Some(dead)) if *kind.element() == Kind::Object && rng.random() => {
            [dead].into()
        }
        (Kind::List(_), _) if rng.random() => {
            let mut elements = match sample(slot, rng, &[]).given {
                Value::List(elements) => elements.to_vec(),
                _ => Vec::new(),
            };
            let bad = if *slot.kind().element() == Kind::Any {
                reference()
            } else if rng.random() {
                Value::Unset
            } else {
                Value::Bytes([0; 77].into())
            };
            elements.insert(rng.random_range(0..=elements.len()), bad);
            elements.into()
        }
        _ if slot.range().is_some() && rng.random() => 501.into(),
        _ if slot.is_finite() && rng.random() => f32::NAN.into(),
        _ if !slot.is_optional() && rng.random() => Value::Unset,
        _ => Value::Bytes([0; 77].into()),
    }
}
