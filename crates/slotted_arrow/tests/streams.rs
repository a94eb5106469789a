//! Writers and readers of streams that fail, stop or accept only some bytes: the whole save, or a clear error.

mod common;

use std::io::{self, Read, Write};

use slotted::{Kind, Schema, Store, record};
use slotted_arrow::{Compression, LoadError, LoadOptions, SaveError, SaveOptions};

type Outcome = Result<(), Box<dyn std::error::Error>>;

/// The faults of a writer or a reader.
#[derive(Clone, Copy, Debug, Default)]
struct Faults {
    /// The call that fails.
    fails_at: Option<usize>,
    /// The most bytes of a call.
    most: Option<usize>,
    /// Every other call is interrupted.
    is_interrupted: bool,
    /// The bytes after which nothing more is accepted, or nothing more comes.
    room: Option<usize>,
}

/// A writer to memory, or a reader of memory, with faults.
#[derive(Debug, Default)]
struct Faulty {
    faults: Faults,
    bytes: Vec<u8>,
    done: usize,
    calls: usize,
}

impl Faulty {
    fn new(faults: Faults, bytes: &[u8]) -> Self {
        Self { faults, bytes: bytes.to_vec(), done: 0, calls: 0 }
    }

    /// Counts a call and returns how many of the bytes it handles.
    fn call(&mut self, bytes: usize) -> io::Result<usize> {
        let number = self.calls;
        self.calls += 1;
        if self.faults.fails_at == Some(number) {
            return Err(io::Error::other("an injected error"));
        }
        // `write_all` goes on after an interruption; nobody does so after that of a flush.
        if self.faults.is_interrupted && number.is_multiple_of(2) && bytes > 0 {
            return Err(io::ErrorKind::Interrupted.into());
        }
        let room = self.faults.room.unwrap_or(usize::MAX).saturating_sub(self.done);
        let count = bytes.min(self.faults.most.unwrap_or(usize::MAX)).min(room);
        self.done += count;
        Ok(count)
    }
}

impl Write for Faulty {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let count = self.call(bytes.len())?;
        self.bytes.extend_from_slice(&bytes[..count]);
        Ok(count)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.call(0).map(|_| ())
    }
}

impl Read for Faulty {
    fn read(&mut self, bytes: &mut [u8]) -> io::Result<usize> {
        let start = self.done;
        let count = self.call(bytes.len().min(self.bytes.len() - start))?;
        bytes[..count].copy_from_slice(&self.bytes[start..start + count]);
        Ok(count)
    }
}

const COMPRESSIONS: [Option<Compression>; 3] =
    [None, Some(Compression::Lz4), Some(Compression::Zstd)];

/// Faults that a program does not see: short calls and interruptions.
fn invisible() -> impl Iterator<Item = Faults> {
    [1, 3, 1000].into_iter().flat_map(|most| {
        [false, true].map(|is_interrupted| Faults {
            most: Some(most),
            is_interrupted,
            ..Faults::default()
        })
    })
}

fn world() -> Result<Store, Box<dyn std::error::Error>> {
    let mut store = Store::new();
    let unit =
        Schema::builder("unit").slot("health", Kind::F32).slot("name", Kind::Text).optional();
    store.register_schema(unit.build()?)?;
    let tile = Schema::builder("tile").slot("drops", Kind::list(Kind::U16));
    store.register_schema(tile.build()?)?;
    let unit = |number: i32| record! { health: number as f32, name: format!("unit {number}") };
    store.spawn_records("unit", (0..20).map(unit).collect::<Vec<_>>())?;
    store.spawn_records("tile", vec![record! { drops: [22, 7] }; 3])?;
    Ok(store)
}

fn write(
    store: &mut Store,
    compression: Option<Compression>,
    out: &mut Faulty,
) -> Result<(), SaveError> {
    let options = SaveOptions::new().compression(compression).attach("turn", *b"12");
    options.write(&store.snapshot(), out).map(|_| ())
}

fn stream(store: &mut Store, compression: Option<Compression>) -> Result<Vec<u8>, SaveError> {
    let mut out = Faulty::default();
    write(store, compression, &mut out)?;
    Ok(out.bytes)
}

#[test]
fn fault_43_writers_that_accept_a_few_bytes_or_are_interrupted_get_the_whole_stream() -> Outcome {
    let mut store = world()?;
    for compression in COMPRESSIONS {
        let whole = stream(&mut store, compression)?;
        for faults in invisible() {
            let mut out = Faulty::new(faults, b"");
            write(&mut store, compression, &mut out)?;
            assert!(out.bytes == whole, "{faults:?}");
        }
    }
    Ok(())
}

#[test]
fn fault_43_a_writer_that_fails_at_any_call_is_a_clear_error() -> Outcome {
    let mut store = world()?;
    let (before, whole) = (store.state_hash(), stream(&mut store, None)?);
    let mut calls = 0;
    loop {
        let mut out = Faulty::new(Faults { fails_at: Some(calls), ..Faults::default() }, b"");
        let Err(error) = write(&mut store, None, &mut out) else {
            assert!(out.bytes == whole);
            break;
        };
        assert_eq!(error.to_string(), "cannot write the save: an injected error");
        assert!(whole.starts_with(&out.bytes), "nothing else was written");
        // The last call is a flush: all bytes are there, and only the disk may lack them.
        let is_refused = LoadOptions::new().read(&out.bytes[..]).is_err();
        assert_eq!(is_refused, out.bytes.len() < whole.len(), "call {calls}");
        calls += 1;
    }
    assert!(calls > 20, "{calls} calls");
    assert_eq!(store.state_hash(), before);
    Ok(())
}

