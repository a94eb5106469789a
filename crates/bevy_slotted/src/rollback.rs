//! Saving and restoring frames: the store's part of rollback networking.
//!
//! [`StoreFrames`] keeps snapshots of the last frames. [`save_frame`] and [`restore_frame`] take the frame's number.
//! [`save_frame_of`] and [`restore_frame_of`] make systems that read the number from a resource. Restoring a frame
//! restores values, ids, generations and free rows, so that the same simulation with the same inputs gives the same
//! ids and the same [hash](frame_hash).
//!
//! # GGRS
//! bevy_ggrs saves, loads and advances the world in schedules of its own. Its resource `RollbackFrameCount` holds the
//! frame's number. The store needs these systems:
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
//! use bevy_slotted::rollback::{StoreFrames, frame_hash, restore_frame_of, save_frame_of};
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
//! To detect desynchronisation, save the store in the set `SaveWorldSystems::Checksum`. A system after it puts
//! `ChecksumPart(frame_hash(world, frame)? as u128)` on an entity. The simulation must read its random numbers and
//! inputs from data that is rolled back too. Other schedules must not change the store.

use bevy_ecs::change_detection::Mut;
use bevy_ecs::error::BevyError;
use bevy_ecs::resource::Resource;
use bevy_ecs::world::World;
use slotted::{Snapshot, SnapshotError, SnapshotRing};

use crate::error_debug::debug_as_display;
use crate::plugin::{NoStore, SlottedWorld, without_a_change};

/// A resource that keeps snapshots of the store of the last frames.
///
/// Saving a frame copies nothing. The first write to each block of 8,192 rows afterwards copies that block.
///
/// ```
/// use bevy_ecs::prelude::*;
/// use bevy_slotted::prelude::*;
/// use bevy_slotted::rollback::{StoreFrames, restore_frame, save_frame};
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
/// assert_eq!(error.to_string(), "frame 3 of the store is not kept; frames 12 to 15 are");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug, Resource)]
pub struct StoreFrames {
    ring: SnapshotRing,
    is_hashed: bool,
}

impl StoreFrames {
    /// Returns an empty resource with room for this many frames, at least one.
    ///
    /// Going back by 8 frames needs room for 9: that frame and the later ones.
    #[must_use]
    pub fn new(frames: usize) -> Self {
        Self { ring: SnapshotRing::new(frames), is_hashed: false }
    }

    /// Hashes each frame when it is saved, so that [`frame_hash`] computes in **O(1)** time.
    ///
    /// Saving then takes 1 to 2 ns for each number in blocks that were written since the last frame. Without this
    /// option, the first [`frame_hash`] of a frame hashes the whole store.
    #[must_use]
    pub const fn with_hashes(mut self) -> Self {
        self.is_hashed = true;
        self
    }

    /// Returns the snapshot of this frame, or `None` if the frame is not kept.
    ///
    /// ```
    /// # use bevy_ecs::prelude::*;
    /// # use bevy_slotted::prelude::*;
    /// # use bevy_slotted::rollback::{StoreFrames, save_frame};
    /// # use bevy_slotted::slotted::Store;
    /// # let mut world = World::new();
    /// # world.insert_store(Store::new());
    /// # world.insert_resource(StoreFrames::new(8));
    /// save_frame(&mut world, 5)?;
    /// let frames = world.resource::<StoreFrames>();
    /// assert!(frames.get(5).is_some());
    /// assert!(frames.get(4).is_none());
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn get(&self, frame: u64) -> Option<&Snapshot> {
        self.ring.get(frame)
    }

    /// Returns all kept snapshots.
    #[must_use]
    pub const fn ring(&self) -> &SnapshotRing {
        &self.ring
    }

    /// Removes all frames, for example between two matches.
    pub fn clear(&mut self) {
        self.ring.clear();
    }

    fn gone(&self, frame: u64) -> RollbackError {
        RollbackError::FrameGone { frame, kept: self.ring.oldest().zip(self.ring.newest()) }
    }
}

