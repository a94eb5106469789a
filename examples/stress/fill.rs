//! A store filled step by step: bytes and time per object, from a million to a hundred million and more.

use std::error::Error;
use std::fmt;
use std::hint::black_box;
use std::time::{Duration, Instant};

use slotted::glam::Vec3;
use slotted::{Slotted, Store};

use crate::memory;

/// Upper bound of the memory per object, in bytes: the slots have 23, and a table that grows has free rows.
const NEEDED_BYTES: u64 = 32;
/// Objects of one call of `spawn_batch`.
const BATCH: u32 = 100_000;
/// The first step that is printed; each later one is ten times as large.
const FIRST_STEP: u32 = 1_000_000;

/// A small object, such as a tile, a tree or a member of a crowd.
#[derive(Slotted, Clone, Copy)]
struct Small {
    position: Vec3,
    heading: f32,
    health: f32,
    kind: u16,
    team: u8,
}

impl Small {
    /// Creates values without random numbers, which would cost more than the spawn.
    fn new(number: u32) -> Self {
        let coordinate = number as f32;
        Self {
            position: Vec3::new(coordinate, 0.0, -coordinate),
            heading: 0.5,
            health: (number % 100) as f32,
            kind: (number % 1000) as u16,
            team: (number % 8) as u8,
        }
    }
}

/// The machine has too little memory for so many objects.
#[derive(PartialEq)]
struct TooLittleMemory {
    objects: u32,
    available: u64,
}

impl fmt::Display for TooLittleMemory {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let needed = memory::mebibytes(needed(self.objects));
        let available = memory::mebibytes(self.available);
        let objects = self.objects;
        write!(
            f,
            "{objects} objects need up to {needed:.0} MiB; {available:.0} MiB are available; "
        )?;
        write!(f, "use at most --fill {}", self.available / NEEDED_BYTES)
    }
}

/// Prints the message, so that an error that leaves `main` shows it.
impl fmt::Debug for TooLittleMemory {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl Error for TooLittleMemory {}

fn needed(objects: u32) -> u64 {
    u64::from(objects) * NEEDED_BYTES
}

fn check(objects: u32, available: u64) -> Result<(), TooLittleMemory> {
    if needed(objects) > available {
        return Err(TooLittleMemory { objects, available });
    }
    Ok(())
}

/// Returns the numbers of objects at which figures are printed.
fn steps(objects: u32) -> impl Iterator<Item = u32> {
    let tenfold = |step: &u32| step.checked_mul(10);
    let even = std::iter::successors(Some(FIRST_STEP), tenfold);
    even.take_while(move |step| *step < objects).chain([objects])
}

/// Fills a store and prints bytes and time per object at each step.
///
/// # Errors
/// Returns an error, before anything is allocated, if the machine has too little memory.
pub(crate) fn fill(objects: u32) -> Result<(), Box<dyn Error>> {
    match memory::available() {
        Some(available) => check(objects, available)?,
        None => eprintln!("note: this system does not tell how much memory is available"),
    }
    let mut store = Store::new();
    store.register::<Small>()?;
    println!(
        "{:>12} {:>16} {:>14} {:>20}",
        "objects", "bytes per object", "ns per object", "process peak in MiB"
    );
    let mut time = Duration::ZERO;
    let mut filled = 0;
    for step in steps(objects) {
        let start = Instant::now();
        while filled < step {
            let end = step.min(filled.saturating_add(BATCH));
            black_box(store.spawn_batch((filled..end).map(Small::new))?);
            filled = end;
        }
        time += start.elapsed();
        let bytes = store.memory_report().total() as f64 / f64::from(filled);
        let nanoseconds = time.as_secs_f64() * 1e9 / f64::from(filled);
        let peak = memory::process_peak()
            .map_or_else(|| "-".to_owned(), |peak| format!("{:.0}", memory::mebibytes(peak)));
        println!("{filled:>12} {bytes:>16.1} {nanoseconds:>14.1} {peak:>20}");
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn steps_are_powers_of_ten_and_the_end() {
        let all = |objects| steps(objects).collect::<Vec<u32>>();
        assert_eq!(all(500), [500]);
        assert_eq!(all(1_000_000), [1_000_000]);
        assert_eq!(all(25_000_000), [1_000_000, 10_000_000, 25_000_000]);
        assert_eq!(all(u32::MAX).last(), Some(&u32::MAX));
        assert_eq!(all(u32::MAX).len(), 5);
    }

    #[test]
    fn too_little_memory_is_refused_with_the_most_that_fits() {
        assert_eq!(check(100, 3200), Ok(()));
        let error = check(u32::MAX, 64 << 20).expect_err("the machine is small");
        assert_eq!(
            error.to_string(),
            "4294967295 objects need up to 131072 MiB; 64 MiB are available; use at most --fill 2097152"
        );
        assert_eq!(check(2_097_152, 64 << 20), Ok(()));
    }

    #[test]
    fn an_object_takes_no_more_than_was_checked() {
        let mut store = Store::new();
        store.register::<Small>().expect("a good schema");
        for end in [BATCH, 2 * BATCH, 3 * BATCH] {
            store.spawn_batch((end - BATCH..end).map(Small::new)).expect("good objects");
            let bytes = store.memory_report().total() as u64;
            assert!(bytes <= needed(end), "{bytes} bytes for {end} objects");
        }
    }
}
