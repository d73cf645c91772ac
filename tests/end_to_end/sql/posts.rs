//! Posts and votes given as text, both or one of them.

use super::{as_member, migrated};
use etl_tests::accounting;
use etl_tests::cluster::Cluster;
use etl_tests::database::{Database, assert_same};
use etl_tests::generate::{Format, posts::Plan};
use etl_tests::loader::Loader;

const PLAN: Plan = Plan { posts: 200, votes: 900, orphans: 3, seed: 61, format: Format::LeadingCommas };

fn documents(plan: Plan) -> (String, String) {
    let (mut posts, mut votes) = (Vec::new(), Vec::new());
    plan.write_posts(&mut posts).unwrap();
    plan.write_votes(&mut votes).unwrap();
    (String::from_utf8(posts).unwrap(), String::from_utf8(votes).unwrap())
}

/// `etl_load_posts` with these arguments as `etl_loader`; its rows, one a line, sorted.
fn load(database: &Database<'_>, arguments: &[(&str, &str)]) -> Vec<String> {
    let arguments: Vec<String> =
        arguments.iter().map(|(name, document)| format!("{name} => $pg_etl${document}$pg_etl$")).collect();
    let call = format!("select * from etl_load_posts({});\n", arguments.join(", "));
    let (ok, out, err) = as_member(database, "etl_loader", &call);
    assert!(ok, "{err}");
    let mut lines: Vec<String> = out.lines().map(|line| line.replace('|', " ")).collect();
    lines.sort();
    lines
}

#[test]
fn both_load_as_the_loader_loads_them() {
    let (posts, votes) = documents(PLAN);
    let database = migrated();
    let returned = load(&database, &[("posts", &posts), ("votes", &votes)]);
    assert_eq!(returned, database.counts(database.last_run()));
    accounting::check(&database, "posts");

    let other = Cluster::shared().database();
    let loader = Loader::at(&other);
    let files = [loader.file("posts.json", &posts), loader.file("votes.json", &votes)];
    let words =
        ["run".as_ref(), "posts".as_ref()].into_iter().chain(files.iter().map(|file| file.as_os_str()));
    loader.run(words).expect(0);
    assert_same(&other.dump("posts"), &database.dump("posts"), "loader and psql");
    assert_eq!(other.counts(other.last_run()), returned);

    // The same as lines: nothing is written.
    let before = database.physical("posts");
    let (posts, votes) = documents(Plan { format: Format::Lines, ..PLAN });
    load(&database, &[("votes", &votes), ("posts", &posts)]);
    assert_same(&before, &database.physical("posts"), "before and after");
}

#[test]
fn votes_alone_wait_and_posts_alone_let_them_in() {
    let database = migrated();
    let vote = r#"{"Id":"1","PostId":"2","VoteTypeId":"2","CreationDate":"2021-03-01T00:00:00.000"}"#;
    let post = r#"{"Id":"2","PostTypeId":"1","CreationDate":"2021-03-01T09:00:00.000"}"#;
    let waiting = load(&database, &[("votes", vote)]);
    assert_eq!(waiting, ["posts.posts 0 0 0 0 0 0 0 0", "posts.votes 1 0 0 0 0 1 0 0"]);
    let promoted = load(&database, &[("posts", post)]);
    assert_eq!(promoted, ["posts.posts 1 1 0 0 0 0 0 0", "posts.votes 0 0 0 0 0 0 0 1"]);
    let sources = "select run_id, source, name, location, records from etl.run_sources order by run_id";
    assert_eq!(database.rows(sources), ["1|2|votes|(argument)|1", "2|1|posts|(argument)|1"]);
    accounting::check(&database, "posts");
}

#[test]
fn no_document_is_not_an_empty_one() {
    let database = migrated();
    for call in ["etl_load_posts()", "etl_load_posts(null, null)", "etl_load_posts(posts => null::text)"] {
        let (ok, _, err) = as_member(&database, "etl_loader", &format!("select * from {call}"));
        assert!(!ok && err.contains("22004") && err.contains("no document of posts"), "{call}: {err}");
    }
    assert_eq!(
        load(&database, &[("posts", "[]")]),
        ["posts.posts 0 0 0 0 0 0 0 0", "posts.votes 0 0 0 0 0 0 0 0"]
    );
}

#[test]
fn readers_may_not_and_missing_tables_are_named() {
    let database = migrated();
    let (ok, _, err) = as_member(&database, "etl_reader", "select * from etl_load_posts('[]')");
    assert!(!ok && err.contains("42501"), "{err}");

    let empty = Cluster::shared().database();
    empty.execute("create extension pg_etl");
    let error = empty.client().batch_execute("select * from etl_load_posts('[]', '[]')").unwrap_err();
    let error = error.as_db_error().unwrap();
    assert_eq!((error.code().code(), error.hint()), ("42P01", Some("loader migrate posts")));
}
