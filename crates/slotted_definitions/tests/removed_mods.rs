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
    let never_missed = load(Undeclared::Refuse, &[schemas, the_mod, campaign])?;
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
        listed.extend([schemas, the_mod]);
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
