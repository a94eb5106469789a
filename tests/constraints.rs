//! Tests constraints of slots, mostly `step`: declaration, checks, display, comparison and migration.

use std::error::Error;

use proptest::prelude::*;
use slotted::glam::{DVec3, IVec2, Vec3};
use slotted::schema::{Constraint, Number, NumberRange, SchemaBuilder};
use slotted::{Kind, List, ObjectId, Schema, SchemaError, Slotted, Store, Value, record};

type Outcome = Result<(), Box<dyn Error>>;

fn slot(kind: Kind) -> SchemaBuilder {
    Schema::builder("thing").slot("value", kind)
}

/// Creates a store with an object that has the given slot `value`, made optional.
fn store_of(builder: SchemaBuilder) -> Result<(Store, ObjectId), Box<dyn Error>> {
    let mut store = Store::new();
    store.register_schema(builder.optional().build()?)?;
    let id = store.spawn_record("thing", record! {})?;
    Ok((store, id))
}

fn accepts(store: &mut Store, id: ObjectId, value: impl Into<Value>) -> bool {
    store.set_value(id, "value", value.into()).is_ok()
}

#[test]
fn integers_are_exact_multiples_at_their_limits() -> Outcome {
    let (mut store, id) = store_of(slot(Kind::I64).step(2))?;
    for (value, is_multiple) in [(i64::MIN, true), (i64::MAX, false), (0, true), (-3, false)] {
        assert_eq!(accepts(&mut store, id, value), is_multiple, "{value}");
    }
    let (mut store, id) = store_of(slot(Kind::U64).step(10))?;
    for (value, is_multiple) in [(u64::MAX - 5, true), (u64::MAX, false), (1 << 63, false)] {
        assert_eq!(accepts(&mut store, id, value), is_multiple, "{value}");
    }
    let (mut store, id) = store_of(slot(Kind::U64).step(u64::MAX))?;
    assert!(accepts(&mut store, id, u64::MAX) && accepts(&mut store, id, 0));
    assert!(!accepts(&mut store, id, u64::MAX - 1));
    Ok(())
}

#[test]
fn floats_are_multiples_up_to_rounding() -> Outcome {
    for kind in [Kind::F32, Kind::F64] {
        let (mut store, id) = store_of(slot(kind.clone()).step(0.1))?;
        for value in [0.0, -0.0, 0.1, 0.3, 0.7, -1.1, 12.3, 1000.0, 4096.7] {
            assert!(accepts(&mut store, id, value), "{value} as {kind}");
        }
        for value in [0.35, 0.05, -0.25, 1e-9, 0.300001, 1000.05] {
            assert!(!accepts(&mut store, id, value), "{value} as {kind}");
        }
        for value in [f64::NAN, f64::INFINITY, f64::NEG_INFINITY] {
            assert!(!accepts(&mut store, id, value), "{value} as {kind}");
        }
    }
    Ok(())
}

#[test]
fn sums_of_a_few_steps_are_multiples() -> Outcome {
    let (mut store, id) = store_of(slot(Kind::F64).step(0.1))?;
    assert_ne!(0.1 + 0.2, 0.3);
    assert!(accepts(&mut store, id, 0.1 + 0.2));
    Ok(())
}

#[test]
fn each_number_of_vectors_arrays_and_lists_is_checked() -> Outcome {
    let (mut store, id) = store_of(slot(Kind::Vec3).step(0.5))?;
    assert!(accepts(&mut store, id, Vec3::new(0.5, -1.0, 0.0)));
    assert!(!accepts(&mut store, id, Vec3::new(0.5, -1.0, 0.25)));
    let (mut store, id) = store_of(slot(Kind::DVec3).step(0.1))?;
    assert!(accepts(&mut store, id, DVec3::new(0.3, 0.7, -1.1)));
    assert!(!accepts(&mut store, id, DVec3::new(0.3, 0.75, -1.1)));
    let (mut store, id) = store_of(slot(Kind::list(Kind::U16)).step(5))?;
    assert!(accepts(&mut store, id, [5, 10]));
    let error = store.set_value(id, "value", [5, 12]).unwrap_err();
    let expected = "element 1 of slot 'value' of 'thing' expects multiples of 5; 12 is not one";
    assert_eq!(error.to_string(), expected);
    let (mut store, id) = store_of(slot(Kind::IVec2).step(16))?;
    let error = store.set_value(id, "value", IVec2::new(16, 8)).unwrap_err();
    let expected = "slot 'value' of 'thing' expects multiples of 16, found [16, 8]";
    assert_eq!(error.to_string(), expected);
    Ok(())
}

