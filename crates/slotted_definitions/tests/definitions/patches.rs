//! Patches that compose: `add`, `remove`, `times`, `plus`, `delete`, `if_pack`, and packs that do not know each other.

use proptest::collection::vec;
use proptest::prelude::*;
use slotted::{Store, Value};
use slotted_definitions::diagnostic::{Code, Severity};
use slotted_definitions::{Conflicts, Definitions, Loader, Report, Undeclared};

use crate::{load, refused};

type Outcome = Result<(), Box<dyn std::error::Error>>;

/// Writes the JSON of a map with one key in each format.
fn in_each_format(json: &str) -> [(&'static str, String); 4] {
    let inner = json.trim().strip_prefix('{').and_then(|json| json.strip_suffix('}'));
    let toml = inner.expect("a map").replace("\":", "\" =").replace('\n', " ");
    // Maps and lists are the same in JSON, RON and YAML.
    let same = ["p.json", "p.ron", "p.yaml"].map(|path| (path, json.to_owned()));
    let [json, ron, yaml] = same;
    [json, ron, yaml, ("p.toml", toml)]
}

const CORE: &str = "
[schemas.unit.slots]
hp = { kind = 'f32', default = 100.0, range = [0.0, 1000.0] }
level = { kind = 'u8', default = 1 }
job = { variants = ['none', 'farmer'], default = 'none' }
jobs = { kind = 'list(enum)', variants = ['none', 'farmer'], default = [] }
drops = { kind = 'list(text)', default = ['bone'] }
sizes = { kind = 'list(u16)', default = [] }
boss = { kind = 'object', references = 'unit', optional = true }
pals = { kind = 'list(object)', references = 'unit', default = [] }
[schemas.orc]
extends = 'unit'
[records.unit.wolf]
hp = 10.0
level = 3
drops = ['hide', 'tooth']
[records.unit.fox]
inherits = 'wolf'
pals = ['wolf']
[records.orc.grunt]
";

fn with_core(packs: &[(&str, &str, &str)]) -> Loader {
    let loader = Loader::new().pack_of_texts("core", [("a.toml", CORE)]);
    packs.iter().fold(loader, |loader, (name, manifest, text)| {
        let (file, manifest) = ("p.toml", format!("name = '{name}'\n{manifest}"));
        loader.pack_of_texts(name, [("pack.toml", manifest), (file, (*text).to_owned())])
    })
}

fn patched(packs: &[(&str, &str, &str)]) -> Result<Definitions, Report> {
    with_core(packs).load(&Store::new())
}

fn value(definitions: &Definitions, record: &str, slot: &str) -> Value {
    let record = definitions.record("unit", record).expect("the record is there");
    record.get(slot).expect("the slot is declared")
}

fn texts<const N: usize>(texts: [&str; N]) -> Value {
    Value::List(texts.map(Value::from).into())
}

fn messages(report: &Report) -> Vec<&str> {
    report.diagnostics().iter().map(|diagnostic| diagnostic.message()).collect()
}

#[test]
fn lists_numbers_and_variants_change_in_each_format() -> Outcome {
    let json = r#"{"patches": {
        "schemas": {"unit": {"slots": {"job": {"variants": {"add": ["smith"], "remove": ["farmer"]}}}}},
        "records": {"unit": {"wolf": {
            "hp": {"times": 1.5, "plus": 2},
            "level": {"plus": -1},
            "job": "smith",
            "drops": {"add": ["pelt", "hide"], "remove": ["tooth"]},
            "sizes": {"add": [3, 4]},
            "pals": {"add": ["fox", "grunt"]}
        }}}
    }}"#;
    for (file, text) in in_each_format(json) {
        let definitions = load(&[("a.toml", CORE), (file, &text)])?;
        let of = |slot| value(&definitions, "wolf", slot);
        assert_eq!(of("hp"), 17.0.into(), "{file}");
        assert_eq!(of("level"), 2.into(), "{file}");
        assert_eq!(of("job"), "smith".into(), "{file}");
        assert_eq!(of("drops"), texts(["hide", "pelt"]), "{file}");
        assert_eq!(of("sizes"), Value::List([3.into(), 4.into()].into()), "{file}");
        assert_eq!(of("pals"), texts(["fox", "grunt"]), "{file}");
        // A record that inherits from the patched one.
        assert_eq!(value(&definitions, "fox", "hp"), 17.0.into(), "{file}");
        assert_eq!(value(&definitions, "fox", "drops"), texts(["hide", "pelt"]), "{file}");
        let mut store = Store::new();
        let objects = definitions.spawn(&mut store)?;
        let wolf = objects.id("unit", "wolf").ok_or("no wolf")?;
        assert_eq!(store.get_value(wolf, "hp")?, 17.0_f32.into(), "{file}");
        let copy = definitions.spawn_one(&mut Store::new(), "unit", "wolf", slotted::record! {});
        assert!(copy.is_err(), "a new store has no schemas");
        let copy = objects.spawn_one(&mut store, "unit", "wolf", slotted::record! {})?;
        assert_eq!(store.get_value(copy, "drops")?, texts(["hide", "pelt"]), "{file}");
    }
    Ok(())
}

