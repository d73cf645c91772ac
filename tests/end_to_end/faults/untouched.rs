//! A repeated merge touches nothing, seen in the write-ahead log itself: no record of it is about a target, its TOAST table or an index.

use etl_tests::cluster::Cluster;
use etl_tests::database::{Database, assert_same};
use etl_tests::inputs;
use etl_tests::loader::Loader;
use std::collections::BTreeMap;

/// Tables of every kind that a merge may meet: a parent, texts that are stored out of line, partial and expression indexes, partitions, a reference to
/// itself. Random texts do not compress.
const TABLES: &str = "
    create schema demo;
    create table demo.places (place_id integer primary key, name text not null);
    create table demo.letters (
        letter_id integer primary key,
        place_id  integer not null references demo.places,
        answers   integer references demo.letters,
        body      text not null,
        sent      boolean not null,
        modified  integer not null
    );
    create index letters_sent on demo.letters (place_id) where sent;
    create index letters_short on demo.letters (md5(body)) where letter_id < 100;
    create table demo.visits (
        visit_id  integer not null,
        year      integer not null,
        place_id  integer not null references demo.places,
        notes     text,
        primary key (visit_id, year)
    ) partition by range (year);
    create table demo.visits_old partition of demo.visits for values from (2000) to (2020);
    create table demo.visits_new partition of demo.visits for values from (2020) to (2040);
    create index visits_place on demo.visits (place_id) where notes is not null;

    create schema given;
    create function given.text(i integer) returns text language sql as
    $$ select string_agg(md5(i::text || j::text), '') from generate_series(1, 300) as j $$;
    create table given.places as select i::text as place_id, 'place ' || i as name from generate_series(1, 50) as i;
    create table given.letters as
    select
        i::text as letter_id,
        (1 + i % 50)::text as place_id,
        nullif(i / 2, 0)::text as answers,
        given.text(i) as body,
        (i % 3 = 0)::text as sent,
        i::text as modified
    from generate_series(1, 400) as i;
    create table given.visits as
    select
        i::text as visit_id,
        (2000 + i % 40)::text as year,
        (1 + i % 50)::text as place_id,
        case when i % 4 > 0 then given.text(i) end as notes
    from generate_series(1, 400) as i;";

fn merge_all(database: &Database<'_>) -> Vec<String> {
    ["places", "letters", "visits"]
        .iter()
        .map(|table| {
            let version = if *table == "letters" { "'modified'" } else { "null" };
            database.value(&format!(
                "select concat_ws(' ', relation, read, inserted, updated, unchanged)
                 from etl_merge('given.{table}', 'demo.{table}', {version})"
            ))
        })
        .collect()
}

/// File of each table of the schemas, of its TOAST table and of their indexes, with its name.
fn files(database: &Database<'_>, schema: &str) -> BTreeMap<String, String> {
    database
        .rows(&format!(
            "with heap as (
                select c.oid, c.reltoastrelid
                from pg_class as c
                where c.relnamespace = '{schema}'::regnamespace and c.relkind = 'r'
            ), tables as (
                select oid from heap union all select reltoastrelid from heap where reltoastrelid <> 0
            ), relations as (
                select oid from tables union all select indexrelid from pg_index join tables on oid = indrelid
            )
            select pg_relation_filenode(oid), oid::regclass from relations"
        ))
        .iter()
        .map(|row| row.split_once('|').map(|(file, name)| (file.to_owned(), name.to_owned())).unwrap())
        .collect()
}

/// Relations of the schema that records of the log since then are about, with how many.
fn logged_since(database: &Database<'_>, start: &str, schema: &str) -> BTreeMap<String, usize> {
    // The log is read as far as it is on disk, so everything must be.
    database.execute("create table public.flushed (); drop table public.flushed");
    let files = files(database, schema);
    assert!(files.values().any(|name| name.contains("pg_toast")), "{files:?}");
    let blocks = database.rows(&format!(
        "select (regexp_matches(block_ref, 'rel \\d+/\\d+/(\\d+)', 'g'))[1]
         from pg_get_wal_records_info('{start}', pg_current_wal_flush_lsn())"
    ));
    let mut touched = BTreeMap::new();
    for name in blocks.iter().filter_map(|file| files.get(file)) {
        *touched.entry(name.clone()).or_insert(0) += 1;
    }
    touched
}

fn position(database: &Database<'_>) -> String {
    database.value("select pg_current_wal_insert_lsn()")
}

/// Statistics, hint bits and visibility are the first run's business; a checkpoint afterwards would log whole pages.
fn settle(database: &Database<'_>) {
    database.execute("checkpoint");
    database.execute("vacuum (freeze, analyze)");
}

#[test]
fn a_second_merge_logs_nothing_of_its_targets() {
    // A cluster of its own: the log is the whole server's, and no other test's vacuum is in it.
    let cluster = Cluster::quick().unwrap();
    let database = cluster.database();
    Loader::at(&database).run(["migrate"]).expect(0);
    database.execute("create extension pg_walinspect");
    database.execute(TABLES);
    let start = position(&database);
    assert_eq!(
        merge_all(&database),
        ["demo.places 50 50 0 0", "demo.letters 400 400 0 0", "demo.visits 400 400 0 0"]
    );
    // The eye is sharp: the first merge is seen on every relation that has rows.
    let first = logged_since(&database, &start, "demo");
    for part in ["pg_toast", "letters_sent", "visits_new_pkey", "visits_old", "letters_short"] {
        assert!(first.keys().any(|name| name.contains(part)), "{part} is not in {first:?}");
    }
    settle(&database);
    let (rows, sequences, start) = (database.physical("demo"), database.sequences(), position(&database));
    assert_eq!(
        merge_all(&database),
        ["demo.places 50 0 0 50", "demo.letters 400 0 0 400", "demo.visits 400 0 0 400"]
    );
    assert_eq!(logged_since(&database, &start, "demo"), BTreeMap::new());
    assert_same(&rows, &database.physical("demo"), "before and after");
    assert_eq!(sequences, database.sequences());
    cluster.check_soundness();
}

#[test]
fn a_second_run_logs_nothing_of_its_targets() {
    let cluster = Cluster::quick().unwrap();
    let database = cluster.database();
    let loader = Loader::at(&database);
    loader.run(["migrate"]).expect(0);
    database.execute("create extension pg_walinspect");
    let file = loader.file("a.json", inputs::array(&inputs::mobilize(1_500, 24).collect()));
    let start = position(&database);
    loader.load([&file]).expect(0);
    let first = logged_since(&database, &start, "mobilize");
    for table in database.tables("mobilize") {
        assert!(first.contains_key(&table), "{table} is not in {first:?}");
    }
    settle(&database);
    let (rows, start) = (database.physical("mobilize"), position(&database));
    loader.load([&file]).expect(0);
    assert_eq!(logged_since(&database, &start, "mobilize"), BTreeMap::new());
    assert_same(&rows, &database.physical("mobilize"), "before and after");
    cluster.check_soundness();
}
