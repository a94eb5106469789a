//! JSON as games write it: comments, trailing commas, names without quotes, and the rest of JSON5.

use slotted::{Store, Value};
use slotted_definitions::Loader;

use crate::{Folder, UNIT, load, refused};

type Outcome = Result<(), Box<dyn std::error::Error>>;

const STRICT: &str = r#"{ "records": { "unit": {
  "grunt": { "health": 80.5, "level": 31, "name": "Grunt // no comment", "drops": [1, 2], "asleep": true },
  "boss": { "inherits": "grunt", "health": 0.5, "speed": -2.0, "name": "tab\there", "position": [0, 1, 2] }
} } }"#;

const LOOSE: &str = r#"// Units of the game.
/* { "records": [ */
{ records: { 'unit': {
  grunt: { health: +80.5, "level": 0x1F, name: 'Grunt // no comment', drops: [1, /* a, */ 2,], asleep: true, },
  // The last one.
  "boss": { inherits: "grunt", health: .5, speed: -2., name: "tab	here", position: [+0, 1, 2] },
}, }, } // end"#;

fn hash(file: &str, text: &str) -> Result<u64, Box<dyn std::error::Error>> {
    let mut store = Store::new();
    load(&[UNIT, (file, text)])?.spawn(&mut store)?;
    Ok(store.state_hash())
}

#[test]
fn what_games_write_means_the_same_as_json() -> Outcome {
    let strict = hash("a.json", STRICT)?;
    for file in ["a.json", "a.json5", "a.jsonc", "A.JSON5"] {
        assert_eq!(hash(file, LOOSE)?, strict, "{file}");
        assert_eq!(hash(file, STRICT)?, strict, "{file}");
    }
    for line_end in ["\r\n", "\r"] {
        assert_eq!(hash("a.json", &LOOSE.replace('\n', line_end))?, strict, "{line_end:?}");
    }
    Ok(())
}

#[test]
fn each_cut_of_a_loose_file_is_refused_with_a_place_in_it() {
    let start = LOOSE.find("{ records: {").expect("behind the comments");
    let end = LOOSE.rfind("} // end").expect("before the last comment");
    for end in start + 1..=end {
        let report = refused(&[UNIT, ("a.json", &LOOSE[..end])]);
        let place = report.diagnostics().iter().find_map(|found| found.place());
        assert!(place.is_some(), "{end}: {report}");
    }
}

#[test]
fn places_behind_comments_are_right() {
    let text = LOOSE.replace("0x1F", "0xFFFF");
    let report = refused(&[UNIT, ("a.json", &*text)]).to_string();
    assert!(report.contains("a.json:4:36"), "{report}");
    assert!(report.contains("0xFFFF"), "{report}");
}

#[test]
fn comments_alone_are_an_empty_file() -> Outcome {
    assert!(load(&[UNIT, ("a.json", "// Nothing yet.\n/* Really. */\n")]).is_ok());
    Ok(())
}

#[test]
fn manifests_may_have_comments_and_other_endings() -> Outcome {
    for (file, text) in [
        ("pack.json", "{ name: 'goblins', /* the version */ version: \"1\", }"),
        ("pack.json5", "{ name: 'goblins', version: '1' }"),
        ("pack.jsonc", "{ \"name\": \"goblins\", // its name\n \"version\": \"1\" }"),
    ] {
        let folder = Folder::new("json5_pack")?;
        folder.write(file, text)?;
        folder.write("units.json5", "{ schemas: { goblin: { slots: { level: 'u8' } } } }")?;
        let definitions = Loader::new().pack(folder.path()).load(&Store::new())?;
        assert_eq!(&*definitions.packs()[0].name, "goblins");
    }
    Ok(())
}

#[test]
fn integers_of_all_sizes_keep_their_value() -> Outcome {
    let schema = (
        "s.toml",
        "[schemas.big.slots]\nsigned = { kind = \"i64\", default = 0 }\nunsigned = { kind = \"u64\", default = 0 }\n",
    );
    for (slot, text, expected) in [
        ("signed", "-0x8000000000000000", Value::from(i64::MIN)),
        ("signed", "+0x7fffffffffffffff", Value::from(i64::MAX)),
        ("unsigned", "0XFFFFFFFFFFFFFFFF", Value::from(u64::MAX)),
        ("signed", "+7", Value::from(7)),
    ] {
        let text = format!("{{ records: {{ big: [{{ {slot}: {text} }}] }} }}");
        let mut store = Store::new();
        let objects = load(&[schema, ("a.json", &*text)])?.spawn(&mut store)?;
        let id = objects.ids().next().ok_or("no object")?;
        assert_eq!(store.get_value(id, slot)?, expected, "{text}");
    }
    for text in ["0x10000000000000000", "-0x8000000000000001"] {
        let text = format!("{{ records: {{ big: [{{ signed: {text} }}] }} }}");
        let report = refused(&[schema, ("a.json", &*text)]).to_string();
        assert!(report.contains("the integer does not fit into 64 bits"), "{report}");
    }
    Ok(())
}
