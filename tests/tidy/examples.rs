//! Rule: public methods of the main types have an example, or name the item that has it.

use std::collections::HashSet;

use crate::source::{Source, Violation, first_word};

/// The types with the rule, and `$name` in the macros that implement several of them.
const TYPES: &[&str] = &[
    "$name",
    "ColumnBlock",
    "ColumnRun",
    "Commands",
    "Constraint",
    "Constraints",
    "Definitions",
    "Dump",
    "IdRun",
    "Loader",
    "MapStore",
    "MaybeRun",
    "MaybeRunMut",
    "Objects",
    "OptionMut",
    "OptionRunMut",
    "ParallelCommands",
    "RegisteredSchema",
    "Schema",
    "SchemaBuilder",
    "SchemaSelector",
    "SideTable",
    "Slot",
    "SlotColumn",
    "SlotColumnMut",
    "SlotKey",
    "Snapshot",
    "SnapshotRing",
    "SplitStore",
    "Store",
    "ViewBatch",
    "ViewIter",
    "ViewMut",
    "ViewReport",
    "ViewRef",
    "ViewRuns",
];

/// A public type or method with its documentation and attributes.
struct Item<'a> {
    source: &'a Source,
    line: usize,
    /// The type, or the type that a method belongs to.
    owner: &'a str,
    /// `None` for a type.
    method: Option<&'a str>,
    /// The text of all doc lines and attributes, joined by spaces.
    docs: String,
}

impl Item<'_> {
    fn has_code(&self) -> bool {
        self.docs.contains("```")
    }

    /// Returns the links of the sentences "[..] has an example."
    fn links(&self) -> impl Iterator<Item = (&str, Option<&str>)> {
        let before = self.docs.split(" has an example.").map(str::trim_end);
        before.filter_map(|text| {
            let link = &text[text.rfind('[')? + 1..];
            let link = link.strip_suffix(')').or_else(|| link.strip_suffix(']'))?;
            let path = link.split_once("](").map_or(link, |(_, path)| path);
            Some(self.target(path.trim_matches('`')))
        })
    }

    /// Splits a path such as `crate::Store::get` or `Self::get` into a type and a method.
    fn target<'p>(&'p self, path: &'p str) -> (&'p str, Option<&'p str>) {
        let (before, last) = path.rsplit_once("::").unwrap_or(("", path));
        if last.starts_with(char::is_uppercase) {
            return (last, None);
        }
        let owner = before.rsplit("::").next().unwrap_or_default();
        (if owner == "Self" { self.owner } else { owner }, Some(last))
    }
}

/// Returns the methods without an example, and those that refer to a missing one.
pub(crate) fn examples(sources: &[Source]) -> Vec<Violation> {
    let folders = ["src/", "crates/slotted_definitions/src/"];
    let is_checked = |source: &&Source| folders.iter().any(|f| source.path.starts_with(f));
    let items: Vec<Item<'_>> = sources.iter().filter(is_checked).flat_map(items).collect();
    let with_code: HashSet<(&str, Option<&str>)> =
        items.iter().filter(|item| item.has_code()).map(|item| (item.owner, item.method)).collect();
    let methods = items.iter().filter(|item| TYPES.contains(&item.owner));
    methods
        .filter_map(|item| {
            let name = item.method?;
            if item.has_code() || item.links().any(|link| with_code.contains(&link)) {
                return None;
            }
            let what = format!("'{}::{name}' has no example", item.owner);
            Some(item.source.violation(item.line, what))
        })
        .collect()
}

