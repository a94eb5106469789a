//! The names before RON's values: those of variants, and those of structs.

use slotted::{Store, Value};
use slotted_definitions::infer::{Inference, InferenceOptions, SameData as _};
use slotted_definitions::write::{SchemaDocs, schemas_to_text};
use slotted_definitions::{Format, LoadLimits, Loader, Undeclared, read_data};

use crate::support::{Outcome, load, load_as, map};

const SCHEMAS: &str = r#"
[schemas.spell.slots]
effect = { variants = { rest = {}, heal = { amount = "f32" }, burn = "u8", throw = "(text, u8)", path = "list(u8)", again = { of = { kind = "record", slots = { times = "u8" } } } } }
steps = { kind = "list(record)", default = [], variants = { walk = { to = "text" }, wait = {}, pause = "u8" } }
damage = { optional = true, slots = { min = "u8", max = "u8" } }
limb = { kind = "(text, u8)", optional = true }
drops = { kind = "list", default = [], slots = { item = "text" } }
color = { kind = "list(f32)", default = [] }
place = { kind = "vec3", optional = true }
name = { kind = "text", optional = true }
note = { kind = "any", optional = true }
cost = { kind = "u8 | record", optional = true, slots = { gold = "u8" } }
pay = { optional = true, tag = "type", variants = { mana = { amount = "u8" } } }
"#;

/// Returns the value of an attribute of a spell in RON.
fn value_of(slot: &str, written: &str) -> Result<Value, Box<dyn std::error::Error>> {
    let effect = if slot == "effect" { "" } else { "effect: rest, " };
    let records = format!("(records: {{\"spell\": {{\"s\": ({effect}{slot}: {written})}}}})");
    let mut store = Store::new();
    let objects = load(&[("s.toml", SCHEMAS), ("r.ron", &records)])?.spawn(&mut store)?;
    Ok(store.get_value(objects.id("spell", "s").ok_or("no spell")?, slot)?)
}

fn named(name: &str, value: impl Into<Value>) -> Value {
    map([(name, value.into())])
}

#[test]
fn a_name_before_a_value_is_the_variant() -> Outcome {
    let amount = || named("heal", map([("amount", 5_f32.into())]));
    let throw = || named("throw", Value::List(["rock".into(), 3.into()].into()));
    for (written, expected) in [
        ("heal(amount: 5)", amount()),
        ("heal /* points */ (\n amount: 5, // of health\n)", amount()),
        ("{\"heal\": (amount: 5)}", amount()),
        ("Some(heal(amount: 5))", amount()),
        ("heal(Amount(amount: 5))", amount()),
        ("burn(3)", named("burn", 3)),
        ("burn(3,)", named("burn", 3)),
        ("throw(\"rock\", 3)", throw()),
        ("throw((\"rock\", 3))", throw()),
        ("throw(Thrown(\"rock\", 3))", throw()),
        ("path([1, 2])", named("path", [1, 2])),
        ("again(of: Often(times: 2))", named("again", named("of", named("times", 2)))),
        ("rest", "rest".into()),
        ("rest()", "rest".into()),
    ] {
        assert_eq!(value_of("effect", written)?, expected, "{written}");
    }
    let steps = "[walk(to: \"home\"), wait, pause(2), (walk: (to: \"inn\"))]";
    let walk = |to: &str| named("walk", map([("to", to.into())]));
    let expected = vec![walk("home"), "wait".into(), named("pause", 2), walk("inn")];
    assert_eq!(value_of("steps", steps)?, expected.into());
    Ok(())
}

#[test]
fn a_name_before_other_values_means_nothing() -> Outcome {
    let damage = || map([("min", 1.into()), ("max", 4.into())]);
    let drops = || Value::from([map([("item", "bone".into())])]);
    for (slot, written, expected) in [
        ("damage", "Damage(min: 1, max: 4)", damage()),
        ("damage", "Some(Damage(min: 1, max: Of(4)))", damage()),
        ("damage", "Own(Damage(min: One(U8(1)), max: 4))", damage()),
        ("limb", "Limb(\"arm\", 4)", Value::List(["arm".into(), 4.into()].into())),
        ("drops", "[Drop(item: \"bone\")]", drops()),
        ("drops", "Drops([Drop(item: Item(\"bone\"))])", drops()),
        ("color", "Rgb(0.5, 1.0, 0.0)", [0.5_f32, 1.0, 0.0].into()),
        ("color", "[Part(0.5), Part(1.0)]", [0.5_f32, 1.0].into()),
        ("place", "Vec3(1.0, 2.0, 3.0)", [1.0_f32, 2.0, 3.0].into()),
        ("name", "Name(\"Ada\")", "Ada".into()),
        ("cost", "Cost(gold: 5)", named("gold", 5)),
        ("cost", "gold(5)", named("gold", 5)),
        ("cost", "Cost(5)", 5.into()),
        ("pay", "Pay(type: mana, amount: 2)", map([("type", "mana".into()), ("amount", 2.into())])),
    ] {
        let found = value_of(slot, written)?;
        assert!(found.is_same_data(&expected), "{slot}: {written} is read as {found}");
    }
    Ok(())
}

