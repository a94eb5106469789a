//! Files that are written whole or not at all.

use std::fs::{self, File};
use std::io::{self, BufWriter, Write};
use std::path::Path;

/// Writes a file under a temporary name, syncs it, and renames it. The file from before is whole until then.
///
/// # Errors
/// Returns the error of `write`, or of the file system. The temporary file is removed.
pub(crate) fn replace<T, E: From<io::Error>>(
    path: &Path,
    write: impl FnOnce(&mut BufWriter<File>) -> Result<T, E>,
) -> Result<T, E> {
    let folder = path.parent().unwrap_or(Path::new("."));
    fs::create_dir_all(folder)?;
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    // Readers of `*.parquet` do not see it.
    let temporary = folder.join(format!(".{name}.{}.tmp", std::process::id()));
    let result = (|| {
        let mut file = BufWriter::new(File::create(&temporary)?);
        let written = write(&mut file)?;
        file.flush()?;
        file.get_ref().sync_all()?;
        drop(file);
        fs::rename(&temporary, path)?;
        sync_folder(folder)?;
        Ok(written)
    })();
    if result.is_err() {
        // The error that led here matters more than one of the removal.
        let _ = fs::remove_file(&temporary);
    }
    result
}

/// Removes a file, if it is there.
pub(crate) fn remove(path: &Path) -> io::Result<()> {
    match fs::remove_file(path) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
        _ => Ok(()),
    }
}

#[cfg(unix)]
fn sync_folder(folder: &Path) -> io::Result<()> {
    File::open(folder)?.sync_all()
}

/// Other systems cannot open a folder as a file.
#[cfg(not(unix))]
fn sync_folder(_: &Path) -> io::Result<()> {
    Ok(())
}
