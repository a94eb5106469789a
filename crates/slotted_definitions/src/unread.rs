//! The names that files could declare that could not be read.

use std::collections::HashMap;

/// The texts of files that could not be read.
#[derive(Debug)]
pub(super) struct Unread {
    texts: Vec<String>,
    /// A file has no text, so it could declare any name.
    is_any: bool,
    known: HashMap<Box<str>, bool>,
    /// Limits the time of searches.
    bytes_left: usize,
}

/// The limit of bytes that are searched for names.
const MOST_BYTES: usize = 1 << 28;

impl Default for Unread {
    fn default() -> Self {
        let (texts, known) = (Vec::new(), HashMap::new());
        Self { texts, is_any: false, known, bytes_left: MOST_BYTES }
    }
}

impl Unread {
    /// Adds a file with its text, or without one.
    pub(super) fn add(&mut self, text: &str) {
        self.is_any |= text.is_empty();
        self.texts.push(text.to_owned());
    }

    /// Returns whether a file contains the name.
    pub(super) fn may_declare(&mut self, name: &str) -> bool {
        if self.is_any || self.texts.is_empty() {
            return self.is_any;
        }
        if let Some(known) = self.known.get(name) {
            return *known;
        }
        let bytes = self.texts.iter().map(String::len).sum();
        let Some(left) = self.bytes_left.checked_sub(bytes) else { return true };
        self.bytes_left = left;
        let found = self.texts.iter().any(|text| text.contains(name));
        self.known.insert(name.into(), found);
        found
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_held_back_if_a_file_contains_it() {
        let mut unread = Unread::default();
        assert!(!unread.may_declare("wolf"), "all files were read");
        unread.add("[records.unit.wolf]\nhp = ");
        assert!(unread.may_declare("wolf"));
        assert!(!unread.may_declare("fox"));
        assert!(!unread.may_declare("fox"));
        unread.add("");
        assert!(unread.may_declare("fox"), "the file is not there");
    }
}