#[test]
fn impossible_steps_are_rejected() {
    for step in [0.0, -0.5, f64::NAN, f64::INFINITY, 1e-60] {
        let error = slot(Kind::F32).step(step).build().unwrap_err();
        assert!(matches!(error, SchemaError::UnsuitableConstraint { .. }), "{step}: {error}");
    }
    for (kind, step) in [(Kind::U8, 0), (Kind::U8, 300), (Kind::I64, -5)] {
        let error = slot(kind).step(step).build().unwrap_err();
        assert!(matches!(error, SchemaError::UnsuitableConstraint { .. }), "{step}: {error}");
    }
    assert_eq!(
        slot(Kind::U8).step(0.5).build().unwrap_err().to_string(),
        "slot 'value' of schema 'thing' is u8: the step 0.5 has a number that u8 cannot hold"
    );
    assert_eq!(
        slot(Kind::Text).step(5).build().unwrap_err().to_string(),
        "slot 'value' of schema 'thing' is text: 'step' does not apply"
    );
    assert!(matches!(
        Schema::builder("thing").step(5).build(),
        Err(SchemaError::ConstraintWithoutSlot { constraint: "step", .. })
    ));
}

#[test]
fn defaults_are_checked() {
    assert!(slot(Kind::U8).step(5).default(10).build().is_ok());
    let error = slot(Kind::U8).step(5).default(12).build().unwrap_err().to_string();
    assert!(error.contains("expects multiples of 5; 12 is not one"), "{error}");
}

#[test]
fn a_step_is_equal_in_every_number_type() -> Outcome {
    let single = slot(Kind::F32).step(0.1_f32).build()?;
    assert_eq!(single, slot(Kind::F32).step(0.1).build()?);
    assert_eq!(single.slots()[0].to_string(), "value: f32, step 0.1");
    assert_eq!(single.slots()[0].step(), Some(Number::Float(0.1)));
    assert_ne!(single, slot(Kind::F32).step(0.2).build()?);
    assert_ne!(single, slot(Kind::F32).build()?);
    Ok(())
}

#[test]
fn constraints_are_listed_in_a_fixed_order() -> Outcome {
    let built = slot(Kind::F32).step(5.0).finite().range(0.0..=10.0).build()?;
    let listed: Vec<Constraint> = built.slots()[0].constraints().iter().collect();
    let range = Constraint::Range(NumberRange::new(0.0..=10.0));
    assert_eq!(listed, [range, Constraint::Finite, Constraint::Step(Number::Float(5.0))]);
    let again = listed.into_iter().fold(slot(Kind::F32), SchemaBuilder::constraint).build()?;
    assert_eq!(again, built);
    assert_eq!(built.slots()[0].to_string(), "value: f32, range 0.0 to 10.0, finite, step 5.0");
    Ok(())
}

#[derive(Slotted, Clone, Copy)]
struct Person {
    #[slot(step = 5)]
    age: u8,
    #[slot(step = 0.5, range = 0.0..)]
    sizes: List<f32>,
}

#[test]
fn derived_schemas_have_steps() -> Outcome {
    let mut store = Store::new();
    store.register::<Person>()?;
    let slots = Person::schema()?.slots().iter().map(ToString::to_string).collect::<Vec<_>>();
    assert_eq!(slots, ["age: u8, step 5", "sizes: list(f32), range at least 0.0, step 0.5"]);
    assert!(store.spawn(Person { age: 40, sizes: List::EMPTY }).is_ok());
    let error = store.spawn(Person { age: 12, sizes: List::EMPTY }).unwrap_err().to_string();
    assert!(error.contains("slot 'age' of 'person' expects multiples of 5; 12 is not one"));
    let sizes = store.intern_list(&[0.5, 0.75])?;
    assert!(store.spawn(Person { age: 40, sizes }).is_err());
    Ok(())
}

#[test]
fn keys_and_validation_check_steps() -> Outcome {
    let (mut store, id) = store_of(slot(Kind::U8).step(5))?;
    let key = store.key::<Option<u8>>("thing", "value")?;
    assert!(store.set(id, key, Some(10)).is_ok());
    assert!(store.set(id, key, Some(12)).is_err());
    assert_eq!(store.get(id, key), Some(Some(10)));
    Ok(())
}

#[test]
fn migrations_check_living_values_against_a_new_step() -> Outcome {
    let (mut store, id) = store_of(slot(Kind::U8))?;
    store.set_value(id, "value", 12)?;
    let stepped = || slot(Kind::U8).step(5).optional().build();
    let plan = store.plan_migration([stepped()?])?;
    assert!(plan.to_string().contains("step 5"), "{plan}");
    let error = store.migrate(&plan).unwrap_err().to_string();
    assert!(error.contains("expects multiples of 5; 12 is not one"), "{error}");
    assert_eq!(store.get_value(id, "value")?, 12.into(), "nothing has changed");
    store.set_value(id, "value", 15)?;
    let plan = store.plan_migration([stepped()?])?;
    store.migrate(&plan)?;
    assert!(store.set_value(id, "value", 12).is_err());
    let plan = store.plan_migration([slot(Kind::U8).optional().build()?])?;
    store.migrate(&plan)?;
    assert!(store.set_value(id, "value", 12).is_ok());
    Ok(())
}

