//! Loads under other schemas than those of the save.

mod common;

use slotted::schema::SchemaBuilder;
use slotted::{Kind, ObjectId, Record, Schema, Slotted, Store, Value, View, exactly, record};
use slotted_arrow::{Aside, LoadError, LoadOptions, LoadReport, Migrations, SaveOptions};

type Outcome = Result<(), Box<dyn std::error::Error>>;
type Built = Result<Schema, slotted::SchemaError>;

fn store(schemas: impl IntoIterator<Item = Built>) -> Result<Store, Box<dyn std::error::Error>> {
    let mut store = Store::new();
    for schema in schemas {
        store.register_schema(schema?)?;
    }
    Ok(store)
}

fn saved(store: &mut Store) -> Result<Vec<u8>, Box<dyn std::error::Error>> {
    saved_with(store, &Aside::default())
}

fn saved_with(store: &mut Store, aside: &Aside) -> Result<Vec<u8>, Box<dyn std::error::Error>> {
    let mut bytes = Vec::new();
    SaveOptions::new().aside(aside).write(&store.snapshot(), &mut bytes)?;
    Ok(bytes)
}

fn load(store: &mut Store, save: &[u8]) -> Result<LoadReport, LoadError> {
    LoadOptions::new().read_into(store, save)
}

fn unit() -> Built {
    Schema::builder("unit").slot("health", Kind::F32).build()
}

/// The unit of a mod, with a slot more.
fn modded_unit() -> Built {
    Schema::builder("unit").slot("health", Kind::F32).slot("mana", Kind::U8).default(5).build()
}

fn orc() -> Built {
    Schema::builder("orc").extends("unit").slot("name", Kind::Text).build()
}

#[derive(Slotted, Clone, Copy)]
struct Tile {
    height: f32,
}

#[derive(View)]
struct Heights<'a> {
    height: &'a mut f32,
}

#[test]
fn rust_types_and_views_work_after_a_load() -> Outcome {
    let mut old = Store::new();
    old.register_schema(unit()?)?;
    old.register::<Tile>()?;
    let unit = old.spawn_record("unit", record! { health: 1.0 })?;
    let tile = old.spawn(Tile { height: 2.0 })?;
    let save = saved(&mut old)?;

    // Another order: the schemas get the ids of the save.
    let mut store = Store::new();
    store.register::<Tile>()?;
    store.spawn(Tile { height: -1.0 })?;
    assert_eq!(store.view::<Heights>()?.count(), 1);
    let report = load(&mut store, &save)?;
    assert!(report.migration().is_none() && !report.aside().is_empty());
    assert_eq!(store.get_object::<Tile>(tile)?.height, 2.0);
    store.view::<Heights>()?.for_each(|tile| *tile.height += 1.0);
    let next = store.spawn(Tile { height: 5.0 })?;
    assert_eq!((next.schema(), next.row()), (tile.schema(), 1));
    assert_eq!(store.get_value(tile, "height")?, 3.0_f32.into());
    assert!(!store.contains(unit));
    Ok(())
}

#[test]
fn a_load_that_fails_changes_nothing() -> Outcome {
    let mut old = store([Schema::builder("unit").slot("health", Kind::U16).build()])?;
    old.spawn_record("unit", record! { health: 300 })?;
    let save = saved(&mut old)?;
    let mut new = store([Schema::builder("unit").slot("health", Kind::U8).build()])?;
    let before = new.spawn_record("unit", record! { health: 7 })?;
    let hash = new.state_hash();
    let error = load(&mut new, &save).unwrap_err();
    assert_eq!(
        error.to_string(),
        "the save does not fit the schemas: living objects block the migration: \
         slot 'health' of 'unit' expects u8, which cannot hold 300 \
         (1 object, such as 0:0:1); 'Migrations' and 'allow_loss' help"
    );
    assert!(new.state_hash() == hash && new.contains(before));
    Ok(())
}

