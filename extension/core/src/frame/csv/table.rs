//! A framed record as the JSON object that is staged.

use csv_core::{ReadRecordResult, Reader, ReaderBuilder};

use super::Delimiter;
use super::header::{Header, MOST_COLUMNS, too_many, write_string};
use super::problem::{malformed, text};
use crate::frame::position::Position;
use crate::frame::{Fault, Limits, RAW_BYTES};

/// Splits records into fields.
#[derive(Debug)]
pub(super) struct Fields {
    reader: Reader,
    /// The fields without their quotes, one after the other.
    text: Vec<u8>,
    /// Where each field ends in `text`.
    ends: Vec<usize>,
}

impl Fields {
    fn new(delimiter: Delimiter) -> Self {
        let mut reader = ReaderBuilder::new().delimiter(delimiter.byte()).build();
        // A reader takes a byte order mark off the first thing it is given. That is not to be a record.
        reader.read_record(b"\n", &mut [0], &mut [0]);
        Fields { reader, text: Vec::new(), ends: vec![0; MOST_COLUMNS + 1] }
    }

    /// Splits one record, which is not empty and whose quotes are right; the number of its fields. Above
    /// [`MOST_COLUMNS`] the fields are counted and not kept.
    fn split(&mut self, record: &[u8]) -> usize {
        // One more than can be needed: csv_core asks for room before it looks whether it needs any.
        if self.text.len() <= record.len() {
            self.text.resize(record.len() + 1, 0);
        }
        let (mut count, mut filled, mut written) = (0, 0, 0);
        for part in [record, b"\n"] {
            let mut rest = part;
            while !rest.is_empty() {
                let text = self.text.get_mut(written..).unwrap_or_default();
                let ends = self.ends.get_mut(filled..).unwrap_or_default();
                let (result, read, wrote, ended) = self.reader.read_record(rest, text, ends);
                rest = rest.get(read..).unwrap_or_default();
                (written, filled, count) = (written + wrote, filled + ended, count + ended);
                if result == ReadRecordResult::OutputEndsFull {
                    filled = 0;
                }
            }
        }
        count
    }

    /// The first `count` fields of the record split last.
    fn iter(&self, count: usize) -> impl Iterator<Item = &[u8]> {
        let mut begin = 0;
        self.ends.iter().take(count).map(move |end| {
            let field = self.text.get(begin..*end).unwrap_or_default();
            begin = *end;
            field
        })
    }
}

/// What the records of a source become.
#[derive(Debug)]
pub(super) struct Table {
    header: Header,
    fields: Fields,
    /// The record handed on last, as JSON; its room is used again.
    json: Vec<u8>,
}

impl Table {
    /// The table whose header line is `line`, which stands at `start`.
    ///
    /// # Errors
    /// SQLSTATE and words: 22021, 22P05, 54011, 42701.
    pub fn new(line: &[u8], start: Position, delimiter: Delimiter) -> Result<Table, (&'static str, String)> {
        let refused = |fault: Fault<'_>| (fault.sqlstate, fault.message);
        text(line, start.byte, Limits::default()).map_err(refused)?;
        let mut fields = Fields::new(delimiter);
        let count = fields.split(line);
        if let Some(refused) = too_many(count) {
            return Err(refused);
        }
        let names = fields.iter(count).map(|name| std::str::from_utf8(name).unwrap_or_default());
        Ok(Table { header: Header::new(names)?, fields, json: Vec::new() })
    }

    /// The names of the columns.
    pub fn names(&self) -> &[String] {
        &self.header.names
    }

    /// The record, which stands at `start`, as a JSON object of strings.
    pub fn json<'a>(
        &'a mut self,
        record: &'a [u8],
        start: Position,
        limits: Limits,
    ) -> Result<&'a str, Fault<'a>> {
        text(record, start.byte, limits)?;
        let columns = self.header.keys.len();
        let count = match record {
            [] if columns == 1 => 1,
            [] => return Err(malformed(record, format!("expected {}, found a blank line", fields(columns)))),
            _ => self.fields.split(record),
        };
        if count != columns {
            return Err(malformed(record, format!("expected {}, found {count}", fields(columns))));
        }
        self.json.clear();
        let blank = [&record[..0]];
        let values = self.fields.iter(if record.is_empty() { 0 } else { count });
        for (key, value) in self.header.keys.iter().zip(values.chain(blank)) {
            self.json.extend_from_slice(key);
            write_string(&mut self.json, text(value, start.byte, limits)?);
        }
        self.json.push(b'}');
        text(&self.json, start.byte, limits)
    }

    /// Gives back the room that a long record took.
    pub fn shrink(&mut self) {
        for room in [&mut self.json, &mut self.fields.text] {
            if room.capacity() > 4 * RAW_BYTES {
                room.clear();
                room.shrink_to(RAW_BYTES);
            }
        }
    }
}

fn fields(columns: usize) -> String {
    match columns {
        1 => "1 field".to_owned(),
        _ => format!("{columns} fields"),
    }
}
