//! Objects and schemas that depend on a removed mod are kept aside, and come back with the mod.
#![cfg(all(feature = "json", feature = "toml", feature = "ron", feature = "yaml"))]

use std::collections::BTreeMap;
use std::error::Error;

use slotted::{Record, Store};
use slotted_definitions::{Definitions, Format, Loader, Objects, Undeclared};

type Outcome<T = ()> = Result<T, Box<dyn Error>>;
type Files<'f> = [(&'f str, &'f str)];

const FORMATS: [Format; 4] = [Format::Json, Format::Toml, Format::Ron, Format::Yaml];

fn load(policy: Undeclared, files: &Files<'_>) -> Outcome<Definitions> {
    let loader = Loader::new().pack_of_texts("game", files.iter().copied()).undeclared(policy);
    Ok(loader.load(&Store::new())?)
}

fn spawn(definitions: &Definitions) -> Outcome<(Store, Objects)> {
    let mut store = Store::new();
    let objects = definitions.spawn(&mut store)?;
    Ok((store, objects))
}

/// Returns the values of all objects by the names of their records, and those without names.
fn world(definitions: &Definitions) -> Outcome<(BTreeMap<String, String>, Vec<String>)> {
    let (store, objects) = spawn(definitions)?;
    let (mut named, mut nameless) = (BTreeMap::new(), Vec::new());
    for id in objects.ids() {
        let schema = store.schema_by_id(id.schema()).ok_or("no schema")?;
        let record: Record = schema.gather(&objects.to_record(&store, id)?);
        let record = format!("{} {record:?}", schema.name());
        match objects.record(id).and_then(|record| record.name()) {
            Some(name) => _ = named.insert(format!("{}/{name}", schema.name()), record),
            None => nameless.push(record),
        }
    }
    nameless.sort();
    Ok((named, nameless))
}

/// Removes the mod, writes all objects, loads and writes them again, and returns the mod: nothing is lost, in any format.
/// `left` are the records that stay without the mod.
fn comes_back(
    (schemas, the_mod, campaign): (&str, &str, &str),
    left: &[&str],
) -> Outcome<Vec<String>> {
    let (schemas, the_mod) = (("a.toml", schemas), ("m.toml", the_mod));
    let campaign = ("c.toml", campaign);
    let never_missed = load(Undeclared::Refuse, &[the_mod, schemas, campaign])?;
    let expected = world(&never_missed)?;
    let mut warnings = Vec::new();
    for format in FORMATS {
        let without = load(Undeclared::Quarantine, &[schemas, campaign])?;
        warnings =
            without.warnings().diagnostics().iter().map(|one| one.message().into()).collect();
        let names: Vec<_> = without.records().filter_map(|record| record.name()).collect();
        assert_eq!(names, left, "{format}");
        let (store, objects) = spawn(&without)?;
        let mut files = objects.to_files(&store, format)?;
        for _ in 0..2 {
            let mut listed: Vec<_> = files.iter().map(|(path, text)| (&**path, &**text)).collect();
            listed.push(schemas);
            let without = load(Undeclared::Quarantine, &listed)
                .map_err(|error| format!("{format}: {error}\n{files:?}"))?;
            let (store, objects) = spawn(&without)?;
            assert_eq!(objects.len(), spawn(&without)?.1.len());
            files = objects.to_files(&store, format)?;
        }
        let mut listed: Vec<_> = files.iter().map(|(path, text)| (&**path, &**text)).collect();
        listed.extend([the_mod, schemas]);
        let again = load(Undeclared::Refuse, &listed)
            .map_err(|error| format!("{format}: {error}\n{files:?}"))?;
        assert!(again.warnings().is_empty(), "{format}: {}", again.warnings());
        assert_eq!(world(&again)?, expected, "{format} {files:#?}");
    }
    Ok(warnings)
}

