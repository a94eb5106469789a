//! Filters, slots that must be set, iterators and `get` of views, against a walk over all records.

use std::collections::BTreeMap;

use proptest::prelude::*;
use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};
use slotted::memory::BLOCK_ROWS;
use slotted::view::{GetDisjointError, OptionMut, ViewError, ViewMut};
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

/// A filter as a method.
#[derive(Clone, Copy, Debug)]
enum Method {
    Of(&'static str),
    Exactly(&'static str),
    With(&'static str),
    Without(&'static str),
    Set(&'static str),
    Unset(&'static str),
}
use Method::{Exactly, Of, Set, Unset, With, Without};

const METHODS: &[Method] = &[
    Of("unit"),
    Of("orc"),
    Of("stone"),
    Exactly("unit"),
    Exactly("orc"),
    With("poison"),
    With("stun"),
    Without("poison"),
    Without("rage"),
    Set("poison"),
    Set("stun"),
    Set("health"),
    Unset("poison"),
    Unset("stun"),
];

impl Method {
    fn passes(self, store: &Store, id: ObjectId) -> bool {
        match self {
            Of(name) => is_a(store, id, name),
            Exactly(name) => store.schema_by_id(id.schema()).unwrap().name() == name,
            With(slot) => has(store, id, slot),
            Without(slot) => !has(store, id, slot),
            Set(slot) => is_set(store, id, slot),
            Unset(slot) => !is_set(store, id, slot),
        }
    }
}

/// Calls the methods on a view.
macro_rules! narrowed {
    ($view:expr, $methods:expr) => {
        $methods.iter().fold($view, |view, method| {
            let narrowed = match *method {
                Of(name) => view.of(name),
                Exactly(name) => view.of(exactly(name)),
                With(slot) => view.with(slot),
                Without(slot) => view.without(slot),
                Set(slot) => view.where_set(slot),
                Unset(slot) => view.where_unset(slot),
            };
            narrowed.unwrap()
        })
    };
}

/// Returns the living objects with a slot `health` that pass all methods.
fn passing(store: &Store, methods: &[Method]) -> Vec<ObjectId> {
    let passes = |id: &ObjectId| {
        has(store, *id, "health") && methods.iter().all(|method| method.passes(store, *id))
    };
    store.ids().filter(passes).collect()
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
                fn run_ids(view: ViewMut<'_, Self>) -> Vec<ObjectId> {
                    view.runs().flat_map(|run| run.into_iter().map(|item| item.id)).collect()
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

        fn check_all(store: &mut Store, methods: &[Method]) {
            $(check::<$name>(store, methods);)*
        }
    };
}

/// A view of `health`, and the objects that it must visit besides.
trait Checked: View + Sized {
    fn run_ids(view: ViewMut<'_, Self>) -> Vec<ObjectId>;
    fn change(item: Self::Item<'_>) -> ObjectId;
    fn passes(store: &Store, id: ObjectId) -> bool;
}

views! {
    All {} |_, _| true;
    #[view(of = "orc")]
    Orcs {} |store, id| is_a(store, id, "orc");
    #[view(with = "poison")]
    WithPoison {} |store, id| has(store, id, "poison");
    #[view(without = "poison")]
    WithoutPoison {} |store, id| !has(store, id, "poison");
    #[view(set = "poison")]
    SetPoison {} |store, id| is_set(store, id, "poison");
    #[view(unset = "poison")]
    UnsetPoison {} |store, id| !is_set(store, id, "poison");
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

/// Compares every way to visit the objects of a view, narrowed by methods too, with a walk over all records.
fn check<V: Checked>(store: &mut Store, methods: &[Method]) {
    let all: Vec<ObjectId> = store.ids().collect();
    let mut expected = passing(store, methods);
    expected.retain(|id| V::passes(store, *id));
    let before: BTreeMap<ObjectId, Value> = health_of(store, &all);
    fn view<'s, V: View>(store: &'s mut Store, methods: &[Method]) -> ViewMut<'s, V> {
        narrowed!(store.view::<V>().unwrap(), methods)
    }

    let counted = view::<V>(store, methods);
    assert_eq!((counted.count(), counted.into_iter().len()), (expected.len(), expected.len()));
    let mut ids = Vec::new();
    view::<V>(store, methods).for_each(|item| ids.push(V::change(item)));
    assert_eq!(ids, expected, "for_each");
    let ids: Vec<_> = view::<V>(store, methods).into_iter().map(V::change).collect();
    assert_eq!(ids, expected, "an iterator that is folded");
    let mut ids = Vec::new();
    for item in view::<V>(store, methods) {
        ids.push(V::change(item));
    }
    assert_eq!(ids, expected, "a loop");
    for taken in [1, 63, 64, 100, BLOCK_ROWS - 1, BLOCK_ROWS + 3] {
        let mut iter = view::<V>(store, methods).into_iter();
        let mut ids: Vec<_> = iter.by_ref().take(taken).map(V::change).collect();
        assert_eq!(iter.len(), expected.len() - ids.len(), "after {taken} items");
        iter.for_each(|item| ids.push(V::change(item)));
        assert_eq!(ids, expected, "a loop of {taken}, then a fold");
    }
    let mut borrowed = view::<V>(store, methods);
    for _ in 0..2 {
        let ids: Vec<_> = (&mut borrowed).into_iter().map(V::change).collect();
        assert_eq!(ids, expected, "a view that is borrowed");
    }
    for id in &all {
        let found = borrowed.get(*id).map(V::change);
        assert_eq!(found, expected.binary_search(id).ok().map(|_| *id), "get of {id}");
    }
    let mut by_id = view::<V>(store, methods).by_id();
    for id in &all {
        let found = by_id.get(*id).map(V::change);
        assert_eq!(found, expected.binary_search(id).ok().map(|_| *id), "get of {id} by id");
    }
    drop(by_id);
    assert_eq!(V::run_ids(view(store, methods)), expected, "runs");

    let visits = 3 + 6 + 2 + 1 + 1;
    let after = health_of(store, &all);
    for id in &all {
        let visits = if expected.binary_search(id).is_ok() { visits as f32 } else { 0.0 };
        match (&before[id], &after[id]) {
            (Value::F32(before), Value::F32(after)) => assert_eq!(*after, before + visits, "{id}"),
            (before, after) => assert_eq!(before, after),
        }
    }
    check_changes::<V>(store, methods, &expected);
    check_disjoint(view::<V>(store, methods), &all, &expected);
    if methods.is_empty() {
        check_removal::<V>(store.clone(), &all, &expected);
    }
}

fn health_of(store: &Store, ids: &[ObjectId]) -> BTreeMap<ObjectId, Value> {
    let health = |id| store.get_value(id, "health").unwrap_or(Value::Unset);
    ids.iter().map(|id| (*id, health(*id))).collect()
}

/// Only blocks that changed are visited, and of these only the objects that pass.
fn check_changes<V: Checked>(store: &mut Store, methods: &[Method], expected: &[ObjectId]) {
    let epoch = store.advance_epoch();
    let changed_since = |store: &mut Store| {
        narrowed!(store.view::<V>().unwrap().changed_since(epoch), methods).count()
    };
    assert_eq!(changed_since(store), 0);
    let Some(changed) = expected.last() else { return };
    store.set_value(*changed, "health", 1.0).unwrap();
    let block = |id: &ObjectId| (id.schema(), id.row() as usize / BLOCK_ROWS);
    let in_block: Vec<_> =
        expected.iter().copied().filter(|id| block(id) == block(changed)).collect();
    assert_eq!(changed_since(store), in_block.len());
    let view = narrowed!(store.view::<V>().unwrap(), methods).changed_since(epoch);
    let ids: Vec<_> = view.into_iter().map(V::change).collect();
    assert_eq!(ids, in_block);
}

/// Several objects at once: of any schemas, in any order, with repeats and with objects outside of the view.
fn check_disjoint<V: Checked>(mut view: ViewMut<'_, V>, all: &[ObjectId], expected: &[ObjectId]) {
    assert!(view.get_disjoint_mut([]).is_ok());
    let rng = &mut StdRng::seed_from_u64(all.len() as u64);
    for _ in 0..60 {
        let from = if expected.is_empty() || rng.random_bool(0.1) { all } else { expected };
        let near = rng.random_range(0..from.len());
        let ids: [ObjectId; 4] = std::array::from_fn(|_| match rng.random_bool(0.5) {
            true => from[(near + rng.random_range(0..8)) % from.len()],
            false => from[rng.random_range(0..from.len())],
        });
        let is_repeated = |id: &ObjectId| ids.iter().filter(|other| *other == id).count() > 1;
        let is_missing = |id: &ObjectId| expected.binary_search(id).is_err();
        match view.get_disjoint_mut(ids) {
            Ok(items) => {
                assert!(!ids.iter().any(|id| is_repeated(id) || is_missing(id)));
                assert_eq!(items.map(V::change), ids);
            }
            Err(GetDisjointError::Repeated { id }) => assert!(is_repeated(&id)),
            Err(error) => {
                assert!(!ids.iter().any(is_repeated));
                let id = ids.into_iter().find(is_missing).unwrap();
                assert_eq!(error, GetDisjointError::Missing { id });
            }
        }
    }
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
    fn views_visit_what_passes(
        seed in any::<u64>(),
        methods in prop::collection::vec(prop::sample::select(METHODS), 0..4),
    ) {
        check_all(&mut filled(seed, false), &methods);
    }

    #[test]
    fn lent_and_read_only_views_visit_what_passes(
        seed in any::<u64>(),
        methods in prop::collection::vec(prop::sample::select(METHODS), 0..4),
    ) {
        check_lent(&mut filled(seed, false), &methods);
        check_read_only(&filled(seed, false), &methods);
    }
}

/// A view that borrows each slot that a method tests.
#[derive(View)]
struct Borrowing<'a> {
    id: ObjectId,
    health: &'a mut f32,
    stun: Option<&'a u8>,
    poison: Option<&'a mut u8>,
}

fn check_lent(store: &mut Store, methods: &[Method]) {
    let (all, expected) = (store.ids().collect::<Vec<_>>(), passing(store, methods));
    let stun = |id| store.get_value(id, "stun").ok().filter(|stun| !stun.is_unset());
    let stuns: Vec<_> = expected.iter().map(|id| stun(*id)).collect();
    fn view<'s>(store: &'s mut Store, methods: &[Method]) -> ViewMut<'s, Borrowing<'static>> {
        narrowed!(store.split().view::<Borrowing>().unwrap(), methods)
    }
    let lent: Vec<_> = view(store, methods)
        .iter()
        .map(|unit| (unit.id, unit.stun.map(|stun| Value::from(i64::from(*stun)))))
        .collect();
    assert_eq!(lent, expected.iter().copied().zip(stuns).collect::<Vec<_>>());
    let mut borrowed = view(store, methods);
    let found = |id: &ObjectId| expected.binary_search(id).ok().map(|_| *id);
    for id in &all {
        assert_eq!(borrowed.get(*id).map(|unit| unit.id), found(id));
    }
    if let [first, .., last] = *expected {
        let items = borrowed.get_disjoint_mut([last, first]).unwrap();
        assert_eq!(items.map(|unit| unit.id), [last, first]);
    }
    let mut by_id = borrowed.by_id();
    for id in &all {
        assert_eq!(by_id.get(*id).map(|unit| unit.id), found(id));
    }
}

#[derive(View)]
struct Healths<'a> {
    id: ObjectId,
    health: &'a f32,
    poison: Option<&'a u8>,
}

/// Asks for objects before and after the view is narrowed.
fn check_read_only(store: &Store, methods: &[Method]) {
    let (all, expected) = (store.ids().collect::<Vec<_>>(), passing(store, methods));
    let has_health = passing(store, &[]);
    let whole = store.view_ref::<Healths>().unwrap();
    for id in &all {
        assert_eq!(whole.get(*id).is_some(), has_health.binary_search(id).is_ok());
    }
    let view = narrowed!(whole, methods);
    assert_eq!((&view).into_iter().map(|unit| unit.id).collect::<Vec<_>>(), expected);
    let by_id = narrowed!(store.view_ref::<Healths>().unwrap(), methods).by_id();
    for id in &all {
        let unit = view.get(*id);
        assert_eq!(by_id.get(*id).map(|unit| unit.id), unit.as_ref().map(|unit| unit.id));
        assert_eq!(unit.is_some(), expected.binary_search(id).is_ok(), "{id}");
        let Some(unit) = unit else { continue };
        assert_eq!((unit.id, Some(*unit.health)), (*id, health(store, *id)));
        let poison = store.get_value(*id, "poison").unwrap_or(Value::Unset);
        assert_eq!(
            unit.poison.map_or(Value::Unset, |poison| Value::from(i64::from(*poison))),
            poison
        );
    }
}

fn health(store: &Store, id: ObjectId) -> Option<f32> {
    match store.get_value(id, "health") {
        Ok(Value::F32(health)) => Some(health),
        _ => None,
    }
}

#[test]
fn views_visit_what_passes_across_blocks() {
    (0..2).for_each(|seed| check_all(&mut filled(seed, true), &[]));
    check_all(&mut filled(2, true), &[Unset("stun"), Of("unit")]);
    check_read_only(&filled(3, true), &[Unset("poison")]);
    check_lent(&mut filled(4, true), &[Set("poison"), With("rage")]);
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
    assert_eq!(store.view_of::<SetPoison>(exactly("orc"))?.count(), set);
    assert_eq!(store.view_ref_of::<Poisoned>(exactly("orc"))?.count(), set);
    // No tree passes, and none is visited.
    assert_eq!(store.view_of::<SetPoison>("tree")?.count(), 0);
    assert_eq!(store.view_report::<Orcs>().schemas().collect::<Vec<_>>(), ["orc", "chief"]);
    let without = store.view_report::<WithoutPoison>();
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
    poison: OptionMut<'a, u8>,
}

/// The closure may change the flags that decide on the visit.
#[test]
fn flags_are_read_before_the_first_visit() -> Outcome {
    #[derive(View)]
    #[view(set = "poison")]
    struct Curing<'a> {
        poison: OptionMut<'a, u8>,
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

#[test]
fn names_in_methods_are_checked() {
    #[derive(View)]
    #[view(lenient)]
    struct Lenient<'a> {
        health: &'a f32,
    }
    let mut store = filled(19, false);
    let error = store.view::<All>().unwrap().of("orcc").unwrap_err();
    assert_eq!(error.to_string(), "no schema 'orcc' is registered; did you mean 'orc'?");
    for error in [
        store.view::<All>().unwrap().with("stunn").unwrap_err(),
        store.view::<All>().unwrap().without("stunn").unwrap_err(),
        store.view::<All>().unwrap().where_set("stunn").unwrap_err(),
        store.view::<All>().unwrap().where_unset("stunn").unwrap_err(),
    ] {
        assert_eq!(
            error.to_string(),
            "view 'All' is filtered by slot 'stunn', which no schema declares; did you mean 'stun'?"
        );
    }
    let error = store.view_ref::<Poisoned>().unwrap().where_set("stunn").unwrap_err();
    assert!(matches!(error, ViewError::UndeclaredFilter { .. }));
    let all = store.view_ref::<Lenient>().unwrap().count();
    assert_eq!(store.view_ref::<Lenient>().unwrap().where_set("stunn").unwrap().count(), 0);
    assert_eq!(store.view_ref::<Lenient>().unwrap().without("stunn").unwrap().count(), all);
    assert_eq!(store.view_ref::<Lenient>().unwrap().of("orcc").unwrap().count(), 0);
}

/// A view of lent columns reads no others.
#[test]
fn methods_on_lent_views_test_borrowed_slots_only() -> Outcome {
    let mut store = filled(23, false);
    let mut split = store.split();
    let error = split.view::<All>()?.where_set("poison").unwrap_err();
    assert_eq!(
        error.to_string(),
        "view 'All' does not borrow slot 'poison'; declare the filter with `#[view(..)]` on the view's struct"
    );
    // The view is gone, but its slots stay borrowed.
    assert!(split.view::<All>().is_err());
    let mut split = store.split();
    // The same for schemas without the slot: the error does not depend on objects.
    assert!(split.view_ref::<Healths>()?.of("tree")?.where_unset("stun").is_err());
    let trees = split.view_ref::<Healths>()?.of("tree")?;
    let count = trees.count();
    assert_eq!(trees.where_unset("poison")?.count(), count);
    let poisoned = split.view_ref::<Poisoned>()?;
    let count = poisoned.count();
    assert_eq!(poisoned.where_set("poison")?.count(), count);
    Ok(())
}
