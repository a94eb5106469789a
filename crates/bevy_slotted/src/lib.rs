//! slotted inside Bevy: millions of uniform objects in packed columns, as parameters of Bevy's systems.
//!
//! | you want | look at |
//! |---|---|
//! | a store in your app | [`SlottedPlugin`], [`SlottedApp`], [`SlottedWorld`] |
//! | systems over objects | [`Slots`], [`SlotsRef`] |
//! | the whole store in a system | [`StoreRef`], [`StoreMut`] |
//! | to spawn and despawn from systems | [`StoreMut`], or later by [`SlottedCommands`] |
//! | an entity for an object | [`ObjectLink`], [`ObjectLinks`] |
//! | entities in slots | [`EntitySlot`], [`map_entity_slots`] |
//! | to hear of what has changed | [`SlottedMessages`] |
//! | rollback networking | [`StoreFrames`], [`rollback`] |
//! | entities made objects, and back | [`transfer`] |
//! | schemas from `Reflect` | `reflect`, with the feature of that name |
//!
//! What a system's parameters access is declared slot by slot, so that systems which write different slots
//! run at the same time; see [`Slots`].

#![deny(unsafe_code, clippy::undocumented_unsafe_blocks)]

mod changes;
mod columns;
pub mod commands;
mod entity_slot;
mod lending;
mod link;
mod links;
mod plugin;
mod pool;
#[cfg(feature = "reflect")]
pub mod reflect;
pub mod rollback;
mod slots;
pub mod transfer;

pub use changes::{
    ChangesLost, MessageRequestError, ObjectDespawned, ObjectSpawned, SlotChanged, SlottedMessages,
};
pub use commands::SlottedCommands;
pub use entity_slot::{EntitySlot, map_entity_slots};
pub use lending::{Slots, SlotsRef, StoreMut, StoreRef};
pub use link::{Fate, ObjectLink};
#[doc(hidden)]
pub use links::LinkedStore;
pub use links::{ObjectLinks, sync_links};
pub use plugin::{NoStore, SlottedApp, SlottedPlugin, SlottedSystems, SlottedWorld};
pub use pool::ComputeTasks;
pub use rollback::{RollbackError, StoreFrames};
pub use slotted;
pub use transfer::TransferError;

/// What most programs use.
pub mod prelude {
    pub use crate::{
        EntitySlot, Fate, ObjectDespawned, ObjectLink, ObjectLinks, ObjectSpawned, SlotChanged,
        Slots, SlotsRef, SlottedApp, SlottedCommands, SlottedMessages, SlottedPlugin,
        SlottedSystems, SlottedWorld, StoreFrames, StoreMut, StoreRef,
    };
    pub use slotted::{ObjectId, SlotValue, Slotted, Text, View};
}

#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;
