//! The architecture and the habits of `ARCHITECTURE.md`, enforced.

use std::error::Error;
use std::fmt;
use std::path::{Path, PathBuf};

type Outcome = Result<(), Box<dyn Error>>;

/// The modules of the crate, lowest first: each may use those before it.
const LAYERS: &[&str] = &[
    "suggest",
    "id",
    "epoch",
    "text",
    "list",
    "simd",
    "pool",
    "vectors",
    "storage",
    "number",
    "kind",
    "value",
    "record",
    "serde_impls",
    "schema",
    "error",
    "by_name",
    "slot_value",
    "store",
    "snapshot",
    "map",
    "infer",
    "definitions",
];

/// Modules that only some of those above them may use: schemas never touch storage.
const RESERVED: &[(&str, &[&str])] = &[
    ("storage", &["slot_value", "store", "snapshot"]),
    ("store", &["snapshot", "infer", "definitions"]),
];

const MOST_LINES_OF_FILE: usize = 700;
const MOST_LINES_OF_FUNCTION: usize = 70;

#[derive(Debug)]
struct Source {
    /// From the repository's root, with `/`.
    path: String,
    text: String,
}

impl Source {
    fn new(path: &str, text: &str) -> Self {
        Self { path: path.to_owned(), text: text.to_owned() }
    }

    fn violation(&self, line: usize, what: impl Into<String>) -> Violation {
        Violation { path: self.path.clone(), line, what: what.into() }
    }

    /// A violation at a byte of the text or of its [`code`].
    fn violation_at(&self, position: usize, what: impl Into<String>) -> Violation {
        self.violation(line_of(&self.text, position), what)
    }

    /// Whether the file is part of the product, and not of its tests, benches and examples.
    fn is_product(&self) -> bool {
        [
            "src/",
            "crates/bevy_slotted/src/",
            "crates/slotted_cli/src/",
            "crates/slotted_derive/src/",
        ]
        .iter()
        .any(|folder| self.path.starts_with(folder))
    }
}

#[derive(Debug, PartialEq)]
struct Violation {
    path: String,
    line: usize,
    what: String,
}

impl fmt::Display for Violation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}: {}", self.path, self.line, self.what)
    }
}

fn line_of(text: &str, position: usize) -> usize {
    text.as_bytes()[..position].iter().filter(|byte| **byte == b'\n').count() + 1
}

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// All Rust files of the repository, but those that are there not to compile.
fn sources() -> Result<Vec<Source>, Box<dyn Error>> {
    let mut folders: Vec<PathBuf> =
        ["src", "crates", "tests", "benches", "examples"].map(|name| root().join(name)).into();
    let mut sources = Vec::new();
    while let Some(folder) = folders.pop() {
        if !folder.is_dir() {
            continue;
        }
        for entry in std::fs::read_dir(&folder)? {
            let path = entry?.path();
            let name = path.file_name().and_then(|name| name.to_str()).unwrap_or_default();
            if path.is_dir() && !["target", "compile_fail", "compile_pass"].contains(&name) {
                folders.push(path);
            } else if path.extension().is_some_and(|extension| extension == "rs") {
                let text = std::fs::read_to_string(&path)?;
                let path = path.strip_prefix(root())?.to_string_lossy().replace('\\', "/");
                sources.push(Source { path, text });
            }
        }
    }
    sources.sort_by(|a, b| a.path.cmp(&b.path));
    assert!(sources.len() > 20, "the sources are found");
    Ok(sources)
}

/// Holds every source against the rule and reports all that violates it.
fn enforce(rule: impl Fn(&Source) -> Vec<Violation>) -> Outcome {
    let violations: Vec<String> =
        sources()?.iter().flat_map(rule).map(|violation| violation.to_string()).collect();
    assert!(violations.is_empty(), "\n{}", violations.join("\n"));
    Ok(())
}

/// The text with blanks in place of comments, strings and characters.
fn code(text: &str) -> String {
    let bytes = text.as_bytes();
    let mut code = bytes.to_vec();
    let mut at = 0;
    while at < bytes.len() {
        let end = at + token_to_blank(&text[at..], at.checked_sub(1).map(|before| bytes[before]));
        if end > at {
            code[at..end].iter_mut().filter(|byte| **byte != b'\n').for_each(|byte| *byte = b' ');
            at = end;
        } else {
            at += 1;
            while !text.is_char_boundary(at) {
                at += 1;
            }
        }
    }
    String::from_utf8_lossy(&code).into_owned()
}