#[test]
fn objects_of_a_missing_mod_come_back_as_they_were() -> Outcome {
    let mut modded = store([unit(), orc()])?;
    let human = modded.spawn_record("unit", record! { health: 1.0 })?;
    let orcs: Vec<ObjectId> = (0..3)
        .map(|number| {
            modded.spawn_record("orc", record! { health: 2.0, name: format!("orc {number}") })
        })
        .collect::<Result<_, _>>()?;
    modded.despawn(orcs[1])?;
    let save = saved(&mut modded)?;

    // Without the mod, the unit changes in the meantime, even by a slot of the orc's name.
    let new_unit = Schema::builder("unit").slot("hp", Kind::F64).renamed_from("health");
    let new_unit = new_unit.slot("name", Kind::Text).default("nobody");
    let mut plain = store([new_unit.clone().build()])?;
    let report = load(&mut plain, &save)?;
    assert_eq!(report.aside().objects().collect::<Vec<_>>(), [("orc", 2)]);
    assert_eq!(plain.len(), 1);
    assert!(!plain.contains(orcs[0]));
    plain.set_value(human, "hp", 9.0)?;
    let save = saved_with(&mut plain, report.aside())?;

    // A save of a save keeps them too.
    let mut plain = store([new_unit.clone().build()])?;
    let report = load(&mut plain, &save)?;
    let save = saved_with(&mut plain, report.aside())?;

    let orc = Schema::builder("orc").extends("unit").slot("rage", Kind::U8).default(3);
    let mut modded = store([new_unit.build(), orc.build()])?;
    let report = load(&mut modded, &save)?;
    assert!(report.aside().is_empty());
    assert_eq!(modded.get_record(human)?, record! { hp: 9.0, name: "nobody" });
    assert_eq!(modded.get_record(orcs[2])?, record! { hp: 2.0, name: "orc 2", rage: 3 });
    assert!(!modded.contains(orcs[1]));
    assert_eq!(modded.len_of("unit")?, 3);
    assert_eq!(modded.spawn_record("orc", record! { hp: 1.0 })?.row(), orcs[1].row());
    Ok(())
}

#[test]
fn values_of_a_missing_slot_come_back_to_the_same_objects() -> Outcome {
    let mut modded = store([modded_unit(), orc()])?;
    let spawn = |store: &mut Store, schema: &str, mana: u8| {
        let mut record = record! { health: 1.0, mana: mana };
        if schema == "orc" {
            record.push("name", "Grom");
        }
        store.spawn_record(schema, record)
    };
    let unit_ids = [spawn(&mut modded, "unit", 1)?, spawn(&mut modded, "unit", 2)?];
    let orc_id = spawn(&mut modded, "orc", 3)?;
    let save = saved(&mut modded)?;

    let mut plain = store([unit(), orc()])?;
    let report = load(&mut plain, &save)?;
    let values: Vec<_> = report.aside().values().collect();
    assert_eq!(values, [("unit", "mana", 2), ("orc", "mana", 1)]);
    plain.despawn(unit_ids[1])?;
    let new: ObjectId = plain.spawn_record("unit", record! { health: 4.0 })?;
    assert_eq!(new.row(), unit_ids[1].row(), "another object in the row");
    let save = saved_with(&mut plain, report.aside())?;

    let mut modded = store([modded_unit(), orc()])?;
    load(&mut modded, &save)?;
    let mana = |id| modded.get_value(id, "mana");
    assert_eq!((mana(unit_ids[0])?, mana(orc_id)?), (1.into(), 3.into()));
    assert_eq!(mana(new)?, 5.into(), "the default, not the value of the object before");
    Ok(())
}

#[test]
fn a_declared_removal_drops_the_values() -> Outcome {
    let mut modded = store([modded_unit()])?;
    modded.spawn_record("unit", record! { health: 1.0 })?;
    let save = saved(&mut modded)?;
    let mut plain = store([unit()])?;
    let migrations = Migrations::new().remove("unit", "mana");
    let report = LoadOptions::new().migrations(migrations).read_into(&mut plain, &save[..])?;
    assert!(report.aside().is_empty());
    Ok(())
}

