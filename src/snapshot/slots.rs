//! The slots on which two stores must agree before a delta goes from one to the other.

use std::collections::{HashMap, HashSet};
use std::fmt;
use std::sync::Arc;

use crate::kind::Kind;
use crate::schema::{Quoted, RegisteredSchema, list_first};
use crate::storage::{hash_text, step};

/// All of a slot that decides how its values are stored.
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub(super) struct DeclaredSlot {
    name: String,
    /// See [`kind_name`].
    kind: String,
    is_optional: bool,
    /// See [`variants`].
    variants: Vec<String>,
}

/// Returns the slots of a schema, inherited ones included.
pub(super) fn declared_slots(schema: &RegisteredSchema) -> Vec<DeclaredSlot> {
    let slots = schema.slots().iter().map(|slot| DeclaredSlot {
        name: slot.name().to_owned(),
        kind: kind_name(slot.kind()),
        is_optional: slot.is_optional(),
        variants: variants(slot.kind()).iter().map(|name| (**name).to_owned()).collect(),
    });
    slots.collect()
}

/// Returns a hash of all that [`declared_slots`] returns and of the schema's number in a delta, the same on every machine.
pub(super) fn hash_of_slots(schema: &RegisteredSchema, number: u16) -> u64 {
    let start = step(schema.slots().len() as u64, u64::from(number));
    schema.slots().iter().fold(start, |hash, slot| {
        let variants = variants(slot.kind());
        let hash = step(step(hash, hash_text(slot.name())), hash_text(&kind_name(slot.kind())));
        let hash = step(step(hash, u64::from(slot.is_optional())), variants.len() as u64);
        variants.iter().fold(hash, |hash, variant| step(hash, hash_text(variant)))
    })
}

/// Returns the variants of an enum or of a list of enums, in order.
fn variants(kind: &Kind) -> &[Arc<str>] {
    match kind.element() {
        Kind::Enum(kind) => kind.variants(),
        _ => &[],
    }
}

/// Returns the same name for all enums. The size of a plain-memory type precedes its name, which may be long.
fn kind_name(kind: &Kind) -> String {
    match kind {
        Kind::Enum(_) => "enum".to_owned(),
        Kind::Pod(pod) => {
            format!("pod({} bytes, align {}) {}", pod.size(), pod.align(), pod.name())
        }
        Kind::List(list) => format!("list({})", kind_name(list.element())),
        kind => kind.to_string(),
    }
}

/// A difference between the slots of a schema here and in the store that made a delta.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum SlotDifference {
    /// Only the schema of the delta has the slot.
    MissingHere {
        /// The slot.
        slot: String,
    },
    /// Only the schema of this store has the slot.
    MissingThere {
        /// The slot.
        slot: String,
    },
    /// The slot is of another kind.
    Kind {
        /// The slot.
        slot: String,
        /// Its kind in this store; `enum` for all enums.
        here: String,
        /// Its kind in the store of the delta.
        there: String,
    },
    /// The slot is optional in only one of the stores.
    Optional {
        /// The slot.
        slot: String,
        /// `true` if it is optional in this store.
        here: bool,
    },
    /// The variants of the slot's enum differ: in their names, or only in their order.
    Variants {
        /// The slot.
        slot: String,
        /// The variants that only the delta's store has.
        missing_here: Vec<String>,
        /// The variants that only this store has.
        missing_there: Vec<String>,
    },
    /// The slots that both have are in another order.
    Order,
}

/// Returns the differences, at least one if the slots differ, or `None` if two slots there have one name.
///
/// The slots there may be of an untrusted source. The result is about as large as both lists together.
pub(super) fn differences(
    here: &[DeclaredSlot],
    there: &[DeclaredSlot],
) -> Option<Vec<SlotDifference>> {
    let mut names_there = HashSet::new();
    if !there.iter().all(|slot| names_there.insert(&*slot.name)) {
        return None;
    }
    let mut found = Vec::new();
    let by_name: HashMap<&str, &DeclaredSlot> =
        here.iter().map(|slot| (&*slot.name, slot)).collect();
    for other in there {
        match by_name.get(&*other.name) {
            None => found.push(SlotDifference::MissingHere { slot: other.name.clone() }),
            Some(own) => found.extend(difference(own, other)),
        }
    }
    let extra = here.iter().filter(|slot| !names_there.contains(&*slot.name));
    found.extend(extra.map(|slot| SlotDifference::MissingThere { slot: slot.name.clone() }));
    let shared = here.iter().map(|slot| &*slot.name).filter(|name| names_there.contains(name));
    let shared_there =
        there.iter().map(|slot| &*slot.name).filter(|name| by_name.contains_key(name));
    if !shared.eq(shared_there) {
        found.push(SlotDifference::Order);
    }
    Some(found)
}

/// Compares two slots of one name.
fn difference(here: &DeclaredSlot, there: &DeclaredSlot) -> Vec<SlotDifference> {
    let slot = || here.name.clone();
    let mut found = Vec::new();
    if here.kind != there.kind {
        let [here, there] = [here, there].map(|slot| slot.kind.clone());
        found.push(SlotDifference::Kind { slot: slot(), here, there });
    } else if here.variants != there.variants {
        let missing = |from: &DeclaredSlot, of: &DeclaredSlot| {
            let known: HashSet<&String> = from.variants.iter().collect();
            of.variants.iter().filter(|variant| !known.contains(variant)).cloned().collect()
        };
        let (missing_here, missing_there) = (missing(here, there), missing(there, here));
        found.push(SlotDifference::Variants { slot: slot(), missing_here, missing_there });
    }
    if here.is_optional != there.is_optional {
        found.push(SlotDifference::Optional { slot: slot(), here: here.is_optional });
    }
    found
}

impl fmt::Display for SlotDifference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::MissingHere { slot } => write!(f, "slot {} is missing here", Quoted(slot)),
            Self::MissingThere { slot } => write!(f, "slot {} is missing there", Quoted(slot)),
            Self::Kind { slot, here, there } => {
                let (slot, here, there) = (Quoted(slot), Quoted(here), Quoted(there));
                write!(f, "slot {slot} is {here} here and {there} there")
            }
            Self::Optional { slot, here } => {
                let (slot, side) = (Quoted(slot), if *here { "here" } else { "there" });
                write!(f, "slot {slot} is optional only {side}")
            }
            Self::Variants { slot, missing_here, missing_there } => {
                write!(f, "slot {} has ", Quoted(slot))?;
                let names = |variants: &[String]| {
                    list_first(4, variants.iter().map(|variant| Quoted(variant)), ", ")
                };
                match (&**missing_here, &**missing_there) {
                    ([], []) => f.write_str("its variants in another order"),
                    (there, []) => write!(f, "variants only there: {}", names(there)),
                    ([], here) => write!(f, "variants only here: {}", names(here)),
                    (there, here) => {
                        let (there, here) = (names(there), names(here));
                        write!(f, "variants only here: {here}, and only there: {there}")
                    }
                }
            }
            Self::Order => f.write_str("the slots have another order"),
        }
    }
}

/// Lists the differences after a colon, if there are any.
pub(super) fn after_colon(differences: &[SlotDifference]) -> String {
    match differences {
        [] => String::new(),
        _ => format!(": {}", list_first(8, differences.iter(), "; ")),
    }
}
