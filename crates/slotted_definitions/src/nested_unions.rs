//! Declarations of unions: values of one of several variants.

use crate::changes::{OF_LISTS, Operation, operation};
use crate::diagnostic::{Code, Diagnostic, Diagnostics, quoted};
use crate::keys::Reading;
use crate::kind_name::{self, Form};
use crate::merged::{MergedSchema, read_variants};
use crate::nested_slots::{Expanded, Expansion, Leaf, Own};
use crate::node::{Data, Entry, Node};
use crate::slot::{SlotDeclaration, SlotSource};
use crate::slot_problems::{kind_of_schemas, unknown_kind};
use crate::source::Place;
use crate::within::Within;
use crate::words::Words;
use std::sync::Arc;

use slotted::Kind;
use slotted::schema::{UnionBy, is_part_name};

/// The slot that says which variant a value is.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Tag {
    /// `@` before the name of an attribute, or before no name; `|` if the variants are sorts of values.
    sign: char,
    attribute: String,
    variants: Vec<String>,
}

impl Tag {
    /// Returns the name of the slot in the value at this path.
    pub(super) fn name(&self, path: &str) -> String {
        format!("{path}{}{}", self.sign, self.attribute)
    }

    /// Returns the slot that says the sort of a value.
    pub(super) fn of_sorts<'t>(sorts: impl Iterator<Item = &'t str>) -> Self {
        let variants = sorts.map(str::to_owned).collect();
        Self { sign: '|', attribute: String::new(), variants }
    }

    /// Returns whether an attribute of a map says the variant.
    pub(super) const fn has_attribute(&self) -> bool {
        !self.attribute.is_empty()
    }

    /// Returns whether an enum can have the variants.
    pub(super) const fn is_of_an_enum(&self) -> bool {
        self.variants.len() <= MOST_VARIANTS
    }

    pub(super) fn kind(&self) -> Kind {
        Kind::enumeration(self.variants.iter().map(String::as_str))
    }

    /// Adds the variants of a patch.
    pub(super) fn add(&mut self, other: &Self) {
        for variant in &other.variants {
            if !self.variants.contains(variant) {
                self.variants.push(variant.clone());
            }
        }
    }

    /// Removes a variant. Returns `false` if it has none of this name.
    pub(super) fn remove(&mut self, name: &str) -> bool {
        let before = self.variants.len();
        self.variants.retain(|variant| variant != name);
        self.variants.len() < before
    }
}

/// Returns the entry with the changes of variants in a patch.
pub(super) fn changes_of_variants<'n, 's>(map: &'n [Entry<'s>]) -> Option<&'n Entry<'s>> {
    let entry = map.iter().find(|key| key.name == "variants")?;
    let Data::Map(changes) = &entry.value.data else { return None };
    let is_change = |key: &Entry<'_>| OF_LISTS.iter().any(|known| known.name() == key.name);
    (!changes.is_empty() && changes.iter().all(is_change)).then_some(entry)
}

/// Returns whether a patch adds variants with slots to a union, or removes some: it declares no union whose variants have these
/// names.
pub(super) fn changes_a_union(entry: &Entry<'_>) -> bool {
    let Data::Map(map) = &entry.value.data else { return false };
    let is_variant = |own: &Entry<'_>| match &own.value.data {
        Data::Map(slots) => !slots.iter().any(|key| matches!(&*key.name, "kind" | "slots")),
        Data::List(list) => list.is_empty(),
        Data::Unset => true,
        _ => false,
    };
    let has_variants = |change: &Entry<'_>| match &change.value.data {
        Data::Map(variants) => !variants.is_empty() && variants.iter().all(is_variant),
        _ => true,
    };
    let Some(Entry { value: Node { data: Data::Map(changes), .. }, .. }) = changes_of_variants(map)
    else {
        return false;
    };
    changes.iter().all(has_variants)
}

