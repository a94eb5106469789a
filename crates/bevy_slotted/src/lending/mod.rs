//! The store in a Bevy world, and who may look at what of it when: all unsafe code of this crate.
//!
//! Bevy's scheduler runs systems at the same time if what they declare to access does not conflict. Here
//! is what the system parameters declare, in the order of what they can do:
//!
//! | | the store's resource | columns |
//! |---|---|---|
//! | [`Slots`], [`SlotsRef`] | read | each slot of the view, written or read |
//! | [`StoreRef`] | read | all read |
//! | [`StoreMut`](crate::StoreMut), `&mut World` | written | |
//!
//! So whoever has the resource to read may look at all that only structural changes touch: the rows, the
//! schemas, the texts. What a column's values are belongs to who has declared that slot. The resource's type
//! is private to this crate, since with a plain `Res` of it one could do neither.

#![allow(unsafe_code)]

mod cell;
mod declared;
mod views;
mod whole;

pub(crate) use cell::{NO_STORE, StoreCell, store_of};
pub(crate) use declared::register_virtual_component;
pub use views::{Slots, SlotsRef};
pub use whole::{StoreMut, StoreRef};