#[test]
fn a_record_changes_what_it_inherits_in_each_format() -> Outcome {
    let json = r#"{"records": {"unit": {
        "dire": {"inherits": "wolf", "hp": {"times": 3}, "drops": {"add": ["fang"]}},
        "alpha": {"inherits": "dire", "hp": {"times": 2, "plus": 1}, "drops": {"remove": ["hide"]}},
        "heir": {"inherits": "alpha"}
    }}}"#;
    for (file, text) in in_each_format(json) {
        let definitions = load(&[("a.toml", CORE), (file, &text)])?;
        assert_eq!(value(&definitions, "dire", "hp"), 30.0.into(), "{file}");
        for name in ["alpha", "heir"] {
            assert_eq!(value(&definitions, name, "hp"), 61.0.into(), "{file} {name}");
            assert_eq!(
                value(&definitions, name, "drops"),
                texts(["tooth", "fang"]),
                "{file} {name}"
            );
        }
        // The place of a changed value is that of the change.
        let origin = definitions.record("unit", "heir").and_then(|heir| heir.origin("drops"));
        let location = origin.and_then(|origin| definitions.location(origin)).ok_or("no place")?;
        assert!(location.path.ends_with(file), "{location}");
    }
    Ok(())
}

#[test]
fn a_change_starts_from_the_default_of_the_slot() -> Outcome {
    let patch = "[patches.records.orc.grunt]\nhp = { times = 2 }\ndrops = { add = ['axe'] }";
    let definitions = patched(&[("more", "", patch)])?;
    let grunt = definitions.record("orc", "grunt").ok_or("no grunt")?;
    assert_eq!(grunt.get("hp")?, 200.0.into());
    assert_eq!(grunt.get("drops")?, texts(["bone", "axe"]));
    Ok(())
}

#[test]
fn slots_can_be_called_like_operations() -> Outcome {
    let file = "
[schemas.sum.slots]
add = { kind = 'list(u8)', default = [] }
remove = { kind = 'u8', default = 1 }
times = { kind = 'u8', default = 1 }
plus = { kind = 'u8', default = 1 }
delete = { kind = 'bool', default = false }
[records.sum.a]
add = [1]
delete = true
[patches.records.sum.a]
add = { add = [2] }
times = { plus = 4 }
plus = 7
delete = false
";
    let definitions = load(&[("a.toml", file)])?;
    let a = definitions.record("sum", "a").ok_or("no record")?;
    assert_eq!(a.get("add")?, Value::List([1.into(), 2.into()].into()));
    assert_eq!((a.get("times")?, a.get("plus")?), (5.into(), 7.into()));
    assert_eq!(a.get("delete")?, false.into());
    Ok(())
}

#[test]
fn records_are_deleted_in_each_format() -> Outcome {
    let json = r#"{"patches": {"delete": {"unit": ["wolf"]}}}"#;
    for (file, text) in in_each_format(json) {
        let free = "patches.records.unit.fox.pals = []";
        let definitions = load(&[("a.toml", CORE), ("free.toml", free), (file, &text)])?;
        assert!(definitions.record("unit", "wolf").is_none(), "{file}");
        assert_eq!(definitions.records().len(), 2, "{file}");
        // It has inherited before.
        assert_eq!(value(&definitions, "fox", "hp"), 10.0.into(), "{file}");
        let mut store = Store::new();
        let objects = definitions.spawn(&mut store)?;
        assert_eq!(store.len(), 2, "{file}");
        assert!(objects.id("unit", "wolf").is_none(), "{file}");
        assert!(objects.id("orc", "grunt").is_some(), "{file}");
    }
    Ok(())
}

