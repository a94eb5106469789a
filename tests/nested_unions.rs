//! Unions: values of one of several variants, with a column for each part.

use proptest::prelude::*;
use slotted::schema::{Shape, UnionBy};
use slotted::{Kind, Schema, SpawnError, Store, Value, record};

fn map<const N: usize>(parts: [(&str, Value); N]) -> Value {
    parts.into_iter().collect()
}

fn store(schema: Schema) -> Store {
    let mut store = Store::new();
    store.register_schema(schema).unwrap();
    store
}

/// Effects with a tag: `heal` needs an amount and may have an area, `buff` has a nested record and a list, `rest` has nothing.
fn spell() -> Store {
    let spell = Schema::builder("spell")
        .slot("effect@type", Kind::enumeration(["heal", "buff", "rest"]))
        .slot("effect@heal.amount", Kind::F32)
        .optional()
        .range(0..=100)
        .slot("effect@heal.area", Kind::U8)
        .optional()
        .slot("effect@heal.area?", Kind::Bool)
        .optional()
        .slot("effect@buff.bonus.strength", Kind::I8)
        .optional()
        .slot("effect@buff.targets[].name", Kind::list(Kind::Text))
        .optional()
        .slot("cost", Kind::U8)
        .default(1);
    store(spell.build().unwrap())
}

fn heal() -> Value {
    map([("type", "heal".into()), ("amount", 5.0_f32.into())])
}

fn buff() -> Value {
    let bonus = map([("strength", 2.into())]);
    let targets = [map([("name", "orc".into())]), map([("name", "elf".into())])];
    map([("type", "buff".into()), ("bonus", bonus), ("targets", targets.into())])
}

fn problems(error: SpawnError) -> Vec<String> {
    let SpawnError::Rejected(rejection) = error else { panic!("is wrong: {error}") };
    rejection.problems().iter().map(ToString::to_string).collect()
}

#[test]
fn each_variant_has_parts_of_its_own() {
    let mut store = spell();
    let Some(Shape::Union(union)) = store.schema("spell").unwrap().shape("effect") else {
        panic!("no union")
    };
    assert_eq!(union.by, UnionBy::Tag("type".into()));
    assert_eq!(union.to_string(), "a map with a type of heal, buff, rest");
    let wide = map([("type", "heal".into()), ("amount", 1.0_f32.into()), ("area", 3.into())]);
    let rest = map([("type", "rest".into())]);
    for effect in [heal(), buff(), wide, rest] {
        let id = store.spawn_record("spell", record! { effect: effect.clone() }).unwrap();
        assert_eq!(store.get_value(id, "effect"), Ok(effect.clone()));
        let flat = store.get_record(id).unwrap();
        let nested = record! { effect: effect.clone(), cost: 1 };
        assert_eq!(store.schema("spell").unwrap().gather(&flat), nested);
        let copy = store.spawn_record("spell", flat).unwrap();
        assert_eq!(store.get_value(copy, "effect"), Ok(effect));
        // The parts of the former variant are unset.
        store.set_value(id, "effect", heal()).unwrap();
        assert_eq!(store.get_value(id, "effect"), Ok(heal()));
    }
    let id = store.spawn_record("spell", record! { effect: heal() }).unwrap();
    assert_eq!(store.get_value(id, "effect@heal.amount"), Ok(5.0_f32.into()));
    store.set_value(id, "effect", buff()).unwrap();
    let bonus = map([("strength", 7.into())]);
    store.set_value(id, "effect@buff.bonus", bonus.clone()).unwrap();
    assert_eq!(store.get_value(id, "effect@buff.bonus"), Ok(bonus));
}

#[test]
fn problems_name_the_variant_and_the_part() {
    let mut store = spell();
    let mut refused = |effect: Value| {
        let error = store.spawn_record("spell", record! { effect: effect }).unwrap_err();
        problems(error).join("; ")
    };
    assert_eq!(
        refused(map([("type", "heal".into())])),
        "'spell' object needs a value for slot 'effect@heal.amount' (f32)"
    );
    assert_eq!(
        refused(map([("type", "heel".into()), ("amount", 5.into())])),
        "slot 'effect@type' of 'spell' expects one of heal, buff, rest; found 'heel'; did you mean 'heal'?"
    );
    assert_eq!(
        refused(map([("type", "rest".into()), ("amount", 5.into())])),
        "'spell' object has no slot 'effect@rest.amount'; did you mean 'effect@heal.amount'?"
    );
    assert_eq!(
        refused(map([("amount", 5.into())])),
        "slot 'effect' of 'spell' expects a map with a type of heal, buff, rest; found map {\"amount\": 5}"
    );
    assert_eq!(
        refused(5.into()),
        "slot 'effect' of 'spell' expects a map with a type of heal, buff, rest; found integer 5"
    );
    assert_eq!(
        refused(map([("type", "heal".into()), ("amount", 500.into())])),
        "slot 'effect@heal.amount' of 'spell' expects 0.0 to 100.0, found 500"
    );
    let error = store.spawn_record("spell", record! {}).unwrap_err();
    assert_eq!(
        problems(error),
        ["'spell' object needs a value for slot 'effect' (a map with a type of heal, buff, rest)"]
    );
    let mixed = record! { "effect@type": "rest", "effect@heal.amount": 5 };
    let error = store.spawn_record("spell", mixed).unwrap_err();
    assert!(error.to_string().contains("are not those of one variant"), "{error}");
    assert!(store.is_empty());
    let id = store.spawn_record("spell", record! { effect: heal() }).unwrap();
    let error = store.set_value(id, "effect", map([("type", "heal".into())])).unwrap_err();
    assert_eq!(
        error.to_string(),
        "'spell' object needs a value for slot 'effect@heal.amount' (f32)"
    );
    assert_eq!(store.get_value(id, "effect"), Ok(heal()));
}

