//! Parses the kinds of definition files. They are written as `Kind` displays them.

use std::sync::Arc;

use slotted::Kind;
use slotted::schema::nearest_name;

/// An unknown kind, with a suggestion if a known kind has a similar name.
pub(super) struct UnknownKind {
    pub(super) suggestion: Option<Arc<str>>,
}

/// Names that older packs, other games and other languages use for our kinds.
const ALIASES: [(&str, &str); 22] = [
    ("int", "i32"),
    ("integer", "i32"),
    ("uint", "u32"),
    ("byte", "u8"),
    ("short", "i16"),
    ("long", "i64"),
    ("float", "f32"),
    ("number", "f32"),
    ("single", "f32"),
    ("double", "f64"),
    ("string", "text"),
    ("str", "text"),
    ("boolean", "bool"),
    ("entity", "object"),
    ("reference", "object"),
    ("ref", "object"),
    ("id", "object"),
    ("array", "list(f32)"),
    ("json", "any"),
    ("value", "any"),
    ("variant", "any"),
    ("vector", "vec3"),
];

/// Returns the names of all kinds without parameters.
pub(super) fn names() -> impl Iterator<Item = &'static str> {
    Kind::named().filter_map(|kind| kind.name())
}

/// Lists all kinds for messages.
pub(super) fn all() -> String {
    names()
        .chain(["enum", "list(…)", "map(…)", "(…, …)", "… | …", "[f32; 3]"])
        .collect::<Vec<_>>()
        .join(", ")
}

/// Parses a kind. `variants` are the variants of `enum`.
pub(super) fn parse(name: &str, variants: Option<&Kind>) -> Result<Kind, UnknownKind> {
    match within(name.trim(), "list(", ")") {
        Some(element) => {
            let kind = parse_element(element.trim(), variants).map(Kind::list);
            kind.map_err(|unknown| UnknownKind {
                suggestion: unknown.suggestion.map(|element| format!("list({element})").into()),
            })
        }
        None => parse_element(name.trim(), variants),
    }
}

/// The outermost form of a kind in a file.
pub(super) enum Form<'k> {
    /// The kind of a slot, or an unknown one.
    Single(&'k str),
    /// The name of a schema: a nested record.
    Schema(&'k str),
    /// A list of nested values.
    List(&'k str),
    /// A map: the kinds of its keys and its values.
    Map(&'k str, &'k str),
    /// A value for each of these kinds.
    Tuple(Vec<&'k str>),
    /// A value of one of these kinds.
    Union(Vec<&'k str>),
}

/// Returns the form of a kind.
pub(super) fn form<'k>(kind: &'k str, is_schema: &dyn Fn(&str) -> bool) -> Form<'k> {
    let kind = kind.trim();
    if depth(kind) > DEEPEST {
        return Form::Single(kind);
    }
    let kinds = split(kind, '|');
    if kinds.len() > 1 {
        return Form::Union(kinds);
    }
    if let Some(element) = within(kind, "list(", ")") {
        let is_list = within(element.trim(), "list(", ")").is_some();
        return match form(element, is_schema) {
            Form::Single(_) if !is_list => Form::Single(kind),
            _ => Form::List(element),
        };
    }
    if let Some(parts) = within(kind, "map(", ")").map(|kinds| split(kinds, ',')) {
        match parts[..] {
            [value] if !value.is_empty() => return Form::Map("text", value),
            [key, value] => return Form::Map(key, value),
            _ => {}
        }
    }
    if let Some(parts) =
        within(kind, "(", ")").map(|kinds| split(kinds, ',')).filter(|parts| parts.len() > 1)
    {
        return Form::Tuple(parts);
    }
    match is_schema(kind) && parse(kind, None).is_err() {
        true => Form::Schema(kind),
        false => Form::Single(kind),
    }
}

/// Returns the single kinds that a kind is made of. Those of schemas are not among them.
pub(super) fn singles<'k>(kind: &'k str, is_schema: &dyn Fn(&str) -> bool) -> Vec<&'k str> {
    match form(kind, is_schema) {
        Form::Single(kind) => vec![kind],
        Form::Schema(_) => Vec::new(),
        Form::List(element) => singles(element, is_schema),
        Form::Map(key, value) => [singles(key, is_schema), singles(value, is_schema)].concat(),
        Form::Tuple(kinds) | Form::Union(kinds) => {
            kinds.iter().flat_map(|kind| singles(kind, is_schema)).collect()
        }
    }
}

/// Returns the names in a kind that are no kinds and may be those of schemas.
pub(super) fn unknown_names<'k>(kind: &'k str, is_schema: &dyn Fn(&str) -> bool) -> Vec<&'k str> {
    let name = |kind: &'k str| {
        let mut name = kind.trim();
        while let Some(element) = within(name, "list(", ")") {
            name = element.trim();
        }
        name
    };
    let is_name = |name: &&str| {
        let is_word = matches!(*name, "enum" | "list" | "map" | "record");
        let signs = ['(', ')', '[', ']', '<', '>', '{', '}', ',', ';', '|'];
        let is_kind = is_word || parse(name, None).is_ok() || is_schema(name);
        !is_kind && !name.contains(signs) && slotted::schema::check_name(name).is_ok()
    };
    singles(kind, is_schema).into_iter().map(name).filter(is_name).collect()
}

/// Deeper kinds are unknown: the names of their slots would be too long.
const DEEPEST: usize = 32;

/// Returns how deep parentheses are nested.
fn depth(kind: &str) -> usize {
    let (mut depth, mut deepest) = (0_usize, 0);
    for byte in kind.bytes() {
        match byte {
            b'(' => depth += 1,
            b')' => depth = depth.saturating_sub(1),
            _ => {}
        }
        deepest = deepest.max(depth);
    }
    deepest
}

