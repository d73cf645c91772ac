//! `loader fetch` from an API that is not good: each fault has its outcome, none leaves half a snapshot, and after it the same command gets everything.

use super::Feed;
use super::fetched::{KEY, check_whole, fetch, manifests, snapshot, with_key};
use super::redirects::{FORBIDDEN, Trap};
use etl_tests::cluster::Cluster;
use etl_tests::inputs;
use etl_tests::loader::Loader;
use etl_tests::web::Site;
use etl_tests::web::api::collection::Collections;
use etl_tests::web::api::{Api, Endpoint, Mischief, path};
use etl_tests::web::page::Page;
use etl_tests::web::tls::Security;
use std::time::Duration;

/// A fault at a page (0: all of them), so many times, and what must come of it.
type Case = (usize, Mischief, usize, i32, &'static [&'static str]);

const OPTIONS: [&str; 6] = ["--only", "attendances", "--per-page", "50", "--read-timeout", "1s"];
const ALWAYS: usize = usize::MAX;

#[test]
fn each_has_its_outcome() {
    let cases: [Case; 20] = [
        (3, Mischief::NextIsItself, ALWAYS, 1, &["next", "page 3"]),
        (3, Mischief::NextIsFirst, ALWAYS, 1, &["page before it"]),
        (6, Mischief::NextIsFirst, ALWAYS, 1, &["page before it"]),
        (3, Mischief::Repeated, ALWAYS, 1, &["same records", "page 3"]),
        (3, Mischief::Skips, ALWAYS, 1, &["came", "counts"]),
        (0, Mischief::Counts(3), ALWAYS, 1, &["came", "counts"]),
        (0, Mischief::Counts(-3), ALWAYS, 1, &["came", "counts"]),
        (3, Mischief::Error(200), ALWAYS, 1, &["error", "page 3"]),
        (3, Mischief::Error(400), ALWAYS, 1, &["400"]),
        (3, Mischief::Error(503), 2, 0, &["503"]),
        (3, Mischief::Error(503), ALWAYS, 1, &["503", "5 tries"]),
        (3, Mischief::Killed, 1, 0, &["try 2 of 5"]),
        (3, Mischief::Killed, ALWAYS, 1, &["5 tries"]),
        (3, Mischief::TooMany(1), 2, 0, &["429"]),
        (3, Mischief::TooMany(3600), ALWAYS, 1, &["3600"]),
        (3, Mischief::Html, ALWAYS, 1, &["HTML", "page 3"]),
        (3, Mischief::Damaged, ALWAYS, 1, &["JSON", "page 3"]),
        (3, Mischief::Late(Duration::from_secs(3)), 1, 0, &["--read-timeout"]),
        (1, Mischief::Next("ftp://127.0.0.1/".into()), ALWAYS, 1, &["next"]),
        (1, Mischief::Next(String::new()), ALWAYS, 1, &["next"]),
    ];
    let collections = Collections::of(&inputs::mobilize(300, 81));
    std::thread::scope(|scope| {
        let running = cases.map(|case| {
            let name = format!("{case:?}");
            let collections = collections.clone();
            (name, scope.spawn(move || check(&case, collections)))
        });
        let failed: Vec<String> =
            running.into_iter().filter_map(|(name, case)| case.join().is_err().then_some(name)).collect();
        assert!(failed.is_empty(), "failed: {failed:#?}");
    });
}

fn check(case: &Case, collections: Collections) {
    let (page, mischief, times, exit, said) = case;
    let api = Api::new(KEY, collections);
    let loader = with_key(Loader::new());
    api.plan(Endpoint::Attendances, *page, mischief.clone(), *times);
    let ran = fetch(&loader, &api, &OPTIONS);
    println!("{case:?}: {}", ran.stderr.lines().find(|line| line.starts_with("loader:")).unwrap_or("done"));
    let ran = ran.expect(*exit).complains(said);
    assert!(!ran.stderr.contains(KEY) && !ran.stdout.contains(KEY));
    assert!(api.busiest_second() <= 15);
    if *exit == 0 {
        return check_whole(&loader, &api);
    }
    assert!(manifests(&loader).is_empty(), "{case:?}: half a snapshot");
    loader.run(["run", "mobilize"]).expect(2);
    api.behave();
    fetch(&loader, &api, &OPTIONS).expect(0);
    check_whole(&loader, &api);
}

