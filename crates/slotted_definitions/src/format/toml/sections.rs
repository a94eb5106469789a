//! Parses a TOML file piece by piece: the tree that the toml crate makes of a whole file takes 45 bytes a byte.

use std::collections::HashMap;
use std::mem::take;
use std::ops::Range;

use toml::de::{DeTable, DeValue};
use toml_parser::Source;
use toml_parser::lexer::TokenKind;

use crate::format::Reader;
use crate::node::{Data, Entry, Node};
use crate::source::Span;
use crate::text::Text;

/// A section with more bytes is parsed in several pieces.
const PIECE_BYTES: usize = if cfg!(test) { 8 } else { 4096 };

/// Parses a text that begins after `base` bytes of the file. Returns `None`, with the reader as it was or not, if the
/// text is not valid, or if only the toml crate can tell: where a table has parts in several places.
pub(super) fn parse<'s>(reader: &mut Reader<'s>, text: &'s str, base: usize) -> Option<Node<'s>> {
    let mut sections = Sections::new(reader, text, base);
    sections.read()?;
    sections.close()?;
    let root = sections.compose(ROOT)?;
    let span = Span::new(base, reader.text.len());
    reader.problems.is_empty().then_some(Node { span, ..root.value })
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Sort {
    /// A table that only the headers of its parts name.
    Implicit,
    Explicit,
    ArrayOfTables,
}

/// A table with a header, or with parts that have one.
struct Table<'s> {
    name: Text<'s>,
    name_span: Span,
    span: Span,
    sort: Sort,
    levels_left: usize,
    /// The table around it.
    around: u32,
    /// The values under the header, and the parts that are complete.
    entries: Vec<Entry<'s>>,
    /// The number of pieces and parts that the entries come from.
    sources: usize,
    parts: Vec<u32>,
}

const ROOT: u32 = 0;

struct Sections<'r, 's> {
    reader: &'r mut Reader<'s>,
    text: &'s str,
    base: usize,
    tables: Vec<Table<'s>>,
    /// The parts of tables by name, but for those that are complete.
    parts: HashMap<(u32, Text<'s>), u32>,
    /// The table of the current section.
    table: u32,
    /// The last table of the level at which maps are packed. All tables after it are its parts.
    open: Option<u32>,
}

impl<'r, 's> Sections<'r, 's> {
    fn new(reader: &'r mut Reader<'s>, text: &'s str, base: usize) -> Self {
        let root = Table {
            name: "".into(),
            name_span: Span::default(),
            span: Span::default(),
            sort: Sort::Explicit,
            levels_left: reader.most_levels,
            around: ROOT,
            entries: Vec::new(),
            sources: 0,
            parts: Vec::new(),
        };
        let (tables, parts) = (vec![root], HashMap::new());
        Self { reader, text, base, tables, parts, table: ROOT, open: None }
    }

    /// Reads all sections.
    fn read(&mut self) -> Option<()> {
        let mut tokens = Source::new(self.text).lex();
        let (mut start, mut depth, mut is_line_start) = (0, 0_usize, true);
        let mut last_key = "";
        while let Some(token) = tokens.next() {
            let at = token.span().start();
            match token.kind() {
                TokenKind::LeftSquareBracket if is_line_start => {
                    self.values(start..at)?;
                    let mut end = token.span().end();
                    start = self.text.len();
                    for token in tokens.by_ref() {
                        match token.kind() {
                            TokenKind::Newline => {
                                start = token.span().end();
                                break;
                            }
                            TokenKind::RightSquareBracket => end = token.span().end(),
                            _ => {}
                        }
                    }
                    self.begin_section(at..end, start)?;
                    last_key = "";
                    continue;
                }
                TokenKind::LeftSquareBracket | TokenKind::LeftCurlyBracket => depth += 1,
                TokenKind::RightSquareBracket | TokenKind::RightCurlyBracket => {
                    depth = depth.saturating_sub(1);
                }
                TokenKind::Newline if depth == 0 => {
                    is_line_start = true;
                    continue;
                }
                TokenKind::Newline | TokenKind::Whitespace | TokenKind::Comment => continue,
                _ if is_line_start => {
                    let key = self.text.get(at..token.span().end())?;
                    // `unit.health` and `unit.speed` are parts of one table.
                    if at - start >= PIECE_BYTES && key != last_key {
                        self.values(start..at)?;
                        start = at;
                    }
                    last_key = key;
                }
                _ => {}
            }
            is_line_start = false;
        }
        self.values(start..self.text.len())
    }

    /// Parses a piece of the text.
    fn table(&self, piece: Range<usize>) -> Option<DeTable<'s>> {
        let (table, errors) = DeTable::parse_recoverable(self.text.get(piece)?);
        errors.is_empty().then(|| table.into_inner())
    }

    /// Adds the values of a piece to the table of the current section.
    fn values(&mut self, piece: Range<usize>) -> Option<()> {
        let base = self.base + piece.start;
        let values = self.table(piece)?;
        let table = &mut self.tables[self.table as usize];
        let entries = self.reader.entries(values, base, table.levels_left);
        table.sources += usize::from(!entries.is_empty());
        table.entries.extend(entries);
        self.reader.problems.is_empty().then_some(())
    }

