//! Fault 43 of recordings: a file that fails at any operation leaves all whole frames, and its error names it.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::io::{self, BufWriter, Cursor, Read, Seek, SeekFrom, Write};
use std::rc::Rc;

use slotted::{Kind, Schema, Store, record};
use slotted_arrow::recording::{
    Playback, PlaybackError, RecordError, Recorder, RecorderOptions, RecordingFile,
};

type Outcome = Result<(), Box<dyn std::error::Error>>;

const FRAMES: u64 = 8;

/// A file that fails at one operation, or from one on.
#[derive(Clone, Default)]
struct Disk(Rc<RefCell<State>>);

#[derive(Default)]
struct State {
    bytes: Vec<u8>,
    operations: usize,
    fails_at: Option<usize>,
    /// All later operations fail too.
    is_off_afterwards: bool,
    /// The most bytes of an operation.
    most: usize,
    position: u64,
}

impl Disk {
    fn new(bytes: Vec<u8>, most: usize, fails_at: Option<usize>, is_off_afterwards: bool) -> Self {
        let (operations, position) = (0, 0);
        let state = State { bytes, operations, fails_at, is_off_afterwards, most, position };
        Self(Rc::new(RefCell::new(state)))
    }
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
}

impl Write for Disk {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let mut state = self.0.borrow_mut();
        state.operate()?;
        let written = bytes.len().min(state.most);
        state.bytes.extend_from_slice(&bytes[..written]);
        Ok(written)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.0.borrow_mut().operate()
    }
}

impl Read for Disk {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        let mut state = self.0.borrow_mut();
        state.operate()?;
        let rest = state.bytes.get(state.position as usize..).unwrap_or_default();
        let read = rest.len().min(into.len()).min(state.most);
        into[..read].copy_from_slice(&rest[..read]);
        state.position += read as u64;
        Ok(read)
    }
}

impl Seek for Disk {
    fn seek(&mut self, to: SeekFrom) -> io::Result<u64> {
        let mut state = self.0.borrow_mut();
        state.operate()?;
        let mut cursor = Cursor::new(&state.bytes);
        cursor.set_position(state.position);
        let position = cursor.seek(to)?;
        state.position = position;
        Ok(position)
    }
}

/// The state hash of each frame.
type Frames = BTreeMap<u64, u64>;

/// The errors of a recording, and the frames that were recorded.
#[derive(Default)]
struct Run {
    errors: Vec<RecordError>,
    recorded: u64,
    is_finished: bool,
}

/// Plays a game and records it, with a schema that comes later, a change of nothing, and a keyframe in the middle.
fn record(out: impl Write, frames: &mut Frames) -> Result<Run, Box<dyn std::error::Error>> {
    let mut run = Run::default();
    let mut store = Store::new();
    let unit = Schema::builder("unit").slot("health", Kind::F32).slot("name", Kind::Text);
    store.register_schema(unit.build()?)?;
    let mut recorder = match RecorderOptions::new().keyframe_every(3).start(out) {
        Ok(recorder) => Some(recorder),
        Err(error) => {
            run.errors.push(error);
            None
        }
    };
    for frame in 0..FRAMES {
        match frame {
            2 => drop(store.register_schema(Schema::builder("orc").extends("unit").build()?)?),
            5 => {}
            _ => {
                let name = format!("unit {frame}");
                store.spawn_record("unit", record! { health: frame as f32, name: name })?;
            }
        }
        frames.insert(frame, store.state_hash());
        match recorder.as_mut().map(|recorder| recorder.frame(frame, &store.snapshot())) {
            Some(Ok(is_recorded)) => {
                assert!(is_recorded && run.recorded == frame);
                run.recorded += 1;
            }
            Some(Err(error)) => run.errors.push(error),
            None => {}
        }
    }
    match recorder.map(Recorder::finish) {
        Some(Ok(_)) => run.is_finished = true,
        Some(Err(error)) => run.errors.push(error),
        None => {}
    }
    Ok(run)
}