/// The length of the comment, string or character that the text starts with, if it does.
fn token_to_blank(text: &str, before: Option<u8>) -> usize {
    let in_word = before.is_some_and(|byte| byte.is_ascii_alphanumeric() || byte == b'_');
    if text.starts_with("//") {
        return text.find('\n').unwrap_or(text.len());
    }
    if text.starts_with("/*") {
        return block_comment(text);
    }
    if text.starts_with('"') {
        return quoted(text, '"');
    }
    if !in_word && (text.starts_with('r') || text.starts_with("br")) {
        let hashes = text.trim_start_matches(['b', 'r']);
        let count = hashes.len() - hashes.trim_start_matches('#').len();
        if hashes[count..].starts_with('"') {
            let start = text.len() - hashes.len() + count + 1;
            let close = format!("\"{}", "#".repeat(count));
            return text[start..].find(&close).map_or(text.len(), |end| start + end + close.len());
        }
    }
    let mut characters = text.chars();
    match (characters.next(), characters.next(), characters.next()) {
        (Some('\''), Some('\\'), _) => quoted(text, '\''),
        (Some('\''), Some(only), Some('\'')) => only.len_utf8() + 2,
        _ => 0,
    }
}

fn block_comment(text: &str) -> usize {
    let (mut depth, mut at) = (0, 0);
    while at < text.len() {
        let rest = &text.as_bytes()[at..];
        if rest.starts_with(b"/*") {
            (depth, at) = (depth + 1, at + 2);
        } else if rest.starts_with(b"*/") {
            (depth, at) = (depth - 1, at + 2);
            if depth == 0 {
                return at;
            }
        } else {
            at += 1;
        }
    }
    text.len()
}

/// The length of a string or character with its quotes.
fn quoted(text: &str, quote: char) -> usize {
    let mut is_escaped = false;
    for (position, character) in text.char_indices().skip(1) {
        match character {
            _ if is_escaped => is_escaped = false,
            '\\' => is_escaped = true,
            _ if character == quote => return position + 1,
            _ => {}
        }
    }
    text.len()
}

fn is_word(character: char) -> bool {
    character.is_alphanumeric() || character == '_'
}

/// Where the word stands by itself.
fn words<'a>(code: &'a str, word: &'a str) -> impl Iterator<Item = usize> + 'a {
    code.match_indices(word).map(|(position, _)| position).filter(move |position| {
        !code[..*position].ends_with(is_word) && !code[position + word.len()..].starts_with(is_word)
    })
}

fn first_word(text: &str) -> &str {
    text.split(|character| !is_word(character)).next().unwrap_or_default()
}

/// The layer of a file of the crate; `lib.rs` stands above all.
fn layer(path: &str) -> Option<&str> {
    let name = path.strip_prefix("src/")?.split('/').next()?;
    let name = name.strip_suffix(".rs").unwrap_or(name);
    (name != "lib").then_some(name)
}

fn layers(source: &Source) -> Vec<Violation> {
    let Some(own) = layer(&source.path) else { return Vec::new() };
    let position = |name: &str| LAYERS.iter().position(|layer| *layer == name);
    let Some(height) = position(own) else {
        return vec![source.violation(1, format!("'{own}' is missing in the list of layers"))];
    };
    let code = code(&source.text);
    let uses = words(&code, "crate").filter_map(|at| {
        let path = code[at..].strip_prefix("crate::")?;
        let (name, in_macro) = (first_word(path), code[..at].ends_with('$'));
        let is_root_item = name.is_empty() || name.starts_with(char::is_uppercase);
        let is_macro = path[name.len()..].starts_with('!');
        let what = if is_macro || (is_root_item && in_macro) {
            return None;
        } else if is_root_item {
            "a name of the crate's root: use it from its own module".to_owned()
        } else if name == own {
            return None;
        } else if position(name).is_none_or(|other| other > height) {
            format!("'{own}' uses '{name}', which stands above it")
        } else if RESERVED.iter().any(|(low, users)| *low == name && !users.contains(&own)) {
            format!("'{own}' uses '{name}', which is not for it")
        } else {
            return None;
        };
        Some(source.violation_at(at, what))
    });
    let uplifts = code.match_indices("super::super").map(|(at, _)| {
        source.violation_at(at, "a path of two steps up: name the module from the root")
    });
    uses.chain(uplifts).collect()
}

