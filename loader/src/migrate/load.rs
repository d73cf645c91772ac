//! The load function of a dataset whose load file is not embedded: whether the database has what the file says.

use super::set::Set;
use crate::database::Database;
use crate::error::Error;

const INSTALLED: &str = "
    select function.prosrc
    from pg_catalog.pg_proc as function
    join pg_catalog.pg_namespace as namespace on namespace.oid = function.pronamespace
    where namespace.nspname = $1
        and function.proname = 'etl_load_' || $1
        and function.pronargs = 1";

/// Whether the load function is there with the body that the file has. The extension's own are its version's.
///
/// # Errors
/// What the server reports.
pub(super) fn is_current(db: &mut Database, set: &Set) -> Result<bool, Error> {
    let Some((_, text)) = &set.load else { return Ok(true) };
    let installed = db
        .client
        .query_opt(INSTALLED, &[&set.name])
        .map_err(|error| Error::database(format!("look for the load function of {}", set.name), error))?;
    Ok(installed.is_some_and(|row| text.contains(row.get::<_, &str>(0))))
}
