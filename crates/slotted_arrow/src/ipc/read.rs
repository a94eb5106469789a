//! Reads an Arrow file and trusts nothing in it.

use std::collections::HashMap;
use std::io::{self, Read};
use std::ops::Range;

use arrow_ipc::{KeyValue, MessageHeader, RecordBatch};
use flatbuffers::{ForwardsUOffset, VerifierOptions};
use slotted::raw::BlockMemory;
use xxhash_rust::xxh3::Xxh3;

use crate::compression::{Compression, decompress, plain_bytes};
use crate::damage::Damage;
use crate::ipc::{ALIGNMENT, CHECKSUM, CONTINUATION, MAGIC, begin_checksum};

/// An error of the reader below, or damage in the file.
#[derive(Debug)]
pub(crate) enum ReadError {
    Io(io::Error),
    Damage(Damage),
}

impl From<ReadError> for Damage {
    fn from(error: ReadError) -> Self {
        match error {
            ReadError::Io(error) => Self::Unreadable { reason: error.to_string() },
            ReadError::Damage(damage) => damage,
        }
    }
}

impl From<Damage> for ReadError {
    fn from(damage: Damage) -> Self {
        Self::Damage(damage)
    }
}

/// Reads one Arrow file from its first to its last byte.
///
/// Reserves no more memory than bytes really come, and one block of a column ahead: a header can declare any length.
pub(crate) struct IpcReader<R> {
    input: R,
    position: u64,
    /// The bytes that the file has.
    length: u64,
    checksum: Box<Xxh3>,
    /// The last header, aligned for flatbuffers.
    header: Vec<u64>,
    /// The checksum of the bytes up to the end of the schema.
    pub(crate) head: u128,
}

/// A message with a body.
#[derive(Debug)]
pub(crate) struct Message {
    pub(crate) kind: MessageKind,
    pub(crate) rows: usize,
    nodes: Vec<Node>,
    buffers: Vec<Range<usize>>,
    pub(crate) compression: Option<Compression>,
    /// The body has the checksum that its message names.
    pub(crate) is_intact: bool,
}

