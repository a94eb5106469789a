//! Schemas written as definition files, as a person would write them.

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::constraint;
use crate::format::Format;
use crate::infer::as_written;
use crate::loaded::Definitions;
use crate::schemas::RECORD_KEYS;
use slotted::Kind;
use slotted::Value;
use slotted::{Schema, schema::Slot};

/// The notes about a schema in a definition file, for people.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct SchemaDocs {
    /// What it is.
    pub doc: Option<Arc<str>>,
    /// A comment of any number of lines. JSON files leave it out.
    pub comment: Option<String>,
    /// The notes about slots, by their names.
    pub slots: BTreeMap<Arc<str>, SlotDocs>,
}

/// The notes about a slot in a definition file, for people.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct SlotDocs {
    /// What it is.
    pub doc: Option<Arc<str>>,
    /// The unit of its numbers.
    pub unit: Option<Arc<str>>,
    /// A comment of any number of lines. JSON files leave it out.
    pub comment: Option<String>,
}

/// The reason why a schema cannot be written to a definition file.
#[derive(Clone, PartialEq, Eq, thiserror::Error)]
#[error("slot '{slot}' of schema '{schema}' cannot be in a {format} file: {reason}")]
#[non_exhaustive]
pub struct WriteSchemaError {
    /// The schema's name.
    pub schema: Arc<str>,
    /// The slot's name.
    pub slot: Arc<str>,
    /// The file's format.
    pub format: Format,
    /// The reason.
    pub reason: String,
}

/// Writes a definition file that declares the schemas.
///
/// What the file loads to is equal to what was written, as far as a file tells kinds of values apart: a
/// default of `1.0_f32` is a number when it comes back, and a default of
/// [`Value::Unset`] is none. The format's feature is not needed.
///
/// # Errors
/// If a file cannot have a slot: one of a program's own type, one called `inherits` or `abstract`, or
/// a default that the format does not know, as JSON does not know NaN.
///
/// # Example
/// ```
/// use slotted_definitions::{Format, write::{SchemaDocs, schemas_to_text}};
/// use slotted::{Kind, Schema};
///
/// let unit = Schema::builder("unit").slot("name", Kind::Text).slot("health", Kind::F32);
/// let unit = unit.default(100.0).range(0.0..=500.0).build()?;
/// let mut docs = SchemaDocs { doc: Some("Whatever moves.".into()), ..SchemaDocs::default() };
/// docs.slots.entry("health".into()).or_default().unit = Some("hp".into());
/// assert_eq!(schemas_to_text([(&unit, &docs)], Format::Toml)?, r#"[schemas.unit]
/// doc = "Whatever moves."
///
/// [schemas.unit.slots]
/// name = "text"
/// health = { kind = "f32", default = 100.0, range = [0.0, 500.0], unit = "hp" }
/// "#);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn schemas_to_text<'s>(
    schemas: impl IntoIterator<Item = (&'s Schema, &'s SchemaDocs)>,
    format: Format,
) -> Result<String, WriteSchemaError> {
    let schemas = schemas.into_iter().map(|(schema, docs)| Written::new(schema, docs, format));
    let schemas = schemas.collect::<Result<Vec<_>, _>>()?;
    Ok(match format {
        Format::Toml => toml_file(&schemas),
        Format::Json | Format::Ron => nested_file(&schemas, format),
    })
}

crate::error::debug_as_display!(WriteSchemaError);

impl Definitions {
    /// Returns the notes about a schema from its file. Empty for schemas from Rust.
    ///
    /// # Example
    #[cfg_attr(feature = "toml", doc = "```")]
    #[cfg_attr(not(feature = "toml"), doc = "```ignore")]
    /// use slotted::Store;
    /// use slotted_definitions::Loader;
    ///
    /// let file = "schemas.unit.slots.health = { kind = 'f32', unit = 'hp' }";
    /// let definitions = Loader::new().text("units.toml", file).load(&Store::new())?;
    /// let docs = definitions.schema_docs("unit");
    /// assert_eq!(docs.slots["health"].unit.as_deref(), Some("hp"));
    /// # Ok::<(), slotted_definitions::Report>(())
    /// ```
    #[must_use]
    pub fn schema_docs(&self, name: &str) -> SchemaDocs {
        let Some(definition) = self.schema_definition(name) else { return SchemaDocs::default() };
        let notes = definition.schema.slots().iter().zip(&definition.slots);
        let slots = notes.filter(|(_, notes)| notes.doc.is_some() || notes.unit.is_some());
        let slots = slots.map(|(slot, notes)| {
            let (doc, unit) = (notes.doc.clone(), notes.unit.clone());
            (Arc::clone(slot.shared_name()), SlotDocs { doc, unit, comment: None })
        });
        SchemaDocs { doc: definition.doc.clone(), comment: None, slots: slots.collect() }
    }
}

/// One word and its value, as the format writes them.
type Word = (&'static str, String);

/// A schema with its words, ready to be laid out.
struct Written<'s> {
    schema: &'s Schema,
    docs: &'s SchemaDocs,
    /// `extends` and `doc`, as far as they are there.
    words: Vec<Word>,
    slots: Vec<WrittenSlot<'s>>,
}

