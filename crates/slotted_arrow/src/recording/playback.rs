//! Plays recordings, forwards and backwards.

use std::fmt;
use std::io::{Read, Seek};

use slotted::{Delta, Limits, Snapshot, Store};

use crate::load::DEFAULT_EXPANSION;
use crate::recording::PlaybackError;
use crate::recording::format::{Entry, RecordKind};
use crate::recording::notes::Notes;
use crate::recording::source::{Found, RecordedFrame, Source, Tail, Wanted};
use crate::recording::undo::Undo;
use crate::recording::worlds::Worlds;

/// The most bytes of a change by default.
const MOST_FRAME_BYTES: u64 = 1 << 30;

/// Plays a recording: a store that goes from frame to frame, forwards and backwards.
///
/// At each frame the store has the values, ids, future ids and hashes of the recorded one. It begins at the first frame.
///
/// # Cost
/// A step forwards takes time in proportion to what changed. A seek loads at most one keyframe, and then steps. The first step
/// backwards is a seek; the following ones are as fast as steps forwards, because the differences are kept, up to 256 MiB.
///
/// # Example
/// ```
/// use std::io::Cursor;
/// use slotted::Store;
/// # use slotted::{Kind, Schema, record};
/// use slotted_arrow::recording::{Playback, Recorder};
/// # let mut store = Store::new();
/// # store.register_schema(Schema::builder("unit").build()?)?;
/// let mut recorder = Recorder::new(Vec::new())?;
/// for frame in 0..3 {
///     store.spawn_record("unit", record! {})?;
///     recorder.frame(frame, &store.snapshot())?;
/// }
///
/// let mut playback = Playback::open(Cursor::new(recorder.finish()?.0))?;
/// assert_eq!((playback.number(), playback.store().len()), (0, 1));
/// while playback.step_forwards()? {}
/// assert_eq!((playback.number(), playback.store().len()), (2, 3));
/// while playback.step_backwards()? {}
/// assert_eq!((playback.number(), playback.store().len()), (0, 1));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub struct Playback<R> {
    source: Source<R>,
    entries: Vec<Entry>,
    /// The position behind the last frame.
    end: u64,
    tail: Option<Tail>,
    worlds: Worlds,
    store: Store,
    current: usize,
    notes: Notes,
    undo: Undo,
}

/// Options of a playback.
///
/// # Example
/// ```
/// use std::io::Cursor;
/// use slotted::{Slotted, Store};
/// use slotted_arrow::recording::{PlaybackOptions, Recorder};
///
/// #[derive(Slotted, Clone, Copy)]
/// struct Unit { health: f32 }
///
/// let mut store = Store::new();
/// store.register::<Unit>()?;
/// let unit = store.spawn(Unit { health: 80.0 })?;
/// let mut recorder = Recorder::new(Vec::new())?;
/// recorder.frame(0, &store.snapshot())?;
///
/// let options = PlaybackOptions::new().types_of(&store);
/// let playback = options.open(Cursor::new(recorder.finish()?.0))?;
/// assert_eq!(playback.store().get_object::<Unit>(unit)?.health, 80.0);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug)]
#[must_use = "options do nothing on their own"]
pub struct PlaybackOptions<'s> {
    pub(super) types_of: Option<&'s Store>,
    pub(super) limits: Limits,
    pub(super) expansion: u64,
    most_frame_bytes: u64,
    pub(super) ignores_checksums: bool,
}

impl Default for PlaybackOptions<'_> {
    fn default() -> Self {
        let (types_of, limits) = (None, Limits::default());
        let ignores_checksums = false;
        let (expansion, most_frame_bytes) = (DEFAULT_EXPANSION, MOST_FRAME_BYTES);
        Self { types_of, limits, expansion, most_frame_bytes, ignores_checksums }
    }
}

impl<'s> PlaybackOptions<'s> {
    /// Returns options without Rust types.
    ///
    /// [`PlaybackOptions`] has an example.
    pub fn new() -> Self {
        Self::default()
    }

