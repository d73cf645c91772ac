//! The history's tables in PostgreSQL, and what `etl_merge` makes of the same records.
use std::collections::BTreeSet;
use std::fmt::Write as _;

use etl_core::merge::model::{Check, Field, Record, Table, Value, World};
use etl_tests::database::Database;
use postgres::{Client, SimpleQueryMessage};

use super::history::{Counts, History, Kind, NAMES, Quarantine, Target, text};

pub struct Server {
    client: Client,
    /// Histories played, by which the catalog's dead rows are swept now and then: a merge makes and drops temporary tables.
    played: u32,
}

fn quoted(name: &str) -> String {
    format!("\"{}\"", name.replace('"', "\"\""))
}

fn columns(columns: impl IntoIterator<Item = usize>) -> String {
    columns.into_iter().map(|column| quoted(NAMES[column])).collect::<Vec<_>>().join(", ")
}

fn literal(value: Option<&str>) -> String {
    value.map_or("null".into(), |text| format!("'{}'", text.replace('\'', "''")))
}

impl Server {
    /// A database with the ledger and the extension.
    pub fn new(database: &Database<'_>) -> Self {
        let mut client = database.client();
        for file in
            ["migrations/roles.sql", "migrations/etl/V1__ledger.sql", "migrations/etl/V2__csv_header.sql"]
        {
            let path = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("..").join(file);
            client.batch_execute(&std::fs::read_to_string(path).unwrap()).unwrap();
        }
        client.batch_execute("create extension pg_etl; set client_min_messages = warning").unwrap();
        Server { client, played: 0 }
    }

    pub fn reset(&mut self) {
        self.played += 1;
        if self.played.is_multiple_of(50) {
            self.execute("rollback");
            for catalog in [
                "pg_attribute",
                "pg_class",
                "pg_type",
                "pg_depend",
                "pg_index",
                "pg_statistic",
                "pg_constraint",
            ] {
                self.execute(&format!("vacuum pg_catalog.{catalog}"));
            }
        }
        self.execute("rollback; drop schema if exists m cascade; truncate etl.quarantine, etl.runs cascade");
    }

    fn execute(&mut self, sql: &str) {
        self.client.batch_execute(sql).unwrap_or_else(|error| panic!("{error:?}\n{sql}"));
    }

    fn query(&mut self, sql: &str) -> Vec<Vec<Option<String>>> {
        let messages = self.client.simple_query(sql).unwrap_or_else(|error| panic!("{error:?}\n{sql}"));
        let rows = messages.iter().filter_map(|message| match message {
            SimpleQueryMessage::Row(row) => {
                Some((0..row.len()).map(|column| row.get(column).map(String::from)).collect())
            }
            _ => None,
        });
        rows.collect()
    }

    pub fn create(&mut self, history: &History) {
        let mut sql = String::from("create schema m;\ncreate domain m.level as bigint check (value < 2);\n");
        for (index, table) in history.tables.iter().enumerate() {
            let (parts, indexes) = definition(index, table);
            let partition = if table.partitioned {
                format!(" partition by range ({})", quoted(NAMES[0]))
            } else {
                String::new()
            };
            writeln!(sql, "create table m.t{index} ({}){partition};", parts.join(", ")).unwrap();
            if table.partitioned {
                writeln!(
                    sql,
                    "create table m.t{index}_low partition of m.t{index} for values from (minvalue) to (1);"
                )
                .unwrap();
                writeln!(
                    sql,
                    "create table m.t{index}_high partition of m.t{index} for values from (1) to (2);"
                )
                .unwrap();
            }
            for index in indexes {
                writeln!(sql, "{index};").unwrap();
            }
            // Last, because a table may refer to an index of its own.
            for parent in &table.model.parents {
                writeln!(
                    sql,
                    "alter table m.t{index} add foreign key ({}) references m.t{} ({}) match {};",
                    columns(parent.columns.clone()),
                    parent.table,
                    columns(parent.referred.clone()),
                    if parent.is_full { "full" } else { "simple" },
                )
                .unwrap();
            }
        }
        self.execute(&sql);
    }

    /// Drops every check of every table, here and in the model.
    pub fn loosen(&mut self, history: &History, world: &mut World) {
        for (index, table) in history.tables.iter().enumerate() {
            for check in 0..table.model.checks.len() {
                self.execute(&format!("alter table m.t{index} drop constraint if exists check{check}"));
            }
            // What no partition takes stays out.
            world.tables[index].checks.retain(|check| matches!(check, Check::Below(..)));
        }
    }

    /// Stages the records and merges them, in one transaction.
    pub fn merge(&mut self, history: &History, target: usize, staged: &[Record]) -> Counts {
        let staged: Vec<(&Record, Option<&str>)> = staged.iter().map(|record| (record, None)).collect();
        self.merge_with(history, target, &staged, "")
    }

    /// Merges the open rejected records again.
    pub fn replay(&mut self, history: &History, target: usize, world: &World) -> Counts {
        let rejected = self.query(&format!(
            "select quarantine_id, record, occurrence from etl.quarantine \
             where target = 'm.t{target}' and outcome = 'rejected' and closed_run is null"
        ));
        let staged: Vec<(&Record, Option<&str>)> = rejected
            .iter()
            .map(|row| {
                let [id, record, occurrence] = row.as_slice() else { panic!("three columns") };
                let same = world.quarantine[target].iter().find(|it| {
                    Some(text(&it.record.fields)) == *record && Some(it.occurrence.to_string()) == *occurrence
                });
                (&same.expect("the model quarantined it too").record, id.as_deref())
            })
            .collect();
        self.merge_with(history, target, &staged, "quarantine_id bigint")
    }

