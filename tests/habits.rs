//! Tests of calls that are named as in std's collections.

use std::error::Error;

use slotted::error::{AccessError, Despawned};
use slotted::{Kind, List, Schema, Slotted, Store, Text, View, record};

type Outcome = Result<(), Box<dyn Error>>;

#[derive(Slotted, Clone, Copy, Debug, PartialEq)]
struct Unit {
    health: f32,
    name: Option<Text>,
    path: List<u16>,
}

#[derive(View)]
struct Health<'a> {
    health: &'a mut f32,
}

#[test]
fn objects_are_copied_removed_retained_and_drained() -> Result<(), Box<dyn Error>> {
    let mut store = Store::new();
    store.register::<Unit>()?;
    let (name, path) = (store.intern_text("Ada")?, store.intern_list(&[1_u16, 2])?);
    let unit = |health| Unit { health, name: (health > 1.0).then_some(name), path };
    let ids: Vec<_> = store.spawn_batch([1.0, 2.0, 3.0].map(unit))?.collect();
    let copies = [store.duplicate(ids[0])?, store.duplicate(ids[1])?];
    for (copy, health) in copies.into_iter().zip([1.0, 2.0]) {
        assert_eq!(store.get_object::<Unit>(copy)?, unit(health));
    }
    assert_eq!(store.remove::<Unit>(ids[1])?, unit(2.0));
    let dead = AccessError::from(Despawned { id: ids[1] });
    assert_eq!(store.duplicate(ids[1]), Err(dead.clone()));
    assert_eq!(store.remove::<Unit>(ids[1]), Err(dead));
    // The copy of an object whose name is unset takes a row in which it was set.
    let reused = store.duplicate(ids[0])?;
    assert_eq!(store.get_object::<Unit>(reused)?, unit(1.0));

    assert_eq!(store.try_despawn_batch(&[reused, ids[1], reused]), 1);
    let mut visits = 0;
    let removed = store.retain::<Health>(|unit| {
        visits += 1;
        *unit.health += 1.0;
        *unit.health > 2.0
    })?;
    assert_eq!((visits, removed), (4, 2));
    let left: Vec<_> = store.drain::<Unit>()?.map(|(id, unit)| (id, unit.health)).collect();
    assert_eq!(left, [(ids[2], 4.0), (copies[1], 3.0)]);
    assert!(store.is_empty());
    Ok(())
}

#[test]
fn a_store_is_shown_on_a_few_lines() -> Outcome {
    let mut store = Store::new();
    for n in 0..40 {
        let schema = Schema::builder(format!("schema_{n}")).slot("x", Kind::U8).default(0);
        store.register_schema(schema.build()?)?;
    }
    store.spawn_records("schema_1", (0..9000).map(|_| record! {}))?;
    let shown = format!("{store:?}");
    assert!(
        shown.starts_with("Store { objects: 9000, schemas: 40, objects_of: {\"schema_0\": 0, ")
    );
    assert!(shown.contains("\"schema_1\": 9000") && shown.len() < 500, "{shown}");
    Ok(())
}

#[test]
fn a_memory_report_shows_each_schema_and_slot() -> Outcome {
    let mut store = Store::new();
    store.register_schema(Schema::builder("tile").slot("height", Kind::F32).build()?)?;
    store.spawn_records("tile", (0..10).map(|_| record! { height: 1.0 }))?;
    let report = store.memory_report();
    let (total, overhead) = (report.schemas[0].total(), report.schemas[0].slots[0].overhead());
    let each = total as f64 / 10.0;
    let expected = format!(
        "tile: 10 objects, {total} bytes, {each:.1} each\n  \
         height: 40 living, {overhead} overhead\n"
    );
    assert!(report.to_string().starts_with(&expected), "{report}");
    Ok(())
}

#[test]
fn a_loop_over_a_store_visits_all_ids() -> Outcome {
    let mut store = Store::new();
    for name in ["empty", "few", "many", "last"] {
        store.register_schema(Schema::builder(name).slot("x", Kind::U8).default(0).build()?)?;
    }
    let mut expected = Vec::new();
    for (name, count) in [("few", 3), ("many", 9000), ("last", 1)] {
        let ids: Vec<_> = store.spawn_records(name, (0..count).map(|_| record! {}))?.collect();
        let (dead, living): (Vec<_>, Vec<_>) = ids.into_iter().partition(|id| id.row() % 7 == 1);
        store.despawn_batch(&dead)?;
        expected.extend(living);
    }
    let mut ids = Vec::new();
    for id in &store {
        ids.push(id);
        assert_eq!(store.ids().skip(ids.len()).len(), expected.len() - ids.len());
    }
    assert_eq!(ids, expected);
    Ok(())
}
