//! `loader migrate --dry-run`: the SQL that would run.

use std::io::Write;

use super::administrator::Missing;
use super::extension::Extension;
use super::history;
use super::set::Set;
use super::{grants, strangers};
use crate::database::Database;
use crate::error::Error;
use crate::shipped;

/// Prints it; runs nothing. The rows that refinery writes into its history are left out.
///
/// # Errors
/// What would stop `loader migrate` before its first statement.
pub(super) fn print(db: &mut Database, sets: &[Set]) -> Result<(), Error> {
    strangers::refuse(db, sets)?;
    let extension = Extension::look(db)?.statement(db)?;
    let comparisons = sets.iter().map(|set| history::compare(db, set)).collect::<Result<Vec<_>, _>>()?;
    let grants = grants::missing(db)?;
    let missing = Missing::look(db)?;
    let pending = comparisons.iter().any(|comparison| !comparison.pending.is_empty());

    let mut out = std::io::stdout().lock();
    if pending || extension.is_some() || missing.roles_or_schema() {
        writeln!(
            out,
            "-- roles and the ledger's schema: creates what is missing\n{}",
            shipped::ROLES.trim_end()
        )?;
    }
    match extension {
        Some(statement) => writeln!(out, "{statement};")?,
        None => writeln!(out, "-- the extension: already up to date")?,
    }
    for grant in grants {
        writeln!(out, "{grant};")?;
    }
    if pending || sets.iter().any(|set| set.load.is_some()) {
        writeln!(out, "set role etl_owner;")?;
    }
    for (set, comparison) in sets.iter().zip(&comparisons) {
        if comparison.pending.is_empty() {
            writeln!(out, "-- {}: already up to date", set.name)?;
        } else {
            writeln!(out, "-- {}: in one transaction, recorded in {}\nbegin;", set.name, set.history())?;
            for migration in &comparison.pending {
                writeln!(
                    out,
                    "-- {} {migration}\n{}",
                    set.name,
                    migration.sql().unwrap_or_default().trim_end()
                )?;
            }
            writeln!(out, "commit;")?;
        }
        if let Some((path, text)) = &set.load {
            writeln!(out, "-- {}: {}\n{}", set.name, path.display(), text.trim_end())?;
        }
    }
    Ok(())
}
