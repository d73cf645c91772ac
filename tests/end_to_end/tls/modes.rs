//! What each `sslmode` makes of each certificate.

use super::certificates::{Authority, of_itself};
use super::{ask, encrypted, over_the_network};
use etl_tests::cluster::{Cluster, programs};
use etl_tests::loader::Loader;
use std::path::Path;
use std::process::Command;

/// What the loader says to a server, mode by mode.
struct Row {
    /// The server's certificate, or `none`.
    server: &'static str,
    /// Whether `sslrootcert` names the authority.
    has_root: bool,
    /// `TLS`, `plain`, or a word of the refusal; in the order of [`MODES`].
    outcomes: [&'static str; 6],
}

const MODES: [&str; 6] = ["disable", "allow", "prefer", "require", "verify-ca", "verify-full"];

const NO_TLS: &str = "offers no TLS";
const NO_ROOT: &str = "root.crt";
const OTHER: &str = "authority that issued";
const NAME: &str = "for other.test, not for db.test";
const OLD: &str = "has expired";

#[rustfmt::skip]
const TABLE: [Row; 10] = [
    Row { server: "none",    has_root: false, outcomes: ["plain", "plain", "plain", NO_TLS, NO_ROOT, NO_ROOT] },
    Row { server: "none",    has_root: true,  outcomes: ["plain", "plain", "plain", NO_TLS, NO_TLS,  NO_TLS] },
    Row { server: "right",   has_root: false, outcomes: ["plain", "plain", "TLS",   "TLS",  NO_ROOT, NO_ROOT] },
    Row { server: "right",   has_root: true,  outcomes: ["plain", "plain", "TLS",   "TLS",  "TLS",   "TLS"] },
    Row { server: "other",   has_root: false, outcomes: ["plain", "plain", "TLS",   "TLS",  NO_ROOT, NO_ROOT] },
    Row { server: "other",   has_root: true,  outcomes: ["plain", "plain", "TLS",   OTHER,  OTHER,   OTHER] },
    Row { server: "misnamed", has_root: false, outcomes: ["plain", "plain", "TLS",  "TLS",  NO_ROOT, NO_ROOT] },
    Row { server: "misnamed", has_root: true, outcomes: ["plain", "plain", "TLS",   "TLS",  "TLS",   NAME] },
    Row { server: "expired", has_root: false, outcomes: ["plain", "plain", "TLS",   "TLS",  NO_ROOT, NO_ROOT] },
    Row { server: "expired", has_root: true,  outcomes: ["plain", "plain", "TLS",   OLD,    OLD,     OLD] },
];

/// What libpq makes of the same connection string.
fn psql(url: &str, home: &Path) -> &'static str {
    let sql = "select ssl from pg_stat_ssl where pid = pg_backend_pid()";
    let mut psql = Command::new(programs().join("psql"));
    psql.args(["-XAtc", sql, url]).env_clear().env("HOME", home).current_dir(home);
    match psql.output().unwrap().stdout.trim_ascii() {
        b"t" => "TLS",
        b"f" => "plain",
        _ => "refused",
    }
}

#[test]
fn every_mode_keeps_its_promise() {
    let cluster = Cluster::on_loopback().unwrap();
    let database = cluster.database();
    let authority = Authority::new("ours");
    let hosts = ["db.test", "127.0.0.1"];
    let mut shown = "none";
    for row in TABLE {
        if shown != row.server {
            let certified = match row.server {
                "right" => authority.certify(&hosts),
                // By its name no other than ours.
                "other" => Authority::new("ours").certify(&hosts),
                "misnamed" => authority.certify(&["other.test"]),
                "expired" => authority.certify_once(&hosts),
                other => panic!("{other}"),
            };
            cluster.encrypt_with(row.server, &certified.certificate, &certified.key);
            shown = row.server;
        }
        for (mode, expected) in MODES.iter().zip(row.outcomes) {
            let loader = Loader::new();
            let root = loader.file("authority.crt", &authority.certificate);
            let root = if row.has_root { format!("sslrootcert={}", root.display()) } else { String::new() };
            let url = over_the_network(&database, "db.test", &format!("sslmode={mode} {root}"));
            let loader = loader.env("DATABASE_URL", &url);
            let (ran, loader_home) = (ask(&loader), loader.folder());
            let heard = psql(&url, loader_home);
            let found = match (ran.status.code(), ran.stdout.trim()) {
                (Some(0), "ssl\nfalse") => "plain",
                (Some(0), "ssl\ntrue TLSv1.3") => "TLS",
                (Some(4), "") if expected != NO_ROOT => &ran.stderr,
                (Some(2), "") if expected == NO_ROOT => &ran.stderr,
                other => panic!("{}, {url}: {other:?}\n{}", row.server, ran.stderr),
            };
            assert!(found.contains(expected), "{}, {url}: {expected} expected, found {found}", row.server);
            // psql looks at the certificate even where it then goes on without TLS: the loader does not.
            let like_psql = match (*mode, expected) {
                ("prefer", "TLS") if row.has_root && ["other", "expired"].contains(&row.server) => "plain",
                (_, "TLS" | "plain") => expected,
                _ => "refused",
            };
            assert_eq!(heard, like_psql, "{}, psql {url}", row.server);
            assert!(found.len() < 6 || found.contains("next: "), "{}, {url}: {found}", row.server);
        }
    }
    cluster.check_soundness();
}

