//! The same objects in CPython: with `__slots__`, with `__dict__`, and as dicts.

use std::fmt;
use std::io::ErrorKind;
use std::path::Path;
use std::process::Command;

use comfy_table::{Cell, CellAlignment, Table, presets};
use serde_json::{Value, json};

use crate::measure::Figures;
use crate::report::{Measure, grouped, rounded};
use crate::workload::Task;

const SCRIPT: &str = include_str!("python.py");
/// More objects take gigabytes and minutes, and the figures per object stay the same.
const MOST_OBJECTS: u32 = 1_000_000;
/// The measures that Python is asked for, with their names in the script's output.
const MEASURES: [(Measure, &str); 4] = [
    (Measure::Bytes, "bytes"),
    (Measure::Time(Task::Fill), "spawn_ns"),
    (Measure::Time(Task::Read), "read_ns"),
    (Measure::Time(Task::Write), "write_ns"),
];
/// Exit statuses of a launcher without an interpreter: of version managers, and of Windows.
const NOT_INSTALLED: [i32; 2] = [127, 9009];
const LAYOUTS: [&str; 3] = ["__slots__", "__dict__", "dict"];

/// The figures of CPython.
#[derive(Debug, PartialEq)]
pub(crate) struct Python {
    /// Its name and version.
    interpreter: String,
    objects: u64,
    /// For each layout, one figure for each measure.
    layouts: [[f64; MEASURES.len()]; LAYOUTS.len()],
}

/// The reason why there are no figures of CPython.
#[derive(Debug, PartialEq)]
pub(crate) enum PythonError {
    /// The program was not found.
    Missing { program: String },
    /// The program did not start, or ended with an error.
    Failed { program: String, reason: String },
    /// The output is not that of the script.
    Unreadable { part: String },
}

impl fmt::Display for PythonError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Missing { program } => write!(
                f,
                "no '{program}' found, so CPython is not compared; install Python 3 or name its program \
                 with --python=PATH"
            ),
            Self::Failed { program, reason } => write!(f, "'{program}' failed: {reason}"),
            Self::Unreadable { part } => {
                write!(f, "the output of Python has no readable '{part}'; use CPython 3.8 or later")
            }
        }
    }
}

impl std::error::Error for PythonError {}

impl Python {
    /// Runs the script.
    ///
    /// # Errors
    /// Returns an error if the program is missing, fails, or prints something else than figures.
    pub(crate) fn measure(
        program: &Path,
        objects: u32,
        repetitions: u32,
    ) -> Result<Self, PythonError> {
        let name = program.display().to_string();
        let objects = objects.min(MOST_OBJECTS).to_string();
        let arguments = ["-I", "-c", SCRIPT, &objects, &repetitions.to_string()];
        let output = match Command::new(program).args(arguments).output() {
            Ok(output) => output,
            Err(error) if error.kind() == ErrorKind::NotFound => {
                return Err(PythonError::Missing { program: name });
            }
            Err(error) => {
                return Err(PythonError::Failed { program: name, reason: error.to_string() });
            }
        };
        if output.status.code().is_some_and(|code| NOT_INSTALLED.contains(&code)) {
            return Err(PythonError::Missing { program: name });
        }
        if !output.status.success() {
            let errors = String::from_utf8_lossy(&output.stderr);
            let last = errors.lines().rev().find(|line| !line.trim().is_empty());
            let reason = last.map_or_else(|| output.status.to_string(), str::to_owned);
            return Err(PythonError::Failed { program: name, reason });
        }
        Self::parse(&String::from_utf8_lossy(&output.stdout))
    }

    /// Reads the script's output.
    fn parse(output: &str) -> Result<Self, PythonError> {
        let unreadable = |part: &str| PythonError::Unreadable { part: part.to_owned() };
        let output: Value = serde_json::from_str(output).map_err(|_| unreadable("JSON"))?;
        let interpreter =
            output["interpreter"].as_str().ok_or_else(|| unreadable("interpreter"))?;
        let objects = output["objects"].as_u64().ok_or_else(|| unreadable("objects"))?;
        let mut layouts = [[0.0; MEASURES.len()]; LAYOUTS.len()];
        for (layout, figures) in LAYOUTS.iter().zip(&mut layouts) {
            for ((_, key), figure) in MEASURES.iter().zip(figures) {
                let found = output["layouts"][layout][key].as_f64();
                let found = found.filter(|found| found.is_finite() && *found > 0.0);
                *figure = found.ok_or_else(|| unreadable(&format!("layouts.{layout}.{key}")))?;
            }
        }
        Ok(Self { interpreter: interpreter.to_owned(), objects, layouts })
    }

