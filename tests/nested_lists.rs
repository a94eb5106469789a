//! Lists of records, maps, tuples and lists of lists: a column for each part.

use proptest::prelude::*;
use slotted::schema::{SchemaBuilder, Shape};
use slotted::{Kind, List, Schema, Slotted, SpawnError, Store, Text, Value, record};

fn map<const N: usize>(parts: [(&str, Value); N]) -> Value {
    parts.into_iter().collect()
}

fn roll() -> Schema {
    let roll = Schema::builder("roll").slot("sides", Kind::U8).range(2..=20);
    roll.slot("bonus", Kind::I8).optional().build().unwrap()
}

fn drop() -> Schema {
    let drop = Schema::builder("drop").slot("item", Kind::Text).slot("chance", Kind::F32);
    let drop = drop.range(0..=1).slot("tags", Kind::list(Kind::Text)).optional();
    drop.nested_list("rolls", &roll()).build().unwrap()
}

fn store() -> Store {
    let unit = Schema::builder("unit").slot("health", Kind::F32).nested_list("drops", &drop());
    let mut store = Store::new();
    store.register_schema(unit.build().unwrap()).unwrap();
    store
}

fn bone() -> Value {
    let rolls = [map([("sides", 6.into())]), map([("sides", 20.into()), ("bonus", (-2).into())])];
    map([("item", "bone".into()), ("chance", 0.5_f32.into()), ("rolls", rolls.into())])
}

fn hide() -> Value {
    let (tags, rolls) = (Value::from(["raw", "soft"]), Value::List([].into()));
    map([("item", "hide".into()), ("chance", 1.0_f32.into()), ("tags", tags), ("rolls", rolls)])
}

fn problems(error: SpawnError) -> Vec<String> {
    let SpawnError::Rejected(rejection) = error else { panic!("is wrong: {error}") };
    rejection.problems().iter().map(ToString::to_string).collect()
}

#[test]
fn the_parts_of_a_list_are_slots() {
    let mut store = store();
    let unit = store.schema("unit").unwrap();
    let slots: Vec<_> = unit.slots().iter().map(ToString::to_string).collect();
    assert_eq!(
        slots,
        [
            "health: f32",
            "drops[].item: list(text)",
            "drops[].chance: list(f32), range 0.0 to 1.0",
            "drops[].tags: list(text), default []",
            "drops[].tags?: list(bool), default []",
            "drops[].tags#: list(u32), default []",
            "drops[].rolls[].sides: list(u8), range 2 to 20",
            "drops[].rolls#: list(u32)",
            "drops[].rolls[].bonus: list(i8), default []",
            "drops[].rolls[].bonus?: list(bool), default []",
        ]
    );
    let drops = Value::from([bone(), hide()]);
    let id = store.spawn_record("unit", record! { health: 1.0, drops: drops.clone() }).unwrap();
    assert_eq!(store.get_value(id, "drops"), Ok(drops.clone()));
    assert_eq!(store.get_value(id, "drops[].rolls#"), Ok([2, 0].into()));
    let key = store.key::<List<u8>>("unit", "drops[].rolls[].sides").unwrap();
    assert_eq!(store.resolve_list(store.get(id, key).unwrap()), Some(&[6, 20][..]));

    let flat = store.get_record(id).unwrap();
    let nested = store.schema("unit").unwrap().gather(&flat);
    assert_eq!(nested, record! { health: 1.0_f32, drops: drops.clone() });
    let copy = store.spawn_record("unit", flat).unwrap();
    assert_eq!(store.get_value(copy, "drops"), Ok(drops));
    store.set_value(id, "drops", [hide()]).unwrap();
    assert_eq!(store.get_value(id, "drops"), Ok([hide()].into()));
    store.set_value(id, "drops", Value::List([].into())).unwrap();
    assert_eq!(store.get_value(id, "drops"), Ok(Value::List([].into())));
}

