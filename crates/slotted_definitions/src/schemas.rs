//! Builds and registers the schemas of files.

use std::cell::{OnceCell, RefCell};
use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use crate::absent_slots::{leave_out_absent, no_slot};
use crate::diagnostic::{Code, Diagnostic, Diagnostics, did_you_mean, quoted};
use crate::document::Declaration;
use crate::keys::Reading;
use crate::limits::LoadLimits;
use crate::merged::{MergedSchema, merge_declarations, read_slots};
use crate::names::{bad_name, look_alike};
use crate::nested_slots::{Expansion, Nestable};
use crate::packs::Packs;
use crate::records::Undeclared;
use crate::slot::{Among, SlotDeclaration, SlotSource};
use crate::slot_notes::SlotNotes;
use crate::slot_problems::{SlotProblems, nested_default};
use crate::source::Place;
use crate::within::Within;
use slotted::Store;
use slotted::Value;
use slotted::schema::{RegisteredSchema, SIGNS, SchemaBuilder, Slot};
use slotted::{Schema, SchemaError};

/// A schema of the files.
#[derive(Clone, Debug)]
pub(super) struct SchemaDefinition {
    pub(super) schema: Schema,
    pub(super) doc: Option<Arc<str>>,
    /// The place of its name.
    pub(super) place: Place,
    /// One for each own slot.
    pub(super) slots: Vec<SlotNotes>,
    /// The places of other defaults for slots of the bases.
    pub(super) defaults: HashMap<Arc<str>, Place>,
}

/// The schemas of the files, bases first.
#[derive(Debug, Default)]
pub(super) struct Schemas {
    pub(super) defined: Vec<SchemaDefinition>,
    pub(super) by_name: HashMap<Arc<str>, usize>,
    /// Schemas with errors; dependants are not checked.
    pub(super) broken: HashSet<Arc<str>>,
    /// Schemas that extend those of removed mods.
    pub(super) absent: HashSet<Arc<str>>,
    /// Slots that need those of removed mods, by schema and name.
    pub(super) absent_slots: HashSet<(Arc<str>, Arc<str>)>,
    /// The names of lists that files may write without brackets, by schema. Schemas without such lists are left out.
    pub(super) one_or_lists: HashMap<Arc<str>, HashSet<Arc<str>>>,
}

/// Builds the schemas and registers them in a store without objects.
pub(super) fn build(
    (declared, patches): (&[Declaration<'_, '_>], &[Declaration<'_, '_>]),
    (limits, undeclared, packs): (&LoadLimits, Undeclared, &Packs),
    registry: &mut Store,
    diagnostics: &mut Diagnostics,
) -> Schemas {
    let most = registry.limits().slots_per_schema;
    let mut merged = merge_declarations(declared, (most, packs), diagnostics);
    let positions: HashMap<&str, usize> =
        merged.iter().enumerate().map(|(at, schema)| (schema.name, at)).collect();
    let names: Vec<Arc<str>> = merged.iter().map(|schema| schema.name.into()).collect();
    // So slots and variants of packs that do not know each other have one order, whatever the load order.
    let mut patches = patches.to_vec();
    patches.sort_by_key(|patch| packs.rank(patch.pack));
    for patch in &patches {
        let patch = (patch, undeclared, packs);
        apply_patch(&mut merged, (&positions, &names), patch, registry, diagnostics);
    }
    let mut schemas = Schemas::default();
    leave_out_absent(&mut merged, (registry, undeclared), &mut schemas, diagnostics);
    let problems = RefCell::default();
    let most_slots = (most, limits.slots);
    expand_nested(&mut merged, &mut schemas, (most_slots, &problems), diagnostics);
    let mut problems = problems.into_inner();
    let most_slots = limits.slots;
    let mut slots_left = Some(most_slots);
    for position in order(&merged, (registry, undeclared), &mut schemas, diagnostics) {
        let found = &merged[position];
        if let Some((base, _)) = found.extends {
            if schemas.absent.contains(base) {
                schemas.absent.insert(found.name.into());
                continue;
            }
            if schemas.broken.contains(base) {
                schemas.broken.insert(found.name.into());
            }
        }
        let base = found.extends.and_then(|(base, _)| registry.schema(base));
        let slots = found.slots.len() + base.map_or(0, |base| base.slots().len());
        let was_left = slots_left.is_some();
        slots_left = slots_left.and_then(|left| left.checked_sub(slots));
        if slots_left.is_none() {
            if was_left {
                let message =
                    format!("all schemas together exceed the limit of {most_slots} slots");
                let diagnostic = Diagnostic::error(Code::Limit, message);
                diagnostics.push(diagnostic.at(found.place, "limit reached here"));
            }
            schemas.broken.insert(found.name.into());
            continue;
        }
        match define(found, (&schemas, &names, packs), (registry, &mut problems), diagnostics) {
            Some(definition) => {
                let name = Arc::from(found.name);
                let lists = definition.slots.iter().flat_map(|notes| &notes.one_or_lists);
                let lists: HashSet<Arc<str>> = lists.cloned().collect();
                if !lists.is_empty() {
                    schemas.one_or_lists.insert(Arc::clone(&name), lists);
                }
                schemas.by_name.insert(name, schemas.defined.len());
                schemas.defined.push(definition);
            }
            None => _ = schemas.broken.insert(found.name.into()),
        }
    }
    problems.report(diagnostics);
    unknown_references(&schemas, &positions, (registry, undeclared), diagnostics);
    schemas
}