    /// Gives the played store the Rust types of another store, and its limits.
    ///
    /// Views match by slots and work without; keys of a Rust type, whole objects and plain-memory types need them. A type
    /// stands for a schema of the recording if both have the same slots.
    ///
    /// [`PlaybackOptions`] has an example.
    pub fn types_of(mut self, store: &'s Store) -> Self {
        self.limits = *store.limits();
        self.types_of = Some(store);
        self
    }

    /// Sets the limits of the played store. They bound the memory of a playback.
    ///
    /// # Example
    /// ```
    /// use std::io::Cursor;
    /// use slotted::{Limits, Schema, record};
    /// use slotted_arrow::recording::{PlaybackOptions, Recorder};
    /// # let mut store = slotted::Store::new();
    /// # store.register_schema(Schema::builder("tile").build()?)?;
    /// store.spawn_records("tile", vec![record! {}; 100])?;
    /// let mut recorder = Recorder::new(Vec::new())?;
    /// recorder.frame(0, &store.snapshot())?;
    /// let mut limits = Limits::default();
    /// limits.rows_per_schema = 50;
    /// let options = PlaybackOptions::new().limits(limits);
    /// assert!(options.open(Cursor::new(recorder.finish()?.0)).is_err());
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn limits(mut self, limits: Limits) -> Self {
        self.limits = limits;
        self
    }

    /// Sets the most bytes that the changes of one frame have in memory: 1 GiB by default.
    ///
    /// A hostile file can declare any size, and compressed bytes can become thousands of times larger.
    ///
    /// # Example
    /// ```
    /// use std::io::Cursor;
    /// use slotted_arrow::recording::{PlaybackOptions, Recorder};
    /// # let mut store = slotted::Store::new();
    /// let mut recorder = Recorder::new(Vec::new())?;
    /// recorder.frame(0, &store.snapshot())?;
    /// recorder.frame(1, &store.snapshot())?;
    /// let options = PlaybackOptions::new().most_frame_bytes(1);
    /// let mut playback = options.open(Cursor::new(recorder.finish()?.0))?;
    /// assert!(playback.step_forwards().is_err());
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub const fn most_frame_bytes(mut self, bytes: u64) -> Self {
        self.most_frame_bytes = bytes;
        self
    }

    /// Sets how many more bytes the world of a keyframe may have than the file, by decompression: 4 GiB by default.
    ///
    /// # Example
    /// ```
    /// use std::io::Cursor;
    /// use slotted::{Kind, Schema, Store, record};
    /// use slotted_arrow::Compression;
    /// use slotted_arrow::recording::{PlaybackOptions, RecorderOptions};
    /// # let mut store = Store::new();
    /// # store.register_schema(Schema::builder("tile").slot("height", Kind::F64).default(0).build()?)?;
    /// store.spawn_records("tile", vec![record! {}; 8192])?;
    /// let mut recorder = RecorderOptions::new().compression(Compression::Lz4).start(Vec::new())?;
    /// recorder.frame(0, &store.snapshot())?;
    /// let file = Cursor::new(recorder.finish()?.0);
    /// assert!(PlaybackOptions::new().expansion(60_000).open(file.clone()).is_err());
    /// assert!(PlaybackOptions::new().expansion(70_000).open(file).is_ok());
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub const fn expansion(mut self, bytes: u64) -> Self {
        self.expansion = bytes;
        self
    }

    /// Accepts wrong checksums, so that fuzzing reaches the checks behind them.
    #[doc(hidden)]
    pub const fn ignore_checksums(mut self) -> Self {
        self.ignores_checksums = true;
        self
    }

    /// Opens a recording and goes to its first frame.
    ///
    /// Reads the index at the end. A recording that was not finished is read once as a whole, to find its last whole frame.
    ///
    /// # Errors
    /// Returns an error if the recording cannot be read, is something else, or has no whole frame.
    ///
    /// [`PlaybackOptions`] has an example.
    pub fn open<R: Read + Seek>(&self, input: R) -> Result<Playback<R>, PlaybackError> {
        let (mut source, found) =
            Source::open(input, self.most_frame_bytes, self.ignores_checksums)?;
        let worlds = Worlds::new(self)?;
        let Found { entries, end, tail } = found;
        let (store, notes) = worlds.load(&mut source, &entries, 0)?;
        let undo = Undo::default();
        Ok(Playback { source, entries, end, tail, worlds, store, current: 0, notes, undo })
    }
}

