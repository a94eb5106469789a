//! Invalid schemas, and conflicts between schemas.

use slotted::{Slotted, Store};

use crate::UNIT;
use crate::messages::{assert_report, reports};

reports! {
    inherited_default_out_of_range {
        ("s.toml", "schemas.unit.slots.hp = { kind = 'u8', default = 1, range = [0, 9] }\nschemas.orc = { extends = 'unit', slots = { hp = { default = 10 } } }"),
    }
    other_key_of_an_inherited_slot {
        ("s.toml", "schemas.unit.slots.hp = { kind = 'u8', default = 1 }\nschemas.orc = { extends = 'unit', slots = { hp = { default = 2, range = [0, 9] } } }"),
    }
    default_of_no_inherited_slot {
        ("s.toml", "schemas.unit.slots.hp = { kind = 'u8', default = 1 }\nschemas.orc = { extends = 'unit', slots = { ph = { default = 2 } } }"),
    }
    one_or_list_of_no_list {
        ("s.toml", "[schemas.unit.slots]\na = { kind = 'text', one_or_list = true }\nb = { variants = ['x'], one_or_list = true }\n\
                    c = { one_or_list = true, slots = { x = 'u8' } }\nd = { kind = 'vec3', one_or_list = false }\n"),
    }
    one_or_list_in_elements {
        ("s.toml", "[schemas.unit.slots]\na = { kind = 'list', slots = { x = { kind = 'list(u8)', one_or_list = true }, \
                    y = { kind = 'list(list(u8))', one_or_list = true }, z = { kind = 'any', one_or_list = true } } }\n"),
    }
    every_bad_slot {
        ("s.toml", "[schemas.unit.slots]\nhealth = 'f23'\nlevel = { kind = 'u8', default = 300 }\ncost = 'u8 | u16 | gold'\nprices = 'map(u8, f32)'\nparts = { slots = { size = 'f23', age = { kind = 'u8', default = 'old' } } }\ngear = { kind = 'f32 | bool', range = [0, 1], variants = ['a'] }\n\
                    [schemas.orc]\nextends = 'unit'\nslots = { rage = 'u88', level = { default = 3 } }\n\
                    [schemas.lost]\nextends = 'nothing'\nslots = { rage = 'u88' }\n"),
    }
    bad_slot_of_a_nested_schema {
        ("s.toml", "[schemas.army.slots]\nleader = 'unit'\nunits = 'list(unit)'\nsize = 'u88'\n[schemas.unit.slots]\nhealth = 'f23'\nprices = { kind = 'map(u8)', default = { a = 1 } }\n"),
    }
    slots_of_the_base_again {
        ("s.toml", "schemas.unit.slots = { hp = 'u8', mp = 'u8' }\nschemas.orc = { extends = 'unit', slots = { hp = 'u8', mp = 'f32' } }"),
    }
    every_bad_variant { ("s.toml", "schemas.spell.slots.effect = { variants = { 'a.b' = {}, 'c[' = {}, fine = {} } }") }
    misspelt_key { ("a.toml", "[schemas.unit.slots]\nhealth = { kind = \"f32\", defualt = 1.0 }\n") }
    keys_of_other_games { ("a.toml", "[schemas.unit.slots]\nhealth = { type = \"f32\", min = 0, max = 9 }\n") }
    misspelt_kind { ("a.toml", "[schemas.unit.slots]\nhealth = \"f23\"\n") }
    kind_of_other_games { ("a.toml", "[schemas.unit.slots]\nname = \"string\"\n") }
    kind_of_old_packs { ("a.toml", "[schemas.unit.slots]\ntarget = { kind = \"entity\", optional = true }\n") }
    unknown_kind { ("a.toml", "[schemas.unit.slots]\ntint = { kind = \"colour\" }\n") }
    kind_without_quotes_ron { ("a.ron", r#"(schemas: { "unit": (slots: { "health": f32 }), "orc": (extend: "unit") })"#) }
    no_kind { ("a.toml", "[schemas.unit.slots]\nhealth = { default = 1.0 }\n") }
    slots_without_slots { ("a.toml", "[schemas.unit]\nhealth = \"f32\"\n") }
    slot_that_is_a_number { ("a.toml", "[schemas.unit.slots]\nhealth = 100.0\n") }
    schema_that_is_a_text { ("a.toml", "[schemas]\nunit = \"f32\"\n") }
    default_of_another_kind { ("a.toml", "[schemas.unit.slots]\nhealth = { kind = \"f32\", default = \"full\" }\n") }
    default_in_quotes { ("a.toml", "[schemas.unit.slots]\nhealth = { kind = \"f32\", default = \"100\" }\n") }
    default_out_of_range { ("a.toml", "[schemas.unit.slots]\nhealth = { kind = \"f32\", default = 100.0, range = [0.0, 1.0] }\n") }
    default_that_is_no_variant { ("a.toml", "[schemas.unit.slots]\njob = { variants = [\"farmer\", \"soldier\"], default = \"Farmer\" }\n") }
    default_of_a_reference { ("a.toml", "[schemas.unit.slots]\ntarget = { kind = \"object\", default = \"grunt\" }\n") }
    range_reversed { ("a.toml", "[schemas.unit.slots]\nhealth = { kind = \"f32\", range = [500.0, 0.0] }\n") }
    range_of_a_text { ("a.toml", "[schemas.unit.slots]\nname = { kind = \"text\", range = [0, 9] }\n") }
    range_past_the_kind { ("a.toml", "[schemas.unit.slots]\nlevel = { kind = \"u8\", range = [0, 300] }\n") }
    range_of_one_number { ("a.toml", "[schemas.unit.slots]\nhealth = { kind = \"f32\", range = [500.0] }\n") }
    range_of_texts { ("a.toml", "[schemas.unit.slots]\nhealth = { kind = \"f32\", range = { min = \"0\" } }\n") }
    range_with_unknown_keys { ("a.toml", "[schemas.unit.slots]\nhealth = { kind = \"f32\", range = { from = 0, to = 9 } }\n") }
    step_of_a_text { ("a.toml", "[schemas.unit.slots]\nname = { kind = \"text\", step = 5 }\n") }
    step_of_zero { ("a.toml", "[schemas.unit.slots]\nhealth = { kind = \"f32\", step = 0.0 }\n") }
    step_with_a_fraction { ("a.toml", "[schemas.unit.slots]\nlevel = { kind = \"u8\", step = 0.5 }\n") }
    step_in_quotes { ("a.toml", "[schemas.unit.slots]\nlevel = { kind = \"u8\", step = \"5\" }\n") }
    default_between_steps { ("a.toml", "[schemas.unit.slots]\nlevel = { kind = \"u8\", step = 5, default = 12 }\n") }
    references_of_a_number { ("a.toml", "[schemas.unit.slots]\nlevel = { kind = \"u8\", references = \"unit\" }\n") }
    references_to_nothing { ("a.toml", "[schemas.unit.slots]\ntarget = { kind = \"object\", references = \"untit\" }\n") }
    optional_in_quotes { ("a.toml", "[schemas.unit.slots]\nlevel = { kind = \"u8\", optional = \"yes\" }\n") }
    enum_without_variants { ("a.toml", "[schemas.unit.slots]\njob = \"enum\"\n") }
    enum_of_nothing { ("a.toml", "[schemas.unit.slots]\njob = { variants = [] }\n") }
    enum_of_numbers { ("a.toml", "[schemas.unit.slots]\njob = { variants = [1, 2] }\n") }
    duplicate_variant { ("a.toml", "[schemas.unit.slots]\njob = { variants = [\"a\", \"b\", \"a\"] }\n") }
    variants_of_a_number { ("a.toml", "[schemas.unit.slots]\njob = { kind = \"u8\", variants = [\"a\", \"b\"] }\n") }
    list_of_lists_of_nothing { ("a.toml", "[schemas.unit.slots]\ngrid = \"list(list(u7))\"\n") }
    array_without_elements { ("a.toml", "[schemas.unit.slots]\nslots = \"[f32; 0]\"\n") }
    slot_of_the_base_again { ("a.toml", "[schemas.unit.slots]\nhealth = \"f32\"\n\n[schemas.orc]\nextends = \"unit\"\nslots.health = \"f64\"\n") }
    extends_itself { ("a.toml", "[schemas.unit]\nextends = \"unit\"\n") }
    extends_in_a_circle { ("a.toml", "[schemas.a]\nextends = \"c\"\n[schemas.b]\nextends = \"a\"\n[schemas.c]\nextends = \"b\"\n") }
    extends_nothing { UNIT, ("b.toml", "[schemas.orc]\nextends = \"units\"\n") }
    extends_a_list { UNIT, ("b.toml", "[schemas.orc]\nextends = [\"unit\"]\n") }
    inherits_for_extends { UNIT, ("b.toml", "[schemas.orc]\ninherits = \"unit\"\n") }
    patched_but_unknown { UNIT, ("b.toml", "[patches.schemas.unti.slots]\nspeed = { default = 2.0 }\n") }
    patched_with_unknown_keys { UNIT, ("b.toml", "[patches.schemas.unit]\nextends = \"thing\"\n") }
    patched_default { UNIT, ("b.toml", "[patches.schemas.unit.slots]\nlevel = { default = 1000 }\n") }
    defined_twice { UNIT, ("b.toml", "[schemas.unit]\nslots = [\"health\"]\n") }
}

#[derive(Slotted, Clone, Copy)]
struct Tile {
    #[slot(range = 0.0..=10.0)]
    height: f32,
}

#[test]
fn too_many_variants() {
    let variants: Vec<String> = (0..300).map(|number| format!("'v{number}'")).collect();
    let file = format!("[schemas.unit.slots]\njob = {{ variants = [{}] }}\n", variants.join(", "));
    assert_report("schemas_too_many_variants", &crate::refused(&[("a.toml", &file)]));
}

#[test]
fn other_than_the_programs() {
    let mut store = Store::new();
    store.register::<Tile>().expect("a valid schema");
    let file = "[schemas.tile.slots]\nheight = \"f64\"\nwet = \"bool\"\n\n\
        [patches.schemas.tile.slots]\nwet = \"bool\"\n";
    let report =
        crate::load_into(&store, &[("tiles.toml", file)]).expect_err("the store has another tile");
    assert_report("schemas_other_than_the_programs", &report);
}

reports! {
    part_declared_twice {
        ("a.toml", "[schemas.unit.slots]\n\"d.a\" = { kind = 'u8', default = 1 }\nd.slots.a = { kind = 'text', default = 'x' }\n"),
        ("b.json", r#"{"schemas": {"cat": {"slots": {"d": {"slots": {"a": "u8"}}, "d.a": "text"}}}}"#),
    }
    part_beside_its_list {
        ("a.toml", "[schemas.unit.slots]\n\"l[].a\" = 'u8'\nl = { kind = 'list', slots = { b = 'u8' }, default = [] }\n[records.unit.a]\nl = []\n"),
        ("b.toml", "[schemas.cat.slots]\nl = 'list(text)'\n\"l[].a\" = 'u8'\n"),
    }
    other_defaults_of_nested_slots {
        ("a.toml", "[schemas.unit.slots]\nm = 'map(text)'\nb.slots.x = 'u8'\ne = { tag = 't', variants = { h = {} } }\n\
                    boss = { kind = 'object', references = 'unit' }\nfriends = { kind = 'list(object)', references = 'unit' }\n\
                    [schemas.orc]\nextends = 'unit'\nslots.m.default = { a = 'x' }\nslots.b.default = { x = 1 }\n\
                    slots.e.default = { t = 'h' }\nslots.boss.default = 'x'\nslots.friends.default = ['x']\n"),
    }
}
