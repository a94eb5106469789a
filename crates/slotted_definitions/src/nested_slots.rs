//! Declarations of nested values: slots whose parts are declared under `slots`, or whose kind says what they are made of.

use std::cell::{Cell, RefCell};
use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use crate::diagnostic::{Code, Diagnostic, Diagnostics, quoted};
use crate::keys::Reading;
use crate::kind_name::{self, Form};
use crate::nested_keys::NestedKeys;
use crate::nested_unions::{self, DeclaredVariants, Tag, changes_of_variants, variants_key};
use crate::node::{Data, Entry, Node};
use crate::placed::Placed;
use crate::required_lists::require_lists;
use crate::slot::SlotDeclaration;
use crate::slot_problems::{
    SlotProblems, check_key, check_references, inner_default, may_lack_brackets,
};
use crate::source::Place;
use crate::within::{InList, Within, is_needed};
use slotted::Kind;

/// The declared parts of a nested value.
pub(super) struct Parts<'n, 's> {
    /// `None` in a patch that does not change them.
    pub(super) slots: Option<&'n Node<'s>>,
    /// The place of the record or the union.
    pub(super) within: Within,
    /// The slots around it: keys of maps, sorts of values, and what else the kind says.
    pub(super) around: Vec<SlotDeclaration<'n, 's>>,
    /// The variants of a union, instead of slots.
    pub(super) variants: Option<DeclaredVariants<'n, 's>>,
    /// The changes of a union's variants in a patch.
    pub(super) changes: Option<&'n Entry<'s>>,
}

/// Returns the parts of a nested value, or `None` if the entry declares something else. A patch can change the parts of a value
/// whose place is known, but not the value.
pub(super) fn parts<'n, 's>(
    entry: &'n Entry<'s>,
    (within, known): (&Within, Option<Within>),
    reading: &mut Reading<'_>,
) -> Option<Parts<'n, 's>> {
    let Data::Map(map) = &entry.value.data else { return None };
    let slots = map.iter().find(|key| key.name == "slots").map(|key| &key.value);
    let is_patch = known.is_some();
    let changes = changes_of_variants(map).filter(|_| is_patch);
    let variants = variants_key(map).filter(|_| changes.is_none());
    if slots.is_none() && variants.is_none() && !is_patch {
        return None;
    }
    let keys = NestedKeys::read(map, (is_patch, variants.is_some() || changes.is_some()), reading);
    if let (Some(_), Some(variants)) = (slots, variants) {
        let message = format!("slot {} has both slots and variants", quoted(&entry.name));
        let place = reading.place(variants.span);
        let diagnostic =
            Diagnostic::error(Code::BadSlot, message).at(place, "variants beside slots");
        let help = "put the slots that all variants share into each of them";
        reading.diagnostics.push(diagnostic.help(help));
    }
    if let Some(Data::Map(parts)) = slots.map(|slots| &slots.data)
        && parts.is_empty()
        && !is_patch
    {
        let message = format!("slot {} has no parts", quoted(&entry.name));
        let place = reading.place(entry.span);
        let diagnostic = Diagnostic::error(Code::BadSlot, message).at(place, "'slots' is empty");
        reading.diagnostics.push(diagnostic.help("declare at least one part under 'slots'"));
    }
    let mut whole = within.part(&entry.name, keys.former, keys.is_optional);
    let default = map.iter().find(|key| key.name == "default").filter(|_| keys.is_empty);
    match default.filter(|_| within.is_element()) {
        Some(key) => {
            let place = reading.place(key.span);
            reading.diagnostics.push(inner_default(&entry.name, place));
        }
        None => whole.is_empty |= keys.is_empty,
    }
    let is_one = may_lack_brackets((entry, map), (keys.kind, is_patch), within, reading);
    whole.one_or_lists.extend(is_one.then(|| whole.path.clone()));
    let (mut around, of_map, references) = (Vec::new(), keys.of_map, keys.references);
    let within = match (known, keys.kind) {
        (Some(known), _) => Some(known),
        (None, Some((place, kind))) => {
            let mut kinds = Around { place, keys: of_map, references, slots: &mut around };
            kinds.record(kind, whole.clone(), reading.diagnostics)
        }
        (None, None) => Some(whole.clone()),
    };
    check_references(entry, keys.references, &around, reading);
    let Some(within) = within else { return Some(Parts::none(whole)) };
    if let (Some(variants), Some((_, kind)), None) = (variants, keys.kind, keys.tag)
        && !is_patch
        && has_sorts(kind)
    {
        let message = format!("slot {} needs a tag", quoted(&entry.name));
        let place = reading.place(variants.span);
        let diagnostic = Diagnostic::error(Code::BadSlot, message)
            .at(place, "nothing tells these variants from one another")
            .help("add tag = \"type\", the attribute that has the name of the variant");
        reading.diagnostics.push(diagnostic);
        return Some(Parts::none(whole));
    }
    let variants = variants
        .and_then(|variants| nested_unions::variants(reading, (variants, keys.tag), &within));
    Some(Parts { slots, within, around, variants, changes })
}

