//! Copies of records that a game spawns while it runs.
#![cfg(feature = "toml")]

use std::error::Error;

use slotted::{ObjectId, Record, SpawnError, Store, Value, exactly, record};
use slotted_definitions::prototype::{PrototypeProblem, Spawner};
use slotted_definitions::{Definitions, Loader};

type Outcome = Result<(), Box<dyn Error>>;

const BASE: &str = r#"
[schemas.unit.slots]
name = "text"
health = { kind = "f32", default = 100.0, range = [0.0, 500.0] }
job = { variants = ["farmer", "soldier"], default = "farmer" }
drops = { kind = "list(text)", default = [] }
mood = { kind = "u8", optional = true }
leader = { kind = "object", references = "unit", optional = true }
friends = { kind = "list(object)", references = "unit", default = [] }
[schemas.orc]
extends = "unit"
slots.rage = { kind = "f32", default = 0.5 }
[schemas.tile]
slots.height = "f32"

[records.unit.grunt]
abstract = true
health = 80.0
drops = ["bone", "tooth"]
mood = 3
[records.unit.grom]
name = "Grom"
[records.orc.brute]
inherits = "grunt"
name = "Brute"
leader = "grom"
friends = ["grom", "brute"]
[records.tile.plain]
height = 1.0
"#;

const MOD: &str = r#"
[patches.records.unit.grunt]
health = 70.0
job = "soldier"
[patches.records.orc.brute]
rage = 0.75
"#;

fn definitions(files: &[&str]) -> Result<Definitions, Box<dyn Error>> {
    let mut loader = Loader::new();
    for (number, file) in files.iter().enumerate() {
        loader = loader.pack_of_texts(&format!("pack {number}"), [("units.toml", *file)]);
    }
    Ok(loader.load(&Store::new())?)
}

/// Returns the messages of the problems.
fn problems(
    definitions: &Definitions,
    schema: &str,
    name: &str,
    overrides: Record,
) -> Result<Vec<String>, Box<dyn Error>> {
    let mut store = Store::new();
    definitions.register(&mut store)?;
    let Err(error) = definitions.spawn_one(&mut store, schema, name, overrides) else {
        return Err("a copy was spawned".into());
    };
    assert!(store.is_empty());
    Ok(error.problems().iter().map(ToString::to_string).collect())
}

#[test]
fn a_copy_has_inherited_values_and_overrides() -> Outcome {
    let definitions = definitions(&[BASE])?;
    let mut store = Store::new();
    definitions.register(&mut store)?;
    let overrides = record! { leader: Value::Unset, friends: Value::List([].into()) };
    let copy = definitions.spawn_one(&mut store, "orc", "brute", overrides)?;
    let drops = Value::List(["bone", "tooth"].map(Value::from).into());
    assert_eq!(
        store.get_record(copy)?,
        record! {
            name: "Brute", health: 80.0_f32, job: "farmer", drops: drops, mood: 3,
            friends: Value::List([].into()), rage: 0.5_f32,
        }
    );
    Ok(())
}

#[test]
fn an_abstract_record_leaves_required_slots_to_the_overrides() -> Outcome {
    let definitions = definitions(&[BASE])?;
    assert_eq!(
        problems(&definitions, "unit", "grunt", record! {})?,
        ["'unit' object needs a value for slot 'name' (text)"]
    );
    let mut store = Store::new();
    definitions.register(&mut store)?;
    let overrides = record! { name: "Zog", mood: Value::Unset };
    let zog = definitions.spawn_one(&mut store, "unit", "grunt", overrides)?;
    assert_eq!(store.get_value(zog, "name")?, "Zog".into());
    assert_eq!(store.get_value(zog, "mood")?, Value::Unset);
    assert_eq!(store.get_value(zog, "health")?, 80.0_f32.into());
    Ok(())
}

#[test]
fn mods_change_later_copies() -> Outcome {
    let definitions = definitions(&[BASE, MOD])?;
    let mut store = Store::new();
    let objects = definitions.spawn(&mut store)?;
    let copy = objects.spawn_one(&mut store, "orc", "brute", record! { mood: 9 })?;
    let values = ["health", "job", "rage", "mood"].map(|slot| store.get_value(copy, slot));
    assert_eq!(
        values,
        [Ok(70.0_f32.into()), Ok("soldier".into()), Ok(0.75_f32.into()), Ok(9.into())]
    );
    Ok(())
}

#[test]
fn references_lead_to_the_objects_of_the_records() -> Outcome {
    let mut store = Store::new();
    let objects = definitions(&[BASE])?.spawn(&mut store)?;
    let id = |name: &str| objects.id("unit", name).ok_or("no object");
    let (grom, brute) = (id("grom")?, id("brute")?);
    let copy = objects.spawn_one(&mut store, "unit", "brute", record! { name: "Copy" })?;
    assert_ne!(copy, brute);
    assert_eq!(store.get_value(copy, "leader")?, grom.into());
    let friends = Value::List([grom, brute].map(Value::from).into());
    assert_eq!(store.get_value(copy, "friends")?, friends);

    // A dead object is referred to like another.
    store.despawn(grom)?;
    let copy = objects.spawn_one(&mut store, "unit", "brute", record! {})?;
    assert_eq!(store.get_value(copy, "leader")?, grom.into());
    Ok(())
}

#[test]
fn references_without_objects_are_named_with_all_other_problems() -> Outcome {
    let overrides =
        record! { nmae: "Zog", health: 900.0, mood: 1, mood: 2, friends: Value::List([].into()) };
    assert_eq!(
        problems(&definitions(&[BASE])?, "orc", "brute", overrides)?,
        [
            "slot 'leader' of 'orc' refers to record 'grom', which has no object here; \
             spawn the copy with 'Objects::spawn_one', or give the slot another value",
            "'orc' object has no slot 'nmae'; did you mean 'name'?",
            "slot 'health' of 'orc' expects 0.0 to 500.0, found 900.0",
            "'orc' object has two values for slot 'mood'",
        ]
    );
    Ok(())
}

