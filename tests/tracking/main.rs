//! Slots that track their changes: views visit exactly the objects that were written.

mod model;

use slotted::view::{Mut, SplitStore, ViewMut};
use slotted::{
    AccessError, Delta, Epoch, Kind, ObjectId, Schema, Slotted, Snapshot, Store, View, exactly,
    memory::BLOCK_ROWS, record,
};

type Outcome = Result<(), Box<dyn std::error::Error>>;

#[derive(Slotted, Clone, Copy, Debug, PartialEq)]
struct Unit {
    health: f32,
    shield: Option<f32>,
    speed: f32,
}

const UNIT: Unit = Unit { health: 80.0, shield: None, speed: 1.0 };

#[derive(View)]
struct Healths<'a> {
    id: ObjectId,
    health: &'a f32,
}

#[derive(View)]
struct Shields<'a> {
    id: ObjectId,
    #[allow(dead_code, reason = "the field selects the slot")]
    shield: Option<&'a f32>,
}

#[derive(View)]
struct Both<'a> {
    id: ObjectId,
    #[allow(dead_code, reason = "the field selects the slot")]
    health: &'a f32,
    #[allow(dead_code, reason = "the field selects the slot")]
    shield: Option<&'a f32>,
}

#[derive(View)]
struct Healing<'a> {
    id: ObjectId,
    health: &'a mut f32,
}

#[derive(View)]
struct Choosing<'a> {
    id: ObjectId,
    health: Mut<'a, f32>,
}

/// Returns a store that tracks `health`, and its objects.
fn tracked(count: usize) -> (Store, Vec<ObjectId>) {
    let mut store = Store::new();
    store.register::<Unit>().expect("the schema is right");
    store.track_changes("unit", "health").expect("the slot exists");
    let ids = store.spawn_batch(vec![UNIT; count]).expect("there is room").collect();
    (store, ids)
}

fn changed(store: &Store, since: Epoch) -> Vec<ObjectId> {
    let view = store.view_ref::<Healths>().expect("the slot exists").changed_since(since);
    let ids: Vec<_> = view.iter().map(|unit| unit.id).collect();
    assert_eq!(view.count(), ids.len());
    let mut visited = Vec::new();
    view.for_each(|unit| visited.push(unit.id));
    assert_eq!(visited, ids);
    ids
}

#[test]
fn one_written_object_of_a_small_store_is_visited_alone() -> Outcome {
    let (mut store, ids) = tracked(502);
    let health = store.key::<f32>("unit", "health")?;
    let epoch = store.advance_epoch();
    store.set(ids[7], health, 5.0)?;
    assert_eq!(changed(&store, epoch), [ids[7]]);
    store.set_value(ids[400], "health", 6.0)?;
    *store.get_mut(ids[401], health).ok_or("alive")? = 7.0;
    store.set(ids[1], store.key("unit", "speed")?, 2.0_f32)?;
    assert_eq!(changed(&store, epoch), [ids[7], ids[400], ids[401]]);
    assert_eq!(changed(&store, Epoch::default()).len(), 502);
    let later = store.advance_epoch();
    assert_eq!(changed(&store, later), []);
    store.set(ids[400], health, 1.0)?;
    assert_eq!(changed(&store, later), [ids[400]]);
    assert_eq!(changed(&store, epoch), [ids[7], ids[400], ids[401]]);
    Ok(())
}

