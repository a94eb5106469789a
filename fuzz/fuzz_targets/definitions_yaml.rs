//! Any text as a definition file in YAML.
#![no_main]

mod definitions;

use libfuzzer_sys::fuzz_target;

fuzz_target!(|input: &[u8]| definitions::load("a.yaml", input));
