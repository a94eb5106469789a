//! Tests that views visit all living objects of tables with holes.

use std::error::Error;

use slotted::{
    Kind, ObjectId, Schema, Slotted, Store, View, ViewError, exactly, glam::Vec3,
    memory::BLOCK_ROWS, record, view::GetDisjointError, view::Mut, view::OptionMut,
    view::SplitError,
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
#[view(lenient)] // `rage` is declared later
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
struct Positions<'a> {
    position: &'a Vec3,
}

#[derive(View)]
struct Numbers<'a> {
    number: &'a u32,
    shield: Option<&'a f32>,
}

const UNITS: u32 = 10_000;

/// Creates units and despawns those whose number `stays` rejects.
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
    for run in store.view::<Moving>()?.runs() {
        assert_eq!(Some(run.id.first_row()), run.id.iter().next().map(|id| id.row()));
    }
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
fn optional_values_are_set_and_unset_in_partial_and_full_blocks() -> Outcome {
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
        let moved = store.view::<Moving>()?.into_iter();
        let moved = moved.filter(|unit| unit.position.z == *unit.number as f32 + 2.0);
        assert_eq!(moved.count(), left.len());
    }
    Ok(())
}

/// The other block stays shared with the snapshot.
#[test]
fn a_look_up_by_id_copies_its_own_block_only() -> Outcome {
    let (mut store, ids) = units(|_| true)?;
    let second_block = &ids[BLOCK_ROWS..];
    let before = store.snapshot();
    let epoch = store.advance_epoch();
    let mut moving = store.view::<Moving>()?.by_id();
    for id in [second_block[0], second_block[7], second_block[0]] {
        moving.get(id).ok_or("it is alive")?.position.y += 1.0;
    }
    let changed = store.view_ref::<Numbers>()?.changed_since(epoch).count();
    assert_eq!(changed, 0, "other slots stay as they were");
    let changed = store.view_ref::<Positions>()?.changed_since(epoch).count();
    assert_eq!(changed, second_block.len());
    let positions = |store: &Store| -> Result<Vec<f32>, ViewError> {
        Ok(store.view_ref::<Positions>()?.iter().map(|unit| unit.position.y).collect())
    };
    let mut expected = positions(&before)?;
    assert_eq!(expected, (0..UNITS).map(|number| number as f32).collect::<Vec<_>>());
    expected[BLOCK_ROWS] += 2.0;
    expected[BLOCK_ROWS + 7] += 1.0;
    assert_eq!(positions(&store)?, expected);
    Ok(())
}

/// Three neighbours, and one in the other block.
#[test]
fn objects_of_one_block_are_changed_together_in_any_order() -> Outcome {
    let (mut store, units) = units(|number| number % 7 != 3)?;
    let ids = [units[11], units[12], units[14], units[units.len() - 1]];
    let mut view = store.view::<Shields>()?;
    for order in permutations() {
        let ids = order.map(|position| ids[position]);
        for (mut unit, position) in view.get_disjoint_mut(ids)?.into_iter().zip(order) {
            unit.shield.set(Some(position as f32));
        }
        for (id, position) in ids.into_iter().zip(order) {
            let unit = view.get(id).ok_or("it is alive")?;
            assert_eq!(unit.shield.get(), Some(position as f32), "{order:?}");
        }
    }
    let error = view.get_disjoint_mut([ids[0], ids[1], ids[0]]).err();
    assert_eq!(error, Some(GetDisjointError::Repeated { id: ids[0] }));
    store.despawn(ids[1])?;
    let reborn = loop {
        let id = store.duplicate(ids[0])?;
        if id.row() >= ids[1].row() {
            break id;
        }
    };
    assert_eq!(reborn.row(), ids[1].row());
    let error = store.view::<Shields>()?.get_disjoint_mut([reborn, ids[1]]).err();
    assert_eq!(error, Some(GetDisjointError::Missing { id: ids[1] }));
    Ok(())
}

/// Returns all orders of four.
fn permutations() -> impl Iterator<Item = [usize; 4]> {
    let orders = (0..256).map(|n| [n % 4, n / 4 % 4, n / 16 % 4, n / 64]);
    orders.filter(|order| (0..4).all(|position| order.contains(&position)))
}

/// Checks the promise of `ExactSizeIterator` before each item.
fn assert_counts_down<T>(mut items: impl ExactSizeIterator<Item = T>, count: usize) {
    for left in (0..=count).rev() {
        assert_eq!(items.size_hint(), (left, Some(left)));
        assert_eq!(items.next().is_some(), left > 0);
    }
}

/// Defines a view for each type of field.
macro_rules! assert_views_count_down {
    ($store:ident, $count:literal: $($slot:ident: $field:ty),*) => {$({
        #[derive(View)]
        #[allow(dead_code, reason = "its objects are counted")]
        struct Counted<'a> {
            $slot: $field,
        }
        assert_counts_down($store.view::<Counted>()?.into_iter(), $count);
        let mut runs = $store.view::<Counted>()?.runs();
        let run = runs.next().ok_or("one run")?;
        assert_counts_down(run.into_iter(), $count);
        assert!(runs.next().is_none());
    })*};
}

