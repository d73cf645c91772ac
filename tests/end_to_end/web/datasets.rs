//! Whole datasets, all of whose files come from URLs: the same tables and answers as from files, and again nothing is written.

use etl_tests::accounting;
use etl_tests::cluster::Cluster;
use etl_tests::database::assert_same;
use etl_tests::generate::rides::Plan;
use etl_tests::inputs;
use etl_tests::loader::Loader;
use etl_tests::web::Site;
use etl_tests::web::file::{Encoding, File};
use std::path::PathBuf;

/// One file of a dataset: source, and where it lies.
type Files = [(&'static str, PathBuf); 3];

/// The files are offered, packed on their way, under their own names.
fn offer(site: &Site, files: &Files) -> Vec<String> {
    let offered = files.iter().map(|(source, path)| {
        let name = path.file_name().unwrap().to_str().unwrap();
        let bytes = std::fs::read(path).unwrap();
        let file = if name.ends_with(".json") { File::json(bytes) } else { File::csv(bytes) };
        let url =
            site.at(&format!("/{name}"), file.etag(&format!("\"{source}\"")).packed(Encoding::Gzip).page());
        format!("{source}={url}")
    });
    offered.collect()
}

fn check(dataset: &str, files: &Files, questions: &[&[&str]]) {
    let words = |sources: Vec<String>| ["run".to_owned(), dataset.to_owned()].into_iter().chain(sources);
    let truth = Cluster::shared().database();
    let from_files = Loader::at(&truth);
    from_files
        .run(words(files.iter().map(|(source, path)| format!("{source}={}", path.display())).collect()))
        .expect(0);

    let site = Site::plain();
    let sources = offer(&site, files);
    let database = Cluster::shared().database();
    let loader = Loader::at(&database);
    let ran = loader.run(words(sources.clone())).expect(0);
    assert_same(&truth.dump(dataset), &database.dump(dataset), dataset);
    accounting::check(&database, dataset);
    assert_eq!(site.requests().len(), 3, "{}", ran.stderr);
    let size: u64 = files.iter().map(|(_, path)| path.metadata().unwrap().len()).sum();
    assert!(site.sent() < size / 2, "packed on the way: {} of {size}", site.sent());
    for question in questions {
        let ask = |loader: &Loader| loader.run(["query"].iter().chain(*question)).expect(0).stdout;
        let answer = ask(&loader);
        assert!(answer.lines().count() > 3, "{question:?}: {answer}");
        assert_eq!(ask(&from_files), answer, "{question:?}");
    }

    let (rows, sequences) = (database.physical(dataset), database.sequences());
    site.forget();
    loader.run(words(sources)).expect(0);
    assert_eq!(site.requests().len(), 3);
    assert!(site.requests().iter().all(|request| request.header("if-none-match").is_some()));
    assert!(site.sent() < 1_500, "transferred again: {} bytes", site.sent());
    assert_eq!(rows, database.physical(dataset));
    assert_eq!(sequences, database.sequences());
    accounting::check(&database, dataset);
}

#[test]
fn vaccines() {
    let real = |file: &str| inputs::real(&format!("vaccines/{file}"));
    let files = [
        ("moderna", real("cdc-moderna-covid-19-vaccine-distribution-by-state.csv")),
        ("pfizer", real("cdc-pfizer-covid-19-vaccine-distribution-by-state.csv")),
        ("population", real("County_Population.csv")),
    ];
    let [(_, Some(moderna)), (_, Some(pfizer)), (_, Some(population))] = files else {
        return;
    };
    let files = [("moderna", moderna), ("pfizer", pfizer), ("population", population)];
    check("vaccines", &files, &[&["people_per_dose"], &["doses_without_population"]]);
}

#[test]
fn rides() {
    let folder = tempfile::tempdir().unwrap();
    Plan { trips: 20_000, seed: 51, ..Plan::default() }.write_into(folder.path()).unwrap();
    let path = |name: &str| folder.path().join(name);
    let files =
        [("drivers", path("drivers.json")), ("trips", path("trips.csv")), ("charges", path("charges.csv"))];
    check("rides", &files, &[&["trips_without_charges"], &["churned_drivers", "as_of=2021-07-11"]]);
}

#[test]
fn urls_of_the_configuration() {
    let folder = tempfile::tempdir().unwrap();
    let plan = Plan { trips: 500, seed: 52, ..Plan::default() };
    plan.write_into(folder.path()).unwrap();
    let path = |name: &str| folder.path().join(name);
    let files =
        [("drivers", path("drivers.json")), ("trips", path("trips.csv")), ("charges", path("charges.csv"))];
    let site = Site::plain();
    let mut toml = "[dataset.rides]\n".to_owned();
    for offered in offer(&site, &files) {
        let (source, url) = offered.split_once('=').unwrap();
        let format = if source == "drivers" { "json" } else { "csv" };
        toml += &format!(
            "[[dataset.rides.sources]]\nname = \"{source}\"\nformat = \"{format}\"\npath = \"{url}\"\n"
        );
    }
    let database = Cluster::shared().database();
    let loader = Loader::at(&database);
    loader.file("loader.toml", toml);
    loader.run(["run"]).expect(0);
    assert_eq!(database.count("rides.trips"), 500);
    accounting::check(&database, "rides");
    loader.run(["run", "rides", "--assert-noop"]).expect(0);
    // One source that fails fails all of them.
    site.put("/charges.csv", etl_tests::web::page::Page::html());
    let (rows, run) = (database.physical("rides"), database.last_run());
    loader.run(["run", "rides"]).expect(1).complains(&["HTML"]);
    assert_eq!(rows, database.physical("rides"));
    assert_eq!(
        database.number(&format!("select count(*) from etl.runs where run_id > {run} and status = 'done'")),
        0
    );
}
