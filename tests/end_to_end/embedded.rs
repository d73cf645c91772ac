//! The private cluster that the loader makes when no database is named: made, found again, stopped, started again, repaired.

use etl_tests::inputs;
use etl_tests::loader::{Loader, Ran};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Duration, Instant};
use tempfile::TempDir;

/// A loader whose embedded cluster is of its own; stopped at the end.
struct Own {
    loader: Loader,
    place: TempDir,
}

impl Own {
    fn new() -> Self {
        let place = tempfile::Builder::new().prefix("pg_etl_own.").tempdir_in("/tmp").unwrap();
        // For root the server runs as somebody else, who must get through.
        std::fs::set_permissions(place.path(), std::fs::Permissions::from_mode(0o755)).unwrap();
        let loader = Loader::new().env("PG_ETL_DATA_DIR", place.path().join("cluster"));
        Self { loader, place }
    }

    fn data(&self) -> PathBuf {
        self.place.path().join("cluster/data")
    }

    fn load(&self, records: u64) -> Ran {
        let file = self.loader.file("a.json", inputs::array(&inputs::mobilize(records, 95).collect()));
        self.loader.load([file])
    }

    fn people(&self) -> String {
        let ran = self
            .loader
            .run(["psql", "-X", "-A", "-t", "-c", "select count(*) from mobilize.people"])
            .expect(0);
        ran.stdout.trim().to_owned()
    }
}

impl Drop for Own {
    fn drop(&mut self) {
        let stopped = self.loader.run(["stop"]);
        if !stopped.status.success() && !std::thread::panicking() {
            panic!("stop: {}", stopped.stderr);
        }
    }
}

/// The postmaster's process id, read from its pid file.
fn postmaster(data: &Path) -> u32 {
    std::fs::read_to_string(data.join("postmaster.pid")).unwrap().lines().next().unwrap().parse().unwrap()
}

fn is_running(pid: u32) -> bool {
    // A zombie has ended.
    std::fs::read_to_string(format!("/proc/{pid}/stat"))
        .is_ok_and(|stat| !stat.rsplit(')').next().unwrap_or("").trim_start().starts_with('Z'))
}

#[test]
fn made_found_stopped_and_started_again() {
    let own = Own::new();
    let first = own.load(100).expect(0);
    assert!(
        first.stdout.contains("embedded"),
        "the first line of the summary names the database: {}",
        first.stdout
    );
    let people = own.people();
    let pid = postmaster(&own.data());
    // Found again, not made again.
    own.load(100).expect(0);
    assert_eq!(pid, postmaster(&own.data()));
    own.loader.run(["stop"]).expect(0);
    assert!(!is_running(pid));
    own.loader.run(["stop"]).expect(0);
    // Started again with what it had.
    assert_eq!(own.people(), people);
    // Nobody else may look: no network, and a folder of its owner.
    let listens = own.loader.run(["psql", "-X", "-A", "-t", "-c", "show listen_addresses"]).expect(0);
    assert_eq!(listens.stdout.trim(), "");
    let mode = std::fs::metadata(own.data()).unwrap().permissions().mode();
    assert_eq!(mode & 0o077, 0, "{mode:o}");
}

#[test]
fn a_run_acts_as_etl_loader_and_a_query_as_etl_reader() {
    let own = Own::new();
    own.load(20).expect(0);
    let file = own.loader.file("who.sql", "-- Who asks.\nselect current_user::text as name\n");
    let who = own.loader.run(["query", file.to_str().unwrap(), "--format", "csv"]).expect(0);
    assert!(who.stdout.contains("etl_reader"), "{}", who.stdout);
    // In a folder of one's own, too, and in files.
    std::fs::create_dir(own.loader.folder().join("mine")).unwrap();
    own.loader.file("mine/who_am_i.sql", "-- Who asks.\nselect current_user::text as name\n");
    own.loader.file("loader.toml", "questions = \"mine\"\n[dataset.mobilize]\n");
    let who = own.loader.run(["query", "who_am_i", "--format", "csv"]).expect(0);
    assert_eq!(who.stdout, "name\netl_reader\n");
    own.loader.run(["export", "who_am_i", "--dir", "out", "--format", "json"]).expect(0);
    let file = std::fs::read_to_string(own.loader.folder().join("out/who_am_i.json")).unwrap();
    assert_eq!(file, "[{\"name\":\"etl_reader\"}]\n");
}

#[test]
fn a_crashed_server_is_started_again() {
    let own = Own::new();
    own.load(100).expect(0);
    let people = own.people();
    let pid = postmaster(&own.data());
    let killed = Command::new("kill").args(["-s", "KILL", &pid.to_string()]).status().unwrap();
    assert!(killed.success());
    let deadline = Instant::now() + Duration::from_secs(10);
    while is_running(pid) {
        assert!(Instant::now() < deadline);
        std::thread::sleep(Duration::from_millis(20));
    }
    assert!(own.data().join("postmaster.pid").exists(), "the stale pid file is still there");
    assert_eq!(own.people(), people);
}

#[test]
fn a_stale_pid_file_of_another_process_is_no_server() {
    let own = Own::new();
    own.load(20).expect(0);
    let people = own.people();
    let pid_file = own.data().join("postmaster.pid");
    let text = std::fs::read_to_string(&pid_file).unwrap();
    own.loader.run(["stop"]).expect(0);
    // As after a restart of the machine: the number now belongs to somebody else, here to us.
    let old = text.lines().next().unwrap().to_owned();
    std::fs::write(&pid_file, text.replacen(&old, &std::process::id().to_string(), 1)).unwrap();
    let owner = std::os::unix::fs::MetadataExt::uid(&std::fs::metadata(own.data()).unwrap());
    std::os::unix::fs::chown(&pid_file, Some(owner), None).unwrap();
    assert_eq!(own.people(), people);
}

#[test]
fn a_half_made_cluster_is_made_again() {
    let own = Own::new();
    // Killed at several moments while it makes the cluster.
    for moment in [150, 400, 700] {
        let mut child = own.loader.spawn(["migrate"]);
        std::thread::sleep(Duration::from_millis(moment));
        child.kill().unwrap();
        child.wait().unwrap();
    }
    own.load(20).expect(0);
    assert_ne!(own.people(), "0");
}

#[test]
fn three_loaders_make_it_at_once() {
    let own = Own::new();
    std::thread::scope(|scope| {
        let migrators: Vec<_> = (0..3).map(|_| scope.spawn(|| own.loader.run(["migrate"]))).collect();
        for migrator in migrators {
            migrator.join().unwrap().expect(0);
        }
    });
    own.load(20).expect(0);
}

#[test]
fn the_sample_goes_to_its_own_database_whatever_the_environment_says() {
    let own = Own::new();
    let sample = concat!(env!("CARGO_MANIFEST_DIR"), "/sample/loader.toml");
    let loader = own.loader.clone().env("DATABASE_URL", "postgresql://nobody@/none?host=/tmp/no_such_socket");
    loader.run(["--config", sample, "run"]).expect(0);
    let again = loader.run(["--config", sample, "run"]).expect(0);
    assert!(!again.stdout.contains("rejected"), "{}", again.stdout);
    loader.run(["--config", sample, "run", "--assert-noop"]).expect(0);
    loader.run(["--config", sample, "query", "most_completed_event"]).expect(0);
    let name = loader
        .run(["--config", sample, "psql", "-X", "-A", "-t", "-c", "select current_database()"])
        .expect(0);
    assert_eq!(name.stdout.trim(), "pg_etl_demo");
}
