//! Nested values of every shape in all that keeps, compares, sends and moves the state of a store.

use std::collections::HashSet;
use std::error::Error;

use slotted::memory::BLOCK_ROWS;
use slotted::schema::SchemaBuilder;
use slotted::snapshot::changes;
use slotted::{ByName, Delta, Kind, MapStore, ObjectId, Schema, Store, Value, record};

type Outcome = Result<(), Box<dyn Error>>;

/// A schema whose records have a nested value `whole`.
struct Form {
    what: &'static str,
    schema: SchemaBuilder,
    /// Different values that `whole` can have.
    values: Vec<Value>,
    /// `true` if `whole` may be left out.
    is_optional: bool,
}

fn map<const N: usize>(parts: [(&str, Value); N]) -> Value {
    parts.into_iter().collect()
}

fn list(values: impl IntoIterator<Item = Value>) -> Value {
    Value::List(values.into_iter().collect())
}

fn thing() -> SchemaBuilder {
    Schema::builder("thing")
}

fn damage() -> Result<Schema, Box<dyn Error>> {
    let burn = Schema::builder("burn").slot("time", Kind::F32).slot("name", Kind::Text);
    let damage = Schema::builder("damage").slot("min", Kind::U16).slot("max", Kind::U16);
    Ok(damage.nested("burn", &burn.build()?).build()?)
}

fn damages() -> Vec<Value> {
    let damage = |max: i64, time: f32, name: &str| {
        let burn = map([("time", time.into()), ("name", name.into())]);
        map([("min", 1.into()), ("max", max.into()), ("burn", burn)])
    };
    vec![damage(4, 0.0, ""), damage(5, 0.0, ""), damage(4, -0.0, ""), damage(4, 0.0, "hot")]
}

fn drop() -> Result<Schema, Box<dyn Error>> {
    let drop = Schema::builder("drop").slot("item", Kind::Text).slot("chance", Kind::F32);
    let drop = drop.optional().slot("tags", Kind::list(Kind::Text));
    Ok(drop
        .nested_list("rolls", &Schema::builder("roll").slot("sides", Kind::U8).build()?)
        .build()?)
}

/// Lists whose parts partly have equal lists.
fn drops() -> Vec<Value> {
    let drop = |item: &str, chance: Option<f32>, tags: &[&str], sides: &[i64]| {
        let rolls = list(sides.iter().map(|sides| map([("sides", (*sides).into())])));
        let tags = list(tags.iter().map(|tag| Value::from(*tag)));
        let chance = chance.map(|chance| ("chance", chance.into()));
        let parts = [("item", item.into()), ("tags", tags), ("rolls", rolls)];
        let mut parts: Vec<(&str, Value)> = parts.into_iter().collect();
        parts.splice(1..1, chance);
        parts.into_iter().collect::<Value>()
    };
    vec![
        list([]),
        list([drop("bone", None, &["raw"], &[6, 20])]),
        list([drop("bone", Some(0.5), &["raw"], &[6, 20])]),
        list([drop("bone", None, &["raw"], &[6]), drop("bone", None, &[], &[20])]),
        list([drop("bone", None, &[], &[6]), drop("bone", None, &["raw"], &[20])]),
        list([drop("bone", None, &[], &[6, 20]), drop("bone", None, &["raw"], &[])]),
        list([drop("hide", Some(0.0), &[], &[])]),
    ]
}

fn effect() -> SchemaBuilder {
    thing()
        .slot("whole@type", Kind::enumeration(["heal", "buff", "rest"]))
        .slot("whole@heal.amount", Kind::F32)
        .optional()
        .slot("whole@buff.amount", Kind::F32)
        .optional()
        .slot("whole@buff.targets[].name", Kind::list(Kind::Text))
        .optional()
}

fn effects() -> Vec<Value> {
    let amount = || ("amount", 1.0_f32.into());
    let buff = |names: &[&str]| {
        let targets = list(names.iter().map(|name| map([("name", (*name).into())])));
        map([("type", "buff".into()), amount(), ("targets", targets)])
    };
    let heal = map([("type", "heal".into()), amount()]);
    vec![map([("type", "rest".into())]), heal, buff(&[]), buff(&["orc"]), buff(&["orc", "elf"])]
}

