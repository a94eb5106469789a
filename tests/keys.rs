//! Keys of a Rust type's slots, from its derive.

use std::error::Error;

use slotted::error::NotRegistered;
use slotted::glam::Vec3;
use slotted::{Kind, List, ObjectId, Schema, SlotKey, Slotted, Store, Text, exactly, record};

type Outcome = Result<(), Box<dyn Error>>;

mod world {
    use super::*;

    /// A unit with a private field, whose key is private too.
    #[derive(Slotted, Clone, Copy, Debug, PartialEq)]
    pub(crate) struct Unit {
        pub(crate) position: Vec3,
        #[slot(name = "hp", range = 0.0..=500.0)]
        pub(crate) health: f32,
        pub(super) target: Option<ObjectId>,
        #[slot(default = [])]
        secret: List<u16>,
    }

    impl Unit {
        pub(crate) const NEW: Self =
            Self { position: Vec3::ONE, health: 80.0, target: None, secret: List::EMPTY };

        pub(crate) fn secret_key(keys: UnitKeys) -> SlotKey<List<u16>> {
            keys.secret
        }
    }
}
use world::{Unit, UnitKeys};

#[derive(Slotted, Clone, Copy, Debug, PartialEq)]
struct Orc {
    #[slot(base)]
    unit: Unit,
    r#type: u8,
}

#[derive(Slotted, Clone, Copy)]
#[slotted(keys = "BossSlots")]
struct Boss {
    #[slot(base)]
    orc: Orc,
    title: Option<Text>,
}

/// A struct of this name exists already, so `Item` names its keys.
#[allow(dead_code, reason = "its name is what counts")]
struct ItemKeys;

#[derive(Slotted, Clone, Copy)]
#[slotted(keys = "ItemSlots")]
struct Item {
    weight: f32,
}

#[derive(Slotted, Clone, Copy)]
struct Marker {}

