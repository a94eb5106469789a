//! The upload of columns to buffers of instance data.

use std::error::Error;

use slotted::{Epoch, Store};
use wgpu::{Buffer, BufferUsages, Device, Queue};

use crate::Unit;

/// A buffer for each column, and one with a bit for each row: 1 if a unit lives there.
#[derive(Debug)]
pub struct Instances {
    pub positions: Buffer,
    pub healths: Buffer,
    pub living: Buffer,
    /// The number of rows for which the buffers have room.
    capacity: u32,
    /// The number of rows in use, with dead ones among them.
    pub rows: u32,
    /// The changes before this epoch are uploaded.
    uploaded: Epoch,
}

/// The size of an upload.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Uploaded {
    pub writes: usize,
    pub bytes: usize,
}

impl Instances {
    pub fn new(device: &Device, capacity: u32) -> Self {
        // wgpu binds no empty buffer.
        let capacity = capacity.max(64);
        let buffer = |label, bits: u64, usage| {
            device.create_buffer(&wgpu::BufferDescriptor {
                label: Some(label),
                size: (u64::from(capacity) * bits).div_ceil(64) * 8,
                usage: usage | BufferUsages::COPY_DST | BufferUsages::COPY_SRC,
                mapped_at_creation: false,
            })
        };
        Self {
            positions: buffer("positions", 64, BufferUsages::VERTEX),
            healths: buffer("healths", 32, BufferUsages::VERTEX),
            living: buffer("living", 1, BufferUsages::STORAGE),
            capacity,
            rows: 0,
            uploaded: Epoch::default(),
        }
    }

    /// Uploads all blocks that changed since the last upload: adjacent rows, with dead ones among them.
    ///
    /// Each schema has rows of its own. A game with several schemas of units keeps instances for each.
    pub fn upload(
        &mut self,
        device: &Device,
        queue: &Queue,
        store: &mut Store,
    ) -> Result<Uploaded, Box<dyn Error>> {
        let keys = store.keys::<Unit>()?;
        let positions = store.column(keys.position)?;
        let healths = store.column(keys.health)?;
        let used = positions.blocks_changed_since(Epoch::default()).last();
        self.rows = used.map_or(0, |block| block.first_row() + block.values().len() as u32);
        if self.rows > self.capacity {
            let rows = self.rows;
            *self = Self { rows, ..Self::new(device, rows.next_power_of_two()) };
        }
        let mut uploaded = Uploaded::default();
        let mut write = |buffer: &Buffer, offset: u64, bytes: &[u8]| {
            queue.write_buffer(buffer, offset, bytes);
            uploaded.writes += 1;
            uploaded.bytes += bytes.len();
        };
        for block in positions.blocks_changed_since(self.uploaded) {
            let row = u64::from(block.first_row());
            write(&self.positions, row * 8, bytemuck::cast_slice(block.values()));
            // An object that was spawned or despawned since then counts as a change of every column.
            write(&self.living, row / 8, bytemuck::cast_slice(block.living()));
        }
        for block in healths.blocks_changed_since(self.uploaded) {
            let row = u64::from(block.first_row());
            write(&self.healths, row * 4, bytemuck::cast_slice(block.values()));
        }
        self.uploaded = store.advance_epoch();
        Ok(uploaded)
    }
}
