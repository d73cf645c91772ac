//! Trying again: how often, how long to wait, when to stop.
use std::thread;
use std::time::{Duration, Instant};

use super::fault::Fault;
use crate::error::Error;

/// Tries of one request in all.
const TRIES: u32 = 5;
/// Pause after the first try; it doubles with each.
const FIRST_PAUSE: Duration = Duration::from_millis(500);
/// Longest pause that a server may ask for.
const LONGEST_PAUSE: Duration = Duration::from_secs(60);
/// A signal is noticed this soon.
const STEP: Duration = Duration::from_millis(50);

/// When something must be finished.
#[derive(Debug, Clone, Copy)]
pub struct Deadline {
    end: Instant,
    total: Duration,
}

impl Deadline {
    /// So long from now.
    pub fn after(total: Duration) -> Self {
        Deadline { end: Instant::now() + total, total }
    }

    /// Stops what takes too long.
    ///
    /// # Errors
    /// Failed (exit 1), when the time is over.
    pub fn check(&self, place: &str) -> Result<(), Error> {
        if Instant::now() < self.end {
            return Ok(());
        }
        Err(Error::failed(format!(
            "{place}: not finished within {:?}, as --download-timeout has it",
            self.total
        ))
        .hint("give it more: --download-timeout 2h"))
    }
}

/// Tries until it works, the fault lasts, five tries are used up or the deadline has come. Pauses double from half a second
/// and vary at random by half, so that many loaders do not come back at once; what `Retry-After` asks for is waited for,
/// up to a minute.
///
/// `check` stops the waiting; `say` tells of it.
///
/// # Errors
/// The last fault, as a sentence about `place`.
pub fn tried<T>(
    place: &str,
    deadline: Deadline,
    check: impl Fn() -> Result<(), Error>,
    say: impl Fn(&str),
    mut attempt: impl FnMut() -> Result<T, Fault>,
) -> Result<T, Error> {
    let mut pause = FIRST_PAUSE;
    let mut number = 0;
    loop {
        number += 1;
        let (words, wait) = match attempt() {
            Ok(value) => return Ok(value),
            Err(Fault::Lasting(error)) => return Err(error),
            Err(Fault::Passing { words, wait }) => (words, wait),
        };
        deadline.check(place)?;
        if number == TRIES {
            return Err(Error::failed(format!("{place}: {words}, {TRIES} tries in a row"))
                .hint("see whether it can be reached: curl -v URL; then run it again"));
        }
        if let Some(asked) = wait.filter(|asked| *asked > LONGEST_PAUSE) {
            return Err(Error::failed(format!(
                "{place}: {words}, and asks to come back in {} s, more than the loader waits for ({} s)",
                asked.as_secs(),
                LONGEST_PAUSE.as_secs()
            ))
            .hint("run it again then"));
        }
        let drawn = pause.mul_f64(0.5 + fastrand::f64());
        let pause_now = wait.unwrap_or_default().max(drawn);
        say(&format!("{place}: {words}; try {} of {TRIES} in {:.1} s", number + 1, pause_now.as_secs_f64()));
        let resume = Instant::now() + pause_now;
        while Instant::now() < resume {
            check()?;
            deadline.check(place)?;
            thread::sleep(STEP.min(resume.saturating_duration_since(Instant::now())));
        }
        pause *= 2;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn run(faults: Vec<Fault>) -> (Result<(), Error>, usize) {
        let mut faults = faults.into_iter();
        let mut tries = 0;
        let result = tried(
            "https://x",
            Deadline::after(Duration::from_secs(60)),
            || Ok(()),
            |_| {},
            || {
                tries += 1;
                faults.next().map_or(Ok(()), Err)
            },
        );
        (result, tries)
    }

    #[test]
    fn what_passes_is_tried_again_and_what_lasts_is_not() {
        let (result, tries) = run(vec![Fault::passing("503")]);
        assert!(result.is_ok() && tries == 2);
        let (result, tries) = run(vec![Fault::Lasting(Error::failed("404"))]);
        assert!(result.is_err() && tries == 1);
    }

    #[test]
    fn a_long_wait_is_not_waited_for() {
        let fault = Fault::Passing { words: "503".into(), wait: Some(Duration::from_secs(3600)) };
        let (result, tries) = run(vec![fault]);
        assert!(result.unwrap_err().to_string().contains("in 3600 s") && tries == 1);
    }

    #[test]
    fn a_signal_ends_the_waiting() {
        let stop = || Err(Error::failed("interrupted"));
        let deadline = Deadline::after(Duration::from_secs(60));
        let result: Result<(), _> = tried("https://x", deadline, stop, |_| {}, || Err(Fault::passing("503")));
        assert_eq!(result.unwrap_err().to_string(), "interrupted");
    }
}
