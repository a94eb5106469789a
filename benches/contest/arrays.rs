//! Hand-written arrays without ids or checks: the limit.
//!
//! A handle is the plain index of an object. Keeping indexes up to date after despawns is not timed.

use std::hint::black_box;

use glam::Vec3;

use super::input::{FRAGMENT_FACTOR, FRAGMENT_OBJECTS, FRAGMENT_OFFSET, FRAGMENT_TYPES};
use super::input::{NAMED_FACTOR, NAMED_OFFSET};
use super::{
    Contestant, DT, Input, Task, Unit, Variant, digest_floats, digest_units, heavy, kernel, past,
};

pub(crate) const CONTESTANT: Contestant = Contestant { name: "arrays", package: None, cases };

#[derive(Default)]
pub(crate) struct Arrays {
    pub(crate) position: Vec<Vec3>,
    pub(crate) velocity: Vec<Vec3>,
    pub(crate) health: Vec<f32>,
    pub(crate) kind: Vec<u16>,
    pub(crate) team: Vec<u8>,
    pub(crate) alive: Vec<bool>,
    pub(crate) seed: Vec<u32>,
}

impl Arrays {
    pub(crate) fn filled(units: &[Unit]) -> Self {
        let mut arrays = Self::default();
        arrays.extend(units);
        arrays
    }

    #[inline]
    fn push(&mut self, unit: &Unit) {
        self.position.push(unit.position);
        self.velocity.push(unit.velocity);
        self.health.push(unit.health);
        self.kind.push(unit.kind);
        self.team.push(unit.team);
        self.alive.push(unit.alive);
        self.seed.push(unit.seed);
    }

    fn reserve(&mut self, additional: usize) {
        self.position.reserve_exact(additional);
        self.velocity.reserve_exact(additional);
        self.health.reserve_exact(additional);
        self.kind.reserve_exact(additional);
        self.team.reserve_exact(additional);
        self.alive.reserve_exact(additional);
        self.seed.reserve_exact(additional);
    }

    fn extend_columns(&mut self, units: &[Unit]) {
        self.position.extend(units.iter().map(|unit| unit.position));
        self.velocity.extend(units.iter().map(|unit| unit.velocity));
        self.health.extend(units.iter().map(|unit| unit.health));
        self.kind.extend(units.iter().map(|unit| unit.kind));
        self.team.extend(units.iter().map(|unit| unit.team));
        self.alive.extend(units.iter().map(|unit| unit.alive));
        self.seed.extend(units.iter().map(|unit| unit.seed));
    }

    /// Copies column by column, a few units at a time, which stay in the nearest cache. One pass per
    /// column and pushing unit by unit are both slower.
    fn extend(&mut self, units: &[Unit]) {
        self.reserve(units.len());
        for units in units.chunks(64) {
            self.extend_columns(units);
        }
    }

    #[inline]
    fn swap_remove(&mut self, index: usize) {
        self.position.swap_remove(index);
        self.velocity.swap_remove(index);
        self.health.swap_remove(index);
        self.kind.swap_remove(index);
        self.team.swap_remove(index);
        self.alive.swap_remove(index);
        self.seed.swap_remove(index);
    }

    fn units(&self) -> impl Iterator<Item = Unit> {
        (0..self.position.len()).map(|index| Unit {
            position: self.position[index],
            velocity: self.velocity[index],
            health: self.health[index],
            kind: self.kind[index],
            team: self.team[index],
            alive: self.alive[index],
            seed: self.seed[index],
        })
    }

    pub(crate) fn digest(&mut self) -> u64 {
        digest_units(self.units())
    }
}

fn cases(task: Task, input: &Input) -> Vec<Variant<'_>> {
    match task {
        Task::SpawnEach => vec![spawn_each(input)],
        Task::SpawnBulk | Task::HeapBytes => vec![spawn_bulk(input)],
        Task::MoveEach | Task::MoveLoop | Task::MoveSlices | Task::MoveKernel => {
            vec![advance(|| Arrays::filled(&input.units))]
        }
        Task::MoveAfterFewDespawned => vec![advance(|| survivors(input, input.few()))],
        Task::MoveAfterHalfDespawned => vec![advance(|| survivors(input, input.half()))],
        Task::MoveTwoThreads => vec![advance_two_threads(input)],
        Task::SumEach | Task::SumLoop | Task::SumSlices | Task::SumKernel => {
            vec![Variant::reading(
                "masked",
                || Arrays::filled(&input.units),
                |arrays| {
                    let sum = kernel::conditional_sum(&arrays.health, &arrays.team, &arrays.alive);
                    u64::from(sum.to_bits())
                },
            )]
        }
        Task::GetResolved | Task::GetByCall | Task::GetByName => vec![get(input)],
        Task::SetResolved | Task::SetByName => vec![set(input)],
        Task::Churn => vec![churn(input)],
        Task::Fragmented => vec![fragmented(input)],
        Task::NamedEach => vec![named_each(input)],
        Task::NamedColumn => vec![Variant::writing(
            "flat loop",
            || Arrays::filled(&input.units),
            |arrays| kernel::rescale(&mut arrays.health),
            Arrays::digest,
        )],
        Task::HeavyTwoThreads => vec![heavy::arrays(input)],
        Task::Past(task) => past::arrays::cases(task, input),
        _ => Vec::new(),
    }
}

