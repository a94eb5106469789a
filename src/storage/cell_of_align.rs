//! The cell type for plain memory of each alignment.

use crate::storage::Cell;

/// An alignment in bytes, as a type.
#[derive(Debug)]
pub struct Align<const BYTES: usize>;

/// Maps an alignment to the unsigned integer with that alignment.
#[diagnostic::on_unimplemented(
    message = "a slot's value is aligned to at most 16 bytes",
    label = "this type is aligned to more",
    note = "columns are made of integers of up to 16 bytes"
)]
pub trait CellOfAlign {
    /// The unsigned integer with this alignment.
    type Cell: Cell;
}

macro_rules! cell_of_align {
    ($($bytes:literal: $cell:ty;)*) => {$(
        impl CellOfAlign for Align<$bytes> {
            type Cell = $cell;
        }

        const _: () = assert!(align_of::<$cell>() == $bytes && size_of::<$cell>() == $bytes);
    )*};
}
cell_of_align! { 1: u8; 2: u16; 4: u32; 8: u64; 16: u128; }
