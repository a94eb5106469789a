//! Constraints in definition files: reading, writing, messages and JSON Schema.

use std::ops::Bound;

use crate::diagnostic::Diagnostic;
use crate::format::Format;
use crate::keys::Reading;
use crate::node::{Data, Node};
use crate::write_schema::{float, list, map, quoted};
use slotted::Kind;
use slotted::schema::{Constraint, Number, NumberRange};

/// The words of constraints, in the order in which slots are read and written.
pub(super) const WORDS: [&str; 4] = ["range", "finite", "step", "references"];

/// Reads the constraint that a word of a slot declares. Returns `None` if nothing is declared.
pub(super) fn read(reading: &mut Reading<'_>, word: &str, node: &Node<'_>) -> Option<Constraint> {
    match word {
        "range" => range(reading, node).map(Constraint::Range),
        "finite" => reading.bool(node, word)?.then_some(Constraint::Finite),
        "step" => number(reading, node, "a step").map(Constraint::Step),
        "references" => {
            reading.text(node, word).map(|schema| Constraint::References(schema.into()))
        }
        _ => None,
    }
}

const BOUNDS: [&str; 4] = ["min", "max", "above", "below"];

fn range(reading: &mut Reading<'_>, node: &Node<'_>) -> Option<NumberRange> {
    let expected = "[min, max], or a map with min, max, above or below";
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
            reading.unexpected(node, "a range", expected);
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

/// Writes what stands after the constraint's word. Returns `None` if the format has no such number.
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
    let (mut words, ends) =
        (Vec::new(), [("min", "above", range.min()), ("max", "below", range.max())]);
    for (included, excluded, bound) in ends {
        match bound {
            Bound::Included(end) => words.push((included, number(end)?)),
            Bound::Excluded(end) => words.push((excluded, number(end)?)),
            Bound::Unbounded => {}
        }
    }
    Some(map(&words, format))
}

fn write_number(number: Number, format: Format) -> Option<String> {
    match number {
        Number::Int(number) => Some(number.to_string()),
        Number::Float(number) => float(number, format),
    }
}

/// Describes the values that satisfy the constraint: for the label at a wrong value, and for tools.
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
            (format!("must be a '{schema}'"), format!("a reference to a '{schema}'"))
        }
    }
}

/// Adds advice for a constraint that does not suit the slot's kind.
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

fn is_reversed(range: &NumberRange) -> bool {
    match (range.min(), range.max()) {
        (
            Bound::Included(min) | Bound::Excluded(min),
            Bound::Included(max) | Bound::Excluded(max),
        ) => !NumberRange::new(min..).contains(max),
        _ => false,
    }
}

/// Constraints in JSON Schemas.
#[cfg(feature = "json")]
pub(super) mod json {
    use serde_json::{Map, Value as Json, json};

    use super::*;

    /// Returns the words of constraints in a slot's declaration; `schema_name` describes names of schemas.
    pub(crate) fn declarations(schema_name: &Json) -> Map<String, Json> {
        let end = json!({ "type": ["number", "null"] });
        let ends = BOUNDS.map(|end| (end.to_owned(), json!({ "type": "number" })));
        let range = json!([
            { "type": "array", "items": end, "minItems": 2, "maxItems": 2 },
            {
                "description": "The ends of the range; above and below are no part of it.",
                "type": "object",
                "properties": Map::from_iter(ends),
                "additionalProperties": false,
            },
        ]);
        let mut references = schema_name.clone();
        references["description"] = "The schema of what it refers to.".into();
        let declaration = |word: &str| match word {
            "range" => json!({ "anyOf": range, "description": "The numbers that are accepted." }),
            "finite" => {
                json!({ "type": "boolean", "description": "Whether infinities and NaN are refused." })
            }
            "step" => json!({
                "type": "number", "exclusiveMinimum": 0,
                "description": "Only multiples of this number are accepted.",
            }),
            _ => references.clone(),
        };
        WORDS.into_iter().map(|word| (word.to_owned(), declaration(word))).collect()
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
            // JSON has finite numbers only, and no number refers to anything.
            Constraint::Finite | Constraint::References(_) => {}
        }
    }

    /// JSON has no infinite numbers: an infinite end is none.
    fn set(json: &mut Json, word: &str, number: Number) {
        let number = to_json(number);
        if !number.is_null() {
            json[word] = number;
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
