//! Reports of problems, as text and serialized.

use std::fmt;
use std::sync::Arc;

use annotate_snippets::{AnnotationKind, Group, Level, Origin, Renderer, Snippet};
use serde::ser::{Serialize, SerializeSeq, SerializeStruct, Serializer};

use crate::diagnostic::{Code, Diagnostic, Diagnostics, Label, Severity, visible};
use crate::source::{File, Files, Location, Place};

/// Every problem of a load: first the ones that make files unreadable, then the others in file order.
///
/// `Display` prints each problem with its file, line and column, the underlined line, and help.
/// [`to_colored_text`](Self::to_colored_text) adds colours for terminals. For editors and CI the report
/// implements [`serde::Serialize`].
///
/// # Example
#[cfg_attr(feature = "toml", doc = "```")]
#[cfg_attr(not(feature = "toml"), doc = "```ignore")]
/// use slotted::Store;
/// use slotted_definitions::Loader;
///
/// let file = "schemas.unit.slots.health = { kind = 'f32', default = 100 }\n\
///             records.unit.grunt.helth = 80";
/// let report = Loader::new().text("units.toml", file).load(&Store::new()).unwrap_err();
/// assert_eq!(report.to_string(), "\
/// error[undeclared-slot]: 'unit' object has no slot 'helth'; did you mean 'health'?
///  --> texts/units.toml:2:20
///   |
/// 2 | records.unit.grunt.helth = 80
///   |                    ^^^^^ not declared
///
/// 1 error");
/// ```
#[derive(Clone)]
pub struct Report {
    files: Arc<Files>,
    diagnostics: Vec<Diagnostic>,
    omitted: usize,
    held_back: usize,
    errors: usize,
}

impl Report {
    pub(super) fn new(files: Arc<Files>, found: Diagnostics) -> Self {
        let Diagnostics { list: mut diagnostics, omitted, held_back, errors, .. } = found;
        for Diagnostic { labels, places, .. } in &mut diagnostics {
            if let Some(first) = labels.first_mut().filter(|_| *places > 1) {
                first.text.push_str(&format!(", in {places} places"));
            }
        }
        diagnostics.sort_by_key(|diagnostic| {
            // Unreadable files come first: they can cause other problems.
            let is_first = matches!(
                diagnostic.code,
                Code::Unreadable | Code::Limit | Code::Syntax | Code::MissingPack
            );
            (!is_first, diagnostic.place().map(|place| (place.file, place.span.start)))
        });
        Self { files, diagnostics, omitted, held_back, errors }
    }

    /// Returns the problems, up to the [limit](super::LoadLimits::problems).
    ///
    /// # Example
    #[cfg_attr(feature = "toml", doc = "```")]
    #[cfg_attr(not(feature = "toml"), doc = "```ignore")]
    /// use slotted::Store;
    /// use slotted_definitions::Loader;
    ///
    /// let file = "schemas.unit.slots.health = { kind = 'f32', default = 100 }\n\
    ///             records.unit.grunt.helth = 80";
    /// let report = Loader::new().text("units.toml", file).load(&Store::new()).unwrap_err();
    /// assert_eq!(report.diagnostics()[0].suggestion(), Some("health"));
    /// ```
    #[must_use]
    pub fn diagnostics(&self) -> &[Diagnostic] {
        &self.diagnostics
    }

    /// Returns the number of errors, omitted ones included.
    ///
    /// # Example
    #[cfg_attr(feature = "toml", doc = "```")]
    #[cfg_attr(not(feature = "toml"), doc = "```ignore")]
    /// use slotted::Store;
    /// use slotted_definitions::Loader;
    ///
    /// let file = "schemas.unit.slots.health = { kind = 'f32', default = 100 }\n\
    ///             records.unit.grunt.helth = 80";
    /// let report = Loader::new().text("units.toml", file).load(&Store::new()).unwrap_err();
    /// assert_eq!(report.errors(), 1);
    /// ```
    #[must_use]
    pub const fn errors(&self) -> usize {
        self.errors
    }

