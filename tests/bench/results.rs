//! What a step left in the database: a time counts only where the rows are right.

use crate::Outcome;
use etl_tests::database::Database;

/// Number of rows of every table of a schema, by its name.
pub fn counts(database: &Database<'_>, schema: &str) -> Vec<(String, i64)> {
    database.tables(schema).into_iter().map(|table| (table.clone(), database.count(&table))).collect()
}

/// What stands in every table of a schema, in any order.
pub fn rows(database: &Database<'_>, schema: &str) -> Vec<String> {
    let tables = database.tables(schema).into_iter();
    let sums = tables.map(|table| {
        let sum = database.value(&format!(
            "select concat_ws(' ', count(*), sum(hashtextextended(t::text, 0)::numeric)) from {table} as t"
        ));
        format!("{table} {sum}")
    });
    sums.collect()
}

/// Refuses tables that differ.
pub fn same<T: PartialEq + std::fmt::Debug>(ours: &[T], others: &[T], who: &str) -> Outcome<()> {
    if ours == others {
        return Ok(());
    }
    Err(format!("{who} left other rows than the loader: {others:?} instead of {ours:?}").into())
}

/// Sums of what the last run did in all its targets: inserted, updated, parked and rejected records.
pub fn last_run(database: &Database<'_>) -> [i64; 4] {
    ["inserted", "updated", "parked", "rejected"].map(|outcome| {
        database.number(&format!(
            "select coalesce(sum({outcome}), 0) from etl.run_tables where run_id = {}",
            database.last_run()
        ))
    })
}

/// Refuses a last run that wrote a row.
pub fn wrote_nothing(database: &Database<'_>) -> Outcome<()> {
    match last_run(database) {
        [0, 0, 0, 0] => Ok(()),
        counts => Err(format!("the same files again were not without effect: {counts:?}").into()),
    }
}
