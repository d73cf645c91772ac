//! Keys and passwords that came by the environment or by the configuration are nowhere else: not in what is said, logged, kept, listed or named.

use super::fetched::{KEY, fetch, manifests, with_key, words};
use etl_tests::cluster::Cluster;
use etl_tests::inputs;
use etl_tests::loader::{Loader, Ran, Running};
use etl_tests::web::Site;
use etl_tests::web::api::collection::Collections;
use etl_tests::web::api::{Api, Endpoint, Mischief, path};
use etl_tests::web::file::{File, Stop};
use etl_tests::web::page::Page;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;
use std::time::Duration;

const PASSWORD: &str = "canary-password-91";
const USER_OF_URL: &str = "canary-user-17";
const PASSWORD_OF_URL: &str = "canary-word-33";
const TOKEN: &str = "canary-token-58";
/// `user:password`, as HTTP has it.
const BASIC: &str = "Y2FuYXJ5LXVzZXItMTc6Y2FuYXJ5LXdvcmQtMzM=";

/// Which of the secrets a text has.
fn told(text: &str) -> Vec<&'static str> {
    let secrets = [KEY, PASSWORD, USER_OF_URL, PASSWORD_OF_URL, TOKEN, BASIC];
    secrets.into_iter().filter(|secret| text.contains(secret)).collect()
}

/// Checks what a loader said.
#[track_caller]
fn check_said(ran: &Ran) {
    for (place, text) in [("stdout", &ran.stdout), ("stderr", &ran.stderr)] {
        assert_eq!(told(text), Vec::<&str>::new(), "{place}:\n{text}");
    }
}

/// Looks at a running loader's line in the list of processes until it ends.
fn watch(mut running: Running) -> Ran {
    let path = format!("/proc/{}/cmdline", running.pid());
    let mut looks = 0;
    while !running.has_ended() {
        if let Ok(line) = std::fs::read(&path)
            && !line.is_empty()
        {
            looks += 1;
            assert_eq!(told(&String::from_utf8_lossy(&line)), Vec::<&str>::new(), "the list of processes");
        }
        std::thread::sleep(Duration::from_millis(3));
    }
    assert!(looks > 0, "it was never looked at");
    running.end()
}

/// Checks names and contents of all files below a folder, but for those that were written there by hand.
fn check_files(folder: &Path, by_hand: &[&str]) -> usize {
    let mut seen = 0;
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        assert_eq!(told(&path.to_string_lossy()), Vec::<&str>::new(), "a file's name");
        if path.is_dir() {
            seen += check_files(&path, by_hand);
        } else if !by_hand.iter().any(|name| path.ends_with(name)) {
            let bytes = std::fs::read(&path).unwrap();
            let text = zstd::decode_all(bytes.as_slice()).unwrap_or(bytes);
            assert_eq!(told(&String::from_utf8_lossy(&text)), Vec::<&str>::new(), "{}", path.display());
            seen += 1;
        }
    }
    seen
}