#[test]
fn a_value_of_any_sort_keeps_names() -> Outcome {
    for (written, expected) in [
        ("Uniform(0.5)", named("Uniform", 0.5)),
        (
            "[Arm(\"left\", 4), Leg()]",
            vec![
                named("Arm", Value::List(["left".into(), 4.into()].into())),
                named("Leg", map([])),
            ]
            .into(),
        ),
    ] {
        assert_eq!(value_of("note", written)?, expected, "{written}");
    }
    Ok(())
}

#[test]
fn records_schemas_and_files_may_have_names() -> Outcome {
    let file = r#"Definitions(
        schemas: {"unit": Schema(slots: Slots(hp: Slot(kind: "u8"), mp: Slot(kind: "u8", optional: true), at: Slot(kind: "list", slots: (x: Slot(kind: "u8")))))},
        records: Records(unit: Units(wolf: Wolf(hp: Hp(5), at: [Point(x: 1)]))),
        patches: Patches(records: Records(unit: Units(wolf: Wolf(mp: Mana(6))))),
    )"#;
    let mut store = Store::new();
    let objects = load(&[("d.ron", file)])?.spawn(&mut store)?;
    let wolf = objects.id("unit", "wolf").ok_or("no wolf")?;
    assert_eq!(store.get_value(wolf, "hp")?, 5_u8.into());
    assert_eq!(store.get_value(wolf, "mp")?, 6_u8.into());
    assert_eq!(store.get_value(wolf, "at")?, [map([("x", 1.into())])].into());
    Ok(())
}

#[test]
fn objects_of_a_games_own_files_may_have_names() -> Outcome {
    let schema = "schemas.unit.slots = { hp = 'u8', effect = { variants = { heal = 'u8' } } }";
    for file in [
        "[Unit(hp: 5, effect: heal(3))]",
        "{\"data\": Unit(hp: 5, effect: heal(3))}",
        "Unit(hp: 5, effect: heal(3))",
        "(hp: 5, effect: heal(3))",
    ] {
        let manifest = "objects.'data.ron' = 'unit'";
        let pack = [("pack.toml", manifest), ("s.toml", schema), ("data.ron", file)];
        let mut store = Store::new();
        let definitions = Loader::new().pack_of_texts("game", pack).load(&Store::new())?;
        let objects = definitions.spawn(&mut store)?;
        let id = objects.ids().next().ok_or("no unit")?;
        assert_eq!(store.get_value(id, "effect")?, named("heal", 3), "{file}");
        assert_eq!(store.get_value(id, "hp")?, 5_u8.into(), "{file}");

        // An inference reads them in the same way.
        let data = read_data("data.ron", file, Format::Ron, &LoadLimits::default())?;
        let expected = map([("hp", 5.into()), ("effect", named("heal", 3))]);
        let found = match data {
            Value::List(list) => list[0].clone(),
            Value::Map(map) if map.len() == 1 => map[0].1.clone(),
            object => object,
        };
        assert_eq!(found, expected, "{file}");
    }
    Ok(())
}

#[test]
fn a_proposal_for_named_values_loads_them() -> Outcome {
    let file = r#"[
        (effect: heal(amount: 5), at: Point(x: 1, y: 2), dice: Uniform(0.5)),
        (effect: rest, at: Point(x: 3, y: 4), dice: Const(3)),
        (effect: burn(3), at: Point(x: 5, y: 6), dice: Range(1, 6)),
    ]"#;
    let data = read_data("data.ron", file, Format::Ron, &LoadLimits::default())?;
    let Value::List(objects) = data else { panic!("a list") };
    let mut options = InferenceOptions::default();
    options.any = false;
    let mut inference = Inference::new(options);
    for object in objects.iter() {
        let Value::Map(map) = object else { panic!("an object") };
        let entries = map.iter().map(|(name, value)| (name.to_string(), value.clone()));
        inference.observe(&entries.collect());
    }
    let proposal = inference.finish("spell")?;
    let schema = schemas_to_text([(proposal.schema(), &SchemaDocs::default())], Format::Toml)?;
    let manifest = "objects.'data.ron' = 'spell'";
    let pack = [("pack.toml", manifest), ("s.toml", &schema), ("data.ron", file)];
    let mut store = Store::new();
    let loaded = Loader::new().pack_of_texts("game", pack).load(&Store::new())?;
    let loaded = loaded.spawn(&mut store)?;
    for (id, object) in loaded.ids().zip(objects.iter()) {
        let Value::Map(map) = object else { panic!("an object") };
        for (name, value) in map.iter() {
            assert!(store.get_value(id, name)?.is_same_data(value), "{name}: {value}\n{schema}");
        }
    }
    Ok(())
}

