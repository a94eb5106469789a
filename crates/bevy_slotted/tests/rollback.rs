//! Frames of the store: saved, restored, hashed and simulated again.

use std::error::Error;
use std::sync::Mutex;

use bevy_ecs::error::{BevyError, FallbackErrorHandler};
use bevy_ecs::prelude::*;
use bevy_ecs::schedule::{Schedule, ScheduleLabel};
use bevy_slotted::prelude::*;
use bevy_slotted::rollback::{
    frame_hash, restore_frame, restore_frame_of, save_frame, save_frame_of,
};
use bevy_slotted::slotted::{Kind, Schema, SnapshotError, Store, record};
use bevy_slotted::{NoStore, RollbackError, StoreFrames};

type Outcome = Result<(), Box<dyn Error>>;

#[derive(Slotted, Clone, Copy, Debug, PartialEq)]
struct Unit {
    health: f32,
    born: u64,
}

#[derive(View)]
struct Health<'a> {
    id: ObjectId,
    health: &'a mut f32,
}

#[derive(Resource, Clone, Copy)]
struct FrameNumber(i32);

#[derive(Resource, Clone, Copy)]
struct Input(u64);

#[derive(ScheduleLabel, Clone, Debug, PartialEq, Eq, Hash)]
struct Save;

#[derive(ScheduleLabel, Clone, Debug, PartialEq, Eq, Hash)]
struct Load;

#[derive(ScheduleLabel, Clone, Debug, PartialEq, Eq, Hash)]
struct Advance;

fn number(frame: &FrameNumber) -> u64 {
    frame.0 as u64
}

/// Lowers the health of all units, despawns the dead, and spawns as many units as the input says.
fn simulate(
    mut units: Slots<Health>,
    mut commands: Commands,
    input: Res<Input>,
    frame: Res<FrameNumber>,
) {
    let mut dead = Vec::new();
    units.for_each(|unit| {
        *unit.health -= (1 + input.0 % 3) as f32;
        if *unit.health <= 0.0 {
            dead.push(unit.id);
        }
    });
    let born = number(&frame);
    let count = input.0 % 40;
    commands.change_objects(move |commands| {
        dead.into_iter().for_each(|id| commands.despawn(id));
        let mut units = (0..count).map(|n| Unit { health: (n % 9) as f32, born });
        units.try_for_each(|unit| commands.spawn(unit).map(drop))
    });
}

fn world(frames: StoreFrames) -> World {
    let mut world = World::new();
    world.insert_store(Store::new());
    world.store_mut().register::<Unit>().expect("valid");
    world.insert_resource(frames);
    world.insert_resource(FrameNumber(0));
    let mut save = Schedule::new(Save);
    save.add_systems(save_frame_of(number));
    let mut load = Schedule::new(Load);
    load.add_systems(restore_frame_of(number));
    let mut advance = Schedule::new(Advance);
    advance.add_systems(simulate);
    for schedule in [save, load, advance] {
        world.add_schedule(schedule);
    }
    world
}

fn advance(world: &mut World, input: u64) {
    world.insert_resource(Input(input));
    world.run_schedule(Advance);
    world.resource_mut::<FrameNumber>().0 += 1;
}

fn input(frame: u64) -> u64 {
    frame.wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 40
}

fn ids(world: &World) -> Vec<ObjectId> {
    world.store().ids().collect()
}

#[test]
fn restoring_a_frame_restores_values_ids_and_hashes() -> Outcome {
    let mut world = world(StoreFrames::new(4));
    let old = world.store_mut().spawn(Unit { health: 1.0, born: 0 })?;
    let hash = world.store_mut().state_hash();
    save_frame(&mut world, 7)?;
    world.store_mut().set_value(old, "health", 2.0)?;
    let next = world.store_mut().spawn(Unit { health: 3.0, born: 0 })?;
    save_frame(&mut world, 8)?;
    world.store_mut().despawn(old)?;
    let reused = world.store_mut().spawn(Unit { health: 4.0, born: 0 })?;
    assert_eq!(reused.row(), old.row());

    restore_frame(&mut world, 7)?;
    assert_eq!(ids(&world), [old]);
    assert_eq!(world.store().get_value(old, "health")?, 1.0_f32.into());
    assert_eq!(world.store_mut().state_hash(), hash);
    assert_eq!(frame_hash(&world, 7)?, hash);
    assert_eq!(world.store_mut().spawn(Unit { health: 9.0, born: 0 })?, next);
    // Frame 8 belonged to the discarded future.
    let kept = Some((7, 7));
    assert_eq!(frame_hash(&world, 8), Err(RollbackError::FrameGone { frame: 8, kept }));
    Ok(())
}