#[test]
fn an_address_is_checked_too_and_a_socket_needs_no_tls() {
    let (cluster, authority) = encrypted();
    let database = cluster.database();
    let loader = Loader::new();
    let root = loader.file("authority.crt", &authority.certificate);
    let port = cluster.address().port();
    let name = database.name();
    let strict = format!("sslmode=verify-full&sslrootcert={}", root.display());
    for (url, expected) in [
        (format!("postgres://postgres@127.0.0.1:{port}/{name}?{strict}"), "true TLSv1.3"),
        (format!("postgres:///{name}?user=postgres&hostaddr=127.0.0.1&port={port}&{strict}"), "true TLSv1.3"),
        (format!("{}&{strict}", database.url()), "false"),
    ] {
        let ran = ask(&loader.clone().env("DATABASE_URL", &url)).expect(0);
        assert_eq!(ran.stdout.trim(), format!("ssl\n{expected}"), "{url}");
    }
    let url = format!("postgres://postgres@localhost:{port}/{name}?{strict}");
    ask(&loader.clone().env("DATABASE_URL", url))
        .expect(4)
        .complains(&["not for localhost", "subjectAltName"]);
    // The file that libpq looks for, and its variables.
    std::fs::create_dir(loader.folder().join(".postgresql")).unwrap();
    std::fs::copy(&root, loader.folder().join(".postgresql/root.crt")).unwrap();
    let variables = loader.clone().env("PGHOST", "127.0.0.1").env("PGPORT", port.to_string());
    let variables = variables.env("PGUSER", "postgres").env("PGDATABASE", name);
    let ran = ask(&variables.clone().env("PGSSLMODE", "verify-full")).expect(0);
    assert_eq!(ran.stdout.trim(), "ssl\ntrue TLSv1.3");
    let missing = variables.env("PGSSLROOTCERT", "missing.crt");
    ask(&missing).expect(2).complains(&["missing.crt", "sslrootcert"]);
    // Of the authorities that a system trusts none knows ours; one that does is found where OpenSSL looks.
    let system = over_the_network(&database, "db.test", "sslrootcert=system");
    let system = loader.env("DATABASE_URL", system);
    ask(&system.clone().env("SSL_CERT_FILE", root)).expect(0);
    let stranger = system.file("stranger.crt", Authority::new("stranger").certificate);
    ask(&system.env("SSL_CERT_FILE", stranger)).expect(4).complains(&["operating system"]);
}

#[test]
fn a_server_that_is_its_own_authority_is_trusted_when_it_is_named() {
    let cluster = Cluster::on_loopback().unwrap();
    let database = cluster.database();
    let own = of_itself(&["db.test"]);
    cluster.encrypt_with("own", &own.certificate, &own.key);
    let loader = Loader::new();
    let root = loader.file("server.crt", &own.certificate);
    let other = loader.file("other.crt", of_itself(&["db.test"]).certificate);
    let strict = |host: &str, root: &std::path::Path| {
        let more = format!("sslmode=verify-full sslrootcert={}", root.display());
        ask(&loader.clone().env("DATABASE_URL", over_the_network(&database, host, &more)))
    };
    strict("db.test", &root).expect(0);
    strict("other.test", &root).expect(4).complains(&["not for other.test"]);
    strict("db.test", &other).expect(4);
}

#[test]
fn prefer_and_allow_take_the_other_way_when_the_server_wants_it() {
    let (cluster, _) = encrypted();
    let database = cluster.database();
    let asked = |mode: &str| {
        let url = over_the_network(&database, "db.test", &format!("sslmode={mode}"));
        ask(&Loader::new().env("DATABASE_URL", url))
    };
    cluster.admit("hostssl all all 127.0.0.1/32 trust");
    assert_eq!(asked("allow").expect(0).stdout.trim(), "ssl\ntrue TLSv1.3");
    asked("disable").expect(4).complains(&["28000", "no encryption"]);
    cluster.admit("hostnossl all all 127.0.0.1/32 trust");
    assert_eq!(asked("prefer").expect(0).stdout.trim(), "ssl\nfalse");
    asked("require").expect(4).complains(&["28000"]);
}

#[test]
fn a_client_shows_its_own_certificate() {
    let (cluster, authority) = encrypted();
    let database = cluster.database();
    let url = over_the_network(&database, "db.test", "sslmode=require");
    let loader = Loader::new().env("DATABASE_URL", url);
    cluster.keep("authority.crt", &authority.certificate);
    cluster.set("ssl_ca_file", "authority.crt");
    cluster.admit("hostssl all all 127.0.0.1/32 trust clientcert=verify-ca");
    ask(&loader).expect(4);
    let own = authority.certify(&["ana"]);
    let certificate = loader.file("ana.crt", &own.certificate);
    let key = loader.file("ana.key", &own.key);
    let shown = loader.env("PGSSLCERT", certificate).env("PGSSLKEY", &key);
    std::fs::set_permissions(&key, std::os::unix::fs::PermissionsExt::from_mode(0o644)).unwrap();
    ask(&shown).expect(2).complains(&["chmod 0600"]);
    std::fs::set_permissions(&key, std::os::unix::fs::PermissionsExt::from_mode(0o600)).unwrap();
    ask(&shown).expect(0);
}
