//! Framing: where one record of a source ends and the next begins. CSV has a page of its own, [`csv`].
//!
//! [`JsonFramer`] takes the bytes of a source in chunks of any size and hands every record on, valid or faulty, with
//! the line and the byte where it begins. A record handed on as `Ok` is one JSON object by RFC 8259, at most
//! [`Limits::depth`] deep, in UTF-8, without NUL and without lone surrogates: serde_json reads it, and so does
//! PostgreSQL. The chunks' boundaries never show in the output.
//!
//! # Shapes of a source
//!
//! | source | outcome |
//! |---|---|
//! | `[{...}, {...}]`, any whitespace, commas at the end or the beginning of a line | [`Shape::Array`] |
//! | `{"data":[...]}` with `count`, `next`, `previous`, `results_limited_to`, `metadata`, `error` in any order; several pages, one a line or concatenated; `{"data":{...}}` is a page of one record | [`Shape::Pages`] |
//! | one object a line; blank lines skipped; LF, CRLF or lone CR; the last line needs no end; several objects in a line are several records | [`Shape::Lines`] |
//! | objects over several lines, or several in the first line, one after the other | [`Shape::Objects`] |
//! | one object | [`Shape::Object`] |
//! | nothing, or whitespace and a byte order mark only | no record, [`Shape::Empty`]: an explicit `[]` has the shape of an array, so a caller can tell them apart and say so |
//! | UTF-8 byte order mark first | skipped, and counted in `byte` |
//! | UTF-16, UTF-32 with or without a mark | refused, 22021 |
//! | gzip, zstd, zip, bzip2, xz (the caller unpacks), HTML or XML, a scalar, CSV, binary | refused, 22P02 |
//! | `error` that is not null: in a page, in an object of envelope keys only, in an object alone in its source | refused, 22P02, with the reply's words |
//! | `{"data":null}` without `error` | refused, 22P02: never an empty success |
//! | an object with other keys before `data` | an ordinary record |
//! | other keys after the `data` array of an object that has no paging key | refused, 22P02: page or record? |
//!
//! # Damage
//!
//! | damage | in an array, a page, concatenated objects | in JSON lines |
//! |---|---|---|
//! | missing or doubled or trailing comma, wrong bracket, text after the end, end of the source inside | refused, 22P02 | the line is one faulty record, 22P02 |
//! | a quote too many or missing (what follows a string is not `,` `:` `}` `]`) | refused, 22P02: where the record ends is anybody's guess | the line is faulty, 22P02 |
//! | literal, number, key, escape wrong, brackets and quotes intact | faulty record, 22P02 | the line is faulty, 22P02 |
//! | a control byte in a string | faulty record, 22P02 | the line is faulty, 22P02; a line break ends it |
//! | NUL, `\u0000` | faulty record, 22P05 | the line is faulty, 22P05 |
//! | lone surrogate escape, in any key or value | faulty record, 22P02 | the line is faulty, 22P02 |
//! | invalid UTF-8 (Latin-1, overlong, surrogates) | faulty record, 22021 | the line is faulty, 22021 |
//! | nested deeper than the limit | faulty record, 54001 | the line is faulty, 54001 |
//! | longer than the limit (a line counts whole) | faulty record, 54000 | the line is faulty, 54000 |
//! | a number, string, null, array where an object is expected | faulty record, 22P02 | the line is faulty, 22P02 |
//!
//! The first line decides: it is taken for a damaged line of JSON lines if the next line that is not blank begins with
//! `{`, else the source is refused. The first problem of a record by position is the one that is named, but length
//! comes before everything. Duplicate keys and the range of numbers are matters of whoever reads the record.
//!
//! # Memory
//!
//! A record within one chunk is handed on without a copy. At most one record is ever kept, up to
//! [`Limits::record_bytes`]; a longer one is skipped while its end is sought, keeping [`RAW_BYTES`]. Nesting is
//! counted, not stacked: a million brackets cost nothing.

pub mod csv;
mod envelope;
mod extent;
mod json;
mod lines;
mod opening;
mod page;
mod position;
mod problem;
mod record;
mod text;
mod value;

#[cfg(test)]
mod tests;

pub use csv::{CsvFramer, Delimiter, loose_name};
pub use json::JsonFramer;

/// How many bytes of a faulty record are handed on at most.
pub const RAW_BYTES: usize = 64 * 1024;

