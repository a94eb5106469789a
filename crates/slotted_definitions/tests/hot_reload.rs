//! Hot reload of definitions with living objects.
#![cfg(all(feature = "json", feature = "toml"))]

use std::error::Error;

use slotted::{
    Kind, LimitError, Limits, MigrationError, ObjectId, Schema, Store, Value, View, record,
};
use slotted_definitions::infer::SameData;
use slotted_definitions::reload::{RecordChange, ReloadError};
use slotted_definitions::{Definitions, Loader, Objects};

type Outcome = Result<(), Box<dyn Error>>;

const BEFORE: &str = r#"
[schemas.unit.slots]
name = "text"
health = { kind = "u8", default = 100 }
job = { variants = ["farmer", "soldier"], default = "farmer" }
drops = { kind = "list(u8)", default = [] }
target = { kind = "object", optional = true }
[schemas.orc]
extends = "unit"
slots.rage = { kind = "f32", default = 0.0 }

[records.unit.wall]
name = "Wall"
[records.orc.grunt]
name = "Grunt"
target = "thrall"
drops = [1, 2]
[records.orc.thrall]
inherits = "grunt"
name = "Thrall"
health = 250
"#;

struct Game {
    store: Store,
    objects: Objects,
}

impl Game {
    fn new() -> Result<Self, Box<dyn Error>> {
        let mut store = Store::new();
        let objects = load(BEFORE, &store)?.spawn(&mut store)?;
        Ok(Self { store, objects })
    }

    fn next(&self, from: &str, to: &str) -> Result<Definitions, Box<dyn Error>> {
        assert!(BEFORE.contains(from), "{from} is not in the file");
        self.file(&BEFORE.replace(from, to))
    }

    fn file(&self, file: &str) -> Result<Definitions, Box<dyn Error>> {
        Ok(Loader::new().text("units.toml", file).load_again(self.objects.definitions())?)
    }

    /// Applies the change and returns the plan.
    fn reload(&mut self, next: &Definitions) -> Result<String, Box<dyn Error>> {
        let plan = self.objects.plan_reload(&self.store, next)?;
        self.objects.apply_reload(&mut self.store, &plan)?;
        self.store.validate().map_err(|problems| format!("{problems:?}"))?;
        Ok(plan.to_string())
    }

    fn id(&self, schema: &str, name: &str) -> ObjectId {
        self.objects.id(schema, name).expect("the record has an object")
    }
}

fn load(file: &str, store: &Store) -> Result<Definitions, Box<dyn Error>> {
    Ok(Loader::new().text("units.toml", file).load(store)?)
}

#[test]
fn slots_are_added_removed_renamed_and_widened_in_place() -> Outcome {
    let mut game = Game::new()?;
    let (grunt, thrall) = (game.id("orc", "grunt"), game.id("orc", "thrall"));
    let next = BEFORE
        .replace("health = { kind = \"u8\", default = 100 }", "hp = { kind = \"f32\", default = 100.0, renamed_from = \"health\" }\narmour = { kind = \"u16\", default = 7 }")
        .replace("health = 250", "hp = 250")
        .replace("drops = { kind = \"list(u8)\", default = [] }", "drops = { kind = \"list(u16)\", default = [] }")
        .replace("slots.rage = { kind = \"f32\", default = 0.0 }", "");
    let next = game.file(&next)?;
    game.store.set_value(thrall, "health", 3)?;
    let plan = game.reload(&next)?;
    for line in [
        "slot 'health' is renamed to 'hp'",
        "slot 'hp' changes from u8 to f32",
        "slot 'armour' is added: u16, default 7",
        "slot 'drops' changes from list(u8) to list(u16)",
        "slot 'rage' is removed",
    ] {
        assert!(plan.contains(line), "{line} is missing from\n{plan}");
    }
    assert_eq!(game.id("orc", "grunt"), grunt);
    assert_eq!(
        game.store.get_record(thrall)?,
        record! { name: "Thrall", hp: 3.0_f32, armour: 7, job: "farmer", drops: [1, 2], target: thrall },
        "what the game has changed stays"
    );
    assert_eq!(game.store.get_value(grunt, "hp")?, 100.0_f32.into());
    Ok(())
}

