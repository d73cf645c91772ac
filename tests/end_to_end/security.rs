//! Security seen from outside: who may do what, and what hostile names, objects and values cannot do.

/// Hostile objects that wait under the names that loads use.
mod hijack;
/// Names and values that look like SQL.
pub mod injection;
/// What each role may do, and what none of them may.
mod rights;
/// Roles belong to the whole cluster, migrations to a database.
mod roles;
/// Values of records stay out of logs.
mod silence;
/// Schemas and functions that were there before us.
mod strangers;
/// What the catalog says of our functions.
mod surface;

use etl_tests::cluster::Cluster;
use etl_tests::database::Database;
use postgres::{Client, NoTls, SimpleQueryMessage};
use std::sync::atomic::{AtomicU32, Ordering};

/// A login role of the test's own, a member of `role` and of nothing else.
fn member(database: &Database<'_>, role: &str) -> String {
    static NUMBER: AtomicU32 = AtomicU32::new(0);
    let user = format!("{role}_member_{}", NUMBER.fetch_add(1, Ordering::Relaxed));
    database.execute(&format!("create role {user} login in role {role}"));
    user
}

/// A session of a user in a database.
fn session(database: &Database<'_>, user: &str) -> Client {
    let url = database.cluster().url(user, database.name());
    Client::connect(&url, NoTls).unwrap_or_else(|error| panic!("{url}: {error:?}"))
}

/// The rows of some statements as text, columns separated by `|`.
fn rows(client: &mut Client, sql: &str) -> Result<Vec<String>, postgres::Error> {
    let text = |row: &postgres::SimpleQueryRow| {
        (0..row.len()).map(|column| row.get(column).unwrap_or("")).collect::<Vec<_>>().join("|")
    };
    Ok(client
        .simple_query(sql)?
        .iter()
        .filter_map(|message| match message {
            SimpleQueryMessage::Row(row) => Some(text(row)),
            _ => None,
        })
        .collect())
}

/// What hostile bodies leave behind: a row, and a sequence value that stays when the row is rolled back.
struct Canary<'a>(&'a Database<'a>);

impl<'a> Canary<'a> {
    /// Function `canary.hit(what)`, which anybody may call.
    fn new(database: &'a Database<'a>) -> Self {
        database.execute(
            "create schema canary;
             create sequence canary.hits;
             create table canary.heard (what text);
             create function canary.hit(what text) returns boolean language plpgsql volatile
             set search_path = pg_catalog as $body$
             begin
                 raise log 'canary: %', what;
                 perform nextval('canary.hits');
                 insert into canary.heard values (what);
                 return true;
             end
             $body$;
             grant usage on schema canary to public;
             grant usage on sequence canary.hits to public;
             grant insert on canary.heard to public;",
        );
        Canary(database)
    }

    /// Checks that nothing hostile ran, rolled back or not.
    #[track_caller]
    fn check(&self, during: &str) {
        let hits = self.0.value("select is_called from canary.hits");
        let log = self.0.cluster().log();
        let heard: Vec<&str> = log.lines().filter(|line| line.contains("canary: ")).collect();
        assert_eq!(hits, "f", "{during}: hostile bodies ran: {}", heard.join("\n"));
    }
}

/// The cluster of these tests: they make roles and read the server's log.
fn cluster() -> &'static Cluster {
    static CLUSTER: std::sync::OnceLock<Cluster> = std::sync::OnceLock::new();
    CLUSTER.get_or_init(|| Cluster::quick().unwrap())
}
