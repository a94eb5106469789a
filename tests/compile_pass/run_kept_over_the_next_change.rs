//! The twin of the case that does not compile.

use slotted::{Slotted, Store, View};

#[derive(Slotted, Clone, Copy)]
struct Unit {
    health: f32,
}

#[derive(View)]
#[allow(dead_code, reason = "runs are looked at")]
struct Healthy<'a> {
    health: &'a mut f32,
}

#[test]
fn a_slice_is_used_before_the_store_changes() -> Result<(), Box<dyn std::error::Error>> {
    let mut store = Store::new();
    store.register::<Unit>()?;
    store.spawn(Unit { health: 1.0 })?;
    let kept: Vec<_> = store.view::<Healthy>()?.runs().collect();
    assert!(kept.iter().all(|run| run.health.len() == 1));
    store.release_memory();
    Ok(())
}
