//! Parses YAML with granit-parser, which reports places.
//!
//! Plain values follow the core schema of YAML 1.2: `no` is text. Aliases and merge keys copy values, within a limit.

mod advice;
mod scalar;

use std::borrow::Cow;
use std::collections::{HashMap, HashSet};

use granit_parser::{Event, Parser, ScalarStyle, ScanError, StrInput};

use crate::format::Reader;
use crate::node::{Data, Entry, Node};
use crate::source::Span;
use crate::text::Text;

pub(super) fn parse<'s>(reader: &mut Reader<'s>) -> Option<Node<'s>> {
    // Skip a byte order mark.
    let text = reader.text.trim_start_matches('\u{feff}');
    let base = reader.text.len() - text.len();
    let options = granit_parser::options! {
        emit_comments: false,
        // The reader has its own limit of levels, and names may be long.
        simple_key_max_lookahead: usize::MAX,
    };
    let events = Parser::new_from_str_with_options(text, options);
    let copies_left = COPIES + text.len();
    let (anchors, open, has_aliases) = (HashMap::new(), Vec::new(), text.contains('*'));
    let is_over = false;
    let mut walk =
        Walk { reader, events, base, tag: None, anchors, open, has_aliases, copies_left, is_over };
    match walk.document() {
        Ok(node) => Some(node),
        Err(error) => {
            let at = base + error.marker().byte_offset().unwrap_or_default();
            advice::report(walk.reader, at, error.kind());
            None
        }
    }
}

/// The number of values that aliases may copy in a file of any size; one more is allowed for each byte. Without a
/// limit, a file of a few lines could fill the memory with lists of lists.
const COPIES: usize = 10_000;

const TAGS: &str =
    "remove the tag; a schema decides the kind of a value, and text can be put in quotes";

/// Reads the events of a file.
struct Walk<'r, 's> {
    reader: &'r mut Reader<'s>,
    events: Parser<'s, StrInput<'s>>,
    /// The length of the byte order mark.
    base: usize,
    /// The place of the tag of the last event.
    tag: Option<Span>,
    /// The values that aliases may copy, by the number of their anchor.
    anchors: HashMap<usize, Anchored<'s>>,
    /// The anchors of values that are being read.
    open: Vec<usize>,
    has_aliases: bool,
    copies_left: usize,
    /// Set when the limit of copies is reached.
    is_over: bool,
}

/// A value with an anchor.
struct Anchored<'s> {
    node: Node<'s>,
    values: usize,
    levels: usize,
}

type Result<T> = std::result::Result<T, ScanError>;

