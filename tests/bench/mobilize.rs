//! Mobilize: a load of generated records against its floor, against itself again, and against a script written by hand.
//!
//! The floor is what no loader can go below: COPY of the raw records into an unlogged staging table, and COPY of the final rows of all tables into empty
//! tables with the same constraints.

use crate::{Outcome, migrated, script};
use etl_tests::cluster::Cluster;
use etl_tests::database::Database;
use etl_tests::generate::{Format, mobilize::Plan};
use etl_tests::loader::{self, Loader};
use etl_tests::measure::{Anonymous, Sampler, median};
use std::fs::{self, File};
use std::io::{self, BufRead, BufReader, BufWriter, Read, Write};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

/// Parents before children.
const TABLES: [&str; 7] = [
    "organizations",
    "people",
    "events",
    "timeslots",
    "attendances",
    "attendance_custom_fields",
    "masked_attendances",
];

/// What to measure.
#[derive(clap::Args)]
pub struct Args {
    /// Records to generate, about 4.1 KB each.
    #[arg(long, default_value_t = 100_000)]
    records: u64,
    /// Seed of the generator.
    #[arg(long, default_value_t = 7)]
    seed: u64,
    /// How often to measure; medians are printed.
    #[arg(long, default_value_t = 3)]
    rounds: u32,
    /// Leave out the script written by hand, which is slow.
    #[arg(long)]
    no_handwritten: bool,
}

/// The input, as the loader reads it and as COPY's text format wants it.
struct Input {
    lines: PathBuf,
    copy: PathBuf,
}

/// What one loader run took.
struct Load {
    seconds: f64,
    backend: Anonymous,
    loader_peak: u64,
}

/// Measures, and prints what came out.
///
/// # Errors
/// Whatever keeps a step from its end, and tables that differ.
pub fn measure(args: &Args) -> Outcome<()> {
    let input = input(args)?;
    let bytes = fs::metadata(&input.lines)?.len();
    let cluster = Cluster::plain()?;
    let version = cluster.database().value("show server_version");
    println!(
        "{} records, {:.0} MB, seed {}; PostgreSQL {version} as it comes, {} cores, {} rounds",
        args.records,
        bytes as f64 / 1e6,
        args.seed,
        std::thread::available_parallelism()?,
        args.rounds
    );
    println!("loader {}\n", loader::binary().display());

    let (mut floors, mut raws, mut loads, mut agains, mut hands) = (vec![], vec![], vec![], vec![], vec![]);
    let (mut growth, mut growth_again, mut peak) = (0, 0, 0);
    let rows = tempfile::tempdir()?;
    for round in 1..=args.rounds {
        let database = migrated(&cluster);
        let first = load(&database, &input)?;
        let again = load(&database, &input)?;
        dump_rows(&database, rows.path())?;
        let counts = counts(&database);
        drop(database);

        let (raw, all) = floor(&migrated(&cluster), &input, rows.path())?;
        let hand = if args.no_handwritten {
            f64::NAN
        } else {
            let database = migrated(&cluster);
            let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("bench/mobilize.sql");
            let seconds = script(&database, &path, Path::new("/"), Some(&input.lines))?;
            if counts != self::counts(&database) {
                return Err("the script written by hand loaded other rows".into());
            }
            seconds
        };
        println!(
            "round {round}: floor {all:.2} s (raw {raw:.2}), load {:.2} s, again {:.2} s, by hand {hand:.2} s",
            first.seconds, again.seconds
        );
        growth = growth.max(first.backend.growth());
        growth_again = growth_again.max(again.backend.growth());
        peak = peak.max(first.loader_peak).max(again.loader_peak);
        raws.push(raw);
        floors.push(all);
        loads.push(first.seconds);
        agains.push(again.seconds);
        hands.push(hand);
    }

    let (floor, load, again, hand) = (median(&floors), median(&loads), median(&agains), median(&hands));
    println!("\n{:<44}{:>10}{:>22}", "median", "seconds", "ratio");
    let line = |what: &str, seconds: f64, ratio: String| println!("{what:<44}{seconds:>10.2}{ratio:>22}");
    line("COPY of the raw records, unlogged, lz4", median(&raws), String::new());
    line("floor: that and COPY of the final rows", floor, "1.00".into());
    line("loader run mobilize, empty tables", load, format!("{:.2} x floor", load / floor));
    line("loader run mobilize again, nothing to do", again, format!("{:.2} x first", again / load));
    if !args.no_handwritten {
        line("jsonb and on conflict, by hand", hand, format!("{:.2} x loader", hand / load));
    }
    let mib = |kib: u64| kib as f64 / 1024.0;
    println!("\n{:<44}{:>10}", "memory", "MiB");
    println!("{:<44}{:>10.0}", "backend's growth (RssAnon), first load", mib(growth));
    println!("{:<44}{:>10.0}", "backend's growth (RssAnon), again", mib(growth_again));
    println!("{:<44}{:>10.0}", "loader's peak (RSS)", mib(peak));
    Ok(())
}

