//! One page of an endpoint, right or as wrong as planned.

use super::collection::Item;
use super::{A_SECOND, Endpoint, Mischief, State, path};
use crate::web::locked;
use crate::web::page::{End, Page, RetryAfter};
use crate::web::request::Request;
use crate::web::wire::Wire;
use serde_json::Value;
use std::fmt::Write as _;
use std::io;
use std::time::{Duration, Instant};

/// How many objects a page has that nobody asked otherwise (documented).
const PER_PAGE: usize = 25;

/// What a request asks for: objects changed since, those after (modified, ordinal), so many.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Asked {
    since: Option<i64>,
    after: Option<(i64, u64)>,
    per_page: usize,
}

impl Asked {
    /// Reads it off a request; what it cannot mean is named.
    fn of(request: &Request) -> Result<Self, &'static str> {
        let number = |name: &'static str| match request.parameter(name) {
            None => Ok(None),
            Some(value) => value.parse::<i64>().map(Some).map_err(|_| name),
        };
        let per_page =
            number("per_page")?.map_or(Ok(PER_PAGE), |size| usize::try_from(size).map_err(|_| "per_page"))?;
        let after = match request.parameter("cursor") {
            None => None,
            Some(cursor) => Some(read_cursor(cursor).ok_or("cursor")?),
        };
        Ok(Self { since: number("updated_since")?, after, per_page })
    }
}

/// A page of records that nobody has asked for, numbered on from where its `next` said.
fn endless(request: &Request) -> Page {
    let from: u64 = request.parameter("updated_since").and_then(|number| number.parse().ok()).unwrap_or(0);
    let to = from + 500;
    let data: Vec<String> = (from..to).map(|id| format!("{{\"id\":{id}}}")).collect();
    let next = format!(
        "http://{}{}?per_page=100&updated_since={to}",
        request.header("host").unwrap_or_default(),
        request.path
    );
    let page = format!("{{\"count\":10,\"next\":\"{next}\",\"data\":[{}]}}", data.join(","));
    Page::status(200, "application/json", &page)
}

/// A cursor says where the page before has ended, in a way that no client should understand.
fn cursor(item: &Item) -> String {
    let place = format!("{}.{}", item.modified, item.ordinal);
    place.bytes().fold(String::new(), |mut text, byte| {
        let _ = write!(text, "{byte:02x}");
        text
    })
}

fn read_cursor(cursor: &str) -> Option<(i64, u64)> {
    let bytes: Option<Vec<u8>> = (0..cursor.len())
        .step_by(2)
        .map(|place| u8::from_str_radix(cursor.get(place..place + 2)?, 16).ok())
        .collect();
    let place = String::from_utf8(bytes?).ok()?;
    let (modified, ordinal) = place.split_once('.')?;
    Some((modified.parse().ok()?, ordinal.parse().ok()?))
}

fn error(status: u16, name: &str, what: &str) -> Page {
    Page::status(
        status,
        "application/json",
        &format!("{{\"data\":null,\"error\":{{\"{name}\":[\"{what}\"]}}}}"),
    )
}

impl State {
    /// Answers a request for a page.
    pub(super) fn answer(&self, endpoint: Endpoint, request: &Request, wire: &mut Wire) -> io::Result<End> {
        if self.is_too_much() {
            return Page::later(429, RetryAfter::Seconds(1)).answer(request, wire);
        }
        if request.header("authorization") != Some(&format!("Bearer {}", self.key)) {
            return error(403, "detail", "Invalid API key.").answer(request, wire);
        }
        let asked = match Asked::of(request) {
            Ok(asked) => asked,
            Err(name) => return error(400, name, "A valid integer is required.").answer(request, wire),
        };
        let (page, mischief) = self.page(endpoint, asked);
        match mischief {
            Some(Mischief::Error(status)) => {
                return error(status, "detail", "Something is wrong here.").answer(request, wire);
            }
            Some(Mischief::TooMany(seconds)) => {
                return Page::later(429, RetryAfter::Seconds(seconds)).answer(request, wire);
            }
            Some(Mischief::Html) => return Page::html().answer(request, wire),
            Some(Mischief::Damaged) => {
                let half = page.chars().take(page.len() / 2).collect::<String>();
                return Page::status(200, "application/json", &half).answer(request, wire);
            }
            Some(Mischief::Killed) => {
                wire.head(
                    200,
                    &[("Content-Type", "application/json"), ("Content-Length", &page.len().to_string())],
                )?;
                wire.send(&page.as_bytes()[..page.len() / 2])?;
                // What is under way is thrown away by a reset: it is given the time to arrive.
                wire.pause(Duration::from_millis(20))?;
                return Ok(End::Reset);
            }
            Some(Mischief::Late(pause)) => wire.pause(pause)?,
            Some(Mischief::Drips) => {
                wire.head(200, &[("Content-Type", "application/json"), ("Content-Length", "1000000")])?;
                loop {
                    wire.send(b" ")?;
                    wire.pause(Duration::from_millis(500))?;
                }
            }
            Some(Mischief::Endless) => return endless(request).answer(request, wire),
            _ => {}
        }
        Page::status(200, "application/json", &page).answer(request, wire)
    }

