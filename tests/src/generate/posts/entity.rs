//! One post, one vote, each by its number.

use super::Plan;
use crate::generate::clock::{DAY, timestamp};
use crate::generate::json::Json;
use crate::generate::random::Random;
use crate::generate::words;

/// 2021-01-04, a Monday, counted from the beginning of 2021.
const FIRST_DAY: i64 = 3;
/// Days that posts and votes run over.
const DAYS: i64 = 70;
/// How far before an answer its question is looked for.
const NEAR: u64 = 20;
/// Numbers of votes and posts that nobody has begin here.
const NOBODY: u64 = 5_000_000_000;

/// A post: its keys and values in the order of the source.
#[derive(Clone, Debug, PartialEq)]
pub struct Post(Vec<(&'static str, String)>);

/// A vote.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Vote {
    /// Number, from 1.
    pub id: u64,
    /// What was voted on.
    pub post_id: u64,
    /// 1 accepted, 2 up, 3 down, 5 favourite, 8 bounty.
    pub vote_type_id: u64,
    /// Days since the beginning of 2021.
    pub day: i64,
    /// Who voted: published of favourites and bounties alone.
    pub user_id: Option<u64>,
    /// Points of a bounty.
    pub bounty_amount: Option<u64>,
}

fn record<'a>(members: impl IntoIterator<Item = (&'static str, &'a str)>) -> String {
    let members = members.into_iter().map(|(key, value)| (key, Json::from(value))).collect();
    let mut out = String::new();
    Json::Object(members).write(&mut out, false);
    out
}

/// `2021-01-04T09:30:00.123`
fn moment(seconds: i64, milliseconds: u64) -> String {
    format!("{}.{milliseconds:03}", timestamp(seconds).replace(' ', "T"))
}

fn sentence(random: &mut Random, words: i64) -> String {
    let count = random.between(3, words);
    (0..count).map(|_| random.pick(words::WORDS)).collect::<Vec<_>>().join(" ")
}

impl Post {
    /// As JSON without a line break.
    #[must_use]
    pub fn json(&self) -> String {
        record(self.0.iter().map(|(key, value)| (*key, value.as_str())))
    }

    fn put(&mut self, key: &'static str, value: impl ToString) {
        self.0.push((key, value.to_string()));
    }
}

impl Vote {
    /// As JSON without a line break.
    #[must_use]
    pub fn json(&self) -> String {
        let mut members = vec![
            ("Id", self.id.to_string()),
            ("PostId", self.post_id.to_string()),
            ("VoteTypeId", self.vote_type_id.to_string()),
        ];
        members.extend(self.user_id.map(|user| ("UserId", user.to_string())));
        members.push(("CreationDate", moment(self.day * DAY, 0)));
        members.extend(self.bounty_amount.map(|points| ("BountyAmount", points.to_string())));
        record(members.iter().map(|(key, value)| (*key, value.as_str())))
    }
}

impl Plan {
    /// Whether the post with that number is a question; else it is an answer.
    fn is_question(&self, id: u64) -> bool {
        id == 1 || self.random("kind", id).percent(40)
    }

    /// The question that the post with that number answers; none if it is a question itself.
    fn question_of(&self, id: u64) -> Option<u64> {
        if self.is_question(id) {
            return None;
        }
        let near = id - 1 - self.random("question", id).below(NEAR.min(id - 1));
        // Post 1 is a question, so the search ends.
        (1..=near).rev().find(|number| self.is_question(*number))
    }

    /// The answers near a question, by their numbers.
    fn answers_to(&self, question: u64) -> Vec<u64> {
        let last = self.posts.min(question + 2 * NEAR);
        (question + 1..=last).filter(|id| self.question_of(*id) == Some(question)).collect()
    }

    /// When a post was written, in seconds since the beginning of 2021.
    fn written(&self, id: u64) -> i64 {
        let span = u128::from(DAYS.unsigned_abs() * DAY.unsigned_abs());
        let since = u128::from(id - 1) * span / u128::from(self.posts.max(1));
        FIRST_DAY * DAY + i64::try_from(since).unwrap_or(0)
    }