#[test]
fn names_are_kept_aside_and_come_back() -> Outcome {
    let file = "(records: {\"spell\": {\"s\": (effect: rest, extra: heal(amount: 5))}})";
    let mut store = Store::new();
    let objects = load_as(Undeclared::Quarantine, &[("s.toml", SCHEMAS), ("r.ron", file)])?
        .spawn(&mut store)?;
    let written = objects.to_files(&store, Format::Ron)?;
    let schemas = SCHEMAS.replace(
        "[schemas.spell.slots]",
        "[schemas.spell.slots]\nextra = { variants = { heal = { amount = 'u8' } } }",
    );
    let mut again = Store::new();
    let files = [("s.toml", &*schemas), (&*written[0].0, &*written[0].1)];
    let loaded = load_as(Undeclared::Quarantine, &files)?.spawn(&mut again)?;
    let id = loaded.id("spell", "s").ok_or("no spell")?;
    let expected = named("heal", map([("amount", 5.into())]));
    assert_eq!(again.get_value(id, "extra")?, expected, "{}", written[0].1);
    Ok(())
}

#[test]
fn mistakes_behind_a_name_have_their_places() {
    let report = |written: &str| {
        let records = format!("(records: {{\"spell\": {{\"s\": (effect: {written})}}}})");
        load(&[("s.toml", SCHEMAS), ("r.ron", &records)]).expect_err(written).to_string()
    };
    let written = [
        "heel(amount: 5)",
        "heal(amount: \"much\")",
        "heal(amuont: 5)",
        "heal",
        "burn(300)",
        "rest(hours: 8)",
        "(heal: (amount: 5), rest: ())",
        "heal(amount: 5",
    ];
    insta::assert_snapshot!(written.map(report).join("\n\n"));
}

#[test]
fn names_count_as_levels() {
    let deep = format!("{}1{}", "a(".repeat(10_000), ")".repeat(10_000));
    let records = format!("(records: {{\"spell\": {{\"s\": (effect: rest, note: {deep})}}}})");
    let report = load(&[("s.toml", SCHEMAS), ("r.ron", &records)]).expect_err("deep");
    assert!(report.to_string().contains("nested deeper than the limit"), "{report}");
}

#[test]
fn names_without_values_are_words() -> Outcome {
    let schemas = "[schemas.unit.slots]\njob = { variants = ['farmer', 'half-orc'], optional = true }\n\
        jobs = { kind = 'list(enum)', variants = ['farmer', 'half-orc'], default = [] }\n\
        effect = { optional = true, variants = { rest = {}, half-orc = {} } }\n\
        damage = { slots = { min = { kind = 'u8', default = 3 } } }";
    let read = |slot: &str, written: &str| -> Result<Value, Box<dyn std::error::Error>> {
        let records = format!("(records: {{\"unit\": {{\"u\": ({slot}: {written})}}}})");
        let mut store = Store::new();
        let objects = load(&[("s.toml", schemas), ("r.ron", &records)])?.spawn(&mut store)?;
        Ok(store.get_value(objects.id("unit", "u").ok_or("no unit")?, slot)?)
    };
    for (slot, written, expected) in [
        ("job", "farmer()", "farmer".into()),
        ("job", "r#half-orc", "half-orc".into()),
        ("job", "r#farmer /* so */ ( /* nothing */ )", "farmer".into()),
        ("job", "( )", Value::Unset),
        ("job", "(/* nothing */)", Value::Unset),
        ("jobs", "[farmer(), r#half-orc]", ["farmer", "half-orc"].into()),
        ("effect", "r#rest", "rest".into()),
        ("effect", "r#half-orc( )", "half-orc".into()),
        ("damage", "Damage()", map([("min", 3.into())])),
        ("damage", "Damage( )", map([("min", 3.into())])),
    ] {
        assert_eq!(read(slot, written)?, expected, "{slot}: {written}");
    }
    for (slot, written) in [("job", "knight()"), ("effect", "r#sleep"), ("effect", "sleep()")] {
        let error = read(slot, written).expect_err(written).to_string();
        assert!(error.contains("bad-value"), "{slot}: {written}: {error}");
    }
    Ok(())
}

