//! Checks that `docs/faults.md` and the tests list the same faults.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;

use crate::Outcome;

const FAULTS: u32 = 47;

/// Returns the numbers of the page's faults, with `true` for tested ones.
fn listed(page: &str) -> BTreeMap<u32, bool> {
    let rows = page.lines().filter_map(|line| line.strip_prefix('|'));
    let cells = rows.map(|row| row.split('|').map(str::trim));
    let faults = cells.filter_map(|mut cells| {
        let number = cells.next()?.parse().ok()?;
        let tested = match cells.next()? {
            "yes" => true,
            "no" => false,
            other => panic!("fault {number} has '{other}' for a test; expected yes or no"),
        };
        Some((number, tested))
    });
    let mut listed = BTreeMap::new();
    for (number, tested) in faults {
        assert_eq!(listed.insert(number, tested), None, "fault {number} is listed twice");
    }
    listed
}

/// Adds the number after each `prefix` in the text.
fn add_numbers(text: &str, prefix: &str, numbers: &mut BTreeSet<u32>) {
    let after = text.match_indices(prefix).map(|(start, _)| &text[start + prefix.len()..]);
    numbers.extend(after.filter_map(|rest| {
        let (number, _) = rest.split_once('_')?;
        number.parse::<u32>().ok()
    }));
}

/// Adds the faults that are tested by functions below the folder, and by files that must not compile.
fn add_tests(folder: &Path, tests: &mut BTreeSet<u32>) -> Outcome {
    const SKIPPED: [&str; 2] = ["target", ".git"];
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
        if path.is_dir() && !SKIPPED.contains(&&*name) {
            add_tests(&path, tests)?;
        } else if name.ends_with(".rs") {
            add_numbers(&fs::read_to_string(&path)?, "fn fault_", tests);
            if folder.ends_with("compile_fail") {
                add_numbers(&name, "fault_", tests);
            }
        }
    }
    Ok(())
}

#[test]
fn the_page_lists_exactly_the_faults_that_are_tested() -> Outcome {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let listed = listed(&fs::read_to_string(root.join("docs/faults.md"))?);
    assert_eq!(listed.keys().copied().collect::<Vec<_>>(), (1..=FAULTS).collect::<Vec<_>>());
    let tested = listed.values().filter(|tested| **tested).count();
    let figures = format!("**{tested} of {FAULTS}** have tests.");
    let trust = fs::read_to_string(root.join("docs/trust.md"))?;
    assert!(trust.contains(&figures), "docs/trust.md does not say: {figures}");
    let mut tests = BTreeSet::new();
    add_tests(root, &mut tests)?;
    let tested: BTreeSet<u32> =
        listed.into_iter().filter_map(|(number, tested)| tested.then_some(number)).collect();
    assert_eq!(
        tested.difference(&tests).collect::<Vec<_>>(),
        [] as [&u32; 0],
        "listed without a test"
    );
    assert_eq!(
        tests.difference(&tested).collect::<Vec<_>>(),
        [] as [&u32; 0],
        "tested, not listed"
    );
    Ok(())
}

#[test]
fn numbers_are_read_from_names_of_functions_and_files() {
    let mut numbers = BTreeSet::new();
    // The names are split, so that the other test does not find them in this file.
    let functions = ["", "07_a() {}\n", "46_b() {}\nfn default_12_() {}"].join("fn fault_");
    add_numbers(&functions, "fn fault_", &mut numbers);
    add_numbers("fault_22_zero_size_pod.rs", "fault_", &mut numbers);
    assert_eq!(numbers, BTreeSet::from([7, 22, 46]));
}
