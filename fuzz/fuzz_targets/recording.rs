//! Bytes of any origin as a recording, played forwards, backwards and by seeks: errors, or valid stores.
#![no_main]

#[path = "../../crates/slotted_arrow/tests/recording_bytes/attack.rs"]
mod attack;

use libfuzzer_sys::{Corpus, fuzz_target};

fuzz_target!(|input: &[u8]| -> Corpus {
    match attack::run(input) {
        Some(_) => Corpus::Keep,
        None => Corpus::Reject,
    }
});
