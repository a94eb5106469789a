//! Syntax errors.

use slotted::Store;
use slotted_definitions::Loader;

use crate::UNIT;
use crate::messages::{assert_text, reports};

reports! {
    trailing_comma_json { UNIT, ("a.json", "{ \"records\": { \"unit\": {\n  \"grunt\": { \"health\": 80.0 },\n} } }\n") }
    trailing_comma_in_list_json { UNIT, ("a.json", "{ \"records\": { \"unit\": [\n  { \"drops\": [1, 2,] }\n] } }\n") }
    missing_comma_json { UNIT, ("a.json", "{ \"records\": { \"unit\": { \"grunt\": {\n  \"health\": 80.0\n  \"level\": 3\n} } } }\n") }
    missing_comma_in_list_json { UNIT, ("a.json", "{ \"records\": { \"unit\": [{ \"drops\": [1 2] }] } }\n") }
    missing_comma_ron { UNIT, ("a.ron", "(records: { \"unit\": { \"grunt\": (\n  health: 80.0\n  level: 3,\n) } })\n") }
    missing_comma_toml { UNIT, ("a.toml", "[records.unit]\ngrunt = { health = 80.0 level = 3 }\n") }
    missing_colon_json { UNIT, ("a.json", "{ \"records\": { \"unit\": { \"grunt\" { \"health\": 80.0 } } } }\n") }
    equals_for_colon_json { UNIT, ("a.json", "{ \"records\" = {} }\n") }
    colon_for_equals_toml { UNIT, ("a.toml", "[records.unit.grunt]\nhealth: 80.0\n") }
    equals_for_colon_ron { UNIT, ("a.ron", "(records = { \"unit\": {} })\n") }
    single_quotes_json { UNIT, ("a.json", "{ 'records': {} }\n") }
    single_quotes_in_value_json { UNIT, ("a.json", "{ \"records\": { \"unit\": [{ \"name\": 'Grunt' }] } }\n") }
    single_quotes_ron { UNIT, ("a.ron", "(records: { \"unit\": [(name: 'Grunt')] })\n") }
    name_without_quotes_json { UNIT, ("a.json", "{ records: {} }\n") }
    comment_json { UNIT, ("a.json", "{\n  // The units.\n  \"records\": {}\n}\n") }
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
    leading_point_json { UNIT, ("a.json", "{ \"records\": { \"unit\": [{ \"health\": .5 }] } }\n") }
    trailing_point_json { UNIT, ("a.json", "{ \"records\": { \"unit\": [{ \"health\": 5. }] } }\n") }
    decimal_comma_toml { UNIT, ("a.toml", "[records.unit.grunt]\nhealth = 80,5\n") }
    nan_json { UNIT, ("a.json", "{ \"records\": { \"unit\": [{ \"speed\": NaN }] } }\n") }
    bad_escape_json { UNIT, ("a.json", "{ \"records\": { \"unit\": [{ \"name\": \"C:\\mods\" }] } }\n") }
    bad_escape_toml { UNIT, ("a.toml", "[records.unit.grunt]\nname = \"C:\\mods\"\n") }
    bad_escape_ron { UNIT, ("a.ron", "(records: { \"unit\": [(name: \"C:\\mods\")] })\n") }
    half_of_a_character_json { UNIT, ("a.json", "{ \"records\": { \"unit\": [{ \"name\": \"\\ud800\" }] } }\n") }
    tab_in_text_json { UNIT, ("a.json", "{ \"records\": { \"unit\": [{\n\t\"name\":\t\"a\tb\"\n}] } }\n") }
    line_break_in_text_json { UNIT, ("a.json", "{ \"records\": { \"unit\": [{ \"name\": \"two\nlines\" }] } }\n") }
    tabs_before { UNIT, ("a.toml", "[records.unit.grunt]\n\t\tname\t=\t7\t# a number\n") }
    carriage_returns { UNIT, ("a.toml", "[records.unit.grunt]\r\nname = 7\r\nhelth = 3\r\n") }
    carriage_returns_json { UNIT, ("a.json", "{\r\n  \"records\": {\r\n    \"unit\": {},\r\n  }\r\n}\r\n") }
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
    unknown_ending { UNIT, ("a.yaml", "records:\n") }
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
