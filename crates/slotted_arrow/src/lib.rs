//! Saves for [`slotted`] that any data tool can open.

#![forbid(unsafe_code)]

mod aside;
mod batches;
mod bits;
mod columns;
mod compression;
#[cfg(test)]
mod crash_tests;
mod damage;
mod definition;
mod fields;
mod folder;
pub mod import;
pub mod inspect;
mod ipc;
mod keys;
mod load;
mod manifest;
mod migrate;
mod migrations;
#[cfg(feature = "parquet")]
pub mod parquet;
mod recording;
mod save;
mod stream;
mod table_file;

pub use aside::Aside;
pub use batches::{SchemaBatches, record_batches};
pub use compression::Compression;
pub use damage::Damage;
pub use load::{DamagedFile, LoadError, LoadOptions, LoadReport, load};
pub use migrations::Migrations;
pub use recording::{
    Notes, Playback, PlaybackError, PlaybackOptions, RecordError, RecordedFrame, Recorder,
    RecorderOptions, RecordingReport, Snapshots, Tail,
};
pub use save::{SaveError, SaveOptions, SaveReport, save};
