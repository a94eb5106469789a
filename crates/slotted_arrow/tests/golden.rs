//! Saves of each version of the format, which must load for ever.
//!
//! `SLOTTED_GOLDEN=write cargo test -p slotted_arrow --all-features --test golden` writes those of the current version. Do that
//! for a new version only, to a new folder: those in the repository are what players have on their disks.

use std::fs;
use std::path::{Path, PathBuf};

use slotted::schema::{NumberKind, VectorKind};
use slotted::{Kind, ObjectId, Record, Schema, Store, Value, record};
use slotted_arrow::{Compression, LoadOptions, SaveOptions};

type Outcome = Result<(), Box<dyn std::error::Error>>;

fn folder(version: u32) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("tests/data/v{version}"))
}

fn kinds() -> Vec<Kind> {
    let mut kinds = vec![Kind::Bool, Kind::Text, Kind::Object];
    kinds.extend(NumberKind::ALL.iter().map(|kind| Kind::Number(*kind)));
    kinds.extend(
        [VectorKind::Vec3, VectorKind::Quat, VectorKind::Mat4, VectorKind::DVec2].map(Kind::Vector),
    );
    kinds.extend([VectorKind::IVec3, VectorKind::UVec2, VectorKind::I64Vec2].map(Kind::Vector));
    kinds.push(Kind::Array(NumberKind::I16, 3));
    kinds.push(Kind::enumeration(["farmer", "soldier", "mage"]));
    kinds.push(Kind::opaque_pod("game::Color", 4, 1));
    let lists: Vec<Kind> = kinds.iter().cloned().map(Kind::list).collect();
    kinds.extend(lists);
    kinds
}

/// Returns the value that object `number` has in a slot of the kind.
fn value(kind: &Kind, number: usize, target: ObjectId) -> Value {
    let numbers = |count: usize| {
        Value::List((0..count).map(|at| (((number + at) % 100) as u32).into()).collect())
    };
    match kind {
        Kind::Bool => number.is_multiple_of(2).into(),
        Kind::Text => format!("text {}", number % 3).into(),
        Kind::Any => (number as u64).into(),
        Kind::Object => target.into(),
        Kind::Number(NumberKind::F32) => (number as f32 + 0.5).into(),
        Kind::Number(NumberKind::F64) => (number as f64 - 0.25).into(),
        Kind::Number(_) => ((number % 100) as u32).into(),
        Kind::Vector(vector) => {
            numbers(vector.components()).to_vector(*vector).expect("small numbers")
        }
        Kind::Array(_, length) => numbers(*length as usize),
        Kind::Enum(kind) => (*kind.variants()[number % 3]).into(),
        Kind::Pod(pod) => Value::Bytes((0..pod.size()).map(|at| (number + at) as u8).collect()),
        Kind::List(list) => Value::List(
            (0..number % 4).map(|at| value(list.element(), number + at, target)).collect(),
        ),
    }
}

/// Returns the world of version 1: with dead and reused rows, unset slots, and schemas that extend others.
fn world() -> Result<Store, Box<dyn std::error::Error>> {
    let mut store = Store::new();
    let tile = Schema::builder("tile").slot("height", Kind::F32).range(-10.0..=10.0).default(1.5);
    store.register_schema(tile.build()?)?;
    let floor = Schema::builder("floor").extends("tile").slot("next", Kind::Object).optional();
    store.register_schema(floor.references("tile").build()?)?;
    let mut thing = Schema::builder("thing");
    for (number, kind) in kinds().into_iter().enumerate() {
        thing = thing.slot(format!("slot_{number}"), kind.clone());
        thing = thing.slot(format!("optional_{number}"), kind).optional();
    }
    store.register_schema(thing.build()?)?;
    let tile = store.spawn_record("tile", record! { height: -2.0 })?;
    store.spawn_record("floor", record! { next: tile })?;
    let mut ids = Vec::new();
    for number in 0..12 {
        let mut record = Record::with_capacity(80);
        for (slot, kind) in kinds().iter().enumerate() {
            record.push(format!("slot_{slot}"), value(kind, number, tile));
            if (slot + number).is_multiple_of(3) {
                record.push(format!("optional_{slot}"), value(kind, number + 1, tile));
            }
        }
        ids.push(store.spawn_record("thing", record)?);
        if number % 4 == 1 {
            store.despawn(ids[number / 2])?;
        }
    }
    Ok(store)
}

fn check(loaded: &mut Store, report: &slotted_arrow::LoadReport) -> Outcome {
    let mut store = world()?;
    assert_eq!(loaded.state_hash(), store.state_hash());
    assert_eq!(loaded.future_ids_hash(), store.future_ids_hash());
    assert_eq!(report.attachment("turn"), Some(&b"12"[..]));
    for id in store.ids() {
        assert_eq!(loaded.get_record(id)?, store.get_record(id)?);
    }
    Ok(())
}

#[test]
fn saves_of_version_1_load() -> Outcome {
    let folder = folder(1);
    let options = SaveOptions::new().attach("turn", *b"12");
    let streams =
        [("plain", None), ("lz4", Some(Compression::Lz4)), ("zstd", Some(Compression::Zstd))];
    if std::env::var_os("SLOTTED_GOLDEN").is_some_and(|word| word == "write") {
        let snapshot = world()?.snapshot();
        options.save(&snapshot, folder.join("folder"))?;
        for (name, compression) in streams {
            let file = fs::File::create(folder.join(name).with_extension("save"))?;
            options.clone().compression(compression).write(&snapshot, file)?;
        }
    }
    let load = LoadOptions::new().opaque_types();
    let (mut loaded, report) = load.load(folder.join("folder"))?;
    check(&mut loaded, &report)?;
    for (name, _) in streams {
        let file = fs::File::open(folder.join(name).with_extension("save"))?;
        let (mut loaded, report) = load.read(std::io::BufReader::new(file))?;
        check(&mut loaded, &report)?;
    }
    Ok(())
}
