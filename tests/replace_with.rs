//! Whole worlds put into stores of any history.

#![cfg(feature = "serde")]

use std::error::Error;

use slotted::{
    Delta, DeltaError, Kind, LimitError, Limits, ObjectId, Record, Schema, Slotted, Store, Text,
    View, record,
};

type Outcome = Result<(), Box<dyn Error>>;

#[derive(Slotted, Clone, Copy)]
struct Unit {
    health: f32,
    name: Text,
    #[slot(references = "unit")]
    target: Option<ObjectId>,
}

#[derive(View)]
struct Health<'a> {
    health: &'a mut f32,
}

fn tile() -> Schema {
    let jobs = Kind::enumeration(["none", "raider"]);
    let tile =
        Schema::builder("tile").slot("job", jobs).optional().slot("tags", Kind::list(Kind::Text));
    tile.build().expect("the schema is right")
}

fn store() -> Result<Store, Box<dyn Error>> {
    let mut store = Store::new();
    store.register::<Unit>()?;
    store.register_schema(tile())?;
    Ok(store)
}

fn fill(store: &mut Store, seed: usize) -> Result<Vec<ObjectId>, Box<dyn Error>> {
    let mut ids = Vec::new();
    for number in 0..300 + seed * 50 {
        let name = store.intern_text(&format!("unit {number} of {seed}"))?;
        let target = store.ids_of("unit")?.next();
        ids.push(store.spawn(Unit { health: (number + seed) as f32, name, target })?);
        if number % 3 == 0 {
            let tags = vec![format!("tag {}", number % 5); number % 4];
            ids.push(store.spawn_record("tile", record! { job: "raider", tags })?);
        }
        if number % 7 == seed % 7 {
            store.despawn(ids.swap_remove(number / 2))?;
        }
    }
    Ok(ids)
}

fn dump(store: &Store) -> Vec<(ObjectId, Record)> {
    store.ids().map(|id| (id, store.get_record(id).expect("a listed id is alive"))).collect()
}

fn save(store: &mut Store) -> Result<Vec<u8>, Box<dyn Error>> {
    Ok(postcard::to_allocvec(&Delta::full(&store.snapshot()))?)
}

fn load(store: &mut Store, bytes: &[u8]) -> Outcome {
    Ok(store.replace_with(&postcard::from_bytes(bytes)?)?)
}

/// The hashes as another store computes them, from nothing.
fn fresh_hashes(store: &mut Store) -> (u64, u64) {
    let mut fresh = store.snapshot().to_store();
    (fresh.state_hash(), fresh.future_ids_hash())
}

#[test]
fn quick_loads_bring_back_values_ids_and_ids_to_come() -> Outcome {
    let mut game = store()?;
    let health = game.key::<f32>("unit", "health")?;
    fill(&mut game, 0)?;
    let mut saves = Vec::new();
    for seed in 1..6 {
        let bytes = save(&mut game)?;
        let hashes = (game.state_hash(), game.future_ids_hash());
        saves.push((bytes, dump(&game), hashes));
        fill(&mut game, seed)?;
    }
    for round in 0..12 {
        let (bytes, expected, hashes) = &saves[round * 3 % saves.len()];
        load(&mut game, bytes)?;
        assert_eq!(dump(&game), *expected);
        assert_eq!((game.state_hash(), game.future_ids_hash()), *hashes);
        assert_eq!(fresh_hashes(&mut game), *hashes);
        let mut other = store()?;
        load(&mut other, bytes)?;
        // Both go on in the same way, from the same ids.
        assert_eq!(fill(&mut game, round)?, fill(&mut other, round)?);
        game.view::<Health>()?.for_each(|unit| *unit.health += 1.0);
        let unit = game.ids_of("unit")?.next().ok_or("there are units")?;
        assert!(game.get(unit, health).is_some_and(|health| health >= 1.0));
        assert_eq!((game.state_hash(), game.future_ids_hash()), fresh_hashes(&mut game));
    }
    Ok(())
}

#[test]
fn cleared_and_released_stores_take_a_world_too() -> Outcome {
    let mut game = store()?;
    fill(&mut game, 1)?;
    let (bytes, expected) = (save(&mut game)?, dump(&game));
    game.clear();
    let refused = game.apply(&postcard::from_bytes(&bytes)?);
    assert_eq!(refused, Err(DeltaError::OtherRows));
    load(&mut game, &bytes)?;
    assert_eq!(dump(&game), expected);
    game.clear();
    game.release_memory();
    load(&mut game, &bytes)?;
    assert_eq!(dump(&game), expected);
    // The world of a store without objects.
    let empty = save(&mut store()?)?;
    load(&mut game, &empty)?;
    assert!(game.is_empty());
    assert_eq!(game.future_ids_hash(), store()?.future_ids_hash());
    Ok(())
}

