//! Faults 37 and 38: damaged deltas and deltas of other stores.

use bench_support::cases;
use proptest::prelude::*;
use proptest::sample::Index;
use serde_json::{Value as Json, json};
use slotted::glam::Vec3;
use slotted::{
    Delta, DeltaError, Kind, LimitError, Limits, ObjectId, Record, Schema, Store, Value, record,
    snapshot::DeltaPart,
};

use crate::lists::{Craft, ITEM, Item, items};
use crate::{
    Dump, MANY, Outcome, UNIT, Unit, dump, many_units, refusal, store, store_of, unit_with,
};

/// A delta with the worlds before and after it.
struct Step {
    base: Store,
    delta: Delta,
    result: Store,
}

impl Step {
    fn of(
        mut store: Store,
        change: impl FnOnce(&mut Store) -> Outcome,
    ) -> Result<Self, Box<dyn std::error::Error>> {
        let before = store.snapshot();
        change(&mut store)?;
        let after = store.snapshot();
        let delta = Delta::between(&before, &after)?;
        Ok(Self { base: before.to_store(), delta, result: after.to_store() })
    }

    /// A delta with every type of change.
    fn everything() -> Result<Self, Box<dyn std::error::Error>> {
        let mut store = store_of(|limits| limits.generations_per_row = 3);
        let ids: Vec<ObjectId> = store.spawn_batch([UNIT; 8])?.collect();
        let tile = |number: usize| record! { height: number as f64, wet: true };
        let tiles: Vec<ObjectId> = store.spawn_records("tile", (0..6).map(tile))?.collect();
        store.spawn_record("marker", record! {})?;
        store.register::<Item>()?;
        let item = store.spawn_record("item", record! { drops: [3, 1], tags: ["old"] })?;
        Self::of(store, |store| {
            store.despawn_batch(&[ids[1], ids[3], tiles[5]])?;
            let name = store.intern_text("newborn")?;
            store.spawn(Unit { name, target: Some(ids[7]), ..UNIT })?;
            store.set_value(ids[5], "health", 7.5)?;
            store.set_value(tiles[0], "owner", ids[0])?;
            store.set_value(tiles[1], "ground", "rock")?;
            store.set_value(tiles[2], "wet", false)?;
            store.spawn_records("marker", [record! {}, record! {}])?;
            store.set_value(item, "drops", [31, 41])?;
            let tags = ["newborn", "old"];
            store.spawn_record("item", record! { drops: [31, 41], tags, parts: [item] })?;
            Ok(())
        })
    }

    fn bytes(&self) -> Vec<u8> {
        postcard::to_allocvec(&self.delta).expect("a delta can be written")
    }

    fn json(&self) -> Json {
        serde_json::to_value(&self.delta).expect("a delta can be written")
    }
}

/// Returns the observable state of a store, and its next ids.
#[derive(Debug, PartialEq)]
struct Whole {
    dump: Dump,
    hash: u64,
    future: Vec<ObjectId>,
    knows_new_text: bool,
    knows_new_list: bool,
}

fn whole(store: &Store) -> Whole {
    let mut future = store.clone();
    let hash = future.state_hash();
    let units: Vec<ObjectId> = future.spawn_batch([UNIT; 12]).into_iter().flatten().collect();
    let knows_new_text = store.find_text("newborn").is_some();
    let knows_new_list = store.find_list(&[31_u16, 41]).is_some();
    Whole { dump: dump(store), hash, future: units, knows_new_text, knows_new_list }
}

/// Applies an untrusted delta. The store must reach the world of the delta's hash, or stay unchanged.
fn applies_whole_or_not_at_all(base: &Store, delta: &Delta) {
    let before = whole(base);
    let mut store = base.clone();
    match store.apply(delta) {
        Ok(()) => assert_eq!(store.state_hash(), delta.result_hash()),
        Err(_) => assert_eq!(whole(&store), before),
    }
    // The store stays usable.
    let unit = store.spawn(UNIT).expect("there is room");
    assert_eq!(store.get_object::<Unit>(unit), Ok(UNIT));
    assert!(store.ids().all(|id| store.get_record(id).is_ok()));
    assert_eq!(store.snapshot().state_hash(), store.state_hash());
}