#[test]
fn changes_of_files_win_and_other_changes_of_the_game_stay() -> Outcome {
    let mut game = Game::new()?;
    let (grunt, thrall) = (game.id("orc", "grunt"), game.id("orc", "thrall"));
    game.store.set_value(grunt, "job", "soldier")?;
    game.store.set_value(thrall, "health", 1)?;
    let next = game.next("drops = [1, 2]", "drops = [1, 2, 3]\nhealth = 120")?;
    let plan = game.reload(&next)?;
    // The thrall has its own health and inherits the drops.
    assert_eq!(
        plan,
        "record 'orc/grunt': 'health' changes from 100 to 120\n\
         record 'orc/grunt': 'drops' changes from [1, 2] to [1, 2, 3]\n\
         record 'orc/thrall': 'drops' changes from [1, 2] to [1, 2, 3]"
    );
    assert_eq!(game.store.get_value(grunt, "job")?, "soldier".into());
    assert_eq!(game.store.get_value(thrall, "health")?, 1.into());
    assert_eq!(game.store.get_value(thrall, "drops")?, [1, 2, 3].into());
    Ok(())
}

#[test]
fn records_come_and_go_and_references_to_new_ones_are_resolved() -> Outcome {
    let mut game = Game::new()?;
    let (wall, grunt) = (game.id("unit", "wall"), game.id("orc", "grunt"));
    let next = game.next(
        "[records.unit.wall]\nname = \"Wall\"",
        "[records.unit.tower]\nname = \"Tower\"\ntarget = \"peon\"\n[records.orc.peon]\nname = \"Peon\"",
    )?;
    let plan = game.objects.plan_reload(&game.store, &next)?;
    let changes: Vec<_> = plan.changes().iter().map(ToString::to_string).collect();
    assert_eq!(
        changes,
        [
            "record 'unit/tower' is added",
            "record 'orc/peon' is added",
            "record 'unit/wall' is removed"
        ]
    );
    game.objects.apply_reload(&mut game.store, &plan)?;
    assert!(!game.store.contains(wall) && game.store.contains(grunt));
    assert_eq!(game.objects.id("unit", "wall"), None);
    let (tower, peon) = (game.id("unit", "tower"), game.id("orc", "peon"));
    assert_eq!(game.store.get_value(tower, "target")?, peon.into());
    assert_eq!(game.objects.record(peon).and_then(|record| record.name()), Some("peon"));
    Ok(())
}

#[test]
fn fault_45_a_change_that_would_lose_values_is_rejected() -> Outcome {
    let mut game = Game::new()?;
    let hash = game.store.state_hash();
    let next = game.next("\"farmer\", \"soldier\"", "\"soldier\", \"smith\"");
    assert!(next.is_err(), "the files are invalid: the default is no longer a variant");
    let next = game.next(
        "health = { kind = \"u8\", default = 100 }",
        "health = { kind = \"u8\", default = 100, range = [0, 200] }",
    );
    let report = next.expect_err("a record is out of range").to_string();
    assert!(report.contains("expects 0 to 200, found 250"), "{report}");

    // Valid in the files, but not for an object that the game has changed.
    let grunt = game.id("orc", "grunt");
    game.store.set_value(grunt, "health", 255)?;
    let hash_now = game.store.state_hash();
    assert_ne!(hash, hash_now);
    let next = game.next(
        "health = { kind = \"u8\", default = 100 }",
        "health = { kind = \"u8\", default = 100, range = [0, 250] }",
    )?;
    let plan = game.objects.plan_reload(&game.store, &next)?;
    assert!(!plan.is_possible());
    let report = plan.rejections().to_string();
    assert!(report.contains("--> texts/units.toml:4:1"), "{report}");
    assert!(report.contains("expects 0 to 250, found 255 (1 object"), "{report}");
    let error = game.objects.apply_reload(&mut game.store, &plan).expect_err("a conflict");
    assert!(matches!(error, ReloadError::Migration(MigrationError::Rejected(_))), "{error}");
    assert_eq!(game.store.state_hash(), hash_now);
    assert_eq!(
        game.store.schema("unit").and_then(|unit| unit.slot("health")?.range().copied()),
        None
    );
    Ok(())
}

