//! Quarantined data survives loading and writing: removing a mod does not destroy its data.
#![cfg(all(feature = "json", feature = "toml", feature = "ron", feature = "yaml"))]

use std::error::Error;

use slotted::{Store, record};
use slotted_definitions::infer::SameData;
use slotted_definitions::{Definitions, Format, Loader, Objects, Undeclared};

type Outcome = Result<(), Box<dyn Error>>;

const SCHEMAS: &str = "
[schemas.unit.slots]
hp = { kind = 'f32', default = 1.0 }
job = { variants = ['farmer', 'smith'], default = 'farmer' }
friends = { kind = 'list(object)', default = [] }
target = { kind = 'object', optional = true }
";

fn load(files: &[(&str, &str)]) -> Result<Definitions, Box<dyn Error>> {
    let loader = Loader::new().pack_of_texts("game", files.iter().copied());
    Ok(loader.undeclared(Undeclared::Quarantine).load(&Store::new())?)
}

fn spawn(definitions: &Definitions) -> Result<(Store, Objects), Box<dyn Error>> {
    let mut store = Store::new();
    let objects = definitions.spawn(&mut store)?;
    Ok((store, objects))
}

#[test]
fn variants_and_lists_of_a_removed_mod_are_written_back() -> Outcome {
    let records = "
[records.unit.grunt]
job = 'elven'
friends = ['elf', 'thrall']
target = 'elf'
[records.unit.thrall]
";
    let definitions = load(&[("s.toml", SCHEMAS), ("r.toml", records)])?;
    assert_eq!(definitions.warnings().warnings(), 3, "{}", definitions.warnings());
    let (mut store, objects) = spawn(&definitions)?;
    let grunt = objects.id("unit", "grunt").ok_or("no grunt")?;
    assert_eq!(store.get_value(grunt, "job")?, "farmer".into(), "the default replaces it");
    let expected = record! { hp: 1.0, job: "elven", friends: ["elf", "thrall"], target: "elf" };
    for format in [Format::Json, Format::Toml, Format::Ron, Format::Yaml] {
        let mut files = objects.to_files(&store, format)?;
        files.push(("s.toml".to_owned(), SCHEMAS.to_owned()));
        let files: Vec<_> = files.iter().map(|(path, text)| (&**path, &**text)).collect();
        let (again, objects) = spawn(&load(&files)?)?;
        let grunt = objects.id("unit", "grunt").ok_or("no grunt")?;
        let found = objects.to_record(&again, grunt)?;
        assert!(found.is_same_data(&expected), "{format}: {found:?}");
    }
    // The value of the game wins.
    store.set_value(grunt, "job", "smith")?;
    assert_eq!(objects.to_record(&store, grunt)?.get("job"), Some(&"smith".into()));
    Ok(())
}

#[test]
fn quarantined_values_of_an_abstract_record_are_inherited() -> Outcome {
    let records = "
[records.unit.base]
abstract = true
hp = 2.0
mood = 'angry'
[records.unit.grunt]
inherits = 'base'
[records.unit.calm]
inherits = 'base'
mood = 'calm'
";
    let (store, objects) = spawn(&load(&[("s.toml", SCHEMAS), ("r.toml", records)])?)?;
    let mood = |name| -> Result<_, Box<dyn Error>> {
        let id = objects.id("unit", name).ok_or("no such record")?;
        Ok(objects.to_record(&store, id)?.get("mood").cloned())
    };
    assert_eq!(mood("grunt")?, Some("angry".into()));
    assert_eq!(mood("calm")?, Some("calm".into()));
    Ok(())
}

