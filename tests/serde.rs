//! Tests records in serde formats.
#![cfg(feature = "serde")]

use std::error::Error;

use bench_support::NaiveMapStore;
use serde::Deserialize;
use serde::de::value::{
    BytesDeserializer, Error as ValueError, F32Deserializer, I128Deserializer, U128Deserializer,
};
use serde::de::{DeserializeSeed, Deserializer, IntoDeserializer, SeqAccess, Visitor};
use slotted::glam::{IVec2, Mat4, Quat, UVec2, Vec2, Vec3, Vec4};
use slotted::{
    ByName, Kind, MapStore, ObjectId, Record, Schema, Store, Value, record, schema::NumberKind,
};

type Outcome = Result<(), Box<dyn Error>>;

fn store() -> Result<Store, Box<dyn Error>> {
    let mut store = Store::new();
    let unit = Schema::builder("unit")
        .slot("name", Kind::Text)
        .slot("level", Kind::U8)
        .default(1)
        .slot("state", Kind::enumeration(["Idle", "Moving"]))
        .default("Idle")
        .slot("position", Kind::Vec3)
        .default(Vec3::ZERO)
        .slot("health", Kind::F32)
        .default(100.0)
        .range(0.0..=500.0)
        .slot("seed", Kind::U64)
        .optional()
        .slot("charge", Kind::F64)
        .optional()
        .slot("path", Kind::Array(NumberKind::I16, 3))
        .optional()
        .slot("target", Kind::Object)
        .optional();
    store.register_schema(unit.build()?)?;
    Ok(store)
}

fn refusal(json: &str) -> Result<String, Box<dyn Error>> {
    let mut store = store()?;
    let error = store.spawn_record("unit", serde_json::from_str(json)?);
    assert!(store.is_empty());
    Ok(error.err().ok_or("the record was accepted")?.to_string())
}

fn unreadable(json: &str) -> String {
    serde_json::from_str::<Record>(json).expect_err("it is not a record").to_string()
}

#[test]
fn records_of_json_are_accepted() -> Outcome {
    let mut store = store()?;
    let json = r#"{
        "name": "Ada", "level": 41, "state": "Moving", "position": [0, 1.5, -2e3],
        "health": 80, "seed": 18446744073709551615, "charge": -0.0, "path": [1, -2, 3], "target": null
    }"#;
    let id = store.spawn_record("unit", serde_json::from_str(json)?)?;
    let path = Value::from([1, -2, 3]);
    let expected = record! {
        name: "Ada", level: 41, state: "Moving", position: Vec3::new(0.0, 1.5, -2000.0),
        health: 80.0_f32, seed: u64::MAX, charge: -0.0, path,
    };
    assert_eq!(store.get_record(id)?, expected);
    Ok(())
}

#[test]
fn all_problems_of_a_record_are_reported_at_once() -> Outcome {
    let json = r#"{
        "level": 300, "state": "Runing", "position": [0, 1], "health": 501, "helth": 1,
        "seed": -1, "charge": "full", "path": [1, 2, 99999], "target": 4294967296
    }"#;
    let expected = "10 problems:\
        \n  slot 'level' of 'unit' expects u8, which cannot hold 300\
        \n  slot 'state' of 'unit' expects one of Idle, Moving; found 'Runing'\
        \n  slot 'position' of 'unit' expects vec3, found list [0, 1]\
        \n  slot 'health' of 'unit' expects 0.0 to 500.0, found 501\
        \n  'unit' object has no slot 'helth'; did you mean 'health'?\
        \n  slot 'seed' of 'unit' expects u64, which cannot hold -1\
        \n  slot 'charge' of 'unit' expects f64, found text \"full\"\
        \n  slot 'path' of 'unit' expects [i16; 3], which cannot hold [1, 2, 99999]\
        \n  slot 'target' of 'unit' expects object, found integer 4294967296\
        \n  'unit' object needs a value for slot 'name' (text)";
    assert_eq!(refusal(json)?, expected);
    Ok(())
}

#[test]
fn fault_09_a_duplicate_name_in_a_file_is_reported() -> Outcome {
    let json = r#"{"name": "Ada", "level": 1, "name": "Bob"}"#;
    assert_eq!(refusal(json)?, "'unit' object has two values for slot 'name'");
    let record: Record = serde_json::from_str(json)?;
    assert_eq!(record, record! { name: "Ada", level: 1, name: "Bob" });
    for error in [
        MapStore::new().spawn_record("unit", record.clone()),
        NaiveMapStore::new().spawn_record("unit", record),
    ] {
        let error = error.expect_err("a name stands twice").to_string();
        assert_eq!(error, "'unit' object has two values for slot 'name'");
    }
    Ok(())
}

