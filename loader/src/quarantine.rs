//! `loader quarantine`: the records that did not get in, why, and what becomes of them.
mod discard;
mod export;
mod list;
pub mod notes;
mod replay;
mod selection;
mod show;

pub use replay::Replay;

use crate::cli::{Context, QuarantineArgs, QuarantineCommand};
use crate::database::{self, Database};
use crate::error::{Error, Exit};
use crate::migrate;
use crate::query;
use crate::session;

/// Runs `loader quarantine`.
///
/// # Errors
/// No connection (exit 4); mismatch (exit 6) in a database that was never migrated; usage (exit 2) for a
/// record, dataset, table or run that is not there.
pub fn run(args: QuarantineArgs, context: &Context) -> Result<Exit, Error> {
    match args.command {
        QuarantineCommand::List(args) => list::run(&args, &mut reader(context)?, context)?,
        QuarantineCommand::Show(args) => show::run(&args, &mut reader(context)?)?,
        QuarantineCommand::Export(args) => export::run(&args, &mut reader(context)?, context)?,
        QuarantineCommand::Discard(args) => discard::run(&args, context)?,
        QuarantineCommand::Replay(args) => return replay::run(&args, context),
    }
    Ok(Exit::Done)
}

/// A session that only reads the quarantine.
fn reader(context: &Context) -> Result<Database, Error> {
    let mut database = query::reader(context)?;
    require_ledger(&mut database)?;
    Ok(database)
}

/// A session that settles quarantined records as a load does.
fn loader(context: &Context) -> Result<Database, Error> {
    let mut database = database::connect(&context.settings)?;
    migrate::refuse_foreign_ledger(&mut database)?;
    session::pin_for_loading(&mut database.client)?;
    require_ledger(&mut database)?;
    database.act_as("etl_loader")?;
    Ok(database)
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