#[test]
fn every_problem_names_its_element_or_part() {
    let mut store = store();
    let wrong = [
        map([("item", "bone".into()), ("chance", 2.into()), ("rolls", 3.into())]),
        map([("itm", "hide".into()), ("chance", 1.into()), ("rolls", Value::List([].into()))]),
        "hide".into(),
    ];
    let error = store.spawn_record("unit", record! { health: 1.0, drops: wrong }).unwrap_err();
    assert_eq!(
        problems(error),
        [
            "slot 'drops[].rolls' of 'unit' expects a list of maps of sides, bonus; found integer 3",
            "'unit' object has no slot 'drops[].itm'; did you mean 'drops[].item'?",
            "slot 'drops[]' of 'unit' expects a map of item, chance, tags, rolls; found text \"hide\"",
            "element 1 of slot 'drops[].item' of 'unit' expects text and may not be unset",
            "element 0 of slot 'drops[].chance' of 'unit' expects 0.0 to 1.0, found 2",
        ]
    );
    let error = store.spawn_record("unit", record! { health: 1.0, drops: 5 }).unwrap_err();
    assert_eq!(
        problems(error),
        [
            "slot 'drops' of 'unit' expects a list of maps of item, chance, tags, rolls; found integer 5",
        ]
    );
    let error = store.spawn_record("unit", record! { health: 1.0 }).unwrap_err();
    assert_eq!(
        problems(error),
        [
            "'unit' object needs a value for slot 'drops' (a list of maps of item, chance, tags, rolls)"
        ]
    );
    let twice = [Value::Map(
        [("item".into(), "a".into()), ("item".into(), "b".into()), ("chance".into(), 1.into())]
            .into_iter()
            .chain([("rolls".into(), Value::List([].into()))])
            .collect(),
    )];
    let error = store.spawn_record("unit", record! { health: 1.0, drops: twice }).unwrap_err();
    assert!(
        problems(error).contains(&"'unit' object has two values for slot 'drops[].item'".into())
    );
    assert!(store.is_empty());
}

#[test]
fn lists_of_different_lengths_are_refused_and_never_hidden() {
    let mut store = store();
    let uneven = record! {
        health: 1.0, "drops[].item": ["bone"], "drops[].chance": [0.5, 0.5],
        "drops[].rolls[].sides": Value::List([].into()), "drops[].rolls#": [0]
    };
    let error = store.spawn_record("unit", uneven.clone()).unwrap_err();
    assert!(
        error.to_string().starts_with("the parts of 'drops' of 'unit' have lists of different")
    );
    let mut reserved = store.reserve_ids(["unit"]).unwrap();
    assert!(reserved.write_record(0, &uneven).is_err());
    std::mem::drop(reserved);

    // A key writes one part alone.
    let id = store.spawn_record("unit", record! { health: 1.0, drops: [hide()] }).unwrap();
    let key = store.key::<List<f32>>("unit", "drops[].chance").unwrap();
    let longer = store.intern_list(&[0.5_f32, 0.25]).unwrap();
    store.set(id, key, longer).unwrap();
    let Value::Map(parts) = store.get_value(id, "drops").unwrap() else { panic!("lists of parts") };
    assert_eq!(parts[1], ("[].chance".into(), [0.5_f32, 0.25].into()));
    let flat = store.get_record(id).unwrap();
    assert_eq!(store.schema("unit").unwrap().gather(&flat), flat);
    store.set_value(id, "drops", [hide()]).unwrap();
    assert_eq!(store.get_value(id, "drops"), Ok([hide()].into()));
}

#[test]
fn a_part_that_the_schema_gets_later_is_unset_in_old_elements() {
    let mut store = Store::new();
    let old = Schema::builder("drop").slot("item", Kind::Text).build().unwrap();
    let unit = |drop: &Schema| Schema::builder("unit").nested_list("drops", drop).build().unwrap();
    store.register_schema(unit(&old)).unwrap();
    let drops: Value = [map([("item", "bone".into())])].into();
    let id = store.spawn_record("unit", record! { drops: drops.clone() }).unwrap();
    let new = Schema::builder("drop").slot("item", Kind::Text);
    let new = new.slot("chance", Kind::F32).optional().slot("tags", Kind::list(Kind::Text));
    let plan = store.plan_migration([unit(&new.optional().build().unwrap())]).unwrap();
    store.migrate(&plan).unwrap();
    assert_eq!(store.get_value(id, "drops"), Ok(drops));
}

#[test]
fn an_optional_list_is_unset_as_a_whole() {
    let mut store = Store::new();
    let unit = Schema::builder("unit").nested_list("drops", &drop()).optional();
    store.register_schema(unit.build().unwrap()).unwrap();
    let id = store.spawn_record("unit", record! {}).unwrap();
    assert_eq!(store.get_value(id, "drops"), Ok(Value::Unset));
    store.set_value(id, "drops", [bone()]).unwrap();
    assert_eq!(store.get_value(id, "drops"), Ok([bone()].into()));
    store.set_value(id, "drops", Value::Unset).unwrap();
    assert_eq!(store.get_value(id, "drops"), Ok(Value::Unset));
}

