//! When a failed try is followed by another: how long the loader waits, and where it goes on.

use super::Feed;
use etl_tests::loader::Loader;
use etl_tests::web::Site;
use etl_tests::web::file::Stop;
use etl_tests::web::page::{Page, RetryAfter};
use std::time::{Duration, Instant};

fn pauses(site: &Site) -> Vec<Duration> {
    let requests = site.requests();
    requests.windows(2).map(|two| two[1].at.duration_since(two[0].at)).collect()
}

#[test]
fn pauses_double_and_differ() {
    let feed = Feed::csv();
    let both: Vec<Vec<Duration>> = std::thread::scope(|scope| {
        let running: Vec<_> = (0..2)
            .map(|_| {
                scope.spawn(|| {
                    let site = Site::plain();
                    let url = site.at("/feed", Page::status(503, "text/plain", "later"));
                    let database = feed.database();
                    feed.run(&Loader::at(&database), &url, &[]).expect(1);
                    pauses(&site)
                })
            })
            .collect();
        running.into_iter().map(|running| running.join().unwrap()).collect()
    });
    for pauses in &both {
        assert_eq!(pauses.len(), 4);
        for (number, pause) in pauses.iter().enumerate() {
            let usual = Duration::from_millis(500 << number);
            assert!(
                *pause >= usual / 2 && *pause < usual * 2 + Duration::from_millis(500),
                "pause {number}: {pause:?}"
            );
        }
    }
    let apart = both[0].iter().zip(&both[1]).map(|(one, other)| one.abs_diff(*other)).max().unwrap();
    assert!(apart > Duration::from_millis(10), "chance has no part in the pauses: {both:?}");
}

#[test]
fn who_asks_to_be_asked_later_is_asked_later() {
    let feed = Feed::csv();
    for (status, when, least) in [
        (503, RetryAfter::Seconds(3), Duration::from_secs(3)),
        (429, RetryAfter::Seconds(3), Duration::from_secs(3)),
        // An HTTP date is a whole second, up to one earlier.
        (503, RetryAfter::Date(4), Duration::from_secs(3)),
    ] {
        let site = Site::plain();
        let url = site.at("/feed", Page::later(status, when).times(1, feed.file().page()));
        let database = feed.database();
        feed.run(&Loader::at(&database), &url, &[]).expect(0);
        let pauses = pauses(&site);
        assert!(pauses.len() == 1 && pauses[0] >= least, "{status} {when:?}: {pauses:?}");
        assert!(pauses[0] < least + Duration::from_secs(3), "{status} {when:?}: {pauses:?}");
        feed.check_loaded(&database, "later");
    }
}

#[test]
fn the_time_for_all_tries_ends() {
    let feed = Feed::csv();
    let site = Site::plain();
    let url = site.at("/feed", Page::status(503, "text/plain", "later"));
    let database = feed.database();
    let begun = Instant::now();
    let ran = feed.run(&Loader::at(&database), &url, &["--download-timeout", "2s"]).expect(1);
    assert!(begun.elapsed() < Duration::from_secs(4), "{:?}", begun.elapsed());
    ran.complains(&["--download-timeout"]);
    assert!(site.requests().len() < 5);
    feed.check_untouched(&database, "too late");
}

#[test]
fn a_signal_ends_the_waiting() {
    let feed = Feed::csv();
    for page in [Page::later(503, RetryAfter::Seconds(50)), feed.file().stops(5_000, Stop::Stall).page()] {
        let site = Site::plain();
        let url = site.at("/feed", page);
        let database = feed.database();
        let loader = Loader::at(&database);
        let running = loader.begin(feed.words(&loader, &url, &[]));
        while site.sent() == 0 {
            std::thread::sleep(Duration::from_millis(5));
        }
        std::thread::sleep(Duration::from_millis(200));
        let struck = Instant::now();
        running.signal("INT");
        let ran = running.end().expect(130);
        assert!(struck.elapsed() < Duration::from_secs(2), "{:?}: {}", struck.elapsed(), ran.stderr);
        feed.check_untouched(&database, "interrupted");
    }
}

