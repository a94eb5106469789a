//! Writes recordings.

use std::fmt;
use std::io::{self, Write};

use slotted::{Delta, Snapshot};

use crate::compression::{Compression, compress};
use crate::definition::Definition;
use crate::recording::RecordError;
use crate::recording::format::{
    END, Entry, FILE_HEADER, HEADER, Header, RecordKind, compression_byte, file_header,
};
use crate::recording::notes::Notes;
use crate::save::SaveOptions;

/// Appends frames of a game to a file, as their differences to the frame before.
///
/// A recording begins with a whole world. Each frame takes bytes and time in proportion to what changed: only blocks that the
/// snapshot does not share with the last recorded one are compared, and only written rows of a slot that
/// [tracks its changes](slotted::Store::track_changes). [`Playback`](crate::recording::Playback) plays it.
///
/// # After a crash
/// Each frame has a checksum, is written by one call, and the writer is flushed. A recording whose program was killed can be played up to its last
/// whole frame. [`finish`](Self::finish) adds an index, so that opening does not read the whole file.
///
/// # Other schemas, other stores
/// Schemas that are registered in the middle of a recording are recorded. The frame after a
/// [migration](slotted::Store::migrate), and the first one of another store, is a keyframe.
///
/// # Example
/// ```
/// use std::io::Cursor;
/// use slotted::{Kind, Schema, Store, record};
/// use slotted_arrow::recording::{Playback, Recorder};
///
/// let mut store = Store::new();
/// store.register_schema(Schema::builder("unit").slot("health", Kind::F32).build()?)?;
/// let unit = store.spawn_record("unit", record! { health: 80.0 })?;
///
/// let mut recorder = Recorder::new(Vec::new())?;
/// for frame in 0..10_u64 {
///     store.set_value(unit, "health", 80.0 - frame as f32)?;
///     recorder.frame(frame, &store.snapshot())?;
/// }
/// let (file, report) = recorder.finish()?;
/// assert_eq!(report.frames, 10);
///
/// let mut playback = Playback::open(Cursor::new(file))?;
/// playback.seek(7)?;
/// assert_eq!(playback.store().get_value(unit, "health")?, 73.0_f32.into());
/// playback.step_backwards()?;
/// assert_eq!(playback.store().get_value(unit, "health")?, 74.0_f32.into());
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// On another thread, so that the game goes on meanwhile:
/// ```
/// use std::sync::mpsc;
/// use slotted::{Snapshot, Store};
/// use slotted_arrow::recording::{RecordError, Recorder, RecordingReport};
/// # let mut store = Store::new();
/// let (frames, received) = mpsc::sync_channel::<(u64, Snapshot)>(2);
/// let thread = std::thread::spawn(move || -> Result<RecordingReport, RecordError> {
///     let mut recorder = Recorder::new(Vec::new())?;
///     for (frame, snapshot) in received {
///         recorder.frame(frame, &snapshot)?;
///     }
///     recorder.finish().map(|(_, report)| report)
/// });
/// for frame in 0..10 {
///     // The game plays a frame.
///     frames.send((frame, store.snapshot()))?;
/// }
/// drop(frames);
/// assert_eq!(thread.join().unwrap()?.frames, 10);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub struct Recorder<W> {
    out: W,
    options: RecorderOptions,
    /// The number of bytes written.
    position: u64,
    /// See [`Header::recording`].
    recording: u64,
    entries: Vec<Entry>,
    last: Option<Snapshot>,
    released: Option<Snapshot>,
    notes: Notes,
    /// The record that is being made. Its memory is used again.
    record: Vec<u8>,
    keyframes: Keyframes,
    is_broken: bool,
}

/// Options of a recording.
///
/// # Example
/// ```
/// use slotted::Store;
/// use slotted_arrow::Compression;
/// use slotted_arrow::recording::RecorderOptions;
/// # let mut store = Store::new();
/// let options = RecorderOptions::new().every(4).keyframe_every(100).compression(Compression::Lz4);
/// let mut recorder = options.start(Vec::new())?;
/// for frame in 0..1000 {
///     if recorder.is_due(frame) {
///         recorder.frame(frame, &store.snapshot())?;
///     }
/// }
/// let (_, report) = recorder.finish()?;
/// assert_eq!((report.frames, report.keyframes), (250, 3));
/// # Ok::<(), slotted_arrow::recording::RecordError>(())
/// ```
#[derive(Clone, Debug)]
#[must_use = "options do nothing on their own"]
pub struct RecorderOptions {
    every: u64,
    keyframe_every: Option<u64>,
    compression: Option<Compression>,
}

