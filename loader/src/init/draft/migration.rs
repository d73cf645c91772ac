//! The draft of a migration: a table a file, what was seen beside each column.
use etl_core::merge::name::Literal;

use super::{Draft, sampled};
use crate::init::table::{Column, Table};
use crate::output::printable;

/// The text of `V1__tables.sql`.
pub(super) fn text(draft: &Draft<'_>) -> String {
    let dataset = draft.dataset;
    let mut text = format!(
        "-- {dataset}: drafted by loader init from samples. Correct it, and fill in meanings and units. Constraints decide what gets in:
-- a record that breaks one is kept in quarantine, with the reason. The key above all: two records of one key become one row.
-- Seen of a column: values of so many records, how many of them differ, and their length.
-- Once applied, a migration is never edited: what comes later is V2__....sql. While all this is a trial, start again with:
--   loader quarantine discard {dataset} --reason trial
--   loader psql -c 'drop schema {dataset} cascade; drop table etl.{dataset}_history'
create schema {dataset};
comment on schema {dataset} is 'To be filled in: what it is, and where it is from.';
"
    );
    for table in &draft.tables {
        text.push_str(&table_text(dataset, table));
    }
    text.push_str(&references(draft));
    text.push_str(&format!(
        "
grant usage on schema {dataset} to etl_loader, etl_reader;
grant select, insert, update on all tables in schema {dataset} to etl_loader;
grant select on all tables in schema {dataset} to etl_reader;
"
    ));
    text
}

fn table_text(dataset: &str, table: &Table) -> String {
    let name = &table.name;
    let width =
        table.columns.iter().map(|column| column.name.len()).max().unwrap_or(0).max("record_key".len());
    let mut lines: Vec<(String, Option<String>)> = Vec::new();
    if table.key.is_empty() {
        lines.push((
            format!("{:width$}  text primary key", "record_key"),
            Some("no columns tell the records apart: made of all values by the load function".to_owned()),
        ));
    }
    for column in &table.columns {
        lines.push((definition(table, column, width), Some(seen(table, column))));
    }
    if table.key.len() > 1 {
        lines.push((format!("primary key ({})", table.key.join(", ")), None));
    }

    let mut text = format!("\n-- From {}.\ncreate table {dataset}.{name} (\n", sampled(table));
    let last = lines.len() - 1;
    for (at, (line, remark)) in lines.into_iter().enumerate() {
        let comma = if at == last { "" } else { "," };
        let remark = remark.map(|remark| format!(" -- {remark}")).unwrap_or_default();
        text.push_str(&format!("    {line}{comma}{remark}\n"));
    }
    text.push_str(");\n");
    text.push_str(&format!(
        "comment on table {dataset}.{name} is 'One row a record of {name}. To be filled in: what one is.';\n"
    ));
    if table.key.is_empty() {
        text.push_str(&format!(
            "comment on column {dataset}.{name}.record_key is 'MD5 of all values, and which of equal records it is, from 1.';\n"
        ));
    }
    for column in &table.columns {
        let meaning =
            Literal::new(format!("Field {}. To be filled in: meaning, unit.", printable(&column.from)));
        text.push_str(&format!("comment on column {dataset}.{name}.{} is {meaning};\n", column.name));
    }
    text
}

fn definition(table: &Table, column: &Column, width: usize) -> String {
    let constraint = match table.key.as_slice() {
        [key] if *key == column.name => " primary key",
        _ if column.is_filled => " not null",
        _ => "",
    };
    format!("{:width$}  {}{constraint}", column.name, column.type_name)
}

/// Counts and lengths, never a value.
fn seen(table: &Table, column: &Column) -> String {
    let mut text = format!("seen: {} of {}", column.seen.filled, table.records);
    if column.type_name == "jsonb" {
        text.push_str(", objects or arrays");
    } else if let Some((shortest, longest)) = column.seen.lengths {
        let length =
            if shortest == longest { longest.to_string() } else { format!("{shortest} to {longest}") };
        let unit = if longest == 1 { "character" } else { "characters" };
        text.push_str(&format!(", {} distinct, {length} {unit}", column.seen.values().len()));
    }
    text
}

/// References in remarks: only somebody who knows the data knows whether a parent must be there.
fn references(draft: &Draft<'_>) -> String {
    let dataset = draft.dataset;
    let mut text = String::new();
    for table in &draft.tables {
        for reference in &table.references {
            let (name, column, parent) = (&table.name, &reference.column, &reference.table);
            text.push_str(&format!(
                "-- alter table {dataset}.{name} add foreign key ({column}) references {dataset}.{parent}; -- {} distinct values\n\
                 -- create index on {dataset}.{name} ({column});\n",
                reference.values
            ));
        }
    }
    match text.is_empty() {
        true => text,
        false => format!(
            "\n-- References that the samples allow. With one, a record whose parent is missing waits in quarantine until it comes.\n{text}"
        ),
    }
}