impl<R: Read + Seek> Playback<R> {
    /// Opens a recording and goes to its first frame. [`PlaybackOptions`] offers more.
    ///
    /// # Errors
    /// Returns an error if the recording cannot be read, is something else, or has no whole frame.
    ///
    /// [`Playback`] has an example.
    pub fn open(input: R) -> Result<Self, PlaybackError> {
        PlaybackOptions::new().open(input)
    }

    /// Goes to the next recorded frame. Returns `false` at the last one.
    ///
    /// # Errors
    /// Returns an error if the frame is damaged or cannot be read. The playback stays where it is.
    ///
    /// [`Playback`] has an example.
    pub fn step_forwards(&mut self) -> Result<bool, PlaybackError> {
        let next = self.current + 1;
        if next >= self.entries.len() {
            return Ok(false);
        }
        self.go_to(next)?;
        Ok(true)
    }

    /// Goes to the recorded frame before. Returns `false` at the first one.
    ///
    /// # Errors
    /// Returns an error if a frame is damaged or cannot be read.
    ///
    /// [`Playback`] has an example.
    pub fn step_backwards(&mut self) -> Result<bool, PlaybackError> {
        let Some(before) = self.current.checked_sub(1) else { return Ok(false) };
        self.go_to(before)?;
        Ok(true)
    }

    /// Goes to the last recorded frame whose number is at most this one, and returns its number.
    ///
    /// # Errors
    /// Returns an error if the recording begins later, or if a frame on the way is damaged. Frames behind the next keyframe
    /// can be reached nevertheless.
    ///
    /// [`Recorder`](crate::recording::Recorder) has an example.
    pub fn seek(&mut self, number: u64) -> Result<u64, PlaybackError> {
        let after = self.entries.partition_point(|entry| entry.number <= number);
        let Some(index) = after.checked_sub(1) else {
            let first = self.entries.first().map_or(0, |entry| entry.number);
            return Err(PlaybackError::TooEarly { frame: number, first });
        };
        self.go_to(index)?;
        Ok(self.number())
    }

