//! Finds names for the records of a group.

use std::sync::Arc;

use foldhash::fast::RandomState;
use hashbrown::{HashMap, HashSet};

use slotted::Value;
use slotted::schema::check_name;

/// The way in which the records of a group get their names.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Naming {
    /// Their names in the map that holds them, or the name of the file.
    Key,
    /// The attribute of this name, as `name_from` of a manifest.
    Attribute(&'static str),
    /// Nothing: the records are nameless.
    None,
}

/// The attributes that can name a record, the best first.
const ATTRIBUTES: [&str; 2] = ["id", "name"];

/// The names that objects would have, for each way to name them.
#[derive(Clone, Debug, Default)]
pub(super) struct Names {
    keys: Set,
    attributes: [Set; ATTRIBUTES.len()],
}

impl Names {
    pub(super) fn observe(&mut self, key: Option<&str>, object: &[(Arc<str>, Value)]) {
        self.keys.add(key);
        for (attribute, names) in ATTRIBUTES.into_iter().zip(&mut self.attributes) {
            names.add(text_of(object, attribute));
        }
    }

    /// Returns the first way that gives each object a name of its own, and the names.
    pub(super) fn choose(self) -> (Naming, Vec<Arc<str>>) {
        let attributes = ATTRIBUTES.map(Naming::Attribute);
        let ways = [Naming::Key].into_iter().chain(attributes);
        let mut sets = [self.keys].into_iter().chain(self.attributes);
        ways.zip(&mut sets)
            .find_map(|(way, names)| Some((way, names.0?.into_iter().collect())))
            .unwrap_or((Naming::None, Vec::new()))
    }
}

/// Returns the name of an object.
pub(super) fn name_of<'o>(
    naming: &Naming,
    key: Option<&'o str>,
    object: &'o [(Arc<str>, Value)],
) -> Option<&'o str> {
    match naming {
        Naming::Key => key,
        Naming::Attribute(attribute) => text_of(object, attribute),
        Naming::None => None,
    }
}

fn text_of<'o>(object: &'o [(Arc<str>, Value)], attribute: &str) -> Option<&'o str> {
    object.iter().find(|(name, _)| **name == *attribute).and_then(|(_, value)| match value {
        Value::Text(text) => Some(&**text),
        _ => None,
    })
}

/// Different valid names, or `None` if one was missing, invalid or used twice.
#[derive(Clone, Debug)]
struct Set(Option<HashSet<Arc<str>, RandomState>>);

impl Default for Set {
    fn default() -> Self {
        Self(Some(HashSet::default()))
    }
}

impl Set {
    fn add(&mut self, name: Option<&str>) {
        let Some(names) = &mut self.0 else { return };
        let is_valid = |name: &&str| check_name(name).is_ok();
        if !name.filter(is_valid).is_some_and(|name| names.insert(name.into())) {
            self.0 = None;
        }
    }
}

/// The groups in which each name occurs.
#[derive(Debug, Default)]
pub(super) struct Directory(HashMap<Arc<str>, Vec<u32>, RandomState>);

impl Directory {
    pub(super) fn add(&mut self, group: u32, names: Vec<Arc<str>>) {
        for name in names {
            self.0.entry(name).or_default().push(group);
        }
    }

    /// Returns whether one group has records of all these names.
    pub(super) fn has_group_of_all<'n>(&self, names: impl IntoIterator<Item = &'n str>) -> bool {
        let mut names = names.into_iter();
        let Some(first) = names.next() else { return false };
        let mut groups = self.groups(first).to_vec();
        names.all(|name| {
            let own = self.groups(name);
            groups.retain(|group| own.contains(group));
            !groups.is_empty()
        }) && !groups.is_empty()
    }

    /// Returns the groups that have a record of this name.
    pub(super) fn groups(&self, name: &str) -> &[u32] {
        self.0.get(name).map_or(&[], Vec::as_slice)
    }
}
