//! Memory that comes back: blocks without objects, and texts and lists that nothing refers to.

use std::collections::{BTreeMap, HashSet, VecDeque};
use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};

use crate::list::{List, ListCell};
use crate::slot_value::ListElement;
use crate::storage::{BLOCK_ROWS, ColumnSnapshot, Interner, RowBlock, TableSnapshot, offsets};
use crate::store::{Store, StoreState};
use crate::text::Text;

/// The handles in a store, besides those in its objects: handles to keep, snapshots, and the search for values that
/// nothing refers to.
#[derive(Default)]
pub(super) struct Handles {
    texts: HashSet<Text>,
    lists: HashSet<ListCell>,
    snapshots: Arc<LivingSnapshots>,
    search: Option<Search>,
}

/// The snapshots of a store that were not dropped yet, by number.
#[derive(Default)]
struct LivingSnapshots(Mutex<BTreeMap<u64, Weak<StoreState>>>);

/// The place of a snapshot among the living ones. Dropping it removes the snapshot.
pub(super) struct Registration {
    number: u64,
    living: Arc<LivingSnapshots>,
}

/// A search for the texts and lists that nothing refers to.
///
/// It marks the values that objects and snapshots referred to when it began. The interner marks those that are added or
/// found meanwhile. So a value without a mark at the end was out of use at the beginning, and stays so.
struct Search {
    blocks: VecDeque<HandleBlock>,
    /// The next chunk of values to sweep.
    chunk: usize,
}

/// The handles of a block, one for each row, and the rows that live, as they were when the search began.
struct HandleBlock {
    cells: HandleCells,
    rows: Arc<RowBlock>,
}

enum HandleCells {
    Texts(Arc<Vec<Text>>),
    Lists(Arc<Vec<ListCell>>),
}

/// A clone of a store keeps the same handles, but has no snapshots and no search.
impl Clone for Handles {
    fn clone(&self) -> Self {
        Self { texts: self.texts.clone(), lists: self.lists.clone(), ..Self::default() }
    }
}

impl Store {
    /// Frees memory that no object needs: blocks without living objects, memory reserved for growth, and texts and
    /// lists that nothing refers to.
    ///
    /// A text or list stays as long as a living object, a snapshot of this store or a list in use refers to it, or if it
    /// [is kept](Self::keep_text). The handle of a released text stays unused: [`resolve`](Self::resolve) returns
    /// `None`, slots refuse it, and interning the text again gives a new handle. Definitions refer to texts by content,
    /// so they need no handles.
    ///
    /// Computes in **O(objects with texts or lists)** time. [`release_interned`](Self::release_interned) does a part of
    /// it in each frame.
    ///
    /// # Example
    /// ```
    /// # use slotted::{Slotted, Store};
    /// #[derive(Slotted, Clone, Copy)]
    /// struct Tile { height: f32 }
    /// let mut store = Store::new();
    /// store.register::<Tile>()?;
    /// store.spawn_batch([Tile { height: 0.0 }; 10_000])?;
    /// let name = store.intern_text("nobody has this name")?;
    /// store.clear();
    /// let before = store.memory_report().total();
    /// store.release_memory();
    /// assert!(store.memory_report().total() < before);
    /// assert_eq!(store.resolve(name), None);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn release_memory(&mut self) {
        self.tables.iter_mut().for_each(|table| table.release_memory());
        self.begin_search();
        while !self.search_some(usize::MAX) {}
    }

    /// Does a part of the search for texts and lists that nothing refers to, and releases some of them.
    ///
    /// Looks at about `values` values, rounded up to a block of [`BLOCK_ROWS`] rows. Call it once per frame; it returns
    /// `true` when a search is complete, and begins the next search with the next call. The call that begins a search
    /// also begins a new [epoch](Self::epoch) and copies two bytes per row of schemas with texts or lists.
    /// [`release_memory`](Self::release_memory) says which values stay.
    ///
    /// # Example
    /// ```
    /// let mut store = slotted::Store::new();
    /// let name = store.intern_text("nobody has this name")?;
    /// while !store.release_interned(10_000) {} // a game does this once per frame
    /// assert_eq!(store.resolve(name), None);
    /// # Ok::<(), slotted::LimitError>(())
    /// ```
    pub fn release_interned(&mut self, values: usize) -> bool {
        if self.handles.search.is_none() {
            self.begin_search();
        }
        self.search_some(values.max(1))
    }

    /// Keeps a text for as long as the store lives, for a handle that the program keeps outside the store.
    ///
    /// Returns `false` if the store has no text of this handle.
    ///
    /// # Example
    /// ```
    /// let mut store = slotted::Store::new();
    /// let idle = store.intern_text("idle")?;
    /// assert!(store.keep_text(idle));
    /// store.release_memory();
    /// assert_eq!(store.resolve(idle), Some("idle"));
    /// # Ok::<(), slotted::LimitError>(())
    /// ```
    pub fn keep_text(&mut self, text: Text) -> bool {
        let is_known = self.interner.texts.resolve(text).is_some();
        if is_known {
            self.interner.mark_text(text);
            self.handles.texts.insert(text);
        }
        is_known
    }

    /// Keeps a list and its texts for as long as the store lives, for a handle that the program keeps outside the store.
    ///
    /// Returns `false` if the store has no such list of this handle.
    ///
    /// # Example
    /// ```
    /// let mut store = slotted::Store::new();
    /// let costs = store.intern_list(&[3_u16, 5])?;
    /// assert!(store.keep_list(costs));
    /// store.release_memory();
    /// assert_eq!(store.resolve_list(costs), Some(&[3, 5][..]));
    /// # Ok::<(), slotted::LimitError>(())
    /// ```
    pub fn keep_list<T: ListElement>(&mut self, list: List<T>) -> bool {
        let is_known = self.resolve_list(list).is_some();
        if is_known {
            self.interner.mark_list(list.cell());
            self.handles.lists.insert(list.cell());
        }
        is_known
    }

    fn begin_search(&mut self) {
        let mut seen = HashSet::new();
        let mut blocks = VecDeque::new();
        let tables = self.snapshot_tables();
        tables.iter().for_each(|(_, table)| list_blocks(table, &mut seen, &mut blocks));
        for state in self.handles.snapshots.all() {
            state.tables().for_each(|table| list_blocks(table, &mut seen, &mut blocks));
        }
        self.interner.begin_marking();
        self.handles.texts.iter().for_each(|text| self.interner.mark_text(*text));
        self.handles.lists.iter().for_each(|list| self.interner.mark_list(*list));
        self.handles.search = Some(Search { blocks, chunk: 0 });
    }

    /// Continues the search until about this many values were looked at. Returns `true` at its end.
    fn search_some(&mut self, values: usize) -> bool {
        let Some(search) = &mut self.handles.search else { return true };
        let mut left = values;
        while left > 0
            && let Some(block) = search.blocks.pop_front()
        {
            left = left.saturating_sub(BLOCK_ROWS);
            block.mark(&self.interner);
        }
        while left > 0 {
            left = left.saturating_sub(64);
            if !self.interner.sweep(search.chunk) {
                self.interner.end_marking();
                self.handles.search = None;
                return true;
            }
            search.chunk += 1;
        }
        false
    }
}

