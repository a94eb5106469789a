//! The bytes of the fuzz target `recording`, from a random generator, with a stable toolchain.
#![cfg(feature = "lz4")]

mod attack;

use std::fs;
use std::path::Path;

use attack::{FORMS, Played, SEALED, run};
use bench_support::allocator::{CountingAllocator, peak_bytes};
use bench_support::cases;
use rand::rngs::StdRng;
use rand::{Rng, RngExt, SeedableRng};

#[global_allocator]
static ALLOCATOR: CountingAllocator = CountingAllocator;

/// Plays bytes in bounded memory. More than the input is used by the real recordings, by two worlds, and by the limits.
fn play(input: &[u8]) -> Played {
    let mut played = Played::default();
    let peak = peak_bytes(|| played = run(input).unwrap_or_default());
    assert!(peak <= (16 << 20) + 16 * input.len(), "{peak} bytes for {}", input.len());
    played
}

#[test]
fn real_recordings_play_whole() {
    for form in [4, 5] {
        for seal in [0, SEALED] {
            let played = play(&[form | seal]);
            assert!((played.frames, played.steps, played.errors) == (8, 14, 0), "{played:?}");
        }
    }
    // The same records, in their order.
    let order: Vec<u8> = [6].into_iter().chain(0..3).collect();
    assert_eq!(play(&order).frames, 3);
}

#[test]
fn fault_41_random_bytes_as_recordings_give_errors() {
    let random = &mut StdRng::seed_from_u64(4100);
    let (mut opened, mut failed) = ([0; FORMS as usize], 0);
    for case in 0..cases(20) * u32::from(FORMS) {
        let form = (case % u32::from(FORMS)) as u8;
        let seal = if random.random() { SEALED } else { 0 };
        let length = match form {
            4 | 5 => 3 * random.random_range(1..5),
            _ => random.random_range(0..300),
        };
        let mut input = vec![0; length + 1];
        random.fill_bytes(&mut input);
        input[0] = form | seal;
        let played = play(&input);
        opened[usize::from(form)] += u32::from(played.frames > 0);
        failed += u32::from(played.errors > 0);
    }
    assert!(failed > 10, "{failed} playbacks failed");
    for form in [2, 3, 4, 5, 6] {
        assert!(opened[form] > 0, "{opened:?} of the forms were opened");
    }
}

/// Bytes of headers, of indexes and of contents, each by itself.
#[test]
fn fault_41_bytes_of_a_recording_that_are_changed_one_by_one() {
    let every = if cases(1) > 1 { 1 } else { 401 };
    let mut failed = 0;
    for at in (0..40_000_u16).step_by(every) {
        for form in [4 | SEALED, 5] {
            let [low, high] = at.to_le_bytes();
            failed += usize::from(play(&[form, low, high, 0x81]).errors > 0);
        }
    }
    assert!(failed > 10, "{failed} playbacks failed");
}

#[test]
fn the_seeds_of_the_fuzz_target_reach_frames() -> Result<(), Box<dyn std::error::Error>> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../fuzz/seeds/recording");
    let mut seeds = 0;
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        assert!(play(&fs::read(&path)?).steps > 0, "{}", path.display());
        seeds += 1;
    }
    assert_eq!(seeds, 6);
    Ok(())
}
