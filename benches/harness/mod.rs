//! The bench `ratios`: options, the run through all workloads, and the output of the figures.

mod measure;
mod report;

use std::error::Error;
use std::path::PathBuf;

use bench_support::machine;
use clap::Parser;
use indicatif::{ProgressBar, ProgressStyle};

use crate::contest::{CONTESTANTS, Contestant, Input, Scale, Workload, memory};
use crate::options::{Mode, write_file};
use measure::Outcome;

#[derive(Parser)]
#[command(about = "Compares slotted and its peers with hand-written arrays")]
struct Options {
    /// Run only workloads whose name contains this (may be repeated)
    #[arg(long, value_name = "SUBSTR")]
    workload: Vec<String>,
    /// Run only the limit and contestants whose name contains this (may be repeated)
    #[arg(long, value_name = "SUBSTR")]
    contestant: Vec<String>,
    /// Number of samples of each contestant for each workload
    #[arg(long, default_value_t = 15, value_parser = clap::value_parser!(u32).range(1..))]
    rounds: u32,
    /// List every form of every contestant, not only the best
    #[arg(long)]
    forms: bool,
    /// Write all samples to this file
    #[arg(long, value_name = "PATH")]
    json: Option<PathBuf>,
    /// Write the README's table to this file
    #[arg(long, value_name = "PATH")]
    markdown: Option<PathBuf>,
    #[command(flatten)]
    mode: Mode,
}

impl Options {
    fn scale(&self) -> Scale {
        if self.mode.is_test() { Scale::Small } else { Scale::Full }
    }

    fn rounds(&self, workload: Workload) -> u32 {
        match self.scale() {
            Scale::Full if workload.is_timed() => self.rounds,
            Scale::Full | Scale::Small => 1,
        }
    }

    fn workloads(&self) -> Vec<Workload> {
        let named = |workload: &&Workload| matches(workload.name, &self.workload);
        Workload::ALL.iter().filter(named).copied().collect()
    }

    /// The limit comes first and always takes part, because ratios need it.
    fn contestants(&self) -> Vec<Contestant> {
        let (limit, others) = CONTESTANTS.split_first().expect("the limit");
        let named = |contestant: &&Contestant| matches(contestant.name, &self.contestant);
        let others = others.iter().filter(named);
        std::iter::once(limit).chain(others).copied().collect()
    }
}

fn matches(name: &str, patterns: &[String]) -> bool {
    patterns.is_empty() || patterns.iter().any(|pattern| name.contains(pattern))
}

/// Parses the command line and runs the bench.
pub(crate) fn run() -> Result<(), Box<dyn Error>> {
    let options = Options::parse();
    memory::keep_start_settings();
    let workloads = options.workloads();
    if workloads.is_empty() {
        return Err("no workload name contains the `--workload` texts; run without options to list all names".into());
    }
    let contestants = options.contestants();
    let progress = progress_bar(&options, &workloads);
    let mut input = Input::new(0);
    let mut outcomes = Vec::new();
    for workload in workloads {
        progress.set_message(workload.name);
        if progress.is_hidden() {
            eprintln!("{} ...", workload.name);
        }
        let objects = workload.objects(options.scale());
        if input.units.len() != objects {
            input = Input::new(objects);
        }
        let rounds = options.rounds(workload);
        let scale = options.scale();
        let outcome = measure::measure(workload, scale, rounds, &contestants, &input, &progress)?;
        if !outcome.forms.is_empty() {
            progress.suspend(|| println!("{}\n", report::table(&outcome, options.forms)));
        }
        outcomes.push(outcome);
    }
    progress.finish_and_clear();
    write_files(&options, &contestants, &outcomes)?;
    if options.scale() == Scale::Small {
        println!("Tiny sizes: all contestants agree; the figures mean nothing.");
    }
    Ok(())
}

fn progress_bar(options: &Options, workloads: &[Workload]) -> ProgressBar {
    let rounds: u32 = workloads.iter().map(|&each| options.rounds(each)).sum();
    let template = "{bar:30} {pos}/{len} rounds, {elapsed} of about {duration}: {msg}";
    let style = ProgressStyle::with_template(template).expect("a valid template");
    ProgressBar::new(u64::from(rounds)).with_style(style)
}

fn write_files(
    options: &Options,
    contestants: &[Contestant],
    outcomes: &[Outcome],
) -> Result<(), Box<dyn Error>> {
    let packages: Vec<_> = contestants.iter().filter_map(|one| one.package).collect();
    let machine = machine::describe(&packages, "cargo bench -p slotted_benches --bench ratios");
    if let Some(path) = &options.json {
        let json = report::json(&machine, outcomes);
        write_file(path, &serde_json::to_string_pretty(&json)?)?;
    }
    if let Some(path) = &options.markdown {
        write_file(path, &report::markdown(&machine, contestants, outcomes))?;
    }
    Ok(())
}
