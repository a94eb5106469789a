//! Places in nested values: the names of slots that declarations make.

use slotted::schema::SIGNS;

/// The place of a value in nested ones.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Within {
    /// The name of the slot that would hold the value; empty outside of nested values.
    pub(super) path: String,
    /// The same with the former name, if there is one.
    pub(super) former: Option<String>,
    /// `true` if the record around it, or the element of a list, may leave it out.
    pub(super) is_optional: bool,
    /// The lists and maps around it, outermost first.
    pub(super) lists: Vec<InList>,
    /// `true` if a value of a variant has it, so that values of others lack it.
    pub(super) is_in_variant: bool,
    /// `true` if a record that leaves out the outermost list has an empty one.
    pub(super) is_empty: bool,
    /// The paths of the lists, it or those around it, that a file may write without brackets if they have one element.
    pub(super) one_or_lists: Vec<String>,
    /// The name of the innermost optional value that it is, or is a part of.
    pub(super) optional: Option<String>,
}

/// The place of a list or a map.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct InList {
    pub(super) path: String,
    pub(super) former: Option<String>,
    pub(super) is_optional: bool,
    /// `true` if a value of a variant has the list, so that values of others lack it.
    pub(super) is_in_variant: bool,
    /// As in [`Within`].
    pub(super) optional: Option<String>,
}

/// Returns the name of a part of a nested value. The whole of the value is the part without a name.
fn join(path: &str, part: &str) -> String {
    match (path, part) {
        (path, "") => path.to_owned(),
        ("", part) => part.to_owned(),
        (path, part) => format!("{path}.{part}"),
    }
}

/// Returns whether a record needs the slot of this path. A value of another variant lacks the parts of a variant.
pub(super) fn is_needed(path: &str, record: &str) -> bool {
    let Some(rest) = path.strip_prefix(record) else { return false };
    let is_of_variant = rest.find(SIGNS).is_some_and(|at| rest[at..].starts_with(['@', '|']));
    rest.starts_with('.') && !is_of_variant
}

impl Within {
    /// Returns whether elements of a list or values of a variant have it.
    pub(super) fn is_element(&self) -> bool {
        self.is_in_variant || !self.lists.is_empty()
    }

    /// Returns the name of a part.
    pub(super) fn name(&self, part: &str) -> String {
        join(&self.path, part)
    }

    /// Returns whether both are places of the same value.
    pub(super) fn is_at(&self, other: &Self) -> bool {
        self.path == other.path
    }

    /// Returns whether it is the other place or a place within it.
    pub(super) fn is_in(&self, other: &Self) -> bool {
        let rest = self.path.strip_prefix(&*other.path);
        rest.is_some_and(|rest| rest.is_empty() || rest.starts_with(['.', '[', '{', '@', '|']))
    }

    /// Returns the place of a part.
    pub(super) fn part(&self, name: &str, former: Option<&str>, is_optional: bool) -> Self {
        let outer = self.former.as_ref().unwrap_or(&self.path);
        let is_renamed = former.is_some() || self.former.is_some();
        let mut part = Self {
            path: self.name(name),
            former: is_renamed.then(|| join(outer, former.unwrap_or(name))),
            ..self.clone()
        };
        if is_optional {
            part.set_optional();
        }
        part
    }

    /// Makes the value here optional.
    pub(super) fn set_optional(&mut self) {
        self.is_optional = true;
        self.optional = Some(self.path.clone());
    }

    /// Returns the optional record that needs a value for a slot here, if it is a part of one. `is_optional` says
    /// whether the slot is optional itself.
    pub(super) fn needed_in(&self, is_optional: bool) -> Option<&str> {
        let own = self.optional.as_deref().filter(|_| !is_optional);
        own.filter(|record| is_needed(&self.path, record)).or_else(|| {
            // A list that is a part of an optional record is needed as a whole.
            let mut outer = self.lists.iter().rev().filter_map(|list| list.optional.as_deref());
            outer.find(|record| is_needed(&self.path, record))
        })
    }

    /// Returns the place of the elements of a list or a map that is here.
    pub(super) fn elements(&self, bracket: &str) -> Self {
        let mut within = self.clone();
        let (path, former) = (self.path.clone(), self.former.clone());
        let (is_optional, is_in_variant) = (self.is_optional, self.is_in_variant);
        let optional = self.optional.clone();
        within.lists.push(InList { path, former, is_optional, is_in_variant, optional });
        within.is_in_variant = false;
        within.then(bracket)
    }

    /// Returns the place of the values of a variant.
    pub(super) fn variant(&self, sign: char, name: &str) -> Self {
        Self { is_in_variant: true, ..self.clone().then(&format!("{sign}{name}")) }
    }

    /// Returns the place after a sign. A value that is there may not be left out.
    fn then(mut self, sign: &str) -> Self {
        self.path.push_str(sign);
        self.former = self.former.map(|former| former + sign);
        self.is_optional = false;
        self
    }

    /// Returns a place within this one, given its place within a schema that is here.
    pub(super) fn around(&self, inner: &Self) -> Self {
        let former = |path: &str, former: Option<&String>| {
            let is_renamed = self.former.is_some() || former.is_some();
            let outer = self.former.as_ref().unwrap_or(&self.path);
            is_renamed.then(|| join(outer, former.map_or(path, |former| former)))
        };
        let optional = |inner: &Option<String>| match inner {
            Some(inner) => Some(join(&self.path, inner)),
            None => self.optional.clone(),
        };
        let mut lists = self.lists.clone();
        lists.extend(inner.lists.iter().map(|list| InList {
            path: join(&self.path, &list.path),
            former: former(&list.path, list.former.as_ref()),
            is_optional: list.is_optional,
            is_in_variant: list.is_in_variant,
            optional: optional(&list.optional),
        }));
        if let (Some(first), true) = (lists.get_mut(self.lists.len()), self.is_in_variant) {
            first.is_in_variant = true;
        }
        let mut one_or_lists = self.one_or_lists.clone();
        one_or_lists.extend(inner.one_or_lists.iter().map(|list| join(&self.path, list)));
        let mut is_optional = inner.is_optional;
        match lists.get_mut(self.lists.len()) {
            Some(first) => first.is_optional |= self.is_optional,
            None => is_optional |= self.is_optional,
        }
        Self {
            path: join(&self.path, &inner.path),
            former: former(&inner.path, inner.former.as_ref()),
            is_optional,
            is_in_variant: inner.is_in_variant || (self.is_in_variant && inner.lists.is_empty()),
            lists,
            is_empty: self.is_empty || inner.is_empty,
            one_or_lists,
            optional: optional(&inner.optional),
        }
    }
}
