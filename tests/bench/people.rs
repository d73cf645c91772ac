//! People: a million of them and the places they were born in, against a script written by hand.

use crate::duel::Duel;
use crate::line::{Goal, Line};
use crate::load::words;
use crate::setting::Bench;
use crate::sheet::{Sheet, grouped};
use crate::{Outcome, input};
use etl_tests::generate::csv::Csv;
use etl_tests::generate::people::{Plan, places, write_places};
use std::collections::HashSet;
use std::io;
use std::path::Path;

/// The table.
pub const LINES: &[Line] = &[
    Line::of("by hand", "COPY into temporary tables, numbered, `on conflict do nothing`, empty tables"),
    Line::of("first", "`loader run people`, empty tables").against("by hand").goals(&[Goal::AtMost(1.3)]),
    Line::of("by hand again", "the same files"),
    Line::of("again", "the same files, nothing to do").against("by hand again"),
];

/// Measures.
pub fn measure(bench: &Bench, sheet: &mut Sheet) -> Outcome<String> {
    let people = bench.scaled(1_000_000);
    let plan = Plan { people, seed: bench.settings.seed };
    let folder = input::made(&format!("people_{people}_{}", plan.seed), |folder| write(plan, folder))?;
    let words = words("people", &folder, &[("places", "places.csv"), ("people", "people.csv")]);
    Duel { dataset: "people", script: "people.sql", folder: &folder, words: &words }.measure(bench, sheet)?;
    Ok(format!("{} people, CSV", grouped(people)))
}

/// The files, without the few people born in no place of ours: a script written by hand would end at the first of them.
fn write(plan: Plan, folder: &Path) -> io::Result<()> {
    write_places(input::create(folder, "places.csv")?)?;
    let cities: HashSet<String> = places().into_iter().map(|place| place.city).collect();
    let mut csv = Csv::plain(input::create(folder, "people.csv")?);
    csv.line(&["given_name", "family_name", "date_of_birth", "place_of_birth"])?;
    let endless = (0..).map(|number| plan.person(number));
    let known = endless
        .filter(|person| person.place_of_birth.is_empty() || cities.contains(&person.place_of_birth))
        .take(usize::try_from(plan.people).unwrap_or(usize::MAX));
    for person in known {
        csv.line(&[person.given_name, person.family_name, &person.date_of_birth, &person.place_of_birth])?;
    }
    csv.end()
}
