//! Reads, writes and explains the constraints of definition files.

use std::ops::Bound;

use crate::diagnostic::Diagnostic;
use crate::format::Format;
use crate::keys::Reading;
use crate::node::{Data, Node};
use crate::write_schema::{float, list, map, quoted};
use slotted::Kind;
use slotted::schema::{Constraint, Number, NumberRange};

/// The keys of constraints, in reading and writing order.
pub(super) const KEYS: [&str; 4] = ["range", "finite", "step", "references"];

/// Returns whether the constraint of the key can confine such values.
pub(super) fn suits(key: &str, kind: &Kind) -> bool {
    match key {
        "references" => *kind.element() == Kind::Object,
        "range" | "finite" | "step" => kind.component().is_some(),
        _ => false,
    }
}

/// Reads the constraint that a key of a slot declares. Returns `None` if it is invalid, or `finite = false`.
pub(super) fn read(reading: &mut Reading<'_>, key: &str, node: &Node<'_>) -> Option<Constraint> {
    let quoted_key = crate::diagnostic::quoted(key);
    match key {
        "range" => range(reading, node).map(Constraint::Range),
        "finite" => reading.bool(node, &quoted_key)?.then_some(Constraint::Finite),
        "step" => number(reading, node, "'step'").map(Constraint::Step),
        "references" => {
            reading.text(node, &quoted_key).map(|schema| Constraint::References(schema.into()))
        }
        _ => None,
    }
}

const BOUNDS: [&str; 4] = ["min", "max", "above", "below"];

fn range(reading: &mut Reading<'_>, node: &Node<'_>) -> Option<NumberRange> {
    let expected = "[min, max] or a map with min, max, above or below";
    let range = match &node.data {
        Data::List(list) if list.len() == 2 => {
            let mut bound = |node: &Node<'_>| match node.data {
                Data::Unset => Some(Bound::Unbounded),
                _ => end_of_range(reading, node).map(Bound::Included),
            };
            (bound(&list[0])?, bound(&list[1])?)
        }
        Data::Map(map) => {
            let mut range = (Bound::Unbounded, Bound::Unbounded);
            for entry in reading.once(map, "the range") {
                match &*entry.name {
                    "min" => range.0 = Bound::Included(end_of_range(reading, &entry.value)?),
                    "above" => range.0 = Bound::Excluded(end_of_range(reading, &entry.value)?),
                    "max" => range.1 = Bound::Included(end_of_range(reading, &entry.value)?),
                    "below" => range.1 = Bound::Excluded(end_of_range(reading, &entry.value)?),
                    _ => reading.unknown(entry, "a range", &BOUNDS, None),
                }
            }
            range
        }
        _ => {
            reading.unexpected(node, "'range'", expected);
            return None;
        }
    };
    Some(NumberRange::new::<Number>(range))
}

fn end_of_range(reading: &mut Reading<'_>, node: &Node<'_>) -> Option<Number> {
    number(reading, node, "a range bound")
}

fn number(reading: &mut Reading<'_>, node: &Node<'_>, what: &str) -> Option<Number> {
    match node.data {
        Data::Int(number) => Some(number.into()),
        Data::UInt(number) => Some(number.into()),
        Data::Float(number) => Some(number.into()),
        _ => {
            reading.unexpected(node, what, "a number");
            None
        }
    }
}

/// Writes the value of the constraint's key. Returns `None` if the format has no such number.
pub(super) fn write(constraint: &Constraint, format: Format) -> Option<String> {
    match constraint {
        Constraint::Range(range) => write_range(range, format),
        Constraint::Finite => Some("true".to_owned()),
        Constraint::Step(step) => write_number(*step, format),
        Constraint::References(schema) => Some(quoted(schema, format)),
    }
}

fn write_range(range: &NumberRange, format: Format) -> Option<String> {
    let number = |number| write_number(number, format);
    if let (Bound::Included(min), Bound::Included(max)) = (range.min(), range.max()) {
        return Some(list([number(min)?, number(max)?].into_iter()));
    }
    let (mut pairs, ends) =
        (Vec::new(), [("min", "above", range.min()), ("max", "below", range.max())]);
    for (included, excluded, bound) in ends {
        match bound {
            Bound::Included(end) => pairs.push((included, number(end)?)),
            Bound::Excluded(end) => pairs.push((excluded, number(end)?)),
            Bound::Unbounded => {}
        }
    }
    Some(map(&pairs, format))
}

fn write_number(number: Number, format: Format) -> Option<String> {
    match number {
        Number::Int(number) => Some(number.to_string()),
        Number::Float(number) => float(number, format),
    }
}