    /// Plays the whole recording from its first frame, as a snapshot of each frame.
    ///
    /// # Example
    /// ```
    /// use std::io::Cursor;
    /// use slotted_arrow::recording::{Playback, Recorder};
    /// # let mut store = slotted::Store::new();
    /// # store.register_schema(slotted::Schema::builder("unit").build()?)?;
    /// let mut recorder = Recorder::new(Vec::new())?;
    /// for frame in [10, 20, 30] {
    ///     store.spawn_record("unit", slotted::record! {})?;
    ///     recorder.frame(frame, &store.snapshot())?;
    /// }
    /// let mut playback = Playback::open(Cursor::new(recorder.finish()?.0))?;
    /// let mut lengths = Vec::new();
    /// for frame in playback.snapshots() {
    ///     let (number, snapshot) = frame?;
    ///     lengths.push((number, snapshot.len()));
    /// }
    /// assert_eq!(lengths, [(10, 1), (20, 2), (30, 3)]);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub const fn snapshots(&mut self) -> Snapshots<'_, R> {
        Snapshots { playback: self, next: 0 }
    }

    /// Goes to a frame by the way with the fewest bytes. If that is damaged, tries the keyframe before the frame.
    fn go_to(&mut self, target: usize) -> Result<(), PlaybackError> {
        self.undo.is_wanted |= target < self.current;
        let keyframe = self.keyframe_before(target);
        let from_keyframe = self.bytes(keyframe..target + 1);
        let steps = if target < self.current {
            let bytes = self.undo.bytes_of(self.current - target);
            bytes.is_some_and(|bytes| bytes <= from_keyframe)
        } else {
            self.bytes(self.current + 1..target + 1) <= from_keyframe || keyframe <= self.current
        };
        if steps {
            let came_from = self.current;
            let gone = self.steps_to(target);
            // The keyframe may be intact, and the changes up to it damaged.
            if gone.is_ok() || keyframe <= came_from || target < came_from {
                return gone;
            }
        }
        self.go_to_keyframe(keyframe)?;
        self.steps_to(target)
    }

    fn steps_to(&mut self, target: usize) -> Result<(), PlaybackError> {
        while self.current > target {
            if !self.step_back()? {
                return self.go_to_keyframe(self.keyframe_before(target));
            }
        }
        while self.current < target {
            match self.entries[self.current + 1].has_change() {
                true => self.step()?,
                false => self.go_to_keyframe(self.current + 1)?,
            }
        }
        Ok(())
    }

    /// Returns the last frame up to this one that is a keyframe. The first frame is one.
    fn keyframe_before(&self, target: usize) -> usize {
        let is_keyframe = |index: &usize| self.entries[*index].has_keyframe();
        (0..=target).rev().find(is_keyframe).unwrap_or(0)
    }

    /// Returns the bytes of some frames in the file.
    fn bytes(&self, frames: std::ops::Range<usize>) -> u64 {
        let at = |index: usize| self.entries.get(index).map_or(self.end, |entry| entry.start);
        at(frames.end).saturating_sub(at(frames.start))
    }

    fn go_to_keyframe(&mut self, index: usize) -> Result<(), PlaybackError> {
        let (store, notes) = self.worlds.load(&mut self.source, &self.entries, index)?;
        (self.store, self.notes, self.current) = (store, notes, index);
        self.undo.clear();
        Ok(())
    }

    /// Applies the changes of the next frame.
    fn step(&mut self) -> Result<(), PlaybackError> {
        let index = self.current + 1;
        let Entry { number, start, .. } = self.entries[index];
        let wanted = Wanted { kind: RecordKind::Change, at: start, index: index as u64, number };
        let record = self.source.read(wanted)?;
        let damaged = |part| PlaybackError::Damaged { at: start, part };
        let (definitions, delta) =
            split_change(&record.content).ok_or(damaged("the schemas of a frame are cut off"))?;
        let (delta, rest) = postcard::take_from_bytes::<Delta>(delta)
            .map_err(|_| damaged("the changes of a frame cannot be read"))?;
        if !rest.is_empty() {
            return Err(damaged("bytes follow the changes of a frame"));
        }
        self.worlds.register(&mut self.store, definitions, number)?;
        let before = self.undo.is_wanted.then(|| self.store.snapshot());
        let applied = self.store.apply(&delta);
        applied.map_err(|error| PlaybackError::Change { frame: number, error: Box::new(error) })?;
        if let Some(before) = before {
            let back = Delta::between(&self.store.snapshot(), &before).ok();
            let back = back.and_then(|back| postcard::to_allocvec(&back).ok());
            self.undo.push(back, std::mem::take(&mut self.notes));
            self.store.reuse_memory_of(before);
        }
        (self.notes, self.current) = (record.notes, index);
        Ok(())
    }

    /// Takes back the changes of the last step. Returns `false` if they are not known.
    fn step_back(&mut self) -> Result<bool, PlaybackError> {
        let Some((delta, notes)) = self.undo.pop() else { return Ok(false) };
        let Ok(delta) = postcard::from_bytes::<Delta>(&delta) else { return Ok(false) };
        let frame = self.entries[self.current - 1].number;
        let applied = self.store.apply(&delta);
        applied.map_err(|error| PlaybackError::Change { frame, error: Box::new(error) })?;
        (self.notes, self.current) = (notes, self.current - 1);
        Ok(true)
    }
}