/// A slot for each sort of value, and a list of values of three sorts.
fn sorts() -> Store {
    let text = Kind::enumeration(["text", "number", "map"]);
    let cost = Schema::builder("item")
        .slot("cost|", Kind::enumeration(["bool", "number", "text", "list", "map"]))
        .optional()
        .slot("cost|bool", Kind::Bool)
        .optional()
        .slot("cost|number", Kind::F64)
        .optional()
        .slot("cost|text", Kind::Text)
        .optional()
        .slot("cost|list", Kind::list(Kind::U8))
        .optional()
        .slot("cost|map@type", Kind::enumeration(["gold", "none"]))
        .optional()
        .slot("cost|map@gold.amount", Kind::U8)
        .optional()
        .slot("uses[]|", Kind::list(text))
        .slot("uses[]|text", Kind::list(Kind::Text))
        .slot("uses[]|number", Kind::list(Kind::I64))
        .slot("uses[]|map.level", Kind::list(Kind::U8))
        .slot("uses[]|map.tags", Kind::list(Kind::Text))
        .slot("uses[]|map.tags?", Kind::list(Kind::Bool))
        .slot("uses[]|map.tags#", Kind::list(Kind::U32))
        .slot("shape@", Kind::enumeration(["point", "circle", "box"]))
        .optional()
        .slot("shape@circle", Kind::F64)
        .optional()
        .slot("shape@box.0", Kind::F64)
        .optional()
        .slot("shape@box.1", Kind::F64)
        .optional();
    store(cost.build().unwrap())
}

fn cost() -> impl Strategy<Value = Value> {
    let gold =
        any::<u8>().prop_map(|amount| map([("type", "gold".into()), ("amount", amount.into())]));
    prop_oneof![
        any::<bool>().prop_map(Value::from),
        (-1e9..1e9).prop_map(Value::from),
        "[a-c]{0,3}".prop_map(Value::from),
        prop::collection::vec(any::<u8>(), 0..3).prop_map(|list| list
            .into_iter()
            .map(Value::from)
            .collect::<Vec<_>>()
            .into()),
        gold,
        Just(map([("type", "none".into())])),
    ]
}

fn uses() -> impl Strategy<Value = Value> {
    let tags = prop::option::of(prop::collection::vec("[a-b]", 0..3));
    let level = (any::<u8>(), tags).prop_map(|(level, tags)| {
        let tags = tags.map(|tags| tags.into_iter().map(Value::from).collect::<Vec<_>>());
        let tags = tags.map(|tags| ("tags", Value::from(tags)));
        [("level", level.into())].into_iter().chain(tags).collect::<Value>()
    });
    let one =
        prop_oneof!["[a-c]{0,3}".prop_map(Value::from), any::<i64>().prop_map(Value::from), level];
    prop::collection::vec(one, 0..5).prop_map(Value::from)
}

fn shape() -> impl Strategy<Value = Value> {
    let size = -1e9..1e9;
    prop_oneof![
        Just(Value::from("point")),
        size.clone().prop_map(|radius: f64| map([("circle", radius.into())])),
        (size.clone(), size).prop_map(|(x, y): (f64, f64)| map([("box", [x, y].into())])),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 256, ..ProptestConfig::default() })]

    #[test]
    fn values_of_any_sort_are_read_as_they_were_given(
        cost in prop::option::of(cost()),
        uses in uses(),
        shape in prop::option::of(shape()),
    ) {
        let mut store = sorts();
        let (cost, shape) = (cost.unwrap_or_default(), shape.unwrap_or_default());
        let record = record! { cost: cost.clone(), uses: uses.clone(), shape: shape.clone() };
        let id = store.spawn_record("item", record).unwrap();
        prop_assert_eq!(store.get_value(id, "cost").unwrap(), cost);
        prop_assert_eq!(store.get_value(id, "uses").unwrap(), uses);
        prop_assert_eq!(store.get_value(id, "shape").unwrap(), shape);
        let flat = store.get_record(id).unwrap();
        let copy = store.spawn_record("item", flat).unwrap();
        prop_assert_eq!(store.get_record(id).unwrap(), store.get_record(copy).unwrap());
    }
}

