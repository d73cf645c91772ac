//! Rows as aligned columns without lines, two spaces apart.
use comfy_table::{Cell, CellAlignment, ColumnConstraint, ContentArrangement, Table, Width, presets};

use super::Column;

/// Renders without a final line end; numbers stand to the right.
pub fn render(columns: &[Column], rows: &[Vec<Option<String>>], first_width: u16) -> String {
    let mut table = Table::new();
    table.load_style(presets::NOTHING).set_content_arrangement(ContentArrangement::Disabled);
    table.set_header(columns.iter().map(|column| aligned(column, &column.name)));
    for row in rows {
        let cells =
            columns.iter().zip(row).map(|(column, value)| aligned(column, value.as_deref().unwrap_or("")));
        table.add_row(cells);
    }
    for (position, column) in table.column_iter_mut().enumerate() {
        column.set_padding((if position == 0 { 0 } else { 2 }, 0));
    }
    if let Some(first) = table.column_mut(0).filter(|_| first_width > 0) {
        first.set_constraint(ColumnConstraint::LowerBoundary(Width::Fixed(first_width)));
    }
    table.trim_fmt()
}

fn aligned(column: &Column, text: &str) -> Cell {
    let alignment = if column.is_number { CellAlignment::Right } else { CellAlignment::Left };
    Cell::new(printable(text)).set_alignment(alignment)
}

/// A value from a file must neither break the table nor speak to the terminal: control characters are shown
/// escaped.
pub fn printable(text: &str) -> String {
    let mut shown = String::with_capacity(text.len());
    for character in text.chars() {
        if character.is_control() {
            shown.extend(character.escape_default());
        } else {
            shown.push(character);
        }
    }
    shown
}
