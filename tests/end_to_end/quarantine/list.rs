//! The filters, which list, export, replay and discard share.
use super::{listed, with_bad_records};

#[test]
fn every_filter_finds_what_a_query_finds() {
    let (database, loader, _) = with_bad_records(90);
    let run = database.last_run().to_string();
    let parent = database.value(
        "select parents[1] from etl.quarantine where target = 'mobilize.attendances' and outcome = 'parked' limit 1",
    );
    let constraint =
        database.value("select min(constraint_name) from etl.quarantine where constraint_name is not null");
    for (filters, condition) in [
        (vec!["mobilize"], "true".to_owned()),
        (vec!["--target", "mobilize.attendances"], "target = 'mobilize.attendances'".to_owned()),
        (vec!["--sqlstate", "22P02"], "sqlstate = '22P02'".to_owned()),
        (vec!["--constraint", &constraint], format!("constraint_name = '{constraint}'")),
        (vec!["--run", &run], format!("first_run = {run}")),
        (vec!["--outcome", "parked"], "outcome = 'parked'".to_owned()),
        (
            vec!["--outcome", "rejected", "--sqlstate", "23502"],
            "outcome = 'rejected' and sqlstate = '23502'".to_owned(),
        ),
        (vec!["--waits-for", &parent], format!("'{parent}' = any (parents)")),
        (vec!["1", "3"], "quarantine_id in (1, 3)".to_owned()),
        (
            vec!["mobilize", "--target", "mobilize.people", "--outcome", "parked"],
            "target = 'mobilize.people' and outcome = 'parked'".to_owned(),
        ),
    ] {
        let expected = database.rows(&format!(
            "select quarantine_id from etl.quarantine where {condition} order by quarantine_id desc"
        ));
        assert_eq!(listed(&loader, &filters), expected, "{filters:?}");
    }
    assert!(!listed(&loader, &["--waits-for", &parent]).is_empty());
    assert!(!listed(&loader, &["--constraint", &constraint]).is_empty());
}

#[test]
fn closed_ones_are_shown_when_asked_for() {
    let (database, loader, _) = with_bad_records(91);
    database.execute(
        "update etl.quarantine set closed_run = last_run, closed_as = 'discarded' where quarantine_id = 2",
    );
    let run = database.last_run().to_string();
    assert!(!listed(&loader, &[]).contains(&"2".to_owned()));
    for filters in [&["--all"][..], &["--run", &run], &["2"]] {
        assert!(listed(&loader, filters).contains(&"2".to_owned()), "{filters:?}");
    }
    // Nothing open, though something is there: how it is seen is said.
    database.execute(
        "update etl.quarantine set closed_run = last_run, closed_as = 'discarded' where closed_run is null",
    );
    loader.run(["quarantine", "list", "mobilize"]).expect(0).complains(&["no open record", "--all"]);
}

#[test]
fn names_that_the_database_does_not_know_are_refused() {
    let (database, loader, _) = with_bad_records(92);
    for (filters, word) in [
        (&["mobilise"][..], "mobilise"),
        (&["--target", "mobilize.attendance"], "mobilize.attendance"),
        (&["--target", "no name at all"], "no name at all"),
        (&["--run", "999"], "run 999"),
        (&["1", "99999"], "99999"),
        (&["mobilize", "posts"], "posts"),
        (&["--sqlstate", "sql"], "22P02"),
        (&["--waits-for", "somebody"], "schema.table(columns)=(values)"),
    ] {
        for command in ["list", "replay"] {
            let words = ["quarantine", command];
            loader.run(words.iter().chain(filters)).expect(2).complains(&[word]);
        }
    }
    // A table that no run has loaded yet, and a dataset that only the ledger knows.
    database.execute("create table public.city (city_id integer primary key)");
    loader.run(["quarantine", "list", "--target", "public.city"]).expect(0).complains(&["no open record"]);
    loader.run(["quarantine", "list", "public.city"]).expect(2);
    database.execute(
        "create temporary table staged as select '1' as city_id; select etl_merge('staged', 'public.city')",
    );
    loader.run(["quarantine", "list", "public.city"]).expect(0);
}
