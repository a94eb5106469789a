//! One thing that is wrong with definitions.

use std::fmt;
use std::sync::Arc;

use unicode_security::confusable_detection::skeleton;

use crate::source::Place;
use slotted::schema::nearest_name;

/// How bad a problem is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Severity {
    /// The definitions can be used.
    Warning,
    /// They cannot.
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
    ($($(#[$doc:meta])* $name:ident $word:literal;)*) => {
        /// What kind of problem it is, for programs: the name of a code never changes its meaning.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        #[non_exhaustive]
        pub enum Code { $($(#[$doc])* $name,)* }

        impl Code {
            /// The code as messages show it.
            #[must_use]
            pub const fn name(self) -> &'static str {
                match self { $(Self::$name => $word,)* }
            }
        }
    };
}
codes! {
    /// A file cannot be read from disk.
    Unreadable "unreadable";
    /// A limit of the load is reached.
    Limit "limit";
    /// A file is not of its format, or not UTF-8.
    Syntax "syntax";
    /// A definition has a word that means nothing there.
    UnknownWord "unknown-word";
    /// Something else must stand there.
    Unexpected "unexpected";
    /// A name stands twice where it may stand once.
    Duplicate "duplicate";
    /// Something cannot have this name.
    BadName "bad-name";
    /// Two names look alike but are not.
    LookAlike "look-alike";
    /// Two files define the same thing.
    Conflict "conflict";
    /// A kind of slot that does not exist.
    UnknownKind "unknown-kind";
    /// A slot's declaration contradicts itself.
    BadSlot "bad-slot";
    /// There is no such schema.
    UnknownSchema "unknown-schema";
    /// There is no such record.
    UnknownRecord "unknown-record";
    /// More than one record could be meant.
    Ambiguous "ambiguous";
    /// Something depends on itself.
    Cycle "cycle";
    /// A pack needs another one that is not there.
    MissingPack "missing-pack";
    /// The schema declares no such slot.
    UndeclaredSlot "undeclared-slot";
    /// A slot needs a value.
    MissingValue "missing-value";
    /// A slot does not accept the value.
    BadValue "bad-value";
    /// Living objects stand against a change.
    LivingObjects "living-objects";
}

impl fmt::Display for Code {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// A place and what is to be said about it.
#[derive(Clone, Debug)]
pub(super) struct Label {
    pub(super) place: Place,
    pub(super) text: String,
}

/// One thing that is wrong with definitions: where, what, and what could be done.
#[derive(Clone, Debug)]
pub struct Diagnostic {
    pub(super) severity: Severity,
    pub(super) code: Code,
    pub(super) message: String,
    /// The first one is where the problem is.
    pub(super) labels: Vec<Label>,
    pub(super) help: Vec<String>,
    pub(super) expected: Option<String>,
    pub(super) found: Option<String>,
    pub(super) suggestion: Option<Arc<str>>,
}

impl Diagnostic {
    /// How bad it is.
    #[must_use]
    pub const fn severity(&self) -> Severity {
        self.severity
    }

    /// What kind of problem it is.
    #[must_use]
    pub const fn code(&self) -> Code {
        self.code
    }

    /// What is wrong, in one line.
    #[must_use]
    pub fn message(&self) -> &str {
        &self.message
    }

    /// Where it is wrong; nowhere, if the file could not be read.
    #[must_use]
    pub fn place(&self) -> Option<Place> {
        self.labels.first().map(|label| label.place)
    }

    /// What should stand there, as far as that can be said.
    #[must_use]
    pub fn expected(&self) -> Option<&str> {
        self.expected.as_deref()
    }

    /// What stands there instead.
    #[must_use]
    pub fn found(&self) -> Option<&str> {
        self.found.as_deref()
    }

    /// The nearest name that would be right.
    #[must_use]
    pub fn suggestion(&self) -> Option<&str> {
        self.suggestion.as_deref()
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
        }
    }

    pub(super) fn warning(code: Code, message: impl Into<String>) -> Self {
        Self { severity: Severity::Warning, ..Self::error(code, message) }
    }

    pub(super) fn with(self, severity: Severity) -> Self {
        Self { severity, ..self }
    }

    /// The same as a warning that says what became of the value.
    pub(super) fn only_warns(mut self, label: &str) -> Self {
        self.severity = Severity::Warning;
        if let Some(first) = self.labels.first_mut() {
            label.clone_into(&mut first.text);
        }
        self
    }

    /// Adds a place: the first is where the problem is.
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

    /// Tells the letters that make a name another one than the one that it looks like.
    pub(super) fn look_alike(self, name: &str) -> Self {
        match &self.suggestion {
            Some(other) if !name.is_ascii() && skeleton(name).eq(skeleton(other)) => {
                let letters = strange_letters([name, other]);
                self.help(letters)
            }
            _ => self,
        }
    }
}

/// All that is wrong, as far as it is kept.
#[derive(Debug)]
pub(super) struct Diagnostics {
    pub(super) list: Vec<Diagnostic>,
    most: usize,
    pub(super) omitted: usize,
    pub(super) errors: usize,
    /// Comparing names costs time, which a file must not be able to use up.
    comparisons_left: usize,
}

/// Places that a problem shows.
const MOST_LABELS: usize = 8;

/// Names that are compared with misspelt ones in one load.
const MOST_COMPARISONS: usize = 500_000;

impl Diagnostics {
    pub(super) const fn new(most: usize) -> Self {
        let comparisons_left = MOST_COMPARISONS;
        Self { list: Vec::new(), most, omitted: 0, errors: 0, comparisons_left }
    }

    /// Whether another one would only be counted: then it need not be explained.
    pub(super) const fn is_full(&self) -> bool {
        self.list.len() >= self.most
    }

    pub(super) fn push(&mut self, mut diagnostic: Diagnostic) {
        self.errors += usize::from(diagnostic.severity == Severity::Error);
        if self.is_full() {
            self.omitted += 1;
            return;
        }
        // Whatever a file has put into it: nobody reads more.
        let Diagnostic { message, labels, help, expected, found, .. } = &mut diagnostic;
        let labels = labels.iter_mut().map(|label| &mut label.text);
        let texts = labels.chain(help).chain(expected).chain(found).chain([message]);
        texts.for_each(cut);
        self.list.push(diagnostic);
    }

    /// Counts an error that is made only if it is to be kept.
    pub(super) fn push_with(&mut self, make: impl FnOnce(&mut Self) -> Diagnostic) {
        if self.is_full() {
            self.omitted += 1;
            self.errors += 1;
        } else {
            let diagnostic = make(self);
            self.push(diagnostic);
        }
    }

    /// The candidate nearest to a misspelt name.
    pub(super) fn nearest<'n>(
        &mut self,
        name: &str,
        candidates: impl IntoIterator<Item = &'n Arc<str>>,
    ) -> Option<Arc<str>> {
        self.nearest_of(name, candidates.into_iter().map(Some))
    }

    /// The same where to find a candidate costs something too: those that are none count as well.
    pub(super) fn nearest_of<'n>(
        &mut self,
        name: &str,
        candidates: impl IntoIterator<Item = Option<&'n Arc<str>>>,
    ) -> Option<Arc<str>> {
        if self.is_full() {
            return None;
        }
        let left = &mut self.comparisons_left;
        let affordable = candidates.into_iter().take_while(|_| {
            let may = *left > 0;
            *left = left.saturating_sub(1);
            may
        });
        nearest_name(name, affordable.flatten())
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

/// A name of a file, cut and with what cannot be seen made visible.
pub(super) fn quoted(name: &str) -> String {
    const SHOWN: usize = 60;
    let cut = name.chars().nth(SHOWN).is_some();
    let shown: String = name.chars().take(SHOWN).collect();
    format!("'{}{}", visible(&shown), if cut { "…'" } else { "'" })
}

/// The text with what cannot be seen made visible: a file must not be able to write to a terminal.
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

/// Whether it has no look of its own, or changes the look of others.
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

/// Which letters of the names are not of ASCII.
pub(super) fn strange_letters<'a>(names: impl IntoIterator<Item = &'a str>) -> String {
    const SHOWN: usize = 8;
    let strange = names.into_iter().flat_map(str::chars).filter(|letter| !letter.is_ascii());
    let letters = strange
        .take(SHOWN)
        .map(|letter| format!("{} is U+{:04X}", letter.escape_debug(), u32::from(letter)));
    let letters: Vec<_> = letters.collect();
    format!("some letters are not what they seem: {}", letters.join(", "))
}

/// The end of a message about a misspelt name.
pub(super) fn did_you_mean(suggestion: Option<&str>) -> String {
    suggestion.map_or_else(String::new, |name| format!("; did you mean {}?", quoted(name)))
}
