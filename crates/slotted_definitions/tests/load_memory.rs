//! The memory of a load, in bytes for each byte of the files.

#![cfg(feature = "json")]
#![allow(unsafe_code, reason = "the counting allocator is one")]

use std::fmt::Write as _;
use std::hint::black_box;

use bench_support::allocator::{CountingAllocator, added_bytes, peak_bytes};
use slotted::Store;
use slotted_definitions::write::schemas_to_text;
use slotted_definitions::{Format, LoadLimits, Loader, read_data};

#[global_allocator]
static ALLOCATOR: CountingAllocator = CountingAllocator;

const SLOTS: &str = r#""name": "text", "health": "f32", "speed": "u8", "level": "u8", "alive": "bool",
    "job": {"variants": ["farmer", "smith", "soldier"]}, "x": "f64", "y": "f64", "team": "u8", "mass": "f32",
    "drops": "list(u16)", "title": "text""#;

/// Returns the values of a record without the brackets around them, as `benches/definitions.rs` has them.
fn values(n: usize) -> String {
    let job = ["farmer", "soldier", "smith"][n % 3];
    let title = ["the great", "the small", "of the hills", "the old"][n / 7 % 4];
    let (health, x, y) = (n as f64 * 0.37 % 100.0, n as f64 * 0.123, n as f64 * 0.77);
    format!(
        "\"health\": {health:.2}, \"speed\": {}, \"level\": {}, \"alive\": {}, \"job\": \"{job}\", \
         \"x\": {x:.3}, \"y\": {y:.3}, \"team\": {}, \"mass\": {:.1}, \"drops\": [{}, {}], \
         \"title\": \"{title}\"",
        n % 30,
        n % 60,
        n.is_multiple_of(2),
        n % 8,
        n as f64 % 99.0,
        n % 50,
        n % 77,
    )
}

fn lines(records: usize, line: impl Fn(usize) -> String) -> String {
    let mut text = String::new();
    for n in 0..records {
        let comma = if n + 1 < records { "," } else { "" };
        let _ = writeln!(text, "{}{comma}", line(n));
    }
    text
}

fn schema() -> String {
    format!("\"schemas\": {{\"orc\": {{\"slots\": {{{SLOTS}}}}}}}")
}

/// Returns objects of twelve slots.
fn objects(records: usize) -> String {
    lines(records, |n| format!("{{\"name\": \"orc number {n}\", {}}}", values(n)))
}

/// Returns records without names.
fn list(records: usize) -> String {
    format!("{{{}, \"records\": {{\"orc\": [\n{}]}}}}\n", schema(), objects(records))
}

/// Returns records of twelve slots with names.
fn named(records: usize) -> String {
    let line = |n| format!("\"orc_{n}\": {{\"name\": \"orc number {n}\", {}}}", values(n));
    let records = lines(records, line);
    format!("{{{}, \"records\": {{\"orc\": {{\n{records}}}}}}}\n", schema())
}

const RECORDS: usize = if cfg!(debug_assertions) { 2500 } else { 100_000 };

/// Measures the load of a pack: the bytes of its files, and the peak and the rest for each of them.
fn measure(pack: &str, files: &[(&str, &str)]) -> std::io::Result<(f64, f64)> {
    let folder = format!("slotted_load_memory_{pack}_{}", std::process::id());
    let folder = std::env::temp_dir().join(folder);
    std::fs::create_dir_all(&folder)?;
    for (name, text) in files {
        std::fs::write(folder.join(name), text)?;
    }
    let load = || Loader::new().pack(&folder).load(&Store::new()).expect("a valid pack");
    let bytes: usize = files.iter().map(|(_, text)| text.len()).sum();
    let peak = peak_bytes(|| _ = black_box(load())) as f64 / bytes as f64;
    let mut kept = None;
    let after = added_bytes(|| kept = Some(load())) as f64 / bytes as f64;
    assert_eq!(kept.map(|kept| kept.records().len()), Some(RECORDS));
    std::fs::remove_dir_all(&folder)?;
    println!("{pack}: {bytes} bytes; peak {peak:.2}, kept {after:.2}");
    Ok((peak, after))
}

