//! Parses a TOML file piece by piece: the tree that the toml crate makes of a whole file takes 45 bytes a byte.

use std::collections::HashMap;
use std::ops::Range;

use toml::de::{DeTable, DeValue};
use toml_parser::Source;
use toml_parser::lexer::TokenKind;

use crate::format::Reader;
use crate::node::{Data, Entry, Node};
use crate::packed::Packed;
use crate::source::Span;
use crate::text::Text;

/// A section with more bytes is parsed in several pieces.
const PIECE_BYTES: usize = if cfg!(test) { 8 } else { 4096 };

/// Parses a text that begins after `base` bytes of the file. Returns `None`, with the reader as it was or not, if the
/// text is not valid, or if only the toml crate can tell: where a table has parts under several names.
pub(super) fn parse<'s>(reader: &mut Reader<'s>, text: &'s str, base: usize) -> Option<Node<'s>> {
    let mut sections = Sections::new(reader, text, base);
    sections.read()?;
    let Sections { mut tables, parts, reader, .. } = sections;
    drop(parts);
    let levels_left = reader.most_levels;
    let data = compose(reader, &mut tables, ROOT, levels_left)?;
    let span = Span::new(base, reader.text.len());
    reader.problems.is_empty().then_some(Node { span, data })
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
    /// The name, and the values under the header.
    entry: Entry<'s>,
    sort: Sort,
    first_part: Option<u32>,
    last_part: Option<u32>,
    next: Option<u32>,
}

const ROOT: u32 = 0;

struct Sections<'r, 's> {
    reader: &'r mut Reader<'s>,
    text: &'s str,
    base: usize,
    tables: Vec<Table<'s>>,
    /// The parts of tables by name.
    parts: HashMap<(u32, Text<'s>), u32>,
    /// The table of the current section, and the levels left in it.
    table: u32,
    levels_left: usize,
    /// The values of the current section so far, and the number of pieces that had them.
    entries: Vec<Entry<'s>>,
    pieces: usize,
}

impl<'r, 's> Sections<'r, 's> {
    fn new(reader: &'r mut Reader<'s>, text: &'s str, base: usize) -> Self {
        // More headers than this are possible, but not usual.
        let headers = text.matches("\n[").count().min(text.len() / 32) + 2;
        let mut tables = Vec::with_capacity(headers);
        tables.push(Table::new("".into(), Span::default(), Span::default(), Sort::Explicit));
        let levels_left = reader.most_levels;
        let parts = HashMap::with_capacity(headers);
        Self {
            reader,
            text,
            base,
            tables,
            parts,
            table: ROOT,
            levels_left,
            entries: Vec::new(),
            pieces: 0,
        }
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
                    self.end_section()?;
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
        self.values(start..self.text.len())?;
        self.end_section()
    }

    /// Parses a piece of the text.
    fn table(&self, piece: Range<usize>) -> Option<DeTable<'s>> {
        let (table, errors) = DeTable::parse_recoverable(self.text.get(piece)?);
        errors.is_empty().then(|| table.into_inner())
    }

    /// Adds the values of a piece to the current section.
    fn values(&mut self, piece: Range<usize>) -> Option<()> {
        let base = self.base + piece.start;
        let table = self.table(piece)?;
        let entries = self.reader.entries(table, base, self.levels_left);
        self.entries.extend(entries);
        self.pieces += 1;
        self.reader.problems.is_empty().then_some(())
    }