#[test]
fn references_are_right_after_a_deletion() -> Outcome {
    let file = "
[records.unit.z]
boss = 'grunt'
pals = ['fox', 'z', 'grunt']
[patches.records.unit.fox]
pals = ['z']
[patches.delete]
unit = ['wolf']
";
    let definitions = load(&[("a.toml", CORE), ("b.toml", file)])?;
    assert_eq!(value(&definitions, "z", "boss"), "grunt".into());
    assert_eq!(value(&definitions, "z", "pals"), texts(["fox", "z", "grunt"]));
    let mut store = Store::new();
    let objects = definitions.spawn(&mut store)?;
    let (z, grunt) = (objects.id("unit", "z"), objects.id("orc", "grunt"));
    assert_eq!(store.get_value(z.ok_or("no z")?, "boss")?, grunt.ok_or("no grunt")?.into());
    Ok(())
}

#[test]
fn a_reference_to_a_deleted_record_follows_the_policy() -> Outcome {
    let file = "patches.delete.unit = ['wolf']";
    let report = refused(&[("a.toml", CORE), ("b.toml", file)]);
    assert_eq!(
        messages(&report),
        ["slot 'pals' of 'unit' refers to 'wolf', which pack 'mod' deletes"]
    );
    for policy in [Undeclared::Ignore, Undeclared::Quarantine] {
        let definitions = with_core(&[("gone", "", file)]).undeclared(policy).load(&Store::new())?;
        assert_eq!(value(&definitions, "fox", "pals"), Value::List([].into()));
        assert_eq!(definitions.warnings().warnings(), 1, "{}", definitions.warnings());
    }
    Ok(())
}

#[test]
fn conditions_on_files_records_and_patches_in_each_format() -> Outcome {
    let parts = [
        r#"{"if_pack": "elves", "records": {"unit": {"a": {"hp": 5}}}}"#,
        r#"{"records": {"unit": {"a": {"if_pack": "elves", "hp": 5}}}}"#,
        r#"{"records": {"unit": [{"if_pack": ["core", "elves"], "hp": 5}]}}"#,
        r#"{"patches": {"records": {"unit": {"wolf": {"if_pack": "elves", "hp": 5}}}}}"#,
        r#"{"patches": {"schemas": {"unit": {"if_pack": "elves", "slots": {"hp": {"default": 5}}}}}}"#,
        r#"{"schemas": {"elf": {"if_pack": "elves", "extends": "unit"}}}"#,
    ];
    let shape = |definitions: &Definitions| {
        let hp = |record: slotted_definitions::RecordView<'_>| record.get("hp").unwrap_or_default();
        let slot =
            definitions.schema("unit").and_then(|unit| unit.slot("hp")).and_then(|hp| hp.default());
        (
            definitions.records().map(hp).collect::<Vec<_>>(),
            definitions.schemas().len(),
            slot.cloned(),
        )
    };
    let plain = shape(&patched(&[])?);
    for part in parts {
        for (file, text) in in_each_format(part) {
            // Two keys at the top of a TOML file are two lines.
            let text = text.replace("\"elves\", \"records\"", "\"elves\"\n\"records\"");
            let text = if file == "p.toml" { text } else { part.to_owned() };
            let files = [(file.to_owned(), text)];
            let without = with_core(&[]).pack_of_texts("more", files.clone()).load(&Store::new())?;
            assert_eq!(shape(&without), plain, "{file} {part}");
            let loader = with_core(&[("elves", "", "")]).pack_of_texts("more", files);
            assert_ne!(shape(&loader.load(&Store::new())?), plain, "{file} {part}");
        }
    }
    Ok(())
}

