//! Imports of Arrow columns against inserting the same objects from Rust values and from records.
//!
//! `cargo bench -p slotted_benches --bench imports -- --rounds 9 --markdown table.md`

mod options;

use std::error::Error;
use std::sync::Arc;
use std::time::{Duration, Instant};

use arrow_array::cast::AsArray;
use arrow_array::types::{Float32Type, UInt16Type, UInt32Type};
use arrow_array::{
    ArrayRef, Float64Array, Int64Array, LargeStringArray, RecordBatch, StringViewArray,
};
use arrow_schema::ArrowError;
use bench_support::forms::{Form, sample, table};
use clap::Parser;
use glam::Vec3;
use options::TableOptions;
use slotted::{Record, SlotValue, Slotted, Store, Text};
use slotted_arrow::import::Import;
use slotted_arrow::{SchemaBatches, record_batches};

#[derive(Parser)]
#[command(
    about = "Measures imports of Arrow columns against other ways to insert the same objects"
)]
struct Options {
    #[command(flatten)]
    tables: TableOptions,
}

#[derive(Clone, Copy, bytemuck::NoUninit, bytemuck::CheckedBitPattern, SlotValue)]
#[repr(u8)]
enum Job {
    Farmer,
    Soldier,
}

/// Seven slots, 36 bytes, with a constraint.
#[derive(Slotted, Clone, Copy)]
struct Unit {
    position: Vec3,
    velocity: Vec3,
    #[slot(range = 0.0..=10_000_000.0)]
    health: f32,
    name: Text,
    age: u16,
    job: Job,
    is_hungry: bool,
}

fn unit(number: usize, names: &[Text]) -> Unit {
    Unit {
        position: Vec3::splat(number as f32),
        velocity: Vec3::new(1.0, 0.5, number as f32),
        health: number as f32,
        name: names[number % names.len()],
        age: number as u16,
        job: if number.is_multiple_of(3) { Job::Soldier } else { Job::Farmer },
        is_hungry: number.is_multiple_of(2),
    }
}

fn empty() -> Result<Store, Box<dyn Error>> {
    let mut store = Store::new();
    store.register::<Unit>()?;
    Ok(store)
}

fn fill(store: &mut Store, objects: usize) -> Result<(), Box<dyn Error>> {
    let names = (0..1000).map(|number| store.intern_text(&format!("name {number}")));
    let names = names.collect::<Result<Vec<_>, _>>()?;
    store.spawn_batch((0..objects).map(|number| unit(number, &names)))?;
    Ok(())
}

/// Takes the time of filling a new store.
fn into_new(
    objects: usize,
    work: impl FnOnce(&mut Store) -> Result<(), Box<dyn Error>>,
) -> Result<Duration, Box<dyn Error>> {
    let mut store = empty()?;
    let start = Instant::now();
    work(&mut store)?;
    let time = start.elapsed();
    match store.len() == objects {
        true => Ok(time),
        false => Err("objects are missing".into()),
    }
}

fn import(store: &mut Store, batches: &[RecordBatch]) -> Result<(), Box<dyn Error>> {
    let batches = batches.iter().cloned().map(Ok);
    Import::new().batches(Unit::SCHEMA_NAME, batches).run(store)?;
    Ok(())
}

/// Returns the batch with other Arrow types: wide numbers, and texts without dictionaries.
fn of_other_types(batch: &RecordBatch) -> Result<RecordBatch, ArrowError> {
    let column = |column: &ArrayRef| -> ArrayRef {
        if let Some(numbers) = column.as_primitive_opt::<Float32Type>() {
            return Arc::new(
                numbers.iter().map(|number| number.map(f64::from)).collect::<Float64Array>(),
            );
        }
        if let Some(numbers) = column.as_primitive_opt::<UInt16Type>() {
            return Arc::new(
                numbers.iter().map(|number| number.map(i64::from)).collect::<Int64Array>(),
            );
        }
        if let Some(texts) = column.as_dictionary_opt::<UInt32Type>()
            && let Some(texts) = texts.downcast_dict::<LargeStringArray>()
        {
            return Arc::new(texts.into_iter().collect::<StringViewArray>());
        }
        Arc::clone(column)
    };
    let columns: Vec<ArrayRef> = batch.columns().iter().map(column).collect();
    let names = batch.schema();
    let names = names.fields().iter().map(|field| field.name().clone());
    RecordBatch::try_from_iter_with_nullable(
        names.zip(columns).map(|(name, column)| (name, column, true)),
    )
}

fn imports(objects: usize, rounds: u32) -> Result<String, Box<dyn Error>> {
    let mut store = empty()?;
    fill(&mut store, objects)?;
    let snapshot = store.snapshot();
    let batches = record_batches(&snapshot, Unit::SCHEMA_NAME)?;
    let other = batches.iter().map(of_other_types).collect::<Result<Vec<_>, _>>()?;
    let with_ids = SchemaBatches::new(&snapshot, Unit::SCHEMA_NAME).ok_or("no schema")?.with_ids();
    let with_ids =
        (0..with_ids.blocks()).map(|block| with_ids.batch(block)).collect::<Result<Vec<_>, _>>()?;
    let records: Vec<Record> =
        store.ids().map(|id| store.get_record(id)).collect::<Result<_, _>>()?;
    let mut forms = vec![
        Form::timed("`spawn_batch` of Rust values", 0, || {
            into_new(objects, |store| fill(store, objects))
        }),
        Form::timed("`spawn_record`, one by one", 0, || {
            let records = records.clone();
            into_new(objects, |store| {
                for record in records {
                    store.spawn_record(Unit::SCHEMA_NAME, record)?;
                }
                Ok(())
            })
        }),
        Form::timed("import of what `record_batches` returns", 0, || {
            into_new(objects, |store| import(store, &batches))
        }),
        Form::timed("the same with a column of ids", 0, || {
            into_new(objects, |store| import(store, &with_ids))
        }),
        Form::timed("import of wide numbers, and of texts without a dictionary", 0, || {
            into_new(objects, |store| import(store, &other))
        }),
    ];
    sample(&mut forms, rounds)?;
    Ok(table(&format!("insert {objects} objects of 7 slots"), &forms, "ms", 1e3))
}

fn main() -> Result<(), Box<dyn Error>> {
    let Options { tables: options } = Options::parse();
    let objects = if options.mode.is_test() { 20_000 } else { 1_000_000 };
    let tables = imports(objects, options.rounds())?;
    let command = "cargo bench -p slotted_benches --bench imports";
    options.publish(&["slotted", "arrow-array"], command, &tables)
}
