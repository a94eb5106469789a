//! Tests with random content: the four formats agree, and the loader never panics.

use bench_support::cases;
use proptest::collection::vec;
use proptest::prelude::*;
use slotted::Store;
use slotted_definitions::{Definitions, LoadLimits, Loader, Undeclared};

/// The content of a file.
#[derive(Clone, Debug)]
enum Tree {
    Bool(bool),
    Int(i128),
    Float(f64),
    Text(String),
    List(Vec<Self>),
    Map(Vec<(String, Self)>),
}

#[derive(Clone, Copy)]
enum Format {
    Json,
    Toml,
    Ron,
    Yaml,
}

impl Tree {
    fn write(&self, format: Format, into: &mut String) {
        match self {
            Self::Bool(truth) => into.push_str(&truth.to_string()),
            Self::Int(number) => into.push_str(&number.to_string()),
            Self::Float(number) => into.push_str(&format!("{number:?}")),
            Self::Text(text) => quote(text, format, into),
            Self::List(list) => {
                into.push('[');
                for (position, one) in list.iter().enumerate() {
                    into.push_str(if position > 0 { ", " } else { "" });
                    one.write(format, into);
                }
                into.push(']');
            }
            Self::Map(map) => {
                into.push('{');
                for (position, (name, one)) in map.iter().enumerate() {
                    into.push_str(if position > 0 { ", " } else { " " });
                    quote(name, format, into);
                    into.push_str(if matches!(format, Format::Toml) { " = " } else { ": " });
                    one.write(format, into);
                }
                into.push('}');
            }
        }
    }

    /// Returns the text of a file; in TOML the content of a map.
    fn file(&self, format: Format) -> (&'static str, String) {
        let mut text = String::new();
        match (format, self) {
            (Format::Toml, Self::Map(map)) => {
                for (name, one) in map {
                    quote(name, format, &mut text);
                    text.push_str(" = ");
                    one.write(format, &mut text);
                    text.push('\n');
                }
            }
            _ => self.write(format, &mut text),
        }
        match format {
            Format::Json => ("a.json", text),
            Format::Toml => ("a.toml", text),
            Format::Ron => ("a.ron", text),
            Format::Yaml => ("a.yaml", text),
        }
    }
}

fn quote(text: &str, format: Format, into: &mut String) {
    into.push('"');
    for character in text.chars() {
        match (character, format) {
            ('"' | '\\', _) => into.extend(['\\', character]),
            (c, Format::Ron) if c.is_control() => {
                into.push_str(&format!("\\u{{{:x}}}", u32::from(c)))
            }
            ('\u{feff}' | '\u{fffe}' | '\u{ffff}', Format::Yaml) => {
                into.push_str(&format!("\\u{:04x}", u32::from(character)))
            }
            (c, _) if c.is_control() => into.push_str(&format!("\\u{:04x}", u32::from(c))),
            (c, _) => into.push(c),
        }
    }
    into.push('"');
}

/// The name of a kind, and mostly fitting values.
fn slot() -> impl Strategy<Value = (&'static str, Tree)> {
    let float = prop_oneof![
        any::<f64>().prop_filter("JSON has none", |number| number.is_finite()),
        Just(-0.0),
        (-1000..1000_i32).prop_map(|number| f64::from(number) / 8.0),
    ];
    let int = prop_oneof![
        (-300..300_i128),
        any::<i64>().prop_map(i128::from),
        any::<u64>().prop_map(i128::from),
        Just(1_i128 << 64),
    ];
    let text = prop_oneof![any::<String>(), "[a-c]{0,3}".prop_map(|text| text)];
    let kinds =
        ["u8", "i64", "u64", "f32", "f64", "text", "bool", "vec2", "list(u16)", "list(text)"];
    let small = (0..70_000_i128).prop_map(Tree::Int);
    let value = prop_oneof![
        float.clone().prop_map(Tree::Float),
        int.prop_map(Tree::Int),
        text.clone().prop_map(Tree::Text),
        any::<bool>().prop_map(Tree::Bool),
        vec(float.prop_map(Tree::Float), 2..=3).prop_map(Tree::List),
        vec(small, 0..4).prop_map(Tree::List),
        vec(text.prop_map(Tree::Text), 0..3).prop_map(Tree::List),
    ];
    (prop::sample::select(kinds.to_vec()), value)
}

