//! The differences between two saves, for people and scripts.

use std::collections::BTreeMap;

use serde::{Serialize, Serializer};
use slotted::schema::Quoted;
use slotted::{ObjectId, Schema, Snapshot, Value};
use slotted_arrow::inspect::SaveInfo;

use crate::arguments::Inspect;
use crate::check::count;
use crate::inspect::compare::{Change, Comparison, ObjectChanges};
use crate::inspect::content::{declaration, slots};
use crate::save::is_wanted;
use crate::values::Json;

/// The differences of a save from an earlier one.
#[derive(Default, Serialize)]
pub(crate) struct Differences {
    /// Schemas that only the later save has.
    new_schemas: Vec<String>,
    /// Schemas that only the earlier save has.
    missing_schemas: Vec<String>,
    slots: Vec<SlotDifference>,
    /// Attachments that only the later save has.
    new_attachments: Vec<String>,
    /// Attachments that only the earlier save has.
    missing_attachments: Vec<String>,
    /// Attachments that changed.
    attachments: Vec<String>,
    /// Schemas with changed objects.
    schemas: Vec<SchemaDifference>,
    first_changes: Vec<ValueChange>,
    more_changes: usize,
}

/// A slot of a schema that both saves have. Both sides are declarations.
#[derive(Serialize)]
struct SlotDifference {
    schema: String,
    slot: String,
    before: Option<String>,
    after: Option<String>,
}

#[derive(Serialize)]
struct SchemaDifference {
    schema: String,
    objects_before: usize,
    objects_after: usize,
    spawned: usize,
    despawned: usize,
    first_spawned: Vec<ObjectId>,
    first_despawned: Vec<ObjectId>,
    /// The number of changed objects by slot.
    changed: BTreeMap<String, usize>,
}

#[derive(Serialize)]
struct ValueChange {
    schema: String,
    id: ObjectId,
    slot: String,
    #[serde(serialize_with = "as_json")]
    before: Value,
    #[serde(serialize_with = "as_json")]
    after: Value,
}

fn as_json<S: Serializer>(value: &Value, serializer: S) -> Result<S::Ok, S::Error> {
    Json(value).serialize(serializer)
}

