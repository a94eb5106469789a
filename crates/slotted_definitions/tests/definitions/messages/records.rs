//! Invalid records, references and patches.

use crate::UNIT;
use crate::messages::reports;

const STRICT: (&str, &str) =
    ("strict.toml", "[schemas.item.slots]\nname = \"text\"\nprice = \"u32\"\n");

reports! {
    one_mistake_in_many_records {
        ("s.toml", "[schemas.unit.slots]\njob = { variants = ['farmer', 'smith'], default = 'farmer' }\nlevel = 'u8'\ntarget = { kind = 'object', optional = true }\n"),
        ("r.yaml", "records:\n  unit:\n    a: {job: elven, level: 300, target: elf}\n    b: {job: elven, level: 300, target: elf}\n    c: {job: elven, level: 301, target: orc}\n    d: {job: elven, target: elf}\n    e: {job: dwarven, target: elf, mana: 1}\n    f: {inherits: elf, mana: 1}\n    g: {inherits: elf}\n"),
    }
    misspelt_slot { UNIT, ("units.toml", "[records.unit.grunt]\nhelth = 80.0\n") }
    unknown_slot { UNIT, ("units.toml", "[records.unit.grunt]\nmana = 80.0\n") }
    misspelt_schema { UNIT, ("units.toml", "[records.units.grunt]\nhealth = 80.0\n[records.units.peon]\nhealth = 80.0\n") }
    missing_value { STRICT, ("items.toml", "[records.item.sword]\nname = \"Sword\"\n") }
    missing_value_in_list { STRICT, ("items.json", r#"{ "records": { "item": [{ "name": "Sword", "price": 3 }, { "price": 3 }] } }"#) }
    at_the_top { UNIT, ("units.toml", "[unit.grunt]\nhealth = 80.0\n") }
    misspelt_section { UNIT, ("units.toml", "[record.unit.grunt]\nhealth = 80.0\n") }
    without_schema { UNIT, ("units.toml", "[records.grunt]\nhealth = 80.0\n") }
    list_at_the_top { UNIT, ("units.json", r#"[{ "health": 80.0 }]"#) }
    record_that_is_a_number { UNIT, ("units.toml", "[records.unit]\ngrunt = 80.0\n") }
    twice_in_two_files { UNIT, ("a.toml", "[records.unit.grunt]\nhealth = 80.0\n"), ("b.json", r#"{ "records": { "unit": { "grunt": { "health": 90.0 } } } }"#) }
    twice_in_one_json { UNIT, ("a.json", "{\n  \"records\": { \"unit\": {\n    \"grunt\": {},\n    \"grunt\": {}\n  } }\n}\n") }
    inherits_from_itself { UNIT, ("a.toml", "[records.unit.grunt]\ninherits = \"grunt\"\n") }
    inherits_in_a_circle { UNIT, ("a.toml", "[records.unit.a]\ninherits = \"b\"\n[records.unit.b]\ninherits = \"c\"\n[records.unit.c]\ninherits = \"a\"\n") }
    inherits_from_nothing { UNIT, ("a.toml", "[records.unit.grunt]\n[records.unit.thrall]\ninherits = \"grnt\"\n") }
    inherits_from_another_schema { UNIT, STRICT, ("a.toml", "[records.item.sword]\nname = \"Sword\"\nprice = 3\n[records.unit.thrall]\ninherits = \"sword\"\n") }
    inherits_from_a_list { UNIT, ("a.toml", "[records.unit.grunt]\n[records.unit.thrall]\ninherits = [\"grunt\"]\n") }
    extends_for_inherits { UNIT, ("a.toml", "[records.unit.grunt]\n[records.unit.thrall]\nextends = \"grunt\"\n") }
    abstract_in_quotes { UNIT, ("a.toml", "[records.unit.grunt]\nabstract = \"yes\"\n") }
    reference_to_nothing { UNIT, ("a.toml", "[records.unit.grunt]\n[records.unit.thrall]\ntarget = \"grant\"\n") }
    reference_in_list_to_nothing { UNIT, ("a.toml", "[records.unit.grunt]\nfriends = [\"grunt\", \"grant\"]\n") }
    reference_to_an_abstract { UNIT, ("a.toml", "[records.unit.orc]\nabstract = true\n[records.unit.thrall]\ntarget = \"orc\"\n") }
    reference_to_a_name_given_twice {
        ("s.toml", "schemas.unit.slots.boss = { kind = 'object', optional = true }\nrecords.unit.orc = {}"),
        ("a.toml", "records.unit.elf.boss = 'orc'"),
        ("b.toml", "records.unit.orc = {}"),
    }
    empty_reference {
        ("s.toml", "schemas.unit.slots.boss = { kind = 'object', optional = true }\nrecords.unit.orc = {}\nrecords.unit.elf = { inherits = 'orc', boss = '' }"),
    }
    reference_to_several { UNIT, ("a.toml", "[schemas.elf]\nextends = \"unit\"\n[schemas.orc]\nextends = \"unit\"\n[records.elf.boss]\n[records.orc.boss]\n[records.unit.thrall]\ntarget = \"boss\"\n") }
    reference_of_another_schema { UNIT, STRICT, ("a.toml", "[records.item.sword]\nname = \"Sword\"\nprice = 3\n[records.unit.thrall]\ntarget = \"sword\"\n") }
    slot_named_twice_json { UNIT, ("a.json", "{ \"records\": { \"unit\": { \"grunt\": {\n  \"health\": 80.0,\n  \"level\": 3,\n  \"health\": 90.0\n} } } }\n") }
    slot_named_twice_toml { UNIT, ("a.toml", "[records.unit.grunt]\nhealth = 80.0\nlevel = 3\nhealth = 90.0\n") }
    slot_named_twice_ron { UNIT, ("a.ron", "(records: { \"unit\": { \"grunt\": (\n  health: 80.0,\n  level: 3,\n  health: 90.0,\n) } })\n") }
    patched_but_unknown { UNIT, ("a.toml", "[records.unit.grunt]\n[patches.records.unit.grnt]\nhealth = 90.0\n") }
    patched_schema_unknown { UNIT, ("a.toml", "[records.unit.grunt]\n[patches.records.unti.grunt]\nhealth = 90.0\n") }
    patched_in_a_list { UNIT, ("a.json", r#"{ "patches": { "records": { "unit": [{ "health": 90.0 }] } } }"#) }
    patched_twice { UNIT, ("a.toml", "[records.unit.grunt]\n[patches.records.unit.grunt]\nhealth = 90.0\n"), ("b.toml", "[patches.records.unit.grunt]\nhealth = 95.0\n") }
    patched_parent { UNIT, ("a.toml", "[records.unit.grunt]\n[patches.records.unit.grunt]\ninherits = \"thrall\"\n") }
    patch_without_records { UNIT, ("a.toml", "[records.unit.grunt]\n[patches.unit.grunt]\nhealth = 90.0\n") }
    several_files_and_problems { UNIT, ("a.toml", "[records.unit.grunt]\nhealth = \"80\"\nlevle = 3\n\n[records.unit.peon]\nposition = [1, 2]\n"), ("b.json", "{ \"records\": { \"unit\": { \"ogre\": {\n  \"job\": \"solider\",\n  \"target\": \"peom\"\n} } } }"), ("c.ron", "(records: { \"unit\": { \"elf\": (\n  level: 300,\n  asleep: 0,\n) } })\n") }
}
