//! Output: results to standard output, messages to standard error.

use std::io::{self, IsTerminal, Write};

use slotted_definitions::Report;

use crate::arguments::Color;
use crate::failure::Failure;

/// Both outputs, and whether messages have colours.
#[derive(Debug)]
pub(crate) struct Output {
    is_colored: bool,
}

impl Output {
    pub(crate) fn new(color: Color) -> Self {
        let is_set = |name| std::env::var_os(name).is_some_and(|value| !value.is_empty());
        let is_dumb = || std::env::var_os("TERM").is_some_and(|terminal| terminal == "dumb");
        let is_colored = match color {
            Color::Always => true,
            Color::Never => false,
            Color::Auto => io::stderr().is_terminal() && !is_set("NO_COLOR") && !is_dumb(),
        };
        Self { is_colored }
    }

    /// Writes the result of the run to standard output.
    pub(crate) fn result(&mut self, text: &str) -> Result<(), Failure> {
        let mut output = io::stdout().lock();
        let written = output.write_all(text.as_bytes()).and_then(|()| match text.ends_with('\n') {
            true => Ok(()),
            false => output.write_all(b"\n"),
        });
        written.and_then(|()| output.flush()).map_err(|error| Failure::unwritable(&error))
    }

    /// Writes a message to standard error.
    pub(crate) fn message(&mut self, text: &str) {
        // Standard error may be closed.
        _ = writeln!(io::stderr().lock(), "{}", text.trim_end_matches('\n'));
    }

    pub(crate) fn report(&mut self, report: &Report) {
        let text = if self.is_colored { report.to_colored_text() } else { report.to_string() };
        self.message(&text);
    }

    pub(crate) fn failure(&mut self, failure: &Failure) {
        self.message(&failure.to_string());
    }
}
