//! Slots that need a schema of a removed mod, and changes of slots that a removed mod declares: each is left out.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use crate::diagnostic::{Code, Diagnostic, Diagnostics, did_you_mean, quoted};
use crate::kind_name;
use crate::merged::MergedSchema;
use crate::records::Undeclared;
use crate::schemas::Schemas;
use crate::slot::SlotDeclaration;
use crate::slot_problems::kind_of_schemas;
use slotted::Store;
use slotted::schema::{SIGNS, Slot};

/// Leaves out the slots that need a removed mod, with a warning for each. Their values are undeclared.
pub(super) fn leave_out_absent(
    merged: &mut [MergedSchema<'_, '_>],
    (registry, policy): (&Store, Undeclared),
    schemas: &mut Schemas,
    diagnostics: &mut Diagnostics,
) {
    if policy == Undeclared::Refuse {
        return;
    }
    let known = Known::new(merged, registry);
    // The names of slots that are left out, by schema.
    let mut absent: Vec<HashSet<String>> = Vec::with_capacity(merged.len());
    for (schema, is_absent) in merged.iter().zip(&known.absent) {
        let mut names = HashSet::new();
        // The records of an absent schema are kept as they are.
        for slot in schema.slots.iter().filter(|_| !is_absent) {
            let missing = slot.kind_text().and_then(|kind| known.missing_schema(kind));
            let Some(missing) = missing else { continue };
            names.insert(left_out(slot).to_owned());
            if !diagnostics.holds_back(missing) {
                let slot = (slot, schema.name);
                diagnostics.warn_with(|found| known.without_schema(slot, missing, policy, found));
            }
        }
        absent.push(names);
    }
    let declared = merged.iter().zip(&absent).map(|(schema, absent)| {
        let kinds = schema.slots.iter().filter(|slot| slot.has_kind());
        kinds.map(|slot| &*slot.name).filter(|name| !absent.contains(*name)).collect()
    });
    let declared: Vec<HashSet<&str>> = declared.collect();
    let mut lookups_left = MOST_LOOKUPS;
    for (at, schema) in merged.iter().enumerate() {
        let is_heir = schema.extends.is_some();
        for slot in schema.slots.iter().filter(|slot| slot.changes_nothing(is_heir)) {
            if known.absent[at] || known.is_declared((at, slot), &declared, &mut lookups_left) {
                continue;
            }
            absent[at].insert(slot.name.to_string());
            if !diagnostics.holds_back(slot.part) {
                diagnostics.warn_with(|found| {
                    let label = left_out_label(slot, policy);
                    no_slot(slot, schema, &[], found).into_warning(&label)
                });
            }
        }
    }
    for (schema, absent) in merged.iter_mut().zip(absent) {
        if absent.is_empty() {
            continue;
        }
        let is_absent = |name: &str| wholes(name).any(|whole| absent.contains(whole));
        schema.slots.retain(|slot| !is_absent(&slot.name));
        // Nothing is left of a value whose keys and tags are all that is left.
        let is_left = |slot: &&SlotDeclaration<'_, '_>| !slot.is_around() && slot.tag.is_none();
        let left: HashSet<String> =
            schema.slots.iter().filter(is_left).fold(HashSet::new(), |mut left, slot| {
                left.extend(wholes(&slot.name).map(str::to_owned));
                left
            });
        let of_absent = || absent.iter().flat_map(|slot| wholes(slot));
        let gone: HashSet<&str> = of_absent().filter(|whole| !left.contains(*whole)).collect();
        let is_gone = |name: &str| wholes(name).any(|whole| gone.contains(whole));
        schema.slots.retain(|slot| !is_gone(&slot.name));
        schema.places.retain(|name, _| !is_gone(name));
        let name: Arc<str> = schema.name.into();
        schemas.absent_slots.extend(of_absent().map(|slot| (Arc::clone(&name), slot.into())));
    }
}

/// Returns the name of a slot, and those of the values that it is a part of.
fn wholes(name: &str) -> impl Iterator<Item = &str> {
    let ends = name.match_indices(|c| c == '.' || SIGNS.contains(&c)).map(|(end, _)| end);
    ends.chain([name.len()]).map(|end| &name[..end])
}

/// Returns the name of the part that is left out, which is the whole value if it has no form without the slot.
fn left_out<'d>(slot: &'d SlotDeclaration<'_, '_>) -> &'d str {
    let name = &*slot.name;
    let end = match name.find(['@', '|']) {
        None if !slot.is_around() => name.len(),
        _ => name.find(SIGNS).or_else(|| name.rfind('.')).unwrap_or(name.len()),
    };
    &name[..end]
}

fn left_out_label(slot: &SlotDeclaration<'_, '_>, policy: Undeclared) -> String {
    format!("slot {} is {}, with its values", quoted(left_out(slot)), policy.label())
}

