//! The position of each text in a dictionary.

/// The handles of a chunk.
const CHUNK: usize = 1024;

/// Maps handles to consecutive keys, in the order in which they come.
#[derive(Clone, Default)]
pub(crate) struct KeyMap {
    /// The key of each handle plus one, in chunks of handles that occur.
    chunks: Vec<Option<Box<[u32; CHUNK]>>>,
    count: u32,
}

impl KeyMap {
    /// Gives the handle the next key. Returns `false` if it has one.
    pub(crate) fn insert(&mut self, handle: u32) -> bool {
        let chunk = handle as usize / CHUNK;
        if chunk >= self.chunks.len() {
            self.chunks.resize_with(chunk + 1, || None);
        }
        let keys = self.chunks[chunk].get_or_insert_with(|| Box::new([0; CHUNK]));
        let key = &mut keys[handle as usize % CHUNK];
        if *key != 0 {
            return false;
        }
        self.count += 1;
        *key = self.count;
        true
    }

    /// Returns the key of a handle.
    pub(crate) fn get(&self, handle: u32) -> Option<u32> {
        let keys = self.chunks.get(handle as usize / CHUNK)?.as_ref()?;
        keys[handle as usize % CHUNK].checked_sub(1)
    }
}
