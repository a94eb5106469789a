//! Enforces the rules of `ARCHITECTURE.md`. Each rule is a module with its own tests.

#[path = "tidy/commands.rs"]
mod commands;
#[path = "tidy/crates.rs"]
mod crates;
#[path = "tidy/examples.rs"]
mod examples;
#[path = "tidy/layers.rs"]
mod layers;
#[path = "tidy/lengths.rs"]
mod lengths;
#[path = "tidy/sentences.rs"]
mod sentences;
#[path = "tidy/shape.rs"]
mod shape;
#[path = "tidy/source.rs"]
mod source;

use crates::{CRATES, forbidden, manifest};
use layers::{LAYERS, RESERVED, layer};
use source::{Outcome, code, enforce, pages, root, sources};

#[test]
fn modules_use_only_modules_below_them() -> Outcome {
    enforce(layers::layers)
}

#[test]
fn the_list_of_layers_is_up_to_date() -> Outcome {
    let sources = sources()?;
    let exists = |name: &&str| sources.iter().any(|source| layer(&source.path) == Some(name));
    assert_eq!(LAYERS.iter().find(|name| !exists(name)), None);
    let reserved = RESERVED.iter().flat_map(|(low, users)| std::iter::once(low).chain(*users));
    assert_eq!(reserved.into_iter().find(|name| !LAYERS.contains(name)), None);
    Ok(())
}

#[test]
fn the_external_name_is_only_for_docs() -> Outcome {
    enforce(layers::outside_names)
}

#[test]
fn packages_depend_only_on_packages_below_them() -> Outcome {
    for (folder, allowed) in CRATES {
        let manifest = manifest(folder)?;
        assert_eq!(forbidden(folder, allowed, &manifest), [""; 0], "{folder}/Cargo.toml");
    }
    Ok(())
}

#[test]
fn every_package_in_crates_is_listed() -> Outcome {
    for entry in std::fs::read_dir(root().join("crates"))? {
        let folder = format!("crates/{}", entry?.file_name().to_string_lossy());
        assert!(CRATES.iter().any(|(listed, _)| *listed == folder), "{folder} is not in CRATES");
    }
    Ok(())
}

#[test]
fn files_are_short() -> Outcome {
    enforce(lengths::file_length)
}

#[test]
fn functions_are_short() -> Outcome {
    enforce(lengths::function_length)
}

#[test]
fn sentences_begin_with_their_subject() -> Outcome {
    enforce(sentences::sentences)?;
    let bad: Vec<String> = pages()?
        .iter()
        .flat_map(sentences::sentences)
        .map(|violation| violation.to_string())
        .collect();
    assert!(bad.is_empty(), "\n{}", bad.join("\n"));
    Ok(())
}

#[test]
fn public_methods_have_examples() -> Outcome {
    let missing = examples::examples(&sources()?);
    let missing: Vec<String> = missing.iter().map(ToString::to_string).collect();
    assert!(missing.is_empty(), "\n{}", missing.join("\n"));
    Ok(())
}

#[test]
fn no_code_is_unsafe() -> Outcome {
    enforce(shape::no_unsafe_code)
}

#[test]
fn all_crates_but_one_forbid_unsafe_code() -> Outcome {
    let workspace_forbids = manifest("")?.contains("unsafe_code = \"forbid\"");
    for (folder, file) in [
        ("", "src/lib.rs"),
        ("crates/slotted_derive", "src/lib.rs"),
        ("crates/slotted_definitions", "src/lib.rs"),
        ("crates/slotted_cli", "src/main.rs"),
    ] {
        let top = std::fs::read_to_string(root().join(folder).join(file))?;
        let forbids = code(&top).contains("#![forbid(unsafe_code)]");
        let by_lint = workspace_forbids && shape::takes_workspace_lints(&manifest(folder)?);
        assert!(forbids || by_lint, "'{folder}' does not forbid unsafe code");
    }
    Ok(())
}

#[test]
fn exports_are_listed_by_name() -> Outcome {
    enforce(shape::no_glob_exports)
}

#[test]
fn nothing_is_left_over() -> Outcome {
    enforce(shape::no_leftovers)
}

#[test]
fn every_file_says_what_it_is_for() -> Outcome {
    enforce(shape::starts_with_purpose)
}

#[test]
fn the_readme_is_short() -> Outcome {
    let readme = std::fs::read_to_string(root().join("README.md"))?;
    assert!(readme.lines().count() <= 150, "README.md has more than 150 lines");
    Ok(())
}

#[test]
fn commands_about_benchmarks_name_what_exists() -> Outcome {
    for file in commands::FILES {
        let text = std::fs::read_to_string(root().join(file))?;
        let commands: Vec<&str> = commands::commands(&text).collect();
        assert!(commands.len() >= 5, "too few commands found in {file}");
        for command in commands {
            assert_eq!(commands::unknown(command)?, [""; 0], "{file}: cargo {command}");
        }
    }
    Ok(())
}

#[test]
fn the_guide_shows_the_bench_that_the_tests_run() -> Outcome {
    let chapter = std::fs::read_to_string(root().join("docs/guide/13_benchmarks_in_your_ci.md"))?;
    let bench = std::fs::read_to_string(root().join("benches/own_views.rs"))?;
    assert!(
        chapter.contains(&format!("```rust,ignore\n{bench}```\n")),
        "copy benches/own_views.rs to the chapter"
    );
    Ok(())
}
