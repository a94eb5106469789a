//! A colony under attack. Colonists carry wood home, towers shoot at raiders, and the player builds, undoes, saves and
//! loads.
//!
//! The player's steps are recorded. Replayed from the start they give the same world, with the same hash.

#![allow(missing_docs, reason = "a game, not a library")]

pub mod game;
pub mod objects;
pub mod rules;