#[test]
fn snapshots_from_before_are_still_restored() -> Outcome {
    let mut game = store()?;
    fill(&mut game, 1)?;
    let bytes = save(&mut game)?;
    fill(&mut game, 2)?;
    let (before, expected) = (game.snapshot(), dump(&game));
    let hashes = (game.state_hash(), game.future_ids_hash());
    load(&mut game, &bytes)?;
    let loaded = (game.snapshot(), dump(&game));
    let epoch = game.advance_epoch();
    game.restore(&before)?;
    assert_eq!(dump(&game), expected);
    assert_eq!((game.state_hash(), game.future_ids_hash()), hashes);
    assert!(game.view::<Health>()?.changed_since(epoch).count() > 0);
    let there = Delta::between(&before, &loaded.0)?;
    game.apply(&there)?;
    assert_eq!(dump(&game), loaded.1);
    Ok(())
}

#[test]
fn worlds_go_into_stores_with_schemas_in_another_order() -> Outcome {
    let mut game = store()?;
    let ids = fill(&mut game, 3)?;
    let bytes = save(&mut game)?;
    let mut other = Store::new();
    other.register_schema(Schema::builder("marker").build()?)?;
    other.register_schema(tile())?;
    other.register::<Unit>()?;
    fill(&mut other, 5)?;
    other.spawn_record("marker", record! {})?;
    load(&mut other, &bytes)?;
    assert_eq!(other.len_of("marker")?, 0);
    assert_eq!(other.len(), ids.len());
    assert_eq!(other.state_hash(), game.state_hash());
    assert_eq!(save(&mut other)?.len(), bytes.len());
    Ok(())
}

/// Asserts that the store refuses the delta and stays as it is, with its hashes.
fn assert_refused(store: &mut Store, delta: &Delta) -> DeltaError {
    let expected = (dump(store), store.state_hash(), store.future_ids_hash());
    let error = store.replace_with(delta).expect_err("the delta does not fit");
    assert_eq!((dump(store), store.state_hash(), store.future_ids_hash()), expected);
    assert_eq!(fresh_hashes(store), (expected.1, expected.2));
    error
}

#[test]
fn refused_worlds_leave_everything_as_it_was() -> Outcome {
    let mut game = store()?;
    fill(&mut game, 2)?;
    let before = game.snapshot();
    let full = Delta::full(&before);
    fill(&mut game, 4)?;
    let step = Delta::between(&before, &game.snapshot())?;
    assert_eq!(assert_refused(&mut game, &step), DeltaError::NotFull { base: before.state_hash() });

    let mut missing = Store::new();
    missing.register::<Unit>()?;
    missing.spawn_record("unit", record! { health: 1.0, name: "one" })?;
    let error = assert_refused(&mut missing, &full);
    assert_eq!(error, DeltaError::UnknownSchema { schema: "tile".into() });

    let other_tile = Schema::builder("tile").slot("job", Kind::U8).build()?;
    missing.register_schema(other_tile)?;
    missing.spawn_record("tile", record! { job: 3 })?;
    let error = assert_refused(&mut missing, &full);
    assert!(error.to_string().contains("slot 'job' is"), "{error}");

    let mut limits = Limits::default();
    limits.rows_per_schema = 100;
    let mut small = Store::with_limits(limits);
    small.register::<Unit>()?;
    small.register_schema(tile())?;
    small.spawn_record("unit", record! { health: 1.0, name: "one" })?;
    let error = assert_refused(&mut small, &full);
    assert!(matches!(error, DeltaError::Limit(LimitError::Rows { limit: 100, .. })), "{error}");

    // Each number of the delta is changed by one.
    let mut few = store()?;
    let name = few.intern_text("few")?;
    few.spawn(Unit { health: 1.0, name, target: None })?;
    let bytes = save(&mut few)?;
    let mut refused = 0;
    for position in 0..bytes.len() {
        let mut damaged = bytes.clone();
        damaged[position] ^= 1;
        let Ok(delta) = postcard::from_bytes(&damaged) else { continue };
        assert_refused(&mut game, &delta);
        refused += 1;
    }
    assert!(refused > 20, "{refused}");
    Ok(())
}
