//! Plain data in the formats of definition files.

use std::collections::HashSet;
use std::sync::Arc;

use slotted::Value;

use crate::diagnostic::{Code, Diagnostic, Diagnostics};
use crate::format::{self, Format, Levels, SyntaxProblem};
use crate::limits::LoadLimits;
use crate::node::{Data, Entry, Node};
use crate::report::Report;
use crate::source::{File, Files, Place, Span};

/// Reads plain data as the [`Loader`](crate::Loader) reads definitions: the same formats, numbers and names of variants.
///
/// `path` is for messages.
///
/// # Errors
/// Returns all problems of the syntax, and those of values that no kind can hold, such as integers of more than 64 bits.
///
/// # Example
#[cfg_attr(feature = "json", doc = "```")]
#[cfg_attr(not(feature = "json"), doc = "```ignore")]
/// use slotted_definitions::{Format, LoadLimits, read_data};
///
/// let text = "[{ damage: 0xFF, }] // JSON5";
/// let data = read_data("items.json", text, Format::Json, &LoadLimits::default())?;
/// assert_eq!(data.to_string(), r#"[{"damage": 255}]"#);
///
/// let report = read_data("items.json", "[{ damage: }]", Format::Json, &LoadLimits::default());
/// assert_eq!(report.unwrap_err().to_string(), "\
/// error[syntax]: invalid JSON: missing value
///  --> items.json:1:12
///   |
/// 1 | [{ damage: }]
///   |            ^ expected a value before this
///
/// 1 error");
/// # Ok::<(), slotted_definitions::Report>(())
/// ```
pub fn read_data(
    path: &str,
    text: &str,
    format: Format,
    limits: &LoadLimits,
) -> Result<Value, Report> {
    let limits = limits.possible();
    let mut diagnostics = Diagnostics::new(limits.problems);
    let too_long = text.len() as u64 > limits.file_bytes;
    let node = match too_long {
        true => {
            let message = format!("the file exceeds the limit of {} bytes", limits.file_bytes);
            let place = Place { file: 0, span: Span::default() };
            diagnostics.push(Diagnostic::error(Code::Limit, message).at(place, ""));
            None
        }
        false => {
            let mut values_left = limits.values;
            let levels = Levels { most: limits.levels, packed: None, named: Some(0) };
            let (node, problems) = format::parse(text, format, levels, &mut values_left);
            report_syntax(0, format, node.is_some(), problems, &mut diagnostics);
            node.map(|mut node| {
                remove_names_of_objects(&mut node);
                node.into_value(&mut HashSet::new())
            })
        }
    };
    match node {
        Some(value) if diagnostics.errors == 0 => Ok(value),
        _ => {
            let text = if too_long { "" } else { text };
            let files = Files(vec![File::new(path.into(), text.into())]);
            Err(Report::new(Arc::new(files), diagnostics))
        }
    }
}

/// Removes the names before objects of a RON file, as the loader does. Those before values tell their variants.
fn remove_names_of_objects(root: &mut Node<'_>) {
    let is_one = root.named().is_some();
    root.remove_name();
    let is_map = |entry: &Entry<'_>| matches!(entry.value.data, Data::Map(_));
    match &mut root.data {
        Data::List(list) => list.iter_mut().for_each(Node::remove_name),
        Data::Map(map) if !is_one && map.iter().all(is_map) => {
            map.iter_mut().for_each(|entry| entry.value.remove_name());
        }
        _ => {}
    }
}

/// Reports the problems of parsing a file.
pub(super) fn report_syntax(
    file: u32,
    format: Format,
    is_readable: bool,
    problems: Vec<SyntaxProblem>,
    diagnostics: &mut Diagnostics,
) {
    for problem in problems {
        let place = Place { file, span: problem.span };
        let message = match is_readable {
            false => format!("invalid {format}: {}", problem.message),
            true => problem.message,
        };
        let diagnostic = Diagnostic::error(Code::Syntax, message).at(place, problem.label);
        diagnostics.push(match problem.help {
            Some(help) => diagnostic.help(help),
            None => diagnostic,
        });
    }
}