impl Message {
    /// Iterates over the sizes of the buffers, as they lie in the file.
    pub(crate) fn buffer_bytes(&self) -> impl ExactSizeIterator<Item = u64> {
        self.buffers.iter().map(|place| place.len() as u64)
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum MessageKind {
    Dictionary { id: i64 },
    Batch,
}

#[derive(Clone, Copy, Debug)]
struct Node {
    length: usize,
    nulls: usize,
}

impl Message {
    /// Begins the checksum of the message, which continues with its body.
    fn checksum(&self) -> Box<Xxh3> {
        let nodes = self.nodes.iter().flat_map(|node| [node.length, node.nulls]);
        let buffers = self.buffers.iter().flat_map(|place| [place.start, place.len()]);
        let dictionary = match self.kind {
            MessageKind::Dictionary { id } => Some(id.cast_unsigned()),
            MessageKind::Batch => None,
        };
        let header = std::iter::once(self.rows).chain(nodes).chain(buffers);
        let header = header.map(|number| number as u64).chain(dictionary);
        begin_checksum(header)
    }

    /// Returns how many more bytes the buffers declare to have without compression than they take in the body.
    pub(crate) fn expansion(&self, body: &Incoming) -> u64 {
        if self.compression.is_none() {
            return 0;
        }
        let buffers = body.buffers.iter().map(|buffer| match buffer {
            IncomingBuffer::Bytes(place) => body.bytes.get(place.clone()).unwrap_or_default(),
            IncomingBuffer::Own(_) => &[],
        });
        let expansions = buffers.map(|bytes| plain_bytes(bytes).saturating_sub(bytes.len() as u64));
        expansions.fold(0, u64::saturating_add)
    }
}

/// The body of a message.
#[derive(Debug, Default)]
pub(crate) struct Incoming {
    /// The body without the buffers that have memory of their own.
    bytes: Vec<u8>,
    buffers: Vec<IncomingBuffer>,
}

#[derive(Debug)]
enum IncomingBuffer {
    /// A place in the bytes.
    Bytes(Range<usize>),
    /// Memory of its own, until it is taken.
    Own(Option<BlockMemory>),
}

impl<R: Read> IpcReader<R> {
    /// Reads the beginning of a file of this many bytes, and returns the metadata of its schema.
    pub(crate) fn new(input: R, length: u64) -> Result<(Self, HashMap<String, String>), ReadError> {
        let checksum = Box::new(Xxh3::new());
        let mut reader = Self { input, position: 0, length, checksum, header: Vec::new(), head: 0 };
        let mut magic = [0; 8];
        reader.read_exact(&mut magic)?;
        if magic[..6] != MAGIC[..] || magic[6..] != [0, 0] {
            return Err(Damage::Foreign.into());
        }
        let bytes = reader.read_header()?.ok_or(Damage::Order { expected: "a schema" })?;
        let damaged = Damage::Header { at: 8 };
        let Some(message) = message(slotted::bytemuck::cast_slice(&reader.header), bytes) else {
            return Err(damaged.into());
        };
        let Some(schema) = message.header_as_schema() else { return Err(damaged.into()) };
        let metadata = pairs(schema.custom_metadata());
        if message.bodyLength() != 0 {
            return Err(damaged.into());
        }
        reader.head = reader.checksum.digest128();
        Ok((reader, metadata))
    }

    /// Reads one message of a file, which begins at this position.
    pub(crate) fn of_message(input: R, at: usize, length: usize) -> Self {
        let (position, length) = (at as u64, at as u64 + length as u64);
        let checksum = Box::new(Xxh3::new());
        Self { input, position, length, checksum, header: Vec::new(), head: 0 }
    }

    /// Returns `true` if everything was read.
    pub(crate) const fn is_at_end(&self) -> bool {
        self.position == self.length
    }

    /// Reads the next message, and its body to `body`. Returns `None` at the end of messages.
    ///
    /// `own` returns memory of the given length for buffers that should get their own.
    pub(crate) fn next(
        &mut self,
        body: &mut Incoming,
        mut own: impl FnMut(&Message, usize, usize) -> Option<BlockMemory>,
    ) -> Result<Option<Message>, ReadError> {
        let at = self.position;
        let Some(bytes) = self.read_header()? else { return Ok(None) };
        let (message, length, expected) =
            self.parse(bytes).map_err(|damage| damage.unwrap_or(Damage::Header { at }))?;
        if length > self.length.saturating_sub(self.position) {
            return Err(Damage::Truncated { at: self.length }.into());
        }
        body.bytes.clear();
        body.buffers.clear();
        let mut checksum = message.checksum();
        // The end of what was read, and how much of that is not in `bytes`.
        let (mut end, mut elsewhere) = (0, 0);
        for (buffer, place) in message.buffers.iter().enumerate() {
            body.buffers.push(match own(&message, buffer, place.len()) {
                Some(mut memory) => {
                    debug_assert_eq!(memory.bytes().len(), place.len());
                    self.append((place.start - end) as u64, &mut body.bytes, &mut checksum)?;
                    self.fill(memory.bytes_mut())?;
                    checksum.update(memory.bytes());
                    end = place.end;
                    elsewhere += place.len();
                    IncomingBuffer::Own(Some(memory))
                }
                None => IncomingBuffer::Bytes(place.start - elsewhere..place.end - elsewhere),
            });
        }
        self.append(length - end as u64, &mut body.bytes, &mut checksum)?;
        let is_intact = checksum.digest128() == expected;
        Ok(Some(Message { is_intact, ..message }))
    }

    /// Appends the next bytes. Reserves no more memory than bytes come.
    fn append(
        &mut self,
        length: u64,
        bytes: &mut Vec<u8>,
        checksum: &mut Xxh3,
    ) -> Result<(), ReadError> {
        let start = bytes.len();
        if length > 0 {
            let read = self.input.by_ref().take(length).read_to_end(bytes);
            let read = read.map_err(ReadError::Io)? as u64;
            self.position += read;
            if read < length {
                return Err(Damage::Truncated { at: self.position }.into());
            }
        }
        checksum.update(&bytes[start..]);
        Ok(())
    }

    /// Returns the last header as a message, the length of its body and its checksum.
    fn parse(&self, bytes: usize) -> Result<(Message, u64, u128), Option<Damage>> {
        let message = message(slotted::bytemuck::cast_slice(&self.header), bytes).ok_or(None)?;
        let (kind, batch) = match message.header_type() {
            MessageHeader::RecordBatch => (MessageKind::Batch, message.header_as_record_batch()),
            MessageHeader::DictionaryBatch => {
                let dictionary = message.header_as_dictionary_batch().ok_or(None)?;
                if dictionary.isDelta() {
                    return Err(None);
                }
                (MessageKind::Dictionary { id: dictionary.id() }, dictionary.data())
            }
            _ => return Err(None),
        };
        let batch = batch.ok_or(None)?;
        let body = u64::try_from(message.bodyLength()).map_err(|_| None)?;
        let checksum = pairs(message.custom_metadata()).remove(CHECKSUM);
        let checksum =
            checksum.and_then(|text| u128::from_str_radix(&text, 16).ok()).ok_or(None)?;
        let compression = match batch.compression() {
            None => None,
            Some(compression) => match Compression::of_codec(compression.codec()) {
                Ok(compression) => Some(compression),
                Err(feature) => return Err(Some(Damage::Compression { feature })),
            },
        };
        let (nodes, buffers) = (nodes(batch).ok_or(None)?, buffers(batch, body).ok_or(None)?);
        let rows = usize::try_from(batch.length()).map_err(|_| None)?;
        let message = Message { kind, rows, nodes, buffers, compression, is_intact: false };
        Ok((message, body, checksum))
    }

    /// Reads the rest of the file and returns the checksum of all bytes outside bodies.
    pub(crate) fn finish(mut self) -> Result<u128, ReadError> {
        let mut chunk = [0; 4096];
        let mut tail = Vec::new();
        while self.position < self.length {
            let left = usize::try_from(self.length - self.position).unwrap_or(usize::MAX);
            let part = &mut chunk[..left.min(4096)];
            self.read_exact(part)?;
            tail.extend_from_slice(part);
            let excess = tail.len().saturating_sub(MAGIC.len());
            tail.drain(..excess);
        }
        if tail != MAGIC {
            return Err(Damage::Order { expected: "the end of the file" }.into());
        }
        Ok(self.checksum.digest128())
    }

    /// Reads the bytes before a message and its header. Returns `None` at the end of messages.
    fn read_header(&mut self) -> Result<Option<usize>, ReadError> {
        let at = self.position;
        let mut prefix = [0; 8];
        self.read_exact(&mut prefix)?;
        let [continuation @ .., a, b, c, d] = prefix;
        if continuation != CONTINUATION {
            return Err(Damage::Header { at }.into());
        }
        let length = u64::from(u32::from_le_bytes([a, b, c, d]));
        if length == 0 {
            return Ok(None);
        }
        if length > self.length.saturating_sub(self.position) {
            return Err(Damage::Header { at }.into());
        }
        // In parts, so that a wrong length reserves no memory.
        self.header.clear();
        let mut left = length as usize;
        let mut chunk = [0; 512];
        while left > 0 {
            let bytes = left.min(size_of_val(&chunk));
            let part: &mut [u8] = slotted::bytemuck::cast_slice_mut(&mut chunk);
            self.read_exact(&mut part[..bytes])?;
            part[bytes..].fill(0);
            self.header.extend_from_slice(&chunk[..bytes.div_ceil(8)]);
            left -= bytes;
        }
        Ok(Some(length as usize))
    }

    /// Reads bytes outside bodies.
    fn read_exact(&mut self, bytes: &mut [u8]) -> Result<(), ReadError> {
        self.fill(bytes)?;
        self.checksum.update(bytes);
        Ok(())
    }

    fn fill(&mut self, bytes: &mut [u8]) -> Result<(), ReadError> {
        let mut filled = 0;
        while filled < bytes.len() && self.position < self.length {
            let left = usize::try_from(self.length - self.position).unwrap_or(usize::MAX);
            let end = bytes.len().min(filled.saturating_add(left));
            match self.input.read(&mut bytes[filled..end]) {
                Ok(0) => break,
                Ok(read) => {
                    self.position += read as u64;
                    filled += read;
                }
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(ReadError::Io(error)),
            }
        }
        if filled < bytes.len() {
            return Err(Damage::Truncated { at: self.position }.into());
        }
        Ok(())
    }
}

/// Verifies a header.
fn message(header: &[u8], bytes: usize) -> Option<arrow_ipc::Message<'_>> {
    let bytes = header.get(..bytes)?;
    arrow_ipc::root_as_message_with_opts(&verifier(bytes.len()), bytes).ok()
}

/// Returns the options to verify this many bytes.
pub(super) const fn verifier(bytes: usize) -> VerifierOptions {
    VerifierOptions {
        max_depth: 16,
        // Each table takes at least eight bytes.
        max_tables: bytes / 8 + 1,
        max_apparent_size: bytes * 4,
        ignore_missing_null_terminator: false,
    }
}

pub(super) fn pairs(
    pairs: Option<flatbuffers::Vector<'_, ForwardsUOffset<KeyValue<'_>>>>,
) -> HashMap<String, String> {
    let pairs = pairs.into_iter().flatten();
    let pairs = pairs.filter_map(|pair| Some((pair.key()?.to_owned(), pair.value()?.to_owned())));
    pairs.collect()
}

fn nodes(batch: RecordBatch<'_>) -> Option<Vec<Node>> {
    let node = |node: &arrow_ipc::FieldNode| {
        let length = usize::try_from(node.length()).ok()?;
        let nulls = usize::try_from(node.null_count()).ok()?;
        (nulls <= length).then_some(Node { length, nulls })
    };
    batch.nodes()?.iter().map(node).collect()
}

/// Returns the places of buffers in a body, which must be in order.
fn buffers(batch: RecordBatch<'_>, body: u64) -> Option<Vec<Range<usize>>> {
    let mut end = 0;
    let buffer = |buffer: &arrow_ipc::Buffer| {
        let start = u64::try_from(buffer.offset()).ok()?;
        let length = u64::try_from(buffer.length()).ok()?;
        if start < end || start % ALIGNMENT as u64 != 0 {
            return None;
        }
        end = start.checked_add(length).filter(|end| *end <= body)?;
        Some(usize::try_from(start).ok()?..usize::try_from(end).ok()?)
    };
    batch.buffers()?.iter().map(buffer).collect()
}

/// The nodes and buffers of a message, one after another.
pub(crate) struct Body<'m> {
    message: &'m Message,
    incoming: &'m mut Incoming,
    node: usize,
    buffer: usize,
    plain: Vec<u8>,
}

