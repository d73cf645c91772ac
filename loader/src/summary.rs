//! What a run tells its user: a line that names it, a table of counts, and notes.
use std::io::Write;

use crate::cli::RowFormat;
use crate::error::Error;
use crate::ledger::{Counts, SourceRead};
use crate::output::{self, Column, Listing};
use crate::quarantine::Replay;
use crate::source::short_name;

/// Names of more files than this would hide the rest of the line.
const FILES_NAMED: usize = 3;
/// The first column of the table keeps this width, so that tables of several runs stand alike.
const TARGET_WIDTH: u16 = 15;

/// What the run's transaction came to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outcome {
    /// Committed.
    Done,
    /// Rolled back as asked.
    DryRun,
    /// Rolled back after `--assert-noop`.
    Asserted,
    /// Rolled back: too many rejected records.
    Failed,
}

impl Outcome {
    fn words(self) -> Option<&'static str> {
        match self {
            Outcome::Done => None,
            Outcome::DryRun => Some("dry run, rolled back"),
            Outcome::Asserted => Some("--assert-noop, rolled back"),
            Outcome::Failed => Some("failed, rolled back"),
        }
    }

    fn code(self) -> &'static str {
        match self {
            Outcome::Done => "done",
            Outcome::DryRun | Outcome::Asserted => "dry run",
            Outcome::Failed => "failed",
        }
    }
}

/// Everything the summary shows.
#[derive(Debug, Clone)]
pub struct Summary {
    /// Number of the run.
    pub run_id: i64,
    /// Its dataset, whose schema is left out of the targets' names.
    pub dataset: String,
    /// What was read, in load order.
    pub sources: Vec<SourceRead>,
    /// The database in use, without password.
    pub label: String,
    /// From the start of the transaction's work to its end.
    pub seconds: f64,
    /// What the transaction came to.
    pub outcome: Outcome,
    /// A row a target, in the order of the load.
    pub counts: Vec<Counts>,
    /// Sentences under the table.
    pub notes: Vec<String>,
    /// What became of the quarantined records, where the run is a replay.
    pub replay: Option<Replay>,
}

type Outcomes = [(&'static str, fn(&Counts) -> i64); 8];

const COLUMNS: Outcomes = [
    ("read", |counts| counts.read),
    ("inserted", |counts| counts.inserted),
    ("updated", |counts| counts.updated),
    ("unchanged", |counts| counts.unchanged),
    ("superseded", |counts| counts.superseded),
    ("parked", |counts| counts.parked),
    ("rejected", |counts| counts.rejected),
    ("promoted", |counts| counts.promoted),
];
/// Shown even when they are zero throughout.
const ALWAYS: [&str; 4] = ["read", "inserted", "updated", "unchanged"];

impl Summary {
    /// Prints to standard output; `is_first` of several gives CSV its header.
    ///
    /// # Errors
    /// Failed (exit 1) when standard output cannot be written.
    pub fn print(&self, format: RowFormat, is_first: bool) -> Result<(), Error> {
        output::to_stdout(|out| {
            match format {
                RowFormat::Table => write!(out, "{}", self.to_text())?,
                RowFormat::Json => writeln!(out, "{}", self.to_json()?)?,
                RowFormat::Csv => self.write_csv(out, is_first)?,
            }
            Ok(())
        })
    }

    fn to_text(&self) -> String {
        let mut parts = vec![format!("run {}", self.run_id), self.dataset.clone(), self.files()];
        parts.push(format!("into {}", self.label));
        parts.push(format!("{:.1} s", self.seconds));
        parts.extend(self.outcome.words().map(str::to_owned));
        let mut text = format!("{}\n{}\n", parts.join("  "), self.table().to_table(TARGET_WIDTH));
        for note in &self.notes {
            text.push_str(note);
            text.push('\n');
        }
        text
    }

    fn files(&self) -> String {
        if let Some(replay) = &self.replay {
            let noun = if replay.records == 1 { "record" } else { "records" };
            return format!("replay of {} quarantined {noun}", replay.records);
        }
        if self.sources.len() > FILES_NAMED {
            return format!("{} files", self.sources.len());
        }
        let names: Vec<&str> = self.sources.iter().map(|source| short_name(&source.location)).collect();
        names.join(", ")
    }

    fn table(&self) -> Listing {
        let is_shown = |column: &&(&str, fn(&Counts) -> i64)| {
            ALWAYS.contains(&column.0) || self.counts.iter().any(|counts| column.1(counts) != 0)
        };
        let shown: Vec<_> = COLUMNS.iter().filter(is_shown).collect();
        let mut columns = vec![Column::text("target")];
        columns.extend(shown.iter().map(|(name, _)| Column::number(name)));
        let rows = self.counts.iter().map(|counts| {
            let mut row = vec![Some(self.short_target(counts).to_owned())];
            row.extend(shown.iter().map(|(_, value)| Some(value(counts).to_string())));
            row
        });
        Listing { columns, rows: rows.collect() }
    }

    fn short_target<'a>(&self, counts: &'a Counts) -> &'a str {
        let rest = counts.target.strip_prefix(&self.dataset).and_then(|rest| rest.strip_prefix('.'));
        rest.unwrap_or(&counts.target)
    }

    fn to_json(&self) -> Result<String, Error> {
        let sources = self.sources.iter().map(|source| SourceReport {
            source: source.number,
            name: &source.name,
            location: &source.location,
            sha256: source.fingerprint.hex(),
            bytes: source.fingerprint.bytes,
            records: source.records,
        });
        let report = Report {
            run_id: self.run_id,
            dataset: &self.dataset,
            status: self.outcome.code(),
            database: &self.label,
            seconds: (self.seconds * 1000.0).round() / 1000.0,
            sources: sources.collect(),
            targets: &self.counts,
            notes: &self.notes,
            replay: self.replay.as_ref(),
        };
        serde_json::to_string(&report)
            .map_err(|error| Error::failed("the summary is not JSON").caused_by(error))
    }

    fn write_csv(&self, out: &mut dyn Write, is_first: bool) -> Result<(), Error> {
        if is_first {
            let mut header = vec![Some("run_id"), Some("dataset"), Some("target")];
            header.extend(COLUMNS.iter().map(|(name, _)| Some(*name)));
            output::csv_row(out, &header)?;
        }
        let run_id = self.run_id.to_string();
        for counts in &self.counts {
            let values: Vec<String> = COLUMNS.iter().map(|(_, value)| value(counts).to_string()).collect();
            let mut row = vec![Some(run_id.as_str()), Some(&self.dataset), Some(&counts.target)];
            row.extend(values.iter().map(|value| Some(value.as_str())));
            output::csv_row(out, &row)?;
        }
        Ok(())
    }
}

