//! The memory of a load, in bytes for each byte of the files.

#![cfg(feature = "json")]
#![allow(unsafe_code, reason = "the counting allocator is one")]

use std::fmt::Write as _;
use std::hint::black_box;

use bench_support::allocator::{CountingAllocator, added_bytes, peak_bytes};
use slotted::Store;
use slotted_definitions::{Format, LoadLimits, Loader, read_data};

#[global_allocator]
static ALLOCATOR: CountingAllocator = CountingAllocator;

const SLOTS: &str = r#""name": "text", "health": "f32", "speed": "u8", "level": "u8", "alive": "bool",
    "job": {"variants": ["farmer", "smith", "soldier"]}, "x": "f64", "y": "f64", "team": "u8", "mass": "f32",
    "drops": "list(u16)", "title": "text""#;

/// Returns records of twelve slots, as `benches/definitions.rs` has them.
fn json(records: usize) -> String {
    let mut text = format!(
        "{{\"schemas\": {{\"orc\": {{\"slots\": {{{SLOTS}}}}}}}, \"records\": {{\"orc\": [\n"
    );
    for n in 0..records {
        let job = ["farmer", "soldier", "smith"][n % 3];
        let title = ["the great", "the small", "of the hills", "the old"][n / 7 % 4];
        let comma = if n + 1 < records { "," } else { "" };
        let (health, x, y) = (n as f64 * 0.37 % 100.0, n as f64 * 0.123, n as f64 * 0.77);
        let _ = writeln!(
            text,
            "{{\"name\": \"orc number {n}\", \"health\": {health:.2}, \"speed\": {}, \"level\": {}, \
             \"alive\": {}, \"job\": \"{job}\", \"x\": {x:.3}, \"y\": {y:.3}, \"team\": {}, \
             \"mass\": {:.1}, \"drops\": [{}, {}], \"title\": \"{title}\"}}{comma}",
            n % 30,
            n % 60,
            n.is_multiple_of(2),
            n % 8,
            n as f64 % 99.0,
            n % 50,
            n % 77,
        );
    }
    text.push_str("]}}\n");
    text
}

#[test]
fn the_peak_of_a_load_is_bounded() -> std::io::Result<()> {
    let records = if cfg!(debug_assertions) { 5000 } else { 100_000 };
    let text = json(records);
    let folder = std::env::temp_dir().join(format!("slotted_load_memory_{}", std::process::id()));
    std::fs::create_dir_all(&folder)?;
    std::fs::write(folder.join("orcs.json"), &text)?;
    let load = || Loader::new().pack(&folder).load(&Store::new()).expect("a valid file");
    let peak = peak_bytes(|| _ = black_box(load())) as f64 / text.len() as f64;
    let (format, limits) = (Format::Json, LoadLimits::default());
    let data = peak_bytes(|| _ = black_box(read_data("a.json", &text, format, &limits)));
    let mut kept = None;
    let after = added_bytes(|| kept = Some(load())) as f64 / text.len() as f64;
    let tree = peak_bytes(|| {
        _ = black_box(serde_json::from_str::<serde_json::Value>(&text));
    });
    let tree = tree as f64 / text.len() as f64;
    let data = data as f64 / text.len() as f64;
    println!(
        "{} bytes; peak {peak:.2}, kept {after:.2}, read_data {data:.2}, serde_json::Value {tree:.2}",
        text.len()
    );
    // Today's figures: a tree of 4.5 bytes for each byte of the file, and records of 3.7.
    assert!(peak < 9.5 && after < 4.8, "peak {peak}, kept {after}");
    assert!(data < 4.5, "{data}; the text is the caller's");
    std::fs::remove_dir_all(&folder)?;
    Ok(())
}
