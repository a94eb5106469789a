// Each instance is a row of the store. A row without a living unit is drawn outside the picture.

@group(0) @binding(0) var<storage, read> living: array<u32>;

struct Corner {
    @builtin(position) position: vec4<f32>,
    @location(0) health: f32,
}

@vertex
fn vertex(
    @builtin(vertex_index) corner: u32,
    @builtin(instance_index) row: u32,
    @location(0) position: vec2<f32>,
    @location(1) health: f32,
) -> Corner {
    let is_alive = ((living[row / 32] >> (row % 32)) & 1) == 1;
    let offset = vec2(f32(corner & 1), f32(corner >> 1)) * 0.004;
    return Corner(select(vec4(2.0, 2.0, 0.0, 1.0), vec4(position + offset, 0.0, 1.0), is_alive), health);
}

@fragment
fn fragment(corner: Corner) -> @location(0) vec4<f32> {
    return vec4(1.0 - corner.health, corner.health, 0.2, 1.0);
}
