//! A vector whose clones share their elements.

use std::collections::HashSet;
use std::fmt;
use std::ops::Index;
use std::sync::{Arc, Weak};

/// The number of elements in a node. A change copies one node and the list of nodes.
const NODE: usize = 64;

/// A vector of shared elements, some of which may be missing. Clones share nodes of 64 elements, so a clone takes
/// **O(1)** time, and the first change of an element after it copies little.
pub(crate) struct SharedVec<T> {
    /// Nodes without elements are missing.
    nodes: Arc<Vec<Option<Arc<Node<T>>>>>,
    len: usize,
}

type Node<T> = Vec<Option<Arc<T>>>;

impl<T> SharedVec<T> {
    #[inline]
    pub(crate) const fn len(&self) -> usize {
        self.len
    }

    #[inline]
    pub(crate) fn get(&self, index: usize) -> Option<&Arc<T>> {
        self.nodes.get(index / NODE)?.as_ref()?.get(index % NODE)?.as_ref()
    }

    /// Returns an element to change. Copies it if a clone of the vector shares it.
    pub(crate) fn make_mut(&mut self, index: usize) -> Option<&mut T>
    where
        T: Clone,
    {
        self.get(index)?;
        Some(Arc::make_mut(self.slot_mut(index).as_mut()?))
    }

    /// Replaces an element, or removes it. The vector grows up to the index.
    pub(crate) fn set(&mut self, index: usize, element: Option<Arc<T>>) {
        self.len = self.len.max(index + 1);
        let is_removed = element.is_none();
        *self.slot_mut(index) = element;
        let node = self.nodes.get(index / NODE).and_then(Option::as_ref);
        if is_removed && node.is_some_and(|node| node.iter().all(Option::is_none)) {
            Arc::make_mut(&mut self.nodes)[index / NODE] = None;
        }
    }

    /// Removes all elements from the index on.
    pub(crate) fn truncate(&mut self, len: usize) {
        for index in len..self.len {
            if self.get(index).is_some() {
                self.set(index, None);
            }
        }
        self.len = self.len.min(len);
        if self.nodes.len() > self.len.div_ceil(NODE) {
            Arc::make_mut(&mut self.nodes).truncate(self.len.div_ceil(NODE));
        }
    }

    pub(crate) fn push(&mut self, element: T) {
        self.set(self.len, Some(Arc::new(element)));
    }

    /// Returns the elements from this index on. None of them may be missing.
    pub(crate) fn iter_from(&self, start: usize) -> impl ExactSizeIterator<Item = &T> + Clone {
        (start.min(self.len)..self.len).map(|index| &self[index])
    }

    /// Returns the elements with their indices.
    pub(crate) fn iter(&self) -> impl Iterator<Item = (usize, &Arc<T>)> {
        let nodes = (0..).step_by(NODE).zip(&*self.nodes);
        nodes.flat_map(|(first, node)| {
            let elements = node.iter().flat_map(|node| node.iter());
            (first..).zip(elements).filter_map(|(index, element)| Some((index, element.as_ref()?)))
        })
    }

    /// Returns the heap bytes of the vector and of the elements that are not in `seen` yet, and adds them to it.
    pub(crate) fn count_new(
        &self,
        seen: &mut HashSet<usize>,
        mut element_bytes: impl FnMut(&T, &mut HashSet<usize>) -> usize,
    ) -> usize {
        if !seen.insert(Arc::as_ptr(&self.nodes).addr()) {
            return 0;
        }
        let mut bytes = self.nodes.capacity() * size_of::<Option<Arc<Node<T>>>>();
        for node in self.nodes.iter().flatten() {
            if seen.insert(Arc::as_ptr(node).addr()) {
                bytes += size_of::<Node<T>>() + node.capacity() * size_of::<Option<Arc<T>>>();
                for element in node.iter().flatten() {
                    if seen.insert(Arc::as_ptr(element).addr()) {
                        bytes += size_of::<T>() + element_bytes(element, seen);
                    }
                }
            }
        }
        bytes
    }

    fn slot_mut(&mut self, index: usize) -> &mut Option<Arc<T>> {
        let nodes = Arc::make_mut(&mut self.nodes);
        if nodes.len() <= index / NODE {
            nodes.resize(index / NODE + 1, None);
        }
        let node = nodes[index / NODE].get_or_insert_default();
        let node = Arc::make_mut(node);
        if node.len() <= index % NODE {
            node.resize(index % NODE + 1, None);
        }
        &mut node[index % NODE]
    }
}

impl<T> Index<usize> for SharedVec<T> {
    type Output = T;

    #[inline]
    fn index(&self, index: usize) -> &T {
        self.get(index).expect("the element is not missing")
    }
}

impl<T> fmt::Debug for SharedVec<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SharedVec").field("len", &self.len).finish_non_exhaustive()
    }
}

/// A vector that does not keep its elements alive.
pub(crate) struct WeakSharedVec<T> {
    nodes: Weak<Vec<Option<Arc<Node<T>>>>>,
    len: usize,
}

impl<T> SharedVec<T> {
    pub(crate) fn downgrade(&self) -> WeakSharedVec<T> {
        WeakSharedVec { nodes: Arc::downgrade(&self.nodes), len: self.len }
    }

    /// Calls `take` with the elements that no other vector shares.
    pub(crate) fn into_unshared(self, mut take: impl FnMut(usize, T)) {
        let Some(nodes) = Arc::into_inner(self.nodes) else { return };
        for (first, node) in (0..).step_by(NODE).zip(nodes) {
            let Some(node) = node.and_then(Arc::into_inner) else { continue };
            for (index, element) in (first..).zip(node) {
                if let Some(element) = element.and_then(Arc::into_inner) {
                    take(index, element);
                }
            }
        }
    }
}

