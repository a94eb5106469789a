//! Interned lists: a handle of four bytes for each different list of cells.

use std::sync::Arc;

use hashbrown::HashTable;

use crate::id::ObjectId;
use crate::list::ListCell;
use crate::storage::cells::{CellType, CellVec, CellVecVisitor};
use crate::storage::{Cell, Names, TextPool};
use crate::text::Text;

/// The memory layout of a list's elements. A handle resolves only with the shape of its list.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) struct ElementShape {
    pub(crate) cell: CellType,
    /// Cells of one element.
    pub(crate) width: u16,
    /// The number of variants if the elements are an enum, otherwise 0.
    pub(crate) variants: u16,
}

/// All lists of a store. Only the newest lists can be removed.
#[derive(Clone, Debug)]
pub(crate) struct ListPool {
    /// The cells of all lists, one vector for each type of cell.
    cells: Vec<CellVec>,
    /// List 0 is the empty list of every shape.
    lists: Vec<Entry>,
    numbers: HashTable<u32>,
    /// The size of the cells of all lists.
    bytes: usize,
}

#[derive(Clone, Copy, Debug)]
struct Entry {
    shape: ElementShape,
    start: u32,
    end: u32,
    /// A hash of the elements, where texts count by their content and references by their bits. It is equal on
    /// every machine if no element is a reference.
    hash: u64,
}

impl Default for ListPool {
    fn default() -> Self {
        let shape = ElementShape { cell: CellType::U8, width: 1, variants: 0 };
        let hash = hash_list::<u8>(&[], &ByContent { texts: &TextPool::default() });
        Self {
            cells: CellType::ALL.iter().map(|cell| CellVec::new(*cell)).collect(),
            lists: vec![Entry { shape, start: 0, end: 0, hash }],
            numbers: HashTable::new(),
            bytes: 0,
        }
    }
}

impl ListPool {
    /// Returns the list's handle, or `None` if the lists would take more than `limit` bytes. Copies the pool if
    /// the list is new and a snapshot shares the pool.
    pub(crate) fn intern<C: Cell>(
        pool: &mut Arc<Self>,
        texts: &TextPool,
        shape: ElementShape,
        cells: &[C],
        limit: usize,
    ) -> Option<ListCell> {
        let hash = hash_list(cells, &ByContent { texts });
        pool.find_hashed(shape, cells, hash)
            .or_else(|| Arc::make_mut(pool).add(shape, cells, hash, limit))
    }

    /// Returns the handle of a known list.
    pub(crate) fn find<C: Cell>(
        &self,
        texts: &TextPool,
        shape: ElementShape,
        cells: &[C],
    ) -> Option<ListCell> {
        self.find_hashed(shape, cells, hash_list(cells, &ByContent { texts }))
    }

    fn find_hashed<C: Cell>(
        &self,
        shape: ElementShape,
        cells: &[C],
        hash: u64,
    ) -> Option<ListCell> {
        if cells.is_empty() {
            return Some(ListCell::EMPTY);
        }
        let is_same = |number: &u32| {
            let entry = &self.lists[*number as usize];
            entry.hash == hash && entry.shape == shape && C::same(self.cells_of(entry), cells)
        };
        self.numbers.find(hash, is_same).map(|number| ListCell::new(*number))
    }

    fn add<C: Cell>(
        &mut self,
        shape: ElementShape,
        cells: &[C],
        hash: u64,
        limit: usize,
    ) -> Option<ListCell> {
        let bytes = self.bytes.checked_add(size_of_val(cells)).filter(|bytes| *bytes <= limit)?;
        let number = u32::try_from(self.lists.len()).ok()?;
        let all = C::vec_mut(&mut self.cells[C::TYPE as usize]);
        let start = u32::try_from(all.len()).ok()?;
        let end = u32::try_from(all.len().checked_add(cells.len())?).ok()?;
        all.extend_from_slice(cells);
        self.bytes = bytes;
        self.lists.push(Entry { shape, start, end, hash });
        let lists = &self.lists;
        self.numbers.insert_unique(hash, number, |number| lists[*number as usize].hash);
        Some(ListCell::new(number))
    }

    /// Returns the list's cells, or `None` if no list with this shape has the handle.
    #[inline]
    pub(crate) fn resolve<C: Cell>(&self, shape: ElementShape, list: ListCell) -> Option<&[C]> {
        let entry = self.lists.get(list.number() as usize)?;
        if list == ListCell::EMPTY {
            return Some(&[]);
        }
        (entry.shape == shape && shape.cell == C::TYPE).then(|| self.cells_of(entry))
    }

    /// Returns the number of cells in a list, or 0 if no list with this shape has the handle.
    pub(crate) fn cells_in(&self, shape: ElementShape, list: ListCell) -> usize {
        let entry = self.lists.get(list.number() as usize).filter(|entry| entry.shape == shape);
        entry.map_or(0, |entry| (entry.end - entry.start) as usize)
    }

