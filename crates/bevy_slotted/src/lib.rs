//! slotted inside Bevy.

pub use slotted;
