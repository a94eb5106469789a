//! Files of definitions, and places in them.

use std::sync::{Arc, OnceLock};

/// A range of bytes in a file.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub(super) struct Span {
    pub(super) start: u32,
    pub(super) end: u32,
}

impl Span {
    /// `LoadLimits::file_bytes` keeps positions within `u32`.
    pub(super) fn new(start: usize, end: usize) -> Self {
        let count = |bytes: usize| u32::try_from(bytes).unwrap_or(u32::MAX);
        Self { start: count(start), end: count(end) }
    }

    /// Returns the span of a part of the text.
    pub(super) fn of(part: &str, text: &str) -> Self {
        let start = (part.as_ptr() as usize).wrapping_sub(text.as_ptr() as usize);
        if start <= text.len() { Self::new(start, start + part.len()) } else { Self::default() }
    }
}

/// A range of bytes in a file of a load.
///
/// [`Definitions::location`](super::Definitions::location) and
/// [`Report::location`](super::Report::location) return its path, line and column.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Place {
    pub(super) file: u32,
    pub(super) span: Span,
}

/// The path, lines and columns of a [`Place`].
///
/// Lines and columns start at 1; columns count characters. `Display` prints `path:line:column`.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Location {
    /// The path of the file, with its pack.
    pub path: Arc<str>,
    /// The first line.
    pub line: usize,
    /// The column of the first character.
    pub column: usize,
    /// The last line.
    pub end_line: usize,
    /// The column after the last character.
    pub end_column: usize,
}

impl std::fmt::Display for Location {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}:{}:{}", self.path, self.line, self.column)
    }
}

/// A file of a load.
#[derive(Debug)]
pub(super) struct File {
    /// The path for messages.
    pub(super) path: Arc<str>,
    pub(super) text: Box<str>,
    /// The number of the pack, in the order of the loader.
    pub(super) pack: usize,
    /// The start of the path inside the pack.
    inner_path: usize,
    /// The starts of lines, computed on demand.
    lines: OnceLock<Vec<u32>>,
    /// The number of characters before each [`STEP`] bytes, for files with very long lines.
    characters: OnceLock<Vec<u32>>,
}

const STEP: usize = 4096;

impl File {
    pub(super) fn new(path: Arc<str>, text: Box<str>) -> Self {
        let (lines, characters) = (OnceLock::new(), OnceLock::new());
        Self { path, text, pack: 0, inner_path: 0, lines, characters }
    }

    /// Sets the pack and the length of the pack's path.
    pub(super) fn of_pack(self, pack: usize, inner_path: usize) -> Self {
        Self { pack, inner_path, ..self }
    }

    /// Returns the path inside the pack.
    pub(super) fn inner_path(&self) -> &str {
        self.path.get(self.inner_path..).unwrap_or_default()
    }

    /// Counts the characters that begin before a byte.
    fn characters_before(&self, byte: usize) -> usize {
        let begin = |bytes: &[u8]| bytes.iter().filter(|byte| **byte & 0xc0 != 0x80).count();
        let steps = self.characters.get_or_init(|| {
            let mut total = 0;
            let counts = self.text.as_bytes().chunks(STEP).map(|chunk| {
                let before = total;
                total += begin(chunk) as u32;
                before
            });
            counts.collect()
        });
        let step = (byte / STEP).min(steps.len().saturating_sub(1));
        let known = steps.get(step).map_or(0, |count| *count as usize);
        known + begin(&self.text.as_bytes()[step * STEP..byte])
    }

    fn lines(&self) -> &[u32] {
        self.lines.get_or_init(|| {
            let breaks = self.text.bytes().enumerate().filter(|(_, byte)| *byte == b'\n');
            std::iter::once(0).chain(breaks.map(|(at, _)| at as u32 + 1)).collect()
        })
    }

    /// Returns the line of a byte and the start of that line, both from 0.
    pub(super) fn line_of(&self, byte: u32) -> (usize, usize) {
        let line = self.lines().partition_point(|start| *start <= byte).saturating_sub(1);
        (line, self.lines()[line] as usize)
    }