impl<'s> Walk<'_, 's> {
    fn next(&mut self) -> Result<(Event<'s>, Span)> {
        match self.events.next_event() {
            Some(Ok((event, span))) => {
                let own = |span: granit_parser::Span| {
                    let bytes = span.byte_range().unwrap_or_default();
                    Span::new(self.base + bytes.start, self.base + bytes.end)
                };
                self.tag = span.tag_span().map(own);
                Ok((event, own(span)))
            }
            Some(Err(error)) => Err(error),
            None => {
                Ok((Event::StreamEnd, Span::new(self.reader.text.len(), self.reader.text.len())))
            }
        }
    }

    /// Reads the only document. An empty file is null.
    fn document(&mut self) -> Result<Node<'s>> {
        let mut root = None;
        loop {
            let (event, span) = self.next()?;
            match event {
                Event::StreamStart | Event::DocumentEnd => {}
                Event::DocumentStart(..) if root.is_some() => {
                    let help = "put each document into a file of its own";
                    let message = "the file contains several documents";
                    let (start, end) = (span.start as usize, span.end as usize);
                    let span = Span::new(start, end.max(start + 1).min(self.reader.text.len()));
                    self.reader.bad_at(span, message, "the second one starts here", Some(help));
                    break;
                }
                Event::DocumentStart(..) => {
                    let (event, span) = self.next()?;
                    let levels_left = self.reader.most_levels;
                    root = Some(self.node(event, span, levels_left)?);
                }
                _ => break,
            }
        }
        Ok(root.unwrap_or(Node { span: Span::default(), data: Data::Unset }))
    }

    /// Reads the value that starts with an event.
    fn node(&mut self, event: Event<'s>, span: Span, levels_left: usize) -> Result<Node<'s>> {
        if !self.reader.may_read(span) {
            self.skip(&event)?;
            return Ok(Node { span, data: Data::Bad });
        }
        if event.tag().is_some() {
            return self.tagged(&event, span);
        }
        let anchor = event.anchor_id().filter(|_| self.has_aliases);
        self.open.extend(anchor);
        let node = match event {
            Event::Scalar(text, ScalarStyle::Plain, ..) => self.reader.plain(span, text),
            Event::Scalar(text, style, ..) => self.quoted(span, text, style),
            Event::SequenceStart(..) | Event::MappingStart(..) if levels_left == 0 => {
                self.skip(&event)?;
                self.reader.too_deep(span)
            }
            Event::SequenceStart(..) => self.list(span, levels_left - 1)?,
            Event::MappingStart(..) => self.map(span, levels_left - 1)?,
            Event::Alias(anchor) => self.alias(anchor, span, levels_left),
            _ => Node { span, data: Data::Unset },
        };
        if let Some(anchor) = anchor {
            self.open.pop();
            self.keep(anchor, &node);
        }
        Ok(node)
    }

    fn quoted(&self, span: Span, text: Cow<'s, str>, style: ScalarStyle) -> Node<'s> {
        let (start, end) = (span.start as usize, span.end as usize);
        // A text of several lines ends before its last line break.
        let is_block = matches!(style, ScalarStyle::Literal | ScalarStyle::Folded);
        let written = self.reader.text.get(start..end).filter(|_| is_block);
        let end = written.map_or(end, |written| start + written.trim_end().len());
        Node { span: Span::new(start, end), data: Data::Text(text.into()) }
    }

    fn list(&mut self, start: Span, levels_left: usize) -> Result<Node<'s>> {
        let first = self.reader.nodes.len();
        let mut last = None;
        loop {
            let (event, span) = self.next()?;
            if matches!(event, Event::SequenceEnd | Event::StreamEnd) {
                let data = self.reader.end_of_list(first);
                return Ok(Node { span: around(start, last, span), data });
            }
            let node = self.node(event, span, levels_left)?;
            last = Some(node.span);
            if !self.reader.is_over {
                self.reader.nodes.push(node);
            }
        }
    }

    fn map(&mut self, start: Span, levels_left: usize) -> Result<Node<'s>> {
        let first = self.reader.entries.len();
        let mut merged: Vec<Entry<'s>> = Vec::new();
        let mut last = None;
        loop {
            let (event, span) = self.next()?;
            if matches!(event, Event::MappingEnd | Event::StreamEnd) {
                merge(&mut self.reader.entries, first, merged);
                let data = self.reader.end_of_map(first, levels_left + 1);
                return Ok(Node { span: around(start, last, span), data });
            }
            let name = self.name(event, span)?;
            let (event, value_span) = self.next()?;
            let mut value = self.node(event, value_span, levels_left)?;
            if value.span.start == value.span.end {
                // A missing value is shown at its name.
                value.span = span;
            }
            last = Some(value.span);
            match name {
                _ if self.reader.is_over => {}
                Some(Name::Merge) => self.merged(value, &mut merged),
                Some(Name::Of(name)) => self.reader.entries.push(Entry { name, span, value }),
                None => {}
            }
        }
    }

    /// Reads a name. Returns `None` and reports a problem if it is no text.
    fn name(&mut self, event: Event<'s>, span: Span) -> Result<Option<Name<'s>>> {
        if event.tag().is_some() {
            self.tagged(&event, span)?;
            return Ok(None);
        }
        self.skip(&event)?;
        Ok(match event {
            Event::Scalar(name, ScalarStyle::Plain, ..) if name == "<<" => Some(Name::Merge),
            Event::Scalar(name, _, anchor, _) => {
                if anchor > 0 && self.has_aliases {
                    self.keep(anchor, &Node { span, data: Data::Text(name.clone().into()) });
                }
                Some(Name::Of(name.into()))
            }
            _ => {
                let span = Span { end: span.start + 1, ..span };
                let help = "write a name: text that starts with [, {, & or * goes in quotes";
                self.reader.bad_at(span, "the name of a value must be text", "no text", Some(help));
                None
            }
        })
    }

    /// Collects the values of a merge key.
    fn merged(&mut self, mut value: Node<'s>, merged: &mut Vec<Entry<'s>>) {
        value.unpack(self.reader.text);
        let is_map = |node: &Node<'_>| matches!(node.data, Data::Map(_) | Data::Packed(_));
        match value.data {
            Data::Map(map) => merged.extend(map),
            Data::List(list) if list.iter().all(is_map) => {
                list.into_iter().for_each(|node| self.merged(node, merged));
            }
            Data::Bad => {}
            _ => {
                let help = "write <<: *name, where &name marks a map; text goes in quotes: \"<<\"";
                let label = "not a map";
                self.reader.bad_at(value.span, "'<<' merges maps only", label, Some(help));
            }
        }
    }

    /// Skips the rest of a value.
    fn skip(&mut self, event: &Event<'_>) -> Result<()> {
        let mut levels = 0_usize;
        let mut own = None;
        let mut event = Some(event);
        loop {
            match event.or(own.as_ref()) {
                Some(Event::SequenceStart(..) | Event::MappingStart(..)) => levels += 1,
                Some(Event::SequenceEnd | Event::MappingEnd) => levels -= 1,
                Some(Event::StreamEnd) => return Ok(()),
                _ => {}
            }
            if levels == 0 {
                return Ok(());
            }
            event = None;
            own = Some(self.next()?.0);
        }
    }

    /// Reports a tag, and reads on behind its value.
    fn tagged(&mut self, event: &Event<'_>, span: Span) -> Result<Node<'s>> {
        let tag = self.tag.unwrap_or(span);
        self.reader.bad_at(tag, "tags are not supported", "tag", Some(TAGS));
        self.skip(event)?;
        Ok(Node { span, data: Data::Bad })
    }

    /// Keeps a value for aliases.
    fn keep(&mut self, anchor: usize, node: &Node<'s>) {
        let (values, levels) = measure(node, self.reader.text);
        if self.take(values, node.span) {
            self.anchors.insert(anchor, Anchored { node: node.clone(), values, levels });
        }
    }

    /// Returns whether so many values may be copied, and reports the limit once.
    fn take(&mut self, values: usize, span: Span) -> bool {
        if let Some(left) = self.copies_left.checked_sub(values) {
            self.copies_left = left;
            return true;
        }
        if !std::mem::replace(&mut self.is_over, true) {
            let message = "aliases copy too many values for a file of this size";
            let help = "write the values out, or let records inherit them";
            let span = Span { end: span.start + 1, ..span };
            self.reader.bad_at(span, message, "limit reached here", Some(help));
        }
        false
    }

    /// Copies the value of an anchor.
    fn alias(&mut self, anchor: usize, span: Span, levels_left: usize) -> Node<'s> {
        if self.open.contains(&anchor) {
            let help = "an alias copies a value that ends before it";
            return self.reader.bad(span, "the value contains itself", Some(help));
        }
        let bad = Node { span, data: Data::Bad };
        // A value that is not kept has a problem, which is reported already.
        let Some((values, levels)) = self.anchors.get(&anchor).map(|of| (of.values, of.levels))
        else {
            return bad;
        };
        if levels > levels_left {
            return self.reader.too_deep(span);
        }
        if !self.take(values, span) {
            return bad;
        }
        match self.reader.values_left.checked_sub(values) {
            Some(left) => self.reader.values_left = left,
            None => {
                self.reader.values_left = 0;
                _ = self.reader.may_read(span);
                return bad;
            }
        }
        let mut node = self.anchors.get(&anchor).map_or(bad, |of| of.node.clone());
        // A copy can stand at any level.
        node.unpack_all(self.reader.text);
        node
    }
}