#[test]
fn nowhere_to_be_found() {
    // A server of its own: everything that is asked of it is logged.
    let cluster = Cluster::quick().unwrap();
    let database = cluster.database();
    database.execute("alter system set log_statement = 'all'");
    database.execute("alter system set log_connections = on");
    database.execute("select pg_reload_conf()");
    let url = database.url().replacen("postgres@", &format!("postgres:{PASSWORD}@"), 1);
    assert!(url.contains(PASSWORD));
    let loader = with_key(Loader::new().env("DATABASE_URL", url));

    let (site, other) = (Site::plain(), Site::plain());
    let records = inputs::mobilize(60, 91).collect();
    let file = |etag: &str| File::json(inputs::array(&records)).etag(etag);
    let secret = format!("{USER_OF_URL}:{PASSWORD_OF_URL}@127.0.0.1");
    let typed =
        site.url("/attendances.json").replacen("127.0.0.1", &secret, 1) + "?key=" + TOKEN + "&" + TOKEN;
    loader.file(
        "loader.toml",
        format!("[dataset.mobilize]\n[[dataset.mobilize.sources]]\nname = \"attendances\"\nformat = \"json\"\npath = \"{typed}\"\n"),
    );
    let named = format!("{}?token={TOKEN}", site.url("/elsewhere").replacen("127.0.0.1", &secret, 1));
    let pages = [
        ("good", 0, file("\"one\"").paced(20_000, Duration::from_millis(20)).page()),
        ("again", 0, file("\"one\"").page()),
        ("404", 1, Page::status(404, "text/plain", TOKEN)),
        ("500", 1, Page::status(500, "text/plain", TOKEN)),
        ("a page for people", 1, Page::html()),
        ("cut", 1, file("\"two\"").stops(9_000, Stop::Reset).page()),
        ("redirected elsewhere", 1, Page::redirect(302, &other.url(&format!("/?{TOKEN}")))),
        ("redirected to a user", 1, Page::redirect(302, &named)),
        ("redirected to a file", 1, Page::redirect(302, &format!("file:///{TOKEN}"))),
    ];
    for (name, exit, page) in pages {
        site.put("/attendances.json", page);
        let ran = watch(loader.begin(["run", "mobilize", "--download-timeout", "4s"]));
        println!("{name}: {}", ran.stderr.lines().last().unwrap_or_default());
        // The path of a redirect is the server's own, not ours to keep secret.
        if name != "redirected to a file" {
            check_said(&ran);
        }
        ran.expect(exit);
    }
    assert!(
        site.requests().iter().all(|request| told(&request.text()).contains(&BASIC)),
        "sent where it belongs"
    );
    assert_eq!(other.connections(), 0);
    for location in [
        format!("https://{secret}:x/?{TOKEN}"),
        format!("ftp://{secret}/?{TOKEN}"),
        format!("http://{secret}/a b?{TOKEN}#{TOKEN}"),
    ] {
        let ran =
            loader.run(["run", "mobilize", &format!("attendances={location}"), "--download-timeout", "1s"]);
        check_said(&ran);
    }
    check_said(&loader.run(["status"]).expect(0));
    check_said(&loader.run(["doctor"]));

    let api = Api::new(KEY, Collections::of(&inputs::mobilize(400, 92)));
    let some = ["--only", "attendances", "--per-page", "100", "--download-timeout", "4s"];
    for (mischief, exit) in [
        (Mischief::Error(200), 1),
        (Mischief::Error(400), 1),
        (Mischief::Killed, 1),
        (Mischief::Next(format!("http://{KEY}@127.0.0.1:1/{KEY}?key={KEY}")), 1),
        (Mischief::Html, 1),
        (Mischief::Counts(0), 0),
    ] {
        api.behave();
        api.plan(Endpoint::Attendances, 2, mischief.clone(), usize::MAX);
        let ran = watch(loader.begin(words(&api, &some)));
        if !matches!(mischief, Mischief::Next(_)) {
            check_said(&ran);
        }
        ran.expect(exit);
    }
    check_said(&fetch(&loader, &api, &some).expect(0));
    assert_eq!(manifests(&loader).len(), 2);
    // The snapshots, not the URL of the configuration.
    loader.file(
        "loader.toml",
        "[dataset.mobilize]\n[[dataset.mobilize.sources]]\nname = \"attendances\"\nformat = \"json\"\n",
    );
    check_said(&loader.run(["run", "mobilize"]).expect(0));

    // A password file, which goes with a URL that has none.
    let passwords = loader.file(".pgpass", format!("*:*:*:*:{PASSWORD}\n"));
    std::fs::set_permissions(&passwords, std::fs::Permissions::from_mode(0o600)).unwrap();
    let by_file = loader.clone().env("DATABASE_URL", database.url());
    check_said(&watch(by_file.begin(["run", "mobilize"])).expect(0));

    let ledger = database.dump("etl");
    assert!(ledger["etl.run_sources"].contains("/attendances.json?key=..."));
    for (table, rows) in ledger {
        assert_eq!(told(&rows), Vec::<&str>::new(), "{table}");
    }
    let log = cluster.log();
    assert!(log.contains("etl.run_sources"), "statements are logged");
    assert_eq!(told(&log), Vec::<&str>::new(), "the server's log");
    let seen = check_files(loader.folder(), &[".pgpass"]);
    assert!(seen >= 6, "{seen} files: copies, snapshots, manifests");
    // What is looked for is found where it is.
    assert_eq!(told(&format!("a {KEY} b {BASIC}")), [KEY, BASIC]);
}

/// An error that repeats what it was asked with.
fn repeating(secret: &str) -> Page {
    let reply = format!("{{\"data\":null,\"error\":\"{secret} is not known\"}}");
    Page::status(200, "application/json", &reply)
}

#[test]
fn what_a_server_repeats_is_not_repeated() {
    let site = Site::plain();
    let url = site.at("/attendances.json", repeating(TOKEN));
    let database = Cluster::shared().database();
    let loader = Loader::at(&database);
    let ran = loader.run(["run", "mobilize", &format!("attendances={url}?token={TOKEN}")]).expect(1);
    check_said(&ran.complains(&["error"]));
    assert_eq!(told(&database.dump("etl")["etl.runs"]), Vec::<&str>::new(), "the ledger");
}

#[test]
fn what_an_api_repeats_is_not_repeated() {
    let api = Api::new(KEY, Collections::default());
    api.site().put(&path(Endpoint::Attendances), repeating(KEY));
    let ran = fetch(&with_key(Loader::new()), &api, &["--only", "attendances"]).expect(1);
    check_said(&ran.complains(&["error", "is not known"]));
}
