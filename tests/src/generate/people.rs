//! People and places in the shape of two CSV files: `places.csv` (city, county, country) and `people.csv` (`given_name`, `family_name`,
//! `date_of_birth`, `place_of_birth`). All names are made up.
//!
//! What n people hold: one in 200 is alike in all four fields to somebody before; one in 100 has no date of birth, one in 100 no birthplace; one in 250
//! was born in a place that is not among the places. Two counties have a city of one name, where nobody was born.

use super::csv::Csv;
use super::random::Random;
use super::words;
use std::fs::File;
use std::io::{self, BufWriter, Write};
use std::path::Path;

const COUNTRIES: [&str; 3] = ["Aldria", "Brennmark", "Caelwyn"];
const STEMS: [&str; 12] =
    ["Alder", "Bram", "Corran", "Dun", "Éil", "Fenn", "Garrow", "Hesk", "Ilver", "Jarl", "Kest", "Lorn"];
const SUFFIXES: [&str; 5] = ["ford", "wick", "burgh", "moor", "holm"];
/// A city of two counties.
const SHARED: &str = "Newbridge";
/// A birthplace that is no place of ours.
const UNKNOWN: &str = "Overseas";

/// What to generate.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Plan {
    /// How many people.
    pub people: u64,
    /// The seed: another one gives other people.
    pub seed: u64,
}

/// A city, its county and its country.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Place {
    /// Name of the city.
    pub city: String,
    /// Name of the county.
    pub county: String,
    /// Name of the country.
    pub country: &'static str,
}

/// One line of `people.csv`; empty where nothing is known.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Person {
    /// First name.
    pub given_name: &'static str,
    /// Last name.
    pub family_name: &'static str,
    /// `YYYY-MM-DD`, or empty.
    pub date_of_birth: String,
    /// Name of a city, or empty.
    pub place_of_birth: String,
}

/// The places: three countries of four counties of five cities, and a city name that two counties share.
#[must_use]
pub fn places() -> Vec<Place> {
    let mut places = Vec::new();
    for (number, stem) in STEMS.iter().enumerate() {
        let county = format!("{stem}shire");
        let country = COUNTRIES[number / 4];
        for suffix in SUFFIXES {
            places.push(Place { city: format!("{stem}{suffix}"), county: county.clone(), country });
        }
        if number % 7 == 0 {
            places.push(Place { city: SHARED.to_owned(), county, country });
        }
    }
    places
}

impl Plan {
    /// The person with that number, from 0.
    #[must_use]
    pub fn person(&self, number: u64) -> Person {
        let mut random = Random::of(self.seed, "person", number);
        if number > 0 && random.below(200) == 0 {
            // A person before, who is perhaps alike to somebody before in turn.
            return self.person(number - 1 - random.below(number.min(1_000)));
        }
        let given_name = random.pick(words::GIVEN);
        let family_name = random.pick(words::FAMILY);
        let date_of_birth = match random.below(100) {
            0 => String::new(),
            _ => format!(
                "{:04}-{:02}-{:02}",
                random.between(1837, 1983),
                random.between(1, 12),
                random.between(1, 28)
            ),
        };
        let place_of_birth = match random.below(250) {
            0 => UNKNOWN.to_owned(),
            1..3 => String::new(),
            // Some counties have more births than others.
            _ => {
                let stem = usize::try_from(random.skewed(STEMS.len() as u64)).unwrap_or(0);
                format!("{}{}", STEMS[stem], random.pick(&SUFFIXES))
            }
        };
        Person { given_name, family_name, date_of_birth, place_of_birth }
    }

    /// All of them, in the order of their numbers.
    pub fn all(&self) -> impl Iterator<Item = Person> {
        let plan = *self;
        (0..self.people).map(move |number| plan.person(number))
    }

    /// Writes `places.csv` and `people.csv`.
    ///
    /// # Errors
    /// When a file cannot be written.
    pub fn write_into(&self, folder: &Path) -> io::Result<()> {
        write_places(BufWriter::new(File::create(folder.join("places.csv"))?))?;
        self.write_people(BufWriter::new(File::create(folder.join("people.csv"))?))
    }

    /// Writes the people.
    ///
    /// # Errors
    /// Those of the writer.
    pub fn write_people(&self, out: impl Write) -> io::Result<()> {
        let mut csv = Csv::plain(out);
        csv.line(&["given_name", "family_name", "date_of_birth", "place_of_birth"])?;
        for person in self.all() {
            csv.line(&[
                person.given_name,
                person.family_name,
                &person.date_of_birth,
                &person.place_of_birth,
            ])?;
        }
        csv.end()
    }
}

/// Writes the places.
///
/// # Errors
/// Those of the writer.
pub fn write_places(out: impl Write) -> io::Result<()> {
    let mut csv = Csv::plain(out);
    csv.line(&["city", "county", "country"])?;
    for place in places() {
        csv.line(&[place.city.as_str(), &place.county, place.country])?;
    }
    csv.end()
}

#[cfg(test)]
mod tests {
    use super::{Plan, UNKNOWN, places};
    use std::collections::HashSet;

    #[test]
    fn people_are_as_promised() {
        let people: Vec<_> = Plan { people: 20_000, seed: 3 }.all().collect();
        let distinct: HashSet<_> = people.iter().collect();
        assert!(
            (60..=200).contains(&(people.len() - distinct.len())),
            "{} twins",
            people.len() - distinct.len()
        );
        let cities: HashSet<_> = places().into_iter().map(|place| place.city).collect();
        let unknown = people.iter().filter(|person| person.place_of_birth == UNKNOWN).count();
        assert!((40..=140).contains(&unknown), "{unknown} born in no place of ours");
        assert!(people.iter().all(|person| {
            person.place_of_birth == UNKNOWN
                || person.place_of_birth.is_empty()
                || cities.contains(&person.place_of_birth)
        }));
    }

    #[test]
    fn one_name_is_that_of_two_cities() {
        let all = places();
        let names: HashSet<_> = all.iter().map(|place| &place.city).collect();
        assert_eq!((all.len(), names.len()), (62, 61));
    }

    #[test]
    fn the_samples_are_what_their_readme_says() {
        let folder = tempfile::tempdir().unwrap();
        Plan { people: 500, seed: 7 }.write_into(folder.path()).unwrap();
        crate::generate::assert_is_sample("people", folder.path());
    }
}
