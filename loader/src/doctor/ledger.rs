//! What the ledger says is unfinished: runs, staging tables, records in quarantine.
use crate::database::Database;
use crate::error::Error;

use super::Finding;

/// A run writes this row and finishes it in one transaction, so nobody else ever sees it unfinished.
const UNFINISHED: &str = "
    select run_id, dataset, pg_catalog.to_char(started_at, 'YYYY-MM-DD HH24:MI:SS') as since
    from etl.runs
    where status = 'running'
    order by run_id
    limit 20";

const LAST: &str = "
    select distinct on (dataset) run_id, dataset, status, error_sqlstate
    from etl.runs
    order by dataset, run_id desc";

/// A run's table is dropped before its commit, and is not seen by others until then.
const STAGING: &str = "
    select
        pg_catalog.format('%I.%I', namespace.nspname, relation.relname) as name,
        pg_catalog.pg_size_pretty(pg_catalog.pg_total_relation_size(relation.oid)) as size
    from pg_catalog.pg_class as relation
    join pg_catalog.pg_namespace as namespace on namespace.oid = relation.relnamespace
    where namespace.nspname = 'staging'
        and relation.relkind in ('r', 'p')
    order by relation.relname
    limit 20";

const QUARANTINE: &str = "
    select
        dataset,
        target,
        coalesce(sum(copies) filter (where outcome = 'parked'), 0)::bigint as parked,
        coalesce(sum(copies) filter (where outcome = 'rejected'), 0)::bigint as rejected
    from etl.quarantine
    where closed_run is null
    group by dataset, target
    order by dataset, target";

/// Whether the ledger is there and may be read.
///
/// # Errors
/// What the server reports.
pub fn is_there(database: &mut Database) -> Result<bool, Error> {
    let statement = "
        select exists (
            select
            from pg_catalog.pg_class as relation
            join pg_catalog.pg_namespace as namespace on namespace.oid = relation.relnamespace
            where namespace.nspname = 'etl'
                and relation.relname = 'quarantine'
                and pg_catalog.has_schema_privilege(namespace.oid, 'usage')
                and pg_catalog.has_table_privilege(relation.oid, 'select')
        )";
    database
        .client
        .query_one(statement, &[])
        .and_then(|row| row.try_get(0))
        .map_err(|error| Error::database("look for the ledger", error))
}

/// Runs that claim to be running, and datasets whose last run failed.
///
/// # Errors
/// What the server reports.
pub fn runs(database: &mut Database) -> Result<Vec<Finding>, Error> {
    let failed = |error| Error::database("read etl.runs", error);
    let mut findings = Vec::new();
    for row in database.client.query(UNFINISHED, &[]).map_err(failed)? {
        let (id, dataset, since): (i64, String, String) = (row.get(0), row.get(1), row.get(2));
        let found = format!(
            "run {id} of {dataset} (since {since} UTC) was committed before it was finished, which no load does; once it is clear \
             that nothing works on it"
        );
        findings.push(Finding::problem("runs", found).next(format!(
            "loader psql -c \"update etl.runs set status = 'failed', finished_at = now() where run_id = {id}\""
        )));
    }
    let last = database.client.query(LAST, &[]).map_err(failed)?;
    for row in last.iter().filter(|row| row.get::<_, &str>("status") == "failed") {
        let (id, dataset): (i64, String) = (row.get("run_id"), row.get("dataset"));
        let code =
            row.get::<_, Option<String>>("error_sqlstate").map_or(String::new(), |code| format!(" ({code})"));
        findings.push(
            Finding::note("runs", format!("run {id}, the last one of {dataset}, failed{code}"))
                .next("loader status"),
        );
    }
    if findings.is_empty() {
        findings.push(match last.len() {
            0 => Finding::ok("runs", "nothing has been loaded yet"),
            _ => Finding::ok("runs", "the last run of every dataset is done"),
        });
    }
    Ok(findings)
}

/// Staging tables that somebody left behind.
///
/// # Errors
/// What the server reports.
pub fn staging(database: &mut Database) -> Result<Vec<Finding>, Error> {
    let rows = database
        .client
        .query(STAGING, &[])
        .map_err(|error| Error::database("look into schema staging", error))?;
    if rows.is_empty() {
        return Ok(vec![Finding::ok("staging", "no staging table was left behind")]);
    }
    let finding = |name: String, size: String| {
        Finding::note("staging", format!("{name} ({size}) was left behind, which no run does"))
            .next(format!("loader psql -c 'drop table {name}'"))
    };
    Ok(rows.iter().map(|row| finding(row.get("name"), row.get("size"))).collect())
}

/// Open records by dataset and target.
///
/// # Errors
/// What the server reports.
pub fn quarantine(database: &mut Database) -> Result<Vec<Finding>, Error> {
    let rows = database
        .client
        .query(QUARANTINE, &[])
        .map_err(|error| Error::database("read etl.quarantine", error))?;
    if rows.is_empty() {
        return Ok(vec![Finding::ok("quarantine", "nothing waits in quarantine")]);
    }
    let finding = |dataset: String, target: String, parked: i64, rejected: i64| {
        let parts = [(parked, "parked"), (rejected, "rejected")];
        let counts: Vec<String> = parts
            .iter()
            .filter(|(count, _)| *count > 0)
            .map(|(count, word)| format!("{count} {word}"))
            .collect();
        Finding::note("quarantine", format!("{target}: {}", counts.join(", ")))
            .next(format!("loader quarantine list {dataset} --target {target}"))
    };
    Ok(rows.iter().map(|row| finding(row.get(0), row.get(1), row.get(2), row.get(3))).collect())
}
