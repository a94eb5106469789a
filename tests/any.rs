//! Slots of kind `any`: everywhere that a kind works.

use proptest::prelude::*;
use slotted::error::AnyError;
use slotted::schema::NotAny;
use slotted::{Any, Delta, Kind, List, Schema, Slotted, Store, Value, View, record};

#[derive(Slotted, Clone, Copy, Debug, PartialEq)]
struct Item {
    weight: f32,
    use_action: Any,
    notes: Option<Any>,
    effects: List<Any>,
}

#[derive(View)]
struct Actions<'a> {
    use_action: &'a Any,
    notes: Option<&'a Any>,
}

fn heal(amount: i64) -> Value {
    [("type", Value::from("heal")), ("amount", amount.into())].into_iter().collect()
}

fn store() -> Store {
    let mut store = Store::new();
    store.register::<Item>().expect("registers");
    store
}

fn item(store: &mut Store, action: Value) -> slotted::ObjectId {
    let effects = Value::List([heal(1), "burn".into(), Value::Unset].into());
    let record = record! { weight: 1.0, use_action: action, effects: effects };
    store.spawn_record("item", record).expect("spawns")
}

#[test]
fn equal_values_have_equal_handles_of_four_bytes() {
    let mut store = store();
    let (a, b) = (item(&mut store, heal(5)), item(&mut store, heal(5)));
    let action = store.key::<Any>("item", "use_action").expect("has the slot");
    assert_eq!(store.get(a, action), store.get(b, action));
    assert_eq!(store.find_any(&heal(5)), store.get(a, action));
    assert_eq!(store.find_any(&heal(6)), None);
    assert_eq!(size_of::<Any>(), 4);
}

#[test]
fn values_are_read_by_name_by_type_and_by_view() {
    let mut store = store();
    let id = item(&mut store, heal(5));
    assert_eq!(store.get_value(id, "use_action"), Ok(heal(5)));
    assert_eq!(store.get_value(id, "notes"), Ok(Value::Unset));
    let effects = store.get_value(id, "effects").expect("is alive");
    assert_eq!(effects, Value::List([heal(1), "burn".into(), Value::Unset].into()));
    let typed = store.get_object::<Item>(id).expect("is an item");
    assert_eq!(store.resolve_any(typed.use_action), Some(heal(5)));
    let of_list = store.resolve_list(typed.effects).expect("is known").to_vec();
    assert_eq!(store.resolve_any(of_list[1]), Some("burn".into()));
    assert_eq!(of_list[2], Any::UNSET);

    store.set_value(id, "notes", Value::from([1, 2])).expect("takes anything");
    let mut seen = Vec::new();
    let view = store.view_ref::<Actions<'_>>().expect("matches");
    view.iter().for_each(|found| seen.push((*found.use_action, found.notes.copied())));
    let expected = (store.find_any(&heal(5)).unwrap(), store.find_any(&[1, 2].into()));
    assert_eq!(seen, [expected]);
}

#[test]
fn a_text_slot_is_not_an_any_slot() {
    let mut store = store();
    store
        .register_schema(Schema::builder("sign").slot("use_action", Kind::Text).build().unwrap())
        .unwrap();
    assert!(store.key::<Any>("sign", "use_action").is_err());
    assert!(store.key::<slotted::Text>("item", "use_action").is_err());
    let error = store.spawn_record("sign", record! { use_action: heal(5) }).unwrap_err();
    assert_eq!(
        error.to_string(),
        "slot 'use_action' of 'sign' expects text, found map {\"type\": \"heal\", \"amount\": 5}"
    );
}

#[test]
fn what_no_value_can_hold_is_refused_and_changes_nothing() {
    let mut store = store();
    let id = item(&mut store, heal(5));
    let reference = Value::List([Value::Object(id)].into());
    let deep = (0..=Any::DEEPEST).fold(Value::from(1), |value, _| Value::from([value]));
    let hash = store.state_hash();
    for (value, message) in [
        (
            reference.clone(),
            "slot 'use_action' of 'item' cannot hold a reference to an object, which only slots of kind object can hold",
        ),
        (
            deep,
            "slot 'use_action' of 'item' cannot hold lists and maps that are nested more than 128 levels deep",
        ),
        (Value::Unset, "slot 'use_action' of 'item' expects any and may not be unset"),
    ] {
        let error = store.set_value(id, "use_action", value.clone()).unwrap_err();
        assert_eq!(error.to_string(), message);
        let record = record! { weight: 1.0, use_action: value, effects: Value::List([].into()) };
        assert_eq!(store.spawn_record("item", record).unwrap_err().to_string(), message);
    }
    assert_eq!(store.intern_any(&reference), Err(AnyError::Value(NotAny::Reference)));
    assert_eq!((store.state_hash(), store.len()), (hash, 1));
}

#[test]
fn handles_of_other_stores_are_refused() {
    let mut other = Store::new();
    let foreign = (0..10).map(|number| other.intern_any(&number.into()).unwrap()).last().unwrap();
    let mut store = store();
    let item = Item { weight: 1.0, use_action: foreign, notes: None, effects: List::EMPTY };
    let error = store.spawn(item).unwrap_err();
    assert_eq!(error.to_string(), "slot 'use_action' of 'item' has a value of another store");
}

