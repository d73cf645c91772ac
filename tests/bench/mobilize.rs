//! Mobilize: a load of generated records against its floor, against itself again and with changes, against a script written by hand and other tools.

pub mod files;
mod floor;

use crate::line::{Goal, Line};
use crate::load::load;
use crate::peer::Peer;
use crate::script::script;
use crate::setting::Bench;
use crate::sheet::{Sheet, grouped};
use crate::{Outcome, results, script};
use files::Input;
use floor::Stored;
use std::path::Path;

/// The table.
pub const LINES: &[Line] = &[
    Line::of("raw", "COPY of the raw records, unlogged, lz4"),
    Line::of("floor", "that, and COPY of the final rows into the same constrained tables"),
    Line::of("first", "`loader run mobilize`, empty tables").against("floor").goals(&[Goal::AtMost(1.25)]),
    Line::of("raw inline", "COPY of the raw records, stored as the loader stores them"),
    Line::of("floor inline", "that, and COPY of the final rows").against("first"),
    Line::of("again", "the same file, nothing to do").against("first").goals(&[Goal::AtMost(0.5)]),
    Line::of("changed", "a later delivery, 1 % of the records changed")
        .against("first")
        .goals(&[Goal::AtMost(0.55)]),
    Line::of("by hand", "jsonb and `on conflict`, empty tables")
        .against("first")
        .goals(&[Goal::AtLeast(5.0)]),
    Line::of("DuckDB", "the same final columns, into the same constrained tables")
        .against("first")
        .goals(&[Goal::AtLeast(1.0)]),
    Line::of("dlt", "into tables of its own, one round").against("first").goals(&[Goal::AtLeast(15.0)]),
    Line::of("pandas", "with SQLAlchemy, into tables without constraints").against("first"),
];

const PEERS: [Peer; 3] = [
    Peer { step: "DuckDB", script: "duckdb_mobilize", fills_ours: true, once: false },
    Peer { step: "dlt", script: "dlt_mobilize", fills_ours: false, once: true },
    Peer { step: "pandas", script: "pandas_mobilize", fills_ours: false, once: false },
];

/// Measures.
pub fn measure(bench: &Bench, sheet: &mut Sheet) -> Outcome<String> {
    let records = bench.scaled(100_000);
    let input = Input::of(records, bench.settings.seed, 0)?;
    let later = Input::of(records, bench.settings.seed, 1)?;
    let raw = input.raw()?;
    let rows = tempfile::tempdir()?;
    for round in bench.rounds() {
        eprintln!("round {round}");
        let counts = ours(bench, sheet, &input, &later, rows.path(), round == 1)?;

        for (stored, steps) in
            [(Stored::Compressed, ["raw", "floor"]), (Stored::Inline, ["raw inline", "floor inline"])]
        {
            let (staged, all) = floor::measure(&bench.migrated(), stored, &raw, rows.path())?;
            sheet.add(steps[0], staged);
            sheet.add(steps[1], all);
        }

        if bench.settings.ours {
            continue;
        }
        let database = bench.migrated();
        let taken =
            script(&database, &script::path("mobilize.sql"), Path::new("/"), Some(&input.attendances()))?;
        results::same(&counts, &results::counts(&database, "mobilize"), "the script written by hand")?;
        sheet.add("by hand", taken);
        drop(database);
        for peer in PEERS.into_iter().filter(|peer| round == 1 || !peer.once) {
            peer.measure(bench, sheet, &input.attendances(), ("mobilize", &counts))?;
        }
    }
    let megabytes = input.bytes()? as f64 / 1e6;
    Ok(format!("{} attendances, {megabytes:.0} MB of JSON lines", grouped(records)))
}

/// The loader's steps. The rows of the first load are written into a folder, and their numbers are returned.
fn ours(
    bench: &Bench,
    sheet: &mut Sheet,
    input: &Input,
    later: &Input,
    rows: &Path,
    is_checked: bool,
) -> Outcome<Vec<(String, i64)>> {
    let database = bench.migrated();
    sheet.add("first", load(&database, &input.words())?);
    floor::write_rows(&database, rows)?;
    let counts = results::counts(&database, "mobilize");

    sheet.add("again", load(&database, &input.words())?);
    results::wrote_nothing(&database)?;

    sheet.add("changed", load(&database, &later.words())?);
    if is_checked {
        // Records have versions: what an earlier delivery left makes no difference.
        let fresh = bench.migrated();
        load(&fresh, &later.words())?;
        results::same(
            &results::rows(&fresh, "mobilize"),
            &results::rows(&database, "mobilize"),
            "the later delivery",
        )?;
    }
    Ok(counts)
}
