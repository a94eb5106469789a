//! Rules for every file: no unsafe code, no glob exports, no leftovers, a purpose.

use crate::source::{Source, Violation, code, first_word, line_of, words};

/// The only module with unsafe code: Bevy's trait for system parameters is unsafe.
const UNSAFE_MODULE: &str = "crates/bevy_slotted/src/lending/";
/// The minimum length of a safety comment.
const SHORTEST_PROOF: usize = 15;

pub(crate) fn no_unsafe_code(source: &Source) -> Vec<Violation> {
    if !source.is_product() {
        return Vec::new();
    }
    let code = code(&source.text);
    let is_bad = |at: &usize| {
        !(source.path.starts_with(UNSAFE_MODULE)
            && has_proof(&source.text, line_of(&source.text, *at)))
    };
    let bad = words(&code, "unsafe").filter(is_bad);
    bad.map(|at| {
        source.violation_at(
            at,
            "unsafe code without a safety comment, or in a module that must not have any",
        )
    })
    .collect()
}

/// Returns `true` if the comment above the line explains the unsafe code, or lists the duties of callers.
///
/// Attributes between comment and code are skipped. `get_param` is documented by Bevy's trait.
fn has_proof(text: &str, line: usize) -> bool {
    let lines: Vec<&str> = text.lines().map(str::trim).collect();
    let above = lines[..line - 1].iter().rev();
    let above: Vec<&str> = above
        .copied()
        .take_while(|line| line.starts_with("//") || line.starts_with("#["))
        .collect();
    let is_proof = |line: &&str| {
        line.split_once("SAFETY: ").is_some_and(|(_, proof)| proof.len() >= SHORTEST_PROOF)
    };
    above.iter().any(|line| is_proof(line) || *line == "/// # Safety")
        || lines[line - 1].starts_with("unsafe fn get_param<")
}

/// Returns `true` if the package uses the workspace's lints.
pub(crate) fn takes_workspace_lints(manifest: &str) -> bool {
    let section = manifest.split("[lints]").nth(1).unwrap_or_default();
    section.lines().take_while(|line| !line.starts_with('[')).any(|line| line == "workspace = true")
}

pub(crate) fn no_glob_exports(source: &Source) -> Vec<Violation> {
    if !source.is_product() {
        return Vec::new();
    }
    let code = code(&source.text);
    let globs = words(&code, "pub").filter_map(|at| {
        let statement = code[at..].split(';').next()?;
        let visible = statement["pub".len()..].trim_start();
        let visible = match visible.strip_prefix('(') {
            Some(limited) => limited.split_once(')')?.1.trim_start(),
            None => visible,
        };
        let is_glob = first_word(visible) == "use" && visible.contains('*');
        is_glob.then(|| source.violation_at(at, "glob export: list the names"))
    });
    globs.collect()
}

pub(crate) fn no_leftovers(source: &Source) -> Vec<Violation> {
    if !source.is_product() {
        return Vec::new();
    }
    let (text, code) = (&*source.text, &*code(&source.text));
    let notes = ["TODO", "FIXME", "XXX"].into_iter().flat_map(|note| words(text, note));
    let places = ["/work/", "/home/", "/root/", "/Users/", "/tmp/"];
    let places = places.into_iter().flat_map(|place| text.match_indices(place).map(|(at, _)| at));
    let macros = ["dbg", "todo", "unimplemented"].into_iter().flat_map(|name| {
        words(code, name).filter(move |at| code[at + name.len()..].starts_with('!'))
    });
    let found = notes.chain(places).chain(macros);
    found
        .map(|at| {
            let what = text[at..].split([' ', '(', '\n']).next().unwrap_or_default();
            source.violation_at(at, format!("left over: {what}"))
        })
        .collect()
}

pub(crate) fn starts_with_purpose(source: &Source) -> Vec<Violation> {
    match source.text.starts_with("//! ") {
        true => Vec::new(),
        false => vec![source.violation(1, "missing purpose: begin the file with a `//! ` line")],
    }
}

mod tests {
    use super::*;
    use crate::source::lines;

    #[test]
    fn unsafe_is_found_as_a_word_only() {
        let text = "#![forbid(unsafe_code)]\n// unsafe\nlet x = \"unsafe\";\nunsafe { f() }\n";
        assert_eq!(lines(no_unsafe_code, "src/id.rs", text), [4]);
        assert_eq!(lines(no_unsafe_code, "crates/slotted_derive/src/view.rs", text), [4]);
        assert_eq!(lines(no_unsafe_code, "crates/slotted_cli/src/main.rs", text), [4]);
        assert_eq!(lines(no_unsafe_code, "crates/bevy_slotted/src/pool.rs", text), [4]);
        assert_eq!(lines(no_unsafe_code, "crates/bevy_slotted/benches/x.rs", text), []);
    }

    #[test]
    fn unsafe_code_needs_a_proof() {
        let file = "crates/bevy_slotted/src/lending/cell.rs";
        let proven =
            "// SAFETY: no other reference exists, see above.\n#[inline]\nunsafe { f() }\n";
        assert_eq!(lines(no_unsafe_code, file, proven), []);
        assert_eq!(lines(no_unsafe_code, "crates/bevy_slotted/src/pool.rs", proven), [3]);
        assert_eq!(lines(no_unsafe_code, file, "// SAFETY: \nunsafe { f() }\n"), [2]);
        assert_eq!(lines(no_unsafe_code, file, "// SAFETY: fine\nunsafe { f() }\n"), [2]);
        assert_eq!(lines(no_unsafe_code, file, "f();\nunsafe { f() }\n"), [2]);
        let parted = "// SAFETY: no other reference exists, see above.\nf();\nunsafe { f() }\n";
        assert_eq!(lines(no_unsafe_code, file, parted), [3]);
        assert_eq!(lines(no_unsafe_code, file, "/// # Safety\n/// None.\nunsafe fn f() {}\n"), []);
    }

    #[test]
    fn lints_are_read_from_their_section() {
        assert!(takes_workspace_lints("[package]\nname = \"x\"\n\n[lints]\nworkspace = true\n"));
        assert!(!takes_workspace_lints("[lints]\n[package]\nworkspace = true\n"));
        assert!(!takes_workspace_lints("[dependencies]\nworkspace = true\n"));
    }

    #[test]
    fn globs_are_found() {
        let text = "use super::*;\npub use a::*;\npub(crate) use b::{\n    c,\n    d::*,\n};\n\
            pub use e::f;\npub fn g(x: u8) -> u8 { x * x }\n";
        assert_eq!(lines(no_glob_exports, "src/lib.rs", text), [2, 3]);
    }

    #[test]
    fn leftovers_are_found_in_comments_and_code() {
        let text = "//! TODO\n// See /work/notes.\nlet todo = 1;\ntodo!();\nlet x = dbg!(1); // /home/ada\n\
            // dbg! is not called here, and workloads are no path\n";
        assert_eq!(lines(no_leftovers, "src/id.rs", text), [1, 2, 4, 5, 5]);
    }

    #[test]
    fn the_purpose_is_the_first_line() {
        assert_eq!(lines(starts_with_purpose, "src/id.rs", "//! Handles.\nuse a::b;\n"), []);
        assert_eq!(lines(starts_with_purpose, "src/id.rs", "use a::b;\n//! Handles.\n"), [1]);
        assert_eq!(lines(starts_with_purpose, "src/id.rs", ""), [1]);
    }
}
