//! Saves come back as they were, in both forms.

mod common;

use common::Folder;
use slotted::{Store, record};
use slotted_arrow::{Compression, LoadOptions, SaveOptions};

fn assert_same(loaded: &mut Store, store: &mut Store) {
    let (loaded, store) = (loaded.snapshot(), store.snapshot());
    assert_eq!(loaded.state_hash(), store.state_hash());
    assert_eq!(loaded.future_ids_hash(), store.future_ids_hash());
    for id in store.ids() {
        assert_eq!(loaded.get_record(id), store.get_record(id));
    }
    assert!(
        loaded
            .schemas()
            .map(|schema| schema.to_schema())
            .eq(store.schemas().map(|schema| schema.to_schema()))
    );
}

fn compressions() -> [Option<Compression>; 3] {
    [None, Some(Compression::Lz4), Some(Compression::Zstd)]
}

#[test]
fn every_kind_comes_back_from_a_folder() -> Result<(), Box<dyn std::error::Error>> {
    let folder = Folder::new("every-kind");
    for (things, compression) in [(0, None), (300, None), (300, Some(Compression::Lz4))] {
        let mut store = common::world(things, 7);
        SaveOptions::new().compression(compression).save(&store.snapshot(), &folder.0)?;
        let mut loaded = common::store();
        LoadOptions::new().load_into(&mut loaded, &folder.0)?;
        assert_same(&mut loaded, &mut store);
    }
    Ok(())
}

#[test]
fn every_kind_comes_back_from_a_stream() -> Result<(), Box<dyn std::error::Error>> {
    for compression in compressions() {
        let mut store = common::world(200, 8);
        let mut bytes = Vec::new();
        SaveOptions::new().compression(compression).write(&store.snapshot(), &mut bytes)?;
        let mut loaded = common::store();
        LoadOptions::new().read_into(&mut loaded, &bytes[..])?;
        assert_same(&mut loaded, &mut store);
        let next = |store: &mut Store| store.spawn_record("tile", record! { height: 1.0 });
        assert_eq!(next(&mut loaded), next(&mut store), "the same calls give the same ids");
    }
    Ok(())
}

#[test]
fn many_blocks_come_back() -> Result<(), Box<dyn std::error::Error>> {
    let mut store = common::store();
    let ids: Vec<_> =
        store.spawn_records("floor", vec![record! { height: 1.0 }; 50_000])?.collect();
    store.despawn_batch(&ids[10_000..40_000])?;
    let mut bytes = Vec::new();
    SaveOptions::new().write(&store.snapshot(), &mut bytes)?;
    let mut loaded = common::store();
    LoadOptions::new().read_into(&mut loaded, &bytes[..])?;
    assert_same(&mut loaded, &mut store);
    Ok(())
}

#[test]
fn a_snapshot_from_before_the_last_save_is_saved_as_it_was()
-> Result<(), Box<dyn std::error::Error>> {
    let folder = Folder::new("older-snapshot");
    let mut store = common::store();
    let tile = store.spawn_record("tile", record! { height: 1.0 })?;
    let older = store.snapshot();
    store.set_value(tile, "height", 2.0_f32)?;
    let report = SaveOptions::new().save(&store.snapshot(), &folder.0)?;
    SaveOptions::new().since(&report).save(&older, &folder.0)?;
    let mut loaded = common::store();
    LoadOptions::new().load_into(&mut loaded, &folder.0)?;
    assert_eq!(loaded.get_value(tile, "height")?, 1.0_f32.into());
    Ok(())
}
