//! The parts of a game's frame, on slotted and on hecs: loops, look-ups of other objects, commands, whole frames.
//!
//! `cargo bench -p slotted_benches --bench game_loop -- --rounds 9 --markdown table.md`

mod options;

use std::error::Error;
use std::hint::black_box;
use std::time::{Duration, Instant};

use bench_support::forms::{Form, sample, table};
use clap::Parser;
use free_for_all::rules::{Grid, new_units, step};
use free_for_all::{hecs_game, slotted_game};
use glam::{IVec2, Vec3};
use hecs::{Entity, World};
use options::TableOptions;
use rand::rngs::StdRng;
use rand::seq::SliceRandom;
use rand::{RngExt, SeedableRng};
use slotted::{ObjectId, SideTable, Slotted, Store, View};

type Outcome = Result<(), Box<dyn Error>>;

#[derive(Parser)]
#[command(about = "Measures the parts of a game's frame on slotted and on hecs")]
struct Options {
    #[command(flatten)]
    tables: TableOptions,
}

const DT: f32 = 1.0 / 64.0;

#[derive(Slotted, Clone, Copy)]
struct Unit {
    position: Vec3,
    velocity: Vec3,
    health: i32,
    kills: i32,
    target: ObjectId,
    /// Set in one unit of a hundred.
    poison: Option<i32>,
}

#[derive(View)]
struct Moving<'a> {
    position: &'a mut Vec3,
    velocity: &'a Vec3,
}

#[derive(View)]
struct Firing<'a> {
    target: &'a ObjectId,
    kills: &'a mut i32,
}

#[derive(View)]
struct MaybePoisoned<'a> {
    health: &'a mut i32,
    poison: Option<&'a i32>,
}

#[derive(View)]
struct Poisoned<'a> {
    health: &'a mut i32,
    #[slot(set)]
    poison: &'a i32,
}

#[derive(View)]
struct Healths<'a> {
    health: &'a i32,
}

#[derive(Clone, Copy)]
struct Position(Vec3);
#[derive(Clone, Copy)]
struct Velocity(Vec3);
#[derive(Clone, Copy)]
struct Health(i32);
#[derive(Clone, Copy)]
struct Kills(i32);
#[derive(Clone, Copy)]
struct Target(Entity);

/// The same units in both stores. Each one's target is a random other one.
struct Units {
    store: Store,
    ids: Vec<ObjectId>,
    world: World,
    entities: Vec<Entity>,
}

impl Units {
    fn new(count: usize) -> Result<Self, Box<dyn Error>> {
        let random = &mut StdRng::seed_from_u64(1);
        let values: Vec<(Vec3, Vec3, usize)> = (0..count)
            .map(|_| {
                let vector = |random: &mut StdRng| Vec3::from_array(random.random());
                (vector(random), vector(random), random.random_range(0..count))
            })
            .collect();
        let mut store = Store::new();
        store.register::<Unit>()?;
        let mut commands = store.commands();
        let ids = (0..count).map(|_| commands.reserve::<Unit>()).collect::<Result<Vec<_>, _>>()?;
        for (number, (id, value)) in ids.iter().zip(&values).enumerate() {
            let (position, velocity, target) = (value.0, value.1, ids[value.2]);
            let poison = number.is_multiple_of(100).then_some(0);
            let unit = Unit { position, velocity, health: i32::MAX, kills: 0, target, poison };
            commands.write(*id, unit)?;
        }
        commands.apply(&mut store)?;
        let mut world = World::new();
        let rows = values.iter().map(|(position, velocity, _)| {
            let target = Target(Entity::DANGLING);
            (Position(*position), Velocity(*velocity), Health(i32::MAX), Kills(0), target)
        });
        let entities: Vec<Entity> = world.spawn_batch(rows).collect();
        // Targets are known after the spawn only.
        for (entity, (_, _, target)) in entities.iter().zip(&values) {
            world.get::<&mut Target>(*entity)?.0 = entities[*target];
        }
        Ok(Self { store, ids, world, entities })
    }

    fn slotted_fire(&mut self) -> Outcome {
        let health = self.store.keys::<Unit>()?.health;
        let mut split = self.store.split();
        let mut healths = split.column_mut(health)?;
        for unit in split.view::<Firing>()? {
            if let Some(health) = healths.get_mut(*unit.target)
                && *health > 0
            {
                *health -= 1;
                *unit.kills += i32::from(*health <= 0);
            }
        }
        Ok(())
    }

