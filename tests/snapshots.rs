//! Tests snapshots, hashes and deltas through the public API.

use slotted::exactly;
use slotted::glam::Vec3;
#[cfg(feature = "serde")]
use slotted::schema::SchemaBuilder;
use slotted::{
    Delta, Epoch, Kind, ObjectId, Schema, Slotted, SnapshotRing, Store, View, memory::BLOCK_ROWS,
    record, snapshot::changes, snapshot::changes_of,
};

type Outcome = Result<(), Box<dyn std::error::Error>>;

#[derive(Slotted, Clone, Copy)]
struct Unit {
    position: Vec3,
    health: f32,
    shield: Option<u16>,
}

#[derive(View)]
struct Health<'a> {
    health: &'a mut f32,
}

#[derive(View)]
struct Position<'a> {
    position: &'a Vec3,
}

const UNIT: Unit = Unit { position: Vec3::ONE, health: 10.0, shield: Some(3) };

fn units(count: usize) -> Result<(Store, Vec<ObjectId>), Box<dyn std::error::Error>> {
    let mut store = Store::new();
    store.register::<Unit>()?;
    let ids = store.spawn_batch(std::iter::repeat_n(UNIT, count))?.collect();
    Ok((store, ids))
}

fn hash_with_health(health: f32) -> Result<u64, Box<dyn std::error::Error>> {
    let mut store = Store::new();
    store.register::<Unit>()?;
    store.spawn(Unit { health, ..UNIT })?;
    Ok(store.state_hash())
}

#[test]
fn releasing_memory_frees_the_blocks_that_restoring_kept() -> Outcome {
    let (mut store, _) = units(3 * BLOCK_ROWS)?;
    store.release_memory();
    let past = store.snapshot();
    let before = store.memory_report().total();
    store.view::<Health>()?.for_each(|unit| *unit.health = 1.0);
    store.restore(&past)?;
    let kept = store.memory_report().total() - before;
    assert!(kept >= 3 * BLOCK_ROWS * size_of::<f32>(), "{kept} bytes for the next copies");
    store.release_memory();
    assert!(store.memory_report().total() <= before);
    Ok(())
}

#[test]
fn all_nan_have_equal_hashes_and_minus_zero_is_not_zero() -> Outcome {
    let other_nan = f32::from_bits(0xffc0_1234);
    assert_eq!(hash_with_health(f32::NAN)?, hash_with_health(other_nan)?);
    assert_ne!(hash_with_health(0.0)?, hash_with_health(-0.0)?);
    Ok(())
}

/// Builds the same world twice, with another order of texts and schemas, and with dead objects.
#[test]
fn hashes_do_not_depend_on_history() -> Outcome {
    let person = || Schema::builder("person").slot("name", Kind::Text).build();
    let friend = || Schema::builder("friend").slot("of", Kind::Object).build();
    let (mut one, mut two) = (Store::new(), Store::new());
    one.register_schema(person()?)?;
    one.register_schema(friend()?)?;
    two.register_schema(friend()?)?;
    two.register_schema(person()?)?;
    two.intern_text("Zoe")?;
    two.register::<Unit>()?;
    let doomed = two.spawn(UNIT)?;
    two.despawn(doomed)?;
    for store in [&mut one, &mut two] {
        let ada = store.spawn_record("person", record! { name: "Ada" })?;
        store.spawn_record("friend", record! { of: ada })?;
    }
    assert_eq!(one.state_hash(), two.state_hash());
    let bob = one.spawn_record("person", record! { name: "Bob" })?;
    assert_ne!(one.state_hash(), two.state_hash());
    one.despawn(bob)?;
    assert_eq!(one.state_hash(), two.state_hash());
    Ok(())
}

