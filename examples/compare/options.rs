//! The command line.

use std::ffi::OsStr;
use std::ops::RangeFrom;
use std::path::PathBuf;

use lexopt::{Arg, Error, Parser, ValueExt};

use crate::measure::Contender;

const HELP: &str = "\
Compares packed slots with attribute maps

Usage: compare [OPTIONS]

Options:
      --objects <NUMBER>      Number of objects, at least 100 [default: 1000000]
      --seed <NUMBER>         Seed of the random data [default: 1]
      --repetitions <NUMBER>  Repetitions of each measurement; the best counts [default: 3]
      --storages <LIST>       Storages to compare: slots (packed columns), tuned (the tuned attribute
                              map), naive (a hash map for each object) [default: slots,tuned,naive]
      --json [PATH]           Write the figures to this file [default: compare.json]
      --svg [PATH]            Draw the chart to this file [default: docs/compare.svg]
      --check                 Exit with status 1 if a stated ratio of tuned map to slots is missed
      --python[=PROGRAM]      Measure the same objects in CPython, if it is installed [default: python3]
  -h, --help                  Print help
";

#[derive(Debug, PartialEq)]
pub(crate) struct Options {
    pub(crate) objects: u32,
    pub(crate) seed: u64,
    pub(crate) repetitions: u32,
    pub(crate) storages: Vec<Contender>,
    pub(crate) json: Option<PathBuf>,
    pub(crate) svg: Option<PathBuf>,
    pub(crate) check: bool,
    /// The program that runs Python.
    pub(crate) python: Option<PathBuf>,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            objects: 1_000_000,
            seed: 1,
            repetitions: 3,
            storages: vec![Contender::Slots, Contender::Tuned, Contender::Naive],
            json: None,
            svg: None,
            check: false,
            python: None,
        }
    }
}

impl Options {
    /// Reads the program's arguments, or returns `None` after printing the help.
    ///
    /// # Errors
    /// Returns an error for an unknown option or a bad value.
    pub(crate) fn from_arguments() -> Result<Option<Self>, Error> {
        let options = Self::parse(Parser::from_env())?;
        if options.is_none() {
            print!("{HELP}");
        }
        Ok(options)
    }

    /// Returns `None` if the arguments ask for help.
    fn parse(mut parser: Parser) -> Result<Option<Self>, Error> {
        let mut options = Self::default();
        while let Some(argument) = parser.next()? {
            match argument {
                Arg::Long("objects") => options.objects = number(&mut parser, 100..)?,
                Arg::Long("seed") => options.seed = parser.value()?.parse()?,
                Arg::Long("repetitions") => options.repetitions = number(&mut parser, 1..)?,
                Arg::Long("storages") => options.storages = storages(&parser.value()?.string()?)?,
                Arg::Long("json") => options.json = Some(path(&mut parser, "compare.json")?),
                Arg::Long("svg") => options.svg = Some(path(&mut parser, "docs/compare.svg")?),
                Arg::Long("check") => options.check = true,
                Arg::Long("python") => {
                    let program = parser.optional_value().unwrap_or_else(|| "python3".into());
                    options.python = Some(program.into());
                }
                Arg::Short('h') | Arg::Long("help") => return Ok(None),
                _ => return Err(argument.unexpected()),
            }
        }
        Ok(Some(options))
    }
}

fn number(parser: &mut Parser, range: RangeFrom<u32>) -> Result<u32, Error> {
    parser.value()?.parse_with(|text| match text.parse() {
        Ok(number) if range.contains(&number) => Ok(number),
        _ => Err(format!("expected a number from {} to {}", range.start, u32::MAX)),
    })
}

fn storages(list: &str) -> Result<Vec<Contender>, Error> {
    let storages = list.split(',').map(|name| match name {
        "slots" => Ok(Contender::Slots),
        "tuned" => Ok(Contender::Tuned),
        "naive" => Ok(Contender::Naive),
        _ => Err(format!("unknown storage '{name}': expected slots, tuned or naive").into()),
    });
    storages.collect()
}

/// The option's path, or the default if another option or nothing follows.
fn path(parser: &mut Parser, default: &str) -> Result<PathBuf, Error> {
    if let Some(path) = parser.optional_value() {
        return Ok(path.into());
    }
    let is_path = |argument: &OsStr| !argument.to_string_lossy().starts_with('-');
    let next = parser.raw_args()?.next_if(is_path);
    Ok(next.map_or_else(|| default.into(), PathBuf::from))
}
