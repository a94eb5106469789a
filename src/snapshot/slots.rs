//! The slots on which two stores must agree before a delta goes from one to the other.

use std::collections::{HashMap, HashSet};
use std::fmt;

use crate::kind::Kind;
use crate::schema::{Quoted, RegisteredSchema};

/// Ends a slot. Names of slots contain no control characters; the hash of the result guards against others.
const SLOT_END: char = '\n';
/// Stands before the kind and before each variant of an enum.
const SEPARATOR: char = '\0';
/// Ends the kind of an optional slot.
const OPTIONAL: char = '?';

/// Returns the slots of a schema as text, inherited ones included: all that decides how values are stored.
///
/// One string is smaller than a list of slots, and equal strings need no look at the slots.
pub(super) fn declaration(schema: &RegisteredSchema) -> String {
    let mut text = String::new();
    for slot in schema.slots() {
        text.push_str(slot.name());
        text.push(SEPARATOR);
        let (kind, variants) = match (slot.kind(), slot.kind().element()) {
            (Kind::List(_), Kind::Enum(kind)) => ("list(enum)".to_owned(), kind.variants()),
            (_, Kind::Enum(kind)) => ("enum".to_owned(), kind.variants()),
            (kind, _) => (kind.to_string(), &[][..]),
        };
        text.push_str(&kind);
        text.extend(slot.is_optional().then_some(OPTIONAL));
        for variant in variants {
            text.push(SEPARATOR);
            text.push_str(variant);
        }
        text.push(SLOT_END);
    }
    text
}

/// A slot of a declaration.
struct DeclaredSlot<'d> {
    name: &'d str,
    kind: &'d str,
    is_optional: bool,
    /// The variants of an enum, in order.
    variants: Vec<&'d str>,
}

/// Reads a declaration, which may be of an untrusted source.
fn slots(declaration: &str) -> Vec<DeclaredSlot<'_>> {
    let slot = |line| {
        let mut parts = str::split(line, SEPARATOR);
        let (name, kind) = (parts.next().unwrap_or_default(), parts.next().unwrap_or_default());
        let required = kind.strip_suffix(OPTIONAL);
        DeclaredSlot {
            name,
            kind: required.unwrap_or(kind),
            is_optional: required.is_some(),
            variants: parts.collect(),
        }
    };
    declaration.split_terminator(SLOT_END).map(slot).collect()
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

/// Returns the differences between two declarations. None of a damaged one may be known.
pub(super) fn differences(here: &str, there: &str) -> Vec<SlotDifference> {
    let (here, there) = (slots(here), slots(there));
    let mut found = Vec::new();
    let by_name: HashMap<&str, &DeclaredSlot<'_>> =
        here.iter().map(|slot| (slot.name, slot)).collect();
    let names_there: HashSet<&str> = there.iter().map(|slot| slot.name).collect();
    for other in &there {
        match by_name.get(other.name) {
            None => found.push(SlotDifference::MissingHere { slot: other.name.to_owned() }),
            Some(own) => found.extend(difference(own, other)),
        }
    }
    let extra = here.iter().filter(|slot| !names_there.contains(slot.name));
    found.extend(extra.map(|slot| SlotDifference::MissingThere { slot: slot.name.to_owned() }));
    let shared = here.iter().map(|slot| slot.name).filter(|name| names_there.contains(name));
    let shared_there = there.iter().map(|slot| slot.name).filter(|name| by_name.contains_key(name));
    if !shared.eq(shared_there) {
        found.push(SlotDifference::Order);
    }
    found
}

/// Compares two slots of one name.
fn difference(here: &DeclaredSlot<'_>, there: &DeclaredSlot<'_>) -> Vec<SlotDifference> {
    let slot = || here.name.to_owned();
    let mut found = Vec::new();
    if here.kind != there.kind {
        let [here, there] = [here.kind, there.kind].map(str::to_owned);
        found.push(SlotDifference::Kind { slot: slot(), here, there });
    } else if here.variants != there.variants {
        let missing = |from: &DeclaredSlot<'_>, of: &DeclaredSlot<'_>| {
            let known: HashSet<&str> = from.variants.iter().copied().collect();
            let missing = of.variants.iter().filter(|variant| !known.contains(*variant));
            missing.map(|variant| (*variant).to_owned()).collect()
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
                let names = |variants| some(variants, 4, ", ", |variant: &String| Quoted(variant));
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

/// Lists the differences, at most eight.
pub(super) fn list(differences: &[SlotDifference]) -> String {
    some(differences, 8, "; ", |difference| difference)
}

/// Lists the first items and the number of the others.
fn some<'a, T, D: fmt::Display>(
    items: &'a [T],
    most: usize,
    separator: &str,
    shown: impl Fn(&'a T) -> D,
) -> String {
    let mut list: Vec<String> =
        items.iter().take(most).map(|item| shown(item).to_string()).collect();
    match items.len().saturating_sub(most) {
        0 => {}
        more => list.push(format!("{more} more")),
    }
    list.join(separator)
}
