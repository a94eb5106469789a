//! Why a slot does not accept a value of a file, at its place.

use crate::definitions::diagnostic::{Code, Diagnostic};
use crate::definitions::node::{Data, Node};
use crate::definitions::source::Place;
use crate::kind::Kind;
use crate::schema::{Problem, What};
use crate::value::Value;

/// Whether a value is the name of a record, or a list of such names, in a slot for references.
pub(super) fn is_reference(kind: &Kind, value: &Value) -> bool {
    match (kind, value) {
        (Kind::Entity, Value::Text(_)) => true,
        (Kind::List(list), Value::List(names)) if *list.element() == Kind::Entity => {
            names.iter().all(|name| matches!(name, Value::Text(_)))
        }
        _ => false,
    }
}

/// What is wrong with the value that the node is.
pub(super) fn refused(problem: &Problem, place: Place, node: &Node<'_>) -> Diagnostic {
    let (what, node) = element(&problem.what, node);
    let place = Place { span: node.span, ..place };
    let diagnostic = Diagnostic::error(Code::BadValue, problem.to_string());
    let found = node.to_value();
    let with = |diagnostic: Diagnostic, label: String, expected: String| {
        diagnostic.at(place, label).expected_found(expected, found.to_string())
    };
    match what {
        What::WrongKind { expected, found } => {
            let diagnostic = with(diagnostic, format!("expected {expected}"), expected.to_string());
            match help_for_kind(expected, found) {
                Some(help) => diagnostic.help(help),
                None => diagnostic,
            }
        }
        What::DoesNotFit { expected, .. } => {
            let diagnostic =
                with(diagnostic, format!("{expected} cannot hold it"), expected.to_string());
            match ends(expected) {
                Some((min, max)) => diagnostic.help(format!("{expected} holds {min} to {max}")),
                None => diagnostic,
            }
        }
        What::OutOfRange { expected, .. } => {
            with(diagnostic, format!("must be {expected}"), expected.to_string())
        }
        What::NotFinite { .. } => {
            with(diagnostic, "must be finite".to_owned(), "a finite number".to_owned())
        }
        What::UnknownVariant { expected, suggestion, .. } => {
            let variants = expected.variants().join(", ");
            with(diagnostic, "no such variant".to_owned(), format!("one of {variants}"))
                .suggest(suggestion.clone())
        }
        _ => diagnostic.at(place, ""),
    }
}

/// What is wrong with an element of a list, and the element.
fn element<'a, 'n, 's>(what: &'a What, node: &'n Node<'s>) -> (&'a What, &'n Node<'s>) {
    if let (What::Element { position, what }, Data::List(list)) = (what, &node.data)
        && let Some(node) = list.get(*position)
    {
        return (what, node);
    }
    (what, node)
}

/// What a modder has meant, most likely.
fn help_for_kind(expected: &Kind, found: &Value) -> Option<String> {
    match (expected, found) {
        (Kind::Number(_), Value::Text(text)) if text.parse::<f64>().is_ok() => {
            Some("write the number without quotes".to_owned())
        }
        (Kind::Bool, Value::Text(text)) if matches!(&**text, "true" | "false") => {
            Some("write it without quotes".to_owned())
        }
        (Kind::Bool, Value::Int(0 | 1)) => Some("write true or false".to_owned()),
        (Kind::Text | Kind::Enum(_), Value::Int(_) | Value::F64(_) | Value::Bool(_)) => {
            Some("write it in quotes".to_owned())
        }
        (Kind::Number(kind), Value::F64(_)) if !matches!(kind.name(), "f32" | "f64") => {
            Some(format!("{kind} holds whole numbers, without a point"))
        }
        (Kind::Entity, _) => Some("write the name of a record, in quotes".to_owned()),
        (Kind::List(list), _) => {
            let element = list.element();
            Some(format!("write a list of {element} in brackets, also of one: [ … ]"))
        }
        (Kind::Array(_, length), Value::List(list)) if list.len() != *length as usize => {
            Some(format!("there are {} numbers, {length} are expected", list.len()))
        }
        (Kind::Vec2 | Kind::IVec2 | Kind::UVec2, _) => Some("write two numbers: [x, y]".to_owned()),
        (Kind::Vec3 | Kind::IVec3, _) => Some("write three numbers: [x, y, z]".to_owned()),
        (Kind::Vec4 | Kind::Quat, _) => Some("write four numbers: [x, y, z, w]".to_owned()),
        (Kind::Mat4, _) => Some("write 16 numbers, column by column".to_owned()),
        (Kind::Pod(_), _) => Some("only the program itself can make such a value".to_owned()),
        (_, Value::Unset) => Some("leave the name out, or give it a value".to_owned()),
        _ => None,
    }
}

/// The least and the largest that an integer kind holds.
fn ends(kind: &Kind) -> Option<(i128, i128)> {
    let number = kind.component()?;
    let bits: u32 = number.name().get(1..)?.parse().ok()?;
    match number.name().as_bytes()[0] {
        b'i' => Some((-(1_i128 << (bits - 1)), (1_i128 << (bits - 1)) - 1)),
        b'u' => Some((0, (1_i128 << bits) - 1)),
        _ => None,
    }
}
