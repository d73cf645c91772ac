//! What can be wrong with one record of a CSV source, in words and as SQLSTATE.

use super::Delimiter;
use crate::frame::position::Position;
use crate::frame::problem::{Kind, Problem, found};
use crate::frame::{Fault, Limits};

/// Malformed: PostgreSQL's own code for a bad COPY file.
pub(super) const MALFORMED: &str = "22P04";

/// Quotes that do not fit.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Loss {
    /// Offset in the record: of the byte that does not fit, or of the quote that is not closed.
    pub at: usize,
    /// The field, from 1.
    pub field: usize,
    /// What does not fit.
    pub trouble: Trouble,
}

/// How quotes do not fit.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Trouble {
    /// A quote in a field that does not begin with one.
    Stray,
    /// Something else than a delimiter or the end of the line behind the closing quote.
    Behind,
    /// A quote that the source does not close.
    OpenAtEnd,
    /// A quote that is not closed within this many bytes.
    OpenAtLimit(usize),
}

impl Loss {
    /// In words; `record` begins at `start`.
    pub fn message(&self, record: &[u8], start: Position, delimiter: Delimiter) -> String {
        let Position { line, byte, .. } = start.at(record, self.at);
        let (field, place) = (self.field, format!("in line {line} at byte {byte}"));
        match self.trouble {
            Trouble::Stray => {
                format!("a quote {place}, inside field {field}, which does not begin with one")
            }
            Trouble::Behind => {
                let found = found(record, self.at);
                let delimiter = delimiter.in_words();
                format!(
                    "expected {delimiter} or the line's end after the closing quote of field {field}, found {found} {place}"
                )
            }
            Trouble::OpenAtEnd => {
                format!("the quote that opens field {field} {place} is not closed before the source ends")
            }
            Trouble::OpenAtLimit(limit) => {
                format!(
                    "the quote that opens field {field} {place} is not closed within {limit} bytes, the limit of a record"
                )
            }
        }
    }
}

/// A malformed record.
pub(super) fn malformed(record: &[u8], message: String) -> Fault<'_> {
    Fault { sqlstate: MALFORMED, message, raw: record }
}

/// The record as text; the first byte that cannot be stored makes it a faulty one.
pub(super) fn text(record: &[u8], byte: u64, limits: Limits) -> Result<&str, Fault<'_>> {
    let nul = memchr::memchr(0, record);
    match (std::str::from_utf8(record), nul) {
        (Ok(text), None) => Ok(text),
        (Err(error), nul) if nul.is_none_or(|nul| error.valid_up_to() < nul) => {
            Err(Problem { at: error.valid_up_to(), kind: Kind::Encoding }.fault(record, byte, limits))
        }
        (_, nul) => {
            let place = byte + nul.unwrap_or_default() as u64;
            let message = format!("NUL at byte {place} cannot be stored as text");
            Err(Fault { sqlstate: "22P05", message, raw: record })
        }
    }
}
