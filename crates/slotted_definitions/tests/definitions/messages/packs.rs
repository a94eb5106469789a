//! Invalid manifests, and conflicts between packs.

use slotted::Store;
use slotted_definitions::{Loader, Report};

use crate::UNIT;
use crate::messages::{assert_report, reports};

reports! {
    two_manifests { ("pack.json", r#"{ "name": "orcs" }"#), ("pack.toml", "name = \"elves\"\n") }
    requires_itself { ("pack.toml", "name = \"orcs\"\nrequires = [\"orcs\"]\n") }
    requires_a_text { ("pack.toml", "name = \"orcs\"\nrequires = \"elves\"\n") }
    requires_a_version { ("pack.toml", "name = \"orcs\"\nrequires = [{ name = \"elves\", version = \"1\" }]\n") }
    manifest_with_unknown_keys { ("pack.toml", "title = \"orcs\"\ndepends = [\"elves\"]\nauthor = \"Ada\"\n") }
    version_as_number { ("pack.toml", "name = \"orcs\"\nversion = 1.2\n") }
    records_in_manifest { UNIT, ("pack.toml", "name = \"orcs\"\n[records.unit.grunt]\nhealth = 80.0\n") }
    no_file_of_objects { UNIT, ("pack.toml", "[objects]\n\"itmes.json\" = \"unit\"\n"), ("items.json", "{}") }
    objects_of_unknown_schema { UNIT, ("pack.toml", "[objects]\n\"units.json\" = \"unti\"\n"), ("units.json", "[{ \"health\": 80.0 }]") }
    object_that_is_a_number { UNIT, ("pack.toml", "[objects]\n\"units.json\" = \"unit\"\n"), ("units.json", "[{ \"health\": 80.0 }, 7]") }
    object_with_misspelt_slot { UNIT, ("pack.toml", "[objects]\n\"units.json\" = \"unit\"\n"), ("units.json", "[\n  { \"health\": 80.0 },\n  { \"helth\": 80.0 }\n]") }
    manifest_of_an_inner_pack { UNIT, ("orcs-main/orcs/pack.toml", "name = \"orcs\"\nversion = \"1.0\"\nrequires = [\"core\"]\n") }
    definitions_in_an_inner_pack_file { UNIT, ("inner/pack.toml", "[records.unit.a]\nhelth = 1.0\n") }
}

/// Packs as name, manifest and definition file.
fn packs(packs: &[(&str, &str, &str)]) -> Report {
    let pack = |loader: Loader, (name, manifest, units): &(&str, &str, &str)| {
        loader.pack_of_texts(name, [("pack.toml", *manifest), ("units.toml", *units)])
    };
    packs.iter().fold(Loader::new(), pack).load(&Store::new()).expect_err("invalid packs")
}

macro_rules! reports_of_packs {
    ($($name:ident { $($pack:expr),+ $(,)? })+) => {$(
        #[test]
        fn $name() {
            assert_report(concat!("packs_", stringify!($name)), &packs(&[$($pack),+]));
        }
    )+};
}

const BASE: (&str, &str, &str) = ("base", "", UNIT.1);

reports_of_packs! {
    missing { BASE, ("orcs", "requires = [\"bsae\", \"elves\"]", "") }
    circle { BASE, ("orcs", "requires = [\"elves\"]", ""), ("elves", "requires = [\"trolls\"]", ""), ("trolls", "requires = [\"orcs\"]", "") }
    two_of_one_name { BASE, ("orcs", "name = \"more\"", ""), ("elves", "name = \"more\"", "") }
    two_of_one_name_without_manifest { BASE, ("base", "", "") }
    schema_in_two { BASE, ("orcs", "", "[schemas.unit.slots]\nrage = \"f32\"\n") }
    record_in_two { BASE, ("a", "", "[records.unit.grunt]\nhealth = 80.0\n"), ("b", "", "[records.unit.grunt]\nhealth = 90.0\n") }
    patch_of_a_later_pack { BASE, ("a", "", "[patches.records.unit.grunt]\nhealth = 80.0\n"), ("b", "", "[records.unit.grunt]\nhealth = 90.0\n") }
    patch_of_a_later_packs_schema { ("a", "", "[patches.schemas.orc.slots]\nrage = \"f32\"\n"), ("b", "", "[schemas.orc]\n") }
    patched_value_of_another_pack { BASE, ("a", "", "[records.unit.grunt]\nhealth = 80.0\n"), ("b", "requires = [\"a\"]", "[patches.records.unit.grunt]\nhealth = \"more\"\nheath = 3\n") }
}

#[test]
fn no_such_folder() {
    let report = Loader::new().pack("there/is/no/such/pack").load(&Store::new());
    assert_report("packs_no_such_folder", &report.expect_err("a missing folder"));
}

#[test]
fn a_folder_without_definition_files_and_one_level_too_high() -> std::io::Result<()> {
    for (name, file, message) in [
        ("empty", "notes.txt", "folder 'empty' contains no definition files"),
        ("high", "orcs/pack.toml", "folder 'orcs' is a pack of its own"),
        ("higher", "mods/orcs/pack.toml", "folder 'mods/orcs' is a pack of its own"),
    ] {
        let folder = crate::Folder::new(name)?;
        folder.write(file, "name = \"orcs\"\n")?;
        let report = Loader::new().pack(folder.path()).load(&Store::new());
        let report = report.expect_err("it is no pack").to_string();
        let path = folder.path().to_string_lossy().replace('\\', "/");
        let report = report.replace(&path, name);
        assert!(report.contains(message), "{report}");
        assert!(report.contains("= help: "), "{report}");
    }
    Ok(())
}
