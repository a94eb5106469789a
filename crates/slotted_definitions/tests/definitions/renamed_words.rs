//! Advice in files that rename words or switch them off: it names the words of its file, and what it says loads.

use slotted::Store;
use slotted_definitions::{Conflicts, Loader, Report};

use crate::support::{Outcome, load};

const SCHEMAS: (&str, &str) = (
    "schemas.toml",
    "[schemas.unit.slots]\nhp = 'u8'\ntags = { kind = 'list(text)', default = [] }\n\
     shield = { kind = 'u8', optional = true }\nowner = { kind = 'object', optional = true }\n\
     skills = { kind = 'map(u8)', default = {} }\nspots = { kind = 'list(spot)', default = [] }\n\
     [schemas.spot.slots]\nx = 'u8'\n",
);

const USUAL: [&str; 8] =
    ["inherits", "abstract", "unset", "if_pack", "add", "remove", "times", "plus"];
const OTHER: [&str; 8] =
    ["copy-from", "is a base", "without", "with mod", "append", "drop", "scale", "more"];

/// The names of the words in a file; `None` is a word that is switched off.
type Names = [Option<&'static str>; 8];

/// The usual names, other names, and for each word a file without it, with the others renamed or not.
fn namings() -> Vec<Names> {
    let mut namings = vec![USUAL.map(Some), OTHER.map(Some), [None; 8]];
    for off in 0..USUAL.len() {
        for names in [USUAL, OTHER] {
            let mut names = names.map(Some);
            names[off] = None;
            namings.push(names);
        }
    }
    namings
}

fn declared(names: &Names) -> String {
    let one = |(usual, name): (&str, &Option<&str>)| match name {
        Some(name) => format!("{usual} = {name:?}"),
        None => format!("{usual} = false"),
    };
    let words: Vec<String> = USUAL.into_iter().zip(names).map(one).collect();
    format!("words = {{ {} }}", words.join(", "))
}

/// Replaces `@add@` by the name of that word. Returns `None` if a word is switched off.
fn filled(text: &str, names: &Names) -> Option<String> {
    let mut filled = text.to_owned();
    for (usual, name) in USUAL.into_iter().zip(names) {
        let mark = format!("@{usual}@");
        if filled.contains(&mark) {
            filled = filled.replace(&mark, &format!("{:?}", (*name)?));
        }
    }
    Some(filled)
}

fn helps(report: &Report) -> Result<Vec<String>, Box<dyn std::error::Error>> {
    let report = serde_json::to_value(report)?;
    let diagnostics = report["diagnostics"].as_array().into_iter().flatten();
    let helps = diagnostics.flat_map(|one| one["help"].as_array().into_iter().flatten());
    Ok(helps.filter_map(|help| Some(help.as_str()?.to_owned())).collect())
}

/// Returns the part of the advice between two texts; its end is that of the sentence too.
fn between<'h>(help: &'h str, start: &str, end: &str) -> &'h str {
    let (_, rest) = help.split_once(start).unwrap_or_else(|| panic!("no `{start}` in {help}"));
    let rest = rest.split_once(end).map_or(rest, |(part, _)| part);
    rest.split_once(';').map_or(rest, |(part, _)| part)
}

/// Returns the declaration of words that the advice asks for, or the one before.
fn words_after(help: &str, before: &str) -> String {
    if help.contains("remove 'words' from the top of the file") {
        return String::new();
    }
    let declared = help.split_once("write words = ").filter(|_| !help.contains("; or to keep "));
    let declared = declared.and_then(|(_, rest)| rest.split_once(" at the top of the file"));
    declared.map_or_else(|| before.to_owned(), |(words, _)| format!("words = {words}"))
}

/// Asserts that the text names no word as other files do.
fn assert_own_words(text: &str, names: &Names) {
    let declares =
        text.find("words = {").and_then(|start| Some(start..start + text[start..].find('}')? + 1));
    let mut rest = text.to_owned();
    if let Some(declares) = declares {
        rest.replace_range(declares, "");
    }
    for (usual, name) in USUAL.into_iter().zip(names).filter(|(usual, name)| **name != Some(*usual))
    {
        // It may say which word it is about, or give a word back its name.
        let rest = rest
            .replace(&format!("this file renames '{usual}'"), "")
            .replace(&format!("'{usual}' is switched off"), "")
            .replace(&format!("would mean both '{usual}'"), "");
        let is_given_back =
            name.is_none() && (text.contains("; for this, ") || text.contains("; to have it, "));
        let is_named = [format!("'{usual}'"), format!("{usual} ="), format!("\"{usual}\"")];
        let is_named = is_named.iter().any(|part| rest.contains(part.as_str()));
        assert!(is_given_back || !is_named, "{text}\nnames '{usual}', which is {name:?}");
    }
}

