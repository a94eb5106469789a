//! Compares random migrations with stores filled with the new schemas from the start.

use std::collections::{BTreeMap, HashMap};

use proptest::prelude::*;
use slotted::{
    Kind, ObjectId, Record, Schema, Store, Value, View, migration::MigrationStep,
    schema::NumberKind,
};

/// A randomly drawn slot.
#[derive(Clone, Debug)]
struct Drawn {
    name: usize,
    kind: usize,
    is_optional: bool,
    has_default: bool,
    is_ranged: bool,
    renamed_from: Option<usize>,
}

const NAMES: [&str; 5] = ["a", "b", "c", "d", "e"];

fn kind(number: usize) -> Kind {
    match number {
        0 => Kind::U8,
        1 => Kind::I16,
        2 => Kind::U64,
        3 => Kind::F32,
        4 => Kind::F64,
        5 => Kind::Text,
        6 => Kind::enumeration(["x", "y"]),
        7 => Kind::enumeration(["x", "y", "z"]),
        8 => Kind::enumeration(["y", "x"]),
        9 => Kind::Array(NumberKind::F64, 2),
        _ => Kind::Vec2,
    }
}

fn value(kind: &Kind, seed: u8) -> Value {
    match kind {
        Kind::Number(NumberKind::U8) => seed.into(),
        Kind::Number(NumberKind::I16) => (i16::from(seed) * 3 - 40).into(),
        Kind::Number(NumberKind::U64) => (u64::from(seed) << (seed % 60)).into(),
        Kind::Number(NumberKind::F32) => (f32::from(seed) / 2.0).into(),
        Kind::Number(_) => {
            (f64::from(seed) * if seed.is_multiple_of(9) { 1e200 } else { 0.5 }).into()
        }
        Kind::Text => ["x", "y", "z", "other"][usize::from(seed % 16 / 5)].into(),
        Kind::Enum(kind) => {
            kind.variants()[usize::from(seed) % kind.variants().len()].clone().into()
        }
        Kind::Array(..) => [f64::from(seed), 0.25].into(),
        _ => [f32::from(seed), 0.25].into(),
    }
}

/// Schemas "base", "mid", which extends "base", "leaf", which extends "mid", and "alone".
type World = [Vec<Drawn>; 4];

const SCHEMAS: [(&str, Option<&str>); 4] =
    [("base", None), ("mid", Some("base")), ("leaf", Some("mid")), ("alone", None)];

fn schemas(world: &World) -> Option<Vec<Schema>> {
    let schema = |((name, base), slots): (&(&str, Option<&str>), &Vec<Drawn>)| {
        let mut builder = Schema::builder(*name);
        if let Some(base) = base {
            builder = builder.extends(*base);
        }
        for drawn in slots {
            let kind = kind(drawn.kind);
            builder = builder.slot(NAMES[drawn.name], kind.clone());
            if drawn.is_optional {
                builder = builder.optional();
            }
            if drawn.has_default {
                builder = builder.default(value(&kind, 4));
            }
            if drawn.is_ranged && matches!(kind, Kind::Number(_)) {
                builder = builder.range(-30..=100);
                if kind == Kind::U8 || kind == Kind::U64 {
                    builder = builder.range(0..=100);
                }
            }
            if let Some(from) = drawn.renamed_from.filter(|from| *from != drawn.name) {
                builder = builder.renamed_from(NAMES[from]);
            }
        }
        builder.build().ok()
    };
    SCHEMAS.iter().zip(world).map(schema).collect()
}

fn slot() -> impl Strategy<Value = Drawn> {
    let flags = (any::<bool>(), any::<bool>(), prop::bool::weighted(0.2));
    let renamed = prop::option::weighted(0.4, 0..NAMES.len());
    (0..NAMES.len(), 0..11_usize, flags, renamed).prop_map(|(name, kind, flags, renamed_from)| {
        let (is_optional, has_default, is_ranged) = flags;
        Drawn { name, kind, is_optional, has_default, is_ranged, renamed_from }
    })
}

/// One edit of the schemas.
#[derive(Clone, Debug)]
enum Edit {
    Add(Drawn),
    Remove,
    Kind(usize),
    Optional,
    Default,
    Range,
    Rename(usize),
    First,
}