#[test]
fn maps_take_any_name_and_may_have_references_as_keys() {
    let mut store = Store::new();
    let skill = Schema::builder("skill").slot("level", Kind::U8).build().unwrap();
    let unit = Schema::builder("unit").nested_map("skills", Kind::Text, &skill);
    store.register_schema(unit.build().unwrap()).unwrap();
    let skills = map([("archery", map([("level", 3.into())])), ("", map([("level", 0.into())]))]);
    let id = store.spawn_record("unit", record! { skills: skills.clone() }).unwrap();
    assert_eq!(store.get_value(id, "skills"), Ok(skills));

    let liking = Schema::builder("liking").slot("points", Kind::I8).build().unwrap();
    let npc = Schema::builder("npc").nested_map("likes", Kind::Object, &liking).build().unwrap();
    store.register_schema(npc).unwrap();
    let value = map([("points", 5.into())]);
    let likes = Value::from([map([("key", id.into()), ("value", value)])]);
    let npc = store.spawn_record("npc", record! { likes: likes.clone() }).unwrap();
    assert_eq!(store.get_value(npc, "likes"), Ok(likes));
}

#[test]
fn mistakes_in_schemas_are_named() {
    let unit = || Schema::builder("unit");
    let drop = Schema::builder("drop").slot("item", Kind::Text).optional().default("bone");
    let optional = unit().nested_list("drops", &drop.build().unwrap());
    let plain = unit().slot("health", Kind::F32).part_default(5);
    for (schema, slot) in [(optional, "drops[].item"), (plain, "health")] {
        assert_eq!(
            schema.build().unwrap_err().to_string(),
            format!(
                "slot '{slot}' of schema 'unit' cannot have the default of a part: \
                 only a part of an element or of a variant that is not optional has one"
            )
        );
    }
    let chance = |default: Value| {
        let slot = unit().slot("drops[].chance", Kind::list(Kind::F32));
        slot.part_default(default).range(0..=1).build()
    };
    assert!(chance(1.into()).is_ok());
    assert_eq!(
        chance(2.into()).unwrap_err().to_string(),
        "bad default: slot 'drops[].chance' of 'unit' expects 0.0 to 1.0, found 2"
    );
    assert!(chance([1].into()).is_err(), "each element has one");
}

#[test]
fn elements_that_leave_a_part_out_have_its_default() -> Result<(), Box<dyn std::error::Error>> {
    let spot = Schema::builder("spot").slot("x", Kind::U8).slot("y", Kind::U8).default(7);
    let drop = Schema::builder("drop")
        .slot("item", Kind::Text)
        .slot("chance", Kind::F32)
        .default(1.0)
        .slot("tags", Kind::list(Kind::Text))
        .default(["loot"])
        .slot("note", Kind::Any)
        .default(map([("a", 1.into())]))
        .nested_list("spots", &spot.build()?)
        .build()?;
    let unit = Schema::builder("unit")
        .nested_list("drops", &drop)
        .nested_map("shops", Kind::Text, &drop)
        .slot("effect@type", Kind::enumeration(["heal", "rest"]))
        .slot("effect@heal.amount", Kind::U8)
        .optional()
        .part_default(5);
    let mut store = Store::new();
    store.register_schema(unit.build()?)?;
    let spots = |y: &[(&str, Value)]| -> Value {
        let spot = [("x", 1.into())].into_iter().chain(y.iter().cloned());
        [spot.collect::<Value>()].into()
    };
    let short = map([("item", "bone".into()), ("spots", spots(&[]))]);
    let full = map([
        ("item", "bone".into()),
        ("chance", 1.0_f32.into()),
        ("tags", ["loot"].into()),
        ("note", map([("a", 1.into())])),
        ("spots", spots(&[("y", 7.into())])),
    ]);
    let own = map([
        ("item", "hide".into()),
        ("chance", 0.5_f32.into()),
        ("tags", Value::List([].into())),
        ("note", 3.into()),
        ("spots", spots(&[("y", 9.into())])),
    ]);
    let heal = map([("type", "heal".into())]);
    let record = record! {
        drops: [short.clone(), own.clone()],
        shops: map([("inn", short)]),
        effect: heal
    };
    let id = store.spawn_record("unit", record)?;
    assert_eq!(store.get_value(id, "drops")?, [full.clone(), own].into());
    assert_eq!(store.get_value(id, "shops")?, map([("inn", full)]));
    let amount = map([("type", "heal".into()), ("amount", 5.into())]);
    assert_eq!(store.get_value(id, "effect")?, amount);
    // Another variant has no part of that name.
    store.set_value(id, "effect", map([("type", "rest".into())]))?;
    assert_eq!(store.get_value(id, "effect@heal.amount")?, Value::Unset);
    let listed = store.schema("unit").and_then(|unit| unit.slot("effect@heal.amount")).unwrap();
    assert_eq!(listed.to_string(), "effect@heal.amount: u8, optional, default 5 of the part");
    Ok(())
}

