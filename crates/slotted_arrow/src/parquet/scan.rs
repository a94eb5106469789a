//! Headers of the pages of a Parquet file: how much memory its columns will take, before any of it is taken.
//!
//! A page of a few bytes may claim billions of values, or a size of gigabytes that a reader fills with zeros first.

use std::fs::File;
use std::io::{self, BufReader, Read, Seek, SeekFrom};

use parquet::basic::Compression;
use parquet::file::metadata::{ColumnChunkMetaData, ParquetMetaData};

use crate::parquet::ParquetError;

/// The bytes of a page header. Statistics make up the most of it.
const LONGEST_HEADER: u64 = 1 << 20;
/// The structures in one another within a header. Parquet's have three.
const DEEPEST: usize = 8;
/// The bytes of a value of plain memory: no kind has more.
const LARGEST_VALUE: u64 = 4096;
/// Parquet's number for the encoding whose values begin with those before, so that few bytes may become many.
const DELTA_BYTE_ARRAY: i64 = 7;

/// The fields of a page header that say how large the page is.
#[derive(Debug, Default, PartialEq, Eq)]
struct PageHeader {
    uncompressed: u64,
    compressed: u64,
    values: u64,
    encoding: i64,
    /// The bytes before the compressed ones.
    levels: u64,
    is_compressed: bool,
}

/// Returns the bytes that these columns take at most when they are read.
pub(crate) fn decoded_bytes(
    file: &File,
    metadata: &ParquetMetaData,
    columns: &[usize],
    limit: u64,
) -> Result<u64, ParquetError> {
    let mut bytes = 0_u64;
    let schema = metadata.file_metadata().schema_descr();
    let is_read = |leaf: &usize| columns.contains(&schema.get_column_root_idx(*leaf));
    let leaves: Vec<usize> = (0..schema.num_columns()).filter(is_read).collect();
    for group in metadata.row_groups() {
        for leaf in &leaves {
            let column = group.columns().get(*leaf).ok_or(ParquetError::Place)?;
            bytes = bytes.saturating_add(column_bytes(file, column, limit)?);
            if bytes > limit {
                return Ok(bytes);
            }
        }
    }
    Ok(bytes)
}

/// Returns the bytes of a value: of those without a fixed length, the place of their bytes, which lie in pages.
fn value_bytes(column: &ColumnChunkMetaData) -> Result<u64, ParquetError> {
    use parquet::basic::Type;
    Ok(match column.column_type() {
        Type::BOOLEAN => 1,
        Type::INT32 | Type::FLOAT => 4,
        Type::INT64 | Type::DOUBLE => 8,
        Type::INT96 => 12,
        Type::BYTE_ARRAY => 16,
        Type::FIXED_LEN_BYTE_ARRAY => {
            let length = u64::try_from(column.column_descr().type_length()).unwrap_or(0);
            if length > LARGEST_VALUE {
                return Err(ParquetError::ValueLength { length, limit: LARGEST_VALUE });
            }
            length
        }
    })
}

fn column_bytes(
    file: &File,
    column: &ColumnChunkMetaData,
    limit: u64,
) -> Result<u64, ParquetError> {
    // Two levels of two bytes for each value.
    let value_bytes = value_bytes(column)? + 4;
    let length = file.metadata()?.len();
    let first = [column.dictionary_page_offset(), Some(column.data_page_offset())];
    // `byte_range` panics if these are negative.
    let is_sound = column.compressed_size() >= 0 && first.iter().flatten().all(|at| *at >= 0);
    let (start, size) = if is_sound { column.byte_range() } else { (u64::MAX, 0) };
    let end = start.checked_add(size).filter(|end| *end <= length).ok_or(ParquetError::Place)?;
    let mut pages = BufReader::new(file);
    pages.seek(SeekFrom::Start(start))?;
    let (mut position, mut bytes) = (start, 0_u64);
    while position < end {
        let mut input = (&mut pages).take(LONGEST_HEADER.min(end - position));
        let available = input.limit();
        let header = PageHeader::read(&mut input)?;
        position += available - input.limit();
        if header.encoding == DELTA_BYTE_ARRAY {
            return Err(ParquetError::Encoding { encoding: "DELTA_BYTE_ARRAY" });
        }
        if header.compressed > end - position {
            return Err(ParquetError::Place);
        }
        bytes = bytes.saturating_add(header.uncompressed);
        bytes = bytes.saturating_add(header.values.saturating_mul(value_bytes));
        if bytes > limit {
            return Ok(bytes);
        }
        check_size(&mut pages, &header, column.compression())?;
        position += header.compressed;
    }
    Ok(bytes)
}

