//! The contest: every storage does each workload in its own best way, and all results must agree.
//!
//! `workload` defines the tasks, `input` makes the data, `case` defines a contestant's parts. Most other
//! modules are one contestant each. `past` and `heavy` hold tasks that all contestants do, `own` those
//! that compare slotted with itself.
//!
//! # How to add a contestant
//! Write a module with a `pub(crate) const CONTESTANT: Contestant`, add it to [`CONTESTANTS`], and
//! answer every [`Task`] in its `cases` function with [`Variant`]s. Return several if the fastest form
//! is unknown (the best one counts), and none if the storage cannot do the task.
//!
//! Three constructors cover the tasks: [`Variant::writing`] for a run that changes the objects,
//! [`Variant::reading`] for a run that returns a sum, [`Variant::filling`] for a run that fills an
//! empty store. [`Variant::into_baseline`] marks a task's baseline. All checksums come from
//! [`digest_units`], so besides the runs a contestant only needs an iterator over its living objects as
//! [`Unit`]s, in any order.
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
mod flecs;
mod handles;
mod heavy;
mod hecs;
mod input;
mod kernel;
mod maps;
pub(crate) mod memory;
mod own;
mod past;
mod shipyard;
mod slotted;
mod workload;

pub(crate) use case::{Contestant, Variant, sample, verify};
pub(crate) use input::{DT, Input, Unit, digest_floats, digest_units};
pub(crate) use workload::{PastTask, Repeat, Scale, Task, Workload};

/// All contestants. The first one is the limit: the others' ratios refer to it.
pub(crate) const CONTESTANTS: &[Contestant] = &[
    arrays::CONTESTANT,
    slotted::CONTESTANT,
    slotted::AT_RUN_TIME,
    maps::TUNED,
    maps::NAIVE,
    bevy::CONTESTANT,
    hecs::CONTESTANT,
    shipyard::CONTESTANT,
    flecs::CONTESTANT,
];
