//! Nested records and slots of kind `any` in files of each format.

use slotted::{Kind, Schema, Store, Value, record};
use slotted_definitions::diagnostic::Code;
use slotted_definitions::{LoadLimits, Loader};

use crate::support::{Outcome, load, map, written_is_the_same};

const SCHEMAS: &str = r#"
[schemas.burn.slots]
time = { kind = "f32", default = 1.5 }
spreads = "bool"

[schemas.weapon.slots]
weight = "f32"
use_action = { kind = "any", optional = true }
burn = { kind = "burn", optional = true, renamed_from = "fire" }
[schemas.weapon.slots.damage.slots]
min = { kind = "u16", range = [0, 99], renamed_from = "low" }
max = "u16"
[schemas.weapon.slots.damage.slots.crit.slots]
chance = { kind = "f32", default = 0.1 }
"#;

/// The same records in each format.
const RECORDS: [(&str, &str); 4] = [
    (
        "r.json",
        r#"{"records": {"weapon": {
            "axe": {"weight": 2.5, "use_action": {"type": "heal", "parts": [["arm_l", 4], null]},
                "damage": {"min": 1, "max": 4, "crit": {"chance": 0.5}}},
            "torch": {"inherits": "axe", "use_action": "MEDITATE", "damage": {"max": 5},
                "burn": {"spreads": true}}
        }}}"#,
    ),
    (
        "r.toml",
        r#"
        [records.weapon.axe]
        weight = 2.5
        use_action = { type = "heal", parts = [["arm_l", 4], "nothing"] }
        damage = { min = 1, max = 4, crit.chance = 0.5 }
        [records.weapon.torch]
        inherits = "axe"
        use_action = "MEDITATE"
        "damage.max" = 5
        burn.spreads = true
        "#,
    ),
    (
        "r.ron",
        r#"(records: {"weapon": {
            "axe": (weight: 2.5, use_action: {"type": "heal", "parts": [["arm_l", 4], None]},
                damage: (min: 1, max: 4, crit: (chance: 0.5))),
            "torch": (inherits: "axe", use_action: "MEDITATE", damage: (max: 5), burn: (spreads: true)),
        }})"#,
    ),
    (
        "r.yaml",
        "
records:
  weapon:
    axe:
      weight: 2.5
      use_action: {type: heal, parts: [[arm_l, 4], null]}
      damage:
        min: 1
        max: 4
        crit: {chance: 0.5}
    torch:
      inherits: axe
      use_action: MEDITATE
      damage: {max: 5}
      burn: {spreads: true}
",
    ),
];

#[test]
fn every_format_has_nested_records_and_any_values() -> Outcome {
    for (name, text) in RECORDS {
        let mut store = Store::new();
        let objects = load(&[("s.toml", SCHEMAS), (name, text)])?.spawn(&mut store)?;
        let get = |record: &str, slot: &str| {
            store.get_value(objects.id("weapon", record).expect("is there"), slot)
        };
        let crit = map([("chance", 0.5_f32.into())]);
        let damage =
            |max: i64| map([("min", 1.into()), ("max", max.into()), ("crit", crit.clone())]);
        assert_eq!(get("axe", "damage")?, damage(4), "{name}");
        // A record overrides a part, and inherits the others.
        assert_eq!(get("torch", "damage")?, damage(5), "{name}");
        assert_eq!(get("axe", "burn")?, Value::Unset);
        let burn = map([("time", 1.5_f32.into()), ("spreads", true.into())]);
        assert_eq!(get("torch", "burn")?, burn, "{name}");
        assert_eq!(get("torch", "use_action")?, "MEDITATE".into());
        let nothing = if name == "r.toml" { "nothing".into() } else { Value::Unset };
        let parts = Value::List([Value::List(["arm_l".into(), 4.into()].into()), nothing].into());
        assert_eq!(get("axe", "use_action")?, map([("type", "heal".into()), ("parts", parts)]));
    }
    Ok(())
}

#[test]
fn what_is_written_loads_and_is_the_same() -> Outcome {
    let files = [("s.toml", SCHEMAS), RECORDS[1]];
    written_is_the_same(files, ("weapon", &["axe", "torch"]), &["damage.min"])
}

#[test]
fn an_optional_slot_beside_nested_values_keeps_its_default() -> Outcome {
    let schemas = "[schemas.unit.slots]\nhp = { kind = 'u8', optional = true, default = 3 }\n\
        size.slots = { x = 'u8' }\n[records.unit.orc]\nsize.x = 1";
    let mut store = Store::new();
    let objects = load(&[("s.toml", schemas)])?.spawn(&mut store)?;
    let orc = objects.id("unit", "orc").ok_or("no orc")?;
    assert_eq!(store.get_value(orc, "hp")?, 3.into());
    Ok(())
}

