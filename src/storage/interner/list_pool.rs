//! Interned lists: a handle of four bytes for each different list of cells.

use std::fmt;
use std::hash::{BuildHasher, Hash, Hasher};
use std::ops::Range;

use foldhash::fast::RandomState;

use crate::id::ObjectId;
use crate::list::ListCell;
use crate::storage::cells::{CellType, CellVec, CellVecVisitor, CellVecVisitorMut};
use crate::storage::interner::pool::{Data, Found, New, Pool};
use crate::storage::{Cell, Names, TextPool, Translate};
use crate::text::Text;

/// The memory layout of a list's elements. A handle resolves only with the shape of its list.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) struct ElementShape {
    pub(crate) cell: CellType,
    /// Cells of one element.
    pub(crate) width: u16,
    /// The number of variants if the elements are an enum, [`ANY`](Self::ANY) if they are texts of values, otherwise 0.
    pub(crate) variants: u16,
}

impl ElementShape {
    /// More than the variants of any enum: the elements are texts of values of kind `any`.
    pub(crate) const ANY: u16 = u16::MAX;

    /// Reads elements from their bytes and translates their handles. Returns `None` if a byte or a handle is not valid.
    pub(crate) fn read(self, bytes: &[u8], translate: &mut impl Translate) -> Option<CellVec> {
        let is_variant = |cell: &u8| self.variants == 0 || u16::from(*cell) < self.variants;
        if !bytes.iter().all(is_variant) {
            return None;
        }
        let mut cells = CellVec::new(self.cell);
        cells.visit_mut(ReadCells { bytes, width: usize::from(self.width), translate })?;
        Some(cells)
    }
}

struct ReadCells<'a, T> {
    bytes: &'a [u8],
    width: usize,
    translate: &'a mut T,
}

impl<T: Translate> CellVecVisitorMut for ReadCells<'_, T> {
    type Output = Option<()>;

    fn visit<C: Cell>(self, cells: &mut Vec<C>) -> Option<()> {
        if !self.bytes.len().is_multiple_of(C::BYTES * self.width) {
            return None;
        }
        cells.reserve_exact(self.bytes.len() / C::BYTES);
        for cell in self.bytes.chunks_exact(C::BYTES) {
            cells.push(C::take(cell)?.translate(self.translate)?);
        }
        Some(())
    }
}

/// All lists of a store. List 0 is the empty list of every shape.
#[derive(Clone)]
pub(crate) struct ListPool {
    pub(super) pool: Pool<ListCells>,
}

/// The cells of lists, one vector for each type of cell that they have.
#[derive(Clone, Default)]
pub(super) struct ListCells(Vec<CellVec>);

impl ListCells {
    fn of<C: Cell>(&self) -> &[C] {
        let all = self.0.iter().find(|all| all.cell() == C::TYPE);
        all.map(C::slice).unwrap_or_default()
    }

    fn of_mut<C: Cell>(&mut self) -> &mut Vec<C> {
        let position = self.0.iter().position(|all| all.cell() == C::TYPE).unwrap_or_else(|| {
            // One type is the rule; `push` would make room for four.
            self.0.reserve_exact(1);
            self.0.push(CellVec::new(C::TYPE));
            self.0.len() - 1
        });
        C::vec_mut(&mut self.0[position])
    }

    fn push<C: Cell>(&mut self, cells: &[C]) -> Range<usize> {
        let all = self.of_mut();
        let start = all.len();
        all.extend_from_slice(cells);
        start..all.len()
    }

    /// Calls the visitor with cells of this type.
    fn visit<V: CellVecVisitor>(
        &self,
        cell: CellType,
        place: Range<usize>,
        visitor: V,
    ) -> V::Output {
        match self.0.iter().find(|all| all.cell() == cell) {
            Some(all) => all.visit(Part { place, visitor }),
            None => CellVec::new(cell).visit(visitor),
        }
    }
}

impl Data for ListCells {
    type Form = ElementShape;

    fn bytes(&self, shape: ElementShape, place: Range<usize>) -> usize {
        place.len() * shape.cell.bytes()
    }

    fn hash(&self, shape: ElementShape, place: Range<usize>, hasher: &RandomState) -> u64 {
        self.visit(shape.cell, place, KeyedHash { shape, hasher })
    }

    fn append(&mut self, other: &Self, shape: ElementShape, place: Range<usize>) -> Range<usize> {
        other.visit(shape.cell, place, Append { to: self })
    }