/// Checks the errors of a run whose writer failed once: the first says what happened, the others that it ended.
fn check_errors(run: &Run) {
    let [first, others @ ..] = &run.errors[..] else {
        assert!(run.is_finished && run.recorded == FRAMES);
        return;
    };
    assert!(!run.is_finished);
    match first {
        RecordError::Begin(_) => assert!(run.recorded == 0 && others.is_empty()),
        RecordError::Write { frame, .. } => assert_eq!(*frame, run.recorded),
        RecordError::Index(_) => assert!(run.recorded == FRAMES && others.is_empty()),
        other => panic!("{other}"),
    }
    let message = first.to_string();
    assert!(message.contains("cannot write 'replay.rec': an injected error"), "{message}");
    assert!(others.iter().all(|error| matches!(error, RecordError::Ended)), "{others:?}");
}

/// Checks that a file has all recorded frames, each as it was, and at most the one that failed after its last byte.
fn check_frames(bytes: &[u8], recorded: u64, frames: &Frames) -> Outcome {
    let mut playback = match Playback::open(Cursor::new(bytes)) {
        Ok(playback) => playback,
        Err(PlaybackError::Foreign) if bytes.len() < 32 && recorded == 0 => return Ok(()),
        Err(PlaybackError::Empty) if recorded == 0 => return Ok(()),
        Err(error) => return Err(error.into()),
    };
    let found = playback.frames().len() as u64;
    assert!(found == recorded || found == recorded + 1, "{found} of {recorded} frames");
    for frame in (0..found).chain((0..found).rev()) {
        assert_eq!(playback.seek(frame)?, frame);
        assert_eq!(playback.snapshot().state_hash(), frames[&frame], "frame {frame}");
    }
    Ok(())
}

#[test]
fn fault_43_a_write_error_at_any_operation_leaves_the_frames_before() -> Outcome {
    let mut frames = Frames::new();
    for (most, buffer) in
        [(usize::MAX, None), (400, None), (usize::MAX, Some(64)), (400, Some(1 << 16))]
    {
        for is_off_afterwards in [false, true] {
            let mut operation = 0;
            loop {
                let disk = Disk::new(Vec::new(), most, Some(operation), is_off_afterwards);
                let file = RecordingFile::new(disk.clone(), "replay.rec");
                let run = match buffer {
                    None => record(file, &mut frames)?,
                    Some(bytes) => record(BufWriter::with_capacity(bytes, file), &mut frames)?,
                };
                check_errors(&run);
                let state = disk.0.borrow();
                check_frames(&state.bytes, run.recorded, &frames)
                    .map_err(|error| format!("operation {operation} of {most} bytes: {error}"))?;
                if state.operations <= operation {
                    assert!(run.is_finished);
                    break;
                }
                operation += 1;
            }
            assert!(operation > 10, "{operation} operations");
        }
    }
    Ok(())
}

/// After a power failure, bytes that were not synced may be zeros, or missing.
#[test]
fn fault_43_bytes_that_the_disk_lost_cost_the_frames_that_had_them() -> Outcome {
    let (mut frames, disk) = (Frames::new(), Disk::new(Vec::new(), usize::MAX, None, false));
    record(disk.clone(), &mut frames)?;
    let whole = disk.0.borrow().bytes.clone();
    let ends: Vec<u64> = {
        let mut end = 32;
        let add = |frame: slotted_arrow::recording::RecordedFrame| {
            end += frame.bytes;
            end
        };
        Playback::open(Cursor::new(&whole))?.frames().map(add).collect()
    };
    for length in (0..whole.len()).step_by(41) {
        let recorded = ends.iter().filter(|end| **end <= length as u64).count() as u64;
        for zeros in [0, 63, 65, 5000] {
            let mut lost = whole[..length].to_vec();
            lost.resize(length + zeros, 0);
            match Playback::open(Cursor::new(&lost)) {
                Err(PlaybackError::Foreign | PlaybackError::Damaged { at: 0, .. })
                    if length < 32 => {}
                _ => check_frames(&lost, recorded, &frames)
                    .map_err(|error| format!("{length} bytes and {zeros} zeros: {error}"))?,
            }
        }
    }
    Ok(())
}

