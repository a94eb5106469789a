//! Worlds as text for people.
#![cfg(feature = "serde")]

use std::error::Error;

use slotted::glam::{Quat, Vec3};
use slotted::{Kind, ObjectId, Schema, Store, Value, record, schema::NumberKind};

type Outcome = Result<(), Box<dyn Error>>;

/// Registers the schemas, the last one first if `reversed`.
fn store(reversed: bool) -> Result<Store, Box<dyn Error>> {
    let tile =
        Schema::builder("tile").slot("height", Kind::F64).slot("of", Kind::Object).optional();
    let unit = Schema::builder("unit")
        .slot("name", Kind::Text)
        .slot("job", Kind::enumeration(["farmer", "soldier"]))
        .slot("level", Kind::U8)
        .slot("wet", Kind::Bool)
        .slot("position", Kind::Vec3)
        .slot("turn", Kind::Quat)
        .slot("path", Kind::Array(NumberKind::I16, 3))
        .slot("seed", Kind::U64)
        .optional()
        .slot("target", Kind::Object)
        .optional()
        .slot("friends", Kind::list(Kind::Object))
        .default(Value::List([].into()))
        .slot("words", Kind::list(Kind::Text))
        .default(Value::List([].into()));
    let mut schemas = [Schema::builder("empty").build()?, tile.build()?, unit.build()?];
    if reversed {
        schemas.reverse();
    }
    let mut store = Store::new();
    for schema in schemas {
        store.register_schema(schema)?;
    }
    let orc = Schema::builder("orc").extends("unit").slot("rage", Kind::F32);
    store.register_schema(orc.build()?)?;
    Ok(store)
}

/// Spawns a tile, two units and an orc. One of the units is dead.
fn fill(store: &mut Store) -> Outcome {
    let unit = |name: &'static str| {
        record! {
            name: name, job: "soldier", level: 7, wet: true, position: Vec3::new(1.0, 0.5, -2.0),
            turn: Quat::IDENTITY, path: [1, -2, 3],
        }
    };
    let dead = store.spawn_record("unit", unit("Dead"))?;
    let wolf = store.spawn_record("unit", unit("Wolf"))?;
    let mut orc = unit("Orc \"the\" Great");
    orc.extend([("seed", Value::from(u64::MAX)), ("rage", 0.25.into()), ("target", wolf.into())]);
    orc.push("friends", Value::List([wolf, dead].map(Value::from).into()));
    orc.push("words", Value::List(["zug", ""].map(Value::from).into()));
    store.spawn_record("orc", orc)?;
    store.spawn_record("tile", record! { height: 1.5, of: dead })?;
    store.despawn(dead)?;
    Ok(())
}

fn world(reversed: bool) -> Result<Store, Box<dyn Error>> {
    let mut store = store(reversed)?;
    fill(&mut store)?;
    Ok(store)
}

/// Returns the name of an object, `None` for dead ones and those without.
fn name(store: &Store, id: ObjectId) -> Option<String> {
    match store.get_value(id, "name") {
        Ok(Value::Text(name)) => Some(name.to_string()),
        _ => None,
    }
}

const JSON: &str = r#"{
  "orc": {
    "3:0:1": {
      "name": "Orc \"the\" Great",
      "job": "soldier",
      "level": 7,
      "wet": true,
      "position": [1.0,0.5,-2.0],
      "turn": [0.0,0.0,0.0,1.0],
      "path": [1,-2,3],
      "seed": 18446744073709551615,
      "target": "2:1:1",
      "friends": ["2:1:1","2:0:1 (dead)"],
      "words": ["zug",""],
      "rage": 0.25
    }
  },
  "tile": {
    "1:0:1": {
      "height": 1.5,
      "of": "2:0:1 (dead)"
    }
  },
  "unit": {
    "2:1:1": {
      "name": "Wolf",
      "job": "soldier",
      "level": 7,
      "wet": true,
      "position": [1.0,0.5,-2.0],
      "turn": [0.0,0.0,0.0,1.0],
      "path": [1,-2,3],
      "friends": [],
      "words": []
    }
  }
}"#;

