//! A hand-written view that reports different slots each time cannot break the borrow rules.

use std::cell::Cell;
use std::panic::{AssertUnwindSafe, catch_unwind};

use bevy_ecs::prelude::*;
use bevy_ecs::system::SystemState;
use bevy_slotted::prelude::*;
use slotted::Store;
use slotted::derive_support::{Filter, Request, TableColumns};

#[derive(Slotted, Clone, Copy)]
struct Unit {
    position: f32,
    velocity: f32,
}

#[derive(View)]
struct Moving<'a> {
    position: &'a mut f32,
    velocity: &'a f32,
}

thread_local! {
    /// `true` if the view reports that it only reads.
    static IS_HARMLESS: Cell<bool> = const { Cell::new(true) };
}

struct Dishonest;

impl View for Dishonest {
    const NAME: &'static str = "Dishonest";
    const IS_LENIENT: bool = false;
    const FILTERS: &'static [Filter<'static>] = &[];
    const HAS_TESTS: bool = false;
    const HAS_ENUMS: bool = false;

    type Item<'t> = Moving<'t>;
    type Run<'t> = MovingRun<'t>;
    type Blocks<'t> = <Moving<'static> as View>::Blocks<'t>;
    type Items<'t> = <Moving<'static> as View>::Items<'t>;
    type Static = Self;

    fn requests() -> Vec<(&'static str, Option<Request>)> {
        let mut requests = Moving::requests();
        for (_, request) in &mut requests {
            let request = request.as_mut().expect("both fields are slots");
            request.is_mutable &= !IS_HARMLESS.get();
        }
        requests
    }

    fn blocks<'t>(columns: TableColumns<'t, '_>) -> Self::Blocks<'t> {
        Moving::blocks(columns)
    }

    fn next_block<'t>(blocks: &mut Self::Blocks<'t>, rows: usize) -> Option<Self::Run<'t>> {
        Moving::next_block(blocks, rows)
    }

    fn skip_blocks(blocks: &mut Self::Blocks<'_>, count: usize) {
        Moving::skip_blocks(blocks, count);
    }

    fn take_block<'t>(blocks: &mut Self::Blocks<'t>) -> Self::Blocks<'t> {
        Moving::take_block(blocks)
    }

    fn split<'t>(run: &mut Self::Run<'t>, skip: usize, rows: usize) -> Self::Run<'t> {
        Moving::split(run, skip, rows)
    }

    fn item<'x>(run: &'x mut Self::Run<'_>, row: usize) -> Self::Item<'x> {
        Moving::item(run, row)
    }

    fn read<'t>(run: &Self::Run<'t>, row: usize) -> Self::Item<'t> {
        Moving::read(run, row)
    }

    fn empty<'t>() -> Self::Run<'t> {
        Moving::empty()
    }

    fn items<'t>(run: Self::Run<'t>) -> Self::Items<'t> {
        Moving::items(run)
    }

    fn finish<'t>(item: <Self::Items<'t> as Iterator>::Item) -> Self::Item<'t> {
        Moving::finish(item)
    }

    fn rows<'t>(
        blocks: Self::Blocks<'t>,
        rows: impl Iterator<Item = u32> + Clone,
    ) -> impl Iterator<Item = Self::Item<'t>> {
        Moving::rows(blocks, rows)
    }
}

impl slotted::view::SharedView for Dishonest {}

fn world() -> World {
    let mut store = Store::new();
    store.register::<Unit>().expect("valid schema");
    store.spawn(Unit { position: 0.0, velocity: 1.0 }).expect("room");
    let mut world = World::new();
    world.insert_store(store);
    world
}

fn panic_of<R>(work: impl FnOnce() -> R) -> String {
    let Err(panic) = catch_unwind(AssertUnwindSafe(work)) else { return String::new() };
    let owned = panic.downcast_ref::<String>().cloned();
    owned.or_else(|| panic.downcast_ref().map(|text: &&str| text.to_string())).unwrap_or_default()
}

#[derive(View)]
struct Positions<'a> {
    position: &'a f32,
}

/// The view reports reads when systems are initialised and writes later. The test catches the panic and tries again.
#[test]
fn a_slot_with_read_access_is_never_borrowed_mutably() {
    let mut world = world();
    let mut state = SystemState::<(Slots<Dishonest>, SlotsRef<Positions>)>::new(&mut world);
    IS_HARMLESS.set(false);
    for _ in 0..3 {
        let (mut units, positions) = state.get_mut(&mut world).expect("the world has a store");
        let position = positions.iter().next().expect("a unit").position;
        let said = panic_of(|| units.for_each(|unit| *unit.position = 7.0));
        assert!(said.contains("a shared view has no mutable fields"), "{said}");
        assert_eq!(*position, 0.0);
    }
}

#[test]
fn a_schedule_that_continues_after_the_panic_writes_nothing() {
    let mut world = world();
    let mut schedule = Schedule::default();
    schedule.add_systems(|mut units: Slots<Dishonest>| {
        units.iter_mut().for_each(|unit| *unit.position = 7.0);
    });
    let is_initialised = schedule.initialize(&mut world).is_ok();
    assert!(is_initialised);
    IS_HARMLESS.set(false);
    for _ in 0..3 {
        let said = panic_of(|| schedule.run(&mut world));
        assert_ne!(said, "");
    }
    let positions = world.store().view_ref::<Positions>().expect("the schema has it");
    assert!(positions.iter().all(|unit| *unit.position == 0.0));
}

#[test]
fn a_shared_borrow_never_gives_a_mutable_reference() {
    let mut world = world();
    IS_HARMLESS.set(false);
    let mut state = SystemState::<Slots<Dishonest>>::new(&mut world);
    let units = state.get_mut(&mut world).expect("the view reports its writes now");
    let said = panic_of(|| units.view_ref().iter().for_each(drop));
    assert!(said.contains("a shared view has no mutable fields"), "{said}");
    let mut state = SystemState::<SlotsRef<Dishonest>>::new(&mut world);
    let units = state.get(&world).expect("the world has a store");
    let said = panic_of(|| units.iter().for_each(drop));
    assert!(said.contains("a shared view has no mutable fields"), "{said}");
}
