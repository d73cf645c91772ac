//! Where redirects may lead: to public addresses and to the origin that was typed, and nowhere else, however the address is written. The network is
//! one in which every address can be reached, so what is not refused arrives.

use super::Feed;
use etl_tests::loader::Loader;
use etl_tests::web::Site;
use etl_tests::web::island::Island;
use etl_tests::web::page::Page;
use etl_tests::web::tls::Security;

/// Where the site is that is typed.
const TYPED: &str = "9.9.9.9";

/// Names of the island's own.
const HOSTS: &str = "127.0.0.1 localhost\n::1 ip6-localhost\n\
    127.0.0.1 loopback.example\n169.254.169.254 metadata.google.internal metadata\n10.0.0.8 intranet.example\n\
    8.8.4.4 mixed.example\n192.168.0.1 mixed.example\n8.8.8.8 public.example\n";

/// Places that must not be reached; `PORT` is the port of a site that listens at all of them.
pub const FORBIDDEN: [&str; 54] = [
    // This machine, in all its spellings.
    "http://127.0.0.1:PORT/feed",
    "http://127.1.2.3:PORT/feed",
    "http://2130706433:PORT/feed",
    "http://017700000001:PORT/feed",
    "http://0177.0.0.1:PORT/feed",
    "http://0x7f000001:PORT/feed",
    "http://0x7f.0.0.0x1:PORT/feed",
    "http://127.1:PORT/feed",
    "http://127.0.1:PORT/feed",
    "http://127.0.0.1.:PORT/feed",
    "http://%31%32%37.0.0.1:PORT/feed",
    "http://0:PORT/feed",
    "http://0.0.0.0:PORT/feed",
    "http://[::1]:PORT/feed",
    "http://[0:0:0:0:0:0:0:1]:PORT/feed",
    "http://[::]:PORT/feed",
    "http://[::ffff:127.0.0.1]:PORT/feed",
    "http://[::ffff:7f00:1]:PORT/feed",
    "http://[::127.0.0.1]:PORT/feed",
    "http://localhost:PORT/feed",
    "http://LOCALHOST:PORT/feed",
    "http://ip6-localhost:PORT/feed",
    "http://loopback.example:PORT/feed",
    "//127.0.0.1:PORT/feed",
    "\\\\127.0.0.1:PORT\\feed",
    // The typed address at another port is another origin, which a public address may be; this one is not public.
    "http://10.0.0.1:PORT/feed",
    "http://172.16.0.1:PORT/feed",
    "http://172.31.255.254:PORT/feed",
    "http://192.168.1.1:PORT/feed",
    "http://100.64.0.1:PORT/feed",
    "http://198.18.0.1:PORT/feed",
    "http://[fc00::1]:PORT/feed",
    "http://[fd12:3456::1]:PORT/feed",
    "http://[fe80::1]:PORT/feed",
    "http://[fec0::1]:PORT/feed",
    "http://[64:ff9b::7f00:1]:PORT/feed",
    "http://[64:ff9b::a00:1]:PORT/feed",
    "http://[2002:7f00:1::]:PORT/feed",
    "http://[2002:a00:1::1]:PORT/feed",
    "http://intranet.example:PORT/feed",
    "http://mixed.example:PORT/feed",
    // The cloud's metadata.
    "http://169.254.169.254:PORT/latest/meta-data/",
    "http://2852039166:PORT/latest/meta-data/",
    "http://[::ffff:a9fe:a9fe]:PORT/latest/meta-data/",
    "http://[fd00:ec2::254]:PORT/latest/meta-data/",
    "http://metadata.google.internal:PORT/computeMetadata/v1/",
    // Users in the place of hosts.
    "http://9.9.9.9@127.0.0.1:PORT/feed",
    "http://9.9.9.9%2F@127.0.0.1:PORT/feed",
    "http://user:password@10.0.0.1:PORT/feed",
    // Not HTTP.
    "file:///etc/passwd",
    "ftp://127.0.0.1:PORT/feed",
    "gopher://127.0.0.1:PORT/_feed",
    "unix:///run/docker.sock",
    "data:text/csv,id",
];