#[test]
fn a_condition_with_a_misspelt_pack_is_a_warning() -> Outcome {
    for part in [
        r#"{"if_pack": "coer", "records": {"unit": {"a": {"hp": 5}}}}"#,
        r#"{"records": {"unit": {"a": {"if_pack": ["core", "coer"], "hp": 5}}}}"#,
        r#"{"patches": {"schemas": {"unit": {"if_pack": "coer", "slots": {"hp": {"default": 5}}}}}}"#,
    ] {
        let loader = with_core(&[]).pack_of_texts("more", [("p.json", part)]);
        let warnings = loader.load(&Store::new())?.warnings().to_string();
        let expected = "no loaded pack has the name 'coer'; did you mean 'core'?";
        assert!(warnings.contains(expected), "{part}: {warnings}");
    }
    // Packs with other names may be loaded another time.
    let other = r#"{"if_pack": "elves", "records": {"unit": {"a": {"hp": 5}}}}"#;
    let loader = with_core(&[]).pack_of_texts("more", [("p.json", other)]);
    assert!(loader.load(&Store::new())?.warnings().is_empty());
    Ok(())
}

#[test]
fn a_condition_is_read_in_a_games_own_files() -> Outcome {
    let files = [
        ("pack.toml", "objects = { 'x.json' = 'unit' }"),
        ("x.json", r#"[{"hp": 5}, {"hp": 6, "if_pack": "elves"}]"#),
    ];
    let definitions = with_core(&[]).pack_of_texts("more", files).load(&Store::new())?;
    assert_eq!(definitions.records().len(), 4);
    Ok(())
}

#[test]
fn packs_that_do_not_know_each_other_are_warned_of() -> Outcome {
    let (strong, weak) = ("patches.records.unit.wolf.hp = 20", "patches.records.unit.wolf.hp = 5");
    let load = |manifest| with_core(&[("strong", "", strong), ("weak", manifest, weak)]);
    let definitions = load("requires = ['core']").load(&Store::new())?;
    let warnings = definitions.warnings();
    assert_eq!(
        messages(warnings),
        ["packs 'strong' and 'weak' both change slot 'hp' of record 'wolf'"]
    );
    assert_eq!(value(&definitions, "wolf", "hp"), 5.into(), "the later one wins");
    assert_eq!(warnings.diagnostics()[0].severity(), Severity::Warning);
    let refused =
        load("").conflicts(Conflicts::Refuse).load(&Store::new()).expect_err("a conflict");
    assert_eq!((refused.errors(), refused.diagnostics()[0].code()), (1, Code::Conflict));
    let allowed = load("").conflicts(Conflicts::Allow).load(&Store::new())?;
    assert!(allowed.warnings().is_empty());
    for manifest in ["requires = ['strong']", "after = ['strong']", "after = ['strong', 'core']"] {
        let known = load(manifest).conflicts(Conflicts::Refuse).load(&Store::new())?;
        assert!(known.warnings().is_empty(), "{manifest}");
        assert_eq!(value(&known, "wolf", "hp"), 5.into());
    }
    // Through a pack between them.
    let between = [
        ("strong", "", strong),
        ("mid", "after = ['strong']", ""),
        ("weak", "requires = ['mid']", weak),
    ];
    assert!(with_core(&between).load(&Store::new())?.warnings().is_empty());
    // The same value is no conflict.
    let same = with_core(&[("strong", "", strong), ("other", "", strong)]);
    assert!(same.load(&Store::new())?.warnings().is_empty());
    Ok(())
}

#[test]
fn schemas_are_told_apart_in_the_same_way() -> Outcome {
    let one = "patches.schemas.unit.slots.hp.range = [0.0, 500.0]";
    let two = "patches.schemas.unit.slots.hp.range = [0.0, 600.0]";
    let definitions = patched(&[("one", "", one), ("two", "", two)])?;
    let expected = "packs 'one' and 'two' both change 'range' of slot 'hp' of 'unit'";
    assert_eq!(messages(definitions.warnings()), [expected]);
    assert!(patched(&[("one", "", one), ("two", "after = ['one']", two)])?.warnings().is_empty());
    // b_06
    let one = "patches.schemas.unit.slots.mana = { kind = 'u8', default = 5 }";
    for two in ["{ kind = 'f32', default = 0.5 }", "'f32'"] {
        let two = format!("patches.schemas.unit.slots.mana = {two}");
        let packs = [("one", "", one), ("two", "", &*two)];
        let report = with_core(&packs).conflicts(Conflicts::Allow).load(&Store::new());
        let expected = "packs 'one' and 'two' give slot 'mana' of 'unit' different kinds";
        assert_eq!(messages(&report.expect_err("two kinds")), [expected]);
    }
    Ok(())
}

#[test]
fn a_replaced_value_keeps_changes_of_packs_that_it_does_not_know() -> Outcome {
    let set = "[patches.records.unit.wolf]\nhp = 50\ndrops = ['claw']";
    let change = "[patches.records.unit.wolf]\nhp = { times = 2 }\ndrops = { add = ['fang'] }";
    for packs in [
        [("set", "", set), ("change", "", change)],
        [("change", "", change), ("set", "", set)],
        [("set", "", set), ("change", "after = ['set']", change)],
    ] {
        let definitions = patched(&packs)?;
        assert_eq!(value(&definitions, "wolf", "hp"), 100.0.into(), "{packs:?}");
        assert_eq!(value(&definitions, "wolf", "drops"), texts(["claw", "fang"]), "{packs:?}");
        assert!(definitions.warnings().is_empty());
    }
    let definitions = patched(&[("change", "", change), ("set", "after = ['change']", set)])?;
    assert_eq!(value(&definitions, "wolf", "hp"), 50.into());
    assert_eq!(value(&definitions, "wolf", "drops"), texts(["claw"]));
    Ok(())
}

#[test]
fn one_pack_cannot_change_a_value_that_it_replaces() {
    let (set, change) =
        ("patches.records.unit.wolf.hp = 5", "patches.records.unit.wolf.hp.plus = 5");
    for files in [[set, change], [change, set], [set, set]] {
        let report = refused(&[("a.toml", CORE), ("b.toml", files[0]), ("c.toml", files[1])]);
        assert_eq!(messages(&report), ["one pack patches slot 'hp' of 'wolf' twice"]);
    }
    load(&[("a.toml", CORE), ("b.toml", change), ("c.toml", change)]).expect("changes combine");
}

#[test]
fn entries_of_maps_are_removed_by_their_keys() -> Outcome {
    let schema = "[schemas.unit.slots]\n\
        armor = { kind = 'map(f32)', default = {} }\n\
        ranks = { kind = 'map(enum, u8)', variants = ['a', 'b'], default = {} }\n\
        pals = { kind = 'map(object, u8)', default = {} }\n\
        [records.unit.wolf]\n\
        armor = { bash = 6, cut = 2, stab = 1 }\n\
        ranks = { a = 1, b = 2 }\n\
        pals = { fox = 1, wolf = 2 }\n\
        [records.unit.fox]\n";
    let patch = r#"{"patches": {"records": {"unit": {"wolf": {
        "armor": {"remove": ["bash", "stab"], "add": {"burn": 3}},
        "ranks": {"remove": ["a"]},
        "pals": {"remove": ["fox"]}
    }}}}}"#;
    for (path, patch) in in_each_format(patch) {
        let loaded = load(&[("a.toml", schema), (path, &patch)])?;
        assert!(loaded.warnings().is_empty(), "{path}: {}", loaded.warnings());
        let mut store = Store::new();
        let objects = loaded.spawn(&mut store)?;
        let (wolf, schema) = (objects.id("unit", "wolf").ok_or("no wolf")?, loaded.schema("unit"));
        let record = schema.ok_or("no schema")?.gather(&objects.to_record(&store, wolf)?);
        let map = |key: &str, value: Value| Value::from_iter([(key, value)]);
        let armor = [("cut", 2_f32), ("burn", 3_f32)].into_iter().collect::<Value>();
        assert_eq!(record.get("armor"), Some(&armor), "{path}");
        assert_eq!(record.get("ranks"), Some(&map("b", 2_u8.into())), "{path}");
        assert_eq!(record.get("pals"), Some(&map("wolf", 2_u8.into())), "{path}");
    }
    Ok(())
}

