//! Checks that mistakes do not compile, and their messages.
//!
//! Each file of `tests/compile_fail` has a twin of the same name in `tests/compile_pass` without the mistake.
//! The twins compile and run here, which proves that the mistake causes the error.

mod compile_pass;

use std::collections::BTreeSet;
use std::error::Error;
use std::path::Path;
use std::process::Command;

/// The compiler version of the `.stderr` files. Messages differ between versions.
const WRITTEN_WITH: &str = "rustc 1.95.";

/// Updates the messages with `TRYBUILD=overwrite cargo test --all-features --test compile_fail`.
#[test]
fn mistakes_are_rejected_with_helpful_messages() -> Result<(), Box<dyn Error>> {
    let compiler = std::env::var("RUSTC").unwrap_or_else(|_| "rustc".to_owned());
    let version = String::from_utf8(Command::new(compiler).arg("--version").output()?.stdout)?;
    if !version.starts_with(WRITTEN_WITH) {
        eprintln!("skipped: the messages are those of {WRITTEN_WITH}, this is {version}");
        return Ok(());
    }
    let cases = trybuild::TestCases::new();
    for name in names("compile_fail")? {
        if cfg!(feature = "rayon") || !name.starts_with("fault_33") {
            cases.compile_fail(format!("tests/compile_fail/{name}.rs"));
        }
    }
    Ok(())
}

#[test]
fn every_mistake_has_a_twin_without_it() -> Result<(), Box<dyn Error>> {
    let mut twins = names("compile_pass")?;
    assert!(twins.remove("mod"));
    assert_eq!(names("compile_fail")?, twins);
    let listed = std::fs::read_to_string(folder("compile_pass").join("mod.rs"))?;
    for name in twins {
        assert!(listed.contains(&format!("mod {name};")), "{name} is not compiled");
    }
    Ok(())
}

fn folder(name: &str) -> std::path::PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests").join(name)
}

/// Returns the names of the folder's Rust files.
fn names(name: &str) -> Result<BTreeSet<String>, Box<dyn Error>> {
    let mut names = BTreeSet::new();
    for entry in std::fs::read_dir(folder(name))? {
        let path = entry?.path();
        if path.extension().is_some_and(|extension| extension == "rs") {
            names.extend(path.file_stem().map(|stem| stem.to_string_lossy().into_owned()));
        }
    }
    Ok(names)
}
