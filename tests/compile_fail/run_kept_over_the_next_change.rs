//! A slice of living rows that is used after the store has changed.

use slotted::{Slotted, Store, View};

#[derive(Slotted, Clone, Copy)]
struct Unit {
    health: f32,
}

#[derive(View)]
struct Healthy<'a> {
    health: &'a mut f32,
}

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut store = Store::new();
    store.register::<Unit>()?;
    let kept: Vec<_> = store.view::<Healthy>()?.runs().collect();
    store.release_memory();
    assert!(kept.iter().all(|run| run.health.len() == 1));
    Ok(())
}
