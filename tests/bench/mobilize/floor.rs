//! What no loader can go below: COPY of the raw records into an unlogged staging table, and COPY of the final rows of all tables into empty tables with the same
//! constraints, in one transaction as a load is.

use crate::Outcome;
use crate::sheet::Taken;
use etl_tests::database::Database;
use std::fs::File;
use std::io::{self, Read, Write};
use std::path::Path;
use std::time::Instant;

/// Parents before children.
const TABLES: [&str; 7] = [
    "organizations",
    "people",
    "events",
    "timeslots",
    "attendances",
    "attendance_custom_fields",
    "masked_attendances",
];

/// Writes the rows of all tables into a folder.
pub fn write_rows(database: &Database<'_>, folder: &Path) -> Outcome<()> {
    let mut client = database.client();
    for table in TABLES {
        let mut rows = client.copy_out(&format!("copy mobilize.{table} to stdout"))?;
        io::copy(&mut rows, &mut File::create(folder.join(table))?)?;
    }
    Ok(())
}

/// How raw records are stored.
#[derive(Clone, Copy)]
pub enum Stored {
    /// As PostgreSQL does by itself: compressed, and out of line where that is not enough.
    Compressed,
    /// As the loader has it: in the row, as they are, where they fit a page.
    Inline,
}

/// What the raw COPY takes, and all of it.
pub fn measure(database: &Database<'_>, stored: Stored, raw: &Path, rows: &Path) -> Outcome<(Taken, Taken)> {
    database.execute("checkpoint");
    let before = database.wal();
    let mut client = database.client();
    let begun = Instant::now();
    let mut transaction = client.transaction()?;
    let with = match stored {
        Stored::Compressed => "",
        Stored::Inline => "with (toast_tuple_target = 8160)",
    };
    transaction.batch_execute(&format!(
        "create unlogged table staging.floor (source smallint not null, line bigint not null, byte bigint not null,
             record text compression lz4, raw bytea, problem text, sqlstate text) {with}"
    ))?;
    copy_in(&mut transaction, "copy staging.floor from stdin", raw)?;
    let staged = Taken::seconds(begun.elapsed().as_secs_f64());
    for table in TABLES {
        copy_in(&mut transaction, &format!("copy mobilize.{table} from stdin"), &rows.join(table))?;
    }
    transaction.batch_execute("drop table staging.floor")?;
    transaction.commit()?;
    let seconds = begun.elapsed().as_secs_f64();
    Ok((staged, Taken { wal: (database.wal() - before) as f64, ..Taken::seconds(seconds) }))
}

fn copy_in(transaction: &mut postgres::Transaction<'_>, sql: &str, path: &Path) -> Outcome<()> {
    let mut writer = transaction.copy_in(sql)?;
    let mut file = File::open(path)?;
    let mut chunk = vec![0; 64 * 1024];
    loop {
        match file.read(&mut chunk)? {
            0 => break,
            length => writer.write_all(&chunk[..length])?,
        }
    }
    writer.finish()?;
    Ok(())
}
