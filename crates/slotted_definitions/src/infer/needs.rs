//! The parts that optional records need, in proposals: only if a file can declare them.

use std::collections::BTreeSet;
use std::sync::Arc;

use crate::infer::Inference;
use crate::infer::nested::PartOf;
use crate::write_nested::nested;
use crate::write_schema::SchemaDocs;
use slotted::schema::{SIGNS, SchemaBuilder};
use slotted::{Schema, SchemaError};

/// Returns the schema without the needs of nested values that have no declaration of their own, such as tuples with references. Their
/// slots are declared one by one, as optional.
pub(super) fn keep_declarable(schema: Schema) -> Result<Schema, SchemaError> {
    if schema.slots().iter().all(|slot| slot.needed_in().is_none()) {
        return Ok(schema);
    }
    let declared = nested(&schema, &SchemaDocs::default(), &mut BTreeSet::new());
    let is_declared =
        |record: &str| declared.iter().any(|nested| *nested.name == *whole_of(record));
    if schema.slots().iter().filter_map(|slot| slot.needed_in()).all(is_declared) {
        return Ok(schema);
    }
    let slots = schema.slots().iter();
    let builder = slots.fold(Schema::builder(schema.name()), |builder, slot| {
        let mut builder = builder.slot(slot.name(), slot.kind().clone());
        if slot.is_optional() {
            builder = builder.optional();
        }
        if let Some(default) = slot.default() {
            builder = builder.default(default.clone());
        }
        if let Some(record) = slot.needed_in().filter(|record| is_declared(record)) {
            builder = builder.needed_in(record);
        }
        slot.constraints().iter().fold(builder, SchemaBuilder::constraint)
    });
    builder.build()
}

/// Returns the names of the nested values that have no declaration of their own: their slots would be declared one by one, under
/// names that no person writes.
pub(super) fn undeclarable(schema: &Schema) -> BTreeSet<Arc<str>> {
    let declared = nested(schema, &SchemaDocs::default(), &mut BTreeSet::new());
    let shapes = schema.shapes().into_iter().map(|(name, _)| name);
    shapes.filter(|name| declared.iter().all(|nested| nested.name != *name)).collect()
}

/// Returns the name of the nested value that a slot is a part of, or its own.
pub(super) fn whole_of(slot: &str) -> &str {
    let record = slot.split('.').next().unwrap_or(slot);
    record.split(SIGNS).next().unwrap_or(record)
}

/// For each attribute, whether all of its values have all of its parts.
pub(super) struct WholeRecords(Vec<bool>);

impl Inference {
    pub(super) fn whole_records(&self) -> WholeRecords {
        let mut are_whole = vec![true; self.attributes.len()];
        // Parts come before what they are parts of.
        for at in self.wholes_first().into_iter().rev() {
            let Some((whole, part)) = self.attributes[at].whole else { continue };
            are_whole[whole] &= match part {
                PartOf::Record | PartOf::Tuple => {
                    are_whole[at] && self.attributes[at].values == self.attributes[whole].values
                }
                // A union says its variant, and values of other variants lack the part.
                PartOf::List | PartOf::Map | PartOf::Sort | PartOf::Variant => true,
            };
        }
        WholeRecords(are_whole)
    }

    /// Returns the name of the innermost record or tuple that some objects or elements lack, and that has the attribute wherever it
    /// is. `is_part` is `false` for what is said of the elements of the list around the attribute.
    pub(super) fn needed_in(
        &self,
        records: &WholeRecords,
        position: usize,
        mut is_part: bool,
    ) -> Option<&str> {
        let (mut at, mut found) = (position, None);
        while let Some((whole, part)) = self.attributes[at].whole {
            at = whole;
            match part {
                PartOf::Record | PartOf::Tuple => {
                    if is_part && found.is_none() && self.is_lacking(at) && records.0[at] {
                        found = Some(at);
                    }
                }
                PartOf::List | PartOf::Map => is_part = true,
                // A record around the union may have another variant.
                PartOf::Sort | PartOf::Variant => break,
            }
        }
        found.map(|found| &*self.attributes[found].name)
    }

    /// Returns whether what could have a value lacks it sometimes.
    fn is_lacking(&self, position: usize) -> bool {
        let attribute = &self.attributes[position];
        match attribute.whole {
            None => attribute.objects < self.objects,
            Some((whole, PartOf::Record | PartOf::Tuple)) => {
                attribute.values < self.attributes[whole].values
            }
            // A value of the variant has its parts.
            Some((_, PartOf::Sort | PartOf::Variant)) => false,
            Some((_, PartOf::List | PartOf::Map)) => attribute.values < self.elements(position),
        }
    }
}
