//! `etl_read` and `etl_load`: what a run has staged, as typed rows of a target, by the mapping of a load file.
use etl_core::merge::name::{Ident, QualifiedName};
use etl_core::merge::table::Target;
use etl_core::read::{Fields, Plan, Source};
use pgrx::JsonB;
use pgrx::pg_sys::panic::ErrorReport;
use pgrx::prelude::*;
use pgrx::spi::SpiClient;
use std::ffi::CStr;

use crate::error::{Outcome, from_plan, misuse};
use crate::merge;
use crate::merge::statements::Statements;

mod catalog;
mod in_server;
mod record;

extension_sql_file!("read/counts.sql", name = "etl_counts", bootstrap);
extension_sql_file!("read/load.sql", name = "etl_load", requires = ["etl_counts", etl_read]);

/// Makes `pg_temp.<staged>` of the records that a run has staged; see the function's comment and `docs/merge.md`.
#[pg_extern(sql = r#"
create function etl_read(
    run_id bigint,
    sources text[],
    target text,
    fields jsonb,
    staged name
)
returns void
language c
volatile
strict
parallel unsafe
set search_path = pg_catalog, pg_temp
set datestyle = 'ISO, YMD'
set timezone = 'UTC'
set client_min_messages = 'warning'
set jit = off
-- Reading is worth a worker, but the planner takes calls of functions for next to free.
set parallel_setup_cost = 0
set parallel_tuple_cost = 0
as 'MODULE_PATHNAME', '@FUNCTION_NAME@';

revoke execute on function etl_read(bigint, text[], text, jsonb, name) from public;

comment on function etl_read(bigint, text[], text, jsonb, name) is
    'Reads what the run has staged from the named sources into pg_temp.<staged>: rows with the columns of target that fields '
    'maps, typed, and source, line, byte, problem, sqlstate, field. Never fails for content.';
"#)]
fn etl_read(
    run_id: i64,
    sources: Vec<Option<String>>,
    target: &str,
    fields: JsonB,
    staged: &CStr,
) -> Result<(), ErrorReport> {
    let staged = Ident::new(staged.to_string_lossy());
    Spi::connect_mut(|client| read(client, run_id, sources, target, &fields, &staged))
}

fn read(
    client: &mut SpiClient<'_>,
    run_id: i64,
    sources: Vec<Option<String>>,
    target: &str,
    fields: &JsonB,
    staged: &Ident,
) -> Outcome<()> {
    let mut run = Statements::new(client);
    let dataset = run.dataset(run_id)?;
    let target = run.target_named(target, &dataset)?;
    let described: Target = run.describe(merge::DESCRIBE_TARGET, target, "target")?;
    if !run.has_staging(run_id)? {
        return Err(misuse(
            PgSqlErrorCode::ERRCODE_UNDEFINED_TABLE,
            format!("run {run_id} has nothing staged: there is no table staging.run_{run_id}"),
            format!("loader run {dataset} FILE"),
        ));
    }
    let names: Vec<String> = sources.into_iter().flatten().collect();
    let sources: Vec<Source> = run.sources(run_id, names.clone())?;
    let fields = Fields::parse(&fields.0).map_err(from_plan)?;
    let plan = Plan::new(&described, &sources, &fields).map_err(from_plan)?;
    let staging = QualifiedName { schema: Ident::new("staging"), name: Ident::new(format!("run_{run_id}")) };
    // What the session has under this name is not ours, and not to be read.
    run.execute(&format!("drop table if exists pg_temp.{staged}"))?;
    let statement = plan.statement(staged, &staging, &run.extension_schema()?);
    let rows = run.execute(&statement)?;
    run.mark_read(run_id, sources.iter().map(|source| source.source).collect())?;
    if rows == 0
        && let Some(array) = &fields.each
        && run.has_records(run_id, &sources)?
    {
        warning!("no record of {} has elements in {array}: check the pointer with *", names.join(", "));
    }
    for source in &sources {
        let read: Vec<String> = plan.read_of(source).map(str::to_owned).collect();
        if !read.is_empty() {
            run.note_read(run_id, source.source, read)?;
        }
    }
    Ok(())
}