impl Differences {
    /// Compares two saves, the earlier one first.
    pub(crate) fn new(
        (old, new): (&SaveInfo, &SaveInfo),
        (before, after): (&Snapshot, &Snapshot),
        inspect: &Inspect,
    ) -> Self {
        let mut differences = Self::default();
        let find = |info: &'_ SaveInfo, name: &str| {
            info.schemas.iter().any(|schema| schema.name() == name)
        };
        let missing = old.schemas.iter().map(Schema::name).filter(|name| !find(new, name));
        differences.missing_schemas =
            missing.filter(|name| is_wanted(&inspect.schemas, name)).map(str::to_owned).collect();
        let comparison = Comparison::new(before, after, inspect.rows);
        for schema in new.schemas.iter().filter(|schema| is_wanted(&inspect.schemas, schema.name()))
        {
            let name = schema.name();
            let Some(old_schema) = old.schemas.iter().find(|old| old.name() == name) else {
                differences.new_schemas.push(name.to_owned());
                continue;
            };
            differences.slots(name, &slots(old, old_schema), &slots(new, schema));
            let objects =
                |snapshot: &Snapshot| snapshot.len_of(slotted::exactly(name)).unwrap_or(0);
            let counts = (objects(before), objects(after));
            differences.objects(name, counts, comparison.objects(name), inspect.rows);
        }
        if inspect.schemas.is_empty() {
            differences.attachments(old, new);
        }
        differences
    }

    fn slots(
        &mut self,
        schema: &str,
        before: &[(&str, &slotted::schema::Slot)],
        after: &[(&str, &slotted::schema::Slot)],
    ) {
        let find = |slots: &[(&str, &slotted::schema::Slot)], name: &str| {
            slots.iter().find(|(_, slot)| slot.name() == name).map(|(_, slot)| declaration(slot))
        };
        let gone = before.iter().filter(|(_, slot)| find(after, slot.name()).is_none());
        for (_, slot) in after.iter().chain(gone) {
            let (before, after) = (find(before, slot.name()), find(after, slot.name()));
            if before != after {
                let (schema, slot) = (schema.to_owned(), slot.name().to_owned());
                self.slots.push(SlotDifference { schema, slot, before, after });
            }
        }
    }

    fn objects(
        &mut self,
        schema: &str,
        (objects_before, objects_after): (usize, usize),
        changes: ObjectChanges,
        most: usize,
    ) {
        let changed: usize = changes.slots.iter().map(|(_, changed)| changed).sum();
        if changes.spawned + changes.despawned + changed == 0 {
            return;
        }
        let room = most - self.first_changes.len();
        let first = changes.first.into_iter().take(room);
        let first = first.map(|Change { id, slot, before, after }| ValueChange {
            schema: schema.to_owned(),
            id,
            slot,
            before,
            after,
        });
        let listed = self.first_changes.len();
        self.first_changes.extend(first);
        self.more_changes += changed - (self.first_changes.len() - listed);
        self.schemas.push(SchemaDifference {
            schema: schema.to_owned(),
            objects_before,
            objects_after,
            spawned: changes.spawned,
            despawned: changes.despawned,
            first_spawned: changes.first_spawned,
            first_despawned: changes.first_despawned,
            changed: changes.slots.into_iter().collect(),
        });
    }

    fn attachments(&mut self, old: &SaveInfo, new: &SaveInfo) {
        let checksum = |info: &SaveInfo, name: &str| {
            let found = info.attachments.iter().find(|attachment| attachment.name == name);
            found.map(|attachment| attachment.file.checksum.clone())
        };
        let names = old.attachments.iter().chain(&new.attachments);
        let names: std::collections::BTreeSet<&str> =
            names.map(|attachment| &*attachment.name).collect();
        for name in names {
            let list = match (checksum(old, name), checksum(new, name)) {
                (None, _) => &mut self.new_attachments,
                (_, None) => &mut self.missing_attachments,
                (before, after) if before != after => &mut self.attachments,
                _ => continue,
            };
            list.push(name.to_owned());
        }
    }

    fn is_empty(&self) -> bool {
        self.new_schemas.is_empty()
            && self.missing_schemas.is_empty()
            && self.slots.is_empty()
            && self.new_attachments.is_empty()
            && self.missing_attachments.is_empty()
            && self.attachments.is_empty()
            && self.schemas.is_empty()
    }

    pub(crate) fn print(&self, path: &str, other: &str, text: &mut String) {
        if self.is_empty() {
            text.push_str(&format!("\nno differences from '{other}'\n"));
            return;
        }
        text.push_str(&format!("\ndifferences of '{path}' from '{other}':\n"));
        for schema in &self.missing_schemas {
            text.push_str(&format!("  schema {} is gone\n", Quoted(schema)));
        }
        for schema in &self.new_schemas {
            text.push_str(&format!("  schema {} is new\n", Quoted(schema)));
        }
        self.slots.iter().for_each(|slot| slot.print(text));
        let attachments = [
            (&self.missing_attachments, "is gone"),
            (&self.new_attachments, "is new"),
            (&self.attachments, "differs"),
        ];
        for (names, change) in attachments {
            let line = |name: &String| format!("  attachment {} {change}\n", Quoted(name));
            text.extend(names.iter().map(line));
        }
        self.schemas.iter().for_each(|schema| schema.print(text));
        if self.first_changes.is_empty() {
            return;
        }
        text.push_str("\nchanged values:\n");
        for ValueChange { schema, id, slot, before, after } in &self.first_changes {
            let schema = Quoted(schema);
            text.push_str(&format!("  object {id} {schema}: {slot} {before} -> {after}\n"));
        }
        if self.more_changes > 0 {
            text.push_str(&format!("  {}\n", count(self.more_changes, "more change")));
        }
    }
}

impl SlotDifference {
    fn print(&self, text: &mut String) {
        let (schema, slot) = (Quoted(&self.schema), Quoted(&self.slot));
        let line = match (&self.before, &self.after) {
            (Some(before), Some(after)) => format!("changes from {before} to {after}"),
            (Some(before), None) => format!("is gone: {before}"),
            (None, Some(after)) => format!("is new: {after}"),
            (None, None) => return,
        };
        text.push_str(&format!("  slot {slot} of {schema} {line}\n"));
    }
}

impl SchemaDifference {
    fn print(&self, text: &mut String) {
        let Self { objects_before, objects_after, .. } = self;
        let schema = Quoted(&self.schema);
        text.push_str(&format!("  schema {schema}: {objects_before} -> {objects_after} objects\n"));
        let ids = [
            ("spawned", self.spawned, &self.first_spawned),
            ("despawned", self.despawned, &self.first_despawned),
        ];
        for (word, number, first) in ids.into_iter().filter(|(_, number, _)| *number > 0) {
            let mut listed: Vec<String> = first.iter().map(ToString::to_string).collect();
            if number > listed.len() {
                listed.push("..".to_owned());
            }
            text.push_str(&format!("    {number} {word}: {}\n", listed.join(", ")));
        }
        for (slot, changed) in &self.changed {
            let slot = Quoted(slot);
            text.push_str(&format!("    {slot} changes in {}\n", count(*changed, "object")));
        }
    }
}