impl LivingSnapshots {
    fn lock(&self) -> MutexGuard<'_, BTreeMap<u64, Weak<StoreState>>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Returns all of them. The lock is free again, because dropping the last one of a snapshot takes it.
    fn all(&self) -> Vec<Arc<StoreState>> {
        self.lock().values().filter_map(Weak::upgrade).collect()
    }
}

impl Registration {
    pub(super) fn new(handles: &Handles) -> Self {
        let living = Arc::clone(&handles.snapshots);
        let number = living.lock().last_key_value().map_or(0, |(number, _)| number + 1);
        Self { number, living }
    }

    /// Adds the state of the snapshot to the living ones.
    pub(super) fn register(&self, state: &Arc<StoreState>) {
        self.living.lock().insert(self.number, Arc::downgrade(state));
    }
}

impl Drop for Registration {
    fn drop(&mut self) {
        self.living.lock().remove(&self.number);
    }
}

impl Handles {
    /// Returns the handles of a store that may take this one's place.
    pub(super) fn for_trial(&self) -> Self {
        Self { snapshots: Arc::clone(&self.snapshots), ..self.clone() }
    }

    /// Continues the search of the store whose place this one takes.
    pub(super) fn continue_search_of(&mut self, other: Self) {
        self.search = other.search;
    }
}

/// Adds the blocks of handles that are not in `seen` yet.
fn list_blocks(
    table: &TableSnapshot,
    seen: &mut HashSet<(usize, usize)>,
    blocks: &mut VecDeque<HandleBlock>,
) {
    for column in &table.columns {
        for (number, rows) in table.rows.blocks.iter().enumerate() {
            let Some(cells) = handle_cells(column, number) else { break };
            if seen.insert((cells.address(), Arc::as_ptr(rows).addr())) {
                blocks.push_back(HandleBlock { cells, rows: Arc::clone(rows) });
            }
        }
    }
}

/// Returns a block of a column, or `None` if the column has no handles or no such block.
fn handle_cells(column: &ColumnSnapshot, number: usize) -> Option<HandleCells> {
    if let Some(texts) = column.cells.texts() {
        return texts.blocks.get(number).cloned().map(HandleCells::Texts);
    }
    column.cells.lists()?.blocks.get(number).cloned().map(HandleCells::Lists)
}

impl HandleCells {
    fn address(&self) -> usize {
        match self {
            Self::Texts(cells) => Arc::as_ptr(cells).addr(),
            Self::Lists(cells) => Arc::as_ptr(cells).addr(),
        }
    }
}

impl HandleBlock {
    /// Marks the values that the living rows refer to.
    fn mark(&self, interner: &Interner) {
        match &self.cells {
            HandleCells::Texts(cells) => self.for_each(cells, |text| interner.mark_text(text)),
            HandleCells::Lists(cells) => self.for_each(cells, |list| interner.mark_list(list)),
        }
    }

    fn for_each<C: Copy>(&self, cells: &[C], mut mark: impl FnMut(C)) {
        for row in offsets(&self.rows.occupied) {
            cells.get(row).copied().into_iter().for_each(&mut mark);
        }
    }
}

impl fmt::Debug for Handles {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Handles").finish_non_exhaustive()
    }
}