#[test]
fn fault_37_a_delta_survives_serialization() -> Outcome {
    let step = Step::everything()?;
    let mut store = step.base.clone();
    store.apply(&postcard::from_bytes(&step.bytes())?)?;
    assert_eq!(whole(&store), whole(&step.result));
    let from_text: Delta = serde_json::from_str(&serde_json::to_string(&step.delta)?)?;
    assert_eq!(from_text, step.delta);
    Ok(())
}

#[test]
fn fault_37_a_delta_that_is_cut_off_anywhere_is_refused() -> Outcome {
    let step = Step::everything()?;
    let bytes = step.bytes();
    for length in 0..bytes.len() {
        assert!(postcard::from_bytes::<Delta>(&bytes[..length]).is_err(), "{length} bytes");
    }
    Ok(())
}

#[test]
fn fault_37_each_flipped_bit_of_a_delta_is_detected() -> Outcome {
    let step = Step::everything()?;
    let (before, after, bytes) = (whole(&step.base), dump(&step.result), step.bytes());
    for bit in 0..bytes.len() * 8 {
        let mut bytes = bytes.clone();
        bytes[bit / 8] ^= 1 << (bit % 8);
        let Ok(delta) = postcard::from_bytes::<Delta>(&bytes) else { continue };
        let mut store = step.base.clone();
        match store.apply(&delta) {
            // Generations of free rows are not part of the hash.
            Ok(()) => assert_eq!(dump(&store).objects, after.objects, "bit {bit}"),
            Err(_) => assert_eq!(whole(&store), before, "bit {bit}"),
        }
    }
    Ok(())
}

/// The damage to bytes in transit.
#[derive(Clone, Debug)]
enum Damage {
    Flip(Index, u8),
    Replace(Index, u8),
    Insert(Index, Vec<u8>),
    Remove(Index, usize),
    Repeat(Index, usize),
    CutOff(Index),
    Append(Vec<u8>),
}

fn damage() -> impl Strategy<Value = Damage> {
    let (index, bytes) = (any::<Index>, || prop::collection::vec(any::<u8>(), 1..12));
    let telling = || prop::sample::select(vec![0, 1, 2, 0x7f, 0x80, 0xff]);
    prop_oneof![
        (index(), 0..8_u8).prop_map(|(at, bit)| Damage::Flip(at, 1 << bit)),
        (index(), telling()).prop_map(|(at, byte)| Damage::Replace(at, byte)),
        (index(), bytes()).prop_map(|(at, bytes)| Damage::Insert(at, bytes)),
        (index(), 1..12_usize).prop_map(|(at, count)| Damage::Remove(at, count)),
        (index(), 1..40_usize).prop_map(|(at, count)| Damage::Repeat(at, count)),
        index().prop_map(Damage::CutOff),
        bytes().prop_map(Damage::Append),
    ]
}

impl Damage {
    fn inflict(&self, bytes: &mut Vec<u8>) {
        let range = |at: &Index, count: usize| {
            let start = at.index(bytes.len());
            start..bytes.len().min(start + count)
        };
        match self {
            _ if bytes.is_empty() => {}
            Self::Flip(at, mask) => *at.get_mut(bytes) ^= mask,
            Self::Replace(at, byte) => *at.get_mut(bytes) = *byte,
            Self::Insert(at, new) => {
                bytes.splice(at.index(bytes.len())..at.index(bytes.len()), new.iter().copied());
            }
            Self::Remove(at, count) => drop(bytes.drain(range(at, *count))),
            Self::Repeat(at, count) => {
                let range = range(at, *count);
                let again = bytes[range.clone()].to_vec();
                bytes.splice(range.start..range.start, again);
            }
            Self::CutOff(at) => bytes.truncate(at.index(bytes.len())),
            Self::Append(new) => bytes.extend(new),
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(cases(300)))]

    #[test]
    fn fault_37_damaged_bytes_make_the_promised_world_or_none(
        damages in prop::collection::vec(damage(), 1..4),
    ) {
        let step = Step::everything().expect("the calls are right");
        let mut bytes = step.bytes();
        damages.iter().for_each(|damage| damage.inflict(&mut bytes));
        if let Ok(delta) = postcard::from_bytes::<Delta>(&bytes) {
            applies_whole_or_not_at_all(&step.base, &delta);
        }
    }

