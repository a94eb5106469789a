//! From the declarations of schemas in files to registered schemas.

use std::cell::OnceCell;
use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use crate::diagnostic::{Code, Diagnostic, Diagnostics, did_you_mean, quoted};
use crate::document::Declaration;
use crate::names::{bad_name, look_alike};
use crate::node::{Entry, Node};
use crate::records::Undeclared;
use crate::slot::{SlotDeclaration, SlotNotes};
use crate::source::{Place, Span};
use crate::words::Reading;
use slotted::Store;
use slotted::{Schema, SchemaError};

/// A schema that files declare.
#[derive(Clone, Debug)]
pub(super) struct SchemaDefinition {
    pub(super) schema: Schema,
    pub(super) doc: Option<Arc<str>>,
    /// Where its name stands.
    pub(super) place: Place,
    /// One for each slot that it declares itself.
    pub(super) slots: Vec<SlotNotes>,
}

/// What the files say of schemas, in the order in which schemas can be registered.
#[derive(Debug, Default)]
pub(super) struct Schemas {
    pub(super) defined: Vec<SchemaDefinition>,
    pub(super) by_name: HashMap<Arc<str>, usize>,
    /// Schemas with mistakes: what depends on them cannot be judged.
    pub(super) broken: HashSet<Arc<str>>,
}

