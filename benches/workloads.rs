//! The contest under criterion: statistics, and a comparison with the last run.
//!
//! `cargo bench -p slotted_benches --bench workloads -- "random get"`. For ratios between contestants, use
//! the bench `ratios`, which interleaves them.
#![allow(missing_docs, unreachable_pub, reason = "criterion's macro makes public functions")]

mod contest;

use std::time::Duration;

use contest::{CONTESTANTS, Input, Repeat, Scale, Variant, Workload, memory, sample, verify};
use criterion::{Criterion, Throughput, criterion_group, criterion_main};

criterion_group!(benches, bench_all);
criterion_main!(benches);

fn bench_all(criterion: &mut Criterion) {
    memory::keep_start_settings();
    // Cargo passes `--bench` to measure, and `--test` or nothing to test.
    let measures = std::env::args().any(|argument| argument == "--bench")
        && !std::env::args().any(|argument| argument == "--test");
    let scale = if measures { Scale::Full } else { Scale::Small };
    let timed = Workload::ALL.iter().filter(|workload| workload.is_timed());
    for &workload in timed {
        bench(criterion, workload, scale);
    }
}

fn bench(criterion: &mut Criterion, workload: Workload, scale: Scale) {
    let input = Input::new(workload.objects(scale));
    if scale == Scale::Small {
        check(workload, &input);
    }
    let mut group = criterion.benchmark_group(workload.name);
    group
        .throughput(Throughput::Elements(workload.operations(scale) as u64))
        .sample_size(10)
        .warm_up_time(Duration::from_millis(300))
        .measurement_time(Duration::from_secs(2));
    for contestant in CONTESTANTS {
        for mut variant in (contestant.cases)(workload.task, &input) {
            let id = format!("{}/{}", contestant.name, variant.form);
            group.bench_function(id, |bencher| {
                bencher.iter_custom(|runs| time(&mut variant, workload, runs));
            });
        }
    }
    group.finish();
}

/// Only in test mode: names may filter benches, but the check needs all contestants.
fn check(workload: Workload, input: &Input) {
    let mut entries: Vec<(&str, Variant<'_>)> = Vec::new();
    for contestant in CONTESTANTS {
        let variants = (contestant.cases)(workload.task, input).into_iter();
        entries.extend(variants.map(|variant| (contestant.name, variant)));
    }
    if let Err(problem) = verify(workload, &mut entries) {
        panic!("{problem}");
    }
}

fn time(variant: &mut Variant<'_>, workload: Workload, runs: u64) -> Duration {
    match workload.repeat() {
        Repeat::Freely => {
            let runs = u32::try_from(runs).expect("criterion's number of runs fits in 32 bits");
            sample(variant, workload, runs)
        }
        Repeat::Once | Repeat::FreshMemory => (0..runs).map(|_| sample(variant, workload, 1)).sum(),
    }
}