/// Reports a declaration without a kind of a slot that no file declares.
pub(super) fn no_slot(
    slot: &SlotDeclaration<'_, '_>,
    schema: &MergedSchema<'_, '_>,
    inherited: &[Slot],
    diagnostics: &mut Diagnostics,
) -> Diagnostic {
    let names = schema.slots.iter().filter(|other| other.has_kind());
    let names = names.map(|other| Arc::from(&*other.name));
    let names: Vec<Arc<str>> =
        names.chain(inherited.iter().map(|slot| Arc::clone(slot.shared_name()))).collect();
    let suggestion = diagnostics.nearest(&slot.name, &names);
    let (name, of, end) =
        (quoted(&slot.name), quoted(schema.name), did_you_mean(suggestion.as_deref()));
    let message = format!("no file declares slot {name} of {of}, which is changed here{end}");
    Diagnostic::error(Code::BadSlot, message)
        .at(slot.place, "no kind")
        .suggest(suggestion)
        .help("load the pack that declares the slot, or give it a kind to declare it here")
}

/// The schemas that exist, with those that extend missing ones.
struct Known<'m> {
    registry: &'m Store,
    positions: HashMap<&'m str, usize>,
    names: Vec<Arc<str>>,
    /// The position of each schema's base.
    bases: Vec<Option<usize>>,
    /// The names of bases.
    outer: Vec<Option<&'m str>>,
    /// Schemas without their bases.
    absent: Vec<bool>,
}

/// The limit of lookups in chains of bases.
const MOST_LOOKUPS: usize = 10_000_000;

impl<'m> Known<'m> {
    fn new(merged: &[MergedSchema<'m, '_>], registry: &'m Store) -> Self {
        let names = merged.iter().enumerate();
        let positions: HashMap<&str, usize> = names.map(|(at, schema)| (schema.name, at)).collect();
        let base = |schema: &MergedSchema<'_, '_>| positions.get(schema.extends?.0).copied();
        let bases: Vec<Option<usize>> = merged.iter().map(base).collect();
        let is_missing = |schema: &MergedSchema<'_, '_>| {
            let base = schema.extends.map(|(base, _)| base);
            base.is_some_and(|base| {
                !positions.contains_key(base) && registry.schema(base).is_none()
            })
        };
        let mut absent: Vec<Option<bool>> =
            merged.iter().map(|schema| is_missing(schema).then_some(true)).collect();
        for start in 0..merged.len() {
            // No recursion: a chain can have any length. A cycle is reported elsewhere.
            let (mut path, mut next) = (Vec::new(), Some(start));
            while let Some(at) = next.filter(|at| absent[*at].is_none()) {
                absent[at] = Some(false);
                path.push(at);
                next = bases[at];
            }
            let is_absent = next.and_then(|at| absent[at]).unwrap_or_default();
            path.into_iter().for_each(|at| absent[at] = Some(is_absent));
        }
        let absent = absent.into_iter().map(Option::unwrap_or_default).collect();
        let names = merged.iter().map(|schema| schema.name.into()).collect();
        let outer = merged.iter().map(|schema| Some(schema.extends?.0)).collect();
        Self { registry, positions, names, bases, outer, absent }
    }

    /// Returns the first name in a kind that may be that of a missing schema.
    fn missing_schema<'k>(&self, kind: &'k str) -> Option<&'k str> {
        let is_present = |name: &str| self.positions.get(name).is_some_and(|at| !self.absent[*at]);
        kind_name::unknown_names(kind, &is_present)
            .into_iter()
            .find(|name| self.registry.schema(name).is_none())
    }

    fn without_schema(
        &self,
        (slot, schema): (&SlotDeclaration<'_, '_>, &str),
        missing: &str,
        policy: Undeclared,
        diagnostics: &mut Diagnostics,
    ) -> Diagnostic {
        let (name, of, shown) = (quoted(&slot.name), quoted(schema), quoted(missing));
        let (near, end) = match self.positions.contains_key(missing) {
            true => (None, format!("is {} itself", policy.label())),
            false => {
                let of_kinds = kind_name::parse(missing, None).err();
                let near = of_kinds.and_then(|unknown| unknown.suggestion);
                let near = near.or_else(|| kind_of_schemas(missing, &self.names, diagnostics));
                let end = format!("does not exist{}", did_you_mean(near.as_deref()));
                (near, end)
            }
        };
        let message = format!("slot {name} of {of} has the kind {shown}, which {end}");
        Diagnostic::warning(Code::UnknownKind, message)
            .at(slot.kind_place(), left_out_label(slot, policy))
            .suggest(near)
    }

    /// Returns whether a base declares the slot, or the value that it is a part of. Beyond the limit of lookups it does.
    fn is_declared(
        &self,
        (schema, slot): (usize, &SlotDeclaration<'_, '_>),
        declared: &[HashSet<&str>],
        lookups_left: &mut usize,
    ) -> bool {
        let mut at = schema;
        while let Some(base) = self.bases[at] {
            at = base;
            let Some(left) = lookups_left.checked_sub(1) else { return true };
            *lookups_left = left;
            // A cycle is reported elsewhere.
            if at == schema || wholes(&slot.name).any(|whole| declared[at].contains(whole)) {
                return true;
            }
        }
        let program = self.outer[at].and_then(|base| self.registry.schema(base));
        program.is_some_and(|base| base.slot(&slot.name).is_some())
    }
}
