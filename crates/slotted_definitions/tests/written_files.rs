//! Files that `Objects::to_files` writes load again, or the write fails and names the object and the slot.
//!
//! Views write without checks, and the game despawns objects that others refer to. Both led to files that the loader
//! refused; a reload that needed a despawned object was planned as possible and failed.
#![cfg(all(feature = "json", feature = "toml", feature = "ron", feature = "yaml"))]

use std::error::Error;

use slotted::view::OptionMut;
use slotted::{ObjectId, Store, Value, View, record};
use slotted_definitions::infer::SameData;
use slotted_definitions::reload::ReloadError;
use slotted_definitions::write::WriteError;
use slotted_definitions::{Definitions, Format, Loader, Objects};

type Outcome = Result<(), Box<dyn Error>>;

const SCHEMAS: &str = "
[schemas.unit.slots]
hp = { kind = 'f32', default = 1.0, range = [0.0, 500.0] }
speed = { kind = 'f32', default = 1.0, finite = true }
level = { kind = 'u8', default = 1, range = [1, 60], step = 1 }
nick = { kind = 'text', optional = true }
friend = { kind = 'object', references = 'unit', optional = true }
pals = { kind = 'list(object)', references = 'unit', default = [] }
big = { kind = 'u64', default = 0 }
[schemas.item.slots]
owner = { kind = 'object', references = 'unit' }
";
const RECORDS: &str = "
[records.unit.hero]
friend = 'grunt'
pals = ['grunt', 'wolf']
[records.unit.grunt]
[records.unit.wolf]
[records.item.crown]
owner = 'grunt'
";
const FORMATS: [Format; 4] = [Format::Json, Format::Toml, Format::Ron, Format::Yaml];

fn game() -> Result<(Store, Objects), Box<dyn Error>> {
    let mut store = Store::new();
    let loader = Loader::new().text("schemas.toml", SCHEMAS).text("records.toml", RECORDS);
    let objects = loader.load(&store)?.spawn(&mut store)?;
    Ok((store, objects))
}

fn id(objects: &Objects, schema: &str, name: &str) -> ObjectId {
    objects.id(schema, name).expect("the record has an object")
}

fn load_again(
    objects: &Objects,
    store: &Store,
    format: Format,
) -> Result<Definitions, Box<dyn Error>> {
    let files = objects.to_files(store, format)?;
    let loader = Loader::new().text("schemas.toml", SCHEMAS);
    let loader = files.into_iter().fold(loader, |loader, (path, text)| loader.text(&path, text));
    Ok(loader.load(&Store::new())?)
}

/// The game plays, and then each format is written.
fn written(play: impl Fn(&mut Store, &Objects)) -> Result<Vec<String>, Box<dyn Error>> {
    let mut messages = Vec::new();
    for format in FORMATS {
        let (mut store, objects) = game()?;
        play(&mut store, &objects);
        match objects.to_files(&store, format) {
            Err(error) => messages.push(error.to_string()),
            Ok(_) => {
                let mut again = Store::new();
                let copies = load_again(&objects, &store, format)?.spawn(&mut again)?;
                let hero = objects.to_record(&store, id(&objects, "unit", "hero"))?;
                let copy = copies.to_record(&again, id(&copies, "unit", "hero"))?;
                assert!(hero.is_same_data(&copy), "{format}: {hero:?} is not {copy:?}");
                messages.push("loads".to_owned());
            }
        }
    }
    Ok(messages)
}

