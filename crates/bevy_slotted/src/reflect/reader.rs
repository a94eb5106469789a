//! Reads the slots of an object for a field.

use std::sync::Arc;

use slotted::schema::{RegisteredSchema, SchemaBuilder, Slot};
use slotted::{Kind, ObjectId, Schema, Store, Value};

use super::error::FieldIssue;
use super::issues::Issues;
use super::parts::Parts;
use super::shape::{Layout, Shape};

/// An object and the schema that it has, which may be another than the struct's.
pub(super) struct Reader<'s> {
    pub(super) store: &'s Store,
    pub(super) schema: &'s RegisteredSchema,
    pub(super) id: ObjectId,
}

impl Reader<'_> {
    /// Returns the value of a slot or a nested record, without unset parts. In an option, all parts may be unset.
    pub(super) fn value(
        &self,
        shape: &Shape,
        slot: &str,
        in_option: bool,
    ) -> Result<Value, Issues> {
        let is_optional = in_option || shape.is_optional();
        match shape.layout() {
            Layout::Slot(expected) => {
                let value = self.get(slot)?;
                self.check(slot, &expected, is_optional)?;
                Ok(value)
            }
            Layout::Record(parts) => self.record(parts, slot, is_optional),
            Layout::List(_) | Layout::Composed => self.whole(shape, slot, is_optional),
        }
    }

    fn get(&self, slot: &str) -> Result<Value, Issues> {
        Ok(self.store.get_value(self.id, slot).map_err(FieldIssue::Access)?)
    }

    /// Checks that the object's slot has values that the field can hold.
    fn check(&self, slot: &str, expected: &Kind, is_optional: bool) -> Result<(), Issues> {
        let is_other = |own: &Slot| own.kind() != expected || (own.is_optional() && !is_optional);
        let Some(own) = self.schema.slot(slot).filter(|own| is_other(own)) else { return Ok(()) };
        let what = FieldIssue::WrongKind {
            slot: slot.into(),
            expected: Box::new(expected.clone()),
            found: Box::new(own.kind().clone()),
            is_optional: own.is_optional(),
        };
        Err(what.into())
    }

    fn record(&self, parts: &Parts, slot: &str, in_option: bool) -> Result<Value, Issues> {
        let mut issues = Issues::default();
        let mut map: Vec<(Arc<str>, Value)> = Vec::with_capacity(parts.fields().len());
        for part in parts.fields() {
            match self.value(&part.shape, &format!("{slot}.{}", part.slot), in_option) {
                Ok(value) if value.is_unset() => {}
                Ok(value) => map.push((part.slot.as_ref().into(), value)),
                Err(found) => issues.add_part(&part.name, found),
            }
        }
        issues.or(if map.is_empty() { Value::Unset } else { Value::Map(map.into()) })
    }

    fn whole(&self, shape: &Shape, slot: &str, is_optional: bool) -> Result<Value, Issues> {
        let declared = shape.declare(Schema::builder("whole"), slot);
        let declared = declared.and_then(SchemaBuilder::build).map_err(FieldIssue::Schema)?;
        for part in declared.slots() {
            // A missing slot is an error here.
            self.get(part.name())?;
            self.check(part.name(), part.kind(), is_optional || part.is_optional())?;
        }
        let slots = self.schema.slots();
        let part = |position: usize| self.get(slots[position].name()).unwrap_or_default();
        let whole = self.schema.whole(slot, part);
        let is_list = matches!(shape.layout(), Layout::List(_));
        let slot = || Arc::from(slot);
        Ok(whole.ok_or_else(|| match is_list {
            true => FieldIssue::Uneven { slot: slot() },
            false => FieldIssue::Misfit { slot: slot() },
        })?)
    }
}
