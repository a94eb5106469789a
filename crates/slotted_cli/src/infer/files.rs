//! Finds data files in folders, and names their groups.

use std::ffi::OsStr;
use std::fs;
use std::path::{Path, PathBuf};

use slotted_definitions::Format;

use crate::failure::Failure;

/// A data file.
#[derive(Debug)]
pub(crate) struct DataFile {
    pub(crate) path: PathBuf,
    pub(crate) format: Format,
    /// The path within the folder that was given; `None` if the file itself was.
    pub(crate) inner: Option<PathBuf>,
}

/// The pack loader ignores deeper folders.
const MOST_LEVELS: usize = 16;

/// Returns the files, and those of folders in the order of their paths.
pub(crate) fn find(paths: &[PathBuf]) -> Result<Vec<DataFile>, Failure> {
    let mut files = Vec::new();
    for path in paths {
        if path.is_dir() {
            let before = files.len();
            folder(path, Path::new(""), MOST_LEVELS, &mut files)?;
            if files.len() == before {
                let message = format!("'{}' contains no data files", path.display());
                return Err(Failure::new(message).help(ENDINGS));
            }
            continue;
        }
        let Some(format) = Format::of(path) else {
            let message = format!("'{}' has an unknown format", path.display());
            return Err(Failure::new(message).help(ENDINGS));
        };
        files.push(DataFile { path: path.clone(), format, inner: None });
    }
    Ok(files)
}

const ENDINGS: &str = "the file name must end in .json, .toml, .ron or .yaml";

fn folder(
    root: &Path,
    inner: &Path,
    levels_left: usize,
    files: &mut Vec<DataFile>,
) -> Result<(), Failure> {
    let folder = root.join(inner);
    let unreadable = |error| Failure::unreadable(&folder, &error);
    let mut entries = Vec::new();
    for entry in fs::read_dir(&folder).map_err(unreadable)? {
        let entry = entry.map_err(unreadable)?;
        entries.push((entry.file_name(), entry.file_type().map_err(unreadable)?));
    }
    // Read in the same order on every machine.
    entries.sort_by(|(a, _), (b, _)| a.cmp(b));
    for (name, kind) in entries {
        let inner = inner.join(&name);
        let name = name.to_string_lossy();
        let path = root.join(&inner);
        // Links to folders could form a cycle.
        if name.starts_with('.') || (kind.is_symlink() && path.is_dir()) {
            continue;
        }
        if kind.is_dir() {
            if levels_left > 0 {
                self::folder(root, &inner, levels_left - 1, files)?;
            }
        } else if let Some(format) = Format::of(&path).filter(|_| !name.starts_with("pack.")) {
            files.push(DataFile { path, format, inner: Some(inner) });
        }
    }
    Ok(())
}

impl DataFile {
    /// Returns the name of the file without its extension.
    pub(crate) fn stem(&self) -> &str {
        self.path.file_stem().and_then(OsStr::to_str).unwrap_or_default()
    }

    /// Returns the schema's name for a file of many objects.
    pub(crate) fn schema_name(&self) -> String {
        singular(&self.path.file_stem().unwrap_or_default().to_string_lossy())
    }

    /// Returns the schema's name for a file of one object: that of the folder, if one was given.
    pub(crate) fn schema_name_of_folder(&self) -> String {
        if self.inner.is_none() {
            return self.schema_name();
        }
        let folder = self.path.parent().unwrap_or(Path::new("."));
        let name = folder.file_name().map(OsStr::to_owned);
        let name = name.or_else(|| Some(folder.canonicalize().ok()?.file_name()?.to_owned()));
        name.map_or_else(|| self.schema_name(), |name| singular(&name.to_string_lossy()))
    }
}

/// Returns a name in the singular, by the common rules of English: `item` for `items`, `entity` for `entities`, `class`
/// for `classes`.
fn singular(name: &str) -> String {
    for (plural, singular) in
        [("ies", "y"), ("sses", "ss"), ("xes", "x"), ("ches", "ch"), ("shes", "sh")]
    {
        if let Some(start) = name.strip_suffix(plural).filter(|start| !start.is_empty()) {
            return format!("{start}{singular}");
        }
    }
    match name.strip_suffix('s') {
        Some(start) if !start.is_empty() && !start.ends_with(['s', 'u', 'i']) => start.to_owned(),
        _ => name.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn schema_names_are_file_names_in_the_singular() {
        let name = |path: &str| {
            let (path, format) = (PathBuf::from(path), Format::Json);
            DataFile { path, format, inner: None }.schema_name()
        };
        assert_eq!(name("data/items.json"), "item");
        assert_eq!(name("entities.json"), "entity");
        assert_eq!(name("boxes.toml"), "box");
        assert_eq!(name("classes.ron"), "class");
        assert_eq!(name("grass.json"), "grass");
        assert_eq!(name("status.json"), "status");
        assert_eq!(name("trees.backup.json"), "trees.backup");
        assert_eq!(name("s.json"), "s");
    }

    #[test]
    fn a_file_of_one_object_belongs_to_its_folder() {
        let file = DataFile {
            path: "data/items/sword.json".into(),
            format: Format::Json,
            inner: Some("items/sword.json".into()),
        };
        assert_eq!((file.schema_name_of_folder(), file.stem()), ("item".to_owned(), "sword"));
    }
}
