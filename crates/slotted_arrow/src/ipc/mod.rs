//! Arrow's file format: messages, bodies and the footer. It knows arrays, but neither schemas nor saves.
//!
//! The crate `arrow-ipc` provides the flatbuffers. Its writer copies each body, and its reader trusts what a file declares;
//! so both ways are written here.

use xxhash_rust::xxh3::Xxh3;

mod footer;
mod read;
mod write;

pub(crate) use footer::{Footer, Place};
pub(crate) use read::{Body, Contradiction, Incoming, IpcReader, Message, MessageKind, ReadError};
pub(crate) use write::{IpcWriter, OutgoingBatch, WrittenFile};

/// The first and the last bytes of each file.
const MAGIC: &[u8; 6] = b"ARROW1";
/// The bytes before each message.
const CONTINUATION: [u8; 4] = [0xff; 4];
/// Bodies and buffers begin at multiples of this.
const ALIGNMENT: usize = 64;
/// The key of a message's checksum.
const CHECKSUM: &str = "slotted.checksum";

/// Begins the checksum of a message: of all that its header says. The body follows.
///
/// `header` has the number of rows, then the length and the nulls of each node, the place and the length of each buffer.
/// A dictionary adds its id.
fn begin_checksum(header: impl Iterator<Item = u64>) -> Box<Xxh3> {
    let mut checksum = Box::new(Xxh3::new());
    header.for_each(|number| checksum.update(&number.to_le_bytes()));
    checksum
}

/// Returns the number of bytes up to the next multiple of the alignment.
const fn padding(length: usize, alignment: usize) -> usize {
    length.next_multiple_of(alignment) - length
}