/// The outcome of a recording.
///
/// [`Recorder`] has an example.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct RecordingReport {
    /// Recorded frames.
    pub frames: usize,
    /// Frames that were recorded as a whole world.
    pub keyframes: usize,
    /// Bytes of the recording.
    pub bytes: u64,
}

/// The number of changes since the last keyframe, and their bytes.
#[derive(Clone, Copy, Debug, Default)]
struct Keyframes {
    count: usize,
    /// The bytes of the last one.
    bytes: u64,
    changes: u64,
    change_bytes: u64,
}

/// The fewest changes between two keyframes.
const FEWEST_CHANGES: u64 = 32;
/// The bytes that take about as long as a change without any.
const BYTES_OF_A_CHANGE: u64 = 1024;

impl Keyframes {
    /// Returns `true` if the changes since the last keyframe take as long to play as that one.
    const fn is_due(&self, every: Option<u64>) -> bool {
        match every {
            Some(every) => self.changes >= every,
            None => {
                let cost = self.change_bytes + self.changes * BYTES_OF_A_CHANGE;
                self.changes >= FEWEST_CHANGES && cost >= self.bytes
            }
        }
    }
}

impl Default for RecorderOptions {
    fn default() -> Self {
        Self { every: 1, keyframe_every: None, compression: None }
    }
}

impl RecorderOptions {
    /// Returns options that record every frame, without compression.
    ///
    /// [`RecorderOptions`] has an example.
    pub fn new() -> Self {
        Self::default()
    }

    /// Records a frame if its number is this much higher than that of the last recorded one, and the first frame. 0 means 1.
    ///
    /// [`RecorderOptions`] has an example.
    pub fn every(mut self, frames: u64) -> Self {
        self.every = frames.max(1);
        self
    }

    /// Adds a keyframe, which has the whole world, after this many recorded frames.
    ///
    /// A seek reads one keyframe and the changes behind it. By default the recorder adds a keyframe when these changes have as
    /// many bytes as the last keyframe. So keyframes at most double the file, and no seek takes much longer than two loads.
    ///
    /// [`RecorderOptions`] has an example.
    pub fn keyframe_every(mut self, frames: u64) -> Self {
        self.keyframe_every = Some(frames.max(1));
        self
    }

    /// Compresses the frames.
    ///
    /// [`RecorderOptions`] has an example.
    pub fn compression(mut self, compression: impl Into<Option<Compression>>) -> Self {
        self.compression = compression.into();
        self
    }

    /// Begins a recording.
    ///
    /// # Errors
    /// Returns an error if the writer fails.
    ///
    /// [`RecorderOptions`] has an example.
    pub fn start<W: Write>(&self, mut out: W) -> Result<Recorder<W>, RecordError> {
        let written = out.write_all(&file_header()).and_then(|()| out.flush());
        written.map_err(RecordError::Begin)?;
        Ok(Recorder {
            out,
            options: self.clone(),
            position: FILE_HEADER as u64,
            recording: 0,
            entries: Vec::new(),
            last: None,
            released: None,
            notes: Notes::default(),
            record: Vec::new(),
            keyframes: Keyframes::default(),
            is_broken: false,
        })
    }
}

impl<W: Write> Recorder<W> {
    /// Begins a recording of every frame, without compression. [`RecorderOptions`] offers more.
    ///
    /// # Errors
    /// Returns an error if the writer fails.
    ///
    /// [`Recorder`] has an example.
    pub fn new(out: W) -> Result<Self, RecordError> {
        RecorderOptions::new().start(out)
    }

    /// Returns `true` if [`frame`](Self::frame) would record a frame of this number, so that a snapshot is worthwhile.
    ///
    /// [`RecorderOptions`] has an example.
    #[must_use]
    pub fn is_due(&self, number: u64) -> bool {
        let last = self.entries.last();
        last.is_none_or(|last| number.saturating_sub(last.number) >= self.options.every)
    }