    #[test]
    fn fault_37_random_bytes_change_nothing(
        bytes in prop::collection::vec(any::<u8>(), 0..200),
    ) {
        let base = store();
        if let Ok(delta) = postcard::from_bytes::<Delta>(&bytes) {
            applies_whole_or_not_at_all(&base, &delta);
        }
    }
}

/// Changes one value of the delta, at `path` in its JSON. Returns the message of `apply`.
fn forged(step: &Step, path: &str, value: Json) -> Result<DeltaError, Box<dyn std::error::Error>> {
    let mut json = step.json();
    *json.pointer_mut(path).ok_or("there is no such place")? = value;
    let mut store = step.base.clone();
    let refused = store.apply(&serde_json::from_value(json)?);
    assert_eq!(whole(&store), whole(&step.base), "{path}");
    Ok(refused.err().ok_or_else(|| format!("it was accepted: {path}"))?)
}

#[test]
fn fault_37_lists_that_contradict_each_other_are_refused() -> Outcome {
    let step = Step::everything()?;
    let (rows, values) = (
        DeltaError::Damaged { part: DeltaPart::Rows },
        DeltaError::Damaged { part: DeltaPart::Values },
    );
    let huge = u32::MAX;
    for (path, value, expected) in [
        ("/tables/0/rows", json!([]), &rows),
        ("/tables/0/rows", json!([[1, 1], [1, 1]]), &rows),
        ("/tables/0/rows", json!([[3, 1], [1, 1]]), &rows),
        ("/tables/0/rows", json!([[1, huge]]), &rows),
        ("/tables/0/rows", json!([[huge, huge]]), &rows),
        ("/tables/0/rows", json!([[1, 0], [1, 2]]), &rows),
        ("/tables/0/schema", json!(77), &rows),
        ("/tables/0/used/1", json!(huge), &rows),
        ("/tables/0/used/1", json!(0), &rows),
        // The row is used three times, then retired.
        ("/tables/0/generations/0", json!(7), &rows),
        ("/tables/0/generations/0", json!(6), &rows),
        ("/tables/0/generations/0", json!(65_535), &rows),
        ("/tables/0/generations/0", json!(65_534), &rows),
        ("/tables/0/slots/0/slot", json!(77), &values),
        ("/tables/0/slots/0/rows", json!([]), &values),
        ("/tables/0/slots/0/rows", json!([[0, huge]]), &values),
        ("/tables/0/slots/0/rows", json!([[huge, 1]]), &values),
        ("/tables/0/slots/0/cells", json!([1, 2, 3]), &values),
        ("/tables/0/slots/0/cells", json!([]), &values),
        ("/tables/0/slots/0/set", json!([true]), &values),
    ] {
        assert_eq!(&forged(&step, path, value.clone())?, expected, "{path}: {value}");
    }
    Ok(())
}

#[test]
fn fault_35_a_delta_that_removes_rows_is_rolled_back() -> Outcome {
    let mut store = store();
    let empty = store.snapshot();
    store.spawn_batch(many_units())?;
    let full = store.snapshot();
    let (hash, before) = (store.state_hash(), whole(&store));
    for undo in [Delta::between(&full, &empty)?, Delta::between(&full, &full)?] {
        store.apply(&undo)?;
        store.restore(&full)?;
        assert_eq!(store.state_hash(), hash);
        assert!(whole(&store) == before, "the ids are unchanged");
    }
    Ok(())
}