#[test]
fn misspelt_names_have_suggestions() -> Outcome {
    let definitions = definitions(&[BASE])?;
    let shown = |schema, name| problems(&definitions, schema, name, record! {});
    assert_eq!(shown("unti", "grom")?, ["no schema 'unti' is defined; did you mean 'unit'?"]);
    assert_eq!(
        shown("unti", "gorm")?,
        [
            "no schema 'unti' is defined; did you mean 'unit'?",
            "'unti' has no record 'gorm'; did you mean 'grom'?"
        ]
    );
    assert_eq!(shown("unit", "gorm")?, ["'unit' has no record 'gorm'; did you mean 'grom'?"]);
    assert_eq!(
        shown("unit", "plain")?,
        ["'unit' has no record 'plain'; 'plain' is a record of 'tile'"]
    );
    assert_eq!(shown("tile", "plan")?, ["'tile' has no record 'plan'; did you mean 'plain'?"]);
    let mut overrides = record! { nmae: "Zog", health: 900.0 };
    overrides.push("name", "Zog");
    assert_eq!(
        problems(&definitions, "unit", "grunt", overrides)?,
        [
            "slot 'health' of 'unit' expects 0.0 to 500.0, found 900.0",
            "'unit' object has no slot 'nmae'; did you mean 'name'?",
        ]
    );
    Ok(())
}

#[test]
fn a_schema_stands_for_all_that_extend_it_unless_it_is_exact() -> Outcome {
    let twins =
        "records.elf.twin.name = 'a'\nrecords.orc.twin.name = 'b'\nschemas.elf.extends = 'unit'";
    let definitions = definitions(&[BASE, twins])?;
    assert_eq!(
        problems(&definitions, "unit", "twin", record! {})?,
        ["record 'twin' of 'unit' is ambiguous; use one of the schemas 'elf', 'orc'"]
    );
    let mut store = Store::new();
    definitions.register(&mut store)?;
    let orc = definitions.spawn_one(&mut store, "orc", "twin", record! {})?;
    assert_eq!(store.get_value(orc, "name")?, "b".into());
    let Err(error) = definitions.spawn_one(&mut store, exactly("unit"), "brute", record! {}) else {
        return Err("'brute' is an orc".into());
    };
    assert_eq!(error.to_string(), "'unit' has no record 'brute'; 'brute' is a record of 'orc'");
    Ok(())
}

#[test]
fn a_store_without_the_schema_says_what_to_do() -> Outcome {
    let error = definitions(&[BASE])?.spawn_one(&mut Store::new(), "tile", "plain", record! {});
    let Err(error) = error else { return Err("the store is new".into()) };
    assert_eq!(
        error.to_string(),
        "the store has no schema 'tile'; call 'Definitions::register' first"
    );
    Ok(())
}

#[test]
fn commands_record_copies_that_refer_to_one_another() -> Outcome {
    let mut store = Store::new();
    let objects = definitions(&[BASE])?.spawn(&mut store)?;
    let mut commands = store.commands();
    let first = objects.spawn_one(&mut commands, "unit", "brute", record! { name: "First" })?;
    let second = objects.spawn_one(&mut commands, "unit", "grom", record! { leader: first })?;
    assert!(!store.contains(first));
    commands.apply(&mut store)?;
    assert_eq!(store.get_value(first, "name")?, "First".into());
    assert_eq!(store.get_value(second, "leader")?, first.into());

    let mut commands = store.commands();
    let (before, wrong) = (store.len(), record! { helth: 1.0 });
    objects.spawn_one(&mut commands, "unit", "grom", wrong)?;
    let Err(error) = commands.apply(&mut store) else { return Err("no slot 'helth'".into()) };
    assert!(error.to_string().contains("did you mean 'health'?"), "{error}");
    assert_eq!(store.len(), before);
    Ok(())
}

/// Counts what it is given.
#[derive(Default)]
struct Counter(Vec<(String, Record)>);

impl Spawner for Counter {
    fn spawn_record(&mut self, schema: &str, record: Record) -> Result<ObjectId, SpawnError> {
        self.0.push((schema.into(), record));
        ObjectId::from_bits(1 << 32).ok_or_else(|| unreachable!("the id of the first object"))
    }
}

#[test]
fn other_receivers_get_the_merged_record() -> Outcome {
    let mut counter = Counter::default();
    let definitions = definitions(&[BASE])?;
    let overrides = record! { leader: Value::Unset, friends: Value::List([].into()), health: 1 };
    definitions.spawn_one(&mut counter, "unit", "brute", overrides.clone())?;
    let brute = definitions.record("unit", "brute").ok_or("no brute")?;
    assert_eq!(counter.0, [("orc".into(), brute.to_record(overrides)?)]);
    assert_eq!(counter.0[0].1.get("health"), Some(&1.into()));
    let Err(error) = brute.to_record(record! {}) else { return Err("references".into()) };
    assert_eq!(error.problems().len(), 3);
    assert!(matches!(error.problems()[0], PrototypeProblem::NoObject { .. }));
    // Only a store knows the objects of overrides.
    let leader = ObjectId::from_bits(7 | 1 << 32).ok_or("no id")?;
    let Err(error) = brute.to_record(record! { leader }) else { return Err("friends".into()) };
    let is_missing = |found: &_| matches!(found, PrototypeProblem::NoObject { .. });
    assert_eq!(error.problems().len(), 2);
    assert!(error.problems().iter().all(is_missing), "{error}");
    Ok(())
}
