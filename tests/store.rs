//! What a user sees of the store.
use slotted::{EntityId, Slotted, Store, View, glam::Vec3};

#[derive(Slotted, Clone, Copy)]
struct Unit {
    position: Vec3,
    velocity: Vec3,
    health: f32,
}
#[derive(View)]
struct Moving<'a> {
    position: &'a mut Vec3,
    velocity: &'a Vec3,
    id: EntityId,
    rage: Option<&'a f32>,
}

#[test]
fn moves() {
    let mut store = Store::new();
    store.register::<Unit>().unwrap();
    let ids: Vec<_> = store
        .spawn_batch((0..5000).map(|_| Unit {
            position: Vec3::ZERO,
            velocity: Vec3::ONE,
            health: 1.0,
        }))
        .unwrap()
        .collect();
    for id in ids.iter().step_by(3) {
        store.despawn(*id).unwrap();
    }
    store.view::<Moving>().unwrap().for_each(|m| *m.position += *m.velocity);
    assert_eq!(
        store.view::<Moving>().unwrap().iter().filter(|m| *m.position == Vec3::ONE).count(),
        store.len()
    );
    for run in store.view::<Moving>().unwrap().runs() {
        assert_eq!(run.position.len(), run.id.len());
    }
}
