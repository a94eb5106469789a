//! Patches: changes that are wrong or without effect, and packs that do not know each other.

use slotted::Store;
use slotted_definitions::{Conflicts, Loader, Undeclared};

use crate::UNIT;
use crate::messages::{assert_report, reports};

const WOLF: (&str, &str) = (
    "wolf.toml",
    "[records.unit.wolf]\nhealth = 80.0\ndrops = [1, 2]\n[records.unit.fox]\nfriends = [\"wolf\"]\n",
);

reports! {
    change_with_an_unknown_key {
        UNIT, WOLF,
        ("p.toml", "[patches.records.unit.wolf]\ndrops = { add = [3], delete = [1] }\n"),
    }
    names_without_values {
        ("s.toml", "schemas.unit.slots.prices = { kind = 'map(u8)', default = {} }\nrecords.unit.wolf = {}"),
        ("p.toml", "patches.records.unit.wolf.prices = { add = ['fur'] }"),
    }
    slots_that_no_file_declares {
        UNIT,
        ("p.toml", "[patches.schemas.unit.slots]\nhelth = { default = 5 }\nmood = { variants = { add = ['calm'] } }\nspell = { variants = { add = { fly = { speed = 'u8' } } } }\n"),
    }
    change_with_other_words {
        UNIT, WOLF,
        ("p.toml", "[patches.records.unit.wolf]\ndrops = { append = [3] }\nlevel = { increase = 1 }\nname = { add = \"!\" }\n"),
    }
    change_at_the_wrong_level {
        UNIT, WOLF,
        ("p.toml", "[patches.records.unit.wolf]\nadd = { drops = [3] }\n[patches.records.unit.fox]\ndelete = true\n"),
    }
    change_by_values_of_the_wrong_kind {
        UNIT, WOLF,
        ("p.json", r#"{"patches": {"records": {"unit": {"wolf": {
            "health": {"times": "2"},
            "level": {"plus": null},
            "drops": {"add": 3, "remove": ["hide"]},
            "friends": {"add": ["wulf"]}
        }}}}}"#),
    }
    change_that_leaves_the_range {
        UNIT, WOLF,
        ("p.toml", "[patches.records.unit.wolf]\nhealth = { times = 10 }\nlevel = { plus = 300 }\n"),
        ("q.toml", "[patches.records.unit.wolf]\nhealth = { plus = 50 }\n"),
    }
    change_without_a_value {
        UNIT, WOLF,
        ("p.toml", "[schemas.cat.slots]\nlives = { kind = \"u8\", optional = true }\n[records.cat.tom]\n[patches.records.cat.tom]\nlives = { plus = 1 }\n"),
    }
    change_in_a_record_that_inherits_nothing {
        UNIT,
        ("p.toml", "[records.unit.wolf]\ndrops = { add = [3] }\n"),
    }
    variants_of_no_enum {
        UNIT, WOLF,
        ("p.toml", "[patches.schemas.unit.slots]\nlevel.variants = { add = [\"high\"] }\njob.variants = { add = \"smith\" }\n"),
    }
    part_of_another_variant {
        ("s.toml", "[schemas.spell.slots.effect]\ntag = 'type'\nvariants = { heal = { amount = 'f32' }, rest = {} }\n[records.spell.nap]\neffect = { type = 'rest' }"),
        ("z.toml", "patches.records.spell.nap.effect.amount.plus = 1"),
    }
    removed_key_that_is_not_there {
        ("s.toml", "schemas.unit.slots.armor = 'map(f32)'\nrecords.unit.wolf.armor = { bash = 6 }"),
        ("z.toml", "patches.records.unit.wolf.armor.remove = ['bsah']"),
        ("zz.toml", "patches.records.unit.wolf.armor.remove = [3]"),
    }
    removed_variant_that_is_used {
        UNIT,
        ("p.toml", "[records.unit.wolf]\njob = \"soldier\"\n[patches.schemas.unit.slots]\njob.variants = { remove = [\"soldier\"] }\n"),
    }
    deleted_but_unknown {
        UNIT, WOLF,
        ("p.toml", "[patches.delete]\nunit = [\"wulf\"]\nunits = [\"wolf\"]\n"),
    }
    deleted_as_a_map {
        UNIT, WOLF,
        ("p.toml", "[patches.delete.unit.wolf]\n"),
    }
    deleted_but_needed {
        UNIT, WOLF,
        ("p.toml", "[patches.delete]\nunit = [\"wolf\"]\n"),
    }
    condition_that_is_no_name {
        UNIT,
        ("p.toml", "[records.unit.wolf]\nif_pack = true\n"),
    }
    slot_named_like_a_condition {
        ("p.toml", "[schemas.unit.slots]\nif_pack = \"bool\"\n[records.unit.wolf]\nif_pack = \"orcs\"\n"),
    }
}

