//! slotted inside Bevy.

#[cfg(feature = "reflect")]
pub mod reflect;

pub use slotted;
