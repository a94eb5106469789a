//! Faults 9 to 15: insertion.

use slotted::bytemuck::{CheckedBitPattern, NoUninit, Pod, Zeroable};
use slotted::glam::Vec3;
use slotted::{
    AccessError, Kind, LimitError, Limits, ObjectId, Record, Schema, SchemaError, SlotValue,
    Slotted, SpawnError, Store, Text, Value, error::Rejection, record, schema::ProblemKind,
};

use crate::{MANY, Outcome, UNIT, dump, many_units, refusal, store, store_of, unit_with};

fn rejection<T: std::fmt::Debug>(result: Result<T, SpawnError>) -> Rejection {
    match result {
        Err(SpawnError::Rejected(rejection)) => rejection,
        other => panic!("expected a rejection, found {other:?}"),
    }
}

#[test]
fn fault_09_every_problem_of_a_record_is_reported_at_once() -> Outcome {
    let mut store = store();
    let before = dump(&store);
    let bad = record! { helth: 1.0, wet: 3, wet: true, colour: "red" };
    let rejection = rejection(store.spawn_record("tile", bad));
    let found: Vec<String> = rejection.problems().iter().map(ToString::to_string).collect();
    let expected = [
        "'tile' object has no slot 'helth'",
        "slot 'wet' of 'tile' expects bool, found integer 3",
        "'tile' object has two values for slot 'wet'",
        "'tile' object has no slot 'colour'",
        "'tile' object needs a value for slot 'height' (f64)",
    ];
    assert_eq!(found, expected);
    assert_eq!(dump(&store), before);
    Ok(())
}

#[test]
fn fault_09_a_misspelt_name_gets_a_suggestion() {
    let mut store = store();
    let rejection = rejection(store.spawn_record("unit", record! { helth: 1.0 }));
    let kind = &rejection.problems()[0].kind;
    assert_eq!(*kind, ProblemKind::Undeclared { suggestion: Some("health".into()) });
    let error = refusal(store.spawn_record("units", record! {}));
    assert_eq!(error, "no schema 'units' is registered; did you mean 'unit'?");
}

#[test]
fn fault_09_the_person_without_a_height() -> Outcome {
    let mut store = Store::new();
    let person = Schema::builder("person").slot("name", Kind::Text).slot("age", Kind::U8);
    store.register_schema(person.build()?)?;
    let ada = store.spawn_record("person", record! { name: "Ada", age: 41 })?;
    let message = "'person' object has no slot 'height'";
    assert_eq!(refusal(store.set_value(ada, "height", 170)), message);
    assert_eq!(refusal(store.get_value(ada, "height")), message);
    assert_eq!(refusal(store.key::<u8>("person", "height")), message);
    let tall = record! { name: "Bob", age: 30, height: 170 };
    assert_eq!(refusal(store.spawn_record("person", tall)), message);
    assert_eq!(store.get_record(ada)?, record! { name: "Ada", age: 41 });
    assert_eq!(store.len(), 1);
    Ok(())
}

#[test]
fn fault_10_a_value_of_another_kind_is_never_coerced() -> Outcome {
    let mut store = store();
    let unit = store.spawn(UNIT)?;
    let tile = store.spawn_record("tile", record! { height: 1.0, owner: unit })?;
    let before = dump(&store);
    let cases = [
        (tile, "height", Value::from("1.0")),
        (tile, "height", true.into()),
        (tile, "height", Value::Unset),
        (tile, "wet", 1.into()),
        (tile, "ground", 1.into()),
        (tile, "ground", "lava".into()),
        (tile, "owner", unit.to_bits().into()),
        (unit, "position", 1.0.into()),
        (unit, "position", [1.0, 2.0].into()),
        (unit, "position", Value::List([1.0.into(), "2".into(), 3.0.into()].into())),
        (unit, "name", 7.into()),
        (unit, "health", Value::Unset),
    ];
    for (id, slot, value) in cases {
        let result = store.set_value(id, slot, value.clone());
        assert!(matches!(result, Err(AccessError::Rejected(_))), "'{slot}' took {value}");
    }
    assert_eq!(dump(&store), before);
    Ok(())
}