/// Moves behind a page. Decompresses it without keeping it if its size is the only limit that the reader has.
fn check_size(
    pages: &mut BufReader<&File>,
    header: &PageHeader,
    compression: Compression,
) -> Result<(), ParquetError> {
    #[cfg(feature = "zstd")]
    if matches!(compression, Compression::ZSTD(_)) && header.is_compressed {
        let size = header.uncompressed.saturating_sub(header.levels);
        pages.seek_relative(header.levels.min(header.compressed).cast_signed())?;
        let compressed = pages.by_ref().take(header.compressed.saturating_sub(header.levels));
        if size == 0 {
            io::copy(&mut { compressed }, &mut io::sink())?;
            return Ok(());
        }
        let mut decoder = zstd::Decoder::new(compressed)?;
        let found = io::copy(&mut decoder.by_ref().take(size + 1), &mut io::sink())?;
        if found != size {
            return Err(ParquetError::PageSize { expected: size, found });
        }
        io::copy(&mut decoder.finish(), &mut io::sink())?;
        return Ok(());
    }
    let _ = compression;
    Ok(pages.seek_relative(header.compressed.cast_signed())?)
}

impl PageHeader {
    fn read(input: &mut impl Read) -> Result<Self, ParquetError> {
        let mut header = Self { is_compressed: true, ..Self::default() };
        let mut input = Compact { input };
        input.fields(0, &mut |input, path, kind| {
            let number = |input: &mut Compact<_>| {
                u64::try_from(input.number(kind)?).map_err(|_| ParquetError::Place)
            };
            match path {
                [2] => header.uncompressed = number(input)?,
                [3] => header.compressed = number(input)?,
                // The headers of a data page, of a dictionary, and of a data page of the second version.
                [5 | 7 | 8, 1] => header.values = number(input)?,
                [5 | 7, 2] | [8, 4] => header.encoding = input.number(kind)?,
                [8, 5 | 6] => header.levels += number(input)?,
                [8, 7] => header.is_compressed = kind == Compact::<&[u8]>::TRUE,
                _ => return Ok(false),
            }
            Ok(true)
        })?;
        Ok(header)
    }
}

/// Thrift's compact protocol, in which page headers are written.
struct Compact<'a, R> {
    input: &'a mut R,
}

impl<R: Read> Compact<'_, R> {
    const TRUE: u8 = 1;
    const FALSE: u8 = 2;

    fn byte(&mut self) -> Result<u8, ParquetError> {
        let mut byte = [0];
        self.input.read_exact(&mut byte)?;
        Ok(byte[0])
    }

    fn varint(&mut self) -> Result<u64, ParquetError> {
        let mut number = 0;
        for shift in (0..64).step_by(7) {
            let byte = self.byte()?;
            number |= u64::from(byte & 0x7f) << shift;
            if byte & 0x80 == 0 {
                return Ok(number);
            }
        }
        Err(ParquetError::Header)
    }

    fn signed(&mut self) -> Result<i64, ParquetError> {
        let number = self.varint()?;
        Ok((number >> 1).cast_signed() ^ -(number & 1).cast_signed())
    }

    /// Reads an integer of the type that its field has.
    fn number(&mut self, kind: u8) -> Result<i64, ParquetError> {
        match kind {
            4..=6 => self.signed(),
            _ => Err(ParquetError::Header),
        }
    }

    fn skip_bytes(&mut self, count: u64) -> Result<(), ParquetError> {
        match io::copy(&mut self.input.take(count), &mut io::sink())? {
            copied if copied == count => Ok(()),
            _ => Err(ParquetError::Header),
        }
    }

    /// Visits the fields of a structure, and of structures within it. `visit` gets the numbers of the fields that lead to one, and
    /// returns `true` if it has read it.
    fn fields(
        &mut self,
        depth: usize,
        visit: &mut impl FnMut(&mut Self, &[i16], u8) -> Result<bool, ParquetError>,
    ) -> Result<(), ParquetError> {
        let mut path = [0; DEEPEST];
        self.fields_at(depth, &mut path, visit)
    }

    fn fields_at(
        &mut self,
        depth: usize,
        path: &mut [i16; DEEPEST],
        visit: &mut impl FnMut(&mut Self, &[i16], u8) -> Result<bool, ParquetError>,
    ) -> Result<(), ParquetError> {
        let mut number = 0_i16;
        loop {
            let byte = self.byte()?;
            let (delta, kind) = (byte >> 4, byte & 0x0f);
            if kind == 0 {
                return Ok(());
            }
            number = match delta {
                0 => i16::try_from(self.signed()?).map_err(|_| ParquetError::Header)?,
                delta => number.checked_add(delta.into()).ok_or(ParquetError::Header)?,
            };
            *path.get_mut(depth).ok_or(ParquetError::Header)? = number;
            if !visit(self, &path[..=depth], kind)? {
                match kind {
                    12 => self.fields_at(depth + 1, path, visit)?,
                    kind => self.skip(kind, depth + 1)?,
                }
            }
        }
    }

    fn skip(&mut self, kind: u8, depth: usize) -> Result<(), ParquetError> {
        if depth >= DEEPEST {
            return Err(ParquetError::Header);
        }
        match kind {
            Self::TRUE | Self::FALSE => Ok(()),
            3 => self.skip_bytes(1),
            4..=6 => self.varint().map(|_| ()),
            7 => self.skip_bytes(8),
            8 => {
                let length = self.varint()?;
                self.skip_bytes(length)
            }
            12 => self.fields_at(depth, &mut [0; DEEPEST], &mut |_, _, _| Ok(false)),
            // Page headers have no lists, sets or maps.
            _ => Err(ParquetError::Header),
        }
    }
}
