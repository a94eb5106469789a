//! Access to a single enum checks one byte, not a block of them.

use std::cell::Cell;
use std::error::Error;
use std::hint::black_box;

use slotted::bytemuck::{self, Pod, Zeroable};
use slotted::memory::BLOCK_ROWS;
use slotted::view::OptionMut;
use slotted::{Kind, ObjectId, SlotValue, Slotted, Store, View};

type Outcome = Result<(), Box<dyn Error>>;

thread_local! {
    static CHECKED: Cell<usize> = const { Cell::new(0) };
}

/// A byte that is read as an enum is: `from_cells` sees each byte that would be checked, and counts it.
#[derive(Clone, Copy, Debug, PartialEq, Pod, Zeroable)]
#[bytemuck(crate = "slotted::bytemuck")]
#[repr(transparent)]
struct Job(u8);

impl SlotValue for Job {
    type Cell = u8;
    const WIDTH: usize = 1;
    const VARIANTS: u16 = 256;

    fn kind() -> Kind {
        Kind::U8
    }

    fn filler() -> Self {
        Self(0)
    }

    fn as_cells(values: &[Self]) -> &[u8] {
        bytemuck::cast_slice(values)
    }

    fn from_cells(cells: &[u8]) -> &[Self] {
        CHECKED.set(CHECKED.get() + cells.len());
        bytemuck::cast_slice(cells)
    }

    fn from_cells_mut(cells: &mut [u8]) -> &mut [Self] {
        CHECKED.set(CHECKED.get() + cells.len());
        bytemuck::cast_slice_mut(cells)
    }
}

impl slotted::slot_value::ListElement for Job {}

#[derive(Slotted, Clone, Copy)]
struct Person {
    job: Job,
    hobby: Option<Job>,
}

#[derive(View)]
struct Shared<'a> {
    job: &'a Job,
}

#[derive(View)]
struct Mutable<'a> {
    job: &'a mut Job,
}

#[derive(View)]
struct Maybe<'a> {
    hobby: Option<&'a Job>,
}

#[derive(View)]
struct MaybeMutable<'a> {
    hobby: Option<&'a mut Job>,
}

#[derive(View)]
struct Settable<'a> {
    hobby: OptionMut<'a, Job>,
}

#[derive(View)]
struct IfSet<'a> {
    #[slot(set)]
    hobby: &'a mut Job,
}

/// Checks that an access to each of the objects checks `most` bytes at most, and at least one in all.
fn expect(name: &str, most: usize, ids: &[ObjectId], mut access: impl FnMut(ObjectId)) {
    let mut all = 0;
    for id in ids {
        CHECKED.set(0);
        access(*id);
        assert!(CHECKED.get() <= most, "{name} checks {} bytes", CHECKED.get());
        all += CHECKED.get();
    }
    assert!(all > 0, "{name} is counted");
}

fn store() -> Result<(Store, Vec<ObjectId>), Box<dyn Error>> {
    let mut store = Store::new();
    store.register::<Person>()?;
    let person = |number: usize| Person {
        job: Job((number % 3) as u8),
        hobby: number.is_multiple_of(2).then_some(Job(2)),
    };
    let ids: Vec<ObjectId> = store.spawn_batch((0..3 * BLOCK_ROWS).map(person))?.collect();
    Ok((store, ids.into_iter().step_by(97).collect()))
}

#[test]
fn a_key_or_a_column_checks_one_byte() -> Outcome {
    let (mut store, ids) = store()?;
    let (key, optional) = (store.key::<Job>("person", "job")?, store.key("person", "hobby")?);
    expect("get", 1, &ids, |id| _ = black_box(store.get(id, key)));
    expect("get, optional", 1, &ids, |id| _ = black_box(store.get::<Option<Job>>(id, optional)));
    expect("get_mut", 1, &ids, |id| _ = black_box(store.get_mut(id, key)));
    expect("set", 1, &ids, |id| store.set(id, key, Job(1)).expect("alive"));
    expect("get_object", 2, &ids, |id| _ = black_box(store.get_object::<Person>(id)));
    let column = store.column(key)?;
    expect("column", 1, &ids, |id| _ = black_box(column.get(id)));
    let mut column = store.column_mut(key)?;
    expect("column_mut", 1, &ids, |id| _ = black_box(column.get_mut(id)));
    Ok(())
}

#[test]
fn a_look_up_in_a_view_checks_one_byte() -> Outcome {
    let (mut store, ids) = store()?;
    let view = store.view_ref::<Shared>()?;
    expect("view_ref", 1, &ids, |id| _ = black_box(view.get(id).map(|one| *one.job)));
    let view = store.view_ref::<Maybe>()?;
    expect("view_ref, optional", 1, &ids, |id| _ = black_box(view.get(id).is_some()));
    let mut view = store.view::<Mutable>()?;
    expect("view", 1, &ids, |id| _ = black_box(view.get(id).map(|one| *one.job)));
    let mut view = store.view::<MaybeMutable>()?;
    expect("view, optional", 1, &ids, |id| _ = black_box(view.get(id).is_some()));
    let mut view = store.view::<Settable>()?;
    expect("view, settable", 1, &ids, |id| {
        _ = black_box(view.get(id).and_then(|mut one| one.hobby.get_mut().copied()));
    });
    let mut view = store.view::<IfSet>()?;
    expect("view, if set", 1, &ids, |id| _ = black_box(view.get(id).is_some()));
    Ok(())
}

#[test]
fn a_few_objects_of_a_view_check_a_byte_each() -> Outcome {
    let (mut store, ids) = store()?;
    let mut view = store.view::<Mutable>()?;
    let first = ids[0];
    expect("get_disjoint_mut", 2, &ids[1..], |id| {
        assert!(view.get_disjoint_mut([first, id]).is_ok());
    });
    let spread = [ids[0], ids[ids.len() / 2], ids[ids.len() - 1]];
    expect("view_ref, by_id", 3, &ids[..1], |_| {
        let view = store.view_ref::<Shared>().expect("declared").by_id();
        spread.iter().for_each(|id| _ = black_box(view.get(*id).map(|one| *one.job)));
    });
    expect("view_ref, optional, by_id", 3, &ids[..1], |_| {
        let view = store.view_ref::<Maybe>().expect("declared").by_id();
        spread.iter().for_each(|id| _ = black_box(view.get(*id).is_some()));
    });
    expect("view, by_id", 3, &ids[..1], |_| {
        let mut view = store.view::<Mutable>().expect("declared").by_id();
        spread.iter().for_each(|id| _ = black_box(view.get(*id).map(|one| *one.job)));
    });
    expect("view, if set, by_id", 3, &ids[..1], |_| {
        let mut view = store.view::<IfSet>().expect("declared").by_id();
        spread.iter().for_each(|id| _ = black_box(view.get(*id).is_some()));
    });
    Ok(())
}
