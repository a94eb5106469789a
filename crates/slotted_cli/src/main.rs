//! The command `slotted`: checks packs of definition files, infers schemas, writes JSON Schemas, opens saves.

#![forbid(unsafe_code)]

mod arguments;
mod check;
mod export;
mod failure;
mod infer;
mod inspect;
mod output;
mod packs;
mod progress;
mod save;
mod schema;
mod table;
mod values;

use std::process::ExitCode;

use clap::Parser;

use crate::arguments::{Arguments, Command};
use crate::output::Output;

fn main() -> ExitCode {
    let Arguments { color, command } = Arguments::parse();
    let mut output = Output::new(color);
    let outcome = match &command {
        Command::Check(check) => check::run(check, &mut output),
        Command::Infer(infer) => infer::run(infer, &mut output),
        Command::Schema(schema) => schema::run(schema, &mut output),
        Command::Inspect(inspect) => inspect::run(inspect, &mut output),
        Command::Export(export) => export::run(export, &mut output),
    };
    match outcome {
        Ok(outcome) => outcome.into(),
        Err(failure) => {
            output.failure(&failure);
            failure::FAILED.into()
        }
    }
}