#[test]
fn iterators_know_how_many_objects_are_left() -> Outcome {
    let (mut store, left) = units(|number| number < 3)?;
    assert_eq!(left.len(), 3);
    store.track_changes("unit", "velocity")?;
    assert_views_count_down!(store, 3:
        number: &'a u32, number: &'a mut u32, shield: Option<&'a f32>, shield: Option<&'a mut f32>,
        shield: OptionMut<'a, f32>, position: Mut<'a, Vec3>, velocity: Mut<'a, Vec3>);
    Ok(())
}

#[test]
fn a_view_matches_schemas_from_rust_from_data_and_later_ones() -> Outcome {
    let (mut store, left) = units(|number| number < 5)?;
    assert_eq!(store.view::<Moving>()?.count(), left.len());
    let orc = Schema::builder("orc").extends("unit").slot("rage", Kind::F32).default(0.5);
    store.register_schema(orc.build()?)?;
    let record = record! { position: Vec3::ONE, velocity: Vec3::ZERO, number: 77 };
    let orc = store.spawn_record("orc", record)?;
    let orcs: Vec<_> =
        store.view::<Moving>()?.into_iter().filter(|unit| unit.rage == Some(&0.5)).collect();
    assert_eq!(orcs.into_iter().map(|orc| orc.id).collect::<Vec<_>>(), [orc]);
    assert_eq!(store.view_of::<Moving>("orc")?.count(), 1);
    assert_eq!(store.view_of::<Moving>("unit")?.count(), left.len() + 1);
    assert_eq!(store.view_of::<Moving>(exactly("unit"))?.count(), left.len());
    let mut number = store.key::<u32>("unit", "number")?;
    assert_eq!(store.get(orc, number), Some(77), "a key serves the schemas that extend its own");
    number = store.key("orc", "number")?;
    assert_eq!(store.get(left[0], number), None);
    Ok(())
}

#[test]
fn a_view_of_the_wrong_kind_is_an_error() -> Outcome {
    let mut store = Store::new();
    store.register_schema(Schema::builder("tile").slot("number", Kind::F32).build()?)?;
    let error = store.view_of::<Numbers>("tile").unwrap_err().to_string();
    assert_eq!(error, "view 'Numbers' wants another kind: slot 'number' of 'tile' is f32, not u32");
    assert!(matches!(store.view_ref::<Numbers>(), Err(ViewError::WrongType { .. })));
    store.register::<Unit>()?;
    assert_eq!(store.view_ref::<Numbers>()?.count(), 0, "one schema matches, the other does not");
    let error = store.view_of::<Moving>("tile").unwrap_err().to_string();
    assert_eq!(error, "'tile' object has no slot 'position'");
    Ok(())
}

#[derive(View)]
#[allow(dead_code, reason = "it is refused")]
struct Misspelt<'a> {
    position: &'a mut Vec3,
    velocty: &'a Vec3,
}

const MISSPELT: &str =
    "view 'Misspelt' wants slot 'velocty', which no schema declares; did you mean 'velocity'?";

#[test]
fn every_view_method_rejects_a_misspelt_field() -> Outcome {
    let (mut store, _) = units(|number| number < 5)?;
    let error = store.view::<Misspelt>().unwrap_err();
    assert_eq!(
        error,
        ViewError::Undeclared {
            view: "Misspelt",
            slot: "velocty",
            kind: Kind::Vec3,
            suggestion: "velocity".into(),
        }
    );
    assert_eq!(error.to_string(), MISSPELT);
    assert_eq!(store.view::<Misspelt>().unwrap_err(), error, "the cached result");
    assert_eq!(store.view_report::<Misspelt>().error(), Some(&error));
    let split = store.split().view::<Misspelt>().unwrap_err();
    assert_eq!(split, SplitError::View(error));
    let named = store.view_of::<Misspelt>("unit").unwrap_err().to_string();
    assert_eq!(named, "'unit' object has no slot 'velocty'; did you mean 'velocity'?");

    #[derive(View)]
    #[allow(dead_code, reason = "it is refused")]
    struct MaybeMisspelt<'a> {
        number: &'a u32,
        sheild: Option<&'a f32>,
    }
    let message = "view 'MaybeMisspelt' wants slot 'sheild', which no schema declares; did you mean 'shield'?";
    assert_eq!(store.view_ref::<MaybeMisspelt>().unwrap_err().to_string(), message);
    assert_eq!(store.view_ref_of::<MaybeMisspelt>("unit").unwrap_err().to_string(), message);
    assert_eq!(store.snapshot().view_ref::<MaybeMisspelt>().unwrap_err().to_string(), message);
    Ok(())
}

