//! `slotted infer`: proposals are readable, and `slotted check` accepts them.

mod common;

use std::path::{Path, PathBuf};

use common::{Outcome, empty_folder, folder_with, run};

const FORMATS: [&str; 4] = ["json", "toml", "ron", "yaml"];

const ORCS: &str = r#"[
    { "name": "Grunt", "health": 80, "rage": 0.25, "abstract": true },
    { "name": "Thrall", "health": 300, "drops": [[1, 2]] },
    { "name": "Rider", "health": 120, "rage": 0.5, "drops": [[3]] }
]"#;

#[test]
fn proposals_are_readable() -> Outcome {
    let folder = folder_with("infer_orcs", "orcs.json", ORCS)?;
    let answer = run(["infer", &format!("{folder}/orcs.json")])?;
    assert_eq!(
        answer.output,
        "\
# Proposed for 3 objects.
# Records are named by \"name\": name_from = \"name\".
# Some names are words of definition files: words = { abstract = false }.
[schemas.orc.slots]
name = \"text\"
health = \"u16\"
rage = { kind = \"f32\", optional = true }
abstract = { kind = \"bool\", optional = true }
drops = { kind = \"list(list(u8))\", optional = true }
"
    );
    assert_eq!(answer.status, Some(0));
    assert!(answer.errors.starts_with("'orc': 3 objects, 5 attributes"), "{}", answer.errors);
    assert!(
        answer.errors.contains("drops[]: list(u8), optional (set in 2 of 3)"),
        "{}",
        answer.errors
    );
    Ok(())
}

/// Checks the inferred schemas in all formats.
fn assert_accepted(name: &str, files: &[&str], arguments: &[&str], schemas: usize) -> Outcome {
    for format in FORMATS {
        let answer = run([&["infer", "--output", format], files, arguments].concat())?;
        assert_eq!(answer.status, Some(0), "{name}, {format}: {}", answer.errors);
        let file = format!("schemas.{format}");
        let folder = folder_with(&format!("inferred_{name}_{format}"), &file, &answer.output)?;
        let checked = run(["check", &folder])?;
        let plural = if schemas == 1 { "schema" } else { "schemas" };
        let expected = format!("1 pack, {schemas} {plural}, 0 records: no problems\n");
        assert_eq!(checked.output, expected, "{name}, {format}: {}", checked.errors);
    }
    Ok(())
}

#[test]
fn proposals_are_accepted() -> Outcome {
    let folder = empty_folder("infer_formats")?;
    std::fs::write(folder.join("orcs.json"), ORCS)?;
    std::fs::write(folder.join("trees.toml"), "[oak]\nheight = 20.5\n[[pines]]\nheight = 30\n")?;
    std::fs::write(folder.join("walls.ron"), "[(height: 3, stone: \"granite\"), (height: 2)]")?;
    let odd = r#"[{"a \"b\" \\ c": 1, "é.ü": "x\ny", "": 1, "日本": [1, 2]}]"#;
    std::fs::write(folder.join("odd names.json"), odd)?;
    let paths = ["orcs.json", "trees.toml", "walls.ron", "odd names.json"]
        .map(|file| folder.join(file).display().to_string());
    let paths = paths.each_ref().map(String::as_str);
    assert_accepted("formats", &paths, &[], 4)?;
    assert_accepted("one", &paths[..3], &["--schema-name", "thing"], 1)?;
    let answer = run(["infer", paths[1]])?;
    assert!(answer.output.contains("# Proposed for 2 objects.\n[schemas.tree.slots]\n"));
    Ok(())
}

#[test]
fn files_without_objects_are_problems() -> Outcome {
    let deep = format!("[{}1{}]", "{\"a\":".repeat(1000), "}".repeat(1000));
    let cases = [
        ("number.json", "3", "expected a list of objects, a map of objects by name, or one object"),
        ("numbers.json", "[{}, 3]", "object 1: expected an object, found integer"),
        ("broken.json", "[{", "'{' is never closed"),
        ("twice.json", "[] []", "unexpected text after the end"),
        ("broken.toml", "a = ", ""),
        ("broken.ron", "[(", "2"),
        ("broken.yaml", "- [", "'[' is never closed"),
        ("twice.yaml", "a: {}\n---\nb: {}\n", "several documents"),
        ("deep.yaml", &*deep, "nested"),
        ("open.yaml", &*"[".repeat(100_000), "nested"),
        ("deep.json", &*deep, "nested"),
        ("deep.ron", &*deep, ""),
        ("open.json", &*"[".repeat(100_000), ""),
        ("open.ron", &*"[".repeat(100_000), ""),
        ("open.toml", &*format!("a = {}", "[".repeat(100_000)), ""),
    ];
    for (file, text, message) in cases {
        let folder = folder_with(&format!("not_objects_{file}"), file, text)?;
        let answer = run(["infer", &format!("{folder}/{file}")])?;
        assert_eq!(answer.status, Some(1), "{file}: {answer:?}");
        assert!(answer.errors.starts_with("error"), "{file}: {answer:?}");
        assert!(answer.errors.contains(message), "{file}: {answer:?}");
        assert_eq!(answer.output, "", "{file}");
    }
    Ok(())
}

#[test]
fn data_is_read_as_the_pack_loader_reads_it() -> Outcome {
    // The same objects, as games write them. Big integers are never rounded.
    let forms = [
        (
            "items.json",
            r#"[{ "slot": "Two", "price": 3 }, { "slot": "One", "price": 18446744073709551615 }]"#,
        ),
        (
            "items.json",
            "// Prices\n[{ slot: 'Two', price: +3, }, { slot: 'One', price: 0xFFFFFFFFFFFFFFFF },]",
        ),
        (
            "items.json5",
            "[{ slot: 'Two', price: 3 }, /* all */ { slot: 'One', price: 18446744073709551615 }]",
        ),
        (
            "items.ron",
            "{ Lantern: (slot: Two, price: 3), \"old rope\": Item(slot: One, price: 18446744073709551615) }",
        ),
        (
            "items.yml",
            "lantern:\n  slot: Two\n  price: 3\nrope: { slot: One, price: 0xFFFFFFFFFFFFFFFF }\n",
        ),
        ("items.yaml", "- slot: Two\n  price: 3\n- slot: 'One'\n  price: 18446744073709551615\n"),
        ("items.ron", "[(slot: \"Two\", price: 3), (slot: \"One\", price: 18446744073709551615)]"),
        (
            "items.toml",
            "[lantern]\nslot = 'Two'\nprice = 3\n[rope]\nslot = 'One'\nprice = 18446744073709551615\n",
        ),
    ];
    for (number, (file, text)) in forms.into_iter().enumerate() {
        let folder = folder_with(&format!("infer_forms_{number}"), file, text)?;
        let answer = run(["infer", &format!("{folder}/{file}")])?;
        assert_eq!(
            answer.output,
            "# Proposed for 2 objects.\n[schemas.item.slots]\nslot = \"text\"\nprice = \"u64\"\n",
            "{text}: {}",
            answer.errors
        );
    }
    for (number, (file, text)) in [
        ("a.json", "[{ \"id\": 123456789012345678901234567890 }]"),
        ("a.toml", "[a]\nid = 123456789012345678901234567890\n"),
        ("a.ron", "[(id: 123456789012345678901234567890)]"),
        ("a.yaml", "- id: 123456789012345678901234567890\n"),
    ]
    .into_iter()
    .enumerate()
    {
        let folder = folder_with(&format!("infer_big_{number}"), file, text)?;
        let answer = run(["infer", &format!("{folder}/{file}")])?;
        assert!(answer.errors.contains("the integer does not fit into 64 bits"), "{answer:?}");
        assert_eq!(answer.status, Some(1));
    }
    Ok(())
}

#[test]
fn failures_have_their_own_status() -> Outcome {
    let folder = folder_with("infer_no_format", "orcs.xml", "<orc/>\n")?;
    let xml = format!("{folder}/orcs.xml");
    for arguments in [&["infer", "nowhere.json"][..], &["infer", &xml], &["infer"]] {
        assert_eq!(run(arguments)?.status, Some(2), "{arguments:?}");
    }
    let folder = folder_with("infer_too_large", "orcs.json", ORCS)?;
    let answer = run(["infer", &format!("{folder}/orcs.json"), "--max-file-bytes", "10"])?;
    assert_eq!(answer.status, Some(1));
    assert!(answer.errors.contains("exceeds the limit of 10 bytes"), "{}", answer.errors);
    Ok(())
}

/// A game's folder: a file in each format, single objects in a folder, a broken file, definitions, and what is no data.
fn game(name: &str) -> Result<PathBuf, Box<dyn std::error::Error>> {
    let folder = empty_folder(name)?;
    let items: String = (0..10).map(|at| format!("- {{ id: item{at}, stack: 64 }}\n")).collect();
    let files = [
        ("items.yaml", &*items),
        (
            "data/monsters.json",
            "[{ id: 'orc', drops: ['item1', 'item2'], weapon: 'item3' }, /* two */ { id: 'elf', drops: [], weapon: 'item9', states: [{ a: 1 }], moods: ['calm', [1], 2, 3, 4, 5, 6, 7, 8], odd: [1, [], 2, 3, 4, 5, 6, 7, 8] }]",
        ),
        ("data/places/cave.ron", "(depth: 3, boss: orc)"),
        ("data/places/peak.toml", "depth = 9\nboss = 'elf'\n"),
        ("data/old.xml", "<a/>"),
        (".git/x.json", "["),
        ("schemas.toml", "[schemas.old.slots]\n"),
    ];
    for (file, text) in files {
        let path = folder.join(file);
        std::fs::create_dir_all(path.parent().unwrap_or(&folder))?;
        std::fs::write(path, text)?;
    }
    Ok(folder)
}

#[test]
fn a_folder_is_read_as_a_pack() -> Outcome {
    let folder = game("infer_folder")?;
    let path = folder.display().to_string();
    let answer = run(["infer", &path])?;
    assert_eq!(answer.status, Some(0), "{answer:?}");
    assert_eq!(
        answer.output,
        "\
# Proposed for 2 objects.
# Records are named by \"id\": name_from = \"id\".
[schemas.monster.slots]
id = \"text\"
drops = { kind = \"list(object)\", references = \"item\" }
weapon = { kind = \"object\", optional = true, references = \"item\" }
states = { kind = \"list\", optional = true, slots = { a = \"u8\" } }
moods = { kind = \"list(text | list(u8) | u8)\", optional = true }
# Kind any: the elements of its lists have different kinds.
odd = { kind = \"any\", optional = true }

# Proposed for 2 objects.
[schemas.place.slots]
depth = \"u8\"
boss = { kind = \"object\", optional = true, references = \"monster\" }

# Proposed for 10 objects.
# Records are named by \"id\": name_from = \"id\".
[schemas.item.slots]
id = \"text\"
# The default is the value of 10 of 10 objects.
stack = { kind = \"u8\", default = 64 }
"
    );
    assert!(
        answer.errors.contains("'drops': 2 of 2 values (100%) are names of 'item'"),
        "{answer:?}"
    );
    let manifest = run(["infer", "--manifest", &path])?;
    assert_eq!(
        manifest.output,
        "\
[objects]
\"data/monsters.json\" = { schema = \"monster\", name_from = \"id\" }
\"data/places\" = \"place\"
\"items.yaml\" = { schema = \"item\", name_from = \"id\" }
"
    );
    // The folder loads with the proposals.
    std::fs::write(folder.join("schemas.toml"), answer.output)?;
    std::fs::write(folder.join("pack.toml"), manifest.output)?;
    let checked = run(["check", &path])?;
    assert_eq!(checked.output, "1 pack, 3 schemas, 14 records: no problems\n");
    Ok(())
}

#[test]
fn files_that_cannot_be_read_are_counted_and_the_rest_goes_on() -> Outcome {
    let folder = game("infer_broken_folder")?;
    std::fs::write(folder.join("broken.json"), "[{")?;
    std::fs::write(folder.join("number.json"), "3")?;
    std::fs::write(folder.join("latin.toml"), b"a = '\xfc'")?;
    let path = folder.display().to_string();
    let answer = run(["infer", &path, "--summary"])?;
    assert_eq!(answer.status, Some(1));
    assert_eq!(
        answer.output,
        "\
4 files, 14 objects: 14 fit whole (100.0%)
without slots of kind any: 13 (92.8%)
3 files unreadable
1 definition file skipped

no kind but any holds an attribute              objects  share
the elements of its lists have different kinds        1   7.1%

schema   objects  whole   share  named by
item          10     10  100.0%  id
monster        2      2  100.0%  id
place          2      2  100.0%  key
"
    );
    for message in ["'{' is never closed", "found integer", "not UTF-8"] {
        assert!(answer.errors.contains(message), "{answer:?}");
    }
    let json = run(["infer", &path, "--summary", "--format", "json"])?;
    let json: serde_json::Value = serde_json::from_str(&json.output)?;
    assert_eq!(json["unreadable_files"], 3);
    assert_eq!((&json["objects"], &json["whole"]), (&14.into(), &14.into()));
    assert_eq!(json["whole_without_any"], 13);
    assert_eq!(json["reasons"][0]["reason"], "the elements of its lists have different kinds");
    assert_eq!(json["schemas"][2]["named_by"], "key");
    Ok(())
}

/// The data of a game whose attributes have the names of words, in each format.
const WORDS: [(&str, &str); 5] = [
    (
        "things.json",
        r#"[{ "id": "a", "inherits": "b", "abstract": "x", "unset": 3, "if_pack": ["q"], "add": 1, "remove": 2, "times": 3,
              "plus": 4, "copy-from": "b", "words": 1, "schema": 5, "moves": { "m": { "add": [1] } } },
            { "id": "b", "inherits": 7, "abstract": true, "unset": ["id"], "if_pack": "q", "moves": { "add": [1] } },
            { "id": "c", "moves": [{ "remove": [2] }], "unset": { "x": 1 } }]"#,
    ),
    (
        "things.toml",
        "[a]\ninherits = 'b'\nabstract = 'x'\nunset = ['inherits']\nif_pack = 'q'\nmoves = { add = [1] }\n\
         [b]\ninherits = { x = 1 }\nabstract = true\nmoves = { remove = [1], other = [2] }\n",
    ),
    (
        "more.toml",
        "[[tree]]\nheight = 3\nabstract = true\n[[tree]]\nheight = 4\nabstract = false\n",
    ),
    (
        "things.ron",
        "{ a: (inherits: \"b\", abstract: \"x\", unset: [\"inherits\"], if_pack: \"q\", moves: { \"add\": [1] }), \
         b: (inherits: 3, abstract: true, moves: { \"remove\": [1], \"x\": [2] }) }",
    ),
    (
        "things.yaml",
        "a: { inherits: b, abstract: x, unset: [inherits], if_pack: q, moves: { add: [1] } }\n\
         b: { inherits: 3, abstract: true, moves: { remove: [1], x: [2] } }\n",
    ),
];

#[test]
fn attributes_with_the_names_of_words_have_slots() -> Outcome {
    for (at, (file, text)) in WORDS.into_iter().enumerate() {
        let folder = folder_with(&format!("infer_words_{at}"), file, text)?;
        let manifest = run(["infer", "--manifest", &folder])?.output;
        let summary = run(["infer", "--summary", &folder])?;
        assert!(summary.output.contains("fit whole (100.0%)"), "{summary:?}");
        for format in FORMATS {
            let schemas = run(["infer", "--output", format, &folder])?.output;
            let pack = empty_folder(&format!("inferred_words_{at}_{format}"))?;
            std::fs::write(pack.join(file), text)?;
            std::fs::write(pack.join("pack.toml"), &manifest)?;
            std::fs::write(pack.join(format!("schemas.{format}")), &schemas)?;
            let checked = run(["check", &pack.display().to_string()])?;
            assert!(
                checked.output.contains("records: no problems"),
                "{checked:?}\n{manifest}{schemas}"
            );
            assert!(!checked.output.contains(" 0 records"), "{checked:?}");
        }
    }
    Ok(())
}

#[test]
fn the_data_of_the_example_fits_whole() -> Outcome {
    let packs = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../examples/modding/packs/core");
    let tiles = packs.join("tiles.json").display().to_string();
    let json = run(["infer", "--summary", "--format", "json", &tiles])?;
    let json: serde_json::Value = serde_json::from_str(&json.output)?;
    assert!(json["objects"].as_u64().is_some_and(|objects| objects > 1), "{json}");
    assert!(json["share_without_any"].as_f64().is_some_and(|share| share >= 94.0), "{json}");
    assert_eq!(json["share"], 100.0);
    Ok(())
}

#[test]
fn an_attribute_tells_the_schema() -> Outcome {
    let folder = empty_folder("infer_by")?;
    let things =
        "[{ type: 'gun', id: 'a', ammo: 3 }, { type: 'armor', id: 'b', weight: 2 }, { id: 'c' }]";
    std::fs::write(folder.join("things.json"), things)?;
    let path = folder.display().to_string();
    let answer = run(["infer", &path, "--by", "type"])?;
    for schema in ["[schemas.gun.slots]", "[schemas.armor.slots]", "[schemas.thing.slots]"] {
        assert!(answer.output.contains(schema), "{answer:?}");
    }
    let manifest = run(["infer", &path, "--by", "type", "--manifest"])?;
    std::fs::write(folder.join("schemas.toml"), answer.output)?;
    std::fs::write(folder.join("pack.toml"), manifest.output)?;
    let checked = run(["check", &path])?;
    assert_eq!(checked.output, "1 pack, 3 schemas, 3 records: no problems\n", "{checked:?}");
    Ok(())
}

#[test]
fn objects_by_an_attribute_have_names_that_others_refer_to() -> Outcome {
    let folder = empty_folder("infer_by_names")?;
    let things = r#"[{"type": "ammo", "id": "x", "w": 1}, {"type": "ammo", "id": "y", "w": 2},
        {"type": "gun", "id": "z", "needs": "x"}, {"type": "gun", "id": "q", "needs": "y"}]"#;
    std::fs::write(folder.join("things.json"), things)?;
    let path = folder.display().to_string();
    let schemas = run(["infer", &path, "--by", "type"])?;
    assert!(schemas.output.contains("references = \"ammo\""), "{schemas:?}");
    let manifest = run(["infer", &path, "--by", "type", "--manifest"])?;
    std::fs::write(folder.join("schemas.toml"), schemas.output)?;
    std::fs::write(folder.join("pack.toml"), manifest.output)?;
    let checked = run(["check", &path])?;
    assert_eq!(checked.output, "1 pack, 2 schemas, 4 records: no problems\n", "{checked:?}");
    Ok(())
}

#[test]
fn a_run_that_finds_nothing_says_so() -> Outcome {
    for (at, (file, text, help)) in [
        ("things.json", "[]", "a list of objects, a map of objects by name, or one object"),
        ("things.yaml", "{}", "a list of objects, a map of objects by name, or one object"),
        ("things.toml", "", "a list of objects, a map of objects by name, or one object"),
        ("things.json", r#"{"schemas": {}}"#, "name a definition file itself to read it as data"),
        ("s.toml", "[records.unit.orc]\nhp = 3\n", "name a definition file itself"),
    ]
    .into_iter()
    .enumerate()
    {
        let folder = folder_with(&format!("infer_nothing_{at}"), file, text)?;
        for arguments in [
            &["infer", &*folder][..],
            &["infer", &folder, "--summary"],
            &["infer", &folder, "--manifest"],
        ] {
            let answer = run(arguments)?;
            assert_eq!(answer.status, Some(2), "{arguments:?}: {answer:?}");
            assert_eq!(answer.output, "", "{arguments:?}");
            let message = format!("error: no objects found in '{folder}'\nhelp: ");
            assert!(answer.errors.contains(&message), "{answer:?}");
            assert!(answer.errors.starts_with("note: '"), "{answer:?}");
            assert!(answer.errors.contains(help), "{answer:?}");
        }
    }
    Ok(())
}

#[test]
fn a_list_beside_other_attributes_is_found() -> Outcome {
    let text = r#"{"records": [{"a": 1}, {"a": 2}], "x": 3}"#;
    let folder = folder_with("infer_list_beside", "things.json", text)?;
    let answer = run(["infer", &folder])?;
    assert_eq!(
        answer.output,
        "# Proposed for 1 object.\n[schemas.infer_list_beside.slots]\n\
         records = { kind = \"list\", slots = { a = \"u8\" } }\nx = \"u8\"\n"
    );
    assert_eq!(answer.status, Some(0));
    let manifest = run(["infer", "--manifest", &folder])?.output;
    std::fs::write(Path::new(&folder).join("schemas.toml"), answer.output)?;
    std::fs::write(Path::new(&folder).join("pack.toml"), manifest)?;
    let checked = run(["check", &folder])?;
    assert_eq!(checked.output, "1 pack, 1 schema, 1 record: no problems\n", "{checked:?}");
    Ok(())
}

/// Infers a folder with one file of things, and loads it by the proposal.
fn inferred_and_checked(
    name: &str,
    file: &str,
    text: &str,
) -> Result<String, Box<dyn std::error::Error>> {
    let folder = folder_with(name, file, text)?;
    let answer = run(["infer", &folder])?;
    let summary = run(["infer", "--summary", &folder])?;
    assert!(summary.output.contains("fit whole (100.0%)"), "{summary:?}");
    let manifest = run(["infer", "--manifest", &folder])?.output;
    std::fs::write(Path::new(&folder).join("schemas.toml"), &answer.output)?;
    std::fs::write(Path::new(&folder).join("pack.toml"), manifest)?;
    let checked = run(["check", &folder])?;
    assert!(checked.output.contains(": no problems"), "{checked:?}\n{}", answer.output);
    Ok(answer.output)
}

#[test]
fn names_in_ron_are_variants() -> Outcome {
    let text = "[(at: Pos(x: 1), of: Own(3)), (at: Cell(2), of: Own(4)), (at: Rest, of: Own(5))]";
    let found = inferred_and_checked("infer_ron_names", "things.ron", text)?;
    let at = "at = { variants = { Cell = \"u8\", Pos = { x = \"u8\" }, Rest = {} } }\n";
    assert!(found.contains(&format!("{at}of = {{ variants = {{ Own = \"u8\" }} }}\n")), "{found}");
    Ok(())
}

#[test]
fn a_list_may_lack_its_brackets_around_a_record() -> Outcome {
    let text = r#"[{"drops": {"item": "a"}}, {"drops": [{"item": "b"}, {"item": "c"}]}]"#;
    let found = inferred_and_checked("infer_one_or_list", "things.json", text)?;
    let drops = "drops = { kind = \"list\", one_or_list = true, slots = { item = \"text\" } }\n";
    assert!(found.ends_with(drops), "{found}");
    Ok(())
}

#[test]
fn remarks_name_the_places_of_a_file() -> Outcome {
    let things: Vec<String> = (0..20)
        .map(|at| match at % 2 {
            0 => format!(r#"{{"cond": {{"and": ["x", {{"not": {}, "if": true}}]}}}}"#, at % 4 == 0),
            _ => r#"{"cond": "always"}"#.to_owned(),
        })
        .collect();
    let folder = folder_with("infer_paths", "things.json", &format!("[{}]", things.join(",")))?;
    let answer = run(["infer", &folder])?;
    let note = "'cond.and[1].if' is true in each of the 10 objects that set it";
    assert!(!answer.errors.contains("'cond@"), "{answer:?}");
    assert_eq!(
        answer.output,
        "\
# Part of thing: cond.and[1].
[schemas.thing_cond_and_1.slots]
not = \"bool\"
if = \"bool\"

# Proposed for 20 objects.
[schemas.thing.slots]
cond = { variants = { always = {}, and = \"(text, thing_cond_and_1)\" } }
"
    );
    // There are fewer than 16 of them.
    assert!(!answer.errors.contains(note), "{answer:?}");
    let folder =
        folder_with("infer_more_paths", "things.json", &format!("[{0},{0}]", things.join(",")))?;
    let answer = run(["infer", &folder])?;
    let note = note.replace("10", "20");
    assert!(answer.errors.contains(&note), "{answer:?}");
    Ok(())
}

#[test]
fn a_name_that_no_slot_can_have_is_a_reason() -> Outcome {
    let text = r#"[{"": 1, "a": 2}, {"a": 3, "odd": [1, [], 2, 3, 4, 5, 6, 7, 8]}]"#;
    let folder = folder_with("infer_empty_name", "things.json", text)?;
    let summary = run(["infer", "--summary", &folder])?;
    assert_eq!(
        summary.output,
        "\
1 file, 2 objects: 1 fit whole (50.0%)
without slots of kind any: 0 (0.0%)

no slot holds an attribute        objects  share
its name is not valid for a slot        1  50.0%

no kind but any holds an attribute              objects  share
the elements of its lists have different kinds        1  50.0%

schema  objects  whole  share  named by
thing         2      1  50.0%  -
"
    );
    let json = run(["infer", "--summary", "--format", "json", &folder])?;
    let json: serde_json::Value = serde_json::from_str(&json.output)?;
    let any: Vec<_> = [0, 1].map(|at| json["reasons"][at]["any"].as_bool()).into();
    assert!(any.contains(&Some(true)) && any.contains(&Some(false)), "{json}");
    let schemas = run(["infer", &folder])?.output;
    let reason = "# No slot for \"\": its name is not valid for a slot. --undeclared quarantine keeps such values";
    assert!(schemas.contains(reason), "{schemas}");
    let manifest = run(["infer", "--manifest", &folder])?.output;
    std::fs::write(Path::new(&folder).join("schemas.toml"), schemas)?;
    std::fs::write(Path::new(&folder).join("pack.toml"), manifest)?;
    assert_eq!(run(["check", &folder, "--undeclared", "quarantine"])?.status, Some(0));
    Ok(())
}

#[test]
fn folders_without_data_and_wrong_options_fail() -> Outcome {
    let folder = folder_with("infer_no_data", "notes.txt", "")?;
    let answer = run(["infer", &folder])?;
    assert_eq!(answer.status, Some(2));
    assert!(answer.errors.contains("contains no data files"), "{answer:?}");
    let answer = run(["infer", "--manifest", "items.json"])?;
    assert!(answer.errors.contains("--manifest needs one folder"), "{answer:?}");
    assert_eq!(run(["infer", &folder, "--format", "json"])?.status, Some(2));
    Ok(())
}

/// Returns the folder of a game's data, which is not part of the repository: the folder in
/// `SLOTTED_DATA`, or one beside the repository.
fn data() -> Option<PathBuf> {
    let beside = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/data/minecraft-1.20");
    let folder = std::env::var_os("SLOTTED_DATA").map_or(beside, PathBuf::from);
    folder.is_dir().then_some(folder)
}

#[test]
fn files_of_a_real_game() -> Outcome {
    let Some(folder) = data() else {
        println!("skipped: set SLOTTED_DATA to the folder of the data");
        return Ok(());
    };
    for name in ["blocks", "entities", "foods", "items"] {
        let file = folder.join(format!("{name}.json")).display().to_string();
        assert_accepted(name, &[&file], &[], 1)?;
    }
    let game = empty_folder("infer_game")?;
    for name in ["blocks", "entities", "foods", "items"] {
        let file = format!("{name}.json");
        std::fs::copy(folder.join(&file), game.join(&file))?;
    }
    let path = game.display().to_string();
    let (schemas, manifest) = (run(["infer", &path])?, run(["infer", "--manifest", &path])?);
    assert!(schemas.output.contains(
        "repairWith = { kind = \"list(object)\", optional = true, references = \"item\" }"
    ));
    std::fs::write(game.join("schemas.toml"), schemas.output)?;
    std::fs::write(game.join("pack.toml"), manifest.output)?;
    let checked = run(["check", "--undeclared", "quarantine", &path])?;
    assert!(checked.output.contains("4 schemas, 2422 records"), "{checked:?}");
    Ok(())
}
