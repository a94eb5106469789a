//! Nested values in written schemas: one declaration for all slots of a shape.

use std::cell::RefCell;
use std::collections::BTreeSet;
use std::sync::Arc;

use crate::constraint;
use crate::declares::declares;
use crate::format::Format;
use crate::paths::paths;
use crate::write_schema::{SchemaDocs, quoted, toml_key, value};
use slotted::schema::{Constraint, Elements, Part, Shape, Slot, Union, UnionBy};
use slotted::{Kind, Schema, Value};

/// A declaration, or a part of one.
#[derive(Clone, Debug)]
pub(super) enum Declared {
    Value(Value),
    Constraint(Constraint),
    Map(Vec<(Key, Declared)>),
}

/// The name of a part of a declaration.
#[derive(Clone, Debug)]
pub(super) enum Key {
    /// A word of definition files.
    Word(&'static str),
    /// The name of a slot or a variant.
    Name(Arc<str>),
}

/// The declaration of a nested value.
pub(super) struct Nested {
    pub(super) name: Arc<str>,
    /// The positions of its slots.
    pub(super) slots: Vec<usize>,
    pub(super) declared: Declared,
    pub(super) comment: Option<String>,
    /// The schemas of its records that the declaration names.
    pub(super) of_parts: Vec<OfPart>,
}

/// A schema for the records in a part of a nested value.
#[derive(Clone, Debug)]
pub(super) struct OfPart {
    pub(super) name: String,
    pub(super) comment: String,
    pub(super) slots: Vec<(Key, Declared)>,
}

/// Returns the nested values of a schema that a file can declare as such. The slots of others are declared one by one.
///
/// The records of a value that needs several of them become schemas of their own, whose names are added to those of all schemas.
pub(super) fn nested(
    schema: &Schema,
    docs: &SchemaDocs,
    names: &mut BTreeSet<String>,
) -> Vec<Nested> {
    let (shapes, paths) = (schema.shapes(), paths(schema));
    let mut nested = Vec::new();
    for (name, shape) in &shapes {
        let mut slots = Vec::new();
        shape.for_each_slot(&mut |slot| slots.push(slot));
        let own: Vec<&Slot> = slots.iter().map(|slot| &schema.slots()[*slot]).collect();
        let declare = |names: Option<&BTreeSet<String>>, is_alone: bool| {
            let names = names.map(|names| Names { schema: schema.name(), paths: &paths, names });
            let of_parts = RefCell::default();
            let writer = Writer { slots: schema.slots(), docs, names, is_alone, of_parts };
            let declared = writer.part(shape, Context::OUTSIDE)?;
            let of_parts = writer.of_parts.into_inner();
            declares(name, (&declared, &of_parts), (&own, docs)).then_some((declared, of_parts))
        };
        let named = |is_alone: bool| declare(Some(names), is_alone);
        // Constraints of single values do not go with a record beside their kind.
        let declared = declare(None, false).or_else(|| named(false)).or_else(|| named(true));
        let Some((declared, of_parts)) = declared else { continue };
        names.extend(of_parts.iter().map(|part| part.name.clone()));
        let comments = slots.iter().filter_map(|slot| {
            let comment = docs.slots.get(schema.slots()[*slot].name())?.comment.as_ref()?;
            let lines = comment.lines().map(|line| format!("{}: {line}", paths[*slot]));
            Some(lines.collect::<Vec<_>>())
        });
        let comments = comments.flatten().collect::<Vec<_>>().join("\n");
        let comment = (!comments.is_empty()).then_some(comments);
        nested.push(Nested { name: Arc::clone(name), slots, declared, comment, of_parts });
    }
    nested
}

/// The place of a shape.
#[derive(Clone, Copy, PartialEq)]
enum Place {
    Record,
    Element,
    Variant,
}

/// The surroundings of a shape.
#[derive(Clone, Copy)]
struct Context<'s> {
    place: Place,
    /// The name of the optional record around it, if there is one.
    record: Option<&'s str>,
}

impl Context<'_> {
    const OUTSIDE: Self = Self { place: Place::Record, record: None };
    const ELEMENT: Self = Self { place: Place::Element, record: None };
}