    /// The post with that number.
    #[must_use]
    pub fn post(&self, id: u64) -> Post {
        self.post_as(id, false)
    }

    /// The same post a day later: edited, and with another vote.
    #[must_use]
    pub fn post_edited(&self, id: u64) -> Post {
        self.post_as(id, true)
    }

    fn post_as(&self, id: u64, is_edited: bool) -> Post {
        let mut random = self.random("post", id);
        let question = self.question_of(id);
        let written = self.written(id);
        let mut post = Post(Vec::new());
        post.put("Id", id);
        post.put("PostTypeId", if question.is_none() { 1 } else { 2 });
        if let Some(question) = question {
            post.put("ParentId", question);
        }
        let answers = if question.is_none() { self.answers_to(id) } else { Vec::new() };
        if let Some(accepted) = answers.first().filter(|_| random.percent(60)) {
            post.put("AcceptedAnswerId", accepted);
        }
        let milliseconds = random.below(1_000);
        post.put("CreationDate", moment(written, milliseconds));
        post.put("Score", random.between(-4, 25) + i64::from(is_edited));
        if question.is_none() {
            post.put("ViewCount", random.between(20, 2_000));
        }
        let body = sentence(&mut random, 25);
        post.put("Body", format!("<p>{body} {}</p>\n", random.pick(words::RARE)));
        let owner = 1 + random.skewed(self.posts / 3 + 10);
        match random.below(30) {
            0 => post.put("OwnerDisplayName", format!("user{owner}")),
            _ => post.put("OwnerUserId", owner),
        }
        // Drawn in any case, so that an edited post has the same title and tags.
        let edited = written + random.between(60, DAY - 1);
        let last = if random.percent(20) || is_edited {
            post.put("LastEditorUserId", owner);
            post.put("LastEditDate", moment(edited, milliseconds));
            if is_edited { edited + DAY } else { edited }
        } else {
            written
        };
        post.put("LastActivityDate", moment(last, milliseconds));
        if question.is_none() {
            post.put("Title", sentence(&mut random, 9));
            let tags = ["discussion", "support", "feature-request", "tags", "accès"];
            post.put("Tags", format!("<{}><{}>", random.pick(&tags[..3]), random.pick(&tags[3..])));
            post.put("AnswerCount", answers.len());
        }
        post.put("CommentCount", random.below(7));
        if question.is_none() && random.percent(5) {
            post.put("ClosedDate", moment(written + DAY, 0));
        }
        let is_misspelt = random.below(50) == 0;
        post.put(if is_misspelt { "ContentLIcense" } else { "ContentLicense" }, "CC BY-SA 4.0");
        post
    }

    /// The vote with that number.
    #[must_use]
    pub fn vote(&self, id: u64) -> Vote {
        let mut random = self.random("vote", id);
        let post_id = 1 + random.skewed(self.posts);
        let first = self.written(post_id).div_euclid(DAY);
        // Most votes come soon.
        let days = FIRST_DAY + DAYS - first;
        let day = first + i64::try_from(random.skewed(days.unsigned_abs())).unwrap_or(0);
        let vote_type_id = match random.below(100) {
            0..6 => 1,
            6..80 => 2,
            80..90 => 3,
            90..97 => 5,
            _ => 8,
        };
        let user_id = (vote_type_id >= 5).then(|| 1 + random.below(self.posts / 3 + 10));
        let bounty_amount = (vote_type_id == 8).then(|| 50 * (1 + random.below(10)));
        Vote { id, post_id, vote_type_id, day, user_id, bounty_amount }
    }

    /// A vote whose post is not there.
    #[must_use]
    pub fn vote_without_post(&self, number: u64) -> Vote {
        Vote { id: NOBODY + number, post_id: NOBODY + number, ..self.vote(number) }
    }
}
