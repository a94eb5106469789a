//! The form of a save as one stream: the manifest, its files one after another, and a copy of the manifest.

use std::io::{self, Read, Write};

use crate::manifest::MOST_BYTES;

/// The first bytes of a stream.
pub(crate) const MAGIC: &[u8; 8] = b"SLOTTED1";

/// A writer that counts.
pub(crate) struct Counted<W> {
    out: W,
    bytes: u64,
}

impl<W> Counted<W> {
    /// Returns the number of bytes written.
    pub(crate) const fn bytes(&self) -> u64 {
        self.bytes
    }
}

impl<W: Write> Write for Counted<W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let written = self.out.write(bytes)?;
        self.bytes += written as u64;
        Ok(written)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.out.flush()
    }
}

/// Writes the beginning of a stream. The files of the manifest follow.
pub(crate) fn begin<W: Write>(out: W, manifest: &[u8]) -> io::Result<Counted<W>> {
    let mut out = Counted { out, bytes: 0 };
    out.write_all(MAGIC)?;
    out.write_all(&(manifest.len() as u64).to_le_bytes())?;
    out.write_all(manifest)?;
    Ok(out)
}

/// Returns what follows the files: the manifest again, with its place to find from behind.
pub(crate) fn end(manifest: &[u8]) -> Vec<u8> {
    [manifest, &(manifest.len() as u64).to_le_bytes(), MAGIC].concat()
}

/// Returns the copy of the manifest at the end of a whole stream, and the place of the first file.
pub(crate) fn copy_of_manifest(stream: &[u8]) -> Option<(&[u8], usize)> {
    let (rest, length) = stream.strip_suffix(MAGIC)?.split_last_chunk()?;
    let length = usize::try_from(u64::from_le_bytes(*length)).ok()?;
    let (rest, manifest) = rest.split_at_checked(rest.len().checked_sub(length)?)?;
    let files = PREFIX.checked_add(length)?;
    (files <= rest.len()).then_some((manifest, files))
}

/// A hostile file may have a million ends, and each of their copies may take long to parse.
const MOST_COPIES: usize = 16;

/// Iterates over what may be such a copy in a stream that other bytes follow, from its end on.
pub(crate) fn copies_of_manifest(stream: &[u8]) -> impl Iterator<Item = (&[u8], usize)> {
    let ends = (0..=stream.len()).rev();
    let ends = ends.filter(|end| stream[..*end].ends_with(MAGIC));
    ends.filter_map(|end| copy_of_manifest(&stream[..end])).take(MOST_COPIES)
}

/// The bytes before the manifest.
const PREFIX: usize = 16;

/// Reads the beginning of a stream up to the end of its manifest, as far as there is one.
pub(crate) fn read_beginning(input: &mut impl Read) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    input.by_ref().take(PREFIX as u64).read_to_end(&mut bytes)?;
    if let Some(length) = manifest_bytes(&bytes) {
        input.take(length).read_to_end(&mut bytes)?;
    }
    Ok(bytes)
}

/// Returns the manifest of a beginning that was read. `None` if it is something else.
pub(crate) fn manifest(beginning: &[u8]) -> Option<&[u8]> {
    manifest_bytes(beginning).map(|_| &beginning[PREFIX..])
}

/// Returns `true` if a beginning ends before it says how long the manifest is.
pub(crate) fn ends_early(beginning: &[u8]) -> bool {
    beginning.len() < PREFIX && (MAGIC.starts_with(beginning) || beginning.starts_with(MAGIC))
}

/// Returns `true` if a beginning has the whole manifest.
pub(crate) fn is_whole(beginning: &[u8]) -> bool {
    manifest_bytes(beginning).is_some_and(|length| beginning.len() as u64 == PREFIX as u64 + length)
}

/// Returns the length of the manifest, as the beginning says, unless no manifest has so many bytes.
fn manifest_bytes(beginning: &[u8]) -> Option<u64> {
    declared_bytes(beginning).filter(|length| *length <= MOST_BYTES)
}

/// Returns the length of the manifest, as the beginning says.
pub(crate) fn declared_bytes(beginning: &[u8]) -> Option<u64> {
    let (length, _) = beginning.strip_prefix(MAGIC)?.split_first_chunk()?;
    Some(u64::from_le_bytes(*length))
}