#[test]
fn simulating_again_gives_the_same_ids_and_hashes() -> Outcome {
    const FRAMES: u64 = 60;
    let mut straight = world(StoreFrames::new(1));
    let mut expected = Vec::new();
    for frame in 0..FRAMES {
        expected.push((straight.store_mut().state_hash(), ids(&straight)));
        advance(&mut straight, input(frame));
    }
    assert!(expected.iter().any(|(_, ids)| ids.len() > 50));
    let reused = |id: &ObjectId| id.generation() > 1;
    assert!(expected.iter().any(|(_, ids)| ids.iter().any(reused)), "rows are used again");

    for frames in [StoreFrames::new(9), StoreFrames::new(9).with_hashes()] {
        let mut world = world(frames);
        for frame in 0..FRAMES {
            world.run_schedule(Save);
            // The last eight inputs were mispredicted, and the right ones arrive now.
            let wrong = input(frame) + 1;
            advance(&mut world, wrong);
            let back = frame.saturating_sub(8);
            world.insert_resource(FrameNumber(back as i32));
            world.run_schedule(Load);
            for frame in back..=frame {
                let number = world.resource::<FrameNumber>().0 as u64;
                assert_eq!(number, frame);
                world.run_schedule(Save);
                let found = (frame_hash(&world, frame)?, ids(&world));
                assert_eq!(found, expected[frame as usize], "frame {frame}");
                advance(&mut world, input(frame));
            }
        }
        assert_eq!(world.store_mut().state_hash(), straight.store_mut().state_hash());
    }
    Ok(())
}

#[test]
fn hashes_of_different_frames_differ() -> Outcome {
    let mut world = world(StoreFrames::new(2).with_hashes());
    let unit = world.store_mut().spawn(Unit { health: 1.0, born: 0 })?;
    save_frame(&mut world, 0)?;
    world.store_mut().set_value(unit, "health", 2.0)?;
    save_frame(&mut world, 1)?;
    assert_ne!(frame_hash(&world, 0)?, frame_hash(&world, 1)?);
    let frames = world.resource::<StoreFrames>();
    let health = frames.get(0).ok_or("it is kept")?.get_value(unit, "health")?;
    assert_eq!(health, 1.0_f32.into());
    Ok(())
}

#[test]
fn the_error_for_a_missing_frame_lists_the_kept_frames() -> Outcome {
    let mut world = world(StoreFrames::new(3));
    let error = restore_frame(&mut world, 5).unwrap_err();
    assert_eq!(error.to_string(), "frame 5 of the store is not kept; no frame is");
    for frame in 0..10 {
        save_frame(&mut world, frame)?;
    }
    let unit = world.store_mut().spawn(Unit { health: 1.0, born: 0 })?;
    let error = restore_frame(&mut world, 6).unwrap_err();
    assert_eq!(error, RollbackError::FrameGone { frame: 6, kept: Some((7, 9)) });
    assert!(world.store().contains(unit), "nothing is changed");
    restore_frame(&mut world, 7)?;
    assert!(!world.store().contains(unit));
    world.resource_mut::<StoreFrames>().clear();
    assert!(restore_frame(&mut world, 7).is_err());
    Ok(())
}

#[test]
fn frames_of_another_store_or_of_other_schemas_are_rejected() -> Outcome {
    let mut world = world(StoreFrames::new(3));
    save_frame(&mut world, 0)?;
    let first = world.insert_store(Store::new()).ok_or("no store")?;
    let source = SnapshotError::OtherStore;
    assert_eq!(restore_frame(&mut world, 0), Err(RollbackError::Unusable { frame: 0, source }));
    save_frame(&mut world, 1)?;
    restore_frame(&mut world, 1)?;
    world.insert_store(first);
    restore_frame(&mut world, 0)?;

    let orc = |kind| Schema::builder("orc").slot("rage", kind).build();
    world.store_mut().register_schema(orc(Kind::F32)?)?;
    let id = world.store_mut().spawn_record("orc", record! { rage: 1.0 })?;
    save_frame(&mut world, 1)?;
    let plan = world.store_mut().plan_migration([orc(Kind::F64)?])?;
    world.store_mut().migrate(&plan)?;
    let source = SnapshotError::OtherSchemas;
    let error = restore_frame(&mut world, 1).unwrap_err();
    assert_eq!(error, RollbackError::Unusable { frame: 1, source });
    assert!(error.to_string().contains("frame 1 of the store cannot be restored"), "{error}");
    assert!(world.store().contains(id));
    Ok(())
}

#[test]
fn systems_report_missing_resources() {
    static ERRORS: Mutex<Vec<BevyError>> = Mutex::new(Vec::new());
    let mut world = world(StoreFrames::new(3));
    world.insert_resource(FallbackErrorHandler(|error, _| {
        ERRORS.lock().expect("no panic").push(error);
    }));
    world.run_schedule(Load);
    world.remove_resource::<FrameNumber>();
    world.run_schedule(Save);
    world.insert_resource(FrameNumber(0));
    world.remove_store();
    world.run_schedule(Save);
    world.remove_resource::<StoreFrames>();
    world.run_schedule(Load);

    let errors = ERRORS.lock().expect("no panic");
    let found = errors.iter().filter_map(|error| error.downcast_ref::<RollbackError>());
    let found: Vec<_> = found.copied().collect();
    let type_name = std::any::type_name::<FrameNumber>();
    let expected = [
        RollbackError::FrameGone { frame: 0, kept: None },
        RollbackError::NoNumber { type_name },
        RollbackError::NoStore(NoStore),
        RollbackError::NoFrames,
    ];
    assert_eq!(found, expected);
    assert_eq!(frame_hash(&world, 0), Err(RollbackError::NoFrames));
}
