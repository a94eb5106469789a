//! Diagnostics for invalid slot values in files.

use std::sync::Arc;

use crate::constraint::expectation;
use crate::diagnostic::{Code, Diagnostic, did_you_mean, quoted};
use crate::names::have_same_letters;
use crate::node::{Data, Node};
use crate::source::Place;
use crate::words::{Word, Words};
use slotted::schema::{EnumKind, Problem, ProblemKind, Suggestion};
use slotted::{Kind, schema::NumberKind, schema::VectorKind};
use slotted::{Store, Value};

/// Returns `true` if the slot holds references and the value is the name of a record, or a list of names.
pub(super) fn is_reference(kind: &Kind, value: &Value) -> bool {
    match (kind, value) {
        (Kind::Object, Value::Text(_)) => true,
        (Kind::List(list), Value::List(names)) if *list.element() == Kind::Object => {
            names.iter().all(|name| matches!(name, Value::Text(_)))
        }
        _ => false,
    }
}

/// Returns the problem of the first element that is not text, if the slot holds a list of references.
pub(super) fn not_a_name(kind: &Kind, value: &Value) -> Option<ProblemKind> {
    let (Kind::List(list), Value::List(names)) = (kind, value) else { return None };
    if *list.element() != Kind::Object {
        return None;
    }
    let position = names.iter().position(|name| !matches!(name, Value::Text(_)))?;
    let kind = ProblemKind::WrongKind { expected: Kind::Object, found: names[position].clone() };
    Some(ProblemKind::Element { position, kind: Box::new(kind) })
}

/// Further wrong elements of one list are not reported: they show the same mistake.
const MOST_ELEMENTS: usize = 3;

/// Returns the problem of a value, and those of other elements if it is a list.
pub(super) fn wrong_elements(
    first: ProblemKind,
    value: &Value,
    check: impl Fn(&Value) -> Option<ProblemKind>,
) -> Vec<ProblemKind> {
    let mut problems = vec![first];
    let Value::List(list) = value else { return problems };
    while let Some(ProblemKind::Element { position, .. }) = problems.last()
        && problems.len() < MOST_ELEMENTS
    {
        let start = position + 1;
        let rest = Value::List(list[start.min(list.len())..].into());
        let Some(ProblemKind::Element { position, kind }) = check(&rest) else { break };
        problems.push(ProblemKind::Element { position: start + position, kind });
    }
    problems
}

/// Reports an invalid value. The words are those of the record's file; the default of a slot has none.
pub(super) fn refused(
    problem: &Problem,
    place: Place,
    node: &Node<'_>,
    words: Option<(&Words, &Store)>,
) -> Diagnostic {
    let (kind, node) = element(&problem.kind, node);
    let place = Place { span: node.span, ..place };
    let diagnostic = Diagnostic::error(Code::BadValue, without_number(problem));
    let found = node.to_value();
    let with = |diagnostic: Diagnostic, label: String, expected: String| {
        diagnostic.at(place, label).expected_found(expected, found.to_string())
    };
    match kind {
        ProblemKind::WrongKind { found: Value::Unset, .. } if is_part_of_element(problem) => {
            let part = problem.slot.rsplit(['.', ']', '}']).next().unwrap_or_default();
            diagnostic.at(place, format!("this element has no {}", quoted(part)))
        }
        ProblemKind::WrongKind { expected, found } => {
            let label = format!("expected {}", in_words(expected));
            let diagnostic = with(diagnostic, label, expected.to_string());
            // Patches change lists of records as a whole.
            let is_part = problem.slot.contains(['[', '{']) && matches!(found, Value::Map(_));
            let help = help_for_wrong_kind(problem, (expected, found), words);
            help.filter(|_| !is_part).into_iter().fold(diagnostic, Diagnostic::help)
        }
        ProblemKind::DoesNotFit { expected, found } if is_inexact(expected, found) => {
            let (number, most) = match expected.component() {
                Some(NumberKind::F32) => ("f32", "16777216"),
                _ => ("f64", "9007199254740992"),
            };
            let wider =
                if *expected == Kind::Number(NumberKind::F32) { ", or use f64" } else { "" };
            let diagnostic = with(diagnostic, "not exact".to_owned(), expected.to_string());
            diagnostic.help(format!(
                "{number} holds all whole numbers up to {most}; \
                 to round a larger one, write it with a point, as in 5.0{wider}"
            ))
        }
        ProblemKind::DoesNotFit { expected, .. } => {
            let end = if expected.component() == Some(NumberKind::F32) {
                " of at most 3.4e38"
            } else {
                ""
            };
            let label = format!("expected {}{end}", in_words(expected));
            with(diagnostic, label, expected.to_string())
        }
        ProblemKind::Constraint { expected, .. } => {
            let (label, expected) = expectation(expected);
            with(diagnostic, label, expected)
        }
        ProblemKind::UnknownVariant { expected, suggestion, .. } => {
            let expected_one = format!("one of {}", expected.variants().join(", "));
            let diagnostic = with(diagnostic, "no such variant".to_owned(), expected_one);
            unknown_variant(diagnostic, (expected, suggestion), &found)
        }
        ProblemKind::NotNested { expected, .. } => {
            let (label, help) = nested_in_words(expected, &found);
            let diagnostic = with(diagnostic, label, expected.to_string());
            if help.is_empty() { diagnostic } else { diagnostic.help(help) }
        }
        _ => diagnostic.at(place, ""),
    }
}