    /// Parses a header with the rest of its line.
    fn begin_section(&mut self, header: Range<usize>, line_end: usize) -> Option<()> {
        let (path, is_array) = self.path(header.start..line_end)?;
        let (last, above) = path.split_last()?;
        let (mut table, mut depth) = (ROOT, path.len() + usize::from(is_array));
        for (name, span) in above {
            table = match self.part(table, name) {
                Some(part) => part,
                None => self.add_part(table, name.clone(), [*span; 2], Sort::Implicit)?,
            };
            if self.tables[table as usize].sort == Sort::ArrayOfTables {
                table = self.tables[table as usize].last_part?;
                depth += 1;
            }
        }
        self.levels_left = self.reader.most_levels.checked_sub(depth).filter(|left| *left > 0)?;
        let header = Span::new(self.base + header.start, self.base + header.end);
        let (name, span) = last;
        let spans = [*span, header];
        self.table = match (self.part(table, name), is_array) {
            (None, false) => self.add_part(table, name.clone(), spans, Sort::Explicit)?,
            (Some(part), false) => {
                let table = &mut self.tables[part as usize];
                if table.sort != Sort::Implicit {
                    return None;
                }
                table.sort = Sort::Explicit;
                // This header is the table's own.
                (table.entry.name, table.entry.span) = (name.clone(), *span);
                table.entry.value.span = header;
                part
            }
            (part, true) => {
                let list = match part {
                    Some(part) => part,
                    None => self.add_part(table, name.clone(), spans, Sort::ArrayOfTables)?,
                };
                if self.tables[list as usize].sort != Sort::ArrayOfTables {
                    return None;
                }
                self.add(list, Table::new("".into(), *span, header, Sort::Explicit))?
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

    /// Adds a part under a name.
    fn add_part(
        &mut self,
        table: u32,
        name: Text<'s>,
        [name_span, span]: [Span; 2],
        sort: Sort,
    ) -> Option<u32> {
        let part = self.add(table, Table::new(name.clone(), name_span, span, sort))?;
        self.parts.insert((table, name), part);
        Some(part)
    }

    fn add(&mut self, table: u32, part: Table<'s>) -> Option<u32> {
        let number = u32::try_from(self.tables.len()).ok()?;
        self.tables.push(part);
        let table = &mut self.tables[table as usize];
        table.first_part.get_or_insert(number);
        if let Some(last) = table.last_part.replace(number) {
            self.tables[last as usize].next = Some(number);
        }
        Some(number)
    }

    /// Gives the current table its values. They are packed if the maps around them are packed in the end.
    fn end_section(&mut self) -> Option<()> {
        let entries = std::mem::take(&mut self.entries);
        if std::mem::take(&mut self.pieces) > 1 && repeats_a_name(&entries) {
            return None;
        }
        let is_packed = self.reader.packed_at.is_some_and(|at| self.levels_left <= at);
        self.tables[self.table as usize].entry.value.data = match is_packed {
            true => Data::Packed(Packed::new(&entries, self.reader.text, &mut self.reader.buffer)),
            false => Data::Map(entries.into()),
        };
        Some(())
    }
}

impl<'s> Table<'s> {
    fn new(name: Text<'s>, name_span: Span, span: Span, sort: Sort) -> Self {
        let value = Node { span, data: Data::Map([].into()) };
        let entry = Entry { name, span: name_span, value };
        Self { entry, sort, first_part: None, last_part: None, next: None }
    }
}

/// Returns the content of a table with all its parts.
fn compose<'s>(
    reader: &mut Reader<'s>,
    tables: &mut [Table<'s>],
    number: u32,
    levels_left: usize,
) -> Option<Data<'s>> {
    let table = &mut tables[number as usize];
    let own = std::mem::replace(&mut table.entry.value.data, Data::Bad);
    let (sort, mut next) = (table.sort, table.first_part);
    if next.is_none() && reader.packed_at == Some(levels_left) {
        return Some(own);
    }
    let mut entries = match own {
        Data::Packed(packed) => packed.entries(reader.text).collect(),
        Data::Map(entries) => entries.into_vec(),
        _ => return None,
    };
    let is_shared = !entries.is_empty() && next.is_some();
    let mut parts = Vec::new();
    while let Some(part) = next {
        let span = tables[part as usize].entry.value.span;
        if !reader.may_read(span) {
            return None;
        }
        let data = compose(reader, tables, part, levels_left.checked_sub(1)?)?;
        let table = &mut tables[part as usize];
        let name = std::mem::replace(&mut table.entry.name, "".into());
        parts.push(Entry { name, span: table.entry.span, value: Node { span, data } });
        next = table.next;
    }
    if sort == Sort::ArrayOfTables {
        return Some(Data::List(parts.into_iter().map(|part| part.value).collect()));
    }
    entries.append(&mut parts);
    if is_shared && repeats_a_name(&entries) {
        return None;
    }
    entries.sort_by_key(|entry| entry.span.start);
    Some(reader.map_of(entries, levels_left))
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
