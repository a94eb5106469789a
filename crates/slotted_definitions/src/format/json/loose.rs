//! Parses JSON as games write it: comments, trailing commas, names without quotes, and the rest of JSON5.

use jsonc_parser::errors::{ParseError, ParseErrorKind};
use jsonc_parser::tokens::Token;
use jsonc_parser::{
    CollectOptions, ParseOptions, ParseStringErrorKind, Scanner, ScannerOptions, parse_to_ast,
};

use crate::format::advice::{self, BACKSLASHES, Wanted, character_at};
use crate::format::{Format, Reader};
use crate::node::{Data, Entry, Node};
use crate::source::Span;

/// Parses a text that is not JSON in the strict sense, token by token: a tree of the crate takes 10 bytes a byte. It is made
/// for texts with an error, which it finds.
pub(super) fn parse<'s>(reader: &mut Reader<'s>) -> Result<Node<'s>, ParseError> {
    let (text, levels_left, known) = (reader.text, reader.most_levels, reader.problems.len());
    let scanner = Scanner::new(
        text,
        &ScannerOptions { allow_extended_string_escapes: EXTENDED, ..Default::default() },
    );
    if let Some(node) = (Walk { reader, scanner }).file(levels_left) {
        return Ok(node);
    }
    reader.problems.truncate(known);
    check(text)?;
    let whole = Span::new(0, text.len());
    Ok(reader.bad(whole, "the file is not JSON", None))
}

/// A single backslash in a path is a mistake, and not an escape of JSON5.
const EXTENDED: bool = false;

/// Returns the error of the text.
fn check(text: &str) -> Result<(), ParseError> {
    let options = ParseOptions {
        allow_missing_commas: false,
        allow_extended_string_escapes: EXTENDED,
        ..ParseOptions::default()
    };
    parse_to_ast(text, &CollectOptions::default(), &options).map(|_| ())
}

struct Walk<'r, 's> {
    reader: &'r mut Reader<'s>,
    scanner: Scanner<'s>,
}

