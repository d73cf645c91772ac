//! SIGINT and SIGTERM while a run is under way.
//!
//! A thread waits for the signal, asks the server to cancel what the backend is doing, and the main thread
//! rolls back. Where the main thread cannot answer, because it waits for a pipe or a dead network, the thread
//! ends the process within a second; the server rolls back when it finds the connection closed. A second
//! signal ends the process at once.
use std::io;
use std::sync::atomic::{AtomicBool, AtomicI32, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;
use std::time::Duration;

use signal_hook::consts::{SIGINT, SIGTERM};
use signal_hook::iterator::Signals;

use crate::error::Error;
use crate::ledger::Run;

/// How long the main thread has to roll back in order.
const GRACE: Duration = Duration::from_millis(700);

/// Whether a signal has come, shared with the thread that waits for it.
#[derive(Debug, Clone, Default)]
pub struct Interrupt {
    signal: Arc<AtomicI32>,
    /// The transaction commits or is over: the main thread ends the process by itself, and only it knows what
    /// to say.
    is_settled: Arc<AtomicBool>,
    /// Runs of this call that are committed, whatever happens to the next.
    committed: Arc<Mutex<Vec<String>>>,
    /// What an interruption leaves, where that is not "nothing was loaded".
    left: Arc<Mutex<Option<&'static str>>>,
}

impl Interrupt {
    /// Begins to listen; `cancel` stops what the server is doing for this run.
    ///
    /// # Errors
    /// When the system gives no signal handler or thread.
    pub fn listen(cancel: impl Fn() + Send + 'static) -> io::Result<Self> {
        let interrupt = Interrupt::default();
        let shared = interrupt.clone();
        let mut signals = Signals::new([SIGINT, SIGTERM])?;
        thread::Builder::new().name("signals".into()).spawn(move || {
            for signal in signals.forever() {
                if shared.signal.swap(signal, Ordering::SeqCst) != 0 {
                    shared.exit(signal);
                }
                let waiting = shared.clone();
                thread::spawn(move || {
                    thread::sleep(GRACE);
                    if !waiting.is_settled.load(Ordering::SeqCst) {
                        waiting.exit(signal);
                    }
                });
                cancel();
            }
        })?;
        Ok(interrupt)
    }

    /// The same, with other words about what an interruption leaves.
    #[must_use]
    pub fn leaving(self, words: &'static str) -> Self {
        *self.left.lock().unwrap_or_else(PoisonError::into_inner) = Some(words);
        self
    }

    /// The signal that came, if one did.
    pub fn signal(&self) -> Option<i32> {
        match self.signal.load(Ordering::SeqCst) {
            0 => None,
            signal => Some(signal),
        }
    }

    /// Stops the work where a signal has come.
    ///
    /// # Errors
    /// Failed, after a signal.
    pub fn check(&self) -> Result<(), Error> {
        match self.signal() {
            Some(signal) => Err(Error::failed(format!("interrupted by signal {signal}"))),
            None => Ok(()),
        }
    }

    /// The transaction commits or is over: a signal no longer ends the process by force.
    pub fn settle(&self, is_settled: bool) {
        self.is_settled.store(is_settled, Ordering::SeqCst);
    }

    /// The run is committed: an interruption of the next one does not undo it.
    pub fn committed(&self, run: &Run) {
        let mut committed = self.committed.lock().unwrap_or_else(PoisonError::into_inner);
        committed.push(format!("run {} of {}", run.id, run.dataset));
    }

    /// Ends the process as a shell expects it of an interrupted program.
    pub fn exit(&self, signal: i32) -> ! {
        eprintln!("loader: {}", self.words());
        std::process::exit(128 + signal)
    }

    fn words(&self) -> String {
        if let Some(words) = *self.left.lock().unwrap_or_else(PoisonError::into_inner) {
            return format!("interrupted: {words}");
        }
        let committed = self.committed.lock().unwrap_or_else(PoisonError::into_inner);
        match committed.as_slice() {
            [] => "interrupted, nothing was loaded".to_owned(),
            runs => {
                format!("interrupted after {} had been committed; nothing else was loaded", runs.join(", "))
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_committed_before_is_said() {
        let interrupt = Interrupt::default();
        assert_eq!(interrupt.words(), "interrupted, nothing was loaded");
        for (id, dataset) in [(3, "posts"), (4, "rides")] {
            interrupt.committed(&Run::numbered(id, dataset));
        }
        assert_eq!(
            interrupt.words(),
            "interrupted after run 3 of posts, run 4 of rides had been committed; nothing else was loaded"
        );
    }
}
