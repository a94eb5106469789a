//! The progress line of long runs.

use std::sync::Arc;
use std::time::{Duration, Instant};

use indicatif::{HumanBytes, ProgressBar, ProgressDrawTarget, ProgressStyle};
use slotted_definitions::{LoadProgress, Loader};

/// Shorter runs show nothing: the line would only flicker.
const PATIENCE: Duration = Duration::from_millis(500);
const STEPS_PER_SECOND: u8 = 10;

/// A progress line on standard error, shown only on a terminal.
#[derive(Clone, Debug)]
pub(crate) struct Progress {
    bar: ProgressBar,
    start: Instant,
    is_shown: Arc<std::sync::OnceLock<()>>,
}

impl Progress {
    pub(crate) fn new() -> Self {
        let bar = ProgressBar::with_draw_target(None, ProgressDrawTarget::hidden());
        let style = ProgressStyle::with_template("{spinner} {msg}");
        Self {
            bar: bar.with_style(style.unwrap_or_else(|_| ProgressStyle::default_spinner())),
            start: Instant::now(),
            is_shown: Arc::default(),
        }
    }

    /// Shows the progress.
    pub(crate) fn show(&self, message: impl FnOnce() -> String) {
        if self.start.elapsed() < PATIENCE {
            return;
        }
        self.is_shown.get_or_init(|| {
            self.bar.set_draw_target(ProgressDrawTarget::stderr_with_hz(STEPS_PER_SECOND));
            self.bar.enable_steady_tick(Duration::from_millis(100));
        });
        if !self.bar.is_hidden() {
            self.bar.set_message(message());
        }
    }

    /// Shows the progress of a load.
    pub(crate) fn watch(&self, loader: Loader) -> Loader {
        let progress = self.clone();
        loader.progress(move |step| progress.show(|| message(step)))
    }

    /// Removes the line.
    pub(crate) fn finish(&self) {
        self.bar.finish_and_clear();
    }
}

fn message(step: LoadProgress) -> String {
    match step {
        LoadProgress::Reading { files, bytes } => {
            format!("reading: {files} files, {}", HumanBytes(bytes))
        }
        LoadProgress::Parsing { files, of } => format!("parsing: {files} of {of} files"),
        LoadProgress::Checking { records } => format!("checking {records} records"),
        _ => "working".to_owned(),
    }
}
