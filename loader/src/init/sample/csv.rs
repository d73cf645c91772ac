//! A sample of a CSV file: its header names the fields.
use std::collections::BTreeMap;
use std::hash::RandomState;
use std::io::Read;

use super::{Field, Sample, is_enough};
use crate::config::Format;
use crate::error::Error;
use crate::init::column::{Seen, Value};
use crate::output::printable;

/// Reads header and records. Ragged records, and those that are not UTF-8, are counted as damaged.
pub(super) fn read(location: &str, input: impl Read, state: &RandomState) -> Result<Sample, Error> {
    let mut reader = csv::ReaderBuilder::new().flexible(true).from_reader(input);
    let wrong = |error: csv::Error| Error::usage(format!("{location}: cannot be read as CSV: {error}"));
    let header = reader.headers().map_err(wrong)?.clone();
    let names: Vec<&str> = header.iter().map(|name| name.trim_start_matches('\u{feff}').trim()).collect();
    refuse(location, &names)?;

    let mut seen = vec![Seen::default(); names.len()];
    let (mut records, mut damaged, mut is_whole) = (0, 0, true);
    let mut record = csv::ByteRecord::new();
    while reader.read_byte_record(&mut record).map_err(wrong)? {
        // What was cut off by the sample's end is no record, either.
        if is_enough(records, names.len(), reader.position().byte()) {
            is_whole = false;
            break;
        }
        let values: Result<Vec<&str>, _> = record.iter().map(std::str::from_utf8).collect();
        match values {
            Ok(values) if values.len() == names.len() => {
                for (seen, value) in seen.iter_mut().zip(values) {
                    let value = match value {
                        "" => Value::Missing,
                        text => Value::Scalar(text.to_owned()),
                    };
                    seen.take(records, &value, state);
                }
                records += 1;
            }
            _ => damaged += 1,
        }
    }
    let (mut fields, mut unreadable) = (Vec::new(), Vec::new());
    for (number, (name, seen)) in (1..).zip(names.iter().zip(seen)) {
        match *name {
            "" => unreadable.push(format!("column {number}, which has no name")),
            // What begins with a slash is a pointer to a load function.
            name if name.starts_with('/') => {
                let from = format!("/{}", name.replace('~', "~0").replace('/', "~1"));
                fields.push(Field { path: vec![name.to_owned()], from, seen });
            }
            name => fields.push(Field { path: vec![name.to_owned()], from: name.to_owned(), seen }),
        }
    }
    let location = location.to_owned();
    Ok(Sample { location, format: Format::CSV, fields, records, damaged, is_whole, unreadable })
}

/// Headers that the loader would refuse, too, and files whose columns stand apart by something else than commas.
fn refuse(location: &str, names: &[&str]) -> Result<(), Error> {
    if let [name] = names
        && let Some(separator) = [';', '\t', '|'].into_iter().find(|separator| name.contains(*separator))
    {
        return Err(Error::usage(format!(
            "{location}: its header has one column with \"{}\" in it; columns are separated by commas",
            printable(&separator.to_string())
        ))
        .hint("save it with commas between the columns"));
    }
    let mut loose: BTreeMap<String, &str> = BTreeMap::new();
    for name in names.iter().filter(|name| !name.is_empty()) {
        let same = name.to_lowercase().split_whitespace().collect::<Vec<_>>().join(" ");
        if let Some(first) = loose.insert(same, name) {
            return Err(Error::usage(format!(
                "{location}: columns \"{}\" and \"{}\" of the header have the same name",
                printable(first),
                printable(name)
            ))
            .hint("give each column a name of its own"));
        }
    }
    Ok(())
}
