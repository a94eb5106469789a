//! The contest with interleaved contestants: ns per operation, and ratios to hand-written arrays.
//!
//! Interleaving makes a noisy machine disturb all contestants alike. All contestants' objects are in memory
//! at once: the workload of ten million needs about 10 GB. `--workload` and `--contestant` choose.
//!
//! `cargo bench -p slotted_benches --bench ratios -- --workload "random get" --rounds 30 --markdown table.md`

mod contest;
mod harness;
mod options;

use std::process::ExitCode;

fn main() -> ExitCode {
    match harness::run() {
        Ok(()) => ExitCode::SUCCESS,
        Err(problem) => {
            eprintln!("error: {problem}");
            ExitCode::FAILURE
        }
    }
}
