//! The game on hecs, as its example `ffa_simulation` writes it.

use std::error::Error;

use glam::IVec2;
use hecs::{Entity, World};

use crate::rules::{Grid, new_units, step};

pub type Outcome = Result<(), Box<dyn Error>>;

#[derive(Clone, Copy, Debug)]
pub struct Position(pub IVec2);

#[derive(Clone, Copy, Debug)]
pub struct Speed(pub i32);

#[derive(Clone, Copy, Debug)]
pub struct Health(pub i32);

#[derive(Clone, Copy, Debug)]
pub struct Damage(pub i32);

#[derive(Clone, Copy, Debug)]
pub struct KillCount(pub i32);

pub fn new_game(units: u32) -> World {
    let mut world = World::new();
    let unit = |position, speed, health, damage| {
        (Position(position), Speed(speed), Health(health), Damage(damage), KillCount(0))
    };
    world.spawn_batch(new_units(units, unit));
    world
}

pub fn move_units(world: &mut World, frame: u32) {
    for (id, position, speed) in world.query_mut::<(Entity, &mut Position, &Speed)>() {
        position.0 += step(frame, id.id(), speed.0);
    }
}

pub fn sort_units(world: &mut World, grid: &mut Grid<Entity>) {
    let units = world.query_mut::<(Entity, &Position)>().into_iter();
    grid.rebuild(units.map(|(id, position)| (position.0, id)));
}

pub fn fire_at_nearest(world: &World, grid: &Grid<Entity>) {
    let mut healths = world.view::<&mut Health>();
    for (id, position, damage, kills) in
        &mut world.query::<(Entity, &Position, &Damage, &mut KillCount)>()
    {
        if let Some(target) = grid.nearest(id, position.0)
            && let Some(health) = healths.get_mut(target)
            && health.0 > 0
        {
            health.0 -= damage.0;
            if health.0 <= 0 {
                kills.0 += 1;
            }
        }
    }
}

pub fn remove_dead(world: &mut World) -> Outcome {
    let mut dead = Vec::new();
    for (id, health) in world.query_mut::<(Entity, &Health)>() {
        if health.0 <= 0 {
            dead.push(id);
        }
    }
    for id in dead {
        world.despawn(id)?;
    }
    Ok(())
}

pub fn play(world: &mut World, grid: &mut Grid<Entity>, frame: u32) -> Outcome {
    move_units(world, frame);
    sort_units(world, grid);
    fire_at_nearest(world, grid);
    remove_dead(world)
}
