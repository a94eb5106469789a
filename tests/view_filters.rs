//! Filters, slots that must be set, iterators and `get` of views, against a walk over all records.

use std::collections::BTreeMap;

use proptest::prelude::*;
use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};
use slotted::memory::BLOCK_ROWS;
use slotted::view::ViewError;
use slotted::{Kind, ObjectId, Record, Schema, Store, Value, View, exactly, record};

type Outcome = Result<(), Box<dyn std::error::Error>>;

/// Schemas that have, lack, or always set the slot `poison`.
fn store() -> Store {
    let mut store = Store::new();
    let schemas = [
        Schema::builder("unit").slot("health", Kind::F32).slot("poison", Kind::U8).optional(),
        Schema::builder("orc").extends("unit").slot("rage", Kind::F32).default(0.5),
        Schema::builder("tree").slot("health", Kind::F32),
        Schema::builder("snake").slot("health", Kind::F32).slot("poison", Kind::U8),
        Schema::builder("stone").slot("weight", Kind::U32),
        Schema::builder("chief").extends("orc").slot("stun", Kind::U8).optional(),
    ];
    for schema in schemas {
        store.register_schema(schema.build().unwrap()).unwrap();
    }
    store
}

/// Fills the store, with holes and with few or many set flags.
fn filled(seed: u64, large: bool) -> Store {
    let (mut store, rng) = (store(), &mut StdRng::seed_from_u64(seed));
    let names: Vec<String> = store.schemas().map(|schema| schema.name().to_owned()).collect();
    for name in names {
        let count = match rng.random_range(0..4) {
            0 => 0,
            1 => rng.random_range(1..70),
            _ if large => BLOCK_ROWS + rng.random_range(0..200),
            _ => rng.random_range(60..300),
        };
        let (share, holes) = (rng.random_range(0.0..1.0), [0.0, 0.02, 0.5][rng.random_range(0..3)]);
        let records = (0..count).map(|n| {
            let set = |rng: &mut StdRng| match rng.random_bool(share) {
                true => Value::from(n as i64 % 200),
                false => Value::Unset,
            };
            match &*name {
                "unit" | "orc" => record! { health: n as f32, poison: set(rng) },
                "chief" => record! { health: n as f32, poison: set(rng), stun: set(rng) },
                "snake" => record! { health: n as f32, poison: n as i64 % 200 },
                "tree" => record! { health: n as f32 },
                _ => record! { weight: n as i64 },
            }
        });
        let records: Vec<Record> = records.collect();
        let ids: Vec<ObjectId> = store.spawn_records(&name, records).unwrap().collect();
        for id in ids {
            if rng.random_bool(holes) {
                store.despawn(id).unwrap();
            }
        }
    }
    store
}

fn is_set(store: &Store, id: ObjectId, slot: &str) -> bool {
    store.get_value(id, slot).is_ok_and(|value| !value.is_unset())
}

fn has(store: &Store, id: ObjectId, slot: &str) -> bool {
    store.schema_by_id(id.schema()).unwrap().slot(slot).is_some()
}

fn is_a(store: &Store, id: ObjectId, schema: &str) -> bool {
    let mut own = store.schema_by_id(id.schema());
    while let Some(schema_or_base) = own {
        if schema_or_base.name() == schema {
            return true;
        }
        own = schema_or_base.base().and_then(|base| store.schema_by_id(base));
    }
    false
}

