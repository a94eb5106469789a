//! `slotted inspect`: shows a save.

mod compare;
mod content;
mod differences;
mod migration;

use serde::Serialize;
use slotted::Store;
use slotted_arrow::inspect::SaveInfo;

use crate::arguments::{Inspect, ReportFormat};
use crate::failure::{Failure, Outcome};
use crate::inspect::content::Content;
use crate::inspect::differences::Differences;
use crate::inspect::migration::Plan;
use crate::output::Output;
use crate::progress::Progress;
use crate::save::{Refusal, Save};

/// The report of a run.
#[derive(Serialize)]
struct Report {
    path: String,
    /// No problem of the save itself was found.
    intact: bool,
    /// Those of the other save and of the migration too.
    problems: Vec<String>,
    #[serde(flatten)]
    content: Option<Content>,
    #[serde(skip_serializing_if = "Option::is_none")]
    differences: Option<Differences>,
    #[serde(skip_serializing_if = "Option::is_none")]
    migration: Option<Plan>,
}

pub(crate) fn run(inspect: &Inspect, output: &mut Output) -> Result<Outcome, Failure> {
    let save = Save::new(&inspect.path)?;
    let progress = Progress::new();
    progress.show(|| format!("reading {}", inspect.path.display()));
    let mut report = Report {
        path: inspect.path.display().to_string(),
        intact: false,
        problems: Vec::new(),
        content: None,
        differences: None,
        migration: None,
    };
    let done = fill(inspect, &save, &mut report, output);
    progress.finish();
    match done {
        Ok(()) => {}
        Err(Refusal::Failure(failure)) => return Err(failure),
        Err(Refusal::Problem(problem)) => report.problems.push(problem),
    }
    match inspect.format {
        ReportFormat::Text => {
            if report.content.is_some() {
                output.result(&text(&report, inspect))?;
            }
            report.problems.iter().for_each(|problem| output.message(problem));
        }
        ReportFormat::Json => {
            let plain =
                |problem: &String| problem.strip_prefix("error: ").unwrap_or(problem).to_owned();
            report.problems = report.problems.iter().map(plain).collect();
            let json = serde_json::to_string_pretty(&report);
            output.result(&json.map_err(|error| Failure::new(error.to_string()))?)?;
        }
    }
    Ok(if report.problems.is_empty() { Outcome::Clean } else { Outcome::Problems })
}

/// Reads the save, step by step, so that a problem leaves the steps before it.
fn fill(
    inspect: &Inspect,
    save: &Save<'_>,
    report: &mut Report,
    output: &mut Output,
) -> Result<(), Refusal> {
    let info = save.info()?;
    let content = report.content.insert(Content::new(&info, &inspect.schemas)?);
    for file in info.files() {
        report.problems.extend(file.damages.iter().map(|damage| save.damage(&file.name, damage)));
    }
    let (mut store, loaded) = save.load()?;
    for problem in save.damages(&loaded) {
        if !report.problems.contains(&problem) {
            report.problems.push(problem);
        }
    }
    report.intact = report.problems.is_empty();
    content.show_rows(&store, inspect.rows)?;
    if let Some(other) = &inspect.against {
        match compare((&info, &mut store), &Save::new(other)?, inspect, report) {
            Ok(()) => {}
            Err(Refusal::Problem(problem)) => report.problems.push(problem),
            Err(Refusal::Failure(failure)) => return Err(failure.into()),
        }
    }
    if !inspect.definitions.is_empty() {
        let plan = Plan::new(save, &inspect.definitions, output)?;
        report.migration = Some(plan);
    }
    Ok(())
}

/// Compares a save with another one.
fn compare(
    (info, store): (&SaveInfo, &mut Store),
    other: &Save<'_>,
    inspect: &Inspect,
    report: &mut Report,
) -> Result<(), Refusal> {
    let (before, (mut store_before, damaged)) = (other.info()?, other.load()?);
    report.problems.extend(other.damages(&damaged));
    let snapshots = (store_before.snapshot(), store.snapshot());
    let differences = Differences::new((&before, info), (&snapshots.0, &snapshots.1), inspect);
    report.differences = Some(differences);
    Ok(())
}

fn text(report: &Report, inspect: &Inspect) -> String {
    let mut text = String::new();
    let Some(content) = &report.content else { return text };
    content.print_summary(&report.path, report.intact, &mut text);
    let is_special = inspect.against.is_some() || !inspect.definitions.is_empty();
    if !is_special {
        content.print(&mut text);
    }
    if let (Some(differences), Some(other)) = (&report.differences, &inspect.against) {
        differences.print(&report.path, &other.display().to_string(), &mut text);
    }
    if let Some(plan) = &report.migration {
        plan.print(&mut text);
    }
    text
}
