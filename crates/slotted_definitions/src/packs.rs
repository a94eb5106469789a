//! The loaded packs: names, order, and which of them know of each other.

use std::cmp::Reverse;
use std::collections::{BinaryHeap, HashSet};
use std::sync::Arc;

use crate::diagnostic::{Code, Diagnostic, Diagnostics, Severity, quoted};
use crate::source::Place;
use slotted::schema::nearest_name;

/// The policy for packs that overwrite each other's changes without knowing of each other.
///
/// A pack knows those that its manifest lists under `requires` or `after`, and those that they know.
///
/// # Example
#[cfg_attr(feature = "toml", doc = "```")]
#[cfg_attr(not(feature = "toml"), doc = "```ignore")]
/// use slotted::Store;
/// use slotted_definitions::{Conflicts, Loader};
///
/// let core = "schemas.unit.slots.hp = 'u8'\nrecords.unit.wolf.hp = 9";
/// let loader = Loader::new()
///     .pack_of_texts("core", [("a.toml", core)])
///     .pack_of_texts("strong", [("a.toml", "patches.records.unit.wolf.hp = 12")])
///     .pack_of_texts("weak", [("a.toml", "patches.records.unit.wolf.hp = 5")]);
/// let definitions = loader.clone().load(&Store::new())?;
/// assert_eq!(
///     definitions.warnings().diagnostics()[0].message(),
///     "packs 'strong' and 'weak' both change slot 'hp' of record 'wolf'",
/// );
/// assert!(loader.conflicts(Conflicts::Refuse).load(&Store::new()).is_err());
/// # Ok::<(), slotted_definitions::Report>(())
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum Conflicts {
    /// The pack that is loaded later wins, with a warning that names both places.
    #[default]
    Warn,
    /// Reports them as errors.
    Refuse,
    /// The pack that is loaded later wins.
    Allow,
}

/// The packs in load order.
#[derive(Debug, Default)]
pub(super) struct Packs {
    names: Vec<Arc<str>>,
    /// The packs that each pack knows, as bits.
    known: Vec<Vec<u64>>,
    ranks: Vec<usize>,
    conflicts: Conflicts,
}

const BITS: usize = u64::BITS as usize;

impl Packs {
    /// Takes the names in load order, and for each pack the positions of those that it lists.
    pub(super) fn new(names: Vec<Arc<str>>, listed: &[Vec<usize>], conflicts: Conflicts) -> Self {
        let words = names.len().div_ceil(BITS);
        let mut known: Vec<Vec<u64>> = Vec::with_capacity(names.len());
        for (pack, listed) in listed.iter().enumerate() {
            let mut own = vec![0; words];
            let listed: HashSet<usize> = listed.iter().copied().collect();
            // Others are part of a cycle, which is an error.
            for earlier in listed.into_iter().filter(|earlier| *earlier < pack) {
                own[earlier / BITS] |= 1 << (earlier % BITS);
                own.iter_mut().zip(&known[earlier]).for_each(|(own, theirs)| *own |= theirs);
            }
            known.push(own);
        }
        let ranks = ranks(&names, listed);
        Self { names, known, ranks, conflicts }
    }

    pub(super) fn name(&self, pack: usize) -> &str {
        self.names.get(pack).map_or("", |name| name)
    }

    pub(super) fn is_loaded(&self, name: &str) -> bool {
        self.names.iter().any(|own| **own == *name)
    }

    /// Returns the name of a loaded pack that the name may mean.
    pub(super) fn nearest(&self, name: &str) -> Option<Arc<str>> {
        nearest_name(name, &self.names)
    }

    /// Returns whether the pack lists the other one, or one that knows it.
    pub(super) fn knows(&self, pack: usize, other: usize) -> bool {
        let word = self.known.get(pack).and_then(|known| known.get(other / BITS));
        word.is_some_and(|word| word >> (other % BITS) & 1 == 1)
    }

    /// Returns a number that sorts the pack behind those that it knows, whatever the load order.
    pub(super) fn rank(&self, pack: usize) -> usize {
        self.ranks.get(pack).copied().unwrap_or_default()
    }

    /// Reports that a pack overwrites what an earlier one has changed, unless it knows that pack.
    ///
    /// `merge` is what to write instead to keep both changes.
    pub(super) fn overwritten(
        &self,
        what: impl FnOnce() -> String,
        merge: Option<String>,
        (pack, place): (usize, Place),
        (earlier, earlier_place): (usize, Place),
        diagnostics: &mut Diagnostics,
    ) {
        self.conflict((pack, earlier), diagnostics, |own, other| {
            let message = format!("packs {other} and {own} both change {}", what());
            let diagnostic = Diagnostic::error(Code::Conflict, message)
                .at(place, format!("{own} is loaded later and wins"))
                .at(earlier_place, format!("changed here by {other}"));
            match merge {
                Some(merge) => diagnostic.help(format!("to keep both changes, write {merge}")),
                None => diagnostic,
            }
        });
    }

    /// Reports that a pack changes what another one has changed, unless it knows that pack.
    pub(super) fn conflict(
        &self,
        (pack, other): (usize, usize),
        diagnostics: &mut Diagnostics,
        make: impl FnOnce(&str, &str) -> Diagnostic,
    ) {
        let severity = match self.conflicts {
            _ if pack == other || self.knows(pack, other) => return,
            Conflicts::Allow => return,
            Conflicts::Warn => Severity::Warning,
            Conflicts::Refuse => Severity::Error,
        };
        let conflict = |_: &mut Diagnostics| {
            let (own, other) = (quoted(self.name(pack)), quoted(self.name(other)));
            let help = format!("if {own} should win, list {other} under 'after' in its manifest");
            make(&own, &other).with(severity).help(help)
        };
        match severity {
            Severity::Error => diagnostics.push_with(conflict),
            Severity::Warning => diagnostics.warn_with(conflict),
        }
    }
}

/// Orders the packs by what they list, then by their names.
fn ranks(names: &[Arc<str>], listed: &[Vec<usize>]) -> Vec<usize> {
    let mut dependants: Vec<Vec<usize>> = vec![Vec::new(); names.len()];
    let mut open = vec![0_usize; names.len()];
    for (pack, listed) in listed.iter().enumerate() {
        for earlier in listed {
            dependants[*earlier].push(pack);
            open[pack] += 1;
        }
    }
    let ready = open.iter().enumerate().filter(|(_, open)| **open == 0);
    let mut ready: BinaryHeap<_> =
        ready.map(|(pack, _)| Reverse((Arc::clone(&names[pack]), pack))).collect();
    let mut ranks = vec![names.len(); names.len()];
    let mut next = 0;
    while let Some(Reverse((_, pack))) = ready.pop() {
        ranks[pack] = next;
        next += 1;
        for dependant in &dependants[pack] {
            open[*dependant] -= 1;
            if open[*dependant] == 0 {
                ready.push(Reverse((Arc::clone(&names[*dependant]), *dependant)));
            }
        }
    }
    ranks
}