#[test]
fn spawns_are_visited_and_despawns_are_not() -> Outcome {
    let (mut store, ids) = tracked(502);
    let epoch = store.advance_epoch();
    store.despawn(ids[3])?;
    store.despawn(ids[4])?;
    assert_eq!(changed(&store, epoch), []);
    let new = store.spawn(UNIT)?;
    assert_eq!(new.row(), ids[3].row());
    let recorded = store.spawn_record("unit", record! { health: 1.0, speed: 2.0 })?;
    let copy = store.duplicate(ids[9])?;
    let batch: Vec<_> = store.spawn_batch([UNIT; 3])?.collect();
    let mut reserved = store.reserve_ids(["unit"])?;
    reserved.write_record(0, &record! { health: 1.0, speed: 2.0 })?;
    let reserved = reserved.spawn()?;
    let mut commands = store.commands();
    let commanded = commands.spawn(UNIT)?;
    commands.set_value(ids[100], "health", 3.0);
    commands.apply(&mut store)?;
    let mut expected = vec![new, recorded, copy, reserved[0], commanded, ids[100]];
    expected.extend(batch);
    expected.sort_unstable_by_key(|id| id.row());
    assert_eq!(changed(&store, epoch), expected);
    Ok(())
}

#[test]
fn a_block_of_nothing_but_changed_objects_counts_as_changed() -> Outcome {
    let (mut store, ids) = tracked(64);
    let health = store.key::<f32>("unit", "health")?;
    let epoch = store.advance_epoch();
    ids.iter().try_for_each(|id| store.set(*id, health, 5.0))?;
    let later = store.advance_epoch();
    for (since, blocks) in [(epoch, 1), (later, 0)] {
        assert_eq!(store.column(health)?.blocks_changed_since(since).count(), blocks);
    }
    Ok(())
}

#[test]
fn columns_mark_what_they_lend() -> Outcome {
    let (mut store, ids) = tracked(BLOCK_ROWS + 500);
    let health = store.key::<f32>("unit", "health")?;
    let epoch = store.advance_epoch();
    let mut column = store.column_mut(health)?;
    assert!(column.set(ids[5], 1.0));
    *column.get_mut(ids[BLOCK_ROWS]).ok_or("alive")? = 2.0;
    assert_eq!(column.get(ids[6]), Some(80.0));
    assert_eq!(changed(&store, epoch), [ids[5], ids[BLOCK_ROWS]]);
    store.column_mut(health)?.for_each_run(|run| run[0] = 3.0);
    assert_eq!(changed(&store, epoch), ids);
    Ok(())
}

#[test]
fn a_view_with_a_mutable_field_marks_what_it_visits() -> Outcome {
    let (mut store, ids) = tracked(502);
    let epoch = store.advance_epoch();
    assert_eq!(store.view::<Healing>()?.count(), 502);
    *store.view::<Healing>()?.get(ids[2]).ok_or("alive")?.health = 1.0;
    let mut by_id = store.view::<Healing>()?.by_id();
    for id in [ids[4], ids[9], ids[4]] {
        *by_id.get(id).ok_or("alive")?.health += 1.0;
    }
    let mut view = store.view::<Healing>()?;
    let [a, b] = view.get_disjoint_mut([ids[20], ids[10]])?;
    std::mem::swap(a.health, b.health);
    assert_eq!(changed(&store, epoch), [2, 4, 9, 10, 20].map(|number| ids[number]));
    let later = store.advance_epoch();
    store.view::<Healing>()?.changed_since(epoch).for_each(|unit| *unit.health += 1.0);
    assert_eq!(changed(&store, later), [2, 4, 9, 10, 20].map(|number| ids[number]));
    store.view::<Healing>()?.for_each(|unit| *unit.health += 1.0);
    assert_eq!(changed(&store, later), ids);
    Ok(())
}

