//! A free-for-all: units move at random, shoot at the nearest other unit and die.
//!
//! The game is the example `ffa_simulation` of the crate hecs, ported to slotted. Both versions share the rules, so
//! that their code differs in the store alone.

#![allow(missing_docs, reason = "a game, not a library")]

pub mod hecs_game;
pub mod rules;
pub mod slotted_game;
