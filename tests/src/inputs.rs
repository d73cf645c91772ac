//! Inputs of tests: generated ones, real ones where the machine has them, and what is true of them.

use crate::generate::Format;
use crate::generate::mobilize::Plan;
use serde_json::Value;
use std::collections::HashSet;
use std::path::PathBuf;

/// A clean generated file.
#[must_use]
pub fn mobilize(records: u64, seed: u64) -> Plan {
    Plan { records, seed, changed: 0, bad: 0, format: Format::Array }
}

/// Records as one JSON array, one a line.
#[must_use]
pub fn array<R: AsRef<str>>(records: &[R]) -> String {
    let records: Vec<&str> = records.iter().map(AsRef::as_ref).collect();
    format!("[\n{}\n]\n", records.join(",\n"))
}

/// A file of the real inputs (`ETL_REAL_DATA`), or nothing, said aloud, where the machine has none.
///
/// # Panics
/// When the variable is set and the file is not there: that is a mistake, not a machine without data.
#[must_use]
pub fn real(file: &str) -> Option<PathBuf> {
    let Some(folder) = std::env::var_os("ETL_REAL_DATA") else {
        eprintln!("SKIPPED: needs the real {file}; name the folder of real inputs in ETL_REAL_DATA");
        return None;
    };
    let path = PathBuf::from(folder).join(file);
    assert!(path.exists(), "ETL_REAL_DATA is set, but {path:?} is not there");
    Some(path)
}

/// How often to repeat a heavy test: `usually`, or `full` times with `ETL_TEST_FULL=1` (`make test-full`).
#[must_use]
pub fn rounds(usually: u32, full: u32) -> u32 {
    if std::env::var_os("ETL_TEST_FULL").is_some_and(|value| value == "1") { full } else { usually }
}

/// How many rows each table of mobilize must have after loading these records and nothing else, found without the project's own code.
#[derive(Debug, PartialEq, Eq)]
pub struct MobilizeTruth {
    /// Distinct ids of attendances.
    pub attendances: i64,
    /// Masked attendances.
    pub masked_attendances: i64,
    /// Distinct people, by `user_id`.
    pub people: i64,
    /// Distinct events.
    pub events: i64,
    /// Distinct timeslots.
    pub timeslots: i64,
    /// Distinct organizations: sponsors of attendances and of events.
    pub organizations: i64,
    /// Distinct (attendance, custom field) pairs.
    pub attendance_custom_fields: i64,
}

impl MobilizeTruth {
    /// Reads the truth off clean records.
    ///
    /// # Panics
    /// When a record is not JSON.
    #[must_use]
    pub fn of<R: AsRef<str>>(records: &[R]) -> Self {
        let mut attendances = HashSet::new();
        let mut masked = 0;
        let mut people = HashSet::new();
        let mut events = HashSet::new();
        let mut timeslots = HashSet::new();
        let mut organizations = HashSet::new();
        let mut fields = HashSet::new();
        for record in records {
            let record: Value = serde_json::from_str(record.as_ref())
                .unwrap_or_else(|error| panic!("the generator made no JSON: {error}"));
            people.insert(record["person"]["user_id"].as_i64());
            organizations.extend(record["sponsor"]["id"].as_i64());
            let Some(id) = record["id"].as_i64() else {
                masked += 1;
                continue;
            };
            attendances.insert(id);
            events.insert(record["event"]["id"].as_i64());
            timeslots.insert(record["timeslot"]["id"].as_i64());
            // An event may list its timeslots, those nobody signed up for among them.
            for timeslot in record["event"]["timeslots"].as_array().into_iter().flatten() {
                timeslots.insert(timeslot["id"].as_i64());
            }
            organizations.extend(record["event"]["sponsor"]["id"].as_i64());
            for field in record["custom_signup_field_values"].as_array().into_iter().flatten() {
                fields.insert((id, field["custom_field_id"].as_i64()));
            }
        }
        let size = |count: usize| i64::try_from(count).unwrap_or(i64::MAX);
        Self {
            attendances: size(attendances.len()),
            masked_attendances: masked,
            people: size(people.len()),
            events: size(events.len()),
            timeslots: size(timeslots.len()),
            organizations: size(organizations.len()),
            attendance_custom_fields: size(fields.len()),
        }
    }

    /// The same numbers as a database has them.
    #[must_use]
    pub fn in_database(database: &crate::database::Database<'_>) -> Self {
        let count = |table: &str| database.count(&format!("mobilize.{table}"));
        Self {
            attendances: count("attendances"),
            masked_attendances: count("masked_attendances"),
            people: count("people"),
            events: count("events"),
            timeslots: count("timeslots"),
            organizations: count("organizations"),
            attendance_custom_fields: count("attendance_custom_fields"),
        }
    }
}
