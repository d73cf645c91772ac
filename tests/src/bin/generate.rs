//! `generate mobilize --records 100000 --seed 7 > attendances.json`: synthetic input for samples, tests and the benchmark.

use clap::{Parser, Subcommand, ValueEnum};
use etl_tests::generate::{self, mobilize};
use std::fs::File;
use std::io::{self, BufWriter};
use std::path::PathBuf;
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
    /// Attendances as the Mobilize API gives them, about 4.1 KB each.
    Mobilize {
        /// Good records to write.
        #[arg(long, default_value_t = 1_000)]
        records: u64,
        /// Another seed, other records.
        #[arg(long, default_value_t = 7)]
        seed: u64,
        /// Bad records to put among the good ones: wrong types, no user_id, a broken event, half a mask, out of range, damaged.
        #[arg(long, default_value_t = 0)]
        bad: u64,
        /// Layout of the file.
        #[arg(long, value_enum, default_value_t = Format::Array)]
        format: Format,
        /// File to write, standard output if not given.
        #[arg(long)]
        out: Option<PathBuf>,
    },
}

#[derive(Clone, Copy, ValueEnum)]
enum Format {
    Array,
    Lines,
    Page,
}

fn main() -> ExitCode {
    let Dataset::Mobilize { records, seed, bad, format, out } = Args::parse().dataset;
    let plan = mobilize::Plan {
        records,
        seed,
        bad,
        format: match format {
            Format::Array => generate::Format::Array,
            Format::Lines => generate::Format::Lines,
            Format::Page => generate::Format::Page,
        },
    };
    let written = match &out {
        Some(path) => File::create(path).and_then(|file| plan.write(BufWriter::new(file))),
        None => plan.write(BufWriter::new(io::stdout().lock())),
    };
    match written {
        Ok(()) => ExitCode::SUCCESS,
        // The reader has seen enough, as in `generate ... | head`.
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => ExitCode::SUCCESS,
        Err(error) => {
            let place = out.map_or("standard output".to_owned(), |path| path.display().to_string());
            eprintln!("generate: cannot write {place}: {error}");
            ExitCode::FAILURE
        }
    }
}
