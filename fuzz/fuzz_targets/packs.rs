//! Packs of definition files that bytes choose: they load or are refused, and what follows a load holds.
#![no_main]

#[path = "../../crates/slotted_definitions/tests/packs/world.rs"]
mod world;

use libfuzzer_sys::fuzz_target;

fuzz_target!(|input: &[u8]| {
    world::run(input);
});