#[test]
fn an_unset_handle_is_no_value_of_a_slot() {
    let mut store = store();
    let unset = Item { weight: 1.0, use_action: Any::UNSET, notes: None, effects: List::EMPTY };
    let message = "slot 'use_action' of 'item' expects any and may not be unset";
    assert_eq!(store.spawn(unset).unwrap_err().to_string(), message);
    let id = item(&mut store, heal(5));
    let action = store.key::<Any>("item", "use_action").expect("has the slot");
    assert_eq!(store.set(id, action, Any::UNSET).unwrap_err().to_string(), message);
    assert_eq!(store.validate(), Ok(()));
}

#[test]
fn values_without_objects_are_released() {
    let mut store = store();
    let (kept, gone) = (item(&mut store, heal(5)), item(&mut store, heal(6)));
    let handle = store.find_any(&heal(6)).expect("is known");
    store.despawn(gone).expect("was alive");
    store.release_memory();
    assert_eq!((store.resolve_any(handle), store.find_any(&heal(6))), (None, None));
    assert_eq!(store.get_value(kept, "use_action"), Ok(heal(5)));
    assert_eq!(store.get_value(kept, "effects").map(|list| list.to_string().len()), Ok(46));
}

#[test]
fn snapshots_deltas_and_hashes_have_the_values() {
    let mut store = store();
    let id = item(&mut store, heal(5));
    let before = store.snapshot();
    let mut replica = store.clone();
    store.set_value(id, "use_action", Value::from([0.5_f32])).unwrap();
    store.set_value(id, "notes", "none").unwrap();
    let after = store.snapshot();
    let delta = Delta::between(&before, &after).expect("is one world");
    assert_ne!(replica.state_hash(), store.state_hash());
    replica.apply(&delta).expect("applies");
    assert_eq!(replica.state_hash(), store.state_hash());
    assert_eq!(replica.get_value(id, "use_action"), Ok(Value::from([0.5_f32])));
    store.restore(&before).expect("is its own");
    assert_eq!(store.get_value(id, "use_action"), Ok(heal(5)));
}

#[test]
fn hostile_texts_never_become_values() {
    let schema =
        || Schema::builder("item").slot("action", Kind::Any).slot("more", Kind::list(Kind::Any));
    let mut store = Store::new();
    let item = store.register_schema(schema().build().unwrap()).unwrap();
    let mut table = store.fill_table(item).unwrap();
    let (value, text) = (table.text("[1]").unwrap(), table.text("[1,").unwrap());
    assert!(table.list(1, &text.to_le_bytes()).is_err());
    let list = table.list(1, &value.to_le_bytes()).unwrap();
    table.next_block(&[1]).unwrap();
    assert!(table.cells(0, &text.to_le_bytes(), None).is_err());
    table.cells(0, &value.to_le_bytes(), None).unwrap();
    table.cells(1, &list.to_le_bytes(), None).unwrap();
    table.finish().unwrap();
    let id = store.ids().next().unwrap();
    assert_eq!(store.get_value(id, "action"), Ok([1].into()));
    assert_eq!(store.get_value(id, "more"), Ok(Value::from([[1]])));
}

#[test]
fn a_slot_of_any_other_kind_becomes_any_and_back() {
    let mut store = Store::new();
    let with = |kind| Schema::builder("item").slot("size", kind).build().unwrap();
    store.register_schema(with(Kind::U8)).unwrap();
    let id = store.spawn_record("item", record! { size: 3 }).unwrap();
    for kind in [Kind::Any, Kind::U16, Kind::Any, Kind::list(Kind::Any)] {
        let plan = store.plan_migration([with(kind.clone())]).unwrap();
        let migrated = store.migrate(&plan);
        if matches!(kind, Kind::List(_)) {
            assert!(migrated.is_err());
        } else {
            migrated.expect("3 is a value of each kind");
            assert_eq!(store.get_value(id, "size"), Ok(3.into()));
        }
    }
}

fn tree() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        any::<i64>().prop_map(Value::from),
        ".{0,4}".prop_map(Value::from),
        Just(Value::Unset)
    ];
    leaf.prop_recursive(3, 16, 4, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
            prop::collection::vec((".{0,3}", inner), 0..4).prop_map(Value::from_iter),
        ]
    })
}

proptest! {
    #[test]
    fn whatever_goes_in_comes_out(values in prop::collection::vec(tree(), 1..8)) {
        let mut store = Store::new();
        store.register_schema(Schema::builder("item").slot("value", Kind::Any).optional().build().unwrap()).unwrap();
        let records = values.iter().map(|value| record! { value: value.clone() });
        let ids: Vec<_> = store.spawn_records("item", records).unwrap().collect();
        for (id, value) in ids.iter().zip(&values) {
            prop_assert_eq!(store.get_value(*id, "value"), Ok(value.clone()));
        }
    }
}