/// Replaces slots whose kind is the name of a schema by the slots of that schema.
fn expand_nested(
    merged: &mut [MergedSchema<'_, '_>],
    schemas: &mut Schemas,
    (most_slots, problems): ((usize, usize), &RefCell<SlotProblems>),
    diagnostics: &mut Diagnostics,
) {
    let nestable = merged.iter().map(|schema| Nestable {
        name: schema.name,
        extends: schema.extends.map(|(base, _)| base),
        slots: &schema.slots,
    });
    let expansion = Expansion::new(nestable.collect(), most_slots, problems);
    let needed = (0..merged.len()).filter(|schema| expansion.is_needed(*schema));
    let expanded: Vec<_> =
        needed.map(|schema| (schema, expansion.slots(schema, diagnostics))).collect();
    for (schema, (slots, are_all)) in expanded {
        merged[schema].slots = slots;
        if !are_all {
            schemas.broken.insert(merged[schema].name.into());
        }
    }
}

/// Reports slots that refer to unknown schemas.
fn unknown_references(
    schemas: &Schemas,
    positions: &HashMap<&str, usize>,
    (registry, undeclared): (&Store, Undeclared),
    diagnostics: &mut Diagnostics,
) {
    let names = OnceCell::new();
    for definition in &schemas.defined {
        for (slot, notes) in definition.schema.slots().iter().zip(&definition.slots) {
            let (Some(base), Some(place)) = (slot.references(), notes.references_place) else {
                continue;
            };
            let is_known = positions.contains_key(base) || registry.schema(base).is_some();
            if is_known || diagnostics.holds_back(base) {
                continue;
            }
            let problem = |diagnostics: &mut Diagnostics| {
                let names = names.get_or_init(|| known_names(&[], registry));
                let suggestion = diagnostics.nearest(base, names);
                let (shown, end) = (quoted(base), did_you_mean(suggestion.as_deref()));
                let (slot, of) = (quoted(slot.name()), quoted(definition.schema.name()));
                let message = format!(
                    "slot {slot} of {of} refers to schema {shown}, which does not exist{end}"
                );
                Diagnostic::error(Code::UnknownSchema, message)
                    .at(place, "no such schema")
                    .suggest(suggestion)
                    .look_alike(base)
            };
            match undeclared {
                Undeclared::Refuse => diagnostics.push_with(problem),
                _ => diagnostics.warn_with(|found| problem(found).into_warning("not checked")),
            }
        }
    }
}

