//! One file that cannot be read, in a pack of many: what follows from it is counted, and nothing else is reported.

use slotted::Store;
use slotted_definitions::diagnostic::Code;
use slotted_definitions::{Loader, Report};

use crate::messages::assert_report;

/// The files that need the broken one.
const NEEDY: usize = 40;

/// Writes JSON in the format of an extension. Maps and lists are the same in JSON, RON and YAML.
fn file(extension: &str, name: &str, json: &str) -> (String, String) {
    let text = match extension {
        "toml" => {
            let inner = json.trim().strip_prefix('{').and_then(|json| json.strip_suffix('}'));
            // Sections stand in lines of their own, without commas.
            let sections = inner.expect("a map").split(",\n    \"").map(|section| {
                section
                    .trim_start_matches([' ', '\n', '"'])
                    .replace("\":", "\" =")
                    .replace('\n', " ")
            });
            sections.map(|section| format!("\"{section}\n")).collect()
        }
        _ => json.to_owned(),
    };
    (format!("{name}.{extension}"), text)
}

/// Removes the last bracket of a map within the file.
fn broken((name, text): (String, String)) -> (String, String) {
    let end = text.trim_end().rfind('}').expect("a map");
    (name, format!("{}{}", &text[..end], &text[end + 1..]))
}

const SCHEMAS: &str = r#"{"schemas": {"unit": {"slots": {
        "hp": {"kind": "u8", "default": 1},
        "job": {"variants": ["none"], "default": "none"},
        "chief": {"kind": "object", "optional": true},
        "mood": {"optional": true, "variants": {"sad": {}}},
        "pals": {"kind": "list(object)", "default": []}
}}, "camp": {"slots": {"guard": "object"}}}}"#;

/// The file that breaks declares what all others need.
const NEEDED: &str = r#"{
    "schemas": {
        "beast": {"slots": {"claws": {"kind": "u8", "default": 4}}},
        "weapon": {"slots": {"edge": "u8"}}
    },
    "records": {"unit": {"wolf": {"hp": 5}}, "beast": {"rat": {}}},
    "patches": {
        "schemas": {"unit": {"slots": {
            "mana": {"kind": "u8", "default": 0},
            "job": {"variants": {"add": ["hunter"]}},
            "mood": {"variants": {"glad": {"why": "text"}}},
            "effect": {"optional": true, "tag": "type", "variants": {"zap": {"volts": "u8"}}}
        }}},
        "records": {"unit": {"wolf": {"hp": 3}}}
    }
}"#;

/// Returns a file of records, patches and schemas that need the other one.
fn needy(n: usize) -> String {
    format!(
        r#"{{
    "schemas": {{
        "big_{n}": {{"extends": "beast", "slots": {{"tail": {{"kind": "u8", "default": 1}}}}}},
        "armed_{n}": {{"slots": {{"hand": {{"kind": "weapon"}}, "hands": {{"kind": "list(weapon)"}}}}}},
        "tame_{n}": {{"slots": {{"of": {{"kind": "object", "references": "beast", "optional": true}}}}}}
    }},
    "records": {{
        "unit": {{
            "cub_{n}": {{"inherits": "wolf", "hp": 2}},
            "pup_{n}": {{"inherits": "cub_{n}"}},
            "mage_{n}": {{"mana": 3, "job": "hunter", "chief": "wolf"}},
            "pack_{n}": {{"pals": ["wolf", "cub_{n}"], "effect": {{"type": "zap", "volts": 3}}}},
            "dancer_{n}": {{"mood": {{"glad": {{"why": "wolf"}}}}}}
        }},
        "beast": {{"dog_{n}": {{"claws": 3}}}},
        "big_{n}": {{"bear_{n}": {{"claws": 3, "tail": 0}}}},
        "armed_{n}": {{"orc_{n}": {{"hand": {{"edge": 3}}, "hands": []}}}},
        "camp": {{"den_{n}": {{"guard": "wolf"}}}}
    }},
    "patches": {{
        "schemas": {{"beast": {{"slots": {{"own_{n}": {{"kind": "u8", "default": 0}}}}}}}},
        "records": {{"unit": {{"wolf": {{"pals": {{"add": ["cub_{n}"]}}}}}}}},
        "delete": {{"beast": ["rat"]}}
    }}
}}"#
    )
}

fn files(extension: &str) -> Vec<(String, String)> {
    let mut files =
        vec![file(extension, "a_schemas", SCHEMAS), file(extension, "b_needed", NEEDED)];
    files.extend((0..NEEDY).map(|n| file(extension, &format!("needy_{n:03}"), &needy(n))));
    files
}

fn load(files: &[(String, String)]) -> Result<usize, Report> {
    let loader = Loader::new().pack_of_texts("mod", files.iter().cloned());
    loader.load(&Store::new()).map(|definitions| definitions.records().len())
}

#[test]
fn all_that_follows_from_a_broken_file_is_counted_in_each_format() {
    for extension in ["json", "toml", "ron", "yaml"] {
        let mut files = files(extension);
        let records = load(&files).map_err(|report| report.to_string());
        assert_eq!(records, Ok(NEEDY * 9 + 1), "{extension}");
        files[1] = broken(files[1].clone());
        let report = load(&files).expect_err("a bracket is missing");
        let codes: Vec<_> = report.diagnostics().iter().map(|one| one.code()).collect();
        assert!(codes.iter().all(|code| *code == Code::Syntax), "{extension}: {report}");
        assert!(report.held_back() >= NEEDY, "{extension}: {report}");
    }
}

#[test]
fn mistakes_of_their_own_are_reported_beside_a_broken_file() {
    for extension in ["json", "toml", "ron", "yaml"] {
        let mut files = files(extension);
        files[1] = broken(files[1].clone());
        let wrong = r#"{"records": {"unit": {"elk": {"hp": 300, "chief": "nobody", "wings": 2}}}}"#;
        files.push(file(extension, "z_wrong", wrong));
        let report = load(&files).expect_err("a bracket is missing");
        let others = report.diagnostics().iter().filter(|one| one.code() != Code::Syntax);
        let others: Vec<_> = others.map(|one| one.message()).collect();
        assert_eq!(others.len(), 3, "{extension}: {report}");
        if extension == "json" {
            assert_report("held_back_beside_mistakes", &report);
        }
    }
}
