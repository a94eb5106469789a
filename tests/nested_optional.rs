//! Optional nested records in Rust structs.

use slotted::schema::ProblemKind;
use slotted::{
    Kind, List, ObjectId, Schema, SlotKey, SlotValue, Slotted, SpawnError, Store, Text, Value,
    View, record,
};

fn map<const N: usize>(parts: [(&str, Value); N]) -> Value {
    parts.into_iter().collect()
}

#[derive(Slotted, Clone, Copy, Debug, PartialEq)]
struct Burn {
    #[slot(default = 1.5)]
    time: f32,
    color: Option<u8>,
}

#[derive(Slotted, Clone, Copy, Debug, PartialEq)]
struct Damage {
    #[slot(range = 0..=99)]
    min: u16,
    #[slot(default = 9)]
    max: u16,
    #[slot(nested)]
    burn: Option<Burn>,
    #[slot(nested)]
    cold: Burn,
    #[slot(references = "weapon")]
    source: Option<ObjectId>,
    level: MaybeLevel,
}

type MaybeLevel = Option<i8>;

/// All parts are optional.
#[derive(Slotted, Clone, Copy, Debug, PartialEq)]
struct Notes {
    author: Option<Text>,
    year: Option<i16>,
}

type MaybeNotes = Option<Notes>;

#[derive(Slotted, Clone, Copy, Debug, PartialEq)]
struct Weapon {
    weight: f32,
    #[slot(nested, renamed_from = "hit")]
    damage: Option<Damage>,
    price: u32,
    #[slot(nested, name = "text")]
    notes: MaybeNotes,
    rust: u8,
}

const COLD: Burn = Burn { time: 7.0, color: None };
const BURN: Burn = Burn { time: 2.0, color: Some(3) };
const DAMAGE: Damage =
    Damage { min: 1, max: 4, burn: Some(BURN), cold: COLD, source: None, level: None };
const WEAPON: Weapon =
    Weapon { weight: 2.5, damage: Some(DAMAGE), price: 30, notes: None, rust: 8 };

fn store() -> Store {
    let mut store = Store::new();
    store.register::<Weapon>().unwrap();
    store
}

/// Weapons that differ in the parts that they have.
fn weapons(store: &mut Store) -> Vec<Weapon> {
    let author = Some(store.intern_text("Ada").unwrap());
    let damages = [
        None,
        Some(DAMAGE),
        Some(Damage { burn: None, ..DAMAGE }),
        Some(Damage { burn: Some(COLD), cold: BURN, ..DAMAGE }),
        Some(Damage { min: 0, max: 0, level: Some(0), ..DAMAGE }),
    ];
    let notes = [None, Some(Notes { author, year: None }), Some(Notes { author, year: Some(0) })];
    let all = damages.iter().flat_map(|damage| {
        notes.iter().map(|notes| Weapon { damage: *damage, notes: *notes, ..WEAPON })
    });
    all.enumerate().map(|(at, weapon)| Weapon { price: at as u32, ..weapon }).collect()
}

#[test]
fn all_parts_are_optional_and_have_defaults_in_a_record_that_is_there() {
    let store = store();
    let slots: Vec<_> =
        store.schema("weapon").unwrap().slots().iter().map(ToString::to_string).collect();
    assert_eq!(
        slots,
        [
            "weight: f32",
            "damage.min: u16, optional, needed in damage, range 0 to 99",
            "damage.max: u16, optional, needed in damage, default 9 there",
            "damage.burn.time: f32, optional, needed in damage.burn, default 1.5 there",
            "damage.burn.color: u8, optional",
            "damage.cold.time: f32, optional, needed in damage, default 1.5 there",
            "damage.cold.color: u8, optional",
            "damage.source: object, optional, references 'weapon'",
            "damage.level: i8, optional",
            "price: u32",
            "text.author: text, optional",
            "text.year: i16, optional",
            "rust: u8",
        ]
    );
    let weapon = store.schema("weapon").unwrap();
    assert_eq!(weapon.slot("damage.burn.time").unwrap().renamed_from(), Some("hit.burn.time"));
    // The builder's record makes the same schema.
    let (damage, notes) = (Damage::schema().unwrap(), Notes::schema().unwrap());
    let built = Schema::builder("weapon").slot("weight", Kind::F32).nested("damage", &damage);
    let built = built.optional().slot("price", Kind::U32).nested("text", &notes).optional();
    assert_eq!(Weapon::schema().unwrap(), built.slot("rust", Kind::U8).build().unwrap());
}

