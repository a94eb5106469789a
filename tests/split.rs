//! Tests views in use at the same time, and single objects of a view.

use std::error::Error;

use slotted::error::ForeignKey;
use slotted::{
    Kind, ObjectId, Schema, SlotKey, Slotted, Store, Text, ThreadPool, View, exactly,
    memory::BLOCK_ROWS,
    record,
    view::{OptionMut, SlotColumn, SplitError, SplitStore, SplitUse, SplitUser},
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

const OBJECTS: i64 = 3 * BLOCK_ROWS as i64 + 5;

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
        scope.spawn(|| watching.into_iter().filter(|unit| unit.health.is_some()).count()).join()
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
    let borrowed = |wanted, held| SplitError::Borrowed {
        schema: "unit".into(),
        slot: "velocity".into(),
        wanted,
        held,
    };
    let use_of = |name, is_written| SplitUse { user: SplitUser::View(name), is_written };
    let held = use_of("Braking", true);
    assert_eq!(error, borrowed(use_of("Moving", false), held), "reads a written slot");
    let error = columns.view::<Braking>().unwrap_err();
    assert_eq!(error, borrowed(held, held), "writes a written slot");
    drop(braking);
    assert_eq!(columns.view::<Braking>().unwrap_err(), error, "until the store is split again");

    #[derive(View)]
    struct Positions<'a> {
        position: &'a mut i64,
    }
    assert!(columns.view::<Positions>().is_ok(), "the rejected view borrowed nothing");

    let mut columns = store.split();
    let readers = (columns.view::<Watching>()?, columns.view::<Watching>()?);
    assert_eq!(readers.0.count(), readers.1.count());
    let error = columns.view::<Braking>().unwrap_err();
    assert_eq!(error, borrowed(held, use_of("Watching", false)), "writes a read slot");
    assert_eq!(
        error.to_string(),
        "view 'Braking' cannot write slot 'velocity' of 'unit': view 'Watching' reads it",
    );

    #[derive(View)]
    struct Wrong<'a> {
        health: &'a i8,
    }
    let error = columns.view::<Wrong>().unwrap_err();
    assert!(matches!(error, SplitError::View(_)));
    assert_eq!(
        error.to_string(),
        "view 'Wrong' wants another kind: slot 'health' of 'unit' is u32, not i8"
    );
    Ok(())
}

#[test]
fn a_lent_view_sees_changes() -> Outcome {
    let mut store = store()?;
    let epoch = store.advance_epoch();
    let health = store.key::<u32>("unit", "health")?;
    let is_further = |id: &ObjectId| id.row() as usize > BLOCK_ROWS;
    let second = store.ids_of("unit")?.find(is_further).ok_or("one")?;
    store.set(second, health, 5)?;
    let whole = store.view_ref::<Watching>()?.changed_since(epoch).count();
    let mut columns = store.split();
    let lent = columns.view::<Watching>()?.changed_since(epoch);
    assert_eq!(lent.count(), whole);
    assert_eq!(lent.into_iter().count(), whole);
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

    let view = store.view_ref::<Watching>()?;
    assert_eq!(view.get(ids[9]).and_then(|unit| unit.health.copied()), Some(7));
    assert_eq!(view.get(last).map(|drone| (drone.id, drone.health)), Some((last, None)));
    Ok(())
}

/// A pool with a thread for every item, and results in reverse order.
struct Backwards;

impl ThreadPool for Backwards {
    fn threads(&self) -> usize {
        3
    }

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

/// A way to borrow a slot.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Way {
    View,
    ViewOf,
    ViewRef,
    ViewRefOf,
    Column,
    ViewMut,
    ViewMutOf,
    ColumnMut,
}

const WAYS: [Way; 8] = [
    Way::View,
    Way::ViewOf,
    Way::ViewRef,
    Way::ViewRefOf,
    Way::Column,
    Way::ViewMut,
    Way::ViewMutOf,
    Way::ColumnMut,
];

const ALL: [&str; 3] = ["animal", "dog", "stone"];

/// One slot of some schemas, borrowed in one way.
#[derive(Clone, Copy, Debug)]
struct Borrow {
    way: Way,
    slot: &'static str,
    schema: &'static str,
    is_exact: bool,
}

impl Borrow {
    fn is_written(self) -> bool {
        matches!(self.way, Way::ViewMut | Way::ViewMutOf | Way::ColumnMut)
    }

    fn is_column(self) -> bool {
        matches!(self.way, Way::Column | Way::ColumnMut)
    }