#[test]
fn declarations_are_those_of_the_builder() -> Outcome {
    let definitions = load(&[("s.toml", SCHEMAS)])?;
    let burn =
        Schema::builder("burn").slot("time", Kind::F32).default(1.5).slot("spreads", Kind::Bool);
    let crit = Schema::builder("crit").slot("chance", Kind::F32).default(0.1).build()?;
    let damage = Schema::builder("damage").slot("min", Kind::U16).range(0..=99).renamed_from("low");
    let damage = damage.slot("max", Kind::U16).nested("crit", &crit).build()?;
    let weapon = Schema::builder("weapon")
        .slot("weight", Kind::F32)
        .slot("use_action", Kind::Any)
        .optional();
    let weapon = weapon.nested("burn", &burn.build()?).optional().renamed_from("fire");
    let weapon = weapon.nested("damage", &damage).build()?;
    let mut store = Store::new();
    definitions.register(&mut store)?;
    let found = store.schema("weapon").ok_or("no schema")?;
    assert_eq!(found.to_schema(), weapon);
    let former = |name: &str| found.slot(name).and_then(|slot| slot.renamed_from());
    assert_eq!(former("burn.time"), Some("fire.time"));
    assert_eq!(former("damage.min"), Some("damage.low"));
    assert_eq!(former("damage.max"), None);
    Ok(())
}

#[test]
fn other_packs_change_parts_and_nested_schemas() -> Outcome {
    let patch = r#"
    [patches.schemas.burn.slots]
    color = { kind = "text", default = "red" }
    [patches.schemas.weapon.slots.damage.slots]
    max = { range = [0, 999] }
    kind = { variants = ["cut", "bash"], default = "cut" }
    [patches.records.weapon.axe]
    damage = { min = { plus = 2 }, kind = "bash" }
    burn = { spreads = false }
    "#;
    let manifest = "name = 'more'\nrequires = ['core']".to_owned();
    let files = [("s.toml", SCHEMAS), RECORDS[0]];
    let loader = Loader::new()
        .pack_of_texts("core", files.map(|(name, text)| (name.to_owned(), text.to_owned())))
        .pack_of_texts(
            "more",
            [("pack.toml".to_owned(), manifest), ("p.toml".to_owned(), patch.to_owned())],
        );
    let mut store = Store::new();
    let objects = loader.load(&Store::new())?.spawn(&mut store)?;
    let axe = objects.id("weapon", "axe").ok_or("no axe")?;
    assert_eq!(store.get_value(axe, "damage.min")?, 3.into());
    assert_eq!(store.get_value(axe, "damage.kind")?, "bash".into());
    let burn = [("time", 1.5_f32.into()), ("spreads", false.into()), ("color", "red".into())];
    assert_eq!(store.get_value(axe, "burn")?, map(burn));
    let weapon = store.schema("weapon").ok_or("no schema")?;
    assert_eq!(
        weapon.slot("damage.max").map(ToString::to_string).as_deref(),
        Some("damage.max: u16, range 0 to 999")
    );
    // All parts of an optional record are optional and have no defaults.
    assert_eq!(
        weapon.slot("burn.color").map(ToString::to_string).as_deref(),
        Some("burn.color: text, optional, needed in burn, default \"red\" there")
    );
    Ok(())
}

#[test]
fn patches_find_records_within_records() -> Outcome {
    let files = "[schemas.w.slots]\ndamage.slots.fire.slots.min = 'u8'\n'a.b' = { kind = 'u8', optional = true }\n\
        [patches.schemas.w.slots]\ndamage.slots.ice = 'u8'\ndamage.slots.fire.slots.min.range = [1, 9]\na.slots.y = { kind = 'u8', optional = true }\n\
        [records.w.x]\ndamage = { ice = 1, fire = { min = 2 } }";
    let mut store = Store::new();
    load(&[("s.toml", files)])?.spawn(&mut store)?;
    let w = store.schema("w").ok_or("no w")?;
    let slots: Vec<_> = w.slots().iter().map(|slot| slot.name()).collect();
    assert_eq!(slots, ["damage.fire.min", "a.b", "damage.ice", "a.y"]);
    Ok(())
}

#[test]
fn copies_override_parts_by_map_or_by_name() -> Outcome {
    let definitions = load(&[("s.toml", SCHEMAS), RECORDS[0]])?;
    let mut store = Store::new();
    definitions.register(&mut store)?;
    let by_map = record! { damage: map([("max", 9.into())]) };
    for overrides in [by_map, record! { "damage.max": 9 }] {
        let id = definitions.spawn_one(&mut store, "weapon", "axe", overrides)?;
        assert_eq!(
            (store.get_value(id, "damage.max")?, store.get_value(id, "damage.min")?),
            (9.into(), 1.into())
        );
    }
    Ok(())
}

