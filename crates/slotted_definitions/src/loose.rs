//! Files of objects that are no definition files: a game's own data.

use std::sync::Arc;

use glob::{MatchOptions, Pattern};

use crate::diagnostic::{Code, Diagnostic, quoted};
use crate::document::{Declaration, Document, RecordDeclaration};
use crate::keys::Reading;
use crate::node::{Data, Entry, Node};
use crate::source::Place;

/// Files of objects, as a manifest lists them under `objects`.
#[derive(Debug)]
pub(super) struct LooseObjects {
    /// A file, a folder or a pattern.
    pub(super) path: Arc<str>,
    pub(super) place: Place,
    pattern: Option<Pattern>,
    /// The schema of objects that do not tell theirs.
    schema: Option<(Arc<str>, Place)>,
    /// The attribute that names the schema.
    schema_from: Option<Arc<str>>,
    /// The attribute that names the record.
    name_from: Option<Arc<str>>,
}

const KEYS: [&str; 3] = ["schema", "schema_from", "name_from"];

/// Reads the key `objects` of a manifest.
pub(super) fn objects(reading: &mut Reading<'_>, entry: &Entry<'_>) -> Vec<LooseObjects> {
    let expected = "a map from files to schemas";
    let map = reading.map(&entry.value, "'objects'", expected).unwrap_or_default();
    let files = reading.once(map, "objects");
    files.into_iter().filter_map(|file| LooseObjects::read(reading, file)).collect()
}

impl LooseObjects {
    fn read(reading: &mut Reading<'_>, entry: &Entry<'_>) -> Option<Self> {
        let place = reading.place(entry.span);
        let path = entry.name.trim_end_matches('/').into();
        let pattern = match entry.name.contains(['*', '?', '[']).then(|| Pattern::new(&entry.name))
        {
            None => None,
            Some(Ok(pattern)) => Some(pattern),
            Some(Err(error)) => {
                let message =
                    format!("{} is no pattern of files: {}", quoted(&entry.name), error.msg);
                let diagnostic = Diagnostic::error(Code::Unexpected, message);
                reading.diagnostics.push(diagnostic.at(place, "here"));
                return None;
            }
        };
        let mut loose =
            Self { path, place, pattern, schema: None, schema_from: None, name_from: None };
        let with_place = |reading: &mut Reading<'_>, node: &Node<'_>| {
            let schema = reading.text(node, "a schema name")?;
            Some((schema.into(), reading.place(node.span)))
        };
        if let Data::Map(map) = &entry.value.data {
            for key in reading.once(map, "the files of objects") {
                match &*key.name {
                    "schema" => loose.schema = with_place(reading, &key.value),
                    "schema_from" => {
                        loose.schema_from =
                            reading.text(&key.value, "'schema_from'").map(Into::into);
                    }
                    "name_from" => {
                        loose.name_from = reading.text(&key.value, "'name_from'").map(Into::into);
                    }
                    _ => reading.unknown(key, "files of objects", &KEYS, None),
                }
            }
            if loose.schema.is_none() && loose.schema_from.is_none() {
                let message = format!("no schema is given for {}", quoted(&entry.name));
                let diagnostic = Diagnostic::error(Code::MissingValue, message)
                    .at(reading.place(entry.value.span), "no 'schema'")
                    .help("write schema = \"NAME\", or schema_from = \"ATTRIBUTE\"");
                reading.diagnostics.push(diagnostic);
                return None;
            }
        } else {
            loose.schema = Some(with_place(reading, &entry.value)?);
        }
        Some(loose)
    }

    /// Returns whether a file of the pack is one of these, and how closely: a file, a folder, or a pattern.
    fn closeness(&self, file: &str) -> Option<usize> {
        if let Some(pattern) = &self.pattern {
            let options = MatchOptions { require_literal_separator: true, ..MatchOptions::new() };
            return pattern.matches_with(file, options).then_some(0);
        }
        match file.strip_prefix(&*self.path)? {
            "" => Some(usize::MAX),
            rest => rest.starts_with('/').then_some(self.path.len()),
        }
    }

