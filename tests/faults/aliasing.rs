//! Faults 30 to 33: aliasing that is detected at run time.

use slotted::{
    MapStore, Spawned, Store, View, ViewError, view::SlotColumn, view::ViewMut, view::ViewRef,
};

use crate::{Outcome, UNIT, many_units, refusal, store};

#[derive(View)]
struct Healthy<'a> {
    health: &'a mut f32,
}

#[test]
fn fault_30_views_of_the_same_slot_one_after_another_see_each_others_writes() -> Outcome {
    #[derive(View)]
    struct Read<'a> {
        #[slot(name = "health")]
        points: &'a f32,
    }
    let mut store = store();
    store.spawn_batch(many_units())?;
    store.view::<Healthy>()?.for_each(|unit| *unit.health += 1.0);
    let points: Vec<f32> = store.view_ref::<Read>()?.iter().map(|unit| *unit.points).collect();
    assert!(points.into_iter().eq(many_units().map(|unit| unit.health + 1.0)));
    let (one, two) = (store.view_ref::<Read>()?, store.view_ref::<Read>()?);
    assert!(one.iter().zip(two.iter()).all(|(one, two)| std::ptr::eq(one.points, two.points)));
    Ok(())
}

#[test]
fn fault_30_a_slot_of_another_kind_is_a_clear_error() -> Outcome {
    #[derive(View)]
    #[allow(dead_code, reason = "it is never had")]
    struct Wrong<'a> {
        health: &'a mut u32,
    }
    let mut store = store();
    store.spawn(UNIT)?;
    let message = "view 'Wrong' wants another kind: slot 'health' of 'unit' is f32, not u32";
    assert_eq!(refusal(store.view::<Wrong>().map(|view| view.count())), message);
    assert_eq!(refusal(store.view_of::<Wrong>("unit").map(|view| view.count())), message);
    let absent = store.view_of::<Wrong>("tile").map(|view| view.count());
    assert!(matches!(absent, Err(ViewError::Access(_))));
    store.view::<Healthy>()?.for_each(|unit| assert_eq!(*unit.health, UNIT.health));
    Ok(())
}

#[test]
fn fault_31_stores_keys_and_views_may_cross_threads() {
    fn crosses_threads<T: Send + Sync>() {}
    crosses_threads::<Store>();
    crosses_threads::<MapStore>();
    crosses_threads::<slotted::SlotKey<f32>>();
    crosses_threads::<SlotColumn<'_, f32>>();
    crosses_threads::<ViewMut<'_, Healthy>>();
    crosses_threads::<ViewRef<'_, Healthy>>();
    crosses_threads::<Spawned<'_>>();
}

#[cfg(feature = "rayon")]
#[test]
fn fault_32_parallel_work_visits_each_object_once_at_any_table_size() -> Outcome {
    use crate::MANY;
    use slotted::memory::BLOCK_ROWS;
    for rows in [0, 1, BLOCK_ROWS - 1, BLOCK_ROWS, BLOCK_ROWS + 1, MANY] {
        let mut store = store();
        store.spawn_batch(many_units().take(rows))?;
        store.view::<Healthy>()?.par_for_each(|unit| *unit.health += 1.0);
        let healths: Vec<f32> = store.view::<Healthy>()?.iter().map(|unit| *unit.health).collect();
        let expected: Vec<f32> = many_units().take(rows).map(|unit| unit.health + 1.0).collect();
        assert_eq!(healths, expected);
    }
    Ok(())
}

#[cfg(feature = "rayon")]
#[test]
fn fault_32_batches_of_any_size_visit_each_object_once() -> Outcome {
    use crate::MANY;
    let mut store = store();
    let ids: Vec<_> = store.spawn_batch(many_units())?.collect();
    // Rows 64 to 191 are dead, so a batch of 64 rows has nothing to visit.
    let is_dead = |number: usize| number % 3 == 1 || (64..192).contains(&number);
    for number in (0..MANY).filter(|number| is_dead(*number)) {
        store.despawn(ids[number])?;
    }
    let healths = |store: &mut Store| -> Result<Vec<f32>, ViewError> {
        Ok(store.view::<Healthy>()?.iter().map(|unit| *unit.health).collect())
    };
    for size in [0, 1, 64, 65, 1000, 8192, usize::MAX] {
        let expected: Vec<f32> = healths(&mut store)?.iter().map(|health| health + 1.0).collect();
        let view = store.view::<Healthy>()?.batch_size(size);
        view.par_for_each(|unit| *unit.health += 1.0);
        assert_eq!(healths(&mut store)?, expected, "batches of {size}");
        let view = store.view::<Healthy>()?.batch_size(size);
        view.par_for_each_run(|run| run.health.iter_mut().for_each(|health| *health -= 1.0));
        let back: Vec<f32> = expected.iter().map(|health| health - 1.0).collect();
        assert_eq!(healths(&mut store)?, back, "batches of {size}");
    }
    Ok(())
}

#[cfg(feature = "rayon")]
#[test]
fn fault_33_parallel_readers_share_a_store() -> Outcome {
    use crate::MANY;
    use std::sync::atomic::{AtomicUsize, Ordering};
    #[derive(View)]
    struct Read<'a> {
        health: &'a f32,
    }
    let mut store = store();
    let first = store.spawn(UNIT)?;
    store.spawn_batch(many_units().skip(1))?;
    let (store, visited) = (&store, AtomicUsize::new(0));
    store.view_ref::<Read>()?.par_for_each(|unit| {
        assert!(store.contains(first) && *unit.health < 500.0);
        visited.fetch_add(1, Ordering::Relaxed);
    });
    assert_eq!(visited.into_inner(), MANY);
    Ok(())
}
