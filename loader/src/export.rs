//! `loader export`: a dataset's tables, or a question's rows, as files.
//!
//! A file is written under a temporary name and renamed when it is whole: a reader never meets half of one.
//! Rows come ordered by primary key and rendered under pinned settings, so that the same rows give the same
//! bytes.
mod dictionary;
pub mod file;
mod tables;

use std::fs;
use std::io::{self, BufRead, BufReader, Write};
use std::path::PathBuf;

use postgres::Transaction;

use crate::cli::{Context, ExportArgs, FileFormat};
use crate::error::{Error, Exit};
use crate::output;
use crate::query::{self, Answer};
use file::NewFile;
use tables::Table;

/// Runs `loader export`; the files written are printed on standard output.
///
/// # Errors
/// Usage (exit 2) for an unknown dataset or question, mismatch (exit 6) where the dataset has no tables,
/// failed (exit 1) when a file cannot be written.
pub fn run(args: ExportArgs, context: &Context) -> Result<Exit, Error> {
    let is_dataset = context.config.datasets.iter().any(|dataset| dataset.name == args.what);
    if is_dataset && !args.parameters.is_empty() {
        return Err(Error::usage(format!("{} is a dataset, which takes no parameters", args.what))
            .hint("loader query"));
    }
    let question = match is_dataset {
        true => None,
        false => {
            let question =
                query::find(&context.config, &args.what).map_err(|error| unknown(error, &args, context))?;
            let bound = query::bind(&question, &args.parameters)?;
            Some((question, bound))
        }
    };
    fs::create_dir_all(&args.dir)
        .map_err(|error| Error::usage(format!("{} cannot be made", args.dir.display())).caused_by(error))?;

    let mut database = query::reader(context)?;
    let mut transaction = query::snapshot(&mut database)?;
    let files = match question {
        None => export_tables(&mut transaction, &args, context)?,
        Some((question, bound)) => {
            query::find_names_for(&mut transaction, &question)?;
            let answer = Answer::prepare(&mut transaction, &question, bound)?;
            let files = export_answer(&mut transaction, &question.name, &answer, &args)?;
            query::note_what_is_missing(&mut transaction, &question, context)?;
            files
        }
    };
    output::to_stdout(|out| {
        for path in &files {
            writeln!(out, "{}", path.display())?;
        }
        Ok(())
    })?;
    Ok(Exit::Done)
}

fn export_answer(
    transaction: &mut Transaction<'_>,
    name: &str,
    answer: &Answer,
    args: &ExportArgs,
) -> Result<Vec<PathBuf>, Error> {
    let mut files = Vec::new();
    for format in formats(args, answer.natural_format()) {
        let mut file = NewFile::create(&args.dir, &format!("{name}.{}", extension(format)))?;
        answer
            .write(transaction, format, args.escape_formulas, &mut file)
            .map_err(|error| file.named(error))?;
        files.push(file.finish()?);
    }
    Ok(files)
}

/// The formats asked for, each once.
fn formats(args: &ExportArgs, otherwise: FileFormat) -> Vec<FileFormat> {
    let asked = [FileFormat::Csv, FileFormat::Json].into_iter().filter(|format| args.format.contains(format));
    let formats: Vec<FileFormat> = asked.collect();
    if formats.is_empty() { vec![otherwise] } else { formats }
}

fn export_tables(
    transaction: &mut Transaction<'_>,
    args: &ExportArgs,
    context: &Context,
) -> Result<Vec<PathBuf>, Error> {
    let tables = tables::of_dataset(transaction, &args.what)?;
    let mut files = Vec::with_capacity(tables.len() + 1);
    for table in &tables {
        context.note(format!("exporting {}.{}", table.schema, table.name));
        for format in formats(args, FileFormat::Csv) {
            let mut file = NewFile::create(&args.dir, &format!("{}.{}", table.name, extension(format)))?;
            match format {
                FileFormat::Csv => copy_csv(transaction, table, args.escape_formulas, &mut file)?,
                FileFormat::Json => copy_json(transaction, table, &mut file)?,
            }
            files.push(file.finish()?);
        }
    }
    let mut dictionary = NewFile::create(&args.dir, "DICTIONARY.md")?;
    let text = dictionary::render(transaction, &args.what, &tables)?;
    dictionary.write_all(text.as_bytes()).map_err(|error| dictionary.unwritable(&error))?;
    files.push(dictionary.finish()?);
    Ok(files)
}

/// The server's own CSV, byte for byte.
fn copy_csv(
    transaction: &mut Transaction<'_>,
    table: &Table,
    escape_formulas: bool,
    file: &mut NewFile,
) -> Result<(), Error> {
    let select = table.select_text(escape_formulas);
    let statement = format!("copy ({select}) to stdout (format csv, header, encoding 'UTF8')");
    let mut rows = transaction.copy_out(&statement).map_err(|error| cannot_read(table, error))?;
    io::copy(&mut rows, file).map(drop).map_err(|error| interrupted(table, file, &error))
}

/// An array with one object a line. COPY's csv with a quote and a delimiter that JSON never holds unescaped
/// leaves the text as it is.
fn copy_json(transaction: &mut Transaction<'_>, table: &Table, file: &mut NewFile) -> Result<(), Error> {
    let statement = format!(
        "copy (select pg_catalog.row_to_json(etl_row)::text from ({}) as etl_row)
        to stdout (format csv, delimiter E'\\x01', quote E'\\x02', encoding 'UTF8')",
        table.select()
    );
    let rows = transaction.copy_out(&statement).map_err(|error| cannot_read(table, error))?;
    let mut rows = BufReader::with_capacity(64 * 1024, rows);
    let (mut line, mut is_first) = (Vec::new(), true);
    loop {
        line.clear();
        let count = rows.read_until(b'\n', &mut line).map_err(|error| interrupted(table, file, &error))?;
        if count == 0 {
            break;
        }
        let before: &[u8] = if is_first { b"[\n" } else { b",\n" };
        is_first = false;
        let object = line.strip_suffix(b"\n").unwrap_or(&line);
        file.write_all(before)
            .and_then(|()| file.write_all(object))
            .map_err(|error| file.unwritable(&error))?;
    }
    let end: &[u8] = if is_first { b"[]\n" } else { b"\n]\n" };
    file.write_all(end).map_err(|error| file.unwritable(&error))
}

/// The ending of a file's name.
pub fn extension(format: FileFormat) -> &'static str {
    match format {
        FileFormat::Csv => "csv",
        FileFormat::Json => "json",
    }
}

fn unknown(error: Error, args: &ExportArgs, context: &Context) -> Error {
    if args.what.ends_with(".sql") {
        return error;
    }
    let datasets: Vec<&str> = context.config.datasets.iter().map(|dataset| dataset.name.as_str()).collect();
    Error::usage(format!("{} is neither a dataset ({}) nor a question", args.what, datasets.join(", ")))
        .caused_by(error)
}

fn cannot_read(table: &Table, error: postgres::Error) -> Error {
    Error::database(format!("read {}.{}", table.schema, table.name), error)
}

/// The copy ended early: the server's side shows in the error beneath, the file's in its kind.
fn interrupted(table: &Table, file: &NewFile, error: &io::Error) -> Error {
    Error::failed(format!(
        "cannot copy {}.{} to {}: {error}",
        table.schema,
        table.name,
        file.path().display()
    ))
}
