//! Going back to earlier frames: the store's part of rollback networking.
//!
//! [`StoreFrames`] keeps the store as it was in the last frames. [`save_frame`] and [`restore_frame`] take the frame's
//! number, [`save_frame_of`] and [`restore_frame_of`] are systems that ask a resource for it. Going back gives
//! values, ids, generations and free rows, so that the same simulation of the same inputs gives the same ids and
//! the same [hash](frame_hash) again.
//!
//! # GGRS
//! bevy_ggrs saves, loads and advances the world in schedules of its own, and its resource `RollbackFrameCount`
//! has the number of the frame. This is all that it needs to know of the store:
//!
//! ```
//! # use bevy_ecs::schedule::ScheduleLabel;
//! # mod bevy_ggrs {
//! #     #[derive(bevy_ecs::schedule::ScheduleLabel, Clone, Debug, PartialEq, Eq, Hash)]
//! #     pub struct SaveWorld;
//! #     #[derive(bevy_ecs::schedule::ScheduleLabel, Clone, Debug, PartialEq, Eq, Hash)]
//! #     pub struct LoadWorld;
//! #     #[derive(bevy_ecs::resource::Resource)]
//! #     pub struct RollbackFrameCount(pub i32);
//! # }
//! use bevy_app::prelude::*;
//! use bevy_ecs::prelude::*;
//! use bevy_ggrs::{LoadWorld, RollbackFrameCount, SaveWorld};
//! use bevy_slotted::prelude::*;
//! use bevy_slotted::rollback::{frame_hash, restore_frame_of, save_frame_of};
//!
//! fn number(count: &RollbackFrameCount) -> u64 {
//!     count.0 as u64
//! }
//!
//! let mut app = App::new();
//! let most_predicted = 8;
//! app.add_plugins(SlottedPlugin::default())
//!     .insert_resource(StoreFrames::new(most_predicted + 1).with_hashes())
//!     .add_systems(SaveWorld, save_frame_of(number))
//!     .add_systems(LoadWorld, restore_frame_of(number));
//! # app.insert_resource(RollbackFrameCount(3));
//! # app.world_mut().run_schedule(SaveWorld);
//! # app.world_mut().run_schedule(LoadWorld);
//! # assert!(frame_hash(app.world(), 3).is_ok());
//! ```
//!
//! For desynchronisation detection the store is saved in the set `SaveWorldSystems::Checksum`, and after it a
//! system puts `ChecksumPart(frame_hash(world, frame)? as u128)` on an entity. Systems of the simulation take their
//! random numbers and their inputs from what is rolled back too, and do not change the store from other schedules.

use bevy_ecs::change_detection::Mut;
use bevy_ecs::error::BevyError;
use bevy_ecs::resource::Resource;
use bevy_ecs::world::World;
use slotted::{Snapshot, SnapshotError, SnapshotRing};

use crate::plugin::{NoStore, SlottedWorld, without_a_change};

/// The store of a world as it was in the last frames.
///
/// Saving a frame copies nothing; the first write to each block of 8,192 rows afterwards copies that block.
///
/// ```
/// use bevy_ecs::prelude::*;
/// use bevy_slotted::prelude::*;
/// use bevy_slotted::rollback::{restore_frame, save_frame};
/// use bevy_slotted::slotted::Store;
///
/// #[derive(Slotted, Clone, Copy)]
/// struct Unit { health: f32 }
///
/// let mut world = World::new();
/// world.insert_store(Store::new());
/// world.insert_resource(StoreFrames::new(8));
/// world.store_mut().register::<Unit>()?;
/// for frame in 0..20 {
///     save_frame(&mut world, frame)?;
///     world.store_mut().spawn(Unit { health: 1.0 })?;
/// }
/// restore_frame(&mut world, 15)?;
/// assert_eq!(world.store().len(), 15);
///
/// let error = restore_frame(&mut world, 3).unwrap_err();
/// assert_eq!(error.to_string(), "frame 3 of the store is not kept; kept are frames 12 to 15");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug, Resource)]
pub struct StoreFrames {
    ring: SnapshotRing,
    is_hashed: bool,
}

impl StoreFrames {
    /// Room for this many frames; at least one.
    ///
    /// Who goes back by eight frames needs nine: that frame and those after it.
    #[must_use]
    pub fn new(frames: usize) -> Self {
        Self { ring: SnapshotRing::new(frames), is_hashed: false }
    }

    /// Hashes each frame when it is saved, so that [`frame_hash`] costs nothing.
    ///
    /// That costs a nanosecond or two for each number in blocks that were written to since the frame before.
    /// A hash that is asked for only afterwards looks at all numbers of the store.
    #[must_use]
    pub const fn with_hashes(mut self) -> Self {
        self.is_hashed = true;
        self
    }

    /// The store as it was in this frame, to be read.
    #[must_use]
    pub fn get(&self, frame: u64) -> Option<&Snapshot> {
        self.ring.get(frame)
    }

    /// All that is kept.
    #[must_use]
    pub const fn ring(&self) -> &SnapshotRing {
        &self.ring
    }

    /// Forgets all frames, as between two matches.
    pub fn clear(&mut self) {
        self.ring.clear();
    }

    fn gone(&self, frame: u64) -> RollbackError {
        RollbackError::FrameGone { frame, kept: self.ring.oldest().zip(self.ring.newest()) }
    }
}

