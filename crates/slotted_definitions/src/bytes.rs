//! Numbers and plain values in few bytes, for what a load keeps of millions of values.

use crate::source::Span;

/// Adds a number, seven bits a byte.
#[inline]
pub(super) fn put(bytes: &mut Vec<u8>, mut number: u64) {
    while number >= 0x80 {
        bytes.push(number as u8 | 0x80);
        number >>= 7;
    }
    bytes.push(number as u8);
}

/// Adds several numbers. Usually all are small.
#[inline(always)]
pub(super) fn put_all<const N: usize>(bytes: &mut Vec<u8>, numbers: [u64; N]) {
    if numbers.iter().fold(0, |all, number| all | number) < 0x80 {
        bytes.extend_from_slice(&numbers.map(|number| number as u8));
    } else {
        put_large(bytes, &numbers);
    }
}

#[inline(never)]
fn put_large(bytes: &mut Vec<u8>, numbers: &[u64]) {
    numbers.iter().for_each(|number| put(bytes, *number));
}

/// Returns a small number for a small one of any sign.
#[inline]
const fn folded(number: i64) -> u64 {
    ((number << 1) ^ (number >> 63)) as u64
}

#[inline]
const fn unfolded(number: u64) -> i64 {
    (number >> 1) as i64 ^ -((number & 1) as i64)
}

/// Adds a text with its length.
#[inline]
pub(super) fn put_text(bytes: &mut Vec<u8>, text: &str) {
    put(bytes, text.len() as u64);
    bytes.extend_from_slice(text.as_bytes());
}

/// Returns a span as two numbers: its distance from a position, which is usually small, and its length.
#[inline]
pub(super) const fn from_span(at: u32, span: Span) -> [u64; 2] {
    let start = folded(span.start as i64 - at as i64);
    [start, span.end.wrapping_sub(span.start) as u64]
}

/// Returns the span of these two numbers.
#[inline]
pub(super) const fn to_span(at: u32, start: u64, length: u64) -> Span {
    let start = (at as i64).wrapping_add(unfolded(start)) as u32;
    Span { start, end: start.wrapping_add(length as u32) }
}

/// A value without parts.
#[derive(Clone, Copy, Debug)]
pub(super) enum Plain {
    Unset,
    Bool(bool),
    Int(i64),
    UInt(u64),
    Float(f64),
}

/// The first number of a tag that is no plain value.
pub(super) const FIRST_TAG: u8 = 7;

impl Plain {
    /// Adds the value, which begins with a tag below [`FIRST_TAG`].
    #[inline(always)]
    pub(super) fn put(self, bytes: &mut Vec<u8>) {
        match self {
            Self::Unset => bytes.push(0),
            Self::Bool(false) => bytes.push(1),
            Self::Bool(true) => bytes.push(2),
            Self::Int(number) => put_all(bytes, [3, folded(number)]),
            Self::UInt(number) => put_all(bytes, [4, number]),
            Self::Float(number) => {
                let single = number as f32;
                // Compares bits, to keep the sign of zero and each NaN.
                if f64::from(single).to_bits() == number.to_bits() {
                    bytes.push(5);
                    bytes.extend_from_slice(&single.to_le_bytes());
                } else {
                    bytes.push(6);
                    bytes.extend_from_slice(&number.to_le_bytes());
                }
            }
        }
    }

    /// Reads the value behind its tag. Tags of other values are unset.
    #[inline(always)]
    pub(super) fn take(tag: u8, bytes: &mut Bytes<'_>) -> Self {
        match tag {
            1 => Self::Bool(false),
            2 => Self::Bool(true),
            3 => Self::Int(unfolded(bytes.number())),
            4 => Self::UInt(bytes.number()),
            5 => Self::Float(f32::from_le_bytes(bytes.array()).into()),
            6 => Self::Float(f64::from_le_bytes(bytes.array())),
            _ => Self::Unset,
        }
    }
}

/// The bytes that are left to read. Behind their end there are zeros.
#[derive(Clone, Debug)]
pub(super) struct Bytes<'b>(pub(super) &'b [u8]);

impl<'b> Bytes<'b> {
    #[inline]
    pub(super) fn byte(&mut self) -> u8 {
        let Some((byte, rest)) = self.0.split_first() else { return 0 };
        self.0 = rest;
        *byte
    }

    #[inline]
    pub(super) fn number(&mut self) -> u64 {
        let (mut number, mut shift) = (0, 0);
        loop {
            let byte = self.byte();
            number |= u64::from(byte & 0x7f) << shift;
            shift += 7;
            if byte < 0x80 || shift > 63 {
                return number;
            }
        }
    }

    /// Reads several numbers. Usually all are small.
    #[inline]
    pub(super) fn numbers<const N: usize>(&mut self) -> [u64; N] {
        if let Some((numbers, rest)) = self.0.split_first_chunk::<N>()
            && numbers.iter().fold(0, |all, number| all | number) < 0x80
        {
            self.0 = rest;
            return numbers.map(u64::from);
        }
        [(); N].map(|()| self.number())
    }

    #[inline]
    pub(super) fn slice(&mut self, length: usize) -> &'b [u8] {
        let (slice, rest) = self.0.split_at(length.min(self.0.len()));
        self.0 = rest;
        slice
    }

    #[inline]
    pub(super) fn array<const N: usize>(&mut self) -> [u8; N] {
        self.slice(N).try_into().unwrap_or([0; N])
    }

    #[inline]
    pub(super) fn text(&mut self) -> &'b str {
        let length = self.number() as usize;
        std::str::from_utf8(self.slice(length)).unwrap_or_default()
    }
}
