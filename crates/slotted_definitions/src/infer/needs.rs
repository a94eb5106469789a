//! What optional records need, in proposals: only if a file can declare it.

use std::collections::BTreeSet;

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
