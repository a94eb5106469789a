//! The contest: workloads that every storage does in its own best way, checked to do the same.
//!
//! `workload` says what is done, `input` makes the data, `case` is what a contestant hands over, and
//! every other module is one contestant.
//!
//! # How to add a contestant
//! Write a module with a `pub(crate) const CONTESTANT: Contestant`, add it to [`CONTESTANTS`], and
//! answer every [`Task`] in its `cases` function with [`Variant`]s: several where it is not known
//! which form is faster (the best one counts), none where the storage cannot do the task. Three
//! constructors cover the tasks: [`Variant::writing`] for a run that changes the objects,
//! [`Variant::reading`] for a run that returns a sum, [`Variant::filling`] for a run that fills an
//! empty store. Where a task has a baseline, [`Variant::into_baseline`] marks it. All checksums come from [`digest_units`], so that the only thing to write beside the runs is
//! an iterator over the living objects as [`Unit`]s, in any order.
#![allow(
    dead_code,
    unreachable_pub,
    missing_docs,
    missing_debug_implementations,
    reason = "two bench programs share this, and neither has a public interface"
)]

mod arrays;
mod bevy;
mod case;
mod components;
mod handles;
mod hecs;
mod input;
mod kernel;
mod maps;
pub(crate) mod memory;
mod past;
mod slotted;
mod workload;

pub(crate) use case::{Contestant, Variant, sample, verify};
pub(crate) use input::{DT, Input, Unit, digest_floats, digest_units};
pub(crate) use workload::{PastTask, Repeat, Scale, Task, Workload};

/// The first one is the limit that the others' ratios refer to.
pub(crate) const CONTESTANTS: &[Contestant] = &[
    arrays::CONTESTANT,
    slotted::CONTESTANT,
    slotted::AT_RUN_TIME,
    maps::TUNED,
    maps::NAIVE,
    bevy::CONTESTANT,
    hecs::CONTESTANT,
];
