//! Applying: lock, roles, extension, sets, load files, in this order.

use std::time::Duration;

use postgres::error::SqlState;
use refinery::Runner;

use super::administrator::{self, Missing};
use super::extension::Extension;
use super::history::{self, Comparison};
use super::set::Set;
use super::{grants, strangers};
use crate::database::Database;
use crate::error::Error;
use crate::shipped;

/// The one lock of all migrators of a database: "pg_etl" in ASCII, and a number.
const LOCK: i64 = 0x7067_5f65_746c_0001;

/// How long another migrator, or a session that uses a table, is waited for.
const PATIENCE: &str = "10min";

/// How often the roles are tried.
const TRIES: u32 = 10;

/// Brings extension, roles and sets up to date; a line for each as it is done, and notes where there is a wait.
///
/// # Errors
/// Those of [`super::run`].
pub(super) fn all(
    db: &mut Database,
    sets: &[Set],
    note: &dyn Fn(String),
    line: &mut dyn FnMut(String) -> Result<(), Error>,
) -> Result<(), Error> {
    check_encoding(db)?;
    lock(db, note)?;
    let result = locked(db, sets, line);
    // Where the connection is lost these fail too, and the server has done both by itself.
    let _ = db.client.batch_execute("reset role; reset lock_timeout");
    let _ = db.client.query("select pg_catalog.pg_advisory_unlock($1)", &[&LOCK]);
    result
}

fn check_encoding(db: &mut Database) -> Result<(), Error> {
    let encoding: String = db
        .client
        .query_one("select pg_catalog.current_setting('server_encoding')", &[])
        .map_err(|e| Error::database("ask for the database's encoding", e))?
        .get(0);
    if encoding == "UTF8" {
        return Ok(());
    }
    Err(Error::mismatch(format!("the database {} is encoded in {encoding}: pg_etl needs UTF8", db.label))
        .hint("create database NAME encoding 'UTF8' template template0"))
}

/// On this very connection, before refinery's first statement: it checks and creates its history without any lock.
fn lock(db: &mut Database, note: &dyn Fn(String)) -> Result<(), Error> {
    let doing = "wait for another loader migrate to end";
    let free: bool = db
        .client
        .query_one("select pg_catalog.pg_try_advisory_lock($1)", &[&LOCK])
        .map_err(|e| Error::database("take the lock of the migrations", e))?
        .get(0);
    db.client
        .batch_execute(&format!("set lock_timeout = '{PATIENCE}'"))
        .map_err(|e| Error::database(doing, e))?;
    if free {
        return Ok(());
    }
    note("waiting for another loader migrate".to_owned());
    db.client.query("select pg_catalog.pg_advisory_lock($1)", &[&LOCK]).map(drop).map_err(|e| {
        Error::database(doing, e).hint(
            "select * from pg_stat_activity a join pg_locks l using (pid) where l.locktype = 'advisory'",
        )
    })
}

fn locked(
    db: &mut Database,
    sets: &[Set],
    line: &mut dyn FnMut(String) -> Result<(), Error>,
) -> Result<(), Error> {
    strangers::refuse(db, sets)?;
    let extension = Extension::look(db)?;
    let change = extension.statement(db)?;
    // All sets are compared before the first statement of any: a database that does not match is left alone.
    let comparisons = sets.iter().map(|set| history::compare(db, set)).collect::<Result<Vec<_>, _>>()?;
    let missing = Missing::look(db)?;

    let work = change.is_some()
        || missing.roles_or_schema()
        || comparisons.iter().any(|comparison| !comparison.pending.is_empty())
        || sets.iter().any(|set| set.load.is_some());
    if work {
        roles(db)?;
    }
    line(extension.bring(db)?)?;
    grants::bring(db)?;
    if work {
        db.client.batch_execute("set role etl_owner").map_err(|e| {
            Error::database("take on the role etl_owner", e).hint("grant etl_owner to the login role")
        })?;
    }
    for (set, comparison) in sets.iter().zip(comparisons) {
        line(apply(db, set, comparison)?)?;
        if let Some((path, text)) = &set.load {
            // `create or replace` in its own schema; several statements sent together are one transaction.
            db.client.batch_execute(text).map_err(|e| {
                Error::database(format!("apply {}, the load file of {}", path.display(), set.name), e)
            })?;
            grants::bring(db)?;
            line(format!("{}: load function from {}", set.name, path.display()))?;
        }
    }
    Ok(())
}

fn roles(db: &mut Database) -> Result<(), Error> {
    let mut tries = 1;
    let e = loop {
        match db.client.batch_execute(shipped::ROLES) {
            Ok(()) => return Ok(()),
            Err(e) if tries < TRIES && is_crossed(&e) => {
                std::thread::sleep(Duration::from_millis(50) * tries);
                tries += 1;
            }
            Err(e) => break e,
        }
    };
    let denied = e.code() == Some(&SqlState::INSUFFICIENT_PRIVILEGE);
    let error = Error::database("create the roles etl_owner, etl_loader and etl_reader, and schema etl", e);
    Err(if denied { error.hint(administrator::statements(db)) } else { error })
}

/// Whether another database's migrator changed the same role meanwhile. Roles belong to the whole cluster, which no lock
/// of a database covers; whoever comes second finds them there when trying again.
fn is_crossed(e: &postgres::Error) -> bool {
    let codes = [SqlState::UNIQUE_VIOLATION, SqlState::DUPLICATE_OBJECT, SqlState::T_R_DEADLOCK_DETECTED];
    e.as_db_error().is_some_and(|e| codes.contains(e.code()) || e.message().contains("concurrently"))
}

fn apply(db: &mut Database, set: &Set, comparison: Comparison) -> Result<String, Error> {
    if comparison.pending.is_empty() {
        let version = comparison.applied.last().map_or(0, |row| row.version);
        return Ok(format!("{}: already up to date (V{version})", set.name));
    }
    let names: Vec<String> = comparison.pending.iter().map(ToString::to_string).collect();
    let mut runner = Runner::new(&set.migrations).set_grouped(true);
    runner.set_migration_table_name(set.history());
    runner.run(&mut db.client).map_err(|e| {
        let place = if names.len() == 1 { "it" } else { "one of them" };
        Error::failed(format!(
            "cannot apply {} {}: {place} failed, and none was applied",
            set.name,
            names.join(", ")
        ))
        .caused_by(e)
    })?;
    Ok(format!("{}: applied {}", set.name, names.join(", ")))
}
