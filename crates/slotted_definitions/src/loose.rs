//! Files of objects that are no definition files: a game's own data.

use std::borrow::Cow;
use std::collections::HashMap;
use std::sync::Arc;

use globset::{GlobBuilder, GlobSet, GlobSetBuilder};

use crate::declared::{Group, PackedRecord, make_room};
use crate::diagnostic::{Code, Diagnostic, quoted};
use crate::document::{Declarations, packed_applies};
use crate::format::Format;
use crate::keys::Reading;
use crate::node::{Data, Entry, Node};
use crate::pack::PackFile;
use crate::packs::Packs;
use crate::source::{Place, Span};
use crate::text::Text;
use crate::words::{WORDS, Words};

/// The files of objects that a manifest lists under `objects`.
#[derive(Debug, Default)]
pub(super) struct LooseFiles {
    pub(super) entries: Vec<LooseObjects>,
    /// The entry of each file and folder.
    paths: HashMap<Arc<str>, usize>,
    /// All patterns in one automaton: backtracking would let a pattern of a few bytes take seconds.
    patterns: GlobSet,
    /// The entry of each pattern.
    of_patterns: Vec<usize>,
}

/// How to read some of the files.
#[derive(Debug)]
pub(super) struct LooseObjects {
    /// A file, a folder or a pattern.
    pub(super) path: Arc<str>,
    pub(super) place: Place,
    /// The schema of objects that do not tell theirs.
    pub(super) schema: Option<(Arc<str>, Place)>,
    /// The attribute that names the schema.
    pub(super) schema_from: Option<Arc<str>>,
    /// The attribute that names the record.
    pub(super) name_from: Option<Arc<str>>,
    /// `true` if a map is one object, `false` if it has objects by name. `None` if its entries tell.
    pub(super) single: Option<bool>,
    pub(super) words: Arc<Words>,
}

const KEYS: [&str; 5] = ["schema", "schema_from", "name_from", "single", WORDS];

impl LooseFiles {
    /// Reads the key `objects` of a manifest.
    pub(super) fn read(reading: &mut Reading<'_>, entry: &Entry<'_>) -> Self {
        let expected = "a map from files to schemas";
        let map = reading.map(&entry.value, "'objects'", expected).unwrap_or_default();
        let mut files = Self::default();
        let mut patterns = GlobSetBuilder::new();
        for entry in reading.once(map, "objects") {
            let Some(objects) = LooseObjects::read(reading, entry) else { continue };
            if entry.name.contains(['*', '?', '[']) {
                match GlobBuilder::new(&entry.name).literal_separator(true).build() {
                    Ok(pattern) => _ = patterns.add(pattern),
                    Err(error) => {
                        no_pattern(reading, entry, &error);
                        continue;
                    }
                }
                files.of_patterns.push(files.entries.len());
            }
            files.paths.entry(Arc::clone(&objects.path)).or_insert(files.entries.len());
            files.entries.push(objects);
        }
        match patterns.build() {
            Ok(patterns) => files.patterns = patterns,
            Err(error) => no_pattern(reading, entry, &error),
        }
        files
    }

    pub(super) const fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    /// Returns the closest entry for a file of the pack.
    pub(super) fn of(&self, file: &str) -> Option<&LooseObjects> {
        self.all_of(file).next().map(|number| &self.entries[number])
    }

    /// Iterates over the entries for a file of the pack: the file, then its folders, the inner ones first, then patterns in order.
    fn all_of(&self, file: &str) -> impl Iterator<Item = usize> {
        let ends = file.rmatch_indices('/').map(|(end, _)| end);
        let paths = std::iter::once(file.len()).chain(ends).map(|end| &file[..end]);
        let matches = self.patterns.matches(file).into_iter();
        paths
            .filter_map(|path| self.paths.get(path).copied())
            .chain(matches.map(|number| self.of_patterns[number]))
    }

    /// Returns the entries for which there are no files.
    pub(super) fn unused<'f>(&self, files: impl Iterator<Item = &'f str>) -> Vec<&LooseObjects> {
        let mut is_used = vec![false; self.entries.len()];
        files.for_each(|file| self.all_of(file).for_each(|number| is_used[number] = true));
        let entries = self.entries.iter().zip(is_used);
        entries.filter(|(_, is_used)| !is_used).map(|(entry, _)| entry).collect()
    }
}

fn no_pattern(reading: &mut Reading<'_>, entry: &Entry<'_>, error: &globset::Error) {
    let message = format!("{} is no pattern of files: {}", quoted(&entry.name), error.kind());
    let place = reading.place(entry.span);
    reading.diagnostics.push(Diagnostic::error(Code::Unexpected, message).at(place, "here"));
}