/// The error of saving, restoring or hashing a frame. The store is unchanged.
#[derive(Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum RollbackError {
    /// The world has no store.
    #[error(transparent)]
    NoStore(#[from] NoStore),
    /// The world has no [`StoreFrames`].
    #[error("the world keeps no frames of its store: insert the resource `StoreFrames`")]
    NoFrames,
    /// The frame was never saved, or a newer one has replaced it.
    #[error("frame {frame} of the store is not kept{}", kept_frames(*kept))]
    FrameGone {
        /// The frame.
        frame: u64,
        /// The oldest and the newest frame that are kept.
        kept: Option<(u64, u64)>,
    },
    /// The frame is of another store than the world's, or the schemas have changed.
    #[error("frame {frame} of the store cannot be restored: {source}")]
    Unusable {
        /// The frame.
        frame: u64,
        /// The reason.
        source: SnapshotError,
    },
    /// The world does not have the resource with the frame's number.
    #[error("the world has no resource `{type_name}` to read the frame's number from")]
    NoNumber {
        /// The resource's type.
        type_name: &'static str,
    },
}

debug_as_display!(RollbackError);

fn kept_frames(kept: Option<(u64, u64)>) -> String {
    kept.map_or_else(
        || "; no frame is".to_owned(),
        |(oldest, newest)| format!("; frames {oldest} to {newest} are"),
    )
}

/// Saves the store as this frame.
///
/// Replaces a frame of this number, and removes later ones. Removes the oldest one if there is no more room. Begins
/// a new [epoch](slotted::Store::advance_epoch). See [`StoreFrames`] for the cost and an example.
///
/// # Errors
/// If the world has no store or no [`StoreFrames`].
pub fn save_frame(world: &mut World, frame: u64) -> Result<(), RollbackError> {
    with_frames(world, |world, frames| {
        let saved = without_a_change(world, |store| {
            if frames.is_hashed {
                // Computed before the snapshot, so that the snapshot shares the cached hash.
                store.state_hash();
            }
            frames.ring.save(frame, store);
        });
        Ok(saved.ok_or(NoStore)?)
    })
}

/// Restores the store's state of this frame, and removes all later frames.
///
/// Computes in **O(blocks)** time. See [`StoreFrames`] for an example.
///
/// # Errors
/// If the world has no store or no [`StoreFrames`], if the frame is not kept, or if it is of another store or from
/// before a [migration](slotted::Store::migrate). Nothing is changed then.
pub fn restore_frame(world: &mut World, frame: u64) -> Result<(), RollbackError> {
    with_frames(world, |world, frames| {
        let store = world.get_store_mut().ok_or(NoStore)?;
        frames.ring.restore(frame, store).map_err(|source| match source {
            SnapshotError::NoFrame { .. } => frames.gone(frame),
            source => RollbackError::Unusable { frame, source },
        })
    })
}

/// Returns the [`state_hash`](slotted::Store::state_hash) of this frame, which equal frames have on all machines.
///
/// Computes in **O(1)** time for frames [with hashes](StoreFrames::with_hashes). Otherwise the first call takes 1 to
/// 2 ns for each number in the store.
///
/// # Errors
/// If the world has no [`StoreFrames`], or the frame is not kept.
///
/// ```
/// # use bevy_ecs::prelude::*;
/// # use bevy_slotted::prelude::*;
/// # use bevy_slotted::rollback::{StoreFrames, frame_hash, restore_frame, save_frame};
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
/// restore_frame(&mut world, 0)?; // the prediction of the inputs was wrong
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

/// Returns a system that [saves](save_frame) the store under the number that the closure reads from a resource.
///
/// Its error, a [`RollbackError`], goes to Bevy's error handler. See [the module](self) for an example.
pub fn save_frame_of<R: Resource>(
    number: impl Fn(&R) -> u64 + Send + Sync + 'static,
) -> impl Fn(&mut World) -> Result<(), BevyError> + Send + Sync + 'static {
    move |world: &mut World| Ok(save_frame(world, number_of(world, &number)?)?)
}

/// Returns a system that [restores](restore_frame) the frame whose number the closure reads from a resource.
///
/// Its error, a [`RollbackError`], goes to Bevy's error handler. See [the module](self) for an example.
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