macro_rules! views {
    ($($(#[$filter:meta])* $name:ident { $($(#[$field:meta])* $slot:ident: $ty:ty)? } $condition:expr;)*) => {
        $(
            #[derive(View)]
            $(#[$filter])*
            struct $name<'a> {
                id: ObjectId,
                health: &'a mut f32,
                $($(#[$field])* $slot: $ty,)?
            }

            impl Checked for $name<'_> {
                fn run_ids(store: &mut Store) -> Vec<ObjectId> {
                    let runs = store.view::<$name>().unwrap().runs();
                    runs.flat_map(|run| run.into_iter().map(|item| item.id)).collect()
                }

                fn change(item: Self::Item<'_>) -> ObjectId {
                    *item.health += 1.0;
                    item.id
                }

                fn passes(store: &Store, id: ObjectId) -> bool {
                    let condition: fn(&Store, ObjectId) -> bool = $condition;
                    condition(store, id)
                }
            }
        )*

        fn check_all(store: &mut Store) {
            $(check::<$name>(store);)*
        }
    };
}

/// A view of `health`, and the objects that it must visit besides.
trait Checked: View {
    fn run_ids(store: &mut Store) -> Vec<ObjectId>;
    fn change(item: Self::Item<'_>) -> ObjectId;
    fn passes(store: &Store, id: ObjectId) -> bool;
}

views! {
    All {} |_, _| true;
    #[view(of = "orc")]
    Orcs {} |store, id| is_a(store, id, "orc");
    #[view(with = "poison")]
    With {} |store, id| has(store, id, "poison");
    #[view(without = "poison")]
    Without {} |store, id| !has(store, id, "poison");
    #[view(set = "poison")]
    Set {} |store, id| is_set(store, id, "poison");
    #[view(unset = "poison")]
    Unset {} |store, id| !is_set(store, id, "poison");
    #[view(of = "unit", with = "stun", set = "poison", unset = "stun")]
    Several {} |store, id| {
        is_a(store, id, "unit") && has(store, id, "stun") && is_set(store, id, "poison")
            && !is_set(store, id, "stun")
    };
    SetField { #[slot(set)] poison: &'a u8 } |store, id| is_set(store, id, "poison");
    SetFieldMut { #[slot(set)] poison: &'a mut u8 } |store, id| is_set(store, id, "poison");
    #[view(unset = "stun")]
    FieldAndFilter { #[slot(set)] poison: &'a u8 } |store, id| {
        is_set(store, id, "poison") && !is_set(store, id, "stun")
    };
    #[view(set = "poison")]
    Maybe { poison: Option<&'a mut u8> } |store, id| is_set(store, id, "poison");
}

/// Compares every way to visit a view's objects with a walk over all records.
fn check<V: Checked>(store: &mut Store) {
    let all: Vec<ObjectId> = store.ids().collect();
    let passes = |id: &ObjectId| has(store, *id, "health") && V::passes(store, *id);
    let expected: Vec<ObjectId> = all.iter().copied().filter(passes).collect();
    let before: BTreeMap<ObjectId, Value> = health_of(store, &all);

    let view = store.view::<V>().unwrap();
    assert_eq!((view.count(), view.iter().len()), (expected.len(), expected.len()));
    let mut ids = Vec::new();
    store.view::<V>().unwrap().for_each(|item| ids.push(V::change(item)));
    assert_eq!(ids, expected, "for_each");
    let ids: Vec<_> = store.view::<V>().unwrap().into_iter().map(V::change).collect();
    assert_eq!(ids, expected, "an iterator that is folded");
    let mut ids = Vec::new();
    for item in store.view::<V>().unwrap() {
        ids.push(V::change(item));
    }
    assert_eq!(ids, expected, "a loop");
    for taken in [1, 63, 64, 100, BLOCK_ROWS - 1, BLOCK_ROWS + 3] {
        let mut iter = store.view::<V>().unwrap().iter();
        let mut ids: Vec<_> = iter.by_ref().take(taken).map(V::change).collect();
        assert_eq!(iter.len(), expected.len() - ids.len(), "after {taken} items");
        iter.for_each(|item| ids.push(V::change(item)));
        assert_eq!(ids, expected, "a loop of {taken}, then a fold");
    }
    let mut view = store.view::<V>().unwrap();
    for _ in 0..2 {
        let ids: Vec<_> = (&mut view).into_iter().map(V::change).collect();
        assert_eq!(ids, expected, "a view that is borrowed");
    }
    for id in &all {
        let found = view.get(*id).map(V::change);
        assert_eq!(found, expected.binary_search(id).ok().map(|_| *id), "get of {id}");
    }
    assert_eq!(V::run_ids(store), expected, "runs");

    let visits = 3 + 6 + 2 + 1;
    let after = health_of(store, &all);
    for id in &all {
        let visits = if expected.binary_search(id).is_ok() { visits as f32 } else { 0.0 };
        match (&before[id], &after[id]) {
            (Value::F32(before), Value::F32(after)) => assert_eq!(*after, before + visits, "{id}"),
            (before, after) => assert_eq!(before, after),
        }
    }
    check_changes::<V>(store, &expected);
    check_removal::<V>(store.clone(), &all, &expected);
}

fn health_of(store: &Store, ids: &[ObjectId]) -> BTreeMap<ObjectId, Value> {
    let health = |id| store.get_value(id, "health").unwrap_or(Value::Unset);
    ids.iter().map(|id| (*id, health(*id))).collect()
}

/// Only blocks that changed are visited, and of these only the objects that pass.
fn check_changes<V: Checked>(store: &mut Store, expected: &[ObjectId]) {
    let epoch = store.advance_epoch();
    assert_eq!(store.view::<V>().unwrap().changed_since(epoch).count(), 0);
    let Some(changed) = expected.last() else { return };
    store.set_value(*changed, "health", 1.0).unwrap();
    let block = |id: &ObjectId| (id.schema(), id.row() as usize / BLOCK_ROWS);
    let in_block: Vec<_> =
        expected.iter().copied().filter(|id| block(id) == block(changed)).collect();
    let ids: Vec<_> =
        store.view::<V>().unwrap().changed_since(epoch).iter().map(V::change).collect();
    assert_eq!(ids, in_block);
}

/// `retain` visits what the view visits, and removes what the closure refuses.
fn check_removal<V: Checked>(mut store: Store, all: &[ObjectId], expected: &[ObjectId]) {
    let mut visited = Vec::new();
    let removed = store.retain::<V>(|item| {
        let id = V::change(item);
        visited.push(id);
        !id.row().is_multiple_of(3)
    });
    assert_eq!(visited, expected);
    let is_removed =
        |id: &&ObjectId| id.row().is_multiple_of(3) && expected.binary_search(id).is_ok();
    assert_eq!(removed, Ok(all.iter().filter(is_removed).count()));
    for id in all {
        assert_eq!(store.contains(*id), !is_removed(&id), "{id}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 16, ..ProptestConfig::default() })]

    #[test]
    fn views_visit_what_passes(seed in any::<u64>()) {
        check_all(&mut filled(seed, false));
    }
}

#[test]
fn views_visit_what_passes_across_blocks() {
    (0..2).for_each(|seed| check_all(&mut filled(seed, true)));
}

#[derive(View)]
#[view(set = "poison")]
struct Poisoned<'a> {
    id: ObjectId,
    health: &'a f32,
}

#[test]
fn read_only_views_answer_while_they_are_shared() -> Outcome {
    let store = filled(7, false);
    let expected: Vec<ObjectId> = store
        .ids()
        .filter(|id| has(&store, *id, "health") && is_set(&store, *id, "poison"))
        .collect();
    let view = store.view_ref::<Poisoned>()?;
    let ids = |view: &slotted::view::ViewRef<'_, Poisoned<'static>>| {
        let mut ids = Vec::new();
        for unit in view {
            assert_eq!(view.get(unit.id).map(|unit| *unit.health), Some(*unit.health));
            ids.push(unit.id);
        }
        ids
    };
    assert_eq!(ids(&view), expected);
    std::thread::scope(|scope| {
        for _ in 0..2 {
            scope.spawn(|| assert_eq!(ids(&view), expected));
        }
    });
    let others = store.ids().filter(|id| !expected.contains(id));
    assert!(others.into_iter().all(|id| view.get(id).is_none()));
    Ok(())
}

#[test]
fn filters_hold_for_selected_schemas_and_reports() -> Outcome {
    let mut store = filled(11, false);
    let all: Vec<ObjectId> = store.ids_of(exactly("orc"))?.collect();
    let set = all.iter().filter(|id| is_set(&store, **id, "poison")).count();
    assert_eq!(store.view_of::<Set>(exactly("orc"))?.count(), set);
    assert_eq!(store.view_ref_of::<Poisoned>(exactly("orc"))?.count(), set);
    // No tree passes, and none is visited.
    assert_eq!(store.view_of::<Set>("tree")?.count(), 0);
    assert_eq!(store.view_report::<Orcs>().schemas().collect::<Vec<_>>(), ["orc", "chief"]);
    let without = store.view_report::<Without>();
    assert_eq!(without.schemas().collect::<Vec<_>>(), ["tree"]);

    let mut split = store.split();
    let orcs = split.view::<Orcs>()?;
    // The view borrowed the columns of orcs alone.
    assert!(split.view_of::<All>("tree").is_ok());
    assert!(split.view_of::<All>("orc").is_err());
    drop(orcs);
    let mut split = store.split();
    let _poisoned = split.view_ref::<Poisoned>()?;
    // A filter reads the flags of its slot.
    assert!(split.view::<Poisoning>().is_err());
    Ok(())
}

#[derive(View)]
struct Poisoning<'a> {
    poison: slotted::view::OptionMut<'a, u8>,
}

/// The closure may change the flags that decide on the visit.
#[test]
fn flags_are_read_before_the_first_visit() -> Outcome {
    #[derive(View)]
    #[view(set = "poison")]
    struct Curing<'a> {
        poison: slotted::view::OptionMut<'a, u8>,
    }
    let mut store = filled(13, false);
    let poisoned = store.view::<Curing>()?.count();
    let mut cured = 0;
    for mut unit in store.view::<Curing>()? {
        unit.poison.set(None);
        cured += 1;
    }
    assert_eq!((cured, store.view::<Curing>()?.count()), (poisoned, 0));
    Ok(())
}

#[test]
fn names_in_filters_are_checked() {
    #[derive(View)]
    #[view(of = "unitt")]
    struct OfNothing<'a> {
        health: &'a f32,
    }
    #[derive(View)]
    #[view(set = "poisn")]
    struct Misspelt<'a> {
        health: &'a f32,
    }
    #[derive(View)]
    #[view(lenient, without = "poisn")]
    struct Lenient<'a> {
        health: &'a f32,
    }
    let mut store = filled(17, false);
    let error = store.view::<OfNothing>().unwrap_err();
    assert_eq!(error.to_string(), "no schema 'unitt' is registered; did you mean 'unit'?");
    let error = store.view_ref::<Misspelt>().unwrap_err();
    assert!(matches!(error, ViewError::UndeclaredFilter { .. }));
    assert_eq!(
        error.to_string(),
        "view 'Misspelt' is filtered by slot 'poisn', which no schema declares; did you mean 'poison'?"
    );
    let all = store.view::<All>().unwrap().count();
    assert_eq!(store.view::<Lenient>().unwrap().count(), all);
}
