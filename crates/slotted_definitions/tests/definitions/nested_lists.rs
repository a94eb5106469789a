//! Lists of records, maps, tuples and lists of lists in files of each format.

use slotted::{Kind, Schema, Store, Value};
use slotted_definitions::{Format, Loader, Undeclared};

use crate::support::{Outcome, load, load_as, map, written_is_the_same};

const SCHEMAS: &str = r#"
[schemas.item.slots]
weight = "f32"

[schemas.drop.slots]
item = { kind = "object", references = "item" }
chance = { kind = "f32", range = [0, 1], optional = true }
tags = { kind = "list(text)", optional = true }
[schemas.drop.slots.rolls]
kind = "list"
optional = true
slots = { sides = "u8", bonus = { kind = "i8", optional = true } }

[schemas.unit.slots]
drops = { kind = "list(drop)", default = [] }
protection = { kind = "list((text, i32))", optional = true, range = [0, 9] }
grid = { kind = "list(list(i32))", optional = true }
size = { kind = "(u8, u8)", optional = true }
skills = { kind = "map(u8)", default = {} }
likes = { kind = "map(object, i8)", optional = true }
flags = { kind = "list(text)", one_or_list = true, optional = true }
attacks = { kind = "list", one_or_list = true, optional = true, slots = { name = "text", power = "u8" } }
[schemas.unit.slots.senses]
kind = "map"
optional = true
slots = { range = "f32", keen = { kind = "bool", optional = true } }
"#;

/// The same records in each format.
const RECORDS: [(&str, &str); 4] = [
    (
        "r.json",
        r#"{"records": {"item": {"bone": {"weight": 1}, "hide": {"weight": 2}}, "unit": {
            "wolf": {
                "drops": [{"item": "bone", "chance": 0.5},
                    {"item": "hide", "tags": ["raw"], "rolls": [{"sides": 6}, {"sides": 20, "bonus": -1}]}],
                "protection": [["arm_l", 4], ["arm_r", 3]], "grid": [[1, 2], [], [3]], "size": [2, 3],
                "skills": {"hunt": 3, "howl": 9}, "likes": {"bone": 5, "hide": -1}, "flags": "WILD",
                "attacks": {"name": "bite", "power": 7},
                "senses": {"smell": {"range": 9.5, "keen": true}, "sight": {"range": 3}}
            },
            "cub": {"inherits": "wolf", "drops": [], "skills": {}, "flags": ["WILD", "TINY"]}
        }}}"#,
    ),
    (
        "r.toml",
        r#"
        [records.item]
        bone.weight = 1
        hide.weight = 2
        [records.unit.wolf]
        protection = [["arm_l", 4], ["arm_r", 3]]
        grid = [[1, 2], [], [3]]
        size = [2, 3]
        skills = { hunt = 3, howl = 9 }
        likes = { bone = 5, hide = -1 }
        flags = "WILD"
        attacks = { name = "bite", power = 7 }
        senses = { smell = { range = 9.5, keen = true }, sight = { range = 3 } }
        [[records.unit.wolf.drops]]
        item = "bone"
        chance = 0.5
        [[records.unit.wolf.drops]]
        item = "hide"
        tags = ["raw"]
        rolls = [{ sides = 6 }, { sides = 20, bonus = -1 }]
        [records.unit.cub]
        inherits = "wolf"
        drops = []
        skills = {}
        flags = ["WILD", "TINY"]
        "#,
    ),
    (
        "r.ron",
        r#"(records: {"item": {"bone": (weight: 1), "hide": (weight: 2)}, "unit": {
            "wolf": (
                drops: [(item: "bone", chance: 0.5),
                    (item: "hide", tags: ["raw"], rolls: [(sides: 6), (sides: 20, bonus: -1)])],
                protection: [("arm_l", 4), ("arm_r", 3)], grid: [[1, 2], [], [3]], size: (2, 3),
                skills: {"hunt": 3, "howl": 9}, likes: {"bone": 5, "hide": -1}, flags: "WILD",
                attacks: (name: "bite", power: 7),
                senses: {"smell": (range: 9.5, keen: true), "sight": (range: 3)},
            ),
            "cub": (inherits: "wolf", drops: [], skills: {}, flags: ["WILD", "TINY"]),
        }})"#,
    ),
    (
        "r.yaml",
        "
records:
  item:
    bone: {weight: 1}
    hide: {weight: 2}
  unit:
    wolf:
      drops:
        - {item: bone, chance: 0.5}
        - item: hide
          tags: [raw]
          rolls: [{sides: 6}, {sides: 20, bonus: -1}]
      protection: [[arm_l, 4], [arm_r, 3]]
      grid: [[1, 2], [], [3]]
      size: [2, 3]
      skills: {hunt: 3, howl: 9}
      likes: {bone: 5, hide: -1}
      flags: WILD
      attacks: {name: bite, power: 7}
      senses:
        smell: {range: 9.5, keen: true}
        sight: {range: 3}
    cub: {inherits: wolf, drops: [], skills: {}, flags: [WILD, TINY]}
",
    ),
];

