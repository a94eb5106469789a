//! Tests that views visit all living objects of tables with holes.

use std::error::Error;

use slotted::{
    Kind, ObjectId, Schema, Slotted, Store, View, ViewError, glam::Vec3, record, view::OptionMut,
};

type Outcome = Result<(), Box<dyn Error>>;

#[derive(Slotted, Clone, Copy, Debug, PartialEq)]
struct Unit {
    position: Vec3,
    velocity: Vec3,
    number: u32,
    shield: Option<f32>,
}

#[derive(View)]
struct Moving<'a> {
    id: ObjectId,
    position: &'a mut Vec3,
    velocity: &'a Vec3,
    number: &'a u32,
    rage: Option<&'a f32>,
}

#[derive(View)]
struct Shields<'a> {
    number: &'a u32,
    shield: OptionMut<'a, f32>,
}

#[derive(View)]
struct Numbers<'a> {
    number: &'a u32,
    shield: Option<&'a f32>,
}

const UNITS: u32 = 10_000;

/// Units of which every one stays whose number `stays` picks.
fn units(stays: impl Fn(u32) -> bool) -> Result<(Store, Vec<ObjectId>), Box<dyn Error>> {
    let mut store = Store::new();
    store.register::<Unit>()?;
    let unit = |number| Unit {
        position: Vec3::splat(number as f32),
        velocity: Vec3::X,
        number,
        shield: number.is_multiple_of(3).then_some(1.0),
    };
    let ids: Vec<ObjectId> = store.spawn_batch((0..UNITS).map(unit))?.collect();
    let pairs = || ids.iter().copied().zip(0..);
    let gone: Vec<_> = pairs().filter(|(_, number)| !stays(*number)).map(|(id, _)| id).collect();
    store.despawn_batch(&gone)?;
    let left = pairs().filter(|(_, number)| stays(*number)).map(|(id, _)| id).collect();
    Ok((store, left))
}

fn check_all_ways_of_iterating(stays: impl Fn(u32) -> bool + Copy) -> Outcome {
    let (mut store, left) = units(stays)?;
    store.view::<Moving>()?.for_each(|unit| *unit.position += *unit.velocity);
    store.view::<Moving>()?.for_each_run(|run| {
        run.position.iter_mut().zip(run.velocity).for_each(|(position, step)| *position += *step);
    });
    for run in store.view::<Moving>()?.runs() {
        run.position.iter_mut().for_each(|position| position.y = -1.0);
    }
    let mut seen = Vec::new();
    store.view::<Moving>()?.for_each(|unit| {
        assert_eq!(*unit.position, Vec3::new(*unit.number as f32 + 2.0, -1.0, *unit.number as f32));
        assert!(unit.rage.is_none());
        seen.push(unit.id);
    });
    assert_eq!(seen, left);
    let iterated: Vec<_> = store.view::<Moving>()?.iter().map(|unit| unit.id).collect();
    assert_eq!(iterated, left);
    let in_runs: Vec<_> = store.view::<Moving>()?.runs().flat_map(|run| run.id.iter()).collect();
    assert_eq!(in_runs, left);
    assert_eq!(store.view::<Moving>()?.count(), left.len());
    Ok(())
}

#[test]
fn a_full_table_is_visited() -> Outcome {
    check_all_ways_of_iterating(|_| true)
}

#[test]
fn long_runs_are_visited() -> Outcome {
    check_all_ways_of_iterating(|number| number % 100 != 7)
}

#[test]
fn short_runs_are_visited() -> Outcome {
    check_all_ways_of_iterating(|number| number % 3 == 1)
}

#[test]
fn a_block_without_objects_is_skipped() -> Outcome {
    check_all_ways_of_iterating(|number| !(10..=9_000).contains(&number))
}

#[test]
fn optional_values_are_set_and_unset_in_ragged_and_whole_blocks() -> Outcome {
    for stays in [|_: u32| true, |number: u32| number.is_multiple_of(2)] {
        let (mut store, _) = units(stays)?;
        store.view::<Shields>()?.for_each(|mut unit| match unit.shield.get_mut() {
            Some(shield) => *shield += *unit.number as f32,
            None => unit.shield.set(Some(-1.0)),
        });
        store.view::<Shields>()?.for_each(|mut unit| {
            if unit.number % 5 == 0 {
                unit.shield.set(None);
            }
        });
        for unit in store.view_ref::<Numbers>()?.iter() {
            let expected = match unit.number {
                number if number % 5 == 0 => None,
                number if number % 3 == 0 => Some(1.0 + *number as f32),
                _ => Some(-1.0),
            };
            assert_eq!(unit.shield.copied(), expected);
        }
    }
    Ok(())
}

#[cfg(feature = "rayon")]
#[test]
fn threads_visit_each_object_once() -> Outcome {
    for stays in [
        |_: u32| true,
        |number: u32| number.is_multiple_of(2),
        |number: u32| !number.is_multiple_of(50),
    ] {
        let (mut store, left) = units(stays)?;
        store.view::<Moving>()?.par_for_each(|unit| unit.position.z += 1.0);
        store.view::<Moving>()?.par_for_each_run(|run| {
            run.position.iter_mut().for_each(|position| position.z += 1.0);
        });
        let moved = store.view::<Moving>()?.iter();
        let moved = moved.filter(|unit| unit.position.z == *unit.number as f32 + 2.0);
        assert_eq!(moved.count(), left.len());
    }
    Ok(())
}

#[test]
fn a_view_matches_schemas_from_rust_and_from_data_and_later_ones() -> Outcome {
    let (mut store, left) = units(|number| number < 5)?;
    assert_eq!(store.view::<Moving>()?.count(), left.len());
    let orc = Schema::builder("orc").extends("unit").slot("rage", Kind::F32).default(0.5);
    store.register_schema(orc.build()?)?;
    let record = record! { position: Vec3::ONE, velocity: Vec3::ZERO, number: 77 };
    let orc = store.spawn_record("orc", record)?;
    let orcs: Vec<_> =
        store.view::<Moving>()?.iter().filter(|unit| unit.rage == Some(&0.5)).collect();
    assert_eq!(orcs.iter().map(|orc| orc.id).collect::<Vec<_>>(), [orc]);
    assert_eq!(store.view_of::<Moving>("orc")?.count(), 1);
    assert_eq!(store.view_of::<Moving>("unit")?.count(), left.len());
    let mut number = store.key::<u32>("unit", "number")?;
    assert_eq!(store.get(orc, number), Some(77), "a key serves the schemas that extend its own");
    number = store.key("orc", "number")?;
    assert_eq!(store.get(left[0], number), None);
    Ok(())
}

#[test]
fn a_view_of_the_wrong_kind_says_so() -> Outcome {
    let mut store = Store::new();
    store.register_schema(Schema::builder("tile").slot("number", Kind::F32).build()?)?;
    let error = store.view_of::<Numbers>("tile").unwrap_err().to_string();
    assert_eq!(error, "slot 'number' of 'tile' is f32, not u32");
    assert!(matches!(store.view_ref::<Numbers>(), Err(ViewError::WrongType(_))));
    store.register::<Unit>()?;
    assert_eq!(store.view_ref::<Numbers>()?.count(), 0, "one schema matches, the other does not");
    let error = store.view_of::<Moving>("tile").unwrap_err().to_string();
    assert_eq!(error, "'tile' object has no slot 'position'");
    Ok(())
}
