//! Words of records that a file renames or switches off, because a game has attributes of the same names.

use slotted::{ObjectId, Store, Value, record};
use slotted_definitions::{Format, Loader, Objects, Report, Undeclared};

use crate::support::{Outcome, load, load_as};

/// Each word that stands beside slots is a slot, and `moves` can have the words that change lists as names.
const SCHEMAS: (&str, &str) = (
    "schemas.toml",
    "[schemas.item.slots]\ninherits = 'text'\nabstract = 'bool'\nunset = { kind = 'u8', optional = true }\n\
     if_pack = 'text'\nmoves = { kind = 'map(list(u8))', default = {} }\nweight = { kind = 'u8', default = 1 }\n",
);

/// The objects of a game's file, which inherit by `copy-from`.
const OBJECTS: [(&str, &str); 4] = [
    (
        "items.json",
        r#"{ "sword": { "inherits": "x", "abstract": true, "unset": 3, "if_pack": "y", "moves": { "add": [1] }, "weight": 2 },
             "axe": { "copy-from": "sword", "inherits": "z", "without": ["unset"], "moves": { "append": { "remove": [4] } } } }"#,
    ),
    (
        "items.toml",
        "[sword]\ninherits = 'x'\nabstract = true\nunset = 3\nif_pack = 'y'\nmoves = { add = [1] }\nweight = 2\n\
         [axe]\ncopy-from = 'sword'\ninherits = 'z'\nwithout = ['unset']\nmoves = { append = { remove = [4] } }\n",
    ),
    (
        "items.ron",
        "{ \"sword\": (inherits: \"x\", abstract: true, unset: 3, if_pack: \"y\", moves: {\"add\": [1]}, weight: 2), \
         \"axe\": (r#copy-from: \"sword\", inherits: \"z\", without: [\"unset\"], moves: {\"append\": {\"remove\": [4]}}) }",
    ),
    (
        "items.yaml",
        "sword: { inherits: x, abstract: true, unset: 3, if_pack: y, moves: { add: [1] }, weight: 2 }\n\
         axe:\n  copy-from: sword\n  inherits: z\n  without: [unset]\n  moves: { append: { remove: [4] } }\n",
    ),
];

const WORDS: &str = "words = { inherits = 'copy-from', abstract = false, unset = 'without', if_pack = false, add = 'append', \
                     remove = false }";

fn id(objects: &Objects, name: &str) -> ObjectId {
    objects.id("item", name).unwrap_or_else(|| panic!("no record {name}"))
}

fn moves<const N: usize>(moves: [(&str, Vec<i32>); N]) -> Value {
    moves.into_iter().map(|(name, list)| (name, Value::from(list))).collect()
}

/// Asserts the values of both objects, here and after they are written and loaded in each format.
fn assert_items(store: &Store, objects: &Objects, schemas: (&str, &str)) -> Outcome {
    let sword = moves([("add", vec![1])]);
    let axe = moves([("add", vec![1]), ("remove", vec![4])]);
    let expected = [
        ("sword", record! { inherits: "x", abstract: true, unset: 3_u8, if_pack: "y" }, sword),
        ("axe", record! { inherits: "z", abstract: true, if_pack: "y" }, axe),
    ];
    let check = |store: &Store, objects: &Objects, text: &str| {
        for (name, values, moves) in &expected {
            for (slot, value) in values.iter() {
                assert_eq!(store.get_value(id(objects, name), slot), Ok(value.clone()), "{text}");
            }
            assert_eq!(store.get_value(id(objects, name), "moves"), Ok(moves.clone()), "{text}");
            assert_eq!(store.get_value(id(objects, name), "weight"), Ok(2_u8.into()), "{text}");
        }
        assert!(store.get_value(id(objects, "axe"), "unset").is_ok_and(|value| value.is_unset()));
    };
    check(store, objects, "as loaded");
    for format in [Format::Json, Format::Toml, Format::Ron, Format::Yaml] {
        let files = objects.to_files(store, format)?;
        let [(path, text)] = &files[..] else { panic!("one file") };
        let mut again = Store::new();
        let loaded = load(&[schemas, (path, text)])?.spawn(&mut again)?;
        check(&again, &loaded, text);
        assert_eq!(loaded.to_files(&again, format)?, files);
    }
    Ok(())
}

#[test]
fn a_games_own_files_rename_words_in_each_format() -> Outcome {
    for (path, text) in OBJECTS {
        let manifest = format!("[objects]\n\"{path}\" = {{ schema = 'item', {WORDS} }}\n");
        let definitions = load(&[("pack.toml", &manifest), SCHEMAS, (path, text)])?;
        let mut store = Store::new();
        let objects = definitions.spawn(&mut store)?;
        assert_items(&store, &objects, SCHEMAS)?;
    }
    Ok(())
}