/// The parts of a kind that are declared beside it.
#[derive(Default)]
struct Beside {
    /// `slots`, or `tag` and `variants`.
    record: Vec<(Key, Declared)>,
    /// The slots of single values.
    singles: Vec<usize>,
    /// `true` if nothing is declared beside the kind: its records have schemas of their own.
    is_alone: bool,
}

struct Writer<'s> {
    slots: &'s [Slot],
    docs: &'s SchemaDocs,
    /// Given if records may have schemas of their own.
    names: Option<Names<'s>>,
    /// `true` if no record is declared beside a longer kind, but has a schema of its own.
    is_alone: bool,
    of_parts: RefCell<Vec<OfPart>>,
}

/// The pieces of the names of schemas for parts.
struct Names<'s> {
    schema: &'s str,
    paths: &'s [String],
    /// The names of other schemas.
    names: &'s BTreeSet<String>,
}

impl<'s> Writer<'s> {
    /// Returns the declaration of a nested value or of a part. Returns `None` if files have no such form.
    fn part(&self, shape: &Shape, context: Context<'_>) -> Option<Declared> {
        let is_nested = |shape: &Shape| match shape {
            Shape::Record(_) => true,
            Shape::Union(union) => union.by != UnionBy::Sort,
            _ => false,
        };
        let is_alone = self.is_alone && !is_nested(shape);
        let mut beside = Beside { is_alone, ..Beside::default() };
        let place = context.place;
        let is_record = matches!(shape, Shape::Record(_) | Shape::Tuple(_));
        let is_needed = context.record.is_some_and(|record| self.is_needed(shape, record));
        let is_optional = !is_needed && self.is_optional(shape, place);
        let record = if is_record && is_optional { self.path(shape) } else { context.record };
        let variants = self.variants(shape, place);
        let kind = match &variants {
            Some((kind, _)) => {
                shape.for_each_slot(&mut |slot| beside.singles.push(slot));
                (*kind).to_owned()
            }
            None => {
                let context = Context { place, record };
                let before = self.of_parts.borrow().len();
                let kind = self.kind(shape, context, &mut beside);
                match kind {
                    None if self.names.is_some() && !is_nested(shape) && !is_alone => {
                        // A kind with several records has the names of their schemas.
                        self.of_parts.borrow_mut().truncate(before);
                        beside = Beside { is_alone: true, ..Beside::default() };
                        self.kind(shape, context, &mut beside)?
                    }
                    kind => kind?,
                }
            }
        };
        let mut pairs = Vec::new();
        let kind = match &*kind {
            "record" | "enum" => None,
            "list(record)" => Some("list"),
            "map(record)" => Some("map"),
            kind => Some(kind),
        };
        pairs.extend(kind.map(|kind| (Key::Word("kind"), Declared::Value(kind.into()))));
        let names = variants.map(|(_, names)| (Key::Word("variants"), Declared::Value(names)));
        pairs.extend(names);
        if is_optional {
            pairs.push((Key::Word("optional"), Declared::Value(true.into())));
        }
        pairs.extend(
            self.default(shape, place).map(|value| (Key::Word("default"), Declared::Value(value))),
        );
        for key in constraint::KEYS {
            let found = self.constraint(key, &beside)?;
            pairs.extend(found.map(|found| (Key::Word(key), Declared::Constraint(found))));
        }
        self.add_docs(shape, &beside, &mut pairs);
        // The longest part comes last.
        pairs.append(&mut beside.record);
        Some(match &*pairs {
            [(Key::Word("kind"), kind)] => kind.clone(),
            _ => Declared::Map(pairs),
        })
    }

    /// Returns the kind and the variants of a slot whose variants no text of a kind can say.
    fn variants(&self, shape: &Shape, place: Place) -> Option<(&'static str, Value)> {
        let Shape::Slot(part) = shape else { return None };
        let kind = self.slots[part.slot].kind();
        let Kind::Enum(names) = kind.element() else { return None };
        if single(kind).is_some() {
            return None;
        }
        let is_list =
            matches!(kind, Kind::List(_)) && (place != Place::Element || part.lengths.is_some());
        let names = names.variants().iter().map(|name| Value::Text(Arc::clone(name)));
        Some((if is_list { "list(enum)" } else { "enum" }, Value::List(names.collect())))
    }

