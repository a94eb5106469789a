//! The keys of declared nested values.

use crate::diagnostic::{Code, Diagnostic, quoted};
use crate::keys::Reading;
use crate::nested_slots::records;
use crate::node::{Data, Entry, Node};
use crate::source::Place;

/// The keys of a nested value.
const KEYS: [&str; 10] = [
    "kind",
    "keys",
    "references",
    "slots",
    "variants",
    "tag",
    "optional",
    "default",
    "one_or_list",
    "renamed_from",
];

/// The keys of a nested value, besides its slots and variants.
#[derive(Default)]
pub(super) struct NestedKeys<'n, 's> {
    pub(super) former: Option<&'n str>,
    pub(super) is_optional: bool,
    pub(super) is_empty: bool,
    pub(super) is_one_or_list: bool,
    /// The kind with a word for the record.
    pub(super) kind: Option<(Place, &'n str)>,
    /// The kind of a map's keys.
    pub(super) of_map: Option<(Place, &'n str)>,
    /// The schema that the keys refer to.
    pub(super) references: Option<&'n Entry<'s>>,
    pub(super) tag: Option<(Place, &'n str)>,
}

impl<'n, 's> NestedKeys<'n, 's> {
    pub(super) fn read(
        map: &'n [Entry<'s>],
        (is_patch, has_variants): (bool, bool),
        reading: &mut Reading<'_>,
    ) -> Self {
        let mut found = Self::default();
        for key in reading.once(map, "the nested record") {
            match &*key.name {
                "slots" => {}
                "variants" if has_variants => {}
                name if is_patch && KEYS.contains(&name) => {
                    let message =
                        format!("a patch cannot change {} of a nested record", quoted(&key.name));
                    let place = reading.place(key.span);
                    let diagnostic = Diagnostic::error(Code::Unexpected, message);
                    let help = "change it for each part, under 'slots'";
                    reading
                        .diagnostics
                        .push(diagnostic.at(place, "not allowed in a patch").help(help));
                }
                "tag" if has_variants => {
                    let text = reading.text(&key.value, "'tag'");
                    found.tag = text.map(|text| (reading.place(key.value.span), text));
                }
                "tag" => {
                    let message = "a record has no tag; only a union has one";
                    let place = reading.place(key.span);
                    let diagnostic = Diagnostic::error(Code::BadSlot, message);
                    let help =
                        "declare the variants that it tells apart under 'variants', not 'slots'";
                    reading
                        .diagnostics
                        .push(diagnostic.at(place, "nothing to tell apart").help(help));
                }
                "optional" => {
                    found.is_optional = reading.bool(&key.value, "'optional'").unwrap_or_default()
                }
                "renamed_from" => found.former = reading.text(&key.value, "'renamed_from'"),
                "kind" => found.kind = nested_kind(&key.value, reading),
                "keys" => {
                    let text = reading.text(&key.value, "'keys'");
                    found.of_map = text.map(|text| (reading.place(key.value.span), text));
                }
                "references" => found.references = Some(key),
                "default" => found.is_empty = is_empty_default(&key.value, reading),
                "one_or_list" => {
                    let is_set = reading.bool(&key.value, "'one_or_list'");
                    found.is_one_or_list = is_set.unwrap_or_default();
                }
                _ => {
                    let help = "each part has its own kind, default and constraints under 'slots'";
                    reading.unknown(key, "a nested record", &KEYS, Some(help));
                }
            }
        }
        found
    }
}

/// Reads the kind of a nested value whose parts are declared beside it.
fn nested_kind<'n>(node: &'n Node<'_>, reading: &mut Reading<'_>) -> Option<(Place, &'n str)> {
    let (kind, place) = (reading.text(node, "'kind'")?, reading.place(node.span));
    if records(kind) == 1 {
        return Some((place, kind));
    }
    let message = "a slot with 'slots' or 'variants' is a record, a list or a map";
    let label = if records(kind) == 0 { "no such kind of nested value" } else { "several records" };
    reading.diagnostics.push(
        Diagnostic::error(Code::BadSlot, message)
            .at(place, label)
            .help("write kind = \"list\" for a list of records, kind = \"map\" for records by name, or remove the kind; in longer kinds the word record stands for it, as in \"list(text | record)\""),
    );
    None
}

/// Returns whether the default is an empty list or map, or reports that it is not.
pub(super) fn is_empty_default(node: &Node<'_>, reading: &mut Reading<'_>) -> bool {
    let is_empty = match &node.data {
        Data::List(list) => list.is_empty(),
        Data::Map(map) => map.is_empty(),
        _ => false,
    };
    if !is_empty {
        let message = "a nested value can have no default but an empty list or an empty map";
        let place = reading.place(node.span);
        let diagnostic = Diagnostic::error(Code::BadSlot, message).at(place, "not empty");
        reading
            .diagnostics
            .push(diagnostic.help("give the parts of a record defaults of their own"));
    }
    is_empty
}
