//! The 10,000 people and 114 places of the exercise.

use etl_tests::accounting;
use etl_tests::cluster::Cluster;
use etl_tests::database::{Database, assert_same};
use etl_tests::inputs;
use etl_tests::loader::Loader;
use std::ffi::OsString;
use std::path::{Path, PathBuf};

/// Both files, if the machine has them.
fn files() -> Option<(PathBuf, PathBuf)> {
    Some((inputs::real("people/places.csv")?, inputs::real("people/people.csv")?))
}

fn run(loader: &Loader, sources: &[(&str, &Path)]) {
    let mut words: Vec<OsString> = vec!["run".into(), "people".into()];
    for (source, path) in sources {
        let mut word = OsString::from(format!("{source}="));
        word.push(path);
        words.push(word);
    }
    loader.run(words).expect(0);
}

fn answer(loader: &Loader, question: &str) -> serde_json::Value {
    let answer = loader.run(["query", question, "--format", "json"]).expect(0);
    serde_json::from_str(&answer.stdout).unwrap()
}

fn check_figures(database: &Database<'_>, loader: &Loader) {
    let counts = ["people", "cities", "counties", "countries"];
    assert_eq!(
        counts.map(|table| database.count(&format!("people.{table}"))),
        [10_000, 114, 38, 2],
        "people, cities, counties, countries"
    );
    let open = database.count("etl.quarantine where closed_run is null");
    assert_eq!(open, 0, "everybody was born somewhere");
    accounting::check(database, "people");

    let summary = loader.run(["query", "summary_output", "--format", "json"]).expect(0);
    assert_eq!(summary.stdout.trim_end(), r#"{"Scotland":8048,"Northern Ireland":1952}"#);
    // The file that the exercise wants, to the byte.
    loader.run(["export", "summary_output", "--dir", "data"]).expect(0);
    let written = std::fs::read(loader.folder().join("data/summary_output.json")).unwrap();
    let wanted = inputs::real("people/sample_output.json").map(|path| std::fs::read(path).unwrap());
    assert_eq!(Some(written), wanted);
    let countries = answer(loader, "births_by_country");
    assert_eq!(
        countries,
        serde_json::json!([
            {"country": "Scotland", "births": 8048},
            {"country": "Northern Ireland", "births": 1952}
        ])
    );
    let counties = answer(loader, "births_by_county");
    assert_eq!(
        counties.as_array().unwrap()[..3],
        [
            serde_json::json!({"country": "Scotland", "county": "Lanarkshire", "births": 783}),
            serde_json::json!({"country": "Northern Ireland", "county": "Antrim", "births": 554}),
            serde_json::json!({"country": "Northern Ireland", "county": "Down", "births": 554})
        ]
    );
    let cities = answer(loader, "births_by_city");
    assert_eq!(cities.as_array().unwrap().len(), 114);
    assert_eq!(cities[0]["city"], "Campbeltown");
    assert_eq!(cities[0]["births"], 114);

    // Quirks of the file: see its README.
    let dates =
        database.value("select concat_ws(' ', min(date_of_birth), max(date_of_birth)) from people.people");
    assert_eq!(dates, "1837-01-03 1983-12-23");
    let others =
        "people.people where octet_length(given_name || family_name) <> length(given_name || family_name)";
    assert_eq!(database.count(others), 20, "names with letters beyond ASCII");
    let shared = "(select from people.people group by given_name, family_name having count(*) > 1) as shared";
    assert_eq!(database.count(shared), 281, "names of several people");
    assert_eq!(database.count("people.people where occurrence > 1"), 0);
}

#[test]
fn figures() {
    let Some((places, people)) = files() else {
        return;
    };
    let database = Cluster::shared().database();
    let loader = Loader::at(&database);
    run(&loader, &[("places", &places), ("people", &people)]);
    check_figures(&database, &loader);

    let (rows, sequences) = (database.physical("people"), database.sequences());
    run(&loader, &[("places", &places), ("people", &people)]);
    assert_eq!(rows, database.physical("people"), "the same files again write nothing");
    assert_eq!(sequences, database.sequences());
}

#[test]
fn people_before_places_end_in_the_same_tables() {
    let Some((places, people)) = files() else {
        return;
    };
    let (late, usual) = (Cluster::shared().database(), Cluster::shared().database());
    let loader = Loader::at(&late);
    run(&loader, &[("people", &people)]);
    assert_eq!(late.count("people.people"), 0);
    assert_eq!(late.count("etl.quarantine where outcome = 'parked'"), 10_000);
    run(&loader, &[("places", &places)]);
    check_figures(&late, &loader);

    run(&Loader::at(&usual), &[("places", &places), ("people", &people)]);
    assert_same(&usual.dump("people"), &late.dump("people"), "in the usual order, and people first");
}
