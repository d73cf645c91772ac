//! `loader quarantine show`: everything that is known of one record.
use crate::cli::{QuarantineShowArgs, RowFormat};
use crate::database::Database;
use crate::error::Error;
use crate::output::{self, Column, Listing};

/// The file's path and the run's time stand in other tables of the ledger.
const SHOW: &str = "
    select
        quarantine.quarantine_id,
        quarantine.dataset,
        quarantine.target,
        quarantine.outcome,
        quarantine.message,
        quarantine.field,
        quarantine.sqlstate,
        quarantine.constraint_name,
        quarantine.parents,
        quarantine.source_name,
        run_sources.location,
        quarantine.line,
        quarantine.byte,
        quarantine.copies,
        quarantine.occurrence,
        quarantine.first_run,
        runs.started_at as first_run_started_at,
        quarantine.last_run,
        quarantine.closed_run,
        quarantine.closed_as,
        quarantine.closed_reason,
        pg_catalog.encode(quarantine.record_sha256, 'hex') as record_sha256,
        quarantine.parsed,
        quarantine.record,
        pg_catalog.encode(quarantine.raw, 'escape') as raw
    from etl.quarantine as quarantine
    join etl.runs as runs on runs.run_id = quarantine.first_run
    left join etl.run_sources as run_sources
        on run_sources.run_id = quarantine.first_run and run_sources.source = quarantine.source
    where quarantine.quarantine_id = $1";

/// Prints the record: a line a column, or one object or row.
pub fn run(args: &QuarantineShowArgs, database: &mut Database) -> Result<(), Error> {
    let failed = |error| Error::database("read etl.quarantine", error);
    let statement = format!("select pg_catalog.row_to_json(shown)::text from ({SHOW}) as shown");
    let json: Option<String> =
        database.client.query_opt(&statement, &[&args.id]).map_err(failed)?.map(|row| row.get(0));
    let Some(json) = json else {
        return Err(Error::usage(format!("no record in quarantine has the number {}", args.id))
            .hint("loader quarantine list --all"));
    };
    if args.format == RowFormat::Json {
        return output::to_stdout(|out| Ok(writeln!(out, "{json}")?));
    }
    let statement = format!(
        "select member.key, member.value from ({SHOW}) as shown,
            pg_catalog.json_each_text(pg_catalog.row_to_json(shown)) as member"
    );
    let members: Vec<(String, Option<String>)> = database
        .client
        .query(&statement, &[&args.id])
        .map_err(failed)?
        .iter()
        .map(|row| (row.get(0), row.get(1)))
        .collect();
    output::to_stdout(|out| {
        if args.format == RowFormat::Csv {
            let columns = members.iter().map(|(name, _)| Column::text(name)).collect();
            let rows = vec![members.iter().map(|(_, value)| value.clone()).collect()];
            return Ok(Listing { columns, rows }.write(args.format, out)?);
        }
        let known = members.iter().filter(|(_, value)| value.is_some());
        let rows = known.map(|(name, value)| vec![Some(name.clone()), value.clone()]).collect();
        let columns = vec![Column::text("quarantined"), Column::text("record")];
        Ok(Listing { columns, rows }.write(args.format, out)?)
    })
}
