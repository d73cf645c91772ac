//! `loader status`: the database in use, its migrations, the last runs, and what waits in quarantine.
use postgres::{Client, Row};

use crate::cli::{Context, RowFormat, StatusArgs};
use crate::error::{Error, Exit};
use crate::output::{self, Column, Listing};
use crate::query;

const SERVER: &str = "
    select
        pg_catalog.current_setting('server_version') as server,
        current_user::text as acting_as,
        (select extversion from pg_catalog.pg_extension where extname = 'pg_etl') as extension,
        pg_catalog.to_regclass('etl.runs') is not null as is_migrated";

const RUNS: &str = "
    select
        runs.run_id::text,
        runs.dataset,
        runs.status,
        pg_catalog.to_char(runs.started_at, 'YYYY-MM-DD HH24:MI:SS'),
        pg_catalog.round(extract(epoch from runs.finished_at - runs.started_at)::numeric, 1)::text,
        (select sum(records)::text from etl.run_sources where run_sources.run_id = runs.run_id),
        (select sum(inserted)::text from etl.run_tables where run_tables.run_id = runs.run_id),
        (select sum(updated)::text from etl.run_tables where run_tables.run_id = runs.run_id),
        pg_catalog.concat_ws(' ', runs.error_sqlstate, pg_catalog.split_part(runs.error_message, E'\\n', 1))
    from etl.runs as runs
    order by runs.run_id desc
    limit 10";

const QUARANTINE: &str = "
    select dataset, target, outcome, sqlstate, constraint_name, sum(copies)::text
    from etl.quarantine
    where closed_run is null
    group by dataset, target, outcome, sqlstate, constraint_name
    order by dataset, target, outcome, sqlstate, constraint_name";

/// Runs `loader status`.
///
/// # Errors
/// No connection (exit 4).
pub fn run(args: StatusArgs, context: &Context) -> Result<Exit, Error> {
    let mut database = query::reader(context)?;
    let client = &mut database.client;
    let server = client.query_one(SERVER, &[]).map_err(|error| Error::database("ask the server", error))?;
    let (extension, is_migrated): (Option<String>, bool) =
        (server.get("extension"), server.get("is_migrated"));
    let facts = vec![
        ("database", Some(database.label.clone())),
        ("server", server.get::<_, Option<String>>("server").map(|version| format!("PostgreSQL {version}"))),
        ("acting as", server.get("acting_as")),
        ("extension", Some(extension.map_or("not created".into(), |version| format!("pg_etl {version}")))),
        ("migrations", Some(migrations(&mut database.client, is_migrated)?)),
    ];
    let facts = Listing {
        columns: vec![Column::text("fact"), Column::text("value")],
        rows: facts.into_iter().map(|(name, value)| vec![Some(name.to_owned()), value]).collect(),
    };
    let (runs, quarantine) = match is_migrated {
        true => (runs(&mut database.client)?, quarantine(&mut database.client)?),
        false => (listing(&[], RUN_COLUMNS), listing(&[], QUARANTINE_COLUMNS)),
    };
    print(args.format, &facts, &runs, &quarantine)?;
    Ok(Exit::Done)
}

/// Each set with the version it is at, as its history says.
fn migrations(client: &mut Client, is_migrated: bool) -> Result<String, Error> {
    if !is_migrated {
        return Ok("none applied: loader migrate".to_owned());
    }
    let failed = |error| Error::database("read the histories of the migrations", error);
    let histories = client
        .query(
            "select relname::text from pg_catalog.pg_class
            where relnamespace = 'etl'::pg_catalog.regnamespace and relkind = 'r' and relname ~ '_history$'
                and pg_catalog.has_table_privilege(oid, 'select')
            order by relname <> 'etl_history', relname",
            &[],
        )
        .map_err(failed)?;
    let mut sets = Vec::with_capacity(histories.len());
    for history in &histories {
        let table: String = history.get(0);
        let statement = format!("select max(version) from etl.{}", crate::database::quoted(&table));
        let version: Option<i32> =
            client.query_one(&statement, &[]).and_then(|row| row.try_get(0)).map_err(failed)?;
        let set = table.strip_suffix("_history").unwrap_or(&table);
        sets.extend(version.map(|version| format!("{set} V{version}")));
    }
    match sets.is_empty() {
        true => Ok("applied; see them with: loader migrate --status".to_owned()),
        false => Ok(sets.join(", ")),
    }
}

const RUN_COLUMNS: &[(&str, bool)] = &[
    ("run", true),
    ("dataset", false),
    ("status", false),
    ("started (UTC)", false),
    ("seconds", true),
    ("records", true),
    ("inserted", true),
    ("updated", true),
    ("error", false),
];

const QUARANTINE_COLUMNS: &[(&str, bool)] = &[
    ("dataset", false),
    ("target", false),
    ("outcome", false),
    ("sqlstate", false),
    ("constraint", false),
    ("records", true),
];

fn runs(client: &mut Client) -> Result<Listing, Error> {
    let rows = client.query(RUNS, &[]).map_err(|error| Error::database("read etl.runs", error))?;
    Ok(listing(&rows, RUN_COLUMNS))
}

fn quarantine(client: &mut Client) -> Result<Listing, Error> {
    let rows =
        client.query(QUARANTINE, &[]).map_err(|error| Error::database("read etl.quarantine", error))?;
    Ok(listing(&rows, QUARANTINE_COLUMNS))
}

fn listing(rows: &[Row], columns: &[(&str, bool)]) -> Listing {
    let columns =
        columns.iter().map(|(name, is_number)| Column { name: (*name).to_owned(), is_number: *is_number });
    let values = |row: &Row| (0..row.len()).map(|column| row.get(column)).collect();
    Listing { columns: columns.collect(), rows: rows.iter().map(values).collect() }
}

fn print(format: RowFormat, facts: &Listing, runs: &Listing, quarantine: &Listing) -> Result<(), Error> {
    output::to_stdout(|out| {
        match format {
            RowFormat::Json => {
                let facts: Vec<String> = facts
                    .rows
                    .iter()
                    .map(|row| {
                        let text = |value: &Option<String>| {
                            value.as_deref().map_or("null".into(), output::json_string)
                        };
                        format!("{}:{}", text(&row[0]), text(&row[1]))
                    })
                    .collect();
                let (runs, quarantine) = (runs.to_json(), quarantine.to_json());
                writeln!(out, "{{{},\n\"runs\":{runs},\n\"quarantine\":{quarantine}}}", facts.join(","))?;
            }
            RowFormat::Csv => {
                for part in [facts, runs, quarantine] {
                    part.write(format, out)?;
                }
            }
            RowFormat::Table => {
                for row in &facts.rows {
                    writeln!(
                        out,
                        "{:<12}{}",
                        row[0].as_deref().unwrap_or(""),
                        row[1].as_deref().unwrap_or("")
                    )?;
                }
                section(out, "last runs", runs, "no runs yet: loader run DATASET FILE")?;
                section(out, "open quarantine", quarantine, "nothing in quarantine")?;
            }
        }
        Ok(())
    })
}

fn section(out: &mut dyn std::io::Write, title: &str, listing: &Listing, empty: &str) -> std::io::Result<()> {
    if listing.rows.is_empty() {
        return writeln!(out, "\n{empty}");
    }
    writeln!(out, "\n{title}")?;
    listing.write(RowFormat::Table, out)
}
