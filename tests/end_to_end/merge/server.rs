//! The history's tables in PostgreSQL, and what `etl_merge` makes of the same records.
use std::collections::BTreeSet;
use std::fmt::Write as _;

use etl_core::merge::model::{Check, Field, Record, Value};
use etl_tests::database::Database;
use postgres::{Client, SimpleQueryMessage};

use super::history::{Counts, History, NAMES, Quarantine, text};

pub struct Server {
    client: Client,
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
        for file in ["migrations/roles.sql", "migrations/etl/V1__ledger.sql"] {
            let path = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("..").join(file);
            client.batch_execute(&std::fs::read_to_string(path).unwrap()).unwrap();
        }
        client.batch_execute("create extension pg_etl; set client_min_messages = warning").unwrap();
        Server { client }
    }

    pub fn reset(&mut self) {
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
        let mut sql = String::from("create schema m;\n");
        for (index, table) in history.tables.iter().enumerate() {
            let model = &table.model;
            let mut parts: Vec<String> = (0..model.width)
                .map(|column| {
                    let kind = if table.is_text[column] { "text" } else { "bigint" };
                    let null = if model.not_null.contains(&column) { " not null" } else { "" };
                    format!("{} {kind}{null}", quoted(NAMES[column]))
                })
                .collect();
            parts.push(format!("primary key ({})", columns(model.key.clone())));
            for check in &model.checks {
                parts.push(match check {
                    Check::AtLeast(column, bound) => format!("check ({} >= {bound})", quoted(NAMES[*column])),
                    Check::Ordered(left, right) => {
                        format!("check ({} <= {})", quoted(NAMES[*left]), quoted(NAMES[*right]))
                    }
                });
            }
            for parent in &model.parents {
                parts.push(format!(
                    "foreign key ({}) references m.t{}",
                    columns(parent.columns.clone()),
                    parent.table
                ));
            }
            writeln!(sql, "create table m.t{index} ({});", parts.join(", ")).unwrap();
        }
        self.execute(&sql);
    }

    /// Stages the records and merges them, in one transaction.
    pub fn merge(&mut self, history: &History, target: usize, staged: &[Record]) -> Counts {
        let table = &history.tables[target];
        let width = table.model.width;
        let mut parts: Vec<String> = (0..width)
            .map(|column| {
                let is_text = table.is_text[column] || table.staged_as_text;
                format!("{} {}", quoted(NAMES[column]), if is_text { "text" } else { "bigint" })
            })
            .collect();
        parts.extend(["source smallint", "line bigint", "record text"].map(String::from));
        if table.partial {
            parts.push("absent text[]".into());
        }
        let mut sql =
            format!("begin; create temporary table staged ({}) on commit drop;\n", parts.join(", "));
        for record in staged {
            let mut values: Vec<String> = record
                .fields
                .iter()
                .map(|field| match field {
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