/// A mistake in a file, and the file that follows the advice.
struct Mistake {
    file: &'static str,
    follow: fn(&str, &str) -> String,
}

const A: &str = "[records.unit.a]\nhp = 1\n";

/// Follows advice of the form "write X instead" for the name before `=`.
fn renamed(file: &str, help: &str) -> String {
    let name = between(help, "write ", " instead").trim_matches('\'');
    let (start, value) = file.rsplit_once("WRONG = ").expect("a wrong line");
    format!("{start}{name} = {value}")
}

fn changed_by_patch(file: &str, change: &str) -> String {
    let change = change.replace("[..]", "['z']").replace("..", "['z']");
    let (start, wrong) = file.rsplit_once("\nWRONG ").expect("a wrong line");
    let slot = wrong.split(' ').next().unwrap_or_default();
    let start = if slot == "hp" { format!("{start}\nhp = 1") } else { start.to_owned() };
    format!("{start}\n[patches.records.unit.a]\n{slot} = {change}\n")
}

/// Lines that begin with `WRONG` are the mistakes; the mark is left out of the file.
const MISTAKES: [Mistake; 8] = [
    Mistake {
        file: "[records.unit.a]\n",
        follow: |file, help| {
            format!("{file}{} = true\n", between(help, "mark it with ", " = true"))
        },
    },
    Mistake {
        file: "[records.unit.a]\nhp = 1\nWRONG shield = 'null'\n",
        follow: |file, help| {
            let (start, _) = file.split_once("WRONG").expect("a wrong line");
            format!("{start}{}\n", between(help, "if the record inherits one, write ", "\n"))
        },
    },
    Mistake {
        file: "[records.unit.a]\nhp = 1\nWRONG owner = ''\n",
        follow: |file, help| {
            let (start, _) = file.split_once("WRONG").expect("a wrong line");
            format!("{start}{}\n", between(help, "if the record inherits a value, write ", "\n"))
        },
    },
    Mistake {
        file: "[records.unit.a]\nhp = 1\nWRONG tags = { x = 1 }\n",
        follow: |file, help| match help.contains("a patch can") {
            true => changed_by_patch(file, between(help, "a patch can change it with ", "\n")),
            false => A.to_owned() + "tags = ['z']",
        },
    },
    Mistake {
        file: "[records.unit.a]\nWRONG hp = { x = 1 }\n",
        follow: |file, help| match help.contains("a patch can") {
            true => changed_by_patch(file, between(help, "a patch can change it with ", "\n")),
            false => A.to_owned(),
        },
    },
    Mistake {
        file: "[records.unit.a]\nhp = 1\nWRONG @add@ = ['z']\n",
        follow: |file, help| {
            let change = between(help, "as in SLOT = ", "\n");
            changed_by_patch(&file.replace("WRONG ", "WRONG tags "), change)
        },
    },
    Mistake {
        file: "[records.unit.b]\nhp = 2\n[records.unit.a]\nWRONG parent = 'b'\n",
        follow: |file, help| match help.contains(" instead") {
            true => renamed(&file.replace("WRONG parent", "WRONG"), help),
            false => file.replace("WRONG ", ""),
        },
    },
    Mistake { file: "[records.unit.a]\nhp = 1\nWRONG @unset@ = 3\n", follow: |_, _| A.to_owned() },
];

#[test]
fn advice_names_the_words_of_its_file_and_loads() -> Outcome {
    for names in namings() {
        for mistake in &MISTAKES {
            let Some(file) = filled(mistake.file, &names) else { continue };
            let words = declared(&names);
            let wrong = format!("{words}\n{}", file.replace("WRONG ", ""));
            let report = load(&[SCHEMAS, ("r.toml", &wrong)]).err().ok_or(wrong)?;
            let helps = helps(&report)?;
            let [help] = &helps[..] else { panic!("one advice is expected: {report}") };
            assert_own_words(help, &names);
            let followed =
                format!("{}\n{}", words_after(help, &words), (mistake.follow)(&file, help));
            if let Err(again) = load(&[SCHEMAS, ("r.toml", &followed)]) {
                panic!("{report}\nis advice that does not load:\n{followed}\n{again}");
            }
        }
    }
    Ok(())
}

