//! Look-up of schemas and slots by name.
//!
//! Names come from data files, so all hashes are keyed: a file cannot make its names collide.

use std::hash::BuildHasher;
use std::sync::Arc;

use foldhash::fast::RandomState;
use hashbrown::{HashMap, HashTable};

use crate::id::SchemaId;
use crate::schema::Slot;

/// The most entries of a shard on average.
const SHARD: usize = 1024;

/// The most names that are compared one by one. More are hashed.
const FEW: usize = 16;

/// The longest name that its ends hold as a whole. Most names are shorter.
const WHOLE: usize = 16;

/// The ends of a name and its length: most names differ in the first eight bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct NameEnds {
    first: u64,
    last: u64,
    length: usize,
}

impl NameEnds {
    #[inline(always)]
    fn of(name: &str) -> Self {
        let (bytes, length) = (name.as_bytes(), name.len());
        if let (Some(first), Some(last)) = (bytes.first_chunk(), bytes.last_chunk()) {
            let (first, last) = (u64::from_le_bytes(*first), u64::from_le_bytes(*last));
            return Self { first, last, length };
        }
        Self { first: short_end(bytes), last: 0, length }
    }
}

/// Returns all bytes of a name shorter than eight bytes.
#[inline(always)]
fn short_end(bytes: &[u8]) -> u64 {
    match (bytes.first_chunk(), bytes.last_chunk()) {
        (Some(first), Some(last)) => {
            u64::from(u32::from_le_bytes(*first)) | u64::from(u32::from_le_bytes(*last)) << 32
        }
        _ => match bytes {
            [a, .., b, c] => u64::from(u32::from_le_bytes([*a, *b, *c, 0])),
            [a, b] => u64::from(u16::from_le_bytes([*a, *b])),
            [a] => u64::from(*a),
            [] => 0,
        },
    }
}

/// The ends of a few names.
#[derive(Clone, Debug, Default)]
pub(super) struct FewNames(Vec<NameEnds>);

impl FewNames {
    fn push(&mut self, name: &str) {
        self.0.push(NameEnds::of(name));
    }

    /// Returns the position of a name. `full` returns the name at a position.
    #[inline(always)]
    fn find<'n>(&self, name: &str, full: impl Fn(usize) -> &'n str) -> Option<usize> {
        if name.len() > WHOLE {
            return self.find_long(name, full);
        }
        let wanted = NameEnds::of(name);
        self.0.iter().position(|ends| *ends == wanted)
    }

    /// Never inlined: it saves all registers, which a short name does not need.
    #[inline(never)]
    fn find_long<'n>(&self, name: &str, full: impl Fn(usize) -> &'n str) -> Option<usize> {
        let wanted = NameEnds::of(name);
        let mut ends = self.0.iter().enumerate();
        ends.position(|(position, ends)| *ends == wanted && full(position) == name)
    }

    /// Returns `true` if the name at the position is this one. `full` returns the name at a position.
    #[inline(always)]
    fn is_at<'n>(&self, position: usize, name: &str, full: impl Fn(usize) -> &'n str) -> bool {
        self.0.get(position) == Some(&NameEnds::of(name))
            && (name.len() <= WHOLE || full(position) == name)
    }
}

/// A Bloom filter of names: it can give false positives, never false negatives.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct NameSet(u64);

impl NameSet {
    /// Returns the set of one name.
    pub(crate) fn of(name: &str) -> Self {
        const SPREAD: u64 = 0x9e37_79b9_7f4a_7c15;
        let NameEnds { first, last, length } = NameEnds::of(name);
        let mixed = (first ^ last.rotate_left(29) ^ length as u64).wrapping_mul(SPREAD);
        Self(1 << (mixed >> 58))
    }

    /// Returns `false` if this set certainly lacks a name of the other.
    #[inline(always)]
    pub(super) const fn may_include(self, other: Self) -> bool {
        other.0 & !self.0 == 0
    }
}

/// The union.
impl FromIterator<Self> for NameSet {
    fn from_iter<S: IntoIterator<Item = Self>>(sets: S) -> Self {
        Self(sets.into_iter().fold(0, |bits, set| bits | set.0))
    }
}

/// The ids of schemas by name, in shards that clones share: an insertion copies one shard.
///
/// The schemas keep the names, so that a copy counts no references.
#[derive(Clone, Debug, Default)]
pub(super) struct SchemaNames {
    /// Those of the first names, in the order of the ids.
    few: FewNames,
    hasher: RandomState,
    /// As many as a power of two, or none.
    shards: Vec<Arc<HashTable<SchemaId>>>,
    len: usize,
}

impl SchemaNames {
    /// Returns the position of a hash's shard. The tables use the other bits.
    #[inline]
    const fn shard(&self, hash: u64) -> usize {
        (hash >> 32) as usize & self.shards.len().wrapping_sub(1)
    }

    /// Returns the id of the schema of this name. `full` returns a known schema's name.
    #[inline]
    pub(super) fn find<'n>(&self, name: &str, full: impl Fn(usize) -> &'n str) -> Option<SchemaId> {
        if self.len <= FEW {
            return self.few.find(name, full).map(|position| SchemaId(position as u16));
        }
        let hash = self.hasher.hash_one(name);
        let shard = self.shards.get(self.shard(hash))?;
        shard.find(hash, |id| full(id.index()) == name).copied()
    }

    /// Adds the name of the next schema, which is not known yet. `full` returns the name of that one or a known one.
    pub(super) fn push<'n>(&mut self, full: impl Fn(usize) -> &'n str) {
        if self.len < FEW {
            self.few.push(full(self.len));
        }
        if self.len >= SHARD * self.shards.len() {
            let shards = (2 * self.shards.len()).max(1);
            let old = std::mem::replace(&mut self.shards, vec![Arc::default(); shards]);
            for id in old.iter().flat_map(|shard| shard.iter()) {
                self.add(*id, &full);
            }
        }
        self.add(SchemaId(self.len as u16), full);
        self.len += 1;
    }

    fn add<'n>(&mut self, id: SchemaId, full: impl Fn(usize) -> &'n str) {
        let hash_of = |id: &SchemaId| self.hasher.hash_one(full(id.index()));
        let hash = hash_of(&id);
        let shard = self.shard(hash);
        Arc::make_mut(&mut self.shards[shard]).insert_unique(hash, id, hash_of);
    }
}

