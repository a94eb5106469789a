//! Command line options that the bench programs share.
#![allow(dead_code, reason = "not every bench prints tables of forms")]

use std::error::Error;
use std::fs;
use std::path::{Path, PathBuf};

use bench_support::machine;
use clap::Args;

/// Tells a measurement from a test.
#[derive(Args)]
pub(crate) struct Mode {
    /// Run tiny sizes once to check that everything works; the figures mean nothing
    #[arg(long)]
    test: bool,
    /// Measure; `cargo bench` adds this option, `cargo test` does not
    #[arg(long, hide = true)]
    bench: bool,
}

impl Mode {
    pub(crate) fn is_test(&self) -> bool {
        self.test || !self.bench
    }
}

/// Writes a file. A relative path starts at the root of the repository, though cargo runs benches in `benches/`.
///
/// # Errors
/// Returns an error with the path if the file cannot be written.
pub(crate) fn write_file(path: &Path, text: &str) -> Result<(), Box<dyn Error>> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("..").join(path);
    fs::write(&path, text)
        .map_err(|error| format!("cannot write '{}': {error}", path.display()).into())
}

/// The options of a bench that prints tables of forms.
#[derive(Args)]
pub(crate) struct TableOptions {
    /// Number of samples of each form
    #[arg(long, default_value_t = 9, value_parser = clap::value_parser!(u32).range(1..))]
    rounds: u32,
    /// Write the tables to this file
    #[arg(long, value_name = "PATH")]
    markdown: Option<PathBuf>,
    #[command(flatten)]
    pub(crate) mode: Mode,
}

impl TableOptions {
    pub(crate) fn rounds(&self) -> u32 {
        if self.mode.is_test() { 1 } else { self.rounds }
    }

    /// Prints the tables, and writes them to the file with the machine, versions and command.
    ///
    /// # Errors
    /// Returns an error if the file cannot be written.
    pub(crate) fn publish(
        &self,
        packages: &[&str],
        command: &str,
        tables: &str,
    ) -> Result<(), Box<dyn Error>> {
        println!("{tables}");
        if let Some(path) = &self.markdown {
            let machine = machine::describe(packages, command).into_iter();
            let machine: String =
                machine.map(|(name, text)| format!("- {name}: {text}\n")).collect();
            write_file(path, &format!("{machine}\n{tables}"))?;
        }
        Ok(())
    }
}
