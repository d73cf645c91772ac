//! `loader quarantine list`.
use super::selection::{IS_MEANT, Selection};
use crate::cli::{Context, QuarantineListArgs, RowFormat};
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
    from etl.quarantine as quarantine";

/// Prints the records that are meant; says on standard error when there are more.
///
/// # Errors
/// Those of [`Selection::new`]; what the server reports.
pub fn run(args: &QuarantineListArgs, database: &mut Database, context: &Context) -> Result<(), Error> {
    let is_history = args.all || args.filters.run.is_some() || !args.filters.ids().is_empty();
    let selection = Selection::new(&args.filters, is_history, database, context)?;
    let one_more = i64::from(args.limit) + 1;
    let statement =
        format!("{LIST}\n    where {IS_MEANT}\n    order by quarantine.quarantine_id desc\n    limit $10");
    let mut values = selection.values().to_vec();
    values.push(&one_more);
    let found = database
        .client
        .query(&statement, &values)
        .map_err(|error| Error::database("list etl.quarantine", error))?;
    let limit = usize::try_from(args.limit).unwrap_or(usize::MAX);
    let rows: Vec<Vec<Option<String>>> =
        found.iter().take(limit).map(|row| (0..row.len()).map(|column| row.get(column)).collect()).collect();
    if rows.is_empty() {
        context.note(match is_history || args.filters.is_empty() {
            true => "no record in quarantine matches",
            false => "no open record in quarantine matches; closed ones are shown with --all",
        });
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
