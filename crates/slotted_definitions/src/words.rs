//! Reading maps whose words are known: each at most once, and no other.

use std::collections::HashMap;

use crate::diagnostic::{Code, Diagnostic, Diagnostics, did_you_mean, quoted};
use crate::node::{Data, Entry, Node};
use crate::source::{Place, Span};
use slotted::schema::nearest_name;

/// Where nodes are read: the file that they are of, and what was found wrong.
pub(super) struct Reading<'d> {
    pub(super) file: u32,
    pub(super) diagnostics: &'d mut Diagnostics,
}

impl Reading<'_> {
    pub(super) const fn place(&self, span: Span) -> Place {
        Place { file: self.file, span }
    }

    /// Something else must stand there.
    pub(super) fn unexpected(&mut self, node: &Node<'_>, what: &str, expected: &str) {
        if matches!(node.data, Data::Bad) {
            return;
        }
        let found = node.kind_name();
        let place = self.place(node.span);
        self.diagnostics.push_with(|_| {
            let message = format!("{what} must be {expected}, not {found}");
            let diagnostic = Diagnostic::error(Code::Unexpected, message)
                .at(place, format!("this is {found}"))
                .expected_found(expected, found);
            match (expected, &node.data) {
                ("a text", Data::Int(_) | Data::UInt(_) | Data::Float(_) | Data::Bool(_)) => {
                    diagnostic.help("write it in quotes")
                }
                ("a map of values", _) => {
                    diagnostic.help("a record stands under its schema: records, SCHEMA, NAME")
                }
                ("a kind, or a map with a kind", _) => {
                    diagnostic.help("write the kind, as in \"f32\"; values stand under records")
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
            // ron writes an empty map as it writes nothing.
            Data::Unset => Some(&[]),
            _ => {
                self.unexpected(node, what, expected);
                None
            }
        }
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
        self.unexpected(node, what, "a text");
        None
    }

    pub(super) fn bool(&mut self, node: &Node<'_>, what: &str) -> Option<bool> {
        if let Data::Bool(truth) = node.data {
            return Some(truth);
        }
        self.unexpected(node, what, "true or false");
        None
    }

    /// The entries whose names stand for the first time; the others are reported.
    pub(super) fn once<'n, 's>(&mut self, map: &'n [Entry<'s>], owner: &str) -> Vec<&'n Entry<'s>> {
        let mut seen = HashMap::with_capacity(map.len());
        let mut first = Vec::with_capacity(map.len());
        for entry in map {
            let earlier = *seen.entry(&*entry.name).or_insert(entry.span);
            if earlier == entry.span {
                first.push(entry);
                continue;
            }
            let file = self.file;
            self.diagnostics.push_with(|_| {
                let message = format!("{} stands twice in {owner}", quoted(&entry.name));
                let place = |span| Place { file, span };
                Diagnostic::error(Code::Duplicate, message)
                    .at(place(entry.span), "here for the second time")
                    .at(place(earlier), "here for the first time")
            });
        }
        first
    }

    /// A word that means nothing there.
    pub(super) fn unknown(
        &mut self,
        entry: &Entry<'_>,
        owner: &str,
        words: &[&str],
        help: Option<&str>,
    ) {
        let place = self.place(entry.span);
        self.diagnostics.push_with(|_| {
            let candidates: Vec<_> = words.iter().map(|word| (*word).into()).collect();
            let suggestion = nearest_name(&entry.name, &candidates);
            let end = did_you_mean(suggestion.as_deref());
            let message = format!("{} is no word of {owner}{end}", quoted(&entry.name));
            let is_clear = suggestion.is_some();
            let diagnostic = Diagnostic::error(Code::UnknownWord, message)
                .at(place, "means nothing here")
                .suggest(suggestion)
                .expected_found(format!("one of {}", words.join(", ")), quoted(&entry.name));
            match help {
                Some(help) => diagnostic.help(help),
                None if is_clear => diagnostic,
                None => diagnostic.help(format!("it has {}", words.join(", "))),
            }
        });
    }
}