fn spawn_each(input: &Input) -> Variant<'_> {
    Variant::filling(
        "push",
        |arrays: &mut Arrays| {
            for unit in &input.units {
                arrays.push(unit);
            }
        },
        Arrays::digest,
    )
}

fn spawn_bulk(input: &Input) -> Variant<'_> {
    Variant::filling("extend", |arrays: &mut Arrays| arrays.extend(&input.units), Arrays::digest)
}

fn survivors(input: &Input, despawned: &[u32]) -> Arrays {
    let mut lives = vec![true; input.units.len()];
    for &number in despawned {
        lives[number as usize] = false;
    }
    let mut arrays = Arrays::default();
    for (unit, _) in input.units.iter().zip(lives).filter(|(_, lives)| *lives) {
        arrays.push(unit);
    }
    arrays
}

fn advance<'a>(setup: impl FnOnce() -> Arrays + 'a) -> Variant<'a> {
    Variant::writing(
        "flat loop",
        setup,
        |arrays| kernel::advance(&mut arrays.position, &arrays.velocity, DT),
        Arrays::digest,
    )
}

fn advance_two_threads(input: &Input) -> Variant<'_> {
    Variant::writing(
        "flat loop",
        || Arrays::filled(&input.units),
        |arrays| kernel::advance_two_threads(&mut arrays.position, &arrays.velocity, DT),
        Arrays::digest,
    )
}

fn get(input: &Input) -> Variant<'_> {
    Variant::reading(
        "index",
        || Arrays::filled(&input.units),
        |arrays| {
            let health = &arrays.health[..];
            let handles = input.shuffled.iter();
            let sum: f64 = handles.map(|&handle| f64::from(health[handle as usize])).sum();
            sum.to_bits()
        },
    )
}

fn set(input: &Input) -> Variant<'_> {
    Variant::writing(
        "index",
        || Arrays::filled(&input.units),
        |arrays| {
            let health = &mut arrays.health[..];
            for (k, &handle) in input.shuffled.iter().enumerate() {
                health[handle as usize] = k as f32;
            }
        },
        Arrays::digest,
    )
}

/// The state of churn, with the bookkeeping that turns numbers into indexes.
struct Churning {
    arrays: Arrays,
    rounds_planned: usize,
    /// The index of each number; `number_at` is the inverse.
    index_of: Vec<u32>,
    number_at: Vec<u32>,
    /// The index of each doomed object when its turn comes.
    doomed: Vec<u32>,
}

/// A despawn is a swap-remove: the other tasks need dense arrays.
fn churn(input: &Input) -> Variant<'_> {
    Variant::preparing(
        "swap_remove",
        || Churning::new(input),
        |state| state.plan(input),
        |state| {
            for &index in &state.doomed {
                state.arrays.swap_remove(index as usize);
            }
            let replacements = &input.churn(state.rounds_planned - 1).replacements;
            state.arrays.extend(replacements);
        },
        |state| state.arrays.digest(),
    )
}

impl Churning {
    fn new(input: &Input) -> Self {
        Self {
            arrays: Arrays::filled(&input.units),
            rounds_planned: 0,
            index_of: input.numbers(),
            number_at: input.numbers(),
            doomed: Vec::new(),
        }
    }

    /// Replays the round's despawns on the indexes alone.
    fn plan(&mut self, input: &Input) {
        let churn = input.churn(self.rounds_planned);
        self.rounds_planned += 1;
        self.doomed.clear();
        for &number in &churn.doomed {
            let index = self.index_of[number as usize];
            self.number_at.swap_remove(index as usize);
            if let Some(&moved) = self.number_at.get(index as usize) {
                self.index_of[moved as usize] = index;
            }
            self.doomed.push(index);
        }
        for &number in &churn.doomed {
            self.index_of[number as usize] = self.number_at.len() as u32;
            self.number_at.push(number);
        }
    }
}

fn fragmented(input: &Input) -> Variant<'_> {
    let setup = || -> Vec<Vec<f32>> {
        let types = input.units.chunks(FRAGMENT_OBJECTS).take(FRAGMENT_TYPES);
        types.map(|units| units.iter().map(|unit| unit.health).collect()).collect()
    };
    let digest = |fragments: &mut Vec<Vec<f32>>| digest_floats(fragments.iter().flatten().copied());
    let run = |fragments: &mut Vec<Vec<f32>>| {
        for fragment in fragments {
            // Too short for the wide loop that the compiler would generate.
            let (fours, rest) = fragment.as_chunks_mut::<4>();
            fours.iter_mut().for_each(|four| rescale(four));
            rescale(rest);
        }
    };
    Variant::writing("chunks of 4", setup, run, digest)
}

#[inline(always)]
fn rescale(values: &mut [f32]) {
    for value in values {
        *value = *value * FRAGMENT_FACTOR + FRAGMENT_OFFSET;
    }
}

fn named_each(input: &Input) -> Variant<'_> {
    let handles = input.numbers();
    Variant::writing(
        "index",
        || Arrays::filled(&input.units),
        move |arrays| {
            let health = &mut arrays.health[..];
            for &handle in black_box(&handles) {
                let health = &mut health[handle as usize];
                *health = *health * NAMED_FACTOR + NAMED_OFFSET;
            }
        },
        Arrays::digest,
    )
}
