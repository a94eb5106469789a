//! Bytes of any origin as calls to a store, compared with a map of attributes.
#![no_main]

#[path = "../../tests/operations/calls/mod.rs"]
mod calls;

use libfuzzer_sys::fuzz_target;

fuzz_target!(|input: &[u8]| {
    calls::run(input);
});