fn unknown_to_patch(
    names: &[Arc<str>],
    patch: &Declaration<'_, '_>,
    is_of_program: bool,
    diagnostics: &mut Diagnostics,
) -> Diagnostic {
    let name = quoted(patch.name);
    if is_of_program {
        let message = format!("schema {name} belongs to the program; files cannot patch it");
        return Diagnostic::error(Code::UnknownSchema, message)
            .at(patch.place, "declared by the program")
            .help("extend it with a new schema instead");
    }
    let suggestion = diagnostics.nearest(patch.name, names);
    let end = did_you_mean(suggestion.as_deref());
    Diagnostic::error(Code::UnknownSchema, format!("cannot patch unknown schema {name}{end}"))
        .at(patch.place, "no file defines it")
        .suggest(suggestion)
        .look_alike(patch.name)
}

fn apply_patch<'n, 's>(
    merged: &mut [MergedSchema<'n, 's>],
    (positions, names): (&HashMap<&str, usize>, &[Arc<str>]),
    (patch, undeclared, packs): (&Declaration<'n, 's>, Undeclared, &Packs),
    registry: &Store,
    diagnostics: &mut Diagnostics,
) {
    let Some(schema) = positions.get(patch.name).map(|at| &mut merged[*at]) else {
        let is_of_program = registry.schema(patch.name).is_some();
        if !is_of_program && diagnostics.holds_back(patch.name) {
            return;
        }
        let problem = |diagnostics: &mut Diagnostics| {
            unknown_to_patch(names, patch, is_of_program, diagnostics)
        };
        match undeclared {
            Undeclared::Refuse => diagnostics.push_with(problem),
            policy => {
                diagnostics.warn_with(|found| problem(found).into_warning(policy.label()));
            }
        }
        return;
    };
    if schema.pack > patch.pack {
        let message = format!("schema {} is defined by a later pack", quoted(patch.name));
        diagnostics.push(
            Diagnostic::error(Code::Conflict, message)
                .at(patch.place, "patched here")
                .at(schema.place, "defined here, by a later pack")
                .help("list that pack under 'requires' in this pack's manifest"),
        );
        return;
    }
    let most_slots = registry.limits().slots_per_schema;
    let source = SlotSource { schema: patch.name, pack: patch.pack, is_patch: true, packs };
    let mut reading = Reading { file: patch.place.file, diagnostics };
    for entry in reading.once(patch.map, "the patch") {
        match &*entry.name {
            "slots" => {
                let (slots, within) = (&entry.value, Within::default());
                read_slots(schema, (slots, &source, &within), most_slots, &mut reading);
            }
            "if_pack" => {}
            _ => {
                let help = "a schema patch can only change or add slots";
                reading.unknown(entry, "a schema patch", &["slots", "if_pack"], Some(help));
            }
        }
    }
}

/// Returns the positions of the schemas, bases first.
///
/// Reports and skips cycles and unknown bases.
fn order(
    merged: &[MergedSchema<'_, '_>],
    (registry, undeclared): (&Store, Undeclared),
    schemas: &mut Schemas,
    diagnostics: &mut Diagnostics,
) -> Vec<usize> {
    #[derive(Clone, Copy, PartialEq)]
    enum State {
        New,
        Entered,
        Done,
    }
    let positions: HashMap<&str, usize> =
        merged.iter().enumerate().map(|(at, schema)| (schema.name, at)).collect();
    let base_of = |at: usize| merged[at].extends.and_then(|(base, _)| positions.get(base));
    let all_names = OnceCell::new();
    let mut states = vec![State::New; merged.len()];
    let mut order = Vec::with_capacity(merged.len());
    for start in 0..merged.len() {
        // No recursion: a chain can have any length.
        let (mut path, mut next) = (Vec::new(), Some(start));
        while let Some(at) = next.filter(|at| states[*at] == State::New) {
            states[at] = State::Entered;
            path.push(at);
            next = base_of(at).copied();
        }
        if let Some(at) = next.filter(|at| states[*at] == State::Entered) {
            let first = path.iter().position(|other| *other == at).unwrap_or_default();
            let cycle: Vec<_> = path[first..].iter().map(|at| &merged[*at]).collect();
            report_cycle(&cycle, diagnostics);
            schemas.broken.extend(path[first..].iter().map(|at| Arc::from(merged[*at].name)));
        }
        for at in path.into_iter().rev() {
            states[at] = State::Done;
            let schema = &merged[at];
            if let Some((base, place)) = schema.extends
                && !positions.contains_key(base)
                && registry.schema(base).is_none()
            {
                let problem = |diagnostics: &mut Diagnostics| {
                    let names = all_names.get_or_init(|| known_names(merged, registry));
                    unknown_base(schema, base, place, names, diagnostics)
                };
                let label = match undeclared {
                    Undeclared::Quarantine => "the records of this schema are quarantined",
                    _ => "the records of this schema are ignored",
                };
                match undeclared {
                    _ if diagnostics.holds_back(base) => {}
                    Undeclared::Refuse => diagnostics.push_with(problem),
                    _ => diagnostics.warn_with(|found| problem(found).into_warning(label)),
                }
                let without = match undeclared {
                    Undeclared::Refuse => &mut schemas.broken,
                    _ => &mut schemas.absent,
                };
                without.insert(schema.name.into());
                if undeclared != Undeclared::Refuse {
                    continue;
                }
            }
            order.push(at);
        }
    }
    order
}