#[test]
fn a_schema_and_its_records_change_together() -> Outcome {
    let mut game = Game::new()?;
    let (grunt, thrall) = (game.id("orc", "grunt"), game.id("orc", "thrall"));
    let next = BEFORE
        .replace(
            "health = { kind = \"u8\", default = 100 }",
            "health = { kind = \"u8\", default = 100, range = [0, 200] }",
        )
        .replace("health = 250", "health = 200")
        .replace("\"farmer\", \"soldier\"], default = \"farmer\"", "\"peasant\", \"soldier\"]")
        .replace("name = \"Wall\"", "name = \"Wall\"\njob = \"soldier\"")
        .replace("name = \"Grunt\"", "name = \"Grunt\"\njob = \"peasant\"\nmana = 7")
        .replace(
            "slots.rage",
            "slots.mana = \"u16\"
slots.rage",
        );
    let next = game.file(&next)?;
    game.reload(&next)?;
    assert_eq!(game.store.get_value(thrall, "health")?, 200.into());
    assert_eq!(game.store.get_value(grunt, "job")?, "peasant".into());
    assert_eq!(game.store.get_value(thrall, "mana")?, 7.into());

    // An object of the game has no value for the new slot.
    let mut game = Game::new()?;
    game.store.spawn_record("orc", record! { name: "Free" })?;
    let plan = game.objects.plan_reload(&game.store, &next)?;
    let rejections = plan.rejections().to_string();
    assert!(
        rejections.contains("needs a default for objects without a value (1 object"),
        "{rejections}"
    );
    Ok(())
}

#[test]
fn references_are_compared_by_record() -> Outcome {
    let schemas = "schemas.unit.slots = { hp = { kind = 'f32', default = 1.0 } }\n\
                   schemas.orc = { extends = 'unit' }\n\
                   schemas.squad.slots.leader = { kind = 'object', references = 'unit', optional = true }\n";
    let file = |records: &str| format!("{schemas}{records}");
    let mut store = Store::new();
    let before =
        load(&file("records.unit.grunt.hp = 5\nrecords.squad.s.leader = 'grunt'"), &store)?;
    let mut objects = before.spawn(&mut store)?;
    let squad = objects.id("squad", "s").ok_or("no squad")?;

    // The name now means another record; the reference follows.
    let next = file("records.orc.grunt.hp = 5.0\nrecords.squad.s.leader = 'grunt'");
    let next = Loader::new().text("units.toml", next).load_again(&before)?;
    let plan = objects.plan_reload(&store, &next)?;
    objects.apply_reload(&mut store, &plan)?;
    let orc = objects.id("orc", "grunt").ok_or("no orc")?;
    assert_eq!(store.get_value(squad, "leader")?, orc.into());
    store.validate().map_err(|problems| format!("{problems:?}"))?;

    // The same record under a qualified name: the value of the game stays.
    store.set_value(squad, "leader", Value::Unset)?;
    let next = file(
        "records.orc.grunt.hp = 5\nrecords.unit.grunt = {}\nrecords.squad.s.leader = 'orc/grunt'",
    );
    let next = Loader::new().text("units.toml", next).load_again(&before)?;
    let plan = objects.plan_reload(&store, &next)?;
    assert_eq!(plan.to_string(), "record 'unit/grunt' is added");
    objects.apply_reload(&mut store, &plan)?;
    assert_eq!(store.get_value(squad, "leader")?, Value::Unset);
    Ok(())
}

#[test]
fn a_plan_fits_only_its_own_objects() -> Outcome {
    let mut game = Game::new()?;
    let first = game.next("health = 250", "health = 251")?;
    let second = game.next("health = 250", "health = 252")?;
    let first = game.objects.plan_reload(&game.store, &first)?;
    let second = game.objects.plan_reload(&game.store, &second)?;
    game.objects.apply_reload(&mut game.store, &first)?;
    for plan in [&first, &second] {
        let error = game.objects.apply_reload(&mut game.store, plan).expect_err("outdated");
        assert_eq!(error, ReloadError::Migration(MigrationError::Outdated));
    }
    let thrall = game.id("orc", "thrall");
    assert_eq!(game.store.get_value(thrall, "health")?, 251.into());
    Ok(())
}

