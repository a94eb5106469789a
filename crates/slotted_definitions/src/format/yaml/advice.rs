//! Guesses the mistake in a YAML file that violates its format.

use granit_parser::ErrorKind;

use crate::format::Reader;
use crate::format::advice::{character_at, open_brackets};
use crate::source::Span;

const COLUMNS: &str = "names of one map, and the '-' of one list, start in the same column";

/// Message, label and help.
type Words = (&'static str, &'static str, Option<&'static str>);

/// Reports a syntax error.
pub(super) fn report(reader: &mut Reader<'_>, at: usize, error: &ErrorKind) {
    let text = reader.text;
    let at = text.floor_char_boundary(at.min(text.len()));
    let here = character_at(text, at);
    let (span, (message, label, help)) = match error {
        ErrorKind::RecursionLimitExceeded => {
            reader.too_deep(here);
            return;
        }
        ErrorKind::UnclosedFlowCollection { open } => {
            let message = format!("'{open}' is never closed");
            let help = if *open == '[' { "add the missing ']'" } else { "add the missing '}'" };
            return reader.bad_at(here, message, "opened here", Some(help));
        }
        ErrorKind::MismatchedFlowCollectionEnd { open, close } => {
            let message = format!("'{open}' is closed by '{close}'");
            let help = if *open == '[' { "close it with ']'" } else { "close it with '}'" };
            return reader.bad_at(here, message, "opened here", Some(help));
        }
        ErrorKind::UnexpectedCharacter { character } if character.is_control() => {
            (here, ("a control character", "not allowed", Some("remove it")))
        }
        ErrorKind::UnexpectedCharacter { character } => {
            let message = format!("text without quotes must not start with '{character}'");
            let help = Some("put text in quotes: \"like this\"");
            return reader.bad_at(here, message, "needs quotes", help);
        }
        ErrorKind::MappingValueNotAllowed => colon(text, at),
        ErrorKind::TabNotAllowed
        | ErrorKind::TabInBlockIndentation
        | ErrorKind::TabInIndentation
        | ErrorKind::TabInPlainScalar
        | ErrorKind::TabAtBlockScalarStart => {
            let help = Some("indent with spaces");
            (tab(text, at), ("a tab in the indentation", "tab", help))
        }
        ErrorKind::ExpectedBlockMappingKey | ErrorKind::ExpectedBlockSequenceEntry => {
            indentation(text, at, error)
        }
        ErrorKind::InvalidIndentation
        | ErrorKind::InvalidFlowScalarIndent
        | ErrorKind::InvalidBlockScalarIndent
        | ErrorKind::InvalidQuotedScalarIndent => {
            (here, ("wrong indentation", "starts in another column", Some(COLUMNS)))
        }
        ErrorKind::ExpectedDocumentStart => (word(text, at), trailing(text, at)),
        ErrorKind::SimpleKeyExpected => simple_key(text, at),
        ErrorKind::InvalidColonPlacement if opened_above(text, at).is_some() => {
            let (span, open) = opened_above(text, at).unwrap_or((here, '['));
            let message = format!("'{open}' is never closed");
            let help = if open == '[' { "add the missing ']'" } else { "add the missing '}'" };
            return reader.bad_at(span, message, "opened here", Some(help));
        }
        ErrorKind::ExpectedFlowMappingSeparator => (before_colon(text, at), COMMA),
        ErrorKind::UnknownQuotedScalarEscape => (escape(text, at), words(error)),
        ErrorKind::UnknownAnchor => (word(text, at), words(error)),
        kind => match words(kind) {
            ("", ..) => return reader.bad_at(here, kind.to_string(), "here", None),
            words => (here, words),
        },
    };
    reader.bad_at(span, message, label, help);
}

const COMMA: Words =
    ("missing comma", "expected ',' before this", Some("separate values in brackets with commas"));

/// Words about a mistake that needs no look at the text; the message is empty for rare ones.
fn words(error: &ErrorKind) -> Words {
    match error {
        ErrorKind::MisplacedFlowCollectionEnd => {
            ("unmatched closing bracket", "closes nothing", None)
        }
        ErrorKind::ExpectedFlowSequenceSeparator => COMMA,
        ErrorKind::UnexpectedEofFlowSequence
        | ErrorKind::UnexpectedEofFlowMapping
        | ErrorKind::UnexpectedEofImplicitFlowMapping => {
            ("a bracket is never closed", "here", Some("add the missing ']' or '}'"))
        }
        ErrorKind::UnknownAnchor => {
            let help = "mark a value above with &name; put text that starts with '*' in quotes";
            ("an alias of a value that is not marked", "no such mark above", Some(help))
        }
        ErrorKind::MissingAnchorOrAliasName => {
            let help = "put text that starts with '*' or '&' in quotes";
            ("a missing name after '*' or '&'", "expected a name", Some(help))
        }
        ErrorKind::BlockSequenceEntryNotAllowed => {
            let help = "write '- ' in the next line, or the list in brackets: [a, b]";
            ("a list must start in a line of its own", "here", Some(help))
        }
        ErrorKind::BlockEntryInFlowCollection => {
            let help = "within brackets, write [a, b] without '-'";
            ("'-' within brackets", "here", Some(help))
        }
        ErrorKind::CommentInterceptedScalar => {
            let help = "put text that contains ' #' in quotes";
            ("a comment within a text of several lines", "comment", Some(help))
        }
        ErrorKind::CommentNotSeparated => {
            ("missing space before a comment", "comment", Some("write a space before '#'"))
        }
        ErrorKind::InvalidBlockScalarHeader | ErrorKind::ZeroBlockScalarIndent => {
            let help = "write the text in the lines below, indented";
            ("unexpected text after '|' or '>'", "expected the end of the line", Some(help))
        }
        ErrorKind::BomInsideDocument => {
            ("an invisible character (U+FEFF)", "here", Some("remove it"))
        }
        ErrorKind::ExpectedNodeContent | ErrorKind::UnexpectedEofBlockMapping => {
            let help = "put text that starts with , ? or a bracket in quotes";
            ("missing value", "expected a value before this", Some(help))
        }
        ErrorKind::ExpectedTagBang
        | ErrorKind::UndeclaredTagHandle
        | ErrorKind::InvalidTagTerminator
        | ErrorKind::MissingTagUri
        | ErrorKind::UnclosedVerbatimTag => ("tags are not supported", "tag", Some(super::TAGS)),
        ErrorKind::DuplicateVersionDirective
        | ErrorKind::UnsupportedYamlMajorVersion
        | ErrorKind::DuplicateTagDirective
        | ErrorKind::MissingDocumentEndBeforeDirective
        | ErrorKind::InvalidDirectiveTerminator
        | ErrorKind::InvalidDirectiveName
        | ErrorKind::MissingDirectiveName
        | ErrorKind::MissingYamlVersion => {
            ("an unknown line with '%'", "here", Some("remove the line"))
        }
        other => words_about_quotes(other),
    }
}

/// Words about a mistake in a text with quotes.
fn words_about_quotes(error: &ErrorKind) -> Words {
    match error {
        ErrorKind::UnclosedQuotedScalar | ErrorKind::DocumentIndicatorInQuotedScalar => {
            ("text is not closed", "opened here", Some("add the closing quote"))
        }
        ErrorKind::InvalidTrailingSingleQuotedScalar => {
            let help = "within single quotes, write a quote twice: 'it''s'";
            ("unexpected text after the closing quote", "expected the end of the line", Some(help))
        }
        ErrorKind::InvalidTrailingDoubleQuotedScalar => {
            let help = "within double quotes, write a quote with a backslash: \"a \\\"b\\\"\"";
            ("unexpected text after the closing quote", "expected the end of the line", Some(help))
        }
        ErrorKind::UnknownQuotedScalarEscape => {
            let help = "write a backslash twice: \"C:\\\\mods\", or use single quotes: 'C:\\mods'";
            ("unknown escape sequence", "unknown escape", Some(help))
        }
        ErrorKind::InvalidQuotedScalarHexEscape
        | ErrorKind::InvalidLowSurrogateHexEscape
        | ErrorKind::InvalidLowSurrogate
        | ErrorKind::MissingLowSurrogate
        | ErrorKind::UnpairedLowSurrogate
        | ErrorKind::InvalidUnicodeEscape => {
            let help = "write \\u and four digits from 0 to f, or the character itself";
            ("an escape sequence that is no character", "in this text", Some(help))
        }
        _ => ("", "", None),
    }
}

/// Returns the start of the line of a byte.
fn line_start(text: &str, at: usize) -> usize {
    text[..at].rfind('\n').map_or(0, |at| at + 1)
}

/// Returns the line above that is neither blank nor a comment, with its start.
fn line_above(text: &str, at: usize) -> Option<(usize, &str)> {
    let mut end = line_start(text, at);
    while end > 0 {
        let start = line_start(text, end - 1);
        let line = &text[start..end];
        if !line.trim().is_empty() && !line.trim_start().starts_with('#') {
            return Some((start, line.trim_end()));
        }
        end = start;
    }
    None
}

fn indent(line: &str) -> usize {
    line.len() - line.trim_start_matches([' ', '\t', '-']).len()
}

/// Returns the span of the word at a byte, up to a blank.
fn word(text: &str, at: usize) -> Span {
    let length = text[at..].find([' ', '\t', '\n', '\r', ',', ']', '}']).unwrap_or(text.len() - at);
    Span::new(at, at + length.max(1).min(text.len() - at))
}

/// Returns the span of the word before a colon.
fn before_colon(text: &str, at: usize) -> Span {
    let before = text[..at].trim_end();
    let start = before.rfind([' ', '\t', '\n', ',', '{', '[']).map_or(0, |blank| blank + 1);
    Span::new(start, before.len().max(start + 1).min(text.len()))
}

/// Explains a colon where none can be.
fn colon(text: &str, at: usize) -> (Span, Words) {
    let start = line_start(text, at);
    let before = &text[start..at];
    let here = character_at(text, at);
    if before.contains(": ") {
        let help = "put the text in quotes: \"like: this\"";
        return (here, ("a second ': ' in a line", "unexpected", Some(help)));
    }
    let name = Span::new(start + indent(before), at);
    let Some((above, line)) = line_above(text, at) else {
        return (here, ("unexpected ':'", "unexpected", None));
    };
    if line.contains(": ") || line.ends_with(':') || line.contains('"') {
        return (name, ("wrong indentation", "starts in another column", Some(COLUMNS)));
    }
    if let Some(colon) = line.find(':') {
        return no_space(above + colon);
    }
    let content = above + indent(line);
    let help = Some("write name: value");
    let span = Span::new(content, above + line.len());
    (span, ("missing ':' after a name", "no ':' follows", help))
}

/// Explains a colon without a space.
fn no_space(colon: usize) -> (Span, Words) {
    let help = Some("write a space between ':' and the value");
    let words = ("missing space after ':'", "expected a space after this", help);
    (Span::new(colon, colon + 1), words)
}

/// Returns the span of the tab that is wrong.
fn tab(text: &str, at: usize) -> Span {
    let starts = [line_start(text, at)]
        .into_iter()
        .chain(text[at..].match_indices('\n').map(|(line, _)| at + line + 1));
    let blank = |start: usize| {
        let rest = &text[start..];
        let blanks = rest.len() - rest.trim_start_matches([' ', '\t']).len();
        rest[..blanks].find('\t').map(|tab| Span::new(start + tab, start + tab + 1))
    };
    starts.take(1000).find_map(blank).unwrap_or_else(|| character_at(text, at))
}

/// Explains a line in the wrong column.
fn indentation(text: &str, at: usize, error: &ErrorKind) -> (Span, Words) {
    let start = line_start(text, at);
    let line = text[start..].lines().next().unwrap_or_default();
    let content = start + line.len() - line.trim_start().len();
    let is_element = line.trim_start().starts_with("- ") || line.trim() == "-";
    let above = line_above(text, at).map_or("", |(_, line)| line);
    let own = content - start;
    let same_column = own == above.len() - above.trim_start().len();
    match error {
        _ if at > content && !is_element => {
            let help = "put text that starts with a bracket or a quote in quotes as a whole";
            let words =
                ("unexpected text after a value", "expected the end of the line", Some(help));
            (word(text, at), words)
        }
        ErrorKind::ExpectedBlockMappingKey if is_element => {
            let help = "write the list under its name, in lines of its own";
            let span = Span::new(content, content + 1);
            (span, ("an element of a list among the names of a map", "expected a name", Some(help)))
        }
        ErrorKind::ExpectedBlockSequenceEntry if same_column => {
            let help = "write '- ' before each element, and names deeper than their '-'";
            let span = word(text, content);
            (span, ("a name among the elements of a list", "expected '- ' before this", Some(help)))
        }
        _ => {
            let span = word(text, content.min(text.len()));
            (span, ("wrong indentation", "starts in another column", Some(COLUMNS)))
        }
    }
}

/// Explains text after the value of the file.
fn trailing(text: &str, at: usize) -> Words {
    let is_indented = text[line_start(text, at)..at].is_empty()
        && text
            .lines()
            .find(|line| !line.trim().is_empty())
            .is_some_and(|line| line.starts_with([' ', '\t']));
    let start = text.trim_start();
    if start.starts_with('[') && start[1..].starts_with(|c: char| c.is_alphabetic() || c == '[') {
        return ("the file looks like TOML", "not YAML", Some("end the file name in .toml"));
    }
    if is_indented {
        return ("wrong indentation", "starts in another column", Some(COLUMNS));
    }
    let help = "a file is one map: write all names in the first column";
    ("unexpected text after the end", "expected the end of the file", Some(help))
}

/// Explains a line without a colon.
fn simple_key(text: &str, at: usize) -> (Span, Words) {
    let start = line_start(text, at);
    let line = text[start..].lines().next().unwrap_or_default();
    let content = start + line.len() - line.trim_start().len();
    let rest = line.trim_start();
    if rest.starts_with('-') && !rest.starts_with("- ") {
        let span = Span::new(content, content + 1);
        let help = Some("write '- ' before each element");
        return (span, ("missing space after '-'", "expected a space after this", help));
    }
    if let Some(colon) = rest.find(':') {
        return no_space(content + colon);
    }
    let span = Span::new(content, content + rest.trim_end().len().max(1));
    (span, ("missing ':' after a name", "no ':' follows", Some("write name: value")))
}

/// Returns the bracket that is open at a byte, if it stands in a line above.
fn opened_above(text: &str, at: usize) -> Option<(Span, char)> {
    let (open, bracket) = *open_brackets(&text[..at]).last()?;
    (open < line_start(text, at)).then(|| (Span::new(open, open + 1), bracket))
}

/// Returns the span of the first unknown escape sequence of a text in double quotes.
fn escape(text: &str, at: usize) -> Span {
    const KNOWN: &str = "0abtnvfre \"/\\N_LPxuU\n\r\t";
    let mut rest = text[at..].char_indices();
    while let Some((position, character)) = rest.next() {
        if character != '\\' {
            continue;
        }
        match rest.next() {
            Some((_, next)) if !KNOWN.contains(next) => {
                let start = at + position;
                return Span::new(start, start + 1 + next.len_utf8());
            }
            _ => {}
        }
    }
    character_at(text, at)
}
