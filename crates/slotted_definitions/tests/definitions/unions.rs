//! Values of one of several variants in files of each format.

use slotted::{Store, Value};
use slotted_definitions::{Format, Undeclared};

use crate::support::{Outcome, load, load_as, map, written_is_the_same};

const SCHEMAS: &str = r#"
[schemas.item.slots]
weight = "f32"

[schemas.mana.slots]
amount = { kind = "u8", range = [1, 100] }
[schemas.life.slots]
amount = "f32"
owner = { kind = "object", references = "item", optional = true }

[schemas.spell.slots]
cost = { kind = "mana | life", tag = "pay", optional = true }
power = { kind = "f32 | text | bool", optional = true, range = [0, 10] }
[schemas.spell.slots.effect]
tag = "type"
variants.heal = { amount = "f32", area = { kind = "u8", optional = true } }
variants.buff = { bonus = { slots = { strength = "i8" } }, targets = { kind = "list", slots = { name = "text" } } }
variants.rest = {}
[schemas.spell.slots.steps]
kind = "list"
optional = true
tag = "do"
variants = { walk = { to = { kind = "object", references = "item" } }, wait = { seconds = { kind = "f32", optional = true } } }
[schemas.spell.slots.uses]
kind = "list(text | mana | list(u8))"
default = []
[schemas.spell.slots.shape]
optional = true
variants = { point = {}, circle = "f32", box = { x = "f32", y = "f32" } }
"#;

/// The same records in each format.
const RECORDS: [(&str, &str); 4] = [
    (
        "r.json",
        r#"{"records": {"item": {"bone": {"weight": 1}}, "spell": {
            "cure": {
                "cost": {"pay": "life", "amount": 2.5, "owner": "bone"}, "power": 3,
                "effect": {"type": "heal", "amount": 5},
                "steps": [{"do": "wait"}, {"do": "walk", "to": "bone"}, {"do": "wait", "seconds": 2}],
                "uses": ["MEDITATE", {"amount": 7}, [1, 2], "REST"],
                "shape": {"circle": 2}
            },
            "rage": {
                "inherits": "cure", "power": "much",
                "effect": {"type": "buff", "bonus": {"strength": 2}, "targets": [{"name": "orc"}]},
                "shape": {"box": {"x": 1, "y": 2}}
            },
            "nap": {"effect": {"type": "rest"}}
        }}}"#,
    ),
    (
        "r.toml",
        r#"
        records.item.bone.weight = 1
        [records.spell.cure]
        cost = { pay = "life", amount = 2.5, owner = "bone" }
        power = 3
        effect = { type = "heal", amount = 5 }
        steps = [{ do = "wait" }, { do = "walk", to = "bone" }, { do = "wait", seconds = 2 }]
        uses = ["MEDITATE", { amount = 7 }, [1, 2], "REST"]
        shape.circle = 2
        [records.spell.rage]
        inherits = "cure"
        power = "much"
        effect = { type = "buff", bonus = { strength = 2 }, targets = [{ name = "orc" }] }
        shape.box = { x = 1, y = 2 }
        [records.spell.nap]
        effect.type = "rest"
        "#,
    ),
    (
        "r.ron",
        r#"(records: {"item": {"bone": (weight: 1)}, "spell": {
            "cure": (
                cost: (pay: "life", amount: 2.5, owner: "bone"), power: 3,
                effect: (type: heal, amount: 5),
                steps: [(do: wait), (do: walk, to: "bone"), (do: wait, seconds: 2)],
                uses: [MEDITATE, (amount: 7), [1, 2], "REST"],
                shape: (circle: 2),
            ),
            "rage": (
                inherits: "cure", power: "much",
                effect: (type: buff, bonus: (strength: 2), targets: [(name: "orc")]),
                shape: (box: (x: 1, y: 2)),
            ),
            "nap": (effect: (type: rest)),
        }})"#,
    ),
    (
        "r.yaml",
        "
records:
  item:
    bone: {weight: 1}
  spell:
    cure:
      cost: {pay: life, amount: 2.5, owner: bone}
      power: 3
      effect: {type: heal, amount: 5}
      steps: [{do: wait}, {do: walk, to: bone}, {do: wait, seconds: 2}]
      uses: [MEDITATE, {amount: 7}, [1, 2], REST]
      shape: {circle: 2}
    rage:
      inherits: cure
      power: much
      effect: {type: buff, bonus: {strength: 2}, targets: [{name: orc}]}
      shape: {box: {x: 1, y: 2}}
    nap: {effect: {type: rest}}
",
    ),
];

fn tagged<const N: usize>(tag: (&str, &str), parts: [(&str, Value); N]) -> Value {
    [(tag.0, Value::from(tag.1))].into_iter().chain(parts).collect()
}