impl LooseObjects {
    fn read(reading: &mut Reading<'_>, entry: &Entry<'_>) -> Option<Self> {
        let place = reading.place(entry.span);
        let path = entry.name.trim_end_matches('/').into();
        let words = Arc::default();
        let (schema, schema_from, name_from, single) = (None, None, None, None);
        let mut loose = Self { path, place, schema, schema_from, name_from, single, words };
        let with_place = |reading: &mut Reading<'_>, node: &Node<'_>| {
            let schema = reading.text(node, "a schema name")?;
            Some((schema.into(), reading.place(node.span)))
        };
        let Data::Map(map) = &entry.value.data else {
            loose.schema = Some(with_place(reading, &entry.value)?);
            let mut words = Words::default();
            words.set_entry(loose.shown());
            loose.words = Arc::new(words);
            return Some(loose);
        };
        for key in reading.once(map, "the files of objects") {
            match &*key.name {
                "schema" => loose.schema = with_place(reading, &key.value),
                "schema_from" => {
                    loose.schema_from = reading.text(&key.value, "'schema_from'").map(Into::into);
                }
                "name_from" => {
                    loose.name_from = reading.text(&key.value, "'name_from'").map(Into::into);
                }
                "single" => loose.single = reading.bool(&key.value, "'single'"),
                WORDS => loose.words = Arc::new(Words::read(reading, &key.value)),
                _ => reading.unknown(key, "files of objects", &KEYS, None),
            }
        }
        let mut words = Words::clone(&loose.words);
        words.set_entry(loose.shown());
        loose.words = Arc::new(words);
        if loose.schema.is_none() && loose.schema_from.is_none() {
            let message = format!("no schema is given for {}", quoted(&entry.name));
            let diagnostic = Diagnostic::error(Code::MissingValue, message)
                .at(reading.place(entry.value.span), "no 'schema'")
                .help("write schema = \"NAME\", or schema_from = \"ATTRIBUTE\"");
            reading.diagnostics.push(diagnostic);
            return None;
        }
        Some(loose)
    }
}

impl LooseObjects {
    /// Returns the entry without its words and its end.
    fn shown(&self) -> String {
        let schema = self.schema.as_ref().map(|(schema, _)| schema);
        let keys = [
            ("schema", schema),
            ("schema_from", self.schema_from.as_ref()),
            ("name_from", self.name_from.as_ref()),
        ];
        let keys =
            keys.into_iter().filter_map(|(key, value)| Some(format!("{key} = {:?}", value?)));
        let keys = keys.chain(self.single.map(|single| format!("single = {single}")));
        format!("{:?} = {{ {}", self.path, keys.collect::<Vec<_>>().join(", "))
    }
}

/// The objects of one file.
pub(super) struct LooseFile<'s> {
    pub(super) of: &'s LooseObjects,
    /// The name of a record that is the whole file.
    pub(super) stem: &'s str,
    pub(super) file: PackFile,
    /// The position of the pack in the load order.
    pub(super) pack: usize,
    pub(super) text: &'s str,
    pub(super) packs: &'s Packs,
    /// The groups of the objects by schema. Objects of the schema in the manifest have no name here.
    groups: HashMap<Option<Text<'s>>, u32>,
    buffer: Vec<u8>,
}

impl<'s> LooseFile<'s> {
    pub(super) fn new(
        (of, stem): (&'s LooseObjects, &'s str),
        (file, pack, text): (PackFile, usize, &'s str),
        packs: &'s Packs,
    ) -> Self {
        let (groups, buffer) = (HashMap::new(), Vec::new());
        Self { of, stem, file, pack, text, packs, groups, buffer }
    }

    /// Reads a list of objects, a map of objects by name, or a single object. In TOML, a map may have lists of objects too.
    pub(super) fn read(
        mut self,
        mut root: Node<'s>,
        reading: &mut Reading<'_>,
        into: &mut Declarations<'s>,
    ) {
        let is_one = root.named().is_some();
        root.remove_name();
        root.unpack(self.text);
        let span = root.span;
        if let Data::Map(map) = &mut root.data {
            // Editors write the address of a JSON Schema at the top of a file.
            let is_address = |entry: &Entry<'_>| {
                entry.name == "$schema" && matches!(entry.value.data, Data::Text(_))
            };
            if map.iter().any(is_address) {
                let own = std::mem::take(map).into_iter().filter(|entry| !is_address(entry));
                *map = own.collect();
            }
        }
        match root.data {
            Data::List(list) => {
                make_room(&mut into.records, list.len());
                for node in list {
                    self.object(reading, node, None, into);
                }
            }
            Data::Map(map) if !is_one && !self.of.single.unwrap_or(!self.are_objects(&map)) => {
                make_room(&mut into.records, map.len());
                for Entry { name, span, value } in reading.take_once(map, "the objects of the file")
                {
                    match value.data {
                        Data::List(list) => {
                            list.into_iter()
                                .for_each(|node| self.object(reading, node, None, into));
                        }
                        _ => self.object(reading, value, Some((name, span)), into),
                    }
                }
            }
            Data::Map(map) => {
                let root = Node { span, data: Data::Map(map) };
                self.object(reading, root, Some((self.stem.into(), span)), into);
            }
            data => {
                let expected = "a list of objects, a map of objects by name, or one object";
                reading.unexpected(&Node { span, data }, "a file of objects", expected);
            }
        }
    }

