//! The formats of definition files: three ways to write one data model.

mod advice;
#[cfg(feature = "json")]
mod json;
#[cfg(feature = "ron")]
mod ron;
#[cfg(feature = "toml")]
mod toml;

use std::fmt;
use std::path::Path;

use crate::format::advice::Advice;
use crate::node::{Data, Node};
use crate::source::Span;

/// A format of definition files.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Format {
    /// JSON, by serde_json: the feature `json`.
    Json,
    /// TOML, by toml: the feature `toml`.
    Toml,
    /// RON, by ron: the feature `ron`.
    Ron,
}

impl Format {
    /// The format of a file of this name, whether its feature is on or not.
    #[must_use]
    pub fn of(path: impl AsRef<Path>) -> Option<Self> {
        let extension = path.as_ref().extension()?.to_str()?;
        [Self::Json, Self::Toml, Self::Ron]
            .into_iter()
            .find(|format| extension.eq_ignore_ascii_case(format.extension()))
    }

    /// How the names of such files end.
    #[must_use]
    pub const fn extension(self) -> &'static str {
        match self {
            Self::Json => "json",
            Self::Toml => "toml",
            Self::Ron => "ron",
        }
    }

    /// Whether the crate was built with the format's feature.
    #[must_use]
    pub const fn is_available(self) -> bool {
        match self {
            Self::Json => cfg!(feature = "json"),
            Self::Toml => cfg!(feature = "toml"),
            Self::Ron => cfg!(feature = "ron"),
        }
    }
}

impl fmt::Display for Format {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Json => "JSON",
            Self::Toml => "TOML",
            Self::Ron => "RON",
        })
    }
}

/// What keeps a file, or a value of it, from being read.
#[derive(Clone, Debug)]
pub(super) struct SyntaxProblem {
    pub(super) span: Span,
    pub(super) message: String,
    pub(super) label: &'static str,
    pub(super) help: Option<&'static str>,
}

/// What a reader has found wrong so far, and how deep it may still go.
struct Reader<'s> {
    text: &'s str,
    problems: Vec<SyntaxProblem>,
    most_levels: usize,
    values_left: usize,
    /// Whether there were more values than are read.
    is_over: bool,
}

impl<'s> Reader<'s> {
    fn bad(
        &mut self,
        span: Span,
        message: impl Into<String>,
        help: Option<&'static str>,
    ) -> Node<'s> {
        self.bad_at(span, message, "here", help);
        Node { span, data: Data::Bad }
    }

    fn bad_at(
        &mut self,
        span: Span,
        message: impl Into<String>,
        label: &'static str,
        help: Option<&'static str>,
    ) {
        self.problems.push(SyntaxProblem { span, message: message.into(), label, help });
    }

    fn advise(&mut self, Advice { span, message, label, help }: Advice) {
        self.bad_at(span, message, label, help);
    }

    /// Whether one more value may be read. That it may not is reported once.
    fn may_read(&mut self, span: Span) -> bool {
        if let Some(left) = self.values_left.checked_sub(1) {
            self.values_left = left;
            return true;
        }
        if !self.is_over {
            self.is_over = true;
            let here = Span { end: span.start + 1, ..span };
            self.bad_at(here, "there are more values than may be read", "the first too many", None);
        }
        false
    }

    fn too_deep(&mut self, span: Span) -> Node<'s> {
        let message = format!("values are nested more than {} deep", self.most_levels);
        // What is nested may be most of the file, its start tells enough.
        self.bad(Span { end: span.start + 1, ..span }, message, None)
    }

    fn span_of(&self, part: &str) -> Span {
        Span::of(part, self.text)
    }

    /// A number as it is written with a point or an exponent.
    fn float(&mut self, span: Span, text: &str) -> Node<'s> {
        match text.parse::<f64>() {
            Ok(number) if number.is_finite() || !text.contains(|c: char| c.is_ascii_digit()) => {
                Node { span, data: Data::Float(number) }
            }
            Ok(_) => {
                let help = "the largest number is 1.7976931348623157e308";
                self.bad(span, "the number is too large for every kind", Some(help))
            }
            Err(_) => self.bad(span, "this is not a number", None),
        }
    }

    fn integer_past_all(&mut self, span: Span) -> Node<'s> {
        let help = "whole numbers go from -9223372036854775808 to 18446744073709551615";
        self.bad(span, "the whole number is too large for every kind", Some(help))
    }
}

/// Reads a text. `None` if it cannot be read at all; then there is a problem.
pub(super) fn parse<'s>(
    text: &'s str,
    format: Format,
    most_levels: usize,
    values_left: &mut usize,
) -> (Option<Node<'s>>, Vec<SyntaxProblem>) {
    let (problems, is_over) = (Vec::new(), false);
    let mut reader = Reader { text, problems, most_levels, values_left: *values_left, is_over };
    let node = match format {
        #[cfg(feature = "json")]
        Format::Json => json::parse(&mut reader),
        #[cfg(feature = "toml")]
        Format::Toml => toml::parse(&mut reader),
        #[cfg(feature = "ron")]
        Format::Ron => ron::parse(&mut reader),
        #[cfg(not(all(feature = "json", feature = "toml", feature = "ron")))]
        _ => {
            let message = format!("this program was built without {format}");
            reader.bad(Span::default(), message, None);
            None
        }
    };
    *values_left = reader.values_left;
    (node, reader.problems)
}