const SCHEMAS: &str = "
[schemas.unit.slots]
hp = { kind = 'f32', default = 1.0 }
job = { variants = ['farmer', 'smith'], default = 'farmer' }
friends = { kind = 'list(object)', default = [] }
target = { kind = 'object', optional = true }
home = { kind = 'map(text, object)', default = {} }
[schemas.unit.slots.weapon]
optional = true
slots = { maker = 'object', power = 'u8' }
[schemas.servant]
extends = 'unit'
slots = { master = 'object' }
[schemas.lackey]
extends = 'unit'
slots = { master = 'object' }
[schemas.guild.slots]
members = 'list(object)'
note = { kind = 'text', optional = true, default = 'old' }
[schemas.chest.slots.drops]
kind = 'list'
slots = { item = 'object', chance = { kind = 'f32', optional = true } }
[schemas.spell.slots.effect]
tag = 'type'
variants = { summon = { what = 'object', count = 'u8' }, rest = {} }
";

const ORCS: &str = "
[records.unit.orc]
hp = 9.0
[records.unit.troll]
hp = 19.0
";

#[test]
fn objects_that_need_a_removed_record_come_back_whole() -> Outcome {
    let campaign = "
[records.unit.hero]
target = 'page'
friends = ['page', 'orc']
[records.servant.page]
master = 'orc'
hp = 3.0
friends = ['hero']
[records.servant.boy]
master = 'page'
[records.servant.groom]
inherits = 'page'
master = 'hero'
[records.servant.pair]
inherits = 'page'
job = 'smith'
[records.servant.template]
abstract = true
master = 'troll'
[records.servant.of_template]
inherits = 'template'
[records.servant.other_of_template]
inherits = 'template'
master = 'hero'
[records.servant.ring_1]
master = 'ring_2'
[records.servant.ring_2]
master = 'ring_1'
target = 'boy'
[[records.lackey]]
master = 'boy'
hp = 77.0
[[records.lackey]]
master = 'hero'
[records.guild.thieves]
members = ['hero', 'orc', 'boy']
[records.guild.friends]
members = ['hero']
[patches.records.servant.boy]
hp = 8.0
";
    let left = ["hero", "groom", "template", "other_of_template", "ring_1", "ring_2", "friends"];
    let mut warnings = comes_back((SCHEMAS, ORCS, campaign), &left)?;
    warnings.sort();
    let expected = [
        "slot 'friends' of 'unit' refers to 'orc', which does not exist",
        "slot 'master' of 'lackey' refers to 'boy', which is quarantined itself",
        "slot 'master' of 'servant' refers to 'orc', which does not exist",
        "slot 'master' of 'servant' refers to 'page', which is quarantined itself",
        "slot 'master' of 'servant' refers to 'troll', which does not exist",
        "slot 'members' of 'guild' refers to 'orc', which does not exist",
        "slot 'target' of 'servant' refers to 'boy', which is quarantined itself",
        "slot 'target' of 'unit' refers to 'page', which is quarantined itself",
    ];
    assert_eq!(warnings, expected);
    Ok(())
}

#[test]
fn nested_values_with_a_removed_record_come_back() -> Outcome {
    let campaign = "
[records.unit.hero]
home = { town = 'orc', road = 'hero' }
weapon = { maker = 'orc', power = 5 }
[records.chest.box]
drops = [{ item = 'hero', chance = 0.5 }, { item = 'orc' }]
[records.chest.crate]
drops = [{ item = 'box' }]
[records.chest.barrel]
drops = [{ item = 'hero' }]
[records.spell.call]
effect = { type = 'summon', what = 'orc', count = 3 }
[records.spell.sleep]
effect = { type = 'rest' }
";
    comes_back((SCHEMAS, ORCS, campaign), &["hero", "barrel", "sleep"])?;
    Ok(())
}

