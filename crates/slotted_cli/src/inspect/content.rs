//! The content of a save: schemas, files, first objects.

use std::collections::HashMap;
use std::sync::Arc;

use serde::ser::SerializeMap;
use serde::{Serialize, Serializer};
use slotted::schema::{Quoted, Slot};
use slotted::{ObjectId, Schema, Store, Value, exactly};
use slotted_arrow::Damage;
use slotted_arrow::inspect::{FileInfo, SaveInfo, TableInfo};

use crate::check::count;
use crate::export::id_name;
use crate::failure::Failure;
use crate::save::{check_wanted, is_wanted};
use crate::table::Table;
use crate::values::Json;

/// The most slots of the table of first objects.
const MOST_COLUMNS: usize = 10;

#[derive(Serialize)]
pub(crate) struct Content {
    format: u32,
    objects: usize,
    /// The bytes of all files but the manifest.
    bytes: u64,
    schemas: Vec<SchemaContent>,
    attachments: Vec<Attachment>,
    /// All schemas, also those that were not asked for.
    #[serde(skip)]
    all_schemas: usize,
}

#[derive(Serialize)]
struct SchemaContent {
    name: String,
    extends: Option<String>,
    /// The program that saved did not have the schema.
    aside: bool,
    objects: usize,
    rows: usize,
    bytes: u64,
    compression: Option<String>,
    generation_bytes: u64,
    slots: Vec<SlotContent>,
    file: Option<FileContent>,
    first: Vec<Row>,
}

#[derive(Serialize)]
struct SlotContent {
    name: String,
    declaration: String,
    bytes: u64,
    bytes_per_row: f64,
    /// The program that saved did not have the slot.
    aside: bool,
}

#[derive(Serialize)]
struct FileContent {
    name: String,
    checksum: String,
    damages: Vec<String>,
    #[serde(skip)]
    state: &'static str,
}

#[derive(Serialize)]
struct Attachment {
    name: String,
    bytes: u64,
    file: FileContent,
}

/// An object, with the names of its slots in JSON.
struct Row {
    id_name: &'static str,
    id: ObjectId,
    values: Vec<(Arc<str>, Value)>,
}

impl Serialize for Row {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(Some(self.values.len() + 1))?;
        map.serialize_entry(self.id_name, &self.id)?;
        for (name, value) in &self.values {
            map.serialize_entry(&**name, &Json(value))?;
        }
        map.end()
    }
}

impl Content {
    /// Fails if a wanted schema does not exist.
    pub(crate) fn new(info: &SaveInfo, wanted: &[String]) -> Result<Self, Failure> {
        let names: Vec<Arc<str>> = info.schemas.iter().map(|schema| schema.name().into()).collect();
        check_wanted(wanted, &names)?;
        let tables: HashMap<&str, &TableInfo> =
            info.tables.iter().map(|table| (&*table.schema, table)).collect();
        let schemas = info.schemas.iter().filter(|schema| is_wanted(wanted, schema.name()));
        let schemas =
            schemas.map(|schema| SchemaContent::new(info, schema, tables.get(schema.name())));
        let attachments = info.attachments.iter().map(|attachment| Attachment {
            name: attachment.name.clone(),
            bytes: attachment.file.bytes,
            file: FileContent::new(&attachment.file),
        });
        Ok(Self {
            format: info.version,
            objects: info.objects(),
            bytes: info.files().map(|file| file.bytes).fold(0, u64::saturating_add),
            schemas: schemas.collect(),
            attachments: attachments.collect(),
            all_schemas: info.schemas.len(),
        })
    }

    /// Adds the first objects of each schema.
    pub(crate) fn show_rows(&mut self, store: &Store, most: usize) -> Result<(), Failure> {
        for schema in &mut self.schemas {
            let slots = store.schema(&schema.name).map_or(&[][..], |schema| schema.slots());
            let Ok(ids) = store.ids_of(exactly(&schema.name)) else { continue };
            for id in ids.take(most) {
                let value =
                    |slot: &Slot| Ok((slot.name().into(), store.get_value(id, slot.name())?));
                let values: Result<_, slotted::AccessError> = slots.iter().map(value).collect();
                let values = values.map_err(|error| Failure::new(error.to_string()))?;
                schema.first.push(Row { id_name: id_name(slots), id, values });
            }
        }
        Ok(())
    }

    pub(crate) fn print_summary(&self, path: &str, is_intact: bool, text: &mut String) {
        let parts = [
            format!("format {}", self.format),
            count(self.all_schemas, "schema"),
            count(self.objects, "object"),
            count(self.bytes, "byte"),
            if is_intact { "intact" } else { "damaged" }.to_owned(),
        ];
        text.push_str(&format!("save '{path}': {}\n", parts.join(", ")));
    }

    pub(crate) fn print(&self, text: &mut String) {
        let titles = ["schema", "objects", "rows", "bytes", "compression", "checksum"];
        let mut table = Table::new(titles, &[1, 2, 3]);
        for schema in &self.schemas {
            let state = schema.file.as_ref().map_or("", |file| file.state);
            table.row([
                schema.name.clone(),
                schema.objects.to_string(),
                schema.rows.to_string(),
                schema.bytes.to_string(),
                schema.compression.clone().unwrap_or_else(|| "none".to_owned()),
                state.to_owned(),
            ]);
        }
        text.push('\n');
        table.print("", text);
        if !self.attachments.is_empty() {
            let mut table = Table::new(["attachment", "bytes", "checksum", "file"], &[1]);
            for attachment in &self.attachments {
                let file = &attachment.file;
                let (bytes, state) = (attachment.bytes.to_string(), file.state.to_owned());
                table.row([attachment.name.clone(), bytes, state, file.name.clone()]);
            }
            text.push('\n');
            table.print("", text);
        }
        self.schemas.iter().for_each(|schema| schema.print(text));
    }
}

