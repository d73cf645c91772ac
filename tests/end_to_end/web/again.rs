//! The same URL again: what has not changed is not transferred, and nothing is written.

use super::Feed;
use etl_tests::loader::Loader;
use etl_tests::web::Site;
use etl_tests::web::file::File;
use etl_tests::web::page::Page;

const DATE: &str = "Mon, 01 Feb 2021 00:00:00 GMT";

#[test]
fn what_has_not_changed_is_loaded_from_its_copy() {
    let feed = Feed::csv();
    for (name, file) in [
        ("a tag", feed.file().etag("\"one\"")),
        ("a weak tag", feed.file().etag("W/\"one\"")),
        ("a date", feed.file().modified(DATE)),
    ] {
        let site = Site::plain();
        let url = site.at("/feed", file.page());
        let database = feed.database();
        let loader = Loader::at(&database);
        feed.run(&loader, &url, &[]).expect(0);
        let (rows, sequences) = (database.physical("rides"), database.sequences());
        let sent = site.sent();
        let ran = feed.run(&loader, &url, &["--assert-noop"]).expect(0);
        assert!(ran.stderr.contains("not changed since run"), "{name}: {}", ran.stderr);
        assert!(site.sent() - sent < 1_000, "{name}: transferred again");
        assert_eq!(rows, database.physical("rides"), "{name}");
        assert_eq!(sequences, database.sequences(), "{name}");
        feed.check_loaded(&database, name);

        // The copy is what the run before took, so another database can be filled from it only where it was loaded before.
        let other = feed.database();
        feed.run(&loader.clone().env("DATABASE_URL", other.url()), &url, &[]).expect(0);
        feed.check_loaded(&other, name);
    }
}

#[test]
fn without_its_copy_a_source_is_transferred_unless_no_copies_are_wanted() {
    let feed = Feed::csv();
    let site = Site::plain();
    let url = site.at("/feed", feed.file().etag("\"one\"").page());
    let database = feed.database();
    let loader = Loader::at(&database);
    feed.run(&loader, &url, &[]).expect(0);
    std::fs::remove_dir_all(loader.folder().join(".cache")).unwrap();
    // Drivers come from a file, so there is something to load beside it.
    feed.run(&loader, &url, &[]).expect(0);
    assert_eq!(site.requests().len(), 2, "asked for without conditions");
    feed.check_loaded(&database, "drivers beside it");

    let json = Feed::json();
    let site = Site::plain();
    let url = site.at("/feed", json.file().etag("\"one\"").page());
    let database = json.database();
    let loader = Loader::at(&database);
    json.run(&loader, &url, &[]).expect(0);
    // A copy that is gone costs a transfer, and nothing else.
    std::fs::remove_dir_all(loader.folder().join(".cache")).unwrap();
    json.run(&loader, &url, &[]).expect(0);
    assert_eq!(site.requests().len(), 2);
    json.check_loaded(&database, "loaded once more");

    // Who wants no copies is told that there is nothing to load, unless the tables are asked about.
    let config = std::fs::read_to_string("../loader/loader.toml").unwrap();
    loader.file("loader.toml", config.replace("keep_copies = true", "keep_copies = false"));
    let run = database.last_run();
    let ran = json.run(&loader, &url, &[]).expect(0);
    assert!(ran.stderr.contains(&format!("not changed since run {run}, nothing to load")), "{}", ran.stderr);
    assert_eq!(database.last_run(), run, "a run that loads nothing");
    assert_eq!(site.requests().len(), 3);
    json.check_loaded(&database, "nothing to load");
    for (option, code) in [("--assert-noop", 0), ("--dry-run", 0), ("--refetch", 0)] {
        let ran = json.run(&loader, &url, &[option]).expect(code);
        assert!(!ran.stderr.contains("nothing to load"), "{option}: {}", ran.stderr);
    }
}

