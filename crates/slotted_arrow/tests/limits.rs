//! A save, a recording or an import that exceeds a limit says which one, by how much, and how to raise it.

use std::io::Cursor;
use std::sync::Arc;

use arrow_array::{RecordBatch, StringArray};
use slotted::{Kind, Limits, Schema, Store, Value, record};
use slotted_arrow::import::{Import, ImportLimits};
use slotted_arrow::recording::{PlaybackOptions, RecorderOptions};
use slotted_arrow::{Compression, LoadOptions, SaveOptions};

type Outcome = Result<(), Box<dyn std::error::Error>>;

/// Three units with texts and lists, one after another in a row, and two schemas more.
fn world() -> Result<Store, Box<dyn std::error::Error>> {
    let mut store = Store::new();
    let unit = Schema::builder("unit").slot("name", Kind::Text).slot("note", Kind::Any).optional();
    let unit = unit.slot("drops", Kind::list(Kind::U16)).slot("tags", Kind::list(Kind::Text));
    store.register_schema(unit.build()?)?;
    store.register_schema(Schema::builder("orc").extends("unit").build()?)?;
    store.register_schema(Schema::builder("elf").extends("unit").build()?)?;
    for number in 0..3_u16 {
        let name = format!("unit {number}");
        let drops: Vec<Value> = vec![number.into(); 100];
        let unit =
            record! { name: name.clone(), note: number, drops: drops, tags: [Value::from(name)] };
        store.spawn_record("unit", unit)?;
    }
    let first = store.ids().next().ok_or("no unit")?;
    let again = store.get_record(first)?;
    store.despawn(first)?;
    store.spawn_record("unit", again)?;
    Ok(store)
}

/// Each limit that is too low, the end of the message in saves, and a limit that suffices.
fn cases() -> Vec<(Limits, &'static str, Limits)> {
    let with = |set: fn(&mut Limits, usize), value: usize| {
        let mut limits = Limits::default();
        set(&mut limits, value);
        limits
    };
    let case = |set: fn(&mut Limits, usize), low: usize, message, enough: usize| {
        (with(set, low), message, with(set, enough))
    };
    let schemas: fn(&mut Limits, usize) = |limits, value| limits.schemas = value;
    let slots: fn(&mut Limits, usize) = |limits, value| limits.slots_per_schema = value;
    let rows: fn(&mut Limits, usize) = |limits, value| limits.rows_per_schema = value as u32;
    let uses: fn(&mut Limits, usize) = |limits, value| limits.generations_per_row = value as u16;
    let texts: fn(&mut Limits, usize) = |limits, value| limits.text_bytes = value;
    let lists: fn(&mut Limits, usize) = |limits, value| limits.list_bytes = value;
    vec![
        case(schemas, 2, "has 3 schemas or more; the limit is 2, raise 'Limits::schemas'", 3),
        case(
            slots,
            3,
            "has 4 slots of schema 'unit' or more; the limit is 3, raise 'Limits::slots_per_schema'",
            4,
        ),
        case(rows, 2, "has 3 rows or more; the limit is 2, raise 'Limits::rows_per_schema'", 3),
        case(
            uses,
            1,
            "has 2 objects in row 0, one after another, or more; the limit is 1, \
             raise 'Limits::generations_per_row'",
            2,
        ),
        case(
            texts,
            81,
            "has 82 bytes of texts up to slot 'name' or more; the limit is 81, \
             raise 'Limits::text_bytes'",
            213,
        ),
        case(
            texts,
            212,
            "has 213 bytes of texts up to slot 'note' or more; the limit is 212, \
             raise 'Limits::text_bytes'",
            213,
        ),
        case(
            lists,
            239,
            "has 240 bytes of lists up to slot 'drops' or more; the limit is 239, \
             raise 'Limits::list_bytes'",
            852,
        ),
        case(
            lists,
            479,
            "has 480 bytes of lists up to slot 'drops' or more; the limit is 479, \
             raise 'Limits::list_bytes'",
            852,
        ),
        case(
            lists,
            851,
            "has 852 bytes of lists up to slot 'tags' or more; the limit is 851, \
             raise 'Limits::list_bytes'",
            852,
        ),
    ]
}

#[test]
fn saves_name_the_limit_that_they_exceed() -> Outcome {
    let mut store = world()?;
    let folder = std::env::temp_dir().join(format!("slotted-limits-{}", std::process::id()));
    for compression in [None, Some(Compression::Lz4)] {
        let options = SaveOptions::new().compression(compression);
        let mut save = Vec::new();
        options.write(&store.snapshot(), &mut save)?;
        options.save(&store.snapshot(), &folder)?;
        for (low, message, enough) in cases() {
            let options = LoadOptions::new().limits(low);
            let mut small = Store::with_limits(low);
            let errors = [
                options.read(&save[..]).err(),
                options.load(&folder).err(),
                LoadOptions::new().read_into(&mut small, &save[..]).err(),
                LoadOptions::new().load_into(&mut small, &folder).err(),
            ];
            for error in errors {
                let error = error.ok_or(message)?.to_string();
                assert!(error.ends_with(message), "{error}");
            }
            // A salvage loses the table, and says why.
            match options.salvage().read(&save[..]) {
                Ok((_, report)) => {
                    let report = report.to_string();
                    assert!(report.contains(message), "{report}");
                }
                Err(error) => assert!(error.to_string().ends_with(message), "{error}"),
            }
            let (mut loaded, _) = LoadOptions::new().limits(enough).read(&save[..])?;
            assert_eq!(loaded.state_hash(), store.state_hash());
        }
    }
    std::fs::remove_dir_all(folder)?;
    Ok(())
}

