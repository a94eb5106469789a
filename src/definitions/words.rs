//! Reading maps whose words are known: each at most once, and no other.

use std::collections::HashSet;

use crate::definitions::diagnostic::{Code, Diagnostic, Diagnostics, did_you_mean, quoted};
use crate::definitions::node::{Data, Entry, Node};
use crate::definitions::source::{Place, Span};
use crate::suggest::nearest;

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
        let diagnostic = Diagnostic::error(
            Code::Unexpected,
            format!("{what} must be {expected}, found {found}"),
        );
        let diagnostic = diagnostic.at(self.place(node.span), format!("expected {expected}"));
        self.diagnostics.push(diagnostic.expected_found(expected, found));
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
        let mut seen = HashSet::with_capacity(map.len());
        let mut first = Vec::with_capacity(map.len());
        for entry in map {
            if seen.insert(&*entry.name) {
                first.push(entry);
                continue;
            }
            let file = self.file;
            self.diagnostics.push_with(|_| {
                let earlier = first.iter().find(|first| first.name == entry.name);
                let message = format!("{} stands twice in {owner}", quoted(&entry.name));
                let place = |span| Place { file, span };
                let diagnostic = Diagnostic::error(Code::Duplicate, message)
                    .at(place(entry.span), "here for the second time");
                match earlier {
                    Some(earlier) => diagnostic.at(place(earlier.span), "here for the first time"),
                    None => diagnostic,
                }
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
            let suggestion = nearest(&entry.name, &candidates);
            let end = did_you_mean(suggestion.as_deref());
            let message = format!("{owner} knows no {}{end}", quoted(&entry.name));
            let diagnostic = Diagnostic::error(Code::UnknownWord, message)
                .at(place, "means nothing here")
                .suggest(suggestion)
                .expected_found(format!("one of {}", words.join(", ")), quoted(&entry.name));
            let known = format!("it knows {}", words.join(", "));
            diagnostic.help(help.map_or(known, str::to_owned))
        });
    }
}
