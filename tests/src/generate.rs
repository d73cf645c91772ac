//! Synthetic input: seeded, of any size, the same bytes on every machine.
//!
//! Every entity is a function of (seed, kind, number), never of what was generated before it, so records stream out in constant memory and a
//! record deep in a file can be made again on its own: that is how exact duplicates and older or newer versions of earlier records arise.

mod clock;
pub mod csv;
pub mod json;
pub mod mobilize;
pub mod people;
pub mod posts;
pub mod random;
pub mod rides;
pub mod vaccines;
mod words;

use std::io::{self, Write};

/// How the records of a file are laid out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Format {
    /// One JSON array, one record a line.
    Array,
    /// One JSON array whose lines begin with the comma, as Stack Exchange records are passed around.
    LeadingCommas,
    /// JSON lines: one record a line, nothing around them.
    Lines,
    /// One page of the API: `{"count":…,"next":null,"previous":null,"data":[…]}`.
    Page,
}

/// Writes records one by one in a [`Format`].
pub struct Frame<W: Write> {
    out: W,
    format: Format,
    written: u64,
}

impl<W: Write> Frame<W> {
    /// Begins a file; `count` is what a page claims to hold.
    ///
    /// # Errors
    /// Those of the writer.
    pub fn begin(mut out: W, format: Format, count: u64) -> io::Result<Self> {
        match format {
            Format::Array | Format::LeadingCommas => out.write_all(b"[")?,
            Format::Lines => {}
            Format::Page => write!(out, "{{\"count\":{count},\"next\":null,\"previous\":null,\"data\":[")?,
        }
        Ok(Self { out, format, written: 0 })
    }

    /// Adds one record, given as JSON without a line break.
    ///
    /// # Errors
    /// Those of the writer.
    pub fn record(&mut self, record: &[u8]) -> io::Result<()> {
        match (self.format, self.written) {
            (Format::Lines, _) | (Format::LeadingCommas, 0) => {}
            (Format::LeadingCommas, _) => self.out.write_all(b"\n,")?,
            (_, 0) => self.out.write_all(b"\n")?,
            _ => self.out.write_all(b",\n")?,
        }
        self.out.write_all(record)?;
        if self.format == Format::Lines {
            self.out.write_all(b"\n")?;
        }
        self.written += 1;
        Ok(())
    }

    /// Ends the file and flushes it.
    ///
    /// # Errors
    /// Those of the writer.
    pub fn end(mut self) -> io::Result<()> {
        match self.format {
            Format::Array | Format::LeadingCommas => self.out.write_all(b"\n]\n")?,
            Format::Lines => {}
            Format::Page => self.out.write_all(b"\n]}\n")?,
        }
        self.out.flush()
    }
}

/// Checks that the files of a folder are those committed as a dataset's sample.
#[cfg(test)]
fn assert_is_sample(dataset: &str, made: &std::path::Path) {
    let committed = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("sample").join(dataset);
    let names = |folder: &std::path::Path| {
        let mut names: Vec<_> =
            std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().file_name()).collect();
        names.sort();
        names
    };
    assert_eq!(names(&committed), names(made), "{}", committed.display());
    for name in names(made) {
        let is_same =
            std::fs::read(made.join(&name)).unwrap() == std::fs::read(committed.join(&name)).unwrap();
        assert!(
            is_same,
            "{dataset}/{} differs: make it again with the command in tests/sample/README.md",
            name.display()
        );
    }
}
