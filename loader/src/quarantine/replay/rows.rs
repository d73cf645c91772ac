//! Replay of a bare target's records: `etl_merge` was called without a run, so there is no load function, and what the
//! quarantine keeps is the staged row itself, as an object.
use std::collections::BTreeSet;

use etl_core::merge::name::Literal;
use postgres::fallible_iterator::FallibleIterator;
use postgres::{Row, Transaction};
use serde_json::{Map, Value};

use crate::database::quoted;
use crate::error::Error;
use crate::ledger::{Counts, Run};
use crate::progress::Progress;
use crate::run::merge;

const STAGED: &str = "pg_temp.etl_replayed";

/// What stands beside the row's columns, each with its type and where it comes from. `etl_merge` takes a column that the
/// target has for the target's, so such a one is left out.
const BESIDE: [(&str, &str, &str); 4] = [
    ("quarantine_id", "bigint", "quarantine.quarantine_id"),
    ("source", "smallint", "quarantine.number"),
    ("line", "bigint", "coalesce(quarantine.line, quarantine.number)"),
    ("byte", "bigint", "quarantine.byte"),
];

const RECORDS: &str = "
    select quarantine_id, record
    from etl.quarantine
    where quarantine_id = any ($1)
        and outcome = 'rejected'
        and closed_run is null";

const VERSION: &str = "
    select version_column::text
    from etl.runs
    where dataset = $1
        and version_column is not null
    order by run_id desc
    limit 1";

const TARGET: &str = "
    select relation.oid::bigint as oid, array_agg(attribute.attname::text order by attribute.attnum) as columns
    from pg_catalog.pg_class as relation
    join pg_catalog.pg_attribute as attribute on attribute.attrelid = relation.oid
    where relation.oid = pg_catalog.to_regclass($1)
        and attribute.attnum > 0
        and not attribute.attisdropped
    group by relation.oid";

/// The table that the records go to.
struct Target {
    oid: i64,
    columns: Vec<String>,
}

/// The staged rows that the quarantine keeps.
struct Records {
    ids: Vec<i64>,
    /// Keys that are columns of the target.
    columns: BTreeSet<String>,
    /// Whether some records lack some of them: that is not the same as null.
    has_gaps: bool,
}

/// Merges the records into the target; none where none of them is a staged row.
///
/// # Errors
/// Mismatch (exit 6) where the target is gone; what the server reports.
pub fn merge(
    transaction: &mut Transaction<'_>,
    run: &Run,
    ids: &[i64],
    progress: &mut Progress,
) -> Result<Option<Counts>, Error> {
    let target = Target::find(transaction, &run.dataset)?;
    let records = Records::read(transaction, &target, ids)?;
    if records.ids.len() < ids.len() {
        progress.say(&format!(
            "{} of the records carry something else than the row that was staged, and cannot be tried again: merge them anew",
            ids.len() - records.ids.len()
        ));
    }
    if records.ids.is_empty() {
        return Ok(None);
    }
    let failed = |error| Error::database("stage the quarantined rows", error);
    transaction.batch_execute(&records.table(&target)).map_err(failed)?;
    let columns: Vec<&str> = records.columns.iter().map(String::as_str).collect();
    let filling = records.filling(&target);
    let staged = match records.has_gaps {
        true => transaction.execute(&filling, &[&records.ids, &columns]),
        false => transaction.execute(&filling, &[&records.ids]),
    };
    progress.merging(staged.map_err(failed)?);

    let version: Option<String> = transaction
        .query_opt(VERSION, &[&run.dataset])
        .map_err(|error| Error::database("read the version column from etl.runs", error))?
        .map(|row| row.get(0));
    // Each argument with its type: an overload of somebody else's cannot fit better.
    let version = version.map_or("null".to_owned(), |name| Literal::new(name).to_string());
    let function = format!("{}.etl_merge", merge::extension_schema(transaction)?);
    let call = format!(
        "{function}('{STAGED}'::pg_catalog.regclass, {}::pg_catalog.regclass, {version}::pg_catalog.name, $1::pg_catalog.int8)",
        target.oid
    );
    let counts = merge::repeatedly(transaction, &call, "relation", run, progress)?;
    Ok(counts.into_iter().next())
}

impl Target {
    fn find(transaction: &mut Transaction<'_>, name: &str) -> Result<Self, Error> {
        let found = transaction
            .query_opt(TARGET, &[&name])
            .map_err(|error| {
                let error = Error::database(format!("look for table {name}"), error);
                // The loader acts as etl_loader, also for the owner of the table.
                match error.sqlstate() {
                    Some("42501") => error.hint(format!(
                        "the owner types: grant usage on schema {} to etl_loader; grant select, insert, update on {name} to etl_loader",
                        name.split('.').next().unwrap_or(name)
                    )),
                    _ => error,
                }
            })?
            .map(|row| Target { oid: row.get("oid"), columns: row.get("columns") });
        let Some(target) = found else {
            return Err(Error::mismatch(format!("table {name} is no longer in this database")).hint(
                format!("close its records: loader quarantine discard {name} --reason 'the table is gone'"),
            ));
        };
        match target.has("quarantine_id") {
            true => Err(Error::failed(format!(
                "table {name} has a column quarantine_id, which a replay needs for itself: its records cannot be replayed"
            ))
            .hint(format!("merge them anew; they are in: loader quarantine export {name} --format json --dir DIR"))),
            false => Ok(target),
        }
    }

