//! Cells as plain data, for comparison, hashes and deltas.

use std::hash::{Hash, Hasher};

use crate::id::ObjectId;
use crate::list::ListCell;
use crate::text::Text;
use crate::vectors::VectorNumbers;

/// Hashes of the data behind handles, equal in every store with equal data.
pub trait Names {
    /// Returns a hash of the text itself.
    fn text(&self, text: Text) -> u64;
    /// Returns a hash of the schema's name, the row and the generation.
    fn object(&self, id: ObjectId) -> u64;
    /// Returns a hash of the list's elements.
    fn list(&self, list: ListCell) -> u64;
    /// Returns a hash of a byte: the number itself, or the name of an enum's variant.
    #[inline(always)]
    fn byte(&self, byte: u8) -> u64 {
        u64::from(byte)
    }
}

/// Translates handles of one store into those of another.
pub trait Translate {
    /// Returns `None` if the other store lacks the text.
    fn text(&mut self, text: Text) -> Option<Text>;
    /// Returns `None` if the other store lacks the schema.
    fn object(&mut self, id: ObjectId) -> Option<ObjectId>;
    /// Returns `None` if the other store cannot have the list.
    fn list(&mut self, list: ListCell) -> Option<ListCell>;
}

/// A cell as plain data.
pub trait CellBits: Copy {
    /// The number of bytes that [`put`](Self::put) writes.
    const BYTES: usize;

    /// `true` if any bytes are cells of this type, and [`put`](Self::put) writes their memory.
    const IS_MEMORY: bool = false;

    /// Returns `true` if the cells are equal bit for bit.
    fn is_same(&self, other: &Self) -> bool;

    /// Returns `true` if all cells are equal bit for bit.
    fn same(a: &[Self], b: &[Self]) -> bool;

    /// Continues a hash with the cell. All NaN hash the same; -0.0 and 0.0 hash differently.
    fn hash(self, hash: u64, names: &impl Names) -> u64;

    /// Feeds the cells' bits to a hasher.
    fn feed(cells: &[Self], hasher: &mut impl Hasher);

    /// Writes the cell, lowest byte first.
    fn put(self, bytes: &mut Vec<u8>);

    /// Reads the bytes written by `put`. Returns `None` for bytes that `put` never writes.
    fn take(bytes: &[u8]) -> Option<Self>;

    /// Returns the memory of the cells: what `put` writes, on a machine that stores the lowest byte first.
    fn as_bytes(cells: &[Self]) -> &[u8];

    /// Appends cells from their memory, of which handles of texts below a number are known to be valid. Returns `false` if that
    /// needs a look at each cell, and for invalid bytes.
    fn extend_from_bytes(_: &mut Vec<Self>, _: &[u8], _known_texts: u32) -> bool {
        false
    }

    /// Returns this many cells whose memory is zero, if any bytes are cells of this type.
    fn zeroed(_: usize) -> Option<Vec<Self>> {
        None
    }

    /// Returns the memory of the cells for writing, if any bytes are cells of this type.
    fn as_bytes_mut(_: &mut [Self]) -> Option<&mut [u8]> {
        None
    }

    /// Returns the same cell for another store.
    fn translate(self, _: &mut impl Translate) -> Option<Self> {
        Some(self)
    }
}

/// Returns the hash after one step: multiply and fold, with a constant of MurmurHash3's finalizer (Austin Appleby,
/// public domain).
#[inline(always)]
pub(crate) const fn step(hash: u64, bits: u64) -> u64 {
    let mixed = (hash ^ bits).wrapping_mul(0xff51_afd7_ed55_8ccd);
    mixed ^ (mixed >> 32)
}

/// Returns the hash of a name or a text, the same on every machine.
pub(crate) fn hash_text(text: &str) -> u64 {
    let (words, rest) = text.as_bytes().as_chunks::<8>();
    let hash =
        words.iter().fold(text.len() as u64, |hash, word| step(hash, u64::from_le_bytes(*word)));
    rest.iter().fold(hash, |hash, byte| step(hash, u64::from(*byte)))
}