#[test]
fn what_was_kept_aside_goes_to_its_own_store_only() -> Outcome {
    let mut modded = store([unit(), orc()])?;
    modded.spawn_record("orc", record! { health: 1.0, name: "Grom" })?;
    let save = saved(&mut modded)?;
    let mut plain = store([unit()])?;
    let aside = load(&mut plain, &save)?;
    let mut other = store([unit()])?;
    let error = saved_with(&mut other, aside.aside()).unwrap_err();
    assert!(error.to_string().contains("of another store"), "{error}");
    // The same save again is another store too: its objects may differ by now.
    load(&mut other, &save)?;
    assert!(saved_with(&mut other, aside.aside()).is_err());
    assert!(saved_with(&mut plain, aside.aside()).is_ok());
    Ok(())
}

#[test]
fn a_schema_whose_base_came_later_is_loaded() -> Outcome {
    let mut old = store([Schema::builder("orc").slot("name", Kind::Text).build()])?;
    let grom = old.spawn_record("orc", record! { name: "Grom" })?;
    let base = Schema::builder("unit").slot("health", Kind::F32).default(3.0).build()?;
    let orc = Schema::builder("orc").extends("unit").slot("name", Kind::Text).build()?;
    old.migrate(&old.plan_migration([base, orc])?)?;
    let save = saved(&mut old)?;
    let (loaded, _) = LoadOptions::new().read(&save[..])?;
    assert_eq!(loaded.get_record(grom)?, record! { health: 3.0_f32, name: "Grom" });
    assert_eq!(loaded.len_of("unit")?, 1);
    assert_eq!(loaded.len_of(exactly("unit"))?, 0);
    Ok(())
}

#[test]
fn a_type_of_the_program_is_named_if_it_is_missing() -> Outcome {
    let save = saved(&mut common::world(3, 1))?;
    let error = LoadOptions::new().read(&save[..]).unwrap_err().to_string();
    assert!(
        error.starts_with("slot 'slot_")
            && error.contains("Color, which this program does not have"),
        "{error}"
    );
    Ok(())
}

#[test]
fn a_step_that_returns_a_bad_value_fails_and_changes_nothing() -> Outcome {
    let mut old = store([unit()])?;
    old.spawn_record("unit", record! { health: 1.0 })?;
    let save = saved(&mut old)?;
    let mut new = store([modded_unit()])?;
    let wrong = |_: &Record| "much".into();
    let migrations = Migrations::new().map("unit", "mana", wrong);
    let error = LoadOptions::new().migrations(migrations).read_into(&mut new, &save[..]);
    let error = error.unwrap_err().to_string();
    assert!(error.starts_with("a step of the migration failed: slot 'mana' of 'unit'"), "{error}");
    assert!(new.is_empty());
    Ok(())
}

#[test]
fn equal_worlds_of_different_histories_save_to_equal_bytes() -> Outcome {
    // fault 44 is in `determinism.rs`; here the texts of a load are in another order.
    let mut first = common::world(40, 5);
    let save = saved(&mut first)?;
    let mut again = common::store();
    load(&mut again, &save)?;
    assert!(saved(&mut again)? == save);
    Ok(())
}

#[test]
fn a_step_that_was_done_is_not_done_again() -> Outcome {
    let mut old = store([Schema::builder("unit").slot("feet", Kind::F32).build()])?;
    let id = old.spawn_record("unit", record! { feet: 10.0 })?;
    let options = LoadOptions::new().migrations(
        Migrations::new()
            .map("unit", "metres", |old| match old.get("feet") {
                Some(slotted::Value::F32(feet)) => (feet * 0.5).into(),
                _ => slotted::Value::Unset,
            })
            .remove("unit", "feet"),
    );
    let new = || store([Schema::builder("unit").slot("metres", Kind::F32).build()]);
    let mut save = saved(&mut old)?;
    for _ in 0..3 {
        let mut store = new()?;
        options.read_into(&mut store, &save[..])?;
        assert_eq!(store.get_value(id, "metres")?, 5.0_f32.into());
        save = saved(&mut store)?;
    }
    Ok(())
}

