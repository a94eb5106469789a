//! Tests views in use at the same time, and single objects of a view.

use std::error::Error;

use slotted::{
    Kind, ObjectId, Schema, Slotted, Store, ThreadPool, View, record, view::OptionMut,
    view::SplitError,
};

type Outcome = Result<(), Box<dyn Error>>;

#[derive(Slotted, Clone, Copy)]
struct Unit {
    position: i64,
    velocity: i64,
    health: u32,
    shield: Option<u8>,
}

#[derive(View)]
struct Moving<'a> {
    position: &'a mut i64,
    velocity: &'a i64,
}

#[derive(View)]
struct Braking<'a> {
    velocity: &'a mut i64,
}

#[derive(View)]
struct Watching<'a> {
    id: ObjectId,
    velocity: &'a i64,
    health: Option<&'a u32>,
}

#[derive(View)]
struct Hurt<'a> {
    id: ObjectId,
    health: &'a mut u32,
    shield: OptionMut<'a, u8>,
}

const OBJECTS: i64 = 3 * slotted::memory::BLOCK_ROWS as i64 + 5;

fn unit(number: i64) -> Unit {
    Unit { position: 0, velocity: number, health: 100, shield: None }
}

/// Creates a store with units, with holes between them, and with drones of a schema from data.
fn store() -> Result<Store, Box<dyn Error>> {
    let mut store = Store::new();
    store.register::<Unit>()?;
    let ids: Vec<_> = store.spawn_batch((0..OBJECTS).map(unit))?.collect();
    let gone: Vec<_> = ids.into_iter().skip(7).step_by(3).collect();
    store.despawn_batch(&gone)?;
    let drone = Schema::builder("drone").slot("velocity", Kind::I64).slot("position", Kind::I64);
    store.register_schema(drone.build()?)?;
    for velocity in 0..10 {
        store.spawn_record("drone", record! { position: 1000, velocity: velocity })?;
    }
    Ok(store)
}

#[test]
fn views_of_different_slots_are_used_at_the_same_time() -> Outcome {
    let mut store = store()?;
    let mut expected = store.clone();
    expected.view::<Moving>()?.for_each(|unit| *unit.position += *unit.velocity);
    expected.view::<Hurt>()?.for_each(|mut unit| {
        *unit.health -= 1;
        unit.shield.set(Some(unit.id.row() as u8));
    });

    let mut columns = store.split();
    let (moving, watching) = (columns.view::<Moving>()?, columns.view::<Watching>()?);
    let hurt = columns.view::<Hurt>();
    assert!(hurt.is_err(), "another view reads the health");
    let seen = std::thread::scope(|scope| {
        scope.spawn(|| moving.for_each(|unit| *unit.position += *unit.velocity));
        scope.spawn(|| watching.iter().filter(|unit| unit.health.is_some()).count()).join()
    });
    let units = store.len_of("unit")?;
    assert_eq!(seen.map_err(|_| "a thread panicked")?, units);

    let mut columns = store.split();
    let (hurt, braking) = (columns.view::<Hurt>()?, columns.view::<Braking>()?);
    assert_eq!((hurt.count(), braking.count()), (units, units + 10));
    for run in hurt.runs() {
        run.health.iter_mut().for_each(|health| *health -= 1);
        for (id, mut shield) in run.id.iter().zip(run.shield) {
            shield.set(Some(id.row() as u8));
        }
    }
    assert_eq!(store.state_hash(), expected.state_hash());
    Ok(())
}

#[test]
fn a_conflicting_view_is_rejected_and_borrows_nothing() -> Outcome {
    let mut store = store()?;
    let mut columns = store.split();
    let braking = columns.view::<Braking>()?;
    let error = columns.view::<Moving>().unwrap_err();
    let borrowed = SplitError::Borrowed { schema: "unit".into(), slot: "velocity".into() };
    assert_eq!(error, borrowed, "reads a written slot");
    assert_eq!(columns.view::<Braking>().unwrap_err(), borrowed, "writes a written slot");
    drop(braking);
    assert_eq!(columns.view::<Braking>().unwrap_err(), borrowed, "until the store is split again");

    #[derive(View)]
    struct Positions<'a> {
        position: &'a mut i64,
    }
    assert!(columns.view::<Positions>().is_ok(), "the rejected view borrowed nothing");

    let mut columns = store.split();
    let readers = (columns.view::<Watching>()?, columns.view::<Watching>()?);
    assert_eq!(readers.0.count(), readers.1.count());
    assert_eq!(columns.view::<Braking>().unwrap_err(), borrowed, "writes a read slot");

    #[derive(View)]
    struct Wrong<'a> {
        health: &'a i8,
    }
    let error = columns.view::<Wrong>().unwrap_err();
    assert!(matches!(error, SplitError::View(_)));
    assert_eq!(error.to_string(), "slot 'health' of 'unit' is u32, not i8");
    Ok(())
}