#[test]
fn objects_are_read_as_they_were_spawned_and_set() {
    let mut store = store();
    let weapons = weapons(&mut store);
    let mut ids: Vec<_> = weapons.iter().map(|weapon| store.spawn(*weapon).unwrap()).collect();
    ids.extend(store.spawn_batch(weapons.clone()).unwrap());
    let mut commands = store.commands();
    ids.extend(weapons.iter().map(|weapon| commands.spawn(*weapon).unwrap()));
    commands.apply(&mut store).unwrap();
    for (id, weapon) in ids.iter().zip(weapons.iter().cycle()) {
        assert_eq!(store.get_object::<Weapon>(*id), Ok(*weapon));
    }
    // Each object gets the values of another one, and rows of despawned objects those of new ones.
    for (id, weapon) in ids.iter().zip(weapons.iter().rev().cycle()) {
        store.set_object(*id, *weapon).unwrap();
        assert_eq!(store.get_object::<Weapon>(*id), Ok(*weapon));
    }
    store.despawn_batch(&ids).unwrap();
    let ids: Vec<_> = store.spawn_batch(weapons.iter().rev().copied()).unwrap().collect();
    let read: Vec<_> = store.objects::<Weapon>().unwrap().map(|(_, weapon)| weapon).collect();
    assert_eq!(read, weapons.iter().rev().copied().collect::<Vec<_>>());
    assert_eq!(ids.len(), read.len());
}

#[test]
fn a_batch_and_single_spawns_leave_the_same_state() {
    let (mut one, mut other) = (store(), store());
    let (weapons, same) = (weapons(&mut one), weapons(&mut other));
    one.spawn_batch(weapons).unwrap();
    for weapon in same {
        let id = other.spawn(WEAPON).unwrap();
        other.set_object(id, weapon).unwrap();
    }
    assert_eq!(one.state_hash(), other.state_hash());
}

#[test]
fn values_by_name_are_unset_or_a_map() {
    let mut store = store();
    let none = store.spawn(Weapon { damage: None, ..WEAPON }).unwrap();
    assert_eq!(store.get_value(none, "damage"), Ok(Value::Unset));
    assert_eq!(store.get_value(none, "damage.cold.time"), Ok(Value::Unset));
    let whole = store.spawn(WEAPON).unwrap();
    let burn = map([("time", 2.0_f32.into()), ("color", 3.into())]);
    let cold = map([("time", 7.0_f32.into())]);
    let damage =
        map([("min", 1.into()), ("max", 4.into()), ("burn", burn), ("cold", cold.clone())]);
    assert_eq!(store.get_value(whole, "damage"), Ok(damage.clone()));
    store.set_value(none, "damage", damage).unwrap();
    assert_eq!(store.get_object(none), Ok(WEAPON));
    store.set_value(whole, "damage", Value::Unset).unwrap();
    assert_eq!(store.get_object(whole), Ok(Weapon { damage: None, ..WEAPON }));
    let record = record! { weight: 2.5, price: 30, rust: 8 };
    let left_out = store.spawn_record("weapon", record).unwrap();
    assert_eq!(store.get_object(left_out), Ok(Weapon { damage: None, ..WEAPON }));
    let record = record! {
        weight: 2.5, price: 30, rust: 8,
        damage: map([("min", 1.into()), ("max", 4.into()), ("cold", cold)])
    };
    let damage = Some(Damage { burn: None, ..DAMAGE });
    let given = store.spawn_record("weapon", record).unwrap();
    assert_eq!(store.get_object(given), Ok(Weapon { damage, ..WEAPON }));
}