/// Within the crate its own outside name is only for documentation.
fn outside_names(source: &Source) -> Vec<Violation> {
    let code = code(&source.text);
    if layer(&source.path).is_none() || code.contains("mod slotted;") {
        return Vec::new();
    }
    let is_path_start = |at: &usize| {
        let before = code[..*at].trim_end_matches("::");
        before.len() == *at || !before.ends_with(is_word)
    };
    words(&code, "slotted")
        .filter(|at| code[*at..].starts_with("slotted::"))
        .filter(is_path_start)
        .map(|at| source.violation_at(at, "the crate's outside name, inside of it"))
        .collect()
}

fn file_length(source: &Source) -> Vec<Violation> {
    let lines = source.text.lines().count();
    if lines <= MOST_LINES_OF_FILE {
        return Vec::new();
    }
    let what = format!("{lines} lines, at most {MOST_LINES_OF_FILE} are allowed");
    vec![source.violation(lines, what)]
}

fn function_length(source: &Source) -> Vec<Violation> {
    let code = code(&source.text);
    let functions = words(&code, "fn").filter_map(|at| {
        let rest = &code[at..];
        let name = first_word(rest[2..].trim_start());
        let open = rest.find(['{', ';']).filter(|open| rest[*open..].starts_with('{'))?;
        let lines = rest[..open + block_length(&rest[open..])].lines().count();
        let is_long = !name.is_empty() && lines > MOST_LINES_OF_FUNCTION;
        let what =
            format!("'{name}' has {lines} lines, at most {MOST_LINES_OF_FUNCTION} are allowed");
        is_long.then(|| source.violation_at(at, what))
    });
    functions.collect()
}

/// The length of the code that starts with a brace, up to the one that closes it.
fn block_length(code: &str) -> usize {
    let mut depth = 0;
    for (position, byte) in code.bytes().enumerate() {
        match byte {
            b'{' => depth += 1,
            b'}' if depth == 1 => return position + 1,
            b'}' => depth -= 1,
            _ => {}
        }
    }
    code.len()
}

/// The one module that may hold unsafe code: the parameters of systems are an unsafe trait of Bevy's.
const UNSAFE_MODULE: &str = "crates/bevy_slotted/src/lending/";
/// Less than that proves nothing.
const SHORTEST_PROOF: usize = 15;

fn no_unsafe_code(source: &Source) -> Vec<Violation> {
    if !source.is_product() {
        return Vec::new();
    }
    let code = code(&source.text);
    let is_bad = |at: &usize| {
        !(source.path.starts_with(UNSAFE_MODULE)
            && has_proof(&source.text, line_of(&source.text, *at)))
    };
    let bad = words(&code, "unsafe").filter(is_bad);
    bad.map(|at| source.violation_at(at, "unsafe code, or without its proof")).collect()
}

/// Whether the comment above the line, attributes aside, says why what is unsafe there is right, or of a
/// function what its callers have to see to. Bevy's own trait says that of `get_param`.
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

/// Whether the package's manifest takes over the workspace's lints.
fn takes_workspace_lints(manifest: &str) -> bool {
    let section = manifest.split("[lints]").nth(1).unwrap_or_default();
    section.lines().take_while(|line| !line.starts_with('[')).any(|line| line == "workspace = true")
}

fn no_glob_exports(source: &Source) -> Vec<Violation> {
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
        is_glob.then(|| source.violation_at(at, "re-exports whatever is there: list the names"))
    });
    globs.collect()
}

