//! slotted inside Bevy: millions of uniform objects in packed columns, as parameters of Bevy's systems.

#![deny(unsafe_code, clippy::undocumented_unsafe_blocks)]

mod columns;
mod lending;
mod plugin;
mod pool;
#[cfg(feature = "reflect")]
pub mod reflect;
mod slots;

pub use lending::{Slots, SlotsRef, StoreMut, StoreRef};
pub use plugin::{SlottedApp, SlottedPlugin, SlottedWorld};
pub use pool::ComputeTasks;
pub use slotted;

/// What most programs use.
pub mod prelude {
    pub use crate::{Slots, SlotsRef, SlottedApp, SlottedPlugin, SlottedWorld, StoreMut, StoreRef};
    pub use slotted::{EntityId, SlotValue, Slotted, Text, View};
}
