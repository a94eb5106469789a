//! Units on the graphics card: the columns of a store are its instance buffers, row by row.

#![allow(missing_docs, reason = "an example, not a library")]

pub mod drawing;
pub mod instances;

use slotted::Slotted;
use slotted::glam::Vec2;

#[derive(Slotted, Clone, Copy, Debug)]
pub struct Unit {
    pub position: Vec2,
    pub velocity: Vec2,
    pub health: f32,
}