#[test]
fn quarantined_or_unset_values_prevent_inherited_ones() -> Outcome {
    let records = r#"{"records": {"unit": {
        "base": {"job": "smith", "target": "boss", "friends": ["boss"]},
        "boss": {},
        "lone": {"inherits": "base", "target": null},
        "lost": {"inherits": "base", "job": "elven", "target": "elf", "friends": ["elf"]}
    }}}"#;
    let (store, objects) = spawn(&load(&[("s.toml", SCHEMAS), ("r.json", records)])?)?;
    let id = |name| objects.id("unit", name).ok_or("no such record");
    assert!(store.get_value(id("lone")?, "target")?.is_unset());
    assert!(store.get_value(id("lost")?, "target")?.is_unset());
    assert_eq!(store.get_value(id("lost")?, "job")?, "farmer".into());
    let lost = objects.to_record(&store, id("lost")?)?;
    let expected = record! { hp: 1.0, job: "elven", target: "elf", friends: ["elf"] };
    assert!(lost.is_same_data(&expected), "{lost:?}");
    Ok(())
}

#[test]
fn a_patch_replaces_quarantined_values() -> Outcome {
    let records = "
[records.unit.grunt]
job = 'elven'
[patches.records.unit.grunt]
job = 'farmer'
[patches.records.gone.x]
hp = 1.0
";
    let definitions = load(&[("s.toml", SCHEMAS), ("r.toml", records)])?;
    assert!(definitions.warnings().to_string().contains("its patches are quarantined"));
    let (store, objects) = spawn(&definitions)?;
    let grunt = objects.id("unit", "grunt").ok_or("no grunt")?;
    assert_eq!(objects.to_record(&store, grunt)?.get("job"), Some(&"farmer".into()));
    Ok(())
}

#[test]
fn f32_values_are_written_with_enough_digits() -> Outcome {
    let (mut store, objects) =
        spawn(&load(&[("s.toml", SCHEMAS), ("r.toml", "records.unit.grunt = {}")])?)?;
    let grunt = objects.id("unit", "grunt").ok_or("no grunt")?;
    for bits in [0x15ae_43fd, 0x0000_0001, 0x7f7f_ffff, 0x3eb3_3333, 0x8000_0000_u32] {
        let number = f32::from_bits(bits);
        store.set_value(grunt, "hp", number)?;
        for format in [Format::Json, Format::Toml, Format::Ron, Format::Yaml] {
            let files = objects.to_files(&store, format)?;
            let files = [("s.toml", SCHEMAS), (&*files[0].0, &*files[0].1)];
            let (again, objects) = spawn(&load(&files)?)?;
            let grunt = objects.id("unit", "grunt").ok_or("no grunt")?;
            assert_eq!(again.get_value(grunt, "hp")?, number.into(), "{format} {bits:x}");
        }
    }
    Ok(())
}

#[test]
fn a_reference_with_its_schema_means_exactly_that_schema() -> Outcome {
    let records = "
[schemas.orc]
extends = 'unit'
[records.unit.grunt]
[records.orc.grunt]
[records.unit.boss]
target = 'unit/grunt'
";
    let (store, objects) = spawn(&load(&[("s.toml", SCHEMAS), ("r.toml", records)])?)?;
    let boss = objects.id("unit", "boss").ok_or("no boss")?;
    let grunt = objects.id("unit", "grunt").ok_or("no grunt")?;
    assert_eq!(store.get_value(boss, "target")?, grunt.into());
    assert_eq!(objects.to_record(&store, boss)?.get("target"), Some(&"unit/grunt".into()));
    Ok(())
}

