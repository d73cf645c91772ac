//! The run's own rows of the ledger: `etl.runs` and `etl.run_sources`. The counts and the quarantine are the
//! merge's.
mod known;

use postgres::{Client, GenericClient, IsolationLevel, Transaction};

use crate::error::Error;
use crate::source::Fingerprint;
pub use known::{KnownBy, LastTransfer, last_transfer, loaded};

/// A run that has its number.
#[derive(Debug, Clone)]
pub struct Run {
    /// Its number; a run that is rolled back leaves a gap.
    pub id: i64,
    /// The dataset it loads.
    pub dataset: String,
    /// When it began, as the server writes it.
    started_at: String,
}

impl Run {
    /// A run that no database knows, for tests.
    #[cfg(test)]
    pub fn numbered(id: i64, dataset: &str) -> Self {
        Run { id, dataset: dataset.to_owned(), started_at: String::new() }
    }
}

/// A source read to its end.
#[derive(Debug, Clone)]
pub struct SourceRead {
    /// Number within the run, from 1, in load order.
    pub number: i16,
    /// Name of the dataset's source.
    pub name: String,
    /// Path as given, `-` for standard input.
    pub location: String,
    /// Hash and length of its bytes.
    pub fingerprint: Fingerprint,
    /// Records framed, damaged ones included.
    pub records: u64,
    /// Names of a CSV source's columns; none for JSON and for an empty source.
    pub header: Option<Vec<String>>,
    /// What asks for a transferred source again; none for files.
    pub transfer: Option<KnownBy>,
}

/// What became of the records of one target, as the load function reports it.
#[derive(Debug, Clone, Default, PartialEq, Eq, serde::Serialize)]
pub struct Counts {
    /// Schema-qualified name of the table.
    pub target: String,
    /// Records that concern the target: the sum of the six outcomes.
    pub read: i64,
    /// Records that became a new row.
    pub inserted: i64,
    /// Records that changed a row.
    pub updated: i64,
    /// Records equal to what is there.
    pub unchanged: i64,
    /// Records that lost to a greater one.
    pub superseded: i64,
    /// Records that wait for a parent.
    pub parked: i64,
    /// Records that cannot be accepted.
    pub rejected: i64,
    /// Records parked by earlier runs that got in now; beside the sum.
    pub promoted: i64,
}

/// Begins a run's transaction. Each statement must see what was committed while the run waited for the lock.
///
/// # Errors
/// What the server reports.
pub fn begin(client: &mut Client) -> Result<Transaction<'_>, Error> {
    client
        .build_transaction()
        .isolation_level(IsolationLevel::ReadCommitted)
        .read_only(false)
        .start()
        .map_err(|error| Error::database("begin the run's transaction", error))
}

/// Opens a run in the transaction.
///
/// # Errors
/// What the server reports.
pub fn open(client: &mut impl GenericClient, dataset: &str) -> Result<Run, Error> {
    // A server that crashed may hand out once more a number whose run was rolled back by the crash, and whose row as
    // a failed one was written afterwards: then the next number is free.
    let statement = "
        insert into etl.runs (dataset)
        values ($1)
        on conflict (run_id) do nothing
        returning run_id, started_at::text";
    loop {
        let row = client
            .query_opt(statement, &[&dataset])
            .map_err(|error| Error::database("open the run in etl.runs", error))?;
        if let Some(row) = row {
            return Ok(Run { id: row.get(0), dataset: dataset.to_owned(), started_at: row.get(1) });
        }
    }
}

/// Records a source that was read.
///
/// # Errors
/// What the server reports.
pub fn add_source(client: &mut impl GenericClient, run: &Run, source: &SourceRead) -> Result<(), Error> {
    let statement = "
        insert into etl.run_sources (
            run_id, source, name, location, sha256, bytes, records, header, unread, url_sha256, etag, last_modified
        )
        values ($1, $2, $3, $4, $5, $6, $7, $8, $8, $9, $10, $11)";
    let known = source.transfer.as_ref();
    let url_sha256 = known.map(|known| known.url_sha256.as_slice());
    let etag = known.and_then(|known| known.validators.etag.as_deref());
    let last_modified = known.and_then(|known| known.validators.last_modified.as_deref());
    let (bytes, records) = (bigint(source.fingerprint.bytes), bigint(source.records));
    let sha256 = source.fingerprint.sha256.as_slice();
    // A text of the server holds no NUL, and neither does a path.
    client
        .execute(
            statement,
            &[
                &run.id,
                &source.number,
                &source.name,
                &source.location,
                &sha256,
                &bytes,
                &records,
                &source.header,
                &url_sha256,
                &etag,
                &last_modified,
            ],
        )
        .map(drop)
        .map_err(|error| Error::database("write etl.run_sources", error))
}