#[test]
fn every_format_has_nested_lists() -> Outcome {
    for (name, text) in RECORDS {
        let mut store = Store::new();
        let objects = load(&[("s.toml", SCHEMAS), (name, text)])?.spawn(&mut store)?;
        let id = |schema: &str, record: &str| objects.id(schema, record).expect("is there");
        let get = |record: &str, slot: &str| store.get_value(id("unit", record), slot);
        let (bone, hide) = (Value::from(id("item", "bone")), Value::from(id("item", "hide")));
        let rolls =
            [map([("sides", 6.into())]), map([("sides", 20.into()), ("bonus", (-1).into())])];
        let drops = [
            map([("item", bone.clone()), ("chance", 0.5_f32.into())]),
            map([("item", hide.clone()), ("tags", ["raw"].into()), ("rolls", rolls.into())]),
        ];
        assert_eq!(get("wolf", "drops")?, drops.into(), "{name}");
        let pair = |name: &str, number: i64| Value::from(vec![Value::from(name), number.into()]);
        assert_eq!(get("wolf", "protection")?, [pair("arm_l", 4), pair("arm_r", 3)].into());
        let grid = vec![Value::from([1, 2]), Value::List([].into()), Value::from([3])];
        assert_eq!(get("wolf", "grid")?, grid.into());
        assert_eq!(get("wolf", "size")?, [2, 3].into());
        assert_eq!(get("wolf", "skills")?, map([("hunt", 3.into()), ("howl", 9.into())]));
        let liking = |key: Value, value: i64| map([("key", key), ("value", value.into())]);
        assert_eq!(get("wolf", "likes")?, [liking(bone, 5), liking(hide, -1)].into());
        assert_eq!(get("wolf", "flags")?, ["WILD"].into());
        let bite = map([("name", "bite".into()), ("power", 7.into())]);
        assert_eq!(get("wolf", "attacks")?, [bite].into());
        let smell = map([("range", 9.5_f32.into()), ("keen", true.into())]);
        let sight = map([("range", 3.0_f32.into())]);
        assert_eq!(get("wolf", "senses")?, map([("smell", smell), ("sight", sight)]));

        assert_eq!(get("cub", "drops")?, Value::List([].into()));
        assert_eq!(get("cub", "skills")?, Value::Map([].into()));
        assert_eq!(get("cub", "flags")?, ["WILD", "TINY"].into());
        assert_eq!(get("cub", "grid")?, get("wolf", "grid")?);
    }
    Ok(())
}

#[test]
fn what_is_written_loads_and_is_the_same() -> Outcome {
    let files = [("s.toml", SCHEMAS), RECORDS[1]];
    written_is_the_same(files, ("unit", &["wolf", "cub"]), &["[]."])
}

