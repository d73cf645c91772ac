//! Rejected records tried again after a fix.
use etl_tests::accounting;
use etl_tests::cluster::Cluster;
use etl_tests::database::{Database, assert_same};
use etl_tests::inputs;
use etl_tests::loader::Loader;

use super::{listed, with_bad_records};

/// Forty attendances, of which about a third were rejected; and the records.
fn with_a_third_rejected(seed: u64) -> (Database<'static>, Loader, Vec<String>) {
    let database = Cluster::shared().database();
    let loader = Loader::at(&database);
    let records = inputs::mobilize(40, seed).collect();
    let path = loader.file("a.json", inputs::array(&records));
    loader.run(["migrate"]).expect(0);
    database.execute(
        "alter table mobilize.attendances add constraint third check (hashint8(attendance_id) % 3 <> 0)",
    );
    loader.load([path]).expect(3);
    assert!(database.count("etl.quarantine where constraint_name = 'third'") > 5);
    (database, loader, records)
}

fn open_rejected(database: &Database<'_>) -> i64 {
    database.count("etl.quarantine where outcome = 'rejected' and closed_run is null")
}

#[test]
fn after_the_fix_the_tables_are_as_if_it_had_always_been() {
    let (database, loader, records) = with_a_third_rejected(110);
    let clean = Cluster::shared().database();
    let other = Loader::at(&clean);
    let path = other.file("a.json", inputs::array(&records));
    other.load([path]).expect(0);

    // Before the fix nothing changes, and that is said.
    let (rows, kept) = (database.dump("mobilize"), open_rejected(&database));
    let said = loader.run(["quarantine", "replay", "mobilize"]).expect(3).stdout;
    assert!(said.contains("still rejected (23514 third)"), "{said}");
    assert_eq!(rows, database.dump("mobilize"));
    assert_eq!(kept, open_rejected(&database));

    database.execute("alter table mobilize.attendances drop constraint third");
    // A dry run says what would come of it.
    let said = loader.run(["quarantine", "replay", "--dry-run"]).expect(0).stdout;
    assert!(said.contains("dry run, rolled back") && said.contains("got in"), "{said}");
    assert_eq!(rows, database.dump("mobilize"));

    let said = loader.run(["quarantine", "replay"]).expect(0).stdout;
    assert!(said.contains("quarantined records") && said.contains("mobilize.attendances got in"), "{said}");
    assert_eq!(open_rejected(&database), 0);
    let run = database.last_run();
    assert_eq!(
        database.rows(
            "select distinct closed_as, closed_run from etl.quarantine where constraint_name = 'third'"
        ),
        [format!("replayed|{run}")]
    );
    // What had waited for them gets in with the next run.
    let path = loader.file("nothing.json", "[]");
    loader.load([path]).expect(0);
    assert_same(&clean.dump("mobilize"), &database.dump("mobilize"), "replayed and never rejected");
    assert_eq!(database.count("etl.quarantine where closed_run is null"), 0);
    accounting::check(&database, "mobilize");

    // There is nothing left to be tried.
    let runs = database.count("etl.runs");
    loader.run(["quarantine", "replay"]).expect(0).complains(&["no open rejected record"]);
    assert_eq!(database.count("etl.runs"), runs);
}

#[test]
fn only_those_meant_are_tried_and_their_siblings_are_left_alone() {
    let (database, loader, _) = with_a_third_rejected(111);
    database.execute("alter table mobilize.attendances drop constraint third");
    // What the records carried beside: a replay must not bring it back.
    database.execute(
        "update mobilize.people set given_name = 'changed since', modified_date = modified_date + interval '1 second'",
    );
    let people = database.dump("mobilize").remove("mobilize.people");
    let ids = listed(&loader, &["--constraint", "third"]);
    let before = open_rejected(&database);
    let said = loader.run(["quarantine", "replay", &ids[0], &ids[1], "--format", "json"]).expect(0).stdout;
    let said: serde_json::Value = serde_json::from_str(&said).unwrap();
    assert_eq!(said["replay"]["records"], 2, "{said}");
    assert_eq!(said["replay"]["fates"][0]["fate"], "replayed", "{said}");
    assert_eq!(open_rejected(&database), before - 2);
    assert_eq!(people, database.dump("mobilize").remove("mobilize.people"));
    accounting::check(&database, "mobilize");
}

