//! Memory of processes, seen from outside while they work.

use std::fs;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::JoinHandle;
use std::time::Duration;

/// Reads one line of `/proc/<pid>/status`, in KiB; nothing once the process is gone.
fn status(pid: u32, line: &str) -> Option<u64> {
    fs::read_to_string(format!("/proc/{pid}/status"))
        .ok()?
        .lines()
        .find_map(|text| text.strip_prefix(line)?.strip_prefix(':'))?
        .split_whitespace()
        .next()?
        .parse()
        .ok()
}

/// Anonymous memory of a process now, KiB; nothing once it is gone.
#[must_use]
pub fn anonymous(pid: u32) -> Option<u64> {
    status(pid, "RssAnon")
}

/// Anonymous memory of a process at first sight and at its greatest, KiB.
#[derive(Clone, Copy, Debug, Default)]
pub struct Anonymous {
    /// When it was first seen.
    pub first: u64,
    /// The greatest value sampled.
    pub peak: u64,
}

impl Anonymous {
    /// KiB by which it grew.
    #[must_use]
    pub fn growth(self) -> u64 {
        self.peak - self.first
    }
}

/// Samples a process until told to stop or until it ends.
#[derive(Debug)]
pub struct Sampler {
    stop: Arc<AtomicBool>,
    thread: JoinHandle<(Anonymous, u64)>,
}

impl Sampler {
    /// Begins to sample, every 5 ms.
    #[must_use]
    pub fn of(pid: u32) -> Self {
        let stop = Arc::new(AtomicBool::new(false));
        let told = Arc::clone(&stop);
        let thread = std::thread::spawn(move || {
            let mut anonymous: Option<Anonymous> = None;
            let mut resident = 0;
            while !told.load(Ordering::Relaxed) {
                let Some(now) = status(pid, "RssAnon") else {
                    break;
                };
                let seen = anonymous.get_or_insert(Anonymous { first: now, peak: now });
                seen.peak = seen.peak.max(now);
                // The kernel keeps the peak itself.
                resident = status(pid, "VmHWM").unwrap_or(resident);
                std::thread::sleep(Duration::from_millis(5));
            }
            (anonymous.unwrap_or_default(), resident)
        });
        Self { stop, thread }
    }

    /// Ends: anonymous memory, and the peak of resident memory in KiB.
    #[must_use]
    pub fn end(self) -> (Anonymous, u64) {
        self.stop.store(true, Ordering::Relaxed);
        self.thread.join().unwrap_or_default()
    }
}

/// The middle one of the values, or the mean of the two in the middle; NaN where there are none.
#[must_use]
pub fn median(values: &[f64]) -> f64 {
    let mut sorted = values.to_vec();
    sorted.sort_by(f64::total_cmp);
    let at = |place: usize| sorted.get(place).copied().unwrap_or(f64::NAN);
    let half = sorted.len() / 2;
    if sorted.len() % 2 == 1 { at(half) } else { f64::midpoint(at(half.wrapping_sub(1)), at(half)) }
}

#[cfg(test)]
mod tests {
    use super::median;

    #[test]
    fn the_median_is_in_the_middle() {
        assert_eq!(median(&[3.0, 1.0, 2.0]), 2.0);
        assert_eq!(median(&[4.0, 1.0, 2.0, 3.0]), 2.5);
        assert!(median(&[]).is_nan());
    }
}