    fn schemas(self) -> &'static [&'static str] {
        match (self.way, self.schema, self.is_exact) {
            (Way::View | Way::ViewRef | Way::ViewMut, ..) => &ALL,
            (_, "animal", false) => &["animal", "dog"],
            (_, "animal", true) => &["animal"],
            (_, "dog", _) => &["dog"],
            _ => &["stone"],
        }
    }

    fn user(self) -> SplitUse {
        let name = match (self.slot, self.is_written()) {
            ("age", false) => "Age",
            ("age", true) => "AgeMut",
            (_, false) => "Mass",
            (_, true) => "MassMut",
        };
        let user = if self.is_column() { SplitUser::Column } else { SplitUser::View(name) };
        SplitUse { user, is_written: self.is_written() }
    }

    /// Returns the schema for which this borrow conflicts with an earlier one.
    fn conflict(self, earlier: Self) -> Option<&'static str> {
        let mut both = self.schemas().iter().filter(|schema| earlier.schemas().contains(schema));
        let first = *both.next()?;
        let conflicts = self.slot == earlier.slot && (self.is_written() || earlier.is_written());
        conflicts.then_some(first)
    }

    /// Borrows the slot and returns the number of objects.
    fn take(self, split: &mut SplitStore<'_>, keys: &Keys) -> Result<usize, SplitError> {
        #[derive(View)]
        struct Age<'a> {
            age: &'a u32,
        }
        #[derive(View)]
        struct AgeMut<'a> {
            age: &'a mut u32,
        }
        #[derive(View)]
        struct Mass<'a> {
            mass: &'a u32,
        }
        #[derive(View)]
        struct MassMut<'a> {
            mass: &'a mut u32,
        }
        macro_rules! view {
            ($view:ident, $of:ident, $is_of:expr, $age:ty, $mass:ty) => {
                match (self.slot, $is_of, self.is_exact) {
                    ("age", false, _) => split.$view::<$age>()?.count(),
                    ("age", true, false) => split.$of::<$age>(self.schema)?.count(),
                    ("age", true, true) => split.$of::<$age>(exactly(self.schema))?.count(),
                    (_, false, _) => split.$view::<$mass>()?.count(),
                    (_, true, false) => split.$of::<$mass>(self.schema)?.count(),
                    (_, true, true) => split.$of::<$mass>(exactly(self.schema))?.count(),
                }
            };
        }
        let key = keys.get(self);
        Ok(match self.way {
            Way::View | Way::ViewOf => view!(view, view_of, self.way == Way::ViewOf, Age, Mass),
            Way::ViewRef | Way::ViewRefOf => {
                view!(view_ref, view_ref_of, self.way == Way::ViewRefOf, Age, Mass)
            }
            Way::ViewMut | Way::ViewMutOf => {
                view!(view, view_of, self.way == Way::ViewMutOf, AgeMut, MassMut)
            }
            Way::Column => split.column(key)?.runs().map(|run| run.len()).sum(),
            Way::ColumnMut => {
                let mut count = 0;
                split.column_mut(key)?.for_each_run(|run| count += run.len());
                count
            }
        })
    }
}

struct Keys(Vec<(&'static str, bool, &'static str, SlotKey<u32>)>);

impl Keys {
    fn get(&self, borrow: Borrow) -> SlotKey<u32> {
        let same = |(schema, is_exact, slot, _): &&(&str, bool, &str, SlotKey<u32>)| {
            (*schema, *is_exact, *slot) == (borrow.schema, borrow.is_exact, borrow.slot)
        };
        self.0.iter().find(same).expect("a key for each").3
    }
}

#[test]
fn every_pair_of_borrows_conflicts_only_in_a_written_slot_of_one_schema() -> Outcome {
    let mut store = Store::new();
    for (name, base) in [("animal", None), ("dog", Some("animal")), ("stone", None)] {
        let schema = Schema::builder(name);
        let schema = match base {
            Some(base) => schema.extends(base),
            None => schema.slot("age", Kind::U32).slot("mass", Kind::U32),
        };
        store.register_schema(schema.build()?)?;
    }
    for schema in ["animal", "dog", "dog", "stone", "stone", "stone", "stone"] {
        store.spawn_record(schema, record! { age: 1, mass: 2 })?;
    }
    let (mut borrows, mut keys) = (Vec::new(), Vec::new());
    for schema in ALL {
        for (is_exact, slot) in [(false, "age"), (true, "age"), (false, "mass"), (true, "mass")] {
            let key = match is_exact {
                true => store.key(exactly(schema), slot)?,
                false => store.key(schema, slot)?,
            };
            keys.push((schema, is_exact, slot, key));
            borrows.extend(WAYS.map(|way| Borrow { way, slot, schema, is_exact }));
        }
    }
    let keys = Keys(keys);
    let size = |borrow: Borrow| -> usize {
        let sizes = borrow.schemas().iter().map(|schema| match *schema {
            "animal" => 1,
            "dog" => 2,
            _ => 4,
        });
        sizes.sum()
    };
    let mut conflicts = 0;
    for first in &borrows {
        for second in &borrows {
            let mut split = store.split();
            assert_eq!(first.take(&mut split, &keys)?, size(*first), "{first:?}");
            let taken = second.take(&mut split, &keys);
            let Some(schema) = second.conflict(*first) else {
                assert_eq!(taken, Ok(size(*second)), "{first:?} and {second:?}");
                continue;
            };
            conflicts += 1;
            let expected = SplitError::Borrowed {
                schema: schema.into(),
                slot: first.slot.into(),
                wanted: second.user(),
                held: first.user(),
            };
            assert_eq!(taken, Err(expected), "{first:?} and {second:?}");
            // The refused borrow took nothing: whatever the first one leaves is still free.
            for schema in ALL.into_iter().filter(|schema| !first.schemas().contains(schema)) {
                let rest = Borrow { way: Way::ColumnMut, schema, is_exact: true, ..*second };
                assert_eq!(
                    rest.take(&mut split, &keys),
                    Ok(size(rest)),
                    "{first:?} and {second:?}"
                );
            }
        }
    }
    assert!(conflicts > 1000, "{conflicts}");
    Ok(())
}

