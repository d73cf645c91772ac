//! Rows for people and machines: a table, JSON, or CSV.
//!
//! Results go to standard output; a reader that stops reading (`loader query ... | head`) is no error.
mod csv;
mod json;
mod table;

use std::io::{self, BufWriter, Write};

use crate::error::Error;
pub use csv::row as csv_row;
pub use json::string as json_string;

/// How rows are printed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, clap::ValueEnum)]
pub enum OutputFormat {
    /// Aligned columns for reading.
    #[default]
    Table,
    /// An array of objects, keys in column order.
    Json,
    /// RFC 4180 quoting, lines ended by LF, a header; null is an empty field, the empty string is `""`.
    Csv,
}

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
    pub fn write(&self, format: OutputFormat, out: &mut dyn Write) -> io::Result<()> {
        match format {
            OutputFormat::Table => writeln!(out, "{}", table::render(&self.columns, &self.rows, 0)),
            OutputFormat::Json => writeln!(out, "{}", self.to_json()),
            OutputFormat::Csv => {
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

/// Writes to standard output; a closed pipe ends the output, not the program.
///
/// # Errors
/// Failed (exit 1) when standard output cannot be written, such as a full disk.
pub fn to_stdout(print: impl FnOnce(&mut dyn Write) -> Result<(), Error>) -> Result<(), Error> {
    let mut out = StandardOutput { out: BufWriter::with_capacity(64 * 1024, io::stdout().lock()), is_closed: false };
    let printed = print(&mut out);
    if out.is_closed {
        return Ok(());
    }
    printed?;
    match out.flush() {
        Err(error) if !out.is_closed => Err(not_written(&error)),
        _ => Ok(()),
    }
}

/// Standard output could not be written.
pub fn not_written(error: &io::Error) -> Error {
    Error::failed(format!("standard output cannot be written: {error}"))
}

/// Remembers that its reader has gone: the error passes through callers as any other.
struct StandardOutput<W: Write> {
    out: BufWriter<W>,
    is_closed: bool,
}

impl<W: Write> StandardOutput<W> {
    fn noted<T>(&mut self, result: io::Result<T>) -> io::Result<T> {
        if let Err(error) = &result {
            self.is_closed |= error.kind() == io::ErrorKind::BrokenPipe;
        }
        result
    }
}

impl<W: Write> Write for StandardOutput<W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let result = self.out.write(bytes);
        self.noted(result)
    }

    fn flush(&mut self) -> io::Result<()> {
        let result = self.out.flush();
        self.noted(result)
    }
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

    fn printed(format: OutputFormat) -> String {
        let mut out = Vec::new();
        listing().write(format, &mut out).unwrap();
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn a_table_aligns_numbers_right_and_shows_no_control_characters() {
        insta::assert_snapshot!(printed(OutputFormat::Table), @"");
    }

    #[test]
    fn json_keeps_null_and_numbers() {
        insta::assert_snapshot!(printed(OutputFormat::Json), @"");
    }

    #[test]
    fn csv_tells_null_from_empty() {
        insta::assert_snapshot!(printed(OutputFormat::Csv), @"");
    }
}