/// Describes the valid values: first as a label for people, then as an expectation for tools.
pub(super) fn expectation(constraint: &Constraint) -> (String, String) {
    match constraint {
        Constraint::Range(range) => (format!("must be {range}"), range.to_string()),
        Constraint::Finite => {
            ("infinity and NaN are not allowed".to_owned(), "a finite number".to_owned())
        }
        Constraint::Step(step) => {
            (format!("must be a multiple of {step}"), format!("a multiple of {step}"))
        }
        Constraint::References(schema) => {
            (format!("must refer to a '{schema}'"), format!("a reference to a '{schema}'"))
        }
    }
}

/// Adds help for a constraint that does not fit the slot's kind.
pub(super) fn advise(diagnostic: Diagnostic, constraint: &Constraint, kind: &Kind) -> Diagnostic {
    let ends = kind.component().and_then(|number| number.integer_range());
    match (constraint, ends) {
        (Constraint::Range(range), _) if is_reversed(range) => {
            diagnostic.help("write the smaller number first")
        }
        (Constraint::Range(_), Some((min, max))) => {
            diagnostic.help(format!("{kind} holds {min} to {max}"))
        }
        (Constraint::Step(_), Some((_, max))) => {
            diagnostic.help(format!("write a whole number from 1 to {max}"))
        }
        (Constraint::Step(_), None) => diagnostic.help("write a number above 0"),
        (Constraint::Range(_) | Constraint::Finite | Constraint::References(_), _) => diagnostic,
    }
}

/// Describes why a constraint does not fit the slot's kind, as a label.
pub(super) fn flaw(constraint: &Constraint, kind: &Kind) -> String {
    let positive = NumberRange::new((Bound::Excluded(Number::Int(0)), Bound::Unbounded));
    match constraint {
        Constraint::Range(range) if is_reversed(range) => "the bounds are reversed".to_owned(),
        Constraint::Step(step) if !positive.contains(*step) => "must be above 0".to_owned(),
        _ => format!("invalid for {kind}"),
    }
}

fn is_reversed(range: &NumberRange) -> bool {
    match (range.min(), range.max()) {
        (
            Bound::Included(min) | Bound::Excluded(min),
            Bound::Included(max) | Bound::Excluded(max),
        ) => !NumberRange::new(min..).contains(max),
        _ => false,
    }
}

/// Describes constraints in JSON Schemas.
#[cfg(feature = "json")]
pub(super) mod json {
    use serde_json::{Map, Value as Json, json};

    use super::*;

    /// Describes the keys of constraints in a slot's declaration. `schema_name` describes names of schemas.
    pub(crate) fn declarations(schema_name: &Json) -> Map<String, Json> {
        let end = json!({ "type": ["number", "null"] });
        let ends = BOUNDS.map(|end| (end.to_owned(), json!({ "type": "number" })));
        let range = json!([
            { "type": "array", "items": end, "minItems": 2, "maxItems": 2 },
            {
                "description": "The bounds of the range. min and max are part of the range, above and below are not.",
                "type": "object",
                "properties": Map::from_iter(ends),
                "additionalProperties": false,
            },
        ]);
        let mut references = schema_name.clone();
        references["description"] = "The schema of the referenced records; records of schemas that extend it are accepted too.".into();
        let declaration = |key: &str| match key {
            "range" => json!({ "anyOf": range, "description": "The range of valid numbers." }),
            "finite" => {
                json!({ "type": "boolean", "description": "If true, infinities and NaN are rejected." })
            }
            "step" => json!({
                "type": "number", "exclusiveMinimum": 0,
                "description": "Only multiples of this number are valid.",
            }),
            "references" => references.clone(),
            other => unreachable!("'{other}' is a key without a JSON Schema"),
        };
        KEYS.into_iter().map(|key| (key.to_owned(), declaration(key))).collect()
    }

    /// Adds the constraint to the JSON Schema of one number.
    pub(crate) fn confine(number: &mut Json, constraint: &Constraint) {
        match constraint {
            Constraint::Range(range) => {
                let ends = [
                    (range.min(), "minimum", "exclusiveMinimum"),
                    (range.max(), "maximum", "exclusiveMaximum"),
                ];
                for (bound, included, excluded) in ends {
                    match bound {
                        Bound::Included(end) => set(number, included, end),
                        Bound::Excluded(end) => set(number, excluded, end),
                        Bound::Unbounded => {}
                    }
                }
            }
            Constraint::Step(step) => set(number, "multipleOf", *step),
            // JSON numbers are finite, and references are not numbers.
            Constraint::Finite | Constraint::References(_) => {}
        }
    }

    /// Sets a bound. Infinite bounds are omitted, because JSON has no infinite numbers.
    fn set(json: &mut Json, key: &str, number: Number) {
        let number = to_json(number);
        if !number.is_null() {
            json[key] = number;
        }
    }

    pub(crate) fn to_json(number: Number) -> Json {
        match number {
            Number::Int(number) => match (i64::try_from(number), u64::try_from(number)) {
                (Ok(number), _) => number.into(),
                (_, Ok(number)) => number.into(),
                _ => Json::Null,
            },
            Number::Float(number) => number.into(),
        }
    }
}