#[test]
fn declarations_are_those_of_the_builder() -> Outcome {
    let schemas = r#"
        [schemas.drop.slots]
        item = { kind = "text", renamed_from = "thing" }
        chance = { kind = "f32", range = [0, 1] }
        tags = { kind = "list(text)", optional = true }
        [schemas.drop.slots.rolls]
        kind = "list"
        slots = { sides = { kind = "u8", range = [2, 20] }, bonus = { kind = "i8", optional = true } }
        [schemas.unit.slots]
        health = "f32"
        drops = { kind = "list(drop)", renamed_from = "loot" }
        loot = { kind = "map(object, drop)", optional = true }
    "#;
    let roll = Schema::builder("roll").slot("sides", Kind::U8).range(2..=20);
    let roll = roll.slot("bonus", Kind::I8).optional().build()?;
    let drop = Schema::builder("drop").slot("item", Kind::Text).renamed_from("thing");
    let drop = drop.slot("chance", Kind::F32).range(0..=1);
    let drop = drop.slot("tags", Kind::list(Kind::Text)).optional();
    let drop = drop.nested_list("rolls", &roll).build()?;
    let unit = Schema::builder("unit").slot("health", Kind::F32).nested_list("drops", &drop);
    let unit = unit.renamed_from("loot").nested_map("loot", Kind::Object, &drop).optional();
    let unit = unit.build()?;
    let mut store = Store::new();
    load(&[("s.toml", schemas)])?.register(&mut store)?;
    let found = store.schema("unit").ok_or("no schema")?.to_schema();
    let shown = |schema: &Schema| {
        let slots = schema.slots().iter();
        slots.map(|slot| format!("{slot} {:?}", slot.renamed_from())).collect::<Vec<_>>()
    };
    assert_eq!(shown(&found), shown(&unit));
    assert_eq!(found, unit);
    Ok(())
}

fn with_patch(patch: &str) -> Result<(Store, Value), Box<dyn std::error::Error>> {
    let patch = ("patch.toml".to_owned(), patch.to_owned());
    let files = [("s.toml", SCHEMAS), RECORDS[0]];
    let files = files.iter().map(|(name, text)| ((*name).to_owned(), (*text).to_owned()));
    let loader = Loader::new().pack_of_texts("core", files).pack_of_texts("mod", [patch]);
    let mut store = Store::new();
    let objects = loader.load(&store)?.spawn(&mut store)?;
    let drops = store.get_value(objects.id("unit", "wolf").ok_or("no wolf")?, "drops")?;
    Ok((store, drops))
}

#[test]
fn patches_add_and_remove_elements() -> Outcome {
    let (_, drops) = with_patch(
        r#"[patches.records.unit.wolf.drops]
        add = [{ item = "bone", chance = 0.25 }, { item = "bone", chance = 0.5 }]
        remove = [{ item = "bone", chance = 0.5 }]"#,
    )?;
    let Value::List(drops) = drops else { panic!("a list") };
    let chances = drops.iter().map(|drop| match drop {
        Value::Map(map) => map[1].1.to_string(),
        _ => "none".to_owned(),
    });
    assert_eq!(chances.collect::<Vec<_>>(), ["[\"raw\"]", "0.25"]);
    Ok(())
}

#[test]
fn mistakes_in_elements_are_reported_at_their_place() {
    let cases = [
        (
            r#"drops = [{ itm = "bone" }]"#,
            "'unit' object has no slot 'drops[].itm'; did you mean 'drops[].item'?",
        ),
        (
            r#"drops = [{ item = "bnoe" }]"#,
            "slot 'drops[].item' of 'unit' refers to 'bnoe', which does not exist; did you mean 'bone'?",
        ),
        (
            r#"drops = [{ item = "bone", chance = 3 }]"#,
            "slot 'drops[].chance' of 'unit' expects 0.0 to 1.0, found 3",
        ),
        (
            r#"drops = [{ item = "bone" }, 5]"#,
            "slot 'drops[]' of 'unit' expects a map of item, chance, tags, rolls; found integer 5",
        ),
        (
            r#"drops = { item = "bone" }"#,
            "slot 'drops' of 'unit' expects a list of maps of item, chance, tags, rolls; found map",
        ),
        (
            r#"drops = [{ chance = 1 }]"#,
            "slot 'drops[].item' of 'unit' expects object and may not be unset",
        ),
        (
            r#"size = [1, 2, 3]"#,
            "slot 'size' of 'unit' expects a list of 2 values; found list [1, 2, 3]",
        ),
        (
            r#"skills = [3]"#,
            "slot 'skills' of 'unit' expects a map of names and values; found list [3]",
        ),
        (
            r#""drops[].item" = ["bone"]
            "drops[].chance" = [1, 1]"#,
            "the parts of 'drops' of 'unit' have lists of different lengths",
        ),
    ];
    for (text, expected) in cases {
        let file = format!("[records.item.bone]\nweight = 1\n[records.unit.wolf]\n{text}\n");
        let result = load(&[("s.toml", SCHEMAS), ("r.toml", &file)]);
        let Err(report) = result else { panic!("{text} is accepted") };
        let found = report.diagnostics();
        let first = found.iter().find(|found| found.message().starts_with(expected));
        let first = first.unwrap_or_else(|| panic!("{text}: {report}"));
        // A misspelt part is missing too.
        assert!(found.len() <= 1 + usize::from(text.contains("itm")), "{text}: {report}");
        let place = first.place().expect("it has a place");
        let path = report.location(place).map(|at| at.path);
        assert!(path.is_some_and(|path| path.ends_with("r.toml")), "{text}: {report}");
    }
}

