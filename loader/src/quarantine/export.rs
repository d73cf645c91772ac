//! `loader quarantine export`: the list of records with all that is known of them, and the records as they came, by
//! dataset and source, so that a person can correct them and load them again.
use std::fs;
use std::io::Write;
use std::path::PathBuf;

use postgres::fallible_iterator::FallibleIterator;
use postgres::types::ToSql;
use postgres::{Row, Transaction};

use super::selection::{IS_MEANT, Selection};
use crate::cli::{Context, FileFormat, QuarantineExportArgs};
use crate::database::Database;
use crate::error::Error;
use crate::export::extension;
use crate::export::file::NewFile;
use crate::output;
use crate::query;

/// Columns in the order of the file; text is theirs as CSV has it.
const COLUMNS: [(&str, &str); 25] = [
    ("quarantine_id", "quarantine.quarantine_id"),
    ("dataset", "quarantine.dataset"),
    ("target", "quarantine.target"),
    ("outcome", "quarantine.outcome"),
    ("sqlstate", "quarantine.sqlstate"),
    ("constraint_name", "quarantine.constraint_name"),
    ("field", "quarantine.field"),
    ("message", "quarantine.message"),
    ("parents", "quarantine.parents"),
    ("source_name", "quarantine.source_name"),
    ("location", "run_sources.location"),
    ("line", "quarantine.line"),
    ("byte", "quarantine.byte"),
    ("copies", "quarantine.copies"),
    ("occurrence", "quarantine.occurrence"),
    ("first_run", "quarantine.first_run"),
    ("last_run", "quarantine.last_run"),
    ("closed_run", "quarantine.closed_run"),
    ("closed_as", "quarantine.closed_as"),
    ("closed_reason", "quarantine.closed_reason"),
    ("record_sha256", "pg_catalog.encode(quarantine.record_sha256, 'hex')"),
    ("parsed", "quarantine.parsed"),
    ("record", "quarantine.record"),
    // Bytes that are no text, as hexadecimal digits.
    ("raw", "pg_catalog.encode(quarantine.raw, 'hex')"),
    ("source", "quarantine.source"),
];

const FROM: &str = "
    from etl.quarantine as quarantine
    left join etl.run_sources as run_sources
        on run_sources.run_id = quarantine.first_run and run_sources.source = quarantine.source";

/// Sources with a name: what merges without a run left in quarantine came from no file.
const SOURCES: &str = "
    select distinct dataset, source_name
    from etl.quarantine as quarantine";