fn report_cycle(cycle: &[&MergedSchema<'_, '_>], diagnostics: &mut Diagnostics) {
    const SHOWN: usize = 8;
    let message = match cycle {
        [one] => format!("schema {} extends itself", quoted(one.name)),
        _ => {
            let names: Vec<_> = cycle.iter().take(SHOWN).map(|one| quoted(one.name)).collect();
            let more = if cycle.len() > SHOWN { ", …" } else { "" };
            format!("schemas extend one another in a cycle: {}{more}", names.join(", "))
        }
    };
    let places = cycle.iter().take(SHOWN).filter_map(|schema| schema.extends);
    let diagnostic = Diagnostic::error(Code::Cycle, message);
    let at = |diagnostic: Diagnostic, (base, place)| {
        diagnostic.at(place, format!("extends {}", quoted(base)))
    };
    diagnostics.push(places.fold(diagnostic, at));
}

fn known_names(merged: &[MergedSchema<'_, '_>], registry: &Store) -> Vec<Arc<str>> {
    let own = merged.iter().map(|schema| Arc::from(schema.name));
    own.chain(registry.schemas().map(|known| known.name().into())).collect()
}

fn unknown_base(
    schema: &MergedSchema<'_, '_>,
    base: &str,
    place: Place,
    names: &[Arc<str>],
    diagnostics: &mut Diagnostics,
) -> Diagnostic {
    let suggestion = diagnostics.nearest(base, names.iter().filter(|name| ***name != *schema.name));
    let (own, end) = (quoted(schema.name), did_you_mean(suggestion.as_deref()));
    let message = format!("schema {own} extends {}, which does not exist{end}", quoted(base));
    Diagnostic::error(Code::UnknownSchema, message)
        .at(place, "no such schema")
        .suggest(suggestion)
        .look_alike(base)
}