#[test]
fn a_lent_view_sees_changes() -> Outcome {
    let mut store = store()?;
    let epoch = store.advance_epoch();
    let health = store.key::<u32>("unit", "health")?;
    let is_further = |id: &ObjectId| id.row() as usize > slotted::memory::BLOCK_ROWS;
    let second = store.ids_of("unit")?.find(is_further).ok_or("one")?;
    store.set(second, health, 5)?;
    let whole = store.view_ref::<Watching>()?.changed_since(epoch).count();
    let mut columns = store.split();
    let lent = columns.view::<Watching>()?.changed_since(epoch);
    assert_eq!(lent.count(), whole);
    assert_eq!(lent.iter().count(), whole);
    let snapshot = store.snapshot();
    let epoch = store.epoch();
    let mut columns = store.split();
    columns.view::<Braking>()?.for_each(|unit| *unit.velocity += 1);
    assert_eq!(store.view::<Braking>()?.changed_since(epoch).count(), store.len());
    assert_ne!(snapshot.state_hash(), store.state_hash(), "the snapshot is unchanged");
    Ok(())
}

#[test]
fn single_objects_of_a_view() -> Outcome {
    let mut store = store()?;
    let dead = store.ids().nth(6).ok_or("an object")?;
    store.despawn(dead)?;
    let ids: Vec<_> = store.ids().collect();
    let velocities = store.key::<i64>("unit", "velocity")?;
    let drones = store.key::<i64>("drone", "velocity")?;

    let mut view = store.view::<Moving>()?;
    for id in ids.iter().step_by(1000) {
        let unit = view.get(*id).ok_or("alive")?;
        *unit.position = *unit.velocity * 2;
    }
    assert!(view.get(dead).is_none());
    for id in ids.iter().step_by(1000) {
        let velocity = store.get(*id, velocities).or(store.get(*id, drones)).ok_or("alive")?;
        assert_eq!(store.get_value(*id, "position")?, (velocity * 2).into());
    }

    let last = *ids.last().ok_or("objects")?;
    let mut columns = store.split();
    let (mut hurt, mut watching) = (columns.view::<Hurt>()?, columns.view::<Braking>()?);
    let mut unit = hurt.get(ids[9]).ok_or("a unit")?;
    assert_eq!(unit.id, ids[9]);
    *unit.health = 7;
    unit.shield.set(Some(3));
    assert!(hurt.get(last).is_none(), "a drone has no health");
    assert_eq!(watching.get(last).map(|drone| *drone.velocity), Some(9));
    assert_eq!(watching.get(ids[2]).map(|unit| *unit.velocity), Some(2));
    assert_eq!(store.get_value(ids[9], "health")?, 7_u32.into());
    assert_eq!(store.get_value(ids[9], "shield")?, 3_u8.into());

    let mut view = store.view_ref::<Watching>()?;
    assert_eq!(view.get(ids[9]).and_then(|unit| unit.health.copied()), Some(7));
    assert_eq!(view.get(last).map(|drone| (drone.id, drone.health)), Some((last, None)));
    Ok(())
}

/// A pool with a thread for every item, and results in reverse order.
struct Backwards;

impl ThreadPool for Backwards {
    fn map<T: Send, R: Send>(&self, items: Vec<T>, work: impl Fn(T) -> R + Sync) -> Vec<R> {
        let work = &work;
        std::thread::scope(|scope| {
            let threads: Vec<_> =
                items.into_iter().map(|item| scope.spawn(move || work(item))).collect();
            threads.into_iter().rev().map(|thread| thread.join().expect("no panic")).collect()
        })
    }
}

#[test]
fn a_custom_pool_has_the_same_result() -> Outcome {
    let mut store = store()?;
    let snapshot = store.snapshot();
    let mut expected = snapshot.to_store();
    expected.view::<Moving>()?.for_each(|unit| *unit.position += *unit.velocity);
    store.view::<Moving>()?.par_for_each_on(&Backwards, |unit| *unit.position += *unit.velocity);
    assert_eq!(store.state_hash(), expected.state_hash());

    store.restore(&snapshot)?;
    let mut columns = store.split();
    columns.view::<Moving>()?.par_for_each_run_on(&Backwards, |run| {
        for (position, velocity) in run.position.iter_mut().zip(run.velocity) {
            *position += velocity;
        }
    });
    assert_eq!(store.state_hash(), expected.state_hash());
    Ok(())
}
