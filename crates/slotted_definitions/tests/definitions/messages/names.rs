//! Invalid names, and names that look alike.

use crate::UNIT;
use crate::messages::{assert_report, reports};

reports! {
    schema_like_another { ("a.toml", "[schemas.unit]\n[schemas.\"u\u{578}it\"]\n[schemas.\"un\u{456}t\"]\n") }
    slot_like_another { ("a.toml", "[schemas.unit.slots]\nspeed = \"f32\"\n\"sp\u{435}ed\" = \"f32\"\n") }
    slot_with_cyrillic_letter { UNIT, ("a.toml", "[records.unit.grunt]\n\"h\u{435}alth\" = 80.0\n") }
    slot_or_word { ("a.toml", "[schemas.unit.slots]\ninherits = \"text\"\nabstract = \"bool\"\n[records.unit.orc]\ninherits = \"x\"\nabstract = true\n") }
    two_words_of_one_name { ("a.toml", "words = { inherits = \"abstract\", unset = 3, copies = \"x\" }\n") }
    two_words_renamed_alike { ("a.toml", "words = { unset = \"none\", inherits = \"x\", if_pack = \"x\", add = \"\", plus = \"x\" }\n") }
    copy_from { UNIT, ("a.toml", "[schemas.item.slots]\nhp = \"u8\"\n[records.item.a]\nhp = 1\n[records.item.b]\ncopy-from = \"a\"\n") }
    own_abstract { UNIT, ("pack.toml", "objects.\"items.json\" = \"unit\"\n"), ("items.json", "[{ \"abstract\": \"base\" }, { \"if_pack\": 3 }]\n") }
    copy_from_in_a_games_file { UNIT, ("pack.toml", "objects.\"items.json\" = { schema = \"unit\", words = { abstract = false } }\n"), ("items.json", "[{ \"copy-from\": \"base\" }]\n") }
    nameless_target { UNIT, ("pack.toml", "objects.\"items.json\" = \"unit\"\n"), ("items.json", "[{ \"name\": \"axe\" }]\n"), ("a.toml", "[records.unit.orc]\ntarget = \"axe\"\n[patches.records.unit.axe]\nlevel = 4\n") }
    control_character { ("a.toml", "[schemas.unit.slots]\n\"hea\\u0007lth\" = \"f32\"\n") }
    bidirectional { ("a.toml", "[schemas.\"un\u{202e}it\"]\n") }
    bidirectional_record { UNIT, ("a.json", "{ \"records\": { \"unit\": { \"gr\u{202e}tnu\": {} } } }\n") }
    escape_codes { UNIT, ("a.json", "{ \"records\": { \"unit\": { \"\u{7f}\\u001b[31mred\": {} } } }\n") }
    empty_schema { ("a.toml", "[schemas.\"\".slots]\nhealth = \"f32\"\n") }
    empty_slot { ("a.toml", "[schemas.unit.slots]\n\"\" = \"f32\"\n") }
    empty_record { UNIT, ("a.toml", "[records.unit.\"\"]\nhealth = 80.0\n") }
}

#[test]
fn too_long() {
    let name = "x".repeat(200);
    let file =
        format!("[schemas.{name}.slots]\na = \"f32\"\n\n[schemas.b.slots]\n{name} = \"f32\"\n");
    assert_report("names_too_long", &crate::refused(&[("a.toml", &file)]));
}

/// The letter as one character, and with its accent as another one.
const COMPOSED: &str = "caf\u{e9}";
const DECOMPOSED: &str = "cafe\u{301}";

#[test]
fn accents_as_characters_of_their_own() {
    let file = |defined: &str, used: &str| {
        format!(
            "[schemas.unit.slots]\nfriend = {{ kind = \"object\", optional = true }}\n\
             \"x{defined}\" = {{ kind = \"u8\", default = 0 }}\n\
             w = {{ variants = [\"{defined}\", \"b\"], default = \"b\" }}\n\
             [schemas.\"{defined}\".slots]\n\
             [records.unit.\"{defined}\"]\n[records.unit.a]\nfriend = \"{used}\"\n\"x{used}\" = 1\nw = \"{used}\"\n\
             [records.unit.b]\ninherits = \"{used}\"\n[records.\"{used}\".c]\n\
             [patches.records.unit.\"{used}\"]\nw = \"b\"\n\
             [patches.delete]\nunit = [\"{used}\"]\n[patches.schemas.\"{used}\".slots]\n"
        )
    };
    for (name, defined, used) in
        [("composed", COMPOSED, DECOMPOSED), ("decomposed", DECOMPOSED, COMPOSED)]
    {
        let report = crate::refused(&[("a.toml", &file(defined, used))]);
        let suggested =
            report.diagnostics().iter().filter(|problem| problem.suggestion().is_some());
        assert_eq!(suggested.count(), report.errors(), "{report}");
        crate::messages::assert_report(&format!("names_accents_{name}"), &report);
    }
}

#[test]
fn two_records_with_the_same_letters() {
    let file = format!(
        "[schemas.unit.slots]\n[schemas.cat.slots]\n[records.unit.\"{COMPOSED}\"]\n[records.unit.\"{DECOMPOSED}\"]\n\
         [records.cat.\"{DECOMPOSED}\"]\n"
    );
    let report = crate::refused(&[("a.toml", &file)]);
    crate::messages::assert_report("names_two_records_with_the_same_letters", &report);
}