impl Parts<'_, '_> {
    /// Returns the parts of a wrong declaration.
    const fn none(within: Within) -> Self {
        Self { slots: None, within, around: Vec::new(), variants: None, changes: None }
    }
}

/// The word for the record that is declared beside a kind.
const RECORD: &str = "record";

/// Returns the form of a kind beside a declared record.
fn form(kind: &str) -> Form<'_> {
    match kind.trim() {
        "list" => Form::List(RECORD),
        "map" => Form::Map("text", RECORD),
        kind => kind_name::form(kind, &|name| name == RECORD),
    }
}

/// Returns how many records a kind has.
pub(super) fn records(kind: &str) -> usize {
    match form(kind) {
        Form::Schema(_) => 1,
        Form::Single(_) => 0,
        Form::List(element) => records(element),
        Form::Map(_, value) => records(value),
        Form::Tuple(kinds) | Form::Union(kinds) => kinds.iter().map(|kind| records(kind)).sum(),
    }
}

/// Returns whether the record of a kind is one of several kinds.
fn has_sorts(kind: &str) -> bool {
    match form(kind) {
        Form::Union(_) => true,
        Form::List(inner) | Form::Map(_, inner) => has_sorts(inner),
        Form::Tuple(kinds) => kinds.iter().any(|kind| has_sorts(kind)),
        Form::Single(_) | Form::Schema(_) => false,
    }
}

/// The slots around a declared record.
struct Around<'a, 'n, 's> {
    place: Place,
    /// The kind of a map's keys, if it is declared beside the kind.
    keys: Option<(Place, &'n str)>,
    references: Option<&'n Entry<'s>>,
    slots: &'a mut Vec<SlotDeclaration<'n, 's>>,
}

impl<'n> Around<'_, 'n, '_> {
    /// Adds the slots of a kind, and returns the place of its record.
    fn record(
        &mut self,
        kind: &'n str,
        within: Within,
        diagnostics: &mut Diagnostics,
    ) -> Option<Within> {
        let is_record = |kind: &&&str| records(kind) > 0;
        match form(kind) {
            Form::Schema(_) => Some(within),
            Form::Single(_) => None,
            Form::List(element) => self.record(element, within.elements("[]"), diagnostics),
            Form::Map(key, value) => {
                let within = within.elements("{}");
                let (place, key) = self.keys.take().unwrap_or((self.place, key));
                check_key(place, key, diagnostics)?;
                let keys = SlotDeclaration::of_kind(place, key, (&within, "key"));
                self.slots.push(match self.references.filter(|_| key.trim() == "object") {
                    Some(references) => keys.with_references(place, &references.value),
                    None => keys,
                });
                self.record(value, within.part("value", None, false), diagnostics)
            }
            Form::Tuple(kinds) => {
                let parts = kinds.iter().enumerate();
                let place = |at: usize| within.part(&at.to_string(), None, false);
                for (at, kind) in parts.clone().filter(|(_, kind)| !is_record(kind)) {
                    self.slots.push(SlotDeclaration::of_kind(self.place, kind, (&place(at), "")));
                }
                let (at, kind) = parts.clone().find(|(_, kind)| is_record(kind))?;
                self.record(kind, place(at), diagnostics)
            }
            Form::Union(kinds) => {
                let sorts =
                    nested_unions::sorts(&kinds, &form, (self.place, &Vec::new), diagnostics)?;
                let tag = Tag::of_sorts(sorts.iter().map(|(sort, _)| *sort));
                self.slots.push(SlotDeclaration::of_tag(self.place, tag, &within));
                let record = sorts.iter().find(|(_, kind)| is_record(&kind))?;
                for (sort, kind) in sorts.iter().filter(|(_, kind)| !is_record(&kind)) {
                    let within = within.variant('|', sort);
                    self.slots.push(SlotDeclaration::of_kind(self.place, kind, (&within, "")));
                }
                self.record(record.1, within.variant('|', record.0), diagnostics)
            }
        }
    }
}