enum Name<'s> {
    Of(Text<'s>),
    /// `<<`
    Merge,
}

/// Adds the merged values whose names are not there.
fn merge<'s>(entries: &mut Vec<Entry<'s>>, first: usize, merged: Vec<Entry<'s>>) {
    if merged.is_empty() {
        return;
    }
    let mut names: HashSet<Text<'s>> =
        entries[first..].iter().map(|entry| entry.name.clone()).collect();
    entries.extend(merged.into_iter().filter(|entry| names.insert(entry.name.clone())));
}

/// Returns the span of a list or map. Without brackets, it ends with its last value.
const fn around(start: Span, last: Option<Span>, end: Span) -> Span {
    match last {
        Some(last) if start.start == start.end => Span { start: start.start, end: last.end },
        _ => Span { start: start.start, end: end.end },
    }
}

/// Returns the number of values and of levels.
fn measure(node: &Node<'_>, file: &str) -> (usize, usize) {
    let of_all = |nodes: &mut dyn Iterator<Item = &Node<'_>>| {
        nodes
            .map(|node| measure(node, file))
            .fold((1, 1), |(values, levels), (inner, deep)| (values + inner, levels.max(deep + 1)))
    };
    match &node.data {
        Data::List(list) => of_all(&mut list.iter()),
        Data::Map(map) => of_all(&mut map.iter().map(|entry| &entry.value)),
        Data::Packed(packed) => {
            let map: Vec<_> = packed.entries(file).collect();
            of_all(&mut map.iter().map(|entry| &entry.value))
        }
        _ => (1, 0),
    }
}
