//! Bytes as values: right ones with the value that a slot stores, wrong ones, and any others.

use slotted::schema::{NumberKind, Slot, VectorKind};
use slotted::{Kind, ObjectId, Schema, Value, glam::Vec3};

/// The variants of the enum `job`.
const JOBS: [&str; 3] = ["farmer", "royal guard", "smith"];

/// Returns the schemas of the store. The second one extends the first.
pub(crate) fn schemas() -> [Schema; 2] {
    let unit = Schema::builder("unit")
        .slot("name", Kind::Text)
        .slot("health", Kind::F32)
        .range(0.0..=500.0)
        .default(100.0_f32)
        .slot("position", Kind::Vec3)
        .slot("target", Kind::Object)
        .optional()
        .slot("job", Kind::enumeration(JOBS))
        .default("smith")
        .slot("awake", Kind::Bool)
        .slot("age", Kind::U8)
        .optional()
        .slot("path", Kind::Array(NumberKind::U16, 3))
        .optional()
        .slot("drops", Kind::list(Kind::I64))
        .default([22, 7])
        .slot("spots", Kind::list(Kind::Vec3))
        .slot("paths", Kind::list(Kind::Array(NumberKind::U16, 3)))
        .optional()
        .slot("crafts", Kind::list(Kind::enumeration(JOBS)))
        .slot("tags", Kind::list(Kind::Text))
        .optional()
        .slot("allies", Kind::list(Kind::Object))
        .slot("extra", Kind::Any)
        .optional()
        .slot("extras", Kind::list(Kind::Any))
        .slot("hit.min", Kind::U8);
    let orc = Schema::builder("orc").extends("unit").slot("rage", Kind::F64).default(0.5);
    [unit, orc].map(|schema| schema.build().expect("the schema is right"))
}

/// The bytes that are left. After the last one come zeros.
pub(crate) struct Input<'b>(&'b [u8]);

/// A value as given to a store, and as stored.
pub(crate) type Sample = (Value, Value);

impl<'b> Input<'b> {
    pub(crate) const fn new(bytes: &'b [u8]) -> Self {
        Self(bytes)
    }

    pub(crate) const fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    pub(crate) fn byte(&mut self) -> u8 {
        let (byte, rest) = self.0.split_first().unwrap_or((&0, &[]));
        self.0 = rest;
        *byte
    }

    /// Returns a number below the end, or 0.
    pub(crate) fn below(&mut self, end: usize) -> usize {
        usize::from(self.byte()).checked_rem(end).unwrap_or(0)
    }

    pub(crate) fn u64(&mut self) -> u64 {
        u64::from_le_bytes([(); 8].map(|()| self.byte()))
    }

    pub(crate) fn flag(&mut self) -> bool {
        self.byte() & 1 == 1
    }

