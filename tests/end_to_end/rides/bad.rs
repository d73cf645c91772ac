//! 99,000 good lines and 1,000 bad ones of ten kinds: the good are in, each bad one can be found, and those that fit a wider column get in by a replay.

use super::load_trips;
use etl_tests::accounting;
use etl_tests::cluster::Cluster;
use etl_tests::generate::rides::{Plan, bad};
use etl_tests::loader::Loader;
use std::collections::BTreeMap;

#[test]
fn every_bad_line_can_be_found_and_some_are_healed() {
    let plan = Plan { trips: 99_000, seed: 5, bad: 1_000, ..Plan::default() };
    let database = Cluster::shared().database();
    let loader = Loader::at(&database);
    load_trips(&loader, &plan, "files").expect(3);
    accounting::check(&database, "rides");
    assert_eq!(database.count("rides.trips"), 99_000);

    let kept = database.rows(
        "select concat_ws(' ', line, sqlstate, field), message
         from etl.quarantine
         where outcome = 'rejected'
         order by line",
    );
    assert_eq!(kept.len(), 1_000);
    // Where the bad lines stand in the file, and what is wrong with each.
    let mut expected = Vec::new();
    let trips = std::fs::read(loader.folder().join("files/trips.csv")).unwrap();
    let mut number = 0;
    for (line, bytes) in trips.split(|byte| *byte == b'\n').enumerate() {
        if bytes.starts_with(b"700000") {
            let (sqlstate, field) = bad::KINDS[number % bad::KINDS.len()];
            let place = format!("{} {sqlstate} {}", line + 1, field.unwrap_or_default());
            expected.push(place.trim_end().to_owned());
            number += 1;
        }
    }
    assert_eq!(number, 1_000);
    for (found, expected) in kept.iter().zip(&expected) {
        let (place, message) = found.split_once('|').unwrap();
        assert_eq!(place, expected, "{message}");
        assert!(!message.is_empty());
    }

    // What a widening migration does; then those that now fit get in, and the others stay.
    database.execute(
        "alter table rides.trips alter base_fare type numeric(16, 4), alter gratuity type numeric(16, 4)",
    );
    loader.run(["quarantine", "replay", "rides"]).expect(3);
    accounting::check_beside_others(&database, "rides");
    assert_eq!(database.count("rides.trips"), 99_200);
    let open: BTreeMap<String, i64> = database
        .rows("select sqlstate, count(*) from etl.quarantine where closed_run is null group by sqlstate")
        .iter()
        .map(|row| row.split_once('|').unwrap())
        .map(|(sqlstate, count)| (sqlstate.to_owned(), count.parse().unwrap()))
        .collect();
    let left = [("22008", 100), ("22021", 100), ("22P02", 200), ("22P04", 300), ("23502", 100)];
    assert_eq!(open, left.map(|(sqlstate, count)| (sqlstate.to_owned(), count)).into());
}