#[test]
fn names_that_only_look_like_parts_are_names() {
    let names = ["a?", "b#", "[]", "c[]", "d[].x", "d[].y", ".", "e.", ".f", "g{}.key", "h[].i"];
    let schema = names.iter().fold(Schema::builder("odd"), |odd, name| odd.slot(*name, Kind::U8));
    let mut store = Store::new();
    store.register_schema(schema.build().unwrap()).unwrap();
    let odd = store.schema("odd").unwrap();
    assert!(["c", "d", "g", "h"].iter().all(|name| !odd.is_nested(name)));
    let record = names.iter().map(|name| (*name, Value::from(1))).collect::<slotted::Record>();
    let id = store.spawn_record("odd", record.clone()).unwrap();
    assert_eq!(store.get_record(id), Ok(record));
}

#[derive(Slotted, Clone, Copy, Debug, PartialEq)]
struct Drops {
    item: List<Text>,
    chance: List<f32>,
}

#[derive(Slotted, Clone, Copy, Debug, PartialEq)]
struct Beast {
    health: f32,
    #[slot(nested, name = "drops[]")]
    drops: Drops,
}

#[test]
fn rust_types_have_the_lists_of_the_parts() {
    let mut store = Store::new();
    store.register::<Beast>().unwrap();
    let drop = Schema::builder("drop").slot("item", Kind::Text).slot("chance", Kind::F32);
    let beast = Schema::builder("beast").slot("health", Kind::F32);
    let beast = beast.nested_list("drops", &drop.build().unwrap()).build().unwrap();
    store.register_schema(beast).unwrap();
    let drops = Value::from([map([("item", "bone".into()), ("chance", 0.5_f32.into())])]);
    let id = store.spawn_record("beast", record! { health: 9.0, drops: drops.clone() }).unwrap();
    let beast = store.get_object::<Beast>(id).unwrap();
    assert_eq!(store.resolve_list(beast.drops.chance), Some(&[0.5][..]));
    let copy = store.spawn(beast).unwrap();
    assert_eq!(store.get_value(copy, "drops"), Ok(drops));
}

/// The form of a value, as this test writes it.
#[derive(Clone, Debug)]
enum Form {
    Number,
    Texts,
    Record(Vec<(Form, bool)>),
    Tuple(Vec<Form>),
    List(Box<Form>),
    Map(Box<Form>),
}

fn forms() -> impl Strategy<Value = Form> {
    let leaf = prop_oneof![Just(Form::Number), Just(Form::Texts)];
    leaf.prop_recursive(4, 24, 3, |inner| {
        prop_oneof![
            prop::collection::vec((inner.clone(), any::<bool>()), 1..4).prop_map(Form::Record),
            prop::collection::vec(inner.clone(), 2..4).prop_map(Form::Tuple),
            inner.clone().prop_map(|form| Form::List(Box::new(form))),
            inner.prop_map(|form| Form::Map(Box::new(form))),
        ]
    })
}

