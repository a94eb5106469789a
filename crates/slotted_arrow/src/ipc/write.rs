//! Writes an Arrow file, without a copy of the arrays.

use std::io::{self, Write};

use arrow_array::{Array, ArrayRef};
use arrow_buffer::Buffer;
use arrow_data::ArrayData;
use arrow_ipc::convert::IpcSchemaEncoder;
use arrow_ipc::writer::DictionaryTracker;
use arrow_ipc::{
    Block, BodyCompression, BodyCompressionArgs, BodyCompressionMethod, Buffer as IpcBuffer,
    DictionaryBatchBuilder, FieldNode, FooterBuilder, KeyValue, KeyValueArgs, MessageBuilder,
    MessageHeader, MetadataVersion, RecordBatchBuilder,
};
use arrow_schema::{DataType, Schema};
use flatbuffers::{FlatBufferBuilder, UnionWIPOffset, WIPOffset};
use xxhash_rust::xxh3::Xxh3;

use crate::compression::{Compression, compress};
use crate::ipc::{ALIGNMENT, CHECKSUM, CONTINUATION, MAGIC, begin_checksum, padding};

/// Writes one Arrow file.
///
/// Each message of a dictionary or a batch has its own checksum. The checksum of the file covers all bytes outside bodies, so
/// that each byte of a body is hashed once.
pub(crate) struct IpcWriter<'s, W> {
    out: W,
    position: u64,
    checksum: Box<Xxh3>,
    head: u128,
    schema: &'s Schema,
    compression: Option<Compression>,
    dictionaries: Vec<Block>,
    batches: Vec<Block>,
}

/// The identity of a written file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct WrittenFile {
    pub(crate) bytes: u64,
    pub(crate) checksum: u128,
    /// The checksum of the bytes up to the end of the schema.
    pub(crate) head: u128,
}

const ZEROS: [u8; ALIGNMENT] = [0; ALIGNMENT];

impl<'s, W: Write> IpcWriter<'s, W> {
    /// Begins a file.
    pub(crate) fn new(
        out: W,
        schema: &'s Schema,
        compression: Option<Compression>,
    ) -> io::Result<Self> {
        let (dictionaries, batches, checksum) = (Vec::new(), Vec::new(), Box::new(Xxh3::new()));
        let mut writer = Self {
            out,
            position: 0,
            checksum,
            head: 0,
            schema,
            compression,
            dictionaries,
            batches,
        };
        writer.write(MAGIC)?;
        writer.write(&[0, 0])?;
        let mut builder = FlatBufferBuilder::new();
        let header = schema_offset(&mut builder, schema);
        let message = Message { kind: MessageHeader::Schema, body: 0, checksum: None };
        writer.message(builder, header.as_union_value(), message)?;
        writer.head = writer.checksum.digest128();
        Ok(writer)
    }

    /// Returns the checksum of the bytes up to the end of the schema.
    pub(crate) const fn head(&self) -> u128 {
        self.head
    }

    /// Writes the values of a dictionary, which must come before the batches.
    pub(crate) fn dictionary(&mut self, id: i64, values: &ArrayRef) -> io::Result<()> {
        let body = OutgoingBody::new(std::slice::from_ref(values), self.compression)?;
        let mut builder = FlatBufferBuilder::new();
        let batch = body.header(&mut builder, values.len(), self.compression);
        let mut dictionary = DictionaryBatchBuilder::new(&mut builder);
        dictionary.add_id(id);
        dictionary.add_data(batch);
        let header = dictionary.finish().as_union_value();
        let checksum = body.checksum(values.len(), Some(id));
        let kind = MessageHeader::DictionaryBatch;
        let block = self.batch_message(builder, header, kind, &body, checksum)?;
        self.dictionaries.push(block);
        Ok(())
    }

    /// Writes a batch of rows.
    pub(crate) fn batch(&mut self, batch: &OutgoingBatch) -> io::Result<()> {
        let OutgoingBatch { rows, body, checksum } = batch;
        let mut builder = FlatBufferBuilder::new();
        let header = body.header(&mut builder, *rows, self.compression).as_union_value();
        let kind = MessageHeader::RecordBatch;
        let block = self.batch_message(builder, header, kind, body, *checksum)?;
        self.batches.push(block);
        Ok(())
    }