#[test]
fn changes_and_deletions_with_removed_records_come_back() -> Outcome {
    let campaign = "
[records.unit.hero]
friends = ['hero']
[records.unit.page]
inherits = 'orc'
[records.guild.thieves]
members = ['hero']
[records.chest.box]
drops = [{ item = 'hero' }]
[patches.records.unit.hero]
friends = { add = ['troll'] }
[patches.records.guild.thieves]
members = { add = ['box', 'troll'] }
[patches.records.chest.box]
drops = { add = [{ item = 'troll', chance = 0.25 }, { item = 'hero', chance = 1.0 }] }
[patches.delete]
unit = ['orc', 'page']
";
    comes_back((SCHEMAS, ORCS, campaign), &["hero", "thieves", "box"])?;
    Ok(())
}

#[test]
fn schemas_of_a_removed_mod_and_those_that_extend_them_come_back() -> Outcome {
    let the_mod = "
[schemas.orc]
extends = 'unit'
[schemas.orc.slots]
rage = { kind = 'u8', default = 1 }
[records.orc.grunt]
rage = 5
";
    let schemas = format!(
        "{SCHEMAS}
[schemas.chief]
extends = 'orc'
slots = {{ rank = 'u8', tribe = {{ kind = 'object', references = 'orc', optional = true }} }}
[schemas.high_chief]
extends = 'chief'
[schemas.tribe.slots]
boss = {{ kind = 'object', references = 'orc' }}
[patches.schemas.orc.slots]
mana = {{ kind = 'u8', default = 2 }}
[patches.schemas.chief.slots]
gold = {{ kind = 'u8', default = 3 }}
"
    );
    let campaign = "
[records.unit.hero]
target = 'grom'
[records.orc.peon]
mana = 7
[records.chief.grom]
rank = 3
gold = 4
[records.high_chief.thrall]
inherits = 'grom'
tribe = 'grunt'
[records.tribe.frostwolf]
boss = 'thrall'
[patches.records.orc.grunt]
mana = { plus = 1 }
";
    let warnings = comes_back((&schemas, the_mod, campaign), &["hero"])?;
    let about = |part: &str| warnings.iter().filter(|one| one.contains(part)).count();
    assert_eq!(about("schema 'chief' extends 'orc', which does not exist"), 1, "{warnings:#?}");
    assert_eq!(about("unknown schema 'chief'"), 0, "{warnings:#?}");
    assert_eq!(about("cannot patch unknown schema 'orc'"), 1, "{warnings:#?}");
    Ok(())
}

#[test]
fn ignored_records_are_left_out_and_refused_ones_are_errors() -> Outcome {
    let files = [
        ("a.toml", SCHEMAS),
        ("c.toml", "records.servant.page.master = 'orc'\nrecords.servant.boy.master = 'page'\n"),
    ];
    let ignored = load(Undeclared::Ignore, &files)?;
    assert_eq!(ignored.records().len(), 0);
    assert_eq!(ignored.warnings().warnings(), 2, "{}", ignored.warnings());
    let (store, objects) = spawn(&ignored)?;
    assert!(objects.to_files(&store, Format::Json)?.is_empty());
    let refused = load(Undeclared::Refuse, &files).err().ok_or("the master is missing")?;
    let refused = refused.to_string();
    assert!(refused.contains("slot 'master' of 'servant' refers to 'orc', which does not exist"));
    Ok(())
}

/// Each step of a chain that looked at all records would take minutes.
#[test]
fn long_chains_of_needed_records_are_kept_aside_in_linear_time() -> Outcome {
    const RECORDS: usize = 10_000;
    let mut text = "records:\n  servant:\n".to_owned();
    for number in 0..RECORDS {
        let master = if number == 0 { "gone".to_owned() } else { format!("s{}", number - 1) };
        text.push_str(&format!("    s{number}: {{ master: {master}, friends: [s0] }}\n"));
    }
    text.push_str("    lord: { master: lord, friends: [");
    (0..RECORDS).for_each(|number| text.push_str(&format!("s{number}, ")));
    text.push_str("] }\n");
    let definitions = load(Undeclared::Quarantine, &[("a.toml", SCHEMAS), ("b.yaml", &text)])?;
    let names: Vec<_> = definitions.records().filter_map(|record| record.name()).collect();
    assert_eq!(names, ["lord"]);
    Ok(())
}

