//! Generated posts and votes: answers compared with the generator's own, votes first and as lines, the same again, one post edited.

use etl_tests::accounting;
use etl_tests::cluster::Cluster;
use etl_tests::database::{Database, assert_same};
use etl_tests::generate::{Format, posts::Plan};
use etl_tests::loader::{Loader, Ran};
use serde_json::Value;
use std::collections::{BTreeMap, HashSet};

const PLAN: Plan = Plan { posts: 3_000, votes: 20_000, orphans: 11, seed: 71, format: Format::LeadingCommas };

/// Writes both files into the loader's folder and loads these, one run each.
fn run(loader: &Loader, plan: Plan, files: &[&[&str]]) -> Vec<Ran> {
    plan.write_into(loader.folder()).unwrap();
    files.iter().map(|files| loader.run(["run", "posts"].iter().chain(*files)).expect(0)).collect()
}

fn answer(loader: &Loader, question: &str) -> Vec<Value> {
    let answer = loader.run(["query", question, "--format", "json"]).expect(0);
    serde_json::from_str(&answer.stdout).unwrap()
}

/// Votes and posts voted on of each week, as the generator knows them; weeks from 0, the one of 2021-01-04.
fn weeks() -> BTreeMap<i64, (u64, HashSet<u64>)> {
    let mut weeks: BTreeMap<i64, (u64, HashSet<u64>)> = BTreeMap::new();
    for vote in (1..=PLAN.votes).map(|id| PLAN.vote(id)) {
        let week = weeks.entry((vote.day - 3) / 7).or_default();
        week.0 += 1;
        week.1.insert(vote.post_id);
    }
    weeks
}

#[test]
fn answers_are_the_generators_own() {
    let database = Cluster::shared().database();
    let loader = Loader::at(&database);
    run(&loader, PLAN, &[&["posts.json", "votes.json"]]);
    assert_eq!((database.count("posts.posts"), database.count("posts.votes")), (3_000, 20_000));
    accounting::check(&database, "posts");

    let mut means = Vec::new();
    let rows = answer(&loader, "votes_per_post_per_week");
    assert_eq!(rows.len(), weeks().len());
    for (row, (votes, posts)) in rows.iter().zip(weeks().values()) {
        assert_eq!(row["votes"], *votes, "{row}");
        assert_eq!(row["posts"], posts.len(), "{row}");
        let mean = *votes as f64 / posts.len() as f64;
        assert!((row["mean_votes_per_post"].as_f64().unwrap() - mean).abs() < 1e-8, "{row}: {mean}");
        means.push(mean);
    }
    assert_eq!((&rows[0]["week"], &rows[9]["week"]), (&"2021-01-04".into(), &"2021-03-08".into()));
    let mean = means.iter().sum::<f64>() / means.len() as f64;
    let found = &answer(&loader, "mean_votes_per_post_per_week")[0];
    assert_eq!(found["weeks"], means.len());
    assert!((found["mean"].as_f64().unwrap() - mean).abs() < 1e-8, "{found}: {mean}");
}

#[test]
fn votes_first_and_lines_end_in_the_same_tables() {
    let (usual, late) = (Cluster::shared().database(), Cluster::shared().database());
    run(&Loader::at(&usual), PLAN, &[&["posts.json", "votes.json"]]);
    let lines = Plan { format: Format::Lines, ..PLAN };
    run(&Loader::at(&late), lines, &[&["votes.json"], &["posts.json"]]);
    assert_same(&usual.dump("posts"), &late.dump("posts"), "in the usual order, and votes first");
    assert_eq!(late.count("etl.quarantine where closed_run is null"), 11);
    accounting::check(&late, "posts");
}

#[test]
fn again_nothing_is_written_and_an_edited_post_alone_is_updated() {
    let database = Cluster::shared().database();
    let loader = Loader::at(&database);
    let both: &[&str] = &["posts.json", "votes.json"];
    run(&loader, PLAN, &[both]);
    let state = |database: &Database<'_>| {
        (database.physical("posts"), database.physical("etl")["etl.quarantine"].clone(), database.sequences())
    };
    let before = state(&database);
    run(&loader, PLAN, &[both]);
    assert!(before == state(&database), "the same files again wrote something");

    // Of a post that stands twice the edited record counts, so one whose only record is the first is edited.
    let old = PLAN.post(3_000).json();
    let edited = loader.file("posts_edited.json", PLAN.post_edited(3_000).json());
    let stored = database.value("select score from posts.posts where post_id = 3000");
    assert!(old.contains(&format!("\"Score\":\"{stored}\"")), "{stored}: {old}");
    loader.run(["run".as_ref(), "posts".as_ref(), edited.as_os_str()]).expect(0);
    let counts = "select read, updated from etl.run_tables where run_id = 3 and target = 'posts.posts'";
    assert_eq!(database.rows(counts), ["1|1"]);
}
