//! Records that inherit from records of removed mods.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use crate::declared::{Group, PackedRecord};
use crate::diagnostic::{Code, Diagnostic, Diagnostics, did_you_mean, quoted};
use crate::node::Data;
use crate::records::Undeclared;
use crate::source::Place;
use crate::text::Text;
use slotted::Store;

/// The declared records whose parents do not exist, directly or through their parents.
#[derive(Debug, Default)]
pub(super) struct Absent {
    positions: HashSet<usize>,
    names: HashSet<(Arc<str>, Arc<str>)>,
    /// The missing parents with the first record that names each, and the number of these records.
    parents: Vec<(Arc<str>, Place, usize)>,
    /// Records that inherit from records of this list.
    heirs: Vec<(Arc<str>, Place, usize)>,
}

/// Returns the name after `inherits`, with its place.
fn parent<'s>(groups: &[Group<'s>], record: &PackedRecord<'s>) -> Option<(Text<'s>, Place)> {
    let group = &groups[record.group as usize];
    let value = record.map.inherits(group.text, &group.words)?;
    let Data::Text(name) = value.data else { return None };
    Some((name, Place { file: group.file, span: value.span }))
}

impl Absent {
    pub(super) fn of(
        groups: &[Group<'_>],
        declared: &[PackedRecord<'_>],
        registry: &Store,
    ) -> Self {
        let numbered = declared.iter().enumerate();
        let heirs = numbered.filter_map(|(at, record)| Some((at, parent(groups, record)?.0)));
        let heirs: Vec<(usize, Text<'_>)> = heirs.collect();
        let mut heirs_of: HashMap<&str, Vec<usize>> = HashMap::new();
        for (position, name) in &heirs {
            heirs_of.entry(name).or_default().push(*position);
        }
        // The number of records that could be meant.
        let mut left: HashMap<&str, usize> = heirs_of.keys().map(|name| (*name, 0)).collect();
        let schema_of = |record: &PackedRecord<'_>| &*groups[record.group as usize].schema;
        let is_known = |record: &&PackedRecord<'_>| registry.schema(schema_of(record)).is_some();
        for record in declared.iter().filter(|record| record.is_named).filter(is_known) {
            if let Some(count) = left.get_mut(&*record.name) {
                *count += 1;
            }
        }
        let mut absent = Self::default();
        let mut missing: Vec<&str> = Vec::new();
        for (_, name) in &heirs {
            let name = &**name;
            if left.get(name) == Some(&0) {
                left.remove(name);
                missing.push(name);
            }
        }
        let firsts = missing.len();
        let mut next = 0;
        while let Some(name) = missing.get(next).copied() {
            next += 1;
            let of_name = heirs_of.get(name).map_or(&[][..], |heirs| heirs);
            let known = of_name.iter().filter(|at| is_known(&&declared[**at]));
            let known: Vec<usize> = known.copied().collect();
            let first = known.first().and_then(|at| parent(groups, &declared[*at]));
            let Some((_, place)) = first else {
                continue;
            };
            let list = if next <= firsts { &mut absent.parents } else { &mut absent.heirs };
            list.push((name.into(), place, known.len()));
            for position in known {
                absent.positions.insert(position);
                let record = &declared[position];
                if !record.is_named {
                    continue;
                }
                let name = &*record.name;
                absent.names.insert((schema_of(record).into(), name.into()));
                if let Some(count) = left.get_mut(name) {
                    *count -= 1;
                    if *count == 0 {
                        left.remove(name);
                        missing.push(name);
                    }
                }
            }
        }
        absent
    }

    /// Returns whether the declared record at the position is one of them.
    pub(super) fn contains(&self, position: usize) -> bool {
        self.positions.contains(&position)
    }

    pub(super) fn is_absent(&self, schema: &str, name: &str) -> bool {
        !self.names.is_empty() && self.names.contains(&(schema.into(), name.into()))
    }

    /// Warns once for each missing parent.
    pub(super) fn report(
        &self,
        declared: &[PackedRecord<'_>],
        policy: Undeclared,
        diagnostics: &mut Diagnostics,
    ) {
        let label = |count: usize| match count {
            1 => format!("this record is {}", policy.label()),
            count => format!("{count} such records are {}", policy.label()),
        };
        let named = || declared.iter().filter(|record| record.is_named);
        let mut known: Option<Vec<Arc<str>>> = None;
        for (name, place, count) in &self.parents {
            if diagnostics.holds_back(name) {
                continue;
            }
            diagnostics.warn_with(|diagnostics| {
                let known = known
                    .get_or_insert_with(|| named().map(|record| (&*record.name).into()).collect());
                let suggestion = diagnostics.nearest(name, known.iter());
                let end = did_you_mean(suggestion.as_deref());
                let message = format!("cannot inherit from unknown record {}{end}", quoted(name));
                Diagnostic::warning(Code::UnknownRecord, message)
                    .at(*place, label(*count))
                    .suggest(suggestion)
                    .look_alike(name)
            });
        }
        for (name, place, count) in &self.heirs {
            diagnostics.warn_with(|_| {
                let (name, done) = (quoted(name), policy.label());
                let message = format!("cannot inherit from {name}, which is {done} itself");
                Diagnostic::warning(Code::UnknownRecord, message).at(*place, label(*count))
            });
        }
    }
}
