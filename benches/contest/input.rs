//! The object, its seeded random data, and the digests that compare results.

use std::sync::OnceLock;

use glam::Vec3;
use rand::rngs::StdRng;
use rand::seq::SliceRandom;
use rand::{RngExt, SeedableRng};

/// The time step of the movement frames.
pub(crate) const DT: f32 = 1.0 / 64.0;
/// The team whose health the conditional sum adds up.
pub(crate) const TEAM: u8 = 3;
/// `health * NAMED_FACTOR + NAMED_OFFSET` stays bounded and never becomes denormal.
pub(crate) const NAMED_FACTOR: f32 = 0.75;
pub(crate) const NAMED_OFFSET: f32 = 16.0;
/// The same for the fragmented values.
pub(crate) const FRAGMENT_FACTOR: f32 = 0.5;
pub(crate) const FRAGMENT_OFFSET: f32 = 1.0;
/// The types of the fragmented task, and the objects of each.
pub(crate) const FRAGMENT_TYPES: usize = 26;
pub(crate) const FRAGMENT_OBJECTS: usize = 20;
/// The attributes of a record, in the order of [`Unit`]'s fields.
pub(crate) const SLOT_NAMES: [&str; 7] =
    ["position", "velocity", "health", "kind", "team", "alive", "seed"];

const SEED: u64 = 0x0005_107E_D000_0001;
/// Churn cycles through this many different halves, so that no run meets a convenient order.
const CHURN_ROUNDS: usize = 4;

/// The object of all workloads: 36 bytes in seven slots.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Unit {
    pub(crate) position: Vec3,
    pub(crate) velocity: Vec3,
    /// Whole and below 256: a conditional sum of a million is exact in `f32` in every order.
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
            health: f32::from(random.random_range(1..=250u8)),
            kind: random.random_range(0..1000),
            team: random.random_range(0..8),
            alive: random.random(),
            seed: random.random(),
        }
    }
}

/// One round of churn.
#[derive(Debug)]
pub(crate) struct Churn {
    /// The numbers of the objects to despawn, in random order.
    pub(crate) doomed: Vec<u32>,
    /// `replacements[k]` takes the number `doomed[k]`.
    pub(crate) replacements: Vec<Unit>,
}

/// Everything that the workloads of one size read. An object's number is its index in `units`.
#[derive(Debug)]
pub(crate) struct Input {
    pub(crate) units: Vec<Unit>,
    /// All numbers, shuffled: the order of random access.
    pub(crate) shuffled: Vec<u32>,
    churn: OnceLock<Vec<Churn>>,
}

impl Input {
    pub(crate) fn new(objects: usize) -> Self {
        let mut random = StdRng::seed_from_u64(SEED);
        let units = (0..objects).map(|_| Unit::random(&mut random)).collect();
        let mut shuffled = numbers(objects);
        shuffled.shuffle(&mut random);
        Self { units, shuffled, churn: OnceLock::new() }
    }

    /// Returns all numbers in ascending order.
    pub(crate) fn numbers(&self) -> Vec<u32> {
        numbers(self.units.len())
    }

    /// Returns one object in a hundred, in random order.
    pub(crate) fn few(&self) -> &[u32] {
        &self.shuffled[..self.units.len() / 100]
    }

    /// Returns the same objects in ascending order.
    pub(crate) fn scattered(&self) -> Vec<u32> {
        let mut scattered = self.few().to_vec();
        scattered.sort_unstable();
        scattered
    }

    /// Returns as many adjacent objects, from the middle on.
    pub(crate) fn stretch(&self) -> Vec<u32> {
        let middle = self.units.len() / 2;
        self.numbers()[middle..][..self.units.len() / 100].to_vec()
    }

    /// Returns a random half of the objects, in random order.
    pub(crate) fn half(&self) -> &[u32] {
        &self.shuffled[..self.units.len() / 2]
    }

    /// Returns the plan of churn's `round`th run; the rounds repeat.
    pub(crate) fn churn(&self, round: usize) -> &Churn {
        let rounds = self.churn.get_or_init(|| {
            let mut random = StdRng::seed_from_u64(SEED + 1);
            (0..CHURN_ROUNDS)
                .map(|_| {
                    let mut doomed = numbers(self.units.len());
                    doomed.shuffle(&mut random);
                    doomed.truncate(self.units.len() / 2);
                    let replacements = doomed.iter().map(|_| Unit::random(&mut random)).collect();
                    Churn { doomed, replacements }
                })
                .collect()
        });
        &rounds[round % CHURN_ROUNDS]
    }
}

fn numbers(objects: usize) -> Vec<u32> {
    let objects = u32::try_from(objects).expect("object numbers are 32 bits");
    (0..objects).collect()
}

/// Returns a digest of every bit of every slot, independent of the order of objects.
pub(crate) fn digest_units(units: impl Iterator<Item = Unit>) -> u64 {
    units.fold(0, |sum: u64, unit| {
        let floats = [unit.position.to_array(), unit.velocity.to_array()];
        let mut hash = floats
            .as_flattened()
            .iter()
            .fold(u64::from(unit.health.to_bits()), |hash, float| mix(hash, float.to_bits()));
        let small = u32::from(unit.kind) << 16 | u32::from(unit.team) << 8 | u32::from(unit.alive);
        hash = mix(mix(hash, small), unit.seed);
        sum.wrapping_add(hash).wrapping_add(1)
    })
}

/// Returns a digest of numbers, independent of their order.
pub(crate) fn digest_floats(floats: impl Iterator<Item = f32>) -> u64 {
    floats.fold(0, |sum: u64, float| sum.wrapping_add(mix(1, float.to_bits())))
}

fn mix(hash: u64, word: u32) -> u64 {
    let mixed = (hash ^ u64::from(word)).wrapping_mul(0x9E37_79B9_7F4A_7C15);
    mixed ^ (mixed >> 29)
}
