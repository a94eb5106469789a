//! A frame of the game: systems that visit objects, and record spawns, changes and despawns in commands.

use std::error::Error;
use std::f32::consts::TAU;

use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};
use slotted::glam::Vec2;
use slotted::{Commands, ObjectId, Slotted, Store, View, record};
use slotted_definitions::Definitions;

use crate::objects::{Bullet, Colonist, Colony, Item, Raider, Tower, Tree};

pub type Outcome = Result<(), Box<dyn Error>>;

/// Raiders start on a circle around the colony.
const BORDER: f32 = 60.0;
const FRAMES_BETWEEN_RAIDS: u32 = 80;
const TOWER_RANGE: f32 = 20.0;
const BULLET_SPEED: f32 = 2.0;
const BULLET_DAMAGE: f32 = 4.0;
const MOST_CARRIED: u8 = 3;
const COLONIST_SPEED: f32 = 0.5;
const RELOAD: u8 = 5;
const COLONIST_COST: u32 = 12;
/// Wood that is kept for towers.
const WOOD_RESERVE: u32 = 30;

/// Plays one frame and returns the new colonists.
pub fn play_frame(
    store: &mut Store,
    prototypes: &Definitions,
    colony: ObjectId,
    raid_size: u32,
) -> Result<Vec<ObjectId>, Box<dyn Error>> {
    let mut commands = store.commands();
    let mut state = store.get_object::<Colony>(colony)?;
    state.frame += 1;
    if state.frame % FRAMES_BETWEEN_RAIDS == 1 {
        send_raiders(&mut commands, prototypes, state.frame, raid_size)?;
    }
    move_raiders(store)?;
    burn_raiders(store, &mut commands)?;
    shoot(store, &mut commands)?;
    fly(store, &mut commands)?;
    gather_wood(store, &mut commands)?;
    state.wood += unload(store, &mut commands)?;
    state.killed += bury_raiders(store, &mut commands)?;
    state.lost += plunder(store, &mut commands)?;
    let mut newborn = Vec::new();
    while state.wood >= COLONIST_COST + WOOD_RESERVE {
        state.wood -= COLONIST_COST;
        let colonist = Colonist { position: Vec2::ZERO, tree: None, carries: 0 };
        newborn.push(commands.spawn(colonist)?);
    }
    commands.set_object(colony, state);
    commands.apply(store)?;
    Ok(newborn)
}

/// Spawns a leader and its followers. They refer to it, though it is not in the store yet.
fn send_raiders(
    commands: &mut Commands,
    prototypes: &Definitions,
    frame: u32,
    followers: u32,
) -> Outcome {
    // The frame seeds the numbers: a generator with its own state would not be in snapshots.
    let random = &mut StdRng::seed_from_u64(u64::from(frame));
    let gate = Vec2::from_angle(random.random_range(0.0..TAU)) * BORDER;
    let chief = record! { position: gate };
    let leader = prototypes.spawn_one(commands, Raider::SCHEMA_NAME, "chief", chief)?;
    for _ in 0..followers {
        let around = Vec2::new(random.random_range(-4.0..4.0), random.random_range(-4.0..4.0));
        let kind = if random.random_ratio(1, 8) { "runner" } else { "thug" };
        let follower = record! { position: gate + around, leader };
        prototypes.spawn_one(commands, Raider::SCHEMA_NAME, kind, follower)?;
    }
    Ok(())
}

#[derive(View)]
struct Marching<'a> {
    id: ObjectId,
    position: &'a mut Vec2,
    speed: &'a f32,
    leader: Option<&'a ObjectId>,
}

/// Raiders follow their leader; without a living one they march on the colony.
fn move_raiders(store: &mut Store) -> Outcome {
    // The view writes positions of raiders, and reads those of other raiders as they were before the frame.
    let position = store.keys::<Raider>()?.position;
    let before = store.snapshot();
    let positions = before.column(position)?;
    for raider in store.view::<Marching>()? {
        let leader = raider.leader.and_then(|leader| positions.get(*leader));
        let side = Vec2::from_angle(raider.id.row() as f32) * 2.0;
        let goal = leader.map_or(Vec2::ZERO, |leader| leader + side);
        *raider.position += (goal - *raider.position).clamp_length_max(*raider.speed);
    }
    store.reuse_memory_of(before);
    Ok(())
}