/// Why a frame could not be saved, restored or looked at. The store is as it was.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum RollbackError {
    /// The world has no store.
    #[error(transparent)]
    NoStore(#[from] NoStore),
    /// The world keeps no frames.
    #[error("the world keeps no frames of its store: insert `StoreFrames`")]
    NoFrames,
    /// The frame was never saved, or is forgotten already.
    #[error("frame {frame} of the store is not kept{}", kept_frames(*kept))]
    FrameGone {
        /// The frame.
        frame: u64,
        /// The oldest and the newest frame that are kept.
        kept: Option<(u64, u64)>,
    },
    /// The frame is of another store than the world has now, or of other schemas.
    #[error("frame {frame} of the store cannot be restored: {source}")]
    Unusable {
        /// The frame.
        frame: u64,
        /// What has changed.
        source: SnapshotError,
    },
    /// The resource that has the frame's number is not there.
    #[error("there is no `{type_name}`, which has the number of the frame")]
    NoNumber {
        /// The resource's type.
        type_name: &'static str,
    },
}

fn kept_frames(kept: Option<(u64, u64)>) -> String {
    kept.map_or_else(
        || "; no frame is".to_owned(),
        |(oldest, newest)| format!("; kept are frames {oldest} to {newest}"),
    )
}

/// Keeps the store as it is now, as this frame.
///
/// Forgets this frame and all later ones, if there are any, and the oldest one where there is no more room. Begins a
/// new [epoch](slotted::Store::advance_epoch). See [`StoreFrames`] for the cost.
///
/// # Errors
/// If the world has no store or no [`StoreFrames`].
pub fn save_frame(world: &mut World, frame: u64) -> Result<(), RollbackError> {
    with_frames(world, |world, frames| {
        let saved = without_a_change(world, |store| {
            if frames.is_hashed {
                // The snapshot that is taken next has it too.
                store.state_hash();
            }
            frames.ring.save(frame, store);
        });
        Ok(saved.ok_or(NoStore)?)
    })
}

/// Makes the store as it was in this frame, and forgets all later frames.
///
/// Costs a look at each block.
///
/// # Errors
/// If the world has no store or no [`StoreFrames`], the frame is not kept, or it is of another store or from before
/// an [migration](slotted::Store::migrate); nothing is changed then.
pub fn restore_frame(world: &mut World, frame: u64) -> Result<(), RollbackError> {
    with_frames(world, |world, frames| {
        let store = world.get_store_mut().ok_or(NoStore)?;
        frames.ring.restore(frame, store).map_err(|source| match source {
            SnapshotError::NoFrame { .. } => frames.gone(frame),
            source => RollbackError::Unusable { frame, source },
        })
    })
}

/// The [`state_hash`](slotted::Store::state_hash) of the store in this frame, equal on all machines where the frame
/// was the same.
///
/// Costs nothing for frames [with hashes](StoreFrames::with_hashes), and otherwise, the first time, a nanosecond
/// or two for each number in the store.
///
/// # Errors
/// If the world has no [`StoreFrames`], or the frame is not kept.
///
/// ```
/// # use bevy_ecs::prelude::*;
/// # use bevy_slotted::prelude::*;
/// # use bevy_slotted::rollback::{frame_hash, restore_frame, save_frame};
/// # use bevy_slotted::slotted::Store;
/// # #[derive(Slotted, Clone, Copy)]
/// # struct Unit { health: f32 }
/// # let mut world = World::new();
/// # world.insert_store(Store::new());
/// # world.insert_resource(StoreFrames::new(8).with_hashes());
/// # world.store_mut().register::<Unit>()?;
/// save_frame(&mut world, 0)?;
/// world.store_mut().spawn(Unit { health: 1.0 })?;
/// save_frame(&mut world, 1)?;
/// let predicted = frame_hash(&world, 1)?;
///
/// restore_frame(&mut world, 0)?; // the inputs were others than predicted
/// world.store_mut().spawn(Unit { health: 2.0 })?;
/// save_frame(&mut world, 1)?;
/// assert_ne!(frame_hash(&world, 1)?, predicted);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn frame_hash(world: &World, frame: u64) -> Result<u64, RollbackError> {
    let frames = world.get_resource::<StoreFrames>().ok_or(RollbackError::NoFrames)?;
    let snapshot = frames.get(frame).ok_or_else(|| frames.gone(frame))?;
    Ok(snapshot.state_hash())
}

/// A system that [saves](save_frame) the store under the number that the closure finds in a resource.
///
/// Its error is a [`RollbackError`] and goes to Bevy's error handling. See [the module](self) for an example.
pub fn save_frame_of<R: Resource>(
    number: impl Fn(&R) -> u64 + Send + Sync + 'static,
) -> impl Fn(&mut World) -> Result<(), BevyError> + Send + Sync + 'static {
    move |world: &mut World| Ok(save_frame(world, number_of(world, &number)?)?)
}

/// A system that [restores](restore_frame) the store of the frame whose number the closure finds in a resource.
///
/// Its error is a [`RollbackError`] and goes to Bevy's error handling. See [the module](self) for an example.
pub fn restore_frame_of<R: Resource>(
    number: impl Fn(&R) -> u64 + Send + Sync + 'static,
) -> impl Fn(&mut World) -> Result<(), BevyError> + Send + Sync + 'static {
    move |world: &mut World| Ok(restore_frame(world, number_of(world, &number)?)?)
}

fn number_of<R: Resource>(world: &World, number: impl Fn(&R) -> u64) -> Result<u64, RollbackError> {
    let type_name = std::any::type_name::<R>();
    world.get_resource::<R>().map(number).ok_or(RollbackError::NoNumber { type_name })
}

fn with_frames(
    world: &mut World,
    work: impl FnOnce(&mut World, &mut StoreFrames) -> Result<(), RollbackError>,
) -> Result<(), RollbackError> {
    world
        .try_resource_scope(|world, mut frames: Mut<StoreFrames>| work(world, &mut frames))
        .unwrap_or(Err(RollbackError::NoFrames))
}
