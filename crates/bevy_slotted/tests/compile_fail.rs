//! What must not compile, with the messages that users get; and the same lines as they are meant.

use std::error::Error;
use std::process::Command;

/// The compiler whose words the `.stderr` files have: others say the same in other words.
const WRITTEN_WITH: &str = "rustc 1.95.";

/// Write the messages anew with `TRYBUILD=overwrite cargo test -p bevy_slotted --test compile_fail`.
#[test]
fn mistakes_are_refused_with_a_message_that_helps() -> Result<(), Box<dyn Error>> {
    let compiler = std::env::var("RUSTC").unwrap_or_else(|_| "rustc".to_owned());
    let version = String::from_utf8(Command::new(compiler).arg("--version").output()?.stdout)?;
    let cases = trybuild::TestCases::new();
    cases.pass("tests/compile_pass/parameters.rs");
    if version.starts_with(WRITTEN_WITH) {
        cases.compile_fail("tests/compile_fail/*.rs");
    } else {
        eprintln!("messages not compared: they are those of {WRITTEN_WITH}, this is {version}");
    }
    Ok(())
}
