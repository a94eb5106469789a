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
const SHARD: usize = 64;

/// The ids of schemas by name, in shards that clones share: an insertion copies one shard.
#[derive(Clone, Debug, Default)]
pub(super) struct SchemaNames {
    hasher: RandomState,
    /// As many as a power of two, or none.
    shards: Vec<Arc<HashTable<(Arc<str>, SchemaId)>>>,
    len: usize,
}

impl SchemaNames {
    /// Returns the position of a hash's shard. The tables use the other bits.
    #[inline]
    const fn shard(&self, hash: u64) -> usize {
        (hash >> 32) as usize & self.shards.len().wrapping_sub(1)
    }

    #[inline]
    pub(super) fn find(&self, name: &str) -> Option<SchemaId> {
        let hash = self.hasher.hash_one(name);
        let shard = self.shards.get(self.shard(hash))?;
        shard.find(hash, |(known, _)| **known == *name).map(|(_, id)| *id)
    }

    /// Adds a name that is not known yet.
    pub(super) fn insert(&mut self, name: Arc<str>, id: SchemaId) {
        if self.len >= SHARD * self.shards.len() {
            let shards = (2 * self.shards.len()).max(1);
            let old = std::mem::replace(&mut self.shards, vec![Arc::default(); shards]);
            for (name, id) in old.iter().flat_map(|shard| shard.iter()) {
                self.add(Arc::clone(name), *id);
            }
        }
        self.add(name, id);
        self.len += 1;
    }

    fn add(&mut self, name: Arc<str>, id: SchemaId) {
        let hash = self.hasher.hash_one(&*name);
        let shard = self.shard(hash);
        let shard = Arc::make_mut(&mut self.shards[shard]);
        shard.insert_unique(hash, (name, id), |(name, _)| self.hasher.hash_one(&**name));
    }
}

/// The positions of a schema's slots by name.
#[derive(Clone, Debug)]
pub(super) enum SlotNames {
    /// The marks of few names, which are compared one by one.
    Few(Box<[u64]>),
    Many(HashMap<Arc<str>, usize, RandomState>),
}

/// The most slots whose names are compared one by one.
const FEW: usize = 16;

/// Returns the ends and the length of a name. Most names differ in them.
#[inline]
fn mark(name: &str) -> u64 {
    let bytes = name.as_bytes();
    let ends = match (bytes.first_chunk::<8>(), bytes.last_chunk::<8>()) {
        (Some(first), Some(last)) => {
            u64::from_le_bytes(*first) ^ u64::from_le_bytes(*last).rotate_left(29)
        }
        _ => match (bytes.first_chunk::<4>(), bytes.last_chunk::<4>()) {
            (Some(first), Some(last)) => {
                u64::from(u32::from_le_bytes(*first)) | u64::from(u32::from_le_bytes(*last)) << 32
            }
            _ => bytes.iter().fold(0, |mark, byte| mark << 8 | u64::from(*byte)),
        },
    };
    ends ^ (bytes.len() as u64).rotate_right(8)
}

impl SlotNames {
    /// # Errors
    /// Returns a name that two slots have.
    pub(super) fn new(slots: &[Slot]) -> Result<Self, Arc<str>> {
        if slots.len() <= FEW {
            let marks = slots.iter().map(|slot| mark(slot.name()));
            let names = Self::Few(marks.collect());
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
        Ok(Self::Many(positions))
    }

    /// Returns the position of the slot of this name.
    #[inline]
    pub(super) fn find(&self, name: &str, slots: &[Slot]) -> Option<usize> {
        match self {
            Self::Few(marks) => {
                let wanted = mark(name);
                let is_found = |(mark, slot): (&u64, &Slot)| *mark == wanted && slot.name() == name;
                marks.iter().zip(slots).position(is_found)
            }
            Self::Many(positions) => positions.get(name).copied(),
        }
    }
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
        for number in 0..1_000 {
            before.push(names.clone());
            names.insert(name(number).into(), SchemaId(number));
        }
        for known in [0, 1, 64, 65, 511, 999] {
            for number in 0..1_000 {
                let expected = (usize::from(number) < known).then_some(SchemaId(number));
                assert_eq!(before[known].find(&name(number)), expected);
            }
        }
        assert_eq!(names.find("schema"), None);
    }

    #[test]
    fn every_slot_is_found_and_no_other_name() {
        // Names with equal ends and lengths, of all lengths around those that `mark` tells apart.
        let texts = ["", "a", "ab", "abc", "abcd", "abcde", "abcdefg", "abcdefgh", "abcdefghi"];
        let long = ["abcdefgh-abcdefgh", "abcdefgh+abcdefgh", "abcdefgh_abcdefgh"];
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
