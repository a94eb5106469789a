//! Collects the problems of a struct's fields and of the records in them.

use bevy_reflect::structs::StructInfo;

use super::error::{FieldIssue, FieldProblem};

/// Problems of a value, each with the path to its place, such as `.damage.min` or `[2].chance`.
#[derive(Default)]
pub(super) struct Issues(Vec<(String, FieldIssue)>);

impl From<FieldIssue> for Issues {
    fn from(what: FieldIssue) -> Self {
        Self(vec![(String::new(), what)])
    }
}

impl Issues {
    /// Adds the problems of a struct's field.
    pub(super) fn add_part(&mut self, name: &str, part: Self) {
        self.0.extend(part.0.into_iter().map(|(path, what)| (format!(".{name}{path}"), what)));
    }

    /// Returns the problems as those of a part of this name.
    pub(super) fn in_part(self, name: &str) -> Self {
        let mut issues = Self::default();
        issues.add_part(name, self);
        issues
    }

    /// Puts the bracket before the paths of parts. Problems of the element itself are those of the list.
    pub(super) fn in_element(self, bracket: &str) -> Self {
        let within = |path: String| if path.is_empty() { path } else { format!("{bracket}{path}") };
        Self(self.0.into_iter().map(|(path, what)| (within(path), what)).collect())
    }

    pub(super) const fn are_none(&self) -> bool {
        self.0.is_empty()
    }

    /// Returns the value if there are no problems.
    pub(super) fn or<T>(self, value: T) -> Result<T, Self> {
        if self.are_none() { Ok(value) } else { Err(self) }
    }

    /// Sorts the problems of a struct by its fields.
    pub(super) fn sort_by_field(&mut self, info: &StructInfo) {
        let field = |path: &str| info.index_of(path.split(['.', '[']).nth(1).unwrap_or_default());
        self.0.sort_by_key(|(path, _)| field(path));
    }

    /// Returns the problems as those of a struct's fields.
    pub(super) fn into_problems(self) -> impl Iterator<Item = FieldProblem> {
        self.0.into_iter().map(|(path, what)| {
            let field = path.strip_prefix('.').unwrap_or(&path).to_owned();
            FieldProblem { field: field.into(), what }
        })
    }
}
