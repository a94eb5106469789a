//! Faults 16 to 19: numbers.

use std::collections::hash_map::DefaultHasher;
use std::hash::{Hash, Hasher};

use slotted::glam::{IVec3, Quat, Vec2, Vec3};
use slotted::{Kind, ObjectId, Schema, Slotted, Store, Value, record};

use crate::{Outcome, refusal};

#[derive(Slotted, Clone, Copy, Debug, PartialEq)]
struct Probe {
    #[slot(finite)]
    finite: f32,
    #[slot(finite)]
    direction: Vec3,
    #[slot(range = -1.0..=1.0)]
    bounded: f64,
    free: f32,
    wide: f64,
}

const PROBE: Probe =
    Probe { finite: 0.0, direction: Vec3::ZERO, bounded: 0.0, free: 0.0, wide: 0.0 };

fn probes() -> Result<(Store, ObjectId), Box<dyn std::error::Error>> {
    let mut store = Store::new();
    store.register::<Probe>()?;
    let id = store.spawn(PROBE)?;
    Ok((store, id))
}

/// Creates a store with one object that has one slot of this kind.
fn single(
    kind: Kind,
    value: impl Into<Value>,
) -> Result<(Store, ObjectId), Box<dyn std::error::Error>> {
    let mut store = Store::new();
    store.register_schema(Schema::builder("single").slot("value", kind).build()?)?;
    let id = store.spawn_record("single", record! { value })?;
    Ok((store, id))
}

#[test]
fn fault_16_finite_slots_refuse_nan_and_infinities() -> Outcome {
    let (mut store, id) = probes()?;
    let finite = store.key::<f32>("probe", "finite")?;
    let direction = store.key::<Vec3>("probe", "direction")?;
    for bad in [f32::NAN, f32::INFINITY, f32::NEG_INFINITY] {
        let message = format!("slot 'finite' of 'probe' expects finite numbers, found {bad:?}");
        assert_eq!(refusal(store.spawn(Probe { finite: bad, ..PROBE })), message);
        assert_eq!(refusal(store.set(id, finite, bad)), message);
        assert_eq!(refusal(store.set_value(id, "finite", bad)), message);
        assert!(store.set_value(id, "finite", f64::from(bad)).is_err());
        let skewed = Vec3::new(0.0, bad, 0.0);
        assert!(store.set(id, direction, skewed).is_err());
        assert!(store.set_value(id, "direction", skewed).is_err());
        assert!(store.set_value(id, "direction", [0.0, 0.0, bad]).is_err());
        assert!(store.set_object(id, Probe { direction: skewed, ..PROBE }).is_err());
        assert!(store.spawn_batch([PROBE, Probe { direction: skewed, ..PROBE }]).is_err());
    }
    assert_eq!(store.get_object::<Probe>(id)?, PROBE);
    assert_eq!(store.len(), 1);
    Ok(())
}

#[test]
fn fault_16_nan_lies_in_no_range() -> Outcome {
    let (mut store, id) = probes()?;
    let bounded = store.key::<f64>("probe", "bounded")?;
    assert!(store.set(id, bounded, f64::NAN).is_err());
    assert!(store.set_value(id, "bounded", f64::NAN).is_err());
    assert!(store.spawn(Probe { bounded: f64::NAN, ..PROBE }).is_err());
    assert_eq!(store.get(id, bounded), Some(0.0));
    Ok(())
}

#[test]
fn fault_16_nan_that_is_allowed_stays_bit_exact() -> Outcome {
    let (mut store, id) = probes()?;
    let (free, wide) = (store.key::<f32>("probe", "free")?, store.key::<f64>("probe", "wide")?);
    for bits in [0x7fc0_0000, 0xffc0_0001, 0x7f80_0001, 0x7fff_ffff] {
        store.set(id, free, f32::from_bits(bits))?;
        assert_eq!(store.get(id, free).map(f32::to_bits), Some(bits));
        store.set_value(id, "free", f32::from_bits(bits))?;
        assert_eq!(store.get_value(id, "free")?, Value::F32(f32::from_bits(bits)));
        let probe = store.spawn(Probe { free: f32::from_bits(bits), ..PROBE })?;
        assert_eq!(store.get_object::<Probe>(probe)?.free.to_bits(), bits);
    }
    let bits = 0x7ff0_0000_dead_beef;
    store.set_value(id, "wide", f64::from_bits(bits))?;
    assert_eq!(store.get(id, wide).map(f64::to_bits), Some(bits));
    Ok(())
}

