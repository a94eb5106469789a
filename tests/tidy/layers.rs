//! Allowed uses between modules.

use crate::source::{Source, Violation, code, first_word, is_word, words};

/// The modules of the crate, lowest first. Each may use those before it.
pub(crate) const LAYERS: &[&str] = &[
    "debug_as_display",
    "quoted",
    "suggest",
    "shared_vec",
    "id",
    "side_table",
    "epoch",
    "text",
    "list",
    "any",
    "simd",
    "pool",
    "shared_vec",
    "vectors",
    "storage",
    "number",
    "kind",
    "value",
    "record",
    "serde_impls",
    "schema",
    "error",
    "by_name",
    "slot_value",
    "store",
    "snapshot",
    "map",
];

/// Modules that only the listed modules may use: schemas never touch storage.
pub(crate) const RESERVED: &[(&str, &[&str])] =
    &[("storage", &["slot_value", "store", "snapshot"]), ("store", &["snapshot"])];

/// Returns the layer of a file. `lib.rs` has none and may use all modules.
pub(crate) fn layer(path: &str) -> Option<&str> {
    let name = path.strip_prefix("src/")?.split('/').next()?;
    let name = name.strip_suffix(".rs").unwrap_or(name);
    (name != "lib").then_some(name)
}

pub(crate) fn layers(source: &Source) -> Vec<Violation> {
    let Some(own) = layer(&source.path) else { return Vec::new() };
    let position = |name: &str| LAYERS.iter().position(|layer| *layer == name);
    let Some(height) = position(own) else {
        return vec![source.violation(1, format!("'{own}' is missing from the list of layers"))];
    };
    let code = code(&source.text);
    let uses = words(&code, "crate").filter_map(|at| {
        let path = code[at..].strip_prefix("crate::")?;
        let (name, in_macro) = (first_word(path), code[..at].ends_with('$'));
        let is_root_item = name.is_empty() || name.starts_with(char::is_uppercase);
        let is_macro = path[name.len()..].starts_with('!');
        let what = if is_macro || (is_root_item && in_macro) {
            return None;
        } else if is_root_item {
            "a name of the crate root: import it from its own module".to_owned()
        } else if name == own {
            return None;
        } else if position(name).is_none_or(|other| other > height) {
            format!("'{own}' uses '{name}', a layer above it")
        } else if RESERVED.iter().any(|(low, users)| *low == name && !users.contains(&own)) {
            format!("'{own}' uses '{name}', which is reserved for other modules")
        } else {
            return None;
        };
        Some(source.violation_at(at, what))
    });
    let uplifts = code.match_indices("super::super").map(|(at, _)| {
        source.violation_at(at, "`super::super`: write the path from the crate root")
    });
    uses.chain(uplifts).collect()
}

/// Finds uses of the crate's external name. Only its documentation may use it.
pub(crate) fn outside_names(source: &Source) -> Vec<Violation> {
    let code = code(&source.text);
    if layer(&source.path).is_none() || code.contains("mod slotted;") {
        return Vec::new();
    }
    let is_path_start = |at: &usize| {
        let before = code[..*at].trim_end_matches("::");
        before.len() == *at || !before.ends_with(is_word)
    };
    words(&code, "slotted")
        .filter(|at| code[*at..].starts_with("slotted::"))
        .filter(is_path_start)
        .map(|at| {
            source.violation_at(
                at,
                "the external name of the crate inside the crate: write `crate::`",
            )
        })
        .collect()
}

mod tests {
    use super::*;
    use crate::source::lines;

    #[test]
    fn upward_uses_are_found() {
        let text = "//! A\nuse crate::id::ObjectId;\nuse crate::store::Store;\n\n\
            // use crate::store::Store;\nfn f() { crate::map::f(); }\nuse crate::nowhere::X;\n";
        assert_eq!(lines(layers, "src/schema/slot.rs", text), [3, 6, 7]);
        assert_eq!(lines(layers, "src/lib.rs", text), []);
        assert_eq!(lines(layers, "src/novel.rs", "//! New\n"), [1]);
    }

    #[test]
    fn storage_is_reserved() {
        let text = "use crate::storage::Table;\n";
        assert_eq!(lines(layers, "src/store/spawn.rs", text), []);
        assert_eq!(lines(layers, "src/storage/column.rs", text), []);
        assert_eq!(lines(layers, "src/schema/check.rs", text), [1]);
        assert_eq!(lines(layers, "src/map/mod.rs", text), [1]);
        assert_eq!(lines(layers, "src/storage/table.rs", "use crate::schema::Slot;"), [1]);
    }

    #[test]
    fn names_of_the_root_are_found() {
        let text = "use crate::{ObjectId, Kind};\nuse crate::Value;\nuse super::super::id;\n\
            macro_rules! m { () => { $crate::Record::new(); $crate::record!() } }\n";
        assert_eq!(lines(layers, "src/record.rs", text), [1, 2, 3]);
        assert_eq!(
            lines(layers, "src/id.rs", "macro_rules! m { () => { $crate::kind::f() } }"),
            [1]
        );
    }

    #[test]
    fn outside_names_are_found_in_code_only() {
        let text = "/// use slotted::Store;\nuse slotted::Kind;\nuse crate::store::slotted::X;\n\
            fn f(_: ::slotted::Store) {}\n";
        assert_eq!(lines(outside_names, "src/store/keys.rs", text), [2, 4]);
        let local = "mod slotted;\npub use slotted::Slotted;\n";
        assert_eq!(lines(outside_names, "src/store/mod.rs", local), []);
    }
}