/// A record once, though several of its rows may be in quarantine, and as often as it came.
const RECORDS: &str = "
    with record as (
        select
            record_sha256,
            occurrence,
            (array_agg(record order by quarantine_id))[1] as record,
            min(first_run) as run,
            min(source) as source,
            min(line) as line,
            min(byte) as byte
        from etl.quarantine as quarantine";

/// Writes the files, and prints their names on standard output.
///
/// # Errors
/// Those of [`Selection::new`]; failed (exit 1) when a file cannot be written.
pub fn run(args: &QuarantineExportArgs, database: &mut Database, context: &Context) -> Result<(), Error> {
    let is_history = args.all || args.filters.run.is_some() || !args.filters.ids().is_empty();
    let selection = Selection::new(&args.filters, is_history, database, context)?;
    fs::create_dir_all(&args.dir)
        .map_err(|error| Error::usage(format!("{} cannot be made", args.dir.display())).caused_by(error))?;
    let mut transaction = query::snapshot(database)?;
    let mut files = vec![list(&mut transaction, &selection, args)?];
    let statement = format!(
        "{SOURCES}\n    where {IS_MEANT}\n        and source_name <> ''\n        and record is not null\n    order by dataset, source_name"
    );
    let sources = transaction
        .query(&statement, &selection.values())
        .map_err(|error| Error::database("read the sources in quarantine", error))?;
    for source in &sources {
        files.push(records(&mut transaction, &selection, args, source.get(0), source.get(1))?);
    }
    output::to_stdout(|out| {
        for path in &files {
            writeln!(out, "{}", path.display())?;
        }
        Ok(())
    })
}

/// `quarantine.json` or `quarantine.csv`.
fn list(
    transaction: &mut Transaction<'_>,
    selection: &Selection,
    args: &QuarantineExportArgs,
) -> Result<PathBuf, Error> {
    let mut file = NewFile::create(&args.dir, &format!("quarantine.{}", extension(args.format)))?;
    let columns: Vec<String> = COLUMNS
        .iter()
        .map(|(name, value)| match args.format {
            FileFormat::Json => format!("{value} as {name}"),
            FileFormat::Csv => format!("({value})::text as {name}"),
        })
        .collect();
    let rows = format!(
        "select {}{FROM}\n    where {IS_MEANT}\n    order by quarantine.quarantine_id",
        columns.join(", ")
    );
    let mut out = Vec::new();
    match args.format {
        FileFormat::Json => {
            let objects = format!("select pg_catalog.row_to_json(shown)::text from ({rows}) as shown");
            array(transaction, &objects, selection, &[], &mut file)?;
        }
        FileFormat::Csv => {
            let names: Vec<Option<&str>> = COLUMNS.iter().map(|(name, _)| Some(*name)).collect();
            output::csv_row(&mut out, &names)?;
            file.write_all(&out).map_err(|error| file.unwritable(&error))?;
            each(transaction, &rows, selection, &[], |row| {
                let values: Vec<Option<&str>> = (0..row.len()).map(|column| row.get(column)).collect();
                out.clear();
                output::csv_row(&mut out, &values)?;
                file.write_all(&out).map_err(|error| file.unwritable(&error))
            })?;
        }
    }
    file.finish()
}

/// `<dataset>/<source>.json`: the records as they came, an array.
fn records(
    transaction: &mut Transaction<'_>,
    selection: &Selection,
    args: &QuarantineExportArgs,
    dataset: &str,
    source: &str,
) -> Result<PathBuf, Error> {
    let folder = args.dir.join(as_file_name(dataset));
    fs::create_dir_all(&folder)
        .map_err(|error| Error::usage(format!("{} cannot be made", folder.display())).caused_by(error))?;
    let mut file = NewFile::create(&folder, &format!("{}.json", as_file_name(source)))?;
    let statement = format!(
        "{RECORDS}
        where {IS_MEANT}
            and record is not null
            and dataset = $10
            and source_name = $11
        group by record_sha256, occurrence
    )
    select record
    from record
    order by run, source, line, byte, record_sha256, occurrence"
    );
    array(transaction, &statement, selection, &[dataset, source], &mut file)?;
    file.finish()
}

/// The first column of the rows as an array of JSON values, each from a line of its own on.
fn array(
    transaction: &mut Transaction<'_>,
    statement: &str,
    selection: &Selection,
    more: &[&str],
    file: &mut NewFile,
) -> Result<(), Error> {
    let mut is_first = true;
    each(transaction, statement, selection, more, |row| {
        let before = if is_first { "[\n" } else { ",\n" };
        is_first = false;
        let written = file.write_all(before.as_bytes()).and_then(|()| {
            let value: &str = row.get(0);
            file.write_all(value.as_bytes())
        });
        written.map_err(|error| file.unwritable(&error))
    })?;
    let end = if is_first { "[]\n" } else { "\n]\n" };
    file.write_all(end.as_bytes()).map_err(|error| file.unwritable(&error))
}

/// Has the rows pass by, one at a time; the parameters after the selection's are texts.
fn each(
    transaction: &mut Transaction<'_>,
    statement: &str,
    selection: &Selection,
    more: &[&str],
    mut take: impl FnMut(&Row) -> Result<(), Error>,
) -> Result<(), Error> {
    let failed = |error| Error::database("read etl.quarantine", error);
    let mut values = selection.values().to_vec();
    values.extend(more.iter().map(|value| value as &(dyn ToSql + Sync)));
    let mut rows = transaction.query_raw(statement, values).map_err(failed)?;
    while let Some(row) = rows.next().map_err(failed)? {
        take(&row)?;
    }
    Ok(())
}

/// Names of sources are free text; a file's has no slash and is not hidden.
fn as_file_name(name: &str) -> String {
    let plain: String = name.chars().map(|c| if c == '/' || c.is_control() { '_' } else { c }).collect();
    match plain.strip_prefix('.') {
        Some(rest) => format!("_{rest}"),
        None => plain,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_source_names_a_file_in_its_folder() {
        assert_eq!(as_file_name("attendances"), "attendances");
        assert_eq!(as_file_name("../a/b"), "_._a_b");
    }
}