#[test]
fn a_record_without_a_required_part_reads_as_none() {
    let mut store = store();
    let record = record! { weight: 2.5, price: 30, rust: 8, damage: map([("min", 1.into())]) };
    let partial = store.spawn_record("weapon", record).unwrap();
    let cold = Burn { time: 1.5, color: None };
    let damage = Some(Damage { min: 1, max: 9, burn: None, cold, source: None, level: None });
    assert_eq!(store.get_object(partial), Ok(Weapon { damage, ..WEAPON }));
    // Each required part counts, those of required records in it included.
    for part in ["damage.min", "damage.max", "damage.cold.time"] {
        let id = store.spawn(WEAPON).unwrap();
        store.set_value(id, part, Value::Unset).unwrap();
        assert_eq!(store.get_object(id), Ok(Weapon { damage: None, ..WEAPON }), "{part}");
    }
    // An optional record in it is `None` by itself.
    let id = store.spawn(WEAPON).unwrap();
    store.set_value(id, "damage.burn.time", Value::Unset).unwrap();
    let damage = Some(Damage { burn: None, ..DAMAGE });
    assert_eq!(store.get_object(id), Ok(Weapon { damage, ..WEAPON }));
}

#[test]
fn a_record_whose_parts_are_all_unset_reads_as_none() {
    let mut store = store();
    let notes = Some(Notes { author: None, year: None });
    let id = store.spawn(Weapon { notes, ..WEAPON }).unwrap();
    assert_eq!(store.get_object(id), Ok(WEAPON));
    store.set_value(id, "text.year", 1066).unwrap();
    let notes = Some(Notes { author: None, year: Some(1066) });
    assert_eq!(store.get_object(id), Ok(Weapon { notes, ..WEAPON }));
}

#[test]
fn keys_are_those_of_optional_slots() {
    let mut store = store();
    let id = store.spawn(WEAPON).unwrap();
    let keys = store.keys::<Weapon>().unwrap();
    let max: SlotKey<Option<u16>> = keys.damage.max;
    let color: SlotKey<Option<u8>> = keys.damage.burn.color;
    assert_eq!(store.get(id, max), Some(Some(4)));
    assert_eq!(store.get(id, color), Some(Some(3)));
    assert_eq!(store.get(id, keys.damage.cold.color), Some(None));
    assert_eq!(store.get(id, keys.rust), Some(8));
    store.set(id, keys.damage.max, None).unwrap();
    assert_eq!(store.get_object::<Weapon>(id).unwrap().damage, None);
    store.set(id, keys.damage.max, Some(6)).unwrap();
    store.set(id, keys.damage.cold.time, Some(0.5)).unwrap();
    let cold = Burn { time: 0.5, ..COLD };
    let damage = Damage { max: 6, cold, ..DAMAGE };
    assert_eq!(store.get_object::<Weapon>(id).unwrap().damage, Some(damage));
    assert!(store.set(id, keys.damage.min, Some(100)).is_err());
    assert!(format!("{keys:?}").contains("cold"));
}

#[test]
fn parts_that_are_set_are_checked() {
    let mut store = store();
    store.register::<Thing>().unwrap();
    let no_weapon = store.spawn(Thing { place: None }).unwrap();
    let damage = Damage { min: 100, source: Some(no_weapon), ..DAMAGE };
    let wrong = Weapon { damage: Some(damage), ..WEAPON };
    let Err(SpawnError::Rejected(rejection)) = store.spawn(wrong) else { panic!("is wrong") };
    let slots: Vec<_> = rejection.problems().iter().map(|problem| &*problem.slot).collect();
    assert_eq!(slots, ["damage.min", "damage.source"]);
    let none = Weapon { damage: None, ..WEAPON };
    let Err(SpawnError::Rejected(rejection)) = store.spawn_batch([none, WEAPON, wrong]) else {
        panic!("is wrong")
    };
    let [first, _] = rejection.problems() else { panic!("two problems") };
    assert_eq!((first.record, &*first.slot), (Some(2), "damage.min"));
    assert_eq!(store.len_of("weapon"), Ok(0));
    // The slots after an unset record are those of their own values.
    let foreign = Store::new().intern_text("Eve").unwrap();
    let notes = Some(Notes { author: Some(foreign), year: None });
    let Err(SpawnError::Rejected(rejection)) = store.spawn(Weapon { notes, ..none }) else {
        panic!("is wrong")
    };
    let [problem] = rejection.problems() else { panic!("one problem") };
    assert_eq!((&*problem.slot, &problem.kind), ("text.author", &ProblemKind::ForeignText));
}

