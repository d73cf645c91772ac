//! `etl_read` and `etl_load`: what a run has staged, as typed rows of a target, by the mapping of a load file.
use etl_core::merge::name::Ident;
use pgrx::JsonB;
use pgrx::pg_sys::panic::ErrorReport;
use pgrx::prelude::*;
use pgrx::spi::SpiClient;
use std::ffi::CStr;

use crate::error::{Outcome, misuse};
use crate::merge;
use crate::merge::statements::Statements;

mod catalog;
mod in_server;
mod reading;
mod record;

use reading::Reading;

extension_sql_file!("read/counts.sql", name = "etl_counts", bootstrap);

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

/// `etl_read` and `etl_merge` in one; see the function's comment and `docs/merge.md`.
#[pg_extern(sql = r#"
create function etl_load(
    run_id bigint,
    sources text[],
    target text,
    fields jsonb,
    version name default null
)
returns setof etl_counts
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
set parallel_setup_cost = 0
set parallel_tuple_cost = 0
as 'MODULE_PATHNAME', '@FUNCTION_NAME@';

revoke execute on function etl_load(bigint, text[], text, jsonb, name) from public;

comment on function etl_load(bigint, text[], text, jsonb, name) is
    'Reads what the run has staged from the named sources into rows of target, as fields maps them, and merges them: '
    'etl_read and etl_merge in one.';
"#, requires = ["etl_counts"])]
#[allow(
    clippy::type_complexity,
    reason = "pgrx reads the row's columns from the signature, not from an alias"
)]
fn etl_load(
    run_id: Option<i64>,
    sources: Option<Vec<Option<String>>>,
    target: Option<&str>,
    fields: Option<JsonB>,
    version: Option<&CStr>,
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
    let (Some(run_id), Some(sources), Some(target), Some(fields)) = (run_id, sources, target, fields) else {
        return Err(misuse(
            PgSqlErrorCode::ERRCODE_NULL_VALUE_NOT_ALLOWED,
            "etl_load needs a run, its sources, a target and its fields",
            "select * from etl_load(run_id, '{people}', 'schema.people', '{\"person_id\": \"id\"}');",
        ));
    };
    let staged = Ident::new("etl_rows");
    let version = version.map(|name| Ident::new(name.to_string_lossy()));
    let counts = Spi::connect_mut(|client| {
        let mut run = Statements::new(client);
        run.drop_leftovers()?;
        let reading = Reading::new(&mut run, run_id, sources, target, &fields)?;
        let left_out = reading.read_changed(&mut run, &staged, version.as_ref())?;
        let staged = run.temporary(&staged)?;
        let counts = merge::merge(&mut run, staged, reading.target, version, Some(run_id), left_out)?;
        // Dropped now, so that a transaction can load twice.
        run.execute("drop table pg_temp.etl_rows")?;
        Ok::<_, ErrorReport>(counts)
    })?;
    Ok(counts.into_row())
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
    Reading::new(&mut run, run_id, sources, target, fields)?.read(&mut run, staged)
}
