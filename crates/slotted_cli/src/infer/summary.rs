//! A summary of the objects that fit whole, and of the reasons why others do not.

use serde::Serialize;
use slotted_definitions::infer::{Fit, Naming, SurveyedGroup, Unslottable};

use crate::check::count;
use crate::infer::Counts;
use crate::table::Table;

/// The summary of a run.
#[derive(Serialize)]
pub(crate) struct Summary {
    files: usize,
    unreadable_files: usize,
    definition_files: usize,
    objects: u64,
    whole: u64,
    /// The share of objects that fit whole, in percent.
    share: f64,
    whole_without_any: u64,
    /// The share of objects that fit whole without slots of kind `any`, in percent.
    share_without_any: f64,
    /// The most common first.
    reasons: Vec<Reason>,
    /// The largest first.
    schemas: Vec<SchemaFit>,
}

/// A reason why objects do not fit whole, or why they do so only with kind `any`.
#[derive(Serialize)]
struct Reason {
    reason: String,
    /// `true` if a slot of kind `any` holds the values.
    any: bool,
    objects: u64,
    share: f64,
}

#[derive(Serialize)]
struct SchemaFit {
    schema: String,
    objects: u64,
    whole: u64,
    share: f64,
    named_by: Option<&'static str>,
}

impl Summary {
    pub(crate) fn new(groups: &[SurveyedGroup], counts: Counts) -> Self {
        let mut all = Fit::default();
        groups.iter().for_each(|group| all.add(&group.fit));
        let reasons = all.reasons.iter().map(|(reason, objects)| Reason {
            reason: reason.to_string(),
            any: !matches!(reason, Unslottable::Name | Unslottable::Limit),
            objects: *objects,
            share: percent(*objects, all.objects),
        });
        let mut reasons: Vec<_> = reasons.collect();
        reasons.sort_by_key(|reason| std::cmp::Reverse(reason.objects));
        let schemas = groups.iter().map(|SurveyedGroup { proposal, naming, fit, .. }| SchemaFit {
            schema: proposal.schema().name().to_owned(),
            objects: fit.objects,
            whole: fit.whole,
            share: percent(fit.whole, fit.objects),
            named_by: match naming {
                Naming::Key => Some("key"),
                Naming::Attribute(attribute) => Some(*attribute),
                Naming::None => None,
            },
        });
        let mut schemas: Vec<_> = schemas.collect();
        schemas.sort_by_key(|schema| std::cmp::Reverse(schema.objects));
        Self {
            files: counts.files,
            unreadable_files: counts.unreadable,
            definition_files: counts.definitions,
            objects: all.objects,
            whole: all.whole,
            share: percent(all.whole, all.objects),
            whole_without_any: all.whole_without_any,
            share_without_any: percent(all.whole_without_any, all.objects),
            reasons,
            schemas,
        }
    }

    pub(crate) fn text(&self) -> String {
        let (files, objects) = (count(self.files, "file"), count(self.objects, "object"));
        let mut text =
            format!("{files}, {objects}: {} fit whole ({:.1}%)\n", self.whole, self.share);
        if self.whole_without_any < self.whole {
            let (whole, share) = (self.whole_without_any, self.share_without_any);
            text.push_str(&format!("without slots of kind any: {whole} ({share:.1}%)\n"));
        }
        if self.unreadable_files > 0 {
            text.push_str(&format!("{} unreadable\n", count(self.unreadable_files, "file")));
        }
        if self.definition_files > 0 {
            let files = count(self.definition_files, "definition file");
            text.push_str(&format!("{files} skipped\n"));
        }
        let titles =
            [("no slot holds an attribute", false), ("no kind but any holds an attribute", true)];
        for (title, any) in titles {
            let mut reasons = self.reasons.iter().filter(|reason| reason.any == any).peekable();
            if reasons.peek().is_none() {
                continue;
            }
            text.push('\n');
            let mut table = Table::new([title, "objects", "share"], &[1, 2]);
            for Reason { reason, objects, share, .. } in reasons {
                table.row([reason.clone(), objects.to_string(), format!("{share:.1}%")]);
            }
            table.print("", &mut text);
        }
        if !self.schemas.is_empty() {
            text.push('\n');
            let titles = ["schema", "objects", "whole", "share", "named by"];
            let mut table = Table::new(titles, &[1, 2, 3]);
            for SchemaFit { schema, objects, whole, share, named_by } in &self.schemas {
                table.row([
                    schema.clone(),
                    objects.to_string(),
                    whole.to_string(),
                    format!("{share:.1}%"),
                    named_by.unwrap_or("-").to_owned(),
                ]);
            }
            table.print("", &mut text);
        }
        text
    }
}

/// Rounds down to a tenth, so that 100% means all.
fn percent(part: u64, whole: u64) -> f64 {
    match whole {
        0 => 100.0,
        _ => (part as f64 * 1000.0 / whole as f64).floor() / 10.0,
    }
}
