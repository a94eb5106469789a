//! Equal worlds save to equal bytes.

mod common;

use std::fs;

use common::Folder;
use slotted::{Kind, Schema, Store, View, record};
use slotted_arrow::{Compression, SaveOptions};

type Outcome = Result<(), Box<dyn std::error::Error + Send + Sync>>;

fn bytes(store: &mut Store) -> Result<Vec<u8>, Box<dyn std::error::Error + Send + Sync>> {
    let mut bytes = Vec::new();
    SaveOptions::new()
        .attach("b", *b"2")
        .attach("a", *b"1")
        .write(&store.snapshot(), &mut bytes)?;
    Ok(bytes)
}

/// Returns a world in which rows 0 and 2 live, each for the second time. The detour leaves other dead values and texts.
fn world(detour: bool) -> Result<Store, Box<dyn std::error::Error + Send + Sync>> {
    let mut store = Store::new();
    let unit = Schema::builder("unit").slot("health", Kind::F32).slot("name", Kind::Text);
    let unit = unit.slot("tags", Kind::list(Kind::Text)).slot("rage", Kind::U64).optional();
    store.register_schema(unit.build()?)?;
    let unit = |name: &str, health: f32| {
        record! { health: health, name: name.to_owned(), tags: [name.to_owned(), "tag".to_owned()] }
    };
    let first = if detour { ["x", "y", "z"] } else { ["b", "a", "c"] };
    let ids: Vec<_> = store.spawn_records("unit", first.map(|name| unit(name, 7.0)))?.collect();
    if detour {
        store.set_value(ids[1], "rage", 99)?;
    }
    store.despawn_batch(&ids)?;
    let ids: Vec<_> =
        store.spawn_records("unit", ["a", "b", "c"].map(|name| unit(name, 1.0)))?.collect();
    if detour {
        store.set_value(ids[0], "rage", 5)?;
        store.set_value(ids[0], "rage", slotted::Value::Unset)?;
        store.set_value(ids[1], "health", -1.0_f32)?;
    }
    store.despawn(ids[1])?;
    Ok(store)
}

#[test]
fn fault_44_equal_worlds_save_to_equal_bytes_whatever_their_history() -> Outcome {
    let (mut straight, mut detour) = (world(false)?, world(true)?);
    assert_eq!(straight.state_hash(), detour.state_hash());
    assert!(bytes(&mut straight)? == bytes(&mut detour)?);
    Ok(())
}

#[derive(View)]
struct Aging<'a> {
    age: &'a mut u32,
    height: &'a mut f32,
}

#[test]
fn fault_44_worlds_changed_on_any_number_of_threads_save_to_equal_bytes() -> Outcome {
    let mut saves = Vec::new();
    for threads in [1, 2, 5] {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build()?;
        saves.push(pool.install(|| {
            let mut store = Store::new();
            let tile = Schema::builder("tile").slot("age", Kind::U32).slot("height", Kind::F32);
            store.register_schema(tile.build()?)?;
            let tile = |number: u32| record! { age: number, height: 0.5 };
            store.spawn_records("tile", (0..50_000).map(tile).collect::<Vec<_>>())?;
            store.view::<Aging>()?.par_for_each(|tile| {
                *tile.age = tile.age.wrapping_mul(2_654_435_761);
                *tile.height *= *tile.age as f32;
            });
            bytes(&mut store)
        })?);
    }
    assert!(saves.windows(2).all(|pair| pair[0] == pair[1]));
    Ok(())
}

#[test]
fn fault_44_folders_and_threads_do_not_matter() -> Outcome {
    let mut store = common::world(60, 9);
    // So many blocks that each save has a second thread.
    store.spawn_records("floor", vec![record! { height: 1.0 }; 60_000])?;
    let snapshot = store.snapshot();
    let folders: Vec<Folder> =
        (0..4).map(|number| Folder::new(&format!("equal-{number}"))).collect();
    std::thread::scope(|scope| {
        let save = |folder: &Folder| {
            SaveOptions::new().compression(Compression::Zstd).save(&snapshot, &folder.0).map(|_| ())
        };
        let threads: Vec<_> =
            folders.iter().map(|folder| scope.spawn(move || save(folder))).collect();
        threads.into_iter().try_for_each(|thread| thread.join().expect("no panic"))
    })?;
    let content = |folder: &Folder| -> Result<_, std::io::Error> {
        let files = fs::read_dir(&folder.0)?.map(|entry| {
            let path = entry?.path();
            Ok((path.file_name().map(ToOwned::to_owned), fs::read(path)?))
        });
        files.collect::<Result<std::collections::BTreeMap<_, _>, std::io::Error>>()
    };
    let first = content(&folders[0])?;
    assert!(first.len() == 6, "three tables, the manifest, its copy and the lock");
    for folder in &folders[1..] {
        assert!(content(folder)? == first);
    }
    Ok(())
}
