//! Asks a world in SQL while it goes on in another thread.
//!
//! `cargo run --example living_world -- [UNITS]`

use std::error::Error;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::mpsc;

use datafusion::prelude::SessionContext;
use slotted::{Kind, ObjectId, Schema, Snapshot, Store, record};
use slotted_sql::register_snapshot;

const QUESTION: &str = "
    SELECT hunter.schema AS hunter, prey.schema AS prey, count(*) AS hunts,
           round(avg(prey.health), 1) AS health, max(hunter.kills) AS most_kills
    FROM unit hunter JOIN unit prey ON hunter.target = prey.id
    WHERE prey.health > 10
    GROUP BY hunter.schema, prey.schema
    ORDER BY hunts DESC";

/// Creates orcs and elves.
fn world(units: u32) -> Result<Store, Box<dyn Error>> {
    let mut store = Store::new();
    let unit = Schema::builder("unit")
        .slot("health", Kind::F32)
        .default(100.0)
        .slot("kills", Kind::U32)
        .default(0)
        .slot("target", Kind::Object)
        .optional();
    store.register_schema(unit.build()?)?;
    for name in ["orc", "elf"] {
        store.register_schema(Schema::builder(name).extends("unit").build()?)?;
        store.spawn_records(name, vec![record! {}; units as usize / 2])?;
    }
    Ok(store)
}

/// Plays one frame: some units choose a target, and the others hit theirs.
fn play(store: &mut Store, frame: u64) -> Result<(), Box<dyn Error>> {
    let units: Vec<ObjectId> = store.ids().collect();
    let (health, kills) = (store.key::<f32>("unit", "health")?, store.key::<u32>("unit", "kills")?);
    let target = store.key::<Option<ObjectId>>("unit", "target")?;
    let mut random = frame.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1;
    for unit in units.iter().skip(frame as usize % 7).step_by(7) {
        random = random.rotate_left(23).wrapping_mul(0x2545_f491_4f6c_dd1d);
        match store.get(*unit, target).flatten().filter(|prey| store.contains(*prey)) {
            None => {
                let prey = units[(random >> 8) as usize % units.len()];
                store.set(*unit, target, Some(prey))?;
            }
            Some(prey) => {
                let left = store.get(prey, health).unwrap_or(0.0) - (random % 30) as f32;
                if left > 0.0 {
                    store.set(prey, health, left)?;
                } else {
                    store.set(*unit, kills, store.get(*unit, kills).unwrap_or(0) + 1)?;
                    // It is born again, so the world never dies out.
                    store.set(prey, health, 100.0)?;
                    store.set(*unit, target, None)?;
                }
            }
        }
    }
    Ok(())
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let units = std::env::args().nth(1).map_or(Ok(20_000), |units| units.parse())?;
    let mut store = world(units)?;
    let (asks, asked) = mpsc::channel::<mpsc::Sender<Snapshot>>();
    let (frames, ends) = (AtomicU64::new(0), AtomicBool::new(false));
    std::thread::scope(|scope| {
        let game = scope.spawn(|| -> Result<(), String> {
            while !ends.load(Ordering::Relaxed) {
                let frame = frames.fetch_add(1, Ordering::Relaxed);
                play(&mut store, frame).map_err(|error| error.to_string())?;
                // A snapshot copies no values, so the frame goes on at once.
                for answer in asked.try_iter() {
                    let _ = answer.send(store.snapshot());
                }
            }
            Ok(())
        });
        let asking = futures::executor::block_on(ask(&asks, &frames));
        ends.store(true, Ordering::Relaxed);
        game.join().map_err(|_| "the game panicked")??;
        asking
    })
}

async fn ask(
    asks: &mpsc::Sender<mpsc::Sender<Snapshot>>,
    frames: &AtomicU64,
) -> Result<(), Box<dyn Error>> {
    let context = SessionContext::new();
    for _ in 0..3 {
        let (answer, answered) = mpsc::channel();
        asks.send(answer)?;
        register_snapshot(&context, &answered.recv()?)?;
        let first = frames.load(Ordering::Relaxed);
        let rows = context.sql(QUESTION).await?.to_string().await?;
        let played = frames.load(Ordering::Relaxed) - first;
        println!("frame {first}; {played} more frames were played meanwhile:\n{rows}\n");
    }
    context.sql(&format!("EXPLAIN {QUESTION}")).await?.show().await?;
    Ok(())
}
