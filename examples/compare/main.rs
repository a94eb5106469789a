//! Compares packed slots with attribute maps: same objects, same work, same result.
//!
//! ```text
//! cargo run --release --example compare
//! ```

mod chart;
mod json;
mod measure;
mod report;
mod storages;
mod story;
mod svg;
mod table;
mod workload;

use std::error::Error;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use clap::Parser;
use indicatif::{ProgressBar, ProgressStyle};

use measure::{Contender, Figures, compare, steps};
use report::{grouped, missed, rounded};

#[derive(Parser)]
#[command(about = "Compares packed slots with attribute maps")]
struct Options {
    /// Number of objects
    #[arg(long, default_value_t = 1_000_000, value_parser = clap::value_parser!(u32).range(100..))]
    objects: u32,
    /// Seed of the random data
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// Number of repetitions of each measurement; the best counts
    #[arg(long, default_value_t = 3, value_parser = clap::value_parser!(u32).range(1..))]
    repetitions: u32,
    /// Storages to compare
    #[arg(long, value_delimiter = ',', default_values = ["slots", "tuned", "naive"])]
    storages: Vec<Contender>,
    /// Write the figures as JSON to this file
    #[arg(long, value_name = "PATH", num_args = 0..=1, default_missing_value = "compare.json")]
    json: Option<PathBuf>,
    /// Draw the chart to this file
    #[arg(long, value_name = "PATH", num_args = 0..=1, default_missing_value = "docs/compare.svg")]
    svg: Option<PathBuf>,
    /// Exit with status 1 if a stated ratio of tuned map to slots is missed
    #[arg(long)]
    check: bool,
}

/// Exit status: a stated ratio was missed.
const MISSED: u8 = 1;
/// Exit status: the storages disagree.
const UNEQUAL: u8 = 2;
/// Exit status: the comparison failed or could not be written.
const FAILED: u8 = 3;

fn main() -> ExitCode {
    let options = Options::parse();
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
    if let Some(path) = &options.json {
        write(path, &format!("{:#}\n", json::json(options, figures)))?;
    }
    if let Some(path) = &options.svg {
        write(path, &svg::svg(figures))?;
    }
    Ok(if options.check { check(figures) } else { ExitCode::SUCCESS })
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
