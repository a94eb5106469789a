//! Sentence style: sentences begin with their subject.
//!
//! A statement that begins with What, Whether, Where or Who delays its subject. Questions may begin with these
//! words, and headings of tables are ignored.

use crate::source::{Source, Violation, code, line_of};

const SUBJECTLESS: &[&str] = &["What", "Whether", "Where", "Who", "Whoever", "Whatever"];

/// Finds sentences without a subject in comments, strings and pages.
pub(crate) fn sentences(source: &Source) -> Vec<Violation> {
    // The samples at the end of this file are intentionally bad.
    let prose = if source.path == "tests/tidy/sentences.rs" {
        Vec::new()
    } else if source.path.ends_with(".md") {
        page(&source.text)
    } else {
        let mut prose = comments(&source.text);
        prose.extend(strings(&source.text));
        prose
    };
    prose.iter().flat_map(|(at, text)| bad(source, *at, text)).collect()
}

fn bad<'a>(source: &'a Source, at: usize, text: &'a str) -> impl Iterator<Item = Violation> + 'a {
    split(text).filter(|(_, sentence)| is_bad(sentence)).map(move |(offset, sentence)| {
        let start: String = sentence.chars().take(40).collect();
        source.violation(at + offset, format!("a sentence without a subject: {start}"))
    })
}

fn is_bad(sentence: &str) -> bool {
    let word = sentence.split(|c: char| !c.is_alphanumeric()).next().unwrap_or_default();
    SUBJECTLESS.contains(&word) && !sentence.trim_end_matches(['"', ')', '*']).ends_with('?')
}

/// Splits a text into sentences, each with its line offset.
fn split(text: &str) -> impl Iterator<Item = (usize, &str)> {
    let mut sentences = Vec::new();
    let mut start = 0;
    let bytes = text.as_bytes();
    for at in 0..bytes.len() {
        let ends = matches!(bytes[at], b'.' | b'?' | b'!' | b':')
            && bytes.get(at + 1).is_none_or(u8::is_ascii_whitespace);
        let is_cell = bytes[at] == b'|';
        let is_break = bytes[at] == b'\n'
            && bytes
                .get(at + 1)
                .is_none_or(|next| matches!(next, b'\n' | b'*' | b'-' | b'#' | b'|'));
        if ends || is_cell || is_break {
            sentences.push((start, &text[start..=at]));
            start = at + 1;
        }
    }
    sentences.push((start, &text[start..]));
    sentences.into_iter().map(move |(start, sentence)| {
        let body = sentence.trim_start_matches([' ', '\n', '*', '-', '#', '>', '_', '|']);
        let begin = start + (sentence.len() - body.len());
        (text[..begin].matches('\n').count(), body.trim_end_matches([' ', '\n', '|']))
    })
}

/// Returns the blocks of comments with the line on which each begins; code blocks in them are blank.
fn comments(text: &str) -> Vec<(usize, String)> {
    let code = code(text);
    let mut blocks: Vec<(usize, String)> = Vec::new();
    let (mut last, mut in_code) = (None, false);
    for (number, (line, code)) in (1..).zip(text.lines().zip(code.lines())) {
        let Some(at) = line.find("//").filter(|at| code.get(*at..*at + 2) != Some("//")) else {
            continue;
        };
        let comment = line[at..].trim_start_matches('/').trim_start_matches('!').trim();
        let is_alone = line[..at].trim().is_empty();
        if last != Some(number - 1) || !is_alone {
            blocks.push((number, String::new()));
            in_code = false;
        }
        last = is_alone.then_some(number);
        let is_fence = comment.starts_with("```");
        in_code ^= is_fence;
        let (_, block) = blocks.last_mut().expect("a block was started");
        block.push_str(if in_code || is_fence { "" } else { comment });
        block.push('\n');
    }
    blocks
}

/// Returns the string literals of the code with their lines. One word is a name, not a sentence.
fn strings(text: &str) -> Vec<(usize, String)> {
    let without_comments = without_comments(text);
    let mut strings = Vec::new();
    let mut rest = 0;
    while let Some(open) = without_comments[rest..].find('"').map(|at| rest + at) {
        let close = close(&without_comments, open);
        let literal = &without_comments[open + 1..close];
        if literal.contains(' ') {
            strings.push((line_of(text, open), literal.replace("\\n", "\n").replace("\\\n", "")));
        }
        rest = close + 1;
        if rest >= without_comments.len() {
            break;
        }
    }
    strings
}

/// Blanks comments and characters, and leaves strings.
fn without_comments(text: &str) -> String {
    let mut kept = String::with_capacity(text.len());
    for line in text.lines() {
        let trimmed = line.trim_start();
        let is_comment = trimmed.starts_with("//");
        kept.push_str(if is_comment { "" } else { line });
        kept.extend(std::iter::repeat_n(' ', if is_comment { line.len() } else { 0 }));
        kept.push('\n');
    }
    kept.replace("'\"'", "   ").replace("'\\\"'", "    ")
}

/// Returns the position of the quote that closes a string.
fn close(text: &str, open: usize) -> usize {
    let mut is_escaped = false;
    for (at, byte) in text.bytes().enumerate().skip(open + 1) {
        match byte {
            _ if is_escaped => is_escaped = false,
            b'\\' => is_escaped = true,
            b'"' => return at,
            _ => {}
        }
    }
    text.len()
}

/// Returns a page without its code blocks.
fn page(text: &str) -> Vec<(usize, String)> {
    let mut in_code = false;
    let prose: Vec<&str> = text
        .lines()
        .map(|line| {
            let is_fence = line.trim_start().starts_with("```");
            in_code ^= is_fence;
            if in_code || is_fence { "" } else { line }
        })
        .collect();
    vec![(1, prose.join("\n"))]
}

mod tests {
    use super::*;
    use crate::source::lines;

    #[test]
    fn statements_without_a_subject_are_found_in_comments() {
        let text = "//! Who reads this. Fine.\n\n/// Returns it. What is\n/// wrong is told.\nfn f() {} // Where it goes\n\
            /// ```\n/// // What a code block says\n/// ```\nfn g() {}\n// Whether it is\n";
        assert_eq!(lines(sentences, "src/id.rs", text), [1, 3, 5, 10]);
    }

    #[test]
    fn questions_and_other_words_are_fine() {
        let text = "//! What is a slot? One value.\n/// Whatsoever. | what | why |\n// The place where it is.\n";
        assert_eq!(lines(sentences, "src/id.rs", text), []);
    }

    #[test]
    fn messages_are_sentences_too() {
        let text = "//! A\nfn f() { g(\"What is wrong: {x}\"); h('\"', \"Where\"); }\n\
            fn i() { g(\"it is told.\\nWhether or not\") }\n";
        assert_eq!(lines(sentences, "src/id.rs", text), [2, 4]);
    }

    #[test]
    fn pages_are_read_without_their_code() {
        let text = "# Title\n\nWhat can be\nsaid.\n\n```\nWhat?\nWhere is\n```\n* Whether it is.\n| What | is |\n";
        assert_eq!(lines(sentences, "README.md", text), [3, 10, 11]);
    }
}
