//! Nested records: maps in records, a column for each part.

use slotted::schema::ProblemKind;
use slotted::{Kind, Schema, SchemaError, Slotted, SpawnError, Store, Value, View, record};

fn map<const N: usize>(parts: [(&str, Value); N]) -> Value {
    parts.into_iter().collect()
}

fn burn() -> Schema {
    Schema::builder("burn")
        .slot("time", Kind::F32)
        .default(1.5)
        .slot("spreads", Kind::Bool)
        .build()
        .unwrap()
}

fn damage() -> Schema {
    let damage =
        Schema::builder("damage").slot("min", Kind::U16).range(0..=99).slot("max", Kind::U16);
    damage.nested("burn", &burn()).build().unwrap()
}

fn store() -> Store {
    let weapon = Schema::builder("weapon").slot("weight", Kind::F32).nested("damage", &damage());
    let weapon = weapon.nested("reload", &burn()).optional().build().unwrap();
    let mut store = Store::new();
    store.register_schema(weapon).unwrap();
    store
}

fn whole() -> Value {
    map([("min", 1.into()), ("max", 4.into()), ("burn", map([("spreads", true.into())]))])
}

fn read(time: f32) -> Value {
    let burn = map([("time", time.into()), ("spreads", true.into())]);
    map([("min", 1.into()), ("max", 4.into()), ("burn", burn)])
}

#[test]
fn parts_are_slots() {
    let store = store();
    let weapon = store.schema("weapon").unwrap();
    let slots: Vec<_> = weapon.slots().iter().map(ToString::to_string).collect();
    assert_eq!(
        slots,
        [
            "weight: f32",
            "damage.min: u16, range 0 to 99",
            "damage.max: u16",
            "damage.burn.time: f32, default 1.5",
            "damage.burn.spreads: bool",
            "reload.time: f32, optional, needed in reload, default 1.5 there",
            "reload.spreads: bool, optional, needed in reload",
        ]
    );
}

#[test]
fn records_have_maps_or_the_names_of_parts() {
    let mut store = store();
    let nested = store.spawn_record("weapon", record! { weight: 1.0, damage: whole() }).unwrap();
    let flat = record! {
        weight: 1.0, "damage.min": 1, "damage.max": 4, "damage.burn": map([("spreads", true.into())])
    };
    let flat = store.spawn_record("weapon", flat).unwrap();
    assert_eq!(store.get_record(nested), store.get_record(flat));
    assert_eq!(store.get_value(nested, "damage"), Ok(read(1.5)));
    assert_eq!(store.get_value(nested, "damage.burn.time"), Ok(1.5_f32.into()));
    assert_eq!(store.get_value(nested, "reload"), Ok(Value::Unset));
    let copied = store.spawn_record("weapon", store.get_record(nested).unwrap()).unwrap();
    assert_eq!(store.get_value(copied, "damage"), Ok(read(1.5)));
}

#[test]
fn every_problem_names_its_part() {
    let mut store = store();
    let wrong = map([
        ("min", 100.into()),
        ("mxa", 4.into()),
        ("burn", map([("time", "long".into()), ("spreads", true.into())])),
    ]);
    let Err(SpawnError::Rejected(rejection)) =
        store.spawn_record("weapon", record! { weight: 1.0, damage: wrong, reload: 3 })
    else {
        panic!("is wrong");
    };
    let problems: Vec<_> = rejection.problems().iter().map(ToString::to_string).collect();
    assert_eq!(
        problems,
        [
            "slot 'damage.min' of 'weapon' expects 0 to 99, found 100",
            "'weapon' object has no slot 'damage.mxa'; did you mean 'damage.max'?",
            "slot 'damage.burn.time' of 'weapon' expects f32, found text \"long\"",
            "slot 'reload' of 'weapon' expects a map of time, spreads; found integer 3",
            "'weapon' object needs a value for slot 'damage.max' (u16)",
        ]
    );
    assert!(store.is_empty());
}

#[test]
fn a_part_given_twice_is_a_problem() {
    let mut store = store();
    let twice = record! { weight: 1.0, "damage.min": 2, damage: whole() };
    let Err(SpawnError::Rejected(rejection)) = store.spawn_record("weapon", twice) else {
        panic!("is wrong");
    };
    let [problem] = rejection.problems() else { panic!("one problem") };
    assert_eq!((&*problem.slot, &problem.kind), ("damage.min", &ProblemKind::Duplicate));
}

