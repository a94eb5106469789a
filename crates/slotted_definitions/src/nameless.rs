//! Records without a name that a text may mean.

use crate::diagnostic::{Diagnostic, Diagnostics, quoted};
use crate::given::Given;
use crate::records::Records;
use crate::source::Place;
use slotted::{Kind, SchemaId, Store, Value};

/// A record without a name, and the slot whose value could name it.
pub(super) struct Nameless<'s> {
    place: Place,
    schema: &'s str,
    slot: &'s str,
}

impl<'s> Nameless<'s> {
    /// Finds a nameless record of a fitting schema that has the name as the value of a slot.
    ///
    /// The search counts as comparisons of names, which are limited.
    pub(super) fn find(
        (records, registry): (&Records, &'s Store),
        name: &str,
        fits: impl Fn(SchemaId) -> bool,
        diagnostics: &mut Diagnostics,
    ) -> Option<Self> {
        let nameless = records.list.iter().filter(|record| record.name.is_none());
        for record in nameless {
            if !diagnostics.may_compare() {
                return None;
            }
            if !fits(record.schema) {
                continue;
            }
            let is_name = |value: &Value| matches!(value, Value::Text(text) if **text == *name);
            let schema = registry.schema_by_id(record.schema)?;
            let slot = |given: &Given| &schema.slots()[usize::from(given.slot)];
            // The name in a reference is that of another record.
            let is_own = |given: &Given| *slot(given).kind().element() != Kind::Object;
            let found = record.values.iter().find(|given| is_name(&given.value) && is_own(given));
            if let Some(given) = found {
                let slot = slot(&given).name();
                let (place, schema) = (record.place, schema.name());
                return Some(Self { place, schema, slot });
            }
        }
        None
    }

    /// Adds the record and the way to name it.
    pub(super) fn shown(&self, diagnostic: Diagnostic) -> Diagnostic {
        let slot = quoted(self.slot);
        let (schema, by) = (self.schema, format!("{:?}", self.slot));
        let help = format!(
            "in a definition file write records.{schema}.NAME; for a game's own file write \"FILE\" = {{ schema = {schema:?}, \
             name_from = {by} }} under 'objects' in the manifest"
        );
        diagnostic
            .at(self.place, format!("this record has no name, only the slot {slot}"))
            .help(help)
    }
}