/// Hashes of lists depend on their elements only, not on interning order.
#[test]
fn lists_hash_by_their_elements() -> Outcome {
    let item = || {
        let item = Schema::builder("item").slot("drops", Kind::list(Kind::U16));
        let item = item.slot("tags", Kind::list(Kind::Text));
        item.slot("parts", Kind::list(Kind::Object)).optional().build()
    };
    let (mut one, mut two) = (Store::new(), Store::new());
    one.register_schema(item()?)?;
    one.intern_list(&[1_u8; 100])?;
    two.register::<Unit>()?;
    two.register_schema(item()?)?;
    two.intern_list(&[1_u16, 2])?;
    two.intern_text("sharp")?;
    let mut hashes = Vec::new();
    for store in [&mut one, &mut two] {
        let first = store.spawn_record("item", record! { drops: [2, 1], tags: ["a", "sharp"] })?;
        let rest = record! { drops: [1, 2], tags: ["sharp"], parts: [first, first] };
        let second = store.spawn_record("item", rest)?;
        let mut seen = vec![store.state_hash()];
        for (slot, value) in [
            ("drops", slotted::Value::from([2, 1])),
            ("drops", [1, 2, 0].into()),
            ("tags", ["a", "b"].into()),
            ("tags", ["b", "a"].into()),
            ("parts", [first, second].into()),
            ("parts", [second, first].into()),
        ] {
            store.set_value(second, slot, value)?;
            seen.push(store.state_hash());
            assert_eq!(store.snapshot().state_hash(), store.snapshot().to_store().state_hash());
        }
        hashes.push(seen);
    }
    assert_eq!(hashes[0], hashes[1]);
    let different: std::collections::HashSet<u64> = hashes[0].iter().copied().collect();
    assert_eq!(different.len(), hashes[0].len());
    Ok(())
}

/// Snapshots share the pools with the store. New lists must not appear in them.
#[test]
fn a_snapshot_does_not_see_later_lists() -> Outcome {
    let mut store = Store::new();
    let known = store.intern_list(&[1_u16, 2])?;
    let before = store.snapshot();
    let new = store.intern_list(&[3_u16])?;
    assert_eq!((before.resolve_list(known), before.resolve_list(new)), (Some(&[1, 2][..]), None));
    let mut other = before.to_store();
    let own = other.intern_list(&[4_u16])?;
    assert_eq!(
        (other.resolve_list(own), store.resolve_list(new)),
        (Some(&[4][..]), Some(&[3][..]))
    );
    Ok(())
}

#[test]
fn cached_block_hashes_give_the_hash_of_the_whole_store() -> Outcome {
    let (mut store, ids) = units(3 * BLOCK_ROWS)?;
    store.state_hash();
    for step in 0..5 {
        store.set_value(ids[step * 5000], "health", step as f32)?;
        store.set_value(ids[step * 3000], "shield", slotted::Value::Unset)?;
        store.despawn(ids[step * 4000 + 1])?;
        let kept = store.state_hash();
        assert_eq!(kept, store.clone().state_hash());
        assert_eq!(kept, store.snapshot().state_hash());
        // An independent store without cached hashes.
        let mut fresh = store.snapshot().to_store();
        fresh.register_schema(Schema::builder("nothing").build()?)?;
        assert_eq!(kept, fresh.state_hash());
    }
    Ok(())
}

#[cfg(feature = "serde")]
#[test]
fn the_size_of_a_delta_follows_the_changes() -> Outcome {
    let (mut store, ids) = units(4 * BLOCK_ROWS)?;
    let before = store.snapshot();
    let size = |after: &slotted::Snapshot| -> Result<usize, Box<dyn std::error::Error>> {
        Ok(postcard::to_allocvec(&Delta::between(&before, after)?)?.len())
    };
    let nothing = size(&store.snapshot())?;
    assert!(nothing < 50, "{nothing} bytes");
    for id in &ids[5000..6000] {
        store.set_value(*id, "health", 1.0)?;
    }
    let stretch = size(&store.snapshot())?;
    assert!((4000..4000 + 100).contains(&stretch), "{stretch} bytes for 1,000 floats");
    store.despawn_batch(&ids[..100])?;
    let despawned = size(&store.snapshot())?;
    assert!(despawned < stretch + 500, "{despawned} bytes");
    Ok(())
}

/// A delta of each frame must not carry the names of all slots; a saved game may.
#[cfg(feature = "serde")]
#[test]
fn only_full_deltas_hold_the_names_of_slots() -> Outcome {
    let slot = |schema: SchemaBuilder, number: usize| {
        schema.slot(format!("some_slot_{number}"), Kind::F32).default(0.0)
    };
    let mut store = Store::new();
    store.register_schema((0..30).fold(Schema::builder("unit"), slot).build()?)?;
    let id = store.spawn_record("unit", record! {})?;
    let before = store.snapshot();
    store.set_value(id, "some_slot_3", 1.0)?;
    let after = store.snapshot();
    let step = postcard::to_allocvec(&Delta::between(&before, &after)?)?;
    assert!(step.len() < 80, "{} bytes for one float", step.len());
    let full = postcard::to_allocvec(&Delta::full(&after))?;
    let names = |bytes: &[u8]| bytes.windows(10).filter(|name| name == b"some_slot_").count();
    assert_eq!((names(&step), names(&full)), (0, 30));
    Ok(())
}