/// Generates the input once and keeps it under `target/`.
fn input(args: &Args) -> io::Result<Input> {
    let folder = loader::target_folder().join("bench");
    fs::create_dir_all(&folder)?;
    let name = format!("mobilize_{}_{}", args.records, args.seed);
    let input =
        Input { lines: folder.join(format!("{name}.jsonl")), copy: folder.join(format!("{name}.copy")) };
    if input.lines.exists() && input.copy.exists() {
        return Ok(input);
    }
    let plan = Plan { records: args.records, seed: args.seed, bad: 0, format: Format::Lines };
    let half_made = folder.join(format!("{name}.part"));
    plan.write(BufWriter::new(File::create(&half_made)?))?;
    let mut copy = BufWriter::new(File::create(&input.copy)?);
    for (number, line) in BufReader::new(File::open(&half_made)?).lines().enumerate() {
        let line = line?.replace('\\', "\\\\");
        writeln!(copy, "1\t{}\t0\t{line}\t\\N\t\\N\t\\N", number + 1)?;
    }
    copy.flush()?;
    fs::rename(&half_made, &input.lines)?;
    Ok(input)
}

fn counts(database: &Database<'_>) -> Vec<i64> {
    TABLES.iter().map(|table| database.count(&format!("mobilize.{table}"))).collect()
}

/// One `loader run`, with an eye on the memory of the loader and of its backend.
fn load(database: &Database<'_>, input: &Input) -> Outcome<Load> {
    database.execute("checkpoint");
    let mut watcher = database.client();
    let loader = Loader::at(database);
    let begun = Instant::now();
    let mut child = loader.spawn(["run".as_ref(), "mobilize".as_ref(), input.lines.as_os_str()]);
    let own = Sampler::of(child.id());
    let mut backend: Option<(i32, Sampler)> = None;
    // A run may connect more than once: the backend that counts is the one at work last.
    let status = loop {
        if let Some(status) = child.try_wait()? {
            break status;
        }
        let found = watcher.query_opt(
            "select pid from pg_stat_activity where datname = current_database() and pid <> pg_backend_pid() and backend_type = 'client backend'
             order by backend_start limit 1",
            &[],
        )?;
        if let Some(row) = found {
            let pid: i32 = row.get(0);
            if backend.as_ref().is_none_or(|(known, _)| *known != pid) {
                backend = Some((pid, Sampler::of(pid.unsigned_abs())));
            }
        }
        std::thread::sleep(Duration::from_millis(2));
    };
    let seconds = begun.elapsed().as_secs_f64();
    if !status.success() {
        let said = loader.load([&input.lines]);
        return Err(format!("loader run: {status}\n{}\n{}", said.stdout, said.stderr).into());
    }
    Ok(Load {
        seconds,
        backend: backend.map(|(_, sampler)| sampler.end().0).unwrap_or_default(),
        loader_peak: own.end().1,
    })
}

fn dump_rows(database: &Database<'_>, folder: &Path) -> Outcome<()> {
    let mut client = database.client();
    for table in TABLES {
        let mut rows = client.copy_out(&format!("copy mobilize.{table} to stdout"))?;
        io::copy(&mut rows, &mut File::create(folder.join(table))?)?;
    }
    Ok(())
}

fn copy_in(transaction: &mut postgres::Transaction<'_>, sql: &str, path: &Path) -> Outcome<()> {
    let mut writer = transaction.copy_in(sql)?;
    let mut file = File::open(path)?;
    let mut chunk = vec![0; 64 * 1024];
    loop {
        match file.read(&mut chunk)? {
            0 => break,
            length => writer.write_all(&chunk[..length])?,
        }
    }
    writer.finish()?;
    Ok(())
}

/// The floor, in one transaction as a load is: seconds of the raw COPY, and of all.
fn floor(database: &Database<'_>, input: &Input, rows: &Path) -> Outcome<(f64, f64)> {
    let mut client = database.client();
    let begun = Instant::now();
    let mut transaction = client.transaction()?;
    transaction.batch_execute(
        "create unlogged table staging.floor (source smallint not null, line bigint not null, byte bigint not null,
             record text compression lz4, raw bytea, problem text, sqlstate text)",
    )?;
    copy_in(&mut transaction, "copy staging.floor from stdin", &input.copy)?;
    let raw = begun.elapsed().as_secs_f64();
    for table in TABLES {
        copy_in(&mut transaction, &format!("copy mobilize.{table} from stdin"), &rows.join(table))?;
    }
    transaction.batch_execute("drop table staging.floor")?;
    transaction.commit()?;
    Ok((raw, begun.elapsed().as_secs_f64()))
}
