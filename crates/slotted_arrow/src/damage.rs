//! The ways in which a file of a save can be wrong.

use std::fmt;

use slotted::raw::FillError;
use slotted::schema::Quoted;

/// The reason why a file of a save cannot be read.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Damage {
    /// The file does not exist.
    Missing,
    /// The manifest has a version of the format that does not exist.
    Version {
        /// The version of the manifest.
        found: u32,
        /// The latest version that this program reads.
        known: u32,
    },
    /// The manifest does not match the checksum that it names itself.
    OwnChecksum,
    /// The copy of the manifest at the end of a stream differs from it.
    CopyOfManifest,
    /// The disk cannot read the file.
    Unreadable {
        /// The reason.
        reason: String,
    },
    /// The file is something else: it does not begin as a file of a save does.
    Foreign,
    /// The file ends early.
    Truncated {
        /// The number of bytes that were read.
        at: u64,
    },
    /// The file goes on behind its end.
    TooLong {
        /// The number of bytes that were expected.
        expected: u64,
    },
    /// A header cannot be read.
    Header {
        /// The position of the header in the file.
        at: u64,
    },
    /// A block of rows does not have its checksum.
    Block {
        /// The number of the block.
        block: usize,
    },
    /// The texts of a slot do not have their checksum.
    Texts {
        /// The slot.
        slot: String,
    },
    /// The file does not have the checksum that the manifest names: a header was changed, or another file took its place.
    Checksum,
    /// The file has the objects of another schema.
    OtherSchema {
        /// The schema that the manifest names.
        expected: String,
        /// The schema of the file.
        found: String,
    },
    /// The file's definition of its schema is not valid.
    Definition {
        /// The part that is wrong.
        part: String,
    },
    /// The values of a slot contradict their header.
    Column {
        /// The slot, or the column of generations.
        slot: String,
        /// The number of the block.
        block: usize,
    },
    /// The parts of the file are not in order, or not as many as they should be.
    Order {
        /// The part that was expected.
        expected: &'static str,
    },
    /// A value is not valid.
    Value(FillError),
    /// The file declares more bytes without compression than [`LoadOptions::expansion`](crate::LoadOptions::expansion) allows.
    Expansion {
        /// The limit of a load.
        limit: u64,
        /// The number found. Counting ended early.
        found: u64,
    },
    /// The file is intact, but exceeds one of the [`Limits`](slotted::Limits) of the store into which it is loaded.
    Limit {
        /// The things that are too many.
        what: String,
        /// The number found. Counting may have ended early.
        found: u64,
        /// The limit.
        limit: u64,
        /// The field of the limits.
        setting: &'static str,
    },
    /// The file exceeds a limit of the format.
    TooLarge {
        /// The things that are too many.
        what: &'static str,
        /// The number found.
        found: u64,
        /// The limit.
        limit: u64,
    },
    /// The file is compressed in a way that this program does not read.
    Compression {
        /// The feature of the crate that reads it.
        feature: &'static str,
    },
}

impl fmt::Display for Damage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Missing => f.write_str("is missing"),
            Self::Version { found, known } => {
                write!(
                    f,
                    "has the unknown format {found}; this program reads formats 1 up to {known}"
                )
            }
            Self::OwnChecksum => f.write_str("does not match its own checksum"),
            Self::CopyOfManifest => f.write_str("does not end with a copy of its manifest"),
            Self::Unreadable { reason } => write!(f, "cannot be read: {reason}"),
            Self::Foreign => f.write_str("is not a file of a save"),
            Self::Truncated { at } => write!(f, "ends early, after {at} bytes"),
            Self::TooLong { expected } => write!(f, "is longer than {expected} bytes"),
            Self::Header { at } => write!(f, "is damaged: the header at byte {at} cannot be read"),
            Self::Block { block } => {
                write!(f, "is damaged: block {block} does not have its checksum")
            }
            Self::Texts { slot } => {
                let slot = Quoted(slot);
                write!(f, "is damaged: the texts of slot {slot} do not have their checksum")
            }
            Self::Checksum => f.write_str("does not have the checksum that the manifest names"),
            Self::OtherSchema { expected, found } => {
                let (expected, found) = (Quoted(expected), Quoted(found));
                write!(f, "has objects of schema {found} in place of {expected}")
            }
            Self::Definition { part } => write!(f, "has an invalid definition: {part}"),
            Self::Column { slot, block } => {
                let slot = Quoted(slot);
                write!(f, "is damaged: block {block} of slot {slot} contradicts its header")
            }
            Self::Order { expected } => write!(f, "is damaged: expected {expected}"),
            Self::Value(error) => write!(f, "is damaged: {error}"),
            Self::Expansion { limit, found } => {
                write!(
                    f,
                    "expands by {found} bytes or more; the limit is {limit}, \
                     raise 'expansion' of the options"
                )
            }
            Self::Limit { what, found, limit, setting } => {
                write!(f, "has {found} {what} or more; the limit is {limit}, raise '{setting}'")
            }
            Self::TooLarge { what, found, limit } => {
                write!(f, "has {found} {what}; a save has at most {limit}")
            }
            Self::Compression { feature } => {
                write!(f, "is compressed; build slotted_arrow with the feature '{feature}'")
            }
        }
    }
}

impl Damage {
    /// Returns `true` if the file is intact, but too large.
    pub(crate) const fn is_limit(&self) -> bool {
        matches!(self, Self::Expansion { .. } | Self::Limit { .. } | Self::TooLarge { .. })
    }
}

impl From<FillError> for Damage {
    fn from(error: FillError) -> Self {
        Self::Value(error)
    }
}
