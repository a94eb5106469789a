//! Mistakes in nested records.

use super::reports;

const SCHEMA: (&str, &str) = (
    "s.toml",
    "[schemas.weapon.slots]\nweight = 'f32'\n[schemas.weapon.slots.damage.slots]\nmin = 'u16'\nmax = 'u16'\n",
);

reports! {
    number_instead_of_a_map { SCHEMA, ("r.json", r#"{"records": {"weapon": {"axe": {"weight": 1, "damage": 5}}}}"#) }
    misspelt_part {
        SCHEMA,
        ("r.json", r#"{"records": {"weapon": {"axe": {"weight": 1, "damage": {"min": 1, "mxa": 4}}}}}"#),
    }
    wrong_part { SCHEMA, ("r.yaml", "records:\n  weapon:\n    axe:\n      weight: 1\n      damage:\n        min: 1\n        max: much\n") }
    null_for_required_parts { SCHEMA, ("r.json", r#"{"records": {"weapon": {"axe": {"weight": 1, "damage": null}}}}"#) }
    half_an_optional_record {
        ("s.toml", "[schemas.weapon.slots.damage]\noptional = true\nslots = { min = 'u16', max = 'u16' }\n"),
        ("r.toml", "[records.weapon.axe]\ndamage = { min = 1 }\n"),
    }
    half_an_optional_record_in_an_element {
        ("s.toml", "[schemas.weapon.slots.damage]\noptional = true\nslots = { min = 'u16', max = 'u16' }\n[schemas.rack.slots]\nweapons = 'list(weapon)'"),
        ("r.toml", "[records.rack.old]\nweapons = [{ damage = { min = 1 } }, {}]\n"),
    }
    part_given_twice {
        SCHEMA,
        ("r.json", r#"{"records": {"weapon": {"axe": {"weight": 1, "damage.min": 2, "damage": {"min": 1, "max": 4}}}}}"#),
    }
    schema_in_itself { ("s.toml", "schemas.unit.slots.rider = 'unit'") }
    schemas_in_each_other { ("s.toml", "schemas.unit.slots.mount = 'horse'\nschemas.horse.slots.rider = 'unit'") }
    default_of_a_nested_record {
        ("s.toml", "schemas.burn.slots.time = 'f32'\nschemas.weapon.slots.burn = { kind = 'burn', default = { time = 1.0 } }"),
    }
    key_of_a_nested_record {
        ("s.toml", "schemas.weapon.slots.burn = { default = { time = 1.0 }, slots = { time = 'f32' } }"),
    }
    optional_in_a_patch {
        ("s.toml", "[schemas.weapon.slots.damage.slots]\nmin = 'u16'\n[patches.schemas.weapon.slots.damage]\noptional = true\nslots = { min = { doc = 'the least' } }\n"),
    }
    optional_alone_in_a_patch {
        ("s.toml", "[schemas.weapon.slots.damage.slots]\nmin = 'u16'\n[patches.schemas.weapon.slots]\ndamage = { optional = true }\n"),
    }
    default_of_any { ("s.toml", "schemas.item.slots.action = { kind = 'any', default = [1, 'two'], range = [0, 1] }") }
    wrong_element {
        ("s.toml", "schemas.unit.slots.drops = { kind = 'list', slots = { item = 'text', chance = 'f32' } }"),
        ("r.json", r#"{"records": {"unit": {"orc": {"drops": [{"item": "bone", "chance": 1}, {"itme": "hide", "chance": "high"}, "x"]}}}}"#),
    }
    list_of_records_is_missing {
        ("s.toml", "schemas.unit.slots.drops = { kind = 'list', slots = { item = 'text', chance = 'f32' } }"),
        ("r.json", r#"{"records": {"unit": {"orc": {}}}}"#),
    }
    map_for_a_list {
        ("s.toml", "schemas.unit.slots.drops = { kind = 'list', slots = { item = 'text' } }"),
        ("r.json", r#"{"records": {"unit": {"orc": {"drops": {"item": "bone"}}}}}"#),
    }
    patch_of_the_parts_of_a_schema {
        ("s.toml", "schemas.drop.slots.item = 'text'\nschemas.unit.slots.drops = 'list(drop)'\npatches.schemas.unit.slots.drops.slots.chance = 'f32'"),
    }
    misspelt_schema_as_a_kind {
        ("s.toml", "schemas.drop.slots.item = 'text'\nschemas.unit.slots = { drops = 'list(drp)', bag = 'map(object, dop)' }\nschemas.item.slots.cost = 'f32 | dropp'"),
    }
    wrong_elements {
        ("s.toml", "schemas.unit.slots.drops = { kind = 'list', slots = { chance = { kind = 'f32', optional = true } } }\nschemas.unit.slots.levels = 'list(u8)'"),
        ("r.json", r#"{"records": {"unit": {"orc": {
            "drops": [{"chance": 1}, {}, {"chance": "a"}, {"chance": true}],
            "levels": [1, -1, 2, 300, "b"]
        }}}}"#),
    }
    default_of_a_list_in_elements {
        ("s.toml", "schemas.unit.slots.drops = { kind = 'list', slots = { spots = { kind = 'list', default = [], slots = { x = 'u8' } }, tags = { kind = 'list(text)', default = [] } } }\nschemas.item.slots.effect.variants.heal.skills = { kind = 'map(u8)', default = {} }"),
    }
    default_of_an_optional_part {
        ("s.toml", "schemas.unit.slots.drops = { kind = 'list', slots = { item = { kind = 'text', optional = true, default = 'bone' } } }"),
    }
    bad_default_of_a_part {
        ("s.toml", "schemas.unit.slots.drops = { kind = 'list', slots = { chance = { kind = 'f32', default = 2, range = [0, 1] } } }"),
    }
    key_of_a_tuple { ("s.toml", "schemas.unit.slots.size = { kind = '(text, bool)', range = [0, 1] }") }
    kind_beside_slots { ("s.toml", "schemas.unit.slots.size = { kind = 'tuple', slots = { x = 'u8' } }") }
    misspelt_part_in_a_map {
        ("s.toml", "schemas.unit.slots.gear = { kind = 'map', slots = { item = 'text' } }"),
        ("r.toml", "records.unit.orc.gear.head = { itm = 'cap', item = 'hat' }"),
    }
    name_twice_in_a_map {
        ("s.toml", "schemas.unit.slots.skills = 'map(u8)'"),
        ("r.json", r#"{"records": {"unit": {"elf": {"skills": {"hunt": 1, "hunt": 2}}}}}"#),
    }
    list_for_a_map { ("s.toml", "schemas.unit.slots.skills = 'map(u8)'"), ("r.toml", "records.unit.elf.skills = ['hunt', 'song']") }
    number_in_a_list_of_lists { ("s.toml", "schemas.unit.slots.grid = 'list(list(u8))'"), ("r.toml", "records.unit.elf.grid = [[1], 2]") }
    null_for_a_list {
        ("s.toml", "schemas.unit.slots.drops = { kind = 'list', slots = { item = 'text' } }"),
        ("r.toml", "records.unit.elf.unset = ['drops']"),
    }
    tuple_too_long { ("s.toml", "schemas.unit.slots.size = '(u8, u8)'"), ("r.toml", "records.unit.elf.size = [1, 2, 3]") }
    unknown_part_of_an_element {
        ("s.toml", "schemas.unit.slots = { health = 'u8', drops = { kind = 'list', slots = { item = 'text', chance = { kind = 'f32', optional = true } } } }"),
        ("r.toml", "records.unit.elf = { health = 1, drops = [{ item = 'bone', amount = 3 }], wings = 2 }"),
    }
    change_of_a_number_in_an_element {
        ("s.toml", "schemas.unit.slots.drops = { kind = 'list', slots = { chance = 'f32' } }"),
        ("r.toml", "records.unit.elf.drops = [{ chance = { plus = 0.1 } }]"),
    }
    list_without_a_kind { ("s.toml", "schemas.unit.slots = { a = 'list', b = 'map' }") }
    list_without_parts { ("s.toml", "schemas.unit.slots.drops = { kind = 'list', slots = {} }") }
    one_or_list_of_a_map { ("s.toml", "schemas.unit.slots.skills = { kind = 'map(u8)', one_or_list = true }") }
}
