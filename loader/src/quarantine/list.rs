//! `loader quarantine list`.
use crate::cli::{Context, Outcome, QuarantineListArgs, RowFormat};
use crate::database::Database;
use crate::error::Error;
use crate::output::{self, Column, Listing};

/// Of longer messages a table shows the beginning.
const MESSAGE_CHARS: usize = 100;

const LIST: &str = "
    select
        quarantine_id::text,
        first_run::text,
        target,
        case when closed_as is null then outcome else outcome || ', ' || closed_as end,
        source_name,
        line::text,
        copies::text,
        field,
        sqlstate,
        constraint_name,
        message
    from etl.quarantine
    where ($1::text is null or dataset = $1)
        and ($2::bigint is null or $2 in (first_run, last_run, closed_run))
        and ($3::text is null or target = $3)
        and ($4::text is null or outcome = $4)
        and ($5 or closed_run is null)
    order by quarantine.quarantine_id desc
    limit $6";

/// Prints the records that match; says on standard error when there are more.
pub fn run(args: &QuarantineListArgs, database: &mut Database, context: &Context) -> Result<(), Error> {
    let outcome = args.outcome.map(|outcome| match outcome {
        Outcome::Parked => "parked",
        Outcome::Rejected => "rejected",
    });
    let one_more = i64::from(args.limit) + 1;
    let found = database
        .client
        .query(LIST, &[&args.dataset, &args.run, &args.target, &outcome, &args.all, &one_more])
        .map_err(|error| Error::database("list etl.quarantine", error))?;
    let limit = usize::try_from(args.limit).unwrap_or(usize::MAX);
    let rows: Vec<Vec<Option<String>>> =
        found.iter().take(limit).map(|row| (0..row.len()).map(|column| row.get(column)).collect()).collect();
    if rows.is_empty() {
        context.note("no record in quarantine matches");
    }
    let has_more = found.len() > rows.len();
    print(rows, args.format)?;
    if has_more {
        context.note(format!("there are more than {}: see them with --limit", args.limit));
    }
    Ok(())
}

fn print(mut rows: Vec<Vec<Option<String>>>, format: RowFormat) -> Result<(), Error> {
    let columns = vec![
        Column::number("id"),
        Column::number("run"),
        Column::text("target"),
        Column::text("outcome"),
        Column::text("source"),
        Column::number("line"),
        Column::number("copies"),
        Column::text("field"),
        Column::text("sqlstate"),
        Column::text("constraint"),
        Column::text("message"),
    ];
    if format == RowFormat::Table {
        for message in rows.iter_mut().filter_map(|row| row.last_mut()).flatten() {
            if let Some((end, _)) = message.char_indices().nth(MESSAGE_CHARS) {
                message.truncate(end);
                message.push('…');
            }
        }
    }
    output::to_stdout(|out| Ok(Listing { columns, rows }.write(format, out)?))
}