/// A network, a site that is typed, and a trap at every address.
pub struct Trap {
    pub island: Island,
    pub typed: Site,
    pub trap: Site,
}

impl Trap {
    /// Nothing where no such network can be made.
    pub fn new(feed: &Feed) -> Option<Self> {
        let island = Island::new()?;
        let typed = Site::on(island.listen(0), Security::None).named(TYPED);
        let trap = Site::on(island.listen(0), Security::None);
        trap.put("*", feed.file().page());
        Some(Self { island, typed, trap })
    }

    /// A forbidden place, with the trap's port.
    pub fn place(&self, place: &str) -> String {
        place.replace("PORT", &self.trap.port().to_string())
    }

    /// The loader, in the network.
    pub fn loader(&self, loader: Loader) -> Loader {
        let words = self.island.inside(&loader.file("hosts", HOSTS));
        let words: Vec<&str> = words.iter().map(String::as_str).collect();
        loader.through(&words)
    }
}

#[test]
fn no_redirect_leads_to_a_private_place() {
    let feed = Feed::csv();
    let Some(trap) = Trap::new(feed) else {
        return;
    };
    let database = feed.database();
    let loader = trap.loader(Loader::at(&database));
    for place in FORBIDDEN {
        let place = trap.place(place);
        trap.typed.put("/feed", Page::redirect(302, &place));
        let ran = feed.run(&loader, &trap.typed.url("/feed"), &[]);
        println!("{place}: {}", ran.stderr.lines().next().unwrap_or_default());
        let ran = ran.expect(1).complains(&["refused"]);
        assert!(!ran.stderr.contains("password@"), "{}", ran.stderr);
        assert_eq!(trap.trap.connections(), 0, "{place}: somebody came");
    }
    feed.check_untouched(&database, "refused");
    // By way of a public place it is no better.
    trap.trap.put("/public", Page::redirect(307, &trap.place("http://10.0.0.1:PORT/private")));
    trap.typed.put("/feed", Page::redirect(302, &trap.place("http://8.8.8.8:PORT/public")));
    feed.run(&loader, &trap.typed.url("/feed"), &[]).expect(1).complains(&["refused"]);
    assert_eq!(trap.trap.requests().len(), 1, "the private place was asked");
    feed.check_untouched(&database, "refused");
}

#[test]
fn what_is_public_or_typed_is_followed() {
    let feed = Feed::csv();
    let Some(trap) = Trap::new(feed) else {
        return;
    };
    let follow = |from: &str, to: &str, options: &[&str]| {
        let database = feed.database();
        let loader = trap.loader(Loader::at(&database));
        trap.typed.put("/from", Page::redirect(302, &trap.place(to)));
        trap.typed.put("/feed", feed.file().page());
        let ran = feed.run(&loader, &(trap.typed.origin_as(from) + "/from"), options);
        let is_followed = ran.status.code() == Some(0);
        if is_followed {
            feed.check_loaded(&database, to);
        }
        (is_followed, ran)
    };
    for (from, to, options, is_followed) in [
        (TYPED, "http://8.8.8.8:PORT/feed", &[][..], true),
        (TYPED, "http://public.example:PORT/feed", &[], true),
        (TYPED, "http://[2606:4700::1]:PORT/feed", &[], true),
        (TYPED, "/feed", &[], true),
        // A typed address may be private, and a redirect to the same origin stays there.
        ("10.0.0.5", "/feed", &[], true),
        ("localhost", "/feed", &[], true),
        ("10.0.0.5", "http://10.0.0.5:PORT/feed", &[], false),
        ("10.0.0.5", "http://10.0.0.6:PORT/feed", &[], false),
        (TYPED, "http://10.0.0.6:PORT/feed", &["--allow-host", "10.0.0.6"], true),
        (TYPED, "http://intranet.example:PORT/feed", &["--allow-host", "Intranet.Example"], true),
        (TYPED, "http://10.0.0.6:PORT/feed", &["--allow-host", "10.0.0.7"], false),
    ] {
        let (found, ran) = follow(from, to, options);
        assert_eq!(found, is_followed, "{from} to {to} with {options:?}: {}", ran.stderr);
        assert!(found || ran.stderr.contains("refused"), "{}", ran.stderr);
    }
}