    /// Returns whether a file of the pack is one of these.
    pub(super) fn has(&self, file: &str) -> bool {
        self.closeness(file).is_some()
    }
}

/// Returns the closest of the entries that have a file; of two that are as close, the first.
pub(super) fn of_file<'m>(all: &'m [LooseObjects], file: &str) -> Option<&'m LooseObjects> {
    let close = all.iter().filter_map(|loose| Some((loose.closeness(file)?, loose)));
    close.rev().max_by_key(|(closeness, _)| *closeness).map(|(_, loose)| loose)
}

/// The objects of one file.
pub(super) struct LooseFile<'n, 's> {
    pub(super) of: &'n LooseObjects,
    /// The name of a record that is the whole file.
    pub(super) stem: &'n str,
    pub(super) document: Document<'n, 's>,
}

impl<'n, 's> LooseFile<'n, 's> {
    /// Reads a list of objects, a map of objects by name, or a single object.
    pub(super) fn read(
        &self,
        reading: &mut Reading<'_>,
        into: &mut Vec<RecordDeclaration<'n, 's>>,
    ) {
        let root = self.document.root;
        match &root.data {
            Data::List(list) => {
                into.reserve(list.len());
                for node in list {
                    self.object(reading, node, None, into);
                }
            }
            Data::Map(map) if self.are_objects(map) => {
                for entry in reading.once(map, "the objects of the file") {
                    let name = (&*entry.name, reading.place(entry.span));
                    self.object(reading, &entry.value, Some(name), into);
                }
            }
            Data::Map(_) => {
                let name = (self.stem, reading.place(root.span));
                self.object(reading, root, Some(name), into);
            }
            _ => {
                let expected = "a list of objects, a map of objects by name, or one object";
                reading.unexpected(root, "a file of objects", expected);
            }
        }
    }

    /// Returns whether the map is one of objects, rather than one object.
    fn are_objects(&self, map: &[Entry<'_>]) -> bool {
        let own = [&self.of.schema_from, &self.of.name_from];
        let is_own =
            |entry: &Entry<'_>| own.iter().any(|name| name.as_deref() == Some(&entry.name));
        map.iter().all(|entry| matches!(entry.value.data, Data::Map(_))) && !map.iter().any(is_own)
    }

    fn object(
        &self,
        reading: &mut Reading<'_>,
        node: &'n Node<'s>,
        name: Option<(&'n str, Place)>,
        into: &mut Vec<RecordDeclaration<'n, 's>>,
    ) {
        let expected = "a map from slots to values";
        let Some(map) = reading.map(node, "an object", expected) else { return };
        let text_of = |attribute: &Option<Arc<str>>| {
            let attribute = attribute.as_deref()?;
            let entry = map.iter().find(|entry| entry.name == attribute)?;
            match &entry.value.data {
                Data::Text(text) => Some((&**text, reading.place(entry.value.span))),
                _ => None,
            }
        };
        let own_schema = text_of(&self.of.schema_from);
        let name = text_of(&self.of.name_from).or(name);
        let given = self.of.schema.as_ref().map(|(schema, place)| (&**schema, *place));
        let Some((schema, schema_place)) = own_schema.or(given) else {
            let attribute = quoted(self.of.schema_from.as_deref().unwrap_or_default());
            let place = reading.place(node.span);
            reading.diagnostics.push_with(|_| {
                Diagnostic::error(Code::MissingValue, format!("an object has no {attribute}"))
                    .at(place, "its schema is unknown")
                    .help("add it, or give the files a 'schema' in the manifest")
            });
            return;
        };
        let place = name.map_or_else(|| reading.place(node.span), |(_, place)| place);
        let of = Declaration {
            pack: self.document.pack,
            name: name.map_or("", |(name, _)| name),
            place,
            map,
        };
        let taken = [self.of.name_from.as_deref(), self.of.schema_from.as_deref()];
        into.push(RecordDeclaration { schema, schema_place, named: name.is_some(), of, taken });
    }
}
