//! The game's rules. Whole numbers only, so that all machines agree.

use std::error::Error;

use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};
use slotted::glam::IVec2;
use slotted::{ObjectId, Slotted, Store, View};

use crate::inputs::{FrameInputs, Input, PLAYERS};

/// Units turn back at this distance from the center.
pub(crate) const BORDER: i32 = 1 << 20;
/// The longest life of a unit, in frames.
const LONGEST_LIFE: u16 = 600;
/// The reach of a strike.
const REACH: i32 = BORDER / 16;

#[derive(Slotted, Clone, Copy)]
struct Unit {
    position: IVec2,
    velocity: IVec2,
    health: i32,
    /// The remaining frames of life.
    life: u16,
    owner: u8,
}

impl Unit {
    fn newborn(random: &mut StdRng) -> Self {
        let mut vector = |limit: i32| {
            IVec2::from_array(std::array::from_fn(|_| random.random_range(-limit..limit)))
        };
        let (position, velocity) = (vector(BORDER), vector(4096));
        let life = random.random_range(LONGEST_LIFE / 4..LONGEST_LIFE);
        let owner = random.random_range(0..PLAYERS as u8);
        Self { position, velocity, health: 100, life, owner }
    }

    /// Creates a unit of random age, so that deaths are spread evenly from the first frame on.
    fn grown(random: &mut StdRng) -> Self {
        let unit = Self::newborn(random);
        Self { life: random.random_range(1..unit.life), ..unit }
    }
}

#[derive(View)]
struct Moving<'a> {
    position: &'a mut IVec2,
    velocity: &'a mut IVec2,
    owner: &'a u8,
}

#[derive(View)]
struct Struck<'a> {
    position: &'a IVec2,
    owner: &'a u8,
    health: &'a mut i32,
}

#[derive(View)]
struct Ageing<'a> {
    life: &'a mut u16,
}

#[derive(View)]
struct Mortal<'a> {
    id: ObjectId,
    health: &'a i32,
    life: &'a u16,
}

pub(crate) fn new_world(objects: u32, seed: u64) -> Result<Store, Box<dyn Error>> {
    let random = &mut StdRng::seed_from_u64(seed);
    let mut store = Store::new();
    store.register::<Unit>()?;
    store.spawn_batch((0..objects).map(|_| Unit::grown(random)))?;
    Ok(store)
}

/// Simulates one frame. It depends only on the store, the frame's number and the inputs.
pub(crate) fn simulate(
    store: &mut Store,
    frame: u64,
    inputs: &FrameInputs,
) -> Result<(), Box<dyn Error>> {
    let pulls = inputs.map(|input| IVec2::from_array(input.pull));
    store.view::<Moving>()?.for_each(|unit| {
        let pull = (pulls[usize::from(*unit.owner)] - *unit.position) / 4096;
        let position = *unit.position + *unit.velocity;
        let outside = position.abs().cmpgt(IVec2::splat(BORDER));
        *unit.velocity = IVec2::select(outside, -*unit.velocity, *unit.velocity + pull);
        *unit.velocity = unit.velocity.clamp(IVec2::splat(-8192), IVec2::splat(8192));
        *unit.position = position.clamp(IVec2::splat(-BORDER), IVec2::splat(BORDER));
    });
    for (player, input) in inputs.iter().enumerate().filter(|(_, input)| input.strikes) {
        strike(store, player as u8, input)?;
    }
    store.view::<Ageing>()?.for_each(|unit| *unit.life -= 1);
    replace_the_dead(store, frame)
}

fn strike(store: &mut Store, player: u8, input: &Input) -> Result<(), Box<dyn Error>> {
    let target = IVec2::from_array(input.pull);
    store.view::<Struck>()?.for_each(|unit| {
        let is_near = (*unit.position - target).abs().cmple(IVec2::splat(REACH)).all();
        *unit.health -= if is_near && *unit.owner != player { 7 } else { 0 };
    });
    Ok(())
}

/// Spawns new units in the rows of the dead. The frame's number seeds them: a generator with its own
/// state would have to be rolled back too.
fn replace_the_dead(store: &mut Store, frame: u64) -> Result<(), Box<dyn Error>> {
    let mortal = store.view_ref::<Mortal>()?.into_iter();
    let dead = mortal.filter(|unit| *unit.health <= 0 || *unit.life == 0).map(|unit| unit.id);
    let dead: Vec<ObjectId> = dead.collect();
    store.despawn_batch(&dead)?;
    let random = &mut StdRng::seed_from_u64(frame);
    store.spawn_batch(dead.iter().map(|_| Unit::newborn(random)))?;
    Ok(())
}

/// Moves one unit slightly: the kind of bug that the hashes detect.
pub(crate) fn write_wrong_value(store: &mut Store) -> Result<(), Box<dyn Error>> {
    let health = store.key::<i32>("unit", "health")?;
    let first = store.ids().next().ok_or("no unit is alive")?;
    let value = store.get(first, health).ok_or("the unit lives")?;
    store.set(first, health, value - 1)?;
    Ok(())
}