    fn truncate(&mut self, shape: ElementShape, place: Range<usize>) {
        if let Some(all) = self.0.iter_mut().find(|all| all.cell() == shape.cell) {
            all.truncate(place.start);
        }
    }

    fn shrink(&mut self) {
        self.0.iter_mut().for_each(CellVec::shrink);
    }

    fn heap_bytes(&self) -> usize {
        self.0.capacity() * size_of::<CellVec>()
            + self.0.iter().map(CellVec::heap_bytes).sum::<usize>()
    }
}

impl Default for ListPool {
    fn default() -> Self {
        let shape = ElementShape { cell: CellType::U8, width: 1, variants: 0 };
        let content_hash = hash_list::<u8>(&[], &ByContent { texts: &TextPool::default() });
        Self { pool: Pool::default().with_empty(0, shape, content_hash) }
    }
}

impl ListPool {
    /// Returns the list's handle, or `None` if the lists would take more than `limit` bytes.
    pub(crate) fn intern<C: Cell>(
        &mut self,
        texts: &TextPool,
        shape: ElementShape,
        cells: &[C],
        limit: usize,
    ) -> Option<ListCell> {
        let hash = self.keyed_hash(shape, cells);
        self.find_hashed(shape, cells, hash).or_else(|| self.add(shape, cells, hash, texts, limit))
    }

    /// Returns the handle of a known list.
    pub(crate) fn find<C: Cell>(&self, shape: ElementShape, cells: &[C]) -> Option<ListCell> {
        self.find_hashed(shape, cells, self.keyed_hash(shape, cells))
    }

    fn keyed_hash<C: Cell>(&self, shape: ElementShape, cells: &[C]) -> u64 {
        KeyedHash { shape, hasher: self.pool.hasher() }.visit(cells)
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
        let is_same =
            |found: Found<'_, ListCells>| found.form == shape && C::same(cells_of(&found), cells);
        self.pool.find(hash, is_same).map(ListCell::new)
    }

    fn add<C: Cell>(
        &mut self,
        shape: ElementShape,
        cells: &[C],
        hash: u64,
        texts: &TextPool,
        limit: usize,
    ) -> Option<ListCell> {
        let content_hash = hash_list(cells, &ByContent { texts });
        let new = New { form: shape, bytes: size_of_val(cells), content_hash };
        self.pool.add(hash, new, limit, |all| all.push(cells)).map(ListCell::new)
    }

    /// Returns the list's cells, or `None` if no list with this shape has the handle.
    #[inline]
    pub(crate) fn resolve<C: Cell>(&self, shape: ElementShape, list: ListCell) -> Option<&[C]> {
        let found = self.pool.get(list.number())?;
        if list == ListCell::EMPTY {
            return Some(&[]);
        }
        (found.form == shape && shape.cell == C::TYPE).then(|| cells_of(&found))
    }

    /// Returns the number of cells in a list, or 0 if no list with this shape has the handle.
    pub(crate) fn cells_in(&self, shape: ElementShape, list: ListCell) -> usize {
        let found = self.pool.get(list.number()).filter(|found| found.form == shape);
        found.map_or(0, |found| found.place.len())
    }

    /// Returns `true` if a list with this shape has the handle.
    pub(crate) fn contains(&self, shape: ElementShape, list: ListCell) -> bool {
        let found = self.pool.get(list.number());
        found.is_some_and(|found| found.form == shape || list == ListCell::EMPTY)
    }

    /// Returns the texts in a list, none if it is of something else.
    pub(super) fn texts_in(&self, list: ListCell) -> &[Text] {
        let found = self.pool.get(list.number());
        let found = found.filter(|found| found.form.cell == CellType::Text);
        found.map(|found| cells_of(&found)).unwrap_or_default()
    }

    /// Calls the visitor with the list's cells. Returns `None` if the list is unknown.
    pub(crate) fn visit<V: CellVecVisitor>(&self, list: ListCell, visitor: V) -> Option<V::Output> {
        let Found { data, form, place, .. } = self.pool.get(list.number())?;
        Some(data.visit(form.cell, place, visitor))
    }

    /// Returns a hash of the list, equal on every machine. Returns `None` if the elements are references.
    pub(crate) fn hash(&self, list: ListCell) -> Option<u64> {
        let Some(found) = self.pool.get(list.number()) else { return Some(0) };
        (found.form.cell != CellType::Object).then_some(found.content_hash)
    }
}