    fn has(&self, name: &str) -> bool {
        self.columns.iter().any(|column| column == name)
    }
}

impl Records {
    /// Reads which of the records are staged rows, one at a time. A caller of etl_merge may have staged a column `record`
    /// of their own, which then is anything.
    fn read(transaction: &mut Transaction<'_>, target: &Target, ids: &[i64]) -> Result<Self, Error> {
        let failed = |error| Error::database("read the quarantined rows", error);
        let mut records = Records { ids: Vec::new(), columns: BTreeSet::new(), has_gaps: false };
        let mut rows = transaction.query_raw(RECORDS, [&ids]).map_err(failed)?;
        while let Some(row) = rows.next().map_err(failed)? {
            records.add(&row, target);
        }
        Ok(records)
    }

    fn add(&mut self, row: &Row, target: &Target) {
        let record: Option<&str> = row.get("record");
        if let Some(keys) = record.and_then(|record| columns_of(record, target)) {
            self.has_gaps |= !self.ids.is_empty() && keys != self.columns;
            self.columns.extend(keys);
            self.ids.push(row.get("quarantine_id"));
        }
    }

    /// The columns beside the row's that do not get into the target's way.
    fn beside<'a>(&self, target: &'a Target) -> impl Iterator<Item = &'a (&'a str, &'a str, &'a str)> {
        BESIDE.iter().filter(|(name, ..)| !target.has(name))
    }

    fn has_absent(&self, target: &Target) -> bool {
        self.has_gaps && !target.has("absent")
    }

    fn table(&self, target: &Target) -> String {
        let mut columns: Vec<String> =
            self.columns.iter().map(|column| format!("{} text", quoted(column))).collect();
        columns.extend(self.beside(target).map(|(name, kind, _)| format!("{name} {kind}")));
        columns.extend(self.has_absent(target).then(|| "absent text[]".to_owned()));
        format!("create temporary table etl_replayed (\n    {}\n) on commit drop", columns.join(",\n    "))
    }

    fn filling(&self, target: &Target) -> String {
        let names: Vec<String> = self.columns.iter().map(|column| quoted(column)).collect();
        let mut into = names.clone();
        let mut values: Vec<String> = names.iter().map(|name| format!("fields.{name}")).collect();
        for (name, _, value) in self.beside(target) {
            into.push((*name).to_owned());
            values.push((*value).to_owned());
        }
        if self.has_absent(target) {
            into.push("absent".to_owned());
            values.push(
                "array(select name from unnest($2::text[]) as name where not quarantine.record::jsonb ? name)"
                    .to_owned(),
            );
        }
        let fields: Vec<String> = names.iter().map(|name| format!("{name} text")).collect();
        format!(
            "insert into {STAGED} (
                {into}
            )
            select
                {values}
            from (
                select *, row_number() over (order by first_run, source, line, byte, quarantine_id)::smallint as number
                from etl.quarantine
                where quarantine_id = any ($1)
            ) as quarantine
            cross join lateral jsonb_to_record(quarantine.record::jsonb) as fields ({fields})",
            into = into.join(", "),
            values = values.join(",\n                "),
            fields = fields.join(", "),
        )
    }
}

/// The keys of a staged row that are columns of the target; none where the record is not one.
fn columns_of(record: &str, target: &Target) -> Option<BTreeSet<String>> {
    // The server's jsonb has no place for this character, so such a record was never a row.
    if record.contains("\\u0000") {
        return None;
    }
    let row: Map<String, Value> = serde_json::from_str(record).ok()?;
    let keys: BTreeSet<String> = row.into_iter().map(|(key, _)| key).filter(|key| target.has(key)).collect();
    (!keys.is_empty()).then_some(keys)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn target(columns: &[&str]) -> Target {
        Target { oid: 1, columns: columns.iter().map(|column| (*column).to_owned()).collect() }
    }

    #[test]
    fn only_objects_with_columns_of_the_target_are_staged_rows() {
        let target = target(&["id", "na\"me"]);
        let keys = |record| columns_of(record, &target).map(|keys| keys.into_iter().collect::<Vec<_>>());
        assert_eq!(keys(r#"{"id":"1","na\"me":null,"other":"x"}"#).unwrap(), ["id", "na\"me"]);
        for wrong in ["", "1;Ayr", "[1]", "{\"id\"", r#"{"other":"1"}"#, r#"{"id":"\u0000"}"#] {
            assert_eq!(keys(wrong), None, "{wrong}");
        }
    }

    #[test]
    fn a_column_of_the_target_is_never_taken_for_one_beside_it() {
        let target = target(&["id", "line", "absent"]);
        let columns = ["id", "line"].map(str::to_owned).into_iter().collect();
        let records = Records { ids: vec![1], columns, has_gaps: true };
        assert_eq!(
            records.table(&target),
            "create temporary table etl_replayed (\n    \"id\" text,\n    \"line\" text,\n    quarantine_id bigint,\n    \
             source smallint,\n    byte bigint\n) on commit drop"
        );
    }
}
