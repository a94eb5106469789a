//! Mistakes in unions.

use super::reports;

const SCHEMA: (&str, &str) = (
    "s.toml",
    "[schemas.spell.slots.effect]\ntag = 'type'\nvariants.heal = { amount = 'f32', area = { kind = 'u8', optional = true } }\n\
     variants.buff = { bonus = { slots = { strength = 'i8' } } }\nvariants.rest = {}\n\
     [schemas.spell.slots.uses]\nkind = 'list(text | f32)'\ndefault = []\n",
);

reports! {
    part_of_another_variant { SCHEMA, ("r.json", r#"{"records": {"spell": {"nap": {"effect": {"type": "rest", "amount": 5}}}}}"#) }
    misspelt_part { SCHEMA, ("r.json", r#"{"records": {"spell": {"cure": {"effect": {"type": "heal", "amount": 5, "aera": 2}}}}}"#) }
    missing_part { SCHEMA, ("r.yaml", "records:\n  spell:\n    cure:\n      effect: {type: heal, area: 2}\n") }
    misspelt_variant { SCHEMA, ("r.toml", "records.spell.cure.effect = { type = 'heel', amount = 5 }") }
    no_tag { SCHEMA, ("r.toml", "records.spell.cure.effect = { amount = 5 }") }
    text_for_a_tagged_map { SCHEMA, ("r.toml", "records.spell.cure.effect = 'rest'") }
    null_for_a_union { SCHEMA, ("r.json", r#"{"records": {"spell": {"cure": {"effect": null}}}}"#) }
    no_value { SCHEMA, ("r.json", r#"{"records": {"spell": {"cure": {}}}}"#) }
    value_of_another_sort { SCHEMA, ("r.json", r#"{"records": {"spell": {"cure": {"effect": {"type": "rest"}, "uses": ["a", 1, true]}}}}"#) }
    wrong_part_of_a_variant { SCHEMA, ("r.json", r#"{"records": {"spell": {"cure": {"effect": {"type": "buff", "bonus": 3}}}}}"#) }
    two_kinds_of_one_sort { ("s.toml", "schemas.spell.slots.cost = 'f32 | u8'") }
    any_in_a_union { ("s.toml", "schemas.spell.slots.cost = 'f32 | any'") }
    unknown_kind_in_a_union { ("s.toml", "schemas.spell.slots.cost = 'f32 | txet'") }
    schemas_without_a_tag { ("s.toml", "schemas.a.slots.x = 'u8'\nschemas.b.slots.y = 'u8'\nschemas.spell.slots.cost = 'f32 | a | b'") }
    tag_of_no_union { ("s.toml", "schemas.spell.slots.cost = { kind = 'f32', tag = 'type' }") }
    tag_of_a_list { ("s.toml", "schemas.spell.slots.cost = { kind = 'list(list(f32))', tag = 'type' }") }
    bad_default_in_a_variant { ("s.toml", "schemas.spell.slots.cost = { variants = { gold = { amount = { kind = 'u8', default = 'much' } } } }") }
    part_of_another_variant_in_heirs {
        SCHEMA,
        ("r.toml", "[records.spell]\nnap.effect = { type = 'rest' }\nlong_nap = { inherits = 'nap', effect = { amount = 3 } }\n\
                    cure.effect = { type = 'heal', amount = 1 }\nbig_cure = { inherits = 'cure', effect = { amuont = 3 } }\n\
                    odd_cure = { inherits = 'cure', effect = { amount = 'all' } }\n\
                    large_cure = { inherits = 'cure', effect = { area = 300 } }\n"),
    }
    part_without_a_value {
        SCHEMA,
        ("r.toml", "[records.spell.cure]\neffect = { amount = 3 }\n"),
    }
    no_variants { ("s.toml", "schemas.spell.slots.cost = { tag = 'type', variants = {} }") }
    dotted_variant { ("s.toml", "schemas.spell.slots.cost = { tag = 'type', variants = { 'a.b' = {} } }") }
    slot_with_the_name_of_the_tag { ("s.toml", "schemas.spell.slots.cost = { tag = 'type', variants = { gold = { type = 'u8' } } }") }
    another_tag_in_a_patch { SCHEMA, ("z.toml", "patches.schemas.spell.slots.effect = { tag = 'kind', variants = { curse = {} } }") }
    kind_of_a_tagged_variant { ("s.toml", "schemas.s.slots.a = { tag = 'type', variants = { heal = { amount = 'f32' }, circle = 'f32' } }") }
    no_tag_beside_another_kind { ("s.toml", "schemas.s.slots.a = { kind = 'text | record', variants = { heal = { amount = 'f32' } } }") }
    variant_with_the_name_of_the_tag { ("s.toml", "schemas.s.slots.a = { tag = 'type', variants = { type = { x = 'u8' }, rest = {} } }") }
    slot_of_a_schema_with_the_name_of_the_tag { ("s.toml", "schemas.mana.slots.amount = 'u8'\nschemas.life.slots.hp = 'u8'\nschemas.s.slots.a = { kind = 'mana | life', tag = 'amount' }") }
    part_with_a_sign { ("s.toml", "schemas.s.slots.a = { tag = 'type', variants = { heal = { 'alive?' = 'bool' } } }") }
    two_packs_with_one_variant {
        ("s.toml", "schemas.s.slots.a.variants = { heal = { amount = 'f32' } }\npatches.schemas.s.slots.a.variants.curse = 'f32'"),
        ("t.toml", "patches.schemas.s.slots.a.variants.curse = { x = 'u8' }"),
    }
    variants_of_an_inherited_union {
        ("s.toml", "schemas.u.slots.a = { tag = 'type', variants = { heal = { amount = 'f32' } } }\nschemas.w = { extends = 'u', slots = { a = { variants = { extra = { x = 'u8' } } } } }"),
    }
    part_missing_in_an_optional_list {
        ("s.toml", "schemas.s.slots.a = { kind = 'list', optional = true, slots = { item = 'text' } }\nrecords.s.x.a = [{}]"),
    }
    slots_beside_variants { ("s.toml", "schemas.s.slots.a = { tag = 'type', variants = { rest = {} }, slots = { x = 'u8' } }") }
    tag_of_a_record { ("s.toml", "schemas.s.slots.a = { tag = 'type', slots = { x = 'u8' } }") }
    variants_of_no_enum_in_a_union { ("s.toml", "schemas.s.slots.a = { kind = 'text | u8', variants = ['a'] }") }
    tag_beside_other_kinds_is_right {
        ("s.toml", "schemas.heal.slots.n = 'u8'\nschemas.rest.slots.m = 'u8'\nschemas.s.slots.a = { kind = 'heal | rest | text', tag = 'type' }\nschemas.s.slots.b = { kind = 'map(heal | rest)', tag = 'type', default = {} }\nrecords.s.x.a = { type = 'heel', n = 1 }"),
    }
    two_records_in_a_kind { ("s.toml", "schemas.spell.slots.cost = { kind = 'map(record) | list(record)', slots = { a = 'u8' } }") }
    two_kinds_of_one_sort_beside_a_record { ("s.toml", "schemas.spell.slots.cost = { kind = 'map(u8) | record', slots = { a = 'u8' } }") }
    removed_variant_that_is_used {
        SCHEMA,
        ("r.toml", "records.spell.nap.effect = { type = 'rest' }\nrecords.spell.cure.effect = { type = 'heal', amount = 2 }"),
        ("z.toml", "patches.schemas.spell.slots.effect.variants = { remove = ['rest', 'resst'] }"),
    }
    all_variants_removed {
        SCHEMA, ("z.toml", "patches.schemas.spell.slots.effect.variants = { remove = ['heal', 'buff', 'rest'] }"),
    }
    variants_removed_from_no_union {
        ("s.toml", "schemas.s.slots.a.slots.x = 'u8'\npatches.schemas.s.slots.a.variants = { remove = ['x'] }"),
    }
    variants_removed_by_a_name_that_is_no_list {
        SCHEMA, ("z.toml", "patches.schemas.spell.slots.effect.variants = { remove = 'rest' }"),
    }
    variants_of_a_patch_for_no_union { ("s.toml", "schemas.spell.slots.cost = 'u8'\npatches.schemas.spell.slots.cost.variants.gold = { amount = 'u8' }") }
}
