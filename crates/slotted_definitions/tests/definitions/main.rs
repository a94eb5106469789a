//! Tests the meaning of definition files, and the messages for invalid ones.
//!
//! `messages/` compares every message with a file in `snapshots/`; `INSTA_UPDATE=always` rewrites these.

mod faults;
mod formats;
mod held_back;
mod hostile;
mod independent;
mod json5;
mod loose;
mod meaning;
mod messages;
mod nested;
mod nested_lists;
mod one_or_list;
mod optional_records;
mod patches;
mod properties;
mod references;
mod renamed_words;
mod repairs;
mod ron_names;
mod support;
mod unions;
mod unset;
mod words;

use slotted::Store;
use slotted_definitions::{Definitions, Loader, Report};

/// A schema with one slot of each kind.
const UNIT: (&str, &str) = (
    "schemas.toml",
    r#"
[schemas.unit.slots]
name = { kind = "text", default = "" }
health = { kind = "f32", default = 100.0, range = [0.0, 500.0] }
level = { kind = "u8", default = 1 }
speed = { kind = "f64", default = 1.0, finite = true }
asleep = { kind = "bool", default = false }
job = { variants = ["farmer", "soldier"], default = "farmer" }
position = { kind = "vec3", optional = true }
drops = { kind = "list(u16)", default = [] }
target = { kind = "object", references = "unit", optional = true }
friends = { kind = "list(object)", references = "unit", default = [] }
"#,
);

fn load_into(store: &Store, files: &[(&str, &str)]) -> Result<Definitions, Report> {
    Loader::new().pack_of_texts("mod", files.iter().copied()).load(store)
}

fn load(files: &[(&str, &str)]) -> Result<Definitions, Report> {
    load_into(&Store::new(), files)
}

fn refused(files: &[(&str, &str)]) -> Report {
    match load(files) {
        Ok(_) => panic!("no problems were found"),
        Err(report) => report,
    }
}

/// A folder that is deleted when the test ends.
struct Folder(std::path::PathBuf);

impl Folder {
    fn new(name: &str) -> std::io::Result<Self> {
        let unique = format!("slotted_definitions_{}_{name}", std::process::id());
        let path = std::env::temp_dir().join(unique).join(name);
        std::fs::create_dir_all(&path)?;
        Ok(Self(path))
    }

    fn path(&self) -> &std::path::Path {
        &self.0
    }

    fn write(&self, file: &str, bytes: impl AsRef<[u8]>) -> std::io::Result<std::path::PathBuf> {
        let path = self.0.join(file);
        std::fs::create_dir_all(path.parent().unwrap_or(&self.0))?;
        std::fs::write(&path, bytes)?;
        Ok(path)
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        if let Some(parent) = self.0.parent() {
            _ = std::fs::remove_dir_all(parent);
        }
    }
}
