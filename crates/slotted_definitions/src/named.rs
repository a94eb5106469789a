//! The records of each name, found without a walk over all of them.

use std::collections::HashMap;
use std::sync::Arc;

use crate::ancestry::Ancestry;
use crate::records::Records;
use slotted::{SchemaId, Store};

/// The records by name and schema.
pub(super) struct Named {
    ancestry: Ancestry,
    /// Names of many records.
    common: HashMap<Arc<str>, Sorted>,
    parents: HashMap<(Arc<str>, SchemaId), Option<u32>>,
}

/// The records of one name, sorted by the position of their schemas.
#[derive(Debug, Default)]
struct Sorted {
    all: Vec<u32>,
    concrete: Vec<u32>,
}

/// Names of fewer records are searched one by one.
const COMMON: usize = 16;

/// The records of one name that a reference can mean.
#[derive(Debug, Default, PartialEq)]
pub(super) struct Meant {
    /// The first records that are not abstract, at most three.
    pub(super) concrete: Vec<u32>,
    /// A record that is abstract or not.
    pub(super) any: Option<u32>,
}

/// The number of records that a message about an ambiguous name shows.
const MOST: usize = 3;

impl Named {
    pub(super) fn new(records: &Records, registry: &Store) -> Self {
        let ancestry = Ancestry::of(registry);
        let many = records.by_name.several().filter(|same_name| same_name.len() > COMMON);
        let common = many.filter_map(|same_name| {
            let name = records.list[*same_name.first()? as usize].name.as_ref()?;
            let mut all = same_name.to_vec();
            all.sort_by_key(|record| ancestry.start(records.list[*record as usize].schema));
            let is_concrete = |record: &u32| !records.list[*record as usize].is_abstract;
            let concrete = all.iter().copied().filter(is_concrete).collect();
            Some((Arc::clone(name), Sorted { all, concrete }))
        });
        let common = common.collect();
        Self { ancestry, common, parents: HashMap::new() }
    }

    /// Finds the records of the name whose schema is or extends the base, or is exactly the given one.
    pub(super) fn meant(
        &self,
        records: &Records,
        name: &str,
        base: Option<SchemaId>,
        exactly: Option<SchemaId>,
    ) -> Meant {
        let schema = |record: &u32| records.list[*record as usize].schema;
        let is_meant = |record: &&u32| {
            exactly.is_none_or(|exact| schema(record) == exact)
                && base.is_none_or(|base| self.ancestry.extends(schema(record), base))
        };
        if let Some(sorted) = self.common.get(name) {
            let range = match (exactly, base) {
                (Some(exact), _) => {
                    let start = self.ancestry.start(exact);
                    start..start + 1
                }
                (None, Some(base)) => self.ancestry.range(base),
                (None, None) => 0..u32::MAX,
            };
            let start = |record: &u32| self.ancestry.start(schema(record));
            let within = |list: &'_ [u32]| {
                let first = list.partition_point(|record| start(record) < range.start);
                let end = list.partition_point(|record| start(record) < range.end);
                first..end
            };
            let concrete = sorted.concrete[within(&sorted.concrete)].iter().filter(is_meant);
            let concrete = concrete.take(MOST).copied().collect();
            let any = sorted.all[within(&sorted.all)].iter().find(is_meant).copied();
            return Meant { concrete, any };
        }
        let same_name = records.same_name(name);
        let meant = || same_name.iter().filter(is_meant).copied();
        let is_concrete = |record: &u32| !records.list[*record as usize].is_abstract;
        Meant { concrete: meant().filter(is_concrete).take(MOST).collect(), any: meant().next() }
    }

    /// Returns whether a schema is or extends another one. Takes **O(1)** time.
    pub(super) fn extends(&self, schema: SchemaId, base: SchemaId) -> bool {
        self.ancestry.extends(schema, base)
    }

    /// Finds the record of the name in the schema or its nearest base.
    pub(super) fn parent(
        &mut self,
        records: &Records,
        name: &Arc<str>,
        schema: SchemaId,
    ) -> Option<u32> {
        let same_name = records.same_name(name);
        let of = |record: &u32| records.list[*record as usize].schema;
        let ancestry = &self.ancestry;
        let find = || {
            let of_bases = same_name.iter().filter(|record| ancestry.extends(schema, of(record)));
            // The first of several records in one schema.
            let depth = |record: &&u32| ancestry.depth(of(record));
            let deepest = of_bases.clone().map(|record| depth(&record)).max()?;
            of_bases.clone().find(|record| depth(record) == deepest).copied()
        };
        match same_name.len() > COMMON {
            true => *self.parents.entry((Arc::clone(name), schema)).or_insert_with(find),
            false => find(),
        }
    }
}