fn unions_without_tags() -> [(&'static str, SchemaBuilder, Vec<Value>); 3] {
    let by_name = thing()
        .slot("whole@", Kind::enumeration(["point", "circle", "box"]))
        .slot("whole@circle", Kind::F64)
        .optional()
        .slot("whole@box.0", Kind::F64)
        .optional()
        .slot("whole@box.1", Kind::F64)
        .optional();
    let shapes = vec![
        "point".into(),
        map([("circle", 1.0.into())]),
        map([("circle", 2.0.into())]),
        map([("box", list([1.0.into(), 2.0.into()]))]),
    ];
    let by_sort = thing()
        .slot("whole|", Kind::enumeration(["number", "text", "list"]))
        .slot("whole|number", Kind::F64)
        .optional()
        .slot("whole|text", Kind::Text)
        .optional()
        .slot("whole|list", Kind::list(Kind::U8))
        .optional();
    let costs = vec![0.0.into(), "".into(), "0".into(), list([]), list([0.into()])];
    let uses = thing()
        .slot("whole[]|", Kind::list(Kind::enumeration(["text", "number"])))
        .slot("whole[]|text", Kind::list(Kind::Text))
        .slot("whole[]|number", Kind::list(Kind::I64));
    let mixed = || list(["a".into(), 1.into()]);
    let lists = vec![list([]), mixed(), list([1.into(), "a".into()]), list(["a".into()])];
    [
        ("a union by name", by_name, shapes),
        ("a union by sort", by_sort, costs),
        ("a list of unions", uses, lists),
    ]
}

fn forms() -> Result<Vec<Form>, Box<dyn Error>> {
    let form = |what, schema, values| Form { what, schema, values, is_optional: false };
    let optional = |what, schema: SchemaBuilder, mut values: Vec<Value>| {
        values.insert(0, Value::Unset);
        Form { what, schema: schema.optional(), values, is_optional: true }
    };
    let skill = Schema::builder("skill").slot("level", Kind::U8).build()?;
    let level = |level: i64| map([("level", level.into())]);
    let skills = vec![
        map([]),
        map([("hunt", level(1))]),
        map([("cook", level(1))]),
        map([("hunt", level(2))]),
    ];
    let pair = |x: f32, name: &str| list([x.into(), name.into()]);
    let grid = |rows: &[&[i64]]| {
        list(rows.iter().map(|row| list(row.iter().map(|number| Value::from(*number)))))
    };
    let one = || list(["a".into(), 1.into()]);
    let anything = || vec![1.into(), "1".into(), list([1.into()]), map([("a", one())]), map([])];
    let mut forms = vec![
        form("a nested record", thing().nested("whole", &damage()?), damages()),
        optional("an optional record", thing().nested("whole", &damage()?), damages()),
        form("a list of records", thing().nested_list("whole", &drop()?), drops()),
        optional("an optional list", thing().nested_list("whole", &drop()?), drops()),
        form("a map", thing().nested_map("whole", Kind::Text, &skill), skills.clone()),
        optional("an optional map", thing().nested_map("whole", Kind::Text, &skill), skills),
        form(
            "a tuple",
            thing().slot("whole.0", Kind::F32).slot("whole.1", Kind::Text),
            vec![pair(0.0, ""), pair(1.0, ""), pair(0.0, "a")],
        ),
        form(
            "a list of lists",
            thing().slot("whole[]", Kind::list(Kind::U8)).slot("whole[]#", Kind::list(Kind::U32)),
            vec![
                grid(&[]),
                grid(&[&[]]),
                grid(&[&[1, 2]]),
                grid(&[&[1], &[2]]),
                grid(&[&[], &[1, 2]]),
            ],
        ),
        form("a union with a tag", effect(), effects()),
        form("any value", thing().slot("whole", Kind::Any), anything()),
        optional("any value or none", thing().slot("whole", Kind::Any), anything()),
    ];
    let unions = unions_without_tags().into_iter();
    forms.extend(unions.map(|(what, schema, values)| form(what, schema, values)));
    Ok(forms)
}

/// A store with an object for each of the values.
fn world(form: &Form, values: &[&Value]) -> Result<(Store, Vec<ObjectId>), Box<dyn Error>> {
    let mut store = empty(form)?;
    let records = values.iter().map(|value| record! { whole: (*value).clone() });
    let ids = store.spawn_records("thing", records)?.collect();
    Ok((store, ids))
}

fn empty(form: &Form) -> Result<Store, Box<dyn Error>> {
    let mut store = Store::new();
    store.register_schema(form.schema.clone().build()?)?;
    Ok(store)
}

/// Runs the check for each form and each pair of its values.
fn for_each_change(check: impl Fn(&Form, &Value, &Value) -> Outcome) -> Outcome {
    for form in forms()? {
        for from in &form.values {
            for to in &form.values {
                check(&form, from, to)
                    .map_err(|error| format!("{}, {from} to {to}: {error}", form.what))?;
            }
        }
    }
    Ok(())
}

fn is_value(store: &impl ByName, id: ObjectId, expected: &Value) -> bool {
    store.get_value(id, "whole").is_ok_and(|value| value == *expected)
}

#[test]
fn hashes_tell_all_values_apart_and_do_not_depend_on_history() -> Outcome {
    for form in forms()? {
        let mut seen = HashSet::new();
        for value in &form.values {
            let (mut store, ids) = world(&form, &[value])?;
            let hash = store.state_hash();
            assert!(seen.insert(hash), "{}: {value}", form.what);
            for other in form.values.iter().chain([value]) {
                store.set_value(ids[0], "whole", other.clone())?;
            }
            assert_eq!(store.state_hash(), hash, "{}: {value}", form.what);
            let (mut other, ids) = world(&form, &form.values.iter().rev().collect::<Vec<_>>())?;
            other.despawn_batch(&ids[1..])?;
            other.set_value(ids[0], "whole", value.clone())?;
            assert_eq!(other.state_hash(), hash, "{}: {value}", form.what);
        }
    }
    Ok(())
}

#[test]
fn snapshots_keep_the_values_and_changes_name_the_parts() -> Outcome {
    for_each_change(|form, from, to| {
        let (mut store, ids) = world(form, &[from, from])?;
        let before = store.snapshot();
        store.set_value(ids[1], "whole", to.clone())?;
        let after = store.snapshot();
        let changes = changes(&before, &after)?;
        assert_eq!(changes.is_empty(), from == to);
        for slot in changes.slots() {
            assert!(slot.slot().starts_with("whole"));
            assert_eq!(slot.ids(), &ids[1..]);
        }
        for (snapshot, value) in [(&before, from), (&after, to), (&before, from)] {
            store.restore(snapshot)?;
            assert!(is_value(&store, ids[1], value));
            assert_eq!(snapshot.get_value(ids[1], "whole")?, *value);
            assert_eq!(store.state_hash(), snapshot.state_hash());
        }
        Ok(())
    })
}

#[test]
fn deltas_bring_the_values_to_other_stores_and_back() -> Outcome {
    for_each_change(|form, from, to| {
        let (mut store, mut ids) = world(form, &[from, to])?;
        let before = store.snapshot();
        // Texts and lists of this store have other handles.
        let mut replica = empty(form)?;
        for value in form.values.iter().rev() {
            let id = replica.spawn_record("thing", record! { whole: value.clone() })?;
            replica.despawn(id)?;
        }
        let mut replica = replica.snapshot().to_store();
        replica.replace_with(&sent(&Delta::full(&before))?)?;

        store.set_value(ids[0], "whole", to.clone())?;
        store.despawn(ids[1])?;
        ids.push(store.spawn_record("thing", record! { whole: from.clone() })?);
        let after = store.snapshot();
        replica.apply(&sent(&Delta::between(&before, &after)?)?)?;
        assert!(is_value(&replica, ids[0], to) && is_value(&replica, ids[2], from));
        assert_eq!(replica.state_hash(), store.state_hash());
        replica.apply(&sent(&Delta::between(&after, &before)?)?)?;
        assert!(is_value(&replica, ids[0], from) && is_value(&replica, ids[1], to));
        assert_eq!(replica.state_hash(), before.state_hash());
        Ok(())
    })
}

/// Returns the delta as another machine gets it.
fn sent(delta: &Delta) -> Result<Delta, Box<dyn Error>> {
    #[cfg(feature = "serde")]
    return Ok(postcard::from_bytes(&postcard::to_allocvec(delta)?)?);
    #[cfg(not(feature = "serde"))]
    Ok(delta.clone())
}

#[test]
fn transactions_change_values_or_leave_them() -> Outcome {
    for_each_change(|form, from, to| {
        let (mut store, ids) = world(form, &[from, to])?;
        let hash = store.state_hash();
        let set = |store: &mut Store| store.set_value(ids[0], "whole", to.clone());
        let failed: Result<(), Box<dyn Error>> = store.transaction(|store| {
            set(store)?;
            store.spawn_record("thing", record! { whole: to.clone() })?;
            Err("no".into())
        });
        assert!(failed.is_err() && is_value(&store, ids[0], from));
        assert_eq!((store.state_hash(), store.len()), (hash, 2));
        store.transaction(set)?;
        assert!(is_value(&store, ids[0], to) && is_value(&store, ids[1], to));
        Ok(())
    })
}

#[test]
fn compaction_moves_the_values_with_their_objects() -> Outcome {
    for form in forms()? {
        let (mut store, ids) = world(&form, &form.values.iter().collect::<Vec<_>>())?;
        store.despawn(ids[0])?;
        let moved = store.compact()?;
        assert_eq!(moved.iter().len(), 1);
        for (id, value) in ids.iter().zip(&form.values).skip(1) {
            assert!(is_value(&store, moved.new_id(*id), value), "{}: {value}", form.what);
        }
    }
    Ok(())
}

#[test]
fn compaction_redirects_references_in_nested_values() -> Outcome {
    let link = Schema::builder("link").slot("to", Kind::Object).optional();
    let link = link.slot("more", Kind::list(Kind::Object)).build()?;
    let unit = Schema::builder("unit")
        .nested("one", &Schema::builder("one").slot("of", Kind::Object).build()?)
        .optional()
        .nested_list("links", &link)
        .nested_map(
            "likes",
            Kind::Object,
            &Schema::builder("like").slot("points", Kind::U8).build()?,
        )
        .slot("order@type", Kind::enumeration(["attack", "wait"]))
        .slot("order@attack.targets[].id", Kind::list(Kind::Object))
        .optional();
    let mut store = Store::new();
    store.register_schema(unit.build()?)?;
    let wait = || map([("type", "wait".into())]);
    let plain = || record! { links: list([]), likes: map([]), order: wait() };
    let ids: Vec<ObjectId> = store.spawn_records("unit", [plain(), plain(), plain()])?.collect();
    let parts = |a: ObjectId, b: ObjectId| {
        let links = [map([("to", a.into()), ("more", [b, a].into())]), map([("more", list([]))])];
        let like = map([("key", a.into()), ("value", map([("points", 3.into())]))]);
        let targets = list([map([("id", b.into())]), map([("id", a.into())])]);
        [
            ("one", map([("of", a.into())])),
            ("links", links.into()),
            ("likes", list([like])),
            ("order", map([("type", "attack".into()), ("targets", targets)])),
        ]
    };
    for (name, value) in parts(ids[2], ids[1]) {
        store.set_value(ids[1], name, value)?;
    }
    store.despawn(ids[0])?;
    let moved = store.compact()?;
    assert_ne!(moved.new_id(ids[2]), ids[2]);
    let id = moved.new_id(ids[1]);
    for (name, value) in parts(moved.new_id(ids[2]), id) {
        assert_eq!(store.get_value(id, name)?, value, "{name}");
    }
    assert_eq!(store.validate(), Ok(()));
    Ok(())
}

#[test]
fn a_map_store_has_the_same_values() -> Outcome {
    for form in forms()? {
        let (store, ids) = world(&form, &form.values.iter().collect::<Vec<_>>())?;
        let mut prototype = MapStore::new();
        for (id, value) in ids.iter().zip(&form.values) {
            let own = prototype.spawn_record("thing", record! { whole: value.clone() })?;
            let same = prototype.get_value(own, "whole").or_else(|error| match value {
                Value::Unset => Ok(Value::Unset),
                _ => Err(error),
            })?;
            assert_eq!(store.get_value(*id, "whole")?, same, "{}: {value}", form.what);
            // A prototype's record moves to the schema, and back.
            let flat = store.get_record(*id)?;
            let nested = store.schema("thing").ok_or("no schema")?.gather(&flat);
            let back = prototype.spawn_record("thing", nested)?;
            assert_eq!(prototype.get_record(own)?, prototype.get_record(back)?, "{}", form.what);
        }
    }
    Ok(())
}

#[cfg(feature = "serde")]
#[test]
fn records_of_json_have_every_value() -> Outcome {
    for form in forms()? {
        let mut store = empty(&form)?;
        for value in &form.values {
            let json = match value {
                Value::Unset => "null".to_owned(),
                value => value.to_string(),
            };
            let record = serde_json::from_str(&format!("{{\"whole\": {json}}}"))?;
            let id = store.spawn_record("thing", record)?;
            assert!(is_value(&store, id, value), "{}: {value}", form.what);
        }
    }
    Ok(())
}

/// Returns the bytes that a value of a column takes.
fn cell_bytes(kind: &Kind) -> usize {
    match *kind {
        Kind::Enum(_) | Kind::U8 => 1,
        Kind::U16 => 2,
        Kind::List(_) | Kind::Text | Kind::Any | Kind::F32 => 4,
        Kind::F64 => 8,
        _ => unreachable!("no form has {kind}"),
    }
}

#[test]
fn an_unset_or_empty_value_costs_its_columns_and_nothing_else() -> Outcome {
    for form in forms()? {
        let mut store = empty(&form)?;
        let record = match form.is_optional {
            true => record! {},
            false => record! { whole: form.values[0].clone() },
        };
        let before = store.memory_report();
        store.spawn_record("thing", record.clone())?;
        let one = store.memory_report();
        if form.is_optional {
            assert_eq!((one.texts, one.lists), (before.texts, before.lists), "{}", form.what);
        }
        store.spawn_records("thing", vec![record; BLOCK_ROWS - 1])?;
        let all = store.memory_report();
        assert_eq!((all.texts, all.lists), (one.texts, one.lists), "{}", form.what);
        let schema = store.schema("thing").ok_or("no schema")?;
        for (slot, memory) in schema.slots().iter().zip(&all.schemas[0].slots) {
            let bytes = cell_bytes(slot.kind()) + usize::from(slot.is_optional());
            assert_eq!(memory.living, bytes * BLOCK_ROWS, "{}: {slot}", form.what);
        }
    }
    Ok(())
}