/// The positions of a schema's slots by name.
#[derive(Clone, Debug)]
pub(super) enum SlotNames {
    Few(FewNames),
    Many(Box<HashMap<Arc<str>, usize, RandomState>>),
}

impl SlotNames {
    /// # Errors
    /// Returns a name that two slots have.
    pub(super) fn new(slots: &[Slot]) -> Result<Self, Arc<str>> {
        if slots.len() <= FEW {
            let mut few = FewNames::default();
            slots.iter().for_each(|slot| few.push(slot.name()));
            let names = Self::Few(few);
            let is_repeated = |(position, slot): &(usize, &Slot)| {
                names.find(slot.name(), slots) != Some(*position)
            };
            return match slots.iter().enumerate().find(is_repeated) {
                Some((_, slot)) => Err(Arc::clone(slot.shared_name())),
                None => Ok(names),
            };
        }
        let mut positions = HashMap::with_capacity_and_hasher(slots.len(), RandomState::default());
        for (position, slot) in slots.iter().enumerate() {
            if positions.insert(Arc::clone(slot.shared_name()), position).is_some() {
                return Err(Arc::clone(slot.shared_name()));
            }
        }
        Ok(Self::Many(Box::new(positions)))
    }

    /// Returns `true` if the slot at the position has this name.
    #[inline(always)]
    pub(super) fn is_at(&self, position: usize, name: &str, slots: &[Slot]) -> bool {
        match self {
            Self::Few(few) => few.is_at(position, name, |position| slots[position].name()),
            Self::Many(_) => slots.get(position).is_some_and(|slot| slot.name() == name),
        }
    }

    /// Returns the position of the slot of this name.
    #[inline(always)]
    pub(super) fn find(&self, name: &str, slots: &[Slot]) -> Option<usize> {
        match self {
            Self::Few(few) => few.find(name, |position| slots[position].name()),
            Self::Many(positions) => find_hashed(positions, name),
        }
    }
}

/// Never inlined: most schemas have few slots.
#[inline(never)]
fn find_hashed(positions: &HashMap<Arc<str>, usize, RandomState>, name: &str) -> Option<usize> {
    positions.get(name).copied()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kind::Kind;

    #[test]
    fn every_schema_is_found_in_every_clone_that_knows_it() {
        let mut names = SchemaNames::default();
        let mut before = Vec::new();
        let name = |number: u16| format!("schema {number}");
        let all: Vec<String> = (0..5_000).map(name).collect();
        let full = |position: usize| &*all[position];
        for _ in &all {
            before.push(names.clone());
            names.push(full);
        }
        for known in [0, 1, FEW, FEW + 1, SHARD, SHARD + 1, 4 * SHARD + 1, 4_999] {
            for number in 0..5_000 {
                let expected = (usize::from(number) < known).then_some(SchemaId(number));
                assert_eq!(before[known].find(&name(number), full), expected);
            }
        }
        assert_eq!(names.find("schema", full), None);
    }

    #[test]
    fn a_set_of_names_includes_its_own_names_and_not_all_others() {
        let names: Vec<String> = (0..200).map(|number| format!("slot {number}")).collect();
        let set: NameSet = names[..8].iter().map(|name| NameSet::of(name)).collect();
        assert!(names[..8].iter().all(|name| set.may_include(NameSet::of(name))));
        let strays = names[8..].iter().filter(|name| set.may_include(NameSet::of(name)));
        assert!(strays.count() < 48, "a quarter");
        assert!(set.may_include(NameSet::default()));
        assert!(!NameSet::default().may_include(set));
    }

    #[test]
    fn every_slot_is_found_and_no_other_name() {
        // Names with equal ends and lengths, of all lengths that `NameEnds::of` tells apart.
        let texts = ["", "a", "ab", "abc", "abcd", "abcde", "abcdefg", "abcdefgh", "abcdefghi"];
        let long =
            ["abcdefghabcdefgh", "abcdefgh-abcdefgh", "abcdefgh+abcdefgh", "abcdefgh_abcdefgh"];
        let all: Vec<&str> = texts.iter().chain(&long).copied().collect();
        for count in 0..all.len() {
            let slots: Vec<Slot> =
                all[..count].iter().map(|name| Slot::new((*name).into(), Kind::U8)).collect();
            let many = (count..40).map(|number| Slot::new(number.to_string().into(), Kind::U8));
            let many: Vec<Slot> = slots.iter().cloned().chain(many).collect();
            for slots in [slots, many] {
                let names = SlotNames::new(&slots).unwrap();
                for (position, name) in all.iter().enumerate() {
                    let expected = (position < count).then_some(position);
                    assert_eq!(names.find(name, &slots), expected, "{name}");
                }
            }
        }
    }

    #[test]
    fn a_repeated_name_is_returned() {
        for count in [2, FEW, FEW + 1, 100] {
            let mut slots: Vec<Slot> =
                (0..count).map(|number| Slot::new(number.to_string().into(), Kind::U8)).collect();
            slots[count - 1].name = "0".into();
            assert_eq!(SlotNames::new(&slots).unwrap_err(), "0".into());
        }
    }
}
