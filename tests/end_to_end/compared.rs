//! Rows that equal the target's are left out while they are read. What comes of each row must not depend on it: the same delivery is
//! loaded with and without, which an open record in quarantine makes sure of.

use etl_tests::accounting;
use etl_tests::cluster::Cluster;
use etl_tests::database::Database;
use etl_tests::loader::Loader;
use std::fmt::Write as _;

const DRIVERS: &str = r#"[{"id":1,"tlc_number":"0000001","first_name":"A","last_name":"B"},{"id":2,"tlc_number":"0000002","first_name":"C","last_name":"D"}]"#;
const HEADER: &str = "id,driver_id,request_timestamp,pickup_timestamp,dropoff_timestamp,base_fare,gratuity\n";

fn trip(id: u32, driver: u32, fare: &str) -> String {
    format!("{id},{driver},2021-03-01 08:00:00,,,{fare},0.50\n")
}

/// A hundred trips.
fn earlier() -> String {
    (1..=100).fold(HEADER.to_owned(), |file, id| file + &trip(id, 1, "10.00"))
}

/// The same, and among them changed, changed and back again, back and changed, the same twice, written in another way, of no driver,
/// unreadable, ragged, new, new twice.
fn later() -> String {
    let mut file = earlier();
    for line in [
        trip(1, 2, "11.00"),
        trip(2, 2, "11.00") + &trip(2, 1, "10.00"),
        trip(3, 1, "10.00") + &trip(3, 1, "12.00"),
        trip(4, 1, "10.00"),
        trip(5, 1, "10.0"),
        trip(6, 9, "10.00"),
        trip(7, 1, "10.005"),
        "8,1\n".to_owned(),
        trip(101, 2, "1.00"),
        trip(102, 2, "1.00") + &trip(102, 2, "2.00"),
    ] {
        let _ = file.write_str(&line);
    }
    file
}

/// A trip that waits for its driver keeps every row to be judged.
fn open() -> String {
    HEADER.to_owned() + &trip(900, 900, "1.00")
}

/// Loads the trips before, and the delivery twice: what the last two runs came to, the table, and what is kept of them.
fn outcome(before: &str) -> Vec<Vec<String>> {
    let database: Database<'_> = Cluster::shared().database();
    let loader = Loader::at(&database);
    let file = |name: &str, text: &str| {
        let path = loader.folder().join(name);
        std::fs::write(&path, text).unwrap();
        format!("trips={}", path.display())
    };
    std::fs::write(loader.folder().join("drivers.json"), DRIVERS).unwrap();
    loader.run(["run", "rides", "drivers=drivers.json", &file("earlier.csv", &earlier())]).expect(0);
    loader.run(["run", "rides", &file("open.csv", before)]).expect(0);
    let untouched =
        "select ctid, xmin, xmax from rides.trips where trip_id between 9 and 100 order by trip_id";
    let physical = database.rows(untouched);
    let later = file("later.csv", &later());
    loader.run(["run", "rides", &later]).expect(3);
    accounting::check(&database, "rides");
    assert_eq!(physical, database.rows(untouched));
    let rows = "select trip_id, driver_id, base_fare from rides.trips order by trip_id";
    let counts = "select read, inserted, updated, unchanged, superseded, parked, rejected from etl.run_tables
                  where run_id = (select max(run_id) from etl.runs) and source > 0";
    let first = [database.rows(counts), database.rows(rows)];
    loader.run(["run", "rides", &later]).expect(0);
    accounting::check(&database, "rides");
    assert_eq!(first[1], database.rows(rows));
    let kept = database.rows(
        "select source, line, outcome, sqlstate, copies, closed_as from etl.quarantine
         where parsed ->> 'trip_id' is distinct from '900' order by line",
    );
    let [counts, rows] = first;
    vec![counts, rows, kept]
}

#[test]
fn what_comes_of_a_row_is_the_same() {
    let (left_out, judged) = (outcome(HEADER), outcome(&open()));
    assert_eq!(left_out, judged);
    assert_eq!(left_out[0], ["113|2|2|104|2|1|2"]);
    assert_eq!(left_out[2].len(), 3);
}

/// Of a delivery that brings nothing new no row is written anywhere but what was compared.
#[test]
fn rows_of_two_sources_are_left_out_of_each() {
    let database = Cluster::shared().database();
    let loader = Loader::at(&database);
    std::fs::write(loader.folder().join("drivers.json"), DRIVERS).unwrap();
    std::fs::write(loader.folder().join("trips.csv"), earlier()).unwrap();
    let words = ["run", "rides", "drivers=drivers.json", "trips=trips.csv"];
    loader.run(words).expect(0);
    loader.run(words.into_iter().chain(["--assert-noop"])).expect(0);
    loader.run(words).expect(0);
    assert_eq!(
        database.rows(
            "select source, target, read, unchanged from etl.run_tables
             where run_id = (select max(run_id) from etl.runs) order by source"
        ),
        ["1|rides.drivers|2|2", "2|rides.trips|100|100"]
    );
}
