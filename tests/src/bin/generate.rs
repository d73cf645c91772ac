//! `generate mobilize --records 100000 --seed 7 > attendances.json`: synthetic input for samples, tests and the benchmark.

use clap::{Parser, Subcommand, ValueEnum};
use etl_tests::generate::{self, mobilize, people, posts, rides, vaccines};
use std::fs::{self, File};
use std::io::{self, BufWriter, Write};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

/// Makes synthetic input: the same arguments give the same bytes on every machine.
#[derive(Parser)]
#[command(version)]
struct Args {
    #[command(subcommand)]
    dataset: Dataset,
}

#[derive(Subcommand)]
enum Dataset {
    /// Attendances as the Mobilize API gives them, about 4.1 KB each, or its list of the events or the people in them.
    Mobilize {
        /// Good attendances to write, or those that the list belongs to.
        #[arg(long, default_value_t = 1_000)]
        records: u64,
        /// Another seed, other records.
        #[arg(long, default_value_t = 7)]
        seed: u64,
        /// Percent of attendances that are newer and other ones than with 0, as a later delivery of the same attendances.
        #[arg(long, default_value_t = 0)]
        changed: u64,
        /// Bad records to put among the good ones: wrong types, no user_id, a broken event, half a mask, out of range, damaged.
        #[arg(long, default_value_t = 0)]
        bad: u64,
        /// The list that goes with these attendances, instead of them.
        #[arg(long, value_enum)]
        list: Option<List>,
        /// Events or people to list besides, whom no attendance shows.
        #[arg(long, default_value_t = 0)]
        more: u64,
        /// Layout of the file.
        #[arg(long, value_enum, default_value_t = Format::Array)]
        format: Format,
        /// File to write, standard output if not given.
        #[arg(long)]
        out: Option<PathBuf>,
    },
    /// `places.csv` and `people.csv`.
    People {
        /// People to write.
        #[arg(long, default_value_t = 10_000)]
        people: u64,
        #[command(flatten)]
        files: Files,
    },
    /// `posts.json` and `votes.json`, as Stack Exchange records.
    Posts {
        /// Posts to write; one in 40 stands twice, changed.
        #[arg(long, default_value_t = 10_000)]
        posts: u64,
        /// Votes on them to write.
        #[arg(long, default_value_t = 50_000)]
        votes: u64,
        /// Votes besides whose post is not there.
        #[arg(long, default_value_t = 0)]
        orphans: u64,
        /// Layout of both files.
        #[arg(long, value_enum, default_value_t = Format::LeadingCommas)]
        format: Format,
        #[command(flatten)]
        files: Files,
    },
    /// `moderna.csv`, `pfizer.csv` and `population.csv`.
    Vaccines {
        /// Weeks of allocations, at most 24.
        #[arg(long, default_value_t = 12)]
        weeks: u64,
        #[command(flatten)]
        files: Files,
    },
    /// `drivers.json`, `trips.csv` and `charges.csv`.
    Rides {
        /// Good trips to write; 2 % have no charge.
        #[arg(long, default_value_t = 100_000)]
        trips: u64,
        /// Percent of trips that are another than with 0, as a later delivery of the same trips.
        #[arg(long, default_value_t = 0)]
        changed: u64,
        /// Trips besides whose driver is not there, and as many charges whose trip is not there.
        #[arg(long, default_value_t = 0)]
        orphans: u64,
        /// Lines of trips, and of charges, that stand twice.
        #[arg(long, default_value_t = 0)]
        duplicates: u64,
        /// Bad lines to put among the trips, of ten kinds in turn: wrong types, out of range, ragged, damaged.
        #[arg(long, default_value_t = 0)]
        bad: u64,
        #[command(flatten)]
        files: Files,
    },
}

#[derive(clap::Args)]
struct Files {
    /// Another seed, other rows.
    #[arg(long, default_value_t = 7)]
    seed: u64,
    /// Folder to write into; made if it is not there.
    #[arg(long, default_value = ".")]
    dir: PathBuf,
}

#[derive(Clone, Copy, ValueEnum)]
enum Format {
    Array,
    LeadingCommas,
    Lines,
    Page,
}

#[derive(Clone, Copy, ValueEnum)]
enum List {
    Events,
    People,
}

impl From<List> for mobilize::List {
    fn from(list: List) -> Self {
        match list {
            List::Events => Self::Events,
            List::People => Self::People,
        }
    }
}

impl From<Format> for generate::Format {
    fn from(format: Format) -> Self {
        match format {
            Format::Array => Self::Array,
            Format::LeadingCommas => Self::LeadingCommas,
            Format::Lines => Self::Lines,
            Format::Page => Self::Page,
        }
    }
}

impl Dataset {
    /// Writes what was asked for, and says where to.
    fn write(self) -> (io::Result<()>, String) {
        let into = |dir: &Path, write: &dyn Fn(&Path) -> io::Result<()>| {
            (fs::create_dir_all(dir).and_then(|()| write(dir)), dir.display().to_string())
        };
        match self {
            Self::Mobilize { records, seed, changed, bad, list, more, format, out } => {
                let plan = mobilize::Plan { records, seed, changed, bad, format: format.into() };
                let write = |out: &mut dyn Write| match list {
                    None => plan.write(out),
                    Some(list) => plan.write_list(list.into(), more, out),
                };
                match out {
                    Some(path) => (
                        File::create(&path).and_then(|file| write(&mut BufWriter::new(file))),
                        path.display().to_string(),
                    ),
                    None => (write(&mut BufWriter::new(io::stdout().lock())), "standard output".to_owned()),
                }
            }
            Self::People { people, files: Files { seed, dir } } => {
                into(&dir, &|dir| people::Plan { people, seed }.write_into(dir))
            }
            Self::Posts { posts, votes, orphans, format, files: Files { seed, dir } } => {
                let plan = posts::Plan { posts, votes, orphans, seed, format: format.into() };
                into(&dir, &|dir| plan.write_into(dir))
            }
            Self::Vaccines { weeks, files: Files { seed, dir } } => {
                into(&dir, &|dir| vaccines::Plan { weeks, seed }.write_into(dir))
            }
            Self::Rides { trips, changed, orphans, duplicates, bad, files: Files { seed, dir } } => {
                let plan = rides::Plan { trips, seed, changed, orphans, duplicates, bad };
                into(&dir, &|dir| plan.write_into(dir))
            }
        }
    }
}

fn main() -> ExitCode {
    let (written, place) = Args::parse().dataset.write();
    match written {
        Ok(()) => ExitCode::SUCCESS,
        // The reader has seen enough, as in `generate ... | head`.
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("generate: cannot write {place}: {error}");
            ExitCode::FAILURE
        }
    }
}