fn edit() -> impl Strategy<Value = (usize, usize, Edit)> {
    let edit = prop_oneof![
        4 => slot().prop_map(Edit::Add),
        1 => Just(Edit::Remove),
        4 => (0..11_usize).prop_map(Edit::Kind),
        1 => Just(Edit::Optional),
        1 => Just(Edit::Default),
        1 => Just(Edit::Range),
        2 => (0..NAMES.len()).prop_map(Edit::Rename),
        1 => Just(Edit::First),
    ];
    (0..SCHEMAS.len(), any::<usize>(), edit)
}

fn apply(world: &mut World, (schema, position, edit): &(usize, usize, Edit)) {
    let slots = &mut world[*schema];
    if let Edit::Add(drawn) = edit {
        return slots.push(drawn.clone());
    }
    if slots.is_empty() {
        return;
    }
    let position = position % slots.len();
    let slot = &mut slots[position];
    match edit {
        Edit::Add(_) => {}
        Edit::Remove => drop(slots.remove(position)),
        Edit::Kind(kind) => slot.kind = *kind,
        Edit::Optional => slot.is_optional ^= true,
        Edit::Default => slot.has_default ^= true,
        Edit::Range => slot.is_ranged ^= true,
        Edit::Rename(name) => {
            slot.renamed_from = Some(slot.name);
            slot.name = *name;
        }
        Edit::First => slots.swap(0, position),
    }
}

#[derive(Clone, Debug)]
enum Step {
    Spawn(usize, u8),
    Despawn(usize),
    /// Migrates to edited schemas.
    Migrate(Vec<(usize, usize, Edit)>),
    /// Migrates to earlier schemas.
    Back(usize),
    Snapshot,
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        6 => (0..4_usize, any::<u8>()).prop_map(|(schema, seed)| Step::Spawn(schema, seed)),
        1 => any::<usize>().prop_map(Step::Despawn),
        5 => prop::collection::vec(edit(), 1..4).prop_map(Step::Migrate),
        1 => any::<usize>().prop_map(Step::Back),
        1 => Just(Step::Snapshot),
    ]
}

fn dump(store: &Store) -> BTreeMap<ObjectId, Record> {
    store.ids().map(|id| (id, store.get_record(id).expect("the id is alive"))).collect()
}

fn slots_of(store: &Store, schema: &str) -> Vec<slotted::schema::Slot> {
    store.schema(schema).map_or_else(Vec::new, |schema| schema.slots().to_vec())
}

/// Translates the object's record for the new schema. Returns `None` if the schemas conflict.
fn translated(before: &Store, id: ObjectId, next: &Store) -> Option<Record> {
    let name = before.schema_by_id(id.schema())?.name();
    let (old, new) = (slots_of(before, name), slots_of(next, name));
    let has = |name: &str| old.iter().any(|slot| slot.name() == name);
    let mut claimed = HashMap::new();
    let mut record = Record::new();
    for slot in &new {
        let source = match slot.renamed_from() {
            _ if has(slot.name()) => slot.name(),
            Some(from) if has(from) => from,
            _ => continue,
        };
        if claimed.insert(source.to_owned(), ()).is_some() {
            return None;
        }
        let value = before.get_value(id, source).ok()?;
        // An unset value stays unset, or gets the default.
        if !value.is_unset() || slot.is_optional() {
            record.push(slot.name().to_owned(), value);
        }
    }
    Some(record)
}

fn is_rounded(given: &Value, stored: &Value) -> bool {
    match (given, stored) {
        (Value::F64(given), Value::F32(stored)) => f64::from(*stored) != *given,
        _ => false,
    }
}

/// Returns the objects as spawned with the new schemas, or `None` if spawning one fails.
fn expected(before: &Store, schemas: &[Schema]) -> Option<BTreeMap<ObjectId, Record>> {
    let mut fresh = Store::new();
    for schema in schemas {
        fresh.register_schema(schema.clone()).ok()?;
    }
    let mut objects = BTreeMap::new();
    for id in before.ids() {
        let record = translated(before, id, &fresh)?;
        let name = before.schema_by_id(id.schema())?.name();
        let spawned = fresh.spawn_record(name, record.clone()).ok()?;
        let stored = fresh.get_record(spawned).ok()?;
        let rounded = record.iter().any(|(name, given)| {
            let stored = stored.iter().find(|(other, _)| *other == name);
            stored.is_some_and(|(_, stored)| is_rounded(given, stored))
        });
        if rounded {
            return None;
        }
        objects.insert(id, stored);
    }
    Some(objects)
}