    fn hecs_fire(&mut self) -> Outcome {
        let mut healths = self.world.view::<&mut Health>();
        for (target, kills) in &mut self.world.query::<(&Target, &mut Kills)>() {
            if let Some(health) = healths.get_mut(target.0)
                && health.0 > 0
            {
                health.0 -= 1;
                kills.0 += i32::from(health.0 <= 0);
            }
        }
        Ok(())
    }

    fn slotted_get(&mut self) -> Outcome {
        let units = self.store.view_ref::<Healths>()?.by_id();
        let healths = self.ids.iter().filter_map(|id| units.get(*id));
        black_box(healths.map(|unit| i64::from(*unit.health)).sum::<i64>());
        Ok(())
    }

    fn hecs_get(&mut self) -> Outcome {
        let view = self.world.view::<&Health>();
        let healths = self.entities.iter().filter_map(|id| view.get(*id));
        black_box(healths.map(|health| i64::from(health.0)).sum::<i64>());
        Ok(())
    }

    fn slotted_get_mut(&mut self) -> Outcome {
        let mut units = self.store.view::<Moving>()?.by_id();
        for id in &self.ids {
            if let Some(unit) = units.get(*id) {
                *unit.position += *unit.velocity * DT;
            }
        }
        Ok(())
    }

    fn hecs_get_mut(&mut self) -> Outcome {
        let mut units = self.world.view::<(&mut Position, &Velocity)>();
        for entity in &self.entities {
            if let Some((position, velocity)) = units.get_mut(*entity) {
                position.0 += velocity.0 * DT;
            }
        }
        Ok(())
    }

    fn slotted_loop(&mut self) -> Outcome {
        for unit in self.store.view::<Moving>()? {
            *unit.position += *unit.velocity * DT;
        }
        Ok(())
    }

    fn slotted_closure(&mut self) -> Outcome {
        self.store.view::<Moving>()?.for_each(|unit| *unit.position += *unit.velocity * DT);
        Ok(())
    }

    fn slotted_option(&mut self) -> Outcome {
        self.store.view::<MaybePoisoned>()?.for_each(|unit| {
            if let Some(poison) = unit.poison {
                *unit.health -= poison;
            }
        });
        Ok(())
    }

    fn slotted_set(&mut self) -> Outcome {
        self.store.view::<Poisoned>()?.for_each(|unit| *unit.health -= unit.poison);
        Ok(())
    }

    fn hecs_loop(&mut self) -> Outcome {
        for (position, velocity) in self.world.query_mut::<(&mut Position, &Velocity)>() {
            position.0 += velocity.0 * DT;
        }
        Ok(())
    }

    fn is_same(&self) -> Result<bool, Box<dyn Error>> {
        for (id, entity) in self.ids.iter().zip(&self.entities) {
            let unit: Unit = self.store.get_object(*id)?;
            let entity = self.world.entity(*entity)?;
            let (health, kills) = (entity.get::<&Health>(), entity.get::<&Kills>());
            if health.map(|health| health.0) != Some(unit.health)
                || kills.map(|kills| kills.0) != Some(unit.kills)
            {
                return Ok(false);
            }
        }
        Ok(true)
    }
}

/// Runs a form often enough for the clock.
fn times(count: u32, mut run: impl FnMut() -> Outcome) -> Outcome {
    (0..count).try_for_each(|_| run())
}

fn loops(objects: usize, rounds: u32) -> Result<String, Box<dyn Error>> {
    let units = std::cell::RefCell::new(Units::new(objects)?);
    let repeat = (2_000_000 / objects).clamp(1, 200) as u32;
    let form = |name, limit, run: fn(&mut Units) -> Outcome| {
        let units = &units;
        Form::new(name, limit, move || times(repeat, || run(&mut units.borrow_mut())))
    };
    let mut forms = vec![
        form("movement, `for`: hecs", 0, Units::hecs_loop),
        form("movement, `for`: slotted", 0, Units::slotted_loop),
        form("movement, closure: slotted", 0, Units::slotted_closure),
        form("firing at other units: hecs", 3, Units::hecs_fire),
        form("firing at other units: slotted", 3, Units::slotted_fire),
        form("`get` of a view in order: hecs", 5, Units::hecs_get),
        form("`get` of a view in order: slotted", 5, Units::slotted_get),
        form("movement by id: hecs", 7, Units::hecs_get_mut),
        form("movement by id: slotted", 7, Units::slotted_get_mut),
        form("a slot set in 1%, as `Option`: slotted", 9, Units::slotted_option),
        form("a slot set in 1%, by `#[slot(set)]`: slotted", 9, Units::slotted_set),
    ];
    sample(&mut forms, rounds)?;
    let each = 1e9 / (f64::from(repeat) * objects as f64);
    let table = table(&format!("{objects} units, per unit"), &forms, "ns", each);
    drop(forms);
    match units.borrow().is_same()? {
        true => Ok(table),
        false => Err("the stores differ after the same frames".into()),
    }
}

