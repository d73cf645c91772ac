//! `loader quarantine`: the records that did not get in, and why.
mod list;
pub mod notes;
mod show;

use crate::cli::{Context, QuarantineArgs, QuarantineCommand};
use crate::database::Database;
use crate::error::{Error, Exit};
use crate::query;

/// Runs `loader quarantine`.
///
/// # Errors
/// No connection (exit 4); mismatch (exit 6) in a database that was never migrated; usage (exit 2) for a
/// record that is not there.
pub fn run(args: QuarantineArgs, context: &Context) -> Result<Exit, Error> {
    let mut database = query::reader(context)?;
    require_ledger(&mut database)?;
    match args.command {
        QuarantineCommand::List(args) => list::run(&args, &mut database, context)?,
        QuarantineCommand::Show(args) => show::run(&args, &mut database)?,
    }
    Ok(Exit::Done)
}

fn require_ledger(database: &mut Database) -> Result<(), Error> {
    let is_there: bool = database
        .client
        .query_one("select pg_catalog.to_regclass('etl.quarantine') is not null", &[])
        .and_then(|row| row.try_get(0))
        .map_err(|error| Error::database("look for etl.quarantine", error))?;
    match is_there {
        true => Ok(()),
        false => {
            Err(Error::mismatch(format!("{} has no etl.quarantine yet", database.label))
                .hint("loader migrate"))
        }
    }
}
