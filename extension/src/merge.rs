//! `etl_merge`: reads the catalog, lets the planner say what is to be done, and executes its statements whole.
use std::ffi::CStr;

use etl_core::merge::name::Ident;
use etl_core::merge::plan::{Options, Plan, Standing};
use etl_core::merge::table::{Staged, Target};
use pgrx::pg_sys::panic::ErrorReport;
use pgrx::prelude::*;
use pgrx::spi::SpiClient;

use crate::error::{Outcome, from_plan, misuse};

mod in_server;
mod statements;

use statements::Statements;

/// One row: the target and its counts. See `docs/design.md` and the function's comment.
#[pg_extern(sql = r#"
create function etl_merge(
    staged regclass,
    target regclass,
    version name default null,
    run_id bigint default null
)
returns table (
    relation text,
    read bigint,
    inserted bigint,
    updated bigint,
    unchanged bigint,
    superseded bigint,
    parked bigint,
    rejected bigint,
    promoted bigint
)
language c
volatile
parallel unsafe
set search_path = pg_catalog, pg_temp
set datestyle = 'ISO, YMD'
set intervalstyle = 'postgres'
set timezone = 'UTC'
set extra_float_digits = 1
set client_min_messages = 'warning'
set jit = off
set work_mem = '32MB'
as 'MODULE_PATHNAME', '@FUNCTION_NAME@';

revoke execute on function etl_merge(regclass, regclass, name, bigint) from public;

comment on function etl_merge(regclass, regclass, name, bigint) is
    'Merges staged records into a constrained table: classifies each by the table''s own constraints, writes the winners, '
    'keeps the rest in etl.quarantine, records and returns the counts.';
"#)]
#[allow(clippy::type_complexity, reason = "pgrx reads the row's columns from the type")]
fn etl_merge(
    staged: Option<pg_sys::Oid>,
    target: Option<pg_sys::Oid>,
    version: Option<&CStr>,
    run_id: Option<i64>,
) -> Result<
    TableIterator<
        'static,
        (
            name!(relation, String),
            name!(read, i64),
            name!(inserted, i64),
            name!(updated, i64),
            name!(unchanged, i64),
            name!(superseded, i64),
            name!(parked, i64),
            name!(rejected, i64),
            name!(promoted, i64),
        ),
    >,
    ErrorReport,
> {
    let (Some(staged), Some(target)) = (staged, target) else {
        return Err(misuse(
            PgSqlErrorCode::ERRCODE_NULL_VALUE_NOT_ALLOWED,
            "etl_merge needs a staged table and a target",
            "select * from etl_merge('pg_temp.staged', 'schema.target');",
        ));
    };
    let version = version.map(|name| Ident::new(name.to_string_lossy()));
    let counts = Spi::connect_mut(|client| merge(client, staged, target, version, run_id))?;
    let [read, inserted, updated, unchanged, superseded, parked, rejected, promoted] = counts.records;
    Ok(TableIterator::once((
        counts.target,
        read,
        inserted,
        updated,
        unchanged,
        superseded,
        parked,
        rejected,
        promoted,
    )))
}

/// The counts of one merge, in the order of the function's columns.
struct Counts {
    target: String,
    records: [i64; 8],
}

fn merge(
    client: &mut SpiClient<'_>,
    staged: pg_sys::Oid,
    target: pg_sys::Oid,
    version: Option<Ident>,
    run_id: Option<i64>,
) -> Outcome<Counts> {
    let mut run = Statements::new(client);
    let target: Target = run.describe(include_str!("merge/target.sql"), target, "target")?;
    let staged: Staged = run.describe(include_str!("merge/staged.sql"), staged, "staged table")?;
    let (run_id, dataset) = run.open(run_id, &target.label())?;
    let label = target.label();
    let mut options = Options {
        version,
        run_id,
        has_staging: run.has_staging(run_id)?,
        retries: run.has_waiting(&dataset, &label)?,
        dataset,
        extension_schema: run.extension_schema()?,
        partial: Vec::new(),
    };
    if staged.has_meta("absent", &target) {
        options.partial.extend(run.lacking(&staged, &target)?);
    }
    if options.retries {
        let names = target.columns.iter().map(|column| column.name.as_str().to_string());
        let names = names.filter(|name| staged.column(name).is_some()).collect();
        options.partial.extend(run.lacking_of_waiting(&options.dataset, &label, names)?);
        options.partial.sort();
        options.partial.dedup();
    }

    let plan = Plan::new(&target, &staged, &options).map_err(from_plan)?;
    run.drop_leftovers()?;
    if let Some(candidates) = plan.candidates() {
        run.execute(&candidates)?;
    }
    if let (Some(needed), Some(fill)) = (plan.needs_filling(), plan.fill())
        && run.holds(&needed)?
    {
        judge(&mut run, &plan, Standing::ByItself)?;
        run.execute(&fill)?;
        run.execute("drop table pg_temp.etl_judgements")?;
    }
    judge(&mut run, &plan, Standing::OnTarget)?;
    run.execute(&plan.analyze())?;
    run.execute(&plan.fates())?;
    write(&mut run, &plan)?;
    let counts = run.count(&plan.count())?;
    run.drop_leftovers()?;
    Ok(counts)
}

fn judge(run: &mut Statements<'_, '_>, plan: &Plan<'_>, standing: Standing) -> Outcome<()> {
    run.execute(&plan.judgements(standing))?;
    if let Some(settle) = plan.settle_references() {
        while run.execute(&settle)? > 0 {}
    }
    Ok(())
}

/// Writes what was decided. Rows written must equal rows classified: triggers and other writers do not go unnoticed.
fn write(run: &mut Statements<'_, '_>, plan: &Plan<'_>) -> Outcome<()> {
    let decided = run.decided()?;
    // Rows that are there may come to refer to rows that are new: inserts go first.
    let inserted = if decided.inserts > 0 { run.execute(&plan.insert())? } else { 0 };
    let mut updated = 0;
    if decided.updates > 0
        && let Some(update) = plan.update()
    {
        updated = run.execute(&update)?;
    }
    if (inserted, updated) != (decided.inserts, decided.updates) {
        return Err(misuse(
            PgSqlErrorCode::ERRCODE_TRIGGERED_DATA_CHANGE_VIOLATION,
            format!(
                "{} rows inserted and {} updated were decided, {inserted} and {updated} were written",
                decided.inserts, decided.updates
            ),
            "A trigger or another writer changed the target meanwhile: run the load again.",
        ));
    }
    if decided.kept > 0 {
        run.execute(&plan.kept())?;
        run.execute(&plan.quarantine())?;
        run.execute(&plan.reopen())?;
    }
    if decided.settled > 0 {
        run.execute(&plan.close(decided.kept > 0))?;
    }
    Ok(())
}