/// The values of a body contradict its header.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Contradiction;

impl<'m> Body<'m> {
    pub(crate) const fn new(message: &'m Message, incoming: &'m mut Incoming) -> Self {
        Self { message, incoming, node: 0, buffer: 0, plain: Vec::new() }
    }

    /// Returns `true` if all nodes and buffers were read.
    pub(crate) const fn is_at_end(&self) -> bool {
        self.node == self.message.nodes.len() && self.buffer == self.message.buffers.len()
    }

    /// Reads the number of values of the next array.
    pub(crate) fn length(&self) -> Result<usize, Contradiction> {
        self.message.nodes.get(self.node).map(|node| node.length).ok_or(Contradiction)
    }

    /// Reads the beginning of an array of this length: a bit for each value that is not null, or `None` if all are.
    pub(crate) fn array(&mut self, length: usize) -> Result<Option<Vec<u64>>, Contradiction> {
        let node = *self.message.nodes.get(self.node).ok_or(Contradiction)?;
        self.node += 1;
        if node.length != length {
            return Err(Contradiction);
        }
        if node.nulls == 0 {
            self.bytes(0)?;
            return Ok(None);
        }
        let bits = words(self.bytes(length.div_ceil(8))?);
        let valid: usize = bits.iter().map(|word| word.count_ones() as usize).sum();
        let is_beyond = |word: &u64| !length.is_multiple_of(64) && word >> (length % 64) != 0;
        if valid != length - node.nulls || bits.last().is_some_and(is_beyond) {
            return Err(Contradiction);
        }
        Ok(Some(bits))
    }

