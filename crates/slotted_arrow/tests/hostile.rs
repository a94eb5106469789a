//! Hostile saves whose checksums are right: an error or a valid store, little memory, no panic.

mod common;

use bench_support::allocator::{CountingAllocator, peak_bytes};
use rand::rngs::StdRng;
use rand::{Rng, RngExt, SeedableRng};
use slotted::Store;
use slotted_arrow::{Compression, LoadOptions, SaveOptions};

#[global_allocator]
static ALLOCATOR: CountingAllocator = CountingAllocator;

/// Loads bytes whose checksums do not matter.
fn load(bytes: &[u8]) {
    let options = LoadOptions::new().ignore_checksums();
    for options in [options.clone(), options.salvage()] {
        if let Ok((store, _)) = options.read(bytes) {
            let ids: Vec<_> = store.ids().collect();
            ids.iter().for_each(|id| assert!(store.get_record(*id).is_ok()));
            let _ = store.validate();
        }
        let mut target = common::store();
        let _ = options.read_into(&mut target, bytes);
    }
}

/// Returns the number of cases: more by `SLOTTED_CASES`.
fn cases() -> usize {
    std::env::var("SLOTTED_CASES").ok().and_then(|cases| cases.parse().ok()).unwrap_or(150)
}

fn stream(store: &mut Store, compression: Option<Compression>) -> Vec<u8> {
    let mut bytes = Vec::new();
    let options = SaveOptions::new().compression(compression).attach("turn", *b"12");
    options.write(&store.snapshot(), &mut bytes).expect("a vector accepts all bytes");
    bytes
}

/// Numbers that lengths, counts and offsets of hostile files have.
fn number(random: &mut impl Rng, length: usize) -> u64 {
    match random.random_range(0..7) {
        0 => 0,
        1 => u64::MAX,
        2 => i64::MAX as u64,
        3 => 1 << 31,
        4 => random.random_range(0..length as u64),
        5 => 1 << random.random_range(0..64),
        _ => random.random_range(0..300),
    }
}

#[test]
fn fault_41_hostile_streams_with_right_checksums() {
    let random = &mut StdRng::seed_from_u64(41);
    for compression in [None, Some(Compression::Lz4), Some(Compression::Zstd)] {
        let original = stream(&mut common::world(12, 3), compression);
        let baseline = peak_bytes(|| load(&original));
        for _ in 0..cases() {
            let mut bytes = original.clone();
            for _ in 0..random.random_range(1..5) {
                let at = random.random_range(0..bytes.len());
                match random.random_range(0..4) {
                    0 => bytes[at] = random.random(),
                    1 => bytes[at] ^= 1 << random.random_range(0..8),
                    2 => {
                        let number = number(random, original.len()).to_le_bytes();
                        let end = bytes.len().min(at + 8);
                        bytes[at..end].copy_from_slice(&number[..end - at]);
                    }
                    _ => {
                        let from = random.random_range(0..bytes.len());
                        let length = random.random_range(0..64).min(bytes.len() - at.max(from));
                        bytes.copy_within(from..from + length, at);
                    }
                }
            }
            let peak = peak_bytes(|| load(&bytes));
            let most = 2 * baseline + 16 * bytes.len() + (1 << 20);
            assert!(peak <= most, "{peak} bytes for a file of {}", bytes.len());
        }
    }
}

#[test]
fn fault_41_bytes_that_are_no_save_at_all() {
    let random = &mut StdRng::seed_from_u64(42);
    for length in 0..200 {
        let mut bytes: Vec<u8> = (0..length).map(|_| random.random()).collect();
        load(&bytes);
        bytes.splice(0..0, *b"SLOTTED1");
        let peak = peak_bytes(|| load(&bytes));
        assert!(peak < 1 << 20, "{peak} bytes");
    }
}

#[test]
fn fault_41_a_compressed_bomb_needs_the_memory_of_its_rows_only()
-> Result<(), Box<dyn std::error::Error>> {
    use slotted::{Kind, Schema, record};
    let mut store = Store::new();
    store.register_schema(Schema::builder("item").slot("drops", Kind::list(Kind::U8)).build()?)?;
    store.spawn_record("item", record! { drops: vec![0_u8; 1 << 22] })?;
    for compression in [Compression::Lz4, Compression::Zstd] {
        let bytes = stream(&mut store, Some(compression));
        assert!(bytes.len() < 1 << 17, "it compresses well");
        let mut limits = slotted::Limits::default();
        limits.list_bytes = 1 << 20;
        limits.text_bytes = 1 << 20;
        let mut error = None;
        let options = LoadOptions::new().limits(limits);
        let peak = peak_bytes(|| error = options.read(&bytes[..]).err());
        assert!(error.is_some() && peak < 1 << 21, "{peak} bytes: {error:?}");
    }
    Ok(())
}
