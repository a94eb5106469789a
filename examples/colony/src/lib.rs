//! A colony under attack. Colonists carry wood home, towers shoot at raiders, and the player builds, undoes, saves and
//! loads.
//!
//! The player's steps are recorded. Replayed from the start by the same build, they give the same world, with the same
//! hash. A game for several machines computes in whole numbers, as `examples/rollback` does.

#![allow(missing_docs, reason = "a game, not a library")]

pub mod game;
pub mod objects;
pub mod rules;
