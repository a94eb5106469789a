//! Changes of the parts of a union: a patch names those that it changes, and the variant of the record says which slots they are.

use std::borrow::Cow;
use std::collections::HashSet;
use std::sync::Arc;

use crate::brackets::with_brackets;
use crate::changes::{Change, Operation, is_map_of_changes};
use crate::diagnostic::{Code, Diagnostic, Severity, did_you_mean, quoted};
use crate::document::RecordDeclaration;
use crate::node::{Data, Entry, Named, Node};
use crate::records::{Entries, QuarantinedRecord, RecordReader, Undeclared};
use crate::references::Resolver;
use crate::source::Place;
use crate::text::Text;
use crate::value::is_reference;
use slotted::Value;
use slotted::schema::{Found, RegisteredSchema, Shape, Union, UnionBy};

/// The outcome of reading a change of a part.
enum Read {
    /// It is a change, or reported.
    Right,
    /// No variant has a part that takes it.
    Unknown,
    /// It has data of a removed mod.
    Kept,
}

/// A variant that a map of parts may belong to.
struct Variant<'u> {
    /// The name of its value.
    name: String,
    /// The attribute that names the variant, with its name.
    tag: Option<(&'u str, &'u str)>,
    fields: &'u [(Arc<str>, Shape)],
}

/// The variants that a map of parts may belong to.
struct Meant<'u, 'n, 's> {
    variants: Vec<Variant<'u>>,
    /// The entries with the parts.
    parts: Vec<&'n Entry<'s>>,
    /// The map names a variant, so it is a whole value if it has plain ones.
    is_named: bool,
}

/// Returns the variants that the map may belong to.
fn meant<'u, 'n, 's>(
    union: &'u Union,
    name: &str,
    map: &'n [Entry<'s>],
) -> Option<Meant<'u, 'n, 's>> {
    let named = |name: &str| union.variants.iter().find(|(own, _)| **own == *name);
    match &union.by {
        UnionBy::Tag(tag) => {
            let is_tag = |entry: &&Entry<'_>| *entry.name == **tag;
            let given = match map.iter().find(is_tag).map(|entry| &entry.value.data) {
                Some(Data::Text(name)) => Some(&**name),
                Some(_) => return None,
                None => None,
            };
            let meant =
                union.variants.iter().filter(|(own, _)| given.is_none_or(|name| **own == *name));
            let variant = |(own, shape): &'u (Arc<str>, Option<Shape>)| {
                let (name, tag) = (format!("{name}@{own}"), Some((&**tag, &**own)));
                Some(Variant { name, tag, fields: fields(shape.as_ref()?)? })
            };
            let variants = meant.filter_map(variant).collect();
            let parts = map.iter().filter(|entry| !is_tag(entry)).collect();
            Some(Meant { variants, parts, is_named: given.is_some() })
        }
        UnionBy::Name => {
            let [entry] = map else { return None };
            let (own, shape) = named(&entry.name)?;
            let Data::Map(parts) = &entry.value.data else { return None };
            let (name, fields) = (format!("{name}@{own}"), fields(shape.as_ref()?)?);
            let variants = vec![Variant { name, tag: None, fields }];
            Some(Meant { variants, parts: parts.iter().collect(), is_named: true })
        }
        UnionBy::Sort => {
            let name = format!("{name}|map");
            match named("map")?.1.as_ref()? {
                Shape::Union(inner) => meant(inner, &name, map),
                shape => {
                    let variants = vec![Variant { name, tag: None, fields: fields(shape)? }];
                    Some(Meant { variants, parts: map.iter().collect(), is_named: true })
                }
            }
        }
        _ => None,
    }
}

const fn fields(shape: &Shape) -> Option<&[(Arc<str>, Shape)]> {
    match shape {
        Shape::Record(fields) => Some(fields),
        _ => None,
    }
}

/// Returns whether a value has the slot, given the values of the slots that say its variants.
fn has(shape: &Shape, slot: usize, read: &dyn Fn(usize) -> Value) -> bool {
    let within = |shape: &Shape| shape.slot_range().contains(&slot) && has(shape, slot, read);
    match shape {
        Shape::Union(union) => match read(union.variant) {
            Value::Text(name) => union
                .variants
                .iter()
                .any(|(own, shape)| *own == name && shape.as_ref().is_some_and(within)),
            _ => false,
        },
        Shape::Record(fields) | Shape::Tuple(fields) => {
            fields.iter().any(|(_, shape)| within(shape))
        }
        _ => true,
    }
}

