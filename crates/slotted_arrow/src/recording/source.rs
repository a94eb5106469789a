//! Finds and reads the records of a recording.

use std::io::{self, Read, Seek, SeekFrom};

use crate::compression::decompress;
use crate::recording::PlaybackError;
use crate::recording::format::{
    END, ENTRY, Entry, FILE_HEADER, HEADER, Header, HeaderError, RecordKind, TRAILER, VERSION,
    check_file_header, compression,
};
use crate::recording::notes::Notes;

/// A frame of a recording.
///
/// [`Playback::frames`](crate::recording::Playback::frames) has an example.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct RecordedFrame {
    /// The number that the game gave the frame.
    pub number: u64,
    /// The bytes of the frame in the file.
    pub bytes: u64,
    /// `true` if the file has the whole world of the frame, so that a seek can begin there.
    pub is_keyframe: bool,
}

/// The end of a recording that was not finished: its program was killed, or a frame is damaged.
///
/// [`Playback::tail`](crate::recording::Playback::tail) has an example.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Tail {
    /// The position behind the last whole frame.
    pub at: u64,
    /// The bytes behind it, which are ignored.
    pub bytes: u64,
}

/// The records of a recording.
pub(super) struct Source<R> {
    input: R,
    length: u64,
    /// See [`Header::recording`].
    recording: u64,
    /// The most bytes of a change without compression.
    most_bytes: u64,
    /// Accepts wrong checksums, and records of other recordings.
    ignores_checksums: bool,
}

/// The frames that were found in a recording.
pub(super) struct Found {
    pub(super) entries: Vec<Entry>,
    /// The position behind the last frame.
    pub(super) end: u64,
    pub(super) tail: Option<Tail>,
}

/// The content of a record.
pub(super) struct Record {
    pub(super) notes: Notes,
    pub(super) content: Vec<u8>,
}

/// The record that a frame should have.
#[derive(Clone, Copy)]
pub(super) struct Wanted {
    pub(super) kind: RecordKind,
    pub(super) at: u64,
    pub(super) index: u64,
    pub(super) number: u64,
}

const fn damaged(at: u64, part: &'static str) -> PlaybackError {
    PlaybackError::Damaged { at, part }
}

impl<R: Read + Seek> Source<R> {
    /// Checks the beginning of a recording and finds its frames.
    pub(super) fn open(
        mut input: R,
        most_bytes: u64,
        ignores_checksums: bool,
    ) -> Result<(Self, Found), PlaybackError> {
        let length = input.seek(SeekFrom::End(0))?;
        input.seek(SeekFrom::Start(0))?;
        let mut header = [0; FILE_HEADER];
        if length < FILE_HEADER as u64 {
            return Err(PlaybackError::Foreign);
        }
        input.read_exact(&mut header)?;
        check_file_header(&header).map_err(|error| match error {
            HeaderError::Foreign => PlaybackError::Foreign,
            HeaderError::Newer(found) => PlaybackError::Newer { found, known: VERSION },
            HeaderError::Damaged => damaged(0, "its header does not have its checksum"),
        })?;
        let mut source = Self { input, length, recording: 0, most_bytes, ignores_checksums };
        let found = match source.indexed()? {
            Some(found) => found,
            None => source.scan()?,
        };
        match found.entries.is_empty() {
            true => Err(PlaybackError::Empty),
            false => Ok((source, found)),
        }
    }

    /// Reads the header at a position. Returns `None` if no whole record begins there.
    fn header(&mut self, at: u64) -> io::Result<Option<(Header, u128)>> {
        let left = self.length.saturating_sub(at);
        if left < HEADER as u64 {
            return Ok(None);
        }
        self.input.seek(SeekFrom::Start(at))?;
        let mut bytes = [0; HEADER];
        self.input.read_exact(&mut bytes)?;
        let header = Header::parse(&bytes);
        Ok(header.filter(|(header, _)| header.record_bytes().is_some_and(|bytes| bytes <= left)))
    }

    /// Returns the frames of the index at the end, if there is one and it is whole.
    fn indexed(&mut self) -> io::Result<Option<Found>> {
        let Some((first, checksum)) = self.header(FILE_HEADER as u64)? else { return Ok(None) };
        let Some(trailer) = self.length.checked_sub(TRAILER as u64) else { return Ok(None) };
        self.input.seek(SeekFrom::Start(trailer))?;
        let mut bytes = [0; TRAILER];
        self.input.read_exact(&mut bytes)?;
        let [position @ .., _, _, _, _, _, _, _, _] = bytes;
        if bytes[8..] != *END || first.kind != RecordKind::Keyframe {
            return Ok(None);
        }
        self.recording = checksum as u64;
        let at = u64::from_le_bytes(position);
        let Some((header, checksum)) = self.header(at)? else { return Ok(None) };
        let end = header.record_bytes().and_then(|bytes| bytes.checked_add(at));
        let is_index = header.kind == RecordKind::Index
            && self.has(&header)
            && header.notes == 0
            && end == Some(trailer);
        if !is_index {
            return Ok(None);
        }
        let mut content = Vec::new();
        self.input.by_ref().take(header.content).read_to_end(&mut content)?;
        let mut found = header.checksum();
        found.update(&content);
        let (entries, rest) = content.as_chunks::<ENTRY>();
        let is_right = found.finish() == checksum || self.ignores_checksums;
        if !is_right || !rest.is_empty() {
            return Ok(None);
        }
        let entries: Vec<Entry> = entries.iter().map(Entry::take).collect();
        let is_right = are_in_order(&entries, at) && entries.len() as u64 == header.index;
        Ok(is_right.then_some(Found { entries, end: at, tail: None }))
    }

