//! Saves and loads against plain files of the same bytes, and what they cost a running game.
//!
//! `cargo bench -p slotted_benches --bench saves -- --rounds 9 --markdown table.md`

mod options;

use std::error::Error;
use std::fs::{self, File};
use std::hint::black_box;
use std::io::{Read, Write};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::time::{Duration, Instant};

use bench_support::forms::{Form, sample, table};
use clap::{Parser, ValueEnum};
use glam::Vec3;
use options::TableOptions;
use slotted::{Delta, Kind, Schema, SlotValue, Slotted, Snapshot, Store, Text, View};
use slotted_arrow::{
    Compression, LoadOptions, SaveOptions, SchemaBatches, load, record_batches, save,
};

type Outcome = Result<(), Box<dyn Error>>;

#[derive(Parser)]
#[command(about = "Measures saves and loads against plain files of the same bytes")]
struct Options {
    #[command(flatten)]
    tables: TableOptions,
    /// The folder for the files; a folder for temporary files may be in memory
    #[arg(long, value_name = "PATH")]
    folder: Option<PathBuf>,
    /// Loads what the folder's path names in one way, and prints the nanoseconds
    #[arg(long, value_name = "WAY", hide = true)]
    once: Option<Way>,
}

#[derive(Clone, Copy, bytemuck::NoUninit, bytemuck::CheckedBitPattern, SlotValue)]
#[repr(u8)]
enum Job {
    Farmer,
    Soldier,
}

/// Seven slots, 36 bytes.
#[derive(Slotted, Clone, Copy)]
struct Unit {
    position: Vec3,
    velocity: Vec3,
    health: f32,
    name: Text,
    age: u16,
    job: Job,
    is_hungry: bool,
}

#[derive(View)]
struct Moving<'a> {
    position: &'a mut Vec3,
    velocity: &'a Vec3,
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

fn names(store: &mut Store) -> Result<Vec<Text>, Box<dyn Error>> {
    Ok((0..1000)
        .map(|number| store.intern_text(&format!("name {number}")))
        .collect::<Result<_, _>>()?)
}

fn world(objects: usize) -> Result<Store, Box<dyn Error>> {
    let mut store = Store::new();
    store.register::<Unit>()?;
    let names = names(&mut store)?;
    store.spawn_batch((0..objects).map(|number| unit(number, &names)))?;
    Ok(store)
}

/// Ten schemas that extend the same one.
fn ten_schemas(objects: usize) -> Result<Store, Box<dyn Error>> {
    let mut store = Store::new();
    store.register::<Unit>()?;
    let units = world(1)?;
    let record = units.get_record(units.ids().next().ok_or("no unit")?)?;
    for number in 0..10 {
        let name = format!("unit_{number}");
        let schema = Schema::builder(&*name).extends(Unit::SCHEMA_NAME);
        store.register_schema(schema.slot("rage", Kind::F32).default(0.0).build()?)?;
        store.spawn_records(&name, vec![record.clone(); objects / 10])?;
    }
    Ok(store)
}

/// The bytes of all columns, one after another.
fn column_bytes(snapshot: &Snapshot) -> Vec<u8> {
    let mut bytes = Vec::new();
    for table in snapshot.raw().tables() {
        for slot in 0..table.schema().slots().len() {
            for block in 0..table.blocks() {
                bytes.extend(table.cells(slot, block).iter().flat_map(|cells| cells.as_ref()));
            }
        }
    }
    bytes
}

fn write_and_sync(path: &Path, bytes: &[u8]) -> Outcome {
    let mut file = File::create(path)?;
    file.write_all(bytes)?;
    Ok(file.sync_all()?)
}

/// Takes the time of a closure after the folder was removed.
fn in_new_folder(
    folder: &Path,
    work: impl FnOnce(&Path) -> Outcome,
) -> Result<Duration, Box<dyn Error>> {
    let _ = fs::remove_dir_all(folder);
    fs::create_dir_all(folder)?;
    let start = Instant::now();
    work(folder)?;
    Ok(start.elapsed())
}

