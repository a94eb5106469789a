//! The chart for the README.

use svg::node::element::{Line, Rectangle, Text};
use svg::{Document, Node};

use crate::chart::{least, logarithmic, most};
use crate::measure::{Contender, Figures};
use crate::report::{Measure, grouped, rounded};
use crate::workload::Task;

const WIDTH: f64 = 760.0;
const MARGIN: f64 = 24.0;
/// The left end of the bars; the titles of the tasks stand left of it.
const LEFT: f64 = 200.0;
const LONGEST_BAR: f64 = WIDTH - LEFT - 110.0;
const BAR: f64 = 13.0;
const BAR_GAP: f64 = 2.0;
const GROUP_GAP: f64 = 12.0;
const FONT: &str = "-apple-system, 'Segoe UI', Helvetica, Arial, sans-serif";
const INK: &str = "#1f2328";
const FAINT: &str = "#59636e";

/// The colours also differ in lightness, for colour-blind readers.
const fn color(contender: Contender) -> &'static str {
    match contender {
        Contender::Slots => "#0b6e4f",
        Contender::Tuned => "#e0a030",
        Contender::Naive => "#c8ccd1",
    }
}

/// The side of a text's position that the text starts at.
#[derive(Clone, Copy)]
enum Anchor {
    Start,
    Middle,
    End,
}

/// Draws all figures as an SVG image.
pub(crate) fn svg(figures: &[Figures]) -> String {
    let times = Task::ALL.map(Measure::Time);
    let mut page = Page { document: Document::new(), y: MARGIN };
    page.background();
    let objects = figures.iter().map(|figures| figures.objects).max().unwrap_or(0);
    page.title(&format!("{} objects of seven attributes, 36 bytes of values", grouped(objects)));
    page.legend(figures, objects);
    page.heading("bytes per object");
    let most_bytes = most(figures, &[Measure::Bytes]);
    page.group(figures, Measure::Bytes, |bytes| bytes / most_bytes);
    page.heading("nanoseconds per operation, logarithmic scale");
    let (least, most) = (least(figures, &times), most(figures, &times));
    let share = |time: f64| logarithmic(time, least, most);
    page.decades(least, most, times.len() as f64 * group_height(figures), share);
    for measure in times {
        page.group(figures, measure, share);
    }
    let size = [("width", WIDTH), ("height", page.y + MARGIN - GROUP_GAP)];
    size.into_iter().for_each(|(name, length)| page.document.assign(name, length));
    format!("{}\n", page.document.set("font-family", FONT))
}

/// An image that grows downwards.
struct Page {
    document: Document,
    y: f64,
}

impl Page {
    fn background(&mut self) {
        let whole = Rectangle::new().set("width", "100%").set("height", "100%");
        self.document.append(whole.set("fill", "white"));
    }

    fn title(&mut self, title: &str) {
        self.text(MARGIN, self.y + 14.0, title, 18, INK, Anchor::Start);
        self.y += 34.0;
    }

    fn legend(&mut self, figures: &[Figures], objects: usize) {
        const ENTRY: f64 = 130.0;
        for (position, figures) in figures.iter().enumerate() {
            let x = MARGIN + ENTRY * position as f64;
            self.rectangle(x, 14.0, figures.contender);
            self.text(x + 20.0, self.y + 11.0, &legend(figures, objects), 13, INK, Anchor::Start);
        }
        self.y += 34.0;
    }

    fn heading(&mut self, heading: &str) {
        self.text(MARGIN, self.y + 12.0, heading, 13, FAINT, Anchor::Start);
        self.y += 26.0;
    }

    /// Thin lines at the powers of ten, down this many pixels.
    fn decades(&mut self, least: f64, most: f64, height: f64, share: impl Fn(f64) -> f64) {
        self.y += 12.0;
        for exponent in least.log10().ceil() as i32..=most.log10().floor() as i32 {
            let decade = 10.0_f64.powi(exponent);
            let x = LEFT + share(decade) * LONGEST_BAR;
            self.text(x, self.y - 6.0, &decade.to_string(), 11, FAINT, Anchor::Middle);
            let line = Line::new().set("x1", rounded_pixel(x)).set("x2", rounded_pixel(x));
            let line = line.set("y1", self.y).set("y2", self.y + height - GROUP_GAP);
            self.document.append(line.set("stroke", "#e4e7eb"));
        }
    }

    /// A bar for each storage.
    fn group(&mut self, figures: &[Figures], measure: Measure, share: impl Fn(f64) -> f64) {
        let middle = self.y + (group_height(figures) - GROUP_GAP) / 2.0 + 3.5;
        self.text(LEFT - 12.0, middle, measure.title(), 13, INK, Anchor::End);
        for figures in figures {
            let figure = measure.of(figures);
            let length = (share(figure) * LONGEST_BAR).max(1.0);
            self.rectangle(LEFT, length, figures.contender);
            let (x, y) = (LEFT + length + 6.0, self.y + BAR - 2.5);
            let label = rounded(figure) + remark(figures, measure);
            self.text(x, y, &label, 12, FAINT, Anchor::Start);
            self.y += BAR + BAR_GAP;
        }
        self.y += GROUP_GAP;
    }

    fn rectangle(&mut self, x: f64, width: f64, contender: Contender) {
        let bar = Rectangle::new().set("x", x).set("y", self.y);
        let bar = bar.set("width", rounded_pixel(width)).set("height", BAR);
        self.document.append(bar.set("fill", color(contender)));
    }

    fn text(&mut self, x: f64, y: f64, text: &str, size: u32, color: &str, anchor: Anchor) {
        let anchor = match anchor {
            Anchor::Start => "start",
            Anchor::Middle => "middle",
            Anchor::End => "end",
        };
        let text = Text::new(text).set("x", rounded_pixel(x)).set("y", y).set("font-size", size);
        self.document.append(text.set("fill", color).set("text-anchor", anchor));
    }
}

/// To a hundredth of a pixel.
fn rounded_pixel(position: f64) -> f64 {
    (position * 100.0).round() / 100.0
}

fn group_height(figures: &[Figures]) -> f64 {
    figures.len() as f64 * (BAR + BAR_GAP) + GROUP_GAP
}

/// The title, with the number of objects if the storage has fewer than the others.
fn legend(figures: &Figures, objects: usize) -> String {
    let title = figures.contender.title();
    match figures.objects {
        fewer if fewer < objects => format!("{title} ({} objects)", grouped(fewer)),
        _ => title.to_owned(),
    }
}

/// The storage's answer to an undeclared attribute.
const fn remark(figures: &Figures, measure: Measure) -> &'static str {
    match (measure, figures.accepted) {
        (Measure::Time(Task::Undeclared), 0) => ", rejected",
        (Measure::Time(Task::Undeclared), _) => ", accepted",
        _ => "",
    }
}