/// Ids of games have slashes, such as `block/stone`.
#[test]
fn names_with_slashes_are_names_unless_they_could_mean_another_record() -> Outcome {
    let records = "
[schemas.orc]
extends = 'unit'
[records.unit.'orc/grunt']
[records.unit.'a/b/c']
[records.orc.'a/b/c']
[records.unit.boss]
target = 'orc/grunt'
[records.unit.chief]
target = 'orc/a/b/c'
";
    let (mut store, objects) = spawn(&load(&[("s.toml", SCHEMAS), ("r.toml", records)])?)?;
    for (from, to, schema) in [("boss", "orc/grunt", "unit"), ("chief", "a/b/c", "orc")] {
        let of = objects.id("unit", from).ok_or("no such record")?;
        let target = objects.id(schema, to).ok_or("no such record")?;
        assert_eq!(store.get_value(of, "target")?, target.into());
    }
    for format in [Format::Json, Format::Toml, Format::Ron, Format::Yaml] {
        let files = objects.to_files(&store, format)?;
        let files = files.iter().map(|(path, text)| (&**path, &**text));
        let files: Vec<_> = [("s.toml", SCHEMAS), ("o.toml", "schemas.orc.extends = 'unit'")]
            .into_iter()
            .chain(files)
            .collect();
        let (mut again, _) = spawn(&load(&files)?)?;
        assert_eq!(again.state_hash(), store.state_hash(), "{format:?}");
    }
    for both in [
        "[records.orc.grunt]\n[records.unit.'orc/grunt']",
        "[records.unit.'orc/grunt']\n[records.orc.grunt]",
    ] {
        let both = format!("schemas.orc.extends = 'unit'\n{both}");
        let error = load(&[("s.toml", SCHEMAS), ("r.toml", &both)]).expect_err("two records");
        let expected = "a reference 'orc/grunt' could mean two records";
        assert!(error.to_string().contains(expected), "{error}");
    }
    Ok(())
}

#[test]
fn an_unset_optional_slot_is_not_reset_to_its_default() -> Outcome {
    let schema = "schemas.unit.slots.x = { kind = 'u8', optional = true, default = 5 }";
    let records = "records.unit.grunt = {}";
    let (mut store, objects) = spawn(&load(&[("s.toml", schema), ("r.toml", records)])?)?;
    let grunt = objects.id("unit", "grunt").ok_or("no grunt")?;
    store.set_value(grunt, "x", slotted::Value::Unset)?;
    for format in [Format::Json, Format::Ron, Format::Yaml] {
        let files = objects.to_files(&store, format)?;
        let (again, objects) = spawn(&load(&[("s.toml", schema), (&files[0].0, &files[0].1)])?)?;
        let grunt = objects.id("unit", "grunt").ok_or("no grunt")?;
        assert!(again.get_value(grunt, "x")?.is_unset(), "{format}");
    }
    let error = objects.to_files(&store, Format::Toml).expect_err("TOML has no null");
    assert!(
        error.to_string().contains("TOML cannot represent the value unset of slot 'x'"),
        "{error}"
    );
    Ok(())
}

#[test]
fn slots_of_the_program_can_have_the_names_of_words() -> Outcome {
    let mut store = Store::new();
    let note = slotted::Schema::builder("note").slot("abstract", slotted::Kind::Bool);
    store.register_schema(note.build()?)?;
    let report = Loader::new().text("r.toml", "[[records.note]]\nabstract = true").load(&store);
    let report = report.expect_err("the name has two meanings").to_string();
    assert!(
        report.contains("'abstract' is a slot of 'note' and a word of records too"),
        "{report}"
    );
    let text = "words = { abstract = false }\n[[records.note]]\nabstract = true";
    assert_eq!(
        Loader::new().text("r.toml", text).load(&store)?.spawn(&mut store)?.ids().count(),
        1
    );
    Ok(())
}

/// A mod of orcs, and a campaign that uses it if it is there.
const ORCS: &str = "
[schemas.orc]
extends = 'unit'
[records.unit.orc_king]
hp = 9.0
";
const CAMPAIGN: &str = "
[records.unit.hero]
target = 'half_orc'
[records.unit.half_orc]
inherits = 'orc_king'
job = 'smith'
[records.unit.quarter_orc]
inherits = 'half_orc'
[records.orc.chief]
hp = 2.0
target = 'hero'
[patches.records.unit.orc_king]
hp = 10.0
[patches.records.orc.chief]
hp = 3.0
friends = ['hero']
";

fn campaign(policy: Undeclared, files: &[(&str, &str)]) -> Result<Definitions, Box<dyn Error>> {
    let files = files.iter().copied();
    let loader = Loader::new().pack_of_texts("campaign", files).undeclared(policy);
    Ok(loader.load(&Store::new())?)
}

