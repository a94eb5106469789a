//! Compression of buffers, as Arrow's format has it.
#![cfg_attr(
    not(any(feature = "lz4", feature = "zstd")),
    allow(
        unreachable_code,
        unused_imports,
        unused_variables,
        reason = "no compression has a value"
    )
)]

use std::fmt;
use std::io::{self, Read};

use arrow_ipc::CompressionType;

/// A way to compress the columns of a save. Arrow's readers open compressed files too.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Compression {
    /// Fast, and fair in size.
    #[cfg(feature = "lz4")]
    Lz4,
    /// Smaller, and slower.
    #[cfg(feature = "zstd")]
    Zstd,
}

/// The length that stands for a buffer that is not compressed.
const PLAIN: i64 = -1;

/// Writes `lz4` or `zstd`.
impl fmt::Display for Compression {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(if self.codec() == CompressionType::ZSTD { "zstd" } else { "lz4" })
    }
}

impl Compression {
    /// Returns the number of the codec in a file.
    pub(crate) const fn codec(self) -> CompressionType {
        match self {
            #[cfg(feature = "lz4")]
            Self::Lz4 => CompressionType::LZ4_FRAME,
            #[cfg(feature = "zstd")]
            Self::Zstd => CompressionType::ZSTD,
        }
    }

    /// Returns the compression of a file's codec, or the name of the feature that reads it.
    pub(crate) fn of_codec(codec: CompressionType) -> Result<Self, &'static str> {
        match codec {
            #[cfg(feature = "lz4")]
            CompressionType::LZ4_FRAME => Ok(Self::Lz4),
            #[cfg(feature = "zstd")]
            CompressionType::ZSTD => Ok(Self::Zstd),
            #[cfg(not(feature = "zstd"))]
            CompressionType::ZSTD => Err("zstd"),
            _ => Err("lz4"),
        }
    }
}

/// Returns the compressed bytes behind the length of the plain ones. Bytes that do not shrink stay plain.
pub(crate) fn compress(bytes: &[u8], compression: Compression) -> io::Result<Vec<u8>> {
    let compressed: Vec<u8> = match compression {
        #[cfg(feature = "lz4")]
        Compression::Lz4 => {
            let mut encoder = lz4_flex::frame::FrameEncoder::new(Vec::new());
            io::Write::write_all(&mut encoder, bytes)?;
            encoder.finish().map_err(io::Error::other)?
        }
        #[cfg(feature = "zstd")]
        Compression::Zstd => zstd::encode_all(bytes, 1)?,
    };
    let (length, content) = match compressed.len() < bytes.len() {
        true => (bytes.len() as i64, &*compressed),
        false => (PLAIN, bytes),
    };
    let mut result = Vec::with_capacity(8 + content.len());
    result.extend_from_slice(&length.to_le_bytes());
    result.extend_from_slice(content);
    Ok(result)
}

/// Returns the bytes that a compressed buffer declares to have without compression; 0 for one that stayed plain.
pub(crate) fn plain_bytes(bytes: &[u8]) -> u64 {
    let length = bytes.first_chunk::<8>().map_or(0, |length| i64::from_le_bytes(*length));
    u64::try_from(length).unwrap_or(0)
}

/// Replaces `plain` by the decompressed bytes. Returns `false` if they are damaged, or are not `expected` bytes.
///
/// Reserves no more memory than the bytes really need.
pub(crate) fn decompress(
    bytes: &[u8],
    compression: Compression,
    expected: usize,
    plain: &mut Vec<u8>,
) -> bool {
    plain.clear();
    if bytes.is_empty() {
        return expected == 0;
    }
    let Some((length, content)) = bytes.split_first_chunk::<8>() else { return false };
    let length = i64::from_le_bytes(*length);
    if length == PLAIN {
        plain.extend_from_slice(content);
        return plain.len() == expected;
    }
    if usize::try_from(length) != Ok(expected) {
        return false;
    }
    // One byte more shows that there are too many.
    let most = expected as u64 + 1;
    let read: io::Result<usize> = match compression {
        #[cfg(feature = "lz4")]
        Compression::Lz4 => {
            lz4_flex::frame::FrameDecoder::new(content).take(most).read_to_end(plain)
        }
        #[cfg(feature = "zstd")]
        Compression::Zstd => match zstd::Decoder::new(content) {
            Ok(decoder) => decoder.take(most).read_to_end(plain),
            Err(error) => Err(error),
        },
    };
    read.is_ok() && plain.len() == expected
}