const SPELLS: &str = "
[schemas.spell.slots.effect]
tag = 'type'
optional = true
[schemas.spell.slots.effect.variants]
heal = { amount = 'f32', area = { kind = 'u8', optional = true } }
buff = { amount = 'u8', tags = { kind = 'list(text)', default = [] } }
rest = {}
[schemas.spell.slots]
cost.variants = { free = {}, mana = { amount = 'u8' } }
price = 'text | coin'
[schemas.spell.slots.inner.slots]
aura = { tag = 'type', variants = { glow = { power = 'u8' }, none = {} } }
[schemas.coin.slots]
worth = 'u8'
[records.spell.cure]
effect = { type = 'heal', amount = 2, area = 3 }
cost = { mana = { amount = 4 } }
price = { worth = 5 }
inner = { aura = { type = 'glow', power = 6 } }
[records.spell.bless]
inherits = 'cure'
effect = { type = 'buff', amount = 2, tags = ['holy'] }
";

#[test]
fn parts_of_a_variant_are_changed_alone() -> Outcome {
    let patch = r#"{"patches": {"records": {"spell": {
        "cure": {
            "effect": {"amount": {"times": 2.5}},
            "cost": {"mana": {"amount": {"plus": 1}}},
            "price": {"worth": {"plus": 2}},
            "inner": {"aura": {"power": {"times": 2}}}
        },
        "bless": {"effect": {"type": "buff", "amount": {"plus": 1}, "tags": {"add": ["warm"]}}}
    }}}}"#;
    for (path, patch) in in_each_format(patch) {
        let loaded = load(&[("a.toml", SPELLS), (path, &patch)])?;
        let mut store = Store::new();
        let objects = loaded.spawn(&mut store)?;
        let shown = |name: &str| -> Result<String, Box<dyn std::error::Error>> {
            let id = objects.id("spell", name).ok_or("no such record")?;
            let schema = loaded.schema("spell").ok_or("no schema")?;
            let record = schema.gather(&objects.to_record(&store, id)?);
            Ok(record.iter().map(|(name, value)| format!("{name}: {value}\n")).collect())
        };
        let rest = r#"cost: {"mana": {"amount": 5}}
inner: {"aura": {"type": "glow", "power": 12}}
price: {"worth": 7}
"#;
        let sorted = |text: &str| {
            let mut lines: Vec<_> = text.lines().map(str::to_owned).collect();
            lines.sort();
            lines
        };
        let cure = r#"effect: {"type": "heal", "amount": 5.0, "area": 3}"#;
        let cure = format!("{cure}\n{rest}");
        assert_eq!(sorted(&shown("cure")?), sorted(&cure), "{path}");
        let bless = r#"effect: {"type": "buff", "amount": 3, "tags": ["holy", "warm"]}"#;
        let bless = format!("{bless}\n{rest}");
        assert_eq!(sorted(&shown("bless")?), sorted(&bless), "{path}");
    }
    Ok(())
}

