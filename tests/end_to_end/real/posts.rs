//! Two meta sites of Stack Exchange, whole, and an exercise's votes whose posts are not to be had.

use etl_tests::accounting;
use etl_tests::cluster::Cluster;
use etl_tests::database::{Database, assert_same};
use etl_tests::inputs;
use etl_tests::loader::{Loader, Ran};
use serde_json::Value;
use std::collections::{BTreeSet, HashMap};
use std::path::{Path, PathBuf};

const PARKED: &str = "etl.quarantine where outcome = 'parked' and closed_run is null";

/// A site's files and what is true of them.
struct Site {
    posts: PathBuf,
    votes: PathBuf,
    /// Posts; votes on them; votes whose post is not there.
    counts: [i64; 3],
    voted_posts: i64,
    /// Monday, votes and posts voted on of the first weeks.
    first_weeks: &'static [(&'static str, i64, i64)],
    weeks: usize,
    mean: &'static str,
}

fn devops() -> Option<Site> {
    Some(Site {
        posts: inputs::real("posts/devops_meta_posts.json")?,
        votes: inputs::real("posts/devops_meta_votes.jsonl")?,
        counts: [233, 1_163, 28],
        voted_posts: 214,
        first_weeks: &[("2017-02-27", 362, 63), ("2017-03-06", 128, 53), ("2017-03-13", 159, 63)],
        weeks: 37,
        mean: "1.833060738",
    })
}

fn french() -> Option<Site> {
    Some(Site {
        posts: inputs::real("posts/french_meta_posts.jsonl")?,
        votes: inputs::real("posts/french_meta_votes.json")?,
        counts: [781, 4_230, 119],
        voted_posts: 747,
        first_weeks: &[("2011-08-15", 395, 88), ("2011-08-22", 245, 111)],
        weeks: 400,
        mean: "1.474761606",
    })
}

fn run(loader: &Loader, files: &[&Path]) -> Ran {
    let files = files.iter().map(|file| file.as_os_str());
    loader.run(["run".as_ref(), "posts".as_ref()].into_iter().chain(files)).expect(0)
}

fn answer(loader: &Loader, question: &str) -> Vec<Value> {
    let answer = loader.run(["query", question, "--format", "json"]).expect(0);
    serde_json::from_str(&answer.stdout).unwrap()
}

/// `[{"weeks":37,"mean":1.833060738}]`, digit by digit.
fn check_mean(loader: &Loader, weeks: usize, mean: &str) {
    let answer = loader.run(["query", "mean_votes_per_post_per_week", "--format", "json"]).expect(0);
    assert_eq!(answer.stdout.trim_end(), format!("[{{\"weeks\":{weeks},\"mean\":{mean}}}]"));
}

fn check_figures(database: &Database<'_>, loader: &Loader, site: &Site) {
    let found = ["posts.posts", "posts.votes", PARKED].map(|table| database.count(table));
    assert_eq!(found, site.counts, "posts, votes, votes without their post");
    let voted = database.number("select count(distinct post_id) from posts.votes");
    assert_eq!(voted, site.voted_posts);
    let others = "etl.quarantine where closed_run is null and (outcome, target) <> ('parked', 'posts.votes')";
    assert_eq!(database.count(others), 0);
    accounting::check(database, "posts");

    check_mean(loader, site.weeks, site.mean);
    let weeks = answer(loader, "votes_per_post_per_week");
    assert_eq!(weeks.len(), site.weeks);
    assert_eq!(weeks.iter().map(|week| week["votes"].as_i64().unwrap()).sum::<i64>(), site.counts[1]);
    for (row, (monday, votes, posts)) in weeks.iter().zip(site.first_weeks) {
        assert_eq!(
            (row["week"].as_str(), row["votes"].as_i64(), row["posts"].as_i64()),
            (Some(*monday), Some(*votes), Some(*posts))
        );
    }
}

/// The records of a file, which is an array or lines.
fn records(file: &Path) -> Vec<HashMap<String, String>> {
    let text = std::fs::read_to_string(file).unwrap();
    match text.trim_start().starts_with('[') {
        true => serde_json::from_str(&text).unwrap(),
        false => text.lines().map(|line| serde_json::from_str(line).unwrap()).collect(),
    }
}

fn ids(records: &[HashMap<String, String>], key: &str) -> BTreeSet<i64> {
    records.iter().map(|record| record[key].parse().unwrap()).collect()
}

#[test]
fn figures() {
    for site in [devops(), french()] {
        let Some(site) = site else {
            return;
        };
        let database = Cluster::shared().database();
        let loader = Loader::at(&database);
        let waiting = format!("{} records of posts.votes wait for posts.posts", site.counts[2]);
        let ran = run(&loader, &[&site.posts, &site.votes]);
        assert!(ran.stdout.contains(&format!("{waiting}: loader quarantine list")), "{}", ran.stdout);
        check_figures(&database, &loader, &site);

        let (rows, sequences) = (database.physical("posts"), database.sequences());
        let quarantine = database.physical("etl")["etl.quarantine"].clone();
        run(&loader, &[&site.posts, &site.votes]);
        assert_eq!(rows, database.physical("posts"), "the same files again write nothing");
        assert_eq!(sequences, database.sequences());
        assert_eq!(quarantine, database.physical("etl")["etl.quarantine"], "nothing new is kept out");
    }
}

