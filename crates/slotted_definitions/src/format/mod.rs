//! The formats of definition files: four notations of one data model.

mod advice;
#[cfg(feature = "json")]
mod json;
#[cfg(feature = "ron")]
mod ron;
#[cfg(feature = "toml")]
mod toml;
#[cfg(feature = "yaml")]
mod yaml;

use std::fmt;
use std::path::Path;

use crate::format::advice::Advice;
use crate::node::{Data, Entry, Node};
use crate::packed::Packed;
use crate::source::Span;

/// A format of definition files.
///
/// # Example
/// ```
/// use slotted_definitions::Format;
///
/// assert_eq!(Format::of("mods/units.toml"), Some(Format::Toml));
/// assert_eq!(Format::of("units.json5"), Some(Format::Json));
/// assert_eq!(Format::of("notes.txt"), None);
/// assert_eq!(Format::Json.extension(), "json");
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Format {
    /// JSON and JSON5: comments, trailing commas and names without quotes are fine. Needs the feature `json`.
    Json,
    /// TOML; needs the feature `toml`.
    Toml,
    /// RON; needs the feature `ron`.
    Ron,
    /// YAML 1.2, in which `no` is text and not false; needs the feature `yaml`.
    Yaml,
}

impl Format {
    /// Returns the format of a file by its extension, or `None` if it is unknown.
    ///
    /// The feature of the format may be disabled.
    #[must_use]
    pub fn of(path: impl AsRef<Path>) -> Option<Self> {
        let extension = path.as_ref().extension()?.to_str()?;
        [Self::Json, Self::Toml, Self::Ron, Self::Yaml].into_iter().find(|format| {
            format.extensions().iter().any(|alike| extension.eq_ignore_ascii_case(alike))
        })
    }

    /// Returns the file extension, without the dot.
    #[must_use]
    pub const fn extension(self) -> &'static str {
        match self {
            Self::Json => "json",
            Self::Toml => "toml",
            Self::Ron => "ron",
            Self::Yaml => "yaml",
        }
    }

    const fn extensions(self) -> &'static [&'static str] {
        match self {
            Self::Json => &["json", "json5", "jsonc"],
            Self::Toml => &["toml"],
            Self::Ron => &["ron"],
            Self::Yaml => &["yaml", "yml"],
        }
    }

    /// Returns whether the feature of the format is enabled.
    #[must_use]
    pub const fn is_available(self) -> bool {
        match self {
            Self::Json => cfg!(feature = "json"),
            Self::Toml => cfg!(feature = "toml"),
            Self::Ron => cfg!(feature = "ron"),
            Self::Yaml => cfg!(feature = "yaml"),
        }
    }
}

impl fmt::Display for Format {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Json => "JSON",
            Self::Toml => "TOML",
            Self::Ron => "RON",
            Self::Yaml => "YAML",
        })
    }
}

/// A syntax error in a file, or an unreadable value.
#[derive(Clone, Debug)]
pub(super) struct SyntaxProblem {
    pub(super) span: Span,
    pub(super) message: String,
    pub(super) label: &'static str,
    pub(super) help: Option<&'static str>,
}

/// The state of parsing one file.
struct Reader<'s> {
    text: &'s str,
    problems: Vec<SyntaxProblem>,
    most_levels: usize,
    values_left: usize,
    /// Set when the limit of values is reached.
    is_over: bool,
    /// The values of lists that are being read; those of inner lists are the last.
    nodes: Vec<Node<'s>>,
    /// The values of maps that are being read.
    entries: Vec<Entry<'s>>,
    /// The number of levels left at which maps are packed.
    packed_at: Option<usize>,
    /// The most levels left at which the names before RON's values are kept: those of variants, not of the structs around them.
    named_at: Option<usize>,
    /// Saves an allocation for each packed map.
    buffer: Vec<u8>,
}

impl<'s> Reader<'s> {
    const fn new(text: &'s str, most_levels: usize, values_left: usize) -> Self {
        Self {
            text,
            problems: Vec::new(),
            most_levels,
            values_left,
            is_over: false,
            nodes: Vec::new(),
            entries: Vec::new(),
            packed_at: None,
            named_at: None,
            buffer: Vec::new(),
        }
    }

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

