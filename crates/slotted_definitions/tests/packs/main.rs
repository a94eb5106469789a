//! The packs of the fuzz target `packs`, on pseudo-random bytes with a stable toolchain.
#![cfg(all(feature = "json", feature = "toml", feature = "ron", feature = "yaml"))]

mod world;

use bench_support::cases;
use proptest::prelude::*;
use rand::rngs::StdRng;
use rand::{Rng, SeedableRng};

proptest! {
    #![proptest_config(ProptestConfig::with_cases(cases(100)))]

    #[test]
    fn packs_load_and_are_written_and_reloaded(bytes in prop::collection::vec(any::<u8>(), 0..600)) {
        world::run(&bytes);
    }
}

#[test]
fn random_bytes_reach_every_outcome() {
    let mut rng = StdRng::seed_from_u64(15);
    let mut sum = world::Tally::new();
    for _ in 0..60 {
        let mut bytes = vec![0; 400];
        rng.fill_bytes(&mut bytes);
        for (outcome, count) in world::run(&bytes) {
            *sum.entry(outcome).or_default() += count;
        }
    }
    println!("{sum:#?}");
    for outcome in ["loaded", "refused", "written", "proposed", "reloaded", "not reloaded"] {
        assert!(sum.get(outcome).is_some_and(|count| *count > 3), "{outcome}: {sum:?}");
    }
}