#[test]
fn a_kept_value_that_the_format_cannot_represent_is_an_error() -> Outcome {
    let records = r#"{"records": {"gone": {"x": {"kept": {"a": null}}}}}"#;
    let (store, objects) = spawn(&load(Undeclared::Quarantine, &[("r.json", records)])?)?;
    let error = objects.to_files(&store, Format::Toml).err().ok_or("TOML has no null")?;
    assert_eq!(
        error.to_string(),
        "cannot write TOML: it cannot represent the value {\"a\": unset} of slot 'kept' of a \
         quarantined record of 'gone': 'x'"
    );
    assert!(objects.to_files(&store, Format::Json)?[0].1.contains("null"));
    Ok(())
}

const SLOTS: &str = "
[schemas.unit.slots]
hp = { kind = 'u8', default = 3 }
drops = { kind = 'list', default = [], slots = { n = 'u8' } }
prices = { kind = 'map', default = {}, slots = { n = 'u8' } }
bag = { optional = true, slots = { n = 'u8' } }
effect = { optional = true, tag = 'type', variants = { heal = { n = 'u8' }, rest = {} } }
";

#[test]
fn parts_of_a_removed_mod_come_back_in_every_nested_value() -> Outcome {
    let slots = "slots = { x = { kind = 'u8', optional = true } }";
    let variants = "variants = { add = { heal = { x = { kind = 'u8', optional = true } } } }";
    let cases = [
        ("drops", slots, "[{ n = 1, x = 2 }, { n = 3 }, { n = 4, x = 5 }]"),
        ("prices", slots, "{ k = { n = 1, x = 2 }, l = { n = 3 } }"),
        ("bag", slots, "{ n = 4, x = 2 }"),
        ("effect", variants, "{ type = 'heal', n = 3, x = 4 }"),
    ];
    for (slot, parts, value) in cases {
        let the_mod = format!("patches.schemas.unit.slots.{slot} = {{ {parts} }}");
        let campaign = format!(
            "records.unit.own.{slot} = {value}\nrecords.unit.heir = {{ inherits = 'own', hp = 9 }}"
        );
        let warnings = comes_back((SLOTS, &the_mod, &campaign), &["own", "heir"])?;
        assert_eq!(warnings.len(), 1, "{slot}: {warnings:#?}");
    }
    let changes = "
[records.unit]
a.drops = [{ n = 1 }, { n = 2, x = 2 }]
b.drops = [{ n = 1 }]
[patches.records.unit]
a.drops = { add = [{ n = 8 }] }
b.drops = { add = [{ n = 8, x = 7 }], remove = [{ n = 1 }] }
";
    let the_mod = format!("patches.schemas.unit.slots.drops = {{ {slots} }}");
    comes_back((SLOTS, &the_mod, changes), &["a", "b"])?;
    Ok(())
}

#[test]
fn changes_of_parts_of_a_removed_mod_come_back() -> Outcome {
    let the_mod = "
[patches.schemas.unit.slots]
effect = { variants = { add = { heal = { x = { kind = 'u8', default = 1 }, y = { kind = 'text', optional = true } } } } }
";
    let campaign = "
[records.unit.own]
effect = { type = 'heal', n = 3 }
[records.unit.base]
effect = { type = 'heal', n = 4 }
[records.unit.heir]
inherits = 'base'
effect = { n = 5, y = 'text' }
[patches.records.unit.own]
effect = { x = { plus = 2 }, n = { plus = 1 }, y = 'other' }
";
    comes_back((SLOTS, the_mod, campaign), &["own", "base", "heir"])?;
    Ok(())
}

