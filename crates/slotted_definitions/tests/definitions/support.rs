//! Helpers of several tests.

use slotted::{Store, Value};
use slotted_definitions::{Definitions, Loader, Report, Undeclared};

pub(crate) type Outcome = Result<(), Box<dyn std::error::Error>>;

pub(crate) fn map<const N: usize>(parts: [(&str, Value); N]) -> Value {
    parts.into_iter().collect()
}

/// Loads the files as one pack.
pub(crate) fn load(files: &[(&str, &str)]) -> Result<Definitions, Report> {
    load_as(Undeclared::Refuse, files)
}

pub(crate) fn load_as(policy: Undeclared, files: &[(&str, &str)]) -> Result<Definitions, Report> {
    let files = files.iter().map(|(name, text)| ((*name).to_owned(), (*text).to_owned()));
    Loader::new().undeclared(policy).pack_of_texts("core", files).load(&Store::new())
}