/// Declares the slots of a form.
fn declare(
    form: &Form,
    name: &str,
    (in_list, is_optional): (bool, bool),
    schema: SchemaBuilder,
) -> SchemaBuilder {
    let list = |kind: Kind| if in_list { Kind::list(kind) } else { kind };
    let slot = |schema: SchemaBuilder, name: String, kind: Kind| {
        let schema = schema.slot(name, kind);
        if is_optional && !in_list { schema.optional() } else { schema }
    };
    let flags = |schema: SchemaBuilder| match is_optional && in_list {
        true => schema.slot(format!("{name}?"), Kind::list(Kind::Bool)),
        false => schema,
    };
    let lengths = |schema: SchemaBuilder| match in_list {
        true => schema.slot(format!("{name}#"), Kind::list(Kind::U32)),
        false => schema,
    };
    match form {
        Form::Number => flags(slot(schema, name.to_owned(), list(Kind::U8))),
        Form::Texts => lengths(flags(slot(schema, name.to_owned(), Kind::list(Kind::Text)))),
        Form::Record(fields) => {
            fields.iter().enumerate().fold(schema, |schema, (at, (form, own))| {
                declare(form, &format!("{name}.f{at}"), (in_list, is_optional || *own), schema)
            })
        }
        Form::Tuple(fields) => fields.iter().enumerate().fold(schema, |schema, (at, form)| {
            declare(form, &format!("{name}.{at}"), (in_list, is_optional), schema)
        }),
        Form::List(element) => {
            let schema = lengths(flags(schema));
            let in_unset = is_optional && !in_list;
            // Outside of lists, all parts are optional together.
            declare_elements(element, &format!("{name}[]"), in_unset, schema)
        }
        Form::Map(value) => {
            let schema = lengths(flags(schema));
            let in_unset = is_optional && !in_list;
            let schema = schema.slot(format!("{name}{{}}.key"), Kind::list(Kind::Text));
            let schema = if in_unset { schema.optional() } else { schema };
            declare_elements(value, &format!("{name}{{}}.value"), in_unset, schema)
        }
    }
}

fn declare_elements(
    form: &Form,
    name: &str,
    in_unset: bool,
    schema: SchemaBuilder,
) -> SchemaBuilder {
    let before = schema.clone().build().map_or(0, |schema| schema.slots().len());
    let schema = declare(form, name, (true, false), schema);
    let Ok(built) = schema.clone().build() else { return schema };
    if !in_unset {
        return schema;
    }
    // Declared again, because the builder changes the last slot alone.
    let again = |schema: SchemaBuilder, (at, slot): (usize, &slotted::schema::Slot)| {
        let schema = schema.slot(slot.name(), slot.kind().clone());
        if slot.is_optional() || at >= before { schema.optional() } else { schema }
    };
    built.slots().iter().enumerate().fold(Schema::builder("thing"), again)
}

/// Returns a value of the form, which depends on the numbers.
fn value(form: &Form, numbers: &mut impl FnMut() -> u8) -> Value {
    match form {
        Form::Number => numbers().into(),
        Form::Texts => {
            (0..numbers() % 3).map(|at| Value::from(format!("t{at}"))).collect::<Vec<_>>().into()
        }
        Form::Record(fields) => {
            let mut parts = Vec::new();
            for (at, (form, is_optional)) in fields.iter().enumerate() {
                // A record without parts is one that is left out.
                if at == 0 || !is_optional || numbers().is_multiple_of(2) {
                    parts.push((format!("f{at}"), value(form, numbers)));
                }
            }
            parts.into_iter().collect()
        }
        Form::Tuple(fields) => {
            fields.iter().map(|form| value(form, numbers)).collect::<Vec<_>>().into()
        }
        Form::List(element) => {
            (0..numbers() % 4).map(|_| value(element, numbers)).collect::<Vec<_>>().into()
        }
        Form::Map(of) => {
            (0..numbers() % 4).map(|at| (format!("k{at}"), value(of, numbers))).collect()
        }
    }
}

proptest! {
    #[test]
    fn any_nested_value_is_returned_as_it_was_given(
        form in forms(),
        seed in prop::collection::vec(any::<u8>(), 64),
    ) {
        let mut seeds = seed.iter().cycle().copied();
        let mut numbers = || seeds.next().unwrap_or_default();
        let whole = value(&form, &mut numbers);
        let schema = declare(&form, "whole", (false, false), Schema::builder("thing"));
        let mut store = Store::new();
        store.register_schema(schema.build().unwrap()).unwrap();
        let id = store.spawn_record("thing", record! { whole: whole.clone() }).unwrap();
        prop_assert_eq!(store.get_value(id, "whole"), Ok(whole.clone()));
        let thing = store.schema("thing").unwrap();
        let flat = store.get_record(id).unwrap();
        let nested = match thing.shape("whole") {
            Some(Shape::Record(_) | Shape::Tuple(_) | Shape::List(_) | Shape::Map(_)) => thing.gather(&flat),
            _ => flat.clone(),
        };
        prop_assert_eq!(nested, record! { whole: whole });
        let copy = store.spawn_record("thing", flat.clone()).unwrap();
        prop_assert_eq!(store.get_record(copy), Ok(flat));
    }
}

