//! Notes of a frame: bytes that the game records beside the world.

use std::fmt;

/// The notes of a recorded frame, in the order in which they were added: inputs, labels, the state of random numbers.
///
/// [`Recorder::note`](crate::recording::Recorder::note) adds them, [`Playback::notes`](crate::recording::Playback::notes) returns them.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct Notes {
    /// Each note: the lengths of its name and of its content, 4 bytes each, then both.
    bytes: Vec<u8>,
}

impl Notes {
    /// Adds a note. Returns `false` if all notes together would be too long.
    pub(super) fn push(&mut self, name: &str, content: &[u8]) -> bool {
        let length = |bytes: &[u8]| u32::try_from(bytes.len()).ok();
        let (Some(name_length), Some(length)) = (length(name.as_bytes()), length(content)) else {
            return false;
        };
        let bytes = self.bytes.len() as u64 + 8 + u64::from(name_length) + u64::from(length);
        if u32::try_from(bytes).is_err() {
            return false;
        }
        self.bytes.extend_from_slice(&name_length.to_le_bytes());
        self.bytes.extend_from_slice(&length.to_le_bytes());
        self.bytes.extend_from_slice(name.as_bytes());
        self.bytes.extend_from_slice(content);
        true
    }

    /// Reads notes. Returns `None` if the bytes are something else.
    pub(super) fn from_bytes(bytes: Vec<u8>) -> Option<Self> {
        let mut rest = &bytes[..];
        while !rest.is_empty() {
            (_, rest) = split_note(rest)?;
        }
        Some(Self { bytes })
    }

    pub(super) fn as_bytes(&self) -> &[u8] {
        &self.bytes
    }

    pub(super) fn clear(&mut self) {
        self.bytes.clear();
    }

    /// Iterates over the notes: the name and the content of each.
    ///
    /// [`Recorder::note`](crate::recording::Recorder::note) has an example.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &[u8])> {
        let mut rest = &self.bytes[..];
        std::iter::from_fn(move || {
            let (note, after) = split_note(rest)?;
            rest = after;
            Some(note)
        })
    }

    /// Returns the content of the first note of this name.
    ///
    /// [`Recorder::note`](crate::recording::Recorder::note) has an example.
    #[must_use]
    pub fn get(&self, name: &str) -> Option<&[u8]> {
        self.iter().find(|note| note.0 == name).map(|(_, content)| content)
    }

    /// Returns `true` if the frame has no notes.
    ///
    /// # Example
    /// ```
    /// assert!(slotted_arrow::recording::Notes::default().is_empty());
    /// ```
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.bytes.is_empty()
    }
}

type Note<'b> = (&'b str, &'b [u8]);

fn split_note(bytes: &[u8]) -> Option<(Note<'_>, &[u8])> {
    let (lengths, rest) = bytes.split_first_chunk::<8>()?;
    let [a, b, c, d, lengths @ ..] = *lengths;
    let (name, rest) = rest.split_at_checked(u32::from_le_bytes([a, b, c, d]) as usize)?;
    let (content, rest) = rest.split_at_checked(u32::from_le_bytes(lengths) as usize)?;
    Some(((std::str::from_utf8(name).ok()?, content), rest))
}

impl fmt::Debug for Notes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_map().entries(self.iter()).finish()
    }
}