/// A way to call a closure with each object of a view.
type Way = fn(ViewMut<'_, Choosing<'_>>, &dyn Fn(Choosing<'_>));

/// Each way to go through a view writes to the objects whose number is in the list, and reads the others.
#[test]
fn a_marking_field_marks_only_what_it_changes() -> Outcome {
    let written = [0, 1, 63, 64, 500, BLOCK_ROWS - 1, BLOCK_ROWS, BLOCK_ROWS + 77];
    let is_written = |id: ObjectId| written.contains(&(id.row() as usize));
    let visit = |mut unit: Choosing<'_>| {
        assert!(*unit.health >= 0.0);
        if is_written(unit.id) {
            *unit.health += 1.0;
        }
    };
    let ways: [(&str, Way); 6] = [
        ("for_each", |view, visit| view.for_each(visit)),
        ("for", |view, visit| {
            for unit in view {
                visit(unit);
            }
        }),
        ("iter", |mut view, visit| view.iter().for_each(visit)),
        ("runs", |view, visit| view.runs().for_each(|run| run.into_iter().for_each(visit))),
        ("for_each_run", |view, visit| {
            view.for_each_run(|run| run.into_iter().for_each(visit));
        }),
        ("zipped runs", |view, visit| {
            for run in view.runs() {
                for (id, health) in run.id.iter().zip(run.health) {
                    visit(Choosing { id, health });
                }
            }
        }),
    ];
    for has_holes in [false, true] {
        for (name, go) in ways {
            let (mut store, ids) = tracked(2 * BLOCK_ROWS);
            if has_holes {
                for id in ids.iter().skip(2).step_by(3).filter(|id| !is_written(**id)) {
                    store.despawn(*id)?;
                }
            }
            let epoch = store.advance_epoch();
            go(store.view()?, &visit);
            let expected: Vec<_> = written.iter().map(|number| ids[*number]).collect();
            assert_eq!(changed(&store, epoch), expected, "{name}, {has_holes}");
            let later = store.advance_epoch();
            go(store.view()?.changed_since(epoch), &|mut unit| *unit.health += 1.0);
            assert_eq!(changed(&store, later), expected, "{name}, {has_holes}, narrowed");
        }
    }
    Ok(())
}

#[cfg(feature = "rayon")]
#[test]
fn threads_mark_what_they_change() -> Outcome {
    let (mut store, ids) = tracked(3 * BLOCK_ROWS);
    let epoch = store.advance_epoch();
    store.view::<Choosing>()?.par_for_each(|mut unit| {
        if unit.id.row() % 1000 == 7 {
            *unit.health += 1.0;
        }
    });
    let expected: Vec<_> = ids.iter().copied().skip(7).step_by(1000).collect();
    assert_eq!(changed(&store, epoch), expected);
    store.view::<Healing>()?.par_for_each(|unit| *unit.health += 1.0);
    assert_eq!(changed(&store, epoch), ids);
    Ok(())
}

#[test]
fn single_marking_objects_mark_themselves() -> Outcome {
    let (mut store, ids) = tracked(BLOCK_ROWS + 10);
    let epoch = store.advance_epoch();
    let mut view = store.view::<Choosing>()?;
    assert_eq!(view.get(ids[3]).map(|unit| *unit.health), Some(80.0));
    *view.get(ids[4]).ok_or("alive")?.health = 1.0;
    let mut by_id = view.by_id();
    assert!(by_id.get(ids[5]).is_some_and(|unit| *unit.health == 80.0));
    *by_id.get(ids[BLOCK_ROWS + 6]).ok_or("alive")?.health = 1.0;
    let mut view = store.view::<Choosing>()?;
    let [mut a, b] = view.get_disjoint_mut([ids[7], ids[8]])?;
    *a.health += *b.health;
    assert_eq!(changed(&store, epoch), [ids[4], ids[7], ids[BLOCK_ROWS + 6]]);
    Ok(())
}

#[test]
fn an_untracked_slot_takes_a_marking_field_too() -> Outcome {
    let (mut store, ids) = tracked(502);
    store.stop_tracking("unit", "health")?;
    let epoch = store.advance_epoch();
    store.view::<Choosing>()?.for_each(|mut unit| {
        unit.health.set_if_neq(80.0);
    });
    *store.view::<Choosing>()?.by_id().get(ids[3]).ok_or("alive")?.health = 1.0;
    let values = store.view_ref::<Healths>()?.iter().map(|unit| *unit.health).sum::<f32>();
    assert_eq!(values, 501.0 * 80.0 + 1.0);
    assert_eq!(changed(&store, epoch), ids, "the whole block");
    Ok(())
}

#[test]
fn a_view_of_several_slots_sees_the_changes_of_each() -> Outcome {
    let (mut store, ids) = tracked(502);
    store.track_changes("unit", "shield")?;
    let shield = store.key::<Option<f32>>("unit", "shield")?;
    let epoch = store.advance_epoch();
    store.set_value(ids[3], "health", 1.0)?;
    store.set(ids[2], shield, Some(1.0))?;
    store.set_value(ids[9], "shield", None::<f32>)?;
    let both = store.view_ref::<Both>()?.changed_since(epoch).into_iter().map(|unit| unit.id);
    assert_eq!(both.collect::<Vec<_>>(), [ids[2], ids[3], ids[9]]);
    let shields = store.view_ref::<Shields>()?.changed_since(epoch).into_iter().map(|unit| unit.id);
    assert_eq!(shields.collect::<Vec<_>>(), [ids[2], ids[9]]);
    let set = store.view_ref::<Both>()?.changed_since(epoch).where_set("shield")?;
    assert_eq!(set.iter().map(|unit| unit.id).collect::<Vec<_>>(), [ids[2]]);
    store.stop_tracking("unit", "shield")?;
    assert_eq!(store.view_ref::<Both>()?.changed_since(epoch).count(), 502, "block by block");
    assert_eq!(changed(&store, epoch), [ids[3]]);
    Ok(())
}

#[test]
fn extending_schemas_track_the_slot_too() -> Outcome {
    let mut store = Store::new();
    store.register::<Unit>()?;
    store.register_schema(Schema::builder("orc").extends("unit").build()?)?;
    store.track_changes("unit", "health")?;
    store.register_schema(Schema::builder("boss").extends("orc").build()?)?;
    for schema in ["unit", "orc", "boss"] {
        assert!(store.tracks_changes(exactly(schema), "health")?, "{schema}");
        assert!(!store.tracks_changes(exactly(schema), "speed")?, "{schema}");
    }
    store.track_changes(exactly("orc"), "speed")?;
    store.register_schema(Schema::builder("grunt").extends("orc").build()?)?;
    assert!(store.tracks_changes(exactly("orc"), "speed")?);
    assert!(!store.tracks_changes("orc", "speed")?);
    assert!(!store.tracks_changes("grunt", "speed")?);
    store.stop_tracking("orc", "health")?;
    assert!(store.tracks_changes(exactly("unit"), "health")?);
    assert!(!store.tracks_changes("boss", "health")?);
    Ok(())
}

#[test]
fn later_schemas_inherit_tracking_that_covers_a_family_once() -> Outcome {
    for selectors in [[exactly("unit"), "unit".into()], ["unit".into(), exactly("unit")]] {
        let mut store = Store::new();
        store.register::<Unit>()?;
        for selector in selectors {
            store.track_changes(selector, "health")?;
        }
        store.register_schema(Schema::builder("orc").extends("unit").build()?)?;
        assert!(store.tracks_changes("orc", "health")?);
    }
    Ok(())
}

#[test]
fn an_unknown_slot_is_an_error() {
    let (mut store, _) = tracked(0);
    let error = store.track_changes("unit", "helth").unwrap_err();
    assert_eq!(error.to_string(), "'unit' object has no slot 'helth'; did you mean 'health'?");
    let error = store.track_changes("unti", "health").unwrap_err();
    assert!(matches!(error, AccessError::UnknownSchema { .. }), "{error}");
    assert!(store.stop_tracking("unit", "helth").is_err());
    assert!(store.tracks_changes("unit", "helth").is_err());
}

#[test]
fn copies_of_a_store_keep_tracking() -> Outcome {
    let (mut store, ids) = tracked(502);
    let health = store.key::<f32>("unit", "health")?;
    let epoch = store.advance_epoch();
    store.set(ids[3], health, 1.0)?;
    let snapshot: Snapshot = store.snapshot();
    store.set(ids[4], health, 1.0)?;
    assert_eq!(changed(&snapshot, epoch), [ids[3]]);
    for mut copy in [store.clone(), snapshot.to_store()] {
        let before = changed(&copy, epoch);
        let then = copy.advance_epoch();
        copy.set(ids[9], health, 1.0)?;
        assert_eq!(changed(&copy, then), [ids[9]]);
        assert_eq!(changed(&copy, epoch), [&before[..], &[ids[9]]].concat());
    }
    let refused: Result<(), AccessError> = store.transaction(|store| {
        store.set(ids[7], health, 1.0)?;
        store.set_value(ids[8], "nothing", 1)
    });
    assert!(refused.is_err());
    assert_eq!(changed(&store, epoch), [ids[3], ids[4]]);
    store.transaction(|store| store.set(ids[7], health, 1.0))?;
    assert_eq!(changed(&store, epoch), [ids[3], ids[4], ids[7]]);
    assert_eq!(changed(&store, snapshot.epoch()), [ids[4], ids[7]]);
    Ok(())
}

#[test]
fn going_back_marks_what_was_written_since() -> Outcome {
    let (mut store, ids) = tracked(502);
    let health = store.key::<f32>("unit", "health")?;
    store.set(ids[1], health, 1.0)?;
    let snapshot = store.snapshot();
    store.set(ids[2], health, 1.0)?;
    store.despawn(ids[5])?;
    store.despawn(ids[6])?;
    store.spawn(UNIT)?;
    let epoch = store.advance_epoch();
    store.restore(&snapshot)?;
    assert_eq!(changed(&store, epoch), [ids[2], ids[5], ids[6]]);
    assert!(store.tracks_changes("unit", "health")?);
    let delta = {
        let mut there = snapshot.to_store();
        there.set(ids[11], health, 5.0)?;
        there.despawn(ids[12])?;
        Delta::between(&snapshot, &there.snapshot())
    };
    assert!(delta.is_err(), "snapshots of two stores");
    let before = store.snapshot();
    store.set(ids[11], health, 5.0)?;
    let delta = Delta::between(&before, &store.snapshot())?;
    store.restore(&before)?;
    let epoch = store.advance_epoch();
    store.apply(&delta)?;
    assert_eq!(changed(&store, epoch), [ids[11]]);
    Ok(())
}

#[test]
fn migrations_keep_tracking_and_mark_everything() -> Outcome {
    let mut store = Store::new();
    let unit = || Schema::builder("unit").slot("name", Kind::Text);
    store.register_schema(unit().slot("health", Kind::U8).slot("speed", Kind::F32).build()?)?;
    store.register_schema(Schema::builder("tree").slot("age", Kind::U8).build()?)?;
    store.track_changes("unit", "health")?;
    store.track_changes("unit", "speed")?;
    store.track_changes("tree", "age")?;
    let unit_record = || record! { name: "Ada", health: 3, speed: 1.0 };
    let ids: Vec<_> = store.spawn_records("unit", (0..9).map(|_| unit_record()))?.collect();
    let tree = store.spawn_record("tree", record! { age: 3 })?;
    let epoch = store.advance_epoch();
    let next = unit().slot("health", Kind::U16).slot("pace", Kind::F32).renamed_from("speed");
    let elf = Schema::builder("elf").extends("unit");
    store.migrate(&store.plan_migration([next.build()?, elf.build()?])?)?;
    for (schema, slot) in [("unit", "health"), ("unit", "pace"), ("elf", "health"), ("tree", "age")]
    {
        assert!(store.tracks_changes(schema, slot)?, "{schema}.{slot}");
    }
    #[derive(View)]
    struct Paces<'a> {
        id: ObjectId,
        #[allow(dead_code, reason = "the field selects the slot")]
        pace: &'a f32,
    }
    #[derive(View)]
    struct Wide<'a> {
        id: ObjectId,
        #[allow(dead_code, reason = "the field selects the slot")]
        health: &'a u16,
    }
    #[derive(View)]
    struct Ages<'a> {
        #[allow(dead_code, reason = "the field selects the slot")]
        age: &'a u8,
    }
    let later = store.advance_epoch();
    assert_eq!(store.view_ref::<Paces>()?.changed_since(epoch).count(), 9);
    assert_eq!(store.view_ref::<Wide>()?.changed_since(epoch).count(), 9);
    assert_eq!(store.view_ref::<Ages>()?.changed_since(epoch).count(), 0);
    store.set_value(ids[3], "health", 300)?;
    store.set_value(ids[4], "pace", 2.0)?;
    let wide = store.view_ref::<Wide>()?.changed_since(later);
    assert_eq!(wide.iter().map(|unit| unit.id).collect::<Vec<_>>(), [ids[3]]);
    let paces = store.view_ref::<Paces>()?.changed_since(later);
    assert_eq!(paces.iter().map(|unit| unit.id).collect::<Vec<_>>(), [ids[4]]);
    store.set_value(tree, "age", 4)?;
    assert_eq!(store.view_ref::<Ages>()?.changed_since(later).count(), 1);
    Ok(())
}

