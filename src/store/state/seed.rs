//! The parts of hashes that all values of a slot share.

use crate::kind::Kind;
use crate::schema::Slot;
use crate::storage::{SlotSeed, hash_text, step};

/// Returns the seed of a slot's hashes: the names of its schema and of itself, its kind, and its optionality.
pub(super) fn slot_seed(schema: u64, slot: &Slot) -> SlotSeed {
    let kind = step(hash_kind(slot.kind()), u64::from(slot.is_optional()));
    let seed = step(step(schema, hash_text(slot.name())), kind);
    let variants: Box<[u64]> = match slot.kind().element() {
        Kind::Enum(kind) => kind.variants().iter().map(|variant| hash_text(variant)).collect(),
        _ => Box::default(),
    };
    let of_variants = variants.iter().fold(variants.len() as u64, |hash, name| step(hash, *name));
    SlotSeed { seed, variants, of_variants }
}

/// Returns a hash of the kind, equal on every machine and for all enums: their variants count by name, where
/// objects have them.
fn hash_kind(kind: &Kind) -> u64 {
    match kind {
        Kind::Bool | Kind::Number(_) | Kind::Vector(_) | Kind::Text | Kind::Object | Kind::Any => {
            hash_text(kind.name().unwrap_or_default())
        }
        Kind::Enum(_) => hash_text("enum"),
        Kind::Array(number, length) => {
            step(step(hash_text("array"), hash_text(number.name())), u64::from(*length))
        }
        Kind::Pod(kind) => step(hash_text("pod"), hash_text(kind.name())),
        Kind::List(list) => step(hash_text("list"), hash_kind(list.element())),
    }
}