/// The value of the game wins over one that is kept.
#[test]
fn a_list_that_the_game_has_changed_is_written_without_kept_parts() -> Outcome {
    let records = "records.unit.own.drops = [{ n = 1, x = 2 }, { n = 3 }]";
    let (mut store, objects) =
        spawn(&load(Undeclared::Quarantine, &[("a.toml", SLOTS), ("r.toml", records)])?)?;
    let own = objects.id("unit", "own").ok_or("no record")?;
    store.set_value(own, "drops[].n", slotted::Value::List([7.into(), 3.into()].into()))?;
    let files = objects.to_files(&store, Format::Json)?;
    assert!(files[0].1.contains('7') && !files[0].1.contains("\"x\""), "{files:?}");
    Ok(())
}

const JOBS: &str = "
[schemas.unit.slots]
hp = { kind = 'u8', default = 3 }
job = { variants = ['farmer', 'smith'] }
jobs = { kind = 'list(enum)', variants = ['farmer', 'smith'] }
tagged = { tag = 'type', variants = { heal = { n = 'u8' }, rest = {} } }
named = { variants = { heal = { n = 'u8' }, rest = {} } }
friend = { kind = 'object', optional = true }
[schemas.unit.slots.drops]
kind = 'list'
slots = { job = { variants = ['a', 'b'] }, named = { variants = { heal = {}, rest = {} } } }
[schemas.servant.slots]
master = 'object'
";

#[test]
fn records_that_need_a_variant_of_a_removed_mod_come_back_whole() -> Outcome {
    let the_mod = "
[patches.schemas.unit.slots]
job = { variants = { add = ['elven'] } }
jobs = { variants = { add = ['elven'] } }
tagged = { variants = { add = { fly = { speed = 'u8' } } } }
named = { variants = { add = { fly = { speed = 'u8' } } } }
drops = { slots = { job = { variants = { add = ['c'] } }, named = { variants = { add = { fly = {} } } } } }
";
    let values = [
        ("job", "'smith'", "'elven'"),
        ("jobs", "['smith']", "['smith', 'elven']"),
        ("tagged", "{ type = 'heal', n = 3 }", "{ type = 'fly', speed = 3 }"),
        ("named", "'rest'", "{ fly = { speed = 3 } }"),
        ("drops", "[{ job = 'a', named = 'rest' }]", "[{ job = 'a', named = 'fly' }]"),
        ("drops", "[{ job = 'a', named = 'rest' }]", "[{ job = 'c', named = 'rest' }]"),
    ];
    let all = |lost: &str, value: &str| -> String {
        let of = |(name, good, _): &(&str, &str, &str)| {
            format!("{name} = {}\n", if *name == lost { value } else { good })
        };
        values[..5].iter().map(of).collect()
    };
    let good = all("", "");
    for (slot, _, lost) in values {
        let campaign = format!(
            "
[records.unit.lone]
friend = 'lost'
{good}
[records.unit.lost]
{}
[records.unit.heir]
inherits = 'lost'
hp = 9
[records.unit.other_heir]
inherits = 'lost'
{good}
[records.servant.page]
master = 'heir'
[records.unit.patched]
{good}
[patches.records.unit.patched]
{slot} = {lost}
",
            all(slot, lost)
        );
        let left = ["lone", "other_heir", "patched"];
        let warnings = comes_back((JOBS, the_mod, &campaign), &left)?;
        let about = |part: &str| warnings.iter().filter(|one| one.contains(part)).count();
        assert_eq!(about("which is quarantined itself"), 2, "{slot}: {warnings:#?}");
        let files = [("a.toml", JOBS), ("c.toml", &*campaign)];
        let ignored = load(Undeclared::Ignore, &files)?;
        let names: Vec<_> = ignored.records().filter_map(|record| record.name()).collect();
        assert_eq!(names, left, "{slot}");
        assert!(load(Undeclared::Refuse, &files).is_err(), "{slot}");
    }
    Ok(())
}