#[test]
fn a_second_load_into_the_same_store_keeps_objects_aside_again() -> Outcome {
    let mut modded = store([unit(), orc()])?;
    let grom = modded.spawn_record("orc", record! { health: 1.0, name: "Grom" })?;
    let save = saved(&mut modded)?;
    let mut plain = store([unit()])?;
    for _ in 0..3 {
        let report = load(&mut plain, &save)?;
        assert_eq!(report.aside().objects().collect::<Vec<_>>(), [("orc", 1)]);
        assert!(plain.is_empty() && !plain.contains(grom));
        assert!(saved_with(&mut plain, report.aside())? == save || plain.schemas().len() == 2);
    }
    // The mod comes into the running game: its schema is another one, and the objects stay aside.
    let report = load(&mut plain, &save)?;
    plain.register_schema(orc()?)?;
    let save = saved_with(&mut plain, report.aside())?;
    let report = load(&mut plain, &save)?;
    assert_eq!(report.aside().objects().map(|(_, objects)| objects).sum::<usize>(), 1);
    Ok(())
}

#[test]
fn values_of_a_missing_slot_survive_schemas_that_extend_it_meanwhile() -> Outcome {
    let mut modded = store([modded_unit()])?;
    let id = modded.spawn_record("unit", record! { health: 1.0, mana: 7 })?;
    let save = saved(&mut modded)?;
    let soldier = || Schema::builder("soldier").extends("unit").slot("rank", Kind::U8).build();
    let own_mana = || Schema::builder("soldier").extends("unit").slot("mana", Kind::Text).build();
    for soldier in [soldier as fn() -> Built, own_mana] {
        let mut plain = store([unit(), soldier()])?;
        let report = load(&mut plain, &save)?;
        let record = if plain.schema("soldier").is_some_and(|schema| schema.slot("rank").is_some())
        {
            record! { health: 2.0, rank: 1 }
        } else {
            record! { health: 2.0, mana: "blue" }
        };
        let new = plain.spawn_record("soldier", record.clone())?;
        let save = saved_with(&mut plain, report.aside())?;
        // Without the mod still.
        let mut again = store([unit(), soldier()])?;
        let report = load(&mut again, &save)?;
        assert_eq!(again.get_record(new)?, plain.get_record(new)?);
        assert_eq!(report.aside().values().map(|(_, _, values)| values).sum::<usize>(), 1);
        let save = saved_with(&mut again, report.aside())?;
        if record.get("rank").is_some() {
            let mut modded = store([modded_unit(), soldier()])?;
            load(&mut modded, &save)?;
            assert_eq!(modded.get_value(id, "mana")?, 7.into());
            assert_eq!(modded.get_value(new, "mana")?, 5.into());
        }
    }
    Ok(())
}

#[test]
fn values_of_a_slot_of_a_base_without_objects_come_back() -> Outcome {
    let thing = |has_x: bool| {
        let thing = Schema::builder("thing");
        if has_x { thing.slot("x", Kind::U8).default(0) } else { thing }.build()
    };
    let unit = || Schema::builder("unit").extends("thing").slot("health", Kind::F32).build();
    let mut modded = store([thing(true), unit()])?;
    let id = modded.spawn_record("unit", record! { x: 9, health: 1.0 })?;
    let save = saved(&mut modded)?;
    let mut plain = store([thing(false), unit()])?;
    let report = load(&mut plain, &save)?;
    let save = saved_with(&mut plain, report.aside())?;
    let mut modded = store([thing(true), unit()])?;
    load(&mut modded, &save)?;
    assert_eq!(modded.get_value(id, "x")?, 9.into());
    Ok(())
}

