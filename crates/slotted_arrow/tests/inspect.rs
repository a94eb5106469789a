//! `SaveInfo` shows a save without loading it, and finds damage.

mod common;

use slotted::{Kind, Schema, Store, record};
use slotted_arrow::inspect::SaveInfo;
use slotted_arrow::{Compression, Damage, LoadOptions, SaveOptions};

type Outcome = Result<(), Box<dyn std::error::Error>>;

fn written(options: &SaveOptions, store: &mut Store) -> Result<Vec<u8>, slotted_arrow::SaveError> {
    let mut bytes = Vec::new();
    options.write(&store.snapshot(), &mut bytes)?;
    Ok(bytes)
}

#[test]
fn every_kind_has_its_bytes() -> Outcome {
    let mut store = common::world(300, 7);
    let save = written(&SaveOptions::new(), &mut store)?;
    let info = SaveInfo::of_stream(&save[..])?;
    assert!(info.is_intact(), "{:?}", info.files().collect::<Vec<_>>());
    assert_eq!((info.version, info.objects()), (1, store.len()));
    let snapshot = store.snapshot();
    for table in &info.tables {
        let schema = snapshot.schema(&table.schema).ok_or("no such schema")?;
        let id = schema.id();
        let raw = snapshot.raw().table(id).ok_or("no table")?;
        assert_eq!((table.rows, table.objects), (raw.used_rows(), raw.len()));
        assert_eq!(table.columns.len(), schema.slots().len());
        for (column, slot) in table.columns.iter().zip(schema.slots()) {
            assert_eq!(column.slot, slot.name());
            // Dead rows have a bit each, and so have unset values.
            let flags = if raw.len() < raw.used_rows() || slot.is_optional() {
                table.rows.div_ceil(8)
            } else {
                0
            };
            let values = match slot.kind() {
                Kind::Bool => table.rows.div_ceil(8),
                Kind::Pod(pod) => table.rows * pod.size(),
                Kind::Object => table.rows * 8,
                // The texts, the names of variants, or the elements come on top.
                Kind::Text | Kind::Any => table.rows * 4,
                Kind::Enum(_) => table.rows,
                Kind::List(_) => (table.rows + 1) * 8,
                kind => {
                    let (number, count) = kind.components().ok_or("no numbers")?;
                    let bytes = number.name()[1..].parse::<usize>()? / 8;
                    table.rows * bytes * count
                }
            };
            let expected = (values + flags) as u64;
            match slot.kind() {
                Kind::Text | Kind::Any | Kind::Enum(_) | Kind::List(_) => {
                    assert!(column.bytes > expected, "{slot}: {} bytes", column.bytes);
                }
                _ => assert_eq!(column.bytes, expected, "{slot}"),
            }
        }
        let sum: u64 = table.columns.iter().map(|column| column.bytes).sum();
        assert!(sum + table.generation_bytes < table.file.bytes);
    }
    assert!(info.schemas.iter().map(Schema::name).eq(["thing", "tile", "floor"]));
    Ok(())
}

#[test]
fn changed_bytes_are_found() -> Outcome {
    for compression in [None, Some(Compression::Lz4)] {
        let options = SaveOptions::new().attach("turn", *b"12").compression(compression);
        let save = written(&options, &mut common::world(20, 3))?;
        // Some of the bytes: each look reads the whole save.
        for at in (0..save.len()).step_by(save.len() / 150 + 1) {
            let mut changed = save.clone();
            changed[at] ^= 0x10;
            let found = SaveInfo::of_stream(&changed[..]);
            assert!(found.is_err() || found.is_ok_and(|info| !info.is_intact()), "byte {at}");
            let found = SaveInfo::of_stream(&save[..at]);
            assert!(found.is_err() || found.is_ok_and(|info| !info.is_intact()), "{at} bytes");
        }
    }
    Ok(())
}

