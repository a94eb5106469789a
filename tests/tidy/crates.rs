//! Allowed dependencies between packages, and forbidden dependencies of the core.

use std::error::Error;
use std::fs;

use crate::source::root;

/// The folder of each shipped package, and the workspace packages it may depend on. Benches and examples may
/// use all.
pub(crate) const CRATES: &[(&str, &[&str])] = &[
    ("", &["slotted_derive"]),
    ("crates/slotted_derive", &[]),
    ("crates/slotted_definitions", &["slotted"]),
    ("crates/slotted_arrow", &["slotted"]),
    ("crates/slotted_sql", &["slotted", "slotted_arrow"]),
    ("crates/slotted_cli", &["slotted", "slotted_arrow", "slotted_definitions"]),
    ("crates/bevy_slotted", &["slotted"]),
];

/// File formats and engines: the core reads no files and knows no engine.
const NOT_IN_THE_CORE: &[&str] =
    &["serde_json", "toml", "ron", "granit-parser", "bevy_ecs", "annotate-snippets"];

/// Returns the names in the `[dependencies]` section of a manifest.
pub(crate) fn dependencies(manifest: &str) -> Vec<&str> {
    let sections = manifest.split("\n[").map(|section| section.trim_start_matches('['));
    let own = sections.filter_map(|section| section.strip_prefix("dependencies]"));
    let lines = own.flat_map(str::lines).map(str::trim);
    lines.filter_map(|line| line.split_once('=')?.0.trim().split('.').next()).collect()
}

/// Returns the dependencies of a package that it must not have.
pub(crate) fn forbidden<'m>(folder: &str, allowed: &[&str], manifest: &'m str) -> Vec<&'m str> {
    let is_ours = |name: &&str| name.starts_with("slotted") || name.ends_with("_slotted");
    let is_bad = |name: &&str| {
        (is_ours(name) && !allowed.contains(name))
            || (folder.is_empty() && NOT_IN_THE_CORE.contains(name))
    };
    dependencies(manifest).into_iter().filter(is_bad).collect()
}

/// Returns the manifest of the package in this folder.
pub(crate) fn manifest(folder: &str) -> Result<String, Box<dyn Error>> {
    Ok(fs::read_to_string(root().join(folder).join("Cargo.toml"))?)
}

mod tests {
    use super::*;

    #[test]
    fn a_dependency_on_a_package_above_is_found() {
        let manifest = "[package]\nname = \"slotted\"\n\n[dependencies]\nslotted_definitions = \"1\"\n\
            serde_json = { version = \"1\" }\nglam = \"0.33\"\n\n[dev-dependencies]\ntoml = \"1\"\n";
        assert_eq!(
            forbidden("", &["slotted_derive"], manifest),
            ["slotted_definitions", "serde_json"]
        );
        let satellite =
            "[dependencies]\nslotted = { path = \"../..\" }\nbevy_slotted.workspace = true\n";
        assert_eq!(forbidden("crates/x", &["slotted"], satellite), ["bevy_slotted"]);
    }
}
