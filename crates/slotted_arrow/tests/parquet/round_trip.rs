//! Objects that leave and come back.

use proptest::prelude::*;
use slotted::{Kind, Schema, Store, record};
use slotted_arrow::import::Import;
use slotted_arrow::parquet::{ParquetCompression, ParquetExport};
use slotted_arrow::{SchemaBatches, record_batches};

use crate::worlds::{Folder, Outcome, empty_world, values, world};

/// Exports a store to Parquet and imports it into an empty one.
fn through_parquet(
    store: &mut Store,
    export: &ParquetExport,
) -> Result<Store, Box<dyn std::error::Error>> {
    let folder = Folder::new();
    let mut import = Import::new();
    for file in export.write(&store.snapshot(), folder.path())? {
        import = import.parquet(&*file.schema, &file.path);
    }
    let mut other = empty_world()?;
    import.run(&mut other)?;
    Ok(other)
}

fn compressions() -> Vec<ParquetCompression> {
    vec![
        ParquetCompression::None,
        ParquetCompression::Snappy,
        #[cfg(feature = "lz4")]
        ParquetCompression::Lz4,
        #[cfg(feature = "zstd")]
        ParquetCompression::Zstd,
    ]
}

#[test]
fn every_kind_comes_back_from_parquet_with_the_same_hash() -> Outcome {
    let mut store = world(1, 300)?;
    for compression in compressions() {
        let export = ParquetExport::new().compression(compression).row_group_rows(70);
        let mut other = through_parquet(&mut store, &export)?;
        assert_eq!(values(&other, "unit"), values(&store, "unit"), "{compression:?}");
        assert_eq!(other.state_hash(), store.state_hash(), "{compression:?}");
    }
    Ok(())
}

#[test]
fn every_kind_comes_back_from_record_batches() -> Outcome {
    let mut store = world(2, 300)?;
    let snapshot = store.snapshot();
    let mut import = Import::new();
    for schema in ["unit", "tile"] {
        let batches = SchemaBatches::new(&snapshot, schema).ok_or("no schema")?.with_ids();
        let batches: Vec<_> =
            (0..batches.blocks()).map(|block| batches.living_batch(block)).collect();
        import = import.batches(schema, batches);
    }
    let mut other = empty_world()?;
    import.run(&mut other)?;
    assert_eq!(other.state_hash(), store.state_hash());
    Ok(())
}

#[test]
fn references_lead_to_the_new_objects_across_schemas_and_blocks() -> Outcome {
    let mut store = Store::new();
    store.register_schema(Schema::builder("tower").slot("name", Kind::U32).build()?)?;
    let unit = Schema::builder("unit").slot("home", Kind::Object).references("tower");
    store.register_schema(unit.build()?)?;
    let towers: Vec<_> =
        store.spawn_records("tower", (0..20_000_u32).map(|name| record! { name }))?.collect();
    store.spawn_records("unit", towers.iter().rev().map(|home| record! { home: *home }))?;

    let folder = Folder::new();
    let files = ParquetExport::new().write(&store.snapshot(), folder.path())?;
    // The store has other objects by now, at the places of the old ones.
    let mut other = Store::new();
    for schema in store.schemas() {
        other.register_schema(schema.to_schema())?;
    }
    other.spawn_records("tower", vec![record! { name: 7 }; 3])?;
    // Units come first, so their references lead to objects of a later file.
    let import = files
        .iter()
        .rev()
        .fold(Import::new(), |import, file| import.parquet(&*file.schema, &file.path));
    let ids = import.run(&mut other)?;
    assert_eq!(ids.len(), 40_000);
    for (number, id) in ids[..20_000].iter().enumerate() {
        let slotted::Value::Object(home) = other.get_value(*id, "home")? else {
            return Err("no reference".into());
        };
        assert_eq!(other.get_value(home, "name")?, (19_999 - number as u32).into());
    }
    Ok(())
}