#[test]
fn a_slot_that_was_renamed_twice_is_found_under_each_name() -> Outcome {
    let migrations = Migrations::new().rename("orc", "hp", "life").rename("unit", "life", "health");
    for name in ["hp", "life", "health"] {
        let mut old = store([
            Schema::builder("unit").slot(name, Kind::F32).build(),
            Schema::builder("orc").extends("unit").build(),
        ])?;
        let id = old.spawn_record("unit", Record::from_iter([(name.to_owned(), 3.0_f32)]))?;
        let save = saved(&mut old)?;
        let mut new = store([unit(), Schema::builder("orc").extends("unit").build()])?;
        let options = LoadOptions::new().migrations(migrations.clone());
        let report = options.read_into(&mut new, &save[..])?;
        assert_eq!(new.get_value(id, "health")?, 3.0_f32.into());
        assert_eq!(report.aside().values().count(), 0);
    }
    Ok(())
}

#[test]
fn a_step_for_a_base_leaves_a_missing_mod_alone() -> Outcome {
    let mut modded = store([unit(), orc()])?;
    modded.spawn_record("orc", record! { health: 1.0, name: "Grom" })?;
    let save = saved(&mut modded)?;
    let mut plain = store([modded_unit()])?;
    let migrations = Migrations::new().map("unit", "mana", |_| 3.into());
    let report = LoadOptions::new().migrations(migrations).read_into(&mut plain, &save[..])?;
    assert_eq!(report.aside().objects().count(), 1);
    Ok(())
}

#[test]
fn a_renamed_slot_may_lose_values_too() -> Outcome {
    let mut old = store([Schema::builder("unit").slot("age", Kind::U16).build()])?;
    let id = old.spawn_record("unit", record! { age: 300 })?;
    let save = saved(&mut old)?;
    let mut new = store([Schema::builder("unit").slot("years", Kind::U8).default(20).build()])?;
    let migrations = Migrations::new().rename("unit", "age", "years");
    LoadOptions::new().migrations(migrations).allow_loss().read_into(&mut new, &save[..])?;
    assert_eq!(new.get_value(id, "years")?, 20.into());
    Ok(())
}

#[test]
fn a_type_that_moved_keeps_its_values() -> Outcome {
    let tile = |kind: Kind| Schema::builder("tile").slot("color", kind).build();
    let color = Kind::pod::<common::Color>();
    let Kind::Pod(pod) = &color else { return Err("a plain-memory type".into()) };
    let mut old = store([tile(Kind::opaque_pod("game::old::Color", pod.size(), pod.align()))])?;
    let bytes = slotted::Value::Bytes([1, 2, 3, 4].into());
    let id = old.spawn_record("tile", record! { color: bytes.clone() })?;
    let save = saved(&mut old)?;
    let mut new = store([tile(color.clone())])?;
    assert!(load(&mut new, &save).is_err());
    let migrations = Migrations::new().rename_type("game::old::Color", pod.name());
    LoadOptions::new().migrations(migrations).read_into(&mut new, &save[..])?;
    assert_eq!(new.get_value(id, "color")?, bytes);
    Ok(())
}

#[test]
fn attachments_with_equal_bytes_and_similar_names_are_saved() -> Outcome {
    let folder = common::Folder::new("attachments");
    let mut store = store([unit()])?;
    let options = SaveOptions::new().attach("a b", *b"x").attach("a_b", *b"x").attach("", *b"");
    for _ in 0..2 {
        options.save(&store.snapshot(), &folder.0)?;
        let (_, report) = LoadOptions::new().load(&folder.0)?;
        for (name, bytes) in [("a b", &b"x"[..]), ("a_b", b"x"), ("", b"")] {
            assert_eq!(report.attachment(name), Some(bytes));
        }
    }
    Ok(())
}

