//! Rides in large numbers: 50,000 trips, with `ETL_TEST_FULL=1` a million. What must come out is found from the generator's rows, without SQL.

mod bad;

use etl_tests::accounting;
use etl_tests::cluster::Cluster;
use etl_tests::generate::rides::{Plan, Trip, timestamp};
use etl_tests::inputs;
use etl_tests::loader::{Loader, Ran};
use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::path::Path;

const DAY: i64 = 86_400;
/// 2021-07-11, in days since the beginning of the year.
const AS_OF: i64 = 191;

/// Writes a plan's files into a folder of the loader's and loads those of the sources named.
fn load(loader: &Loader, plan: &Plan, folder: &str, sources: &[&str]) -> Ran {
    let path = loader.folder().join(folder);
    std::fs::create_dir(&path).unwrap();
    plan.write_into(&path).unwrap();
    let files = sources.iter().map(|source| {
        let extension = if *source == "drivers" { "json" } else { "csv" };
        format!("{source}={folder}/{source}.{extension}")
    });
    let words: Vec<String> = ["run".to_owned(), "rides".to_owned()].into_iter().chain(files).collect();
    loader.run(words)
}

fn answer(loader: &Loader, words: &[&str]) -> String {
    let words = ["query"].iter().chain(words).chain(&["--format", "csv"]);
    loader.run(words).expect(0).stdout
}

/// Completed trips without a charge, as CSV.
fn trips_without_charges(plan: &Plan) -> String {
    let mut rows = "trip_id,driver_id,dropoff_timestamp,base_fare,gratuity\n".to_owned();
    for number in 1..=plan.trips {
        let trip = plan.trip(number);
        if trip.dropoff.is_some() && plan.charge(number).is_none() {
            let [id, driver, _, _, dropoff, fare, gratuity] = trip.fields();
            let _ = writeln!(rows, "{id},{driver},{dropoff},{fare},{gratuity}");
        }
    }
    rows
}

/// Drivers with a trip before the day, but none in the fourteen days before it, as CSV.
fn churned_drivers(plan: &Plan) -> String {
    let moment = |trip: &Trip| trip.dropoff.or(trip.pickup).unwrap_or(trip.request);
    let mut last: BTreeMap<u64, i64> = BTreeMap::new();
    for trip in (1..=plan.trips).map(|number| plan.trip(number)) {
        let at = moment(&trip);
        if at < AS_OF * DAY {
            let known = last.entry(trip.driver_id).or_insert(at);
            *known = at.max(*known);
        }
    }
    let mut rows = "driver_id,first_name,last_name,last_trip_at\n".to_owned();
    for (id, at) in last.into_iter().filter(|(_, at)| *at < (AS_OF - 14) * DAY) {
        let driver = plan.driver(id);
        let _ = writeln!(rows, "{id},{},{},{}", driver.first_name, driver.last_name, timestamp(at));
    }
    rows
}

#[test]
fn answers_are_right_and_deliveries_are_told_apart() {
    let plan = Plan {
        trips: inputs::rounds(50_000, 1_000_000).into(),
        seed: 11,
        orphans: 25,
        duplicates: 300,
        ..Plan::default()
    };
    let later = Plan { changed: 1, ..plan };
    let all = ["drivers", "trips", "charges"];
    let database = Cluster::shared().database();
    let loader = Loader::at(&database);

    load(&loader, &plan, "first", &all).expect(0);
    accounting::check(&database, "rides");
    let Plan { trips, orphans, duplicates, .. } = plan;
    let drivers = plan.drivers();
    let charges = (1..=trips).filter(|number| plan.charge(*number).is_some()).count() as u64;
    let more = orphans + duplicates;
    assert_eq!(
        database.counts(database.last_run()),
        [
            format!("rides.charges {} {charges} 0 {duplicates} 0 {orphans} 0 0", charges + more),
            format!("rides.drivers {drivers} {drivers} 0 0 0 0 0 0"),
            format!("rides.trips {} {trips} 0 {duplicates} 0 {orphans} 0 0", trips + more),
        ]
    );
    let check_answers = |plan: &Plan| {
        let expected = trips_without_charges(plan);
        assert!(expected.lines().count() as u64 > trips / 100);
        assert_eq!(answer(&loader, &["trips_without_charges"]), expected);
        let expected = churned_drivers(plan);
        assert!(expected.lines().count() as u64 > drivers / 20);
        assert_eq!(answer(&loader, &["churned_drivers", "as_of=2021-07-11"]), expected);
    };
    check_answers(&plan);

    let (rows, sequences) = (database.physical("rides"), database.sequences());
    load(&loader, &plan, "again", &all).expect(0);
    assert!(rows == database.physical("rides"), "the same files again write nothing");
    assert_eq!(sequences, database.sequences());

    load(&loader, &later, "later", &all).expect(0);
    accounting::check(&database, "rides");
    let changed = |has: &dyn Fn(u64) -> bool| (1..=trips).filter(|number| has(*number)).count() as i64;
    let updates = |table: &str| {
        database.number(&format!(
            "select sum(updated) from etl.run_tables where run_id = {} and target = 'rides.{table}'",
            database.last_run()
        ))
    };
    assert_eq!(updates("trips"), changed(&|number| plan.trip(number) != later.trip(number)));
    assert_eq!(updates("charges"), changed(&|number| plan.charge(number) != later.charge(number)));
    assert_eq!(updates("drivers"), 0);
    check_answers(&later);
}