    /// Parses a header with the rest of its line.
    fn begin_section(&mut self, header: Range<usize>, line_end: usize) -> Option<()> {
        let (path, is_array) = self.path(header.start..line_end)?;
        if !self.leads_to_open(&path) {
            self.close()?;
        }
        let span = Span::new(self.base + header.start, self.base + header.end);
        let ((name, name_span), above) = path.split_last()?;
        let mut table = ROOT;
        for (name, span) in above {
            table = match self.part(table, name) {
                Some(part) => part,
                None => self.add(table, name.clone(), [*span; 2], Sort::Implicit)?,
            };
            if self.tables[table as usize].sort == Sort::ArrayOfTables {
                table = *self.tables[table as usize].parts.last()?;
            }
        }
        let spans = [*name_span, span];
        self.table = match (self.part(table, name), is_array) {
            (None, false) => self.add(table, name.clone(), spans, Sort::Explicit)?,
            (Some(part), false) => {
                let table = &mut self.tables[part as usize];
                if table.sort != Sort::Implicit {
                    return None;
                }
                // This header is the table's own.
                (table.sort, table.name) = (Sort::Explicit, name.clone());
                (table.name_span, table.span) = (*name_span, span);
                part
            }
            (part, true) => {
                let list = match part {
                    Some(part) => part,
                    None => self.add(table, name.clone(), spans, Sort::ArrayOfTables)?,
                };
                if self.tables[list as usize].sort != Sort::ArrayOfTables {
                    return None;
                }
                self.add(list, "".into(), spans, Sort::Explicit)?
            }
        };
        Some(())
    }

