//! Tests of calls that are named as in std's collections.

use std::error::Error;

use slotted::error::{AccessError, Despawned};
use slotted::{List, Slotted, Store, Text, View};

#[derive(Slotted, Clone, Copy, Debug, PartialEq)]
struct Unit {
    health: f32,
    name: Option<Text>,
    path: List<u16>,
}

#[derive(View)]
struct Health<'a> {
    health: &'a mut f32,
}

#[test]
fn objects_are_copied_removed_retained_and_drained() -> Result<(), Box<dyn Error>> {
    let mut store = Store::new();
    store.register::<Unit>()?;
    let (name, path) = (store.intern_text("Ada")?, store.intern_list(&[1_u16, 2])?);
    let unit = |health| Unit { health, name: (health > 1.0).then_some(name), path };
    let ids: Vec<_> = store.spawn_batch([1.0, 2.0, 3.0].map(unit))?.collect();
    let copies = [store.duplicate(ids[0])?, store.duplicate(ids[1])?];
    for (copy, health) in copies.into_iter().zip([1.0, 2.0]) {
        assert_eq!(store.get_object::<Unit>(copy)?, unit(health));
    }
    assert_eq!(store.remove::<Unit>(ids[1])?, unit(2.0));
    let dead = AccessError::from(Despawned { id: ids[1] });
    assert_eq!(store.duplicate(ids[1]), Err(dead.clone()));
    assert_eq!(store.remove::<Unit>(ids[1]), Err(dead));
    // The copy of an object whose name is unset takes a row in which it was set.
    let reused = store.duplicate(ids[0])?;
    assert_eq!(store.get_object::<Unit>(reused)?, unit(1.0));

    assert_eq!(store.try_despawn_batch(&[reused, ids[1], reused]), 1);
    let mut visits = 0;
    let removed = store.retain::<Health>(|unit| {
        visits += 1;
        *unit.health += 1.0;
        *unit.health > 2.0
    })?;
    assert_eq!((visits, removed), (4, 2));
    let left: Vec<_> = store.drain::<Unit>()?.map(|(id, unit)| (id, unit.health)).collect();
    assert_eq!(left, [(ids[2], 4.0), (copies[1], 3.0)]);
    assert!(store.is_empty());
    Ok(())
}