/// Builds and registers one schema after its base. Of a schema that cannot be registered only the slots are checked.
fn define(
    found: &MergedSchema<'_, '_>,
    (schemas, names, packs): (&Schemas, &[Arc<str>], &Packs),
    (registry, problems): (&mut Store, &mut SlotProblems),
    diagnostics: &mut Diagnostics,
) -> Option<SchemaDefinition> {
    if slotted::schema::check_name(found.name).is_err() {
        diagnostics.push_with(|_| bad_name("a schema", found.name, found.place));
        return None;
    }
    let mut is_right = !schemas.broken.contains(found.name);
    let mut builder = Schema::builder(found.name);
    if let Some((base, _)) = found.extends {
        builder = builder.extends(base);
    }
    // The signs of a nested value are none that a person wrote.
    let written = |name: &'_ str| name.find(SIGNS).unwrap_or(name.len());
    let slots = found.slots.iter().map(|slot| (&slot.name[..written(&slot.name)], slot.place));
    let before = (diagnostics.errors, diagnostics.held_back);
    look_alike(&format!("slots of {}", quoted(found.name)), slots, diagnostics);
    is_right &= before == (diagnostics.errors, diagnostics.held_back);
    let among = Among { schema: found.name, packs, schemas: names };
    let mut slots =
        Slots { builder, notes: Vec::new(), defaults: Vec::new(), places: HashMap::new() };
    is_right &= slots.add(found, (schemas, among), (registry, problems), diagnostics);
    let Slots { mut builder, notes: slots, defaults: own, places: defaults } = slots;
    for (slot, value) in own {
        builder = builder.inherited_default(slot, value);
    }
    if !is_right {
        return None;
    }
    let schema = builder.build().and_then(|schema| {
        registry.register_schema(schema.clone())?;
        Ok(schema)
    });
    match schema {
        Ok(schema) => {
            let registered = registry.schema(found.name);
            if registered.is_some_and(|schema| !form_values(found, schema, diagnostics)) {
                return None;
            }
            let (doc, place) = (found.doc.clone(), found.place);
            Some(SchemaDefinition { schema, doc, place, slots, defaults })
        }
        Err(error) => {
            refused(found, &error, schemas, diagnostics);
            None
        }
    }
}

/// The slots of a schema that is built.
struct Slots {
    builder: SchemaBuilder,
    notes: Vec<SlotNotes>,
    /// Other defaults of inherited slots, with their places.
    defaults: Vec<(Arc<str>, Value)>,
    places: HashMap<Arc<str>, Place>,
}

