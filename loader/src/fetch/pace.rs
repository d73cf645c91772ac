//! No more requests a second than an API puts up with.
use std::thread;
use std::time::{Duration, Instant};

/// Spaces requests evenly: a burst after a pause would count, too.
#[derive(Debug)]
pub struct Pace {
    interval: Duration,
    next: Instant,
}

impl Pace {
    /// So many a second; the first waits, too, since a fetch before may just have ended.
    pub fn of(requests_a_second: u32) -> Self {
        let interval = Duration::from_secs(1) / requests_a_second;
        Pace { interval, next: Instant::now() + interval }
    }

    /// Waits until a request may be sent.
    pub fn wait(&mut self) {
        thread::sleep(self.next.saturating_duration_since(Instant::now()));
        self.next = Instant::now() + self.interval;
    }
}