#[test]
fn writing_an_equal_value_is_no_change() -> Outcome {
    let (mut store, _) = units(2 * BLOCK_ROWS)?;
    let before = store.snapshot();
    store.view::<Health>()?.for_each(|unit| *unit.health *= 1.0);
    let after = store.snapshot();
    assert!(changes(&before, &after)?.is_empty());
    assert!(Delta::between(&before, &after)?.is_empty());
    Ok(())
}

#[test]
fn changes_can_be_limited_to_some_slots() -> Outcome {
    let (mut store, ids) = units(20_000)?;
    let before = store.snapshot();
    store.set_value(ids[3], "health", 1.0)?;
    store.set_value(ids[9000], "position", Vec3::ZERO)?;
    store.set_value(ids[15_000], "shield", slotted::Value::Unset)?;
    store.despawn(ids[7])?;
    store.register_schema(Schema::builder("tile").slot("health", Kind::F32).build()?)?;
    let tile = store.spawn_record("tile", record! { health: 1.0 })?;
    let after = store.snapshot();

    let all = changes(&before, &after)?;
    let some = changes_of(&before, &after, |schema, slot| {
        schema.name() == "unit" && slot.name() != "position"
    })?;
    assert_eq!((some.spawned(), some.despawned()), (&[tile][..], &[ids[7]][..]));
    let others: Vec<_> = all.slots().iter().filter(|slot| slot.slot() != "position").collect();
    assert_eq!(others.len(), 2);
    assert_eq!(some.slots().iter().collect::<Vec<_>>(), others);
    let none = changes_of(&before, &after, |_, _| false)?;
    assert_eq!((none.slots().len(), none.spawned()), (0, all.spawned()));
    Ok(())
}

#[test]
fn all_objects_of_a_type_are_copied_row_by_row() -> Outcome {
    let (mut store, ids) = units(20_000)?;
    store.register_schema(Schema::builder("orc").extends("unit").build()?)?;
    let orc = store.spawn_record("orc", record! { position: Vec3::ONE, health: 1.0 })?;
    store.despawn_batch(&ids[5000..9000])?;
    store.set_value(ids[9500], "health", 7.0)?;
    let objects: Vec<(ObjectId, Unit)> = store.objects_of(exactly("unit"))?.collect();
    let living = || ids[..5000].iter().chain(&ids[9000..]).copied();
    assert!(objects.iter().map(|(id, _)| *id).eq(living()));
    assert!(store.objects::<Unit>()?.map(|(id, _)| id).eq(living().chain([orc])));
    for (id, unit) in objects {
        assert_eq!(unit.health, if id == ids[9500] { 7.0 } else { 10.0 });
        assert_eq!((unit.position, unit.shield), (Vec3::ONE, Some(3)));
    }
    let error = Store::new().objects::<Unit>().map(drop).unwrap_err();
    assert!(error.to_string().contains("Unit' is not registered"), "{error}");
    Ok(())
}

#[test]
fn only_blocks_that_were_written_to_are_visited() -> Outcome {
    let (mut store, ids) = units(4 * BLOCK_ROWS)?;
    let everything = Epoch::default();
    assert_eq!(store.view::<Health>()?.changed_since(everything).count(), store.len());
    let epoch = store.advance_epoch();
    assert_eq!(store.view::<Health>()?.changed_since(epoch).count(), 0);
    let snapshot = store.snapshot();
    assert_eq!(snapshot.view_ref::<Position>()?.changed_since(everything).count(), store.len());
    store.restore(&snapshot)?;
    assert_eq!(store.view::<Health>()?.changed_since(everything).count(), store.len());
    store.set_value(ids[BLOCK_ROWS + 7], "health", 1.0)?;
    assert_eq!(store.view_ref::<Position>()?.changed_since(epoch).count(), 0, "another slot");
    let mut visited = 0;
    store.view::<Health>()?.changed_since(epoch).for_each(|_| visited += 1);
    assert_eq!(visited, BLOCK_ROWS);
    assert_eq!(store.view::<Health>()?.changed_since(epoch).iter().count(), BLOCK_ROWS);

    let later = store.advance_epoch();
    store.despawn(ids[0])?;
    assert_eq!(store.view_ref::<Position>()?.changed_since(later).count(), BLOCK_ROWS - 1);
    Ok(())
}

