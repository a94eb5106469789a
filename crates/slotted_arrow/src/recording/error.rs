//! The reasons why a recording cannot be written or played.

use std::io;

use slotted::DeltaError;

use crate::load::LoadError;
use crate::save::SaveError;

/// The reason why a frame was not recorded.
///
/// The recorder does not know the name of its file; [`RecordingFile`](crate::recording::RecordingFile) adds it to each error.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum RecordError {
    /// The writer failed before the first frame.
    #[error("cannot begin the recording: {0}")]
    Begin(#[source] io::Error),
    /// The writer failed. Whole frames before this one can be played.
    #[error(
        "cannot write frame {frame} of the recording: {error}; the frames before it are intact"
    )]
    Write {
        /// The number of the frame.
        frame: u64,
        /// The reason.
        #[source]
        error: io::Error,
    },
    /// The writer failed after the last frame. All frames can be played, but finding them reads the whole file.
    #[error("cannot write the index of the recording: {0}; all frames are intact")]
    Index(#[source] io::Error),
    /// The writer failed before, so nothing can follow.
    #[error("the recording ended when a frame could not be written; begin another one")]
    Ended,
    /// The number of a frame is not higher than that of the frame before.
    #[error("frame {frame} does not follow frame {last}; numbers of frames ascend")]
    Order {
        /// The number of the frame.
        frame: u64,
        /// The number of the frame before.
        last: u64,
    },
    /// The notes of one frame exceed 4 GiB. The new note was not added.
    #[error("the notes of one frame exceed 4 GiB")]
    Notes,
}

impl RecordError {
    pub(super) fn of_save(frame: u64, error: SaveError) -> Self {
        let error = match error {
            SaveError::Write(error) => error,
            error => io::Error::other(error),
        };
        Self::Write { frame, error }
    }
}

/// The reason why a recording cannot be played. The playback stays at the last frame that it reached.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum PlaybackError {
    /// The recording cannot be read.
    #[error("cannot read the recording: {0}")]
    Read(#[from] io::Error),
    /// The bytes are something else.
    #[error("this is no recording of slotted")]
    Foreign,
    /// A later version of slotted wrote the recording.
    #[error(
        "the recording has format {found}, this program reads up to {known}; update the program"
    )]
    Newer {
        /// The recording's version of the format.
        found: u32,
        /// The latest version that this program reads.
        known: u32,
    },
    /// The recording has no whole frame.
    #[error("the recording has no whole frame; it ended while the first one was written")]
    Empty,
    /// A frame is before the first one of the recording.
    #[error("frame {frame} is before the recording, which begins with frame {first}")]
    TooEarly {
        /// The frame.
        frame: u64,
        /// The first recorded frame.
        first: u64,
    },
    /// A part of the recording is damaged.
    #[error(
        "the recording is damaged at byte {at}: {part}; seek to a frame behind the next keyframe"
    )]
    Damaged {
        /// The position in the file.
        at: u64,
        /// The part and its damage.
        part: &'static str,
    },
    /// A frame is larger than [`PlaybackOptions::most_frame_bytes`](crate::recording::PlaybackOptions::most_frame_bytes).
    #[error(
        "frame {frame} has {bytes} bytes; the limit is {limit}, raise 'PlaybackOptions::most_frame_bytes'"
    )]
    TooLarge {
        /// The frame.
        frame: u64,
        /// Its bytes.
        bytes: u64,
        /// The limit.
        limit: u64,
    },
    /// The recording is compressed in a way that this program does not read.
    #[error("the recording is compressed; build slotted_arrow with the feature '{feature}'")]
    Compression {
        /// The feature of the crate.
        feature: &'static str,
    },
    /// The world or the schemas of a frame cannot be loaded.
    #[error("frame {frame} of the recording: {error}")]
    World {
        /// The frame.
        frame: u64,
        /// The reason.
        #[source]
        error: Box<LoadError>,
    },
    /// The changes of a frame do not fit the frame before.
    #[error("frame {frame} of the recording: {error}")]
    Change {
        /// The frame.
        frame: u64,
        /// The reason.
        #[source]
        error: Box<DeltaError>,
    },
}
