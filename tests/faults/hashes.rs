//! Fault 35: worlds that differ have different hashes, whatever their values look like in memory.

use slotted::schema::NumberKind;
use slotted::{Kind, Record, Schema, SlotValue, Slotted, Store, Value, bytemuck, record};

use crate::Outcome;

fn enumeration(variants: &[&str]) -> Kind {
    Kind::enumeration(variants.iter().copied())
}

/// Creates a store with one object, which has one slot.
fn one(kind: Kind, is_optional: bool, value: Value) -> Store {
    let builder = Schema::builder("unit").slot("it", kind);
    let builder = if is_optional { builder.optional() } else { builder };
    let mut store = Store::new();
    store.register_schema(builder.build().expect("the schema is right")).expect("it is new");
    store.spawn_record("unit", record! { it: value }).expect("the record fits");
    store
}

/// Returns the hash as a store computes it for the first time, and by the three other ways.
fn hash(mut store: Store) -> u64 {
    let hash = store.state_hash();
    assert_eq!(store.snapshot().state_hash(), hash);
    assert_eq!(store.snapshot().to_store().state_hash(), hash);
    store.advance_epoch();
    assert_eq!(store.state_hash(), hash);
    hash
}

#[derive(SlotValue, Clone, Copy, Debug, PartialEq, bytemuck::Pod, bytemuck::Zeroable)]
#[bytemuck(crate = "slotted::bytemuck")]
#[repr(transparent)]
struct Grams(u32);

#[derive(SlotValue, Clone, Copy, Debug, PartialEq, bytemuck::Pod, bytemuck::Zeroable)]
#[bytemuck(crate = "slotted::bytemuck")]
#[repr(transparent)]
struct Meters(u32);

#[derive(Slotted, Clone, Copy)]
#[slotted(name = "unit")]
struct Heavy {
    it: Grams,
}

#[derive(Slotted, Clone, Copy)]
#[slotted(name = "unit")]
struct Long {
    it: Meters,
}

fn typed<T: Slotted>(object: T) -> Store {
    let mut store = Store::new();
    store.register::<T>().expect("the schema is right");
    store.spawn(object).expect("there is room");
    store
}

/// Values of zero bytes, in as many kinds as possible: equal cells, or nearly.
fn zeros() -> Vec<(String, Store)> {
    let empty_list = || Value::from(Vec::<Value>::new());
    let mut kinds: Vec<(Kind, Value)> = Kind::named()
        .filter(|kind| *kind != Kind::Object)
        .map(|kind| {
            let value = match &kind {
                Kind::Bool => false.into(),
                Kind::Text => "".into(),
                Kind::Any => empty_list(),
                kind => match kind.components() {
                    Some((number, 1)) if number.integer_range().is_some() => 0.into(),
                    Some((_, 1)) => 0.0_f64.into(),
                    Some((_, count)) => vec![Value::from(0); count].into(),
                    None => unreachable!("all named kinds are above"),
                },
            };
            (kind, value)
        })
        .collect();
    let scalars: Vec<Kind> = kinds.iter().map(|(kind, _)| kind.clone()).collect();
    let arrays = NumberKind::ALL.iter().flat_map(|number| [1, 2, 3, 4, 9, 16].map(|n| (number, n)));
    kinds.extend(arrays.map(|(number, length)| {
        let zeros = vec![Value::from(0); length as usize];
        (Kind::Array(*number, length), zeros.into())
    }));
    kinds.extend(scalars.into_iter().map(|kind| (Kind::list(kind), empty_list())));
    kinds.push((enumeration(&["none", "raider"]), "none".into()));
    kinds.push((Kind::list(enumeration(&["none", "raider"])), empty_list()));
    kinds.push((Kind::list(Kind::Object), empty_list()));
    let mut stores = Vec::new();
    for (kind, value) in kinds {
        for is_optional in [false, true] {
            let name = format!("{kind}, optional: {is_optional}");
            stores.push((name, one(kind.clone(), is_optional, value.clone())));
        }
    }
    stores.push(("grams".into(), typed(Heavy { it: Grams(0) })));
    stores.push(("meters".into(), typed(Long { it: Meters(0) })));
    stores
}

