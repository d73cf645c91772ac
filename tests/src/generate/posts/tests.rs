//! The generator keeps what its header promises.

use super::{Plan, Vote};
use crate::generate::Format;
use serde_json::Value;
use std::collections::{HashMap, HashSet};

const PLAN: Plan = Plan { posts: 4_000, votes: 20_000, orphans: 7, seed: 7, format: Format::LeadingCommas };

fn written(write: impl Fn(&mut Vec<u8>)) -> String {
    let mut out = Vec::new();
    write(&mut out);
    String::from_utf8(out).unwrap()
}

fn posts(plan: Plan) -> Vec<HashMap<String, String>> {
    // Every value is a string, or this fails.
    serde_json::from_str(&written(|out| plan.write_posts(out).unwrap())).unwrap()
}

#[test]
fn answers_have_their_question_before_them() {
    let all = posts(PLAN);
    let kinds: HashMap<&str, &str> =
        all.iter().map(|post| (post["Id"].as_str(), post["PostTypeId"].as_str())).collect();
    assert_eq!(kinds.len(), 4_000);
    let questions = kinds.values().filter(|kind| **kind == "1").count();
    assert!((1_500..=1_700).contains(&questions), "{questions} questions");
    for post in &all {
        match post.get("ParentId") {
            Some(parent) => {
                assert!(parent.parse::<u64>().unwrap() < post["Id"].parse().unwrap());
                assert_eq!((kinds[parent.as_str()], post["PostTypeId"].as_str()), ("1", "2"));
            }
            None => assert_eq!(post["PostTypeId"], "1"),
        }
        if let Some(accepted) = post.get("AcceptedAnswerId") {
            assert_eq!(kinds[accepted.as_str()], "2");
        }
    }
    let accepted = all.iter().filter(|post| post.contains_key("AcceptedAnswerId")).count();
    assert!(accepted > 500, "{accepted} accepted answers");
}

#[test]
fn ids_are_repeated_with_other_values() {
    let all = posts(PLAN);
    assert_eq!(all.len(), 4_100);
    let distinct: HashSet<String> = all.iter().map(|post| format!("{:?}", post.get("Id"))).collect();
    assert_eq!(distinct.len(), 4_000);
    assert!((1..=100).all(|id| PLAN.post(id) != PLAN.post_edited(id)));
    let misspelt = all.iter().filter(|post| post.contains_key("ContentLIcense")).count();
    assert!((40..=130).contains(&misspelt), "{misspelt} with ContentLIcense");
}

#[test]
fn votes_are_for_posts_that_are_there_but_the_last() {
    let votes: Vec<Value> = serde_json::from_str(&written(|out| PLAN.write_votes(out).unwrap())).unwrap();
    assert_eq!(votes.len(), 20_107);
    let made: Vec<Vote> = (1..=PLAN.votes).map(|id| PLAN.vote(id)).collect();
    assert!(made.iter().all(|vote| (1..=4_000).contains(&vote.post_id)));
    let weeks: HashSet<i64> = made.iter().map(|vote| (vote.day - 3) / 7).collect();
    assert_eq!(weeks.len(), 10);
    let voted: HashSet<u64> = made.iter().map(|vote| vote.post_id).collect();
    assert!((3_000..4_000).contains(&voted.len()), "{} posts voted on", voted.len());
    let orphans = votes.iter().filter(|vote| vote["PostId"].as_str().unwrap().len() == 10).count();
    assert_eq!(orphans, 7);
}

#[test]
fn both_layouts_hold_the_same_records() {
    let array = written(|out| PLAN.write_posts(out).unwrap());
    let lines = written(|out| Plan { format: Format::Lines, ..PLAN }.write_posts(out).unwrap());
    assert!(array.starts_with("[{") && array.contains("\n,{") && array.ends_with("}\n]\n"));
    let lines: Vec<Value> = lines.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!(serde_json::from_str::<Vec<Value>>(&array).unwrap(), lines);
}

#[test]
fn the_samples_are_what_their_readme_says() {
    let folder = tempfile::tempdir().unwrap();
    Plan { posts: 60, votes: 400, orphans: 5, ..PLAN }.write_into(folder.path()).unwrap();
    crate::generate::assert_is_sample("posts", folder.path());
}