#[test]
fn fault_11_one_invalid_record_rejects_its_whole_batch() -> Outcome {
    let mut store = store();
    store.spawn_batch([UNIT; 5])?;
    let before = dump(&store);
    let (middle, last) = (MANY / 2, MANY - 1);
    let records = (0..MANY).map(|number| match number {
        _ if number == middle => record! { height: 0.0, wet: "very" },
        _ if number == last => record! {},
        _ => record! { height: 1.0 },
    });
    let rejection = rejection(store.spawn_records("tile", records));
    let places: Vec<_> = rejection.problems().iter().map(|problem| problem.record).collect();
    assert_eq!(places, [Some(middle), Some(last)]);
    assert_eq!(dump(&store), before);
    Ok(())
}

#[test]
fn fault_11_one_invalid_object_rejects_its_whole_batch() -> Outcome {
    let mut store = store();
    let ids: Vec<ObjectId> = store.spawn_batch(many_units())?.collect();
    ids.iter().step_by(3).try_for_each(|id| store.despawn(*id))?;
    let before = dump(&store);
    let rejection = rejection(store.spawn_batch(many_units().chain([unit_with(501.0)])));
    assert_eq!(
        rejection.to_string(),
        format!("record {MANY}: slot 'health' of 'unit' expects 0.0 to 500.0, found 501.0")
    );
    assert_eq!(dump(&store), before);
    Ok(())
}

#[test]
fn fault_11_texts_of_refused_records_are_forgotten() -> Outcome {
    let mut store = store();
    let named = |name: &str| record! { position: [0.0; 3], name };
    let bad = record! { position: "nowhere", name: "third" };
    assert!(store.spawn_records("unit", [named("first"), named("second"), bad]).is_err());
    assert!(["first", "second", "third"].iter().all(|name| store.find_text(name).is_none()));
    let unit = store.spawn_record("unit", named("second"))?;
    assert_eq!(store.get_value(unit, "name")?, "second".into());
    Ok(())
}

#[test]
fn fault_11_a_batch_reports_a_bounded_number_of_problems() {
    let mut store = store();
    let endless = std::iter::repeat_with(|| record! { height: "high", wet: 3 });
    let rejection = rejection(store.spawn_records("tile", endless));
    assert_eq!(rejection.problems().len(), 100);
    let endless = std::iter::repeat(unit_with(-1.0));
    let result = store.spawn_batch(endless);
    assert!(matches!(result, Err(SpawnError::Rejected(found)) if found.problems().len() == 100));
    assert!(store.is_empty());
}

#[derive(SlotValue, NoUninit, CheckedBitPattern, Clone, Copy, Debug, PartialEq)]
#[repr(u8)]
enum Job {
    Farmer,
    Guard,
}

#[derive(SlotValue, NoUninit, CheckedBitPattern, Clone, Copy, Debug, PartialEq)]
#[repr(u8)]
enum Mood {
    Calm,
    Angry,
}

#[derive(SlotValue, Pod, Zeroable, Clone, Copy, Debug, PartialEq)]
#[repr(C)]
struct Color {
    channels: [u8; 4],
}

#[derive(Slotted, Clone, Copy, Debug, PartialEq)]
struct Citizen {
    job: Job,
    color: Color,
    weight: f32,
    age: u32,
    home: Text,
    shield: Option<f32>,
    marks: [u8; 4],
}

fn citizen() -> Result<(Store, ObjectId), Box<dyn std::error::Error>> {
    let mut store = Store::new();
    store.register::<Citizen>()?;
    let id = store.spawn(Citizen {
        job: Job::Guard,
        color: Color { channels: [1, 2, 3, 4] },
        weight: 60.0,
        age: 33,
        home: Text::EMPTY,
        shield: None,
        marks: [9; 4],
    })?;
    Ok((store, id))
}