/// What all files together say of one schema.
struct Gathered<'n, 's> {
    name: &'n str,
    pack: usize,
    place: Place,
    doc: Option<Arc<str>>,
    extends: Option<(&'n str, Place)>,
    slots: Vec<SlotDeclaration<'n, 's>>,
}

const WORDS: [&str; 3] = ["extends", "slots", "doc"];

/// Builds the schemas and registers them in a store without objects.
pub(super) fn build(
    declared: &[Declaration<'_, '_>],
    patches: &[Declaration<'_, '_>],
    (most_slots, undeclared): (usize, Undeclared),
    registry: &mut Store,
    diagnostics: &mut Diagnostics,
) -> Schemas {
    let mut gathered = gather(declared, registry.limits().slots_per_schema, diagnostics);
    let positions: HashMap<&str, usize> =
        gathered.iter().enumerate().map(|(at, schema)| (schema.name, at)).collect();
    let names: Vec<Arc<str>> = if patches.is_empty() {
        Vec::new()
    } else {
        gathered.iter().map(|schema| schema.name.into()).collect()
    };
    for patch in patches {
        let patch = (patch, undeclared);
        apply_patch(&mut gathered, (&positions, &names), patch, registry, diagnostics);
    }
    let mut schemas = Schemas::default();
    let mut slots_left = Some(most_slots);
    for position in order(&gathered, registry, &mut schemas, diagnostics) {
        let found = &gathered[position];
        let base = found.extends.and_then(|(base, _)| registry.schema(base));
        let slots = found.slots.len() + base.map_or(0, |base| base.slots().len());
        let was_left = slots_left.is_some();
        slots_left = slots_left.and_then(|left| left.checked_sub(slots));
        if slots_left.is_none() {
            if was_left {
                let message = format!("all schemas together have more than {most_slots} slots");
                let diagnostic = Diagnostic::error(Code::Limit, message);
                diagnostics.push(diagnostic.at(found.place, "the first too many"));
            }
            schemas.broken.insert(found.name.into());
            continue;
        }
        match define(found, &schemas, registry, diagnostics) {
            Some(definition) => {
                let name = Arc::from(found.name);
                schemas.by_name.insert(name, schemas.defined.len());
                schemas.defined.push(definition);
            }
            None => _ = schemas.broken.insert(found.name.into()),
        }
    }
    unknown_references(&schemas, &positions, registry, diagnostics);
    schemas
}

/// Reports slots for references to schemas that nobody declares.
fn unknown_references(
    schemas: &Schemas,
    positions: &HashMap<&str, usize>,
    registry: &Store,
    diagnostics: &mut Diagnostics,
) {
    let names = OnceCell::new();
    for definition in &schemas.defined {
        for (slot, notes) in definition.schema.slots().iter().zip(&definition.slots) {
            let (Some(base), Some(place)) = (slot.references(), notes.references_place) else {
                continue;
            };
            if positions.contains_key(base) || registry.schema(base).is_some() {
                continue;
            }
            diagnostics.push_with(|diagnostics| {
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
            });
        }
    }
}

fn gather<'n, 's>(
    declared: &[Declaration<'n, 's>],
    most_slots: usize,
    diagnostics: &mut Diagnostics,
) -> Vec<Gathered<'n, 's>> {
    let mut gathered: Vec<Gathered<'n, 's>> = Vec::new();
    let mut positions: HashMap<&str, usize> = HashMap::new();
    for declaration in declared {
        if let Some(first) = positions.get(declaration.name) {
            let message = format!("schema {} is defined twice", quoted(declaration.name));
            let diagnostic = Diagnostic::error(Code::Conflict, message)
                .at(declaration.place, "defined here again")
                .at(gathered[*first].place, "defined here first")
                .help(format!(
                    "to change slots of it, write them under patches, schemas, {}, slots",
                    quoted(declaration.name)
                ));
            diagnostics.push(diagnostic);
            continue;
        }
        let (name, pack, place) = (declaration.name, declaration.pack, declaration.place);
        let (doc, extends, slots) = (None, None, Vec::new());
        let mut schema = Gathered { name, pack, place, doc, extends, slots };
        read_words(&mut schema, declaration, most_slots, diagnostics);
        positions.insert(name, gathered.len());
        gathered.push(schema);
    }
    look_alike("schemas", gathered.iter().map(|schema| (schema.name, schema.place)), diagnostics);
    gathered
}

fn read_words<'n, 's>(
    schema: &mut Gathered<'n, 's>,
    declaration: &Declaration<'n, 's>,
    most_slots: usize,
    diagnostics: &mut Diagnostics,
) {
    let mut reading = Reading { file: declaration.place.file, diagnostics };
    for entry in reading.once(declaration.map, "the schema") {
        match &*entry.name {
            "doc" => schema.doc = reading.text(&entry.value, "doc").map(Arc::from),
            "extends" => {
                let base = reading.text(&entry.value, "a schema's name");
                schema.extends = base.map(|base| (base, reading.place(entry.value.span)));
            }
            "slots" => read_slots(schema, &entry.value, most_slots, &mut reading),
            _ => {
                let help = match &*entry.name {
                    "parent" | "base" | "inherits" => Some("the word for it is extends"),
                    "description" => Some("the word for it is doc"),
                    _ => Some("a schema has extends, slots and doc; its slots stand under slots"),
                };
                reading.unknown(entry, "a schema", &WORDS, help);
            }
        }
    }
}

fn read_slots<'n, 's>(
    schema: &mut Gathered<'n, 's>,
    node: &'n Node<'s>,
    most: usize,
    reading: &mut Reading<'_>,
) {
    let expected = "a map of slots by their names";
    let Some(map) = reading.map(node, "slots", expected) else { return };
    if map.len() > most {
        let (name, slots) = (quoted(schema.name), map.len());
        let message = format!("schema {name} has {slots} slots, at most {most} are possible");
        let place = reading.place(Span { end: node.span.start + 1, ..node.span });
        reading.diagnostics.push(Diagnostic::error(Code::Limit, message).at(place, "too many"));
        return;
    }
    for entry in reading.once(map, "the slots") {
        let known = schema.slots.iter_mut().find(|slot| slot.name == entry.name);
        if let Some(known) = known {
            known.patch(reading, entry);
        } else if is_reserved(entry, reading) {
            continue;
        } else if let Some(slot) = SlotDeclaration::read(reading, entry) {
            schema.slots.push(slot);
        }
    }
}

/// The words that records have beside their values.
pub(super) const RECORD_WORDS: [&str; 2] = ["inherits", "abstract"];

fn is_reserved(entry: &Entry<'_>, reading: &mut Reading<'_>) -> bool {
    let is_reserved = RECORD_WORDS.contains(&&*entry.name);
    if is_reserved {
        let name = quoted(&entry.name);
        let message = format!("a slot cannot be called {name}, which is a word of records");
        let place = reading.place(entry.span);
        let diagnostic = Diagnostic::error(Code::BadName, message);
        reading.diagnostics.push(diagnostic.at(place, "choose another name"));
    }
    is_reserved
}

fn unknown_to_patch(
    names: &[Arc<str>],
    patch: &Declaration<'_, '_>,
    is_of_program: bool,
    diagnostics: &mut Diagnostics,
) -> Diagnostic {
    let name = quoted(patch.name);
    if is_of_program {
        let message = format!("schema {name} is part of the program, which no file can change");
        return Diagnostic::error(Code::UnknownSchema, message)
            .at(patch.place, "of the program")
            .help("extend it by a schema of another name");
    }
    let suggestion = diagnostics.nearest(patch.name, names);
    let end = did_you_mean(suggestion.as_deref());
    Diagnostic::error(Code::UnknownSchema, format!("there is no schema {name} to patch{end}"))
        .at(patch.place, "no file defines it")
        .suggest(suggestion)
        .look_alike(patch.name)
}

fn apply_patch<'n, 's>(
    gathered: &mut [Gathered<'n, 's>],
    (positions, names): (&HashMap<&str, usize>, &[Arc<str>]),
    (patch, undeclared): (&Declaration<'n, 's>, Undeclared),
    registry: &Store,
    diagnostics: &mut Diagnostics,
) {
    let Some(schema) = positions.get(patch.name).map(|at| &mut gathered[*at]) else {
        let is_of_program = registry.schema(patch.name).is_some();
        diagnostics.push_with(|diagnostics| {
            let diagnostic = unknown_to_patch(names, patch, is_of_program, diagnostics);
            match undeclared {
                Undeclared::Refuse => diagnostic,
                _ => diagnostic.only_warns("left out"),
            }
        });
        return;
    };
    if schema.pack > patch.pack {
        let message = format!("schema {} is defined by a later pack", quoted(patch.name));
        diagnostics.push(
            Diagnostic::error(Code::Conflict, message)
                .at(patch.place, "patched here")
                .at(schema.place, "defined here, later")
                .help("name that pack under requires in this pack's manifest"),
        );
        return;
    }
    let most_slots = registry.limits().slots_per_schema;
    let mut reading = Reading { file: patch.place.file, diagnostics };
    for entry in reading.once(patch.map, "the patch") {
        match &*entry.name {
            "slots" => read_slots(schema, &entry.value, most_slots, &mut reading),
            _ => {
                let help = "a patch of a schema changes slots or adds some";
                reading.unknown(entry, "a patch of a schema", &["slots"], Some(help));
            }
        }
    }
}

/// The positions of the schemas, bases first. What extends itself, or nothing that exists, is left
/// out and reported.
fn order(
    gathered: &[Gathered<'_, '_>],
    registry: &Store,
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
        gathered.iter().enumerate().map(|(at, schema)| (schema.name, at)).collect();
    let base_of = |at: usize| gathered[at].extends.and_then(|(base, _)| positions.get(base));
    let all_names = OnceCell::new();
    let mut states = vec![State::New; gathered.len()];
    let mut order = Vec::with_capacity(gathered.len());
    for start in 0..gathered.len() {
        // Without recursion: a file may declare a chain of any length.
        let (mut path, mut next) = (Vec::new(), Some(start));
        while let Some(at) = next.filter(|at| states[*at] == State::New) {
            states[at] = State::Entered;
            path.push(at);
            next = base_of(at).copied();
        }
        if let Some(at) = next.filter(|at| states[*at] == State::Entered) {
            let first = path.iter().position(|other| *other == at).unwrap_or_default();
            let cycle: Vec<_> = path[first..].iter().map(|at| &gathered[*at]).collect();
            report_cycle(&cycle, diagnostics);
            schemas.broken.extend(path[first..].iter().map(|at| Arc::from(gathered[*at].name)));
        }
        for at in path.into_iter().rev() {
            states[at] = State::Done;
            let schema = &gathered[at];
            if let Some((base, place)) = schema.extends
                && !positions.contains_key(base)
                && registry.schema(base).is_none()
            {
                diagnostics.push_with(|diagnostics| {
                    let names = all_names.get_or_init(|| known_names(gathered, registry));
                    unknown_base(schema, base, place, names, diagnostics)
                });
                schemas.broken.insert(schema.name.into());
            }
            if !schemas.broken.contains(schema.name) {
                order.push(at);
            }
        }
    }
    order
}

fn report_cycle(cycle: &[&Gathered<'_, '_>], diagnostics: &mut Diagnostics) {
    const SHOWN: usize = 8;
    let message = match cycle {
        [one] => format!("schema {} extends itself", quoted(one.name)),
        _ => {
            let names: Vec<_> = cycle.iter().take(SHOWN).map(|one| quoted(one.name)).collect();
            let more = if cycle.len() > SHOWN { ", …" } else { "" };
            format!("schemas extend one another in a circle: {}{more}", names.join(", "))
        }
    };
    let places = cycle.iter().take(SHOWN).filter_map(|schema| schema.extends);
    let diagnostic = Diagnostic::error(Code::Cycle, message);
    let at = |diagnostic: Diagnostic, (base, place)| {
        diagnostic.at(place, format!("extends {}", quoted(base)))
    };
    diagnostics.push(places.fold(diagnostic, at));
}

fn known_names(gathered: &[Gathered<'_, '_>], registry: &Store) -> Vec<Arc<str>> {
    let own = gathered.iter().map(|schema| Arc::from(schema.name));
    own.chain(registry.schemas().map(|known| known.name().into())).collect()
}

fn unknown_base(
    schema: &Gathered<'_, '_>,
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

/// Builds and registers one schema, whose base is registered.
fn define(
    found: &Gathered<'_, '_>,
    schemas: &Schemas,
    registry: &mut Store,
    diagnostics: &mut Diagnostics,
) -> Option<SchemaDefinition> {
    if let Some((base, _)) = found.extends
        && schemas.broken.contains(base)
    {
        return None;
    }
    if slotted::schema::check_name(found.name).is_err() {
        diagnostics.push_with(|_| bad_name("a schema", found.name, found.place));
        return None;
    }
    let mut builder = Schema::builder(found.name);
    if let Some((base, _)) = found.extends {
        builder = builder.extends(base);
    }
    let errors = diagnostics.errors;
    let slots = found.slots.iter().map(|slot| (slot.name, slot.place));
    look_alike(&format!("slots of {}", quoted(found.name)), slots, diagnostics);
    for slot in &found.slots {
        builder = slot.add_to(builder, found.name, diagnostics);
    }
    let slots = found.slots.iter().map(|slot| slot.notes(diagnostics)).collect();
    if diagnostics.errors > errors {
        return None;
    }
    let schema = builder.build().and_then(|schema| {
        registry.register_schema(schema.clone())?;
        Ok(schema)
    });
    match schema {
        Ok(schema) => {
            let (doc, place) = (found.doc.clone(), found.place);
            Some(SchemaDefinition { schema, doc, place, slots })
        }
        Err(error) => {
            refused(found, &error, schemas, diagnostics);
            None
        }
    }
}

/// What is wrong with the schema as a whole.
fn refused(
    found: &Gathered<'_, '_>,
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
        let message = format!("schema {name} is another one in the program: there {differences}");
        diagnostic = Diagnostic::error(code, message)
            .at(found.place, "declared here")
            .help("leave it out, records can use the program's; or give it another name");
    } else if let SchemaError::DuplicateSlot { slot, .. } = error {
        let own = found.slots.iter().find(|own| *own.name == **slot);
        diagnostic = diagnostic.at(own.map_or(found.place, |own| own.place), "declared here");
        if let Some((base, place)) = inherited(found, slot, schemas) {
            diagnostic = diagnostic
                .at(place, format!("declared here by {}, which it extends", quoted(base)))
                .help("a schema has all slots of the one that it extends; leave this one out");
        }
    } else {
        diagnostic = diagnostic.at(found.place, "this schema");
    }
    diagnostics.push(diagnostic);
}

/// The base that declares the slot, and where.
fn inherited<'a>(
    found: &Gathered<'a, '_>,
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