    /// Returns the number of warnings, omitted ones included.
    ///
    /// # Example
    #[cfg_attr(feature = "toml", doc = "```")]
    #[cfg_attr(not(feature = "toml"), doc = "```ignore")]
    /// use slotted::Store;
    /// use slotted_definitions::Loader;
    ///
    /// let file = "schemas.unit.slots.health = { kind = 'f32', default = 100 }\n\
    ///             records.unit.grunt.helth = 80";
    /// let report = Loader::new().text("units.toml", file).load(&Store::new()).unwrap_err();
    /// assert_eq!(report.warnings(), 0);
    /// ```
    #[must_use]
    pub const fn warnings(&self) -> usize {
        (self.diagnostics.len() + self.omitted).saturating_sub(self.errors)
    }

    /// Returns the number of problems beyond the [limit](super::LoadLimits::problems).
    ///
    /// # Example
    #[cfg_attr(feature = "toml", doc = "```")]
    #[cfg_attr(not(feature = "toml"), doc = "```ignore")]
    /// use slotted::Store;
    /// use slotted_definitions::Loader;
    ///
    /// let file = "schemas.unit.slots.health = { kind = 'f32', default = 100 }\n\
    ///             records.unit.grunt.helth = 80";
    /// let report = Loader::new().text("units.toml", file).load(&Store::new()).unwrap_err();
    /// assert_eq!(report.omitted(), 0);
    /// ```
    #[must_use]
    pub const fn omitted(&self) -> usize {
        self.omitted
    }

    /// Returns the number of problems with names that a file may declare which could not be read.
    ///
    /// They are neither listed nor counted as errors: most of them are gone when that file can be read.
    ///
    /// # Example
    #[cfg_attr(feature = "toml", doc = "```")]
    #[cfg_attr(not(feature = "toml"), doc = "```ignore")]
    /// use slotted::Store;
    /// use slotted_definitions::Loader;
    ///
    /// let loader = Loader::new()
    ///     .text("schemas.toml", "schemas.unit.slots = { health = 'f32'")
    ///     .text("units.toml", "records.unit.grunt.health = 80");
    /// let report = loader.load(&Store::new()).unwrap_err();
    /// assert_eq!((report.errors(), report.held_back()), (1, 1));
    /// ```
    #[must_use]
    pub const fn held_back(&self) -> usize {
        self.held_back
    }

