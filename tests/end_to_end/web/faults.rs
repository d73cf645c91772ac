//! Everything that a server can do wrong, each with its outcome: exit code, words, number of requests, and all of the records or none.

use super::Feed;
use etl_tests::loader::Loader;
use etl_tests::measure::Sampler;
use etl_tests::web::Site;
use etl_tests::web::file::{Encoding, File, Stop};
use etl_tests::web::pack::{gzip, gzip_bomb, zstd};
use etl_tests::web::page::{End, Page, RetryAfter};
use std::time::{Duration, Instant};

/// What a site does, and what must come of it.
struct Case {
    name: &'static str,
    feed: &'static Feed,
    page: Page,
    options: &'static [&'static str],
    exit: i32,
    /// What the loader says on standard error.
    words: &'static [&'static str],
    requests: usize,
}

fn case(
    name: &'static str,
    feed: &'static Feed,
    page: Page,
    outcome: (i32, &'static [&'static str], usize),
) -> Case {
    let (exit, words, requests) = outcome;
    Case { name, feed, page, options: &[], exit, words, requests }
}

impl Case {
    fn with(mut self, options: &'static [&'static str]) -> Self {
        self.options = options;
        self
    }

    fn check(&self) {
        let site = Site::plain();
        let url = site.at("/feed", self.page.clone());
        let database = self.feed.database();
        let loader = Loader::at(&database);
        let begun = Instant::now();
        let ran = self.feed.run(&loader, &url, self.options);
        let took = begun.elapsed();
        let name = self.name;
        println!("{name}: exit {:?}, {} requests, {took:.1?}", ran.status.code(), site.requests().len());
        let said = format!("{name}: {}", ran.stderr);
        assert_eq!(ran.status.code(), Some(self.exit), "{said}");
        for word in self.words {
            assert!(ran.stderr.contains(word), "{word:?} expected: {said}");
        }
        assert_eq!(site.requests().len(), self.requests, "requests: {said}");
        if self.exit == 0 {
            self.feed.check_loaded(&database, name);
        } else {
            self.feed.check_untouched(&database, name);
        }
    }
}

/// Checks the cases side by side, because many of them wait.
fn check(cases: &[Case]) {
    for some in cases.chunks(12) {
        std::thread::scope(|scope| {
            let running: Vec<_> = some.iter().map(|case| (case.name, scope.spawn(|| case.check()))).collect();
            let failed: Vec<&str> =
                running.into_iter().filter_map(|(name, case)| case.join().is_err().then_some(name)).collect();
            assert!(failed.is_empty(), "failed: {failed:?}, see above");
        });
    }
}