#[cfg(feature = "rayon")]
#[test]
fn parallel_writes_do_not_change_a_snapshot() -> Outcome {
    let (mut store, ids) = units(5 * BLOCK_ROWS + 10)?;
    let health = store.key::<f32>("unit", "health")?;
    let mut ring = SnapshotRing::new(3);
    for frame in 0..10 {
        ring.save(frame, &mut store);
        store.view::<Health>()?.par_for_each(|unit| *unit.health += 1.0);
    }
    for (frame, snapshot) in ring.iter() {
        let expected = 10.0 + frame as f32;
        assert!(ids.iter().all(|id| snapshot.get(*id, health) == Some(expected)), "{frame}");
    }
    assert!(ids.iter().all(|id| store.get(*id, health) == Some(20.0)));
    Ok(())
}

#[test]
fn memory_shared_by_snapshots_counts_once() -> Outcome {
    let (mut store, _) = units(4 * BLOCK_ROWS)?;
    let mut ring = SnapshotRing::new(8);
    (0..8).for_each(|frame| ring.save(frame, &mut store));
    let shared = ring.heap_bytes(&store);
    let column = 4 * BLOCK_ROWS * size_of::<f32>();
    assert!(shared < 4 * BLOCK_ROWS * 3, "mostly generations: {shared} bytes");
    for frame in 8..16 {
        ring.save(frame, &mut store);
        store.view::<Health>()?.for_each(|unit| *unit.health += 1.0);
    }
    let eight = ring.heap_bytes(&store) - shared;
    assert!((8 * column..9 * column).contains(&eight), "{eight} bytes for eight columns");
    Ok(())
}

/// Returns the memory of a snapshot whose store has no objects any more.
fn bytes_of_a_snapshot(schema: Schema) -> Result<usize, Box<dyn std::error::Error>> {
    let (mut store, mut ring) = (Store::new(), SnapshotRing::new(1));
    store.register_schema(schema)?;
    store.spawn_records("tile", (0..BLOCK_ROWS).map(|_| record! { height: 1.0 }))?;
    ring.save(0, &mut store);
    store.clear();
    store.release_memory();
    Ok(ring.heap_bytes(&store))
}

#[test]
fn the_flags_of_optional_slots_are_memory_of_a_snapshot() -> Outcome {
    let tile = || Schema::builder("tile").slot("height", Kind::F32);
    let required = bytes_of_a_snapshot(tile().build()?)?;
    let optional = bytes_of_a_snapshot(tile().optional().build()?)?;
    assert!(optional >= required + BLOCK_ROWS, "{optional} and {required} bytes");
    Ok(())
}

#[test]
fn a_store_keeps_its_identity_and_its_copies_have_another() -> Outcome {
    let (mut store, ids) = units(3)?;
    let identity = store.identity();
    let snapshot = store.snapshot();
    store.despawn(ids[0])?;
    store.restore(&snapshot)?;
    let plan = store.plan_migration([])?;
    store.migrate(&plan)?;
    assert_eq!(store.identity(), identity);
    assert_ne!(store.clone().identity(), identity);
    assert_ne!(snapshot.to_store().identity(), identity);
    assert_ne!(Store::new().identity(), Store::new().identity());
    let moved = std::mem::take(&mut store);
    assert_eq!(moved.identity(), identity);
    assert_ne!(store.identity(), identity);
    drop(moved);
    assert_ne!(Store::new().identity(), identity, "a kept identity is not reused");
    Ok(())
}

/// The second world may be the older one, from before a schema was registered.
#[test]
fn a_delta_removes_objects_of_schemas_that_came_later() -> Result<(), Box<dyn std::error::Error>> {
    for is_despawned in [false, true] {
        let mut store = Store::new();
        store.register_schema(Schema::builder("unit").slot("x", Kind::U8).build()?)?;
        let before = store.snapshot();
        store.register_schema(Schema::builder("late").slot("x", Kind::U8).build()?)?;
        let late = store.spawn_record("late", record! { x: 1 })?;
        if is_despawned {
            store.despawn(late)?;
        }
        let after = store.snapshot();
        store.apply(&Delta::between(&after, &before)?)?;
        assert!(store.is_empty());
        assert_eq!(store.spawn_record("late", record! { x: 2 })?, late);
    }
    Ok(())
}
