//! The parts that optional records need, in proposals: only if a file can declare them.

use std::collections::BTreeSet;

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
    let declared = nested(&schema, &SchemaDocs::default(), Some(&mut BTreeSet::new()));
    let is_declared = |record: &str| {
        let name = record.split('.').next().unwrap_or(record);
        let name = name.split(SIGNS).next().unwrap_or(name);
        declared.iter().any(|nested| *nested.name == *name)
    };
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

/// For each attribute, whether all of its values have all of its parts, none of which has sorts or variants.
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
                PartOf::List | PartOf::Map => true,
                PartOf::Sort | PartOf::Variant => false,
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
                PartOf::Sort | PartOf::Variant => return None,
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
            Some(_) => attribute.values < self.elements(position),
        }
    }
}
