//! Rows for people and machines: a table, JSON, or CSV.
//!
//! CSV is in the dialect of the server's `COPY ... (format csv)`: RFC 4180 quoting, lines ended by LF, a
//! header, null as an empty field and the empty string as `""`.
mod csv;
pub mod formula;
mod json;
mod table;

use std::io::{self, BufWriter, Write};

use crate::cli::RowFormat;
use crate::error::Error;
pub use csv::row as csv_row;
pub use json::string as json_string;
pub use table::printable;

/// A column of printed rows.
#[derive(Debug, Clone)]
pub struct Column {
    /// Its heading, and its key in JSON.
    pub name: String,
    /// Whether its values are numbers: aligned right, unquoted in JSON.
    pub is_number: bool,
}

impl Column {
    /// A column of text.
    pub fn text(name: &str) -> Self {
        Column { name: name.to_owned(), is_number: false }
    }

    /// A column of numbers.
    pub fn number(name: &str) -> Self {
        Column { name: name.to_owned(), is_number: true }
    }
}

/// Rows small enough to be held: lists of the ledger, not answers over targets.
#[derive(Debug, Clone)]
pub struct Listing {
    /// Headings.
    pub columns: Vec<Column>,
    /// A value a column, none for null.
    pub rows: Vec<Vec<Option<String>>>,
}

impl Listing {
    /// Prints to any writer.
    ///
    /// # Errors
    /// What the writer reports.
    pub fn write(&self, format: RowFormat, out: &mut dyn Write) -> io::Result<()> {
        match format {
            RowFormat::Table => writeln!(out, "{}", table::render(&self.columns, &self.rows, 0)),
            RowFormat::Json => writeln!(out, "{}", self.to_json()),
            RowFormat::Csv => {
                let names: Vec<_> = self.columns.iter().map(|column| Some(column.name.as_str())).collect();
                csv::row(out, &names)?;
                for row in &self.rows {
                    let values: Vec<_> = row.iter().map(Option::as_deref).collect();
                    csv::row(out, &values)?;
                }
                Ok(())
            }
        }
    }

    /// The table, its first column at least as wide as stated.
    pub fn to_table(&self, first_width: u16) -> String {
        table::render(&self.columns, &self.rows, first_width)
    }

    /// An array of objects, one a line.
    pub fn to_json(&self) -> String {
        json::array(&self.columns, &self.rows)
    }
}

/// Prints results through a buffer. That the reader went away (`loader query ... | head`) is told apart by
/// [`Error::is_broken_pipe`].
///
/// # Errors
/// What `print` reports; failed (exit 1) when standard output cannot be written, such as a full disk.
pub fn to_stdout(print: impl FnOnce(&mut dyn Write) -> Result<(), Error>) -> Result<(), Error> {
    let mut out = BufWriter::with_capacity(64 * 1024, io::stdout().lock());
    print(&mut out)?;
    Ok(out.flush()?)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn listing() -> Listing {
        Listing {
            columns: vec![Column::text("place"), Column::number("births")],
            rows: vec![
                vec![Some("Ayr, \"Old\"".into()), Some("12".into())],
                vec![Some(String::new()), None],
                vec![Some("tab\there".into()), Some("1000".into())],
            ],
        }
    }

    fn printed(format: RowFormat) -> String {
        let mut out = Vec::new();
        listing().write(format, &mut out).unwrap();
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn a_table_aligns_numbers_right_and_shows_no_control_characters() {
        insta::assert_snapshot!(printed(RowFormat::Table), @r#"
        place       births
        Ayr, "Old"      12

        tab\there     1000
        "#);
    }

    #[test]
    fn json_keeps_null_and_numbers() {
        insta::assert_snapshot!(printed(RowFormat::Json), @r#"
        [{"place":"Ayr, \"Old\"","births":12},
        {"place":"","births":null},
        {"place":"tab\there","births":1000}]
        "#);
    }

    #[test]
    fn csv_tells_null_from_empty() {
        assert_eq!(printed(RowFormat::Csv), "place,births\n\"Ayr, \"\"Old\"\"\",12\n\"\",\ntab\there,1000\n");
    }
}