struct WrittenSlot<'s> {
    name: &'s str,
    comment: Option<&'s str>,
    words: Vec<Word>,
}

impl<'s> Written<'s> {
    fn new(
        schema: &'s Schema,
        docs: &'s SchemaDocs,
        format: Format,
    ) -> Result<Self, WriteSchemaError> {
        let text = |text: &str| quoted(text, format);
        let extends = schema.extends().map(|base| ("extends", text(base)));
        let words = extends.into_iter().chain(docs.doc.as_deref().map(|doc| ("doc", text(doc))));
        let slot = |slot: &'s Slot| {
            let none = SlotDocs::default();
            let own = docs.slots.get(slot.name());
            let words = slot_words(slot, own.unwrap_or(&none), format);
            let words = words.map_err(|reason| WriteSchemaError {
                schema: schema.name().into(),
                slot: Arc::clone(slot.shared_name()),
                format,
                reason,
            })?;
            let comment = own.and_then(|docs| docs.comment.as_deref());
            Ok(WrittenSlot { name: slot.name(), comment, words })
        };
        let slots = schema.slots().iter().map(slot).collect::<Result<_, _>>()?;
        Ok(Self { schema, docs, words: words.collect(), slots })
    }
}

fn slot_words(slot: &Slot, docs: &SlotDocs, format: Format) -> Result<Vec<Word>, String> {
    if RECORD_KEYS.contains(&slot.name()) {
        return Err("that is a word of records".to_owned());
    }
    let text = |text: &str| quoted(text, format);
    let mut words = match (slot.kind(), slot.kind().element()) {
        (_, Kind::Pod(pod)) => return Err(format!("only a program has values of {}", pod.name())),
        (Kind::Enum(_), _) => Vec::new(),
        (_, Kind::Enum(_)) => vec![("kind", text("list(enum)"))],
        (kind, _) => vec![("kind", text(&kind.to_string()))],
    };
    if let Kind::Enum(kind) = slot.kind().element() {
        words.push(("variants", list(kind.variants().iter().map(|name| text(name)))));
    }
    if slot.is_optional() {
        words.push(("optional", "true".to_owned()));
    }
    if let Some(default) = slot.default().filter(|default| !default.is_unset()) {
        let value = value(default, format).ok_or("the format does not know its default")?;
        words.push(("default", value));
    }
    for constraint in slot.constraints().iter() {
        let word = constraint.word();
        let written = constraint::write(&constraint, format);
        let written = written.ok_or_else(|| format!("the format does not know its {word}"))?;
        words.push((word, written));
    }
    words.extend(docs.doc.as_deref().map(|doc| ("doc", text(doc))));
    words.extend(docs.unit.as_deref().map(|unit| ("unit", text(unit))));
    words.extend(slot.renamed_from().map(|name| ("renamed_from", text(name))));
    Ok(words)
}

/// Writes a value. Returns `None` if the format has no such value.
fn value(given: &Value, format: Format) -> Option<String> {
    let values = |values: &[Value]| {
        let values = values.iter().map(|one| value(one, format));
        Some(list(values.collect::<Option<Vec<_>>>()?.into_iter()))
    };
    if let Some(numbers) = given.numbers() {
        return values(&numbers);
    }
    match given {
        Value::Bool(truth) => Some(truth.to_string()),
        Value::Int(number) => Some(number.to_string()),
        Value::UInt(number) => Some(number.to_string()),
        Value::F32(number) => float(as_written(*number), format),
        Value::F64(number) => float(*number, format),
        Value::Text(text) => Some(quoted(text, format)),
        Value::List(list) => values(list),
        _ => None,
    }
}

pub(super) fn float(number: f64, format: Format) -> Option<String> {
    match (number.is_finite(), format) {
        (true, _) => Some(format!("{number:?}")),
        (false, Format::Json) => None,
        (false, Format::Toml) => Some(format!("{number}").to_lowercase()),
        (false, Format::Ron) => Some(format!("{number}")),
    }
}

/// A text in quotes, with the escapes that the format has.
pub(super) fn quoted(text: &str, format: Format) -> String {
    let mut quoted = String::with_capacity(text.len() + 2);
    quoted.push('"');
    for character in text.chars() {
        match character {
            '"' => quoted.push_str("\\\""),
            '\\' => quoted.push_str("\\\\"),
            '\n' => quoted.push_str("\\n"),
            '\t' => quoted.push_str("\\t"),
            '\r' => quoted.push_str("\\r"),
            _ if character.is_control() => quoted.push_str(&match format {
                Format::Ron => format!("\\u{{{:x}}}", u32::from(character)),
                // The control characters are all among the first of Unicode.
                Format::Json | Format::Toml => format!("\\u{:04x}", u32::from(character)),
            }),
            _ => quoted.push(character),
        }
    }
    quoted.push('"');
    quoted
}

/// Longer lists stand on lines of their own.
const LONG_LIST: usize = 80;