/// A schema whose slots can be the parts of nested records.
pub(super) struct Nestable<'m, 'n, 's> {
    pub(super) name: &'n str,
    pub(super) extends: Option<&'n str>,
    pub(super) slots: &'m [SlotDeclaration<'n, 's>],
}

/// Replaces slots whose kind is the name of a schema by the slots of that schema.
pub(super) struct Expansion<'m, 'n, 's> {
    schemas: Vec<Nestable<'m, 'n, 's>>,
    positions: HashMap<&'n str, usize>,
    /// The most slots of one schema.
    most: usize,
    /// The slots, records and bases that may follow in all schemas.
    left: Cell<usize>,
    /// Reports each problem at the slot's own schema.
    problems: &'m RefCell<SlotProblems>,
}

/// A deeper part has a longer name than slots may have.
const DEEPEST: usize = 64;

/// No slot has a longer name, in bytes.
const LONGEST_PATH: usize = 4 * 128;

/// The expansion of one schema.
pub(super) struct Expanded<'n, 's> {
    slots: Vec<SlotDeclaration<'n, 's>>,
    /// Slots that say which elements of a list have an inner list, and how long it is.
    companions: HashSet<String>,
    /// The slots and nested records that may follow: two records in each of 60 levels would never end.
    left: usize,
    /// The schemas around the current slot.
    around: Vec<usize>,
    /// The limit of slots is reached.
    is_full: bool,
}

impl<'m, 'n, 's> Expansion<'m, 'n, 's> {
    /// Begins the expansion of schemas with at most this many slots each, and `all` together.
    pub(super) fn new(
        schemas: Vec<Nestable<'m, 'n, 's>>,
        (most, all): (usize, usize),
        problems: &'m RefCell<SlotProblems>,
    ) -> Self {
        let names = schemas.iter().enumerate();
        let positions = names.map(|(position, schema)| (schema.name, position)).collect();
        Self { schemas, positions, most, left: Cell::new(all), problems }
    }

    /// Returns the names of all schemas.
    pub(super) fn schema_names(&self) -> Vec<Arc<str>> {
        self.schemas.iter().map(|schema| schema.name.into()).collect()
    }

    /// Returns `true` if a slot of the schema is nested or part of a list.
    pub(super) fn is_needed(&self, schema: usize) -> bool {
        let slots = self.schemas[schema].slots;
        slots.iter().any(|slot| {
            slot.within != Within::default()
                || slot.kind_text().is_some_and(|kind| !matches!(self.form(kind), Form::Single(_)))
        })
    }

    /// Returns the slots of a schema without those that have a problem, and whether these are all.
    pub(super) fn slots(
        &self,
        schema: usize,
        diagnostics: &mut Diagnostics,
    ) -> (Vec<SlotDeclaration<'n, 's>>, bool) {
        let (slots, companions, around) = (Vec::new(), HashSet::new(), vec![schema]);
        let mut expanded = Expanded { slots, companions, left: self.most, around, is_full: false };
        let own = self.schemas[schema].slots;
        let added = self.add(own, &Within::default(), &mut expanded, diagnostics);
        require_lists(&mut expanded.slots);
        (expanded.slots, added.is_some())
    }

