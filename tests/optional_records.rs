//! Optional records: an object has none of the parts, or all that the record needs.

use slotted::{Kind, Schema, SchemaError, Slotted, Store, Value, record};

fn map<const N: usize>(parts: [(&str, Value); N]) -> Value {
    parts.into_iter().collect()
}

/// A record with an optional part, and an optional record inside of it.
fn damage() -> Schema {
    let burn = Schema::builder("burn").slot("time", Kind::F32).slot("spreads", Kind::Bool);
    let drop =
        Schema::builder("drop").slot("item", Kind::Text).slot("chance", Kind::F32).default(1);
    let damage = Schema::builder("damage").slot("min", Kind::U16).slot("max", Kind::U16).default(4);
    let damage = damage.slot("sound", Kind::Text).optional();
    let damage = damage.nested_list("drops", &drop.build().unwrap());
    damage.nested("burn", &burn.build().unwrap()).optional().build().unwrap()
}

fn store() -> Store {
    let mut store = Store::new();
    let weapon = Schema::builder("weapon").nested("damage", &damage()).optional();
    store.register_schema(weapon.build().unwrap()).unwrap();
    let rack = Schema::builder("slot").nested("damage", &damage()).optional().build().unwrap();
    let rack = Schema::builder("rack").nested_list("slots", &rack);
    store.register_schema(rack.build().unwrap()).unwrap();
    store
}

fn drops() -> Value {
    [map([("item", "bone".into())])].into()
}

/// Records with half a value, what they lack, and the name of its slot.
fn halves() -> [(Value, &'static [&'static str]); 6] {
    let burn = |parts| ("burn", map([parts]));
    [
        (map([("max", 9.into())]), &["min", "drops"]),
        (map([("sound", "crack".into())]), &["min", "drops"]),
        (map([("min", 1.into())]), &["drops"]),
        (map([("drops", drops())]), &["min"]),
        (map([("drops", drops()), ("min", Value::Unset)]), &["min"]),
        (map([("min", 1.into()), ("drops", drops()), burn(("time", 2.into()))]), &["burn.spreads"]),
    ]
}

#[test]
fn half_a_record_is_refused_and_every_part_that_it_lacks_is_named() {
    let mut store = store();
    let whole = map([("min", 1.into()), ("drops", drops())]);
    let axe = store.spawn_record("weapon", record! { damage: whole }).unwrap();
    let before = store.get_record(axe).unwrap();
    for (half, lacking) in halves() {
        let given = record! { damage: half.clone() };
        let error = store.spawn_record("weapon", given.clone()).unwrap_err().to_string();
        for part in lacking {
            assert!(error.contains(&format!("'damage.{part}'")), "{half}: {error}");
        }
        assert_eq!(error.matches("needs a value").count(), lacking.len(), "{half}: {error}");
        let set = store.set_value(axe, "damage", half.clone()).unwrap_err().to_string();
        assert_eq!(set, error, "{half}");
        let reserved = store.reserve_ids(["weapon"]).unwrap().write_record(0, &given);
        assert!(reserved.is_err(), "{half}");
        let mut commands = store.commands();
        let spawned = commands.spawn_record("weapon", given);
        assert!(spawned.is_err() || commands.apply(&mut store).is_err(), "{half}");
    }
    assert_eq!(store.get_record(axe).unwrap(), before);
    assert_eq!(store.len(), 1);
}

#[test]
fn elements_of_lists_have_whole_records_too() {
    let mut store = store();
    for (half, lacking) in halves() {
        let slots = Value::from([map([("damage", half.clone())])]);
        let error = store.spawn_record("rack", record! { slots: slots }).unwrap_err().to_string();
        for part in lacking {
            assert!(error.contains(&format!("slots[].damage.{part}")), "{half}: {error}");
        }
    }
    let whole = map([("damage", map([("min", 1.into()), ("drops", drops())]))]);
    let slots = Value::from([whole, map([])]);
    let rack = store.spawn_record("rack", record! { slots: slots }).unwrap();
    let bone = map([("item", "bone".into()), ("chance", 1.0_f32.into())]);
    let damage = map([("min", 1.into()), ("max", 4.into()), ("drops", [bone].into())]);
    assert_eq!(
        store.get_value(rack, "slots").unwrap(),
        [map([("damage", damage)]), map([])].into()
    );
}

