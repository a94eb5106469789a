//! The bytes of a recording: a header, records of frames, and an index at the end.

use xxhash_rust::xxh3::{Xxh3, xxh3_128};

use crate::compression::Compression;

/// The first bytes of a recording.
pub(super) const MAGIC: &[u8; 8] = b"SLOTREC1";
/// The last bytes of a recording that was finished.
pub(super) const END: &[u8; 8] = b"SLOTEND1";
/// The version of the format that is written. Older ones are read.
pub(super) const VERSION: u32 = 1;
/// The bytes before the first record.
pub(super) const FILE_HEADER: usize = 32;
/// The bytes before the content of a record.
pub(super) const HEADER: usize = 64;
/// The bytes of a header that its checksum covers. The checksum follows.
const COVERED: usize = HEADER - 16;
/// The position of the index, and [`END`].
pub(super) const TRAILER: usize = 16;
/// The bytes of a frame in the index.
pub(super) const ENTRY: usize = 24;

/// The content of a record.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum RecordKind {
    /// A whole world.
    Keyframe,
    /// The differences to the frame before.
    Change,
    /// The list of all frames.
    Index,
}

/// The bytes before the content of a record.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Header {
    pub(super) kind: RecordKind,
    /// The compression of the content behind the notes.
    pub(super) compression: u8,
    /// The bytes of the notes.
    pub(super) notes: u32,
    /// The position among the recorded frames.
    pub(super) index: u64,
    /// The number that the game gave the frame.
    pub(super) number: u64,
    /// The lower half of the first record's checksum, so that no record can be of another recording. The first one has 0.
    pub(super) recording: u64,
    /// The bytes of the content behind the notes.
    pub(super) content: u64,
    /// The same without compression.
    pub(super) plain: u64,
}

/// The reason why bytes are no recording.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum HeaderError {
    Foreign,
    Newer(u32),
    Damaged,
}

/// Returns the bytes before the first record.
pub(super) fn file_header() -> [u8; FILE_HEADER] {
    let mut header = [0; FILE_HEADER];
    header[..8].copy_from_slice(MAGIC);
    header[8..12].copy_from_slice(&VERSION.to_le_bytes());
    let checksum = xxh3_128(&header[..16]);
    header[16..].copy_from_slice(&checksum.to_le_bytes());
    header
}

/// Checks the bytes before the first record.
pub(super) fn check_file_header(header: &[u8; FILE_HEADER]) -> Result<(), HeaderError> {
    if header[..8] != *MAGIC {
        return Err(HeaderError::Foreign);
    }
    if header[16..] != xxh3_128(&header[..16]).to_le_bytes() {
        return Err(HeaderError::Damaged);
    }
    match u32_at(header, 8) {
        0 => Err(HeaderError::Damaged),
        1..=VERSION => Ok(()),
        newer => Err(HeaderError::Newer(newer)),
    }
}

impl Header {
    /// Returns the bytes in front of the checksum.
    fn covered(&self) -> [u8; COVERED] {
        let mut bytes = [0; COVERED];
        bytes[0] = match self.kind {
            RecordKind::Keyframe => 0,
            RecordKind::Change => 1,
            RecordKind::Index => 2,
        };
        bytes[1] = self.compression;
        bytes[4..8].copy_from_slice(&self.notes.to_le_bytes());
        let numbers = [self.index, self.number, self.recording, self.content, self.plain];
        for (place, number) in bytes[8..].as_chunks_mut::<8>().0.iter_mut().zip(numbers) {
            *place = number.to_le_bytes();
        }
        bytes
    }

    /// Completes a record, whose first [`HEADER`] bytes are free. Returns its checksum.
    pub(super) fn seal(&self, record: &mut [u8]) -> u128 {
        let covered = self.covered();
        let mut checksum = Checksum::new(&covered);
        checksum.update(&record[HEADER..]);
        let checksum = checksum.finish();
        record[..COVERED].copy_from_slice(&covered);
        record[COVERED..HEADER].copy_from_slice(&checksum.to_le_bytes());
        checksum
    }