impl<'n, 's> MergedSchema<'n, 's> {
    /// Applies the changes of a union's variants.
    pub(super) fn change_variants(
        &mut self,
        (changes, within): (&'n Entry<'s>, &Within),
        source: &SlotSource<'_>,
        most: usize,
        reading: &mut Reading<'_>,
    ) {
        let map = reading.map(&changes.value, "'variants'", "a map of changes");
        for key in reading.once(map.unwrap_or_default(), "'variants'") {
            let known = (&OF_LISTS[..], &Words::default());
            let Some(operation) = operation(reading, key, known) else { continue };
            let is_tag = |slot: &&mut SlotDeclaration<'_, '_>| {
                slot.tag.is_some() && slot.within.is_at(within)
            };
            let Some(tag) = self.slots.iter_mut().find(is_tag) else {
                let (slot, schema) = (quoted(&within.path), quoted(self.name));
                let name = operation.name();
                let message =
                    format!("slot {slot} of {schema} has no variants that '{name}' could change");
                let diagnostic = Diagnostic::error(Code::BadSlot, message);
                let place = reading.place(key.span);
                return reading.diagnostics.push(diagnostic.at(place, "no variants"));
            };
            match operation {
                Operation::Remove => {
                    let mut removed = Vec::new();
                    let names = names(reading, &key.value, "'remove'");
                    let place = reading.place(key.value.span);
                    tag.removes_variants(place, &key.value, source);
                    for (name, place) in names {
                        if !tag.remove_variant(name) {
                            no_variant((&within.path, self.name), (name, place), reading);
                        }
                        removed.push(within.variant('@', name));
                    }
                    let is_left =
                        |place: &Within| !removed.iter().any(|variant| place.is_in(variant));
                    self.slots.retain(|slot| is_left(&slot.within));
                    self.places.retain(|_, place| is_left(place));
                }
                _ if matches!(key.value.data, Data::Map(_)) => {
                    if let Some(added) = variants(reading, (key, None), within) {
                        read_variants(self, (added, source), most, reading);
                    }
                }
                _ => {
                    let names = names(reading, &key.value, "'add'");
                    let names = names.into_iter().map(|(name, _)| name.to_owned());
                    let variants = names.collect();
                    let added = Tag { sign: '@', attribute: String::new(), variants };
                    if let Some(tag) = &mut tag.tag {
                        tag.add(&added);
                    }
                }
            }
        }
    }
}

/// Returns the names of a list, each with its place.
fn names<'n>(reading: &mut Reading<'_>, node: &'n Node<'_>, what: &str) -> Vec<(&'n str, Place)> {
    let list = reading.list(node, what, "a list of names").unwrap_or_default();
    let name = |node: &'n Node<'_>| {
        let name = reading.text(node, "a variant")?;
        let place = reading.place(node.span);
        if is_part_name(name) {
            return Some((name, place));
        }
        reading.diagnostics.push(bad_variant(name, place));
        None
    };
    list.iter().filter_map(name).collect()
}

/// Warns that a slot has no variant of this name that a patch could remove.
pub(super) fn no_variant(
    (slot, schema): (&str, &str),
    (name, place): (&str, Place),
    reading: &mut Reading<'_>,
) {
    let (name, slot, schema) = (quoted(name), quoted(slot), quoted(schema));
    reading.diagnostics.warn_with(|_| {
        let message = format!("slot {slot} of {schema} has no variant {name} to remove");
        Diagnostic::warning(Code::NoEffect, message).at(place, "without effect")
    });
}

fn bad_variant(name: &str, place: Place) -> Diagnostic {
    let message = format!("{} cannot be the name of a variant or a tag", quoted(name));
    Diagnostic::error(Code::BadName, message)
        .at(place, "choose another name")
        .help("such names have none of . [ { @ | and do not end with ? or #")
}

/// The declared variants of a union, each with its slots.
pub(super) struct DeclaredVariants<'n, 's> {
    pub(super) tag: SlotDeclaration<'n, 's>,
    pub(super) variants: Vec<&'n Entry<'s>>,
}

/// Returns the entry with the variants, if they have slots. A list of names is that of an enum.
pub(super) fn variants_key<'n, 's>(map: &'n [Entry<'s>]) -> Option<&'n Entry<'s>> {
    let entry = map.iter().find(|key| key.name == "variants")?;
    let Data::Map(variants) = &entry.value.data else { return None };
    // A change of an enum may lack the brackets of its list.
    let is_change = |entry: &Entry<'_>| matches!(&*entry.name, "add" | "remove");
    let has_slots = |entry: &Entry<'_>| match &entry.value.data {
        Data::Map(_) | Data::Unset | Data::Bad => true,
        // RON writes an empty record like a list. Others are wrong variants.
        Data::List(_) | Data::Text(_) => !is_change(entry),
        _ => false,
    };
    variants.iter().all(has_slots).then_some(entry)
}