#[test]
fn damage_in_one_file_leaves_the_others_readable() -> Outcome {
    let mut store = common::store();
    let tiles: Vec<_> =
        (0..20_000).map(|number| record! { height: (number % 100) as f32 }).collect();
    store.spawn_records("tile", tiles)?;
    store.spawn_record("floor", record! { height: 1.0, name: "a floor" })?;
    let mut save = written(&SaveOptions::new(), &mut store)?;
    let before = SaveInfo::of_stream(&save[..])?;
    let middle = save.len() / 2;
    save[middle] ^= 1;
    let info = SaveInfo::of_stream(&save[..])?;
    assert_eq!(info.tables[0].file.damages, [Damage::Block { block: 1 }]);
    assert_eq!(info.tables[1], before.tables[1]);
    assert_eq!(info.tables[0].columns, before.tables[0].columns);
    Ok(())
}

#[test]
fn slots_that_were_kept_aside_are_marked_until_they_are_back() -> Outcome {
    let mut modded = Store::new();
    let unit =
        Schema::builder("unit").slot("health", Kind::U8).slot("rage", Kind::F32).default(0.5);
    modded.register_schema(unit.build()?)?;
    modded.spawn_record("unit", record! { health: 8 })?;
    let save = written(&SaveOptions::new(), &mut modded)?;

    let mut plain = Store::new();
    plain.register_schema(Schema::builder("unit").slot("health", Kind::U8).build()?)?;
    let report = LoadOptions::new().read_into(&mut plain, &save[..])?;
    let options = SaveOptions::new().aside(report.aside());
    let save = written(&options, &mut plain)?;
    assert_eq!(save, written(&options, &mut plain)?, "equal worlds save to equal bytes");
    let info = SaveInfo::of_stream(&save[..])?;
    let aside: Vec<_> = info.aside.iter().map(|one| (&*one.schema, one.slot.as_deref())).collect();
    assert_eq!(aside, [("unit", Some("rage"))]);

    let report = LoadOptions::new().read_into(&mut modded, &save[..])?;
    let save = written(&SaveOptions::new().aside(report.aside()), &mut modded)?;
    assert!(SaveInfo::of_stream(&save[..])?.aside.is_empty());
    Ok(())
}

#[test]
fn types_of_another_program_are_shown_and_saved_again() -> Outcome {
    let mut store = common::world(30, 5);
    let save = written(&SaveOptions::new(), &mut store)?;
    let info = SaveInfo::of_stream(&save[..])?;
    let colors = info.schemas[0].slots().iter().filter(|slot| slot.to_string().contains("Color"));
    assert_eq!(colors.count(), 4, "a slot, an optional one, and lists");
    assert!(LoadOptions::new().read(&save[..]).is_err());
    let (mut opaque, _) = LoadOptions::new().opaque_types().read(&save[..])?;
    assert_eq!(opaque.state_hash(), store.state_hash());
    assert_eq!(written(&SaveOptions::new(), &mut opaque)?, save);
    Ok(())
}

#[test]
fn files_that_cannot_be_read_leave_the_others() -> Outcome {
    let (folder, mut store) = (common::Folder::new("unreadable"), common::world(20, 3));
    SaveOptions::new().attach("turn", *b"12").save(&store.snapshot(), &folder.0)?;
    let whole = SaveInfo::of_folder(&folder.0)?;
    for (number, file) in whole.files().enumerate() {
        // A folder in place of the file.
        let path = folder.0.join(&file.name);
        let bytes = std::fs::read(&path)?;
        std::fs::remove_file(&path)?;
        std::fs::create_dir(&path)?;
        let info = SaveInfo::of_folder(&folder.0)?;
        let damaged: Vec<usize> = info
            .files()
            .enumerate()
            .filter(|(_, file)| !file.is_intact())
            .map(|(number, _)| number)
            .collect();
        assert_eq!(damaged, [number]);
        let damage = info.files().nth(number).map(|file| file.damages[0].to_string());
        assert!(damage.is_some_and(|damage| damage.starts_with("cannot be read")));
        std::fs::remove_dir(&path)?;
        std::fs::write(&path, bytes)?;
    }
    Ok(())
}
