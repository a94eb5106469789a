//! Values that a slot rejects.

use crate::UNIT;
use crate::messages::reports;

reports! {
    name_twice_in_any { ("a.json", r#"{ "schemas": { "unit": { "slots": { "x": "any" } } }, "records": { "unit": { "a": { "x": [{ "p": 1, "q": 2, "p": 3 }] } } } }"#) }
    whole_number_that_f32_rounds { UNIT, ("a.toml", "[records.unit.a]\nhealth = 16777217\n") }
    whole_number_that_f64_rounds { UNIT, ("a.toml", "[records.unit.a]\nspeed = 9007199254740993\n") }
    whole_number_in_a_vector_that_f32_rounds { UNIT, ("a.toml", "[records.unit.a]\nposition = [16777217, 0, 0]\n") }
    too_large_for_f32 { UNIT, ("a.toml", "[records.unit.a]\nposition = [1e39, 0, 0]\n") }
    number_in_quotes { UNIT, ("units.json", r#"{ "records": { "unit": { "grunt": { "health": "80" } } } }"#) }
    text_without_quotes_json { UNIT, ("units.json", r#"{ "records": { "unit": { "grunt": { "name": Grunt } } } }"#) }
    text_without_quotes_toml { UNIT, ("units.toml", "[records.unit.grunt]\nname = Grunt\n") }
    text_without_quotes_of_two_words_ron { UNIT, ("units.ron", "(records: {\"unit\": {\n    \"grunt\": (name: Old Grunt),\n}})\n") }
    number_for_text { UNIT, ("units.toml", "[records.unit.grunt]\nname = 7\n") }
    number_for_variant { UNIT, ("units.toml", "[records.unit.grunt]\njob = 1\n") }
    one_for_true { UNIT, ("units.toml", "[records.unit.grunt]\nasleep = 1\n") }
    truth_in_quotes { UNIT, ("units.json", r#"{ "records": { "unit": { "grunt": { "asleep": "true" } } } }"#) }
    capital_true_toml { UNIT, ("units.toml", "[records.unit.grunt]\nasleep = True\n") }
    capital_true_json { UNIT, ("units.json", r#"{ "records": { "unit": { "grunt": { "asleep": True } } } }"#) }
    capital_true_ron { UNIT, ("units.ron", r#"(records: { "unit": { "grunt": (asleep: True) } })"#) }
    yes_for_true { UNIT, ("units.toml", "[records.unit.grunt]\nasleep = \"yes\"\n") }
    fraction_for_integer { UNIT, ("units.toml", "[records.unit.grunt]\nlevel = 2.5\n") }
    point_for_integer { UNIT, ("units.toml", "[records.unit.grunt]\nlevel = 2.0\n") }
    list_for_number { UNIT, ("units.toml", "[records.unit.grunt]\nhealth = [1, 2]\n") }
    number_for_list { UNIT, ("units.toml", "[records.unit.grunt]\ndrops = 7\n") }
    map_for_number { UNIT, ("units.toml", "[records.unit.grunt.health]\nmin = 1\nmax = 2\n") }
    map_for_vector { UNIT, ("units.toml", "[records.unit.grunt]\nposition = { x = 1, y = 2, z = 3 }\n") }
    two_of_three_numbers { UNIT, ("units.toml", "[records.unit.grunt]\nposition = [1.0, 2.0]\n") }
    text_in_vector { UNIT, ("units.toml", "[records.unit.grunt]\nposition = [1.0, \"2.0\", 3.0]\n") }
    text_in_list { UNIT, ("units.toml", "[records.unit.grunt]\ndrops = [1, \"2\", 3]\n") }
    past_the_kind { UNIT, ("units.toml", "[records.unit.grunt]\nlevel = 256\n") }
    past_the_kind_in_list { UNIT, ("units.toml", "[records.unit.grunt]\ndrops = [1, 2, 70000]\n") }
    negative_for_unsigned { UNIT, ("units.toml", "[records.unit.grunt]\nlevel = -1\n") }
    past_every_integer { UNIT, ("units.json", r#"{ "records": { "unit": { "grunt": { "level": 99999999999999999999 } } } }"#) }
    past_every_float { UNIT, ("units.json", r#"{ "records": { "unit": { "grunt": { "speed": 1e999 } } } }"#) }
    fraction_past_f32 { UNIT, ("units.toml", "[records.unit.grunt]\nhealth = 1e300\n") }
    out_of_range { UNIT, ("units.toml", "[records.unit.grunt]\nhealth = -20\n") }
    nan_toml { UNIT, ("units.toml", "[records.unit.grunt]\nspeed = nan\n") }
    nan_ron { UNIT, ("units.ron", r#"(records: { "unit": { "grunt": (speed: NaN) } })"#) }
    infinity_toml { UNIT, ("units.toml", "[records.unit.grunt]\nspeed = -inf\n") }
    null_for_required { UNIT, ("units.json", r#"{ "records": { "unit": { "grunt": { "health": null } } } }"#) }
    date { UNIT, ("units.toml", "[records.unit.grunt]\nname = 2024-05-01\n") }
    misspelt_variant { UNIT, ("units.toml", "[records.unit.grunt]\njob = \"solider\"\n") }
    unknown_variant { UNIT, ("units.toml", "[records.unit.grunt]\njob = \"wizard\"\n") }
    number_for_reference { UNIT, ("units.toml", "[records.unit.grunt]\ntarget = 3\n") }
    name_for_list_of_references { UNIT, ("units.toml", "[records.unit.grunt]\nfriends = \"grunt\"\n") }
    number_in_list_of_references { UNIT, ("units.toml", "[records.unit.grunt]\nfriends = [\"grunt\", 2]\n") }
}
