//! The manifest that lets the pack loader read a game's files.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use slotted_definitions::infer::{Naming, SurveyedGroup};

use crate::infer::files::DataFile;
use crate::infer::objects::Form;
use crate::infer::words;

/// The files and folders of a pack, each with its schema.
#[derive(Debug, Default)]
pub(crate) struct Entries(BTreeMap<String, String>);

impl Entries {
    /// Adds a file, or the folder of a file that is one object.
    pub(crate) fn add(&mut self, file: &DataFile, form: Form, schema: &str) {
        let Some(inner) = &file.inner else { return };
        let folder = inner.parent().filter(|folder| !folder.as_os_str().is_empty());
        let path = match folder {
            Some(folder) if form == Form::One => folder,
            _ => inner,
        };
        self.0.insert(slashed(path), schema.to_owned());
    }

    /// Returns `pack.toml`.
    pub(crate) fn text(&self, groups: &[SurveyedGroup], by: Option<&str>) -> String {
        let mut text = "[objects]\n".to_owned();
        for (path, schema) in &self.0 {
            let group = groups.iter().find(|group| group.proposal.schema().name() == schema);
            let name_from = match by {
                Some(_) => most_common(groups.iter().filter_map(name_of)),
                None => group.and_then(name_of),
            };
            let mut keys = vec![format!("schema = {schema:?}")];
            keys.extend(by.map(|by| format!("schema_from = {by:?}")));
            keys.extend(name_from.map(|attribute| format!("name_from = {attribute:?}")));
            // With an attribute, the file has objects of other groups too.
            let of_file = groups
                .iter()
                .filter(|own| by.is_some() || group.is_some_and(|group| std::ptr::eq(*own, group)));
            let taken: BTreeSet<&str> =
                of_file.flat_map(|group| group.words.iter().copied()).collect();
            keys.extend(words(&Vec::from_iter(taken)));
            let value = match &*keys {
                [_] => format!("{schema:?}"),
                keys => format!("{{ {} }}", keys.join(", ")),
            };
            text.push_str(&format!("{path:?} = {value}\n"));
        }
        text
    }
}

/// Returns the attribute with the names of a group's objects.
const fn name_of(group: &SurveyedGroup) -> Option<&str> {
    match group.naming {
        Naming::Attribute(attribute) => Some(attribute),
        _ => None,
    }
}

/// Returns the attribute that names the objects of most groups: a file has one.
fn most_common<'g>(attributes: impl Iterator<Item = &'g str>) -> Option<&'g str> {
    let mut counts = BTreeMap::<&str, usize>::new();
    attributes.for_each(|attribute| *counts.entry(attribute).or_default() += 1);
    counts.into_iter().max_by_key(|(_, count)| *count).map(|(attribute, _)| attribute)
}

fn slashed(path: &Path) -> String {
    let parts = path.components().map(|part| part.as_os_str().to_string_lossy());
    parts.collect::<Vec<_>>().join("/")
}