#[test]
fn fault_12_a_key_of_another_kind_of_equal_size_is_refused() -> Outcome {
    fn wrong<F: slotted::slot_value::SlotField>(store: &Store, slot: &str) {
        let result = store.key::<F>("citizen", slot);
        let type_name = std::any::type_name::<F>();
        let is_wrong = matches!(result, Err(AccessError::WrongType { .. }));
        assert!(is_wrong, "'{slot}' gave a key of {type_name}");
    }
    let (store, _) = citizen()?;
    wrong::<u32>(&store, "weight");
    wrong::<f32>(&store, "age");
    wrong::<i32>(&store, "age");
    wrong::<u32>(&store, "home");
    wrong::<Text>(&store, "age");
    wrong::<Mood>(&store, "job");
    wrong::<u8>(&store, "job");
    wrong::<bool>(&store, "job");
    wrong::<u32>(&store, "color");
    wrong::<[u8; 4]>(&store, "color");
    wrong::<Color>(&store, "marks");
    wrong::<u32>(&store, "marks");
    wrong::<f32>(&store, "shield");
    wrong::<Option<f32>>(&store, "weight");
    wrong::<Option<u32>>(&store, "shield");
    Ok(())
}

#[test]
fn fault_12_a_key_serves_only_its_own_schemas() -> Outcome {
    let mut store = store();
    let grave = Schema::builder("grave").slot("depth", Kind::Vec3).slot("age", Kind::F32);
    store.register_schema(grave.build()?)?;
    let grave = store.spawn_record("grave", record! { depth: Vec3::ONE, age: 7.0 })?;
    let health = store.key::<f32>("unit", "health")?;
    assert_eq!(store.get(grave, health), None);
    assert!(matches!(store.set(grave, health, 1.0), Err(AccessError::WrongSchema { .. })));
    assert_eq!(store.get_value(grave, "age")?, 7.0_f32.into());
    Ok(())
}

#[test]
fn fault_12_a_base_other_than_the_rust_types_own_is_refused() -> Outcome {
    #[derive(Slotted, Clone, Copy)]
    struct Beast {
        weight: f32,
        legs: u8,
    }
    #[derive(Slotted, Clone, Copy)]
    struct Wolf {
        #[slot(base)]
        beast: Beast,
        hunger: f32,
    }
    let mut store = Store::new();
    let impostor = Schema::builder("beast").slot("weight", Kind::U8).slot("soul", Kind::Text);
    store.register_schema(impostor.build()?)?;
    assert!(store.register::<Wolf>().is_err(), "another schema has the base's name");
    let wolf = Wolf { beast: Beast { weight: 40.0, legs: 4 }, hunger: 0.5 };
    assert!(matches!(store.spawn(wolf), Err(SpawnError::NotRegistered { .. })));
    assert_eq!(store.schemas().len(), 1);
    Ok(())
}

#[test]
fn fault_13_no_bytes_make_an_invalid_bool_variant_or_text() -> Outcome {
    let (mut store, id) = citizen()?;
    let flag = Schema::builder("flag").slot("up", Kind::Bool).slot("name", Kind::Text);
    store.register_schema(flag.build()?)?;
    let flag = store.spawn_record("flag", record! { up: true, name: "" })?;
    let bytes = |bytes: &[u8]| Value::Bytes(bytes.into());
    let cases = [
        (flag, "up", bytes(&[2])),
        (flag, "up", 2.into()),
        (flag, "name", bytes(&[0xff, 0xfe])),
        (id, "job", bytes(&[7])),
        (id, "job", 7.into()),
        (id, "job", "".into()),
        (id, "job", "Guard".into()),
        (id, "color", bytes(&[1, 2, 3])),
        (id, "color", bytes(&[1, 2, 3, 4, 5])),
        (id, "color", [1, 2, 3, 4].into()),
    ];
    let before = (store.get_record(id)?, store.get_record(flag)?);
    for (id, slot, value) in cases {
        assert!(store.set_value(id, slot, value.clone()).is_err(), "'{slot}' took {value}");
    }
    assert_eq!((store.get_record(id)?, store.get_record(flag)?), before);
    store.set_value(id, "color", bytes(&[9, 8, 7, 6]))?;
    assert_eq!(store.get_object::<Citizen>(id)?.color, Color { channels: [9, 8, 7, 6] });
    Ok(())
}

