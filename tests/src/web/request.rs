//! What a client asked for.

use super::wire::Wire;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Instant;

/// One request, and how many bytes were sent in answer to it.
#[derive(Clone, Debug)]
pub struct Request {
    /// How many requests came before it for the same page.
    pub nth: usize,
    /// When its last byte had come.
    pub at: Instant,
    /// `GET`, `HEAD` ...
    pub method: String,
    /// Path without the query, as it was sent.
    pub path: String,
    /// What stands behind the `?`; empty when there is none.
    pub query: String,
    /// Names in lower case and values, in order.
    pub headers: Vec<(String, String)>,
    sent: Arc<AtomicU64>,
}

/// A request's head is no longer than this, else the connection is closed.
const LONGEST: usize = 64 * 1024;

impl Request {
    /// Reads the next request of a connection; nothing when there is none, or none that can be read.
    pub(super) fn read(wire: &mut Wire) -> Option<Self> {
        let mut head = Vec::new();
        let mut byte = [0];
        while !head.ends_with(b"\r\n\r\n") {
            if head.len() > LONGEST || wire.read(&mut byte).ok()? == 0 {
                return None;
            }
            head.push(byte[0]);
        }
        Self::parse(std::str::from_utf8(&head).ok()?)
    }

    fn parse(head: &str) -> Option<Self> {
        let mut lines = head.lines();
        let mut words = lines.next()?.split(' ');
        let (method, target) = (words.next()?, words.next()?);
        let (path, query) = target.split_once('?').unwrap_or((target, ""));
        let headers = lines
            .filter_map(|line| line.split_once(':'))
            .map(|(name, value)| (name.to_ascii_lowercase(), value.trim().to_owned()))
            .collect();
        Some(Self {
            nth: 0,
            at: Instant::now(),
            method: method.to_owned(),
            path: path.to_owned(),
            query: query.to_owned(),
            headers,
            sent: Arc::default(),
        })
    }

    /// A header by its name in lower case.
    #[must_use]
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str())
    }

    /// A value of the query, as it was sent (percent signs and all).
    #[must_use]
    pub fn parameter(&self, name: &str) -> Option<&str> {
        self.query
            .split('&')
            .filter_map(|pair| pair.split_once('='))
            .find(|(known, _)| *known == name)
            .map(|(_, value)| value)
    }

    /// Where a `Range: bytes=N-` begins.
    #[must_use]
    pub fn range_start(&self) -> Option<usize> {
        self.header("range")?.strip_prefix("bytes=")?.strip_suffix('-')?.parse().ok()
    }

    /// Bytes that were sent in answer to it so far.
    #[must_use]
    pub fn sent(&self) -> u64 {
        self.sent.load(Ordering::SeqCst)
    }

    /// All of it as text, for finding what should not be there.
    #[must_use]
    pub fn text(&self) -> String {
        let headers: String = self.headers.iter().map(|(name, value)| format!("{name}: {value}\n")).collect();
        format!("{} {}?{}\n{headers}", self.method, self.path, self.query)
    }

    pub(super) fn counter(&self) -> Arc<AtomicU64> {
        Arc::clone(&self.sent)
    }

    pub(super) fn wants_close(&self) -> bool {
        self.header("connection").is_some_and(|value| value.eq_ignore_ascii_case("close"))
    }
}
