//! The store in a Bevy world and the system parameters that access it: all unsafe code of this crate.
//!
//! Bevy's scheduler runs systems in parallel if their registered access does not conflict. The system parameters
//! register this access:
//!
//! | | the store's resource | columns |
//! |---|---|---|
//! | [`Slots`], [`SlotsRef`] | read | each slot of the view, written or read |
//! | [`StoreRef`] | read | all read |
//! | [`StoreMut`](crate::StoreMut), `&mut World` | written | |
//!
//! Read access to the resource allows reading the rows, schemas and texts: only structural changes modify them, and
//! those need write access to the resource. Reading or writing a column's values also needs access to its slot. The
//! resource's type is private to this crate, because a plain `Res` of it would skip the slots' access.

#![allow(unsafe_code)]

mod cell;
mod declared;
mod views;
mod whole;

pub(crate) use cell::{NO_STORE, StoreCell, store_of};
pub(crate) use declared::register_virtual_component;
pub use views::{Slots, SlotsRef};
pub use whole::{StoreMut, StoreRef};