#[test]
fn two_schemas_of_a_save_never_get_the_same_name() -> Outcome {
    let orc = Schema::builder("orc").slot("health", Kind::F32).build();
    let mut old = store([unit(), orc])?;
    old.spawn_record("unit", record! { health: 1.0 })?;
    old.spawn_record("orc", record! { health: 2.0 })?;
    let save = saved(&mut old)?;
    let mut new = store([unit()])?;
    new.spawn_record("unit", record! { health: 3.0 })?;
    let before = new.state_hash();
    let clash = Migrations::new().rename_schema("orc", "unit");
    let error = LoadOptions::new().migrations(clash).read_into(&mut new, &save[..]).unwrap_err();
    assert_eq!(
        error.to_string(),
        "schemas 'unit' and 'orc' of the save would both be 'unit'; \
         rename one of them to another name"
    );
    assert_eq!(new.state_hash(), before, "nothing was changed");
    // Nor if the program lacks the schema: the next save would list it twice.
    let mut new = store([unit()])?;
    let beast = Schema::builder("beast").build();
    let mut old_too = store([unit(), Schema::builder("orc").build(), beast])?;
    let save_too = saved(&mut old_too)?;
    let clash = Migrations::new().rename_schema("orc", "beast");
    let loaded = LoadOptions::new().migrations(clash).read_into(&mut new, &save_too[..]);
    assert!(matches!(loaded, Err(LoadError::SameName { name, .. }) if name == "beast"));
    // Names that pass on are no clash.
    let human = Schema::builder("human").slot("health", Kind::F32).build();
    let mut new = store([human, unit()])?;
    let passed_on = Migrations::new().rename_schema("unit", "human").rename_schema("orc", "unit");
    let report = LoadOptions::new().migrations(passed_on).read_into(&mut new, &save[..])?;
    assert!(report.objects() == 2 && report.aside().is_empty());
    Ok(())
}

#[test]
fn other_defaults_of_extensions_are_loaded() -> Outcome {
    let unit = Schema::builder("unit").slot("health", Kind::F32).default(100).build();
    let orc = Schema::builder("orc").extends("unit").inherited_default("health", 150).build();
    let mut old = store([unit, orc.clone()])?;
    old.spawn_record("orc", record! {})?;
    let save = saved(&mut old)?;
    let (new, _) = LoadOptions::new().read(&*save)?;
    assert_eq!(new.schema("orc").ok_or("no orc")?.to_schema(), orc?);
    Ok(())
}

#[test]
fn a_save_has_every_default_of_its_schemas() -> Outcome {
    let map: Value = [("a", Value::from([1, 2])), ("b", Value::Unset)].into_iter().collect();
    let part = Schema::builder("part").slot("item", Kind::Text);
    let part = part.slot("note", Kind::Any).default(map.clone());
    let unit = Schema::builder("unit")
        .slot("note", Kind::Any)
        .default([map.clone()])
        .nested_list("parts", &part.build()?)
        .build();
    let orc = Schema::builder("orc").extends("unit").inherited_default("note", map).build();
    let mut old = store([unit, orc])?;
    let save = saved(&mut old)?;
    let (loaded, _) = LoadOptions::new().read(&save[..])?;
    for name in ["unit", "orc"] {
        let slots = |store: &Store| -> Vec<String> {
            let schema = store.schema(name).expect("it is registered");
            schema.slots().iter().map(ToString::to_string).collect()
        };
        assert_eq!(slots(&loaded), slots(&old));
    }
    Ok(())
}