impl SchemaContent {
    fn new(info: &SaveInfo, schema: &Schema, table: Option<&&TableInfo>) -> Self {
        let name = schema.name();
        let (rows, columns) = table.map_or((0, &[][..]), |table| (table.rows, &table.columns));
        let slots = slots(info, schema).into_iter().map(|(declarer, slot)| {
            let column = columns.iter().find(|column| column.slot == slot.name());
            let bytes = column.map_or(0, |column| column.bytes);
            let is_slot = |slot_aside: &Option<String>| slot_aside.as_deref() == Some(slot.name());
            let mut aside = info.aside.iter();
            SlotContent {
                name: slot.name().to_owned(),
                declaration: declaration(slot),
                bytes,
                bytes_per_row: if rows > 0 { bytes as f64 / rows as f64 } else { 0.0 },
                aside: aside.any(|aside| aside.schema == declarer && is_slot(&aside.slot)),
            }
        });
        Self {
            name: name.to_owned(),
            extends: schema.extends().map(str::to_owned),
            aside: info.aside.iter().any(|aside| aside.schema == name && aside.slot.is_none()),
            objects: table.map_or(0, |table| table.objects),
            rows,
            bytes: table.map_or(0, |table| table.file.bytes),
            compression: table.and_then(|table| Some(table.compression?.to_string())),
            generation_bytes: table.map_or(0, |table| table.generation_bytes),
            slots: slots.collect(),
            file: table.map(|table| FileContent::new(&table.file)),
            first: Vec::new(),
        }
    }

    fn print(&self, text: &mut String) {
        let extends = self.extends.iter().map(|base| format!(" extends {}", Quoted(base)));
        let extends: String = extends.collect();
        text.push_str(&format!("\nschema {}{extends}: ", Quoted(&self.name)));
        match &self.file {
            None => text.push_str("no rows\n"),
            Some(file) => {
                text.push_str(&format!("{} in '{}'\n", count(self.rows, "row"), file.name));
                let is = if file.state == "missing" { "" } else { "is " };
                text.push_str(&format!("  checksum {} {is}{}\n", file.checksum, file.state));
            }
        }
        if self.aside {
            text.push_str("  kept aside: the program that saved did not have the schema\n");
        }
        let mut table = Table::new(["slot", "bytes", "per row", "declaration"], &[1, 2]);
        for slot in &self.slots {
            let aside = if slot.aside { "; kept aside" } else { "" };
            table.row([
                slot.name.clone(),
                slot.bytes.to_string(),
                format!("{:.1}", slot.bytes_per_row),
                format!("{}{aside}", slot.declaration),
            ]);
        }
        if self.generation_bytes > 0 {
            let per_row = self.generation_bytes as f64 / self.rows.max(1) as f64;
            let (bytes, per_row) = (self.generation_bytes.to_string(), format!("{per_row:.1}"));
            table.row(["(rows)".to_owned(), bytes, per_row, "generations".to_owned()]);
        }
        if !self.slots.is_empty() || self.generation_bytes > 0 {
            table.print("  ", text);
        }
        self.print_rows(text);
    }

    fn print_rows(&self, text: &mut String) {
        let Some(first) = self.first.first() else { return };
        let names = first.values.iter().take(MOST_COLUMNS).map(|(name, _)| &**name);
        let mut table = Table::new(std::iter::once(first.id_name).chain(names), &[]);
        for row in &self.first {
            let values = row.values.iter().take(MOST_COLUMNS).map(|(_, value)| value.to_string());
            table.row(std::iter::once(row.id.to_string()).chain(values));
        }
        text.push('\n');
        table.print("  ", text);
        let more = [
            (self.objects.saturating_sub(self.first.len()), "more object"),
            (first.values.len().saturating_sub(MOST_COLUMNS), "more slot"),
        ];
        let more = more.iter().filter(|(number, _)| *number > 0);
        let more: Vec<String> = more.map(|(number, what)| count(*number, what)).collect();
        if !more.is_empty() {
            text.push_str(&format!("  {}\n", more.join(", ")));
        }
    }
}

impl FileContent {
    fn new(file: &FileInfo) -> Self {
        Self {
            name: file.name.clone(),
            checksum: file.checksum.clone(),
            damages: file.damages.iter().map(ToString::to_string).collect(),
            state: match file.damages.first() {
                None => "right",
                Some(Damage::Missing) => "missing",
                Some(_) => "wrong",
            },
        }
    }
}

/// Returns the slots of a schema with the schemas that declare them, inherited ones first.
pub(crate) fn slots<'i>(info: &'i SaveInfo, schema: &'i Schema) -> Vec<(&'i str, &'i Slot)> {
    let mut chain = vec![schema];
    let mut base = schema.extends();
    while let Some(next) = base.and_then(|base| info.schemas.iter().find(|one| one.name() == base))
    {
        chain.push(next);
        base = next.extends().filter(|_| chain.len() <= info.schemas.len());
    }
    let slots = |schema: &'i Schema| schema.slots().iter().map(|slot| (schema.name(), slot));
    chain.into_iter().rev().flat_map(slots).collect()
}

/// Returns the declaration of a slot without its name.
pub(crate) fn declaration(slot: &Slot) -> String {
    let text = slot.to_string();
    text.strip_prefix(&format!("{}: ", slot.name())).map_or(text.clone(), str::to_owned)
}