#[test]
fn fault_43_a_read_error_at_any_operation_leaves_the_playback_where_it_is() -> Outcome {
    let (mut frames, disk) = (Frames::new(), Disk::new(Vec::new(), usize::MAX, None, false));
    record(disk.clone(), &mut frames)?;
    let whole = disk.0.borrow().bytes.clone();
    // Once with an index, and once without.
    for bytes in [whole.clone(), whole[..whole.len() - 1].to_vec()] {
        let mut operation = 0;
        loop {
            let disk = Disk::new(bytes.clone(), 1000, Some(operation), false);
            let injected = |error: PlaybackError| match error {
                PlaybackError::Read(error) => {
                    assert_eq!(error.to_string(), "cannot read 'replay.rec': an injected error");
                }
                other => panic!("operation {operation}: {other}"),
            };
            let mut failures = 0;
            let mut playback = match Playback::open(RecordingFile::new(disk.clone(), "replay.rec"))
            {
                Ok(playback) => playback,
                Err(error) => {
                    injected(error);
                    operation += 1;
                    continue;
                }
            };
            assert_eq!(playback.frames().len() as u64, FRAMES);
            for frame in (0..FRAMES).chain((0..FRAMES).rev()).chain([6, 1]) {
                let before = playback.number();
                if let Err(error) = playback.seek(frame) {
                    injected(error);
                    failures += 1;
                    // It stays at a frame between both, which is right.
                    let at = playback.number();
                    assert!((before.min(frame)..=before.max(frame)).contains(&at) || at < frame);
                    assert_eq!(playback.snapshot().state_hash(), frames[&at]);
                    assert_eq!(playback.seek(frame)?, frame, "the next attempt succeeds");
                }
                assert_eq!(playback.snapshot().state_hash(), frames[&frame]);
            }
            assert!(failures <= 1);
            if disk.0.borrow().operations <= operation {
                break;
            }
            operation += 1;
        }
        assert!(operation > 30, "{operation} operations");
    }
    Ok(())
}

#[test]
fn files_that_cannot_be_opened_are_named() -> Outcome {
    let folder = std::env::temp_dir().join(format!("slotted-recording-{}", std::process::id()));
    std::fs::create_dir_all(&folder)?;
    let shown = |name: &str| folder.join(name).display().to_string();
    let create =
        |name: &str| RecordingFile::create(folder.join(name)).err().map(|error| error.to_string());
    let open =
        |name: &str| RecordingFile::open(folder.join(name)).err().map(|error| error.to_string());
    assert_eq!(create("replay.rec"), None);
    let again = create("replay.rec").ok_or("it was overwritten")?;
    assert_eq!(again, format!("cannot create '{}': it exists already", shown("replay.rec")));
    let missing = create("missing/replay.rec").ok_or("there is no such folder")?;
    let beginning = format!("cannot create '{}': ", shown("missing/replay.rec"));
    assert!(missing.starts_with(&beginning), "{missing}");
    let missing = open("other.rec").ok_or("there is no such file")?;
    assert!(missing.starts_with(&format!("cannot open '{}': ", shown("other.rec"))), "{missing}");
    let a_folder = open("").ok_or("it is a folder")?;
    assert!(a_folder.ends_with("it is not a file"), "{a_folder}");

    // The whole way, with a real file.
    let mut frames = Frames::new();
    let path = folder.join("whole.rec");
    assert!(record(RecordingFile::create(&path)?, &mut frames)?.is_finished);
    RecordingFile::open(&path)?.sync_all()?;
    check_frames(&std::fs::read(&path)?, FRAMES, &frames)?;
    std::fs::remove_dir_all(folder)?;
    Ok(())
}
