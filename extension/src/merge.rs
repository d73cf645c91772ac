//! `etl_merge`: reads the catalog, lets the planner say what is to be done, and executes its statements whole.
use std::ffi::CStr;

use etl_core::merge::name::Ident;
use etl_core::merge::plan::{LeftOut, Options, Plan, Rows, Standing, Writes};
use etl_core::merge::table::{Staged, Target};
use pgrx::pg_sys::panic::ErrorReport;
use pgrx::prelude::*;

use crate::error::{Outcome, from_plan, misuse};

pub(crate) mod counts;
mod halves;
mod in_server;
pub(crate) mod statements;

use counts::Counts;
use halves::Risky;
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
set bytea_output = 'hex'
set quote_all_identifiers = off
set client_min_messages = 'warning'
set jit = off
set work_mem = '32MB'
set default_statistics_target = 10
as 'MODULE_PATHNAME', '@FUNCTION_NAME@';

revoke execute on function etl_merge(regclass, regclass, name, bigint) from public;

comment on function etl_merge(regclass, regclass, name, bigint) is
    'Merges staged records into a constrained table: classifies each by the table''s own constraints, writes the winners, '
    'keeps the rest in etl.quarantine, records and returns the counts.';
"#)]
#[allow(
    clippy::type_complexity,
    reason = "pgrx reads the row's columns from the signature, not from an alias"
)]
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
    let counts = Spi::connect_mut(|client| {
        let mut run = Statements::new(client);
        merge(&mut run, staged, target, version, run_id, LeftOut::Nothing)
    })?;
    Ok(counts.into_row())
}

/// The catalog's description of a target.
pub(crate) const DESCRIBE_TARGET: &str = include_str!("merge/target.sql");

/// Merges what is staged; `left_out` says what was left out while it was read.
pub(crate) fn merge(
    run: &mut Statements<'_, '_>,
    staged: pg_sys::Oid,
    target: pg_sys::Oid,
    version: Option<Ident>,
    run_id: Option<i64>,
    left_out: LeftOut,
) -> Outcome<Counts> {
    let target: Target = run.describe(DESCRIBE_TARGET, target, "target")?;
    let staged: Staged = run.describe(include_str!("merge/staged.sql"), staged, "staged table")?;
    refuse_our_names(&staged)?;
    let label = target.label();
    let (run_id, dataset) = run.open(run_id, &label, version.as_ref())?;
    let replay = run.replay(&staged, &target, run_id)?;
    let (has_open, has_parked) = run.has_open(&dataset, &label)?;
    let mut options = Options {
        version,
        run_id,
        has_staging: run.has_staging(run_id)?,
        // A replay brings back what it was asked for, and nothing else.
        retries: has_parked && replay.is_none(),
        replay,
        dataset,
        extension_schema: run.extension_schema()?,
        partial: Vec::new(),
        left_out,
    };
    let schema = Ident::new(&options.extension_schema);
    // What reading left out is counted in one of them.
    if left_out == LeftOut::Nothing {
        run.drop_leftovers()?;
    }
    // What is misused is refused before anything of it is read.
    let first = Plan::new(&target, &staged, &options).map_err(from_plan)?;
    let retries = options.retries && ready(run, &first, &schema)?;
    options.retries = retries;
    if staged.has_meta("absent", &target) {
        options.partial.extend(run.lacking(&staged, &target)?);
    }
    if options.retries {
        let names = target.columns.iter().map(|column| column.name.as_str().to_string());
        let names = names.filter(|name| staged.column(name).is_some()).collect();
        options.partial.extend(run.lacking_of_ready(names)?);
        options.partial.sort();
        options.partial.dedup();
    }

    if !has_open
        && left_out == LeftOut::Nothing
        && leave_out(run, &Plan::new(&target, &staged, &options).map_err(from_plan)?)?
    {
        options.left_out = LeftOut::OfStaged;
    }

    let mut plan = Plan::new(&target, &staged, &options).map_err(from_plan)?;
    refuse_unknown_replays(run, &plan)?;
    read(run, &plan, &schema)?;
    if let (Some(contested), Some(fill)) = (plan.contested(), plan.fill())
        && run.make(&contested)? > 0
    {
        judge(run, &mut plan, &schema, Standing::ByItself)?;
        run.execute(&fill)?;
        plan.forget_faults();
        run.execute("drop table if exists pg_temp.etl_judgements, pg_temp.etl_faults")?;
    }
    judge(run, &mut plan, &schema, Standing::OnTarget)?;
    run.execute(&plan.analyze())?;
    if !run.holds(&plan.contests())? {
        plan.forget_contests();
    }
    let has_waits = settle_collisions(run, &plan)?;
    if !run.holds(&plan.broken())? {
        plan.forget_broken();
    }
    for table in plan.fates() {
        run.make(&table)?;
    }
    write(run, &plan, has_waits, has_open)?;
    let counts = run.count(&plan.count())?;
    run.drop_leftovers()?;
    Ok(counts)
}

