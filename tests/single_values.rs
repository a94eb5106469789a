//! Access to a single enum checks one byte, not a block of them: it takes about as long as access to a `u8`.

use std::error::Error;
use std::hint::black_box;
use std::time::{Duration, Instant};

use slotted::bytemuck::{CheckedBitPattern, NoUninit};
use slotted::memory::BLOCK_ROWS;
use slotted::view::OptionMut;
use slotted::{ObjectId, SlotValue, Slotted, Store, View};

type Outcome = Result<(), Box<dyn Error>>;

#[derive(SlotValue, NoUninit, CheckedBitPattern, Clone, Copy, Debug, PartialEq)]
#[bytemuck(crate = "slotted::bytemuck")]
#[repr(u8)]
enum Job {
    Farmer,
    Guard,
    Smith,
}

#[derive(Slotted, Clone, Copy)]
struct Person {
    job: Job,
    hobby: Option<Job>,
    age: u8,
    grade: Option<u8>,
}

/// Returns the time of some accesses of a kind: the shortest of several attempts.
fn time(mut access: impl FnMut(ObjectId), ids: &[ObjectId]) -> Duration {
    let attempts = (0..7).map(|_| {
        let start = Instant::now();
        ids.iter().for_each(|id| access(*id));
        start.elapsed()
    });
    attempts.min().unwrap_or_default()
}

