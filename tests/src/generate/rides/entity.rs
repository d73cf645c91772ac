//! One driver, one trip, one charge, each by its number.

use super::Plan;
use crate::generate::clock::{DAY, timestamp};
use crate::generate::words;

/// Days that the trips run over.
const DAYS: i64 = 212;
/// Numbers of trips, charges and drivers that nobody has begin here.
const NOBODY: u64 = 5_000_000_000;

/// A driver.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Driver {
    /// Number, from 1.
    pub id: u64,
    /// Licence number, with zeros in front.
    pub tlc_number: String,
    /// First name.
    pub first_name: &'static str,
    /// Last name.
    pub last_name: &'static str,
}

impl Driver {
    /// As JSON without a line break.
    #[must_use]
    pub fn json(&self) -> String {
        serde_json::json!({
            "id": self.id,
            "tlc_number": self.tlc_number,
            "first_name": self.first_name,
            "last_name": self.last_name
        })
        .to_string()
    }
}

/// A trip; moments are seconds since the beginning of 2021, money is cents.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Trip {
    /// Number, from 1.
    pub id: u64,
    /// Who drove.
    pub driver_id: u64,
    /// When the ride was asked for.
    pub request: i64,
    /// When the passenger got in.
    pub pickup: Option<i64>,
    /// When the passenger got out.
    pub dropoff: Option<i64>,
    /// Fare.
    pub base_fare: i64,
    /// Gratuity, if any.
    pub gratuity: Option<i64>,
}

fn money(cents: i64) -> String {
    let sign = if cents < 0 { "-" } else { "" };
    format!("{sign}{}.{:02}", cents.abs() / 100, cents.abs() % 100)
}

impl Trip {
    /// Names of the columns.
    pub const HEADER: [&'static str; 7] = [
        "id",
        "driver_id",
        "request_timestamp",
        "pickup_timestamp",
        "dropoff_timestamp",
        "base_fare",
        "gratuity",
    ];

    /// The fields as text.
    #[must_use]
    pub fn fields(&self) -> [String; 7] {
        let moment = |seconds: Option<i64>| seconds.map(timestamp).unwrap_or_default();
        [
            self.id.to_string(),
            self.driver_id.to_string(),
            timestamp(self.request),
            moment(self.pickup),
            moment(self.dropoff),
            money(self.base_fare),
            self.gratuity.map(money).unwrap_or_default(),
        ]
    }
}

/// A charge.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Charge {
    /// Number: that of the trip.
    pub id: u64,
    /// What was charged for.
    pub trip_id: u64,
    /// Cents.
    pub amount_cents: i64,
}

impl Charge {
    /// Names of the columns.
    pub const HEADER: [&'static str; 3] = ["id", "trip_id", "amount_cents"];

    /// The fields as text.
    #[must_use]
    pub fn fields(&self) -> [String; 3] {
        [self.id.to_string(), self.trip_id.to_string(), self.amount_cents.to_string()]
    }
}

impl Plan {
    /// The driver with that number.
    #[must_use]
    pub fn driver(&self, id: u64) -> Driver {
        let mut random = self.random("driver", id);
        Driver {
            id,
            tlc_number: format!("{:07}", random.below(5_000_000)),
            first_name: random.pick(words::GIVEN),
            last_name: random.pick(words::FAMILY),
        }
    }

    /// A day on which that driver drives.
    fn day(&self, driver: u64, number: u64) -> i64 {
        let mut habit = self.random("habit", driver);
        let mut random = self.random("day", number);
        match habit.below(100) {
            // Stops, some day after the hundredth.
            0..15 => {
                let last = habit.between(100, DAYS - 1);
                random.between(0, last)
            }
            // Pauses from day 170 to day 200.
            15..20 => {
                let day = random.between(0, DAYS - 31);
                if day < 170 { day } else { day + 31 }
            }
            _ => random.between(0, DAYS - 1),
        }
    }

    /// The trip with that number.
    #[must_use]
    pub fn trip(&self, id: u64) -> Trip {
        let mut random = self.random("trip", id);
        // One driver in 50 has not driven yet.
        let driver = 1 + random.below(self.drivers());
        let driver_id = if driver.is_multiple_of(50) { driver - 1 } else { driver };
        let request = self.day(driver_id, id) * DAY + random.between(0, DAY - 1);
        let pickup = request + random.between(60, 900);
        let dropoff = pickup + random.between(180, 5_400);
        // A cancelled ride ends before the pick-up or after it.
        let cancelled = random.below(40);
        let fare = random.between(250, 8_000);
        let base_fare = if random.below(200) == 0 { -fare } else { fare };
        let mut gratuity = if random.percent(10) { None } else { Some(random.between(0, 1_500)) };
        if self.random("changed", id).percent(self.changed) {
            gratuity = Some(gratuity.unwrap_or(0) + 100);
        }
        Trip {
            id,
            driver_id,
            request,
            pickup: (cancelled != 0).then_some(pickup),
            dropoff: (cancelled > 1).then_some(dropoff),
            base_fare,
            gratuity,
        }
    }

    /// The charge of the trip with that number; 2 % have none.
    #[must_use]
    pub fn charge(&self, trip_id: u64) -> Option<Charge> {
        if trip_id > 1 && self.random("uncharged", trip_id).percent(2) {
            return None;
        }
        let trip = self.trip(trip_id);
        Some(Charge { id: trip_id, trip_id, amount_cents: trip.base_fare + trip.gratuity.unwrap_or(0) })
    }

    /// A trip whose driver is not there.
    #[must_use]
    pub fn trip_without_driver(&self, number: u64) -> Trip {
        Trip { id: NOBODY + number, driver_id: NOBODY + number, ..self.trip(number) }
    }

    /// A charge whose trip is not there.
    #[must_use]
    pub fn charge_without_trip(&self, number: u64) -> Charge {
        Charge { id: NOBODY + number, trip_id: NOBODY + 1_000_000 + number, amount_cents: 1_000 }
    }
}
