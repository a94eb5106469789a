//! Saves to a folder that fails, runs full or loses power at every operation: afterwards it has the old world or the new one.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::io::{self, Read, Write};
use std::rc::Rc;

use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};
use slotted::{Kind, Limits, ObjectId, Schema, Store, record};

use crate::definition::PodTypes;
use crate::folder::Folder;
use crate::load::{LoadError, LoadOptions};
use crate::load_report::LoadReport;
use crate::manifest::{COPY_OF_MANIFEST, MANIFEST};
use crate::save::{SaveError, SaveOptions};
use crate::sources::FolderSource;

/// The file system of a machine that can lose power.
#[derive(Clone, Default)]
struct Machine(Rc<RefCell<State>>);

#[derive(Clone, Default)]
struct State {
    files: Vec<Content>,
    /// The file of each name, as programs see it.
    names: BTreeMap<String, usize>,
    /// The names that are on the disk.
    synced_names: BTreeMap<String, usize>,
    /// Changes of names since then: the name, and its file afterwards.
    unsynced: Vec<(String, Option<usize>)>,
    operations: usize,
    /// The operation that fails.
    fails_at: Option<usize>,
    /// All later operations fail too.
    is_off_afterwards: bool,
    /// The bytes that fit on the disk.
    room: Option<usize>,
    /// The most bytes that a write accepts.
    most: Option<usize>,
}

#[derive(Clone, Default)]
struct Content {
    bytes: Vec<u8>,
    synced: Option<Vec<u8>>,
}

/// The state of bytes that were not synced when the power went.
#[derive(Clone, Copy, Debug)]
enum Unsynced {
    Kept,
    Empty,
    Half,
    Zeros,
}

impl State {
    fn operate(&mut self) -> io::Result<()> {
        let number = self.operations;
        self.operations += 1;
        let fails = match self.fails_at {
            Some(first) if self.is_off_afterwards => number >= first,
            first => first == Some(number),
        };
        if fails { Err(io::Error::other("an injected error")) } else { Ok(()) }
    }

    fn name(&mut self, name: &str, file: Option<usize>) {
        self.unsynced.push((name.to_owned(), file));
        match file {
            Some(file) => self.names.insert(name.to_owned(), file),
            None => self.names.remove(name),
        };
    }
}

struct OpenFile {
    machine: Machine,
    file: usize,
}

impl Write for OpenFile {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let state = &mut *self.machine.0.borrow_mut();
        state.operate()?;
        let bytes = &bytes[..bytes.len().min(state.most.unwrap_or(usize::MAX))];
        if let Some(room) = &mut state.room {
            if *room < bytes.len() {
                return Err(io::ErrorKind::StorageFull.into());
            }
            *room -= bytes.len();
        }
        state.files[self.file].bytes.extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// A file that is read: each read is an operation.
struct Reading {
    machine: Machine,
    bytes: io::Cursor<Vec<u8>>,
}

impl Read for Reading {
    fn read(&mut self, bytes: &mut [u8]) -> io::Result<usize> {
        self.machine.0.borrow_mut().operate()?;
        self.bytes.read(bytes)
    }
}

impl Folder for Machine {
    type File = OpenFile;
    type Lock = ();

    fn create(&self, name: &str) -> io::Result<OpenFile> {
        let state = &mut *self.0.borrow_mut();
        state.operate()?;
        state.files.push(Content::default());
        let file = state.files.len() - 1;
        state.name(name, Some(file));
        Ok(OpenFile { machine: self.clone(), file })
    }

    fn sync(&self, file: OpenFile) -> io::Result<()> {
        let state = &mut *self.0.borrow_mut();
        state.operate()?;
        let content = &mut state.files[file.file];
        content.synced = Some(content.bytes.clone());
        Ok(())
    }

    fn rename(&self, from: &str, to: &str) -> io::Result<()> {
        let state = &mut *self.0.borrow_mut();
        state.operate()?;
        let file = *state.names.get(from).ok_or(io::ErrorKind::NotFound)?;
        state.name(to, Some(file));
        state.name(from, None);
        Ok(())
    }

    fn sync_names(&self) -> io::Result<()> {
        let state = &mut *self.0.borrow_mut();
        state.operate()?;
        state.synced_names = state.names.clone();
        state.unsynced.clear();
        Ok(())
    }

    fn remove(&self, name: &str) -> io::Result<()> {
        let state = &mut *self.0.borrow_mut();
        state.operate()?;
        state.name(name, None);
        Ok(())
    }