/// Splits at separators outside of brackets.
fn split(kinds: &str, separator: char) -> Vec<&str> {
    let (mut depth, mut start, mut parts) = (0_usize, 0, Vec::new());
    for (at, character) in kinds.char_indices() {
        match character {
            '(' | '[' => depth += 1,
            ')' | ']' => depth = depth.saturating_sub(1),
            _ if character == separator && depth == 0 => {
                parts.push(kinds[start..at].trim());
                start = at + 1;
            }
            _ => {}
        }
    }
    parts.push(kinds[start..].trim());
    parts
}

/// Parses any kind except a list.
fn parse_element(name: &str, variants: Option<&Kind>) -> Result<Kind, UnknownKind> {
    if let Some(kind) = Kind::from_name(name) {
        return Ok(kind);
    }
    if name == "enum" {
        return variants.cloned().ok_or(UnknownKind { suggestion: None });
    }
    if let Some(names) = within(name, "enum(", ")").filter(|names| !names.trim().is_empty()) {
        return Ok(Kind::enumeration(names.split(',').map(str::trim)));
    }
    if let Some((number, length)) = within(name, "[", "]").and_then(|array| array.split_once(';'))
        && let Some(Kind::Number(number)) = Kind::from_name(number.trim())
        && let Ok(length) = length.trim().parse()
    {
        return Ok(Kind::Array(number, length));
    }
    Err(UnknownKind { suggestion: suggestion(name) })
}

fn within<'a>(name: &'a str, before: &str, after: &str) -> Option<&'a str> {
    name.strip_prefix(before)?.strip_suffix(after)
}

fn suggestion(name: &str) -> Option<Arc<str>> {
    let lower = name.to_lowercase();
    if let Some((_, kind)) = ALIASES.iter().find(|(alias, _)| *alias == lower) {
        return Some((*kind).into());
    }
    // Lists as other languages write them.
    let element = within(&lower, "[", "]").or_else(|| lower.strip_suffix("[]"));
    if let Some(element) = element.map(str::trim) {
        return match parse(element, None) {
            Ok(kind) => Some(format!("list({kind})").into()),
            Err(error) => error.suggestion.map(|kind| format!("list({kind})").into()),
        };
    }
    let known: Vec<Arc<str>> = names().chain(["enum"]).map(Into::into).collect();
    with_parentheses(&lower).or_else(|| nearest_name(&lower, &known))
}

/// Returns the list or map that is meant, in lower case: other brackets, other words, or an end that is missing.
fn with_parentheses(kind: &str) -> Option<Arc<str>> {
    if kind.matches(['(', '[', '<', '{']).count() > DEEPEST {
        return None;
    }
    let (word, inner) = match kind.split_once(['(', '[', '<', '{']) {
        Some((word, inner)) => (word.trim(), inner.trim_end_matches([')', ']', '>', '}']).trim()),
        None => (kind, "text"),
    };
    let right = |kind: &str| match parse(kind, None) {
        Ok(kind) => Some(kind.to_string()),
        Err(unknown) => unknown.suggestion.map(|kind| kind.to_string()),
    };
    match word {
        "list" | "array" | "vec" | "vector" | "set" => {
            Some(format!("list({})", right(inner)?).into())
        }
        "map" | "dict" | "dictionary" | "hashmap" | "table" => {
            let kinds = inner.split(',').map(|kind| right(kind.trim()));
            Some(format!("map({})", kinds.collect::<Option<Vec<_>>>()?.join(", ")).into())
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use slotted::schema::NumberKind;

    use super::*;

    #[test]
    fn kinds_are_read_as_they_are_displayed() {
        let enumeration = Kind::enumeration(["farmer", "royal guard"]);
        let list = Kind::list(Kind::U16);
        let array = Kind::Array(NumberKind::F32, 7);
        for kind in Kind::named().chain([enumeration, list, array]) {
            assert_eq!(parse(&kind.to_string(), None).ok(), Some(kind));
        }
    }

    #[test]
    fn variants_make_an_enum_and_a_list_of_enums() {
        let variants = Kind::enumeration(["a", "b"]);
        assert_eq!(parse("enum", Some(&variants)).ok(), Some(variants.clone()));
        assert_eq!(parse("list(enum)", Some(&variants)).ok(), Some(Kind::list(variants)));
        assert!(parse("enum", None).is_err());
    }

    #[test]
    fn names_of_other_games_are_recognised() {
        let suggestion = |name| parse(name, None).err().and_then(|error| error.suggestion);
        assert_eq!(suggestion("String").as_deref(), Some("text"));
        assert_eq!(suggestion("entity").as_deref(), Some("object"));
        assert_eq!(suggestion("f23").as_deref(), Some("f32"));
        assert_eq!(suggestion("list(entity)").as_deref(), Some("list(object)"));
        for list in ["text[]", "[text]", "list<text>", "Vec<String>"] {
            assert_eq!(suggestion(list).as_deref(), Some("list(text)"), "{list}");
        }
        for list in ["List(Text)", "list[text]", "list(text", "array{string}", "list(text]"] {
            assert_eq!(suggestion(list).as_deref(), Some("list(text)"), "{list}");
        }
        assert_eq!(suggestion("dict").as_deref(), Some("map(text)"));
        assert_eq!(suggestion("map<text, int>").as_deref(), Some("map(text, i32)"));
        assert_eq!(suggestion("list(colour"), None);
        assert_eq!(suggestion("colour").as_deref(), None);
        assert!(parse("[f32; x]", None).is_err() && parse("list()", None).is_err());
    }
}
