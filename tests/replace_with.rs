//! Whole worlds put into stores of any history.

#![cfg(feature = "serde")]

use std::error::Error;

use slotted::{
    Delta, DeltaError, Kind, LimitError, Limits, ObjectId, Record, Schema, SideTable, Slotted,
    Store, Text, Value, View, record,
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

/// Returns a store with the schemas of [`store`] in the other order, before a schema that only it has.
fn store_in_another_order() -> Result<Store, Box<dyn Error>> {
    let mut store = Store::new();
    store.register_schema(tile())?;
    store.register::<Unit>()?;
    store.register_schema(Schema::builder("marker").build()?)?;
    Ok(store)
}

#[test]
fn ids_beside_a_save_are_translated() -> Outcome {
    let mut game = store()?;
    let ids = fill(&mut game, 1)?;
    let mut names = SideTable::new();
    for (number, id) in ids.iter().enumerate().step_by(5) {
        names.insert(&game, *id, format!("name {number}"))?;
    }
    let saved_names: Vec<(ObjectId, String)> =
        names.iter(&game).map(|(id, name)| (id, name.clone())).collect();
    let save = Delta::full(&game.snapshot());

    let mut loaded = store_in_another_order()?;
    loaded.replace_with(&save)?;
    let mut names_here = SideTable::new();
    for (id, name) in &saved_names {
        let here = save.translate(*id, &loaded).ok_or("the save has the schema")?;
        names_here.insert(&loaded, here, name.clone())?;
    }
    assert_eq!(names_here.len(), saved_names.len());
    for id in ids {
        let here = save.translate(id, &loaded).ok_or("the save has the schema")?;
        assert_ne!(here, id);
        assert_eq!(names_here.get(&loaded, here), names.get(&game, id));
        for slot in ["health", "name", "job"] {
            assert_eq!(loaded.get_value(here, slot).ok(), game.get_value(id, slot).ok());
        }
        if let Ok(Value::Object(target)) = game.get_value(id, "target") {
            let target = save.translate(target, &loaded).ok_or("the save has the schema")?;
            assert_eq!(loaded.get_value(here, "target")?, target.into());
        }
        assert_eq!(save.translate(id, &game), Some(id));
    }
    Ok(())
}

#[test]
fn ids_of_schemas_that_a_delta_or_a_store_lacks_are_not_translated() -> Outcome {
    let mut game = store()?;
    let id = game.spawn_record("unit", record! { health: 1.0, name: "one" })?;
    let before = game.snapshot();
    let save = Delta::full(&before);
    let tile = game.spawn_record("tile", record! { tags: ["x"] })?;
    assert_eq!(save.translate(tile, &game), None, "no tile lived");
    let step = Delta::between(&before, &game.snapshot())?;
    assert_eq!((step.translate(tile, &game), step.translate(id, &game)), (Some(tile), None));
    assert_eq!(save.translate(id, &Store::new()), None);

    // Hostile deltas and ids have an answer.
    let there = store_in_another_order()?;
    let json = serde_json::to_value(&save)?;
    for number in [0, 1, 7, u16::MAX] {
        let mut forged = json.clone();
        forged["schemas"][0]["number"] = number.into();
        let forged: Delta = serde_json::from_value(forged)?;
        for bits in [1 << 32, u64::MAX, 1 << 48 | 1 << 32, u64::from(number) << 48 | 1 << 32 | 5] {
            let id = ObjectId::from_bits(bits).ok_or("an id")?;
            let here = forged.translate(id, &there);
            assert_eq!(here.is_some(), bits >> 48 == u64::from(number));
            let place = |id: ObjectId| (id.row(), id.generation());
            assert!(here.is_none_or(|here| place(here) == place(id) && !there.contains(here)));
        }
    }
    Ok(())
}