#[test]
fn lengths_from_outside_reserve_nothing() {
    let mut store = Store::new();
    let inner = Schema::builder("inner").slot("c", Kind::U8).optional().build().unwrap();
    let outer = Schema::builder("outer").nested_list("b", &inner).build().unwrap();
    let thing = Schema::builder("thing").nested_list("a", &outer).build().unwrap();
    store.register_schema(thing).unwrap();
    let none = || Value::List([].into());
    let huge = record! { "a[].b#": [u32::MAX], "a[].b[].c": none(), "a[].b[].c?": none() };
    assert!(store.spawn_record("thing", huge.clone()).is_err());
    let many = vec![Value::from(1000); 1000];
    let flags = vec![Value::from(false); 1000];
    let many = record! { "a[].b#": many, "a[].b[].c": none(), "a[].b[].c?": flags };
    assert!(store.schema("thing").unwrap().check_nested(&many).is_err());
}

#[test]
fn a_part_added_to_an_optional_list_is_unset_in_old_elements() {
    let mut store = Store::new();
    let old = Schema::builder("drop").slot("item", Kind::Text).build().unwrap();
    let unit = |drop: &Schema| {
        Schema::builder("unit").nested_list("drops", drop).optional().build().unwrap()
    };
    store.register_schema(unit(&old)).unwrap();
    let drops: Value = [map([("item", "bone".into())])].into();
    let id = store.spawn_record("unit", record! { drops: drops.clone() }).unwrap();
    let new = Schema::builder("drop").slot("item", Kind::Text).slot("chance", Kind::F32).optional();
    let plan = store.plan_migration([unit(&new.build().unwrap())]).unwrap();
    store.migrate(&plan).unwrap();
    assert_eq!(store.get_value(id, "drops"), Ok(drops));
}

#[test]
fn values_of_any_are_required_and_may_be_empty() {
    let mut store = Store::new();
    let drop = Schema::builder("drop").slot("item", Kind::Text).slot("extra", Kind::Any);
    let drop = drop.slot("tags", Kind::list(Kind::Any)).build().unwrap();
    store
        .register_schema(Schema::builder("unit").nested_list("drops", &drop).build().unwrap())
        .unwrap();
    let empty = || Value::Map([].into());
    let whole = [map([("item", "a".into()), ("extra", empty()), ("tags", [Value::Unset].into())])];
    let id = store.spawn_record("unit", record! { drops: whole.clone() }).unwrap();
    assert_eq!(store.get_value(id, "drops"), Ok(whole.into()));
    for lacking in [
        map([("item", "a".into()), ("extra", empty())]),
        map([("item", "a".into()), ("tags", [1].into())]),
    ] {
        assert!(store.spawn_record("unit", record! { drops: [lacking.clone()] }).is_err());
        assert!(store.set_value(id, "drops", [lacking]).is_err());
    }
}

#[test]
fn keys_of_maps_are_names_and_occur_once() {
    let skill = Schema::builder("skill").slot("level", Kind::U8).optional().build().unwrap();
    let error = Schema::builder("unit").nested_map("skills", Kind::F32, &skill).build();
    assert_eq!(
        error.unwrap_err().to_string(),
        "the keys of the map 'skills' of schema 'unit' are text, object or an enum, not f32"
    );
    let unit = Schema::builder("unit").nested_map("skills", Kind::Text, &skill).build().unwrap();
    let mut store = Store::new();
    store.register_schema(unit).unwrap();
    let level = || map([("level", 1.into())]);
    let twice = Value::from_iter([("hunt", level()), ("hunt", level())]);
    assert!(store.spawn_record("unit", record! { skills: twice }).is_err());
    let empty = map([("hunt", Value::Map([].into()))]);
    let id = store.spawn_record("unit", record! { skills: empty.clone() }).unwrap();
    assert_eq!(store.get_value(id, "skills"), Ok(empty));
}