#[test]
fn the_usual_name_of_a_renamed_word_gets_the_name_of_the_file() -> Outcome {
    let values = ["'b'", "true", "['shield']", "'core'"];
    for names in namings() {
        let words = declared(&names);
        for ((usual, value), name) in USUAL.into_iter().zip(values).zip(names) {
            if name == Some(usual) {
                continue;
            }
            let file = format!(
                "[records.unit.b]\nhp = 2\nshield = 3\n[records.unit.a]\nhp = 1\nWRONG = {value}\n"
            );
            let wrong = format!("{words}\n{}", file.replace("WRONG", usual));
            let report = load(&[SCHEMAS, ("r.toml", &wrong)]).err().ok_or(wrong)?;
            let helps = helps(&report)?;
            let [help] = &helps[..] else { panic!("one advice is expected: {report}") };
            assert_own_words(help, &names);
            let followed = match help.contains(" instead") {
                true => renamed(&file, help),
                false => file.replace("WRONG", usual),
            };
            let followed = format!("{}\n{followed}", words_after(help, &words));
            let definitions = load(&[SCHEMAS, ("r.toml", &followed)]);
            let definitions =
                definitions.map_err(|again| format!("{report}\n{followed}\n{again}"))?;
            let is_abstract = definitions.record("unit", "a").ok_or("no record")?.is_abstract();
            assert_eq!(is_abstract, usual == "abstract");
        }
        let (_, heir) =
            names.iter().zip(USUAL).next().map(|(name, usual)| (usual, name)).ok_or("none")?;
        let Some(heir) = heir else { continue };
        let changes = [
            ("add", "tags", "['z']"),
            ("remove", "spots", "[{ x = 1 }]"),
            ("add", "skills", "{ x = 2 }"),
            ("remove", "skills", "['y']"),
            ("times", "hp", "2"),
            ("plus", "hp", "1"),
        ];
        for (usual, slot, value) in changes {
            let at = USUAL.iter().position(|own| *own == usual).ok_or(usual)?;
            if names[at] == Some(usual) {
                continue;
            }
            let file = format!(
                "[records.unit.b]\nhp = 2\nspots = [{{ x = 1 }}]\nskills = {{ y = 1 }}\n\
                 [records.unit.a]\n{heir:?} = 'b'\n{slot} = {{ NAME = {value} }}\n"
            );
            let wrong = format!("{words}\n{}", file.replace("NAME", usual));
            let report = load(&[SCHEMAS, ("r.toml", &wrong)]).err().ok_or(wrong)?;
            let helps = helps(&report)?;
            helps.iter().for_each(|help| assert_own_words(help, &names));
            let help = helps.last().ok_or_else(|| report.to_string())?;
            let name = match help.contains(" instead") {
                true => between(help, "write ", " instead"),
                false => usual,
            };
            let followed = format!("{}\n{}", words_after(help, &words), file.replace("NAME", name));
            if let Err(again) = load(&[SCHEMAS, ("r.toml", &followed)]) {
                panic!("{report}\nis advice that does not load:\n{followed}\n{again}");
            }
        }
    }
    Ok(())
}

