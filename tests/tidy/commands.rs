//! Rule: the commands of the workflow and of the chapter about benchmarks name targets and options that exist.

use std::io::Result;

use crate::source::root;

/// The files whose commands are checked.
pub(crate) const FILES: &[&str] =
    &["docs/guide/benchmarks.yml", "docs/guide/13_benchmarks_in_your_ci.md"];

/// A command of cargo without the program's own options.
struct Command {
    words: &'static str,
    /// A line that shows that the target exists, and its file.
    target: (&'static str, &'static str),
    /// The file that declares the target's options.
    options: &'static str,
    /// The options that a library reads.
    foreign: &'static [&'static str],
}

const COMMANDS: &[Command] = &[
    Command {
        words: "bench -p slotted_benches --bench instructions",
        target: ("name = \"instructions\"", "benches/Cargo.toml"),
        options: "benches/instructions.rs",
        foreign: &["--save-baseline", "--baseline", "--callgrind-limits"],
    },
    Command {
        words: "bench -p slotted_benches --bench own_views",
        target: ("name = \"own_views\"", "benches/Cargo.toml"),
        options: "benches/own_views.rs",
        foreign: &["--save-baseline", "--baseline"],
    },
    Command {
        words: "bench -p slotted_benches --bench ratios",
        target: ("name = \"ratios\"", "benches/Cargo.toml"),
        options: "benches/harness/mod.rs",
        foreign: &[],
    },
    Command {
        words: "test -p slotted_benches --benches",
        target: ("name = \"slotted_benches\"", "benches/Cargo.toml"),
        options: "benches/options.rs",
        foreign: &[],
    },
    Command {
        words: "run --release --example compare",
        target: ("name = \"compare\"", "examples/compare/Cargo.toml"),
        options: "examples/compare/options.rs",
        foreign: &[],
    },
];

/// Returns the commands of cargo without comments and pipes.
pub(crate) fn commands(text: &str) -> impl Iterator<Item = &str> {
    let starts = text.match_indices("cargo ").map(|(at, cargo)| &text[at + cargo.len()..]);
    let commands = starts.map(|rest| rest.split(['\n', '#', '|', '`']).next().unwrap_or_default());
    commands.map(str::trim).filter(|command| command.contains(" -"))
}

/// Returns the parts of a command that do not exist.
pub(crate) fn unknown(command: &str) -> Result<Vec<String>> {
    let read = |path: &str| std::fs::read_to_string(root().join(path));
    if let Some(version) = command.strip_prefix("install gungraun-runner --version ") {
        let version = version.split(' ').next().unwrap_or_default();
        let exists = read("benches/Cargo.toml")?.contains(&format!("gungraun = \"={version}\""))
            && read("benches/instructions.rs")?.contains(&format!("\"{version}\""));
        return Ok(if exists { Vec::new() } else { vec![format!("version {version}")] });
    }
    let (words, options) = command.split_once(" -- ").unwrap_or((command, ""));
    let Some(known) = COMMANDS.iter().find(|known| known.words == words) else {
        return Ok(vec![format!("'cargo {words}'")]);
    };
    let (line, file) = known.target;
    let mut unknown = Vec::new();
    if !read(file)?.contains(line) {
        unknown.push(format!("{line} in {file}"));
    }
    let declared = read(known.options)?;
    for option in options.split_whitespace().filter(|word| word.starts_with("--")) {
        let option = option.split('=').next().unwrap_or_default();
        let field = option.trim_start_matches('-').replace('-', "_");
        let is_declared = [format!("    {field}: "), format!("      {option}")];
        let is_declared = is_declared.iter().any(|text| declared.contains(text.as_str()));
        if !is_declared && !known.foreign.contains(&option) {
            unknown.push(format!("option '{option}' of 'cargo {words}'"));
        }
    }
    Ok(unknown)
}

#[test]
fn unknown_parts_are_found() {
    let unknown = |command| unknown(command).expect("the files are there");
    assert_eq!(
        unknown("bench -p slotted_benches --bench gone"),
        ["'cargo bench -p slotted_benches --bench gone'"]
    );
    assert_eq!(
        unknown("run --release --example compare -- --check --chek"),
        ["option '--chek' of 'cargo run --release --example compare'"]
    );
    assert_eq!(unknown("install gungraun-runner --version 0.1.0 --locked"), ["version 0.1.0"]);
    assert_eq!(
        commands("run: cargo test -p a | tee b\n`cargo bench --c`, a cargo ship").count(),
        2
    );
}
