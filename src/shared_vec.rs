//! A vector whose clones share its elements.

use std::ops::Index;
use std::sync::Arc;

/// The number of elements in a chunk.
const CHUNK: usize = 256;

/// A vector in chunks that its clones share.
///
/// A clone costs one count per chunk, and a change of a shared vector copies one chunk.
#[derive(Clone, Debug)]
pub(crate) struct SharedVec<T> {
    /// All chunks but the last are full.
    chunks: Vec<Arc<Vec<T>>>,
    len: usize,
}

impl<T> Default for SharedVec<T> {
    fn default() -> Self {
        Self { chunks: Vec::new(), len: 0 }
    }
}

impl<T> SharedVec<T> {
    #[inline]
    pub(crate) const fn len(&self) -> usize {
        self.len
    }

    #[inline]
    pub(crate) fn get(&self, index: usize) -> Option<&T> {
        self.chunks.get(index / CHUNK)?.get(index % CHUNK)
    }

    /// Iterates over the elements from this position on.
    pub(crate) fn iter_from(&self, start: usize) -> impl ExactSizeIterator<Item = &T> + Clone {
        (start.min(self.len)..self.len).map(|index| &self[index])
    }
}

impl<T: Clone> SharedVec<T> {
    pub(crate) fn push(&mut self, element: T) {
        match self.chunks.last_mut().filter(|chunk| chunk.len() < CHUNK) {
            None => self.chunks.push(Arc::new(vec![element])),
            Some(chunk) => match Arc::get_mut(chunk) {
                Some(chunk) => chunk.push(element),
                None => {
                    let mut copy = Vec::with_capacity((chunk.len() + 1).next_power_of_two());
                    copy.extend_from_slice(chunk);
                    copy.push(element);
                    *chunk = Arc::new(copy);
                }
            },
        }
        self.len += 1;
    }

    /// Returns an element to change, in a chunk of its own.
    pub(crate) fn get_mut(&mut self, index: usize) -> Option<&mut T> {
        Arc::make_mut(self.chunks.get_mut(index / CHUNK)?).get_mut(index % CHUNK)
    }
}

impl<T> Index<usize> for SharedVec<T> {
    type Output = T;

    #[inline]
    fn index(&self, index: usize) -> &T {
        &self.chunks[index / CHUNK][index % CHUNK]
    }
}

impl<T: Clone> FromIterator<T> for SharedVec<T> {
    fn from_iter<I: IntoIterator<Item = T>>(elements: I) -> Self {
        let mut vec = Self::default();
        elements.into_iter().for_each(|element| vec.push(element));
        vec
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn elements(vec: &SharedVec<usize>) -> Vec<usize> {
        vec.iter_from(0).copied().collect()
    }

    #[test]
    fn clones_do_not_see_each_others_changes() {
        let lengths = [0, 1, CHUNK - 1, CHUNK, CHUNK + 1, 3 * CHUNK];
        for len in lengths {
            let before: SharedVec<usize> = (0..len).collect();
            let mut after = before.clone();
            after.push(len);
            if len > 0 {
                *after.get_mut(len / 2).unwrap() = 7_000;
            }
            assert_eq!(elements(&before), Vec::from_iter(0..len));
            let mut expected = Vec::from_iter(0..=len);
            if len > 0 {
                expected[len / 2] = 7_000;
            }
            assert_eq!(elements(&after), expected);
            assert_eq!((before.len(), after.len()), (len, len + 1));
            assert_eq!((after.get(len), before.get(len)), (Some(&len), None));
        }
    }

    #[test]
    fn iteration_begins_at_any_position() {
        let vec: SharedVec<usize> = (0..2 * CHUNK).collect();
        assert_eq!(vec.iter_from(CHUNK + 3).next(), Some(&(CHUNK + 3)));
        assert_eq!(vec.iter_from(CHUNK + 3).len(), CHUNK - 3);
        assert_eq!(vec.iter_from(9 * CHUNK).next(), None);
    }
}