#[test]
fn fault_37_values_that_no_slot_has_are_refused() -> Outcome {
    let mut store = store();
    let tile = store.spawn_record("tile", record! { height: 1.0 })?;
    let other = store.spawn_record("tile", record! { height: 1.0 })?;
    let values = DeltaError::Damaged { part: DeltaPart::Values };
    let wet = Step::of(store.clone(), |store| Ok(store.set_value(tile, "wet", true)?))?;
    assert_eq!(forged(&wet, "/tables/0/slots/0/cells", json!([2]))?, values);
    let rock = Step::of(store.clone(), |store| Ok(store.set_value(tile, "ground", "rock")?))?;
    assert_eq!(forged(&rock, "/tables/0/slots/0/cells", json!([2]))?, values);
    let owned = Step::of(store.clone(), |store| Ok(store.set_value(tile, "owner", other)?))?;
    assert_eq!(forged(&owned, "/tables/0/slots/0/cells", json!(vec![0; 8]))?, values);
    let unknown_schema = json!([0, 0, 0, 0, 1, 0, 9, 0]);
    assert_eq!(forged(&owned, "/tables/0/slots/0/cells", unknown_schema)?, values);
    assert_eq!(forged(&owned, "/tables/0/slots/0/set", json!([]))?, values);

    let unit = store.spawn(UNIT)?;
    let named = Step::of(store, |store| Ok(store.set_value(unit, "name", "newborn")?))?;
    assert_eq!(forged(&named, "/tables/0/slots/0/cells", json!([1, 0, 0, 0]))?, values);
    let other_text = forged(&named, "/texts/0", json!("another"))?;
    assert_eq!(other_text, DeltaError::Damaged { part: DeltaPart::Result });
    Ok(())
}

#[test]
fn fault_37_lists_that_no_slot_has_are_refused() -> Outcome {
    let values = DeltaError::Damaged { part: DeltaPart::Values };
    let result = DeltaError::Damaged { part: DeltaPart::Result };
    let mut store = items();
    let item = store.spawn(ITEM)?;
    let of = |slot: &str, value: Value| {
        Step::of(store.clone(), |store| Ok(store.set_value(item, slot, value)?))
    };
    let (drops, crafts) = (of("drops", [31, 41].into())?, of("crafts", ["mining"].into())?);
    let (parts, tags) = (of("parts", [item].into())?, of("tags", ["newborn"].into())?);
    let cells = "/tables/0/slots/0/cells";
    for (step, path, value, expected) in [
        // Half an element, an unknown variant, a bad reference, an unknown schema, an unknown text.
        (&drops, "/lists/0", json!([31, 0, 41]), &values),
        (&crafts, "/lists/0", json!([3]), &values),
        (&parts, "/lists/0", json!(vec![0; 8]), &values),
        (&parts, "/lists/0", json!([0, 0, 0, 0, 1, 0, 9, 0]), &values),
        (&tags, "/lists/0", json!([1, 0, 0, 0]), &values),
        // An unknown list, and half a handle of a list.
        (&drops, "/lists", json!([]), &values),
        (&drops, cells, json!([1, 0, 0, 0]), &values),
        (&drops, cells, json!([255, 255, 255, 255]), &values),
        (&drops, cells, json!([0, 0]), &values),
        // Lists other than the announced ones.
        (&drops, "/lists/0", json!([31, 0, 42, 0]), &result),
        (&drops, "/lists/0", json!([]), &result),
        (&drops, "/lists/0", json!(vec![31; 1 << 20]), &result),
        (&crafts, "/lists/0", json!([2]), &result),
    ] {
        assert_eq!(&forged(step, path, value)?, expected, "{path}");
    }
    Ok(())
}

#[test]
fn fault_38_lists_are_translated() -> Outcome {
    let mut here = items();
    let before = here.snapshot();
    let item = here.spawn(ITEM)?;
    here.spawn_record(
        "item",
        record! { drops: [31, 41], tags: ["a", "b"], parts: [item], crafts: Value::List([].into()) },
    )?;
    let delta = Delta::between(&before, &here.snapshot())?;
    // Other texts and lists were interned first, and the schema has another index.
    let mut there = store();
    there.intern_list(&[Craft::Smithing])?;
    there.intern_text("b")?;
    there.register::<Item>()?;
    there.apply(&delta)?;
    assert_eq!(there.state_hash(), here.state_hash());
    let records = |store: &Store| -> Vec<_> {
        store.ids().filter_map(|id| store.get_record(id).ok()).collect()
    };
    let (expected, found) = (records(&here), records(&there));
    assert_eq!(found[0], expected[0]);
    for slot in ["drops", "tags", "crafts"] {
        let value =
            |record: &Record| record.iter().find(|(name, _)| *name == slot).map(|(_, v)| v.clone());
        assert_eq!(value(&found[1]), value(&expected[1]));
    }
    let there_ids: Vec<ObjectId> = there.ids().collect();
    assert_eq!(there.get_value(there_ids[1], "parts")?, [there_ids[0]].into());

    let mut small = Limits::default();
    small.list_bytes = 10;
    let mut small = Store::with_limits(small);
    small.register::<Item>()?;
    assert_eq!(small.apply(&delta), Err(LimitError::List { limit: 10 }.into()));
    assert!(small.is_empty() && small.find_list(&[31_u16, 41]).is_none());
    Ok(())
}

