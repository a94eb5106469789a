//! Mistakes that come from other games, other languages, or from one character that is missing.

use crate::UNIT;
use crate::messages::reports;

const SPELL: (&str, &str) = (
    "spell.toml",
    "[schemas.spell.slots]\nname = \"text\"\ncost = \"u8\"\nrange = { slots = { min = \"u8\", max = \"u8\" } }\n\
     next = { kind = \"object\", references = \"spell\", optional = true }\n\
     [records.spell]\nbase = { name = \"Spark\", cost = 3, range = { min = 1, max = 2 } }\n",
);

reports! {
    kinds_of_other_languages { ("a.toml", "[schemas.s.slots]\na = \"dict\"\nb = \"List(Text)\"\nc = \"list[u8]\"\nd = \"list(text\"\ne = \"map<string, int>\"\n") }
    variant_with_a_list { ("a.toml", "[schemas.s.slots]\ne = { variants = { heal = [\"u8\"] } }\n") }
    defined_again_to_change_it { SPELL, ("z.toml", "[records.spell.base]\ncost = 4\n") }
    record_given_in_part { SPELL, ("z.toml", "[records.spell.bolt]\nname = \"Bolt\"\ncost = 4\nrange = { min = 1 }\n") }
    unset_without_brackets { SPELL, ("z.toml", "[patches.records.spell.base]\nunset = \"next\"\n") }
    minus_and_nan { SPELL, ("z.toml", "[patches.records.spell.base]\ncost = { minus = 3 }\nrange.min = { plus = nan }\n") }
    empty_map_for_a_reference { SPELL, ("z.toml", "[patches.records.spell.base]\nnext = {}\n") }
    patch_in_the_singular { SPELL, ("z.toml", "[patch.records.spell.base]\ncost = 4\n") }
    record_with_double_brackets { UNIT, ("z.toml", "[[records.unit.grunt]]\nhealth = 80.0\n") }
    schema_of_a_pack_that_is_not_loaded { ("a.toml", "[records.orc.grunt]\nhealth = 80.0\n") }
    quote_in_a_text { ("a.toml", "[schemas.s]\ndoc = 'it's'\n") }
    quotes_in_quotes { ("a.toml", "[schemas.s]\ndoc = \"say \"hi\"\"\n") }
    brace_missing_before_the_next_object { ("a.json", "{ \"records\": { \"unit\": [\n  { \"health\": 80, \"level\": 3\n  { \"health\": 90 }\n] } }") }
    brace_missing_behind_a_comma { ("a.json", "{ \"records\": { \"unit\": [\n  { \"health\": 80,\n  { \"health\": 90 }\n] } }") }
    brace_missing_in_a_map { ("a.json", "{\n  \"records\": {\n    \"unit\": {\n      \"a\": {\n        \"level\": 3,\n      \"b\": {\n        \"level\": 4\n      }\n    }\n  }\n}\n") }
    bracket_missing_in_a_list { ("a.json", "{\n  \"records\": {\n    \"unit\": [\n      { \"level\": 3 },\n      { \"level\": 4 }\n    ,\n    \"orc\": {}\n  }\n}\n") }
    comment_with_a_hash { ("a.json", "{\n  # the weak ones\n  \"records\": {}\n}\n") }
}