fn folder_bytes(folder: &Path) -> Result<u64, Box<dyn Error>> {
    let mut bytes = 0;
    for entry in fs::read_dir(folder)? {
        bytes += entry?.metadata()?.len();
    }
    Ok(bytes)
}

fn saving(objects: usize, rounds: u32, folder: &Path) -> Result<String, Box<dyn Error>> {
    let mut store = world(objects)?;
    let snapshot = store.snapshot();
    let bytes = column_bytes(&snapshot);
    let place = |name: &str| folder.join(name);
    let compressed = |compression| {
        let (snapshot, place) = (snapshot.clone(), place("compressed"));
        move || {
            in_new_folder(&place, |folder| {
                SaveOptions::new().compression(compression).save(&snapshot, folder)?;
                Ok(())
            })
        }
    };
    let mut forms = vec![
        Form::timed("the columns' bytes to one file, synced", 0, || {
            in_new_folder(&place("plain"), |folder| write_and_sync(&folder.join("all"), &bytes))
        }),
        Form::timed("`save`", 0, || {
            in_new_folder(&place("save"), |folder| {
                save(&snapshot, folder)?;
                Ok(())
            })
        }),
        Form::timed("the same again, nothing changed", 0, || {
            let start = Instant::now();
            save(&snapshot, place("save"))?;
            Ok(start.elapsed())
        }),
        Form::timed("`save`, lz4", 0, compressed(Compression::Lz4)),
        Form::timed("`save`, zstd", 0, compressed(Compression::Zstd)),
        Form::timed("`Delta::full` by postcard to one file, synced", 0, || {
            in_new_folder(&place("delta"), |folder| {
                write_and_sync(
                    &folder.join("all"),
                    &postcard::to_allocvec(&Delta::full(&snapshot))?,
                )
            })
        }),
    ];
    sample(&mut forms, rounds)?;
    let mut text = table(&format!("save {objects} objects"), &forms, "ms", 1e3);
    drop(forms);
    let saved = folder_bytes(&place("save"))?;
    let share = saved as f64 / bytes.len() as f64;
    text +=
        &format!("\nThe columns have {} bytes, the save has {saved}: {share:.4}×.\n", bytes.len());
    Ok(text)
}

/// A way to get the bytes or the objects of a file back.
#[derive(Clone, Copy, ValueEnum)]
enum Way {
    Bytes,
    Load,
    Delta,
}

impl Way {
    fn take(self, path: &Path) -> Result<Duration, Box<dyn Error>> {
        let start = Instant::now();
        match self {
            Self::Bytes => drop(black_box(fs::read(path)?)),
            Self::Load => drop(black_box(load(path)?)),
            Self::Delta => drop(black_box(from_delta(&fs::read(path)?)?)),
        }
        Ok(start.elapsed())
    }

    /// Takes the time in a new process, as a game loads: in memory that nobody used before.
    fn take_in_new_process(self, path: &Path) -> Result<Duration, Box<dyn Error>> {
        let name = self.to_possible_value().ok_or("no name")?;
        let mut program = Command::new(std::env::current_exe()?);
        let output =
            program.args(["--once", name.get_name()]).arg("--folder").arg(path).output()?;
        if !output.status.success() {
            return Err(String::from_utf8_lossy(&output.stderr).into());
        }
        let nanoseconds = String::from_utf8(output.stdout)?.trim().parse()?;
        Ok(Duration::from_nanos(nanoseconds))
    }
}

fn from_delta(bytes: &[u8]) -> Result<Store, Box<dyn Error>> {
    let mut store = Store::new();
    store.register::<Unit>()?;
    store.apply(&postcard::from_bytes(bytes)?)?;
    Ok(store)
}