#[test]
fn a_cut_body_goes_on_where_it_was_cut() {
    let feed = Feed::csv();
    let size = feed.body.len() as u64;
    let file = || feed.file().etag("\"one\"");
    let cut = |after| file().stops(after, Stop::Close).page();
    // Cut twice: the second answer is a part already.
    let site = Site::plain();
    let url = site.at("/feed", Page::in_turn([cut(50_000), cut(60_000), file().page()]));
    let database = feed.database();
    feed.run(&Loader::at(&database), &url, &[]).expect(0);
    feed.check_loaded(&database, "from parts");
    let asked = site.requests();
    assert_eq!(
        asked.iter().map(|request| request.range_start()).collect::<Vec<_>>(),
        [None, Some(50_000), Some(110_000)]
    );
    assert!(asked[1..].iter().all(|request| request.header("if-range") == Some("\"one\"")));
    assert!(site.sent() < size + 3_000, "{} bytes for {size}", site.sent());

    // What must not be put together is transferred anew.
    let weak = || feed.file().etag("W/\"one\"");
    let other = feed.file().etag("\"two\"");
    for (name, pages) in [
        ("no tag", [feed.file().stops(50_000, Stop::Close).page(), feed.file().page()]),
        ("a weak tag", [weak().stops(50_000, Stop::Close).page(), weak().page()]),
        ("another tag", [cut(50_000), other.page()]),
        ("no ranges", [cut(50_000), file().without_ranges().page()]),
    ] {
        let site = Site::plain();
        let url = site.at("/feed", Page::in_turn(pages));
        let database = feed.database();
        feed.run(&Loader::at(&database), &url, &[]).expect(0);
        feed.check_loaded(&database, name);
        assert!(site.sent() > size + 50_000, "{name}");
    }
}

#[test]
fn a_file_that_changes_between_tries_is_the_old_or_the_new_one() {
    let feed = Feed::csv();
    // The new one has other trips; a mixture would have some of both.
    let new: Vec<u8> = String::from_utf8(feed.body.clone()).unwrap().replace("-01 ", "-02 ").into_bytes();
    assert_ne!(new, feed.body);
    let site = Site::plain();
    let old = feed.file().etag("\"one\"").stops(90_000, Stop::Reset).page();
    let mixed = etl_tests::web::file::File::csv(new.clone()).etag("\"two\"").page();
    let url = site.at("/feed", Page::in_turn([old, mixed]));
    let database = feed.database();
    feed.run(&Loader::at(&database), &url, &[]).expect(0);

    let truth = feed.database();
    let loader = Loader::at(&truth);
    loader.file("new.csv", &new);
    feed.run(&loader, "new.csv", &[]).expect(0);
    etl_tests::database::assert_same(&truth.dump("rides"), &database.dump("rides"), "the new one alone");
    assert_eq!(database.value("select etag from etl.run_sources where name = 'trips'"), "\"two\"");
}

#[test]
fn a_server_whose_ranges_lie_is_not_believed() {
    let feed = Feed::csv();
    // A 206 that begins elsewhere: the whole again, and then as it should be.
    let body = String::from_utf8(feed.body.clone()).unwrap();
    let lie = Page::with(206, &[("Content-Range", "bytes 10-99/100"), ("ETag", "\"one\"")], &body[10..100]);
    let cut = feed.file().etag("\"one\"").stops(50_000, Stop::Close).page();
    let site = Site::plain();
    let url = site.at("/feed", Page::in_turn([cut, lie, feed.file().page()]));
    let database = feed.database();
    feed.run(&Loader::at(&database), &url, &[]).expect(0);
    feed.check_loaded(&database, "in the end");
    assert_eq!(site.requests()[2].range_start(), None);
}
