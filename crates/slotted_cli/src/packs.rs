//! Loads the packs of the command line.

use std::fs;
use std::path::{Path, PathBuf};

use slotted::Store;
use slotted_definitions::{Definitions, Format, Loader, Report};

use crate::arguments::Packs;
use crate::failure::Failure;
use crate::progress::Progress;

/// Loads the packs. The inner error is a report of their problems.
pub(crate) fn load(packs: &Packs) -> Result<Result<Definitions, Report>, Failure> {
    let mut folders = packs.folders.clone();
    for folder in &packs.packs {
        let inner = inner_folders(folder)?;
        if inner.is_empty() {
            let message = format!("'{}' contains no packs: a pack is a folder", folder.display());
            return Err(Failure::new(message));
        }
        folders.extend(inner);
    }
    folders.iter().try_for_each(|folder| is_pack(folder))?;
    let progress = Progress::new();
    let (undeclared, conflicts) = (packs.undeclared.into(), packs.conflicts.into());
    let mut loader =
        Loader::new().undeclared(undeclared).conflicts(conflicts).limits(packs.limits.into());
    for folder in folders {
        loader = loader.pack(folder);
    }
    let loaded = progress.watch(loader).load(&Store::new());
    progress.finish();
    Ok(loaded)
}

/// Returns the folders in a folder, sorted by name.
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

/// The loader ignores deeper folders.
const MOST_LEVELS: usize = 16;

/// Fails if the folder contains no definition files.
fn is_pack(folder: &Path) -> Result<(), Failure> {
    if folder.is_file() {
        let message = format!("'{}' is a file, not the folder of a pack", folder.display());
        let parent = folder.parent().filter(|parent| !parent.as_os_str().is_empty());
        let parent = parent.unwrap_or(Path::new("."));
        return Err(Failure::new(message).help(format!("load its folder: {}", parent.display())));
    }
    fs::read_dir(folder).map_err(|error| Failure::unreadable(folder, &error))?;
    if holds(folder, MOST_LEVELS, &|path| Format::of(path).is_some()) {
        let has_own = holds(folder, 0, &|path| Format::of(path).is_some());
        if !has_own && holds(folder, 1, &is_manifest) {
            let message = format!("'{}' is a folder of packs, not a pack", folder.display());
            let help = format!("list the packs, or use --packs {}", folder.display());
            return Err(Failure::new(message).help(help));
        }
        return Ok(());
    }
    let message = format!("'{}' contains no definition files", folder.display());
    Err(Failure::new(message).help("their names must end in .json, .toml, .ron or .yaml"))
}

fn is_manifest(path: &Path) -> bool {
    Format::of(path).is_some() && path.file_stem().is_some_and(|name| name == "pack")
}

/// Returns whether a folder contains a matching file, up to this depth.
fn holds(folder: &Path, levels: usize, is_wanted: &dyn Fn(&Path) -> bool) -> bool {
    let Ok(entries) = fs::read_dir(folder) else { return false };
    entries.flatten().any(|entry| {
        let (path, name) = (entry.path(), entry.file_name());
        // Links to folders inside a pack are not followed.
        let is_folder = entry.file_type().is_ok_and(|kind| kind.is_dir());
        if name.to_string_lossy().starts_with('.') {
            return false;
        }
        if is_folder { levels > 0 && holds(&path, levels - 1, is_wanted) } else { is_wanted(&path) }
    })
}