/// Comparison for cells whose bits are equal exactly if `==` holds.
macro_rules! compared_by_equality {
    () => {
        #[inline(always)]
        fn is_same(&self, other: &Self) -> bool {
            self == other
        }

        fn same(a: &[Self], b: &[Self]) -> bool {
            a == b
        }

        fn feed(cells: &[Self], hasher: &mut impl Hasher) {
            cells.hash(hasher);
        }
    };
}

/// The memory of cells that have no padding.
macro_rules! memory {
    () => {
        fn as_bytes(cells: &[Self]) -> &[u8] {
            bytemuck::cast_slice(cells)
        }
    };
}

/// The memory of cells that any bytes are valid for.
macro_rules! plain_memory {
    () => {
        const IS_MEMORY: bool = cfg!(target_endian = "little");

        memory!();

        fn zeroed(count: usize) -> Option<Vec<Self>> {
            Some(bytemuck::zeroed_vec(count))
        }

        fn as_bytes_mut(cells: &mut [Self]) -> Option<&mut [u8]> {
            Some(bytemuck::cast_slice_mut(cells))
        }

        fn extend_from_bytes(cells: &mut Vec<Self>, bytes: &[u8], _: u32) -> bool {
            match bytemuck::try_cast_slice(bytes) {
                Ok(aligned) => cells.extend_from_slice(aligned),
                Err(_) => {
                    let chunks = bytes.chunks_exact(size_of::<Self>());
                    cells.extend(chunks.map(bytemuck::pod_read_unaligned::<Self>));
                }
            }
            true
        }
    };
}

/// Comparison for floats: `0.0 == -0.0` with different bits, and NaN differs from itself.
macro_rules! compared_by_bits {
    () => {
        #[inline(always)]
        fn is_same(&self, other: &Self) -> bool {
            bytemuck::bytes_of(self) == bytemuck::bytes_of(other)
        }

        fn same(a: &[Self], b: &[Self]) -> bool {
            bytemuck::cast_slice::<_, u8>(a) == bytemuck::cast_slice::<_, u8>(b)
        }

        fn feed(cells: &[Self], hasher: &mut impl Hasher) {
            hasher.write(bytemuck::cast_slice(cells));
        }
    };
}

macro_rules! integers {
    ($($type:ty)*) => {$(
        impl CellBits for $type {
            const BYTES: usize = size_of::<Self>();

            compared_by_equality!();

            plain_memory!();

            #[inline(always)]
            fn hash(self, hash: u64, _: &impl Names) -> u64 {
                step(hash, self as u64)
            }

            fn put(self, bytes: &mut Vec<u8>) {
                bytes.extend_from_slice(&self.to_le_bytes());
            }

            fn take(bytes: &[u8]) -> Option<Self> {
                bytes.try_into().ok().map(Self::from_le_bytes)
            }
        }
    )*};
}
integers! { i8 i16 i32 i64 u16 u32 u64 }

impl CellBits for u8 {
    const BYTES: usize = 1;

    compared_by_equality!();

    plain_memory!();

    #[inline(always)]
    fn hash(self, hash: u64, names: &impl Names) -> u64 {
        step(hash, names.byte(self))
    }

    fn put(self, bytes: &mut Vec<u8>) {
        bytes.push(self);
    }

    fn take(bytes: &[u8]) -> Option<Self> {
        bytes.try_into().ok().map(Self::from_le_bytes)
    }
}

impl CellBits for u128 {
    const BYTES: usize = 16;

    compared_by_equality!();

    plain_memory!();

    #[inline(always)]
    fn hash(self, hash: u64, _: &impl Names) -> u64 {
        step(step(hash, self as u64), (self >> 64) as u64)
    }

    fn put(self, bytes: &mut Vec<u8>) {
        bytes.extend_from_slice(&self.to_le_bytes());
    }

