//! `loader fetch` from a good API: everything comes once, again only what has changed, and what is loaded is what the API has.

use super::fetched::{KEY, check_whole, fetch, manifests, snapshot, sorted, with_key, words};
use etl_tests::accounting;
use etl_tests::cluster::Cluster;
use etl_tests::database::{Database, assert_same};
use etl_tests::inputs;
use etl_tests::loader::Loader;
use etl_tests::web::api::collection::{Collection, Collections};
use etl_tests::web::api::{A_SECOND, Api, Endpoint};
use serde_json::Value;

/// What the tables are when everything that an API has had, in turn, is loaded from files.
fn truth<'a>(deliveries: &[String]) -> Database<'a> {
    let database = Cluster::shared().database();
    let loader = Loader::at(&database);
    for (number, delivery) in deliveries.iter().enumerate() {
        loader.load([loader.file(&format!("{number}.jsonl"), delivery)]).expect(0);
    }
    database
}

/// An attendance as a new one.
fn renumbered(text: &str, id: i64, modified: i64) -> String {
    let mut object: Value = serde_json::from_str(text).unwrap();
    object["id"] = id.into();
    object["modified_date"] = modified.into();
    object.to_string()
}

/// The first object from a place on that has a number: a masked one cannot be told from another.
fn numbered(collection: &Collection, from: usize) -> usize {
    let has_number = |place: &usize| {
        let object: Value = serde_json::from_str(&collection.items()[*place].text).unwrap();
        object["id"].is_i64()
    };
    (from..).find(has_number).unwrap()
}

/// A fetch and a load, again with nothing new, and again with changes.
fn check_three_times(records: u64, per_page: usize) -> usize {
    let api = Api::new(KEY, Collections::of(&inputs::mobilize(records, 61)));
    let all = api.with(|all| all.attendances.items().len());
    let database = Cluster::shared().database();
    let loader = with_key(Loader::at(&database));
    let size = per_page.to_string();
    let options = ["--only", "attendances", "--per-page", size.as_str()];
    let ran = fetch(&loader, &api, &options).expect(0);
    println!("{}{}", ran.stdout, ran.stderr);
    check_whole(&loader, &api);
    let pages = all.div_ceil(per_page);
    assert_eq!(api.asked(Endpoint::Attendances), pages, "every page once");
    assert!(api.busiest_second() <= A_SECOND, "{} requests in a second", api.busiest_second());
    let bytes = api.site().sent();
    loader.run(["run", "mobilize"]).expect(0);
    accounting::check(&database, "mobilize");
    let first = api.with(|all| all.attendances.texts().join("\n"));
    assert_same(
        &truth(std::slice::from_ref(&first)).dump("mobilize"),
        &database.dump("mobilize"),
        "the first load",
    );

    let (rows, sequences) = (database.physical("mobilize"), database.sequences());
    api.site().forget();
    fetch(&loader, &api, &options).expect(0);
    assert!(api.asked(Endpoint::Attendances) <= 2, "{} requests", api.asked(Endpoint::Attendances));
    assert!(api.site().sent() < bytes / 10, "{} of {bytes} bytes again", api.site().sent());
    let since = api.site().requests()[0].parameter("updated_since").map(str::to_owned);
    assert!(since.is_some(), "asked for everything again");
    loader.run(["run", "mobilize", "--assert-noop"]).expect(0);
    loader.run(["run", "mobilize"]).expect(0);
    assert!(rows == database.physical("mobilize"), "the second load has written");
    assert_eq!(sequences, database.sequences());

    let changed_at = api.with(|all| {
        let attendances = &mut all.attendances;
        let changed_at = attendances.newest() + 100;
        let places: Vec<usize> =
            (0..30).map(|number| numbered(attendances, number * step(attendances))).collect();
        attendances.change(&places, changed_at, |object| object["status"] = "CHANGED".into());
        let model = attendances.items()[numbered(attendances, 0)].text.clone();
        attendances.add((0..20).map(|new| renumbered(&model, 900_000_000 + new, changed_at + new)));
        changed_at
    });
    api.site().forget();
    fetch(&loader, &api, &options).expect(0);
    let manifests = manifests(&loader);
    assert_eq!(manifests.len(), 3);
    let (source, lines) = snapshot(&loader, &manifests[2], Endpoint::Attendances);
    assert!(source["updated_since"].as_i64().is_some_and(|since| since <= changed_at), "{source}");
    assert!(api.site().sent() < bytes / 5, "{} of {bytes} bytes again", api.site().sent());
    let run = loader.run(["run", "mobilize"]).expect(0);
    accounting::check(&database, "mobilize");
    assert_eq!(database.count("mobilize.attendances where status = 'CHANGED'"), 30, "{}", run.stdout);
    assert_eq!(database.count("mobilize.attendances where attendance_id >= 900000000"), 20, "{}", run.stdout);
    assert_same(
        &truth(&[first, lines.join("\n")]).dump("mobilize"),
        &database.dump("mobilize"),
        "the third load",
    );
    all
}