#[test]
fn records_and_patches_of_a_removed_mod_come_back_with_it() -> Outcome {
    let (schemas, orcs) = (("a.toml", SCHEMAS), ("b.toml", ORCS));
    let whole = [schemas, orcs, ("c.toml", CAMPAIGN)];
    let (store, objects) = spawn(&campaign(Undeclared::Refuse, &whole)?)?;
    let all: Vec<_> = ["hero", "half_orc", "quarter_orc", "orc_king", "chief"]
        .map(|name| {
            objects
                .id("unit", name)
                .ok_or(name)
                .and_then(|id| objects.to_record(&store, id).map_err(|_| name))
        })
        .into_iter()
        .collect::<Result<_, _>>()?;
    for format in [Format::Json, Format::Toml, Format::Ron, Format::Yaml] {
        let without = campaign(Undeclared::Quarantine, &[schemas, ("c.toml", CAMPAIGN)])?;
        let names: Vec<_> = without.records().filter_map(|record| record.name()).collect();
        assert_eq!(names, ["hero"]);
        let (store, objects) = spawn(&without)?;
        let files = objects.to_files(&store, format)?;
        // Loaded and written twice without the mod.
        let mut listed: Vec<_> = files.iter().map(|(path, text)| (&**path, &**text)).collect();
        listed.push(schemas);
        let (store, objects) = spawn(&campaign(Undeclared::Quarantine, &listed)?)?;
        let files = objects.to_files(&store, format)?;
        let mut listed: Vec<_> = files.iter().map(|(path, text)| (&**path, &**text)).collect();
        listed.extend([schemas, orcs]);
        let again = campaign(Undeclared::Refuse, &listed)
            .map_err(|error| format!("{format} {error} {files:?}"))?;
        assert!(again.warnings().is_empty());
        let (store, objects) = spawn(&again)?;
        for (name, expected) in
            ["hero", "half_orc", "quarter_orc", "orc_king", "chief"].iter().zip(&all)
        {
            let id = objects.id("unit", name).ok_or(*name)?;
            let found = objects.to_record(&store, id)?;
            assert!(found.is_same_data(expected), "{format} {name}: {found:?}, not {expected:?}");
        }
    }
    Ok(())
}

#[test]
fn a_removed_mod_is_ignored_if_the_policy_says_so() -> Outcome {
    let files = [("a.toml", SCHEMAS), ("c.toml", CAMPAIGN)];
    let definitions = campaign(Undeclared::Ignore, &files)?;
    let (store, objects) = spawn(&definitions)?;
    let files = objects.to_files(&store, Format::Json)?;
    assert_eq!(files.len(), 1);
    assert!(!files[0].1.contains("orc"), "{}", files[0].1);
    assert!(campaign(Undeclared::Refuse, &[("a.toml", SCHEMAS), ("c.toml", CAMPAIGN)]).is_err());
    Ok(())
}

/// Slots of a removed mod, with values of the campaign that its patches change.
#[test]
fn changes_of_two_packs_to_a_missing_record_are_kept_together() -> Outcome {
    let manifest = |name: &str| ("pack.toml".to_owned(), format!("name = '{name}'"));
    let patch = |tag: &str| {
        let text = format!(
            "[patches.records.ghost.boo]\ntags = {{ add = ['{tag}'] }}\nhp = {{ plus = 1 }}\n"
        );
        ("p.toml".to_owned(), text)
    };
    let loader = Loader::new()
        .pack_of_texts("game", [("s.toml", SCHEMAS)])
        .pack_of_texts("a", [manifest("a"), patch("x")])
        .pack_of_texts("b", [manifest("b"), patch("y")]);
    let definitions = loader.undeclared(Undeclared::Quarantine).load(&Store::new())?;
    let (store, objects) = spawn(&definitions)?;
    let [(path, text)] = &objects.to_files(&store, Format::Toml)?[..] else { panic!("one file") };
    let ghosts = "schemas.ghost.slots = { tags = 'list(text)', hp = 'u8' }\n\
                  records.ghost.boo = { tags = ['w'], hp = 1 }";
    let files = [("s.toml", SCHEMAS), ("g.toml", ghosts), (path, text)];
    let (store, objects) = spawn(&load(&files)?)?;
    let boo = objects.id("ghost", "boo").ok_or("no ghost")?;
    assert_eq!(store.get_record(boo)?, record! { tags: ["w", "x", "y"], hp: 3 }, "{text}");
    Ok(())
}

