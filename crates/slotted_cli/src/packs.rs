//! From folders on the command line to definitions.

use std::fs;
use std::path::{Path, PathBuf};

use slotted::Store;
use slotted_definitions::{Definitions, Format, Loader, Report};

use crate::arguments::Packs;
use crate::failure::Failure;
use crate::progress::Progress;

/// Reads the packs. What is wrong with them is no failure of the tool.
pub(crate) fn load(packs: &Packs) -> Result<Result<Definitions, Report>, Failure> {
    let mut folders = packs.folders.clone();
    for folder in &packs.packs {
        let inner = inner_folders(folder)?;
        if inner.is_empty() {
            let message = format!("{} has no folders, which would be packs", folder.display());
            return Err(Failure::new(message));
        }
        folders.extend(inner);
    }
    folders.iter().try_for_each(|folder| is_pack(folder))?;
    let progress = Progress::new();
    let mut loader = Loader::new().undeclared(packs.undeclared.into()).limits(packs.limits.into());
    for folder in folders {
        loader = loader.pack(folder);
    }
    let loaded = progress.watch(loader).load(&Store::new());
    progress.finish();
    Ok(loaded)
}

/// The folders in a folder, by name: the same order on every machine.
fn inner_folders(folder: &Path) -> Result<Vec<PathBuf>, Failure> {
    let unreadable = |error| Failure::unreadable(folder, &error);
    let mut inner = Vec::new();
    for entry in fs::read_dir(folder).map_err(unreadable)? {
        let path = entry.map_err(unreadable)?.path();
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        if path.is_dir() && !name.starts_with('.') {
            inner.push(path);
        }
    }
    inner.sort();
    Ok(inner)
}

/// Folders that are deeper than any pack need not be looked at.
const MOST_LEVELS: usize = 16;

/// Fails where a check would say "no problems" of nothing.
fn is_pack(folder: &Path) -> Result<(), Failure> {
    fs::read_dir(folder).map_err(|error| Failure::unreadable(folder, &error))?;
    if holds(folder, MOST_LEVELS, &|path| Format::of(path).is_some()) {
        let has_own = holds(folder, 0, &|path| Format::of(path).is_some());
        if !has_own && holds(folder, 1, &is_manifest) {
            let message = format!("{} is a folder of packs", folder.display());
            let help = format!("name the packs, or write --packs {}", folder.display());
            return Err(Failure::new(message).help(help));
        }
        return Ok(());
    }
    let message = format!("{} has no definition files", folder.display());
    Err(Failure::new(message).help("their names end in .json, .toml or .ron"))
}

fn is_manifest(path: &Path) -> bool {
    Format::of(path).is_some() && path.file_stem().is_some_and(|name| name == "pack")
}

/// Whether such a file is in the folder, or in folders of it so many levels deep.
fn holds(folder: &Path, levels: usize, is_wanted: &dyn Fn(&Path) -> bool) -> bool {
    let Ok(entries) = fs::read_dir(folder) else { return false };
    entries.flatten().any(|entry| {
        let (path, name) = (entry.path(), entry.file_name());
        // Links to folders are not followed inside of a pack.
        let is_folder = entry.file_type().is_ok_and(|kind| kind.is_dir());
        if name.to_string_lossy().starts_with('.') {
            return false;
        }
        if is_folder { levels > 0 && holds(&path, levels - 1, is_wanted) } else { is_wanted(&path) }
    })
}
