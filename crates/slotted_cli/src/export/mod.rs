//! `slotted export`: writes the objects of a save to files for other tools.

mod rows;

pub(crate) use rows::id_name;

use std::fs::{self, File};
use std::io::{self, BufWriter, Write};
use std::path::{Path, PathBuf};

use slotted::{Store, exactly};
use slotted_arrow::parquet::{ExportError, ParquetExport, file_names};

use crate::arguments::Export;
use crate::check::count;
use crate::export::rows::{Format, write_rows};
use crate::failure::{Failure, Outcome};
use crate::output::Output;
use crate::progress::Progress;
use crate::save::{Refusal, Save, check_wanted, is_wanted};

/// A file to write.
struct Target {
    schema: String,
    objects: usize,
    path: PathBuf,
}

pub(crate) fn run(export: &Export, output: &mut Output) -> Result<Outcome, Failure> {
    let save = Save::new(&export.path)?;
    let progress = Progress::new();
    progress.show(|| format!("reading {}", export.path.display()));
    let (mut store, report) = match save.load() {
        Ok(loaded) => loaded,
        Err(Refusal::Failure(failure)) => return Err(failure),
        Err(Refusal::Problem(message)) => {
            output.message(&message);
            return Ok(Outcome::Problems);
        }
    };
    let damages = save.damages(&report);
    let (targets, without_objects): (Vec<_>, Vec<_>) =
        targets(export, &store)?.into_iter().partition(|target| target.objects > 0);
    // Files of an earlier export would pass for objects of this save.
    let stale: Vec<Target> =
        without_objects.into_iter().filter(|target| target.path.is_file()).collect();
    if !damages.is_empty() && !export.salvage {
        progress.finish();
        damages.iter().for_each(|damage| output.message(damage));
        output.message("help: --salvage exports the objects that are intact");
        return Ok(Outcome::Problems);
    }
    if !export.force
        && let Some(target) = targets.iter().chain(&stale).find(|target| target.path.exists())
    {
        let message = format!("'{}' exists", target.path.display());
        return Err(Failure::new(message).help("--force overwrites it, --out names another folder"));
    }
    if export.format.parquet {
        let schemas = targets.iter().map(|target| &*target.schema);
        let written = ParquetExport::new().schemas(schemas).write(&store.snapshot(), &export.out);
        written.map_err(|error| parquet_failure(&error))?;
    } else {
        let format = if export.format.csv { Format::Csv } else { Format::JsonLines };
        for target in &targets {
            write_target(&store, target, format, &progress)?;
        }
    }
    progress.finish();
    for target in &stale {
        fs::remove_file(&target.path).map_err(|error| {
            Failure::new(format!("cannot remove '{}': {error}", target.path.display()))
        })?;
    }
    damages.iter().for_each(|damage| output.message(damage));
    output.result(&summary(&targets, &stale))?;
    Ok(if damages.is_empty() { Outcome::Clean } else { Outcome::Problems })
}

/// Returns the files of the wanted schemas, in the order of schemas. Only those with objects are written.
fn targets(export: &Export, store: &Store) -> Result<Vec<Target>, Failure> {
    let names: Vec<std::sync::Arc<str>> =
        store.schemas().map(|schema| schema.name().into()).collect();
    check_wanted(&export.schemas, &names)?;
    let files = file_names(names.iter().map(|name| &**name));
    let targets = names.iter().zip(files).map(|(schema, file)| {
        let path = match export.format {
            format if format.parquet => format!("schema={file}/part.parquet"),
            format if format.csv => format!("{file}.csv"),
            _ => format!("{file}.jsonl"),
        };
        let objects = store.len_of(exactly(schema)).unwrap_or(0);
        Target { schema: (**schema).to_owned(), objects, path: export.out.join(path) }
    });
    Ok(targets.filter(|target| is_wanted(&export.schemas, &target.schema)).collect())
}

fn summary(targets: &[Target], stale: &[Target]) -> String {
    if targets.is_empty() && stale.is_empty() {
        return "no objects, no files".to_owned();
    }
    let line = |target: &Target| {
        format!("{}: {}\n", target.path.display(), count(target.objects, "object"))
    };
    let removed = |target: &Target| format!("{}: no objects, removed\n", target.path.display());
    targets.iter().map(line).chain(stale.iter().map(removed)).collect()
}

fn parquet_failure(error: &ExportError) -> Failure {
    Failure::new(error.to_string())
}

/// Writes a file under a temporary name and renames it, so that it is never half written.
fn write_target(
    store: &Store,
    target: &Target,
    format: Format,
    progress: &Progress,
) -> Result<(), Failure> {
    let unwritable = |error: io::Error| {
        Failure::new(format!("cannot write '{}': {error}", target.path.display()))
    };
    let folder = target.path.parent().unwrap_or(Path::new("."));
    fs::create_dir_all(folder).map_err(unwritable)?;
    let name = target.path.file_name().unwrap_or_default().to_string_lossy();
    let temporary = folder.join(format!(".{name}.{}.tmp", std::process::id()));
    let written = File::create(&temporary).map_err(unwritable).and_then(|file| {
        let mut file = BufWriter::with_capacity(1 << 16, file);
        write_rows(store, &target.schema, format, progress, &mut |text| {
            file.write_all(text).map_err(unwritable)
        })?;
        file.flush().and_then(|()| file.get_ref().sync_all()).map_err(unwritable)?;
        drop(file);
        fs::rename(&temporary, &target.path).map_err(unwritable)
    });
    if written.is_err() {
        // The first error matters more.
        _ = fs::remove_file(&temporary);
    }
    written
}