    /// Returns the bytes of a line without its line break.
    pub(super) fn line(&self, line: usize) -> std::ops::Range<usize> {
        let start = self.lines()[line] as usize;
        let end = self.lines().get(line + 1).map_or(self.text.len(), |next| *next as usize);
        let text = self.text[start..end].trim_end_matches(['\n', '\r']);
        start..start + text.len()
    }

    /// Returns the line and column of a byte, both from 1.
    fn position(&self, byte: u32) -> (usize, usize) {
        let (line, start) = self.line_of(byte);
        let mut end = (byte as usize).min(self.text.len());
        while !self.text.is_char_boundary(end) {
            end -= 1;
        }
        let column = self.characters_before(end.max(start)) - self.characters_before(start);
        (line + 1, column + 1)
    }
}

/// The files of a load, in reading order.
#[derive(Debug, Default)]
pub(super) struct Files(pub(super) Vec<File>);

impl Files {
    pub(super) fn get(&self, place: Place) -> Option<&File> {
        self.0.get(place.file as usize)
    }

    /// Narrows the place of a list to a name in it, with or without quotes.
    pub(super) fn part(&self, place: Place, name: &str) -> Place {
        let (start, end) = (place.span.start as usize, place.span.end as usize);
        let text = self.get(place).and_then(|file| file.text.get(start..end));
        let Some(text) = text.filter(|text| text.starts_with(['[', '-', '{'])) else {
            return place;
        };
        let is_part = |c: char| c.is_alphanumeric() || matches!(c, '_' | '-' | '/' | '.');
        let is_whole = |at: usize| {
            let (before, after) = (&text[..at], &text[at + name.len()..]);
            !before.ends_with(is_part) && !after.starts_with(is_part)
        };
        let quoted = |mark: char| text.find(&format!("{mark}{name}{mark}")).map(|at| (at, 2));
        let bare = || text.match_indices(name).find(|(at, _)| is_whole(*at)).map(|(at, _)| (at, 0));
        match quoted('"').or_else(|| quoted('\'')).or_else(bare) {
            Some((at, quotes)) if !name.is_empty() => {
                let at = start + at;
                Place { span: Span::new(at, at + name.len() + quotes), ..place }
            }
            _ => place,
        }
    }

    pub(super) fn location(&self, place: Place) -> Option<Location> {
        let file = self.get(place)?;
        let (line, column) = file.position(place.span.start);
        let (end_line, end_column) = file.position(place.span.end);
        Some(Location { path: Arc::clone(&file.path), line, column, end_line, end_column })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str, start: usize, end: usize) -> String {
        let file = File::new("a.json".into(), text.into());
        let files = Files(vec![file]);
        let location = files.location(Place { file: 0, span: Span::new(start, end) });
        location.map_or_else(String::new, |at| format!("{at} to {}:{}", at.end_line, at.end_column))
    }

    #[test]
    fn lines_and_characters_are_counted_from_one() {
        assert_eq!(at("ab\ncd", 0, 1), "a.json:1:1 to 1:2");
        assert_eq!(at("ab\ncd", 3, 5), "a.json:2:1 to 2:3");
        assert_eq!(at("é\né!", 5, 6), "a.json:2:2 to 2:3");
        assert_eq!(at("", 0, 0), "a.json:1:1 to 1:1");
        assert_eq!(at("ab", 9, 99), "a.json:1:3 to 1:3");
    }

    #[test]
    fn a_place_inside_of_a_character_is_the_character() {
        assert_eq!(at("éa", 1, 3), "a.json:1:1 to 1:3");
    }

    #[test]
    fn lines_end_before_their_breaks() {
        let file = File::new("a".into(), "ab\r\ncd\n".into());
        assert_eq!((file.line(0), file.line(1), file.line(2)), (0..2, 4..6, 7..7));
    }
}
