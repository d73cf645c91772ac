//! `loader query`: a question's answer, or the list of questions.
mod answer;
mod bind;
mod catalog;
mod question;

use postgres::{IsolationLevel, Transaction};

use crate::cli::{Context, QueryArgs, RowFormat};
use crate::database::{self, Database};
use crate::error::{Error, Exit};
use crate::migrate;
use crate::output::{self, Column, Listing};
use crate::quarantine::notes;
use crate::session;
pub use answer::Answer;
pub use bind::bind;
pub use catalog::find;
pub use question::Question;

/// Runs `loader query`.
///
/// # Errors
/// Usage (exit 2) for an unknown question or wrong parameters; failed (exit 1) when the server refuses the
/// statement.
pub fn run(args: QueryArgs, context: &Context) -> Result<Exit, Error> {
    let Some(name) = &args.question else {
        list(context, args.format)?;
        return Ok(Exit::Done);
    };
    let question = catalog::find(&context.config, name)?;
    let bound = bind(&question, &args.parameters)?;
    let mut database = reader(context)?;
    let mut transaction = snapshot(&mut database)?;
    find_names_for(&mut transaction, &question)?;
    let answer = Answer::prepare(&mut transaction, &question, bound)?;
    output::to_stdout(|out| answer.print(&mut transaction, args.format, out))?;
    note_what_is_missing(&mut transaction, &question, context)?;
    Ok(Exit::Done)
}

/// A session that only reads: as etl_reader on the embedded cluster, with text of dates and times as loads
/// write it.
///
/// # Errors
/// No connection (exit 4); a ledger of somebody else's (exit 6); failed where the server refuses the settings.
pub fn reader(context: &Context) -> Result<Database, Error> {
    let mut database = database::connect(&context.settings)?;
    migrate::refuse_foreign_ledger(&mut database)?;
    database.act_as("etl_reader")?;
    session::pin(&mut database.client)?;
    Ok(database)
}

/// A dataset's question names its tables whole, and nobody's own function comes before the catalog's. A file of the user's
/// own is read as in any other session of theirs, `search_path` included.
///
/// # Errors
/// What the server reports.
pub fn find_names_for(transaction: &mut Transaction<'_>, question: &Question) -> Result<(), Error> {
    if question.dataset.is_some() {
        return Ok(());
    }
    transaction
        .batch_execute("reset search_path")
        .map_err(|error| Error::database("take on the role's search_path", error))
}

/// A read-only transaction that sees one state of all tables.
///
/// # Errors
/// What the server reports.
pub fn snapshot(database: &mut Database) -> Result<Transaction<'_>, Error> {
    database
        .client
        .build_transaction()
        .isolation_level(IsolationLevel::RepeatableRead)
        .read_only(true)
        .start()
        .map_err(|error| Error::database("begin a read-only transaction", error))
}

/// Says on standard error what an answer over the dataset does not count.
///
/// # Errors
/// What the server reports.
pub fn note_what_is_missing(
    transaction: &mut Transaction<'_>,
    question: &Question,
    context: &Context,
) -> Result<(), Error> {
    let Some(dataset) = &question.dataset else {
        return Ok(());
    };
    let is_readable: bool = transaction
        .query_one(
            "select coalesce(pg_catalog.has_table_privilege(pg_catalog.to_regclass('etl.quarantine'), 'select'), false)",
            &[],
        )
        .and_then(|row| row.try_get(0))
        .map_err(|error| Error::database("look for etl.quarantine", error))?;
    if is_readable {
        for note in notes::of_dataset(transaction, dataset)? {
            context.note(note);
        }
    }
    Ok(())
}

fn list(context: &Context, format: RowFormat) -> Result<(), Error> {
    let rows = catalog::all(&context.config)?
        .iter()
        .map(|question| {
            let dataset = question.dataset.clone();
            let parameters: Vec<String> =
                question.parameters.iter().map(question::Parameter::usage).collect();
            vec![
                dataset,
                Some(question.name.clone()),
                Some(parameters.join(" ")),
                Some(question.sentence.clone()),
            ]
        })
        .collect();
    let columns = ["dataset", "question", "parameters", "asks"].map(Column::text).to_vec();
    output::to_stdout(|out| Ok(Listing { columns, rows }.write(format, out)?))
}