    fn list(&self) -> io::Result<Vec<String>> {
        let state = &mut *self.0.borrow_mut();
        state.operate()?;
        Ok(state.names.keys().cloned().collect())
    }

    fn open(&self, name: &str) -> io::Result<(Box<dyn Read>, u64)> {
        let state = &mut *self.0.borrow_mut();
        state.operate()?;
        let file = *state.names.get(name).ok_or(io::ErrorKind::NotFound)?;
        let bytes = state.files[file].bytes.clone();
        let length = bytes.len() as u64;
        Ok((Box::new(Reading { machine: self.clone(), bytes: io::Cursor::new(bytes) }), length))
    }

    fn lock(&self) -> io::Result<()> {
        self.0.borrow_mut().operate()
    }
}

impl Machine {
    /// Returns a machine with the same files that fails at an operation from now on.
    fn failing_at(&self, operation: usize, is_off_afterwards: bool) -> Self {
        let state = State {
            operations: 0,
            fails_at: Some(operation),
            is_off_afterwards,
            ..self.0.borrow().clone()
        };
        Self(Rc::new(RefCell::new(state)))
    }

    fn with_room(&self, room: usize) -> Self {
        Self(Rc::new(RefCell::new(State { room: Some(room), ..self.0.borrow().clone() })))
    }

    /// Returns choices of the changes of names that reached the disk: a file system can write them in any order.
    fn choices_of_names(&self) -> Vec<Vec<bool>> {
        let changes = self.0.borrow().unsynced.len();
        if changes <= 4 {
            let bits = |choice: usize| (0..changes).map(|bit| choice >> bit & 1 == 1).collect();
            return (0..1 << changes).map(bits).collect();
        }
        let first = |reached: usize| (0..changes).map(|change| change < reached).collect();
        let without = |left_out: usize| (0..changes).map(|change| change != left_out).collect();
        let alone = |only: usize| (0..changes).map(|change| change == only).collect();
        let mut choices: Vec<Vec<bool>> = (0..=changes).map(first).collect();
        choices.extend((0..changes).flat_map(|n| [without(n), alone(n)]));
        let mut random = StdRng::seed_from_u64(changes as u64);
        choices.extend((0..8).map(|_| (0..changes).map(|_| random.random()).collect()));
        choices
    }

    /// Returns the machine after it lost power: these changes of names had reached the disk.
    fn after_power_loss(&self, reached: &[bool], unsynced: Unsynced) -> Self {
        let state = self.0.borrow();
        let mut on_disk = state.synced_names.clone();
        let changes = state.unsynced.iter().zip(reached).filter(|(_, is_on_disk)| **is_on_disk);
        for ((name, file), _) in changes {
            match file {
                Some(file) => on_disk.insert(name.clone(), *file),
                None => on_disk.remove(name),
            };
        }
        let files = state.files.iter().map(|file| {
            let bytes = file.synced.clone().unwrap_or_else(|| match unsynced {
                Unsynced::Kept => file.bytes.clone(),
                Unsynced::Empty => Vec::new(),
                Unsynced::Half => file.bytes[..file.bytes.len() / 2].to_vec(),
                Unsynced::Zeros => vec![0; file.bytes.len()],
            });
            Content { synced: Some(bytes.clone()), bytes }
        });
        let files = files.collect();
        let (names, synced_names) = (on_disk.clone(), on_disk);
        Self(Rc::new(RefCell::new(State { files, names, synced_names, ..State::default() })))
    }

    fn load(&self) -> Result<Store, LoadError> {
        let source = FolderSource::new(self.clone());
        let store = Store::with_limits(Limits::default());
        LoadOptions::new()
            .read_all(source, store, &PodTypes::default(), None)
            .map(|(store, _)| store)
    }

    /// Loads what can be salvaged with a manifest that is damaged.
    fn salvage(&self) -> Result<(Store, LoadReport), LoadError> {
        {
            let state = &mut *self.0.borrow_mut();
            let manifest = state.names.get(MANIFEST).copied();
            manifest.iter().for_each(|file| state.files[*file].bytes.truncate(20));
        }
        let source = FolderSource::new(self.clone());
        let store = Store::with_limits(Limits::default());
        LoadOptions::new().salvage().read_all(source, store, &PodTypes::default(), None)
    }

