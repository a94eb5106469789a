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