    /// Ends the file and returns the writer below.
    pub(crate) fn finish(mut self) -> io::Result<(W, WrittenFile)> {
        self.write(&CONTINUATION)?;
        self.write(&[0; 4])?;
        let mut builder = FlatBufferBuilder::new();
        let schema = schema_offset(&mut builder, self.schema);
        let dictionaries = builder.create_vector(&self.dictionaries);
        let batches = builder.create_vector(&self.batches);
        let mut footer = FooterBuilder::new(&mut builder);
        footer.add_version(MetadataVersion::V5);
        footer.add_schema(schema);
        footer.add_dictionaries(dictionaries);
        footer.add_recordBatches(batches);
        let footer = footer.finish();
        builder.finish(footer, None);
        let footer = builder.finished_data();
        self.write(footer)?;
        self.write(&length(footer.len())?.to_le_bytes())?;
        self.write(MAGIC)?;
        let checksum = self.checksum.digest128();
        Ok((self.out, WrittenFile { bytes: self.position, checksum, head: self.head }))
    }

    fn batch_message(
        &mut self,
        builder: FlatBufferBuilder<'_>,
        header: WIPOffset<UnionWIPOffset>,
        kind: MessageHeader,
        body: &OutgoingBody,
        checksum: u128,
    ) -> io::Result<Block> {
        let start = self.position;
        let message = Message { kind, body: body.length, checksum: Some(checksum) };
        self.message(builder, header, message)?;
        // At most the header of 65,535 slots.
        let header_bytes = length((self.position - start) as usize)?;
        for part in &body.parts {
            self.out.write_all(part)?;
            self.out.write_all(&ZEROS[..padding(part.len(), ALIGNMENT)])?;
        }
        self.position += body.length as u64;
        Ok(Block::new(start as i64, header_bytes, body.length as i64))
    }

    fn message(
        &mut self,
        mut builder: FlatBufferBuilder<'_>,
        header: WIPOffset<UnionWIPOffset>,
        message: Message,
    ) -> io::Result<()> {
        let metadata = message.checksum.map(|checksum| {
            let key = builder.create_string(CHECKSUM);
            let value = builder.create_string(&format!("{checksum:032x}"));
            let args = KeyValueArgs { key: Some(key), value: Some(value) };
            let pair = KeyValue::create(&mut builder, &args);
            builder.create_vector(&[pair])
        });
        let mut fields = MessageBuilder::new(&mut builder);
        fields.add_version(MetadataVersion::V5);
        fields.add_header_type(message.kind);
        fields.add_header(header);
        fields.add_bodyLength(message.body as i64);
        if let Some(metadata) = metadata {
            fields.add_custom_metadata(metadata);
        }
        let root = fields.finish();
        builder.finish(root, None);
        let bytes = builder.finished_data();
        // The body that follows is aligned.
        let start = self.position as usize + 8 + bytes.len();
        let padding = padding(start, ALIGNMENT);
        self.write(&CONTINUATION)?;
        self.write(&length(bytes.len() + padding)?.to_le_bytes())?;
        self.write(bytes)?;
        self.write(&ZEROS[..padding])
    }

    /// Writes bytes outside bodies.
    fn write(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.checksum.update(bytes);
        self.position += bytes.len() as u64;
        self.out.write_all(bytes)
    }
}

/// A batch of rows, ready to be written: another thread can prepare it.
pub(crate) struct OutgoingBatch {
    rows: usize,
    body: OutgoingBody,
    checksum: u128,
}

impl OutgoingBatch {
    pub(crate) fn new(
        rows: usize,
        columns: &[ArrayRef],
        compression: Option<Compression>,
    ) -> io::Result<Self> {
        let body = OutgoingBody::new(columns, compression)?;
        let checksum = body.checksum(rows, None);
        Ok(Self { rows, body, checksum })
    }
}

/// The parts of a message besides its header.
struct Message {
    kind: MessageHeader,
    body: usize,
    checksum: Option<u128>,
}

