//! The first five minutes: `cargo run --example quickstart`.

use std::error::Error;

use slotted::glam::Vec3;
use slotted::{ObjectId, SlotKey, Slotted, Store, Text, View, record};

// A struct is a schema: a fixed list of typed slots. Its name in the store is "unit".
#[derive(Slotted, Clone, Copy, Debug)]
struct Unit {
    position: Vec3,
    velocity: Vec3,
    #[slot(default = 100.0, range = 0.0..=500.0)]
    health: f32,
    // An optional reference: if set, it must be a living unit.
    #[slot(references = "unit")]
    target: Option<ObjectId>,
    name: Text,
}

// A view names the slots that a task needs. It matches every schema that has them.
#[derive(View)]
struct Moving<'a> {
    position: &'a mut Vec3,
    velocity: &'a Vec3,
}

#[derive(View)]
struct Wounded<'a> {
    id: ObjectId,
    name: &'a Text,
    health: &'a mut f32,
}

fn main() -> Result<(), Box<dyn Error>> {
    let mut store = Store::new();
    store.register::<Unit>()?;

    // Spawn one object. Its id is valid until the object is despawned, and is never reused.
    let ada = Unit {
        position: Vec3::ZERO,
        velocity: Vec3::X,
        health: 80.0,
        target: None,
        name: store.intern_text("Ada")?,
    };
    let ada = store.spawn(ada)?;
    println!("spawned {ada}: {:?}", store.get_object::<Unit>(ada)?);

    // Or spawn many: either the whole batch or nothing.
    let name = store.intern_text("follower")?;
    let follower = |k: u8| Unit {
        position: Vec3::Y * f32::from(k),
        velocity: Vec3::X * f32::from(k),
        health: 10.0 + f32::from(k),
        target: Some(ada),
        name,
    };
    let followers: Vec<ObjectId> = store.spawn_batch((0..100).map(follower))?.collect();
    println!("{} units are alive", store.len());

    // A view works on all objects, at the speed of a loop over arrays.
    store.view::<Moving>()?.for_each(|unit| *unit.position += *unit.velocity * 0.5);

    // A key is a slot's name, looked up and checked once. It reads and writes single values.
    let position: SlotKey<Vec3> = store.key("unit", "position")?;
    println!("the last follower is at {:?}", store.get(followers[99], position));

    // Data files and scripts use names and records. Missing values get their defaults.
    let unit = record! { position: [0.0, 1.0, 0.0], velocity: [0.0, 0.0, 0.0], name: "Bob" };
    let bob = store.spawn_record("unit", unit)?;
    println!("Bob's health is {}", store.get_value(bob, "health")?);
    store.set_value(bob, "health", 5)?;

    // Undeclared slots are rejected. The error lists all problems at once.
    let error = store.set_value(bob, "height", 170).unwrap_err();
    println!("rejected: {error}");
    let unit = record! { position: "here", velocity: [0.0, 0.0, 0.0], name: "Eve", helth: 900 };
    let error = store.spawn_record("unit", unit).unwrap_err();
    println!("rejected: {error}");

    // A `for` loop visits a view's objects one by one.
    let mut healed = Vec::new();
    for unit in store.view::<Wounded>()?.iter().filter(|unit| *unit.health < 11.0) {
        *unit.health += 50.0;
        healed.push((unit.id, *unit.name));
    }
    for (id, name) in healed {
        println!("{id} ({}) heals", store.resolve(name).unwrap_or_default());
    }

    // After a despawn the id is stale forever, even if another object reuses the row.
    store.despawn(bob)?;
    println!("Bob is alive: {}; his position: {:?}", store.contains(bob), store.get(bob, position));

    println!("\n{}", store.memory_report());
    Ok(())
}