#[test]
fn tracking_that_begins_late_knows_earlier_writes_by_block() -> Outcome {
    let (mut store, ids) = tracked(BLOCK_ROWS + 10);
    store.stop_tracking("unit", "health")?;
    let health = store.key::<f32>("unit", "health")?;
    let epoch = store.advance_epoch();
    store.set(ids[BLOCK_ROWS], health, 1.0)?;
    let later = store.advance_epoch();
    store.track_changes("unit", "health")?;
    assert_eq!(changed(&store, later), []);
    assert_eq!(changed(&store, epoch), ids[BLOCK_ROWS..]);
    store.set(ids[1], health, 1.0)?;
    assert_eq!(changed(&store, later), [ids[1]]);
    Ok(())
}

#[test]
fn split_stores_mark_as_views_of_the_whole_store_do() -> Outcome {
    let (mut store, ids) = tracked(502);
    let health = store.key::<f32>("unit", "health")?;
    let epoch = store.advance_epoch();
    let mut split: SplitStore<'_> = store.split();
    split.column_mut(health)?.set(ids[3], 1.0);
    *store.split().view::<Healing>()?.get(ids[4]).ok_or("alive")?.health = 1.0;
    *store.split().view::<Healing>()?.by_id().get(ids[5]).ok_or("alive")?.health = 1.0;
    store.split().view::<Choosing>()?.for_each(|mut unit| {
        if unit.id == ids[6] {
            *unit.health = 1.0;
        }
    });
    assert_eq!(changed(&store, epoch), ids[3..7]);
    store.split().view::<Healing>()?.for_each(|unit| *unit.health = 1.0);
    assert_eq!(changed(&store, epoch), ids);
    Ok(())
}

