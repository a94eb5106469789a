//! Opens saves: folders and files.

use std::cell::Cell;
use std::fs::File;
use std::io::{self, BufReader, Read, Seek};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use slotted::schema::{Quoted, nearest_name};
use slotted::{MigrationError, Store};
use slotted_arrow::inspect::SaveInfo;
use slotted_arrow::{Damage, LoadError, LoadOptions, LoadReport};

use crate::check::count;
use crate::failure::Failure;

/// The name of the file that makes a folder a save.
const MANIFEST: &str = "manifest.json";
const COPY_OF_MANIFEST: &str = "manifest.copy.json";

/// The first bytes of a recording, which is no save.
const RECORDING: &[u8; 8] = b"SLOTREC1";

/// A save in a folder, or in a file as a stream.
pub(crate) struct Save<'p> {
    path: &'p Path,
    is_folder: bool,
    /// The end of the stream, if the file goes on behind it.
    excess: Cell<Option<u64>>,
}

/// The reason why a save cannot be used.
pub(crate) enum Refusal {
    /// The save has a problem: status 1.
    Problem(String),
    /// The command failed: status 2.
    Failure(Failure),
}

impl From<Failure> for Refusal {
    fn from(failure: Failure) -> Self {
        Self::Failure(failure)
    }
}

impl<'p> Save<'p> {
    /// Fails if there is no folder with a manifest or its copy, and no file that can be read several times.
    pub(crate) fn new(path: &'p Path) -> Result<Self, Failure> {
        let metadata = path.metadata().map_err(|error| Failure::unreadable(path, &error))?;
        let is_folder = metadata.is_dir();
        let has = |name| path.join(name).exists();
        if is_folder && !has(MANIFEST) && !has(COPY_OF_MANIFEST) {
            let message = format!("'{}' is not a save: it has no '{MANIFEST}'", path.display());
            return Err(Failure::new(message));
        }
        if !is_folder && !metadata.is_file() {
            let message = format!("'{}' is neither a folder nor a file", path.display());
            return Err(Failure::new(message).help("write what comes from a pipe to a file first"));
        }
        Ok(Self { path, is_folder, excess: Cell::default() })
    }

    /// Reads everything but the objects.
    pub(crate) fn info(&self) -> Result<SaveInfo, Refusal> {
        let info = match self.is_folder {
            true => SaveInfo::of_folder(self.path),
            false => self.stream(|input| SaveInfo::of_stream(input))?,
        };
        info.map_err(|error| self.refusal(&error))
    }

    /// Loads what is intact, to a store with the schemas of the save.
    pub(crate) fn load(&self) -> Result<(Store, LoadReport), Refusal> {
        let options = options();
        let loaded = match self.is_folder {
            true => options.load(self.path),
            false => self.stream(|input| options.read(input))?,
        };
        loaded.map_err(|error| self.refusal(&error))
    }

    /// Loads what is intact to a store with schemas of its own.
    pub(crate) fn load_into(&self, store: &mut Store) -> Result<LoadReport, Refusal> {
        let loaded = match self.is_folder {
            true => options().load_into(store, self.path),
            false => self.stream(|input| options().read_into(store, input))?,
        };
        loaded.map_err(|error| self.refusal(&error))
    }

    /// Reads the file, and remembers whether it goes on behind the save.
    fn stream<T>(
        &self,
        read: impl FnOnce(&mut BufReader<File>) -> Result<T, LoadError>,
    ) -> Result<Result<T, LoadError>, Failure> {
        let unreadable = |error| Failure::unreadable(self.path, &error);
        let file = File::open(self.path).map_err(unreadable)?;
        let length = file.metadata().map_err(unreadable)?.len();
        let mut input = BufReader::with_capacity(1 << 16, file);
        let result = read(&mut input);
        let end = input.stream_position().map_err(unreadable)?;
        self.excess.set((end < length && result.is_ok()).then_some(end));
        Ok(result)
    }

    /// Returns `true` if the file begins as a recording of frames does.
    fn is_recording(&self) -> bool {
        let mut start = [0; RECORDING.len()];
        let read = File::open(self.path).and_then(|mut file| file.read_exact(&mut start));
        read.is_ok() && start == *RECORDING
    }

    /// Returns the path of a file of the save.
    pub(crate) fn file(&self, name: &str) -> PathBuf {
        if self.is_folder { self.path.join(name) } else { self.path.to_owned() }
    }

