//! The game on slotted.

use std::error::Error;

use glam::IVec2;
use slotted::{ObjectId, Slotted, Store, View};

use crate::rules::{Grid, new_units, step};

pub type Outcome = Result<(), Box<dyn Error>>;

#[derive(Slotted, Clone, Copy, Debug)]
pub struct Unit {
    pub position: IVec2,
    pub speed: i32,
    pub health: i32,
    pub damage: i32,
    pub kills: i32,
}

#[derive(View)]
struct Moving<'a> {
    id: ObjectId,
    position: &'a mut IVec2,
    speed: &'a i32,
}

#[derive(View)]
struct Shooting<'a> {
    id: ObjectId,
    position: &'a IVec2,
    damage: &'a i32,
    kills: &'a mut i32,
}

pub fn new_game(units: u32) -> Result<Store, Box<dyn Error>> {
    let mut store = Store::new();
    store.register::<Unit>()?;
    let unit = |position, speed, health, damage| Unit { position, speed, health, damage, kills: 0 };
    store.spawn_batch(new_units(units, unit))?;
    Ok(store)
}

pub fn move_units(store: &mut Store, frame: u32) -> Outcome {
    for unit in store.view::<Moving>()? {
        *unit.position += step(frame, unit.id.row(), *unit.speed);
    }
    Ok(())
}

pub fn sort_units(store: &mut Store, grid: &mut Grid<ObjectId>) -> Outcome {
    grid.rebuild(store.view::<Moving>()?.iter().map(|unit| (*unit.position, unit.id)));
    Ok(())
}

pub fn fire_at_nearest(store: &mut Store, grid: &Grid<ObjectId>) -> Outcome {
    let health = store.keys::<Unit>()?.health;
    let (mut commands, mut split) = (store.commands(), store.split());
    let mut healths = split.column_mut(health)?;
    for unit in split.view::<Shooting>()? {
        if let Some(target) = grid.nearest(unit.id, *unit.position)
            && let Some(health) = healths.get_mut(target)
            && *health > 0
        {
            *health -= unit.damage;
            if *health <= 0 {
                *unit.kills += 1;
                commands.despawn(target);
            }
        }
    }
    Ok(commands.apply(store)?)
}

pub fn play(store: &mut Store, grid: &mut Grid<ObjectId>, frame: u32) -> Outcome {
    move_units(store, frame)?;
    sort_units(store, grid)?;
    fire_at_nearest(store, grid)
}