#[test]
fn marks_cost_two_bytes_for_each_object_of_a_block_with_some_changes() -> Outcome {
    let (mut store, ids) = tracked(10 * BLOCK_ROWS);
    let bytes = |store: &Store| store.memory_report().schemas[0].slots[0].reserved;
    let (before, health) = (bytes(&store), store.key::<f32>("unit", "health")?);
    store.advance_epoch();
    let shared = bytes(&store);
    for id in &ids[..BLOCK_ROWS] {
        store.set(*id, health, 1.0)?;
    }
    let marked = bytes(&store) - shared;
    assert!((2 * BLOCK_ROWS..2 * BLOCK_ROWS + 400).contains(&marked), "{marked}");
    assert!(shared - before < 400, "{shared} {before}");
    store.stop_tracking("unit", "health")?;
    assert!(bytes(&store) < before);
    Ok(())
}

#[derive(Slotted, Clone, Copy)]
struct Alone {
    health: f32,
    speed: f32,
}

#[derive(Slotted, Clone, Copy)]
struct Family {
    health: f32,
    speed: f32,
}

#[test]
fn going_back_after_any_number_of_epochs_marks_what_was_written_since() -> Outcome {
    for frames in 2..100 {
        let (mut store, units) = tracked(2);
        let health = store.key::<f32>("unit", "health")?;
        let mut pasts = Vec::new();
        for frame in 0..frames {
            store.set(units[0], health, frame as f32)?;
            pasts.push(store.snapshot());
        }
        store.restore(&pasts[frames - 2])?;
        let now = store.snapshot();
        let found = slotted::snapshot::changes(&pasts[frames - 1], &now)?;
        assert_eq!(found.slots().iter().map(|slot| slot.len()).sum::<usize>(), 1, "{frames}");
        let delta = Delta::between(&pasts[frames - 1], &now)?;
        let mut copy = pasts[frames - 1].to_store();
        copy.apply(&delta)?;
        assert_eq!(copy.state_hash(), now.to_store().state_hash(), "{frames}");
    }
    Ok(())
}

