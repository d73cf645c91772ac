//! The Mobilize API as its documentation has it, over generated records: envelopes, cursors, keys, its limit of requests; and everything that can go
//! wrong with it, when told to.

pub mod collection;
mod page;

use super::page::Page;
use super::tls::Security;
use super::{Site, locked};
use collection::{Collection, Collections};
use std::collections::VecDeque;
use std::net::{Ipv4Addr, TcpListener};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

/// Number of the organization that the API knows.
pub const ORGANIZATION: u64 = 123;
/// So many requests in any second are answered (documented as the limit for reading).
pub const A_SECOND: usize = 15;

/// What is asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Endpoint {
    /// `/organizations/{id}/attendances`
    Attendances,
    /// `/organizations/{id}/events`
    Events,
    /// `/organizations/{id}/people`
    People,
}

impl Endpoint {
    /// The last word of its path.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Attendances => "attendances",
            Self::Events => "events",
            Self::People => "people",
        }
    }

    fn of(self, collections: &Collections) -> &Collection {
        match self {
            Self::Attendances => &collections.attendances,
            Self::Events => &collections.events,
            Self::People => &collections.people,
        }
    }
}

/// What is wrong with a page.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Mischief {
    /// `next` is this URL.
    Next(String),
    /// `next` is the page itself.
    NextIsItself,
    /// `next` is the first page.
    NextIsFirst,
    /// The objects are those of the page before, under a cursor of its own.
    Repeated,
    /// `next` leaves a page out.
    Skips,
    /// `count` is so many more or less than there are.
    Counts(i64),
    /// `results_limited_to` is this, and nothing comes after so many.
    LimitedTo(usize),
    /// An error's envelope with this status.
    Error(u16),
    /// The connection is reset in the middle.
    Killed,
    /// Too many requests: come again after so many seconds.
    TooMany(u64),
    /// A page for people.
    Html,
    /// JSON that ends in the middle.
    Damaged,
    /// Nothing comes for so long, then the page.
    Late(Duration),
    /// A byte comes twice a second, for ever.
    Drips,
    /// Pages of new records go on and on, each with a `next`; `count` stays.
    Endless,
}

#[derive(Debug)]
struct Planned {
    endpoint: Endpoint,
    page: usize,
    mischief: Mischief,
    times: usize,
}

/// A running API.
#[derive(Debug)]
pub struct Api {
    site: Site,
    state: Arc<State>,
}

#[derive(Debug)]
struct State {
    key: String,
    /// Scheme, host and port that `next` names.
    origin: String,
    collections: Mutex<Collections>,
    planned: Mutex<Vec<Planned>>,
    moments: Mutex<VecDeque<Instant>>,
}

impl Api {
    /// Starts on 127.0.0.1.
    ///
    /// # Panics
    /// When there is no port.
    #[must_use]
    pub fn new(key: &str, collections: Collections) -> Self {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))
            .unwrap_or_else(|error| panic!("a port for the API: {error}"));
        Self::on(listener, "127.0.0.1", Security::None, key, collections)
    }

    /// Starts wherever this one listens, known by this name of its host.
    #[must_use]
    pub fn on(
        listener: TcpListener,
        host: &str,
        security: Security,
        key: &str,
        collections: Collections,
    ) -> Self {
        let site = Site::on(listener, security).named(host);
        let state = Arc::new(State {
            key: key.to_owned(),
            origin: site.origin(),
            collections: Mutex::new(collections),
            planned: Mutex::default(),
            moments: Mutex::default(),
        });
        for endpoint in [Endpoint::Attendances, Endpoint::Events, Endpoint::People] {
            let state = Arc::clone(&state);
            let path = path(endpoint);
            site.put(&path, Page::new(move |request, wire| state.answer(endpoint, request, wire)));
        }
        Self { site, state }
    }

    /// What `--api-url` names.
    #[must_use]
    pub fn url(&self) -> String {
        self.site.url("/v1")
    }

    /// The site that it runs on: its requests, and what was sent.
    #[must_use]
    pub fn site(&self) -> &Site {
        &self.site
    }

    /// Makes a page wrong, so many times; pages of a list are counted from 1, and 0 is any page.
    pub fn plan(&self, endpoint: Endpoint, page: usize, mischief: Mischief, times: usize) {
        locked(&self.state.planned).push(Planned { endpoint, page, mischief, times });
    }

    /// Nothing is wrong any more.
    pub fn behave(&self) {
        locked(&self.state.planned).clear();
    }

    /// What it has, for looking at and for changing.
    pub fn with<T>(&self, work: impl FnOnce(&mut Collections) -> T) -> T {
        work(&mut locked(&self.state.collections))
    }

    /// How many requests were asked for pages of an endpoint.
    #[must_use]
    pub fn asked(&self, endpoint: Endpoint) -> usize {
        self.site.requests_of(&path(endpoint)).len()
    }

    /// The most requests that came within any second.
    #[must_use]
    pub fn busiest_second(&self) -> usize {
        let moments: Vec<Instant> = self.site.requests().iter().map(|request| request.at).collect();
        let within = |first: usize| {
            moments[first..]
                .iter()
                .take_while(|at| at.duration_since(moments[first]) < Duration::from_secs(1))
                .count()
        };
        (0..moments.len()).map(within).max().unwrap_or(0)
    }
}

/// The path of an endpoint.
#[must_use]
pub fn path(endpoint: Endpoint) -> String {
    format!("/v1/organizations/{ORGANIZATION}/{}", endpoint.name())
}

#[cfg(test)]
mod tests;