impl RecordReader<'_> {
    /// Reads changes of a union's parts. Returns `false` if the value is another one.
    pub(super) fn are_changes_of_variant(
        &mut self,
        (schema, shape): (&RegisteredSchema, &Shape),
        entry: Named<'_, '_>,
        declared: &RecordDeclaration<'_, '_>,
        entries: &mut Entries,
    ) -> bool {
        let (Shape::Union(union), Data::Map(map)) = (shape, &entry.value.data) else {
            return false;
        };
        let Some(meant) = meant(union, entry.name, map) else { return false };
        let is_change = |part: &&Entry<'_>| is_map_of_changes(&part.value, declared.words);
        // A part of a new value lacks the others.
        let may_set = !meant.is_named && self.has_values_before(declared);
        let are_changes = may_set || meant.parts.iter().all(is_change);
        if meant.parts.is_empty() || !are_changes {
            return false;
        }
        let mut kept = Vec::new();
        for part in &meant.parts {
            let read = match is_change(part) {
                true => self.changed_part(schema, (part, &meant), declared, entries),
                false => {
                    let whole = (entry.name, shape);
                    self.set_part(schema, (part, &meant), (whole, declared), entries)
                }
            };
            if let Read::Unknown = read {
                let place = Place { file: declared.of.place.file, span: part.span };
                self.no_part((schema.name(), entry.name, &part.name, place), &meant.variants);
            }
            if let Read::Unknown | Read::Kept = read {
                kept.push(*part);
            }
        }
        self.keep_parts((entry.name, &kept), declared);
        true
    }

    /// Reads the changes of a part.
    fn changed_part(
        &mut self,
        schema: &RegisteredSchema,
        (part, meant): (&Entry<'_>, &Meant<'_, '_, '_>),
        declared: &RecordDeclaration<'_, '_>,
        entries: &mut Entries,
    ) -> Read {
        let errors = self.diagnostics.errors;
        let mut is_read = false;
        for (_, shape) in parts_of(part, meant) {
            let Shape::Slot(slot) = shape else { continue };
            let name = schema.slots()[slot.slot].name();
            let own = Named { name, span: part.span, value: &part.value };
            let of = (declared.of, &**declared.words);
            is_read |= self.are_changes(schema, slot.slot, own, of, &mut entries.changes);
            // The parts of several variants have one problem.
            if self.diagnostics.errors > errors {
                return Read::Right;
            }
        }
        if is_read { Read::Right } else { Read::Unknown }
    }

    /// Reads another value of a part, for each variant that takes it.
    fn set_part(
        &mut self,
        schema: &RegisteredSchema,
        (part, meant): (&Entry<'_>, &Meant<'_, '_, '_>),
        ((slot, shape), declared): ((&str, &Shape), &RecordDeclaration<'_, '_>),
        entries: &mut Entries,
    ) -> Read {
        let fits = |value: &PartValue<'_>| {
            let fits = |(slot, node): &(usize, Node<'_>)| {
                let slot = &schema.slots()[*slot];
                let value = node.to_value_of(slot.kind());
                is_reference(slot.kind(), &value) || self.registry.check_value(slot, &value).is_ok()
            };
            value.wrong.is_empty() && value.slots.iter().all(fits)
        };
        let mut values = Vec::new();
        for (variant, own) in parts_of(part, meant) {
            let part = self.part_with_brackets((schema, own), (variant, part), declared);
            values.extend(PartValue::of((slot, shape), variant, (&part, own)));
        }
        // The variants that take the value; or one of them, to report why it does not.
        match values.iter().any(fits) {
            true => values.retain(fits),
            false => values.truncate(1),
        }
        if values.is_empty() {
            return Read::Unknown;
        }
        let mut own = Entries::default();
        for PartValue { slots, wrong } in values {
            for (slot, node) in slots {
                let name = schema.slots()[slot].name();
                let named = Named { name, span: part.span, value: &node };
                self.value(schema, slot, named, declared, &mut own);
            }
            for wrong in wrong {
                let value = (slot, part, shape);
                self.wrong_part((schema, value), wrong, declared, &mut own);
            }
        }
        if !own.discarded.is_empty() || !own.surplus.is_empty() {
            return Read::Kept;
        }
        let place = Place { file: declared.of.place.file, span: part.value.span };
        let (pack, operation) = (declared.of.pack, Operation::Set);
        let changes = own.values.into_iter().map(|given| (given.slot, given.value));
        let changes = changes.map(|(slot, value)| Change { slot, pack, place, operation, value });
        entries.changes.extend(changes);
        Read::Right
    }

    /// Returns the part with the brackets that its lists lack.
    fn part_with_brackets<'s>(
        &mut self,
        (schema, shape): (&RegisteredSchema, &Shape),
        (variant, part): (&Variant<'_>, &Entry<'s>),
        declared: &RecordDeclaration<'_, '_>,
    ) -> Entry<'s> {
        let lists = self.schemas.one_or_lists(self.registry, schema);
        let name = format!("{}.{}", variant.name, &*part.name);
        let value = (&*name, &part.value);
        let (value, bracketed) = with_brackets((schema, shape), value, &lists, declared.words);
        let place = Place { file: declared.of.place.file, span: part.value.span };
        let bracketed = bracketed.into_iter().map(|(slot, at)| (place, slot as u16, at));
        self.records.bracketed.extend(bracketed);
        Entry { value, ..part.clone() }
    }

    /// Reports a value of a part that has another form.
    fn wrong_part(
        &mut self,
        (schema, (whole, part, shape)): (&RegisteredSchema, (&str, &Entry<'_>, &Shape)),
        wrong: Wrong<'_>,
        declared: &RecordDeclaration<'_, '_>,
        own: &mut Entries,
    ) {
        match wrong {
            Wrong::Form(name, value) => {
                let named = Named { name: &name, span: value.span, value: &value };
                self.misshapen((schema, shape), named, declared, own);
            }
            Wrong::Surplus(name, value) => {
                own.surplus.insert(whole.into());
                let named = Named { name: &name, span: part.span, value: &value };
                self.undeclared(schema, named, declared, &mut Vec::new());
            }
            Wrong::Missing(slot) => {
                let slot = &schema.slots()[slot];
                let (name, of) = (quoted(slot.name()), quoted(schema.name()));
                let message = format!(
                    "{} of {} of {of} needs a value for {name} ({})",
                    quoted(&part.name),
                    quoted(whole),
                    slot.kind()
                );
                let place = Place { file: declared.of.place.file, span: part.value.span };
                self.diagnostics.push_with(|_| {
                    Diagnostic::error(Code::MissingValue, message).at(place, "not in this value")
                });
            }
        }
    }

    /// Keeps changes of parts with data of a removed mod.
    fn keep_parts(
        &mut self,
        (slot, parts): (&str, &[&Entry<'_>]),
        declared: &RecordDeclaration<'_, '_>,
    ) {
        if self.undeclared == Undeclared::Quarantine && declared.named && !parts.is_empty() {
            let parts = parts.iter().map(|part| (&*part.name, part.value.to_value()));
            let values = [(slot, parts.collect::<Value>())].into_iter().collect();
            let (schema, name) = (declared.schema.into(), Some(declared.of.name.into()));
            let words = Arc::clone(declared.words);
            let patch = QuarantinedRecord { schema, name, values, words };
            self.records.quarantined_patches.push(patch);
        }
    }

    fn no_part(
        &mut self,
        (schema, slot, part, place): (&str, &str, &str, Place),
        variants: &[Variant<'_>],
    ) {
        let severity = match self.undeclared {
            Undeclared::Refuse => Severity::Error,
            // The part of a removed mod.
            Undeclared::Ignore | Undeclared::Quarantine => Severity::Warning,
        };
        let label = match severity {
            Severity::Error => "no such part",
            Severity::Warning => self.undeclared.label(),
        };
        let problem = format!("no variant of {slot} of {schema} has a part {part}");
        self.diagnostics.once_with((&problem, place), severity, |diagnostics| {
            let names = variants.iter().flat_map(|variant| variant.fields).map(|(name, _)| name);
            let suggestion = diagnostics.nearest(part, names);
            let end = did_you_mean(suggestion.as_deref().filter(|near| *near != part));
            let (slot, part, of) = (quoted(slot), quoted(part), quoted(schema));
            let message = format!(
                "no variant of {slot} of {of} has a part {part} that takes this change{end}"
            );
            Diagnostic::error(Code::UndeclaredSlot, message).at(place, label).suggest(suggestion)
        });
    }
}

/// Returns the variants that have a part of this name, each with its shape.
fn parts_of<'m, 'u>(
    part: &Entry<'_>,
    meant: &'m Meant<'u, '_, '_>,
) -> impl Iterator<Item = (&'m Variant<'u>, &'u Shape)> {
    meant.variants.iter().filter_map(|variant| {
        let (_, shape) = variant.fields.iter().find(|(own, _)| **own == *part.name)?;
        Some((variant, shape))
    })
}

/// A value of a part within a variant.
struct PartValue<'s> {
    slots: Vec<(usize, Node<'s>)>,
    wrong: Vec<Wrong<'s>>,
}

/// The reason why a value is none of a part.
enum Wrong<'s> {
    Form(String, Node<'s>),
    Surplus(String, Node<'s>),
    Missing(usize),
}

impl<'s> PartValue<'s> {
    fn of(
        (name, shape): (&str, &Shape),
        variant: &Variant<'_>,
        (part, own): (&Entry<'s>, &Shape),
    ) -> Option<Self> {
        let (tag, named) = variant.tag?;
        let span = part.value.span;
        let named = Node::of(&Value::from(named), span);
        let tag = Entry { name: Text::from(Cow::Owned(tag.to_owned())), span, value: named };
        let entries = [tag, Entry { name: part.name.clone(), span, value: part.value.clone() }];
        let whole = Node { span, data: Data::Map(entries.into()) };
        let mut given = HashSet::new();
        given_slots(own, &part.value, &mut given);
        let (mut slots, mut wrong) = (Vec::new(), Vec::new());
        // The other parts are missing.
        let of_part = format!("{}.{}", variant.name, &*part.name);
        let is_of_part = |name: &str| name.starts_with(&of_part);
        shape.spread(name, &whole, &mut |found| match found {
            Found::Slot { slot, value } if given.contains(&slot) => {
                slots.push((slot, value.into_owned()));
            }
            Found::Missing { slot, .. } if given.contains(&slot) => {
                wrong.push(Wrong::Missing(slot));
            }
            Found::Surplus { name, value, .. } if is_of_part(&name) => {
                wrong.push(Wrong::Surplus(name, value.clone()));
            }
            Found::Misshapen { name, value } if is_of_part(&name) => {
                wrong.push(Wrong::Form(name, value.clone()));
            }
            _ => {}
        });
        if wrong.iter().any(|wrong| !matches!(wrong, Wrong::Surplus(..))) {
            slots.clear();
        }
        Some(Self { slots, wrong })
    }
}

/// Adds the slots of the values that a map gives: those of the parts that a nested record names.
fn given_slots(shape: &Shape, node: &Node<'_>, into: &mut HashSet<usize>) {
    let (Shape::Record(fields), Data::Map(map)) = (shape, &node.data) else {
        return shape.for_each_slot(&mut |slot| _ = into.insert(slot));
    };
    for entry in map {
        if let Some((_, shape)) = fields.iter().find(|(own, _)| **own == *entry.name) {
            given_slots(shape, &entry.value, into);
        }
    }
}

impl Resolver<'_> {
    /// Removes changes of other variants than the record's own, and reports changes that are left without a part.
    pub(super) fn keep_own_variant(
        &mut self,
        record: u32,
        schema: &RegisteredSchema,
        changes: &mut Vec<Change>,
    ) {
        let slots = schema.slots();
        let values = &self.records.list[record as usize].values;
        let read = |slot: usize| {
            let given = values.get(slot).map(|given| given.value);
            given.or_else(|| slots[slot].default().cloned()).unwrap_or_default()
        };
        let union_of = |change: &Change| {
            schema
                .whole_of(slots[usize::from(change.slot)].name())
                .filter(|(_, shape)| matches!(shape, Shape::Union(_)))
        };
        let is_own = |change: &Change| {
            union_of(change).is_none_or(|(_, shape)| has(shape, change.slot.into(), &read))
        };
        let is_same = |a: &Change, b: &Change| {
            (a.pack, a.place, a.operation) == (b.pack, b.place, b.operation)
        };
        let lost = changes.chunk_by(is_same).filter(|parts| !parts.iter().any(is_own));
        let lost: Vec<Change> = lost.filter_map(|parts| parts.first().cloned()).collect();
        changes.retain(is_own);
        for change in lost {
            let Some((name, Shape::Union(union))) = union_of(&change) else { continue };
            let values = &self.records.list[record as usize].values;
            let variant = values.get(union.variant).map(|given| (given.value, given.place));
            let named = self.records.with_names(self.registry, &change.value);
            let part = slots[usize::from(change.slot)].name();
            let part = part.rsplit(['.', '@', '|']).next().unwrap_or(part);
            let ((record, defined), slot, part) = (self.shown(record), quoted(name), quoted(part));
            self.diagnostics.push_with(|_| {
                let takes = match change.operation {
                    Operation::Set => format!("that takes {named}"),
                    _ => "to change".to_owned(),
                };
                let message = format!("slot {slot} of {record} has no part {part} {takes}");
                let diagnostic = Diagnostic::error(Code::MissingValue, message)
                    .at(change.place, "nothing to change")
                    .help("write the whole value to give it another variant");
                match variant {
                    Some((Value::Text(variant), place)) => {
                        diagnostic.at(place, format!("its variant is {}", quoted(&variant)))
                    }
                    _ => diagnostic.at(defined, "it has no value"),
                }
            });
        }
    }
}

/// Returns whether the node is a list of the keys of a map.
pub(super) fn are_keys(node: &Node<'_>) -> bool {
    let is_key = |one: &Node<'_>| {
        matches!(one.data, Data::Text(_) | Data::Int(_) | Data::UInt(_) | Data::Bool(_))
    };
    matches!(&node.data, Data::List(list) if !list.is_empty() && list.iter().all(is_key))
}
