//! One run of a dataset at a time: a transaction-level advisory lock, taken before the first staging statement.
use std::time::Duration;

use postgres::error::SqlState;
use postgres::{Client, Transaction};

use crate::error::Error;
use crate::progress::Progress;

/// The namespace of the locks is in the text: other programs' advisory locks hash other words.
const TRY: &str =
    "select pg_catalog.pg_try_advisory_xact_lock(pg_catalog.hashtextextended('pg_etl ' || $1, 0))";
const WAIT: &str = "select pg_catalog.pg_advisory_xact_lock(pg_catalog.hashtextextended('pg_etl ' || $1, 0))";

/// Waits until whoever holds the dataset's lock has committed or rolled back: a backend that lost its client may
/// still be committing. Where the network died the server takes a minute to notice.
///
/// # Errors
/// What the server reports.
pub fn pass(client: &mut Client, dataset: &str) -> Result<(), Error> {
    let failed = |error| Error::database("wait for the commit in doubt", error);
    let mut transaction = client.transaction().map_err(failed)?;
    transaction.batch_execute("set local lock_timeout = '90s'").map_err(failed)?;
    transaction.execute(WAIT, &[&dataset]).map_err(failed)?;
    transaction.commit().map_err(failed)
}

/// Takes the dataset's lock, waiting at most `timeout` for another run. The timeout then holds for every lock
/// of the transaction, so a run does not wait for ever behind somebody's `alter table` either.
///
/// # Errors
/// Lock timeout (exit 5) when the other run takes longer.
pub fn take(
    transaction: &mut Transaction<'_>,
    dataset: &str,
    timeout: Duration,
    progress: &Progress,
) -> Result<(), Error> {
    let doing = "take the dataset's lock";
    // 0 would mean to wait for ever.
    let milliseconds = timeout.as_millis().max(1);
    transaction
        .batch_execute(&format!("set local lock_timeout = {milliseconds}"))
        .map_err(|error| Error::database(doing, error))?;
    let is_free: bool = transaction
        .query_one(TRY, &[&dataset])
        .and_then(|row| row.try_get(0))
        .map_err(|error| Error::database(doing, error))?;
    if is_free {
        return Ok(());
    }
    progress.say(&format!("waiting for another run of {dataset} to finish"));
    match transaction.execute(WAIT, &[&dataset]) {
        Ok(_) => Ok(()),
        Err(error) if error.code() == Some(&SqlState::LOCK_NOT_AVAILABLE) => {
            Err(Error::lock_timeout(format!("another run of {dataset} has not finished within {timeout:?}"))
                .hint(format!("wait longer: loader run {dataset} --lock-timeout 1h")))
        }
        Err(error) => Err(Error::database(doing, error)),
    }
}