#[test]
fn every_format_has_unions() -> Outcome {
    for (name, text) in RECORDS {
        let mut store = Store::new();
        let objects = load(&[("s.toml", SCHEMAS), (name, text)])?.spawn(&mut store)?;
        let id = |schema: &str, record: &str| objects.id(schema, record).expect("is there");
        let get = |record: &str, slot: &str| store.get_value(id("spell", record), slot);
        let bone = Value::from(id("item", "bone"));
        let life = [("amount", 2.5_f32.into()), ("owner", bone.clone())];
        assert_eq!(get("cure", "cost")?, tagged(("pay", "life"), life), "{name}");
        assert_eq!(get("cure", "power")?, 3.0_f32.into());
        assert_eq!(get("rage", "power")?, "much".into());
        assert_eq!(get("cure", "effect")?, tagged(("type", "heal"), [("amount", 5_f32.into())]));
        let bonus = map([("strength", 2.into())]);
        let targets = [map([("name", "orc".into())])];
        let buff = [("bonus", bonus), ("targets", targets.into())];
        assert_eq!(get("rage", "effect")?, tagged(("type", "buff"), buff));
        assert_eq!(get("nap", "effect")?, tagged(("type", "rest"), []));
        let steps = [
            tagged(("do", "wait"), []),
            tagged(("do", "walk"), [("to", bone)]),
            tagged(("do", "wait"), [("seconds", 2_f32.into())]),
        ];
        assert_eq!(get("rage", "steps")?, steps.into());
        let uses =
            vec!["MEDITATE".into(), map([("amount", 7.into())]), [1, 2].into(), "REST".into()];
        assert_eq!(get("cure", "uses")?, uses.into());
        assert_eq!(get("nap", "uses")?, Value::List([].into()));
        assert_eq!(get("cure", "shape")?, map([("circle", 2_f32.into())]));
        let corner = map([("x", 1_f32.into()), ("y", 2_f32.into())]);
        assert_eq!(get("rage", "shape")?, map([("box", corner)]));
        // No value of the parent's variant is left.
        assert_eq!(get("rage", "effect@heal.amount")?, Value::Unset);
        assert_eq!(get("nap", "cost")?, Value::Unset);
    }
    Ok(())
}

#[test]
fn what_is_written_loads_and_is_the_same() -> Outcome {
    let files = [("s.toml", SCHEMAS), RECORDS[1]];
    written_is_the_same(files, ("spell", &["cure", "rage", "nap"]), &["@", "|"])
}

#[test]
fn a_kind_may_have_a_record_of_its_own() -> Outcome {
    let schemas = r#"
        [schemas.unit.slots]
        uses = { kind = "list(text | record)", slots = { level = "u8" } }
        deep = { kind = "map(object, list(list(record)))", optional = true, slots = { a = "u8", b = { kind = "u8", optional = true } } }
        pair = { kind = "(f32, record)", optional = true, slots = { a = "u8" } }
        cost = { kind = "list(f32) | record", optional = true, tag = "type", variants = { gold = { amount = "u8" }, free = {} } }
        plain = { kind = "list", optional = true, slots = { a = "u8" } }
        same = { kind = "list(record)", optional = true, slots = { a = "u8" } }
        [patches.schemas.unit.slots]
        uses.slots.tags = { kind = "list(text)", optional = true }
        deep.slots.a.range = [1, 9]
        cost.variants.soul = { depth = "u8" }
    "#;
    let records = r#"{"records": {"unit": {
        "orc": {"uses": ["a", {"level": 2, "tags": ["x"]}, {"level": 3}], "pair": [0.5, {"a": 1}],
            "deep": {"orc": [[{"a": 1}], [], [{"a": 2, "b": 3}]]}, "cost": {"type": "soul", "depth": 3}},
        "elf": {"uses": [], "cost": [1.5, 2], "plain": [{"a": 1}], "same": [{"a": 2}]}
    }}}"#;
    let mut store = Store::new();
    let objects = load(&[("s.toml", schemas), ("r.json", records)])?.spawn(&mut store)?;
    let orc = objects.id("unit", "orc").ok_or("no orc")?;
    let tags = [("level", 2.into()), ("tags", ["x"].into())];
    let uses = vec!["a".into(), map(tags), map([("level", 3.into())])];
    assert_eq!(store.get_value(orc, "uses")?, uses.into());
    assert_eq!(store.get_value(orc, "cost")?, tagged(("type", "soul"), [("depth", 3.into())]));
    let files = objects.to_files(&store, Format::Json)?;
    let mut again = Store::new();
    let loaded = load(&[("s.toml", schemas), (&files[0].0, &files[0].1)])?.spawn(&mut again)?;
    assert_eq!(loaded.to_files(&again, Format::Json)?, files);
    assert!(
        load(&[("s.toml", &schemas.replace("[1, 9]", "[2, 9]")), ("r.json", records)]).is_err()
    );
    Ok(())
}