    fn take(bytes: &[u8]) -> Option<Self> {
        bytes.try_into().ok().map(Self::from_le_bytes)
    }
}

macro_rules! floats {
    ($($type:ty)*) => {$(
        impl CellBits for $type {
            const BYTES: usize = size_of::<Self>();

            compared_by_bits!();

            plain_memory!();

            #[inline(always)]
            fn hash(self, hash: u64, _: &impl Names) -> u64 {
                let canonical = if self.is_nan() { <$type>::NAN } else { self };
                step(hash, u64::from(canonical.to_bits()))
            }

            fn put(self, bytes: &mut Vec<u8>) {
                bytes.extend_from_slice(&self.to_le_bytes());
            }

            fn take(bytes: &[u8]) -> Option<Self> {
                bytes.try_into().ok().map(Self::from_le_bytes)
            }
        }
    )*};
}
floats! { f32 f64 }

/// A number of a vector.
trait Component: Sized {
    /// Continues a hash with the numbers.
    fn hash_all(numbers: &[Self], hash: u64) -> u64;
}

macro_rules! components {
    // One step hashes two 32-bit numbers.
    (@32 $type:ty, $bits:expr) => {
        impl Component for $type {
            #[inline(always)]
            fn hash_all(numbers: &[Self], hash: u64) -> u64 {
                let bits = |number: &Self| u64::from($bits(*number));
                let (pairs, rest) = numbers.as_chunks::<2>();
                let hash = pairs
                    .iter()
                    .fold(hash, |hash, [low, high]| step(hash, bits(low) | bits(high) << 32));
                rest.iter().fold(hash, |hash, number| step(hash, bits(number)))
            }
        }
    };
    (@64 $type:ty, $bits:expr) => {
        impl Component for $type {
            #[inline(always)]
            fn hash_all(numbers: &[Self], hash: u64) -> u64 {
                numbers.iter().fold(hash, |hash, number| step(hash, $bits(*number)))
            }
        }
    };
}
components!(@32 f32, |number: f32| if number.is_nan() { f32::NAN } else { number }.to_bits());
components!(@32 i32, i32::cast_unsigned);
components!(@32 u32, u32::from);
components!(@64 f64, |number: f64| if number.is_nan() { f64::NAN } else { number }.to_bits());
components!(@64 i64, i64::cast_unsigned);
components!(@64 u64, u64::from);

macro_rules! vectors {
    ($($name:ident $word:literal [$number:ident; $length:literal] $component:ident $filler:ident $form:ident $held:ident $mint:ident;)*) => {$(
        impl CellBits for glam::$name {
            const BYTES: usize = size_of::<$number>() * $length;

            compared_by_bits!();

            plain_memory!();

            #[inline(always)]
            fn hash(self, hash: u64, _: &impl Names) -> u64 {
                Component::hash_all(&self.to_numbers(), hash)
            }

            fn put(self, bytes: &mut Vec<u8>) {
                self.to_numbers().into_iter().for_each(|number| number.put(bytes));
            }

            fn take(bytes: &[u8]) -> Option<Self> {
                let mut numbers = bytes.chunks(size_of::<$number>()).map(<$number>::take);
                let mut array = [<$number>::default(); $length];
                for number in &mut array {
                    *number = numbers.next()??;
                }
                numbers.next().is_none().then(|| Self::from_numbers(array))
            }
        }
    )*};
}
crate::for_each_vector!(vectors);

impl CellBits for bool {
    const BYTES: usize = 1;

    compared_by_equality!();

    memory!();

    fn extend_from_bytes(cells: &mut Vec<Self>, bytes: &[u8], _: u32) -> bool {
        let valid = bytemuck::checked::try_cast_slice(bytes);
        valid.is_ok_and(|valid| {
            cells.extend_from_slice(valid);
            true
        })
    }