    /// Reads a header and the checksum of the record. Returns `None` if it cannot be a header.
    pub(super) fn parse(bytes: &[u8; HEADER]) -> Option<(Self, u128)> {
        let kind = match bytes[0] {
            0 => RecordKind::Keyframe,
            1 => RecordKind::Change,
            2 => RecordKind::Index,
            _ => return None,
        };
        let header = Self {
            kind,
            compression: bytes[1],
            notes: u32_at(bytes, 4),
            index: u64_at(bytes, 8),
            number: u64_at(bytes, 16),
            recording: u64_at(bytes, 24),
            content: u64_at(bytes, 32),
            plain: u64_at(bytes, 40),
        };
        let checksum = u64_at(bytes, COVERED) as u128 | (u64_at(bytes, COVERED + 8) as u128) << 64;
        // Bytes without a meaning are 0.
        (header.covered()[..] == bytes[..COVERED]).then_some((header, checksum))
    }

    /// Begins the checksum of the record.
    pub(super) fn checksum(&self) -> Checksum {
        Checksum::new(&self.covered())
    }

    /// Returns the bytes of the whole record, if such a record is possible.
    pub(super) fn record_bytes(&self) -> Option<u64> {
        self.content.checked_add(u64::from(self.notes))?.checked_add(HEADER as u64)
    }
}

/// The checksum of a record, which covers all of it but the checksum itself.
pub(super) struct Checksum(Box<Xxh3>);

impl Checksum {
    fn new(covered: &[u8]) -> Self {
        let mut checksum = Box::new(Xxh3::new());
        checksum.update(covered);
        Self(checksum)
    }

    pub(super) fn update(&mut self, bytes: &[u8]) {
        self.0.update(bytes);
    }

    pub(super) fn finish(&self) -> u128 {
        self.0.digest128()
    }
}

/// The places of a frame's records.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Entry {
    /// The number that the game gave the frame.
    pub(super) number: u64,
    /// The position of its first record.
    pub(super) start: u64,
    /// The position of its keyframe, or 0. Equal to `start` if the frame has no change.
    pub(super) keyframe: u64,
}

impl Entry {
    pub(super) fn put(&self, bytes: &mut Vec<u8>) {
        for number in [self.number, self.start, self.keyframe] {
            bytes.extend_from_slice(&number.to_le_bytes());
        }
    }

    pub(super) fn take(bytes: &[u8; ENTRY]) -> Self {
        Self { number: u64_at(bytes, 0), start: u64_at(bytes, 8), keyframe: u64_at(bytes, 16) }
    }

    pub(super) const fn has_change(&self) -> bool {
        self.start != self.keyframe
    }

    pub(super) const fn has_keyframe(&self) -> bool {
        self.keyframe != 0
    }
}

/// Returns the byte that stands for a compression.
pub(super) const fn compression_byte(compression: Option<Compression>) -> u8 {
    match compression {
        None => 0,
        #[cfg(feature = "lz4")]
        Some(Compression::Lz4) => 1,
        #[cfg(feature = "zstd")]
        Some(Compression::Zstd) => 2,
    }
}

/// Returns the compression of a record, or the name of the feature that reads it. An unknown one has no name.
pub(super) const fn compression(byte: u8) -> Result<Option<Compression>, Option<&'static str>> {
    match byte {
        0 => Ok(None),
        #[cfg(feature = "lz4")]
        1 => Ok(Some(Compression::Lz4)),
        #[cfg(not(feature = "lz4"))]
        1 => Err(Some("lz4")),
        #[cfg(feature = "zstd")]
        2 => Ok(Some(Compression::Zstd)),
        #[cfg(not(feature = "zstd"))]
        2 => Err(Some("zstd")),
        _ => Err(None),
    }
}

fn u32_at(bytes: &[u8], at: usize) -> u32 {
    bytes[at..].first_chunk().map_or(0, |bytes| u32::from_le_bytes(*bytes))
}

fn u64_at(bytes: &[u8], at: usize) -> u64 {
    bytes[at..].first_chunk().map_or(0, |bytes| u64::from_le_bytes(*bytes))
}
