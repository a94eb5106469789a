//! Runs the command, and creates folders for it.

#![allow(dead_code)]

pub(crate) mod saves;

use std::error::Error;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

pub(crate) type Outcome = Result<(), Box<dyn Error>>;

/// The output and status of a run.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: Option<i32>,
    pub(crate) output: String,
    pub(crate) errors: String,
}

impl From<Output> for Answer {
    fn from(output: Output) -> Self {
        let text = |bytes: Vec<u8>| String::from_utf8_lossy(&bytes).into_owned();
        Self {
            status: output.status.code(),
            output: text(output.stdout),
            errors: text(output.stderr),
        }
    }
}

pub(crate) fn tool() -> Command {
    Command::new(env!("CARGO_BIN_EXE_slotted"))
}

/// Runs the command in the folder of this crate.
pub(crate) fn run<A: AsRef<std::ffi::OsStr>>(
    arguments: impl IntoIterator<Item = A>,
) -> Result<Answer, Box<dyn Error>> {
    let mut tool = tool();
    tool.args(arguments).current_dir(env!("CARGO_MANIFEST_DIR"));
    Ok(tool.output()?.into())
}

/// Runs the command in a folder.
pub(crate) fn run_in<A: AsRef<std::ffi::OsStr>>(
    folder: &Path,
    arguments: impl IntoIterator<Item = A>,
) -> Result<Answer, Box<dyn Error>> {
    Ok(tool().args(arguments).current_dir(folder).output()?.into())
}

/// Returns a pack of the tests.
pub(crate) fn pack(name: &str) -> String {
    format!("tests/packs/{name}")
}

/// Returns the packs of the repository's examples.
pub(crate) fn example_packs() -> [PathBuf; 2] {
    let packs = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../examples/modding/packs");
    ["core", "more_orcs"].map(|name| packs.join(name))
}

/// Creates an empty folder for one test.
pub(crate) fn empty_folder(name: &str) -> Result<PathBuf, Box<dyn Error>> {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join(name);
    if folder.exists() {
        std::fs::remove_dir_all(&folder)?;
    }
    std::fs::create_dir_all(&folder)?;
    Ok(folder)
}

/// Creates a folder with one file for one test.
pub(crate) fn folder_with(name: &str, file: &str, text: &str) -> Result<String, Box<dyn Error>> {
    let folder = empty_folder(name)?;
    std::fs::write(folder.join(file), text)?;
    Ok(folder.display().to_string())
}