#[test]
fn a_missing_list_is_reported_once() {
    let schemas = "[schemas.unit.slots]\nhealth = 'f32'\ndrops = { kind = 'list', slots = { a = 'u8', b = 'u8' } }";
    let Err(report) = load(&[("s.toml", schemas), ("r.toml", "[records.unit.x]\nhealth = 1")])
    else {
        panic!("is wrong");
    };
    let messages: Vec<_> = report.diagnostics().iter().map(|found| found.message()).collect();
    assert_eq!(messages, ["'unit' object needs a value for slot 'drops' (a list of maps of a, b)"]);
}

#[test]
fn elements_with_a_missing_record_are_kept_and_come_back() -> Outcome {
    let records = r#"
        [records.item.bone]
        weight = 1
        [records.unit.wolf]
        drops = [{ item = "bone" }, { item = "moonstone", chance = 0.1 }]
    "#;
    let stone = "[records.item.moonstone]\nweight = 3";
    let files = |texts: &[(&str, &str)]| {
        let texts = texts.iter().map(|(name, text)| ((*name).to_owned(), (*text).to_owned()));
        Loader::new()
            .undeclared(Undeclared::Quarantine)
            .pack_of_texts("core", texts.collect::<Vec<_>>())
    };
    let mut store = Store::new();
    let objects =
        files(&[("s.toml", SCHEMAS), ("r.toml", records)]).load(&store)?.spawn(&mut store)?;
    let wolf = objects.id("unit", "wolf").ok_or("no wolf")?;
    assert_eq!(store.get_value(wolf, "drops")?, Value::List([].into()));
    let written = objects.to_files(&store, Format::Toml)?;
    let mut store = Store::new();
    let (path, text) = &written[0];
    let objects = files(&[("s.toml", SCHEMAS), (path, text), ("m.toml", stone)])
        .load(&store)?
        .spawn(&mut store)?;
    let wolf = objects.id("unit", "wolf").ok_or("no wolf")?;
    let Value::List(drops) = store.get_value(wolf, "drops")? else { panic!("a list") };
    assert_eq!(drops.len(), 2, "{text}");
    Ok(())
}

#[test]
fn a_dead_reference_takes_its_element_with_it() -> Outcome {
    let mut store = Store::new();
    let objects = load(&[("s.toml", SCHEMAS), RECORDS[1]])?.spawn(&mut store)?;
    store.despawn(objects.id("item", "bone").ok_or("no bone")?)?;
    // The key of a map is a required reference too.
    store.set_value(objects.id("unit", "wolf").ok_or("no wolf")?, "likes", Value::Unset)?;
    store.set_value(objects.id("unit", "cub").ok_or("no cub")?, "likes", Value::Unset)?;
    let files = objects.to_files(&store, Format::Json)?;
    let mut again = Store::new();
    let loaded = load(&[("s.toml", SCHEMAS), (&files[0].0, &files[0].1)])?.spawn(&mut again)?;
    let wolf = loaded.id("unit", "wolf").ok_or("no wolf")?;
    let Value::List(drops) = again.get_value(wolf, "drops")? else { panic!("a list") };
    assert_eq!(drops.len(), 1);
    Ok(())
}

#[test]
fn uneven_lists_are_not_written() -> Outcome {
    let mut store = Store::new();
    let objects = load(&[("s.toml", SCHEMAS), RECORDS[1]])?.spawn(&mut store)?;
    let wolf = objects.id("unit", "wolf").ok_or("no wolf")?;
    store.set_value(wolf, "skills{}.value", [1])?;
    let error = objects.to_files(&store, Format::Json).unwrap_err().to_string();
    assert!(error.contains("('wolf')"), "{error}");
    assert!(
        error.contains("the parts of 'skills' of 'unit' have lists of different lengths"),
        "{error}"
    );
    Ok(())
}

