//! A picture of the instances, drawn without a window.

use std::error::Error;
use std::sync::mpsc;

use wgpu::{Adapter, Device, Queue};

use crate::instances::Instances;

/// The side of the picture in pixels. A row of it is a multiple of 256 bytes, as copies from textures require.
pub const SIDE: u32 = 512;
const FORMAT: wgpu::TextureFormat = wgpu::TextureFormat::Rgba8Unorm;

/// Returns an adapter that needs no window, if the machine has one.
#[must_use]
pub fn adapter() -> Option<Adapter> {
    let instance = wgpu::Instance::new(wgpu::InstanceDescriptor::new_without_display_handle());
    pollster::block_on(instance.request_adapter(&wgpu::RequestAdapterOptions::default())).ok()
}

pub fn device(adapter: &Adapter) -> Result<(Device, Queue), wgpu::RequestDeviceError> {
    pollster::block_on(adapter.request_device(&wgpu::DeviceDescriptor::default()))
}

/// Draws units as squares of a few pixels.
#[derive(Debug)]
pub struct Drawing {
    pipeline: wgpu::RenderPipeline,
    picture: wgpu::Texture,
}

impl Drawing {
    #[must_use]
    pub fn new(device: &Device) -> Self {
        let shader = device.create_shader_module(wgpu::include_wgsl!("units.wgsl"));
        let pipeline = device.create_render_pipeline(&wgpu::RenderPipelineDescriptor {
            label: Some("units"),
            layout: None,
            vertex: wgpu::VertexState {
                module: &shader,
                entry_point: Some("vertex"),
                compilation_options: wgpu::PipelineCompilationOptions::default(),
                // One buffer for each column, with one value for each row.
                buffers: &[
                    Some(column(8, &wgpu::vertex_attr_array![0 => Float32x2])),
                    Some(column(4, &wgpu::vertex_attr_array![1 => Float32])),
                ],
            },
            fragment: Some(wgpu::FragmentState {
                module: &shader,
                entry_point: Some("fragment"),
                compilation_options: wgpu::PipelineCompilationOptions::default(),
                targets: &[Some(FORMAT.into())],
            }),
            primitive: wgpu::PrimitiveState {
                topology: wgpu::PrimitiveTopology::TriangleStrip,
                ..wgpu::PrimitiveState::default()
            },
            depth_stencil: None,
            multisample: wgpu::MultisampleState::default(),
            multiview_mask: None,
            cache: None,
        });
        let picture = device.create_texture(&wgpu::TextureDescriptor {
            label: Some("picture"),
            size: wgpu::Extent3d { width: SIDE, height: SIDE, depth_or_array_layers: 1 },
            mip_level_count: 1,
            sample_count: 1,
            dimension: wgpu::TextureDimension::D2,
            format: FORMAT,
            usage: wgpu::TextureUsages::RENDER_ATTACHMENT | wgpu::TextureUsages::COPY_SRC,
            view_formats: &[],
        });
        Self { pipeline, picture }
    }

    pub fn draw(&self, device: &Device, queue: &Queue, instances: &Instances) {
        let living = device.create_bind_group(&wgpu::BindGroupDescriptor {
            label: Some("living"),
            layout: &self.pipeline.get_bind_group_layout(0),
            entries: &[wgpu::BindGroupEntry {
                binding: 0,
                resource: instances.living.as_entire_binding(),
            }],
        });
        let view = self.picture.create_view(&wgpu::TextureViewDescriptor::default());
        let mut encoder = device.create_command_encoder(&wgpu::CommandEncoderDescriptor::default());
        let mut pass = encoder.begin_render_pass(&wgpu::RenderPassDescriptor {
            label: Some("units"),
            color_attachments: &[Some(wgpu::RenderPassColorAttachment {
                view: &view,
                depth_slice: None,
                resolve_target: None,
                ops: wgpu::Operations {
                    load: wgpu::LoadOp::Clear(wgpu::Color::BLACK),
                    store: wgpu::StoreOp::Store,
                },
            })],
            ..wgpu::RenderPassDescriptor::default()
        });
        pass.set_pipeline(&self.pipeline);
        pass.set_bind_group(0, &living, &[]);
        pass.set_vertex_buffer(0, instances.positions.slice(..));
        pass.set_vertex_buffer(1, instances.healths.slice(..));
        pass.draw(0..4, 0..instances.rows);
        drop(pass);
        queue.submit([encoder.finish()]);
    }

    /// Returns the picture: four bytes for each pixel, red, green, blue and alpha.
    pub fn pixels(&self, device: &Device, queue: &Queue) -> Result<Vec<u8>, Box<dyn Error>> {
        let buffer = device.create_buffer(&wgpu::BufferDescriptor {
            label: Some("pixels"),
            size: u64::from(SIDE * SIDE * 4),
            usage: wgpu::BufferUsages::COPY_DST | wgpu::BufferUsages::MAP_READ,
            mapped_at_creation: false,
        });
        let mut encoder = device.create_command_encoder(&wgpu::CommandEncoderDescriptor::default());
        let layout = wgpu::TexelCopyBufferLayout {
            offset: 0,
            bytes_per_row: Some(SIDE * 4),
            rows_per_image: None,
        };
        encoder.copy_texture_to_buffer(
            self.picture.as_image_copy(),
            wgpu::TexelCopyBufferInfo { buffer: &buffer, layout },
            self.picture.size(),
        );
        queue.submit([encoder.finish()]);
        read(device, &buffer)
    }
}

const fn column(
    array_stride: u64,
    attributes: &[wgpu::VertexAttribute],
) -> wgpu::VertexBufferLayout<'_> {
    wgpu::VertexBufferLayout { array_stride, step_mode: wgpu::VertexStepMode::Instance, attributes }
}

/// Returns the bytes of a buffer that can be mapped for reading.
pub fn read(device: &Device, buffer: &wgpu::Buffer) -> Result<Vec<u8>, Box<dyn Error>> {
    let (sender, receiver) = mpsc::channel();
    buffer.map_async(wgpu::MapMode::Read, .., move |mapped| drop(sender.send(mapped)));
    device.poll(wgpu::PollType::wait_indefinitely())?;
    receiver.recv()??;
    Ok(buffer.get_mapped_range(..)?.to_vec())
}