    /// Finds whole frames from the beginning on.
    fn scan(&mut self) -> io::Result<Found> {
        let (mut entries, mut at) = (Vec::<Entry>::new(), FILE_HEADER as u64);
        self.recording = 0;
        while let Some((header, checksum)) = self.header(at)? {
            let (count, last) = (entries.len() as u64, entries.last().copied());
            let is_next = header.index == count
                && last.is_none_or(|last| last.number < header.number)
                && self.has(&header);
            let is_same = header.index.checked_add(1) == Some(count)
                && self.has(&header)
                && last.is_some_and(|last| !last.has_keyframe() && last.number == header.number);
            let number = header.number;
            let entry = match header.kind {
                RecordKind::Keyframe if is_next => Entry { number, start: at, keyframe: at },
                RecordKind::Change if is_next && count > 0 => {
                    Entry { number, start: at, keyframe: 0 }
                }
                RecordKind::Keyframe if is_same => {
                    last.map_or(Entry { number, start: at, keyframe: at }, |last| Entry {
                        keyframe: at,
                        ..last
                    })
                }
                _ => break,
            };
            if self.checksum(&header)? != checksum && !self.ignores_checksums {
                break;
            }
            if count == 0 {
                self.recording = checksum as u64;
            }
            if is_same {
                entries.pop();
            }
            entries.push(entry);
            // A record is not longer than the rest of the file.
            at += header.record_bytes().unwrap_or(0);
        }
        let tail = Tail { at, bytes: self.length - at };
        Ok(Found { entries, end: at, tail: Some(tail) })
    }

    /// Returns `true` if a record is of this recording.
    const fn has(&self, header: &Header) -> bool {
        header.recording == self.recording || self.ignores_checksums
    }

    /// Computes the checksum of the record whose header was read last.
    fn checksum(&mut self, header: &Header) -> io::Result<u128> {
        let mut checksum = header.checksum();
        let mut left = u64::from(header.notes) + header.content;
        let mut buffer = vec![0; left.min(1 << 16) as usize];
        while left > 0 {
            let part = left.min(buffer.len() as u64) as usize;
            self.input.read_exact(&mut buffer[..part])?;
            checksum.update(&buffer[..part]);
            left -= part as u64;
        }
        Ok(checksum.finish())
    }

    /// Reads the record of a frame.
    pub(super) fn read(&mut self, wanted: Wanted) -> Result<Record, PlaybackError> {
        let Wanted { kind, at, index, number } = wanted;
        let (header, checksum) =
            self.header(at)?.ok_or(damaged(at, "the header of a frame cannot be read"))?;
        let mut notes = Vec::new();
        self.input.by_ref().take(header.notes.into()).read_to_end(&mut notes)?;
        let mut content = Vec::new();
        self.input.by_ref().take(header.content).read_to_end(&mut content)?;
        let mut found = header.checksum();
        found.update(&notes);
        found.update(&content);
        if found.finish() != checksum && !self.ignores_checksums {
            return Err(damaged(at, "a frame does not have its checksum"));
        }
        let recording = if index == 0 { 0 } else { self.recording };
        let is_wanted = header.kind == kind && header.index == index && header.number == number;
        if !is_wanted || (header.recording != recording && !self.ignores_checksums) {
            return Err(damaged(at, "another frame is in the place of this one"));
        }
        let notes = Notes::from_bytes(notes).ok_or(damaged(at, "notes cannot be read"))?;
        Ok(Record { notes, content: self.plain(&header, at, content)? })
    }

    /// Decompresses the content of a record.
    fn plain(&self, header: &Header, at: u64, content: Vec<u8>) -> Result<Vec<u8>, PlaybackError> {
        let limit = self.most_bytes;
        if header.kind == RecordKind::Change && header.plain > limit {
            let (frame, bytes) = (header.number, header.plain);
            return Err(PlaybackError::TooLarge { frame, bytes, limit });
        }
        let wrong = damaged(at, "the length of a frame is wrong");
        let compression = compression(header.compression).map_err(|feature| match feature {
            Some(feature) => PlaybackError::Compression { feature },
            None => damaged(at, "the compression of a frame is unknown"),
        })?;
        let Some(compression) = compression else {
            return if header.plain == header.content { Ok(content) } else { Err(wrong) };
        };
        if header.kind == RecordKind::Keyframe {
            return Err(damaged(at, "a keyframe is compressed as a whole"));
        }
        let Ok(expected) = usize::try_from(header.plain.min(limit)) else { return Err(wrong) };
        let mut plain = Vec::new();
        match decompress(&content, compression, expected, &mut plain) {
            true => Ok(plain),
            false => Err(wrong),
        }
    }
}

/// Returns `true` if all frames and their records ascend, and end before the index.
fn are_in_order(entries: &[Entry], end: u64) -> bool {
    let mut last: Option<Entry> = None;
    let mut next = FILE_HEADER as u64;
    entries.iter().all(|entry| {
        let is_next = match last {
            None => entry.start == next && entry.keyframe == next,
            Some(last) => last.number < entry.number && entry.start >= next,
        };
        let last_record = entry.start.max(entry.keyframe);
        let is_inside = !entry.has_keyframe() || entry.keyframe >= entry.start;
        let after = last_record.checked_add(HEADER as u64).filter(|after| *after <= end);
        last = Some(*entry);
        next = after.unwrap_or(u64::MAX);
        is_next && is_inside && after.is_some()
    })
}
