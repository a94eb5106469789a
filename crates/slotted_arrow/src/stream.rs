//! The form of a save as one stream: the manifest, then its files one after another.

use std::io::{self, Read, Write};

use crate::manifest::{MOST_BYTES, Manifest};

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
pub(crate) fn begin<W: Write>(out: W, manifest: &Manifest) -> io::Result<Counted<W>> {
    let bytes = manifest.to_bytes()?;
    let mut out = Counted { out, bytes: 0 };
    out.write_all(MAGIC)?;
    out.write_all(&(bytes.len() as u64).to_le_bytes())?;
    out.write_all(&bytes)?;
    Ok(out)
}

/// Reads the manifest at the beginning of a stream. Returns `None` if the stream is something else.
pub(crate) fn read_manifest(input: &mut impl Read) -> io::Result<Option<Vec<u8>>> {
    let mut prefix = [0; 16];
    let mut filled = 0;
    while filled < prefix.len() {
        match input.read(&mut prefix[filled..]) {
            Ok(0) => return Ok(None),
            Ok(read) => filled += read,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
    let [magic @ .., a, b, c, d, e, f, g, h] = prefix;
    let length = u64::from_le_bytes([a, b, c, d, e, f, g, h]);
    if magic != *MAGIC || length > MOST_BYTES {
        return Ok(None);
    }
    let mut bytes = Vec::new();
    input.take(length).read_to_end(&mut bytes)?;
    Ok(Some(bytes))
}