    /// Records a frame if it [is due](Self::is_due). Numbers of frames ascend. Returns `true` if the frame was recorded.
    ///
    /// Keeps the snapshot until the next frame. Computes in the time of [`changes`](slotted::snapshot::changes) since the last
    /// recorded frame, plus that of a [save](crate::SaveOptions::write) for a keyframe. The first change of a recording also
    /// computes the [state hash](slotted::Snapshot::state_hash) of the frame before.
    ///
    /// # Errors
    /// Returns an error if the number is not higher than the one before, or if the writer fails. After a failed write the
    /// recording ends, and the frames before can be played.
    ///
    /// [`Recorder`] has an example.
    pub fn frame(&mut self, number: u64, snapshot: &Snapshot) -> Result<bool, RecordError> {
        if self.is_broken {
            return Err(RecordError::Ended);
        }
        if let Some(last) = self.entries.last().filter(|last| last.number >= number) {
            return Err(RecordError::Order { frame: number, last: last.number });
        }
        if !self.is_due(number) {
            return Ok(false);
        }
        // Until the frame is whole, nothing can follow.
        self.is_broken = true;
        let start = self.position;
        let delta = self.last.as_ref().and_then(|last| Delta::between(last, snapshot).ok());
        let mut entry = Entry { number, start, keyframe: 0 };
        if let Some(delta) = &delta {
            self.change(number, delta, snapshot)?;
            self.keyframes.changes += 1;
            self.keyframes.change_bytes += self.position - start;
        }
        if delta.is_none() || self.keyframes.is_due(self.options.keyframe_every) {
            entry.keyframe = self.position;
            self.keyframe(number, snapshot)?;
            let bytes = self.position - entry.keyframe;
            let count = self.keyframes.count + 1;
            self.keyframes = Keyframes { count, bytes, ..Keyframes::default() };
        }
        // A writer with a buffer has the frames before this one on the disk, too.
        self.out.flush().map_err(|error| RecordError::Write { frame: number, error })?;
        self.entries.push(entry);
        self.notes.clear();
        self.released = self.last.replace(snapshot.clone());
        self.is_broken = false;
        Ok(true)
    }