fn packs(packs: &[(&str, &str)]) -> Loader {
    let core = format!("{}{}", UNIT.1, WOLF.1);
    let loader = Loader::new().pack_of_texts("core", [("core.toml", core)]);
    packs
        .iter()
        .fold(loader, |loader, (name, text)| loader.pack_of_texts(name, [("p.toml", *text)]))
}

fn warned(name: &str, loader: Loader) {
    let definitions = loader.load(&Store::new()).expect("these are warnings");
    assert_report(name, definitions.warnings());
}

#[test]
fn both_replace_values() {
    let elves = "patches.schemas.unit.slots.job.variants = [\"farmer\", \"archer\"]\n\
                 [patches.records.unit.wolf]\nhealth = 70.0\ndrops = [1, 3]\nname = \"Wolf\"\n";
    let orcs = "patches.schemas.unit.slots.job.variants = [\"farmer\", \"raider\"]\n\
                [patches.records.unit.wolf]\nhealth = 90.0\ndrops = [1, 4]\nname = \"Warg\"\n";
    warned("patches_both_replace_values", packs(&[("elves", elves), ("orcs", orcs)]));
    let loader = packs(&[("elves", elves), ("orcs", orcs)]).conflicts(Conflicts::Refuse);
    let report = loader.load(&Store::new()).expect_err("the policy refuses conflicts");
    assert_report("patches_both_replace_values_refused", &report);
}

#[test]
fn one_pack_deletes_what_another_one_patches() {
    let peace = "[patches.delete]\nunit = [\"wolf\"]\n[patches.records.unit.fox]\nfriends = []\n";
    let strong = "[patches.records.unit.wolf]\nhealth = 90.0\n";
    warned("patches_deleted_and_patched", packs(&[("strong", strong), ("peace", peace)]));
}

#[test]
fn an_element_that_is_not_there() {
    let patch = "[patches.records.unit.wolf]\ndrops = { remove = [1, 7] }\nfriends = { remove = [\"fox\"] }\n";
    warned("patches_element_that_is_not_there", packs(&[("p", patch)]));
}

#[test]
fn two_kinds_for_one_slot() {
    let one = "[patches.schemas.unit.slots]\nmana = { kind = \"u8\", default = 5 }\n";
    let two = "[patches.schemas.unit.slots]\nmana = { kind = \"f32\", default = 0.5 }\n";
    let report = packs(&[("one", one), ("two", two)]).load(&Store::new());
    assert_report("patches_two_kinds_for_one_slot", &report.expect_err("two kinds"));
}

#[test]
fn a_patch_breaks_records_of_another_pack() {
    let nerf = "[patches.schemas.unit.slots]\nhealth.range = [0.0, 50.0]\nposition.optional = false\nclan = \"text\"\n";
    let report = packs(&[("nerf", nerf)]).load(&Store::new());
    assert_report("patches_break_a_default_of_another_pack", &report.expect_err("out of range"));
    let nerf = "[patches.schemas.unit.slots]\nlevel.range = [2, 9]\nlevel.default = 2\nposition.optional = false\nclan = \"text\"\n\
                health = { range = [0.0, 50.0], default = 50.0 }\n";
    let report = packs(&[("nerf", nerf)]).load(&Store::new());
    assert_report("patches_break_records_of_another_pack", &report.expect_err("out of range"));
}

#[test]
fn a_pack_changes_what_another_one_unsets() {
    let core =
        "[schemas.unit.slots]\nhp = { kind = \"u8\", optional = true }\n[records.unit.a]\nhp = 5\n";
    let file = |text: &str| [("file.toml".to_owned(), text.to_owned())];
    let loader = Loader::new().pack_of_texts("core", file(core));
    let loader =
        loader.pack_of_texts("plus", file("[patches.records.unit.a]\nhp = { plus = 1 }\n"));
    let unset = "[patches.records.unit.a]\nunset = [\"hp\"]\n";
    let report = loader.pack_of_texts("unset", file(unset)).load(&Store::new());
    assert_report("patches_change_what_another_pack_unsets", &report.expect_err("no value"));
}