    #[inline(always)]
    fn hash(self, hash: u64, _: &impl Names) -> u64 {
        step(hash, u64::from(self))
    }

    fn put(self, bytes: &mut Vec<u8>) {
        bytes.push(u8::from(self));
    }

    fn take(bytes: &[u8]) -> Option<Self> {
        match bytes {
            [0] => Some(false),
            [1] => Some(true),
            _ => None,
        }
    }
}

impl CellBits for Text {
    const BYTES: usize = 4;

    compared_by_equality!();

    memory!();

    fn extend_from_bytes(cells: &mut Vec<Self>, bytes: &[u8], known_texts: u32) -> bool {
        let (handles, _) = bytes.as_chunks::<4>();
        let handles = handles.iter().map(|handle| u32::from_le_bytes(*handle));
        // Without an early end, which would keep the loop from being vectorized.
        let are_known = handles.clone().filter(|handle| *handle >= known_texts).count() == 0;
        if are_known {
            cells.extend(handles.map(Self::new));
        }
        are_known
    }

    #[inline(always)]
    fn hash(self, hash: u64, names: &impl Names) -> u64 {
        step(hash, names.text(self))
    }

    fn put(self, bytes: &mut Vec<u8>) {
        self.number().put(bytes);
    }

    fn take(bytes: &[u8]) -> Option<Self> {
        u32::take(bytes).map(Self::new)
    }

    fn translate(self, to: &mut impl Translate) -> Option<Self> {
        to.text(self)
    }
}

impl CellBits for ObjectId {
    const BYTES: usize = 8;

    compared_by_equality!();

    memory!();

    #[inline(always)]
    fn hash(self, hash: u64, names: &impl Names) -> u64 {
        step(hash, names.object(self))
    }

    fn put(self, bytes: &mut Vec<u8>) {
        self.to_bits().put(bytes);
    }

    fn take(bytes: &[u8]) -> Option<Self> {
        u64::take(bytes).and_then(Self::from_bits)
    }

    fn translate(self, to: &mut impl Translate) -> Option<Self> {
        to.object(self)
    }
}

impl CellBits for ListCell {
    const BYTES: usize = 4;

    compared_by_equality!();

    memory!();

    #[inline(always)]
    fn hash(self, hash: u64, names: &impl Names) -> u64 {
        step(hash, names.list(self))
    }

    fn put(self, bytes: &mut Vec<u8>) {
        self.number().put(bytes);
    }

    fn take(bytes: &[u8]) -> Option<Self> {
        u32::take(bytes).map(Self::new)
    }

    fn translate(self, to: &mut impl Translate) -> Option<Self> {
        to.list(self)
    }
}

#[cfg(test)]
mod tests {
    use glam::{IVec2, Mat4, Vec3};

    use super::*;

    fn comes_back<C: CellBits + PartialEq + std::fmt::Debug>(cell: C) {
        let mut bytes = Vec::new();
        cell.put(&mut bytes);
        assert_eq!(bytes.len(), C::BYTES);
        assert_eq!(C::take(&bytes), Some(cell));
        bytes.push(0);
        assert_eq!(C::take(&bytes), None);
        assert_eq!(C::take(&bytes[..C::BYTES - 1]), None);
    }

    #[test]
    fn cells_come_back_from_bytes() {
        comes_back(-7_i8);
        comes_back(u64::MAX);
        comes_back(u128::MAX - 5);
        comes_back(-0.5_f64);
        comes_back(true);
        comes_back(Vec3::new(1.0, -2.0, 3.5));
        comes_back(Mat4::from_translation(Vec3::X));
        comes_back(IVec2::new(i32::MIN, 4));
        comes_back(ObjectId::FILLER);
        comes_back(Text::new(9));
        comes_back(ListCell::new(9));
    }

    #[test]
    fn invalid_bytes_are_refused() {
        assert_eq!(bool::take(&[2]), None);
        assert_eq!(ObjectId::take(&[0; 8]), None);
    }
}