#[test]
fn recordings_name_the_limit_that_they_exceed() -> Outcome {
    let mut recorder = RecorderOptions::new().start(Vec::new())?;
    recorder.frame(0, &world()?.snapshot())?;
    let keyframe = recorder.finish()?.0;
    for (low, message, _) in cases() {
        let options = PlaybackOptions::new().limits(low);
        let error = options.open(Cursor::new(keyframe.clone())).err().ok_or(message)?.to_string();
        assert!(
            error.starts_with("frame 0 of the recording: ") && error.ends_with(message),
            "{error}"
        );
    }
    Ok(())
}

#[test]
fn changes_of_a_recording_name_the_limit_that_they_exceed() -> Outcome {
    let mut store = Store::new();
    let unit = Schema::builder("unit").slot("name", Kind::Text).slot("drops", Kind::list(Kind::U8));
    store.register_schema(unit.build()?)?;
    let mut recorder = RecorderOptions::new().start(Vec::new())?;
    recorder.frame(0, &store.snapshot())?;
    let record = || record! { name: "Ada", drops: [1, 2] };
    store.spawn_records("unit", [record(), record()])?;
    recorder.frame(1, &store.snapshot())?;
    let file = recorder.finish()?.0;
    let limited = |set: fn(&mut Limits)| -> Result<String, Box<dyn std::error::Error>> {
        let mut limits = Limits::default();
        set(&mut limits);
        let options = PlaybackOptions::new().limits(limits);
        let mut playback = options.open(Cursor::new(file.clone()))?;
        Ok(playback.seek(1).err().ok_or("the limit is not exceeded")?.to_string())
    };
    for (set, message) in [
        (
            (|limits| limits.rows_per_schema = 1) as fn(&mut Limits),
            "exceed the limit of 1 rows; raise 'Limits::rows_per_schema'",
        ),
        (|limits| limits.text_bytes = 20, "limit of 20 bytes; raise 'Limits::text_bytes'"),
        (|limits| limits.list_bytes = 20, "limit of 20 bytes; raise 'Limits::list_bytes'"),
    ] {
        let error = limited(set)?;
        assert!(error.ends_with(message), "{error}");
    }
    let options = PlaybackOptions::new().most_frame_bytes(10);
    let error = options.open(Cursor::new(file)).and_then(|mut playback| playback.seek(1));
    let error = error.err().ok_or("10 bytes")?.to_string();
    assert!(
        error.ends_with("the limit is 10, raise 'PlaybackOptions::most_frame_bytes'"),
        "{error}"
    );
    Ok(())
}

#[test]
fn imports_name_the_limit_that_they_exceed() -> Outcome {
    let names: Arc<StringArray> = Arc::new(StringArray::from(vec!["Ada", "Bob"]));
    let batch = || RecordBatch::try_from_iter([("name", Arc::clone(&names) as _)]);
    let import =
        |limits: Limits, of_import: ImportLimits| -> Result<String, Box<dyn std::error::Error>> {
            let mut store = Store::with_limits(limits);
            store.register_schema(Schema::builder("unit").slot("name", Kind::Text).build()?)?;
            store.spawn_record("unit", record! { name: "Eve" })?;
            let import = Import::new().limits(of_import).batches("unit", [batch()]);
            let error = import.run(&mut store).err().ok_or("no limit is exceeded")?;
            assert_eq!(store.len(), 1);
            Ok(error.to_string())
        };
    let mut few = Limits::default();
    few.rows_per_schema = 2;
    assert_eq!(
        import(few, ImportLimits::default())?,
        "3 objects of schema 'unit' exceed the limit of 2; raise 'Limits::rows_per_schema'"
    );
    let mut small = Limits::default();
    small.text_bytes = 40;
    assert_eq!(
        import(small, ImportLimits::default())?,
        "the texts exceed the limit of 40 bytes; raise 'Limits::text_bytes'"
    );
    assert_eq!(
        import(Limits::default(), ImportLimits { rows: 1, ..ImportLimits::default() })?,
        "2 rows exceed the limit of 1; raise 'ImportLimits::rows'"
    );
    Ok(())
}

#[test]
fn lists_that_several_objects_have_count_once() -> Outcome {
    let mut limits = Limits::default();
    limits.list_bytes = 1100;
    let mut store = Store::with_limits(limits);
    let unit = Schema::builder("unit").slot("drops", Kind::list(Kind::U8));
    store.register_schema(unit.build()?)?;
    store.spawn_records("unit", vec![record! { drops: vec![7_u8; 1000] }; 3])?;
    let mut save = Vec::new();
    SaveOptions::new().write(&store.snapshot(), &mut save)?;
    let (mut loaded, _) = LoadOptions::new().limits(limits).read(&save[..])?;
    assert_eq!(loaded.state_hash(), store.state_hash());
    Ok(())
}

#[test]
fn a_manifest_that_is_too_large_says_so() -> Outcome {
    let folder = std::env::temp_dir().join(format!("slotted-large-{}", std::process::id()));
    slotted_arrow::save(&Store::new().snapshot(), &folder)?;
    let manifest = std::fs::File::create(folder.join("manifest.json"))?;
    // A file with a hole takes no place.
    manifest.set_len((1 << 30) + 1)?;
    let error = LoadOptions::new().load(&folder).err().ok_or("1 GiB was loaded")?.to_string();
    let message = "has 1073741825 bytes of its manifest; a save has at most 1073741824";
    assert!(error.contains(message), "{error}");
    let mut stream = b"SLOTTED1".to_vec();
    stream.extend_from_slice(&((1_u64 << 30) + 1).to_le_bytes());
    let error = LoadOptions::new().read(&stream[..]).err().ok_or("1 GiB was read")?.to_string();
    assert!(error.contains(message), "{error}");
    std::fs::remove_dir_all(folder)?;
    Ok(())
}
