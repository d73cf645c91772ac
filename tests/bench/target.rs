//! Cost follows the batch, not the table: the same number of new and changed trips, into a small table and into a big one.

use crate::line::{Goal, Line};
use crate::load::{load, words};
use crate::setting::Bench;
use crate::sheet::{Sheet, grouped};
use crate::{Outcome, input, results};
use etl_tests::database::Database;
use etl_tests::generate::csv::Csv;
use etl_tests::generate::random::Random;
use etl_tests::generate::rides::{Trip, timestamp};
use std::path::PathBuf;

/// The table.
pub const LINES: &[Line] = &[
    Line::of("small", "the batch, half new and half changed trips, into the small table"),
    Line::of("large", "as many into the large one").against("small").goals(&[Goal::AtMost(1.5)]),
];

/// Drivers of every table.
const DRIVERS: u64 = 5_000;
/// Seconds that the times of the trips run over: seven months.
const SPAN: u64 = 18_000_000;

/// What to measure besides.
#[derive(clap::Args)]
pub struct Args {
    /// Rows of the large table, whatever the scale.
    #[arg(long)]
    large: Option<u64>,
}

/// Measures.
pub fn measure(bench: &Bench, args: &Args, sheet: &mut Sheet) -> Outcome<String> {
    let batch = bench.scaled(10_000).max(2);
    let sizes = [bench.scaled(100_000), args.large.unwrap_or_else(|| bench.scaled(10_000_000))];
    let databases = [bench.migrated(), bench.migrated()];
    for (database, rows) in databases.iter().zip(sizes) {
        eprintln!("filling a table of {rows} trips");
        fill(database, rows);
    }
    for round in bench.rounds() {
        eprintln!("round {round}");
        for ((step, database), rows) in ["small", "large"].into_iter().zip(&databases).zip(sizes) {
            let folder = delivery(rows, batch, bench.settings.seed, round)?;
            sheet.add(step, load(database, &words("rides", &folder, &[("trips", "trips.csv")]))?);
            let half = (batch / 2).cast_signed();
            results::same(&[half, half, 0, 0], &results::last_run(database), "the batch")?;
        }
    }
    let [batch, small, large] = [batch / 2 * 2, sizes[0], sizes[1]].map(grouped);
    Ok(format!("{batch} trips into tables of {small} and {large} rows"))
}

/// Drivers and trips as loads would have left them.
fn fill(database: &Database<'_>, rows: u64) {
    database.execute(&format!(
        "insert into rides.drivers (driver_id, tlc_number, first_name, last_name)
        select n, lpad(n::text, 7, '0'), 'Given', 'Family'
        from generate_series(1, {DRIVERS}) as n;
        insert into rides.trips (trip_id, driver_id, request_timestamp, pickup_timestamp, dropoff_timestamp, base_fare, gratuity)
        select n, 1 + n * 7919 % {DRIVERS}, at, at + interval '5 minutes', at + interval '25 minutes', 10 + n % 50, n % 10
        from generate_series(1::bigint, {rows}) as n,
            lateral (select timestamp '2021-01-01' + n * 7 % {SPAN} * interval '1 second') as t (at);"
    ));
    database.execute("vacuum analyze rides.drivers, rides.trips");
}

/// A round's batch for a table of so many rows: changed trips strewn over the table, then new ones.
fn delivery(rows: u64, batch: u64, seed: u64, round: u32) -> Outcome<PathBuf> {
    let half = batch / 2;
    let name = format!("target_{rows}_{batch}_{seed}_{round}");
    input::made(&name, |folder| {
        let mut csv = Csv::plain(input::create(folder, "trips.csv")?);
        csv.line(&Trip::HEADER)?;
        for number in 0..batch {
            let mut random = Random::of(seed, "batch", u64::from(round) << 32 | number);
            let id = if number < half {
                let stretch = (rows / half).max(1);
                1 + number * stretch + random.below(stretch)
            } else {
                1 + rows + u64::from(round) * half + number - half
            };
            csv.line(&[
                id.to_string(),
                (1 + random.below(DRIVERS)).to_string(),
                timestamp(random.below(SPAN).cast_signed()),
                String::new(),
                String::new(),
                "12.50".to_owned(),
                // Unlike what any row has, and what another round says.
                format!("{}.75", 100 + round),
            ])?;
        }
        csv.end()
    })
}