    fn content(&self, name: &str) -> Option<Vec<u8>> {
        let state = self.0.borrow();
        state.names.get(name).map(|file| state.files[*file].bytes.clone())
    }

    fn works_again(&self) {
        let mut state = self.0.borrow_mut();
        (state.fails_at, state.room) = (None, None);
    }
}

/// Two moments of a world, and the hashes of both.
struct Worlds {
    old: slotted::Snapshot,
    new: slotted::Snapshot,
}

impl Worlds {
    fn new() -> Result<Self, Box<dyn std::error::Error>> {
        let mut store = Store::new();
        for name in ["unit", "tile", "item"] {
            let schema = Schema::builder(name).slot("value", Kind::I64).slot("name", Kind::Text);
            store.register_schema(schema.build()?)?;
            let record = |number: i64| record! { value: number, name: "some name" };
            store.spawn_records(name, (0..50).map(record).collect::<Vec<_>>())?;
        }
        let old = store.snapshot();
        let ids: Vec<ObjectId> = store.ids_of("unit")?.collect();
        store.set_value(ids[3], "value", 1000)?;
        store.despawn(ids[7])?;
        store.spawn_record("item", record! { value: -1, name: "another name" })?;
        Ok(Self { old, new: store.snapshot() })
    }

    fn saved_old(&self) -> Result<Machine, SaveError> {
        let machine = Machine::default();
        options(1).save_to(&self.old, &machine)?;
        machine.0.borrow_mut().operations = 0;
        Ok(machine)
    }

    fn save_new(&self, machine: &Machine) -> Result<(), SaveError> {
        options(2).save_to(&self.new, machine).map(|_| ())
    }