#[test]
fn what_has_changed_is_transferred() {
    let feed = Feed::json();
    let site = Site::plain();
    let url = site.at("/feed", feed.file().etag("\"one\"").modified(DATE).page());
    let database = feed.database();
    let loader = Loader::at(&database);
    feed.run(&loader, &url, &[]).expect(0);
    let changed = String::from_utf8(feed.body.clone()).unwrap().replace("\"REGISTERED\"", "\"CONFIRMED\"");
    site.put("/feed", File::json(changed.clone()).etag("\"two\"").modified(DATE).page());
    feed.run(&loader, &url, &[]).expect(0);
    let truth = feed.database();
    let from_disk = Loader::at(&truth);
    from_disk.file("old.json", &feed.body);
    from_disk.file("new.json", changed);
    feed.run(&from_disk, "old.json", &[]).expect(0);
    feed.run(&from_disk, "new.json", &[]).expect(0);
    etl_tests::database::assert_same(&truth.dump("mobilize"), &database.dump("mobilize"), "both in turn");
    assert_eq!(
        database
            .rows("select etag, last_modified, url_sha256 is not null from etl.run_sources order by run_id"),
        [format!("\"one\"|{DATE}|t"), format!("\"two\"|{DATE}|t")]
    );

    // A copy that was damaged meanwhile is none.
    let folder = loader.folder().join(".cache/pg_etl/sources");
    for copy in std::fs::read_dir(&folder).unwrap() {
        std::fs::write(copy.unwrap().path(), "[]").unwrap();
    }
    let ran = feed.run(&loader, &url, &[]).expect(0);
    assert!(ran.stderr.contains("fetched"), "{}", ran.stderr);
    etl_tests::database::assert_same(&truth.dump("mobilize"), &database.dump("mobilize"), "a damaged copy");
}

#[test]
fn nothing_is_remembered_of_a_run_that_failed() {
    let feed = Feed::json();
    let site = Site::plain();
    let damaged = String::from_utf8(feed.body.clone()).unwrap() + "] and more";
    let url = site.at("/feed", File::json(damaged).etag("\"one\"").page());
    let database = feed.database();
    let loader = Loader::at(&database);
    feed.run(&loader, &url, &[]).expect(1);
    feed.check_untouched(&database, "damaged");
    // The same tag, by a server that has mended it without telling.
    site.put("/feed", feed.file().etag("\"one\"").page());
    feed.run(&loader, &url, &[]).expect(0);
    feed.check_loaded(&database, "mended");
    assert!(site.requests().iter().all(|request| request.header("if-none-match").is_none()));
    // Nor of one that was only tried.
    let tried = feed.database();
    let loader = Loader::at(&tried);
    feed.run(&loader, &url, &["--dry-run"]).expect(0);
    feed.run(&loader, &url, &[]).expect(0);
    feed.check_loaded(&tried, "after a dry run");
}

#[test]
fn who_was_not_asked_whether_it_has_changed_must_not_say_so() {
    let feed = Feed::json();
    let site = Site::plain();
    let url = site.at("/feed", Page::with(304, &[], ""));
    let database = feed.database();
    feed.run(&Loader::at(&database), &url, &[]).expect(1).complains(&["304"]);
    feed.check_untouched(&database, "304 unasked");
}

#[test]
fn no_copies_are_kept_where_none_are_wanted() {
    let feed = Feed::json();
    let site = Site::plain();
    let url = site.at("/feed", feed.file().etag("\"one\"").page());
    let database = feed.database();
    let loader = Loader::at(&database);
    loader.file(
        "loader.toml",
        "keep_copies = false\n[dataset.mobilize]\n[[dataset.mobilize.sources]]\nname = \"attendances\"\nformat = \"json\"\n",
    );
    feed.run(&loader, &url, &[]).expect(0);
    feed.check_loaded(&database, "without copies");
    assert!(!loader.folder().join(".cache").exists());
}
