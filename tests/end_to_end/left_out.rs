//! Rows that equal the target's are left out where they are most of a delivery. What comes of each row must not depend on it: the same
//! rows are merged with and without, which an open record in quarantine makes sure of.

use etl_tests::cluster::Cluster;
use etl_tests::database::Database;
use etl_tests::loader::Loader;

const TABLES: &str = "
create table public.towns (town_id integer primary key);
insert into public.towns values (1), (2);
create table public.people (
    person_id integer primary key,
    name      text,
    town_id   integer references public.towns,
    version   integer,
    at        timestamptz default now()
);
insert into public.people
select n, 'name ' || n, 1 + n % 2, 5
from generate_series(1, 100) as n;
create table public.staged (
    person_id integer, name text, town_id integer, version integer, source smallint, line bigint, copies bigint, problem text, sqlstate text
);
insert into public.staged
select person_id, name, town_id, version, 1, person_id, 1 + person_id % 3
from public.people;
-- Beside what is there: changed, twice and changed, older, of an unknown town, unreadable, new, new twice.
insert into public.staged values
    (1, 'other', 1, 6, 2, 1, 1, null, null),
    (2, 'name 2', 1, 5, 2, 2, 1, null, null),
    (3, 'name 3', 2, 4, 2, 3, 1, null, null),
    (4, 'name 4', 9, 6, 2, 4, 1, null, null),
    (5, null, null, null, 2, 5, 1, 'broken', '22P02'),
    (101, 'new', 1, 1, 2, 6, 1, null, null),
    (102, 'new', 1, 1, 2, 7, 1, null, null),
    (102, 'new', 1, 1, 2, 8, 1, null, null),
    (102, 'newer', 1, 2, 2, 9, 1, null, null),
    (null, 'nobody', 1, 1, 2, 10, 1, null, null);
";

/// An open record of another key keeps every row to be judged.
const OPEN: &str = "
create temporary table odd as select null::integer as person_id, 7::bigint as line;
select * from etl_merge('odd', 'public.people');
delete from etl.run_tables;
";

/// What a merge of the staged rows comes to: its counts, the table, the ledger's counts by source, and what is kept.
fn outcome(prepare: &str, version: &str) -> Vec<Vec<String>> {
    let database: Database<'_> = Cluster::shared().database();
    Loader::at(&database).run(["migrate", "--quiet"]).expect(0);
    database.execute(TABLES);
    database.execute(prepare);
    let physical = database
        .rows("select ctid, xmin, xmax from public.people where person_id between 20 and 100 order by 1");
    let counts = database.rows(&format!(
        "select read, inserted, updated, unchanged, superseded, parked, rejected, promoted
         from etl_merge('public.staged', 'public.people', {version})"
    ));
    let untouched = database
        .rows("select ctid, xmin, xmax from public.people where person_id between 20 and 100 order by 1");
    assert_eq!(physical, untouched);
    vec![
        counts,
        database.rows("select person_id, name, town_id, version from public.people order by person_id"),
        database.rows(
            "select source, read, inserted, updated, unchanged, superseded, parked, rejected from etl.run_tables order by source",
        ),
        database.rows(
            "select source, line, outcome, sqlstate, copies from etl.quarantine where line <> 7 or source = 2 order by source, line",
        ),
    ]
}

#[test]
fn what_comes_of_a_row_is_the_same() {
    for version in ["null", "'version'"] {
        let (left_out, judged) = (outcome("", version), outcome(OPEN, version));
        assert_eq!(left_out, judged, "{version}");
        // 200 copies of the hundred rows, and ten more.
        assert!(
            left_out[0][0].starts_with(if version == "null" { "210|2|2|" } else { "210|2|1|" }),
            "{version}: {:?}",
            left_out[0]
        );
        assert_eq!(left_out[2].len(), 2);
    }
}

/// What a record lacks it does not differ in; but where another record of its key differs, it is judged and filled as ever.
const LACKING: &str = "
alter table public.staged add absent text[];
update public.staged set absent = '{name}', name = null where source = 1 and person_id % 2 = 0;
insert into public.staged (person_id, name, town_id, version, source, line, copies, absent) values
    (10, null, 2, 6, 2, 11, 1, '{name}'),
    (12, 'twelve', 1, 6, 2, 12, 1, null),
    (12, null, 2, 7, 2, 13, 1, '{name}'),
    (14, null, null, 5, 2, 14, 1, '{name,town_id}'),
    (16, null, 1, 5, 2, 15, 1, null),
    (18, null, 9, 6, 2, 16, 1, '{name}'),
    (103, null, 1, 1, 2, 17, 1, '{name}');
";

#[test]
fn what_comes_of_a_record_that_lacks_columns_is_the_same() {
    for version in ["null", "'version'"] {
        let judged = outcome(&format!("{OPEN}{LACKING}"), version);
        assert_eq!(outcome(LACKING, version), judged, "{version}");
        assert!(judged[1].iter().any(|row| row == "12|twelve|2|7"), "{version}: {:?}", judged[1]);
    }
}

#[test]
fn a_delivery_of_nothing_new_leaves_nothing_to_judge() {
    let database = Cluster::shared().database();
    Loader::at(&database).run(["migrate", "--quiet"]).expect(0);
    database.execute(TABLES);
    database.execute("delete from public.staged where source = 2");
    let counts = database.rows("select read, unchanged from etl_merge('public.staged', 'public.people')");
    assert_eq!(counts, ["200|200"]);
    assert_eq!(database.rows("select source, read, unchanged from etl.run_tables"), ["1|200|200"]);
}

/// Few rows of many are copied to be judged. Which came first must not be lost on the way: without a version and a line it is all that decides.
#[test]
fn the_later_row_wins_among_the_few_that_are_left() {
    let database = Cluster::shared().database();
    Loader::at(&database).run(["migrate", "--quiet"]).expect(0);
    database.execute(
        "create table public.k (id integer primary key, v text);
         insert into public.k select i, 'x' from generate_series(1, 200000) as i;
         create table public.staged as select i as id, 'x'::text as v, repeat('y', 200) as junk from generate_series(1, 200000) as i;
         insert into public.staged select i, 'v' || n from generate_series(1, 3) as n, generate_series(1, 30) as i;",
    );
    for updated in ["30", "0"] {
        assert_eq!(database.value("select updated from etl_merge('public.staged', 'public.k')"), updated);
        assert_eq!(database.count("public.k where v = 'v3'"), 30);
    }
}

/// A row that is there may break a constraint that was never validated. One that comes may not, whatever else comes.
#[test]
fn constraints_that_were_never_validated_are_judged() {
    let counts = |more: &str| {
        let database = Cluster::shared().database();
        Loader::at(&database).run(["migrate", "--quiet"]).expect(0);
        database.execute(&format!(
            "create table public.k (id integer primary key, v text);
             insert into public.k values (1, 'a'), (2, ''), (3, 'c');
             alter table public.k add constraint named check (v <> '') not valid;
             create table public.staged as select id, v from public.k {more};"
        ));
        database.rows("select unchanged, rejected from etl_merge('public.staged', 'public.k')")
    };
    assert_eq!(counts(""), ["2|1"]);
    assert_eq!(counts("union all select n, 'new' from generate_series(10, 30) as n"), ["2|1"]);
}