fn name() -> impl Strategy<Value = String> {
    prop_oneof![4 => "[a-d]", 1 => "[a-z_]{1,6}", 1 => "[äЖ名 -~]{1,4}"]
}

/// Mostly valid schemas, records and patches.
fn content() -> impl Strategy<Value = Tree> {
    let slot_of =
        (slot(), any::<bool>(), any::<bool>()).prop_map(|((kind, value), optional, bare)| {
            let kind = Tree::Text(kind.to_owned());
            let of = |name: &str, value: Tree| (name.to_owned(), value);
            match (bare, optional) {
                (true, _) => kind,
                (_, true) => Tree::Map(vec![of("kind", kind), of("optional", Tree::Bool(true))]),
                _ => Tree::Map(vec![of("kind", kind), of("default", value)]),
            }
        });
    let schema = (vec((name(), slot_of), 0..4), prop::option::weighted(0.3, name()));
    let schema = schema.prop_map(|(slots, base)| {
        let slots = ("slots".to_owned(), Tree::Map(unique(slots)));
        let base = base.map(|base| ("extends".to_owned(), Tree::Text(base)));
        Tree::Map([slots].into_iter().chain(base).collect())
    });
    let values = vec((name(), slot().prop_map(|(_, value)| value)), 0..4);
    let record = (values, prop::option::weighted(0.2, name()), any::<bool>());
    let record = record.prop_map(|(values, parent, is_abstract)| {
        let parent = parent.map(|parent| ("inherits".to_owned(), Tree::Text(parent)));
        let is_abstract = is_abstract.then(|| ("abstract".to_owned(), Tree::Bool(true)));
        Tree::Map(unique(values.into_iter().chain(parent).chain(is_abstract).collect()))
    });
    let records = vec((name(), record), 0..3).prop_map(|records| Tree::Map(unique(records)));
    let of_schemas = vec((name(), records), 0..3).boxed();
    (vec((name(), schema), 1..4), of_schemas.clone(), of_schemas).prop_map(
        |(schemas, records, patches)| {
            let patches = vec![("records".to_owned(), Tree::Map(unique(patches)))];
            Tree::Map(vec![
                ("schemas".to_owned(), Tree::Map(unique(schemas))),
                ("records".to_owned(), Tree::Map(unique(records))),
                ("patches".to_owned(), Tree::Map(patches)),
            ])
        },
    )
}

/// TOML rejects repeated names itself; for the other formats the loader does.
fn unique(mut entries: Vec<(String, Tree)>) -> Vec<(String, Tree)> {
    let mut seen = std::collections::HashSet::new();
    entries.retain(|(name, _)| seen.insert(name.clone()));
    entries
}

/// Returns everything that a user sees of definitions or a report, except places.
fn seen(format: Format, content: &Tree, policy: Undeclared) -> Vec<String> {
    let loader = Loader::new().pack_of_texts("mod", [content.file(format)]).undeclared(policy);
    let messages = |report: &slotted_definitions::Report| -> Vec<String> {
        let messages = report
            .diagnostics()
            .iter()
            .map(|found| format!("{} {}", found.code(), found.message()));
        messages.collect()
    };
    let definitions = match loader.load(&Store::new()) {
        Ok(definitions) => definitions,
        Err(report) => return messages(&report),
    };
    let mut seen = messages(definitions.warnings());
    seen.extend(definitions.schemas().map(|schema| format!("{schema:?}")));
    seen.extend(definitions.records().map(|record| {
        let values: Vec<_> = record.values().map(|(slot, value, _)| (slot, value)).collect();
        let aside: Vec<_> = record.quarantined().map(|(name, value, _)| (name, value)).collect();
        let (of, name) = (record.schema().name(), record.name());
        format!("{of} {name:?} {} {values:?} {aside:?}", record.is_abstract())
    }));
    seen.push(spawned(&definitions));
    seen
}

