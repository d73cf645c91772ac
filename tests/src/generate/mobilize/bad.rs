//! Records that must not get in, one kind after the other.

use super::{Maker, Take, Version};
use crate::generate::Format;
use crate::generate::json::Json;

/// How many kinds there are: `--bad 6` shows each once.
const KINDS: u64 = 6;
/// Ids of bad attendances and their events begin here, far from the good ones'.
const FIRST_ID: i64 = 3_000_000_000;

impl Maker {
    /// The bad record with that number, as JSON (or nearly) without a line break.
    pub(super) fn bad(&self, number: u64, format: Format) -> String {
        let id = FIRST_ID + i64::try_from(number).unwrap_or(0);
        let mut record =
            self.attendance(Take { attendance: number % self.scale.records.max(1), version: Version::Base });
        record.set("id", Json::Int(id));
        match number % KINDS {
            // Wrong type of the attendance's own field.
            0 => record.set("created_date", Json::text("soon")),
            // Nobody: the canonical key of the person is missing.
            1 => {
                if let Some(person) = record.get("person") {
                    person.remove("user_id");
                }
            }
            // An event of its own that cannot get in: the attendance and its timeslot wait for it.
            2 => {
                if let Some(event) = record.get("event") {
                    event.set("id", Json::Int(id));
                    event.set("created_date", Json::text("yesterday"));
                }
                if let Some(timeslot) = record.get("timeslot") {
                    timeslot.set("id", Json::Int(id));
                }
            }
            // Neither masked nor whole.
            3 => record.set("id", Json::Null),
            // Beyond the range of the type.
            4 => record.set("modified_date", Json::Decimal("92233720368547758070".to_owned())),
            // Damaged: half a line where a line is a record, half a character where damage would break the frame.
            _ => {
                let mut out = String::new();
                record.write(&mut out, true);
                if format == Format::Lines {
                    out.truncate(out.len() / 2);
                } else {
                    out.insert_str(1, "\"half\":\"\\ud83c\",");
                }
                return out;
            }
        }
        let mut out = String::new();
        record.write(&mut out, false);
        out
    }
}
