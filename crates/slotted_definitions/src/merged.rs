//! The declarations of a schema from all files.

use std::collections::HashMap;
use std::sync::Arc;

use crate::diagnostic::{Code, Diagnostic, Diagnostics, quoted};
use crate::document::Declaration;
use crate::keys::Reading;
use crate::names::look_alike;
use crate::nested_slots::{Parts, parts};
use crate::nested_unions::{DeclaredVariants, Tag, changes_a_union, too_many_variants};
use crate::node::{Data, Entry, Node};
use crate::packs::Packs;
use crate::shapes::Declared;
use crate::slot::{SlotDeclaration, SlotSource};
use crate::source::{Place, Span};
use crate::within::Within;

/// A declaration with its patches.
pub(super) struct MergedSchema<'n, 's> {
    pub(super) name: &'n str,
    pub(super) pack: usize,
    pub(super) place: Place,
    pub(super) doc: Option<Arc<str>>,
    pub(super) extends: Option<(&'n str, Place)>,
    pub(super) slots: Vec<SlotDeclaration<'n, 's>>,
    /// The places of the records and unions that are declared with their parts, by name.
    pub(super) places: HashMap<String, Within>,
    /// The first declaration of each slot, by name.
    pub(super) declared: HashMap<String, Declared>,
}

const KEYS: [&str; 4] = ["extends", "slots", "doc", "if_pack"];

pub(super) fn merge_declarations<'n, 's>(
    declared: &[Declaration<'n, 's>],
    limits: (usize, &Packs),
    diagnostics: &mut Diagnostics,
) -> Vec<MergedSchema<'n, 's>> {
    let mut merged: Vec<MergedSchema<'n, 's>> = Vec::new();
    let mut positions: HashMap<&str, usize> = HashMap::new();
    for declaration in declared {
        if let Some(first) = positions.get(declaration.name) {
            let message = format!("schema {} is defined twice", quoted(declaration.name));
            let diagnostic = Diagnostic::error(Code::Conflict, message)
                .at(declaration.place, "defined here again")
                .at(merged[*first].place, "first defined here")
                .help(format!(
                    "to change its slots, write them under patches.schemas.{}.slots",
                    quoted(declaration.name)
                ));
            diagnostics.push(diagnostic);
            continue;
        }
        let (name, pack, place) = (declaration.name, declaration.pack, declaration.place);
        let (doc, extends, slots, places) = (None, None, Vec::new(), HashMap::new());
        let declared = HashMap::new();
        let mut schema = MergedSchema { name, pack, place, doc, extends, slots, places, declared };
        read_keys(&mut schema, declaration, limits, diagnostics);
        positions.insert(name, merged.len());
        merged.push(schema);
    }
    look_alike("schemas", merged.iter().map(|schema| (schema.name, schema.place)), diagnostics);
    merged
}

fn read_keys<'n, 's>(
    schema: &mut MergedSchema<'n, 's>,
    declaration: &Declaration<'n, 's>,
    (most_slots, packs): (usize, &Packs),
    diagnostics: &mut Diagnostics,
) {
    let (pack, is_patch) = (declaration.pack, false);
    let source = SlotSource { schema: declaration.name, pack, is_patch, packs };
    let mut reading = Reading { file: declaration.place.file, diagnostics };
    for entry in reading.once(declaration.map, "the schema") {
        match &*entry.name {
            "doc" => schema.doc = reading.text(&entry.value, "'doc'").map(Arc::from),
            "extends" => {
                let base = reading.text(&entry.value, "'extends'");
                schema.extends = base.map(|base| (base, reading.place(entry.value.span)));
            }
            "slots" => {
                let (slots, within) = (&entry.value, Within::default());
                read_slots(schema, (slots, &source, &within), most_slots, &mut reading);
            }
            "if_pack" => {}
            _ => {
                let help = match &*entry.name {
                    "parent" | "base" | "inherits" => Some("use 'extends' instead"),
                    "description" => Some("use 'doc' instead"),
                    _ => Some(
                        "a schema has the keys extends, slots and doc; declare slots under 'slots'",
                    ),
                };
                reading.unknown(entry, "a schema", &KEYS, help);
            }
        }
    }
}

pub(super) fn read_slots<'n, 's>(
    schema: &mut MergedSchema<'n, 's>,
    (node, source, within): (&'n Node<'s>, &SlotSource<'_>, &Within),
    most: usize,
    reading: &mut Reading<'_>,
) {
    let expected = "a map from names to slots";
    let Some(map) = reading.map(node, "slots", expected) else { return };
    let slots = schema.slots.len() + map.len();
    if map.len() > most || (*within != Within::default() && slots > most) {
        let name = quoted(schema.name);
        let message = format!("schema {name} has {slots} slots; the limit is {most}");
        let place = reading.place(Span { end: node.span.start + 1, ..node.span });
        let diagnostic = Diagnostic::error(Code::Limit, message).at(place, "too many");
        return reading.diagnostics.push(diagnostic);
    }
    for entry in reading.once(map, "the slots") {
        let name = within.name(&entry.name);
        if schema.is_disputed((entry, &name), source, reading)
            || (!source.is_patch && schema.is_part_of_another(entry, map, reading))
        {
            continue;
        }
        let known = schema.places.get(&name).filter(|_| source.is_patch).cloned();
        let is_known = known.is_some();
        if !is_known
            && schema.changes_missing(entry, &name, source)
            && let Some(slot) = SlotDeclaration::read(reading, entry, (source, within))
        {
            schema.slots.push(slot);
            continue;
        }
        if let Some(Parts { slots, within, around, variants, changes }) =
            parts(entry, (within, known), reading)
        {
            schema.slots.extend(around);
            let whole = name.clone();
            if !is_known {
                schema.places.insert(name, within.clone());
            }
            if let Some(changes) = changes {
                schema.change_variants((changes, &within), source, most, reading);
                continue;
            }
            if let Some(variants) = variants {
                read_variants(schema, (variants, source), most, reading);
                continue;
            }
            let wholes = [within.name(""), whole];
            if source.is_patch && has_kind(schema, &wholes, reading.place(entry.span), reading) {
                continue;
            }
            if let Some(slots) = slots {
                read_slots(schema, (slots, source, &within), most, reading);
            }
            continue;
        }
        if let Some(known) = schema.slots.iter().position(|slot| *slot.name == *name) {
            let known = &mut schema.slots[known];
            if !source.is_patch {
                let first = known.place;
                schema.declared_twice((&name, first), reading.place(entry.span), reading);
                continue;
            }
            known.add(reading, entry, source);
        } else if let Some(slot) = SlotDeclaration::read(reading, entry, (source, within)) {
            schema.slots.push(slot);
        }
    }
}

impl MergedSchema<'_, '_> {
    /// Returns whether a patch changes the variants of a union that nothing declares: that of a missing mod.
    fn changes_missing(&self, entry: &Entry<'_>, name: &str, source: &SlotSource<'_>) -> bool {
        source.is_patch
            && changes_a_union(entry)
            && !self.slots.iter().any(|slot| *slot.name == *name)
    }
}

/// Reports a nested value whose parts another declaration has by its kind.
fn has_kind(
    schema: &MergedSchema<'_, '_>,
    wholes: &[String],
    place: Place,
    reading: &mut Reading<'_>,
) -> bool {
    let mut found = wholes
        .iter()
        .filter_map(|whole| Some((whole, schema.slots.iter().find(|slot| *slot.name == **whole)?)));
    let Some((whole, other)) = found.next() else { return false };
    let kind = other.kind_text().unwrap_or("enum");
    let message =
        format!("slot {} has the kind {}, and no parts here", quoted(whole), quoted(kind));
    let diagnostic = Diagnostic::error(Code::Conflict, message)
        .at(place, "parts of their own")
        .at(other.place, "declared here with a kind")
        .help("if its parts are the slots of a schema, patch that schema");
    reading.diagnostics.push(diagnostic);
    true
}

/// Adds the slots of a union, or the variants that a patch adds.
pub(super) fn read_variants<'n, 's>(
    schema: &mut MergedSchema<'n, 's>,
    (DeclaredVariants { tag, variants }, source): (DeclaredVariants<'n, 's>, &SlotSource<'_>),
    most: usize,
    reading: &mut Reading<'_>,
) {
    let known =
        |slot: &&mut SlotDeclaration<'_, '_>| slot.tag.is_some() && slot.within.is_at(&tag.within);
    // A patch knows neither the tag nor what is around the union.
    let mut has_tag = tag.tag.as_ref().is_some_and(Tag::has_attribute);
    let within = match schema.slots.iter_mut().find(known) {
        Some(known) => {
            has_tag = known.tag.as_ref().is_some_and(Tag::has_attribute);
            if let (Some(known), Some(own)) = (&mut known.tag, &tag.tag) {
                known.add(own);
                if !known.is_of_an_enum() {
                    return reading.diagnostics.push(too_many_variants(tag.place));
                }
            }
            known.within.clone()
        }
        None => {
            let within = tag.within.clone();
            if has_kind(schema, &[within.name("")], tag.place, reading) {
                return;
            }
            schema.slots.push(tag);
            within
        }
    };
    for variant in variants {
        let within = within.variant('@', &variant.name);
        match &variant.value.data {
            Data::Unset => {}
            Data::List(list) if list.is_empty() => {}
            Data::Map(_) => {
                read_slots(schema, (&variant.value, source, &within), most, reading);
            }
            Data::Text(_) if has_tag => {
                let name = quoted(&variant.name);
                let message = format!("variant {name} has a kind, and nowhere to put its tag");
                let place = reading.place(variant.value.span);
                let help = format!("give it slots, as in {name} = {{ value = \"f32\" }}");
                let diagnostic = Diagnostic::error(Code::BadSlot, message);
                reading.diagnostics.push(diagnostic.at(place, "a kind").help(help));
            }
            _ => {
                let slot = SlotDeclaration::of_variant(reading, variant, (source, &within));
                schema.slots.extend(slot);
            }
        }
    }
}
