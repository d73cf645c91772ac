//! The API itself: every object comes once, in pages, and each mischief is what it says.

use super::collection::Collections;
use super::{Api, Endpoint, Mischief, path};
use crate::inputs::{self, MobilizeTruth};
use serde_json::Value;
use std::io::{Read, Write};
use std::net::TcpStream;
use std::time::{Duration, Instant};

const KEY: &str = "key";

/// Asks for a URL of the API: status and body, or what is left of it.
fn ask(api: &Api, url: &str, key: &str) -> (u16, String) {
    let target = url.strip_prefix(&api.site().origin()).unwrap_or(url);
    let mut stream = TcpStream::connect(("127.0.0.1", api.site().port())).unwrap();
    write!(
        stream,
        "GET {target} HTTP/1.1\r\nHost: here\r\nAuthorization: Bearer {key}\r\nConnection: close\r\n\r\n"
    )
    .unwrap();
    let mut answer = Vec::new();
    let _ = stream.read_to_end(&mut answer);
    let answer = String::from_utf8(answer).unwrap();
    let (head, body) = answer.split_once("\r\n\r\n").unwrap_or_default();
    (head.split(' ').nth(1).unwrap().parse().unwrap(), body.to_owned())
}

/// All pages from a URL on, as many as there are.
fn pages(api: &Api, url: &str) -> Vec<Value> {
    let mut next = Some(url.to_owned());
    let mut pages: Vec<Value> = Vec::new();
    while let Some(url) = next {
        let (status, body) = ask(api, &url, KEY);
        if status == 429 {
            std::thread::sleep(Duration::from_millis(50));
            next = Some(url);
            continue;
        }
        assert_eq!(status, 200, "{body}");
        let page: Value = serde_json::from_str(&body).unwrap();
        next = page["next"].as_str().map(str::to_owned);
        pages.push(page);
        assert!(pages.len() < 100, "no end");
    }
    pages
}

fn objects(pages: &[Value]) -> Vec<Value> {
    pages.iter().flat_map(|page| page["data"].as_array().unwrap().clone()).collect()
}

#[test]
fn every_object_comes_once() {
    let plan = inputs::mobilize(600, 5);
    let truth = MobilizeTruth::of(&plan.collect());
    let api = Api::new(KEY, Collections::of(&plan));
    for (endpoint, count) in [
        (Endpoint::Attendances, truth.attendances + truth.masked_attendances),
        (Endpoint::Events, truth.events),
        (Endpoint::People, truth.people),
    ] {
        let pages = pages(&api, &format!("{}?per_page=70", path(endpoint)));
        let objects = objects(&pages);
        assert_eq!(objects.len() as i64, count, "{endpoint:?}");
        assert!(pages.iter().all(|page| page["count"] == count));
        assert_eq!(pages.len() as i64, (count + 69) / 70);
        assert!(pages[0]["previous"].is_null() && (pages.len() == 1 || pages[1]["previous"].is_string()));
        let texts: std::collections::BTreeSet<String> = objects.iter().map(Value::to_string).collect();
        assert_eq!(texts.len(), objects.len(), "{endpoint:?}: nothing twice");
    }
    assert!(api.busiest_second() >= 10);
}

#[test]
fn what_has_changed_since_comes_alone_and_a_cursor_holds_meanwhile() {
    let api = Api::new(KEY, Collections::of(&inputs::mobilize(300, 6)));
    let all = format!("{}?per_page=50", path(Endpoint::Attendances));
    let newest = api.with(|all| all.attendances.newest());
    let (_, first) = ask(&api, &all, KEY);
    let first: Value = serde_json::from_str(&first).unwrap();
    // One that was sent and one that was not are changed, and go to the end.
    api.with(|all| {
        all.attendances.change(&[3, 100], newest + 10, |object| object["status"] = "CANCELLED".into())
    });
    let rest = pages(&api, first["next"].as_str().unwrap());
    let count = api.with(|all| all.attendances.items().len());
    assert_eq!(first["data"].as_array().unwrap().len() + objects(&rest).len(), count + 1);
    let changed = objects(&pages(&api, &format!("{all}&updated_since={}", newest + 10)));
    assert_eq!(changed.len(), 2);
    assert!(
        changed
            .iter()
            .all(|object| object["status"] == "CANCELLED" && object["modified_date"] == newest + 10)
    );
}

#[test]
fn the_key_is_asked_for_and_the_limit_is_kept() {
    let api = Api::new(KEY, Collections::of(&inputs::mobilize(20, 7)));
    let (status, body) = ask(&api, &path(Endpoint::People), "another key");
    let error: Value = serde_json::from_str(&body).unwrap();
    assert!(status == 403 && error["data"].is_null() && error["error"].is_object(), "{status} {body}");
    assert_eq!(ask(&api, &format!("{}?per_page=x", path(Endpoint::People)), KEY).0, 400);
    std::thread::sleep(Duration::from_secs(1));
    let begun = Instant::now();
    let statuses: Vec<u16> = (0..16).map(|_| ask(&api, &path(Endpoint::Events), KEY).0).collect();
    assert!(begun.elapsed() < Duration::from_secs(1), "too slow to be too fast");
    assert_eq!(statuses[..15], [200; 15]);
    assert_eq!(statuses[15], 429);
    assert!(api.busiest_second() >= 16);
}

#[test]
fn each_mischief_is_what_it_says() {
    let api = Api::new(KEY, Collections::of(&inputs::mobilize(120, 8)));
    let all = format!("{}?per_page=40", path(Endpoint::Attendances));
    let good = objects(&pages(&api, &all));
    let second = |mischief: Mischief| {
        api.behave();
        api.plan(Endpoint::Attendances, 2, mischief, 1);
        std::thread::sleep(Duration::from_millis(300));
        let (_, first) = ask(&api, &all, KEY);
        let first: Value = serde_json::from_str(&first).unwrap();
        let (status, body) = ask(&api, first["next"].as_str().unwrap(), KEY);
        (status, serde_json::from_str::<Value>(&body).unwrap_or(Value::Null), first)
    };
    let (_, page, _) = second(Mischief::Next("http://10.0.0.1/".into()));
    assert_eq!(page["next"], "http://10.0.0.1/");
    let (_, page, first) = second(Mischief::NextIsItself);
    assert_eq!(page["next"], first["next"]);
    let (_, page, first) = second(Mischief::Repeated);
    assert_eq!(page["data"], first["data"]);
    assert_ne!(page["next"], first["next"]);
    let (_, page, _) = second(Mischief::NextIsFirst);
    assert!(!page["next"].as_str().unwrap().contains("cursor"));
    let (_, page, first) = second(Mischief::Counts(-3));
    assert_eq!(page["count"].as_i64(), first["count"].as_i64().map(|count| count - 3));
    assert!(second(Mischief::Skips).1["next"].is_null(), "{} objects", good.len());
    assert_eq!(second(Mischief::Error(200)).0, 200);
    let (status, page, _) = second(Mischief::Error(400));
    assert!(status == 400 && page["error"].is_object());
    assert_eq!(second(Mischief::TooMany(1)).0, 429);
    for mischief in [Mischief::Killed, Mischief::Html, Mischief::Damaged] {
        assert_eq!(second(mischief).1, Value::Null);
    }
    api.behave();
    api.plan(Endpoint::Attendances, 0, Mischief::LimitedTo(60), usize::MAX);
    let limited = pages(&api, &all);
    assert!(limited.iter().all(|page| page["results_limited_to"] == 60));
    assert_eq!(objects(&limited), good[..60]);
}
