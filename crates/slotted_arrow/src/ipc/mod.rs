//! Arrow's file format: messages, bodies and the footer. It knows arrays, but neither schemas nor saves.
//!
//! The crate `arrow-ipc` provides the flatbuffers. Its writer copies each body, and its reader trusts what a file declares;
//! so both ways are written here.

mod read;
mod write;

pub(crate) use read::{Body, Contradiction, IpcReader, Message, MessageKind, ReadError, words};
pub(crate) use write::{IpcWriter, WrittenFile};

/// The first and the last bytes of each file.
const MAGIC: &[u8; 6] = b"ARROW1";
/// The bytes before each message.
const CONTINUATION: [u8; 4] = [0xff; 4];
/// Bodies and buffers begin at multiples of this.
const ALIGNMENT: usize = 64;
/// The key of a body's checksum in its message.
const CHECKSUM: &str = "slotted.checksum";

/// Returns the number of bytes up to the next multiple of the alignment.
const fn padding(length: usize, alignment: usize) -> usize {
    length.next_multiple_of(alignment) - length
}