#[test]
fn a_patch_adds_a_variant() -> Outcome {
    let patch = "patches.schemas.spell.slots.effect.variants.curse = { turns = 'u8' }\n\
        [records.spell.hex]\neffect = { type = 'curse', turns = 3 }\n";
    let mut store = Store::new();
    let files = [("s.toml", SCHEMAS), RECORDS[0], ("z.toml", patch)];
    let objects = load(&files)?.spawn(&mut store)?;
    let hex = objects.id("spell", "hex").ok_or("no hex")?;
    let curse = tagged(("type", "curse"), [("turns", 3.into())]);
    assert_eq!(store.get_value(hex, "effect")?, curse);
    Ok(())
}

#[test]
fn a_dead_reference_takes_its_variant_with_it() -> Outcome {
    let mut store = Store::new();
    let objects = load(&[("s.toml", SCHEMAS), RECORDS[1]])?.spawn(&mut store)?;
    store.despawn(objects.id("item", "bone").ok_or("no bone")?)?;
    let files = objects.to_files(&store, Format::Json)?;
    let mut again = Store::new();
    let loaded = load(&[("s.toml", SCHEMAS), (&files[0].0, &files[0].1)])?.spawn(&mut again)?;
    let cure = loaded.id("spell", "cure").ok_or("no cure")?;
    // The owner is optional, the goal of a walk is not.
    assert_eq!(
        again.get_value(cure, "cost")?,
        tagged(("pay", "life"), [("amount", 2.5_f32.into())])
    );
    let wait = [tagged(("do", "wait"), []), tagged(("do", "wait"), [("seconds", 2_f32.into())])];
    assert_eq!(again.get_value(cure, "steps")?, wait.into());
    Ok(())
}

#[test]
fn a_variant_of_a_removed_pack_is_kept_and_comes_back() -> Outcome {
    let records = "[records.spell.hex]\neffect = { type = 'rest' }\n\
        cost = { pay = 'soul', depth = 3 }\nsteps = [{ do = 'wait' }, { do = 'fly', height = 3 }]\n\
        [records.spell.jinx]\ninherits = 'hex'\ncost = { pay = 'life', amount = 2 }\n";
    let patch = "patches.schemas.spell.slots.cost = { kind = 'mana | life | soul' }\n\
        patches.schemas.spell.slots.steps.variants.fly = { height = 'u8' }\n\
        schemas.soul.slots.depth = 'u8'";
    let mut store = Store::new();
    let files = [("s.toml", SCHEMAS), ("r.toml", records)];
    let objects = load_as(Undeclared::Quarantine, &files)?.spawn(&mut store)?;
    let hex = objects.id("spell", "hex").ok_or("no hex")?;
    assert_eq!(store.get_value(hex, "cost")?, Value::Unset);
    let written = objects.to_files(&store, Format::Toml)?;
    // The game may have given it another value.
    let life = tagged(("pay", "life"), [("amount", 9_f32.into())]);
    store.set_value(hex, "cost", life.clone())?;
    let replaced = objects.to_files(&store, Format::Toml)?;
    let mut again = Store::new();
    let files = [("s.toml", SCHEMAS), (&*replaced[0].0, &*replaced[0].1)];
    let loaded = load_as(Undeclared::Quarantine, &files)?.spawn(&mut again)?;
    let hex = loaded.id("spell", "hex").ok_or("no hex")?;
    assert_eq!(again.get_value(hex, "cost")?, life);
    let mut store = Store::new();
    let files = [("s.toml", SCHEMAS), ("p.toml", patch), (&*written[0].0, &*written[0].1)];
    let objects = load_as(Undeclared::Quarantine, &files)?.spawn(&mut store)?;
    let hex = objects.id("spell", "hex").ok_or("no hex")?;
    let soul = tagged(("pay", "soul"), [("depth", 3.into())]);
    assert_eq!(store.get_value(hex, "cost")?, soul, "{}", written[0].1);
    let steps = [tagged(("do", "wait"), []), tagged(("do", "fly"), [("height", 3.into())])];
    assert_eq!(store.get_value(hex, "steps")?, steps.into(), "{}", written[0].1);
    let jinx = objects.id("spell", "jinx").ok_or("no jinx")?;
    assert_eq!(store.get_value(jinx, "cost")?, tagged(("pay", "life"), [("amount", 2_f32.into())]));
    Ok(())
}

