//! `loader fetch` killed in the middle, again and again: it goes on from there, asks for no page twice but the one that was under way, misses nothing
//! and has nothing twice.

use super::fetched::{KEY, check_whole, fetch, manifests, snapshot, sorted, with_key, words};
use etl_tests::generate::random::Random;
use etl_tests::inputs;
use etl_tests::loader::{Loader, Running};
use etl_tests::web::api::collection::Collections;
use etl_tests::web::api::{Api, Endpoint, Mischief};
use std::collections::BTreeMap;
use std::time::{Duration, Instant};

const OPTIONS: [&str; 4] = ["--only", "attendances", "--per-page", "50"];

/// Waits until so many pages were asked for.
fn wait(api: &Api, pages: usize, running: &mut Running) {
    let deadline = Instant::now() + Duration::from_secs(30);
    while api.asked(Endpoint::Attendances) < pages {
        assert!(!running.has_ended(), "it has ended before page {pages}");
        assert!(Instant::now() < deadline, "page {pages} is not asked for");
        std::thread::sleep(Duration::from_millis(2));
    }
}

/// How often pages were asked for: the query of each that was asked for more than once.
fn repeated(api: &Api) -> Vec<(String, usize)> {
    let mut asked: BTreeMap<String, usize> = BTreeMap::new();
    for request in api.site().requests() {
        *asked.entry(request.query).or_default() += 1;
    }
    asked.into_iter().filter(|(_, times)| *times > 1).collect()
}

#[test]
fn killed_at_several_pages() {
    let api = Api::new(KEY, Collections::of(&inputs::mobilize(2_500, 71)));
    let pages = api.with(|all| all.attendances.items().len()).div_ceil(50);
    let loader = with_key(Loader::new());
    let mut random = Random::of(71, "kill", 0);
    let mut kills = 0;
    for _ in 0..inputs::rounds(7, 25) {
        let done = api.asked(Endpoint::Attendances);
        let next = done + 1 + usize::try_from(random.below(9)).unwrap();
        if next >= pages {
            break;
        }
        let mut running = loader.begin(words(&api, &OPTIONS));
        wait(&api, next, &mut running);
        // A page comes every 70 ms: in its answer, while it is written, while the next is waited for.
        std::thread::sleep(Duration::from_millis(random.below(75)));
        running.signal("KILL");
        assert_eq!(running.end().status.code(), None, "it was done before it was killed");
        kills += 1;
        assert!(manifests(&loader).is_empty(), "half a snapshot passes for a whole one");
    }
    assert!(kills >= 3, "{kills} kills prove nothing");
    let ran = fetch(&loader, &api, &OPTIONS).expect(0).complains(&["going on after page"]);
    println!(
        "{kills} kills, {} requests for {pages} pages\n{}",
        api.asked(Endpoint::Attendances),
        ran.stderr
    );
    check_whole(&loader, &api);
    let repeated = repeated(&api);
    assert!(repeated.iter().all(|(_, times)| *times == 2), "{repeated:?}");
    assert!(repeated.len() <= kills, "{kills} kills, and asked for again: {repeated:?}");
    assert_eq!(api.asked(Endpoint::Attendances), pages + repeated.len());
}

#[test]
fn other_lists_and_organizations_do_not_take_a_part_away() {
    let api = Api::new(KEY, Collections::of(&inputs::mobilize(1_000, 73)));
    let loader = with_key(Loader::new());
    let mut running = loader.begin(words(&api, &OPTIONS));
    wait(&api, 6, &mut running);
    running.signal("KILL");
    assert_eq!(running.end().status.code(), None, "it was done before it was killed");
    fetch(&loader, &api, &["--only", "events"]).expect(0);
    let other = ["--only", "people", "--organization", "77"];
    let words =
        words(&api, &[]).into_iter().filter(|word| *word != "--organization" && word.parse::<u64>().is_err());
    loader.run(words.chain(other.map(str::to_owned)));
    let before = api.asked(Endpoint::Attendances);
    fetch(&loader, &api, &OPTIONS).expect(0).complains(&["going on after page"]);
    check_whole(&loader, &api);
    let pages = api.with(|all| all.attendances.items().len()).div_ceil(50);
    assert!(api.asked(Endpoint::Attendances) - before < pages, "it began anew");

    // What another saw without a key is no beginning of what one sees with it.
    let without = Loader::new();
    fetch(&without, &api, &["--only", "events"]).complains(&["403"]);
}

