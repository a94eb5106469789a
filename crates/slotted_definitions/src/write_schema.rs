//! Writes schemas as readable definition files.

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use crate::brackets::outermost_list;
use crate::constraint;
use crate::format::Format;
use crate::infer::as_written;
use crate::loaded::Definitions;
use crate::write_nested::{Declared, Key, Nested, OfPart, nested};
use crate::write_yaml;
use slotted::Kind;
use slotted::Value;
use slotted::{Schema, schema::Slot};

/// The documentation of a schema in a definition file.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct SchemaDocs {
    /// A description of the schema.
    pub doc: Option<Arc<str>>,
    /// A comment of one or more lines. JSON files omit it.
    pub comment: Option<String>,
    /// The documentation of slots, by name.
    pub slots: BTreeMap<Arc<str>, SlotDocs>,
    /// The names of the lists of which records may write the only element without brackets: slots, or
    /// [nested lists](slotted::schema::Shape).
    pub one_or_lists: BTreeSet<Arc<str>>,
}

/// The documentation of a slot in a definition file.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct SlotDocs {
    /// A description of the slot.
    pub doc: Option<Arc<str>>,
    /// The unit of its numbers.
    pub unit: Option<Arc<str>>,
    /// A comment of one or more lines. JSON files omit it.
    pub comment: Option<String>,
}

/// The reason why a schema cannot be written to a definition file.
#[derive(Clone, PartialEq, Eq, thiserror::Error)]
#[error("slot '{slot}' of '{schema}' cannot be written to a {format} file: {reason}")]
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
/// The loaded file declares equal schemas, with three exceptions: a default of `1.0_f32` is read as
/// [`Value::F64`], a default of [`Value::Unset`] is omitted, and the slots of [nested values](slotted::schema::Shape), each of
/// which has one declaration, can come in another order. The format's feature is not needed.
///
/// A kind has one record beside it. The records of a value that needs several become schemas of their own, named after their
/// places: `orc_pair_0`. So a reader sees no slots such as `pair.1[].y`. Few values have no such declaration, such as variants
/// by name that are references. Their slots are declared one by one.
///
/// # Errors
/// Returns an error if a slot
/// * holds a type of the program,
/// * is called `inherits` or `abstract`,
/// * has a default that the format cannot write, such as NaN in JSON, or
/// * is a part that an optional record needs, and its value has no declaration.
///
/// # Example
/// ```
/// use slotted_definitions::{Format, write::{SchemaDocs, schemas_to_text}};
/// use slotted::{Kind, Schema};
///
/// let unit = Schema::builder("unit").slot("name", Kind::Text).slot("health", Kind::F32);
/// let unit = unit.default(100.0).range(0.0..=500.0).build()?;
/// let mut docs = SchemaDocs { doc: Some("Anything that moves.".into()), ..SchemaDocs::default() };
/// docs.slots.entry("health".into()).or_default().unit = Some("hp".into());
/// assert_eq!(schemas_to_text([(&unit, &docs)], Format::Toml)?, r#"[schemas.unit]
/// doc = "Anything that moves."
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
    let schemas: Vec<_> = schemas.into_iter().collect();
    let mut names: BTreeSet<String> =
        schemas.iter().map(|(schema, _)| schema.name().to_owned()).collect();
    let mut written = Vec::new();
    for (schema, docs) in schemas {
        Written::add(&mut written, (schema, docs), &mut names, format)?;
    }
    Ok(file(&written, format))
}