    /// Returns the form of a kind. The name of a schema is one of a nested record.
    pub(super) fn form<'k>(&self, kind: &'k str) -> Form<'k> {
        kind_name::form(kind, &|name| self.positions.contains_key(name))
    }

    fn add(
        &self,
        slots: &[SlotDeclaration<'n, 's>],
        within: &Within,
        expanded: &mut Expanded<'n, 's>,
        diagnostics: &mut Diagnostics,
    ) -> Option<()> {
        let mut are_right = Some(());
        for slot in slots {
            let before = (diagnostics.list.len(), diagnostics.errors);
            let first = expanded.slots.len();
            let added = self.slot(slot, within, expanded, diagnostics);
            if added.is_none() || diagnostics.errors > before.1 {
                are_right = None;
                // A part of a value is none.
                expanded.slots.truncate(first);
                if expanded.is_full {
                    break;
                }
                let is_own = expanded.around.len() == 1;
                self.problems.borrow_mut().add((slot.place, is_own), before, diagnostics);
            }
        }
        are_right
    }

    /// Adds a slot, or those of its parts.
    fn slot(
        &self,
        slot: &SlotDeclaration<'n, 's>,
        within: &Within,
        expanded: &mut Expanded<'n, 's>,
        diagnostics: &mut Diagnostics,
    ) -> Option<()> {
        let (former, is_optional) = slot.record_keys();
        let within = within.around(&slot.within.part(slot.part, former, false));
        let own = Own { is_optional, is_whole: true };
        let Some(kind) = slot.kind_text() else {
            self.limit(slot, expanded, diagnostics)?;
            let leaf = slot.tag.as_ref().map_or(Leaf::Declared, Leaf::Tag);
            expanded.push(slot, (leaf, own), &within);
            return Some(());
        };
        self.value(slot, (kind, own), within, expanded, diagnostics)
    }

    fn limit(
        &self,
        slot: &SlotDeclaration<'n, 's>,
        expanded: &mut Expanded<'n, 's>,
        diagnostics: &mut Diagnostics,
    ) -> Option<()> {
        let left = expanded.left.checked_sub(1);
        let Some(left) = left.filter(|_| self.take() && expanded.around.len() < DEEPEST) else {
            diagnostics.push(self.too_many(slot.place, expanded));
            expanded.is_full = true;
            return None;
        };
        expanded.left = left;
        Some(())
    }

    /// Adds the slots of a value of this kind.
    pub(super) fn value(
        &self,
        slot: &SlotDeclaration<'n, 's>,
        (kind, own): (&'n str, Own),
        mut within: Within,
        expanded: &mut Expanded<'n, 's>,
        diagnostics: &mut Diagnostics,
    ) -> Option<()> {
        self.limit(slot, expanded, diagnostics)?;
        if within.name("").len() > LONGEST_PATH {
            diagnostics.push(self.too_many(slot.place, expanded));
            return None;
        }
        let form = self.form(kind);
        if !matches!(form, Form::Single(_)) {
            if own.is_optional {
                within.set_optional();
            }
            if own.is_whole {
                self.whole_keys(slot, (kind, &form), &mut within, diagnostics)?;
            }
        }
        let part = Own { is_optional: false, is_whole: false };
        match form {
            Form::Single(kind) => {
                expanded.push(slot, (Leaf::Kind(kind), own), &within);
                Some(())
            }
            Form::List(element) => {
                self.value(slot, (element, part), within.elements("[]"), expanded, diagnostics)
            }
            Form::Map(key, value) => {
                check_key(slot.place, key, diagnostics)?;
                let within = within.elements("{}");
                expanded.push(slot, (Leaf::Kind(key), part), &within.part("key", None, false));
                let within = within.part("value", None, false);
                self.value(slot, (value, part), within, expanded, diagnostics)
            }
            Form::Tuple(kinds) => kinds.iter().enumerate().try_for_each(|(at, kind)| {
                let within = within.part(&at.to_string(), None, false);
                self.value(slot, (kind, part), within, expanded, diagnostics)
            }),
            Form::Union(kinds) => self.union(slot, &kinds, within, expanded, diagnostics),
            Form::Schema(name) => {
                let schema = *self.positions.get(name)?;
                if expanded.around.contains(&schema) {
                    diagnostics.push(self.cycle(slot, schema, expanded));
                    return None;
                }
                expanded.around.push(schema);
                let slots = self.slots_with_bases(schema);
                let added = self.add(&slots, &within, expanded, diagnostics);
                expanded.around.pop();
                added
            }
        }
    }

    /// Reads the keys of a value with several slots.
    fn whole_keys(
        &self,
        slot: &SlotDeclaration<'n, 's>,
        (kind, form): (&str, &Form<'_>),
        within: &mut Within,
        diagnostics: &mut Diagnostics,
    ) -> Option<()> {
        let leaves = kind_name::singles(kind, &|name| self.positions.contains_key(name));
        let whole = slot.whole_keys(&leaves, form, diagnostics)?;
        if let Some((place, _)) = slot.key("default").filter(|_| within.is_element()) {
            diagnostics.push(inner_default(&slot.name, place));
            return None;
        }
        within.is_empty |= whole.is_empty;
        if whole.is_one_or_list {
            within.one_or_lists.push(within.path.clone());
        }
        Some(())
    }

    /// Returns the slots of a schema, those of its bases first, with the defaults that it gives to them.
    fn slots_with_bases(&self, schema: usize) -> Vec<SlotDeclaration<'n, 's>> {
        let mut slots: Vec<SlotDeclaration<'n, 's>> = Vec::new();
        for base in self.bases(schema).into_iter().rev() {
            for slot in self.schemas[base].slots {
                let inherited = slots.iter_mut().find(|own| own.name == slot.name);
                match inherited.filter(|_| !slot.has_kind()) {
                    Some(inherited) => inherited.take_default_of(slot),
                    None => slots.push(slot.clone()),
                }
            }
        }
        slots
    }

    /// Returns the place of a schema's slot of this name.
    pub(super) fn slot_of(&self, schema: &str, name: &str) -> Option<Place> {
        let slots = self.slots_with_bases(*self.positions.get(schema)?);
        slots.iter().find(|slot| slot.name == name).map(|slot| slot.place)
    }

    /// Returns `false` if all schemas together have too many slots.
    fn take(&self) -> bool {
        let left = self.left.get().checked_sub(1);
        self.left.set(left.unwrap_or_default());
        left.is_some()
    }

    /// Returns the schema and those that it extends, nearest first.
    fn bases(&self, schema: usize) -> Vec<usize> {
        let (mut bases, mut seen) = (vec![schema], HashSet::from([schema]));
        let base = |of: usize| self.positions.get(self.schemas[of].extends?).copied();
        // A cycle of bases is reported elsewhere.
        while let Some(next) = base(bases[bases.len() - 1]).filter(|next| seen.insert(*next)) {
            if !self.take() {
                break;
            }
            bases.push(next);
        }
        bases
    }

    fn too_many(&self, place: Place, expanded: &Expanded<'_, '_>) -> Diagnostic {
        let name = quoted(self.schemas[expanded.around[0]].name);
        let message = format!(
            "schema {name} has too many slots with those of its nested records, or they are nested too deep; \
             the limit is {} slots",
            self.most
        );
        Diagnostic::error(Code::Limit, message).at(place, "limit reached here")
    }

    fn cycle(
        &self,
        slot: &SlotDeclaration<'_, '_>,
        schema: usize,
        expanded: &Expanded<'_, '_>,
    ) -> Diagnostic {
        let name = quoted(self.schemas[schema].name);
        let holder = quoted(self.schemas[expanded.around[expanded.around.len() - 1]].name);
        let message = match holder == name {
            true => format!("schema {name} contains itself as a nested record"),
            false => format!("schema {name} contains itself as a nested record, through {holder}"),
        };
        Diagnostic::error(Code::Cycle, message).at(slot.place, "it would never end").help(format!(
            "to refer to another object, write kind = \"object\", references = {name}"
        ))
    }
}

/// A declaration's part in a value.
#[derive(Clone, Copy)]
pub(super) struct Own {
    pub(super) is_optional: bool,
    /// `false` for the parts of a value whose kind has several.
    pub(super) is_whole: bool,
}

/// The content of a slot of a nested value.
pub(super) enum Leaf<'t, 'n> {
    /// A value of the declared kind.
    Declared,
    /// A value of a part of the declared kind.
    Kind(&'n str),
    /// The variant of a union.
    Tag(&'t Tag),
}

impl<'n, 's> Expanded<'n, 's> {
    /// Adds the slot of a single value, or of such values in all elements of a list.
    pub(super) fn push(
        &mut self,
        slot: &SlotDeclaration<'n, 's>,
        (leaf, own): (Leaf<'_, 'n>, Own),
        within: &Within,
    ) {
        let first = within.lists.first();
        let inner = within.lists.get(1..).unwrap_or_default();
        let may_be_absent = within.is_optional || own.is_optional;
        let is_in_list = first.is_some();
        let is_element = is_in_list || within.is_in_variant;
        let may_lack = is_element && may_be_absent;
        let in_elements = |kind: Kind| if is_in_list { Kind::list(kind) } else { kind };
        // The slots of an optional value have no defaults.
        let is_outer_optional = first.map_or(within.is_optional || within.is_in_variant, |list| {
            list.is_optional || list.is_in_variant
        });
        let (name, former, kind) = match leaf {
            Leaf::Tag(tag) => {
                let former = within.former.as_ref().map(|former| tag.name(former));
                (tag.name(&within.path), former, Some(in_elements(tag.kind())))
            }
            _ => (within.path.clone(), within.former.clone(), None),
        };
        let is_empty = within.is_empty
            || (is_in_list && (may_lack || within.is_in_variant))
            || inner.iter().any(|list| list.is_optional || list.is_in_variant);
        let is_list = match leaf {
            Leaf::Kind(kind) => is_in_list && kind.trim_start().starts_with("list("),
            _ => false,
        };
        let placed = Placed {
            kind,
            former,
            is_optional: is_outer_optional || (own.is_optional && !is_in_list),
            has_default: own.is_whole && !if is_element { may_lack } else { is_outer_optional },
            has_lengths: is_list,
            is_whole: own.is_whole,
            is_in_list,
            is_element,
            is_empty,
            is_whole_empty: within.is_empty,
            one_or_lists: within.one_or_lists.clone(),
            needed_in: within.needed_in(own.is_optional).map(str::to_owned),
            is_of_other: self.around.len() > 1,
        };
        let kind = match leaf {
            Leaf::Kind(kind) => Some(kind),
            _ => None,
        };
        self.slots.push(slot.placed(name, kind, placed.clone()));
        self.add_companions(slot, (within, may_lack, is_list), &placed);
    }

    /// Adds the slots that say which values have a part, and how long their lists are.
    fn add_companions(
        &mut self,
        slot: &SlotDeclaration<'n, 's>,
        (within, may_lack, is_list): (&Within, bool, bool),
        placed: &Placed,
    ) {
        let mut is_empty = within.is_empty;
        let own = InList {
            path: within.path.clone(),
            former: within.former.clone(),
            is_optional: may_lack,
            is_in_variant: within.is_in_variant,
            optional: None,
        };
        let places = within.lists.iter().chain([&own]).enumerate();
        for (depth, place) in places {
            // The outermost list of a record is one value; others are as many as the elements around them.
            let is_in_list = depth > 0;
            if !is_in_list && !place.is_in_variant {
                continue;
            }
            is_empty |= is_in_list && (place.is_optional || place.is_in_variant);
            let has_lengths = is_in_list && (is_list || depth < within.lists.len());
            let is_set = place.is_optional.then_some(("?", Kind::Bool));
            let lengths = has_lengths.then_some(("#", Kind::U32));
            for (sign, kind) in is_set.into_iter().chain(lengths) {
                let name = format!("{}{sign}", place.path);
                // The companion is a part of the elements of the list around it.
                let around = within.lists[..depth].iter().rev();
                let mut optional = around.filter_map(|list| list.optional.as_deref());
                let needed_in = optional.find(|record| is_needed(&name, record));
                let needed_in = needed_in.map(str::to_owned);
                if self.companions.insert(name.clone()) {
                    let former = place.former.as_ref().map(|former| format!("{former}{sign}"));
                    let kind = Some(if is_in_list { Kind::list(kind) } else { kind });
                    let companion = Placed {
                        kind,
                        former,
                        is_empty,
                        is_whole: false,
                        has_default: false,
                        has_lengths: false,
                        needed_in,
                        ..placed.clone()
                    };
                    self.slots.push(slot.placed(name, None, companion));
                }
            }
        }
    }
}