    /// Ends a list whose first value has this position.
    fn end_of_list(&mut self, start: usize) -> Data<'s> {
        Data::List(end(&mut self.nodes, start))
    }

    /// Ends a map whose first value has this position.
    fn end_of_map(&mut self, start: usize, levels_left: usize) -> Data<'s> {
        if self.packed_at != Some(levels_left) {
            return Data::Map(end(&mut self.entries, start));
        }
        let packed = Packed::new(&self.entries[start..], self.text, &mut self.buffer);
        self.entries.truncate(start);
        Data::Packed(packed)
    }

    /// Returns a map of these values.
    fn map_of(&mut self, entries: Vec<Entry<'s>>, levels_left: usize) -> Data<'s> {
        match self.packed_at == Some(levels_left) {
            true => Data::Packed(Packed::new(&entries, self.text, &mut self.buffer)),
            false => Data::Map(entries.into()),
        }
    }

    fn advise(&mut self, Advice { span, message, label, help }: Advice) {
        self.bad_at(span, message, label, help);
    }

    /// Returns whether another value may be read, and reports the limit once.
    fn may_read(&mut self, span: Span) -> bool {
        if let Some(left) = self.values_left.checked_sub(1) {
            self.values_left = left;
            return true;
        }
        if !self.is_over {
            self.is_over = true;
            let here = Span { end: span.start + 1, ..span };
            self.bad_at(
                here,
                "the values of all files exceed the limit",
                "limit reached here",
                None,
            );
        }
        false
    }

    fn too_deep(&mut self, span: Span) -> Node<'s> {
        let message =
            format!("values are nested deeper than the limit of {} levels", self.most_levels);
        // The value can be most of the file: show its start.
        self.bad(Span { end: span.start + 1, ..span }, message, None)
    }

    fn span_of(&self, part: &str) -> Span {
        Span::of(part, self.text)
    }

    /// Reads a number with a point or an exponent.
    fn float(&mut self, span: Span, text: &str) -> Node<'s> {
        match text.parse::<f64>() {
            Ok(number) if number.is_finite() || !text.contains(|c: char| c.is_ascii_digit()) => {
                Node { span, data: Data::Float(number) }
            }
            Ok(_) => {
                let help = "the largest number is 1.7976931348623157e308";
                self.bad(span, "the number is too large for any kind", Some(help))
            }
            Err(_) => self.bad(span, "not a number", None),
        }
    }

    /// Reads decimal digits with an optional minus.
    fn integer(&mut self, span: Span, text: &str) -> Node<'s> {
        let data = text.parse().map(Data::Int).or_else(|_| text.parse().map(Data::UInt));
        data.map_or_else(|_| self.integer_past_all(span), |data| Node { span, data })
    }

    fn integer_past_all(&mut self, span: Span) -> Node<'s> {
        let help = "write whole numbers from -9223372036854775808 to 18446744073709551615; a slot of kind f32 or f64 takes a \
            larger one with a point or an exponent, such as 1e20, and rounds it";
        self.bad(span, "the integer does not fit into 64 bits", Some(help))
    }
}

/// Removes the last parts of a stack, and the room that millions of them needed.
fn end<T>(stack: &mut Vec<T>, start: usize) -> Box<[T]> {
    const SMALL: usize = 1024;
    if start == 0 && stack.len() > SMALL {
        return std::mem::take(stack).into();
    }
    let parts = stack.drain(start..).collect();
    if stack.capacity() > SMALL && stack.len() < stack.capacity() / 4 {
        stack.shrink_to(stack.len().max(SMALL));
    }
    parts
}

/// The levels of a file; the root has level 0.
#[derive(Clone, Copy)]
pub(super) struct Levels {
    pub(super) most: usize,
    /// The level at which maps are packed.
    pub(super) packed: Option<usize>,
    /// The level from which the names before RON's values are kept.
    pub(super) named: Option<usize>,
}

/// Parses a text. Returns `None` and at least one problem if it is invalid.
pub(super) fn parse<'s>(
    text: &'s str,
    format: Format,
    levels: Levels,
    values_left: &mut usize,
) -> (Option<Node<'s>>, Vec<SyntaxProblem>) {
    let left_at = |level: Option<usize>| level.and_then(|level| levels.most.checked_sub(level));
    let mut reader = Reader {
        packed_at: left_at(levels.packed),
        named_at: left_at(levels.named),
        ..Reader::new(text, levels.most, *values_left)
    };
    let node = match format {
        #[cfg(feature = "json")]
        Format::Json => json::parse(&mut reader),
        #[cfg(feature = "toml")]
        Format::Toml => toml::parse(&mut reader),
        #[cfg(feature = "ron")]
        Format::Ron => ron::parse(&mut reader),
        #[cfg(feature = "yaml")]
        Format::Yaml => yaml::parse(&mut reader),
        #[cfg(not(all(feature = "json", feature = "toml", feature = "ron", feature = "yaml")))]
        _ => {
            let message = format!("this program was built without support for {format}");
            reader.bad(Span::default(), message, None);
            None
        }
    };
    *values_left = reader.values_left;
    (node, reader.problems)
}