#[test]
fn changes_may_have_names() -> Outcome {
    let schemas = "[schemas.unit.slots]\nn = 'u8'\ntags = 'list(text)'\n\
        drops = { kind = 'list', slots = { item = 'text' } }\n\
        [records.unit.orc]\nn = 3\ntags = ['a']\ndrops = [{ item = 'bone' }]";
    for written in [
        "n: plus(4), tags: add([\"b\"]), drops: add([(item: \"hide\")])",
        "n: (plus: 4), tags: (add: [\"b\"]), drops: (add: [Drop(item: \"hide\")])",
        "n: Change(plus(4)), tags: Change(add: [\"b\"]), drops: {\"add\": [(item: \"hide\")]}",
    ] {
        let patch = format!("(patches: {{\"records\": {{\"unit\": {{\"orc\": ({written})}}}}}})");
        let packs = [("core", ("s.toml", schemas)), ("mod", ("p.ron", &*patch))];
        let loader = packs
            .into_iter()
            .fold(Loader::new(), |loader, (name, file)| loader.pack_of_texts(name, [file]));
        let mut store = Store::new();
        let objects = loader.load(&Store::new())?.spawn(&mut store)?;
        let orc = objects.id("unit", "orc").ok_or("no orc")?;
        let text = |slot: &str| store.get_value(orc, slot).map(|value| value.to_string());
        assert_eq!(text("n")?, "7", "{written}");
        assert_eq!(text("tags")?, "[\"a\", \"b\"]", "{written}");
        assert_eq!(text("drops")?, "[{\"item\": \"bone\"}, {\"item\": \"hide\"}]", "{written}");
    }
    Ok(())
}

#[test]
fn a_file_with_a_name_is_one_object() -> Outcome {
    let schema = "[schemas.thing.slots]\ndamage = { slots = { min = 'u8' } }\n\
        effect = { variants = { heal = { amount = 'u8' } } }";
    for (file, names) in [
        ("Sword(damage: Damage(min: 1), effect: heal(amount: 5))", ["data"]),
        ("#![enable(implicit_some)]\n[Sword(damage: (min: 1), effect: heal(amount: 5))]", [""]),
        ("{\"sword\": Sword(damage: (min: 1), effect: heal(amount: 5))}", ["sword"]),
        ("(sword: Sword(damage: (min: 1), effect: heal(amount: 5)))", ["sword"]),
    ] {
        let pack =
            [("pack.toml", "objects.'data.ron' = 'thing'"), ("s.toml", schema), ("data.ron", file)];
        let definitions = Loader::new().pack_of_texts("game", pack).load(&Store::new())?;
        let found: Vec<_> =
            definitions.records().map(|record| record.name().unwrap_or("")).collect();
        assert_eq!(found, names, "{file}");
        let data = read_data("data.ron", file, Format::Ron, &LoadLimits::default())?;
        let object = r#"{"damage": {"min": 1}, "effect": {"heal": {"amount": 5}}}"#;
        let bare = data
            .to_string()
            .replace("\"damage\": {\"Damage\": {\"min\": 1}}", "\"damage\": {\"min\": 1}");
        let expected = match names[0] {
            "" => format!("[{object}]"),
            "sword" => format!("{{\"sword\": {object}}}"),
            _ => object.to_owned(),
        };
        assert_eq!(bare, expected, "{file}");
    }
    Ok(())
}

#[test]
fn merged_maps_of_yaml_have_no_names() -> Outcome {
    let schemas = "[schemas.unit.slots]\nskills = 'map(u8)'\n\
        damage = { optional = true, slots = { min = 'u8' } }\n\
        effect = { tag = 'type', variants = { rest = {} } }";
    let records = "
records:
  unit:
    a: {skills: &skills {hunt: 3}, damage: &damage {min: 1}, effect: &effect {type: rest}}
    b: {skills: {<<: *skills}, damage: {<<: *damage}, effect: {<<: *effect}}
    c: {skills: *skills, damage: *damage, effect: *effect}
";
    let mut store = Store::new();
    let objects = load(&[("s.toml", schemas), ("r.yaml", records)])?.spawn(&mut store)?;
    for name in ["a", "b", "c"] {
        let id = objects.id("unit", name).ok_or(name)?;
        assert_eq!(store.get_value(id, "skills")?, map([("hunt", 3.into())]), "{name}");
        assert_eq!(store.get_value(id, "damage")?, map([("min", 1.into())]), "{name}");
        assert_eq!(store.get_value(id, "effect")?, map([("type", "rest".into())]), "{name}");
    }
    Ok(())
}