    pub(crate) fn pick<'t, T>(&mut self, all: &'t [T]) -> Option<&'t T> {
        all.get(self.below(all.len()))
    }

    pub(crate) fn text(&mut self) -> String {
        match self.below(4) {
            0 => String::new(),
            1 => "Zoë \u{1f409}".to_owned(),
            2 => format!("name {}", self.byte()),
            _ => {
                let length = self.below(40);
                let bytes: Vec<u8> = (0..length).map(|_| self.byte()).collect();
                String::from_utf8_lossy(&bytes).into_owned()
            }
        }
    }

    /// Returns a value that the slot accepts. References lead to one of `targets`.
    pub(crate) fn right(&mut self, slot: &Slot, targets: &[ObjectId]) -> Sample {
        if slot.is_optional() && self.below(3) == 0 {
            return (Value::Unset, Value::Unset);
        }
        match slot.kind() {
            Kind::List(kind) => {
                let can_be_any = *kind.element() != Kind::Object || !targets.is_empty();
                let length = if can_be_any { self.below(5) } else { 0 };
                list((0..length).map(|_| self.single(slot, kind.element(), targets)))
            }
            kind => self.single(slot, kind, targets),
        }
    }

    fn single(&mut self, slot: &Slot, kind: &Kind, targets: &[ObjectId]) -> Sample {
        match kind {
            Kind::Bool => same(self.flag()),
            Kind::Text => same(self.text()),
            Kind::Any => match self.below(3) {
                0 => same([(self.text(), i64::from(self.byte()))].into_iter().collect::<Value>()),
                1 => same(Value::List([Value::Unset, self.text().into()].into())),
                _ => same(f64::from_bits(self.u64())),
            },
            Kind::Enum(_) => same(JOBS[self.below(JOBS.len())]),
            Kind::Object => same(self.pick(targets).copied()),
            Kind::Number(NumberKind::F32) if slot.range().is_some() => {
                let halves = u16::from_le_bytes([self.byte(), self.byte()]) % 1001;
                let number = f32::from(halves) / 2.0;
                let given = match self.below(3) {
                    0 if halves.is_multiple_of(2) => Value::from(halves / 2),
                    1 => Value::F64(number.into()),
                    _ => Value::F32(number),
                };
                (given, Value::F32(number))
            }
            Kind::Number(kind) => self.number(*kind),
            Kind::Array(kind, length) => list((0..*length).map(|_| self.number(*kind))),
            Kind::Vector(VectorKind::Vec3) => {
                let numbers = [(); 3].map(|()| f32::from(self.byte()) / 4.0);
                let stored = Value::from(Vec3::from_array(numbers));
                (if self.flag() { stored.clone() } else { numbers.into() }, stored)
            }
            other => unreachable!("no slot is a {other}"),
        }
    }

    fn number(&mut self, kind: NumberKind) -> Sample {
        let bits = self.u64();
        match kind {
            NumberKind::F64 => same(f64::from_bits(bits)),
            NumberKind::I64 => same(bits as i64),
            NumberKind::U16 => same(bits as u16),
            NumberKind::U8 => same(bits as u8),
            other => unreachable!("no slot is a {other:?}"),
        }
    }

    /// Returns a value that the slot refuses.
    pub(crate) fn wrong(&mut self, slot: &Slot, targets: &[ObjectId], never: ObjectId) -> Value {
        match (slot.kind(), self.below(4)) {
            (Kind::List(kind), 0..3) => {
                let mut elements = match self.right(slot, targets).0 {
                    Value::List(elements) => elements.to_vec(),
                    _ => Vec::new(),
                };
                let wrong = match kind.element() {
                    Kind::Object | Kind::Any => never.into(),
                    Kind::Vector(_) => Value::from([1, 2]),
                    Kind::Array(..) => Value::from([1, 2, 70_000]),
                    Kind::Enum(_) => "no such variant".into(),
                    _ => Value::Unset,
                };
                elements.insert(self.below(elements.len() + 1), wrong);
                elements.into()
            }
            (Kind::Object, 0..3) => never.into(),
            (Kind::Any, _) => Value::List([never.into()].into()),
            (Kind::Number(NumberKind::F32), 0) => 500.5.into(),
            (Kind::Number(NumberKind::F32), 1) => f32::NAN.into(),
            (Kind::Number(NumberKind::U8), 0..3) => 256.into(),
            (_, 3) if !slot.is_optional() => Value::Unset,
            _ => Value::Bytes([0; 77].into()),
        }
    }

    /// Returns a value that a slot may accept or refuse.
    pub(crate) fn any(&mut self, ids: &[ObjectId], depth: usize) -> Value {
        match self.below(if depth > 0 { 12 } else { 10 }) {
            0 => Value::Unset,
            1 => self.flag().into(),
            2 => Value::Int(self.u64() as i64),
            3 => Value::Int(self.byte().into()),
            4 => Value::F32(f32::from_bits(self.u64() as u32)),
            5 => Value::F64(f64::from_bits(self.u64())),
            6 => self.text().into(),
            7 => JOBS[self.below(JOBS.len())].into(),
            8 => self.pick(ids).copied().into(),
            9 => Vec3::from_array([(); 3].map(|()| f32::from_bits(self.u64() as u32))).into(),
            10 => Value::Map([("x".into(), self.any(ids, depth - 1))].into()),
            _ => {
                let length = self.below(5);
                (0..length).map(|_| self.any(ids, depth - 1)).collect::<Vec<_>>().into()
            }
        }
    }
}

fn same(value: impl Into<Value>) -> Sample {
    let value = value.into();
    (value.clone(), value)
}

fn list(elements: impl Iterator<Item = Sample>) -> Sample {
    let (given, stored): (Vec<Value>, Vec<Value>) = elements.unzip();
    (given.into(), stored.into())
}
