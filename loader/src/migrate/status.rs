//! `loader migrate --status`: what is applied, what is pending, what does not match.

use std::io::Write;

use super::extension::{self, Extension};
use super::history;
use super::set::Set;
use crate::cli::RowFormat;
use crate::database::Database;
use crate::error::{Error, Exit};

const HEADINGS: [&str; 4] = ["set", "version", "name", "state"];

/// Prints a row for the extension and one for each migration; exit 6 if something does not match.
///
/// # Errors
/// The database cannot be asked.
pub(super) fn print(db: &mut Database, sets: &[Set], format: RowFormat) -> Result<Exit, Error> {
    let extension = Extension::look(db)?;
    let (version, state, mut fits) = describe(&extension);
    let mut rows = vec![["extension".to_owned(), version, extension::NAME.to_owned(), state]];
    let mut problems = Vec::new();
    for set in sets {
        let comparison = history::look(db, set)?;
        for row in &comparison.applied {
            let state = format!("applied on {}", row.applied_on);
            rows.push([set.name.clone(), format!("V{}", row.version), row.name.clone(), state]);
        }
        for migration in &comparison.pending {
            let version = format!("V{}", migration.version());
            rows.push([set.name.clone(), version, migration.name().to_owned(), "pending".to_owned()]);
        }
        problems.extend(comparison.problems.into_iter().map(|problem| format!("{}: {problem}", set.name)));
    }
    write(&rows, format)?;
    for problem in &problems {
        eprintln!("{problem}");
    }
    fits &= problems.is_empty();
    Ok(if fits { Exit::Done } else { Exit::Mismatch })
}

/// Version, state, and whether `loader migrate` can go on from there.
fn describe(found: &Extension) -> (String, String, bool) {
    let needed = extension::VERSION;
    match (&found.available, &found.installed) {
        (_, Some(version)) if found.is_current() => (version.clone(), "created".to_owned(), true),
        (None, _) => (needed.to_owned(), "not installed on the server".to_owned(), false),
        (Some(other), _) if other != needed => (needed.to_owned(), format!("the server has {other}"), false),
        (_, Some(old)) => (needed.to_owned(), format!("pending, the database has {old}"), true),
        (_, None) => (needed.to_owned(), "pending".to_owned(), true),
    }
}

fn write(rows: &[[String; 4]], format: RowFormat) -> Result<(), Error> {
    let mut out = std::io::stdout().lock();
    match format {
        RowFormat::Table => {
            let widths: Vec<usize> = (0..HEADINGS.len() - 1)
                .map(|i| rows.iter().map(|row| row[i].len()).chain([HEADINGS[i].len()]).max().unwrap_or(0))
                .collect();
            let headings = HEADINGS.map(str::to_owned);
            for row in std::iter::once(&headings).chain(rows) {
                for (value, width) in row.iter().zip(&widths) {
                    write!(out, "{value:width$}  ")?;
                }
                writeln!(out, "{}", row[HEADINGS.len() - 1])?;
            }
        }
        RowFormat::Json => {
            let objects: Vec<serde_json::Map<_, _>> = rows
                .iter()
                .map(|row| {
                    HEADINGS.iter().zip(row).map(|(k, v)| ((*k).to_owned(), v.clone().into())).collect()
                })
                .collect();
            writeln!(out, "{}", serde_json::json!(objects))?;
        }
        RowFormat::Csv => {
            let mut csv = csv::Writer::from_writer(&mut out);
            let written = csv
                .write_record(HEADINGS)
                .and_then(|()| rows.iter().try_for_each(|row| csv.write_record(row)));
            written.map_err(std::io::Error::from)?;
            csv.flush()?;
        }
    }
    Ok(())
}