impl<'s> Walk<'_, 's> {
    /// Reads all tokens. Returns `None` if one is wrong, as the other functions do.
    fn file(&mut self, levels_left: usize) -> Option<Node<'s>> {
        let Some(first) = self.next()? else {
            // Comments alone.
            return Some(Node { span: Span::default(), data: Data::Map(Box::default()) });
        };
        let node = self.value(first, levels_left)?;
        self.next()?.is_none().then_some(node)
    }

    /// Returns the next token, and `Some(None)` after the last.
    fn next(&mut self) -> Option<Option<Token<'s>>> {
        loop {
            match self.scanner.scan().ok()? {
                Some(Token::CommentLine(_) | Token::CommentBlock(_)) => {}
                token => return Some(token),
            }
        }
    }

    /// Returns the place of the last token.
    fn span(&self) -> Span {
        Span::new(self.scanner.token_start(), self.scanner.token_end())
    }

    /// Reads the value that begins with the token.
    fn value(&mut self, token: Token<'s>, levels_left: usize) -> Option<Node<'s>> {
        let span = self.span();
        let start = span.start as usize;
        if !self.reader.may_read(span) {
            self.skip(&token)?;
            return Some(Node {
                span: Span::new(start, self.scanner.token_end()),
                data: Data::Bad,
            });
        }
        let data = match token {
            Token::OpenBrace | Token::OpenBracket if levels_left == 0 => {
                self.skip(&token)?;
                return Some(self.reader.too_deep(Span::new(start, self.scanner.token_end())));
            }
            Token::OpenBrace => self.map(levels_left)?,
            Token::OpenBracket => self.list(levels_left)?,
            Token::String(_) if !self.reader.check_text(span) => Data::Bad,
            Token::String(text) => Data::Text(text.into()),
            Token::Boolean(truth) => Data::Bool(truth),
            Token::Null => Data::Unset,
            Token::Number(number) => return Some(self.reader.loose_number(span, number)),
            _ => return None,
        };
        Some(Node { span: Span::new(start, self.scanner.token_end()), data })
    }

    fn map(&mut self, levels_left: usize) -> Option<Data<'s>> {
        let first = self.reader.entries.len();
        let mut token = self.next()??;
        while token != Token::CloseBrace {
            let span = self.span();
            self.reader.check_text(span);
            let name = match token {
                Token::String(name) => name.into(),
                Token::Word(_) | Token::Number(_) | Token::Boolean(_) | Token::Null => {
                    self.reader.text.get(span.start as usize..span.end as usize)?.into()
                }
                _ => return None,
            };
            if self.next()?? != Token::Colon {
                return None;
            }
            let value = self.next()??;
            let value = self.value(value, levels_left - 1)?;
            self.reader.entries.push(Entry { name, span, value });
            token = self.after(&Token::CloseBrace)?;
        }
        Some(self.reader.end_of_map(first, levels_left))
    }

    fn list(&mut self, levels_left: usize) -> Option<Data<'s>> {
        let first = self.reader.nodes.len();
        let mut token = self.next()??;
        while token != Token::CloseBracket {
            let value = self.value(token, levels_left - 1)?;
            self.reader.nodes.push(value);
            token = self.after(&Token::CloseBracket)?;
        }
        Some(self.reader.end_of_list(first))
    }

    /// Returns the token after a part of a map or list: the one after a comma, or the end.
    fn after(&mut self, end: &Token<'s>) -> Option<Token<'s>> {
        match self.next()?? {
            Token::Comma => self.next()?,
            token => (token == *end).then_some(token),
        }
    }

    /// Skips the rest of a value that is not read.
    fn skip(&mut self, token: &Token<'s>) -> Option<()> {
        let depth_after = |depth: usize, token: &Token<'_>| match token {
            Token::OpenBrace | Token::OpenBracket => Some(depth + 1),
            Token::CloseBrace | Token::CloseBracket => depth.checked_sub(1),
            _ => Some(depth),
        };
        let mut depth = depth_after(0, token)?;
        while depth > 0 {
            depth = depth_after(depth, &self.next()??)?;
        }
        Some(())
    }
}

impl<'s> Reader<'s> {
    /// Reports a line break or another control character in a text, but for tabs.
    fn check_text(&mut self, span: Span) -> bool {
        let raw = &self.text[span.start as usize..span.end as usize];
        let found = raw.char_indices().find(|(_, c)| c.is_ascii_control() && *c != '\t');
        let Some((at, control)) = found else { return true };
        let here = character_at(self.text, span.start as usize + at);
        super::control_in_text(self, here, control);
        false
    }

    /// Reads a number that may be hexadecimal, or begin with a plus.
    fn loose_number(&mut self, span: Span, raw: &str) -> Node<'s> {
        let digits = raw.trim_start_matches(['-', '+']);
        let Some(digits) = digits.strip_prefix("0x").or_else(|| digits.strip_prefix("0X")) else {
            return match digits.starts_with(['I', 'N']) {
                true => self.float(span, raw),
                false => self.number(span, raw.strip_prefix('+').unwrap_or(raw)),
            };
        };
        let sign = if raw.starts_with('-') { "-" } else { "" };
        let signed = i64::from_str_radix(&format!("{sign}{digits}"), 16).map(Data::Int);
        let unsigned = || u64::from_str_radix(digits, 16).ok().filter(|_| sign.is_empty());
        match signed.ok().or_else(|| unsigned().map(Data::UInt)) {
            Some(data) => Node { span, data },
            None => self.integer_past_all(span),
        }
    }
}

/// Returns the byte at which a text is wrong.
pub(super) fn place(text: &str, error: &ParseError) -> usize {
    match error.kind() {
        ParseErrorKind::UnterminatedArray | ParseErrorKind::UnterminatedObject => text.len(),
        ParseErrorKind::ExpectedComma => next_token(text, error.range().start),
        _ => error.range().start,
    }
}

