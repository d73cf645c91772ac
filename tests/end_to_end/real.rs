//! The real files' known figures, through the loader as an analyst uses it.

mod people;
mod posts;
mod vaccines;

use etl_tests::accounting;
use etl_tests::cluster::Cluster;
use etl_tests::database::Database;
use etl_tests::inputs::{self, MobilizeTruth};
use etl_tests::loader::Loader;

const FILE: &str = "mobilize/attendances.json";

fn check_figures(database: &Database<'_>, loader: &Loader) {
    assert_eq!(
        MobilizeTruth::in_database(database),
        MobilizeTruth {
            attendances: 1_652,
            masked_attendances: 48,
            people: 1_361,
            events: 28,
            timeslots: 115,
            organizations: 2,
            attendance_custom_fields: 1_289,
        }
    );
    assert_eq!(database.count("etl.quarantine"), 0);
    accounting::check(database, "mobilize");
    for (event, numbers) in [
        (265_841, [545, 545, 539, 189]),
        (263_628, [320, 241, 245, 57]),
        (258_619, [207, 207, 204, 59]),
        (263_612, [168, 168, 167, 71]),
        (265_374, [109, 73, 108, 22]),
    ] {
        let [rsvps, people, not_cancelled, attended] = numbers;
        let answer =
            loader.run(["query", "event_rsvps", &format!("event_id={event}"), "--format", "json"]).expect(0);
        assert_eq!(
            answer.stdout.trim_end(),
            format!(
                "[{{\"event_id\":{event},\"rsvps\":{rsvps},\"people\":{people},\"not_cancelled\":{not_cancelled},\"attended\":{attended}}}]"
            )
        );
    }
    let answer = loader.run(["query", "most_completed_event", "--format", "json"]).expect(0);
    let rows: serde_json::Value = serde_json::from_str(&answer.stdout).unwrap();
    assert_eq!(rows[0]["event_id"], 265_841);
    assert_eq!(rows[0]["completed"], 189);
}

#[test]
fn figures_after_migrate_and_run() {
    let Some(file) = inputs::real(FILE) else {
        return;
    };
    let database = Cluster::shared().database();
    let loader = Loader::at(&database);
    loader.run(["migrate"]).expect(0);
    loader.load([file]).expect(0);
    check_figures(&database, &loader);
}

#[test]
fn figures_without_migrate() {
    let Some(file) = inputs::real(FILE) else {
        return;
    };
    let database = Cluster::shared().database();
    let loader = Loader::at(&database);
    loader.load([file]).expect(0);
    check_figures(&database, &loader);
}
