//! A million units in slots and a few thousand towers that are ordinary Bevy entities, in one app without
//! a window. Prints the time of its frames.
//!
//! `cargo run --release -p bevy_slotted --example bevy_units -- --units 1000000 --towers 4000 --frames 200`

use std::collections::VecDeque;
use std::time::{Duration, Instant};

use bevy_app::{AppExit, ScheduleRunnerPlugin, TaskPoolPlugin, prelude::*};
use bevy_ecs::prelude::*;
use bevy_slotted::prelude::*;
use bevy_time::{Time, TimePlugin};
use clap::Parser;
use slotted::glam::Vec2;

#[derive(Clone, Parser, Resource)]
#[command(about = "A million units in slots beside ordinary Bevy entities")]
struct Options {
    /// Units, which live in slots
    #[arg(long, default_value_t = 1_000_000)]
    units: usize,
    /// Towers, which are Bevy entities
    #[arg(long, default_value_t = 4000)]
    towers: usize,
    /// Frames to run
    #[arg(long, default_value_t = 200, value_parser = clap::value_parser!(u32).range(1..))]
    frames: u32,
}

/// The length of the field's edges.
const FIELD: f32 = 4096.0;
const RANGE: f32 = 256.0;
const DAMAGE: f32 = 35.0;

#[derive(Slotted, Clone, Copy)]
struct Unit {
    position: Vec2,
    velocity: Vec2,
    #[slot(default = 100.0, range = 0.0..=100.0)]
    health: f32,
    team: u8,
}

#[derive(View)]
struct Moving<'a> {
    position: &'a mut Vec2,
    velocity: &'a mut Vec2,
}

#[derive(View)]
struct Placed<'a> {
    id: ObjectId,
    position: &'a Vec2,
}

#[derive(View)]
struct Mending<'a> {
    health: &'a mut f32,
}

#[derive(View)]
struct Mortal<'a> {
    id: ObjectId,
    health: &'a mut f32,
}

#[derive(Component)]
struct Tower {
    place: Vec2,
    target: Option<ObjectId>,
}

/// The units that a tower may aim at: a few of them, others in each frame.
#[derive(Default, Resource)]
struct Candidates(VecDeque<ObjectId>);

#[derive(Default, Resource)]
struct Statistics {
    frames: Vec<Duration>,
    began: Option<Instant>,
    killed: usize,
}

/// Returns the start and the velocity of the unit with this number.
fn unit(number: usize) -> Unit {
    let part = |factor: f32| (number as f32 * factor).fract();
    let position = Vec2::new(part(0.618_034), part(0.754_878)) * FIELD;
    let velocity =
        Vec2::from_angle(part(0.569_84) * std::f32::consts::TAU) * (5.0 + part(0.1) * 20.0);
    Unit { position, velocity, health: 100.0, team: (number % 4) as u8 }
}

fn begin(options: Res<Options>, mut store: StoreMut, mut commands: Commands) -> Result {
    store.spawn_batch((0..options.units).map(unit))?;
    let towers =
        (0..options.towers).map(|number| Tower { place: unit(number).position, target: None });
    commands.spawn_batch(towers.collect::<Vec<_>>());
    Ok(())
}

fn begin_frame(mut statistics: ResMut<Statistics>) {
    statistics.began = Some(Instant::now());
}

fn move_units(mut units: Slots<Moving>, time: Res<Time>) {
    let step = time.delta_secs().min(0.1);
    units.par_for_each(|unit| {
        *unit.position += *unit.velocity * step;
        // Without branches, so that the loop uses the vector units.
        let is_out = unit.position.cmplt(Vec2::ZERO) | unit.position.cmpgt(Vec2::splat(FIELD));
        *unit.velocity = Vec2::select(is_out, -*unit.velocity, *unit.velocity);
        *unit.position = unit.position.clamp(Vec2::ZERO, Vec2::splat(FIELD));
    });
}