#[derive(View)]
struct Burning<'a> {
    id: ObjectId,
    health: &'a mut f32,
    #[slot(set)]
    burning: &'a mut u8,
}

fn burn_raiders(store: &mut Store, commands: &mut Commands) -> Outcome {
    let burning = store.keys::<Raider>()?.burning;
    for raider in store.view::<Burning>()? {
        *raider.health -= 0.1;
        *raider.burning -= 1;
        if *raider.burning == 0 {
            commands.set(raider.id, burning, None);
        }
    }
    Ok(())
}

#[derive(View)]
struct Placed<'a> {
    id: ObjectId,
    position: &'a Vec2,
}

fn nearest(
    objects: impl Iterator<Item = (ObjectId, Vec2)>,
    position: Vec2,
) -> Option<(ObjectId, Vec2)> {
    let distance = |object: &(ObjectId, Vec2)| object.1.distance_squared(position);
    objects.min_by(|a, b| distance(a).total_cmp(&distance(b)))
}

#[derive(View)]
struct Aiming<'a> {
    id: ObjectId,
    position: &'a Vec2,
    target: Option<&'a ObjectId>,
    reload: &'a mut u8,
    burns: &'a bool,
}

/// A tower keeps its target while that lives and is in range.
fn shoot(store: &mut Store, commands: &mut Commands) -> Outcome {
    let (tower, raider) = (store.keys::<Tower>()?, store.keys::<Raider>()?);
    let mut split = store.split();
    let positions = split.column(raider.position)?;
    let raiders = split.view_ref_of::<Placed>(Raider::SCHEMA_NAME)?;
    let raiders: Vec<_> = raiders.iter().map(|raider| (raider.id, *raider.position)).collect();
    for aiming in split.view_of::<Aiming>(Tower::SCHEMA_NAME)? {
        *aiming.reload = aiming.reload.saturating_sub(1);
        let is_near = |position: Vec2| position.distance(*aiming.position) < TOWER_RANGE;
        let kept = aiming.target.copied().filter(|id| positions.get(*id).is_some_and(is_near));
        let target = kept.or_else(|| {
            let nearest = nearest(raiders.iter().copied(), *aiming.position);
            nearest.filter(|raider| is_near(raider.1)).map(|raider| raider.0)
        });
        if target != aiming.target.copied() {
            commands.set(aiming.id, tower.target, target);
        }
        if let (0, Some(target)) = (*aiming.reload, target) {
            *aiming.reload = if *aiming.burns { RELOAD * 2 } else { RELOAD };
            commands.spawn(Bullet { position: *aiming.position, target, burns: *aiming.burns })?;
        }
    }
    Ok(())
}

#[derive(View)]
struct Flying<'a> {
    id: ObjectId,
    position: &'a mut Vec2,
    target: &'a ObjectId,
    burns: &'a bool,
}

/// Bullets follow their targets. The view writes positions of bullets, and reads those of raiders: other columns.
fn fly(store: &mut Store, commands: &mut Commands) -> Outcome {
    let raider = store.keys::<Raider>()?;
    let mut split = store.split();
    let positions = split.column(raider.position)?;
    let mut healths = split.column_mut(raider.health)?;
    for bullet in split.view_of::<Flying>(Bullet::SCHEMA_NAME)? {
        let Some(target) = positions.get(*bullet.target) else {
            commands.despawn(bullet.id);
            continue;
        };
        *bullet.position += (target - *bullet.position).clamp_length_max(BULLET_SPEED);
        if *bullet.position == target {
            commands.despawn(bullet.id);
            if let Some(health) = healths.get_mut(*bullet.target) {
                *health -= BULLET_DAMAGE;
            }
            if *bullet.burns {
                commands.set(*bullet.target, raider.burning, Some(60));
            }
        }
    }
    Ok(())
}

