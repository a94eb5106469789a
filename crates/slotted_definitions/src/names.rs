//! Names that are none, and names that look like others.

use std::collections::HashMap;

use unicode_security::confusable_detection::skeleton;

use crate::diagnostic::{Code, Diagnostic, Diagnostics, is_hidden, quoted, strange_letters};
use crate::source::Place;

/// Why something cannot be called so.
pub(super) fn bad_name(what: &str, name: &str, place: Place) -> Diagnostic {
    let shown = quoted(name);
    let hidden = name.chars().find(|letter| is_hidden(*letter));
    let (message, label, help) = match hidden {
        _ if name.is_empty() => (format!("{what} has an empty name"), "empty", "give it a name"),
        Some(letter) => {
            let letter = u32::from(letter);
            let message = format!("the name {shown} has a hidden character, U+{letter:04X}");
            (message, "not a name", "type the name anew: what is pasted may bring such characters")
        }
        None => {
            let length = name.chars().count();
            let message = format!("{what} has a name of {length} characters");
            (message, "too long", "a name has at most 128 characters")
        }
    };
    Diagnostic::error(Code::BadName, message).at(place, label).help(help)
}

/// Reports names that look the same and are not.
pub(super) fn look_alike<'a>(
    what: &str,
    names: impl Iterator<Item = (&'a str, Place)>,
    diagnostics: &mut Diagnostics,
) {
    const LONGEST: usize = 128;
    let names: Vec<_> = names.filter(|(name, _)| name.len() <= LONGEST).collect();
    // Only letters that are not of ASCII can be taken for others of a name worth comparing.
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
                .help(strange_letters([name, other])),
        );
    }
}