    fn merge_with(
        &mut self,
        history: &History,
        target: usize,
        staged: &[(&Record, Option<&str>)],
        replayed: &str,
    ) -> Counts {
        let table = &history.tables[target];
        let given = || (0..table.model.width).filter(|column| !table.model.generated.contains_key(column));
        let mut parts: Vec<String> = given()
            .map(|column| {
                let kind = match table.kinds[column] {
                    Kind::Number | Kind::Level if table.staged_as_text => "text",
                    kind => type_name(kind),
                };
                format!("{} {kind}", quoted(NAMES[column]))
            })
            .collect();
        parts.extend(["source smallint", "line bigint", "record text"].map(String::from));
        if table.partial {
            parts.push("absent text[]".into());
        }
        if !replayed.is_empty() {
            parts.push(replayed.into());
        }
        let mut sql =
            format!("begin; create temporary table staged ({}) on commit drop;\n", parts.join(", "));
        for (record, quarantine_id) in staged {
            let mut values: Vec<String> = given()
                .map(|column| match &record.fields[column] {
                    Field::Given(Value::Null) | Field::Absent => "null".into(),
                    Field::Given(Value::Int(number)) => format!("'{number}'"),
                    Field::Given(Value::Text(text)) | Field::Unreadable(text) => literal(Some(text)),
                })
                .collect();
            values.push(record.position.0.to_string());
            values.push(record.position.1.to_string());
            values.push(literal(Some(&text(&record.fields))));
            if table.partial {
                let absent = record.fields.iter().enumerate().filter(|(_, field)| **field == Field::Absent);
                let names: Vec<String> = absent.map(|(column, _)| literal(Some(NAMES[column]))).collect();
                values.push(format!("array[{}]::text[]", names.join(", ")));
            }
            values.extend(quarantine_id.map(String::from));
            writeln!(sql, "insert into staged values ({});", values.join(", ")).unwrap();
        }
        self.execute(&sql);
        let version = table.model.version.map(|column| NAMES[column]);
        let merged =
            self.query(&format!("select * from etl_merge('staged', 'm.t{target}', {})", literal(version)));
        self.execute("commit");
        let count = |column: usize| merged[0][column].as_deref().unwrap().parse().unwrap();
        Counts {
            read: count(1),
            inserted: count(2),
            updated: count(3),
            unchanged: count(4),
            superseded: count(5),
            parked: count(6),
            rejected: count(7),
            promoted: count(8),
        }
    }

    pub fn rows(&mut self, history: &History, target: usize) -> BTreeSet<Vec<Option<String>>> {
        let names = columns(0..history.tables[target].model.width);
        self.query(&format!("select {names} from m.t{target}")).into_iter().collect()
    }

    /// Where every row is and who wrote or locked it last.
    pub fn physical(&mut self, target: usize) -> Vec<Vec<Option<String>>> {
        self.query(&format!("select ctid, xmin, xmax from m.t{target} order by ctid"))
    }

    pub fn quarantine(&mut self, target: usize) -> Quarantine {
        let rows = self.query(&format!(
            "select record, occurrence, outcome, closed_as from etl.quarantine where target = 'm.t{target}'"
        ));
        let rows = rows.into_iter().map(|row| {
            let [record, occurrence, outcome, closed] = row.try_into().unwrap();
            (record.unwrap(), occurrence.unwrap().parse().unwrap(), outcome.unwrap(), closed)
        });
        rows.collect()
    }
}

fn type_name(kind: Kind) -> &'static str {
    match kind {
        Kind::Number => "bigint",
        Kind::Text => "text",
        Kind::Level => "m.level",
    }
}

/// The columns and constraints of a table, and its indexes.
fn definition(index: usize, table: &Target) -> (Vec<String>, Vec<String>) {
    let model: &Table = &table.model;
    let mut parts: Vec<String> = (0..model.width)
        .map(|column| {
            let null = if model.not_null.contains(&column) { " not null" } else { "" };
            let generated = model.generated.get(&column).map_or(String::new(), |origin| {
                format!(" generated always as ({} + 1) stored", quoted(NAMES[*origin]))
            });
            format!("{} {}{generated}{null}", quoted(NAMES[column]), type_name(table.kinds[column]))
        })
        .collect();
    parts.push(format!("primary key ({})", columns(model.key.clone())));
    for (number, check) in model.checks.iter().enumerate() {
        let name = |column: &usize| quoted(NAMES[*column]);
        let expression = match check {
            Check::AtLeast(column, bound) => format!("{} >= {bound}", name(column)),
            Check::Ordered(left, right) => format!("{} <= {}", name(left), name(right)),
            Check::Quotient(left, right) => format!("{} / {} >= 0", name(left), name(right)),
            Check::Below(..) => continue,
        };
        parts.push(format!("constraint check{number} check ({expression})"));
    }
    let indexes = model.uniques.iter().enumerate().map(|(number, unique)| {
        let values = unique.columns.iter().map(|column| match unique.is_halved {
            true => format!("({} / 2)", quoted(NAMES[*column])),
            false => quoted(NAMES[*column]),
        });
        let nulls = if unique.nulls_collide { " nulls not distinct" } else { "" };
        let predicate = unique
            .predicate
            .map_or(String::new(), |(column, bound)| format!(" where {} >= {bound}", quoted(NAMES[column])));
        format!(
            "create unique index u{index}_{number} on m.t{index} ({}){nulls}{predicate}",
            values.collect::<Vec<_>>().join(", ")
        )
    });
    (parts, indexes.collect())
}
