//! Loads and looks into a folder to which another thread saves find a whole save, the one from before or the new one.

use std::error::Error;

use slotted::{Kind, Schema, Store, record};
use slotted_arrow::inspect::SaveInfo;
use slotted_arrow::{LoadError, LoadOptions, save};

mod common;

const SAVES: u64 = 300;

#[test]
fn what_another_thread_saves_is_found_whole() -> Result<(), Box<dyn Error + Send + Sync>> {
    let folder = common::Folder::new("meanwhile-saved");
    let mut store = Store::new();
    for name in ["unit", "tile", "tree"] {
        store.register_schema(Schema::builder(name).slot("turn", Kind::U64).build()?)?;
        store.spawn_record(name, record! { turn: 0 })?;
    }
    save(&store.snapshot(), &folder.0)?;
    let path = &folder.0;
    std::thread::scope(|scope| {
        let saving = scope.spawn(move || -> Result<(), Box<dyn Error + Send + Sync>> {
            for turn in 1..=SAVES {
                for id in store.ids().collect::<Vec<_>>() {
                    store.set_value(id, "turn", turn)?;
                }
                save(&store.snapshot(), path)?;
            }
            Ok(())
        });
        while !saving.is_finished() {
            let loads: [&dyn Fn() -> Result<Store, LoadError>; 2] =
                [&|| LoadOptions::new().load(path).map(|(store, _)| store), &|| {
                    let (store, report) = LoadOptions::new().salvage().load(path)?;
                    assert!(report.damaged().is_empty(), "{:?}", report.damaged());
                    Ok(store)
                }];
            for load in loads {
                let store = load()?;
                let turns = store.ids().map(|id| store.get_value(id, "turn"));
                let turns: Vec<_> = turns.collect::<Result<_, _>>()?;
                assert!(
                    turns.len() == 3 && turns.iter().all(|turn| *turn == turns[0]),
                    "{turns:?}"
                );
            }
            let save = SaveInfo::of_folder(path)?;
            assert!(save.is_intact(), "{save:?}");
        }
        saving.join().expect("the thread does not panic")
    })
}
