//! Tests that keys, snapshots and deltas from before a migration are rejected or still correct.

use slotted::{
    Delta, Epoch, Kind, ObjectId, Schema, SlotKey, SnapshotError, SnapshotRing, Store, Value, View,
    error::ForeignKey, record, schema::SchemaBuilder, snapshot::changes,
};

use crate::{Outcome, migrate, objects, store_of};

fn two() -> SchemaBuilder {
    Schema::builder("unit").slot("a", Kind::F32).slot("b", Kind::F32)
}

fn swapped() -> SchemaBuilder {
    Schema::builder("unit").slot("b", Kind::F32).slot("a", Kind::F32)
}

fn store() -> Result<(Store, ObjectId), Box<dyn std::error::Error>> {
    let (store, ids) = store_of(two(), [record! { a: 1.0, b: 2.0 }])?;
    Ok((store, ids[0]))
}

fn refused_everywhere(store: &mut Store, id: ObjectId, key: SlotKey<f32>) {
    assert_eq!(store.get(id, key), None);
    let foreign = ForeignKey { kind: Kind::F32 };
    assert_eq!(store.set(id, key, 9.0), Err(foreign.clone().into()));
    assert_eq!(store.column(key).err(), Some(foreign.clone()));
    assert_eq!(store.column_mut(key).err(), Some(foreign.clone()));
    assert_eq!(
        foreign.to_string(),
        "the key of a f32 slot is of another store, or from before its schema changed; \
         look the key up again"
    );
}

#[test]
fn keys_of_moved_or_changed_slots_are_rejected() -> Outcome {
    for next in [
        swapped(),
        Schema::builder("unit").slot("c", Kind::F32).renamed_from("a").slot("b", Kind::F32),
        Schema::builder("unit").slot("a", Kind::F64).slot("b", Kind::F32),
        Schema::builder("unit").slot("a", Kind::F32).optional().slot("b", Kind::F32),
        Schema::builder("unit").slot("b", Kind::F32),
    ] {
        let (mut store, id) = store()?;
        let (a, b) = (store.key::<f32>("unit", "a")?, store.key::<f32>("unit", "b")?);
        migrate(&mut store, [next])?;
        let before = objects(&store);
        refused_everywhere(&mut store, id, a);
        assert_eq!(objects(&store), before);
        // The key of the other slot stays valid if that slot did not move.
        let place = store
            .schema("unit")
            .and_then(|unit| unit.slots().iter().position(|slot| slot.name() == "b"));
        match place {
            Some(1) => assert_eq!(store.get(id, b), Some(2.0)),
            _ => refused_everywhere(&mut store, id, b),
        }
    }
    Ok(())
}

#[test]
fn keys_of_unchanged_slots_stay_valid() -> Outcome {
    let (mut store, id) = store()?;
    let a = store.key::<f32>("unit", "a")?;
    migrate(&mut store, [two().slot("c", Kind::Text).optional()])?;
    assert_eq!(store.get(id, a), Some(1.0));
    store.set(id, a, 3.0)?;
    assert_eq!(store.column(a)?.get(id), Some(3.0));
    Ok(())
}

#[derive(View)]
struct Pair<'a> {
    a: &'a f32,
    b: &'a mut f32,
}

#[derive(View)]
struct First<'a> {
    a: &'a f32,
}

#[derive(View)]
#[view(lenient)]
struct Either<'a> {
    id: ObjectId,
    b: Option<&'a f32>,
}

#[test]
fn views_find_slots_at_their_new_positions() -> Outcome {
    let (mut store, id) = store()?;
    let pair = |store: &mut Store| -> Result<Vec<(f32, f32)>, slotted::ViewError> {
        Ok(store.view::<Pair>()?.iter().map(|pair| (*pair.a, *pair.b)).collect())
    };
    assert_eq!(pair(&mut store)?, [(1.0, 2.0)]);
    migrate(&mut store, [swapped()])?;
    assert_eq!(pair(&mut store)?, [(1.0, 2.0)]);
    store.view::<Pair>()?.for_each(|pair| *pair.b = 7.0);
    assert_eq!(store.get_value(id, "b")?, Value::F32(7.0));
    migrate(&mut store, [Schema::builder("unit").slot("a", Kind::F32)])?;
    let error = pair(&mut store).unwrap_err().to_string();
    assert_eq!(error, "view 'Pair' wants slot 'b', which no schema declares");
    assert_eq!(store.view_ref::<Either>()?.iter().filter(|unit| unit.b.is_none()).count(), 1);
    migrate(&mut store, [Schema::builder("unit").slot("a", Kind::F64)])?;
    assert!(store.view::<First>().is_err(), "another kind");
    migrate(&mut store, [two().default(4.0)])?;
    assert_eq!(pair(&mut store)?, [(1.0, 4.0)]);
    Ok(())
}

