//! Maps of a file in few bytes: a load keeps the tree of every record until the record is read.

use crate::bytes::{Bytes, FIRST_TAG, Plain, from_span, put, put_all, put_text, to_span};
use crate::node::{Data, Entry, Node};
use crate::source::Span;
use crate::text::Text;
use crate::words::{Word, Words};

/// A map with the places of its values. The text of the file is needed to read it.
#[derive(Clone, Debug)]
pub(super) struct Packed(Box<[u8]>);

/// Words that are needed before a record is read. The first byte tells which ones the map has.
pub(super) const IF_PACK: &str = Word::IfPack.name();
const INHERITS: &str = Word::Inherits.name();
const HAS_IF_PACK: u8 = 1;
const HAS_INHERITS: u8 = 2;

const LIST: u8 = FIRST_TAG;
const MAP: u8 = FIRST_TAG + 1;
const BAD: u8 = FIRST_TAG + 2;
/// The tags of texts are this one and the number of their form.
const TEXT: u8 = FIRST_TAG + 3;

/// The way in which a text is stored.
enum Form {
    /// All of its span but for the quotes.
    InQuotes,
    /// All of its span.
    Whole,
    /// A part of the file that begins here.
    Part(usize),
    /// A copy.
    Own,
}

impl Form {
    const fn number(&self) -> u8 {
        match self {
            Self::InQuotes => 0,
            Self::Whole => 1,
            Self::Part(_) => 2,
            Self::Own => 3,
        }
    }
}

/// Returns the part of the file between quotes.
#[inline]
fn in_quotes(file: &str, span: Span) -> Option<&str> {
    file.get(span.start as usize + 1..(span.end as usize).checked_sub(1)?)
}

#[inline]
fn whole(file: &str, span: Span) -> Option<&str> {
    file.get(span.start as usize..span.end as usize)
}

#[inline]
fn form(file: &str, span: Span, text: &Text<'_>) -> Form {
    let Text::Borrowed(text) = text else { return form_of_copy(file, span, text) };
    // A text with an address in the file is a part of it, so that no byte needs a comparison.
    let start = (text.as_ptr() as usize).wrapping_sub(file.as_ptr() as usize);
    match start.checked_add(text.len()).filter(|end| *end <= file.len()) {
        Some(end) if (start, end + 1) == (span.start as usize + 1, span.end as usize) => {
            Form::InQuotes
        }
        Some(end) if (start, end) == (span.start as usize, span.end as usize) => Form::Whole,
        Some(_) => Form::Part(start),
        None => form_of_copy(file, span, &Text::Borrowed(text)),
    }
}

#[cold]
fn form_of_copy(file: &str, span: Span, text: &str) -> Form {
    if in_quotes(file, span) == Some(text) {
        return Form::InQuotes;
    }
    if whole(file, span) == Some(text) { Form::Whole } else { Form::Own }
}

impl Packed {
    /// Packs a map of the file. The buffer saves an allocation.
    pub(super) fn new(entries: &[Entry<'_>], file: &str, buffer: &mut Vec<u8>) -> Self {
        buffer.clear();
        let key = |entry: &Entry<'_>| match &*entry.name {
            IF_PACK => HAS_IF_PACK,
            INHERITS => HAS_INHERITS,
            _ => 0,
        };
        buffer.push(entries.iter().fold(0, |keys, entry| keys | key(entry)));
        Packing { file, bytes: buffer, at: 0 }.map(entries);
        Self(buffer.as_slice().into())
    }

    fn has(&self, key: u8) -> bool {
        self.0.first().is_some_and(|keys| keys & key != 0)
    }