/// Leaves out the rows that equal the target's, where that is most of them. Nothing may be open in quarantine, which a row
/// that came again could settle.
fn leave_out(run: &mut Statements<'_, '_>, plan: &Plan<'_>) -> Outcome<bool> {
    let Some(has_rows) = plan.may_leave_out() else { return Ok(false) };
    if !run.holds(&has_rows)? {
        return Ok(false);
    }
    let mut changed = run.execute(&plan.changed())?;
    if changed > 0 {
        changed += run.execute(&plan.contended())?;
    }
    let staged = run.number_of(&plan.staged_rows())?.unsigned_abs() as usize;
    if changed * 2 > staged {
        return Ok(false);
    }
    run.execute(&plan.left_out())?;
    Ok(true)
}

/// Temporary tables under the merge's own names are dropped before it begins.
fn refuse_our_names(staged: &Staged) -> Outcome<()> {
    let name = &staged.name;
    if !(name.schema.as_str().starts_with("pg_temp") && statements::TABLES.contains(&name.name.as_str())) {
        return Ok(());
    }
    Err(misuse(
        PgSqlErrorCode::ERRCODE_DUPLICATE_TABLE,
        format!("a temporary table {} is the merge's own, not one to stage in", name.name),
        "Give it another name.",
    ))
}

/// A replay whose rows name nothing that is open would lose them.
fn refuse_unknown_replays(run: &mut Statements<'_, '_>, plan: &Plan<'_>) -> Outcome<()> {
    let unknown = match plan.unknown_replays() {
        Some(query) => run.number_of(&query)?,
        None => 0,
    };
    if unknown == 0 {
        return Ok(());
    }
    Err(misuse(
        PgSqlErrorCode::ERRCODE_INVALID_PARAMETER_VALUE,
        format!("quarantine_id of {unknown} staged rows names no open quarantined row of the target"),
        "select quarantine_id from etl.quarantine where closed_run is null; rows that are new are staged without that column.",
    ))
}

/// Finds the parked rows whose parents have come; says whether there are any.
fn ready(run: &mut Statements<'_, '_>, plan: &Plan<'_>, schema: &Ident) -> Outcome<bool> {
    if run.attempt(schema, &plan.ready(true))?.is_some() {
        run.execute(&plan.ready(false))?;
    }
    run.holds("select exists (select from pg_temp.etl_ready)")
}

/// Makes the table of candidates, where one is needed.
fn read(run: &mut Statements<'_, '_>, plan: &Plan<'_>, schema: &Ident) -> Outcome<()> {
    let Some(candidates) = plan.candidates() else { return Ok(()) };
    run.execute(&candidates)?;
    if plan.reading_may_raise() {
        let mut risky = Risky { run, schema };
        risky.execute(
            &plan.staged_relation(),
            &|rows| plan.read(rows, None),
            |risky, place, mut raised| {
                for (reading, column) in plan.readings_of(place) {
                    raised.field = risky.run.attempt(schema, &reading)?.map(|_| column.to_string());
                    if raised.field.is_some() {
                        break;
                    }
                }
                risky.run.execute(&plan.read(Rows::Between(place, place), Some(&raised)))?;
                Ok(())
            },
        )?;
    }
    if plan.retries() {
        let mut risky = Risky { run, schema };
        risky.execute("pg_temp.etl_ready", &|rows| plan.read_ready(rows, None), |risky, place, raised| {
            risky.run.execute(&plan.read_ready(Rows::Between(place, place), Some(&raised)))?;
            Ok(())
        })?;
    }
    if let Some(drop_siblings) = plan.drop_siblings() {
        run.execute(&drop_siblings)?;
    }
    Ok(())
}

