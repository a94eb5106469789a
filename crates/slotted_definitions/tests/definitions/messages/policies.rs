//! Warnings about undeclared values and records.

use slotted::Store;
use slotted_definitions::{Loader, Undeclared};

use crate::UNIT;
use crate::messages::assert_report;

const WITH_RESTS: &str = "\
[records.unit.grunt]
mana = 3.0
helth = 80.0
target = \"gone\"

[records.unit.peon]
mana = 4.0

[records.dragon.smaug]
gold = 1000000
";

fn warned(name: &str, policy: Undeclared) {
    let loader = Loader::new().pack_of_texts("mod", [UNIT, ("units.toml", WITH_RESTS)]);
    let definitions = loader.undeclared(policy).load(&Store::new()).expect("these are warnings");
    assert_report(name, definitions.warnings());
}

#[test]
fn ignored() {
    warned("policies_ignored", Undeclared::Ignore);
}

#[test]
fn quarantined() {
    warned("policies_quarantined", Undeclared::Quarantine);
}

#[test]
fn refused() {
    let files = [UNIT, ("units.toml", WITH_RESTS)];
    assert_report("policies_refused", &crate::refused(&files));
}

#[test]
fn an_error_besides() {
    let file = format!("{WITH_RESTS}\n[records.unit.ogre]\nhealth = \"9\"\n");
    let loader = Loader::new().pack_of_texts("mod", [UNIT, ("units.toml", &file)]);
    let report = loader.undeclared(Undeclared::Ignore).load(&Store::new());
    assert_report("policies_an_error_besides", &report.expect_err("text is not a number"));
}

const REMOVED: &str = "\
[schemas.servant.slots]
master = \"object\"
friend = { kind = \"object\", optional = true }

[schemas.knight]
extends = \"noble\"

[records.servant]
page = { master = \"king\" }
boy = { master = \"king\" }
maid = { master = \"page\" }
cook = { master = \"cook\", friend = \"page\" }

[records.knight.roland]
horse = \"bay\"
";

#[test]
fn records_that_need_missing_ones() {
    for (policy, name) in [(Undeclared::Ignore, "ignored"), (Undeclared::Quarantine, "quarantined")]
    {
        let loader = Loader::new().pack_of_texts("mod", [("units.toml", REMOVED)]);
        let definitions =
            loader.undeclared(policy).load(&Store::new()).expect("these are warnings");
        assert_report(&format!("policies_need_missing_{name}"), definitions.warnings());
    }
}
