//! Records that inherit from records of removed mods.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use crate::diagnostic::{Code, Diagnostic, Diagnostics, did_you_mean, quoted};
use crate::document::RecordDeclaration;
use crate::node::Data;
use crate::records::Undeclared;
use crate::source::Place;
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
fn parent<'n>(record: &RecordDeclaration<'n, '_>) -> Option<(&'n str, Place)> {
    let entry = record.of.map.iter().find(|entry| entry.name == "inherits")?;
    let Data::Text(name) = &entry.value.data else { return None };
    Some((name, Place { file: record.of.place.file, span: entry.value.span }))
}

impl Absent {
    pub(super) fn of(declared: &[RecordDeclaration<'_, '_>], registry: &Store) -> Self {
        let numbered = declared.iter().enumerate();
        let heirs = numbered.filter_map(|(at, record)| parent(record).map(|name| (at, name)));
        let heirs: Vec<(usize, (&str, Place))> = heirs.collect();
        let mut heirs_of: HashMap<&str, Vec<usize>> = HashMap::new();
        for (position, (name, _)) in &heirs {
            heirs_of.entry(name).or_default().push(*position);
        }
        // The number of records that could be meant.
        let mut left: HashMap<&str, usize> = heirs_of.keys().map(|name| (*name, 0)).collect();
        let is_known =
            |record: &&RecordDeclaration<'_, '_>| registry.schema(record.schema).is_some();
        for record in declared.iter().filter(|record| record.named).filter(is_known) {
            left.entry(record.of.name).and_modify(|count| *count += 1);
        }
        let mut absent = Self::default();
        let mut missing: Vec<&str> = Vec::new();
        for (_, (name, _)) in &heirs {
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
            let Some((_, place)) = known.first().and_then(|at| parent(&declared[*at])) else {
                continue;
            };
            let list = if next <= firsts { &mut absent.parents } else { &mut absent.heirs };
            list.push((name.into(), place, known.len()));
            for position in known {
                absent.positions.insert(position);
                let RecordDeclaration { schema, named: true, of, .. } = &declared[position] else {
                    continue;
                };
                absent.names.insert(((*schema).into(), of.name.into()));
                if let Some(count) = left.get_mut(of.name) {
                    *count -= 1;
                    if *count == 0 {
                        left.remove(of.name);
                        missing.push(of.name);
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
        declared: &[RecordDeclaration<'_, '_>],
        policy: Undeclared,
        diagnostics: &mut Diagnostics,
    ) {
        let label = |count: usize| match count {
            1 => format!("this record is {}", policy.label()),
            count => format!("{count} such records are {}", policy.label()),
        };
        let names = || declared.iter().filter(|record| record.named).map(|record| record.of.name);
        let mut known: Option<Vec<Arc<str>>> = None;
        for (name, place, count) in &self.parents {
            if diagnostics.holds_back(name) {
                continue;
            }
            diagnostics.warn_with(|diagnostics| {
                let known = known.get_or_insert_with(|| names().map(Arc::from).collect());
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