fn file(schemas: &[Written<'_>], format: Format) -> String {
    match format {
        Format::Toml => toml_file(schemas),
        Format::Yaml => yaml_file(schemas),
        Format::Json | Format::Ron => nested_file(schemas, format),
    }
}

crate::error::debug_as_display!(WriteSchemaError);

impl Definitions {
    /// Returns the documentation of a schema from the files.
    ///
    /// It is empty for schemas of the program.
    ///
    /// # Example
    #[cfg_attr(feature = "toml", doc = "```")]
    #[cfg_attr(not(feature = "toml"), doc = "```ignore")]
    /// use slotted::Store;
    /// use slotted_definitions::Loader;
    ///
    /// let file = "schemas.unit.slots.health = { kind = 'f32', unit = 'hp' }";
    /// let definitions = Loader::new().text("units.toml", file).load(&Store::new())?;
    /// assert_eq!(definitions.schema_docs("unit").slots["health"].unit.as_deref(), Some("hp"));
    /// # Ok::<(), slotted_definitions::Report>(())
    /// ```
    #[must_use]
    pub fn schema_docs(&self, name: &str) -> SchemaDocs {
        let Some(definition) = self.schema_definition(name) else { return SchemaDocs::default() };
        let notes = definition.schema.slots().iter().zip(&definition.slots);
        let slots = notes.map(|(slot, notes)| {
            let (doc, unit, comment) = (notes.doc.clone(), notes.unit.clone(), None);
            (Arc::clone(slot.shared_name()), SlotDocs { doc, unit, comment })
        });
        let slots = slots.filter(|(_, docs)| *docs != SlotDocs::default());
        let one_or_lists = definition.slots.iter().flat_map(|notes| &notes.one_or_lists);
        let one_or_lists = one_or_lists.cloned().collect();
        SchemaDocs {
            doc: definition.doc.clone(),
            comment: None,
            slots: slots.collect(),
            one_or_lists,
        }
    }
}

/// A key and its value, as the format writes them.
type Pair = (&'static str, String);

/// A schema with its keys and values as text.
struct Written<'s> {
    name: Cow<'s, str>,
    comment: Option<Cow<'s, str>>,
    /// `extends` and `doc`, if the schema has them.
    pairs: Vec<Pair>,
    slots: Vec<WrittenSlot<'s>>,
}

struct WrittenSlot<'s> {
    name: Cow<'s, str>,
    comment: Option<Cow<'s, str>>,
    declaration: String,
    /// The declaration of a nested value, for which TOML may need several lines.
    nested: Option<Declared>,
}

impl Nested {
    /// Returns `None` if the format has no such value.
    fn written<'s>(&self, format: Format) -> Option<WrittenSlot<'s>> {
        Some(WrittenSlot {
            name: self.name.to_string().into(),
            comment: self.comment.clone().map(Cow::Owned),
            declaration: self.declared.write(format)?,
            nested: Some(self.declared.clone()),
        })
    }
}

impl OfPart {
    /// Returns `None` if the format has no such value.
    fn written<'s>(&self, format: Format) -> Option<Written<'s>> {
        let slot = |(key, declared): &(Key, Declared)| {
            Some(WrittenSlot {
                name: key.name().to_owned().into(),
                comment: None,
                declaration: declared.write(format)?,
                nested: Some(declared.clone()),
            })
        };
        let slots = self.slots.iter().map(slot).collect::<Option<_>>()?;
        let (name, comment) = (self.name.clone().into(), Some(self.comment.clone().into()));
        Some(Written { name, comment, pairs: Vec::new(), slots })
    }
}

