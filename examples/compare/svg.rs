//! The chart for the README.

use kuva::backend::svg::SvgBackend;
use kuva::render::color::Color;
use kuva::render::render::{Primitive, Scene, TextAnchor};

use crate::chart::{least, logarithmic, most};
use crate::measure::{Contender, Figures};
use crate::report::{Measure, grouped, rounded};
use crate::workload::Task;

const WIDTH: f64 = 760.0;
const MARGIN: f64 = 24.0;
/// Where bars start: the titles of the work stand left of it.
const LEFT: f64 = 200.0;
const LONGEST_BAR: f64 = WIDTH - LEFT - 110.0;
const BAR: f64 = 13.0;
const BAR_GAP: f64 = 2.0;
const GROUP_GAP: f64 = 12.0;
const FONT: &str = "-apple-system, 'Segoe UI', Helvetica, Arial, sans-serif";
const INK: &str = "#1f2328";
const FAINT: &str = "#59636e";

/// Told apart by lightness too, for readers who see few colours.
fn color(contender: Contender) -> Color {
    Color::from(match contender {
        Contender::Slots => "#0b6e4f",
        Contender::Tuned => "#e0a030",
        Contender::Naive => "#c8ccd1",
    })
}

/// An SVG image of all figures.
pub(crate) fn svg(figures: &[Figures]) -> String {
    let times = Task::ALL.map(Measure::Time);
    let mut page = Page { scene: Scene::new(WIDTH, 0.0), y: MARGIN };
    page.scene.font_family = Some(FONT.into());
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
    page.scene.height = page.y + MARGIN - GROUP_GAP;
    SvgBackend::new().with_pretty(true).render_scene(&page.scene)
}

/// An image that grows downwards.
struct Page {
    scene: Scene,
    y: f64,
}

impl Page {
    fn title(&mut self, title: &str) {
        self.text(MARGIN, self.y + 14.0, title, 18, INK, TextAnchor::Start);
        self.y += 34.0;
    }

    fn legend(&mut self, figures: &[Figures], objects: usize) {
        const ENTRY: f64 = 130.0;
        for (position, figures) in figures.iter().enumerate() {
            let x = MARGIN + ENTRY * position as f64;
            self.rectangle(x, 14.0, figures.contender);
            self.text(
                x + 20.0,
                self.y + 11.0,
                &legend(figures, objects),
                13,
                INK,
                TextAnchor::Start,
            );
        }
        self.y += 34.0;
    }

    fn heading(&mut self, heading: &str) {
        self.text(MARGIN, self.y + 12.0, heading, 13, FAINT, TextAnchor::Start);
        self.y += 26.0;
    }

    /// Thin lines at the powers of ten, down this many pixels.
    fn decades(&mut self, least: f64, most: f64, height: f64, share: impl Fn(f64) -> f64) {
        self.y += 12.0;
        for exponent in least.log10().ceil() as i32..=most.log10().floor() as i32 {
            let decade = 10.0_f64.powi(exponent);
            let x = LEFT + share(decade) * LONGEST_BAR;
            self.text(x, self.y - 6.0, &decade.to_string(), 11, FAINT, TextAnchor::Middle);
            self.scene.add(Primitive::Line {
                x1: x,
                y1: self.y,
                x2: x,
                y2: self.y + height - GROUP_GAP,
                stroke: Color::from("#e4e7eb"),
                stroke_width: 1.0,
                stroke_dasharray: None,
            });
        }
    }

    /// A bar for each storage.
    fn group(&mut self, figures: &[Figures], measure: Measure, share: impl Fn(f64) -> f64) {
        let middle = self.y + (group_height(figures) - GROUP_GAP) / 2.0 + 3.5;
        self.text(LEFT - 12.0, middle, measure.title(), 13, INK, TextAnchor::End);
        for figures in figures {
            let figure = measure.of(figures);
            let length = (share(figure) * LONGEST_BAR).max(1.0);
            self.rectangle(LEFT, length, figures.contender);
            let (x, y) = (LEFT + length + 6.0, self.y + BAR - 2.5);
            let label = rounded(figure) + remark(figures, measure);
            self.text(x, y, &label, 12, FAINT, TextAnchor::Start);
            self.y += BAR + BAR_GAP;
        }
        self.y += GROUP_GAP;
    }

    fn rectangle(&mut self, x: f64, width: f64, contender: Contender) {
        self.scene.add(Primitive::Rect {
            x,
            y: self.y,
            width,
            height: BAR,
            fill: color(contender),
            stroke: None,
            stroke_width: None,
            opacity: None,
        });
    }

    fn text(&mut self, x: f64, y: f64, text: &str, size: u32, color: &str, anchor: TextAnchor) {
        self.scene.add(Primitive::Text {
            x,
            y,
            content: text.into(),
            size,
            anchor,
            rotate: None,
            bold: false,
            color: Some(Color::from(color)),
        });
    }
}

fn group_height(figures: &[Figures]) -> f64 {
    figures.len() as f64 * (BAR + BAR_GAP) + GROUP_GAP
}

/// A storage with fewer objects than the others says so.
fn legend(figures: &Figures, objects: usize) -> String {
    let title = figures.contender.title();
    match figures.objects {
        fewer if fewer < objects => format!("{title} ({} objects)", grouped(fewer)),
        _ => title.to_owned(),
    }
}

/// What became of the undeclared attribute.
const fn remark(figures: &Figures, measure: Measure) -> &'static str {
    match (measure, figures.accepted) {
        (Measure::Time(Task::Undeclared), 0) => ", refused",
        (Measure::Time(Task::Undeclared), _) => ", accepted",
        _ => "",
    }
}