/// Every place of a kind that can be the schema of a removed mod, with a value.
const NEEDING: [(&str, &str); 21] = [
    ("'gear'", "{ n = 1 }"),
    ("{ kind = 'gear', optional = true }", "{ n = 1 }"),
    ("'list(gear)'", "[{ n = 1 }, { n = 2 }]"),
    ("'list(list(gear))'", "[[{ n = 1 }], []]"),
    ("{ kind = 'list(gear)', one_or_list = true }", "[{ n = 1 }]"),
    ("'map(gear)'", "{ a = { n = 1 } }"),
    ("'map(text, list(gear))'", "{ a = [{ n = 1 }] }"),
    ("'(u8, gear)'", "[7, { n = 1 }]"),
    ("'u8 | gear'", "{ n = 1 }"),
    ("'u8 | gear'", "7"),
    ("'list(gear | f32)'", "[{ n = 1 }, 2.5]"),
    ("'plain | gear'", "{ gear = { n = 1 } }"),
    ("{ kind = 'plain | gear', tag = 'type' }", "{ type = 'plain', p = 2 }"),
    ("{ kind = 'u8 | plain | gear', tag = 'type' }", "{ type = 'gear', n = 1 }"),
    ("{ slots = { part = 'gear', own = 'u8' } }", "{ part = { n = 1 }, own = 2 }"),
    ("{ kind = 'list', slots = { part = 'gear' } }", "[{ part = { n = 1 } }]"),
    ("{ kind = 'list', slots = { part = 'list(gear)', own = 'u8' } }", "[{ part = [], own = 2 }]"),
    ("{ kind = 'map', slots = { part = 'gear' } }", "{ a = { part = { n = 1 } } }"),
    ("{ tag = 'type', variants = { a = { part = 'gear' }, b = {} } }", "{ type = 'b' }"),
    ("{ variants = { a = 'gear', b = {} } }", "{ a = { n = 1 } }"),
    ("{ kind = '(gear, record)', slots = { own = 'u8' } }", "[{ n = 1 }, { own = 2 }]"),
];

#[test]
fn slots_of_a_removed_schema_come_back_with_their_values() -> Outcome {
    let the_mod = "schemas.gear.slots.n = 'u8'";
    for (kind, value) in NEEDING {
        let schemas = format!(
            "
[schemas.plain.slots]
p = 'u8'
[schemas.unit.slots]
hp = 'u8'
s = {kind}
[schemas.orc]
extends = 'unit'
[schemas.squad.slots]
leader = {{ kind = 'unit', optional = true }}
members = {{ kind = 'list(unit)', default = [] }}
"
        );
        let campaign = format!(
            "
[records.unit.own]
hp = 1
s = {value}
[records.unit.heir]
inherits = 'own'
hp = 2
[records.orc.grunt]
hp = 3
s = {value}
[records.unit.patched]
hp = 4
[patches.records.unit.patched]
s = {value}
[records.squad.group]
leader = {{ hp = 5, s = {value} }}
members = [{{ hp = 6, s = {value} }}]
"
        );
        let left = ["own", "heir", "patched", "grunt", "group"];
        let warnings = comes_back((&schemas, the_mod, &campaign), &left)
            .map_err(|error| format!("{kind}: {error}"))?;
        let about = |part: &str| warnings.iter().filter(|one| one.contains(part)).count();
        assert_eq!(about("has the kind 'gear', which does not exist"), 1, "{kind}: {warnings:#?}");
        assert_eq!(about("'unit' object has no slot"), 0, "{kind}: {warnings:#?}");
        let files = [("a.toml", &*schemas), ("c.toml", &*campaign)];
        assert_eq!(load(Undeclared::Ignore, &files)?.records().len(), left.len(), "{kind}");
        assert!(load(Undeclared::Refuse, &files).is_err(), "{kind}");
    }
    Ok(())
}

