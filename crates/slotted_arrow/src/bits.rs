//! Rows as bits, in words of 64.

/// Returns `true` if a row's bit is 1.
pub(crate) fn is_one(bits: &[u64], row: usize) -> bool {
    bits.get(row / 64).is_some_and(|word| word >> (row % 64) & 1 == 1)
}

/// Returns the bits of this many rows, all 1.
pub(crate) fn all_ones(rows: usize) -> Vec<u64> {
    let mut words = vec![u64::MAX; rows.div_ceil(64)];
    if let (Some(last), 1..) = (words.last_mut(), rows % 64) {
        *last = u64::MAX >> (64 - rows % 64);
    }
    words
}

/// Returns `true` if the bits of all rows are 1.
pub(crate) fn none_are_null(bits: &[u64], rows: usize) -> bool {
    let count: usize = bits.iter().map(|word| word.count_ones() as usize).sum();
    count == rows
}

/// Returns the rows whose bits are 0.
pub(crate) fn null_rows(bits: &[u64], rows: usize) -> impl Iterator<Item = usize> + '_ {
    (0..rows).filter(|row| !is_one(bits, *row))
}

/// The bytes of each byte of bits.
const SPREAD: [[u8; 8]; 256] = {
    let mut spread = [[0; 8]; 256];
    let mut byte = 0;
    while byte < 256 {
        let mut bit = 0;
        while bit < 8 {
            spread[byte][bit] = (byte >> bit) as u8 & 1;
            bit += 1;
        }
        byte += 1;
    }
    spread
};

/// Returns bits as this many bytes of 0 and 1.
pub(crate) fn unpack(bits: &[u8], count: usize) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(count.next_multiple_of(8));
    bits.iter().for_each(|byte| bytes.extend_from_slice(&SPREAD[usize::from(*byte)]));
    bytes.truncate(count);
    bytes
}

/// Returns bytes of 0 and 1 as bits.
pub(crate) fn pack(bytes: &[u8]) -> Vec<u64> {
    let word = |bytes: &[u8]| {
        let (eights, rest) = bytes.as_chunks::<8>();
        // The product's highest byte has the lowest bit of each byte.
        let bits = |eight: &[u8; 8]| {
            (u64::from_le_bytes(*eight) & 0x0101_0101_0101_0101).wrapping_mul(0x0102_0408_1020_4080)
                >> 56
        };
        let word =
            eights.iter().enumerate().fold(0, |word, (at, eight)| word | bits(eight) << (8 * at));
        let rest = rest.iter().enumerate();
        rest.fold(word, |word, (bit, byte)| word | u64::from(byte & 1) << (8 * eights.len() + bit))
    };
    bytes.chunks(64).map(word).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn packed_bytes_are_the_bits_of_their_rows() {
        for length in [0_usize, 1, 7, 8, 9, 63, 64, 65, 200] {
            let bytes: Vec<u8> =
                (0..length).map(|row| u8::from(row.is_multiple_of(3) || row % 7 == 5)).collect();
            let bits = pack(&bytes);
            assert_eq!(bits.len(), length.div_ceil(64));
            let packed: Vec<u8> = bits.iter().flat_map(|word| word.to_le_bytes()).collect();
            assert_eq!(unpack(&packed[..length.div_ceil(8)], length), bytes);
            assert!(
                (0..64 * bits.len()).all(|row| is_one(&bits, row) == (bytes.get(row) == Some(&1)))
            );
        }
    }

    #[test]
    fn all_ones_end_at_the_last_row() {
        assert!(all_ones(0).is_empty());
        assert_eq!(all_ones(64), [u64::MAX]);
        assert_eq!(all_ones(65), [u64::MAX, 1]);
        assert!(none_are_null(&all_ones(100), 100));
    }
}