#[test]
fn changes_of_slots_of_a_removed_mod_come_back_with_it() -> Outcome {
    let slots = "[patches.schemas.unit.slots]\ntags = { kind = 'list(text)', default = [] }\n\
                 mana = { kind = 'f32', default = 1.0 }\n";
    let records = "[records.unit.grunt]\ntags = ['a', 'b']\nmana = 8.0\n";
    let patch = "[patches.records.unit.grunt]\nmana = { times = 2 }\n\
                 tags = { add = ['c'], remove = ['b'] }\n";
    let (schemas, slots) = (("a.toml", SCHEMAS), ("b.toml", slots));
    for format in [Format::Json, Format::Toml, Format::Ron, Format::Yaml] {
        let without = [schemas, ("c.toml", records), ("d.toml", patch)];
        let (store, objects) = spawn(&load(&without)?)?;
        let files = objects.to_files(&store, format)?;
        let mut listed: Vec<_> = files.iter().map(|(path, text)| (&**path, &**text)).collect();
        listed.extend([schemas, slots]);
        let again = load(&listed)?;
        assert!(again.warnings().is_empty(), "{}", again.warnings());
        let grunt = again.record("unit", "grunt").ok_or("no grunt")?;
        assert_eq!(grunt.get("mana")?, 16.0.into(), "{format} {files:?}");
        let tags = slotted::Value::List(["a", "c"].map(slotted::Value::from).into());
        assert_eq!(grunt.get("tags")?, tags, "{format}");
    }
    Ok(())
}

#[test]
fn kept_patches_of_one_value_stand_beside_one_another_in_one_order() -> Outcome {
    let schemas = "
[schemas.spell.slots.effect]
tag = 'type'
variants = { heal = { amount = 'u8' }, rest = {} }
[schemas.spell.slots.size]
slots = { x = { kind = 'u8', default = 1 }, y = { kind = 'u8', default = 1 } }
[records.spell.nap]
effect = { type = 'heal', amount = 2 }
";
    let patches = [
        (
            "a.toml",
            "[patches.records.spell.zap]\nsize = { y = 3 }\n[patches.records.spell.nap]\neffect = { power = 3 }\n",
        ),
        (
            "b.toml",
            "[patches.records.spell.nap]\neffect = { reach = 4 }\n[patches.records.spell.zap]\nsize = { x = 2 }\n",
        ),
    ];
    for (format, other) in [(Format::Toml, [0, 1]), (Format::Json, [1, 0])] {
        let [one, two] = other.map(|at| patches[at]);
        let mut loader = Loader::new()
            .undeclared(Undeclared::Quarantine)
            .pack_of_texts("core", [("s.toml", schemas)]);
        for (name, file) in [("one", one), ("two", two)] {
            loader = loader.pack_of_texts(name, [file]);
        }
        let (store, objects) = spawn(&loader.load(&Store::new())?)?;
        let written = objects.to_files(&store, format)?;
        let (_, text) =
            written.iter().find(|(path, _)| path.starts_with("patches")).ok_or("no patches")?;
        let text = text.replace(['"', ' ', '\n'], "").replace('=', ":");
        for part in ["power:3", "reach:4", "x:2", "y:3"] {
            assert!(text.contains(part), "{part} is lost: {text}");
        }
        let at = |part: &str| text.find(part);
        assert!(at("nap") < at("zap"), "the records are in order: {text}");
    }
    Ok(())
}