impl<'s> Written<'s> {
    /// Adds a schema, and before it those of its parts.
    fn add(
        written: &mut Vec<Self>,
        (schema, docs): (&'s Schema, &'s SchemaDocs),
        names: &mut BTreeSet<String>,
        format: Format,
    ) -> Result<(), WriteSchemaError> {
        let text = |text: &str| quoted(text, format);
        let extends = schema.extends().map(|base| ("extends", text(base)));
        let pairs = extends.into_iter().chain(docs.doc.as_deref().map(|doc| ("doc", text(doc))));
        let slot = |slot: &'s Slot| {
            let none = SlotDocs::default();
            let own = docs.slots.get(slot.name());
            let is_one_or_list = docs.one_or_lists.contains(outermost_list(slot.name()));
            let pairs = slot_pairs(slot, (own.unwrap_or(&none), is_one_or_list), format);
            let pairs = match slot.needed_in() {
                Some(record) => {
                    let record = crate::diagnostic::quoted(record);
                    Err(format!("it is a part that {record} needs, and no declaration says so"))
                }
                None => pairs,
            };
            let pairs = pairs.map_err(|reason| WriteSchemaError {
                schema: schema.name().into(),
                slot: Arc::clone(slot.shared_name()),
                format,
                reason,
            })?;
            let comment = own.and_then(|docs| docs.comment.as_deref());
            let (name, comment) = (Cow::Borrowed(slot.name()), comment.map(Cow::Borrowed));
            Ok(WrittenSlot { name, comment, declaration: slot_value(&pairs, format), nested: None })
        };
        let nested = nested(schema, docs, names);
        let mut slots: Vec<WrittenSlot<'s>> = Vec::with_capacity(schema.slots().len());
        for (position, own) in schema.slots().iter().enumerate() {
            // A nested value takes the place of its first slot.
            match nested.iter().find(|whole| whole.slots.contains(&position)) {
                Some(whole) if whole.slots.iter().min() != Some(&position) => {}
                Some(whole) => {
                    let unwritable = || WriteSchemaError {
                        schema: schema.name().into(),
                        slot: Arc::clone(&whole.name),
                        format,
                        reason: format!("{format} cannot represent its default or a constraint"),
                    };
                    slots.push(whole.written(format).ok_or_else(unwritable)?);
                    for part in &whole.of_parts {
                        written.push(part.written(format).ok_or_else(unwritable)?);
                    }
                }
                None => slots.push(slot(own)?),
            }
        }
        for (name, default) in schema.inherited_defaults() {
            let default = value(default, format).ok_or_else(|| WriteSchemaError {
                schema: schema.name().into(),
                slot: name.into(),
                format,
                reason: format!("{format} cannot represent its default"),
            })?;
            let declaration = map(&[("default", default)], format);
            let (name, comment, nested) = (name.into(), None, None);
            slots.push(WrittenSlot { name, comment, declaration, nested });
        }
        let (name, comment) = (schema.name().into(), docs.comment.as_deref().map(Cow::Borrowed));
        written.push(Self { name, comment, pairs: pairs.collect(), slots });
        Ok(())
    }
}

fn slot_pairs(
    slot: &Slot,
    (docs, is_one_or_list): (&SlotDocs, bool),
    format: Format,
) -> Result<Vec<Pair>, String> {
    let text = |text: &str| quoted(text, format);
    let mut pairs = match (slot.kind(), slot.kind().element()) {
        (_, Kind::Pod(pod)) => {
            return Err(format!("only the program can create values of '{}'", pod.name()));
        }
        (Kind::Enum(_), _) => Vec::new(),
        (_, Kind::Enum(_)) => vec![("kind", text("list(enum)"))],
        (kind, _) => vec![("kind", text(&kind.to_string()))],
    };
    if let Kind::Enum(kind) = slot.kind().element() {
        pairs.push(("variants", list(kind.variants().iter().map(|name| text(name)))));
    }
    if slot.is_optional() {
        pairs.push(("optional", "true".to_owned()));
    }
    if let Some(default) = slot.default().filter(|default| !default.is_unset()) {
        let value = value(default, format)
            .ok_or_else(|| format!("{format} cannot represent its default"))?;
        pairs.push(("default", value));
    }
    if slot.part_default().is_some() {
        return Err("its default is that of a part".to_owned());
    }
    for constraint in slot.constraints().iter() {
        let key = constraint.word();
        let written = constraint::write(&constraint, format);
        let written = written.ok_or_else(|| format!("{format} cannot represent its '{key}'"))?;
        pairs.push((key, written));
    }
    pairs.extend(docs.doc.as_deref().map(|doc| ("doc", text(doc))));
    pairs.extend(is_one_or_list.then(|| ("one_or_list", "true".to_owned())));
    pairs.extend(docs.unit.as_deref().map(|unit| ("unit", text(unit))));
    pairs.extend(slot.renamed_from().map(|name| ("renamed_from", text(name))));
    Ok(pairs)
}