#[test]
fn a_value_of_another_sort_is_refused() {
    let mut store = sorts();
    let none = Value::List([].into());
    let wrong = record! { uses: [Value::from(true)] };
    let error = store.spawn_record("item", wrong).unwrap_err();
    assert_eq!(
        problems(error),
        [
            "slot 'uses[]' of 'item' expects text, or a number, or a map of level, tags; found bool true"
        ]
    );
    for shape in [map([("circle", 1.into()), ("box", 2.into())]), "circle".into(), 3.into()] {
        let error =
            store.spawn_record("item", record! { uses: none.clone(), shape: shape }).unwrap_err();
        assert!(
            problems(error)[0].starts_with("slot 'shape' of 'item' expects one of point, circle")
        );
    }
}

#[test]
fn elements_of_a_list_may_have_unions() {
    let spell = spell();
    let effect = spell.schema("spell").unwrap().to_schema();
    let slots = effect.slots().iter().filter(|slot| slot.name() != "cost");
    let mut step = Schema::builder("step").slot("name", Kind::Text);
    for slot in slots {
        step = step.slot(slot.name(), slot.kind().clone()).optional();
    }
    let step = step.build().unwrap();
    let mut store = store(Schema::builder("plan").nested_list("steps", &step).build().unwrap());
    let step = |name: &str, effect: Option<Value>| {
        let effect = effect.map(|effect| ("effect", effect));
        [("name", name.into())].into_iter().chain(effect).collect::<Value>()
    };
    let steps = Value::from([step("a", Some(heal())), step("b", None), step("c", Some(buff()))]);
    let id = store.spawn_record("plan", record! { steps: steps.clone() }).unwrap();
    assert_eq!(store.get_value(id, "steps"), Ok(steps));
    assert_eq!(store.get_value(id, "steps[].effect@type"), Ok(["heal", "buff"].into()));
    assert_eq!(store.get_value(id, "steps[].effect?"), Ok([true, false, true].into()));
}

#[test]
fn unions_in_records_have_one_problem_and_keep_what_is_beside_them() {
    let spell = Schema::builder("spell")
        .slot("a.x", Kind::U8)
        .optional()
        .default(5)
        .slot("a.effect@type", Kind::enumeration(["heal", "rest"]))
        .optional()
        .slot("a.effect@heal.cost|", Kind::enumeration(["number", "text"]))
        .optional()
        .slot("a.effect@heal.cost|number", Kind::U8)
        .optional()
        .slot("a.effect@heal.cost|text", Kind::Text)
        .optional()
        .slot("skills{}.value", Kind::list(Kind::U8))
        .default(Value::List([].into()))
        .slot("skills{}.key", Kind::list(Kind::Text))
        .default(Value::List([].into()));
    let mut store = store(spell.build().unwrap());
    let effect = |parts: Value| record! { a: map([("effect", parts)]) };
    let error = store.spawn_record("spell", effect(map([("type", "heel".into())]))).unwrap_err();
    assert_eq!(problems(error).len(), 1);
    let error = store.spawn_record("spell", effect(map([("type", "heal".into())]))).unwrap_err();
    assert_eq!(
        problems(error),
        ["'spell' object needs a value for slot 'a.effect@heal.cost|' (enum(number, text))"]
    );
    let heal = map([("type", "heal".into()), ("cost", 3.into())]);
    let skills = map([("hunt", 3.into())]);
    let id = store.spawn_record("spell", effect(heal.clone())).unwrap();
    store.set_value(id, "a.x", Value::Unset).unwrap();
    store.set_value(id, "skills", skills.clone()).unwrap();
    assert_eq!(store.get_value(id, "skills"), Ok(skills));
    let mut flat = store.get_record(id).unwrap();
    flat.push("a.x", Value::Unset);
    let nested = store.schema("spell").unwrap().gather(&flat);
    assert_eq!(nested.get("a.x"), Some(&Value::Unset));
    assert_eq!(nested.get("a"), Some(&map([("effect", heal)])));
    let empty = record! { shape: map([("point", map([]))]), uses: Value::List([].into()) };
    let mut store = sorts();
    let id = store.spawn_record("item", empty).unwrap();
    assert_eq!(store.get_value(id, "shape"), Ok("point".into()));
}

#[test]
fn names_with_signs_by_chance_are_plain_slots() {
    let schema = Schema::builder("mail")
        .slot("me@home", Kind::U8)
        .slot("a|b", Kind::U8)
        .slot("@", Kind::U8)
        .slot("|", Kind::U8)
        .slot("x@[", Kind::U8)
        .slot("y.z@w", Kind::U8)
        .slot("y.q", Kind::U8)
        .slot("n@type", Kind::U8)
        .slot("n@heal.amount", Kind::U8);
    let mut store = store(schema.build().unwrap());
    let inner = map([("z@w", 6.into()), ("q", 7.into())]);
    let record = record! {
        "me@home": 1, "a|b": 2, "@": 3, "|": 4, "x@[": 5, y: inner.clone(),
        "n@type": 8, "n@heal": map([("amount", 9.into())])
    };
    let id = store.spawn_record("mail", record).unwrap();
    assert_eq!(store.get_value(id, "y"), Ok(inner));
    assert_eq!(store.get_value(id, "n@heal.amount"), Ok(9.into()));
}
