//! Schemas under our names that are somebody else's. Who owns a schema decides what stands in it, and triggers, views and
//! functions in it would run with the rights of whoever loads or reads: even a history that says "all applied" may be
//! part of the trap, so the owner is looked at before anything in the schema is.

use super::LEDGER;
use super::set::Set;
use crate::database::Database;
use crate::error::Error;

/// Looks who owns the schemas of the ledger, of staging and of the sets.
///
/// # Errors
/// One of them is there and belongs to another role than etl_owner (exit 6).
pub(super) fn refuse(db: &mut Database, sets: &[Set]) -> Result<(), Error> {
    let ours: Vec<&str> =
        [LEDGER, "staging"].into_iter().chain(sets.iter().map(|set| set.name.as_str())).collect();
    let statement = "
        select nspname::text, pg_catalog.pg_get_userbyid(nspowner)::text
        from pg_catalog.pg_namespace
        where nspname::text = any ($1)
            and pg_catalog.pg_get_userbyid(nspowner) <> 'etl_owner'
        order by 1";
    let found =
        db.client.query(statement, &[&ours]).map_err(|e| Error::database("look who owns the schemas", e))?;
    let Some(first) = found.first() else {
        return Ok(());
    };
    let schema: &str = first.get(0);
    let names: Vec<String> = found
        .iter()
        .map(|row| format!("schema {} belongs to {}", row.get::<_, &str>(0), row.get::<_, &str>(1)))
        .collect();
    Err(Error::mismatch(format!(
        "{} in {}, not to etl_owner: what stands in it would run with the rights of whoever loads, and nothing was run",
        names.join(", "),
        db.label
    ))
    .hint(format!("if nobody needs it: drop schema {schema} cascade; then loader migrate")))
}
