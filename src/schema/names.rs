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

/// The ends of names and their lengths: most names differ in the first eight bytes.
#[derive(Clone, Debug, Default)]
pub(super) struct NameEnds {
    firsts: Vec<u64>,
    lasts: Vec<(u64, usize)>,
}

/// Returns the first eight bytes of a name, and its last eight with the length.
#[inline(always)]
fn ends_of(name: &str) -> (u64, (u64, usize)) {
    let (bytes, length) = (name.as_bytes(), name.len());
    if let (Some(first), Some(last)) = (bytes.first_chunk(), bytes.last_chunk()) {
        return (u64::from_le_bytes(*first), (u64::from_le_bytes(*last), length));
    }
    let first = match (bytes.first_chunk(), bytes.last_chunk()) {
        (Some(first), Some(last)) => {
            u64::from(u32::from_le_bytes(*first)) | u64::from(u32::from_le_bytes(*last)) << 32
        }
        _ => match bytes {
            [a, .., b, c] => u64::from(u32::from_le_bytes([*a, *b, *c, 0])),
            [a, b] => u64::from(u16::from_le_bytes([*a, *b])),
            [a] => u64::from(*a),
            [] => 0,
        },
    };
    (first, (0, length))
}

impl NameEnds {
    fn push(&mut self, name: &str) {
        let (first, last) = ends_of(name);
        self.firsts.push(first);
        self.lasts.push(last);
    }

    /// Returns the position of a name. `full` returns the name at a position.
    #[inline(always)]
    fn find<'n>(&self, name: &str, full: impl Fn(usize) -> &'n str) -> Option<usize> {
        let (wanted, last) = ends_of(name);
        let is_wanted = |(at, (first, other)): (usize, (&u64, &(u64, usize)))| {
            *first == wanted && *other == last && (name.len() <= WHOLE || full(at) == name)
        };
        self.firsts.iter().zip(&self.lasts).enumerate().position(is_wanted)
    }
}

/// The ids of schemas by name, in shards that clones share: an insertion copies one shard.
///
/// The schemas keep the names, so that a copy counts no references.
#[derive(Clone, Debug, Default)]
pub(super) struct SchemaNames {
    /// Those of the first names, in the order of the ids.
    ends: NameEnds,
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
            return self.ends.find(name, full).map(|position| SchemaId(position as u16));
        }
        let hash = self.hasher.hash_one(name);
        let shard = self.shards.get(self.shard(hash))?;
        shard.find(hash, |id| full(id.index()) == name).copied()
    }

    /// Adds the name of the next schema, which is not known yet. `full` returns the name of that one or a known one.
    pub(super) fn push<'n>(&mut self, full: impl Fn(usize) -> &'n str) {
        if self.len < FEW {
            self.ends.push(full(self.len));
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
    Few(NameEnds),
    Many(Box<HashMap<Arc<str>, usize, RandomState>>),
}

impl SlotNames {
    /// # Errors
    /// Returns a name that two slots have.
    pub(super) fn new(slots: &[Slot]) -> Result<Self, Arc<str>> {
        if slots.len() <= FEW {
            let mut ends = NameEnds::default();
            slots.iter().for_each(|slot| ends.push(slot.name()));
            let names = Self::Few(ends);
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

    /// Returns the position of the slot of this name.
    #[inline(always)]
    pub(super) fn find(&self, name: &str, slots: &[Slot]) -> Option<usize> {
        match self {
            Self::Few(ends) => ends.find(name, |position| slots[position].name()),
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
    fn every_slot_is_found_and_no_other_name() {
        // Names with equal ends and lengths, of all lengths that `ends_of` tells apart.
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