#[test]
fn going_back_to_before_a_schema_was_registered_keeps_its_tracking() -> Outcome {
    fn spawn_100<T: Slotted>(store: &mut Store, object: T) -> Vec<ObjectId> {
        let objects = std::iter::repeat_n(object, 100);
        store.spawn_batch(objects).expect("there is room").collect()
    }
    let (mut store, _) = tracked(3);
    let start = store.snapshot();
    let (alone, family) = (Alone { health: 1.0, speed: 1.0 }, Family { health: 1.0, speed: 1.0 });
    store.register::<Alone>()?;
    store.register::<Family>()?;
    spawn_100(&mut store, alone);
    spawn_100(&mut store, family);
    store.track_changes(exactly("alone"), "health")?;
    store.track_changes("family", "health")?;
    store.restore(&start)?;
    assert_eq!(store.len(), 3);
    spawn_100(&mut store, alone);
    spawn_100(&mut store, family);
    for (name, is_inherited) in [("alone", false), ("family", true)] {
        assert!(store.tracks_changes(exactly(name), "health")?);
        assert!(!store.tracks_changes(exactly(name), "speed")?);
        let epoch = store.advance_epoch();
        let new = if is_inherited { store.spawn(family)? } else { store.spawn(alone)? };
        assert_eq!(changed(&store, epoch), [new], "{name}");
        let epoch = store.advance_epoch();
        let new =
            if is_inherited { spawn_100(&mut store, family) } else { spawn_100(&mut store, alone) };
        assert_eq!(changed(&store, epoch), new, "{name}");

        let extension = format!("extension of {name}");
        store.register_schema(Schema::builder(&*extension).extends(name).build()?)?;
        assert_eq!(store.tracks_changes(exactly(&extension), "health"), Ok(is_inherited));
    }
    Ok(())
}