#[derive(View)]
struct Gathering<'a> {
    id: ObjectId,
    position: &'a mut Vec2,
    tree: Option<&'a ObjectId>,
    carries: &'a mut u8,
}

/// Colonists walk to a tree until they carry enough, then home.
fn gather_wood(store: &mut Store, commands: &mut Commands) -> Outcome {
    let (colonist, tree) = (store.keys::<Colonist>()?, store.keys::<Tree>()?);
    let mut split = store.split();
    let trees = split.view_ref_of::<Placed>(Tree::SCHEMA_NAME)?;
    let trees: Vec<_> = trees.iter().map(|tree| (tree.id, *tree.position)).collect();
    let positions = split.column(tree.position)?;
    let mut wood = split.column_mut(tree.wood)?;
    for gathering in split.view_of::<Gathering>(Colonist::SCHEMA_NAME)? {
        let own = *gathering.position;
        let goal = if *gathering.carries < MOST_CARRIED {
            let tree = gathering.tree.and_then(|id| Some((*id, positions.get(*id)?)));
            let tree = tree.or_else(|| {
                let found = nearest(trees.iter().copied(), own);
                commands.set(gathering.id, colonist.tree, found.map(|tree| tree.0));
                found
            });
            if let Some((id, place)) = tree
                && place == own
                && let Some(wood) = wood.get_mut(id).filter(|wood| **wood > 0)
            {
                *wood -= 1;
                *gathering.carries += 1;
                commands.spawn(Item { carrier: gathering.id, wood: 1 })?;
                if *wood == 0 {
                    commands.despawn(id);
                }
            }
            tree.map_or(Vec2::ZERO, |tree| tree.1)
        } else {
            Vec2::ZERO
        };
        *gathering.position += (goal - own).clamp_length_max(COLONIST_SPEED);
    }
    Ok(())
}

#[derive(View)]
struct Carried<'a> {
    id: ObjectId,
    carrier: &'a ObjectId,
    wood: &'a u32,
}

/// Empties the inventories of colonists who are home, and returns their wood. Items of dead colonists are lost.
fn unload(store: &mut Store, commands: &mut Commands) -> Result<u32, Box<dyn Error>> {
    let keys = store.keys::<Colonist>()?;
    let mut split = store.split();
    let positions = split.column(keys.position)?;
    let mut carries = split.column_mut(keys.carries)?;
    let mut wood = 0;
    for item in split.view::<Carried>()? {
        match positions.get(*item.carrier) {
            None => commands.despawn(item.id),
            Some(Vec2::ZERO) => {
                commands.despawn(item.id);
                wood += item.wood;
                if let Some(carries) = carries.get_mut(*item.carrier) {
                    *carries -= 1;
                }
            }
            Some(_) => {}
        }
    }
    Ok(wood)
}

#[derive(View)]
struct Mortal<'a> {
    id: ObjectId,
    position: &'a Vec2,
    health: &'a f32,
}

/// Removes raiders without health and returns their number.
fn bury_raiders(store: &Store, commands: &mut Commands) -> Result<u32, Box<dyn Error>> {
    let mut killed = 0;
    for raider in store.view_ref::<Mortal>()?.iter().filter(|raider| *raider.health <= 0.0) {
        commands.despawn(raider.id);
        killed += 1;
    }
    Ok(killed)
}

/// Each raider that reaches the colony disappears with one colonist. Returns the number of colonists lost.
fn plunder(store: &Store, commands: &mut Commands) -> Result<u32, Box<dyn Error>> {
    let mut colonists = store.ids_of(Colonist::SCHEMA_NAME)?;
    let mut lost = 0;
    for raider in store.view_ref::<Mortal>()? {
        if *raider.health > 0.0 && *raider.position == Vec2::ZERO {
            commands.despawn(raider.id);
            if let Some(colonist) = colonists.next() {
                commands.despawn(colonist);
                lost += 1;
            }
        }
    }
    Ok(lost)
}