#[test]
fn a_part_that_the_variant_lacks_is_an_error() {
    let wrong = |patch: &str| {
        let patch = format!("patches.records.spell.{patch}");
        messages(&refused(&[("a.toml", SPELLS), ("b.toml", &patch)])).join("\n")
    };
    assert_eq!(
        wrong("cure.effect.tags.add = ['x']"),
        "slot 'effect' of 'cure' has no part 'tags' to change"
    );
    assert_eq!(
        wrong("cure.effect = { type = 'buff', amount = { plus = 1 } }"),
        "slot 'effect' of 'cure' has no part 'amount' to change"
    );
    assert_eq!(
        wrong("cure.effect.amonut.plus = 1"),
        "no variant of 'effect' of 'spell' has a part 'amonut' that takes this change; did you mean 'amount'?"
    );
    assert_eq!(
        wrong("cure.effect.amount.add = [1]"),
        "no variant of 'effect' of 'spell' has a part 'amount' that takes this change"
    );
}

/// The changes of one pack.
#[derive(Clone, Debug)]
struct Changes {
    added: Vec<u8>,
    removed: Vec<u8>,
    times: f64,
    plus: i32,
    variants: Vec<u8>,
}

fn changes() -> impl Strategy<Value = Changes> {
    let element = || vec(0..12_u8, 0..4);
    (element(), vec(0..12_u8, 0..2), 1..5_i32, -9..9_i32, element()).prop_map(
        |(added, removed, times, plus, variants)| Changes {
            added,
            removed,
            times: f64::from(times) / 2.0,
            plus,
            variants,
        },
    )
}

