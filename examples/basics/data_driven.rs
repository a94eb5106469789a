//! Schemas and objects that arrive at run time, and the errors for bad ones:
//! `cargo run --example data_driven`.

use std::error::Error;

use slotted::glam::Vec3;
use slotted::{Kind, ObjectId, Record, Schema, SlotKey, Slotted, Store, View, record};

/// The engine's schema, declared in Rust.
#[derive(Slotted, Clone, Copy)]
struct Unit {
    #[slot(finite)]
    position: Vec3,
    #[slot(default = [0.0, 0.0, 0.0], finite)]
    velocity: Vec3,
    #[slot(default = 100.0, range = 0.0..=500.0)]
    health: f32,
    #[slot(references = "unit")]
    target: Option<ObjectId>,
}

/// Matches units and all schemas that mods derive from them.
#[derive(View)]
struct Moving<'a> {
    position: &'a mut Vec3,
    velocity: &'a Vec3,
}

/// A view with slots that some schemas lack.
#[derive(View)]
struct Angry<'a> {
    id: ObjectId,
    rage: Option<&'a f32>,
}

/// A mod's schema: its slots follow the unit's.
fn orc() -> Result<Schema, slotted::SchemaError> {
    Schema::builder("orc")
        .extends("unit")
        .slot("name", Kind::Text)
        .slot("job", Kind::enumeration(["farmer", "soldier", "shaman"]))
        .default("soldier")
        .slot("rage", Kind::F32)
        .default(0.0)
        .range(0.0..=1.0)
        .slot("level", Kind::U8)
        .default(1)
        .range(1..=60)
        .slot("bounties", Kind::Array(slotted::schema::NumberKind::U16, 3))
        .default([0, 0, 0])
        .build()
}

fn main() -> Result<(), Box<dyn Error>> {
    let mut store = Store::new();
    store.register::<Unit>()?;
    declare(&mut store)?;
    let grom = populate(&mut store)?;
    reject(&mut store, grom)?;
    work(&mut store, grom)
}

/// Registers the mod's schema. A schema with a mistake is rejected and changes nothing.
fn declare(store: &mut Store) -> Result<(), Box<dyn Error>> {
    store.register_schema(orc()?)?;
    let orc = store.schema("orc").ok_or("just registered")?;
    println!("'orc' extends 'unit'. Its slots:");
    for slot in orc.slots() {
        let needed = if slot.is_required() { ", required" } else { "" };
        println!("  {}: {}{needed}", slot.name(), slot.kind());
    }

    println!("\nRejected schemas:");
    let other = Schema::builder("orc").extends("unit").slot("rage", Kind::F64).build()?;
    let orphan = Schema::builder("elf").extends("fairy").build()?;
    for schema in [other, orphan] {
        println!("  {}", error_of(store.register_schema(schema))?);
    }
    let builder = Schema::builder("elf").slot("level", Kind::U8).range(0..=1000);
    println!("  {}", error_of(builder.build())?);
    let builder = Schema::builder("elf").slot("level", Kind::U8).default("high");
    println!("  {}", error_of(builder.build())?);
    Ok(())
}

fn populate(store: &mut Store) -> Result<ObjectId, Box<dyn Error>> {
    let grom = store.spawn_record("orc", record! { name: "Grom", position: [1.0, 0.0, 2.0] })?;
    let followers = (0..3).map(|k| {
        record! {
            name: format!("follower {k}"), position: [k, 0, 0], velocity: Vec3::Z,
            target: grom, job: "shaman", rage: 0.25 * f64::from(k),
        }
    });
    let followers = store.spawn_records("orc", followers)?.len();
    println!("\nGrom is object {grom}; he has {followers} followers.");
    store.spawn(Unit {
        position: Vec3::ONE,
        velocity: Vec3::X,
        health: 50.0,
        target: Some(grom),
    })?;
    Ok(grom)
}

/// Tries records that the schema rejects, and prints the errors.
fn reject(store: &mut Store, grom: ObjectId) -> Result<(), Box<dyn Error>> {
    let nobody = ObjectId::from_bits(grom.to_bits() + (2 << 32)).ok_or("an odd generation")?;
    let good = || record! { name: "Zog", position: [0.0, 0.0, 0.0] };
    let with = |name: &'static str, value: slotted::Value| {
        let mut record = good();
        record.push(name, value);
        record
    };
    let mut twice = good();
    twice.push("name", "Zogg");
    let cases: [(&str, Record); 10] = [
        ("undeclared", with("helth", 80.into())),
        ("missing", record! { rage: 0.5 }),
        ("wrong kind", with("health", "plenty".into())),
        ("does not fit", with("level", 300.into())),
        ("out of range", with("rage", 1.5.into())),
        ("not finite", with("velocity", Vec3::new(0.0, f32::NAN, 0.0).into())),
        ("unknown variant", with("job", "solider".into())),
        ("duplicate", twice),
        ("unknown reference", with("target", nobody.into())),
        ("wrong length", with("bounties", [1, 2].into())),
    ];
    let alive = store.len();
    println!("\nRejected records:");
    for (title, record) in cases {
        println!("  {title}: {}", error_of(store.spawn_record("orc", record))?);
    }
    println!("  unknown schema: {}", error_of(store.spawn_record("orcs", good()))?);

    let everything = record! { helth: 80, position: "here", level: -1, job: "king", target: grom };
    println!("\nAll at once: {}", error_of(store.spawn_record("orc", everything))?);
    let batch = [good(), with("rage", 2.into()), good(), with("levl", 2.into())];
    println!("\nIn a batch: {}", error_of(store.spawn_records("orc", batch))?);
    println!("\nNone of them was spawned: {}", store.len() == alive);
    Ok(())
}

/// Reads and writes by name, through a key of the base, and through views over both schemas.
fn work(store: &mut Store, grom: ObjectId) -> Result<(), Box<dyn Error>> {
    store.set_value(grom, "rage", 0.75)?;
    println!("\nGrom, a {}, by name:", store.get_value(grom, "job")?);
    for (name, value) in store.get_record(grom)?.iter() {
        println!("  {name}: {value}");
    }
    println!("rejected: {}", error_of(store.set_value(grom, "rage", 7))?);

    let health: SlotKey<f32> = store.key("unit", "health")?;
    store.set(grom, health, 99.0)?;
    println!("\nA key of 'unit' works for orcs: {:?}", store.get(grom, health));

    let moving = store.view::<Moving>()?;
    println!("A view moves {} objects of both schemas.", moving.count());
    moving.for_each(|unit| *unit.position += *unit.velocity * 0.5);
    for object in store.view_ref::<Angry>()?.iter() {
        let schema = store.schema_by_id(object.id.schema()).map_or("?", |schema| schema.name());
        let position = store.get_value(object.id, "position")?;
        println!("  {schema} {}: rage {:?}, at {position}", object.id, object.rage);
    }
    Ok(())
}

/// Returns the message of a call that must fail.
fn error_of<T, E: Error>(result: Result<T, E>) -> Result<String, &'static str> {
    match result {
        Ok(_) => Err("the call should have failed"),
        Err(error) => Ok(error.to_string()),
    }
}
