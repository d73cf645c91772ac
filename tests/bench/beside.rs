//! Two datasets at once into one database: what the second run costs the first.

use crate::backends::Backends;
use crate::line::{Goal, Line};
use crate::load::{load, run};
use crate::mobilize::files::Input;
use crate::setting::Bench;
use crate::sheet::{Sheet, Taken, grouped};
use crate::{Outcome, results, rides};
use etl_tests::generate::rides::Plan;
use std::ffi::OsString;
use std::time::Instant;

/// The table.
pub const LINES: &[Line] = &[
    Line::of("mobilize", "`loader run mobilize` alone, empty tables"),
    Line::of("rides", "`loader run rides` alone, empty tables"),
    Line::of("in turn", "the sum of both"),
    Line::of("mobilize beside", "while the other runs").against("mobilize").goals(&[Goal::AtMost(2.0)]),
    Line::of("rides beside", "while the other runs").against("rides").goals(&[Goal::AtMost(2.0)]),
    Line::of("at once", "until both are done").against("in turn").goals(&[Goal::AtMost(1.0)]),
];

/// Measures.
pub fn measure(bench: &Bench, sheet: &mut Sheet) -> Outcome<String> {
    let (records, trips) = (bench.scaled(100_000), bench.scaled(300_000));
    let mobilize = Input::of(records, bench.settings.seed, 0)?.words();
    let rides = rides::files::words(&rides::files::made(&Plan {
        trips,
        seed: bench.settings.seed,
        ..Plan::default()
    })?);
    for round in bench.rounds() {
        eprintln!("round {round}");
        let alone = bench.migrated();
        let first = load(&alone, &mobilize)?;
        let second = load(&alone, &rides)?;
        sheet.add("mobilize", first);
        sheet.add("rides", second);
        sheet.add(
            "in turn",
            Taken { wal: first.wal + second.wal, ..Taken::seconds(first.seconds + second.seconds) },
        );

        let together = bench.migrated();
        at_once(sheet, &together, &mobilize, &rides)?;
        for dataset in ["mobilize", "rides"] {
            results::same(
                &results::rows(&alone, dataset),
                &results::rows(&together, dataset),
                "two runs at once",
            )?;
        }
    }
    Ok(format!("{} attendances, {} trips and their charges", grouped(records), grouped(trips)))
}

fn at_once(
    sheet: &mut Sheet,
    database: &etl_tests::database::Database<'_>,
    mobilize: &[OsString],
    rides: &[OsString],
) -> Outcome<()> {
    database.execute("checkpoint");
    let before = database.wal();
    let backends = Backends::of(database)?;
    let begun = Instant::now();
    let (first, second) = std::thread::scope(|scope| {
        // An error is told as text: what it is made of may not cross threads.
        let first = scope.spawn(|| run(database, mobilize, 0).map_err(|error| error.to_string()));
        let second = run(database, rides, 0);
        (first.join(), second)
    });
    let seconds = begun.elapsed().as_secs_f64();
    let backend = backends.end()? as f64;
    let wal = (database.wal() - before) as f64;
    let (first, second) = (first.map_err(|_| "a measurement panicked")??, second?);
    sheet.add("mobilize beside", first);
    sheet.add("rides beside", second);
    sheet.add(
        "at once",
        Taken { wal, backend, loader: first.loader + second.loader, ..Taken::seconds(seconds) },
    );
    Ok(())
}
