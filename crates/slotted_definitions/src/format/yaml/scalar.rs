//! Values without quotes, by the core schema of YAML 1.2.

use std::borrow::Cow;

use crate::format::Reader;
use crate::node::{Data, Node};
use crate::source::Span;

impl<'s> Reader<'s> {
    /// Reads a value without quotes.
    pub(super) fn plain(&mut self, span: Span, text: Cow<'s, str>) -> Node<'s> {
        let data = match of(&text) {
            Plain::Null => Data::Unset,
            Plain::Bool(truth) => Data::Bool(truth),
            Plain::Text => Data::Text(text.into()),
            Plain::Special(number) => Data::Float(number),
            Plain::Float => return self.float(span, &text),
            Plain::Integer { digits, radix: 10 } if digits.len() > 1 && digits.starts_with('0') => {
                let help = "write 7 for a number, and \"07\" for text";
                return self.bad(span, "a number must not start with a zero", Some(help));
            }
            Plain::Integer { radix: 10, .. } => {
                let digits = text.strip_prefix('+').unwrap_or(&text);
                return self.integer(span, digits);
            }
            Plain::Integer { digits, radix } => match u64::from_str_radix(digits, radix) {
                Ok(number) => i64::try_from(number).map_or(Data::UInt(number), Data::Int),
                Err(_) => return self.integer_past_all(span),
            },
        };
        Node { span, data }
    }
}

/// The meaning of a text without quotes.
enum Plain<'t> {
    Null,
    Bool(bool),
    Integer {
        digits: &'t str,
        radix: u32,
    },
    Float,
    /// Infinity or NaN.
    Special(f64),
    Text,
}

fn of(text: &str) -> Plain<'_> {
    match text {
        "" | "~" | "null" | "Null" | "NULL" => return Plain::Null,
        "true" | "True" | "TRUE" => return Plain::Bool(true),
        "false" | "False" | "FALSE" => return Plain::Bool(false),
        ".nan" | ".NaN" | ".NAN" => return Plain::Special(f64::NAN),
        _ => {}
    }
    for (mark, radix) in [("0x", 16), ("0o", 8)] {
        if let Some(digits) = text.strip_prefix(mark).filter(|digits| are_digits(digits, radix)) {
            return Plain::Integer { digits, radix };
        }
    }
    let unsigned = text.strip_prefix(['-', '+']).unwrap_or(text);
    match unsigned {
        ".inf" | ".Inf" | ".INF" if text.starts_with('-') => Plain::Special(f64::NEG_INFINITY),
        ".inf" | ".Inf" | ".INF" => Plain::Special(f64::INFINITY),
        digits if are_digits(digits, 10) => Plain::Integer { digits, radix: 10 },
        number if is_float(number) => Plain::Float,
        _ => Plain::Text,
    }
}

fn are_digits(text: &str, radix: u32) -> bool {
    !text.is_empty() && text.chars().all(|c| c.is_digit(radix))
}

/// Returns whether the text is a number with a point or an exponent, or both.
fn is_float(unsigned: &str) -> bool {
    let (number, exponent) = match unsigned.split_once(['e', 'E']) {
        Some((number, exponent)) => (number, Some(exponent)),
        None => (unsigned, None),
    };
    let exponent = exponent.map(|exponent| exponent.strip_prefix(['-', '+']).unwrap_or(exponent));
    if exponent.is_some_and(|digits| !are_digits(digits, 10)) {
        return false;
    }
    let (whole, fraction) = number.split_once('.').unwrap_or((number, "0"));
    let is_whole = whole.is_empty() || are_digits(whole, 10);
    let is_fraction = fraction.is_empty() || are_digits(fraction, 10);
    is_whole && is_fraction && !(whole.is_empty() && fraction.is_empty()) && !number.is_empty()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::write_yaml::is_plain_word;

    fn read(text: &str) -> String {
        match of(text) {
            Plain::Null => "null".to_owned(),
            Plain::Bool(truth) => truth.to_string(),
            Plain::Integer { digits, radix } => format!("{digits} in base {radix}"),
            Plain::Float => "float".to_owned(),
            Plain::Special(number) => number.to_string(),
            Plain::Text => "text".to_owned(),
        }
    }

    #[test]
    fn the_core_schema_decides() {
        for word in
            ["no", "yes", "on", "off", "y", "NO", "nULL", "tRue", "0x", "0xg", "0o8", "-0x1"]
        {
            assert_eq!(read(word), "text", "{word}");
        }
        for word in
            [".", "-", "+", "-.", "1e", "1.5e", "e5", ".e5", "1_000", "1:30", "1.2.3", "inf"]
        {
            assert_eq!(read(word), "text", "{word}");
        }
        for word in ["2024-05-01", "+.", "--1", "1 2", "١"] {
            assert_eq!(read(word), "text", "{word}");
        }
        for number in ["1.", ".5", "1e5", "-1.5E+3", "+0.5", "1.e5", ".5e-1"] {
            assert_eq!(read(number), "float", "{number}");
            assert!(number.parse::<f64>().is_ok(), "{number}");
        }
        assert_eq!((read("-12"), read("0o17")), ("12 in base 10".into(), "17 in base 8".into()));
        assert_eq!(
            (read("~"), read("-.Inf"), read(".NaN")),
            ("null".into(), "-inf".into(), "NaN".into())
        );
        assert_eq!(
            (read("True"), read("FALSE"), read("0xFf")),
            ("true".into(), "false".into(), "Ff in base 16".into())
        );
    }

    #[test]
    fn words_that_need_no_quotes_are_text() {
        for word in ["grunt", "old_orc", "_x", "null", "No", "y", "1a", "", "a b", "a-b", "é", "<<"]
        {
            let is_text = matches!(of(word), Plain::Text);
            assert!(is_text || !is_plain_word(word), "{word}");
        }
        assert!(is_plain_word("grunt") && !is_plain_word("No") && !is_plain_word("a b"));
    }
}