    /// Returns the text of a kind, in which the word `record` stands for the record or the union beside it.
    fn kind(&self, shape: &Shape, context: Context<'_>, beside: &mut Beside) -> Option<String> {
        Some(match shape {
            Shape::Slot(part) => {
                beside.singles.push(part.slot);
                let kind = self.slots[part.slot].kind();
                match (context.place, kind) {
                    (Place::Element, Kind::List(list)) if part.lengths.is_none() => {
                        single(list.element())?
                    }
                    _ => single(kind)?,
                }
            }
            Shape::Record(fields) => {
                let own = self.fields(fields, context)?;
                match beside.is_alone {
                    true => self.add_schema(fields, own)?,
                    false => beside.add(vec![(Key::Word("slots"), Declared::Map(own))])?,
                }
            }
            Shape::Tuple(fields) => {
                let kinds = fields.iter().map(|(_, shape)| self.kind(shape, context, beside));
                format!("({})", kinds.collect::<Option<Vec<_>>>()?.join(", "))
            }
            Shape::List(elements) => {
                format!("list({})", self.kind(&elements.element, Context::ELEMENT, beside)?)
            }
            Shape::Map(elements) => {
                let Shape::Record(fields) = &*elements.element else { return None };
                let [(_, key), (_, value)] = &**fields else { return None };
                let key = self.kind(key, Context::ELEMENT, beside)?;
                let value = self.kind(value, Context::ELEMENT, beside)?;
                if key == "text" { format!("map({value})") } else { format!("map({key}, {value})") }
            }
            Shape::Union(union) => self.union(union, context.place, beside)?,
            _ => return None,
        })
    }

    fn fields(
        &self,
        fields: &[(Arc<str>, Shape)],
        context: Context<'_>,
    ) -> Option<Vec<(Key, Declared)>> {
        let field = |(name, shape): &(Arc<str>, Shape)| {
            Some((Key::Name(Arc::clone(name)), self.part(shape, context)?))
        };
        fields.iter().map(field).collect()
    }

    /// Adds a schema for a record, and returns its name.
    fn add_schema(
        &self,
        fields: &[(Arc<str>, Shape)],
        slots: Vec<(Key, Declared)>,
    ) -> Option<String> {
        let Names { schema, paths, names } = self.names.as_ref()?;
        let (field, shape) = fields.first()?;
        let path = &paths[shape.slot_range().start];
        let record = path.rfind(&format!(".{field}")).map_or(&**path, |end| &path[..end]);
        let word = |name: &str| name.replace(|c: char| !c.is_alphanumeric(), "_");
        let words = word(record);
        let words = words.split('_').filter(|word| !word.is_empty()).collect::<Vec<_>>().join("_");
        let base = format!("{}_{words}", word(schema));
        let mut of_parts = self.of_parts.borrow_mut();
        let is_free =
            |name: &String| !names.contains(name) && of_parts.iter().all(|part| part.name != *name);
        let mut numbered = (2..).map(|number| format!("{base}_{number}"));
        let name = if is_free(&base) { base.clone() } else { numbered.find(is_free)? };
        let comment = format!("Part of {schema}: {record}.");
        of_parts.push(OfPart { name: name.clone(), comment, slots });
        Some(name)
    }

    fn union(&self, union: &Union, place: Place, beside: &mut Beside) -> Option<String> {
        let place = if place == Place::Element { place } else { Place::Variant };
        let context = Context { place, record: None };
        let variants = union.variants.iter();
        if union.by == UnionBy::Sort {
            let kinds = variants.map(|(_, shape)| self.kind(shape.as_ref()?, context, beside));
            return Some(kinds.collect::<Option<Vec<_>>>()?.join(" | "));
        }
        let mut pairs = Vec::new();
        if let UnionBy::Tag(tag) = &union.by {
            pairs.push((Key::Word("tag"), Declared::Value(Value::Text(Arc::clone(tag)))));
        }
        let variant = |(name, shape): &(Arc<str>, Option<Shape>)| {
            let declared = match shape {
                None => Declared::Map(Vec::new()),
                Some(Shape::Record(fields)) => {
                    let is_tag = |shape: &Shape| matches!(shape, Shape::Slot(part) if part.slot == union.variant);
                    let own = fields.iter().filter(|(_, shape)| !is_tag(shape));
                    Declared::Map(self.fields(&own.cloned().collect::<Vec<_>>(), context)?)
                }
                // The value of a variant that is no record has nothing but a kind.
                Some(shape) => match self.part(shape, context)? {
                    kind @ Declared::Value(_) => kind,
                    _ => {
                        let mut alone = Beside { is_alone: true, ..Beside::default() };
                        Declared::Value(self.kind(shape, context, &mut alone)?.into())
                    }
                },
            };
            Some((Key::Name(Arc::clone(name)), declared))
        };
        let variants = variants.map(variant).collect::<Option<_>>()?;
        pairs.push((Key::Word("variants"), Declared::Map(variants)));
        beside.add(pairs)
    }

