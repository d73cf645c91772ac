//! Lines of trips that must not get in, ten kinds in turn.

use super::Plan;

/// Numbers of bad trips begin here, far from the good ones'.
const FIRST_ID: u64 = 7_000_000_000;

/// What a kind is rejected with: SQLSTATE, and the column at fault where the line could be taken apart.
pub const KINDS: [(&str, Option<&str>); 10] = [
    ("22P02", Some("driver_id")),
    ("22008", Some("dropoff_timestamp")),
    ("22P02", Some("pickup_timestamp")),
    ("22003", Some("base_fare")),
    ("22003", Some("gratuity")),
    ("23502", Some("driver_id")),
    ("22P04", None),
    ("22P04", None),
    ("22P04", None),
    ("22021", None),
];

impl Plan {
    /// The bad line with that number, from 0, without its line break. Kinds 3 and 4 would fit a wider `numeric`.
    pub(super) fn bad_line(&self, number: u64) -> Vec<u8> {
        let mut trip = self.trip(1 + number % self.trips.max(1));
        trip.id = FIRST_ID + number;
        let mut fields = trip.fields();
        match number % KINDS.len() as u64 {
            0 => fields[1] = "D-17".to_owned(),
            1 => fields[4] = "2021-02-30 10:00:00".to_owned(),
            2 => fields[3] = "yesterday".to_owned(),
            3 => fields[5] = "12.345".to_owned(),
            4 => fields[6] = "12345678901.00".to_owned(),
            5 => fields[1].clear(),
            6 => return fields[..6].join(",").into_bytes(),
            7 => return format!("{},0", fields.join(",")).into_bytes(),
            8 => fields[2] = "2021\"-05-01".to_owned(),
            _ => {
                let mut line = fields.join(",").into_bytes();
                line.push(0xff);
                return line;
            }
        }
        fields.join(",").into_bytes()
    }
}
