//! Staging: the run's table, and the records of its sources copied into it.
pub mod framer;
mod notes;

use std::io::{self, Write};

use etl_core::frame::{Framed, Limits, Refused, Stopped};
use postgres::Transaction;

use super::files::SourceFile;
use super::interrupt::Interrupt;
use super::transfer::Transfer;
use crate::config::Format;
use crate::copy::{self, Fault, Staged, StagingWriter};
use crate::error::Error;
use crate::http::Secrets;
use crate::ledger::{Run, SourceRead};
use crate::progress::Progress;
use crate::source::Source;
use framer::Framer;
pub use notes::unread_note;

const CHUNK_BYTES: usize = 256 * 1024;

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

/// Tells the optimiser how many records there are, and of which sources: else it takes a source for a two-hundredth of them, and
/// looks for a million rows one by one. A sample of 300 records says that well enough; few records need none.
///
/// # Errors
/// What the server reports.
pub fn analyze(transaction: &mut Transaction<'_>, run: &Run, records: u64) -> Result<(), Error> {
    if records < WORTH_STATISTICS {
        return Ok(());
    }
    let table = table(run);
    let statement = format!("alter table {table} alter source set statistics 1; analyze {table} (source)");
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

/// Reads one source to its end and copies its records.
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
    let mut source = Source::open(file.path())?.named(&file.location);
    progress.reading(&file.location, source.length());
    let statement = format!("copy {} ({}) from stdin (format binary)", table(run), copy::COLUMNS);
    let copy = transaction.copy_in(&statement).map_err(|error| Error::database(&doing, error))?;
    let mut writer = StagingWriter::new(copy);

    // Offsets are those of the text in UTF-8.
    let is_plain_file = file.url.is_none() && source.is_plain_file() && framer::is_utf8(file.format);
    let limits =
        Limits { record_bytes: usize::try_from(record_limit).unwrap_or(usize::MAX), ..Limits::default() };
    let mut framer = Framer::new(file.format, limits);
    let mut not_utf8 = 0;
    let mut chunk = vec![0; CHUNK_BYTES];
    let stopped = |stopped| match stopped {
        Stopped::Refused(refused) => refused_source(file, is_plain_file, &refused),
        Stopped::Sink(error) => Error::failed(format!("cannot {doing}")).caused_by(error),
    };
    loop {
        interrupt.check()?;
        let count = source.read(&mut chunk)?;
        if count == 0 {
            break;
        }
        let mut sink = |framed: Framed<'_>| put(&mut writer, number, &framed, &mut not_utf8);
        framer.push(&chunk[..count], &mut sink).map_err(&stopped)?;
        progress.advance(writer.rows(), source.position());
    }
    let mut sink = |framed: Framed<'_>| put(&mut writer, number, &framed, &mut not_utf8);
    let summary = framer.finish(&mut sink).map_err(&stopped)?;
    for note in notes::of_source(file, &summary, not_utf8) {
        progress.say(&note);
    }

    let (copy, framed) =
        writer.finish().map_err(|error| Error::failed(format!("cannot {doing}")).caused_by(error))?;
    let copied = copy.finish().map_err(|error| Error::database(&doing, error))?;
    if copied != framed {
        return Err(Error::failed(format!(
            "{}: {framed} records were framed, but the server reports {copied}",
            file.location
        )));
    }
    let fingerprint = source.finish()?;
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
        records: framed,
        header: summary.header,
        transfer: file.transfer.as_ref().map(Transfer::known_by),
    };
    progress.read(&read);
    Ok(read)
}

/// Stages a record, and counts those that are not UTF-8.
fn put(
    writer: &mut StagingWriter<impl Write>,
    source: i16,
    framed: &Framed<'_>,
    not_utf8: &mut u64,
) -> io::Result<()> {
    *not_utf8 += u64::from(framed.content.as_ref().is_err_and(|fault| fault.sqlstate == "22021"));
    let content = match &framed.content {
        Ok(record) => Ok(*record),
        Err(fault) => Err(Fault { raw: fault.raw, problem: &fault.message, sqlstate: fault.sqlstate }),
    };
    writer.write(&Staged { source, line: framed.line, byte: framed.byte, content })
}

/// Nothing of the source is loaded; where it can be looked at with everyday tools, how is said.
fn refused_source(file: &SourceFile, is_plain_file: bool, refused: &Refused) -> Error {
    let message = match &file.url {
        Some(url) => Secrets::of(url).hidden_in(&refused.message),
        None => refused.message.clone(),
    };
    let refused = Refused { message, ..refused.clone() };
    let error = Error::failed(format!("{}: refused ({}): {refused}", file.location, refused.sqlstate))
        .caused_by(refused.clone());
    // UTF-16 and UTF-32 are named as what they are.
    let is_other_encoding = refused.sqlstate == "22021" && !refused.message.starts_with("UTF-");
    match is_plain_file {
        _ if is_other_encoding && matches!(file.format, Format::Csv(_)) => {
            error.hint("say how it is encoded: --encoding latin1, or windows-1252")
        }
        true => {
            let from = (refused.byte + 1).saturating_sub(100).max(1);
            error.hint(format!("see what is there: tail -c +{from} {} | head -c 200", file.location))
        }
        false => error,
    }
}