/// An iterator with a wrong `ExactSizeIterator` length.
#[derive(Clone)]
struct Liar<I> {
    items: I,
    claim: (usize, Option<usize>),
}

impl<I: Iterator> Iterator for Liar<I> {
    type Item = I::Item;

    fn next(&mut self) -> Option<I::Item> {
        self.items.next()
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        self.claim
    }
}

const CLAIMS: [(usize, Option<usize>); 5] =
    [(usize::MAX, None), (usize::MAX, Some(usize::MAX)), (0, Some(0)), (MANY, Some(1)), (7, None)];

#[test]
fn fault_14_the_true_count_of_objects_is_used() -> Outcome {
    for claim in CLAIMS {
        let mut store = store();
        let items = many_units();
        let ids: Vec<ObjectId> = store.spawn_batch(Liar { items, claim })?.collect();
        assert_eq!((ids.len(), store.len()), (MANY, MANY));
        assert_eq!(Some(store.get_object::<crate::Unit>(ids[MANY - 1])?), many_units().last());
    }
    Ok(())
}

#[test]
fn fault_14_the_true_count_of_records_is_used() -> Outcome {
    for claim in CLAIMS {
        let mut store = store();
        let items = (0..MANY as u64).map(|height| record! { height });
        let ids: Vec<ObjectId> = store.spawn_records("tile", Liar { items, claim })?.collect();
        assert_eq!((ids.len(), store.len()), (MANY, MANY));
        assert_eq!(store.get_value(ids[MANY - 1], "height")?, ((MANY - 1) as f64).into());
    }
    Ok(())
}

#[test]
fn fault_14_an_iterator_is_not_polled_after_its_end() -> Outcome {
    let mut asked = 0;
    let unfused = std::iter::from_fn(|| {
        asked += 1;
        (asked != 4).then_some(UNIT)
    });
    let mut store = store();
    assert_eq!(store.spawn_batch(unfused)?.len(), 3);
    assert_eq!((store.len(), asked), (3, 4));
    Ok(())
}

#[test]
fn fault_14_an_endless_batch_ends_at_the_row_limit() {
    let mut store = store_of(|limits| limits.rows_per_schema = 5000);
    let before = dump(&store);
    let full = LimitError::Rows { schema: "unit".into(), limit: 5000 };
    assert_eq!(store.spawn_batch(std::iter::repeat(UNIT)).err(), Some(full.into()));
    let records = std::iter::repeat_with(|| record! { height: 0.0 });
    let full = LimitError::Rows { schema: "tile".into(), limit: 5000 };
    assert_eq!(store.spawn_records("tile", records).err(), Some(full.into()));
    assert_eq!(dump(&store), before);
}

fn schema_of(name: &str, slots: usize) -> Result<Schema, SchemaError> {
    let builder = Schema::builder(name);
    (0..slots).fold(builder, |builder, slot| builder.slot(format!("s{slot}"), Kind::U8)).build()
}

