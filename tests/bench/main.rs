//! `make bench`: loads of generated records against their floor, against themselves again, against scripts written by hand and against other tools.
//!
//! All on one server of its own, made for this with the default settings and durable, the steps in turn, three rounds, medians. `docs/benchmarks.md` keeps
//! what came out.
#![allow(missing_docs)]

mod backends;
mod beside;
mod duel;
mod flat;
mod input;
mod line;
mod load;
mod machine;
mod mobilize;
mod peer;
mod people;
mod posts;
mod record;
mod results;
mod rides;
mod script;
mod setting;
mod sheet;
mod target;

use clap::{Parser, Subcommand};
use line::Line;
use setting::{Bench, Settings};
use sheet::Sheet;
use std::error::Error;

type Outcome<T> = Result<T, Box<dyn Error>>;

/// Measures loads of one kind and prints a table.
#[derive(Parser)]
struct Args {
    #[command(subcommand)]
    what: What,
    #[command(flatten)]
    settings: Settings,
}

#[derive(Subcommand)]
enum What {
    /// Nested JSON, one big file, seven tables: against the floor, a script by hand, other tools.
    Mobilize,
    /// CSV, three tables that refer to each other: against a script by hand.
    Rides,
    /// A million votes and their posts: against a script by hand.
    Posts,
    /// A million people and their places: against a script by hand.
    People,
    /// Ten times the records, memory, and how soon Ctrl-C is obeyed.
    Flat(flat::Args),
    /// The same batch into a small table and into a big one.
    Target(target::Args),
    /// Two datasets at once into one database.
    Beside,
}

impl What {
    /// Its word on the command line and in `docs/benchmarks.md`, and the lines of its table.
    fn table(&self) -> (&'static str, &'static [Line]) {
        match self {
            Self::Mobilize => ("mobilize", mobilize::LINES),
            Self::Rides => ("rides", rides::LINES),
            Self::Posts => ("posts", posts::LINES),
            Self::People => ("people", people::LINES),
            Self::Flat(_) => ("flat", flat::LINES),
            Self::Target(_) => ("target", target::LINES),
            Self::Beside => ("beside", beside::LINES),
        }
    }

    /// Measures; the answer says what was loaded.
    fn measure(&self, bench: &Bench, sheet: &mut Sheet) -> Outcome<String> {
        match self {
            Self::Mobilize => mobilize::measure(bench, sheet),
            Self::Rides => rides::measure(bench, sheet),
            Self::Posts => posts::measure(bench, sheet),
            Self::People => people::measure(bench, sheet),
            Self::Flat(args) => flat::measure(bench, args, sheet),
            Self::Target(args) => target::measure(bench, args, sheet),
            Self::Beside => beside::measure(bench, sheet),
        }
    }
}

fn main() -> Outcome<()> {
    let Args { what, settings } = Args::parse();
    let (name, lines) = what.table();
    let bench = Bench::begin(settings)?;
    let mut sheet = Sheet::default();
    let loaded = what.measure(&bench, &mut sheet)?;
    let report = format!("{loaded}; {}.\n\n{}", bench.describe()?, sheet.table(lines));
    println!("{report}");
    if bench.settings.record { record::replace(name, &report) } else { Ok(()) }
}