#[test]
fn votes_before_posts_end_in_the_same_tables() {
    for site in [devops(), french()] {
        let Some(site) = site else {
            return;
        };
        let (late, usual) = (Cluster::shared().database(), Cluster::shared().database());
        let loader = Loader::at(&late);
        let ran = run(&loader, &[&site.votes]);
        assert_eq!(late.count(PARKED), site.counts[1] + site.counts[2], "{}", ran.stdout);
        run(&loader, &[&site.posts]);
        check_figures(&late, &loader, &site);

        run(&Loader::at(&usual), &[&site.posts, &site.votes]);
        assert_same(&usual.dump("posts"), &late.dump("posts"), "in the usual order, and votes first");
    }
}

/// Ids are a site's own: the second site's records are later records of the same ids.
#[test]
fn a_site_over_another_updates_the_same_ids() {
    let (Some(french), Some(devops)) = (french(), devops()) else {
        return;
    };
    let database = Cluster::shared().database();
    let loader = Loader::at(&database);
    run(&loader, &[&french.posts, &french.votes]);
    run(&loader, &[&devops.posts, &devops.votes]);

    let posts = [ids(&records(&french.posts), "Id"), ids(&records(&devops.posts), "Id")];
    let shared = i64::try_from(posts[0].intersection(&posts[1]).count()).unwrap();
    let all: BTreeSet<i64> = posts[0].union(&posts[1]).copied().collect();
    assert_eq!(database.count("posts.posts"), i64::try_from(all.len()).unwrap());
    assert!(shared > 200, "{shared} ids are of both sites");
    let counts = database.rows(
        "select inserted, updated, unchanged, superseded, parked, rejected from etl.run_tables
         where run_id = 2 and source = 1 and target = 'posts.posts'",
    );
    assert_eq!(counts, [format!("{}|{shared}|0|0|0|0", 233 - shared)]);
    let title = database.value("select title from posts.posts where post_id = 1");
    assert_eq!(title, "What is off-topic for the DevOps", "the later site's");

    // The later vote of an id counts, where its post is there, of whatever site.
    let mut votes: HashMap<i64, i64> = HashMap::new();
    for record in [&french.votes, &devops.votes].into_iter().flat_map(|file| records(file)) {
        let post = record["PostId"].parse().unwrap();
        if all.contains(&post) {
            votes.insert(record["Id"].parse().unwrap(), post);
        }
    }
    let found: HashMap<i64, i64> = database
        .rows("select vote_id, post_id from posts.votes")
        .iter()
        .map(|row| row.split_once('|').unwrap())
        .map(|(vote, post)| (vote.parse().unwrap(), post.parse().unwrap()))
        .collect();
    assert!(found == votes, "{} votes expected, {} found", votes.len(), found.len());
    accounting::check(&database, "posts");
}

#[test]
fn votes_whose_posts_are_not_to_be_had_wait_until_they_come() {
    let Some(file) = inputs::real("posts/exercise_votes.json") else {
        return;
    };
    let database = Cluster::shared().database();
    let loader = Loader::at(&database);
    let ran = run(&loader, &[&file]);
    let note = "40299 records of posts.votes wait for posts.posts, of which this run had none: loader run posts posts=FILE";
    assert!(ran.stdout.contains(note), "{}", ran.stdout);
    assert_eq!((database.count("posts.votes"), database.count(PARKED)), (0, 40_299));

    let (rows, quarantine) = (database.physical("posts"), database.physical("etl")["etl.quarantine"].clone());
    let begun = std::time::Instant::now();
    let ran = run(&loader, &[&file]);
    eprintln!("40,299 parked votes again: {:.2?}", begun.elapsed());
    assert!(ran.stdout.contains("40299 records are in quarantine since earlier runs"), "{}", ran.stdout);
    assert_eq!(rows, database.physical("posts"));
    assert!(quarantine == database.physical("etl")["etl.quarantine"], "the quarantine was written");

    // Posts made up for them.
    let posts = ids(&records(&file), "PostId");
    assert_eq!(posts.len(), 11_613);
    let lines: Vec<String> = posts
        .iter()
        .map(|id| {
            format!("{{\"Id\":\"{id}\",\"PostTypeId\":\"1\",\"CreationDate\":\"2017-02-28T00:00:00.000\"}}")
        })
        .collect();
    let file = loader.file("posts.jsonl", lines.join("\n"));
    run(&loader, &[&file]);
    let promoted = "select promoted from etl.run_tables where run_id = 3 and target = 'posts.votes'";
    assert_eq!(database.rows(promoted), ["40299"]);
    assert_eq!((database.count("posts.votes"), database.count(PARKED)), (40_299, 0));
    check_mean(&loader, 236, "1.426157867");
    accounting::check(&database, "posts");
}