#[test]
fn redirects_of_every_status_are_followed_and_not_for_ever() {
    let feed = Feed::csv();
    let site = Site::plain();
    site.put("/feed", feed.file().page());
    for status in [301, 302, 303, 307, 308] {
        let database = feed.database();
        site.put("/from", Page::redirect(status, "/feed"));
        feed.run(&Loader::at(&database), &site.url("/from"), &[]).expect(0);
        feed.check_loaded(&database, "followed");
    }
    let database = feed.database();
    let loader = Loader::at(&database);
    let chain = |length: usize| {
        for step in 1..=length {
            let to = if step == length { "/feed".to_owned() } else { format!("/step/{}", step + 1) };
            site.put(&format!("/step/{step}"), Page::redirect(302, &to));
        }
        site.forget();
        feed.run(&loader, &site.url("/step/1"), &[])
    };
    chain(5).expect(0);
    feed.check_loaded(&database, "five");
    for (name, ran) in [
        ("six", chain(6)),
        ("a loop", {
            site.put("/loop", Page::redirect(302, "/loop"));
            site.forget();
            feed.run(&loader, &site.url("/loop"), &[])
        }),
    ] {
        ran.expect(1).complains(&["more than 5 redirects"]);
        assert_eq!(site.requests().len(), 6, "{name}");
    }
    for to in ["", "http://", "http://[::1", "http://a b/"] {
        site.put("/from", Page::redirect(302, to));
        site.forget();
        feed.run(&loader, &site.url("/from"), &[]).expect(1);
        assert!(site.requests().len() <= 6, "{to:?}: {} requests", site.requests().len());
    }
    site.put("/from", Page::with(302, &[], ""));
    feed.run(&loader, &site.url("/from"), &[]).expect(1).complains(&["Location"]);
}

/// Loads from a URL, and checks that all of it came.
fn load(feed: &Feed, url: &str) {
    let database = feed.database();
    feed.run(&Loader::at(&database), url, &["--allow-host", "127.0.0.1"]).expect(0);
    feed.check_loaded(&database, url);
}

/// The URL of a path with user:p@ss and a token in it.
fn with_secrets(site: &Site, path: &str) -> String {
    site.url(path).replacen("http://", "http://user:p%40ss@", 1) + "?token=abc"
}

/// What user:p@ss is in a header.
const BASIC: &str = "Basic dXNlcjpwQHNz";

#[test]
fn credentials_do_not_go_elsewhere() {
    let feed = Feed::csv();
    let (typed, other) = (Site::plain(), Site::plain());
    other.put("*", feed.file().page());
    typed.put("/out", Page::redirect(302, &other.url("/feed")));
    load(feed, &with_secrets(&typed, "/out"));
    assert_eq!(typed.requests()[0].header("authorization"), Some(BASIC));
    let outside = other.requests();
    assert_eq!(outside.len(), 1);
    let told = outside[0].text().to_lowercase();
    for secret in ["authorization", "dxnlcj", "p@ss", "p%40ss", "token", "abc", "cookie", "referer"] {
        assert!(!told.contains(secret), "{secret} was told to another origin: {told}");
    }
    assert!(outside[0].header("user-agent").is_some_and(|agent| agent.starts_with("pg_etl")));
    // Nor do they come back with it, where another origin leads to yet another path.
    let third = Site::plain();
    third.put("*", feed.file().page());
    other.put("/feed", Page::redirect(302, &third.url("/feed")));
    load(feed, &with_secrets(&typed, "/out"));
    assert!(third.requests()[0].header("authorization").is_none());
}

#[test]
fn credentials_go_along_within_their_origin() {
    let feed = Feed::csv();
    let site = Site::plain();
    site.put("/feed", feed.file().page());
    for to in [site.url("/feed"), "/feed".to_owned()] {
        site.put("/in", Page::redirect(302, &to));
        site.forget();
        load(feed, &with_secrets(&site, "/in"));
        let sent: Vec<_> = site
            .requests()
            .iter()
            .map(|request| request.header("authorization").map(str::to_owned))
            .collect();
        assert_eq!(sent, [Some(BASIC.to_owned()), Some(BASIC.to_owned())], "{to}");
    }
}