#[test]
fn changes_of_slots_of_a_removed_mod_in_schemas_come_back() -> Outcome {
    let the_mod = "
[patches.schemas.unit.slots]
mana = { kind = 'u8', default = 1 }
mood = { variants = ['calm'], default = 'calm' }
spell = { optional = true, variants = { heal = { n = 'u8' } } }
drops = { slots = { rare = { kind = 'bool', default = false } } }
gear = { optional = true, slots = { weight = { kind = 'u8', default = 1 } } }
";
    let schemas = format!(
        "{SLOTS}
[patches.schemas.unit.slots]
mana = {{ default = 5 }}
mood = {{ variants = {{ add = ['angry'] }} }}
spell = {{ variants = {{ add = {{ fly = {{ speed = 'u8' }} }}, remove = ['heal'] }} }}
drops = {{ slots = {{ rare = {{ default = true }} }} }}
gear = {{ slots = {{ weight = {{ default = 3 }} }} }}
[schemas.orc]
extends = 'unit'
slots = {{ mana = {{ default = 7 }} }}
"
    );
    let campaign = "
[records.unit.grunt]
mood = 'angry'
mana = 2
spell = { fly = { speed = 3 } }
drops = [{ n = 1 }, { n = 2, rare = false }]
gear = {}
[records.orc.chief]
[patches.records.unit.grunt]
mana = { plus = 1 }
";
    let warnings = comes_back((&schemas, the_mod, campaign), &["grunt", "chief"])?;
    let about = |part: &str| warnings.iter().filter(|one| one.contains(part)).count();
    assert_eq!(about("no file declares slot"), 6, "{warnings:#?}");
    assert_eq!(warnings.len(), 6, "{warnings:#?}");
    let misspelt = "schemas.unit.slots.hp = { default = 1 }";
    assert!(load(Undeclared::Quarantine, &[("a.toml", misspelt)]).is_err());
    Ok(())
}

#[test]
fn changes_of_parts_of_removed_records_come_back() -> Outcome {
    let the_mod = "
[records.unit.orc]
bag = { n = 4 }
drops = [{ n = 1 }]
effect = { type = 'heal', n = 3 }
";
    let campaign = "
[patches.records.unit.orc]
bag = { n = { plus = 2 } }
drops = { add = [{ n = 2 }] }
effect = { n = { times = 2 } }
";
    comes_back((SLOTS, the_mod, campaign), &[])?;
    Ok(())
}

/// Each change looks at all bases of its schema.
#[test]
fn changes_of_missing_slots_in_a_long_chain_of_schemas_take_bounded_time() -> Outcome {
    const SCHEMAS: usize = 1000;
    let slots: String = (0..10).map(|at| format!("m{at}.default = 1\n")).collect();
    let extending = |at: usize| {
        format!("[schemas.s{at}]\nextends = 's{}'\n[schemas.s{at}.slots]\n{slots}", at - 1)
    };
    let text: String = (1..SCHEMAS).map(extending).collect();
    let text = format!("schemas.s0.slots.hp = 'u8'\n{text}");
    let loaded = load(Undeclared::Ignore, &[("a.toml", &text)])?;
    assert_eq!(loaded.warnings().warnings(), (SCHEMAS - 1) * 10);
    Ok(())
}

#[test]
fn a_record_that_is_kept_aside_is_defined_once() -> Outcome {
    let schemas = ("a.toml", "[schemas.unit.slots]\nhp = { kind = 'u8', default = 1 }\n");
    let kept = "[records.unit.orc]\ninherits = 'lost'\n";
    let of_lost = "[records.lost.orc]\nhp = 3\n";
    let whole = "[records.unit.orc]\nhp = 2\n";
    for (first, second) in [(kept, kept), (of_lost, of_lost), (kept, whole), (whole, kept)] {
        for policy in [Undeclared::Quarantine, Undeclared::Ignore] {
            let loaded = load(policy, &[schemas, ("b.toml", first), ("c.toml", second)]);
            let error = loaded.err().ok_or("two records of one name")?.to_string();
            assert!(error.contains("record 'orc' of"), "{error}");
            assert!(error.contains("is defined twice"), "{error}");
            assert!(load(policy, &[schemas, ("b.toml", first)]).is_ok());
        }
    }
    assert!(
        load(Undeclared::Quarantine, &[schemas, ("b.toml", kept), ("c.toml", of_lost)]).is_ok()
    );
    Ok(())
}
