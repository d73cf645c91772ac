//! Memory of the server's processes that work for a load, seen from outside.

use crate::Outcome;
use etl_tests::database::Database;
use etl_tests::measure::anonymous;
use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::JoinHandle;
use std::time::Duration;

/// The sessions of others in the database, with the workers they have started.
pub const OTHERS: &str = "select pid from pg_stat_activity
     where datname = current_database() and pid <> pg_backend_pid() and backend_type in ('client backend', 'parallel worker')";

/// Samples the backends of a database until told to stop.
pub struct Backends {
    stop: Arc<AtomicBool>,
    thread: JoinHandle<Result<u64, postgres::Error>>,
}

impl Backends {
    /// Begins to sample: memory every 5 ms, and who is there every 20 ms, for asking costs the server a little.
    pub fn of(database: &Database<'_>) -> Outcome<Self> {
        let mut client = database.client();
        let others = client.prepare(OTHERS)?;
        let stop = Arc::new(AtomicBool::new(false));
        let told = Arc::clone(&stop);
        let thread = std::thread::spawn(move || {
            let mut first: HashMap<i32, u64> = HashMap::new();
            let mut there: Vec<i32> = Vec::new();
            let mut peak = 0;
            for tick in 0_u64.. {
                if told.load(Ordering::Relaxed) {
                    break;
                }
                if tick.is_multiple_of(4) {
                    there = client.query(&others, &[])?.iter().map(|row| row.get(0)).collect();
                }
                let mut grown = 0;
                for pid in &there {
                    if let Some(now) = anonymous(pid.unsigned_abs()) {
                        grown += now.saturating_sub(*first.entry(*pid).or_insert(now));
                    }
                }
                peak = peak.max(grown);
                std::thread::sleep(Duration::from_millis(5));
            }
            Ok(peak)
        });
        Ok(Self { stop, thread })
    }

    /// Ends: the most by which they had grown together at any time since each was first seen, KiB.
    pub fn end(self) -> Outcome<u64> {
        self.stop.store(true, Ordering::Relaxed);
        Ok(self.thread.join().map_err(|_| "the sampler of the backends panicked")??)
    }
}
