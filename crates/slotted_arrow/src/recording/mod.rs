//! Recordings: the frames of a game in one file, to play them forwards and backwards.

mod error;
mod file;
mod format;
mod notes;
mod playback;
mod recorder;
mod source;
mod undo;
mod worlds;

pub use error::{PlaybackError, RecordError};
pub use file::RecordingFile;
pub use notes::Notes;
pub use playback::{Playback, PlaybackOptions, Snapshots};
pub use recorder::{Recorder, RecorderOptions, RecordingReport};
pub use source::{RecordedFrame, Tail};
