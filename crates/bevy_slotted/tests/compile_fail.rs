//! Programs that must not compile, with the messages that users get, and their corrected twins.

use std::error::Error;
use std::process::Command;

/// The compiler that wrote the `.stderr` files. Other versions word their messages differently.
const WRITTEN_WITH: &str = "rustc 1.95.";

/// Update the messages with `TRYBUILD=overwrite cargo test -p bevy_slotted --test compile_fail`.
#[test]
fn mistakes_fail_to_compile_with_a_helpful_message() -> Result<(), Box<dyn Error>> {
    let compiler = std::env::var("RUSTC").unwrap_or_else(|_| "rustc".to_owned());
    let version = String::from_utf8(Command::new(compiler).arg("--version").output()?.stdout)?;
    let cases = trybuild::TestCases::new();
    cases.pass("tests/compile_pass/parameters.rs");
    if version.starts_with(WRITTEN_WITH) {
        cases.compile_fail("tests/compile_fail/*.rs");
    } else {
        eprintln!(
            "messages not compared: they are from {WRITTEN_WITH}, this compiler is {version}"
        );
    }
    Ok(())
}