#[test]
fn a_schema_that_gets_a_tracked_base_tracks_too() -> Outcome {
    let mut store = Store::new();
    // In this order, a schema is examined before its new base.
    for name in ["captain", "orc"] {
        store.register_schema(Schema::builder(name).build()?)?;
    }
    store.register::<Unit>()?;
    store.track_changes("unit", "health")?;
    let captain = Schema::builder("captain").extends("orc").build()?;
    let orc = Schema::builder("orc").extends("unit").build()?;
    let plan = store.plan_migration([captain, orc])?;
    store.migrate(&plan)?;
    for schema in ["captain", "orc", "unit"] {
        assert!(store.tracks_changes(exactly(schema), "health")?, "{schema}");
        assert!(!store.tracks_changes(exactly(schema), "speed")?, "{schema}");
    }
    Ok(())
}

#[test]
fn tracking_that_was_stopped_does_not_come_back_with_a_snapshot() -> Outcome {
    let mut store = Store::new();
    store.register::<Unit>()?;
    store.track_changes("unit", "health")?;
    drop(store.snapshot());
    store.stop_tracking("unit", "health")?;
    let copy = store.snapshot().to_store();
    store.transaction(|_| Ok::<_, slotted::AccessError>(()))?;
    for store in [store, copy] {
        assert!(!store.tracks_changes("unit", "health")?);
    }
    Ok(())
}