#[test]
fn kinds_have_a_limit_of_depth() {
    for (open, close) in [("list(", ")"), ("map(", ")"), ("(u8, ", ")")] {
        for depth in [40, 5_000, 100_000] {
            let kind = format!("{}u8{}", open.repeat(depth), close.repeat(depth));
            let file = format!("schemas.a.slots.x = '{kind}'");
            assert!(load(&[("s.toml", &file)]).is_err());
        }
    }
    assert!(load(&[("s.toml", "schemas.a.slots.x = 'list(list(list(list(u8))))'")]).is_ok());
}

#[test]
fn required_lists_need_their_references_and_variants() -> Outcome {
    let schemas = r#"
        [schemas.drop.slots]
        chance = "f32"
        item = { kind = "object", references = "item", optional = true }
        rarity = { variants = ["rare", "common"], optional = true }
        [schemas.item.slots]
        [schemas.needy.slots]
        drops = "list(drop)"
        [schemas.free.slots]
        drops = { kind = "list(drop)", optional = true }
    "#;
    for part in ["item = 'gone'", "rarity = 'gone'"] {
        for policy in [Undeclared::Ignore, Undeclared::Quarantine] {
            let file = |schema: &str| {
                format!(
                    "[records.{schema}.x]\ndrops = [{{ chance = 1, {part} }}, {{ chance = 2 }}]"
                )
            };
            let needy = load_as(policy, &[("s.toml", schemas), ("r.toml", &file("needy"))]);
            let is_aside = needy.is_ok_and(|needy| needy.records().len() == 0);
            assert!(is_aside, "{part}");
            let definitions = load_as(policy, &[("s.toml", schemas), ("r.toml", &file("free"))])?;
            let mut store = Store::new();
            let objects = definitions.spawn(&mut store)?;
            let id = objects.ids().next().ok_or("no object")?;
            assert_eq!(store.get_value(id, "drops")?, Value::Unset, "{part}");
            let files = objects.to_files(&store, Format::Json)?;
            let is_kept = files[0].1.contains("gone");
            assert_eq!(is_kept, policy == Undeclared::Quarantine, "{}", files[0].1);
            // A list that the game has set since wins.
            store.set_value(id, "drops", [map([("chance", 3.0.into())])])?;
            assert!(!objects.to_files(&store, Format::Json)?[0].1.contains("gone"));
        }
    }
    Ok(())
}

#[test]
fn patches_change_lists_in_nested_records() -> Outcome {
    let schemas = r#"
        [schemas.unit.slots.boss.slots]
        name = "text"
        drops = { kind = "list", slots = { item = "text" } }
    "#;
    let record = "[records.unit.orc.boss]\nname = 'Grom'\ndrops = [{ item = 'axe' }]";
    for patch in ["boss.drops.add", "'boss.drops'.add"] {
        let patch = format!("[patches.records.unit.orc]\n{patch} = [{{ item = 'ring' }}]");
        let files = [("s.toml", schemas), ("r.toml", record), ("p.toml", &*patch)];
        let mut store = Store::new();
        let objects = load(&files)?.spawn(&mut store)?;
        let orc = objects.id("unit", "orc").ok_or("no orc")?;
        assert_eq!(store.get_value(orc, "boss.drops[].item")?, ["axe", "ring"].into(), "{patch}");
    }
    Ok(())
}

#[test]
fn schema_patches_know_the_list_around_a_part() -> Outcome {
    let schemas = r#"
        [schemas.unit.slots]
        drops = { kind = "list", optional = true, slots = { item = "text" } }
        gifts = { kind = "list", default = [], slots = { item = "text" } }
        senses = { kind = "map", optional = true, slots = { range = "f32" } }
    "#;
    let patch = r#"
        [patches.schemas.unit.slots]
        drops.slots.rarity = { kind = "u8", optional = true }
        gifts.slots.count = "u8"
        senses.slots = { range = { range = [0, 5] }, keen = { kind = "bool", optional = true } }
    "#;
    let records = r#"
        [records.unit.plain]
        [records.unit.rich]
        drops = [{ item = "bone", rarity = 3 }, { item = "hide" }]
        gifts = [{ item = "ring", count = 2 }]
        senses = { smell = { range = 5, keen = true } }
    "#;
    let mut store = Store::new();
    let files = [("s.toml", schemas), ("p.toml", patch), ("r.toml", records)];
    let objects = load(&files)?.spawn(&mut store)?;
    let id = |name: &str| objects.id("unit", name).expect("is there");
    assert_eq!(store.get_value(id("plain"), "drops")?, Value::Unset);
    assert_eq!(store.get_value(id("plain"), "gifts")?, Value::List([].into()));
    assert_eq!(store.get_value(id("rich"), "drops[].rarity?")?, [true, false].into());
    let smell = map([("range", 5.0_f32.into()), ("keen", true.into())]);
    assert_eq!(store.get_value(id("rich"), "senses")?, map([("smell", smell)]));
    objects.to_files(&store, Format::Toml)?;
    let wrong = records.replace("range = 5", "range = 6");
    assert!(load(&[("s.toml", schemas), ("p.toml", patch), ("r.toml", &wrong)]).is_err());
    Ok(())
}

