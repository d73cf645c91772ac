//! One run of a dataset at a time: a transaction-level advisory lock, taken before the first staging statement.
use std::time::Duration;

use postgres::error::SqlState;
use postgres::{Client, GenericClient, Row, Transaction};

use crate::error::Error;
use crate::progress::Progress;

/// The namespace of the locks is in the text: other programs' advisory locks hash other words.
const TRY: &str =
    "select pg_catalog.pg_try_advisory_xact_lock(pg_catalog.hashtextextended('pg_etl ' || $1, 0))";
const WAIT: &str = "select pg_catalog.pg_advisory_xact_lock(pg_catalog.hashtextextended('pg_etl ' || $1, 0))";

/// Sessions that hold a dataset's lock or wait for it. pg_locks shows a lock's 64 bits in two halves.
const SESSIONS: &str = "
    select
        lock.pid,
        lock.granted,
        activity.application_name,
        activity.usename::text as user_name,
        pg_catalog.to_char(activity.xact_start, 'YYYY-MM-DD HH24:MI:SS') as since
    from pg_catalog.pg_locks as lock
    left join pg_catalog.pg_stat_activity as activity on activity.pid = lock.pid
    where lock.locktype = 'advisory'
        and lock.objsubid = 1
        and lock.database = (select oid from pg_catalog.pg_database where datname = pg_catalog.current_database())
        and (lock.classid::bigint << 32 | lock.objid::bigint)
            = pg_catalog.hashtextextended('pg_etl ' || $1, 0)
    order by lock.granted desc, activity.xact_start, lock.pid";

/// A session that holds a dataset's lock, or waits for it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Session {
    /// Its process on the server.
    pub pid: i32,
    /// Whether it holds the lock.
    pub holds: bool,
    /// Who it is and since when it is at work, as far as the server lets us see.
    pub words: String,
}

/// Who holds the dataset's lock, and then who waits for it.
///
/// # Errors
/// What the server reports.
pub fn sessions(client: &mut impl GenericClient, dataset: &str) -> Result<Vec<Session>, Error> {
    let rows = client
        .query(SESSIONS, &[&dataset])
        .map_err(|error| Error::database("look for who holds the dataset's lock", error))?;
    let session = |row: &Row| {
        let told = |name: &str| row.get::<_, Option<String>>(name).filter(|text| !text.is_empty());
        let pid: i32 = row.get("pid");
        let mut words = format!("process {pid}");
        let about: Vec<String> = [
            told("user_name"),
            told("application_name"),
            told("since").map(|since| format!("since {since} UTC")),
        ]
        .into_iter()
        .flatten()
        .collect();
        if !about.is_empty() {
            words.push_str(&format!(" ({})", about.join(", ")));
        }
        Session { pid, holds: row.get("granted"), words }
    };
    Ok(rows.iter().map(session).collect())
}

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
    let failed = |error| Error::database("take the dataset's lock", error);
    // 0 would mean to wait for ever.
    let milliseconds = timeout.as_millis().max(1);
    transaction.batch_execute(&format!("set local lock_timeout = {milliseconds}")).map_err(failed)?;
    let is_free: bool =
        transaction.query_one(TRY, &[&dataset]).and_then(|row| row.try_get(0)).map_err(failed)?;
    if is_free {
        return Ok(());
    }
    progress.say(&format!("waiting for another run of {dataset} to finish"));
    // Behind a savepoint, so that after a timeout the server can still be asked who was in the way.
    let mut savepoint = transaction.savepoint("waiting").map_err(failed)?;
    match savepoint.execute(WAIT, &[&dataset]) {
        Ok(_) => savepoint.commit().map_err(failed),
        Err(error) if error.code() == Some(&SqlState::LOCK_NOT_AVAILABLE) => {
            savepoint.rollback().map_err(failed)?;
            let error =
                Error::lock_timeout(format!("another run of {dataset} has not finished within {timeout:?}"));
            let holder = sessions(transaction, dataset)?.into_iter().find(|session| session.holds);
            Err(error.hint(match holder {
                Some(Session { pid, words, .. }) => format!(
                    "{words} holds the lock: wait longer with --lock-timeout 1h, or end it with \
                     loader psql -c 'select pg_terminate_backend({pid})'"
                ),
                None => "wait longer with --lock-timeout 1h".to_owned(),
            }))
        }
        Err(error) => Err(failed(error)),
    }
}