#[test]
fn a_changed_schema_of_the_program_is_an_error() -> Outcome {
    let schema = |a: Kind, b: Kind| Schema::builder("unit").slot("a", a).slot("b", b).build();
    let mut store = Store::new();
    store.register_schema(schema(Kind::U8, Kind::U8)?)?;
    let before = load("records.unit.x = { a = 1, b = 2 }", &store)?;
    let mut objects = before.spawn(&mut store)?;
    let plan = store.plan_migration([Schema::builder("unit")
        .slot("b", Kind::U8)
        .slot("a", Kind::U8)
        .build()?])?;
    store.migrate(&plan)?;
    let hash = store.state_hash();
    let next = "records.unit.x = { a = 1, b = 2 }\nrecords.unit.y = { a = 3, b = 4 }";
    let next = Loader::new().text("units.toml", next).load_again(&before)?;
    let plan = objects.plan_reload(&store, &next)?;
    let error = objects.apply_reload(&mut store, &plan).expect_err("the schema differs");
    assert!(error.to_string().contains("another schema 'unit' is registered"), "{error}");
    assert_eq!(store.state_hash(), hash);
    Ok(())
}

#[test]
fn a_reference_to_a_despawned_object_is_unset() -> Outcome {
    let mut game = Game::new()?;
    let (wall, grunt) = (game.id("unit", "wall"), game.id("orc", "grunt"));
    game.store.despawn(wall)?;
    let next = BEFORE.replace("target = \"thrall\"", "target = \"wall\"");
    let next =
        game.file(&format!("{next}[records.unit.hut]\nname = \"Hut\"\ntarget = \"wall\"\n"))?;
    game.reload(&next)?;
    assert_eq!(game.store.get_value(grunt, "target")?, Value::Unset);
    let hut = game.id("unit", "hut");
    assert_eq!(game.store.get_value(hut, "target")?, Value::Unset);
    Ok(())
}

#[test]
fn a_required_reference_to_a_despawned_object_is_an_error() -> Outcome {
    let schemas = "schemas.unit.slots.hp = 'u8'\n\
                   schemas.squad.slots.leader = { kind = 'object' }\n\
                   records.unit = { a = { hp = 1 }, b = { hp = 2 } }\n";
    let file = |records: &str| format!("{schemas}{records}");
    let mut store = Store::new();
    let before = load(&file("records.squad.s.leader = 'a'"), &store)?;
    let mut objects = before.spawn(&mut store)?;
    let b = objects.id("unit", "b").ok_or("no b")?;
    store.despawn(b)?;
    let hash = store.state_hash();
    let next = file("records.squad.s.leader = 'b'");
    let next = Loader::new().text("units.toml", next).load_again(&before)?;
    let plan = objects.plan_reload(&store, &next)?;
    assert!(!plan.is_possible(), "the plan names what cannot be applied");
    let error = objects.apply_reload(&mut store, &plan).expect_err("b is despawned");
    let message = "record 'squad/s': 'leader' refers to 'unit/b', whose object is despawned";
    assert_eq!(error.to_string(), message);
    assert_eq!(store.state_hash(), hash);
    Ok(())
}

#[test]
fn a_reload_keeps_dead_references() -> Outcome {
    let schemas = "schemas.unit.slots.hp = 'u8'\n\
                   schemas.squad.slots.leader = { kind = 'object' }\n\
                   schemas.squad.slots.members = { kind = 'list(object)' }\n\
                   records.unit = { a = { hp = 1 }, b = { hp = 2 } }\n";
    let file = |records: &str| format!("{schemas}{records}");
    let mut store = Store::new();
    let before = load(&file("records.squad.s = { leader = 'a', members = ['a'] }"), &store)?;
    let mut objects = before.spawn(&mut store)?;
    let [a, b] = ["a", "b"].map(|name| objects.id("unit", name).expect("it is defined"));
    store.despawn(a)?;
    let next = file(
        "[records.squad]\ns = { leader = 'a', members = ['b', 'a'] }\n\
         t = { leader = 'a', members = ['a'] }\n",
    );
    let next = Loader::new().text("units.toml", next).load_again(&before)?;
    let plan = objects.plan_reload(&store, &next)?;
    objects.apply_reload(&mut store, &plan)?;
    let [s, t] = ["s", "t"].map(|name| objects.id("squad", name).expect("it is defined"));
    assert_eq!(store.get_value(s, "members")?, [b, a].into());
    let mut dead: Vec<_> = store.dead_references().map(|(id, slot, _)| (id, slot.name())).collect();
    dead.sort_unstable();
    assert_eq!(dead, [(s, "leader"), (s, "members"), (t, "leader"), (t, "members")]);
    Ok(())
}

