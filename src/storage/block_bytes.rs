//! The memory of blocks, for file formats and other engines.

use std::fmt;
use std::sync::Arc;

use crate::storage::{Cell, RowBlock};

/// The memory of one block of a column or of a table's generations. It is shared with the store, never copied.
///
/// It stays alive and unchanged as long as this value, also after the snapshot and the store are dropped.
#[derive(Clone)]
pub struct BlockBytes(Arc<dyn Memory>);

trait Memory: Send + Sync {
    fn bytes(&self) -> &[u8];
}

impl<C: Cell> Memory for Vec<C> {
    fn bytes(&self) -> &[u8] {
        C::as_bytes(self)
    }
}

impl Memory for RowBlock {
    fn bytes(&self) -> &[u8] {
        bytemuck::cast_slice(&self.generations)
    }
}

impl BlockBytes {
    pub(crate) fn of_cells<C: Cell>(cells: &Arc<Vec<C>>) -> Self {
        Self(Arc::<Vec<C>>::clone(cells))
    }

    pub(crate) fn of_generations(rows: &Arc<RowBlock>) -> Self {
        Self(Arc::<RowBlock>::clone(rows))
    }
}

impl AsRef<[u8]> for BlockBytes {
    fn as_ref(&self) -> &[u8] {
        self.0.bytes()
    }
}

impl fmt::Debug for BlockBytes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("BlockBytes").field(&self.0.bytes().len()).finish()
    }
}
