//! `slotted check`: reports the problems of packs.

use serde::Serialize;
use slotted_definitions::{Definitions, Report};

use crate::arguments::{Check, ReportFormat};
use crate::failure::{Failure, Outcome};
use crate::output::Output;
use crate::packs;

pub(crate) fn run(check: &Check, output: &mut Output) -> Result<Outcome, Failure> {
    let loaded = packs::load(&check.packs)?;
    let report = match &loaded {
        Ok(definitions) => definitions.warnings(),
        Err(report) => report,
    };
    match check.format {
        ReportFormat::Text => {
            if !report.is_empty() {
                output.report(report);
            }
            if let Ok(definitions) = &loaded {
                output.result(&summary(definitions))?;
            }
        }
        ReportFormat::Json => output.result(&json(loaded.as_ref().ok(), report)?)?,
    }
    let is_clean = loaded.is_ok() && !(check.deny_warnings && report.warnings() > 0);
    Ok(if is_clean { Outcome::Clean } else { Outcome::Problems })
}

/// `3 packs, 12 schemas, 340 records: no problems`
fn summary(definitions: &Definitions) -> String {
    let packs = count(definitions.packs().len(), "pack");
    let schemas = count(definitions.schemas().len(), "schema");
    let records = count(definitions.records().len(), "record");
    let found = match definitions.warnings().warnings() {
        0 => "no problems".to_owned(),
        warnings => count(warnings, "warning"),
    };
    format!("{packs}, {schemas}, {records}: {found}")
}

pub(crate) fn count(number: impl TryInto<u64>, what: &str) -> String {
    let number = number.try_into().unwrap_or(u64::MAX);
    let plural = if number == 1 { "" } else { "s" };
    format!("{number} {what}{plural}")
}

/// The report, with counts if the definitions are usable.
#[derive(Serialize)]
struct Checked<'a> {
    packs: Option<Vec<CheckedPack<'a>>>,
    schemas: Option<usize>,
    records: Option<usize>,
    #[serde(flatten)]
    report: &'a Report,
}

#[derive(Serialize)]
struct CheckedPack<'a> {
    name: &'a str,
    version: Option<&'a str>,
}

fn json(definitions: Option<&Definitions>, report: &Report) -> Result<String, Failure> {
    let checked = Checked {
        packs: definitions.map(|definitions| {
            let packs = definitions.packs().iter();
            packs
                .map(|pack| CheckedPack { name: &pack.name, version: pack.version.as_deref() })
                .collect()
        }),
        schemas: definitions.map(|definitions| definitions.schemas().len()),
        records: definitions.map(|definitions| definitions.records().len()),
        report,
    };
    serde_json::to_string_pretty(&checked).map_err(|error| Failure::new(error.to_string()))
}