/// So far apart are thirty places.
fn step(collection: &Collection) -> usize {
    collection.items().len() / 31
}

#[test]
fn fifty_thousand_attendances() {
    // One record in thirty is another version of an attendance that is there already, which an API does not show.
    assert!(check_three_times(51_600, 200) >= 50_000);
}

#[test]
fn a_few_attendances_in_large_pages() {
    check_three_times(1_000, 400);
}

#[test]
fn a_full_fetch_asks_for_everything_again() {
    let api = Api::new(KEY, Collections::of(&inputs::mobilize(300, 62)));
    let loader = with_key(Loader::new());
    fetch(&loader, &api, &["--only", "attendances"]).expect(0);
    api.site().forget();
    fetch(&loader, &api, &["--only", "attendances", "--full"]).expect(0);
    assert!(api.site().requests().iter().all(|request| request.parameter("updated_since").is_none()));
    check_whole(&loader, &api);
    // Another folder knows of no snapshot.
    api.site().forget();
    fetch(&loader, &api, &["--only", "attendances", "--dir", "elsewhere"]).expect(0);
    assert!(api.site().requests()[0].parameter("updated_since").is_none());
}

#[test]
fn every_list_of_the_organization() {
    let api = Api::new(KEY, Collections::of(&inputs::mobilize(800, 63)));
    let loader = with_key(Loader::new());
    fetch(&loader, &api, &["--per-page", "100"]).expect(0);
    let manifests = manifests(&loader);
    assert_eq!(manifests.len(), 1);
    for endpoint in [Endpoint::Attendances, Endpoint::Events, Endpoint::People] {
        let expected = api.with(|all| {
            sorted(match endpoint {
                Endpoint::Attendances => &all.attendances,
                Endpoint::Events => &all.events,
                Endpoint::People => &all.people,
            })
        });
        assert!(!expected.is_empty());
        assert_eq!(snapshot(&loader, &manifests[0], endpoint).1, expected, "{endpoint:?}");
    }
    assert!(api.busiest_second() <= A_SECOND);
    let keyed = |name: &str| {
        api.site()
            .requests()
            .iter()
            .filter(|request| request.path.ends_with(name))
            .all(|request| request.header("authorization").is_some())
    };
    assert!(keyed("attendances") && keyed("people"));
}

#[test]
fn an_organization_without_anything() {
    let api = Api::new(KEY, Collections::default());
    let database = Cluster::shared().database();
    let loader = with_key(Loader::at(&database));
    for _ in 0..2 {
        fetch(&loader, &api, &["--only", "attendances"]).expect(0);
    }
    assert_eq!(manifests(&loader).len(), 2);
    check_whole(&loader, &api);
    loader.run(["run", "mobilize"]).expect(0);
    assert_eq!(database.count("mobilize.attendances"), 0);
}

