//! Generated attendances in files.

use crate::load::words;
use crate::{Outcome, input};
use etl_tests::generate::{Format, mobilize::Plan};
use std::ffi::OsString;
use std::fs::{self, File};
use std::io::{BufRead, BufReader, Write};
use std::path::PathBuf;

/// A delivery of attendances.
pub struct Input {
    plan: Plan,
    folder: PathBuf,
}

impl Input {
    /// So many records; with `changed`, a later delivery in which so many percent of the attendances are newer.
    pub fn of(records: u64, seed: u64, changed: u64) -> Outcome<Self> {
        let plan = Plan { records, seed, changed, bad: 0, format: Format::Lines };
        let name = format!("mobilize_{records}_{seed}_{changed}");
        let folder = input::made(&name, |folder| plan.write(input::create(folder, "attendances.jsonl")?))?;
        Ok(Self { plan, folder })
    }

    /// The records, one a line.
    pub fn attendances(&self) -> PathBuf {
        self.folder.join("attendances.jsonl")
    }

    /// Words of a run that loads them.
    pub fn words(&self) -> Vec<OsString> {
        words("mobilize", &self.folder, &[("attendances", "attendances.jsonl")])
    }

    /// Size of the file.
    pub fn bytes(&self) -> Outcome<u64> {
        Ok(fs::metadata(self.attendances())?.len())
    }

    /// The records as COPY's text format wants them, with the columns of a staging table.
    pub fn raw(&self) -> Outcome<PathBuf> {
        let name = format!("mobilize_{}_{}_{}_raw", self.plan.records, self.plan.seed, self.plan.changed);
        let folder = input::made(&name, |folder| {
            let mut copy = input::create(folder, "staged.copy")?;
            for (number, line) in BufReader::new(File::open(self.attendances())?).lines().enumerate() {
                let line = line?.replace('\\', "\\\\");
                writeln!(copy, "1\t{}\t0\t{line}\t\\N\t\\N\t\\N", number + 1)?;
            }
            copy.flush()
        })?;
        Ok(folder.join("staged.copy"))
    }
}