#[test]
fn what_has_not_been_fixed_stays_as_it_is() {
    let (database, loader, _) = with_bad_records(112);
    let what = "select quarantine_id, outcome, sqlstate, message, closed_run, encode(record_sha256, 'hex'), md5(raw), line, byte
                from etl.quarantine order by quarantine_id";
    let (rows, kept) = (database.physical("mobilize"), database.rows(what));
    assert!(database.count("etl.quarantine where record is null") > 0, "a damaged record is among them");
    loader.run(["quarantine", "replay", "mobilize"]).expect(3);
    assert_eq!(kept, database.rows(what));
    assert_eq!(rows, database.physical("mobilize"));
    accounting::check(&database, "mobilize");
}

#[test]
fn parked_records_are_not_replayed() {
    let (_database, loader, _) = with_bad_records(113);
    loader.run(["quarantine", "replay", "--outcome", "parked"]).expect(2).complains(&["every run"]);
}

#[test]
fn it_waits_for_a_run() {
    let (database, loader, _) = with_bad_records(114);
    let mut other = database.client();
    let mut other = other.transaction().unwrap();
    other.batch_execute("select pg_advisory_xact_lock(hashtextextended('pg_etl mobilize', 0))").unwrap();
    loader.run(["quarantine", "replay", "--lock-timeout", "300ms"]).expect(5).complains(&["process"]);
    assert_eq!(database.count("etl.runs"), 1);
}

/// A table of one's own, merged without a run: the quarantine keeps the staged rows.
fn cities(rows: &str) -> (Database<'static>, Loader) {
    let database = Cluster::shared().database();
    let loader = Loader::at(&database);
    loader.run(["migrate"]).expect(0);
    database.execute(&format!(
        "create table public.regions (region_id integer primary key);
         create table public.\"City\" (
             city_id integer primary key,
             line text,
             region_id integer references public.regions,
             modified integer not null,
             constraint short check (length(line) < 10)
         );
         create temporary table staged as
         select * from (values {rows}) as v (city_id, line, region_id, modified);
         select etl_merge('staged', 'public.\"City\"', 'modified')"
    ));
    (database, loader)
}

#[test]
fn rows_merged_without_a_run_are_replayed_by_their_version() {
    let (database, loader) = cities(
        "('1', 'Kirkwall in Orkney', null, '2'), ('2', 'Lerwick in Shetland', '7', '1'), ('x', 'Ayr', null, '1'), ('3', 'Stromness!', null, '1')",
    );
    assert_eq!(open_rejected(&database), 4);
    database.execute(
        "alter table public.\"City\" drop constraint short;
         insert into public.\"City\" values (3, 'newer', null, 2)",
    );
    let said = loader.run(["quarantine", "replay", "public.\"City\""]).expect(3).stdout;
    assert!(said.contains("still rejected (22P02 city_id)"), "{said}");
    assert_eq!(
        database.rows("select city_id, line from public.\"City\" order by 1"),
        ["1|Kirkwall in Orkney", "3|newer"]
    );
    assert_eq!(
        database.rows("select outcome, closed_as from etl.quarantine order by quarantine_id"),
        ["rejected|replayed", "parked|", "rejected|", "rejected|superseded"]
    );
    // The parent comes: the next merge lets the parked one in. The version it was ranked by is known from the first.
    database.execute(
        "insert into public.regions values (7);
         create temporary table staged as select '1' as city_id, null as line, null as region_id, '1' as modified;
         select etl_merge('staged', 'public.\"City\"', 'modified')",
    );
    assert_eq!(database.count("public.\"City\" where city_id = 2"), 1);
    database.cluster().check_soundness();
}

#[test]
fn more_than_one_run_holds_are_replayed_in_several() {
    let (database, loader) = cities("('0', 'x', null, '1')");
    database.execute(
        "create temporary table staged as
         select n::text as city_id, 'far too long a name' as line, null::text as region_id, '1' as modified
         from generate_series(1, 32010) as n;
         select etl_merge('staged', 'public.\"City\"', 'modified');
         alter table public.\"City\" drop constraint short",
    );
    let runs = database.count("etl.runs");
    loader.run(["quarantine", "replay"]).expect(0);
    assert_eq!(database.count("public.\"City\""), 32_011);
    assert_eq!(open_rejected(&database), 0);
    assert_eq!(database.count("etl.runs"), runs + 2);
    assert_eq!(database.count("etl.quarantine where closed_as = 'replayed'"), 32_010);
}