impl<T> WeakSharedVec<T> {
    /// Returns the vector, or an empty one if it was dropped.
    pub(crate) fn upgrade(&self) -> SharedVec<T> {
        let nodes = self.nodes.upgrade();
        nodes.map_or_else(SharedVec::default, |nodes| SharedVec { nodes, len: self.len })
    }
}

impl<T> Default for WeakSharedVec<T> {
    fn default() -> Self {
        Self { nodes: Weak::new(), len: 0 }
    }
}

/// A clone of the owner of the vector starts without one.
impl<T> Clone for WeakSharedVec<T> {
    fn clone(&self) -> Self {
        Self::default()
    }
}

impl<T> Clone for SharedVec<T> {
    fn clone(&self) -> Self {
        Self { nodes: Arc::clone(&self.nodes), len: self.len }
    }
}

impl<T> Default for SharedVec<T> {
    fn default() -> Self {
        Self { nodes: Arc::default(), len: 0 }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn elements(vec: &SharedVec<usize>) -> Vec<(usize, usize)> {
        vec.iter().map(|(index, element)| (index, **element)).collect()
    }

    #[test]
    fn a_change_is_not_seen_by_clones_and_copies_one_node() {
        let mut vec = SharedVec::default();
        (0..200).for_each(|number| vec.push(number));
        let old = vec.clone();
        *vec.make_mut(70).unwrap() = 7;
        vec.set(3, None);
        assert_eq!((old.get(70), vec.get(70)), (Some(&Arc::new(70)), Some(&Arc::new(7))));
        assert_eq!((old.get(3).is_some(), vec.get(3)), (true, None));
        assert!(Arc::ptr_eq(old.nodes[2].as_ref().unwrap(), vec.nodes[2].as_ref().unwrap()));
        assert_eq!(elements(&old), (0..200).map(|number| (number, number)).collect::<Vec<_>>());
    }

    #[test]
    fn removed_elements_leave_no_nodes() {
        let mut vec = SharedVec::default();
        (0..130).for_each(|number| vec.push(number));
        (0..64).for_each(|index| vec.set(index, None));
        assert!(vec.nodes[0].is_none());
        assert_eq!(elements(&vec).first(), Some(&(64, 64)));
        vec.truncate(70);
        assert_eq!((vec.len(), elements(&vec).len()), (70, 6));
        assert_eq!(vec.nodes.len(), 2);
        vec.push(1);
        assert_eq!(elements(&vec).last(), Some(&(70, 1)));
    }

    #[test]
    fn shared_elements_count_once() {
        let mut vec = SharedVec::default();
        (0..100).for_each(|number| vec.push(number));
        let mut old = vec.clone();
        old.set(0, Some(Arc::new(5)));
        let mut seen = HashSet::new();
        let all = vec.count_new(&mut seen, |_, _| 0);
        assert!(all > 100 * size_of::<usize>());
        let new = old.count_new(&mut seen, |_, _| 0);
        assert!(new >= NODE * size_of::<usize>() + size_of::<usize>() && new < all);
        assert_eq!(vec.count_new(&mut seen, |_, _| 0), 0);
    }

    #[test]
    fn a_vector_is_found_again_as_long_as_it_lives() {
        let mut vec = SharedVec::default();
        (0..70).for_each(|number| vec.push(number));
        let weak = vec.downgrade();
        assert_eq!((weak.upgrade().len(), elements(&weak.upgrade())), (70, elements(&vec)));
        assert_eq!(weak.clone().upgrade().len(), 0, "a clone starts without one");
        drop(vec);
        assert_eq!((weak.upgrade().len(), elements(&weak.upgrade())), (0, Vec::new()));
    }

    #[test]
    fn only_unshared_elements_are_taken() {
        let taken = |vec: SharedVec<usize>| {
            let mut taken = Vec::new();
            vec.into_unshared(|index, element| taken.push((index, element)));
            taken
        };
        let mut vec = SharedVec::default();
        (0..130).for_each(|number| vec.push(number));
        let mut other = vec.clone();
        assert_eq!(taken(vec.clone()), Vec::new(), "all is shared");
        *other.make_mut(65).unwrap() = 7;
        other.set(129, None);
        // The copied nodes have elements of their own and elements that both share.
        let kept = vec.get(70).cloned();
        assert_eq!(taken(vec), [(65, 65), (129, 129)]);
        assert!(
            taken(other).iter().map(|(index, _)| *index).eq((0..129).filter(|index| *index != 70))
        );
        assert_eq!(kept, Some(Arc::new(70)));
    }

    #[test]
    fn elements_are_reached_by_index() {
        let mut vec = SharedVec::default();
        vec.set(64, Some(Arc::new(5)));
        assert_eq!((vec.len(), vec.get(0)), (65, None));
        assert_eq!(vec.make_mut(0), None);
        assert_eq!(vec.make_mut(65), None);
        assert_eq!(vec.iter_from(64).collect::<Vec<_>>(), [&5]);
        assert_eq!((vec.iter_from(65).len(), vec.iter_from(1000).len()), (0, 0));
        vec.truncate(64);
        assert_eq!((vec.len(), vec.nodes.len()), (64, 1), "the second node is gone");
        vec.truncate(100);
        assert_eq!(vec.len(), 64);
    }
}
