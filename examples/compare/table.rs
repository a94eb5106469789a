//! The table of figures.

use comfy_table::{Cell, CellAlignment, Table, presets};

use crate::measure::{Contender, Figures};
use crate::report::{Measure, find, grouped, rounded};

/// Returns the figures and their ratios, with notes below.
pub(crate) fn table(figures: &[Figures]) -> String {
    let mut table = Table::new();
    table.load_style(presets::UTF8_FULL_CONDENSED);
    let slots = find(figures, Contender::Slots);
    let maps: Vec<&Figures> =
        figures.iter().filter(|figures| figures.contender != Contender::Slots).collect();
    let objects = figures.iter().map(|figures| figures.objects).max().unwrap_or(0);
    let mark = |fewer: bool| if fewer { "*" } else { "" };
    let heading =
        |one: &Figures| format!("{}{}", one.contender.title(), mark(one.objects < objects));
    let mut header = vec!["per object".to_owned(), String::new()];
    header.extend(figures.iter().map(heading));
    if slots.is_some() {
        header.extend(maps.iter().map(|map| format!("{} / slots", map.contender.title())));
    }
    let columns = header.len();
    table.set_header(header);
    for measure in Measure::all() {
        let mut row = vec![measure.title().to_owned(), measure.unit().to_owned()];
        row.extend(figures.iter().map(|figures| rounded(measure.of(figures))));
        if let Some(slots) = slots {
            row.extend(maps.iter().map(|map| format!("{}x", rounded(measure.ratio(map, slots)))));
        }
        table.add_row(row.into_iter().map(Cell::new));
    }
    for column in 2..columns {
        if let Some(column) = table.column_mut(column) {
            column.set_cell_alignment(CellAlignment::Right);
        }
    }
    format!("{table}\n{}", notes(figures, objects))
}

fn notes(all: &[Figures], objects: usize) -> String {
    let mut notes = String::new();
    for figures in all {
        let (title, accepted) = (figures.contender.title(), figures.accepted);
        let (rejected, tried) = (figures.undeclared - accepted, grouped(figures.undeclared));
        let done = match (accepted, rejected) {
            (0, _) => "rejected all".to_owned(),
            (_, 0) => "accepted all".to_owned(),
            _ => format!("accepted {} and rejected {}", grouped(accepted), grouped(rejected)),
        };
        notes.push_str(&format!("{title}: {done} {tried} records with an undeclared attribute\n"));
        if figures.objects < objects {
            let fewer = grouped(figures.objects);
            notes.push_str(&format!("* {title}: measured with only {fewer} objects\n"));
        }
    }
    notes
}