#[test]
fn definition_files_rename_words_for_records_and_patches() -> Outcome {
    let records = format!(
        "{WORDS}\n[records.item.sword]\ninherits = 'x'\nabstract = false\nunset = 3\nif_pack = 'n'\n\
         moves = {{ add = [1] }}\n[records.item.axe]\ncopy-from = 'sword'\ninherits = 'z'\nwithout = ['unset']\n\
         moves = {{ append = {{ remove = [4] }} }}\n"
    );
    let patch = "words = { abstract = false, if_pack = false, inherits = 'like' }\n[patches.records.item.sword]\n\
                 abstract = true\nif_pack = 'y'\nweight = { plus = 1 }\n";
    let loader =
        Loader::new().pack_of_texts("core", [SCHEMAS, ("r.toml", &records)]).pack_of_texts(
            "mod",
            [("pack.toml", "name = 'mod'\nrequires = ['core']"), ("p.toml", patch)],
        );
    let mut store = Store::new();
    let objects = loader.load(&store)?.spawn(&mut store)?;
    assert_items(&store, &objects, SCHEMAS)
}

#[test]
fn every_word_can_be_renamed_and_then_has_its_meaning() -> Outcome {
    let schemas = (
        "s.toml",
        "schemas.unit.slots = { hp = 'u8', tags = { kind = 'list(text)', default = [] }, \
                              nick = { kind = 'text', optional = true } }",
    );
    let file = "words = { inherits = 'a', abstract = 'b', unset = 'c', if_pack = 'd', add = 'e', remove = 'f', times = 'g', \
                plus = 'h' }\n\
                [records.unit.base]\nb = true\nhp = 3\nnick = 'n'\ntags = ['x', 'y']\n\
                [records.unit.orc]\na = 'base'\nc = ['nick']\nhp = { g = 4, h = 1 }\ntags = { e = ['z'], f = ['x'] }\n\
                [records.unit.elf]\nd = 'no such pack'\nhp = 1\n";
    let mut store = Store::new();
    let objects = load(&[schemas, ("r.toml", file)])?.spawn(&mut store)?;
    assert_eq!(store.len(), 1);
    let orc = objects.id("unit", "orc").ok_or("no orc")?;
    assert_eq!(store.get_record(orc)?, record! { hp: 13_u8, tags: ["y", "z"] });
    Ok(())
}

#[test]
fn records_of_a_missing_schema_keep_the_meaning_of_their_words() -> Outcome {
    let file = "words = { inherits = 'copy-from', abstract = false, add = 'append' }\n\
                [records.ghost.boo]\nabstract = 'a slot'\ntags = ['w']\n[records.ghost.moo]\ncopy-from = 'boo'\n\
                tags = { append = ['x'] }\n[patches.records.ghost.boo]\nabstract = 'changed'\n";
    let plain = "[patches.records.ghost.boo]\ntags = { add = ['v'] }\n";
    let manifest = ("pack.toml", "name = 'b'\nafter = ['a']");
    let load = |files: &[(String, String)]| -> Result<_, Report> {
        let loader = Loader::new().pack_of_texts("saved", files.iter().cloned());
        loader.undeclared(Undeclared::Quarantine).load(&Store::new())
    };
    for format in [Format::Json, Format::Toml, Format::Ron, Format::Yaml] {
        let loader = Loader::new()
            .pack_of_texts("a", [("r.toml", file)])
            .pack_of_texts("b", [manifest, ("p.toml", plain)]);
        let mut store = Store::new();
        let definitions = loader.undeclared(Undeclared::Quarantine).load(&store)?;
        let mut files = definitions.spawn(&mut store)?.to_files(&store, format)?;
        // Written a second time, it is the same.
        let mut store = Store::new();
        let again = load(&files)?.spawn(&mut store)?.to_files(&store, format)?;
        assert_eq!(files, again);
        let ghosts = "schemas.ghost.slots = { abstract = 'text', tags = 'list(text)' }";
        files.push(("g.toml".to_owned(), ghosts.to_owned()));
        let mut store = Store::new();
        let objects = load(&files)?.spawn(&mut store)?;
        for (name, tags) in [("boo", vec!["w", "v"]), ("moo", vec!["w", "v", "x"])] {
            let found = store.get_record(objects.id("ghost", name).ok_or(name)?)?;
            assert_eq!(
                found,
                record! { abstract: "changed", tags: tags },
                "{format} {name} {files:?}"
            );
        }
    }
    Ok(())
}

#[test]
fn quarantined_values_with_the_name_of_a_word_are_written_back() -> Outcome {
    let schemas = ("s.toml", "schemas.item.slots.weight = 'u8'");
    let file = ("r.toml", "words = { unset = false }\n[records.item.a]\nweight = 1\nunset = 5\n");
    for format in [Format::Json, Format::Toml, Format::Ron, Format::Yaml] {
        let mut store = Store::new();
        let objects = load_as(Undeclared::Quarantine, &[schemas, file])?.spawn(&mut store)?;
        let [(path, text)] = &objects.to_files(&store, format)?[..] else { panic!("one file") };
        let with = ("s.toml", "schemas.item.slots = { weight = 'u8', unset = 'u8' }");
        let definitions = load(&[with, (path, text)])?;
        let item = definitions.record("item", "a").ok_or("no record")?;
        assert_eq!(item.get("unset")?, 5_u8.into(), "{text}");
    }
    Ok(())
}
