//! Plain data in the formats of definition files.

use std::collections::{BTreeSet, HashSet};
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
    read(path, text, format, limits, |_| {})
}

/// Reads plain data as [`read_data`], and the names that RON writes without quotes: those of variants and structs.
///
/// In the data, `heal(amount: 5)` is a map with one entry, and `rest` is a text. The names tell them from other maps and texts, as
/// [`Survey::add_variants`](crate::infer::Survey::add_variants) needs them. The name before a whole object is not among them. There are
/// at most 4,096 names; other formats have none.
///
/// # Errors
/// Returns the problems that [`read_data`] returns.
///
/// # Example
#[cfg_attr(feature = "ron", doc = "```")]
#[cfg_attr(not(feature = "ron"), doc = "```ignore")]
/// use slotted_definitions::{Format, LoadLimits, read_data_with_variants};
///
/// let text = r#"[Spell(effect: heal(amount: 5), next: rest, doc: "none")]"#;
/// let limits = LoadLimits::default();
/// let (data, names) = read_data_with_variants("spells.ron", text, Format::Ron, &limits)?;
/// let expected = r#"[{"effect": {"heal": {"amount": 5}}, "next": "rest", "doc": "none"}]"#;
/// assert_eq!(data.to_string(), expected);
/// assert_eq!(names.iter().map(|name| &**name).collect::<Vec<_>>(), ["heal", "rest"]);
/// # Ok::<(), slotted_definitions::Report>(())
/// ```
pub fn read_data_with_variants(
    path: &str,
    text: &str,
    format: Format,
    limits: &LoadLimits,
) -> Result<(Value, BTreeSet<Arc<str>>), Report> {
    let mut names = BTreeSet::new();
    let value = read(path, text, format, limits, |node| {
        if format == Format::Ron {
            add_names(node, text, &mut names);
        }
    })?;
    Ok((value, names))
}

/// The most names that one file adds.
const MOST_NAMES: usize = 4096;

/// Adds the names before values, and the texts without quotes.
fn add_names(node: &Node<'_>, text: &str, names: &mut BTreeSet<Arc<str>>) {
    let mut add = |name: &str| {
        if names.len() < MOST_NAMES {
            names.insert(name.into());
        }
    };
    match &node.data {
        Data::Text(name) => {
            let written = text.get(node.span.start as usize..node.span.end as usize);
            // A text in quotes is never written as it is.
            if written.is_some_and(|own| own.strip_prefix("r#").unwrap_or(own) == &**name) {
                add(name);
            }
        }
        Data::List(list) => list.iter().for_each(|one| add_names(one, text, names)),
        Data::Map(map) => {
            if let Some(entry) = node.named() {
                add(&entry.name);
            }
            map.iter().for_each(|entry| add_names(&entry.value, text, names));
        }
        _ => {}
    }
}

/// Reads plain data. The function sees its tree without the names before objects.
fn read(
    path: &str,
    text: &str,
    format: Format,
    limits: &LoadLimits,
    see: impl FnOnce(&Node<'_>),
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
                see(&node);
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