    /// Returns `true` if a list with this shape has the handle.
    pub(crate) fn contains(&self, shape: ElementShape, list: ListCell) -> bool {
        let entry = self.lists.get(list.number() as usize);
        entry.is_some_and(|entry| entry.shape == shape || list == ListCell::EMPTY)
    }

    /// Calls the visitor with the list's cells. Returns `None` if the list is unknown.
    pub(crate) fn visit<V: CellVecVisitor>(&self, list: ListCell, visitor: V) -> Option<V::Output> {
        let entry = self.lists.get(list.number() as usize)?;
        let all = &self.cells[entry.shape.cell as usize];
        Some(all.visit(Part { start: entry.start as usize, end: entry.end as usize, visitor }))
    }

    /// Returns a hash of the list, equal on every machine. Returns `None` if the elements are references.
    pub(crate) fn hash(&self, list: ListCell) -> Option<u64> {
        let Some(entry) = self.lists.get(list.number() as usize) else { return Some(0) };
        (entry.shape.cell != CellType::Object).then_some(entry.hash)
    }

    fn cells_of<C: Cell>(&self, entry: &Entry) -> &[C] {
        let all = C::slice(&self.cells[C::TYPE as usize]);
        all.get(entry.start as usize..entry.end as usize).unwrap_or_default()
    }

    /// Returns the number of lists, for [`truncate`](Self::truncate).
    pub(crate) fn len(&self) -> usize {
        self.lists.len()
    }

    /// Forgets all lists after the first `len`. No value may refer to them.
    pub(crate) fn truncate(&mut self, len: usize) {
        while self.lists.len() > len.max(1)
            && let Some(entry) = self.lists.pop()
        {
            let number = self.lists.len() as u32;
            if let Ok(found) = self.numbers.find_entry(entry.hash, |other| *other == number) {
                found.remove();
            }
            let cells = &mut self.cells[entry.shape.cell as usize];
            cells.truncate(entry.start as usize);
            self.bytes -= (entry.end - entry.start) as usize * cells.cell_bytes();
        }
    }

    pub(crate) fn heap_bytes(&self) -> usize {
        self.cells.capacity() * size_of::<CellVec>()
            + self.cells.iter().map(CellVec::heap_bytes).sum::<usize>()
            + self.lists.capacity() * size_of::<Entry>()
            + self.numbers.allocation_size()
    }
}

/// Returns a hash of the elements and their number.
pub(crate) fn hash_list<C: Cell>(cells: &[C], names: &impl Names) -> u64 {
    cells.iter().fold(cells.len() as u64, |hash, cell| cell.hash(hash, names))
}

/// Hashes texts by their content and references by their bits.
struct ByContent<'a> {
    texts: &'a TextPool,
}

impl Names for ByContent<'_> {
    fn text(&self, text: Text) -> u64 {
        self.texts.hash(text)
    }

    fn object(&self, id: ObjectId) -> u64 {
        id.to_bits()
    }

    fn list(&self, list: ListCell) -> u64 {
        list.number().into()
    }
}

/// Restricts a visitor to the cells of one list.
struct Part<V> {
    start: usize,
    end: usize,
    visitor: V,
}

impl<V: CellVecVisitor> CellVecVisitor for Part<V> {
    type Output = V::Output;