#[derive(View)]
#[view(lenient)]
struct FloatA<'a> {
    id: ObjectId,
    a: Option<&'a f32>,
}

/// Checks that views and hashes agree with access by name.
fn check(store: &mut Store, expected: &BTreeMap<ObjectId, Record>) {
    assert_eq!(&dump(store), expected);
    // A new schema invalidates the cached hash.
    let mut copy = store.clone();
    let schema = Schema::builder("new").build().expect("it has no slots");
    copy.register_schema(schema).expect("it is new");
    assert_eq!(copy.state_hash(), store.state_hash());
    if let Ok(view) = store.view::<FloatA>() {
        let seen: Vec<_> = view.into_iter().map(|unit| (unit.id, unit.a.copied())).collect();
        for (id, a) in seen {
            let value = a.map_or(Value::Unset, Value::from);
            assert_eq!(store.get_value(id, "a").unwrap_or(Value::Unset), value);
        }
    }
}

/// Migrates the store if its objects allow it. Returns `true` on success.
fn migrate(store: &mut Store, world: &World) -> bool {
    let Some(schemas) = schemas(world) else { return false };
    // A schema and its base declare slots of the same name.
    let Ok(plan) = store.plan_migration(schemas.clone()) else { return false };
    store.state_hash();
    let (before, snapshot) = (dump(store), store.snapshot());
    let of_objects = expected(store, &schemas);
    match store.migrate(&plan) {
        Ok(()) => {
            let after = of_objects.expect("a migration that is possible");
            check(store, &after);
            assert_eq!(dump(&snapshot), before);
            let is_kept = plan
                .schemas()
                .iter()
                .flat_map(|schema| schema.steps())
                .all(|step| matches!(step, MigrationStep::Default { .. }));
            assert_eq!(store.restore(&snapshot).is_ok(), is_kept);
            let again = store.plan_migration(schemas).expect("the same schemas");
            assert!(again.is_empty(), "{again}");
            true
        }
        Err(error) => {
            assert!(!plan.is_possible(), "{error}");
            let is_ambiguous = error.to_string().contains("cannot be renamed from");
            assert!(of_objects.is_none() || is_ambiguous, "{error}");
            check(store, &before);
            assert_eq!(store.restore(&snapshot), Ok(()));
            false
        }
    }
}

fn run(steps: &[Step]) {
    let mut store = Store::new();
    for (name, base) in SCHEMAS {
        let schema = Schema::builder(name);
        let schema = base.map_or(schema.clone(), |base| schema.extends(base));
        store.register_schema(schema.build().expect("no slots")).expect("new");
    }
    let (mut kept, mut worlds) = (Vec::new(), vec![World::default()]);
    for step in steps {
        match step {
            Step::Spawn(schema, seed) => {
                let (name, _) = SCHEMAS[*schema];
                let slots = slots_of(&store, name);
                let values = slots.iter().zip(*seed..=u8::MAX);
                let values = values.filter(|(slot, seed)| slot.is_required() || seed % 3 > 0);
                let record: Record = values
                    .map(|(slot, seed)| (slot.name().to_owned(), value(slot.kind(), seed)))
                    .collect();
                // A range may reject the value.
                let _ = store.spawn_record(name, record);
            }
            Step::Despawn(position) => {
                let ids: Vec<_> = store.ids().collect();
                if !ids.is_empty() {
                    store.despawn(ids[position % ids.len()]).expect("it is alive");
                }
            }
            Step::Migrate(edits) => {
                let mut world = worlds[worlds.len() - 1].clone();
                edits.iter().for_each(|edit| apply(&mut world, edit));
                if migrate(&mut store, &world) {
                    worlds.push(world);
                }
            }
            Step::Back(position) => {
                let world = worlds[position % worlds.len()].clone();
                if migrate(&mut store, &world) {
                    worlds.push(world);
                }
            }
            Step::Snapshot => kept.push((dump(&store), store.snapshot())),
        }
    }
    for (seen, snapshot) in &kept {
        assert_eq!(&dump(snapshot), seen);
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 500, ..ProptestConfig::default() })]

    #[test]
    fn migrated_objects_equal_objects_spawned_with_the_new_schemas(
        steps in prop::collection::vec(step(), 1..60),
    ) {
        run(&steps);
    }
}
