//! The problems of a [`Report`](crate::Report): code, severity, message and place.

use std::collections::HashMap;
use std::fmt;
use std::hash::{BuildHasher, RandomState};
use std::sync::Arc;

use unicode_security::confusable_detection::skeleton;

use crate::names::have_same_letters;
pub use crate::source::{Location, Place};
use crate::unread::Unread;
use slotted::schema::nearest_name;

/// The severity of a problem.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Severity {
    /// The definitions are usable.
    Warning,
    /// The definitions are not usable.
    Error,
}

impl fmt::Display for Severity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Warning => "warning",
            Self::Error => "error",
        })
    }
}

macro_rules! codes {
    ($($(#[$doc:meta])* $name:ident $text:literal;)*) => {
        /// The kind of a problem, for programs. A code never changes its meaning.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        #[non_exhaustive]
        pub enum Code { $($(#[$doc])* $name,)* }

        impl Code {
            /// Returns the code as messages show it, such as `undeclared-slot`.
            #[must_use]
            pub const fn name(self) -> &'static str {
                match self { $(Self::$name => $text,)* }
            }
        }
    };
}
codes! {
    /// A file cannot be read from disk.
    Unreadable "unreadable";
    /// A limit of the load is reached.
    Limit "limit";
    /// A file violates its format, or is not UTF-8.
    Syntax "syntax";
    /// A map contains an unknown key.
    UnknownKey "unknown-key";
    /// A value has the wrong type, or is not allowed here.
    Unexpected "unexpected";
    /// A name is given twice.
    Duplicate "duplicate";
    /// A name is invalid.
    BadName "bad-name";
    /// Two different names look alike.
    LookAlike "look-alike";
    /// Two files define the same thing.
    Conflict "conflict";
    /// A slot has an unknown kind.
    UnknownKind "unknown-kind";
    /// A slot's declaration contradicts itself.
    BadSlot "bad-slot";
    /// A schema does not exist.
    UnknownSchema "unknown-schema";
    /// A record does not exist.
    UnknownRecord "unknown-record";
    /// A name matches several records.
    Ambiguous "ambiguous";
    /// Schemas, records or packs depend on themselves.
    Cycle "cycle";
    /// A pack requires one that is not loaded.
    MissingPack "missing-pack";
    /// The schema does not declare the slot.
    UndeclaredSlot "undeclared-slot";
    /// A required slot has no value.
    MissingValue "missing-value";
    /// A slot does not accept the value.
    BadValue "bad-value";
    /// A part of a patch changes nothing.
    NoEffect "no-effect";
    /// Living objects prevent a change of their schema.
    LivingObjects "living-objects";
}

impl fmt::Display for Code {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// A place with the text that is shown there.
#[derive(Clone, Debug)]
pub(super) struct Label {
    pub(super) place: Place,
    pub(super) text: String,
}

/// One problem of definitions: what is wrong, where, and what to do.
///
/// # Example
#[cfg_attr(feature = "toml", doc = "```")]
#[cfg_attr(not(feature = "toml"), doc = "```ignore")]
/// use slotted::Store;
/// use slotted_definitions::Loader;
/// use slotted_definitions::diagnostic::{Code, Severity};
///
/// let file = "schemas.unit.slots.health = { kind = 'f32', default = 100 }\n\
///             records.unit.grunt.helth = 80\n";
/// let report = Loader::new().text("units.toml", file).load(&Store::new()).unwrap_err();
/// let problem = &report.diagnostics()[0];
/// assert_eq!((problem.code(), problem.severity()), (Code::UndeclaredSlot, Severity::Error));
/// assert_eq!(problem.suggestion(), Some("health"));
/// assert_eq!(problem.message(), "'unit' object has no slot 'helth'; did you mean 'health'?");
/// ```
#[derive(Clone, Debug)]
pub struct Diagnostic {
    pub(super) severity: Severity,
    pub(super) code: Code,
    pub(super) message: String,
    /// The first label is the place of the problem.
    pub(super) labels: Vec<Label>,
    pub(super) help: Vec<String>,
    pub(super) expected: Option<String>,
    pub(super) found: Option<String>,
    pub(super) suggestion: Option<Arc<str>>,
    /// The number of places with the problem.
    pub(super) places: usize,
    /// Tells the problem from others, if many records can have it.
    pub(super) key: Option<ProblemKey>,
}

/// A number that tells a problem from others.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) struct ProblemKey(u64);

/// The places that a problem shows: hundreds of records can have the same mistake.
const SHOWN_PLACES: usize = 3;

impl Diagnostic {
    /// Returns the severity.
    #[must_use]
    pub const fn severity(&self) -> Severity {
        self.severity
    }

    /// Returns the code.
    #[must_use]
    pub const fn code(&self) -> Code {
        self.code
    }

    /// Returns the message, one line.
    #[must_use]
    pub fn message(&self) -> &str {
        &self.message
    }

    /// Returns the place of the problem, or `None` if it is not in a file.
    #[must_use]
    pub fn place(&self) -> Option<Place> {
        self.labels.first().map(|label| label.place)
    }

    /// Returns the expected value, in words.
    #[must_use]
    pub fn expected(&self) -> Option<&str> {
        self.expected.as_deref()
    }

    /// Returns the value that was found, in words.
    #[must_use]
    pub fn found(&self) -> Option<&str> {
        self.found.as_deref()
    }

    /// Returns the nearest valid name.
    #[must_use]
    pub fn suggestion(&self) -> Option<&str> {
        self.suggestion.as_deref()
    }

    /// Returns the number of places with this problem. Values of many records can have the same one; the first places are shown.
    #[must_use]
    pub const fn places(&self) -> usize {
        self.places
    }

    pub(super) fn error(code: Code, message: impl Into<String>) -> Self {
        Self {
            severity: Severity::Error,
            code,
            message: message.into(),
            labels: Vec::new(),
            help: Vec::new(),
            expected: None,
            found: None,
            suggestion: None,
            places: 1,
            key: None,
        }
    }

    pub(super) fn warning(code: Code, message: impl Into<String>) -> Self {
        Self { severity: Severity::Warning, ..Self::error(code, message) }
    }

    pub(super) fn with(self, severity: Severity) -> Self {
        Self { severity, ..self }
    }

    /// Says that other places with the same key have the same problem.
    pub(super) fn of_many(self, key: ProblemKey) -> Self {
        Self { key: Some(key), ..self }
    }

    /// Counts another place with the same problem. A warning shows the first one alone; errors have to be found.
    fn count(&mut self, place: Place) {
        // YAML can name one value in several records.
        if self.labels.iter().any(|label| label.place == place) {
            return;
        }
        self.places += 1;
        let is_shown = self.severity == Severity::Error && self.places <= SHOWN_PLACES;
        if is_shown && self.labels.len() < MOST_LABELS {
            self.labels.push(Label { place, text: "here too".to_owned() });
        }
    }

    /// Turns the error into a warning whose label says what happened to the value.
    pub(super) fn into_warning(mut self, label: &str) -> Self {
        self.severity = Severity::Warning;
        if let Some(first) = self.labels.first_mut() {
            label.clone_into(&mut first.text);
        }
        self
    }

    /// Adds a place; the first one is the place of the problem.
    pub(super) fn at(mut self, place: Place, text: impl Into<String>) -> Self {
        if self.labels.len() < MOST_LABELS {
            self.labels.push(Label { place, text: text.into() });
        }
        self
    }

    pub(super) fn help(mut self, help: impl Into<String>) -> Self {
        self.help.push(help.into());
        self
    }

    pub(super) fn expected_found(
        mut self,
        expected: impl Into<String>,
        found: impl Into<String>,
    ) -> Self {
        self.expected = Some(expected.into());
        self.found = Some(found.into());
        self
    }

    pub(super) fn suggest(mut self, suggestion: Option<Arc<str>>) -> Self {
        self.suggestion = suggestion;
        self
    }

    /// Says why the name is another one if it looks like the suggestion.
    pub(super) fn look_alike(self, name: &str) -> Self {
        match &self.suggestion {
            Some(other) if !name.is_ascii() && have_same_letters(name, other) => self.help(
                "both look the same, but one writes an accent as a character of its own; \
                 copy the name from there",
            ),
            Some(other) if !name.is_ascii() && skeleton(name).eq(skeleton(other)) => {
                let letters = non_ascii_letters([name, other]);
                self.help(letters)
            }
            _ => self,
        }
    }
}

/// The problems that were found, up to a limit.
#[derive(Debug)]
pub(super) struct Diagnostics {
    pub(super) list: Vec<Diagnostic>,
    most: usize,
    pub(super) omitted: usize,
    pub(super) errors: usize,
    /// Problems that may be gone when all files can be read.
    pub(super) held_back: usize,
    pub(super) unread: Unread,
    /// Limits the time that a file can spend on name suggestions.
    comparisons_left: usize,
    /// The positions of problems that many records can have; those of problems that are not kept are none.
    known: HashMap<ProblemKey, Option<usize>>,
    hasher: RandomState,
}

/// The limit of labels of a problem.
const MOST_LABELS: usize = 8;

/// The limit of name comparisons in one load.
const MOST_COMPARISONS: usize = 500_000;

impl Diagnostics {
    pub(super) fn new(most: usize) -> Self {
        Self {
            list: Vec::new(),
            most,
            omitted: 0,
            errors: 0,
            held_back: 0,
            unread: Unread::default(),
            comparisons_left: MOST_COMPARISONS,
            known: HashMap::new(),
            hasher: RandomState::new(),
        }
    }

    /// Returns the key of a problem, given its message without names of records and without suggestions.
    pub(super) fn key(&self, problem: &str) -> ProblemKey {
        ProblemKey(self.hasher.hash_one(problem))
    }

    /// Counts the place and returns `true` if the problem is known. Takes **O(1)** time.
    pub(super) fn is_again(&mut self, key: ProblemKey, place: Place) -> bool {
        let Some(position) = self.known.get(&key) else { return false };
        let known = position.and_then(|position| self.list.get_mut(position));
        known.into_iter().for_each(|known| known.count(place));
        true
    }

    /// Adds a problem that many records can have, once with the first places; builds it only if it is kept.
    pub(super) fn once_with(
        &mut self,
        (problem, place): (&str, Place),
        severity: Severity,
        make: impl FnOnce(&mut Self) -> Diagnostic,
    ) {
        let key = self.key(problem);
        if self.is_again(key, place) {
            return;
        }
        let make = |found: &mut Self| make(found).with(severity).of_many(key);
        match severity {
            _ if self.is_full() => {
                self.push(Diagnostic::error(Code::Limit, "").with(severity).of_many(key))
            }
            Severity::Error => self.push_with(make),
            Severity::Warning => self.warn_with(make),
        }
    }

    /// Reports none of the places with this problem.
    pub(super) fn silence(&mut self, key: ProblemKey) {
        self.known.insert(key, None);
    }

    /// Holds back a problem with an unknown name if a file that could not be read may declare the name.
    pub(super) fn holds_back(&mut self, name: &str) -> bool {
        let may_be_declared = self.unread.may_declare(name);
        self.held_back += usize::from(may_be_declared);
        may_be_declared
    }

    /// Returns whether further problems are only counted.
    pub(super) const fn is_full(&self) -> bool {
        self.list.len() >= self.most
    }

    pub(super) fn push(&mut self, mut diagnostic: Diagnostic) {
        self.errors += usize::from(diagnostic.severity == Severity::Error);
        if let Some(key) = diagnostic.key {
            self.known.insert(key, (!self.is_full()).then_some(self.list.len()));
        }
        if self.is_full() {
            self.omitted += 1;
            return;
        }
        // Values of a file can be long.
        let Diagnostic { message, labels, help, expected, found, .. } = &mut diagnostic;
        let labels = labels.iter_mut().map(|label| &mut label.text);
        let texts = labels.chain(help).chain(expected).chain(found).chain([message]);
        texts.for_each(cut);
        self.list.push(diagnostic);
    }

    /// Takes the problems after the first ones, to report them later or not at all.
    pub(super) fn take_after(&mut self, first: usize) -> Vec<Diagnostic> {
        let taken = self.list.split_off(first.min(self.list.len()));
        let errors = taken.iter().filter(|taken| taken.severity == Severity::Error);
        self.errors -= errors.count();
        taken
    }

    /// Adds an error; builds it only if it is kept.
    pub(super) fn push_with(&mut self, make: impl FnOnce(&mut Self) -> Diagnostic) {
        self.push_kept(make, 1);
    }

    /// Adds a warning; builds it only if it is kept.
    pub(super) fn warn_with(&mut self, make: impl FnOnce(&mut Self) -> Diagnostic) {
        self.push_kept(make, 0);
    }

    fn push_kept(&mut self, make: impl FnOnce(&mut Self) -> Diagnostic, errors: usize) {
        if self.is_full() {
            self.omitted += 1;
            self.errors += errors;
        } else {
            let diagnostic = make(self);
            self.push(diagnostic);
        }
    }

    /// Returns the candidate nearest to a misspelt name.
    pub(super) fn nearest<'n>(
        &mut self,
        name: &str,
        candidates: impl IntoIterator<Item = &'n Arc<str>>,
    ) -> Option<Arc<str>> {
        self.nearest_of(name, candidates.into_iter().map(Some))
    }

    /// Counts the comparison of a name. Returns `false` if the limit is reached.
    pub(super) const fn may_compare(&mut self) -> bool {
        let may = self.comparisons_left > 0;
        self.comparisons_left = self.comparisons_left.saturating_sub(1);
        may
    }

    /// Like [`nearest`](Self::nearest), but `None` candidates count towards the limit too.
    pub(super) fn nearest_of<'n>(
        &mut self,
        name: &str,
        candidates: impl IntoIterator<Item = Option<&'n Arc<str>>>,
    ) -> Option<Arc<str>> {
        if self.is_full() {
            return None;
        }
        let affordable = candidates.into_iter().take_while(|_| self.may_compare());
        if name.is_ascii() {
            return nearest_name(name, affordable.flatten());
        }
        let candidates: Vec<&Arc<str>> = affordable.flatten().collect();
        let same = candidates.iter().find(|other| have_same_letters(name, other));
        match same {
            Some(same) => Some(Arc::clone(same)),
            None => nearest_name(name, candidates),
        }
    }
}

fn cut(text: &mut String) {
    const SHOWN: usize = 1000;
    if text.len() > SHOWN {
        text.truncate(text.floor_char_boundary(SHOWN));
        text.push('…');
        text.shrink_to_fit();
    }
}

/// Quotes a name of a file, shortened and with hidden characters escaped.
pub(super) fn quoted(name: &str) -> String {
    const SHOWN: usize = 60;
    let cut = name.chars().nth(SHOWN).is_some();
    let shown: String = name.chars().take(SHOWN).collect();
    format!("'{}{}", visible(&shown), if cut { "…'" } else { "'" })
}

/// Escapes hidden characters, so that a file cannot send commands to a terminal.
pub(super) fn visible(text: &str) -> String {
    let mut shown = String::with_capacity(text.len());
    for character in text.chars() {
        match is_hidden(character) {
            true => shown.extend(character.escape_debug()),
            false => shown.push(character),
        }
    }
    shown
}

/// Returns whether the character is invisible or changes how others are shown.
pub(super) fn is_hidden(character: char) -> bool {
    character.is_control()
        || matches!(
            character,
            '\u{200b}'..='\u{200f}'
                | '\u{2028}'..='\u{202e}'
                | '\u{2060}'..='\u{206f}'
                | '\u{feff}'
        )
}

/// Lists the letters of the names that are not ASCII.
pub(super) fn non_ascii_letters<'a>(names: impl IntoIterator<Item = &'a str>) -> String {
    const SHOWN: usize = 8;
    let strange = names.into_iter().flat_map(str::chars).filter(|letter| !letter.is_ascii());
    let letters = strange
        .take(SHOWN)
        .map(|letter| format!("{} (U+{:04X})", letter.escape_debug(), u32::from(letter)));
    let letters: Vec<_> = letters.collect();
    format!("letters outside ASCII: {}", letters.join(", "))
}

/// Returns the end of a message about a misspelt name.
pub(super) fn did_you_mean(suggestion: Option<&str>) -> String {
    suggestion.map_or_else(String::new, |name| format!("; did you mean {}?", quoted(name)))
}
