//! What `loader doctor` says of the extension and the migrations.

use refinery::Migration;

use super::extension::{self, Extension};
use super::grants;
use super::history;
use super::set::Set;
use super::strangers;
use crate::config::Config;
use crate::database::Database;
use crate::doctor::Finding;
use crate::error::Error;

/// Whether the extension is there, and of this loader's version.
///
/// # Errors
/// What the server reports.
pub fn extension(db: &mut Database) -> Result<Vec<Finding>, Error> {
    const CHECK: &str = "extension";
    let (name, needed) = (extension::NAME, extension::VERSION);
    let found = Extension::look(db)?;
    if found.is_current() {
        return Ok(vec![Finding::ok(CHECK, format!("{name} {needed}, this loader's version"))]);
    }
    // A server that cannot bring it to our version says so in words of its own.
    if let Err(error) = found.statement(db) {
        return Ok(vec![Finding::failed(CHECK, &error)]);
    }
    let words = match &found.installed {
        None => format!("{name} is not created in this database yet"),
        Some(old) => format!("{name} is {old} in this database, and this loader needs {needed}"),
    };
    Ok(vec![Finding::note(CHECK, words).next("loader migrate")])
}

/// Whether the schemas of the ledger, of staging and of the datasets are ours: what stands in another's is not even read.
///
/// # Errors
/// They are somebody else's; what the server reports.
pub fn owners(db: &mut Database, config: &Config) -> Result<(), Error> {
    strangers::refuse(db, &Set::all(&[], config)?)
}

/// Whether etl_loader, and nobody else, may execute the functions that load.
///
/// # Errors
/// What the server reports.
pub fn functions(db: &mut Database) -> Result<Vec<Finding>, Error> {
    const CHECK: &str = "functions";
    let missing = grants::missing(db)?;
    Ok(vec![match missing.len() {
        0 => Finding::ok(CHECK, "etl_loader, and nobody else, may execute what loads"),
        _ => Finding::note(CHECK, format!("to be said yet: {}", missing.join("; "))).next("loader migrate"),
    }])
}

/// A line for each set of migrations: the ledger's, and each dataset's.
///
/// # Errors
/// What the server reports; migrations that cannot be read.
pub fn sets(db: &mut Database, config: &Config) -> Result<Vec<Finding>, Error> {
    let mut findings = Vec::new();
    for set in Set::all(&[], config)? {
        findings.push(match history::look(db, &set) {
            Ok(comparison) => state(&set.name, &comparison),
            Err(error) => Finding::failed("migrations", &error),
        });
    }
    Ok(findings)
}

fn state(set: &str, comparison: &history::Comparison) -> Finding {
    const CHECK: &str = "migrations";
    if !comparison.problems.is_empty() {
        return Finding::problem(CHECK, format!("{set}: {}", comparison.problems.join("; ")))
            .next("loader migrate --status");
    }
    if comparison.pending.is_empty() {
        let version = comparison.applied.last().map_or(0, |row| row.version);
        return Finding::ok(CHECK, format!("{set} is at V{version}, up to date"));
    }
    let pending: Vec<String> = comparison.pending.iter().map(Migration::to_string).collect();
    Finding::note(CHECK, format!("{set}: {} pending", pending.join(", "))).next(format!(
        "loader migrate{}",
        if set == super::LEDGER { String::new() } else { format!(" {set}") }
    ))
}
