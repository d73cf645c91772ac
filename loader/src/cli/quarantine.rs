//! What can be typed after `loader quarantine`.
use std::path::PathBuf;
use std::time::Duration;

use clap::{Args, Subcommand, ValueEnum};

use super::{FileFormat, RowFormat, values};

/// Arguments of `loader quarantine`.
#[derive(Debug, Args)]
pub struct QuarantineArgs {
    /// What to do with the quarantine.
    #[command(subcommand)]
    pub command: QuarantineCommand,
}

/// Commands of the quarantine.
#[derive(Debug, Subcommand)]
pub enum QuarantineCommand {
    /// List records that did not get in, newest first
    List(QuarantineListArgs),
    /// Show one of them whole, with the record itself
    Show(QuarantineShowArgs),
    /// Write them to files, with the records as they came, to be corrected and loaded again
    Export(QuarantineExportArgs),
    /// Try rejected records again, after a fix
    Replay(QuarantineReplayArgs),
    /// Close records for good; they stay on record as discarded
    Discard(QuarantineDiscardArgs),
}

/// Which quarantined records are meant: those that meet all that is given.
#[derive(Debug, Default, Args)]
pub struct Filters {
    /// Records of this dataset, or with these numbers
    #[arg(value_name = "DATASET|ID")]
    pub chosen: Vec<Chosen>,
    /// Records for this table, schema-qualified
    #[arg(long, value_name = "TABLE")]
    pub target: Option<String>,
    /// Records with this SQLSTATE, such as 23514
    #[arg(long, value_name = "CODE", value_parser = values::sqlstate)]
    pub sqlstate: Option<String>,
    /// Records that did not meet this constraint
    #[arg(long, value_name = "NAME")]
    pub constraint: Option<String>,
    /// Records that this run met first, last changed or closed
    #[arg(long, value_name = "RUN")]
    pub run: Option<i64>,
    /// Records with this outcome
    #[arg(long, value_enum)]
    pub outcome: Option<Outcome>,
    /// Records that wait for this parent, such as 'mobilize.events(event_id)=(17)'
    #[arg(long, value_name = "PARENT", value_parser = values::parent)]
    pub waits_for: Option<String>,
}

/// A dataset or the number of a quarantined record.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Chosen {
    /// A dataset, or the qualified target of merges without a run.
    Dataset(String),
    /// The number that `quarantine list` prints.
    Id(i64),
}

impl std::str::FromStr for Chosen {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        match text.parse() {
            Ok(id) => Ok(Chosen::Id(id)),
            Err(_) if text.is_empty() => Err("expected a dataset, or the number of a record".to_owned()),
            Err(_) => Ok(Chosen::Dataset(text.to_owned())),
        }
    }
}

/// Arguments of `loader quarantine list`.
#[derive(Debug, Args)]
pub struct QuarantineListArgs {
    /// Which ones.
    #[command(flatten)]
    pub filters: Filters,
    /// Closed ones too; with --run or an ID they are shown anyway
    #[arg(long)]
    pub all: bool,
    /// At most this many
    #[arg(long, value_name = "N", default_value_t = 100)]
    pub limit: u32,
    /// How to print the rows
    #[arg(long, value_enum, default_value_t)]
    pub format: RowFormat,
}

/// Arguments of `loader quarantine show`.
#[derive(Debug, Args)]
pub struct QuarantineShowArgs {
    /// Number of the quarantined record, as `quarantine list` prints it
    pub id: i64,
    /// How to print it
    #[arg(long, value_enum, default_value_t)]
    pub format: RowFormat,
}

/// Arguments of `loader quarantine export`.
#[derive(Debug, Args)]
pub struct QuarantineExportArgs {
    /// Which ones.
    #[command(flatten)]
    pub filters: Filters,
    /// Closed ones too; with --run or an ID they are written anyway
    #[arg(long)]
    pub all: bool,
    /// Folder to write into; made where it is missing
    #[arg(long, value_name = "DIR")]
    pub dir: PathBuf,
    /// Format of the list of records; the records themselves are written as they came
    #[arg(long, value_enum)]
    pub format: FileFormat,
}