const FRAMES: u32 = 4;

/// Plays some frames of a new game.
fn played<G>(
    game: Result<G, Box<dyn Error>>,
    mut play: impl FnMut(&mut G, u32) -> Outcome,
) -> Result<Duration, Box<dyn Error>> {
    let mut game = game?;
    let start = Instant::now();
    (0..FRAMES).try_for_each(|frame| play(&mut game, frame))?;
    Ok(start.elapsed() / FRAMES)
}

/// The free-for-all in plain arrays, without ids: the cost of the rules alone.
struct ArrayGame {
    /// Position, speed and damage. A unit is its number.
    units: Vec<(IVec2, i32, i32)>,
    healths: Vec<i32>,
    kills: Vec<i32>,
}

impl ArrayGame {
    fn new(units: u32) -> Self {
        Self {
            units: new_units(units, |position, speed, _, damage| (position, speed, damage))
                .collect(),
            healths: new_units(units, |_, _, health, _| health).collect(),
            kills: vec![0; units as usize],
        }
    }

    fn play(&mut self, grid: &mut Grid<u32>, frame: u32) -> Outcome {
        let Self { units, healths, kills } = self;
        for (number, (position, speed, _)) in (0..).zip(&mut *units) {
            *position += step(frame, number, *speed);
        }
        let living = |number: &u32| healths[*number as usize] > 0;
        let numbers: Vec<u32> = (0..units.len() as u32).filter(living).collect();
        grid.rebuild(numbers.iter().map(|number| (units[*number as usize].0, *number)));
        for number in numbers {
            let (position, _, damage) = units[number as usize];
            let Some(target) = grid.nearest(number, position) else { continue };
            let health = &mut healths[target as usize];
            if *health > 0 {
                *health -= damage;
                kills[number as usize] += i32::from(*health <= 0);
            }
        }
        Ok(())
    }
}

/// Returns an error unless the game on slotted and the one in arrays have the same survivors.
fn compare_games(units: u32) -> Outcome {
    let (mut store, mut ours) = (slotted_game::new_game(units)?, Grid::default());
    let (mut arrays, mut plain) = (ArrayGame::new(units), Grid::default());
    for frame in 0..FRAMES {
        slotted_game::play(&mut store, &mut ours, frame)?;
        arrays.play(&mut plain, frame)?;
    }
    let survivors = store.objects::<slotted_game::Unit>()?;
    let survivors = survivors.map(|(id, unit)| (id.row(), unit.health, unit.kills));
    let expected = (0..).zip(arrays.healths.iter().zip(&arrays.kills));
    let expected = expected.map(|(row, (health, kills))| (row, *health, *kills));
    match survivors.eq(expected.filter(|(_, health, _)| *health > 0)) {
        true => Ok(()),
        false => Err("the games differ after the same frames".into()),
    }
}

fn frames(units: u32, rounds: u32) -> Result<String, Box<dyn Error>> {
    compare_games(units)?;
    let (mut ours, mut theirs, mut plain) = (Grid::default(), Grid::default(), Grid::default());
    let mut forms = vec![
        Form::timed("whole frame: hecs", 0, || {
            played(Ok(hecs_game::new_game(units)), |world, frame| {
                hecs_game::play(world, &mut theirs, frame)
            })
        }),
        Form::timed("whole frame: slotted", 0, || {
            played(slotted_game::new_game(units), |store, frame| {
                slotted_game::play(store, &mut ours, frame)
            })
        }),
        Form::timed("whole frame: plain arrays", 0, || {
            played(Ok(ArrayGame::new(units)), |game, frame| game.play(&mut plain, frame))
        }),
    ];
    sample(&mut forms, rounds)?;
    Ok(table(&format!("free-for-all of {units} units"), &forms, "ms", 1e3))
}

