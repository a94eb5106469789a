//! Saves for [`slotted`] that any data tool can open.

#![forbid(unsafe_code)]

mod aside;
mod batches;
mod bits;
mod columns;
mod compression;
mod damage;
mod definition;
mod fields;
mod folder;
mod ipc;
mod keys;
mod load;
mod manifest;
mod migrate;
mod migrations;
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
