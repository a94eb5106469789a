//! Rows and cells of a delta, and their compact form in binary formats.

/// Rows in ascending order, as pairs of a first row and the number of consecutive rows.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Runs(Vec<(u32, u32)>);

/// The memory of cells.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Bytes(pub(super) Vec<u8>);

impl Runs {
    pub(super) fn new(rows: &[u32]) -> Self {
        let runs = rows.chunk_by(|row, next| row + 1 == *next);
        Self(runs.map(|run| (run[0], run.len() as u32)).collect())
    }

    /// Returns the rows if there are at most `most`, all below `end` and in ascending order.
    pub(super) fn rows(&self, most: usize, end: u32) -> Option<Vec<u32>> {
        let (mut total, mut next) = (0_usize, 0);
        for &(first, length) in &self.0 {
            let after = first.checked_add(length).filter(|after| *after <= end)?;
            if first < next || length == 0 {
                return None;
            }
            next = after;
            total += length as usize;
        }
        let rows = self.0.iter().flat_map(|(first, length)| *first..first + length);
        (total <= most).then(|| rows.collect())
    }
}

/// A delta for each frame of a game has thousands of runs and megabytes of cells, so binary formats get each of them as one
/// string of bytes. Text formats get numbers.
#[cfg(feature = "serde")]
mod serialization {
    use serde::de::{Deserializer, Error, SeqAccess, Visitor};
    use serde::ser::Serializer;
    use serde::{Deserialize, Serialize};

    use super::{Bytes, Runs};

    /// The most elements that a size hint reserves.
    const MOST_RESERVED: usize = 4096;

    impl Serialize for Bytes {
        fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
            match serializer.is_human_readable() {
                true => self.0.serialize(serializer),
                false => serializer.serialize_bytes(&self.0),
            }
        }
    }

    impl<'de> Deserialize<'de> for Bytes {
        fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
            match deserializer.is_human_readable() {
                true => Vec::deserialize(deserializer).map(Self),
                false => deserializer.deserialize_byte_buf(BytesVisitor).map(Self),
            }
        }
    }

    struct BytesVisitor;

    impl<'de> Visitor<'de> for BytesVisitor {
        type Value = Vec<u8>;

        fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
            f.write_str("bytes")
        }

        fn visit_bytes<E: Error>(self, bytes: &[u8]) -> Result<Vec<u8>, E> {
            Ok(bytes.to_vec())
        }

        fn visit_byte_buf<E: Error>(self, bytes: Vec<u8>) -> Result<Vec<u8>, E> {
            Ok(bytes)
        }

        fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Vec<u8>, A::Error> {
            let mut bytes = Vec::with_capacity(seq.size_hint().unwrap_or(0).min(MOST_RESERVED));
            while let Some(byte) = seq.next_element()? {
                bytes.push(byte);
            }
            Ok(bytes)
        }
    }

    impl Serialize for Runs {
        fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
            match serializer.is_human_readable() {
                true => self.0.serialize(serializer),
                false => serializer.serialize_bytes(&self.to_bytes()),
            }
        }
    }

    impl<'de> Deserialize<'de> for Runs {
        fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
            if deserializer.is_human_readable() {
                return Vec::deserialize(deserializer).map(Self);
            }
            let bytes = deserializer.deserialize_byte_buf(BytesVisitor)?;
            Self::from_bytes(&bytes).ok_or_else(|| D::Error::custom("invalid runs of rows"))
        }
    }

    impl Runs {
        /// Returns for each run the number of rows between it and the run before, doubled. If the run has more than one row, 1
        /// is added, and the number of its rows less two follows. Numbers have seven bits a byte, the lowest first.
        fn to_bytes(&self) -> Vec<u8> {
            let mut bytes = Vec::with_capacity(self.0.len() * 2);
            let mut next = 0;
            for (first, length) in &self.0 {
                let gap = u64::from(first.wrapping_sub(next));
                match length.checked_sub(2) {
                    None => put(gap << 1, &mut bytes),
                    Some(more) => {
                        put(gap << 1 | 1, &mut bytes);
                        put(u64::from(more), &mut bytes);
                    }
                }
                next = first.wrapping_add(*length);
            }
            bytes
        }

        fn from_bytes(mut bytes: &[u8]) -> Option<Self> {
            let (mut runs, mut next) = (Vec::new(), 0_u32);
            while !bytes.is_empty() {
                let gap = take(&mut bytes)?;
                let length = match gap & 1 {
                    0 => 1,
                    _ => u32::try_from(take(&mut bytes)?).ok()?.checked_add(2)?,
                };
                let first = next.checked_add(u32::try_from(gap >> 1).ok()?)?;
                next = first.checked_add(length)?;
                runs.push((first, length));
            }
            Some(Self(runs))
        }
    }

    fn put(mut number: u64, bytes: &mut Vec<u8>) {
        while number >= 0x80 {
            bytes.push(number as u8 | 0x80);
            number >>= 7;
        }
        bytes.push(number as u8);
    }

    /// Takes a number of at most 35 bits.
    fn take(bytes: &mut &[u8]) -> Option<u64> {
        let mut number = 0;
        for shift in [0, 7, 14, 21, 28] {
            let (byte, rest) = bytes.split_first()?;
            *bytes = rest;
            number |= u64::from(byte & 0x7f) << shift;
            if byte & 0x80 == 0 {
                return Some(number);
            }
        }
        None
    }

    #[cfg(test)]
    mod tests {
        use super::*;

        #[test]
        fn runs_come_back_from_their_bytes() {
            let far = u32::MAX - 2;
            for runs in [vec![], vec![(0, 1)], vec![(5, 2), (7, 1), (300, 9_000)], vec![(far, 2)]] {
                let runs = Runs(runs);
                assert_eq!(Runs::from_bytes(&runs.to_bytes()), Some(runs));
            }
            assert_eq!(Runs(vec![(3, 1), (9, 4)]).to_bytes(), [6, 11, 2]);
        }

        #[test]
        fn hostile_runs_are_refused() {
            let beyond_all_rows = [0xff, 0xff, 0xff, 0xff, 0x3f];
            for bytes in [&[0x80][..], &[0x80; 6], &[1], &beyond_all_rows] {
                assert_eq!(Runs::from_bytes(bytes), None, "{bytes:?}");
            }
        }
    }
}