#[test]
fn statuses_and_bodies() {
    let (csv, json) = (Feed::csv(), Feed::json());
    let good = || csv.file().page();
    let refuse = |status: u16| Page::status(status, "text/plain", "no");
    let error_in_csv =
        Page::status(200, "text/csv", r#"{"data":null,"error":{"detail":"something is wrong here"}}"#);
    check(&[
        case("a good file", csv, good(), (0, &[], 1)),
        case("good JSON", json, json.file().page(), (0, &[], 1)),
        case("in chunks", csv, csv.file().chunked().page(), (0, &[], 1)),
        case("until closed", csv, csv.file().until_closed().page(), (0, &[], 1)),
        case("404", csv, refuse(404), (1, &["answered 404"], 1)),
        case("403", csv, refuse(403), (1, &["answered 403"], 1)),
        case("204", csv, refuse(204), (1, &["204"], 1)),
        case("500", csv, refuse(500), (1, &["answered 500", "5 tries"], 5)),
        case("500 twice", csv, refuse(500).times(2, good()), (0, &["answered 500"], 3)),
        case("503 for an hour", csv, Page::later(503, RetryAfter::Seconds(3600)), (1, &["503", "3600"], 1)),
        case("429 once", csv, Page::later(429, RetryAfter::Seconds(1)).times(1, good()), (0, &["429"], 2)),
        case("a page for people", csv, Page::html(), (1, &["HTML", "CSV is expected"], 1)),
        case("a page for people as CSV", csv, Page::html_as("text/csv"), (1, &["HTML"], 1)),
        case(
            "a page for people as JSON",
            json,
            Page::html_as("application/json"),
            (1, &["HTML", "JSON is expected"], 1),
        ),
        case("an error's envelope", json, Page::error_json(), (1, &["error"], 1)),
        case("an error's envelope as CSV", csv, error_in_csv, (1, &[], 1)),
        case("empty", csv, Page::empty(), (1, &["empty"], 1)),
        case("empty JSON", json, Page::empty(), (1, &["empty"], 1)),
        case("a header without end", csv, Page::endless_header(), (1, &["header"], 1)),
        case("no HTTP", csv, Page::no_http(), (1, &["not HTTP"], 5)),
    ]);
}

#[test]
fn bodies_that_are_cut() {
    let (csv, json) = (Feed::csv(), Feed::json());
    let good = || csv.file().page();
    let cut = |stop| csv.file().stops(40_000, stop).page();
    const SHORT: &[&str] = &["--read-timeout", "1s"];
    let announced_shorter = json.file().length_off(-5_000).page();
    check(&[
        case("cut once", csv, cut(Stop::Close).times(1, good()), (0, &["cut off after 40000 of"], 2)),
        case("cut always", csv, cut(Stop::Close), (1, &["cut off after 40000 of", "5 tries"], 5)),
        case("reset in the middle once", csv, cut(Stop::Reset).times(1, good()), (0, &["cut off"], 2)),
        case("reset in the middle", csv, cut(Stop::Reset), (1, &["cut off"], 5)),
        case("reset instead of an answer once", csv, Page::silent(End::Reset).times(1, good()), (0, &[], 2)),
        case("reset instead of an answer", csv, Page::silent(End::Reset), (1, &["5 tries"], 5)),
        case("closed instead of an answer", csv, Page::silent(End::Close), (1, &["without an answer"], 5)),
        case("announced as longer", csv, csv.file().length_off(7).page(), (1, &["cut off"], 5)),
        case("announced as shorter", json, announced_shorter, (1, &[], 1)),
        case("a broken chunk", csv, Page::broken_chunk("text/csv", csv.body.clone()), (1, &["5 tries"], 5)),
        case(
            "chunks that end in the middle",
            csv,
            csv.file().chunked().stops(40_000, Stop::Close).page(),
            (1, &["5 tries"], 5),
        ),
        case("stalls once", csv, cut(Stop::Stall).times(1, good()), (0, &["--read-timeout"], 2)).with(SHORT),
        case("stalls always", csv, cut(Stop::Stall), (1, &["--read-timeout", "5 tries"], 5)).with(SHORT),
        case(
            "a byte a second",
            csv,
            csv.file().paced(1, Duration::from_secs(1)).page(),
            (1, &["--download-timeout"], 1),
        )
        .with(&["--download-timeout", "4s"]),
    ]);
}

#[test]
fn packed_bodies() {
    let (csv, json) = (Feed::csv(), Feed::json());
    let damaged = |mut packed: Vec<u8>| {
        let middle = packed.len() / 2;
        packed[middle..middle + 8].fill(0x55);
        File::csv(packed).page()
    };
    let half = |packed: Vec<u8>| File::csv(packed[..packed.len() / 2].to_vec()).page();
    check(&[
        case("gzip on the way", csv, csv.file().packed(Encoding::Gzip).page(), (0, &[], 1)),
        case("zstd on the way", json, json.file().packed(Encoding::Zstd).page(), (0, &[], 1)),
        case("a .gz file", csv, File::new("application/gzip", gzip(&csv.body)).page(), (0, &[], 1)),
        case("a .zst file", json, File::new("application/zstd", zstd(&json.body)).page(), (0, &[], 1)),
        case(
            "gzip on the way, cut once",
            csv,
            csv.file()
                .packed(Encoding::Gzip)
                .stops(9_000, Stop::Close)
                .page()
                .times(1, csv.file().packed(Encoding::Gzip).page()),
            (0, &["cut off"], 2),
        ),
        case("damaged gzip", csv, damaged(gzip(&csv.body)), (1, &["gzip"], 1)),
        case("damaged zstd", csv, damaged(zstd(&csv.body)), (1, &["zst"], 1)),
        case("half a .gz file", csv, half(gzip(&csv.body)), (1, &["gzip"], 1)),
        case("half a .zst file", csv, half(zstd(&csv.body)), (1, &["zst"], 1)),
    ]);
}

/// The header of trips, and a line of them.
const HEADER: &str = "id,driver_id,request_timestamp,pickup_timestamp,dropoff_timestamp,base_fare,gratuity\n";
const LINE: &str = "1,1,2021-02-03 04:05:06,2021-02-03 04:05:06,2021-02-03 04:05:06,10.00,1.00\n";

#[test]
fn what_is_too_long_is_not_taken() {
    let feed = Feed::csv();
    let bomb = gzip_bomb(HEADER, LINE, 512);
    let bombs = [
        ("a bomb", File::new("application/gzip", bomb.clone()).page()),
        ("announced 10 GB", Page::long("text/csv", HEADER, LINE, Some(10_000_000_000))),
        ("without end", Page::long("text/csv", HEADER, LINE, None)),
    ];
    for (name, page) in bombs {
        let site = Site::plain();
        let url = site.at("/feed", page);
        let database = feed.database();
        let loader = Loader::at(&database);
        let running = loader.begin(feed.words(&loader, &url, &["--max-download", "20MB"]));
        let memory = Sampler::of(running.pid());
        let ran = running.end().expect(1).complains(&["--max-download"]);
        let (anonymous, _) = memory.end();
        println!(
            "{name}: {} requests, {} bytes sent, {} KiB at most",
            site.requests().len(),
            site.sent(),
            anonymous.peak
        );
        assert!(anonymous.peak < 64 * 1024, "{name}: {} KiB", anonymous.peak);
        assert_eq!(site.requests().len(), 1, "{name}: {}", ran.stderr);
        // What the socket's buffers hold was sent, too.
        assert!(site.sent() < 40_000_000, "{name}: {} bytes", site.sent());
        feed.check_untouched(&database, name);
        let left = std::fs::read_dir(loader.folder().join(".cache/pg_etl/sources")).unwrap().count();
        assert_eq!(left, 0, "{name}: what came is left in the cache");
    }
    // The same bomb is no bomb to whoever wants it all; its checksum is wrong.
    let site = Site::plain();
    let url = site.at("/feed", File::new("application/gzip", bomb).page());
    let database = feed.database();
    feed.run(&Loader::at(&database), &url, &["--max-download", "1GiB"]).expect(1).complains(&["gzip"]);
    feed.check_untouched(&database, "the whole bomb");
}

#[test]
fn what_is_no_url_is_a_mistake_of_the_caller() {
    let feed = Feed::csv();
    let database = feed.database();
    let loader = Loader::at(&database);
    for location in [
        "http://",
        "https://[::1",
        "http://a b/trips",
        "ftp://127.0.0.1/trips",
        "file:///etc/passwd",
        "gopher://x/",
        "s3://bucket/trips",
    ] {
        feed.run(&loader, location, &[]).expect(2);
    }
    feed.check_untouched(&database, "no URL");
    let nowhere = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let ran = feed.run(&loader, &format!("http://{nowhere}/trips"), &[]).expect(1);
    ran.complains(&["no connection", "5 tries"]);
    feed.check_untouched(&database, "nobody there");
}