const ORC: Orc = Orc { unit: Unit::NEW, r#type: 3 };

#[test]
fn keys_read_and_write_the_slots_of_their_fields() -> Outcome {
    let mut store = Store::new();
    store.register::<Unit>()?;
    let keys: UnitKeys = store.keys::<Unit>()?;
    let unit = store.spawn(Unit::NEW)?;

    assert_eq!(store.get(unit, keys.health), Some(80.0));
    store.set(unit, keys.target, Some(unit))?;
    assert_eq!(store.get(unit, keys.target), Some(Some(unit)));
    assert!(store.set(unit, keys.health, 501.0).is_err(), "keys respect constraints");
    assert_eq!(store.column(keys.position)?.get(unit), Some(Vec3::ONE));
    store.column_mut(keys.health)?.set(unit, 5.0);
    assert_eq!(store.get_value(unit, "hp")?, 5.0_f32.into());
    assert_eq!(store.get(unit, Unit::secret_key(keys)), Some(List::EMPTY));
    Ok(())
}

#[test]
fn keys_equal_those_that_are_looked_up_by_name() -> Outcome {
    let mut store = Store::new();
    store.register::<Boss>()?;
    let keys = store.keys::<Boss>()?;
    let same = |a: String, b: String| assert_eq!(a, b);
    same(format!("{:?}", keys.title), format!("{:?}", store.key::<Option<Text>>("boss", "title")?));
    same(format!("{:?}", keys.orc.r#type), format!("{:?}", store.key::<u8>("boss", "type")?));
    same(format!("{:?}", keys.orc.unit.health), format!("{:?}", store.key::<f32>("boss", "hp")?));
    Ok(())
}

#[test]
fn keys_serve_the_types_schema_and_all_that_extend_it() -> Outcome {
    let mut store = Store::new();
    store.register::<Boss>()?;
    store
        .register_schema(Schema::builder("troll").extends("unit").slot("age", Kind::U8).build()?)?;
    let (units, bosses): (UnitKeys, BossSlots) = (store.keys::<Unit>()?, store.keys::<Boss>()?);
    let unit = store.spawn(Unit::NEW)?;
    let boss = store.spawn(Boss { orc: ORC, title: None })?;
    let troll = store.spawn_record("troll", record! { position: [0.0; 3], hp: 7.0, age: 9 })?;

    let health = |key| [unit, boss, troll].map(|id| store.get(id, key));
    assert_eq!(health(units.health), [Some(80.0), Some(80.0), Some(7.0)]);
    assert_eq!(health(bosses.orc.unit.health), [None, Some(80.0), None]);
    assert_eq!(health(store.key(exactly("unit"), "hp")?), [Some(80.0), None, None]);
    assert_eq!(store.column(units.health)?.runs().flatten().count(), 3);
    Ok(())
}

#[test]
fn keys_of_a_type_that_is_not_registered_are_an_error() -> Outcome {
    let mut store = Store::new();
    let error = store.keys::<Item>().unwrap_err();
    assert_eq!(error, NotRegistered { type_name: std::any::type_name::<Item>() });
    // A schema of the same name is not the type's until the type is registered.
    store.register_schema(Item::schema()?)?;
    assert!(store.keys::<Item>().is_err());
    store.register::<Item>()?;
    let item = store.spawn(Item { weight: 2.0 })?;
    let ItemSlots { weight } = store.keys::<Item>()?;
    assert_eq!(store.get(item, weight), Some(2.0));
    Ok(())
}

#[test]
fn a_value_is_changed_in_place_only_in_a_living_object_that_the_key_serves() -> Outcome {
    let mut store = Store::new();
    store.register::<Orc>()?;
    store.register::<Item>()?;
    let (unit, orc) = (store.spawn(Unit::NEW)?, store.spawn(ORC)?);
    let item = store.spawn(Item { weight: 2.0 })?;
    let keys = store.keys::<Unit>()?;
    *store.get_mut(orc, keys.health).ok_or("served")? = 7.0;
    assert_eq!(
        (store.get(unit, keys.health), store.get(orc, keys.health)),
        (Some(80.0), Some(7.0))
    );
    assert_eq!(store.get_mut(item, keys.health), None);
    assert_eq!(store.get_mut(unit, store.keys::<Orc>()?.unit.health), None);
    store.despawn(orc)?;
    assert_eq!(store.get_mut(orc, keys.health), None);
    Ok(())
}

#[test]
fn a_schema_without_slots_has_no_keys() -> Outcome {
    let mut store = Store::new();
    store.register::<Marker>()?;
    assert_eq!(format!("{:?}", store.keys::<Marker>()?), "MarkerKeys");
    Ok(())
}

#[test]
fn keys_are_values_that_threads_share() {
    fn is_shared<T: Copy + Send + Sync + std::fmt::Debug + 'static>() {}
    is_shared::<UnitKeys>();
    is_shared::<BossSlots>();
}

#[test]
fn a_migration_outdates_the_keys_of_slots_that_move() -> Outcome {
    let mut store = Store::new();
    store.register_schema(Schema::builder("orc").slot("rage", Kind::F32).build()?)?;
    let orc = store.spawn_record("orc", record! { rage: 0.5 })?;
    let rage = store.key::<f32>("orc", "rage")?;
    // The slot stays at its position, and another schema declares it now.
    let base = Schema::builder("unit").slot("rage", Kind::F32).build()?;
    let plan = store.plan_migration([base, Schema::builder("orc").extends("unit").build()?])?;
    store.migrate(&plan)?;
    assert_eq!(store.get(orc, rage), None);
    for schema in ["orc", "unit"] {
        let again = store.key::<f32>(schema, "rage")?;
        assert_eq!(store.get(orc, again), Some(0.5), "{schema}");
        assert_eq!(store.column(again)?.get(orc), Some(0.5), "{schema}");
    }
    Ok(())
}