#[test]
fn fault_38_a_delta_for_another_world_is_refused() -> Outcome {
    let step = Step::everything()?;
    let mut new = Store::new();
    assert!(matches!(new.apply(&step.delta), Err(DeltaError::UnknownSchema { .. })));
    for mut other in [store(), step.result.clone()] {
        other.register::<Item>()?;
        let before = whole(&other);
        let expected =
            DeltaError::OtherBase { expected: step.delta.base_hash(), found: before.hash };
        assert_eq!(other.apply(&step.delta), Err(expected));
        assert_eq!(whole(&other), before);
    }
    let mut other = step.base.clone();
    let id = other.ids().next().ok_or("units live")?;
    other.set_value(id, "health", 80.00001)?;
    let before = whole(&other);
    assert!(matches!(other.apply(&step.delta), Err(DeltaError::OtherBase { .. })));
    assert_eq!(whole(&other), before);
    Ok(())
}

#[test]
fn fault_38_a_delta_is_applied_once() -> Outcome {
    let step = Step::everything()?;
    let mut store = step.base.clone();
    store.apply(&step.delta)?;
    let after = whole(&store);
    assert!(matches!(store.apply(&step.delta), Err(DeltaError::OtherBase { .. })));
    assert_eq!(whole(&store), after);
    Ok(())
}

#[test]
fn fault_38_a_world_that_used_other_rows_is_refused() -> Outcome {
    let step = Step::everything()?;
    let mut other = step.base.clone();
    let doomed = other.spawn_batch([UNIT; 2])?.last().ok_or("two were spawned")?;
    let last = ObjectId::from_bits(doomed.to_bits() - 1).ok_or("an id")?;
    other.despawn_batch(&[doomed, last])?;
    assert_eq!(other.state_hash(), step.delta.base_hash());
    let before = whole(&other);
    let error = refusal(other.apply(&step.delta));
    assert!(error.contains("the same objects, but other free rows"), "{error}");
    assert_eq!(whole(&other), before);
    Ok(())
}

#[test]
fn fault_38_differing_schemas_are_reported() -> Outcome {
    let ship = |crew: Kind| Schema::builder("ship").slot("crew", crew).build();
    let of_ships = Step::of(store(), |store| {
        store.register_schema(ship(Kind::U8)?)?;
        store.spawn_record("ship", record! { crew: 7 })?;
        Ok(())
    })?;
    let mut without = store();
    let before = whole(&without);
    let unknown = DeltaError::UnknownSchema { schema: "ship".into() };
    assert_eq!(without.apply(&of_ships.delta), Err(unknown));
    assert_eq!(whole(&without), before);

    let optional = Schema::builder("ship").slot("crew", Kind::U8).optional().build()?;
    let named = Schema::builder("ship").slot("people", Kind::U8).build()?;
    for schema in [ship(Kind::I8)?, optional, named] {
        let mut with_other = store();
        with_other.register_schema(schema)?;
        let before = whole(&with_other);
        let refused = with_other.apply(&of_ships.delta);
        assert!(matches!(refused, Err(DeltaError::OtherSchema { .. })), "{refused:?}");
        assert_eq!(whole(&with_other), before);
    }

    let mut same = Store::new();
    same.register_schema(ship(Kind::U8)?)?;
    same.register::<Unit>()?;
    same.apply(&of_ships.delta)?;
    assert_eq!(same.state_hash(), of_ships.delta.result_hash(), "in another order");
    Ok(())
}

