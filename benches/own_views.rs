//! Two loops of a game under criterion: the example of the guide's chapter "Benchmarks in your CI".

use std::hint::black_box;

use criterion::{Criterion, Throughput};
use slotted::glam::Vec3;
use slotted::{ObjectId, Slotted, Store, View};

const UNITS: usize = 100_000;

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
}

/// Returns the same world on every run: no time, no random seed.
fn world() -> (Store, Vec<ObjectId>) {
    let mut store = Store::new();
    store.register::<Unit>().expect("the first schema");
    let units = (0..UNITS).map(|number| Unit {
        position: Vec3::splat(number as f32),
        velocity: Vec3::X,
        health: 100.0,
    });
    let ids = store.spawn_batch(units).expect("good values").collect();
    (store, ids)
}

fn movement(criterion: &mut Criterion) {
    let (mut store, _) = world();
    let mut group = criterion.benchmark_group("movement");
    group.throughput(Throughput::Elements(UNITS as u64));
    group.bench_function("for_each", |bencher| {
        bencher.iter(|| {
            let view = store.view::<Moving>().expect("units have both slots");
            view.for_each(|unit| *unit.position += *unit.velocity * 0.01);
        });
    });
    group.finish();
}

fn health_by_key(criterion: &mut Criterion) {
    let (store, ids) = world();
    let health = store.key::<f32>("unit", "health").expect("units have health");
    let mut group = criterion.benchmark_group("health");
    group.throughput(Throughput::Elements(UNITS as u64));
    group.bench_function("get", |bencher| {
        // `black_box` keeps the compiler from removing work with an unused result.
        bencher.iter(|| ids.iter().filter_map(|&id| store.get(black_box(id), health)).sum::<f32>());
    });
    group.finish();
}

fn main() {
    let mut criterion = Criterion::default().configure_from_args();
    movement(&mut criterion);
    health_by_key(&mut criterion);
    criterion.final_summary();
}
