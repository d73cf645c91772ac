//! Framing of CSV: RFC 4180, strictly, record by record.
//!
//! [`CsvFramer`] hands every record on as a JSON object of strings, `{"id":"1","name":"Lerwick"}`: the keys are the
//! names of the header line without the blanks around them, the values the fields' text byte for byte. So CSV and JSON
//! go the same way from there. Nothing is guessed, trimmed or repaired.
//!
//! | source | outcome |
//! |---|---|
//! | LF, CRLF, lone CR at the ends of lines, also mixed; no end of the last line | read; `line` is the physical line, counted through line breaks in fields; U+2028, VT and FF are data |
//! | UTF-8 byte order mark first | skipped, and counted in `byte` |
//! | nothing, or blank lines and a byte order mark only | no record, [`Shape::Empty`](super::Shape) |
//! | a header and nothing else | no record, [`Shape::Header`](super::Shape) |
//! | blank lines at the very end | skipped |
//! | a lone `\.`, first, last, quoted or not | data |
//! | formulas (`=`, `+`, `-`, `@`), tabs, blanks around a value | data |
//! | UTF-16, UTF-32 | refused, 22021 |
//! | gzip, zstd, zip (so xlsx), bzip2, xz; `<`, `{` or `[` as the first byte that is not blank | refused, 22P02 |
//! | header: names that are the same but for case and blanks | refused, 42701, with both |
//! | header: more than 1,600 columns | refused, 54011 |
//! | header: blank while lines follow, wrong quotes | refused, 22P04 |
//! | header: not UTF-8 / NUL / longer than a record may be | refused, 22021 / 22P05 / 54000 |
//!
//! A column may lack its name (row numbers of data frames do): its key is `""`. Columns in another order, missing or new
//! ones are no matter of framing.
//!
//! | damage | outcome |
//! |---|---|
//! | a quote in a field that does not begin with one; something behind a closing quote; a quote that is not closed before the source or the record's limit ends | the first physical line of the record is faulty, 22P04; framing goes on with the next line |
//! | quotes right, but another number of fields than the header: fewer, more, a delimiter at the end, only blanks | the record is faulty as a whole, 22P04 |
//! | a blank line before others | faulty, 22P04; under a header of one column it is a record with an empty value |
//! | NUL | faulty record, 22P05 |
//! | invalid UTF-8 (Latin-1, overlong, surrogates) | faulty record, 22021, with the byte's offset |
//! | longer than the limit | faulty record, 54000, to the end of the line in which the limit is passed |
//! | UTF-8 that was read as Windows-1252 | a good record; [`Summary::mojibake`](super::Summary) counts them |
//!
//! Length comes before quotes, quotes before encoding and NUL (of which the first is named), those before the number of
//! fields.
//!
//! A quote too many or too few can make another well-formed file. Nearly always the number of fields tells: then
//! several lines may be one faulty record. What cannot be told is a part of a value with line breaks that lost one of
//! its quotes, if that line alone has as many fields as the header: it is a record like any other, beside the faulty one
//! that has the other part.
//!
//! Memory: at most one record is kept, up to [`Limits::record_bytes`](super::Limits), with its JSON text.

mod delimiter;
mod framer;
mod header;
mod mojibake;
mod problem;
mod record;
mod scan;
mod table;

#[cfg(test)]
mod tests;

pub use delimiter::Delimiter;
pub use framer::CsvFramer;
pub use header::loose_name;
