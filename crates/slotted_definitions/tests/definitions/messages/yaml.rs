//! Mistakes in YAML files.

use crate::UNIT;
use crate::messages::reports;

reports! {
    tab_for_indentation { UNIT, ("a.yaml", "records:\n  unit:\n    grunt:\n\t  health: 80.0\n") }
    tab_after_a_value { UNIT, ("a.yaml", "records:\n  unit:\n    grunt:\n      health: 80.0\n\t\tlevel: 3\n") }
    tab_first { UNIT, ("a.yaml", "records:\n\tunit:\n\t\tgrunt:\n\t\t\thealth: 80.0\n") }
    indented_too_deep { UNIT, ("a.yaml", "records:\n  unit:\n    grunt:\n      health: 80.0\n        level: 3\n") }
    indented_too_little { UNIT, ("a.yaml", "records:\n  unit:\n    grunt:\n      health: 80.0\n     level: 3\n") }
    first_line_is_indented { UNIT, ("a.yaml", "  schemas:\n    u: {}\nrecords:\n  unit: {}\n") }
    missing_space_after_colon { UNIT, ("a.yaml", "records:\n  unit:\n    grunt:\n      health:80.0\n      level: 3\n") }
    missing_space_after_last_colon { UNIT, ("a.yaml", "records:\n  unit:\n    grunt:\n      level: 3\n      health:80.0\n") }
    missing_colon { UNIT, ("a.yaml", "records:\n  unit:\n    grunt\n      health: 80.0\n") }
    missing_colon_at_the_end { UNIT, ("a.yaml", "records:\n  unit:\n    grunt:\n      level: 3\n      asleep\n") }
    two_colons { UNIT, ("a.yaml", "records:\n  unit:\n    grunt:\n      name: Grunt: the orc\n") }
    equals_for_colon { UNIT, ("a.yaml", "records:\n  unit:\n    grunt:\n      health = 80.0\n") }
    missing_space_after_dash { UNIT, ("a.yaml", "records:\n  unit:\n    grunt:\n      drops:\n        - 1\n        -2\n") }
    missing_space_after_every_dash { UNIT, ("a.yaml", "records:\n  unit:\n    grunt:\n      drops:\n        -1\n        -2\n") }
    list_behind_its_name { UNIT, ("a.yaml", "records:\n  unit:\n    grunt:\n      drops: - 1\n") }
    name_among_elements { UNIT, ("a.yaml", "records:\n  unit:\n    - level: 1\n    level: 2\n") }
    name_of_an_element_in_another_column { UNIT, ("a.yaml", "records:\n  unit:\n    - level: 1\n       health: 2\n") }
    element_among_names { UNIT, ("a.yaml", "records:\n  unit:\n    grunt:\n      level: 1\n      - health: 2\n") }
    unclosed_list { UNIT, ("a.yaml", "records:\n  unit:\n    grunt:\n      drops: [1, 2\n      level: 3\n") }
    unclosed_map { UNIT, ("a.yaml", "records:\n  unit:\n    grunt: { level: 3, health: 1.0\n") }
    wrong_closing { UNIT, ("a.yaml", "records:\n  unit:\n    grunt: { drops: [1, 2} }\n") }
    unmatched_closing { UNIT, ("a.yaml", "records:\n  unit:\n    grunt:\n      drops: ]\n") }
    missing_comma_in_map { UNIT, ("a.yaml", "records:\n  unit:\n    grunt: { level: 3 health: 1.0 }\n") }
    missing_comma_in_list { UNIT, ("a.yaml", "records:\n  unit:\n    grunt: { drops: [1 2] }\n") }
    unclosed_text { UNIT, ("a.yaml", "records:\n  unit:\n    grunt:\n      name: \"Grunt\n      level: 3\n") }
    quote_in_single_quotes { UNIT, ("a.yaml", "records:\n  unit:\n    grunt:\n      name: 'the orc's son'\n") }
    quote_in_double_quotes { UNIT, ("a.yaml", "records:\n  unit:\n    grunt:\n      name: \"the \"old\" orc\"\n") }
    bad_escape { UNIT, ("a.yaml", "records:\n  unit:\n    grunt:\n      name: \"good \\n, then C:\\mods\"\n") }
    half_of_a_character { UNIT, ("a.yaml", "records:\n  unit:\n    grunt:\n      name: \"\\ud800\"\n") }
    text_with_an_at { UNIT, ("a.yaml", "records:\n  unit:\n    grunt:\n      name: @grunt\n") }
    text_with_a_percent { UNIT, ("a.yaml", "records:\n  unit:\n    grunt:\n      name: %d orcs\n") }
    text_with_a_star { UNIT, ("a.yaml", "records:\n  unit:\n    grunt:\n      name: *grunt*\n") }
    text_with_an_exclamation_mark { UNIT, ("a.yaml", "records:\n  unit:\n    grunt:\n      name: !grunt\n") }
    text_with_an_ampersand { UNIT, ("a.yaml", "records:\n  unit:\n    grunt:\n      name: &grunt\n") }
    text_with_a_bracket { UNIT, ("a.yaml", "records:\n  unit:\n    grunt:\n      name: [grunt] the orc\n") }
    text_with_a_comma { UNIT, ("a.yaml", "records:\n  unit:\n    grunt:\n      name: , grunt\n") }
    text_with_a_hash { UNIT, ("a.yaml", "records:\n  unit:\n    grunt:\n      name: orc #1\n        of the hills\n") }
    tags { UNIT, ("a.yaml", "records:\n  unit:\n    grunt: !unit\n      name: !!str 7\n      level: !!int \"3\"\n") }
    list_with_a_tag { UNIT, ("a.yaml", "records:\n  unit:\n    grunt:\n      drops: !list [1, 2]\n") }
    several_documents { UNIT, ("a.yaml", "records:\n  unit:\n    grunt: {}\n---\nrecords:\n  unit:\n    peon: {}\n") }
    unknown_alias { UNIT, ("a.yaml", "records:\n  unit:\n    grunt:\n      <<: *base\n") }
    merged_text { UNIT, ("a.yaml", "records:\n  unit:\n    grunt:\n      <<: base\n") }
    value_that_contains_itself { UNIT, ("a.yaml", "records:\n  unit:\n    grunt: &grunt\n      drops: [*grunt]\n") }
    list_as_a_name { UNIT, ("a.yaml", "records:\n  unit:\n    grunt:\n      ? [a, b]\n      : 1\n") }
    slot_named_twice { UNIT, ("a.yaml", "records:\n  unit:\n    grunt:\n      health: 80.0\n      level: 3\n      health: 90.0\n") }
    leading_zero { UNIT, ("a.yaml", "records:\n  unit:\n    grunt:\n      level: 07\n") }
    past_all_integers { UNIT, ("a.yaml", "records:\n  unit:\n    grunt:\n      level: 99999999999999999999\n      drops: [0x1FFFFFFFFFFFFFFFF]\n") }
    past_every_float { UNIT, ("a.yaml", "records:\n  unit:\n    grunt:\n      speed: 1e999\n") }
    no_for_false { UNIT, ("a.yaml", "records:\n  unit:\n    grunt:\n      asleep: no\n") }
    version_for_text { UNIT, ("a.yaml", "records:\n  unit:\n    grunt:\n      name: 1.20\n") }
    null_for_required { UNIT, ("a.yaml", "records:\n  unit:\n    grunt:\n      health:\n      level: 3\n") }
    decimal_comma { UNIT, ("a.yaml", "records:\n  unit:\n    grunt:\n      health: 80,5\n") }
    unknown_reference { UNIT, ("a.yaml", "records:\n  unit:\n    grunt:\n      target: grant\n      friends:\n        - grunt\n        - grant\n") }
    wrong_element_of_a_long_list { UNIT, ("a.yaml", "records:\n  unit:\n    grunt:\n      drops:\n        - 1\n        - two\n") }
    text_of_several_lines { UNIT, ("a.yaml", "records:\n  unit:\n    grunt:\n      level: |\n        one\n        two\n\n      health: 1.0\n") }
    text_behind_a_bar { UNIT, ("a.yaml", "records:\n  unit:\n    grunt:\n      name: | the orc\n") }
    comment_without_space { UNIT, ("a.yaml", "records:\n  unit:\n    grunt: { name: \"Grunt\"# the orc\n }\n") }
    toml_called_yaml { UNIT, ("a.yaml", "[records.unit.grunt]\nhealth = 80.0\n") }
    values_from_elsewhere { UNIT, ("a.yaml", "records:\n  unit:\n    base: &base\n      level: 300\n    grunt:\n      <<: *base\n      health: 1.0\n") }
    nested_too_deep { UNIT, ("a.yaml", "records:\n  unit:\n    - drops: [[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[1]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]\n") }
    control_character { UNIT, ("a.yaml", "records:\n  unit:\n    grunt:\n      name: \"\u{7}\"\n") }
}