fn no_leftovers(source: &Source) -> Vec<Violation> {
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

fn starts_with_purpose(source: &Source) -> Vec<Violation> {
    match source.text.starts_with("//! ") {
        true => Vec::new(),
        false => vec![source.violation(1, "the first line does not tell what the file is for")],
    }
}

#[test]
fn modules_use_only_what_stands_below_them() -> Outcome {
    enforce(layers)
}

#[test]
fn the_list_of_layers_names_no_module_that_is_gone() -> Outcome {
    let sources = sources()?;
    let exists = |name: &&str| sources.iter().any(|source| layer(&source.path) == Some(name));
    assert_eq!(LAYERS.iter().find(|name| !exists(name)), None);
    let reserved = RESERVED.iter().flat_map(|(low, users)| std::iter::once(low).chain(*users));
    assert_eq!(reserved.into_iter().find(|name| !LAYERS.contains(name)), None);
    Ok(())
}

#[test]
fn the_crate_names_itself_from_outside_only_in_docs() -> Outcome {
    enforce(outside_names)
}

#[test]
fn files_are_short() -> Outcome {
    enforce(file_length)
}

#[test]
fn functions_are_short() -> Outcome {
    enforce(function_length)
}

#[test]
fn nothing_is_unsafe() -> Outcome {
    enforce(no_unsafe_code)
}

#[test]
fn all_crates_forbid_unsafe_code() -> Outcome {
    let manifest = std::fs::read_to_string(root().join("Cargo.toml"))?;
    let workspace_forbids = manifest.contains("unsafe_code = \"forbid\"");
    for (folder, file) in [
        ("", "src/lib.rs"),
        ("crates/slotted_derive", "src/lib.rs"),
        ("crates/slotted_cli", "src/main.rs"),
    ] {
        let folder = root().join(folder);
        let manifest = std::fs::read_to_string(folder.join("Cargo.toml"))?;
        let top = std::fs::read_to_string(folder.join(file))?;
        let forbids = code(&top).contains("#![forbid(unsafe_code)]");
        let by_lint = workspace_forbids && takes_workspace_lints(&manifest);
        assert!(forbids || by_lint, "{} does not forbid unsafe code", folder.display());
    }
    Ok(())
}

#[test]
fn exports_are_listed() -> Outcome {
    enforce(no_glob_exports)
}

#[test]
fn no_leftovers_are_shipped() -> Outcome {
    enforce(no_leftovers)
}

#[test]
fn every_file_tells_what_it_is_for() -> Outcome {
    enforce(starts_with_purpose)
}

/// The rules themselves, held against texts that violate them.
mod the_rule {
    use super::*;

    fn lines(rule: fn(&Source) -> Vec<Violation>, path: &str, text: &str) -> Vec<usize> {
        let mut lines: Vec<usize> =
            rule(&Source::new(path, text)).iter().map(|violation| violation.line).collect();
        lines.sort_unstable();
        lines
    }

    #[test]
    fn of_code_sees_no_comments_strings_and_characters() {
        let text = "a /* b /* c */ d */ 'e' \"f \\\" g\" r#\"h \" i\"# '\\'' '\"' j<'k> // l\nm";
        let seen: Vec<String> = code(text).split_whitespace().map(str::to_owned).collect();
        assert_eq!(seen, ["a", "j<'k>", "m"]);
        assert_eq!(code(text).len(), text.len());
    }

    #[test]
    fn of_layers_finds_upward_uses() {
        let text = "//! A\nuse crate::id::ObjectId;\nuse crate::store::Store;\n\n\
            // use crate::store::Store;\nfn f() { crate::map::f(); }\nuse crate::nowhere::X;\n";
        assert_eq!(lines(layers, "src/schema/slot.rs", text), [3, 6, 7]);
        assert_eq!(lines(layers, "src/lib.rs", text), []);
        assert_eq!(lines(layers, "src/novel.rs", "//! New\n"), [1]);
    }

    #[test]
    fn of_layers_keeps_storage_for_those_it_is_for() {
        let text = "use crate::storage::Table;\n";
        assert_eq!(lines(layers, "src/store/spawn.rs", text), []);
        assert_eq!(lines(layers, "src/storage/column.rs", text), []);
        assert_eq!(lines(layers, "src/schema/check.rs", text), [1]);
        assert_eq!(lines(layers, "src/map/mod.rs", text), [1]);
        assert_eq!(lines(layers, "src/storage/table.rs", "use crate::schema::Slot;"), [1]);
    }

    #[test]
    fn of_layers_finds_names_of_the_root() {
        let text = "use crate::{ObjectId, Kind};\nuse crate::Value;\nuse super::super::id;\n\
            macro_rules! m { () => { $crate::Record::new(); $crate::record!() } }\n";
        assert_eq!(lines(layers, "src/record.rs", text), [1, 2, 3]);
        assert_eq!(
            lines(layers, "src/id.rs", "macro_rules! m { () => { $crate::kind::f() } }"),
            [1]
        );
    }

    #[test]
    fn of_outside_names_finds_them_in_code_only() {
        let text = "/// use slotted::Store;\nuse slotted::Kind;\nuse crate::store::slotted::X;\n\
            fn f(_: ::slotted::Store) {}\n";
        assert_eq!(lines(outside_names, "src/store/keys.rs", text), [2, 4]);
        let local = "mod slotted;\npub use slotted::Slotted;\n";
        assert_eq!(lines(outside_names, "src/store/mod.rs", local), []);
    }

    #[test]
    fn of_lengths_counts_lines() {
        assert_eq!(lines(file_length, "src/id.rs", &"//! x\n".repeat(700)), []);
        assert_eq!(lines(file_length, "src/id.rs", &"//! x\n".repeat(701)), [701]);
        let function =
            |body: usize| format!("\nfn f() -> char {{\n{}'}}' }}\n", "x;\n".repeat(body));
        assert_eq!(lines(function_length, "src/id.rs", &function(68)), []);
        assert_eq!(lines(function_length, "src/id.rs", &function(69)), [2]);
        let declared = format!("trait T {{\nfn f();\n{}}}", "\n".repeat(90));
        assert_eq!(lines(function_length, "src/id.rs", &declared), []);
    }

    #[test]
    fn of_unsafe_code_sees_the_word_only() {
        let text = "#![forbid(unsafe_code)]\n// unsafe\nlet x = \"unsafe\";\nunsafe { f() }\n";
        assert_eq!(lines(no_unsafe_code, "src/id.rs", text), [4]);
        assert_eq!(lines(no_unsafe_code, "crates/slotted_derive/src/view.rs", text), [4]);
        assert_eq!(lines(no_unsafe_code, "crates/slotted_cli/src/main.rs", text), [4]);
        assert_eq!(lines(no_unsafe_code, "crates/bevy_slotted/src/pool.rs", text), [4]);
        assert_eq!(lines(no_unsafe_code, "crates/bevy_slotted/benches/x.rs", text), []);
    }

    #[test]
    fn of_unsafe_code_where_it_may_be_wants_a_proof() {
        let file = "crates/bevy_slotted/src/lending/cell.rs";
        let proven = "// SAFETY: nobody else has it, see above.\n#[inline]\nunsafe { f() }\n";
        assert_eq!(lines(no_unsafe_code, file, proven), []);
        assert_eq!(lines(no_unsafe_code, "crates/bevy_slotted/src/pool.rs", proven), [3]);
        assert_eq!(lines(no_unsafe_code, file, "// SAFETY: \nunsafe { f() }\n"), [2]);
        assert_eq!(lines(no_unsafe_code, file, "// SAFETY: fine\nunsafe { f() }\n"), [2]);
        assert_eq!(lines(no_unsafe_code, file, "f();\nunsafe { f() }\n"), [2]);
        let parted = "// SAFETY: nobody else has it, see above.\nf();\nunsafe { f() }\n";
        assert_eq!(lines(no_unsafe_code, file, parted), [3]);
        assert_eq!(lines(no_unsafe_code, file, "/// # Safety\n/// None.\nunsafe fn f() {}\n"), []);
    }

    #[test]
    fn of_lints_reads_the_section() {
        assert!(takes_workspace_lints("[package]\nname = \"x\"\n\n[lints]\nworkspace = true\n"));
        assert!(!takes_workspace_lints("[lints]\n[package]\nworkspace = true\n"));
        assert!(!takes_workspace_lints("[dependencies]\nworkspace = true\n"));
    }

    #[test]
    fn of_exports_finds_globs() {
        let text = "use super::*;\npub use a::*;\npub(crate) use b::{\n    c,\n    d::*,\n};\n\
            pub use e::f;\npub fn g(x: u8) -> u8 { x * x }\n";
        assert_eq!(lines(no_glob_exports, "src/lib.rs", text), [2, 3]);
    }

    #[test]
    fn of_leftovers_finds_them_in_comments_and_code() {
        let text = "//! TODO\n// See /work/notes.\nlet todo = 1;\ntodo!();\nlet x = dbg!(1); // /home/ada\n\
            // dbg! is not called here, and workloads are no path\n";
        assert_eq!(lines(no_leftovers, "src/id.rs", text), [1, 2, 4, 5, 5]);
    }

    #[test]
    fn of_purpose_reads_the_first_line() {
        assert_eq!(lines(starts_with_purpose, "src/id.rs", "//! Handles.\nuse a::b;\n"), []);
        assert_eq!(lines(starts_with_purpose, "src/id.rs", "use a::b;\n//! Handles.\n"), [1]);
        assert_eq!(lines(starts_with_purpose, "src/id.rs", ""), [1]);
    }
}
