//! Diagnostics for invalid names and for names that look alike.

use std::collections::HashMap;

use unicode_normalization::UnicodeNormalization;
use unicode_security::confusable_detection::skeleton;

use crate::diagnostic::{Code, Diagnostic, Diagnostics, is_hidden, non_ascii_letters, quoted};
use crate::source::Place;

/// Returns whether both names have the same letters, each as one character or with its accent as another.
pub(super) fn have_same_letters(name: &str, other: &str) -> bool {
    name != other && name.nfc().eq(other.nfc())
}

/// Returns the name with each letter and its accents as one character.
pub(super) fn composed(name: &str) -> String {
    name.nfc().collect()
}

/// Explains why a name is invalid.
pub(super) fn bad_name(what: &str, name: &str, place: Place) -> Diagnostic {
    let shown = quoted(name);
    let hidden = name.chars().find(|letter| is_hidden(*letter));
    let (message, label, help) = match hidden {
        _ if name.is_empty() => {
            (format!("{what} has an empty name"), "empty name", "give it a name")
        }
        Some(letter) => {
            let letter = u32::from(letter);
            let message = format!("name {shown} contains a hidden character, U+{letter:04X}");
            (message, "invalid name", "retype the name; pasted text can contain hidden characters")
        }
        None => {
            let length = name.chars().count();
            let message = format!("the name of {what} has {length} characters; the limit is 128");
            (message, "too long", "shorten the name")
        }
    };
    Diagnostic::error(Code::BadName, message).at(place, label).help(help)
}

/// Reports different names that look the same.
pub(super) fn look_alike<'a>(
    what: &str,
    names: impl Iterator<Item = (&'a str, Place)>,
    diagnostics: &mut Diagnostics,
) {
    const LONGEST: usize = 128;
    let names: Vec<_> = names.filter(|(name, _)| name.len() <= LONGEST).collect();
    // ASCII names never look alike here.
    if names.iter().all(|(name, _)| name.is_ascii()) {
        return;
    }
    let mut seen: HashMap<String, (&str, Place)> = HashMap::new();
    for (name, place) in names {
        let Some((other, other_place)) = seen.insert(skeleton(name).collect(), (name, place))
        else {
            continue;
        };
        if other == name {
            continue;
        }
        let message = format!("two {what} look alike: {} and {}", quoted(name), quoted(other));
        diagnostics.push(
            Diagnostic::error(Code::LookAlike, message)
                .at(place, "this one")
                .at(other_place, "and this one")
                .help(non_ascii_letters([name, other])),
        );
    }
}