#[test]
fn fault_43_a_writer_that_is_full_is_a_clear_error() -> Outcome {
    let mut store = world()?;
    let whole = stream(&mut store, None)?;
    for room in (0..whole.len()).step_by(61) {
        let mut out = Faulty::new(Faults { room: Some(room), ..Faults::default() }, b"");
        let error = write(&mut store, None, &mut out).unwrap_err();
        assert_eq!(error.to_string(), "cannot write the save: failed to write whole buffer");
        assert!(out.bytes == whole[..room]);
    }
    Ok(())
}

#[test]
fn fault_43_readers_that_return_a_few_bytes_or_are_interrupted_give_the_whole_store() -> Outcome {
    let mut store = world()?;
    for compression in COMPRESSIONS {
        let whole = stream(&mut store, compression)?;
        for faults in invisible() {
            let (mut loaded, report) = LoadOptions::new().read(Faulty::new(faults, &whole))?;
            assert_eq!(loaded.state_hash(), store.state_hash());
            assert_eq!(loaded.future_ids_hash(), store.future_ids_hash());
            assert_eq!(report.attachment("turn"), Some(&b"12"[..]));
            let mut damaged = whole.clone();
            damaged[40] ^= 1;
            let options = LoadOptions::new().salvage();
            let (mut loaded, report) = options.read(Faulty::new(faults, &damaged))?;
            assert_eq!(loaded.state_hash(), store.state_hash());
            assert_eq!(report.damaged().len(), 1, "the manifest alone, which has a copy");
        }
    }
    Ok(())
}

/// Loads into a store that must stay as it is.
fn refused(input: impl Read) -> Result<LoadError, Box<dyn std::error::Error>> {
    let mut target = world()?;
    let id = target.ids().next().ok_or("no object")?;
    target.despawn(id)?;
    let before = (target.state_hash(), target.future_ids_hash());
    let error = LoadOptions::new().read_into(&mut target, input).err().ok_or("it was loaded")?;
    assert_eq!((target.state_hash(), target.future_ids_hash()), before, "nothing was changed");
    Ok(error)
}

#[test]
fn fault_43_a_reader_that_fails_at_any_call_is_a_clear_error_and_changes_nothing() -> Outcome {
    let mut store = world()?;
    for compression in COMPRESSIONS {
        let whole = stream(&mut store, compression)?;
        let calls = {
            let mut input = Faulty::new(Faults::default(), &whole);
            LoadOptions::new().read(&mut input)?;
            input.calls
        };
        assert!(calls > 20, "{calls} calls");
        for call in 0..calls {
            let faults = Faults { fails_at: Some(call), ..Faults::default() };
            let error = refused(Faulty::new(faults, &whole))?;
            assert!(matches!(error, LoadError::File { .. }), "call {call}: {error}");
            let message = error.to_string();
            let names = ["the stream", ".slotted.arrow", ".slotted.bin"];
            let has_name = names.iter().any(|name| message.contains(name));
            assert!(
                has_name && message.ends_with("': an injected error"),
                "call {call}: {message}"
            );
            // A salvage has the objects that came before, or the same error.
            let mut input = Faulty::new(faults, &whole);
            let salvaged = LoadOptions::new().salvage().read(&mut input);
            let Ok((salvaged, report)) = salvaged else { continue };
            // It reads larger parts, so it makes fewer calls.
            let has_failed = input.calls > call;
            assert_eq!(report.damaged().is_empty(), !has_failed, "call {call}");
            for id in salvaged.ids() {
                assert_eq!(salvaged.get_record(id)?, store.get_record(id)?);
            }
        }
    }
    Ok(())
}

#[test]
fn fault_43_a_reader_that_ends_early_is_a_clear_error_and_changes_nothing() -> Outcome {
    let whole = stream(&mut world()?, None)?;
    for room in (0..whole.len()).step_by(61) {
        let faults = Faults { room: Some(room), ..Faults::default() };
        let error = refused(Faulty::new(faults, &whole))?;
        assert!(matches!(error, LoadError::Damaged { .. }), "{room} bytes: {error}");
    }
    Ok(())
}

#[test]
fn a_save_on_another_thread_has_the_moment_of_its_snapshot() -> Outcome {
    let mut store = common::world(120, 17);
    store.spawn_records("floor", vec![record! { height: 1.0 }; 60_000])?;
    let (snapshot, folder) = (store.snapshot(), common::Folder::new("meanwhile"));
    let (hash, future) = (store.state_hash(), store.future_ids_hash());
    let mut expected = Vec::new();
    SaveOptions::new().write(&snapshot, &mut expected)?;
    let ids: Vec<_> = store.ids_of("floor")?.collect();
    let saved = std::thread::scope(|scope| {
        let saving = scope.spawn(|| {
            let mut bytes = Vec::new();
            SaveOptions::new().write(&snapshot, &mut bytes)?;
            SaveOptions::new().save(&snapshot, &folder.0)?;
            Ok::<_, SaveError>(bytes)
        });
        let mut changes = 0;
        while !saving.is_finished() || changes < 1000 {
            let id = ids[changes * 7919 % ids.len()];
            match changes % 4 {
                0 => _ = store.despawn(id),
                1 => {
                    _ = store
                        .spawn_record("floor", record! { height: -1.0, name: format!("{changes}") })
                }
                2 => drop(store.snapshot()),
                _ => _ = store.set_value(id, "height", 2.0_f32),
            }
            changes += 1;
        }
        saving.join().expect("no panic")
    })?;
    assert!(saved == expected, "the stream has the moment of the snapshot");
    assert_ne!(store.state_hash(), hash, "the store has changed");
    let mut loaded = common::store();
    LoadOptions::new().load_into(&mut loaded, &folder.0)?;
    assert_eq!((loaded.state_hash(), loaded.future_ids_hash()), (hash, future));
    Ok(())
}