/// The summary as `--format json` prints it: one object a run, one line.
#[derive(serde::Serialize)]
struct Report<'a> {
    run_id: i64,
    dataset: &'a str,
    status: &'static str,
    database: &'a str,
    seconds: f64,
    sources: Vec<SourceReport<'a>>,
    targets: &'a [Counts],
    notes: &'a [String],
    #[serde(skip_serializing_if = "Option::is_none")]
    replay: Option<&'a Replay>,
}

#[derive(serde::Serialize)]
struct SourceReport<'a> {
    source: i16,
    name: &'a str,
    location: &'a str,
    sha256: String,
    bytes: u64,
    records: u64,
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::source::Fingerprint;

    fn source(location: &str) -> SourceRead {
        let fingerprint = Fingerprint { sha256: [0xab; 32], bytes: 10 };
        SourceRead {
            number: 1,
            name: "attendances".into(),
            location: location.into(),
            fingerprint,
            records: 500,
            transfer: None,
            header: None,
        }
    }

    fn summary() -> Summary {
        let events = Counts {
            target: "mobilize.events".into(),
            read: 500,
            inserted: 1,
            updated: 2,
            unchanged: 497,
            ..Counts::default()
        };
        let attendances = Counts {
            target: "mobilize.attendances".into(),
            read: 500,
            inserted: 3,
            updated: 2,
            unchanged: 494,
            parked: 1,
            ..Counts::default()
        };
        Summary {
            run_id: 12,
            dataset: "mobilize".into(),
            sources: vec![source("/data/attendances.json")],
            label: "embedded /home/ana/.local/share/pg_etl".into(),
            seconds: 1.2345,
            outcome: Outcome::Done,
            counts: vec![events, attendances],
            notes: vec![
                "1 record of mobilize.attendances waits for mobilize.events: loader quarantine list --run 12"
                    .into(),
            ],
            replay: None,
        }
    }

    #[test]
    fn a_table_between_a_line_and_notes() {
        insta::assert_snapshot!(summary().to_text(), @r"
        run 12  mobilize  attendances.json  into embedded /home/ana/.local/share/pg_etl  1.2 s
        target           read  inserted  updated  unchanged  parked
        events            500         1        2        497       0
        attendances       500         3        2        494       1
        1 record of mobilize.attendances waits for mobilize.events: loader quarantine list --run 12
        ");
    }

    #[test]
    fn three_columns_stay_when_nothing_happened() {
        let mut summary = summary();
        summary.counts = vec![Counts { target: "other.things".into(), ..Counts::default() }];
        summary.notes.clear();
        summary.outcome = Outcome::DryRun;
        summary.sources = ["a", "b", "c", "-"].map(source).to_vec();
        insta::assert_snapshot!(summary.to_text(), @r"
        run 12  mobilize  4 files  into embedded /home/ana/.local/share/pg_etl  1.2 s  dry run, rolled back
        target           read  inserted  updated  unchanged
        other.things        0         0        0          0
        ");
    }

    #[test]
    fn json_has_every_column_of_every_target() {
        insta::assert_snapshot!(summary().to_json().unwrap(), @r#"{"run_id":12,"dataset":"mobilize","status":"done","database":"embedded /home/ana/.local/share/pg_etl","seconds":1.235,"sources":[{"source":1,"name":"attendances","location":"/data/attendances.json","sha256":"abababababababababababababababababababababababababababababababab","bytes":10,"records":500}],"targets":[{"target":"mobilize.events","read":500,"inserted":1,"updated":2,"unchanged":497,"superseded":0,"parked":0,"rejected":0,"promoted":0},{"target":"mobilize.attendances","read":500,"inserted":3,"updated":2,"unchanged":494,"superseded":0,"parked":1,"rejected":0,"promoted":0}],"notes":["1 record of mobilize.attendances waits for mobilize.events: loader quarantine list --run 12"]}"#);
    }
}
