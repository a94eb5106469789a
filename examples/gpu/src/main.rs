//! Uploads the instance data of units to the graphics card by blocks, and draws them.
//!
//! ```text
//! cargo run --release -p gpu -- --units 1000000 --image target/units.ppm
//! ```
//!
//! The first frame uploads everything. Later ones upload the blocks that changed. Without a graphics adapter the example
//! says so and draws nothing.

use std::error::Error;
use std::f32::consts::TAU;
use std::path::PathBuf;

use clap::Parser;
use gpu::Unit;
use gpu::drawing::{Drawing, SIDE, adapter, device};
use gpu::instances::Instances;
use slotted::glam::Vec2;
use slotted::{ObjectId, Store, View};

#[derive(Parser)]
#[command(about = "Uploads columns to the graphics card and draws them")]
struct Options {
    /// Number of units
    #[arg(long, default_value_t = 1_000_000)]
    units: u32,
    /// Number of frames
    #[arg(long, default_value_t = 10)]
    frames: u32,
    /// File for the last picture, in the format PPM
    #[arg(long)]
    image: Option<PathBuf>,
}

#[derive(View)]
struct Moving<'a> {
    position: &'a mut Vec2,
    velocity: &'a Vec2,
}

#[derive(View)]
struct Burning<'a> {
    health: &'a mut f32,
}

fn main() -> Result<(), Box<dyn Error>> {
    let options = Options::parse();
    let Some(adapter) = adapter() else {
        println!("no graphics adapter: nothing is drawn");
        return Ok(());
    };
    println!("{}", adapter.get_info().name);
    let (device, queue) = device(&adapter)?;
    let (mut instances, drawing) = (Instances::new(&device, 0), Drawing::new(&device));

    let mut store = Store::new();
    store.register::<Unit>()?;
    let units: Vec<ObjectId> = store.spawn_batch((0..options.units).map(spiral))?.collect();
    let hundredth: Vec<ObjectId> = units.into_iter().step_by(100).collect();
    store.despawn_batch(&hundredth)?;

    for frame in 0..options.frames {
        match frame % 3 {
            0 => store.view::<Moving>()?.for_each(|unit| *unit.position += *unit.velocity),
            // A few units: their blocks alone are uploaded.
            1 => store.view::<Burning>()?.iter().take(100).for_each(|unit| *unit.health *= 0.5),
            _ => {}
        }
        let uploaded = instances.upload(&device, &queue, &mut store)?;
        drawing.draw(&device, &queue, &instances);
        println!(
            "frame {frame}: {} units in {} rows, {} writes of {} KiB",
            store.len(),
            instances.rows,
            uploaded.writes,
            uploaded.bytes / 1024,
        );
    }

    let pixels = drawing.pixels(&device, &queue)?;
    let lit = pixels.chunks_exact(4).filter(|pixel| pixel[2] > 0).count();
    println!("{lit} of {} pixels show a unit", SIDE * SIDE);
    if let Some(path) = options.image {
        let colors = pixels.chunks_exact(4).flat_map(|pixel| &pixel[..3]);
        let header = format!("P6 {SIDE} {SIDE} 255\n").into_bytes();
        std::fs::write(path, header.into_iter().chain(colors.copied()).collect::<Vec<u8>>())?;
    }
    Ok(())
}

/// Places unit after unit along a spiral, within the picture.
fn spiral(number: u32) -> Unit {
    let turn = number as f32 / 1000.0;
    let arm = Vec2::from_angle(turn * TAU) * (turn % 10.0 / 11.0);
    Unit { position: arm, velocity: arm.perp() * 0.01, health: turn % 1.0 }
}