/// What a record may be at most.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// Length of one record, bytes.
    pub record_bytes: usize,
    /// Nesting of one record, the record itself being 1. Above [`Limits::DEEPEST`] it is taken as that.
    pub depth: usize,
}

impl Limits {
    /// The deepest nesting that serde_json reads.
    pub const DEEPEST: usize = 127;
}

impl Default for Limits {
    /// 16 MiB and 127 levels.
    fn default() -> Self {
        Limits { record_bytes: 16 * 1024 * 1024, depth: Limits::DEEPEST }
    }
}

/// One record of a source.
#[derive(Debug)]
pub struct Framed<'a> {
    /// The physical line where the record begins, from 1. LF, CRLF and a lone CR each end a line.
    pub line: u64,
    /// The offset of the record's first byte in the source, from 0, a byte order mark counted.
    pub byte: u64,
    /// The record's text, or why it is not one.
    pub content: Result<&'a str, Fault<'a>>,
}

/// Why a record is not a JSON object that can be loaded.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fault<'a> {
    /// 22P02 malformed JSON, 22P04 malformed CSV, 22P05 NUL, 22021 not UTF-8, 54000 too long, 54001 too deep.
    pub sqlstate: &'static str,
    /// What is wrong and at which byte of the source. Never quotes more of the record than one character.
    pub message: String,
    /// The record's bytes; of a record that is too long the first [`RAW_BYTES`].
    pub raw: &'a [u8],
}

/// Why a source as a whole cannot be framed. Nothing of it should be loaded.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("line {line}, byte {byte}: {message}")]
pub struct Refused {
    /// The offset of the first byte that does not fit, from 0; the length of the source if it ends too early.
    pub byte: u64,
    /// The physical line of that byte, from 1.
    pub line: u64,
    /// 22P02 malformed, 22P05 NUL, 22021 not UTF-8, 54000 an envelope or header too long; of CSV also 22P04 a
    /// malformed header, 42701 the same column twice, 54011 too many columns.
    pub sqlstate: &'static str,
    /// What is wrong.
    pub message: String,
}

/// Why `push` or `finish` of a framer stopped.
#[derive(Debug, thiserror::Error)]
pub enum Stopped<E> {
    /// The source is refused.
    #[error(transparent)]
    Refused(#[from] Refused),
    /// The caller's sink failed.
    #[error("a framed record could not be handed on")]
    Sink(#[source] E),
}

impl<E> Stopped<E> {
    /// What a framer answers from now on; `position` is where it stopped.
    fn for_good(&self, position: position::Position) -> Refused {
        match self {
            Stopped::Refused(refused) => refused.clone(),
            Stopped::Sink(_) => Refused {
                byte: position.byte,
                line: position.line,
                sqlstate: "57014",
                message: "an earlier record could not be handed on".to_owned(),
            },
        }
    }
}

/// What a source turned out to be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Shape {
    /// Not a byte but whitespace.
    Empty,
    /// An array of records.
    Array,
    /// One or more `{"data":[...]}` pages.
    Pages,
    /// A record a line, two at least.
    Lines,
    /// Objects one after the other, two at least.
    Objects,
    /// A single object.
    Object,
    /// CSV: a header line and records.
    Table,
    /// CSV: a header line and nothing else.
    Header,
}

/// What was framed, known when the source has ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Summary {
    /// Records handed on, faulty ones included.
    pub records: u64,
    /// Faulty records among them.
    pub faults: u64,
    /// Bytes of the source.
    pub bytes: u64,
    /// The source's shape.
    pub shape: Shape,
    /// Pages, 0 if the shape is another.
    pub pages: u64,
    /// `count` of the last page that has it: records over all pages, by the sender's word.
    pub count: Option<u64>,
    /// `next` of the last page: where the page after it is. Not null means that this source is not the whole.
    pub next: Option<String>,
    /// `results_limited_to` of the last page that has it, as JSON text: the sender cut the result off.
    pub results_limited_to: Option<String>,
    /// The names of a CSV source's columns, as its header has them, without the blanks around them; none if it is empty
    /// or JSON.
    pub header: Option<Vec<String>>,
    /// Records of a CSV source that look like UTF-8 that was read as Windows-1252.
    pub mojibake: u64,
}

impl Summary {
    /// Nothing yet.
    fn new() -> Self {
        Summary {
            records: 0,
            faults: 0,
            bytes: 0,
            shape: Shape::Empty,
            pages: 0,
            count: None,
            next: None,
            results_limited_to: None,
            header: None,
            mojibake: 0,
        }
    }
}
