//! Dose allocations and populations in the shape of the CDC's and the Census Bureau's files: `moderna.csv`, `pfizer.csv` (quoted, newest week first) and
//! `population.csv` (CRLF).
//!
//! States, territories and the three cities with doses of their own have their real names, which the tables know; counties and all numbers are made up.

use super::csv::Csv;
use super::random::Random;
use std::fs::File;
use std::io::{self, BufWriter, Write};
use std::path::Path;

/// States with counties; the first three have a city with doses of its own.
const STATES: [&str; 8] =
    ["New York", "Illinois", "Pennsylvania", "Alaska", "Idaho", "Puerto Rico", "Utah", "Vermont"];
const CITIES: [&str; 3] = ["New York City", "Chicago", "Philadelphia"];
/// Jurisdictions without a population.
const OTHERS: [&str; 3] = ["Federal Entities", "Guam", "Palau"];
const COUNTIES: [&str; 6] =
    ["Alderwick", "Brackwater", "Cañon Verde", "Do\u{fffd}a Ana", "Eastmarsh", "St. Fenwick"];

/// What to generate.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Plan {
    /// How many weeks, back from the Monday 2021-06-21; at most 24.
    pub weeks: u64,
    /// The seed: another one gives other numbers.
    pub seed: u64,
}

/// A Monday of 2021.
fn monday(weeks_back: u64) -> String {
    // 2021-06-21 is day 172 of the year; 24 weeks before is 2021-01-04.
    let mut day = 172 - 7 * weeks_back.min(24);
    let mut month = 1;
    for length in [31, 28, 31, 30, 31, 30] {
        if day <= length {
            break;
        }
        day -= length;
        month += 1;
    }
    format!("2021-{month:02}-{day:02}T00:00:00.000")
}

impl Plan {
    /// Writes `moderna.csv`, `pfizer.csv` and `population.csv`.
    ///
    /// # Errors
    /// When a file cannot be written.
    pub fn write_into(&self, folder: &Path) -> io::Result<()> {
        for vaccine in ["moderna", "pfizer"] {
            let file = File::create(folder.join(format!("{vaccine}.csv")))?;
            self.write_allocations(vaccine, BufWriter::new(file))?;
        }
        self.write_populations(BufWriter::new(File::create(folder.join("population.csv"))?))
    }

    /// Writes the allocations of one vaccine.
    ///
    /// # Errors
    /// Those of the writer.
    pub fn write_allocations(&self, vaccine: &str, out: impl Write) -> io::Result<()> {
        let mut csv = Csv::quoted(out);
        csv.line(&["jurisdiction", "week_of_allocations", "_1st_dose_allocations", "_2nd_dose_allocations"])?;
        for week in 0..self.weeks {
            for (number, jurisdiction) in [&STATES[..], &CITIES, &OTHERS].concat().iter().enumerate() {
                let mut random = Random::of(self.seed, vaccine, week * 100 + number as u64);
                let doses = 100 * random.between(20, 900);
                csv.line(&[*jurisdiction, &monday(week), &doses.to_string(), &doses.to_string()])?;
            }
        }
        csv.end()
    }

    /// Writes the populations.
    ///
    /// # Errors
    /// Those of the writer.
    pub fn write_populations(&self, out: impl Write) -> io::Result<()> {
        let mut csv = Csv::plain(out).crlf();
        csv.line(&["Id", "Id2", "County", "State", "Population Estimate 2018"])?;
        for (state, name) in STATES.iter().enumerate() {
            for (county, county_name) in COUNTIES.iter().enumerate() {
                let mut random = Random::of(self.seed, "county", (state * 100 + county) as u64);
                let fips = (state + 1) * 1_000 + 2 * county + 1;
                csv.line(&[
                    &format!("0500000US{fips:05}"),
                    &fips.to_string(),
                    *county_name,
                    *name,
                    &random.between(90_000, 1_900_000).to_string(),
                ])?;
            }
        }
        csv.end()
    }
}

#[cfg(test)]
mod tests {
    use super::{Plan, monday};

    #[test]
    fn weeks_begin_on_mondays() {
        assert_eq!(monday(0), "2021-06-21T00:00:00.000");
        assert_eq!(monday(3), "2021-05-31T00:00:00.000");
        assert_eq!(monday(15), "2021-03-08T00:00:00.000");
        assert_eq!(monday(24), "2021-01-04T00:00:00.000");
    }

    #[test]
    fn the_samples_are_what_their_readme_says() {
        let folder = tempfile::tempdir().unwrap();
        Plan { weeks: 12, seed: 7 }.write_into(folder.path()).unwrap();
        crate::generate::assert_is_sample("vaccines", folder.path());
    }
}
