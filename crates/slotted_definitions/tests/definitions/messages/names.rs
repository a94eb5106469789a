//! Invalid names, and names that look alike.

use crate::UNIT;
use crate::messages::{assert_report, reports};

reports! {
    schema_like_another { ("a.toml", "[schemas.unit]\n[schemas.\"u\u{578}it\"]\n[schemas.\"un\u{456}t\"]\n") }
    slot_like_another { ("a.toml", "[schemas.unit.slots]\nspeed = \"f32\"\n\"sp\u{435}ed\" = \"f32\"\n") }
    slot_with_cyrillic_letter { UNIT, ("a.toml", "[records.unit.grunt]\n\"h\u{435}alth\" = 80.0\n") }
    reserved_slot { ("a.toml", "[schemas.unit.slots]\ninherits = \"text\"\nabstract = \"bool\"\n") }
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