/// Returns the text without spaces between its parts.
fn packed(text: &str) -> String {
    let lines = text.lines().map(|line| line.trim_start().replacen("\": ", "\":", 1));
    lines.collect()
}

#[test]
fn json_has_schemas_by_name_objects_by_row_and_no_unset_slots() -> Outcome {
    let store = world(false)?;
    assert_eq!(serde_json::to_string(&store.dump())?, packed(JSON));
    assert_eq!(serde_json::to_string(&Store::new().dump())?, "{}");
    Ok(())
}

#[test]
fn ron_has_the_same_form() -> Outcome {
    let store = world(false)?;
    assert_eq!(ron::to_string(&store.dump())?, packed(JSON));
    Ok(())
}

#[test]
fn names_replace_ids_in_keys_and_references() -> Outcome {
    let store = world(false)?;
    let text = serde_json::to_string(&store.dump().with_names(|id| name(&store, id)))?;
    let expected = packed(JSON).replace("\"2:1:1\"", "\"Wolf\"");
    assert_eq!(text, expected.replace("3:0:1", "Orc \\\"the\\\" Great"));
    Ok(())
}

#[test]
fn a_dead_object_may_have_a_name() -> Outcome {
    let store = world(false)?;
    let dump = store.dump().with_names(|id| (!store.contains(id)).then_some("the fallen"));
    assert!(serde_json::to_string(&dump)?.contains(r#""of":"the fallen (dead)""#));
    Ok(())
}

#[test]
fn the_order_of_registration_does_not_matter_with_names() -> Outcome {
    let texts = [false, true].map(|reversed| -> Result<_, Box<dyn Error>> {
        let store = world(reversed)?;
        let names = |id| match name(&store, id) {
            Some(name) => Some(name),
            None => Some(if store.contains(id) { "tile" } else { "nobody" }.to_owned()),
        };
        Ok(serde_json::to_string(&store.dump().with_names(names))?)
    });
    let [first, second] = texts;
    assert_eq!(first?, second?);
    Ok(())
}

#[test]
fn equal_names_are_an_error_that_names_both_objects() -> Outcome {
    let mut store = world(false)?;
    let unit = store.ids_of("unit")?.next().ok_or("no unit")?;
    let copy = store.duplicate(unit)?;
    let dump = store.dump().with_names(|id| name(&store, id));
    let Err(error) = serde_json::to_string(&dump) else { return Err("two wolves".into()) };
    assert_eq!(
        error.to_string(),
        format!(
            "objects {copy} and {unit} of 'unit' are both named 'Wolf'; \
             give each object of a schema its own name"
        )
    );
    Ok(())
}

#[test]
fn equal_worlds_have_equal_texts_and_a_changed_value_changes_one_line() -> Outcome {
    let mut store = world(false)?;
    let before = serde_json::to_string_pretty(&store.dump())?;
    assert_eq!(before, serde_json::to_string_pretty(&world(false)?.dump())?);
    let orc = store.ids_of("orc")?.next().ok_or("no orc")?;
    store.set_value(orc, "rage", 0.75)?;
    let after = serde_json::to_string_pretty(&store.dump())?;
    assert_eq!(before.lines().count(), after.lines().count());
    let differences = before.lines().zip(after.lines()).filter(|(before, after)| before != after);
    let differences: Vec<_> = differences.map(|(_, after)| after.trim()).collect();
    assert_eq!(differences, ["\"rage\": 0.75"]);
    Ok(())
}

/// Fails after a number of bytes, and counts those before.
struct Full {
    room: usize,
    written: usize,
}

impl std::io::Write for Full {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.written += bytes.len();
        if self.written > self.room {
            Err(std::io::ErrorKind::StorageFull.into())
        } else {
            Ok(bytes.len())
        }
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

#[test]
fn objects_are_written_one_by_one() -> Outcome {
    let mut store = store(false)?;
    let tiles = (0..10_000).map(|height| record! { height: f64::from(height) });
    store.spawn_records("tile", tiles)?;
    let mut full = Full { room: 1_000, written: 0 };
    assert!(serde_json::to_writer(&mut full, &store.dump()).is_err());
    assert!(full.written < 2_000, "{} bytes were written at once", full.written);
    Ok(())
}