fn help_for_wrong_kind(
    problem: &Problem,
    (expected, found): (&Kind, &Value),
    words: Option<(&Words, &Store)>,
) -> Option<String> {
    match (found, words) {
        (Value::Text(text), _) if matches!(&**text, "null" | "nil" | "none") => {
            without_value(problem, words)
        }
        (Value::Map(map), Some(_)) if map.is_empty() && *expected == Kind::Object => {
            without_value(problem, words)
        }
        _ => help_for_kind(expected, found, words.map(|(words, _)| words)),
    }
}

/// Adds the variant that is meant.
fn unknown_variant(
    mut diagnostic: Diagnostic,
    (expected, suggestion): (&EnumKind, &Suggestion),
    found: &Value,
) -> Diagnostic {
    let Value::Text(text) = found else { return diagnostic };
    let mut known = expected.variants().iter();
    match known.find(|variant| !text.is_ascii() && have_same_letters(text, variant)) {
        Some(same) => {
            diagnostic.message.push_str(&did_you_mean(Some(same)));
            diagnostic.suggest(Some(Arc::from(&**same))).look_alike(text)
        }
        None => diagnostic.suggest(suggestion.shared_name().cloned()),
    }
}

/// Returns the place of the value or of its wrong element.
pub(super) fn element_place(problem: &Problem, place: Place, node: &Node<'_>) -> Place {
    Place { span: element(&problem.kind, node).1.span, ..place }
}

/// Returns the message of a problem. The number of a part's element counts those that have the part; the place is that of the value.
pub(super) fn without_number(problem: &Problem) -> String {
    let kind = match &problem.kind {
        ProblemKind::Element { kind, .. } if problem.slot.contains(['[', '{']) => &**kind,
        kind => kind,
    };
    // The slot that says the variant has no name in files.
    let slot = problem.slot.strip_suffix(['@', '|']).map_or(Arc::clone(&problem.slot), Arc::from);
    Problem { kind: kind.clone(), slot, ..problem.clone() }.to_string()
}

/// Returns whether the problem is that of a part which an element of a list lacks.
fn is_part_of_element(problem: &Problem) -> bool {
    matches!(problem.kind, ProblemKind::Element { .. }) && problem.slot.contains(['[', '{'])
}