#[test]
fn a_mod_is_removed() {
    let campaign = "[records.unit.half]\ninherits = \"orc_king\"\n[records.unit.other_half]\ninherits = \"orc_king\"\n\
                    [records.unit.quarter]\ninherits = \"half\"\n[records.orc.chief]\n\
                    [patches.records.unit.orc_king]\nhealth = 9.0\n[patches.records.orc.chief]\nhealth = 9.0\n\
                    [patches.records.unit.half]\nhealth = 9.0\n[patches.delete]\nunit = [\"orc_king\", \"half\"]\norc = [\"chief\"]\n";
    for (name, policy) in [("ignored", Undeclared::Ignore), ("quarantined", Undeclared::Quarantine)]
    {
        let loader = packs(&[("campaign", campaign)]).undeclared(policy);
        warned(&format!("patches_removed_mod_{name}"), loader);
    }
    let report = packs(&[("campaign", campaign)]).load(&Store::new());
    assert_report("patches_removed_mod_refused", &report.expect_err("the mod is not there"));
}

#[test]
fn a_file_with_a_missing_brace() {
    let orcs = "[schemas]\norc = { extends = \"unit\"\n[records.orc.grunt]\n[records.unit.warg]\n";
    let files = [
        ("orcs.toml", orcs),
        (
            "more.toml",
            "[records.orc.thrall]\ninherits = \"grunt\"\n[records.unit.a]\ntarget = \"warg\"\n\
                       [records.unit.b]\ntarget = \"wrag\"\n[patches.records.unit.warg]\nhealth = 1.0\n\
                       [records.cat.b]\ninherits = \"warg\"\n[patches.schemas.orc.slots]\nrage = \"f32\"\n\
                       [schemas.chief]\nextends = \"orc\"\n[records.chief.a]\n[records.unit.c]\ninherits = \"warg\"\n",
        ),
    ];
    let report = packs(&[]).pack_of_texts("orcs", files).load(&Store::new());
    assert_report("patches_file_with_a_missing_brace", &report.expect_err("a missing brace"));
}

#[test]
fn of_all_variants() {
    let core = "[schemas.spell.slots]\neffect = { tag = 'type', variants = { heal = { n = 'u8' }, rest = {} } }\n\
                job = { variants = ['farmer', 'smith'], default = 'farmer' }\n";
    let patch = |effect: &str, job: &str| {
        format!(
            "[patches.schemas.spell.slots]\neffect.variants.remove = ['{effect}']\n\
             job.variants.remove = ['{job}']\n"
        )
    };
    let report = Loader::new()
        .pack_of_texts("core", [("s.toml", core)])
        .pack_of_texts("orcs", [("p.toml", &*patch("heal", "smith"))])
        .pack_of_texts("elves", [("p.toml", &*patch("rest", "farmer"))])
        .load(&Store::new())
        .expect_err("no variant is left");
    assert_report("patches_of_all_variants", &report);
}

#[test]
fn two_shapes_of_one_slot() {
    let shapes = [
        (
            "a record and a number",
            "{ slots = { a = { kind = 'u8', default = 1 } } }",
            "{ kind = 'u8', default = 1 }",
        ),
        (
            "unions with other tags",
            "{ tag = 't', optional = true, variants = { h = { a = 'u8' } } }",
            "{ tag = 's', optional = true, variants = { k = { a = 'u8' } } }",
        ),
        (
            "lists of texts and of records",
            "{ kind = 'list(text)', default = [] }",
            "{ kind = 'list', default = [], slots = { a = 'u8' } }",
        ),
        (
            "a list and a map",
            "{ kind = 'list', default = [], slots = { a = 'u8' } }",
            "{ kind = 'map', default = {}, slots = { a = 'u8' } }",
        ),
    ];
    let mut all = String::new();
    for (what, one, two) in shapes {
        let patch = |shape: &str| format!("[patches.schemas.unit.slots]\nmana = {shape}\n");
        let (one, two) = (patch(one), patch(two));
        for order in [[("one", &*one), ("two", &*two)], [("two", &two), ("one", &one)]] {
            let report = packs(&order).load(&Store::new()).expect_err(what);
            assert!(
                report.diagnostics().iter().all(|own| own.message().contains("'one' and 'two'"))
            );
            if order[0].0 == "one" {
                all.push_str(&format!("{report}\n\n"));
            }
        }
    }
    crate::messages::assert_text("patches_two_shapes_of_one_slot", &all);
}