#[test]
fn records_that_change_while_pages_are_turned() {
    let api = Api::new(KEY, Collections::of(&inputs::mobilize(1_000, 64)));
    let database = Cluster::shared().database();
    let loader = with_key(Loader::at(&database));
    let running = loader.begin(words(&api, &["--only", "attendances", "--per-page", "50"]));
    while api.asked(Endpoint::Attendances) < 5 {
        std::thread::sleep(std::time::Duration::from_millis(5));
    }
    // Some that came already, and some that did not, go to the end.
    let now =
        i64::try_from(std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap().as_secs())
            .unwrap();
    api.with(|all| {
        let mut places: Vec<usize> = vec![];
        for from in [0, 10, 60, 700, 900] {
            let after = places.last().map_or(0, |place| place + 1);
            places.push(numbered(&all.attendances, from.max(after)));
        }
        all.attendances.change(&places, now, |object| object["status"] = "CHANGED".into());
    });
    running.end().expect(0);
    fetch(&loader, &api, &["--only", "attendances", "--per-page", "50"]).expect(0);
    loader.run(["run", "mobilize"]).expect(0);
    accounting::check(&database, "mobilize");
    assert_eq!(database.count("mobilize.attendances where status = 'CHANGED'"), 5);
    let everything = api
        .with(|all| all.attendances.items().iter().filter(|item| item.text.contains("\"CHANGED\"")).count());
    assert_eq!(everything, 5);
}

#[test]
fn a_snapshot_that_is_not_what_its_manifest_says_is_refused() {
    let api = Api::new(KEY, Collections::of(&inputs::mobilize(200, 65)));
    let database = Cluster::shared().database();
    let loader = with_key(Loader::at(&database));
    fetch(&loader, &api, &["--only", "attendances", "--per-page", "50"]).expect(0);
    let name = manifests(&loader)[0]["sources"][0]["file"].as_str().unwrap().to_owned();
    let path = loader.folder().join("snapshots/mobilize").join(name);
    let whole = std::fs::read(&path).unwrap();
    // Without its last page it is good zstd, and good JSON.
    let text = zstd::decode_all(whole.as_slice()).unwrap();
    let lines: Vec<&[u8]> = text.split_inclusive(|byte| *byte == b'\n').collect();
    let shorter = zstd::encode_all(lines[..lines.len() - 20].concat().as_slice(), 3).unwrap();
    for (name, bytes) in
        [("shorter", shorter), ("cut", whole[..whole.len() / 2].to_vec()), ("empty", Vec::new())]
    {
        std::fs::write(&path, bytes).unwrap();
        let ran = loader.run(["run", "mobilize"]);
        assert!(
            matches!(ran.status.code(), Some(1 | 2)),
            "{name}: {:?}\n{}{}",
            ran.status,
            ran.stdout,
            ran.stderr
        );
    }
    std::fs::remove_file(&path).unwrap();
    let ran = loader.run(["run", "mobilize"]);
    assert!(matches!(ran.status.code(), Some(1 | 2)), "missing: {:?}\n{}", ran.status, ran.stderr);
    std::fs::write(&path, whole).unwrap();
    loader.run(["run", "mobilize"]).expect(0);
    accounting::check(&database, "mobilize");
}

#[test]
fn lists_bring_what_attendances_do_not_name() {
    let plan = inputs::mobilize(600, 66);
    let api = Api::new(KEY, Collections::of(&plan));
    let (events, people) = api.with(|all| {
        let event = all.events.items()[0].text.clone();
        let mut person: Value = serde_json::from_str(&all.people.items()[0].text).unwrap();
        person["user_id"] = 800_000_001.into();
        all.events.add([renumbered(&event, 800_000_000, all.events.newest())]);
        all.people.add([person.to_string()]);
        (all.events.items().len(), all.people.items().len())
    });
    let database = Cluster::shared().database();
    let loader = with_key(Loader::at(&database));
    for _ in 0..2 {
        fetch(&loader, &api, &[]).expect(0);
        let ran = loader.run(["run", "mobilize"]).expect(0);
        accounting::check(&database, "mobilize");
        let truth = inputs::MobilizeTruth::of(&plan.collect());
        assert_eq!(database.count("mobilize.attendances"), truth.attendances, "{}", ran.stdout);
        assert_eq!(database.count("mobilize.events") as usize, events, "{}", ran.stdout);
        assert_eq!(database.count("mobilize.people") as usize, people, "{}", ran.stdout);
        assert_eq!(database.count("etl.quarantine"), 0);
    }
    loader.run(["run", "mobilize", "--assert-noop"]).expect(0);
    let (rows, sequences) = (database.physical("mobilize"), database.sequences());
    fetch(&loader, &api, &[]).expect(0);
    loader.run(["run", "mobilize"]).expect(0);
    assert!(rows == database.physical("mobilize"), "the same again has written");
    assert_eq!(sequences, database.sequences());
}