    /// Returns whether there are no problems.
    ///
    /// # Example
    #[cfg_attr(feature = "toml", doc = "```")]
    #[cfg_attr(not(feature = "toml"), doc = "```ignore")]
    /// use slotted::Store;
    /// use slotted_definitions::Loader;
    ///
    /// let file = "schemas.unit.slots.health = { kind = 'f32', default = 100 }\n\
    ///             records.unit.grunt.helth = 80";
    /// let report = Loader::new().text("units.toml", file).load(&Store::new()).unwrap_err();
    /// assert!(!report.is_empty());
    /// ```
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.diagnostics.is_empty()
    }

    /// Returns the path, line and column of a place.
    ///
    /// Returns `None` if the place belongs to other definitions.
    ///
    /// # Example
    #[cfg_attr(feature = "toml", doc = "```")]
    #[cfg_attr(not(feature = "toml"), doc = "```ignore")]
    /// use slotted::Store;
    /// use slotted_definitions::Loader;
    ///
    /// let file = "schemas.unit.slots.health = { kind = 'f32', default = 100 }\n\
    ///             records.unit.grunt.helth = 80";
    /// let report = Loader::new().text("units.toml", file).load(&Store::new()).unwrap_err();
    /// let place = report.diagnostics()[0].place().unwrap();
    /// assert_eq!(report.location(place).unwrap().to_string(), "texts/units.toml:2:20");
    /// ```
    #[must_use]
    pub fn location(&self, place: Place) -> Option<Location> {
        self.files.location(place)
    }

    /// Returns the text of `Display` with colours for a terminal.
    ///
    /// # Example
    #[cfg_attr(feature = "toml", doc = "```")]
    #[cfg_attr(not(feature = "toml"), doc = "```ignore")]
    /// use slotted::Store;
    /// use slotted_definitions::Loader;
    ///
    /// let file = "schemas.unit.slots.health = { kind = 'f32', default = 100 }\n\
    ///             records.unit.grunt.helth = 80";
    /// let report = Loader::new().text("units.toml", file).load(&Store::new()).unwrap_err();
    /// assert!(report.to_colored_text().contains('\u{1b}'));
    /// ```
    #[must_use]
    pub fn to_colored_text(&self) -> String {
        self.text(&Renderer::styled())
    }

    fn text(&self, renderer: &Renderer) -> String {
        let mut text = String::new();
        for diagnostic in &self.diagnostics {
            let rendered = renderer.render(&[self.group(diagnostic)]);
            rendered.lines().filter(|line| !is_bare(line)).for_each(|line| {
                text.push_str(line);
                text.push('\n');
            });
            text.push('\n');
        }
        if self.omitted > 0 {
            text.push_str(&format!("and {}\n\n", count(self.omitted, "more problem")));
        }
        if self.held_back > 0 {
            let (held_back, are) = match self.held_back {
                1 => ("1 more problem".to_owned(), "is"),
                more => (format!("{more} more problems"), "are"),
            };
            let reason = "a file that cannot be read may contain the missing name";
            text.push_str(&format!("{held_back} {are} not shown: {reason}\n\n"));
        }
        let (errors, warnings) = (self.errors, self.warnings());
        text.push_str(&match (errors, warnings) {
            (0, 0) => "no problems".to_owned(),
            (_, 0) => count(errors, "error"),
            (0, _) => count(warnings, "warning"),
            _ => format!("{}, {}", count(errors, "error"), count(warnings, "warning")),
        });
        text
    }

    fn group<'a>(&'a self, diagnostic: &'a Diagnostic) -> Group<'a> {
        let level = match diagnostic.severity {
            Severity::Error => Level::ERROR,
            Severity::Warning => Level::WARNING,
        };
        let title = level.primary_title(&*diagnostic.message).id(diagnostic.code.name());
        let mut group = Group::with_title(title);
        for (position, label) in diagnostic.labels.iter().enumerate() {
            let Some(file) = self.files.get(label.place) else { continue };
            let Some(at) = self.files.location(label.place) else { continue };
            let path = visible(&at.path);
            if file.text.is_empty() {
                group = group.element(Origin::path(path));
                continue;
            }
            let kind = match position {
                0 => AnnotationKind::Primary,
                _ => AnnotationKind::Context,
            };
            let (line, range, is_cut) = shown_line(file, label);
            let annotation = kind.span(range).label(&*label.text);
            let mut snippet = Snippet::source(line).line_start(at.line).annotation(annotation);
            if is_cut {
                // The renderer would count columns from the cut.
                let origin = Origin::path(path).line(at.line).char_column(at.column);
                group = group.element(origin);
            } else {
                snippet = snippet.path(path);
            }
            group = group.element(snippet);
        }
        let help = diagnostic.help.iter().map(|help| Level::HELP.message(&**help));
        help.fold(group, Group::element)
    }
}

/// The bytes of a very long line that are shown around a place.
const MOST_BEFORE: usize = 60;
const MOST_AFTER: usize = 60;
const MOST_UNDERLINED: usize = 100;
/// The renderer shortens lines up to this length itself.
const LONG_LINE: usize = 2000;

/// Returns the line of a place, the range to underline, and whether the line is cut.
fn shown_line(file: &File, label: &Label) -> (String, std::ops::Range<usize>, bool) {
    let text = &*file.text;
    let (line, _) = file.line_of(label.place.span.start);
    let line = file.line(line);
    let start = (label.place.span.start as usize).clamp(line.start, line.end);
    let end = (label.place.span.end as usize).clamp(start, line.end).min(start + MOST_UNDERLINED);
    let (start, end) = (text.floor_char_boundary(start), text.ceil_char_boundary(end));
    if line.len() <= LONG_LINE {
        let underlined = start - line.start..end - line.start;
        return (without_controls(&text[line]), underlined, false);
    }
    let from = text.ceil_char_boundary(line.start.max(start.saturating_sub(MOST_BEFORE)));
    let to = text.floor_char_boundary(line.end.min(end + MOST_AFTER));
    let before = if from > line.start { "…" } else { "" };
    let after = if to < line.end { "…" } else { "" };
    let shown = format!("{before}{}{after}", without_controls(&text[from..to]));
    let moved = |at: usize| at - from + before.len();
    (shown, moved(start)..moved(end), true)
}

/// Replaces the control characters that the renderer keeps, by characters of the same length.
fn without_controls(line: &str) -> String {
    line.replace(|c: char| matches!(c, '\u{80}'..='\u{9f}'), "\u{b7}")
}

