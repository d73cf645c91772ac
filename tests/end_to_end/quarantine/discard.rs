//! Records closed by hand.
use etl_tests::accounting;
use std::time::{Duration, Instant};

use super::{listed, with_bad_records};

#[test]
fn what_is_meant_is_closed_and_nothing_is_deleted() {
    let (database, loader, _) = with_bad_records(94);
    let (all, rows) = (database.count("etl.quarantine"), database.dump("mobilize"));
    let of_people = database.count("etl.quarantine where target = 'mobilize.people'");
    assert!(of_people > 0);
    let said = loader
        .run(["quarantine", "discard", "--target", "mobilize.people", "--reason", "test people"])
        .expect(0)
        .stdout;
    assert!(said.contains(&format!("discarded {of_people} record")), "{said}");
    let run = database.last_run();
    assert_eq!(
        database.rows("select distinct target, closed_as, closed_reason, closed_run from etl.quarantine where closed_run is not null"),
        [format!("mobilize.people|discarded|test people|{run}")]
    );
    assert_eq!(database.value(&format!("select status from etl.runs where run_id = {run}")), "done");
    assert_eq!(database.count("etl.quarantine"), all);
    assert_eq!(rows, database.dump("mobilize"));

    // By number; a second time there is nothing left to close, and no run is made of it.
    let id = listed(&loader, &[]).remove(0);
    loader.run(["quarantine", "discard", &id, "--reason", "known"]).expect(0);
    let runs = database.count("etl.runs");
    loader.run(["quarantine", "discard", &id, "--reason", "known"]).expect(0).complains(&["no open record"]);
    assert_eq!(database.count("etl.runs"), runs);
    loader.run(["quarantine", "discard", "--all-open", "--reason", "the end"]).expect(0);
    assert_eq!(database.count("etl.quarantine where closed_run is null"), 0);
    accounting::check(&database, "mobilize");
}

#[test]
fn nothing_is_closed_by_mistake() {
    let (database, loader, _) = with_bad_records(95);
    let reason = ["--reason", "why not"];
    for filters in [&[][..], &["mobilize", "--all-open"], &["mobilise"], &["99999"]] {
        let words = ["quarantine", "discard"];
        loader.run(words.iter().chain(filters).chain(&reason)).expect(2);
    }
    loader.run(["quarantine", "discard", "mobilize"]).expect(2).complains(&["--reason"]);
    loader.run(["quarantine", "discard", "mobilize", "--reason", " "]).expect(2);
    assert_eq!(database.count("etl.quarantine where closed_run is not null"), 0);
    assert_eq!(database.count("etl.runs"), 1);
}

#[test]
fn a_discarded_record_that_comes_again_stays_discarded() {
    let (database, loader, _) = with_bad_records(98);
    loader.run(["quarantine", "discard", "mobilize", "--outcome", "rejected", "--reason", "x"]).expect(0);
    let kept = database.rows("select quarantine_id, closed_run, closed_as from etl.quarantine order by 1");
    loader.load([loader.folder().join("bad.json")]).expect(0);
    assert_eq!(
        kept,
        database.rows("select quarantine_id, closed_run, closed_as from etl.quarantine order by 1")
    );
}

#[test]
fn it_waits_for_a_run_and_names_who_is_in_the_way() {
    let (database, loader, _) = with_bad_records(96);
    let mut other = database.client();
    let mut other = other.transaction().unwrap();
    other.batch_execute("select pg_advisory_xact_lock(hashtextextended('pg_etl mobilize', 0))").unwrap();
    let pid: i32 = other.query_one("select pg_backend_pid()", &[]).unwrap().get(0);
    let begun = Instant::now();
    let words = ["--all-open", "--reason", "x", "--lock-timeout", "500ms"];
    loader
        .run(["quarantine", "discard"].iter().chain(&words))
        .expect(5)
        .complains(&[&format!("process {pid}"), &format!("pg_terminate_backend({pid})")]);
    assert!(begun.elapsed() < Duration::from_secs(5), "{:?}", begun.elapsed());
    assert_eq!(database.count("etl.quarantine where closed_run is not null"), 0);
}

#[test]
fn a_loader_that_is_no_superuser_may_close() {
    let (database, loader, _) = with_bad_records(97);
    database.execute("create role closer login in role etl_loader");
    let closer = loader.clone().env("DATABASE_URL", database.cluster().url("closer", database.name()));
    closer.run(["quarantine", "discard", "mobilize", "--reason", "x"]).expect(0);
    assert_eq!(database.count("etl.quarantine where closed_run is null"), 0);
    database.execute("create role looker login in role etl_reader");
    let looker = loader.env("DATABASE_URL", database.cluster().url("looker", database.name()));
    looker.run(["quarantine", "list", "--all"]).expect(0);
}
