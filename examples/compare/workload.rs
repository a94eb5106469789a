//! The objects, the tasks, and their expected outcome.

use std::hash::{DefaultHasher, Hash, Hasher};

use rand::rngs::StdRng;
use rand::seq::SliceRandom;
use rand::{RngExt, SeedableRng};
use slotted::glam::Vec3;
use slotted::{ByName, ObjectId, Record, Slotted, record};

/// The time step of a movement frame.
pub(crate) const DT: f32 = 1.0 / 64.0;
/// The conditional sum adds up the health of this team's living members.
pub(crate) const TEAM: u8 = 3;
/// Repetitions of a movement frame and of a conditional sum in one measurement.
pub(crate) const FRAMES: usize = 4;
/// Health is whole and below this, so that sums are exact in any order.
const MOST_HEALTH: u8 = 250;
/// The attribute that no unit declares.
const UNDECLARED: &str = "armour";

/// The object of all tasks: 36 bytes in seven slots.
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

    /// Returns a record that the schema of units rejects.
    pub(crate) fn undeclared_record(&self) -> Record {
        let mut record = self.record();
        record.push(UNDECLARED, self.health);
        record
    }
}

/// Returns the health that the `k`th write of the shuffled order writes.
pub(crate) fn written_health(k: usize) -> f32 {
    (k % usize::from(MOST_HEALTH)) as f32
}

/// The input of all storages. An object's number is its position in `units`.
pub(crate) struct Input {
    pub(crate) units: Vec<Unit>,
    /// All numbers, in the order of random access. Churn despawns the first tenth.
    pub(crate) shuffled: Vec<u32>,
    /// The units that replace the despawned ones.
    pub(crate) replacements: Vec<Unit>,
    /// The number of records with an undeclared attribute to try.
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

    /// Returns the numbers of the objects that churn despawns.
    pub(crate) fn doomed(&self) -> &[u32] {
        &self.shuffled[..self.replacements.len()]
    }
}

/// A timed task.
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

    /// Returns the task's title in the table.
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

    /// Returns the task's name in the JSON.
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

    /// Returns the number of operations of one measurement.
    pub(crate) fn operations(self, input: &Input) -> usize {
        match self {
            Self::Move | Self::Sum => input.objects() * FRAMES,
            Self::Churn => input.replacements.len(),
            Self::Undeclared => input.undeclared,
            _ => input.objects(),
        }
    }
}

/// A storage to compare, which does each task in its fastest way. Tasks with only one way go through
/// [`ByName`].
pub(crate) trait Storage: ByName {
    /// Creates an empty storage that takes units.
    fn empty() -> Self;
    /// Spawns the units and appends their ids.
    fn spawn_units(&mut self, units: &[Unit], ids: &mut Vec<ObjectId>);
    /// Despawns living units.
    fn despawn_units(&mut self, ids: &[ObjectId]);
    /// Returns the sum of these objects' health, read in this order.
    fn read_health(&mut self, ids: &[ObjectId]) -> f64;
    /// Sets the health of the `k`th of these objects to [`written_health`]`(k)`.
    fn write_health(&mut self, ids: &[ObjectId]);
    /// Does `position += velocity * DT` for all objects.
    fn advance(&mut self);
    /// Returns the total health of all objects of [`TEAM`] that are alive.
    fn team_health(&mut self) -> f64;
}

/// The outcome of the work: equal for all storages.
#[derive(Clone, Copy, PartialEq, Debug)]
pub(crate) struct Outcome {
    pub(crate) objects: usize,
    /// Over all names and values of all living objects; computed in the last repetition only.
    pub(crate) checksum: Option<u64>,
    /// The results of the reads.
    pub(crate) sums: [f64; 3],
}

impl Outcome {
    /// Returns whether all recorded parts are equal.
    pub(crate) fn agrees_with(&self, expected: &Self) -> bool {
        let checksum = self.checksum.is_none() || self.checksum == expected.checksum;
        checksum && self.objects == expected.objects && self.sums == expected.sums
    }
}

/// Returns a checksum over every bit of every value, declared or not, independent of the order of
/// objects and attributes.
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