    /// Returns whether the map is one of objects, rather than one object.
    fn are_objects(&self, map: &[Entry<'_>]) -> bool {
        let own = [&self.of.schema_from, &self.of.name_from];
        let is_own =
            |entry: &Entry<'_>| own.iter().any(|name| name.as_deref() == Some(&entry.name));
        let is_map = |node: &Node<'_>| matches!(node.data, Data::Map(_) | Data::Packed(_));
        let is_toml = self.file.format == Format::Toml;
        // TOML has no lists at the top: `[[pine]]` begins an object of a list.
        let are_objects = |entry: &Entry<'_>| match &entry.value.data {
            Data::List(list) => is_toml && !list.is_empty() && list.iter().all(is_map),
            _ => is_map(&entry.value),
        };
        map.iter().all(are_objects) && !map.iter().any(is_own)
    }

    fn object(
        &mut self,
        reading: &mut Reading<'_>,
        mut node: Node<'s>,
        name: Option<(Text<'s>, Span)>,
        into: &mut Declarations<'s>,
    ) {
        node.remove_name();
        let (span, what) = (node.span, ("an object", "a map from slots to values"));
        let Some(map) = reading.packed(node, what, self.text, &mut self.buffer) else { return };
        let is_skipped = !packed_applies(reading, &map, self.text, (&self.of.words, self.packs));
        let own = |attribute: &Option<Arc<str>>| map.find(self.text, attribute.as_deref()?);
        let text_of = |value: Option<Node<'s>>| match value {
            Some(Node { data: Data::Text(text), span }) => Some((text, span)),
            _ => None,
        };
        let schema_from = own(&self.of.schema_from);
        let has_schema = schema_from.as_ref().map(Node::kind_name);
        let own_schema = text_of(schema_from);
        let number = |value: &Node<'s>| {
            let number = match value.data {
                Data::Int(number) => number.to_string(),
                Data::UInt(number) => number.to_string(),
                _ => return None,
            };
            Some((Text::from(Cow::Owned(number)), value.span))
        };
        let own_name = own(&self.of.name_from);
        let numbered = own_name.as_ref().and_then(number);
        into.has_numbers |= numbered.is_some();
        let name = text_of(own_name).or(numbered).or(name);
        let Some(group) = self.group(own_schema, &mut into.groups) else {
            if is_skipped {
                return;
            }
            let attribute = quoted(self.of.schema_from.as_deref().unwrap_or_default());
            let place = reading.place(span);
            reading.diagnostics.push_with(|_| match has_schema {
                Some(found) => {
                    let message = format!("{attribute} of an object must be text, not {found}");
                    Diagnostic::error(Code::Unexpected, message)
                        .at(place, "its schema is unknown")
                        .help("write the name of a schema, or give the files a 'schema' in the manifest")
                }
                None => {
                    Diagnostic::error(Code::MissingValue, format!("an object has no {attribute}"))
                        .at(place, "its schema is unknown")
                        .help("add it, or give the files a 'schema' in the manifest")
                }
            });
            return;
        };
        if is_skipped {
            return into.skipped.push((group, span));
        }
        let is_named = name.is_some();
        let (name, span) = name.unwrap_or(("".into(), span));
        into.records.push(PackedRecord { group, is_named, name, span, map });
    }

    /// Returns the group of a schema that an object names, or of the one in the manifest.
    fn group(&mut self, own: Option<(Text<'s>, Span)>, groups: &mut Vec<Group<'s>>) -> Option<u32> {
        let (key, span) = own.map_or((None, None), |(schema, span)| (Some(schema), Some(span)));
        if let Some(group) = self.groups.get(&key) {
            return Some(*group);
        }
        let file = self.file.file;
        let (schema, schema_place) = match (&key, span, &self.of.schema) {
            (Some(own), Some(span), _) => (own.clone(), Place { file, span }),
            (_, _, Some((schema, place))) => ((&**schema).into(), *place),
            _ => return None,
        };
        let number = groups.len() as u32;
        let taken = [self.of.name_from.as_deref(), self.of.schema_from.as_deref()];
        let (pack, text, words) = (self.pack, self.text, Arc::clone(&self.of.words));
        groups.push(Group { schema, schema_place, pack, file, text, taken, words });
        self.groups.insert(key, number);
        Some(number)
    }
}
