//! Other defaults for the slots of a base, in Rust structs.

use slotted::{Kind, List, ObjectId, Schema, Slotted, Store, Value, record};

#[derive(Slotted, Clone, Copy, Debug, PartialEq)]
struct Damage {
    #[slot(default = 1)]
    min: u16,
    max: u16,
}

#[derive(Slotted, Clone, Copy, Debug, PartialEq)]
struct Unit {
    #[slot(default = 100.0, range = 0.0..=500.0)]
    health: f32,
    r#type: u8,
    #[slot(name = "home town", default = 3)]
    home: u32,
    #[slot(nested)]
    damage: Damage,
    skills: List<u16>,
    #[slot(default = 5)]
    armor: Option<u8>,
    target: Option<ObjectId>,
}

#[derive(Slotted, Clone, Copy, Debug, PartialEq)]
struct Orc {
    #[slot(default(health = 150, type = 1 + 1), base)]
    #[slot(default("home town" = 7, "damage.min" = 2, skills = [4, 5], armor = Value::Unset,))]
    unit: Unit,
    #[slot(default = 0.5)]
    rage: f32,
}

#[derive(Slotted, Clone, Copy, Debug, PartialEq)]
struct Chief {
    #[slot(base, default(health = 300.0, rage = 1.0))]
    orc: Orc,
}

#[test]
fn records_get_the_defaults_of_their_own_schema() {
    let mut store = Store::new();
    store.register::<Chief>().unwrap();
    let damage = || Value::from_iter([("max", 9)]);
    let orc = store.spawn_record("orc", record! { damage: damage() }).unwrap();
    let chief = store.spawn_record("chief", record! { damage: damage() }).unwrap();
    let unit = record! { damage: damage(), type: 1, skills: Value::List([].into()) };
    let unit = store.spawn_record("unit", unit).unwrap();

    let orc: Orc = store.get_object(orc).unwrap();
    assert_eq!((orc.unit.health, orc.unit.r#type, orc.unit.home), (150.0, 2, 7));
    assert_eq!((orc.unit.damage, orc.unit.armor), (Damage { min: 2, max: 9 }, None));
    assert_eq!(store.resolve_list(orc.unit.skills), Some(&[4, 5][..]));
    let chief: Chief = store.get_object(chief).unwrap();
    let expected = Unit { health: 300.0, ..orc.unit };
    assert_eq!(chief, Chief { orc: Orc { unit: expected, rage: 1.0 } });
    let unit: Unit = store.get_object(unit).unwrap();
    assert_eq!((unit.health, unit.home, unit.damage.min, unit.armor), (100.0, 3, 1, Some(5)));
}

#[test]
fn the_builder_makes_the_same_schema() {
    let chief = Schema::builder("chief").extends("orc");
    let chief = chief.inherited_default("health", 300.0).inherited_default("rage", 1.0);
    assert_eq!(Chief::schema().unwrap(), chief.build().unwrap());
    let orc = Orc::schema().unwrap();
    let defaults: Vec<_> = orc.inherited_defaults().map(|(slot, _)| slot).collect();
    assert_eq!(defaults, ["health", "type", "home town", "damage.min", "skills", "armor"]);
    assert_eq!(orc.slots()[0].kind(), &Kind::F32);
}

#[derive(Slotted, Clone, Copy)]
#[allow(dead_code, reason = "its schema is what counts")]
struct Giant {
    #[slot(base, default(health = 900))]
    unit: Unit,
}

#[derive(Slotted, Clone, Copy)]
#[allow(dead_code, reason = "its schema is what counts")]
struct Elf {
    #[slot(base, default(helth = 50))]
    unit: Unit,
}

#[test]
fn registration_checks_the_values_and_the_names() {
    let mut store = Store::new();
    assert_eq!(
        store.register::<Giant>().unwrap_err().to_string(),
        "bad default: slot 'health' of 'giant' expects 0.0 to 500.0, found 900"
    );
    assert_eq!(
        store.register::<Elf>().unwrap_err().to_string(),
        "schema 'elf' inherits no slot 'helth' whose default it could change"
    );
}
