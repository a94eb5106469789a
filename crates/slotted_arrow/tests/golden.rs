//! Saves of each version of the format, which must load for ever.
//!
//! `data/v1` has a folder and streams with plain columns of most kinds. `data/v1/nested` has a folder and a stream with all that
//! schemas can declare, every vector, and what a missing mod left.
//!
//! `SLOTTED_GOLDEN=write cargo test -p slotted_arrow --all-features --test golden` writes those of the current version. Do that
//! for a new version only, to a new folder: those in the repository are what players have on their disks.

use std::fs;
use std::path::{Path, PathBuf};

use slotted::schema::{NumberKind, SchemaBuilder, VectorKind};
use slotted::{Kind, ObjectId, Record, Schema, Store, Value, record};
use slotted_arrow::{Aside, Compression, LoadOptions, LoadReport, SaveOptions};
use slotted_definitions::{Loader, saved::SavedObjects};

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

/// Returns `true` if the saves are to be written anew.
fn is_written() -> bool {
    std::env::var_os("SLOTTED_GOLDEN").is_some_and(|word| word == "write")
}

fn check(loaded: &mut Store, report: &LoadReport) -> Outcome {
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
    if is_written() {
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

fn map<const N: usize>(parts: [(&str, Value); N]) -> Value {
    parts.into_iter().collect()
}

/// Records of a definition file, which the save knows by name.
const WEAPONS: &str = "schemas.weapon.slots = { damage = 'u8', sharp = 'u8' }\n\
                       records.weapon.axe = { damage = 9, sharp = 1 }\n\
                       records.weapon.bow = { damage = 4, sharp = 0 }\n";

/// Adds each kind of nested value, and `any`.
fn with_nested(unit: SchemaBuilder) -> Result<SchemaBuilder, slotted::SchemaError> {
    let range = Schema::builder("range").slot("min", Kind::U16).slot("max", Kind::U16).build()?;
    let roll = Schema::builder("roll").slot("sides", Kind::U8).slot("bonus", Kind::I8).optional();
    let drop = Schema::builder("drop")
        .slot("item", Kind::Text)
        .slot("chance", Kind::F32)
        .default(1.0)
        .slot("tags", Kind::list(Kind::Text))
        .optional()
        .nested_list("rolls", &roll.build()?);
    let skill = Schema::builder("skill").slot("level", Kind::U8).build()?;
    Ok(unit
        .nested("damage", &range)
        .nested_list("drops", &drop.build()?)
        .nested_map("skills", Kind::Text, &skill)
        .slot("effect@type", Kind::enumeration(["heal", "rest"]))
        .slot("effect@heal.amount", Kind::F32)
        .optional()
        .slot("cost|", Kind::enumeration(["number", "text"]))
        .optional()
        .slot("cost|number", Kind::F64)
        .optional()
        .slot("cost|text", Kind::Text)
        .optional()
        .slot("note", Kind::Any)
        .default(map([("a", [1, 2].into()), ("b", Value::Unset)]))
        .slot("notes", Kind::list(Kind::Any)))
}

/// Returns the schemas with those of the mod, or without them.
fn nested_schemas(has_mod: bool) -> Result<Vec<Schema>, slotted::SchemaError> {
    let health = Schema::builder("unit").slot("health", Kind::F32).renamed_from("hp").default(100);
    let mut unit = with_nested(health.range(0..=1000).step(0.5))?;
    for kind in VectorKind::ALL {
        unit = unit.slot(kind.name(), Kind::Vector(*kind));
        unit = unit.slot(format!("{}s", kind.name()), Kind::list(Kind::Vector(*kind))).optional();
    }
    if has_mod {
        unit = unit.slot("mana", Kind::U8).default(5);
    }
    let orc = Schema::builder("orc").extends("unit").inherited_default("health", 150);
    let mut schemas = vec![unit.build()?, orc.build()?];
    if has_mod {
        schemas.push(Schema::builder("ghost").extends("unit").slot("fear", Kind::Text).build()?);
    }
    Ok(schemas)
}

fn nested_record(number: usize) -> Result<Record, Box<dyn std::error::Error>> {
    let text = |text: String| Value::from(text);
    let roll = |sides: u8| match sides % 2 {
        0 => map([("sides", sides.into())]),
        _ => map([("sides", sides.into()), ("bonus", (-1).into())]),
    };
    let drop = |at: usize| {
        let rolls = Value::List((0..at % 3).map(|at| roll(at as u8)).collect());
        let (item, rolls) = (("item", text(format!("item {at}"))), ("rolls", rolls));
        match at % 2 {
            0 => map([item, rolls]),
            _ => map([item, ("chance", 0.5_f32.into()), ("tags", ["raw", "soft"].into()), rolls]),
        }
    };
    let notes = [
        Value::from(number as u64),
        0.5_f32.into(),
        f64::INFINITY.into(),
        Value::List([true.into(), Value::Unset].into()),
        map([("$type", "heal".into())]),
        Value::Bytes([0, 255].into()),
        glam_value(VectorKind::Vec3, number)?,
    ];
    let mut record = record! {
        damage: map([("min", (number as u32).into()), ("max", 300.into())]),
        drops: Value::List((0..number % 4).map(drop).collect()),
        skills: map([("archery", map([("level", (number as u32).into())])), ("magic", map([("level", 2.into())]))]),
        effect: match number % 2 {
            0 => map([("type", "heal".into()), ("amount", (number as f32).into())]),
            _ => map([("type", "rest".into())]),
        },
        notes: Value::List(notes[..number % 8].into()),
    };
    match number % 3 {
        0 => record.push("cost", 1.5),
        1 => record.push("cost", "much"),
        _ => record.push("note", notes[number % notes.len()].clone()),
    }
    for kind in VectorKind::ALL {
        record.push(kind.name(), glam_value(*kind, number)?);
        if number.is_multiple_of(2) {
            let vectors = [glam_value(*kind, number)?, glam_value(*kind, number + 1)?];
            record.push(format!("{}s", kind.name()), Value::from(vectors));
        }
    }
    Ok(record)
}

fn glam_value(kind: VectorKind, number: usize) -> Result<Value, Box<dyn std::error::Error>> {
    let numbers = (0..kind.components()).map(|at| Value::from((number + at) as u32));
    Ok(Value::List(numbers.collect()).to_vector(kind).ok_or("small numbers")?)
}

/// Returns a world in which the mod is, with the ids of its ghosts, and the objects of the definition file.
fn nested_world() -> Result<(Store, SavedObjects), Box<dyn std::error::Error>> {
    let mut store = Store::new();
    for schema in nested_schemas(true)? {
        store.register_schema(schema)?;
    }
    let weapons = Loader::new().text("weapons.toml", WEAPONS).load(&store)?.spawn(&mut store)?;
    for number in 0..12 {
        let mut record = nested_record(number)?;
        let schema = ["unit", "orc", "ghost"][number % 3];
        match schema {
            "unit" => record.push("mana", number as u8),
            "ghost" => record.push("fear", "light"),
            _ => {}
        }
        let id = store.spawn_record(schema, record)?;
        if number == 6 {
            store.despawn(id)?;
        }
    }
    Ok((store, weapons.to_saved()))
}

/// Loads the world of the mod without the mod.
fn without_mod() -> Result<(Store, Aside, SavedObjects), Box<dyn std::error::Error>> {
    let (mut modded, weapons) = nested_world()?;
    let mut bytes = Vec::new();
    SaveOptions::new().write(&modded.snapshot(), &mut bytes)?;
    let mut plain = Store::new();
    for schema in nested_schemas(false)? {
        plain.register_schema(schema)?;
    }
    Loader::new().text("weapons.toml", WEAPONS).load(&plain)?.register(&mut plain)?;
    let report = LoadOptions::new().read_into(&mut plain, &bytes[..])?;
    Ok((plain, report.aside().clone(), weapons))
}

type Load<'l> = &'l dyn Fn(&mut Store) -> Result<LoadReport, slotted_arrow::LoadError>;

/// Loads the golden save with and without the mod, and compares everything.
fn check_nested(load: Load<'_>) -> Outcome {
    let (mut plain, aside, weapons) = without_mod()?;
    let empty = |has_mod: bool, file: &str| -> Result<_, Box<dyn std::error::Error>> {
        let mut store = Store::new();
        for schema in nested_schemas(has_mod)? {
            store.register_schema(schema)?;
        }
        let definitions = Loader::new().text("weapons.toml", file).load(&store)?;
        definitions.register(&mut store)?;
        Ok((store, definitions))
    };
    let (mut loaded, _) = empty(false, WEAPONS)?;
    let report = load(&mut loaded)?;
    assert_eq!(loaded.state_hash(), plain.state_hash());
    assert_eq!(loaded.future_ids_hash(), plain.future_ids_hash());
    for id in plain.ids() {
        assert_eq!(loaded.get_record(id)?, plain.get_record(id)?);
    }
    let objects = |aside: &Aside| -> Vec<_> {
        aside.objects().map(|(name, objects)| (name.to_owned(), objects)).collect()
    };
    assert_eq!(objects(report.aside()), [("ghost".to_owned(), 4)]);
    assert_eq!(objects(report.aside()), objects(&aside));
    assert!(report.aside().values().eq([("unit", "mana", 3), ("orc", "mana", 4)]));

    // The mod is back, and a definition has changed.
    let (mut loaded, definitions) = empty(true, &WEAPONS.replace("damage = 9", "damage = 12"))?;
    let report = load(&mut loaded)?;
    let (modded, _) = nested_world()?;
    assert!(report.aside().is_empty() && loaded.len() == modded.len());
    for id in modded.ids() {
        assert_eq!(loaded.get_record(id)?, modded.get_record(id)?);
    }
    let slots = |store: &Store, name: &str| -> Vec<String> {
        store
            .schema(name)
            .map_or(Vec::new(), |schema| schema.slots().iter().map(ToString::to_string).collect())
    };
    for schema in ["unit", "orc", "ghost", "weapon"] {
        assert_eq!(slots(&loaded, schema), slots(&modded, schema));
    }
    let saved: SavedObjects =
        serde_json::from_slice(report.attachment("weapons").ok_or("no attachment")?)?;
    assert_eq!(saved, weapons);
    let (weapons, changes) = definitions.resume(&saved, &mut loaded)?;
    assert_eq!(changes.to_string(), "record 'weapon/axe': 'damage' changes from 9 to 12");
    let axe = weapons.id("weapon", "axe").ok_or("no axe")?;
    assert_eq!(loaded.get_value(axe, "damage")?, 12.into());
    Ok(())
}

#[test]
fn saves_of_version_1_with_nested_values_and_a_missing_mod_load() -> Outcome {
    let folder = folder(1).join("nested");
    let (in_folder, stream) = (folder.join("folder"), folder.join("plain.save"));
    if is_written() {
        let (mut plain, aside, weapons) = without_mod()?;
        let weapons = serde_json::to_vec(&weapons)?;
        let options = SaveOptions::new().aside(&aside).attach("weapons", weapons);
        options.save(&plain.snapshot(), &in_folder)?;
        options.write(&plain.snapshot(), fs::File::create(&stream)?)?;
    }
    check_nested(&|store| LoadOptions::new().load_into(store, &in_folder))?;
    let bytes = fs::read(&stream)?;
    check_nested(&|store| LoadOptions::new().read_into(store, &bytes[..]))?;
    // The declarations are in the save itself.
    let (declared, _) = LoadOptions::new().read(&bytes[..])?;
    let unit = declared.schema("unit").ok_or("no unit")?;
    let slot = |name: &str| unit.slot(name).ok_or("no slot");
    assert_eq!(slot("health")?.renamed_from(), Some("hp"));
    assert_eq!(slot("drops[].chance")?.part_default(), Some(&1.0.into()));
    let orc = declared.schema("orc").ok_or("no orc")?;
    assert_eq!(orc.slot("health").and_then(|slot| slot.default()), Some(&150.into()));
    Ok(())
}
