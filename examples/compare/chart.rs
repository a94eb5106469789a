//! The bar chart for the terminal.

use crate::measure::Figures;
use crate::report::{Measure, rounded};
use crate::workload::Task;

/// The length of the longest bar in characters.
const LONGEST: f64 = 40.0;

/// Draws bytes on a linear scale and times on a logarithmic scale.
pub(crate) fn chart(figures: &[Figures]) -> String {
    let mut chart = String::from("bytes per object\n");
    let most = most(figures, &[Measure::Bytes]);
    bars(&mut chart, figures, Measure::Bytes, |bytes| bytes / most);
    let times = Task::ALL.map(Measure::Time);
    let (least, most) = (least(figures, &times), self::most(figures, &times));
    chart.push_str("\nnanoseconds per operation, logarithmic\n");
    for (row, measure) in times.into_iter().enumerate() {
        if row > 0 {
            chart.push('\n');
        }
        chart.push_str(&format!("  {}\n", measure.title()));
        bars(&mut chart, figures, measure, |time| logarithmic(time, least, most));
    }
    chart
}

/// Returns the figure's position between `least` and `most`, from just above 0 to 1.
pub(crate) fn logarithmic(figure: f64, least: f64, most: f64) -> f64 {
    const SHORTEST: f64 = 0.03;
    let share = (figure / least).ln() / (most / least).ln();
    SHORTEST + (1.0 - SHORTEST) * if share.is_finite() { share } else { 1.0 }
}

pub(crate) fn least(figures: &[Figures], measures: &[Measure]) -> f64 {
    all(figures, measures).fold(f64::INFINITY, f64::min)
}

pub(crate) fn most(figures: &[Figures], measures: &[Measure]) -> f64 {
    all(figures, measures).fold(0.0, f64::max)
}

fn all(figures: &[Figures], measures: &[Measure]) -> impl Iterator<Item = f64> {
    measures.iter().flat_map(|measure| figures.iter().map(|figures| measure.of(figures)))
}

fn bars(chart: &mut String, figures: &[Figures], measure: Measure, share: impl Fn(f64) -> f64) {
    for figures in figures {
        let figure = measure.of(figures);
        let (title, bar) = (figures.contender.title(), bar(share(figure) * LONGEST));
        chart.push_str(&format!("    {title:<9} {bar} {}\n", rounded(figure)));
    }
}

/// Returns a bar of this many characters, rounded to eighths.
fn bar(length: f64) -> String {
    const PARTS: [&str; 8] = ["", "▏", "▎", "▍", "▌", "▋", "▊", "▉"];
    let eighths = ((length * 8.0).round() as usize).max(1);
    "█".repeat(eighths / 8) + PARTS[eighths % 8]
}