macro_rules! accesses {
    ($module:ident: $type:ty, $single:ident, $optional:ident) => {
        mod $module {
            use super::*;

            #[derive(View)]
            struct Shared<'a> {
                $single: &'a $type,
            }

            #[derive(View)]
            struct Mutable<'a> {
                $single: &'a mut $type,
            }

            #[derive(View)]
            struct Maybe<'a> {
                $optional: Option<&'a $type>,
            }

            #[derive(View)]
            struct MaybeMutable<'a> {
                $optional: Option<&'a mut $type>,
            }

            #[derive(View)]
            struct Settable<'a> {
                $optional: OptionMut<'a, $type>,
            }

            #[derive(View)]
            struct IfSet<'a> {
                #[slot(set)]
                $optional: &'a mut $type,
            }

            /// Returns the time of each kind of access.
            pub(super) fn times(
                store: &mut Store,
                ids: &[ObjectId],
            ) -> Result<Vec<(&'static str, Duration)>, Box<dyn Error>> {
                let key = store.key::<$type>("person", stringify!($single))?;
                let optional = store.key::<Option<$type>>("person", stringify!($optional))?;
                let mut times = Vec::new();
                let mut add = |access, time| times.push((access, time));
                add("get", time(|id| _ = black_box(store.get(id, key)), ids));
                add("get, optional", time(|id| _ = black_box(store.get(id, optional)), ids));
                add("get_mut", time(|id| _ = black_box(store.get_mut(id, key)), ids));
                add(
                    "get_value",
                    time(|id| _ = black_box(store.get_value(id, stringify!($single))), ids),
                );
                add("get_object", time(|id| _ = black_box(store.get_object::<Person>(id)), ids));
                let column = store.column(key)?;
                add("column", time(|id| _ = black_box(column.get(id)), ids));
                let mut column = store.column_mut(key)?;
                add("column_mut", time(|id| _ = black_box(column.get_mut(id)), ids));
                let view = store.view_ref::<Shared>()?;
                add(
                    "view_ref",
                    time(|id| _ = black_box(view.get(id).map(|one| *one.$single)), ids),
                );
                let view = store.view_ref::<Maybe>()?;
                add("view_ref, optional", time(|id| _ = black_box(view.get(id).is_some()), ids));
                let mut view = store.view::<Mutable>()?;
                add("view", time(|id| _ = black_box(view.get(id).map(|one| *one.$single)), ids));
                let mut view = store.view::<Mutable>()?;
                let disjoint = |id| _ = black_box(view.get_disjoint_mut([ids[0], id]).is_ok());
                add("get_disjoint_mut", time(disjoint, &ids[ids.len() / 2..]));
                let mut view = store.view::<Mutable>()?;
                let pair = |id| _ = black_box(view.get_disjoint_mut([ids[0], id]).is_ok());
                add("get_disjoint_mut of one block", time(pair, &ids[1..ids.len() / 4]));
                let mut view = store.view::<MaybeMutable>()?;
                add("view, optional", time(|id| _ = black_box(view.get(id).is_some()), ids));
                let mut view = store.view::<Settable>()?;
                add("view, settable", time(|id| _ = black_box(view.get(id).is_some()), ids));
                let mut view = store.view::<IfSet>()?;
                add("view, if set", time(|id| _ = black_box(view.get(id).is_some()), ids));
                Ok(times)
            }

            /// Returns the time to prepare a view and look up an object in each block, for each kind of view.
            pub(super) fn prepared_times(
                store: &mut Store,
                ids: &[ObjectId],
            ) -> Vec<(&'static str, Duration)> {
                let mut times = Vec::new();
                let mut add = |access, time| times.push((access, time));
                let spread = [ids[0], ids[ids.len() / 2], ids[ids.len() - 1]];
                let by_id = |_| {
                    let Ok(view) = store.view_ref::<Shared>().map(|view| view.by_id()) else {
                        return;
                    };
                    spread
                        .iter()
                        .for_each(|id| _ = black_box(view.get(*id).map(|one| *one.$single)));
                };
                add("view_ref, by_id", time(by_id, ids));
                let by_id = |_| {
                    let Ok(view) = store.view_ref::<Maybe>().map(|view| view.by_id()) else {
                        return;
                    };
                    spread.iter().for_each(|id| _ = black_box(view.get(*id).is_some()));
                };
                add("view_ref, optional, by_id", time(by_id, ids));
                let by_id = |_| {
                    let Ok(mut view) = store.view::<Mutable>().map(|view| view.by_id()) else {
                        return;
                    };
                    spread
                        .iter()
                        .for_each(|id| _ = black_box(view.get(*id).map(|one| *one.$single)));
                };
                add("view, by_id", time(by_id, ids));
                let by_id = |_| {
                    let Ok(mut view) = store.view::<IfSet>().map(|view| view.by_id()) else {
                        return;
                    };
                    spread.iter().for_each(|id| _ = black_box(view.get(*id).is_some()));
                };
                add("view, if set, by_id", time(by_id, ids));
                times
            }
        }
    };
}
accesses! { enums: Job, job, hobby }
accesses! { numbers: u8, age, grade }

#[test]
fn an_enum_takes_as_long_as_a_number() -> Outcome {
    let mut store = Store::new();
    store.register::<Person>()?;
    let jobs = [Job::Farmer, Job::Guard, Job::Smith];
    let person = |number: usize| Person {
        job: jobs[number % 3],
        hobby: number.is_multiple_of(2).then_some(Job::Smith),
        age: (number % 90) as u8,
        grade: number.is_multiple_of(2).then_some(1),
    };
    // Whole blocks: a shorter one would be checked faster.
    let ids: Vec<ObjectId> = store.spawn_batch((0..3 * BLOCK_ROWS).map(person))?.collect();
    let ids: Vec<ObjectId> = ids.into_iter().step_by(97).collect();
    let mut enums = enums::times(&mut store, &ids)?;
    enums.extend(enums::prepared_times(&mut store, &ids));
    let mut numbers = numbers::times(&mut store, &ids)?;
    numbers.extend(numbers::prepared_times(&mut store, &ids));
    for ((access, of_enum), (_, of_number)) in enums.into_iter().zip(numbers) {
        // The check of a block takes a hundred times as long as an access.
        let most = 10 * of_number + Duration::from_micros(20);
        assert!(of_enum < most, "{access}: {of_enum:?} for an enum, {of_number:?} for a number");
    }
    Ok(())
}
