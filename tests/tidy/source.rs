//! The files of the repository, and the code in them without comments and strings.

use std::error::Error;
use std::fmt;
use std::path::Path;

pub(crate) type Outcome = Result<(), Box<dyn Error>>;

#[derive(Debug)]
pub(crate) struct Source {
    /// From the repository's root, with `/`.
    pub(crate) path: String,
    pub(crate) text: String,
}

impl Source {
    pub(crate) fn new(path: &str, text: &str) -> Self {
        Self { path: path.to_owned(), text: text.to_owned() }
    }

    pub(crate) fn violation(&self, line: usize, what: impl Into<String>) -> Violation {
        Violation { path: self.path.clone(), line, what: what.into() }
    }

    /// A violation at a byte of the text or of its [`code`].
    pub(crate) fn violation_at(&self, position: usize, what: impl Into<String>) -> Violation {
        self.violation(line_of(&self.text, position), what)
    }

    /// Whether the file is part of the product, and not of its tests, benches and examples.
    pub(crate) fn is_product(&self) -> bool {
        [
            "src/",
            "crates/bevy_slotted/src/",
            "crates/slotted_cli/src/",
            "crates/slotted_definitions/src/",
            "crates/slotted_derive/src/",
        ]
        .iter()
        .any(|folder| self.path.starts_with(folder))
    }
}

#[derive(Debug, PartialEq)]
pub(crate) struct Violation {
    pub(crate) path: String,
    pub(crate) line: usize,
    what: String,
}

impl fmt::Display for Violation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}: {}", self.path, self.line, self.what)
    }
}

pub(crate) fn line_of(text: &str, position: usize) -> usize {
    text.as_bytes()[..position].iter().filter(|byte| **byte == b'\n').count() + 1
}

pub(crate) fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// Returns all Rust files of the repository, except those that are not meant to compile.
pub(crate) fn sources() -> Result<Vec<Source>, Box<dyn Error>> {
    let sources = files("rs")?;
    assert!(sources.len() > 100, "the sources are found");
    Ok(sources)
}

fn files(extension: &str) -> Result<Vec<Source>, Box<dyn Error>> {
    const SKIPPED: &[&str] = &["target", ".git", "compile_fail", "compile_pass"];
    let mut folders = vec![root().to_owned()];
    let mut sources = Vec::new();
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(&folder)? {
            let path = entry?.path();
            let name = path.file_name().and_then(|name| name.to_str()).unwrap_or_default();
            if path.is_dir() && !SKIPPED.contains(&name) {
                folders.push(path);
            } else if path.extension().is_some_and(|own| own == extension) {
                let text = std::fs::read_to_string(&path)?;
                let path = path.strip_prefix(root())?.to_string_lossy().replace('\\', "/");
                sources.push(Source { path, text });
            }
        }
    }
    sources.sort_by(|a, b| a.path.cmp(&b.path));
    Ok(sources)
}

/// Returns all pages of the documentation.
pub(crate) fn pages() -> Result<Vec<Source>, Box<dyn Error>> {
    files("md")
}

/// Checks every source against the rule and reports all violations.
pub(crate) fn enforce(rule: impl Fn(&Source) -> Vec<Violation>) -> Outcome {
    let violations: Vec<String> =
        sources()?.iter().flat_map(rule).map(|violation| violation.to_string()).collect();
    assert!(violations.is_empty(), "\n{}", violations.join("\n"));
    Ok(())
}

/// The text with blanks in place of comments, strings and characters.
pub(crate) fn code(text: &str) -> String {
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

pub(crate) fn is_word(character: char) -> bool {
    character.is_alphanumeric() || character == '_'
}

/// Where the word stands by itself.
pub(crate) fn words<'a>(code: &'a str, word: &'a str) -> impl Iterator<Item = usize> + 'a {
    code.match_indices(word).map(|(position, _)| position).filter(move |position| {
        !code[..*position].ends_with(is_word) && !code[position + word.len()..].starts_with(is_word)
    })
}

pub(crate) fn first_word(text: &str) -> &str {
    text.split(|character| !is_word(character)).next().unwrap_or_default()
}

/// Returns the lines of a text that violate the rule.
pub(crate) fn lines(rule: fn(&Source) -> Vec<Violation>, path: &str, text: &str) -> Vec<usize> {
    let mut lines: Vec<usize> =
        rule(&Source::new(path, text)).iter().map(|violation| violation.line).collect();
    lines.sort_unstable();
    lines
}

mod tests {
    use super::*;

    #[test]
    fn code_has_no_comments_strings_and_characters() {
        let text = "a /* b /* c */ d */ 'e' \"f \\\" g\" r#\"h \" i\"# '\\'' '\"' j<'k> // l\nm";
        let seen: Vec<String> = code(text).split_whitespace().map(str::to_owned).collect();
        assert_eq!(seen, ["a", "j<'k>", "m"]);
        assert_eq!(code(text).len(), text.len());
    }
}
