//! The command line.

use std::path::PathBuf;

use clap::{Args, Parser, Subcommand, ValueEnum};
use slotted_definitions::{Format, LoadLimits, Undeclared};

const STATUS: &str = "Exit status: 0 without problems, 1 with problems, 2 if it could not be done.";

/// Works with packs of definition files: schemas and records in JSON, TOML and RON.
#[derive(Parser, Debug)]
#[command(name = "slotted", version, after_help = STATUS)]
pub(crate) struct Arguments {
    /// When to show colours; auto: on a terminal, unless NO_COLOR is set
    #[arg(long, global = true, value_enum, default_value_t = Color::Auto, value_name = "WHEN")]
    pub(crate) color: Color,
    #[command(subcommand)]
    pub(crate) command: Command,
}

#[derive(Subcommand, Debug)]
pub(crate) enum Command {
    /// Checks packs and names all that is wrong with them
    #[command(after_help = STATUS)]
    Check(Check),
    /// Proposes a schema for loose objects and prints it as a definition file
    #[command(after_help = STATUS)]
    Infer(Infer),
    /// Prints the schemas of packs, or a JSON Schema of their definition files
    #[command(after_help = STATUS)]
    Schema(Schema),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Color {
    Auto,
    Always,
    Never,
}

/// Which packs are read, and how much of them.
#[derive(Args, Debug)]
pub(crate) struct Packs {
    /// Folders of definition files, each a pack, in the order in which they are loaded
    #[arg(value_name = "DIR", required_unless_present = "packs")]
    pub(crate) folders: Vec<PathBuf>,
    /// A folder of packs: each folder in it is one, loaded by name after those given one by one
    #[arg(long, value_name = "DIR")]
    pub(crate) packs: Vec<PathBuf>,
    /// What becomes of values and records that no schema declares
    #[arg(long, value_enum, default_value_t = Policy::Refuse, value_name = "POLICY")]
    pub(crate) undeclared: Policy,
    #[command(flatten)]
    pub(crate) limits: Limits,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Policy {
    /// They are errors
    Refuse,
    /// They are left out, with warnings
    Ignore,
    /// They are kept aside, with warnings
    Quarantine,
}

impl From<Policy> for Undeclared {
    fn from(policy: Policy) -> Self {
        match policy {
            Policy::Refuse => Self::Refuse,
            Policy::Ignore => Self::Ignore,
            Policy::Quarantine => Self::Quarantine,
        }
    }
}

#[derive(Args, Clone, Copy, Debug)]
pub(crate) struct Limits {
    /// The largest file that is read
    #[arg(long, value_name = "BYTES", default_value_t = LoadLimits::default().file_bytes)]
    pub(crate) max_file_bytes: u64,
    /// Problems that are shown; the others are counted
    #[arg(long, value_name = "COUNT", default_value_t = LoadLimits::default().problems)]
    pub(crate) max_problems: usize,
}

impl From<Limits> for LoadLimits {
    fn from(given: Limits) -> Self {
        let mut limits = Self::default();
        limits.file_bytes = given.max_file_bytes;
        limits.all_bytes = limits.all_bytes.max(given.max_file_bytes);
        limits.problems = given.max_problems;
        limits
    }
}

#[derive(Args, Debug)]
pub(crate) struct Check {
    #[command(flatten)]
    pub(crate) packs: Packs,
    /// text: for people, on standard error; json: for programs, on standard output
    #[arg(long, value_enum, default_value_t = ReportFormat::Text)]
    pub(crate) format: ReportFormat,
    /// Warnings are problems too
    #[arg(long)]
    pub(crate) deny_warnings: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum ReportFormat {
    Text,
    Json,
}

#[derive(Args, Debug)]
pub(crate) struct Infer {
    /// Files of loose objects, in JSON, TOML or RON: a list of objects, or objects by their names
    #[arg(value_name = "FILE", required = true)]
    pub(crate) files: Vec<PathBuf>,
    /// The schema's name, and one schema for all files; otherwise each file has one of its own, named
    /// after it in the singular: items.json has item
    #[arg(long, value_name = "NAME")]
    pub(crate) schema_name: Option<String>,
    /// The format of the definition file
    #[arg(long, value_enum, default_value_t = FileFormat::Toml)]
    pub(crate) output: FileFormat,
    /// The largest file that is read
    #[arg(long, value_name = "BYTES", default_value_t = LoadLimits::default().file_bytes)]
    pub(crate) max_file_bytes: u64,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum FileFormat {
    Json,
    Toml,
    Ron,
}

impl From<FileFormat> for Format {
    fn from(format: FileFormat) -> Self {
        match format {
            FileFormat::Json => Self::Json,
            FileFormat::Toml => Self::Toml,
            FileFormat::Ron => Self::Ron,
        }
    }
}

#[derive(Args, Debug)]
pub(crate) struct Schema {
    #[command(flatten)]
    pub(crate) packs: Packs,
    /// Print a JSON Schema (draft 2020-12), with which editors complete and check definition files
    #[arg(long)]
    pub(crate) json_schema: bool,
}