    /// Returns the value of the word `if_pack`.
    pub(super) fn if_pack<'s>(&self, file: &'s str, words: &Words) -> Option<Node<'s>> {
        self.word(file, (Word::IfPack, HAS_IF_PACK), words)
    }

    /// Returns the value of the word `inherits`.
    pub(super) fn inherits<'s>(&self, file: &'s str, words: &Words) -> Option<Node<'s>> {
        self.word(file, (Word::Inherits, HAS_INHERITS), words)
    }

    fn word<'s>(&self, file: &'s str, (word, key): (Word, u8), words: &Words) -> Option<Node<'s>> {
        let name = words.name(word)?;
        (name != word.name() || self.has(key)).then(|| self.find(file, name))?
    }

    /// Iterates over the entries, which are unpacked one by one.
    pub(super) fn entries<'s>(&self, file: &'s str) -> impl Iterator<Item = Entry<'s>> {
        let (count, mut unpacking) = self.unpacking(file);
        (0..count).map(move |_| unpacking.entry())
    }

    /// Unpacks the entries into a list, which replaces its content.
    pub(super) fn unpack<'s>(&self, file: &'s str, into: &mut Vec<Entry<'s>>) {
        into.clear();
        let (count, mut unpacking) = self.unpacking(file);
        into.reserve(count as usize);
        (0..count).for_each(|_| into.push(unpacking.entry()));
    }

    fn unpacking<'b, 's>(&'b self, file: &'s str) -> (u64, Unpacking<'b, 's>) {
        let mut bytes = Bytes(self.0.get(1..).unwrap_or_default());
        (bytes.number(), Unpacking { file, bytes, at: 0 })
    }

    /// Finds the first value of a name.
    pub(super) fn find<'s>(&self, file: &'s str, name: &str) -> Option<Node<'s>> {
        self.entries(file).find(|entry| entry.name == name).map(|entry| entry.value)
    }
}

impl<'s> Node<'s> {
    /// Unpacks a packed map; its parts are never packed.
    pub(super) fn unpack(&mut self, file: &'s str) {
        if let Data::Packed(packed) = &self.data {
            self.data = Data::Map(packed.entries(file).collect());
        }
    }

    /// Unpacks all maps of the tree.
    pub(super) fn unpack_all(&mut self, file: &'s str) {
        self.unpack(file);
        match &mut self.data {
            Data::List(list) => list.iter_mut().for_each(|node| node.unpack_all(file)),
            Data::Map(map) => map.iter_mut().for_each(|entry| entry.value.unpack_all(file)),
            _ => {}
        }
    }
}

struct Packing<'p> {
    file: &'p str,
    bytes: &'p mut Vec<u8>,
    /// The end of the last span, or the start of the map or list around it.
    at: u32,
}

impl Packing<'_> {
    fn map(&mut self, entries: &[Entry<'_>]) {
        put(self.bytes, entries.len() as u64);
        entries.iter().for_each(|entry| self.entry(entry));
    }

    #[inline]
    fn entry(&mut self, Entry { name, span, value }: &Entry<'_>) {
        let form = form(self.file, *span, name);
        let [start, length] = from_span(self.at, *span);
        put_all(self.bytes, [start, length << 2 | u64::from(form.number())]);
        self.text(&form, name);
        self.at = span.end;
        self.node(value);
    }

    /// Adds the parts of a text that its span does not tell.
    #[inline]
    fn text(&mut self, form: &Form, text: &str) {
        match form {
            Form::InQuotes | Form::Whole => {}
            Form::Part(start) => {
                put(self.bytes, *start as u64);
                put(self.bytes, text.len() as u64);
            }
            Form::Own => put_text(self.bytes, text),
        }
    }

    #[inline(always)]
    fn node(&mut self, Node { span, data }: &Node<'_>) {
        let head = from_span(self.at, *span);
        let plain = match data {
            Data::Unset => Plain::Unset,
            Data::Bool(truth) => Plain::Bool(*truth),
            Data::Int(number) => Plain::Int(*number),
            Data::UInt(number) => Plain::UInt(*number),
            Data::Float(number) => Plain::Float(*number),
            Data::Text(text) => {
                let form = form(self.file, *span, text);
                put_all(self.bytes, [head[0], head[1], u64::from(TEXT + form.number())]);
                self.text(&form, text);
                self.at = span.end;
                return;
            }
            _ => {
                put_all(self.bytes, head);
                self.at = span.start;
                self.parts(data);
                self.at = span.end;
                return;
            }
        };
        put_all(self.bytes, head);
        plain.put(self.bytes);
        self.at = span.end;
    }

    #[inline(never)]
    fn parts(&mut self, data: &Data<'_>) {
        match data {
            Data::List(list) => {
                self.bytes.push(LIST);
                put(self.bytes, list.len() as u64);
                list.iter().for_each(|node| self.node(node));
            }
            Data::Map(map) => {
                self.bytes.push(MAP);
                self.map(map);
            }
            Data::Packed(packed) => {
                self.bytes.push(MAP);
                self.map(&packed.entries(self.file).collect::<Vec<_>>());
            }
            _ => self.bytes.push(BAD),
        }
    }
}

