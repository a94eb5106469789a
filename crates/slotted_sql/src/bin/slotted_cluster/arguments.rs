//! Arguments of the program: `--name value`, and flags.

use std::collections::BTreeMap;
use std::fmt;
use std::str::FromStr;
use std::time::Duration;

/// The arguments that were given and not yet asked for.
pub(crate) struct Arguments {
    given: BTreeMap<String, Option<String>>,
}

/// A mistake in the arguments.
#[derive(Debug)]
pub(crate) enum Problem {
    /// The first argument is none of the roles.
    Role(String),
    /// An argument has no name.
    Nameless(String),
    /// An argument is unknown to the role, or given twice.
    Unexpected(String),
    /// An argument is missing.
    Missing(&'static str),
    /// A value cannot be read.
    Value(&'static str, String),
    /// All attempts took too long.
    Timeout(Duration),
}

impl Arguments {
    pub(crate) fn parse(given: impl Iterator<Item = String>) -> Result<Self, Problem> {
        let mut given = given.peekable();
        let mut found = BTreeMap::new();
        while let Some(argument) = given.next() {
            let Some(name) = argument.strip_prefix("--") else {
                return Err(Problem::Nameless(argument));
            };
            let value = given.next_if(|value| !value.starts_with("--"));
            if found.insert(name.to_owned(), value).is_some() {
                return Err(Problem::Unexpected(argument));
            }
        }
        Ok(Self { given: found })
    }

    pub(crate) fn flag(&mut self, name: &str) -> bool {
        self.given.remove(name).is_some()
    }

    pub(crate) fn text(&mut self, name: &str) -> Option<String> {
        self.given.remove(name).flatten()
    }

    pub(crate) fn required(&mut self, name: &'static str) -> Result<String, Problem> {
        self.text(name).ok_or(Problem::Missing(name))
    }

    pub(crate) fn parsed<T: FromStr>(&mut self, name: &'static str) -> Result<Option<T>, Problem> {
        let text = self.text(name);
        text.map(|text| text.parse().map_err(|_| Problem::Value(name, text))).transpose()
    }

    /// Checks that all arguments were asked for.
    pub(crate) fn finish(&self) -> Result<(), Problem> {
        match self.given.keys().next() {
            Some(name) => Err(Problem::Unexpected(format!("--{name}"))),
            None => Ok(()),
        }
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Role(role) if role.is_empty() => f.write_str("a role is missing"),
            Self::Role(role) => write!(f, "'{role}' is neither scheduler, executor nor client"),
            Self::Nameless(argument) => write!(f, "'{argument}' follows no option"),
            Self::Unexpected(argument) => write!(f, "'{argument}' is unknown here or given twice"),
            Self::Missing(name) => write!(f, "--{name} is missing"),
            Self::Value(name, value) => write!(f, "--{name} cannot be '{value}'"),
            Self::Timeout(time) => write!(f, "no answer within {} seconds", time.as_secs()),
        }
    }
}

impl std::error::Error for Problem {}
