//! Shows the patch that makes a value invalid.

use crate::diagnostic::{Diagnostic, quoted};
use crate::packs::Packs;
use crate::schemas::Schemas;
use crate::slot_notes::PatchedKey;
use slotted::Store;
use slotted::schema::{Problem, ProblemKind, RegisteredSchema};

/// Returns the key of the slot that causes the problem, if a patch has set it.
pub(super) fn patched_key<'s>(
    schemas: &'s Schemas,
    registry: &Store,
    problem: &Problem,
) -> Option<&'s PatchedKey> {
    let key = cause(&problem.kind)?;
    patched(schemas, registry, registry.schema(&problem.schema)?, &problem.slot, &[key])
}

/// Returns the first of the keys that a patch has set.
pub(super) fn patched<'s>(
    schemas: &'s Schemas,
    registry: &Store,
    schema: &RegisteredSchema,
    slot: &str,
    keys: &[&str],
) -> Option<&'s PatchedKey> {
    let notes = registry.schema_and_bases(schema.id()).find_map(|schema| {
        let definition = &schemas.defined[*schemas.by_name.get(schema.name())?];
        let own = definition.schema.slots().iter().position(|own| own.name() == slot)?;
        definition.slots.get(own)
    })?;
    keys.iter().find_map(|key| notes.patched.iter().find(|patched| patched.key == *key))
}

/// Returns the key of a slot that refuses the value.
pub(super) fn cause(kind: &ProblemKind) -> Option<&'static str> {
    Some(match kind {
        ProblemKind::UnknownVariant { .. } => "variants",
        ProblemKind::Constraint { expected, .. } => expected.word(),
        ProblemKind::WrongKind { .. } | ProblemKind::DoesNotFit { .. } => "kind",
        ProblemKind::Element { kind, .. } => return cause(kind),
        _ => return None,
    })
}

/// Adds the place of the patch.
pub(super) fn with_patch(
    diagnostic: Diagnostic,
    patch: Option<&PatchedKey>,
    packs: &Packs,
) -> Diagnostic {
    let Some(patch) = patch else { return diagnostic };
    let (pack, key) = (quoted(packs.name(patch.pack)), quoted(patch.key));
    diagnostic.at(patch.place, format!("pack {pack} sets {key} here"))
}
