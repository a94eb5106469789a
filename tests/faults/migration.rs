//! Fault 45: schemas that are declared anew while objects live.

use slotted::{Kind, Schema, SnapshotError, record};

use crate::{MANY, Outcome, UNIT, Unit, dead, dump, refusal, store};

#[test]
fn fault_45_redefinition_under_living_objects_keeps_ids_or_changes_nothing() -> Outcome {
    let mut store = store();
    let tile = |height: usize| record! { height: height as f64, wet: height.is_multiple_of(3) };
    let ids: Vec<_> = store.spawn_records("tile", (0..MANY).map(tile))?.collect();
    let doomed: Vec<_> = ids.iter().copied().skip(1).step_by(2).collect();
    store.despawn_batch(&doomed)?;
    let unit = store.spawn(UNIT)?;
    store.set_value(ids[0], "owner", unit)?;
    let (height, snapshot) = (store.key::<f64>("tile", "height")?, store.snapshot());
    let before = dump(&store);

    // Registering it again is no way to change it, and what loses values is refused as a whole.
    let narrow = Schema::builder("tile").slot("height", Kind::F32).slot("depth", Kind::I8);
    let error = refusal(store.register_schema(narrow.clone().build()?));
    assert!(error.starts_with("another schema 'tile' is registered"), "{error}");
    let plan = store.plan_migration([narrow.build()?])?;
    assert!(refusal(store.migrate(&plan)).contains("slot 'depth' of 'tile' needs a default"));
    let unit_schema = Schema::builder("unit").slot("health", Kind::F64);
    let plan = store.plan_migration([unit_schema.build()?])?;
    let error = refusal(store.migrate(&plan));
    assert!(error.contains("the Rust type") && error.contains("Unit"), "{error}");
    assert_eq!(dump(&store), before);
    store.restore(&snapshot)?;
    assert_eq!(store.get(ids[2], height), Some(2.0));

    let next = Schema::builder("tile")
        .slot("ground", Kind::enumeration(["rock", "grass"]))
        .default("grass")
        .slot("level", Kind::F64)
        .renamed_from("height")
        .slot("owner", Kind::Object)
        .optional()
        .slot("snow", Kind::Bool)
        .default(false);
    let plan = store.plan_migration([next.build()?])?;
    store.migrate(&plan)?;
    assert_eq!(store.get(ids[2], height), None, "the key's slot has moved and has another name");
    assert_eq!(store.restore(&snapshot), Err(SnapshotError::OtherSchemas));
    assert_eq!(snapshot.get(ids[2], height), Some(2.0));
    assert!(store.ids_of("tile")?.eq(ids.iter().copied().step_by(2)));
    for (number, id) in ids.iter().enumerate().step_by(2) {
        let mut expected = record! { ground: "grass", level: number as f64 };
        if number == 0 {
            expected.push("owner", unit);
        }
        expected.push("snow", false);
        assert_eq!(store.get_record(*id)?, expected);
    }
    assert_eq!(store.get_object::<Unit>(unit)?, UNIT);
    assert_eq!(store.get_record(doomed[0]), Err(dead(doomed[0])));
    Ok(())
}
