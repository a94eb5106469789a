//! The objects, the work that is done with them, and what must come out of it.

use std::hash::{DefaultHasher, Hash, Hasher};

use rand::rngs::StdRng;
use rand::seq::SliceRandom;
use rand::{RngExt, SeedableRng};
use slotted::glam::Vec3;
use slotted::{ByName, ObjectId, Record, Slotted, record};

/// The time step of a movement frame.
pub(crate) const DT: f32 = 1.0 / 64.0;
/// The team whose living members' health the conditional sum adds up.
pub(crate) const TEAM: u8 = 3;
/// How often a movement frame and a conditional sum are repeated in one measurement.
pub(crate) const FRAMES: usize = 4;
/// Health is whole and below this, so that sums are exact in any order.
const MOST_HEALTH: u8 = 250;
/// The attribute that no unit declares.
const UNDECLARED: &str = "armour";

/// The object of all work: 36 bytes in seven slots.
#[derive(Slotted, Clone, Copy)]
pub(crate) struct Unit {
    pub(crate) position: Vec3,
    pub(crate) velocity: Vec3,
    pub(crate) health: f32,
    pub(crate) kind: u16,
    pub(crate) team: u8,
    pub(crate) alive: bool,
    pub(crate) seed: u32,
}

impl Unit {
    fn random(random: &mut StdRng) -> Self {
        let mut vector = |limit: f32| {
            Vec3::from_array(std::array::from_fn(|_| random.random_range(-limit..limit)))
        };
        Self {
            position: vector(1000.0),
            velocity: vector(10.0),
            health: f32::from(random.random_range(1..MOST_HEALTH)),
            kind: random.random_range(0..1000),
            team: random.random_range(0..8),
            alive: random.random(),
            seed: random.random(),
        }
    }

    pub(crate) fn record(&self) -> Record {
        let Self { position, velocity, health, kind, team, alive, seed } = *self;
        record! { position, velocity, health, kind, team, alive, seed }
    }

    /// A record that a unit's schema refuses.
    pub(crate) fn undeclared_record(&self) -> Record {
        let mut record = self.record();
        record.push(UNDECLARED, self.health);
        record
    }
}

/// The health that the `k`th write of the shuffled order leaves.
pub(crate) fn written_health(k: usize) -> f32 {
    (k % usize::from(MOST_HEALTH)) as f32
}

/// What all storages are given. An object's number is its position in `units`.
pub(crate) struct Input {
    pub(crate) units: Vec<Unit>,
    /// All numbers: the order of random access. The first tenth is despawned in the churn.
    pub(crate) shuffled: Vec<u32>,
    /// The units that take the places of the despawned ones.
    pub(crate) replacements: Vec<Unit>,
    /// How many records with an undeclared attribute are tried.
    pub(crate) undeclared: usize,
}

impl Input {
    pub(crate) fn new(objects: u32, seed: u64) -> Self {
        let mut random = StdRng::seed_from_u64(seed);
        let units = (0..objects).map(|_| Unit::random(&mut random)).collect();
        let mut shuffled: Vec<u32> = (0..objects).collect();
        shuffled.shuffle(&mut random);
        let replacements = (0..objects / 10).map(|_| Unit::random(&mut random)).collect();
        Self { units, shuffled, replacements, undeclared: objects as usize / 10 }
    }

    pub(crate) fn objects(&self) -> usize {
        self.units.len()
    }

    /// The numbers of the objects that are despawned in the churn.
    pub(crate) fn doomed(&self) -> &[u32] {
        &self.shuffled[..self.replacements.len()]
    }
}

/// What is measured in nanoseconds.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Task {
    Fill,
    InsertRecords,
    Read,
    ReadByName,
    Write,
    Move,
    Sum,
    Churn,
    Undeclared,
}

impl Task {
    pub(crate) const ALL: [Self; 9] = [
        Self::Fill,
        Self::InsertRecords,
        Self::Read,
        Self::ReadByName,
        Self::Write,
        Self::Move,
        Self::Sum,
        Self::Churn,
        Self::Undeclared,
    ];

    /// What is done, as the table has it.
    pub(crate) const fn title(self) -> &'static str {
        match self {
            Self::Fill => "insert from Rust values",
            Self::InsertRecords => "insert a record",
            Self::Read => "read, shuffled",
            Self::ReadByName => "read by name, shuffled",
            Self::Write => "write, shuffled",
            Self::Move => "movement",
            Self::Sum => "conditional sum",
            Self::Churn => "despawn and respawn",
            Self::Undeclared => "undeclared attribute",
        }
    }

    /// Its name in the JSON.
    pub(crate) const fn key(self) -> &'static str {
        match self {
            Self::Fill => "fill",
            Self::InsertRecords => "insert_records",
            Self::Read => "read",
            Self::ReadByName => "read_by_name",
            Self::Write => "write",
            Self::Move => "move",
            Self::Sum => "conditional_sum",
            Self::Churn => "churn",
            Self::Undeclared => "insert_undeclared",
        }
    }

    /// How many operations one measurement has.
    pub(crate) fn operations(self, input: &Input) -> usize {
        match self {
            Self::Move | Self::Sum => input.objects() * FRAMES,
            Self::Churn => input.replacements.len(),
            Self::Undeclared => input.undeclared,
            _ => input.objects(),
        }
    }
}

/// A store under comparison, with each piece of work done in its fastest way. What has only one way
/// goes through [`ByName`].
pub(crate) trait Storage: ByName {
    /// Without objects, ready to take units.
    fn empty() -> Self;
    /// Inserts the units and appends their ids.
    fn spawn_units(&mut self, units: &[Unit], ids: &mut Vec<ObjectId>);
    /// Removes units that are alive.
    fn despawn_units(&mut self, ids: &[ObjectId]);
    /// The sum of the health of these objects, read in this order.
    fn read_health(&mut self, ids: &[ObjectId]) -> f64;
    /// Gives the `k`th of these objects the health [`written_health`] says.
    fn write_health(&mut self, ids: &[ObjectId]);
    /// `position += velocity * DT` for all objects.
    fn advance(&mut self);
    /// The health of all objects of [`TEAM`] that are alive.
    fn team_health(&mut self) -> f64;
}

/// What came out of the work: equal for all storages.
#[derive(Clone, Copy, PartialEq, Debug)]
pub(crate) struct Outcome {
    pub(crate) objects: usize,
    /// Over all names and values of all living objects; taken in the last repetition only.
    pub(crate) checksum: Option<u64>,
    /// What the reads found.
    pub(crate) sums: [f64; 3],
}

impl Outcome {
    /// Whether all is equal that was taken.
    pub(crate) fn agrees_with(&self, expected: &Self) -> bool {
        let checksum = self.checksum.is_none() || self.checksum == expected.checksum;
        checksum && self.objects == expected.objects && self.sums == expected.sums
    }
}

/// A checksum over every bit of every value, declared or not; the order of objects and of their
/// attributes doesn't count.
pub(crate) fn checksum(store: &impl ByName) -> u64 {
    let object = |id| {
        let record = store.get_record(id).expect("a listed id is alive");
        hash(record.iter().map(hash).fold(0, u64::wrapping_add))
    };
    store.ids().map(object).fold(0, u64::wrapping_add)
}

fn hash(value: impl Hash) -> u64 {
    let mut hasher = DefaultHasher::new();
    value.hash(&mut hasher);
    hasher.finish()
}