fn listed(elements: &[u8]) -> String {
    let names: Vec<_> = elements.iter().map(|element| format!("'e{element}'")).collect();
    format!("[{}]", names.join(", "))
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, ..ProptestConfig::default() })]

    /// The same packs lead to the same definitions in each load order.
    #[test]
    fn changes_of_independent_packs_do_not_depend_on_their_order(
        packs in vec(changes(), 1..5),
        order in Just((0..5_usize).collect::<Vec<_>>()).prop_shuffle(),
    ) {
        let text = |Changes { added, removed, times, plus, variants }: &Changes| {
            let (added, removed, variants) = (listed(added), listed(removed), listed(variants));
            format!(
                "patches.schemas.unit.slots.job.variants = {{ add = {variants} }}\n\
                 [patches.records.unit.wolf]\n\
                 drops = {{ add = {added}, remove = {removed} }}\n\
                 hp = {{ times = {times:?}, plus = {plus} }}\n\
                 level = {{ times = {times:?} }}\n"
            )
        };
        let texts: Vec<(String, String)> =
            packs.iter().enumerate().map(|(at, pack)| (format!("pack{at}"), text(pack))).collect();
        let found = |order: &[usize]| {
            let listed: Vec<_> = order
                .iter()
                .filter_map(|at| texts.get(*at))
                .map(|(name, text)| (&**name, "", &**text))
                .collect();
            let loaded = with_core(&listed).load(&Store::new());
            loaded.map(|loaded| {
                let unit = loaded.schema("unit").expect("the schema is declared");
                let job = unit.slot("job").expect("the slot is declared").kind().clone();
                let of = |slot| value(&loaded, "wolf", slot);
                (of("drops"), of("hp"), of("level"), job)
            }).map_err(|report| report.errors())
        };
        prop_assert_eq!(found(&[0, 1, 2, 3, 4]), found(&order));
    }
}

/// A plain value changes a part of the variant that the record has, with what belongs to the part.
#[test]
fn parts_of_a_variant_take_plain_values() -> Outcome {
    let schemas = "
[schemas.spell.slots.effect]
tag = 'type'
[schemas.spell.slots.effect.variants]
rest = {}
buff = { amount = 'f32' }
named = { amount = 'text' }
[schemas.spell.slots.effect.variants.heal]
amount = 'u8'
far = { kind = 'u8', optional = true }
who = { kind = 'object', optional = true }
area = { slots = { w = 'u8', h = 'u8' } }
drops = { kind = 'list', optional = true, slots = { n = 'u8', t = { kind = 'text', optional = true } } }
costs = { kind = 'map(u8)', optional = true }
pair = '(u8, text)'
";
    let records = r#"{"records": {"spell": {
        "cure": {"effect": {"type": "heal", "amount": 3, "area": {"w": 1, "h": 2}, "pair": [1, "x"]}},
        "heir": {"inherits": "cure", "effect": {
            "amount": 5, "who": "cure", "area": {"w": 7}, "drops": [{"n": 4}, {"n": 5, "t": "five"}],
            "costs": {"mana": 6}, "pair": [8, "y"]
        }},
        "second": {"inherits": "heir", "effect": {"amount": {"plus": 1}, "far": 9, "drops": []}}
    }}}"#;
    let patch = r#"{"patches": {"records": {"spell": {
        "cure": {"effect": {"amount": 4, "costs": {"gold": 2}}},
        "second": {"effect": {"area": {"h": 6}}}
    }}}}"#;
    let expected = r#"{"records": {"spell": {
        "cure": {"effect": {
            "type": "heal", "amount": 4, "area": {"w": 1, "h": 2}, "costs": {"gold": 2}, "pair": [1, "x"]
        }},
        "heir": {"effect": {
            "type": "heal", "amount": 5, "who": "cure", "area": {"w": 7, "h": 2},
            "drops": [{"n": 4}, {"n": 5, "t": "five"}], "costs": {"mana": 6}, "pair": [8, "y"]
        }},
        "second": {"effect": {
            "type": "heal", "amount": 6, "far": 9, "who": "cure", "area": {"w": 7, "h": 6}, "drops": [],
            "costs": {"mana": 6}, "pair": [8, "y"]
        }}
    }}}"#;
    let files = |records: &[(&str, &str)]| -> Result<String, Box<dyn std::error::Error>> {
        let files: Vec<_> = [("s.toml", schemas)].into_iter().chain(records.to_vec()).collect();
        let mut store = Store::new();
        let objects = load(&files)?.spawn(&mut store)?;
        Ok(objects.to_files(&store, slotted_definitions::Format::Json)?[0].1.clone())
    };
    let expected = files(&[("r.json", expected)])?;
    for (path, patch) in in_each_format(patch) {
        let found = files(&[("r.json", records), (path, &patch)])?;
        assert_eq!(found, expected, "{path}");
    }
    for (path, records) in in_each_format(records) {
        let found = files(&[(path, &records), ("p.json", patch)])?;
        assert_eq!(found, expected, "{path}");
    }
    Ok(())
}

