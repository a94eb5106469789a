//! Reads the footer of a damaged file: the places of its messages.

use std::collections::HashMap;
use std::ops::Range;

use arrow_ipc::Block;
use slotted::bytemuck::cast_slice_mut;
use xxhash_rust::xxh3::Xxh3;

use crate::ipc::MAGIC;
use crate::ipc::read::{pairs, verifier};

/// The end of a file. It knows where each message is if the headers of others are damaged.
#[derive(Debug)]
pub(crate) struct Footer {
    /// The metadata of the schema.
    pub(crate) metadata: HashMap<String, String>,
    pub(crate) dictionaries: Vec<Place>,
    pub(crate) batches: Vec<Place>,
}

/// The place of a message in a file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Place {
    /// The header, with the bytes before it, and the body.
    pub(crate) all: Range<usize>,
    /// The end of the header.
    body: usize,
}

/// The bytes between the last message and the footer.
const END_OF_MESSAGES: usize = 8;

impl Footer {
    /// Reads the footer of a whole file. Returns `None` if it is damaged, or the messages do not follow one another up to it.
    pub(crate) fn new(file: &[u8]) -> Option<Self> {
        let (rest, length) = file.strip_suffix(MAGIC)?.split_last_chunk()?;
        let length = usize::try_from(u32::from_le_bytes(*length)).ok()?;
        let start = rest.len().checked_sub(length)?;
        // Flatbuffers are aligned.
        let mut aligned = vec![0_u64; length.div_ceil(8)];
        let bytes: &mut [u8] = cast_slice_mut(&mut aligned);
        bytes[..length].copy_from_slice(&rest[start..]);
        let bytes = &bytes[..length];
        let footer = arrow_ipc::root_as_footer_with_opts(&verifier(bytes.len()), bytes).ok()?;
        let places = |blocks: Option<flatbuffers::Vector<'_, Block>>| {
            blocks.into_iter().flatten().map(Place::new).collect::<Option<Vec<_>>>()
        };
        let dictionaries = places(footer.dictionaries())?;
        let batches = places(footer.recordBatches())?;
        let all = || dictionaries.iter().chain(&batches);
        let ends = all().map(|place| place.all.end);
        let starts = all().skip(1).map(|place| place.all.start);
        let is_whole = ends.eq(starts.chain([start.checked_sub(END_OF_MESSAGES)?]));
        let metadata = pairs(footer.schema()?.custom_metadata());
        is_whole.then_some(Self { metadata, dictionaries, batches })
    }

    /// Returns the checksum of the file's bytes outside bodies.
    pub(crate) fn checksum(&self, file: &[u8]) -> u128 {
        let (mut checksum, mut end) = (Xxh3::new(), 0);
        for place in self.dictionaries.iter().chain(&self.batches) {
            checksum.update(&file[end..place.body]);
            end = place.all.end;
        }
        checksum.update(&file[end..]);
        checksum.digest128()
    }
}

impl Place {
    fn new(block: &Block) -> Option<Self> {
        let start = usize::try_from(block.offset()).ok()?;
        let body = start.checked_add(usize::try_from(block.metaDataLength()).ok()?)?;
        let end = body.checked_add(usize::try_from(block.bodyLength()).ok()?)?;
        // No header is shorter than its length and the word before it.
        (body - start > 8).then_some(Self { all: start..end, body })
    }
}
