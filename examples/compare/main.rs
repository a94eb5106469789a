//! Compares packed slots with attribute maps: same objects, same work, same result.
//!
//! ```text
//! cargo run --release --example compare
//! cargo run --release --example compare -- --python
//! ```

mod chart;
mod json;
mod measure;
mod options;
mod python;
mod report;
mod storages;
mod story;
mod svg;
mod table;
mod workload;

use std::error::Error;
use std::fs;
use std::path::Path;
use std::process::ExitCode;

use indicatif::{ProgressBar, ProgressStyle};

use measure::{Contender, Figures, compare, steps};
use options::Options;
use python::{Python, PythonError};
use report::{find, grouped, missed, rounded};

/// Exit status: a stated ratio was missed.
const MISSED: u8 = 1;
/// Exit status: the storages disagree.
const UNEQUAL: u8 = 2;
/// Exit status: the comparison failed or could not be written.
const FAILED: u8 = 3;

fn main() -> ExitCode {
    let options = match Options::from_arguments() {
        Ok(Some(options)) => options,
        Ok(None) => return ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error}; see --help");
            return ExitCode::from(FAILED);
        }
    };
    let compared = |contender| options.storages.contains(&contender);
    if options.check && !(compared(Contender::Slots) && compared(Contender::Tuned)) {
        eprintln!("error: --check needs both slots and tuned in --storages");
        return ExitCode::from(FAILED);
    }
    let progress = progress_bar(&options);
    let figures =
        compare(&options.storages, options.objects, options.seed, options.repetitions, &progress);
    progress.finish_and_clear();
    let figures = match figures {
        Ok(figures) => figures,
        Err(mismatch) => {
            eprintln!("error: {mismatch}");
            return ExitCode::from(UNEQUAL);
        }
    };
    match report(&options, &figures) {
        Ok(code) => code,
        Err(error) => {
            eprintln!("error: {error}");
            ExitCode::from(FAILED)
        }
    }
}

/// Drawn on stderr, and only on a terminal.
fn progress_bar(options: &Options) -> ProgressBar {
    let style = ProgressStyle::with_template("{msg:<12} {wide_bar} {pos}/{len} {eta}");
    let progress = ProgressBar::new(steps(options.storages.len(), options.repetitions));
    progress.set_style(style.expect("the template is valid"));
    progress.set_message("reference");
    progress
}

fn report(options: &Options, figures: &[Figures]) -> Result<ExitCode, Box<dyn Error>> {
    println!(
        "{} objects of seven attributes, 36 bytes of values; seed {}, best of {}\n",
        grouped(options.objects as usize),
        options.seed,
        options.repetitions
    );
    println!("{}", table::table(figures));
    println!("{}", chart::chart(figures));
    let checksum = figures.first().map_or(0, |figures| figures.checksum);
    println!("All storages ended with the same values: checksum {checksum:016x}.\n");
    println!("{}", story::story()?);
    let python = python(options)?;
    if let Some(python) = &python {
        println!("\n{}", python.table(find(figures, Contender::Slots)));
    }
    if let Some(path) = &options.json {
        write(path, &format!("{:#}\n", json::json(options, figures, python.as_ref())))?;
    }
    if let Some(path) = &options.svg {
        write(path, &svg::svg(figures))?;
    }
    Ok(if options.check { check(figures) } else { ExitCode::SUCCESS })
}

/// Measures Python if the options ask for it. A missing program is only a note.
fn python(options: &Options) -> Result<Option<Python>, PythonError> {
    let Some(program) = &options.python else { return Ok(None) };
    match Python::measure(program, options.objects, options.repetitions) {
        Ok(python) => Ok(Some(python)),
        Err(missing @ PythonError::Missing { .. }) => {
            eprintln!("\nnote: {missing}");
            Ok(None)
        }
        Err(error) => Err(error),
    }
}

fn write(path: &Path, content: &str) -> Result<(), String> {
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty());
    let written = folder.map_or(Ok(()), fs::create_dir_all).and_then(|()| fs::write(path, content));
    written.map_err(|error| format!("cannot write '{}': {error}", path.display()))?;
    println!("\nWritten to {}.", path.display());
    Ok(())
}

fn check(figures: &[Figures]) -> ExitCode {
    let missed = missed(figures).unwrap_or_default();
    for missed in &missed {
        let (title, found) = (missed.measure.title(), rounded(missed.found));
        eprintln!(
            "missed: {title}: tuned map / slots is {found}, below the stated {}",
            missed.stated
        );
    }
    if missed.is_empty() {
        println!("\nAll stated ratios are reached.");
        return ExitCode::SUCCESS;
    }
    ExitCode::from(MISSED)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_missing_python_is_only_a_note() {
        let options = Options { python: Some("no-such-program".into()), ..Options::default() };
        assert_eq!(python(&options), Ok(None));
        assert_eq!(python(&Options::default()), Ok(None));
    }

    #[test]
    fn a_failing_python_is_an_error() {
        // Cargo is at hand, and no Python.
        let options = Options { python: Some(env!("CARGO").into()), ..Options::default() };
        let error = python(&options).expect_err("cargo knows no option '-I'");
        assert!(matches!(error, PythonError::Failed { .. }), "{error}");
    }
}