/// Writes other slots than `move_units`, so that both run in parallel.
fn mend(mut units: Slots<Mending>, time: Res<Time>) {
    let step = time.delta_secs().min(0.1);
    units.for_each(|unit| *unit.health = (*unit.health + step).min(100.0));
}

fn look_out(units: SlotsRef<Placed>, mut candidates: ResMut<Candidates>, mut frame: Local<usize>) {
    let most = 4096;
    let every = (units.view().count() / most).max(1);
    *frame += 1;
    candidates.0.clear();
    candidates.0.extend(units.iter().skip(*frame % every).step_by(every).map(|unit| unit.id));
}

fn aim(mut towers: Query<&mut Tower>, units: SlotsRef<Placed>, mut candidates: ResMut<Candidates>) {
    let reaches = |place: Vec2, id| {
        units.get(id).is_some_and(|unit| unit.position.distance_squared(place) < RANGE * RANGE)
    };
    for mut tower in &mut towers {
        if tower.target.is_some_and(|target| reaches(tower.place, target)) {
            continue;
        }
        tower.target = None;
        for _ in 0..candidates.0.len().min(32) {
            let Some(candidate) = candidates.0.pop_front() else { break };
            candidates.0.push_back(candidate);
            if reaches(tower.place, candidate) {
                tower.target = Some(candidate);
                break;
            }
        }
    }
}

fn shoot(
    towers: Query<&Tower>,
    mut units: Slots<Mortal>,
    mut commands: Commands,
    mut statistics: ResMut<Statistics>,
) {
    let mut killed = Vec::new();
    for target in towers.iter().filter_map(|tower| tower.target) {
        let Some(unit) = units.get_mut(target) else { continue };
        let was_alive = *unit.health > 0.0;
        *unit.health = (*unit.health - DAMAGE).max(0.0);
        if was_alive && *unit.health == 0.0 {
            killed.push(unit.id);
        }
    }
    statistics.killed += killed.len();
    commands.change_objects(|commands| killed.into_iter().for_each(|id| commands.despawn(id)));
}

fn reinforce(mut store: StoreMut, options: Res<Options>, statistics: Res<Statistics>) -> Result {
    let missing = options.units.saturating_sub(store.len());
    store.spawn_batch((0..missing).map(|number| unit(number + statistics.killed)))?;
    Ok(())
}

fn end_frame(
    mut statistics: ResMut<Statistics>,
    options: Res<Options>,
    store: StoreRef,
    mut exit: MessageWriter<AppExit>,
) {
    let Some(began) = statistics.began else { return };
    statistics.frames.push(began.elapsed());
    if statistics.frames.len() < options.frames as usize {
        return;
    }
    let mut frames: Vec<f64> =
        statistics.frames.iter().map(|frame| frame.as_secs_f64() * 1e3).collect();
    frames.sort_by(f64::total_cmp);
    let (units, bytes) = (store.len(), store.memory_report().total());
    println!(
        "{units} units in slots, {:.1} bytes each, {} towers as entities",
        bytes as f64 / units as f64,
        options.towers
    );
    println!("{} units were killed and replaced in {} frames", statistics.killed, frames.len());
    let at = |part: usize| frames[(frames.len() - 1) * part / 100];
    println!("frames: minimum {:.2} ms, median {:.2} ms, 99 % {:.2} ms", at(0), at(50), at(99));
    exit.write(AppExit::Success);
}

fn main() -> AppExit {
    let mut app = App::new();
    app.add_plugins((
        TaskPoolPlugin::default(),
        TimePlugin,
        ScheduleRunnerPlugin::run_loop(Duration::ZERO),
        SlottedPlugin::default(),
    ));
    app.register_slotted::<Unit>();
    app.insert_resource(Options::parse());
    app.init_resource::<Candidates>().init_resource::<Statistics>();
    app.add_systems(Startup, begin);
    app.add_systems(First, begin_frame);
    app.add_systems(Update, ((move_units, mend), look_out, aim, shoot, reinforce).chain());
    app.add_systems(Last, end_frame);
    app.run()
}
