//! The CDC's allocations, cut off at 1,000 rows, and the population of 3,220 counties.

use etl_tests::accounting;
use etl_tests::cluster::Cluster;
use etl_tests::inputs;
use etl_tests::loader::{Loader, Ran};
use std::collections::BTreeMap;
use std::path::PathBuf;

const MODERNA: &str = "vaccines/cdc-moderna-covid-19-vaccine-distribution-by-state.csv";
const PFIZER: &str = "vaccines/cdc-pfizer-covid-19-vaccine-distribution-by-state.csv";
const POPULATION: &str = "vaccines/County_Population.csv";

fn files() -> Option<[PathBuf; 3]> {
    Some([inputs::real(MODERNA)?, inputs::real(PFIZER)?, inputs::real(POPULATION)?])
}

fn run(loader: &Loader, [moderna, pfizer, population]: &[PathBuf; 3]) -> Ran {
    let words = [
        "run".to_owned(),
        "vaccines".to_owned(),
        format!("moderna={}", moderna.display()),
        format!("pfizer={}", pfizer.display()),
        format!("population={}", population.display()),
    ];
    loader.run(words).expect(0)
}

fn answer(loader: &Loader, question: &str) -> Vec<serde_json::Value> {
    let answer = loader.run(["query", question, "--format", "json"]).expect(0);
    serde_json::from_str(&answer.stdout).unwrap()
}

#[test]
fn figures() {
    let Some(files) = files() else {
        return;
    };
    let database = Cluster::shared().database();
    let loader = Loader::at(&database);
    let ran = run(&loader, &files);
    assert_eq!(database.count("vaccines.allocations where vaccine = 'moderna'"), 1_000);
    assert_eq!(database.count("vaccines.allocations where vaccine = 'pfizer'"), 1_000);
    assert_eq!(database.count("vaccines.populations"), 3_220);
    assert_eq!(database.count("vaccines.populations where county like '%' || chr(65533) || '%'"), 17);
    assert_eq!(database.count("etl.quarantine"), 0);
    accounting::check(&database, "vaccines");
    let weeks = database.rows(
        "select count(distinct week_of_allocations), min(week_of_allocations), max(week_of_allocations), count(distinct jurisdiction),
             sum(first_doses + second_doses)
         from vaccines.allocations",
    );
    assert_eq!(weeks, ["16|2021-03-08|2021-06-21|63|274252840"]);

    // Cut off, and by name.
    let missing =
        "lacks Alaska, Federal Entities, Idaho, Mariana Islands, Micronesia, Oregon, Palau, Washington";
    let [moderna, pfizer, _] = &files;
    let cut_off = |file: &PathBuf| format!("{} was probably cut off by a page limit", file.display());
    ran.complains(&[&cut_off(moderna), &cut_off(pfizer), missing]);

    let states: BTreeMap<String, serde_json::Value> = answer(&loader, "people_per_dose")
        .into_iter()
        .map(|row| (row["state"].as_str().unwrap().to_owned(), row))
        .collect();
    assert_eq!(states.len(), 52);
    let people: i64 = states.values().map(|row| row["population"].as_i64().unwrap()).sum();
    assert_eq!(people, 330_362_587);
    for (state, people_per_dose, ratio) in [
        ("Alaska", "0.989983", "0.99:1"),
        ("California", "1.264674", "1.26:1"),
        ("Idaho", "1.399828", "1.4:1"),
        ("Illinois", "1.233217", "1.23:1"),
        ("New York", "1.212886", "1.21:1"),
        ("Pennsylvania", "1.211191", "1.21:1"),
        ("Puerto Rico", "1.127173", "1.13:1"),
        ("Utah", "1.414074", "1.41:1"),
        ("Vermont", "1.125344", "1.13:1"),
    ] {
        let row = &states[state];
        assert_eq!(row["people_per_dose"].to_string().trim_matches('"'), people_per_dose, "{state}");
        assert_eq!(row["ratio"], ratio, "{state}");
    }
    assert_eq!(states["California"]["population"], 39_557_045);
    assert_eq!(states["California"]["doses"], 31_278_440);

    let apart: Vec<String> = answer(&loader, "doses_without_population")
        .iter()
        .map(|row| row["jurisdiction"].as_str().unwrap().to_owned())
        .collect();
    assert_eq!(
        apart,
        [
            "American Samoa",
            "Federal Entities",
            "Guam",
            "Mariana Islands",
            "Marshall Islands",
            "Micronesia",
            "Palau",
            "U.S. Virgin Islands"
        ]
    );
}

#[test]
fn again_nothing_is_written() {
    let Some(files) = files() else {
        return;
    };
    let database = Cluster::shared().database();
    let loader = Loader::at(&database);
    run(&loader, &files);
    let (rows, sequences) = (database.physical("vaccines"), database.sequences());
    run(&loader, &files);
    assert_eq!(rows, database.physical("vaccines"));
    assert_eq!(sequences, database.sequences());
}