#[test]
fn fault_17_negative_zero_is_kept() -> Outcome {
    let (mut store, id) = probes()?;
    let free = store.key::<f32>("probe", "free")?;
    store.set(id, free, -0.0)?;
    assert_eq!(store.get(id, free).map(f32::to_bits), Some((-0.0_f32).to_bits()));
    store.set_value(id, "wide", -0.0)?;
    assert_eq!(store.get_value(id, "wide")?, Value::F64(-0.0));
    assert_ne!(store.get_value(id, "wide")?, Value::F64(0.0));
    Ok(())
}

#[test]
fn fault_17_equality_and_hash_of_values_are_by_bits() {
    let hash = |value: &Value| {
        let mut hasher = DefaultHasher::new();
        value.hash(&mut hasher);
        hasher.finish()
    };
    let nan = Value::F64(f64::NAN);
    let pairs = [
        (Value::F64(0.0), Value::F64(-0.0), false),
        (Value::F32(0.0), Value::F32(-0.0), false),
        (nan.clone(), nan, true),
        (Value::F32(f32::from_bits(0x7fc0_0001)), Value::F32(f32::NAN), false),
        (Vec2::new(0.0, 1.0).into(), Vec2::new(-0.0, 1.0).into(), false),
        ([f32::NAN, 1.0].into(), [f32::NAN, 1.0].into(), true),
        (Value::from(3_u8), Value::from(3_i64), true),
        (Value::from(1), Value::from(1.0), false),
        (Value::Vec4([0.0; 4]), Value::Quat([0.0; 4]), false),
    ];
    for (a, b, equal) in pairs {
        assert_eq!(a == b, equal, "{a} and {b}");
        assert_eq!(hash(&a) == hash(&b), equal, "{a} and {b}");
    }
}

#[test]
fn fault_17_both_stores_keep_the_sign_of_zero() -> Outcome {
    fn kept(store: &mut impl slotted::ByName) -> Result<Value, Box<dyn std::error::Error>> {
        let id = store.spawn_record("single", record! { value: -0.0_f32 })?;
        Ok(store.get_value(id, "value")?)
    }
    let (mut store, _) = single(Kind::F32, 1.0)?;
    let values = [
        kept(&mut store)?,
        kept(&mut slotted::MapStore::new())?,
        kept(&mut bench_support::NaiveMapStore::new())?,
    ];
    assert!(values.iter().all(|value| *value == Value::F32(-0.0)), "{values:?}");
    assert!(values.iter().all(|value| *value != Value::F32(0.0)), "{values:?}");
    Ok(())
}

#[test]
fn fault_18_the_extremes_of_every_number_kind_are_stored_exactly() -> Outcome {
    let cases = [
        (Kind::I8, Value::from(i8::MIN), Value::from(i8::MAX)),
        (Kind::I16, i16::MIN.into(), i16::MAX.into()),
        (Kind::I32, i32::MIN.into(), i32::MAX.into()),
        (Kind::I64, i64::MIN.into(), i64::MAX.into()),
        (Kind::U8, u8::MIN.into(), u8::MAX.into()),
        (Kind::U16, u16::MIN.into(), u16::MAX.into()),
        (Kind::U32, u32::MIN.into(), u32::MAX.into()),
        (Kind::U64, u64::MIN.into(), u64::MAX.into()),
        (Kind::F32, f32::NEG_INFINITY.into(), f32::INFINITY.into()),
        (Kind::F32, f32::MIN.into(), f32::MAX.into()),
        (Kind::F32, f32::from_bits(1).into(), (-f32::from_bits(1)).into()),
        (Kind::F64, f64::NEG_INFINITY.into(), f64::INFINITY.into()),
        (Kind::F64, f64::from_bits(1).into(), f64::MIN_POSITIVE.into()),
    ];
    for (kind, low, high) in cases {
        let (mut store, id) = single(kind, low.clone())?;
        assert_eq!(store.get_value(id, "value")?, low);
        store.set_value(id, "value", high.clone())?;
        assert_eq!(store.get_value(id, "value")?, high);
    }
    Ok(())
}

