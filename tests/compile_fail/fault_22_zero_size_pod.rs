//! A value without bytes.

use slotted::SlotValue;
use slotted::bytemuck::{Pod, Zeroable};

#[derive(SlotValue, Pod, Zeroable, Clone, Copy)]
#[repr(C)]
struct Nothing {}

fn main() {}
