//! Staging: the run's table, and the records of its sources copied into it.
pub mod framer;
mod framing;
mod notes;
mod pieces;

use std::io::Write;
use std::panic::resume_unwind;
use std::thread;

use postgres::Transaction;

use super::files::SourceFile;
use super::interrupt::Interrupt;
use super::transfer::Transfer;
use crate::copy;
use crate::error::Error;
use crate::ledger::{Run, SourceRead};
use crate::progress::Progress;
use crate::source::Source;
use framing::{Framed, Framing};
pub use notes::unread_note;
use pieces::Reached;

/// Whether this server was built with lz4, which halves the time of staging records that are wider than a page.
///
/// Beside it the most that a row may be before it is compressed, and before parts of it are stored elsewhere: a page without its
/// header. Records that fit a page are staged as they are: 415 MB in records of 4.1 KB take 2.6 s instead of 4.7, and 0.7 s to read
/// instead of 2.2.
const STORAGE: &str = "
    select
        coalesce(
            (select 'lz4' = any (enumvals) from pg_catalog.pg_settings where name = 'default_toast_compression'),
            false
        ),
        current_setting('block_size')::integer - 32";

/// From so many records on a wrong estimate costs more than the statistics.
const WORTH_STATISTICS: u64 = 5_000;

/// The name of a run's staging table.
pub fn table(run: &Run) -> String {
    format!("staging.run_{}", run.id)
}

/// Creates the run's staging table, in the run's own transaction: a failed run leaves nothing of it.
///
/// # Errors
/// What the server reports.
pub fn create(transaction: &mut Transaction<'_>, run: &Run) -> Result<(), Error> {
    let failed = |error| Error::database("create the run's staging table", error);
    // The row goes at once, and with it its statement: a statement that is closed later is on the wire when the server has hung up,
    // and the server's reason goes unread.
    let (has_lz4, inline_bytes): (bool, i32) = transaction
        .query_one(STORAGE, &[])
        .and_then(|row| Ok((row.try_get(0)?, row.try_get(1)?)))
        .map_err(failed)?;
    let compression = if has_lz4 { "compression lz4" } else { "" };
    let statement = format!(
        "create unlogged table {} (
            source smallint not null,
            line bigint not null,
            byte bigint not null,
            record text {compression},
            raw bytea,
            problem text,
            sqlstate text
        ) with (toast_tuple_target = {inline_bytes})",
        table(run)
    );
    transaction.batch_execute(&statement).map_err(failed)
}

/// Tells the optimiser how many records there are, of which sources, and that each stands at a byte of its own: else it takes a
/// source for a two-hundredth of them and looks for a million rows one by one, or sorts a million to find a few. A sample of 300
/// records says that well enough; few records need none.
///
/// # Errors
/// What the server reports.
pub fn analyze(transaction: &mut Transaction<'_>, run: &Run, records: u64) -> Result<(), Error> {
    if records < WORTH_STATISTICS {
        return Ok(());
    }
    let table = table(run);
    let statement = format!(
        "alter table {table} alter source set statistics 1, alter byte set statistics 1; analyze {table} (source, byte)"
    );
    transaction
        .batch_execute(&statement)
        .map_err(|error| Error::database("analyze the run's staging table", error))
}

/// Drops the run's staging table before the commit.
///
/// # Errors
/// What the server reports.
pub fn drop_table(transaction: &mut Transaction<'_>, run: &Run) -> Result<(), Error> {
    transaction
        .batch_execute(&format!("drop table {}", table(run)))
        .map_err(|error| Error::database("drop the run's staging table", error))
}

/// Reads one source to its end and copies its records: one thread frames them while this one feeds the server.
///
/// # Errors
/// The source cannot be read or is refused as a whole; the server ends the COPY, or counts other than the
/// records framed.
pub fn fill(
    transaction: &mut Transaction<'_>,
    run: &Run,
    number: i16,
    file: &SourceFile,
    record_limit: u64,
    progress: &mut Progress,
    interrupt: &Interrupt,
) -> Result<SourceRead, Error> {
    let doing = format!("copy the records of {} into staging", file.location);
    let source = Source::open(file.path())?.named(&file.location);
    progress.reading(&file.location, source.length());
    let statement = format!("copy {} ({}) from stdin (format binary)", table(run), copy::COLUMNS);
    let mut copy = transaction.copy_in(&statement).map_err(|error| Error::database(&doing, error))?;

    let framing = Framing { source, file, number, record_limit, interrupt };
    let (pieces, waiting) = pieces::channel();
    let reached = Reached::default();
    let framed = thread::scope(|scope| {
        let framing = scope.spawn(|| framing.read(pieces, &reached));
        // Moved in, so that framing ends with this, however this ends.
        let mut waiting = waiting.into_iter();
        let fed = waiting.try_for_each(|piece| {
            let (records, bytes) = reached.get();
            progress.advance(records, bytes);
            copy.write_all(&piece)?;
            // CopyInWriter keeps the last write until the next one: the server would idle meanwhile.
            copy.flush()
        });
        drop(waiting);
        let framed = framing.join().unwrap_or_else(|panic| resume_unwind(panic));
        fed.map_err(|error| Error::failed(format!("cannot {doing}")).caused_by(error))?;
        framed
    })?;
    for note in notes::of_source(file, &framed.summary, framed.not_utf8) {
        progress.say(&note);
    }

    let copied = copy.finish().map_err(|error| Error::database(&doing, error))?;
    if copied != framed.records {
        return Err(Error::failed(format!(
            "{}: {} records were framed, but the server reports {copied}",
            file.location, framed.records
        )));
    }
    let Framed { records, fingerprint, summary, .. } = framed;
    if file.snapshot.as_ref().is_some_and(|part| part.sha256 != fingerprint.hex()) {
        return Err(Error::failed(format!(
            "{}: is not the file that its snapshot's manifest names (SHA-256 {})",
            file.location,
            fingerprint.hex()
        ))
        .hint("fetch it again, or load it as it is by naming it"));
    }
    let read = SourceRead {
        number,
        name: file.source.clone(),
        location: file.location.clone(),
        fingerprint,
        records,
        header: summary.header,
        transfer: file.transfer.as_ref().map(Transfer::known_by),
    };
    progress.read(&read);
    Ok(read)
}
