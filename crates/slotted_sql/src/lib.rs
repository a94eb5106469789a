//! SQL for `slotted`.