    /// Returns whether files say that a value may be left out.
    fn is_optional(&self, shape: &Shape, place: Place) -> bool {
        match (shape, place) {
            (Shape::Slot(part), Place::Record) => self.slots[part.slot].is_optional(),
            (Shape::Slot(Part { is_set, .. }), _)
            | (
                Shape::List(Elements { is_set, .. }) | Shape::Map(Elements { is_set, .. }),
                Place::Element | Place::Variant,
            )
            | (Shape::Union(Union { is_set, .. }), Place::Element | Place::Variant) => {
                is_set.is_some()
            }
            (Shape::Union(union), _) => self.slots[union.variant].is_optional(),
            // Without a part that it needs, an optional record has the slots of another one.
            (Shape::Record(_) | Shape::Tuple(_), _) => {
                self.path(shape).is_some_and(|path| self.is_needed(shape, path))
            }
            (shape, _) => {
                let mut is_optional = true;
                shape.for_each_slot(&mut |slot| is_optional &= self.slots[slot].is_optional());
                is_optional
            }
        }
    }

    /// Returns whether an optional record needs a part of the shape.
    fn is_needed(&self, shape: &Shape, record: &str) -> bool {
        let mut is_needed = false;
        shape.for_each_slot(&mut |slot| {
            is_needed |= self.slots[slot].needed_in() == Some(record);
        });
        is_needed
    }

    /// Returns the name of a nested value, which is that of a part without what follows.
    fn path(&self, shape: &Shape) -> Option<&'s str> {
        match shape {
            Shape::Slot(part) => Some(self.slots[part.slot].name()),
            Shape::Record(fields) | Shape::Tuple(fields) => {
                let (name, first) = fields.first()?;
                self.path(first)?.strip_suffix(&**name)?.strip_suffix('.')
            }
            Shape::List(elements) => self.path(&elements.element)?.strip_suffix("[]"),
            Shape::Map(elements) => self.path(&elements.element)?.strip_suffix("{}"),
            Shape::Union(union) => {
                let tag = self.slots[union.variant].name();
                tag.rfind(['@', '|']).map(|at| &tag[..at])
            }
            _ => None,
        }
    }

    /// Returns the default of a slot, or that of a list whose slots are all empty.
    fn default(&self, shape: &Shape, place: Place) -> Option<Value> {
        match shape {
            Shape::Slot(part) if self.slots[part.slot].needed_in().is_some() => {
                self.slots[part.slot].needed_default().cloned()
            }
            Shape::Slot(part) if place != Place::Record => part.default.clone(),
            _ if place != Place::Record => None,
            Shape::Slot(part) => {
                self.slots[part.slot].default().filter(|value| !value.is_unset()).cloned()
            }
            Shape::List(_) | Shape::Map(_) => {
                let empty = Value::List([].into());
                let mut is_empty = true;
                shape.for_each_slot(&mut |slot| {
                    let slot = &self.slots[slot];
                    is_empty &= slot.default().or(slot.needed_default()) == Some(&empty);
                });
                let none = match shape {
                    Shape::Map(_) => Value::Map([].into()),
                    _ => empty,
                };
                is_empty.then_some(none)
            }
            _ => None,
        }
    }

    /// Returns the constraint that all single values have. Returns `None` if they have different ones.
    fn constraint(&self, key: &str, beside: &Beside) -> Option<Option<Constraint>> {
        let singles = beside.singles.iter().map(|slot| &self.slots[*slot]);
        let mut found = singles
            .filter(|slot| constraint::suits(key, slot.kind()))
            .map(|slot| slot.constraints().iter().find(|constraint| constraint.word() == key));
        let Some(first) = found.next() else { return Some(None) };
        found.all(|other| other == first).then_some(first)
    }

    /// Adds the documentation. That of a record belongs to its parts.
    fn add_docs(&self, shape: &Shape, beside: &Beside, pairs: &mut Vec<(Key, Declared)>) {
        if self.path(shape).is_some_and(|path| self.docs.one_or_lists.contains(path)) {
            pairs.push((Key::Word("one_or_list"), Declared::Value(true.into())));
        }
        let first = self.slots[shape.slot_range().start].name();
        let Some(docs) = self.docs.slots.get(first) else { return };
        if beside.record.is_empty() {
            let texts = [("doc", &docs.doc), ("unit", &docs.unit)];
            let texts = texts.into_iter().filter_map(|(key, text)| Some((key, text.clone()?)));
            let text = |(key, text)| (Key::Word(key), Declared::Value(Value::Text(text)));
            pairs.extend(texts.map(text));
        }
    }
}

