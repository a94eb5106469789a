//! Reads maps with a fixed set of keys.

use std::collections::HashMap;
use std::sync::Arc;

use crate::diagnostic::{Code, Diagnostic, Diagnostics, did_you_mean, quoted};
use crate::node::{Data, Entry, Node};
use crate::packed::Packed;
use crate::source::{Place, Span};
use crate::words::{Word, Words};
use slotted::schema::nearest_name;

/// Reads the nodes of one file and reports problems.
pub(super) struct Reading<'d> {
    pub(super) file: u32,
    pub(super) diagnostics: &'d mut Diagnostics,
}

impl Reading<'_> {
    pub(super) const fn place(&self, span: Span) -> Place {
        Place { file: self.file, span }
    }

    /// Reports a wrong value of a word. The game may mean an attribute of its own.
    pub(super) fn unexpected_word(
        &mut self,
        node: &Node<'_>,
        (words, word): (&Words, Word),
        expected: &str,
    ) {
        let (found, place) = (node.kind_name(), self.place(node.span));
        if matches!(node.data, Data::Bad) {
            return;
        }
        let is_truth = |text: &str| matches!(text, "true" | "false" | "yes" | "no");
        let help = match &node.data {
            Data::Text(text) if word == Word::Abstract && is_truth(text) => {
                "write true or false without quotes".to_owned()
            }
            Data::Text(slot) if word == Word::Unset => {
                let name = words.name(word).unwrap_or_default();
                format!("write it in brackets: {name} = [{slot:?}]; {}", words.own_slot(word))
            }
            _ => words.own_slot(word),
        };
        self.diagnostics.push_with(|_| {
            let name = quoted(words.name(word).unwrap_or_default());
            Diagnostic::error(Code::Unexpected, format!("{name} must be {expected}, not {found}"))
                .at(place, format!("found {found}"))
                .expected_found(expected, found)
                .help(help)
        });
    }

    /// Reports a value of the wrong type.
    pub(super) fn unexpected(&mut self, node: &Node<'_>, what: &str, expected: &str) {
        if matches!(node.data, Data::Bad) {
            return;
        }
        let found = node.kind_name();
        let place = self.place(node.span);
        self.diagnostics.push_with(|_| {
            let message = format!("{what} must be {expected}, not {found}");
            let diagnostic = Diagnostic::error(Code::Unexpected, message)
                .at(place, format!("found {found}"))
                .expected_found(expected, found);
            match (expected, &node.data) {
                ("text", Data::Int(_) | Data::UInt(_) | Data::Float(_) | Data::Bool(_)) => {
                    diagnostic.help("write it in quotes")
                }
                // YAML reads a line without ': ' as text.
                (_, Data::Text(text)) if expected.starts_with("a map") && text.contains('=') => {
                    diagnostic.help("write name: value, with a colon and a space")
                }
                (_, Data::Text(text)) if expected.starts_with("a map") && text.contains(':') => {
                    diagnostic.help("write name: value, with a space after the colon")
                }
                ("a list of names" | "a list of elements", Data::Map(_) | Data::Packed(_)) => {
                    diagnostic.help("write a list in brackets, such as [\"one\", \"other\"]")
                }
                ("a list of names" | "a list of elements", _) => {
                    diagnostic.help("write a single one in brackets too")
                }
                ("a map of values", Data::List(list))
                    if list.iter().any(|one| matches!(one.data, Data::Map(_) | Data::Packed(_))) =>
                {
                    diagnostic.help("a name has one record; in TOML, write its heading with single brackets: [records.SCHEMA.NAME]")
                }
                ("a map of values", _) => {
                    diagnostic.help("write records under their schema: records.SCHEMA.NAME")
                }
                ("a kind, or a map with a kind", _) => {
                    diagnostic.help("write a kind, such as \"f32\"; write values under records")
                }
                _ => diagnostic,
            }
        });
    }

    pub(super) fn map<'n, 's>(
        &mut self,
        node: &'n Node<'s>,
        what: &str,
        expected: &str,
    ) -> Option<&'n [Entry<'s>]> {
        match &node.data {
            Data::Map(map) => Some(map),
            // `()` is both null and an empty map in RON.
            Data::Unset => Some(&[]),
            _ => {
                self.unexpected(node, what, expected);
                None
            }
        }
    }

    /// Returns a map of the file as packed entries.
    pub(super) fn packed<'s>(
        &mut self,
        node: Node<'s>,
        (what, expected): (&str, &str),
        text: &'s str,
        buffer: &mut Vec<u8>,
    ) -> Option<Packed> {
        if let Data::Packed(packed) = node.data {
            return Some(packed);
        }
        let map = self.map(&node, what, expected)?;
        Some(Packed::new(map, text, buffer))
    }

    pub(super) fn list<'n, 's>(
        &mut self,
        node: &'n Node<'s>,
        what: &str,
        expected: &str,
    ) -> Option<&'n [Node<'s>]> {
        if let Data::List(list) = &node.data {
            return Some(list);
        }
        self.unexpected(node, what, expected);
        None
    }

    pub(super) fn text<'n>(&mut self, node: &'n Node<'_>, what: &str) -> Option<&'n str> {
        if let Data::Text(text) = &node.data {
            return Some(text);
        }
        self.unexpected(node, what, "text");
        None
    }

    pub(super) fn bool(&mut self, node: &Node<'_>, what: &str) -> Option<bool> {
        if let Data::Bool(truth) = node.data {
            return Some(truth);
        }
        self.unexpected(node, what, "true or false");
        None
    }

    /// Returns the first entry of each name and reports the others.
    pub(super) fn once<'n, 's>(&mut self, map: &'n [Entry<'s>], owner: &str) -> Vec<&'n Entry<'s>> {
        let firsts = self.firsts(map, owner);
        map.iter().zip(firsts).filter_map(|(entry, is_first)| is_first.then_some(entry)).collect()
    }

    /// Returns the first entry of each name and reports the others, as [`once`](Self::once) does.
    pub(super) fn take_once<'s>(
        &mut self,
        map: Box<[Entry<'s>]>,
        owner: &str,
    ) -> impl Iterator<Item = Entry<'s>> + use<'s> {
        let firsts = self.firsts(&map, owner);
        map.into_iter().zip(firsts).filter_map(|(entry, is_first)| is_first.then_some(entry))
    }

    /// Returns whether a map in the value has two values of one name, and reports them.
    pub(super) fn repeats_a_name(&mut self, node: &Node<'_>) -> bool {
        match &node.data {
            Data::List(list) => {
                list.iter().fold(false, |repeats, node| repeats | self.repeats_a_name(node))
            }
            Data::Map(map) => {
                let is_repeated = map.len() > 1 && self.firsts(map, "the value").contains(&false);
                let parts = map.iter().map(|entry| &entry.value);
                parts.fold(is_repeated, |repeats, node| repeats | self.repeats_a_name(node))
            }
            _ => false,
        }
    }

    /// Returns for each entry whether it is the first of its name, and reports the others.
    fn firsts(&mut self, map: &[Entry<'_>], owner: &str) -> Vec<bool> {
        let mut seen = HashMap::with_capacity(map.len());
        let mut firsts = Vec::with_capacity(map.len());
        for entry in map {
            let earlier = *seen.entry(&*entry.name).or_insert(entry.span);
            firsts.push(earlier == entry.span);
            if earlier == entry.span {
                continue;
            }
            let file = self.file;
            self.diagnostics.push_with(|_| {
                let message = format!("{} appears twice in {owner}", quoted(&entry.name));
                let place = |span| Place { file, span };
                Diagnostic::error(Code::Duplicate, message)
                    .at(place(entry.span), "repeated here")
                    .at(place(earlier), "first used here")
            });
        }
        firsts
    }

    /// Reports an unknown key.
    pub(super) fn unknown(
        &mut self,
        entry: &Entry<'_>,
        owner: &str,
        known: &[&str],
        help: Option<&str>,
    ) {
        let place = self.place(entry.span);
        self.diagnostics.push_with(|_| {
            let candidates: Vec<Arc<str>> = known.iter().map(|key| (*key).into()).collect();
            // The singular of a key may differ in more letters than a misspelt name.
            let is_plural = |key: &&Arc<str>| {
                key.strip_prefix(&*entry.name).is_some_and(|end| matches!(end, "s" | "es"))
            };
            let plural = candidates.iter().find(is_plural).cloned();
            let suggestion = plural.or_else(|| nearest_name(&entry.name, &candidates));
            let end = did_you_mean(suggestion.as_deref());
            let message = format!("unknown key {} in {owner}{end}", quoted(&entry.name));
            let is_clear = suggestion.is_some();
            let diagnostic = Diagnostic::error(Code::UnknownKey, message)
                .at(place, "unknown key")
                .suggest(suggestion)
                .expected_found(format!("one of {}", known.join(", ")), quoted(&entry.name));
            match help {
                Some(help) => diagnostic.help(help),
                None if is_clear => diagnostic,
                None => diagnostic.help(format!("known keys: {}", known.join(", "))),
            }
        });
    }
}
