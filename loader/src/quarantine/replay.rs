//! `loader quarantine replay`: rejected records are tried again, each as if it had just come.
//!
//! A replay is a run of the dataset in one transaction. Staging carries, beside what a run's does, the number of the
//! quarantined record; `etl_merge` then merges the row of that record's own target, never its siblings.
mod batch;
mod fates;
mod rows;

use postgres::Row;

use super::selection::{IS_MEANT, Selection};
use crate::cli::{Context, Outcome, QuarantineReplayArgs};
use crate::database::{self, Database};
use crate::error::{Error, Exit};
use crate::migrate;
use crate::progress::Progress;
use crate::run::interrupt::Interrupt;
use crate::run::listen;
use batch::Batch;
pub use fates::Replay;

/// Each record is a source of its own in staging, and a source's number is a smallint.
const RECORDS_A_RUN: usize = 32_000;

/// In the order in which they first came.
const CHOOSE: &str = "
    select
        dataset,
        array_agg(quarantine_id order by first_run, source, line, byte, quarantine_id) as ids
    from etl.quarantine as quarantine";

/// Records of one dataset, in the order in which they first came.
struct Chosen {
    dataset: String,
    ids: Vec<i64>,
}

/// Replays what the filters mean, a run for each dataset and 32,000 records; exit 3 when some are still rejected.
///
/// # Errors
/// Usage (exit 2) for parked records, which every run tries; those of [`Selection::new`]; whatever fails a run.
pub fn run(args: &QuarantineReplayArgs, context: &Context) -> Result<Exit, Error> {
    if args.filters.outcome == Some(Outcome::Parked) {
        return Err(Error::usage("parked records are not replayed: every run of their dataset tries them")
            .hint("load what they wait for: loader quarantine list --outcome parked"));
    }
    let mut database = super::loader(context)?;
    let selection = Selection::new(&args.filters, false, &mut database, context)?;
    let chosen = choose(&mut database, &selection)?;
    if chosen.is_empty() {
        context.note("no open rejected record in quarantine matches");
        return Ok(Exit::Done);
    }
    for Chosen { dataset, .. } in &chosen {
        ensure_ready(dataset, context, !args.dry_run)?;
    }

    let interrupt = listen(&database)?;
    let (mut exit, mut is_first) = (Exit::Done, true);
    for Chosen { dataset, ids } in &chosen {
        for ids in ids.chunks(RECORDS_A_RUN) {
            let progress = Progress::new(context.settings.quiet).telling(&database.warnings);
            let mut batch = Batch::new(dataset, ids, args, &interrupt, progress);
            let Some(summary) = settled(batch.replay(&mut database), &interrupt)? else { continue };
            summary.print(args.format, is_first)?;
            is_first = false;
            if summary.replay.as_ref().is_some_and(|replay| replay.has_rejected()) {
                exit = Exit::Rejected;
            }
        }
    }
    Ok(exit)
}

/// After a signal the process ends here, whether the batch failed of it or had just been committed.
fn settled<T>(result: Result<T, Error>, interrupt: &Interrupt) -> Result<T, Error> {
    interrupt.settle(true);
    match (result, interrupt.signal()) {
        (Err(_), Some(signal)) => interrupt.exit(signal),
        (result, _) => result,
    }
}

fn choose(database: &mut Database, selection: &Selection) -> Result<Vec<Chosen>, Error> {
    let statement = format!(
        "{CHOOSE}\n    where {IS_MEANT}\n        and outcome = 'rejected'\n    group by dataset\n    order by dataset"
    );
    let rows = database
        .client
        .query(&statement, &selection.values())
        .map_err(|error| Error::database("choose records of etl.quarantine", error))?;
    let chosen = |row: &Row| Chosen { dataset: row.get("dataset"), ids: row.get("ids") };
    Ok(rows.iter().map(chosen).collect())
}

/// The fix that the replay is for may be a migration that was not applied yet.
fn ensure_ready(dataset: &str, context: &Context, may_change: bool) -> Result<(), Error> {
    if context.config.datasets.iter().all(|known| known.name != dataset) {
        return Ok(());
    }
    // In a session of its own: this one acts as etl_loader, and its search path is pinned.
    let mut database = database::connect(&context.settings)?;
    for note in migrate::ensure_ready(&mut database, &context.config, &[dataset.to_owned()], may_change)? {
        context.note(note);
    }
    Ok(())
}