    /// Reads the beginning of an array without nulls.
    pub(crate) fn array_without_nulls(&mut self, length: usize) -> Result<(), Contradiction> {
        // Before anything is read: a header can claim any length.
        let has_nulls = self.message.nodes.get(self.node).is_none_or(|node| node.nulls > 0);
        match has_nulls {
            true => Err(Contradiction),
            false => self.array(length).map(|_| ()),
        }
    }

    /// Reads the next buffer, which must have this many bytes.
    pub(crate) fn bytes(&mut self, length: usize) -> Result<&[u8], Contradiction> {
        let bytes = match self.incoming.buffers.get(self.buffer).ok_or(Contradiction)? {
            IncomingBuffer::Bytes(place) => self.incoming.bytes.get(place.clone()),
            IncomingBuffer::Own(memory) => memory.as_ref().map(BlockMemory::bytes),
        };
        let bytes = bytes.ok_or(Contradiction)?;
        self.buffer += 1;
        let plain = match self.message.compression {
            None => bytes,
            Some(compression) => {
                let is_right = decompress(bytes, compression, length, &mut self.plain);
                if is_right { &*self.plain } else { return Err(Contradiction) }
            }
        };
        if plain.len() == length { Ok(plain) } else { Err(Contradiction) }
    }

    /// Takes the memory of the next buffer, if it has its own.
    pub(crate) fn own_memory(&mut self) -> Option<BlockMemory> {
        let IncomingBuffer::Own(memory) = self.incoming.buffers.get_mut(self.buffer)? else {
            return None;
        };
        self.buffer += 1;
        memory.take()
    }