impl fmt::Debug for ListPool {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ListPool").finish_non_exhaustive()
    }
}

fn cells_of<'p, C: Cell>(found: &Found<'p, ListCells>) -> &'p [C] {
    found.data.of::<C>().get(found.place.clone()).unwrap_or_default()
}

/// Hashes cells for the index.
struct KeyedHash<'a> {
    shape: ElementShape,
    hasher: &'a RandomState,
}

impl CellVecVisitor for KeyedHash<'_> {
    type Output = u64;

    fn visit<C: Cell>(self, cells: &[C]) -> u64 {
        let mut hasher = self.hasher.build_hasher();
        self.shape.hash(&mut hasher);
        C::feed(cells, &mut hasher);
        hasher.finish()
    }
}

struct Append<'a> {
    to: &'a mut ListCells,
}

impl CellVecVisitor for Append<'_> {
    type Output = Range<usize>;

    fn visit<C: Cell>(self, cells: &[C]) -> Range<usize> {
        self.to.push(cells)
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
    place: Range<usize>,
    visitor: V,
}

impl<V: CellVecVisitor> CellVecVisitor for Part<V> {
    type Output = V::Output;

    fn visit<C: Cell>(self, cells: &[C]) -> V::Output {
        self.visitor.visit(cells.get(self.place).unwrap_or_default())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NUMBERS: ElementShape = ElementShape { cell: CellType::U16, width: 1, variants: 0 };
    const FLOATS: ElementShape = ElementShape { cell: CellType::F32, width: 1, variants: 0 };

    struct Pool {
        lists: ListPool,
        texts: TextPool,
    }

    impl Pool {
        fn new() -> Self {
            Self { lists: ListPool::default(), texts: TextPool::default() }
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
            self.lists.intern(&self.texts, shape, cells, limit)
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
            assert_eq!(pool.lists.find(NUMBERS, list), *handle);
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
        assert_eq!(pool.lists.pool.next_number(), 1);
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
        let limit = pool.lists.pool.bytes_after(&[6, 4]);
        let two = pool.intern_up_to(NUMBERS, &[1_u16, 2], limit);
        assert_eq!(pool.intern_up_to(NUMBERS, &[1_u16, 2, 3, 4], limit), None);
        assert_eq!(pool.intern_up_to(FLOATS, &[1.0_f32, 2.0], limit), None);
        assert_eq!(pool.intern_up_to(NUMBERS, &[1_u16, 2], limit), two);
        assert!(pool.intern_up_to(FLOATS, &[1.0_f32], limit).is_some());
    }

    #[test]
    fn truncation_forgets_the_newest() {
        let mut pool = Pool::new();
        let kept = pool.intern(NUMBERS, &[1_u16, 2]);
        let len = pool.lists.pool.next_number();
        pool.intern(NUMBERS, &[3_u16]);
        pool.intern(FLOATS, &[3.0_f32]);
        pool.lists.pool.truncate(len);
        let find = |cells: &[u16]| pool.lists.find(NUMBERS, cells);
        assert_eq!((find(&[1, 2]), find(&[3]), find(&[2, 1])), (kept, None, None));
        let next = pool.intern(NUMBERS, &[4_u16, 5, 6]);
        assert_eq!(next, Some(ListCell::new(2)), "the number was never given out");
        assert_eq!(pool.lists.resolve(NUMBERS, ListCell::new(2)), Some(&[4_u16, 5, 6][..]));
    }

    #[test]
    fn lists_with_equal_content_hashes_are_found_by_other_hashes() {
        let numbers = ElementShape { cell: CellType::I64, width: 1, variants: 0 };
        let lists = [[0, -98_129_561_043_577_855], [1, -147_194_339_419_374_636], [2, 4660]];
        let mut pool = Pool::new();
        let handles = lists.map(|list| pool.intern(numbers, &list).unwrap_or(ListCell::EMPTY));
        let content = handles.map(|list| pool.lists.hash(list));
        assert_eq!((content[0], content[1]), (content[1], content[2]), "they were made so");
        let hash = |pool: &Pool, list: usize| pool.lists.keyed_hash::<i64>(numbers, &lists[list]);
        assert!(hash(&pool, 0) != hash(&pool, 1) && hash(&pool, 1) != hash(&pool, 2));
        assert_ne!(hash(&pool, 0), hash(&Pool::new(), 0), "each pool has its own seed");
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
