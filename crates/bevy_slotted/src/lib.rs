//! slotted inside Bevy: millions of uniform objects in packed columns, as parameters of Bevy's systems.
//!
//! An *entity* is always Bevy's [`Entity`](bevy_ecs::entity::Entity); an *object* is a row of a slotted store.
//!
//! | you want | look at |
//! |---|---|
//! | a store in your app | [`SlottedPlugin`], [`SlottedApp`], [`SlottedWorld`] |
//! | systems over objects | [`Slots`], [`SlotsRef`] |
//! | the whole store in a system | [`StoreRef`], [`StoreMut`] |
//! | to spawn and despawn from systems | [`StoreMut`], or deferred with [`SlottedCommands`] |
//! | changes recorded by several threads | [the order of deferred changes](SlottedCommands#order) |
//! | an entity for an object | [`ObjectLink`], [`ObjectLinks`] |
//! | entities in slots | [`EntitySlot`], [`map_entity_slots`] |
//! | messages about changes | [`SlottedMessages`] |
//! | rollback networking | [`StoreFrames`], [`rollback`] |
//! | to turn entities into objects, and back | [`transfer`] |
//! | schemas from `Reflect` | `reflect`, with the feature of that name |
//!
//! System parameters register their access slot by slot. Systems that write different slots therefore run in
//! parallel; see [`Slots`].
//!
//! # A misspelt field
//!
//! A view finds its slots by the names of its fields. A name that no registered schema declares is usually a
//! misspelling, so the view is an error by default and the message names the field. The derive attribute
//! `#[view(lenient)]` allows such names, for a schema that a mod may or may not register. The same attribute silences
//! the warning for schemas that are skipped because [their slot is of another kind](Slots).
//!
//! ```
//! use bevy_ecs::prelude::*;
//! use bevy_slotted::prelude::*;
//! use bevy_slotted::slotted::Store;
//!
//! #[derive(Slotted, Clone, Copy)]
//! struct Unit { health: f32 }
//!
//! #[derive(View)]
//! struct Misspelt<'a> { helth: &'a f32 }
//!
//! let mut store = Store::new();
//! store.register::<Unit>()?;
//! let error = store.view_of::<Misspelt>("unit").unwrap_err();
//! assert_eq!(error.to_string(), "'unit' object has no slot 'helth'; did you mean 'health'?");
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

#![deny(unsafe_code, clippy::undocumented_unsafe_blocks)]

mod changes;
mod columns;
pub mod commands;
mod entity_slot;
mod error_debug;
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

/// The names that most systems need.
///
/// A program can glob-import it beside `bevy::prelude`: slotted's text handle is left out because Bevy's prelude
/// has a `Text` too. Import it as `slotted::Text`.
pub mod prelude {
    pub use crate::{
        EntitySlot, ObjectDespawned, ObjectLink, ObjectLinks, ObjectSpawned, SlotChanged, Slots,
        SlotsRef, SlottedApp, SlottedCommands, SlottedMessages, SlottedPlugin, SlottedSystems,
        SlottedWorld, StoreMut, StoreRef,
    };
    pub use slotted::{ObjectId, SlotValue, Slotted, View};
}

#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;