    /// Reads the ascending 64-bit offsets of this many values, the first of which is 0.
    pub(crate) fn offsets(&mut self, values: usize) -> Result<Vec<usize>, Contradiction> {
        let length = values.checked_add(1).and_then(|count| count.checked_mul(8));
        let (offsets, _) = self.bytes(length.ok_or(Contradiction)?)?.as_chunks::<8>();
        ascending(offsets.iter().map(|bytes| i64::from_le_bytes(*bytes)))
    }

    /// Reads the ascending 32-bit offsets of this many values, the first of which is 0.
    pub(crate) fn offsets_32(&mut self, values: usize) -> Result<Vec<usize>, Contradiction> {
        let length = values.checked_add(1).and_then(|count| count.checked_mul(4));
        let (offsets, _) = self.bytes(length.ok_or(Contradiction)?)?.as_chunks::<4>();
        ascending(offsets.iter().map(|bytes| i32::from_le_bytes(*bytes).into()))
    }
}

fn ascending(offsets: impl Iterator<Item = i64>) -> Result<Vec<usize>, Contradiction> {
    let offsets: Option<Vec<usize>> = offsets.map(|offset| usize::try_from(offset).ok()).collect();
    let offsets = offsets.ok_or(Contradiction)?;
    match offsets.first() == Some(&0) && offsets.is_sorted() {
        true => Ok(offsets),
        false => Err(Contradiction),
    }
}

/// Returns bits as words of 64.
fn words(bytes: &[u8]) -> Vec<u64> {
    let word = |bytes: &[u8]| {
        let mut word = [0; 8];
        word[..bytes.len()].copy_from_slice(bytes);
        u64::from_le_bytes(word)
    };
    bytes.chunks(8).map(word).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fault_41_an_array_without_nulls_is_refused_before_its_nulls_are_read() {
        let (kind, node) = (MessageKind::Batch, Node { length: 1 << 50, nulls: 1 });
        let (nodes, buffers) = (vec![node], vec![0..8, 8..8]);
        let message = Message { kind, rows: 1, nodes, buffers, compression: None, is_intact: true };
        let buffers = message.buffers.iter().cloned().map(IncomingBuffer::Bytes).collect();
        let mut incoming = Incoming { bytes: vec![0; 8], buffers };
        let mut body = Body::new(&message, &mut incoming);
        assert_eq!(body.array_without_nulls(1 << 50), Err(Contradiction));
        assert_eq!(body.buffer, 0, "no buffer was read");
    }
}
