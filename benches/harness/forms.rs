//! Forms of one piece of work, sampled in turn and held against one another.

use std::error::Error;
use std::fmt::Write as _;
use std::time::Instant;

/// A form, and the one that it is held against.
pub(crate) struct Form<'a> {
    name: &'static str,
    /// The position of the limit among the forms.
    limit: usize,
    run: Box<dyn FnMut() -> Result<(), Box<dyn Error>> + 'a>,
    /// Seconds.
    samples: Vec<f64>,
}

impl<'a> Form<'a> {
    pub(crate) fn new(
        name: &'static str,
        limit: usize,
        run: impl FnMut() -> Result<(), Box<dyn Error>> + 'a,
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
pub(crate) fn sample(forms: &mut [Form<'_>], rounds: u32) -> Result<(), Box<dyn Error>> {
    for _ in 0..rounds {
        for form in &mut *forms {
            let start = Instant::now();
            (form.run)()?;
            form.samples.push(start.elapsed().as_secs_f64());
        }
    }
    Ok(())
}

/// Of each form the minimum in `unit`s, of which a second has `units`, and its ratio to its limit, of the
/// minima and (in brackets) the median of all rounds.
pub(crate) fn table(title: &str, forms: &[Form<'_>], unit: &str, units: f64) -> String {
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