impl Slots {
    /// Adds the slots of a schema. Returns `false` if one of them has a problem.
    fn add(
        &mut self,
        found: &MergedSchema<'_, '_>,
        (schemas, among): (&Schemas, Among<'_>),
        (registry, problems): (&Store, &mut SlotProblems),
        diagnostics: &mut Diagnostics,
    ) -> bool {
        let base = found.extends.and_then(|(base, _)| registry.schema(base));
        let mut are_right = true;
        for slot in &found.slots {
            // The base may declare it.
            let is_unclear = !slot.has_kind() && found.extends.is_some() && base.is_none();
            if is_unclear || problems.is_reported(slot.place) {
                are_right = false;
                continue;
            }
            let first = diagnostics.list.len();
            let before = (diagnostics.errors, diagnostics.held_back);
            let inherited = base.and_then(|base| base.slot(&slot.name));
            self.add_slot(slot, inherited, (found, schemas, among), registry, diagnostics);
            if before != (diagnostics.errors, diagnostics.held_back) {
                are_right = false;
                let own = (slot.place, !slot.is_of_other());
                problems.add(own, (first, before.0), diagnostics);
            }
        }
        are_right
    }

    fn add_slot(
        &mut self,
        slot: &SlotDeclaration<'_, '_>,
        inherited: Option<&Slot>,
        (found, schemas, among): (&MergedSchema<'_, '_>, &Schemas, Among<'_>),
        registry: &Store,
        diagnostics: &mut Diagnostics,
    ) {
        match inherited {
            // The slot of the base has another default here.
            Some(inherited) if !slot.has_kind() => {
                let value = slot.inherited_default((found.name, inherited), registry, diagnostics);
                if let Some((place, value)) = value {
                    self.places.insert(Arc::clone(inherited.shared_name()), place);
                    self.defaults.push((Arc::clone(inherited.shared_name()), value));
                }
            }
            Some(_) => {
                let (schema, slot) = (found.name.into(), (&*slot.name).into());
                refused(found, &SchemaError::DuplicateSlot { schema, slot }, schemas, diagnostics);
            }
            None if slot.changes_nothing(found.extends.is_some()) => {
                let base = found.extends.and_then(|(base, _)| registry.schema(base));
                if let Some(shape) = base.and_then(|base| base.shape(&slot.name)) {
                    diagnostics.push(nested_default(slot, (found.name, shape)));
                    return;
                }
                let inherited = base.map_or(&[][..], RegisteredSchema::slots);
                diagnostics.push_with(|known| no_slot(slot, found, inherited, known));
            }
            None => {
                let builder = std::mem::replace(&mut self.builder, Schema::builder(found.name));
                self.builder = slot.add_to(builder, among, diagnostics);
                self.notes.push(slot.notes(diagnostics));
            }
        }
    }
}

/// Returns whether the parts of declared lists, maps and unions form values, or reports those that do not.
fn form_values(
    found: &MergedSchema<'_, '_>,
    schema: &RegisteredSchema,
    diagnostics: &mut Diagnostics,
) -> bool {
    let mut parts: HashMap<&str, HashSet<usize>> = HashMap::new();
    let mut reported = HashSet::new();
    for slot in found.slots.iter().filter(|slot| slot.is_placed()) {
        let Some(end) = slot.name.find(SIGNS) else { continue };
        let whole = &slot.name[..end];
        let parts = parts.entry(whole).or_insert_with(|| {
            let mut parts = HashSet::new();
            if let Some(shape) = schema.shape(whole) {
                shape.for_each_slot(&mut |slot| _ = parts.insert(slot));
            }
            parts
        });
        let is_part = schema.slot_index(&slot.name).is_some_and(|slot| parts.contains(&slot));
        if !is_part && reported.insert(whole) {
            let (whole, name) = (quoted(whole), quoted(&slot.name));
            let message = format!("the parts of slot {whole} do not form a value");
            let diagnostic = Diagnostic::error(Code::BadSlot, message)
                .at(slot.place, format!("{name} does not belong to it"))
                .help(FORMS_NO_VALUE);
            diagnostics.push(diagnostic);
        }
    }
    reported.is_empty()
}

const FORMS_NO_VALUE: &str = "no part has the name of the tag, or a name that ends with ? or # or has one of . [ { @ |; \
    only patches add variants to a union that exists";

/// Reports an error of the whole schema.
fn refused(
    found: &MergedSchema<'_, '_>,
    error: &SchemaError,
    schemas: &Schemas,
    diagnostics: &mut Diagnostics,
) {
    let code = match error {
        SchemaError::BadName { .. } => Code::BadName,
        SchemaError::Conflict { .. } => Code::Conflict,
        SchemaError::DuplicateSlot { .. } => Code::Duplicate,
        SchemaError::TooManySlots { .. } | SchemaError::TooManySchemas { .. } => Code::Limit,
        _ => Code::BadSlot,
    };
    let mut diagnostic = Diagnostic::error(code, error.to_string());
    if let SchemaError::Conflict { differences, .. } = error {
        let (name, differences) = (quoted(found.name), differences.iter().map(ToString::to_string));
        let differences = differences.collect::<Vec<_>>().join("; ");
        let message = format!("schema {name} conflicts with the program's schema: {differences}");
        diagnostic = Diagnostic::error(code, message)
            .at(found.place, "declared here")
            .help("remove it and use the program's schema, or rename it");
    } else if let SchemaError::DuplicateSlot { slot, .. } = error {
        let own = found.slots.iter().find(|own| *own.name == **slot);
        diagnostic = diagnostic.at(own.map_or(found.place, |own| own.place), "declared here");
        if let Some((base, place)) = inherited(found, slot, schemas) {
            diagnostic = diagnostic
                .at(place, format!("declared here by its base {}", quoted(base)))
                .help("a schema inherits the slots of its base; remove this one");
        }
    } else {
        diagnostic = diagnostic.at(found.place, "this schema");
    }
    diagnostics.push(diagnostic);
}

/// Returns the base that declares the slot, with the place.
fn inherited<'a>(
    found: &MergedSchema<'a, '_>,
    slot: &str,
    schemas: &'a Schemas,
) -> Option<(&'a str, Place)> {
    let mut base = found.extends.map(|(base, _)| base);
    while let Some(name) = base {
        let definition = &schemas.defined[*schemas.by_name.get(name)?];
        let position = definition.schema.slots().iter().position(|own| own.name() == slot);
        if let Some(place) = position.and_then(|position| definition.slots[position].place) {
            return Some((definition.schema.name(), place));
        }
        base = definition.schema.extends();
    }
    None
}
