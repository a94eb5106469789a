//! The operations of the fuzz target `store`, on pseudo-random bytes with a stable toolchain.

mod calls;

use bench_support::cases;
use calls::{KINDS, Tally, run};
use proptest::prelude::*;
use rand::rngs::StdRng;
use rand::{Rng, RngExt, SeedableRng};

proptest! {
    #![proptest_config(ProptestConfig::with_cases(cases(64)))]

    #[test]
    fn the_store_and_the_map_agree(bytes in prop::collection::vec(any::<u8>(), 0..3000)) {
        run(&bytes);
    }
}

#[test]
fn random_bytes_reach_every_operation() {
    let mut rng = StdRng::seed_from_u64(13);
    let mut sum = Tally::new();
    for _ in 0..20 {
        let mut bytes = vec![0; rng.random_range(10_000..20_000)];
        rng.fill_bytes(&mut bytes);
        for (kind, count) in run(&bytes) {
            *sum.entry(kind).or_default() += count;
        }
    }
    println!("{} calls: {sum:#?}", sum.values().sum::<usize>());
    for kind in KINDS {
        assert!(sum.get(kind).is_some_and(|count| *count > 20), "{kind}: {sum:?}");
    }
}
