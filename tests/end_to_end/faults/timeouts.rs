//! Timeouts that the server is set to: the run ends with its exit code and names the setting; the tables are as they were.

use etl_tests::accounting;
use etl_tests::cluster::Cluster;
use etl_tests::database::{Database, Dump, assert_same};
use etl_tests::inputs;
use etl_tests::loader::{Loader, Ran, Running};
use std::ffi::OsString;
use std::fs::File;
use std::io::Write as _;
use std::path::PathBuf;
use std::process::Command;
use std::time::{Duration, Instant};

/// A loaded database, and a file with more.
struct Scene {
    database: Database<'static>,
    loader: Loader,
    more: PathBuf,
    old: Dump,
}

impl Scene {
    fn new(seed: u64) -> Self {
        let records = inputs::mobilize(300, seed).collect();
        let database = Cluster::shared().database();
        let loader = Loader::at(&database);
        let some = loader.file("some.json", inputs::array(&records[..100]));
        let more = loader.file("more.json", inputs::array(&records));
        loader.load([some]).expect(0);
        let old = database.dump("mobilize");
        Self { database, loader, more, old }
    }

    /// For every session to come.
    fn set(&self, setting: &str) {
        self.database.execute(&format!("alter database {} set {setting}", self.database.name()));
    }

    fn run(&self, options: &[&str]) -> Ran {
        let mut words: Vec<OsString> = vec!["run".into(), "mobilize".into(), self.more.clone().into()];
        words.extend(options.iter().map(OsString::from));
        self.loader.run(words)
    }

    /// A pipe in place of a file: a source that answers when the test wants it to.
    fn pipe(&self) -> PathBuf {
        let path = self.loader.folder().join("pipe.json");
        assert!(Command::new("mkfifo").arg(&path).status().unwrap().success());
        path
    }

    fn begin(&self, source: &std::path::Path) -> Running {
        self.loader.begin(["run".as_ref(), "mobilize".as_ref(), source.as_os_str()])
    }

    /// Waits for a session of the loader of which this is true.
    fn wait_for(&self, condition: &str) {
        let deadline = Instant::now() + Duration::from_secs(30);
        let found = format!(
            "select count(*) from pg_stat_activity
             where datname = current_database() and application_name = 'pg_etl loader' and {condition}"
        );
        while self.database.number(&found) == 0 {
            assert!(Instant::now() < deadline, "the loader never was {condition}");
            std::thread::sleep(Duration::from_millis(10));
        }
    }

    /// Nothing was loaded and the ledger says why; without the setting, the next run loads all.
    fn check(&self, sqlstate: &str) {
        assert_same(&self.old, &self.database.dump("mobilize"), sqlstate);
        assert_eq!(
            self.database.rows("select error_sqlstate from etl.runs where status = 'failed'"),
            [sqlstate]
        );
        self.database.execute(&format!("alter database {} reset all", self.database.name()));
        self.run(&[]).expect(0);
        accounting::check(&self.database, "mobilize");
    }
}

#[test]
fn statement_timeout_is_1() {
    let scene = Scene::new(101);
    scene.set("statement_timeout = '700ms'");
    // However fast the machine, this merge takes longer: a table that it writes is locked.
    let mut session = scene.database.client();
    let mut other = session.transaction().unwrap();
    other
        .batch_execute("set local statement_timeout = 0; lock table mobilize.people in exclusive mode")
        .unwrap();
    scene.run(&[]).expect(1).complains(&["57014", "statement timeout", "statement_timeout is set"]);
    other.rollback().unwrap();
    scene.check("57014");
}

#[test]
fn a_locked_table_is_5() {
    let scene = Scene::new(102);
    let mut session = scene.database.client();
    let mut other = session.transaction().unwrap();
    other.batch_execute("lock table mobilize.people in exclusive mode").unwrap();
    let begun = Instant::now();
    scene.run(&["--lock-timeout", "1s"]).expect(5).complains(&["55P03", "lock timeout", "--lock-timeout 1h"]);
    assert!(begun.elapsed() >= Duration::from_secs(1), "{:?}", begun.elapsed());
    assert!(begun.elapsed() < Duration::from_secs(15), "{:?}", begun.elapsed());
    other.rollback().unwrap();
    scene.check("55P03");
}

#[test]
fn lock_timeout_of_the_database_is_5_before_the_run_begins() {
    let scene = Scene::new(103);
    scene.set("lock_timeout = '300ms'");
    let mut session = scene.database.client();
    let mut other = session.transaction().unwrap();
    other.batch_execute("lock table etl.mobilize_history in access exclusive mode").unwrap();
    scene.run(&[]).expect(5).complains(&["55P03", "lock_timeout"]);
    other.rollback().unwrap();
    assert_same(&scene.old, &scene.database.dump("mobilize"), "nothing began");
    // Within the run --lock-timeout holds, ten minutes: a lock held for longer than the database's setting is waited for.
    let mut other = session.transaction().unwrap();
    other.batch_execute("lock table mobilize.people in exclusive mode").unwrap();
    let running = scene.begin(&scene.more);
    scene.wait_for("wait_event_type = 'Lock' and query_start < clock_timestamp() - interval '600 ms'");
    other.rollback().unwrap();
    running.end().expect(0);
    accounting::check(&scene.database, "mobilize");
}

#[test]
fn idle_in_transaction_session_timeout_is_1() {
    let scene = Scene::new(104);
    scene.set("idle_in_transaction_session_timeout = '300ms'");
    let pipe = scene.pipe();
    // Nobody has opened the other end: the run waits for its source, in its transaction.
    let running = scene.begin(&pipe);
    scene.wait_for("state = 'idle in transaction'");
    scene.database.wait_for_quiet();
    File::options().write(true).open(&pipe).unwrap().write_all(b"[]").unwrap();
    running.end().expect(1).complains(&["25P03", "idle_in_transaction_session_timeout is set"]);
    scene.check("25P03");
}

#[test]
fn a_second_run_waits_as_long_as_it_may_says_so_and_ends_with_5() {
    let scene = Scene::new(105);
    let pipe = scene.pipe();
    let first = scene.begin(&pipe);
    // Opening waits for the reader: from here on the first run reads, and has the lock.
    let mut source = File::options().write(true).open(&pipe).unwrap();
    source.write_all(b"[").unwrap();
    let second = scene.run(&["--lock-timeout", "1s"]).expect(5);
    let second =
        second.complains(&["waiting for another run of mobilize to finish", "has not finished within 1s"]);
    assert!(second.stdout.is_empty(), "{}", second.stdout);
    assert_same(&scene.old, &scene.database.dump("mobilize"), "the second run");
    source.write_all(b"]").unwrap();
    drop(source);
    first.end().expect(0);
    accounting::check(&scene.database, "mobilize");
}