#[derive(View)]
struct Strength<'a> {
    #[slot(name = "damage.min")]
    min: Option<&'a u16>,
    #[slot(name = "damage.max", set)]
    max: &'a mut u16,
}

#[test]
fn views_reach_the_parts_of_records_that_are_set() {
    let mut store = store();
    let weapons = weapons(&mut store);
    let ids: Vec<_> = store.spawn_batch(weapons.clone()).unwrap().collect();
    store.view::<Strength<'_>>().unwrap().for_each(|strength| {
        *strength.max += strength.min.copied().unwrap_or_default();
    });
    for (id, weapon) in ids.into_iter().zip(weapons) {
        let damage = weapon.damage.map(|damage| Damage { max: damage.max + damage.min, ..damage });
        assert_eq!(store.get_object(id), Ok(Weapon { damage, ..weapon }));
    }
}

#[test]
fn marks_snapshots_and_restores_see_all_parts() {
    let mut store = store();
    store.track_changes(Weapon::SCHEMA_NAME, "damage.cold.time").unwrap();
    let id = store.spawn(Weapon { damage: None, ..WEAPON }).unwrap();
    let before = store.snapshot();
    store.set_object(id, WEAPON).unwrap();
    let after = store.snapshot();
    assert_eq!(before.get_object(id), Ok(Weapon { damage: None, ..WEAPON }));
    store.restore(&before).unwrap();
    assert_eq!(store.get_object(id), Ok(Weapon { damage: None, ..WEAPON }));
    store.restore(&after).unwrap();
    assert_eq!(store.get_object(id), Ok(WEAPON));
}

macro_rules! schema {
    ($name:ident { $($field:ident: $type:ty),* }) => {
        #[derive(Slotted, Clone, Copy, Debug, PartialEq)]
        struct $name { $($field: $type),* }
    };
}
schema!(Wear { used: u8, mended: Option<u8> });

#[derive(Slotted, Clone, Copy, Debug, PartialEq)]
struct Tool {
    #[slot(nested)]
    wear: Option<Wear>,
}

#[test]
fn structs_of_macros_have_the_same_keys() {
    let mut store = Store::new();
    store.register::<Tool>().unwrap();
    let id = store.spawn(Tool { wear: Some(Wear { used: 3, mended: None }) }).unwrap();
    let keys = store.keys::<Tool>().unwrap();
    assert_eq!(store.get(id, keys.wear.used), Some(Some(3)));
    assert_eq!(store.get(id, keys.wear.mended), Some(None));
}

mod elsewhere {
    use super::Slotted;

    #[derive(Slotted, Clone, Copy, Debug, PartialEq)]
    pub(super) struct Point {
        pub(super) x: f32,
        pub(super) y: f32,
    }
}

#[derive(Slotted, Clone, Copy, Debug, PartialEq)]
struct Thing {
    #[slot(nested)]
    place: Option<elsewhere::Point>,
}

#[derive(Slotted, Clone, Copy, Debug, PartialEq)]
struct Lamp {
    #[slot(base)]
    thing: Thing,
    // Names that the derived functions use themselves.
    object: u8,
    reader: u8,
    #[slot(nested)]
    read: Option<elsewhere::Point>,
}