#[test]
fn hostile_nesting_is_refused() {
    // Each schema contains the next one twice: without a limit, 2^40 slots.
    let mut bombs = String::new();
    for level in 0..40 {
        let next = level + 1;
        bombs += &format!("schemas.s{level}.slots = {{ a = 's{next}', b = 's{next}' }}\n");
    }
    bombs += "schemas.s40.slots.x = 'u8'\n";
    let report = load(&[("s.toml", &bombs)]).expect_err("too many slots");
    assert!(report.to_string().contains("has too many slots with those of its nested records"));

    let deep: String = (0..90).map(|level| format!("{{ slots = {{ l{level} = ")).collect();
    let deep = format!("schemas.deep.slots.x = {deep}'u8'{}", "} }".repeat(90));
    let report = load(&[("s.toml", &deep)]).expect_err("too deep or too long a name");
    assert!(!report.diagnostics().is_empty());
}

#[test]
fn all_schemas_share_one_limit_of_slots() {
    let mut text = "[schemas.s.slots]\n".to_owned();
    (0..400).for_each(|slot| text += &format!("x{slot} = 'u8'\n"));
    (0..200).for_each(|schema| text += &format!("[schemas.t{schema}]\nslots.s = 's'\n"));
    let mut limits = LoadLimits::default();
    limits.slots = 5_000;
    let loader = Loader::new().text("s.toml", text).limits(limits);
    let report = loader.load(&Store::new()).expect_err("80,000 slots");
    assert!(report.diagnostics().iter().all(|found| found.code() == Code::Limit), "{report}");

    // Nested records of one schema count together.
    let parts = |record: usize| {
        (0..100).map(move |part| format!("p{record}_{part} = 'u8'")).collect::<Vec<_>>()
    };
    let records =
        (0..100).map(|record| format!("r{record}.slots = {{ {} }}\n", parts(record).join(", ")));
    let text = format!("[schemas.s.slots]\n{}", records.collect::<String>());
    let report = load(&[("s.toml", &text)]).expect_err("10,000 slots in one schema");
    assert!(report.to_string().contains("the limit is 4096"), "{report}");
}

#[test]
fn a_long_chain_of_bases_is_walked_within_the_limit() {
    let mut text = "schemas.b0.slots.x = 'u8'\n".to_owned();
    (1..3_000).for_each(|base| text += &format!("schemas.b{base}.extends = 'b{}'\n", base - 1));
    text += "[schemas.t.slots]\n";
    (0..1_000).for_each(|slot| text += &format!("s{slot} = 'b2999'\n"));
    let report = load(&[("s.toml", &text)]).expect_err("three million bases");
    assert!(report.diagnostics().iter().any(|found| found.code() == Code::Limit), "{report}");
}

#[test]
fn values_of_any_have_limits_too() {
    let deep = format!(
        "{{\"records\": {{\"item\": {{\"a\": {{\"x\": {}1{}}}}}}}}}",
        "[".repeat(200),
        "]".repeat(200)
    );
    let schema = ("s.toml", "schemas.item.slots.x = 'any'");
    let report = load(&[schema, ("r.json", &deep)]).expect_err("too deep");
    assert!(report.to_string().contains("nested"), "{report}");
}

#[test]
fn a_long_path_to_a_part_is_refused() {
    // Each level adds a name of 64 letters, and stays within the limit of depth.
    let name = "n".repeat(64);
    let mut text = String::new();
    (0..12).for_each(|at| text += &format!("schemas.s{at}.slots.{name} = 's{}'\n", at + 1));
    text += "schemas.s12.slots.x = 'u8'\n";
    let report = load(&[("s.toml", &text)]).expect_err("a name of 780 letters");
    let message = "has too many slots with those of its nested records";
    assert!(report.to_string().contains(message), "{report}");
}

#[test]
fn a_nested_record_with_the_name_of_a_word_needs_a_file_without_the_word() -> Outcome {
    for name in ["inherits", "abstract", "unset", "if_pack"] {
        let schema = format!("schemas.unit.slots.{name}.slots.x = 'u8'");
        let records = format!("records.unit.a.{name}.x = 3");
        let report = load(&[("s.toml", &schema), ("r.toml", &records)]).expect_err("unclear");
        let message = format!("'{name}' is a slot of 'unit' and a word of records too");
        let is_word = report.to_string().contains("must be the name of a pack");
        assert!(report.to_string().contains(&message) || is_word, "{report}");
        let records = format!("words.{name} = false\n{records}");
        let definitions = load(&[("s.toml", &schema), ("r.toml", &records)])?;
        let unit = definitions.record("unit", "a").ok_or("no record")?;
        assert_eq!(unit.get(&format!("{name}.x"))?, 3_u8.into());
    }
    Ok(())
}