    /// Checks that the folder has one of the worlds whole, and returns `true` if it is the new one.
    fn is_new(&self, machine: &Machine) -> Result<bool, Box<dyn std::error::Error>> {
        let mut loaded = machine.load()?;
        let hash = loaded.state_hash();
        let is_new = hash == self.new.state_hash();
        assert!(is_new || hash == self.old.state_hash(), "neither the old nor the new world");
        Ok(is_new)
    }
}

impl Worlds {
    /// Visits the machine after each way to lose power in a save, and whether the save was done.
    fn after_each_power_loss(&self, mut visit: impl FnMut(Machine, bool) -> Outcome) -> Outcome {
        let old = self.saved_old()?;
        for operation in 0..=operations(self)? {
            let machine = old.failing_at(operation, true);
            let is_done = self.save_new(&machine).is_ok();
            for reached in machine.choices_of_names() {
                for unsynced in [Unsynced::Kept, Unsynced::Empty, Unsynced::Half, Unsynced::Zeros] {
                    visit(machine.after_power_loss(&reached, unsynced), is_done)?;
                }
            }
        }
        Ok(())
    }
}

fn options(turn: u8) -> SaveOptions {
    SaveOptions::new().attach("turn", [turn])
}

/// Returns the number of operations of a second save.
fn operations(worlds: &Worlds) -> Result<usize, SaveError> {
    let machine = worlds.saved_old()?;
    worlds.save_new(&machine)?;
    Ok(machine.0.borrow().operations)
}

type Outcome = Result<(), Box<dyn std::error::Error>>;

#[test]
fn fault_43_power_that_goes_at_any_operation_leaves_the_old_or_the_new_world() -> Outcome {
    let worlds = Worlds::new()?;
    let (mut old_worlds, mut new_worlds) = (0, 0);
    worlds.after_each_power_loss(|machine, is_done| {
        let is_new = worlds.is_new(&machine)?;
        assert!(is_new || !is_done, "a save that was done is lost");
        if is_new {
            new_worlds += 1
        } else {
            old_worlds += 1
        }
        worlds.save_new(&machine)?;
        assert!(worlds.is_new(&machine)?, "the next save works");
        Ok(())
    })?;
    assert!(old_worlds > 100 && new_worlds > 10, "{old_worlds} old, {new_worlds} new");
    Ok(())
}

#[test]
fn fault_43_power_that_goes_again_at_the_next_save() -> Outcome {
    let worlds = Worlds::new()?;
    let old = worlds.saved_old()?;
    let operations = operations(&worlds)?;
    for first in (0..operations).step_by(2) {
        let machine = old.failing_at(first, true);
        let _ = worlds.save_new(&machine);
        let all = vec![true; machine.0.borrow().unsynced.len()];
        let machine = machine.after_power_loss(&all, Unsynced::Half);
        for second in (first % 3..operations).step_by(3) {
            let machine = machine.failing_at(second, true);
            let _ = worlds.save_new(&machine);
            for reached in machine.choices_of_names().iter().step_by(3) {
                worlds.is_new(&machine.after_power_loss(reached, Unsynced::Zeros))?;
            }
        }
    }
    Ok(())
}

#[test]
fn power_that_goes_in_a_save_after_one_that_was_killed_or_unconfirmed() -> Outcome {
    let worlds = Worlds::new()?;
    let old = worlds.saved_old()?;
    let operations = operations(&worlds)?;
    let (mut renamed, mut lost) = (0, 0);
    for (first, is_killed) in (0..operations).flat_map(|first| [(first, true), (first, false)]) {
        // The process ends or goes on; the machine keeps its power.
        let machine = old.failing_at(first, is_killed);
        let is_done = worlds.save_new(&machine).is_ok();
        machine.works_again();
        let is_renamed = worlds.is_new(&machine)? && !is_done;
        renamed += usize::from(is_renamed);
        let step = if is_renamed { 1 } else { 5 };
        for second in (0..operations).step_by(step) {
            let machine = machine.failing_at(second, true);
            let _ = worlds.save_new(&machine);
            for reached in machine.choices_of_names().iter().step_by(step) {
                worlds.is_new(&machine.after_power_loss(reached, Unsynced::Zeros))?;
                lost += 1;
            }
        }
    }
    assert!(renamed > 1 && lost > 1000, "{renamed} saves, {lost} losses of power");
    Ok(())
}

#[test]
fn fault_43_an_error_at_any_operation_leaves_the_old_or_the_new_world() -> Outcome {
    let worlds = Worlds::new()?;
    let old = worlds.saved_old()?;
    let mut errors = 0;
    for operation in 0..operations(&worlds)? {
        let machine = old.failing_at(operation, false);
        let saved = worlds.save_new(&machine);
        machine.works_again();
        let is_new = worlds.is_new(&machine)?;
        match saved {
            Ok(()) => assert!(is_new),
            Err(error) => {
                errors += 1;
                assert_eq!(is_new, matches!(error, SaveError::Unconfirmed(_)));
                assert!(error.to_string().contains("an injected error"), "{error}");
            }
        }
        worlds.save_new(&machine)?;
        assert!(worlds.is_new(&machine)?, "the next save works");
    }
    assert!(errors > 15, "{errors} errors");
    Ok(())
}

#[test]
fn fault_43_a_full_disk_leaves_the_old_world() -> Outcome {
    let worlds = Worlds::new()?;
    let old = worlds.saved_old()?;
    let mut full = 0;
    for room in (0..20_000).step_by(97) {
        let machine = old.with_room(room);
        if let Err(error) = worlds.save_new(&machine) {
            full += 1;
            assert!(error.to_string().contains("the save from before is unchanged"), "{error}");
            machine.works_again();
            assert!(!worlds.is_new(&machine)?);
            worlds.save_new(&machine)?;
        }
        assert!(worlds.is_new(&machine)?);
    }
    assert!(full > 30, "{full} times full");
    Ok(())
}

#[test]
fn fault_43_writes_that_accept_a_few_bytes_give_the_same_files() -> Outcome {
    let worlds = Worlds::new()?;
    let (old, whole) = (worlds.saved_old()?, worlds.saved_old()?);
    worlds.save_new(&whole)?;
    for most in [1, 7, 1000] {
        let machine = old.failing_at(usize::MAX, false);
        machine.0.borrow_mut().most = Some(most);
        worlds.save_new(&machine)?;
        let names: Vec<String> = whole.0.borrow().names.keys().cloned().collect();
        assert!(names.iter().eq(machine.0.borrow().names.keys()));
        for name in names {
            assert!(machine.content(&name) == whole.content(&name), "{name}, {most} bytes a time");
        }
    }
    Ok(())
}

#[test]
fn fault_43_an_error_at_any_operation_of_a_load() -> Outcome {
    let worlds = Worlds::new()?;
    let old = worlds.saved_old()?;
    let mut errors = 0;
    loop {
        let machine = old.failing_at(errors, false);
        match machine.load() {
            Ok(mut store) => {
                assert_eq!(store.state_hash(), worlds.old.state_hash());
                break;
            }
            Err(error) => {
                errors += 1;
                assert!(error.to_string().contains("an injected error"), "{error}");
            }
        }
    }
    assert!(errors > 30, "{errors} times a file is opened or read");
    Ok(())
}

#[test]
fn only_changed_tables_are_written_and_old_files_are_removed() -> Outcome {
    let worlds = Worlds::new()?;
    let machine = worlds.saved_old()?;
    let again = options(1).save_to(&worlds.old, &machine)?;
    assert_eq!((again.tables_written, again.tables_kept), (0, 3));
    let report = options(2).save_to(&worlds.new, &machine)?;
    assert_eq!((report.tables_written, report.tables_kept), (2, 1));
    let names: Vec<String> = machine.0.borrow().names.keys().cloned().collect();
    assert_eq!(names.len(), 6, "three tables, an attachment, the manifest, its copy: {names:?}");
    Ok(())
}

#[test]
fn fault_43_a_save_that_is_done_has_the_same_copy_of_its_manifest_or_none() -> Outcome {
    let worlds = Worlds::new()?;
    let old = worlds.saved_old()?;
    let mut none = 0;
    for operation in 0..operations(&worlds)? {
        let machine = old.failing_at(operation, false);
        if worlds.save_new(&machine).is_ok() {
            let copy = machine.content(COPY_OF_MANIFEST);
            none += usize::from(copy.is_none());
            assert!(copy.is_none() || copy == machine.content(MANIFEST), "operation {operation}");
        }
    }
    assert_eq!(none, 2, "the copy is created and written");
    Ok(())
}

#[test]
fn fault_43_a_manifest_damaged_after_a_power_loss_gives_one_world_or_reports_lost_tables() -> Outcome
{
    let worlds = Worlds::new()?;
    let (mut whole, mut parts) = (0, 0);
    worlds.after_each_power_loss(|machine, _| {
        let Ok((mut loaded, report)) = machine.salvage() else { return Ok(()) };
        let hash = loaded.state_hash();
        let is_whole = hash == worlds.new.state_hash() || hash == worlds.old.state_hash();
        assert!(is_whole || report.damaged().len() > 1, "{:?}", report.damaged());
        if is_whole {
            whole += 1
        } else {
            parts += 1
        }
        Ok(())
    })?;
    assert!(whole > 50, "{whole} whole worlds, {parts} parts of one");
    Ok(())
}

#[test]
fn files_of_others_stay() -> Outcome {
    let worlds = Worlds::new()?;
    let machine = worlds.saved_old()?;
    for name in [
        "notes.txt",
        "picture.arrow",
        "unit-1.arrow",
        "other.partial",
        "x-0123456789abcdef0123456789abcdef.bin",
    ] {
        machine.create(name)?;
    }
    worlds.save_new(&machine)?;
    let names: Vec<String> = machine.0.borrow().names.keys().cloned().collect();
    assert_eq!(names.len(), 11, "{names:?}");
    Ok(())
}

#[test]
fn the_manifest_of_another_program_stays() -> Outcome {
    let worlds = Worlds::new()?;
    let machine = worlds.saved_old()?;
    let foreign = br#"{"name": "a web page", "icons": []}"#;
    machine.create(MANIFEST)?.write_all(foreign)?;
    let error = worlds.save_new(&machine).expect_err("the file is not ours").to_string();
    assert!(error.contains("belongs to another program"), "{error}");
    assert_eq!(machine.content(MANIFEST).as_deref(), Some(&foreign[..]));
    // Damaged, and so of no use to anyone.
    machine.create(MANIFEST)?.write_all(b"\x00\x00")?;
    worlds.save_new(&machine)?;
    assert!(worlds.is_new(&machine)?);
    Ok(())
}

#[test]
fn a_save_begins_without_the_files_of_failed_ones() -> Outcome {
    let worlds = Worlds::new()?;
    let machine = worlds.saved_old()?;
    let left = "unit-0123456789abcdef0123456789abcdef.slotted.arrow";
    machine.create(left)?.write_all(&[7; 5000])?;
    // Its room is free for the new save.
    let mut needed = 0;
    for room in (0..40_000).step_by(97) {
        let machine = machine.with_room(room);
        let is_saved = worlds.save_new(&machine).is_ok();
        assert!(!is_saved || machine.content(left).is_none());
        if !is_saved {
            needed = room;
            assert!(machine.content(left).is_none(), "it is removed first");
        }
    }
    assert!(needed > 0);
    Ok(())
}