    /// Returns the figures beside those of a storage, with their ratios.
    pub(crate) fn table(&self, slots: Option<&Figures>) -> String {
        let mut table = Table::new();
        table.load_style(presets::UTF8_FULL_CONDENSED);
        let mut header = vec!["per object".to_owned(), String::new()];
        header.extend(slots.map(|slots| slots.contender.title().to_owned()));
        header.extend(LAYOUTS.map(str::to_owned));
        if slots.is_some() {
            header.extend(LAYOUTS.map(|layout| format!("{layout} / slots")));
        }
        let columns = header.len();
        table.set_header(header);
        for (position, (measure, _)) in MEASURES.iter().enumerate() {
            let figures = self.layouts.map(|layout| layout[position]);
            let title = match measure {
                Measure::Time(Task::Fill) => "insert from values",
                _ => measure.title(),
            };
            let mut row = vec![title.to_owned(), measure.unit().to_owned()];
            row.extend(slots.map(|slots| rounded(measure.of(slots))));
            row.extend(figures.map(rounded));
            if let Some(slots) = slots {
                row.extend(
                    figures.map(|figure| format!("{}x", rounded(figure / measure.of(slots)))),
                );
            }
            table.add_row(row.into_iter().map(Cell::new));
        }
        for column in 2..columns {
            if let Some(column) = table.column_mut(column) {
                column.set_cell_alignment(CellAlignment::Right);
            }
        }
        let objects = grouped(usize::try_from(self.objects).unwrap_or(usize::MAX));
        format!("{table}\n{}, {objects} objects, without garbage collection\n", self.interpreter)
    }

    /// Returns the figures for other programs, under the names that storages have.
    pub(crate) fn json(&self) -> Value {
        let layouts = LAYOUTS.iter().zip(&self.layouts).map(|(layout, figures)| {
            let figures = MEASURES.iter().zip(figures);
            let figures = figures.map(|((measure, _), figure)| (measure.key(), json!(figure)));
            ((*layout).to_owned(), Value::Object(figures.collect()))
        });
        json!({
            "interpreter": self.interpreter,
            "objects": self.objects,
            "per_object": Value::Object(layouts.collect()),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const OUTPUT: &str = r#"{"interpreter": "CPython 3.11.7", "objects": 20000, "layouts": {
        "__slots__": {"bytes": 452.5, "spawn_ns": 250.0, "read_ns": 20.5, "write_ns": 22.0},
        "__dict__": {"bytes": 530.0, "spawn_ns": 310.0, "read_ns": 24.0, "write_ns": 30},
        "dict": {"bytes": 700.0, "spawn_ns": 180.0, "read_ns": 31.0, "write_ns": 29.0}}}"#;

    #[test]
    fn output_of_the_script_is_read() {
        let python = Python::parse(OUTPUT).expect("the output is complete");
        assert_eq!(python.interpreter, "CPython 3.11.7");
        assert_eq!(python.objects, 20_000);
        assert_eq!(python.layouts[0], [452.5, 250.0, 20.5, 22.0]);
        assert_eq!(python.layouts[1], [530.0, 310.0, 24.0, 30.0]);
        assert_eq!(python.json()["per_object"]["dict"]["read_ns"], 31.0);
        let table = python.table(None);
        for part in ["__slots__", "452", "310", "20,000 objects", "CPython 3.11.7"] {
            assert!(table.contains(part), "no {part} in\n{table}");
        }
    }

    #[test]
    fn unreadable_output_names_the_part() {
        let part = |output: &str| match Python::parse(output) {
            Err(PythonError::Unreadable { part }) => part,
            other => panic!("{other:?}"),
        };
        assert_eq!(part("Python 2.7.18"), "JSON");
        assert_eq!(part("{}"), "interpreter");
        assert_eq!(part(&OUTPUT.replace("20000", "-1")), "objects");
        assert_eq!(part(&OUTPUT.replace("20.5", "null")), "layouts.__slots__.read_ns");
        assert_eq!(part(&OUTPUT.replace("29.0", "0.0")), "layouts.dict.write_ns");
    }

    #[test]
    fn the_script_prints_all_that_is_read() {
        match Python::measure(Path::new("python3"), 200, 1) {
            Ok(python) => assert_eq!(python.objects, 200),
            Err(missing @ PythonError::Missing { .. }) => eprintln!("not tested: {missing}"),
            Err(error) => panic!("{error}"),
        }
    }

    #[test]
    fn a_missing_program_is_named() {
        let program = Path::new("no-such-program-of-python");
        let error = Python::measure(program, 100, 1).expect_err("there is no such program");
        assert_eq!(error, PythonError::Missing { program: program.display().to_string() });
        assert!(error.to_string().starts_with("no 'no-such-program-of-python' found"));
    }
}