fn length(bytes: usize) -> io::Result<i32> {
    i32::try_from(bytes).map_err(|_| io::Error::other("a header exceeds 2 GiB"))
}

fn schema_offset<'b>(
    builder: &mut FlatBufferBuilder<'b>,
    schema: &Schema,
) -> WIPOffset<arrow_ipc::Schema<'b>> {
    // Gives the fields with dictionaries the ids 0, 1, 2 and so on.
    let mut tracker = DictionaryTracker::new(false);
    IpcSchemaEncoder::new()
        .with_dictionary_tracker(&mut tracker)
        .schema_to_fb_offset(builder, schema)
}

/// The buffers of some arrays, and the list of them that a header has.
struct OutgoingBody {
    nodes: Vec<FieldNode>,
    buffers: Vec<IpcBuffer>,
    parts: Vec<Buffer>,
    length: usize,
}

impl OutgoingBody {
    fn new(arrays: &[ArrayRef], compression: Option<Compression>) -> io::Result<Self> {
        let (nodes, buffers, parts) = Default::default();
        let mut body = Self { nodes, buffers, parts, length: 0 };
        for array in arrays {
            body.add(&array.to_data(), compression)?;
        }
        Ok(body)
    }

    fn add(&mut self, array: &ArrayData, compression: Option<Compression>) -> io::Result<()> {
        self.nodes.push(FieldNode::new(array.len() as i64, array.null_count() as i64));
        let nulls = array.nulls().filter(|nulls| nulls.null_count() > 0);
        let bits = |bits: &Buffer| bits.slice_with_length(0, array.len().div_ceil(8));
        let nulls = nulls.map_or_else(|| Buffer::from(&[]), |nulls| bits(nulls.buffer()));
        self.push(nulls, compression)?;
        for buffer in array.buffers() {
            let buffer = match array.data_type() {
                DataType::Boolean => bits(buffer),
                _ => buffer.clone(),
            };
            self.push(buffer, compression)?;
        }
        // The values of a dictionary have a message of their own.
        if !matches!(array.data_type(), DataType::Dictionary(..)) {
            array.child_data().iter().try_for_each(|child| self.add(child, compression))?;
        }
        Ok(())
    }

    fn push(&mut self, buffer: Buffer, compression: Option<Compression>) -> io::Result<()> {
        let buffer = match compression {
            Some(compression) if !buffer.is_empty() => compress(&buffer, compression)?.into(),
            _ => buffer,
        };
        self.buffers.push(IpcBuffer::new(self.length as i64, buffer.len() as i64));
        self.length += buffer.len().next_multiple_of(ALIGNMENT);
        self.parts.push(buffer);
        Ok(())
    }

    fn checksum(&self, rows: usize, dictionary: Option<i64>) -> u128 {
        let nodes = self.nodes.iter().flat_map(|node| [node.length(), node.null_count()]);
        let buffers = self.buffers.iter().flat_map(|buffer| [buffer.offset(), buffer.length()]);
        let header = std::iter::once(rows as i64).chain(nodes).chain(buffers).chain(dictionary);
        let zeros = |part: &Buffer| &ZEROS[..padding(part.len(), ALIGNMENT)];
        let mut checksum = begin_checksum(header.map(i64::cast_unsigned));
        for part in &self.parts {
            checksum.update(part);
            checksum.update(zeros(part));
        }
        checksum.digest128()
    }

    fn header<'b>(
        &self,
        builder: &mut FlatBufferBuilder<'b>,
        rows: usize,
        compression: Option<Compression>,
    ) -> WIPOffset<arrow_ipc::RecordBatch<'b>> {
        let (nodes, buffers) =
            (builder.create_vector(&self.nodes), builder.create_vector(&self.buffers));
        let compression = compression.map(|compression| {
            let method = BodyCompressionMethod::BUFFER;
            let args = BodyCompressionArgs { codec: compression.codec(), method };
            BodyCompression::create(builder, &args)
        });
        let mut batch = RecordBatchBuilder::new(builder);
        batch.add_length(rows as i64);
        batch.add_nodes(nodes);
        batch.add_buffers(buffers);
        if let Some(compression) = compression {
            batch.add_compression(compression);
        }
        batch.finish()
    }
}
