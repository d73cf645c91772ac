//! The envelope of an API's page: which object is one, and what it says beside its data.

use std::ops::Range;

use super::Limits;
use super::problem::Kind;
use super::text::{Stop, string};
use super::value::{blank, check};

/// What an object says as an envelope.
#[derive(Debug, Clone, Default)]
pub(super) struct Envelope {
    pub count: Option<u64>,
    pub next: Option<String>,
    pub results_limited_to: Option<String>,
    /// `error` as JSON text, shortened; none if it is absent or null.
    pub error: Option<String>,
    pub data: Data,
    /// It has a key that only a page has.
    pub paged: bool,
    /// It has a key that a page does not have.
    pub foreign: bool,
    /// `detail` or `message` as JSON text, shortened: what many APIs send instead of data, under no key `error`.
    pub complaint: Option<String>,
    /// It has a key that such a reply does not have.
    pub says_more: bool,
}

/// What stands under `data`.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) enum Data {
    #[default]
    Absent,
    Null,
    /// One record.
    Object(Range<usize>),
    /// An array that is framed on its own.
    Array,
    Other,
}

/// How far an object was read.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Members {
    /// To its end, this offset.
    Closed(usize),
    /// To the offset after the `[` of `data`.
    Page(usize),
    /// To a key that no page has.
    Foreign,
}

/// Why the object is read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Part {
    /// From its beginning, to find the `[` of `data`; stops at a foreign key.
    Head,
    /// From behind the array.
    Tail,
    /// Whole, keys of all kinds.
    Whole,
}

/// How much of an error is quoted, characters.
const QUOTED: usize = 300;

impl Envelope {
    /// An object that is nothing but an envelope without data, and why it cannot be taken as a record.
    pub fn refusal(&self) -> Option<String> {
        match (&self.error, &self.data) {
            _ if self.foreign => None,
            (Some(error), _) => Some(error_reply(error)),
            (None, Data::Null) => Some(
                "a page whose `data` is null: an answer without records has an empty array there".to_owned(),
            ),
            _ => None,
        }
    }

    /// Why the only object of a source is taken for an error reply, if it is.
    pub fn lone_refusal(&self) -> Option<String> {
        let complaint = self.complaint.as_ref().filter(|_| !self.says_more);
        let complaint =
            complaint.map(|text| format!("{}; if it is a record, put it into an array", error_reply(text)));
        self.error.as_deref().map(error_reply).or(complaint)
    }

    /// Reads the members of an object. `at` is behind its `{` for a head and a whole, behind the `]` for a tail.
    ///
    /// # Errors
    /// The object is damaged, or the bytes end before it does.
    pub fn read(&mut self, bytes: &[u8], mut at: usize, part: Part) -> Result<Members, Stop> {
        let mut first = part != Part::Tail;
        loop {
            at = blank(bytes, at);
            match bytes.get(at) {
                None => return Err(Stop::Incomplete),
                Some(b'}') => return Ok(Members::Closed(at + 1)),
                Some(b',') if !first => at = blank(bytes, at + 1),
                Some(_) if !first => return Err(Stop::bad(at, Kind::Expected("`,` or `}`"))),
                Some(_) => {}
            }
            first = false;
            let key = at;
            match bytes.get(at) {
                None => return Err(Stop::Incomplete),
                Some(b'"') => at = string(bytes, at + 1)?,
                Some(_) => return Err(Stop::bad(at, Kind::Expected("a key in quotes"))),
            }
            let name = bytes.get(key..at).unwrap_or_default();
            // A key that is not UTF-8 is foreign.
            let name: String = serde_json::from_slice(name).unwrap_or_default();
            at = blank(bytes, at);
            match bytes.get(at) {
                None => return Err(Stop::Incomplete),
                Some(b':') => at = blank(bytes, at + 1),
                Some(_) => return Err(Stop::bad(at, Kind::Expected("`:`"))),
            }
            if name == "data" && part != Part::Whole {
                match (bytes.get(at), &self.data) {
                    (Some(b'['), Data::Absent) if part == Part::Head => {
                        self.data = Data::Array;
                        return Ok(Members::Page(at + 1));
                    }
                    (_, Data::Absent) => {}
                    _ => return Err(Stop::bad(key, Kind::Expected("one `data` in a page"))),
                }
            }
            let end = check(bytes, at, Limits::DEEPEST as u32)?;
            self.note(&name, bytes, at..end);
            if self.foreign && part == Part::Head {
                return Ok(Members::Foreign);
            }
            at = end;
        }
    }

    /// Takes note of one member.
    fn note(&mut self, name: &str, bytes: &[u8], span: Range<usize>) {
        let value = bytes.get(span.clone()).unwrap_or_default();
        let is_null = value == b"null";
        match name {
            "count" => self.count = serde_json::from_slice(value).ok().or(self.count),
            "next" => self.next = serde_json::from_slice(value).ok(),
            "results_limited_to" if !is_null => self.results_limited_to = Some(shortened(value)),
            "error" if !is_null => self.error = Some(shortened(value)),
            "previous" | "results_limited_to" | "error" | "metadata" => {}
            "data" => {
                self.data = match value.first() {
                    Some(b'{') => Data::Object(span),
                    Some(b'n') => Data::Null,
                    _ => Data::Other,
                }
            }
            _ => self.foreign = true,
        }
        match name {
            "detail" | "message" if !is_null => self.complaint = Some(shortened(value)),
            "detail" | "message" | "code" | "status" | "status_code" | "documentation_url" => {}
            _ => self.says_more = true,
        }
        self.paged |= matches!(name, "count" | "next" | "previous" | "results_limited_to" | "metadata");
    }
}

/// The words for a source that is an error and not data.
pub(super) fn error_reply(error: &str) -> String {
    format!("the source is an error reply, not data; it says: {error}")
}

/// Whether a record may be nothing but an envelope: its first key is one of an envelope's (or escaped).
pub(super) fn begins_like_one(record: &[u8]) -> bool {
    let key = record.get(blank(record, 1) + 1..).unwrap_or_default();
    ["data\"", "error\"", "count\"", "next\"", "previous\"", "results_limited_to\"", "metadata\"", "\\u"]
        .iter()
        .any(|name| key.starts_with(name.as_bytes()))
}

/// JSON text for a message.
fn shortened(value: &[u8]) -> String {
    let text = String::from_utf8_lossy(value);
    match text.char_indices().nth(QUOTED) {
        Some((end, _)) => format!("{}...", text.get(..end).unwrap_or_default()),
        None => text.into_owned(),
    }
}
