//! `make bench`: loads of generated records against themselves again, and against scripts written by hand.
//!
//! All on one server of its own, made for this with the default settings and durable, the steps in turn, three rounds, medians.
#![allow(missing_docs)]

mod mobilize;
mod rides;

use clap::{Parser, Subcommand};
use etl_tests::cluster::Cluster;
use etl_tests::database::Database;
use etl_tests::loader::Loader;
use std::error::Error;
use std::fs::File;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::Instant;

type Outcome<T> = Result<T, Box<dyn Error>>;

/// Measures loads of one dataset.
#[derive(Parser)]
struct Args {
    #[command(subcommand)]
    dataset: Dataset,
}

#[derive(Subcommand)]
enum Dataset {
    /// Nested JSON, one big file, seven tables.
    Mobilize(mobilize::Args),
    /// CSV, three tables that refer to each other.
    Rides(rides::Args),
}

fn main() -> Outcome<()> {
    match Args::parse().dataset {
        Dataset::Mobilize(args) => mobilize::measure(&args),
        Dataset::Rides(args) => rides::measure(&args),
    }
}

/// A database with all tables and no rows.
fn migrated(cluster: &Cluster) -> Database<'_> {
    let database = cluster.database();
    Loader::at(&database).run(["migrate"]).expect(0);
    // No step pays for the pages that the one before left dirty.
    database.execute("checkpoint");
    database
}

/// Seconds that a script takes in psql, run in a folder and with a file as its standard input.
fn script(database: &Database<'_>, path: &Path, folder: &Path, input: Option<&Path>) -> Outcome<f64> {
    database.execute("checkpoint");
    let stdin = match input {
        Some(file) => File::open(file)?.into(),
        None => Stdio::null(),
    };
    let begun = Instant::now();
    let out = Command::new("psql")
        .args(["-X", "-q", "-d", &database.url(), "-f"])
        .arg(path)
        .current_dir(folder)
        .stdin(stdin)
        .stdout(Stdio::null())
        .stderr(Stdio::piped())
        .output()?;
    let seconds = begun.elapsed().as_secs_f64();
    if out.status.success() {
        Ok(seconds)
    } else {
        Err(format!("{}: {}", path.display(), String::from_utf8_lossy(&out.stderr)).into())
    }
}
