//! What is said of a source beside its records.
use etl_core::frame::{Shape, Summary};

use crate::config::Format;
use crate::ledger::Unread;
use crate::run::files::SourceFile;
use crate::source::short_name;

/// So many records may have what is typical of text read in the wrong encoding and still be meant.
const MOJIBAKE: u64 = 3;
/// So many columns are named.
const NAMED: usize = 10;

/// What is known of a source that its reader should know; `not_utf8` records of it are not UTF-8.
pub fn of_source(file: &SourceFile, summary: &Summary, not_utf8: u64) -> Vec<String> {
    let mut notes = Vec::new();
    let name = short_name(&file.location);
    if summary.shape == Shape::Empty {
        notes.push(format!("{name} is empty: there was nothing to read"));
    }
    if summary.shape == Shape::Header {
        notes.push(format!("{name} has a header and no records"));
    }
    if not_utf8 > 0 && matches!(file.format, Format::Csv(_)) {
        notes.push(format!(
            "{} not in its encoding: if it is another one, say so: --encoding latin1, or windows-1252",
            counted(not_utf8, name, "is", "are")
        ));
    }
    if summary.mojibake > MOJIBAKE {
        notes.push(format!(
            "{} like UTF-8 that was read as Windows-1252 (\"Ã©\" for \"é\"): loaded as they are",
            counted(summary.mojibake, name, "looks", "look")
        ));
    }
    if summary.next.is_some() {
        notes.push(format!("{name} is not the whole: its last page names a next one, which was not read"));
    }
    if let Some(limit) = &summary.results_limited_to {
        notes.push(format!("{name} was cut off by its sender: results_limited_to is {limit}"));
    }
    if let Some(count) = summary.count.filter(|count| *count != summary.records) {
        notes.push(format!(
            "{name} has {} records, and its sender counts {count} over all pages",
            summary.records
        ));
    }
    notes
}

/// `2 records of a.csv are`.
fn counted(count: u64, name: &str, one: &str, several: &str) -> String {
    match count {
        1 => format!("1 record of {name} {one}"),
        _ => format!("{count} records of {name} {several}"),
    }
}

/// Which columns of a CSV source nothing has read.
pub fn unread_note(unread: &Unread) -> String {
    let name = short_name(&unread.location);
    let columns: Vec<String> =
        unread.columns.iter().take(NAMED).map(|column| format!("{column:?}")).collect();
    let columns = columns.join(", ");
    match unread.columns.len() {
        1 => format!("{name}: column {columns} is not read"),
        count if count > NAMED => {
            format!("{name}: columns {columns} and {} more are not read", count - NAMED)
        }
        _ => format!("{name}: columns {columns} are not read"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_that_are_not_read_are_named() {
        let note = |columns: &[&str]| {
            let columns = columns.iter().map(|column| (*column).to_owned()).collect();
            unread_note(&Unread { location: "/data/trips.csv".to_owned(), columns })
        };
        assert_eq!(note(&["x"]), "trips.csv: column \"x\" is not read");
        assert_eq!(note(&["x", "\u{1b}[2J"]), "trips.csv: columns \"x\", \"\\u{1b}[2J\" are not read");
        let many = ["c"; 12];
        assert!(note(&many).ends_with("\"c\" and 2 more are not read"), "{}", note(&many));
    }
}