#[test]
fn fault_18_integers_beyond_the_kind_are_refused() -> Outcome {
    let cases: [(Kind, &[i128]); 8] = [
        (Kind::I8, &[-129, 128, i64::MIN as i128, u64::MAX as i128]),
        (Kind::I16, &[-32_769, 32_768]),
        (Kind::I32, &[i32::MIN as i128 - 1, i32::MAX as i128 + 1]),
        (Kind::I64, &[i64::MAX as i128 + 1, u64::MAX as i128]),
        (Kind::U8, &[-1, 256]),
        (Kind::U16, &[-1, 65_536]),
        (Kind::U32, &[-1, 1 << 32]),
        (Kind::U64, &[-1, i64::MIN as i128]),
    ];
    for (kind, numbers) in cases {
        let (mut store, id) = single(kind.clone(), 1)?;
        for number in numbers {
            let value =
                i64::try_from(*number).map(Value::from).unwrap_or(Value::UInt(*number as u64));
            let message =
                format!("slot 'value' of 'single' expects {kind}, which cannot hold {number}");
            assert_eq!(refusal(store.set_value(id, "value", value.clone())), message);
            assert_eq!(refusal(store.spawn_record("single", record! { value })), message);
        }
        assert_eq!(store.get_value(id, "value")?, 1.into());
        assert_eq!(store.len(), 1);
    }
    Ok(())
}

#[test]
fn fault_18_ranges_are_exact_above_two_to_the_fifty_third() -> Outcome {
    let limit = (1_u64 << 53) + 1;
    let schema = Schema::builder("single").slot("value", Kind::U64).range(limit..);
    let mut store = Store::new();
    store.register_schema(schema.build()?)?;
    assert!(store.spawn_record("single", record! { value: limit }).is_ok());
    assert!(store.spawn_record("single", record! { value: limit - 1 }).is_err());
    Ok(())
}

#[test]
fn fault_19_lossy_conversions_are_refused() -> Outcome {
    let living = single(Kind::U8, 1)?.1;
    let cases: [(Kind, Value, Vec<Value>); 9] = [
        (Kind::U8, 1.into(), vec![0.5.into(), 3.0_f32.into(), true.into(), "1".into()]),
        (Kind::F32, 0.5.into(), vec![16_777_217.into(), i64::MAX.into(), 1e39.into(), "0".into()]),
        (Kind::F64, 0.5.into(), vec![i64::MAX.into(), u64::MAX.into(), false.into()]),
        (Kind::Bool, true.into(), vec![1.into(), 0.0.into(), "true".into()]),
        (Kind::U64, 1.into(), vec![living.into(), (-1).into()]),
        (Kind::Vec2, Vec2::ONE.into(), vec![[1.0; 3].into(), [1.0].into(), Vec3::ONE.into()]),
        (Kind::Vec3, Vec3::ONE.into(), vec![IVec3::ONE.into(), [1e39, 0.0, 0.0].into()]),
        (Kind::IVec3, IVec3::ONE.into(), vec![Vec3::ONE.into(), [0.5, 1.0, 1.0].into()]),
        (Kind::Vec4, [1.0; 4].into(), vec![Quat::IDENTITY.into(), 1.0.into()]),
    ];
    for (kind, good, bad) in cases {
        let (mut store, id) = single(kind.clone(), good)?;
        let before = store.get_record(id)?;
        for value in bad {
            assert!(store.set_value(id, "value", value.clone()).is_err(), "{kind} took {value}");
            assert!(store.spawn_record("single", record! { value: value.clone() }).is_err());
        }
        assert_eq!(store.get_record(id)?, before);
        assert_eq!(store.len(), 1);
    }
    Ok(())
}

#[test]
fn fault_19_only_the_conversions_that_the_docs_declare_are_made() -> Outcome {
    let cases = [
        (Kind::F32, Value::from(0.1), Value::F32(0.1)),
        (Kind::F32, 16_777_216.into(), Value::F32(16_777_216.0)),
        (Kind::F64, 0.5_f32.into(), Value::F64(0.5)),
        (Kind::F64, (1_i64 << 53).into(), Value::F64(9_007_199_254_740_992.0)),
        (Kind::Vec2, [1, 2].into(), Vec2::new(1.0, 2.0).into()),
        (Kind::IVec3, [1, -2, 3].into(), IVec3::new(1, -2, 3).into()),
    ];
    for (kind, given, stored) in cases {
        let (store, id) = single(kind, given)?;
        assert_eq!(store.get_value(id, "value")?, stored);
    }
    Ok(())
}