    /// Whether there were too many requests in the last second; if not, this one counts.
    fn is_too_much(&self) -> bool {
        let mut moments = locked(&self.moments);
        let now = Instant::now();
        while moments.front().is_some_and(|at| now.duration_since(*at) >= Duration::from_secs(1)) {
            moments.pop_front();
        }
        if moments.len() >= A_SECOND {
            return true;
        }
        moments.push_back(now);
        false
    }

    /// What is planned for a page of an endpoint, once less.
    fn mischief(&self, endpoint: Endpoint, page: usize) -> Option<Mischief> {
        let mut planned = locked(&self.planned);
        let plan = planned.iter_mut().find(|plan| {
            plan.endpoint == endpoint && (plan.page == page || plan.page == 0) && plan.times > 0
        })?;
        plan.times -= 1;
        Some(plan.mischief.clone())
    }

    /// A page as it is sent, and what is wrong with it.
    fn page(&self, endpoint: Endpoint, asked: Asked) -> (String, Option<Mischief>) {
        let collections = locked(&self.collections);
        let items = endpoint.of(&collections).items();
        let first = items.partition_point(|item| asked.since.is_some_and(|since| item.modified < since));
        let items = &items[first..];
        let start = items
            .partition_point(|item| asked.after.is_some_and(|after| (item.modified, item.ordinal) <= after));
        let mischief = self.mischief(endpoint, start / asked.per_page.max(1) + 1);
        let size = asked.per_page;

        let mut count = i64::try_from(items.len()).unwrap_or(i64::MAX);
        let (mut from, mut end, mut limit) = (start, (start + size).min(items.len()), None);
        let mut last = end;
        match &mischief {
            Some(Mischief::Repeated) => from = start.saturating_sub(size),
            Some(Mischief::Skips) => last = (end + size).min(items.len()),
            Some(Mischief::Counts(by)) => count += by,
            Some(Mischief::LimitedTo(most)) => {
                limit = Some(*most);
                end = end.min(*most);
                last = end;
            }
            _ => {}
        }
        if mischief == Some(Mischief::Repeated) {
            end = from + size;
        }
        from = from.min(end);
        let has_more = last < items.len() && limit.is_none_or(|most| last < most);
        let link = |last: Option<&Item>| {
            let mut url = format!("{}{}?per_page={size}", self.origin, path(endpoint));
            if let Some(since) = asked.since {
                let _ = write!(url, "&updated_since={since}");
            }
            if let Some(last) = last {
                let _ = write!(url, "&cursor={}", cursor(last));
            }
            url
        };
        let before = |place: usize| place.checked_sub(1).and_then(|place| items.get(place));
        let next = match &mischief {
            Some(Mischief::Next(url)) => Some(url.clone()),
            Some(Mischief::NextIsItself) => Some(link(before(start))),
            Some(Mischief::NextIsFirst) => Some(link(None)),
            _ => has_more.then(|| link(before(last))),
        };
        let previous = (start > 0).then(|| link(before(start.saturating_sub(size))));
        let quoted = |url: Option<String>| url.map_or(Value::Null, Value::String).to_string();
        let limited = limit.map_or(String::new(), |most| format!(",\"results_limited_to\":{most}"));
        let data: Vec<&str> = items[from..end].iter().map(|item| item.text.as_str()).collect();
        let page = format!(
            "{{\"count\":{count},\"next\":{},\"previous\":{}{limited},\"data\":[{}]}}",
            quoted(next),
            quoted(previous),
            data.join(",")
        );
        (page, mischief)
    }
}

#[cfg(test)]
mod tests {
    use super::{Item, cursor, read_cursor};

    #[test]
    fn a_cursor_leads_back_to_its_place() {
        let item = Item { ordinal: 17, modified: 1_600_000_000, text: String::new() };
        assert_eq!(read_cursor(&cursor(&item)), Some((1_600_000_000, 17)));
        assert_eq!(read_cursor("zz"), None);
        assert_eq!(read_cursor("é"), None);
    }
}
