//! Roles and privileges: who may load, and whether the targets let them.
use crate::config::Config;
use crate::database::{Database, quoted};
use crate::error::Error;

use super::Finding;

const ROLES: [&str; 3] = ["etl_owner", "etl_loader", "etl_reader"];

/// What the session's role may do with the ledger; null where there is no ledger.
const MAY: &str = "
    select
        session_user::text as role,
        pg_catalog.has_table_privilege(pg_catalog.to_regclass('etl.runs'), 'select') as reads,
        pg_catalog.has_table_privilege(pg_catalog.to_regclass('etl.runs'), 'insert')
            and pg_catalog.has_schema_privilege(pg_catalog.to_regnamespace('staging')::pg_catalog.oid, 'create')
            and pg_catalog.has_database_privilege(pg_catalog.current_database(), 'temporary') as loads
    where pg_catalog.to_regnamespace('etl') is not null
        and pg_catalog.has_schema_privilege(pg_catalog.to_regnamespace('etl')::pg_catalog.oid, 'usage')";

/// Tables of a dataset's schema that etl_loader may not use as loads do.
const CLOSED: &str = "
    select pg_catalog.format('%I.%I', namespace.nspname, relation.relname) as name
    from pg_catalog.pg_class as relation
    join pg_catalog.pg_namespace as namespace on namespace.oid = relation.relnamespace
    where namespace.nspname = any ($1)
        and relation.relkind in ('r', 'p')
        and not (
            pg_catalog.has_schema_privilege('etl_loader', namespace.oid, 'usage')
            and pg_catalog.has_table_privilege('etl_loader', relation.oid, 'select')
            and pg_catalog.has_table_privilege('etl_loader', relation.oid, 'insert')
            and pg_catalog.has_table_privilege('etl_loader', relation.oid, 'update')
        )
    order by name";

/// Whether the roles are there, and what the session's own may do.
///
/// # Errors
/// What the server reports.
pub fn examine(database: &mut Database) -> Result<Vec<Finding>, Error> {
    let failed = |error| Error::database("look for the roles", error);
    let present: Vec<String> = database
        .client
        .query("select rolname::text from pg_catalog.pg_roles where rolname = any ($1)", &[&&ROLES[..]])
        .map_err(failed)?
        .iter()
        .map(|row| row.get(0))
        .collect();
    let missing: Vec<&str> =
        ROLES.into_iter().filter(|role| present.iter().all(|found| found != role)).collect();
    if !missing.is_empty() {
        let found = format!("{} not created yet", missing.join(", "));
        return Ok(vec![Finding::note("roles", found).next("loader migrate")]);
    }
    let may = database.client.query_opt(MAY, &[]).map_err(failed)?;
    let role: String = database.client.query_one("select session_user::text", &[]).map_err(failed)?.get(0);
    let (reads, loads): (bool, bool) = match &may {
        Some(row) => (
            row.get::<_, Option<bool>>("reads").unwrap_or_default(),
            row.get::<_, Option<bool>>("loads").unwrap_or_default(),
        ),
        None => (false, false),
    };
    let has_schema: bool = database
        .client
        .query_one("select pg_catalog.to_regnamespace('etl') is not null", &[])
        .map_err(failed)?
        .get(0);
    Ok(vec![match (has_schema, reads, loads) {
        (false, ..) => Finding::note("roles", format!("{} are there, and no ledger yet", ROLES.join(", ")))
            .next("loader migrate"),
        (_, _, true) => Finding::ok("roles", format!("{} are there; {role} may load", ROLES.join(", "))),
        (_, true, false) => {
            Finding::note("roles", format!("{role} may read and not load; an administrator types"))
                .next(format!("grant etl_loader to {}", quoted(&role)))
        }
        (_, false, false) => {
            Finding::problem("roles", format!("{role} may neither load nor read; an administrator types"))
                .next(format!(
                    "grant etl_loader to {0}; to read only: grant etl_reader to {0}",
                    quoted(&role)
                ))
        }
    }])
}

/// Whether etl_loader may write every table of the datasets; a migration of one's own may have forgotten to grant.
///
/// # Errors
/// What the server reports.
pub fn grants(database: &mut Database, config: &Config) -> Result<Vec<Finding>, Error> {
    let datasets: Vec<&str> = config.datasets.iter().map(|dataset| dataset.name.as_str()).collect();
    let rows = database
        .client
        .query(CLOSED, &[&datasets])
        .map_err(|error| Error::database("look at the privileges of etl_loader", error))?;
    if rows.is_empty() {
        return Ok(vec![Finding::ok("grants", "etl_loader may load every table of the datasets")]);
    }
    let finding = |table: String| {
        let schema = table.split('.').next().unwrap_or_default().to_owned();
        Finding::problem("grants", format!("etl_loader may not load {table}; in a migration of {schema}")).next(format!(
            "grant usage on schema {schema} to etl_loader; grant select, insert, update on {table} to etl_loader;"
        ))
    };
    Ok(rows.iter().map(|row| finding(row.get("name"))).collect())
}
