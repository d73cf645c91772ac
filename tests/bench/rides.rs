//! Rides: three files loaded, loaded again, and loaded as a later delivery that changed one trip in a hundred; the same by a script written by hand, which
//! copies into typed temporary tables and upserts: in the plain way, which writes every row anew, and with care, writing only what differs.

use crate::{Outcome, migrated, script};
use etl_tests::cluster::Cluster;
use etl_tests::database::Database;
use etl_tests::generate::rides::Plan;
use etl_tests::loader::{self, Loader};
use etl_tests::measure::median;
use std::fs;
use std::path::{Path, PathBuf};
use std::time::Instant;

/// What the careful script says, and the plain one does not.
const CARE: &str = "\nwhere t.* is distinct from excluded.*";

const STEPS: [&str; 3] =
    ["first load, empty tables", "again, nothing to do", "one trip in a hundred changed"];

/// What to measure.
#[derive(clap::Args)]
pub struct Args {
    /// How much: 1 is a million trips and 980,000 charges.
    #[arg(long, default_value_t = 1.0)]
    scale: f64,
    /// Seed of the generator.
    #[arg(long, default_value_t = 7)]
    seed: u64,
    /// How often to measure; medians are printed.
    #[arg(long, default_value_t = 3)]
    rounds: u32,
}

/// Measures, and prints what came out.
///
/// # Errors
/// Whatever keeps a step from its end, and tables that differ.
pub fn measure(args: &Args) -> Outcome<()> {
    // Clean and whole, as the script needs it.
    let plan = Plan { trips: (args.scale * 1e6) as u64, seed: args.seed, ..Plan::default() };
    let first = files(&plan)?;
    let later = files(&Plan { changed: 1, ..plan })?;
    // Each folder by the step that reads it.
    let deliveries = [&first, &first, &later];
    let cluster = Cluster::plain()?;
    println!(
        "{} trips, seed {}; PostgreSQL {} as it comes, {} cores, {} rounds\nloader {}\n",
        plan.trips,
        plan.seed,
        cluster.database().value("show server_version"),
        std::thread::available_parallelism()?,
        args.rounds,
        loader::binary().display()
    );

    let mut loads = [const { Vec::new() }; 3];
    let mut plains = [const { Vec::new() }; 3];
    let mut carefuls = [const { Vec::new() }; 3];
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("bench/rides.sql");
    let careful = fs::read_to_string(&path)?;
    let plain = loader::target_folder().join("bench/rides_plain.sql");
    fs::write(&plain, careful.replace(CARE, ""))?;
    if !careful.contains(CARE) {
        return Err(format!("{} does not say:{CARE}", path.display()).into());
    }
    for round in 1..=args.rounds {
        let by_loader = migrated(&cluster);
        let by_plain = migrated(&cluster);
        let by_careful = migrated(&cluster);
        for (step, folder) in deliveries.into_iter().enumerate() {
            let load = load(&by_loader, folder)?;
            let plain = script(&by_plain, &plain, folder, None)?;
            let careful = script(&by_careful, &path, folder, None)?;
            println!(
                "round {round}, {}: loader {load:.2} s, plain {plain:.2} s, with care {careful:.2} s",
                STEPS[step]
            );
            if rows(&by_loader) != rows(&by_plain) || rows(&by_loader) != rows(&by_careful) {
                return Err("a script written by hand and the loader left other rows".into());
            }
            loads[step].push(load);
            plains[step].push(plain);
            carefuls[step].push(careful);
        }
    }

    println!(
        "\nby hand: COPY into temporary tables, insert ... on conflict do update; with care: ... where ... is distinct from"
    );
    println!(
        "{:<30}{:>10}{:>14}{:>8}{:>14}{:>8}",
        "median", "loader", "plain", "ratio", "with care", "ratio"
    );
    for (step, name) in STEPS.iter().enumerate() {
        let [load, plain, careful] = [&loads, &plains, &carefuls].map(|seconds| median(&seconds[step]));
        println!(
            "{name:<30}{load:>8.2} s{plain:>12.2} s{:>8.2}{careful:>12.2} s{:>8.2}",
            load / plain,
            load / careful
        );
    }
    Ok(())
}

/// Generates the files of a plan once and keeps them under `target/`.
fn files(plan: &Plan) -> Outcome<PathBuf> {
    let name = format!("rides_{}_{}_{}", plan.trips, plan.seed, plan.changed);
    let folder = fs::canonicalize(loader::target_folder())?.join("bench").join(name);
    if !folder.exists() {
        let half_made = folder.with_extension("part");
        fs::create_dir_all(&half_made)?;
        plan.write_into(&half_made)?;
        fs::rename(&half_made, &folder)?;
    }
    Ok(folder)
}

/// Seconds of one `loader run`.
fn load(database: &Database<'_>, folder: &Path) -> Outcome<f64> {
    database.execute("checkpoint");
    let source = |name: &str, file: &str| format!("{name}={}", folder.join(file).display());
    let words = [
        "run".to_owned(),
        "rides".to_owned(),
        source("drivers", "drivers.json"),
        source("trips", "trips.csv"),
        source("charges", "charges.csv"),
    ];
    let loader = Loader::at(database);
    let begun = Instant::now();
    let ran = loader.run(words);
    let seconds = begun.elapsed().as_secs_f64();
    if ran.status.success() { Ok(seconds) } else { Err(format!("loader run: {}", ran.stderr).into()) }
}

/// What stands in the tables, in any order: equal rows give equal sums.
fn rows(database: &Database<'_>) -> Vec<String> {
    ["drivers", "trips", "charges"]
        .map(|table| {
            database.value(&format!(
                "select concat_ws(' ', count(*), sum(hashtextextended(t::text, 0)::numeric)) from rides.{table} as t"
            ))
        })
        .into()
}
