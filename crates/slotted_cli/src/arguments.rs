//! The command line.

use std::path::PathBuf;

use clap::{Args, Parser, Subcommand, ValueEnum};
use slotted_definitions::{Conflicts, Format, LoadLimits, Undeclared};

const STATUS: &str =
    "Exit status: 0 if no problems were found, 1 if there are problems, 2 if the command failed.";

/// Checks packs of definition files, infers schemas, writes JSON Schemas, and opens saves
#[derive(Parser, Debug)]
#[command(name = "slotted", version, after_help = STATUS)]
pub(crate) struct Arguments {
    /// Use colours; auto: on a terminal unless NO_COLOR is set
    #[arg(long, global = true, value_enum, default_value_t = Color::Auto, value_name = "WHEN")]
    pub(crate) color: Color,
    #[command(subcommand)]
    pub(crate) command: Command,
}

#[derive(Subcommand, Debug)]
pub(crate) enum Command {
    /// Checks packs and reports every problem
    #[command(after_help = STATUS)]
    Check(Check),
    /// Proposes schemas for data files and prints them as a definition file
    #[command(after_help = STATUS)]
    Infer(Infer),
    /// Prints the schemas of packs, or a JSON Schema for their definition files
    #[command(after_help = STATUS)]
    Schema(Schema),
    /// Shows a save: schemas, sizes, checksums, objects, differences, migrations
    #[command(after_help = STATUS)]
    Inspect(Inspect),
    /// Writes the objects of a save to files for other tools
    #[command(after_help = STATUS)]
    Export(Export),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Color {
    Auto,
    Always,
    Never,
}

/// The packs to read, and limits.
#[derive(Args, Debug)]
pub(crate) struct Packs {
    /// Packs: folders of definition files, in load order
    #[arg(value_name = "DIR", required_unless_present = "packs")]
    pub(crate) folders: Vec<PathBuf>,
    /// A folder of packs, loaded in the order of their names after the packs given as DIR
    #[arg(long, value_name = "DIR")]
    pub(crate) packs: Vec<PathBuf>,
    /// Handling of values and records that no schema declares
    #[arg(long, value_enum, default_value_t = Policy::Refuse, value_name = "POLICY")]
    pub(crate) undeclared: Policy,
    /// Handling of packs that overwrite each other's changes and do not list each other in their manifests
    #[arg(long, value_enum, default_value_t = Overwriting::Warn, value_name = "POLICY")]
    pub(crate) conflicts: Overwriting,
    #[command(flatten)]
    pub(crate) limits: Limits,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Policy {
    /// Report errors
    Refuse,
    /// Ignore them and report warnings
    Ignore,
    /// Keep them with their records and report warnings
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

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Overwriting {
    /// Report warnings; the pack that is loaded later wins
    Warn,
    /// Report errors
    Refuse,
    /// Report nothing; the pack that is loaded later wins
    Allow,
}

impl From<Overwriting> for Conflicts {
    fn from(policy: Overwriting) -> Self {
        match policy {
            Overwriting::Warn => Self::Warn,
            Overwriting::Refuse => Self::Refuse,
            Overwriting::Allow => Self::Allow,
        }
    }
}

#[derive(Args, Clone, Copy, Debug)]
pub(crate) struct Limits {
    /// Maximum size of a file
    #[arg(long, value_name = "BYTES", default_value_t = LoadLimits::default().file_bytes)]
    pub(crate) max_file_bytes: u64,
    /// Maximum number of problems to show; further problems are only counted
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
    /// Report format; text goes to standard error, json to standard output
    #[arg(long, value_enum, default_value_t = ReportFormat::Text)]
    pub(crate) format: ReportFormat,
    /// Exit with status 1 if there are warnings
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
    /// Data files in JSON, TOML, RON or YAML, or folders of them: a list of objects, a map of objects by name, or one object
    #[arg(value_name = "FILE|DIR", required = true)]
    pub(crate) paths: Vec<PathBuf>,
    /// Propose one schema with this name for all files; by default each file gets its own, named after the
    /// file in the singular: item for items.json. A file of one object belongs to the schema of its folder
    #[arg(long, value_name = "NAME")]
    pub(crate) schema_name: Option<String>,
    /// Group objects by this attribute, which holds the name of their schema
    #[arg(long, value_name = "ATTRIBUTE")]
    pub(crate) by: Option<String>,
    /// The format of the definition file
    #[arg(long, value_enum, default_value_t = FileFormat::Toml)]
    pub(crate) output: FileFormat,
    /// Print the number of objects that fit whole, and the reasons why others do not
    #[arg(long)]
    pub(crate) summary: bool,
    /// The format of the summary
    #[arg(long, value_enum, default_value_t = ReportFormat::Text, requires = "summary")]
    pub(crate) format: ReportFormat,
    /// Print a pack.toml with which the folder loads as a pack
    #[arg(long, conflicts_with = "summary")]
    pub(crate) manifest: bool,
    /// Maximum size of a file
    #[arg(long, value_name = "BYTES", default_value_t = LoadLimits::default().file_bytes)]
    pub(crate) max_file_bytes: u64,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum FileFormat {
    Json,
    Toml,
    Ron,
    Yaml,
}

impl From<FileFormat> for Format {
    fn from(format: FileFormat) -> Self {
        match format {
            FileFormat::Json => Self::Json,
            FileFormat::Toml => Self::Toml,
            FileFormat::Ron => Self::Ron,
            FileFormat::Yaml => Self::Yaml,
        }
    }
}

#[derive(Args, Debug)]
pub(crate) struct Schema {
    #[command(flatten)]
    pub(crate) packs: Packs,
    /// Print a JSON Schema (draft 2020-12), which editors use to complete and check definition files
    #[arg(long)]
    pub(crate) json_schema: bool,
    /// Print the JSON Schema for the files of this entry under 'objects' in a manifest: FILES, or PACK/FILES
    #[arg(long, value_name = "FILES", requires = "json_schema")]
    pub(crate) objects: Option<String>,
}

#[derive(Args, Debug)]
pub(crate) struct Inspect {
    /// The save: its folder, or a file with the save as a stream
    #[arg(value_name = "PATH")]
    pub(crate) path: PathBuf,
    /// Number of objects to show of each schema, and of changed values with --against
    #[arg(long, value_name = "COUNT", default_value_t = 3)]
    pub(crate) rows: usize,
    /// Show this schema only; may be repeated
    #[arg(long = "schema", value_name = "NAME")]
    pub(crate) schemas: Vec<String>,
    /// Show the differences from this earlier save
    #[arg(long, value_name = "OTHER")]
    pub(crate) against: Option<PathBuf>,
    /// Show the migration of a load under the schemas of these packs, without loading
    #[arg(long, value_name = "PACK", num_args = 1.., conflicts_with = "against")]
    pub(crate) definitions: Vec<PathBuf>,
    /// Report format
    #[arg(long, value_enum, default_value_t = ReportFormat::Text)]
    pub(crate) format: ReportFormat,
}

#[derive(Args, Debug)]
pub(crate) struct Export {
    /// The save: its folder, or a file with the save as a stream
    #[arg(value_name = "PATH")]
    pub(crate) path: PathBuf,
    #[command(flatten)]
    pub(crate) format: ExportFormat,
    /// The folder for the files, which is created if it is missing
    #[arg(long, value_name = "DIR", default_value = ".")]
    pub(crate) out: PathBuf,
    /// Write this schema only; may be repeated
    #[arg(long = "schema", value_name = "NAME")]
    pub(crate) schemas: Vec<String>,
    /// Overwrite files
    #[arg(long)]
    pub(crate) force: bool,
    /// Write the objects of a damaged save that are intact
    #[arg(long)]
    pub(crate) salvage: bool,
}

#[derive(Args, Clone, Copy, Debug)]
#[group(required = true, multiple = false)]
pub(crate) struct ExportFormat {
    /// Write schema=NAME/part.parquet for each schema
    #[arg(long)]
    pub(crate) parquet: bool,
    /// Write NAME.csv for each schema; lists and vectors are JSON in a field
    #[arg(long)]
    pub(crate) csv: bool,
    /// Write NAME.jsonl for each schema: a JSON object in each line
    #[arg(long)]
    pub(crate) json: bool,
}
