//! Numbers and plain values in few bytes, for what a load keeps of millions of values.

use crate::source::Span;

/// Adds a number, seven bits a byte.
pub(super) fn put(bytes: &mut Vec<u8>, mut number: u64) {
    while number >= 0x80 {
        bytes.push(number as u8 | 0x80);
        number >>= 7;
    }
    bytes.push(number as u8);
}

/// Adds a number that can be negative. Small ones of both signs need one byte.
pub(super) fn put_signed(bytes: &mut Vec<u8>, number: i64) {
    put(bytes, ((number << 1) ^ (number >> 63)) as u64);
}

/// Adds a text with its length.
pub(super) fn put_text(bytes: &mut Vec<u8>, text: &str) {
    put(bytes, text.len() as u64);
    bytes.extend_from_slice(text.as_bytes());
}

/// Adds a span, which usually begins soon after the position.
pub(super) fn put_span(bytes: &mut Vec<u8>, at: u32, span: Span) {
    put_signed(bytes, i64::from(span.start) - i64::from(at));
    put(bytes, span.end.wrapping_sub(span.start).into());
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
    pub(super) fn put(self, bytes: &mut Vec<u8>) {
        match self {
            Self::Unset => bytes.push(0),
            Self::Bool(false) => bytes.push(1),
            Self::Bool(true) => bytes.push(2),
            Self::Int(number) => {
                bytes.push(3);
                put_signed(bytes, number);
            }
            Self::UInt(number) => {
                bytes.push(4);
                put(bytes, number);
            }
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
    pub(super) fn take(tag: u8, bytes: &mut Bytes<'_>) -> Self {
        match tag {
            1 => Self::Bool(false),
            2 => Self::Bool(true),
            3 => Self::Int(bytes.signed()),
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
    pub(super) fn byte(&mut self) -> u8 {
        let Some((byte, rest)) = self.0.split_first() else { return 0 };
        self.0 = rest;
        *byte
    }

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

    pub(super) fn signed(&mut self) -> i64 {
        let number = self.number();
        (number >> 1) as i64 ^ -((number & 1) as i64)
    }

    pub(super) fn slice(&mut self, length: usize) -> &'b [u8] {
        let (slice, rest) = self.0.split_at(length.min(self.0.len()));
        self.0 = rest;
        slice
    }

    pub(super) fn array<const N: usize>(&mut self) -> [u8; N] {
        self.slice(N).try_into().unwrap_or([0; N])
    }

    pub(super) fn text(&mut self) -> &'b str {
        let length = self.number() as usize;
        std::str::from_utf8(self.slice(length)).unwrap_or_default()
    }

    pub(super) fn span(&mut self, at: u32) -> Span {
        let start = (i64::from(at) + self.signed()) as u32;
        Span { start, end: start.wrapping_add(self.number() as u32) }
    }
}