impl<R> Playback<R> {
    /// Iterates over the recorded frames.
    ///
    /// # Example
    /// ```
    /// use std::io::Cursor;
    /// use slotted_arrow::recording::{Playback, RecorderOptions};
    /// # let mut store = slotted::Store::new();
    /// let mut recorder = RecorderOptions::new().every(10).start(Vec::new())?;
    /// for frame in 0..25 {
    ///     recorder.frame(frame, &store.snapshot())?;
    /// }
    /// let playback = Playback::open(Cursor::new(recorder.finish()?.0))?;
    /// let frames: Vec<_> = playback.frames().collect();
    /// assert_eq!(frames.iter().map(|frame| frame.number).collect::<Vec<_>>(), [0, 10, 20]);
    /// assert!(frames[0].is_keyframe && frames[1].bytes < frames[0].bytes);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn frames(&self) -> impl ExactSizeIterator<Item = RecordedFrame> {
        self.entries.iter().enumerate().map(|(index, entry)| {
            let after = self.entries.get(index + 1).map_or(self.end, |next| next.start);
            let (number, is_keyframe) = (entry.number, entry.has_keyframe());
            RecordedFrame { number, bytes: after - entry.start, is_keyframe }
        })
    }

    /// Returns the end of a recording that was not finished, or `None` if it was.
    ///
    /// # Example
    /// ```
    /// use std::io::Cursor;
    /// use slotted_arrow::recording::{Playback, Recorder};
    /// # let mut store = slotted::Store::new();
    /// let mut recorder = Recorder::new(Vec::new())?;
    /// recorder.frame(0, &store.snapshot())?;
    /// recorder.frame(1, &store.snapshot())?;
    /// let bytes = recorder.report().bytes;
    /// let (mut file, _) = recorder.finish()?;
    /// file.truncate(bytes as usize - 1); // The program was killed in the middle of frame 1.
    ///
    /// let playback = Playback::open(Cursor::new(file))?;
    /// assert_eq!(playback.frames().count(), 1);
    /// assert!(playback.tail().is_some_and(|tail| tail.bytes > 0));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub const fn tail(&self) -> Option<&Tail> {
        self.tail.as_ref()
    }

    /// Returns the number of the current frame.
    ///
    /// [`Playback`] has an example.
    #[must_use]
    pub fn number(&self) -> u64 {
        self.entries[self.current].number
    }

    /// Returns the store as it was at the current frame.
    ///
    /// Schemas that later frames registered may be there, without objects. A seek or a migration may replace the store by
    /// another one, so resolve keys again after it.
    ///
    /// [`Playback`] has an example.
    #[must_use]
    pub const fn store(&self) -> &Store {
        &self.store
    }

    /// Takes a snapshot of the current frame. [`to_store`](Snapshot::to_store) continues the game from there.
    ///
    /// # Example
    /// ```
    /// use std::io::Cursor;
    /// use slotted_arrow::recording::{Playback, Recorder};
    /// # let mut store = slotted::Store::new();
    /// let mut recorder = Recorder::new(Vec::new())?;
    /// recorder.frame(0, &store.snapshot())?;
    /// let mut playback = Playback::open(Cursor::new(recorder.finish()?.0))?;
    /// let mut game = playback.snapshot().to_store();
    /// assert_eq!(game.state_hash(), store.state_hash());
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use = "a snapshot is dropped with its last clone"]
    pub fn snapshot(&mut self) -> Snapshot {
        self.store.snapshot()
    }

    /// Returns the notes of the current frame.
    ///
    /// [`Recorder::note`](crate::recording::Recorder::note) has an example.
    #[must_use]
    pub const fn notes(&self) -> &Notes {
        &self.notes
    }
}

/// The frames of a recording as snapshots, one after another.
///
/// [`Playback::snapshots`] returns it. Ends after the first error.
pub struct Snapshots<'p, R> {
    playback: &'p mut Playback<R>,
    next: usize,
}

impl<R: Read + Seek> Iterator for Snapshots<'_, R> {
    type Item = Result<(u64, Snapshot), PlaybackError>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.next >= self.playback.entries.len() {
            return None;
        }
        let gone = self.playback.go_to(self.next);
        self.next = if gone.is_ok() { self.next + 1 } else { usize::MAX };
        Some(gone.map(|()| (self.playback.number(), self.playback.snapshot())))
    }
}

/// Splits the content of a change into new schemas and differences.
fn split_change(content: &[u8]) -> Option<(&[u8], &[u8])> {
    let (length, rest) = content.split_first_chunk::<4>()?;
    rest.split_at_checked(u32::from_le_bytes(*length) as usize)
}

impl<R> fmt::Debug for Playback<R> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Playback")
            .field("frames", &self.entries.len())
            .field("number", &self.number())
            .finish_non_exhaustive()
    }
}

impl<R> fmt::Debug for Snapshots<'_, R> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Snapshots").field("next", &self.next).finish_non_exhaustive()
    }
}
