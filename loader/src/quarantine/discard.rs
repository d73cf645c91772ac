//! `loader quarantine discard`: closes records that nobody will correct. Nothing is deleted: the record, its reason and
//! the run that closed it stay in the ledger.
use postgres::Transaction;

use super::selection::{IS_MEANT, Selection};
use crate::cli::{Context, QuarantineDiscardArgs};
use crate::error::Error;
use crate::ledger::{self, Run};
use crate::output;
use crate::progress::Progress;
use crate::run::lock;

const DATASETS: &str = "
    select distinct dataset
    from etl.quarantine as quarantine";

const CLOSE: &str = "
    update etl.quarantine as quarantine
    set
        last_run = $10,
        closed_run = $10,
        closed_as = 'discarded',
        closed_reason = $11";

/// What was closed of one dataset.
struct Closed {
    run: Run,
    records: u64,
}

/// Closes what the filters mean, in one transaction with a run for each dataset, and prints how many records that were.
///
/// # Errors
/// Usage (exit 2) where nothing says which records; those of [`Selection::new`]; lock timeout (exit 5).
pub fn run(args: &QuarantineDiscardArgs, context: &Context) -> Result<(), Error> {
    match (args.filters.is_empty(), args.all_open) {
        (true, false) => {
            return Err(Error::usage("nothing says which records are to be discarded")
                .hint("name a dataset, a filter or numbers; or, for every open record: --all-open"));
        }
        (false, true) => {
            return Err(Error::usage("--all-open means every open record, and something else says which")
                .hint("leave out one of them"));
        }
        _ => {}
    }
    let mut database = super::loader(context)?;
    let selection = Selection::new(&args.filters, false, &mut database, context)?;
    let progress = Progress::new(context.settings.quiet);
    let mut transaction = ledger::begin(&mut database.client)?;
    let mut closed = Vec::new();
    for dataset in datasets(&mut transaction, &selection)? {
        lock::take(&mut transaction, &dataset, args.lock_timeout, &progress)?;
        let run = ledger::open(&mut transaction, &dataset)?;
        let records = close(&mut transaction, &selection, &run, &args.reason)?;
        ledger::finish(&mut transaction, &run)?;
        closed.push(Closed { run, records });
    }
    // Where others settled the last of them while this waited for the lock, no run is left behind either.
    let total: u64 = closed.iter().map(|closed| closed.records).sum();
    if total == 0 {
        context.note("no open record in quarantine matches");
        return Ok(());
    }
    transaction.commit().map_err(|error| Error::database("commit the discarding", error))?;
    output::to_stdout(|out| {
        for Closed { run, records } in &closed {
            let noun = if *records == 1 { "record" } else { "records" };
            writeln!(out, "run {}  {}  discarded {records} {noun}", run.id, run.dataset)?;
        }
        Ok(())
    })
}

/// In order, so that two of these do not wait for each other's locks.
fn datasets(transaction: &mut Transaction<'_>, selection: &Selection) -> Result<Vec<String>, Error> {
    let statement = format!("{DATASETS}\n    where {IS_MEANT}\n    order by dataset");
    let rows = transaction
        .query(&statement, &selection.values())
        .map_err(|error| Error::database("choose records of etl.quarantine", error))?;
    Ok(rows.iter().map(|row| row.get(0)).collect())
}

fn close(
    transaction: &mut Transaction<'_>,
    selection: &Selection,
    run: &Run,
    reason: &str,
) -> Result<u64, Error> {
    let statement = format!(
        "{CLOSE}\n    where {IS_MEANT}\n        and quarantine.closed_run is null\n        and quarantine.dataset = $12"
    );
    let mut values = selection.values().to_vec();
    values.push(&run.id);
    values.push(&reason);
    values.push(&run.dataset);
    transaction.execute(&statement, &values).map_err(|error| Error::database("close the records", error))
}