#[test]
fn the_peak_of_a_load_is_bounded() -> std::io::Result<()> {
    let text = list(RECORDS);
    let (peak, kept) = measure("list", &[("orcs.json", &text)])?;
    assert!(peak < 3.0 && kept < 2.1, "peak {peak}, kept {kept}");
    let (format, limits) = (Format::Json, LoadLimits::default());
    let data = peak_bytes(|| _ = black_box(read_data("a.json", &text, format, &limits)));
    let data = data as f64 / text.len() as f64;
    let tree = peak_bytes(|| {
        _ = black_box(serde_json::from_str::<serde_json::Value>(&text));
    });
    let tree = tree as f64 / text.len() as f64;
    println!("read_data {data:.2}, serde_json::Value {tree:.2}");
    assert!(data < 4.5, "{data}; the text is the caller's");
    Ok(())
}

#[test]
fn names_of_records_need_little_more() -> std::io::Result<()> {
    let (peak, kept) = measure("named", &[("orcs.json", &named(RECORDS))])?;
    assert!(peak < 3.0 && kept < 2.3, "peak {peak}, kept {kept}");
    Ok(())
}

#[test]
fn files_of_objects_are_bounded_too() -> std::io::Result<()> {
    let (schema, objects) = (format!("{{{}}}", schema()), format!("[\n{}]\n", objects(RECORDS)));
    let manifest = r#"{"objects": {"orcs.json": {"schema": "orc", "name_from": "name"}}}"#;
    let files = [("pack.json", manifest), ("schemas.json", &*schema), ("orcs.json", &*objects)];
    let (peak, kept) = measure("objects", &files)?;
    assert!(peak < 3.0 && kept < 2.3, "peak {peak}, kept {kept}");
    Ok(())
}

/// Returns records with a nested record, a list of records, a map and a union.
fn nested(records: usize) -> String {
    let schemas = r#""schemas": {
        "drop": {"slots": {"item": "text", "chance": "f32"}},
        "orc": {"slots": {
            "damage": {"slots": {"min": "u8", "max": "u8"}}, "drops": "list(drop)", "skills": "map(u8)",
            "effect": {"tag": "type", "variants": {"heal": {"amount": "u8"}, "burn": {"damage": "f32"}}}
        }}
    }"#;
    let line = |n: usize| {
        let effect = match n % 2 {
            0 => r#"{"type": "heal", "amount": 5}"#,
            _ => r#"{"type": "burn", "damage": 2.5}"#,
        };
        format!(
            "\"orc_{n}\": {{\"damage\": {{\"min\": 1, \"max\": {}}}, \"drops\": [{{\"item\": \"bone\", \"chance\": 0.5}}, \
             {{\"item\": \"hide number {}\", \"chance\": 0.25}}], \"skills\": {{\"hunt\": {}, \"howl\": 9}}, \
             \"effect\": {effect}}}",
            n % 200 + 2,
            n % 50,
            n % 100
        )
    };
    format!("{{{schemas}, \"records\": {{\"orc\": {{\n{}}}}}}}\n", lines(records, line))
}

#[test]
fn nested_values_are_bounded_too() -> std::io::Result<()> {
    let (peak, kept) = measure("nested", &[("orcs.json", &nested(RECORDS))])?;
    assert!(peak < 3.0 && kept < 3.0, "peak {peak}, kept {kept}");
    Ok(())
}

#[test]
#[cfg(all(feature = "toml", feature = "ron", feature = "yaml"))]
fn every_format_is_bounded() -> Result<(), Box<dyn std::error::Error>> {
    let formats = [Format::Json, Format::Ron, Format::Yaml, Format::Toml];
    for (sort, json) in [("flat", named(RECORDS)), ("nested", nested(RECORDS))] {
        let mut store = Store::new();
        let objects = Loader::new().text("orcs.json", &json).load(&store)?.spawn(&mut store)?;
        let docs = objects.definitions().schema_docs("orc");
        let schema = store.schema("orc").ok_or("it is registered")?.to_schema();
        let schema = schemas_to_text([(&schema, &docs)], Format::Json)?;
        for format in formats {
            let [(path, text)] = &objects.to_files(&store, format)?[..] else {
                return Err("all records have a name".into());
            };
            let files = [("schemas.json", &*schema), (path, text)];
            let (peak, kept) = measure(&format!("{sort}_{}", format.extension()), &files)?;
            assert!(peak < 3.0 && kept < 3.0, "{format:?}: peak {peak}, kept {kept}");
        }
    }
    Ok(())
}

#[test]
fn comments_cost_little() -> std::io::Result<()> {
    let text = format!("// all orcs\n{}", named(RECORDS));
    let (peak, kept) = measure("comments", &[("orcs.json", &text)])?;
    assert!(peak < 3.0 && kept < 3.0, "peak {peak}, kept {kept}");
    Ok(())
}
