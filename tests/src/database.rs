//! A database of one test, and what can be seen of its tables from outside.

use crate::cluster::Cluster;
use postgres::{Client, NoTls};
use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::io::Read as _;
use std::process::Command;

/// A database of one test; dropped with it.
#[derive(Debug)]
pub struct Database<'a> {
    cluster: &'a Cluster,
    name: String,
}

/// Contents of every table of a schema, by the table's qualified name: one line a row, sorted.
pub type Dump = BTreeMap<String, String>;

fn connect(url: &str) -> Client {
    Client::connect(url, NoTls).unwrap_or_else(|error| panic!("{url}: {error}"))
}

impl<'a> Database<'a> {
    pub(crate) fn create(cluster: &'a Cluster, name: &str, template: &str) -> Self {
        connect(&cluster.url("postgres", "postgres"))
            .batch_execute(&format!("create database {name} template {template}"))
            .unwrap_or_else(|error| panic!("create database {name}: {error:?}"));
        Self { cluster, name: name.to_owned() }
    }

    /// The cluster it is in.
    #[must_use]
    pub fn cluster(&self) -> &'a Cluster {
        self.cluster
    }

    /// Its name.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Its connection string, as superuser.
    #[must_use]
    pub fn url(&self) -> String {
        self.cluster.url("postgres", &self.name)
    }

    /// A new connection as superuser.
    #[must_use]
    pub fn client(&self) -> Client {
        connect(&self.url())
    }

    /// Runs statements as superuser.
    ///
    /// # Panics
    /// When one fails.
    pub fn execute(&self, sql: &str) {
        self.client().batch_execute(sql).unwrap_or_else(|error| panic!("{sql}\n{error:?}"));
    }

    /// The rows of a query as text, columns separated by `|` and nulls empty.
    ///
    /// # Panics
    /// When it fails.
    #[must_use]
    pub fn rows(&self, sql: &str) -> Vec<String> {
        let messages = self.client().simple_query(sql).unwrap_or_else(|error| panic!("{sql}\n{error:?}"));
        messages
            .iter()
            .filter_map(|message| match message {
                postgres::SimpleQueryMessage::Row(row) => Some(
                    (0..row.len())
                        .map(|column| row.get(column).unwrap_or_default())
                        .collect::<Vec<_>>()
                        .join("|"),
                ),
                _ => None,
            })
            .collect()
    }

    /// The one value of a query.
    ///
    /// # Panics
    /// When there is none.
    #[must_use]
    pub fn value(&self, sql: &str) -> String {
        let mut rows = self.rows(sql);
        assert_eq!(rows.len(), 1, "{sql}");
        rows.remove(0)
    }

    /// The one number of a query.
    ///
    /// # Panics
    /// When there is none.
    #[must_use]
    pub fn number(&self, sql: &str) -> i64 {
        let value = self.value(sql);
        value.parse().unwrap_or_else(|_| panic!("{sql}: {value} is no number"))
    }

    /// The tables of a schema, qualified.
    #[must_use]
    pub fn tables(&self, schema: &str) -> Vec<String> {
        self.rows(&format!(
            "select format('%I.%I', schemaname, tablename) from pg_tables where schemaname = '{schema}' order by 1"
        ))
    }

    /// The contents of every table of a schema, byte for byte as COPY writes them.
    ///
    /// # Panics
    /// When a table cannot be read.
    #[must_use]
    pub fn dump(&self, schema: &str) -> Dump {
        let mut client = self.client();
        self.tables(schema)
            .into_iter()
            .map(|table| {
                let sql =
                    format!("copy (select * from {table} as t order by t::text collate \"C\") to stdout");
                let mut rows = String::new();
                client
                    .copy_out(sql.as_str())
                    .unwrap_or_else(|error| panic!("{sql}: {error:?}"))
                    .read_to_string(&mut rows)
                    .unwrap_or_else(|error| panic!("{sql}: {error:?}"));
                (table, rows)
            })
            .collect()
    }

    /// Where every row of the schema's tables is and which transactions wrote and locked it: (ctid, xmin, xmax). Equal before and after means that
    /// nothing was written or locked, not even by a no-op update or a foreign key's check.
    #[must_use]
    pub fn physical(&self, schema: &str) -> Dump {
        self.tables(schema)
            .into_iter()
            .map(|table| {
                let rows = self.rows(&format!("select ctid, xmin, xmax from {table} order by ctid"));
                (table, rows.join("\n"))
            })
            .collect()
    }

    /// Every sequence and how far it is, but for the one that numbers the runs.
    #[must_use]
    pub fn sequences(&self) -> Vec<String> {
        self.rows(
            "select schemaname, sequencename, last_value from pg_sequences
             where (schemaname, sequencename) <> ('etl', 'runs_run_id_seq') order by 1, 2",
        )
    }

    /// Bytes of WAL the cluster has written so far.
    #[must_use]
    pub fn wal(&self) -> i64 {
        self.number("select (pg_current_wal_insert_lsn() - '0/0')::bigint")
    }

    /// Number of rows of a table.
    #[must_use]
    pub fn count(&self, table: &str) -> i64 {
        self.number(&format!("select count(*) from {table}"))
    }

    /// Number of the last run that the ledger knows.
    #[must_use]
    pub fn last_run(&self) -> i64 {
        self.number("select coalesce(max(run_id), 0) from etl.runs")
    }

    /// What a run did, one line a target with anything to say: `target read inserted updated unchanged superseded parked rejected promoted`.
    #[must_use]
    pub fn counts(&self, run: i64) -> Vec<String> {
        self.rows(&format!(
            "select concat_ws(' ', target, sum(read), sum(inserted), sum(updated), sum(unchanged), sum(superseded), sum(parked), sum(rejected), sum(promoted))
             from etl.run_tables where run_id = {run} group by target order by target"
        ))
    }

    /// Sessions of others in this database.
    #[must_use]
    pub fn sessions(&self) -> i64 {
        self.number(
            "select count(*) from pg_stat_activity
             where datname = current_database() and pid <> pg_backend_pid() and backend_type = 'client backend'",
        )
    }

    /// Waits until no other session is in this database: a killed loader's backend has gone.
    ///
    /// # Panics
    /// When one is still there after ten seconds.
    pub fn wait_for_quiet(&self) {
        for _ in 0..200 {
            if self.sessions() == 0 {
                return;
            }
            std::thread::sleep(std::time::Duration::from_millis(50));
        }
        panic!(
            "still in {}: {:?}",
            self.name,
            self.rows("select pid, state, query from pg_stat_activity where datname = current_database() and pid <> pg_backend_pid()")
        );
    }

    /// Runs psql on this database and returns (success, standard output, standard error).
    ///
    /// # Panics
    /// When psql cannot be started.
    #[must_use]
    pub fn psql(&self, script: &str) -> (bool, String, String) {
        let out = Command::new("psql")
            .args(["-X", "-q", "-A", "-t", "-v", "ON_ERROR_STOP=1", "-d"])
            .arg(self.url())
            .args(["-c", script])
            .env_clear()
            .env("PATH", std::env::var_os("PATH").unwrap_or_default())
            .output()
            .unwrap_or_else(|error| panic!("psql: {error}"));
        (
            out.status.success(),
            String::from_utf8_lossy(&out.stdout).into_owned(),
            String::from_utf8_lossy(&out.stderr).into_owned(),
        )
    }
}