fn loading(objects: usize, rounds: u32, folder: &Path) -> Result<String, Box<dyn Error>> {
    let mut store = world(objects)?;
    let snapshot = store.snapshot();
    let names = ["plain_to_load", "save_to_load", "delta_to_load"];
    let [plain, saved, delta] = names.map(|name| folder.join(name));
    write_and_sync(&plain, &column_bytes(&snapshot))?;
    save(&snapshot, &saved)?;
    write_and_sync(&delta, &postcard::to_allocvec(&Delta::full(&snapshot))?)?;
    drop((store, snapshot));
    let mut forms = vec![
        Form::timed("the columns' bytes from one file", 0, || {
            Way::Bytes.take_in_new_process(&plain)
        }),
        Form::timed("`load`", 0, || Way::Load.take_in_new_process(&saved)),
        Form::timed("`Delta::full` by postcard", 0, || Way::Delta.take_in_new_process(&delta)),
    ];
    sample(&mut forms, rounds)?;
    let mut text = table(&format!("load {objects} objects in a new process"), &forms, "ms", 1e3);
    let mut stream = Vec::new();
    SaveOptions::new().write(&load(&saved)?.snapshot(), &mut stream)?;
    let mut bytes = Vec::new();
    let mut forms = vec![
        Form::new("the columns' bytes, to the same memory", 0, || {
            bytes.clear();
            File::open(&plain)?.read_to_end(&mut bytes)?;
            black_box(&bytes);
            Ok(())
        }),
        // Quick if the allocator keeps the memory: `MALLOC_MMAP_THRESHOLD_=2000000000 MALLOC_TRIM_THRESHOLD_=8000000000`.
        Form::timed("the columns' bytes, to other memory", 0, || Way::Bytes.take(&plain)),
        Form::timed("`load`", 0, || Way::Load.take(&saved)),
        Form::new("`read` from memory", 0, || {
            black_box(LoadOptions::new().read(&stream[..])?);
            Ok(())
        }),
        Form::timed("`Delta::full` by postcard", 0, || Way::Delta.take(&delta)),
    ];
    sample(&mut forms, rounds)?;
    text += "\n";
    text += &table(&format!("load {objects} objects again and again"), &forms, "ms", 1e3);
    Ok(text)
}

fn saving_again(objects: usize, rounds: u32, folder: &Path) -> Result<String, Box<dyn Error>> {
    let mut store = ten_schemas(objects)?;
    let (first, place) = (store.snapshot(), folder.join("ten"));
    let ids: Vec<_> = store.ids_of("unit_5")?.collect();
    for id in ids {
        store.set_value(id, "health", 77.0_f32)?;
    }
    let second = store.snapshot();
    let mut forms = vec![
        Form::timed("first save of ten schemas", 0, || {
            in_new_folder(&place, |folder| {
                save(&first, folder)?;
                Ok(())
            })
        }),
        Form::timed("second save, one of them changed", 0, || {
            let report = save(&first, &place)?;
            one_table(&SaveOptions::new().since(&report), &second, &place)
        }),
        Form::timed("the same by another process: without `since`", 0, || {
            save(&first, &place)?;
            one_table(&SaveOptions::new(), &second, &place)
        }),
    ];
    sample(&mut forms, rounds)?;
    Ok(table(&format!("save {objects} objects again"), &forms, "ms", 1e3))
}

/// Takes the time of a save that writes one table.
fn one_table(
    options: &SaveOptions,
    snapshot: &Snapshot,
    place: &Path,
) -> Result<Duration, Box<dyn Error>> {
    let start = Instant::now();
    let report = options.save(snapshot, place)?;
    let time = start.elapsed();
    match report.tables_written {
        1 => Ok(time),
        other => Err(format!("{other} tables were written").into()),
    }
}