#[test]
fn a_slot_that_is_added_with_its_default_changes_nothing_else() -> Outcome {
    let mut game = Game::new()?;
    let next = game.next("slots.rage", "slots.mana = { kind = 'u8', default = 5 }\nslots.rage")?;
    assert!(game.objects.plan_reload(&game.store, &next)?.changes().is_empty());
    let given =
        BEFORE.replace("slots.rage", "slots.mana = { kind = 'u8', default = 5 }\nslots.rage");
    let given = game.file(&given.replace("name = \"Grunt\"", "name = \"Grunt\"\nmana = 5"))?;
    let plan = game.reload(&given)?;
    assert!(!plan.contains("record"), "{plan}");
    Ok(())
}

#[test]
fn a_changed_default_affects_only_new_objects() -> Outcome {
    let mut game = Game::new()?;
    let grunt = game.id("orc", "grunt");
    game.store.set_value(grunt, "health", 77)?;
    let next = game.next("default = 100", "default = 90")?;
    let plan = game.objects.plan_reload(&game.store, &next)?;
    assert!(plan.changes().is_empty(), "{plan}");
    game.reload(&next)?;
    assert_eq!(game.store.get_value(grunt, "health")?, 77.into());
    Ok(())
}

#[test]
fn fault_21_a_limit_during_a_reload_changes_nothing() -> Outcome {
    let mut limits = Limits::default();
    limits.text_bytes = 60 + 3 * 32;
    let mut store = Store::with_limits(limits);
    let mut objects = load(BEFORE, &store)?.spawn(&mut store)?;
    let (hash, ids) = (store.state_hash(), store.ids().collect::<Vec<_>>());
    let next =
        BEFORE.replace("name = \"Wall\"", &format!("name = \"{}\"\nhealth = 1", "x".repeat(60)));
    let next = next.replace("slots.rage = { kind = \"f32\"", "slots.fury = { kind = \"f32\"");
    let next = Loader::new().text("units.toml", next).load_again(objects.definitions())?;
    let plan = objects.plan_reload(&store, &next)?;
    let error = objects.apply_reload(&mut store, &plan).expect_err("the text has no room");
    assert!(error.to_string().contains("the texts exceed the limit of 156 bytes"), "{error}");
    assert!(!matches!(error, ReloadError::Limit(LimitError::Memory { .. })));
    assert_eq!((store.state_hash(), store.ids().collect::<Vec<_>>()), (hash, ids));
    assert!(store.schema("orc").is_some_and(|orc| orc.slot("rage").is_some()));
    let wall = objects.id("unit", "wall").ok_or("the wall is there")?;
    assert_eq!(store.get_value(wall, "name")?, "Wall".into());
    Ok(())
}

#[test]
fn older_snapshots_work_if_no_schema_has_changed() -> Outcome {
    let mut game = Game::new()?;
    let before = game.store.snapshot();
    let next = game.next("health = 250", "health = 251")?;
    game.reload(&next)?;
    let thrall = game.id("orc", "thrall");
    assert_eq!(before.get_value(thrall, "health")?, 250.into());
    game.store.restore(&before)?;
    assert_eq!(game.store.get_value(thrall, "health")?, 250.into());

    let next = game.next("slots.rage", "slots.fury")?;
    game.reload(&next)?;
    let error = game.store.restore(&before).expect_err("the schemas have changed");
    assert!(error.to_string().contains("schemas"), "{error}");
    Ok(())
}