/// Reports a syntax error.
pub(super) fn report(reader: &mut Reader<'_>, error: &ParseError) {
    let text = reader.text;
    let at = place(text, error);
    let wanted = match error.kind() {
        ParseErrorKind::ExpectedColonAfterObjectKey => Some(Wanted::Colon),
        ParseErrorKind::ExpectedComma => Some(Wanted::Comma),
        ParseErrorKind::UnexpectedTokenInObject => Some(Wanted::Name),
        ParseErrorKind::ExpectedObjectValue
        | ParseErrorKind::UnexpectedCloseBrace
        | ParseErrorKind::UnexpectedCloseBracket
        | ParseErrorKind::UnexpectedColon
        | ParseErrorKind::UnexpectedComma
        | ParseErrorKind::UnexpectedToken
        | ParseErrorKind::UnexpectedWord => Some(Wanted::Value),
        _ => None,
    };
    let here = character_at(text, at);
    let (message, label, help) = match error.kind() {
        ParseErrorKind::NestingDepthExceeded => {
            reader.too_deep(here);
            return;
        }
        ParseErrorKind::MultipleRootJsonValues => {
            return reader.advise(advice::trailing(text, at));
        }
        ParseErrorKind::UnterminatedCommentBlock => {
            ("a comment is not closed", "opened here", Some("add the missing '*/'"))
        }
        ParseErrorKind::String(ParseStringErrorKind::UnterminatedStringLiteral) => {
            ("text is not closed", "opened here", Some("add the closing quote"))
        }
        ParseErrorKind::String(_) => {
            ("unknown escape sequence", "unknown escape", Some(BACKSLASHES))
        }
        kind => match advice::about(text, at, Format::Json, wanted) {
            Some(advice) => return reader.advise(advice),
            None if wanted == Some(Wanted::Colon) => {
                let help = Some("write a name and its value as \"name\": value");
                ("missing colon", "expected ':' before this", help)
            }
            None => return reader.bad_at(here, kind.to_string(), "here", None),
        },
    };
    reader.bad_at(here, message, label, help);
}

/// Returns the start of the next token, behind blanks and comments.
fn next_token(text: &str, mut at: usize) -> usize {
    loop {
        at = text.len() - text[at..].trim_start().len();
        match advice::end_of_comment(text, at) {
            Some(end) => at = end,
            None => return at,
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const TOKENS: [&str; 24] = [
        "{",
        "}",
        "[",
        "]",
        ",",
        ":",
        "\"a\"",
        "'b'",
        "c",
        "null",
        "true",
        "1",
        "-0x1F",
        "+.5",
        "NaN",
        "// x\n",
        "/* y */",
        "{a: 1}",
        "[1, 2,]",
        "{\"a\": [], b: {},}",
        "a: 1,",
        "\"\\x\"",
        "\"",
        "/*",
    ];

    fn accepts(text: &str, (levels, values): (usize, usize)) -> bool {
        let mut reader = Reader::new(text, levels, values);
        let scanner = Scanner::new(
            text,
            &ScannerOptions { allow_extended_string_escapes: EXTENDED, ..Default::default() },
        );
        (Walk { reader: &mut reader, scanner }).file(levels).is_some()
    }

    proptest! {
        #[test]
        fn both_parsers_accept_the_same(tokens in prop::collection::vec(prop::sample::select(&TOKENS[..]), 0..12)) {
            for text in [tokens.join(" "), format!("{{{}}}", tokens.join(" ")), format!("[{}]", tokens.concat())] {
                prop_assert_eq!(accepts(&text, (100, 1000)), check(&text).is_ok(), "{}", text);
                // Of what exceeds a limit, only the brackets are read.
                prop_assert!(accepts(&text, (2, 3)) || check(&text).is_err(), "{}", text);
            }
        }
    }

    #[test]
    fn a_bracket_in_the_place_of_a_value_is_wrong_beyond_the_limits_too() {
        for text in ["[1, 1, 1, }", "{a: 1, b: 2, c: ]"] {
            assert!(!accepts(text, (2, 3)) && check(text).is_err(), "{text}");
        }
    }
}
