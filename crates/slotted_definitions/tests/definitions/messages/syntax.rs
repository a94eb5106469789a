//! Syntax errors.

use slotted::Store;
use slotted_definitions::Loader;

use crate::UNIT;
use crate::messages::{assert_text, reports};

reports! {
    missing_comma_json { UNIT, ("a.json", "{ \"records\": { \"unit\": { \"grunt\": {\n  \"health\": 80.0\n  \"level\": 3\n} } } }\n") }
    missing_comma_in_list_json { UNIT, ("a.json", "{ \"records\": { \"unit\": [{ \"drops\": [1 2] }] } }\n") }
    signs_in_a_name_ron { UNIT, ("a.ron", "(records: { \"unit\": { \"grunt\": (name: half-orc) } })\n"), ("b.ron", "(records: { \"unit\": { half-orc: () } })\n"), ("c.ron", "(records: { \"unit\": [(half-orc: 3)] })\n") }
    some_of_two_ron { UNIT, ("a.ron", "(records: { \"unit\": [(level: Some(3, 4))] })\n") }
    missing_comma_ron { UNIT, ("a.ron", "(records: { \"unit\": { \"grunt\": (\n  health: 80.0\n  level: 3,\n) } })\n") }
    missing_brace_toml { ("a.toml", "[schemas.unit.slots]\nhealth = { kind = 'f32', default = 1.0\nlevel = { kind = 'u8', default = 1 }\nname = { kind = 'text', default = \"{\" } # }\n") }
    missing_inner_brace_toml { ("a.toml", "[schemas.unit.slots]\nbox = { kind = 'list', slots = { n = 'u8' }\nlevel = 'u8'\n") }
    missing_brace_before_a_table_toml { ("a.toml", "[schemas.unit.slots]\nhealth = { kind = 'f32'\n\n[records.unit.grunt]\nhealth = 3.0\n") }
    missing_brace_in_a_list_toml { ("a.toml", "[records.unit]\ngrunt = { drops = [{ n = 1 ] }\n") }
    missing_comma_in_long_braces_toml { ("a.toml", "[schemas.unit.slots]\nhealth = { kind = 'f32',\n  optional = true\n  doc = 'points' }\n") }
    missing_comma_toml { UNIT, ("a.toml", "[records.unit]\ngrunt = { health = 80.0 level = 3 }\n") }
    missing_colon_json { UNIT, ("a.json", "{ \"records\": { \"unit\": { \"grunt\" { \"health\": 80.0 } } } }\n") }
    equals_for_colon_json { UNIT, ("a.json", "{ \"records\" = {} }\n") }
    colon_for_equals_toml { UNIT, ("a.toml", "[records.unit.grunt]\nhealth: 80.0\n") }
    equals_for_colon_ron { UNIT, ("a.ron", "(records = { \"unit\": {} })\n") }
    single_quotes_ron { UNIT, ("a.ron", "(records: { \"unit\": [(name: 'Grunt')] })\n") }
    unclosed_map_json { UNIT, ("a.json", "{ \"records\": {\n  \"unit\": {\n    \"grunt\": { \"health\": 80.0 }\n") }
    unclosed_text_json { UNIT, ("a.json", "{ \"records\": { \"unit\": [{ \"name\": \"Grunt }] } }\n") }
    unclosed_text_toml { UNIT, ("a.toml", "[records.unit.grunt]\nname = \"Grunt\nlevel = 3\n") }
    unclosed_list_toml { UNIT, ("a.toml", "[records.unit.grunt]\ndrops = [1, 2\nlevel = 3\n") }
    unclosed_header_toml { UNIT, ("a.toml", "[records.unit.grunt\nlevel = 3\n") }
    unclosed_text_ron { UNIT, ("a.ron", "(records: { \"unit\": [(name: \"Grunt)] })\n") }
    unclosed_map_ron { UNIT, ("a.ron", "(records: { \"unit\": {\n  \"grunt\": (health: 80.0),\n}\n") }
    wrong_closing_json { UNIT, ("a.json", "{ \"records\": { \"unit\": [{ \"drops\": [1, 2} }] } }\n") }
    wrong_closing_ron { UNIT, ("a.ron", "(records: { \"unit\": [(drops: [1, 2))] })\n") }
    more_after_the_end_json { UNIT, ("a.json", "{ \"records\": {} }\n{ \"records\": {} }\n") }
    more_after_the_end_ron { UNIT, ("a.ron", "(records: {})\n(records: {})\n") }
    leading_zero_json { UNIT, ("a.json", "{ \"records\": { \"unit\": [{ \"level\": 07 }] } }\n") }
    decimal_comma_toml { UNIT, ("a.toml", "[records.unit.grunt]\nhealth = 80,5\n") }
    bad_escape_json { UNIT, ("a.json", "{ \"records\": { \"unit\": [{ \"name\": \"C:\\mods\" }] } }\n") }
    bad_escape_toml { UNIT, ("a.toml", "[records.unit.grunt]\nname = \"C:\\mods\"\n") }
    bad_escape_ron { UNIT, ("a.ron", "(records: { \"unit\": [(name: \"C:\\mods\")] })\n") }
    half_of_a_character_json { UNIT, ("a.json", "{ \"records\": { \"unit\": [{ \"name\": \"\\ud800\" }] } }\n") }
    line_break_in_text_json { UNIT, ("a.json", "{ \"records\": { \"unit\": [{ \"name\": \"two\nlines\" }] } }\n") }
    tabs_before { UNIT, ("a.toml", "[records.unit.grunt]\n\t\tname\t=\t7\t# a number\n") }
    carriage_returns { UNIT, ("a.toml", "[records.unit.grunt]\r\nname = 7\r\nhelth = 3\r\n") }
    carriage_returns_json { UNIT, ("a.json", "{\r\n  \"records\": {\r\n    \"unit\" {}\r\n  }\r\n}\r\n") }
    missing_comma_after_comment_json { UNIT, ("a.json", "{\n  // The units.\n  \"records\": { \"unit\": [{\n    \"health\": 80.0 // full\n    \"level\": 3\n  }] }\n}\n") }
    missing_colon_after_comment_json { UNIT, ("a.json", "// The units.\n{ records: { unit: { grunt { health: 80.0 } } } }\n") }
    missing_value_after_comment_json { UNIT, ("a.json", "{ /* The units. */ records: { unit: [{ health: }] } }\n") }
    text_without_quotes_after_comment_json { UNIT, ("a.json", "{ records: { unit: [{ name: Grunt }] } } // text\n") }
    wrong_closing_after_comment_json { UNIT, ("a.json", "// }\n{ records: { unit: [{ drops: [1, 2} }] } }\n") }
    unclosed_after_comment_json { UNIT, ("a.json", "// { [\n{ records: {\n  unit: {\n    grunt: { health: 80.0 }\n") }
    unclosed_before_comment_json { UNIT, ("a.json", "{ records: {\n  unit: [\n// { [\n/* ( */") }
    comma_for_name_json { UNIT, ("a.json", "{ records: { unit: [{ , health: 80.0 }] } }\n") }
    two_commas_json { UNIT, ("a.json", "{ records: { unit: [{ drops: [1,, 2] }] } }\n") }
    wrong_closing_after_comma_json { UNIT, ("a.json", "{ records: { unit: [{ drops: [1, 2, } }] } }\n") }
    small_nan_json { UNIT, ("a.json", "{ records: { unit: [{ speed: nan }] } }\n") }
    decimal_comma_json { UNIT, ("a.json", "{\"records\": {\"unit\": [{\"health\": 0,25}]}}\n") }
    decimal_comma_in_the_middle_json { UNIT, ("a.json", "{\"records\": {\"unit\": [{\"health\": 0,25, \"level\": 3}]}}\n") }
    name_without_value_json { UNIT, ("a.json", "{ records: { unit: [{ asleep }] } }\n") }
    curly_quotes_json { UNIT, ("a.json", "{ \"records\": { \"unit\": [{ \"name\": \u{201c}Ann\u{201d} }] } }\n") }
    curly_quotes_around_name_json { UNIT, ("a.json", "{ \u{201c}records\u{201d}: {} }\n") }
    curly_quotes_toml { UNIT, ("a.toml", "[records.unit.ann]\nname = \u{201c}Ann\u{201d}\n") }
    curly_quotes_ron { UNIT, ("a.ron", "(records: { \"unit\": [(name: \u{201e}Ann\u{201c})] })\n") }
    quoted_field_ron { UNIT, ("a.ron", "(records: { \"unit\": { \"ann\": (\"health\": 1.0) } })\n") }
    unclosed_comment_json { UNIT, ("a.json", "{ records: {} }\n/* The units.\n") }
    more_after_the_end_and_comment_json { UNIT, ("a.json", "{ records: {} } // the end?\n{ records: {} }\n") }
    bad_escape_after_comment_json { UNIT, ("a.json", "{ records: { unit: [{ name: \"C:\\mods\" }] } }\n") }
    line_break_after_comment_json { UNIT, ("a.json", "{ records: { unit: [{ name: 'two\nlines' }] } }\n") }
    past_all_integers_hexadecimal_json { UNIT, ("a.json", "{ records: { unit: [{ level: 0x1FFFFFFFFFFFFFFFF }] } }\n") }
    table_twice_toml { UNIT, ("a.toml", "[records.unit.grunt]\nhealth = 80.0\n\n[records.unit.grunt]\nlevel = 3\n") }
    no_value_toml { UNIT, ("a.toml", "[records.unit.grunt]\nhealth =\nlevel = 3\n") }
    blanks_in_name_toml { UNIT, ("a.toml", "[records.unit.old grunt]\nhealth = 80.0\n") }
    two_problems_toml { UNIT, ("a.toml", "[records.unit.grunt]\nname = Grunt\nhealth = 80,5\n") }
    empty_json { UNIT, ("a.json", "") }
    blank_json { UNIT, ("a.json", "\n\n  \n") }
    empty_ron { UNIT, ("a.ron", "") }
    toml_called_json { UNIT, ("a.json", "[records.unit.grunt]\nhealth = 80.0\n") }
    json_called_toml { UNIT, ("a.toml", "{\n  \"records\": {}\n}\n") }
    json_called_ron { UNIT, ("a.ron", "{ \"records\": { \"unit\": [{ \"health\": null }] } }\n") }
    unknown_ending { UNIT, ("a.xml", "<records/>\n") }
    nested_too_deep { UNIT, ("a.json", "{ \"records\": { \"unit\": [{ \"drops\": [[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[1]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]] }] } }\n") }
    nested_too_deep_ron { UNIT, ("a.ron", "(records: { \"unit\": [(drops: [[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[1]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]])] })\n") }
    byte_order_mark { UNIT, ("a.json", "\u{feff}{ \"records\": { \"unit\": [{ \"helth\": 1 }] } }\n"), ("b.toml", "\u{feff}[records.unit.b]\nhelth = 1\n"), ("c.ron", "\u{feff}(records: { \"unit\": [(helth: 1)] })\n") }
}

#[test]
fn not_utf8() -> std::io::Result<()> {
    let folder = crate::Folder::new("latin")?;
    folder.write("units.toml", b"[records.unit.grunt]\nname = \"Gr\xfcnt\"\n")?;
    folder.write("utf16.json", b"\xff\xfe{\0}\0")?;
    let report = Loader::new().pack(folder.path()).load(&Store::new());
    let report = report.expect_err("the file is Latin-1").to_string();
    let folder = folder.path().to_string_lossy().replace('\\', "/");
    assert_text("syntax_not_utf8", &report.replace(&folder, "latin"));
    Ok(())
}
