//! `loader migrate`: the extension and the tables are brought to the state this loader knows.
//!
//! refinery is wrapped, because by itself it takes no lock (concurrent migrators fail in every round), commits a migration
//! before its history row (a kill between them is stuck for ever), silently skips badly named files, and reports
//! "db error". Here one session holds an advisory lock before refinery's first statement, each set is one transaction
//! with a history table of its own, and names, gaps and drift are checked before anything runs.

use std::io::Write;

use crate::cli::{Context, MigrateArgs};
use crate::config::Config;
use crate::database::{self, Database};
use crate::error::{Error, Exit};

mod administrator;
mod apply;
pub mod checkup;
mod extension;
mod grants;
mod history;
mod load;
mod names;
mod set;
mod sql;
mod status;
mod strangers;

use extension::Extension;
use set::Set;

/// The set of the ledger, which every dataset needs.
const LEDGER: &str = "etl";

/// Runs `loader migrate`.
///
/// # Errors
/// Unknown datasets (exit 2), badly named files, drift, gaps, a newer database, another extension or schemas of somebody
/// else's (exit 6), a role that may not (exit 1), another migrator that does not end (exit 5).
pub fn run(args: MigrateArgs, context: &Context) -> Result<Exit, Error> {
    let sets = Set::all(&args.datasets, &context.config)?;
    let mut db = database::connect(&context.settings)?;
    if args.status {
        strangers::refuse(&mut db, &sets)?;
        return status::print(&mut db, &sets, args.format);
    }
    if args.dry_run {
        sql::print(&mut db, &sets)?;
        return Ok(Exit::Done);
    }
    context.note(format!("migrating {}", db.label));
    let mut print = |line: String| Ok(writeln!(std::io::stdout(), "{line}")?);
    apply::all(&mut db, &sets, &|text| context.note(text), &mut print)?;
    Ok(Exit::Done)
}

/// Checks, before it is read, that the ledger is ours.
///
/// # Errors
/// Schema etl belongs to another role than etl_owner (exit 6).
pub fn refuse_foreign_ledger(db: &mut Database) -> Result<(), Error> {
    strangers::refuse(db, &[])
}

/// Sees to it, before a run, that the extension and the tables of the datasets are there: migrates if they are not and the
/// role may. Returns notes to print. Call it before [`Database::act_as`].
///
/// # Errors
/// As [`run`]; mismatch (exit 6) where something is to be migrated and nothing may be changed.
pub fn ensure_ready(
    db: &mut Database,
    config: &Config,
    datasets: &[String],
    may_change: bool,
) -> Result<Vec<String>, Error> {
    let sets = Set::all(datasets, config)?;
    strangers::refuse(db, &sets)?;
    let extension = Extension::look(db)?;
    let mut complete = extension.is_current() && grants::missing(db)?.is_empty();
    for set in &sets {
        complete &= history::compare(db, set)?.pending.is_empty() && load::is_current(db, set)?;
    }
    if complete {
        return Ok(Vec::new());
    }
    if !may_change {
        let datasets = datasets.join(" ");
        return Err(Error::mismatch(format!(
            "{} is not migrated for {datasets}, and nothing is to be changed",
            db.label
        ))
        .hint(format!("loader migrate {datasets}")));
    }
    let mut notes = vec![format!("{} is not migrated yet:", db.label)];
    apply::all(db, &sets, &|text| eprintln!("{text}"), &mut |line| {
        notes.push(format!("  {line}"));
        Ok(())
    })?;
    Ok(notes)
}