/// Reads the variants of a union at this place.
pub(super) fn variants<'n, 's>(
    reading: &mut Reading<'_>,
    (entry, tag): (&'n Entry<'s>, Option<(Place, &'n str)>),
    within: &Within,
) -> Option<DeclaredVariants<'n, 's>> {
    let Data::Map(map) = &entry.value.data else { return None };
    let place = reading.place(entry.span);
    let names = tag.into_iter().chain(map.iter().map(|own| (reading.place(own.span), &*own.name)));
    let wrong: Vec<_> = names.into_iter().filter(|(_, name)| !is_part_name(name)).collect();
    if !wrong.is_empty() {
        let wrong = wrong.into_iter().map(|(place, name)| bad_variant(name, place));
        wrong.for_each(|wrong| reading.diagnostics.push(wrong));
        return None;
    }
    if map.is_empty() {
        let diagnostic = Diagnostic::error(Code::BadSlot, "a union has no variants");
        let help = "write each variant with its slots: variants = { heal = { amount = \"f32\" } }";
        reading.diagnostics.push(diagnostic.at(place, "it is empty").help(help));
        return None;
    }
    if map.len() > MOST_VARIANTS {
        reading.diagnostics.push(too_many_variants(place));
        return None;
    }
    let once = reading.once(map, "the variants");
    if let Some((tag_place, tag)) = tag {
        let of_variant = |variant: &&'n Entry<'s>| match &variant.value.data {
            Data::Map(slots) => slots.iter().find(|slot| slot.name == tag),
            _ => None,
        };
        if let Some(slot) = once.iter().find_map(of_variant) {
            let message = format!("a variant has a slot {}, which is the tag", quoted(tag));
            let diagnostic = Diagnostic::error(Code::BadSlot, message)
                .at(reading.place(slot.span), "remove it, or rename it")
                .at(tag_place, "the tag");
            reading.diagnostics.push(diagnostic);
            return None;
        }
    }
    let variants = once.iter().map(|variant| variant.name.to_string()).collect();
    let attribute = tag.map_or("", |(_, tag)| tag).to_owned();
    let tag = Tag { sign: '@', attribute, variants };
    let tag = SlotDeclaration::of_tag(place, tag, within);
    Some(DeclaredVariants { tag, variants: once })
}

/// The most variants that an enum has.
const MOST_VARIANTS: usize = 256;

pub(super) fn too_many_variants(place: Place) -> Diagnostic {
    let message = format!("a union has at most {MOST_VARIANTS} variants");
    Diagnostic::error(Code::BadSlot, message).at(place, "too many variants")
}

/// Returns the sort of the values of a kind, if all have the same.
fn sort_of(form: &Form<'_>) -> Option<&'static str> {
    match form {
        Form::List(_) | Form::Tuple(_) => Some("list"),
        Form::Map(..) | Form::Schema(_) => Some("map"),
        Form::Union(_) => None,
        Form::Single("enum") => Some("text"),
        Form::Single("list(enum)") => Some("list"),
        Form::Single(kind) => UnionBy::sort_of(&kind_name::parse(kind, None).ok()?),
    }
}

/// Returns the sort of each kind of a union. Returns `None` after it has reported kinds whose
/// values nothing tells apart.
pub(super) fn sorts<'n>(
    kinds: &[&'n str],
    form: &dyn Fn(&'n str) -> Form<'n>,
    (place, schemas): (Place, &dyn Fn() -> Vec<Arc<str>>),
    diagnostics: &mut Diagnostics,
) -> Option<Vec<(&'static str, &'n str)>> {
    let mut sorts: Vec<(&'static str, &'n str)> = Vec::new();
    let mut are_right = true;
    for kind in kinds {
        let Some(sort) = sort_of(&form(kind)) else {
            let diagnostic = no_sort((place, kind), &schemas(), diagnostics);
            diagnostics.push(diagnostic);
            are_right = false;
            continue;
        };
        if sorts.iter().any(|(own, _)| *own == sort) {
            diagnostics.push(same_sort(place, kind, sort));
            are_right = false;
        }
        sorts.push((sort, kind));
    }
    are_right.then_some(sorts)
}

/// The parts of a kind have no keys of their own.
const PART: Own = Own { is_optional: false, is_whole: false };

impl<'n, 's> Expansion<'_, 'n, 's> {
    /// Adds the slots of a value of one of these kinds.
    pub(super) fn union(
        &self,
        slot: &SlotDeclaration<'n, 's>,
        kinds: &[&'n str],
        within: Within,
        expanded: &mut Expanded<'n, 's>,
        diagnostics: &mut Diagnostics,
    ) -> Option<()> {
        let is_schema = |kind: &&&str| matches!(self.form(kind), Form::Schema(_));
        let schemas: Vec<&'n str> = kinds.iter().filter(is_schema).copied().collect();
        if schemas.len() == kinds.len() {
            return self.tagged(slot, &schemas, within, expanded, diagnostics);
        }
        let tag = slot.tag_attribute();
        if schemas.len() > 1 && tag.is_none() {
            diagnostics.push(without_tag(slot, &schemas));
            return None;
        }
        // The schemas are the variants of one sort.
        let is_other_schema = |kind: &&&str| is_schema(kind) && schemas.first() != Some(*kind);
        let kinds: Vec<&'n str> =
            kinds.iter().filter(|kind| !is_other_schema(kind)).copied().collect();
        let names = || self.schema_names();
        let place = (slot.kind_place(), &names as &dyn Fn() -> Vec<Arc<str>>);
        let sorts = sorts(&kinds, &|kind| self.form(kind), place, diagnostics)?;
        let sort = Tag::of_sorts(sorts.iter().map(|(sort, _)| *sort));
        expanded.push(slot, (Leaf::Tag(&sort), PART), &within);
        for (sort, kind) in sorts.iter().filter(|(_, kind)| !is_schema(&kind)) {
            self.value(slot, (kind, PART), within.variant('|', sort), expanded, diagnostics)?;
        }
        let map = within.variant('|', "map");
        match (&*schemas, tag) {
            ([], _) => Some(()),
            ([schema], None) => self.value(slot, (schema, PART), map, expanded, diagnostics),
            (schemas, _) => self.tagged(slot, schemas, map, expanded, diagnostics),
        }
    }

    /// Adds the slots of a map whose schema an attribute says, or its only name.
    fn tagged(
        &self,
        slot: &SlotDeclaration<'n, 's>,
        schemas: &[&'n str],
        within: Within,
        expanded: &mut Expanded<'n, 's>,
        diagnostics: &mut Diagnostics,
    ) -> Option<()> {
        let attribute = slot.tag_attribute().unwrap_or_default();
        let mut names =
            schemas.iter().copied().chain([attribute].into_iter().filter(|name| !name.is_empty()));
        if let Some(name) = names.find(|name| !is_part_name(name)) {
            let message = format!("{} cannot be the name of a variant or a tag", quoted(name));
            diagnostics
                .push(Diagnostic::error(Code::BadName, message).at(slot.place, "in this slot"));
            return None;
        }
        let own_tag = schemas.iter().find_map(|schema| self.slot_of(schema, attribute));
        if let Some(own) = own_tag {
            let message = format!("a variant has a slot {}, which is the tag", quoted(attribute));
            let diagnostic = Diagnostic::error(Code::BadSlot, message)
                .at(own, "rename it, or choose another tag")
                .at(slot.place, "in this slot");
            diagnostics.push(diagnostic);
            return None;
        }
        let variants = schemas.iter().map(|schema| (*schema).to_owned()).collect();
        let tag = Tag { sign: '@', attribute: attribute.to_owned(), variants };
        expanded.push(slot, (Leaf::Tag(&tag), PART), &within);
        schemas.iter().try_for_each(|schema| {
            self.value(slot, (schema, PART), within.variant('@', schema), expanded, diagnostics)
        })
    }
}

fn without_tag(slot: &SlotDeclaration<'_, '_>, schemas: &[&str]) -> Diagnostic {
    let message = format!("slot {} needs a tag", quoted(&slot.name));
    Diagnostic::error(Code::BadSlot, message)
        .at(slot.place, format!("nothing tells {} from one another", schemas.join(", ")))
        .help("add tag = \"type\", the attribute that has the name of the schema")
}

/// Reports a kind whose values are not of one sort.
fn no_sort(
    (place, kind): (Place, &str),
    schemas: &[Arc<str>],
    diagnostics: &mut Diagnostics,
) -> Diagnostic {
    if let Err(unknown) = kind_name::parse(kind, None) {
        let near = unknown.suggestion.or_else(|| kind_of_schemas(kind, schemas, diagnostics));
        return unknown_kind(kind, near).at(place, "no such kind");
    }
    let message = format!("{kind} cannot be one of several kinds");
    let label = "it takes values of several sorts";
    Diagnostic::error(Code::BadSlot, message).at(place, label)
}

fn same_sort(place: Place, kind: &str, sort: &str) -> Diagnostic {
    let shown = match sort {
        "bool" => "booleans",
        "number" => "numbers",
        "text" => "texts",
        "list" => "lists",
        _ => "maps",
    };
    let message = format!("a slot cannot have two kinds whose values are {shown}");
    Diagnostic::error(Code::BadSlot, message)
        .at(place, format!("{kind} is the second one"))
        .help("nothing tells their values apart; keep one of them, or use kind = \"any\"")
}
