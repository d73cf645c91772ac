//! Calling the dataset's load function on what is staged.
use postgres::error::SqlState;
use postgres::{Row, Transaction};

use crate::database::quoted;
use crate::error::Error;
use crate::ledger::{Counts, Run};
use crate::progress::Progress;

/// Other writers are tolerated this often: they took a key, removed a parent, or crossed our locks.
const RETRIES: u32 = 3;

/// The extension's functions are in the schema it was created in; those of a dataset the extension does not
/// know are in the dataset's own.
const FIND: &str = "
    select namespace.nspname, function.proname
    from pg_catalog.pg_proc as function
    join pg_catalog.pg_namespace as namespace on namespace.oid = function.pronamespace
    where function.proname = 'etl_load_' || $1
        and function.proargtypes[0] = 'pg_catalog.int8'::pg_catalog.regtype
        and function.pronargs = 1
        and (
            namespace.nspname = $1
            or exists (
                select
                from pg_catalog.pg_depend as member
                join pg_catalog.pg_extension as extension on extension.oid = member.refobjid
                where member.classid = 'pg_catalog.pg_proc'::pg_catalog.regclass
                    and member.objid = function.oid
                    and member.deptype = 'e'
                    and extension.extname = 'pg_etl'
            )
        )
    order by namespace.nspname = $1 desc
    limit 1";

/// Qualified and quoted name of the dataset's load function.
///
/// # Errors
/// Mismatch (exit 6) when there is none.
pub fn find(transaction: &mut Transaction<'_>, dataset: &str) -> Result<String, Error> {
    let found = transaction
        .query_opt(FIND, &[&dataset])
        .map_err(|error| Error::database("look for the load function", error))?;
    match found {
        Some(row) => Ok(format!("{}.{}", quoted(row.get(0)), quoted(row.get(1)))),
        None => Err(Error::mismatch(format!("function etl_load_{dataset}(bigint) is not in this database"))
            .hint(format!("loader migrate {dataset}"))),
    }
}

/// The schema that the extension was created in, quoted.
///
/// # Errors
/// Mismatch (exit 6) when it was not created.
pub fn extension_schema(transaction: &mut Transaction<'_>) -> Result<String, Error> {
    let statement = "
        select namespace.nspname
        from pg_catalog.pg_extension as extension
        join pg_catalog.pg_namespace as namespace on namespace.oid = extension.extnamespace
        where extension.extname = 'pg_etl'";
    let found = transaction
        .query_opt(statement, &[])
        .map_err(|error| Error::database("look for the extension", error))?;
    match found {
        Some(row) => Ok(quoted(row.get(0))),
        None => Err(Error::mismatch("extension pg_etl is not in this database").hint("loader migrate")),
    }
}

/// Runs the load function; staging is kept while it is tried again.
///
/// # Errors
/// What the server reports, after the last try.
pub fn call(
    transaction: &mut Transaction<'_>,
    function: &str,
    run: &Run,
    progress: &Progress,
) -> Result<Vec<Counts>, Error> {
    // The cast tells it from the function of the same name that takes the source's text.
    repeatedly(transaction, &format!("{function}($1::bigint)"), "target", run, progress)
}

/// Selects from a call that merges; `name` is its first column's. $1 is the run's number.
///
/// # Errors
/// What the server reports, after the last try.
pub fn repeatedly(
    transaction: &mut Transaction<'_>,
    call: &str,
    name: &str,
    run: &Run,
    progress: &Progress,
) -> Result<Vec<Counts>, Error> {
    let statement = format!(
        "select {name}, read, inserted, updated, unchanged, superseded, parked, rejected, promoted from {call}"
    );
    let function = call.split('(').next().unwrap_or(call);
    let doing = format!("merge the staged records ({function})");
    let mut tries = 0;
    loop {
        progress.forget_warnings();
        let mut savepoint = transaction.savepoint("merge").map_err(|error| Error::database(&doing, error))?;
        match savepoint.query(&statement, &[&run.id]) {
            Ok(rows) => {
                progress.tell_warnings();
                savepoint.commit().map_err(|error| Error::database(&doing, error))?;
                return rows
                    .iter()
                    .map(counts)
                    .collect::<Result<_, _>>()
                    .map_err(|error| Error::database(&doing, error));
            }
            Err(error) if tries < RETRIES && is_worth_another_try(&error) => {
                tries += 1;
                savepoint.rollback().map_err(|error| Error::database(&doing, error))?;
                let code = error.code().map_or("", SqlState::code);
                progress.say(&format!(
                    "another session wrote the same tables ({code}): merging again, {tries} of {RETRIES}"
                ));
            }
            Err(error) => {
                progress.tell_warnings();
                return Err(Error::database(&doing, error));
            }
        }
    }
}

fn is_worth_another_try(error: &postgres::Error) -> bool {
    let transient = [
        SqlState::UNIQUE_VIOLATION,
        SqlState::FOREIGN_KEY_VIOLATION,
        SqlState::T_R_DEADLOCK_DETECTED,
        // Fewer rows were written than were decided: one was deleted meanwhile.
        SqlState::TRIGGERED_DATA_CHANGE_VIOLATION,
    ];
    error.code().is_some_and(|code| transient.contains(code))
}

fn counts(row: &Row) -> Result<Counts, postgres::Error> {
    Ok(Counts {
        target: row.try_get(0)?,
        read: row.try_get(1)?,
        inserted: row.try_get(2)?,
        updated: row.try_get(3)?,
        unchanged: row.try_get(4)?,
        superseded: row.try_get(5)?,
        parked: row.try_get(6)?,
        rejected: row.try_get(7)?,
        promoted: row.try_get(8)?,
    })
}