/// Writes a value. Returns `None` if the format has no such value.
pub(super) fn value(given: &Value, format: Format) -> Option<String> {
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
        Value::Map(map) => {
            let separator = if format == Format::Toml { " =" } else { ":" };
            let entry = |(name, value): &(Arc<str>, Value)| {
                let (name, value) = (quoted(name, format), self::value(value, format)?);
                Some(format!("{name}{separator} {value}"))
            };
            let entries = map.iter().map(entry).collect::<Option<Vec<_>>>()?;
            Some(format!("{{{}}}", entries.join(", ")))
        }
        Value::Unset => match format {
            Format::Json | Format::Yaml => Some("null".to_owned()),
            Format::Ron => Some("None".to_owned()),
            Format::Toml => None,
        },
        _ => None,
    }
}

pub(super) fn float(number: f64, format: Format) -> Option<String> {
    match (number.is_finite(), format) {
        (true, _) => Some(format!("{number:?}")),
        (false, Format::Json) => None,
        (false, Format::Toml) => Some(format!("{number}").to_lowercase()),
        (false, Format::Ron) => Some(format!("{number}")),
        (false, Format::Yaml) if number.is_nan() => Some(".nan".to_owned()),
        (false, Format::Yaml) => Some(if number < 0.0 { "-.inf" } else { ".inf" }.to_owned()),
    }
}

/// Quotes a text with the format's escapes. YAML needs no quotes for a word.
pub(super) fn quoted(text: &str, format: Format) -> String {
    if format == Format::Yaml && write_yaml::is_plain_word(text) {
        return text.to_owned();
    }
    let mut quoted = String::with_capacity(text.len() + 2);
    quoted.push('"');
    for character in text.chars() {
        match character {
            '"' => quoted.push_str("\\\""),
            '\\' => quoted.push_str("\\\\"),
            '\n' => quoted.push_str("\\n"),
            '\t' => quoted.push_str("\\t"),
            '\r' => quoted.push_str("\\r"),
            _ if format == Format::Yaml && write_yaml::must_be_escaped(character) => {
                quoted.push_str(&format!("\\u{:04x}", u32::from(character)));
            }
            _ if character.is_control() => quoted.push_str(&match format {
                Format::Ron => format!("\\u{{{:x}}}", u32::from(character)),
                // All control characters are below U+00A0.
                _ => format!("\\u{:04x}", u32::from(character)),
            }),
            _ => quoted.push(character),
        }
    }
    quoted.push('"');
    quoted
}

/// Longer lists are split into lines.
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

pub(super) fn map(pairs: &[Pair], format: Format) -> String {
    let pair = |(name, value): &Pair| match format {
        Format::Toml => format!("{name} = {value}"),
        Format::Json => format!("\"{name}\": {value}"),
        Format::Ron | Format::Yaml => format!("{name}: {value}"),
    };
    if pairs.is_empty() {
        // RON's `()` is the unit value, not an empty map.
        return "{}".to_owned();
    }
    let pairs: Vec<String> = pairs.iter().map(pair).collect();
    let pairs = pairs.join(", ");
    match format {
        Format::Ron => format!("({pairs})"),
        Format::Json | Format::Toml | Format::Yaml => format!("{{ {pairs} }}"),
    }
}

fn slot_value(pairs: &[Pair], format: Format) -> String {
    match pairs {
        // A slot with only a kind needs no map.
        [("kind", kind)] => kind.clone(),
        pairs => map(pairs, format),
    }
}

fn comment(lines: &mut Vec<String>, sign: &str, comment: Option<&str>) {
    for line in comment.unwrap_or_default().lines() {
        // TOML allows no control characters in comments.
        let line: String = line.chars().filter(|character| !character.is_control()).collect();
        lines.push(format!("{sign} {line}").trim_end().to_owned());
    }
}