#[test]
fn packs_that_change_the_same_value_get_the_words_of_the_later_one() -> Outcome {
    let core = "[records.unit.a]\nhp = 1\n";
    for names in namings() {
        let words = declared(&names);
        for (wrong, is_value) in
            [("hp = 5", false), ("tags = ['z']", true), ("skills = { y = 1 }", true)]
        {
            let loader = |patch: &str| {
                let other = wrong.replace('5', "7").replace(['z', 'y'], "o");
                let other = format!("[patches.records.unit.a]\n{other}\n");
                Loader::new()
                    .pack_of_texts("core", [SCHEMAS, ("r.toml", core)])
                    .pack_of_texts("one", [("p.toml", &*other)])
                    .pack_of_texts("two", [("p.toml", patch)])
                    .conflicts(Conflicts::Refuse)
                    .load(&Store::new())
            };
            let patch = format!("{words}\n[patches.records.unit.a]\n{wrong}\n");
            let report = loader(&patch).err().ok_or(patch)?;
            let helps = helps(&report)?;
            let help = helps.first().ok_or_else(|| report.to_string())?;
            assert_own_words(help, &names);
            let change = between(help, "to keep both changes, write ", " or {");
            let value = if is_value { "['q']" } else { "2" };
            let change =
                change.replace("[..]", value).replace("{ .. }", "{ q = 1 }").replace("..", value);
            let followed =
                format!("{}\n[patches.records.unit.a]\n{change}\n", words_after(help, &words));
            if let Err(again) = loader(&followed) {
                assert!(
                    again.diagnostics().iter().all(|one| one.code().name() == "no-effect"),
                    "{report}\nis advice that does not load:\n{followed}\n{again}"
                );
            }
        }
    }
    Ok(())
}

#[test]
fn messages_name_the_words_of_their_file() -> Outcome {
    let changes_without_a_value = [
        ("[records.unit.a]\nhp = 1\ntags = { @add@ = ['z'] }\n", "'append' has no value to change"),
        (
            "[records.unit.a]\nhp = 1\n[patches.records.unit.a]\nshield = { @times@ = 2 }\n",
            "no value that 'scale' could change",
        ),
        (
            "[records.unit.a]\nhp = 1\n[patches.records.unit.a]\n@inherits@ = 'b'\n",
            "cannot change 'copy-from' of",
        ),
        ("[records.unit.a]\nhp = 1\n@abstract@ = 3\n", "'is a base' must be true or false"),
        (
            "[records.unit.a]\nhp = 1\n@inherits@ = 'c'\ntags = { @add@ = ['z'], @times@ = 1 }\n",
            "unknown key 'scale' in a change",
        ),
    ];
    let names = OTHER.map(Some);
    for (file, expected) in changes_without_a_value {
        let file = format!("{}\n{}", declared(&names), filled(file, &names).ok_or(file)?);
        let report = load(&[SCHEMAS, ("r.toml", &file)]).err().ok_or(file)?;
        assert!(report.to_string().contains(expected), "{report}");
        for help in helps(&report)? {
            assert_own_words(&help, &names);
        }
    }
    Ok(())
}

#[test]
fn a_patch_gets_no_advice_to_inherit() -> Outcome {
    let file = "words = { inherits = 'copy-from', abstract = 'base' }\n[records.unit.a]\nhp = 1\n\
                [patches.records.unit.a]\ninherits = 'b'\nabstract = true\n";
    let report = load(&[SCHEMAS, ("r.toml", file)]).err().ok_or("it loads")?;
    for help in helps(&report)? {
        assert!(help.starts_with("slots of 'unit'"), "{report}");
    }
    Ok(())
}

#[test]
fn files_of_objects_get_the_way_to_write_their_entry() -> Outcome {
    let objects = [(
        "a.json",
        r#"{ "a": { "inherits": "b", "hp": 1 }, "b": { "hp": { "x": 1 } }, "c": {} }"#,
    )];
    for words in [
        "inherits = 'copy-from', abstract = false, times = 'scale'",
        "inherits = false, abstract = 'base'",
    ] {
        let manifest =
            format!("[objects]\n\"a.json\" = {{ schema = 'unit', words = {{ {words} }} }}\n");
        let report =
            load(&[("pack.toml", &manifest), SCHEMAS, objects[0]]).err().ok_or("it loads")?;
        let helps = helps(&report)?;
        let expected: [&str; 3] = match words.contains("copy-from") {
            true => [
                "this file renames 'inherits': write copy-from instead",
                "write a number; a record that inherits can change it with { scale = 2, plus = 1 }",
                "if other records only inherit from this one, mark it with abstract = true; for this, write \"a.json\" = \
                 { schema = \"unit\", words = { inherits = \"copy-from\", times = \"scale\" } } under 'objects' in the manifest",
            ],
            false => [
                "'inherits' is switched off in this file; to have it, write \"a.json\" = { schema = \"unit\", \
                 words = { abstract = \"base\" } } under 'objects' in the manifest",
                "write a number",
                "if other records only inherit from this one, mark it with base = true",
            ],
        };
        assert_eq!(helps, expected, "{report}");
    }
    Ok(())
}