#[test]
fn the_fourteen_days_begin_and_end_where_the_question_says() {
    let database = Cluster::shared().database();
    let loader = Loader::at(&database);
    let drivers: Vec<String> = (1..=7)
        .map(|id| {
            format!("{{\"id\":{id},\"tlc_number\":\"000{id}\",\"first_name\":\"D\",\"last_name\":\"{id}\"}}")
        })
        .collect();
    loader.file("drivers.json", inputs::array(&drivers));
    // Each driver one trip, but for the last: at the edges of [2021-06-27, 2021-07-11), or with no time at all.
    loader.file(
        "trips.csv",
        "id,driver_id,request_timestamp,pickup_timestamp,dropoff_timestamp,base_fare,gratuity\n\
         1,1,,,2021-06-26 23:59:59.999999,1,\n\
         2,2,,,2021-06-27 00:00:00,1,\n\
         3,3,,,2021-07-10 23:59:59,1,\n\
         4,4,,,2021-07-11 00:00:00,1,\n\
         5,5,,2021-06-01 10:00:00,,1,\n\
         6,6,,,,1,\n\
         7,7,2021-06-20 10:00:00,,,1,\n\
         8,7,2021-06-26 23:50:00,2021-06-26 23:55:00,2021-06-27 00:10:00,1,\n",
    );
    loader.file("charges.csv", "id,trip_id,amount_cents\n1,1,\n2,2,0\n3,8,100\n4,8,-100\n");
    loader.run(["run", "rides", "drivers=drivers.json", "trips=trips.csv", "charges=charges.csv"]).expect(0);
    assert_eq!(
        answer(&loader, &["churned_drivers", "as_of=2021-07-11"]),
        "driver_id,first_name,last_name,last_trip_at\n\
         1,D,1,2021-06-26 23:59:59.999999\n\
         5,D,5,2021-06-01 10:00:00\n"
    );
    // A minute later the drivers whose last trip was at the edge are gone, too.
    assert_eq!(
        answer(&loader, &["churned_drivers", "as_of=2021-07-11 00:01:00"]),
        "driver_id,first_name,last_name,last_trip_at\n\
         1,D,1,2021-06-26 23:59:59.999999\n\
         2,D,2,2021-06-27 00:00:00\n\
         5,D,5,2021-06-01 10:00:00\n"
    );
    // A charge of nothing is a charge; trips that were not completed need none.
    assert_eq!(
        answer(&loader, &["trips_without_charges"]),
        "trip_id,driver_id,dropoff_timestamp,base_fare,gratuity\n\
         3,3,2021-07-10 23:59:59,1.00,\n\
         4,4,2021-07-11 00:00:00,1.00,\n"
    );
}

/// Loads drivers and trips alone.
fn load_trips(loader: &Loader, plan: &Plan, folder: &str) -> Ran {
    assert!(!Path::new(folder).is_absolute());
    load(loader, plan, folder, &["drivers", "trips"])
}