pub(super) fn toml_key(name: &str) -> String {
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
        let name = toml_key(&schema.name);
        comment(&mut lines, "#", schema.comment.as_deref());
        // `[schemas.NAME.slots]` declares `[schemas.NAME]` too.
        if !schema.pairs.is_empty() || schema.slots.is_empty() {
            lines.push(format!("[schemas.{name}]"));
            lines.extend(schema.pairs.iter().map(|(key, value)| format!("{key} = {value}")));
            lines.extend((!schema.slots.is_empty()).then(String::new));
        }
        if !schema.slots.is_empty() {
            lines.push(format!("[schemas.{name}.slots]"));
        }
        for slot in &schema.slots {
            let key = toml_key(&slot.name);
            comment(&mut lines, "#", slot.comment.as_deref());
            let nested = slot.nested.as_ref().and_then(|nested| nested.toml_lines(&key));
            lines.extend(nested.unwrap_or_else(|| vec![format!("{key} = {}", slot.declaration)]));
        }
    }
    lines.push(String::new());
    lines.join("\n")
}

fn yaml_file(schemas: &[Written<'_>]) -> String {
    let mut lines = vec!["schemas:".to_owned()];
    let indented = |indent: usize, text: &str| {
        // The lines of a long list are deeper than its name.
        let text = text.replace('\n', &format!("\n{:indent$}", "", indent = indent + 2));
        format!("{:indent$}{text}", "")
    };
    for schema in schemas {
        let mut comments = Vec::new();
        comment(&mut comments, "#", schema.comment.as_deref());
        lines.extend(comments.iter().map(|line| indented(2, line)));
        let name = quoted(&schema.name, Format::Yaml);
        let is_empty = schema.pairs.is_empty() && schema.slots.is_empty();
        lines.push(indented(2, &format!("{name}:{}", if is_empty { " {}" } else { "" })));
        let pairs = schema.pairs.iter().map(|(key, value)| format!("{key}: {value}"));
        lines.extend(pairs.map(|pair| indented(4, &pair)));
        lines.extend((!schema.slots.is_empty()).then(|| indented(4, "slots:")));
        for slot in &schema.slots {
            let mut comments = Vec::new();
            comment(&mut comments, "#", slot.comment.as_deref());
            lines.extend(comments.iter().map(|line| indented(6, line)));
            let name = quoted(&slot.name, Format::Yaml);
            lines.push(indented(6, &format!("{name}: {}", slot.declaration)));
        }
    }
    if schemas.is_empty() {
        lines = vec!["schemas: {}".to_owned()];
    }
    lines.push(String::new());
    lines.join("\n")
}

/// Writes JSON or RON: nested maps, with a line for each slot.
fn nested_file(schemas: &[Written<'_>], format: Format) -> String {
    let is_ron = format == Format::Ron;
    let (open, close) = if is_ron { ("(", ")") } else { ("{", "}") };
    let key = |name: &str| if is_ron { name.to_owned() } else { format!("\"{name}\"") };
    let mut schema_maps = Vec::new();
    for schema in schemas {
        let mut pairs: Vec<String> =
            schema.pairs.iter().map(|(name, value)| format!("{}: {value}", key(name))).collect();
        let slots = schema.slots.iter().map(|slot| {
            let mut lines = Vec::new();
            comment(&mut lines, "//", slot.comment.as_deref().filter(|_| is_ron));
            lines.push(format!("{}: {}", quoted(&slot.name, format), slot.declaration));
            lines.join("\n")
        });
        let slots = block("{", slots.collect(), "}", is_ron);
        pairs.push(format!("{}: {slots}", key("slots")));
        let mut lines = Vec::new();
        comment(&mut lines, "//", schema.comment.as_deref().filter(|_| is_ron));
        let name = quoted(&schema.name, format);
        lines.push(format!("{name}: {}", block(open, pairs, close, is_ron)));
        schema_maps.push(lines.join("\n"));
    }
    let schemas = format!("{}: {}", key("schemas"), block("{", schema_maps, "}", is_ron));
    block(open, vec![schemas], close, is_ron) + "\n"
}

/// Writes parts between brackets, one a line.
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
