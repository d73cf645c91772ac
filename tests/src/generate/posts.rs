//! Posts and the votes on them in the shape of Stack Exchange's dumps turned into JSON: every value a string, absent keys missing.
//!
//! What n posts and m votes hold: two posts in five are questions, the others answers to one of the questions before; every 40th post is followed by an
//! earlier one with its number, changed; one post in 50 spells `ContentLIcense`; one author in 30 has no number any more. Every 200th vote is followed
//! by an earlier one, unchanged. Posts come in number order over ten weeks from 2021-01-04, a Monday; votes have a day and no time.

mod entity;

pub use entity::{Post, Vote};

use super::random::Random;
use super::{Format, Frame};
use std::fs::File;
use std::io::{self, BufWriter, Write};
use std::path::Path;

/// A post of this many is followed by an earlier one that was changed.
const POSTS_TO_ONE_AGAIN: u64 = 40;
/// A vote of this many is followed by an earlier one.
const VOTES_TO_ONE_AGAIN: u64 = 200;

/// What to generate.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Plan {
    /// How many posts; their numbers begin at 1.
    pub posts: u64,
    /// How many votes on them; their numbers begin at 1.
    pub votes: u64,
    /// How many votes besides whose post is not there, at the end of the votes.
    pub orphans: u64,
    /// The seed: another one gives other posts and votes.
    pub seed: u64,
    /// Layout of both files.
    pub format: Format,
}

impl Plan {
    fn random(&self, kind: &str, number: u64) -> Random {
        Random::of(self.seed, kind, number)
    }

    /// Writes `posts.json` and `votes.json`.
    ///
    /// # Errors
    /// When a file cannot be written.
    pub fn write_into(&self, folder: &Path) -> io::Result<()> {
        let create = |name: &str| File::create(folder.join(name)).map(BufWriter::new);
        self.write_posts(create("posts.json")?)?;
        self.write_votes(create("votes.json")?)
    }

    /// Writes the posts.
    ///
    /// # Errors
    /// Those of the writer.
    pub fn write_posts(&self, out: impl Write) -> io::Result<()> {
        let mut frame = Frame::begin(out, self.format, self.posts + self.posts / POSTS_TO_ONE_AGAIN)?;
        for id in 1..=self.posts {
            frame.record(self.post(id).json().as_bytes())?;
            if id % POSTS_TO_ONE_AGAIN == 0 {
                let earlier = 1 + self.random("post again", id).below(id);
                frame.record(self.post_edited(earlier).json().as_bytes())?;
            }
        }
        frame.end()
    }

    /// Writes the votes, at the end those without a post.
    ///
    /// # Errors
    /// Those of the writer.
    pub fn write_votes(&self, out: impl Write) -> io::Result<()> {
        let count = self.votes + self.votes / VOTES_TO_ONE_AGAIN + self.orphans;
        let mut frame = Frame::begin(out, self.format, count)?;
        for id in 1..=self.votes {
            frame.record(self.vote(id).json().as_bytes())?;
            if id % VOTES_TO_ONE_AGAIN == 0 {
                let earlier = 1 + self.random("vote again", id).below(id);
                frame.record(self.vote(earlier).json().as_bytes())?;
            }
        }
        for number in 1..=self.orphans {
            frame.record(self.vote_without_post(number).json().as_bytes())?;
        }
        frame.end()
    }
}

#[cfg(test)]
mod tests;