#[test]
fn a_reload_replaces_whole_lists() -> Outcome {
    let schemas = "schemas.item.slots.weight = 'u8'\n\
        schemas.unit.slots.drops = { kind = 'list', slots = { item = 'object', chance = 'f32' } }";
    let records = |chance: f32| {
        format!(
            "records.item = {{ bone = {{ weight = 1 }}, gold = {{ weight = 2 }} }}\n\
             [records.unit.wolf]\ndrops = [{{ item = 'bone', chance = {chance:?} }}, {{ item = 'gold', chance = 1.0 }}]"
        )
    };
    let mut store = Store::new();
    let definitions = load(&[("s.toml", schemas), ("r.toml", &records(0.5))])?;
    let mut objects = definitions.spawn(&mut store)?;
    let wolf = objects.id("unit", "wolf").ok_or("no wolf")?;
    let gold = objects.id("item", "gold").ok_or("no gold")?;
    // The game removes one element, and the object that another one refers to.
    store.set_value(wolf, "drops", Value::List([].into()))?;
    store.despawn(gold)?;
    let next = [("s.toml", schemas.to_owned()), ("r.toml", records(0.25))];
    let next = next.map(|(name, text)| (name.to_owned(), text));
    let next = Loader::new().pack_of_texts("core", next).load_again(&definitions)?;
    let plan = objects.plan_reload(&store, &next)?;
    objects.apply_reload(&mut store, &plan)?;
    let bone = objects.id("item", "bone").ok_or("no bone")?;
    let drop = map([("item", bone.into()), ("chance", 0.25_f32.into())]);
    assert_eq!(store.get_value(wolf, "drops")?, [drop].into());
    Ok(())
}

#[test]
fn dead_references_leave_as_little_as_needed() -> Outcome {
    let schemas = r#"
        [schemas.item.slots]
        [schemas.drop.slots]
        name = "text"
        item = { kind = "object", optional = true }
        [schemas.unit.slots]
        drops = "list(drop)"
        owners = "map(drop)"
        needed = "map(object)"
        boss = { slots = { drops = { kind = "list(drop)" } } }
    "#;
    let records = r#"
        [records.item.bone]
        [records.unit.wolf]
        drops = [{ name = "a", item = "bone" }]
        owners = { x = { name = "b", item = "bone" } }
        needed = { y = "bone" }
        boss.drops = [{ name = "c", item = "bone" }]
    "#;
    let mut store = Store::new();
    let objects = load(&[("s.toml", schemas), ("r.toml", records)])?.spawn(&mut store)?;
    store.despawn(objects.id("item", "bone").ok_or("no bone")?)?;
    let files = objects.to_files(&store, Format::Json)?;
    let mut again = Store::new();
    let loaded = load(&[("s.toml", schemas), (&files[0].0, &files[0].1)])?.spawn(&mut again)?;
    let wolf = loaded.id("unit", "wolf").ok_or("no wolf")?;
    let name = |name: &str| map([("name", name.into())]);
    assert_eq!(again.get_value(wolf, "drops")?, [name("a")].into());
    assert_eq!(again.get_value(wolf, "owners")?, map([("x", name("b"))]));
    assert_eq!(again.get_value(wolf, "needed")?, Value::Map([].into()));
    assert_eq!(again.get_value(wolf, "boss.drops")?, [name("c")].into());
    Ok(())
}