#[test]
fn fault_15_the_slot_limit_counts_inherited_slots() -> Outcome {
    let mut store = store_of(|limits| limits.slots_per_schema = 10);
    store.register_schema(schema_of("ten", 10)?)?;
    let too_many =
        |schema: &str, slots| SchemaError::TooManySlots { schema: schema.into(), slots, limit: 10 };
    assert_eq!(store.register_schema(schema_of("big", 11)?), Err(too_many("big", 11)));
    let heir = Schema::builder("heir").extends("ten").slot("more", Kind::Bool).build()?;
    assert_eq!(store.register_schema(heir), Err(too_many("heir", 11)));
    assert!(store.schema("big").is_none() && store.schema("heir").is_none());
    store.register_schema(schema_of("later", 10)?)?;
    Ok(())
}

#[test]
fn fault_15_no_limit_lets_slot_numbers_wrap_around() -> Outcome {
    let mut store = store_of(|limits| limits.slots_per_schema = usize::MAX);
    let limit = store.limits().slots_per_schema;
    assert!(limit <= usize::from(u16::MAX));
    assert!(matches!(
        store.register_schema(schema_of("wide", limit + 1)?),
        Err(SchemaError::TooManySlots { .. })
    ));
    store.register_schema(schema_of("wide", limit)?)?;
    let values = (0..limit as u64).map(|slot| (format!("s{slot}"), slot % 251));
    let record: Record = values.collect();
    let wide = store.spawn_record("wide", record)?;
    let (first, last) = (store.key::<u8>("wide", "s0")?, format!("s{}", limit - 1));
    let last = store.key::<u8>("wide", &last)?;
    assert_eq!(store.get(wide, first), Some(0));
    assert_eq!(store.get(wide, last).map(usize::from), Some((limit - 1) % 251));
    Ok(())
}

#[test]
fn fault_15_the_schema_limit_is_an_error() -> Outcome {
    let mut store = store_of(|limits| limits.schemas = 4);
    store.register_schema(schema_of("fourth", 1)?)?;
    let one_too_many = SchemaError::TooManySchemas { schema: "fifth".into(), limit: 4 };
    assert_eq!(store.register_schema(schema_of("fifth", 1)?), Err(one_too_many));
    let again = store.register_schema(schema_of("fourth", 1)?)?;
    assert_eq!(store.schema("fourth").map(slotted::schema::RegisteredSchema::id), Some(again));
    assert_eq!(store.schemas().len(), 4);
    Ok(())
}

#[test]
fn fault_15_no_limit_lets_schema_numbers_wrap_around() -> Outcome {
    let mut limits = Limits::default();
    limits.schemas = usize::MAX;
    let mut store = Store::with_limits(limits);
    assert_eq!(store.limits().schemas, 65_535);
    for number in 0..65_535 {
        store.register_schema(schema_of(&format!("schema {number}"), 0)?)?;
    }
    let late = store.register_schema(schema_of("late", 0)?);
    assert_eq!(late, Err(SchemaError::TooManySchemas { schema: "late".into(), limit: 65_535 }));
    let id = store.spawn_record("schema 65534", record! {})?;
    assert_eq!(id.schema().index(), 65_534);
    Ok(())
}

#[test]
fn fault_15_the_text_limit_is_an_error_that_changes_nothing() -> Outcome {
    let mut store = store_of(|limits| limits.text_bytes = 10 + 2 * 32);
    let full = LimitError::Text { limit: 74 };
    let named = |name: &str| record! { position: Vec3::ZERO, name };
    let unit = store.spawn_record("unit", named("sixsix"))?;
    let before = dump(&store);
    assert_eq!(store.intern_text("fives"), Err(full.clone()));
    assert_eq!(store.spawn_record("unit", named("fives")), Err(full.clone().into()));
    assert_eq!(store.set_value(unit, "name", "fives"), Err(full.clone().into()));
    let batch = [named("four"), named("a"), named("sixsix")];
    assert_eq!(store.spawn_records("unit", batch).err(), Some(full.into()));
    assert_eq!(store.find_text("four"), None);
    assert_eq!(dump(&store), before);
    store.set_value(unit, "name", "four")?;
    assert_eq!(store.get_value(unit, "name")?, "four".into());
    Ok(())
}