proptest! {
    #[test]
    fn decimals_are_multiples_of_their_last_digit(digits in -99_999_i32..=99_999, places in 0..6_i32) {
        let power = 10_f64.powi(places);
        let (value, step) = (f64::from(digits) / power, 1.0 / power);
        for kind in [Kind::F32, Kind::F64] {
            let (mut store, id) = store_of(slot(kind).step(step)).expect("the step is above 0");
            prop_assert!(accepts(&mut store, id, value), "{value} of {step}");
            let between = value + step / 2.0;
            prop_assert!(!accepts(&mut store, id, between), "{between} of {step}");
        }
    }

    #[test]
    fn integers_agree_with_the_remainder(value: i64, step in 1..=i64::MAX) {
        let (mut store, id) = store_of(slot(Kind::I64).step(step)).expect("the step is above 0");
        prop_assert_eq!(accepts(&mut store, id, value), value % step == 0);
        prop_assert!(accepts(&mut store, id, value / step * step));
    }
}

/// Every constraint of a typed field, and fields without any between them.
#[derive(Slotted, Clone, Copy, Debug)]
struct Confined {
    #[slot(range = 0.0..=500.0)]
    health: f32,
    free: u32,
    #[slot(range = ..1000)]
    kind: u16,
    #[slot(range = -1.0..1.0, finite)]
    direction: Vec3,
    #[slot(finite)]
    weight: Option<f64>,
    #[slot(step = 5)]
    age: u8,
    #[slot(range = 1..)]
    sizes: [i64; 3],
    #[slot(references = "confined")]
    target: Option<ObjectId>,
}

fn confined() -> impl Strategy<Value = Confined> {
    let number = || prop_oneof![20 => Just(0.5_f32), 1 => -2.0..600.0_f32, 1 => Just(f32::NAN)];
    let weight = prop_oneof![9 => Just(None), 9 => Just(Some(1.0)), 1 => Just(Some(f64::INFINITY))];
    let kind = prop_oneof![20 => Just(7_u16), 1 => 990..1_010_u16];
    let age = prop_oneof![20 => Just(40_u8), 1 => 38..42_u8];
    let size = prop_oneof![20 => Just(1_i64), 1 => -1..2_i64];
    let target = prop_oneof![20 => Just(false), 1 => Just(true)];
    (number(), kind, number(), weight, age, size, target).prop_map(
        |(health, kind, z, weight, age, size, has_target)| Confined {
            health,
            free: 3,
            kind,
            direction: Vec3::new(0.0, 0.5, z),
            weight,
            age,
            sizes: [1, size, 1],
            // An id that was never given out.
            target: has_target.then(|| ObjectId::from_bits(0x0007_0001_0000_0000)).flatten(),
        },
    )
}

proptest! {
    #[test]
    fn a_batch_and_a_record_and_a_single_object_have_the_same_problems(
        objects in prop::collection::vec(confined(), 1..300),
    ) {
        let mut store = Store::new();
        store.register::<Confined>().expect("a valid schema");
        let mut expected = Vec::new();
        for (position, object) in objects.iter().enumerate() {
            let single = store.spawn(*object);
            let mut record = record! {
                health: object.health, free: object.free, kind: object.kind, direction: object.direction,
                age: object.age, sizes: object.sizes,
            };
            object.weight.into_iter().for_each(|weight| record.push("weight", weight));
            object.target.into_iter().for_each(|target| record.push("target", target));
            prop_assert_eq!(store.spawn_record("confined", record).is_ok(), single.is_ok());
            if let Err(error) = single {
                let message = error.to_string();
                let lines = message.lines().filter(|line| !line.ends_with("problems:"));
                expected.extend(lines.map(|line| format!("record {position}: {}", line.trim())));
            }
        }
        let before = store.len();
        match store.spawn_batch(objects.iter().copied()) {
            Ok(ids) => prop_assert_eq!((ids.count(), expected.len()), (objects.len(), 0)),
            Err(error) => {
                let message = error.to_string();
                let found: Vec<_> =
                    message.lines().map(str::trim).filter(|line| !line.ends_with("problems:")).collect();
                expected.truncate(100);
                prop_assert_eq!(found, expected);
                prop_assert_eq!(store.len(), before);
            }
        }
    }
}
