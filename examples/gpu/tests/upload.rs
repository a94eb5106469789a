//! Uploads reach the buffers, on wgpu's backend without a graphics card.

use std::error::Error;

use gpu::Unit;
use gpu::drawing::{device, read};
use gpu::instances::{Instances, Uploaded};
use slotted::glam::Vec2;
use slotted::memory::BLOCK_ROWS;
use slotted::{ObjectId, Store};
use wgpu::{Buffer, BufferUsages, Device, Queue};

fn noop_device() -> Result<(Device, Queue), Box<dyn Error>> {
    let mut descriptor = wgpu::InstanceDescriptor::new_without_display_handle();
    descriptor.backends = wgpu::Backends::NOOP;
    descriptor.backend_options.noop.enable = true;
    let instance = wgpu::Instance::new(descriptor);
    let options = wgpu::RequestAdapterOptions::default();
    Ok(device(&pollster::block_on(instance.request_adapter(&options))?)?)
}

/// Returns the content of a buffer that cannot be mapped.
fn content(device: &Device, queue: &Queue, buffer: &Buffer) -> Result<Vec<u8>, Box<dyn Error>> {
    let copy = device.create_buffer(&wgpu::BufferDescriptor {
        label: None,
        size: buffer.size(),
        usage: BufferUsages::COPY_DST | BufferUsages::MAP_READ,
        mapped_at_creation: false,
    });
    let mut encoder = device.create_command_encoder(&wgpu::CommandEncoderDescriptor::default());
    encoder.copy_buffer_to_buffer(buffer, 0, &copy, 0, buffer.size());
    queue.submit([encoder.finish()]);
    read(device, &copy)
}

/// Compares every living row of the buffers with the store.
fn compare(
    (device, queue): &(Device, Queue),
    instances: &Instances,
    store: &Store,
) -> Result<(), Box<dyn Error>> {
    let buffer = |buffer: &Buffer| content(device, queue, buffer);
    let positions = buffer(&instances.positions)?;
    let healths = buffer(&instances.healths)?;
    let living = buffer(&instances.living)?;
    let mut alive = 0;
    for (id, unit) in store.objects::<Unit>()? {
        let row = id.row() as usize;
        assert_eq!(positions[row * 8..][..8], *bytemuck::bytes_of(&unit.position), "{id}");
        assert_eq!(healths[row * 4..][..4], *bytemuck::bytes_of(&unit.health), "{id}");
        assert_eq!(living[row / 8] >> (row % 8) & 1, 1, "{id}");
        alive += 1;
    }
    assert_eq!(living.iter().map(|byte| byte.count_ones()).sum::<u32>(), alive);
    Ok(())
}

fn unit(number: u16) -> Unit {
    let position = Vec2::new(number.into(), 1.0);
    Unit { position, velocity: Vec2::ONE, health: f32::from(number) * 2.0 }
}

#[test]
fn the_buffers_follow_the_store() -> Result<(), Box<dyn Error>> {
    let graphics = noop_device()?;
    let (device, queue) = &graphics;
    let mut store = Store::new();
    store.register::<Unit>()?;
    let mut instances = Instances::new(device, 100);
    assert_eq!(instances.upload(device, queue, &mut store)?, Uploaded::default());

    let count = BLOCK_ROWS as u16 * 3;
    let ids: Vec<ObjectId> = store.spawn_batch((0..count).map(unit))?.collect();
    let all = instances.upload(device, queue, &mut store)?;
    assert_eq!(all.writes, 3 * 3, "three blocks of two columns and the bits");
    assert_eq!(all.bytes, 3 * BLOCK_ROWS * 12 + 3 * BLOCK_ROWS / 8);
    compare(&graphics, &instances, &store)?;

    assert_eq!(instances.upload(device, queue, &mut store)?.writes, 0, "nothing changed");

    // A value in the middle block.
    let health = store.keys::<Unit>()?.health;
    store.set(ids[BLOCK_ROWS + 7], health, 0.25)?;
    assert_eq!(instances.upload(device, queue, &mut store)?.writes, 1);
    compare(&graphics, &instances, &store)?;

    // Holes in the first and the last block.
    store.despawn_batch(&[ids[3], ids[BLOCK_ROWS * 2 + 1]])?;
    assert_eq!(instances.upload(device, queue, &mut store)?.writes, 2 * 3);
    compare(&graphics, &instances, &store)?;

    // More units than the buffers have room for.
    store.spawn_batch((0..count).map(unit))?;
    instances.upload(device, queue, &mut store)?;
    compare(&graphics, &instances, &store)?;

    // The last block is not full.
    for more in [1, 63, 70, 900] {
        store.spawn_batch((0..more).map(unit))?;
        instances.upload(device, queue, &mut store)?;
        compare(&graphics, &instances, &store)?;
    }

    store.clear();
    instances.upload(device, queue, &mut store)?;
    compare(&graphics, &instances, &store)
}