#[test]
fn a_union_has_a_limit_of_variants() -> Outcome {
    let variants = |names: std::ops::Range<u32>| {
        names.map(|name| format!("variants.v{name} = {{}}\n")).collect::<String>()
    };
    let schema = |count| format!("[schemas.unit.slots.job]\ntag = 'type'\n{}", variants(0..count));
    load(&[("s.toml", &schema(256))])?;
    let report = load(&[("s.toml", &schema(257))]).expect_err("257 variants");
    assert!(report.to_string().contains("a union has at most 256 variants"), "{report}");
    let patch = format!("[patches.schemas.unit.slots.job]\n{}", variants(256..257));
    let report = load(&[("s.toml", &schema(256)), ("z.toml", &patch)]).expect_err("one more");
    assert!(report.to_string().contains("a union has at most 256 variants"), "{report}");
    Ok(())
}

#[test]
fn an_unknown_variant_with_values_is_kept_and_comes_back() -> Outcome {
    let schemas = "[schemas.spell.slots]\n\
        effect = { optional = true, variants = { rest = {}, heal = { amount = 'u8' } } }\n\
        steps = { kind = 'list(record)', default = [], variants = { wait = {}, walk = 'u8' } }";
    let patch = "[patches.schemas.spell.slots]\neffect.variants.zap = { volts = 'u8' }\n\
        steps.variants.fly = 'f32'";
    for records in [
        (
            "r.toml",
            "records.spell.hex = { effect = { zap = { volts = 9 } }, steps = ['wait', { fly = 2.5 }] }",
        ),
        (
            "r.ron",
            "(records: {\"spell\": {\"hex\": (effect: zap(volts: 9), steps: [wait, fly(2.5)])}})",
        ),
        (
            "r.json",
            r#"{"records": {"spell": {"hex": {"effect": {"zap": {"volts": 9}}, "steps": ["wait", {"fly": 2.5}]}}}}"#,
        ),
        (
            "r.yaml",
            "records: {spell: {hex: {effect: {zap: {volts: 9}}, steps: [wait, {fly: 2.5}]}}}",
        ),
    ] {
        load(&[("s.toml", schemas), records]).expect_err("there is no such variant");
        let mut store = Store::new();
        let files = [("s.toml", schemas), records];
        let objects = load_as(Undeclared::Quarantine, &files)?.spawn(&mut store)?;
        let hex = objects.id("spell", "hex").ok_or("no hex")?;
        assert_eq!(store.get_value(hex, "effect")?, Value::Unset);
        let written = objects.to_files(&store, Format::Json)?;
        let mut store = Store::new();
        let files = [("s.toml", schemas), ("p.toml", patch), (&*written[0].0, &*written[0].1)];
        let objects = load_as(Undeclared::Quarantine, &files)?.spawn(&mut store)?;
        let hex = objects.id("spell", "hex").ok_or("no hex")?;
        let text = |slot: &str| store.get_value(hex, slot).map(|value| value.to_string());
        assert_eq!(text("effect")?, r#"{"zap": {"volts": 9}}"#, "{}", written[0].1);
        assert_eq!(text("steps")?, r#"["wait", {"fly": 2.5}]"#, "{}", written[0].1);
    }
    Ok(())
}

#[test]
fn patches_add_and_remove_variants_of_unions_as_of_enums() -> Outcome {
    let schemas = "[schemas.spell.slots]\n\
        effect = { tag = 'type', optional = true, variants = { rest = {}, heal = { amount = 'u8' } } }\n\
        steps = { kind = 'list(text | record)', default = [], tag = 'do', variants = { wait = {}, walk = { goal = 'text' } } }\n\
        mood = { kind = 'list', default = [], slots = { why = { optional = true, variants = { fear = {}, joy = 'u8' } } } }";
    let patch = r#"{"patches": {"schemas": {"spell": {"slots": {
        "effect": {"variants": {"add": {"zap": {"volts": "u8"}}, "remove": ["heal"]}},
        "steps": {"variants": {"remove": ["wait"], "add": ["sit"]}},
        "mood": {"slots": {"why": {"variants": {"remove": ["joy"], "add": {"awe": "f32"}}}}}
    }}}}}"#;
    for path in ["p.json", "p.ron", "p.yaml"] {
        let definitions = load(&[("a.toml", schemas), (path, patch)])?;
        let spell = definitions.schema("spell").ok_or("no schema")?;
        let names: Vec<_> = spell.slots().iter().map(|slot| slot.name()).collect();
        let kind = |slot: &str| spell.slot(slot).map(|slot| slot.kind().to_string());
        assert!(names.contains(&"effect@zap.volts"), "{names:?}");
        assert!(
            !names.iter().any(|name| name.contains("heal") || name.contains("joy")),
            "{names:?}"
        );
        let tag = kind("effect@type").ok_or("no tag")?;
        assert_eq!(tag, "enum(rest, zap)", "{path}");
        assert!(names.iter().any(|name| name.ends_with("awe")), "{names:?}");
        let steps = names.iter().find(|name| name.ends_with("@do")).ok_or("no tag")?;
        assert_eq!(kind(steps).ok_or("no kind")?, "list(enum(walk, sit))");
    }
    Ok(())
}