#[test]
fn references_to_dead_objects() -> Outcome {
    let despawn = |store: &mut Store, objects: &Objects, schema: &str, name: &str| {
        store.despawn(id(objects, schema, name)).expect("it is alive");
    };
    assert_eq!(written(|_, _| ())?, ["loads"; 4]);
    let dead_friend = |store: &mut Store, objects: &Objects| {
        despawn(store, objects, "item", "crown");
        despawn(store, objects, "unit", "grunt");
    };
    assert_eq!(written(dead_friend)?, ["loads"; 4]);
    let its_row_is_used = |store: &mut Store, objects: &Objects| {
        dead_friend(store, objects);
        store.spawn_record("unit", record! { hp: 9.0 }).expect("the record is right");
    };
    assert_eq!(written(its_row_is_used)?, ["loads"; 4]);
    let (_, objects) = game()?;
    let (crown, grunt) = (id(&objects, "item", "crown"), id(&objects, "unit", "grunt"));
    let dead_owner = written(|store, objects| despawn(store, objects, "unit", "grunt"))?;
    let message =
        format!("slot 'owner' of object {crown} refers to object {grunt}, which is not alive");
    assert_eq!(dead_owner, [&*message; 4]);
    Ok(())
}

#[test]
fn references_to_objects_of_the_game() -> Outcome {
    let spawn = |store: &mut Store, objects: &Objects| {
        let new = store.spawn_record("unit", record! {}).expect("all slots have defaults");
        let hero = id(objects, "unit", "hero");
        store.set_value(hero, "friend", new).expect("it is a unit");
        new
    };
    let nameless = written(|store, objects| _ = spawn(store, objects))?;
    assert!(
        nameless.iter().all(|message| message.contains("slot 'friend' of object")),
        "{nameless:?}"
    );
    let dead = written(|store, objects| {
        let new = spawn(store, objects);
        store.despawn(new).expect("it is alive");
    })?;
    assert_eq!(dead, ["loads"; 4]);
    Ok(())
}

#[derive(View)]
struct Hp<'a> {
    hp: &'a mut f32,
}

#[derive(View)]
struct Speed<'a> {
    speed: &'a mut f32,
}

#[derive(View)]
struct Level<'a> {
    level: &'a mut u8,
}

#[derive(View)]
struct Friend<'a> {
    friend: OptionMut<'a, ObjectId>,
}

#[test]
fn values_that_views_wrote() -> Outcome {
    let hp = |new: f32| {
        written(move |store, _| {
            store.view::<Hp>().expect("it is declared").for_each(|unit| *unit.hp = new)
        })
    };
    let refused = |messages: Vec<String>, expected: &str| {
        for message in messages {
            assert!(message.contains(expected) && message.contains("'hero'"), "{message}");
        }
    };
    refused(hp(-2.5)?, "slot 'hp' of 'unit' expects 0.0 to 500.0, found -2.5");
    refused(hp(f32::INFINITY)?, "slot 'hp' of 'unit' expects 0.0 to 500.0, found inf");
    let speed = written(|store, _| {
        store.view::<Speed>().expect("it is declared").for_each(|unit| *unit.speed = f32::NAN)
    })?;
    refused(speed, "slot 'speed' of 'unit'");
    let level = written(|store, _| {
        store.view::<Level>().expect("it is declared").for_each(|unit| *unit.level = 61)
    })?;
    refused(level, "slot 'level' of 'unit' expects 1 to 60, found 61");
    let friend = written(|store, objects| {
        let crown = id(objects, "item", "crown");
        store
            .view::<Friend>()
            .expect("it is declared")
            .for_each(|mut unit| unit.friend.set(Some(crown)));
    })?;
    refused(friend, "slot 'friend' of 'unit'");
    let (mut store, objects) = game()?;
    store.view::<Hp>()?.for_each(|unit| *unit.hp = -1.0);
    let error = objects.to_files(&store, Format::Json).expect_err("it is out of range");
    let WriteError::Invalid { id: hero, record, problem, .. } = &error else { panic!("{error}") };
    assert_eq!((*hero, record.as_deref()), (id(&objects, "unit", "hero"), Some("hero")));
    assert_eq!(&*problem.slot, "hp");
    assert_eq!(
        error.to_string(),
        format!(
            "cannot write object {hero} ('hero'): slot 'hp' of 'unit' expects 0.0 to 500.0, found -1.0; \
             correct the value in the store first"
        )
    );
    Ok(())
}

