//! The game on slotted ends with the same world as the game on hecs, in no more lines of code.

use std::error::Error;

use free_for_all::hecs_game::{Damage, Health, KillCount, Position, Speed};
use free_for_all::rules::Grid;
use free_for_all::slotted_game::Unit;
use free_for_all::{hecs_game, slotted_game};
use glam::IVec2;
use hecs::{Entity, World};

/// Number, position, speed, health, damage and kills of a unit.
type Row = (u32, IVec2, i32, i32, i32, i32);

/// Plays a frame as [`hecs_game::play`], but visits the units in the order of their ids.
fn play_in_order(
    world: &mut World,
    grid: &mut Grid<Entity>,
    frame: u32,
) -> Result<(), Box<dyn Error>> {
    hecs_game::move_units(world, frame);
    let mut units: Vec<_> = world.iter().map(|unit| unit.entity()).collect();
    units.sort_unstable_by_key(|id| id.id());
    let placed =
        units.iter().map(|id| (world.get::<&Position>(*id).expect("a living unit").0, *id));
    grid.rebuild(placed.collect::<Vec<_>>().into_iter());
    for id in units {
        let (position, damage) = (world.get::<&Position>(id)?.0, world.get::<&Damage>(id)?.0);
        let Some(target) = grid.nearest(id, position) else { continue };
        let mut health = world.get::<&mut Health>(target)?;
        if health.0 > 0 {
            health.0 -= damage;
            if health.0 <= 0 {
                world.get::<&mut KillCount>(id)?.0 += 1;
            }
        }
    }
    hecs_game::remove_dead(world)
}

#[test]
fn the_worlds_are_the_same() -> Result<(), Box<dyn Error>> {
    for units in [1, 2, 5, 1000] {
        let (mut store, mut own) = (slotted_game::new_game(units)?, Grid::default());
        let (mut world, mut theirs) = (hecs_game::new_game(units), Grid::default());
        for frame in 0..10 {
            slotted_game::play(&mut store, &mut own, frame)?;
            play_in_order(&mut world, &mut theirs, frame)?;
        }
        let objects = store.objects::<Unit>()?;
        let row = |unit: Unit| (unit.position, unit.speed, unit.health, unit.damage, unit.kills);
        let ours: Vec<Row> = objects
            .map(|(id, unit)| {
                let (position, speed, health, damage, kills) = row(unit);
                (id.row(), position, speed, health, damage, kills)
            })
            .collect();
        let mut query = world.query::<(Entity, &Position, &Speed, &Health, &Damage, &KillCount)>();
        let mut theirs: Vec<Row> = query
            .iter()
            .map(|(id, position, speed, health, damage, kills)| {
                (id.id(), position.0, speed.0, health.0, damage.0, kills.0)
            })
            .collect();
        theirs.sort_unstable_by_key(|row| row.0);
        assert_eq!(ours, theirs);
        assert!(units < 1000 || (100..900).contains(&ours.len()), "{} survive", ours.len());
    }
    Ok(())
}

#[test]
fn the_game_is_no_longer_than_on_hecs() {
    let lines = |text: &str| {
        let code = text.lines().map(str::trim).filter(|line| !line.is_empty());
        code.filter(|line| !line.starts_with("//")).count()
    };
    let ours = lines(include_str!("../src/slotted_game.rs"));
    let theirs = lines(include_str!("../src/hecs_game.rs"));
    assert!(ours <= theirs, "{ours} lines on slotted, {theirs} on hecs");
}
