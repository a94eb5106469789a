//! Tables of text.

/// The most characters of a cell.
const WIDEST: usize = 60;

/// Rows of cells, printed as aligned columns.
#[derive(Debug, Default)]
pub(crate) struct Table {
    rows: Vec<Vec<String>>,
    /// The columns that are aligned to the right.
    numbers: Vec<usize>,
}

impl Table {
    /// Returns a table with one row, and the positions of columns of numbers.
    pub(crate) fn new<'t>(titles: impl IntoIterator<Item = &'t str>, numbers: &[usize]) -> Self {
        let titles = titles.into_iter().map(str::to_owned).collect();
        Self { rows: vec![titles], numbers: numbers.to_vec() }
    }

    pub(crate) fn row(&mut self, cells: impl IntoIterator<Item = String>) {
        self.rows.push(cells.into_iter().map(shortened).collect());
    }

    /// Appends the table, each line behind this indent.
    pub(crate) fn print(&self, indent: &str, text: &mut String) {
        let columns = self.rows.iter().map(Vec::len).max().unwrap_or(0);
        let width = |column: usize| {
            let cells = self.rows.iter().filter_map(|row| row.get(column));
            cells.map(|cell| cell.chars().count()).max().unwrap_or(0)
        };
        let widths: Vec<usize> = (0..columns).map(width).collect();
        for row in &self.rows {
            let mut line = indent.to_owned();
            for (column, cell) in row.iter().enumerate() {
                let gap = if column > 0 { "  " } else { "" };
                let width = widths[column];
                match self.numbers.contains(&column) {
                    true => line.push_str(&format!("{gap}{cell:>width$}")),
                    false => line.push_str(&format!("{gap}{cell:width$}")),
                }
            }
            text.push_str(line.trim_end());
            text.push('\n');
        }
    }
}

/// Returns a cell without control characters, which names and texts of a save can have.
fn shortened(cell: String) -> String {
    let mut shown = String::with_capacity(cell.len());
    for (number, character) in cell.chars().enumerate() {
        match character {
            _ if number == WIDEST => {
                shown.push('…');
                break;
            }
            character if character.is_control() => shown.extend(character.escape_debug()),
            character => shown.push(character),
        }
    }
    shown
}