#[test]
fn input_that_is_not_a_record_is_rejected_with_its_place() {
    let expected = "invalid type: sequence, expected a record: a map of names to values";
    assert!(unreadable("[1]").starts_with(expected), "{}", unreadable("[1]"));
    assert!(unreadable("3").contains("expected a record: a map of names to values"));
    assert!(unreadable(r#"{"name": NaN}"#).contains("line 1"));
    assert!(unreadable(r#"{"name": 1"#).contains("EOF"));
    assert!(unreadable(r#"{1: 1}"#).contains("key must be a string"));
}

#[test]
fn a_map_store_accepts_a_nested_object_and_a_slot_rejects_it() -> Outcome {
    let json = r#"{"name":"Ada","stats":{"level":1,"tags":["a",{"b":2}]}}"#;
    let record: Record = serde_json::from_str(json)?;
    assert_eq!(serde_json::to_string(&record)?, json);
    let mut store = MapStore::new();
    let ada = store.spawn_record("unit", record)?;
    assert_eq!(serde_json::to_string(&store.get_record(ada)?)?, json);
    assert_eq!(
        refusal(r#"{"name": {"level": 1}}"#)?,
        "slot 'name' of 'unit' expects text, found map {\"level\": 1}"
    );
    Ok(())
}

#[test]
fn fault_18_integers_are_read_exactly_or_not_at_all() -> Outcome {
    for number in [i64::MIN, -1, 0, i64::MAX] {
        assert_eq!(serde_json::from_str::<Value>(&number.to_string())?, Value::Int(number));
    }
    assert_eq!(serde_json::from_str::<Value>("18446744073709551615")?, Value::UInt(u64::MAX));
    assert_eq!(
        refusal(r#"{"name": "", "seed": 18446744073709551616}"#)?,
        "slot 'seed' of 'unit' expects u64, found number 1.8446744073709552e19"
    );

    let signed = |number| Value::deserialize(I128Deserializer::<ValueError>::new(number));
    let unsigned = |number| Value::deserialize(U128Deserializer::<ValueError>::new(number));
    assert_eq!(signed(i128::from(i64::MIN))?, i64::MIN.into());
    assert_eq!(signed(i128::from(u64::MAX))?, u64::MAX.into());
    assert_eq!(unsigned(7)?, 7.into());
    let error = unsigned(1 << 64).expect_err("it is too wide").to_string();
    assert_eq!(error, "the integer 18446744073709551616 does not fit in 64 bits");
    let error = signed(i128::from(i64::MIN) - 1).expect_err("it is too wide").to_string();
    assert_eq!(error, "the integer -9223372036854775809 does not fit in 64 bits");
    Ok(())
}

#[test]
fn fault_17_floats_keep_their_bits() -> Outcome {
    assert_eq!(serde_json::from_str::<Value>("-0.0")?, Value::F64(-0.0));
    let nan = f32::from_bits(0x7fc0_1234);
    assert_eq!(Value::deserialize(F32Deserializer::<ValueError>::new(nan))?, Value::F32(nan));
    for number in [0.1_f32, f32::MIN_POSITIVE, 1e-45, f32::MAX, -0.0, 16_777_216.0] {
        let mut store = store()?;
        let position = Vec3::splat(number);
        let json = serde_json::to_string(&record! { name: "Ada", position })?;
        let id = store.spawn_record("unit", serde_json::from_str(&json)?)?;
        assert_eq!(store.get_value(id, "position")?, position.into(), "{json}");
    }
    Ok(())
}

#[test]
fn other_formats_can_contain_bytes() -> Outcome {
    let bytes = BytesDeserializer::<ValueError>::new(b"\0\xff");
    assert_eq!(Value::deserialize(bytes)?, Value::Bytes([0, 255].into()));
    assert_eq!(serde_json::to_string(&Value::Bytes([0, 255].into()))?, "[0,255]");
    Ok(())
}

#[test]
fn vectors_are_written_as_their_numbers() -> Outcome {
    let record = record! {
        a: Vec2::new(1.0, 2.5), b: Vec3::ONE, c: Vec4::X, d: Quat::IDENTITY, e: IVec2::new(-1, 2),
        f: UVec2::ONE, g: ["x", "y"], h: Value::Unset, i: u64::MAX, j: 0.1_f32, k: true,
    };
    let json = r#"{"a":[1.0,2.5],"b":[1.0,1.0,1.0],"c":[1.0,0.0,0.0,0.0],"d":[0.0,0.0,0.0,1.0],"#;
    let json = format!("{json}{}", r#""e":[-1,2],"f":[1,1],"g":["x","y"],"h":null,"#);
    let json = format!("{json}{}", r#""i":18446744073709551615,"j":0.1,"k":true}"#);
    assert_eq!(serde_json::to_string(&record)?, json);
    let matrix: Value = serde_json::from_str(&serde_json::to_string(&Value::from(Mat4::ZERO))?)?;
    assert_eq!(matrix, [0.0; 16].into());
    Ok(())
}

#[test]
fn a_reference_is_not_written() {
    let id = ObjectId::from_bits(2 << 48 | 3 << 32 | 7).expect("the generation is odd");
    let error = serde_json::to_string(&record! { target: id }).unwrap_err().to_string();
    let expected =
        "the reference to object 2:7:3 cannot be written: ids are valid only in their own store";
    assert_eq!(error, expected);
}

fn returns(store: &mut impl ByName, json: &str) -> Outcome {
    let first = store.spawn_record("unit", serde_json::from_str(json)?)?;
    let record = store.get_record(first)?;
    let written = serde_json::to_string(&record)?;
    let second = store.spawn_record("unit", serde_json::from_str(&written)?)?;
    assert_eq!(store.get_record(second)?, record, "{written}");
    Ok(())
}

#[test]
fn records_survive_json() -> Outcome {
    let json = r#"{"name": "Ada \"\u0000ü", "level": 255, "position": [0.1, -0.0, -2e3],
        "seed": 18446744073709551615, "charge": -0.0, "path": [-32768, 0, 32767]}"#;
    returns(&mut store()?, json)?;
    returns(&mut MapStore::new(), json)?;
    returns(&mut NaiveMapStore::new(), json)
}

/// A format without a nesting limit, with nested lists or other wrappers.
struct Nested {
    levels: u32,
    wrapping: Wrapping,
}

#[derive(Clone, Copy, Debug)]
enum Wrapping {
    List,
    Some,
    Newtype,
}

impl Nested {
    fn read(levels: u32, wrapping: Wrapping) -> Result<Value, ValueError> {
        Value::deserialize(Self { levels, wrapping })
    }
}

impl<'de> Deserializer<'de> for Nested {
    type Error = ValueError;

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, ValueError> {
        let Some(levels) = self.levels.checked_sub(1) else { return visitor.visit_unit() };
        let inner = Self { levels, ..self };
        match self.wrapping {
            Wrapping::List => visitor.visit_seq(Only(Some(inner))),
            Wrapping::Some => visitor.visit_some(inner),
            Wrapping::Newtype => visitor.visit_newtype_struct(inner),
        }
    }

    serde::forward_to_deserialize_any! {
        bool i8 i16 i32 i64 i128 u8 u16 u32 u64 u128 f32 f64 char str string bytes byte_buf option
        unit unit_struct newtype_struct seq tuple tuple_struct map struct enum identifier ignored_any
    }
}

/// An element of a list that claims a length larger than memory.
struct Only(Option<Nested>);

impl<'de> SeqAccess<'de> for Only {
    type Error = ValueError;

    fn next_element_seed<T: DeserializeSeed<'de>>(
        &mut self,
        seed: T,
    ) -> Result<Option<T::Value>, ValueError> {
        self.0.take().map(|element| seed.deserialize(element)).transpose()
    }

    fn size_hint(&self) -> Option<usize> {
        Some(usize::MAX)
    }
}

#[test]
fn deep_nesting_is_an_error() -> Outcome {
    for wrapping in [Wrapping::List, Wrapping::Some, Wrapping::Newtype] {
        assert!(Nested::read(32, wrapping).is_ok(), "{wrapping:?}");
        for levels in [33, 100_000] {
            let error = Nested::read(levels, wrapping).expect_err("it is too deep").to_string();
            assert_eq!(error, "values are nested more than 32 deep", "{wrapping:?}");
        }
    }
    let json = format!(r#"{{"path": {}"#, "[".repeat(100_000));
    assert!(unreadable(&json).starts_with("values are nested more than 32 deep at line 1"));
    Ok(())
}

#[test]
fn announced_lengths_reserve_a_bounded_amount_of_memory() -> Outcome {
    assert_eq!(Nested::read(1, Wrapping::List)?, [Value::Unset].into());
    let long: Vec<u32> = (0..1000).collect();
    let deserializer: serde::de::value::SeqDeserializer<_, ValueError> =
        long.clone().into_deserializer();
    assert_eq!(Value::deserialize(deserializer)?, long.into());
    Ok(())
}
