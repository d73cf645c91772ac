//! Forty thousand records that wait for their parents: the same ones again are no work, and when the parents come all get in.

use etl_tests::accounting;
use etl_tests::cluster::Cluster;
use etl_tests::database::Database;
use etl_tests::inputs;
use etl_tests::loader::Loader;
use std::time::{Duration, Instant};

const WAITING: i64 = 40_000;

const TABLES: &str = "
    create schema demo;
    create table demo.parents (parent_id integer primary key);
    create table demo.children (
        child_id integer primary key,
        parent_id integer not null references demo.parents,
        name text not null
    );
    create table demo.staged_parents as select i::text as parent_id from generate_series(1, 4000) as i;
    create table demo.staged as
    select i::text as child_id, (1 + i % 4000)::text as parent_id, 'child ' || i as name, i::bigint as line
    from generate_series(1, 40000) as i;
    create table demo.nothing as select * from demo.staged where false;";

/// read, inserted, parked, promoted; and how long it took.
fn merge(database: &Database<'_>, staged: &str, target: &str) -> (String, Duration) {
    let begun = Instant::now();
    let counts = database.value(&format!(
        "select concat_ws(' ', read, inserted, parked, promoted) from etl_merge('demo.{staged}', 'demo.{target}')"
    ));
    (counts, begun.elapsed())
}

/// Where its rows are, and who wrote and locked them.
fn quarantine(database: &Database<'_>) -> String {
    database.value("select md5(string_agg((ctid, xmin, xmax)::text, ',' order by ctid)) from etl.quarantine")
}

#[test]
fn they_are_no_work_until_their_parents_come() {
    let database = Cluster::shared().database();
    Loader::at(&database).run(["migrate"]).expect(0);
    database.execute(TABLES);
    // A plan that compares each record with each would take minutes: it fails here instead.
    database.execute(&format!("alter database {} set statement_timeout = '60s'", database.name()));
    database.execute("analyze");
    let (counts, first) = merge(&database, "staged", "children");
    assert_eq!(counts, format!("{WAITING} 0 {WAITING} 0"));
    let open = "etl.quarantine where outcome = 'parked' and closed_run is null";
    assert_eq!(database.count(open), WAITING);

    let before = quarantine(&database);
    let (counts, again) = merge(&database, "staged", "children");
    assert_eq!(counts, format!("{WAITING} 0 {WAITING} 0"), "the same records again");
    assert!(before == quarantine(&database), "the quarantine was written");
    let (counts, none) = merge(&database, "nothing", "children");
    assert_eq!(counts, "0 0 0 0", "no records");
    assert!(before == quarantine(&database), "the quarantine was written");

    assert_eq!(merge(&database, "staged_parents", "parents").0, "4000 4000 0 0");
    let (counts, promotion) = merge(&database, "nothing", "children");
    assert_eq!(counts, format!("0 0 0 {WAITING}"), "the parents are there");
    assert_eq!(database.count("demo.children"), WAITING);
    assert_eq!(database.count(open), 0);
    println!(
        "{WAITING} parked in {first:.2?}; the same again {again:.2?}, no records {none:.2?}; all promoted in {promotion:.2?}"
    );
    accounting::check(&database, "demo.children");
    // Times mean something only where little else runs.
    if inputs::rounds(0, 1) == 1 {
        assert!(again * 2 <= first, "the same run again took {again:?} of {first:?}");
    }
}