#[test]
fn a_view_is_rejected_until_a_schema_declares_its_slots() -> Outcome {
    let mut store = Store::new();
    let message = "view 'Numbers' wants slot 'number', which no schema declares";
    assert_eq!(store.view::<Numbers>().unwrap_err().to_string(), message);
    store.register_schema(Schema::builder("tile").slot("number", Kind::U32).build()?)?;
    let message = "view 'Numbers' wants slot 'shield', which no schema declares";
    assert_eq!(store.view::<Numbers>().unwrap_err().to_string(), message);
    store.register_schema(Schema::builder("gate").slot("shield", Kind::F32).build()?)?;
    store.spawn_record("tile", record! { number: 7 })?;
    let numbers: Vec<u32> = store.view::<Numbers>()?.iter().map(|tile| *tile.number).collect();
    assert_eq!(numbers, [7]);
    Ok(())
}

#[test]
fn a_lenient_view_is_empty_until_its_slots_are_declared() -> Outcome {
    #[derive(View)]
    #[view(lenient)]
    struct Later<'a> {
        number: &'a u32,
        magic: &'a u8,
    }
    let mut store = Store::new();
    assert_eq!(store.view::<Later>()?.count(), 0);
    store.register_schema(Schema::builder("tile").slot("number", Kind::U32).build()?)?;
    assert_eq!(store.view_ref::<Later>()?.count(), 0);
    assert!(store.view_of::<Later>("tile").is_err(), "the named schema must have the slots");
    let wrong = Schema::builder("fake").slot("number", Kind::U32).slot("magic", Kind::Text);
    store.register_schema(wrong.build()?)?;
    let error = store.view::<Later>().unwrap_err().to_string();
    let message = "view 'Later' wants another kind: slot 'magic' of 'fake' is text, not u8";
    assert_eq!(error, message, "the only match has another kind");
    let wizard = Schema::builder("wizard").extends("tile").slot("magic", Kind::U8);
    store.register_schema(wizard.build()?)?;
    store.spawn_record("wizard", record! { number: 1, magic: 3 })?;
    let found: Vec<_> =
        store.view::<Later>()?.iter().map(|one| (*one.number, *one.magic)).collect();
    assert_eq!(found, [(1, 3)]);
    Ok(())
}

#[test]
fn schemas_with_slots_of_another_kind_are_skipped_and_reported() -> Outcome {
    let (mut store, left) = units(|number| number < 5)?;
    let tile = Schema::builder("tile").slot("number", Kind::U32).slot("shield", Kind::Text);
    store.register_schema(tile.build()?)?;
    store.spawn_record("tile", record! { number: 1, shield: "none" })?;
    let odd = Schema::builder("odd").slot("number", Kind::F32).slot("shield", Kind::U8);
    store.register_schema(odd.build()?)?;
    store.register_schema(Schema::builder("shield").slot("shield", Kind::U8).build()?)?;

    assert_eq!(store.view::<Numbers>()?.count(), left.len());
    let report = store.view_report::<Numbers>();
    assert_eq!(report.schemas().collect::<Vec<_>>(), ["unit"]);
    assert_eq!(report.error(), None);
    let skipped: Vec<String> = report.skipped().iter().map(ToString::to_string).collect();
    let expected = [
        "slot 'shield' of 'tile' is text, not f32",
        "slot 'number' of 'odd' is f32, not u32",
        "slot 'shield' of 'odd' is u8, not f32",
    ];
    assert_eq!(skipped, expected, "'shield' lacks a name that the view requires");
    let [tile, ..] = report.skipped() else { panic!("a skipped slot") };
    assert_eq!((tile.schema(), tile.slot()), ("tile", "shield"));
    assert_eq!((tile.declared(), tile.requested()), ((&Kind::Text, false), (&Kind::F32, false)));
    let error = store.view_of::<Numbers>("tile").unwrap_err().to_string();
    assert_eq!(error, format!("view 'Numbers' wants another kind: {}", expected[0]));
    Ok(())
}

#[test]
fn an_extension_with_an_optional_field_of_another_kind_is_skipped() -> Outcome {
    #[derive(View)]
    struct Raging<'a> {
        number: &'a u32,
        rage: Option<&'a f32>,
    }
    let (mut store, left) = units(|number| number < 5)?;
    for (name, kind) in [("orc", Kind::F32), ("troll", Kind::U8)] {
        let schema = Schema::builder(name).extends("unit").slot("rage", kind).default(1);
        store.register_schema(schema.build()?)?;
        store
            .spawn_record(name, record! { position: Vec3::ONE, velocity: Vec3::ONE, number: 3 })?;
    }
    assert_eq!(store.view_of::<Raging>("unit")?.count(), left.len() + 1);
    assert_eq!(store.view::<Raging>()?.iter().filter(|unit| unit.rage.is_some()).count(), 1);
    assert!(store.view::<Raging>()?.iter().all(|unit| *unit.number < 5));
    let report = store.view_report::<Raging>();
    assert_eq!(report.skipped().len(), 1);
    assert_eq!(report.skipped()[0].schema(), "troll");
    Ok(())
}
