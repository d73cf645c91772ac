//! Drivers, trips and charges: `drivers.json` (id, `tlc_number`, `first_name`, `last_name`), `trips.csv` (id, `driver_id`, `request_timestamp`,
//! `pickup_timestamp`, `dropoff_timestamp`, `base_fare`, gratuity), `charges.csv` (id, `trip_id`, `amount_cents`).
//!
//! The real files of this exercise are gone; only the order and the types of their columns are known. Everything else is made up here: how long drivers
//! stay, how far rides go, what they cost, and that a trip has one charge of fare and gratuity.
//!
//! What n trips hold: n / 200 drivers, one in 50 of them without a trip, 15 % who stop, 5 % who pause for some weeks; 5 % of trips not completed; 2 % of
//! trips without a charge; one in 200 paid back. Times run from 2021-01-01 to 2021-08-01.

pub mod bad;
mod entity;

pub use super::clock::timestamp;
pub use entity::{Charge, Driver, Trip};

use super::csv::Csv;
use super::random::Random;
use super::{Format, Frame};
use std::fs::File;
use std::io::{self, BufWriter, Write};
use std::path::Path;

/// What to generate.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Plan {
    /// How many good trips; their numbers begin at 1.
    pub trips: u64,
    /// The seed: another one gives other trips.
    pub seed: u64,
    /// Percent of trips whose gratuity, and with it the charge, is another than with 0: what a later delivery would change.
    pub changed: u64,
    /// How many trips besides whose driver is not there, and as many charges whose trip is not there.
    pub orphans: u64,
    /// How many lines of trips, and of charges, stand twice.
    pub duplicates: u64,
    /// How many bad lines stand among the trips, of ten kinds in turn.
    pub bad: u64,
}

impl Plan {
    /// How many drivers there are; their numbers begin at 1.
    #[must_use]
    pub fn drivers(&self) -> u64 {
        (self.trips / 200).max(20)
    }

    fn random(&self, kind: &str, number: u64) -> Random {
        Random::of(self.seed, kind, number)
    }

    /// Writes `drivers.json`, `trips.csv` and `charges.csv`.
    ///
    /// # Errors
    /// When a file cannot be written.
    pub fn write_into(&self, folder: &Path) -> io::Result<()> {
        let create = |name: &str| File::create(folder.join(name)).map(BufWriter::new);
        self.write_drivers(create("drivers.json")?)?;
        self.write_trips(create("trips.csv")?)?;
        self.write_charges(create("charges.csv")?)
    }

    /// Writes the drivers.
    ///
    /// # Errors
    /// Those of the writer.
    pub fn write_drivers(&self, out: impl Write) -> io::Result<()> {
        let mut frame = Frame::begin(out, Format::Array, self.drivers())?;
        for number in 1..=self.drivers() {
            frame.record(self.driver(number).json().as_bytes())?;
        }
        frame.end()
    }

    /// Writes the trips: good ones, duplicates, bad ones, and at the end those without a driver.
    ///
    /// # Errors
    /// Those of the writer.
    pub fn write_trips(&self, out: impl Write) -> io::Result<()> {
        let mut csv = Csv::plain(out);
        csv.line(&Trip::HEADER)?;
        let mut bad = 0;
        for number in 1..=self.trips {
            // Bad lines stand evenly among the good ones.
            while bad < self.bad && bad * self.trips < number * self.bad {
                csv.raw(&self.bad_line(bad))?;
                bad += 1;
            }
            csv.line(&self.trip(number).fields())?;
            if let Some(again) = self.again("trip again", number) {
                csv.line(&self.trip(again).fields())?;
            }
        }
        for number in 1..=self.orphans {
            csv.line(&self.trip_without_driver(number).fields())?;
        }
        csv.end()
    }

    /// Writes the charges: of those trips that have one, duplicates, and at the end those without a trip.
    ///
    /// # Errors
    /// Those of the writer.
    pub fn write_charges(&self, out: impl Write) -> io::Result<()> {
        let mut csv = Csv::plain(out);
        csv.line(&Charge::HEADER)?;
        for number in 1..=self.trips {
            if let Some(charge) = self.charge(number) {
                csv.line(&charge.fields())?;
            }
            // Where the earlier trip has no charge, the first trip's stands again; trip 1 always has one.
            if let Some(again) = self.again("charge again", number)
                && let Some(charge) = self.charge(again).or_else(|| self.charge(1))
            {
                csv.line(&charge.fields())?;
            }
        }
        for number in 1..=self.orphans {
            csv.line(&self.charge_without_trip(number).fields())?;
        }
        csv.end()
    }

    /// The number of an earlier line that stands again after line `number`; evenly, [`Plan::duplicates`] of them.
    fn again(&self, kind: &str, number: u64) -> Option<u64> {
        let due = |number: u64| number * self.duplicates / self.trips.max(1);
        if due(number) == due(number - 1) {
            return None;
        }
        Some(number - self.random(kind, number).below(number.min(500)))
    }
}

#[cfg(test)]
mod tests;
