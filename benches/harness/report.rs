//! Writes figures as a terminal table, as JSON, and as the README's table.

use std::fmt::Write;

use bench_support::machine::Description;
use comfy_table::{CellAlignment, Table, presets};
use serde_json::{Value, json};

use super::measure::{Form, Outcome};
use crate::contest::{CONTESTANTS, Contestant};

/// Returns the name of the limit, which ratios refer to.
fn limit_name() -> &'static str {
    CONTESTANTS[0].name
}

/// Returns one workload's figures: the best form of each contestant, or all forms.
pub(super) fn table(outcome: &Outcome, all_forms: bool) -> Table {
    let workload = outcome.workload;
    let unit = workload.unit();
    let mut table = Table::new();
    let mut header = vec![
        workload.name.to_owned(),
        "form".to_owned(),
        format!("minimum, {unit}"),
        format!("median, {unit}"),
        "ratio of minima".to_owned(),
        "median ratio".to_owned(),
    ];
    if outcome.has_baselines() {
        header.extend(["minima to own baseline".to_owned(), "median to own baseline".to_owned()]);
    }
    table.load_style(presets::NOTHING).set_header(header);
    let limit = outcome.limit(limit_name());
    let forms = if all_forms { outcome.forms.iter().collect() } else { outcome.best() };
    for form in forms {
        let mut row = vec![
            form.contestant.to_owned(),
            form.name.to_owned(),
            figure(form.minimum()),
            figure(form.median()),
        ];
        row.extend(ratios(form, limit));
        if outcome.has_baselines() {
            row.extend(ratios(form, outcome.baseline(form)));
        }
        table.add_row(row);
    }
    for column in table.column_iter_mut().skip(2) {
        column.set_cell_alignment(CellAlignment::Right);
    }
    table
}

/// Returns the ratio of minima and the median ratio to another form; empty texts without one.
fn ratios(form: &Form, other: Option<&Form>) -> [String; 2] {
    let Some(other) = other else { return Default::default() };
    [figure(form.minimum_ratio(other)), figure(form.median_ratio(other))]
}

/// Formats a figure with three significant digits, or as a whole number.
fn figure(value: f64) -> String {
    match value {
        value if value < 0.01 => format!("{value:.5}"),
        value if value < 0.1 => format!("{value:.4}"),
        value if value < 1.0 => format!("{value:.3}"),
        value if value < 10.0 => format!("{value:.2}"),
        value if value < 100.0 => format!("{value:.1}"),
        value => format!("{value:.0}"),
    }
}

/// Returns all figures and the machine.
pub(super) fn json(machine: &Description, outcomes: &[Outcome]) -> Value {
    let machine: serde_json::Map<String, Value> =
        machine.iter().map(|(name, text)| ((*name).to_owned(), json!(text))).collect();
    let workloads: Vec<Value> = outcomes.iter().map(workload_json).collect();
    json!({ "machine": machine, "limit": limit_name(), "workloads": workloads })
}

fn workload_json(outcome: &Outcome) -> Value {
    let limit = outcome.limit(limit_name());
    let best = outcome.best();
    let forms: Vec<Value> = outcome
        .forms
        .iter()
        .map(|form| {
            let baseline = outcome.baseline(form);
            json!({
                "contestant": form.contestant,
                "form": form.name,
                "baseline": form.is_baseline,
                "best": best.iter().any(|&other| std::ptr::eq(other, form)),
                "minimum": form.minimum(),
                "median": form.median(),
                "minimum_ratio": limit.map(|limit| form.minimum_ratio(limit)),
                "median_ratio": limit.map(|limit| form.median_ratio(limit)),
                "minimum_to_baseline": baseline.map(|baseline| form.minimum_ratio(baseline)),
                "median_to_baseline": baseline.map(|baseline| form.median_ratio(baseline)),
                "samples": form.samples,
            })
        })
        .collect();
    json!({
        "workload": outcome.workload.name,
        "unit": outcome.workload.unit(),
        "objects": outcome.objects,
        "forms": forms,
    })
}

/// Returns the README's table: the limit's figure, then each contestant's ratio to it.
pub(super) fn markdown(
    machine: &Description,
    contestants: &[Contestant],
    outcomes: &[Outcome],
) -> String {
    let mut text = String::new();
    for (name, text_of_name) in machine {
        let quote = if *name == "command" { "`" } else { "" };
        writeln!(text, "- {name}: {quote}{text_of_name}{quote}")
            .expect("writing to a string succeeds");
    }
    let names = contestants.iter().map(|contestant| contestant.name);
    let header: Vec<&str> = names.collect();
    writeln!(text, "\n| work | {} |", header.join(" | ")).expect("writing to a string succeeds");
    let columns = "---:|".repeat(header.len());
    writeln!(text, "|---|{columns}").expect("writing to a string succeeds");
    for outcome in outcomes {
        let (baselines, others): (Vec<&Form>, Vec<&Form>) =
            outcome.best().into_iter().partition(|form| form.is_baseline);
        let rows = [(", baseline", baselines), ("", others)];
        for (suffix, best) in rows.into_iter().filter(|(_, best)| !best.is_empty()) {
            let cells: Vec<String> =
                header.iter().map(|&name| cell(outcome, &best, name)).collect();
            let name = outcome.workload.name;
            let row = format!("| {name}{suffix} | {} |", cells.join(" | "));
            writeln!(text, "{row}").expect("writing to a string succeeds");
        }
    }
    text.push_str(
        "\nThe first column is the limit's minimum per operation; the others are ratios to the limit, \
         of the minima and (in brackets) the median of all rounds. Without a limit: the minimum itself.\n",
    );
    if outcomes.iter().any(Outcome::has_baselines) {
        text.push_str(
            "A baseline row is the same run without the measured work; its ratios refer to the limit's baseline.\n",
        );
    }
    text
}

fn cell(outcome: &Outcome, best: &[&Form], contestant: &str) -> String {
    let Some(form) = best.iter().find(|form| form.contestant == contestant) else {
        return "-".to_owned();
    };
    let to_own = outcome.baseline(form).map_or_else(String::new, |own| {
        format!(", {}× its baseline", figure(form.minimum_ratio(own)))
    });
    match outcome.limit(limit_name()) {
        Some(limit) if !std::ptr::eq(limit, *form) => {
            let [of_minima, median] = ratios(form, Some(limit));
            format!("{of_minima}× ({median}×){to_own}")
        }
        _ => format!("{} {}{to_own}", figure(form.minimum()), outcome.workload.unit()),
    }
}