#[test]
fn dead_references_are_unset_on_request() -> Outcome {
    let mut store = empty_world()?;
    let unit = world(3, 1)?;
    let values = unit.get_record(unit.ids().next().ok_or("no unit")?)?;
    let owner = store.spawn_record("unit", values)?;
    store.spawn_record("tile", record! { owner: owner })?;
    store.despawn(owner)?;
    let batches = || SchemaBatches::new(&store.clone().snapshot(), "tile");
    let batch = batches().ok_or("no schema")?.with_ids().living_batch(0)?;

    let mut other = empty_world()?;
    let error = Import::new().batches("tile", [Ok(batch.clone())]).run(&mut other).unwrap_err();
    let message = error.to_string();
    assert!(message.contains("row 0: slot 'owner' of 'tile' refers to object"), "{message}");
    let import = Import::new().batches("tile", [Ok(batch)]).unset_unknown_references();
    let ids = import.run(&mut other)?;
    assert!(other.get_value(ids[0], "owner")?.is_unset());
    Ok(())
}

#[test]
fn a_slot_called_id_is_no_id() -> Outcome {
    let mut store = Store::new();
    store.register_schema(Schema::builder("item").slot("id", Kind::U32).build()?)?;
    store.spawn_records("item", [7_u32, 7].map(|id| record! { id }))?;
    let batches = SchemaBatches::new(&store.snapshot(), "item").ok_or("no schema")?.with_ids();
    assert_eq!(batches.schema().field(0).name(), "slotted.id");
    let ids = Import::new().batches("item", [batches.living_batch(0)]).run(&mut store)?;
    assert_eq!(store.get_value(ids[1], "id")?, 7.into());
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(16))]

    #[test]
    fn living_objects_come_back_after_any_history(
        seed in any::<u64>(),
        units in 1_usize..30,
        despawned in prop::collection::vec(any::<prop::sample::Index>(), 0..20),
        group in 1_usize..100,
    ) {
        let mut store = world(seed, units).unwrap();
        for index in despawned {
            let ids: Vec<_> = store.ids().collect();
            if let Some(id) = ids.get(index.index(ids.len().max(1))) {
                store.despawn(*id).unwrap();
            }
        }
        // Only living objects are exported, and a reference to a dead one is a problem.
        let folder = Folder::new();
        let export = ParquetExport::new().row_group_rows(group);
        let files = export.write(&store.snapshot(), folder.path()).unwrap();
        let import = files.iter().fold(Import::new(), |import, file| {
            import.parquet(&*file.schema, &file.path)
        });
        let mut other = empty_world().unwrap();
        let before = other.state_hash();
        let refers_to_the_dead = |record: &slotted::Record| {
            record.iter().any(|(_, value)| match value {
                slotted::Value::List(list) => list.contains(&"dead object".into()),
                value => *value == "dead object".into(),
            })
        };
        let (unit, tile) = (values(&store, "unit"), values(&store, "tile"));
        match import.run(&mut other) {
            Ok(ids) => {
                prop_assert_eq!(ids.len(), store.len());
                prop_assert_eq!(values(&other, "unit"), unit);
                prop_assert_eq!(values(&other, "tile"), tile);
            }
            Err(error) => {
                prop_assert!(unit.iter().chain(&tile).any(refers_to_the_dead), "{}", error);
                prop_assert_eq!(other.state_hash(), before);
            }
        }
    }
}

#[test]
fn record_batches_of_dead_rows_are_not_imported_as_objects() -> Outcome {
    let mut store = Store::new();
    store.register_schema(Schema::builder("unit").slot("health", Kind::F32).build()?)?;
    let ids: Vec<_> =
        store.spawn_records("unit", [1.0, 2.0].map(|health| record! { health }))?.collect();
    store.despawn(ids[0])?;
    // A dead row is null in every column, and a required slot refuses null.
    let batches = record_batches(&store.snapshot(), "unit")?;
    let error = Import::new().batches("unit", batches.into_iter().map(Ok)).run(&mut store);
    assert_eq!(
        error.unwrap_err().to_string(),
        "row 0: 'unit' object needs a value for slot 'health' (f32)"
    );
    Ok(())
}