#[test]
fn parts_that_are_left_out_have_their_defaults() {
    let mut store = store();
    let given = map([("min", 1.into()), ("drops", drops())]);
    let bone = map([("item", "bone".into()), ("chance", 1.0_f32.into())]);
    let whole = map([("min", 1.into()), ("max", 4.into()), ("drops", [bone].into())]);
    let axe = store.spawn_record("weapon", record! { damage: given.clone() }).unwrap();
    assert_eq!(store.get_value(axe, "damage").unwrap(), whole);
    let fist = store.spawn_record("weapon", record! {}).unwrap();
    assert!(store.get_value(fist, "damage").unwrap().is_unset());
    store.set_value(fist, "damage", given).unwrap();
    assert_eq!(store.get_value(fist, "damage").unwrap(), whole);
    store.set_value(fist, "damage", Value::Unset).unwrap();
    assert!(store.get_record(fist).unwrap().is_empty());
    let burn = map([("time", 2.0_f32.into()), ("spreads", true.into())]);
    store.set_value(axe, "damage.burn", burn.clone()).unwrap();
    assert_eq!(store.get_value(axe, "damage.burn").unwrap(), burn);
    let half = map([("time", 2.into())]);
    assert!(store.set_value(axe, "damage.burn", half).is_err());
}

#[derive(Slotted, Clone, Copy, Debug, PartialEq)]
struct Damage {
    min: u16,
    #[slot(default = 4)]
    max: u16,
    sound: Option<u8>,
}

#[derive(Slotted, Clone, Copy, Debug, PartialEq)]
struct Weapon {
    #[slot(nested)]
    damage: Option<Damage>,
}

#[test]
fn a_rust_struct_reads_what_a_record_gives() {
    let mut store = Store::new();
    store.register::<Weapon>().unwrap();
    let given = map([("min", 1.into())]);
    let axe = store.spawn_record("weapon", record! { damage: given }).unwrap();
    let damage = Some(Damage { min: 1, max: 4, sound: None });
    assert_eq!(store.get_object::<Weapon>(axe), Ok(Weapon { damage }));
    let half = store.spawn_record("weapon", record! { damage: map([("max", 1.into())]) });
    assert_eq!(
        half.unwrap_err().to_string(),
        "'weapon' object needs a value for slot 'damage.min' (u16)"
    );
}

#[test]
fn mistakes_of_needs_are_named() {
    let slot = |name: &str| Schema::builder("unit").slot(name, Kind::U8);
    for bad in [
        slot("a.x").needed_in("a"),
        slot("a.x").optional().needed_in("b"),
        slot("ab.x").optional().needed_in("a"),
        slot("a").optional().needed_in("a"),
        slot("a").optional().needed_in(""),
        slot("a.x").optional().needed_default(1),
    ] {
        let error = bad.build().unwrap_err();
        assert!(matches!(error, SchemaError::NotNeeded { .. }), "{error}");
    }
    let error = slot("a.x").optional().needed_in("a").needed_default(300).build().unwrap_err();
    assert!(matches!(error, SchemaError::BadDefault(_)), "{error}");
}

#[test]
fn schemas_keep_what_their_records_need() {
    let store = store();
    for schema in store.schemas() {
        let copy = schema.to_schema();
        let mut other = Store::new();
        other.register_schema(copy).unwrap();
        let copy = other.schema(schema.name()).unwrap();
        assert_eq!(copy.slots(), schema.slots());
        assert!(schema.slots().iter().any(|slot| slot.needed_in().is_some()));
    }
}