#[test]
fn elements_gain_and_lose_parts_since_the_save() -> Outcome {
    let drop = || Schema::builder("drop").slot("item", Kind::Text);
    let unit =
        |drop: SchemaBuilder| Schema::builder("unit").nested_list("drops", &drop.build()?).build();
    let chance = || drop().slot("chance", Kind::F32);
    let mut old = store([unit(chance())])?;
    let part = |name: &str, chance: f32| -> Value {
        [("item", Value::from(name)), ("chance", chance.into())].into_iter().collect()
    };
    let drops: Value = [part("bone", 0.5), part("hide", 1.0)].into();
    let id = old.spawn_record("unit", record! { drops: drops.clone() })?;
    let save = saved(&mut old)?;
    // The part may be left out now.
    let mut optional = store([unit(chance().optional())])?;
    load(&mut optional, &save)?;
    assert_eq!(optional.get_value(id, "drops")?, drops);
    // There is a new part that elements may lack.
    let mut wide = store([unit(chance().slot("count", Kind::U8).optional())])?;
    load(&mut wide, &save)?;
    assert_eq!(wide.get_value(id, "drops")?, drops);
    // There is one that each element must have.
    let mut strict = store([unit(chance().slot("count", Kind::U8))])?;
    let error = load(&mut strict, &save).expect_err("no element has a count").to_string();
    assert!(
        error.contains("slot 'drops[].count' of 'unit' needs a default or must be optional"),
        "{error}"
    );
    // The list cannot be a number, unless values may be lost.
    let slot = || Schema::builder("unit").slot("drops", Kind::U8).default(3).build();
    let error = load(&mut store([slot()])?, &save).expect_err("a list is no number").to_string();
    assert!(error.contains("slot 'drops' of 'unit' expects u8"), "{error}");
    let mut number = store([slot()])?;
    LoadOptions::new().allow_loss().read_into(&mut number, &save[..])?;
    assert_eq!(number.get_value(id, "drops")?, 3.into());
    // A part that is gone is kept aside.
    let mut narrow = store([unit(drop())])?;
    let report = load(&mut narrow, &save)?;
    let items: [Value; 2] = ["bone", "hide"].map(|name| [("item", name)].into_iter().collect());
    assert_eq!(narrow.get_value(id, "drops")?, items.into());
    let again = saved_with(&mut narrow, report.aside())?;
    load(&mut old, &again)?;
    assert_eq!(old.get_value(id, "drops")?, drops);
    Ok(())
}

/// A part of an optional record is kept aside, and objects that get the record meanwhile have its default later.
#[test]
fn a_needed_part_of_a_missing_mod_comes_back() -> Outcome {
    let damage = || Schema::builder("damage").slot("min", Kind::U8);
    let with = |damage: slotted::schema::SchemaBuilder| -> Built {
        Schema::builder("weapon").nested("damage", &damage.build()?).optional().build()
    };
    let modded_weapon = || with(damage().slot("max", Kind::U8).default(9));
    let map = |parts: &[(&'static str, u8)]| -> slotted::Value {
        parts.iter().map(|(name, value)| (*name, slotted::Value::from(*value))).collect()
    };
    let mut modded = store([modded_weapon()])?;
    let axe = modded.spawn_record("weapon", record! { damage: map(&[("min", 1), ("max", 4)]) })?;
    let fist = modded.spawn_record("weapon", record! {})?;
    let save = saved(&mut modded)?;
    let own_max = || {
        let spear = Schema::builder("spear").extends("weapon");
        spear.slot("damage.max", Kind::Text).default("much").build()
    };
    for others in [vec![], vec![own_max()]] {
        let schemas = || [with(damage())].into_iter().chain(others.clone());
        let mut plain = Store::new();
        for schema in schemas() {
            plain.register_schema(schema?)?;
        }
        let report = load(&mut plain, &save)?;
        let new = plain.spawn_record("weapon", record! { damage: map(&[("min", 2)]) })?;
        let save = saved_with(&mut plain, report.aside())?;
        load(&mut plain, &save)?;
        if others.is_empty() {
            let mut modded = store([modded_weapon()])?;
            load(&mut modded, &save)?;
            assert_eq!(modded.get_value(axe, "damage")?, map(&[("min", 1), ("max", 4)]));
            assert_eq!(modded.get_value(new, "damage")?, map(&[("min", 2), ("max", 9)]));
            assert!(modded.get_value(fist, "damage")?.is_unset());
        }
    }
    Ok(())
}