#[test]
fn unusual_values_load_again() -> Outcome {
    let set = |slot: &'static str, value: Value| {
        written(move |store, objects| {
            store
                .set_value(id(objects, "unit", "hero"), slot, value.clone())
                .expect("it is allowed");
        })
    };
    for text in [
        "",
        "a\u{0}b\u{202e}c\r\n\"'\\ \u{feff}\u{7f}\u{85}",
        "\u{1b}[31m",
        "'''\"\"\"",
        "cafe\u{301}",
    ] {
        assert_eq!(set("nick", text.into())?, ["loads"; 4], "{text:?}");
    }
    assert_eq!(set("big", (u64::MAX).into())?[0], "loads");
    assert!(set("big", (u64::MAX).into())?[1].contains("TOML cannot represent the value"));
    assert_eq!(set("hp", (-0.0_f32).into())?, ["loads"; 4]);
    Ok(())
}

/// Plans and applies the reload of changed records after the game has despawned the grunt.
fn reloaded(change: impl Fn(&str) -> String) -> Result<(Store, Objects), Box<dyn Error>> {
    let (mut store, mut objects) = game()?;
    store.despawn(id(&objects, "unit", "grunt"))?;
    let loader = Loader::new().text("schemas.toml", SCHEMAS).text("records.toml", change(RECORDS));
    let next = loader.load_again(objects.definitions())?;
    let plan = objects.plan_reload(&store, &next)?;
    assert!(plan.is_possible(), "{plan}");
    objects.apply_reload(&mut store, &plan)?;
    Ok((store, objects))
}

#[test]
fn a_possible_reload_after_a_death_is_applied() -> Outcome {
    let pals = |store: &Store, objects: &Objects, name: &str| {
        store.get_value(id(objects, "unit", name), "pals")
    };
    let (store, objects) =
        reloaded(|records| records.replace("['grunt', 'wolf']", "['wolf', 'grunt']"))?;
    let [wolf, grunt] = ["wolf", "grunt"].map(|name| id(&objects, "unit", name));
    assert_eq!(pals(&store, &objects, "hero")?, [wolf, grunt].into(), "it was held before");
    let (store, objects) = reloaded(|records| {
        records.replace("[records.unit.wolf]", "[records.unit.wolf]\npals = ['wolf', 'grunt']")
    })?;
    let wolf = id(&objects, "unit", "wolf");
    assert_eq!(pals(&store, &objects, "wolf")?, [wolf].into(), "a new dead one is left out");
    reloaded(|records| format!("{records}\n[records.item.ring]\nowner = 'grunt'"))?;
    reloaded(|records| {
        records.replace("[records.unit.wolf]", "[records.unit.wolf]\nfriend = 'grunt'")
    })?;
    Ok(())
}

#[test]
fn a_plan_names_a_changed_value_that_needs_a_dead_object() -> Outcome {
    let (mut store, mut objects) = game()?;
    store.despawn(id(&objects, "unit", "wolf"))?;
    let records = RECORDS.replace("owner = 'grunt'", "owner = 'wolf'");
    let next = Loader::new().text("schemas.toml", SCHEMAS).text("records.toml", records);
    let next = next.load_again(objects.definitions())?;
    let plan = objects.plan_reload(&store, &next)?;
    assert!(!plan.is_possible());
    assert_eq!(
        plan.to_string(),
        "record 'item/crown': 'owner' changes from \"grunt\" to \"wolf\"\n\
         conflicts with despawned objects:\n\
         \x20 record 'item/crown': 'owner' refers to 'unit/wolf', whose object is despawned"
    );
    let report = plan.rejections().to_string();
    assert!(report.contains("records.toml:8:9"), "{report}");
    let hash = store.state_hash();
    let error = objects.apply_reload(&mut store, &plan).expect_err("the wolf is dead");
    assert!(matches!(error, ReloadError::DeadTarget(_)), "{error}");
    assert_eq!(store.state_hash(), hash, "nothing has changed");
    // If the record is gone too, nothing needs the object.
    store.despawn(id(&objects, "item", "crown"))?;
    let plan = objects.plan_reload(&store, &next)?;
    assert!(plan.is_possible(), "{plan}");
    objects.apply_reload(&mut store, &plan)?;
    Ok(())
}