/// Returns a label and advice for a nested value of the wrong form.
fn nested_in_words(expected: &str, found: &Value) -> (String, String) {
    let parts = expected.strip_prefix("a map of ").and_then(|parts| parts.split(", ").next());
    let braces = "expected a map in braces".to_owned();
    match (parts, found) {
        (Some("names and values"), _) => {
            (braces, "write names and their values in braces".to_owned())
        }
        (Some(first), _) => {
            (braces, format!("write each part with its name, such as {first}, in braces"))
        }
        (None, _) if let Some(tag) = expected.strip_prefix("a map with a ") => {
            let tag = tag.split(' ').next().unwrap_or_default();
            let label = match found {
                Value::Map(_) => format!("it has no {tag}"),
                _ => braces,
            };
            (label, format!("write {tag} and the parts that belong to it, in braces"))
        }
        (None, _) if let Some(names) = expected.strip_prefix("one of ") => {
            (format!("expected {expected}"), variant_in_words(names, found))
        }
        (None, _) if !expected.starts_with("a list") || expected.contains(" or ") => {
            (format!("expected {expected}"), String::new())
        }
        (None, Value::List(list)) => {
            (format!("expected {expected}, found {}", list.len()), String::new())
        }
        (None, Value::Map(_)) if expected.starts_with("a list of maps") => (
            "expected a list in brackets".to_owned(),
            "write brackets around it: [{ .. }]".to_owned(),
        ),
        (None, _) => {
            ("expected a list in brackets".to_owned(), format!("write {expected}, in brackets"))
        }
    }
}

/// Returns advice for a value that is none of these variants.
fn variant_in_words(names: &str, found: &Value) -> String {
    let known = |name: &str| names.split(", ").any(|known| known == name);
    match found {
        Value::Text(name) if known(name) => {
            format!("{} has values: write its name and then these, in braces", quoted(name))
        }
        Value::Map(map) => match &**map {
            [(name, _)] if known(name) => {
                format!("{} has no values: write its name alone", quoted(name))
            }
            _ => "write the name of one variant, and its values under it".to_owned(),
        },
        _ => String::new(),
    }
}

/// Returns whether a whole number would have to be rounded to be a float of this kind.
fn is_inexact(expected: &Kind, found: &Value) -> bool {
    let is_float = matches!(expected.component(), Some(NumberKind::F32 | NumberKind::F64));
    let is_large = |value: &Value| matches!(value, Value::Int(_) | Value::UInt(_));
    let fits = |value: &Value| match value {
        // Too large for any f32.
        Value::F64(number) => number.abs() <= f64::from(f32::MAX) || !number.is_finite(),
        _ => true,
    };
    is_float
        && match found {
            Value::List(list) => list.iter().any(is_large) && list.iter().all(fits),
            value => is_large(value),
        }
}

/// Returns the problem and the node of the invalid element of a list, or the arguments for other problems.
pub(super) fn element<'a, 'n, 's>(
    kind: &'a ProblemKind,
    node: &'n Node<'s>,
) -> (&'a ProblemKind, &'n Node<'s>) {
    if let (ProblemKind::Element { position, kind }, Data::List(list)) = (kind, &node.data)
        && let Some(node) = list.get(*position)
    {
        return (kind, node);
    }
    (kind, node)
}

/// Describes a kind without programming terms.
fn in_words(kind: &Kind) -> String {
    match kind {
        Kind::Bool => "true or false".to_owned(),
        Kind::Number(_) => match ends(kind) {
            Some((min, max)) => format!("a whole number from {min} to {max}"),
            None => "a number".to_owned(),
        },
        Kind::Text => "text".to_owned(),
        Kind::Any => "any value".to_owned(),
        Kind::Enum(kind) => format!("one of {}", kind.variants().join(", ")),
        Kind::Object => "the name of a record in quotes".to_owned(),
        Kind::Vector(kind) => vector_in_words(*kind),
        Kind::Array(_, length) => format!("a list of {length} numbers"),
        Kind::List(list) => {
            format!("a list in brackets; each element is {}", in_words(list.element()))
        }
        Kind::Pod(_) => kind.to_string(),
    }
}

fn vector_in_words(kind: VectorKind) -> String {
    let numbers = match kind.component().integer_range() {
        Some(_) => "whole numbers",
        None => "numbers",
    };
    match kind.components() {
        2 => format!("two {numbers}: [x, y]"),
        3 => format!("three {numbers}: [x, y, z]"),
        4 => format!("four {numbers}: [x, y, z, w]"),
        many => format!("a list of {many} {numbers}, column by column"),
    }
}

