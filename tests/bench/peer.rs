//! Other tools, where they are installed: scripts of `tests/bench/peers`, each a whole load.
//!
//! A script is called with the database's URL and its input, and says in one line of JSON how many seconds the load took, without Python's own start, and the
//! version of its tool: `{"seconds": 4.2, "version": "duckdb 1.4.0"}`.

use crate::setting::Bench;
use crate::sheet::{Sheet, Taken};
use crate::{Outcome, results, script};
use etl_tests::loader;
use serde_json::Value;
use std::path::{Path, PathBuf};
use std::process::Command;

/// Another tool, and its script's name without `.py`.
#[derive(Clone, Copy, Debug)]
pub struct Peer {
    /// Its step in the table.
    pub step: &'static str,
    /// Its script.
    pub script: &'static str,
    /// Whether it fills our tables, whose numbers of rows are then compared, or its own.
    pub fills_ours: bool,
    /// Whether one round has to do: it takes minutes.
    pub once: bool,
}

/// What became of a peer's run.
enum Ran {
    Done { seconds: f64, version: String },
    NotInstalled,
    Failed(String),
}

impl Peer {
    /// Runs it into a fresh database. It is named in the table, whatever becomes of it.
    pub fn measure(
        self,
        bench: &Bench,
        sheet: &mut Sheet,
        input: &Path,
        (schema, ours): (&str, &[(String, i64)]),
    ) -> Outcome<()> {
        let database = bench.migrated();
        database.execute("checkpoint");
        let before = database.wal();
        match self.run(&database.url(), input)? {
            Ran::Done { seconds, version } => {
                let wal = (database.wal() - before) as f64;
                // What loads others is no reason to measure nothing of ours.
                if self.fills_ours
                    && let Err(error) = results::same(ours, &results::counts(&database, schema), self.step)
                {
                    eprintln!("{error}");
                    sheet.note(self.step, format!("{version}, left other rows"));
                    return Ok(());
                }
                sheet.note(self.step, version);
                sheet.add(self.step, Taken { wal, ..Taken::seconds(seconds) });
            }
            Ran::NotInstalled => sheet.note(self.step, "not installed"),
            Ran::Failed(reason) => {
                eprintln!("{}: {reason}", self.step);
                sheet.note(self.step, "failed");
            }
        }
        Ok(())
    }

    fn run(self, url: &str, input: &Path) -> Outcome<Ran> {
        let python = python();
        let script = script::path("peers").join(self.script).with_extension("py");
        if !python.exists() || !script.exists() {
            return Ok(Ran::NotInstalled);
        }
        let out = Command::new(python).arg(script).arg(url).arg(input).output()?;
        let said = String::from_utf8_lossy(&out.stdout);
        let complaint = String::from_utf8_lossy(&out.stderr);
        if out.status.success() {
            let last = said.trim().lines().last().unwrap_or_default();
            let answer: Value = serde_json::from_str(last).unwrap_or_default();
            return Ok(match (answer["seconds"].as_f64(), answer["version"].as_str()) {
                (Some(seconds), Some(version)) => Ran::Done { seconds, version: version.to_owned() },
                _ => Ran::Failed(format!("no line of JSON, but {said}")),
            });
        }
        let is_missing = ["ModuleNotFoundError", "not installed"].iter().any(|sign| complaint.contains(sign));
        Ok(if is_missing { Ran::NotInstalled } else { Ran::Failed(complaint.into()) })
    }
}

/// The Python that has the peers' modules: `make bench-peers` puts it there.
fn python() -> PathBuf {
    std::env::var_os("PG_ETL_PEERS")
        .map_or_else(|| loader::target_folder().join("bench/peers"), PathBuf::from)
        .join("bin/python")
}