#[test]
fn the_last_of_two_plain_values_of_a_part_wins_with_a_warning() -> Outcome {
    let core = "schemas.spell.slots.effect = { tag = 'type', variants = { heal = { n = 'u8' } } }\n\
                records.spell.cure.effect = { type = 'heal', n = 1 }";
    let patch = |value: &str| format!("patches.records.spell.cure.effect = {{ n = {value} }}");
    let texts = |value: &str| [("p.toml".to_owned(), patch(value))];
    let loader = slotted_definitions::Loader::new()
        .pack_of_texts("core", [("s.toml", core)])
        .pack_of_texts("a", texts("{ plus = 100 }"))
        .pack_of_texts("b", texts("20"))
        .pack_of_texts("c", texts("30"));
    let loaded = loader.load(&Store::new())?;
    let cure = loaded.record("spell", "cure").ok_or("no cure")?;
    assert_eq!(cure.get("effect@heal.n")?, 130.into());
    let messages: Vec<_> =
        loaded.warnings().diagnostics().iter().map(|one| one.message().to_owned()).collect();
    assert_eq!(messages, ["packs 'b' and 'c' both change slot 'effect@heal.n' of record 'cure'"]);
    Ok(())
}

#[test]
fn packs_that_replace_a_map_and_add_an_entry_of_it_are_named() -> Outcome {
    let core =
        "schemas.unit.slots.prices = { kind = 'map(u8)', default = {} }\nrecords.unit.wolf = {}\n";
    let load = |replaced: &str, added: &str, manifest: &str, is_first: bool| {
        let patch = |prices: &str| format!("patches.records.unit.wolf.prices = {prices}\n");
        let a = ("a", vec![("p.toml", patch(replaced))]);
        let b = ("b", vec![("p.toml", patch(added)), ("pack.toml", manifest.to_owned())]);
        let packs = if is_first { [a, b] } else { [b, a] };
        let loader = Loader::new().pack_of_texts("core", [("a.toml", core)]);
        let loader =
            packs.into_iter().fold(loader, |all, (name, files)| all.pack_of_texts(name, files));
        loader.load(&Store::new())
    };
    for is_first in [true, false] {
        let definitions = load("{ fur = 1 }", "{ add = { fur = 2 } }", "", is_first)?;
        let warnings = definitions.warnings();
        let expected = "packs 'a' and 'b' both add an entry to slot 'prices' of record 'wolf'";
        assert_eq!(messages(warnings), [expected]);
        assert_eq!(warnings.diagnostics()[0].code(), Code::Conflict);
        for (replaced, added, manifest) in [
            ("{ fur = 2 }", "{ add = { fur = 2 } }", ""),
            ("{ fur = 1 }", "{ add = { silk = 2 } }", ""),
            ("{ fur = 1 }", "{ add = { fur = 2 } }", "after = ['a']"),
        ] {
            let definitions = load(replaced, added, manifest, is_first)?;
            assert_eq!(messages(definitions.warnings()), [""; 0]);
        }
    }
    Ok(())
}