#[test]
fn columns_refuse_keys_as_the_store_does() -> Outcome {
    let mut store = store()?;
    let mut other = Store::new();
    for name in ["a", "b", "c"] {
        let schema = Schema::builder(name).slot("health", Kind::U32).slot("x", Kind::Bool);
        other.register_schema(schema.build()?)?;
    }
    let (near, far) = (other.key::<u32>("a", "health")?, other.key::<u32>("c", "health")?);
    for key in [near, far] {
        let expected = store.column(key).map(|_| ()).expect_err("a key of another store");
        assert!(matches!(expected, ForeignKey { .. }));
        let mut split = store.split();
        let refused = split.column(key).map(|_| ()).unwrap_err();
        assert_eq!(refused, SplitError::Key(expected.clone()));
        let refused = split.column_mut(key).map(|_| ()).unwrap_err();
        assert_eq!(refused, SplitError::Key(expected));
        assert!(split.view::<Moving>().is_ok(), "a refused key borrows nothing");
    }
    let mut split = store.split();
    let unknown = split.view_of::<Moving>("dron").map(|_| ()).unwrap_err();
    assert_eq!(unknown.to_string(), "no schema 'dron' is registered; did you mean 'drone'?");
    let lacking = split.view_of::<Hurt>("drone").map(|_| ()).unwrap_err();
    assert_eq!(lacking.to_string(), "'drone' object has no slot 'health'");
    Ok(())
}

const fn is_sync<T: Send + Sync>(_: &T) {}

#[test]
fn a_shared_column_is_read_inside_a_parallel_view() -> Outcome {
    let mut store = store()?;
    let mut expected = store.clone();
    let velocities = store.key::<i64>("unit", "velocity")?;
    let last = store.ids_of("unit")?.last().ok_or("a unit")?;
    let last_velocity = store.get(last, velocities).ok_or("alive")?;
    expected.view_of::<Moving>("drone")?.for_each(|drone| *drone.position += last_velocity);
    expected.view_of::<Moving>("unit")?.for_each(|unit| *unit.position += last_velocity);

    let mut split = store.split();
    let units = split.column(velocities)?;
    is_sync(&units);
    is_sync(&split);
    // The drones' view writes positions and reads velocities; the units' view and column read velocities only.
    split.view_of::<Moving>("drone")?.par_for_each_on(&Backwards, |drone| {
        *drone.position += units.get(last).unwrap_or_default();
    });
    split.view_of::<Moving>(exactly("unit"))?.par_for_each_on(&Backwards, |unit| {
        *unit.position += units.get(last).unwrap_or_default();
    });
    assert_eq!(store.state_hash(), expected.state_hash());
    Ok(())
}

#[test]
fn other_rows_are_read_from_a_snapshot_while_their_column_is_written() -> Outcome {
    let mut store = store()?;
    let positions = store.key::<i64>("unit", "position")?;
    let ids: Vec<_> = store.ids_of("unit")?.collect();
    let mut next = 1;
    store.view_of::<Moving>("unit")?.for_each(|unit| {
        *unit.position = next;
        next += 1;
    });
    let before = store.snapshot();
    let past: SlotColumn<'_, i64> = before.column(positions)?;
    let mut number = 0;
    store.view_of::<Moving>("unit")?.for_each(|unit| {
        // The object before, which this loop has already changed.
        let other = ids[(number + ids.len() - 1) % ids.len()];
        *unit.position += 1000 * past.get(other).unwrap_or_default();
        number += 1;
    });
    for (number, id) in ids.iter().enumerate() {
        let (own, count) = (number as i64 + 1, ids.len() as i64);
        let other = if number == 0 { count } else { own - 1 };
        assert_eq!(store.get(*id, positions), Some(own + 1000 * other));
        assert_eq!(before.get(*id, positions), Some(own));
    }
    Ok(())
}

#[test]
fn a_split_store_resolves_texts_and_lists() -> Outcome {
    let mut store = store()?;
    let (name, costs) = (store.intern_text("Ada")?, store.intern_list(&[1_i64, 2])?);
    let dead = store.ids().next().ok_or("an object")?;
    store.despawn(dead)?;
    let alive = store.ids().next().ok_or("an object")?;
    let mut split = store.split();
    let moving = split.view::<Moving>()?;
    assert_eq!(split.resolve(name), Some("Ada"));
    assert_eq!((split.find_text("Ada"), split.find_text("Bob")), (Some(name), None::<Text>));
    assert_eq!(split.resolve_list(costs), Some(&[1, 2][..]));
    assert_eq!((split.contains(dead), split.contains(alive)), (false, true));
    assert!(moving.count() > 0);
    Ok(())
}