#[test]
fn what_never_ends_is_ended() {
    let api = Api::new(KEY, Collections::of(&inputs::mobilize(300, 84)));
    let loader = with_key(Loader::new());
    api.plan(Endpoint::Attendances, 0, Mischief::Drips, ALWAYS);
    let began = std::time::Instant::now();
    fetch(&loader, &api, &["--only", "attendances", "--download-timeout", "2s"])
        .expect(1)
        .complains(&["--download-timeout"]);
    assert!(began.elapsed() < Duration::from_secs(10), "{:?}", began.elapsed());

    let api = Api::new(KEY, Collections::of(&inputs::mobilize(300, 85)));
    api.plan(Endpoint::Attendances, 0, Mischief::Endless, ALWAYS);
    fetch(&loader, &api, &["--only", "attendances"]).expect(1).complains(&["far more than the API counts"]);
    assert!(api.asked(Endpoint::Attendances) < 10);
    assert!(manifests(&loader).is_empty());
}

#[test]
fn a_limit_of_results_is_told_and_nothing_is_taken_for_known() {
    let api = Api::new(KEY, Collections::of(&inputs::mobilize(300, 82)));
    let all = api.with(|all| all.attendances.items().len());
    let loader = with_key(Loader::new());
    api.plan(Endpoint::Attendances, 0, Mischief::LimitedTo(120), ALWAYS);
    fetch(&loader, &api, &OPTIONS).expect(0).complains(&["at most 120", &all.to_string()]);
    let (source, lines) = snapshot(&loader, &manifests(&loader)[0], Endpoint::Attendances);
    assert_eq!((lines.len(), source["results_limited_to"].as_i64()), (120, Some(120)));
    api.behave();
    fetch(&loader, &api, &OPTIONS).expect(0);
    check_whole(&loader, &api);
}

#[test]
fn a_wrong_key_is_told_by_its_status_alone() {
    let api = Api::new("another key", Collections::of(&inputs::mobilize(20, 83)));
    let ran = fetch(&with_key(Loader::new()), &api, &OPTIONS).expect(1).complains(&["403", "key"]);
    assert!(!ran.stderr.contains(KEY), "{}", ran.stderr);
    assert_eq!(api.asked(Endpoint::Attendances), 1);
    fetch(&Loader::new(), &api, &OPTIONS).expect(2).complains(&["MOBILIZE_API_KEY"]);
    assert_eq!(api.asked(Endpoint::Attendances), 1, "asked without a key");
}

#[test]
fn no_next_leads_anywhere_else() {
    let Some(trap) = Trap::new(Feed::csv()) else {
        return;
    };
    let api = Api::on(
        trap.island.listen(0),
        "127.0.0.1",
        Security::None,
        KEY,
        Collections::of(&inputs::mobilize(20, 84)),
    );
    let loader = trap.loader(with_key(Loader::new()));
    for place in FORBIDDEN.iter().chain(&["http://8.8.8.8:PORT/v1", "https://127.0.0.1:PORT/v1"]) {
        let place = trap.place(place);
        api.behave();
        api.plan(Endpoint::Attendances, 1, Mischief::Next(place.clone()), ALWAYS);
        let asked = api.asked(Endpoint::Attendances);
        let ran = fetch(&loader, &api, &["--only", "attendances", "--per-page", "5"]);
        println!("{place}: {}", ran.stderr.lines().next().unwrap_or_default());
        ran.expect(1).complains(&["next"]);
        assert_eq!(trap.trap.connections(), 0, "{place}: somebody came");
        assert_eq!(api.asked(Endpoint::Attendances), asked + 1, "{place}");
    }
    assert!(manifests(&loader).is_empty());
}

#[test]
fn no_redirect_takes_the_key_elsewhere() {
    let other = Site::plain();
    other.put("*", Page::status(200, "application/json", r#"{"count":0,"next":null,"data":[]}"#));
    let api = Api::new(KEY, Collections::of(&inputs::mobilize(20, 85)));
    let loader = with_key(Loader::new());
    for status in [301, 302, 307, 308] {
        api.site().put(&path(Endpoint::Attendances), Page::redirect(status, &other.url("/v1")));
        fetch(&loader, &api, &["--only", "attendances"]).expect(1).complains(&["redirect"]);
    }
    assert_eq!(other.connections(), 0, "the key was taken elsewhere");
    // A key goes over https, or no farther than this machine.
    let database = Cluster::shared().database();
    let words = ["fetch", "mobilize", "--organization", "1", "--api-url", "http://example.org/v1"];
    with_key(Loader::at(&database)).run(words).expect(2).complains(&["https"]);
    let words =
        ["fetch", "mobilize", "--organization", "1", "--api-url", &format!("http://{KEY}@127.0.0.1/v1")];
    let ran = with_key(Loader::new()).run(words).expect(2);
    assert!(!ran.stderr.contains(KEY), "{}", ran.stderr);
}
