//! The derive macros of slotted.