    fn visit<C: Cell>(self, cells: &[C]) -> V::Output {
        self.visitor.visit(cells.get(self.start..self.end).unwrap_or_default())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NUMBERS: ElementShape = ElementShape { cell: CellType::U16, width: 1, variants: 0 };
    const FLOATS: ElementShape = ElementShape { cell: CellType::F32, width: 1, variants: 0 };

    struct Pool {
        lists: Arc<ListPool>,
        texts: TextPool,
    }

    impl Pool {
        fn new() -> Self {
            Self { lists: Arc::default(), texts: TextPool::default() }
        }

        fn intern<C: Cell>(&mut self, shape: ElementShape, cells: &[C]) -> Option<ListCell> {
            self.intern_up_to(shape, cells, usize::MAX)
        }

        fn intern_up_to<C: Cell>(
            &mut self,
            shape: ElementShape,
            cells: &[C],
            limit: usize,
        ) -> Option<ListCell> {
            ListPool::intern(&mut self.lists, &self.texts, shape, cells, limit)
        }
    }

    #[test]
    fn equal_lists_have_equal_handles() {
        let mut pool = Pool::new();
        let lists: Vec<Vec<u16>> = (0..1000).map(|number| (number..number * 2).collect()).collect();
        let first: Vec<_> = lists.iter().map(|list| pool.intern(NUMBERS, list)).collect();
        let again: Vec<_> = lists.iter().map(|list| pool.intern(NUMBERS, list)).collect();
        assert_eq!(first, again);
        for (handle, list) in first.iter().zip(&lists) {
            let found = handle.and_then(|handle| pool.lists.resolve(NUMBERS, handle));
            assert_eq!(found, Some(&**list));
            assert_eq!(pool.lists.find(&pool.texts, NUMBERS, list), *handle);
        }
    }

    #[test]
    fn a_list_resolves_only_with_its_own_shape() {
        let mut pool = Pool::new();
        let pairs = ElementShape { width: 2, ..NUMBERS };
        let jobs = ElementShape { cell: CellType::U8, width: 1, variants: 3 };
        let bytes = ElementShape { variants: 0, ..jobs };
        let handles = [
            pool.intern(NUMBERS, &[1_u16, 2]),
            pool.intern(pairs, &[1_u16, 2]),
            pool.intern(jobs, &[1_u8, 2]),
            pool.intern(bytes, &[1_u8, 2]),
            pool.intern(FLOATS, &[1.0_f32, 2.0]),
        ];
        assert_eq!(handles, [1, 2, 3, 4, 5].map(|number| Some(ListCell::new(number))));
        assert_eq!(pool.lists.resolve::<u16>(NUMBERS, ListCell::new(2)), None);
        assert_eq!(pool.lists.resolve::<u8>(jobs, ListCell::new(4)), None);
        assert_eq!(pool.lists.resolve::<f32>(FLOATS, ListCell::new(1)), None);
        assert_eq!(pool.lists.resolve::<u16>(NUMBERS, ListCell::new(6)), None);
    }

    #[test]
    fn empty_lists_of_all_elements_are_one() {
        let mut pool = Pool::new();
        assert_eq!(pool.intern_up_to::<u16>(NUMBERS, &[], 0), Some(ListCell::EMPTY));
        assert_eq!(pool.intern_up_to::<f32>(FLOATS, &[], 0), Some(ListCell::EMPTY));
        assert_eq!(pool.lists.resolve::<f32>(FLOATS, ListCell::EMPTY), Some(&[][..]));
        assert_eq!(pool.lists.len(), 1);
    }

    #[test]
    fn fault_17_lists_are_equal_by_bits() {
        let mut pool = Pool::new();
        let nan = pool.intern(FLOATS, &[f32::NAN]);
        assert_eq!(pool.intern(FLOATS, &[f32::NAN]), nan);
        assert_ne!(pool.intern(FLOATS, &[f32::from_bits(0xffc0_1234)]), nan);
        assert_ne!(pool.intern(FLOATS, &[0.0_f32]), pool.intern(FLOATS, &[-0.0_f32]));
    }

    #[test]
    fn fault_15_the_limit_is_an_error_and_known_lists_still_work() {
        let mut pool = Pool::new();
        let two = pool.intern_up_to(NUMBERS, &[1_u16, 2], 8);
        assert_eq!(pool.intern_up_to(NUMBERS, &[1_u16, 2, 3], 8), None);
        assert_eq!(pool.intern_up_to(FLOATS, &[1.0_f32, 2.0], 8), None);
        assert_eq!(pool.intern_up_to(NUMBERS, &[1_u16, 2], 8), two);
        assert!(pool.intern_up_to(FLOATS, &[1.0_f32], 8).is_some());
    }

    #[test]
    fn truncation_forgets_the_newest() {
        let mut pool = Pool::new();
        let kept = pool.intern_up_to(NUMBERS, &[1_u16, 2], 10);
        let len = pool.lists.len();
        pool.intern_up_to(NUMBERS, &[3_u16], 10);
        pool.intern_up_to(FLOATS, &[3.0_f32], 10);
        Arc::make_mut(&mut pool.lists).truncate(len);
        let find = |cells: &[u16]| pool.lists.find(&pool.texts, NUMBERS, cells);
        assert_eq!((find(&[1, 2]), find(&[3]), find(&[2, 1])), (kept, None, None));
        let next = pool.intern_up_to(NUMBERS, &[4_u16, 5, 6], 10);
        assert_eq!(next, Some(ListCell::new(2)), "their room is free again");
        assert_eq!(pool.lists.resolve(NUMBERS, ListCell::new(2)), Some(&[4_u16, 5, 6][..]));
    }

    #[test]
    fn only_a_new_list_copies_a_shared_pool() {
        let mut pool = Pool::new();
        pool.intern(NUMBERS, &[1_u16]);
        let shared = Arc::clone(&pool.lists);
        pool.intern(NUMBERS, &[1_u16]);
        assert!(Arc::ptr_eq(&shared, &pool.lists));
        pool.intern(NUMBERS, &[2_u16]);
        assert_eq!((shared.len(), pool.lists.len()), (2, 3));
    }

    #[test]
    fn lists_of_texts_hash_by_their_content() {
        let texts = ElementShape { cell: CellType::Text, width: 1, variants: 0 };
        let hash = |words: [&str; 2], list: [&str; 2]| {
            let mut pool = Pool::new();
            assert!(words.iter().all(|word| pool.texts.intern(word, usize::MAX).is_some()));
            let list = list.map(|word| pool.texts.find(word).unwrap_or_default());
            let list = pool.intern(texts, &list).unwrap_or(ListCell::EMPTY);
            pool.lists.hash(list)
        };
        assert_eq!(hash(["a", "b"], ["a", "b"]), hash(["b", "a"], ["a", "b"]));
        assert_ne!(hash(["a", "b"], ["a", "b"]), hash(["a", "b"], ["b", "a"]));
    }
}