#[test]
fn bases_and_structs_of_other_modules_work() {
    let mut store = Store::new();
    store.register::<Lamp>().unwrap();
    let point = elsewhere::Point { x: 1.0, y: 2.0 };
    for (place, read) in [(None, Some(point)), (Some(point), None), (None, None)] {
        let lamp = Lamp { thing: Thing { place }, object: 1, reader: 2, read };
        let id = store.spawn(lamp).unwrap();
        assert_eq!(store.get_object(id), Ok(lamp));
        assert_eq!(store.get_object(id), Ok(Thing { place }));
        let keys = store.keys::<Lamp>().unwrap();
        assert_eq!(store.get(id, keys.thing.place.x), Some(place.map(|place| place.x)));
        assert_eq!(store.get(id, keys.read.y), Some(read.map(|read| read.y)));
    }
}

#[derive(Slotted, Clone, Copy, Debug, PartialEq)]
struct Drops {
    item: List<Text>,
    chance: List<f32>,
}

#[derive(Slotted, Clone, Copy, Debug, PartialEq)]
struct Beast {
    #[slot(nested, name = "drops[]")]
    drops: Option<Drops>,
}

#[test]
fn an_optional_list_of_records_is_unset_or_empty() {
    let mut store = Store::new();
    store.register::<Beast>().unwrap();
    let drop = Schema::builder("drop").slot("item", Kind::Text).slot("chance", Kind::F32);
    let beast = Schema::builder("beast").nested_list("drops", &drop.build().unwrap()).optional();
    assert_eq!(Beast::schema().unwrap(), beast.build().unwrap());

    let none = store.spawn(Beast { drops: None }).unwrap();
    assert_eq!(store.get_value(none, "drops"), Ok(Value::Unset));
    let empty = Some(Drops { item: List::EMPTY, chance: List::EMPTY });
    let empty = store.spawn(Beast { drops: empty }).unwrap();
    assert_eq!(store.get_value(empty, "drops"), Ok(Value::List([].into())));
    assert!(store.get_object::<Beast>(empty).unwrap().drops.is_some());
    let bone = map([("item", "bone".into()), ("chance", 0.5_f32.into())]);
    let wolf = store.spawn_record("beast", record! { drops: [bone] }).unwrap();
    let drops = store.get_object::<Beast>(wolf).unwrap().drops.unwrap();
    assert_eq!(store.resolve_list(drops.chance), Some(&[0.5][..]));
    let left_out = store.spawn_record("beast", record! {}).unwrap();
    assert_eq!(store.get_object(left_out), Ok(Beast { drops: None }));
}

#[derive(
    SlotValue,
    slotted::bytemuck::NoUninit,
    slotted::bytemuck::CheckedBitPattern,
    Clone,
    Copy,
    Debug,
    PartialEq,
)]
#[bytemuck(crate = "slotted::bytemuck")]
#[repr(u8)]
enum EffectKind {
    Heal,
    Rest,
}

#[derive(Slotted, Clone, Copy, Debug, PartialEq)]
struct Heal {
    amount: f32,
}

#[derive(Slotted, Clone, Copy, Debug, PartialEq)]
struct Spell {
    #[slot(name = "effect@type")]
    kind: EffectKind,
    #[slot(nested, name = "effect@heal")]
    heal: Option<Heal>,
}

#[test]
fn the_variant_of_a_union_is_an_optional_record() {
    let mut store = Store::new();
    store.register::<Spell>().unwrap();
    let effect = map([("type", "heal".into()), ("amount", 5.0_f32.into())]);
    let cure = store.spawn_record("spell", record! { effect: effect.clone() }).unwrap();
    let spell = Spell { kind: EffectKind::Heal, heal: Some(Heal { amount: 5.0 }) };
    assert_eq!(store.get_object(cure), Ok(spell));
    let sleep = store.spawn(Spell { kind: EffectKind::Rest, heal: None }).unwrap();
    assert_eq!(store.get_value(sleep, "effect"), Ok(map([("type", "rest".into())])));
    store.set_object(sleep, spell).unwrap();
    assert_eq!(store.get_value(sleep, "effect"), Ok(effect));
}
