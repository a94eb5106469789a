//! Forms of one piece of work, sampled in turn and compared with each other.

use std::error::Error;
use std::fmt;
use std::fmt::Write as _;
use std::time::{Duration, Instant};

/// A form, and the form that limits it.
pub struct Form<'a> {
    name: &'static str,
    /// The position of its limit among the forms.
    limit: usize,
    run: Box<dyn FnMut() -> Result<Duration, Box<dyn Error>> + 'a>,
    /// Seconds.
    samples: Vec<f64>,
}

impl<'a> Form<'a> {
    /// Creates a form; `limit` is the position of its limit among all forms.
    pub fn new(
        name: &'static str,
        limit: usize,
        mut run: impl FnMut() -> Result<(), Box<dyn Error>> + 'a,
    ) -> Self {
        Self::timed(name, limit, move || {
            let start = Instant::now();
            run()?;
            Ok(start.elapsed())
        })
    }

    /// Creates a form that takes its own time, so that its preparation does not count.
    pub fn timed(
        name: &'static str,
        limit: usize,
        run: impl FnMut() -> Result<Duration, Box<dyn Error>> + 'a,
    ) -> Self {
        Self { name, limit, run: Box::new(run), samples: Vec::new() }
    }

    fn minimum(&self) -> f64 {
        self.samples.iter().copied().fold(f64::INFINITY, f64::min)
    }
}

fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    values[values.len() / 2]
}

/// Takes one sample of each form in each round.
///
/// # Errors
/// Returns the first error of a form.
pub fn sample(forms: &mut [Form<'_>], rounds: u32) -> Result<(), Box<dyn Error>> {
    for _ in 0..rounds {
        for form in &mut *forms {
            form.samples.push((form.run)()?.as_secs_f64());
        }
    }
    Ok(())
}

/// Returns a Markdown table: each form's minimum in `unit`s, and its ratio to its limit.
///
/// A second has `units` units. The first ratio is that of the minima; the median ratio of all rounds
/// follows in brackets.
#[must_use]
pub fn table(title: &str, forms: &[Form<'_>], unit: &str, units: f64) -> String {
    let mut table = format!("| {title} | time | ratio |\n|---|---:|---:|\n");
    for form in forms {
        let limit = &forms[form.limit];
        let rounds = form.samples.iter().zip(&limit.samples);
        let ratio = form.minimum() / limit.minimum();
        let median = median(rounds.map(|(own, limit)| own / limit).collect());
        let (name, minimum) = (form.name, form.minimum() * units);
        let digits = if minimum < 10.0 { 2 } else { 1 };
        let _ =
            writeln!(table, "| {name} | {minimum:.digits$} {unit} | {ratio:.2}× ({median:.2}×) |");
    }
    table
}

impl fmt::Debug for Form<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Form").field("name", &self.name).finish_non_exhaustive()
    }
}