impl Drop for Database<'_> {
    fn drop(&mut self) {
        let dropped = Client::connect(&self.cluster.url("postgres", "postgres"), NoTls)
            .map(|mut client| client.batch_execute(&format!("drop database {} with (force)", self.name)));
        if !matches!(dropped, Ok(Ok(()))) {
            eprintln!("note: database {} was not dropped", self.name);
        }
    }
}

/// Checks that two dumps are equal, and says where they are not.
///
/// # Panics
/// When they differ.
pub fn assert_same(left: &Dump, right: &Dump, what: &str) {
    if left == right {
        return;
    }
    let mut said = String::new();
    for table in left.keys().chain(right.keys().filter(|t| !left.contains_key(*t))) {
        let (a, b) = (left.get(table), right.get(table));
        if a == b {
            continue;
        }
        let lines = |text: Option<&String>| -> Vec<String> {
            text.map(|text| text.lines().map(str::to_owned).collect()).unwrap_or_default()
        };
        let (a, b) = (lines(a), lines(b));
        let _ = writeln!(said, "{table}: {} and {} rows", a.len(), b.len());
        for (sign, rows, others) in [("-", &a, &b), ("+", &b, &a)] {
            for row in rows.iter().filter(|row| !others.contains(row)).take(3) {
                let _ = writeln!(said, "{sign} {}", row.chars().take(600).collect::<String>());
            }
        }
    }
    panic!("{what}: the tables differ\n{said}");
}