    /// Returns the message about a damaged file.
    pub(crate) fn damage(&self, name: &str, damage: &Damage) -> String {
        match self.is_folder {
            true => format!("error: '{}' {damage}", self.file(name).display()),
            false => format!("error: '{name}' in '{}' {damage}", self.path.display()),
        }
    }

    /// Returns the messages about everything that a load found damaged.
    pub(crate) fn damages(&self, report: &LoadReport) -> Vec<String> {
        let damages = report.damaged().iter().flat_map(|file| {
            let message = |damage: &Damage| self.damage(&file.file, damage);
            let lost = (file.lost_rows > 0).then(|| {
                let rows = count(file.lost_rows, "row");
                let them = if file.lost_rows == 1 { "it" } else { "them" };
                let schema = Quoted(&file.name);
                format!("error: lost {rows} of schema {schema}, with the objects in {them}")
            });
            file.damages.iter().map(message).chain(lost).collect::<Vec<_>>()
        });
        let excess = self.excess.get().map(|expected| {
            let damage = Damage::TooLong { expected };
            format!("error: '{}' {damage}", self.path.display())
        });
        damages.chain(excess).collect()
    }

    fn refusal(&self, error: &LoadError) -> Refusal {
        match error {
            LoadError::File { file, error } => {
                Failure::unreadable(&self.file(file), &copy(error)).into()
            }
            LoadError::Damaged { file, damage, .. } => {
                let message = format!("error: '{}' {damage}", self.file(file).display());
                let is_table = self.path.extension().is_some_and(|ending| ending == "arrow");
                let help = match damage {
                    Damage::Foreign if self.is_recording() => {
                        "\nhelp: it is a recording; play it back, and save the frame to look into"
                    }
                    Damage::Foreign if self.path.ends_with(MANIFEST) || is_table => {
                        "\nhelp: a save of several files is named by its folder"
                    }
                    Damage::OwnChecksum if self.is_folder => {
                        "\nhelp: the file was changed by hand, or by a broken disk; \
                         take it from a copy of the save"
                    }
                    _ => "",
                };
                Refusal::Problem(message + help)
            }
            LoadError::Migration(MigrationError::Rejected(rejections)) => {
                let path = self.path.display();
                let mut message = format!("error: '{path}' does not fit the schemas:");
                for rejection in rejections {
                    message.push_str(&format!("\n  {rejection}"));
                }
                let help = "the game can convert values with 'Migrations', or give up values \
                            with 'LoadOptions::allow_loss'";
                Refusal::Problem(format!("{message}\nhelp: {help}"))
            }
            error => Refusal::Problem(format!("error: '{}': {error}", self.path.display())),
        }
    }
}

/// Saves are opened as they are: without the program's types, and as far as they are intact.
fn options() -> LoadOptions {
    LoadOptions::new().salvage().opaque_types()
}

fn copy(error: &io::Error) -> io::Error {
    match error.raw_os_error() {
        Some(code) => io::Error::from_raw_os_error(code),
        None => io::Error::new(error.kind(), error.to_string()),
    }
}

/// Returns whether a schema is wanted: all are, unless some are named.
pub(crate) fn is_wanted(wanted: &[String], schema: &str) -> bool {
    wanted.is_empty() || wanted.iter().any(|wanted| wanted == schema)
}

/// Fails if a wanted schema does not exist.
pub(crate) fn check_wanted(wanted: &[String], known: &[Arc<str>]) -> Result<(), Failure> {
    for schema in wanted {
        if !known.iter().any(|known| **known == **schema) {
            let failure = Failure::new(format!("the save has no schema '{schema}'"));
            let near = nearest_name(schema, known);
            return Err(match near {
                Some(near) => failure.help(format!("did you mean '{near}'?")),
                None => failure.help(format!("it has {}", list(known))),
            });
        }
    }
    Ok(())
}

/// Returns the first few names.
fn list(names: &[Arc<str>]) -> String {
    let mut text: Vec<String> = names.iter().take(8).map(|name| format!("'{name}'")).collect();
    if names.is_empty() {
        text.push("none".to_owned());
    }
    if names.len() > 8 {
        text.push(format!("and {} more", names.len() - 8));
    }
    text.join(", ")
}