    /// Returns the names in a header, and whether it is that of an array of tables.
    fn path(&self, line: Range<usize>) -> Option<(Vec<(Text<'s>, Span)>, bool)> {
        let base = self.base + line.start;
        let (mut table, mut path) = (self.table(line)?, Vec::new());
        loop {
            let Some((name, value)) = table.into_iter().next() else { return Some((path, false)) };
            let at = name.span();
            path.push((name.into_inner().into(), Span::new(base + at.start, base + at.end)));
            match value.into_inner() {
                DeValue::Table(part) => table = part,
                _ => return Some((path, true)),
            }
        }
    }

    fn part(&self, table: u32, name: &Text<'s>) -> Option<u32> {
        self.parts.get(&(table, name.clone())).copied()
    }

    /// Returns whether a header is that of the open table or of a part of it.
    fn leads_to_open(&self, path: &[(Text<'s>, Span)]) -> bool {
        let mut table = ROOT;
        for (at, (name, _)) in path.iter().enumerate() {
            let Some(part) = self.part(table, name) else { return false };
            let last = self.tables[part as usize].parts.last().copied();
            table = match self.tables[part as usize].sort {
                // A header with the name of the array adds an element.
                Sort::ArrayOfTables if at + 1 < path.len() => last.unwrap_or(part),
                _ => part,
            };
            if self.open == Some(part) || self.open == Some(table) {
                return true;
            }
        }
        false
    }

    /// Adds a table to another one.
    fn add(
        &mut self,
        around: u32,
        name: Text<'s>,
        [name_span, span]: [Span; 2],
        sort: Sort,
    ) -> Option<u32> {
        let number = u32::try_from(self.tables.len()).ok()?;
        let outer = &mut self.tables[around as usize];
        let levels_left = outer.levels_left.checked_sub(1).filter(|left| *left > 0)?;
        outer.parts.push(number);
        if outer.sort != Sort::ArrayOfTables {
            self.parts.insert((around, name.clone()), number);
        }
        if self.reader.packed_at == Some(levels_left) {
            self.open = Some(number);
        }
        let (entries, parts) = (Vec::new(), Vec::new());
        let sources = 0;
        self.tables.push(Table {
            name,
            name_span,
            span,
            sort,
            levels_left,
            around,
            entries,
            sources,
            parts,
        });
        Some(number)
    }

    /// Ends the open table: it is packed, and no header can lead to it any more.
    fn close(&mut self) -> Option<()> {
        let Some(open) = self.open.take() else { return Some(()) };
        let entry = self.compose(open)?;
        let around = self.tables[open as usize].around;
        for table in self.tables.drain(open as usize..) {
            self.parts.remove(&(table.around, table.name));
        }
        let around = &mut self.tables[around as usize];
        around.parts.pop();
        around.entries.push(entry);
        around.sources += 1;
        Some(())
    }

    /// Returns a table with all its parts.
    fn compose(&mut self, number: u32) -> Option<Entry<'s>> {
        let table = &mut self.tables[number as usize];
        let (span, levels_left, sort) = (table.span, table.levels_left, table.sort);
        let (mut entries, parts) = (take(&mut table.entries), take(&mut table.parts));
        let sources = table.sources + parts.len();
        let (name, name_span) = (table.name.clone(), table.name_span);
        if number != ROOT && !self.reader.may_read(span) {
            return None;
        }
        for part in parts {
            entries.push(self.compose(part)?);
        }
        let data = if sort == Sort::ArrayOfTables {
            Data::List(entries.into_iter().map(|entry| entry.value).collect())
        } else {
            if sources > 1 && repeats_a_name(&entries) {
                return None;
            }
            entries.sort_by_key(|entry| entry.span.start);
            self.reader.map_of(entries, levels_left)
        };
        Some(Entry { name, span: name_span, value: Node { span, data } })
    }
}

/// Returns whether two entries have the same name. The toml crate then reports it, or joins them.
fn repeats_a_name(entries: &[Entry<'_>]) -> bool {
    let mut names: Vec<&str> = entries.iter().map(|entry| &*entry.name).collect();
    names.sort_unstable();
    !names.is_sorted_by(|one, next| one < next)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::format::toml::whole;

    const LINES: [&str; 34] = [
        "[a]",
        "[b]",
        "[a.b]",
        "[ a . \"b\" ] # a comment",
        "[a.b.c]",
        "[a.'b c']",
        "[[a]]",
        "[[b]]",
        "[[a.l]]",
        "[a.l.m]",
        "[[a.l.m]]",
        "[[ c.d ]]",
        "[c]",
        "[\"\\u0061\"]",
        "[]",
        "[a",
        "a]",
        "a = 1",
        "\"a\" = 2",
        "b = [1, 2]",
        "c = [\n[1],\n[2] # [x]\n]",
        "c = { a = 1, b.c = 2 }",
        "a.b = 1",
        "a.c = \"x\"",
        "b.c.d = 0.5",
        "'b'.e = true",
        "d = \"\"\"\n[a]\nb = 1\n\"\"\"",
        "e = '''\n[[b]]'''",
        "# [a]",
        "",
        "  f = 1979-05-27",
        "g = {",
        "h = ]",
        "x = 1 y = 2",
    ];

    fn reader(text: &str, most_levels: usize, packed_at: Option<usize>) -> Reader<'_> {
        Reader { packed_at, ..Reader::new(text, most_levels, 1000) }
    }

    /// Parses a text in pieces and as a whole, and compares the trees. Returns `true` if the pieces sufficed.
    fn compare(text: &str, most_levels: usize, packed_at: Option<usize>) -> bool {
        let mut pieces = reader(text, most_levels, packed_at);
        let Some(mut found) = parse(&mut pieces, text, 0) else { return false };
        let mut one = reader(text, most_levels, packed_at);
        let mut expected = whole(&mut one, text, 0).expect("the toml crate reads it too");
        assert!(one.problems.is_empty(), "{text}");
        assert_eq!(pieces.values_left, one.values_left, "{text}");
        assert_eq!(format!("{found:?}"), format!("{expected:?}"), "{text}");
        found.unpack_all(text);
        expected.unpack_all(text);
        assert_eq!(format!("{found:?}"), format!("{expected:?}"), "{text}");
        true
    }

    proptest! {
        #[test]
        fn pieces_make_the_tree_of_the_whole(
            lines in prop::collection::vec(prop::sample::select(&LINES[..]), 0..14),
            newline in prop::sample::select(&["\n", "\r\n"][..]),
            most_levels in 1..8_usize,
            packed_at in prop::option::of(0..6_usize),
        ) {
            compare(&lines.join(newline), most_levels, packed_at.filter(|at| *at <= most_levels));
        }
    }

    #[test]
    fn usual_files_need_no_whole() {
        let files = [
            "",
            "a = 1\nb.c = 2\nb.d = 3\nc = [\n1\n]",
            "[records.unit.grunt]\nhealth = 80\ndamage.min = 1\ndamage.max = 2\n[records.unit.wolf]\nhealth = 3",
            "[records.unit]\ngrunt = { health = 80 }\nwolf = { health = 3 }\nbear.health = 4",
            "[records.unit.wolf]\nhealth = 3\n[[records.unit.wolf.drops]]\nitem = 'bone'\n\
             [[records.unit.wolf.drops]]\nitem = 'hide'\n[records.unit.wolf.drops.extra]\nx = 1",
            "[a.b]\nc = 1\n[a]\nd = 1\n[a.e]",
            "text = \"\"\"\n[x]\n\"\"\"\n[x] # [[y]]\ny = '[z]'",
        ];
        for text in files {
            for packed_at in [None, Some(5), Some(7)] {
                assert!(compare(text, 8, packed_at), "{text}");
            }
        }
    }

    #[test]
    fn the_toml_crate_decides_about_the_rest() {
        let files = [
            "a = 1\n\n\n\n\n\n\na = 2",
            "a.b = 1\nc.long_name = 2\na.d = 3",
            "[a]\nb.c = 1\n[a.b.d]\ne = 1",
            "[a]\n[a]",
            "[[a]]\n[a]",
            "[a]\n[[a]]",
            "a = []\n[[a]]",
            "[a] b = 1",
            "a = 1979-05-27",
            "[a.b.c.d.e.f.g.h.i]",
        ];
        for text in files {
            assert!(!compare(text, 8, None), "{text}");
        }
    }
}
