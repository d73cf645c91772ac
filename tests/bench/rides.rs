//! Rides: three files loaded, loaded again, and loaded as a later delivery that changed one trip in a hundred; the same by a script written by hand, which
//! copies into typed temporary tables and upserts: in the plain way, which writes every row anew, and with care, writing only what differs.

pub mod files;

use crate::line::{Goal, Line};
use crate::load::{load, load_ending};
use crate::peer::Peer;
use crate::script::script;
use crate::setting::Bench;
use crate::sheet::{Sheet, grouped};
use crate::{Outcome, results, script};
use etl_tests::accounting;
use etl_tests::generate::rides::Plan;
use etl_tests::loader;
use std::fs;
use std::path::{Path, PathBuf};

/// The table. The goals were set by a script whose second run took about what its first one took: so they stand against the plain one.
pub const LINES: &[Line] = &[
    Line::of("plain", "COPY and `on conflict` that writes every row, empty tables"),
    Line::of("first", "`loader run rides`, empty tables").against("plain").goals(&[Goal::AtMost(1.1)]),
    Line::of("careful", "COPY and `on conflict … where … is distinct from`, empty tables").against("first"),
    Line::of("plain again", "the same files"),
    Line::of("again", "the same files, nothing to do").against("plain again").goals(&[Goal::AtMost(0.3)]),
    Line::of("careful again", "the same files").against("again"),
    Line::of("plain changed", "a later delivery, 1 % of the trips changed"),
    Line::of("changed", "a later delivery, 1 % of the trips changed")
        .against("plain changed")
        .goals(&[Goal::AtMost(0.35)]),
    Line::of("careful changed", "a later delivery, 1 % of the trips changed").against("changed"),
    Line::of("bad", "1 % bad records among the good ones, all accounted for, empty tables")
        .against("first")
        .goals(&[Goal::AtMost(1.3)]),
    Line::of("pgloader", "into the same constrained tables, empty").against("first"),
];

const PGLOADER: Peer = Peer { step: "pgloader", script: "pgloader_rides", fills_ours: true, once: false };

/// What the careful script says, and the plain one does not.
const CARE: &str = "\nwhere t.* is distinct from excluded.*";

/// One delivery, and the names of what loads it.
struct Delivery<'a> {
    folder: &'a Path,
    loader: &'static str,
    careful: &'static str,
    plain: &'static str,
}

/// Measures.
pub fn measure(bench: &Bench, sheet: &mut Sheet) -> Outcome<String> {
    let trips = bench.scaled(1_000_000);
    // Clean and whole, as the script needs it.
    let plan = Plan { trips, seed: bench.settings.seed, ..Plan::default() };
    let first = files::made(&plan)?;
    let later = files::made(&Plan { changed: 1, ..plan })?;
    // Of trips and charges together 1 % are bad: lines that cannot be read, trips without a driver, charges without a trip.
    let with_bad = Plan { bad: trips / 100, orphans: trips / 200, ..plan };
    let plain = plain_script()?;
    let delivery =
        |folder, [loader, careful, plain]: [&'static str; 3]| Delivery { folder, loader, careful, plain };
    let deliveries = [
        delivery(&first, ["first", "careful", "plain"]),
        delivery(&first, ["again", "careful again", "plain again"]),
        delivery(&later, ["changed", "careful changed", "plain changed"]),
    ];
    for round in bench.rounds() {
        eprintln!("round {round}");
        let ours = bench.migrated();
        let scripts = if bench.settings.ours {
            vec![]
        } else {
            vec![(script::path("rides.sql"), bench.migrated()), (plain.clone(), bench.migrated())]
        };
        for delivery in &deliveries {
            sheet.add(delivery.loader, load(&ours, &files::words(delivery.folder))?);
            if delivery.loader == "again" {
                results::wrote_nothing(&ours)?;
            }
            for ((path, database), step) in scripts.iter().zip([delivery.careful, delivery.plain]) {
                sheet.add(step, script(database, path, delivery.folder, None)?);
                results::same(&results::rows(&ours, "rides"), &results::rows(database, "rides"), step)?;
            }
            if delivery.loader == "first" {
                bad(bench, sheet, &with_bad, &results::rows(&ours, "rides"))?;
            }
        }
        if !bench.settings.ours {
            PGLOADER.measure(bench, sheet, &first, ("rides", &results::counts(&ours, "rides")))?;
        }
    }
    Ok(format!("{} trips and their charges, CSV", grouped(trips)))
}

/// The clean load's records with bad ones among them: the same rows, and every bad record kept.
fn bad(bench: &Bench, sheet: &mut Sheet, plan: &Plan, clean: &[String]) -> Outcome<()> {
    let folder = files::made(plan)?;
    let database = bench.migrated();
    // 3: done, and some records were rejected. At a small scale there are none.
    let code = if plan.bad == 0 { 0 } else { 3 };
    sheet.add("bad", load_ending(&database, &files::words(&folder), code)?);
    results::same(clean, &results::rows(&database, "rides"), "the load with bad records")?;
    accounting::check(&database, "rides");
    let [_, _, parked, rejected] = results::last_run(&database);
    let kept = ["rejected", "parked"].map(|outcome| {
        database.number(&format!(
            "select coalesce(sum(copies), 0) from etl.quarantine where closed_run is null and outcome = '{outcome}'"
        ))
    });
    let expected = [plan.bad.cast_signed(), 2 * plan.orphans.cast_signed()];
    results::same(&expected, &kept, "the quarantine")?;
    results::same(&expected, &[rejected, parked], "the ledger")
}

/// The script without its care: written anew each time, from the one that stands beside this file.
fn plain_script() -> Outcome<PathBuf> {
    let path = script::path("rides.sql");
    let careful = fs::read_to_string(&path)?;
    if !careful.contains(CARE) {
        return Err(format!("{} does not say:{CARE}", path.display()).into());
    }
    let folder = loader::target_folder().join("bench");
    fs::create_dir_all(&folder)?;
    let plain = fs::canonicalize(folder)?.join("rides_plain.sql");
    fs::write(&plain, careful.replace(CARE, ""))?;
    Ok(plain)
}
