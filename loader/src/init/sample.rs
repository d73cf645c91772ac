//! The beginning of a file: its records' fields, and what was seen of each.
mod csv;
mod json;

use std::hash::RandomState;
use std::io::{self, Read};

use super::column::Seen;
use crate::config::Format;
use crate::error::Error;
use crate::source::Source;

/// A sample ends at this many records,
const RECORDS: usize = 10_000;
/// this many bytes after decompression, which one record may exceed,
const BYTES: u64 = 64 << 20;
/// or this many values: a file of 1,000 columns is sampled by 2,000 records.
const CELLS: usize = 2_000_000;

/// A name longer than this, bytes, is none: a quote was not closed, or data stands where names should.
const NAME: usize = 1_000;

/// Most columns of a table in PostgreSQL.
const COLUMNS: usize = 1_600;

/// What the beginning of a file shows.
#[derive(Debug)]
pub struct Sample {
    /// The file, as it was named.
    pub location: String,
    /// How its records are framed.
    pub format: Format,
    /// Its fields, in the order in which they first came.
    pub fields: Vec<Field>,
    /// Sound records.
    pub records: usize,
    /// Records that cannot be read, which are left out.
    pub damaged: usize,
    /// Whether that is all of the file.
    pub is_whole: bool,
    /// Names of fields that no load function can read, such as none at all.
    pub unreadable: Vec<String>,
}

/// A field of the records.
#[derive(Debug)]
pub struct Field {
    /// The name, and of an object's member the object's before it.
    pub path: Vec<String>,
    /// How a load function finds it: its name, or a JSON pointer.
    pub from: String,
    /// What was seen of it.
    pub seen: Seen,
}

/// Reads the beginning of a file. Hashes of values are comparable under one `state`.
///
/// # Errors
/// Usage (exit 2) for a file that cannot be read, that is neither CSV nor JSON, or that has no fields.
pub fn read(location: &str, state: &RandomState) -> Result<Sample, Error> {
    // Twice: an unclosed quote makes one record of all that follows, which must not fill the memory.
    let mut input = Input { source: Source::open(location)?, left: 2 * BYTES, failed: None };
    let mut beginning = Vec::new();
    io::Read::by_ref(&mut input)
        .take(64 * 1024)
        .read_to_end(&mut beginning)
        .map_err(|error| input.error(location, &error))?;
    let format = format_of(location, &beginning);
    let whole = io::Cursor::new(beginning).chain(&mut input);
    let sample = match format {
        Format::Csv(_) => csv::read(location, whole, state),
        Format::Json => json::read(location, whole, state),
    };
    if let Some(error) = input.failed.take() {
        return Err(error);
    }
    let sample = sample?;
    if sample.fields.is_empty() {
        return Err(Error::usage(format!("{location}: there is nothing to draft a table from"))
            .hint("name a file with a header line, or with JSON objects"));
    }
    if sample.fields.iter().flat_map(|field| &field.path).any(|name| name.len() > NAME) {
        return Err(Error::usage(format!("{location}: a field's name is longer than {NAME} bytes"))
            .hint("look whether its header is one, and whether a quote in it is not closed"));
    }
    if sample.fields.len() > COLUMNS {
        return Err(Error::usage(format!(
            "{location}: {} fields, and a table of PostgreSQL has at most {COLUMNS} columns",
            sample.fields.len()
        )));
    }
    Ok(sample)
}

/// Whether so many records of so many fields, and bytes read for them, are a sample.
fn is_enough(records: usize, fields: usize, bytes: u64) -> bool {
    records >= RECORDS || records.saturating_mul(fields) >= CELLS || bytes >= BYTES
}

/// By the name's ending, else by the first character.
fn format_of(location: &str, beginning: &[u8]) -> Format {
    let name = location.to_ascii_lowercase();
    let name = name.trim_end_matches(".gz").trim_end_matches(".zst");
    let ends = |endings: &[&str]| endings.iter().any(|ending| name.ends_with(ending));
    let text = beginning.strip_prefix(b"\xef\xbb\xbf").unwrap_or(beginning);
    let first = text.iter().find(|byte| !byte.is_ascii_whitespace());
    match first {
        _ if ends(&[".csv"]) => Format::CSV,
        _ if ends(&[".json", ".jsonl", ".ndjson"]) => Format::Json,
        Some(b'{' | b'[') => Format::Json,
        _ => Format::CSV,
    }
}

/// A source's first bytes, as a reader. What goes wrong is kept: readers of formats would say it in other words.
struct Input {
    source: Source,
    left: u64,
    failed: Option<Error>,
}

impl Input {
    fn error(&mut self, location: &str, error: &io::Error) -> Error {
        let other = || Error::failed(format!("{location}: cannot be read: {error}"));
        self.failed.take().unwrap_or_else(other)
    }
}

impl Read for Input {
    fn read(&mut self, chunk: &mut [u8]) -> io::Result<usize> {
        let most = usize::try_from(self.left).unwrap_or(usize::MAX).min(chunk.len());
        match self.source.read(&mut chunk[..most]) {
            Ok(count) => {
                self.left -= count as u64;
                Ok(count)
            }
            Err(error) => {
                self.failed = Some(error);
                Err(io::Error::other("the source cannot be read"))
            }
        }
    }
}
