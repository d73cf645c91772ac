//! What can be wrong with one record, in words and as SQLSTATE.

use super::text::Stop;
use super::value::{blank, check};
use super::{Fault, Limits, RAW_BYTES};

/// What is wrong.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    /// Something else stands where this is expected.
    Expected(&'static str),
    /// A byte below 0x20 in a string.
    Control,
    /// `\u0000`.
    NulEscape,
    /// Half of a surrogate pair, as an escape.
    Surrogate,
    /// A backslash with something that is no escape.
    Escape,
    /// Not UTF-8.
    Encoding,
    /// Too many levels.
    Deep,
}

/// What is wrong, and at which byte of the record.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Problem {
    /// Offset in the bytes that were looked at.
    pub at: usize,
    /// What is wrong there.
    pub kind: Kind,
}

impl Problem {
    /// The JSON grammar itself is broken: the brackets may be, too.
    pub fn is_grammar(&self) -> bool {
        matches!(self.kind, Kind::Expected(_))
    }

    /// The fitting SQLSTATE.
    pub fn sqlstate(&self, bytes: &[u8]) -> &'static str {
        match self.kind {
            Kind::NulEscape => "22P05",
            Kind::Expected(_) | Kind::Control if bytes.get(self.at) == Some(&0) => "22P05",
            Kind::Encoding => "22021",
            Kind::Deep => "54001",
            _ => "22P02",
        }
    }

    /// The problem in words; `byte` is where `bytes` begin in the source.
    pub fn message(&self, bytes: &[u8], byte: u64, limits: Limits) -> String {
        let place = byte + self.at as u64;
        let found = found(bytes, self.at);
        match self.kind {
            Kind::Expected(wanted) => format!("expected {wanted}, found {found} at byte {place}"),
            Kind::Control => format!("{found} in a string at byte {place} must be escaped"),
            Kind::NulEscape => {
                format!("the escape \\u0000 at byte {place} cannot be stored as text")
            }
            Kind::Surrogate => {
                let escape = bytes.get(self.at..self.at + 6).unwrap_or_default();
                let escape = String::from_utf8_lossy(escape);
                format!("the escape {escape} at byte {place} is half of a surrogate pair")
            }
            Kind::Escape => format!("an invalid escape at byte {place}"),
            Kind::Encoding => format!("{found} at byte {place} is not UTF-8"),
            Kind::Deep => format!("nested deeper than {} levels at byte {place}", depth_limit(limits)),
        }
    }

    /// The record as a faulty one.
    pub fn fault<'a>(&self, record: &'a [u8], byte: u64, limits: Limits) -> Fault<'a> {
        Fault { sqlstate: self.sqlstate(record), message: self.message(record, byte, limits), raw: record }
    }
}

/// The first thing that keeps `text` from being one JSON object (or, in a line, several) and nothing else.
pub(super) fn first_problem(text: &[u8], depth_limit: u32) -> Option<Problem> {
    let mut at = 0;
    let grammar = loop {
        match check(text, at, depth_limit) {
            Err(Stop::Bad(problem)) if problem.kind == Kind::Deep => break Some(problem),
            _ if text.get(at) != Some(&b'{') => {
                break Some(expected(at, if at == 0 { "an object" } else { "the end" }));
            }
            Ok(end) if end == text.len() => break None,
            Ok(end) => at = blank(text, end),
            Err(Stop::Bad(problem)) => break Some(problem),
            Err(Stop::Incomplete) => break Some(expected(text.len(), "more of the record")),
        }
    };
    let encoding = std::str::from_utf8(text)
        .err()
        .map(|error| Problem { at: error.valid_up_to(), kind: Kind::Encoding });
    match (grammar, encoding) {
        (Some(grammar), Some(encoding)) if encoding.at < grammar.at => Some(encoding),
        (grammar, encoding) => grammar.or(encoding),
    }
}

fn expected(at: usize, wanted: &'static str) -> Problem {
    Problem { at, kind: Kind::Expected(wanted) }
}

/// The depth in force.
pub(super) fn depth_limit(limits: Limits) -> u32 {
    limits.depth.min(Limits::DEEPEST) as u32
}

/// What is kept of a record that is too long.
fn head(record: &[u8]) -> &[u8] {
    record.get(..RAW_BYTES).unwrap_or(record)
}

/// A faulty record that is too long.
pub(super) fn too_long(record: &[u8], length: u64, limits: Limits) -> Fault<'_> {
    Fault {
        sqlstate: "54000",
        message: format!("the record has {length} bytes, the limit is {}", limits.record_bytes),
        raw: head(record),
    }
}

/// One byte in words.
pub(super) fn found(bytes: &[u8], at: usize) -> String {
    match bytes.get(at) {
        None => "the end".to_owned(),
        Some(&byte) if byte.is_ascii_graphic() => format!("`{}`", char::from(byte)),
        Some(&byte) => format!("byte 0x{byte:02X}"),
    }
}
