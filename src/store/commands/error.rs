//! The errors of commands.

use std::fmt;

use crate::debug_as_display::debug_as_display;
use crate::error::{AccessError, LimitError};
use crate::id::ObjectId;

/// The reason why commands were not applied. The store is as it was before.
#[derive(Clone, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum CommandsError {
    /// The commands were recorded for another store, or for the schemas before a
    /// [migration](crate::Store::migrate).
    #[error(
        "the commands are of another store, or from before a migration; get new ones from `Store::commands`"
    )]
    Foreign,
    /// An object that was spawned without these commands has the row of a reserved id.
    #[error(
        "object {id} cannot be spawned: another object took its row since `Store::commands`; \
         spawn through the commands, or apply them first"
    )]
    Taken {
        /// The reserved id.
        id: ObjectId,
    },
    /// Some of the commands cannot be applied.
    #[error("{}", Listed(.0))]
    Rejected(Vec<CommandProblem>),
    /// A limit of the store is exceeded.
    #[error(transparent)]
    Limit(#[from] LimitError),
}

/// A command that cannot be applied.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct CommandProblem {
    /// The object that the command spawns, changes or despawns.
    pub id: ObjectId,
    /// The kind of the command.
    pub command: CommandKind,
    /// The reason.
    pub error: AccessError,
}

/// The kinds of commands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum CommandKind {
    /// The command spawns the object.
    Spawn,
    /// The command changes values of the object.
    Set,
    /// The command despawns the object.
    Despawn,
}

impl fmt::Display for CommandKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Spawn => "spawn",
            Self::Set => "set",
            Self::Despawn => "despawn",
        })
    }
}

impl fmt::Display for CommandProblem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { id, command, error } = self;
        write!(f, "{command} of {id}: {error}")
    }
}

struct Listed<'a>(&'a [CommandProblem]);

impl fmt::Display for Listed<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let [problem] = self.0 {
            return problem.fmt(f);
        }
        write!(f, "{} problems:", self.0.len())?;
        self.0.iter().try_for_each(|problem| write!(f, "\n  {problem}"))
    }
}

debug_as_display!(CommandsError);