#[test]
fn a_nested_record_is_set_as_a_whole_or_not_at_all() {
    let mut store = store();
    let id = store.spawn_record("weapon", record! { weight: 1.0, damage: whole() }).unwrap();
    store
        .set_value(id, "damage.burn", map([("time", 9.into()), ("spreads", true.into())]))
        .unwrap();
    assert_eq!(store.get_value(id, "damage"), Ok(read(9.0)));
    let hash = store.state_hash();
    for (slot, value, message) in [
        (
            "damage",
            map([("min", 2.into())]),
            "2 problems:\n  'weapon' object needs a value for slot 'damage.max' (u16)\n  \
             'weapon' object needs a value for slot 'damage.burn.spreads' (bool)",
        ),
        (
            "damage",
            5.into(),
            "slot 'damage' of 'weapon' expects a map of min, max, burn; found integer 5",
        ),
        (
            "damage.burn",
            map([("time", "x".into()), ("spreads", true.into())]),
            "slot 'damage.burn.time' of 'weapon' expects f32, found text \"x\"",
        ),
        (
            "damage",
            Value::Unset,
            "4 problems:
  slot 'damage.min' of 'weapon' expects u16 and may not be unset
  \
             slot 'damage.max' of 'weapon' expects u16 and may not be unset",
        ),
        ("damge", 5.into(), "'weapon' object has no slot 'damge'"),
    ] {
        let error = store.set_value(id, slot, value).unwrap_err().to_string();
        assert_eq!(error.lines().take(3).collect::<Vec<_>>().join("\n"), message);
    }
    assert_eq!(store.state_hash(), hash);
    // A map sets all parts: those that it leaves out get their defaults.
    store.set_value(id, "damage", whole()).unwrap();
    assert_eq!(store.get_value(id, "damage"), Ok(read(1.5)));
}

#[test]
fn an_optional_nested_record_is_unset_as_a_whole() {
    let mut store = store();
    let record = record! { weight: 1.0, damage: whole(), reload: map([("spreads", true.into())]) };
    let id = store.spawn_record("weapon", record).unwrap();
    let reload = map([("time", 1.5_f32.into()), ("spreads", true.into())]);
    assert_eq!(store.get_value(id, "reload"), Ok(reload));
    store.set_value(id, "reload", Value::Unset).unwrap();
    assert_eq!(store.get_value(id, "reload"), Ok(Value::Unset));
    let unset = record! { weight: 1.0, damage: whole(), reload: Value::Unset };
    let id = store.spawn_record("weapon", unset).unwrap();
    assert_eq!(store.get_value(id, "reload.time"), Ok(Value::Unset));
}

#[test]
fn reserved_ids_and_commands_take_maps() {
    let mut store = store();
    let mut reserved = store.reserve_ids(["weapon"]).unwrap();
    reserved.write_record(0, &record! { weight: 1.0, damage: whole() }).unwrap();
    let id = reserved.spawn().unwrap()[0];
    assert_eq!(store.get_value(id, "damage"), Ok(read(1.5)));

    let mut commands = store.commands();
    let spawned =
        commands.spawn_record("weapon", record! { weight: 1.0, damage: whole() }).unwrap();
    commands.set_value(
        id,
        "damage",
        map([("min", 7.into()), ("max", 8.into()), ("burn", map([("spreads", false.into())]))]),
    );
    commands.apply(&mut store).unwrap();
    assert_eq!(store.get_value(spawned, "damage"), Ok(read(1.5)));
    assert_eq!(store.get_value(id, "damage.min"), Ok(7.into()));
}

#[derive(View)]
struct Ranges<'a> {
    #[slot(name = "damage.min")]
    min: &'a u16,
    #[slot(name = "damage.max")]
    max: &'a mut u16,
}

#[test]
fn views_and_keys_reach_parts() {
    let mut store = store();
    let id = store.spawn_record("weapon", record! { weight: 1.0, damage: whole() }).unwrap();
    store.view::<Ranges<'_>>().unwrap().for_each(|range| *range.max += range.min);
    let max = store.key::<u16>("weapon", "damage.max").unwrap();
    assert_eq!(store.get(id, max), Some(5));
}

#[test]
fn a_renamed_nested_record_keeps_its_values() {
    let mut store = store();
    let id = store.spawn_record("weapon", record! { weight: 1.0, damage: whole() }).unwrap();
    let weapon = Schema::builder("weapon").slot("weight", Kind::F32);
    let weapon =
        weapon.nested("hit", &damage()).renamed_from("damage").nested("reload", &burn()).optional();
    let plan = store.plan_migration([weapon.build().unwrap()]).unwrap();
    store.migrate(&plan).unwrap();
    assert_eq!(store.get_value(id, "hit"), Ok(read(1.5)));
}

