//! What befalls a server: a backend or the whole of it is killed, and it comes back. And whether its files are sound afterwards.

use super::{Cluster, must, programs, unprivileged};
use crate::database::Database;
use postgres::{Client, NoTls};
use std::io;
use std::process::Command;
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

impl Cluster {
    /// kill -9 of one backend: the server ends all others and recovers. Returns how long it let nobody in; nothing where the backend had gone before.
    ///
    /// # Panics
    /// When the server does not come back.
    pub fn kill_backend(&self, pid: i64) -> Option<Duration> {
        let mut witness = Client::connect(&self.url("postgres", "postgres"), NoTls)
            .unwrap_or_else(|error| panic!("the tests' server: {error:?}"));
        let sent = Command::new("kill").args(["-s", "KILL", &pid.to_string()]).output();
        if !sent.is_ok_and(|out| out.status.success()) {
            return None;
        }
        let begun = Instant::now();
        self.killed.fetch_add(1, Ordering::Relaxed);
        // Until the server has noticed it lets sessions in, and ends them with the others.
        while witness.batch_execute("select").is_ok() {
            assert!(begun.elapsed() < Duration::from_secs(30), "the server does not notice");
            std::thread::sleep(Duration::from_millis(2));
        }
        self.wait_for_service();
        Some(begun.elapsed())
    }

    /// Stops the server as a power cut would: no checkpoint, no goodbye.
    ///
    /// # Errors
    /// When it does not stop.
    pub fn stop_immediately(&self) -> io::Result<()> {
        must(unprivileged(&programs().join("pg_ctl")).arg("-D").arg(self.folder.join("data")).args([
            "-m",
            "immediate",
            "-w",
            "stop",
        ]))
    }

    /// Starts the server again, with the options it had.
    ///
    /// # Errors
    /// When it does not start.
    pub fn start_again(&self) -> io::Result<()> {
        Self::start_server(&self.folder, &self.options)
    }

    fn wait_for_service(&self) {
        let begun = Instant::now();
        let url = self.url("postgres", "postgres");
        while let Err(error) = Client::connect(&url, NoTls) {
            assert!(begun.elapsed() < Duration::from_secs(30), "the server does not come back: {error:?}");
            std::thread::sleep(Duration::from_millis(10));
        }
    }

    /// Checks every table and index of a database with `pg_amcheck`: pages, and that indexes have all rows of their tables.
    ///
    /// # Panics
    /// When something is corrupt, or the program is missing.
    pub fn check_files(&self, database: &Database<'_>) {
        let checked = Command::new(programs().join("pg_amcheck"))
            .args(["--heapallindexed", "--install-missing", "--jobs", "2", "-U", "postgres", "-h"])
            .arg(&self.folder)
            .arg(database.name())
            .env_remove("PGOPTIONS")
            .output()
            .unwrap_or_else(|error| panic!("pg_amcheck: {error}"));
        assert!(
            checked.status.success(),
            "pg_amcheck of {}: {}\n{}{}",
            database.name(),
            checked.status,
            String::from_utf8_lossy(&checked.stdout),
            String::from_utf8_lossy(&checked.stderr)
        );
    }
}
