//! Too many rejected records: the budget of `--max-rejects`, and what is said when it is overdrawn.
use postgres::{Row, Transaction};

use crate::error::Error;
use crate::ledger::{Run, SourceRead};
use crate::source::short_name;

/// Records that this run is the first to reject: those it met first, those that had waited until now, and those that
/// were settled once and came again. A record of which several targets reject their part is one record; a part that
/// stands in several records is as many.
const NEWLY: &str = "
    with rejected as (
        select *
        from etl.quarantine
        where last_run = $1
            and dataset = $2
            and outcome = 'rejected'
            and (closed_run is null or first_run = $1)
    )
    select greatest(
        (select count(*) from (select distinct first_run, source, line, byte from rejected) as place),
        (select max(records) from (select sum(copies) as records from rejected group by target) as of_target)
    )::bigint";

const GROUPS: &str = "
    select
        sum(copies)::bigint as records,
        concat_ws(' ', target, sqlstate, constraint_name) as rule
    from etl.quarantine
    where last_run = $1
        and dataset = $2
        and outcome = 'rejected'
        and (closed_run is null or first_run = $1)
    group by rule
    order by records desc, rule
    limit 50";

const EXAMPLES: &str = "
    select source, line, byte, field, target, sqlstate
    from etl.quarantine
    where last_run = $1
        and dataset = $2
        and outcome = 'rejected'
        and (closed_run is null or first_run = $1)
    order by source, line, byte, target, quarantine_id
    limit 20";

/// How many records this run is the first to reject.
///
/// # Errors
/// What the server reports.
pub fn newly(transaction: &mut Transaction<'_>, run: &Run) -> Result<u64, Error> {
    let count: i64 = transaction
        .query_one(NEWLY, &[&run.id, &run.dataset])
        .and_then(|row| row.try_get(0))
        .map_err(|error| Error::database("count rejected records", error))?;
    Ok(count.unsigned_abs())
}

/// The error of a run that rejects more than its budget: counts by target, SQLSTATE and constraint, and 20
/// examples of where. It holds no values of records, so it can be kept in the ledger.
pub fn too_many(
    transaction: &mut Transaction<'_>,
    run: &Run,
    sources: &[SourceRead],
    rejected: u64,
    budget: u64,
) -> Error {
    let read: u64 = sources.iter().map(|source| source.records).sum();
    let mut message =
        format!("{rejected} records of {read} were rejected, and --max-rejects allows {budget}");
    // The transaction is about to be rolled back: what it cannot tell any more is left out.
    for row in transaction.query(GROUPS, &[&run.id, &run.dataset]).unwrap_or_default() {
        let (records, rule): (i64, String) = (row.get("records"), row.get("rule"));
        message.push_str(&format!("\n  {records}  {rule}"));
    }
    for row in transaction.query(EXAMPLES, &[&run.id, &run.dataset]).unwrap_or_default() {
        message.push_str("\n  at ");
        message.push_str(&place(&row, sources));
    }
    Error::failed(message).hint(format!(
        "correct the source, or load the others and keep these in quarantine: loader run {} ... --max-rejects {rejected}",
        run.dataset
    ))
}

fn place(row: &Row, sources: &[SourceRead]) -> String {
    let (number, line): (Option<i16>, Option<i64>) = (row.get("source"), row.get("line"));
    let file = number.and_then(|number| sources.iter().find(|source| source.number == number));
    let file = file.map_or("an earlier run", |source| short_name(&source.location));
    let line = line.map_or(String::new(), |line| format!(" line {line}"));
    // An API's page often stands on one line.
    let byte = row.get::<_, Option<i64>>("byte").map_or(String::new(), |byte| format!(" byte {byte}"));
    let field = row.get::<_, Option<String>>("field").map_or(String::new(), |field| format!(" {field}"));
    let (target, sqlstate): (String, String) = (row.get("target"), row.get("sqlstate"));
    format!("{file}{line}{byte}: {target}{field} {sqlstate}")
}
