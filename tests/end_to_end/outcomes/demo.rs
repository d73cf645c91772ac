//! A target of a test's own, merged into without the loader.

use etl_tests::cluster::Cluster;
use etl_tests::database::Database;
use postgres::Client;
use std::cell::RefCell;

/// A database with the ledger, the extension and the test's tables in schema `demo`.
pub struct Demo {
    database: Database<'static>,
    client: RefCell<Client>,
    target: &'static str,
    version: Option<&'static str>,
}

impl Demo {
    /// Makes the tables, and a temporary table `staged` of the columns given.
    pub fn new(tables: &str, target: &'static str, staged: &str, version: Option<&'static str>) -> Self {
        let database = Cluster::shared().database();
        let mut client = database.client();
        for file in
            ["migrations/roles.sql", "migrations/etl/V1__ledger.sql", "migrations/etl/V2__csv_header.sql"]
        {
            let path = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("..").join(file);
            client.batch_execute(&std::fs::read_to_string(path).unwrap()).unwrap();
        }
        let set_up = format!(
            "create extension pg_etl; create schema demo; set client_min_messages = warning; {tables};
             create temporary table staged ({staged})"
        );
        client.batch_execute(&set_up).unwrap_or_else(|error| panic!("{error:?}\n{set_up}"));
        Demo { database, client: RefCell::new(client), target, version }
    }

    pub fn execute(&self, sql: &str) {
        self.client.borrow_mut().batch_execute(sql).unwrap_or_else(|error| panic!("{error:?}\n{sql}"));
    }

    /// Merges these rows and says the counts that are not zero.
    pub fn merge(&self, rows: &str) -> String {
        self.execute(&format!("truncate staged; insert into staged values {rows}"));
        self.merged("staged").unwrap_or_else(|error| panic!("{error:?}"))
    }

    /// Merges what is staged.
    pub fn again(&self) -> String {
        self.merged("staged").unwrap_or_else(|error| panic!("{error:?}"))
    }

    /// The error that merging raises, with its SQLSTATE.
    pub fn refusal(&self) -> String {
        self.refusal_of("staged")
    }

    /// The same of another staged table.
    pub fn refusal_of(&self, staged: &str) -> String {
        let error = self.merged(staged).expect_err("a refusal");
        let error = error.as_db_error().expect("of the server");
        format!("{} {}", error.code().code(), error.message())
    }

    /// The error of a statement, with its SQLSTATE.
    pub fn error(&self, sql: &str) -> String {
        let error = self.client.borrow_mut().batch_execute(sql).expect_err("an error");
        let error = error.as_db_error().expect("of the server");
        format!("{} {}", error.code().code(), error.message())
    }

    /// Merges what was rejected again.
    pub fn replay(&self) -> String {
        self.execute(
            "drop table if exists replayed;
             create temporary table replayed as
             select q.quarantine_id, (jsonb_populate_record(null::staged, q.record::jsonb)).*
             from etl.quarantine as q
             where q.outcome = 'rejected' and q.closed_run is null",
        );
        self.merged("replayed").unwrap_or_else(|error| panic!("{error:?}"))
    }

    fn merged(&self, staged: &str) -> Result<String, postgres::Error> {
        let names =
            ["read", "inserted", "updated", "unchanged", "superseded", "parked", "rejected", "promoted"];
        let row = self.client.borrow_mut().query_one(
            &format!(
                "select {} from etl_merge($1::text::regclass, $2::text::regclass, $3::text::name)",
                names.join(", ")
            ),
            &[&staged, &self.target, &self.version],
        )?;
        let counts = names.iter().enumerate().map(|(index, name)| (row.get::<_, i64>(index), name));
        let said = counts
            .filter(|(count, name)| *count != 0 || **name == "read")
            .map(|(count, name)| format!("{count} {name}"));
        Ok(said.collect::<Vec<_>>().join(", "))
    }

    /// The rows of the target, in the order of their first column.
    pub fn rows(&self, columns: &str) -> Vec<String> {
        self.values(&format!("select {columns} from {} order by 1", self.target))
    }

    pub fn values(&self, sql: &str) -> Vec<String> {
        self.database.rows(sql)
    }

    /// One line a quarantined record: outcome, SQLSTATE, constraint or field, what is said of it, how it was closed.
    pub fn quarantine(&self) -> Vec<String> {
        self.values(
            "select outcome || ' ' || sqlstate || coalesce(' ' || coalesce(constraint_name, field), '') || ': ' || message
                || coalesce(', ' || closed_as, '')
             from etl.quarantine order by quarantine_id",
        )
    }
}
