//! Plays the free-for-all and prints its state.
//!
//! ```text
//! cargo run --release -p free_for_all -- --units 100000 --frames 100
//! ```

use std::error::Error;
use std::time::Instant;

use clap::Parser;
use free_for_all::rules::Grid;
use free_for_all::slotted_game::{Unit, new_game, play};

#[derive(Parser)]
#[command(about = "Units move, shoot at the nearest other unit and die")]
struct Options {
    /// Number of units at the start
    #[arg(long, default_value_t = 100_000)]
    units: u32,
    /// Number of frames to play
    #[arg(long, default_value_t = 100)]
    frames: u32,
}

fn main() -> Result<(), Box<dyn Error>> {
    let options = Options::parse();
    let (mut store, mut grid) = (new_game(options.units)?, Grid::default());
    let start = Instant::now();
    for frame in 0..options.frames {
        play(&mut store, &mut grid, frame)?;
    }
    let each = start.elapsed() / options.frames.max(1);
    println!("{} of {} units survive; {each:.2?} per frame", store.len(), options.units);
    let Some((id, best)) = store.objects::<Unit>()?.max_by_key(|(_, unit)| unit.kills) else {
        return Ok(());
    };
    println!("best: {id} with {} kills and {} health", best.kills, best.health);
    Ok(())
}