struct Unpacking<'b, 's> {
    file: &'s str,
    bytes: Bytes<'b>,
    at: u32,
}

impl<'s> Unpacking<'_, 's> {
    #[inline]
    fn entry(&mut self) -> Entry<'s> {
        let [start, length] = self.bytes.numbers();
        let span = to_span(self.at, start, length >> 2);
        let name = self.text((length & 3) as u8, span);
        self.at = span.end;
        Entry { name, span, value: self.node() }
    }

    #[inline]
    fn text(&mut self, form: u8, span: Span) -> Text<'s> {
        let part = match form {
            0 => in_quotes(self.file, span),
            1 => whole(self.file, span),
            2 => {
                let (start, length) = (self.bytes.number() as usize, self.bytes.number() as usize);
                self.file.get(start..start.saturating_add(length))
            }
            _ => return Text::Owned(Box::new(self.bytes.text().into())),
        };
        Text::Borrowed(part.unwrap_or_default())
    }

    #[inline(always)]
    fn node(&mut self) -> Node<'s> {
        let [start, length, tag] = self.bytes.numbers();
        let (span, tag) = (to_span(self.at, start, length), tag as u8);
        let data = match tag {
            LIST | MAP => {
                self.at = span.start;
                self.parts(tag)
            }
            BAD => Data::Bad,
            TEXT.. => Data::Text(self.text(tag - TEXT, span)),
            plain => match Plain::take(plain, &mut self.bytes) {
                Plain::Unset => Data::Unset,
                Plain::Bool(truth) => Data::Bool(truth),
                Plain::Int(number) => Data::Int(number),
                Plain::UInt(number) => Data::UInt(number),
                Plain::Float(number) => Data::Float(number),
            },
        };
        self.at = span.end;
        Node { span, data }
    }

    /// Unpacks a list or a map.
    #[inline(never)]
    fn parts(&mut self, tag: u8) -> Data<'s> {
        let count = self.bytes.number();
        match tag {
            LIST => Data::List((0..count).map(|_| self.node()).collect()),
            _ => Data::Map((0..count).map(|_| self.entry()).collect()),
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const FILE: &str = "{\"name\": \"é orc\", bare: [1, 2], \"x\": {\"deep\": null}}";

    fn spans() -> impl Strategy<Value = Span> {
        let near = (0..FILE.len() as u32, 0..20_u32);
        let any = (any::<u32>(), any::<u32>()).prop_map(|(start, end)| Span { start, end });
        prop_oneof![near.prop_map(|(start, length)| Span { start, end: start + length }), any]
    }

    fn texts() -> impl Strategy<Value = Text<'static>> {
        let part = (0..FILE.len(), 0..10_usize)
            .prop_map(|(start, length)| FILE.get(start..start + length).unwrap_or("else").into());
        let own = ".{0,20}".prop_map(|own| Text::Owned(Box::new(own.into())));
        prop_oneof![part, own]
    }

    fn nodes() -> impl Strategy<Value = Node<'static>> {
        let data = prop_oneof![
            Just(Data::Unset),
            Just(Data::Bad),
            any::<bool>().prop_map(Data::Bool),
            any::<i64>().prop_map(Data::Int),
            (-9..9_i64).prop_map(Data::Int),
            any::<u64>().prop_map(Data::UInt),
            any::<u64>().prop_map(|bits| Data::Float(f64::from_bits(bits))),
            any::<f32>().prop_map(|number| Data::Float(number.into())),
            texts().prop_map(Data::Text),
        ];
        let leaf = (spans(), data).prop_map(|(span, data)| Node { span, data });
        leaf.prop_recursive(4, 40, 6, |inner| {
            let list = prop::collection::vec(inner.clone(), 0..6);
            let list = list.prop_map(|list| Data::List(list.into()));
            let data = prop_oneof![list, entries(inner).prop_map(|map| Data::Map(map.into()))];
            (spans(), data).prop_map(|(span, data)| Node { span, data })
        })
    }

    fn entries(
        inner: impl Strategy<Value = Node<'static>>,
    ) -> impl Strategy<Value = Vec<Entry<'static>>> {
        let entry = (texts(), spans(), inner);
        let entry = entry.prop_map(|(name, span, value)| Entry { name, span, value });
        prop::collection::vec(entry, 0..6)
    }

    /// Shows all of a tree, and the bits of its numbers.
    fn shown(node: &Node<'_>) -> String {
        let parts = match &node.data {
            Data::List(list) => list.iter().map(shown).collect::<Vec<_>>().join(", "),
            Data::Map(map) => shown_map(map),
            Data::Float(number) => number.to_bits().to_string(),
            other => format!("{other:?}"),
        };
        format!("{:?} {} {parts}", node.span, node.kind_name())
    }

    fn shown_map(map: &[Entry<'_>]) -> String {
        let entry = |entry: &Entry<'_>| {
            format!("{:?} {:?} {}", entry.name, entry.span, shown(&entry.value))
        };
        map.iter().map(entry).collect::<Vec<_>>().join(", ")
    }

    proptest! {
        #[test]
        fn every_tree_comes_back(entries in entries(nodes())) {
            let packed = Packed::new(&entries, FILE, &mut Vec::new());
            let back: Vec<_> = packed.entries(FILE).collect();
            prop_assert_eq!(shown_map(&back), shown_map(&entries));
            let whole = Span::new(0, FILE.len());
            let mut node = Node { span: whole, data: Data::Packed(packed) };
            let outer = [Entry { name: "outer".into(), span: whole, value: node.clone() }];
            node.unpack(FILE);
            let packed = Packed::new(&outer, FILE, &mut Vec::new());
            let inner = packed.find(FILE, "outer").map(|inner| shown(&inner));
            prop_assert_eq!(inner, Some(shown(&node)));
        }
    }

    #[test]
    fn the_texts_of_a_file_need_no_copy() {
        let name = Entry {
            name: "name".into(),
            span: Span::new(1, 7),
            value: Node { span: Span::new(9, 17), data: Data::Text("é orc".into()) },
        };
        let packed = Packed::new(&[name], FILE, &mut Vec::new());
        // The keys, the count, and two bytes for each span, one for the tag.
        assert_eq!(packed.0.len(), 1 + 1 + 2 + 2 + 1);
        let entry = packed.entries(FILE).next();
        let is_borrowed = |text: &Text<'_>| matches!(text, Text::Borrowed(_));
        assert!(entry.is_some_and(|entry| is_borrowed(&entry.name)
            && matches!(&entry.value.data, Data::Text(text) if is_borrowed(text))));
        let words = &Words::default();
        assert!(packed.if_pack(FILE, words).is_none() && packed.inherits(FILE, words).is_none());
    }

    #[test]
    fn keys_are_known_without_a_search() {
        let entry = |name: &'static str| {
            let value = Node { span: Span::default(), data: Data::Unset };
            Entry { name: name.into(), span: Span::default(), value }
        };
        let packed = Packed::new(&[entry(INHERITS)], FILE, &mut Vec::new());
        let words = &Words::default();
        assert!(packed.inherits(FILE, words).is_some() && packed.if_pack(FILE, words).is_none());
    }
}