#[test]
fn slots_that_a_migration_adds_to_a_view_count_as_written() -> Outcome {
    let (mut store, id) = store()?;
    let ids = |store: &Store, epoch: Epoch| -> Result<Vec<ObjectId>, slotted::ViewError> {
        Ok(store.view_ref::<Either>()?.changed_since(epoch).iter().map(|unit| unit.id).collect())
    };
    let _kept = store.snapshot();
    let epoch = store.advance_epoch();
    assert_eq!(ids(&store, epoch)?, []);
    // Slot "a" is renamed to "b" and keeps its memory.
    let renamed = Schema::builder("unit").slot("b", Kind::F32);
    migrate(&mut store, [Schema::builder("unit").slot("a", Kind::F32)])?;
    let epoch = store.advance_epoch();
    migrate(&mut store, [renamed.clone().renamed_from("a")])?;
    assert_eq!(ids(&store, epoch)?, [id]);
    let epoch = store.advance_epoch();
    assert_eq!(ids(&store, epoch)?, []);
    Ok(())
}

#[test]
fn earlier_snapshots_can_only_be_read() -> Outcome {
    let (mut store, id) = store()?;
    let mut ring = SnapshotRing::new(3);
    ring.save(1, &mut store);
    let before = store.snapshot();
    let (seen, hash) = (objects(&store), store.state_hash());
    let grown = two().slot("c", Kind::U8).default(1);
    migrate(&mut store, [grown.clone()])?;
    let after = store.snapshot();
    ring.save(2, &mut store);

    assert_eq!(objects(&before), seen);
    assert_eq!(before.state_hash(), hash);
    let a = before.key::<f32>("unit", "a")?;
    assert_eq!((before.get(id, a), before.column(a)?.get(id)), (Some(1.0), Some(1.0)));
    assert_eq!(objects(&before.to_store()), seen);

    let now = objects(&store);
    let other = SnapshotError::OtherSchemas;
    assert_eq!(store.restore(&before), Err(other));
    assert_eq!(ring.restore(1, &mut store), Err(other));
    assert_eq!((ring.newest(), objects(&store)), (Some(2), now.clone()));
    for (from, to) in [(&before, &after), (&after, &before)] {
        assert_eq!(changes(from, to).err(), Some(other));
        assert_eq!(Delta::between(from, to).err(), Some(other));
    }
    assert_eq!(store.changes_since(&before).err(), Some(other));
    assert_eq!(
        other.to_string(),
        "the snapshot is from before a migration of the store's schemas; \
         it can be read, but not restored or compared"
    );

    // Even if the slots are the same again.
    migrate(&mut store, [two()])?;
    assert_eq!(store.restore(&before), Err(other));
    migrate(&mut store, [grown])?;
    assert_eq!(store.restore(&after), Err(other));
    store.reuse_memory_of(before);
    store.reuse_memory_of(after);
    (3..6).for_each(|frame| ring.save(frame, &mut store));
    store.set_value(id, "a", 5.0)?;
    ring.restore(4, &mut store)?;
    assert_eq!(objects(&store), now);
    Ok(())
}

#[test]
fn rejected_migrations_and_new_defaults_keep_snapshots_valid() -> Outcome {
    let (mut store, id) = store()?;
    let before = store.snapshot();
    store.set_value(id, "a", 6.0)?;
    assert!(migrate(&mut store, [two().slot("c", Kind::U8)]).is_err());
    assert!(migrate(&mut store, [two()])?.is_empty());
    let with_default = Schema::builder("unit").slot("a", Kind::F32).default(1.0);
    migrate(&mut store, [with_default.slot("b", Kind::F32), Schema::builder("new")])?;
    assert_eq!(changes(&before, &store.snapshot())?.slots().len(), 1);
    store.restore(&before)?;
    assert_eq!(store.get_value(id, "a")?, Value::F32(1.0));
    Ok(())
}

#[test]
fn an_earlier_delta_is_rejected() -> Outcome {
    let (mut store, id) = store()?;
    let before = store.snapshot();
    store.set_value(id, "a", 6.0)?;
    let delta = Delta::between(&before, &store.snapshot())?;
    store.restore(&before)?;
    migrate(&mut store, [swapped()])?;
    let error = store.apply(&delta).expect_err("other slots").to_string();
    assert!(error.starts_with("schema 'unit' has other slots here"), "{error}");
    assert_eq!(store.get_value(id, "a")?, Value::F32(1.0));
    Ok(())
}

#[test]
fn hashes_depend_on_the_current_state_only() -> Outcome {
    let (mut store, _) = store()?;
    store.state_hash();
    let next = || Schema::builder("unit").slot("c", Kind::F64).renamed_from("a");
    migrate(&mut store, [next()])?;
    let (mut fresh, _) = store_of(next(), [record! { c: 1.0 }])?;
    assert_eq!(store.state_hash(), fresh.state_hash());
    // Even if no value is written.
    let renamed = || Schema::builder("unit").slot("d", Kind::F64).renamed_from("c");
    migrate(&mut store, [renamed()])?;
    let (mut fresh, _) = store_of(renamed(), [record! { d: 1.0 }])?;
    assert_eq!(store.state_hash(), fresh.state_hash());
    migrate(&mut store, [next().renamed_from("d")])?;
    store.snapshot().to_store().apply(&Delta::full(&store.snapshot())).expect_err("not empty");
    let mut client = Store::new();
    client.register_schema(next().build()?)?;
    client.apply(&Delta::full(&store.snapshot()))?;
    assert_eq!(client.state_hash(), store.state_hash());
    Ok(())
}
