//! How many of a list's records are different ones.
use std::collections::HashSet;
use std::fs::File;
use std::io::{BufRead, BufReader};
use std::path::Path;

use serde::Deserialize;

/// What tells one record from another.
#[derive(Default, PartialEq, Eq, Hash, Deserialize)]
#[serde(default)]
struct Identified {
    user_id: Option<i64>,
    id: Option<i64>,
    created_date: Option<i64>,
    person: Option<Person>,
    timeslot: Option<Timeslot>,
}

#[derive(PartialEq, Eq, Hash, Deserialize)]
struct Person {
    user_id: Option<i64>,
}

#[derive(PartialEq, Eq, Hash, Deserialize)]
struct Timeslot {
    start_date: Option<i64>,
    end_date: Option<i64>,
}

/// How many of the records are different ones: at least, and at most. A record that changes while pages are turned may
/// move to a later page, and comes twice. People are known by `user_id`, others by `id`; masked attendances have
/// none, and are known for certain to be different only if person, event and times are.
///
/// # Errors
/// What the system reports, damaged data included.
pub fn count(records: &Path) -> std::io::Result<(u64, u64)> {
    let mut known = HashSet::new();
    let mut masked = HashSet::new();
    let mut without = 0;
    for line in BufReader::new(zstd::Decoder::new(File::open(records)?)?).split(b'\n') {
        let found: Identified = serde_json::from_slice(&line?).unwrap_or_default();
        match found.user_id.or(found.id) {
            Some(number) => drop(known.insert(number)),
            None => {
                masked.insert(found);
                without += 1;
            }
        }
    }
    let numbered = known.len() as u64;
    Ok((numbered + masked.len() as u64, numbered + without))
}
