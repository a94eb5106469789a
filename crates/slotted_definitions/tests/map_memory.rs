//! Attribute maps report exactly the memory that they allocate. A separate program, because it counts the bytes
//! of all threads.

use std::error::Error;
use std::sync::Arc;

use bench_support::allocator::{CountingAllocator, added_bytes};
use bench_support::{AttributeMap, NaiveMapStore};
use slotted::glam::Mat4;
use slotted::{ByName, MapStore, ObjectId, Record, Value, record};
use slotted_definitions::infer::{InferenceOptions, into_store};

#[global_allocator]
static ALLOCATOR: CountingAllocator = CountingAllocator;

/// Spawns objects of several shapes with values of every allocating kind, and despawns some of them.
fn fill(store: &mut impl ByName) -> Result<(), Box<dyn Error>> {
    let shared: Arc<str> = "shared by many".into();
    let mut ids = Vec::new();
    for number in 0..500_i64 {
        let mut object =
            record! { number, name: format!("object {number}"), "alike": Arc::clone(&shared) };
        if number % 3 == 0 {
            object.push("matrix", Mat4::IDENTITY);
            object.push("list", [Value::from("a"), number.into(), [1, 2].into()]);
        }
        if number % 7 == 0 {
            object.push("bytes", Value::Bytes(vec![0; 13].into()));
            object.push("map", Value::from_iter([("x", Value::from("y")), ("z", number.into())]));
        }
        if number % 100 == 0 {
            object.extend((0..40).map(|extra| (format!("extra {extra}"), extra)));
        }
        ids.push(store.spawn_record(if number % 2 == 0 { "even" } else { "odd" }, object)?);
    }
    for id in ids.into_iter().step_by(9) {
        store.despawn(id)?;
    }
    Ok(())
}

fn reported_and_allocated<M: AttributeMap>() -> Result<(usize, usize), Box<dyn Error>> {
    let (mut kept, mut outcome) = (None, Ok(()));
    let allocated = added_bytes(|| {
        let mut store = M::default();
        outcome = fill(&mut store);
        kept = Some(store);
    });
    outcome?;
    Ok((kept.map_or(0, |store| store.heap_bytes()), allocated))
}

/// Retries, because the thread that runs the tests may allocate at the same moment.
fn assert_reported<M: AttributeMap>(map: &str) -> Result<(), Box<dyn Error>> {
    let mut counts = Vec::new();
    for _ in 0..20 {
        counts.push(reported_and_allocated::<M>()?);
        if counts.last().is_some_and(|(reported, allocated)| reported == allocated) {
            return Ok(());
        }
    }
    panic!("{map}: (reported, allocated) never agree: {counts:?}");
}

/// The only test of this program: all threads share one counter.
#[test]
fn reported_memory_is_the_allocated_memory() -> Result<(), Box<dyn Error>> {
    assert_reported::<MapStore>("tuned map")?;
    assert_reported::<NaiveMapStore>("naive map")?;
    assert_eq!(MapStore::new().heap_bytes(), size_of_shape_list());
    assert_eq!(NaiveMapStore::new().heap_bytes(), 0);

    let mut map = MapStore::new();
    fill(&mut map)?;
    let (mut moved, before) = (None, map.heap_bytes());
    let mut options = InferenceOptions::default();
    options.any = false;
    moved.replace(into_store(map, &options)?);
    let report = moved.as_ref().map(|moved| moved.report).ok_or("it was moved")?;
    assert_eq!(report.bytes_before, before);
    assert!(report.bytes_left_over > 0 && report.bytes_after > 0);
    let rest: Vec<(ObjectId, Record)> = moved.map(|moved| moved.leftovers).unwrap_or_default();
    assert_eq!(rest.iter().map(|(_, rest)| rest.len()).sum::<usize>(), report.leftovers);
    Ok(())
}

/// An empty store knows the shape of objects without attributes.
fn size_of_shape_list() -> usize {
    added_bytes(|| std::mem::forget(MapStore::new()))
}