/// Returns whether the line is the bare arrow between a place and a cut line.
fn is_bare(line: &str) -> bool {
    let mut parts = line.split("\u{1b}[");
    let first = parts.next().unwrap_or_default();
    let without = parts.map(|part| part.split_once('m').map_or(part, |(_, text)| text));
    let mut shown = std::iter::once(first).chain(without).flat_map(str::chars);
    let arrow: String = shown.by_ref().filter(|c| *c != ' ').take(4).collect();
    arrow == ":::"
}

fn count(number: usize, what: &str) -> String {
    let plural = if number == 1 { "" } else { "s" };
    format!("{number} {what}{plural}")
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text(&Renderer::plain()))
    }
}

crate::error::debug_as_display!(Report);

impl std::error::Error for Report {}

/// `{"errors": 1, "warnings": 0, "omitted": 0, "held_back": 0, "diagnostics": [..]}`; each diagnostic has
/// `severity`, `code`, `message`, `file`, `line`, `column`, `end_line`, `end_column`, `label`,
/// `expected`, `found`, `suggestion`, `help`, `places`, the number of places with the problem, and `related`, a list of other
/// places with their labels.
impl Serialize for Report {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut report = serializer.serialize_struct("Report", 5)?;
        report.serialize_field("errors", &self.errors)?;
        report.serialize_field("warnings", &self.warnings())?;
        report.serialize_field("omitted", &self.omitted)?;
        report.serialize_field("held_back", &self.held_back)?;
        report.serialize_field("diagnostics", &Located { report: self, of: &*self.diagnostics })?;
        report.end()
    }
}

/// A part of a report that can resolve its places.
struct Located<'a, T: ?Sized> {
    report: &'a Report,
    of: &'a T,
}

impl Serialize for Located<'_, [Diagnostic]> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let report = self.report;
        let mut list = serializer.serialize_seq(Some(self.of.len()))?;
        self.of.iter().try_for_each(|of| list.serialize_element(&Located { report, of }))?;
        list.end()
    }
}

impl Serialize for Located<'_, Diagnostic> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let (report, diagnostic) = (self.report, self.of);
        let mut fields = serializer.serialize_struct("Diagnostic", 15)?;
        fields.serialize_field("severity", &diagnostic.severity.to_string())?;
        fields.serialize_field("code", diagnostic.code.name())?;
        fields.serialize_field("message", &diagnostic.message)?;
        place_fields::<S>(&mut fields, report, diagnostic.labels.first())?;
        fields.serialize_field("expected", &diagnostic.expected)?;
        fields.serialize_field("found", &diagnostic.found)?;
        fields.serialize_field("suggestion", &diagnostic.suggestion.as_deref())?;
        fields.serialize_field("help", &diagnostic.help)?;
        fields.serialize_field("places", &diagnostic.places)?;
        let related = diagnostic.labels.get(1..).unwrap_or_default();
        fields.serialize_field("related", &Located { report, of: related })?;
        fields.end()
    }
}

impl Serialize for Located<'_, [Label]> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let report = self.report;
        let mut list = serializer.serialize_seq(Some(self.of.len()))?;
        self.of.iter().try_for_each(|of| list.serialize_element(&Located { report, of }))?;
        list.end()
    }
}

impl Serialize for Located<'_, Label> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut fields = serializer.serialize_struct("Place", 6)?;
        place_fields::<S>(&mut fields, self.report, Some(self.of))?;
        fields.end()
    }
}

fn place_fields<S: Serializer>(
    fields: &mut S::SerializeStruct,
    report: &Report,
    label: Option<&Label>,
) -> Result<(), S::Error> {
    let at = label.and_then(|label| report.location(label.place));
    fields.serialize_field("file", &at.as_ref().map(|at| &*at.path))?;
    fields.serialize_field("line", &at.as_ref().map(|at| at.line))?;
    fields.serialize_field("column", &at.as_ref().map(|at| at.column))?;
    fields.serialize_field("end_line", &at.as_ref().map(|at| at.end_line))?;
    fields.serialize_field("end_column", &at.as_ref().map(|at| at.end_column))?;
    fields.serialize_field("label", &label.map(|label| &label.text))
}