#[test]
fn nameless_records_match_by_order() -> Outcome {
    let file = |values: &str| {
        format!(
            r#"{{"schemas": {{"tile": {{"slots": {{"height": "i8"}}}}}}, "records": {{"tile": [{values}]}}}}"#
        )
    };
    let load = |values: &str| Loader::new().text("tiles.json", file(values));
    let mut store = Store::new();
    let definitions = load(r#"{"height": 1}, {"height": 2}"#).load(&store)?;
    let mut objects = definitions.spawn(&mut store)?;
    let ids: Vec<_> = objects.ids().collect();
    let next = load(r#"{"height": 1}, {"height": 5}, {"height": 3}"#).load_again(&definitions)?;
    let plan = objects.plan_reload(&store, &next)?;
    assert_eq!(
        plan.to_string(),
        "record 'tile/#1': 'height' changes from 2 to 5\nrecord 'tile/#2' is added"
    );
    objects.apply_reload(&mut store, &plan)?;
    assert_eq!(objects.ids().take(2).collect::<Vec<_>>(), ids);
    let heights: Vec<Value> =
        objects.ids().map(|id| store.get_value(id, "height")).collect::<Result<_, _>>()?;
    assert_eq!(heights, [1.into(), 5.into(), 3.into()]);
    Ok(())
}

#[test]
fn records_lose_their_object_when_they_become_abstract_and_regain_one() -> Outcome {
    let mut game = Game::new()?;
    let grunt = game.id("orc", "grunt");
    let next = BEFORE.replace("name = \"Grunt\"\ntarget = \"thrall\"", "abstract = true");
    let next = game.file(&next)?;
    assert_eq!(game.reload(&next)?.lines().next(), Some("record 'orc/grunt' is removed"));
    assert!(!game.store.contains(grunt));
    let back = game.file(BEFORE)?;
    let plan = game.reload(&back)?;
    assert!(plan.contains("record 'orc/grunt' is added"), "{plan}");
    assert_ne!(game.id("orc", "grunt"), grunt, "another object");
    Ok(())
}

#[test]
fn equal_definitions_change_nothing() -> Outcome {
    let mut game = Game::new()?;
    let same = game.objects.definitions().reload()?;
    let plan = game.objects.plan_reload(&game.store, &same)?;
    assert!(plan.is_empty());
    assert_eq!(game.reload(&same)?, "nothing changes");
    Ok(())
}

#[test]
fn a_plan_is_outdated_after_relevant_changes() -> Outcome {
    let mut game = Game::new()?;
    let next = game.next("default = 100 }", "default = 100, range = [0, 250] }")?;
    let plan = game.objects.plan_reload(&game.store, &next)?;
    assert!(plan.is_possible());
    let grunt = game.id("orc", "grunt");
    game.store.set_value(grunt, "health", 255)?;
    let error = game.objects.apply_reload(&mut game.store, &plan).expect_err("255 is too much");
    assert!(matches!(error, ReloadError::Migration(_)), "{error}");
    assert_eq!(game.store.get_value(grunt, "health")?, 255.into());
    Ok(())
}

#[derive(View)]
struct Rage<'a> {
    rage: &'a mut f32,
}

#[test]
fn a_reloaded_store_needs_no_more_memory_than_a_fresh_one() -> Outcome {
    let mut game = Game::new()?;
    let many: Vec<_> = (0..20_000).map(|n| record! { name: "orc", rage: n as f32 }).collect();
    game.store.spawn_records("orc", many.clone())?;
    let next =
        game.next("slots.rage", "slots.skill = { kind = \"u32\", default = 3 }\nslots.rage")?;
    game.reload(&next)?;
    game.store.view::<Rage>()?.for_each(|orc| *orc.rage += 1.0);

    let mut fresh = Store::new();
    next.spawn(&mut fresh)?;
    fresh.spawn_records("orc", many)?;
    fresh.view::<Rage>()?.for_each(|orc| *orc.rage += 1.0);
    assert_eq!(game.store.state_hash(), fresh.state_hash());
    let bytes = |store: &Store| -> Vec<usize> {
        store
            .memory_report()
            .schemas
            .iter()
            .map(|schema| schema.slots.iter().map(|slot| slot.reserved).sum())
            .collect()
    };
    let (reloaded, fresh) = (bytes(&game.store), bytes(&fresh));
    let pairs = || reloaded.iter().zip(&fresh);
    assert!(pairs().all(|(a, b)| a <= b), "{reloaded:?}, {fresh:?}");
    Ok(())
}

#[test]
fn changes_can_be_inspected() -> Outcome {
    let game = Game::new()?;
    let next = game.next("health = 250", "health = 251")?;
    let plan = game.objects.plan_reload(&game.store, &next)?;
    let [RecordChange::Changed { record, slot, from, to, .. }] = plan.changes() else {
        return Err("one value changes".into());
    };
    assert_eq!(
        (&*record.schema, record.name.as_deref(), &**slot),
        ("orc", Some("thrall"), "health")
    );
    assert_eq!((from, to), (&250.into(), &251.into()));
    Ok(())
}

#[test]
fn a_changed_inherited_default_is_that_of_new_objects() -> Outcome {
    let mut game = Game::new()?;
    let inherited = "extends = \"unit\"\nslots.health = { default = 150 }";
    let next = game.next("extends = \"unit\"", inherited)?;
    game.reload(&next)?;
    let default = |game: &Game, schema: &str| {
        let slot = game.store.schema(schema).and_then(|schema| schema.slot("health").cloned());
        slot.and_then(|slot| slot.default().cloned())
    };
    assert_eq!(default(&game, "orc"), Some(150.into()));
    assert_eq!(default(&game, "unit"), Some(100.into()));
    let grunt = game.id("orc", "grunt");
    assert_eq!(game.store.get_value(grunt, "health")?, 100.into(), "its object is an old one");
    let next = game.next("extends = \"unit\"", &inherited.replace("150", "160"))?;
    game.reload(&next)?;
    assert_eq!(default(&game, "orc"), Some(160.into()));
    game.reload(&game.file(BEFORE)?)?;
    assert_eq!(default(&game, "orc"), Some(100.into()));
    Ok(())
}

#[test]
fn objects_keep_their_variant_when_a_union_gains_and_loses_others() -> Outcome {
    let file = |union: &str, record: &str| {
        format!(
            "[schemas.spell.slots.effect]\ntag = 'type'\n{union}\n[records.spell.cure]\n{record}"
        )
    };
    let heal = "variants.heal = { amount = 'f32' }\n";
    let rest = "variants.rest = {}\n";
    let curse = "variants.curse = { turns = 'u8' }\n";
    let records = "effect = { type = 'heal', amount = 5 }\n";
    let mut store = Store::new();
    let objects = load(&file(&format!("{rest}{heal}"), records), &store)?.spawn(&mut store)?;
    let mut game = Game { store, objects };
    let cure = game.id("spell", "cure");
    let value = |amount: f32| -> Value {
        [("type", Value::from("heal")), ("amount", amount.into())].into_iter().collect()
    };
    // Its number among the variants changes.
    let next = game.file(&file(&format!("{curse}{heal}"), records))?;
    game.reload(&next)?;
    assert_eq!(game.store.get_value(cure, "effect")?, value(5.0));
    let next = game.file(&file(&format!("{curse}{heal}"), &records.replace('5', "7")))?;
    assert_eq!(
        game.reload(&next)?,
        "record 'spell/cure': 'effect' changes from {\"type\": \"heal\", \"amount\": 5} \
         to {\"type\": \"heal\", \"amount\": 7}"
    );
    assert_eq!(game.store.get_value(cure, "effect")?, value(7.0));
    let next =
        game.file(&file(&format!("{curse}{heal}"), "effect = { type = 'curse', turns = 2 }"))?;
    game.reload(&next)?;
    assert_eq!(game.store.get_value(cure, "effect@heal.amount")?, Value::Unset);
    let turns = game.store.get_value(cure, "effect@curse.turns")?;
    assert_eq!(turns, 2.into());
    // An object whose variant is removed has none of the others.
    let next = game.file(&file(&format!("{rest}{heal}"), "effect = { type = 'rest' }"))?;
    let plan = game.reload(&next)?;
    assert!(
        plan.contains("slot 'effect@type' changes from enum(curse, heal) to enum(rest, heal)"),
        "{plan}"
    );
    let rest: Value = [("type", Value::from("rest"))].into_iter().collect();
    assert_eq!(game.store.get_value(cure, "effect")?, rest);
    Ok(())
}

#[test]
fn a_plan_names_the_parts_that_living_values_would_lack() -> Outcome {
    let file = |parts: &str, drops: &str, records: &str| {
        format!(
            "[schemas.spell.slots.effect]\ntag = 'type'\nvariants.heal = {{ amount = 'f32'{parts} }}\n\
             [schemas.spell.slots.drops]\nkind = 'list'\ndefault = []\nslots = {{ item = 'text'{drops} }}\n\
             [records.spell.cure]\n{records}"
        )
    };
    let records = "effect = { type = 'heal', amount = 5 }\ndrops = [{ item = 'bone' }]";
    let mut store = Store::new();
    let objects = load(&file("", "", records), &store)?.spawn(&mut store)?;
    let mut game = Game { store, objects };
    // The game has made an object of its own, which no file gives the new parts.
    let heal: Value = [("type", Value::from("heal")), ("amount", 5.into())].into_iter().collect();
    let drop: Value = [("item", "hide")].into_iter().collect();
    let own = record! { effect: heal.clone(), drops: [drop.clone()] };
    let own = game.store.spawn_record("spell", own)?;
    let area = ", area = 'u8'";
    let chance = ", chance = 'f32'";
    let full = "effect = { type = 'heal', amount = 5, area = 2 }\n\
                drops = [{ item = 'bone', chance = 0.5 }]";
    let next = game.file(&file(area, chance, full))?;
    let error = game.reload(&next).expect_err("its own object lacks the parts").to_string();
    assert!(
        error.contains("slot 'effect@heal.area' of 'spell' needs a default or must be optional for objects without")
            && error.contains("slot 'drops[].chance' of 'spell' needs a default or must be optional"),
        "{error}"
    );
    assert!(game.store.get_value(own, "effect")?.is_same_data(&heal));
    // Without that object the file has all parts.
    game.store.despawn(own)?;
    game.reload(&next)?;
    let cure = game.id("spell", "cure");
    let drops = game.store.get_value(cure, "drops")?;
    assert_eq!(drops.to_string(), "[{\"item\": \"bone\", \"chance\": 0.5}]");
    Ok(())
}

#[test]
fn values_stay_when_parts_become_optional() -> Outcome {
    let file = |chance: &str| {
        format!(
            "[schemas.unit.slots.drops]\nkind = 'list'\nslots = {{ item = 'text', chance = {chance} }}\n\
             [records.unit.wolf]\ndrops = [{{ item = 'bone', chance = 0.5 }}, {{ item = 'hide', chance = 1 }}]"
        )
    };
    let mut store = Store::new();
    let objects = load(&file("'f32'"), &store)?.spawn(&mut store)?;
    let mut game = Game { store, objects };
    let wolf = game.id("unit", "wolf");
    let before = game.store.get_value(wolf, "drops")?;
    let next = game.file(&file("{ kind = 'f32', optional = true }"))?;
    assert_eq!(
        game.reload(&next)?,
        "schema 'unit' changes (1 object):\
         \n  slot 'drops[].chance' has default [] for new objects\
         \n  slot 'drops[].chance?' is added for 'drops': list(bool), default []"
    );
    assert_eq!(game.store.get_value(wolf, "drops")?, before);
    Ok(())
}

#[test]
fn a_value_stays_when_its_slot_becomes_a_union() -> Outcome {
    let file =
        |kind: &str| format!("schemas.unit.slots.cost = '{kind}'\nrecords.unit.wolf.cost = 5");
    let mut store = Store::new();
    let objects = load(&file("u8"), &store)?.spawn(&mut store)?;
    let mut game = Game { store, objects };
    let wolf = game.id("unit", "wolf");
    // The game's own change stays.
    game.store.set_value(wolf, "cost", 7)?;
    let next = game.file(&file("u8 | text"))?;
    let plan = game.reload(&next)?;
    assert!(!plan.contains("record"), "{plan}");
    assert_eq!(game.store.get_value(wolf, "cost")?, 7.into());
    Ok(())
}