/// The hash saw cells alone: 1 as `u8` was equal to `true`, and the text "" to an empty list.
#[test]
fn fault_35_equal_cells_of_other_kinds_hash_differently() {
    let stores = zeros();
    assert!(stores.len() > 150, "{}", stores.len());
    let mut hashes: Vec<(u64, String)> =
        stores.into_iter().map(|(name, store)| (hash(store), name)).collect();
    hashes.sort();
    for pair in hashes.windows(2) {
        assert_ne!(pair[0].0, pair[1].0, "{} and {}", pair[0].1, pair[1].1);
    }

    let bits: [(Kind, Value, Kind, Value); 8] = [
        (Kind::U8, 1.into(), Kind::Bool, true.into()),
        (Kind::U8, 255.into(), Kind::I8, (-1).into()),
        (Kind::U32, 1_065_353_216.into(), Kind::F32, 1.0.into()),
        (Kind::U32, u32::MAX.into(), Kind::I32, (-1).into()),
        (Kind::U64, 7.into(), Kind::I64, 7.into()),
        (
            Kind::Vec3,
            [1.0, 2.0, 3.0].into(),
            Kind::Array(NumberKind::F32, 3),
            [1.0, 2.0, 3.0].into(),
        ),
        (Kind::list(Kind::U8), [97, 98].into(), Kind::Text, "ab".into()),
        (
            Kind::list(Kind::U8),
            [0, 1].into(),
            Kind::list(enumeration(&["a", "b"])),
            ["a", "b"].into(),
        ),
    ];
    for (kind, value, other, equal) in bits {
        let names = format!("{kind} and {other}");
        assert_ne!(hash(one(kind, false, value)), hash(one(other, false, equal)), "{names}");
    }
}

/// The hash saw a variant's number alone.
#[test]
fn fault_35_variants_count_by_their_names() {
    let value = |variants: &[&str], value: &str| {
        let optional = one(enumeration(variants), true, value.into());
        let required = one(enumeration(variants), false, value.into());
        [hash(required), hash(optional)]
    };
    assert_ne!(value(&["none", "raider"], "raider"), value(&["none", "archer"], "archer"));
    assert_eq!(value(&["none", "raider"], "none"), value(&["raider", "none"], "none"));
    assert_eq!(value(&["none", "raider"], "raider"), value(&["raider", "x", "none"], "raider"));
    assert_ne!(value(&["none", "raider"], "none"), value(&["raider", "none"], "raider"));

    let list = |variants: &[&str], values: &[&str]| {
        let values: Vec<Value> = values.iter().map(|value| (*value).into()).collect();
        hash(one(Kind::list(enumeration(variants)), false, values.into()))
    };
    assert_eq!(list(&["x", "y"], &["x", "y"]), list(&["y", "x"], &["x", "y"]));
    assert_ne!(list(&["x", "y"], &["x", "y"]), list(&["y", "x"], &["y", "x"]));
    assert_ne!(list(&["x", "y"], &["x", "y"]), list(&["x", "z"], &["x", "z"]));
}

/// Two slots of one store have lists with equal numbers of different enums: they share one list.
#[test]
fn fault_35_lists_of_two_enums_do_not_share_a_hash() -> Outcome {
    let world = |second: &[&str], values: [&str; 2]| -> Result<u64, Box<dyn std::error::Error>> {
        let schema = Schema::builder("unit")
            .slot("a", Kind::list(enumeration(&["x", "y"])))
            .slot("b", Kind::list(enumeration(second)));
        let mut store = Store::new();
        store.register_schema(schema.build()?)?;
        store.spawn_record("unit", record! { a: ["x", "y"], b: values })?;
        Ok(hash(store))
    };
    assert_eq!(world(&["x", "y"], ["y", "x"])?, world(&["y", "x"], ["y", "x"])?);
    assert_ne!(world(&["x", "y"], ["x", "y"])?, world(&["y", "x"], ["y", "x"])?);
    Ok(())
}