#[test]
fn killed_while_a_page_is_under_way() {
    let api = Api::new(KEY, Collections::of(&inputs::mobilize(600, 72)));
    let loader = with_key(Loader::new());
    for page in [1, 2, 9] {
        api.plan(Endpoint::Attendances, page, Mischief::Late(Duration::from_secs(2)), 1);
    }
    for killed in 1..=3 {
        let asked = [1, 1 + 2, 1 + 2 + 8][killed - 1];
        let mut running = loader.begin(words(&api, &OPTIONS));
        wait(&api, asked, &mut running);
        std::thread::sleep(Duration::from_millis(300));
        running.signal("KILL");
        assert_eq!(running.end().status.code(), None);
    }
    fetch(&loader, &api, &OPTIONS).expect(0);
    check_whole(&loader, &api);
    assert_eq!(repeated(&api).len(), 3, "the three that were under way");
}

#[test]
fn interrupted_and_failed_fetches_go_on_too() {
    let api = Api::new(KEY, Collections::of(&inputs::mobilize(600, 73)));
    let loader = with_key(Loader::new());
    api.plan(Endpoint::Attendances, 4, Mischief::Late(Duration::from_secs(20)), 1);
    let mut running = loader.begin(words(&api, &OPTIONS));
    wait(&api, 4, &mut running);
    let struck = Instant::now();
    running.signal("INT");
    running.end().expect(130).complains(&["goes on from here"]);
    assert!(struck.elapsed() < Duration::from_secs(3), "{:?}", struck.elapsed());
    api.plan(Endpoint::Attendances, 7, Mischief::Error(400), 1);
    fetch(&loader, &api, &OPTIONS).expect(1);
    api.plan(Endpoint::Attendances, 9, Mischief::Killed, 5);
    fetch(&loader, &api, &OPTIONS).expect(1);
    assert!(manifests(&loader).is_empty());
    fetch(&loader, &api, &OPTIONS).expect(0);
    check_whole(&loader, &api);
    let asked: Vec<usize> = repeated(&api).into_iter().map(|(_, times)| times).collect();
    assert_eq!(asked.iter().sum::<usize>(), 2 + 2 + 6, "pages 4 and 7 twice, page 9 six times: {asked:?}");
    // With --restart nothing is gone on with.
    api.plan(Endpoint::Attendances, 3, Mischief::Error(400), 1);
    fetch(&loader, &api, &["--only", "attendances", "--per-page", "50", "--full"]).expect(1);
    api.site().forget();
    fetch(&loader, &api, &["--only", "attendances", "--per-page", "50", "--full", "--restart"]).expect(0);
    assert!(api.site().requests()[0].parameter("cursor").is_none());
    check_whole(&loader, &api);
}

#[test]
fn killed_while_the_last_page_becomes_a_snapshot() {
    let api = Api::new(KEY, Collections::of(&inputs::mobilize(280, 75)));
    let expected = api.with(|all| sorted(&all.attendances));
    let pages = expected.len().div_ceil(50);
    let mut random = Random::of(75, "kill", 0);
    let mut unfinished = 0;
    for _ in 0..inputs::rounds(6, 60) {
        let loader = with_key(Loader::new());
        api.site().forget();
        let mut running = loader.begin(words(&api, &OPTIONS));
        wait(&api, pages, &mut running);
        std::thread::sleep(Duration::from_millis(random.below(15)));
        running.signal("KILL");
        drop(running.end());
        unfinished += u32::from(manifests(&loader).is_empty());
        fetch(&loader, &api, &OPTIONS).expect(0);
        // The first snapshot that is there has everything, whichever of the two fetches made it.
        let (_, lines) = snapshot(&loader, &manifests(&loader)[0], Endpoint::Attendances);
        assert!(lines == expected, "{} records of {}", lines.len(), expected.len());
    }
    println!("{unfinished} were killed before there was a snapshot");
}

#[test]
fn two_fetches_do_not_mix() {
    let api = Api::new(KEY, Collections::of(&inputs::mobilize(600, 74)));
    let loader = with_key(Loader::new());
    let mut running = loader.begin(words(&api, &OPTIONS));
    wait(&api, 2, &mut running);
    fetch(&loader, &api, &OPTIONS).expect(5);
    running.end().expect(0);
    check_whole(&loader, &api);
    assert!(repeated(&api).is_empty());
}
