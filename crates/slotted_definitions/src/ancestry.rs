//! Which schema extends which, in constant time.

use slotted::{SchemaId, Store};

/// The position of each schema in a walk that visits a base before all that extend it.
///
/// The schemas that extend a base are a range of the walk, so no chain of bases is followed.
#[derive(Debug, Default)]
pub(super) struct Ancestry {
    /// The start of each schema's range.
    starts: Vec<u32>,
    lengths: Vec<u32>,
    depths: Vec<u32>,
}

impl Ancestry {
    pub(super) fn of(registry: &Store) -> Self {
        let base = |schema: SchemaId| registry.schema_and_bases(schema).nth(1);
        let bases = registry.schemas().map(|schema| Some(base(schema.id())?.id().index()));
        // A base is registered before the schemas that extend it.
        let bases: Vec<Option<usize>> = bases.collect();
        let mut lengths = vec![1_u32; bases.len()];
        for (schema, base) in bases.iter().enumerate().rev() {
            if let Some(base) = base {
                lengths[*base] += lengths[schema];
            }
        }
        let (mut starts, mut depths) = (vec![0; bases.len()], vec![0; bases.len()]);
        let (mut next_of, mut next) = (vec![0; bases.len()], 0);
        for (schema, base) in bases.iter().enumerate() {
            let next = base.map_or(&mut next, |base| &mut next_of[base]);
            starts[schema] = *next;
            *next += lengths[schema];
            next_of[schema] = starts[schema] + 1;
            depths[schema] = base.map_or(0, |base| depths[base] + 1);
        }
        Self { starts, lengths, depths }
    }

    /// Returns whether the schema is the base or extends it.
    pub(super) fn extends(&self, schema: SchemaId, base: SchemaId) -> bool {
        self.range(base).contains(&self.start(schema))
    }

    /// Returns the position of the schema in the walk.
    pub(super) fn start(&self, schema: SchemaId) -> u32 {
        self.starts[schema.index()]
    }

    /// Returns the positions of the schemas that are or extend this one.
    pub(super) fn range(&self, base: SchemaId) -> std::ops::Range<u32> {
        let start = self.start(base);
        start..start + self.lengths[base.index()]
    }

    /// Returns the number of bases.
    pub(super) fn depth(&self, schema: SchemaId) -> u32 {
        self.depths[schema.index()]
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use slotted::Schema;

    #[test]
    fn it_agrees_with_a_walk_over_the_bases() {
        let mut store = Store::new();
        let names = ["a", "b", "c", "d", "e", "f", "g"];
        let bases = [None, Some("a"), None, Some("b"), Some("a"), Some("c"), Some("d")];
        for (name, base) in names.into_iter().zip(bases) {
            let schema = Schema::builder(name);
            let schema = base.into_iter().fold(schema, |schema, base| schema.extends(base));
            let schema = schema.build().expect("the name is valid");
            store.register_schema(schema).expect("its base is registered");
        }
        let ancestry = Ancestry::of(&store);
        for schema in store.schemas() {
            let bases: Vec<_> = store.schema_and_bases(schema.id()).map(|base| base.id()).collect();
            assert_eq!(ancestry.depth(schema.id()) as usize, bases.len() - 1);
            for base in store.schemas() {
                let extends = ancestry.extends(schema.id(), base.id());
                assert_eq!(
                    extends,
                    bases.contains(&base.id()),
                    "{} {}",
                    schema.name(),
                    base.name()
                );
            }
        }
    }
}
