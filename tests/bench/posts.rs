//! Posts: a million votes and the posts they are on, against a script written by hand.

use crate::duel::Duel;
use crate::line::{Goal, Line};
use crate::load::words;
use crate::setting::Bench;
use crate::sheet::{Sheet, grouped};
use crate::{Outcome, input};
use etl_tests::generate::{Format, posts::Plan};

/// The table.
pub const LINES: &[Line] = &[
    Line::of("by hand", "`json_to_record` and `on conflict … where … is distinct from`, empty tables"),
    Line::of("first", "`loader run posts`, empty tables").against("by hand").goals(&[Goal::AtMost(1.3)]),
    Line::of("by hand again", "the same files"),
    Line::of("again", "the same files, nothing to do").against("by hand again"),
];

/// Measures.
pub fn measure(bench: &Bench, sheet: &mut Sheet) -> Outcome<String> {
    let votes = bench.scaled(1_000_000);
    // A line a record: what a script can COPY.
    let plan = Plan {
        posts: (votes / 5).max(1),
        votes,
        orphans: 0,
        seed: bench.settings.seed,
        format: Format::Lines,
    };
    let folder = input::made(&format!("posts_{votes}_{}", plan.seed), |folder| plan.write_into(folder))?;
    let words = words("posts", &folder, &[("posts", "posts.json"), ("votes", "votes.json")]);
    Duel { dataset: "posts", script: "posts.sql", folder: &folder, words: &words }.measure(bench, sheet)?;
    Ok(format!("{} votes on {} posts, JSON lines", grouped(votes), grouped(plan.posts)))
}