/// Returns the hash of the objects.
fn spawned(definitions: &Definitions) -> String {
    let mut store = Store::new();
    let objects = definitions.spawn(&mut store).expect("there is room");
    assert_eq!(objects.len(), store.len());
    format!("{} objects, {:x}", store.len(), store.state_hash())
}

/// Valid files, one of each format.
const GOOD: [(&str, &str); 4] = [
    (
        "a.json",
        r#"{ "schemas": { "u": { "doc": "d", "slots": { "h": { "kind": "f32", "range": [0, 9.5], "default": 1.0 }, "j": { "variants": ["a", "b"], "default": "a" }, "t": { "kind": "list(object)", "references": "u", "default": [] }, "n": "text" } }, "v": { "extends": "u" } }, "records": { "u": { "x": { "h": 2.5, "n": "é\n\u00e9", "t": ["x", "y"] }, "y": { "inherits": "x", "abstract": false } }, "v": [{ "n": "" }] }, "patches": { "records": { "u": { "x": { "j": "b" } } } } }"#,
    ),
    (
        "a.toml",
        "[schemas.u]\ndoc = 'd'\n[schemas.u.slots]\nh = { kind = \"f32\", range = { min = 0, below = 9.5 }, default = 1.0 }\nj = { variants = [\"a\", \"b\"], default = \"a\" }\nt = { kind = \"list(object)\", references = 'u', default = [] }\nn = \"text\"\n[schemas.v]\nextends = \"u\"\n[records.u.x]\nh = 2.5 # comment\nn = \"é\\n\\u00e9\"\nt = ['x', 'y']\n[records.u.y]\ninherits = 'x'\n[[records.v]]\nn = ''\n[patches.records.u.x]\nj = 'b'\n",
    ),
    (
        "a.ron",
        "// comment\n(schemas: { \"u\": (doc: \"d\", slots: { \"h\": (kind: f32, range: [0, 9.5], default: 1.0), \"j\": (variants: [a, b], default: a), \"t\": (kind: \"list(object)\", references: u, default: []), \"n\": text, }), \"v\": (extends: Some(\"u\")) }, records: { \"u\": { \"x\": (h: 2.5, n: \"é\\n\\u{e9}\", t: [x, y]), \"y\": (inherits: x) /* c */, }, \"v\": [(n: r#\"\"#)] }, patches: (records: { \"u\": { \"x\": (j: b) } }))",
    ),
    (
        "a.yaml",
        "# comment\n---\nschemas:\n  u:\n    doc: d\n    slots:\n      h: { kind: f32, range: [0, 9.5], default: 1.0 }\n      j: { variants: &v [a, b], default: a }\n      t: { kind: list(object), references: u, default: [] }\n      n: text\n  v:\n    extends: u\nrecords:\n  u:\n    x: &x\n      h: 2.5\n      n: \"é\\n\\u00e9\"\n      t:\n      - x\n      - y\n    y: { <<: *x, inherits: x }\n  v:\n  - n: |\n      two\n      lines\npatches:\n  records: { u: { x: { j: 'b' } } }\n",
    ),
];

/// The files with which the fuzz targets start.
const SEEDS: [(&str, &str); 4] = [
    ("a.json", include_str!("../../../../fuzz/seeds/definitions_json/units.json")),
    ("a.toml", include_str!("../../../../fuzz/seeds/definitions_toml/units.toml")),
    ("a.ron", include_str!("../../../../fuzz/seeds/definitions_ron/units.ron")),
    ("a.yaml", include_str!("../../../../fuzz/seeds/definitions_yaml/units.yaml")),
];

