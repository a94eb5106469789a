//! Saves for [`slotted`] that any data tool can open, that survive a crash, and that outlive the schema.
//!
//! * [`save`] and [`load`] write and read a folder of Arrow files; [`SaveOptions`] and [`LoadOptions`] also streams, with
//!   compression, [migrations](Migrations), [what a missing mod left](Aside) and damaged files.
//! * [`inspect`] looks into a save without loading it.
//! * [`SchemaBatches`] returns objects as Arrow record batches that share the store's memory; [`import`] is the way back.
//! * `parquet` writes and reads Parquet files.
//! * [`recording`] appends the changes of each frame to a file, and plays them back.
//!
//! # Example
//! ```
//! use slotted::{Slotted, Store};
//! use slotted_arrow::{LoadOptions, SaveOptions};
//!
//! #[derive(Slotted, Clone, Copy)]
//! struct Unit { health: f32 }
//!
//! let mut store = Store::new();
//! store.register::<Unit>()?;
//! let unit = store.spawn(Unit { health: 80.0 })?;
//! let mut bytes = Vec::new();
//! SaveOptions::new().write(&store.snapshot(), &mut bytes)?;
//!
//! let mut loaded = Store::new();
//! loaded.register::<Unit>()?;
//! LoadOptions::new().read_into(&mut loaded, &bytes[..])?;
//! assert_eq!(loaded.get_object::<Unit>(unit)?.health, 80.0);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

#![forbid(unsafe_code)]

#[cfg(target_endian = "big")]
compile_error!("blocks of memory are written as they are: the lowest byte must come first");

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
mod filling;
mod folder;
#[cfg(test)]
mod hostile_tests;
pub mod import;
pub mod inspect;
mod ipc;
mod keys;
mod load;
mod load_report;
mod load_step;
mod load_tables;

mod manifest;
mod migrate;
mod migrations;
#[cfg(feature = "parquet")]
pub mod parquet;
mod parts;
pub mod recording;
mod save;
mod sources;
mod stream;
mod table_file;
mod threads;

pub use aside::Aside;
pub use batches::{SchemaBatches, record_batches};
pub use compression::Compression;
pub use damage::Damage;
pub use load::{LoadError, LoadOptions, load};
pub use load_report::{DamagedFile, LoadReport};
pub use load_step::LoadStep;
pub use migrations::Migrations;
pub use save::{SaveError, SaveOptions, SaveReport, save};

/// Runs the examples of the README and of the guide.
#[cfg(doctest)]
mod guide {
    #[doc = include_str!("../README.md")]
    struct Readme;
    #[doc = include_str!("../../../docs/guide/14_saving.md")]
    struct Saving;
    #[doc = include_str!("../../../docs/guide/15_data_tools.md")]
    struct DataTools;
}