pub(super) fn list(values: impl Iterator<Item = String>) -> String {
    let values: Vec<String> = values.collect();
    let line = format!("[{}]", values.join(", "));
    if line.len() <= LONG_LIST {
        return line;
    }
    let (mut lines, mut line) = (String::from("["), String::new());
    for (position, value) in values.iter().enumerate() {
        if !line.is_empty() && line.len() + value.len() > LONG_LIST {
            lines.push_str(&format!("\n    {}", line.trim_end()));
            line.clear();
        }
        line.push_str(value);
        line.push_str(if position + 1 < values.len() { ", " } else { "" });
    }
    format!("{lines}\n    {}\n]", line.trim_end())
}

pub(super) fn map(words: &[Word], format: Format) -> String {
    let word = |(name, value): &Word| match format {
        Format::Toml => format!("{name} = {value}"),
        Format::Json => format!("\"{name}\": {value}"),
        Format::Ron => format!("{name}: {value}"),
    };
    if words.is_empty() {
        // RON's `()` would be nothing at all.
        return "{}".to_owned();
    }
    let words: Vec<String> = words.iter().map(word).collect();
    let words = words.join(", ");
    match format {
        Format::Ron => format!("({words})"),
        Format::Json | Format::Toml => format!("{{ {words} }}"),
    }
}

fn slot_value(slot: &WrittenSlot<'_>, format: Format) -> String {
    match &*slot.words {
        // The kind alone needs no map.
        [("kind", kind)] => kind.clone(),
        words => map(words, format),
    }
}

fn comment(lines: &mut Vec<String>, sign: &str, comment: Option<&str>) {
    for line in comment.unwrap_or_default().lines() {
        // TOML has no control characters in comments.
        let line: String = line.chars().filter(|character| !character.is_control()).collect();
        lines.push(format!("{sign} {line}").trim_end().to_owned());
    }
}

fn toml_key(name: &str) -> String {
    let is_bare = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '-');
    match !name.is_empty() && name.chars().all(is_bare) {
        true => name.to_owned(),
        false => quoted(name, Format::Toml),
    }
}

fn toml_file(schemas: &[Written<'_>]) -> String {
    let mut lines: Vec<String> = Vec::new();
    for schema in schemas {
        if !lines.is_empty() {
            lines.push(String::new());
        }
        let name = toml_key(schema.schema.name());
        comment(&mut lines, "#", schema.docs.comment.as_deref());
        // The table of the slots makes that of the schema.
        if !schema.words.is_empty() || schema.slots.is_empty() {
            lines.push(format!("[schemas.{name}]"));
            lines.extend(schema.words.iter().map(|(word, value)| format!("{word} = {value}")));
            lines.extend((!schema.slots.is_empty()).then(String::new));
        }
        if !schema.slots.is_empty() {
            lines.push(format!("[schemas.{name}.slots]"));
        }
        for slot in &schema.slots {
            comment(&mut lines, "#", slot.comment);
            lines.push(format!("{} = {}", toml_key(slot.name), slot_value(slot, Format::Toml)));
        }
    }
    lines.push(String::new());
    lines.join("\n")
}

/// JSON and RON: maps in maps, each on lines of its own down to the slots.
fn nested_file(schemas: &[Written<'_>], format: Format) -> String {
    let is_ron = format == Format::Ron;
    let (open, close) = if is_ron { ("(", ")") } else { ("{", "}") };
    let word = |name: &str| if is_ron { name.to_owned() } else { format!("\"{name}\"") };
    let mut schema_maps = Vec::new();
    for schema in schemas {
        let mut words: Vec<String> =
            schema.words.iter().map(|(name, value)| format!("{}: {value}", word(name))).collect();
        let slots = schema.slots.iter().map(|slot| {
            let mut lines = Vec::new();
            comment(&mut lines, "//", slot.comment.filter(|_| is_ron));
            lines.push(format!("{}: {}", quoted(slot.name, format), slot_value(slot, format)));
            lines.join("\n")
        });
        let slots = block("{", slots.collect(), "}", is_ron);
        words.push(format!("{}: {slots}", word("slots")));
        let mut lines = Vec::new();
        comment(&mut lines, "//", schema.docs.comment.as_deref().filter(|_| is_ron));
        let name = quoted(schema.schema.name(), format);
        lines.push(format!("{name}: {}", block(open, words, close, is_ron)));
        schema_maps.push(lines.join("\n"));
    }
    let schemas = format!("{}: {}", word("schemas"), block("{", schema_maps, "}", is_ron));
    block(open, vec![schemas], close, is_ron) + "\n"
}

/// Parts between an opening and a closing bracket, on lines of their own.
fn block(open: &str, parts: Vec<String>, close: &str, ends_with_comma: bool) -> String {
    if parts.is_empty() {
        return format!("{open}{close}");
    }
    let indent = if ends_with_comma { "    " } else { "  " };
    let last = parts.len() - 1;
    let mut lines = vec![open.to_owned()];
    for (position, part) in parts.iter().enumerate() {
        let comma = if position < last || ends_with_comma { "," } else { "" };
        let part = part.replace('\n', &format!("\n{indent}"));
        lines.push(format!("{indent}{part}{comma}"));
    }
    lines.push(close.to_owned());
    lines.join("\n")
}