#[test]
fn fault_38_a_store_with_smaller_limits_says_so() -> Outcome {
    let grow = Step::of(store(), |store| {
        let name = store.intern_text("newborn")?;
        store.spawn_batch(many_units().map(|unit| Unit { name, ..unit }))?;
        Ok(())
    })?;
    let rows = |limits: &mut Limits| limits.rows_per_schema = MANY as u32 - 1;
    let text = |limits: &mut Limits| limits.text_bytes = 6;
    for (mut small, expected) in [
        (store_of(rows), LimitError::Rows { schema: "unit".into(), limit: MANY as u32 - 1 }),
        (store_of(text), LimitError::Text { limit: 6 }),
    ] {
        let before = whole(&small);
        assert_eq!(small.apply(&grow.delta), Err(expected.into()));
        assert_eq!(whole(&small), before);
    }
    let mut large = grow.base.clone();
    large.apply(&grow.delta)?;
    assert_eq!(whole(&large), whole(&grow.result));
    let reused = Step::of(store(), |store| {
        let first = store.spawn(unit_with(1.0))?;
        store.despawn(first)?;
        store.spawn(Unit { position: Vec3::ZERO, ..UNIT })?;
        Ok(())
    })?;
    let mut single = store_of(|limits| limits.generations_per_row = 1);
    let before = whole(&single);
    assert!(single.apply(&reused.delta).is_err(), "its rows have a single generation");
    assert_eq!(whole(&single), before);
    Ok(())
}

/// The hash of a world does not cover its free rows, but the next ids depend on them.
#[test]
fn fault_37_a_forged_generation_of_a_dead_row_is_refused() -> Outcome {
    let mut store = store();
    let doomed = store.spawn(UNIT)?;
    let before = store.snapshot();
    store.despawn(doomed)?;
    let delta = Delta::between(&before, &store.snapshot())?;
    for generation in [0, 4] {
        let mut forged = serde_json::to_value(&delta)?;
        forged["tables"][0]["generations"] = json!([generation]);
        let mut other = before.to_store();
        let applied = other.apply(&serde_json::from_value(forged)?);
        assert_eq!(applied, Err(DeltaError::Damaged { part: DeltaPart::Result }));
        assert_eq!(other.get_object::<Unit>(doomed)?, UNIT);
    }
    Ok(())
}

/// An unset reference was sent as a reference to the first schema, which the other store may not have.
#[test]
fn fault_38_an_unset_reference_needs_no_schema() -> Outcome {
    let link = || Schema::builder("link").slot("to", Kind::Object).optional().build();
    let (mut here, mut there) = (Store::new(), Store::new());
    here.register_schema(Schema::builder("first").slot("size", Kind::U8).build()?)?;
    here.register_schema(link()?)?;
    there.register_schema(link()?)?;
    let before = here.snapshot();
    let id = here.spawn_record("link", record! {})?;
    there.apply(&Delta::between(&before, &here.snapshot())?)?;
    assert_eq!(there.state_hash(), here.state_hash());
    assert_eq!(there.ids().next().map(ObjectId::row), Some(id.row()));
    Ok(())
}

/// A few bytes that claimed many objects without values allocated memory for all of them.
#[test]
fn fault_37_objects_without_values_are_refused_before_they_take_memory() -> Outcome {
    let mut store = store();
    let before = store.snapshot();
    store.spawn(UNIT)?;
    let mut forged = serde_json::to_value(Delta::between(&before, &store.snapshot())?)?;
    forged["tables"][0]["used"] = json!([0, 50_000]);
    forged["tables"][0]["rows"] = json!([[0, 50_000]]);
    forged["tables"][0]["generations"] = json!(vec![1; 50_000]);
    for slots in [json!([]), forged["tables"][0]["slots"].clone()] {
        forged["tables"][0]["slots"] = slots;
        let mut other = before.to_store();
        let applied = other.apply(&serde_json::from_value(forged.clone())?);
        assert_eq!(applied, Err(DeltaError::Damaged { part: DeltaPart::Values }));
        assert!(other.is_empty());
    }
    Ok(())
}