#[test]
fn entries_without_values_are_written_in_every_format() -> Outcome {
    let schemas = "schemas.skill.slots.level = { kind = 'u8', optional = true }\n\
        schemas.unit.slots.skills = 'map(skill)'";
    let record = "[records.unit.elf]\nskills = { archery = {}, song = { level = 3 } }";
    for format in [Format::Json, Format::Toml, Format::Ron, Format::Yaml] {
        let mut store = Store::new();
        let objects = load(&[("s.toml", schemas), ("r.toml", record)])?.spawn(&mut store)?;
        let files = objects.to_files(&store, format)?;
        let mut again = Store::new();
        load(&[("s.toml", schemas), (&files[0].0, &files[0].1)])?.spawn(&mut again)?;
        assert_eq!(again.state_hash(), store.state_hash(), "{}", files[0].1);
    }
    Ok(())
}

#[test]
fn keys_of_maps_are_names() {
    for kind in ["'map(i32, f32)'", "{ kind = 'map', keys = 'f32', slots = { a = 'u8' } }"] {
        let Err(report) = load(&[("s.toml", &format!("schemas.unit.slots.x = {kind}"))]) else {
            panic!("{kind} is accepted");
        };
        assert!(
            report.to_string().contains("the keys of a map are text, object or an enum"),
            "{report}"
        );
    }
    let twice = r#"{"records": {"unit": {"elf": {"skills": {"a": 1, "a": 2}}}}}"#;
    let files = [("s.toml", "schemas.unit.slots.skills = 'map(u8)'"), ("r.json", twice)];
    assert!(load(&files).is_err());
}

#[test]
fn each_key_of_a_map_has_one_value() -> Outcome {
    let schemas = "schemas.unit.slots.skills = 'map(u8)'";
    let record = "[records.unit.elf]\nskills = { hunt = 1, song = 2 }";
    let pack = |name: &str, file: &str, text: &str| {
        let manifest = if name == "core" { "" } else { "requires = ['core']" };
        let manifest = ("pack.toml".to_owned(), format!("name = '{name}'\n{manifest}"));
        (name.to_owned(), vec![manifest, (file.to_owned(), text.to_owned())])
    };
    let patch = |value: u8| {
        format!(
            "[patches.records.unit.elf]\nskills = {{ add = {{ hunt = {value}, new{value} = 0 }} }}"
        )
    };
    let packs = [
        pack("core", "r.toml", &format!("{schemas}\n{record}")),
        pack("a", "p.toml", &patch(5)),
        pack("b", "p.toml", &patch(7)),
    ];
    let mut loader = Loader::new();
    for (name, files) in packs {
        loader = loader.pack_of_texts(&name, files);
    }
    let definitions = loader.load(&Store::new())?;
    let warnings = definitions.warnings().to_string();
    assert!(warnings.contains("both add an entry to slot 'skills' of record 'elf'"), "{warnings}");
    let mut store = Store::new();
    let objects = definitions.spawn(&mut store)?;
    let elf = objects.id("unit", "elf").ok_or("no elf")?;
    let skills = [("hunt", 7), ("song", 2), ("new5", 0), ("new7", 0)];
    assert_eq!(store.get_value(elf, "skills")?, skills.into_iter().collect());

    // A key writes one part alone.
    store.set_value(elf, "skills{}.key", ["a", "a", "b", "c"])?;
    let error = objects.to_files(&store, Format::Json).unwrap_err().to_string();
    assert!(error.contains("two values for slot 'skills'"), "{error}");
    Ok(())
}