    /// Adds a note to the next recorded frame: inputs, a label, the state of random numbers.
    ///
    /// Several notes may have the same name.
    ///
    /// # Errors
    /// Returns an error if the notes of the frame exceed 4 GiB.
    ///
    /// # Example
    /// ```
    /// use std::io::Cursor;
    /// use slotted::Store;
    /// use slotted_arrow::recording::{Playback, Recorder};
    /// # let mut store = Store::new();
    /// let mut recorder = Recorder::new(Vec::new())?;
    /// recorder.frame(0, &store.snapshot())?;
    /// recorder.note("input", b"jump")?;
    /// recorder.note("label", b"the bridge falls")?;
    /// recorder.frame(1, &store.snapshot())?;
    ///
    /// let mut playback = Playback::open(Cursor::new(recorder.finish()?.0))?;
    /// assert!(playback.notes().is_empty());
    /// playback.step_forwards()?;
    /// assert_eq!(playback.notes().get("input"), Some(&b"jump"[..]));
    /// assert_eq!(playback.notes().iter().count(), 2);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn note(&mut self, name: &str, content: &[u8]) -> Result<(), RecordError> {
        match self.notes.push(name, content) {
            true => Ok(()),
            false => Err(RecordError::Notes),
        }
    }

    /// Returns the snapshot of the recorded frame before the last one, for
    /// [`reuse_memory_of`](slotted::Store::reuse_memory_of): fresh memory costs page faults in every frame.
    ///
    /// # Example
    /// ```
    /// # let mut store = slotted::Store::new();
    /// let mut recorder = slotted_arrow::recording::Recorder::new(Vec::new())?;
    /// for frame in 0..10 {
    ///     recorder.frame(frame, &store.snapshot())?;
    ///     if let Some(snapshot) = recorder.take_released() {
    ///         store.reuse_memory_of(snapshot);
    ///     }
    /// }
    /// # Ok::<(), slotted_arrow::recording::RecordError>(())
    /// ```
    pub fn take_released(&mut self) -> Option<Snapshot> {
        self.released.take()
    }

    /// Returns the number of frames, of keyframes and of bytes so far.
    ///
    /// # Example
    /// ```
    /// # let mut store = slotted::Store::new();
    /// let mut recorder = slotted_arrow::recording::Recorder::new(Vec::new())?;
    /// recorder.frame(0, &store.snapshot())?;
    /// recorder.frame(1, &store.snapshot())?;
    /// assert_eq!((recorder.report().frames, recorder.report().keyframes), (2, 1));
    /// # Ok::<(), slotted_arrow::recording::RecordError>(())
    /// ```
    #[must_use]
    pub const fn report(&self) -> RecordingReport {
        let (frames, keyframes) = (self.entries.len(), self.keyframes.count);
        RecordingReport { frames, keyframes, bytes: self.position }
    }

    /// Writes the index of all frames and returns the writer.
    ///
    /// A file is not synced: call [`sync_all`](crate::recording::RecordingFile::sync_all) to protect it against power failure.
    ///
    /// # Errors
    /// Returns an error if the writer fails, now or before.
    ///
    /// [`Recorder`] has an example.
    pub fn finish(mut self) -> Result<(W, RecordingReport), RecordError> {
        if self.is_broken {
            return Err(RecordError::Ended);
        }
        let frame = self.entries.last().map_or(0, |last| last.number);
        if !self.entries.is_empty() {
            let at = self.position;
            self.begin_record();
            for entry in &self.entries {
                entry.put(&mut self.record);
            }
            let plain = (self.record.len() - HEADER) as u64;
            let header = Header { index: self.entries.len() as u64, ..self.header(frame) };
            let header = Header { kind: RecordKind::Index, plain, ..header };
            self.append(header).map_err(RecordError::Index)?;
            let mut trailer = at.to_le_bytes().to_vec();
            trailer.extend_from_slice(END);
            self.position += trailer.len() as u64;
            self.out.write_all(&trailer).map_err(RecordError::Index)?;
        }
        self.out.flush().map_err(RecordError::Index)?;
        let report = self.report();
        Ok((self.out, report))
    }

    /// Returns a header of the next frame's record.
    fn header(&self, number: u64) -> Header {
        let (index, recording) = (self.entries.len() as u64, self.recording);
        let (kind, compression, notes) = (RecordKind::Change, 0, 0);
        Header { kind, compression, notes, index, number, recording, content: 0, plain: 0 }
    }

    fn begin_record(&mut self) {
        self.record.clear();
        self.record.resize(HEADER, 0);
    }

    fn change(
        &mut self,
        number: u64,
        delta: &Delta,
        snapshot: &Snapshot,
    ) -> Result<(), RecordError> {
        let failed = |error| RecordError::Write { frame: number, error };
        let known = self.last.as_ref().map_or(0, |last| last.raw().tables().len());
        let new = snapshot.raw().tables().skip(known);
        let new: Vec<Definition> =
            new.map(|table| Definition::new(&table.schema().to_schema())).collect();
        let mut definitions = Vec::new();
        if !new.is_empty() {
            serde_json::to_writer(&mut definitions, &new).map_err(|error| failed(error.into()))?;
        }
        let length = u32::try_from(definitions.len());
        let length = length.map_err(|_| failed(io::Error::other("the schemas exceed 4 GiB")))?;
        self.begin_record();
        self.record.extend_from_slice(self.notes.as_bytes());
        let start = self.record.len();
        self.record.extend_from_slice(&length.to_le_bytes());
        self.record.extend_from_slice(&definitions);
        self.record = postcard::to_extend(delta, std::mem::take(&mut self.record))
            .map_err(|error| failed(io::Error::other(error)))?;
        let plain = (self.record.len() - start) as u64;
        if let Some(compression) = self.options.compression {
            let content = compress(&self.record[start..], compression).map_err(failed)?;
            self.record.truncate(start);
            self.record.extend_from_slice(&content);
        }
        let compression = compression_byte(self.options.compression);
        let header = self.header(number);
        let header = Header { kind: RecordKind::Change, compression, plain, ..header };
        self.append(header).map_err(failed)
    }

    fn keyframe(&mut self, number: u64, snapshot: &Snapshot) -> Result<(), RecordError> {
        self.begin_record();
        self.record.extend_from_slice(self.notes.as_bytes());
        let start = self.record.len();
        let options = SaveOptions::new().compression(self.options.compression);
        let saved = options.write(snapshot, &mut self.record);
        saved.map_err(|error| RecordError::of_save(number, error))?;
        let plain = (self.record.len() - start) as u64;
        let written =
            self.append(Header { kind: RecordKind::Keyframe, plain, ..self.header(number) });
        written.map_err(|error| RecordError::Write { frame: number, error })
    }

    /// Completes the record and writes it by one call.
    fn append(&mut self, header: Header) -> io::Result<()> {
        let notes = match header.kind {
            RecordKind::Index => 0,
            RecordKind::Keyframe | RecordKind::Change => self.notes.as_bytes().len(),
        };
        let content = (self.record.len() - HEADER - notes) as u64;
        let header = Header { notes: notes as u32, content, ..header };
        let checksum = header.seal(&mut self.record);
        if header.index == 0 {
            self.recording = checksum as u64;
        }
        self.out.write_all(&self.record)?;
        self.position += self.record.len() as u64;
        Ok(())
    }
}

impl<W> fmt::Debug for Recorder<W> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Recorder")
            .field("frames", &self.entries.len())
            .field("bytes", &self.position)
            .finish_non_exhaustive()
    }
}