/// Sums a value of each object, in a random order.
fn by_id(objects: usize, rounds: u32) -> Result<String, Box<dyn Error>> {
    let mut units = Units::new(objects)?;
    units.ids.shuffle(&mut StdRng::seed_from_u64(2));
    let Units { store, ids, .. } = &units;
    let mut numbers = SideTable::new();
    for id in ids {
        numbers.insert(store, *id, id.row()).map_err(|_| "a dead unit")?;
    }
    let column = store.column(store.keys::<Unit>()?.kills)?;
    let repeat = (2_000_000 / objects).clamp(1, 200) as u32;
    let mut forms = vec![
        Form::new("`get` of a column", 0, || {
            times(repeat, || {
                black_box(ids.iter().filter_map(|id| column.get(*id)).sum::<i32>());
                Ok(())
            })
        }),
        Form::new("`get` of a side table", 0, || {
            times(repeat, || {
                black_box(ids.iter().filter_map(|id| numbers.get(store, *id)).sum::<u32>());
                Ok(())
            })
        }),
    ];
    sample(&mut forms, rounds)?;
    let each = 1e9 / (f64::from(repeat) * objects as f64);
    Ok(table(&format!("one value of {objects} units by id, in random order"), &forms, "ns", each))
}

/// A store in which a share of the objects is replaced again and again.
struct Churn {
    store: Store,
    living: Vec<ObjectId>,
}

impl Churn {
    fn new(objects: usize) -> Result<Self, Box<dyn Error>> {
        let mut store = Store::new();
        store.register::<Unit>()?;
        let mut commands = store.commands();
        let units = (0..objects).map(|number| commands.spawn_with(|own| Self::unit(own, number)));
        let living = units.collect::<Result<_, _>>()?;
        commands.apply(&mut store)?;
        Ok(Self { store, living })
    }

    fn unit(target: ObjectId, number: usize) -> Unit {
        let position = Vec3::splat(number as f32);
        Unit { position, velocity: Vec3::X, health: number as i32, kills: 0, target, poison: None }
    }

    fn by_hand(&mut self) -> Outcome {
        let (mut spawned, mut dead) = (Vec::new(), Vec::new());
        for (number, id) in self.living.iter().enumerate() {
            spawned.push(Self::unit(*id, number));
            dead.push(*id);
        }
        let ids = self.store.spawn_batch(spawned)?.collect();
        self.store.despawn_batch(&dead)?;
        self.living = ids;
        Ok(())
    }

    fn by_commands(&mut self) -> Outcome {
        let (mut commands, mut ids) = (self.store.commands(), Vec::new());
        for (number, id) in self.living.iter().enumerate() {
            ids.push(commands.spawn(Self::unit(*id, number))?);
            commands.despawn(*id);
        }
        commands.apply(&mut self.store)?;
        self.living = ids;
        Ok(())
    }
}

fn commands(objects: usize, rounds: u32) -> Result<String, Box<dyn Error>> {
    let (mut by_hand, mut by_commands) = (Churn::new(objects)?, Churn::new(objects)?);
    let mut forms = vec![
        Form::new("spawns and despawns in a `Vec`, then in batches", 0, || by_hand.by_hand()),
        Form::new("the same by `Commands`", 0, || by_commands.by_commands()),
    ];
    sample(&mut forms, rounds)?;
    let title = format!("{objects} spawns and despawns, per pair");
    let table = table(&title, &forms, "ns", 1e9 / objects as f64);
    drop(forms);
    match by_hand.store.len() == by_commands.store.len() && by_hand.living.len() == objects {
        true => Ok(table),
        false => Err("the stores differ after the same commands".into()),
    }
}

fn main() -> Outcome {
    let Options { tables: options } = Options::parse();
    let (is_test, rounds) = (options.mode.is_test(), options.rounds());
    let size = |objects: usize| if is_test { objects.min(500) } else { objects };
    let tables = [
        loops(size(10_000), rounds)?,
        loops(size(1_000_000), rounds)?,
        by_id(size(10_000), rounds)?,
        by_id(size(1_000_000), rounds)?,
        commands(size(100_000), rounds)?,
        frames(size(10_000) as u32, rounds)?,
        frames(size(1_000_000) as u32, rounds)?,
    ];
    let command = "cargo bench -p slotted_benches --bench game_loop";
    options.publish(&["slotted", "hecs"], command, &tables.join("\n"))
}