#[test]
fn elements_and_variants_that_leave_a_part_out_have_its_default() -> Outcome {
    let schemas = r#"
        [schemas.drop.slots]
        item = "text"
        chance = { kind = "f32", default = 1.0, range = [0, 1] }
        tags = { kind = "list(text)", default = ["loot"] }
        place = { kind = "vec2", default = [1, 2] }
        [schemas.unit.slots]
        drops = { kind = "list(drop)", default = [] }
        shops = { kind = "map(drop)", default = {} }
        spare = { kind = "drop", optional = true }
        [schemas.unit.slots.effect]
        tag = "type"
        variants.heal = { amount = { kind = "u8", default = 5 } }
        [patches.schemas.unit.slots.effect.variants]
        heal.amount.default = 6
    "#;
    let records = [
        (
            "r.toml",
            "[records.unit.orc]\neffect = { type = 'heal' }\ndrops = [{ item = 'bone' }]\nshops.inn = { item = 'hide', chance = 0.5 }",
        ),
        (
            "r.json",
            r#"{"records": {"unit": {"orc": {"effect": {"type": "heal"}, "drops": [{"item": "bone"}], "shops": {"inn": {"item": "hide", "chance": 0.5}}}}}}"#,
        ),
        (
            "r.ron",
            r#"(records: {"unit": {"orc": (effect: (type: heal), drops: [(item: "bone")], shops: {"inn": (item: "hide", chance: 0.5)})}})"#,
        ),
        (
            "r.yaml",
            "records: {unit: {orc: {effect: {type: heal}, drops: [{item: bone}], shops: {inn: {item: hide, chance: 0.5}}}}}",
        ),
    ];
    for record in records {
        let mut store = Store::new();
        let objects = load(&[("s.toml", schemas), record])?.spawn(&mut store)?;
        let orc = objects.id("unit", "orc").ok_or("no orc")?;
        let text = |slot: &str| store.get_value(orc, slot).map(|value| value.to_string());
        let drop = |item: &str, chance: &str| {
            format!(
                "{{\"item\": \"{item}\", \"chance\": {chance}, \"tags\": [\"loot\"], \"place\": [1.0, 2.0]}}"
            )
        };
        assert_eq!(text("drops")?, format!("[{}]", drop("bone", "1.0")), "{record:?}");
        assert_eq!(text("shops")?, format!("{{\"inn\": {}}}", drop("hide", "0.5")));
        assert_eq!(text("effect")?, r#"{"type": "heal", "amount": 6}"#);
        assert_eq!(store.get_value(orc, "spare")?, Value::Unset);
    }
    // A part that is added later has its default in what is there already.
    let mut store = Store::new();
    let small = "schemas.unit.slots.drops = { kind = 'list', slots = { item = 'text' } }\n\
                 records.unit.orc.drops = [{ item = 'bone' }]";
    let large = small.replace("'text' }", "'text', chance = { kind = 'f32', default = 0.5 } }");
    let mut objects = load(&[("s.toml", small)])?.spawn(&mut store)?;
    let next = Loader::new().pack_of_texts("core", [("s.toml", &*large)]);
    let next = next.load_again(objects.definitions())?;
    let plan = objects.plan_reload(&store, &next)?;
    objects.apply_reload(&mut store, &plan)?;
    let orc = objects.id("unit", "orc").ok_or("no orc")?;
    let drops = store.get_value(orc, "drops")?;
    assert_eq!(drops.to_string(), r#"[{"item": "bone", "chance": 0.5}]"#);
    let schema = next.json_schema();
    assert!(schema.contains("\"default\": 0.5"), "{schema}");
    Ok(())
}

#[test]
fn a_kind_has_the_defaults_of_a_schema_that_extends_another() -> Outcome {
    let schemas = "[schemas.drop.slots]\nitem = 'text'\nchance = { kind = 'f32', default = 1.0 }\n\
        [schemas.rare]\nextends = 'drop'\nslots.chance.default = 0.5\nslots.item.default = 'gem'\n\
        [schemas.unit.slots]\nfirst = 'rare'\nall = { kind = 'list(rare)', default = [] }\n\
        other = { kind = 'rare | text', optional = true }\n\
        [records.unit.orc]\nall = [{}, { chance = 0.25 }]";
    let mut store = Store::new();
    let objects = load(&[("s.toml", schemas)])?.spawn(&mut store)?;
    let orc = objects.id("unit", "orc").ok_or("no orc")?;
    let text = |slot: &str| store.get_value(orc, slot).map(|value| value.to_string());
    assert_eq!(text("first")?, r#"{"item": "gem", "chance": 0.5}"#);
    assert_eq!(
        text("all")?,
        r#"[{"item": "gem", "chance": 0.5}, {"item": "gem", "chance": 0.25}]"#
    );
    Ok(())
}

#[test]
fn only_written_names_look_alike() -> Outcome {
    load(&[("s.toml", "[schemas.s.slots]\nb = 'u8 | text'\nb1 = 'u8'\n\"é\" = 'u8'")])?;
    let alike = "[schemas.s.slots]\nb = 'u8 | text'\n\"а\" = 'u8 | text'\na = 'u8'";
    let report = load(&[("s.toml", alike)]).expect_err("a Cyrillic letter");
    assert_eq!(report.errors(), 1, "{report}");
    Ok(())
}
