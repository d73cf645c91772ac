//! Certificates: whom the loader believes, and that nothing is asked of whom it does not.

use super::Feed;
use etl_tests::loader::Loader;
use etl_tests::web::Site;
use etl_tests::web::page::Page;
use etl_tests::web::tls::{Authority, Certificate, Security};

#[test]
fn a_certificate_must_be_good_and_its_authority_known() {
    let feed = Feed::csv();
    let authority = Authority::new();
    let database = feed.database();
    let loader = Loader::at(&database);
    authority.write(&loader.folder().join("ca.pem"));
    let with_ca: &[&str] = &["--ca-file", "ca.pem"];
    let cases: [(&str, Security, &[&str], &[&str]); 7] = [
        ("expired", authority.security(Certificate::Expired), with_ca, &["certificate has expired"]),
        ("self-signed", authority.security(Certificate::SelfSigned), with_ca, &["trusts", "--ca-file"]),
        ("another host's", authority.security(Certificate::WrongHost), with_ca, &["is for another host"]),
        ("another authority's", Authority::new().security(Certificate::Good), with_ca, &["trusts"]),
        ("unknown authority", authority.security(Certificate::Good), &[], &["trusts", "--ca-file"]),
        ("TLS 1.0", Security::Tls10, with_ca, &["TLS 1.2 or 1.3"]),
        ("no TLS at all", Security::None, &["--connect-timeout", "500ms"], &["--connect-timeout"]),
    ];
    for (name, security, options, words) in cases {
        let site = Site::with(security);
        site.put("/feed", feed.file().page());
        let url = site.url("/feed").replacen("http://", "https://", 1);
        let ran = feed.run(&loader, &url, options).expect(1).complains(words);
        println!("{name}: {}", ran.stderr.lines().next().unwrap_or_default());
        assert!(site.requests().is_empty(), "{name}: something was asked");
        let tries = if name == "no TLS at all" { 1..=5 } else { 1..=1 };
        assert!(tries.contains(&site.connections()), "{name}: {} connections", site.connections());
    }
    feed.check_untouched(&database, "nobody was believed");

    let site = Site::with(authority.security(Certificate::Good));
    let url = site.at("/feed", feed.file().page());
    feed.run(&loader, &url, with_ca).expect(0);
    feed.check_loaded(&database, "a good certificate");
    loader.file("none.pem", "no certificate");
    for file in ["missing.pem", "none.pem"] {
        feed.run(&loader, &url, &["--ca-file", file]).expect(2).complains(&["--ca-file"]);
    }
}

#[test]
fn nobody_leaves_https() {
    let feed = Feed::csv();
    let authority = Authority::new();
    let (safe, plain) = (Site::with(authority.security(Certificate::Good)), Site::plain());
    let database = feed.database();
    let loader = Loader::at(&database);
    authority.write(&loader.folder().join("ca.pem"));
    let options = ["--ca-file", "ca.pem", "--allow-host", "127.0.0.1"];
    plain.put("/feed", feed.file().page());
    safe.put("/feed", feed.file().page());
    safe.put("/down", Page::redirect(302, &plain.url("/feed")));
    plain.put("/up", Page::redirect(302, &safe.url("/feed")));
    plain.put("/up_and_down", Page::redirect(302, &safe.url("/down")));

    for from in [safe.url("/down"), plain.url("/up_and_down")] {
        feed.run(&loader, &from, &options).expect(1).complains(&["https", "http"]);
        assert!(plain.requests_of("/feed").is_empty(), "{from}: followed");
    }
    feed.check_untouched(&database, "down");
    feed.run(&loader, &plain.url("/up"), &options).expect(0);
    feed.check_loaded(&database, "up");
}
