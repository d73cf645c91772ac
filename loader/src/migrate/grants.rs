//! Who may execute what writes: the extension's volatile functions and the load functions of datasets are etl_loader's, and
//! nobody else's but their owner's. The extension's script says so too, but where it ran before the roles were there, it
//! could not grant; `alter extension update` leaves what was granted.

use postgres::error::SqlState;

use super::{administrator, extension};
use crate::database::Database;
use crate::error::Error;

const MISSING: &str = "
    with ours as (
        select function.oid, function.proacl, function.proowner
        from pg_catalog.pg_proc as function
        where function.provolatile = 'v'
            and exists (
                select
                from pg_catalog.pg_depend as member
                join pg_catalog.pg_extension as extension on extension.oid = member.refobjid
                where member.classid = 'pg_catalog.pg_proc'::pg_catalog.regclass
                    and member.objid = function.oid
                    and member.refclassid = 'pg_catalog.pg_extension'::pg_catalog.regclass
                    and member.deptype = 'e'
                    and extension.extname = $1
            )
        union
        select function.oid, function.proacl, function.proowner
        from pg_catalog.pg_proc as function
        where pg_catalog.starts_with(function.proname::text, 'etl_load_')
            and pg_catalog.pg_get_userbyid(function.proowner) = 'etl_owner'
    ),
    allowed as (
        select ours.oid, entry.grantee
        from ours
        cross join pg_catalog.aclexplode(
            coalesce(ours.proacl, pg_catalog.acldefault('f', ours.proowner))
        ) as entry
    )
    select pg_catalog.format('revoke execute on function %s from public', oid::pg_catalog.regprocedure) as statement
    from allowed
    where grantee = 0
    union all
    select pg_catalog.format('grant execute on function %s to etl_loader', oid::pg_catalog.regprocedure)
    from ours
    where not exists (
        select
        from allowed
        where allowed.oid = ours.oid
            and allowed.grantee = pg_catalog.to_regrole('etl_loader')::pg_catalog.oid
    )
    order by statement desc";

/// The statements that are still to be run, none if all is as it should be.
///
/// # Errors
/// What the server reports.
pub(super) fn missing(db: &mut Database) -> Result<Vec<String>, Error> {
    let rows = db
        .client
        .query(MISSING, &[&extension::NAME])
        .map_err(|e| Error::database("look who may execute the functions", e))?;
    Ok(rows.iter().map(|row| row.get(0)).collect())
}

/// Runs them.
///
/// # Errors
/// The role does not own the functions (exit 1, with what a superuser types).
pub(super) fn bring(db: &mut Database) -> Result<(), Error> {
    let statements = missing(db)?;
    if statements.is_empty() {
        return Ok(());
    }
    let doing = "let etl_loader execute the functions that load";
    if let Err(e) = db.client.batch_execute(&statements.join(";\n")) {
        let denied = e.code() == Some(&SqlState::INSUFFICIENT_PRIVILEGE);
        let error = Error::database(doing, e);
        return Err(if denied { error.hint(administrator::statements(db)) } else { error });
    }
    // Who may execute a function but not grant it gets a warning from the server, and no error.
    if missing(db)?.is_empty() {
        return Ok(());
    }
    Err(Error::failed(format!("cannot {doing}: they are another role's")).hint(administrator::statements(db)))
}