/// Returns advice for the text `null` in a slot that takes no text.
fn without_value(problem: &Problem, words: Option<(&Words, &Store)>) -> Option<String> {
    let Some((words, registry)) = words else {
        return Some("remove the default if the slot has none".to_owned());
    };
    let schema = registry.schema(&problem.schema)?;
    let slot = &schema.slots()[schema.slot_index(&problem.slot)?];
    // Inside of lists and unions, nothing can be unset by its name.
    if schema.whole_of(slot.name()).is_some() {
        return None;
    }
    if !slot.is_optional() {
        let help = match slot.default() {
            Some(_) => "remove the slot to get its default",
            None => "write a value; the slot is not optional",
        };
        return Some(help.to_owned());
    }
    let ([unset], end) = words.advised([Word::Unset], registry);
    let name = slot.name();
    Some(format!(
        "remove the slot if it has no value; if the record inherits one, write {unset} = [\"{name}\"]{end}"
    ))
}

/// Returns the end of advice: the changes that patches or records of the file can write in place of a value.
fn or_changes<const N: usize>(words: Option<&Words>, changes: [(Word, &str); N]) -> String {
    let Some(words) = words else { return String::new() };
    let who = match words.are_of_entry() {
        false => "a patch",
        true if words.name(Word::Inherits).is_some() => "a record that inherits",
        true => return String::new(),
    };
    let changes = changes.into_iter();
    let changes =
        changes.filter_map(|(word, value)| Some(format!("{} = {value}", words.key(word)?)));
    match &*changes.collect::<Vec<_>>().join(", ") {
        "" => String::new(),
        changes => format!("; {who} can change it with {{ {changes} }}"),
    }
}

/// Suggests the most likely fix.
fn help_for_kind(expected: &Kind, found: &Value, words: Option<&Words>) -> Option<String> {
    match (expected, found) {
        (Kind::Number(_), Value::Text(text)) if text.parse::<f64>().is_ok() => {
            Some("write the number without quotes".to_owned())
        }
        (Kind::Bool, Value::Text(text)) if text.eq_ignore_ascii_case("true") => {
            Some("write true, in lower case and without quotes".to_owned())
        }
        (Kind::Bool, Value::Text(text)) if text.eq_ignore_ascii_case("false") => {
            Some("write false, in lower case and without quotes".to_owned())
        }
        (Kind::Bool, Value::Text(_)) => Some("write true or false without quotes".to_owned()),
        (Kind::Text, Value::Int(_) | Value::F64(_) | Value::Bool(_)) => {
            Some("write it in quotes".to_owned())
        }
        (Kind::Enum(_), Value::Int(_) | Value::F64(_) | Value::Bool(_)) => {
            Some("write the name of the variant in quotes".to_owned())
        }
        (Kind::List(_), Value::Map(_)) => {
            let changes = or_changes(words, [(Word::Add, "[..]"), (Word::Remove, "[..]")]);
            Some(format!("write a list in brackets{changes}"))
        }
        (Kind::Number(_), Value::Map(map)) => {
            let is_less = |name: &str| matches!(name, "minus" | "sub" | "subtract");
            let plus = if map.iter().any(|(name, _)| is_less(name)) { "-1" } else { "1" };
            let changes = or_changes(words, [(Word::Times, "2"), (Word::Plus, plus)]);
            Some(format!("write a number{changes}"))
        }
        (Kind::List(list), Value::Text(_) | Value::Int(_) | Value::F64(_)) => {
            let help = match list.element() {
                Kind::Text | Kind::Object | Kind::Enum(_) => "[\"like this\"]",
                _ => "[7]",
            };
            Some(format!("write a single element in brackets too: {help}"))
        }
        (Kind::Vector(_), Value::List(list))
            if list.iter().any(|one| matches!(one, Value::Text(_))) =>
        {
            Some("write numbers without quotes".to_owned())
        }
        (Kind::Array(..), Value::List(list)) => {
            let count = list.len();
            Some(format!("found {count} elements; each must be a number without quotes"))
        }
        (Kind::Pod(_), _) => Some("only the program can create such a value".to_owned()),
        (_, Value::Unset) => Some("remove the slot, or set a value".to_owned()),
        _ => None,
    }
}

/// Returns the range of an integer kind.
fn ends(kind: &Kind) -> Option<(i128, i128)> {
    kind.component()?.integer_range()
}
