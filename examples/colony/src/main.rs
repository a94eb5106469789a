//! Plays the colony with a scripted player and prints what happened.
//!
//! ```text
//! cargo run --release -p colony -- --size 50 --frames 2000
//! ```

use std::error::Error;
use std::f32::consts::TAU;
use std::process::ExitCode;
use std::time::Instant;

use clap::Parser;
use colony::game::{Game, Step};
use slotted::glam::Vec2;

#[derive(Parser)]
#[command(about = "A colony gathers wood, builds towers and is raided")]
struct Options {
    /// Number of colonists at the start, and of followers in a raid
    #[arg(long, default_value_t = 20, value_parser = clap::value_parser!(u32).range(1..=10_000))]
    size: u32,
    /// Number of frames to play
    #[arg(long, default_value_t = 1000)]
    frames: u32,
}

fn main() -> Result<ExitCode, Box<dyn Error>> {
    let options = Options::parse();
    let mut game = Game::new(options.size)?;
    let start = Instant::now();
    for frame in 0..options.frames {
        if frame % 40 == 0 {
            let position = Vec2::from_angle(frame as f32 / 500.0 * TAU) * 6.0;
            game.play(Step::Build { position, burns: frame % 80 == 0 })?;
        }
        match frame {
            100 => game.play(Step::Undo)?,
            150 => game.play(Step::QuickSave)?,
            180 => game.play(Step::QuickLoad)?,
            _ => {}
        }
        game.play(Step::Frame)?;
    }
    let each = start.elapsed() / options.frames.max(1);

    let state = game.colony()?;
    println!("frame {}, {each:.2?} per frame", state.frame);
    println!("{} raiders killed, {} colonists lost", state.killed, state.lost);
    for schema in ["colonist", "item", "tree", "tower", "bullet", "raider"] {
        println!("{:>6} of {schema}", game.store.len_of(schema)?);
    }
    if let Some((id, name)) = game.names.iter(&game.store).next() {
        println!("the first colonist is {name} ({id})");
    }

    let hash = game.store.state_hash();
    let replayed = Game::replay(options.size, &game.steps)?.store.state_hash();
    println!("hash {hash:016x}, of the replay {replayed:016x}");
    Ok(if hash == replayed { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}