fn items(source: &Source) -> Vec<Item<'_>> {
    let mut items = Vec::new();
    // The type of the current `impl` block, and the line that ends the block.
    let mut block: Option<(&str, String)> = None;
    let mut docs = String::new();
    let mut in_attribute = false;
    for (number, line) in source.text.lines().enumerate() {
        let code = line.trim();
        if in_attribute || code.starts_with("///") || code.starts_with("#[") {
            docs.push_str(code.trim_start_matches('/'));
            in_attribute = (in_attribute || code.starts_with("#[")) && !code.ends_with(']');
            continue;
        }
        if block.as_ref().is_some_and(|(_, end)| line == end) {
            block = None;
        }
        if let Some(owner) = implemented(code) {
            let indent = &line[..line.len() - line.trim_start().len()];
            block = code.ends_with('{').then(|| (owner, format!("{indent}}}")));
        }
        let owner = block.as_ref().map(|(owner, _)| *owner);
        let declared = declared_type(code).map(|name| (name, None));
        let method = method(code).zip(owner).map(|(name, owner)| (owner, Some(name)));
        let is_hidden = docs.contains("#[doc(hidden)]");
        let found = declared.or(method).filter(|_| !docs.is_empty() && !is_hidden);
        if let Some((owner, method)) = found {
            let docs = std::mem::take(&mut docs);
            items.push(Item { source, line: number + 1, owner, method, docs });
        }
        docs.clear();
    }
    items
}

/// Returns the type of an inherent `impl` block that starts on this line.
fn implemented(code: &str) -> Option<&str> {
    let rest = code.strip_prefix("impl")?;
    let rest = if rest.starts_with('<') { after_generics(rest)? } else { rest };
    let name = rest.strip_prefix(' ')?;
    let is_inherent = !name.contains(" for ");
    let length = name.find(|c: char| !(c.is_alphanumeric() || "_$".contains(c)));
    is_inherent.then(|| &name[..length.unwrap_or(name.len())])
}

/// Returns the text behind the generic parameters at its start.
fn after_generics(text: &str) -> Option<&str> {
    let mut depth = 0;
    let end = text.char_indices().find(|(at, character)| {
        match character {
            '<' => depth += 1,
            '>' if !text[..*at].ends_with('-') => depth -= 1,
            _ => {}
        }
        depth == 0
    });
    end.map(|(at, _)| &text[at + 1..])
}

fn declared_type(code: &str) -> Option<&str> {
    let rest = ["pub struct ", "pub enum ", "pub trait "].map(|start| code.strip_prefix(start));
    rest.into_iter().flatten().next().map(first_word)
}

fn method(code: &str) -> Option<&str> {
    let rest = code.strip_prefix("pub fn ").or_else(|| code.strip_prefix("pub const fn "))?;
    Some(first_word(rest))
}

mod tests {
    use super::*;

    fn lines(text: &str) -> Vec<usize> {
        let sources = [Source::new("src/store/a.rs", text)];
        examples(&sources).iter().map(|violation| violation.line).collect()
    }

    #[test]
    fn missing_examples_are_found() {
        let text = "\
            /// A store.\n/// ```\n/// ```\npub struct Store;\n\
            impl<'s, F: Fn(u8) -> u8> Store {\n\
            /// Has none.\n#[must_use]\npub const fn a() {}\n\
            /// Has one.\n/// ```\n/// ```\npub fn b() {}\n\
            /// Refers to it.\n///\n/// In **O(1)** time. [`b`](Self::b) has\n/// an example.\npub fn c() {}\n\
            /// [`Store`] has an example.\npub fn d() {}\n\
            /// Refers to a method without one. [`Store::a`] has an example.\npub fn e() {}\n\
            #[doc(hidden)]\n/// Hidden.\npub fn f() {}\n\
            }\n\
            impl Other {\n/// Has none.\npub fn g() {}\n}\n";
        assert_eq!(lines(text), [8, 21]);
    }

    #[test]
    fn examples_of_features_count() {
        let with = "impl Loader {\n/// Loads.\n#[cfg_attr(\n    feature = \"ron\",\n    doc = \"```\"\n)]\npub fn a() {}\n}\n";
        assert_eq!(lines(with), [0; 0]);
        assert_eq!(lines(&with.replace("```", "")), [7]);
    }

    #[test]
    fn only_inherent_blocks_have_methods() {
        assert_eq!(implemented("impl<'s, V: View> $name<'s, V> {"), Some("$name"));
        assert_eq!(implemented("impl<T: Into<u8>> Store {"), Some("Store"));
        assert_eq!(implemented("impl World for Store {"), None);
        assert_eq!(implemented("implied"), None);
    }
}