const TOKENS: [&str; 68] = [
    "{",
    "}",
    "[",
    "]",
    "(",
    ")",
    "\"",
    "'",
    ":",
    "=",
    ",",
    "\n",
    "\r\n",
    "\t",
    " ",
    "#",
    "//",
    "/*",
    "*/",
    "\\",
    "\\u",
    "\\ud800",
    "\\u{",
    "r#\"",
    "\"\"\"",
    "'''",
    "null",
    "None",
    "Some(",
    "true",
    "nan",
    "-inf",
    "NaN",
    "-0",
    "1e999",
    "99999999999999999999",
    "0x",
    "1_0",
    ".5",
    "-",
    "1979-05-27",
    "schemas",
    "records",
    "patches",
    "slots",
    "extends",
    "inherits",
    "abstract",
    "kind",
    "default",
    "- ",
    ": ",
    "\n  ",
    "&a ",
    "*a",
    "<<: ",
    "!!str ",
    "---",
    "...",
    "|\n",
    ">-\n",
    "? ",
    "[[",
    "]]",
    "\u{feff}",
    "\u{202e}",
    "é",
    "\0",
];

/// Loads a text in a format and prints the report.
fn survive(path: &str, text: &str) {
    let mut limits = LoadLimits::default();
    (limits.values, limits.slots) = (10_000, 1000);
    for policy in [Undeclared::Refuse, Undeclared::Quarantine] {
        let loader = Loader::new().pack_of_texts("mod", [(path, text)]);
        match loader.limits(limits).undeclared(policy).load(&Store::new()) {
            Ok(definitions) => _ = spawned(&definitions),
            Err(report) => {
                assert!(report.errors() > 0);
                let text = report.to_string();
                assert!(!text.contains(|c: char| c != '\n' && c.is_control()), "{text:?}");
                assert!(report.to_colored_text().len() >= text.len());
                serde_json::to_string(&report).expect("reports serialize");
            }
        }
    }
}

#[test]
fn valid_files_load() {
    for (path, text) in GOOD.into_iter().chain(SEEDS) {
        let definitions = crate::load(&[(path, text)]).unwrap_or_else(|report| panic!("{report}"));
        assert_eq!(definitions.records().len(), 3);
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(cases(200)))]

    #[test]
    fn the_formats_mean_the_same(content in content(), quarantine in any::<bool>()) {
        let policy = if quarantine { Undeclared::Quarantine } else { Undeclared::Refuse };
        let json = seen(Format::Json, &content, policy);
        prop_assert_eq!(&json, &seen(Format::Toml, &content, policy));
        prop_assert_eq!(&json, &seen(Format::Ron, &content, policy));
        prop_assert_eq!(&json, &seen(Format::Yaml, &content, policy));
    }

    #[test]
    fn no_bytes_make_the_loader_panic(bytes in vec(any::<u8>(), 0..200)) {
        let text = String::from_utf8_lossy(&bytes);
        GOOD.iter().for_each(|(path, _)| survive(path, &text));
    }

    #[test]
    fn no_tokens_make_the_loader_panic(tokens in vec(prop::sample::select(TOKENS.to_vec()), 0..40)) {
        let text = tokens.concat();
        GOOD.iter().for_each(|(path, _)| survive(path, &text));
    }

    #[test]
    fn no_change_of_a_good_file_makes_the_loader_panic(
        edits in vec((any::<prop::sample::Index>(), 0..4_usize, prop::sample::select(TOKENS.to_vec())), 1..5),
        which in 0..4_usize,
    ) {
        let (path, good) = GOOD[which];
        let mut text: Vec<char> = good.chars().collect();
        for (at, length, token) in edits {
            let at = at.index(text.len() + 1);
            text.splice(at..(at + length).min(text.len()), token.chars());
        }
        survive(path, &text.into_iter().collect::<String>());
    }
}