fn judge(
    run: &mut Statements<'_, '_>,
    plan: &mut Plan<'_>,
    schema: &Ident,
    standing: Standing,
) -> Outcome<()> {
    let all = plan.judgements(standing);
    if !plan.judging_may_raise() {
        run.execute(&all)?;
    } else if run.attempt(schema, &all)?.is_some() {
        run.execute(plan.expect_faults())?;
        run.execute(&plan.no_judgements(standing))?;
        let plan = &*plan;
        let mut risky = Risky { run, schema };
        risky.by_halves(
            &plan.judged_relation(),
            &|rows| plan.judge(standing, rows),
            |risky, place, raised| {
                risky.run.execute(&plan.add_fault(place, &raised))?;
                risky.run.execute(&plan.judge(standing, Rows::Between(place, place)))?;
                Ok(())
            },
        )?;
    }
    settle_references(run, plan)
}

fn settle_references(run: &mut Statements<'_, '_>, plan: &Plan<'_>) -> Outcome<()> {
    if let Some(settle) = plan.settle_references() {
        while run.execute(&settle)? > 0 {}
    }
    Ok(())
}

/// Lets those of contested keys contend.
fn contend(run: &mut Statements<'_, '_>, plan: &Plan<'_>) -> Outcome<()> {
    if let Some(contenders) = plan.contenders() {
        run.execute(&plan.no_contenders())?;
        run.make(&contenders)?;
    }
    Ok(())
}

/// Chooses the winners, and refuses those that stand in each other's way, until none does. Says whether some wait for others to
/// move away.
fn settle_collisions(run: &mut Statements<'_, '_>, plan: &Plan<'_>) -> Outcome<bool> {
    contend(run, plan)?;
    if !plan.can_collide() {
        return Ok(false);
    }
    run.execute(plan.no_refused())?;
    loop {
        run.execute(&plan.writes())?;
        if run.execute(&plan.refuse())? == 0 {
            return Ok(run.execute(&plan.waits())? > 0);
        }
        run.execute("drop table pg_temp.etl_writes")?;
        settle_references(run, plan)?;
        contend(run, plan)?;
    }
}

/// Writes what was decided. Rows written must equal rows classified: triggers and other writers do not go unnoticed.
fn write(run: &mut Statements<'_, '_>, plan: &Plan<'_>, has_waits: bool, has_open: bool) -> Outcome<()> {
    run.execute(&plan.tally())?;
    let decided = run.decided(&plan.to_write())?;
    let (inserts, updates) = (decided.inserts, decided.updates);
    let in_order = match plan.in_order() {
        Some(query) if inserts > 0 => run.holds(&query)?,
        _ => false,
    };
    let writes = Writes { candidates: decided.candidates, inserts, updates, has_waits, in_order };
    let written = match (inserts, updates) {
        (0, 0) => (0, 0),
        _ => run.written(&plan.write(writes))?,
    };
    if written != (inserts, updates) {
        return Err(misuse(
            PgSqlErrorCode::ERRCODE_TRIGGERED_DATA_CHANGE_VIOLATION,
            format!(
                "{inserts} rows inserted and {updates} updated were decided, {} and {} were written",
                written.0, written.1
            ),
            "A trigger or another writer changed the target meanwhile: run the load again.",
        ));
    }
    let has_kept = decided.kept > 0;
    if has_kept || decided.settled > 0 {
        run.make(&plan.kept_fates())?;
    }
    if has_kept {
        run.execute(&plan.kept())?;
        for statement in plan.index_kept() {
            run.execute(&statement)?;
        }
        run.execute(&plan.quarantine())?;
        run.execute(&plan.restate())?;
    }
    if decided.settled > 0 {
        run.execute(&plan.close(has_kept))?;
    }
    if has_open {
        run.execute(&plan.overtake(has_kept))?;
    }
    Ok(())
}