impl Beside {
    /// Adds the record or the union, of which a kind has at most one.
    fn add(&mut self, pairs: Vec<(Key, Declared)>) -> Option<String> {
        if !self.record.is_empty() || self.is_alone {
            return None;
        }
        self.record = pairs;
        Some("record".to_owned())
    }
}

/// Returns the text of a single kind within a longer one.
fn single(kind: &Kind) -> Option<String> {
    let is_plain = |name: &Arc<str>| {
        !name.is_empty() && name.chars().all(|c| c.is_alphanumeric() || matches!(c, '_' | '-'))
    };
    match kind.element() {
        Kind::Pod(_) => None,
        Kind::Enum(names) if !names.variants().iter().all(is_plain) => None,
        _ => Some(kind.to_string()),
    }
}

/// Longer declarations are split into lines.
const LONG: usize = 100;

impl Declared {
    /// Writes the declaration. Returns `None` if the format has no such value.
    pub(super) fn write(&self, format: Format) -> Option<String> {
        Some(match self {
            Self::Value(given) => value(given, format)?,
            Self::Constraint(constraint) => constraint::write(constraint, format)?,
            Self::Map(pairs) if pairs.is_empty() => "{}".to_owned(),
            Self::Map(pairs) => {
                let is_struct = format == Format::Ron && matches!(pairs[0].0, Key::Word(_));
                let (open, close) = if is_struct { ("(", ")") } else { ("{", "}") };
                let mark = if format == Format::Toml { " =" } else { ":" };
                let write = |(key, declared): &(Key, Self)| {
                    Some(format!("{}{mark} {}", key.write(format), declared.write(format)?))
                };
                let parts = pairs.iter().map(write).collect::<Option<Vec<_>>>()?;
                let pad = if is_struct { "" } else { " " };
                let line = format!("{open}{pad}{}{pad}{close}", parts.join(", "));
                // TOML 1.0 has no lines within braces; `toml_lines` writes what is long.
                if format == Format::Toml || (line.len() <= LONG && !line.contains('\n')) {
                    return Some(line);
                }
                let part = |part: &String| format!("    {}", part.replace('\n', "\n    "));
                format!(
                    "{open}\n{}\n{close}",
                    parts.iter().map(part).collect::<Vec<_>>().join(",\n")
                )
            }
        })
    }
}

impl Declared {
    /// Writes the declaration of a TOML key. A declaration that is too long for a line has dotted keys.
    pub(super) fn toml_lines(&self, key: &str) -> Option<Vec<String>> {
        let line = format!("{key} = {}", self.write(Format::Toml)?);
        let Self::Map(pairs) = self else { return Some(vec![line]) };
        if line.len() <= LONG {
            return Some(vec![line]);
        }
        let mut lines = Vec::new();
        for (part, declared) in pairs {
            lines.extend(declared.toml_lines(&format!("{key}.{}", part.write(Format::Toml)))?);
        }
        Some(lines)
    }
}

impl Key {
    fn write(&self, format: Format) -> String {
        match (self, format) {
            (Self::Word(word), Format::Json) => format!("\"{word}\""),
            (Self::Word(word), _) => (*word).to_owned(),
            (Self::Name(name), Format::Toml) => toml_key(name),
            (Self::Name(name), format) => quoted(name, format),
        }
    }

    pub(super) fn name(&self) -> &str {
        match self {
            Self::Word(word) => word,
            Self::Name(name) => name,
        }
    }
}