#[test]
fn a_slot_may_have_a_name_before_a_dot_of_another() {
    let mut store = Store::new();
    let odd = Schema::builder("odd")
        .slot("a.b", Kind::U8)
        .slot("a.b.c", Kind::U8)
        .slot("a", Kind::Any)
        .optional();
    store.register_schema(odd.build().unwrap()).unwrap();
    let odd = Schema::builder("odder").slot("a.b", Kind::U8).slot("a.b.c", Kind::U8);
    store.register_schema(odd.build().unwrap()).unwrap();
    let id = store.spawn_record("odder", record! { "a.b": 1, "a.b.c": 2 }).unwrap();
    let whole = store.get_value(id, "a").unwrap();
    assert_eq!(whole, map([("b", 1.into()), ("b.c", 2.into())]));
    store.set_value(id, "a", whole).unwrap();
    // A slot of that name takes the map as its value.
    let id = store
        .spawn_record("odd", record! { "a.b": 1, "a.b.c": 2, a: map([("b", 3.into())]) })
        .unwrap();
    assert_eq!(store.get_value(id, "a"), Ok(map([("b", 3.into())])));
}

#[test]
fn mistakes_in_schemas_are_named() {
    let unit = || Schema::builder("unit");
    let error = unit().nested("damage", &damage()).default(3).build().unwrap_err();
    assert!(matches!(error, SchemaError::ConstraintOnNested { constraint: "default", .. }));
    assert_eq!(
        error.to_string(),
        "the nested record 'damage' of schema 'unit' cannot have a default; set it on the slots of the nested schema"
    );
    let child = Schema::builder("child").extends("damage").slot("more", Kind::U8).build().unwrap();
    let error = unit().nested("damage", &child).build().unwrap_err();
    assert_eq!(
        error.to_string(),
        "schema 'child' cannot be the nested record 'damage' of schema 'unit'; \
         it must have slots and must not extend another schema"
    );
    let twice = unit().slot("damage.min", Kind::U8).nested("damage", &damage()).build();
    assert!(matches!(twice, Err(SchemaError::DuplicateSlot { .. })));
}

#[test]
fn deep_maps_are_walked_only_as_far_as_slots_go() {
    let mut store = store();
    let deep = (0..5_000).fold(Value::from(1), |value, _| map([("burn", value)]));
    let error = store.spawn_record("weapon", record! { weight: 1.0, damage: deep }).unwrap_err();
    assert!(error.to_string().contains("'damage.burn.burn'"));
}

#[derive(Slotted, Clone, Copy, Debug, PartialEq)]
struct Burn {
    #[slot(default = 1.5)]
    time: f32,
    spreads: bool,
}

#[derive(Slotted, Clone, Copy, Debug, PartialEq)]
struct Damage {
    #[slot(range = 0..=99)]
    min: u16,
    max: u16,
    #[slot(nested)]
    burn: Burn,
}

#[derive(Slotted, Clone, Copy, Debug, PartialEq)]
struct Thing {
    weight: f32,
}

#[derive(Slotted, Clone, Copy, Debug, PartialEq)]
struct Weapon {
    #[slot(base)]
    thing: Thing,
    #[slot(nested, renamed_from = "hit")]
    damage: Damage,
    price: u32,
    #[slot(nested, name = "fire")]
    second: Burn,
}

#[test]
fn rust_types_nest() {
    let mut store = Store::new();
    store.register::<Weapon>().unwrap();
    let burn = Burn { time: 2.0, spreads: true };
    let damage = Damage { min: 1, max: 4, burn };
    let weapon = Weapon { thing: Thing { weight: 2.5 }, damage, price: 30, second: burn };
    let id = store.spawn(weapon).unwrap();
    assert_eq!(store.get_object::<Weapon>(id), Ok(weapon));
    assert_eq!(store.get_value(id, "damage"), Ok(read(2.0)));
    assert_eq!(store.get_value(id, "fire.time"), Ok(2.0_f32.into()));
    let keys = store.keys::<Weapon>().unwrap();
    store.set(id, keys.damage.burn.time, 3.0).unwrap();
    assert_eq!(store.get_object::<Weapon>(id).unwrap().damage.burn.time, 3.0);
    let error =
        store.spawn(Weapon { damage: Damage { min: 100, ..damage }, ..weapon }).unwrap_err();
    assert_eq!(error.to_string(), "slot 'damage.min' of 'weapon' expects 0 to 99, found 100");
    let batch = store.spawn_batch([weapon; 300]).unwrap().collect::<Vec<_>>();
    assert_eq!(store.get_value(batch[299], "damage"), Ok(read(2.0)));
    assert_eq!(store.schema("weapon").unwrap().slots()[1].renamed_from(), Some("hit.min"));
}