fn batches(objects: usize, rounds: u32) -> Result<String, Box<dyn Error>> {
    let mut store = world(objects)?;
    let snapshot = store.snapshot();
    let table_of = snapshot.raw().tables().next().ok_or("no table")?;
    let copy = || {
        let slots = 0..table_of.schema().slots().len();
        let columns = slots.map(|slot| {
            let mut column = Vec::new();
            for block in 0..table_of.blocks() {
                if let Some(cells) = table_of.cells(slot, block) {
                    column.extend_from_slice(cells.as_ref());
                }
            }
            column
        });
        columns.collect::<Vec<Vec<u8>>>()
    };
    let mut forms = vec![
        Form::new("a copy of the columns", 0, || {
            black_box(copy());
            Ok(())
        }),
        Form::new("`record_batches`", 0, || {
            black_box(record_batches(&snapshot, Unit::SCHEMA_NAME)?);
            Ok(())
        }),
        Form::new("numbers and vectors alone, 30 of 36 bytes", 0, || {
            let batches = SchemaBatches::new(&snapshot, Unit::SCHEMA_NAME).ok_or("no schema")?;
            let batches = batches.project(&[0, 1, 2, 4])?;
            for batch in batches.batches(0..batches.blocks()) {
                black_box(batch?);
            }
            Ok(())
        }),
    ];
    sample(&mut forms, rounds)?;
    Ok(table(&format!("record batches of {objects} objects"), &forms, "µs", 1e6))
}

const FRAMES: u32 = 100;

/// Plays frames with a snapshot each until there are enough, and returns the time of one.
fn frames(store: &mut Store, is_enough: impl Fn() -> bool) -> Result<Duration, Box<dyn Error>> {
    let (start, mut count) = (Instant::now(), 0);
    while count < FRAMES || !is_enough() {
        store.view::<Moving>()?.for_each(|unit| *unit.position += *unit.velocity * 0.01);
        black_box(store.snapshot());
        count += 1;
    }
    Ok(start.elapsed() / count)
}

fn while_saving(objects: usize, rounds: u32, folder: &Path) -> Result<String, Box<dyn Error>> {
    let (mut alone, mut store) = (world(objects)?, world(objects)?);
    let place = folder.join("while_saving");
    let mut forms = vec![
        Form::timed("frame with a snapshot", 0, || frames(&mut alone, || true)),
        Form::timed("frame while another thread saves", 0, || {
            let (snapshot, is_done) = (store.snapshot(), AtomicBool::new(false));
            let saves = AtomicU32::new(0);
            std::thread::scope(|scope| {
                let saving = scope.spawn(|| {
                    while !is_done.load(Ordering::Relaxed) {
                        let _ = fs::remove_dir_all(&place);
                        let saved = save(&snapshot, &place);
                        saves.fetch_add(1, Ordering::Relaxed);
                        saved.map_err(|error| error.to_string())?;
                    }
                    Ok::<(), String>(())
                });
                // The frames last as long as two saves at least, the second of which may go on.
                let time = frames(&mut store, || saves.load(Ordering::Relaxed) >= 2);
                is_done.store(true, Ordering::Relaxed);
                match saving.join() {
                    Ok(Ok(())) => time,
                    _ => Err("nothing was saved".into()),
                }
            })
        }),
    ];
    sample(&mut forms, rounds)?;
    Ok(table(&format!("{objects} objects in motion"), &forms, "ms", 1e3))
}

fn main() -> Outcome {
    let Options { tables: options, folder, once } = Options::parse();
    if let (Some(way), Some(path)) = (once, &folder) {
        println!("{}", way.take(path)?.as_nanos());
        return Ok(());
    }
    let (is_test, rounds) = (options.mode.is_test(), options.rounds());
    let objects = if is_test { 20_000 } else { 1_000_000 };
    let target = Path::new(env!("CARGO_TARGET_TMPDIR"));
    let folder = folder.unwrap_or_else(|| target.join(format!("saves-{}", std::process::id())));
    fs::create_dir_all(&folder)?;
    let tables = [
        saving(objects, rounds, &folder)?,
        loading(objects, rounds, &folder)?,
        saving_again(objects, rounds, &folder)?,
        batches(objects, rounds)?,
        while_saving(objects, rounds, &folder)?,
    ];
    fs::remove_dir_all(&folder)?;
    let command = "cargo bench -p slotted_benches --bench saves";
    options.publish(&["slotted", "arrow-ipc"], command, &tables.join("\n"))
}