/// The order of slots, the order of schemas, constraints, defaults and unset slots do not change values.
#[test]
fn fault_35_equal_values_hash_equally_in_other_declarations() -> Outcome {
    let world = |schema: slotted::schema::SchemaBuilder, values: Record| {
        let mut store = Store::new();
        store.register_schema(schema.build()?)?;
        store.spawn_record("unit", values)?;
        Ok::<_, Box<dyn std::error::Error>>(hash(store))
    };
    let unit = || Schema::builder("unit");
    let values = record! { a: 7, b: 8 };
    let expected = world(unit().slot("a", Kind::U8).slot("b", Kind::U8), values.clone())?;
    let reordered = unit().slot("b", Kind::U8).default(1).slot("a", Kind::U8).range(0..=9);
    assert_eq!(world(reordered, values.clone())?, expected);
    let with_unset = unit().slot("a", Kind::U8).slot("b", Kind::U8).slot("c", Kind::F32).optional();
    assert_eq!(world(with_unset, values)?, expected);
    let swapped = world(unit().slot("a", Kind::U8).slot("b", Kind::U8), record! { a: 8, b: 7 })?;
    assert_ne!(swapped, expected);
    Ok(())
}

/// The hash that a delta computes from differences equals the hash of the whole.
#[test]
fn fault_35_differences_hash_as_the_whole_does() -> Outcome {
    let schema = Schema::builder("unit")
        .slot("job", enumeration(&["none", "raider", "archer"]))
        .slot("jobs", Kind::list(enumeration(&["none", "raider", "archer"])))
        .slot("rank", enumeration(&["low", "high"]))
        .optional();
    let mut store = Store::new();
    store.register_schema(schema.build()?)?;
    let ids: Vec<_> = store
        .spawn_records("unit", (0..100).map(|_| record! { job: "none", jobs: ["none"] }))?
        .collect();
    let mut before = store.snapshot();
    for (step, id) in ids.iter().enumerate() {
        store.set_value(*id, "job", ["raider", "archer", "none"][step % 3])?;
        store.set_value(*id, "jobs", ["archer", "raider"])?;
        store.set_value(*id, "rank", "high")?;
        let after = store.snapshot();
        let delta = slotted::Delta::between(&before, &after)?;
        let mut other = before.to_store();
        other.apply(&delta)?;
        assert_eq!(delta.result_hash(), store.state_hash());
        assert_eq!(hash(other), store.state_hash());
        before = after;
    }
    Ok(())
}

/// A machine that spawned and despawned something of its own had the same hash until the next spawn.
#[test]
fn fault_35_future_ids_have_a_hash_of_their_own() -> Outcome {
    let store = |generations| crate::store_of(|limits| limits.generations_per_row = generations);
    let (mut here, mut there) = (store(4), store(4));
    assert_eq!(here.future_ids_hash(), there.future_ids_hash());
    // Free rows, generations, and retired rows.
    for uses in 1..=4 {
        let id = there.spawn(crate::UNIT)?;
        there.despawn(id)?;
        assert_eq!(here.state_hash(), there.state_hash());
        assert_ne!(here.future_ids_hash(), there.future_ids_hash(), "after {uses} uses");
        let snapshot = there.snapshot();
        assert_eq!(snapshot.future_ids_hash(), there.future_ids_hash());
        assert_eq!(snapshot.to_store().future_ids_hash(), there.future_ids_hash());
        let id = here.spawn(crate::UNIT)?;
        here.despawn(id)?;
        assert_eq!(here.future_ids_hash(), there.future_ids_hash(), "after {uses} uses");
    }
    // Free rows of another schema.
    let (before, tile) = (here.snapshot(), record! { height: 1.0 });
    let id = here.spawn_record("tile", tile)?;
    here.despawn(id)?;
    assert_eq!(here.state_hash(), there.state_hash());
    assert_ne!(here.future_ids_hash(), there.future_ids_hash());
    here.restore(&before)?;
    assert_eq!(here.future_ids_hash(), there.future_ids_hash());
    // Values do not decide ids.
    let ids = [here.spawn(crate::UNIT)?, there.spawn(crate::UNIT)?];
    assert_eq!(ids[0], ids[1]);
    there.set_value(ids[1], "health", 1.0)?;
    assert_ne!(here.state_hash(), there.state_hash());
    assert_eq!(here.future_ids_hash(), there.future_ids_hash());
    Ok(())
}
