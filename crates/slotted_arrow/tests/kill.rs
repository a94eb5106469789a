//! A process that is killed while it saves leaves a whole save: of the turn before, or of its own.

mod common;

use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Child, ChildStdout, Command, Stdio};
use std::time::Duration;

use common::Folder;
use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};
use slotted::{Kind, ObjectId, Schema, Store};
use slotted_arrow::{LoadOptions, SaveOptions};

type Outcome = Result<(), Box<dyn std::error::Error>>;

/// The folder of the process that saves.
const FOLDER: &str = "SLOTTED_KILL_FOLDER";
const SCHEMAS: usize = 4;

/// Returns a world in which every value is the turn.
fn world() -> Result<(Store, Vec<ObjectId>), Box<dyn std::error::Error>> {
    let mut store = Store::new();
    for number in 0..SCHEMAS {
        let schema = Schema::builder(format!("unit_{number}")).slot("turn", Kind::I64).default(0);
        store.register_schema(schema.build()?)?;
        store.spawn_records(&format!("unit_{number}"), vec![slotted::record! {}; 3000])?;
    }
    let ids = store.ids().collect();
    Ok((store, ids))
}

fn set_turn(store: &mut Store, ids: &[ObjectId], turn: i64) -> Outcome {
    ids.iter().try_for_each(|id| Ok(store.set_value(*id, "turn", turn)?))
}

/// Saves turn after turn until it is killed.
#[test]
fn saves_until_it_is_killed() -> Outcome {
    let Some(folder) = std::env::var_os(FOLDER) else { return Ok(()) };
    let (mut store, ids) = world()?;
    let first = read_turn(Path::new(&folder)).unwrap_or(0);
    println!("\nbegins");
    for turn in first + 1.. {
        set_turn(&mut store, &ids, turn)?;
        let options = SaveOptions::new().attach("turn", turn.to_le_bytes());
        options.save(&store.snapshot(), &folder)?;
        println!("\nsaved {turn}");
    }
    Ok(())
}

/// Returns the turn of a save, all of whose values must be of that turn.
fn read_turn(folder: &Path) -> Result<i64, Box<dyn std::error::Error>> {
    let (store, report) = LoadOptions::new().load(folder)?;
    let turn = i64::from_le_bytes(report.attachment("turn").ok_or("no turn")?.try_into()?);
    if store.len() != SCHEMAS * 3000 {
        return Err(format!("{} objects", store.len()).into());
    }
    for number in 0..SCHEMAS {
        let schema = format!("unit_{number}");
        let column = store.column(store.key::<i64>(&*schema, "turn")?)?;
        let ids = store.ids_of(&*schema)?;
        if !ids.map(|id| column.get(id)).all(|value| value == Some(turn)) {
            return Err(format!("a value is not of turn {turn}").into());
        }
    }
    Ok(turn)
}

/// Returns the number of kills: more by `SLOTTED_KILLS`.
fn kills() -> usize {
    std::env::var("SLOTTED_KILLS").ok().and_then(|kills| kills.parse().ok()).unwrap_or(200)
}

/// Starts a process that saves to the folder, and returns it with the lines of its output.
fn start(folder: &Folder) -> Result<(Child, Lines), Box<dyn std::error::Error>> {
    let mut child = Command::new(std::env::current_exe()?)
        .args(["--exact", "saves_until_it_is_killed", "--nocapture"])
        .env(FOLDER, &folder.0)
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()?;
    let lines = BufReader::new(child.stdout.take().ok_or("no output")?).lines();
    Ok((child, lines))
}

type Lines = std::io::Lines<BufReader<ChildStdout>>;

fn saved(line: std::io::Result<String>) -> Option<i64> {
    line.ok()?.strip_prefix("saved ")?.parse().ok()
}

#[test]
fn fault_43_a_process_killed_at_random_moments() -> Outcome {
    let (folder, random) = (Folder::new("killed"), &mut StdRng::seed_from_u64(43));
    let mut last = 0;
    for _ in 0..kills() {
        let (mut child, mut lines) = start(&folder)?;
        // The first save of the process is done; the kill hits one of the next.
        let first = lines.by_ref().find_map(saved).ok_or("nothing was saved")?;
        std::thread::sleep(Duration::from_micros(random.random_range(0..12_000)));
        child.kill()?;
        child.wait()?;
        let confirmed = lines.filter_map(saved).last().unwrap_or(first);
        let turn = read_turn(&folder.0)?;
        assert!(turn == confirmed || turn == confirmed + 1, "turn {turn} after {confirmed}");
        assert!(turn > last);
        last = turn;
    }
    Ok(())
}

#[test]
fn fault_43_a_process_killed_during_its_first_save() -> Outcome {
    let random = &mut StdRng::seed_from_u64(44);
    let mut without_save = 0;
    for _ in 0..kills().div_ceil(8) {
        let folder = Folder::new("killed-first");
        let (mut child, mut lines) = start(&folder)?;
        let begins = |line: std::io::Result<String>| line.is_ok_and(|line| line == "begins");
        assert!(lines.by_ref().any(begins), "the process saves");
        std::thread::sleep(Duration::from_micros(random.random_range(0..25_000)));
        child.kill()?;
        child.wait()?;
        let confirmed = lines.filter_map(saved).last().unwrap_or(0);
        match read_turn(&folder.0) {
            Ok(turn) => assert!(turn == confirmed || turn == confirmed + 1, "{turn} {confirmed}"),
            Err(_) => {
                assert_eq!(confirmed, 0);
                assert!(!folder.0.join("manifest.json").exists());
                without_save += 1;
            }
        }
        // Files that are left do not stand in the way of the next save.
        let (mut child, mut lines) = start(&folder)?;
        lines.by_ref().find_map(saved).ok_or("nothing was saved")?;
        child.kill()?;
        child.wait()?;
        assert!(read_turn(&folder.0)? > confirmed);
    }
    println!("{without_save} processes had not saved");
    Ok(())
}