/// Arguments of `loader quarantine replay`.
#[derive(Debug, Args)]
pub struct QuarantineReplayArgs {
    /// Which ones, of those that are open and rejected.
    #[command(flatten)]
    pub filters: Filters,
    /// Try it all, print what would come of it, and roll back
    #[arg(long)]
    pub dry_run: bool,
    /// Wait this long for a run of the dataset, such as 90s, 10min, 1h
    #[arg(long, value_name = "TIME", default_value = "10min", value_parser = values::duration)]
    pub lock_timeout: Duration,
    /// How to print the counts
    #[arg(long, value_enum, default_value_t)]
    pub format: RowFormat,
}

/// Arguments of `loader quarantine discard`.
#[derive(Debug, Args)]
pub struct QuarantineDiscardArgs {
    /// Which ones, of those that are open.
    #[command(flatten)]
    pub filters: Filters,
    /// Why; kept beside each record
    #[arg(long, value_name = "TEXT", value_parser = values::reason)]
    pub reason: String,
    /// Every open record, where nothing else says which
    #[arg(long)]
    pub all_open: bool,
    /// Wait this long for a run of the dataset, such as 90s, 10min, 1h
    #[arg(long, value_name = "TIME", default_value = "10min", value_parser = values::duration)]
    pub lock_timeout: Duration,
}

/// Why a record is in quarantine.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Outcome {
    /// It waits for its parent.
    Parked,
    /// It cannot be accepted as it is.
    Rejected,
}

impl Outcome {
    /// As etl.quarantine has it.
    pub fn name(self) -> &'static str {
        match self {
            Outcome::Parked => "parked",
            Outcome::Rejected => "rejected",
        }
    }
}

impl Filters {
    /// Whether nothing is given, so that every record is meant.
    pub fn is_empty(&self) -> bool {
        let Filters { chosen, target, sqlstate, constraint, run, outcome, waits_for } = self;
        chosen.is_empty()
            && run.is_none()
            && outcome.is_none()
            && [target, sqlstate, constraint, waits_for].iter().all(|filter| filter.is_none())
    }

    /// The dataset given; the last of several, which [`crate::quarantine`] refuses.
    pub fn datasets(&self) -> impl Iterator<Item = &str> {
        self.chosen.iter().filter_map(|chosen| match chosen {
            Chosen::Dataset(name) => Some(name.as_str()),
            Chosen::Id(_) => None,
        })
    }

    /// The numbers given.
    pub fn ids(&self) -> Vec<i64> {
        let ids = self.chosen.iter().filter_map(|chosen| match chosen {
            Chosen::Id(id) => Some(*id),
            Chosen::Dataset(_) => None,
        });
        ids.collect()
    }
}

#[cfg(test)]
mod tests {
    use clap::Parser;

    use super::*;
    use crate::cli::{Cli, Command};

    fn listed(line: &[&str]) -> Result<QuarantineListArgs, clap::Error> {
        let cli = Cli::try_parse_from(["loader", "quarantine", "list"].iter().chain(line))?;
        match cli.command {
            Command::Quarantine(QuarantineArgs { command: QuarantineCommand::List(args) }) => Ok(args),
            _ => unreachable!(),
        }
    }

    #[test]
    fn a_number_is_a_record_and_a_name_a_dataset() {
        let filters = listed(&["mobilize"]).unwrap().filters;
        assert_eq!(filters.datasets().collect::<Vec<_>>(), ["mobilize"]);
        let filters = listed(&["7", "9"]).unwrap().filters;
        assert_eq!(filters.ids(), [7, 9]);
        assert!(!filters.is_empty() && listed(&[]).unwrap().filters.is_empty());
        assert!(listed(&[""]).is_err());
    }

    #[test]
    fn codes_and_parents_are_checked_where_they_are_typed() {
        assert!(listed(&["--sqlstate", "23514"]).is_ok());
        assert!(listed(&["--sqlstate", "2351"]).is_err() && listed(&["--sqlstate", "2351a"]).is_err());
        let parent = listed(&["--waits-for", "posts.posts(post_id)=(17)"]).unwrap().filters.waits_for;
        assert_eq!(parent.as_deref(), Some("posts.posts(post_id)=(17)"));
        for wrong in ["posts.posts", "posts(post_id)=(17)", "posts.posts(post_id)=17", "posts.posts=(17)"] {
            assert!(listed(&["--waits-for", wrong]).is_err(), "{wrong}");
        }
    }
}