/// A CSV source of which a load function has read some columns and not others.
#[derive(Debug)]
pub struct Unread {
    /// Path of the source as given.
    pub location: String,
    /// The columns that were not read, in the header's order.
    pub columns: Vec<String>,
}

/// The sources of the run with columns that its load function has not read. One of which it has read none is not among
/// them: its load function reads staging in a way of its own.
///
/// # Errors
/// What the server reports.
pub fn unread(client: &mut impl GenericClient, run: &Run) -> Result<Vec<Unread>, Error> {
    let statement = "
        select location, unread
        from etl.run_sources
        where run_id = $1
            and unread <> '{}'
            and unread <> header
        order by source";
    let rows = client
        .query(statement, &[&run.id])
        .map_err(|error| Error::database("read etl.run_sources", error))?;
    Ok(rows.iter().map(|row| Unread { location: row.get(0), columns: row.get(1) }).collect())
}

/// Sources with records of which nothing was read: location, name and records.
///
/// # Errors
/// What the server reports.
pub fn passed_over(client: &mut impl GenericClient, run: &Run) -> Result<Vec<(String, String, i64)>, Error> {
    let statement = "
        select source.location, source.name, source.records
        from etl.run_sources as source
        where source.run_id = $1
            and source.records > 0
            and not source.is_read
            and not exists (
                select
                from etl.run_tables as counted
                where counted.run_id = source.run_id
                    and counted.source = source.source
            )
        order by source.source";
    let rows = client
        .query(statement, &[&run.id])
        .map_err(|error| Error::database("read etl.run_sources", error))?;
    Ok(rows.iter().map(|row| (row.get(0), row.get(1), row.get(2))).collect())
}

/// Marks the run done, just before its commit.
///
/// # Errors
/// What the server reports.
pub fn finish(client: &mut impl GenericClient, run: &Run) -> Result<(), Error> {
    let statement = "
        update etl.runs
        set status = 'done', finished_at = clock_timestamp()
        where run_id = $1";
    client.execute(statement, &[&run.id]).map(drop).map_err(|error| Error::database("write etl.runs", error))
}

/// Writes the row of a run that failed before its transaction, while its sources were transferred.
///
/// # Errors
/// What the server reports.
pub fn fail_unopened(client: &mut Client, dataset: &str, error: &Error) -> Result<(), Error> {
    let mut transaction = begin(client)?;
    let run = open(&mut transaction, dataset)?;
    transaction.rollback().map_err(|error| Error::database("roll the run back", error))?;
    fail(client, &run, &[], error.sqlstate(), &error.without_values())
}

/// Writes the row of a run that was rolled back, in a transaction of its own.
///
/// # Errors
/// What the server reports.
pub fn fail(
    client: &mut Client,
    run: &Run,
    sources: &[SourceRead],
    sqlstate: Option<&str>,
    message: &str,
) -> Result<(), Error> {
    let doing = "write the failed run's row in etl.runs";
    let mut transaction = client.transaction().map_err(|error| Error::database(doing, error))?;
    let statement = "
        insert into etl.runs (run_id, dataset, status, started_at, finished_at, error_sqlstate, error_message)
        overriding system value
        values ($1, $2, 'failed', $3::text::timestamptz, clock_timestamp(), $4, $5)";
    transaction
        .execute(statement, &[&run.id, &run.dataset, &run.started_at, &sqlstate, &message])
        .map_err(|error| Error::database(doing, error))?;
    for source in sources {
        // The header of a file that has none is its first record, and values of records are not kept here.
        let source = SourceRead { header: None, ..source.clone() };
        add_source(&mut transaction, run, &source)?;
    }
    transaction.commit().map_err(|error| Error::database(doing, error))
}

/// Whether a run's commit arrived, for a connection that was lost while committing.
///
/// # Errors
/// What the server reports.
pub fn is_done(client: &mut Client, run: &Run) -> Result<bool, Error> {
    // By its beginning, too: after a crash of the server the number may be another run's.
    let statement = "
        select
        from etl.runs
        where run_id = $1
            and status = 'done'
            and started_at = $2::text::timestamptz";
    client
        .query_opt(statement, &[&run.id, &run.started_at])
        .map(|row| row.is_some())
        .map_err(|error| Error::database("read etl.runs", error))
}

fn bigint(number: u64) -> i64 {
    i64::try_from(number).unwrap_or(i64::MAX)
}
